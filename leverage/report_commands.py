"""The command that makes the report of a run's folder again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

FiguresOption = Annotated[bool, typer.Option("--figures", help="Also write every figure as SVG and PNG into figures/.")]


def report_command(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="The folder of a run, as 'simulate FILE' writes it.", show_default=False)
    ],
    figures: FiguresOption = False,
) -> None:
    """Make the report of a run again from its tables: report.html, one file that opens anywhere."""
    from leverage.report.writing_report import write_report
    from leverage.writing.run_folder import RunFolder

    written = write_report(RunFolder.open(folder), figures=figures)
    typer.echo(f"Report: {written}", err=True)
