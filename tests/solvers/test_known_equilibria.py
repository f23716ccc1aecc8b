"""Known pure Markov equilibria and the inner polygons: what they pay lies inside, as the exact value of a node."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from leverage.certification.checker import check
from leverage.errors import GameError
from leverage.game.automaton import Automaton
from leverage.game.stochastic_game import Floats, StochasticGame
from leverage.solvers import equilibrium_set as module
from leverage.solvers.equilibrium_set import EquilibriumSet, equilibrium_set
from leverage.solvers.payoff_polygon import distance
from leverage.solvers.pure_markov import pure_markov
from tests.games import prisoners_dilemma
from tests.solvers.set_games import set_game

#: Games with different discount factors in which a pure Markov equilibrium lies outside the inner polygons at this gap.
OUTSIDE, COARSE = (0, 48), 1e-2
#: Payoffs that differ by less than this fraction of the payoff range are the same.
SAME = 1e-8
HELP, GRAB = 0, 1


def game_of(seed: int) -> StochasticGame:
    plain = set_game(seed)
    return StochasticGame.from_arrays(plain.payoffs, plain.transitions, plain.discount)


def values(game: StochasticGame, profile: Any) -> Floats:
    """(S, 2): what a stationary profile pays, by the checker."""
    counts = game.action_counts
    lotteries = [[np.eye(counts[s, i])[profile[s][i]] for s in range(game.n_states)] for i in range(2)]
    return check(Automaton.stationary(game, lotteries)).values


def profiles_of(game: StochasticGame) -> list[Any]:
    found = pure_markov(game).solutions
    return [np.stack([[int(np.argmax(x)) for x in own] for own in one.strategies], axis=1) for one in found]


def farthest(sets: EquilibriumSet, points: Floats) -> float:
    return max(float(distance(points[[s]], sets.inner[s])[0]) for s in range(len(points))) / sets.game.payoff_range


@pytest.mark.parametrize("seed", OUTSIDE)
def test_what_lies_outside_becomes_a_vertex_that_the_checker_accepts(seed: int) -> None:
    game = game_of(seed)
    profiles = profiles_of(game)
    before, after = equilibrium_set(game, tolerance=COARSE), equilibrium_set(game, tolerance=COARSE, known=profiles)
    assert max(farthest(before, values(game, p)) for p in profiles) > 1e-6
    assert max(farthest(after, values(game, p)) for p in profiles) < SAME
    assert after.gap <= before.gap + SAME * game.payoff_range
    assert after.machine is not None
    nodes = np.concatenate(after.vertex_node)
    proof = check(after.machine, nodes=np.isin(np.arange(after.machine.n_nodes), nodes))
    assert proof.gain <= 1e-9 * game.payoff_range
    np.testing.assert_allclose(proof.values[nodes], np.concatenate(after.inner), atol=1e-12 * game.payoff_range)
    for s, polygon in enumerate(before.inner):
        assert distance(polygon, after.inner[s]).max() <= SAME * game.payoff_range


def test_profiles_that_are_none_are_passed_over() -> None:
    game = prisoners_dilemma(0.6)
    plain, told = equilibrium_set(game), equilibrium_set(game, known=[[[HELP, HELP]], [[GRAB, HELP]], [[GRAB, GRAB]]])
    np.testing.assert_array_equal(plain.inner[0], told.inner[0])


def test_masks_hold_for_known_profiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Helping is an equilibrium if nobody may depart from it, and none if it is not meant. Nothing else is proved here."""
    monkeypatch.setattr(module, "_proof", lambda *_: None)
    monkeypatch.setattr(module, "revolved", lambda *_: None)
    monkeypatch.setattr(module, "is_repeated", lambda _: False)
    game, help_only = prisoners_dilemma(0.1), [[[True, False], [True, False]]]
    both_help = [[[HELP, HELP]]]
    bound = equilibrium_set(game, known=both_help, deviation=help_only, prescribable=help_only)
    np.testing.assert_allclose(bound.inner[0], values(game, both_help[0]))
    grab_only = [[[False, True], [False, True]]]
    assert not len(equilibrium_set(game, known=both_help, deviation=help_only, prescribable=grab_only).inner[0])
    assert not len(equilibrium_set(game, known=both_help).inner[0])


def test_where_nothing_else_is_proved_sets_grow_from_what_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patient players cooperate by threatening the known stage equilibrium: growing finds the whole set."""
    monkeypatch.setattr(module, "_proof", lambda *_: None)
    monkeypatch.setattr(module, "is_repeated", lambda _: False)
    game = prisoners_dilemma(0.6)
    sets = equilibrium_set(game, tolerance=1e-4, known=[[[GRAB, GRAB]]])
    assert len(sets.inner[0]) > 1
    assert sets.gap <= 1e-4 * game.payoff_range


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ([[0, 0]], "a number of an action for each of 1 states"),
        ([[[0, 0], [0, 0]]], "a number of an action for each of 1 states"),
        ([[[0.0, 1.0]]], "a number of an action for each of 1 states"),
        ([[[0, 2]]], "no action with such a number"),
        ([[[-1, 0]]], "no action with such a number"),
    ],
)
def test_what_is_no_profile_is_refused(known: Any, message: str) -> None:
    with pytest.raises(GameError, match=f"^known: .*{message}"):
        equilibrium_set(prisoners_dilemma(0.6), known=known)
