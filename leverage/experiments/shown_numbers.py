"""How pages show a number of a sweep that is known between bounds: an end of a wide gap is not shown as if it were the number."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from leverage.experiments.columns import Column
from leverage.experiments.summary import Spread, Summary
from leverage.output.columns import percent
from leverage.output.page import Page

#: Stands behind a number that is known less exactly than it is shown.
MARK = "~"
#: Between two bounds where nothing closer is known.
TO = " to "
#: A difference of two numbers from sets is known within so many times the gap that was asked for.
GAPS = 2


@dataclass(frozen=True, eq=False)
class ShownNumbers:
    """The numbers of a sweep in words. bounds: column -> the columns that bound it. wide: a payoff whose bounds are farther apart
    is shown by both of them."""

    page: Page
    bounds: Mapping[Column, tuple[str, str]]
    wide: float

    @classmethod
    def of(cls, columns: Sequence[Column], page: Page, tolerance: float) -> ShownNumbers:
        """tolerance : the gap that was asked of equilibrium sets, a fraction of the payoff range."""
        about = {(*column.about, column.what): column.name for column in columns}
        ends = {column: (about.get((*column.about, "low"), ""), about.get((*column.about, "high"), "")) for column in columns}
        bounds = {column: pair for column, pair in ends.items() if column.what == "value" and all(pair)}
        return cls(page, bounds, GAPS * tolerance * page.game.payoff_range)

    def names(self, columns: Iterable[Column]) -> list[str]:
        """The columns to read for these."""
        return [name for column in columns for name in (column.name, *self.bounds.get(column, ()))]

    def cell(self, column: Column, row: Mapping[str, float]) -> str:
        """A number of one point. row : by the names of columns."""
        value = row[column.name]
        low, high = (row[name] for name in self.bounds.get(column, (column.name, column.name)))
        return self._told(column, value, low, high)

    def ends(self, column: Column, summary: Summary) -> tuple[str, str, str]:
        """The least, the mean and the largest number over the points: between those of the bounds."""
        own = summary.spreads[column.name]
        low, high = (summary.spreads[name] for name in self.bounds.get(column, (column.name, column.name)))
        triples = zip(_three(own), _three(low), _three(high), strict=True)
        bounded = min(low.finite, high.finite)
        told = []
        for value, a, b in triples:
            if own.finite > bounded:  # somewhere nothing bounds it
                told.append(self._told(column, value, -math.inf, math.inf))
            else:  # where fewer points have a number than have bounds, these speak for all
                told.append(self._told(column, value if own.finite == bounded else math.nan, a, b))
        least, mean, largest = told
        return least, mean, largest

    def is_wide(self, column: Column, summary: Summary) -> bool:
        """Whether bounds are all that is shown of its ends: it may move where the value that was found does not."""
        return any(TO in cell for cell in self.ends(column, summary))

    def _told(self, column: Column, value: float, low: float, high: float) -> str:
        words = [self._words(column, each) for each in (value, low, high)]
        if words[1] == words[2]:
            return words[1] if math.isnan(value) else words[0]
        if math.isnan(value) or (math.isfinite(high - low) and high - low > self.wide):
            return TO.join(words[1:])
        return f"{words[0]}{MARK}"

    def _words(self, column: Column, value: float) -> str:
        return percent(value) if column.unit == "chance" else self.page.points(value)


def _three(spread: Spread) -> tuple[float, float, float]:
    return spread.least, spread.mean, spread.largest


def legend(lines: Iterable[str]) -> str:
    """What the marks in these lines mean; '' without any."""
    shown = "\n".join(lines)
    parts = []
    if MARK in shown:
        parts.append(f"{MARK}: known less exactly than it is shown")
    if TO in shown:
        parts.append(f"A{TO}B: known between these bounds only")
    return f"{'. '.join(parts)}; see the columns [low] and [high]." if parts else ""
