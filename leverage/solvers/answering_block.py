"""A block of states of a large game, solved while values everywhere else answer to it, to first order.

A block that is solved for fixed values elsewhere unsettles its neighbours. With the values' linear system in two parts, that of
the block (1) and that of all others (2),

    C11 x1 + C12 x2 = r1,   C21 x1 + C22 x2 = r2,

others move by x2 = C22^-1 (r2 - C21 x1), and play there stays as near its conditions as it is. A step of the block then solves
(C11 - C12 C22^-1 C21) x1 = r1, with the Schur complement of all others; r2 is made good before the first. One factorisation of
C22 does for all steps.

Source: Haynsworth (1968) for the complement; Golub and Van Loan (2013), section 3.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from leverage.game.stochastic_game import Floats, Integers

#: Where values elsewhere would move by more than so many times what those of the block do, first order says nothing.
LARGEST_RATE = 1e4


@dataclass(frozen=True, eq=False)
class AnsweringBlock:
    """How all values follow those of a block. Values come two a state.

    inside: (2 k,) places of the block's values. at: (2 S,) where all begin, others after what is missing there is made good.
    rate: (2 S, 2 k) by how much all move with the block's.
    """

    inside: Integers
    at: Floats
    rate: Floats

    @classmethod
    def of(
        cls, states: Integers, coupling: sparse.csr_array, right: Floats, values: Floats, *, dense: bool
    ) -> AnsweringBlock | None:
        """Of `states` (k,), from the values' system coupling @ step = right at `values` (2 S,); None where others' part of it is
        singular, or nearly so. `dense`: whether dense factors take less time, as where sparse ones would fill in.

        Examples
        --------
        >>> coupling = sparse.csr_array(np.eye(4) - 0.5 * np.eye(4, k=2))
        >>> block = AnsweringBlock.of(np.array([1]), coupling, np.zeros(4), np.zeros(4), dense=True)
        >>> (block.rate + 0).tolist()
        [[0.5, 0.0], [0.0, 0.5], [1.0, 0.0], [0.0, 1.0]]
        """
        chosen = np.zeros((len(right) // 2, 2), dtype=bool)
        chosen[states] = True
        inside, outside = np.flatnonzero(chosen), np.flatnonzero(~chosen)
        others = coupling[outside]
        sides = np.column_stack([-others[:, inside].toarray(), right[outside]])
        try:
            if dense:
                found = np.linalg.solve(others[:, outside].toarray(), sides)
            else:
                found = splu(others[:, outside].tocsc()).solve(sides)
        except (RuntimeError, np.linalg.LinAlgError):  # "Factor is exactly singular"
            return None
        if not np.max(np.abs(found), initial=0.0) <= LARGEST_RATE:
            return None
        at, rate = values.copy(), np.zeros((len(right), len(inside)))
        at[outside] += found[:, -1]
        rate[outside], rate[inside] = found[:, :-1], np.eye(len(inside))
        return cls(inside, at, rate)

    def step(self, coupling: sparse.csr_array, right: Floats) -> Floats:
        """(2 S,): the step of the block's values by its own rows of the system, and that of all others."""
        return np.asarray(self.rate @ np.linalg.solve(coupling[self.inside] @ self.rate, right[self.inside]))

    def follow(self, values: Floats) -> None:
        """Set all other values (2 S,) to their answer to those of the block."""
        own = values[self.inside]
        values[:] = self.at + self.rate @ (own - self.at[self.inside])
        values[self.inside] = own  # rounding aside they are that already
