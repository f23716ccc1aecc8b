"""Where the support of a followed equilibrium changes: an action leaves play, or enters it.

Sources: Eaves (1971) for complementary pivoting; Herings and Peeters (2004) for stochastic games.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from leverage.game.stochastic_game import Booleans, Floats, Integers
from leverage.solvers.arclength import (
    VERTICAL,
    LostError,
    NoWayError,
    Problem,
    Spot,
    corrected,
    last_row,
    row_scale,
    spot_at,
    system_at,
    unit_of,
)
from leverage.solvers.indifference import IndifferenceSystem

#: A probability below minus the first, or a gain above it in payoff ranges, is an event; within the second, both count as zero.
CROSSED, ZERO = 1e-11, 1e-8
#: Seed of a fixed direction in general position.
GENERIC_SEED = 1977


@dataclass(frozen=True)
class Choice:
    """A choice whose chance or disadvantage falls through 0 at the share `when` of a step. entering: it is off the support.
    others: (player, choice) of those that fall to 0 at the same point."""

    player: int
    number: int
    entering: bool
    when: float
    others: tuple[tuple[int, int], ...] = ()


def heights_of(problem: Problem, system: IndifferenceSystem, x: Floats) -> tuple[Floats, ...]:
    """Per player (C_i,): what may not fall below 0: the chance of each action in use; by how much each other one is
    worse, in payoff ranges.
    """
    game, found = system.game, []
    strategies, values = system.unpack(x)
    for i, (used, worth) in enumerate(zip(system.support, system.action_values(x), strict=True)):
        own = np.repeat(values[:, i], game.action_counts[:, i])
        found.append(np.where(used, strategies[i], (own - worth) / problem.spread[i]))
    return tuple(found)


def crossings(problem: Problem, spot: Spot, end: Spot) -> Iterator[Choice]:
    """The choices that cross 0 between two spots of one system, with the share of the way at which they seem to."""
    unit = unit_of(problem, spot.system)
    before, after = (heights_of(problem, each.system, (each.z * unit)[:-1]) for each in (spot, end))
    for i, (first, last) in enumerate(zip(before, after, strict=True)):
        for c in np.flatnonzero(last < -CROSSED):
            when = max(float(first[c]), 0.0) / (max(float(first[c]), 0.0) - float(last[c]))
            yield Choice(i, int(c), not bool(spot.system.support[i][c]), when)


def located(problem: Problem, spot: Spot, end: Spot, crossing: list[Choice]) -> tuple[Spot, Choice]:
    """The first event between two spots, exactly. Raises LostError if none of the candidates comes first."""
    for choice in sorted(crossing, key=lambda each: each.when):
        guess = spot.z + choice.when * (end.z - spot.z)
        wide = _widened(spot.system, choice)
        place = int(wide.layout.place[choice.player][choice.number])
        start = carried(problem, spot.system, wide, guess)
        start[place] = 0.0
        try:
            wide, there, _ = corrected(problem, wide, start, last_row(len(start), place), 0.0)
        except LostError:
            continue
        z = carried(problem, wide, spot.system, there)
        system = system_at(problem, spot.system, z)
        heights = heights_of(problem, system, (z * unit_of(problem, system))[:-1])
        whole, passed = np.linalg.norm(end.z - spot.z), float(spot.tangent @ (z - spot.z))
        if min(own.min() for own in heights) >= -ZERO and -ZERO <= passed <= whole + ZERO:
            others = _others_at_zero(problem, spot, heights, choice)
            return spot_at(problem, system, z, spot.tangent), replace(choice, others=others)
    raise LostError


def _others_at_zero(problem: Problem, spot: Spot, heights: tuple[Floats, ...], choice: Choice) -> tuple[tuple[int, int], ...]:
    """Choices that are at 0 as well and were not before (those that always tie, such as an action written twice, do not
    count).
    """
    before = heights_of(problem, spot.system, (spot.z * unit_of(problem, spot.system))[:-1])
    return tuple(
        (i, int(c))
        for i, (now, then) in enumerate(zip(heights, before, strict=True))
        for c in np.flatnonzero((np.abs(now) <= ZERO) & (np.abs(then) > ZERO))
        if (i, int(c)) != (choice.player, choice.number)
    )


def _widened(system: IndifferenceSystem, choice: Choice) -> IndifferenceSystem:
    """The system on the larger of the two supports of an event."""
    return flipped(system, choice) if choice.entering else system


def flipped(system: IndifferenceSystem, choice: Choice) -> IndifferenceSystem:
    """The system with the choice put into the support, or taken out of it."""
    support = [used.copy() for used in system.support]
    support[choice.player][choice.number] ^= True
    return IndifferenceSystem(system.game, tuple(support))


def carried(problem: Problem, old: IndifferenceSystem, new: IndifferenceSystem, z: Floats) -> Floats:
    """z of one support as z of another one in the same game; probabilities that are new are 0."""
    strategies, values = old.unpack((z * unit_of(problem, old))[:-1])
    return np.append(new.pack(strategies, values), z[-1]) / unit_of(problem, new)


def after_leaving(problem: Problem, spot: Spot, new: IndifferenceSystem, z: Floats, choice: Choice) -> Spot:
    """The point z on the smaller support with the tangent along which the action that left becomes worse."""
    row = np.random.default_rng(GENERIC_SEED).normal(size=len(z))  # no tangent is orthogonal to it, the old one's may be
    found = spot_at(problem, new, z, row / np.linalg.norm(row))
    found = spot_at(problem, new, z, found.tangent)
    wide, unit = spot.system, unit_of(problem, spot.system)
    along = carried(problem, new, wide, found.tangent)
    rise = (wide.jacobian((spot.z * unit)[:-1]) @ (along * unit)[:-1]) / row_scale(problem, wide) + spot.slope * along[-1]
    gain = float(rise[wide.layout.place[choice.player][choice.number]])
    if abs(gain) <= VERTICAL:
        raise NoWayError(f"{choice_words(wide, choice.player, choice.number)} leaves play and goes on to tie with what is played")
    return replace(found, tangent=-np.sign(gain) * found.tangent)


def by_state(system: IndifferenceSystem) -> Iterator[tuple[Booleans, Integers]]:
    """Each player's support as numbers, and where its states begin."""
    return ((used.astype(np.intp), starts) for used, starts in zip(system.support, system.game.choice_start, strict=True))


def choice_words(system: IndifferenceSystem, player: int, choice: int) -> str:
    """An action, its player and its state."""
    state, name, action = system.names(player, choice)
    return f"'{action}' of {name} in state '{state}'"
