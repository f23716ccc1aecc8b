"""Kernel of short plans: what departures gain after each single change of a plan.

Scalar loops only: what numpy does inside compiled code costs seconds to compile.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from leverage.game.stochastic_game import Floats, Integers


@njit(cache=True)
def raise_to_gains(found: Floats, paid: Floats, values: Floats, played: Integers, place: Integers, other: Integers) -> None:
    """Raises found[k, r] to the most that a player gains by a departure at node k after the change to row r.

    found, values: (nodes, R), values after each change. paid: (R, R), what a row pays if it is departed to, after each change.
    played: (nodes,) the row that is played at a node before it. place: (R,) the node whose play change r is about. other: (R, A -
    1) rows that the player can depart to from a row; -1: none.
    """
    for k in range(len(played)):
        here = played[k]
        for a in range(other.shape[1]):
            row = other[here, a]
            if row < 0:
                continue
            for r in range(found.shape[1]):
                if place[r] != k:
                    gain = paid[row, r] - values[k, r]
                    found[k, r] = max(found[k, r], gain)
    for r in range(found.shape[1]):
        k = place[r]
        best = -np.inf
        for a in range(other.shape[1]):
            if other[r, a] >= 0:
                best = max(best, paid[other[r, a], r])
        found[k, r] = max(found[k, r], best - values[k, r])
