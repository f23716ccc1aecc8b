"""How a claim fares along a parameter: its margin with bounds and unit, its verdicts, the value in use and where it tips."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import cycle, groupby
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from leverage.figures.axes_parts import few_ticks, limits, spread_out
from leverage.figures.cells import amount, cell, listed_texts, rows_of, sentence, setting, texts
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
    PAPER,
    QUIET,
    SKY,
    VERMILLION,
    WIDTH,
    look,
    text_height,
    text_width,
    tint,
    wrapped,
)
from leverage.output.claims import narrow, with_notes
from leverage.output.columns import listed
from leverage.scenario.wording import plain

#: Inches: the panel of margins and its left edge, the strip of verdicts.
_TALL, _LEFT, _STRIP = 2.3, 0.65, 0.17
#: Verdict -> its colour and hatch, best first.
_VERDICTS: dict[str, dict[str, Any]] = {
    "holds": {"facecolor": BLUE, "edgecolor": BLACK},
    "barely": {"facecolor": SKY, "edgecolor": BLACK, "hatch": "\\\\\\\\"},
    "idle": {"facecolor": PAPER, "edgecolor": BLACK, "hatch": "----"},
    "undecided": {"facecolor": "#cccccc", "edgecolor": BLACK, "hatch": "xxxx"},
    "undefined": {"facecolor": PAPER, "edgecolor": BLACK, "hatch": "||||"},
    "fails": {"facecolor": VERMILLION, "edgecolor": BLACK, "hatch": "////"},
}
#: Verdict -> how a sentence says it of a claim.
_SAID = {"barely": "barely holds", "idle": "is idle", "undecided": "is undecided", "undefined": "is undefined"}
#: A stretch of the range beyond the nearest flip: the search for flips had no need to look there.
_UNSEEN: dict[str, Any] = {"facecolor": PAPER, "edgecolor": QUIET, "hatch": "...", "linewidth": 0.0}
_MARGIN: dict[str, Any] = {"color": BLACK, "linewidth": 0.9, "marker": "o", "markersize": 4.0, "markerfacecolor": PAPER}
#: Markers of margins in one unit after the other, where lines in different units decide.
_MARKERS = ("o", "s", "^", "D", "v")
_BOUNDS: dict[str, Any] = {"color": BLACK, "linewidth": 0.9}
_NOTING: dict[str, Any] = {"color": QUIET, "linewidth": 0.9, "linestyle": ":"}
_IN_USE: dict[str, Any] = {"color": INK, "linewidth": 1.0, "linestyle": (0, (5, 2))}
_TIPPING: dict[str, Any] = {"color": VERMILLION, "linewidth": 1.3}
_BRACKET: dict[str, Any] = {"facecolor": tint(ORANGE, 0.5), "edgecolor": ORANGE, "linewidth": 0.5}

Numbers = NDArray[np.float64]


def draw_claim_along(
    points: pd.DataFrame, claims: pd.DataFrame, tipping: pd.DataFrame, claim: str, parameter: str, context: Context
) -> Drawing | None:
    """A claim along one parameter, all others as in use: margins as points with bounds as whiskers, a strip with the verdicts.

    Parameters
    ----------
    points : the table of points at which claims were judged: claim, parameter, value, verdict, margin, margin_low, margin_high,
        unit (of the margin).
    claims, tipping : the tables `claims` (the size worth noting) and `tipping` (value in use, range, where it flips).
    claim, parameter : what is drawn. context : names.

    Returns
    -------
    The drawing, or None where the claim was not judged along the parameter.
    """
    rows = rows_of(points, claim=claim, parameter=parameter)
    rows = rows.drop_duplicates("value").sort_values("value", kind="stable")
    if not len(rows):
        return None
    known = rows_of(tipping, claim=claim, parameter=parameter)
    with look():
        sheet = Sheet(_title(rows, known, claim, parameter))
        says = listed_texts(rows_of(claims, claim=claim, line=""), "says")
        if says and says[0]:
            sheet.block(f"{claim}: {' '.join(says[0].split())}", color=QUIET)
            sheet.depth += 0.08
        _draw(sheet, rows, claims, known, claim, parameter)
        return sheet.finish(drawing_name("claim", claim, parameter), _description(rows, known, claim, parameter))


# --- words --------------------------------------------------------------------------------------------------------------


def _title(rows: pd.DataFrame, known: pd.DataFrame, claim: str, parameter: str) -> str:
    now, flip = cell(known, "value"), cell(known, "flips_at")
    verdicts = listed_texts(rows, "verdict")
    name = plain(parameter)
    if math.isfinite(flip):
        verdict, beyond = (_said(listed_texts(known, column)[0]) for column in ("verdict", "flips_to"))
        side = "above" if flip > now else "below"
        return f"{claim} {verdict} at {name} {setting(now)} and {beyond} {side} {setting(flip)}."
    if len(verdicts) == 1:
        return f"{claim} {_said(verdicts[0])} at every value of {name} that was looked at."
    return f"{claim} along {name}: it {listed([_stretch(rows, verdict) for verdict in verdicts])}."


def _said(verdict: str) -> str:
    return _SAID.get(verdict, verdict)


def _stretch(rows: pd.DataFrame, verdict: str) -> str:
    """A verdict with the smallest and the largest value at which it was found."""
    values = rows_of(rows, verdict=verdict)["value"]
    low, high = setting(float(values.min())), setting(float(values.max()))
    return f"{_said(verdict)} at {low}" if low == high else f"{_said(verdict)} between {low} and {high}"


def _description(rows: pd.DataFrame, known: pd.DataFrame, claim: str, parameter: str) -> str:
    told = [f"The margin of claim {claim} along {plain(parameter)}, all else as in use, and its verdicts."]
    for value, verdict, margin, unit in zip(
        rows["value"], texts(rows, "verdict"), rows["margin"], texts(rows, "unit"), strict=True
    ):
        number = "" if math.isnan(margin) else f", margin {with_notes(amount(float(margin)), unit)}"
        told.append(f"At {setting(float(value))}: {verdict}{number}.")
    now, flip = cell(known, "value"), cell(known, "flips_at")
    if math.isfinite(now):
        told.append(f"In use: {setting(now)}.")
    if math.isfinite(flip):
        low, high = cell(known, "bracket_low"), cell(known, "bracket_high")
        told.append(f"It tips at {setting(flip)}, certainly between {setting(low)} and {setting(high)}.")
    return " ".join(told)


# --- panel --------------------------------------------------------------------------------------------------------------


def _draw(sheet: Sheet, rows: pd.DataFrame, claims: pd.DataFrame, known: pd.DataFrame, claim: str, parameter: str) -> None:
    width = WIDTH - MARGIN - _LEFT
    values = rows["value"].to_numpy(dtype=np.float64)
    told = [cell(known, column) for column in ("low", "high", "value", "bracket_low", "bracket_high")]
    axis = limits([*values, *filter(math.isfinite, told)], 0.03)
    noting = cell(claims, "worth_noting_from", claim=claim, line="")
    sheet.block(_margin_words(_units(rows)), size=MEDIUM)
    _draw_marks(sheet, known, axis, width)
    axes = sheet.axes(_LEFT, width, _TALL)
    axes.set(xlim=axis, ylim=_heights(rows, noting))
    few_ticks(axes, width, _TALL)
    axes.tick_params(labelbottom=False)
    axes.axhline(0, color=INK, linewidth=0.9)
    if math.isfinite(noting):
        axes.axhline(noting, **_NOTING)
    _draw_margins(axes, rows)
    _draw_lines(axes, known)
    sheet.depth += _TALL + 0.1
    verdicts = texts(rows, "verdict").tolist()
    unseen = _unseen(values, cell(known, "low"), cell(known, "high"))
    _draw_strip(sheet, values, verdicts, unseen, axis, width)
    _write_axis(sheet, known, parameter, width)
    entries = [Entry(verdict, patch=style) for verdict, style in _VERDICTS.items() if verdict in verdicts]
    sheet.key([*entries, *([Entry("not looked at", patch=_UNSEEN)] if unseen else [])])
    sheet.key(_line_entries(rows, known, noting))


def _units(rows: pd.DataFrame) -> list[str]:
    """Units of the margins, in the order of the parameter's values; '' for plain numbers."""
    return listed_texts(rows[rows["margin"].notna()], "unit")


def _margin_words(units: Sequence[str]) -> str:
    """What the axis of margins counts: 'Margin of the claim, points a month (above 0: for it)'."""
    if len(units) < 2:
        return f"{', '.join(('Margin of the claim', *filter(None, units)))} (above 0: for it)"
    return f"Margin of the line that decides, {' or '.join(unit or 'a number' for unit in units)} (above 0: for it)"


def _unseen(values: Numbers, low: float, high: float) -> list[tuple[float, float]]:
    """Stretches of the plausible range [low, high] on which no value was judged: at its ends."""
    return [(begin, end) for begin, end in ((low, values[0]), (values[-1], high)) if begin < end]


def _heights(rows: pd.DataFrame, noting: float) -> tuple[float, float]:
    """Ends of the axis of margins; bounds that are infinite or dwarf the margins run out of the panel."""
    margins = [float(value) for value in rows["margin"] if math.isfinite(value)]
    bounds = [float(value) for column in ("margin_low", "margin_high") for value in rows[column] if math.isfinite(value)]
    if math.isfinite(noting):
        margins.append(noting)
    return limits([0.0, *margins, *bounds], 0.08)


def _draw_margins(axes: Axes, rows: pd.DataFrame) -> None:
    values, margins, low, high = (
        rows[name].to_numpy(dtype=np.float64) for name in ("value", "margin", "margin_low", "margin_high")
    )
    bottom, top = axes.get_ylim()
    known = np.isfinite(margins)
    markers = dict(zip(_units(rows), cycle(_MARKERS)))
    for unit, run in groupby(np.flatnonzero(known), key=texts(rows, "unit").tolist().__getitem__):
        own = list(run)
        axes.plot(values[own], margins[own], zorder=4, **{**_MARGIN, "marker": markers[unit]})
    bounded = ~np.isnan(low) & ~np.isnan(high)
    axes.vlines(values[bounded], np.clip(low[bounded], bottom, top), np.clip(high[bounded], bottom, top), zorder=3, **_BOUNDS)
    for ends in (low, high):
        inside = bounded & np.isfinite(ends)
        axes.plot(values[inside], ends[inside], linestyle="none", marker="_", markersize=5, color=BLACK)


def _draw_lines(axes: Axes, known: pd.DataFrame) -> None:
    """The value in use and the bracket of the tipping point."""
    now, flip, low, high = (cell(known, column) for column in ("value", "flips_at", "bracket_low", "bracket_high"))
    if math.isfinite(now):
        axes.axvline(now, **_IN_USE)
    if math.isfinite(flip):
        axes.axvspan(low, high, zorder=0.5, **_BRACKET)
        axes.axvline(flip, **_TIPPING)


def _draw_marks(sheet: Sheet, known: pd.DataFrame, axis: tuple[float, float], width: float) -> None:
    """Words over the lines of the value in use and the tipping point, moved apart where they would touch."""
    marks = sorted(
        (value, word)
        for column, word in (("value", "in use"), ("flips_at", "tips at"))
        if math.isfinite(value := cell(known, column))
    )
    if not marks:
        return
    named = [f"{word} {setting(value)}" for value, word in marks]
    wanted = [_LEFT + (value - axis[0]) / (axis[1] - axis[0]) * width for value, _ in marks]
    halves = [text_width(name) / 2 for name in named]
    apart = sum(halves) + 0.12 if len(marks) > 1 else 0.0
    places = spread_out(wanted, apart, _LEFT + halves[0], WIDTH - MARGIN - halves[-1])
    for name, place in zip(named, places, strict=True):
        sheet.write(place, name, ha="center")
    sheet.depth += text_height("") + 0.03


def _draw_strip(
    sheet: Sheet,
    values: Numbers,
    verdicts: Sequence[str],
    unseen: Sequence[tuple[float, float]],
    axis: tuple[float, float],
    width: float,
) -> None:
    """A stretch for each run of equal verdicts; between two points that differ the place of the change is not known: a gap."""
    axes = sheet.axes(_LEFT, width, _STRIP)
    axes.set(xlim=axis, ylim=(0, 1), yticks=[])
    few_ticks(axes, width, 2.0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False)
    for begin, end in unseen:
        axes.axvspan(begin, end, zorder=0.5, **_UNSEEN)
    least = 0.012 * (axis[1] - axis[0])
    first = 0
    for k in range(1, len(verdicts) + 1):
        if k == len(verdicts) or verdicts[k] != verdicts[first]:
            begin, end = values[first], values[k - 1]
            spare = max(0.0, (least - (end - begin)) / 2)
            axes.axvspan(begin - spare, end + spare, linewidth=0.6, **_VERDICTS.get(verdicts[first], _VERDICTS["undefined"]))
            first = k
    sheet.depth += _STRIP + 0.24


def _write_axis(sheet: Sheet, known: pd.DataFrame, parameter: str, width: float) -> None:
    unit = listed_texts(known, "unit")[0] if len(known) else ""
    lines = wrapped(sentence(plain(parameter)) + (f", {unit}" if unit else ""), width, MEDIUM)
    sheet.write(_LEFT + width / 2, lines, size=MEDIUM, ha="center", multialignment="center")
    sheet.depth += text_height(lines, MEDIUM) + 0.06


def _line_entries(rows: pd.DataFrame, known: pd.DataFrame, noting: float) -> list[Entry]:
    units = _units(rows)
    told = [f", in {unit or 'a number'}" if len(units) > 1 else "" for unit in units]
    shapes = zip(told, cycle(_MARKERS))
    entries = [Entry(f"margin where it was judged{words}", line={**_MARGIN, "marker": shape}) for words, shape in shapes]
    bounds = zip(rows["margin_low"], rows["margin_high"], strict=True)
    if any(math.isinf(high - low) or (high > low and not narrow(low, high)) for low, high in bounds):
        entries.append(Entry("bounds of the margin", line={**_BOUNDS, "marker": "_", "markersize": 5}))
    if math.isfinite(noting):
        entries.append(Entry("worth noting from here", line=_NOTING))
    if math.isfinite(cell(known, "flips_at")):
        entries.append(Entry("it tips within", patch=_BRACKET, line=_TIPPING))
    return entries
