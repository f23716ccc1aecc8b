"""All claims of a scenario under stress: nearest flips, shares of the box, smallest joint changes found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from leverage.analysis.claims import JudgedClaim
from leverage.analysis.point import LADDER
from leverage.points.evaluator import Evaluator
from leverage.scenario.scenario import Scenario
from leverage.stress.answer_book import Keep, in_memory
from leverage.stress.box import Box
from leverage.stress.joint_change import JointChange, smallest_joint_change
from leverage.stress.question import cheapest_first, claim_questions
from leverage.stress.shares import POINTS, SCRAMBLINGS, SEED, DesignPoint, design_points, put_together
from leverage.stress.tipping import SCAN_VALUES, Tipping, tipping

#: Gaps asked of equilibrium sets over many points; what they leave open counts for neither side.
STRESS_LADDER = LADDER[:2]
#: Best replies for one claim's flips, and for its share of the box: two hundred equilibrium sets.
STRESS_BUDGET = 6_000
#: The part of it that the search for a joint change gets beside.
JOINT_PART = 0.2
#: Parameter points that are kept at a time, enough for the scan of a parameter and the steps after it; their
#: equilibrium sets take memory.
KEPT = 24


@dataclass(frozen=True, eq=False)
class ClaimsUnderStress:
    """What was found about each claim of a scenario.

    claims: as judged at the file's values. flips: one a claim and parameter. points: of the design. joint: by claim, those found.
    """

    scenario: Scenario
    claims: tuple[JudgedClaim, ...]
    flips: tuple[Tipping, ...]
    points: tuple[DesignPoint, ...]
    joint: Mapping[str, JointChange]


def stress(
    scenario: Scenario,
    *,
    points: int = POINTS,
    scramblings: int = SCRAMBLINGS,
    seed: int = SEED,
    values: int = SCAN_VALUES,
    budget: int = STRESS_BUDGET,
    ladder: tuple[float, ...] = STRESS_LADDER,
    keep: Keep = in_memory,
    tell: Callable[[str], None] = lambda phrase: None,
) -> ClaimsUnderStress:
    """Look for flips of every claim, alone and jointly, and for its share of the plausible box; claims that are cheap to judge
    come first.

    points, scramblings, seed : see `design_points`. values : of each parameter's scan. budget : best replies for the flips of
    one claim, as many for its share; JOINT_PART of it for its joint change. ladder : gaps asked of equilibrium sets, fractions
    of the payoff range, falling. keep : how answers are remembered; none hangs on it.
    """
    box, evaluator = Box.of(scenario), Evaluator(scenario, ladder=ladder, kept=KEPT)
    questions = keep(claim_questions(evaluator, scenario.claims), box.parameters)
    tell("judging the claims")
    groups = cheapest_first(questions, box.baseline)  # so that a study that is stopped has answered most
    judged = evaluator.judge_all(to_size=False)
    flips: list[Tipping] = []
    designs: list[tuple[DesignPoint, ...]] = []
    joint: dict[str, JointChange] = {}
    for group in groups:
        design = design_points(group, box, points=points, scramblings=scramblings, seed=seed, budget=budget, tell=tell)
        designs.append(tuple(design))
        flips += tipping(group, box, budget=budget, values=values, tell=tell)
        for question in group:
            change = smallest_joint_change(question, box, designs[-1], flips, budget=JOINT_PART * budget, tell=tell)
            joint |= {} if change is None else {question.name: change}
    names = [question.name for question in questions]
    flips.sort(key=lambda row: names.index(row.question))
    return ClaimsUnderStress(scenario, judged, tuple(flips), put_together(designs, names), joint)
