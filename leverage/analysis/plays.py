"""The ways of playing that a run reports: each solution concept, each combination of named strategies, each against a best reply.

A *play* is a plan for all players with a verdict: is it an equilibrium, is it subgame perfect, who would gain most by
departing from it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from leverage.analysis.outcomes import Outcome, date_label, measure_outcomes
from leverage.certification.checker import Deviation
from leverage.errors import UnsolvedError
from leverage.game.automaton import Automaton, join
from leverage.game.stochastic_game import StochasticGame
from leverage.solvers.best_reply import best_reply
from leverage.solvers.declared import TOLERANCE, judge_plan
from leverage.solvers.error_radius import ErrorRadius, error_radius
from leverage.solvers.finite_horizon import finite_horizon
from leverage.solvers.markov_perfect import markov_perfect
from leverage.solvers.solution import Solution
from leverage.solvers.stage_nash import stage_nash
from leverage.solvers.sustainable_path import PathVerdict

#: At most so many combinations of named strategies are played.
MOST_COMBINATIONS = 400
#: Stands for a player's best reply in `Play.strategies`.
BEST_REPLY = "best reply"
#: Stands between the players' strategies in the name of a play.
VERSUS = " against "
#: The selection of the point prediction.
MARKOV = "Markov perfect"

Machines = Sequence[Mapping[str, Automaton]]


@dataclass(frozen=True, eq=False)
class Play:
    """One way of playing, measured.

    selection: its name in tables. strategies: per player the named strategy, BEST_REPLY, or "" for a solution concept.
    outcomes: from the game's start. gain: largest gain of a one-shot deviation, payoff a period. departure: who gains
    it, where (None: nobody gains). reply_gains: (N,) what each player would gain from the start by its best reply; NaN
    where the question does not arise (a finite horizon). equilibrium: nobody gains by a best reply at the start.
    subgame_perfect: nobody gains anywhere, in (state, memory), that play can get to whatever anybody does. status: a
    sentence. rule: how it was chosen among several. solution: what the solver returned, for a solution concept. radius: how far
    the point prediction's values are from an exact equilibrium's. credible: one of the plans of the equilibrium payoff set.
    path: whether what is played while nobody departs could be upheld by the worst credible punishments; None where not asked.
    """

    selection: str
    strategies: tuple[str, ...]
    plan: Automaton
    outcomes: tuple[Outcome, ...]
    gain: float
    departure: Deviation | None
    reply_gains: tuple[float, ...]
    equilibrium: bool
    subgame_perfect: bool
    status: str
    rule: str
    solution: Solution | None = None
    radius: ErrorRadius | None = None
    credible: bool = False
    path: PathVerdict | None = None

    @property
    def is_solution(self) -> bool:
        """Whether it is the one play of a solution concept."""
        return not any(self.strategies) and not self.credible

    @property
    def has_best_reply(self) -> bool:
        return BEST_REPLY in self.strategies

    def value(self, subject: str, quantity: str) -> float:
        """One number of the outcomes; NaN if there is none."""
        return next((o.value for o in self.outcomes if o.subject == subject and o.quantity == quantity), float("nan"))


@dataclass(frozen=True)
class Unsolved:
    """A solution concept for which no certified answer was found, and what to try."""

    selection: str
    advice: str


def solution_plays(game: StochasticGame, horizon: int) -> Iterator[Play | Unsolved]:
    """Play under each solution concept, one after the other. `horizon` is in periods."""
    concepts: tuple[tuple[str, Callable[[], Solution], int | None], ...] = (
        (MARKOV, lambda: markov_perfect(game)[0], None),
        (f"horizon of {date_label(game, horizon)}", lambda: finite_horizon(game, horizon), horizon),
        ("stage Nash", lambda: stage_nash(game), None),
    )
    for selection, solve, periods in concepts:
        try:
            solution = solve()
        except UnsolvedError as error:
            yield Unsolved(selection, str(error))
        else:
            yield _point(selection, solution) if selection == MARKOV else _solved(selection, solution, periods)


def _point(selection: str, solution: Solution) -> Play:
    """The point prediction, with a sentence on how far its values are from those of an exact equilibrium."""
    found, unit = error_radius(solution), solution.plan.game.payoff_unit
    # a bound is rounded upwards
    known = f"values are within {1.05 * found.radius:.2g} {unit} of an exact equilibrium's"
    if np.isnan(found.radius):
        known = f"no bound is known on their distance to an exact equilibrium's: {found.reason}"
    said = replace(solution, status=f"{solution.status}; {known}")
    return replace(_solved(selection, said, None), radius=found)


def _solved(selection: str, solution: Solution, periods: int | None) -> Play:
    nobody = ("",) * solution.plan.game.n_players
    if periods is None:
        return replace(_judged(selection, nobody, solution.plan, solution.status, solution.selection), solution=solution)
    fine = solution.certificate <= TOLERANCE * solution.plan.game.payoff_range
    return Play(
        selection=selection,
        strategies=nobody,
        plan=solution.plan,
        outcomes=measure_outcomes(solution.plan, periods),
        gain=solution.certificate,
        departure=None,
        reply_gains=(float("nan"),) * len(nobody),
        equilibrium=fine,
        subgame_perfect=fine,
        status=solution.status,
        rule=solution.selection,
        solution=solution,
    )


def credible_play(selection: str, plan: Automaton, status: str, rule: str) -> Play:
    """Play of a plan of the equilibrium payoff set, as far as it is known: such a plan reaches its corner within the gap only,
    and the long run, of which discounting leaves nothing, may hang on a chance of one in a million a period."""
    play = _judged(selection, ("",) * plan.game.n_players, plan, status, rule, ever=False)
    return replace(play, credible=True)


def declared_plays(game: StochasticGame, machines: Machines) -> Iterator[Play]:
    """Every combination of named strategies, then every combination of all players but one against that one's best reply."""
    for names in declared_combinations(machines):
        if BEST_REPLY not in names:
            plan = join([own[name] for own, name in zip(machines, names, strict=True)])
            yield _judged(title(names), names, plan, "played as written", "as declared")
        else:
            against = join([machines[i][name] for i, name in enumerate(names) if name != BEST_REPLY])
            reply = best_reply(against, names.index(BEST_REPLY))
            yield _judged(title(names), names, reply.plan, reply.status, reply.selection)


def declared_combinations(own: Sequence[Collection[str]]) -> list[tuple[str, ...]]:
    """The combinations of named strategies, then those in which one player's is BEST_REPLY, the last player's first; none where
    there are more than MOST_COMBINATIONS of them.

    own: per player the names of its strategies.
    """
    if math.prod(max(1, len(names)) for names in own) > MOST_COMBINATIONS:
        return []
    written = list(itertools.product(*own))
    replying = [
        names
        for replier in reversed(range(len(own)))
        for names in itertools.product(*((BEST_REPLY,) if i == replier else each for i, each in enumerate(own)))
    ]
    return [*written, *replying] if len(own) > 1 else written


def title(names: Sequence[str]) -> str:
    """The name of a combination in tables."""
    return VERSUS.join(names)


def _judged(selection: str, names: tuple[str, ...], plan: Automaton, status: str, rule: str, *, ever: bool = True) -> Play:
    """Measure a plan and judge it by the checker and by best replies."""
    verdict = judge_plan(plan)
    worst = verdict.certificate.worst
    return Play(
        selection=selection,
        strategies=names,
        plan=plan,
        outcomes=measure_outcomes(plan, ever=ever),
        gain=verdict.certificate.gain,
        departure=worst[0] if worst and not verdict.subgame_perfect else None,
        reply_gains=tuple(map(float, verdict.best_reply_gains)),
        equilibrium=verdict.equilibrium or verdict.subgame_perfect,
        subgame_perfect=verdict.subgame_perfect,
        status=status,
        rule=rule,
    )
