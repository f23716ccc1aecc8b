"""Outcomes for writing: one row a way of playing, its main quantities as columns. The same for distinct Markov equilibria."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from leverage.analysis.plays import BEST_REPLY, VERSUS
from leverage.output.credible import selection_words
from leverage.scenario.scenario import Scenario
from leverage.scenario.wording import capital, counted, plain
from leverage.writing.dates import dates
from leverage.writing.framing import framed, payoff_note, players_note
from leverage.writing.run_folder import RunFolder
from leverage.writing.written_table import Cell, Column, Number, WrittenTable, decimals

NEEDS = ("selection", "subject", "quantity", "value", "unit")
EQUILIBRIA_NEEDS = ("equilibrium", "selected", "kind", "subject", "quantity", "value", "unit")

#: The expected time to an event; it begins with the plural of the period.
_TIME = re.compile(r".* to it, given it happens")


@dataclass(frozen=True)
class _Quantity:
    """A column: the rows that it takes, and how its numbers are told."""

    head: str
    subject: str
    quantity: str
    percent: bool = False


def outcomes_table(folder: RunFolder) -> WrittenTable:
    """Solution concepts, named strategies against best replies, credible plans; pairs as written stand in `strategies`."""
    frame = folder.table("outcomes", NEEDS)
    selections = list(dict.fromkeys(frame["selection"]))
    shown = [each for each in selections if not _as_written(each) or not any(BEST_REPLY in other for other in selections)]
    quantities = _quantities(folder.scenario, frame)
    columns = [Column("Way of playing"), *(Column(each.head, True) for each in quantities)]
    rows = [[selection_words(each), *own] for each, own in zip(shown, _cells(frame, "selection", shown, quantities), strict=True)]
    notes = _notes(folder.scenario)
    hidden = len(selections) - len(shown)
    if hidden:
        are = "are" if hidden > 1 else "is"
        notes.append(f"{counted(hidden, 'combination')} of named strategies as written {are} not shown.")
    return framed(folder, "outcomes", f"Outcomes of {len(rows)} ways of playing", columns, rows, notes)


def equilibria_table(folder: RunFolder) -> WrittenTable:
    """One row a distinct Markov equilibrium that was found."""
    frame = folder.table("equilibria", EQUILIBRIA_NEEDS)
    heads = frame.drop_duplicates("equilibrium")
    quantities = _quantities(folder.scenario, frame)
    columns = [Column("Equilibrium"), Column("Kind"), Column("Selected"), *(Column(each.head, True) for each in quantities)]
    rows = [
        [f"{row['equilibrium']:.0f}", row["kind"], "yes" if row["selected"] else "no", *own]
        for (_, row), own in zip(
            heads.iterrows(), _cells(frame, "equilibrium", list(heads["equilibrium"]), quantities), strict=True
        )
    ]
    notes = [
        *_notes(folder.scenario),
        "Selected: the limit of the logit path from uniform play. There may be others that were not found.",
    ]
    return framed(folder, "equilibria", f"Distinct Markov equilibria that were found: {len(rows)}", columns, rows, notes)


def _as_written(selection: str) -> bool:
    """Whether it is a combination of named strategies without a best reply."""
    return VERSUS in selection and BEST_REPLY not in selection


def _quantities(scenario: Scenario, frame: pd.DataFrame) -> list[_Quantity]:
    """Payoffs; of the first event the chances and the time; of others the last date only; counts and averages by then."""
    found = [_Quantity(f"Payoff of {plain(player.key)}", player.key, "payoff") for player in scenario.players]
    when = dates(frame["quantity"])
    for k, event in enumerate(scenario.events):
        own = when if k == 0 else when[-1:]
        found += [_Quantity(f"{_name(event.name)} by {date}", event.name, f"chance by {date}", True) for date in own]
        if k == 0:
            found.append(_Quantity(f"{_name(event.name)} ever", event.name, "chance ever", True))
            found += [
                _Quantity(f"{late.split(' ')[0].capitalize()} to {plain(event.name)}, if it happens", event.name, late)
                for late in dict.fromkeys(frame.loc[frame["subject"] == event.name, "quantity"])
                if _TIME.fullmatch(late)
            ]
    for date in when[-1:] or _other_dates(frame)[-1:]:
        found += [_Quantity(f"{_name(each.name)} by {date}", each.name, f"number by {date}") for each in scenario.counts]
        found += [_Quantity(f"{_mean(each.name)} over {date}", each.name, f"average over {date}") for each in scenario.averages]
    told = set(zip(frame["subject"], frame["quantity"], strict=True))
    return [each for each in found if (each.subject, each.quantity) in told]


def _other_dates(frame: pd.DataFrame) -> list[str]:
    """Dates of counts and averages, where no event tells them."""
    named = [each.partition(sign)[2] for each in frame["quantity"] for sign in ("number by ", "average over ") if sign in each]
    return list(dict.fromkeys(named))


def _name(measure: str) -> str:
    return capital(plain(measure))


def _mean(measure: str) -> str:
    """An average by its name, which may say already that it is one."""
    words = plain(measure)
    return _name(measure) if words.startswith(("mean", "average")) else f"Mean {words}"


def _cells(frame: pd.DataFrame, key: str, shown: Sequence[object], quantities: Sequence[_Quantity]) -> list[list[Cell]]:
    """A row for each of `shown`, which stand in the column `key`."""
    values = {
        (row_key, subject, quantity): value
        for row_key, subject, quantity, value in zip(frame[key], frame["subject"], frame["quantity"], frame["value"], strict=True)
    }
    columns = [[values.get((one, each.subject, each.quantity), math.nan) for one in shown] for each in quantities]
    digits = {each.quantity: decimals(_together(columns, quantities, each.quantity)) for each in quantities}
    cells = [
        [Number(value, digits[each.quantity], percent=each.percent) for value in own]
        for each, own in zip(quantities, columns, strict=True)
    ]
    return [[column[k] for column in cells] for k in range(len(shown))]


def _together(columns: Sequence[Sequence[float]], quantities: Sequence[_Quantity], quantity: str) -> list[float]:
    """All numbers of a quantity, whose decimals are the same for every subject."""
    return [value for own, each in zip(columns, quantities, strict=True) if each.quantity == quantity for value in own]


def _notes(scenario: Scenario) -> list[str]:
    return [
        payoff_note(scenario),
        players_note(scenario),
        "Against best reply: whoever has no named strategy answers as suits it best. '-': the question does not arise.",
    ]
