"""Claims for writing: the sentence, its verdict, its margin and what would turn it; and tipping, every turn that was found."""

from __future__ import annotations

import math

import pandas as pd

from leverage.output.claims import VERDICT_MEANINGS, significant
from leverage.output.columns import listed
from leverage.output.flips import Flip
from leverage.stress.tipping import FLIPS, NO_SIDE, NOT_SEARCHED, STAYS
from leverage.writing.framing import framed, legend, payoff_note
from leverage.writing.run_folder import RunFolder
from leverage.writing.written_table import Cell, Column, Number, WrittenTable, decimals

CLAIM_NEEDS = ("claim", "says", "under", "line", "verdict", "margin", "margin_low", "margin_high", "unit")
TIPPING_NEEDS = (
    *("claim", "parameter", "unit", "value", "low", "high", "verdict"),
    *("bracket_low", "bracket_high", "flips_to", "distance", "searched"),
)

#: What is told instead of a flip.
NONE_FOUND, UNSEARCHED, NEITHER = "none found", "not searched", "-"


def claims_table(folder: RunFolder) -> WrittenTable:
    """One row a claim, in the order of the file."""
    frame = folder.table("claims", CLAIM_NEEDS)
    claims = frame[frame["line"] == ""]
    shares = "share" in claims and claims["share"].notna().any()
    tipping = folder.table("tipping", TIPPING_NEEDS) if "tipping" in folder.names else None
    columns = [
        Column("Claim"),
        Column("Sentence"),
        Column("Judged under"),
        Column("Verdict"),
        Column("Margin", True),
        Column("Unit"),
    ]
    columns += [Column("Share of the box", True)] if shares else []
    columns += [Column("Nearest flip")] if tipping is not None else []
    rows = []
    for _, claim in claims.iterrows():
        row: list[Cell] = [claim["claim"], claim["says"], claim["under"], claim["verdict"], _margin(claim), claim["unit"]]
        row += [_share(claim)] if shares else []
        row += [_nearest(tipping, claim["claim"])] if tipping is not None else []
        rows.append(row)
    what = f"The argument sentence by sentence: verdicts on {len(claims)} claims"
    return framed(folder, "claims", what, columns, rows, _claim_notes(folder, claims, tipping, bool(shares)))


def _margin(claim: pd.Series) -> Number:
    """The margin of the line that decides, with its bounds; about three digits that count."""
    value, low, high = claim["margin"], claim["margin_low"], claim["margin_high"]
    digits = decimals([value]) if math.isfinite(value) and value else decimals([low, high])
    return Number(value, digits, low, high)


def _share(claim: pd.Series) -> Number:
    return Number(claim["share"], 0, claim["share_low"], claim["share_high"], percent=True)


def _nearest(tipping: pd.DataFrame, claim: str) -> str:
    own = tipping[tipping["claim"] == claim]
    flips = own[own["searched"] == FLIPS].sort_values(["distance", "parameter"])
    if len(flips):
        return Flip.of_row(flips.iloc[0].to_dict()).words
    if (own["searched"] == STAYS).any():
        return NONE_FOUND
    return NEITHER if (own["searched"] == NO_SIDE).all() else UNSEARCHED


def _beyond(row: pd.Series) -> str:
    """'above 30.2': the side on which the claim has flipped, and the place."""
    flip = Flip.of_row(row.to_dict())
    return f"{'above' if flip.above else 'below'} {flip.place}"


def _claim_notes(folder: RunFolder, claims: pd.DataFrame, tipping: pd.DataFrame | None, shares: bool) -> list[str]:
    notes = [
        legend(VERDICT_MEANINGS, claims["verdict"]),
        "Margin: by how much the line that decides holds, in the unit of what it compares (chances as fractions of 1), with"
        " bounds where they are more than rounding; a positive one speaks for the claim.",
        payoff_note(folder.scenario),
    ]
    if shares:
        notes.append("Share: of the plausible box in which the claim holds, be it barely, with a 95 % interval.")
    if tipping is not None:
        notes.append(f"Nearest flip: one parameter moves alone over its plausible range, all others as they are{_scan(tipping)}.")
    caveats = claims[claims["caveat"] != ""] if "caveat" in claims else claims.iloc[:0]
    return notes + [f"{name}: {_stopped(caveat)}" for name, caveat in zip(caveats["claim"], caveats["caveat"], strict=True)]


def _scan(tipping: pd.DataFrame) -> str:
    """How closely was looked: the coarsest scan."""
    coarsest = tipping["resolution"].max() if "resolution" in tipping else math.nan
    return f"; what comes and goes within {coarsest:.0%} of the range is missed" if coarsest > 0 else ""


def _stopped(sentence: str) -> str:
    return sentence if sentence.rstrip().endswith((".", "!", "?")) else f"{sentence.rstrip()}."


def tipping_table(folder: RunFolder) -> WrittenTable:
    """One row a flip that was found, the nearest of a claim first."""
    frame = folder.table("tipping", TIPPING_NEEDS)
    order = {claim: k for k, claim in enumerate(dict.fromkeys(frame["claim"]))}
    flips = frame[frame["searched"] == FLIPS]
    flips = flips.assign(order=flips["claim"].map(order)).sort_values(["order", "distance", "parameter"])
    columns = [
        *(Column("Claim"), Column("Verdict"), Column("Parameter"), Column("Unit"), Column("Value", True)),
        *(Column("Plausible range", True), Column("Flips", True), Column("To"), Column("Distance in ranges", True)),
    ]
    rows = [
        (
            *(flip["claim"], flip["verdict"], flip["parameter"], flip["unit"], _three(flip["value"])),
            *(f"{significant(flip['low'])} to {significant(flip['high'])}", _beyond(flip)),
            *(flip["flips_to"], Number(flip["distance"], 2)),
        )
        for _, flip in flips.iterrows()
    ]
    what = f"What one parameter alone would turn: {len(rows)} flips of {flips['claim'].nunique()} claims"
    return framed(folder, "tipping", what, columns, rows, _tipping_notes(frame), none=_no_flips(folder, frame))


def _no_flips(folder: RunFolder, frame: pd.DataFrame) -> str:
    """Why no flip is told, where claims were looked at; '' where there were none to look at."""
    searched = set(frame["searched"])
    if STAYS in searched:
        return "There are no rows: no flip was found."
    if NOT_SEARCHED in searched:
        return f"There are no rows: flips were not searched; {folder.command('stress')} does."
    return "There are no rows: no claim stands or has fallen, so that none can flip." if searched else ""


def _three(value: float) -> Number:
    return Number(value, decimals([value]))


def _tipping_notes(frame: pd.DataFrame) -> list[str]:
    notes = [
        f"All other parameters are as they are; flips are brackets whose ends are certain{_scan(frame)}.",
        legend(VERDICT_MEANINGS, [*frame["verdict"], *frame["flips_to"]]),
    ]
    for searched, told in ((STAYS, "No flip found of"), (NOT_SEARCHED, "Not searched for all parameters")):
        by_claim = frame.groupby("claim", sort=False)["searched"]
        names = [str(n) for n, own in by_claim if not (own == FLIPS).any() and (own == searched).any()]
        notes += [f"{told}: {listed(names)}."] if names else []
    return notes
