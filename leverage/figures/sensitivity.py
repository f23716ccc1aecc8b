"""What the plausible range of each parameter would move an outcome of the Markov equilibrium, the longest bar above."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from leverage.figures.axes_parts import few_ticks, limits
from leverage.figures.cells import amount, rows_of, sentence, setting
from leverage.figures.context import Context
from leverage.figures.drawing import Drawing, drawing_name
from leverage.figures.sheet import Entry, Sheet
from leverage.figures.style import (
    BLACK,
    BLUE,
    INK,
    MARGIN,
    MEDIUM,
    ORANGE,
    QUIET,
    WIDTH,
    look,
    text_height,
    text_width,
    wrapped,
)
from leverage.output.columns import listed
from leverage.scenario.wording import plain

#: Bars that are drawn; the rest is in the table.
_MOST = 12
#: Inches: least height of a bar's row, widest name of a parameter.
_ROW, _NAMES = 0.34, 2.1
_TO_HIGH: dict[str, Any] = {"facecolor": BLUE, "edgecolor": BLACK}
_TO_LOW: dict[str, Any] = {"facecolor": ORANGE, "edgecolor": BLACK, "hatch": "////"}


@dataclass(frozen=True)
class _Bar:
    """A parameter with its value in use and range, and how far either end of the range is from it in the outcome's unit.

    side: 'both', 'rising' or 'falling'; a one-sided derivative says nothing of the other end.
    """

    name: str
    value: float
    low: float
    high: float
    unit: str
    side: str
    derivative: float
    moves: float

    @property
    def to_low(self) -> float:
        return 0.0 if self.side == "rising" else self.derivative * (self.low - self.value)

    @property
    def to_high(self) -> float:
        return 0.0 if self.side == "falling" else self.derivative * (self.high - self.value)

    @property
    def label(self) -> str:
        side = "" if self.side == "both" else f", {self.side}"
        return f"{plain(self.name)}{side}\n{setting(self.low)} to {setting(self.high)}, now {setting(self.value)}"


def draw_sensitivity(sensitivity: pd.DataFrame, subject: str, quantity: str, context: Context) -> Drawing | None:
    """A bar for each of the parameters that move the outcome most, from what the low end of its range would do to what the high
    end would, if the effect of a small change were the same throughout.

    Parameters
    ----------
    sensitivity : the table `sensitivity`. subject, quantity : the outcome, such as a player and 'payoff', or an event and
        'chance by 12 months'. context : names.

    Returns
    -------
    The drawing, or None where no parameter with a range moves the outcome, or the table has no derivatives.
    """
    rows = rows_of(sensitivity, subject=subject, quantity=quantity)
    bars = _bars(rows)[:_MOST]
    if not bars:
        return None
    outcome = _outcome(subject, quantity, context)
    unit = str(rows["quantity_unit"].iloc[0])
    with look():
        sheet = Sheet(_title(bars, outcome, unit))
        sheet.key(
            [Entry("parameter rises to the high end of its range", patch=_TO_HIGH), Entry("falls to the low end", patch=_TO_LOW)]
        )
        sheet.depth += 0.03
        _draw_bars(sheet, bars, f"{sentence(outcome)}: change against the Markov equilibrium, {unit}")
        note = (
            "Local and linear: the effect of a small change, times the way to the end of the range; at the right the whole range."
        )
        sheet.block(note, color=QUIET)
        return sheet.finish(drawing_name("sensitivity", subject, quantity), _description(bars, outcome, unit))


def _bars(rows: pd.DataFrame) -> list[_Bar]:
    """Parameters with a range and an effect, the largest first; ties in the order of the table."""
    found = []
    for row in rows.to_dict("records"):
        derivative, moves = float(row["derivative"]), float(row["moves"])
        if math.isfinite(moves) and moves != 0:
            ends = (float(row["value"]), float(row["low"]), float(row["high"]))
            unit = "" if pd.isna(row["unit"]) else str(row["unit"])
            found.append(_Bar(str(row["parameter"]), *ends, unit, str(row["side"]), derivative, moves))
    return sorted(found, key=lambda bar: -abs(bar.moves))


def _outcome(subject: str, quantity: str, context: Context) -> str:
    """The outcome in words: 'payoff of Ada', "chance by 12 months of 'settled'"."""
    return f"{quantity} of {context.called(subject)}" if subject in context.players else f"{quantity} of '{plain(subject)}'"


def _title(bars: list[_Bar], outcome: str, unit: str) -> str:
    first = bars[0]
    told = f"{plain(first.name)} moves the {outcome} most: its plausible range by {amount(first.moves)} ({unit})"
    return sentence(f"{told}, then {plain(bars[1].name)} by {amount(bars[1].moves)}." if len(bars) > 1 else f"{told}.")


def _description(bars: list[_Bar], outcome: str, unit: str) -> str:
    each = [f"{plain(bar.name)} ({setting(bar.low)} to {setting(bar.high)}) {amount(bar.moves)}" for bar in bars]
    told = f"Bars, the longest above: what the plausible range of each parameter would move the {outcome}, in {unit}, if the"
    return f"{told} effect of a small change were the same throughout. {sentence(listed(each))}."


def _draw_bars(sheet: Sheet, bars: list[_Bar], axis: str) -> None:
    labels = ["\n".join(wrapped(line, _NAMES) for line in bar.label.split("\n")) for bar in bars]
    heights = [max(_ROW, text_height(label) + 0.08) for label in labels]
    left = MARGIN + max(text_width(line) for label in labels for line in label.split("\n")) + 0.1
    numbers = [amount(bar.moves) if bar.moves < 0 else f"+{amount(bar.moves)}" for bar in bars]
    width = WIDTH - MARGIN - left - max(map(text_width, numbers)) - 0.08
    axes = sheet.axes(left, width, sum(heights))
    axes.set(xlim=limits([0.0, *(end for bar in bars for end in (bar.to_low, bar.to_high))]), ylim=(sum(heights), 0))
    few_ticks(axes, width, 2.0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.axvline(0, color=INK, linewidth=0.8)
    row = 0.0
    for bar, label, number, height in zip(bars, labels, numbers, heights, strict=True):
        middle = row + height / 2
        for end, style in ((bar.to_low, _TO_LOW), (bar.to_high, _TO_HIGH)):
            axes.barh(middle, end, height=0.17, linewidth=0.6, **style)
        sheet.write(left - 0.08, label, below=middle, ha="right", va="center", multialignment="right")
        sheet.write(WIDTH - MARGIN, number, below=middle, ha="right", va="center")
        row += height
    sheet.depth += row + 0.24
    lines = wrapped(axis, width, MEDIUM)
    sheet.write(left + width / 2, lines, size=MEDIUM, ha="center", multialignment="center")
    sheet.depth += text_height(lines, MEDIUM) + 0.06
