"""How far stationary play is from an equilibrium, recomputed from the definitions. Nothing of the package is imported.

Arrays: payoffs[s] (A_1, ..., A_N, N), transitions[s] (A_1, ..., A_N, S), discount (N,), strategies[i][s] (A_i,).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Tables = Sequence[Floats]
Play = Sequence[Sequence[Floats]]


def averaged(table: Floats, lotteries: Sequence[Floats], keep: int | None = None) -> Floats:
    """The mean of (A_1, ..., A_N, K) over the players' lotteries: (K,), or (A_i, K) if player i's action is kept open."""
    for i in reversed(range(len(lotteries))):
        if i != keep:
            table = np.tensordot(lotteries[i], table, axes=(0, i))
    return table


def values(payoffs: Tables, transitions: Tables, discount: Floats, play: Play) -> Floats:
    """(S, N): v_i = (1 - delta_i) u_i + delta_i P v_i, payoff a period."""
    at = [[own[s] for own in play] for s in range(len(payoffs))]
    reward = np.array([averaged(table, lotteries) for table, lotteries in zip(payoffs, at, strict=True)])
    law = np.array([averaged(table, lotteries) for table, lotteries in zip(transitions, at, strict=True)])
    systems = [(np.eye(len(law)) - d * law, (1 - d) * reward[:, i]) for i, d in enumerate(discount)]
    return np.stack([np.linalg.solve(matrix, right) for matrix, right in systems], axis=1)


def regrets(payoffs: Tables, transitions: Tables, discount: Floats, play: Play) -> Floats:
    """(N,): each player's largest gain over all states and actions of deviating once, payoff a period."""
    worth, gains = values(payoffs, transitions, discount, play), np.zeros(len(discount))
    for s, (table, law) in enumerate(zip(payoffs, transitions, strict=True)):
        lotteries = [own[s] for own in play]
        for i, d in enumerate(discount):
            now, later = averaged(table, lotteries, keep=i)[:, i], averaged(law, lotteries, keep=i) @ worth[:, i]
            gains[i] = max(gains[i], np.max((1 - d) * now + d * later) - worth[s, i])
    return gains


def best_reply_gains(payoffs: Tables, transitions: Tables, discount: Floats, play: Play) -> Floats:
    """(N,): what each player gains at most, in any state, by the best of all its pure stationary strategies. Slow."""
    worth, gains = values(payoffs, transitions, discount, play), np.zeros(len(discount))
    at = [[own[s] for own in play] for s in range(len(payoffs))]
    for i, d in enumerate(discount):
        rewards = [averaged(table, lotteries, keep=i)[:, i] for table, lotteries in zip(payoffs, at, strict=True)]
        laws = [averaged(table, lotteries, keep=i) for table, lotteries in zip(transitions, at, strict=True)]
        for pure in itertools.product(*(range(len(own)) for own in rewards)):
            reward, law = (np.array([table[a] for table, a in zip(tables, pure, strict=True)]) for tables in (rewards, laws))
            gains[i] = max(gains[i], np.max(np.linalg.solve(np.eye(len(law)) - d * law, (1 - d) * reward) - worth[:, i]))
    return gains


def defects(payoffs: Tables, play: Play) -> float:
    """How far the strategies are from lotteries of the right shapes: 0 if they are; infinite if a shape or number is wrong."""
    worst = 0.0
    for i, own in enumerate(play):
        for table, lottery in zip(payoffs, own, strict=True):
            if np.shape(lottery) != (table.shape[i],) or not np.all(np.isfinite(lottery)):
                return np.inf
            worst = max(worst, abs(float(np.sum(lottery)) - 1), -float(np.min(lottery)))
    return worst


def payoff_ranges(payoffs: Tables) -> Floats:
    """(N,): each player's largest less its least payoff; 0 if it never changes."""
    rows = np.concatenate([table.reshape(-1, table.shape[-1]) for table in payoffs])
    return np.ptp(rows, axis=0)
