"""Claims as a table and in print: the sentence of the argument beside its verdict, and the line that decides."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

import pandas as pd

from leverage.analysis.claims import SEVERITY, JudgedClaim, JudgedLine, Verdict
from leverage.analysis.figure import Figure
from leverage.output.columns import listed, number, paragraph, section
from leverage.scenario.scenario import Claim
from leverage.scenario.wording import counted

CLAIM_COLUMNS = (
    "claim",
    "assertion",
    "says",
    "under",
    "line",
    "verdict",
    "margin",
    "margin_low",
    "margin_high",
    "worth_noting_from",
    "left",
    "right",
    "unit",
    "reason",
    "flips_at",
    "share",
    "share_low",
    "share_high",
    "caveat",
)

#: A verdict in print.
VERDICT_WORDS: dict[Verdict, str] = {
    "fails": "FAILS",
    "undefined": "UNDEFINED",
    "undecided": "UNDECIDED",
    "idle": "IDLE",
    "barely": "BARELY",
    "holds": "HOLDS",
}

#: What a verdict means, the best first.
VERDICT_MEANINGS: dict[str, str] = {
    "holds": "true by at least as much as is worth noting",
    "barely": "true, but not certainly by as much as is worth noting",
    "undecided": "the bounds leave open whether it is true",
    "idle": "the case never arises",
    "undefined": "something that it needs does not exist or was not found",
    "fails": "certainly not true",
}

#: Bounds closer than this fraction of the number are not printed: they are rounding.
NARROW = 1e-6


def claims_frame(claims: Sequence[JudgedClaim]) -> pd.DataFrame:
    """One row a claim, its `line` empty and its numbers those of the line that decides, then one row a line and selection.

    flips_at, share, share_low and share_high are empty: they are about several points.
    """
    rows = [row for claim in claims for row in (_claim_row(claim), *(_line_row(claim.claim, line) for line in claim.lines))]
    return pd.DataFrame(rows, columns=list(CLAIM_COLUMNS))


def _claim_row(judged: JudgedClaim) -> tuple[object, ...]:
    under = "; ".join(selection.words for selection in judged.claim.under)
    return _row(judged.claim, judged.binding, under, "")


def _line_row(claim: Claim, line: JudgedLine) -> tuple[object, ...]:
    return _row(claim, line, line.selection.words, line.line.text)


def _row(claim: Claim, line: JudgedLine, under: str, text: str) -> tuple[object, ...]:
    size = math.nan if claim.worth_noting_from is None else claim.worth_noting_from
    margin = (line.margin.value, line.margin.low, line.margin.high)
    numbers = (*margin, size, line.left.value, line.right.value)
    told = (claim.name, claim.assertion, claim.says, under, text, line.verdict)
    return (*told, *numbers, line.unit, line.reason, *(math.nan,) * 4, claim.caveat)


# --- in print ---------------------------------------------------------------------------------------------------------


def claims_section(claims: Sequence[JudgedClaim], more: Callable[[JudgedClaim], str], search: str, which: int) -> list[str]:
    """The section of a run's page in 80 columns; nothing without claims.

    more: a sentence that is added to a claim. search: how far flips were looked for. which: the section's number.
    """
    if not claims:
        return []
    parts = [section(which, "the argument, sentence by sentence", "every number is a cell of claims.csv or tipping.csv")]
    parts.append(
        paragraph(f"Of {counted(len(claims), 'claim')} {tally([judged.verdict for judged in claims])}. {search}".rstrip())
    )
    for judged in claims:
        parts += ["", *claim_lines(judged)]
        parts += [paragraph(f"    {told}", 4) for told in (more(judged),) if told]
    return [*parts, ""]


def tally(verdicts: Sequence[Verdict]) -> str:
    """'3 hold, 1 barely, 2 fail'."""
    counts = Counter(verdicts)
    plural: dict[Verdict, str] = {"holds": "hold", "fails": "fail"}
    told = []
    for verdict in reversed(SEVERITY):
        if counts[verdict]:
            word = plural.get(verdict, verdict) if counts[verdict] > 1 else verdict
            told.append(f"{counts[verdict]} {word}")
    return listed(told)


def claim_lines(judged: JudgedClaim) -> list[str]:
    """The sentence beside its verdict, then the line that decides with its numbers, then what the claim's author adds."""
    claim = judged.claim
    name = claim.name if claim.assertion == claim.name else f"{claim.name} ({claim.assertion})"
    head = paragraph(f"{name} {VERDICT_WORDS[judged.verdict]}: {claim.says}", 4)
    caveat = [paragraph(f"    Caveat: {' '.join(claim.caveat.split())}", 4)] if claim.caveat else []
    return [head, paragraph(f"    {_because(judged)}", 4), *caveat]


def _because(judged: JudgedClaim) -> str:
    binding, others = judged.binding, [line for line in judged.lines if line is not judged.binding]
    told = f"{binding.line.text}, under {binding.selection.words}: {line_words(binding)}"
    if judged.claim.worth_noting_from is not None and binding.verdict == "barely":
        told += f" (worth noting from {significant(judged.claim.worth_noting_from)})"
    if others:
        many = counted(len(others), "line") if len(others) > 1 else "line"
        told += f". The other {many}: {tally([line.verdict for line in others]).removeprefix('1 ' if many == 'line' else '')}"
    return f"{told}."


def line_words(line: JudgedLine) -> str:
    """The numbers of a line, and why its verdict is what it is."""
    if not line.margin.known or line.line.relation == "is true":
        return line.reason.rstrip(".")
    if line.line.is_trend:
        told = f"{significant(line.left.value)} at the low end, {significant(line.right.value)} at the high end"
    else:
        told = f"{significant(line.left.value)} against {significant(line.right.value)}"
    return "; ".join(part for part in (told, f"margin {figure_words(line.margin, line.unit)}", line.reason) if part)


def figure_words(figure: Figure, unit: str = "") -> str:
    """A number with its unit, and its bounds where they are more than rounding: '9.62 (points a month; between 9.2 and 10.2)'."""
    between = f"between {significant(figure.low)} and {significant(figure.high)}"
    if math.isnan(figure.value):
        return with_notes(between, unit) if figure.bounded else "without bounds"
    return with_notes(significant(figure.value), unit, "" if narrow(figure.low, figure.high) else between)


def narrow(low: float, high: float) -> bool:
    """Whether bounds are not worth printing: no further apart than rounding, or none at all."""
    return high - low <= NARROW * max(abs(low), abs(high), 1.0)


def with_notes(text: str, *notes: str) -> str:
    """'TEXT (NOTE; NOTE)', without notes that are empty."""
    told = "; ".join(note for note in notes if note)
    return f"{text} ({told})" if told else text


def significant(value: float) -> str:
    """A number with about three digits that count: 1234, 12.3, 0.0123."""
    if not math.isfinite(value) or abs(value) < NARROW:
        return number(value, 0)
    return number(value, min(6, max(0, 2 - math.floor(math.log10(abs(value))))))
