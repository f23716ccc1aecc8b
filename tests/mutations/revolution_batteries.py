"""Battery of the turns round payoff sets; see `batteries.py`."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from leverage.solvers import outer_bound
from leverage.solvers.direction_fan import DirectionFan
from leverage.solvers.outer_bound import OuterBound
from leverage.solvers.set_form import set_form
from tests.games import random_game


def check_revolution(module: ModuleType) -> None:
    """What turns find are the corners of the outer polygons on the directions that they find."""
    for seed, states, delta, tolerance in ((30, 9, 0.8, 1e-6), (31, 6, 0.95, 1e-4), (32, 5, 0.5, 1e-6)):
        corners_are_found(module, first_bound(seed, states, delta), tolerance)
    _gives_up(module)
    _mirrors(module)


def first_bound(seed: int, states: int, delta: float) -> OuterBound:
    """The outer bound from which turns begin."""
    form = set_form(random_game(seed, states=states, actions=(3, 3), delta=delta, reach=4), None, None)
    return outer_bound.tighten(outer_bound.whole_box(form, DirectionFan.even(16)), 1e-3, 1000)


def corners_are_found(module: ModuleType, bound: OuterBound, tolerance: float) -> None:
    """Iteration on the outline's directions comes to its support values, and its points reach as far."""
    found = module.revolved(bound, tolerance)
    assert found is not None
    assert 0 <= found.excess <= tolerance / 2
    assert found.steps > 0
    limit = outer_bound.tighten(outer_bound.on_directions(bound, found.fan), 1e-10, 20_000)
    assert np.abs(found.h - limit.h).max() <= 1e-3 * tolerance
    reach = np.einsum("kd,skd->sk", found.fan.sides, found.points)
    assert np.abs(reach - outer_bound.support_toward(limit, found.fan.sides)).max() <= tolerance


def _gives_up(module: ModuleType) -> None:
    """Without a policy to begin with, after a turn that comes to nothing, and where turns do not settle."""
    bound = first_bound(30, 9, 0.8)
    for name, what in (("first_policy", lambda *_: False), ("revolve", lambda *_: 0), ("MOST_ROUNDS", 1)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, name, what)
            assert module.revolved(bound, 1e-9) is None


def _mirrors(module: ModuleType) -> None:
    """A mirror image of a mirror image is the original; once, the second player's worst point is found for the first one."""
    circle = module._drawn(first_bound(33, 4, 0.8))
    once = circle.mirror()
    assert once.mirrored
    np.testing.assert_array_equal(once.points.min(axis=0), circle.points.min(axis=0)[:, ::-1])
    for c in range(len(once.points)):
        first, second = once.normals[c], once.normals[(c + 1) % len(once.normals)]
        middle = first + second
        assert first[0] * second[1] > first[1] * second[0]
        assert np.all(once.points[c] @ middle >= (once.points @ middle).max(axis=0) - 1e-2)
    again = once.mirror()
    for name in ("points", "normals", "least", "mirrored"):
        np.testing.assert_array_equal(getattr(again, name), getattr(circle, name))
