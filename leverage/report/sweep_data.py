"""What the sliders of a sweep's report move through: the computed points, with the numbers that its page tells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from leverage.experiments.columns import Column
from leverage.experiments.design import Design, Grid
from leverage.experiments.part import column_of
from leverage.experiments.store import SweepFolder
from leverage.scenario.scenario import Scenario
from leverage.scenario.wording import plain

#: The page holds so many points and numbers of each; of more points every second, third, ... one.
MOST_POINTS, MOST_COLUMNS = 4_000, 24
#: Digits of numbers on the page; the tables have all.
DIGITS = 6


@dataclass(frozen=True)
class SliderPoints:
    """axes: of parameters that vary, name, words, unit and the values in order; a sample's have none. columns: words and unit
    of what is told. rows: per point the parameters that vary and the answers; None where there is none. step: every how manieth
    point is on the page."""

    axes: tuple[dict[str, Any], ...]
    columns: tuple[dict[str, Any], ...]
    rows: tuple[tuple[Any, ...], ...]
    step: int
    gridded: bool

    @property
    def as_json(self) -> dict[str, Any]:
        return {"axes": self.axes, "columns": self.columns, "rows": self.rows, "gridded": self.gridded}


def slider_points(folder: SweepFolder, design: Design, told: Sequence[Column], scenario: Scenario) -> SliderPoints:
    """The points of a finished sweep for its page.

    told : the columns that are shown, numbers or words; the first MOST_COLUMNS of them are.

    Of a grid with too many points the axis that has most values is thinned, so that what is left is a grid.
    """
    shown = tuple(told[:MOST_COLUMNS])
    kept, axes, step = _grid(design, scenario) if isinstance(design, Grid) else _row(design, scenario)
    names = [column_of(name) for name in design.names]
    frame = folder.rows([*names, *(column.name for column in shown)], kept)
    rows = tuple(zip(*(_cells(frame[name]) for name in [*names, *(column.name for column in shown)]), strict=True))
    columns = tuple({"words": _words(column), "unit": column.unit, "kind": column.kind} for column in shown)
    return SliderPoints(axes, columns, rows, step, isinstance(design, Grid))


def _grid(design: Grid, scenario: Scenario) -> tuple[np.ndarray[Any, Any], tuple[dict[str, Any], ...], int]:
    """The numbers of the points that are kept, their axes, and how much was thinned."""
    kept = [np.arange(len(axis.values)) for axis in design.axes]
    step = 1
    while math.prod(map(len, kept)) > MOST_POINTS:
        longest = max(range(len(kept)), key=lambda k: len(kept[k]))
        step *= 2
        kept[longest] = kept[longest][::2]
    places = np.ravel_multi_index(np.meshgrid(*kept, indexing="ij"), [len(axis.values) for axis in design.axes]).ravel()
    axes = tuple(
        {**_parameter(axis.name, scenario), "values": [axis.values[k] for k in own]}
        for axis, own in zip(design.axes, kept, strict=True)
    )
    return places, axes, step


def _row(design: Design, scenario: Scenario) -> tuple[np.ndarray[Any, Any], tuple[dict[str, Any], ...], int]:
    step = -(-design.size // MOST_POINTS)
    return np.arange(0, design.size, step), tuple(_parameter(name, scenario) for name in design.names), step


def _parameter(name: str, scenario: Scenario) -> dict[str, Any]:
    return {"name": name, "words": plain(name), "unit": scenario.parameters[name].unit}


def _words(column: Column) -> str:
    parts = [part for part in (column.selection, column.subject, column.quantity) if part]
    return ": ".join(plain(part) for part in parts)


def _cells(column: pd.Series[Any]) -> list[Any]:
    return [_cell(each) for each in column]


def _cell(value: Any) -> Any:
    """A number with a few digits, a word, or None."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
