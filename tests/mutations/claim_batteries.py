"""Batteries of what judges claims; see `batteries.py`."""

from __future__ import annotations

from types import ModuleType

import pytest

from leverage.analysis.figure import Figure
from leverage.points.evaluator import Evaluator
from tests.dilemma import GRIM, LINES, UNITS, VALUES, VERDICTS, at, claim, dilemma, with_units


def check_claims(module: ModuleType) -> None:
    """Verdicts on margins, on lines and on claims."""
    for bounds, strict, noting, verdict, still_open in VERDICTS:
        found = module.verdict_on(Figure(sum(bounds) / 2, *bounds), strict=strict, noting=noting, tie=1e-9)
        assert (found[0], found[2]) == (verdict, still_open)
    far = module.distance(Figure(0.5, 0.0, 1.0), Figure(3.0, 2.0, 4.0))
    assert (far.low, far.high) == (1.0, 4.0)
    scenario = dilemma({text: claim(text, GRIM, 0.5) for text in LINES})
    point = at(scenario)
    judged = [module.judge_line(each.lines[0], each.under[0], point, 0.5) for each in scenario.claims]
    assert [each.verdict for each in judged] == list(LINES.values())
    assert module.judge_claim(scenario.claims[0], judged).verdict == "fails"
    true = [each for each in judged if each.verdict == "holds"]
    binding = module.judge_claim(scenario.claims[0], true).binding
    assert binding.line.relation != "is true"
    assert binding.margin.value == min(each.margin.value for each in true if each.line.relation != "is true")
    scenario = dilemma({"C": claim(["payoff(a) > 1", "chance(done, 2 months) > 0.5"], GRIM)})
    mixed, point = scenario.claims[0], at(scenario)
    told = module.judge_claim(mixed, [module.judge_line(line, mixed.under[0], point) for line in mixed.lines])
    assert (told.margin.value, told.unit) == (pytest.approx(0.25), "chance")


def check_units(module: ModuleType) -> None:
    """The unit of every line by hand; no function is left out."""
    scenario = with_units(dilemma({text: claim(text, GRIM) for text in UNITS}))
    assert {each.name: module.unit_of(each.lines[0], scenario) for each in scenario.claims} == UNITS


def check_values(module: ModuleType) -> None:
    """Every function against its value by hand, and the questions that it asks."""
    scenario = dilemma({text: claim(f"{text} > -1000", under) for text, (under, _) in VALUES.items()})
    point = at(scenario)
    for each in scenario.claims:
        found = module.value_of(each.lines[0].left, each.under[0], point)
        assert found.known
        assert found.value == pytest.approx(VALUES[each.name][1], abs=1e-4)
        assert found.low - 1e-9 <= VALUES[each.name][1] <= found.high + 1e-9
    statements = {
        "credible(grim_a, grim_b)": "yes",
        "equilibrium(defect_a, grim_b)": "no",
        "subgame_perfect(grim_a, grim_b)": "yes",
    }
    said = dilemma({text: claim(text, GRIM) for text in statements})
    for each in said.claims:
        assert module.truth_of(each.lines[0].calls[0], each.under[0], at(said)).answer == statements[each.name]


def check_trends(module: ModuleType) -> None:
    """Trends up and down, with a step back, within bounds, of what never happens."""
    told = {
        ("payoff(a) rises with bonus", None): ("holds", 2.0),
        ("payoff(a) falls with fee", 2.5): ("barely", 2.0),
        ("payoff(b) rises with bonus", None): ("fails", 0.0),
        ("fee * (fee - 1) rises with fee", 0.2): ("fails", -0.25),
        ("fee * (fee - 1) rises with fee", 0.3): ("holds", 2.0),
        ("count(meetings, 2 months, defect_a, defect_b) falls with speed", None): ("idle", 0.0),
    }
    for (text, noting), expected in told.items():
        scenario = dilemma({"C": claim(text, GRIM, noting)})
        line, under = scenario.claims[0].lines[0], scenario.claims[0].under[0]
        parameter, evaluator = scenario.parameters[str(line.right)], Evaluator(scenario)
        found = module.judge_trend(line, under, parameter, lambda x, e=evaluator, p=parameter: e.at({p.name: x}), noting)
        assert (found.verdict, found.margin.value) == (expected[0], pytest.approx(expected[1], abs=1e-9))
        if text == "payoff(a) falls with fee":
            assert (found.left.value, found.right.value) == pytest.approx((4, 2))
    steps = [Figure(value, value - 0.25, value + 0.25) for value in (2.0, 3.0, 1.5, 2.5)]
    found = module.largest_fall(steps)
    assert (found.value, found.low, found.high) == (1.5, 1.0, 2.0)
