"""Kernel of short plans: what departures gain after each single change of a plan.

Scalar loops only: what numpy does inside compiled code costs seconds to compile.
"""

from __future__ import annotations

from numba import njit

from leverage.game.stochastic_game import Floats, Integers


@njit(cache=True)
def raise_to_gains(
    found: Floats,
    paid: Floats,
    ahead: Floats,
    share: Floats,
    values: Floats,
    played: Integers,
    first: int,
    row_start: Integers,
    other: Integers,
) -> None:
    """Raises found[k, r] to the most that a player gains by a departure at node k after the change to row r.

    Change r is about the node first + s, s being the state of the rows row_start[s] to row_start[s + 1] among which r is. A row
    that is departed to pays paid[row] + ahead[row, s] share[r] after it.

    found, values: (nodes, R), values after each change. paid: (R,), before any. ahead: (R, S). share: (R,). played: (nodes,) the
    row that is played at a node before the change. other: (R, A - 1) rows that the player can depart to from a row; -1: none.
    """
    for s in range(len(row_start) - 1):
        begin, end = row_start[s], row_start[s + 1]
        for k in range(len(played)):
            if k == first + s:
                for r in range(begin, end):
                    _raise(found, paid, ahead, share, values, other[r], k, s, r, r + 1)
            else:
                _raise(found, paid, ahead, share, values, other[played[k]], k, s, begin, end)


@njit(cache=True)
def _raise(
    found: Floats,
    paid: Floats,
    ahead: Floats,
    share: Floats,
    values: Floats,
    departures: Integers,
    k: int,
    s: int,
    begin: int,
    end: int,
) -> None:
    """The same at node k for the changes begin to end, which are about state s; departures: (A - 1,) rows."""
    for row in departures:
        if row < 0:
            continue
        for r in range(begin, end):
            gain = paid[row] + ahead[row, s] * share[r] - values[k, r]
            found[k, r] = max(found[k, r], gain)
