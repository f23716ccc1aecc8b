"""Conditions on the rows of a sweep: read as written, refused with what is wrong and what would be right."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverage.errors import ScenarioError
from leverage.experiments.row_condition import COMPARISONS, RowCondition, read_row_condition, read_row_conditions

KINDS = {
    "Markov perfect: power: payoff": "number",
    "Markov perfect: power: payoff [certificate]": "number",
    "Markov perfect: rival: payoff": "number",
    "A1 [verdict]": "text",
    "A1: margin": "number",
    "grim: equilibrium [verdict]": "flag",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A1: margin < -0.5", RowCondition("A1: margin", "<", -0.5)),
        ("power: payoff<=20", RowCondition("Markov perfect: power: payoff", "<=", 20.0)),
        ("  RIVAL >= 1e3 ", RowCondition("Markov perfect: rival: payoff", ">=", 1000.0)),
        ("certificate > 0", RowCondition("Markov perfect: power: payoff [certificate]", ">", 0.0)),
        ("A1 [verdict] = fails", RowCondition("A1 [verdict]", "=", "fails")),
        ("A1 [verdict] != 'holds'", RowCondition("A1 [verdict]", "!=", "holds")),
        ("A1 = fails", RowCondition("A1 [verdict]", "=", "fails")),
        ("A1: = 2", RowCondition("A1: margin", "=", 2.0)),
        ("grim = no", RowCondition("grim: equilibrium [verdict]", "=", "False")),
    ],
)
def test_a_condition_is_read(text: str, expected: RowCondition) -> None:
    assert read_row_condition(text, KINDS) == expected


BESIDE = {"patience": "number", "margin": "number", "status": "text", "give and take": "number"}
LOW = RowCondition("Markov perfect: power: payoff", "<", 2.0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("power: payoff < 2", (LOW,)),
        ("power: payoff < 2 and patience > 0.9", (LOW, RowCondition("patience", ">", 0.9))),
        ("status = partly solved and power: payoff < 2", (RowCondition("status", "=", "partly solved"), LOW)),
        ("margin > 0", (RowCondition("margin", ">", 0.0),)),  # the whole name of what stands beside the columns
        ("give and take > 1 and power: payoff < 2", (RowCondition("give and take", ">", 1.0), LOW)),
        ("A1 = holds and barely holds", (RowCondition("A1 [verdict]", "=", "holds and barely holds"),)),
    ],
)
def test_several_conditions_stand_with_and_between_them(text: str, expected: tuple[RowCondition, ...]) -> None:
    assert read_row_conditions(text, KINDS, BESIDE) == expected


@pytest.mark.parametrize(
    "text", ["", "and", "power: payoff < 2 and", "and power: payoff < 2", "patien > 1", "power: payoff < 2 and 3 < 4"]
)
def test_what_is_no_row_of_conditions_is_refused(text: str) -> None:
    with pytest.raises(ScenarioError):
        read_row_conditions(text, KINDS, BESIDE)


def test_a_misspelt_parameter_is_told_the_right_one() -> None:
    with pytest.raises(ScenarioError, match="did you mean 'patience'"):
        read_row_conditions("patiance > 0.9", KINDS, BESIDE)


@pytest.mark.parametrize(
    ("sign", "settled", "true"),
    [
        (">", (1, 1, 1, 0, 0), (0, 0, 1, 0, 0)),
        (">=", (1, 1, 1, 0, 0), (0, 1, 1, 0, 0)),
        ("<", (1, 1, 1, 0, 0), (1, 0, 0, 0, 0)),
        ("<=", (1, 1, 1, 0, 0), (1, 1, 0, 0, 0)),
        ("=", (1, 1, 1, 0, 0), (0, 1, 0, 0, 0)),
        ("!=", (1, 1, 1, 0, 0), (1, 0, 1, 0, 0)),
    ],
)
def test_numbers_whose_bounds_straddle_the_value_are_settled_by_none(
    sign: str, settled: tuple[int, ...], true: tuple[int, ...]
) -> None:
    low, high = pd.Series([0.0, 2.0, 2.5, 1.0, np.nan]), pd.Series([1.0, 2.0, 3.0, 3.0, np.nan])
    found = RowCondition("best", sign, 2.0).between(low, high)
    assert [tuple(map(int, each)) for each in found] == [settled, true]


@pytest.mark.parametrize(
    ("text", "message", "remedy"),
    [
        ("payoff < 2", "part of 2 columns", "Markov perfect: power: payoff; Markov perfect: rival: payoff"),
        ("power payof < 2", "no column 'power payof'", ""),
        ("A1: margin", "no comparison", "COLUMN, one of <"),
        ("A1: margin << 2", "no comparison", "COLUMN, one of <"),
        ("1 < A1: margin < 2", "no comparison", "COLUMN, one of <"),
        ("A1: margin < 0,5", "'0,5' is no number", "with a point"),
        ("A1: margin < inf", "'inf' is no number", "such as 20"),
        ("A1: margin < __import__('os')", "is no number", ""),
        ("A1 [verdict] < fails", "holds words", "= or !="),
        ("", "no comparison", ""),
    ],
)
def test_what_is_no_condition_is_refused(text: str, message: str, remedy: str) -> None:
    with pytest.raises(ScenarioError) as told:
        read_row_condition(text, KINDS)
    assert message in str(told.value)
    assert remedy in str(told.value)
    assert f"--where {text}" in str(told.value)


@given(st.sampled_from(sorted(COMPARISONS)), st.floats(-9, 9), st.lists(st.floats(-9, 9) | st.just(np.nan), min_size=1))
def test_a_condition_is_true_where_the_comparison_is_and_nowhere_without_an_answer(
    sign: str, value: float, cells: list[float]
) -> None:
    answered, true = RowCondition("x", sign, value).of(pd.Series(cells, dtype=float))
    plain = [
        not np.isnan(x)
        and {"<": x < value, "<=": x <= value, ">": x > value, ">=": x >= value, "=": x == value, "!=": x != value}[sign]
        for x in cells
    ]
    assert true.tolist() == plain
    assert answered.tolist() == [not np.isnan(cell) for cell in cells]


def test_words_are_compared_as_words() -> None:
    answered, true = RowCondition("x", "=", "fails").of(pd.Series(["fails", None, "holds"]))
    assert answered.tolist() == [True, False, True]
    assert true.tolist() == [True, False, False]
    assert RowCondition("x", "!=", "True").of(pd.Series([True, False, None], dtype=object))[1].tolist() == [False, True, False]
