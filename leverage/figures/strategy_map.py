"""What a strategy does in every state: a grid of the levels of two state variables, one grid for each level of the others.

An action looks the same wherever it is played and whoever plays it: one colour, one hatch, one name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from leverage.figures.axes_parts import fits
from leverage.figures.cells import listed_texts, rows_of, sentence, texts
from leverage.figures.context import Context
from leverage.figures.drawing import Drawing, drawing_name
from leverage.figures.sheet import Entry, Sheet
from leverage.figures.short_names import short_codes
from leverage.figures.style import (
    CATEGORIES,
    HATCHES,
    MARGIN,
    MEDIUM,
    PAPER,
    POINTS,
    QUIET,
    SMALL,
    WIDTH,
    ink_on,
    look,
    shade,
    text_height,
    text_width,
    tint,
    wrapped,
)
from leverage.output.columns import listed, percent
from leverage.scenario.wording import plain

#: Inches: a cell's height, its least and largest width, the gap between grids, the widest name of a row's level, what is kept
#: free at the edge of a cell.
_TALL, _NARROW, _WIDE, _GAP, _NAMES, _INSIDE = 0.24, 0.27, 1.0, 0.14, 1.3, 0.025
#: Share of an action's colour in its cells, of which the rest is white, and in its hatch, of which the rest is black.
_TINT, _SHADE = 0.5, 0.75
#: Chances below this are not drawn: they are rounding.
_NEVER = 1e-9
#: A state in which the player has no choice.
_NO_CHOICE: dict[str, Any] = {"facecolor": "#efefef", "edgecolor": PAPER, "linewidth": 0.8}

State = tuple[str, ...]
Lottery = Mapping[str, float]


@dataclass(frozen=True)
class _Plan:
    """How states are laid out: columns, rows and the grids' own variables, each with its levels.

    across, up: a variable and its levels (none: one column, one row). facets: levels of the other variables, one grid each.
    """

    variables: tuple[str, ...]
    across: tuple[str, tuple[str, ...]]
    up: tuple[str, tuple[str, ...]]
    others: tuple[str, ...]
    facets: tuple[State, ...]

    def state(self, column: str, row: str, facet: State) -> State:
        named = {self.across[0]: column, self.up[0]: row, **dict(zip(self.others, facet, strict=True))}
        return tuple(named[variable] for variable in self.variables)


def draw_strategy_map(play: pd.DataFrame, equilibrium: int, context: Context) -> Drawing | None:
    """A Markov equilibrium as a map: for each player the action in every state, a cell split by chances where it mixes.

    Parameters
    ----------
    play : the table `play`. equilibrium : its number; 1 is the selected one. context : the order of variables and levels.

    Returns
    -------
    The drawing, or None where nobody has a choice in that equilibrium.
    """
    rows = play[play["equilibrium"] == equilibrium]
    if not len(rows):
        return None
    variables = tuple(variable for variable in context.levels if variable in rows.columns)
    plan = _layout(rows, variables, context)
    known = set(_states(rows, variables))
    with look():
        sheet = Sheet(_title(rows, equilibrium, variables, context))
        played = {key: _lotteries(rows_of(rows, player=key), variables) for key in listed_texts(rows, "player")}
        grids = _sizes(plan)
        looks = _looks(played.values(), grids.wide - 2 * _INSIDE)
        grids = replace(grids, tall=max(grids.tall, looks.tall))
        _write_key(sheet, looks, any(state not in own for own in played.values() for state in known))
        for key, own in played.items():
            _draw_player(sheet, plan, grids, own, known, looks, context.in_full(key))
        return sheet.finish(drawing_name("strategy_map", str(equilibrium)), _description(rows, equilibrium, variables, context))


def _states(rows: pd.DataFrame, variables: Sequence[str]) -> list[State]:
    """(rows,): the levels in each row."""
    columns = [list(texts(rows, variable)) for variable in variables]
    return list(zip(*columns, strict=True)) if columns else [()] * len(rows)


def _lotteries(own: pd.DataFrame, variables: Sequence[str]) -> dict[State, dict[str, float]]:
    """State -> action -> chance, without actions that are not played."""
    found: dict[State, dict[str, float]] = {}
    for state, action, chance in zip(_states(own, variables), texts(own, "action"), own["chance"], strict=True):
        found.setdefault(state, {})
        if chance > _NEVER:
            found[state][action] = float(chance)
    return found


def _layout(rows: pd.DataFrame, variables: tuple[str, ...], context: Context) -> _Plan:
    """Rows: the variable with most levels; columns: the next one; grids: what occurs of the others."""
    seen = {variable: set(texts(rows, variable)) for variable in variables}
    levels = {v: tuple(level for level in context.levels[v] if level in seen[v]) for v in variables}
    ranked = sorted(variables, key=lambda variable: -len(levels[variable]))
    up = (ranked[0], levels[ranked[0]]) if len(ranked) > 1 else ("", ("",))
    across = (ranked[min(1, len(ranked) - 1)], levels[ranked[min(1, len(ranked) - 1)]]) if ranked else ("", ("",))
    others = tuple(variable for variable in variables if variable not in (up[0], across[0]))
    occurring = {tuple(state[variables.index(v)] for v in others) for state in _states(rows, variables)}
    facets = tuple(facet for facet in product(*(levels[v] for v in others)) if facet in occurring)
    return _Plan(variables, across, up, others, facets)


# --- words --------------------------------------------------------------------------------------------------------------


def _usual(own: Mapping[State, Lottery]) -> str:
    """What a player plays most, counting every state once, in words."""
    weights: dict[str, float] = {}
    for lottery in own.values():
        for action, chance in lottery.items():
            weights[action] = weights.get(action, 0.0) + chance / len(own)
    action, weight = max(weights.items(), key=lambda item: item[1])
    how = "always plays" if weight > 1 - _NEVER else "mostly plays" if weight > 0.5 else "most often plays"
    return f"{how} '{plain(action)}'"


def _title(rows: pd.DataFrame, equilibrium: int, variables: tuple[str, ...], context: Context) -> str:
    told = [
        f"{context.called(key)} {_usual(_lotteries(rows_of(rows, player=key), variables))}"
        for key in listed_texts(rows, "player")
    ]
    which = "the selected Markov equilibrium" if equilibrium == 1 else f"Markov equilibrium {equilibrium}"
    return sentence(f"In {which}, over all states, {listed(told)}.")


def _description(rows: pd.DataFrame, equilibrium: int, variables: tuple[str, ...], context: Context) -> str:
    """What is shown, then what each player does at the start."""
    told = [
        f"For each player a map over the states, by {listed([plain(v) for v in variables])}: what it does there in Markov"
        f" equilibrium {equilibrium}."
        if variables
        else f"What each player does in Markov equilibrium {equilibrium}."
    ]
    for key in listed_texts(rows, "player"):
        own = rows_of(rows, player=key)
        told.append(f"{sentence(context.called(key))} {_usual(_lotteries(own, variables))}, counting every state once.")
        begin = rows_of(own, state=context.start)
        for lottery in _lotteries(begin, variables).values():
            played = listed([f"'{plain(action)}' ({percent(chance)})" for action, chance in lottery.items()])
            told.append(f"At the start ({context.start}) it plays {played}.")
    return " ".join(told)


# --- grids --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Grids:
    """Sizes in inches: where grids begin, width and height of a cell, how many grids stand beside each other."""

    left: float
    wide: float
    tall: float
    beside: int


@dataclass(frozen=True)
class _Looks:
    """How actions are drawn. labels: what stands in a cell: codes, or words where all of them fit and no cell is split. mixed:
    whether some cells are split."""

    fills: Mapping[str, dict[str, Any]]
    codes: Mapping[str, str]
    labels: Mapping[str, str]
    mixed: bool

    @property
    def coded(self) -> bool:
        return self.labels == self.codes

    @property
    def tall(self) -> float:
        """Inches that the tallest label takes."""
        return max(text_height(label) for label in self.labels.values()) + 0.08


def _looks(played: Collection[Mapping[State, Lottery]], room: float) -> _Looks:
    """The looks of all actions, what is played most first, in cells that have so many inches for a label."""
    weights: dict[str, float] = {}
    for own in played:
        for lottery in own.values():
            for action, chance in lottery.items():
                weights[action] = weights.get(action, 0.0) + chance
    actions = sorted(weights, key=lambda action: -weights[action])
    mixed = any(len(lottery) > 1 for own in played for lottery in own.values())
    names = [plain(action) for action in actions]
    codes = short_codes(actions)
    words = {action: wrapped(name, room) for action, name in zip(actions, names, strict=True)}
    fills = {action: _fill(k) for k, action in enumerate(actions)}
    return _Looks(fills, codes, codes if mixed or not fits(names, room) else words, mixed)


def _write_key(sheet: Sheet, looks: _Looks, some_without_choice: bool) -> None:
    """The key of all actions, of whichever player."""
    entries = [
        Entry(f"{looks.codes[action]}: {plain(action)}" if looks.coded else plain(action), patch=fill)
        for action, fill in looks.fills.items()
    ]
    if some_without_choice:
        entries.append(Entry("no choice", patch={**_NO_CHOICE, "edgecolor": QUIET}))
    if looks.mixed:
        entries.append(Entry("split: mixed, by chance", patch={"facecolor": PAPER, "edgecolor": QUIET}))
    sheet.key(entries)
    sheet.depth += 0.08


def _draw_player(
    sheet: Sheet, plan: _Plan, grids: _Grids, own: Mapping[State, Lottery], known: set[State], looks: _Looks, name: str
) -> None:
    """A player's grids under its name."""
    sheet.block(sentence(name), size=MEDIUM, bold=True)
    sheet.depth += 0.04
    for first in range(0, len(plan.facets), grids.beside):
        _draw_row(sheet, plan, plan.facets[first : first + grids.beside], grids, own, known, looks)
    sheet.depth += 0.1


def _sizes(plan: _Plan) -> _Grids:
    """Cells as wide as there is room for, so that all grids stand beside each other if they can."""
    columns = len(plan.across[1])
    names = [line for level in plan.up[1] for line in wrapped(plain(level), _NAMES).split("\n")]
    left = MARGIN + max(text_width(name) for name in names) + 0.1
    room = WIDTH - MARGIN - left
    beside = max(1, min(len(plan.facets), int((room + _GAP) / (columns * _NARROW + _GAP))))
    wide = min(_WIDE, (room - (beside - 1) * _GAP) / beside / columns)
    row_lines = max(text_height(wrapped(plain(level), _NAMES)) for level in plan.up[1])
    return _Grids(left, wide, max(_TALL, row_lines + 0.04), beside)


def _fill(number: int) -> dict[str, Any]:
    colour, hatch = CATEGORIES[number % len(CATEGORIES)], HATCHES[(number + number // len(CATEGORIES)) % len(HATCHES)]
    return {"facecolor": tint(colour, _TINT), "edgecolor": shade(colour, _SHADE), "linewidth": 0.0, "hatch": hatch}


def _draw_row(
    sheet: Sheet,
    plan: _Plan,
    facets: Sequence[State],
    grids: _Grids,
    own: Mapping[State, Lottery],
    known: set[State],
    looks: _Looks,
) -> None:
    """Grids beside each other: what they are of above, levels of the rows at the left, of the columns below."""
    columns, rows = plan.across[1], plan.up[1]
    width = grids.wide * len(columns)
    heads = [
        wrapped(", ".join(f"{plain(v)} {plain(level)}" for v, level in zip(plan.others, facet, strict=True)), width)
        for facet in facets
    ]
    top = max(text_height(head) for head in heads) + 0.04 if plan.others else 0.0
    height = grids.tall * len(rows)
    for k, (facet, head) in enumerate(zip(facets, heads, strict=True)):
        left = grids.left + k * (width + _GAP)
        sheet.write(left, head)
        axes = sheet.axes(left, width, height, below=top)
        axes.set(xlim=(0, len(columns)), ylim=(0, len(rows)), xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        for (x, column), (y, row) in product(enumerate(columns), enumerate(rows)):
            state = plan.state(column, row, facet)
            if state in own:
                _draw_cell(axes, (x, y), own[state], grids.wide, looks)
            elif state in known:
                axes.add_patch(Rectangle((x, y), 1, 1, **_NO_CHOICE))
    for y, row in enumerate(rows):
        middle = top + height - (y + 0.5) * grids.tall
        sheet.write(grids.left - 0.06, wrapped(plain(row), _NAMES), below=middle, ha="right", va="center", multialignment="right")
    sheet.depth += top + height + 0.03
    _name_columns(sheet, columns, [grids.left + k * (width + _GAP) for k in range(len(facets))], grids.wide)
    named = [(v, where) for v, where in ((plan.up[0], "rows"), (plan.across[0], "columns")) if v]
    axis = " and ".join(f"{plain(v)} ({where})" for v, where in named) if len(named) > 1 else "".join(plain(v) for v, _ in named)
    if axis:
        sheet.block(sentence(axis), left=grids.left, width=WIDTH - MARGIN - grids.left, color=QUIET)
    sheet.depth += 0.05


def _name_columns(sheet: Sheet, columns: Sequence[str], lefts: Sequence[float], wide: float) -> None:
    """The levels of the columns below each grid; upright where they are wider than their column."""
    names = [plain(column) for column in columns]
    broken = [wrapped(name, wide - _INSIDE) for name in names]
    flat = fits(names, wide - _INSIDE, lines=3)
    turned = {} if flat else {"rotation": 90}
    lines = broken if flat else [wrapped(name, _NAMES) for name in names]
    for left in lefts:
        for x, name in enumerate(lines):
            sheet.write(left + (x + 0.5) * wide, name, ha="center", multialignment="center" if flat else "right", **turned)
    upright = max(text_width(line) for name in lines for line in name.split("\n"))
    sheet.depth += (max(text_height(name) for name in lines) if flat else upright) + 0.06


def _draw_cell(axes: Axes, corner: tuple[int, int], lottery: Lottery, wide: float, looks: _Looks) -> None:
    """A state's cell: a strip for each action as wide as its chance, with its label where there is room."""
    x = float(corner[0])
    for action, chance in sorted(lottery.items(), key=lambda item: -item[1]):
        label, turned = _strip_label(looks.labels[action], chance, chance * wide - 2 * _INSIDE)
        fill = looks.fills[action]
        axes.add_patch(Rectangle((x, corner[1]), chance, 1, **fill))
        style: dict[str, Any] = {"color": ink_on(fill["facecolor"]), "ha": "center", "va": "center"}
        if label:
            style["bbox"] = {"facecolor": fill["facecolor"], "edgecolor": "none", "pad": 1.0}
        axes.text(x + chance / 2, corner[1] + 0.5, label, rotation=90 if turned else 0, **style)
        x += chance
        if x < corner[0] + 1 - _NEVER:
            axes.plot([x, x], [corner[1], corner[1] + 1], color=PAPER, linewidth=0.8)
    axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=PAPER, linewidth=1.6))


def _strip_label(label: str, chance: float, room: float) -> tuple[str, bool]:
    """What stands in a strip `room` inches wide, as much as fits, and whether it is turned upright; nothing in the narrowest."""
    tries = [label] if chance > 1 - _NEVER else [f"{label} {percent(chance)}", label]
    found = next((each for each in tries if max(map(text_width, each.split("\n"))) <= room), "")
    turned = not found and room >= SMALL / POINTS and text_width(label) <= _TALL
    return label if turned else found, turned
