"""What each instrument is worth: gain, reach and coercion with their bounds, and the two channels beside the whole."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from leverage.figures.axes_parts import few_ticks, limits
from leverage.figures.cells import amount, listed_texts, rows_of, sentence, texts
from leverage.figures.context import Context
from leverage.figures.drawing import Drawing
from leverage.figures.sheet import Entry, Sheet
from leverage.figures.style import (
    BLACK,
    BLUE,
    INK,
    MARGIN,
    MEDIUM,
    QUIET,
    SKY,
    WIDTH,
    YELLOW,
    look,
    text_height,
    text_width,
    wrapped,
)
from leverage.output.columns import listed
from leverage.scenario.wording import plain

NAME = "leverage"

#: The spread of effects that is worth an axis of its own, as a fraction of the largest payoff.
_WORTH_AN_AXIS = 0.01
#: How play is chosen for gains, the first that the table has.
_SELECTIONS = ("bargaining point", "Markov equilibrium")
_EVERY = "every equilibrium"
#: Channel -> its name, its bar.
_CHANNELS: dict[str, tuple[str, dict[str, Any]]] = {
    "net": ("the whole", {"facecolor": BLUE, "edgecolor": BLACK}),
    "threat": ("as a threat: a plan may prescribe it", {"facecolor": SKY, "edgecolor": BLACK, "hatch": "////"}),
    "commitment": ("as a temptation: it may be used unasked", {"facecolor": YELLOW, "edgecolor": BLACK, "hatch": "xxxx"}),
}
#: Inches: a bar's row, the gap between instruments, widest name of an instrument, panels in a row, gap between panels.
_ROW, _REST, _NAMES, _IN_A_ROW, _GAP = 0.19, 0.12, 1.25, 3, 0.2


@dataclass(frozen=True)
class _Panel:
    """A measure: which rows of the table, and what stands above it."""

    head: str
    selection: str
    measure: str
    subject: str | None


@dataclass(frozen=True)
class _Bar:
    """An effect with its bounds, NaN where there is none."""

    effect: float
    low: float
    high: float
    sign: str

    @property
    def words(self) -> str:
        """The effect as it is printed beside its bar; '?': the sign cannot be told; bounds where they are all there is."""
        if math.isnan(self.effect):
            return f"{amount(self.low)} to {amount(self.high)}" if np.isfinite([self.low, self.high]).all() else "none"
        return amount(self.effect) + ("?" if self.sign == "cannot be told" else "")


def draw_leverage(leverage: pd.DataFrame, context: Context) -> Drawing | None:
    """A row for each instrument, a panel for each measure; whiskers are the bounds.

    Parameters
    ----------
    leverage : the table `leverage`; effects in the unit of payoffs. context : names and units.

    Returns
    -------
    The drawing, or None where the table names no instrument.
    """
    instruments = listed_texts(leverage, "instrument")
    if not instruments:
        return None
    leverage = leverage[texts(leverage, "measure").isin(["gain", "reach", "coercion"])]
    panels = _panels(leverage, context)
    with look():
        sheet = Sheet(_title(leverage, panels, instruments, context))
        sheet.key([Entry(text, patch=bar) for text, bar in _shown_channels(leverage)])
        sheet.depth += 0.05
        for first in range(0, len(panels), _IN_A_ROW):
            _draw_row(sheet, leverage, panels[first : first + _IN_A_ROW], instruments, context)
        note = f"In {context.unit}. Whiskers: bounds of the effect. ?: its sign cannot be told within the bounds."
        sheet.block(note, color=QUIET)
        return sheet.finish(NAME, _description(leverage, panels, instruments, context))


def _holder(leverage: pd.DataFrame, instrument: str) -> str:
    return listed_texts(rows_of(leverage, instrument=instrument), "holder")[0]


def _panels(leverage: pd.DataFrame, context: Context) -> list[_Panel]:
    """The holder's gain and reach, then coercion of every player who is coerced."""
    known = listed_texts(leverage, "selection")
    selection = next((each for each in _SELECTIONS if each in known), known[0])
    panels = [_Panel(f"The holder's gain, {selection}", selection, "gain", None)]
    if _EVERY in known:
        panels.append(_Panel("Reach: by how much the holder's best rises", _EVERY, "reach", None))
    for key in listed_texts(rows_of(leverage, measure="coercion"), "subject"):
        panels.append(_Panel(f"Coercion: by how much the floor of {context.called(key)} falls", _EVERY, "coercion", key))
    return panels


def _bar(leverage: pd.DataFrame, panel: _Panel, instrument: str, channel: str) -> _Bar | None:
    subject = _holder(leverage, instrument) if panel.subject is None else panel.subject
    own = {"instrument": instrument, "selection": panel.selection, "channel": channel, "measure": panel.measure}
    found = rows_of(leverage, **own, subject=subject)
    if not len(found):
        return None
    low, high, effect = (float(found[column].iloc[0]) for column in ("low", "high", "effect"))
    return _Bar(effect, low, high, str(found["sign"].iloc[0]))


def _channels(leverage: pd.DataFrame, instrument: str) -> list[str]:
    own = listed_texts(rows_of(leverage, instrument=instrument), "channel")
    return [channel for channel in _CHANNELS if channel in own]


def _shown_channels(leverage: pd.DataFrame) -> list[tuple[str, dict[str, Any]]]:
    known = listed_texts(leverage, "channel")
    return [told for channel, told in _CHANNELS.items() if channel in known]


# --- words --------------------------------------------------------------------------------------------------------------


def _title(leverage: pd.DataFrame, panels: Sequence[_Panel], instruments: Sequence[str], context: Context) -> str:
    """The instrument that gains its holder most for sure."""
    bars = {name: _bar(leverage, panels[0], name, "net") for name in instruments}
    sure = {name: bar for name, bar in bars.items() if bar is not None and bar.sign == "positive" and math.isfinite(bar.effect)}
    if not sure:
        return f"No instrument is sure to gain its holder anything ({panels[0].selection})."
    best = max(sure, key=lambda name: sure[name].effect)
    others = [bar for name, bar in bars.items() if bar is not None and name != best]
    first = bool(others) and all(sure[best].low > bar.high for bar in others)  # False where a bound is not known
    told = f"{plain(best)} gains {context.called(_holder(leverage, best))} {amount(sure[best].effect)} {context.unit}"
    return sentence(f"{told} ({panels[0].selection}){', more than any other instrument' if first else ''}.")


def _description(leverage: pd.DataFrame, panels: Sequence[_Panel], instruments: Sequence[str], context: Context) -> str:
    told = [f"Bars for each instrument, in {context.unit}, with bounds as whiskers."]
    for panel in panels:
        each = []
        for name in instruments:
            for channel in _channels(leverage, name):
                bar = _bar(leverage, panel, name, channel)
                if bar is not None:
                    part = "" if channel == "net" else f", {_CHANNELS[channel][0].partition(':')[0]}"
                    each.append(f"{plain(name)}{part} {_bounded(bar)}")
        told.append(f"{panel.head}: {listed(each) if each else 'nothing'}.")
    return " ".join(told)


def _bounded(bar: _Bar) -> str:
    if math.isnan(bar.effect) or not np.isfinite([bar.low, bar.high]).all():
        return bar.words
    return f"{amount(bar.effect)} ({amount(bar.low)} to {amount(bar.high)})"


# --- panels -------------------------------------------------------------------------------------------------------------


def _draw_row(
    sheet: Sheet, leverage: pd.DataFrame, panels: Sequence[_Panel], instruments: Sequence[str], context: Context
) -> None:
    """Panels beside each other, and the instruments' names at their left."""
    several = len(listed_texts(leverage, "holder")) > 1
    names = [plain(name) + (f" ({context.called(_holder(leverage, name))})" if several else "") for name in instruments]
    labels = [wrapped(name, _NAMES) for name in names]
    heights = [
        max(_ROW * len(_channels(leverage, name)), text_height(label)) + _REST
        for name, label in zip(instruments, labels, strict=True)
    ]
    left = MARGIN + max(text_width(line) for label in labels for line in label.split("\n")) + 0.1
    beside = max(2, len(panels))
    width = (WIDTH - MARGIN - left - (beside - 1) * _GAP) / beside
    heads = [wrapped(panel.head, width, MEDIUM) for panel in panels]
    top = max(text_height(head, MEDIUM) for head in heads) + 0.05
    place = top
    for label, height in zip(labels, heights, strict=True):
        sheet.write(left - 0.08, label, below=place + height / 2, ha="right", va="center", multialignment="right")
        place += height
    for k, (panel, head) in enumerate(zip(panels, heads, strict=True)):
        begin = left + k * (width + _GAP)
        sheet.write(begin, head, size=MEDIUM)
        bars = [[(c, _bar(leverage, panel, name, c)) for c in _channels(leverage, name)] for name in instruments]
        _draw_panel(sheet, bars, heights, (begin, width, top), _least(leverage))
    sheet.depth += place + 0.32


def _least(leverage: pd.DataFrame) -> float:
    """The spread of effects that is worth an axis: rounding of large payoffs is not."""
    largest = float(leverage[["with", "without"]].abs().max().max())
    return _WORTH_AN_AXIS * largest if math.isfinite(largest) else 0.0


def _draw_panel(
    sheet: Sheet,
    bars: Sequence[Sequence[tuple[str, _Bar | None]]],
    heights: Sequence[float],
    place: tuple[float, float, float],
    least: float,
) -> None:
    """Bars of all instruments; the numbers stand in a column at the right."""
    begin, width, top = place
    shown = [bar for group in bars for _, bar in group if bar is not None]
    column = max([text_width(bar.words) for bar in shown], default=0.0) + 0.06
    axes = sheet.axes(begin, width - column, sum(heights), below=top)
    ends = [value for bar in shown for value in (bar.effect, bar.low, bar.high) if math.isfinite(value)]
    axes.set(xlim=limits([0.0, *ends], least=least), ylim=(sum(heights), 0))
    few_ticks(axes, width - column, 2.0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.axvline(0, color=INK, linewidth=0.8)
    row = 0.0
    for group, height in zip(bars, heights, strict=True):
        if row:
            axes.axhline(row, color="#eeeeee", linewidth=0.7)
        middle = row + (height - _ROW * (len(group) - 1)) / 2
        for k, (channel, bar) in enumerate(group):
            if bar is not None:
                _draw_bar(axes, middle + k * _ROW, bar, channel)
                sheet.write(begin + width, bar.words, below=top + middle + k * _ROW, ha="right", va="center")
        row += height


def _draw_bar(axes: Axes, row: float, bar: _Bar, channel: str) -> None:
    if math.isfinite(bar.effect):
        axes.barh(row, bar.effect, height=0.12, linewidth=0.6, **_CHANNELS[channel][1])
    if np.isfinite([bar.low, bar.high]).all():
        axes.plot([bar.low, bar.high], [row, row], color=BLACK, linewidth=1.0, marker="|", markersize=5)
