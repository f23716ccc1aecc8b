"""Noisy play as a table: from random play to its limit, and what is measured where chances become too small."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from leverage.analysis.noise import NEAR_LIMIT, measured_noise, noisy_path
from leverage.analysis.outcomes import measure_outcomes
from leverage.errors import UnsolvedError
from leverage.game.form import compile_form
from leverage.game.stochastic_game import Measures, StochasticGame
from leverage.loading import load_scenario
from leverage.solvers.markov_equilibria import same_values
from leverage.solvers.markov_perfect import markov_perfect
from leverage.solvers.noisy_play import logit_limit, logit_path, logit_walk
from tests.solvers.test_noisy_play import game_of

SMALL = Path(__file__).parent.parent / "data" / "small.yaml"


@pytest.fixture(scope="module")
def small() -> StochasticGame:
    return compile_form(load_scenario(SMALL)).at()


def test_the_default_path_begins_at_random_play_and_ends_near_its_limit(small):
    path = noisy_path(small, None, markov_perfect(small)[0])
    assert path.plays[0].precision == 0.0
    assert all(own == pytest.approx(1 / len(own)) for mine in path.plays[0].solution.strategies for own in mine)
    assert math.isinf(path.plays[-1].precision)
    assert np.max(np.abs(path.plays[-2].solution.values - path.plays[-1].solution.values)) <= NEAR_LIMIT * small.payoff_range
    assert path.selected is True
    assert not path.lost
    assert all(play.distance < 1e-8 for play in path.plays[:-1])
    precisions = [play.precision for play in path.plays]
    assert precisions == sorted(precisions)


def test_one_walk_gives_what_walks_of_their_own_give(small):
    wanted = [0.0, 0.02, 0.3, 1.0]
    for one, alone in zip(logit_walk(small, wanted), (logit_path(small, [p])[0] for p in wanted), strict=True):
        assert one.values == pytest.approx(alone.values, abs=1e-9)


def test_precisions_that_fall_are_refused(small):
    with pytest.raises(ValueError, match="rising"):
        list(logit_walk(small, [1.0, 0.5]))


@pytest.mark.parametrize("seed", range(4))
def test_the_limit_is_an_equilibrium_to_which_precise_play_is_near(seed):
    game = game_of(seed)
    limit = logit_limit(game)
    assert limit.certificate <= 1e-9 * game.payoff_range
    assert logit_path(game, [2000.0])[0].values == pytest.approx(limit.values, abs=0.01 * game.payoff_range)


def test_a_limit_that_is_not_the_point_prediction_is_told():
    """A coordination game in which the first player's payoffs are small: noise hides them, so it hardly leaves random play."""
    first, second = np.diag([1.0, 0.05]), np.diag([0.3, 2.0])
    game = StochasticGame.from_arrays([np.stack([0.01 * first, second], axis=-1)], [np.ones((2, 2, 1))], 0.0)
    selected, limit = markov_perfect(game)[0], logit_limit(game)
    assert noisy_path(game, [1.0], selected).selected is same_values(game, selected, limit)
    assert not same_values(game, selected, limit)


def test_chances_too_small_to_compute_with_leave_no_value_instead_of_a_wrong_one():
    """Staying at home pays 1, leaving ends play: at precision 100 the chance of it is about exp(-200) a period."""
    measures = Measures(
        events={"gone": np.array([False, True])}, counts={}, averages={"away": np.array([0.0, 1.0])}, dates=(12.0,)
    )
    game = replace(
        StochasticGame.from_arrays(
            [np.array([[1.0], [0.0]]), np.zeros((1, 1))], [np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[0.0, 1.0]])], 0.5
        ),
        measures=measures,
    )
    plan = logit_path(game, [100.0])[0].plan
    with pytest.raises(UnsolvedError):
        measure_outcomes(plan)
    found = measured_noise(plan)
    by_date = next(o for o in found if o.quantity.startswith("chance by"))
    ever, long_run, payoff = (
        next(o for o in found if o.quantity == quantity) for quantity in ("chance ever", "average in the long run", "payoff")
    )
    assert by_date.value == pytest.approx(0.0, abs=1e-12)
    assert payoff.value == pytest.approx(1.0, abs=1e-12)
    assert 0 < payoff.certificate < 1e-9
    assert math.isnan(ever.value)
    assert math.isnan(long_run.value)
