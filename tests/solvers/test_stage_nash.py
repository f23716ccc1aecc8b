"""Stage Nash: which equilibrium is selected in each state, and what its status says."""

import numpy as np
import pytest

from leverage.game.stochastic_game import StochasticGame
from leverage.solvers import vertex_enumeration
from leverage.solvers.stage_game import _proposals, pure_stage_equilibria
from leverage.solvers.stage_nash import stage_nash

CLOSE = 1e-9


def table(a, b):
    return np.stack([np.array(a, dtype=float), np.array(b, dtype=float)], axis=-1)


def regret(game, x, y):
    mine, yours = game[..., 0] @ y, x @ game[..., 1]
    return max(mine.max() - x @ mine, yours.max() - yours @ y)


def stochastic(tables, discount=0.9):
    size = len(tables)
    return StochasticGame.from_arrays(tables, [np.full((*np.shape(t)[:-1], size), 1 / size) for t in tables], discount)


CHICKEN = table([[0, 7], [2, 6]], [[0, 2], [7, 6]])
PENNIES = table([[1, -1], [-1, 1]], [[-1, 1], [1, -1]])
# Two meeting places of equal worth, (4, 1) and (1, 4): the sum over ranges ties, and the first counts.
MEETING = table([[4, 0], [0, 1]], [[1, 0], [0, 4]])


def test_selection_takes_the_largest_scaled_sum_and_then_the_first():
    # Ranges over the game are 8 (row player, -1 to 7) and 8: in chicken the pure ones sum to 9/8, the mixed one to 28/3/8.
    found = stage_nash(stochastic([CHICKEN, PENNIES, MEETING]))
    np.testing.assert_allclose(found.values, [[14 / 3, 14 / 3], [0, 0], [4, 1]], atol=CLOSE)
    np.testing.assert_allclose(found.strategies[0][0], [1 / 3, 2 / 3], atol=CLOSE)
    assert found.strategies[1][2].tolist() == [1.0, 0.0]
    assert found.certificate <= CLOSE * 8


def test_future_is_ignored_and_the_status_says_so():
    first = stage_nash(stochastic([CHICKEN, PENNIES], discount=0.0))
    second = stage_nash(stochastic([CHICKEN, PENNIES], discount=0.99))
    np.testing.assert_array_equal(first.values, second.values)
    assert "markov_perfect" in second.status
    assert "equilibrium of the repeated game" in stage_nash(stochastic([CHICKEN])).status


def test_scale_of_one_players_payoffs_does_not_steer_the_selection():
    plain = stage_nash(stochastic([CHICKEN, MEETING]))
    scaled = stage_nash(stochastic([CHICKEN * [1, 1000], MEETING * [1, 1000]]))
    np.testing.assert_allclose(scaled.values, plain.values * [1, 1000], rtol=CLOSE)


def test_scores_that_differ_by_rounding_are_tied():
    meeting = table([[0.3, 0], [0, 0.6]], [[0.6, 0], [0, 0.3 + 1e-13]])
    assert stage_nash(stochastic([meeting])).values.tolist() == [[0.3, 0.6]]


def test_one_player_takes_the_best_action():
    found = stage_nash(stochastic([[[1.0], [3.0], [2.0]], [[5.0]]]))
    assert found.values.tolist() == [[3.0], [5.0]]


def test_three_players_with_a_pure_equilibrium():
    common = np.repeat(np.arange(8.0).reshape(2, 2, 2, 1), 3, axis=3)
    found = stage_nash(stochastic([common]))
    assert found.values.tolist() == [[7.0, 7.0, 7.0]]


def test_three_players_without_a_pure_equilibrium():
    # Jordan (1993): 1 wants to match 2, 2 to match 3, 3 to differ from 1; the one equilibrium mixes evenly.
    jordan = np.array([[[[a == b, b == c, c != a] for c in (0, 1)] for b in (0, 1)] for a in (0, 1)], dtype=float)
    assert pure_stage_equilibria(jordan) == ()
    found = stage_nash(stochastic([jordan]))
    np.testing.assert_allclose(np.concatenate([own[0] for own in found.strategies]), 0.5, atol=1e-6)
    assert found.certificate <= CLOSE


def test_payoffs_that_never_change():
    found = stage_nash(stochastic([np.full((2, 3, 2), 4.0)]))
    assert found.values.tolist() == [[4.0, 4.0]]
    assert found.certificate == 0.0


def test_many_states_are_all_solved():
    random = np.random.default_rng(5)
    tables = [random.normal(size=(5, 3, 2)) for _ in range(40)] + [random.integers(0, 3, size=(5, 3, 2)) for _ in range(40)]
    game = stochastic(tables)
    found = stage_nash(game)
    worst = max(regret(t, found.strategies[0][s], found.strategies[1][s]) for s, t in enumerate(tables))
    assert worst <= CLOSE * game.payoff_range
    assert found.certificate == pytest.approx(worst, abs=1e-14)


# --- what the status says ------------------------------------------------------------------------------------------------


def test_nothing_is_said_of_completeness_where_it_holds():
    status = stage_nash(stochastic([CHICKEN, PENNIES, CHICKEN])).status
    assert "compared" not in status
    assert status.endswith("nashpy finds 4 of the 4 extreme equilibria of 2 different one-shot games")


def test_what_may_have_been_missed_is_said(monkeypatch):
    monkeypatch.setattr(vertex_enumeration, "MAX_WORK", 0)
    _proposals.cache_clear()
    status = stage_nash(stochastic([CHICKEN, PENNIES])).status
    _proposals.cache_clear()
    assert "the equilibria compared in 2 of 2 states are not known to be complete" in status


def test_more_than_two_players_are_told_what_was_compared():
    jordan = np.array([[[[a == b, b == c, c != a] for c in (0, 1)] for b in (0, 1)] for a in (0, 1)], dtype=float)
    status = stage_nash(stochastic([jordan, np.zeros((2, 2, 2, 3))])).status
    assert "only pure equilibria were compared, and in 1 of 2 states" in status
    assert "nashpy has no second opinion" in status
    assert "compared" not in stage_nash(stochastic([[[1.0], [3.0]]])).status
