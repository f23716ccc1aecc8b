"""Shares of a box whose regions are known by hand, and designs that hang on nothing but their seed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from leverage.stress.shares import (
    SCRAMBLINGS,
    affordable,
    design_points,
    interval,
    points_of,
    put_together,
    standing_share,
    verdict_shares,
)
from tests.stress.made_questions import Made, box

SQUARE = box(x=(0.5, 0, 1), y=(3.0, 2, 4))

#: region by its margin -> its share of the square.
REGIONS = {
    "half": (lambda v: v["x"] - 0.5, 0.5),
    "triangle": (lambda v: v["x"] + (v["y"] - 2) / 2 - 1.4, 0.18),
    "disc": (lambda v: 0.09 - (v["x"] - 0.5) ** 2 - ((v["y"] - 3) / 2) ** 2, 0.09 * math.pi),
    "all": (lambda v: 1.0, 1.0),
    "nothing": (lambda v: -1.0, 0.0),
    "sliver": (lambda v: v["x"] - 0.995, 0.005),
}


@pytest.mark.parametrize("name", REGIONS)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_share_of_a_known_region_lies_in_its_interval(name: str, seed: int) -> None:
    margin, share = REGIONS[name]
    points = list(design_points([Made(margin).question()], SQUARE, points=32, seed=seed))
    found = standing_share(points, "made")
    assert found.low <= share <= found.high
    assert found.low <= found.value <= found.high
    assert found.high - found.low < 0.12


def test_what_the_bounds_leave_open_counts_for_neither_side() -> None:
    points = list(design_points([Made(lambda v: v["x"] - 0.5, blur=0.25).question()], SQUARE, points=32))
    shares = verdict_shares(points, "made")
    assert shares["holds"].value == pytest.approx(0.25, abs=0.04)
    assert shares["fails"].value == pytest.approx(0.25, abs=0.04)
    assert shares["undecided"].value == pytest.approx(0.5, abs=0.04)
    assert shares["holds"].low < 0.25
    assert shares["holds"].high > 0.75  # they may all hold
    assert sum(share.value for share in shares.values()) == pytest.approx(1)


def test_every_scrambling_is_a_design_of_its_own_and_fills_the_box_evenly() -> None:
    design = SQUARE.design(16, SCRAMBLINGS, seed=0)
    assert design.shape == (SCRAMBLINGS, 16, 2)
    assert len({one.tobytes() for one in design}) == SCRAMBLINGS
    for one in design:
        for column, (low, high) in enumerate([(0, 1), (2, 4)]):
            strata = np.floor((one[:, column] - low) / (high - low) * 16)
            assert sorted(strata) == list(range(16))  # one point in each sixteenth of each range


def test_the_design_hangs_on_the_seed_alone_and_a_longer_one_goes_on_with_it() -> None:
    assert (SQUARE.design(8, 2, 5) == SQUARE.design(8, 2, 5)).all()
    assert (SQUARE.design(8, 2, 5) != SQUARE.design(8, 2, 6)).any()
    assert (SQUARE.design(16, 3, 5)[:2, :8] == SQUARE.design(8, 2, 5)).all()


def test_the_order_of_parameters_in_the_file_changes_nothing() -> None:
    other = box(y=(3.0, 2, 4), x=(0.5, 0, 1))
    assert (SQUARE.design(8, 2, 0) == other.design(8, 2, 0)).all()
    assert [each.name for each in other.parameters] == ["x", "y"]


def test_a_dear_question_is_asked_at_fewer_points_and_others_do_not_notice() -> None:
    dear, cheap = Made(lambda v: v["x"] - 0.5, cost=10), Made(lambda v: v["y"] - 2.5)
    budget = 10 * SCRAMBLINGS * 5
    points = list(design_points([dear.question("dear"), cheap.question("cheap")], SQUARE, points=16, budget=budget))
    assert affordable(dear.question(), SQUARE, 16, SCRAMBLINGS, budget) == 4
    assert len(points_of(points, "dear")) == 4 * SCRAMBLINGS
    assert len(points_of(points, "cheap")) == 16 * SCRAMBLINGS
    alone = list(design_points([cheap.question("cheap")], SQUARE, points=16, budget=budget))
    assert standing_share(points, "cheap") == standing_share(alone, "cheap")


def test_what_the_budget_does_not_pay_for_is_not_asked() -> None:
    dear = Made(lambda v: v["x"] - 0.5, cost=1000)
    points = list(design_points([dear.question()], SQUARE, points=16, budget=100))
    assert points_of(points, "made") == ()
    assert math.isnan(standing_share(points, "made").value)
    assert verdict_shares(points, "made") == {}


def test_intervals_by_hand() -> None:
    low, high = interval(np.array([0.4, 0.6]), 1000)
    half = 12.706204736 * math.sqrt(0.02) / math.sqrt(2)  # Student's t with one degree of freedom
    assert (low, high) == (max(0.0, 0.5 - half), min(1.0, 0.5 + half))
    assert interval(np.array([1.0, 1.0]), 299) == pytest.approx((0.05 ** (1 / 299), 1.0))
    with pytest.raises(ValueError, match="two scramblings"):
        interval(np.array([0.5]), 8)


def test_questions_in_groups_give_the_points_of_all_together() -> None:
    dear, cheap = (Made(lambda v: v["x"] - 0.5, cost=cost).question(f"cost {cost}") for cost in (10, 1))
    groups = [list(design_points([each], SQUARE, points=16, budget=400)) for each in (cheap, dear)]
    together = put_together(groups, ["cost 10", "cost 1"])
    for one, other in zip(together, design_points([dear, cheap], SQUARE, points=16, budget=400), strict=True):
        assert (one.scrambling, one.number, one.values) == (other.scrambling, other.number, other.values)
        assert list(one.answers.items()) == list(other.answers.items())


def test_progress_names_the_question_and_counts_the_points_that_it_gets() -> None:
    dear, cheap = (Made(lambda v: v["x"] - 0.5, cost=cost).question(f"cost {cost}") for cost in (10, 1))
    told: list[str] = []
    list(design_points([dear, cheap], SQUARE, points=4, scramblings=2, budget=40, tell=told.append))
    assert [phrase for phrase in told if "cost 10" in phrase] == [
        f"judging cost 10 at point {k} of 4 in the plausible box" for k in (1, 2, 3, 4)
    ]
    assert told[-1] == "judging cost 1 at point 8 of 8 in the plausible box"
