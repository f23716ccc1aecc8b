"""Sensitivity for writing: what each parameter moves of the players' payoffs."""

from __future__ import annotations

import math

import pandas as pd

from leverage.output.claims import significant
from leverage.scenario.wording import plain
from leverage.writing.framing import framed, payoff_note, players_note
from leverage.writing.run_folder import RunFolder
from leverage.writing.written_table import Cell, Column, Number, WrittenTable, decimals

NEEDS = ("parameter", "value", "low", "high", "unit", "subject", "quantity", "derivative", "moves", "side")


def sensitivity_table(folder: RunFolder) -> WrittenTable:
    """One row a parameter (and side, where the two differ), what moves the first player's payoff most first."""
    keys = [player.key for player in folder.scenario.players]
    frame = folder.table("sensitivity", NEEDS)
    own = frame[(frame["quantity"] == "payoff") & frame["subject"].isin(keys)]
    values = {(row["parameter"], row["side"], row["subject"]): row for _, row in own.iterrows()}
    digits = decimals([row["moves"] for row in values.values()])
    columns = [Column("Parameter"), Column("Unit"), Column("Value", True), Column("Plausible range", True), Column("Side")]
    for key in keys:
        columns += [Column(f"Payoff of {plain(key)} per unit", True), Column(f"Its range would move {plain(key)}", True)]
    places = sorted(dict.fromkeys((parameter, side) for parameter, side, _ in values), key=lambda p: _size(values, p, keys))
    rows = [_row(values, place, keys, digits) for place in places]
    notes = [
        payoff_note(folder.scenario),
        players_note(folder.scenario),
        "Of the Markov perfect equilibrium. Local and linear: the effect of a small change, and that times the length of the"
        " plausible range. '-': there is no such number.",
    ]
    return framed(folder, "sensitivity", f"What {len(rows)} parameters move", columns, rows, notes)


def _size(values: dict[tuple[str, str, str], pd.Series], place: tuple[str, str], keys: list[str]) -> tuple[float, str]:
    """Largest first; what has no number last."""
    row = values.get((*place, keys[0]))
    moves = math.nan if row is None else float(row["moves"])
    return (math.inf if math.isnan(moves) else -abs(moves)), place[0]


def _row(values: dict[tuple[str, str, str], pd.Series], place: tuple[str, str], keys: list[str], digits: int) -> list[Cell]:
    found = [values.get((*place, key)) for key in keys]
    first = next(row for row in found if row is not None)
    doubted = not math.isnan(first["low"])
    cells: list[Cell] = [place[0], first["unit"], Number(first["value"], decimals([first["value"]]))]
    cells += [f"{significant(first['low'])} to {significant(first['high'])}" if doubted else "-", place[1]]
    for row in found:
        slope, moves = (math.nan, math.nan) if row is None else (row["derivative"], row["moves"])
        cells += [Number(slope, decimals([slope])), Number(moves, digits)]
    return cells
