"""Conditions in three values, the stretches of one parameter on which they hold, the halves of a range."""

from __future__ import annotations

import itertools
import math

import pytest

from leverage.analysis.figure import Figure
from leverage.scenario.claim_conditions import read_condition
from leverage.scenario.periods import Period
from leverage.stress.question import Answer
from leverage.stress.shares import design_points
from leverage.stress.tipping import EDGE_WIDTH, WIDTH
from leverage.stress.when import along_parameter, in_box, joined_answer
from tests.stress.made_questions import Made, box

NAMES = {"parameter": ("a", "b", "c")}
LINE = box(x=(0.5, 0, 1))


def answered(text: str, **verdicts: tuple[str, float]) -> Answer:
    """The answer to a condition on lines 'a > 0', 'b > 0', 'c > 0' with these verdicts and margins."""
    known = {
        f"{name} > 0": Answer(verdict, Figure.exact(margin) if not math.isnan(margin) else Figure.missing("idle", "never"))
        for name, (verdict, margin) in verdicts.items()
    }
    return joined_answer(read_condition(text, NAMES, Period(1, "month")), known)


#: Kleene's strong tables with 1 for true, 0 for false, None for neither.
VALUES = {"holds": 1.0, "fails": 0.0, "undecided": 0.5}


@pytest.mark.parametrize(("one", "other"), list(itertools.product(VALUES, repeat=2)))
def test_and_or_not_are_minimum_maximum_and_complement(one: str, other: str) -> None:
    given = {"a": (one, VALUES[one] - 0.5), "b": (other, VALUES[other] - 0.5)}
    assert VALUES[answered("a > 0 and b > 0", **given).verdict] == min(VALUES[one], VALUES[other])
    assert VALUES[answered("a > 0 or b > 0", **given).verdict] == max(VALUES[one], VALUES[other])
    assert VALUES[answered("not a > 0", **given).verdict] == 1 - VALUES[one]
    both_ways = answered("not (a > 0 and b > 0)", **given), answered("not a > 0 or not b > 0", **given)
    assert both_ways[0] == both_ways[1]


def test_margins_are_those_of_the_part_that_decides() -> None:
    holds = {"a": ("holds", 3.0), "b": ("holds", 1.0), "c": ("fails", -2.0)}
    assert answered("a > 0 and b > 0", **holds).margin.value == 1.0
    assert answered("a > 0 or b > 0", **holds).margin.value == 3.0
    assert answered("a > 0 and b > 0 and c > 0", **holds).margin.value == -2.0
    assert answered("a > 0 or c > 0", **holds).margin.value == 3.0
    assert answered("not c > 0", **holds).margin.value == 2.0


def test_the_unit_is_that_of_the_part_that_decides() -> None:
    answers = {
        "a > 0": Answer("holds", Figure.exact(2.0), unit="points"),
        "b > 0": Answer("holds", Figure.exact(0.5), unit="chance"),
    }
    for text, unit in (("a > 0 and b > 0", "chance"), ("a > 0 or b > 0", "points"), ("not (a > 0 and b > 0)", "chance")):
        assert joined_answer(read_condition(text, NAMES, Period(1, "month")), answers).unit == unit


def test_the_worst_of_what_is_neither_true_nor_false_is_told() -> None:
    given = {"a": ("undecided", 0.1), "b": ("idle", math.nan), "c": ("undefined", math.nan)}
    assert answered("a > 0 and b > 0", **given).verdict == "undecided"
    assert answered("a > 0 or b > 0 and c > 0", **given).verdict == "undefined"
    assert answered("not b > 0", **given).verdict == "idle"


def test_a_condition_that_comes_and_goes_has_its_stretches_with_narrow_ends() -> None:
    made = Made(lambda v: (v["x"] - 0.2) * (v["x"] - 0.4) * (v["x"] - 0.7))
    found = along_parameter(made.question(), LINE, LINE.parameters[0])
    first, second = found.stretches
    assert (first.low, first.high, second.low) == pytest.approx((0.2, 0.4, 0.7), abs=WIDTH)
    assert second.high == 1.0
    assert math.isnan(second.above)
    assert first.below < 0.2 < first.low <= first.high < 0.4 < first.above
    for end in (first.low, first.high, second.low):
        assert made.judge({"x": end}).verdict == "holds"
    for end in (first.below, first.above, second.below):
        assert made.judge({"x": end}).verdict == "fails"
    assert not found.everywhere


def test_everywhere_and_nowhere() -> None:
    always = along_parameter(Made(lambda v: 1.0).question(), LINE, LINE.parameters[0])
    assert always.everywhere
    never = along_parameter(Made(lambda v: -1.0).question(), LINE, LINE.parameters[0])
    assert never.stretches == ()
    assert not never.everywhere


def test_where_the_bounds_do_not_tell_a_stretch_ends_at_what_is_certain() -> None:
    """Holds above 0.6, open between 0.3 and 0.6, fails below."""
    made = Made(lambda v: v["x"] - 0.45, blur=0.15)
    found = along_parameter(made.question(), box(x=(0.9, 0, 1)), LINE.parameters[0])
    (stretch,) = found.stretches
    assert stretch.untold_below
    assert math.isnan(stretch.below)
    assert made.judge({"x": stretch.low}).verdict == "holds"
    assert stretch.low - 0.6 <= 1 / 8


def test_an_end_within_a_step_is_certain_on_both_sides_though_the_bounds_leave_a_gap() -> None:
    made = Made(lambda v: v["x"] - 0.45, blur=0.02)
    (stretch,) = along_parameter(made.question(), LINE, LINE.parameters[0]).stretches
    assert stretch.low == pytest.approx(0.47, abs=EDGE_WIDTH)
    assert stretch.below == pytest.approx(0.43, abs=EDGE_WIDTH)


def test_beyond_the_budget_nothing_is_searched() -> None:
    made = Made(lambda v: 1.0, cost=10)
    found = along_parameter(made.question(), LINE, LINE.parameters[0], budget=89)
    assert (found.stretches, found.resolution) == ((), 0)


def test_the_halves_of_a_range_tell_which_parameter_matters() -> None:
    square = box(x=(0.5, 0, 1), y=(0.5, 0, 1))
    points = list(design_points([Made(lambda v: v["x"] - 0.25).question("condition")], square, points=32))
    in_x, in_y = in_box(points, square)
    assert in_x.upper_half.value == 1.0
    assert in_x.lower_half.low <= 0.5 <= in_x.lower_half.high
    assert in_x.lowest == pytest.approx(0.25, abs=0.02)
    assert in_y.matters == pytest.approx(0, abs=0.1)
    for half in (in_y.lower_half, in_y.upper_half):
        assert half.low <= 0.75 <= half.high
