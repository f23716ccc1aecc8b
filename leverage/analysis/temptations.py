"""What a departure from a plan is made of: what it brings at once, and what it changes later; which named terms speak for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leverage.analysis.figure import Figure
from leverage.analysis.plays import BEST_REPLY, declared_combinations
from leverage.analysis.point import Point
from leverage.certification.checker import Deviation
from leverage.errors import GameError, UnsolvedError
from leverage.game.automaton import Automaton
from leverage.game.stochastic_game import Floats, Integers
from leverage.solvers.declared import PairVerdict, judge_plan
from leverage.solvers.equilibrium_set import EquilibriumSet
from leverage.solvers.sustainable_path import Departure, PathVerdict, sustainable_path

#: A term that a departure changes by no more than this fraction of the payoff range is not changed by it.
NO_CHANGE = 1e-9


@dataclass(frozen=True)
class Temptation:
    """A departure and what it is made of, in normalised payoff: what one period changes counts by 1 - discount.

    player: who departs. state, memory: where, in words; memory is '' where nothing is remembered. played, action: from what to
    what. gain = now + later: of the departure in the period itself, and by what follows. terms: name -> what it adds to `now`,
    the largest first, for terms that change. reached: event -> whether its condition holds in that state.
    """

    player: int
    state: str
    memory: str
    played: str
    action: str
    gain: Figure
    now: float
    later: Figure
    terms: dict[str, float]
    reached: dict[str, bool]


def temptation(plan: Automaton, deviation: Deviation, error: float) -> Temptation:
    """The parts of a single departure after which play goes on as the plan says. error: bound on rounding, of the checker."""
    player = plan.game.players.index(deviation.player)
    return _temptation(plan, player, deviation.node, (deviation.played, deviation.action), Figure.within(deviation.gain, error))


def temptation_of_path(plan: Automaton, departure: Departure, answer: str) -> Temptation:
    """The parts of a departure that the worst credible punishment follows; as `answer` goes, that is a proved one or the bound.

    The gain is minus the slack, between what the two bounds on punishments leave.
    """
    low, high = -departure.slack_bound, -departure.slack_proved
    if math.isnan(low) or math.isnan(high):
        gain = Figure.missing("undefined", "no equilibrium can follow")
    else:
        gain = Figure(low if answer == "not sustainable" else high, low, high)
    player = plan.game.players.index(departure.player)
    return _temptation(plan, player, departure.node, (departure.played, departure.action), gain)


def _temptation(plan: Automaton, player: int, node: int, moves: tuple[str, str], gain: Figure) -> Temptation:
    game, state = plan.game, int(plan.node_state[node])
    action = game.actions[state][player].index(moves[1])
    rows = np.arange(game.row_start[state], game.row_start[state + 1])
    change = _chances(plan, node, rows, player, action) - _chances(plan, node, rows)
    weight = 1 - float(game.discount[player])
    now = weight * float(change @ game.payoffs[rows, player])
    each = {term.name: weight * float(change @ term.signed[rows]) for term in game.terms if term.player == player}
    told = {name: value for name, value in each.items() if abs(value) > NO_CHANGE * game.payoff_range}
    mode = plan.modes[plan.node_mode[node]]
    return Temptation(
        player=player,
        state=game.states[state],
        memory="" if len(plan.modes) == 1 or mode == "always" else mode,
        played=moves[0],
        action=moves[1],
        gain=gain,
        now=now,
        later=gain - Figure.exact(now),
        terms=dict(sorted(told.items(), key=lambda item: (-abs(item[1]), item[0]))),
        reached={name: bool(holds[state]) for name, holds in game.measures.events.items()},
    )


def _chances(plan: Automaton, node: int, rows: Integers, player: int = -1, action: int = -1) -> Floats:
    """Chance of each row of a node's state, (rows,); `player`, if any, takes `action` for certain."""
    game, chance = plan.game, np.ones(len(rows))
    for i in plan.players:
        own = game.row_action[i, rows]
        chance *= (own == action) if i == player else plan.lottery(i, node)[own]
    return chance


# --- pairs of named strategies, or one against a best reply -----------------------------------------------------------


@dataclass(frozen=True, eq=False)
class JudgedCombination:
    """Named strategies that play together, and what there is to say of them.

    names: per player a strategy, or BEST_REPLY. plan: None where it is undefined; `reason` says why. verdict: as written; None
    where it was not asked. path: by the worst credible punishments; None where it was not asked (`unasked` says why). rungs: how
    many gaps were tried for it.
    """

    names: tuple[str, ...]
    plan: Automaton | None
    verdict: PairVerdict | None
    path: PathVerdict | None
    reason: str = ""
    unasked: str = ""
    rungs: int = 0

    def temptations(self) -> list[Temptation]:
        """Of each player that gains by a single departure from what is written the most tempting one, the largest gain first."""
        if self.plan is None or self.verdict is None or self.verdict.subgame_perfect:
            return []
        found = self.verdict.certificate
        return [temptation(self.plan, each, found.error) for each in found.worst]

    def tightest(self) -> Temptation | None:
        """The departure from the path that loses least, or gains most, if punished as hard as credible play allows."""
        if self.plan is None or self.path is None or self.path.tightest is None:
            return None
        return temptation_of_path(self.plan, self.path.tightest, self.path.answer)


def judge_combination(
    points: Sequence[Point], names: Sequence[str], *, as_written: bool = True, with_path: bool = True
) -> JudgedCombination:
    """The verdicts on a combination of named strategies, or one of them.

    points : one parameter point with falling gaps of its equilibrium sets; later ones are asked while the path cannot be told.
    names : per player a named strategy, or BEST_REPLY for at most one of several players.
    """
    point = points[0]
    plan, reason = _plan(point, names)
    if plan is None:
        return JudgedCombination(tuple(names), None, None, None, reason)
    verdict = judge_plan(plan) if as_written else None
    if not with_path:
        return JudgedCombination(tuple(names), plan, verdict, None)
    path, unasked, rungs = _path(points, plan)
    return JudgedCombination(tuple(names), plan, verdict, path, unasked=unasked, rungs=rungs)


def _plan(point: Point, names: Sequence[str]) -> tuple[Automaton | None, str]:
    named = [name for name in names if name != BEST_REPLY]
    unread = [name for name in named if not any(name in own for own in point.machines().own)]
    if unread:
        why = point.machines().undefined.get(unread[0], "its rules do not say what to do in every state")
        return None, f"'{unread[0]}' is undefined here: {why}"
    try:
        chosen = point.of_strategies(named)
    except UnsolvedError as error:
        return None, str(error)
    return chosen.plan, chosen.reason


def _path(points: Sequence[Point], plan: Automaton) -> tuple[PathVerdict | None, str, int]:
    """The path's verdict, why there is none, and how many gaps were tried."""
    players = plan.game.n_players
    if players != 2:
        why = "there is nobody to punish" if players == 1 else "worst punishments of a path are known for two players only"
        return None, why, 0
    found: PathVerdict | None = None
    rungs = 0
    for point in points:
        try:
            sets = point.sets()
            rungs += 1
            if not isinstance(sets, EquilibriumSet):
                return None, "worst punishments of a path are known for two players only", rungs
            found = sustainable_path(sets, plan)
        except (UnsolvedError, GameError) as error:
            return None, str(error), rungs
        if found.answer != "cannot be told":
            break
    return found, "", rungs


def combinations_with(point: Point, name: str) -> list[tuple[str, ...]]:
    """Every combination of named strategies with this one, then those in which one other player replies best instead.

    None where there are too many (see `declared_combinations`). Raises StopIteration for a strategy that the file does not have.
    """
    scenario = point.scenario
    own = [[each.name for each in strategies] for strategies in scenario.strategies]
    holder = next(i for i, strategies in enumerate(own) if name in strategies)
    own[holder] = [name]
    return [names for names in declared_combinations(own) if names[holder] == name]
