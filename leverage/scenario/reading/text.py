"""The text of a file: indices become lines and columns here, and what is found wrong becomes a fault."""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass

from leverage.errors import Fault

_LINE_BREAK = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Position:
    """Where something stands in the file: line and column count from 1, `width` is in characters of that line."""

    line: int
    column: int
    width: int


@dataclass(frozen=True)
class Finding:
    """What is wrong between two indices of a text; `repair` is a line's number and a text with which the rest can be read."""

    start: int
    end: int
    message: str
    remedy: str
    repair: tuple[int, str] | None = None


class Text:
    """The text with the index at which each line begins; `written` are the lines to be shown, where a repair changed some."""

    def __init__(self, text: str, written: tuple[str, ...] = ()) -> None:
        self.text = text
        self.lines = tuple(_LINE_BREAK.split(text))
        self.starts = [0, *(found.end() for found in _LINE_BREAK.finditer(text))]
        self.written = written or self.lines

    def line(self, index: int) -> int:
        """Number, from 0, of the line that holds the character at `index`."""
        return bisect.bisect_right(self.starts, index) - 1

    def column(self, index: int) -> int:
        """Number, from 0, of the character in its line."""
        return index - self.starts[self.line(index)]

    def same_line(self, index: int, other: int) -> bool:
        """Whether two characters stand in one line."""
        return self.line(index) == self.line(other)

    def line_end(self, index: int) -> int:
        """Index behind the last character of the line that holds `index`."""
        line = self.line(index)
        return self.starts[line] + len(self.lines[line])

    def indent(self, line: int) -> int:
        """How many blanks and tabs begin the line."""
        return len(self.lines[line]) - len(self.lines[line].lstrip(" \t"))

    def opens_line(self, index: int) -> bool:
        """Whether only blanks stand before the character in its line."""
        return not self.text[self.starts[self.line(index)] : index].strip(" \t")

    def rest_of_value(self, start: int, flow: bool) -> str:
        """What stands from `start` to the end of the value, in brackets or not, as far as one line tells."""
        rest = self.text[start : self.line_end(start)]
        return re.split(r"[,\]}]" if flow else r"\s#", rest)[0].strip()

    def with_line(self, line: int, replacement: str) -> Text:
        """The text with another line in place of this one; faults still show the line as it is written."""
        start = self.starts[line]
        return Text(self.text[:start] + replacement + self.text[start + len(self.lines[line]) :], self.written)

    def position(self, start: int, end: int) -> Position:
        """The place from `start` to `end`, or to the end of the first line."""
        start = min(start, len(self.text))
        return Position(self.line(start) + 1, self.column(start) + 1, max(1, min(end, self.line_end(start)) - start))

    def fault(self, found: Finding) -> Fault:
        """The finding with its line and column."""
        place = self.position(found.start, found.end)
        return Fault(place.line, place.column, found.message, found.remedy, self.written[place.line - 1], place.width)
