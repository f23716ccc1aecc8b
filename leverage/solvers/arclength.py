"""The curve of zeros of the indifference conditions on a fixed support, by pseudo-arclength.

Sources: Keller (1977); Allgower and Georg (1990), chapters 2-9.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import sparse

from leverage.certification.checker import certify
from leverage.errors import GameError
from leverage.game.stochastic_game import Floats, StochasticGame
from leverage.solvers.branch import BranchPoint, Family
from leverage.solvers.indifference import SUPPORT_PROBABILITY, Factor, IndifferenceSystem, factored

#: Events are located to this share of the parameter's range.
LOCATED = 1e-9
#: Newton's method ends when its step is this small; it may take this many steps, and stall below the last number.
NEWTON_STEP, MOST_NEWTON, STALLED = 1e-12, 15, 1e-9
#: A tangent whose share of theta is below this stands on a continuum at one value of the parameter.
VERTICAL = 1e-7
#: Half the distance of central differences in theta, as a share of the range.
DIFFERENCE = 1e-6
#: A bordered matrix with a smaller reciprocal condition number is singular.
SINGULAR = 1e-14
#: Rounds that locate a fold.
MOST_ROUNDS = 60


@dataclass(frozen=True, eq=False)
class Problem:
    """theta = low + tau width. spread: (N,) players' payoff ranges at the start, the units of values. tolerance: share of
    payoff_range, the game's at the start, for certificates.
    """

    family: Family
    name: str
    low: float
    high: float
    spread: Floats
    tolerance: float
    payoff_range: float

    def allowed(self, game: StochasticGame) -> float:
        """The largest gain of a deviation at a reported point. The range at the start counts where that of the game is smaller:
        it is 0 in a game in which nothing matters.
        """
        rounding = 1e-14 * float(np.max(np.abs(game.payoffs)))
        return max(self.tolerance * max(game.payoff_range, self.payoff_range), rounding)

    @property
    def width(self) -> float:
        return self.high - self.low

    def theta(self, z: Floats) -> float:
        """The parameter at z, within its range."""
        return float(np.clip(self.low + z[-1] * self.width, self.low, self.high))


@dataclass(frozen=True, eq=False)
class Spot:
    """A point z = (x in units, tau) of a system, the unit tangent there, and dF/dtau (scaled) from which it was found."""

    system: IndifferenceSystem
    z: Floats
    tangent: Floats
    slope: Floats


class LostError(Exception):
    """A step was too long, or there is no way on."""


class NoWayError(Exception):
    """The branch stops; carries the sentence."""


def reported(problem: Problem, spot: Spot, arclength: float) -> BranchPoint:
    """The point as it is reported. Raises LostError where the checker does not confirm it."""
    system = spot.system
    strategies, values = system.unpack(spot.z[:-1] * unit_of(problem, system)[:-1])
    game, lotteries = system.game, []
    for i, own in enumerate(strategies):
        starts = game.choice_start[i]
        kept = np.maximum(own, 0.0)
        lotteries.append(kept / np.repeat(np.add.reduceat(kept, starts[:-1]), np.diff(starts)))
    profile = [[own[a:b] for a, b in pairwise(s)] for own, s in zip(lotteries, game.choice_start, strict=True)]
    certificate = certify(game, profile)
    if not certificate <= problem.allowed(game):
        raise LostError
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


def unit_of(problem: Problem, system: IndifferenceSystem) -> Floats:
    """(n + 1,): the units of (x, tau) in which arclength is measured; all values together weigh like one probability."""
    game = system.game
    values = np.tile(problem.spread * np.sqrt(game.n_states * game.n_players), game.n_states)
    return np.concatenate([np.ones(system.first_value), values, [1.0]])


def row_scale(problem: Problem, system: IndifferenceSystem) -> Floats:
    """(n,): what conditions are divided by: payoff a period in units of the ranges at the start, wherever theta is."""
    unit = (1 - system.game.discount) * problem.spread
    return np.concatenate([unit[system.group % system.game.n_players], np.ones(system.n_unknowns - system.first_value)])


def last_row(size: int, place: int = -1) -> Floats:
    """The row of the identity that fixes one coordinate (default: tau)."""
    row = np.zeros(size)
    row[place] = 1.0
    return row


def system_at(problem: Problem, system: IndifferenceSystem, z: Floats) -> IndifferenceSystem:
    """The system in the game at the parameter value of z."""
    try:
        return system.at(problem.family(problem.theta(z)))
    except GameError as error:
        raise LostError from error


def _slope(problem: Problem, system: IndifferenceSystem, z: Floats) -> Floats:
    """dF/dtau at fixed x, by differences within the range; rows scaled."""
    x = (z * unit_of(problem, system))[:-1]
    tau = min(max(float(z[-1]), 0.0), 1.0)
    after, before = min(tau + DIFFERENCE, 1.0), max(tau - DIFFERENCE, 0.0)
    upper, lower = (system_at(problem, system, np.array([at])).residual(x) for at in (after, before))
    return np.asarray((upper - lower) / (after - before) / row_scale(problem, system))


def _bordered(problem: Problem, system: IndifferenceSystem, z: Floats, slope: Floats, row: Floats) -> Factor:
    """The factored matrix of the scaled conditions' derivatives in z, and `row` below. Raises LostError if singular."""
    unit, scale = unit_of(problem, system), row_scale(problem, system)
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
        raise LostError
    return factor


def corrected(
    problem: Problem, system: IndifferenceSystem, z: Floats, row: Floats, level: float, slope: Floats | None = None
) -> tuple[IndifferenceSystem, Floats, int]:
    """Newton's method from z on F = 0 and row z = level; the derivative in tau stays `slope` (default: that at the start)."""
    z, last = z.copy(), np.inf
    slope = _slope(problem, system, z) if slope is None else slope
    for rounds in range(1, MOST_NEWTON + 1):
        system = system_at(problem, system, z)
        left = system.residual((z * unit_of(problem, system))[:-1]) / row_scale(problem, system)
        step = _bordered(problem, system, z, slope, row).solve(np.append(left, row @ z - level))
        z -= step
        size = float(np.max(np.abs(step)))
        if size <= NEWTON_STEP or (size <= STALLED and size > last / 2):
            return system, z, rounds  # in the game at a theta that differs by less than rounding moves values
        if not size < max(2 * last, 1.0):
            break
        last = size
    raise LostError


def spot_at(problem: Problem, system: IndifferenceSystem, z: Floats, row: Floats) -> Spot:
    """The zero z with the unit tangent that has a positive product with `row`. Raises LostError where there is none."""
    slope = _slope(problem, system, z)
    direction = _bordered(problem, system, z, slope, row).solve(last_row(len(z)))
    return Spot(system, z, direction / np.linalg.norm(direction), slope)


def settled(problem: Problem, system: IndifferenceSystem, z: Floats) -> Spot:
    """The zero at the tau of z, and the tangent towards rising tau."""
    row = last_row(len(z))
    system, z, _ = corrected(problem, system, z, row, float(z[-1]))
    return spot_at(problem, system, z, row)


def located_fold(problem: Problem, spot: Spot, end: Spot) -> Spot:
    """Where tau turns back between two spots: regula falsi (Illinois) on the tangent's share of tau."""
    t = spot.tangent
    left, right = 0.0, float(t @ (end.z - spot.z))
    at_left, at_right = float(t[-1]), float(end.tangent[-1])
    found, side = end, 0
    for _ in range(MOST_ROUNDS):
        s = right - at_right * (right - left) / (at_right - at_left)
        guess = spot.z + s / float(t @ (end.z - spot.z)) * (end.z - spot.z)
        system, z, _ = corrected(problem, spot.system, guess, t, float(t @ spot.z) + s, spot.slope)
        found = spot_at(problem, system, z, t)
        here = float(found.tangent[-1])
        if abs(here) < VERTICAL or right - left < LOCATED:
            return found
        if here * at_right > 0:
            right, at_right, at_left, side = s, here, at_left / (2 if side > 0 else 1), 1
        else:
            left, at_left, at_right, side = s, here, at_right / (2 if side < 0 else 1), -1
    return found
