"""One-sided derivatives of formulas: by hand at kinks and jumps, against central and one-sided differences."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from leverage.scenario.evaluation import Booleans, Floats, evaluate
from leverage.scenario.parsing import parse_formula
from leverage.scenario.slopes import is_piecewise, one_sided
from leverage.scenario.syntax import Call, Formula, Level, Parameter, walk
from tests.scenario.test_evaluation import FORMULAS, ROWS, SCOPE, WORDS

STEP, CENTRAL_STEP = 1e-6, 1e-5
#: Where formulas grow larger, differences leave rounding.
BIG = 1e4
#: One-sided differences of smooth pieces miss slopes by a step times half the curvature, which two steps bound.
COARSE = 1e-3
EXACT = 1e-13


def formula(text: str) -> Formula:
    return parse_formula(text, WORDS, SCOPE)


def at(tree: Formula, p: float, q: float = 0.7) -> Floats:
    return np.array(np.broadcast_to(evaluate(tree, ROWS, {"p": p, "q": q}), 4))


def pair(tree: Formula, p: float, side: int, q: float = 0.7) -> tuple[Floats, Floats]:
    limit, slope, _ = one_sided(tree, ROWS, {"p": p, "q": q}, "p", side)
    return np.array(np.broadcast_to(limit, 4)), np.array(np.broadcast_to(slope, 4))


#: Formula, value of p, then (limit, slope) from above and from below, all at the first row (deployment 0.1, talks 0).
KINKS = [
    ("min(p, 0.5)", 0.5, (0.5, 0.0), (0.5, 1.0)),
    ("max(p, 0.5)", 0.5, (0.5, 1.0), (0.5, 0.0)),
    ("min(2 * p, 3 * p, 1)", 0.0, (0.0, 2.0), (0.0, 3.0)),
    ("max(1 - p, p)", 0.5, (0.5, 1.0), (0.5, -1.0)),
    ("min(p, 0.1 + 0.2)", 0.3, (0.3, 0.0), (0.3, 1.0)),  # 0.1 + 0.2 is not 0.3 to the last digit
    ("abs(p - 1)", 1.0, (0.0, 1.0), (0.0, -1.0)),
    ("3 - 2 * abs(1 - p)", 1.0, (3.0, -2.0), (3.0, 2.0)),
    ("abs(min(p, 0) - 1)", 0.0, (1.0, 0.0), (1.0, -1.0)),
    ("p when p < 1 otherwise 2 * p - 1", 1.0, (1.0, 2.0), (1.0, 1.0)),
    ("p when p <= 1 otherwise 2 * p - 1", 1.0, (1.0, 2.0), (1.0, 1.0)),
    ("p when not (p > 1) otherwise 2 * p - 1", 1.0, (1.0, 2.0), (1.0, 1.0)),
    ("p when p >= 1 otherwise 5", 1.0, (1.0, 1.0), (5.0, 0.0)),  # a jump
    ("p when p == 1 otherwise 5", 1.0, (5.0, 0.0), (5.0, 0.0)),  # beside the point it is never equal
    ("p when p != 1 otherwise 5", 1.0, (1.0, 1.0), (1.0, 1.0)),
    ("p when p > 1 and q > 0 otherwise 0", 1.0, (1.0, 1.0), (0.0, 0.0)),
    ("p when p < 1 or q < 0 otherwise 0", 1.0, (0.0, 0.0), (1.0, 1.0)),
    ("p when p > 1 and talks settled otherwise 4", 1.0, (4.0, 0.0), (4.0, 0.0)),
    ("p when p * p > 0 otherwise 7", 0.0, (7.0, math.nan), (7.0, math.nan)),  # first derivatives do not decide
    ("p when p * p > 0 or q > 0 otherwise 7", 0.0, (0.0, 1.0), (0.0, 1.0)),  # nor need they
    ("p when p * p > 0 and q < 0 otherwise 7", 0.0, (7.0, 0.0), (7.0, 0.0)),
    ("p when p * p > 0 otherwise p", 0.0, (0.0, 1.0), (0.0, 1.0)),
    ("sqrt(p * p)", 0.0, (0.0, math.nan), (0.0, math.nan)),
    ("sqrt(p) * talks", 0.0, (0.0, 0.0), (0.0, 0.0)),
    ("p ** p", 0.0, (1.0, math.nan), (1.0, math.nan)),
    ("sqrt(p)", 0.0, (0.0, math.inf), (0.0, math.inf)),
    ("sqrt(p * talks)", 0.5, (0.0, 0.0), (0.0, 0.0)),  # zero whatever p is, although the root has no slope there
    ("talks ** p", 0.5, (0.0, 0.0), (0.0, 0.0)),
]


@pytest.mark.parametrize(("text", "p", "above", "below"), KINKS)
def test_both_sides_of_kinks_and_jumps_by_hand(
    text: str, p: float, above: tuple[float, float], below: tuple[float, float]
) -> None:
    for side, (value, change) in ((1, above), (-1, below)):
        limit, slope = pair(formula(text), p, side)
        assert limit[0] == pytest.approx(value, rel=EXACT)
        assert slope[0] == pytest.approx(change, rel=EXACT, nan_ok=True)


@pytest.mark.parametrize(
    ("text", "p", "slope"),
    [
        ("min(max(talks, p), p)", 0.0, 1.0),  # max has the slopes 1 above and 0 below, min takes p's on the side below
        ("max(min(talks, p), p)", 0.0, 1.0),
        ("min(max(0.5, p), max(p, 0.5), p)", 0.5, 1.0),
        ("max(p, 0.5) + min(p, 0.5)", 0.5, 1.0),
        ("abs(p - 1) - 2 * max(p - 1, 0)", 1.0, -1.0),
        ("max(p, 0.5) - abs(p - 0.5) / 2", 0.5, 0.5),
    ],
)
def test_kinks_that_cancel_leave_the_derivative_on_both_sides(text: str, p: float, slope: float) -> None:
    for side in (1, -1):
        assert pair(formula(text), p, side)[1][0] == pytest.approx(slope, rel=EXACT)


def central(tree: Formula, p: float) -> tuple[Floats, Booleans]:
    """Central differences (4,), and in which rows two step lengths and both sides agree on them."""
    around = np.array([at(tree, p + k * CENTRAL_STEP) for k in (-2, -1, 0, 1, 2)])
    with np.errstate(all="ignore"):
        narrow, wide = (around[3] - around[1]) / (2 * CENTRAL_STEP), (around[4] - around[0]) / (4 * CENTRAL_STEP)
        left, right = (around[2] - around[1]) / CENTRAL_STEP, (around[3] - around[2]) / CENTRAL_STEP
        tame = np.all(np.isfinite(around) & (abs(around) < BIG), axis=0)
        steady = abs(narrow - wide) < 1e-5 * (1 + abs(narrow))
        even = abs(left - right) < 1e-2 * (1 + abs(narrow))
    return narrow, np.asarray(tame & steady & even, dtype=bool)


@settings(max_examples=400, deadline=None)
@given(FORMULAS, st.sampled_from([-0.9, 0.0, 0.1, 0.25, 0.31, 0.83, 1.0, 1.7]))
@example(Call("min", (Call("max", (Level(0), Parameter("p"))), Parameter("p"))), 0.1)  # kinks that cancel, at the first row
def test_where_a_formula_is_smooth_both_sides_are_its_derivative(tree: Formula, p: float) -> None:
    """Where two step lengths agree on the slope (no kink, no pole nearby), it is the slope of both sides, if one is told."""
    difference, smooth = central(tree, p)
    sides = [pair(tree, p, side) for side in (1, -1)]
    parts = [at(part, p) for part in walk(tree) if isinstance(part, Formula)]
    smooth &= np.all(np.isfinite(parts), axis=0)  # 1 ** nan is 1 in floating point
    smooth &= np.all(np.isfinite([slope for _, slope in sides]), axis=0)
    assume(smooth.any())
    for limit, slope in sides:
        np.testing.assert_allclose(slope[smooth], difference[smooth], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(limit[smooth], at(tree, p)[smooth], rtol=1e-12, atol=1e-12)


SLOPES: dict[str, Callable[[float, float], float]] = {
    "3": lambda p, q: 0.0,
    "p": lambda p, q: 1.0,
    "q": lambda p, q: 0.0,
    "-p": lambda p, q: -1.0,
    "1 - p": lambda p, q: -1.0,
    "p * q": lambda p, q: q,
    "p * p": lambda p, q: 2 * p,
    "p / q": lambda p, q: 1 / q,
    "q / p": lambda p, q: -q / p**2,
    "p ** 3": lambda p, q: 3 * p**2,
    "2 ** p": lambda p, q: 2**p * math.log(2),
    "p ** p": lambda p, q: p**p * (math.log(p) + 1),
    "0.5 ** (1 / p)": lambda p, q: 0.5 ** (1 / p) * math.log(0.5) * -1 / p**2,
    "exp(q * p)": lambda p, q: q * math.exp(q * p),
    "log(p)": lambda p, q: 1 / p,
    "sqrt(p)": lambda p, q: 0.5 / math.sqrt(p),
    "abs(p - 1)": lambda p, q: -1.0,
    "min(p, q)": lambda p, q: 1.0,
    "max(p, q)": lambda p, q: 0.0,
    "min(q, 2 * p, 9)": lambda p, q: 2.0,
    "p when q > 0 otherwise 5": lambda p, q: 1.0,
    "5 when q > 0 otherwise p": lambda p, q: 0.0,
    "sqrt(p * talks)": lambda p, q: 0.0,  # talks is 0 at the first row: zero whatever p is
    "(p * talks) ** 0.5": lambda p, q: 0.0,
    "talks ** p": lambda p, q: 0.0,
}


@pytest.mark.parametrize("text", SLOPES)
@pytest.mark.parametrize("side", [1, -1])
def test_slopes_of_smooth_formulas_by_hand(text: str, side: int) -> None:
    p, q = 0.3, 0.7
    assert pair(formula(text), p, side, q)[1][0] == pytest.approx(SLOPES[text](p, q), rel=1e-13)


@settings(max_examples=400, deadline=None)
@given(FORMULAS, st.sampled_from([-1.0, 0.0, 0.25, 0.5, 1.0, 1.5]), st.sampled_from([1, -1]))
def test_each_side_agrees_with_differences_on_that_side(tree: Formula, p: float, side: int) -> None:
    """At numbers that formulas compare p with. Where two step lengths agree there is no other kink nearby."""
    limit, slope = pair(tree, p, side)
    near, far = at(tree, p + side * STEP), at(tree, p + 2 * side * STEP)
    with np.errstate(all="ignore"):
        short, long = (near - limit) / (side * STEP), (far - limit) / (2 * side * STEP)
        sound = np.isfinite(near) & np.isfinite(far) & np.isfinite(slope) & (np.abs(near) < BIG) & (np.abs(short) < BIG)
        sound &= np.abs(short - long) < COARSE / 10 * (1 + np.abs(short))
    parts = [at(part, p + side * k * STEP) for part in walk(tree) if isinstance(part, Formula) for k in (1, 2)]
    sound &= np.all(np.isfinite(parts), axis=0)
    sound &= np.all(np.isfinite([at(part, p) for part in walk(tree) if isinstance(part, Formula)]), axis=0)
    assume(sound.any())
    np.testing.assert_allclose(slope[sound], short[sound], rtol=COARSE, atol=COARSE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("p * q", False),
        ("min(q, 1) * p", False),
        ("min(p, 1)", True),
        ("abs(1 - p)", True),
        ("q when p > 1 otherwise 0", True),
        ("p when q > 1 otherwise 0", False),
        ("p when talks settled", False),
    ],
)
def test_which_formulas_may_have_two_sides(text: str, expected: bool) -> None:
    assert is_piecewise(formula(text), "p") is expected
