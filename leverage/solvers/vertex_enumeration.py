"""All extreme equilibria of a two-player game, by enumerating the vertices of its two best-response polytopes.

The vertices of a polytope are found by walking along its edges from the origin, in exact integers. The walk is ended by a count
of work, never by a clock, so that an answer is the same on every machine.

Sources: Mangasarian (1964) and Winkels (1979) for extreme equilibria; von Stengel (2002, "Computing equilibria for
two-person games", Handbook of Game Theory 3, section 2) for the polytopes and their labels; Avis-Rosenberg-Savani-von
Stengel (2010, "Enumeration of Nash equilibria for two-player games").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leverage.solvers.integer_tableau import IntegerTableau, Vertex

#: Work of the walk over one polytope, as its tableau counts: about four seconds.
MAX_WORK = 40_000_000
#: Extreme equilibria up to which they are listed.
MAX_EQUILIBRIA = 20_000

Matrix = Sequence[Sequence[int]]


@dataclass(frozen=True, eq=False)
class Vertices:
    """All vertices of a polytope but 0, each once.

    margin: the smallest number above 0 among their coordinates (as shares of their sum) and slacks.
    """

    vertices: tuple[Vertex, ...]
    margin: float


@dataclass(frozen=True, eq=False)
class ExtremeEquilibria:
    """All extreme equilibria of a game, each once.

    pairs: ((x, y), ...), vertices of P = {x >= 0 : x B <= 1} and Q = {y >= 0 : A y <= 1}: numerators, own actions, best replies.
    margin: the smallest probability, or shortfall of a reply as a share of the best reply's payoff, above 0 at any vertex of
        either polytope. A tiny one means that rounding the payoffs in another way may give other equilibria.
    """

    pairs: tuple[tuple[Vertex, Vertex], ...]
    margin: float


def extreme_equilibria(rows: Matrix, columns: Matrix) -> ExtremeEquilibria | None:
    """All extreme equilibria of a game with positive whole payoffs; None where that takes more than the allowed work.

    Use `stage_equilibria` for payoffs as they come. This function is its core.

    Parameters
    ----------
    rows : rows[i][j], the row player's payoff, at least 1, any size.
    columns : columns[i][j], the column player's payoff, at least 1.

    Returns
    -------
    ExtremeEquilibria : or None.

    Notes
    -----
    Guaranteed: complete and exact, ties included, or None. A pair of vertices other than 0 is an equilibrium, after scaling to
    sum 1, exactly when each used action is a best reply. A vertex at which more constraints are tight than the polytope has
    dimensions may be met once for each of its bases under the lexicographic rule; it is listed once. Work grows with the
    number of vertices, about 2.1^A for A actions each in random games.

    References
    ----------
    Mangasarian (1964), "Equilibrium points of bimatrix games"; von Stengel (2002), theorem 2.14.

    Examples
    --------
    >>> found = extreme_equilibria([[1, 8], [3, 7]], [[1, 3], [8, 7]])  # chicken
    >>> sorted((tuple(x[1]), tuple(y[1])) for x, y in found.pairs)
    [((0,), (1,)), ((0, 1), (0, 1)), ((1,), (0,))]
    """
    mine = vertices([list(column) for column in zip(*columns, strict=True)])
    yours = vertices(rows) if mine is not None else None
    if mine is None or yours is None:
        return None
    found: list[tuple[Vertex, Vertex]] = []
    for pair in _matching(mine.vertices, yours.vertices, (len(rows), len(rows[0]))):
        found.append(pair)
        if len(found) > MAX_EQUILIBRIA:
            return None
    return ExtremeEquilibria(tuple(found), min(mine.margin, yours.margin))


def vertices(matrix: Matrix) -> Vertices | None:
    """The vertices other than 0 of {z >= 0 : M z <= 1} for a positive whole M (h, w), each once; None beyond the allowed work.

    Examples
    --------
    >>> found = vertices([[1, 8], [3, 7]])  # (0, 1/8), (1/3, 0) and (1/17, 2/17)
    >>> sorted(weights for weights, support, tight in found.vertices)
    [(1,), (1,), (1, 2)]
    """
    tableau = IntegerTableau(matrix)
    found: dict[tuple[frozenset[int], frozenset[int]], Vertex] = {}
    margin = 1.0
    for vertex in _walk(tableau):
        found[vertex[1:]] = vertex
        margin = min(margin, tableau.margin())
    return Vertices(tuple(found.values()), margin) if tableau.work <= MAX_WORK else None


def _walk(tableau: IntegerTableau) -> Iterator[Vertex]:
    """Vertices other than 0, one for each basis; the walk goes deeper first and takes its steps back, so it keeps one tableau."""
    seen = {frozenset(tableau.basic)}
    path: list[tuple[int, int]] = []
    column = 0
    while tableau.work <= MAX_WORK:
        if column == tableau.width:
            if not path:
                return
            row, column = path.pop()
            tableau.pivot(row, column)
        else:
            row = tableau.leaving_row(column)
            basis = frozenset(tableau.basic) ^ {tableau.basic[row], tableau.free[column]}
            if basis not in seen:
                seen.add(basis)
                path.append((row, column))
                tableau.pivot(row, column)
                yield tableau.vertex()
                column = 0
                continue
        column += 1


def _matching(mine: Sequence[Vertex], yours: Sequence[Vertex], shape: tuple[int, int]) -> Iterator[tuple[Vertex, Vertex]]:
    """Pairs of vertices in which each used action is a best reply: none is used without being one.

    Sets of `yours` are the bits of whole numbers, so that a vertex of `mine` meets all of them in a few operations.
    """
    best, unused = np.zeros((shape[0], len(yours)), dtype=bool), np.ones((shape[1], len(yours)), dtype=bool)
    for k, (_, support, tight) in enumerate(yours):
        best[list(tight), k] = True
        unused[list(support), k] = False
    replies, idle = _as_bits(best), _as_bits(unused)
    for x in mine:
        _, support, tight = x
        partners = (1 << len(yours)) - 1
        for condition in (*(replies[i] for i in support), *(idle[j] for j in range(shape[1]) if j not in tight)):
            partners &= condition
            if not partners:
                break
        while partners:
            k = partners.bit_length() - 1
            partners ^= 1 << k
            yield x, yours[k]


def _as_bits(rows: NDArray[np.bool_]) -> list[int]:
    """Each row as a whole number: its k-th bit is the row's k-th entry."""
    return [int.from_bytes(np.packbits(row, bitorder="little").tobytes(), "little") for row in rows]
