"""Lines that say what rises or falls with a parameter."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from leverage.analysis.claims import JudgedClaim
from leverage.analysis.figure import Figure
from leverage.points.evaluator import Evaluator
from leverage.points.trends import GRID_VALUES, largest_fall, trend_values
from tests.dilemma import COARSE, FINE, UNEQUAL, claim, dilemma


def judged(
    line: str,
    *,
    noting: float | None = None,
    ladder: tuple[float, ...] = (0.1, 0.01),
    overrides: Mapping[str, float] | None = None,
) -> JudgedClaim:
    scenario = dilemma({"C": claim(line, "grim_a against grim_b", noting)}, overrides)
    return Evaluator(scenario, ladder=ladder).judge_all()[0]


#: line -> verdict, margin. bonus, fee and speed go over [0, 2], [0, 2] and [0, 1]; at speed 0 no deal ever comes.
TRENDS = {
    "payoff(a) rises with bonus": ("holds", 2.0),
    "payoff(a) falls with bonus": ("fails", -2.0),
    "payoff(a) falls with fee": ("holds", 2.0),
    "payoff(b) rises with bonus": ("fails", 0.0),
    "chance(done, 2 months) rises with speed": ("holds", 1.0),
    "(fee - 1) * (fee - 1) rises with fee": ("fails", -1.0),
    "(fee - 1) * (fee - 1) * (fee - 1) rises with fee": ("holds", 2.0),
    "time(done) falls with speed": ("idle", None),
    "count(meetings, 2 months, defect_a, defect_b) falls with speed": ("idle", 0.0),
    "1 / fee falls with fee": ("undefined", None),
}


@pytest.mark.parametrize("line", TRENDS)
def test_trends(line: str) -> None:
    verdict, margin = TRENDS[line]
    found = judged(line)
    assert found.verdict == verdict
    assert np.isnan(found.margin.value) if margin is None else found.margin.value == pytest.approx(margin, abs=1e-9)


def test_both_ends_are_told() -> None:
    found = judged("payoff(a) falls with fee").binding
    assert (found.left.value, found.right.value) == pytest.approx((4, 2))


def test_a_step_back_that_is_not_worth_noting_is_none() -> None:
    """Over [0, 2] at steps of 1/2: 0, -.25, 0, .75, 2."""
    line = "fee * (fee - 1) rises with fee"
    assert [judged(line, noting=size).verdict for size in (0.2, 0.25, 1.9, 2.1)] == ["fails", "holds", "holds", "barely"]
    assert judged(line, noting=0.2).reason == "it falls on the way"


def test_a_flat_stretch_known_within_bounds_is_open_unless_a_size_is_worth_noting() -> None:
    """a's best payoff moves with the fee one for one and is known within a tenth here; (fee - 1)^5 is flat in the middle."""
    line = f"highest(a) + fee + {' * '.join(['(fee - 1)'] * 5)} rises with fee"
    found = [judged(line, noting=size, ladder=(COARSE,), overrides=UNEQUAL) for size in (None, 0.2)]
    assert [each.verdict for each in found] == ["undecided", "holds"]
    assert found[0].reason == "the bounds leave open whether it falls on the way"
    assert judged(line, overrides=UNEQUAL, ladder=(COARSE, FINE)).verdict == "holds"
    level = "highest(a) + fee rises with fee"
    assert judged(level, noting=0.2, ladder=(COARSE,), overrides=UNEQUAL).verdict == "undecided"


def test_the_grid_has_both_ends_and_equal_steps() -> None:
    values = trend_values(dilemma().parameters["patience"])
    assert values == pytest.approx((0.1, 0.3, 0.5, 0.7, 0.9))
    assert len(values) == GRID_VALUES


@pytest.mark.parametrize("seed", range(20))
def test_the_largest_fall_is_that_of_any_numbers_within_the_bounds(seed: int) -> None:
    generator = np.random.default_rng(seed)
    low = generator.normal(size=5)
    high = low + generator.random(5)
    found = largest_fall([Figure(float(a + b) / 2, float(a), float(b)) for a, b in zip(low, high, strict=True)])
    for _ in range(50):
        row = low + (high - low) * generator.random(5)
        fall = max(0.0, *(row[i] - row[j] for i in range(5) for j in range(i + 1, 5)))
        assert found.low - 1e-12 <= fall <= found.high + 1e-12
