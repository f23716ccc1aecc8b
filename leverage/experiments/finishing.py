"""What is made of a sweep when all its parts are there; and what is said of one before it begins."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from leverage.errors import Fault, FolderError
from leverage.experiments.columns import Column
from leverage.experiments.finished_sweep import FinishedSweep
from leverage.experiments.index_table import has_indices, indices_frame, read_indices
from leverage.experiments.indices import few_blocks
from leverage.experiments.part import NOT_SOLVED, PARTLY, Bench, StoppedPart, bench_of
from leverage.experiments.store import SweepFolder, part_size
from leverage.experiments.summary import Summary, summarise, summary_frame
from leverage.experiments.sweep import Sweep
from leverage.experiments.sweep_page import design_words, sweep_text
from leverage.experiments.sweep_reading import sweep_of
from leverage.experiments.workers import WORTH_SECONDS
from leverage.output.columns import paragraph, shortened, table
from leverage.output.files import MANIFEST, STATEMENT, file_hash, resolved_yaml, stamp
from leverage.output.heading import setting_sentences
from leverage.output.page import Page
from leverage.scenario.wording import counted

REPORT, INDICES = "report.html", "indices.csv"

#: What it takes to start workers, about.
START_SECONDS = 5.0

#: A plan prints so many of the points, from both ends.
SHOWN = 8


@dataclass(frozen=True, eq=False)
class Findings:
    """What a sweep whose parts are all there has come to. indices: of designs that have any. manifest: as it stands in the
    folder, or will once the rest does."""

    sweep: Sweep
    folder: SweepFolder
    columns: tuple[Column, ...]
    summary: Summary
    page: Page
    indices: pd.DataFrame | None
    manifest: Mapping[str, Any]


#: Makes a document of what a sweep has come to.
Report = Callable[[Findings], str]


def finish_sweep(sweep: Sweep, folder: SweepFolder, seconds: float, report: Report) -> str:
    """Write the summary of the columns, sensitivity indices where the design has any, the page, the resolved scenario, the report
    and last the manifest. Returns the page."""
    bench = bench_of(sweep.task)
    columns = bench.columns
    summary = summarise(folder, columns)
    page = Page(sweep.scenario, bench.evaluator.at().game())
    indices = indices_frame(sweep.design, bench, folder) if has_indices(sweep.design) else None
    text = sweep_text(sweep, columns, summary, folder, page, indices)
    folder.put(folder.path / "columns.csv", _csv(summary_frame(summary, columns)))
    if indices is not None:
        folder.put(folder.path / INDICES, _csv(indices))
    folder.put(folder.path / "tables.txt", f"{text}\n".encode())
    folder.put(folder.path / "scenario.resolved.yaml", resolved_yaml(sweep.scenario).encode())
    manifest = _manifest(sweep, folder, summary, seconds)
    _put_report(Findings(sweep, folder, columns, summary, page, indices, manifest), report)
    folder.put(folder.path / MANIFEST, f"{json.dumps(manifest, indent=2)}\n".encode())
    return text


def report_again(folder: SweepFolder, report: Report) -> Path:
    """Write the report of a finished sweep once more, from its folder alone. Returns its path.

    Raises FolderError where the folder holds no finished sweep or lacks a part of it, ScenarioError where its scenario is none,
    OutputError where the report cannot be written.
    """
    FinishedSweep.whole(folder.path)
    sweep = sweep_of(folder)
    bench = bench_of(sweep.task)
    _refuse_other_columns(folder, bench.columns)
    page = Page(sweep.scenario, bench.evaluator.at().game())
    indices = read_indices(folder.path / INDICES) if has_indices(sweep.design) else None
    summary = summarise(folder, bench.columns)
    return _put_report(Findings(sweep, folder, bench.columns, summary, page, indices, folder.manifest or {}), report)


def _refuse_other_columns(folder: SweepFolder, columns: Sequence[Column]) -> None:
    """Raise FolderError where the points lack columns that this program reads."""
    there = set(folder.schema.names)
    lacking = next((column.name for column in columns if column.name not in there), None)
    if lacking is not None:
        fault = Fault(0, 0, f"another version made it: its points have no column '{lacking}'", "sweep again into a new folder")
        raise FolderError(str(folder.path), fault)


def _put_report(findings: Findings, report: Report) -> Path:
    target = findings.folder.path / REPORT
    findings.folder.put(target, report(findings).encode())
    return target


def _manifest(sweep: Sweep, folder: SweepFolder, summary: Summary, seconds: float) -> dict[str, Any]:
    statuses = summary.statuses
    return {
        "kind": "sweep",
        "identifier": sweep.identifier,
        **sweep.statement,
        "setting": setting_sentences(sweep.scenario, sweep.design.names),
        "points": sweep.design.size,
        "failed": statuses[PARTLY] + statuses[NOT_SOLVED],
        "statuses": dict(sorted(statuses.items())),
        "files": hashes(folder),
        **stamp(seconds),
    }


def hashes(folder: SweepFolder) -> dict[str, str]:
    """Of all files that the sweep's numbers stand in, by their place in the folder."""
    named = [folder.path / name for name in ("columns.csv", INDICES, "tables.txt", "scenario.resolved.yaml", STATEMENT)]
    files = [*(path for path in named if path.exists()), *folder.files]
    return {str(path.relative_to(folder.path)): file_hash(path) for path in files}


def _csv(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False, lineterminator="\n").encode()


def plan_text(sweep: Sweep, folder: Path, jobs: int) -> str:
    """The points of a sweep, what they would write, and an estimate of the time from the middle point."""
    design = sweep.design
    bench = Bench(sweep.task)
    middle = design.size // 2
    bench.solve(middle, design.values(middle, middle + 1))  # the first solve compiles
    afresh = Bench(sweep.task)  # nothing is known of the point
    began = time.process_time()
    solved = afresh.solve(middle, design.values(middle, middle + 1))
    seconds = time.process_time() - began
    shown = sorted({*range(min(SHOWN, design.size)), *range(max(0, design.size - SHOWN), design.size)})
    rows = [[f"{k:,}", *(f"{value:.6g}" for value in design.values(k, k + 1)[0])] for k in shown]
    if len(shown) < design.size:
        rows.insert(SHOWN, ["..."] + [""] * len(design.names))
    points, left_out = table(["point", *design.names], rows)
    if left_out:
        points += f"\n  and {counted(left_out, 'parameter')} more: {shortened(', '.join(design.names[-left_out:]), 60)}"
    lacks = " It lacks an answer." if isinstance(solved, StoppedPart) or solved.failed else ""
    workers = min(jobs, -(-design.size // part_size(design.size)))
    written = f"{counted(len(bench.columns), 'column')} ({', '.join(sweep.tables)}) would be written to"
    whole = seconds * design.size / workers + (START_SECONDS if workers > 1 and seconds * design.size > WORTH_SECONDS else 0)
    rate = f"At that rate all take about {_duration(whole)} with {counted(workers, 'worker')}."
    took = f"The point in the middle took {_duration(seconds)}.{lacks} {rate}"
    warnings = [paragraph(too_few)] if (too_few := few_blocks(design)) else []
    return "\n".join(
        [paragraph(design_words(design, sweep.scenario)), points, paragraph(written), f"  {folder}", paragraph(took), *warnings]
    )


def _duration(seconds: float) -> str:
    for limit, size, unit in ((1, 1e-3, "milliseconds"), (120, 1, "seconds"), (7200, 60, "minutes"), (172_800, 3600, "hours")):
        if seconds < limit:
            return f"{_rounded(seconds / size)} {unit}"
    return f"{_rounded(seconds / 86_400)} days"


def _rounded(value: float) -> str:
    """Two digits, no power of ten."""
    return f"{float(f'{value:.2g}'):,.{0 if value >= 10 else 1}f}"
