"""A best-response polytope {z >= 0 : M z <= 1} in exact integers: its bases, and steps between neighbours.

A basis names as many tight constraints as the polytope has dimensions. The numbers of its tableau are minors of the matrix over
one common denominator, so that a step needs no fractions and makes no error. Ties are broken as if the right-hand sides were
1 + e, 1 + e^2, ... for a tiny e: then no two bases are the same vertex, no path cycles, and every vertex of the polytope
itself keeps at least one basis.

Sources: Edmonds (1967) and Bareiss (1968) for elimination in integers; Dantzig-Orden-Wolfe (1955) for the lexicographic rule;
Avis (2000, "A revised implementation of the reverse search vertex enumeration algorithm") for tableaus without unit columns.
"""

from __future__ import annotations

from collections.abc import Sequence

#: Positive numerators (proportional to a lottery), the own actions they belong to, and the opponent's best replies.
Vertex = tuple[tuple[int, ...], frozenset[int], frozenset[int]]
#: Counting work: an entry of a tableau costs as much as so many digits, each of so many bits, besides its own digits.
OVERHEAD, DIGIT = 3, 64


class IntegerTableau:
    """The tableau of one basis, changed in place by `pivot`.

    Variables 0, ..., width - 1 are the coordinates of z, width + k is the slack of constraint k. All begin at z = 0.
    `basic[r]` is the variable of row r; `free[c]` is the variable of column c, which is 0. All numbers are over the common
    denominator `scale`. `work` counts the entries computed so far, weighted by their digits: a measure of effort that is the same
    on every machine, some 0.1 microseconds a unit.
    """

    def __init__(self, matrix: Sequence[Sequence[int]]) -> None:
        self.height, self.width = len(matrix), len(matrix[0])
        self.rows = [[*row, 1] for row in matrix]
        self.basic = list(range(self.width, self.width + self.height))
        self.free = list(range(self.width))
        self.scale = 1
        self.work = 0

    def pivot(self, row: int, column: int) -> None:
        """The variable of the column enters the basis, that of the row leaves it. The same step again undoes it."""
        lead, scale = self.rows[row], self.scale
        head = lead[column]
        for r, old in enumerate(self.rows):
            if r != row:
                factor = old[column]
                self.rows[r] = [(head * v - factor * w) // scale for v, w in zip(old, lead, strict=True)]
                self.rows[r][column] = -factor
        lead[column] = scale
        self.scale = head
        self.basic[row], self.free[column] = self.free[column], self.basic[row]
        self.work += self.height * (self.width + 1) * (OVERHEAD + head.bit_length() // DIGIT)

    def leaving_row(self, column: int) -> int:
        """The row whose variable is the first to reach 0 as the column's variable grows."""
        best: list[int] = []
        for r, row in enumerate(self.rows):
            if row[column] <= 0:
                continue
            order = row[-1] * self.rows[best[0]][column] - self.rows[best[0]][-1] * row[column] if best else -1
            if order <= 0:
                best = [*best, r] if order == 0 else [r]
        return best[0] if len(best) == 1 else self._first_of_tied(best, column)

    def _first_of_tied(self, tied: list[int], column: int) -> int:
        """Among rows with one ratio, the one with the smallest next ratios: those of the perturbations e, e^2, ... in turn."""
        for slack in range(self.width, self.width + self.height):
            if slack in self.free:
                place = self.free.index(slack)
                parts = {r: self.rows[r][place] for r in tied}
            else:
                parts = {r: self.scale * (self.basic[r] == slack) for r in tied}
            first = tied[0]
            for r in tied:
                if parts[r] * self.rows[first][column] < parts[first] * self.rows[r][column]:
                    first = r
            tied = [r for r in tied if parts[r] * self.rows[first][column] == parts[first] * self.rows[r][column]]
            if len(tied) == 1:
                break
        return tied[0]

    def vertex(self) -> Vertex:
        """The vertex of this basis. Weights follow the own actions in increasing order; none for z = 0."""
        positive = {variable: row[-1] for variable, row in zip(self.basic, self.rows, strict=True) if row[-1]}
        support = sorted(variable for variable in positive if variable < self.width)
        tight = frozenset(k for k in range(self.height) if self.width + k not in positive)
        return tuple(positive[variable] for variable in support), frozenset(support), tight

    def margin(self) -> float:
        """The smallest number above 0 of the vertex, a coordinate as a share of their sum, or a slack; at most 1.

        What is tiny may be 0 in truth, should the matrix be rounded.
        """
        values = list(zip(self.basic, (row[-1] for row in self.rows), strict=True))
        weights = [value for variable, value in values if value and variable < self.width]
        slacks = [value for variable, value in values if value and variable >= self.width]
        return min(min(weights, default=1) / (sum(weights) or 1), min(slacks, default=self.scale) / self.scale)
