"""What credible play allows, for writing: ranges of payoffs by state, and what players would agree on."""

from __future__ import annotations

import math

import pandas as pd

from leverage.output.credible import RULE_NAMES
from leverage.scenario.wording import plain
from leverage.writing.framing import framed, payoff_note, players_note
from leverage.writing.run_folder import RunFolder
from leverage.writing.written_table import Cell, Column, Number, WrittenTable, decimals

SET_NEEDS = ("state", "bound", "corner")
BARGAINING_NEEDS = ("rule", "agreement", "quantity", "player", "value", "units_matter")


def equilibrium_set_table(folder: RunFolder) -> WrittenTable:
    """One row a state: the least and the most that credible play pays each player, between the inner and the outer bound."""
    keys = [player.key for player in folder.scenario.players]
    frame = folder.table("equilibrium_set", (*SET_NEEDS, *(f"{key}_payoff" for key in keys)))
    if "without" in frame:
        frame = frame[frame["without"] == ""]
    ends = frame[frame["corner"].isin(["smallest", "largest"])]
    payoffs = {
        (row["state"], row["bound"], row["corner"], key): float(row[f"{key}_payoff"])
        for _, row in ends.iterrows()
        for key in keys
    }
    digits = decimals(payoffs.values())
    columns = [Column("State")]
    columns += [Column(f"{end} for {plain(key)}", True) for key in keys for end in ("Smallest", "Largest")]
    rows: list[list[Cell]] = []
    for state in dict.fromkeys(ends["state"]):
        cells = [_end(payoffs, state, corner, key, digits) for key in keys for corner in ("smallest", "largest")]
        rows.append([state, *cells])
    notes = [
        payoff_note(folder.scenario),
        players_note(folder.scenario),
        "Subgame-perfect play in pure actions with public randomisation. A number is the outer bound: no equilibrium pays less or"
        " more. Beside it stand the inner bound, which a plan that was checked reaches, and the outer one, in rising order, where"
        " they differ; no inner one: no plan was proved.",
    ]
    what = f"What credible play can pay, for play that begins in each of {len(rows)} states"
    return framed(folder, "equilibrium_set", what, columns, rows, notes)


def _end(payoffs: dict[tuple[str, str, str, str], float], state: str, corner: str, key: str, digits: int) -> Number:
    """The outer bound, between it and the inner one."""
    outer, inner = (payoffs.get((state, bound, corner, key), math.nan) for bound in ("outer", "inner"))
    return Number(outer, digits, min(outer, inner), max(outer, inner)) if not math.isnan(inner) else Number(outer, digits)


def bargaining_table(folder: RunFolder) -> WrittenTable:
    """One row a rule: what is agreed on, within bounds, and what there is without agreement."""
    frame = folder.table("bargaining", BARGAINING_NEEDS)
    keys = list(dict.fromkeys(frame["player"]))
    values = {(row["rule"], row["quantity"], row["player"]): row["value"] for _, row in frame.iterrows()}
    digits = decimals(values.values())
    columns = [Column("Rule"), Column("Agreement"), *(Column(f"Agreed for {plain(key)}", True) for key in keys)]
    columns += [*(Column(f"Without agreement for {plain(key)}", True) for key in keys), Column("Depends on units")]
    rows: list[list[Cell]] = [_rule(row, keys, values, digits) for _, row in frame.drop_duplicates("rule").iterrows()]
    notes = [
        payoff_note(folder.scenario),
        players_note(folder.scenario),
        "Bounds hold whatever the true set of credible payoffs is between its inner and outer bound. Depends on units: the rule's"
        " answer depends on the units of the two payoffs.",
    ]
    return framed(folder, "bargaining", "What the two sides would agree on at the start", columns, rows, notes)


def _rule(row: pd.Series, keys: list[str], values: dict[tuple[str, str, str], float], digits: int) -> list[Cell]:
    rule = row["rule"]

    def value(quantity: str, key: str) -> float:
        return values.get((rule, quantity, key), math.nan)

    agreed = [Number(value("agreed", key), digits, value("at_least", key), value("at_most", key)) for key in keys]
    without = [Number(value("without_agreement", key), digits) for key in keys]
    return [RULE_NAMES.get(rule, rule), row["agreement"], *agreed, *without, "yes" if row["units_matter"] else "no"]
