"""Smoothed complementarity conditions: the kernels against a plain twin, answers against the checker, and honest failure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest

import leverage
from leverage.certification.checker import certify
from leverage.game.stochastic_game import StochasticGame
from leverage.solvers import complementarity as module
from leverage.solvers import logit_kernel
from leverage.solvers import markov_perfect as ladder
from leverage.solvers.complementarity import Search, smoothed_end
from leverage.solvers.fictitious_play import fictitious_play
from leverage.solvers.logit_system import numbers_of, shape_of
from leverage.solvers.markov_batch import markov_perfect_batch
from leverage.solvers.markov_perfect import SELECTION, SETTLED, SMOOTHED, engine_for, given_up, markov_perfect

TOLERANCE = 1e-9  # share of the payoff range: the solver's default
SMOOTHING = 0.3


def ragged_game(seed: int, counts=((2, 3), (1, 2), (3, 1), (2, 2)), *, whole: bool = False) -> StochasticGame:
    """Different numbers of actions, a choice for one player only in some states, few successors, two discount factors."""
    rng, states = np.random.default_rng(seed), len(counts)
    payoffs, laws = [], []
    for s, shape in enumerate(counts):
        payoffs.append(rng.integers(0, 3, (*shape, 2)).astype(float) if whole else rng.random((*shape, 2)))
        law = np.zeros((*shape, states))
        law[..., [s, (s + 1) % states]] = rng.dirichlet(np.ones(2), size=shape)
        laws.append(law)
    return StochasticGame.from_arrays(payoffs, laws, (0.8, 0.6))


def search_in(game: StochasticGame, seed: int) -> Search:
    """A search somewhere in the middle: random play, random values, different damping in each state."""
    rng, search = np.random.default_rng(seed), Search.of(shape_of(game), numbers_of(game, TOLERANCE))
    search.p = np.concatenate([rng.dirichlet(np.ones(n)) for n in game.action_counts.ravel()])
    search.values = rng.uniform(0, 3, 2 * game.n_states)
    search.damping = rng.uniform(0, 0.5, game.n_states)
    return search


# --- the slow twin -------------------------------------------------------------------------------------------------


def plain_conditions(game: StochasticGame, x, smoothing: float):
    """Conditions of all choices, then sums of chances less 1, at x = (chances, values), with explicit loops."""
    spread = np.ptp(game.payoffs, axis=0)
    starts = np.concatenate([[0], np.cumsum(game.action_counts.ravel())])
    values = x[starts[-1] :].reshape(-1, 2)
    conditions, sums = [], []
    for s in range(game.n_states):
        payoffs = (game.stage_payoffs(s) - game.payoffs.min(axis=0)) / spread
        rewards = payoffs + game.discount * (game.stage_transitions(s) @ values)
        play = [x[starts[2 * s + i] : starts[2 * s + i + 1]] for i in range(2)]
        for i in range(2):
            for own in range(game.action_counts[s, i]):
                worth = 0.0
                for other in range(game.action_counts[s, 1 - i]):
                    profile = (own, other) if i == 0 else (other, own)
                    worth += play[1 - i][other] * rewards[(*profile, i)]
                p, slack = play[i][own], values[s, i] - worth
                alone = game.action_counts[s, i] == 1
                conditions.append(slack if alone else p + slack - np.sqrt(p**2 + slack**2 + 2 * smoothing**2))
            sums.append(play[i].sum() - 1)
    return np.array(conditions + sums)


def plain_step(game: StochasticGame, search: Search, smoothing: float, free):
    """The damped Newton step in the unknowns that are free, by central differences."""
    x, size = np.concatenate([search.p, search.values]), 1e-6
    columns = [
        plain_conditions(game, x + size * e, smoothing) - plain_conditions(game, x - size * e, smoothing) for e in np.eye(len(x))
    ]
    jacobian = np.array(columns).T / (2 * size)
    chances = len(search.p)
    group = np.repeat(np.arange(2 * game.n_states), game.action_counts.ravel())
    for c in range(chances):  # damping adds damping times the change of a chance to its slack
        if game.action_counts.ravel()[group[c]] > 1:
            slack = search.slack[c]
            rate = 1 - slack / np.sqrt(search.p[c] ** 2 + slack**2 + 2 * smoothing**2)
            jacobian[c, c] += search.damping[group[c] // 2] * rate
    step = np.zeros(len(x))
    step[free] = np.linalg.solve(jacobian[np.ix_(free, free)], -plain_conditions(game, x, smoothing)[free])
    return step[:chances], step[chances:]


@pytest.mark.parametrize("seed", range(4))
def test_conditions_are_those_of_the_twin(seed):
    game = ragged_game(seed)
    search = search_in(game, seed)
    largest, squares = search.evaluate(search.everything, SMOOTHING)
    expected = plain_conditions(game, np.concatenate([search.p, search.values]), SMOOTHING)[: len(search.p)]
    assert search.miss == pytest.approx(expected, abs=1e-12)
    assert largest == pytest.approx(np.max(np.abs(expected)), rel=1e-12)
    assert squares == pytest.approx(np.sum(expected**2), rel=1e-12)
    state = np.repeat(np.arange(game.n_states), game.action_counts.sum(axis=1))
    assert search.state_miss == pytest.approx([np.max(np.abs(expected[state == s])) for s in range(game.n_states)])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("block", [(0, 1, 2, 3), (0, 1), (2,), (1, 3)])
def test_the_step_is_newtons_step_of_the_twin_with_all_other_states_held(seed, block):
    game = ragged_game(seed)
    search, states = search_in(game, seed), np.array(block)
    search.evaluate(search.everything, SMOOTHING)
    group = np.repeat(np.arange(2 * game.n_states), game.action_counts.ravel())
    free = np.isin(np.concatenate([group // 2, np.arange(2 * game.n_states) // 2]), states)
    chances, values = plain_step(game, search, SMOOTHING, np.flatnonzero(free))
    move = search.direction(states, SMOOTHING)
    inside = np.isin(group // 2, states)
    assert search.step_p[inside] == pytest.approx(chances[inside], abs=1e-6)
    assert search.step_values == pytest.approx(values, abs=1e-6)
    assert move == pytest.approx(np.max(np.abs(chances)), abs=1e-6)


# --- answers ---------------------------------------------------------------------------------------------------------


def lotteries(game: StochasticGame, p):
    parts = np.split(p, np.cumsum(game.action_counts.ravel())[:-1])
    return [parts[i::2] for i in range(2)]


def withdrawal() -> StochasticGame:
    return leverage.compile_game(leverage.load_scenario("scenarios/withdrawal.yaml"))


def chain(states: int, seed: int) -> StochasticGame:
    """Random payoffs on a line: each row leads to two states next to its own."""
    rng = np.random.default_rng(seed)
    laws = np.zeros((states, 2, 2, states))
    for s, a, b in itertools.product(range(states), range(2), range(2)):
        stay = rng.random()
        laws[s, a, b, s], laws[s, a, b, (s + a + 2 * b - 1) % states] = stay, 1 - stay
    laws /= laws.sum(axis=3, keepdims=True)
    return StochasticGame.from_arrays(list(rng.random((states, 2, 2, 2))), list(laws), (0.9, 0.8))


@pytest.mark.parametrize("seed", range(6))
def test_what_is_found_passes_the_checker(seed):
    game = chain(30, seed)
    p = smoothed_end(shape_of(game), numbers_of(game, TOLERANCE))
    assert p is not None
    assert certify(game, lotteries(game, p)) <= TOLERANCE * game.payoff_range


def test_the_shipped_scenario_is_solved_and_the_answer_repeats():
    game = withdrawal()
    p, again = (smoothed_end(shape_of(game), numbers_of(game, TOLERANCE)) for _ in range(2))
    assert p is not None
    assert certify(game, lotteries(game, p)) <= TOLERANCE * game.payoff_range
    assert np.array_equal(p, again)


@pytest.mark.parametrize("seed", range(5))
def test_in_games_with_ties_an_answer_is_an_equilibrium_or_there_is_none(seed):
    game = ragged_game(seed, whole=True)
    p = smoothed_end(shape_of(game), numbers_of(game, TOLERANCE))
    assert p is None or certify(game, lotteries(game, p)) <= 1e-6 * game.payoff_range


def test_from_where_fictitious_play_led_it_finds_equilibria_with_less_work():
    near_work, far_work = 0, 0
    for seed in range(6):
        game = chain(80, seed)
        shape, numbers = shape_of(game), numbers_of(game, TOLERANCE)
        start = fictitious_play(shape, numbers)
        p = smoothed_end(shape, numbers, start)
        assert p is not None
        assert certify(game, lotteries(game, p)) <= TOLERANCE * game.payoff_range
        near, far = Search.of(shape, numbers), Search.of(shape, numbers)
        near.begin_at(*start)
        assert near.run(module.CLOSER)
        far.run(module.FIRST)  # to its end, or until the allowed work is done
        near_work, far_work = near_work + near.work, far_work + far.work
    assert near_work < far_work


def test_blocks_solve_what_the_descent_leaves_unsolved():
    game = withdrawal()
    search = Search.of(shape_of(game), numbers_of(game, TOLERANCE))
    search.descend(search.everything, module.FIRST, module.LEVELS[0], 5)
    search.evaluate(search.everything, module.LEVELS[0])
    assert np.max(search.state_miss) > module.MISS * module.LEVELS[0]
    assert search.solve_blocks(module.LEVELS[0])
    search.evaluate(search.everything, module.LEVELS[0])
    assert np.max(search.state_miss) <= module.MISS * module.LEVELS[0]


# --- where there is no answer ----------------------------------------------------------------------------------------


def test_it_says_so_when_the_allowed_work_does_not_do(monkeypatch):
    game = withdrawal()
    monkeypatch.setattr(module, "FIRST_DESCENT", 1)
    monkeypatch.setattr(module, "WORK", 1)
    assert smoothed_end(shape_of(game), numbers_of(game, TOLERANCE)) is None


def test_it_is_for_two_players():
    payoffs, law = np.random.default_rng(0).random((2, 2, 2, 3)), np.ones((2, 2, 2, 1))
    game = StochasticGame.from_arrays([payoffs], [law], 0.5)
    assert smoothed_end(shape_of(game), numbers_of(game, TOLERANCE)) is None


# --- its place in the ladder -----------------------------------------------------------------------------------------


def test_it_answers_where_the_path_is_too_long_and_says_so_alone_and_in_batch(monkeypatch):
    game = withdrawal()
    monkeypatch.setattr(ladder, "FIRST_VALUES", 20 * 2 * game.n_states)  # so many values are 20 points
    found = markov_perfect(game)[0]
    assert found.selection == SETTLED
    assert found.certificate <= TOLERANCE * game.payoff_range
    batch = markov_perfect_batch(game)
    assert batch.selection == (SETTLED,)
    # a batch scales the transition law's rows once more, so that the games differ by rounding
    assert batch.values[0] == pytest.approx(found.values, abs=TOLERANCE * game.payoff_range)


def nothing_settles(*_: object) -> Iterator[tuple[int, np.ndarray]]:
    return iter(())


def test_where_play_does_not_settle_smoothing_falls_from_uniform_play(monkeypatch):
    game = withdrawal()
    monkeypatch.setattr(ladder, "active_ends", nothing_settles)
    monkeypatch.setattr(ladder, "FIRST_VALUES", 20 * 2 * game.n_states)
    monkeypatch.setattr(module, "WORK_FROM_START", 1)
    monkeypatch.setattr(module, "CLOSER", 0.5)  # more steps are needed, for which this work does not do
    found = markov_perfect(game)[0]
    assert found.selection == SMOOTHED
    assert found.certificate <= TOLERANCE * game.payoff_range


def test_a_sparse_game_of_a_thousand_states_is_solved_whose_path_turns():
    game = chain(1000, 0)
    engine = engine_for(game, TOLERANCE)
    assert not list(ladder.path_ends(engine, ladder.QUICK, np.zeros(int(engine.shape.group_start[-1]))))
    assert given_up(engine)
    found = markov_perfect(game)[0]
    assert found.selection.startswith(SETTLED)
    assert found.certificate <= TOLERANCE * game.payoff_range


def test_it_does_not_answer_where_the_path_does(monkeypatch):
    def never(*_):
        raise AssertionError

    monkeypatch.setattr(ladder, "smoothed_end", never)
    assert markov_perfect(chain(30, 0))[0].selection == SELECTION


@pytest.mark.parametrize(("states", "to_the_end"), [(30, True), (ladder.LONG_VALUES // 2 + 1, False)])
def test_what_stays_unsolved_is_said_soon_in_large_games(monkeypatch, states, to_the_end):
    """Only a small game's path is followed for as long as it takes, when nothing else has led anywhere."""
    asked = []

    def nothing(*given):
        asked.append(given[3:])
        return iter(())

    for name in ("path_ends", "_smoothed_ends", "best_replies"):
        monkeypatch.setattr(ladder, name, nothing)
    with pytest.raises(leverage.UnsolvedError):
        markov_perfect(chain(states, 0))
    assert ((ladder.MOST_POINTS,) in asked) is to_the_end


def test_only_paths_of_large_games_are_too_long_for_their_turns():
    small, large = engine_for(chain(30, 0), TOLERANCE), engine_for(chain(ladder.LONG_VALUES // 2 + 1, 0), TOLERANCE)
    for engine in (small, large):
        engine.work.at[logit_kernel.TURNS] = ladder.MOST_TURNS - 1
        assert not given_up(engine)
        engine.work.at[logit_kernel.TURNS] = ladder.MOST_TURNS
    assert not given_up(small)
    assert given_up(large)
    large.work.at[logit_kernel.TURNS], large.work.at[logit_kernel.FACTORED] = 0, ladder.MOST_FACTORED - 1
    assert not given_up(large)
    large.work.at[logit_kernel.FACTORED] = ladder.MOST_FACTORED
    assert given_up(large)


# --- games whose factors fill in -------------------------------------------------------------------------------------


def anywhere(states: int, seed: int, successors: int = 4) -> StochasticGame:
    """Two actions each; every pair of them leads to any few of the states."""
    rng, payoffs, laws = np.random.default_rng(seed), [], []
    for _ in range(states):
        payoffs.append(rng.random((2, 2, 2)))
        law = np.zeros((2, 2, states))
        for a, b in itertools.product(range(2), range(2)):
            law[a, b, rng.choice(states, successors, replace=False)] = rng.dirichlet(np.ones(successors))
        laws.append(law)
    return StochasticGame.from_arrays(payoffs, laws, 0.9)


def test_which_games_fill_in():
    assert Search.of(shape_of(anywhere(100, 0)), numbers_of(anywhere(100, 0), TOLERANCE)).fills
    for game in (anywhere(50, 0), chain(200, 0)):  # few values; a narrow band
        assert not Search.of(shape_of(game), numbers_of(game, TOLERANCE)).fills


@pytest.mark.parametrize("seed", range(4))
def test_iterations_give_the_step_of_the_factors(monkeypatch, seed):
    monkeypatch.setattr(module, "DENSE_STATES", 0)
    search = search_in(anywhere(100, seed), seed)
    steps = []
    for search.fills in (True, False):
        search.evaluate(search.everything, SMOOTHING)
        assert np.isfinite(search.direction(search.everything, SMOOTHING))
        steps.append((search.step_values.copy(), search.step_p.copy()))
    for iterated, exact in zip(*steps, strict=True):
        assert 0 < np.max(np.abs(iterated - exact)) <= 1e-4 * np.max(np.abs(exact))  # other numbers: they were not factored


def test_dense_factors_of_few_states_give_the_step_of_sparse_ones():
    search = search_in(anywhere(100, 0), 0)
    assert search.fills
    steps = []
    for search.fills in (True, False):
        search.evaluate(search.everything, SMOOTHING)
        search.direction(search.everything, SMOOTHING)
        steps.append(search.step_values.copy())
    assert steps[0] == pytest.approx(steps[1], abs=1e-9 * np.max(np.abs(steps[1])))


def test_where_iterations_do_not_come_close_factors_are_made(monkeypatch):
    monkeypatch.setattr(module, "DENSE_STATES", 0)
    search = search_in(anywhere(100, 0), 0)
    search.fills = False
    search.evaluate(search.everything, SMOOTHING)
    search.direction(search.everything, SMOOTHING)
    exact = search.step_values.copy()
    search.fills = True
    monkeypatch.setattr(module, "MOST_ITERATIONS", 2)
    search.direction(search.everything, SMOOTHING)
    np.testing.assert_array_equal(search.step_values, exact)


def test_a_thousand_states_that_lead_anywhere_are_solved_without_a_path():
    game = anywhere(1000, 2)
    engine = engine_for(game, TOLERANCE)
    assert engine.unwalkable
    assert not list(ladder.path_ends(engine, ladder.QUICK, np.zeros(int(engine.shape.group_start[-1]))))
    assert engine.work.at[logit_kernel.POINTS] == 0
    found = markov_perfect(game)[0]
    assert found.selection.startswith(SETTLED)
    assert found.certificate <= TOLERANCE * game.payoff_range


def test_paths_of_other_games_are_followed():
    one_player = StochasticGame.from_arrays(
        [np.random.default_rng(s).random((2, 1)) for s in range(700)],
        [np.random.default_rng(s).dirichlet(np.ones(700), size=2) for s in range(700)],
        0.5,
    )
    for game in (anywhere(300, 0), chain(400, 0), one_player):
        assert not engine_for(game, TOLERANCE).unwalkable


def test_smoothing_may_take_longer_where_no_path_is_followed(monkeypatch):
    allowed = []

    def gives_up(shape, numbers, start=None, most=None):
        allowed.append((start is None, most))

    def never(engine, *_):
        assert not engine.unwalkable
        return iter(())

    monkeypatch.setattr(ladder, "active_ends", nothing_settles)
    monkeypatch.setattr(ladder, "smoothed_end", gives_up)
    monkeypatch.setattr(ladder.kernel, "walk", never)
    monkeypatch.setattr(ladder, "best_replies", lambda *_: iter(()))
    with pytest.raises(leverage.UnsolvedError):
        markov_perfect(anywhere(320, 0))
    assert allowed == [(False, None), (True, ladder.LONG_WORK)]
