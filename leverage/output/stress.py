"""Claims under stress as tables and in print: nearest flips, shares of the plausible box, smallest joint changes found."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from leverage.analysis.claims import ONE_PLAN, JudgedClaim, of_chosen_plans
from leverage.output.claims import VERDICT_WORDS, claims_frame, significant, tally
from leverage.output.columns import listed, paragraph, percent
from leverage.output.flips import Flip
from leverage.output.heading import head_text, setting_words, values_words
from leverage.scenario.scenario import Parameter
from leverage.scenario.wording import capital, counted
from leverage.stress.box import Box
from leverage.stress.claims_under_stress import ClaimsUnderStress
from leverage.stress.joint_change import JointChange
from leverage.stress.question import Answer
from leverage.stress.shares import CONFIDENCE, DesignPoint, Share, points_of, standing_share, verdict_shares
from leverage.stress.tipping import NO_SIDE, NOT_SEARCHED, STAYS, Tipping

TIPPING_COLUMNS = (
    *("claim", "parameter", "unit", "value", "low", "high", "verdict", "flips_at", "bracket_low", "bracket_high", "flips_to"),
    *("distance", "resolution", "untold", "solves", "searched"),
)
CLAIM_POINT_COLUMNS = ("claim", "parameter", "value", "verdict", "margin", "margin_low", "margin_high", "unit")
SHARE_COLUMNS = ("claim", "verdict", "share", "low", "high", "points")
JOINT_COLUMNS = ("claim", "size", "parameter", "unit", "value", "changed_to", "change", "flips_to", "found_from", "solves")
#: What counts as surviving: the two verdicts of a claim that stands.
STANDING = "holds or barely"
#: Flips, and parameters of a joint change, that are printed of each claim.
MOST_FLIPS, MOST_CHANGES = 3, 6


# --- tables ---------------------------------------------------------------------------------------------------------------


def tipping_frame(rows: Sequence[Tipping]) -> pd.DataFrame:
    """One row a claim and parameter."""
    return pd.DataFrame([_tipping_row(row) for row in rows], columns=list(TIPPING_COLUMNS))


def _tipping_row(row: Tipping) -> tuple[object, ...]:
    each, step = row.parameter, 1 / row.resolution if row.resolution else math.nan
    head = (row.question, each.name, each.unit, row.value, each.low, each.high, row.verdict)
    flip = (row.flips_at, min(row.bracket), max(row.bracket), row.flips_to, row.distance)
    return (*head, *flip, step, row.untold, row.cost, row.searched)


def claim_points_frame(rows: Sequence[Tipping]) -> pd.DataFrame:
    """One row a claim and value of a parameter that was looked at, all others as in use; the value in use stands with each
    parameter."""
    told = [(row.question, row.parameter.name, value, *_answer_cells(answer)) for row in rows for value, answer in row.answers]
    return pd.DataFrame(told, columns=list(CLAIM_POINT_COLUMNS))


def shares_frame(points: Sequence[DesignPoint], names: Sequence[str]) -> pd.DataFrame:
    """One row a claim and verdict, and one for both verdicts of a claim that stands; none for what was not asked."""
    rows: list[tuple[object, ...]] = []
    for name in names:
        asked = len(points_of(points, name))
        if asked:
            shares = {STANDING: standing_share(points, name), **verdict_shares(points, name)}
            rows += [(name, verdict, share.value, share.low, share.high, asked) for verdict, share in shares.items()]
    return pd.DataFrame(rows, columns=list(SHARE_COLUMNS))


def points_frame(points: Sequence[DesignPoint], box: Box, *, subject: str = "claim") -> pd.DataFrame:
    """One row a point of the design and question, with the parameters in doubt beside it."""
    names = [each.name for each in box.parameters]
    rows = [
        (point.scrambling, point.number, name, *_answer_cells(answer), *(point.values[each] for each in names))
        for point in points
        for name, answer in point.answers.items()
    ]
    head = ("scrambling", "point", subject, "verdict", "margin", "margin_low", "margin_high", "unit")
    return pd.DataFrame(rows, columns=[*head, *names])


def _answer_cells(answer: Answer) -> tuple[object, ...]:
    return (answer.verdict, answer.margin.value, answer.margin.low, answer.margin.high, answer.unit)


def joint_frame(found: ClaimsUnderStress) -> pd.DataFrame:
    """One row a claim and parameter that changes, the largest change first."""
    rows = [row for claim in found.claims for row in _joint_rows(found, claim.claim.name)]
    return pd.DataFrame(rows, columns=list(JOINT_COLUMNS))


def _joint_rows(found: ClaimsUnderStress, name: str) -> list[tuple[object, ...]]:
    change = found.joint.get(name)
    if change is None:
        return []
    rows: list[tuple[object, ...]] = []
    for parameter, to in change.values.items():
        each = found.scenario.parameters[parameter]
        moved = (to - each.value) / (each.high - each.low)
        tail = (change.flips_to, change.found_from, change.cost)
        rows.append((name, change.size, parameter, each.unit, each.value, to, moved, *tail))
    return rows


def stressed_claims_frame(found: ClaimsUnderStress) -> pd.DataFrame:
    """The claims' table with what is about several points: the nearest flip of one parameter alone, the share of the box."""
    frame = judged_frame(found.claims, found.flips)
    for name in (judged.claim.name for judged in found.claims):
        share = standing_share(found.points, name)
        frame.loc[(frame.claim == name) & (frame.line == ""), ["share", "share_low", "share_high"]] = [
            share.value,
            share.low,
            share.high,
        ]
    return frame


def judged_frame(claims: Sequence[JudgedClaim], flips: Sequence[Tipping]) -> pd.DataFrame:
    """The claims' table with the nearest flip of one parameter alone: 'PARAMETER=VALUE', the certain far end of its bracket."""
    frame = claims_frame(claims)
    frame["flips_at"] = frame["flips_at"].astype(object)
    for name in (judged.claim.name for judged in claims):
        flip = nearest(flips, name)
        told = "" if flip is None else f"{flip.parameter.name}={flip.bracket[1]!r}"
        frame.loc[(frame.claim == name) & (frame.line == ""), "flips_at"] = told
    return frame


def nearest(rows: Sequence[Tipping], question: str) -> Tipping | None:
    """The flip at the smallest fraction of a parameter's range; None where none was found."""
    return next(iter(_flips(rows, question)), None)


def _flips(rows: Sequence[Tipping], question: str) -> list[Tipping]:
    """Those found, the nearest first."""
    found = [row for row in rows if row.question == question and row.flips]
    return sorted(found, key=lambda row: (row.distance, row.parameter.name))


# --- the page -------------------------------------------------------------------------------------------------------------


def stress_text(found: ClaimsUnderStress) -> str:
    """The page of `simulate stress`, without a trailing newline."""
    box, scenario = Box.of(found.scenario), found.scenario
    told = [
        f"{counted(len(found.claims), 'claim')} over {counted(len(box.parameters), 'parameter')} in doubt; at "
        f"{values_words(scenario)} {tally([judged.verdict for judged in found.claims])}.",
        "The plausible box is the ranges of all parameters at once, every value as likely as another. A claim stands where it "
        f"holds, be it barely. Shares: with an interval that holds the true one {CONFIDENCE:.0%} of the time; what the bounds "
        "leave open is left out at its lower end and counted in at its upper one.",
        f"Flips of one parameter alone: the nearest found on a scan of {_steps_words(found.flips)} over its range; "
        "what comes and goes within a step is missed. A joint change is an upper bound: there may be a smaller one.",
        setting_words(scenario),
    ]
    lines = [head_text(scenario, "Under stress"), *(paragraph(f"* {sentence}", 2) for sentence in told if sentence)]
    for judged in found.claims:
        name = judged.claim.name
        lines += ["", paragraph(f"{name} {VERDICT_WORDS[judged.verdict]}: {judged.claim.says}", 4)]
        words = (
            share_words(standing_share(found.points, name), len(points_of(found.points, name))),
            flip_words(found.flips, name),
            joint_words(found.joint.get(name), found.scenario.parameters),
            f"The verdicts are {ONE_PLAN}." if of_chosen_plans([judged.claim]) else "",
        )
        lines += [paragraph(f"    {sentence}", 4) for sentence in words if sentence]
    return "\n".join(lines).rstrip()


def flips_of(flips: Sequence[Tipping]) -> Callable[[JudgedClaim], str]:
    """What the page of a run adds to a claim: its nearest flip; nothing where flips were not searched."""

    def told(judged: JudgedClaim) -> str:
        found = _flips(flips, judged.claim.name)
        return f"{capital(Flip.of(found[0]).words)}." if found else ""

    return told


def search_words(flips: Sequence[Tipping]) -> str:
    """How far a run looked for flips."""
    names = list(dict.fromkeys(row.question for row in flips))
    skipped = [name for name in names if any(row.question == name and row.searched == NOT_SEARCHED for row in flips)]
    steps = _steps(flips)
    where = "looked at at both ends of its range" if steps == 1 else f"{_steps_words(flips)} over its range"
    told = f"Nearest flips: one parameter alone, {where}." if steps else ""
    if skipped:
        costs = "costs" if len(skipped) == 1 else "cost"
        told += f" Not searched here for {listed(skipped)}, which {costs} more at every value than a run spends on it."
    return f"{told} Closer, jointly, and over the whole box: simulate stress.".lstrip() if told else ""


def _steps(rows: Sequence[Tipping]) -> int:
    return max((row.resolution for row in rows), default=0)


def _steps_words(rows: Sequence[Tipping]) -> str:
    """'8 steps', or '2 to 8 steps' where dear claims have fewer."""
    most, least = _steps(rows), min((row.resolution for row in rows if row.resolution), default=0)
    return counted(most, "step") if least == most else f"{least} to {counted(most, 'step')}"


def share_words(share: Share, points: int) -> str:
    """'Stands in 78% (70% to 86%) of the plausible box; 128 points.'"""
    if math.isnan(share.value):
        return "Its share of the plausible box was not searched: the budget does not pay for it."
    between = f"{percent(share.low)} to {percent(share.high)}"
    return f"Stands in {percent(share.value)} ({between}) of the plausible box; {counted(points, 'point')}."


def flip_words(rows: Sequence[Tipping], question: str) -> str:
    """The nearest flips, and how many parameters have none."""
    own = [row for row in rows if row.question == question]
    if not own or own[0].searched == NO_SIDE:
        return f"Nothing to flip: it is {own[0].verdict} at the file's values." if own else ""
    if own[0].searched == NOT_SEARCHED:
        return "Flips were not searched: the budget does not pay for the scan."
    flips = _flips(own, question)
    stays = sum(row.searched == STAYS for row in own)
    rest = f"{counted(stays, 'parameter')} alone {'do' if stays != 1 else 'does'} not flip it." if stays else ""
    if not flips:
        return f"No flip found: {rest}"
    first, *others = [Flip.of(row) for row in flips[:MOST_FLIPS]]
    told = [capital(first.words), *(other.condition for other in others)]
    more = f"; so {'do' if len(flips) > MOST_FLIPS + 1 else 'does'} {len(flips) - MOST_FLIPS} more" if flips[MOST_FLIPS:] else ""
    return f"{', or '.join(told)}{more}. {rest}".rstrip()


def joint_words(change: JointChange | None, parameters: Mapping[str, Parameter]) -> str:
    """The smallest joint change found, parameter by parameter; nothing where it is that of one parameter."""
    if change is None or len(change.values) == 1:
        return ""
    told = [f"{name} {significant(parameters[name].value)} to {significant(to)}" for name, to in change.values.items()]
    more = [f"{len(told) - MOST_CHANGES} more"] if len(told) > MOST_CHANGES else []
    return (
        f"Smallest joint change found: {counted(len(told), 'parameter')} by at most {percent(change.size)} of their ranges: "
        f"{listed([*told[:MOST_CHANGES], *more])}."
    )
