"""Reading cells of tables, and writing them as numbers in a sentence."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from leverage.output.claims import significant


def rows_of(frame: pd.DataFrame, **cells: str) -> pd.DataFrame:
    """The rows whose columns have these texts; a cell that a CSV file left empty is ''."""
    kept = np.ones(len(frame), dtype=bool)
    for column, text in cells.items():
        own = frame[column] if frame[column].dtype.kind == "O" else frame[column].astype(str)
        same = (own == text).to_numpy(dtype=bool, na_value=False)
        kept &= same if text else same | frame[column].isna().to_numpy()
    return frame[kept]


def texts(frame: pd.DataFrame, column: str) -> pd.Series[str]:
    """A column of texts, with '' where a CSV file has nothing."""
    return frame[column].astype(object).where(frame[column].notna(), "").astype(str)


def listed_texts(frame: pd.DataFrame, column: str) -> list[str]:
    """The different texts of a column in the order in which they come first."""
    return list(dict.fromkeys(texts(frame, column)))


def cell(frame: pd.DataFrame, column: str, **cells: str) -> float:
    """The number in the first row that has these texts; NaN where there is none."""
    found = rows_of(frame, **cells) if cells else frame
    return float(found[column].iloc[0]) if len(found) else math.nan


def amount(value: float) -> str:
    """A number with about three digits that count and a true minus sign; '?' where there is none."""
    return "?" if math.isnan(value) else significant(value).replace("-", "\N{MINUS SIGN}")


def setting(value: float) -> str:
    """A parameter's value: as `amount`, without zeros at the end."""
    text = amount(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def sentence(text: str) -> str:
    """The text with a capital letter in front."""
    return text[:1].upper() + text[1:]
