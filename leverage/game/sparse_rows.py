"""Sparse matrices as plain arrays: for Markov chains of tens of nodes, of which a sweep makes thousands.

The sparse arrays of scipy check and convert their indices whenever one is made. For chains of a scenario's size that takes many
times as long as the arithmetic; here nothing is checked. Sums run in the order of the numbers, as they do in scipy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from leverage.game.stochastic_game import Booleans, Floats, Integers

#: Up to this many places sums go into an array with all of them, which is faster than sorting.
MOST_PLACES = 100_000

#: From so many numbers on products are left to scipy: what it checks takes less time than its sums save.
MANY_NUMBERS = 20_000


@dataclass(frozen=True, eq=False)
class SparseRows:
    """A matrix of this shape (m, n): numbers[k] stands in row[k] and column[k]. Row by row; no place twice."""

    numbers: Floats
    row: Integers
    column: Integers
    shape: tuple[int, int]

    @classmethod
    def summed(cls, numbers: Floats, row: Integers, column: NDArray[np.integer], shape: tuple[int, int]) -> SparseRows:
        """Numbers in any order, those of one place added up; sums that are 0 are left out."""
        size = shape[0] * shape[1]
        place = np.asarray(row, dtype=np.intp) * shape[1] + column
        if size <= MOST_PLACES:
            sums = np.bincount(place, numbers, size).astype(np.float64, copy=False)
            place = np.flatnonzero(sums)
            sums = sums[place]
        else:
            order = np.argsort(place, kind="stable")  # quick where places come in a few rising runs
            first = np.diff(place[order], prepend=-1) > 0
            where = np.empty_like(place)
            where[order] = np.cumsum(first) - 1
            place = place[order][first]
            sums = np.bincount(where, numbers, len(place)).astype(np.float64, copy=False)
            place, sums = place[sums != 0], sums[sums != 0]
        return cls(sums, place // shape[1], place % shape[1], shape)

    def __matmul__(self, x: Floats) -> Floats:
        """x: (n,) or (n, k)."""
        if x.ndim == 1:
            return np.asarray(np.bincount(self.row, self.numbers * x[self.column], self.shape[0]), dtype=np.float64)
        if len(self.numbers) >= MANY_NUMBERS:
            return np.asarray(self.scipy() @ x)
        return self.for_each(x.shape[1])(x.T).T

    def for_each(self, count: int) -> Callable[[Floats], Floats]:
        """What makes of so many vectors, (count, n), the matrix times each of them, (count, m)."""
        size, each = self.shape[0], np.arange(count)[:, None]
        place, source = (each * size + self.row).ravel(), (each * self.shape[1] + self.column).ravel()
        numbers = np.tile(self.numbers, count)

        def product(vectors: Floats) -> Floats:
            weights = numbers * vectors.ravel().take(source)
            return np.asarray(np.bincount(place, weights, count * size), dtype=np.float64).reshape(count, size)

        return product

    @cached_property
    def transposed(self) -> SparseRows:
        """(n, m)."""
        order = np.argsort(self.column, kind="stable")
        return SparseRows(self.numbers[order], self.column[order], self.row[order], (self.shape[1], self.shape[0]))

    @cached_property
    def sizes(self) -> SparseRows:
        """Without the signs."""
        return replace(self, numbers=np.abs(self.numbers))

    @cached_property
    def row_start(self) -> Integers:
        """(m + 1,): the numbers of row r are row_start[r] to row_start[r + 1]."""
        return np.concatenate([[0], np.cumsum(np.bincount(self.row, minlength=self.shape[0]))])

    @property
    def widest(self) -> int:
        """How many numbers one row has at most."""
        return int(np.bincount(self.row).max(initial=0))

    def times(self, factor: float) -> SparseRows:
        """Every number times the factor."""
        return replace(self, numbers=factor * self.numbers)

    def part(self, rows: Booleans, columns: Booleans | None = None) -> SparseRows:
        """What stands in some rows and columns (default: all), both given by masks, which are numbered anew."""
        kept = rows[self.row] if columns is None else rows[self.row] & columns[self.column]
        numbers, row, column = self.numbers[kept], rows.cumsum()[self.row[kept]] - 1, self.column[kept]
        if columns is None:
            return SparseRows(numbers, row, column, (int(np.count_nonzero(rows)), self.shape[1]))
        return SparseRows(
            numbers, row, columns.cumsum()[column] - 1, (int(np.count_nonzero(rows)), int(np.count_nonzero(columns)))
        )

    def dense(self) -> Floats:
        """(m, n)."""
        found = np.zeros(self.shape)
        found[self.row, self.column] = self.numbers
        return found

    def scipy(self) -> sparse.csr_array:
        """The same as scipy has it."""
        return sparse.csr_array((self.numbers, self.column, self.row_start), shape=self.shape)


def identity_less(law: SparseRows) -> SparseRows:
    """I - law, for a square law."""
    nodes = np.arange(law.shape[0])
    row, column = np.concatenate([nodes, law.row]), np.concatenate([nodes, law.column])
    return SparseRows.summed(np.concatenate([np.ones(len(nodes)), -law.numbers]), row, column, law.shape)
