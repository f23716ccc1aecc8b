"""Small joint changes: upper bounds that do flip, against the smallest changes known by hand."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from leverage.stress.box import Box
from leverage.stress.joint_change import FROM_ALONE, JointChange, smallest_joint_change
from leverage.stress.question import Answer, Question
from leverage.stress.shares import design_points
from leverage.stress.tipping import tipping
from tests.stress.made_questions import Made, box

CUBE = box(x=(0.5, 0, 1), y=(3.0, 2, 4), z=(0.2, 0, 1))


def found(made: Made, the_box: Box, **more: float) -> JointChange | None:
    question = made.question()
    points = list(design_points([question], the_box, points=16))
    alone = tipping([question], the_box, budget=10_000)
    return smallest_joint_change(question, the_box, points, alone, **more)


def test_a_plane_is_reached_by_moving_all_its_parameters_at_once() -> None:
    """Margin 0.3 - dx - dy / 2: the smallest change in the largest fraction moves x and y by 0.15 of their ranges each."""
    made = Made(lambda v: 0.3 - (v["x"] - 0.5) - (v["y"] - 3) / 2)
    change = found(made, CUBE)
    assert change is not None
    assert change.size == pytest.approx(0.15, rel=0.02)
    assert change.size >= 0.15
    assert set(change.values) == {"x", "y"}
    assert made.judge(CUBE.with_values(change.values)).verdict == change.flips_to == "fails"


def test_a_wall_needs_one_parameter() -> None:
    made = Made(lambda v: v["z"] - 0.1)
    change = found(made, CUBE)
    assert change is not None
    assert change.values == pytest.approx({"z": 0.1}, abs=1e-4)
    assert change.size == pytest.approx(0.1, abs=1e-4)


def test_a_region_that_no_parameter_reaches_alone_is_found() -> None:
    def corner(v: Mapping[str, float]) -> float:
        return max(0.8 - v["x"], 3.6 - v["y"])

    made = Made(corner)
    question = made.question()
    points = list(design_points([question], CUBE, points=16))
    alone = tipping([question], CUBE, budget=10_000)
    assert not any(row.flips for row in alone)
    change = smallest_joint_change(question, CUBE, points, alone)
    assert change is not None
    assert set(change.values) == {"x", "y"}
    assert 0.3 <= change.size <= 0.45  # the corner is 0.3 of both ranges away
    assert made.judge(CUBE.with_values(change.values)).verdict == "fails"


def test_what_fails_is_flipped_to_what_holds() -> None:
    change = found(Made(lambda v: v["x"] - 0.9), CUBE)
    assert change is not None
    assert change.flips_to == "holds"
    assert change.size == pytest.approx(0.4, abs=1e-3)


def test_nothing_is_found_where_nothing_flips_or_there_is_no_side_to_leave() -> None:
    assert found(Made(lambda v: 1.0), CUBE) is None
    assert found(Made(lambda v: v["x"] - 0.5, blur=0.1), CUBE) is None


def test_undecided_points_are_no_flip() -> None:
    made = Made(lambda v: v["x"] - 0.3, blur=0.1)
    change = found(made, CUBE)
    assert change is not None
    assert made.judge(CUBE.with_values(change.values)).verdict == "fails"
    assert change.size >= 0.3


def test_a_flip_of_one_parameter_is_a_change_too() -> None:
    question = Made(lambda v: v["z"] - 0.001).question()
    change = smallest_joint_change(question, CUBE, [], tipping([question], CUBE, budget=10_000))
    assert change is not None
    assert change.found_from == FROM_ALONE


def test_a_small_budget_gives_a_larger_change_that_still_flips() -> None:
    made = Made(lambda v: 0.3 - (v["x"] - 0.5) - (v["y"] - 3) / 2)
    change, better = found(made, CUBE, budget=8), found(made, CUBE)
    assert change is not None
    assert better is not None
    assert change.size >= better.size
    assert change.cost < better.cost
    assert made.judge(CUBE.with_values(change.values)).verdict == "fails"


def test_the_same_inputs_give_the_same_change() -> None:
    def judge(v: Mapping[str, float]) -> Answer:
        return Made(lambda w: 0.3 - (w["x"] - 0.5) * (w["y"] - 2)).judge(v)

    question = Question("q", judge)
    points = list(design_points([question], CUBE, points=8))
    assert smallest_joint_change(question, CUBE, points) == smallest_joint_change(question, CUBE, points)
