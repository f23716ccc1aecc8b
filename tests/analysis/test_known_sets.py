"""Games that are played alike share their equilibrium sets; any difference in what is played shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from leverage.analysis.known_sets import KnownSets, fingerprint
from leverage.game.form import compile_form
from leverage.game.stochastic_game import Floats, Measures, StochasticGame
from leverage.solvers.equilibrium_set import EquilibriumSet, equilibrium_set
from tests.dilemma import dilemma


@pytest.fixture(scope="module")
def game() -> StochasticGame:
    return compile_form(dilemma(overrides={"speed": 0.25})).at()


def moved(array: Floats) -> Floats:
    """By as little as a number can."""
    found = array.copy()
    found.flat[0] = np.nextafter(found.flat[0], np.inf)
    return found


def other(game: StochasticGame, what: str) -> StochasticGame:
    law = game.transitions.copy()
    law.data[[0, 1]] = law.data[[1, 0]]
    names = tuple(tuple(labels[::-1] for labels in own) for own in game.actions)
    parts: dict[str, dict[str, Any]] = {
        "payoffs": {"payoffs": moved(game.payoffs)},
        "law": {"transitions": law},
        "patience": {"discount": moved(game.discount)},
        "start": {"start": 1},
        "actions": {"actions": names},
    }
    return replace(game, **parts[what])


@pytest.mark.parametrize("what", ["payoffs", "law", "patience", "start", "actions"])
def test_a_game_that_is_played_differently_is_another(game: StochasticGame, what: str) -> None:
    assert fingerprint(other(game, what)) != fingerprint(game)


def test_sets_are_told_of_the_game_that_asks(game: StochasticGame) -> None:
    asked: list[float] = []
    watching = replace(game, measures=Measures(dates=(3.0,)))
    known = KnownSets(most=2)

    def of(which: StochasticGame, tolerance: float) -> EquilibriumSet:
        def solve() -> EquilibriumSet:
            asked.append(tolerance)
            return equilibrium_set(which, tolerance=tolerance)

        found = known.of(which, "", tolerance, solve)
        assert isinstance(found, EquilibriumSet)
        return found

    of(game, 0.1)
    found = of(watching, 0.1)
    assert asked == [0.1]
    assert found.game is watching
    assert found.plan(watching.start, (1, 0)).game.measures.dates == (3.0,)
    for tolerance in (0.2, 0.3, 0.1):
        of(game, tolerance)
    assert asked == [0.1, 0.2, 0.3, 0.1]  # two are kept
