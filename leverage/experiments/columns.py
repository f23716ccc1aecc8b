"""What a sweep computes at every point: columns in groups that are asked for by name, filled from one parameter point.

A column's name says the way of playing, whom or what it is about, and which number, in the words of `outcomes.csv`. A cell is
empty where there is no answer (the row's status and reason say so), NaN where the question does not arise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from leverage.analysis.figure import Figure
from leverage.analysis.leverage import NOTHING
from leverage.analysis.outcomes import PAYOFF, Outcome, measure_outcomes
from leverage.analysis.plays import BEST_REPLY, MARKOV, declared_combinations, title
from leverage.analysis.point import Point
from leverage.errors import UnsolvedError
from leverage.game.automaton import Automaton
from leverage.game.stochastic_game import StochasticGame
from leverage.points.evaluator import Evaluator
from leverage.scenario.claims import Selection
from leverage.scenario.scenario import Claim, Scenario
from leverage.stress.leverage_over_box import BARGAINING, Fact, facts_of

Cell = float | str | bool | None
#: number: 64-bit. text: a word of a few. flag: true or false.
CellKind = Literal["number", "text", "flag"]


@dataclass(frozen=True)
class Column:
    """One column beside the parameters.

    table: the group it belongs to. selection, subject, quantity: as in `outcomes.csv` and its like. what: value, certificate (a
    bound on the value's error), low or high (bounds of the value), or verdict.
    """

    table: str
    selection: str
    subject: str
    quantity: str
    unit: str
    what: str = "value"
    kind: CellKind = "number"

    @property
    def about(self) -> tuple[str, str, str, str]:
        """What a value shares with its bounds."""
        return self.table, self.selection, self.subject, self.quantity

    @property
    def name(self) -> str:
        """Parts with colons between them; what is no value says so at the end."""
        parts = [part for part in (self.selection, self.subject, self.quantity) if part]
        return ": ".join(parts) + ("" if self.what == "value" else f" [{self.what}]")


@dataclass(frozen=True)
class Filled:
    """The cells of a group at a point. lacking: why some are empty."""

    cells: tuple[Cell, ...]
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Group:
    """Columns that are filled together. fill: raises UnsolvedError where there is no answer at all at the point."""

    columns: tuple[Column, ...]
    fill: Callable[[Point, Evaluator], Filled]


#: Builds the groups of a table for a scenario; the point is that of the baseline.
Build = Callable[[Scenario, Point], Iterator[Group]]


def groups_of(tables: Sequence[str], known: Mapping[str, Build], scenario: Scenario, baseline: Point) -> tuple[Group, ...]:
    """The groups of the tables that are asked for, in the order of the known ones."""
    return tuple(group for name, build in known.items() if name in tables for group in build(scenario, baseline))


# --- outcomes: the point prediction ------------------------------------------------------------------------------------


def _outcomes(scenario: Scenario, baseline: Point) -> Iterator[Group]:
    game = baseline.game()
    measured = _of_even_play(game)
    keys = {player.name: player.key for player in scenario.players}
    columns = [Column("outcomes", MARKOV, "", "largest gain", game.payoff_unit, "certificate")]
    for each in measured:
        for what in ("value", "certificate"):
            columns.append(Column("outcomes", MARKOV, keys.get(each.subject, each.subject), each.quantity, each.unit, what))
    words = [(each.subject, each.quantity) for each in measured]

    def fill(point: Point, _: Evaluator) -> Filled:
        solution = point.markov()
        found = {(o.subject, o.quantity): o for o in measure_outcomes(solution.plan)}
        return Filled((solution.certificate, *(cell for each in words for cell in (found[each].value, found[each].certificate))))

    yield Group(tuple(columns), fill)


# --- strategies: named ones, as written and against best replies ---------------------------------------------------------


def _strategies(scenario: Scenario, baseline: Point) -> Iterator[Group]:
    own = [tuple(strategy.name for strategy in each if strategy.phases) for each in scenario.strategies]
    for names in declared_combinations(own):
        yield _of_strategies(scenario, baseline, names)


def _of_strategies(scenario: Scenario, baseline: Point, names: tuple[str, ...]) -> Group:
    """Payoffs, chances of events and, where all strategies are named, whether they are an equilibrium."""
    selection, written = title(names), BEST_REPLY not in names
    played = tuple("" if name == BEST_REPLY else name for name in names)
    game = baseline.game()
    subjects = [(player.key, player.name, PAYOFF, game.payoff_unit) for player in scenario.players]
    subjects += [(e, e, quantity, "chance") for e in game.measures.events for quantity in _chances(baseline, e)]
    columns = [
        Column("strategies", selection, key, quantity, unit, what)
        for key, _, quantity, unit in subjects
        for what in ("value", "certificate")
    ]
    if written:
        columns += [
            Column("strategies", selection, "", "equilibrium", "", "verdict", "flag"),
            Column("strategies", selection, "", "largest gain", game.payoff_unit),
        ]

    def fill(point: Point, _: Evaluator) -> Filled:
        chosen = point.of_strategies(played)
        if chosen.plan is None:
            raise UnsolvedError(f"{selection}: {chosen.reason}")
        cells = [cell for _, name, quantity, _ in subjects for cell in _with_error(chosen.outcome(name, quantity))]
        verdict = point.verdict(played) if written else None
        told = (verdict.equilibrium or verdict.subgame_perfect, verdict.certificate.gain) if verdict else ()
        return Filled((*cells, *told))

    return Group(tuple(columns), fill)


def _chances(baseline: Point, event: str) -> list[str]:
    """The quantities that are chances of an event by a date."""
    measured = _of_even_play(baseline.game(), ever=False)
    return [o.quantity for o in measured if o.subject == event and o.quantity.startswith("chance")]


def _of_even_play(game: StochasticGame, *, ever: bool = True) -> tuple[Outcome, ...]:
    """What there is to measure, whatever is played: here all actions alike."""
    even = [[np.full(len(own[i]), 1 / len(own[i])) for own in game.actions] for i in range(game.n_players)]
    return measure_outcomes(Automaton.stationary(game, even), ever=ever)


def _with_error(figure: Figure) -> tuple[float, float]:
    return figure.value, (figure.high - figure.low) / 2


# --- sets: the range of credible payoffs, and the bargaining point -------------------------------------------------------


def _sets(scenario: Scenario, baseline: Point) -> Iterator[Group]:
    if len(scenario.players) < 2:
        return
    unit = baseline.game().payoff_unit
    keys = [player.key for player in scenario.players]
    ends = [(key, i, side) for i, key in enumerate(keys) for side in ("worst for", "best for")]
    columns = [Column("sets", "all credible play", "", "gap", unit, "certificate")]
    for key, _, side in ends:
        columns += _bounded("sets", f"{side} {key}", key, PAYOFF, unit)

    def fill(point: Point, _: Evaluator) -> Filled:
        found = _filled([point.chosen(Selection(side, (keys[i],))).payoffs[i] for _, i, side in ends])
        return Filled((point.sets().gap, *found.cells), found.lacking)

    yield Group(tuple(columns), fill)
    if len(keys) == 2:
        yield Group(
            tuple(column for key in keys for column in _bounded("sets", BARGAINING.words, key, PAYOFF, unit)),
            lambda point, _: _filled(point.chosen(BARGAINING).payoffs),
        )


def _bounded(table: str, selection: str, subject: str, quantity: str, unit: str) -> list[Column]:
    return [Column(table, selection, subject, quantity, unit, what) for what in ("value", "low", "high")]


def _filled(figures: Sequence[Figure]) -> Filled:
    """Numbers from sets with their bounds, and why some are empty. What is undefined does not exist: there is no such play."""
    cells = tuple(cell for figure in figures for cell in _cells(figure, undefined=math.nan))
    return Filled(cells, tuple(dict.fromkeys(figure.reason for figure in figures if figure.known and math.isnan(figure.value))))


def _cells(figure: Figure, undefined: Cell = None) -> tuple[Cell, Cell, Cell]:
    """Value and bounds; no value where bounds are all that is known."""
    if not figure.known:
        return (math.nan if figure.standing == "idle" else undefined,) * 3
    return None if math.isnan(figure.value) else figure.value, figure.low, figure.high


# --- leverage and claims -------------------------------------------------------------------------------------------------


def _leverage(scenario: Scenario, baseline: Point) -> Iterator[Group]:
    unit = baseline.game().payoff_unit
    for fact in facts_of(scenario):
        selection = f"{fact.instrument}, {fact.channel}" if fact.channel != "net" else fact.instrument
        columns = _bounded("leverage", f"{selection}, {fact.selection}", fact.subject, fact.measure, unit)
        sign = Column("leverage", f"{selection}, {fact.selection}", fact.subject, fact.measure, "", "verdict", "text")

        def fill(point: Point, _: Evaluator, fact: Fact = fact) -> Filled:
            effect = fact.at(point).effect
            cells = (*_cells(effect), effect.sign(NOTHING * point.game().payoff_range))
            return Filled(cells, (effect.reason,) if cells[0] is None else ())

        yield Group((*columns, sign), fill)


def _claims(scenario: Scenario, baseline: Point) -> Iterator[Group]:
    for claim in scenario.claims:
        columns = [Column("claims", claim.name, "", "", "", "verdict", "text"), *_bounded("claims", claim.name, "", "margin", "")]

        def fill(point: Point, evaluator: Evaluator, claim: Claim = claim) -> Filled:
            judged = evaluator.judge(claim, point.values, to_size=False)
            cells = _cells(judged.margin)
            lacks = cells[0] is None and judged.verdict in ("undecided", "undefined")  # else the verdict is the answer
            return Filled((judged.verdict, *cells), (f"{claim.name}: {judged.reason}",) if lacks else ())

        yield Group(tuple(columns), fill)


#: What can be computed, by name. outcomes: of the Markov equilibrium that is selected.
TABLES: Mapping[str, Build] = {
    "outcomes": _outcomes,
    "strategies": _strategies,
    "sets": _sets,
    "leverage": _leverage,
    "claims": _claims,
}
