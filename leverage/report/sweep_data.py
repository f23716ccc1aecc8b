"""What the sliders of a sweep's report move through: the computed points, with the numbers that its page tells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leverage.experiments.columns import Column
from leverage.experiments.design import Design, Grid, Together
from leverage.experiments.part import POINT, REASON, column_of
from leverage.experiments.store import SweepFolder
from leverage.experiments.summary import Summary
from leverage.experiments.sweep_page import spread_over
from leverage.report.claims_part import SIGNS
from leverage.report.sweep_claims import margin_unit
from leverage.scenario.scenario import Scenario
from leverage.scenario.wording import counted, plain

#: The page holds so many points, columns of answers and cells at most, which keeps it under 3 MB; the tables hold all.
MOST_POINTS, MOST_COLUMNS, MOST_CELLS = 4_000, 60, 180_000
#: Digits of numbers on the page; the tables have all.
DIGITS = 6

#: What columns are that bound a number.
BOUNDS = ("low", "high")

#: grid: a slider an axis. row: values taken together. sample: points without an order of their own.
Kind = Literal["grid", "row", "sample"]


@dataclass(frozen=True)
class SliderPoints:
    """The points that are on the page.

    axes: of each parameter that varies name, words, unit, value in use and, of a grid, its values, ascending. columns: words,
    unit, kind of what is told, and what it is (value, low, high, verdict); of a number which columns bound it, of a claim's
    margin which one has its verdict. rows: per point the parameters and the answers, None where there is none; of a grid the last
    axis turns fastest. numbers: of the points in the sweep. lacking: row -> why it lacks an answer. left_out: sentences about
    what is not on the page.
    """

    kind: Kind
    axes: tuple[dict[str, Any], ...]
    columns: tuple[dict[str, Any], ...]
    rows: tuple[tuple[Any, ...], ...]
    numbers: tuple[int, ...]
    lacking: dict[int, str]
    left_out: tuple[str, ...]

    @property
    def as_json(self) -> dict[str, Any]:
        reasons = list(dict.fromkeys(self.lacking.values()))
        return {
            "kind": self.kind,
            "axes": self.axes,
            "columns": self.columns,
            "rows": self.rows,
            "numbers": self.numbers,
            "reasons": reasons,
            "lacking": {row: reasons.index(reason) for row, reason in self.lacking.items()},
            "signs": SIGNS,
        }


@dataclass(frozen=True, eq=False)
class _Kept:
    """Points that are kept, in the order of the page's rows, with the axes and what is said of those left out."""

    kind: Kind
    points: NDArray[np.int64]
    axes: tuple[dict[str, Any], ...]
    left_out: tuple[str, ...]


def slider_points(
    folder: SweepFolder, design: Design, told: Sequence[Column], scenario: Scenario, summary: Summary
) -> SliderPoints:
    """The points of a finished sweep for its page.

    told : the columns that are shown, numbers or words, of which the first MOST_COLUMNS are; and bounds of numbers.

    Of a grid with too many points the axis that has most values is thinned, so that what is left is a grid; of a sample the first
    points are kept, which are a sample too, and those at which a number is least or largest.
    """
    answers = [column for column in told if column.what not in BOUNDS]
    shown = _with_bounds(answers[:MOST_COLUMNS], told)
    most = min(MOST_POINTS, MOST_CELLS // (len(design.names) + len(shown)))
    kept = _of_grid(design, scenario, most) if isinstance(design, Grid) else _in_order(design, scenario, most, shown, summary)
    names = [*map(column_of, design.names), *(column.name for column in shown)]
    frame = folder.rows([POINT, REASON, *names], kept.points).set_index(POINT).loc[kept.points]
    reasons = {row: reason for row, reason in enumerate(frame[REASON]) if isinstance(reason, str) and reason}
    left_out = kept.left_out
    if len(answers) > MOST_COLUMNS:
        left_out = (*left_out, f"It shows {MOST_COLUMNS} of {len(answers)} numbers and verdicts; the tables have all.")
    cells = (_cells(frame[name]) for name in names)
    return SliderPoints(
        kind=kept.kind,
        axes=kept.axes,
        columns=tuple(_told(column, shown, scenario) for column in shown),
        rows=tuple(zip(*cells, strict=True)),
        numbers=tuple(kept.points.tolist()),
        lacking=reasons,
        left_out=left_out,
    )


def _with_bounds(answers: Sequence[Column], told: Sequence[Column]) -> tuple[Column, ...]:
    """These columns, and after them the bounds of those that are known within a gap."""
    places = {column.about for column in answers}
    return (*answers, *(column for column in told if column.what in BOUNDS and column.about in places))


def _of_grid(design: Grid, scenario: Scenario, most: int) -> _Kept:
    shape = [len(axis.values) for axis in design.axes]
    kept = list(shape)
    while math.prod(kept) > most:
        longest = kept.index(max(kept))
        kept[longest] = -(-kept[longest] // 2)
    # places of the values along each axis, ascending in value
    places = [
        np.argsort(axis.values, kind="stable")[spread_over(len(axis.values), few)]
        for axis, few in zip(design.axes, kept, strict=True)
    ]
    points = np.ravel_multi_index(np.meshgrid(*places, indexing="ij"), shape).ravel()
    axes = tuple(
        {**_parameter(axis.name, scenario), "values": [axis.values[k] for k in own]}
        for axis, own in zip(design.axes, places, strict=True)
    )
    thinned = [
        f"{few} of {count} values of {plain(axis.name)}"
        for axis, few, count in zip(design.axes, kept, shape, strict=True)
        if few < count
    ]
    return _Kept("grid", points, axes, _left_out(" and ".join(thinned), design))


def _in_order(design: Design, scenario: Scenario, most: int, shown: Sequence[Column], summary: Summary) -> _Kept:
    """Of values taken together every so manieth point; of a sample the first ones."""
    axes = tuple(_parameter(name, scenario) for name in design.names)
    if isinstance(design, Together):
        points, words = np.array(spread_over(design.size, most)), f"{most:,} points, evenly spread"
    else:
        ends = {at for column in shown if column.kind == "number" for at in summary.spreads[column.name].at if at >= 0}
        points = np.array(sorted({*range(min(most, design.size)), *ends}))
        words = f"the first {most:,} points and those at which a number is least or largest"
    left_out = _left_out(words if len(points) < design.size else "", design)
    return _Kept("row" if isinstance(design, Together) else "sample", points, axes, left_out)


def _left_out(held: str, design: Design) -> tuple[str, ...]:
    """What the page holds, where it does not hold all."""
    return (f"The page holds {held}; the tables have all {counted(design.size, 'point')}.",) if held else ()


def _parameter(name: str, scenario: Scenario) -> dict[str, Any]:
    own = scenario.parameters[name]
    return {"name": name, "words": plain(name), "unit": own.unit, "used": own.value}


def _told(column: Column, shown: Sequence[Column], scenario: Scenario) -> dict[str, Any]:
    """A column for the page's program."""
    own: dict[str, Any] = {"words": column_words(column), "unit": column.unit, "kind": column.kind, "what": column.what}
    if column.what != "value":
        return own
    own |= {each.what: k for k, each in enumerate(shown) if each.what in BOUNDS and each.about == column.about}
    verdicts = [k for k, each in enumerate(shown) if _is_verdict_of(each, column)]
    if not verdicts:
        return own
    claim = next(each for each in scenario.claims if each.name == column.selection)
    return {**own, "unit": margin_unit(claim, scenario), "verdict": verdicts[0]}


def _is_verdict_of(column: Column, margin: Column) -> bool:
    place = (column.table, column.selection, column.what)
    return margin.table == "claims" and place == ("claims", margin.selection, "verdict")


def column_words(column: Column) -> str:
    """Its name without underscores: 'Markov perfect: power: payoff'."""
    return ": ".join(plain(part) for part in (column.selection, column.subject, column.quantity) if part)


def _cells(column: pd.Series[Any]) -> list[Any]:
    return [_cell(each) for each in column]


def _cell(value: Any) -> Any:
    """A number with a few digits, a word, or None."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
