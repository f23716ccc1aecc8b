"""report.html and figures, written into a run's folder or beside it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from leverage.errors import OutputError
from leverage.figures.drawing import Drawing, save
from leverage.report.document import report_html
from leverage.report.figures_part import drawings_of, further_drawings_of
from leverage.writing.run_folder import RunFolder

#: Names within a run's folder.
REPORT, FIGURES = "report.html", "figures"


def write_report(folder: RunFolder, *, figures: bool = False) -> Path:
    """Write `report.html` into the folder of a run, in place of one that is there, and `figures/` if they are asked for.

    figures : also every figure as SVG and PNG, one for each claim that flips among them. Returns the report's path.
    Raises FolderError for a folder without what a report is made from, OutputError where it cannot be written; a report that was
    there is left as it was then.
    """
    folder.refuse_studies("a report", of_sweeps=True)
    drawings = drawings_of(folder)
    text = report_html(folder, drawings)
    if figures:
        write_figures([*drawings, *further_drawings_of(folder)], folder.path / FIGURES)
    target = folder.path / REPORT
    _replace(target, text)
    return target


def write_figures(drawings: Sequence[Drawing], folder: Path) -> None:
    """Every figure as SVG and PNG, in place of those that are there. Raises OutputError."""
    for drawing in drawings:
        save(drawing, folder)


def _replace(target: Path, text: str) -> None:
    """The file appears whole or not at all."""
    try:
        handle, name = tempfile.mkstemp(prefix=".leverage-", dir=target.parent)
        draft = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            draft.chmod(target.parent.stat().st_mode & 0o666)
            draft.replace(target)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {error.strerror or error}") from error
