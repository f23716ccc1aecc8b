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
#: A column is laid out as if no cell had more letters than this; letters between two columns.
WIDEST, GAP = 80, 2

#: Control characters and what is no character, and runs of white space: files cannot carry the ones, no table wants the others.
_BLANK = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\s]+")
#: What is not torn apart between two lines, and where a word may be: behind its hyphens.
_PIECE, _BREAK = re.compile(r"\[.*\]|\S+"), re.compile(r"(?<=[^\W\d_]-)(?=[^\W\d_])")
#: How wide letters are, in digits, and all others. A hyphen may become a minus sign.
_WIDTHS = (
    *((frozenset("fijl.,:;'|!()[]I"), 0.62), (frozenset("0123456789acerstz?"), 1.0)),
    *((frozenset("mwMW%@-"), 1.7), (frozenset("ABCDEFGHJKLNOPQRSTUVXYZ"), 1.45)),
)
_USUAL = 1.1


@dataclass(frozen=True)
class Number:
    """A cell with a number.

    value: NaN where there is none. decimals: that are told. low, high: bounds that are told beside it; NaN: none are. percent:
    whether it is a chance, told in hundredths. unsure: whether the bounds leave its sign open. scientific: whether it is told as
    2.8e-14.
    """

    value: float
    decimals: int = 0
    low: float = math.nan
    high: float = math.nan
    percent: bool = False
    unsure: bool = False
    scientific: bool = False

    @property
    def bounded(self) -> bool:
        """Whether bounds are told: they are known, and further apart than rounding."""
        if math.isnan(self.low) or math.isnan(self.high):
            return False
        if math.isinf(self.low) or math.isinf(self.high):
            return True
        return self.high - self.low > NARROW * max(abs(self.low), abs(self.high), 1.0)

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
        if self.scientific and math.isfinite(value):
            return f"{value:.{self.decimals}e}"
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
    def least_widths(self) -> list[float]:
        """Per column the letters of the longest word or pair of bounds, with a gap; letters are as wide as digits on average."""
        texts = [[column.head, *(text_of(row[k]) for row in self.rows)] for k, column in enumerate(self.columns)]
        pieces = [{piece for text in own for word in _PIECE.findall(text) for piece in _BREAK.split(word)} for own in texts]
        return [GAP + max(map(_width, own), default=1.0) for own in pieces]

    def least_letters(self, gap: float = GAP) -> float:
        """Letters of the shortest line into which every word fits. gap: letters between columns."""
        return sum(self._least(gap))

    def _least(self, gap: float) -> list[float]:
        return [width - GAP + gap for width in self.least_widths]

    def shares(self, letters: float, gap: float = GAP) -> list[float]:
        """Per column its share of a line of so many letters, by what stands in it; they sum to 1. gap: letters between columns.

        Every column gets the width of its longest word, if the line is long enough, and more of the rest the longer its cells.
        """
        least = self._least(gap)
        wanted = [max(least[k], gap + self._longest(k)) for k in range(len(least))]
        more = [own - word for own, word in zip(wanted, least, strict=True)]
        rest = max(0, letters - sum(least)) / max(1, sum(more))
        widths = [word + rest * own for word, own in zip(least, more, strict=True)]
        return [width / sum(widths) for width in widths]

    def _longest(self, k: int) -> int:
        """Letters of the longest cell of a column, within reason."""
        return min(WIDEST, max((len(text_of(row[k])) for row in self.rows), default=0))


def _width(word: str) -> float:
    """Of a word, in digits: as in most fonts for text, rather too wide than too narrow."""
    return sum(next((width for letters, width in _WIDTHS if letter in letters), _USUAL) for letter in word)


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
