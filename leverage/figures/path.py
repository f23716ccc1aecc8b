"""How a state variable moves over time under a way of playing: the chance of each level, its mean, and where most paths lie."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from leverage.figures.axes_parts import few_ticks, limits, spread_out
from leverage.figures.cells import amount, cell, listed_texts, rows_of, sentence
from leverage.figures.context import Context
from leverage.figures.drawing import Drawing, drawing_name
from leverage.figures.sheet import Entry, Sheet
from leverage.figures.style import (
    BLACK,
    LEADING,
    MARGIN,
    MEDIUM,
    PAPER,
    POINTS,
    QUIET,
    SKY,
    SMALL,
    WIDTH,
    level_colours,
    look,
    text_height,
    text_width,
    tint,
    wrapped,
)
from leverage.output.columns import percent
from leverage.scenario.wording import plain

_CHANCE = "chance of "
#: Inches: height of the panel of chances and of that of the mean, widest name of a level.
_CHANCES, _MEAN, _NAMES = 2.1, 1.25, 1.5
_BAND: dict[str, Any] = {"facecolor": tint(SKY, 0.45), "edgecolor": SKY, "linewidth": 0.6}

Numbers = NDArray[np.float64]


def draw_path(paths: pd.DataFrame, selection: str, variable: str, context: Context) -> Drawing | None:
    """The chance of each level of a state variable over time as stacked areas; below it the mean with the band of 80% of paths.

    Parameters
    ----------
    paths : the table `paths`; chances in [0, 1], the mean and the ends of the band in numbers of levels.
    selection, variable : which rows. context : the unit of time and the order of levels.

    Returns
    -------
    The drawing, or None where the table says nothing of that selection and variable.
    """
    rows = rows_of(paths, selection=selection, variable=variable)
    named = {quantity.removeprefix(_CHANCE) for quantity in listed_texts(rows, "quantity") if quantity.startswith(_CHANCE)}
    levels = [level for level in context.levels.get(variable, {}) if level in named]
    if not levels:
        return None
    periods = rows_of(rows, quantity=_CHANCE + levels[0])["period"].to_numpy(dtype=np.float64)
    chances = np.array([_series(rows, _CHANCE + level) for level in levels])
    with look():
        sheet = Sheet(_title(rows, selection, variable, levels, context))
        left = _left(variable, levels, context)
        _draw_chances(sheet, left, periods, chances, levels, variable)
        _draw_mean(sheet, left, periods, rows, variable, context)
        return sheet.finish(drawing_name("path", selection, variable), _description(rows, selection, variable, levels, context))


def _series(rows: pd.DataFrame, quantity: str) -> Numbers:
    return rows_of(rows, quantity=quantity)["value"].to_numpy(dtype=np.float64)


# --- words --------------------------------------------------------------------------------------------------------------


def _at(rows: pd.DataFrame, period: float, quantity: str) -> float:
    return cell(rows[rows["period"] == period], "value", quantity=quantity)


def _likeliest(rows: pd.DataFrame, period: float, levels: list[str]) -> tuple[str, float]:
    """The likeliest level at a period, of ties the highest, and its chance."""
    chances = {level: _at(rows, period, _CHANCE + level) for level in levels}
    found = max(reversed(levels), key=lambda level: chances[level])
    return found, chances[found]


def _ends(rows: pd.DataFrame) -> tuple[float, float]:
    return float(rows["period"].min()), float(rows["period"].max())


def _title(rows: pd.DataFrame, selection: str, variable: str, levels: list[str], context: Context) -> str:
    first, last = _ends(rows)
    (before, _), (after, chance) = (_likeliest(rows, period, levels) for period in (first, last))
    told = f"after {last:g} {context.time} {plain(variable)} is most likely {plain(after)} ({percent(chance)})"
    return sentence(f"{plain(selection)}: {told}, {'as' if before == after else f'from {plain(before)}'} at the start.")


def _description(rows: pd.DataFrame, selection: str, variable: str, levels: list[str], context: Context) -> str:
    first, last = _ends(rows)
    told = [
        f"Above, stacked areas: the chance of each level of {plain(variable)} over {last:g} {context.time} under"
        f" {plain(selection)}. Below, its mean and the band that holds 80% of paths."
    ]
    for period in (first, (first + last) // 2, last):
        each = ", ".join(f"{plain(level)} {percent(_at(rows, period, _CHANCE + level))}" for level in levels)
        mean, low, high = (amount(_at(rows, period, quantity)) for quantity in ("mean", "low", "high"))
        told.append(f"After {period:g}: {each}; mean {mean}, band {low} to {high}.")
    return " ".join(told)


# --- panels -------------------------------------------------------------------------------------------------------------


def _level_names(variable: str, context: Context) -> dict[float, str]:
    """The number of each level -> its name."""
    return {number: plain(level) for level, number in context.levels[variable].items()}


def _ticks_named(variable: str, context: Context) -> bool:
    """Whether names of levels can stand on the axis of the mean: they are short, and no two of them touch."""
    names = _level_names(variable, context)
    numbers = sorted(names)
    if not 2 <= len(numbers) == len(context.levels[variable]) or max(map(text_width, names.values())) > _NAMES:
        return False
    closest = min(np.diff(numbers)) / (numbers[-1] - numbers[0]) / 1.16 * _MEAN
    return bool(closest >= SMALL * LEADING / POINTS)


def _left(variable: str, levels: list[str], context: Context) -> float:
    names = [plain(level) for level in levels] if _ticks_named(variable, context) else []
    return max([0.5, *(text_width(name) + MARGIN + 0.12 for name in names)])


def _right(levels: list[str]) -> float:
    names = [line for level in levels for line in wrapped(plain(level), _NAMES).split("\n")]
    return max(text_width(name) for name in names) + 0.27


def _draw_chances(sheet: Sheet, left: float, periods: Numbers, chances: Numbers, levels: list[str], variable: str) -> None:
    """Areas from the lowest level up; each is named at the right, as high as it ends."""
    names = [wrapped(plain(level), _NAMES) for level in levels]
    line = max(text_height(name) for name in names) + 0.02
    height = max(_CHANCES, line * len(levels))
    width = WIDTH - MARGIN - left - _right(levels)
    sheet.write(MARGIN, f"Chance of each level of {plain(variable)}, %", size=MEDIUM)
    axes = sheet.axes(left, width, height, below=0.2)
    colours = level_colours(len(levels))
    axes.stackplot(periods, 100 * chances, colors=colours, edgecolor=PAPER, linewidth=0.7)
    axes.set(xlim=(periods[0], max(periods[-1], periods[0] + 1)), ylim=(0, 100))
    few_ticks(axes, width, height)
    axes.tick_params(labelbottom=False)
    edges = np.concatenate([[0.0], np.cumsum(chances[:, -1])]) * height
    middles = list((edges[1:] + edges[:-1]) / 2)
    half = line / 2
    places = spread_out(middles, line, min(half, height - half), height - half)
    for name, colour, wanted, place in zip(names, colours, middles, places, strict=True):
        _name_area(axes, name, colour, (wanted / height, place / height), width)
    sheet.depth += 0.2 + height + 0.12


def _name_area(axes: Axes, name: str, colour: str, heights: tuple[float, float], width: float) -> None:
    """The level's name at its place with a line from where its area ends; heights are shares of the panel's."""
    near, far = 1 + 0.02 / width, 1 + 0.17 / width
    end = far - 0.06 / width
    axes.plot(
        [1.0, near, end],
        [heights[0], heights[0], heights[1]],
        transform=axes.transAxes,
        color=QUIET,
        linewidth=0.6,
        clip_on=False,
    )
    axes.plot([far], [heights[1]], "s", markersize=5, color=colour, transform=axes.transAxes, clip_on=False)
    axes.text(1 + 0.25 / width, heights[1], name, transform=axes.transAxes, va="center")


def _draw_mean(sheet: Sheet, left: float, periods: Numbers, rows: pd.DataFrame, variable: str, context: Context) -> None:
    """The mean as a line, the band as steps: its ends are levels."""
    width = WIDTH - MARGIN - left - _right(list(context.levels[variable]))
    mean, low, high = (_series(rows, quantity) for quantity in ("mean", "low", "high"))
    sheet.write(MARGIN, f"{sentence(plain(variable))}: mean and where 80% of paths lie", size=MEDIUM)
    axes = sheet.axes(left, width, _MEAN, below=0.2)
    axes.fill_between(periods, low, high, step="mid", **_BAND)
    axes.plot(periods, mean, color=BLACK, linewidth=1.6)
    names = _level_names(variable, context)
    axes.set(xlim=(periods[0], max(periods[-1], periods[0] + 1)), ylim=limits(list(names), 0.08))
    few_ticks(axes, width, _MEAN)
    if _ticks_named(variable, context):
        axes.set_yticks(list(names), list(names.values()))
    sheet.depth += 0.2 + _MEAN + 0.24
    sheet.write(left + width / 2, sentence(context.time), size=MEDIUM, ha="center")
    sheet.depth += text_height("", MEDIUM) + 0.06
    sheet.key(
        [Entry("mean", line={"color": BLACK, "linewidth": 1.6}), Entry("band that holds 80% of paths", patch=_BAND)], left=left
    )
