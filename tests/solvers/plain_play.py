"""Fictitious play in plain loops over whole tables, and games to run it on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from leverage.game.stochastic_game import Floats, StochasticGame
from leverage.solvers.logit_kernel import Numbers, Shape

Play = list[list[Floats]]


def ragged_game(seed: int, players: int) -> StochasticGame:
    """Different numbers of actions, one in some states, few successors, a discount factor each."""
    rng, states = np.random.default_rng(seed), 4
    payoffs, laws = [], []
    for s in range(states):
        shape = tuple(int(n) for n in rng.integers(1, 4, players))
        law = np.zeros((*shape, states))
        law[..., [s, (s + 1) % states]] = rng.dirichlet(np.ones(2), size=shape)
        payoffs.append(rng.random((*shape, players)))
        laws.append(law)
    return StochasticGame.from_arrays(payoffs, laws, tuple(rng.uniform(0.5, 0.9, players)))


def plain_sweep(game: StochasticGame, play: Play, values: Floats, pace: float) -> None:
    """One sweep with whole tables: play[s][i] and values (S, N) are changed."""
    spread = np.ptp(game.payoffs, axis=0)
    for s in range(game.n_states):
        payoffs = (game.stage_payoffs(s) - game.payoffs.min(axis=0)) / spread
        rewards = payoffs + game.discount * (game.stage_transitions(s) @ values)
        worth = []
        for i in range(game.n_players):
            table = np.moveaxis(rewards[..., i], i, 0)
            for other in [j for j in range(game.n_players) if j != i]:
                table = np.tensordot(table, play[s][other], axes=(1, 0))
            worth.append(table)
        for i in range(game.n_players):
            play[s][i] = (1 - pace) * play[s][i] + pace * (np.arange(len(worth[i])) == np.argmax(worth[i]))
            values[s, i] = play[s][i] @ worth[i]


def in_slots(play: Play) -> Floats:
    """State by state, within a state player by player, (C,)."""
    return np.concatenate([lottery for state in play for lottery in state])


def both_ways(
    sweeps: Callable[..., None], shape: Shape, numbers: Numbers, game: StochasticGame, seed: int
) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """Play (C,) and values (S N,) after some sweeps from random ones: the kernel's, then the plain ones."""
    rng = np.random.default_rng(seed)
    play = [[rng.dirichlet(np.ones(n)) for n in counts] for counts in game.action_counts]
    values = rng.uniform(0, 3, (game.n_states, game.n_players))
    p, flat = in_slots(play), values.ravel().copy()
    for pace, count in ((0.4, 7), (0.1, 5)):
        sweeps(shape, numbers, p, flat, pace, count)
        for _ in range(count):
            plain_sweep(game, play, values, pace)
    return (p, flat), (in_slots(play), values.ravel())
