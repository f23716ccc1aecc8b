"""What the columns of a sweep range over, read part after part, so that memory does not grow with the number of points."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa

from leverage.experiments.columns import Column
from leverage.experiments.part import POINT, REASON, STATUS
from leverage.experiments.store import SweepFolder
from leverage.game.stochastic_game import Floats, Integers

SUMMARY_COLUMNS = (
    *("column", "table", "selection", "subject", "quantity", "what", "unit"),
    *("answered", "least", "mean", "largest", "least_at", "largest_at", "words"),
)


@dataclass(eq=False)
class Spread:
    """What a column of numbers takes: how many, the least, the mean, the largest, and the first point at which each end is
    taken. NaN and infinite numbers are answers that have no place between the ends."""

    answered: int = 0
    finite: int = 0
    total: float = 0.0
    ends: list[float] = field(default_factory=lambda: [math.inf, -math.inf])
    at: list[int] = field(default_factory=lambda: [-1, -1])

    def add(self, values: Floats, answered: int, points: Integers) -> None:
        """values: NaN where there is no answer."""
        self.answered += answered
        known = np.isfinite(values)
        if not known.any():
            return
        found, where = values[known], points[known]
        self.finite += len(found)
        self.total += math.fsum(found.tolist())
        for k, place in enumerate((int(found.argmin()), int(found.argmax()))):
            if (found[place] < self.ends[0]) if k == 0 else (found[place] > self.ends[1]):
                self.ends[k], self.at[k] = float(found[place]), int(where[place])

    @property
    def mean(self) -> float:
        return self.total / self.finite if self.finite else math.nan

    @property
    def least(self) -> float:
        return self.ends[0] if self.finite else math.nan

    @property
    def largest(self) -> float:
        return self.ends[1] if self.finite else math.nan


@dataclass(frozen=True, eq=False)
class Summary:
    """spreads: of the columns of numbers. words: how often each word of the other columns stands there, the status of points
    among them. reasons: why points lack an answer, the most frequent first."""

    spreads: Mapping[str, Spread]
    words: Mapping[str, Counter[str]]
    reasons: tuple[tuple[str, int], ...]

    @property
    def statuses(self) -> Counter[str]:
        return self.words[STATUS]


def summarise(folder: SweepFolder, columns: Sequence[Column]) -> Summary:
    """Read the parts of a sweep, one after the other."""
    spreads = {column.name: Spread() for column in columns if column.kind == "number"}
    words: dict[str, Counter[str]] = {STATUS: Counter(), **{c.name: Counter() for c in columns if c.kind != "number"}}
    reasons: Counter[str] = Counter()
    wanted = [POINT, STATUS, REASON, *spreads, *(name for name in words if name != STATUS)]
    for batch in folder.batches(wanted):
        points = batch.column(POINT).to_numpy()
        for name, spread in spreads.items():
            column = batch.column(name)
            spread.add(_numbers(column), len(column) - column.null_count, points)
        for name, counter in words.items():
            counter.update(_word(each) for each in batch.column(name).to_pylist() if each is not None)
        reasons.update(each for each in batch.column(REASON).to_pylist() if each)
    return Summary(spreads, words, tuple(sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))))


def _numbers(column: pa.Array) -> Floats:
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)


def _word(value: str | bool) -> str:
    return value if isinstance(value, str) else "yes" if value else "no"


def summary_frame(summary: Summary, columns: Sequence[Column]) -> pd.DataFrame:
    """One row a column: what it is, and what it ranges over. Of columns of words: 'holds 12, fails 3'."""
    rows = []
    for column in columns:
        about = (column.name, column.table, column.selection, column.subject, column.quantity, column.what, column.unit)
        if column.kind == "number":
            found = summary.spreads[column.name]
            ends: tuple[object, ...] = (found.answered, found.least, found.mean, found.largest)
            places: tuple[object, ...] = tuple(at if at >= 0 else None for at in found.at)
            rows.append((*about, *ends, *places, ""))
        else:
            counter = summary.words[column.name]
            told = ", ".join(f"{word} {count}" for word, count in sorted(counter.items(), key=lambda pair: (-pair[1], pair[0])))
            rows.append((*about, counter.total(), math.nan, math.nan, math.nan, None, None, told))
    frame = pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS))
    return frame.astype({"least_at": "Int64", "largest_at": "Int64"})
