"""Where in a finished sweep a claim fails or holds, or an outcome is bad: the boxes, in print and as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from leverage.analysis.claims import ONE_PLAN, of_chosen_plans
from leverage.errors import Fault, ScenarioError
from leverage.experiments.discovery import FEWEST_POINTS, Box, Discovery, Limit, discover
from leverage.experiments.finished_sweep import FinishedSweep
from leverage.experiments.row_condition import RowCondition, read_row_conditions
from leverage.game.stochastic_game import Booleans
from leverage.output.columns import listed, numbered, paragraph, percent, section, shortened, table
from leverage.output.heading import head_text
from leverage.scenario.parsing import nearest
from leverage.scenario.scenario import Parameter, Scenario
from leverage.scenario.wording import counted, plain
from leverage.stress.question import side_of

BOX_COLUMNS = (
    *("box", "parameter", "bound", "value", "unit", "range_low", "range_high", "quasi_p"),
    *("coverage", "density", "mass", "points", "cases", "in_words"),
)

#: Letters of a parameter with its unit in print.
MOST_LETTERS = 38


@dataclass(frozen=True, eq=False)
class Cases:
    """What is looked for. says: in words, as 'A1 fails'. answered: (P,) points that say whether it is so. true: (P,) where it is.
    left_out: why points are left out, and how many. claim: whose verdicts these are, '' for a condition on a column."""

    says: str
    answered: Booleans
    true: Booleans
    left_out: Mapping[str, int]
    claim: str = ""


@dataclass(frozen=True, eq=False)
class DiscoveryStudy:
    """What was found in a sweep. text: the printed page. boxes: one row a limit. facts: for the manifest."""

    text: str
    boxes: pd.DataFrame
    facts: Mapping[str, Any]


def discovery_study(sweep: FinishedSweep, cases: Cases) -> DiscoveryStudy:
    """Boxes in which the cases are the rule, over the parameters that the sweep varies; see `discover`.

    Raises ScenarioError where too many points are left out.
    """
    _refuse_few(cases)
    found = discover(sweep.values().to_numpy(dtype=np.float64)[cases.answered], cases.true[cases.answered], sweep.names)
    parameters, design = sweep.scenario.parameters, sweep.manifest["design"]
    ends = {name: (float(own.min()), float(own.max())) for name, own in sweep.values().items()}
    rows = _rows(found, parameters, {str(name): own for name, own in ends.items()}, cases.says)
    facts = {
        **{key: sweep.manifest[key] for key in ("scenario", "scenario_sha256", "variant", "overrides")},
        "sweep": {"design": design, "program_sha256": sweep.manifest["program_sha256"]},
        "cases_are": cases.says,
        "points": found.points,
        "cases": found.cases,
        "left_out": dict(cases.left_out),
    }
    return DiscoveryStudy(_text(sweep, cases, found), pd.DataFrame(rows, columns=list(BOX_COLUMNS)), facts)


def _refuse_few(cases: Cases) -> None:
    """Of a sweep that is large enough, whose points are left out: more of them would be left out too."""
    answered, swept = int(cases.answered.sum()), len(cases.answered)
    if answered < FEWEST_POINTS <= swept:
        left_out = listed([f"{count:,} {word}" for word, count in cases.left_out.items()])
        message = (
            f"boxes need {FEWEST_POINTS} points that say whether it is so, and {answered} of {swept:,} do (left out: {left_out})"
        )
        finer = (
            "sweep again with a smaller --tolerance, which decides more"
            if "undecided" in cases.left_out
            else "ask something else"
        )
        _refuse(message, finer, cases.says)


# --- what is looked for --------------------------------------------------------------------------------------------------


def claim_cases(sweep: FinishedSweep, claim: str, *, holds: bool = False) -> Cases:
    """Points where a claim fails, or (holds) stands. Other verdicts are left out.

    Raises ScenarioError where the sweep did not judge the claim.
    """
    judged = sweep.columns[(sweep.columns["table"] == "claims") & (sweep.columns["what"] == "verdict")]
    own = judged[judged["selection"] == claim]
    if not len(own):
        remedy = nearest(claim, judged["selection"]) or "sweep with --tables claims"
        _refuse(f"the sweep has no verdicts on a claim '{claim}'", remedy, f"--claim {claim}")
    verdicts = sweep.column(str(own["column"].iloc[0]))
    sides = np.array([side_of(verdict) if isinstance(verdict, str) else "" for verdict in verdicts])
    left_out = {"no answer": int((sides == "").sum())}
    left_out |= {str(word): int(count) for word, count in verdicts[sides == "neither"].value_counts().items()}
    wanted = "standing" if holds else "fallen"
    answered = np.isin(sides, ["standing", "fallen"])
    return Cases(f"{claim} {'holds' if holds else 'fails'}", answered, sides == wanted, _counts(left_out), claim)


def row_cases(sweep: FinishedSweep, text: str) -> Cases:
    """Points where a condition on columns is true; see `read_row_conditions`. Of a number that is known between bounds, points
    where these leave it open are left out. Raises ScenarioError."""
    parts = read_row_conditions(text, sweep.kinds, sweep.kinds_beside)
    told = [_told(sweep, part) for part in parts]
    false = np.any([answered & ~true for answered, true, _ in told], axis=0)  # one part that fails is enough
    true = np.all([answered & true for answered, true, _ in told], axis=0)
    lacking = np.any([own for _, _, own in told], axis=0) & ~false
    left_out = {"no answer": int(lacking.sum()), "open within the bounds": int((~false & ~true & ~lacking).sum())}
    return Cases(" and ".join(part.words for part in parts), false | true, true, _counts(left_out))


def _told(sweep: FinishedSweep, condition: RowCondition) -> tuple[Booleans, Booleans, Booleans]:
    """(P,) each: whether a point says if the condition is true, whether it is, and whether the point has no answer."""
    bounds = [f"{condition.column} [{end}]" for end in ("low", "high")]
    if not all(name in sweep.kinds for name in bounds):
        answered, true = condition.of(sweep.column(condition.column))
        return answered, true, ~answered
    low, high = (sweep.column(name) for name in bounds)
    answered, true = condition.between(low, high)
    return answered, true, (low.isna() | high.isna()).to_numpy(dtype=bool)


def _counts(counts: Mapping[str, int]) -> dict[str, int]:
    return {word: count for word, count in counts.items() if count}


def _refuse(message: str, remedy: str, place: str) -> NoReturn:
    raise ScenarioError("the command line", [Fault(0, 0, message, remedy, place=place)])


# --- table and page ------------------------------------------------------------------------------------------------------


def _rows(
    found: Discovery, parameters: Mapping[str, Parameter], ends: Mapping[str, tuple[float, float]], says: str
) -> list[tuple[object, ...]]:
    return [
        (
            *(number, limit.parameter, "above" if limit.lower else "below", limit.value, parameters[limit.parameter].unit),
            *(*ends[limit.parameter], limit.quasi_p),
            *(box.coverage, box.density, box.mass, box.points, box.cases, box_words(box, says)),
        )
        for number, box in enumerate(found.boxes, 1)
        for limit in box.limits
    ]


def box_words(box: Box, says: str) -> str:
    """A box in a sentence: 'Where presence cost is above 12.3 and goodwill below 0.1: A1 fails at 88% of the points, ...'."""
    bounds: dict[str, list[Limit]] = {}
    for limit in box.limits:
        bounds.setdefault(limit.parameter, []).append(limit)
    told = [f"{plain(name)} {'is ' if k == 0 else ''}{_bound_words(own)}" for k, (name, own) in enumerate(bounds.items())]
    return (
        f"Where {listed(told)}: {says} at {percent(box.density)} of the points, and that is {percent(box.coverage)} of all points"
        " where it is so."
    )


def _bound_words(own: Sequence[Limit]) -> str:
    if len(own) == 2:
        low, high = sorted(limit.value for limit in own)
        return f"between {low:.3g} and {high:.3g}"
    return f"{'above' if own[0].lower else 'below'} {own[0].value:.3g}"


def _text(sweep: FinishedSweep, cases: Cases, found: Discovery) -> str:
    head = [head_text(sweep.scenario, "discover", sweep.manifest["scenario"]), paragraph(_opening(sweep, cases, found))]
    findings = [paragraph(f"* {box_words(box, cases.says)}", 2) for box in found.boxes] or [
        paragraph(f"* {_no_box(cases, found)}", 2)
    ]
    return "\n".join([*head, *findings, *numbered([lambda n: _limits(n, sweep.scenario, found)]), *_note(sweep, found)])


def _opening(sweep: FinishedSweep, cases: Cases, found: Discovery) -> str:
    left_out = [f"{count:,} {word}" for word, count in cases.left_out.items()]
    without = f" Left out: {', '.join(left_out)}." if left_out else ""
    reading = f" That is {ONE_PLAN}." if cases.claim in of_chosen_plans(sweep.scenario.claims) else ""
    return (
        f"{sweep.folder.path}: {cases.says} at {found.cases:,} of {counted(found.points, 'point')} with an answer"
        f" ({percent(found.cases / found.points)}); {counted(len(sweep.names), 'parameter')} varied.{without}{reading}"
    )


def _no_box(cases: Cases, found: Discovery) -> str:
    if not found.cases:
        return f"{cases.says} nowhere: there is nothing to look for."
    if found.cases == found.points:
        return f"{cases.says} everywhere: no parameter decides it."
    return f"No box was found in which '{cases.says}' is the rule: within these ranges no few parameters decide it."


def _limits(which: int, scenario: Scenario, found: Discovery) -> list[str]:
    """The limits of each box."""
    rows = []
    for number, box in enumerate(found.boxes, 1):
        shares = [percent(box.coverage), percent(box.density), percent(box.mass)]
        for k, limit in enumerate(box.limits):
            unit = scenario.parameters[limit.parameter].unit
            name = shortened(f"{plain(limit.parameter)}{f', {unit}' if unit else ''}", MOST_LETTERS)
            bound = f"{'above' if limit.lower else 'below'} {limit.value:.4g}"
            rows.append([f"{number}  {name}", bound, f"{limit.quasi_p:.1g}", *(shares if k == 0 else ["", "", ""])])
    if not rows:
        return []
    text, _ = table(["box and parameter", "limit", "quasi p", "covers", "dense", "mass"], rows)
    return ["", section(which, "boxes", "covers: part of all cases; dense: cases in the box; mass: part of all points"), text]


def _note(sweep: FinishedSweep, found: Discovery) -> list[str]:
    """What shares are shares of."""
    if not found.boxes:
        return []
    uneven = {"morris": "along trajectories", "zip": "along values taken together"}.get(str(sweep.manifest["design"]["kind"]))
    spread = f"They lie {uneven}, not evenly: shares are of these points." if uneven else "Shares are of the points swept."
    return [
        paragraph(f"{spread} A limit's quasi-p-value is the chance of so many cases in the box if that limit did not matter.")
    ]
