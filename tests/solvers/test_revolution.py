"""Turns round payoff sets: what they find, that sets do not depend on them, and that wrong ones do no harm."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from leverage.solvers import equilibrium_set as sets_solver
from leverage.solvers import revolution
from leverage.solvers.direction_fan import DirectionFan
from leverage.solvers.equilibrium_set import EquilibriumSet, equilibrium_set
from leverage.solvers.outer_bound import OuterBound, tighten, whole_box
from leverage.solvers.set_form import set_form
from leverage.solvers.set_outline import FIRST_DIRECTIONS, Outline
from tests.games import random_game
from tests.mutations.set_batteries import board
from tests.solvers.set_games import absorbing, dense, empty_somewhere, ragged, scenario_like, ties, with_twin_action

#: Tolerance of all games here.
TOLERANCE = 1e-6


def nothing(bound: OuterBound, tolerance: float) -> None:
    """No turn finds anything."""


def same(one: EquilibriumSet, two: EquilibriumSet) -> None:
    """Two answers on one game, both proved to within the tolerance."""
    span = one.game.payoff_range
    for sets in (one, two):
        assert sets.gap <= TOLERANCE * span
        assert sets.certificate <= 1e-9 * span
    np.testing.assert_array_equal(np.isnan(one.bounds), np.isnan(two.bounds))
    np.testing.assert_allclose(one.bounds, two.bounds, atol=2 * TOLERANCE * span)


def first_bound(seed: int, **kind: object) -> OuterBound:
    form = set_form(random_game(seed, **kind), None, None)
    return tighten(whole_box(form, DirectionFan.even(FIRST_DIRECTIONS)), 1e-3, 1000)


@pytest.mark.parametrize(
    "kind", [dense, ragged, absorbing, scenario_like, ties, empty_somewhere, with_twin_action], ids=lambda k: k.__name__
)
@pytest.mark.parametrize("seed", [3, 4, 5, 6])
def test_sets_are_the_same_without_turns(kind, seed, monkeypatch):
    game = board(seed, kind).form.game
    game = replace(game, discount=np.full(2, game.discount[0]))
    turned = equilibrium_set(game, tolerance=TOLERANCE)
    monkeypatch.setattr(sets_solver, "revolved", nothing)
    same(turned, equilibrium_set(game, tolerance=TOLERANCE))


@pytest.mark.parametrize("delta", [0.5, 0.8, 0.95])
@pytest.mark.parametrize("seed", [30, 31])
def test_outlines_are_those_of_the_outer_polygons(seed, delta):
    """The points and the outer polygons were found apart from each other and agree; nothing stands outside."""
    bound = first_bound(seed, states=9, actions=(3, 3), delta=delta, reach=5)
    outline = revolution.revolved(bound, TOLERANCE)
    assert outline is not None
    assert outline.points is not None
    assert outline.excess <= TOLERANCE / 2
    reach = np.einsum("kd,skd->sk", outline.fan.directions, outline.points[:, 0::2])
    assert np.abs(reach - outline.h).max() <= TOLERANCE
    closer = tighten(replace(bound, fan=outline.fan, h=np.full_like(outline.h, 2.0)), 1e-9, 5000, outline.h)
    assert np.abs(closer.h - outline.h).max() <= 1e-7


def test_turns_prove_at_once(monkeypatch):
    """What turns find needs no rounds of refinement."""
    game = random_game(30, states=9, actions=(3, 3), delta=0.9, reach=5)
    monkeypatch.setattr(sets_solver, "settled", None)
    sets = equilibrium_set(game, tolerance=TOLERANCE)
    assert sets.gap <= TOLERANCE * game.payoff_range


@pytest.mark.parametrize("far", [-0.05, -1e-5, 1e-5, 0.05])
@pytest.mark.parametrize("what", ["h", "points"])
def test_wrong_turns_do_no_harm(what, far, monkeypatch):
    game = random_game(2, states=10, actions=(3, 2), delta=0.8, reach=10)
    known, drawn = equilibrium_set(game, tolerance=TOLERANCE), []

    def moved(bound: OuterBound, tolerance: float) -> Outline:
        found = revolution.revolved(bound, tolerance)
        assert found is not None
        drawn.append(found)
        return replace(found, **{what: getattr(found, what) + far})

    monkeypatch.setattr(sets_solver, "revolved", moved)
    same(known, equilibrium_set(game, tolerance=TOLERANCE))
    assert len(drawn) == 1


def test_a_mirror_undoes_itself():
    circle = revolution._drawn(first_bound(7, states=5, actions=(2, 3), delta=0.8, reach=5))
    again = circle.mirror().mirror()
    for name in ("points", "normals", "least", "mirrored"):
        np.testing.assert_array_equal(getattr(again, name), getattr(circle, name))
    assert circle.mirror().mirrored


def test_points_reach_down_to_what_players_are_held_to():
    bound = first_bound(8, states=6, actions=(3, 3), delta=0.9, reach=4)
    one = revolution.revolved(bound, TOLERANCE)
    game = bound.form.game
    other = equilibrium_set(game, tolerance=TOLERANCE)
    assert one is not None
    assert one.points is not None
    low = bound.form.lowest + bound.form.scale * one.points.min(axis=1)
    np.testing.assert_allclose(low, other.bounds[:, :, 0], atol=TOLERANCE * game.payoff_range)
