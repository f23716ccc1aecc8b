"""All that credible play allows, measured at one parameter point: the range of every player, the best plan of each, bargaining
points.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from leverage.analysis.plays import Play, credible_play
from leverage.analysis.proved_sets import bounded, proved, run_tolerance
from leverage.errors import UnsolvedError
from leverage.game.automaton import Automaton
from leverage.game.stochastic_game import Floats, Integers, StochasticGame
from leverage.solvers.bargaining import AGREEMENT, RULES, BargainingPoint, bargain
from leverage.solvers.equilibrium_set import EquilibriumSet
from leverage.solvers.multiplicity import Multiplicity, find_equilibria
from leverage.solvers.payoff_bounds import PayoffBounds
from leverage.solvers.small_plan import SmallPlan, small_plan
from leverage.solvers.sustainable_path import sustainable_path
from leverage.solvers.variable_threats import VariableThreats, variable_threats


@dataclass(frozen=True, eq=False)
class CrediblePlay:
    """Subgame-perfect play in pure actions with public randomisation.

    outer, inner: (S, N, 2) smallest and largest payoff of each player: no equilibrium pays less or more; equilibria that are
    proved pay so little and so much (NaN where there is none). gap: largest distance of what is proved to what is possible.
    status: a sentence. sets: the sets themselves, for two players; bounds: for more. points: what two players agree on at the
    start, one for each bargaining rule, with the worst equilibrium payoffs as the disagreement. threats: Nash's benchmark of
    binding threats, for two players with a common discount factor. best: for each of two players the play of the plan that is
    best for it, small: that plan as it is told; bargained: rule -> the play that pays its point.
    """

    outer: Floats
    inner: Floats
    gap: float
    status: str
    sets: EquilibriumSet | None = None
    bounds: PayoffBounds | None = None
    points: tuple[BargainingPoint, ...] = ()
    threats: VariableThreats | None = None
    best: tuple[Play, ...] = ()
    small: tuple[SmallPlan, ...] = ()
    bargained: dict[str, Play] = field(default_factory=dict)

    @property
    def plays(self) -> tuple[Play, ...]:
        return (*self.best, *self.bargained.values())


def credible_play_of(
    game: StochasticGame,
    keys: tuple[str, ...],
    tolerance: float | None = None,
    levels: Integers | None = None,
    search: Callable[[], Multiplicity] | None = None,
) -> CrediblePlay:
    """Solve a game of two players or more for all credible play, and measure the plans that a reader asks for.

    Parameters
    ----------
    game : two players or more. keys : what they are called in tables.
    tolerance : the gap to reach, a fraction of the payoff range; default 1e-4, and 1e-2 where discount factors differ or there
        are more than two players.
    levels : (S, variables) levels of the state variables, by which plans are told; see `small_plan`.
    search : the short search for Markov equilibria, if it was made already; asked where nothing is proved without it.
    """
    look = search or partial(find_equilibria, game, short=True)
    gap = tolerance or run_tolerance(game)
    sets = proved(lambda gap, known: bounded(game, gap, known=known), gap, look)
    if isinstance(sets, PayoffBounds):
        return CrediblePlay(sets.outer, sets.inner, sets.gap, sets.status, bounds=sets)
    points = tuple(bargain(sets, game.start, rule) for rule in RULES)
    best, bargained = ((), {}) if not len(sets.inner[game.start]) else (_best(sets, keys), _bargained(sets, points))
    return CrediblePlay(
        outer=sets.bounds,
        inner=inner_ends(sets),
        gap=sets.gap,
        status=sets.status,
        sets=sets,
        points=points,
        threats=_threats(game) if np.ptp(game.discount) == 0 else None,
        best=best,
        small=tuple(small_plan(sets, game.start, np.eye(2)[i], levels=levels) for i in range(2)) if best else (),
        bargained=bargained,
    )


def inner_ends(sets: EquilibriumSet) -> Floats:
    """(S, 2, 2): smallest and largest payoffs of the inner polygons; NaN where they are empty."""
    nothing = np.full((2, 2), np.nan)
    return np.array([np.stack([v.min(axis=0), v.max(axis=0)], axis=1) if len(v) else nothing for v in sets.inner])


def _threats(game: StochasticGame) -> VariableThreats | None:
    try:
        return variable_threats(game)
    except UnsolvedError:
        return None


def _best(sets: EquilibriumSet, keys: tuple[str, ...]) -> tuple[Play, ...]:
    start = sets.game.start
    return tuple(
        credible_play(f"best credible plan for {key}", sets.plan(start, np.eye(2)[i]), sets.status, f"best for {key}, proved")
        for i, key in enumerate(keys)
    )


def _bargained(sets: EquilibriumSet, points: tuple[BargainingPoint, ...]) -> dict[str, Play]:
    rule, start = "the worst equilibrium payoffs are the disagreement", sets.game.start
    return {
        point.rule: credible_play(f"bargaining: {point.rule}", _plan_of(sets, start, point), sets.status, rule)
        for point in points
        if point.agreement == AGREEMENT
    }


def _plan_of(sets: EquilibriumSet, state: int, point: BargainingPoint) -> Automaton:
    return sets.plan_from(state, sets.vertex_node[state][list(point.vertices)], np.array(point.weights))


def with_paths(plays: Sequence[Play], sets: EquilibriumSet) -> list[Play]:
    """The plays, those of named strategies with the verdict on their path: "credible" in its second meaning."""
    asked = [any(play.strategies) and not play.has_best_reply for play in plays]
    return [replace(p, path=sustainable_path(sets, p.plan)) if ask else p for p, ask in zip(plays, asked, strict=True)]
