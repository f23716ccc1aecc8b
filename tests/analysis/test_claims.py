"""Claims at one point: every function against values worked out by hand, and the six verdicts."""

from __future__ import annotations

import itertools
import json
import math
from typing import Any

import pytest

from leverage import parse_scenario
from leverage.analysis.claim_values import questions_of, truth_of, value_of
from leverage.analysis.claims import SEVERITY, distance, judge_claim, judge_line, margin_of, verdict_on
from leverage.analysis.figure import Figure
from leverage.analysis.point import Point
from leverage.analysis.worlds import Worlds
from leverage.scenario.claims import CLAIM_FUNCTIONS
from leverage.scenario.scenario import Scenario
from tests.dilemma import DILEMMA, claim, dilemma

GRIM = "grim_a against grim_b"
BARGAIN = "bargaining point"

#: Function of the dilemma -> selection, value. With a fee and a bonus of 1, a gets 3 where both cooperate, 4 where it alone
#: defects, 0 where both do, -1 where b alone does. a's best: (4, 0) and (3, 3) mixed so that b gets no less than the 1 that it
#: can secure, 3 + 2/3; a's worst is 0. (3, 3) is the bargaining point: along either edge from there the product of gains falls.
VALUES: dict[str, tuple[str, float]] = {
    "payoff(a)": (GRIM, 3),
    "payoff(b)": (BARGAIN, 3),
    "payoff(a, grim_a, defect_b)": (BARGAIN, 0.4 * -1),
    "payoff(a, grim_a)": ("best reply of b", 3),
    "payoff(b, defect_a)": ("best reply of b", 1),
    "term(a, upkeep)": (GRIM, -1),
    "term(a, extra, grim_a, defect_b)": (BARGAIN, 0),
    "chance(done, 2 months)": (GRIM, 0.75),
    "chance(done, ever)": (GRIM, 1),
    "chance(done, 6 months, defect_a, defect_b)": (GRIM, 0),
    "time(done)": (GRIM, 2),
    "count(meetings, 3 months)": (GRIM, 3),
    "count(meetings, 3 months, grim_a, defect_b)": (GRIM, 0),
    "average(level, 2 months)": (GRIM, 0.25),
    "average(level, ever)": (GRIM, 1),
    "frequency(a, cooperate, 4 months)": (GRIM, 1),
    "frequency(a, cooperate, 4 months, grim_a, defect_b)": (GRIM, 0.25),
    "frequency(a, defect, ever, grim_a, defect_b)": (GRIM, 1),
    "lowest(a)": (GRIM, 0),
    "lowest(b)": (GRIM, 1),
    "highest(a)": (GRIM, 3 + 2 / 3),
    "highest(b)": (GRIM, 4.5),
    "bargain(a)": (GRIM, 3),
    "gain(trust, a)": (BARGAIN, 3),
    "gain(trust, b)": (BARGAIN, 2),
    "gain(post, a)": (GRIM, -1),
    "gross_gain(post, a)": (GRIM, 0),
    "price(post)": (BARGAIN, 1),
    "price(gift)": (GRIM, 0),
    "interaction(trust, gift, a)": (GRIM, 1),
    "interaction(trust, post, a)": (GRIM, 0),
    "likelier(trust, done, 2 months)": (GRIM, 0.75),
    "likelier(haste, done, ever)": (GRIM, 0),
    "sooner(haste, done)": (GRIM, 2),
    "reach(trust, a)": (GRIM, 3 + 2 / 3),
    "coercion(trust, b)": (GRIM, 0),
    "own_floor(post, a)": (GRIM, 1),
    "threat(trust, a)": ("best for a", 3 + 2 / 3),
    "commitment(trust, a)": ("best for a", 0),
    "share_credible()": (GRIM, 0.5),
    "share_credible(only_cooperate_a)": (GRIM, 0.5),
    "share_equilibrium()": (GRIM, 1 / 3),
    "share_subgame_perfect()": (GRIM, 1 / 3),
    "patience * 2 - 0.2": (GRIM, 1),
    "(payoff(a) + 1) / (fee + 1)": (GRIM, 2),
    "- payoff(a)": (GRIM, -3),
}


def at(scenario: Scenario, tolerance: float = 1e-6) -> Point:
    return Point(Worlds(scenario), scenario.values, tolerance)


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

INF = math.inf

#: margin's bounds, strict, size worth noting -> verdict, whether finer bounds could change it
VERDICTS: list[tuple[tuple[float, float], bool, float, str, bool]] = [
    ((0.5, 0.5), True, 0.0, "holds", False),
    ((0.0, 0.0), True, 0.0, "fails", False),
    ((0.0, 0.0), False, 0.0, "holds", False),
    ((-1e-12, 1e-12), True, 0.0, "fails", False),
    ((-1e-12, 1e-12), False, 0.0, "holds", False),
    ((-1e-12, 1e-12), False, 1.0, "barely", False),
    ((-0.2, -0.1), False, 0.0, "fails", False),
    ((-0.2, 0.0), True, 0.0, "fails", False),
    ((-0.2, 0.0), False, 0.0, "undecided", True),
    ((-0.2, 0.3), True, 0.0, "undecided", True),
    ((0.0, 0.3), True, 0.0, "undecided", True),
    ((0.0, 0.3), False, 0.0, "holds", False),
    ((-INF, INF), True, 0.0, "undecided", True),
    ((0.1, 0.3), True, 1.0, "barely", False),
    ((0.1, 1.3), True, 1.0, "barely", True),
    ((1.0, 1.3), True, 1.0, "holds", False),
    ((1.1, INF), True, 1.0, "holds", False),
]


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


#: A claim's line -> its verdict with a size worth noting of .5.
LINES = {
    "payoff(a, grim_a, grim_b) > payoff(a, defect_a, grim_b)": "holds",  # 3 against 1.6
    "payoff(a, grim_a, grim_b) > payoff(a, only_cooperate_a, grim_b)": "fails",  # the same play
    "payoff(a, grim_a, grim_b) >= payoff(a, only_cooperate_a, grim_b)": "barely",
    "payoff(a, grim_a, grim_b) = 3.4": "holds",
    "payoff(a, grim_a, grim_b) = 3.6": "fails",
    "payoff(a, grim_a, grim_b) != 3.4": "barely",
    "payoff(a, grim_a, grim_b) != 3": "fails",
    "payoff(b, grim_a, grim_b) < 3.2": "barely",
    "time(done, defect_a, defect_b) < 5": "idle",
    "chance(done, 6 months, defect_a, defect_b) < chance(done, 6 months, grim_a, defect_b)": "idle",
    "chance(done, 6 months, defect_a, defect_b) < chance(done, 6 months, grim_a, grim_b)": "holds",
    "chance(done, 6 months, defect_a, defect_b) >= 0.1": "fails",
    "likelier(trust, done, 6 months) > 0": "holds",
    "frequency(b, cooperate, 6 months, grim_a, defect_b) > 2 * count(meetings, 6 months, defect_a, defect_b)": "idle",
    "payoff(a, grim_a, grim_b) / (fee - 1) > 0": "undefined",
    "sooner(trust, done) > 1": "idle",
    "credible(grim_a, grim_b)": "holds",  # by less than .5: a statement is true or false
}


@pytest.mark.parametrize("text", LINES)
def test_verdicts_on_lines(text: str) -> None:
    scenario = dilemma({"C": claim(text, GRIM, 0.5)})
    judged = judge_line(scenario.claims[0].lines[0], scenario.claims[0].under[0], at(scenario), 0.5)
    assert judged.verdict == LINES[text]
    assert judged.reason or judged.verdict in ("holds", "fails")


def test_what_a_world_without_the_instrument_lacks_is_undefined() -> None:
    two, three = "a: {cooperate: always, defect: always}", "a: {cooperate: always, defect: always, walk_away: always}"
    text = DILEMMA.read_text(encoding="utf-8").replace(two, three)  # where one action is left, everybody knows what to do
    scenario = parse_scenario(f"{text}claims: {json.dumps({'C': claim('gain(word, a) > 0', GRIM)})}\n")
    judged = judge_line(scenario.claims[0].lines[0], scenario.claims[0].under[0], at(scenario))
    assert judged.verdict == "undefined"
    assert "'grim_a' is undefined without word" in judged.reason


def test_coarse_bounds_leave_open_what_fine_ones_decide() -> None:
    scenario = dilemma({"C": claim("highest(a) < 3.63", GRIM)}, {"patience_of_b": 0.55})
    line, under = scenario.claims[0].lines[0], scenario.claims[0].under[0]
    coarse, fine = (judge_line(line, under, at(scenario, tolerance)) for tolerance in (0.3, 0.02))
    assert (coarse.verdict, coarse.open) == ("undecided", True)
    assert (fine.verdict, fine.open) == ("holds", False)
    assert coarse.margin.low <= fine.margin.low <= fine.margin.high <= coarse.margin.high


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
