"""Passing a point of a branch at which several actions enter or leave play at once.

Such points are ordinary in scenario games: of three speeds in one direction the middle one ties exactly when the other two do.
Complementary pivoting takes one action at a time and has no rule for them. Here all supports that the actions concerned allow
are tried a little further on in the direction of theta: those on which there is a certified equilibrium whose values come to
the present ones as the distance shrinks, and to which players can go over, at the point itself, through equilibria (mixtures of
tied actions). If there is exactly one, it continues the branch.

Source: Allgower and Georg (1990), chapter 8, for switching branches by trial at nearby points.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np

from leverage.certification.checker import certify
from leverage.game.stochastic_game import Booleans, Floats, Integers
from leverage.solvers.arclength import LostError, NoWayError, Problem, Spot, reported, settled, unit_of
from leverage.solvers.indifference import IndifferenceSystem
from leverage.solvers.support_changes import CROSSED, ZERO

#: How far on supports are tried, as a share of the range, and again at a share of that.
AHEAD, NEARER = 1e-5, 0.1
#: Values must come nearer at least like this when the distance shrinks so; within rounding all is near.
COMES_NEARER = 0.5
#: Values, in payoff ranges, that are further from the present ones do not continue them.
NEAR = 0.01
#: Plays between the present one and the next leave gains up to this share of the payoff range: the next is from 1e-6 further on.
CONNECTED = 2e-5
#: Shares of the way from the present play to the next at which that is looked at.
BETWEEN = (0.25, 0.5, 0.75)
#: Supports that are tried at most.
MOST_SUPPORTS = 256
#: Equilibria whose probabilities and values (in payoff ranges) differ by less are the same.
SAME = 1e-9

Concerned = tuple[tuple[int, int], ...]


def through_tie(problem: Problem, spot: Spot, concerned: Concerned, direction: float) -> Spot:
    """The equilibrium a little further on that continues the one at `spot`, with the tangent in the direction of theta.

    concerned: (player, choice) of the actions that enter or leave. direction: the sign of the change of theta. Raises NoWayError
    where none continues it, or several do.
    """
    tau = float(spot.z[-1]) + math.copysign(AHEAD, direction)
    if not 0 <= tau <= 1:
        raise NoWayError("the range ends there")
    found: list[Spot] = []
    for support in _supports(spot.system, concerned):
        there = _at(problem, spot, support, tau)
        if there is not None and _continues(problem, spot, there, support, direction) and not _known(problem, there, found):
            found.append(there)
    if len(found) != 1:
        how = "on none of their supports" if not found else f"on {len(found)} of their supports"
        raise NoWayError(f"{how} does an equilibrium continue it in this direction")
    there = found[0]
    return Spot(there.system, there.z, math.copysign(1.0, direction) * there.tangent, there.slope)


def _supports(system: IndifferenceSystem, concerned: Concerned) -> Iterator[tuple[Booleans, ...]]:
    """The supports that differ from the present one in the states of the concerned actions only."""
    groups: dict[tuple[int, int], set[int]] = {}
    for i, c in concerned:
        starts = system.game.choice_start[i]
        s = int(np.searchsorted(starts, c, side="right")) - 1
        used = np.flatnonzero(system.support[i][starts[s] : starts[s + 1]]) + starts[s]
        groups.setdefault((i, s), set(used.tolist())).add(c)
    options = [list(_subsets(sorted(choices))) for choices in groups.values()]
    if math.prod(map(len, options)) > MOST_SUPPORTS:
        raise NoWayError("too many supports are possible there")
    for chosen in itertools.product(*options):
        support = [used.copy() for used in system.support]
        for (i, _), choices, kept in zip(groups, groups.values(), chosen, strict=True):
            support[i][list(choices)] = False
            support[i][list(kept)] = True
        yield tuple(support)


def _subsets(choices: list[int]) -> Iterator[tuple[int, ...]]:
    """All but the empty one, small ones first."""
    return itertools.chain.from_iterable(itertools.combinations(choices, k) for k in range(1, len(choices) + 1))


def _at(problem: Problem, spot: Spot, support: tuple[Booleans, ...], tau: float) -> Spot | None:
    """The certified equilibrium on a support at tau that Newton's method finds from the present one; None if there is none."""
    new = IndifferenceSystem(spot.system.game, support)
    strategies, values = spot.system.unpack(spot.z[:-1] * unit_of(problem, spot.system)[:-1])
    guess = [_spread(own, used, new.game.choice_start[i]) for i, (own, used) in enumerate(zip(strategies, support, strict=True))]
    z = np.append(new.pack(guess, values), tau) / unit_of(problem, new)
    try:
        there = settled(problem, new, z)
        reported(problem, there, 0.0)
    except LostError:
        return None
    return there if np.all(there.z[: new.first_value] > CROSSED) else None


def _spread(own: Floats, used: Booleans, starts: Integers) -> Floats:
    """Chances (C,) cut to a support; uniform over it in states where nothing is left."""
    kept: Floats = np.where(used, own, 0.0)
    left = np.add.reduceat(kept, starts[:-1])
    size = np.diff(starts)
    uniform = used / np.repeat(np.add.reduceat(used.astype(np.float64), starts[:-1]), size)
    return np.asarray(np.where(np.repeat(left, size) > ZERO, kept / np.repeat(np.maximum(left, ZERO), size), uniform))


def _continues(problem: Problem, spot: Spot, there: Spot, support: tuple[Booleans, ...], direction: float) -> bool:
    """Whether values come to the present ones as the distance shrinks, and equilibria lead from the present play to this one."""
    far = _apart(problem, spot, there)
    nearer = _at(problem, spot, support, float(spot.z[-1]) + math.copysign(NEARER * AHEAD, direction))
    if nearer is None or far > NEAR or _apart(problem, spot, nearer) > COMES_NEARER * far + ZERO:
        return False
    game = spot.system.game
    allowed = CONNECTED * max(game.payoff_range, problem.payoff_range)
    old, new = _play(spot), _play(nearer)
    for share in BETWEEN:
        mixed = [(1 - share) * a + share * b for a, b in zip(old, new, strict=True)]
        profile = [
            [own[a:b] for a, b in itertools.pairwise(starts)] for own, starts in zip(mixed, game.choice_start, strict=True)
        ]
        if not certify(game, profile) <= allowed:
            return False
    return True


def _play(spot: Spot) -> list[Floats]:
    """Per player (C,) chances, rounding taken away."""
    found = []
    for own, starts in zip(spot.system.unpack(spot.z[:-1])[0], spot.system.game.choice_start, strict=True):
        kept = np.maximum(own, 0.0)
        found.append(kept / np.repeat(np.add.reduceat(kept, starts[:-1]), np.diff(starts)))
    return found


def _values(problem: Problem, spot: Spot) -> Floats:
    """(S, N) in payoff ranges."""
    return np.asarray(spot.system.unpack(spot.z[:-1] * unit_of(problem, spot.system)[:-1])[1] / problem.spread)


def _apart(problem: Problem, one: Spot, other: Spot) -> float:
    return float(np.max(np.abs(_values(problem, one) - _values(problem, other))))


def _known(problem: Problem, there: Spot, found: list[Spot]) -> bool:
    """Whether this equilibrium is among those found, on another support."""
    for other in found:
        plays = zip(_play(there), _play(other), strict=True)
        if max(float(np.max(np.abs(a - b))) for a, b in plays) <= SAME and _apart(problem, there, other) <= SAME:
            return True
    return False
