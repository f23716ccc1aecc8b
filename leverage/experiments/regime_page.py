"""A map of regimes in print: the share of each regime, a coarse map in letters, and where regimes meet."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from leverage.experiments.part import NOT_SOLVED, PARTLY, REASON, STATUS
from leverage.experiments.regime_map import Aspect, RegimeMap, Side
from leverage.experiments.regime_tables import MapTables, end_columns
from leverage.game.stochastic_game import Floats
from leverage.output.columns import listed, numbered, paragraph, percent, section, shortened, table
from leverage.output.heading import head_text, setting_words
from leverage.output.regimes import finding
from leverage.scenario.wording import counted, plain

#: Letters across and up in a map.
ACROSS, UP = 56, 15
#: Regimes that are told with a letter of their own, and borders that are told in words.
MOST_LETTERS, MOST_BORDERS = 12, 4
#: Signs of places that are not settled, of other regimes, and of the values in use.
UNSETTLED, OTHER, HERE = ".", "*", "@"


def map_text(asked: RegimeMap, tables: MapTables) -> str:
    """The printed page."""
    head = [
        head_text(asked.scenario, "regimes"),
        *filter(None, [setting_words(asked.scenario, [side.name for side in asked.sides])]),
    ]
    findings = [paragraph(f"* {finding(aspect.title, _of(tables.shares, aspect))}", 2) for aspect in asked.aspects]
    sections = [partial(_aspect, asked=asked, aspect=aspect, tables=tables) for aspect in asked.aspects]
    return "\n".join(
        [*head, paragraph(_opening(asked, tables)), *findings, *numbered([*sections, partial(_lacking, tables=tables)])]
    )


def _opening(asked: RegimeMap, tables: MapTables) -> str:
    sides = [f"{plain(side.name)} ({side.low:.6g} to {side.high:.6g})" for side in asked.sides]
    cells = len(tables.cells) // max(1, len(asked.aspects))
    limits = "" if len(tables.points) < asked.budget - MOST_NEW else f", of {asked.budget:,} that were allowed"
    return f"Over {listed(sides)}: {counted(len(tables.points), 'point')}{limits}, {counted(cells, 'cell')}."


#: A budget counts as spent when no cell could be divided any more, which takes up to so many points.
MOST_NEW = 8


def _of(frame: pd.DataFrame, aspect: Aspect) -> pd.DataFrame:
    """The rows about an aspect."""
    return frame[frame["aspect"] == aspect.key]


# --- one aspect ----------------------------------------------------------------------------------------------------------


def _aspect(which: int, *, asked: RegimeMap, aspect: Aspect, tables: MapTables) -> list[str]:
    """Shares, the map in letters, borders."""
    own = _of(tables.shares, aspect)
    letters = dict(zip(own.regime.head(MOST_LETTERS), string.ascii_uppercase, strict=False))
    told = own.head(MOST_LETTERS)
    rows = [
        [f"{letters.get(regime, OTHER)}  {shortened(plain(regime), 50)}", *map(percent, bounds)]
        for regime, *bounds in zip(*(told[name].tolist() for name in ("regime", "share_low", "share", "share_high")), strict=True)
    ]
    shares, _ = table(["share of the area", "at least", "about", "at most"], rows)
    left = len(own) - MOST_LETTERS
    more = [f"  and {counted(left, 'regime')} more ({OTHER}) in shares.csv"] if left > 0 else []
    if len(own) == 1:
        return ["", section(which, aspect.title), shares]
    cells = _of(tables.cells, aspect)
    return [
        "",
        section(which, aspect.title),
        shares,
        *more,
        "",
        *_letters(asked, cells, letters),
        *_borders(aspect, tables.borders),
    ]


def _letters(asked: RegimeMap, cells: pd.DataFrame, letters: Mapping[str, str]) -> list[str]:
    """A row of letters for each of some heights, the highest first, with the values at the edges."""
    across, up = (_middles(side, count) for side, count in zip(asked.sides, (ACROSS, UP), strict=True))
    signs = _signs(asked, cells, letters, across, up)
    here = [asked.scenario.values[side.name] for side in asked.sides]
    inside = all(side.low <= value <= side.high for side, value in zip(asked.sides, here, strict=True))
    if inside:
        signs[int(np.abs(up - here[1]).argmin())][int(np.abs(across - here[0]).argmin())] = HERE
    low, high = f"{asked.up.low:.4g}", f"{asked.up.high:.4g}"
    width = max(len(low), len(high))
    names = [high, *[""] * (UP - 2), low]
    rows = [f"  {name.rjust(width)} |{''.join(row)}|" for name, row in zip(names, reversed(signs), strict=True)]
    ends = f"{asked.across.low:.4g}", f"{asked.across.high:.4g}"
    below = f"  {' ' * width}  {ends[0]}{ends[1].rjust(ACROSS - len(ends[0]))}"
    marks = [f"{UNSETTLED} not settled"] * any(UNSETTLED in row for row in signs) + [f"{HERE} the values in use"] * inside
    key = "; ".join([f"across: {_with_unit(asked, asked.across)}", f"up: {_with_unit(asked, asked.up)}", *marks])
    return [*rows, below, paragraph(f"  {key}", 2)]


def _with_unit(asked: RegimeMap, side: Side) -> str:
    unit = asked.scenario.parameters[side.name].unit
    return f"{plain(side.name)}{f' ({unit})' if unit else ''}"


def _middles(side: Side, count: int) -> Floats:
    return side.low + (side.high - side.low) * (np.arange(count) + 0.5) / count


def _signs(asked: RegimeMap, cells: pd.DataFrame, letters: Mapping[str, str], across: Floats, up: Floats) -> list[list[str]]:
    """[row from below][column]: the letter of the cell that a place lies in."""
    signs = [[UNSETTLED] * len(across) for _ in up]
    columns = [*end_columns(asked.across), *end_columns(asked.up)]
    for regime, ends in zip(cells.regime[cells.settled], cells.loc[cells.settled, columns].itertuples(index=False), strict=True):
        left, right, below, above = ends
        for row in np.flatnonzero((below <= up) & (up < above)):
            for column in np.flatnonzero((left <= across) & (across < right)):
                signs[row][column] = letters.get(regime, OTHER)
    return signs


def _borders(aspect: Aspect, borders: pd.DataFrame) -> list[str]:
    """Where regimes change."""
    own = _of(borders, aspect)
    named = own.head(MOST_BORDERS)
    told = [
        paragraph(f"  Between {_quoted(one)} and {_quoted(other)}: {words}.", 4)
        for one, other, words in zip(named.regime, named.other_regime, named.in_words, strict=True)
    ]
    left = len(own) - MOST_BORDERS
    return [*told, *([f"  and {counted(left, 'border')} more in borders.csv"] if left > 0 else [])]


def _quoted(regime: str) -> str:
    return f"'{shortened(plain(regime), 60)}'"


def _lacking(which: int, *, tables: MapTables) -> list[str]:
    """Why points lack an answer."""
    lacking = tables.points[tables.points[STATUS].isin([PARTLY, NOT_SOLVED])]
    counts: Sequence[tuple[str, int]] = [(str(reason), int(count)) for reason, count in lacking[REASON].value_counts().items()]
    if not counts:
        return []
    lines = [paragraph(f"{counted(count, 'point')}: {reason}", 2) for reason, count in counts[:5]]
    return ["", section(which, "points that lack an answer", "they count as a regime of their own"), *lines]
