"""Outline of the payoff sets for a common discount factor, from turns round all of them at once (`revolution_kernel`).

Each turn takes what players can be held to, and where their constraints will be met, from the turn before, which went the other
way, and the first one from outer polygons. It finds every vertex, every edge with its exact normal, and the policies that are
worst for the first player, whose value is what he can be held to from then on. Some four turns do where polygons that are
refined edge by edge need many rounds. Nothing of it is proved.

Sources: Abreu, Brooks and Sannikov (2020); Abreu and Sannikov (2014).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from leverage.game.stochastic_game import Booleans, Floats
from leverage.solvers.anderson import fixed_point
from leverage.solvers.direction_fan import DirectionFan, angle
from leverage.solvers.inner_bound import asked
from leverage.solvers.outer_bound import OuterBound, guessed, on_directions
from leverage.solvers.payoff_polygon import corners
from leverage.solvers.revolution_kernel import crossings, first_policy, held_to, revolve
from leverage.solvers.set_outline import (
    ENOUGH_SHARE,
    FIRST_DIRECTIONS,
    LAST_SOLVED_SHARE,
    MOST_DIRECTIONS,
    Outline,
    excess,
    main_normals,
)

#: Rounds of two turns, at most. They have settled when one moves what players can be held to by no more (fraction of a player's
#: payoff range); this share of the tolerance is enough if the points agree with that.
MOST_ROUNDS, SETTLED, ALMOST_SHARE = 8, 1e-12, 0.01

#: Sweeps in which a policy is evaluated.
MOST_SWEEPS = 1000

#: Share of the tolerance up to which normals are not worth a facet.
NORMAL_SHARE = 0.05

#: Weight of the second coordinate where the first decides.
SECOND = 1e-6


@dataclass(frozen=True, eq=False)
class _Circle:
    """Points (C, S, 2), each best from one of the normals (C, 2) to the next, counter-clockwise; least (S, 2): what players can
    be held to. mirrored: whether the players have changed places."""

    points: Floats
    normals: Floats
    least: Floats
    mirrored: bool = False

    def mirror(self) -> _Circle:
        """The same with the players in each other's place, which turns it round: where lines were left they are met."""
        return _Circle(
            np.ascontiguousarray(self.points[::-1, :, ::-1]),
            np.ascontiguousarray(np.roll(self.normals, -1, axis=0)[::-1, ::-1]),
            np.ascontiguousarray(self.least[:, ::-1]),
            not self.mirrored,
        )


def revolved(bound: OuterBound, tolerance: float) -> Outline | None:
    """An outline that exceeds the sets' points by less than the tolerance (fraction of a player's payoff range), from a tight
    outer bound; None where turns come to nothing, or do not settle. Only for a common discount factor."""
    circle = _drawn(bound)

    def image(flat: Floats) -> Floats | None:
        nonlocal circle
        there = _turned(bound, replace(circle, least=flat.reshape(-1, 2)))
        back = None if there is None else _turned(bound, there)
        if back is None:
            return None
        circle = back
        return circle.least.ravel()

    _, settled, _ = fixed_point(image, circle.least.ravel(), SETTLED, MOST_ROUNDS)
    apart = np.abs(circle.points.min(axis=0) - circle.least)[~bound.empty]
    return _outline(bound, circle, tolerance) if settled or apart.max() <= ALMOST_SHARE * tolerance else None


def _outline(bound: OuterBound, circle: _Circle, tolerance: float) -> Outline | None:
    """The outline that the points of a settled circle show; None if outer polygons do not come as near."""
    fan, points = _fan(circle, ~bound.empty, tolerance)
    finer = on_directions(bound, fan)
    first = np.maximum(_reach(fan, points[:, 0::2]), _reach(fan, np.roll(points, 1, axis=1)[:, 0::2]))
    found, steps = guessed(finer, first, LAST_SOLVED_SHARE * (1 - float(bound.form.delta[0])) * tolerance)
    if found is None:
        return None
    beyond = max(float(excess(replace(finer, h=found), points).max(initial=0.0)), float(np.max(first - found)))
    return Outline(fan, found, beyond, steps, points) if beyond <= ENOUGH_SHARE * tolerance else None


def _drawn(bound: OuterBound) -> _Circle:
    """The corners of the outer polygons."""
    points = np.ascontiguousarray(corners(bound.fan.directions, bound.h).transpose(1, 0, 2))
    return _Circle(points, bound.fan.directions, np.ascontiguousarray(-bound.h[:, bound.fan.marks[1:]]))


def _turned(bound: OuterBound, last: _Circle) -> _Circle | None:
    """One turn from what the last one left, seen in the mirror."""
    form, side = bound.form, -1 if last.mirrored else 1
    reward, delta = np.ascontiguousarray(form.reward[:, ::side]), float(form.delta[0])
    required = np.ascontiguousarray(asked(form, np.ascontiguousarray(last.least[:, ::side]), 0.0)[::side])
    rows = np.flatnonzero(bound.alive)
    row_start = np.searchsorted(form.game.row_state[rows], np.arange(form.game.n_states + 1))
    size, count = form.game.n_states, len(reward)
    cut, ways = np.zeros((count, 2), dtype=np.bool_), np.zeros((count, 6), dtype=np.bool_)
    row, way = np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64)
    system, constant = np.empty((size, size)), np.empty((size, 2))
    place, known, least = np.zeros((count, 5, 2)), np.zeros((count, 4), dtype=np.bool_), last.least.copy()
    crossings(last.points, rows, *form.law, required, place, known)
    start = last.points[int(np.argmax((last.points @ np.array([1.0, SECOND])).sum(axis=1)))]
    ready = first_policy(
        start, rows, row_start, *form.law, reward, delta, required, place, known, cut, ways, row, way, system, constant
    )
    if not ready:
        return None
    inverse = np.asarray(np.linalg.inv(system), dtype=np.float64)
    points, normals = np.empty((MOST_DIRECTIONS, size, 2)), np.empty((MOST_DIRECTIONS, 2))
    worst_row, worst_way = np.full((size, 2), -1, dtype=np.int64), np.zeros((size, 2), dtype=np.int64)
    worst_constant = np.zeros((size, 2))
    found = revolve(
        rows, row_start, *form.law, reward, delta, required, place, known, cut, ways, row, way, inverse, inverse @ constant,
        points, normals, worst_row, worst_way, worst_constant,
    )  # fmt: skip
    if found == 0:
        return None
    held_to(
        worst_row, worst_way, worst_constant, *form.law, reward, delta, np.ascontiguousarray(form.departure_start[::side]),
        form.departures, MOST_SWEEPS, least,
    )  # fmt: skip
    least[:, 1] = last.least[:, 1]
    return _Circle(points[:found], normals[:found], least, last.mirrored).mirror()


def _fan(circle: _Circle, live: Booleans, tolerance: float) -> tuple[DirectionFan, Floats]:
    """The directions of all edges that matter, and the best points (S, 2 K, 2) toward their sides."""
    order = np.argsort(angle(circle.normals), kind="stable")
    normals, points = circle.normals[order], circle.points[order]
    middle = normals + np.roll(normals, -1, axis=0)
    shapes = np.ascontiguousarray(points.transpose(1, 0, 2))
    wanted = main_normals(shapes[live], middle, NORMAL_SHARE * tolerance)
    fan = DirectionFan.even(FIRST_DIRECTIONS).with_more(wanted)[0]
    at = np.searchsorted(angle(normals), angle(fan.sides), side="right") - 1
    return fan, np.ascontiguousarray(shapes[:, at])


def _reach(fan: DirectionFan, points: Floats) -> Floats:
    """(S, K): how far points (S, K, 2) reach toward the directions."""
    return np.asarray(np.einsum("kd,skd->sk", fan.directions, points))
