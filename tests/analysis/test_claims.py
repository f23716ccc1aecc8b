"""Claims at one point: every function against values worked out by hand, and the six verdicts."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from leverage import parse_scenario
from leverage.analysis.claim_values import questions_of, truth_of, value_of
from leverage.analysis.claims import ONE_PLAN, SEVERITY, distance, judge_claim, judge_line, margin_of, verdict_on
from leverage.analysis.figure import Figure
from leverage.analysis.point import Point
from leverage.scenario.claims import CLAIM_FUNCTIONS
from leverage.scenario.scenario import Scenario
from tests.dilemma import BARGAIN, COARSE, DILEMMA, FINE, GRIM, LINES, UNEQUAL, VALUES, VERDICTS, at, claim, dilemma, open_numbers


@pytest.fixture(scope="module")
def table() -> tuple[Scenario, Point]:
    scenario = dilemma({text: claim(f"{text} > -1000", under) for text, (under, _) in VALUES.items()})
    return scenario, at(scenario)


@pytest.mark.parametrize("text", VALUES)
def test_values_of_functions(table: tuple[Scenario, Point], text: str) -> None:
    scenario, point = table
    asked = next(each for each in scenario.claims if each.name == text)
    found = value_of(asked.lines[0].left, asked.under[0], point)
    assert found.known
    assert found.value == pytest.approx(VALUES[text][1], abs=1e-4)
    assert found.low <= VALUES[text][1] + 1e-9
    assert found.high >= VALUES[text][1] - 1e-9


def test_every_number_of_the_vocabulary_has_a_value_above() -> None:
    numbers = {name for name, function in CLAIM_FUNCTIONS.items() if not function.truth}
    assert numbers - {text.split("(")[0] for text in VALUES} == {"equilibria"}


def test_the_number_of_markov_equilibria_is_at_least_what_is_found() -> None:
    scenario = dilemma({"C": claim("equilibria() >= 1", GRIM)})
    found = value_of(scenario.claims[0].lines[0].left, scenario.claims[0].under[0], at(scenario))
    assert found.value == found.low == 1
    assert found.high >= 1


#: Grim trigger: following pays 3 to each, departing 4 (1 - .6) to a and 5 (1 - .6) + .6 to b, so that b loses .4 by it. Against
#: grim_b, always defecting pays 1.6 to a and cooperating 3; if a always cooperates, b gets 3 by grim_b and 5 by defecting.
TRUTHS = {
    "credible(grim_a, grim_b)": ("yes", 0.4),
    "credible(grim_b, only_cooperate_a)": ("yes", 0.4),
    "credible(defect_a, grim_b)": ("no", None),
    "equilibrium(grim_a, grim_b)": ("yes", 0),
    "equilibrium(defect_a, grim_b)": ("no", -1.4),
    "equilibrium(only_cooperate_a, grim_b)": ("no", -2),
    "subgame_perfect(grim_a, grim_b)": ("yes", 0),
    "subgame_perfect(only_cooperate_a, defect_b)": ("no", None),
}


@pytest.mark.parametrize("text", TRUTHS)
def test_statements(text: str) -> None:
    scenario = dilemma({"C": claim(text, "best reply of b")})
    line, under = scenario.claims[0].lines[0], scenario.claims[0].under[0]
    answer, slack = TRUTHS[text]
    found = truth_of(line.calls[0], under, at(scenario))
    assert found.answer == answer
    assert (found.slack.value < 0) == (answer == "no")
    if slack is not None:
        assert found.slack.value == pytest.approx(slack, abs=1e-6)
    judged = judge_line(line, under, at(scenario))
    assert judged.verdict == ("holds" if answer == "yes" else "fails")


def test_a_statement_is_about_the_selected_pair_where_it_names_none() -> None:
    scenario = dilemma({"C": claim("credible()", ["grim_a against grim_b", "defect_a against grim_b"])})
    (line,), under = scenario.claims[0].lines, scenario.claims[0].under
    assert [judge_line(line, each, at(scenario)).verdict for each in under] == ["holds", "fails"]


# --- verdicts -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("bounds", "strict", "noting", "verdict", "still_open"), VERDICTS)
def test_verdicts_on_margins(bounds: tuple[float, float], strict: bool, noting: float, verdict: str, still_open: bool) -> None:
    margin = Figure(sum(bounds) / 2, *bounds)
    found = verdict_on(margin, strict=strict, noting=noting, tie=1e-9)
    assert (found[0], found[2]) == (verdict, still_open)


@pytest.mark.parametrize("standing", ["idle", "undefined"])
def test_a_margin_that_is_none_has_its_own_verdict(standing: Any) -> None:
    assert verdict_on(Figure.missing(standing, "why"), strict=True) == (standing, "why", False)


def test_margins_speak_for_the_line() -> None:
    one, two = Figure(1.0, 0.9, 1.1), Figure(2.0, 1.8, 2.2)
    for sign, value in ((">", -1.0), (">=", -1.0), ("<", 1.0), ("<=", 1.0), ("!=", 1.0), ("=", -0.75), ("==", -0.75)):
        found = margin_of(sign, one, two, 0.25)
        assert found.value == pytest.approx(value)
        assert found.low < found.value < found.high


@pytest.mark.parametrize(
    ("one", "two", "apart"),
    [((0.0, 1.0), (2.0, 4.0), (1.0, 4.0)), ((2.0, 4.0), (0.0, 1.0), (1.0, 4.0)), ((0.0, 3.0), (2.0, 4.0), (0.0, 4.0))],
)
def test_distances_are_never_below_nothing(
    one: tuple[float, float], two: tuple[float, float], apart: tuple[float, float]
) -> None:
    found = distance(Figure(one[0], *one), Figure(two[0], *two))
    assert (found.low, found.high) == pytest.approx(apart)


@pytest.mark.parametrize("text", LINES)
def test_verdicts_on_lines(text: str) -> None:
    scenario = dilemma({"C": claim(text, GRIM, 0.5)})
    judged = judge_line(scenario.claims[0].lines[0], scenario.claims[0].under[0], at(scenario), 0.5)
    assert judged.verdict == LINES[text]
    assert judged.reason or judged.verdict in ("holds", "fails")


def test_what_payoffs_do_not_settle_is_said_to_be_about_the_chosen_plans() -> None:
    texts = {"chance(done, 6 months) > 0.5": True, "price(post) > 0": True, "gain(trust, a) > 0": False, "payoff(a) > 0": False}
    scenario = dilemma({text: claim(text, [BARGAIN, GRIM]) for text in texts})
    point = at(scenario)
    for each in scenario.claims:
        told = [judge_line(each.lines[0], under, point).reason for under in each.under]
        assert told == [ONE_PLAN if texts[each.name] else "", ""]


def test_what_a_world_without_the_instrument_lacks_is_undefined() -> None:
    two, three = "a: {cooperate: always, defect: always}", "a: {cooperate: always, defect: always, walk_away: always}"
    text = DILEMMA.read_text(encoding="utf-8").replace(two, three)  # where one action is left, everybody knows what to do
    scenario = parse_scenario(f"{text}claims: {json.dumps({'C': claim('gain(word, a) > 0', GRIM)})}\n")
    judged = judge_line(scenario.claims[0].lines[0], scenario.claims[0].under[0], at(scenario))
    assert judged.verdict == "undefined"
    assert "'grim_a' is undefined without word" in judged.reason


def test_coarse_bounds_leave_open_what_fine_ones_decide() -> None:
    scenario = dilemma({"C": claim(f"highest(a) < {open_numbers()[1]}", GRIM)}, UNEQUAL)
    line, under = scenario.claims[0].lines[0], scenario.claims[0].under[0]
    coarse, fine = (judge_line(line, under, at(scenario, tolerance)) for tolerance in (COARSE, FINE))
    assert (coarse.verdict, coarse.open) == ("undecided", True)
    assert (fine.verdict, fine.open) == ("holds", False)
    assert coarse.margin.low <= fine.margin.low <= fine.margin.high <= coarse.margin.high


@pytest.mark.parametrize(
    ("relation", "verdict"), [("!=", "fails"), (">", "fails"), ("<", "fails"), (">=", "holds"), ("<=", "holds"), ("=", "holds")]
)
@pytest.mark.parametrize("side", ["payoff(a)", "highest(a) - bonus"])
def test_what_is_written_alike_does_not_differ_however_coarse_its_bounds(side: str, relation: str, verdict: str) -> None:
    scenario = dilemma({"C": claim(f"{side} {relation} {side}", BARGAIN)}, UNEQUAL)
    line, under = scenario.claims[0].lines[0], scenario.claims[0].under[0]
    judged = judge_line(line, under, at(scenario, COARSE))
    assert judged.left.low < judged.left.high
    assert (judged.verdict, judged.open, judged.margin.low, judged.margin.high) == (verdict, False, 0.0, 0.0)


BATTLE = """\
language: 1
title: Where to meet
question: Who gives way?
players: {a: {discount: 0.5}, b: {discount: 0.5}}
state: {day: {every: 0}}
start: {day: every}
actions: {a: {opera: always, boxing: always}, b: {opera: always, boxing: always}}
payoffs:
  a: {gains: {opera: 2 when a plays opera and b plays opera, boxing: 1 when a plays boxing and b plays boxing}}
  b: {gains: {opera: 1 when a plays opera and b plays opera, boxing: 2 when a plays boxing and b plays boxing}}
claims:
  floor: {says: So it is., under: every equilibrium found, holds if: payoff(a) > 0.5}
  tight: {says: So it is., under: every equilibrium found, holds if: payoff(a) > 0.7}
  sum: {says: So it is., under: every equilibrium found, holds if: payoff(a) + payoff(b) <= 3}
"""


def test_a_line_has_to_hold_in_every_equilibrium_that_is_found() -> None:
    """Two pure ones pay 2 and 1, the mixed one 2/3 to each; sums are taken within one equilibrium."""
    scenario = parse_scenario(BATTLE)
    point = at(scenario)
    found = {each.name: judge_line(each.lines[0], each.under[0], point) for each in scenario.claims}
    assert len(point.markov_equilibria()) == 3
    assert {name: judged.verdict for name, judged in found.items()} == {"floor": "holds", "tight": "fails", "sum": "holds"}
    assert found["floor"].margin.value == pytest.approx(2 / 3 - 0.5)
    assert found["sum"].margin.value == pytest.approx(0, abs=1e-9)
    assert "of 3 found" in found["tight"].reason
    whole = value_of(scenario.claims[0].lines[0].left, scenario.claims[0].under[0], point)
    assert (whole.low, whole.high) == pytest.approx((2 / 3, 2), abs=1e-9)


# --- claims -------------------------------------------------------------------------------------------------------------------


def test_a_claim_is_as_good_as_its_worst_line() -> None:
    scenario = dilemma({text: claim(text, GRIM, 0.5) for text in LINES})
    point = at(scenario)
    lines = [judge_line(each.lines[0], each.under[0], point, 0.5) for each in scenario.claims]
    for pair in itertools.permutations(lines, 2):
        judged = judge_claim(scenario.claims[0], pair)
        assert SEVERITY.index(judged.verdict) == min(SEVERITY.index(line.verdict) for line in pair)
        assert judged.binding in pair


def test_the_binding_line_is_a_comparison_with_the_smallest_margin() -> None:
    lines = ["credible(grim_a, grim_b)", "payoff(a, grim_a, grim_b) > 1", "payoff(b, grim_a, grim_b) > 2"]
    scenario = dilemma({"C": claim(lines, GRIM)})
    asked, point = scenario.claims[0], at(scenario)
    judged = judge_claim(asked, [judge_line(line, asked.under[0], point) for line in asked.lines])
    assert judged.verdict == "holds"
    assert judged.binding.line.text == lines[2]
    assert judged.margin.value == pytest.approx(1)


@pytest.mark.parametrize(("floor", "margin", "unit"), [(1, 0.25, "chance"), (2.9, 0.1, "points a month")])
def test_the_unit_of_a_claim_is_that_of_the_line_that_decides(floor: float, margin: float, unit: str) -> None:
    """Of margins in different units the smallest number decides: .25 of a chance, or .1 of a payoff."""
    scenario = dilemma({"C": claim([f"payoff(a) > {floor}", "chance(done, 2 months) > 0.5", "credible()"], GRIM)})
    asked, point = scenario.claims[0], at(scenario)
    judged = judge_claim(asked, [judge_line(line, asked.under[0], point) for line in asked.lines])
    assert judged.margin.value == pytest.approx(margin)
    assert judged.unit == unit
    assert [line.unit for line in judged.lines] == ["points a month", "chance", "points a month"]


def test_questions_to_solvers_are_told_from_the_text() -> None:
    texts = {
        "payoff(a, grim_a) > 0": {"replies"},
        "payoff(a, grim_a, grim_b) > 0": set(),
        "gain(trust, a) > 0": {"sets"},
        "credible(grim_a, grim_b)": {"sets"},
        "equilibrium(grim_a, grim_b)": set(),
        "equilibria() > 1": {"equilibria"},
    }
    scenario = dilemma({text: claim(text) for text in texts})
    for each in scenario.claims:
        asked = questions_of(each.lines[0], each.under[0], scenario)
        assert {kind for kind, _, _ in asked} == texts[each.name]
    sets = {removed for kind, removed, _ in questions_of(scenario.claims[2].lines[0], scenario.claims[2].under[0], scenario)}
    assert sets == {frozenset(), frozenset({"trust"})}
