"""The inner bound: batteries of the bound and its kernel, and proofs on further games."""

from __future__ import annotations

import numpy as np
import pytest

from leverage.solvers import inner_bound, vertex_kernel
from leverage.solvers.direction_fan import DirectionFan
from tests.mutations.set_batteries import (
    board,
    check_inner_bound,
    check_vertex_kernel,
    plain_iteration,
    sets_that_generate_themselves,
    what_departures_pay,
)
from tests.solvers.set_games import absorbing, dense, one_state, ragged, scenario_like, with_twin_action


def test_sets_of_small_games():
    check_inner_bound(inner_bound)


def test_the_kernel_by_brute_force():
    check_vertex_kernel(vertex_kernel)


@pytest.mark.parametrize("kind", [dense, ragged, absorbing, scenario_like, one_state, with_twin_action], ids=lambda k: k.__name__)
@pytest.mark.parametrize("seed", [7, 8])
def test_what_is_proved_is_proved(kind, seed):
    own = board(seed, kind)
    if np.all(own.form.delta > 0):
        what_departures_pay(inner_bound, own)
    if not plain_iteration(own, DirectionFan.even(16)).empty.all():
        sets_that_generate_themselves(inner_bound, own)
