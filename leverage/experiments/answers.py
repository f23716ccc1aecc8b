"""The columns of a sweep as numbers at all points: a few columns at a time, so that memory hangs on neither number alone.

Beside the columns of numbers, what is true or false is 1 or 0, and so is whether a claim stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from leverage.experiments.columns import Column
from leverage.experiments.part import POINT
from leverage.experiments.store import SweepFolder
from leverage.game.stochastic_game import Floats

#: Numbers that are kept at once, at most, unless a single column has more.
MOST_NUMBERS = 2**23
#: Verdicts of a claim that stands, and of one that has fallen. The others are on neither side: there is no answer.
STANDS = {"holds": 1.0, "barely": 1.0, "fails": 0.0}


@dataclass(frozen=True)
class Measured:
    """A column that is a number, or is made one. certificate, low, high: columns that bound it, '' without one."""

    column: Column
    certificate: str = ""
    low: str = ""
    high: str = ""

    @property
    def quantity(self) -> str:
        """In words; of a claim's verdict, that it stands."""
        return "stands" if self.is_claim else self.column.quantity

    @property
    def is_claim(self) -> bool:
        """Whether it says that a claim stands."""
        return self.column.table == "claims" and self.column.what == "verdict"

    @property
    def is_share(self) -> bool:
        """Whether it is a chance, or 1 and 0 for true and false."""
        return self.column.unit == "chance" or self.column.kind != "number"

    @property
    def names(self) -> tuple[str, ...]:
        """All columns that are read for it."""
        return tuple(filter(None, (self.column.name, self.certificate, self.low, self.high)))


@dataclass(frozen=True, eq=False)
class Answers:
    """A number at all points of a design.

    values: (P,), NaN where there is no answer, and infinite or NaN where it does not arise. low, high: bounds of the true number,
    (P,), not finite where none are known; the values themselves where the number is exact. scale: what changes of the number are
    measured against to tell rounding, such as the payoff range.
    """

    values: Floats
    low: Floats
    high: Floats
    scale: float = 1.0

    @classmethod
    def exact(cls, values: Floats, scale: float = 1.0) -> Answers:
        """Numbers without an error."""
        return cls(values, values, values, scale)


def measured(columns: Sequence[Column]) -> tuple[Measured, ...]:
    """The columns that numbers are made of, each with those that bound it."""
    about = {(*column.about, column.what): column.name for column in columns}
    found = []
    for column in columns:
        bounds = [about.get((*column.about, what), "") for what in ("certificate", "low", "high")]
        one = Measured(column, *bounds) if column.what == "value" else Measured(column)
        if column.kind == "flag" or one.is_claim or (column.kind == "number" and column.what == "value"):
            found.append(one)
    return tuple(found)


def read_answers(
    folder: SweepFolder, size: int, numbers: Sequence[Measured], payoff_unit: str, payoff_range: float
) -> Iterator[tuple[Measured, Answers]]:
    """Each number at all points, 0 to before `size`. payoff_unit, payoff_range: rounding of payoffs is told by their range."""
    for some in _by_size(numbers, size):
        read = {name: np.full(size, np.nan) for one in some for name in one.names}
        for batch in folder.batches([POINT, *read]):
            points = batch.column(POINT).to_numpy()
            for name, values in read.items():
                values[points] = _numbers(batch.column(name))
        for one in some:
            scale = payoff_range if one.column.unit == payoff_unit else 1.0
            yield one, _bounded(one, read, scale)


def _by_size(numbers: Sequence[Measured], size: int) -> Iterator[list[Measured]]:
    """As many at a time as memory may hold."""
    some: list[Measured] = []
    held = 0
    for one in numbers:
        if some and held + len(one.names) * size > MOST_NUMBERS:
            yield some
            some, held = [], 0
        some.append(one)
        held += len(one.names) * size
    if some:
        yield some


def _bounded(one: Measured, read: dict[str, Floats], scale: float) -> Answers:
    values = read[one.column.name]
    if one.low and one.high:
        return Answers(values, read[one.low], read[one.high], scale)
    if not one.certificate:
        return Answers.exact(values, scale)
    error = np.where(np.isfinite(values), read[one.certificate], np.nan)
    return Answers(values, values - error, values + error, scale)


def _numbers(column: pa.Array) -> Floats:
    """NaN where there is no answer."""
    if pa.types.is_string(column.type):
        return np.array([STANDS.get(word, np.nan) for word in column.to_pylist()], dtype=np.float64)
    return np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
