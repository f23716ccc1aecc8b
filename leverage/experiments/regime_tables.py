"""The tables of a map of regimes: its points, its cells, the share of each regime in the area, and where regimes meet."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from leverage.experiments.part import POINT, REASON, STATUS, column_of
from leverage.experiments.refinement import Label, Square
from leverage.experiments.regime_map import Aspect, RegimeMap, Side, SolvedMap, labels_of
from leverage.scenario.wording import plain

#: Joins the regimes that occur in a cell that is not settled.
TOGETHER = " | "
#: A border that moves in one parameter by no more than this part of the side, beside the size of its cells, does not hang on the
#: other one.
UPRIGHT = 0.02
#: Cells whose middles are no further from a line than this, in parts of the sides, run along it.
NEAR_LINE = 0.1

SHARE_COLUMNS = ("aspect", "regime", "share_low", "share", "share_high", "points")
BORDER_COLUMNS = ("aspect", "regime", "other_regime", "cells")


@dataclass(frozen=True, eq=False)
class MapTables:
    """points, cells, shares, borders: as `docs/regimes.md` describes regimes.csv, cells.csv, shares.csv and borders.csv."""

    points: pd.DataFrame
    cells: pd.DataFrame
    shares: pd.DataFrame
    borders: pd.DataFrame


def map_tables(solved: SolvedMap) -> MapTables:
    """All tables of a map; rows of cells go from below, those of shares from the largest."""
    labels = solved.division.labels()
    return MapTables(_points(solved), _cells(solved, labels), _shares(solved, labels), _borders(solved, labels))


def end_columns(side: Side) -> tuple[str, str]:
    """The columns of the two ends of a cell, or a border, along a side."""
    return f"{side.name}_low", f"{side.name}_high"


def _points(solved: SolvedMap) -> pd.DataFrame:
    """One row a point: its number, the two parameters, the regime in each aspect, status and reason, then the answers."""
    asked, frame = solved.asked, solved.points
    labels = labels_of(frame.to_dict("records"), solved.columns, asked.aspects)
    sides = [column_of(side.name) for side in asked.sides]
    regimes = pd.DataFrame(labels, columns=[aspect.key for aspect in asked.aspects], index=frame.index)
    answers = frame[[column.name for column in solved.columns]]
    return pd.concat([frame[[POINT, *sides]], regimes, frame[[STATUS, REASON]], answers], axis=1)


def _ends(asked: RegimeMap, cell: Square) -> tuple[float, float, float, float]:
    """Low and high value across, then up."""
    (left, below), (right, above) = asked.values([(cell.x, cell.y), (cell.x + cell.size, cell.y + cell.size)]).tolist()
    return left, right, below, above


def _cells(solved: SolvedMap, labels: Sequence[Sequence[Label]]) -> pd.DataFrame:
    """One row an aspect and cell: settled where all known points in it, its edges included, have one regime."""
    asked, division = solved.asked, solved.division
    rows = []
    for k, aspect in enumerate(asked.aspects):
        for cell, own in zip(division.cells, labels, strict=True):
            found = sorted({label[k] for label in own})
            rows.append((aspect.key, TOGETHER.join(found), len(found) == 1, division.share(cell), *_ends(asked, cell), len(own)))
    heads = ["aspect", "regime", "settled", "area", *end_columns(asked.across), *end_columns(asked.up), "points"]
    return pd.DataFrame(rows, columns=heads)


def _shares(solved: SolvedMap, labels: Sequence[Sequence[Label]]) -> pd.DataFrame:
    """One row an aspect and regime. share_low: of settled cells. share_high: with all cells in which it occurs. share: cells that
    are not settled are divided as their points are."""
    division, rows = solved.division, []
    areas = [division.share(cell) for cell in division.cells]
    for k, aspect in enumerate(solved.asked.aspects):
        low, middle, high = Counter[str](), Counter[str](), Counter[str]()
        for area, own in zip(areas, labels, strict=True):
            counts = Counter(label[k] for label in own)
            for regime, count in counts.items():
                low[regime] += area if len(counts) == 1 else 0.0  # type: ignore[assignment]
                middle[regime] += area * count / len(own)  # type: ignore[assignment]
                high[regime] += area  # type: ignore[assignment]
        asked_for = Counter(label[k] for label in division.known.values())
        for regime in sorted(middle, key=lambda name, middle=middle: (-middle[name], name)):  # type: ignore[misc]
            rows.append((aspect.key, regime, low[regime], middle[regime], high[regime], asked_for[regime]))
    return pd.DataFrame(rows, columns=list(SHARE_COLUMNS))


# --- borders -----------------------------------------------------------------------------------------------------------


def _borders(solved: SolvedMap, labels: Sequence[Sequence[Label]]) -> pd.DataFrame:
    """One row an aspect and two regimes that meet in cells: the longest border first, where it runs, and that in words."""
    asked = solved.asked
    rows = [row for k, aspect in enumerate(asked.aspects) for row in _borders_of(solved, labels, k, aspect)]
    heads = [*BORDER_COLUMNS, *end_columns(asked.across), *end_columns(asked.up), "in_words"]
    return pd.DataFrame(rows, columns=heads)


def _borders_of(solved: SolvedMap, labels: Sequence[Sequence[Label]], k: int, aspect: Aspect) -> Iterator[tuple[object, ...]]:
    meeting: dict[tuple[str, str], list[Square]] = {}
    for cell, own in zip(solved.division.cells, labels, strict=True):
        for pair in itertools.combinations(sorted({label[k] for label in own}), 2):
            meeting.setdefault(pair, []).append(cell)
    length = {pair: sum(cell.size for cell in cells) for pair, cells in meeting.items()}
    for pair in sorted(meeting, key=lambda each: (-length[each], each)):
        ends = [_ends(solved.asked, cell) for cell in meeting[pair]]
        left, below = min(each[0] for each in ends), min(each[2] for each in ends)
        right, above = max(each[1] for each in ends), max(each[3] for each in ends)
        yield aspect.key, *pair, len(ends), left, right, below, above, _course(solved.asked, ends)


def _course(asked: RegimeMap, ends: Sequence[tuple[float, float, float, float]]) -> str:
    """Where cells run, in words: at a value of one parameter, or from one point to another."""
    across = [(left, right) for left, right, _, _ in ends]
    up = [(below, above) for _, _, below, above in ends]
    for side, own, other, along in ((asked.across, across, asked.up, up), (asked.up, up, asked.across, across)):
        low, high, widest = min(a for a, _ in own), max(b for _, b in own), max(b - a for a, b in own)
        if high - low <= 2 * widest + UPRIGHT * (side.high - side.low):
            first, last = min(a for a, _ in along), max(b for _, b in along)
            where = "" if first == other.low and last == other.high else f", with {_between(other, first, last)}"
            return f"{_between(side, low, high)}{where}"
    if _is_line(asked, ends):
        return f"from {_place(asked, ends, min(across))} to {_place(asked, ends, max(across))}"
    words = [
        _between(side, min(low for low, _ in own), max(high for _, high in own))
        for side, own in ((asked.across, across), (asked.up, up))
    ]
    return f"{' and '.join(words)}, along no line"


def _is_line(asked: RegimeMap, ends: Sequence[tuple[float, float, float, float]]) -> bool:
    """Whether the middles of the cells, as parts of the sides, are near to the line that fits them best (total least squares)."""
    left, right, below, above = np.array(ends).T
    middles = np.column_stack(
        [
            ((low + high) / 2 - side.low) / (side.high - side.low)
            for side, low, high in zip(asked.sides, (left, below), (right, above), strict=True)
        ]
    )
    away = middles - middles.mean(axis=0)
    _, _, axes = np.linalg.svd(away, full_matrices=False)
    return bool(np.abs(away @ axes[-1]).max() <= NEAR_LINE)


def _between(side: Side, low: float, high: float) -> str:
    return f"{plain(side.name)} between {low:.4g} and {high:.4g}"


def _place(asked: RegimeMap, ends: Sequence[tuple[float, float, float, float]], column: tuple[float, float]) -> str:
    """The middle of the cells that stand at these ends across."""
    heights = [(below + above) / 2 for left, right, below, above in ends if (left, right) == column]
    height = sum(heights) / len(heights)
    return f"{plain(asked.across.name)} {sum(column) / 2:.3g} and {plain(asked.up.name)} {height:.3g}"
