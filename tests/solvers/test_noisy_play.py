"""Logit equilibria: responses recomputed by plain loops, and games whose noisy play is known."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.optimize import brentq

from leverage.errors import UnsolvedError
from leverage.game.stochastic_game import StochasticGame
from leverage.solvers import noisy_play as module
from leverage.solvers.markov_perfect import markov_perfect
from leverage.solvers.noisy_play import logit_equilibrium, logit_path


def game_of(seed, counts=((2, 3), (3, 2), (1, 2)), discount=(0.8, 0.3)) -> StochasticGame:
    rng = np.random.default_rng(seed)
    return StochasticGame.from_arrays(
        [10 * rng.random((*c, len(c))) * np.arange(1, len(c) + 1) for c in counts],
        [rng.dirichlet(np.ones(len(counts)), size=c) for c in counts],
        discount,
    )


def slow_responses(game: StochasticGame, strategies, precision):
    """Logit responses to stationary play, with explicit loops: values by iteration, then action values."""
    responses = [[None] * game.n_states for _ in game.players]
    for i, delta in enumerate(game.discount):
        value = np.zeros(game.n_states)
        for _ in range(400):
            value = np.array(
                [strategies[i][s] @ action_worths(game, strategies, s, i, delta, value) for s in range(game.n_states)]
            )
        for s in range(game.n_states):
            weight = np.exp(precision * (action_worths(game, strategies, s, i, delta, value) - value[s]))
            responses[i][s] = weight / weight.sum()
    return responses


def action_worths(game, strategies, s, i, delta, value):
    """Unnormalised: payoffs are summed, not averaged."""
    worths = np.zeros(game.action_counts[s, i])
    for profile in itertools.product(*(range(count) for count in game.action_counts[s])):
        chance = np.prod([strategies[j][s][a] for j, a in enumerate(profile) if j != i])
        reward = game.stage_payoffs(s)[(*profile, i)] + delta * game.stage_transitions(s)[profile] @ value
        worths[profile[i]] += chance * reward
    return worths


@pytest.mark.parametrize("precision", [0.0, 0.05, 0.4, 3.0])
@pytest.mark.parametrize("seed", range(4))
def test_play_is_the_logit_response_to_itself(seed, precision):
    game = game_of(seed)
    found = logit_equilibrium(game, precision)
    responses = slow_responses(game, found.strategies, precision)
    for own, expected in zip(found.strategies, responses, strict=True):
        for lottery, response in zip(own, expected, strict=True):
            assert lottery == pytest.approx(response, abs=1e-7)


def test_three_players():
    game = game_of(5, counts=((2, 2, 2), (2, 1, 3)), discount=(0.5, 0.6, 0.7))
    found = logit_equilibrium(game, 0.2)
    responses = slow_responses(game, found.strategies, 0.2)
    assert all(
        a == pytest.approx(b, abs=1e-7)
        for own, other in zip(found.strategies, responses, strict=True)
        for a, b in zip(own, other, strict=True)
    )


def test_one_choice_is_the_logistic_function():
    game = StochasticGame.from_arrays([np.array([[0.0], [2.0]])], [np.ones((2, 1, 1)).reshape(2, 1)], 0.0)
    assert logit_equilibrium(game, 1.5).strategies[0][0][1] == pytest.approx(1 / (1 + np.exp(-3.0)), abs=1e-12)


def test_a_symmetric_game_has_the_fixed_point_of_one_equation():
    chicken = np.array([[[0.0, 0.0], [7.0, 2.0]], [[2.0, 7.0], [6.0, 6.0]]])
    game = StochasticGame.from_arrays([chicken], [np.ones((2, 2, 1))], 0.0)
    precision = 0.3
    p = brentq(lambda p: p - 1 / (1 + np.exp(precision * ((2 * p + 6 * (1 - p)) - 7 * (1 - p)))), 0, 1)
    assert logit_equilibrium(game, precision).strategies[0][0][0] == pytest.approx(p, abs=1e-9)


def test_precise_play_is_near_the_equilibrium_and_its_gains_shrink():
    game = game_of(2)
    path = logit_path(game, [1.0, 10.0, 100.0, 0.1])
    gains = [solution.certificate for solution in path]
    assert gains[3] > gains[0] > gains[1] > gains[2] >= 0
    assert logit_path(game, [1e4])[0].certificate < 1e-2
    assert markov_perfect(game)[0].certificate < 1e-7


def test_precision_has_the_unit_of_one_over_payoff():
    game = game_of(3)
    tenfold = StochasticGame.from_arrays(
        [10 * game.stage_payoffs(s) for s in range(3)], [game.stage_transitions(s) for s in range(3)], game.discount
    )
    assert logit_equilibrium(tenfold, 0.04).values == pytest.approx(10 * logit_equilibrium(game, 0.4).values, rel=1e-7)


@pytest.mark.parametrize("precision", [-1.0, float("nan"), float("inf")])
def test_a_precision_must_be_finite_and_not_negative(precision):
    with pytest.raises(ValueError, match="at least 0"):
        logit_equilibrium(game_of(1), precision)


def test_a_lost_path_is_said(monkeypatch):
    monkeypatch.setattr(module, "MOST_POINTS", 2)
    with pytest.raises(UnsolvedError, match="was lost before precision 50"):
        logit_equilibrium(game_of(1), 50.0)
