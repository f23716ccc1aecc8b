"""The checker of noisy play, against explicit loops and against play that is wrong on purpose."""

from __future__ import annotations

import numpy as np
import pytest

from leverage.certification.responses import response_distance
from leverage.solvers.noisy_play import logit_equilibrium
from tests.solvers.test_noisy_play import game_of, slow_responses


@pytest.mark.parametrize("precision", [0.0, 0.3, 2.0])
@pytest.mark.parametrize("seed", range(3))
def test_the_distance_is_that_of_plain_loops(seed, precision):
    game, rng = game_of(seed), np.random.default_rng(seed)
    play = [[rng.dirichlet(np.ones(game.action_counts[s, i])) for s in range(game.n_states)] for i in range(game.n_players)]
    responses = slow_responses(game, play, precision)
    expected = max(
        float(np.max(np.abs(a - b))) for own, other in zip(play, responses, strict=True) for a, b in zip(own, other, strict=True)
    )
    assert response_distance(game, play, precision) == pytest.approx(expected, abs=1e-9)


def test_three_players():
    game = game_of(5, counts=((2, 2, 2), (2, 1, 3)), discount=(0.5, 0.6, 0.7))
    assert response_distance(game, logit_equilibrium(game, 0.2).strategies, 0.2) < 1e-9


@pytest.mark.parametrize("shift", [1e-6, 1e-2])
def test_play_that_is_a_little_wrong_is_that_far_away(shift):
    game = game_of(1)
    play = [[own.copy() for own in mine] for mine in logit_equilibrium(game, 0.05).strategies]
    play[0][0] += shift * np.array([1.0, -1.0])
    assert shift / 2 < response_distance(game, play, 0.05) < 2 * shift


def test_another_precision_is_seen():
    game = game_of(2)
    assert response_distance(game, logit_equilibrium(game, 0.4).strategies, 0.5) > 1e-4


def test_large_precisions_overflow_nothing():
    game = game_of(3)
    assert 0 <= response_distance(game, logit_equilibrium(game, 50.0).strategies, 1e300) <= 1
