"""The set of equilibrium payoffs of a two-player stochastic game: everything that credible play allows, bounded from both sides.

The outer polygons contain all payoffs of subgame-perfect equilibria in pure actions with public randomisation and perfect monitoring; each
vertex of the inner polygons is the exact value of a node of an automaton that the independent checker accepts. Both live on common directions,
and directions are added where the two are apart: first the normals of the edges that the image of the outer polygons has.

Sources: Abreu, Pearce and Stacchetti (1990) for self-generation; Judd, Yeltekin and Conklin (2003) for inner and outer approximations; Abreu and
Sannikov (2014) and Abreu, Brooks and Sannikov (2020) for what makes it fast in two dimensions.
"""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass

import numpy as np

from leverage.certification.checker import check
from leverage.errors import GameError
from leverage.game.automaton import Automaton
from leverage.game.stochastic_game import Floats, Integers, StochasticGame
from leverage.solvers.direction_fan import DirectionFan, angle
from leverage.solvers.inner_bound import InnerBound, automaton, best_points, grown, image, proved, seeded, settled
from leverage.solvers.outer_bound import OuterBound, on_directions, tighten, whole_box, with_directions
from leverage.solvers.payoff_polygon import corners, distance, edge_normals, simplified_outward
from leverage.solvers.set_form import Mask, set_form

#: Directions to begin with, and at most.
FIRST_DIRECTIONS, MOST_DIRECTIONS = 16, 3000

#: A plan is accepted whose largest one-shot gain is at most this fraction of the payoff range.
ACCEPTED_GAIN = 1e-9

#: Rounds of adding directions.
MOST_ROUNDS = 40

#: Steps of the operator in one round, at most.
MOST_SWEEPS = 20_000

#: Shares of the tolerance: for the outer iteration, for facets that are dropped from the result, for normals that are not worth adding.
ITERATION_SHARE, SIMPLIFICATION_SHARE, NORMAL_SHARE = 0.02, 0.02, 0.1

#: Of the normals that are wanted in a round, those that matter at least this fraction of the most wanted one are added.
WORTH_ADDING = 0.02

#: Edges shorter than this (fraction of a player's payoff range) give no normal: rounding would turn it.
SHORTEST_EDGE = 1e-9

#: Vertices closer than this (fraction of a player's payoff range) are one.
SAME_VERTEX = 1e-12


@dataclass(frozen=True, eq=False)
class EquilibriumSet:
    """Payoffs of all subgame-perfect equilibria in pure actions with public randomisation, per state.

    outer[s]: (K, 2) vertices, counter-clockwise, of a polygon that contains the set of state s; K = 0 empty, 1 a point, 2 a segment.
    inner[s]: (K, 2) vertices of a polygon that the set contains; each is the exact value of a node of `machine`.
    gap: largest distance between an outer polygon and its inner one, normalised payoff; inf if in some state only one is empty.
    bounds: (S, 2, 2), bounds[s, i] = smallest and largest payoff of player i in the outer polygon; NaN where it is empty.
    machine: the automaton whose nodes' values are the inner vertices (None if every inner polygon is empty).
    vertex_node[s]: (K,) the node of `machine` that pays inner[s][k].
    certificate: largest gain of a one-shot deviation at any node of `machine`, normalised payoff, by the independent checker.
    status: a sentence for the reader.
    """

    game: StochasticGame
    outer: tuple[Floats, ...]
    inner: tuple[Floats, ...]
    gap: float
    bounds: Floats
    machine: Automaton | None
    vertex_node: tuple[Integers, ...]
    certificate: float
    status: str


def equilibrium_set(
    game: StochasticGame, *, tolerance: float = 1e-6, prescribable: Mask | None = None, deviation: Mask | None = None
) -> EquilibriumSet:
    """Bound the equilibrium payoff set of every state from both sides."""
    if not 0 < tolerance < 1:
        raise GameError(f"the tolerance is a fraction of the payoff range, between 0 and 1; got {tolerance}")
    form = set_form(game, prescribable, deviation)
    bound = whole_box(form, DirectionFan.even(FIRST_DIRECTIONS))
    inner: InnerBound | None = None
    inside: Floats | None = None
    apart = 0.1
    for _ in range(MOST_ROUNDS):
        guess = None if inside is None else supports(inside, bound)
        bound = tighten(bound, max(ITERATION_SHARE * tolerance, 0.01 * apart), MOST_SWEEPS, guess)
        live = ~bound.empty
        if not live.any():
            break
        inside, inner = _inside(bound, inner, max(ITERATION_SHARE * tolerance, 1e-3 * apart))
        if inside is None:
            bound = _with_image(bound, tolerance)
            continue
        before, apart = apart, _apart(bound, inside)
        if apart <= tolerance / 2:
            break
        wanted = _main_normals(inside[live], bound.fan.sides, max(NORMAL_SHARE * tolerance, WORTH_ADDING * apart))
        if apart < before / 2:
            bound = on_directions(bound, DirectionFan.even(FIRST_DIRECTIONS).with_more(wanted)[0])
        else:
            # the inner sets do not show the edges that are missing: those of the image do, less exactly
            bound = _with_image(with_directions(bound, wanted), tolerance)
    if inside is not None and form.delta[0] == form.delta[1]:
        exact = settled(form, bound.fan, inside, bound.alive, ~bound.empty, 1e-13)
        inner = (None if exact is None else proved(form, bound.fan, exact, bound.alive, ~bound.empty)) or inner
    if inner is not None:
        bound = _close(bound, inner, tolerance)
    return _result(bound, inner, tolerance)


def _missing(bound: OuterBound, shape: Floats) -> tuple[Floats, Floats]:
    """Normals (M, 2) of the edges of polygons given by points (S, K, 2) round them, and by how much the bound exceeds each."""
    normals, worth = [np.zeros((0, 2))], [np.zeros(0)]
    for s in np.flatnonzero(~bound.empty):
        if np.isnan(shape[s]).any():
            continue
        found, at = edge_normals(shape[s], SHORTEST_EDGE)
        ahead = np.einsum("md,md->m", found, bound.fan.sides[at] + np.roll(bound.fan.sides, -1, axis=0)[at]) > 0
        found, at = found[ahead], at[ahead]
        cone, plain = bound.fan.cones(found)
        there = plain[:, 0] * bound.h[s, cone] + plain[:, 1] * bound.h[s, (cone + 1) % bound.fan.size]
        normals.append(found)
        worth.append(there - np.einsum("md,md->m", found, shape[s, at]))
    return np.concatenate(normals), np.concatenate(worth)


def _apart(bound: OuterBound, points: Floats) -> float:
    """A bound on the distance between outer and inner polygons, scaled: within a cone the outer support is a mean of its ends."""
    live = ~bound.empty
    d = bound.fan.directions
    h, pairs = bound.h[live], points[live].reshape(-1, len(d), 2, 2)
    here = h[:, :, None] - np.einsum("kd,sknd->skn", d, pairs)
    after = np.roll(h, -1, axis=1)[:, :, None] - np.einsum("kd,sknd->skn", np.roll(d, -1, axis=0), pairs)
    return float(np.max(np.maximum(here, after).min(axis=2), initial=0.0))


def supports(points: Floats, bound: OuterBound) -> Floats:
    """(S, K): support values of the hulls of points (S, P, 2) on the fan's directions, a little enlarged."""
    found = np.empty((len(points), bound.fan.size))
    for s in range(len(points)):
        found[s] = (points[s] @ bound.fan.directions.T).max(axis=0)
    return found


def _polygon_points(bound: OuterBound) -> Floats:
    """(S, 2 K, 2): the corners of the outer polygons, one for each side of the fan."""
    return np.repeat(corners(bound.fan.directions, bound.h), 2, axis=1)


def _close(bound: OuterBound, inner: InnerBound, tolerance: float) -> OuterBound:
    """The outer bound, once more, with all edges of the inner sets among its facets."""
    points = best_points(bound.form, bound.fan, inner.promises)
    wanted = _main_normals(points[~bound.empty], bound.fan.sides, 0.01 * tolerance)
    closer = with_directions(bound, wanted)
    return tighten(closer, 0.01 * tolerance, MOST_SWEEPS, supports(points, closer))


def _inside(bound: OuterBound, inner: InnerBound | None, goal: float) -> tuple[Floats | None, InnerBound | None]:
    """Points (S, 2 K, 2) of inner sets, and an automaton if one had to be built.

    With a common discount factor sets on common directions settle on a fixed point, which is proved at the end. Otherwise, or where they do not, proved sets grow.
    """
    form, live = bound.form, ~bound.empty
    if form.delta[0] == form.delta[1]:
        points = settled(form, bound.fan, _polygon_points(bound), bound.alive, live, goal)
        if points is not None:
            return points, inner
    seed = inner or seeded(form, bound.fan, _polygon_points(bound), bound.alive, live)
    if seed is None:
        return None, None
    inner = grown(form, bound.fan, seed, bound.alive, live, 50 * goal * (1 - form.delta.max()))
    return best_points(form, bound.fan, inner.promises), inner


def _with_image(bound: OuterBound, tolerance: float) -> OuterBound:
    """The bound on further directions: normals of the polygons' image."""
    normals, worth = _missing(bound, image(bound.form, bound.fan, _polygon_points(bound), bound.alive))
    return _with_normals(bound, normals, worth, NORMAL_SHARE * tolerance)


def _main_normals(shapes: Floats, sides: Floats, least: float) -> Floats:
    """Normals (M, 2) of the edges of polygons (S, 2 K, 2), the longest first, without those that a chosen one stands for: turning the
    edge to it moves its ends by at most `least`."""
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


def _with_normals(bound: OuterBound, normals: Floats, worth: Floats, least: float) -> OuterBound:
    """The bound on further directions: the normals that matter most."""
    enough = max(least, WORTH_ADDING * float(worth.max(initial=0.0)))
    return with_directions(bound, normals[worth > enough])


def _result(bound: OuterBound, inner: InnerBound | None, tolerance: float) -> EquilibriumSet:
    form, game = bound.form, bound.form.game
    machine, certificate, vertex_node, inside = None, 0.0, [], []
    if inner is not None:
        machine = automaton(inner)
        proof = check(machine, nodes=np.ones(machine.n_nodes, dtype=bool))
        certificate = proof.gain
    outside = []
    for s in range(game.n_states):
        if bound.empty[s]:
            outside.append(np.zeros((0, 2)))
        else:
            outside.append(_raw(form, _outer_polygon(bound, s, SIMPLIFICATION_SHARE * tolerance)))
        if inner is None or certificate > ACCEPTED_GAIN * game.payoff_range or bound.empty[s]:
            inside.append(np.zeros((0, 2)))
            vertex_node.append(np.zeros(0, dtype=np.intp))
            continue
        nodes = inner.promises.rounds[inner.promises.round_start[s] : inner.promises.round_start[s + 1]]
        inside.append(proof.values[nodes])
        vertex_node.append(nodes)
    gap = 0.0
    for a, b in zip(outside, inside, strict=True):
        if len(a):
            gap = max(gap, float(distance(a, b).max()))
    bounds = np.full((game.n_states, 2, 2), np.nan)
    m = bound.fan.marks
    for i, (low, high) in enumerate(((m[1], 0), (m[2], m[0]))):
        for s in np.flatnonzero(~bound.empty):
            bounds[s, i] = form.lowest[i] + form.scale[i] * np.array([-bound.h[s, low], bound.h[s, high]])
    return EquilibriumSet(game, tuple(outside), tuple(inside), gap, bounds, machine, tuple(vertex_node), certificate, f"{bound.fan.size} {bound.sweeps}")


def _raw(form, polygon):
    return form.lowest + form.scale * polygon


def _outer_polygon(bound: OuterBound, s: int, allowed: float) -> Floats:
    d, h = simplified_outward(bound.fan.directions, bound.h[s], allowed)
    return corners(d, h)
