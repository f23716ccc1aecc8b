"""Kernel of short plans: what departures gain after each single change of a plan.

Scalar loops only: what numpy does inside compiled code costs seconds to compile.
"""

from __future__ import annotations

from leverage.game.stochastic_game import Floats, Integers
from leverage.solvers.kernel_kinds import checked


@checked
def raise_to_gains(
    found: Floats,
    paid: Floats,
    ahead: Floats,
    share: Floats,
    values: Floats,
    played: Integers,
    first: int,
    state: Integers,
    other: Integers,
) -> None:
    """Raises found[k, r] to the most that a player gains by a departure at node k after the change to row r.

    Change r is about the node first + state[r]. A row that is departed to pays paid[row] + ahead[row, state[r]] share[r] then.

    found, values: (nodes, R), values after each change. paid: (R,), before any. ahead: (R, S). share: (R,). played: (nodes,) the
    row that is played at a node before the change. state: (R,), not decreasing. other: (R, A - 1) rows that the player can depart
    to from a row; -1: none.
    """
    count = len(state)
    end = 0
    for k in range(len(played)):
        while end < count and state[end] < k - first:
            end += 1
        begin = end  # the changes of node k itself are begin to end
        while end < count and state[end] == k - first:
            end += 1
        for row in other[played[k]]:
            if row < 0:
                continue
            for low, high in ((0, begin), (end, count)):
                for r in range(low, high):
                    gain = paid[row] + ahead[row, state[r]] * share[r] - values[k, r]
                    found[k, r] = max(found[k, r], gain)
        for r in range(begin, end):
            for row in other[r]:
                if row >= 0:
                    gain = paid[row] + ahead[row, state[r]] * share[r] - values[k, r]
                    found[k, r] = max(found[k, r], gain)
