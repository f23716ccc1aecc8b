"""One-sided derivatives of formulas in a parameter, row by row, exact at kinks too.

A formula of the language is a smooth function pieced together by min, max, abs and conditions that read parameters. So each
formula has at each point a limit and a derivative from either side, found by the rules of calculus applied to pairs (limit,
slope). At a kink `evaluation.derivative` gives the slope of the piece in use there; here the side decides. Where the limit
differs from the value there is a jump, and no derivative on that side.

Source: Griewank and Walther (2008), *Evaluating Derivatives*, chapters 3 (forward mode) and 14 (directional derivatives of
piecewise smooth functions).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

import numpy as np

from leverage.scenario import syntax as tree
from leverage.scenario.evaluation import Booleans, Floats, Rows, evaluate, holds
from leverage.scenario.syntax import Condition, Formula

#: Two sides of a comparison, or two arguments of min or max, that differ by less than this share of their size are a tie: a
#: decimal written in two ways differs by rounding.
TIE = 1e-9

Values = Mapping[str, float]
Pair = tuple[Floats, Floats]


def one_sided(formula: Formula, rows: Rows, values: Values, parameter: str, side: int) -> Pair:
    """Limit and slope of the formula as the parameter nears its value from one side; each broadcasts to (R,).

    values: the point. side: +1 from above (the slope then tells what a small rise does), -1 from below. The slope is a change
    per unit of the parameter on both sides; it may be infinite (a root at 0). A branch that a condition excludes does not
    matter.

    >>> kinked = tree.Call("min", (tree.Parameter("p"), tree.Number(0.5)))
    >>> rows = Rows((), np.zeros((0, 1), dtype=np.intp))
    >>> [float(one_sided(kinked, rows, {"p": 0.5}, "p", side)[1]) for side in (1, -1)]
    [0.0, 1.0]
    """
    if parameter not in tree.parameters_of(formula):
        value = evaluate(formula, rows, values)
        return value, np.zeros_like(value, dtype=np.float64)
    match formula:
        case tree.Parameter():
            return np.asarray(values[parameter], dtype=np.float64), np.asarray(1.0)
        case tree.Binary(operator, left, right):
            return _combined(operator, *(one_sided(each, rows, values, parameter, side) for each in (left, right)))
        case tree.Call("min" | "max" as name, arguments):
            sign = 1 if name == "min" else -1
            pairs = [one_sided(each, rows, values, parameter, side) for each in arguments]
            return reduce(lambda a, b: _lower(a, b, sign, side), pairs)
        case tree.Call(name, (argument,)):
            return _through(name, one_sided(argument, rows, values, parameter, side), side)
        case tree.When(inside, condition, outside):
            truth = _beside(condition, rows, values, parameter, side)
            pieces = [one_sided(each, rows, values, parameter, side) for each in (inside, outside)]
            (a, da), (b, db) = pieces
            return np.where(truth, a, b), np.where(truth, da, db)
    raise TypeError(f"not a formula: {formula!r}")


def is_piecewise(formula: Formula, parameter: str) -> bool:
    """Whether the formula's two sides may differ somewhere in this parameter."""
    return any(
        (isinstance(node, tree.Compare) or (isinstance(node, tree.Call) and node.function in ("min", "max", "abs")))
        and parameter in tree.parameters_of(node)
        for node in tree.walk(formula)
    )


def tied(a: Floats, b: Floats) -> Booleans:
    """Where two numbers are the same but for rounding."""
    return np.asarray(np.abs(a - b) <= TIE * np.maximum(np.abs(a), np.abs(b)))


def _combined(operator: str, left: Pair, right: Pair) -> Pair:
    """The rules for sums, products, quotients and powers."""
    (a, da), (b, db) = left, right
    with np.errstate(all="ignore"):
        match operator:
            case "+":
                return a + b, da + db
            case "-":
                return a - b, da - db
            case "*":
                return a * b, _times(da, b) + _times(db, a)
            case "/":
                return a / b, _times(da, 1 / b) - _times(db, a / b**2)
        slope = _times(da, b * a ** (b - 1))
        return a**b, slope + np.where(a == 0, 0.0, _times(db, a**b * np.log(a)))


def _times(slope: Floats, factor: Floats) -> Floats:
    """slope * factor, which is zero where the slope is, even if the factor has no value there: sqrt(p * talks) at talks = 0."""
    return np.where(slope == 0, 0.0, slope * factor)


def _lower(left: Pair, right: Pair, sign: int, side: int) -> Pair:
    """The smaller of two pairs (sign -1: the larger); of equals, the one that is smaller just beside the point."""
    (a, da), (b, db) = left, right
    first = np.where(tied(a, b), sign * side * (da - db) <= 0, sign * (a - b) < 0)
    return np.where(first, a, b), np.where(first, da, db)


def _through(name: str, inner: Pair, side: int) -> Pair:
    """The chain rule for functions of one number."""
    a, da = inner
    with np.errstate(all="ignore"):
        match name:
            case "abs":
                return np.abs(a), np.where(a == 0, side * np.abs(da), np.sign(a) * da)
            case "exp":
                return np.exp(a), _times(da, np.exp(a))
            case "log":
                return np.log(a), _times(da, 1 / a)
            case "sqrt":
                return np.sqrt(a), _times(da, 0.5 / np.sqrt(a))
    raise TypeError(f"not a function: {name}")


def _beside(condition: Condition, rows: Rows, values: Values, parameter: str, side: int) -> Booleans:
    """The condition just beside the point."""
    if parameter not in tree.parameters_of(condition):
        return holds(condition, rows, values)
    match condition:
        case tree.Not(inner):
            return ~_beside(inner, rows, values, parameter, side)
        case tree.Both(left, right):
            return _beside(left, rows, values, parameter, side) & _beside(right, rows, values, parameter, side)
        case tree.Either(left, right):
            return _beside(left, rows, values, parameter, side) | _beside(right, rows, values, parameter, side)
        case tree.Compare(operator, left, right):
            (a, da), (b, db) = (one_sided(each, rows, values, parameter, side) for each in (left, right))
            ahead = np.where(tied(a, b) & ~tied(da, db), side * (da - db), a - b)
            return np.asarray(_SIGNS[operator](np.sign(ahead)), dtype=bool)
    raise TypeError(f"not a condition on parameters: {condition!r}")


_SIGNS = {
    "<": lambda sign: sign < 0,
    "<=": lambda sign: sign <= 0,
    ">": lambda sign: sign > 0,
    ">=": lambda sign: sign >= 0,
    "==": lambda sign: sign == 0,
    "!=": lambda sign: sign != 0,
}
