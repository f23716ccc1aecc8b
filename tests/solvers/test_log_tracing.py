"""The logarithmic tracing procedure: its battery, and awkward games."""

from __future__ import annotations

import numpy as np
import pytest

from leverage.certification.checker import certify
from leverage.game.stochastic_game import StochasticGame
from leverage.solvers import log_tracing as module
from leverage.solvers.log_tracing import log_tracing
from leverage.solvers.markov_perfect import engine_for
from tests.mutations.tracing_batteries import check_log_tracing
from tests.solvers.mixed_games import mixed_game


def test_its_battery() -> None:
    check_log_tracing(module)


#: In the named ones ties make conditions nearly singular late on the path.
@pytest.mark.parametrize("seed", [58, 142, 250, *range(8)])
def test_awkward_games(seed: int) -> None:
    tables = mixed_game(seed)
    game = StochasticGame.from_arrays(tables.payoffs, tables.transitions, tables.discount)
    if len(game.payoffs) > 300:
        pytest.skip("too large for a plain solver")
    assert certify(game, log_tracing(game).strategies) <= 1e-9 * game.payoff_range


@pytest.mark.parametrize("seed", range(12))
def test_games_full_of_ties_from_pure_priors(seed: int) -> None:
    random = np.random.default_rng(seed)
    states, players = random.integers(1, 4, 2)
    payoffs, laws = [], []
    for _ in range(states):
        shape = tuple(random.integers(1, 4, players))
        payoffs.append(random.integers(0, 3, (*shape, players)).astype(float))
        laws.append(random.multinomial(4, np.ones(states) / states, size=shape) / 4)
    game = StochasticGame.from_arrays(payoffs, laws, random.choice([0.0, 0.5, 0.9, 0.99], players).tolist())
    prior = [[np.eye(count)[random.integers(count)] for count in game.action_counts[:, i]] for i in range(players)]
    assert certify(game, log_tracing(game, prior).strategies) <= 1e-9 * game.payoff_range + 1e-15


def test_late_points_gain_no_more_than_the_penalty() -> None:
    """Gains are at most epsilon times the sum of a state's weights, in the player's payoff range."""
    tables = mixed_game(3)
    game = StochasticGame.from_arrays(tables.payoffs, tables.transitions, tables.discount)
    tracing = module._tracing(engine_for(game, 1e-9), None, None)
    checked, starts = 0, tracing.engine.shape.group_start
    for point in module._points(tracing):
        p = np.exp(point.y[: tracing.slots])
        lotteries = np.split(p / np.add.reduceat(p, starts[:-1])[tracing.group], starts[1:-1])
        gain = certify(game, [lotteries[i :: game.n_players] for i in range(game.n_players)])
        if point.tau > 3:  # before, the others' play is partly the prior's
            bound = np.exp(-point.tau) * (float(np.max(tracing.by_group(tracing.weights))) + 2)
            assert gain <= bound * game.payoff_range
            checked += 1
        if point.tau > 20:
            break
    assert checked > 3
