"""Values over rows and points, bounds against samples."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leverage.scenario.evaluation import Rows, bounds, denominators, evaluate, holds, possible
from leverage.scenario.parsing import Scope, parse_condition, parse_formula
from leverage.scenario.syntax import (
    Always,
    At,
    Binary,
    Both,
    Call,
    Condition,
    Formula,
    Last,
    Level,
    Moves,
    Not,
    Number,
    Parameter,
    Vocabulary,
    When,
)

NUMBERS = ((0.1, 0.4, 1.0), (0.0, 1.0, 2.0))
WORDS = Vocabulary(
    parameters=("p", "q"),
    variables={
        "deployment": dict(zip(("bases", "light", "full"), NUMBERS[0], strict=True)),
        "talks": dict(zip(("off", "opened", "settled"), NUMBERS[1], strict=True)),
    },
    players={"power": ("hold", "redeploy"), "other": ("engage", "stall")},
    period="month",
)
SCOPE = Scope("this text", ahead=frozenset(WORDS.variables), behind=True)
#: Rows: bases/off -> bases/opened, light/opened -> full/opened, full/settled -> full/off, light/settled -> bases/settled.
LEVELS = np.array([[0, 1, 2, 1], [0, 1, 2, 2]])
FOLLOWING = np.array([[0, 2, 2, 0], [1, 1, 0, 2]])
ACTIONS = np.array([[0, 1, 1, 0], [0, 0, 1, -1]])
ROWS = Rows(tuple(np.array(own) for own in NUMBERS), LEVELS, ACTIONS, FOLLOWING)
POINTS = {"p": np.array([[0.5], [-1.0]]), "q": np.array([[2.0], [3.0]])}
SHAPE = (2, 4)


def formula(text: str) -> Formula:
    return parse_formula(text, WORDS, SCOPE)


def condition(text: str) -> Condition:
    return parse_condition(text, WORDS, SCOPE)


VALUES = {
    "3": [[3, 3, 3, 3]] * 2,
    "p": [[0.5] * 4, [-1.0] * 4],
    "deployment": [[0.1, 0.4, 1.0, 0.4]] * 2,
    "p * talks": [[0, 0.5, 1, 1], [0, -1, -2, -2]],
    "talks - p / q": [[-0.25, 0.75, 1.75, 1.75], [1 / 3, 4 / 3, 7 / 3, 7 / 3]],
    "2 ** talks": [[1, 2, 4, 4]] * 2,
    "(-p) ** 2": [[0.25] * 4, [1.0] * 4],
    "-p ** 2": [[-0.25] * 4, [-1.0] * 4],
    "min(talks, q - 1)": [[0, 1, 1, 1], [0, 1, 2, 2]],
    "max(p, 0, talks - 1)": [[0.5, 0.5, 1, 1], [0, 0, 1, 1]],
    "abs(p)": [[0.5] * 4, [1.0] * 4],
    "exp(talks)": [[1, math.e, math.e**2, math.e**2]] * 2,
    "log(deployment)": [[math.log(0.1), math.log(0.4), 0, math.log(0.4)]] * 2,
    "sqrt(deployment)": [[math.sqrt(0.1), math.sqrt(0.4), 1, math.sqrt(0.4)]] * 2,
    "p when talks settled": [[0, 0, 0.5, 0.5], [0, 0, -1, -1]],
    "p when talks settled otherwise q": [[2, 2, 0.5, 0.5], [3, 3, -1, -1]],
    "1 when p > 0": [[1] * 4, [0] * 4],
    "1 / talks when talks > off": [[0, 1, 0.5, 0.5]] * 2,
    "1 when power plays redeploy": [[0, 1, 1, 0]] * 2,
    "1 when other plays stall": [[0, 0, 1, 0]] * 2,
    "1 when other plays engage or stall": [[1, 1, 1, 0]] * 2,
    "1 when talks rises": [[1, 0, 0, 0]] * 2,
    "1 when talks falls": [[0, 0, 1, 0]] * 2,
    "1 when deployment changes": [[0, 1, 0, 1]] * 2,
    "1 when talks becomes opened": [[1, 0, 0, 0]] * 2,
    "1 when talks becomes off or opened": [[0, 0, 1, 0]] * 2,
}


@pytest.mark.parametrize("text", VALUES)
def test_values_over_points_and_rows(text: str) -> None:
    value = np.broadcast_to(evaluate(formula(text), ROWS, POINTS), SHAPE)
    np.testing.assert_allclose(value, VALUES[text], atol=1e-14)


TRUTHS = {
    "always": [1, 1, 1, 1],
    "never": [0, 0, 0, 0],
    "talks is opened": [0, 1, 0, 0],
    "talks is not opened": [1, 0, 1, 1],
    "talks opened and deployment light": [0, 1, 0, 0],
    "talks opened or deployment bases": [1, 1, 0, 0],
    "talks > off": [0, 1, 1, 1],
    "opened <= talks": [0, 1, 1, 1],
    "talks < opened": [1, 0, 0, 0],
    "talks = settled": [0, 0, 1, 1],
    "talks != settled": [1, 1, 0, 0],
}


@pytest.mark.parametrize("text", TRUTHS)
def test_conditions_over_rows(text: str) -> None:
    np.testing.assert_array_equal(np.broadcast_to(holds(condition(text), ROWS, {}), 4), np.array(TRUTHS[text], dtype=bool))


def test_one_point_as_plain_numbers_equals_the_first_of_many() -> None:
    for text in VALUES:
        alone = evaluate(formula(text), ROWS, {"p": 0.5, "q": 2.0})
        np.testing.assert_array_equal(
            np.broadcast_to(alone, (1, 4))[0], np.broadcast_to(evaluate(formula(text), ROWS, POINTS), SHAPE)[0]
        )


def test_what_the_period_before_brought_is_looked_up() -> None:
    last = condition("talks rose last month")
    assert last == Last(Moves(1, 1))
    remembered = Rows(ROWS.numbers, LEVELS, memory={last: np.array([True, False, True, False])})
    np.testing.assert_array_equal(holds(Both(last, condition("talks settled")), remembered, {}), [False, False, True, False])


def test_levels_that_follow() -> None:
    np.testing.assert_array_equal(evaluate(Level(0, ahead=True), ROWS, {}), [0.1, 1.0, 1.0, 0.1])
    np.testing.assert_array_equal(holds(At(1, frozenset({0}), ahead=True), ROWS, {}), [False, False, True, False])


@pytest.mark.parametrize("text", ["power plays hold", "talks rises", "talks becomes off"])
def test_rows_without_what_a_condition_reads_are_refused(text: str) -> None:
    with pytest.raises(TypeError, match="these rows carry no"):
        holds(condition(text), Rows(ROWS.numbers, LEVELS), {})


@pytest.mark.parametrize(
    ("text", "value"),
    [("1 / (p - p)", math.inf), ("log(0 * p)", -math.inf), ("sqrt(0 * p - 1)", math.nan), ("exp(1000)", math.inf)],
)
def test_undefined_values_come_without_a_warning(text: str, value: float) -> None:
    np.testing.assert_equal(float(np.ravel(evaluate(formula(text), ROWS, {"p": 1.0, "q": 1.0}))[0]), value)


# --- generated formulas --------------------------------------------------------------------------------------------------------

SMALL = st.sampled_from([-2.0, -1.0, -0.5, 0.0, 0.25, 0.5, 1.0, 1.5, 3.0])
LEAVES = st.one_of(SMALL.map(Number), st.sampled_from([Parameter("p"), Parameter("q"), Level(0), Level(1)]))
CONDITIONS = st.sampled_from([condition(text) for text in ("talks settled", "deployment > 0.2", "p > 0.25", "p * q <= talks")])


def _grow(inner: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
    whole = st.sampled_from([1.0, 2.0, 3.0]).map(Number)
    return st.one_of(
        st.builds(Binary, st.sampled_from("+-*/"), inner, inner),
        st.builds(Binary, st.just("**"), inner, whole),
        st.builds(Binary, st.just("**"), inner, inner),
        st.builds(lambda name, a, b: Call(name, (a, b)), st.sampled_from(["min", "max"]), inner, inner),
        st.builds(lambda name, a: Call(name, (a,)), st.sampled_from(["abs", "exp", "log", "sqrt"]), inner),
        st.builds(When, inner, CONDITIONS, inner),
    )


FORMULAS = st.recursive(LEAVES, _grow, max_leaves=8)
# --- bounds --------------------------------------------------------------------------------------------------------------------

BOXES = st.tuples(st.sampled_from([-2.0, -1.0, 0.0, 0.25]), st.sampled_from([0.0, 0.5, 1.0, 3.0])).map(
    lambda ends: (ends[0], ends[0] + ends[1])
)
SHARES = np.linspace(0.0, 1.0, 7)


@settings(max_examples=600, deadline=None)
@given(FORMULAS, BOXES, BOXES)
def test_bounds_contain_every_sampled_value(tree: Formula, p_range: tuple[float, float], q_range: tuple[float, float]) -> None:
    low, high = bounds(tree, ROWS, {"p": p_range, "q": q_range})
    assert low.shape == high.shape == (4,)
    grid = np.meshgrid(p_range[0] + SHARES * (p_range[1] - p_range[0]), q_range[0] + SHARES * (q_range[1] - q_range[0]))
    value = np.broadcast_to(evaluate(tree, ROWS, {"p": grid[0].reshape(-1, 1), "q": grid[1].reshape(-1, 1)}), (SHARES.size**2, 4))
    finite = np.isfinite(value)
    with np.errstate(all="ignore"):
        slack = 1e-9 * (1 + abs(value))
        assert np.all(~finite | (value >= low - slack))
        assert np.all(~finite | (value <= high + slack))


BOUNDS = {  # p in [0, 0.5], q in [-1, 2], r any number
    "p": (0, 0.5),
    "p + q": (-1, 2.5),
    "p - q": (-2, 1.5),
    "p * q": (-0.5, 1),
    "0 * r": (0, 0),
    "r * 0": (0, 0),
    "0 * exp(1000)": (0, 0),
    "(0 when p > 1) * r": (0, 0),
    "max(0, p - 0.5)": (0, 0),
    "max(0, p - 0.6)": (0, 0),
    "1 / (1 + p)": (1 / 1.5, 1),
    "1 / q": (-math.inf, math.inf),
    "1 / p": (-math.inf, math.inf),
    "0 / q": (0, 0),
    "q ** 2": (0, 4),
    "q ** 3": (-1, 8),
    "(1 + p) ** q": (1 / 1.5, 2.25),
    "q ** 0.5": (-math.inf, math.inf),
    "2 ** 0.5": (math.sqrt(2), math.sqrt(2)),
    "abs(q)": (0, 2),
    "abs(p - 1)": (0.5, 1),
    "exp(q)": (math.exp(-1), math.exp(2)),
    "log(p)": (-math.inf, math.log(0.5)),
    "log(q)": (-math.inf, math.log(2)),
    "sqrt(p)": (0, math.sqrt(0.5)),
    "min(p, q)": (-1, 0.5),
    "p when q > 3": (0, 0),
    "p when q > 1 otherwise 7": (0, 7),
    "p when q < 3 otherwise 7": (0, 0.5),
    "7 when not q < 3": (0, 0),
    "7 when q > 1 and p > 1": (0, 0),
    "7 when q >= 2 or p > 1": (0, 7),
    "7 when p = 1": (0, 0),
    "7 when p != 1": (7, 7),
    "7 when r > 0": (0, 7),
    "r": (-math.inf, math.inf),
    "r + 1": (-math.inf, math.inf),
    "r - r": (-math.inf, math.inf),
    "exp(1000) - exp(1000)": (-math.inf, math.inf),
}
BOX = {"p": (0.0, 0.5), "q": (-1.0, 2.0), "r": (-math.inf, math.inf)}


@pytest.mark.parametrize("text", BOUNDS)
def test_bounds_by_hand(text: str) -> None:
    low, high = bounds(parse_formula(text, Vocabulary(parameters=tuple(BOX)), SCOPE), ROWS, BOX)
    np.testing.assert_allclose(np.broadcast_to(low, 4), BOUNDS[text][0], rtol=1e-14)
    np.testing.assert_allclose(np.broadcast_to(high, 4), BOUNDS[text][1], rtol=1e-14)


def test_bounds_are_row_by_row() -> None:
    low, high = bounds(formula("p * talks when talks > off otherwise 5"), ROWS, {"p": (0.0, 0.5), "q": (0.0, 0.0)})
    np.testing.assert_array_equal(low, [5, 0, 0, 0])
    np.testing.assert_array_equal(high, [5, 0.5, 1, 1])


@pytest.mark.parametrize(
    ("text", "true", "false"), [("p > 0", 1, 1), ("p >= 0", 1, 0), ("p > 1", 0, 1), ("q = 0.5", 1, 1), ("1 != 1", 0, 1)]
)
def test_possible(text: str, true: int, false: int) -> None:
    can, cannot = possible(condition(text), ROWS, {"p": (0.0, 0.5), "q": (0.0, 1.0)})
    assert np.all(can == bool(true))
    assert np.all(cannot == bool(false))


def test_what_the_period_before_brought_may_be_either() -> None:
    can, cannot = possible(Both(condition("talks rose last month"), condition("talks settled")), ROWS, {})
    np.testing.assert_array_equal(can, [False, False, True, True])
    assert np.all(cannot)


# --- divisions -----------------------------------------------------------------------------------------------------------------


def test_denominators_come_with_the_conditions_that_guard_them() -> None:
    found = list(denominators(formula("1 / p + min(2, 1 / q when talks settled otherwise 1 / (p / q))")))
    settled = condition("talks settled")
    guarded, otherwise = Both(Always(True), settled), Both(Always(True), Not(settled))
    assert found == [
        (Parameter("p"), Always(True)),
        (Parameter("q"), guarded),
        (Parameter("q"), otherwise),
        (Binary("/", Parameter("p"), Parameter("q")), otherwise),
    ]


def test_denominators_within_a_condition_count_too() -> None:
    found = list(denominators(formula("1 when 1 / p > 2")))
    assert found == [(Parameter("p"), Always(True))]


@pytest.mark.parametrize(("joint", "guard"), [("and", "p > 0"), ("or", "not p > 0")])
def test_the_left_of_a_condition_guards_its_right(joint: str, guard: str) -> None:
    found = list(denominators(formula(f"1 when p > 0 {joint} 1 / p > 2")))
    assert found == [(Parameter("p"), Both(Always(True), condition(guard)))]
