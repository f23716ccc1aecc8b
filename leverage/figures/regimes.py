"""A map of regimes: over two parameters, where which answer is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from leverage.figures.axes_parts import few_ticks
from leverage.figures.cells import sentence
from leverage.figures.drawing import Drawing, drawing_name
from leverage.figures.sheet import Entry, Sheet
from leverage.figures.style import CATEGORIES, HATCHES, INK, MARGIN, MEDIUM, PAPER, QUIET, WIDTH, look, wrapped
from leverage.output.regimes import area_words, finding, shares_of
from leverage.scenario.scenario import Parameter
from leverage.scenario.wording import plain

#: Inches: where the panel begins, its width and height, what names of axes take.
_LEFT, _WIDE, _TALL, _NAMES = 0.85, 5.6, 3.7, 0.24
#: Regimes that are told apart; the others share one look.
MOST_REGIMES = len(CATEGORIES)
_OTHERS: dict[str, Any] = {"facecolor": "#bbbbbb", "edgecolor": INK, "linewidth": 0.0, "hatch": "oo"}
_UNSETTLED: dict[str, Any] = {"facecolor": PAPER, "edgecolor": QUIET, "linewidth": 0.25}
_HERE: dict[str, Any] = {"marker": "o", "color": INK, "markeredgecolor": PAPER, "markeredgewidth": 1.2, "markersize": 7}


@dataclass(frozen=True)
class MapQuestion:
    """What a map is of. key: of the aspect in the tables. title: what it asks, in words. across, up: the two parameters, whose
    values in use are marked."""

    key: str
    title: str
    across: Parameter
    up: Parameter


def draw_regimes(cells: pd.DataFrame, shares: pd.DataFrame, question: MapQuestion) -> Drawing | None:
    """The map of one aspect: settled cells in the look of their regime, the others left white.

    Parameters
    ----------
    cells, shares : the tables of these names of a folder of `simulate regimes`. question : which aspect of them.

    Returns
    -------
    The drawing, or None where the aspect has one regime only: there is nothing to see.
    """
    own, divided = cells[cells["aspect"] == question.key], shares[shares["aspect"] == question.key]
    if len(divided) < 2:
        return None
    title = finding(question.title, divided)
    looks = {regime: _fill(k) if k < MOST_REGIMES else _OTHERS for k, regime in enumerate(divided.regime)}
    with look():
        sheet = Sheet(title)
        axes = sheet.axes(_LEFT, _WIDE, _TALL)
        _draw_cells(axes, own, question, looks)
        here = _draw_here(axes, question)
        _name_axes(sheet, axes, question)
        sheet.key(_entries(divided, looks, unsettled=not bool(own.settled.all()), here=here))
        return sheet.finish(drawing_name("regimes", question.key), _description(own, divided, question, here))


def _fill(number: int) -> dict[str, Any]:
    return {"facecolor": CATEGORIES[number], "edgecolor": INK, "linewidth": 0.0, "hatch": HATCHES[number]}


def _ends(question: MapQuestion) -> list[str]:
    return [f"{each.name}_{end}" for each in (question.across, question.up) for end in ("low", "high")]


def _draw_cells(axes: Axes, own: pd.DataFrame, question: MapQuestion, looks: Mapping[str, dict[str, Any]]) -> None:
    """All cells of a regime are one shape, so that no seams show between them."""
    ends = own[_ends(question)].to_numpy(dtype=float)
    settled = own.settled.to_numpy(dtype=bool)
    for regime, style in looks.items():
        inside = ends[settled & (own.regime == regime).to_numpy(dtype=bool)]
        if len(inside):
            axes.add_patch(PathPatch(_shape(inside), **style))
    if not settled.all():
        axes.add_patch(PathPatch(_shape(ends[~settled]), **_UNSETTLED))
    left, _, below, _ = ends.min(axis=0)
    _, right, _, above = ends.max(axis=0)
    axes.set(xlim=(left, right), ylim=(below, above))
    axes.grid(visible=False)


def _shape(ends: np.ndarray[Any, np.dtype[np.float64]]) -> Path:
    """(n, 4) left, right, below, above -> rectangles as one path."""
    left, right, below, above = ends.T
    corners = np.stack(
        [np.column_stack(pair) for pair in ((left, below), (right, below), (right, above), (left, above), (left, below))], axis=1
    )
    codes = np.tile([Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY], len(ends))
    return Path(corners.reshape(-1, 2), codes)


def _draw_here(axes: Axes, question: MapQuestion) -> bool:
    """Mark the values in use; whether they are on the map."""
    (left, right), (below, above) = axes.get_xlim(), axes.get_ylim()
    x, y = question.across.value, question.up.value
    if not (left <= x <= right and below <= y <= above):
        return False
    axes.plot([x], [y], linestyle="none", clip_on=False, zorder=5, **_HERE)
    return True


def _name_axes(sheet: Sheet, axes: Axes, question: MapQuestion) -> None:
    """Ticks and names, with units; that of the upright axis is turned."""
    few_ticks(axes, _WIDE, _TALL)
    name = wrapped(_named(question.up), _TALL, MEDIUM)
    sheet.write(MARGIN, name, below=_TALL / 2, size=MEDIUM, rotation=90, va="center", multialignment="center")
    sheet.depth += _TALL + _NAMES
    sheet.block(_named(question.across), left=_LEFT, width=WIDTH - MARGIN - _LEFT, size=MEDIUM)
    sheet.depth += 0.08


def _named(parameter: Parameter) -> str:
    return sentence(plain(parameter.name)) + (f", {parameter.unit}" if parameter.unit else "")


def _entries(shares: pd.DataFrame, looks: Mapping[str, dict[str, Any]], *, unsettled: bool, here: bool) -> list[Entry]:
    told = [
        Entry(f"{plain(regime)} ({area_words(low, high)})", patch=looks[regime])
        for regime, low, high in shares_of(shares.head(MOST_REGIMES))
    ]
    others = [Entry("other regimes", patch=_OTHERS)] if len(shares) > MOST_REGIMES else []
    open_cells = [Entry("not settled: it changes within the cell", patch={**_UNSETTLED, "linewidth": 0.7})] if unsettled else []
    mark = [Entry("the values in use", line={**_HERE, "linestyle": "none"})] if here else []
    return [*told, *others, *open_cells, *mark]


def _description(cells: pd.DataFrame, shares: pd.DataFrame, question: MapQuestion, here: bool) -> str:
    """What is shown, then every regime with its share, and what there is at the values in use."""
    told = [
        f"A map of {question.title} over {plain(question.across.name)} (across) and {plain(question.up.name)} (up), in"
        f" {len(cells)} cells, which are smaller where it changes."
    ]
    told += [
        f"{sentence(plain(regime))}: {area_words(low, high)} of the area."
        for regime, low, high in shares_of(shares.head(MOST_REGIMES))
    ]
    if here:
        told.append(f"At the values in use: {' or '.join(plain(each) for each in _regimes_at(cells, question))}.")
    return " ".join(told)


def _regimes_at(cells: pd.DataFrame, question: MapQuestion) -> Sequence[str]:
    """The regimes in the cells that hold the values in use."""
    left, right, below, above = cells[_ends(question)].to_numpy(dtype=float).T
    x, y = question.across.value, question.up.value
    inside = (left <= x) & (x <= right) & (below <= y) & (y <= above)
    return list(dict.fromkeys(regime for text in cells.regime[inside] for regime in str(text).split(" | ")))
