"""What the answer rests on: parameters with ranges and provenance, and what would change it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from leverage.output.claims import significant
from leverage.output.columns import number
from leverage.report.claims_part import flip_words, flips_of
from leverage.scenario.scenario import Parameter
from leverage.scenario.wording import plain
from leverage.writing.run_folder import RunFolder

#: A source is a judgement that says so.
JUDGEMENT = "judgement"
#: Flips and effects that are told; all are in the tables.
MOST_FLIPS, MOST_EFFECTS = 8, 5


@dataclass(frozen=True)
class Assumption:
    """A parameter as it is printed."""

    name: str
    value: str
    between: str
    unit: str
    source: str
    judged: bool


def assumptions_of(folder: RunFolder) -> tuple[Assumption, ...]:
    """Every parameter in the order of the file."""
    return tuple(_assumption(each) for each in folder.scenario.parameters.values())


def _assumption(each: Parameter) -> Assumption:
    between = f"{significant(each.low)} to {significant(each.high)}" if each.in_doubt else "not in doubt"
    return Assumption(each.name, significant(each.value), between, each.unit, each.source, JUDGEMENT in each.source.lower())


def nearest_flips(folder: RunFolder) -> tuple[str, ...]:
    """The nearest flips of all claims, a sentence each."""
    found = flips_of(folder.table("tipping"))
    return tuple(f"{row.claim} {flip_words(row)}" for _, row in found.head(MOST_FLIPS).iterrows())


def largest_effects(folder: RunFolder) -> tuple[str, ...]:
    """What moves the holder's payoff in the selected equilibrium most, by the exact local derivative over the plausible range."""
    frame, scenario = folder.table("sensitivity"), folder.scenario
    about = scenario.players[scenario.instruments[0].holder if scenario.instruments else 0].key
    own = frame[(frame.subject == about) & (frame.quantity == "payoff") & frame.moves.notna()]
    own = own.reindex(own.moves.abs().sort_values(ascending=False, kind="stable").index).head(MOST_EFFECTS)
    return tuple(_effect(row, plain(about)) for _, row in own.iterrows())


def _effect(row: pd.Series, who: str) -> str:
    return f"{row.parameter} would move {who}'s payoff by {number(row.moves)} {row.quantity_unit} over its range"
