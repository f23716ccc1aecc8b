"""The argument, sentence by sentence: verdicts for the page, and every point where a claim was judged for its slider."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import pandas as pd

from leverage.output.claims import VERDICT_MEANINGS, narrow, significant, with_notes
from leverage.output.columns import number
from leverage.output.flips import Flip
from leverage.stress.tipping import FLIPS, NO_SIDE, NOT_SEARCHED, STAYS
from leverage.writing.run_folder import RunFolder

#: A verdict's sign, which tells it apart without colour.
SIGNS = {"holds": "✓", "barely": "~", "fails": "✗", "undecided": "?", "idle": "–", "undefined": "∅"}


@dataclass(frozen=True)
class Verdict:
    """word: a verdict; sign: of it."""

    word: str

    @property
    def sign(self) -> str:
        return SIGNS[self.word]


@dataclass(frozen=True)
class ClaimLine:
    """A comparison of a claim, as text of the file, with both sides and the verdict on it."""

    text: str
    under: str
    verdict: Verdict
    left: str
    right: str
    margin: str
    reason: str


@dataclass(frozen=True)
class ClaimRow:
    """A claim with the line that decides it; flip: a sentence about the nearest flip found, '' without one."""

    name: str
    assertion: str
    says: str
    under: str
    verdict: Verdict
    margin: str
    flip: str
    caveat: str
    reason: str
    lines: tuple[ClaimLine, ...]


def claims_of(folder: RunFolder) -> tuple[ClaimRow, ...]:
    """Every claim in the order of the file."""
    frame, tipping = folder.run_table("claims"), folder.run_table("tipping")
    heads = frame[frame.line == ""]
    return tuple(_claim(row, frame, tipping) for _, row in heads.iterrows())


def tally_of(claims: tuple[ClaimRow, ...]) -> tuple[tuple[Verdict, int], ...]:
    """How many claims have each verdict, the best first; without those that none has."""
    counts = Counter(claim.verdict.word for claim in claims)
    return tuple((Verdict(word), counts[word]) for word in VERDICT_MEANINGS if counts[word])


def _claim(row: pd.Series[Any], frame: pd.DataFrame, tipping: pd.DataFrame) -> ClaimRow:
    own = frame[(frame.claim == row.claim) & (frame.line != "")]
    return ClaimRow(
        name=row.claim,
        assertion=row.assertion,
        says=row.says,
        under=row.under,
        verdict=Verdict(row.verdict),
        margin=margin_words(row),
        flip=_nearest(tipping[tipping.claim == row.claim]),
        caveat=row.caveat,
        reason=row.reason,
        lines=tuple(
            ClaimLine(each.line, each.under, Verdict(each.verdict), *_sides(each), margin_words(each), each.reason)
            for _, each in own.iterrows()
        ),
    )


def margin_words(row: pd.Series[Any]) -> str:
    """'9.62 (points a month; 9.18 to 10.2)'; the bounds only where they are further apart than rounding."""
    value, low, high = row.margin, row.margin_low, row.margin_high
    if math.isnan(value) and math.isnan(low):
        return ""
    ends = significant(low), significant(high)
    between = " to ".join(ends)
    if math.isnan(value):
        return with_notes(between, row.unit)
    told = significant(value)
    return with_notes(told, row.unit, "" if narrow(low, high) or ends == (told, told) else between)


def _sides(row: pd.Series[Any]) -> tuple[str, str]:
    return number(row.left, 2), number(row.right, 2)


def flips_of(tipping: pd.DataFrame) -> pd.DataFrame:
    """Flips that were found, the nearest first."""
    return tipping[tipping.searched == FLIPS].sort_values(["distance", "claim", "parameter"], kind="stable")


def _nearest(tipping: pd.DataFrame) -> str:
    found = flips_of(tipping)
    if len(found):
        return Flip.of_row(found.iloc[0].to_dict()).words
    if len(tipping) and (tipping.searched == NOT_SEARCHED).all():
        return "not searched in a run"
    return "no flip found" if len(tipping) and (tipping.searched == STAYS).any() else ""


# --- the slider -----------------------------------------------------------------------------------------------------------


_NUMBERS = ("margin", "margin_low", "margin_high")


def slider_data(folder: RunFolder) -> dict[str, Any]:
    """Points where a claim was judged along one parameter, for pairs with more than the value in use.

    {"claims": {name: {"says": sentence, "along": {parameter: [[value, verdict, margin, low, high, unit], ...]}}}, "parameters":
    {name: {"unit": unit, "value": in use}}}; numbers that do not exist are null.
    """
    points, claims = folder.run_table("claim_points"), folder.run_table("claims")
    says = {row.claim: row.says for _, row in claims[claims.line == ""].iterrows()}
    found: dict[str, Any] = {}
    for (claim, parameter), own in points.groupby(["claim", "parameter"], sort=False):
        if len(own) > 1 and claim in says:
            along = [
                [row["value"], row["verdict"], *(_or_null(row[name]) for name in _NUMBERS), row["unit"]]
                for row in own.sort_values("value").to_dict("records")
            ]
            found.setdefault(str(claim), {"says": says[str(claim)], "along": {}})["along"][str(parameter)] = along
    told = {
        row["parameter"]: {"unit": row["unit"], "value": row["value"]}
        for row in folder.run_table("parameters").to_dict("records")
    }
    return {"claims": found, "parameters": told, "signs": SIGNS, "first": _first(folder, found)}


def _first(folder: RunFolder, found: dict[str, Any]) -> list[str]:
    """The claim and the parameter that the slider begins with: the nearest flip of all, else the first pair."""
    for row in flips_of(folder.run_table("tipping")).to_dict("records"):
        if row["parameter"] in found.get(row["claim"], {"along": {}})["along"]:
            return [row["claim"], row["parameter"]]
    return next(([claim, next(iter(each["along"]))] for claim, each in found.items()), [])


@dataclass(frozen=True)
class LeftOut:
    """Claims that the slider does not have.

    dear: judged at the values in use only. neither: standing nor fallen, so that no flip is looked for. command: looks further.
    """

    dear: tuple[str, ...]
    neither: tuple[str, ...]
    command: str


def left_out_of(folder: RunFolder, told: Collection[str]) -> LeftOut:
    """Claims in the order of the file without those that are told."""
    found = [
        (claim, set(own.searched)) for claim, own in folder.run_table("tipping").groupby("claim", sort=False) if claim not in told
    ]
    dear = tuple(str(claim) for claim, searched in found if NOT_SEARCHED in searched)
    neither = tuple(str(claim) for claim, searched in found if searched == {NO_SIDE})
    return LeftOut(dear, neither, folder.command("stress"))


def _or_null(value: float) -> float | None:
    return value if math.isfinite(value) else None
