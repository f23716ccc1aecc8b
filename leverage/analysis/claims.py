"""Is a sentence of the argument true? The verdict on a line, and on a claim, at one parameter point.

A line compares two numbers that are known within bounds, or states that a pair of strategies is credible. Its *margin* is the
difference, turned so that a positive one speaks for the line. Six verdicts, worst first:

fails      the margin is certainly on the wrong side; a strict sign wants more than a margin of 0
undefined  a strategy, an instrument or an equilibrium that the line needs does not exist or was not found
undecided  the bounds leave open on which side the margin is
idle       the case never arises: it is about the time to an event that never happens, or compares how often two things happen
           that both never do
barely     on the right side for certain, but not certainly by as much as is worth noting
holds      certainly by at least as much as is worth noting

A claim wants all its lines under all its selections; its verdict is the worst.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from leverage.analysis.claim_values import about_one_plan, looks_at_play, plays_under, size_of, truth_of, value_of
from leverage.analysis.figure import Figure
from leverage.analysis.point import Point
from leverage.analysis.selections import Chosen
from leverage.scenario.claim_units import unit_of
from leverage.scenario.claims import ClaimLine, Selection, calls_of
from leverage.scenario.scenario import Claim

Verdict = Literal["fails", "undefined", "undecided", "idle", "barely", "holds"]

#: Worst first.
SEVERITY: tuple[Verdict, ...] = ("fails", "undefined", "undecided", "idle", "barely", "holds")

#: A margin up to this fraction of the size of what is compared (payoffs: the payoff range) is rounding and counts as 0.
TIED = 1e-9

#: A chance, a frequency or an expected number up to here is that of something that does not happen.
NEVER = 1e-9

#: What is said of numbers that the payoffs of a selection do not settle.
ONE_PLAN = "a fact about the plans that were chosen: others may pay alike"

#: Functions that say how often or how likely something happens.
HAPPENINGS = ("chance", "count", "frequency")


@dataclass(frozen=True)
class JudgedLine:
    """A line under a selection.

    margin: left - right, or right - left, so that positive speaks for the line; of an equality the size worth noting minus the
    distance, of '!=' the distance; of a statement its slack (see `Truth`); of a trend see `judge_trend`. left, right: both sides;
    of a trend the values at the low and the high end of the parameter's range. reason: why the verdict is not plain, a phrase; ''
    where the numbers say it all. open: finer bounds could give another verdict. unit: of the margin and of both sides, see
    `unit_of`.
    """

    line: ClaimLine
    selection: Selection
    verdict: Verdict
    margin: Figure
    left: Figure
    right: Figure
    reason: str = ""
    open: bool = False
    unit: str = ""


@dataclass(frozen=True)
class JudgedClaim:
    """A claim: all its lines under all its selections.

    binding: the line that decides: of those with the worst verdict a comparison or a trend before a statement (whose slack is in
    payoff whatever is compared), then the one with the smallest margin, then the first. Margins of lines that differ in unit are
    compared as numbers; the claim's margin and its unit are those of the line that decides. tolerance: the gap asked of
    equilibrium sets in the end, a fraction of the payoff range. solves: how often each kind of solver is asked for this verdict
    if nothing is known yet.
    """

    claim: Claim
    lines: tuple[JudgedLine, ...]
    binding: JudgedLine
    tolerance: float
    solves: dict[str, int]

    @property
    def verdict(self) -> Verdict:
        return self.binding.verdict

    @property
    def margin(self) -> Figure:
        return self.binding.margin

    @property
    def unit(self) -> str:
        """Of the margin."""
        return self.binding.unit

    @property
    def reason(self) -> str:
        return self.binding.reason


def of_chosen_plans(claims: Iterable[Claim]) -> list[str]:
    """The names of the claims whose verdict hangs on which plans of equilibrium sets were chosen."""
    return [each.name for each in claims if any(about_one_plan(line, under) for line in each.lines for under in each.under)]


def judge_claim(
    claim: Claim, lines: Sequence[JudgedLine], tolerance: float = 0.0, solves: dict[str, int] | None = None
) -> JudgedClaim:
    """The verdict on a claim from those on its lines, at least one."""
    return JudgedClaim(claim, tuple(lines), min(lines, key=_binds), tolerance, solves or {})


def _binds(judged: JudgedLine) -> tuple[int, bool, float]:
    margin = math.inf if math.isnan(judged.margin.value) else judged.margin.value
    return SEVERITY.index(judged.verdict), judged.line.relation == "is true", margin


def judge_line(line: ClaimLine, selection: Selection, point: Point, noting: float | None = None) -> JudgedLine:
    """The verdict on a comparison or a statement at one parameter point.

    Parameters
    ----------
    noting : the size worth noting, in the unit of what is compared; statements have none. None: any difference is.

    Under 'every equilibrium found' a line has to hold in each; the worst one is told.

    Raises
    ------
    ValueError : a trend, which is about several points.
    """
    if line.is_trend:
        raise ValueError(f"'{line.text}' is about several values of a parameter")
    stated = line.relation == "is true"
    judged = _judge_statement(line, selection, point) if stated else _judge_worst(line, selection, point, noting or 0.0)
    return replace(judged, unit=unit_of(line, point.scenario))


def _judge_worst(line: ClaimLine, selection: Selection, point: Point, noting: float) -> JudgedLine:
    """The verdict on a comparison, of several equilibria in the one where it stands worst."""
    if not looks_at_play(line, selection):
        return _judge_comparison(line, selection, point, noting, None)
    plays = plays_under(selection, point)
    judged = [_judge_comparison(line, selection, point, noting, play) for play in plays]
    worst = min(range(len(plays)), key=lambda k: _binds(judged[k]))
    told = f"equilibrium {worst + 1} of {len(plays)} found" if len(plays) > 1 else ""
    return replace(judged[worst], reason="; ".join(part for part in (judged[worst].reason, told) if part))


def _judge_statement(line: ClaimLine, selection: Selection, point: Point) -> JudgedLine:
    truth = truth_of(line.calls[0], selection, point)
    verdicts: dict[str, Verdict] = {"yes": "holds", "no": "fails", "cannot be told": "undecided", "undefined": "undefined"}
    verdict = verdicts[truth.answer]
    nothing = Figure.exact(0.0)
    return JudgedLine(line, selection, verdict, truth.slack, truth.slack, nothing, truth.reason, verdict == "undecided")


def _judge_comparison(line: ClaimLine, selection: Selection, point: Point, noting: float, play: Chosen | None) -> JudgedLine:
    left, right = (value_of(side, selection, point, play) for side in (line.left, line.right))
    tie = TIED * max(size_of(side, selection, point) for side in (line.left, line.right))
    alike = left.known and line.left == line.right  # what is written alike does not differ, however little is known of it
    margin = margin_of(line.relation, *((Figure.exact(0.0),) * 2 if alike else (left, right)), noting)
    sides = [calls_of(side) for side in (line.left, line.right)]
    if all(sides) and all(call.function in HAPPENINGS for call in line.calls):
        happens = [value_of(call, selection, point, play) for call in line.calls]
        if all(each.known and each.high <= NEVER for each in happens):
            return JudgedLine(line, selection, "idle", margin, left, right, "neither ever happens")
    strict = line.relation in ("<", ">", "!=")
    size = 0.0 if line.relation in ("=", "==") else noting
    verdict, reason, still_open = verdict_on(margin, strict=strict, noting=size, tie=tie)
    if margin.known and about_one_plan(line, selection):
        reason = "; ".join(part for part in (reason, ONE_PLAN) if part)
    return JudgedLine(line, selection, verdict, margin, left, right, reason, still_open)


def margin_of(relation: str, left: Figure, right: Figure, noting: float = 0.0) -> Figure:
    """By how much the comparison holds: positive speaks for it."""
    if relation in (">", ">="):
        return left - right
    if relation in ("<", "<="):
        return right - left
    apart = distance(left, right)
    return apart if relation == "!=" else Figure.exact(noting) - apart


def distance(left: Figure, right: Figure) -> Figure:
    """|left - right|."""
    gap = left - right
    if not gap.known:
        return gap
    low = max(gap.low, -gap.high, 0.0)
    return Figure(abs(gap.value), low, max(gap.high, -gap.low), reason=gap.reason)


def verdict_on(margin: Figure, *, strict: bool, noting: float = 0.0, tie: float = 0.0) -> tuple[Verdict, str, bool]:
    """Verdict, reason, and whether finer bounds could change it.

    strict: a margin of 0 fails. noting: the size worth noting; where the bounds leave open whether the margin is that large the
    verdict is 'barely', which claims less. tie: margins up to here count as 0.
    """
    if margin.standing == "idle":
        return "idle", margin.reason, False
    if not margin.known:
        return "undefined", margin.reason, False
    if margin.high <= tie if strict else margin.high < -tie:
        return "fails", "", False
    if margin.low <= tie if strict else margin.low < -tie:
        why = f": {margin.reason}" if margin.reason else ""
        return "undecided", f"the bounds leave open which way it goes{why}", True
    if margin.low >= noting - tie:
        return "holds", "", False
    if margin.high < noting - tie:
        return "barely", "true, but by less than is worth noting", False
    return "barely", "true; the bounds leave open whether by as much as is worth noting", True
