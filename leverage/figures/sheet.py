"""A figure that is built from the top down in inches, so that every text has the place that it needs before it is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.transforms import Affine2D

from leverage.figures.drawing import Drawing
from leverage.figures.style import INK, LARGE, MARGIN, POINTS, SMALL, WIDTH, text_height, text_width, wrapped

#: Inches: a sample in a key, between sample and text, between two entries, between two rows.
_SAMPLE, _NEAR, _APART, _BETWEEN = 0.24, 0.06, 0.2, 0.04
#: Depth of the middle of the first line of a text below its top, as a multiple of its size.
_MIDDLE = 0.66


@dataclass(frozen=True)
class Entry:
    """A line of a key: the sample is a patch (a rectangle with these properties), a line, or both, patch first."""

    text: str
    patch: Mapping[str, Any] = field(default_factory=dict)
    line: Mapping[str, Any] = field(default_factory=dict)


class Sheet:
    """A figure 6.9 inches wide that grows downwards.

    `depth` is how many inches from the top are taken. Places are inches from the left edge and from the top.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self.figure = Figure(figsize=(WIDTH, 1.0))
        self.depth = MARGIN
        self._upright = Affine2D()
        self._placed: list[tuple[Axes, float, float, float, float]] = []
        head = wrapped(title, WIDTH - 2 * MARGIN, LARGE, bold=True)
        self.write(MARGIN, head, size=LARGE, weight="bold")
        self.depth += text_height(head, LARGE) + 0.08

    def axes(self, left: float, width: float, height: float, *, below: float = 0.0, share: Axes | None = None) -> Axes:
        """A panel whose top is `below` inches under the depth; it takes no depth."""
        axes = self.figure.add_axes((0.0, 0.0, 1.0, 1.0), label=f"panel {len(self._placed)}", sharex=share)
        self._placed.append((axes, left, self.depth + below, width, height))
        return axes

    def write(self, left: float, text: str, *, below: float = 0.0, size: float = SMALL, **options: Any) -> None:
        """Lines of text whose top is `below` inches under the depth; they take no depth."""
        style = {"color": INK, "va": "top", **options}
        place = self._upright + self.figure.dpi_scale_trans
        self.figure.text(left, self.depth + below, text, fontsize=size, transform=place, **style)

    def block(
        self,
        text: str,
        *,
        left: float = MARGIN,
        width: float = WIDTH - 2 * MARGIN,
        size: float = SMALL,
        bold: bool = False,
        **options: Any,
    ) -> None:
        """Text wrapped to a width, which takes the depth of its lines."""
        lines = wrapped(text, width, size, bold=bold)
        self.write(left, lines, size=size, weight="bold" if bold else "normal", **options)
        self.depth += text_height(lines, size)

    def key(
        self, entries: Sequence[Entry], *, left: float = MARGIN, width: float = WIDTH - 2 * MARGIN, stacked: bool = False
    ) -> None:
        """A key whose entries flow to the width, or stand below each other; it takes the depth of its rows."""
        for row in _rows(entries, width, stacked):
            place = left
            for entry, lines in row:
                self._sample(entry, place)
                self.write(place + _SAMPLE + _NEAR, lines)
                place += _entry_width(lines) + _APART
            self.depth += max(text_height(lines) for _, lines in row) + _BETWEEN

    def _sample(self, entry: Entry, left: float) -> None:
        place = self._upright + self.figure.dpi_scale_trans
        middle = self.depth + _MIDDLE * SMALL / POINTS
        if entry.patch:
            box = Rectangle((left, middle - 0.055), _SAMPLE, 0.11, transform=place, **entry.patch)
            self.figure.add_artist(box)
        if entry.line:
            ends = [left + _SAMPLE / 2] if entry.line.get("linestyle") == "none" else [left, left + _SAMPLE / 2, left + _SAMPLE]
            self.figure.add_artist(Line2D(ends, [middle] * len(ends), transform=place, markevery=[len(ends) // 2], **entry.line))

    def finish(self, name: str, description: str) -> Drawing:
        """The figure at its full height."""
        height = self.depth + MARGIN
        self.figure.set_size_inches(WIDTH, height)
        self._upright.scale(1.0, -1.0).translate(0.0, height)
        for axes, left, top, width, tall in self._placed:
            axes.set_position((left / WIDTH, 1 - (top + tall) / height, width / WIDTH, tall / height))
        return Drawing(name, self.title, description, self.figure)


def key_height(entries: Sequence[Entry], width: float, *, stacked: bool = False) -> float:
    """Inches that a key takes."""
    return sum(max(text_height(lines) for _, lines in row) + _BETWEEN for row in _rows(entries, width, stacked))


def _entry_width(lines: str) -> float:
    return _SAMPLE + _NEAR + max(text_width(line) for line in lines.split("\n"))


def _rows(entries: Sequence[Entry], width: float, stacked: bool) -> list[list[tuple[Entry, str]]]:
    rows: list[list[tuple[Entry, str]]] = []
    room = 0.0
    for entry in entries:
        lines = wrapped(entry.text, width - _SAMPLE - _NEAR)
        taken = _entry_width(lines) + _APART
        if stacked or not rows or taken - _APART > room:
            rows.append([])
            room = width
        rows[-1].append((entry, lines))
        room -= taken
    return rows
