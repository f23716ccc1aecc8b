"""Several equilibria: those of games that are known are found, told apart, and each says how it was found."""

from __future__ import annotations

import numpy as np
import pytest

from leverage.certification.checker import certify
from leverage.game.stochastic_game import StochasticGame
from leverage.solvers.markov_equilibria import markov_equilibria
from leverage.solvers.markov_perfect import SELECTION


def one_state(payoffs) -> StochasticGame:
    table = np.asarray(payoffs, dtype=float)
    return StochasticGame.from_arrays([table], [np.ones((*table.shape[:-1], 1))], 0.9)


@pytest.mark.parametrize(
    ("payoffs", "values"),
    [
        ([[[3, 3], [0, 5]], [[5, 0], [1, 1]]], [(1, 1)]),
        ([[[0, 0], [7, 2]], [[2, 7], [6, 6]]], [(2, 7), (14 / 3, 14 / 3), (7, 2)]),
        ([[[4, 3], [0, 0]], [[0, 0], [1, 2]]], [(0.8, 1.2), (1, 2), (4, 3)]),
    ],
    ids=["one", "chicken", "battle"],
)
def test_known_games(payoffs, values):
    game = one_state(payoffs)
    found = markov_equilibria(game)
    assert found.solutions[0].selection == SELECTION
    seen = sorted(tuple(solution.values[0].round(8)) for solution in found.solutions)
    assert set(seen) <= {tuple(np.round(v, 8)) for v in values}
    assert len(seen) == len(set(seen))
    assert len(seen) >= min(2, len(values))
    assert f"{len(seen)} found" in found.note
    for solution in found.solutions:
        assert certify(game, solution.strategies) <= 1e-9 * game.payoff_range


def test_nothing_is_told_twice_where_there_is_one_equilibrium():
    rng = np.random.default_rng(4)
    table = rng.random((3, 3))
    game = one_state(np.stack([table, -table], axis=-1))  # zero-sum: one value
    assert len({tuple(s.values[0].round(9)) for s in markov_equilibria(game).solutions}) == 1


def test_no_other_starts_gives_the_selected_one_and_what_leaning_finds():
    found = markov_equilibria(one_state([[[3, 3], [0, 5]], [[5, 0], [1, 1]]]), starts=0)
    assert found.starts == 5
    assert len(found.solutions) == 1


def test_starts_below_zero_are_refused():
    with pytest.raises(ValueError, match="at least 0"):
        markov_equilibria(one_state(np.zeros((1, 1, 2))), starts=-1)
