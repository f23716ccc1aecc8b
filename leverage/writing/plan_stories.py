"""Credible plans as stories, from the table of plans: what each player does in each phase, and what answers a departure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from leverage.output.columns import number
from leverage.scenario.wording import capital, plain


@dataclass(frozen=True)
class Phase:
    """name and how long it lasts; rules: by player, in the order in which they are read."""

    name: str
    lasts: str
    rules: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class PlanStory:
    """A plan: title, what it pays, its phases, and what a departure from it costs."""

    title: str
    pays: str
    phases: tuple[Phase, ...]
    departures: tuple[str, ...]


def plan_stories(frame: pd.DataFrame) -> tuple[PlanStory, ...]:
    """Every plan of the table of plans, in its order."""
    return tuple(_plan(plan, frame[frame["plan"] == plan]) for plan in dict.fromkeys(frame["plan"]))


def _plan(title: str, frame: pd.DataFrame) -> PlanStory:
    paid = frame[(frame.kind == "value") & (frame.quantity == "payoff")]
    unit = paid.unit.iloc[0] if len(paid) else ""
    pays = ", ".join(f"{plain(row['player'])} {number(row['value'])}" for row in paid.to_dict("records"))
    phases = [name for name in dict.fromkeys(frame.phase) if name]
    return PlanStory(
        title=capital(plain(title)),
        pays=f"{pays} {unit}",
        phases=tuple(_phase(name, frame[frame.phase == name]) for name in phases),
        departures=tuple(_departure(row) for _, row in frame.iterrows() if row.condition.endswith(" departs")),
    )


def _phase(name: str, frame: pd.DataFrame) -> Phase:
    rules = frame[frame.kind == "rule"]
    players = dict.fromkeys(rules.player)
    return Phase(
        name=name,
        lasts=_length(frame[(frame.kind == "trigger") & (frame.quantity == "mean length")]),
        rules=tuple((plain(who), _rules(rules[rules.player == who])) for who in players),
    )


def _length(frame: pd.DataFrame) -> str:
    if not len(frame):
        return ""
    row = frame.iloc[0]
    if math.isinf(row.value):
        return "for good"
    told = number(row.value).removesuffix(".0")
    return f"{told} {row.unit.removesuffix('s') if told == '1' else row.unit} on average, {row.condition}"


def _rules(frame: pd.DataFrame) -> tuple[str, ...]:
    """In the order in which they are read; a later rule without a condition says what else is done."""
    told = []
    for k, row in enumerate(frame.to_dict("records")):
        action, condition = plain(row["action"]), plain(row["condition"])
        if condition != "always":
            told.append(f"{action} if {condition}")
        elif len(frame) == 1:
            told.append(f"always {action}")
        else:
            told.append(f"otherwise {action}" if k else action)
    return tuple(told)


def _departure(row: pd.Series[Any]) -> str:
    return f"A departure by {plain(row.player)} at the start changes its payoff by {number(row.value)} {row.unit}."
