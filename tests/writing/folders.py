"""Folders of runs for tests of what is made from them: the shipped one, and small ones with tables made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from leverage.loading import parse_scenario
from leverage.output.claims import CLAIM_COLUMNS
from leverage.output.files import write_tables
from leverage.writing.run_folder import RunFolder
from tests.test_cli import PRISONERS, ROOT

SHIPPED = ROOT / "results" / "withdrawal" / "baseline"

#: Texts that some file format takes for something else than text.
NASTY = (
    '=HYPERLINK("http://x.example","y")',
    "+1",
    "-1+2",
    "@SUM(A1)",
    "'quoted'",
    r"a | b \ c \\ {d} [e]",
    "50 % of $5 & #3, A1_floor, x^2, ~y, <b>bold</b> &amp; _so_ *so* `so`",
    "*starred* - and --variant",
    "[2cm] at the beginning",
    "1.20",
    "nan",
    "None",
    "NA",
)


def shipped() -> RunFolder:
    return RunFolder.open(SHIPPED)


def made(folder: Path, tables: Mapping[str, pd.DataFrame], table_format: str = "csv", title: str = "Two prisoners") -> RunFolder:
    """A folder with these tables, as a run writes it; the scenario is one of two players without events."""
    scenario = parse_scenario(PRISONERS.replace("Two prisoners", f"'{title}'"), source="prisoners.yaml")
    write_tables(scenario, tables, {"unsolved": {}}, "", folder, table_format, 1.0)
    return RunFolder.open(folder)


def claims(*rows: Mapping[str, object]) -> pd.DataFrame:
    """A table of claims: what is not given is empty or NaN."""
    numbers = ("margin", "margin_low", "margin_high", "worth_noting_from", "left", "right", "share", "share_low", "share_high")
    empty = {name: float("nan") if name in numbers else "" for name in CLAIM_COLUMNS}
    return pd.DataFrame([{**empty, **row} for row in rows], columns=list(CLAIM_COLUMNS))


def nasty_claims() -> pd.DataFrame:
    """A claim a nasty text, which is its name, its sentence and its caveat."""
    return claims(
        *(
            {"claim": text, "says": text, "under": "every equilibrium", "verdict": "holds", "margin": 0.5 + k, "caveat": text}
            for k, text in enumerate(NASTY)
        )
    )
