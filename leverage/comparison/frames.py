"""The tables of a comparison: tidy, one row a fact and side. What is the same on all sides is left out, but for claims."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from leverage.comparison.bounded_facts import LEVERAGE_KEY, OUTCOME_KEY
from leverage.comparison.comparison import ComparedFact, Comparison
from leverage.comparison.sheet_overlap import SheetOverlap

SIDE_COLUMNS = ("side", "name", "scenario", "variant", "overrides", "sheet", "leverage", "unsolved")
INPUT_COLUMNS = ("kind", "place", "path", "side", "said", "unit")
FACT_COLUMNS = ("side", "value", "low", "high", "unit", "proof", "standing")
CLAIM_COLUMNS = ("claim", "says", "side", "verdict", "margin", "margin_low", "margin_high", "standing")
PLAY_COLUMNS = ("selection", "quality", "side", "said", "standing")
SHEET_COLUMNS = ("parameter", "unit", "side", "low", "likely", "high", "by_whom", "when", "note", "overlap")
#: Between the steps of a path.
STEP = " > "


def comparison_frames(comparison: Comparison) -> dict[str, pd.DataFrame]:
    """All tables by name."""
    return {
        "sides": _sides(comparison),
        "inputs": _inputs(comparison),
        "outcomes_compared": _facts(comparison, comparison.outcomes, OUTCOME_KEY),
        "leverage_compared": _facts(comparison, comparison.leverage, LEVERAGE_KEY),
        "claims_compared": _claims(comparison),
        "strategies_compared": _plays(comparison),
    }


def _sides(comparison: Comparison) -> pd.DataFrame:
    rows = [
        (
            *(side.label, side.name, side.inputs["scenario"], side.inputs["variant"], _overrides(side.inputs["overrides"])),
            *(side.sheet.source if side.sheet else "", side.made_with.get("leverage", ""), ", ".join(side.unsolved)),
        )
        for side in comparison.sides
    ]
    return pd.DataFrame(rows, columns=list(SIDE_COLUMNS))


def _overrides(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name}={value:.12g}" for name, value in values.items())


def _inputs(comparison: Comparison) -> pd.DataFrame:
    rows = [
        (each.kind, each.words, STEP.join(each.path), side.label, said or "", each.unit)
        for each in comparison.inputs
        for side, said in zip(comparison.sides, each.said, strict=True)
    ]
    return pd.DataFrame(rows, columns=list(INPUT_COLUMNS))


def _facts(comparison: Comparison, facts: Sequence[ComparedFact], key: Sequence[str]) -> pd.DataFrame:
    rows = [
        (*each.key, side.label, fact.value, fact.low, fact.high, fact.unit, fact.proof, each.standing)
        for each in facts
        if each.standing != "same"
        for side, fact in zip(comparison.sides, each.facts, strict=True)
        if fact is not None
    ]
    return pd.DataFrame(rows, columns=[*key, *FACT_COLUMNS])


def _claims(comparison: Comparison) -> pd.DataFrame:
    rows = []
    for each in comparison.claims:
        for side, claim in zip(comparison.sides, each.claims, strict=True):
            if claim is not None:
                margin = claim.whole.margin
                numbers = (margin.value, margin.low, margin.high)
                rows.append((each.name, claim.says, side.label, claim.whole.verdict, *numbers, each.standing))
    return pd.DataFrame(rows, columns=list(CLAIM_COLUMNS))


def _plays(comparison: Comparison) -> pd.DataFrame:
    rows = [
        (each.selection, each.quality, side.label, said, each.standing)
        for each in comparison.plays
        if each.standing != "same"
        for side, said in zip(comparison.sides, each.said, strict=True)
        if said is not None
    ]
    return pd.DataFrame(rows, columns=list(PLAY_COLUMNS))


def sheets_frame(overlaps: Sequence[SheetOverlap]) -> pd.DataFrame:
    """One row a parameter and sheet; `overlap` is what the ranges of all sheets have in common, see `SheetOverlap`."""
    rows = [
        (
            *(each.parameter, each.unit, label, own.low, own.likely, own.high),
            *(own.by_whom, own.when, own.note, math.nan if each.share is None else each.share),
        )
        for each in overlaps
        for label, own in zip(each.labels, each.judgements, strict=True)
    ]
    return pd.DataFrame(rows, columns=list(SHEET_COLUMNS))
