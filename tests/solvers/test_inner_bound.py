"""The inner bound: batteries of the bound and its kernel, and proofs on further games."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import qmc

from leverage import load_scenario
from leverage.analysis.worlds import Worlds
from leverage.solvers import equilibrium_set as sets_solver
from leverage.solvers import inner_bound, vertex_kernel
from leverage.solvers.direction_fan import DirectionFan
from leverage.solvers.equilibrium_set import equilibrium_set
from leverage.solvers.payoff_polygon import corners
from tests.games import random_game
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

SCENARIO = Path(__file__).parent.parent.parent / "scenarios" / "withdrawal.yaml"


def test_sets_of_small_games():
    check_inner_bound(inner_bound)


def test_the_kernel_by_brute_force():
    check_vertex_kernel(vertex_kernel)


@pytest.mark.parametrize("wobble", [0.0, 1e-15, 2e-14, 3e-13])
def test_hulls_keep_every_corner_of_upright_sides_that_rounding_moved(wobble):
    rng = np.random.default_rng(1)
    for _ in range(500):
        count = int(rng.integers(3, 12))
        x = np.where(rng.random(count) < 0.7, rng.integers(0, 2, count) + wobble * rng.normal(size=count), rng.random(count))
        points = np.column_stack([x, rng.random(count)])
        order, rounds = np.lexsort((points[:, 1], points[:, 0])), np.empty(2 * count + 2, dtype=np.int64)
        round_start = np.empty(2, dtype=np.int64)
        vertex_kernel.convex_rounds(points, order, np.array([0, count]), 1e-12, rounds, round_start)
        found = points[rounds[: round_start[1]]]
        for angle in np.linspace(0, 2 * np.pi, 64, endpoint=False):
            toward = np.array([np.cos(angle), np.sin(angle)])
            assert (found @ toward).max() >= (points @ toward).max() - 2e-12


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


@pytest.mark.parametrize(
    ("seed", "states"), [(0, 2), (4, 2), (6, 2), (12, 2), (23, 2), (28, 2), (55, 2), (1, 3), (5, 3), (47, 3)]
)
def test_unequally_patient_players_leave_no_gap(seed, states):
    """Games of which some need constraints that are loosened from above, others closer polygons before any sets are found."""
    game = random_game(seed, states, (2, 2), (0.96, 0.9))
    assert equilibrium_set(game, tolerance=2e-2).gap <= 2e-2 * game.payoff_range


@pytest.mark.slow
def test_players_without_a_way_back_leave_no_gap():
    """The shipped scenario without redeployment, at a place of its box where sets die under most tightened constraints."""
    scenario = load_scenario(SCENARIO)
    worlds = Worlds(scenario)
    doubts = [p for p in worlds.base.parameters.values() if p.in_doubt]
    place = qmc.Sobol(len(doubts), rng=0).random(2)[1]
    values = {p.name: p.low + share * (p.high - p.low) for p, share in zip(doubts, place, strict=True)}
    game = worlds.without("rapid_redeployment").game({**scenario.values, **values})
    assert equilibrium_set(game, tolerance=5e-2).gap <= 5e-2 * game.payoff_range


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


@pytest.mark.parametrize(("name", "most"), [("MOST_DIRECTIONS", 17), ("MOST_ROUNDS", 1), ("MOST_ROUNDS", 2)])
def test_points_stay_on_their_directions_where_rounds_end_early(name, most, monkeypatch):
    """Two points a direction, whatever ended the rounds; what is proved then is proved."""
    own, sizes = board(4, ragged), []

    def watched(form, fan, points, *rest):
        sizes.append((points.shape[1], 2 * fan.size))
        return inner_bound.settled(form, fan, points, *rest)

    monkeypatch.setattr(sets_solver, name, most)
    monkeypatch.setattr(sets_solver, "revolved", lambda bound, tolerance: None)
    monkeypatch.setattr(sets_solver, "settled", watched)
    sets = equilibrium_set(own.form.game)
    assert len(sizes) > 1
    assert all(count == size for count, size in sizes)
    assert sets.machine is not None
    assert sets.certificate <= 1e-9 * own.form.game.payoff_range
