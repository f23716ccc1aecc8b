"""The table of sensitivity indices of a sweep: every number, every parameter, the derivatives at the baseline beside them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

import pandas as pd

from leverage.errors import Fault, FolderError
from leverage.experiments.answers import Measured, measured, read_answers
from leverage.experiments.design import Design, Sample
from leverage.experiments.indices import CONFIDENCE, MAIN, Indices, estimate_indices
from leverage.experiments.local_effects import LocalEffects, is_local, local_effects
from leverage.experiments.part import Bench
from leverage.experiments.store import SweepFolder

#: Names of derivatives among the indices, and of what the plausible range would move at that rate. One-sided ones say their side.
DERIVATIVE, MOVES = "derivative", "moves"

COLUMNS = (
    *("column", "table", "selection", "subject", "quantity", "unit"),
    *("parameter", "index", "value", "low", "high", "confidence", "blocks", "note"),
)

#: Columns of names and sentences: empty where nothing is said, and text where a name looks like a number.
_TEXTS = ("column", "table", "selection", "subject", "quantity", "unit", "parameter", "index", "note")

Row = tuple[object, ...]


def has_indices(design: Design) -> TypeGuard[Sample]:
    """Whether sensitivity indices are estimated from a design."""
    return isinstance(design, Sample) and design.kind in MAIN


def indices_frame(design: Sample, bench: Bench, folder: SweepFolder) -> pd.DataFrame:
    """A row an index, in the order of columns, of indices, of parameters; `folder` holds all points of the design."""
    game = bench.evaluator.at().game()
    numbers = measured(bench.columns)
    local = local_effects(bench.evaluator) if any(is_local(each.column) for each in numbers) else LocalEffects()
    rows: list[Row] = []
    for number, answers in read_answers(folder, design.size, numbers, game.payoff_unit, game.payoff_range):
        rows += _estimated(number, estimate_indices(design, answers))
        rows += _differentiated(number, design, local)
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"blocks": "Int64"})


def read_indices(path: Path) -> pd.DataFrame:
    """The table of `indices_frame`, read from the file that it was written to. Raises FolderError where there is none."""
    try:
        frame = pd.read_csv(path, dtype=dict.fromkeys(_TEXTS, str), na_values=[""], keep_default_na=False)
        return frame[list(COLUMNS)].fillna(dict.fromkeys(_TEXTS, "")).astype({"blocks": "Int64"})
    except (OSError, KeyError, ValueError) as error:
        raise FolderError(str(path), Fault(0, 0, f"it cannot be read: {error}", "sweep again into a new folder")) from error


def _about(number: Measured) -> Row:
    column = number.column
    return (column.name, column.table, column.selection, column.subject, number.quantity, column.unit)


def _estimated(number: Measured, indices: Indices) -> Iterator[Row]:
    for each in indices.found:
        interval = (each.value, each.low, each.high, CONFIDENCE)
        yield (*_about(number), each.parameter, each.index, *interval, indices.blocks, indices.note)


def _differentiated(number: Measured, design: Sample, local: LocalEffects) -> Iterator[Row]:
    """Of an outcome of the Markov equilibrium; one row without a number where that is not regular."""
    if not is_local(number.column):
        return
    if local.reason:
        yield (*_about(number), "", DERIVATIVE, *_bare(math.nan, local.reason))
    effects = [effect for name in design.names for effect in local.of(number.column, name)]
    for index in (DERIVATIVE, MOVES):
        for effect in effects:
            side = f" {effect.side}" if effect.side in ("rising", "falling") else ""
            value = effect.derivative if index == DERIVATIVE else effect.moves
            yield (*_about(number), effect.parameter, f"{index}{side}", *_bare(value, effect.note))


def _bare(value: float, note: str) -> Row:
    """A number without an interval."""
    return (value, math.nan, math.nan, math.nan, None, note)
