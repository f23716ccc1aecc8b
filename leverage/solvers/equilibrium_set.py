"""The set of equilibrium payoffs of a two-player stochastic game: everything that credible play allows, bounded from both sides.

The outer polygons contain all payoffs of subgame-perfect equilibria in pure actions with public randomisation and perfect
monitoring; each vertex of the inner polygons is the exact value of a node of an automaton that the independent checker accepts.
Both live on common directions, and directions are added where the two are apart: first the normals of the edges that the image
of the outer polygons has.

Sources: Abreu, Pearce and Stacchetti (1990) for self-generation; Judd, Yeltekin and Conklin (2003) for inner and outer
approximations; Abreu and Sannikov (2014) and Abreu, Brooks and Sannikov (2020) for what makes it fast in two dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from leverage.certification.checker import check
from leverage.certification.exact import exact_gain
from leverage.errors import GameError, UnsolvedError
from leverage.game.automaton import Automaton
from leverage.game.stochastic_game import Booleans, Floats, Integers, StochasticGame
from leverage.solvers.direction_fan import DirectionFan
from leverage.solvers.inner_bound import (
    InnerBound,
    automaton,
    best_points,
    grown,
    image,
    joined,
    proved,
    seeded,
    settled,
    stationary,
    untightened,
)
from leverage.solvers.outer_bound import OuterBound, on_directions, tighten, whole_box, with_directions
from leverage.solvers.payoff_polygon import as_drawn, corners, distance, distinct, edge_normals, simplified_outward
from leverage.solvers.repeated_game import is_repeated, repeated_play
from leverage.solvers.revolution import revolved
from leverage.solvers.set_form import Mask, set_form
from leverage.solvers.set_outline import (
    FIRST_DIRECTIONS,
    MOST_DIRECTIONS,
    NORMAL_SHARE,
    SHORTEST_EDGE,
    WORTH_ADDING,
    excess,
    main_normals,
    outlined,
    polygon_points,
    worth_outlining,
)

#: How far the sets may be from the first outer polygons, as a share of a player's payoff range.
FIRST_APART = 0.1
#: Directions beside the normals of a polygon that is thought to be the set of a repeated game.
FEW_DIRECTIONS = 8

#: A plan is accepted whose largest one-shot gain is at most this fraction of the payoff range.
ACCEPTED_GAIN = 1e-9

#: Choices of best points after which sets that have not settled are left: on the way, and at the end.
COARSE_CHOICES, FINE_CHOICES = 24, 300

#: Machines with at most so many nodes are looked at in fractions.
MOST_EXACT_NODES = 16

#: Where nothing is proved inside, polygons are refined further: the gap asked of them falls by this factor, down to this share of
#: the tolerance.
CLOSER, CLOSEST = 0.2, 0.04

#: Where nothing was proved inside, it is worth another try on the same gap once there are so many times as many directions.
MANY_MORE = 1.3

#: Rounds of adding directions.
MOST_ROUNDS = 40

#: Steps of the operator in one round, at most; and after which an outline that is not proved is left aside.
MOST_SWEEPS, FEW_SWEEPS = 20_000, 100

#: Shares of the tolerance: the distance at which rounds end; for the outer iteration, on the way and at the end; for facets that
#: are dropped from the result; for normals that are not worth adding at the end; for inner sets that stop growing.
AIM_SHARE, ITERATION_SHARE, LAST_ITERATION_SHARE, SIMPLIFICATION_SHARE = 0.9, 0.02, 0.01, 0.02
LAST_NORMAL_SHARE, GROWTH_SHARE = 0.05, 0.1

#: Share of the present distance to which sets settle on the way: their edges are known well enough then.
SETTLING_SHARE = 0.01

#: Shares of the present distance: by which the constraints of first sets are tightened, and by which sets stop growing early; and
#: the share of the tolerance by which constraints are tightened at most, since sets can be slow to grow back.
TIGHTENED_SHARE, GROWN_SHARE, MOST_TIGHTENED_SHARE = 0.03, 0.1, 0.1

#: Outer polygons that exceed inner ones by no more than this (fraction of a player's payoff range) are not closed further.
NEAR = 1e-8

#: Vertices closer than this (fraction of a player's payoff range) are one.
SAME_VERTEX = 2e-9

#: Vertices whose weighted payoffs differ by less than this share of the tolerance are equally good.
TIE_SHARE = 1e-3

#: Points of sets with a common discount factor are exact when a step moves them by no more than this (fraction of a player's
#: payoff range).
SETTLED = 2e-13


@dataclass(frozen=True, eq=False)
class EquilibriumSet:
    """Payoffs of all subgame-perfect equilibria in pure actions with public randomisation, per state.

    outer[s]: (K, 2) vertices, counter-clockwise, of a polygon that contains the set of state s; K = 0 empty, 1 a point, 2 a
    segment. What is thinner than a fiftieth of the tolerance is drawn as a point or a segment.
    inner[s]: (K, 2) vertices of a polygon that the set contains; each is the exact value of a node of `machine`.
    gap: largest distance between an outer polygon and its inner one, normalised payoff; inf if in some state only one is empty.
    bounds: (S, 2, 2), bounds[s, i] = smallest and largest payoff of player i in the outer polygon; NaN where it is empty.
    machine: the automaton whose nodes' values are the inner vertices (None if there are none).
    vertex_node[s]: (K,) the node of `machine` that pays inner[s][k].
    certificate: largest gain of a one-shot deviation at any node of `machine`, normalised payoff, by the independent checker.
    status: a sentence for the reader. source: the state that was found to have no equilibrium first, -1 if every state may
    have one. tolerance: the gap that was asked for, normalised payoff. exact: for a small machine on rational data the largest
    one-shot gain in a plan that begins at the start, as a fraction: at most 0 decides ties exactly; None where it was not found.
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
    source: int = -1
    tolerance: float = 0.0
    exact: Fraction | None = None

    def plan(self, state: int, weights: ArrayLike = (1.0, 0.0)) -> Automaton:
        """The automaton of an equilibrium from `state` on that is best for the weighted sum of payoffs, among the inner vertices.

        weights: (2,), of any sign. Ties go to the vertex that is better for both together, then to the first.
        Raises UnsolvedError where the inner polygon of `state` is empty.
        """
        best = self.best_vertex(state, weights)
        return self.plan_from(state, self.vertex_node[state][best : best + 1], np.ones(1))

    def best_vertex(self, state: int, weights: ArrayLike) -> int:
        """The inner vertex of `state` that `plan` takes for these weights. Raises UnsolvedError where there is none."""
        if not len(self.inner[state]):
            raise UnsolvedError(f"no equilibrium is proved in state {self.game.states[state]}: {self.status}")
        worth = self.inner[state] @ np.asarray(weights, dtype=np.float64)
        near = worth >= worth.max() - self.tolerance * TIE_SHARE
        return int(np.argmax(np.where(near, self.inner[state].sum(axis=1), -np.inf)))

    def plan_from(self, state: int, nodes: Integers, chances: Floats) -> Automaton:
        """The automaton that begins in `state` with a public lottery over `nodes` of `machine` in that state."""
        if self.machine is None:
            raise UnsolvedError(f"no equilibrium is proved: {self.status}")
        start = sparse.csr_array((chances, (np.full(len(nodes), state), nodes)), shape=self.machine.start.shape)
        return replace(self.machine, start=start)


def equilibrium_set(
    game: StochasticGame,
    *,
    tolerance: float = 1e-6,
    prescribable: Mask | None = None,
    deviation: Mask | None = None,
    known: Sequence[ArrayLike] = (),
) -> EquilibriumSet:
    """Bound the equilibrium payoff set of every state from both sides.

    Parameters
    ----------
    game : two players; a discount factor for each.
    tolerance : the gap to reach, as a fraction of the payoff range. Where it cannot be reached the status says so.
    prescribable, deviation : per state and player one truth value for each action: whether a plan may prescribe it, and whether
    the player
        may depart to it. Default: every action, both.
    known : stationary profiles (S, 2), the number of each player's action in each state, that are thought to be equilibria. The
        inner polygons hold what they pay; those from which a departure gains more than rounding are passed over.

    Returns
    -------
    EquilibriumSet : payoffs in normalised payoff, payoff units a period.

    Raises
    ------
    GameError : not two players, a tolerance outside (0, 1), or masks or known profiles that do not fit.

    Notes
    -----
    Pure actions, public randomisation, perfect monitoring. A state from which play can come, by prescribed or departing
    actions, to a state without equilibrium has none itself. After a departure by both players at once the plan goes on with
    player 1's worst equilibrium.

    References
    ----------
    Abreu, Pearce and Stacchetti (1990), Theorems 1 and 2; Judd, Yeltekin and Conklin (2003); Abreu and Sannikov (2014).

    Examples
    --------
    >>> pd = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]
    >>> game = StochasticGame.from_arrays([pd], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.6)
    >>> sets = equilibrium_set(game)
    >>> sets.bounds[0].round(6).tolist(), len(sets.inner[0])
    ([[1.0, 4.333333], [1.0, 4.333333]], 4)
    """
    _refuse_tolerance(tolerance)
    form = set_form(game, prescribable, deviation)
    profiles = [_profile_rows(game, profile) for profile in known]
    bound, inner = whole_box(form, DirectionFan.even(FIRST_DIRECTIONS)), None
    if is_repeated(form):
        bound, inner = _extreme_points(bound, tolerance)
        if inner is not None and _beyond(bound, inner) <= AIM_SHARE * tolerance:
            return _result(bound, _with_known(bound, inner, profiles, tolerance), tolerance, deviation)
    bound, inner = _approached(bound, inner, tolerance)
    if not bound.empty.all():
        inner = _with_known(bound, inner, profiles, tolerance)
    if inner is not None:
        bound = _close(bound, inner, tolerance)
    return _result(bound, inner, tolerance, deviation)


def outer_set(game: StochasticGame, *, tolerance: float = 1e-2) -> EquilibriumSet:
    """The outer bound alone, with nothing proved inside: what no equilibrium does, at a small part of the cost of both.

    Use it to rule things out; `equilibrium_set` also shows what there is. Parameters and errors as there.

    >>> pd = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]
    >>> game = StochasticGame.from_arrays([pd], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.2)
    >>> outer = outer_set(game)
    >>> outer.bounds[0].round(6).tolist(), outer.machine
    ([[1.0, 1.0], [1.0, 1.0]], None)
    """
    _refuse_tolerance(tolerance)
    bound = whole_box(set_form(game, None, None), DirectionFan.even(FIRST_DIRECTIONS))
    bound = tighten(bound, ITERATION_SHARE * tolerance, MOST_SWEEPS)
    if not bound.empty.all():
        bound = tighten(_with_image(bound, tolerance), ITERATION_SHARE * tolerance, MOST_SWEEPS)
    return _result(bound, None, tolerance, None)


def _begun(bound: OuterBound, tolerance: float) -> tuple[OuterBound, float, Floats | None]:
    """The bound to begin with, how far from the sets it may be once it has converged, and the points (S, 2 K, 2) that the sets
    are thought to have: an outline that is proved to contain them saves rounds. With different discount factors inner sets grow,
    and show more than it does."""
    delta = bound.form.delta
    if delta[0] == delta[1] > 0:
        tight = tighten(bound, 0.01 * FIRST_APART, MOST_SWEEPS)
        outline = None if tight.empty.all() else revolved(tight, tolerance)
        if outline is None and not tight.empty.all() and worth_outlining(bound.form):
            outline = outlined(tight, tolerance)
        if outline is not None:
            drawn = replace(on_directions(tight, outline.fan), sweeps=tight.sweeps + outline.steps)
            drawn = tighten(drawn, ITERATION_SHARE * tolerance, FEW_SWEEPS, outline.h)
            if drawn.converged:
                return drawn, outline.excess, outline.points
    return bound, FIRST_APART, None


def _refuse_tolerance(tolerance: float) -> None:
    if not 0 < tolerance < 1:
        raise GameError(f"the tolerance is a fraction of the payoff range, between 0 and 1; got {tolerance}")


def _extreme_points(bound: OuterBound, tolerance: float) -> tuple[OuterBound, InnerBound | None]:
    """For one state and equally patient players: the automaton of the extreme points, if they are found, and the outer bound with
    all edges between them among its facets."""
    inner, steps = repeated_play(bound.form, bound.alive)
    bound = replace(bound, sweeps=steps)
    if inner is None:
        return bound, None
    vertices = inner.promises.values[inner.promises.rounds]
    closer = on_directions(bound, DirectionFan.even(FEW_DIRECTIONS).with_more(edge_normals(vertices, SHORTEST_EDGE)[0])[0])
    return tighten(closer, LAST_ITERATION_SHARE * tolerance, MOST_SWEEPS, _supports(vertices[None], closer)), inner


def _beyond(bound: OuterBound, inner: InnerBound) -> float:
    """By how much the outer polygon of the only state exceeds the inner one at most toward a direction, scaled."""
    return float(np.max(bound.h - _supports(inner.promises.values[inner.promises.rounds][None], bound)))


def _approached(bound: OuterBound, inner: InnerBound | None, tolerance: float) -> tuple[OuterBound, InnerBound | None]:
    """Outer and inner sets, in rounds: each ends with more directions where the two are apart."""
    form = bound.form
    bound, apart, points = _begun(bound, tolerance)
    if points is not None:
        exact = proved(form, bound.fan, points, bound.alive, ~bound.empty)
        if exact is not None and _falls_short(bound, exact) <= AIM_SHARE * tolerance:
            return bound, exact
    inside: Floats | None = None
    before, asked, patient = FIRST_APART, tolerance, False
    for left in reversed(range(MOST_ROUNDS)):
        if not bound.converged:
            guess = None if inside is None else _supports(inside, bound)
            bound = tighten(bound, max(ITERATION_SHARE * asked, 0.01 * apart), MOST_SWEEPS, guess)
        if bound.empty.all():
            break
        inside, inner = _inside(bound, inner, tolerance, apart, patient=patient)
        size = bound.fan.size
        if inside is not None:
            apart = float(excess(bound, inside).max(initial=0.0))
            if apart <= AIM_SHARE * tolerance:
                break
        finer = _refined(bound, inside, asked, apart, apart < before / 2)
        enough = size if inside is not None else MANY_MORE * size
        more = left > 0 and (finer.fan.size > enough or apart <= 0.9 * before) and finer.fan.size <= MOST_DIRECTIONS
        # the inner sets' points belong to the directions that they were found on
        settling = inside is not None and form.delta[0] == form.delta[1]
        if left == 0 or (not more and (patient or settling)) or (patient and inside is None):
            break
        bound, before = finer, apart
        if more:
            continue
        # nothing is proved inside, or too little: the polygons may be too loose for it, or constraints may be tied exactly
        asked, patient = asked * CLOSER, asked <= CLOSEST * tolerance
    return bound, None if bound.empty.all() else _proof(bound, inner, inside, tolerance, apart)


def _refined(bound: OuterBound, inside: Floats | None, tolerance: float, apart: float, fresh: bool) -> OuterBound:
    """The bound on the normals of the inner sets' edges. If they did not help (not fresh), or there are none, the edges that
    are missing are those of the image of the outer polygons: less exact, but the inner sets do not show them."""
    if inside is None:
        return _with_image(bound, tolerance)
    least = max(NORMAL_SHARE * tolerance, WORTH_ADDING * apart)
    wanted = main_normals(inside[~bound.empty], bound.fan.sides, least)
    if fresh:
        return on_directions(bound, DirectionFan.even(FIRST_DIRECTIONS).with_more(wanted)[0])
    return _with_image(with_directions(bound, wanted), tolerance)


def _proof(
    bound: OuterBound, inner: InnerBound | None, inside: Floats | None, tolerance: float, apart: float
) -> InnerBound | None:
    """The automaton of the inner sets. With a common discount factor the sets settle down to rounding; where they do not,
    proved sets grow. Where sets that grew stay far from the bound, exact ties may have kept larger ones from being found."""
    form, live = bound.form, ~bound.empty
    if inside is not None and form.delta[0] == form.delta[1]:
        points, done = settled(form, bound.fan, inside, bound.alive, live, SETTLED / (1 - float(form.delta[0])), FINE_CHOICES)
        exact = proved(form, bound.fan, points, bound.alive, live) if done and points is not None else None
        if exact is not None:
            return exact
        return _grown_sets(bound, inner, inside, tolerance, 0.0)
    if apart <= tolerance:
        return inner
    other = untightened(form, bound.fan, polygon_points(bound), bound.alive, live)
    if other is None:
        return inner
    return _grown_sets(bound, other if inner is None else joined(inner, other), polygon_points(bound), tolerance, 0.0)


def _profile_rows(game: StochasticGame, profile: ArrayLike) -> Integers:
    """(S,): the row of the game that a stationary profile (S, 2) prescribes in each state."""
    actions = np.asarray(profile)
    if actions.shape != game.action_counts.shape or actions.dtype.kind not in "iu":
        raise GameError(f"known: a profile has a number of an action for each of {game.n_states} states and 2 players")
    if np.any((actions < 0) | (actions >= game.action_counts)):
        raise GameError(f"known: a state has no action with such a number; they run from 0 to {game.action_counts.max() - 1}")
    return np.asarray(game.row_start[:-1] + actions[:, 0] * game.action_counts[:, 1] + actions[:, 1])


def _with_known(bound: OuterBound, inner: InnerBound | None, profiles: list[Integers], tolerance: float) -> InnerBound | None:
    """The inner sets with what known stationary equilibria pay. They generate themselves, so their union with others does; where
    nothing else was proved sets grow from them."""
    found = [plain for row in profiles if (plain := stationary(bound.form, row)) is not None]
    if not found or bound.empty.any():  # a stationary profile plays on in every state
        return inner
    if inner is None:
        inner = _grown_sets(bound, found[0], polygon_points(bound), tolerance, 0.0) or found[0]
    start, own = inner.promises.round_start, inner.promises.values[inner.promises.rounds]
    points = np.stack([plain.promises.values for plain in found], axis=1)
    outside = [distance(points[s], own[start[s] : start[s + 1]]) > SAME_VERTEX for s in range(len(points))]
    for k in np.flatnonzero(np.any(outside, axis=0)):
        inner = joined(inner, found[k])
    return inner


def _close(bound: OuterBound, inner: InnerBound, tolerance: float) -> OuterBound:
    """The outer bound, once more, with all edges of the inner sets among its facets, unless it is as near to them already: at a
    coarse tolerance that brings the two much nearer than was asked, for little."""
    if _falls_short(bound, inner) <= min(LAST_ITERATION_SHARE * tolerance, NEAR):
        return bound
    points = best_points(bound.form, bound.fan, inner.promises)
    wanted = main_normals(points[~bound.empty], bound.fan.sides, LAST_NORMAL_SHARE * tolerance)
    closer = with_directions(bound, wanted)
    return tighten(closer, LAST_ITERATION_SHARE * tolerance, MOST_SWEEPS, _supports(points, closer))


def _falls_short(bound: OuterBound, inner: InnerBound) -> float:
    """By how much the outer polygons exceed the vertices of the inner ones at most, fraction of a player's payoff range."""
    return float(excess(bound, best_points(bound.form, bound.fan, inner.promises)).max(initial=0.0))


def _inside(
    bound: OuterBound, inner: InnerBound | None, tolerance: float, apart: float, *, patient: bool
) -> tuple[Floats | None, InnerBound | None]:
    """Points (S, 2 K, 2) of inner sets, and an automaton if one had to be built. patient: as in `_grown_sets`.

    With a common discount factor sets on common directions settle on a fixed point, which is proved at the end. Otherwise, or
    where they do not, proved sets grow.
    """
    form, live = bound.form, ~bound.empty
    if form.delta[0] == form.delta[1]:
        goal = max(ITERATION_SHARE * tolerance, SETTLING_SHARE * apart)
        points, _ = settled(form, bound.fan, polygon_points(bound), bound.alive, live, goal, COARSE_CHOICES)
        # points that do not settle show where edges are missing all the same
        if points is not None:
            return points, inner
    inner = _grown_sets(bound, inner, polygon_points(bound), tolerance, apart, patient=patient)
    return (None, None) if inner is None else (best_points(form, bound.fan, inner.promises), inner)


def _grown_sets(
    bound: OuterBound, inner: InnerBound | None, points: Floats, tolerance: float, apart: float, *, patient: bool = True
) -> InnerBound | None:
    """Proved sets, grown until they fall short by a small share of the tolerance or of the present distance, whichever is
    larger. patient: where there are none yet, try what takes long."""
    form, live = bound.form, ~bound.empty
    slack = min(TIGHTENED_SHARE * apart, MOST_TIGHTENED_SHARE * tolerance)
    seed, fresh = inner, seeded(form, bound.fan, points, bound.alive, live, slack)
    if fresh is None and seed is None and patient:
        fresh = untightened(form, bound.fan, points, bound.alive, live)
    if fresh is not None:
        seed = fresh if seed is None else joined(seed, fresh)
    if seed is None:
        return None
    # what one step adds is at least this share of what all further steps would add
    rest = 1 - float(form.delta.max())
    return grown(form, bound.fan, seed, bound.alive, live, rest * max(GROWTH_SHARE * tolerance, GROWN_SHARE * apart))


def _with_image(bound: OuterBound, tolerance: float) -> OuterBound:
    """The bound on further directions: normals of the polygons' image."""
    normals, worth = _missing(bound, image(bound.form, bound.fan, polygon_points(bound), bound.alive))
    return _with_normals(bound, normals, worth, NORMAL_SHARE * tolerance)


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


def _supports(points: Floats, bound: OuterBound) -> Floats:
    """(S, K): support values of the hulls of points (S, P, 2) on the fan's directions."""
    return np.stack([(own @ bound.fan.directions.T).max(axis=0) for own in points])


def _with_normals(bound: OuterBound, normals: Floats, worth: Floats, least: float) -> OuterBound:
    """The bound on further directions: the normals that matter most."""
    enough = max(least, WORTH_ADDING * float(worth.max(initial=0.0)))
    return with_directions(bound, normals[worth > enough])


def _result(bound: OuterBound, inner: InnerBound | None, tolerance: float, deviation: Mask | None) -> EquilibriumSet:
    game = bound.form.game
    none, nowhere = np.zeros((0, 2)), np.zeros(0, dtype=np.intp)
    outer = tuple(
        none if bound.empty[s] else _outer_polygon(bound, s, SIMPLIFICATION_SHARE * tolerance) for s in range(game.n_states)
    )
    inside, nodes = [none] * game.n_states, [nowhere] * game.n_states
    machine, certificate = None, 0.0
    if inner is not None:
        machine = automaton(inner)
        proof = check(machine, nodes=np.arange(machine.n_nodes) < len(inner.promises.row), deviation=deviation)
        certificate = proof.gain
        if certificate > ACCEPTED_GAIN * game.payoff_range:
            machine, certificate = None, 0.0
        else:
            start, rounds = inner.promises.round_start, inner.promises.rounds
            for s in range(game.n_states):
                own = rounds[start[s] : start[s + 1]]
                nodes[s] = own[distinct(proof.values[own], SAME_VERTEX * game.payoff_range)] if len(own) else nowhere
                inside[s] = proof.values[nodes[s]]
    exact = None if machine is None or deviation is not None else _exact(machine, nodes[game.start])
    gap = max((float(distance(a, b).max()) for a, b in zip(outer, inside, strict=True) if len(a)), default=0.0)
    return EquilibriumSet(
        game=game,
        outer=outer,
        inner=tuple(inside),
        gap=gap,
        bounds=_bounds(bound, outer),
        machine=machine,
        vertex_node=tuple(nodes),
        certificate=certificate,
        source=bound.source,
        tolerance=tolerance * game.payoff_range,
        exact=exact,
        status=_status(bound, gap, machine is not None, tolerance) + _exact_words(exact),
    )


def _exact(machine: Automaton, nodes: Integers) -> Fraction | None:
    """The largest one-shot gain, in fractions, of the plans that begin at one of these nodes; None if one is not rational."""
    if machine.n_nodes > MOST_EXACT_NODES or not len(nodes):
        return None
    return exact_gain(machine, begin=nodes)


def _exact_words(exact: Fraction | None) -> str:
    if exact is None:
        return ""
    if exact <= 0:
        return " Decided in fractions: no departure from its plans gains."
    return f" In fractions a departure gains {float(exact):.2g}: an epsilon-equilibrium, with that epsilon."


def _bounds(bound: OuterBound, outer: Sequence[Floats]) -> Floats:
    """(S, 2, 2) smallest and largest payoff in the outer polygons; NaN where they are empty."""
    form, (up, left, down) = bound.form, bound.fan.marks
    scaled = np.stack([-bound.h[:, [left, down]], bound.h[:, [0, up]]], axis=-1)
    found = np.asarray(form.lowest[:, None] + form.scale[:, None] * scaled)
    for s, polygon in enumerate(outer):
        # the axes' own support values may be implied by others
        found[s, :, 0] = np.maximum(found[s, :, 0], polygon.min(axis=0)) if len(polygon) else np.nan
        found[s, :, 1] = np.minimum(found[s, :, 1], polygon.max(axis=0)) if len(polygon) else np.nan
    return found


def _outer_polygon(bound: OuterBound, state: int, allowed: float) -> Floats:
    """Vertices, payoff units; facets that matter less than `allowed` (fraction of a player's payoff range) are left out."""
    d, h = simplified_outward(bound.fan.directions, bound.h[state], allowed)
    return np.asarray(bound.form.lowest + bound.form.scale * as_drawn(corners(d, h), allowed))


def _status(bound: OuterBound, gap: float, proved_inside: bool, tolerance: float) -> str:
    game = bound.form.game
    if bound.empty[game.start]:
        where = _place(bound)
        if bound.source == game.start:
            return f"No equilibrium in pure actions with public randomisation: none exists {where}, where play begins."
        return f"No equilibrium in pure actions with public randomisation: none exists {where}, to which play can come."
    work = f"{bound.fan.size} directions, {bound.sweeps} steps"
    known = "" if bound.source < 0 else f" From {_counted(bound.empty)} there is none, because none exists {_place(bound)}."
    if not proved_inside:
        why = "the outer bound is not empty, but no automaton inside it passed the checker"
        return f"No equilibrium was proved: {why} ({work}).{known}"
    if gap > tolerance * game.payoff_range:
        asked = f"{tolerance * game.payoff_range:.2g}"
        return f"The gap of {gap:.2g} is more than the {asked} asked for; a larger tolerance ends sooner ({work}).{known}"
    return f"Bounded from both sides with a gap of {gap:.2g} ({work}).{known}"


def _place(bound: OuterBound) -> str:
    return f"in state '{bound.form.game.states[bound.source]}'"


def _counted(states: Booleans) -> str:
    """How many states, in words."""
    number = int(states.sum())
    return "one state" if number == 1 else f"{number} states"
