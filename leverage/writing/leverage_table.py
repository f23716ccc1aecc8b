"""What instruments are worth, for writing: the measures of the printed table, by instrument and channel."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from leverage.analysis.figure import Figure
from leverage.output.columns import listed
from leverage.output.leverage import CHANNEL_WORDS, LedgerColumn, change_of, ledger_columns, ledger_selection
from leverage.scenario.wording import capital, plain
from leverage.writing.dates import last_date
from leverage.writing.framing import framed, payoff_note
from leverage.writing.run_folder import RunFolder
from leverage.writing.written_table import Cell, Column, Number, WrittenTable, decimals

NEEDS = ("instrument", "holder", "selection", "channel", "measure", "subject", "effect", "low", "high", "sign", "note")

#: A cell of the table leverage, by instrument, channel, selection, measure and subject.
Ledger = Mapping[tuple[str, str, str, str, str], pd.Series]


def leverage_table(folder: RunFolder) -> WrittenTable:
    """One row an instrument, and one for each channel of an action, the net effect first."""
    frame = folder.table("leverage", NEEDS)
    ledger = {
        (row["instrument"], row["channel"], row["selection"], row["measure"], row["subject"]): row for _, row in frame.iterrows()
    }
    kinds = _kinds(folder, frame)
    heads = {head: _decimals(own, ledger) for head, own in _by_head(kinds).items()}
    several = len(kinds) > 1
    columns = [Column("Instrument"), *([Column("Holder")] if several else []), *(Column(capital(head), True) for head in heads)]
    rows: list[list[Cell]] = []
    for (instrument, channel), holder in _told(frame).items():
        names = [_label(instrument, channel), *([plain(holder)] if several else [])]
        own = {each.head: _cell(ledger, instrument, channel, each, heads[each.head]) for each in kinds[holder]}
        rows.append([*names, *(own.get(head, "") for head in heads)])
    holders = listed([plain(holder) for holder in kinds]) if kinds else "nobody"
    what = f"What each instrument is worth to {holders}: the game solved with it and without it"
    return framed(folder, "leverage", what, columns, rows, _notes(folder, frame, ledger, kinds))


def _told(frame: pd.DataFrame) -> dict[tuple[str, str], str]:
    """Instrument and channel -> holder, in the order of the rows: by holder and instrument, the net effect first."""
    there = {(row["holder"], row["instrument"], row["channel"]) for _, row in frame.iterrows()}
    order = dict.fromkeys(zip(frame["holder"], frame["instrument"], strict=True))
    holders = dict.fromkeys(holder for holder, _ in order)
    return {
        (instrument, channel): holder
        for holder in holders
        for own, instrument in order
        for channel in ("net", *CHANNEL_WORDS)
        if own == holder and (holder, instrument, channel) in there
    }


def _label(instrument: str, channel: str) -> str:
    words = {str(name): told for name, told in CHANNEL_WORDS.items()}.get(channel, "")
    return f"{plain(instrument)}, {words}" if words else plain(instrument)


def _kinds(folder: RunFolder, frame: pd.DataFrame) -> dict[str, list[LedgerColumn]]:
    """Holder -> the measures that are told of its instruments."""
    scenario = folder.scenario
    event = scenario.events[0].name if scenario.events else ""
    date = last_date(frame.loc[frame["subject"] == event, "measure"])
    keys = [player.key for player in scenario.players]
    return {holder: ledger_columns(keys, holder, event, date) for holder in dict.fromkeys(frame["holder"])}


def _by_head(kinds: Mapping[str, list[LedgerColumn]]) -> dict[str, list[LedgerColumn]]:
    found: dict[str, list[LedgerColumn]] = {}
    for own in kinds.values():
        for measure in own:
            found.setdefault(measure.head, []).append(measure)
    return found


def _decimals(measures: list[LedgerColumn], ledger: Ledger) -> int:
    """Decimals of a column: payoffs as large as the largest ask for, quotients two, hundredths none."""
    match measures[0].scale:
        case "percentage points":
            return 0
        case "ratio":
            return 2
    places = {(measure.selection, measure.measure, measure.subject) for measure in measures}
    return decimals([row["effect"] for place, row in ledger.items() if place[2:] in places])


def _cell(ledger: Ledger, instrument: str, channel: str, measure: LedgerColumn, digits: int) -> Cell:
    """The effect with its bounds; '' where the table says nothing, '-' where there is no such number."""
    row = ledger.get((instrument, channel, measure.selection, measure.measure, measure.subject))
    if row is None:
        return ""
    scale = 100.0 if measure.scale == "percentage points" else 1.0
    told = change_of(measure.measure, Figure(row["effect"], row["low"], row["high"]))
    low, high = (scale * told.low, scale * told.high) if measure.bounded else (math.nan, math.nan)
    return Number(scale * told.value, digits, low, high, unsure=row["sign"] == "cannot be told")


def _notes(folder: RunFolder, frame: pd.DataFrame, ledger: Ledger, kinds: Mapping[str, list[LedgerColumn]]) -> list[str]:
    scenario = folder.scenario
    says = {each.name: each.says for each in scenario.instruments}
    told = [f"{plain(name)}: {says[name]}" for name in dict.fromkeys(frame["instrument"]) if says.get(name)]
    selection = ledger_selection(len(scenario.players))
    notes = [
        " ".join(told),
        "Changes are those that the instrument brings, with it less without it."
        f" Gains, net of costs, prices and chances are at the {selection}, chances in percentage points; bests and floors are the"
        " ends of what all credible play pays. Price a unit: per unit of gross gain. Bounds hold for the true effect;"
        " '?': they leave the sign open; '-': there is no such number.",
        payoff_note(scenario),
    ]
    if (frame["channel"] != "net").any():
        notes.append(
            "As a threat: what it adds because a plan may prescribe it; as a temptation: what is lost because it may be used"
            " unasked; the two sum to the whole."
        )
    return [*notes, *_reasons(ledger, kinds)]


def _reasons(ledger: Ledger, kinds: Mapping[str, list[LedgerColumn]]) -> list[str]:
    """Why a net effect of the table has no number."""
    reasons: dict[str, list[str]] = {}
    told = {(m.selection, m.measure, m.subject): m.head for measures in kinds.values() for m in measures}
    for (instrument, channel, *place), row in ledger.items():
        head = told.get((place[0], place[1], place[2]))
        if head and channel == "net" and row["sign"] == "undefined":
            reasons.setdefault(row["note"], []).append(f"{plain(instrument)}, {head}")
    return [f"No number for {listed(places)}: {reason}." for reason, places in reasons.items()]
