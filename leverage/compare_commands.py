"""Commands about several runs: what differs between them, whether one comes out the same again, and a sheet that asks for
numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leverage.command_parts import FileArgument, ParameterOption, VariantOption, load, write_new


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
    from leverage.experiments.elicitation import sheet_text

    scenario = load(file, parameter, variant)
    written = out or Path(f"{file.stem}_sheet.csv")
    write_new(written, sheet_text(scenario, decimal_comma=decimal_comma).encode("utf-8-sig"))
    typer.echo(f"Sheet: {written}, {len(scenario.parameters)} parameters; fill in low, likely and high", err=True)
