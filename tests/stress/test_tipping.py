"""Nearest flips: known thresholds, verdicts that come back, that never change, that the bounds leave open."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverage.analysis.figure import Figure
from leverage.stress.question import Answer, Question, weighted
from leverage.stress.tipping import EDGE_WIDTH, FLIPS, NO_SIDE, NOT_SEARCHED, SCAN_VALUES, STAYS, WIDTH, nearest_flip, tipping
from tests.stress.made_questions import Made, box


@given(threshold=st.floats(0.01, 0.99), value=st.floats(0, 1), rising=st.booleans(), power=st.sampled_from([1, 3, 0]))
def test_a_threshold_is_found_to_a_millionth_of_the_range(threshold: float, value: float, rising: bool, power: int) -> None:
    """With straight margins, with flat and steep ones, and with a bare yes or no (power 0)."""
    sign = 1 if rising else -1
    made = Made(lambda values: sign * float(np.sign(values["x"] - threshold)) * abs(values["x"] - threshold) ** power)
    the_box = box(x=(value, 0, 1))
    row = nearest_flip(made.question(), the_box, the_box.parameters[0])
    assert row.searched == FLIPS
    assert min(row.bracket) <= threshold <= max(row.bracket)
    assert max(row.bracket) - min(row.bracket) <= WIDTH
    assert row.flips_at == pytest.approx(threshold, abs=WIDTH)
    near, far = (made.judge({"x": end}).side for end in row.bracket)
    assert near == made.judge({"x": value}).side
    assert far != near
    assert row.flips_to in ("holds", "fails")
    assert row.asked <= SCAN_VALUES + 3 * math.ceil(math.log2(1 / WIDTH)) + 3


def test_margins_save_most_of_the_asking() -> None:
    smooth, bare = (
        Made(lambda values: math.exp(values["x"]) - 1.5),
        Made(lambda values: math.copysign(1, math.exp(values["x"]) - 1.5)),
    )
    the_box = box(x=(0.1, 0, 1))
    by_line, by_halves = (nearest_flip(made.question(), the_box, the_box.parameters[0]) for made in (smooth, bare))
    assert by_line.flips_at == pytest.approx(math.log(1.5), abs=WIDTH)
    assert by_halves.flips_at == pytest.approx(math.log(1.5), abs=WIDTH)
    assert by_line.asked <= by_halves.asked - 8


@pytest.mark.parametrize(("value", "nearest"), [(0.2, 0.3), (0.4, 0.3), (0.55, 0.6), (0.9, 0.6)])
def test_of_two_flips_the_nearer_one_is_reported(value: float, nearest: float) -> None:
    made = Made(lambda values: (values["x"] - 0.3) * (0.6 - values["x"]))
    the_box = box(x=(value, 0, 1))
    row = nearest_flip(made.question(), the_box, the_box.parameters[0])
    assert row.flips_at == pytest.approx(nearest, abs=WIDTH)
    assert row.distance == pytest.approx(abs(value - nearest), abs=WIDTH)


@given(value=st.floats(0, 1), low=st.floats(0.05, 0.45), high=st.floats(0.55, 0.95))
def test_the_nearest_flip_is_that_of_a_plain_walk(value: float, low: float, high: float) -> None:
    """A twin that walks outwards in small steps finds no nearer flip, for stretches wider than a step of the scan."""
    made = Made(lambda values: (values["x"] - low) * (high - values["x"]))
    the_box = box(x=(value, 0, 1))
    row = nearest_flip(made.question(), the_box, the_box.parameters[0])
    here = made.judge({"x": value}).side
    walk = (value + step * sign for step in np.arange(0, 1, 1e-3) for sign in (-1, 1))
    first = next((x for x in walk if 0 <= x <= 1 and made.judge({"x": x}).side != here), None)
    if first is None:
        assert row.searched == STAYS
    elif here == "standing" or row.searched == FLIPS:  # what fails on one side only of a narrow stretch is always seen
        assert row.distance <= abs(first - value) + WIDTH


def test_a_stretch_narrower_than_the_scan_is_missed_and_the_row_says_how_fine_it_was() -> None:
    made = Made(lambda values: abs(values["x"] - 0.31) - 0.01)
    the_box = box(x=(0.05, 0, 1))
    row = nearest_flip(made.question(), the_box, the_box.parameters[0])
    assert (row.searched, row.resolution) == (STAYS, SCAN_VALUES - 1)
    assert nearest_flip(made.question(), the_box, the_box.parameters[0], values=101).flips_at == pytest.approx(0.3, abs=WIDTH)


def test_what_never_flips_is_said_to_stay_and_the_whole_range_was_asked() -> None:
    made = Made(lambda values: 1.0)
    the_box = box(x=(0.5, 0, 1))
    row = nearest_flip(made.question(), the_box, the_box.parameters[0])
    assert row.searched == STAYS
    assert math.isnan(row.flips_at)
    assert {each["x"] for each in made.asked} == set(np.linspace(0, 1, SCAN_VALUES))


def test_where_bounds_cannot_tell_the_bracket_stops_at_what_is_certain() -> None:
    blur = 0.02
    made = Made(lambda values: values["x"] - 0.4, blur)
    the_box = box(x=(0.9, 0, 1))
    row = nearest_flip(made.question(), the_box, the_box.parameters[0])
    near, far = row.bracket
    assert made.judge({"x": near}).verdict == "holds"
    assert made.judge({"x": far}).verdict == "fails"
    assert near == pytest.approx(0.4 + blur, abs=EDGE_WIDTH)
    assert far == pytest.approx(0.4 - blur, abs=EDGE_WIDTH)


def test_undecided_values_of_the_scan_are_counted_and_are_no_flip() -> None:
    made = Made(lambda values: values["x"], blur=0.5)
    the_box = box(x=(0.9, 0, 1))
    row = nearest_flip(made.question(), the_box, the_box.parameters[0], values=5)
    assert (row.searched, row.untold) == (STAYS, 2)  # at 0 and at 0.25; at 0.5 the bounds just tell


@pytest.mark.parametrize("verdict", ["undecided", "idle", "undefined"])
def test_a_baseline_on_neither_side_has_nothing_to_flip(verdict: str) -> None:
    question = Question("open", lambda values: Answer(verdict, Figure.missing("idle", "never")))
    the_box = box(x=(0.5, 0, 1))
    row = nearest_flip(question, the_box, the_box.parameters[0])
    assert (row.searched, row.verdict) == (NO_SIDE, verdict)


def test_barely_and_holds_are_one_side() -> None:
    question = Question("b", lambda v: Answer("holds" if v["x"] > 0.5 else "barely", Figure.exact(v["x"])))
    the_box = box(x=(0.9, 0, 1))
    assert nearest_flip(question, the_box, the_box.parameters[0]).searched == STAYS


def test_a_value_outside_its_range_is_searched_from_where_it_is() -> None:
    made = Made(lambda values: values["x"] - 0.7)
    the_box = box(x=(2.0, 0, 1))
    row = nearest_flip(made.question(), the_box, the_box.parameters[0])
    assert row.flips_at == pytest.approx(0.7, abs=WIDTH)
    assert row.distance == pytest.approx(1.3, abs=WIDTH)


def test_a_budget_is_a_claims_own_and_what_is_beyond_it_is_not_searched() -> None:
    the_box = box(x=(0.9, 0, 1), y=(0.9, 0, 1))
    cheap, dear = Made(lambda v: v["x"] - 0.4), Made(lambda v: v["y"] - 0.4, cost=100)
    budget = 2 * 100
    rows = tipping([dear.question("dear"), cheap.question("cheap")], the_box, budget=budget)
    assert [(row.question, row.parameter.name, row.searched) for row in rows] == [
        ("dear", "x", NOT_SEARCHED),
        ("dear", "y", NOT_SEARCHED),
        ("cheap", "x", FLIPS),
        ("cheap", "y", STAYS),
    ]
    assert tipping([cheap.question("cheap"), dear.question("dear")], the_box, budget=budget) == rows[2:] + rows[:2]
    assert tipping([cheap.question("cheap")], the_box, budget=budget) == rows[2:]


@pytest.mark.parametrize(("pays_for", "steps"), [(9, 8), (8, 4), (5, 4), (4, 2), (3, 2), (2, 1)])
def test_a_dear_question_is_scanned_at_fewer_values(pays_for: int, steps: int) -> None:
    made = Made(lambda values: values["x"] - 0.4, cost=10)
    the_box = box(x=(0.9, 0, 1))
    row = nearest_flip(made.question(), the_box, the_box.parameters[0], values=9, budget=10 * pays_for)
    assert (row.searched, row.resolution) == (FLIPS, steps)
    assert min(row.bracket) <= 0.4 <= max(row.bracket)


def test_a_small_budget_leaves_a_wider_bracket_that_still_holds_the_flip() -> None:
    made = Made(lambda values: math.copysign(1, values["x"] - 0.4))
    the_box = box(x=(0.9, 0, 1))
    row = tipping([made.question()], the_box, budget=SCAN_VALUES + 1)[0]
    assert row.searched == FLIPS
    assert min(row.bracket) <= 0.4 <= max(row.bracket)
    assert max(row.bracket) - min(row.bracket) > 10 * WIDTH
    assert row.asked <= SCAN_VALUES + 1


def test_equilibrium_sets_weigh_more_than_replies() -> None:
    assert weighted({}) == 1
    assert weighted({"replies": 3}) == 3
    assert weighted({"sets": 2, "replies": 1}) > weighted({"replies": 50})
