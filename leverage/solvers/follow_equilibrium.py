"""Following a Markov equilibrium as one parameter of the game moves: folds, changes of support, where it ends.

On a fixed support, equilibria solve F(x, theta) = 0 (`indifference`): a curve, followed by pseudo-arclength
continuation, which does not mind where theta turns back (a *fold*). The support changes where a probability falls to 0
(the action *leaves*) or an unused action becomes as good as those used (it *enters*). Both are points of the system on
the larger support S at which the probability of that action is 0, so Newton's method with this as the last equation
finds them exactly. There the branch goes on in one way if only one action is concerned: on the smaller support where
the action becomes worse, or on the larger one where its probability grows (complementary pivoting). Where two changes
fall together, or a system is singular, the branch stops and says so.

Every point is checked by policy evaluation and the checker; arrays of the game are the true ones at each theta, and derivatives
in theta (central differences) serve as tangents only. Bifurcations, where branches cross on a fixed support, are passed
without notice.

Sources: Keller (1977) for pseudo-arclength continuation; Allgower and Georg (1990), chapters 2-9; Eaves (1971) for complementary
pivoting; Herings and Peeters (2004) for stochastic games.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from scipy import sparse

from leverage.certification.checker import certify
from leverage.errors import GameError, UnsolvedError
from leverage.game.form import GameForm
from leverage.game.stochastic_game import Booleans, Floats, Integers, StochasticGame
from leverage.solvers.indifference import SUPPORT_PROBABILITY, Factor, IndifferenceSystem, factored, solution_system
from leverage.solvers.markov_perfect import markov_perfect
from leverage.solvers.solution import Solution

#: Points are certified to this share of the payoff range.
CERTIFIED_SHARE = 1e-9
#: Events are located to this share of the parameter's range.
LOCATED = 1e-9
#: Arclength of the first, the largest and the smallest step; the unit is the parameter's range, a probability, or all
#: values moving by their payoff ranges.
FIRST_STEP, LARGEST_STEP, SMALLEST_STEP = 0.02, 0.1, 1e-7
GROWTH, QUICK = 1.5, 5
#: Newton's method ends when its step is this small; it may take this many steps, and stall below the last number.
NEWTON_STEP, MOST_NEWTON, STALLED = 1e-12, 15, 1e-9
#: The corrector may move by this share of the step, and the tangent turn to this cosine.
LARGEST_CORRECTION, LEAST_COSINE = 0.3, 0.85
#: A tangent whose share of theta is below this stands on a continuum at one value of the parameter.
VERTICAL = 1e-7
#: A probability below minus the first, or a gain above it in payoff ranges, is an event; within the second, both count as zero.
CROSSED, ZERO = 1e-11, 1e-8
#: Half the distance of central differences in theta, as a share of the range.
DIFFERENCE = 1e-6
#: A bordered matrix with a smaller reciprocal condition number is singular.
SINGULAR = 1e-14
#: Seed of a fixed direction in general position.
GENERIC_SEED = 1977
#: Rounds that locate a fold.
MOST_ROUNDS = 60
#: Values that differ by less than this share of the payoff range, certificates apart, belong to the same equilibrium.
SAME_VALUES = 1e-6

Family = Callable[[float], StochasticGame]


@dataclass(frozen=True, eq=False)
class BranchPoint:
    """An equilibrium on the branch.

    theta: the parameter. arclength: along the branch from the given equilibrium, negative on the side of falling theta first.
    values: (N,) normalised, from the game's start. all_values: (S, N). strategies: per player (C_i,), flat.
    support_sizes: per player the number of choices (state, action) in use. certificate: largest gain of a one-shot
    deviation, payoff units. support: per player (C_i,) the support on which the branch arrives here, seen from the
    given equilibrium.
    """

    theta: float
    arclength: float
    values: Floats
    all_values: Floats
    strategies: tuple[Floats, ...]
    support_sizes: tuple[int, ...]
    certificate: float
    support: tuple[Booleans, ...]


@dataclass(frozen=True)
class BranchEvent:
    """Something that happens on the branch.

    kind: "fold" (theta turns back), "leaves" or "enters" (an action), "stops" (no way on). state, player, action: in words, empty
    where they do not apply. turns: whether theta turns back here. arclength: as in `BranchPoint`.
    """

    kind: str
    theta: float
    arclength: float
    sentence: str
    state: str = ""
    player: str = ""
    action: str = ""
    turns: bool = False


@dataclass(frozen=True, eq=False)
class Branch:
    """A branch of equilibria over a parameter.

    points and events stand in the order of arclength; points[start] is the given equilibrium. ends: how the branch ends
    on its two sides, as sentences, the side that starts with falling theta first.
    """

    parameter: str
    low: float
    high: float
    points: tuple[BranchPoint, ...]
    start: int
    events: tuple[BranchEvent, ...]
    ends: tuple[str, str]


@dataclass(frozen=True)
class SelectionJump:
    """Whether the selected equilibrium at theta is another one than the continuation of the baseline's.

    distance: largest difference of values over states and players, payoff units; NaN where the branch does not reach. reason: a
    sentence, empty where nothing jumped.
    """

    theta: float
    jumped: bool
    distance: float
    reason: str = ""


@dataclass(frozen=True, eq=False)
class _Problem:
    """theta = low + tau width. spread: (N,) payoff ranges, the units of values. tolerance: share of the range for
    certificates.
    """

    family: Family
    name: str
    low: float
    high: float
    spread: Floats
    tolerance: float

    @property
    def width(self) -> float:
        return self.high - self.low

    def theta(self, z: Floats) -> float:
        """The parameter at z, within its range."""
        return float(np.clip(self.low + z[-1] * self.width, self.low, self.high))


@dataclass(frozen=True, eq=False)
class _Spot:
    """A point z = (x in units, tau) of a system, the unit tangent there, and dF/dtau (scaled) from which it was found."""

    system: IndifferenceSystem
    z: Floats
    tangent: Floats
    slope: Floats


@dataclass(frozen=True)
class _Choice:
    """A choice whose chance or disadvantage falls through 0 at the share `when` of a step. entering: it is off the support.
    others: (player, choice) of those that fall to 0 at the same point."""

    player: int
    number: int
    entering: bool
    when: float
    others: tuple[tuple[int, int], ...] = ()


@dataclass(eq=False)
class _Way:
    """What was found on one side, in order; direction: the sign of the change of theta."""

    points: list[BranchPoint] = field(default_factory=list)
    events: list[BranchEvent] = field(default_factory=list)
    end: str = ""
    direction: float = 0.0


class _LostError(Exception):
    """A step was too long, or there is no way on."""


class _NoWayError(Exception):
    """The branch stops; carries the sentence."""


# --- what callers use ----------------------------------------------------------------------------------------------------


def follow_equilibrium(
    form: GameForm,
    solution: Solution,
    parameter: str,
    low: float | None = None,
    high: float | None = None,
    *,
    tolerance: float = CERTIFIED_SHARE,
    most_points: int = 500,
) -> Branch:
    """Follow an equilibrium of a scenario in one of its parameters, both ways from the scenario's value.

    Parameters
    ----------
    form : the scenario's compiled form. solution : stationary play of `form.at()`.
    parameter : its name. low, high : range to follow over (default: the plausible one); the scenario's value lies within.
    tolerance : largest gain of a deviation at a reported point, as a share of the payoff range; > 0.
    most_points : limit on each side.

    Returns
    -------
    Branch : certified points, events located to 1e-9 of the range, and how the branch ends.

    Raises
    ------
    GameError : unknown parameter, an empty range, a range without the scenario's value, play with memory or that is no
        equilibrium.

    References
    ----------
    Keller (1977); Allgower and Georg (1990); see the module.

    Examples
    --------
    >>> from leverage.game.form import compile_form
    >>> from leverage.loading import parse_scenario, shipped_text
    >>> form = compile_form(parse_scenario(shipped_text("withdrawal")))
    >>> branch = follow_equilibrium(form, markov_perfect(form.at())[0], "presence_cost", 17, 18)
    >>> branch.points[0].theta, branch.points[-1].theta
    (17.0, 18.0)
    """
    values = form.scenario.values
    if parameter not in values:
        raise GameError(f"there is no parameter '{parameter}'")
    known = form.scenario.parameters[parameter]
    return follow_family(
        lambda theta: form.at({**values, parameter: theta}),
        solution,
        values[parameter],
        known.low if low is None else low,
        known.high if high is None else high,
        name=parameter,
        tolerance=tolerance,
        most_points=most_points,
    )


def follow_family(
    family: Family,
    solution: Solution,
    theta: float,
    low: float,
    high: float,
    *,
    name: str = "theta",
    tolerance: float = CERTIFIED_SHARE,
    most_points: int = 500,
) -> Branch:
    """The same for any family of games of one shape: `family(theta)` for theta in [low, high]; `solution` is play of
    family(theta).

    Raises GameError as `follow_equilibrium`.

    Examples
    --------
    >>> def pennies(theta):
    ...     first = np.array([[1.0 + theta, -1.0], [-1.0, 1.0]])
    ...     return StochasticGame.from_arrays([np.stack([first, -first], axis=-1)], [np.ones((2, 2, 1))], 0.5)
    >>> branch = follow_family(pennies, markov_perfect(pennies(0.0))[0], 0.0, -1.0, 1.0)
    >>> [round(float(point.values[0]), 6) for point in (branch.points[0], branch.points[-1])]
    [-0.333333, 0.2]
    """
    if not (np.isfinite([low, high]).all() and low < high and low <= theta <= high):
        raise GameError(f"the range [{low:.6g}, {high:.6g}] must be one and contain the value {theta:.6g} of '{name}'")
    system, x = solution_system(solution)
    problem = _Problem(family, name, low, high, system.spread, tolerance)
    z = np.append(x, (theta - low) / (high - low)) / _unit(problem, system)
    try:
        first = _settled(problem, system, z)
    except _LostError:
        return _only_start(problem, system, solution, theta)
    try:
        start = _point(problem, first, 0.0)
    except _LostError:
        raise GameError(f"the given play is no equilibrium at {name} = {theta:.6g}, up to the tolerance") from None
    ways = [_walk(problem, replace(first, tangent=sign * first.tangent), most_points) for sign in (-1.0, 1.0)]
    return _joined(problem, start, ways[0], ways[1])


def selection_jumps(
    form: GameForm,
    parameter: str,
    grid: Sequence[float],
    *,
    follow: Branch,
    select: Callable[[float], Solution] | None = None,
) -> tuple[SelectionJump, ...]:
    """At each theta of a grid: does the selected equilibrium differ from the continuation of the baseline's?

    Parameters
    ----------
    form, parameter : as in `follow_equilibrium`. grid : values of the parameter.
    follow : the branch of the baseline's equilibrium. Its continuation at theta is the first point met on the way from the
        baseline before theta turns back; beyond a turn the branch counts as not reaching.
    select : theta -> the selected solution (default: the first of `markov_perfect`).

    Returns
    -------
    A tuple with one `SelectionJump` per grid value. It jumped where values differ, in any state, by more than 1e-6 of the payoff
    range and both certificates, where the branch does not reach, or where nothing was selected.

    Examples
    --------
    >>> from leverage.game.form import compile_form
    >>> from leverage.loading import parse_scenario, shipped_text
    >>> form = compile_form(parse_scenario(shipped_text("withdrawal")))
    >>> branch = follow_equilibrium(form, markov_perfect(form.at())[0], "presence_cost", 17, 18)
    >>> [jump.jumped for jump in selection_jumps(form, "presence_cost", [17.1], follow=branch)]
    [False]
    """
    values = form.scenario.values

    def family(theta: float) -> StochasticGame:
        return form.at({**values, parameter: theta})

    return family_jumps(family, grid, follow=follow, select=select)


def family_jumps(
    family: Family, grid: Sequence[float], *, follow: Branch, select: Callable[[float], Solution] | None = None
) -> tuple[SelectionJump, ...]:
    """The same for any family of games; see `selection_jumps`."""
    chosen = select if select is not None else (lambda theta: markov_perfect(family(theta))[0])
    return tuple(_jump(family, float(theta), follow, chosen) for theta in grid)


def _jump(family: Family, theta: float, branch: Branch, select: Callable[[float], Solution]) -> SelectionJump:
    there = continuation(family, branch, theta)
    if there is None:
        return SelectionJump(
            theta, True, np.nan, f"the baseline's equilibrium does not continue to {branch.parameter} = {theta:.6g}"
        )
    try:
        selected = select(theta)
    except UnsolvedError as error:
        return SelectionJump(theta, True, np.nan, f"nothing was selected: {error}")
    game = selected.plan.game
    distance = float(np.max(np.abs(selected.values - there.all_values)))
    patience = float(np.max(1 / (1 - game.discount)))
    allowed = SAME_VALUES * game.payoff_range + patience * (selected.certificate + there.certificate)
    if distance <= allowed:
        return SelectionJump(theta, False, distance)
    sentence = (
        f"selection jumped: another equilibrium is selected at {branch.parameter} = {theta:.6g} than the baseline's continuation"
    )
    return SelectionJump(theta, True, distance, sentence)


def continuation(family: Family, branch: Branch, theta: float) -> BranchPoint | None:
    """The equilibrium at theta that the baseline's turns into, before theta turns back; None where the branch does not reach."""
    points, k = branch.points, branch.start
    if theta == points[k].theta:
        return points[k]
    step = 1 if theta > points[k].theta else -1
    while 0 <= k + step < len(points):
        here, there = points[k], points[k + step]
        if (there.theta - here.theta) * step < -LOCATED * (branch.high - branch.low):
            return None
        if (there.theta - theta) * step >= 0 and there.theta != here.theta:
            return _between(family, branch, here, there, theta)
        k += step
    return None


def _between(family: Family, branch: Branch, here: BranchPoint, there: BranchPoint, theta: float) -> BranchPoint | None:
    """The branch at theta, by Newton's method from between two neighbouring points."""
    share = (theta - here.theta) / (there.theta - here.theta)
    system = IndifferenceSystem(family(theta), there.support)
    x = (1 - share) * system.pack(here.strategies, here.all_values) + share * system.pack(there.strategies, there.all_values)
    problem = _Problem(family, branch.parameter, branch.low, branch.high, system.spread, CERTIFIED_SHARE)
    z = np.append(x, (theta - branch.low) / (branch.high - branch.low)) / _unit(problem, system)
    try:
        spot = _settled(problem, system, z)
        return _point(problem, spot, (1 - share) * here.arclength + share * there.arclength)
    except _LostError:
        return None


# --- one side of the branch --------------------------------------------------------------------------------------------------


def _walk(problem: _Problem, spot: _Spot, most_points: int) -> _Way:
    """Follow the branch from a spot along its tangent."""
    way, length, step = _Way(direction=float(np.sign(spot.tangent[-1]))), 0.0, FIRST_STEP
    while len(way.points) < most_points:
        if spot.z[-1] == (1.0 if spot.tangent[-1] > 0 else 0.0):
            way.end = f"reaches {problem.name} = {problem.theta(spot.z):.6g}, the end of the range"
            return way
        try:
            stride = _stride(problem, spot, step)
            _record(problem, way, stride, length)
        except _LostError:
            step /= 2
            if step < SMALLEST_STEP:
                _stop(
                    way,
                    problem,
                    spot,
                    length,
                    "it could not be followed further: its conditions become singular, or these values make no game",
                )
                return way
            continue
        except _NoWayError as stop:
            _stop(way, problem, spot, length, str(stop))
            return way
        spot, length = stride.spots[-1], length + stride.lengths[-1]
        if stride.choice is not None:
            try:
                spot = _pivoted(problem, way, stride, length)
            except (_NoWayError, _LostError) as stop:
                _stop(way, problem, spot, length, str(stop) or _no_way_on(stride))
                return way
            step = FIRST_STEP
        elif stride.quick:
            step = min(GROWTH * step, LARGEST_STEP)
    way.end = (
        f"followed for {most_points} points, to {problem.name} = {problem.theta(spot.z):.6g}; the limit on points was reached"
    )
    return way


@dataclass(frozen=True, eq=False)
class _Stride:
    """A step: a fold if there is one, then its end. choice: what crosses 0 at the end. quick: Newton's
    method took few steps."""

    spots: tuple[_Spot, ...]
    lengths: tuple[float, ...]
    choice: _Choice | None
    quick: bool


def _stride(problem: _Problem, spot: _Spot, step: float) -> _Stride:
    """Predict, correct, look for events on the way; raises _LostError where the step is too long."""
    z, t = spot.z, spot.tangent
    ahead = z + step * t
    ends = not 0 <= ahead[-1] <= 1
    bound = min(max(float(ahead[-1]), 0.0), 1.0)
    if ends:
        step = (bound - z[-1]) / t[-1]
        ahead = z + step * t
    row = _last_row(len(z)) if ends else t
    system, there, rounds = _corrected(problem, spot.system, ahead, row, bound if ends else float(t @ z) + step, spot.slope)
    if np.linalg.norm(there - ahead) > LARGEST_CORRECTION * step + ZERO:
        raise _LostError
    end = _spot(problem, system, there, t)
    if end.tangent @ t < LEAST_COSINE:
        raise _LostError
    choice: _Choice | None = None
    crossing = list(_crossings(problem, spot, end))
    if crossing:
        end, choice = _located(problem, spot, end, crossing)
    spots: tuple[_Spot, ...] = (end,)
    if spot.tangent[-1] * end.tangent[-1] < 0 and min(abs(spot.tangent[-1]), abs(end.tangent[-1])) > VERTICAL:
        spots = (_fold(problem, spot, end), end)
    lengths = tuple(max(float(t @ (each.z - z)), 0.0) for each in spots)
    return _Stride(spots, lengths, choice, rounds <= QUICK)


def _record(problem: _Problem, way: _Way, stride: _Stride, before: float) -> None:
    """Certify and keep a step's points; name its fold."""
    points = [_point(problem, spot, before + length) for spot, length in zip(stride.spots, stride.lengths, strict=True)]
    way.points.extend(points)
    if len(points) > 1:
        theta = points[0].theta
        sentence = f"at {problem.name} = {theta:.6g} the branch turns back: on the other side this equilibrium is gone (a fold)"
        way.direction = -way.direction
        way.events.append(BranchEvent("fold", theta, points[0].arclength, sentence, turns=True))


def _stop(way: _Way, problem: _Problem, spot: _Spot, length: float, why: str) -> None:
    theta = problem.theta(spot.z)
    sentence = f"at {problem.name} = {theta:.6g} the branch stops: {why}"
    way.events.append(BranchEvent("stops", theta, length, sentence))
    way.end = sentence


def _point(problem: _Problem, spot: _Spot, arclength: float) -> BranchPoint:
    """The point as it is reported. Raises _LostError where the checker does not confirm it."""
    system = spot.system
    strategies, values = system.unpack(spot.z[:-1] * _unit(problem, system)[:-1])
    game, lotteries = system.game, []
    for i, own in enumerate(strategies):
        starts = game.choice_start[i]
        kept = np.maximum(own, 0.0)
        lotteries.append(kept / np.repeat(np.add.reduceat(kept, starts[:-1]), np.diff(starts)))
    profile = [[own[a:b] for a, b in pairwise(s)] for own, s in zip(lotteries, game.choice_start, strict=True)]
    certificate = certify(game, profile)
    if not certificate <= max(problem.tolerance * game.payoff_range, 1e-14 * float(np.max(np.abs(game.payoffs)))):
        raise _LostError
    return BranchPoint(
        theta=problem.theta(spot.z),
        arclength=arclength,
        values=values[game.start],
        all_values=values,
        strategies=tuple(lotteries),
        support_sizes=tuple(int(np.sum(own > SUPPORT_PROBABILITY)) for own in lotteries),
        certificate=certificate,
        support=system.support,
    )


def _joined(problem: _Problem, start: BranchPoint, down: _Way, up: _Way) -> Branch:
    """Both sides in the order of arclength, falling theta first."""
    back = [replace(point, arclength=-point.arclength) for point in reversed(down.points)]
    before = [replace(event, arclength=-event.arclength) for event in reversed(down.events)]
    return Branch(
        parameter=problem.name,
        low=problem.low,
        high=problem.high,
        points=(*back, start, *up.points),
        start=len(back),
        events=(*before, *up.events),
        ends=(down.end, up.end),
    )


def _only_start(problem: _Problem, system: IndifferenceSystem, solution: Solution, theta: float) -> Branch:
    """The branch that cannot be followed at all."""
    strategies = tuple(np.concatenate(own) for own in solution.strategies)
    point = BranchPoint(
        theta=theta,
        arclength=0.0,
        values=solution.values[system.game.start],
        all_values=solution.values,
        strategies=strategies,
        support_sizes=tuple(int(np.sum(own)) for own in system.support),
        certificate=solution.certificate,
        support=system.support,
    )
    why = f"the branch stops at its start, {problem.name} = {theta:.6g}: equilibria here form a continuum or a tie"
    event = BranchEvent("stops", theta, 0.0, why)
    return Branch(problem.name, problem.low, problem.high, (point,), 0, (event,), (why, why))


# --- the curve on a fixed support ------------------------------------------------------------------------------------------


def _unit(problem: _Problem, system: IndifferenceSystem) -> Floats:
    """(n + 1,): the units of (x, tau) in which arclength is measured; all values together weigh like one probability."""
    game = system.game
    values = np.tile(problem.spread * np.sqrt(game.n_states * game.n_players), game.n_states)
    return np.concatenate([np.ones(system.first_value), values, [1.0]])


def _last_row(size: int, place: int = -1) -> Floats:
    """The row of the identity that fixes one coordinate (default: tau)."""
    row = np.zeros(size)
    row[place] = 1.0
    return row


def _system_at(problem: _Problem, system: IndifferenceSystem, z: Floats) -> IndifferenceSystem:
    """The system in the game at the parameter value of z."""
    try:
        return system.at(problem.family(problem.theta(z)))
    except GameError as error:
        raise _LostError from error


def _slope(problem: _Problem, system: IndifferenceSystem, z: Floats) -> Floats:
    """dF/dtau at fixed x, by differences within the range; rows scaled."""
    x = (z * _unit(problem, system))[:-1]
    tau = min(max(float(z[-1]), 0.0), 1.0)
    after, before = min(tau + DIFFERENCE, 1.0), max(tau - DIFFERENCE, 0.0)
    upper, lower = (_system_at(problem, system, np.array([at])).residual(x) for at in (after, before))
    return np.asarray((upper - lower) / (after - before) / system.row_scale())


def _bordered(problem: _Problem, system: IndifferenceSystem, z: Floats, slope: Floats, row: Floats) -> Factor:
    """The factored matrix of the scaled conditions' derivatives in z, and `row` below. Raises _LostError if singular."""
    unit, scale = _unit(problem, system), system.row_scale()
    inner = system.jacobian((z * unit)[:-1])
    inner.data *= np.repeat(unit[:-1], np.diff(inner.indptr)) / scale[inner.indices]
    size = len(z)
    columns = np.concatenate(
        [np.repeat(np.arange(size - 1), np.diff(inner.indptr)), np.full(size - 1, size - 1), np.arange(size)]
    )
    rows = np.concatenate([inner.indices, np.arange(size - 1), np.full(size, size - 1)])
    matrix = sparse.csc_array((np.concatenate([inner.data, slope, row]), (rows, columns)), shape=(size, size))
    factor = factored(matrix, np.ones(size), np.ones(size))
    if not factor.reciprocal_condition > SINGULAR:
        raise _LostError
    return factor


def _corrected(
    problem: _Problem, system: IndifferenceSystem, z: Floats, row: Floats, level: float, slope: Floats | None = None
) -> tuple[IndifferenceSystem, Floats, int]:
    """Newton's method from z on F = 0 and row z = level; the derivative in tau stays `slope` (default: that at the start)."""
    z, last = z.copy(), np.inf
    slope = _slope(problem, system, z) if slope is None else slope
    for rounds in range(1, MOST_NEWTON + 1):
        system = _system_at(problem, system, z)
        left = system.residual((z * _unit(problem, system))[:-1]) / system.row_scale()
        step = _bordered(problem, system, z, slope, row).solve(np.append(left, row @ z - level))
        z -= step
        size = float(np.max(np.abs(step)))
        if size <= NEWTON_STEP or (size <= STALLED and size > last / 2):
            return system, z, rounds  # in the game at a theta that differs by less than rounding moves values
        if not size < max(2 * last, 1.0):
            break
        last = size
    raise _LostError


def _spot(problem: _Problem, system: IndifferenceSystem, z: Floats, row: Floats) -> _Spot:
    """The zero z with the unit tangent that has a positive product with `row`. Raises _LostError where there is none."""
    slope = _slope(problem, system, z)
    direction = _bordered(problem, system, z, slope, row).solve(_last_row(len(z)))
    return _Spot(system, z, direction / np.linalg.norm(direction), slope)


def _settled(problem: _Problem, system: IndifferenceSystem, z: Floats) -> _Spot:
    """The zero at the tau of z, and the tangent towards rising tau."""
    row = _last_row(len(z))
    system, z, _ = _corrected(problem, system, z, row, float(z[-1]))
    return _spot(problem, system, z, row)


def _fold(problem: _Problem, spot: _Spot, end: _Spot) -> _Spot:
    """Where tau turns back between two spots: regula falsi (Illinois) on the tangent's share of tau."""
    t = spot.tangent
    left, right = 0.0, float(t @ (end.z - spot.z))
    at_left, at_right = float(t[-1]), float(end.tangent[-1])
    found, side = end, 0
    for _ in range(MOST_ROUNDS):
        s = right - at_right * (right - left) / (at_right - at_left)
        guess = spot.z + s / float(t @ (end.z - spot.z)) * (end.z - spot.z)
        system, z, _ = _corrected(problem, spot.system, guess, t, float(t @ spot.z) + s, spot.slope)
        found = _spot(problem, system, z, t)
        here = float(found.tangent[-1])
        if abs(here) < VERTICAL or right - left < LOCATED:
            return found
        if here * at_right > 0:
            right, at_right, at_left, side = s, here, at_left / (2 if side > 0 else 1), 1
        else:
            left, at_left, at_right, side = s, here, at_right / (2 if side < 0 else 1), -1
    return found


# --- changes of support --------------------------------------------------------------------------------------------------------


def _heights(system: IndifferenceSystem, x: Floats) -> tuple[Floats, ...]:
    """Per player (C_i,): what may not fall below 0: the chance of each action in use; by how much each other one is
    worse, in payoff ranges.
    """
    game, found = system.game, []
    strategies, values = system.unpack(x)
    for i, (used, worth) in enumerate(zip(system.support, system.action_values(x), strict=True)):
        own = np.repeat(values[:, i], game.action_counts[:, i])
        found.append(np.where(used, strategies[i], (own - worth) / system.spread[i]))
    return tuple(found)


def _crossings(problem: _Problem, spot: _Spot, end: _Spot) -> Iterator[_Choice]:
    """The choices that cross 0 between two spots of one system, with the share of the way at which they seem to."""
    unit = _unit(problem, spot.system)
    before, after = (_heights(each.system, (each.z * unit)[:-1]) for each in (spot, end))
    for i, (first, last) in enumerate(zip(before, after, strict=True)):
        for c in np.flatnonzero(last < -CROSSED):
            when = max(float(first[c]), 0.0) / (max(float(first[c]), 0.0) - float(last[c]))
            yield _Choice(i, int(c), not bool(spot.system.support[i][c]), when)


def _located(problem: _Problem, spot: _Spot, end: _Spot, crossing: list[_Choice]) -> tuple[_Spot, _Choice]:
    """The first event between two spots, exactly. Raises _LostError if none of the candidates comes first."""
    for choice in sorted(crossing, key=lambda each: each.when):
        guess = spot.z + choice.when * (end.z - spot.z)
        wide = _widened(spot.system, choice)
        place = int(wide.layout.place[choice.player][choice.number])
        start = _carried(problem, spot.system, wide, guess)
        start[place] = 0.0
        try:
            wide, there, _ = _corrected(problem, wide, start, _last_row(len(start), place), 0.0)
        except _LostError:
            continue
        z = _carried(problem, wide, spot.system, there)
        system = _system_at(problem, spot.system, z)
        heights = _heights(system, (z * _unit(problem, system))[:-1])
        whole, passed = np.linalg.norm(end.z - spot.z), float(spot.tangent @ (z - spot.z))
        if min(own.min() for own in heights) >= -ZERO and -ZERO <= passed <= whole + ZERO:
            others = _others_at_zero(problem, spot, heights, choice)
            return _spot(problem, system, z, spot.tangent), replace(choice, others=others)
    raise _LostError


def _others_at_zero(problem: _Problem, spot: _Spot, heights: tuple[Floats, ...], choice: _Choice) -> tuple[tuple[int, int], ...]:
    """Choices that are at 0 as well and were not before (those that always tie, such as an action written twice, do not
    count).
    """
    before = _heights(spot.system, (spot.z * _unit(problem, spot.system))[:-1])
    return tuple(
        (i, int(c))
        for i, (now, then) in enumerate(zip(heights, before, strict=True))
        for c in np.flatnonzero((np.abs(now) <= ZERO) & (np.abs(then) > ZERO))
        if (i, int(c)) != (choice.player, choice.number)
    )


def _widened(system: IndifferenceSystem, choice: _Choice) -> IndifferenceSystem:
    """The system on the larger of the two supports of an event."""
    return _flipped(system, choice) if choice.entering else system


def _flipped(system: IndifferenceSystem, choice: _Choice) -> IndifferenceSystem:
    support = [used.copy() for used in system.support]
    support[choice.player][choice.number] ^= True
    return IndifferenceSystem(system.game, tuple(support))


def _carried(problem: _Problem, old: IndifferenceSystem, new: IndifferenceSystem, z: Floats) -> Floats:
    """z of one support as z of another one in the same game; probabilities that are new are 0."""
    strategies, values = old.unpack((z * _unit(problem, old))[:-1])
    return np.append(new.pack(strategies, values), z[-1]) / _unit(problem, new)


def _pivoted(problem: _Problem, way: _Way, stride: _Stride, length: float) -> _Spot:
    """The same point on the new support and the direction in which the branch goes on. Raises _NoWayError if there is none."""
    spot, choice = stride.spots[-1], stride.choice
    if choice is None:
        return spot
    if choice.others:
        words = " and ".join(_words(spot.system, i, c) for i, c in ((choice.player, choice.number), *choice.others[:3]))
        raise _NoWayError(f"several actions enter or leave play at once: {words}")
    new = _flipped(spot.system, choice)
    z = _carried(problem, spot.system, new, spot.z)
    if choice.entering:
        row = _last_row(len(z), int(new.layout.place[choice.player][choice.number]))
        found = _spot(problem, new, z, row)
    else:
        found = _after_leaving(problem, spot, new, z, choice)
    way.events.append(_event(problem, way, found, choice, length))
    return found


def _no_way_on(stride: _Stride) -> str:
    """What is said where the conditions on the new support are singular."""
    system, choice = stride.spots[-1].system, stride.choice
    what = "an action" if choice is None else _words(system, choice.player, choice.number)
    return f"{what} enters or leaves play, and no branch goes on from there in one way"


def _after_leaving(problem: _Problem, spot: _Spot, new: IndifferenceSystem, z: Floats, choice: _Choice) -> _Spot:
    """The point z on the smaller support with the tangent along which the action that left becomes worse."""
    row = np.random.default_rng(GENERIC_SEED).normal(size=len(z))  # no tangent is orthogonal to it, the old one's may be
    found = _spot(problem, new, z, row / np.linalg.norm(row))
    found = _spot(problem, new, z, found.tangent)
    wide, unit = spot.system, _unit(problem, spot.system)
    along = _carried(problem, new, wide, found.tangent)
    rise = (wide.jacobian((spot.z * unit)[:-1]) @ (along * unit)[:-1]) / wide.row_scale() + spot.slope * along[-1]
    gain = float(rise[wide.layout.place[choice.player][choice.number]])
    if abs(gain) <= VERTICAL:
        raise _NoWayError(f"{_words(wide, choice.player, choice.number)} leaves play and goes on to tie with what is played")
    return replace(found, tangent=-np.sign(gain) * found.tangent)


def _event(problem: _Problem, way: _Way, found: _Spot, choice: _Choice, length: float) -> BranchEvent:
    """The change of support in words; also notes the direction of theta after it."""
    system, theta = found.system, problem.theta(found.z)
    upright = abs(float(found.tangent[-1])) <= VERTICAL
    direction = way.direction if upright else float(np.sign(found.tangent[-1]))
    turns = direction != way.direction
    way.direction = direction
    state, player, action = system.names(choice.player, choice.number)
    what = f"'{action}' of {player} in state '{state}'"
    happens = (
        f"{what} becomes as good as what is played and enters"
        if choice.entering
        else f"the chance of {what} falls to 0: it leaves play"
    )
    if not choice.entering and all(np.all(np.add.reduceat(used, starts[:-1]) == 1) for used, starts in _by_state(system)):
        happens += ", and nobody mixes any more"
    if turns:
        happens += "; the branch turns back"
    if upright:
        happens += "; at this value equilibria form a continuum"
    kind = "enters" if choice.entering else "leaves"
    sentence = f"at {problem.name} = {theta:.6g} {happens}"
    return BranchEvent(kind, theta, length, sentence, state=state, player=player, action=action, turns=turns)


def _by_state(system: IndifferenceSystem) -> Iterator[tuple[Booleans, Integers]]:
    """Each player's support as numbers, and where its states begin."""
    return ((used.astype(np.intp), starts) for used, starts in zip(system.support, system.game.choice_start, strict=True))


def _words(system: IndifferenceSystem, player: int, choice: int) -> str:
    state, name, action = system.names(player, choice)
    return f"'{action}' of {name} in state '{state}'"
