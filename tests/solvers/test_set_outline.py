"""Outlines of payoff sets: the battery, further games, and sets that do not depend on whether one was drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from leverage.solvers import equilibrium_set, set_outline
from leverage.solvers.outer_bound import OuterBound
from leverage.solvers.set_form import SetForm, set_form
from tests.games import random_game
from tests.mutations.outline_batteries import check_set_outline, outlines_are_close


def nothing(bound: OuterBound, tolerance: float) -> None:
    """No turn finds anything."""


def test_outlines_of_games_that_move_on() -> None:
    check_set_outline(set_outline)


@pytest.mark.parametrize("seed", [10, 11])
def test_further_games(seed: int) -> None:
    outlines_are_close(set_outline, set_form(random_game(seed, states=12, actions=(3, 2), delta=0.7, reach=8), None, None), 1e-5)


@pytest.mark.parametrize("far", [-0.05, -1e-4, 0.05])
def test_wrong_outlines_do_no_harm(far: float, monkeypatch: pytest.MonkeyPatch) -> None:
    game = random_game(2, states=10, actions=(3, 2), delta=0.8, reach=10)
    known = equilibrium_set.equilibrium_set(game)
    outlined = set_outline.outlined

    drawn = []
    monkeypatch.setattr(equilibrium_set, "revolved", nothing)

    def moved(bound: OuterBound, tolerance: float) -> set_outline.Outline:
        found = outlined(bound, tolerance)
        assert found is not None
        drawn.append(found)
        return replace(found, h=found.h + far)

    monkeypatch.setattr(equilibrium_set, "outlined", moved)
    sets = equilibrium_set.equilibrium_set(game)
    assert len(drawn) == 1
    assert sets.gap <= 1e-6 * game.payoff_range
    assert np.abs(sets.bounds - known.bounds).max() <= 2e-6 * game.payoff_range


@pytest.mark.parametrize("seed", [20, 21, 22])
def test_sets_are_the_same_without_an_outline(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    game = random_game(seed, states=10, actions=(3, 3), delta=0.9, reach=10)
    monkeypatch.setattr(equilibrium_set, "revolved", nothing)
    drawn = equilibrium_set.equilibrium_set(game)
    asked: list[SetForm] = []
    monkeypatch.setattr(equilibrium_set, "worth_outlining", asked.append)
    plain = equilibrium_set.equilibrium_set(game)
    assert len(asked) == 1
    for sets in (drawn, plain):
        assert sets.gap <= 1e-6 * game.payoff_range
        assert sets.certificate <= 1e-9 * game.payoff_range
    assert np.abs(drawn.bounds - plain.bounds).max() <= 2e-6 * game.payoff_range
