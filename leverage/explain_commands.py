"""The command that says why: of a strategy whether it is believed, of a claim whether it holds, and what would alter that."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from leverage.command_parts import (
    Asked,
    FileArgument,
    Format,
    FormatOption,
    OutOption,
    Output,
    ParameterOption,
    QuietOption,
    VariantOption,
    load,
    tell_long_study,
)

if TYPE_CHECKING:
    from leverage.scenario.scenario import Scenario
    from leverage.stress.answer_book import Keep
    from leverage.studies import Study


def explain_command(
    file: FileArgument,
    strategy: Annotated[
        str, typer.Option("--strategy", metavar="NAME", help="A named strategy: is it believed?", show_default=False)
    ] = "",
    claim: Annotated[
        str, typer.Option("--claim", metavar="ID", help="A claim: why does it hold or fail?", show_default=False)
    ] = "",
    budget: Annotated[
        int,
        typer.Option(
            "--budget",
            min=0,
            metavar="N",
            help="Best replies that each search for the cheapest change may take (a set of equilibrium payoffs counts as 30).",
        ),
    ] = 3_000,
    parameter: ParameterOption = None,
    variant: VariantOption = "",
    out: OutOption = None,
    table_format: FormatOption = Format.csv,
    quiet: QuietOption = False,
) -> None:
    """Say why: who would depart, where, for how much; what decides a claim; the cheapest change that alters it."""

    def study(scenario: Scenario, tell: Callable[[str], None], keep: Keep) -> Study:
        from leverage.explanation_study import explanation_study

        return explanation_study(scenario, strategy=strategy, claim=claim, budget=budget, keep=keep, progress=tell)

    asked = Asked({}, {"strategy": strategy, "claim": claim, "budget": budget})
    tell_long_study("explain", lambda: load(file, parameter, variant), study, asked, Output(out, table_format, quiet))
