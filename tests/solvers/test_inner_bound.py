"""The inner bound: batteries of the bound and its kernel, and proofs on further games."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from leverage.solvers import inner_bound, vertex_kernel
from leverage.solvers.direction_fan import DirectionFan
from leverage.solvers.equilibrium_set import equilibrium_set
from leverage.solvers.payoff_polygon import corners
from tests.mutations.set_batteries import (
    Board,
    board,
    check_inner_bound,
    check_vertex_kernel,
    for_ever,
    plain_iteration,
    sets_that_generate_themselves,
    what_departures_pay,
)
from tests.solvers.set_games import KINDS, absorbing, dense, one_state, ragged, scenario_like, set_game, with_twin_action


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


#: Player 1 gets nothing whatever happens; two profiles are equilibria of the stage.
ONLY_THE_SECOND_CARES = for_ever((0.2, 0.6), [[(0.0, 5.0), (0.0, 6.0)], [(0.0, 9.0), (0.0, 0.0)]])


@pytest.mark.parametrize(
    ("game", "allowed"),
    [
        (ONLY_THE_SECOND_CARES, 1e-6),
        *((set_game(seed, KINDS), 1e-6) for seed in (243, 279, 318, 801)),
        (set_game(1082, KINDS), 1e-3),
    ],
    ids=["by hand", "243", "279", "318", "801", "1082"],
)
def test_unequal_patience_and_exact_ties_leave_no_gap(game, allowed):
    """The textbook twin proves inner sets that close the gap to `allowed`, as plain rounds without tightened constraints do."""
    sets = equilibrium_set(Board(game).form.game)
    assert sets.gap <= allowed * game.payoff_range


def test_sweeps_and_elimination_give_nodes_the_same_values(monkeypatch):
    """On more nodes than the dense factorisation takes, with unequal patience."""
    own = board(1, scenario_like)
    form, fan = own.form, DirectionFan.even(32)
    bound = plain_iteration(own, fan)
    swept = inner_bound.seeded(form, fan, np.repeat(corners(fan.directions, bound.h), 2, axis=1), bound.alive, ~bound.empty)
    assert swept is not None
    assert len(swept.promises.row) > inner_bound.DENSE_NODES
    promised = inner_bound._values(form, swept.promises, swept.vertices, swept.weights)
    monkeypatch.setattr(inner_bound, "MOST_SWEEPS", 0)
    rough = replace(swept.promises, values=swept.promises.values + 0.1)
    solved = inner_bound._values(form, rough, swept.vertices, swept.weights)
    np.testing.assert_allclose(promised, solved, atol=1e-12)
