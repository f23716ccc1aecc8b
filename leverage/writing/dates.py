"""Dates as the tables of a run carry them: in the names of quantities, such as `chance by 24 months`."""

from __future__ import annotations

import re
from collections.abc import Iterable

_CHANCE = re.compile(r"chance by (?P<date>.+)")


def dates(quantities: Iterable[str]) -> list[str]:
    """The dates by which chances are told, in their order.

    >>> dates(["payoff", "chance by 6 months", "chance by 1 year", "chance by 6 months"])
    ['6 months', '1 year']
    """
    return list(dict.fromkeys(match["date"] for each in quantities if (match := _CHANCE.fullmatch(each))))


def last_date(quantities: Iterable[str]) -> str:
    """The last of them; "" for none."""
    return next(reversed(dates(quantities)), "")
