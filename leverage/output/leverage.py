"""What instruments are worth, in tables and in print. Every printed number is a cell of leverage.csv or joint_effect.csv."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Literal

import pandas as pd

from leverage.analysis.effects import Channel
from leverage.analysis.figure import Figure, Sign
from leverage.analysis.joint_effect import INTERACTION, LEFT_OUT, NOT_SEARCHED, SHAPLEY, TOTAL, JointRow
from leverage.analysis.leverage import EVERY_EQUILIBRIUM, LeverageRow
from leverage.output.columns import Section, listed, number, paragraph, section, shortened, table
from leverage.output.page import Page
from leverage.scenario.wording import plain

LEVERAGE_COLUMNS = (
    *("instrument", "holder", "selection", "channel", "measure", "subject"),
    *("with", "without", "effect", "low", "high", "sign", "unit", "note"),
)
JOINT_COLUMNS = (
    *("holder", "selection", "measure", "instrument", "other_instrument", "player"),
    *("effect", "low", "high", "sign", "unit", "method", "note"),
)

#: In what the numbers of a printed column are told: payoff; a quotient; chances in hundredths.
Scale = Literal["payoff", "ratio", "percentage points"]

#: What follows a number whose sign the bounds leave open.
UNSURE = "?"

#: Measures of leverage.csv that say by how much something falls.
FALLS = frozenset({"coercion", "own floor"})

#: The channels of an action as they are told.
CHANNEL_WORDS: dict[Channel, str] = {"threat": "as a threat", "commitment": "as a temptation"}


def change_of(measure: str, effect: Figure) -> Figure:
    """The effect as a change, with the instrument less without it: leverage.csv has by how much a floor falls."""
    return -effect if measure in FALLS else effect


def leverage_frame(rows: Sequence[LeverageRow]) -> pd.DataFrame:
    """One row a fact about an instrument."""
    told = [
        (
            *(row.instrument, row.holder, row.selection, row.channel, row.measure, row.subject),
            *(row.difference.with_it.value, row.difference.without_it.value),
            *_numbers(row.difference.effect),
            *(row.sign, row.unit, row.note),
        )
        for row in rows
    ]
    return pd.DataFrame(told, columns=list(LEVERAGE_COLUMNS))


def joint_frame(rows: Sequence[JointRow], unit: str) -> pd.DataFrame:
    """One row a fact about several instruments; `instrument` is empty where all are meant."""
    told = []
    for row in rows:
        first, second = (*row.instruments, "", "")[:2] if row.measure not in (TOTAL, NOT_SEARCHED) else ("", "")
        head = (row.holder, row.selection, row.measure, first, second, row.player)
        told.append((*head, *_numbers(row.effect), row.sign, unit, row.method, row.note))
    return pd.DataFrame(told, columns=list(JOINT_COLUMNS))


def _numbers(effect: Figure) -> tuple[float, float, float]:
    return effect.value, effect.low, effect.high


# --- in print --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LedgerColumn:
    """head: of a printed column. selection, measure, subject: of its rows. scale: in what its numbers are told. bounded: whether
    their bounds are worth telling."""

    head: str
    selection: str
    measure: str
    subject: str
    scale: Scale = "payoff"
    bounded: bool = True


def ledger_selection(players: int) -> str:
    """The selection of gains, prices and chances in print, by the number of players."""
    return "bargaining point" if players == 2 else "Markov equilibrium"


def ledger_columns(keys: Sequence[str], holder: str, event: str, date: str) -> list[LedgerColumn]:
    """What is told of a holder's instruments, of all that leverage.csv has. Numbers are changes: below 0 is less with the
    instrument than without it.

    keys: of the players; holder: one of them. event, date: the event whose chance by the date is told; "" for none.
    """
    chosen = ledger_selection(len(keys))
    found = [LedgerColumn("net gain", chosen, "gain", holder)]
    if len(keys) > 1:
        found.append(LedgerColumn("change of its best", EVERY_EQUILIBRIUM, "reach", holder))
        others = [key for key in keys if key != holder]
        found += [LedgerColumn(f"change of {plain(key)}'s floor", EVERY_EQUILIBRIUM, "coercion", key) for key in others]
        found.append(LedgerColumn("change of its own floor", EVERY_EQUILIBRIUM, "own floor", holder))
    found.append(LedgerColumn("price", chosen, "price", holder, bounded=False))
    found.append(LedgerColumn("price a unit", chosen, "price per unit of gross gain", holder, "ratio"))
    if event and date:
        head = f"{plain(event)} by {date}"
        found.append(LedgerColumn(head, chosen, f"chance by {date}", event, "percentage points", bounded=False))
    return found


@dataclass(frozen=True, eq=False)
class _Ledger:
    """The printed table of a holder's instruments."""

    page: Page
    holder: str
    rows: Sequence[LeverageRow]

    @cached_property
    def by_place(self) -> dict[tuple[str, str, str, str, Channel], LeverageRow]:
        return {(row.instrument, row.selection, row.measure, row.subject, row.channel): row for row in self.rows}

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys(row.instrument for row in self.rows))

    @property
    def selection(self) -> str:
        return ledger_selection(len(self.page.keys))

    @cached_property
    def columns(self) -> list[LedgerColumn]:
        return ledger_columns(self.page.keys, self.holder, self.page.event, self.page.dates[-1] if self.page.dates else "")

    def told(self, column: LedgerColumn, value: float) -> str:
        """A number of the column as it is printed."""
        match column.scale:
            case "payoff":
                return self.page.points(value)
            case "ratio":
                return number(value, 2)
            case "percentage points":
                return number(100 * value, 0)

    def lines(self, which: int) -> list[str]:
        title = f"what each instrument is worth to {plain(self.holder)}"
        note = "solved with it and without it; gains are net of costs"
        text, _ = table(["", *(column.head for column in self.columns)], [row for name in self.names for row in self._rows(name)])
        says = {each.name: each.says for each in self.page.scenario.instruments}
        told = [paragraph(f"* {plain(name)}: {says[name]}", 2) for name in self.names if says[name]]
        return [section(which, title, note), text, "", *told, paragraph(self._legend()), *self._reasons(), ""]

    def _rows(self, name: str) -> list[list[str]]:
        rows = self._figures(name, shortened(plain(name), 20), "net")
        for channel, words in CHANNEL_WORDS.items():
            if any(row.instrument == name and row.channel == channel for row in self.rows):
                rows += self._figures(name, f" {words}", channel)
        return rows

    def _figures(self, name: str, label: str, channel: Channel) -> list[list[str]]:
        """Effects, and below them the bounds."""
        found = [self.by_place.get((name, c.selection, c.measure, c.subject, channel)) for c in self.columns]
        rows = [[label, *(self._effect(c, row) for c, row in zip(self.columns, found, strict=True))]]
        for words, end in (("at least", "low"), ("at most", "high")):
            cells = [
                self.told(c, getattr(change_of(c.measure, row.difference.effect), end))
                if row and c.bounded and row.difference.effect.known
                else ""
                for c, row in zip(self.columns, found, strict=True)
            ]
            rows.append([f"   {words}", *cells])
        return rows

    def _effect(self, column: LedgerColumn, row: LeverageRow | None) -> str:
        return (
            "" if row is None else _cell(partial(self.told, column), change_of(column.measure, row.difference.effect), row.sign)
        )

    def _legend(self) -> str:
        unit = self.page.game.payoff_unit
        told = f"In {unit}, with the instrument less without it; gains, price and chances at the {self.selection}"
        told += ", chances in percentage points" if self.page.event else ""
        told += f". A floor is the worst credible play. {UNSURE}: the sign cannot be told."
        if any(row.channel != "net" for row in self.rows):
            told += (
                " As a threat: what it adds because a plan may prescribe it; as a temptation: what is lost because"
                " it may be used unasked, by anybody who has the action; the two sum to the whole."
            )
        return told + " Other selections, players and terms are in leverage.csv."

    def _reasons(self) -> list[str]:
        """Why a cell of the table has no number."""
        reasons: dict[str, list[str]] = {}
        for name in self.names:
            for column in self.columns:
                row = self.by_place.get((name, column.selection, column.measure, column.subject, "net"))
                if row is not None and row.sign == "undefined":
                    reasons.setdefault(row.note, []).append(f"{plain(name)}, {column.head}")
        return [paragraph(f"* No number for {listed(places)}: {reason}.", 2) for reason, places in reasons.items()]


def leverage_sections(page: Page, rows: Sequence[LeverageRow]) -> tuple[Section, ...]:
    """Sections of a page, one a holder of instruments, with a table; none without instruments."""
    holders = dict.fromkeys(row.holder for row in rows)
    return tuple(_Ledger(page, holder, [row for row in rows if row.holder == holder]).lines for holder in holders)


def leverage_sentence(page: Page, rows: Sequence[LeverageRow], most: int) -> str:
    """What the first holder's instruments add to its payoff, and what they cost it, for the head of a page; at most `most` of
    them, the largest gain first. '' where no gain is known."""
    if not rows:
        return ""
    ledger = _Ledger(page, rows[0].holder, [row for row in rows if row.holder == rows[0].holder])
    gains, prices = (
        {row.instrument: row for row in ledger.rows if _in_head(row, ledger, measure) and row.difference.effect.known}
        for measure in ("gain", "price")
    )
    ranked = sorted(gains.values(), key=lambda row: (-row.difference.effect.value, row.instrument))
    told = []
    for row in ranked[:most]:
        paid = prices[row.instrument].difference.effect.value if row.instrument in prices else 0.0
        cost = f" (price {page.points(paid)})" if paid > 0 and page.points(paid) != page.points(0.0) else ""
        told.append(f"{plain(row.instrument)} {_cell(page.points, row.difference.effect, row.sign)}{cost}")
    return f"At the {ledger.selection} {plain(ledger.holder)}'s gain from: {', '.join(told)}." if told else ""


def _in_head(row: LeverageRow, ledger: _Ledger, measure: str) -> bool:
    place = (row.selection, row.measure, row.channel, row.subject)
    return place == (ledger.selection, measure, "net", ledger.holder)


def _cell(told: Callable[[float], str], effect: Figure, sign: Sign) -> str:
    """The number, or its bounds where no number stands for it, with a mark where its sign is open."""
    text = told(effect.value)
    if math.isnan(effect.value) and effect.known:
        text = f"{told(effect.low)} to {told(effect.high)}" if effect.bounded else ""
    return f"{text}{UNSURE}" if sign == "cannot be told" else text


# --- several instruments ---------------------------------------------------------------------------------------------


def joint_sections(page: Page, rows: Sequence[JointRow]) -> tuple[Section, ...]:
    """Sections on what instruments bring about together, one a holder; none where no holder has two."""
    holders = dict.fromkeys(row.holder for row in rows)
    return tuple(partial(_joint_lines, page, holder, [row for row in rows if row.holder == holder]) for holder in holders)


def _joint_lines(page: Page, holder: str, rows: Sequence[JointRow], which: int) -> list[str]:
    head = section(which, f"instruments of {plain(holder)} together", "its payoff, divided among them")
    return [head, *_joint_table(page, holder, rows), *_joint_notes(rows), ""]


def _joint_table(page: Page, holder: str, rows: Sequence[JointRow]) -> list[str]:
    told = [row for row in rows if row.player == holder and row.selection]
    if not told:
        return []
    selections = sorted(dict.fromkeys(row.selection for row in told))  # the bargaining point first
    cells: dict[str, dict[str, str]] = {}
    for row in told:
        cells.setdefault(_joint_label(row), {})[row.selection] = _cell(page.points, row.effect, row.sign)
    text, cut = table(["", *selections], [[label, *(own.get(s, "") for s in selections)] for label, own in cells.items()])
    left_out = f" Not shown: {listed(selections[-cut:])}." if cut else ""
    legend = (
        "The share of each is its Shapley value; shares sum to the whole. Of a pair: what the two add to each other (negative:"
        f" each makes the other less needed). {UNSURE}: the sign cannot be told; bounds are in joint_effect.csv.{left_out}"
    )
    return [text, "", paragraph(legend)]


def _joint_label(row: JointRow) -> str:
    if row.measure == TOTAL:
        return "all together"
    names = [shortened(plain(name), 20) for name in row.instruments]
    return f"{names[0]} and {names[1]}" if row.measure == INTERACTION else f"share of {names[0]}"


def _joint_notes(rows: Sequence[JointRow]) -> list[str]:
    told = [f"{plain(row.instruments[0])} is left out: it {row.note}" for row in rows if row.measure == LEFT_OUT]
    told += [f"Not searched: {row.note}" for row in rows if row.measure == NOT_SEARCHED]
    told += [f"Sampled: {how}" for how in dict.fromkeys(r.method for r in rows if r.measure == SHAPLEY and r.method != "exact")]
    told += [f"No number: {why}" for why in dict.fromkeys(r.note for r in rows if r.selection and r.sign == "undefined")]
    return [paragraph(f"* {each}.", 2) for each in told]
