"""Directions: the battery, narrow cones and many additions."""

from __future__ import annotations

import numpy as np
import pytest

from leverage.solvers import direction_fan
from leverage.solvers.direction_fan import LEAST_ANGLE, DirectionFan
from tests.mutations.set_batteries import check_fan


def unit(turns):
    return np.column_stack([np.cos(turns), np.sin(turns)])


def test_fans_by_their_definition():
    check_fan(direction_fan)


@pytest.mark.parametrize("width", [1e-3, 1e-6, 2 * LEAST_ANGLE])
def test_weights_are_exact_in_narrow_cones(width):
    """The quotient is inexact there, the sum is not."""
    fan, added = DirectionFan.even(8).with_more(unit(np.array([1.0, 1.0 + width])))
    assert added.sum() == 2
    vectors = unit(1.0 + width * np.linspace(0, 1, 7)[:-1])
    cone, plain = fan.cones(vectors)
    first = np.flatnonzero(added)[0]
    assert set(cone) <= {first - 1, first}
    back = plain[:, :1] * fan.directions[cone] + plain[:, 1:] * fan.directions[(cone + 1) % fan.size]
    np.testing.assert_allclose(back, vectors, atol=1e-14)


def test_many_additions_keep_order_axes_and_what_was_there():
    random, fan = np.random.default_rng(1), DirectionFan.even(16)
    first = fan.directions.copy()
    for _ in range(6):
        fan, added = fan.with_more(unit(random.uniform(0, 2 * np.pi, 30)))
        assert added.sum() == 30
        assert np.all(np.diff(fan.angles) > LEAST_ANGLE)
        np.testing.assert_array_equal(fan.directions[[0, *fan.marks]], [[1, 0], [0, 1], [-1, 0], [0, -1]])
    assert all(np.any(np.all(fan.directions == d, axis=1)) for d in first)


def test_nothing_is_changed_in_place():
    fan = DirectionFan.even(8)
    before, more = fan.directions.copy(), unit(np.array([2.0, 1.0]))
    given = more.copy()
    fan.with_more(more)
    np.testing.assert_array_equal(fan.directions, before)
    np.testing.assert_array_equal(more, given)
