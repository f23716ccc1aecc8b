"""Linear equations about play that goes on: in I - Q for the law Q of a chain, factored once and solved both ways.

Small chains, of which a sweep makes thousands, are factored dense, large ones sparse.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg.lapack import dgetrf, dgetrs
from scipy.sparse.linalg import splu

from leverage.game.sparse_rows import SparseRows, identity_less
from leverage.game.stochastic_game import Floats

#: Up to this many nodes a dense factorisation is faster than a sparse one.
DENSE_NODES = 200
#: From so many nonzeros a row on, on average, an order made for the pattern of A + A' fills up less than one for A'A; it takes
#: longer to find.
MANY_SUCCESSORS = 32


@dataclass(frozen=True, eq=False)
class Equations:
    """A x = b, for A (n, n) that is I - Q or its transpose.

    solve: x from b, (n,) or (n, k).
    """

    matrix: Floats | SparseRows
    solve: Callable[[Floats], Floats]

    def residual(self, x: Floats, right: Floats) -> tuple[Floats, Floats]:
        """Sizes of right - A x, and those of all that it adds up: their rounding is a share of them."""
        return np.abs(right - self.matrix @ x), np.abs(right) + self._sizes @ np.abs(x)

    @cached_property
    def _sizes(self) -> Floats | SparseRows:
        return self.matrix.sizes if isinstance(self.matrix, SparseRows) else np.abs(self.matrix)

    @cached_property
    def widest(self) -> int:
        """How many nonzeros one row of A has at most."""
        if isinstance(self.matrix, SparseRows):
            return self.matrix.widest
        return int((self.matrix != 0).sum(axis=1).max(initial=0))


def equations_of(law: SparseRows) -> tuple[Equations, Equations]:
    """In I - law and in its transpose. Raises LinAlgError or RuntimeError where it is singular."""
    if law.shape[0] > DENSE_NODES:
        system = identity_less(law)
        wide = len(system.numbers) > MANY_SUCCESSORS * system.shape[0]
        sparse = splu(system.scipy().tocsc(), permc_spec="MMD_AT_PLUS_A" if wide else "COLAMD")
        return (
            Equations(system, sparse.solve),
            Equations(system.transposed, lambda right: sparse.solve(right, trans="T")),  # type: ignore[call-overload]  # missing
        )
    matrix = -law.dense()
    if not matrix.size:  # which LAPACK refuses
        empty = Equations(matrix, lambda right: right)
        return empty, empty
    matrix.flat[:: len(matrix) + 1] += 1.0
    factors, pivots, singular = dgetrf(matrix)
    if singular:
        raise np.linalg.LinAlgError("a node is never left")

    def solver(transposed: int) -> Callable[[Floats], Floats]:
        return lambda right: np.asarray(dgetrs(factors, pivots, right, trans=transposed)[0], dtype=np.float64)

    return Equations(matrix, solver(0)), Equations(matrix.T, solver(1))
