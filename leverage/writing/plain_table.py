"""Any table as it is: every row and column, or, of a table without a selection of its own, the columns that say anything."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from leverage.scenario.wording import capital, plain
from leverage.writing.framing import framed
from leverage.writing.run_folder import RunFolder
from leverage.writing.written_table import Cell, Column, Number, WrittenTable, cleaned

#: Digits that count of a number in a table with everything, and in one without a selection of its own.
ALL_DIGITS, FEW_DIGITS = 6, 3
#: Powers of ten below which numbers are told with an exponent.
SMALLEST = -4
WHERE_DESCRIBED = "Columns are described in the documentation of the tables of a run (docs/tables.md)."


def whole_table(folder: RunFolder, name: str) -> WrittenTable:
    """Every row and column of the table, under the names that its documentation has."""
    frame = folder.table(name)
    what = f"Table '{name}': every row and column"
    columns = [Column(str(head), _numbers(own)) for head, own in frame.items()]
    return framed(folder, name, what, columns, _rows(frame, ALL_DIGITS), [WHERE_DESCRIBED])


def plain_table(folder: RunFolder, name: str) -> WrittenTable:
    """Every row; columns in which no row has anything are left out, names become words, numbers are rounded."""
    frame = folder.table(name)
    told = frame[[head for head, own in frame.items() if frame.empty or _says(own)]]
    columns = [Column(_head(str(head)), _numbers(own)) for head, own in told.items()]
    what = f"Table '{plain(name)}' of the run"
    return framed(folder, name, what, columns, _rows(told, FEW_DIGITS), [WHERE_DESCRIBED])


def _head(name: str) -> str:
    return capital(cleaned(plain(name)))


def _says(column: pd.Series[Any]) -> bool:
    return bool((column.notna() & column.ne("")).any())


def _numbers(column: pd.Series[Any]) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _rows(frame: pd.DataFrame, digits: int) -> list[tuple[Cell, ...]]:
    columns = [
        [_number(value, digits) for value in own] if _numbers(own) else [_word(value) for value in own]
        for _, own in frame.items()
    ]
    return list(zip(*columns, strict=True))


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _number(value: float, digits: int) -> Number:
    """So many digits that count; whole numbers have no decimals, tiny ones an exponent."""
    if not math.isfinite(value) or value == round(value):
        return Number(value)
    size = math.floor(math.log10(abs(value)))
    if size < SMALLEST:
        return Number(value, digits - 1, scientific=True)
    return Number(value, max(0, digits - 1 - size))
