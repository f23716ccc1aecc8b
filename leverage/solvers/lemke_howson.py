"""Single equilibria of large two-player games: the Lemke-Howson paths, in exact integers.

Where a game has too many vertices to see them all, a path along the edges of both best-response polytopes still leads to an
equilibrium, one for each action whose label is dropped at the start. The lexicographic rule makes it end in degenerate games.

Sources: Lemke-Howson (1964, "Equilibrium points of bimatrix games"); von Stengel (2002, section 2.3 and, for ties, 2.6).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from leverage.solvers.integer_tableau import IntegerTableau, Vertex

#: Work of all paths together, as the tableaus count: about ten seconds.
MAX_WORK = 100_000_000

Matrix = Sequence[Sequence[int]]


def lemke_howson(rows: Matrix, columns: Matrix) -> Iterator[tuple[Vertex, Vertex]]:
    """An extreme equilibrium for each dropped label, in the order of labels; the same one may come several times.

    Use it where `extreme_equilibria` gives up. It cannot say whether there are others.

    Parameters
    ----------
    rows, columns : payoffs of the row and of the column player, whole numbers of at least 1.

    Returns
    -------
    iterator of (x, y) : numerators, own actions, best replies. It ends early, possibly empty, when the allowed work is done.

    References
    ----------
    Lemke-Howson (1964); Shapley (1974), "A note on the Lemke-Howson algorithm", for labels.

    Examples
    --------
    >>> chicken = [[1, 8], [3, 7]], [[1, 3], [8, 7]]
    >>> [(tuple(x[1]), tuple(y[1])) for x, y in lemke_howson(*chicken)]
    [((0,), (1,)), ((1,), (0,)), ((1,), (0,)), ((0,), (1,))]
    """
    left = MAX_WORK
    for label in range(len(rows) + len(rows[0])):
        tableaus = IntegerTableau([list(column) for column in zip(*columns, strict=True)]), IntegerTableau(rows)
        ended = _path(tableaus, label, left)
        left -= sum(tableau.work for tableau in tableaus)
        if not ended:
            return
        yield tableaus[0].vertex(), tableaus[1].vertex()


def _path(tableaus: tuple[IntegerTableau, IntegerTableau], dropped: int, allowed: int) -> bool:
    """Walk until the dropped label is found again; whether that happened within the allowed work.

    Label k < A_1 belongs to the row player's action k, label A_1 + k to the column player's. In the first tableau the former are
    coordinates and the latter slacks, which is their number as variables; in the second it is the other way round.
    """
    first, second = tableaus
    label, turn = dropped, int(dropped >= first.width)
    while first.work + second.work <= allowed:
        tableau = tableaus[turn]
        column = tableau.free.index(_variable(label, turn, tableau))
        row = tableau.leaving_row(column)
        tableau.pivot(row, column)
        label = _label(tableau.free[column], turn, tableau)
        if label == dropped:
            return True
        turn = 1 - turn
    return False


def _variable(label: int, turn: int, tableau: IntegerTableau) -> int:
    """The variable of a tableau that carries a label."""
    if turn == 0:
        return label
    return (label - tableau.height) % (tableau.width + tableau.height)


def _label(variable: int, turn: int, tableau: IntegerTableau) -> int:
    """The label that a variable of a tableau carries."""
    if turn == 0:
        return variable
    return (variable + tableau.height) % (tableau.width + tableau.height)
