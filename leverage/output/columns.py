"""Plain tables of fixed width, by rich: no colour, no wrapping of numbers, the same bytes on every terminal."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Callable, Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

#: What every printed line fits into.
WIDTH = 80
#: Heads of columns are cut to so many letters a line and so many lines.
LONGEST_WORD, MOST_LINES = 13, 5


def section(number: int, title: str, note: str = "") -> str:
    """The heading of a table: number, title, and what the reader must know."""
    head = f"{number} {title.upper()}" + (f"  ({note})" if note else "")
    return "\n".join(textwrap.wrap(head, WIDTH, subsequent_indent="  ")) + "\n" + "-" * WIDTH


#: A numbered section of a page: its number -> its lines, none where there is nothing to say.
Section = Callable[[int], list[str]]


def numbered(sections: Iterable[Section]) -> list[str]:
    """The lines of the sections that have any, numbered from 1 in their order."""
    lines, which = [], 1
    for lines_of in sections:
        own = lines_of(which)
        lines += own
        which += bool(own)
    return lines


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[str, int]:
    """The table as text, and how many columns at its right end were left out because they do not fit.

    The first column is text, the others are right-aligned. Words of a head stand below each other.
    """
    kept = len(heads)
    while kept > 2 and _width(heads[:kept], rows) > WIDTH:
        kept -= 1
    grid = Table(box=None, pad_edge=False, padding=(0, 1), show_header=True, header_style="", collapse_padding=True)
    for k, head in enumerate(heads[:kept]):
        grid.add_column(Text(_stacked(head) if k else head), justify="right" if k else "left", no_wrap=k > 0, vertical="bottom")
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row[:kept]))
    stream = io.StringIO()
    Console(file=stream, width=WIDTH, color_system=None, legacy_windows=False).print(grid)
    return "\n".join(line.rstrip() for line in stream.getvalue().rstrip("\n").split("\n")), len(heads) - kept


def _stacked(head: str) -> str:
    """A head's words below each other, long ones cut; a number stays with the word before it."""
    return "\n".join(shortened(line, LONGEST_WORD) for line in re.sub(r" (?!\d)", "\n", head).split("\n")[:MOST_LINES])


def _width(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """Columns that the table takes: a column is as wide as its longest word or cell, with two spaces between."""
    widths = [
        max([len(line) for line in _stacked(head).split("\n")] + [len(row[k]) for row in rows]) for k, head in enumerate(heads)
    ]
    return sum(widths) + 2 * (len(widths) - 1)


def paragraph(text: str, indent: int = 0) -> str:
    """Text wrapped to the width; later lines are indented."""
    return "\n".join(textwrap.wrap(text, WIDTH, subsequent_indent=" " * indent))


#: Numbers from here on are printed with their power of ten: digits in front of the point would be noise, and push columns out.
LONGEST = 1e15


def number(value: float, digits: int = 1) -> str:
    """A number for reading: '-' where there is none, 'never'-safe for infinities, no '-0.0'."""
    if value != value:  # noqa: PLR0124 - nan
        return "-"
    if abs(value) == float("inf"):
        return "no end" if value > 0 else "-no end"
    if abs(value) >= LONGEST:
        return f"{value:.4g}"
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text


def percent(value: float) -> str:
    """A chance in per cent; what is not quite certain is not printed as 0 % or 100 %."""
    if value != value:  # noqa: PLR0124 - nan
        return "-"
    if 0 < value < 0.005:
        return "<1%"
    if 0.995 <= value < 1 - 1e-9:
        return ">99%"
    return f"{100 * value:.0f}%"


def shortened(text: str, most: int = 26) -> str:
    """The text, cut with three dots where it is longer."""
    return text if len(text) <= most else f"{text[: most - 3].rstrip()}..."


def listed(parts: Sequence[str]) -> str:
    """'a, b and c'."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
