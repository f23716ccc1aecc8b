"""Commands about the argument of a scenario: what its instruments are worth."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from leverage.command_parts import (
    FileArgument,
    Format,
    FormatOption,
    OutOption,
    Output,
    ParameterOption,
    QuietOption,
    VariantOption,
    load,
    tell_study,
)

if TYPE_CHECKING:
    from leverage.scenario.scenario import Scenario
    from leverage.studies import Study


def leverage_command(
    file: FileArgument,
    joint: Annotated[
        bool, typer.Option("--joint", help="Also divide what several instruments of one holder bring about together.")
    ] = False,
    tolerance: Annotated[
        float | None,
        typer.Option(
            "--tolerance",
            metavar="X",
            help="The gap between outer and inner bound to reach, a fraction of the payoff range. Default: 0.02.",
            show_default=False,
        ),
    ] = None,
    parameter: ParameterOption = None,
    variant: VariantOption = "",
    out: OutOption = None,
    table_format: FormatOption = Format.csv,
    quiet: QuietOption = False,
) -> None:
    """What each instrument is worth, to whom, and at what cost: the game solved with it and without it."""
    if tolerance is not None and not 0 < tolerance < 1:
        raise typer.BadParameter("a tolerance is a fraction of the payoff range, between 0 and 1", param_hint="--tolerance")

    def study(scenario: Scenario, tell: Callable[[str], None]) -> Study:
        from leverage.studies import leverage_study

        return leverage_study(scenario, joint=joint, tolerance=tolerance, progress=tell)

    tell_study("leverage", lambda: load(file, parameter, variant), study, Output(out, table_format, quiet))
