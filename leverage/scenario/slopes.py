"""One-sided derivatives of formulas in a parameter, row by row, exact at kinks too.

A formula of the language is a smooth function pieced together by min, max, abs and conditions that read parameters. So each
formula has at each point a limit and a derivative from either side, found by the rules of calculus applied to pairs (limit,
slope). Among tied arguments of min and max the side decides, and its slopes are passed on, so that kinks which cancel further out
leave the same slope on both sides: the derivative. Where the limit differs from the value there is a jump, and no derivative on
that side.

Source: Griewank and Walther (2008), *Evaluating Derivatives*, chapters 3 (forward mode) and 14 (directional derivatives of
piecewise smooth functions).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import NamedTuple

import numpy as np

from leverage.scenario import syntax as tree
from leverage.scenario.evaluation import Booleans, Floats, Rows, evaluate, holds
from leverage.scenario.syntax import Condition, Formula

#: Two sides of a comparison, or two arguments of min or max, that differ by less than this share of their size are a tie: a
#: decimal written in two ways differs by rounding.
TIE = 1e-9

Values = Mapping[str, float]


class Side(NamedTuple):
    """A formula just beside a point, each broadcastable to (R,): limit, slope (NaN: the rules do not tell), and whether it
    stays as it is there (`still`), which a slope of 0 alone does not say.
    """

    limit: Floats
    slope: Floats
    still: Booleans


class Truth(NamedTuple):
    """A condition just beside a point: true or false, and where first derivatives do not decide."""

    holds: Booleans
    unsure: Booleans


def one_sided(formula: Formula, rows: Rows, values: Values, parameter: str, side: int) -> Side:
    """Limit and slope of the formula as the parameter nears its value from one side.

    values: the point. side: +1 from above (the slope then tells what a small rise does), -1 from below. The slope is a change
    per unit of the parameter on both sides; it may be infinite (a root at 0), and is NaN where first derivatives do not tell (the
    root of a square at 0). A branch that a condition excludes does not matter.

    >>> kinked = tree.Call("min", (tree.Parameter("p"), tree.Number(0.5)))
    >>> rows = Rows((), np.zeros((0, 1), dtype=np.intp))
    >>> [float(one_sided(kinked, rows, {"p": 0.5}, "p", side).slope) for side in (1, -1)]
    [0.0, 1.0]
    """
    if parameter not in tree.parameters_of(formula):
        value = evaluate(formula, rows, values)
        return Side(value, np.zeros_like(value, dtype=np.float64), np.ones_like(value, dtype=bool))

    def inner(each: Formula) -> Side:
        return one_sided(each, rows, values, parameter, side)

    with np.errstate(all="ignore"):  # infinities and the like are looked at by those who ask
        match formula:
            case tree.Parameter():
                return Side(np.asarray(values[parameter], dtype=np.float64), np.asarray(1.0), np.asarray(False))
            case tree.Binary(operator, left, right):
                return _combined(operator, inner(left), inner(right))
            case tree.Call("min" | "max" as name, arguments):
                sign = 1 if name == "min" else -1
                return reduce(lambda a, b: _lower(a, b, sign, side), [inner(each) for each in arguments])
            case tree.Call(name, (argument,)):
                return _through(name, inner(argument), side)
            case tree.When(inside, condition, outside):
                return _chosen(_beside(condition, rows, values, parameter, side), inner(inside), inner(outside))
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
    return np.asarray((a == b) | (np.isfinite(a - b) & (np.abs(a - b) <= TIE * np.maximum(np.abs(a), np.abs(b)))))


def _combined(operator: str, left: Side, right: Side) -> Side:
    """The rules for sums, products, quotients and powers."""
    (a, da, a_still), (b, db, b_still) = left, right
    still = np.asarray(a_still & b_still)
    match operator:
        case "+":
            return Side(a + b, da + db, still)
        case "-":
            return Side(a - b, da - db, still)
        case "*":
            nothing = (a_still & (a == 0)) | (b_still & (b == 0))
            return Side(a * b, np.where(nothing, 0.0, da * b + db * a), still | nothing)
        case "/":
            return Side(a / b, np.where(still, 0.0, da / b - db * a / b**2), still | (a_still & (a == 0)))
    power = np.power(a, b)
    by_base = np.where(a_still, 0.0, da * b * np.power(a, b - 1))
    by_exponent = np.where(b_still | (a_still & (a == 0)), 0.0, db * power * np.log(a))
    return Side(power, by_base + by_exponent, still | (a_still & (a == 0)))


def _lower(left: Side, right: Side, sign: int, side: int) -> Side:
    """The smaller of two (sign -1: the larger); of equals, the one that is smaller just beside the point."""
    (a, da, _), (b, db, _) = left, right
    first = np.where(tied(a, b), sign * side * (da - db) <= 0, sign * (a - b) < 0)
    still = left.still & right.still | np.where(first, left.still, right.still) & ~tied(a, b)
    return Side(np.where(first, a, b), np.where(first, da, db), np.asarray(still))


def _through(name: str, inner: Side, side: int) -> Side:
    """The chain rule for functions of one number."""
    a, da, still = inner
    match name:
        case "abs":
            return Side(np.abs(a), np.where(a == 0, side * np.abs(da), np.sign(a) * da), still)
        case "exp":
            return Side(np.exp(a), np.where(still, 0.0, da * np.exp(a)), still)
        case "log":
            return Side(np.log(a), np.where(still, 0.0, da / a), still)
        case "sqrt":
            return Side(np.sqrt(a), np.where(still, 0.0, da * 0.5 / np.sqrt(a)), still)
    raise TypeError(f"not a function: {name}")


def _chosen(truth: Truth, inside: Side, outside: Side) -> Side:
    """The piece that the condition chooses; no slope where it is unsure and the pieces differ."""
    limit = np.where(truth.holds, inside.limit, outside.limit)
    slope = np.where(truth.holds, inside.slope, outside.slope)
    still = np.where(truth.holds, inside.still, outside.still) & ~truth.unsure
    same = tied(inside.limit, outside.limit) & tied(inside.slope, outside.slope)
    return Side(limit, np.where(truth.unsure & ~same, np.nan, slope), np.asarray(still))


def _beside(condition: Condition, rows: Rows, values: Values, parameter: str, side: int) -> Truth:
    """The condition just beside the point."""
    if parameter not in tree.parameters_of(condition):
        truth = holds(condition, rows, values)
        return Truth(truth, np.zeros_like(truth))
    match condition:
        case tree.Not(inner):
            truth, unsure = _beside(inner, rows, values, parameter, side)
            return Truth(~truth, unsure)
        case tree.Both(left, right) | tree.Either(left, right):
            (a, a_unsure), (b, b_unsure) = (_beside(each, rows, values, parameter, side) for each in (left, right))
            both = isinstance(condition, tree.Both)
            matters = (a if both else ~a) | a_unsure, (b if both else ~b) | b_unsure
            return Truth(a & b if both else a | b, (a_unsure & matters[1]) | (b_unsure & matters[0]))
        case tree.Compare(operator, left, right):
            (u, du, u_still), (v, dv, v_still) = (one_sided(each, rows, values, parameter, side) for each in (left, right))
            level = tied(u, v)
            ahead = np.where(level & ~tied(du, dv), side * (du - dv), u - v)
            unsure = level & tied(du, dv) & ~(u_still & v_still)
            return Truth(np.asarray(_SIGNS[operator](np.sign(ahead)), dtype=bool), np.asarray(unsure))
    raise TypeError(f"not a condition on parameters: {condition!r}")


_SIGNS = {
    "<": lambda sign: sign < 0,
    "<=": lambda sign: sign <= 0,
    ">": lambda sign: sign > 0,
    ">=": lambda sign: sign >= 0,
    "==": lambda sign: sign == 0,
    "!=": lambda sign: sign != 0,
}
