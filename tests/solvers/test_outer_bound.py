"""The outer bound: batteries of the bound and its kernel, and steps on further games against the textbook twin."""

from __future__ import annotations

import numpy as np
import pytest

from leverage.solvers import outer_bound, support_kernel
from leverage.solvers.direction_fan import DirectionFan
from leverage.solvers.outer_bound import tighten, whole_box
from tests.mutations.set_batteries import (
    Board,
    board,
    check_outer_bound,
    check_support_kernel,
    for_ever,
    plain_iteration,
    proofs_hold,
    steps_of_the_twin,
)
from tests.solvers.set_games import KINDS, absorbing, dense, ragged, scenario_like, ties


def test_bounds_of_small_games():
    check_outer_bound(outer_bound)


def test_the_kernel_by_brute_force():
    check_support_kernel(support_kernel)


@pytest.mark.parametrize("kind", [k for k in KINDS if k.__name__ not in ("opposed", "ties")], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("seed", [10, 11])
def test_steps_are_the_twins(kind, seed):
    """Where ties are the rule the relaxed constraints keep what the twin's rounding may lose."""
    steps_of_the_twin(outer_bound, board(seed, kind), DirectionFan.even(16))


@pytest.mark.parametrize(("kind", "seed", "sweeps"), [(scenario_like, 1, 12), (ragged, 2, 24), (dense, 2, 24)])
def test_what_is_proved_contains_the_limit(kind, seed, sweeps):
    proofs_hold(outer_bound, board(seed, kind), sweeps, 8)


@pytest.mark.parametrize("kind", [dense, ties, ragged, absorbing, scenario_like], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("seed", [20, 21, 22])
def test_acceleration_ends_where_plain_iteration_does(kind, seed):
    own, fan = board(seed, kind), DirectionFan.even(16)
    limit = plain_iteration(own, fan, 2000)
    found = tighten(whole_box(own.form, fan), 1e-7, 20_000)
    assert found.converged
    np.testing.assert_array_equal(found.empty, limit.empty)
    live = ~limit.empty
    assert np.all(found.h[live] >= limit.h[live] - 1e-10)
    assert np.all(found.h[live] <= limit.h[live] + 1e-7 + 1e-10)


@pytest.mark.parametrize("discount", [0.99, (0.99, 0.95)])
def test_patient_players_need_few_steps(discount):
    found = tighten(whole_box(Board(for_ever(discount)).form, DirectionFan.even(16)), 1e-6, 20_000)
    assert found.converged
    assert found.sweeps < 400  # the plain iteration takes 1600
