"""A table for writing, before it has a file format: caption, heads, cells, note and source."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from leverage.output.claims import NARROW
from leverage.output.columns import number, percent

#: Digits of the largest number of a column that are told, and the most decimals.
DIGITS, MOST_DECIMALS = 3, 6
#: A column is laid out as if no cell had more letters than this, and none fewer.
WIDEST, NARROWEST = 44, 5

#: Control characters and what is no character, and runs of white space: files cannot carry the ones, no table wants the others.
_BLANK = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\s]+")


@dataclass(frozen=True)
class Number:
    """A cell with a number.

    value: NaN where there is none. decimals: that are told. low, high: bounds that are told beside it; NaN: none are. percent:
    whether it is a chance, told in hundredths. unsure: whether the bounds leave its sign open.
    """

    value: float
    decimals: int = 0
    low: float = math.nan
    high: float = math.nan
    percent: bool = False
    unsure: bool = False

    @property
    def bounded(self) -> bool:
        """Whether bounds are told: they are known, and further apart than rounding."""
        if math.isnan(self.low) or math.isnan(self.high):
            return False
        return not self.high - self.low <= NARROW * max(abs(self.low), abs(self.high), 1.0)

    @property
    def text(self) -> str:
        """As it is read: '9.6 [9.2, 10.2]', with a question mark where the sign is open; '-' where there is no number."""
        told = self.plain(self.value) + ("?" if self.unsure else "")
        if not self.bounded:
            return told
        between = f"[{self.plain(self.low)}, {self.plain(self.high)}]"
        if math.isinf(self.low) and math.isinf(self.high):
            between = "(no bounds)"
        return between if math.isnan(self.value) else f"{told} {between}"

    def plain(self, value: float) -> str:
        """One number with this cell's decimals."""
        return percent(value) if self.percent else number(value, self.decimals)


Cell = str | Number


@dataclass(frozen=True)
class Column:
    """head: in words. numbers: whether its cells are numbers, which stand to the right."""

    head: str
    numbers: bool = False


@dataclass(frozen=True)
class WrittenTable:
    """What an author puts into a text, in no file format yet.

    name: of the table in the run's folder. columns: C of them, with heads that differ. rows: of C cells each. notes: sentences
    below the table. source: where the numbers come from. Texts are data: they hold anything but control characters, and every
    format has to escape them.
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...]
    source: str

    @property
    def shares(self) -> list[float]:
        """Per column its share of the table's width, by what stands in it; they sum to 1."""
        widths = [self._width(k) for k in range(len(self.columns))]
        return [width / sum(widths) for width in widths]

    def _width(self, k: int) -> int:
        """Letters that a column should be wide: its longest cell, or its head's longest word."""
        words = max(map(len, self.columns[k].head.split()), default=0)
        cells = max((len(text_of(row[k])) for row in self.rows), default=0)
        return max(min(max(words, cells), WIDEST), NARROWEST)


def cleaned(text: str) -> str:
    r"""The text on one line.

    >>> cleaned(" two\nlines\x07 ")
    'two lines'
    """
    return _BLANK.sub(" ", text).strip()


def text_of(cell: Cell) -> str:
    """A cell as it is read."""
    return cell if isinstance(cell, str) else cell.text


def decimals(values: Iterable[float]) -> int:
    """Decimals with which the largest of the numbers has three digits that count; 0 to 6.

    >>> decimals([55.27, -3.4, float("nan")]), decimals([0.061]), decimals([1234.5]), decimals([])
    (1, 4, 0, 0)
    """
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    if largest < NARROW:
        return 0
    return max(0, min(MOST_DECIMALS, DIGITS - 1 - math.floor(math.log10(largest))))
