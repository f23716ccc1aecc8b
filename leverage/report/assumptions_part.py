"""What the answer rests on: parameters with ranges and provenance, and what would change it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from leverage.output.about import player_told_of
from leverage.output.claims import significant
from leverage.output.columns import number
from leverage.output.flips import Flip
from leverage.report.claims_part import flips_of
from leverage.scenario.provenance import PROVENANCES
from leverage.scenario.wording import plain
from leverage.writing.run_folder import RunFolder

#: What stands for the range of a parameter without one.
NOT_IN_DOUBT = "not in doubt"
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


def assumptions_of(folder: RunFolder) -> tuple[Assumption, ...]:
    """Every parameter in the order of the file."""
    return tuple(_assumption(row) for row in folder.run_table("parameters").to_dict("records"))


def _assumption(row: Mapping[Hashable, Any]) -> Assumption:
    low, high = row["low"], row["high"]
    between = NOT_IN_DOUBT if math.isnan(low) else f"{significant(low)} to {significant(high)}"
    changed = "" if row["value"] == row["stated"] else f" (the file: {significant(row['stated'])})"
    value = f"{significant(row['value'])}{changed}"
    return Assumption(row["parameter"], value, between, row["unit"], row["source"])


def grounds_of(folder: RunFolder) -> tuple[tuple[int, str], ...]:
    """How many numbers rest on what, the weakest ground first; without those on which none rests."""
    counts = Counter(folder.run_table("parameters").provenance)
    return tuple((counts[name], meaning) for name, meaning in PROVENANCES.items() if counts[name])


def nearest_flips(folder: RunFolder) -> tuple[str, ...]:
    """The nearest flips of all claims, a sentence each."""
    found = flips_of(folder.run_table("tipping"))
    return tuple(f"{row['claim']} {Flip.of_row(row).words}" for row in found.head(MOST_FLIPS).to_dict("records"))


def largest_effects(folder: RunFolder) -> tuple[str, ...]:
    """What moves the holder's payoff in the selected equilibrium most, by the exact local derivative over the plausible range."""
    frame, scenario = folder.run_table("sensitivity"), folder.scenario
    key = scenario.players[player_told_of(scenario)].key
    own = frame[(frame.subject == key) & (frame.quantity == "payoff") & frame.moves.notna()]
    own = own[own.moves.map(number) != number(0.0)]
    own = own.reindex(own.moves.abs().sort_values(ascending=False, kind="stable").index).head(MOST_EFFECTS)
    return tuple(_effect(row, plain(key)) for _, row in own.iterrows())


def _effect(row: pd.Series, who: str) -> str:
    return f"{row.parameter} would move {who}'s payoff by {number(row.moves)} {row.quantity_unit} over its range"
