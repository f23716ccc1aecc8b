"""A sweep solved again, part by part, and whether its points come out the same."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from leverage.comparison.agreement import Agreement, DifferentCell, TableAgreement, compared_columns, table_agreement
from leverage.comparison.reproduction import Reproduction, edited_files, other_versions
from leverage.experiments.answers import measured
from leverage.experiments.columns import Column
from leverage.experiments.finishing import INDICES
from leverage.experiments.index_table import has_indices, indices_frame
from leverage.experiments.part import SolvedPart, bench_of
from leverage.experiments.store import POINTS, Part, SweepFolder, parts_of
from leverage.experiments.summary import summarise, summary_frame
from leverage.experiments.sweep import Sweep
from leverage.experiments.sweep_reading import sweep_of
from leverage.experiments.workers import Work, Workers
from leverage.game.stochastic_game import Floats
from leverage.output.columns import listed
from leverage.writing.run_folder import RunFolder

#: So many cells that differ are told.
MOST_CELLS = 50
#: The file of the summary.
COLUMNS = "columns.csv"
#: So many parts that cannot be compared are named.
MOST_PARTS = 3


def sweep_reproduced(folder: SweepFolder, workers: Workers, tell: Callable[[str], None]) -> Reproduction:
    """Solve all points of a finished sweep again and compare them with those in its folder.

    Raises FolderError, ScenarioError : the folder holds no finished sweep, or its scenario is none.
    """
    sweep = sweep_of(folder)
    bench = bench_of(sweep.task)
    manifest = folder.manifest or {}
    found = _Found()
    parts = list(parts_of(sweep.design.size))
    work = Work(sweep.task, parts, sweep.values_of, heed=lambda: tell(f"{found.rows:,} of {sweep.design.size:,} points again"))
    for part, solved in workers.results(work):
        if isinstance(solved, SolvedPart):
            found.add(folder, part, solved.content, bench.columns)
    tell("comparing what is made from them")
    edited, gone = edited_files(folder.path, manifest.get("files"))
    return Reproduction(
        folder.path,
        "sweep",
        sweep.scenario.title,
        (found.agreement, *_derived(folder, sweep, same=found.agreement.agrees)),
        edited,
        gone,
        isinstance(manifest.get("files"), dict),
        other_versions(RunFolder(folder.path, manifest)),
    )


def _derived(folder: SweepFolder, sweep: Sweep, *, same: bool) -> Iterator[TableAgreement]:
    """The tables that are made from the points. same: those in the folder are what they were; where they are not, what was made
    from them is not compared: its cells would hide theirs."""
    bench = bench_of(sweep.task)
    made: dict[str, Callable[[], pd.DataFrame]] = {
        COLUMNS: lambda: summary_frame(summarise(folder, bench.columns), bench.columns)
    }
    design = sweep.design
    if has_indices(design):
        made[INDICES] = lambda: indices_frame(design, bench, folder)
    for file, frame in made.items():
        path = folder.path / file
        if not path.is_file():
            yield TableAgreement(path.stem, "missing", 0)
        elif same:
            yield _compared(path, frame())
        else:
            note = "not compared, as the points of which it is made are not the same"
            yield TableAgreement(path.stem, "beyond", len(pd.read_csv(path)), note=note)


def _compared(path: Path, frame: pd.DataFrame) -> TableAgreement:
    before, now = path.read_text(encoding="utf-8"), frame.to_csv(index=False, lineterminator="\n")
    if before == now:
        return TableAgreement(path.stem, "identical", len(frame))
    return table_agreement(path.stem, *(pd.read_csv(io.StringIO(text)) for text in (before, now)))


class _Found:
    """What the parts that have been compared came to."""

    def __init__(self) -> None:
        self.rows = self.differing = 0
        self.worst = 0.0
        self.cells: list[DifferentCell] = []
        self.identical = True
        self.missing: list[str] = []
        self.beyond = False

    @property
    def agreement(self) -> TableAgreement:
        cells = tuple(sorted(self.cells, key=lambda cell: (cell.row, cell.column))[:MOST_CELLS])
        note = f"{_named(self.missing)}: not there, damaged, or with other columns or points now" if self.missing else ""
        standing: Agreement = "identical" if self.identical else "beyond" if self.beyond or self.missing else "within"
        return TableAgreement(POINTS, standing, self.rows, self.differing, self.worst, cells, note)

    def add(self, folder: SweepFolder, part: Part, content: bytes, columns: tuple[Column, ...]) -> None:
        """Compare a part that was solved again with that in the folder."""
        self.rows += part.stop - part.start
        path = folder.points / part.file
        if path.is_file() and path.read_bytes() == content:
            return
        self.identical = False
        schema = pq.read_schema(io.BytesIO(content))
        if not folder.holds(part, schema):
            self.missing.append(part.file)
            return
        before, now = (pq.read_table(source, partitioning=None).to_pandas() for source in (path, io.BytesIO(content)))
        allowed = _allowed(columns, before)
        for name in map(str, before.columns):
            width = allowed.get(name, np.zeros(len(before)))
            differ, beyond, largest = compared_columns(before[name], now[name], width)
            self.differing, self.worst = self.differing + int(differ.sum()), max(self.worst, largest)
            self.beyond |= bool(beyond.any())
            self.cells += [
                DifferentCell(name, part.start + int(row) + 1, str(before[name].iloc[row]), str(now[name].iloc[row]))
                for row in np.flatnonzero(beyond)[:MOST_CELLS]
            ]


def _named(files: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    named, more = sorted(files), len(files) - MOST_PARTS
    return listed([*named[:MOST_PARTS], *([f"{more:,} more"] if more > 0 else [])])


def _allowed(columns: tuple[Column, ...], before: pd.DataFrame) -> Mapping[str, Floats]:
    """By how much each number may differ: twice its certificate, or the width of its bounds."""
    found: dict[str, Floats] = {}
    for one in measured(columns):
        if one.certificate:
            widths = {one.column.name: 2 * before[one.certificate].to_numpy(dtype=np.float64)}
        elif one.low:
            low, high = (before[end].to_numpy(dtype=np.float64) for end in (one.low, one.high))
            widths = dict.fromkeys(one.names, high - low)
        else:
            continue
        found |= {name: np.where(np.isfinite(width), width, 0.0) for name, width in widths.items()}
    return found
