"""Following a Markov equilibrium as one parameter of the game moves: folds, changes of support, where it ends.

On a fixed support, equilibria solve F(x, theta) = 0 (`indifference`): a curve, followed by pseudo-arclength
continuation (`arclength`), which does not mind where theta turns back (a *fold*). The support changes (`support_changes`) where a
probability falls to 0 (the action *leaves*) or an unused action becomes as good as those used (it *enters*). Both are points of
the system on the larger support S at which the probability of that action is 0, so Newton's method with this as the last
equation finds them exactly. There the branch goes on in one way if only one action is concerned: on the smaller support where
the action becomes worse, or on the larger one where its probability grows (complementary pivoting). Where several changes fall
together, or a system is singular, all supports of the actions concerned are tried a little further on (`simultaneous_changes`):
the branch goes on if exactly one carries an equilibrium that continues this one. Failing that, the first of the actions whose
change alone leads on is taken, the others left where they tie, and the event says so; without any the branch stops.

Every point is checked by policy evaluation and the checker; arrays of the game are the true ones at each theta, and derivatives
in theta (central differences) serve as tangents only. Bifurcations, where branches cross on a fixed support, are passed
without notice.

Sources: Keller (1977) for pseudo-arclength continuation; Allgower and Georg (1990), chapters 2-9; Eaves (1971) for complementary
pivoting; Herings and Peeters (2004) for stochastic games.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from leverage.certification.checker import certify
from leverage.errors import GameError
from leverage.game.form import GameForm
from leverage.game.stochastic_game import Floats
from leverage.solvers.arclength import (
    VERTICAL,
    LostError,
    NoWayError,
    Problem,
    Spot,
    corrected,
    last_row,
    located_fold,
    reported,
    settled,
    spot_at,
    unit_of,
)
from leverage.solvers.branch import Branch, BranchEvent, BranchPoint, Family
from leverage.solvers.indifference import SUPPORT_PROBABILITY, IndifferenceSystem, solution_system
from leverage.solvers.simultaneous_changes import through_tie
from leverage.solvers.solution import Solution
from leverage.solvers.support_changes import (
    ZERO,
    Choice,
    after_leaving,
    by_state,
    carried,
    choice_words,
    crossings,
    flipped,
    located,
)

#: Points are certified to this share of the payoff range.
CERTIFIED_SHARE = 1e-9
#: Arclength of the first, the largest and the smallest step; the unit is the parameter's range, a probability, or all
#: values moving by their payoff ranges.
FIRST_STEP, LARGEST_STEP, SMALLEST_STEP = 0.02, 0.1, 1e-7
#: Arclength of a step by which a branch is tried.
SHORT_STEP = 1e-3
GROWTH, QUICK = 1.5, 5
#: The corrector may move by this share of the step, and the tangent turn to this cosine.
LARGEST_CORRECTION, LEAST_COSINE = 0.3, 0.85
#: Values of two plays that differ by ties agree to this share of the payoff range.
TIED_VALUES = 1e-7


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
    >>> from leverage.solvers.markov_perfect import markov_perfect
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
    largest_step: float | None = None,
    until: Callable[[BranchPoint], bool] | None = None,
    only_way: bool = False,
) -> Branch:
    """The same for any family of games of one shape: `family(theta)` for theta in [low, high]; `solution` is play of
    family(theta).

    largest_step: of arclength, > 0 (default: 0.1); with larger ones there are fewer points and the same events.
    until: where the branch need not be followed further: a side ends at its first point for which this is true.
    only_way: stop where several actions tie and more than one branch may go on, instead of taking the first; which branch is the
        first may hang on rounding after other ties.

    Raises GameError as `follow_equilibrium`.

    Examples
    --------
    >>> from leverage.game.stochastic_game import StochasticGame
    >>> from leverage.solvers.markov_perfect import markov_perfect
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
    problem = Problem(family, name, low, high, system.spread, tolerance, system.game.payoff_range)
    begun = _begun(problem, system, x, theta)
    note = ""
    if begun is None:
        begun = _untied(problem, solution, theta)
        note = "of several plays that differ by exact ties and give everybody the same, one is followed"
    if begun is None:
        return _only_start(problem, system, solution, theta)
    first = begun
    try:
        start = reported(problem, first, 0.0)
    except LostError:
        raise GameError(f"the given play is no equilibrium at {name} = {theta:.6g}, up to the tolerance") from None
    manner = _Manner(most_points, LARGEST_STEP if largest_step is None else largest_step, until, only_way)
    ways = [_walk(problem, replace(first, tangent=sign * first.tangent), manner) for sign in (-1.0, 1.0)]
    return replace(_joined(problem, start, ways[0], ways[1]), note=note)


def _begun(problem: Problem, system: IndifferenceSystem, x: Floats, theta: float) -> Spot | None:
    """The given equilibrium as a point of the curve; None where the conditions are singular."""
    z = np.append(x, (theta - problem.low) / problem.width) / unit_of(problem, system)
    try:
        return settled(problem, system, z)
    except LostError:
        return None


def _untied(problem: Problem, solution: Solution, theta: float) -> Spot | None:
    """A play with the same payoffs in which players choose outright wherever ties let them; None where that does not help.

    One state and player after the other, the likeliest action alone is tried, and kept if the checker finds no gain.
    """
    game, allowed = solution.plan.game, problem.allowed(solution.plan.game)
    strategies = [list(own) for own in solution.strategies]
    for own in strategies:
        for s, lottery in enumerate(own):
            if np.count_nonzero(lottery > SUPPORT_PROBABILITY) > 1:
                own[s] = np.eye(len(lottery))[int(np.argmax(lottery))]
                if not certify(game, strategies) <= allowed:
                    own[s] = lottery
    flat = [np.concatenate(own) for own in strategies]
    system = IndifferenceSystem.of_play(game, flat)
    begun = _begun(problem, system, system.pack(flat, solution.values), theta)
    if begun is None:
        return None
    values = begun.system.unpack(begun.z[:-1] * unit_of(problem, begun.system)[:-1])[1]
    return begun if float(np.max(np.abs(values - solution.values) / problem.spread)) <= TIED_VALUES else None


def _joined(problem: Problem, start: BranchPoint, down: _Way, up: _Way) -> Branch:
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


def _only_start(problem: Problem, system: IndifferenceSystem, solution: Solution, theta: float) -> Branch:
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


# --- one side of the branch --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Manner:
    """How a side is followed; see `follow_family`."""

    most_points: int
    largest_step: float
    until: Callable[[BranchPoint], bool] | None
    only_way: bool

    @property
    def first_step(self) -> float:
        return self.largest_step * FIRST_STEP / LARGEST_STEP

    def far_enough(self, way: _Way) -> bool:
        return self.until is not None and bool(way.points) and self.until(way.points[-1])


@dataclass(eq=False)
class _Way:
    """What was found on one side, in order; direction: the sign of the change of theta."""

    points: list[BranchPoint] = field(default_factory=list)
    events: list[BranchEvent] = field(default_factory=list)
    end: str = ""
    direction: float = 0.0


def _walk(problem: Problem, spot: Spot, manner: _Manner) -> _Way:
    """Follow the branch from a spot along its tangent."""
    way, length, step = _Way(direction=float(np.sign(spot.tangent[-1]))), 0.0, manner.first_step
    while len(way.points) < manner.most_points:
        if spot.z[-1] == (1.0 if spot.tangent[-1] > 0 else 0.0):
            way.end = f"reaches {problem.name} = {problem.theta(spot.z):.6g}, the end of the range"
            return way
        if manner.far_enough(way):
            way.end = f"followed to {problem.name} = {problem.theta(spot.z):.6g}, as far as was asked for"
            return way
        try:
            stride = _stride(problem, spot, step)
            _record(problem, way, stride, length)
        except LostError:
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
        except NoWayError as stop:
            _stop(way, problem, spot, length, str(stop))
            return way
        spot, length = stride.spots[-1], length + stride.lengths[-1]
        if stride.choice is not None:
            try:
                spot, length = _changed(problem, way, stride, length, manner.only_way)
            except NoWayError as stop:
                _stop(way, problem, spot, length, str(stop))
                return way
            step = manner.first_step
        elif stride.quick:
            step = min(GROWTH * step, manner.largest_step)
    theta = problem.theta(spot.z)
    way.end = f"followed for {manner.most_points} points, to {problem.name} = {theta:.6g}; the limit on points was reached"
    return way


@dataclass(frozen=True, eq=False)
class _Stride:
    """A step: a fold if there is one, then its end. choice: what crosses 0 at the end. quick: Newton's
    method took few steps."""

    spots: tuple[Spot, ...]
    lengths: tuple[float, ...]
    choice: Choice | None
    quick: bool


def _stride(problem: Problem, spot: Spot, step: float) -> _Stride:
    """Predict, correct, look for events on the way; raises LostError where the step is too long."""
    z, t = spot.z, spot.tangent
    ahead = z + step * t
    ends = not 0 <= ahead[-1] <= 1
    bound = min(max(float(ahead[-1]), 0.0), 1.0)
    if ends:
        step = (bound - z[-1]) / t[-1]
        ahead = z + step * t
    row = last_row(len(z)) if ends else t
    system, there, rounds = corrected(problem, spot.system, ahead, row, bound if ends else float(t @ z) + step, spot.slope)
    if np.linalg.norm(there - ahead) > LARGEST_CORRECTION * step + ZERO:
        raise LostError
    end = spot_at(problem, system, there, t)
    if end.tangent @ t < LEAST_COSINE:
        raise LostError
    choice: Choice | None = None
    crossing = list(crossings(problem, spot, end))
    if crossing:
        end, choice = located(problem, spot, end, crossing)
    spots: tuple[Spot, ...] = (end,)
    if spot.tangent[-1] * end.tangent[-1] < 0 and min(abs(spot.tangent[-1]), abs(end.tangent[-1])) > VERTICAL:
        spots = (located_fold(problem, spot, end), end)
    lengths = tuple(max(float(t @ (each.z - z)), 0.0) for each in spots)
    return _Stride(spots, lengths, choice, rounds <= QUICK)


def _record(problem: Problem, way: _Way, stride: _Stride, before: float) -> None:
    """Certify and keep a step's points; name its fold."""
    points = [reported(problem, spot, before + length) for spot, length in zip(stride.spots, stride.lengths, strict=True)]
    way.points.extend(points)
    if len(points) > 1:
        theta = points[0].theta
        sentence = f"at {problem.name} = {theta:.6g} the branch turns back: on the other side this equilibrium is gone (a fold)"
        way.direction = -way.direction
        way.events.append(BranchEvent("fold", theta, points[0].arclength, sentence, turns=True))


def _stop(way: _Way, problem: Problem, spot: Spot, length: float, why: str) -> None:
    theta = problem.theta(spot.z)
    sentence = f"at {problem.name} = {theta:.6g} the branch stops: {why}"
    way.events.append(BranchEvent("stops", theta, length, sentence))
    way.end = sentence


# --- changes of support --------------------------------------------------------------------------------------------------------


def _changed(problem: Problem, way: _Way, stride: _Stride, length: float, only_way: bool) -> tuple[Spot, float]:
    """The spot from which the branch goes on after a change of support, and the arclength there. Raises NoWayError.

    Where several actions are concerned, a jump to the one support that continues play is tried first, then each of them alone
    (not if only_way), the others left where they tie: the branch then goes through mixtures at this value of theta.
    """
    spot, choice = stride.spots[-1], stride.choice
    if choice is None:
        return spot, length
    concerned = ((choice.player, choice.number), *choice.others)
    why = _no_way_on(stride)
    if choice.others:
        words = " and ".join(choice_words(spot.system, i, c) for i, c in concerned[:4])
        why = f"several actions enter or leave play at once: {words}"
    else:
        try:
            return _pivoted(problem, way, spot, choice, length), length
        except NoWayError as stop:
            why = str(stop)
        except LostError:
            pass
    try:
        found = through_tie(problem, spot, concerned, way.direction)
        there = reported(problem, found, length + _distance(problem, spot, found))
    except (NoWayError, LostError) as none:
        alone = _alone(problem, way, spot, choice, length) if choice.others and not only_way else None
        if alone is None:
            raise NoWayError(f"{why}; {none}" if str(none) else why) from None
        return alone, length
    way.events.extend(_tie_events(problem, spot, found, length))
    way.points.append(there)
    return found, there.arclength


def _alone(problem: Problem, way: _Way, spot: Spot, choice: Choice, length: float) -> Spot | None:
    """The branch on which one of the concerned actions enters or leaves while the others go on to tie; the first, in their
    order, of which a further point is certified.
    """
    for i, c in sorted(((choice.player, choice.number), *choice.others)):
        one = Choice(i, c, not bool(spot.system.support[i][c]), choice.when)
        trial = _Way(direction=way.direction)
        try:
            found = _pivoted(problem, trial, spot, one, length)
            ahead = _stride(problem, found, SHORT_STEP)
            reported(problem, ahead.spots[-1], 0.0)
        except (NoWayError, LostError):
            continue
        event = trial.events[0]
        sentence = f"{event.sentence}; other actions tie there, and of several branches this one is followed"
        way.events.append(replace(event, sentence=sentence))
        way.direction = trial.direction
        return found
    return None


def _distance(problem: Problem, one: Spot, other: Spot) -> float:
    """How far two spots of different supports are apart, in the units of arclength."""
    (p, v), (q, w) = (each.system.unpack(each.z[:-1] * unit_of(problem, each.system)[:-1]) for each in (one, other))
    values = (v - w) / (problem.spread * np.sqrt(v.size))
    return float(
        np.linalg.norm([np.linalg.norm(np.concatenate(p) - np.concatenate(q)), np.linalg.norm(values), one.z[-1] - other.z[-1]])
    )


def _tie_events(problem: Problem, spot: Spot, found: Spot, length: float) -> list[BranchEvent]:
    """The actions that enter and leave play where several changes fall together."""
    events, theta = [], problem.theta(spot.z)
    for kind, sign in (("enters", 1), ("leaves", -1)):
        for i, (old, new) in enumerate(zip(spot.system.support, found.system.support, strict=True)):
            for c in np.flatnonzero(new.astype(int) - old.astype(int) == sign):
                state, player, action = found.system.names(i, int(c))
                sentence = (
                    f"at {problem.name} = {theta:.6g} several actions tie: '{action}' of {player} in state '{state}' {kind} play"
                )
                events.append(BranchEvent(kind, theta, length, sentence, state=state, player=player, action=action))
    return events


def _pivoted(problem: Problem, way: _Way, spot: Spot, choice: Choice, length: float) -> Spot:
    """The same point on the new support and the direction in which the branch goes on. Raises NoWayError if there is none."""
    new = flipped(spot.system, choice)
    z = carried(problem, spot.system, new, spot.z)
    if choice.entering:
        row = last_row(len(z), int(new.layout.place[choice.player][choice.number]))
        found = spot_at(problem, new, z, row)
    else:
        found = after_leaving(problem, spot, new, z, choice)
    way.events.append(_event(problem, way, found, choice, length))
    return found


def _no_way_on(stride: _Stride) -> str:
    """What is said where the conditions on the new support are singular."""
    system, choice = stride.spots[-1].system, stride.choice
    what = "an action" if choice is None else choice_words(system, choice.player, choice.number)
    return f"{what} enters or leaves play, and no branch goes on from there in one way"


def _event(problem: Problem, way: _Way, found: Spot, choice: Choice, length: float) -> BranchEvent:
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
    if not choice.entering and all(np.all(np.add.reduceat(used, starts[:-1]) == 1) for used, starts in by_state(system)):
        happens += ", and nobody mixes any more"
    if turns:
        happens += "; the branch turns back"
    if upright:
        happens += "; at this value equilibria form a continuum"
    kind = "enters" if choice.entering else "leaves"
    sentence = f"at {problem.name} = {theta:.6g} {happens}"
    return BranchEvent(kind, theta, length, sentence, state=state, player=player, action=action, turns=turns)
