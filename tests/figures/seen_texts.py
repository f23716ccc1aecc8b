"""Where the texts of a drawing stand once it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from matplotlib.transforms import Bbox, BboxBase

from leverage.figures.drawing import DPI, Drawing
from leverage.figures.style import look

#: Inches by which boxes of texts may overlap: they are taller than their letters by more than that.
TOUCH = 0.015


@dataclass(frozen=True)
class Seen:
    """A visible text with its box in inches."""

    text: str
    size: float
    box: Bbox


def seen_texts(drawing: Drawing) -> tuple[list[Seen], Bbox]:
    """All visible texts, and the box of the figure, in inches."""
    figure = drawing.figure
    with look():
        figure.set_dpi(DPI)
        canvas: Any = FigureCanvasAgg(figure)
        canvas.draw()
        unseen = {id(label) for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for label in _labels_outside(axis)}
        found = [
            Seen(text.get_text(), float(text.get_fontsize()), _inches(text.get_window_extent(canvas.get_renderer())))
            for text in figure.findobj(Text)
            if isinstance(text, Text) and text.get_visible() and text.get_text().strip() and id(text) not in unseen
        ]
    return found, _inches(figure.bbox)


def _inches(box: BboxBase) -> Bbox:
    return Bbox.from_extents(*(value / DPI for value in box.extents))


def _labels_outside(axis: Axis) -> list[Text]:
    """Labels of ticks that are not drawn: beyond the ends of the axis, or switched off."""
    low, high = sorted(axis.get_view_interval())
    margin = 1e-9 * (high - low)
    ticks = axis.get_major_ticks()
    return [
        label
        for tick in ticks
        for label in (tick.label1, tick.label2)
        if not (low - margin <= tick.get_loc() <= high + margin) or not label.get_visible()
    ]


def overlaps(found: list[Seen]) -> list[tuple[str, str]]:
    """Pairs of texts whose boxes share more than a touch."""
    pairs = []
    for one, other in combinations(found, 2):
        shared = Bbox.intersection(one.box, other.box)
        if shared is not None and shared.width > TOUCH and shared.height > TOUCH:
            pairs.append((one.text, other.text))
    return pairs
