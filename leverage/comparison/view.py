"""What the printed page of a comparison is about: whose strategies and instruments, which event, and how sides are told."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from leverage.analysis.plays import BEST_REPLY
from leverage.comparison.bounded_facts import BoundedFact, Standing
from leverage.comparison.comparison import ComparedFact, Comparison
from leverage.comparison.sheet_overlap import SheetOverlap, sheet_overlaps
from leverage.game.form import compile_form
from leverage.output.columns import listed, number, percent
from leverage.output.leverage import FALLS, UNSURE, LedgerColumn, ledger_columns
from leverage.output.page import Page
from leverage.scenario.scenario import Scenario

#: A number of this standing is printed; what stands behind the label of its row.
MARKS: dict[Standing, str] = {"differs": "", "differs in the play found": f" {UNSURE}", "open": " !"}
#: Where a side has nothing.
NOTHING = "-"


@dataclass(frozen=True, eq=False)
class ComparisonView:
    """A comparison as it is told. Names of players, the event and the date are those of the first side."""

    comparison: Comparison

    @cached_property
    def page(self) -> Page:
        return Page(self.scenario, compile_form(self.scenario).at())

    @property
    def scenario(self) -> Scenario:
        return self.comparison.sides[0].scenario

    @property
    def labels(self) -> list[str]:
        return [side.label for side in self.comparison.sides]

    @cached_property
    def overlaps(self) -> tuple[SheetOverlap, ...]:
        return sheet_overlaps(self.comparison.sides)

    @cached_property
    def about(self) -> int:
        """The player whose strategies and instruments are told: the holder of the first instrument, else who has strategies."""
        if self.scenario.instruments:
            return self.scenario.instruments[0].holder
        return next((i for i, own in enumerate(self.scenario.strategies) if own), 0)

    @property
    def key(self) -> str:
        return self.scenario.players[self.about].key

    @property
    def date(self) -> str:
        """The last declared date, in words; "" where the file has no event."""
        return self.page.dates[-1] if self.page.event and self.page.dates else ""

    @cached_property
    def columns(self) -> list[LedgerColumn]:
        """What is told of the holder's instruments."""
        return ledger_columns(self.page.keys, self.key, self.page.event, self.date)

    def strategy_of(self, selection: str) -> str:
        """The strategy of the player that the page is about, against best replies; "" for other ways of playing."""
        names = selection.split(" against ")
        if len(names) != len(self.scenario.players):
            return ""
        replies = [name == BEST_REPLY for name in names]
        alone = len(names) == 1 and names[0] in {each.name for each in self.scenario.strategies[self.about]}
        return names[self.about] if alone or (any(replies) and not replies[self.about]) else ""

    def in_sides(self, said: Sequence[str | None]) -> str:
        """'17.3 in A and C, 20 in B'; sides that say nothing are left out."""
        told: dict[str, list[str]] = {}
        for label, each in zip(self.labels, said, strict=True):
            if each is not None:
                told.setdefault(each, []).append(label)
        return ", ".join(f"{each} in {listed(labels)}" for each, labels in told.items())

    def cells(self, compared: ComparedFact, words: Callable[[float], str]) -> list[str]:
        """The numbers of all sides as they are printed."""
        return [NOTHING if fact is None or not fact.known else _words(fact, words) for fact in compared.facts]

    def words_of(self, quantity: str) -> Callable[[float], str]:
        """How numbers of outcomes.csv are printed: chances in per cent, payoffs as on a run's page, others with two decimals."""
        if quantity.startswith("chance"):
            return percent
        if quantity == "payoff" or quantity.startswith("term: "):
            return self.page.points
        return lambda value: number(value, 2)

    def change_of(self, column: LedgerColumn, compared: ComparedFact) -> ComparedFact:
        """The numbers of a column about instruments as changes, as a run's page tells them: leverage.csv has by how much a floor
        falls."""
        if column.measure not in FALLS:
            return compared
        return replace(compared, facts=tuple(None if fact is None else -fact for fact in compared.facts))

    def ledger_words(self, column: LedgerColumn) -> Callable[[float], str]:
        """How a column about instruments is printed."""
        match column.scale:
            case "payoff":
                return self.page.points
            case "ratio":
                return lambda value: number(value, 2)
            case "percentage points":
                return lambda value: number(100 * value, 0)


def _words(fact: BoundedFact, words: Callable[[float], str]) -> str:
    """The number, or its bounds where they are all that is known."""
    return f"{words(fact.low)} to {words(fact.high)}" if math.isnan(fact.value) else words(fact.value)
