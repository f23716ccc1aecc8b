"""Many games at once: the same answers as one by one, whatever stands beside them."""

from __future__ import annotations

import numpy as np
import pytest

from leverage.certification.batch import certify_batch
from leverage.certification.checker import certify
from leverage.errors import GameError
from leverage.game.stochastic_game import StochasticGame
from leverage.solvers import markov_batch as module
from leverage.solvers.markov_batch import MarkovBatch, markov_perfect_batch
from leverage.solvers.markov_perfect import SELECTION, markov_perfect

COUNT = 12
SHAPES = {
    "two players": [(2, 3), (3, 1), (2, 2)],
    "three players": [(2, 1, 2), (2, 2, 2)],
    "one player": [(3,), (2,), (1,)],
    "one state": [(3, 3)],
}


def numbers(counts, seed, *, whole=False):
    rng = np.random.default_rng(seed)
    draw = (lambda shape: rng.integers(0, 3, shape).astype(float)) if whole else rng.random
    payoffs = [draw((COUNT, *c, len(c))) for c in counts]
    transitions = [rng.dirichlet(np.ones(len(counts)), size=(COUNT, *c)) for c in counts]
    return payoffs, transitions, rng.uniform(0.0, 0.97, size=(COUNT, len(counts[0])))


def single(payoffs, transitions, discount, k) -> StochasticGame:
    return StochasticGame.from_arrays([u[k] for u in payoffs], [law[k] for law in transitions], discount[k])


def strategies_of(batch: MarkovBatch, k):
    return [[own[k] for own in player] for player in batch.strategies]


@pytest.mark.parametrize("counts", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("whole", [False, True], ids=["generic", "ties"])
def test_a_batch_gives_what_each_game_gives_by_itself(counts, whole):
    payoffs, transitions, discount = numbers(counts, 7, whole=whole)
    batch = markov_perfect_batch(
        single(payoffs, transitions, discount, 0), payoffs=payoffs, transitions=transitions, discount=discount
    )
    for k in range(COUNT):
        game = single(payoffs, transitions, discount, k)
        alone = markov_perfect(game)[0]
        assert batch.selection[k] == alone.selection
        assert batch.values[k] == pytest.approx(alone.values, abs=1e-8 * game.payoff_range)
        assert certify(game, strategies_of(batch, k)) <= 1e-9 * game.payoff_range
        assert batch.certificate[k] == pytest.approx(certify(game, strategies_of(batch, k)), abs=1e-12)


def test_answers_do_not_depend_on_order_or_company():
    payoffs, transitions, discount = numbers(SHAPES["two players"], 3)
    game = single(payoffs, transitions, discount, 0)
    whole = markov_perfect_batch(game, payoffs=payoffs, transitions=transitions, discount=discount)
    order = np.random.default_rng(0).permutation(COUNT)[:5]
    part = markov_perfect_batch(
        game, payoffs=[u[order] for u in payoffs], transitions=[law[order] for law in transitions], discount=discount[order]
    )
    assert np.array_equal(part.values, whole.values[order])
    assert np.array_equal(part.certificate, whole.certificate[order])


def test_what_is_not_given_is_the_games_own():
    payoffs, transitions, discount = numbers(SHAPES["two players"], 5)
    game = single(payoffs, transitions, discount, 4)
    batch = markov_perfect_batch(game, discount=discount)
    assert batch.values[4] == pytest.approx(markov_perfect(game)[0].values, abs=1e-9)
    assert markov_perfect_batch(game).values.shape == (1, 3, 2)


def test_a_transition_that_only_some_games_have():
    law = np.zeros((2, 2, 1, 2))
    law[0, :, :, 0] = 1.0  # the first game stays in state 1, the second moves on
    law[1, :, :, 1] = 1.0
    end = np.tile([0.0, 1.0], (2, 1, 1, 1))
    payoffs = [np.array([[[[1.0, 0.0]], [[0.0, 0.0]]]] * 2), np.full((2, 1, 1, 2), 5.0)]
    game = StochasticGame.from_arrays([u[0] for u in payoffs], [law[0], end[0]], 0.5)
    batch = markov_perfect_batch(game, payoffs=payoffs, transitions=[law, end])
    assert batch.values[:, 0, 0].tolist() == [1.0, 3.0]


def test_games_that_the_first_path_does_not_solve_go_through_all_retries(monkeypatch):
    payoffs, transitions, discount = numbers(SHAPES["two players"], 9)
    game = single(payoffs, transitions, discount, 0)
    usual = markov_perfect_batch(game, payoffs=payoffs, transitions=transitions, discount=discount)
    monkeypatch.setattr(module, "path_ends", lambda *_: iter(()))
    retried = markov_perfect_batch(game, payoffs=payoffs, transitions=transitions, discount=discount)
    assert retried.selection == (SELECTION,) * COUNT
    assert retried.values == pytest.approx(usual.values, abs=1e-9)


def test_what_stays_unsolved_is_nan(monkeypatch):
    payoffs, transitions, discount = numbers(SHAPES["two players"], 9)
    monkeypatch.setattr(module, "path_ends", lambda *_: iter(()))
    monkeypatch.setattr("leverage.solvers.markov_perfect._candidates", lambda *_: iter(()))
    game = single(payoffs, transitions, discount, 0)
    batch = markov_perfect_batch(game, payoffs=payoffs, transitions=transitions, discount=discount)
    assert np.isnan(batch.certificate).all()
    assert np.isnan(batch.values).all()
    assert set(batch.selection) == {""}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"payoffs": [np.zeros((2, 2, 2, 2))]}, "arrays for 3 states"),
        ({"discount": 1.0}, "discount factors"),
        ({"discount": np.zeros((3, 2))}, "different numbers of games"),
        ({"discount": np.zeros(5)}, "discount has shape"),
    ],
)
def test_wrong_input_is_named(change, message):
    payoffs, transitions, discount = numbers(SHAPES["two players"], 1)
    given = {"payoffs": payoffs, "transitions": transitions, "discount": discount} | change
    with pytest.raises(GameError, match=message):
        markov_perfect_batch(single(payoffs, transitions, discount, 0), **given)


def test_probabilities_that_are_none_are_refused():
    payoffs, transitions, discount = numbers(SHAPES["two players"], 1)
    game = single(payoffs, transitions, discount, 0)
    with pytest.raises(GameError, match="no probabilities"):
        markov_perfect_batch(game, transitions=[law * 1.1 for law in transitions])
    play = np.full((1, int(game.action_counts.sum())), 0.7)
    with pytest.raises(GameError, match="no lottery"):
        certify_batch(
            game, play, payoffs=game.payoffs[None], transitions=game.transitions.data[None], discount=game.discount[None]
        )


def test_the_checker_finds_what_the_single_checker_finds():
    rng = np.random.default_rng(2)
    for counts in SHAPES.values():
        payoffs, transitions, discount = numbers(counts, 4)
        games = [single(payoffs, transitions, discount, k) for k in range(COUNT)]
        play = [[[rng.dirichlet(np.ones(c[i])) for c in counts] for i in range(len(counts[0]))] for _ in range(COUNT)]
        flat = np.array([np.concatenate([own[i][s] for s in range(len(counts)) for i in range(len(own))]) for own in play])
        flat[3] = np.nan
        gains = certify_batch(
            games[0],
            flat,
            payoffs=np.stack([game.payoffs for game in games]),
            transitions=np.stack([game.transitions.data for game in games]),
            discount=discount,
        )
        assert np.isnan(gains[3])
        for k in set(range(COUNT)) - {3}:
            assert gains[k] == pytest.approx(certify(games[k], play[k]), abs=1e-12)
