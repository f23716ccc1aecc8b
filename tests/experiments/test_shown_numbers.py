"""Numbers that are known between bounds: no end of a wide gap is shown as if it were the number."""

from __future__ import annotations

import math

import pytest

from leverage import load_scenario
from leverage.experiments.columns import Column
from leverage.experiments.shown_numbers import ShownNumbers, legend
from leverage.experiments.summary import Spread, Summary
from leverage.game.form import compile_form
from leverage.output.page import Page
from tests.dilemma import DILEMMA

BEST = [Column("sets", "best for a", "a", "payoff", "payoff a month", what) for what in ("value", "low", "high")]
NAMES = [column.name for column in BEST]
NAN = math.nan


def shown(tolerance: float = 0.02) -> ShownNumbers:
    scenario = load_scenario(DILEMMA)
    return ShownNumbers.of(BEST, Page(scenario, compile_form(scenario).at()), tolerance)


@pytest.mark.parametrize(
    ("value", "low", "high", "told"),
    [
        (1.0, 1.0, 1.004, "1.00"),
        (1.0, 1.0, 1.1, "1.00~"),
        (0.0, 0.0, 4.0, "0.00 to 4.00"),
        (NAN, 0.0, 4.0, "0.00 to 4.00"),
        (NAN, 1.0, 1.001, "1.00"),
        (1.0, -math.inf, math.inf, "1.00~"),
        (NAN, NAN, NAN, "-"),
    ],
)
def test_a_cell(value: float, low: float, high: float, told: str) -> None:
    assert shown().cell(BEST[0], dict(zip(NAMES, (value, low, high), strict=True))) == told


def spread(*values: float) -> Spread:
    known = [value for value in values if math.isfinite(value)]
    return Spread(len(values), len(known), sum(known), [min(known), max(known)], [0, 0])


@pytest.mark.parametrize(
    ("value", "low", "high", "told"),
    [
        ((1.0, 3.0), (1.0, 3.0), (1.0, 3.0), ("1.00", "2.00", "3.00")),
        ((0.0, 3.0), (0.0, 3.0), (4.0, 3.2), ("0.00 to 3.20", "1.50 to 3.60", "3.00 to 4.00")),
        ((3.0, NAN), (3.0, 0.0), (3.0, 4.0), ("0.00 to 3.00", "1.50 to 3.50", "3.00 to 4.00")),
        ((1.0, 3.0), (1.0, -math.inf), (1.0, math.inf), ("1.00~", "2.00~", "3.00~")),
    ],
)
def test_the_ends_over_all_points(
    value: tuple[float, ...], low: tuple[float, ...], high: tuple[float, ...], told: object
) -> None:
    spreads = {name: spread(*own) for name, own in zip(NAMES, (value, low, high), strict=True)}
    assert shown().ends(BEST[0], Summary(spreads, {}, ())) == told


def test_a_coarser_gap_that_was_asked_for_is_no_surprise() -> None:
    row = dict(zip(NAMES, (1.0, 1.0, 2.0), strict=True))
    assert [shown(tolerance).cell(BEST[0], row) for tolerance in (0.01, 0.5)] == ["1.00 to 2.00", "1.00~"]


def test_marks_are_explained_where_they_stand() -> None:
    assert legend(["1.00  2.00"]) == ""
    assert legend(["1.00~"]).startswith("~: known less exactly")
    assert "A to B: known between these bounds only" in legend(["1.00", "0.00 to 4.00"])
