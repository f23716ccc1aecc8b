"""Strategies for writing: is a way of playing an equilibrium, and who would rather do what."""

from __future__ import annotations

import pandas as pd

from leverage.output.credible import selection_words
from leverage.output.text import PATH_WORDS
from leverage.scenario.wording import plain
from leverage.writing.framing import framed, payoff_note, players_note
from leverage.writing.run_folder import RunFolder
from leverage.writing.written_table import Cell, Column, Number, WrittenTable, decimals

NEEDS = ("selection", "equilibrium", "subgame_perfect", "largest_gain", "who", "where", "plays", "better", "path")


def strategies_table(folder: RunFolder) -> WrittenTable:
    """One row a way of playing, in the order of the run."""
    scenario = folder.scenario
    replies = [(player.key, f"{player.key}_gain_by_best_reply") for player in scenario.players]
    frame = folder.table("strategies", (*NEEDS, *(column for _, column in replies)))
    digits = decimals([*frame["largest_gain"], *(value for _, column in replies for value in frame[column])])
    columns = [
        *(Column("Way of playing"), Column("Equilibrium"), Column("Subgame perfect")),
        *(Column(f"Could gain: {plain(key)}", True) for key, _ in replies),
        *(Column("Largest gain of one departure", True), Column("That departure"), Column("Path holds")),
    ]
    rows: list[list[Cell]] = [
        [
            *(selection_words(row["selection"]), _yes(row["equilibrium"]), _yes(row["subgame_perfect"])),
            *(Number(row[column], digits) for _, column in replies),
            *(Number(row["largest_gain"], digits), _departure(row), PATH_WORDS.get(row["path"], "")),
        ]
        for _, row in frame.iterrows()
    ]
    notes = [
        payoff_note(scenario),
        players_note(scenario),
        "Equilibrium: nobody gains by another strategy from the start. Subgame perfect: nobody gains by one departure in any"
        " situation. Could gain: by a best reply, from the start.",
        "Path holds: what is played while nobody departs could be upheld by the worst credible punishments (Abreu 1988); '?':"
        " the bounds do not tell; '-': mixed play; empty: not asked.",
    ]
    return framed(folder, "strategies", f"What {len(rows)} ways of playing stand up to", columns, rows, notes)


def _yes(truth: bool) -> str:
    return "yes" if truth else "no"


def _departure(row: pd.Series) -> str:
    """Who would play what instead of what, and where."""
    if not row["who"]:
        return ""
    return f"{plain(row['who'])}: {plain(row['better'])} instead of {plain(row['plays'])}, with {row['where']}"
