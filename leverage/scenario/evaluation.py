"""What a syntax tree means: values over rows and parameter points, bounds over a box. Derivatives: see `slopes`.

Arrays have shape (P, R) or anything that broadcasts to it: P parameter points lead, R rows follow. A row is whatever the caller
lays out: a state, a state with an action profile, or those with the state that follows.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from leverage.scenario import syntax as tree
from leverage.scenario.syntax import Condition, Formula

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Integers = NDArray[np.intp]

_COMPARE = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}
_ARITHMETIC = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "**": np.power}
_CALLS = {"abs": np.abs, "exp": np.exp, "log": np.log, "sqrt": np.sqrt}


@dataclass(frozen=True, eq=False)
class Rows:
    """What formulas read, row by row.

    numbers: per variable the numbers of its levels. levels, following: (V, R) level indices now and when the period has ended.
    actions: (N, R) indices into each player's declared actions (-1: no action is taken). memory: truth (R,) of each condition
    that is looked up one period back.
    """

    numbers: tuple[Floats, ...]
    levels: Integers
    actions: Integers | None = None
    following: Integers | None = None
    memory: Mapping[Condition, Booleans] = field(default_factory=dict)

    def __len__(self) -> int:
        return int(self.levels.shape[1])

    def part(self, chosen: Integers) -> Rows:
        """The rows of the given numbers."""
        return Rows(
            self.numbers,
            self.levels[:, chosen],
            None if self.actions is None else self.actions[:, chosen],
            None if self.following is None else self.following[:, chosen],
            {condition: truth[chosen] for condition, truth in self.memory.items()},
        )


def evaluate(formula: Formula, rows: Rows, values: Mapping[str, Floats | float]) -> Floats:
    """The formula at each point and row, broadcastable to (P, R).

    values: per parameter a number or (P, 1). Division by zero and the like give inf or nan without a warning; the checks over
    the box turn those into messages. A branch that a condition excludes does not matter.
    """
    match formula:
        case tree.Number(value):
            return np.asarray(value)
        case tree.Parameter(name):
            return np.asarray(values[name], dtype=np.float64)
        case tree.Level(variable, ahead):
            return np.asarray(rows.numbers[variable][(_following(rows) if ahead else rows.levels)[variable]])
        case tree.Binary(operator, left, right):
            with np.errstate(all="ignore"):
                return np.asarray(_ARITHMETIC[operator](evaluate(left, rows, values), evaluate(right, rows, values)))
        case tree.Call("min" | "max" as name, arguments):
            fold = np.minimum if name == "min" else np.maximum
            return np.asarray(reduce(fold, [evaluate(each, rows, values) for each in arguments]))
        case tree.Call(name, (argument,)):
            with np.errstate(all="ignore"):
                return np.asarray(_CALLS[name](evaluate(argument, rows, values)))
        case tree.When(value, condition, otherwise):
            truth = holds(condition, rows, values)
            return np.where(truth, evaluate(value, rows, values), evaluate(otherwise, rows, values))
    raise TypeError(f"not a formula: {formula!r}")


def holds(condition: Condition, rows: Rows, values: Mapping[str, Floats | float]) -> Booleans:
    """The condition at each point and row, broadcastable to (P, R)."""
    match condition:
        case tree.Always(truth):
            return np.full(len(rows), truth)
        case tree.Compare(operator, left, right):
            return np.asarray(_COMPARE[operator](evaluate(left, rows, values), evaluate(right, rows, values)), dtype=bool)
        case tree.Not(inner):
            return ~holds(inner, rows, values)
        case tree.Both(left, right):
            return holds(left, rows, values) & holds(right, rows, values)
        case tree.Either(left, right):
            return holds(left, rows, values) | holds(right, rows, values)
        case tree.Last():
            return rows.memory[condition]
    return _observed(condition, rows)


def _observed(condition: Condition, rows: Rows) -> Booleans:
    """Statements about levels, moves and actions."""
    match condition:
        case tree.At(variable, levels, ahead):
            where = _following(rows) if ahead else rows.levels
            return _among(where[variable], levels)
        case tree.Moves(variable, direction):
            change = np.sign(_following(rows)[variable] - rows.levels[variable])
            return np.asarray(change != 0 if direction == 0 else change == direction)
        case tree.Becomes(variable, levels):
            return _among(_following(rows)[variable], levels) & ~_among(rows.levels[variable], levels)
        case tree.Plays(player, actions):
            if rows.actions is None:
                raise TypeError("these rows carry no actions")
            return _among(rows.actions[player], actions)
    raise TypeError(f"not a condition: {condition!r}")


def _among(numbers: Integers, members: Collection[int]) -> Booleans:
    """Where a number is one of a few; sets here are small, and comparing costs less than `isin` does."""
    found = np.zeros(numbers.shape, dtype=bool)
    for member in members:
        found |= numbers == member
    return found


def _following(rows: Rows) -> Integers:
    if rows.following is None:
        raise TypeError("these rows carry no next state")
    return rows.following


# --- bounds over a box ---------------------------------------------------------------------------------------------------------


def bounds(formula: Formula, rows: Rows, box: Mapping[str, tuple[float, float]]) -> tuple[Floats, Floats]:
    """Lower and upper bounds of the formula over a box of parameters, row by row (interval arithmetic, Moore 1966).

    The true range lies within; it may be narrower. A formula bounded by (0, 0) is zero at every point of the box. Ends may be
    infinite.
    """
    match formula:
        case tree.Number() | tree.Level():
            value = np.broadcast_to(evaluate(formula, rows, {}), len(rows))
            return value, value
        case tree.Parameter(name):
            least, most = box[name]
            return np.full(len(rows), least), np.full(len(rows), most)
        case tree.Binary(operator, left, right):
            low, high = _interval(operator, bounds(left, rows, box), bounds(right, rows, box))
            return np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high)
        case tree.Call("min" | "max" as name, arguments):
            ends = [bounds(each, rows, box) for each in arguments]
            fold = np.minimum if name == "min" else np.maximum
            return reduce(fold, [low for low, _ in ends]), reduce(fold, [high for _, high in ends])
        case tree.Call(name, (argument,)):
            return _interval_call(name, *bounds(argument, rows, box))
        case tree.When(value, condition, otherwise):
            return _interval_when(possible(condition, rows, box), bounds(value, rows, box), bounds(otherwise, rows, box))
    raise TypeError(f"not a formula: {formula!r}")


def possible(condition: Condition, rows: Rows, box: Mapping[str, tuple[float, float]]) -> tuple[Booleans, Booleans]:
    """Whether the condition can be true, and whether it can be false, somewhere in the box; row by row (never wrongly denied)."""
    match condition:
        case tree.Compare(operator, left, right) if tree.parameters_of(condition):
            return _possible_comparison(operator, bounds(left, rows, box), bounds(right, rows, box))
        case tree.Not(inner):
            true, false = possible(inner, rows, box)
            return false, true
        case tree.Both(left, right):
            (a, not_a), (b, not_b) = possible(left, rows, box), possible(right, rows, box)
            return a & b, not_a | not_b
        case tree.Either(left, right):
            (a, not_a), (b, not_b) = possible(left, rows, box), possible(right, rows, box)
            return a | b, not_a & not_b
        case tree.Last():
            unknown = np.ones(len(rows), dtype=bool)
            return unknown, unknown
    truth = np.broadcast_to(holds(condition, rows, {}), len(rows))
    return truth, ~truth


def _possible_comparison(operator: str, left: tuple[Floats, Floats], right: tuple[Floats, Floats]) -> tuple[Booleans, Booleans]:
    (a, b), (c, d) = left, right
    if operator in (">", ">="):
        (a, b), (c, d), operator = right, left, {">": "<", ">=": "<="}[operator]
    if operator == "<":
        return a < d, b >= c
    if operator == "<=":
        return a <= d, b > c
    overlap, same = (a <= d) & (c <= b), (a == b) & (c == d) & (a == c)
    return (overlap, ~same) if operator == "==" else (~same, overlap)


def _interval(operator: str, left: tuple[Floats, Floats], right: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    (a, b), (c, d) = left, right
    with np.errstate(all="ignore"):
        if operator == "+":
            return a + c, b + d
        if operator == "-":
            return a - d, b - c
        if operator == "/":
            through_zero = (c <= 0) & (d >= 0)
            low, high = _hull(_product, a, b, *(np.where(through_zero, 1.0, 1 / end) for end in (d, c)))
            nothing = (a == 0) & (b == 0)
            return np.where(through_zero & ~nothing, -np.inf, low), np.where(through_zero & ~nothing, np.inf, high)
        if operator == "*":
            return _hull(_product, a, b, c, d)
        low, high = _hull(np.power, a, b, c, d)
        whole = (c == d) & (c >= 1) & (c == np.round(c))
        low = np.where(whole & (a <= 0) & (b >= 0), np.minimum(low, 0.0), low)
        known = np.isfinite(low) & np.isfinite(high) & ((a > 0) | whole | ((a == b) & (c == d)))
        return np.where(known, low, -np.inf), np.where(known, high, np.inf)


def _product(x: Floats, y: Floats) -> Floats:
    """x * y where zero times anything, infinity included, is zero."""
    return np.where((x == 0) | (y == 0), 0.0, x * y)


def _hull(operation: object, a: Floats, b: Floats, c: Floats, d: Floats) -> tuple[Floats, Floats]:
    ends = [operation(x, y) for x, y in itertools.product((a, b), (c, d))]  # type: ignore[operator]
    return reduce(np.minimum, ends), reduce(np.maximum, ends)


def _interval_call(name: str, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    with np.errstate(all="ignore"):
        if name == "abs":
            inside = (low <= 0) & (high >= 0)
            return np.where(inside, 0.0, np.minimum(abs(low), abs(high))), np.maximum(abs(low), abs(high))
        ends = _CALLS[name](low), _CALLS[name](high)
        return np.where(np.isnan(ends[0]), -np.inf, ends[0]), np.where(np.isnan(ends[1]), np.inf, ends[1])


def _interval_when(
    truth: tuple[Booleans, Booleans], value: tuple[Floats, Floats], other: tuple[Floats, Floats]
) -> tuple[Floats, Floats]:
    true, false = truth
    low = np.minimum(np.where(true, value[0], np.inf), np.where(false, other[0], np.inf))
    high = np.maximum(np.where(true, value[1], -np.inf), np.where(false, other[1], -np.inf))
    return low, high


def denominators(formula: Formula, guard: Condition = tree.Always(True)) -> Iterator[tuple[Formula, Condition]]:  # noqa: B008 - frozen
    """Each expression that is divided by, with the condition under which the division matters."""
    match formula:
        case tree.Binary(operator, left, right):
            yield from denominators(left, guard)
            yield from denominators(right, guard)
            if operator == "/":
                yield right, guard
        case tree.Call(_, arguments):
            for argument in arguments:
                yield from denominators(argument, guard)
        case tree.When(value, condition, otherwise):
            yield from _denominators_of_condition(condition, guard)
            yield from denominators(value, tree.Both(guard, condition))
            yield from denominators(otherwise, tree.Both(guard, tree.Not(condition)))


def _denominators_of_condition(condition: Condition, guard: Condition) -> Iterator[tuple[Formula, Condition]]:
    """The same for a condition; what stands on the left of 'and' and 'or' guards the right."""
    match condition:
        case tree.Compare(_, left, right):
            yield from denominators(left, guard)
            yield from denominators(right, guard)
        case tree.Not(inner):
            yield from _denominators_of_condition(inner, guard)
        case tree.Both(left, right):
            yield from _denominators_of_condition(left, guard)
            yield from _denominators_of_condition(right, tree.Both(guard, left))
        case tree.Either(left, right):
            yield from _denominators_of_condition(left, guard)
            yield from _denominators_of_condition(right, tree.Both(guard, tree.Not(left)))
