"""Acceleration: the battery, and what makes it stop or go astray."""

from __future__ import annotations

import numpy as np
import pytest

from leverage.solvers import anderson
from leverage.solvers.anderson import fixed_point
from tests.mutations.set_batteries import check_anderson


def test_contractions_with_known_fixed_points():
    check_anderson(anderson)


@pytest.mark.parametrize("rate", [0.0, 0.5, 0.999])
def test_one_dimension_takes_three_steps_at_any_rate(rate):
    x, settled, count = fixed_point(lambda x: rate * x + 1, np.zeros(1), 1e-12 / (1 - rate), 10)
    assert settled
    assert count <= 4
    assert x[0] == pytest.approx(1 / (1 - rate), rel=1e-9)


def test_a_step_that_ends_midway_gives_the_point_where_it_did():
    tried = []

    def step(x):
        tried.append(x)
        return np.cos(np.roll(x, 1)) if len(tried) < 4 else None

    x, settled, count = fixed_point(step, np.array([8.0, 1.0, 3.0]), 1e-12, 50)
    assert not settled
    assert count == 4 == len(tried)
    assert x is tried[-1]


def test_moves_of_zero_rank_do_no_harm():
    """A cycle of period two: all moves lie on one line, and some differences vanish."""
    x, settled, _ = fixed_point(lambda x: 1 - x, np.array([0.2, 0.2, 0.2]), 1e-12, 10)
    assert settled
    np.testing.assert_allclose(x, 0.5)


def test_the_start_is_left_as_it_is():
    start = np.zeros(3)
    fixed_point(lambda x: 0.5 * x + 1, start, 1e-9, 20)
    np.testing.assert_array_equal(start, 0)
