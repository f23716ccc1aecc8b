"""A map of regimes in a sentence; every number in it is a cell of shares.csv."""

from __future__ import annotations

import pandas as pd

from leverage.output.columns import listed, percent
from leverage.scenario.wording import counted, plain

#: So many regimes are named in a sentence.
MOST_NAMED = 3


def finding(title: str, shares: pd.DataFrame) -> str:
    """How the area is divided, the largest regimes named.

    title : the question. shares : rows of the table of shares about it, the largest first.
    """
    named = shares.head(MOST_NAMED)
    told = [f"'{plain(regime)}' in {area_words(low, high)}" for regime, low, high in shares_of(named)]
    head = f"{title[:1].upper()}{title[1:]}"
    if len(shares) == 1:
        return f"{head}: '{plain(shares.regime.iloc[0])}', wherever it was looked at."
    left = len(shares) - MOST_NAMED
    rest = [f"{counted(left, 'other regime')} in the rest"] if left > 0 else []
    return f"{head}, by area: {listed([*told, *rest])}."


def shares_of(shares: pd.DataFrame) -> list[tuple[str, float, float]]:
    """Of each row the regime, and the two bounds of its share of the area."""
    columns = (shares[name].tolist() for name in ("regime", "share_low", "share_high"))
    return list(zip(*columns, strict=True))


def area_words(low: float, high: float) -> str:
    """A share of the area between two bounds: '25% to 32%', '26%'."""
    ends = percent(low), percent(high)
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"
