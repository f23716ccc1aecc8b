"""Commands about several runs: what differs between them, whether one comes out the same again, and a sheet that asks for
numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leverage.command_parts import (
    NOT_SOLVED,
    FileArgument,
    Format,
    FormatOption,
    Interruption,
    OutOption,
    Output,
    ParameterOption,
    QuietOption,
    VariantOption,
    load,
    overrides,
    print_text,
    progress,
    say_compiling,
    tell_study,
    write_new,
)

if TYPE_CHECKING:
    from leverage.scenario.scenario import Scenario
    from leverage.studies import Study

#: A comma between changes; before a digit it was meant as a decimal one.
_BETWEEN_CHANGES = re.compile(r",(?![0-9])")


def elicit_command(
    file: FileArgument,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="SHEET", help="The sheet to write; default: SCENARIO_sheet.csv.", show_default=False),
    ] = None,
    decimal_comma: Annotated[
        bool,
        typer.Option("--decimal-comma", help="Write 0,5 and semicolons, for spreadsheets that are set up so."),
    ] = False,
    parameter: ParameterOption = None,
    variant: VariantOption = "",
) -> None:
    """Write a sheet that asks somebody for the scenario's numbers: low, likely, high, by whom, when.

    Fill it in with a spreadsheet and save it as CSV; a cell left blank keeps the file's. Two people's sheets:
    simulate compare FILE ONE.csv TWO.csv
    """
    from leverage.sheets.elicitation import sheet_text

    scenario = load(file, parameter, variant)
    written = out or Path(f"{file.stem}_sheet.csv")
    write_new(written, sheet_text(scenario, decimal_comma=decimal_comma).encode("utf-8-sig"))
    typer.echo(f"Sheet: {written}, {len(scenario.parameters)} parameters; fill in low, likely and high", err=True)


def compare_command(
    things: Annotated[
        list[str],
        typer.Argument(
            metavar="A B ...",
            help="Each a scenario file, FILE:VARIANT, the folder of a run, or a filled-in sheet (CSV) for the file before it.",
            show_default=False,
        ),
    ],
    changed: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="CHANGES",
            help='The file with other values, as in "presence_cost=20, progress=0.2"; each --with is one more to compare.',
            show_default=False,
        ),
    ] = None,
    out: OutOption = None,
    table_format: FormatOption = Format.csv,
    quiet: QuietOption = False,
) -> None:
    """Compare runs: what differs in the inputs and, beyond the certificates, in what follows.

    simulate compare FILE FILE:VARIANT; simulate compare FILE --with "NAME=VALUE"; simulate compare FOLDER FOLDER;
    simulate compare FILE ONE.csv TWO.csv (sheets that 'simulate elicit FILE' asked for). Folders are read, files are run.
    """
    from leverage.comparison.given_sides import given_sides

    changes = [dict(overrides(_BETWEEN_CHANGES.split(text), "--with")) for text in changed or ()]
    given = given_sides(things, changes)

    def study(scenario: Scenario, tell: Callable[[str], None]) -> Study:
        from leverage.comparison_study import comparison_study

        return comparison_study(given, progress=tell)

    tell_study("compare", lambda: given[0].scenario, study, Output(out, table_format, quiet))


def reproduce_command(
    folder: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", help="The folder of a run or a study, as a command wrote it.", show_default=False),
    ],
    quiet: QuietOption = False,
) -> None:
    """Make a folder again from the scenario and the options in it, and say whether the numbers agree.

    Exit status 0: they agree, byte for byte or within their certificates. 1: they do not, or files were changed.
    """
    from leverage.comparison.reproduction_page import reproduction_text

    interruption = Interruption()
    interruption.listen()
    with progress(quiet) as tell:
        tell("loading the solvers")
        from leverage.reruns import reproduce
        from leverage.solvers.compilation import announced_compilation

        def step(phrase: str) -> None:
            interruption.heed()
            tell(phrase)

        with announced_compilation(lambda: say_compiling(quiet), interruption.heed):
            found = reproduce(folder, progress=step)
    if not quiet:
        print_text(reproduction_text(found))
    if not found.agrees:
        raise typer.Exit(NOT_SOLVED)
