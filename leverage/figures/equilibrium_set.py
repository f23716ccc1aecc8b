"""What credible play can pay at the start, what would be agreed on in it, and what is left of it without each instrument."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from leverage.figures.axes_parts import few_ticks, limits
from leverage.figures.cells import amount, cell, listed_texts, rows_of, sentence, texts
from leverage.figures.combination_labels import Calls, Combination, PlacedLabel, Point, calls_that_fit, placed_labels
from leverage.figures.context import Context
from leverage.figures.drawing import Drawing
from leverage.figures.sheet import Entry, Sheet, key_height
from leverage.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    INK,
    MARGIN,
    MEDIUM,
    ORANGE,
    PAPER,
    PURPLE,
    QUIET,
    SKY,
    VERMILLION,
    WIDTH,
    YELLOW,
    halo,
    look,
    text_height,
    text_width,
    tint,
    wrapped,
)
from leverage.output.columns import listed
from leverage.scenario.wording import plain

NAME = "equilibrium_set"

_MARKOV = "Markov perfect"
#: Inches: the panel of the game as it is, its left edge, the left edge of the key beside it, how tall that may be.
_MAIN, _LEFT, _KEY, _TALLEST = 3.75, 0.6, 4.6, 5.6
_KEY_WIDTH = WIDTH - MARGIN - _KEY
#: Inches: panels without an instrument; how many in a row.
_SMALL_PANEL, _IN_A_ROW = 1.22, 4
#: Solutions closer than this share of the set's larger side have one marker.
_SAME = 0.016
#: A set whose area is a smaller share of its larger side's square is drawn as a line too.
_THIN = 1e-3
#: Combinations of strategies that are named; the markers of further ones have no name.
_MOST_NAMED = 24
#: How bargaining rules are drawn.
_RULES = {
    "nash": ("s", VERMILLION),
    "kalai-smorodinsky": ("D", ORANGE),
    "maximin": ("^", GREEN),
    "utilitarian": ("v", PURPLE),
    "variable threats": ("P", YELLOW),
}
_INNER: dict[str, Any] = {"facecolor": tint(SKY, 0.45), "edgecolor": BLUE, "linewidth": 1.0}
_OUTER: dict[str, Any] = {"color": BLACK, "linewidth": 0.8, "linestyle": (0, (4, 2))}
_WHOLE: dict[str, Any] = {"facecolor": "#e4e4e4", "edgecolor": "#8c8c8c", "linewidth": 0.8}
_WITHOUT: dict[str, Any] = {"facecolor": tint(BLUE, 0.35), "edgecolor": BLUE, "linewidth": 1.0, "hatch": "////"}

Corners = NDArray[np.float64]


@dataclass(frozen=True)
class _Marked:
    """A point of the main panel with its marker; names: of the strategies of a combination that gets a label."""

    text: str
    at: tuple[float, float]
    line: dict[str, Any]
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Frame:
    """The main panel: the ends of both axes, in payoffs, and its width and height in inches."""

    ends: tuple[tuple[float, float], tuple[float, float]]
    size: tuple[float, float]

    def inches(self, at: tuple[float, float]) -> tuple[float, float]:
        """Where a pair of payoffs is, from the lower left corner."""
        (x, y), (across, up) = at, self.ends
        return (x - across[0]) / (across[1] - across[0]) * self.size[0], (y - up[0]) / (up[1] - up[0]) * self.size[1]

    def split(self, marked: Sequence[_Marked]) -> tuple[list[Combination], list[Point]]:
        """The combinations that have names, and the other points, in inches."""
        named = [(self.inches(point.at), (point.names[0], point.names[1])) for point in marked if point.names]
        return named, [self.inches(point.at) for point in marked if not point.names]


def draw_equilibrium_set(
    sets: pd.DataFrame, bargaining: pd.DataFrame, outcomes: pd.DataFrame, context: Context
) -> Drawing | None:
    """The set of credible payoffs at the start.

    Two players: payoffs of the first against those of the second, what is proved and the bound on everything else, with the
    Markov equilibrium, the bargaining points and the combinations of named strategies; then, one panel an instrument, the same
    set without it. More players: the range of each player.

    Parameters
    ----------
    sets, bargaining, outcomes : the tables `equilibrium_set` (column `without`: '' or an instrument), `bargaining`, `outcomes`.
    context : names and units; payoffs are in its unit.

    Returns
    -------
    The drawing, or None where the start has no credible play in the table (as for a player alone).
    """
    start = sets[(texts(sets, "state") == context.start) | (texts(sets, "without") != "")]
    if not len(rows_of(start, without="", bound="inner", corner="smallest")):
        return None
    payoffs = rows_of(outcomes, quantity="payoff")
    with look():
        sheet = Sheet(_title(start, bargaining, context))
        if len(context.players) == 2:
            _draw_plane(sheet, start, bargaining, payoffs, context)
        else:
            _draw_ranges(sheet, start, context)
        return sheet.finish(NAME, _description(start, bargaining, context))


# --- words --------------------------------------------------------------------------------------------------------------


def _range(start: pd.DataFrame, key: str, without: str = "", bound: str = "inner") -> tuple[float, float]:
    """Smallest and largest payoff; NaN where the table has none."""
    column = f"{key}_payoff"
    low, high = (cell(start, column, without=without, bound=bound, corner=end) for end in ("smallest", "largest"))
    return low, high


def _between(ends: tuple[float, float]) -> str:
    low, high = map(amount, ends)
    return low if low == high else f"{low} to {high}"


def _point(frame: pd.DataFrame, column: str, keys: Sequence[str], **cells: str) -> tuple[float, float] | None:
    """The values of two players, found by their keys in a column; None where one is missing."""
    one, other = (cell(frame, "value", **{column: key}, **cells) for key in keys)
    return (one, other) if math.isfinite(one) and math.isfinite(other) else None


def _title(start: pd.DataFrame, bargaining: pd.DataFrame, context: Context) -> str:
    ranges = [f"{context.called(key)} {_between(_range(start, key))}" for key in context.players]
    told = f"Credible play gives {listed(ranges)} {context.unit}"
    if len(context.players) != 2:
        return f"{told}."
    point = _point(bargaining, "player", list(context.players), rule="nash", quantity="agreed")
    if not point:
        return f"{told}; Nash's bargain is open."
    return f"{told}; Nash's bargain lies at {amount(point[0])} and {amount(point[1])}."


def _description(start: pd.DataFrame, bargaining: pd.DataFrame, context: Context) -> str:
    keys = list(context.players)
    if len(keys) == 2:
        told = [
            f"A plane with the payoff of {context.in_full(keys[0])} to the right and that of {context.in_full(keys[1])} upwards,"
            f" in {context.unit}: the set of payoffs that credible play can have at the start ({context.start})."
        ]
        for rule in listed_texts(bargaining, "rule"):
            point = _point(bargaining, "player", keys, rule=rule, quantity="agreed")
            if point:
                told.append(f"The point of the rule {rule}: {amount(point[0])} and {amount(point[1])}.")
    else:
        told = [
            f"Bars with the range of payoffs of each player in credible play at the start ({context.start}), in {context.unit}."
        ]
    for name in listed_texts(start, "without"):
        ranges = [f"{context.called(key)} {_between(_range(start, key, name))}" for key in keys]
        told.append(f"{f'Without {plain(name)}' if name else 'As it is'}: {listed(ranges)}.")
    return " ".join(told)


# --- two players --------------------------------------------------------------------------------------------------------


def _draw_plane(sheet: Sheet, start: pd.DataFrame, bargaining: pd.DataFrame, payoffs: pd.DataFrame, context: Context) -> None:
    keys = list(context.players)
    corners = np.vstack([_corners(start, keys, bound) for bound in ("inner", "outer")])
    solutions = _merged(_solutions(bargaining, payoffs, context), _SAME * float(np.ptp(corners, axis=0).max()))
    combinations = _combinations(payoffs, keys)
    marked = [*solutions, *combinations]
    ends = [limits([*corners[:, k], *(point.at[k] for point in marked)]) for k in range(2)]
    frame = _Frame((ends[0], ends[1]), (_MAIN, _MAIN * 0.9))
    beside = [
        Entry("proved: the exact value of a plan is there", patch=_INNER),
        Entry("bound: no credible play pays anything outside", line=_OUTER),
        *_named(solutions),
    ]
    calls = calls_that_fit(*frame.split(marked), frame.size)
    below = _combination_entries(combinations, calls, context)
    if key_height([*beside, *below], _KEY_WIDTH, stacked=True) <= _TALLEST:
        beside, below = [*beside, *below], []
    upright = wrapped(f"{sentence(context.in_full(keys[1]))}: payoff, {context.unit}", _MAIN + _LEFT - MARGIN, MEDIUM)
    sheet.write(MARGIN, upright, size=MEDIUM)
    sheet.depth += text_height(upright, MEDIUM) + 0.05
    height = max(frame.size[1], key_height(beside, _KEY_WIDTH, stacked=True) - 0.3)
    frame = replace(frame, size=(_MAIN, height))
    axes = sheet.axes(_LEFT, _MAIN, height)
    _draw_set(axes, start, keys)
    _draw_points(axes, marked, frame)
    named, others = frame.split(marked)
    _write_labels(axes, placed_labels(named, calls, others, frame.size), frame.size)
    top = sheet.depth
    sheet.key(beside, left=_KEY, width=_KEY_WIDTH, stacked=True)
    bottom = sheet.depth
    sheet.depth = top + height + 0.28
    across = wrapped(f"{sentence(context.in_full(keys[0]))}: payoff, {context.unit}", _MAIN, MEDIUM)
    sheet.write(_LEFT + _MAIN / 2, across, size=MEDIUM, ha="center", multialignment="center")
    sheet.depth = max(bottom, sheet.depth + text_height(across, MEDIUM) + 0.08)
    sheet.key(below)
    _draw_without(sheet, start, keys, context)


def _solutions(bargaining: pd.DataFrame, payoffs: pd.DataFrame, context: Context) -> list[_Marked]:
    """The Markov equilibrium, the bargaining points, and where the players are left without an agreement."""
    keys = list(context.players)
    found = []
    markov = _point(payoffs, "subject", keys, selection=_MARKOV)
    if markov:
        found.append(_Marked("Markov equilibrium", markov, _marker("o", BLACK, 6.5)))
    for rule in listed_texts(bargaining, "rule"):
        agreed = _point(bargaining, "player", keys, rule=rule, quantity="agreed")
        if agreed:
            note = " (threats bind: not credible)" if rule == "variable threats" else ""
            found.append(_Marked(f"agreed: {rule}{note}", agreed, _marker(*_RULES.get(rule, ("h", SKY)), 6.5)))
    sources = dict(zip(texts(bargaining, "disagreement_from"), texts(bargaining, "rule"), strict=True))
    for source, rule in sources.items():
        left = _point(bargaining, "player", keys, rule=rule, quantity="without_agreement")
        if left:
            shape = "X" if source == "worst equilibrium payoffs" else "*"
            found.append(_Marked(f"without agreement: {source}", left, _marker(shape, PAPER, 7.5)))
    return found


def _merged(points: Sequence[_Marked], apart: float) -> list[_Marked]:
    """Points nearer than `apart` share the marker of the first: the others would lie hidden under it."""
    merged: list[_Marked] = []
    for point in points:
        near = next((k for k, known in enumerate(merged) if math.dist(known.at, point.at) < apart), None)
        if near is None:
            merged.append(point)
        else:
            merged[near] = replace(merged[near], text=f"{merged[near].text}; {point.text}")
    return merged


def _combinations(payoffs: pd.DataFrame, keys: Sequence[str]) -> list[_Marked]:
    """Combinations of strategies in the order of the table; those beyond `_MOST_NAMED` without names."""
    line = {**_marker("o", PAPER, 3.4), "markeredgecolor": INK}
    found: list[_Marked] = []
    for selection in listed_texts(payoffs, "selection"):
        at = _point(payoffs, "subject", keys, selection=selection) if " against " in selection else None
        if at:
            names = tuple(selection.split(" against ")) if len(found) < _MOST_NAMED else ()
            found.append(
                _Marked("combinations of strategies" if names else "further combinations of strategies", at, line, names)
            )
    return found


def _named(marked: Sequence[_Marked]) -> list[Entry]:
    """What the key says of each marker; several that are called alike have one entry."""
    named = {point.text: point.line for point in marked}
    return [Entry(text, line=line) for text, line in named.items()]


def _combination_entries(combinations: Sequence[_Marked], calls: Calls, context: Context) -> list[Entry]:
    """What the key says of combinations: whose strategies stand before and after the stroke, and which names are shortened."""
    entries = _named(combinations)
    players = [context.called(key) for key in context.players]
    if entries:
        entries[0] = replace(entries[0], text=f"strategies of {' / '.join(players)}")
    for player, own in zip(players, calls, strict=True):
        short = [f"{call}: {plain(name)}" for name, call in own.items() if call != plain(name)]
        entries += [Entry(f"{player}'s {', '.join(short)}")] if short else []
    return entries


def _marker(shape: str, colour: str, size: float) -> dict[str, Any]:
    return {
        "marker": shape,
        "markersize": size,
        "markerfacecolor": colour,
        "markeredgecolor": BLACK,
        "markeredgewidth": 0.8,
        "linestyle": "none",
    }


def _corners(start: pd.DataFrame, keys: Sequence[str], bound: str, without: str = "") -> Corners:
    """(K, 2): corners of a polygon, counter-clockwise; none where the table has none."""
    rows = rows_of(start, bound=bound, without=without)
    rows = rows[~texts(rows, "corner").isin(["smallest", "largest"])]
    return rows[[f"{key}_payoff" for key in keys]].to_numpy(dtype=np.float64).reshape(-1, 2)


def _draw_polygon(axes: Axes, corners: Corners, **style: Any) -> None:
    """A set of payoffs; one that is a point or a line is still seen."""
    if not len(corners):
        return
    axes.fill(*corners.T, **style)
    spread = np.ptp(corners, axis=0)
    x, y = corners[:, 0] - corners[:, 0].mean(), corners[:, 1] - corners[:, 1].mean()
    area = abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2
    if area <= _THIN * float(spread.max()) ** 2:
        axes.plot(*corners.T, color=style["edgecolor"], marker="o", markersize=3.5, linewidth=2.0)


def _draw_set(axes: Axes, start: pd.DataFrame, keys: Sequence[str]) -> None:
    _draw_polygon(axes, _corners(start, keys, "inner"), **_INNER)
    outer = _corners(start, keys, "outer")
    if len(outer):
        axes.plot(*np.vstack([outer, outer[:1]]).T, **_OUTER)


def _draw_points(axes: Axes, marked: Sequence[_Marked], frame: _Frame) -> None:
    """The markers, those of solutions over those of combinations."""
    axes.set(xlim=frame.ends[0], ylim=frame.ends[1])
    few_ticks(axes, *frame.size)
    for point in reversed(marked):
        axes.plot(*point.at, clip_on=False, zorder=4 if point.names else 5, **point.line)


def _write_labels(axes: Axes, labels: Sequence[PlacedLabel], size: tuple[float, float]) -> None:
    """The labels of combinations beside their markers, those that are far from them with a line."""
    for label in labels:
        if label.place is None:
            continue  # no room: the marker stays without its name
        shares = (label.place.x / size[0], label.place.y / size[1])
        style: dict[str, Any] = {"ha": "center", "va": "center", "multialignment": "center", "path_effects": halo()}
        axes.text(*shares, label.text, transform=axes.transAxes, zorder=6, **style)
        if label.place.far:
            line = zip((label.at[0] / size[0], label.at[1] / size[1]), shares, strict=True)
            axes.plot(*line, transform=axes.transAxes, color=QUIET, linewidth=0.5, zorder=3.5)


def _draw_without(sheet: Sheet, start: pd.DataFrame, keys: Sequence[str], context: Context) -> None:
    """One panel an instrument: what is left of the set, over the whole one."""
    names = [name for name in listed_texts(start, "without") if name]
    if not names:
        return
    sheet.depth += 0.12
    sheet.block("The same set without each instrument, on the same axes", size=MEDIUM, bold=True)
    entries = [Entry("as it is", patch=_WHOLE), Entry("without the instrument (proved)", patch=_WITHOUT)]
    sheet.depth += 0.03
    sheet.key(entries)
    whole = np.vstack([_corners(start, keys, "outer", name) for name in ("", *names)])
    ends = [limits(list(whole[:, k])) for k in range(2)]
    gap = (WIDTH - _LEFT - MARGIN - _IN_A_ROW * _SMALL_PANEL) / (_IN_A_ROW - 1)
    for first in range(0, len(names), _IN_A_ROW):
        row = names[first : first + _IN_A_ROW]
        heads = [wrapped(f"without {plain(name)}", _SMALL_PANEL) for name in row]
        top = max(text_height(head) for head in heads) + 0.04
        for k, (name, head) in enumerate(zip(row, heads, strict=True)):
            left = _LEFT + k * (_SMALL_PANEL + gap)
            sheet.write(left, head)
            axes = sheet.axes(left, _SMALL_PANEL, _SMALL_PANEL, below=top)
            _draw_polygon(axes, _corners(start, keys, "inner"), **_WHOLE)
            left_over = _corners(start, keys, "inner", name)
            _draw_polygon(axes, left_over, **_WITHOUT)
            if not len(left_over):
                none = wrapped("no pure equilibrium is proved", _SMALL_PANEL - 0.1)
                axes.text(0.5, 0.5, none, transform=axes.transAxes, ha="center", va="center", path_effects=halo())
            axes.set(xlim=ends[0], ylim=ends[1])
            few_ticks(axes, _SMALL_PANEL, _SMALL_PANEL)
        sheet.depth += top + _SMALL_PANEL + 0.3


# --- more players -------------------------------------------------------------------------------------------------------


def _draw_ranges(sheet: Sheet, start: pd.DataFrame, context: Context) -> None:
    """A row for each player and world: what is proved as a bar, the bound as whiskers."""
    worlds = listed_texts(start, "without")
    labels = [wrapped(f"without {plain(name)}" if name else "as it is", 1.9) for name in worlds]
    left = MARGIN + max(text_width(line) for label in labels for line in label.split("\n")) + 0.1
    rows = [text_height(label) + 0.08 for label in labels]
    values = [end for key in context.players for name in worlds for end in _range(start, key, name, "outer")]
    ends = limits([value for value in values if np.isfinite(value)])
    for key in context.players:
        sheet.block(sentence(context.in_full(key)), size=MEDIUM, bold=True)
        sheet.depth += 0.04
        axes = sheet.axes(left, WIDTH - MARGIN - left, sum(rows))
        middle = 0.0
        for name, label, tall in zip(worlds, labels, rows, strict=True):
            _draw_range(axes, start, key, name, middle + tall / 2)
            sheet.write(left - 0.08, label, below=middle + tall / 2, ha="right", va="center", multialignment="right")
            middle += tall
        axes.set(xlim=ends, ylim=(middle, 0), yticks=[])
        few_ticks(axes, WIDTH - left, 2.0)
        axes.set_yticks([])
        sheet.depth += middle + 0.3
    sheet.block(f"Payoff, {context.unit}", left=left, width=WIDTH - MARGIN - left, size=MEDIUM)
    sheet.depth += 0.05
    sheet.key([Entry("proved", patch=_INNER), Entry("bound: no credible play pays less or more", line=_OUTER)])


def _draw_range(axes: Axes, start: pd.DataFrame, key: str, without: str, place: float) -> None:
    low, high = _range(start, key, without)
    if np.isfinite([low, high]).all():
        axes.barh(place, high - low, left=low, height=0.11, **(_INNER if not without else _WITHOUT))
    outer = _range(start, key, without, "outer")
    if np.isfinite(outer).all():
        axes.plot(outer, (place, place), marker="|", markersize=7, zorder=3, **_OUTER)
