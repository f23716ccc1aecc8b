"""A block whose surroundings answer: its step is Newton's step of the whole game, and what it solves stays solved elsewhere."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import sparse

from leverage.game.stochastic_game import StochasticGame
from leverage.solvers import answering_block, complementarity
from leverage.solvers.answering_block import AnsweringBlock
from leverage.solvers.complementarity import Search
from leverage.solvers.logit_system import numbers_of, shape_of

TOLERANCE = 1e-9  # share of the payoff range: the solver's default
SMOOTHING = 0.3


def ring(states: int, seed: int) -> StochasticGame:
    """Random payoffs; each row leads to two neighbours on a ring."""
    rng, payoffs, laws = np.random.default_rng(seed), [], []
    for s in range(states):
        law = np.zeros((2, 3, states))
        for a, b in itertools.product(range(2), range(3)):
            stay = rng.random()
            law[a, b, s] += stay
            law[a, b, (s + a - b) % states] += 1 - stay
        payoffs.append(rng.random((2, 3, 2)))
        laws.append(law)
    return StochasticGame.from_arrays(payoffs, laws, (0.9, 0.8))


def search_of(game: StochasticGame, seed: int) -> Search:
    """Somewhere: random play and values."""
    rng, search = np.random.default_rng(seed), Search.of(shape_of(game), numbers_of(game, TOLERANCE))
    search.p = np.concatenate([rng.dirichlet(np.ones(n)) for n in game.action_counts.ravel()])
    search.values = rng.uniform(0, 3, 2 * game.n_states)
    return search


def system(size: int, seed: int) -> tuple[sparse.csr_array, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return sparse.csr_array(np.eye(size) + 0.2 * rng.normal(size=(size, size))), rng.normal(size=size), rng.normal(size=size)


@pytest.mark.parametrize("dense", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_block_and_answers_together_solve_the_whole_system(seed: int, dense: bool) -> None:
    """Where the block's own rows are those that others have answered to, both make one step of the whole."""
    matrix, right, values = system(12, seed)
    block = AnsweringBlock.of(np.array([1, 4]), matrix, right, values, dense=dense)
    assert block is not None
    answered = values.copy()
    block.follow(answered)  # what others miss is made good, before the block moves
    assert answered[[2, 3, 8, 9]] == pytest.approx(values[[2, 3, 8, 9]])
    left = right - matrix @ (answered - values)
    step = block.step(matrix, left)
    assert answered + step == pytest.approx(values + np.linalg.solve(matrix.toarray(), right))
    moved = answered + np.where(np.isin(np.arange(12) // 2, [1, 4]), step, 0.0)
    block.follow(moved)
    assert moved == pytest.approx(answered + step)


@pytest.mark.parametrize("dense", [False, True])
def test_where_others_do_not_answer_there_is_no_block(dense: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    matrix, right, values = system(8, 0)
    singular = matrix.toarray()
    singular[4:, 4:] = 0.0
    assert AnsweringBlock.of(np.array([0, 1]), sparse.csr_array(singular), right, values, dense=dense) is None
    assert AnsweringBlock.of(np.array([0, 1]), matrix, right, values, dense=dense) is not None
    monkeypatch.setattr(answering_block, "LARGEST_RATE", 1e-3)
    assert AnsweringBlock.of(np.array([0, 1]), matrix, right, values, dense=dense) is None


@pytest.mark.parametrize("seed", range(4))
def test_the_step_of_an_answering_block_is_the_whole_games(seed: int) -> None:
    """Values of all states, and play of the block; what others miss is made good first, so that they miss nothing more."""
    game, block = ring(7, seed), np.array([2, 3])
    search = search_of(game, seed)
    search.answering = search._answering(block, np.array([], dtype=np.intp), SMOOTHING)
    assert search.answering is not None
    moved = search.values.copy()
    search.answering.follow(moved)
    made_good = moved - search.values
    search.direction(block, SMOOTHING)
    from_block = made_good + search.step_values
    search.answering = None
    search.evaluate(search.everything, SMOOTHING)
    search.direction(search.everything, SMOOTHING)
    # the block's rows were taken before others made good what they missed: that is what its step leaves out
    matrix, rows = search._system(), np.repeat(np.isin(np.arange(7), block), 2)
    assert (matrix @ from_block)[~rows] == pytest.approx(search.right[~rows], abs=1e-9)
    assert (matrix @ (from_block - made_good))[rows] == pytest.approx(search.right[rows], abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_states_that_are_held_do_not_answer_by_their_play(seed: int) -> None:
    game, held = ring(7, seed), np.array([5])
    search = search_of(game, seed)
    search.answering = search._answering(np.array([2]), held, SMOOTHING)
    assert search.answering is not None
    p, values = search.p, search.values
    search.values = values.copy()
    search.values[4] += 1e-3  # a value of the block
    search.answering.follow(search.values)
    search.answering = None
    search._answered(np.array([2]), held, SMOOTHING, p, values)
    move = np.abs(search.p - p).reshape(7, 5).max(axis=1)
    assert move[5] < 1e-2 * move[[0, 1, 3, 4, 6]].max()
    assert move[2] == 0  # the block's own play is where it was left


def test_a_few_unsolved_states_are_solved_and_others_stay_so() -> None:
    """What others miss after it is of second order: little beside the smoothing, and whole Newton steps are left to do."""
    smoothing, squares = 0.1, 0.0
    for seed in range(6):
        search = search_of(ring(40, seed), seed)
        search.values[:] = 0.0
        assert search.descend(search.everything, complementarity.FIRST, smoothing, 300)[0]
        rng, inside = np.random.default_rng(seed), np.isin(search.group // 2, [10, 11, 12])
        random = rng.exponential(1.0, len(search.p))
        random /= np.add.reduceat(random, search.shape.group_start[:-1])[search.group]
        search.p = np.where(inside, random, search.p)
        unsolved = search._unsolved(smoothing)
        assert 1 <= len(unsolved) <= 3
        search._solve_answering(unsolved, smoothing, np.zeros(40))
        assert search.answering is None
        squares += search.evaluate(search.everything, smoothing)[1]
        search.newton(smoothing, complementarity.ANSWERED_STEPS, complementarity.MISS)
        assert not len(search._unsolved(smoothing))
    assert squares <= 0.3 * smoothing**2


def test_few_states_that_stay_unsolved_are_solved_by_blocks_to_which_others_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds of steps alone do not end here."""
    begun: list[int] = []
    solve = Search._solve_answering

    def counted(search: Search, unsolved: np.ndarray, smoothing: float, tried: np.ndarray) -> None:
        begun.append(len(unsolved))
        solve(search, unsolved, smoothing, tried)

    monkeypatch.setattr(Search, "_solve_answering", counted)
    monkeypatch.setattr(complementarity, "ROUND", 4)
    settled = 0
    for seed in range(8):
        game = ring(60, seed)
        search = Search.of(shape_of(game), numbers_of(game, TOLERANCE))
        smoothing = search.descend(search.everything, 1.0, 1e-2, 20)[1]
        before = len(begun)
        if search.settle(smoothing, 1e-3) and len(begun) > before:
            settled += 1
            assert not len(search._unsolved(1e-3))
    assert settled >= 2
    assert max(begun) <= complementarity.FEW_UNSOLVED
