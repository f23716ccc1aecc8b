"""A number with bounds, and arithmetic that carries the bounds through (interval arithmetic, Moore 1966)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, get_args

#: known: a number. idle: the case never arises (the time to an event that never happens). undefined: an action, a strategy or an
#: equilibrium that it needs does not exist or was not found.
Standing = Literal["known", "idle", "undefined"]
STANDINGS: tuple[Standing, ...] = get_args(Standing)

#: What is said of a difference: its sign as far as the bounds tell it.
Sign = Literal["positive", "negative", "zero", "cannot be told", "undefined"]


@dataclass(frozen=True)
class Figure:
    """A number `value` whose true counterpart lies in [low, high]; infinite bounds: nothing is known about it. `value` is NaN
    where no number was found that could stand for it; the bounds hold all the same.

    reason: why it is not known, or where its bounds come from; a phrase for the reader.
    """

    value: float
    low: float
    high: float
    standing: Standing = "known"
    reason: str = ""

    @classmethod
    def exact(cls, value: float) -> Figure:
        return cls(value, value, value)

    @classmethod
    def within(cls, value: float, error: float, reason: str = "") -> Figure:
        """value up to `error` >= 0; a NaN error bounds nothing."""
        width = math.inf if math.isnan(error) else error
        return cls(value, value - width, value + width, reason=reason)

    @classmethod
    def missing(cls, standing: Standing, reason: str) -> Figure:
        return cls(math.nan, math.nan, math.nan, standing, reason)

    @classmethod
    def between(cls, low: float, high: float, reason: str) -> Figure:
        """Bounds are all that is known: `value` is NaN."""
        return cls(math.nan, low, high, reason=reason)

    @property
    def known(self) -> bool:
        return self.standing == "known"

    @property
    def bounded(self) -> bool:
        return self.known and math.isfinite(self.low) and math.isfinite(self.high)

    def sign(self, nothing: float = 0.0) -> Sign:
        """As far as the bounds tell it; zero: neither bound is further from it than `nothing`."""
        if not self.known:
            return "undefined"
        if -nothing <= self.low and self.high <= nothing:
            return "zero"
        return "positive" if self.low > 0 else "negative" if self.high < 0 else "cannot be told"

    def __add__(self, other: Figure) -> Figure:
        return _combined(self, other, lambda a, b: a + b, lambda a, b: (a.low + b.low, a.high + b.high))

    def __neg__(self) -> Figure:
        return Figure(0.0 - self.value, 0.0 - self.high, 0.0 - self.low, self.standing, self.reason)  # no -0.0

    def __sub__(self, other: Figure) -> Figure:
        return self + -other

    def __mul__(self, other: Figure) -> Figure:
        return _combined(self, other, lambda a, b: a * b, lambda a, b: _ends(_product, a, b))

    def __truediv__(self, other: Figure) -> Figure:
        """Undefined where the divisor is 0; without bounds where it may be."""
        if other.known and other.value == 0:
            return Figure.missing("undefined", "a division by zero")
        if other.known and other.low <= 0 <= other.high:
            return _combined(self, other, lambda a, b: a / b, lambda a, b: (-math.inf, math.inf))
        return _combined(self, other, lambda a, b: a / b, lambda a, b: _ends(_quotient, a, b))


def hull(figures: Iterable[Figure]) -> Figure:
    """The first figure, with bounds that hold for all of them. Raises ValueError without any."""
    found = list(figures)
    if not found:
        raise ValueError("at least one figure is needed")
    missing = next((figure for figure in found if not figure.known), None)
    if missing is not None:
        return missing
    return Figure(found[0].value, min(f.low for f in found), max(f.high for f in found), reason=found[0].reason)


def _combined(
    one: Figure, other: Figure, value: Callable[[float, float], float], ends: Callable[[Figure, Figure], tuple[float, float]]
) -> Figure:
    for standing in ("undefined", "idle"):
        for figure in (one, other):
            if figure.standing == standing:
                return Figure.missing(figure.standing, figure.reason)
    low, high = ends(one, other)
    reasons = dict.fromkeys(reason for reason in (one.reason, other.reason) if reason)
    return Figure(value(one.value, other.value), low, high, reason="; ".join(reasons))


def _ends(operation: Callable[[float, float], float], one: Figure, other: Figure) -> tuple[float, float]:
    corners = [operation(a, b) for a in (one.low, one.high) for b in (other.low, other.high)]
    return min(corners), max(corners)


def _product(a: float, b: float) -> float:
    return 0.0 if a == 0 or b == 0 else a * b  # no bound times exactly zero is zero


def _quotient(a: float, b: float) -> float:
    return 0.0 if math.isinf(b) else a / b
