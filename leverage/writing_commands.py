"""The command that makes a table for an article of a run's folder: Markdown, LaTeX, Word or Excel."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leverage.command_parts import print_text, write_new

if TYPE_CHECKING:
    from leverage.writing.run_folder import RunFolder
    from leverage.writing.written_table import WrittenTable


class WritingFormat(StrEnum):
    """File format of a table for writing."""

    md = "md"
    tex = "tex"
    docx = "docx"
    xlsx = "xlsx"


#: Formats that are text, and go to standard output.
TEXTS = (WritingFormat.md, WritingFormat.tex)


def table_command(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="The folder of a run, as 'simulate FILE' writes it.", show_default=False)
    ],
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="One of its tables: claims, leverage, outcomes, tipping, ...", show_default=False),
    ],
    written_as: Annotated[
        WritingFormat | None,
        typer.Option(
            "--format",
            help="Markdown, LaTeX (booktabs, longtable), Word or Excel.",
            show_default="as the name of --out ends, else md",
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every row and column as they are, instead of a selection with readable heads.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="File to write; default: standard output for md and tex, else NAME.docx or NAME.xlsx in the folder.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Make a table of a run's folder ready for an article: with caption, note and source, as Markdown, LaTeX, Word or Excel."""
    kind = _format(written_as, out)
    from leverage.writing.run_folder import RunFolder
    from leverage.writing.tables import table_for_writing

    opened = RunFolder.open(folder)
    content = _content(kind, table_for_writing(opened, name, everything=everything), opened)
    if out is None and kind in TEXTS:
        print_text(content.decode().removesuffix("\n"))
        return
    file = out or folder / f"{name}.{kind.value}"
    write_new(file, content)
    typer.echo(f"File: {file}", err=True)


def _format(written_as: WritingFormat | None, out: Path | None) -> WritingFormat:
    """The format that is asked for, or the one that the file's name says; a file of another name would not open."""
    named = next((each for each in WritingFormat if out and out.suffix.lower() == f".{each.value}"), None)
    if written_as is not None and named is not None and written_as is not named:
        raise typer.BadParameter(
            f"'{out}' is named as {named.value}, and --format says {written_as.value}: change one of the two", param_hint="--out"
        )
    if out is not None and named is None and written_as is None:
        known = ", ".join(f".{each.value}" for each in WritingFormat)
        raise typer.BadParameter(f"'{out}' says no format: end it in one of {known}, or add --format", param_hint="--out")
    return written_as or named or WritingFormat.md


def _content(kind: WritingFormat, table: WrittenTable, folder: RunFolder) -> bytes:
    """The file: documents of office programs carry the program as their author and the end of the run as their time."""
    match kind:
        case WritingFormat.md:
            from leverage.writing.markdown import markdown_text

            return f"{markdown_text(table)}\n".encode()
        case WritingFormat.tex:
            from leverage.writing.latex import latex_text

            return f"{latex_text(table)}\n".encode()
        case WritingFormat.docx:
            from leverage.writing.word import word_file

            return word_file(table, folder.program, folder.finished)
        case WritingFormat.xlsx:
            from leverage.writing.excel import excel_file

            return excel_file(table, folder.program, folder.finished)
