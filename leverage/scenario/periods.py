"""Periods and durations: '1 month', '2 years' -> numbers of periods."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: How many of its family's smallest unit each unit has. Families do not convert into each other.
_FAMILIES: tuple[dict[str, float], ...] = (
    {"day": 1, "week": 7},
    {"month": 1, "quarter": 3, "year": 12},
    {"period": 1},
    {"round": 1},
    {"turn": 1},
)
#: Dates may lie so many periods ahead: outcomes are followed period by period.
MOST_PERIODS = 10_000

_DURATION = re.compile(r"^\s*(\d+(?:\.\d+)?)\s+([a-z]+?)s?\s*$", re.ASCII)


@dataclass(frozen=True)
class Period:
    """A period of the game: `length` times `unit`.

    >>> read_period("3 months").in_periods("1 year")
    4.0
    """

    length: float
    unit: str

    def in_periods(self, duration: str) -> float:
        """A duration in periods. Raises ValueError with a sentence if it is none, or in a unit that does not convert."""
        count, unit = _split(duration)
        if unit == "period":
            return count
        family = next(family for family in _FAMILIES if self.unit in family)
        if unit not in family:
            raise ValueError(
                f"'{duration}' does not convert into periods of {self.length:g} {self.unit}: use {', '.join(family)} or periods"
            )
        return count * family[unit] / (family[self.unit] * self.length)


def read_period(text: str) -> Period:
    """'1 month' -> Period(1.0, 'month'). Raises ValueError with a sentence."""
    count, unit = _split(text)
    if count <= 0:
        raise ValueError("a period is longer than nothing")
    return Period(count, unit)


def _split(text: str) -> tuple[float, str]:
    match = _DURATION.match(text)
    units = [unit for family in _FAMILIES for unit in family]
    if match is None or match[2] not in units:
        raise ValueError(f"'{text}' is no duration: write a number and a unit ({', '.join(units)}), such as '2 months'")
    return float(match[1]), match[2]
