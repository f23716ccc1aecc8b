"""Outline of the payoff sets: the directions on which their edges stand, found from outside. Nothing of it is proved.

Each round solves for the outer polygons on the present directions and looks at their image. What the polygons hold beyond it
shows which directions are missing: the normals of the image's edges, and, where that is most, halves of the cone, since there the
normals turn slowly. Where every state can lead to most others the image is close to the sets themselves and a few rounds find
their directions. Where play stays in one state for long its image is by a small part closer only, and rounds would be many.
"""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass, replace

import numpy as np

from leverage.game.stochastic_game import Floats
from leverage.solvers.direction_fan import DirectionFan, angle
from leverage.solvers.inner_bound import image
from leverage.solvers.outer_bound import OuterBound, guessed, on_directions
from leverage.solvers.payoff_polygon import corners
from leverage.solvers.set_form import SetForm

#: Directions to begin with, and at most.
FIRST_DIRECTIONS, MOST_DIRECTIONS = 16, 3000

#: Share of the tolerance up to which normals are not worth adding.
NORMAL_SHARE = 0.3

#: Of the normals that are wanted in a round, those that matter at least this fraction of the most wanted one are added.
WORTH_ADDING = 0.1

#: Edges shorter than this (fraction of a player's payoff range) give no normal: rounding would turn it.
SHORTEST_EDGE = 1e-9

#: States from which on an outline is tried: with fewer inner sets settle as soon.
FEWEST_STATES = 8

#: Discounted chance to stay in a state up to which it is tried: of what polygons hold beyond the sets the image keeps about that
#: part.
MOST_STAYING = 0.5

#: Rounds, at most. A round is good that leaves at most this fraction of the excess; after so many others in a row it is given up.
MOST_ROUNDS, GOOD_ROUND, MOST_BAD_ROUNDS = 14, 0.6, 2

#: Share of the tolerance at which an outline is good enough.
ENOUGH_SHARE = 0.5

#: Share of the excess to which polygons are solved for; share of the tolerance for the last ones, which are to be proved.
SOLVED_SHARE, LAST_SOLVED_SHARE = 0.02, 1e-4

#: Cones are halved in which the polygons exceed their image by more than this fraction of the most.
HALVED_SHARE = 0.3


@dataclass(frozen=True, eq=False)
class Outline:
    """Support values h (S, K) on the directions of `fan`, close to those of the sets. excess: how far the polygons exceed their
    image, fraction of a player's payoff range. steps: of the operator. points (S, 2 K, 2): those of the sets toward the fan's
    sides, where they are known."""

    fan: DirectionFan
    h: Floats
    excess: float
    steps: int
    points: Floats | None = None


def outlined(bound: OuterBound, tolerance: float) -> Outline | None:
    """An outline that exceeds its image by less than the tolerance (fraction of a player's payoff range), from an outer bound;
    None where rounds gain too little, or some state's polygon has no image."""
    left, bad, first, steps = np.inf, 0, bound.h, 0
    rest = 1 - float(bound.form.delta.max())
    for _ in range(MOST_ROUNDS):
        found, count = guessed(bound, first, SOLVED_SHARE * rest * max(min(left, 1.0), tolerance))
        steps += count
        if found is None:
            return None
        drawn = replace(bound, h=found)
        shape = image(bound.form, bound.fan, polygon_points(drawn), bound.alive)
        if np.isnan(shape[~bound.empty]).any():
            return None
        beyond = excess(drawn, shape).max(axis=0)
        before, left = left, float(beyond.max())
        if left <= ENOUGH_SHARE * tolerance:
            last, count = guessed(bound, found, LAST_SOLVED_SHARE * rest * tolerance)
            return None if last is None else Outline(bound.fan, last, left, steps + count)
        bad = bad + 1 if left > GOOD_ROUND * before else 0
        fan = _finer(bound, shape, beyond, tolerance)
        if bad == MOST_BAD_ROUNDS or fan.size > MOST_DIRECTIONS:
            return None
        first, bound = on_directions(drawn, fan).h, on_directions(bound, fan)
    return None


def worth_outlining(form: SetForm) -> bool:
    """Whether there are many states, and play leaves every state soon enough for an outline to be found in a few rounds."""
    law = form.game.transitions
    stays = law.indices == np.repeat(form.game.row_state, np.diff(law.indptr))
    staying = form.delta.max() * law.data[stays].max(initial=0.0)
    return bool(form.game.n_states >= FEWEST_STATES and staying <= MOST_STAYING)


def _finer(bound: OuterBound, shape: Floats, beyond: Floats, tolerance: float) -> DirectionFan:
    """The directions that the image shows, and the ends and middles of the cones in which most is missing."""
    wanted = main_normals(shape[~bound.empty], bound.fan.sides, max(NORMAL_SHARE * tolerance, WORTH_ADDING * beyond.max()))
    wide = beyond > HALVED_SHARE * beyond.max()
    first, second = bound.fan.directions[wide], np.roll(bound.fan.directions, -1, axis=0)[wide]
    middle = (first + second) / np.linalg.norm(first + second, axis=1, keepdims=True)
    return DirectionFan.even(FIRST_DIRECTIONS).with_more(np.concatenate([wanted, first, middle, second]))[0]


def excess(bound: OuterBound, points: Floats) -> Floats:
    """(live states, K): bounds on the distance between the outer polygons and points (S, 2 K, 2) in each cone, scaled: within a
    cone the outer support is a mean of its ends."""
    live = ~bound.empty
    d = bound.fan.directions
    h, pairs = bound.h[live], points[live].reshape(-1, len(d), 2, 2)
    here = h[:, :, None] - np.einsum("kd,sknd->skn", d, pairs)
    after = np.roll(h, -1, axis=1)[:, :, None] - np.einsum("kd,sknd->skn", np.roll(d, -1, axis=0), pairs)
    return np.asarray(np.maximum(here, after).min(axis=2))


def polygon_points(bound: OuterBound) -> Floats:
    """(S, 2 K, 2): the corners of the outer polygons, one for each side of the fan."""
    return np.repeat(corners(bound.fan.directions, bound.h), 2, axis=1)


def main_normals(shapes: Floats, sides: Floats, least: float) -> Floats:
    """Normals (M, 2) of the edges of polygons (S, 2 K, 2), the longest first, without those that a chosen one stands for:
    turning the edge to it moves its ends by at most `least`."""
    along = np.roll(shapes, -1, axis=1) - shapes
    length = np.hypot(along[..., 0], along[..., 1]).ravel()
    normal = np.stack([along[..., 1], -along[..., 0]], axis=-1).reshape(-1, 2)
    order = np.argsort(-length, kind="stable")
    ahead = np.einsum("skd,kd->sk", normal.reshape(shapes.shape), sides + np.roll(sides, -1, axis=0)).ravel() > 0
    order = order[(length[order] > max(least, SHORTEST_EDGE)) & ahead[order]]
    turns = angle(normal[order])
    chosen: list[float] = [-np.inf, np.inf]
    kept = []
    for k, turn in zip(order, turns, strict=True):
        at = bisect(chosen, turn)
        if min(turn - chosen[at - 1], chosen[at] - turn) * length[k] > least:
            chosen.insert(at, turn)
            kept.append(k)
    return np.asarray(normal[kept] / length[kept, None])
