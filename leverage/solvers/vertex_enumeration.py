"""All extreme equilibria of a two-player game, by enumerating the vertices of its two best-response polytopes.

The vertices of a polytope are found by walking along its edges from the origin, in exact integers. The walk is ended by a count
of work, never by a clock, so that an answer is the same on every machine.

Sources: Mangasarian (1964) and Winkels (1979) for extreme equilibria; von Stengel (2002, "Computing equilibria for
two-person games", Handbook of Game Theory 3, section 2) for the polytopes and their labels; Avis-Rosenberg-Savani-von
Stengel (2010, "Enumeration of Nash equilibria for two-player games").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from leverage.solvers.integer_tableau import IntegerTableau, Vertex

#: Work of the walk over one polytope, in entries of its tableau times their digits: about four seconds.
MAX_WORK = 30_000_000
#: Extreme equilibria up to which they are listed.
MAX_EQUILIBRIA = 20_000
#: Pairs of vertices that are compared at a time: bounds memory.
BLOCK = 1_000_000

Matrix = Sequence[Sequence[int]]


def extreme_equilibria(rows: Matrix, columns: Matrix) -> tuple[tuple[Vertex, Vertex], ...] | None:
    """All extreme equilibria of a game with positive whole payoffs; None where that takes more than the allowed work.

    Use `stage_equilibria` for payoffs as they come. This function is its core.

    Parameters
    ----------
    rows : rows[i][j], the row player's payoff, at least 1, any size.
    columns : columns[i][j], the column player's payoff, at least 1.

    Returns ------- ((x, y), ...) : vertices of P = {x >= 0 : x B <= 1} and Q = {y >= 0 : A y <= 1}: numerators, own
    actions, best replies. No pair
        twice.

    Notes
    -----
    Guaranteed: complete and exact, ties included, or None. A pair of vertices other than 0 is an equilibrium, after scaling to
    sum 1, exactly when each used action is a best reply. A vertex with v tied or doubled constraints may be met once for each
    of its bases under the lexicographic rule; it is listed once. Work grows with the vertices: about 3^A for A
    actions each in random games.

    References
    ----------
    Mangasarian (1964), "Equilibrium points of bimatrix games"; von Stengel (2002), theorem 2.14.

    Examples
    --------
    >>> pairs = extreme_equilibria([[1, 8], [3, 7]], [[1, 3], [8, 7]])  # chicken
    >>> sorted((tuple(x[1]), tuple(y[1])) for x, y in pairs)
    [((0,), (1,)), ((0, 1), (0, 1)), ((1,), (0,))]
    """
    mine = vertices([list(column) for column in zip(*columns, strict=True)])
    yours = vertices(rows) if mine is not None else None
    if mine is None or yours is None:
        return None
    found: list[tuple[Vertex, Vertex]] = []
    for pair in _matching(mine, yours, (len(rows), len(rows[0]))):
        found.append(pair)
        if len(found) > MAX_EQUILIBRIA:
            return None
    return tuple(found)


def vertices(matrix: Matrix) -> tuple[Vertex, ...] | None:
    """The vertices other than 0 of {z >= 0 : M z <= 1} for a positive whole M (h, w), each once; None beyond the allowed work.

    Examples
    --------
    >>> sorted(weights for weights, support, tight in vertices([[1, 8], [3, 7]]))  # of (0, 1/8), (1/3, 0) and (1/17, 2/17)
    [(1,), (1,), (1, 2)]
    """
    tableau = IntegerTableau(matrix)
    found: dict[tuple[frozenset[int], frozenset[int]], Vertex] = {}
    for vertex in _walk(tableau):
        found[vertex[1:]] = vertex
    return tuple(found.values()) if tableau.work <= MAX_WORK else None


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
    """Pairs of vertices in which each used action is a best reply: none is used without being one."""
    used, bad = _memberships(mine, shape)
    used_too, bad_too = _memberships(yours, shape[::-1])
    step = max(1, BLOCK // len(yours))
    for start in range(0, len(mine), step):
        block = slice(start, start + step)
        faults = used[block] @ bad_too.T + bad[block] @ used_too.T
        for i, j in zip(*np.nonzero(faults == 0), strict=True):
            yield mine[start + int(i)], yours[int(j)]


def _memberships(corners: Sequence[Vertex], shape: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(V, own actions): 1 where used; (V, the opponent's actions): 1 where no best reply."""
    used = np.zeros((len(corners), shape[0]), dtype=np.float32)
    bad = np.ones((len(corners), shape[1]), dtype=np.float32)
    for k, (_, support, tight) in enumerate(corners):
        used[k, list(support)] = 1.0
        bad[k, list(tight)] = 0.0
    return used, bad
