"""Kernel of best replies: rounds of approximate policy iteration, with which the exact steps begin.

Scalar loops only: what numpy does inside compiled code costs seconds to compile.

Source: Puterman and Shin (1978), modified policy iteration.
"""

from __future__ import annotations

import numpy as np

from leverage.game.stochastic_game import Floats, Integers
from leverage.solvers.kernel_kinds import checked, checked_part


@checked
def rough_choices(
    first: Integers,
    reward: Floats,
    data: Floats,
    indices: Integers,
    indptr: Integers,
    tie: float,
    rounds: int,
    sweeps: int,
) -> Integers:
    """The choice (n,) of each node once improving no longer changes any, or after so many rounds.

    first: (n + 1,) where each node's choices begin. reward: (choices,). data, indices, indptr: what follows each choice, by rows
    (choices, n), discounted. tie: of choices this close to the best the first is taken. sweeps: of evaluation in a round.
    """
    nodes = len(first) - 1
    values, following = np.empty(nodes), np.empty(nodes)
    worth, choices = np.empty(len(reward)), np.empty(nodes, dtype=np.intp)
    for k in range(nodes):
        values[k], choices[k] = 0.0, -1
    for _ in range(rounds + 1):
        changed = False
        for k in range(nodes):
            best = -np.inf
            for c in range(first[k], first[k + 1]):
                worth[c] = _worth(reward, data, indices, indptr, c, values)
                best = max(best, worth[c])
            lowest = first[k]
            while worth[lowest] < best - tie:
                lowest += 1
            changed = changed or lowest != choices[k]
            choices[k], following[k] = lowest, best
        if not changed:
            break
        values, following = following, values
        for _ in range(sweeps):
            for k in range(nodes):
                following[k] = _worth(reward, data, indices, indptr, choices[k], values)
            values, following = following, values
    return choices


@checked_part
def _worth(reward: Floats, data: Floats, indices: Integers, indptr: Integers, choice: int, values: Floats) -> float:
    """What a choice pays if `values` (n,) follow."""
    total = 0.0
    for e in range(indptr[choice], indptr[choice + 1]):
        total += data[e] * values[indices[e]]
    return float(reward[choice] + total)
