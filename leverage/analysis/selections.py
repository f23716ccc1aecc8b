"""Which of the equilibria, or which pair of named strategies: the play that a selection picks in one game, with bounds.

A selection from the equilibrium payoff set V is known as far as V is: its value is that of a proved plan, its bounds hold for
every V between the inner and the outer polygon.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from leverage.analysis.figure import Figure
from leverage.analysis.outcomes import PAYOFF, Measured, speaks_of_ever
from leverage.game.automaton import Automaton
from leverage.game.stochastic_game import Floats
from leverage.solvers.bargaining import AGREEMENT, CANNOT_BE_TOLD, bargain
from leverage.solvers.convex_polygon import clip
from leverage.solvers.equilibrium_set import SIMPLIFICATION_SHARE, EquilibriumSet
from leverage.solvers.error_radius import error_radius
from leverage.solvers.payoff_bounds import PayoffBounds
from leverage.solvers.solution import Solution

#: The bargaining rule of the selection "bargaining point".
BARGAINING_RULE = "nash"


@dataclass(frozen=True, eq=False)
class Chosen:
    """Play under a selection.

    given: payoffs per player; none where the plan is played as it stands. plan: play that pays their values; None where there is
    none to look at (`reason` says why). finite: the plan reaches its payoffs within a gap only, so that nothing is said of its
    long run. rule: how it was chosen, ties included. open: there may be such play; closer bounds would tell.
    """

    given: tuple[Figure, ...]
    plan: Automaton | None
    rule: str = ""
    reason: str = ""
    finite: bool = False
    open: bool = False

    @cached_property
    def payoffs(self) -> tuple[Figure, ...]:
        """Per player."""
        if self.given or self.plan is None:
            return self.given
        return tuple(self.outcome(player, PAYOFF) for player in self.plan.game.players)

    @cached_property
    def _measured(self) -> Measured | None:
        """Outcomes from the game's start."""
        return None if self.plan is None else Measured(self.plan)

    def outcome(self, subject: str, quantity: str) -> Figure:
        """One outcome of the plan, exact but for rounding; idle where the question does not arise."""
        if self._measured is None and self.open:
            return Figure.between(-math.inf, math.inf, self.reason)
        if self._measured is None:
            return Figure.missing("undefined", self.reason)
        if self.finite and speaks_of_ever(quantity):
            return Figure.missing("undefined", "the long run of a plan that is known within a gap only")
        found = self._measured.outcome(subject, quantity)
        if found is None:
            return Figure.missing("undefined", f"no '{quantity}' of {subject} is measured")
        if np.isnan(found.value):
            return Figure.missing("idle", f"'{quantity}' of {subject}: it never happens")
        return Figure.within(found.value, found.certificate)


def nothing(n_players: int, reason: str) -> Chosen:
    """No play under this selection."""
    return Chosen((Figure.missing("undefined", reason),) * n_players, None, reason=reason)


def perhaps(low: Floats, high: Floats, reason: str) -> Chosen:
    """Play that may exist: (N,) bounds on what it would pay are known, and no more."""
    payoffs = tuple(Figure.between(a, b, reason) for a, b in zip(low.tolist(), high.tolist(), strict=True))
    return Chosen(payoffs, None, reason=reason, open=True)


def played(plan: Automaton, rule: str) -> Chosen:
    """A plan as it stands: exact but for rounding."""
    return Chosen((), plan, rule)


def markov(solution: Solution) -> Chosen:
    """A Markov equilibrium; the bounds are its error radius, infinite where none is known."""
    found, plan = error_radius(solution), solution.plan
    reason = f"not bounded: {found.reason}" if np.isnan(found.radius) else ""
    start = solution.values[plan.game.start]
    return Chosen(tuple(Figure.within(float(value), found.radius, reason) for value in start), plan, solution.selection)


def extreme(sets: EquilibriumSet, player: int, side: int) -> Chosen:
    """The best (side = 1) or the worst (side = -1) equilibrium for a player at the start; of ties the one better for both
    together.

    The other player's bounds hold for every equilibrium that is as good (as bad) for the player as the true extreme one.
    """
    start = sets.game.start
    outer, inner = sets.outer[start], sets.inner[start]
    if not len(outer):
        return nothing(2, f"there is no equilibrium: {sets.status}")
    drawn = SIMPLIFICATION_SHARE * sets.tolerance  # by so much outer polygons may be drawn too thin
    if not len(inner):
        return perhaps(outer.min(axis=0) - drawn, outer.max(axis=0) + drawn, f"no equilibrium is proved: {sets.status}")
    along = side * np.eye(2)[player]
    value = inner[sets.best_vertex(start, along)]
    kept = clip(outer, along, min(float((inner @ along).max()), float((outer @ along).max())))
    low, high = np.minimum(kept.min(axis=0) - drawn, value), np.maximum(kept.max(axis=0) + drawn, value)
    end = low if side > 0 else high  # the player's own payoff is proved
    end[player] = value[player]
    word = "best" if side > 0 else "worst"
    rule = f"the {word} equilibrium for {sets.game.players[player]}; of ties the one with the larger sum of payoffs"
    return Chosen(tuple(map(Figure, value.tolist(), low.tolist(), high.tolist())), sets.plan(start, along), rule, finite=True)


def agreed(sets: EquilibriumSet) -> Chosen:
    """Nash's bargaining point at the start, the worst equilibrium payoffs being the disagreement."""
    start = sets.game.start
    point = bargain(sets, start, BARGAINING_RULE)
    if point.agreement == CANNOT_BE_TOLD:
        return perhaps(point.low, point.high, f"bargaining point: {point.sentence}")
    if point.agreement != AGREEMENT:
        return nothing(2, f"no bargaining point: {point.sentence}")
    payoffs = tuple(
        Figure(float(v), min(float(a), float(v)), max(float(b), float(v)))
        for v, a, b in zip(point.point, point.low, point.high, strict=True)
    )
    nodes = sets.vertex_node[start][list(point.vertices)]
    return Chosen(payoffs, sets.plan_from(start, nodes, np.array(point.weights)), point.sentence, finite=True)


def end_of_range(bounds: PayoffBounds, player: int, side: int) -> Chosen:
    """For three players and more: the end of one player's range at the start; nothing is known of the others' payoffs there."""
    start = bounds.game.start
    k = 1 if side > 0 else 0
    inner, outer = float(bounds.inner[start, player, k]), float(bounds.outer[start, player, k])
    if np.isnan(outer):
        return nothing(bounds.game.n_players, f"there is no equilibrium: {bounds.status}")
    if np.isnan(inner):
        return perhaps(bounds.outer[start, :, 0], bounds.outer[start, :, 1], f"no equilibrium is proved: {bounds.status}")
    reason = "only the end of one player's range is bounded with more than two players"
    payoffs = [Figure.missing("undefined", reason)] * bounds.game.n_players
    payoffs[player] = Figure(inner, min(inner, outer), max(inner, outer))
    return Chosen(tuple(payoffs), None, reason=reason)
