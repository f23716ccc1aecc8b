"""Stochastic games built around an equilibrium whose probabilities and values are known exactly.

All numbers are multiples of powers of 2 and few enough in digits that sums and products of floats are exact: the equilibrium
of the arrays is the designed one, not one beside it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leverage.certification.checker import certify
from leverage.game.automaton import Automaton
from leverage.game.stochastic_game import Floats, StochasticGame
from leverage.solvers.solution import Solution

#: What each unused action is worse than the others, payoff a period.
UNUSED_LOSS = 1.0


@dataclass(frozen=True, eq=False)
class Designed:
    """A game and its equilibrium: strategies[i] flat (C_i,), values (S, N)."""

    game: StochasticGame
    strategies: tuple[Floats, ...]
    values: Floats


def designed(
    seed: int, *, states: int = 3, used: tuple[int, ...] = (2, 2), unused: int = 1, loss: float = UNUSED_LOSS, offset: float = 0.0
) -> Designed:
    """Player i mixes over used[i] (1, 2 or 3) actions in each state and has `unused` more that are worse by `loss`.

    Discount 1/2; each row leads to two states with chances 1/4 and 3/4. `offset` is added to all payoffs.
    """
    random = np.random.default_rng(seed)
    players = len(used)
    shape = tuple(count + unused for count in used)
    mixes = [[_dyadic(random, count, unused) for _ in range(states)] for count in used]
    values = random.integers(-16, 17, (states, players)) / 8 + offset
    payoffs, laws = [], []
    for s in range(states):
        law = np.zeros((*shape, states))
        for profile in np.ndindex(*shape):
            first, second = random.choice(states, size=2, replace=False) if states > 1 else (0, 0)
            law[(*profile, first)] += 0.25
            law[(*profile, second)] += 0.75
        table = random.integers(-8, 9, (*shape, players)) / 8
        for i in range(players):
            q = 0.5 * table[..., i] + 0.5 * law @ values[:, i]
            for j in range(players):
                if j != i:
                    q = np.moveaxis(np.moveaxis(q, j, -1) * mixes[j][s], -1, j).sum(axis=j, keepdims=True)
            gap = (values[s, i] - q) * 2  # (1 - delta) times a payoff is half of it
            away = [1] * players
            away[i] = shape[i]
            below = np.where(mixes[i][s] > 0, 0.0, loss).reshape(away)
            table[..., i] += gap - below
        payoffs.append(table)
        laws.append(law)
    game = StochasticGame.from_arrays(payoffs, laws, 0.5)
    return Designed(game, tuple(np.concatenate(own) for own in mixes), values)


def _dyadic(random: np.random.Generator, used: int, unused: int) -> Floats:
    """A lottery in sixteenths, positive on the first `used` actions."""
    cuts = np.sort(random.choice(np.arange(1, 16), size=used - 1, replace=False))
    return np.concatenate([np.diff(np.concatenate([[0], cuts, [16]])) / 16, np.zeros(unused)])


def solution_of(game: StochasticGame, strategies: Sequence[Floats], values: Floats) -> Solution:
    """A solution with these flat strategies and values, as reported."""
    profile = [
        [own[a:b] for a, b in itertools.pairwise(starts)] for own, starts in zip(strategies, game.choice_start, strict=True)
    ]
    return Solution("Markov perfect", "designed", Automaton.stationary(game, profile), values, certify(game, profile), "a test")
