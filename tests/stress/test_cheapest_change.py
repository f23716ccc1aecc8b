"""The cheapest single change against margins whose flips are known by hand."""

from __future__ import annotations

import math

import pytest

from leverage.stress.cheapest_change import RINGS, WIDTH, cheapest_changes
from leverage.stress.tipping import tipping
from tests.stress.made_questions import Made, box

UNIT = box(a=(0.5, 0, 1), b=(0.5, 0, 1), c=(20.0, 0, 100))


@pytest.mark.parametrize(
    ("margin", "name", "flips_at", "share"),
    [
        (lambda v: 0.6 - v["a"], "a", 0.6, 0.1),
        (lambda v: min(0.9 - v["a"], v["b"] - 0.2), "b", 0.2, 0.3),  # further in value, nearer than a's 0.4
        (lambda v: min(0.9 - v["a"], 30 - v["c"]), "c", 30.0, 0.1),  # nearer as a share of its range
        (lambda v: v["a"] - 0.55, "a", 0.55, 0.05),  # from fallen to standing
        (lambda v: min(0.58 - v["a"], v["b"] - 0.45), "b", 0.45, 0.05),  # both in the first ring
    ],
)
def test_the_nearest_flip_as_a_share_of_the_range(margin: object, name: str, flips_at: float, share: float) -> None:
    (found,) = cheapest_changes([Made(margin).question()], UNIT)  # type: ignore[arg-type]
    assert found.parameter is not None
    assert found.parameter.name == name
    span = found.parameter.high - found.parameter.low
    low, high = sorted(found.bracket)
    assert low <= flips_at <= high
    assert high - low <= WIDTH * span
    assert found.share == pytest.approx(share, abs=WIDTH)
    assert {found.verdict, found.flips_to} == {"holds", "fails"}


def test_it_is_the_nearest_of_all_flips_of_one_parameter() -> None:
    made = Made(lambda v: min(0.93 - v["a"], v["b"] - 0.21, 77 - v["c"]))
    rows = [row for row in tipping([made.question()], UNIT, budget=10**6) if row.flips]
    (found,) = cheapest_changes([made.question()], UNIT)
    nearest = min(rows, key=lambda row: row.distance)
    assert found.parameter is nearest.parameter
    assert found.share == pytest.approx(nearest.distance, abs=WIDTH)


def test_what_nothing_flips_is_searched_to_the_ends_and_asked_once_a_value() -> None:
    made = Made(lambda v: 1.0)
    (found,) = cheapest_changes([made.question()], UNIT)
    assert (found.parameter, found.searched_to, found.reason) == (None, 1.0, "")
    assert math.isnan(found.share)
    values = [tuple(sorted(each.items())) for each in made.asked]
    assert len(values) == len(set(values))
    assert {each["c"] for each in made.asked} == {20.0, *(20 + 100 * r for r in RINGS[:-1]), 100.0, 7.5, 0.0}


def test_a_budget_ends_before_a_ring_and_says_so() -> None:
    made = Made(lambda v: 0.9 - v["a"], cost=10)
    (found,) = cheapest_changes([made.question()], UNIT, budget=130)
    assert (found.searched_to, found.cost) == (0.25, 120)
    assert "budget" in found.reason
    (nothing,) = cheapest_changes([made.question()], UNIT, budget=59)
    assert (nothing.searched_to, nothing.asked) == (0.0, 0)


def test_what_has_no_side_is_not_searched_and_untold_answers_are_counted() -> None:
    undecided = Made(lambda v: 0.0, blur=1.0)
    (found,) = cheapest_changes([undecided.question()], UNIT)
    assert (found.searched_to, found.asked) == (0.0, 0)
    assert found.reason
    (blurred,) = cheapest_changes([Made(lambda v: 1.0 - v["a"], blur=0.3).question()], UNIT)
    assert blurred.parameter is None
    assert blurred.untold == 2  # margins of 0.25 and 0 where a is 0.75 and 1


def test_questions_side_by_side_are_those_alone() -> None:
    margins = [lambda v: 0.6 - v["a"], lambda v: v["b"] - 0.2, lambda v: 1.0]
    together = cheapest_changes([Made(margin).question(str(k)) for k, margin in enumerate(margins)], UNIT, budget=100)
    for k, margin in enumerate(margins):
        (alone,) = cheapest_changes([Made(margin).question(str(k))], UNIT, budget=100)
        assert repr(alone) == repr(together[k])
