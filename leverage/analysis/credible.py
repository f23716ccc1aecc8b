"""All that credible play allows, measured at one parameter point: the range of every player, the best plan of each, bargaining
points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leverage.analysis.plays import Play, credible_play
from leverage.game.automaton import Automaton
from leverage.game.stochastic_game import StochasticGame
from leverage.solvers.bargaining import AGREEMENT, RULES, BargainingPoint, bargain
from leverage.solvers.equilibrium_set import EquilibriumSet, equilibrium_set

#: The gap that a run asks for, as a fraction of the payoff range: with a common discount factor sets have few vertices and a
#: small gap costs little; with different ones they have ever more vertices the closer one looks.
COMMON_TOLERANCE, UNEQUAL_TOLERANCE = 1e-4, 1e-2


@dataclass(frozen=True, eq=False)
class CrediblePlay:
    """sets: equilibrium payoffs of every state. points: what the players agree on at the start, one for each bargaining rule,
    with the worst equilibrium payoffs as the disagreement. best: for each player the play of the plan that is best for it;
    bargained: rule -> the play that pays its point."""

    sets: EquilibriumSet
    points: tuple[BargainingPoint, ...]
    best: tuple[Play, ...]
    bargained: dict[str, Play]

    @property
    def plays(self) -> tuple[Play, ...]:
        return (*self.best, *self.bargained.values())


def credible_play_of(game: StochasticGame, keys: tuple[str, ...], tolerance: float | None = None) -> CrediblePlay:
    """Solve a two-player game for all credible play, and measure the plans that a reader asks for.

    Parameters
    ----------
    game : two players. keys : what they are called in tables.
    tolerance : the gap to reach, a fraction of the payoff range; default 1e-4, and 1e-2 where discount factors differ.

    Raises
    ------
    GameError : another number of players.
    """
    equal = bool(np.ptp(game.discount) == 0)
    asked = tolerance if tolerance is not None else (COMMON_TOLERANCE if equal else UNEQUAL_TOLERANCE)
    sets = equilibrium_set(game, tolerance=asked)
    points = tuple(bargain(sets, game.start, rule) for rule in RULES)
    if not len(sets.inner[game.start]):
        return CrediblePlay(sets, points, (), {})
    best = tuple(
        credible_play(
            f"best credible plan for {key}", sets.plan(game.start, np.eye(2)[i]), sets.status, f"best for {key}, proved"
        )
        for i, key in enumerate(keys)
    )
    rule = "the worst equilibrium payoffs are the disagreement"
    bargained = {
        point.rule: credible_play(f"bargaining: {point.rule}", _plan_of(sets, game.start, point), sets.status, rule)
        for point in points
        if point.agreement == AGREEMENT
    }
    return CrediblePlay(sets, points, best, bargained)


def _plan_of(sets: EquilibriumSet, state: int, point: BargainingPoint) -> Automaton:
    return sets.plan_from(state, sets.vertex_node[state][list(point.vertices)], np.array(point.weights))
