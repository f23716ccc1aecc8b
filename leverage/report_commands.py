"""The command that makes the report of a folder again, of a run or of a sweep."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leverage.command_parts import Interruption

FiguresOption = Annotated[bool, typer.Option("--figures", help="Also write every figure as SVG and PNG into figures/.")]


def report_command(
    folder: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", help="The folder of a run or of a sweep, as 'simulate' writes it.", show_default=False),
    ],
    figures: FiguresOption = False,
) -> None:
    """Make the report of a run or a sweep again from its tables: report.html, one file that opens anywhere."""
    Interruption().listen()
    from leverage.writing.run_folder import kind_of, read_manifest

    written = _of_sweep(folder, figures) if kind_of(read_manifest(folder)) == "sweep" else _of_run(folder, figures)
    typer.echo(f"Report: {written}", err=True)


def _of_run(folder: Path, figures: bool) -> Path:
    from leverage.report.writing_report import write_report
    from leverage.writing.run_folder import RunFolder

    return write_report(RunFolder.open(folder), figures=figures)


def _of_sweep(folder: Path, figures: bool) -> Path:
    if figures:
        raise typer.BadParameter("the report of a sweep has no figures of its own", param_hint="--figures")
    from leverage.experiments.finishing import report_again
    from leverage.experiments.store import SweepFolder
    from leverage.report.sweep_document import sweep_report

    return report_again(SweepFolder(folder), sweep_report)
