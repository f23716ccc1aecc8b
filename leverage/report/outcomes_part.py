"""What comes of each way of playing, and what each instrument is worth, as tables of text."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import pandas as pd

from leverage.analysis.figure import Figure
from leverage.analysis.plays import BEST_REPLY, VERSUS
from leverage.output.about import player_told_of
from leverage.output.columns import number, percent
from leverage.output.credible import selection_words
from leverage.output.leverage import CHANNEL_WORDS, UNSURE, change_of
from leverage.report.own_strategies import own_strategies
from leverage.scenario.wording import capital, plain
from leverage.writing.run_folder import RunFolder

#: What a measure about all credible play looks at.
_ENDS = {"reach": "best payoff", "coercion": "floor", "own floor": "floor"}


@dataclass(frozen=True)
class Grid:
    """A table: caption, heads of columns, rows; the first cell of a row names it. notes: sentences below."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


def outcomes_of(folder: RunFolder) -> tuple[Grid, Grid]:
    """Payoffs, and the chance of each event by each date: of what is solved for, named strategies against best replies among it,
    and of every way of playing."""
    frame, scenario = folder.run_table("outcomes"), folder.scenario
    values = frame.set_index(["selection", "subject", "quantity"]).value.to_dict()
    keys, events = [player.key for player in scenario.players], [event.name for event in scenario.events]
    dates = [q for q in dict.fromkeys(frame.quantity) if q.startswith("chance by ")]
    heads = [
        "play",
        *(f"{plain(key)} gets" for key in keys),
        *(f"{plain(e)} {d.removeprefix('chance ')}" for e in events for d in dates),
    ]
    rows = []
    for selection in dict.fromkeys(frame.selection):
        payoffs = [number(values.get((selection, key, "payoff"), math.nan)) for key in keys]
        chances = [percent(values.get((selection, event, date), math.nan)) for event in events for date in dates]
        rows.append((selection_words(selection), *payoffs, *chances))
    unit = frame.unit[frame.quantity == "payoff"].iloc[0] if len(frame) else ""
    caption = f"payoffs in {unit}, chances of events"
    solved = [row for row in rows if VERSUS not in row[0] or BEST_REPLY in row[0]] or rows
    return Grid(f"What is solved for: {caption}", tuple(heads), tuple(solved)), Grid(
        f"Every way of playing: {caption}", tuple(heads), tuple(rows)
    )


def costs_of(folder: RunFolder) -> Grid | None:
    """What makes up the payoff of the player whom the page is about, under each of its named strategies against best replies.

    None without such strategies or terms.
    """
    frame, scenario = folder.run_table("outcomes"), folder.scenario
    key, own = scenario.players[player_told_of(scenario)].key, own_strategies(scenario, frame)
    terms = [quantity for quantity in dict.fromkeys(own.quantity) if quantity.startswith("term: ")]
    if not terms:
        return None
    values = own.set_index(["selection", "quantity"]).value.to_dict()
    payoffs = own[own.quantity == "payoff"].sort_values("value", ascending=False, kind="stable")
    plays = list(payoffs.selection)
    rows = [
        (plain(quantity.removeprefix("term: ")), *(number(values[play, quantity]) for play in plays))
        for quantity in (*terms, "payoff")
    ]
    heads = ("term", *(plain(play) for play in plays))
    return Grid(f"What makes up {plain(key)}'s payoff, {payoffs.unit.iloc[0]}: gains, and costs with a minus", heads, tuple(rows))


def leverage_of(folder: RunFolder) -> tuple[Grid, ...]:
    """A table for each instrument: what it changes, as a threat, as a temptation, and on the whole."""
    frame = folder.run_table("leverage")
    if not len(frame):
        return ()
    *others, last = [_instrument(folder, frame[frame.instrument == name]) for name in dict.fromkeys(frame.instrument)]
    note = (
        f"In {frame.unit[frame.measure == 'gain'].iloc[0]}, with bounds: with the instrument less without it. Best payoff and"
        f" floor: the most and the least that credible play pays. {UNSURE}: the sign cannot be told."
    )
    return (*others, replace(last, notes=(note,)))


def _instrument(folder: RunFolder, frame: pd.DataFrame) -> Grid:
    chosen = _selection(frame)
    gains = frame[(frame.selection == chosen) & (frame.measure == "gain")]
    ends = frame[(frame.selection == "every equilibrium") & frame.measure.isin(list(_ENDS))]
    price = frame[(frame.selection == chosen) & (frame.measure == "price")]
    rows = [*_rows(gains, f"payoff at the {chosen}"), *_rows(ends, ""), *_rows(price, "price")]
    name, holder = frame.instrument.iloc[0], frame.holder.iloc[0]
    says = next((each.says for each in folder.scenario.instruments if each.name == name), "")
    parts = [channel for channel in CHANNEL_WORDS if (frame.channel == channel).any()]
    heads = ("changes that it brings", "", *(CHANNEL_WORDS[channel] for channel in parts))
    told = tuple((label, *(_cell(own, channel) for channel in ("net", *parts))) for label, own in rows)
    return Grid(f"{capital(plain(name))}, held by {plain(holder)}. {says}".strip(), heads, told)


def _selection(frame: pd.DataFrame) -> str:
    """Where play is chosen for the table: the bargaining point of two players, else the Markov equilibrium."""
    known = set(frame.selection)
    return "bargaining point" if "bargaining point" in known else "Markov equilibrium"


def _rows(frame: pd.DataFrame, words: str) -> list[tuple[str, dict[str, pd.Series]]]:
    """By measure and subject: the facts by channel."""
    found: dict[tuple[str, str], dict[str, pd.Series]] = {}
    for _, row in frame.iterrows():
        found.setdefault((row.measure, row.subject), {})[row.channel] = row
    return [(f"{plain(subject)}: {words or _ENDS[measure]}", own) for (measure, subject), own in found.items()]


def _cell(own: dict[str, pd.Series], channel: str) -> str:
    row = own.get(channel)
    if row is None or row.sign == "undefined":
        return "–"
    change = change_of(row.measure, Figure(row.effect, row.low, row.high))
    value = "" if math.isnan(change.value) else number(change.value)
    bounds = "" if number(change.low) == number(change.high) else f"({number(change.low)} to {number(change.high)})"
    return f"{value}{UNSURE if row.sign == 'cannot be told' else ''} {bounds}".strip()
