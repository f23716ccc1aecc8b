"""Commands about the argument of a scenario: what its instruments are worth, how its claims bear stress, when they hold."""

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
    refuse_tolerance,
    tell_long_study,
    tell_study,
)

if TYPE_CHECKING:
    from leverage.scenario.scenario import Scenario
    from leverage.stress.answer_book import Keep
    from leverage.studies import Study


PointsOption = Annotated[
    int,
    typer.Option("--points", min=1, metavar="N", help="Points of each of the eight scramblings of the design; a power of two."),
]
ValuesOption = Annotated[int, typer.Option("--values", min=2, metavar="N", help="Values of each parameter's scan.")]
BudgetOption = Annotated[
    int,
    typer.Option(
        "--budget",
        min=1,
        metavar="N",
        help="What each search may cost, in best replies; an equilibrium set counts as 30. Beyond it: 'not searched'.",
    ),
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, metavar="N", help="Where the design's random numbers begin.")]
ToleranceOption = Annotated[
    float | None,
    typer.Option(
        "--tolerance",
        metavar="X",
        help="The finest gap asked of equilibrium sets, a fraction of the payoff range. Default: 0.01.",
        show_default=False,
    ),
]


def leverage_command(
    file: FileArgument,
    joint: Annotated[
        bool, typer.Option("--joint", help="Also divide what several instruments of one holder bring about together.")
    ] = False,
    box: Annotated[
        bool,
        typer.Option("--box", help="Instead, over the whole plausible box: where each effect is above zero, below it, or none."),
    ] = False,
    points: Annotated[
        int | None,
        typer.Option(
            "--points",
            min=1,
            metavar="N",
            help="With --box: points of each of eight scramblings, a power of two.",
            show_default="4",
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, metavar="N", help="With --box: where random numbers begin.", show_default="0")
    ] = None,
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
    refuse_tolerance(tolerance)
    _refuse_design_without_box(box, joint, points, seed)
    read, output = lambda: load(file, parameter, variant), Output(out, table_format, quiet)
    design = {"points": points or 4, "seed": seed or 0}

    def at_one_point(scenario: Scenario, tell: Callable[[str], None]) -> Study:
        from leverage.studies import leverage_study

        return leverage_study(scenario, joint=joint, tolerance=tolerance, progress=tell)

    def over_the_box(scenario: Scenario, tell: Callable[[str], None], keep: Keep) -> Study:
        from leverage.stress_studies import leverage_box_study

        return leverage_box_study(scenario, **design, tolerance=tolerance, keep=keep, progress=tell)

    if box:
        tell_long_study("leverage-box", read, over_the_box, Asked({"tolerance": tolerance}, design), output)
    else:
        tell_study("leverage", read, at_one_point, output, {"joint": joint, "tolerance": tolerance})


def stress_command(
    file: FileArgument,
    points: PointsOption = 16,
    values: ValuesOption = 9,
    budget: BudgetOption = 6_000,
    seed: SeedOption = 0,
    tolerance: ToleranceOption = None,
    parameter: ParameterOption = None,
    variant: VariantOption = "",
    out: OutOption = None,
    table_format: FormatOption = Format.csv,
    quiet: QuietOption = False,
) -> None:
    """Put the claims under stress: nearest flips, share of the plausible box, smallest joint change found.

    Answers are kept as they are found: after Ctrl-C the same command goes on where it was stopped.
    """
    refuse_tolerance(tolerance)

    def study(scenario: Scenario, tell: Callable[[str], None], keep: Keep) -> Study:
        from leverage.stress_studies import stress_study

        return stress_study(
            scenario, points=points, values=values, budget=budget, seed=seed, tolerance=tolerance, keep=keep, progress=tell
        )

    asked = Asked({"tolerance": tolerance}, {"points": points, "values": values, "budget": budget, "seed": seed})
    tell_long_study("stress", lambda: load(file, parameter, variant), study, asked, Output(out, table_format, quiet))


def when_command(
    file: FileArgument,
    condition: Annotated[
        str,
        typer.Argument(
            metavar="CONDITION",
            help="Lines of claims joined by and, or, not and parentheses: 'payoff(power) > 40 and not credible(stay, stall)'.",
            show_default=False,
        ),
    ],
    under: Annotated[
        str,
        typer.Option(
            "--under",
            metavar="SELECTION",
            help="The play that is judged, as in a claim. Default: bargaining point for two players, else Markov equilibrium.",
            show_default=False,
        ),
    ] = "",
    points: PointsOption = 16,
    values: ValuesOption = 9,
    budget: BudgetOption = 6_000,
    seed: SeedOption = 0,
    tolerance: ToleranceOption = None,
    parameter: ParameterOption = None,
    variant: VariantOption = "",
    out: OutOption = None,
    table_format: FormatOption = Format.csv,
    quiet: QuietOption = False,
) -> None:
    """Ask when a condition on claims would hold: for which values of each parameter, and where in the plausible box.

    Answers are kept as they are found: after Ctrl-C the same command goes on where it was stopped.
    """
    refuse_tolerance(tolerance)

    def study(scenario: Scenario, tell: Callable[[str], None], keep: Keep) -> Study:
        from leverage.stress_studies import when_study

        return when_study(
            scenario,
            condition,
            under=under,
            points=points,
            values=values,
            budget=budget,
            seed=seed,
            tolerance=tolerance,
            keep=keep,
            progress=tell,
        )

    options = {"condition": condition, "points": points, "values": values, "budget": budget, "seed": seed}
    asked = Asked({"tolerance": tolerance, "under": under}, options)
    tell_long_study("when", lambda: load(file, parameter, variant), study, asked, Output(out, table_format, quiet))


def _refuse_design_without_box(box: bool, joint: bool, points: int | None, seed: int | None) -> None:
    if box and joint:
        raise typer.BadParameter("what instruments bring about together is found at one point", param_hint="--joint with --box")
    for option, given in (("--points", points), ("--seed", seed)):
        if given is not None and not box:
            raise typer.BadParameter("it belongs to the design over the plausible box: add --box", param_hint=option)
