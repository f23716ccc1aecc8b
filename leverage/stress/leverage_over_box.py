"""What instruments are worth over the whole plausible box: at every point of a design with them and without them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from leverage.analysis.leverage import LeverageRow, rows_over_sets
from leverage.points.evaluator import Evaluator
from leverage.stress.box import Box
from leverage.stress.shares import SCRAMBLINGS, SEED, Share, share_of

#: Points of each scrambling: each takes the equilibrium sets of all worlds.
LEVERAGE_POINTS = 4

#: What can be said of an effect's sign, in the order of tables. Points where it cannot be told may be any of the first three.
SIGNS = ("positive", "negative", "zero", "cannot be told", "undefined")


@dataclass(frozen=True, eq=False)
class LeveragePoint:
    """A point of the design, and every instrument's facts there.

    scrambling, number: from 1. values: of the parameters in doubt. rows: as `rows_over_sets` gives them.
    """

    scrambling: int
    number: int
    values: Mapping[str, float]
    rows: tuple[LeverageRow, ...]


@dataclass(frozen=True)
class SignShares:
    """Signs of one effect over the box.

    row: the effect at the first point, for its names and unit. shares: by sign; of the first three, points where the bounds leave
    the sign open are left out at the lower end of the interval and counted in at its upper one. median: of the values found,
    NaN without any. points: of the design.
    """

    row: LeverageRow
    shares: Mapping[str, Share]
    median: float
    points: int


def leverage_over_box(
    evaluator: Evaluator,
    box: Box,
    *,
    points: int = LEVERAGE_POINTS,
    scramblings: int = SCRAMBLINGS,
    seed: int = SEED,
    tell: Callable[[str], None] = lambda phrase: None,
) -> Iterator[LeveragePoint]:
    """Facts about all instruments at the points of a design, one point after the other.

    points : of each scrambling, a power of two. scramblings : at least 2; the spread between them gives the intervals. The gap
    of equilibrium sets is the first of the evaluator's ladder.
    """
    names = [parameter.name for parameter in box.parameters]
    for r, design in enumerate(box.design(points, scramblings, seed), 1):
        for k, row in enumerate(design, 1):
            tell(f"solving with and without at point {(r - 1) * points + k} of {scramblings * points} in the plausible box")
            values = dict(zip(names, row.tolist(), strict=True))
            yield LeveragePoint(r, k, values, rows_over_sets(evaluator.at(box.with_values(values))))


def sign_shares(points: Sequence[LeveragePoint]) -> tuple[SignShares, ...]:
    """For every fact the share of the box with each sign, in the order of the first point's rows."""
    return tuple(_of_fact(points, k, row) for k, row in enumerate(points[0].rows)) if points else ()


def _of_fact(points: Sequence[LeveragePoint], k: int, row: LeverageRow) -> SignShares:
    """Rows stand in the same order at every point: the scenario's."""

    def has(sign: str) -> Callable[[LeveragePoint], bool]:
        return lambda point: point.rows[k].sign == sign

    open_to = has("cannot be told")
    shares = {sign: share_of(points, has(sign), open_to) if sign in SIGNS[:3] else share_of(points, has(sign)) for sign in SIGNS}
    values = np.array([point.rows[k].difference.effect.value for point in points])
    known = values[~np.isnan(values)]
    return SignShares(row, shares, float(np.median(known)) if len(known) else float("nan"), len(points))
