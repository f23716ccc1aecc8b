"""What sensitivity indices say, in print: a table of the parameters that matter most, and the same in sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from leverage.experiments.answers import Measured
from leverage.experiments.index_table import DERIVATIVE, MOVES
from leverage.experiments.indices import CONFIDENCE, MAIN
from leverage.output.columns import listed, number, paragraph, percent, section, shortened, table
from leverage.output.page import Page

#: Parameters that are told of each number; numbers, and claims, that are told at most.
SHOWN, MOST_TOLD = 3, 6
#: What has less than this share of the largest index does as good as nothing, and is not told.
NOTHING = 0.01
#: Decimals of shares of the variance.
DIGITS = 2
#: An effect that spreads by more than this share of its mean size is not the same over the box.
UNEVEN = 0.5
#: Letters of a number's and of a parameter's name that the table prints.
LONGEST = 32

#: Heads of the table's columns, with the index and which of its numbers stands below.
_HEADS = {
    "saltelli": (
        *(("first order", "first order", "value"), ("total", "total", "value")),
        *(("from", "total", "low"), ("to", "total", "high")),
    ),
    "morris": (
        *(("mu star", "mu star", "value"), ("from", "mu star", "low"), ("to", "mu star", "high")),
        *(("mu", "mu", "value"), ("sigma", "sigma", "value")),
    ),
}
_READING = {
    "saltelli": "shares of the variance: of a parameter alone, and with interactions",
    "morris": "what a parameter does over its whole range: mean size, mean, spread",
}


@dataclass(frozen=True, eq=False)
class _Told:
    """The rows of one number."""

    measured: Measured
    kind: str
    frame: pd.DataFrame
    page: Page

    @cached_property
    def cells(self) -> dict[tuple[str, str, str], float]:
        """By the parameter, the index, and which of its numbers: value, low or high."""
        return {
            (row["parameter"], row["index"], which): float(row[which])
            for _, row in self.frame.iterrows()
            for which in ("value", "low", "high")
        }

    @cached_property
    def ranking(self) -> list[str]:
        """Parameters that do anything, the one that matters most first; as in the file where two do the same."""
        own = self.frame[(self.frame["index"] == MAIN[self.kind]) & (self.frame["value"] > 0)]
        return list(own.sort_values("value", ascending=False, kind="stable")["parameter"])

    @property
    def leading(self) -> list[str]:
        """Those that are told: the first few, as far as they do more than nothing."""
        index = MAIN[self.kind]
        values = {name: self.cells[name, index, "value"] for name in self.ranking}
        return [name for name in self.ranking[:SHOWN] if values[name] > NOTHING * max(values.values())]

    @property
    def intervals(self) -> dict[str, tuple[float, float]]:
        """Of the index that says how much a parameter matters, in the order of the ranking."""
        index = MAIN[self.kind]
        return {name: (self.cells[name, index, "low"], self.cells[name, index, "high"]) for name in self.ranking}

    @property
    def name(self) -> str:
        column = self.measured.column
        return f"{column.selection} stands" if self.measured.is_claim else column.name

    @property
    def short_name(self) -> str:
        """For the table: of outcomes without the selection, which is one and the same."""
        column = self.measured.column
        return shortened(f"{column.subject}: {column.quantity}" if column.table == "outcomes" else self.name, LONGEST)

    @property
    def note(self) -> str:
        own = self.frame.loc[~self.frame["index"].str.startswith((DERIVATIVE, MOVES)), "note"]
        return str(own.iloc[0])

    def words(self, value: float, index: str) -> str:
        """A number of this index as it is printed."""
        if index in ("first order", "total", "interactions"):
            return number(value, DIGITS)
        if self.measured.is_share:
            return percent(value) if value >= 0 or math.isnan(value) else f"-{percent(-value)}"
        return self.page.points(value)

    def cell(self, parameter: str, index: str, which: str = "value") -> str:
        return self.words(self.cells.get((parameter, index, which), math.nan), index)


@dataclass(frozen=True)
class IndexWords:
    """What indices say.

    reading: what the table's numbers are; left_out: how many numbers are told, '' where all are. heads: of the table's columns of
    numbers. groups: a number's name with its leading parameters and their cells. sentences: the same to read.
    """

    reading: str
    left_out: str
    heads: tuple[str, ...]
    groups: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]
    sentences: tuple[str, ...]

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """The table with the number's name in every row."""
        return [(name, *row) for name, leading in self.groups for row in leading]


def index_words(kind: str, told: Sequence[Measured], frame: pd.DataFrame, page: Page) -> IndexWords | None:
    """kind: of the design. told: numbers that the page is about. frame: all indices. None where there is nothing to tell of."""
    numbers = [_Told(each, kind, frame[frame["column"] == each.column.name], page) for each in told]
    ranked = [each for each in numbers if each.ranking]
    shown = [each for claim in (False, True) for each in _of_kind(ranked, claim)[:MOST_TOLD]]
    if not numbers:
        return None
    left = f"{len(shown)} of {len(ranked)} numbers, all are in indices.csv" if len(shown) < len(ranked) else ""
    heads = [*_HEADS[kind]]
    if any(index == MOVES for each in shown for _, index, _ in each.cells):
        heads.append(("the range would move", MOVES, "value"))
    groups = (
        (each.short_name, tuple((name, *(each.cell(name, index, which) for _, index, which in heads)) for name in each.leading))
        for each in shown
    )
    sentences = (*map(_sentences, shown), *_without([each for each in numbers if not each.ranking]), *_irregular(frame))
    reading = f"{_READING[kind]}; from, to: {CONFIDENCE:.0%} interval of '{MAIN[kind]}'"
    return IndexWords(reading, left, tuple(head for head, _, _ in heads), tuple(groups), sentences)


def indices_text(which: int, words: IndexWords | None) -> list[str]:
    """The section."""
    if words is None:
        return []
    head = section(which, "what matters most", "; ".join(filter(None, (words.reading, words.left_out))))
    return ["", head, *([_table(words), ""] if words.groups else []), *(paragraph(f"* {each}", 2) for each in words.sentences)]


def _of_kind(numbers: Sequence[_Told], claim: bool) -> list[_Told]:
    return [each for each in numbers if each.measured.is_claim is claim]


def _without(numbers: Sequence[_Told]) -> list[str]:
    """Why some have no indices: a sentence a reason, with the first of them."""
    reasons: dict[str, list[str]] = {}
    for each in numbers:
        reasons.setdefault(each.note, []).append(each.name)
    return [f"{_first(names)} - {note}." for note, names in reasons.items()]


def _irregular(frame: pd.DataFrame) -> list[str]:
    """Why there are no derivatives, if so."""
    reasons = frame.loc[(frame["index"] == DERIVATIVE) & (frame["parameter"] == ""), "note"]
    return [_sentence(reason) for reason in reasons.unique()]


def _first(names: Sequence[str]) -> str:
    """'a', or 'a and 3 more'."""
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _table(words: IndexWords) -> str:
    rows = []
    for name, leading in words.groups:
        rows.append([name, *("" for _ in words.heads)])
        rows += [[f"  {shortened(parameter, LONGEST - 2)}", *cells] for parameter, *cells in leading]
    return table(["", *words.heads], rows)[0]


# --- sentences ---------------------------------------------------------------------------------------------------------


def _sentences(told: _Told) -> str:
    parts = [
        _most(told),
        settled_words(told.intervals, len(told.leading)),
        _together(told) if told.kind == "saltelli" else _uneven(told),
    ]
    return " ".join(filter(None, (*parts, _sentence(told.note))))


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}." if words else ""


def _most(told: _Told) -> str:
    """'power: payoff - A (0.62) matters most, then B (0.30) and C (0.12).'"""
    index = MAIN[told.kind]
    first, *others = [f"{name} ({told.cell(name, index)})" for name in told.leading]
    if not others:
        return f"{told.name} - of the parameters that vary {first} alone matters."
    return f"{told.name} - {first} matters most, then {listed(others)}."


def settled_words(intervals: Mapping[str, tuple[float, float]], told: int) -> str:
    """Whether the ranking of those that are told might be another one, as far as intervals tell.

    intervals: of all parameters that do anything, the one that matters most first. told: how many of them are told.
    """
    names = list(intervals)
    if told < 2:
        return ""
    rivals = {
        one: [other for other in names[k:] if intervals[other][1] >= intervals[one][0]] for k, one in enumerate(names[:told], 1)
    }
    overlaps = [f"{one}'s with that of {_first(others)}" for one, others in rivals.items() if others]
    if not overlaps:
        return "This ranking is settled: intervals do not overlap."
    return f"This ranking is not settled, as intervals overlap: {', '.join(overlaps)}."


def _together(told: _Told) -> str:
    """The share of the variance that no parameter brings about alone, where two of them do anything."""
    if len(told.leading) < 2:
        return ""
    value, low, high = (told.cell("", "interactions", which) for which in ("value", "low", "high"))
    share = f"{value} of the variance ({low} to {high})"
    if told.cells["", "interactions", "low"] > 0:
        return f"Interactions make {share}."
    return f"Interactions cannot be told from none: one less all first-order indices is {share}."


def _uneven(told: _Told) -> str:
    """Parameters whose effect is not the same over the box."""
    names = [
        name
        for name in told.ranking[:SHOWN]
        if told.cells[name, "sigma", "value"] > UNEVEN * told.cells[name, "mu star", "value"]
    ]
    if not names:
        return ""
    return f"What {listed(names)} {'do' if len(names) > 1 else 'does'} hangs on where in the box one is (sigma)."
