"""Battery of the outline of payoff sets; see `batteries.py`."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from leverage.game.stochastic_game import Floats, StochasticGame
from leverage.solvers import outer_bound
from leverage.solvers.direction_fan import DirectionFan, angle
from leverage.solvers.equilibrium_set import equilibrium_set
from leverage.solvers.set_form import SetForm, set_form
from tests.games import random_game
from tests.mutations.batteries import same
from tests.mutations.set_batteries import TIGHT, around, board, cloud, uneven_fan
from tests.solvers.set_games import scenario_like
from tests.solvers.test_bargaining import hull


def check_set_outline(module: ModuleType) -> None:
    """In games that move on outlines are what iteration leaves on their directions, and close to the sets."""
    for seed, states, tolerance in ((1, 8, 1e-6), (2, 9, 1e-4)):
        form = set_form(random_game(seed, states=states, actions=(2, 2), delta=0.8, reach=states), None, None)
        assert module.worth_outlining(form)
        outlines_are_close(module, form, tolerance)
    _staying(module)
    _gives_up(module)
    _finer_where_most_is_missing(module)
    _distances(module)
    _normals(module)


def outlines_are_close(module: ModuleType, form: SetForm, tolerance: float) -> None:
    """The outline of the form's game solves for the outer polygons on its directions, and they are the sets'."""
    box = outer_bound.tighten(outer_bound.whole_box(form, DirectionFan.even(16)), 1e-3, 5000)
    found, counts = _counted(module, box, tolerance)
    assert found is not None
    assert found.steps == sum(counts)
    assert 0 <= found.excess <= tolerance / 2
    there = outer_bound.on_directions(box, found.fan)
    limit = outer_bound.tighten(there, 1e-10, 20_000)
    assert np.abs(found.h - limit.h).max() <= 1e-3 * tolerance
    for h, part in zip(found.h, equilibrium_set(form.game, tolerance=tolerance).outer, strict=True):
        same(around((part - form.lowest) / form.scale, found.fan.directions), h, 3 * tolerance)


def _counted(module: ModuleType, bound: Any, tolerance: float) -> tuple[Any, list[int]]:
    """The outline, and the steps of each time that polygons were solved for."""
    counts: list[int] = []

    def guessed(*given: Any) -> tuple[Floats | None, int]:
        solved = outer_bound.guessed(*given)
        counts.append(solved[1])
        return solved

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "guessed", guessed)
        return module.outlined(bound, tolerance), counts


def _staying(module: ModuleType) -> None:
    """How many states there are at least, and the largest discounted chance to stay."""
    for states, discount, stay, worth in ((8, 0.8, 0.6, True), (8, 0.8, 0.65, False), (8, 0.9, 0.6, False), (7, 0.8, 0.2, False)):
        law = np.full((states, 1, 1, states), (1 - stay) / (states - 1))
        law[np.arange(states), 0, 0, np.arange(states)] = stay
        game = StochasticGame.from_arrays([np.zeros((1, 1, 2))] * states, list(law), discount)
        assert module.worth_outlining(set_form(game, None, None)) is worth


def _gives_up(module: ModuleType) -> None:
    """Play that stays for long makes slow rounds; rows that are not played have no image."""
    slow = outer_bound.tighten(outer_bound.whole_box(board(0, scenario_like).form, DirectionFan.even(16)), 1e-3, 5000)
    found, counts = _counted(module, slow, 1e-6)
    assert found is None
    assert len(counts) < module.MOST_ROUNDS
    assert module.outlined(replace(slow, alive=np.zeros_like(slow.alive)), 1e-6) is None


def _finer_where_most_is_missing(module: ModuleType) -> None:
    """Cones where much is missing keep their ends and are halved; others are as the image has them."""
    fan = uneven_fan()
    bound = outer_bound.whole_box(board(0).form, fan)
    ends = np.roll(fan.directions, -1, axis=0)
    turned = np.array([[0.5, 0.0], [1.0, 0.6], [0.5, 1.0], [0.0, 0.4]])
    shape = np.tile(turned[np.argmax(fan.sides @ turned.T, axis=1)], (len(bound.h), 1, 1))
    beyond = np.where(np.arange(fan.size) % 5 == 2, 0.02, 0.001)
    found = module._finer(bound, shape, beyond, 1e-6)
    wide = beyond > 0.01
    middle = fan.directions + ends
    middle /= np.linalg.norm(middle, axis=1, keepdims=True)
    edges = np.roll(turned, -1, axis=0) - turned
    normals = np.column_stack([edges[:, 1], -edges[:, 0]]) / np.linalg.norm(edges, axis=1, keepdims=True)
    for vectors, there in (
        (fan.directions[wide], True),
        (ends[wide], True),
        (middle[wide], True),
        (middle[~wide], False),
        (normals, True),
        (DirectionFan.even(16).directions, True),
    ):
        apart = np.linalg.norm(vectors[:, None] - found.directions, axis=2).min(axis=1)
        assert np.all((apart < TIGHT) == there)


def _distances(module: ModuleType) -> None:
    """In each cone the nearer one of its two points counts, in the direction in which it is farther from the polygon's edge."""
    random, fan = np.random.default_rng(5), uneven_fan()
    bound = outer_bound.whole_box(board(5).form, fan)
    points = random.random((len(bound.h), 2 * fan.size, 2))
    found = module.excess(bound, points)
    for s, state in enumerate(np.flatnonzero(~bound.empty)):
        for k in range(fan.size):
            pair = (k, (k + 1) % fan.size)
            each = [max(bound.h[state, j] - fan.directions[j] @ points[state, 2 * k + n] for j in pair) for n in (0, 1)]
            same(found[s, k], min(each))
    drawn = module.polygon_points(bound)
    assert np.array_equal(drawn[:, 0::2], drawn[:, 1::2])
    same(np.einsum("skd,kd->sk", drawn[:, 0::2], fan.directions), bound.h, 1e-12)
    same(np.einsum("skd,kd->sk", drawn[:, 0::2], np.roll(fan.directions, -1, axis=0)), np.roll(bound.h, -1, axis=1), 1e-12)


def _normals(module: ModuleType) -> None:
    """Each long edge has a normal, or one that turns it by little; the longest have their own."""
    random, fan = np.random.default_rng(6), DirectionFan.even(64)
    shapes, least = [], 0.02
    for _ in range(4):
        polygon = hull(cloud(random, 40))
        shapes.append(polygon[np.argmax(fan.sides @ polygon.T, axis=1)])
    found = module.main_normals(np.array(shapes), fan.sides, least)
    same(np.linalg.norm(found, axis=1), np.ones(len(found)))
    edges = np.concatenate([np.roll(part, -1, axis=0) - part for part in shapes])
    length = np.linalg.norm(edges, axis=1)
    turned = np.column_stack([edges[:, 1], -edges[:, 0]])[length > least] / length[length > least, None]
    length = length[length > least]
    angles = np.arccos(np.clip(turned @ found.T, -1, 1)).min(axis=1)
    assert np.all(angles * length <= least * (1 + TIGHT) + TIGHT)
    assert angles[np.argmax(length)] <= 1e-7
    assert len(found) < len(turned)
    apart, turns = np.linalg.norm(found[:, None] - turned, axis=2), angle(found)
    assert np.all(apart.min(axis=1) < TIGHT)
    for k, own in enumerate(length[apart.argmin(axis=1)]):
        assert np.all(np.abs(turns[:k] - turns[k]) * own > least * (1 - TIGHT))
