"""Studies over the plausible box: claims under stress, and where a condition on claims holds."""

from __future__ import annotations

import math

from threadpoolctl import threadpool_limits

from leverage.analysis.claims import of_chosen_plans
from leverage.analysis.proved_sets import TOLERANCE
from leverage.errors import Fault, ScenarioError
from leverage.output.leverage_over_box import leverage_box_text, leverage_points_frame, leverage_shares_frame
from leverage.output.stress import joint_frame, points_frame, shares_frame, stress_text, stressed_claims_frame, tipping_frame
from leverage.output.when import When, alone_frame, box_frame, statements_frame, when_text
from leverage.pipeline import Progress
from leverage.points.evaluator import Evaluator
from leverage.scenario.argument import claim_names
from leverage.scenario.claim_check import ClaimCheck
from leverage.scenario.claim_conditions import ClaimCondition, read_condition, shifted, statements
from leverage.scenario.claims import Selection, read_selection
from leverage.scenario.parsing import TextFaultsError
from leverage.scenario.scenario import Instrument, Scenario
from leverage.stress.answer_book import Keep, in_memory
from leverage.stress.box import Box
from leverage.stress.claims_under_stress import KEPT, STRESS_BUDGET, STRESS_LADDER, stress
from leverage.stress.leverage_over_box import LEVERAGE_POINTS, effect_questions, facts_of, leverage_over_box, sign_shares
from leverage.stress.question import claim_questions
from leverage.stress.shares import POINTS, SCRAMBLINGS, SEED, design_points
from leverage.stress.tipping import SCAN_VALUES
from leverage.stress.when import WHOLE, along_parameter, condition_questions, in_box, with_condition
from leverage.studies import Study, nothing, refused, refused_without_instruments


def stress_study(
    scenario: Scenario,
    *,
    points: int = POINTS,
    values: int = SCAN_VALUES,
    budget: int = STRESS_BUDGET,
    seed: int = SEED,
    tolerance: float | None = None,
    keep: Keep = in_memory,
    progress: Progress = nothing,
) -> Study:
    """Where each claim flips, and in how much of the plausible box it stands; see `stress`.

    points: of each scrambling of the design, a power of two. values: of each parameter's scan, >= 2. budget: best replies for the
    flips of one claim, and for its share. tolerance: the finest gap asked of equilibrium sets, a fraction of the payoff range.
    keep: how answers are remembered, see `leverage.stress.answer_book`.
    Tables: `claims`, `tipping`, `shares`, `joint_changes`, `stress_points`.
    Raises ScenarioError for a file without claims, or without a parameter in doubt.
    """
    if not scenario.claims:
        raise refused("the file has no claims", "name the argument's sentences under 'claims:', or ask: simulate when", "stress")
    box = _box(scenario, "stress")
    _refuse_odd_design(points)
    ladder = ladder_to(tolerance)
    with threadpool_limits(limits=1, user_api="blas"):
        found = stress(scenario, points=points, values=values, budget=budget, seed=seed, ladder=ladder, keep=keep, tell=progress)
    tables = {
        "claims": stressed_claims_frame(found),
        "tipping": tipping_frame(found.flips),
        "shares": shares_frame(found.points, [claim.name for claim in scenario.claims]),
        "joint_changes": joint_frame(found),
        "stress_points": points_frame(found.points, box),
    }
    facts = {"budget": budget, "tolerances": list(ladder), "scramblings": SCRAMBLINGS, "points": points, "design_seed": seed}
    return Study(scenario, stress_text(found), tables, facts)


def when_study(
    scenario: Scenario,
    condition: str,
    *,
    under: str = "",
    points: int = POINTS,
    values: int = SCAN_VALUES,
    budget: int = STRESS_BUDGET,
    seed: int = SEED,
    tolerance: float | None = None,
    keep: Keep = in_memory,
    progress: Progress = nothing,
) -> Study:
    """Where in the plausible box a condition on claims holds; see `read_condition`.

    under: the selection under which it is judged (default: the bargaining point of two players, else the Markov equilibrium). The
    other options are those of `stress_study`. Tables: `when`, `when_alone`, `when_box`, `when_points`.
    Raises ScenarioError for a condition that cannot be read or judged, and for a file without a parameter in doubt.
    """
    selection = _selection(scenario, under)
    tree = _condition(scenario, condition, selection)
    box = _box(scenario, "when")
    _refuse_odd_design(points)
    ladder = ladder_to(tolerance)
    with threadpool_limits(limits=1, user_api="blas"):
        stated = with_condition(scenario, tree, selection)
        lines = keep(claim_questions(Evaluator(stated, ladder=ladder, kept=KEPT), stated.claims), box.parameters)
        questions = condition_questions(lines, tree)
        progress("judging at the file's values")
        here = {question.name: question.ask(box.baseline) for question in questions}
        alone = []
        for k, parameter in enumerate(box.parameters, 1):
            progress(f"going along {parameter.name}, parameter {k} of {len(box.parameters)}")
            part = budget // len(box.parameters)
            alone.append(along_parameter(questions[0], box, parameter, values=values, budget=part))
        design = tuple(design_points(questions, box, points=points, seed=seed, budget=budget, tell=progress))
    asked = tuple(point for point in design if WHOLE in point.answers)
    found = When(
        scenario, condition, selection, here, asked, tuple(alone), in_box(asked, box), tuple(of_chosen_plans(stated.claims))
    )
    tables = {
        "when": statements_frame(found),
        "when_alone": alone_frame(found),
        "when_box": box_frame(found),
        "when_points": points_frame(asked, box, subject="statement"),
    }
    facts = {"condition": condition, "under": selection.words, "budget": budget, "tolerances": list(ladder), "design_seed": seed}
    return Study(scenario, when_text(found), tables, facts)


def leverage_box_study(
    scenario: Scenario,
    *,
    points: int = LEVERAGE_POINTS,
    seed: int = SEED,
    tolerance: float | None = None,
    keep: Keep = in_memory,
    progress: Progress = nothing,
) -> Study:
    """What each instrument is worth over the whole plausible box; see `leverage_over_box`.

    points: of each scrambling of the design, a power of two. tolerance: the gap of equilibrium sets, a fraction of the payoff
    range (default: that of a run). keep: how answers are remembered, see `leverage.stress.answer_book`. Tables:
    `leverage_shares`, one row an effect and sign; `leverage_points`, one a point and effect.
    Raises ScenarioError for a file without instruments, without a parameter in doubt, or with one player.
    """
    if not scenario.instruments:
        raise refused_without_instruments()
    if len(scenario.players) < 2:
        raise refused("over the box instruments are judged by credible play; here is one player", "leave out --box", "--box")
    box = _box(scenario, "--box")
    _refuse_odd_design(points)
    gap = TOLERANCE if tolerance is None else tolerance
    with threadpool_limits(limits=1, user_api="blas"):
        facts = facts_of(scenario)
        questions = keep(effect_questions(Evaluator(scenario, ladder=(gap,), kept=1), facts), box.parameters)
        found = tuple(leverage_over_box(questions, box, points=points, seed=seed, tell=progress))
    shares = sign_shares(found, facts)
    tables = {
        "leverage_shares": leverage_shares_frame(shares, scenario.payoff_unit[0]),
        "leverage_points": leverage_points_frame(found, facts, box),
    }
    options = {"tolerance": gap, "scramblings": SCRAMBLINGS, "points": points, "design_seed": seed}
    return Study(scenario, leverage_box_text(scenario, shares, gap), tables, options)


def ladder_to(tolerance: float | None) -> tuple[float, ...]:
    """The gaps to ask for one after the other, down to a tolerance."""
    if tolerance is None:
        return STRESS_LADDER
    return (*(rung for rung in STRESS_LADDER if rung > tolerance), tolerance)


def _box(scenario: Scenario, place: str) -> Box:
    box = Box.of(scenario)
    if not box.parameters:
        raise refused("no parameter of the file is in doubt", "give a parameter a 'range: [low, high]'", place)
    return box


def _refuse_odd_design(points: int) -> None:
    if points < 1 or not math.log2(points).is_integer():
        raise refused(f"{points} points fill no box evenly", "choose a power of two: 8, 16, 32", "--points")


def _selection(scenario: Scenario, text: str) -> Selection:
    """The selection of the command line, or the default. Raises ScenarioError."""
    plain = "bargaining point" if len(scenario.players) == 2 else "Markov equilibrium"
    text = " ".join(text.split()) or plain
    try:
        selection = read_selection(text, claim_names(scenario, scenario.instruments))
        ClaimCheck(scenario, _instruments(scenario)).selection(text, selection)
    except TextFaultsError as error:
        raise _faulty(error, text, "--under") from None
    return selection


def _condition(scenario: Scenario, text: str, selection: Selection) -> ClaimCondition:
    """The condition of the command line, checked. Raises ScenarioError."""
    try:
        tree = read_condition(text, claim_names(scenario, scenario.instruments), scenario.period)
        for stated in statements(tree):
            try:
                ClaimCheck(scenario, _instruments(scenario)).line(stated.line, selection)
            except TextFaultsError as error:
                raise shifted(error, stated.at) from None
    except TextFaultsError as error:
        raise _faulty(error, text, "the condition") from None
    return tree


def _instruments(scenario: Scenario) -> dict[str, Instrument]:
    return {each.name: each for each in scenario.instruments}


def _faulty(error: TextFaultsError, text: str, place: str) -> ScenarioError:
    """The faults of a text of the command line, each with a mark under its place."""
    shown = text.replace("\n", " ")
    faults = [
        Fault(1, at, each.message, each.remedy, shown, max(1, each.width), f"{place}, character {at}")
        for at, each in ((each.offset + 1, each) for each in error.faults)
    ]
    return ScenarioError("the command line", faults)
