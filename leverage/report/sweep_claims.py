"""Claims over the points of a sweep: how often each has each verdict, and what its margin ranges over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from leverage.analysis.claims import ONE_PLAN, of_chosen_plans
from leverage.experiments.columns import Column
from leverage.experiments.summary import Summary
from leverage.output.claims import significant, with_notes
from leverage.output.columns import listed, percent
from leverage.report.claims_part import Verdict
from leverage.scenario.claim_units import unit_of
from leverage.scenario.scenario import Claim, Scenario
from leverage.scenario.wording import counted
from leverage.stress.question import VERDICTS


@dataclass(frozen=True)
class SweptClaim:
    """shares: verdicts that occur, with the share of the answered points in words. everywhere: one verdict at all of them.
    margin: what it ranges over, '' where it has none. unanswered: points without a verdict. reading: what else to know of its
    verdicts, '' where they are plain."""

    name: str
    says: str
    caveat: str
    shares: tuple[tuple[Verdict, str], ...]
    margin: str
    unanswered: int
    reading: str = ""

    @property
    def everywhere(self) -> bool:
        return len(self.shares) == 1


def swept_claims(columns: Sequence[Column], summary: Summary, scenario: Scenario) -> tuple[SweptClaim, ...]:
    """Every claim that was judged, in the order of the file."""
    claims = {claim.name: claim for claim in scenario.claims}
    of_plans = of_chosen_plans(scenario.claims)
    found = []
    for column in columns:
        if column.table != "claims" or column.what != "verdict":
            continue
        counts, claim = summary.words[column.name], claims[column.selection]
        shares = tuple((Verdict(word), percent(counts[word] / counts.total())) for word in VERDICTS if counts[word])
        unanswered = summary.statuses.total() - counts.total()
        margin = _margin(column, columns, summary, margin_unit(claim, scenario))
        reading = ONE_PLAN if claim.name in of_plans else ""
        found.append(SweptClaim(claim.name, claim.says, claim.caveat, shares, margin, unanswered, reading))
    return tuple(found)


def margin_unit(claim: Claim, scenario: Scenario) -> str:
    """The unit of a claim's margin, whichever line decides; '' where that hangs on the line."""
    units = {unit_of(line, scenario) for line in claim.lines}
    return units.pop() if len(units) == 1 else ""


def _margin(verdict: Column, columns: Sequence[Column], summary: Summary, unit: str) -> str:
    own = next(
        each for each in columns if each.table == "claims" and each.selection == verdict.selection and each.what == "value"
    )
    spread = summary.spreads[own.name]
    return with_notes(f"{significant(spread.least)} to {significant(spread.largest)}", unit) if spread.finite else ""


def claims_sentence(claims: Sequence[SweptClaim]) -> str:
    """'Of 5 claims 2 hold and 1 fails at every point that was judged; the verdicts of 2 hang on the point.'"""
    if len(claims) == 1:
        return _alone(claims[0])
    settled = Counter(claim.shares[0][0].word for claim in claims if claim.everywhere)
    open_ = sum(len(claim.shares) > 1 for claim in claims)
    parts = [f"{settled[word]} {_verb(word, settled[word])}" for word in VERDICTS if settled[word]]
    said = [f"{' and '.join(parts)} at every point that was judged"] if parts else []
    if open_:
        said.append(f"the verdict of {open_} hangs on the point" if open_ == 1 else f"the verdicts of {open_} hang on the point")
    return f"Of {counted(len(claims), 'claim')} {'; '.join(said)}." if said else "No claim could be judged at any point."


def _alone(claim: SweptClaim) -> str:
    """'trust holds at 61% and fails at 39% of the points that were judged.'"""
    if not claim.shares:
        return f"{claim.name} could not be judged at any point."
    if claim.everywhere:
        return f"{claim.name} {_verb(claim.shares[0][0].word, 1)} at every point that was judged."
    return (
        f"{claim.name} {listed([f'{_verb(v.word, 1)} at {share}' for v, share in claim.shares])} of the points that were judged."
    )


def _verb(word: str, count: int) -> str:
    plural = {"holds": "hold", "fails": "fail"}.get(word, f"are {word}")
    return plural if count != 1 else word if word in ("holds", "fails") else f"is {word}"
