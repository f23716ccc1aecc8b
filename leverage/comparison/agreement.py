"""Whether the tables of a folder and those that were made again say the same: byte for byte, within certificates, or not.

How far a number may be from its counterpart hangs on its table: by the certificates of both, which bound its error, or by the
width of the bounds that stand beside it; and everywhere by what another machine's rounding may make of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from leverage.game.stochastic_game import Floats

#: identical: the same bytes. within: numbers differ by no more than they may. beyond: more than that, or in words. missing: the
#: folder has no such table. extra: the folder has it, and nothing makes it again.
Agreement = Literal["identical", "within", "beyond", "missing", "extra"]

#: What rounding on another machine may change, as a fraction of the largest number of the column.
ROUNDING = 1e-9
#: Tables whose rows have their bounds in other columns than `certificate`.
BOUND_COLUMNS: Mapping[str, tuple[str, str]] = {
    "leverage": ("low", "high"),
    "joint_effect": ("low", "high"),
    "claims": ("margin_low", "margin_high"),
    "claim_points": ("margin_low", "margin_high"),
}


@dataclass(frozen=True)
class DifferentCell:
    """A cell that is not what it may be. row: from 1, below the head. before, now: what the folder says and what is found."""

    column: str
    row: int
    before: str
    now: str


@dataclass(frozen=True)
class TableAgreement:
    """A table made again. differing: cells that are not the same. worst: the largest difference of two numbers in it. cells:
    those beyond what they may differ by. note: why the two cannot be compared cell by cell, if they cannot."""

    name: str
    agreement: Agreement
    rows: int
    differing: int = 0
    worst: float = 0.0
    cells: tuple[DifferentCell, ...] = ()
    note: str = ""

    @property
    def agrees(self) -> bool:
        return self.agreement in ("identical", "within")


def table_agreement(name: str, before: pd.DataFrame, now: pd.DataFrame) -> TableAgreement:
    """Two tables of the same name, cell by cell; they are not the same bytes.

    Both as `RunFolder.table` gives them: text and truth columns, columns of numbers with NaN where there is none.
    """
    if list(before.columns) != list(now.columns):
        return TableAgreement(name, "beyond", len(before), note="it has other columns now")
    if len(before) != len(now):
        return TableAgreement(name, "beyond", len(before), note=f"it has {len(now):,} rows now")
    allowed = _allowed(name, before) + _allowed(name, now)
    differing, worst, cells = 0, 0.0, []
    for column in map(str, before.columns):
        differ, beyond, largest = compared_columns(before[column], now[column], allowed)
        differing, worst = differing + int(np.sum(differ)), max(worst, largest)
        cells += [_cell(column, int(row), before, now) for row in np.flatnonzero(beyond)]
    return TableAgreement(name, "beyond" if cells else "within", len(before), differing, worst, tuple(cells))


def _cell(column: str, row: int, before: pd.DataFrame, now: pd.DataFrame) -> DifferentCell:
    one, other = (frame[column].iloc[row] for frame in (before, now))
    return DifferentCell(column, row + 1, str(one), str(other))


def _allowed(name: str, frame: pd.DataFrame) -> Floats:
    """(R,): how far the numbers of each row may be from the true ones; 0 where nothing bounds them."""
    if name in BOUND_COLUMNS:
        low, high = (frame[column].to_numpy(dtype=np.float64) for column in BOUND_COLUMNS[name])
        width = high - low
    elif "certificate" in frame and pd.api.types.is_float_dtype(frame["certificate"]):
        width = frame["certificate"].to_numpy(dtype=np.float64)
    else:
        width = np.zeros(len(frame))
    return np.where(np.isfinite(width), width, 0.0)


def compared_columns(before: pd.Series[Any], now: pd.Series[Any], allowed: Floats) -> tuple[np.ndarray, np.ndarray, float]:
    """Two columns of R cells, whose numbers may differ by `allowed` (R,).

    Returns which cells differ (R,), which of them by more than they may (R,), and the largest difference of two numbers.
    """
    if not (pd.api.types.is_float_dtype(before) and pd.api.types.is_float_dtype(now)):
        blank = before.isna().to_numpy() & now.isna().to_numpy()
        differ = (before.astype(str) != now.astype(str)).to_numpy() & ~blank
        return differ, differ, 0.0
    one, other = before.to_numpy(dtype=np.float64), now.to_numpy(dtype=np.float64)
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    with np.errstate(invalid="ignore"):
        gap = np.abs(one - other)
    finite = np.concatenate([each[np.isfinite(each)] for each in (one, other)])
    rounding = ROUNDING * float(np.max(np.abs(finite), initial=0.0))
    beyond = ~same & ~(gap <= allowed + rounding)
    numbers = gap[~same & np.isfinite(gap)]
    return ~same, beyond, float(np.max(numbers, initial=0.0))
