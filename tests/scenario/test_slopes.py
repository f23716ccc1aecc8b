"""One-sided derivatives of formulas: by hand at kinks and jumps, against the symbolic derivative and one-sided differences."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from leverage.scenario.evaluation import Floats, derivative, evaluate
from leverage.scenario.parsing import parse_formula
from leverage.scenario.slopes import is_piecewise, one_sided
from leverage.scenario.syntax import Formula, walk
from tests.scenario.test_evaluation import BIG, FORMULAS, ROWS, SCOPE, WORDS

STEP = 1e-6
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


@settings(max_examples=300, deadline=None)
@given(FORMULAS, st.sampled_from([-0.9, 0.1, 0.31, 0.83, 1.7]))
def test_away_from_kinks_both_sides_are_the_symbolic_derivative(tree: Formula, p: float) -> None:
    (limit, slope), (other, below) = pair(tree, p, 1), pair(tree, p, -1)
    symbolic = np.array(np.broadcast_to(evaluate(derivative(tree, "p"), ROWS, {"p": p, "q": 0.7}), 4))
    parts = [at(part, p) for part in walk(tree) if isinstance(part, Formula)]
    sound = np.all(np.isfinite(parts), axis=0) & np.isfinite(symbolic) & np.isfinite(slope) & (np.abs(symbolic) < BIG)
    sound &= slope == below
    sound &= np.max(np.abs(parts), axis=0) < BIG  # large parts that cancel leave rounding
    assume(sound.any())
    np.testing.assert_allclose(slope[sound], symbolic[sound], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(limit[sound], at(tree, p)[sound], rtol=EXACT)  # powers of numbers and of arrays round differently
    np.testing.assert_allclose(other[sound], at(tree, p)[sound], rtol=EXACT)


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
