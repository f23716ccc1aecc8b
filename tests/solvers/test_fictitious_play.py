"""Fictitious play: the kernel against a plain twin, and where it is known to lead."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from leverage.game.stochastic_game import StochasticGame
from leverage.solvers.fictitious_play import PACES, fictitious_play, sweeps
from leverage.solvers.logit_system import numbers_of, shape_of
from tests.solvers.plain_play import both_ways, ragged_game

TOLERANCE = 1e-9  # share of the payoff range; only how gains are scaled hangs on it


@pytest.mark.parametrize("players", [1, 2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_sweeps_are_those_of_the_twin(seed, players):
    game = ragged_game(seed, players)
    shape, numbers = shape_of(game), numbers_of(game, TOLERANCE)
    found, plain = both_ways(sweeps, shape, numbers, game, seed)
    assert found[0] == pytest.approx(plain[0], abs=1e-12)
    assert found[1] == pytest.approx(plain[1], abs=1e-12)


def test_of_actions_that_tie_the_first_gains():
    game = StochasticGame.from_arrays([[[[1.0, 0.0]], [[1.0, 1.0]]]], [[[[1.0]], [[1.0]]]], 0.5)
    p, values = np.array([0.5, 0.5, 1.0]), np.zeros(2)
    sweeps(shape_of(game), numbers_of(game, TOLERANCE), p, values, 0.5, 1)
    assert p.tolist() == [0.75, 0.25, 1.0]


@pytest.mark.parametrize("seed", range(4))
def test_in_zero_sum_games_values_come_close_to_those_of_shapley(seed):
    rng, states, actions, discount = np.random.default_rng(seed), 5, 3, 0.8
    payoffs = rng.uniform(-1, 1, (states, actions, actions))
    laws = rng.dirichlet(np.ones(states), size=(states, actions, actions))
    game = StochasticGame.from_arrays(list(np.stack([payoffs, -payoffs], axis=-1)), list(laws), discount)
    value = np.zeros(states)
    for _ in range(150):  # Shapley (1953): iterated values of the states' matrix games
        tables = payoffs + discount * laws @ value
        for s, table in enumerate(tables):
            rows, sums = np.hstack([-table.T, np.ones((actions, 1))]), np.append(np.ones(actions), 0.0)[None, :]
            bounds = [(0, None)] * actions + [(None, None)]
            value[s] = -linprog(np.append(np.zeros(actions), -1.0), rows, np.zeros(actions), sums, [1.0], bounds=bounds).fun
    spread, base = np.ptp(game.payoffs[:, 0]), game.payoffs[:, 0].min()
    _, found = fictitious_play(shape_of(game), numbers_of(game, TOLERANCE))
    own = found.reshape(-1, 2)[:, 0] * spread + base / (1 - discount)
    assert own == pytest.approx(value, abs=0.02 * spread / (1 - discount))


def test_it_starts_at_uniform_play_and_repeats():
    game = ragged_game(0, 2)
    shape, numbers = shape_of(game), numbers_of(game, TOLERANCE)
    sizes = game.action_counts.ravel()
    p, values = np.repeat(1 / sizes, sizes), np.zeros(len(sizes))
    for pace, count in PACES:
        sweeps(shape, numbers, p, values, pace, count)
    for _ in range(2):
        found = fictitious_play(shape, numbers)
        assert np.array_equal(found[0], p)
        assert np.array_equal(found[1], values)
