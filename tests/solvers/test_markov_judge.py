"""Markov perfect equilibria of games of mixed shapes, judged by a program that imports nothing of the package.

More games: `python -m benchmarks.judge_markov`.
"""

from __future__ import annotations

import json
import signal
from pathlib import Path

import numpy as np
import pytest

import leverage
from tests.solvers import mixed_games, plain_judge
from tests.solvers.mixed_games import MixedGame, mixed_game
from tests.solvers.verdicts import TOLERANCE, judged, verdict

REFERENCE = json.loads((Path(__file__).parents[1] / "data" / "markov.json").read_text(encoding="utf-8"))["cases"]
#: Games that a usual run judges, and those that a long run adds.
FEW, MANY = 100, 300
#: Processor seconds for a game: tests judge answers on any machine, the benchmark judges speed.
GENEROUS = 200.0

# --- the judge itself ----------------------------------------------------------------------------------------------

DILEMMA = np.array([[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]])
FOR_EVER = np.ones((2, 2, 1))


@pytest.mark.parametrize(
    ("play", "gains"),
    [
        ([[0.0, 1.0], [0.0, 1.0]], [0.0, 0.0]),
        ([[1.0, 0.0], [1.0, 0.0]], [0.8, 0.8]),  # (1 - 0.6) times 5 - 3
        ([[1.0, 0.0], [0.0, 1.0]], [0.4, 0.0]),  # the first gets 0, and 1 by defecting
        ([[0.5, 0.5], [1.0, 0.0]], [0.4 * (5 - 4), 0.4 * (3 - 1.5)]),
    ],
)
def test_the_judge_knows_the_prisoners_dilemma(play, gains):
    strategies = [[np.array(lottery)] for lottery in play]
    parts = [DILEMMA], [FOR_EVER], np.array([0.6, 0.6])
    assert plain_judge.regrets(*parts, strategies) == pytest.approx(gains, abs=1e-15)
    assert plain_judge.best_reply_gains(*parts, strategies) == pytest.approx(np.array(gains) / 0.4, abs=1e-14)


def test_the_judge_sees_a_departure_that_pays_later():
    """In state 0 the only player waits (payoff 1) or moves to state 1 (payoff 0, then 4 for ever)."""
    payoffs = [np.array([[1.0], [0.0]]), np.array([[4.0]])]
    laws = [np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[0.0, 1.0]])]
    stay = [[np.array([1.0, 0.0]), np.array([1.0])]]
    assert plain_judge.values(payoffs, laws, np.array([0.5]), stay).tolist() == [[1.0], [4.0]]
    assert plain_judge.regrets(payoffs, laws, np.array([0.5]), stay).tolist() == [1.0]  # 0.5 * 0 + 0.5 * 4 - 1
    assert plain_judge.regrets(payoffs, laws, np.array([0.0]), stay).tolist() == [0.0]


@pytest.mark.parametrize("play", [[[0.5, 0.6]], [[1.1, -0.1]], [[1.0]], [[np.nan, 1.0]]])
def test_the_judge_refuses_what_is_no_lottery(play):
    assert plain_judge.defects([np.zeros((2, 1))], [[np.array(lottery)] for lottery in play]) > 0.05


# --- the games -----------------------------------------------------------------------------------------------------


def test_every_kind_of_game_is_drawn():
    words = [mixed_game(seed).words for seed in range(FEW)]
    for part, kinds in (
        ("payoffs ", mixed_games.PAYOFFS),
        ("law ", mixed_games.LAWS),
        ("scale ", mixed_games.SCALES),
        ("twin ", mixed_games.TWINS),
    ):
        for kind in kinds:
            assert any(part + kind in w or part + "symmetric " + kind in w for w in words), part + kind
    sizes = {(len(game.payoffs), game.payoffs[0].shape[-1]) for game in map(mixed_game, range(FEW))}
    assert {states for states, _ in sizes} == set(range(1, mixed_games.MOST_STATES + 1))
    assert {players for _, players in sizes} == set(range(1, mixed_games.MOST_PLAYERS + 1))


def test_games_are_stored_as_they_are(tmp_path):
    game = mixed_game(7)
    game.save(tmp_path / "game.npz")
    again = mixed_games.load(tmp_path / "game.npz")
    assert again.words == game.words
    assert np.array_equal(again.discount, game.discount)
    for name in ("payoffs", "transitions"):
        assert all(np.array_equal(a, b) for a, b in zip(getattr(again, name), getattr(game, name), strict=True))


# --- the answers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", REFERENCE, ids=lambda case: case["name"])
def test_reference_games(case):
    """The judge accepts both the listed play and the answer, which is among the listed."""
    tables = MixedGame(
        [np.array(u, dtype=float) for u in case["payoffs"]],
        [np.array(law, dtype=float) for law in case["transitions"]],
        np.array(case["discount"], dtype=float),
        case["name"],
    )
    found = verdict(tables)
    assert found.faults == ()
    assert found.share <= TOLERANCE
    game = leverage.StochasticGame.from_arrays(tables.payoffs, tables.transitions, tables.discount)
    values, apart = leverage.markov_perfect(game)[0].values, []
    for listed in case["solutions"]:
        play = [[np.array(lottery) for lottery in own] for own in listed["strategies"]]
        assert judged(tables, play, np.array(listed["values"]))[1] <= 1e-8  # peers stop earlier
        apart.append(np.max(np.abs(values - np.array(listed["values"]))))
    assert min(apart) <= 1e-7


needs_timers = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system cannot limit processor time")


def judge_all(seeds):
    faults = {seed: verdict(mixed_game(seed), GENEROUS).faults for seed in seeds}
    assert {
        seed: what for seed, own in faults.items() if (what := [fault for fault in own if not fault.startswith("slow")])
    } == {}


@needs_timers
def test_mixed_games():
    judge_all(range(FEW))


@needs_timers
@pytest.mark.slow
def test_many_mixed_games():
    judge_all(range(FEW, MANY))
