"""Markov perfect equilibria: reference games, textbook games with known answers, ties, and properties over generated games.

Every answer is first checked by `largest_gain`, a plain twin with explicit loops that shares nothing with the
solver or the checker.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from leverage.errors import UnsolvedError
from leverage.game.stochastic_game import StochasticGame
from leverage.solvers import logit_kernel, logit_system
from leverage.solvers import markov_perfect as module
from leverage.solvers.markov_perfect import SELECTION, engine_for, markov_perfect
from leverage.solvers.solution import Solution

TOLERANCE = 1e-9  # share of the payoff range: the solver's default
SAME_VALUE = 1e-7  # share of the payoff range: two answers are the same equilibrium
REFERENCE = json.loads((Path(__file__).parents[1] / "data" / "markov.json").read_text(encoding="utf-8"))["cases"]


# --- the slow twin -------------------------------------------------------------------------------------------------


def expectation(game: StochasticGame, strategies, state, player, fixed=None):
    """Mean payoff and law of the next state if play is `strategies`, but `player` takes the action `fixed` (if given)."""
    payoffs, law = game.stage_payoffs(state), game.stage_transitions(state)
    mean, following = 0.0, np.zeros(game.n_states)
    for profile in itertools.product(*(range(count) for count in game.action_counts[state])):
        chance = 1.0
        for i, action in enumerate(profile):
            if i == player and fixed is not None:
                chance *= 1.0 if action == fixed else 0.0
            else:
                chance *= strategies[i][state][action]
        mean += chance * payoffs[(*profile, player)]
        following += chance * law[profile]
    return mean, following


def play_values(game: StochasticGame, strategies):
    """Normalised values (S, N) of stationary play."""
    values = np.zeros((game.n_states, game.n_players))
    for i, delta in enumerate(game.discount):
        rows = [expectation(game, strategies, s, i) for s in range(game.n_states)]
        matrix = np.eye(game.n_states) - delta * np.array([following for _, following in rows])
        values[:, i] = np.linalg.solve(matrix, (1 - delta) * np.array([mean for mean, _ in rows]))
    return values


def largest_gain(game: StochasticGame, strategies):
    """Largest gain of a one-shot deviation over all states, players and actions."""
    values, worst = play_values(game, strategies), 0.0
    for s in range(game.n_states):
        for i, delta in enumerate(game.discount):
            for action in range(game.action_counts[s, i]):
                mean, following = expectation(game, strategies, s, i, action)
                worst = max(worst, (1 - delta) * mean + delta * following @ values[:, i] - values[s, i])
    return worst


def solved(game: StochasticGame) -> Solution:
    """The selected answer, after checks that hold for every answer."""
    found = markov_perfect(game)[0]
    allowed = max(TOLERANCE * game.payoff_range, 1e-13 * np.max(np.abs(game.payoffs)))
    assert largest_gain(game, found.strategies) <= allowed
    assert found.certificate <= allowed
    assert found.values == pytest.approx(play_values(game, found.strategies), abs=10 * allowed)
    assert found.concept == "Markov perfect"
    return found


def one_state(payoffs, discount=0.9) -> StochasticGame:
    table = np.asarray(payoffs, dtype=float)
    return StochasticGame.from_arrays([table], [np.ones((*table.shape[:-1], 1))], discount)


def random_game(seed, players=2, states=3, most=3, *, whole=False) -> StochasticGame:
    rng = np.random.default_rng(seed)
    counts = [tuple(rng.integers(1, most + 1, size=players)) for _ in range(states)]
    draw = (lambda shape: rng.integers(0, 3, shape).astype(float)) if whole else rng.random
    return StochasticGame.from_arrays(
        [draw((*c, players)) for c in counts],
        [rng.dirichlet(np.ones(states), size=c) for c in counts],
        rng.uniform(0.3, 0.95, size=players),
    )


# --- reference games -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", REFERENCE, ids=lambda case: case["name"])
def test_reference_games_are_solved_and_give_the_listed_equilibrium(case):
    game = StochasticGame.from_arrays(case["payoffs"], case["transitions"], case["discount"])
    found = solved(game)
    assert found.selection == SELECTION
    distances = []
    for listed in case["solutions"]:
        strategies = [[np.array(lottery) for lottery in own] for own in listed["strategies"]]
        assert largest_gain(game, strategies) <= 1e-8  # the reference is what it says
        distances.append(np.max(np.abs(found.values - np.array(listed["values"]))))
    assert min(distances) <= 1e-7


# --- games with known answers --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Known:
    """A one-state game with the strategies that the logit path selects."""

    name: str
    payoffs: list
    strategies: tuple
    discount: float | tuple = 0.9


THREE_PLAYERS = np.zeros((2, 2, 2, 3))  # each wants to be the odd one out: uniform play is the only symmetric mixed equilibrium
for _profile in itertools.product(range(2), repeat=3):
    for _i in range(3):
        THREE_PLAYERS[(*_profile, _i)] = float(all(_profile[_i] != _profile[j] for j in range(3) if j != _i))

KNOWN = [
    Known("prisoners' dilemma", [[[3, 3], [0, 5]], [[5, 0], [1, 1]]], ([0, 1], [0, 1]), 0.6),
    Known("matching pennies", [[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]], ([0.5, 0.5], [0.5, 0.5])),
    Known("pennies with a bias", [[[2, -2], [-1, 1]], [[-1, 1], [1, -1]]], ([0.4, 0.6], [0.4, 0.6])),
    # symmetric: the path stays symmetric and ends at the mixed equilibrium
    Known("chicken", [[[0, 0], [7, 2]], [[2, 7], [6, 6]]], ([1 / 3, 2 / 3], [1 / 3, 2 / 3])),
    Known("stag hunt: risk dominance", [[[9, 9], [0, 8]], [[8, 0], [7, 7]]], ([0, 1], [0, 1])),
    Known("odd one out", THREE_PLAYERS.tolist(), ([0.5, 0.5],) * 3, (0.9, 0.5, 0.0)),
    Known("nothing at stake", np.zeros((2, 3, 2)).tolist(), ([0.5, 0.5], [1 / 3] * 3)),
    Known("constant payoffs", np.full((2, 2, 2), -7.3).tolist(), ([0.5, 0.5], [0.5, 0.5])),
    Known("first action twice", [[[1, -1], [-1, 1]], [[1, -1], [-1, 1]], [[-1, 1], [1, -1]]], ([0.25, 0.25, 0.5], [0.5, 0.5])),
    Known("one player constant", [[[1, 5], [0, 5]], [[0, 5], [3, 5]]], ([0, 1], [0.5, 0.5])),
    Known("discount 0", [[[3, 3], [0, 5]], [[5, 0], [1, 1]]], ([0, 1], [0, 1]), 0.0),
]


@pytest.mark.parametrize("case", KNOWN, ids=lambda case: case.name)
def test_known_equilibria(case):
    found = solved(one_state(case.payoffs, case.discount))
    assert found.selection == SELECTION
    for own, expected in zip(found.strategies, case.strategies, strict=True):
        assert own[0] == pytest.approx(np.array(expected), abs=1e-6)


def test_battle_of_the_sexes_ends_at_the_mixed_equilibrium_that_its_symmetry_asks_for():
    found = solved(one_state([[[2, 1], [0, 0]], [[0, 0], [1, 2]]]))
    assert found.values == pytest.approx(np.array([[2 / 3, 2 / 3]]), abs=1e-7)


def test_battle_of_the_sexes_tilted_ends_at_the_better_pure_equilibrium():
    found = solved(one_state([[[4, 3], [0, 0]], [[0, 0], [1, 2]]]))
    assert found.values.tolist() == [[4.0, 3.0]]


def matrix_value(table):
    """Value of a zero-sum matrix game for the row player, by linear programming."""
    rows, columns = table.shape
    answer = linprog(
        np.append(np.zeros(rows), -1.0),
        A_ub=np.column_stack([-table.T, np.ones(columns)]),
        b_ub=np.zeros(columns),
        A_eq=[[1.0] * rows + [0.0]],
        b_eq=[1.0],
        bounds=[(0, None)] * rows + [(None, None)],
    )
    return -answer.fun


def test_zero_sum_stochastic_game_has_the_value_of_shapleys_iteration():
    rng, states, delta = np.random.default_rng(1953), 3, 0.7
    tables = [rng.integers(-5, 6, size=(3, 3)).astype(float) for _ in range(states)]
    laws = [rng.dirichlet(np.ones(states), size=(3, 3)) for _ in range(states)]
    value = np.zeros(states)
    for _ in range(70):  # 0.7^70 < 2e-11
        value = np.array([matrix_value((1 - delta) * u + delta * law @ value) for u, law in zip(tables, laws, strict=True)])
    found = solved(StochasticGame.from_arrays([np.stack([u, -u], axis=-1) for u in tables], laws, delta))
    assert found.values[:, 0] == pytest.approx(value, abs=1e-7)
    assert found.values[:, 1] == pytest.approx(-value, abs=1e-7)


def test_gamblers_ruin_has_its_known_generating_function():
    goal, win, delta = 6, 0.45, 0.95
    laws = [np.zeros((1, goal + 1)) for _ in range(goal + 1)]
    laws[0][0, 0] = laws[goal][0, goal] = 1.0
    for k in range(1, goal):
        laws[k][0, k + 1], laws[k][0, k - 1] = win, 1 - win
    payoffs = [np.array([[float(k == goal)]]) for k in range(goal + 1)]
    found = solved(StochasticGame.from_arrays(payoffs, laws, delta))
    up, down = np.roots([win * delta, -1.0, (1 - win) * delta])  # Feller (1968), XIV.4: mean of delta^(time of reaching the goal)
    expected = [(up**k - down**k) / (up**goal - down**goal) for k in range(goal + 1)]
    assert found.values[:, 0] == pytest.approx(np.array(expected), abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_one_player_gets_the_value_of_value_iteration(seed):
    game = random_game(seed, players=1, states=5, most=4)
    delta, value = game.discount[0], np.zeros(5)
    for _ in range(1000):
        value = np.array(
            [
                np.max((1 - delta) * game.stage_payoffs(s)[:, 0] + delta * game.stage_transitions(s) @ value)
                for s in range(game.n_states)
            ]
        )
    assert solved(game).values[:, 0] == pytest.approx(value, abs=1e-9)


# --- ties, shapes and failures -------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_games_full_of_ties(seed):
    solved(random_game(seed, players=2 + seed % 2, states=3, whole=True))


def test_ties_that_the_indifference_conditions_do_not_settle():
    # Player 1 is indifferent between its first two actions whatever player 2 does: a continuum of mixtures is in equilibrium.
    found = solved(one_state([[[1, 1], [1, 0]], [[1, 0], [1, 1]], [[0, 2], [0, 3]]]))
    assert found.strategies[0][0][2] == 0.0


def test_every_action_doubled_leaves_the_values():
    game = random_game(11, states=3)
    payoffs = [np.repeat(game.stage_payoffs(s), 2, axis=0) for s in range(3)]
    laws = [np.repeat(game.stage_transitions(s), 2, axis=0) for s in range(3)]
    found = solved(StochasticGame.from_arrays(payoffs, laws, game.discount))
    for lottery in found.strategies[0]:
        assert lottery[::2] == pytest.approx(lottery[1::2], abs=1e-6)


@pytest.mark.parametrize("seed", range(10))
def test_the_answer_is_where_a_cautious_path_goes(seed):
    game = random_game(100 + seed, players=2 + seed % 3, states=1 + seed % 4)
    engine = engine_for(game, TOLERANCE)
    while engine.work.at[logit_kernel.M] < 1e6:
        assert (
            logit_kernel.walk(engine.shape, engine.numbers, engine.work, logit_kernel.Pace(0.001, 0.0), 1, False)
            == logit_kernel.PAUSED
        )
    found = solved(game)
    flat = np.concatenate([found.strategies[i][s] for s in range(game.n_states) for i in range(game.n_players)])
    assert flat == pytest.approx(engine.work.slot[logit_kernel.PATH_P], abs=1e-3)


@pytest.mark.parametrize("seed", range(40))
def test_with_one_correction_a_step_the_path_ends_where_it_does_with_all(seed):
    game = random_game(300 + seed, players=2 + seed % 2, states=2 + seed % 7)
    ends = []
    for pace in (module.QUICK, module.CAREFUL[-1]):
        engine = engine_for(game, TOLERANCE)
        ends.append(next(module.path_ends(engine, pace, np.zeros(int(engine.shape.group_start[-1])))))
    assert ends[0] == pytest.approx(ends[1], abs=1e-6)


def test_a_path_that_is_lost_with_one_correction_a_step_is_followed_with_all(monkeypatch):
    game, original, asked = random_game(7, states=3), module.path_ends, []

    def path_ends(engine, pace, bias):
        asked.append(pace)
        return iter(()) if pace == module.QUICK else original(engine, pace, bias)

    quick = solved(game)
    monkeypatch.setattr(module, "path_ends", path_ends)
    careful = solved(game)
    assert asked == [module.QUICK, module.CAREFUL[0]]
    assert careful.selection == quick.selection == SELECTION
    assert careful.values == pytest.approx(quick.values, abs=1e-8)


def test_sparse_linear_algebra_gives_what_dense_gives(monkeypatch):
    game = ring(40)
    dense = solved(game)
    monkeypatch.setattr(logit_system, "DENSE_LIMIT", 10)
    monkeypatch.setattr(logit_system, "DENSE_SHARE", 1.0)
    monkeypatch.setattr(module, "SPARSE_STATES", 10)
    assert len(engine_for(game, TOLERANCE).shape.order)
    assert markov_perfect(game)[0].values == pytest.approx(dense.values, abs=1e-8)


def ring(states) -> StochasticGame:
    """Two players push along a ring of states."""
    rng = np.random.default_rng(5)
    laws = np.zeros((states, 2, 2, states))
    for s, a, b in itertools.product(range(states), range(2), range(2)):
        ahead = (1 + a + b) / 4
        laws[s, a, b, (s + 1) % states], laws[s, a, b, s] = ahead, 1 - ahead
    return StochasticGame.from_arrays(list(rng.random((states, 2, 2, 2))), list(laws), (0.9, 0.8))


@pytest.mark.parametrize("kept", ["perturbed play", "best replies"])
def test_fallbacks_say_so_and_are_checked(monkeypatch, kept):
    original = module.path_ends

    def lost(engine, pace, bias):
        return iter(()) if not np.any(bias) or kept == "best replies" else original(engine, pace, bias)

    monkeypatch.setattr(module, "path_ends", lost)
    found = solved(one_state([[[3, 3], [0, 5]], [[5, 0], [1, 1]]]))
    assert kept in found.selection


def test_no_answer_is_an_error_with_advice(monkeypatch):
    monkeypatch.setattr(module, "path_ends", lambda *_: iter(()))
    with pytest.raises(UnsolvedError, match="try a larger tolerance"):
        markov_perfect(one_state([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]]))


def test_a_profile_that_the_checker_refuses_is_not_returned(monkeypatch):
    monkeypatch.setattr(module, "check", lambda *_, **__: SimpleNamespace(gain=1.0))
    with pytest.raises(UnsolvedError):
        markov_perfect(one_state([[[3, 3], [0, 5]], [[5, 0], [1, 1]]]))


@pytest.mark.parametrize("tolerance", [0.0, -1.0, float("nan")])
def test_a_tolerance_must_be_positive(tolerance):
    with pytest.raises(ValueError, match="above 0"):
        markov_perfect(one_state(np.zeros((1, 1, 2))), tolerance=tolerance)


# --- properties ----------------------------------------------------------------------------------------------------

SEEDS = st.integers(0, 10_000)
quick = settings(max_examples=15, deadline=None, derandomize=True)


@quick
@given(seed=SEEDS, players=st.integers(1, 3), states=st.integers(1, 4))
def test_random_games_are_solved_on_the_path(seed, players, states):
    assert solved(random_game(seed, players, states)).selection == SELECTION


@quick
@given(seed=SEEDS, order=st.permutations(range(3)))
def test_relabelled_players_get_the_same(seed, order):
    game = random_game(seed, players=3, states=2)
    axes = tuple(order)
    other = StochasticGame.from_arrays(
        [game.stage_payoffs(s).transpose(*axes, 3)[..., list(order)] for s in range(2)],
        [game.stage_transitions(s).transpose(*axes, 3) for s in range(2)],
        game.discount[list(order)],
    )
    assert solved(other).values == pytest.approx(solved(game).values[:, list(order)], abs=SAME_VALUE)


@quick
@given(seed=SEEDS, order=st.permutations(range(4)))
def test_relabelled_states_have_the_same_values(seed, order):
    game = random_game(seed, states=4)
    other = StochasticGame.from_arrays(
        [game.stage_payoffs(s) for s in order],
        [game.stage_transitions(s)[..., list(order)] for s in order],
        game.discount,
    )
    assert solved(other).values == pytest.approx(solved(game).values[list(order)], abs=SAME_VALUE)


@quick
@given(seed=SEEDS, constant=st.floats(-20, 20), scale=st.floats(0.01, 100))
def test_shifted_and_scaled_payoffs_shift_and_scale_the_values(seed, constant, scale):
    game = random_game(seed)
    other = StochasticGame.from_arrays(
        [scale * game.stage_payoffs(s) + np.array([constant, 0.0]) for s in range(3)],
        [game.stage_transitions(s) for s in range(3)],
        game.discount,
    )
    expected = scale * markov_perfect(game)[0].values + np.array([constant, 0.0])
    assert solved(other).values == pytest.approx(expected, abs=SAME_VALUE * scale)
