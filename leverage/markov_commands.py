"""Commands about Markov play: all equilibria that are known, noisy play, an equilibrium followed along a parameter."""

from __future__ import annotations

import math
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
    refuse_tolerance,
    tell_study,
)

if TYPE_CHECKING:
    from leverage.scenario.scenario import Scenario
    from leverage.studies import Study


def equilibria_command(
    file: FileArgument,
    parameter: ParameterOption = None,
    variant: VariantOption = "",
    starts: Annotated[
        int, typer.Option("--starts", min=0, metavar="N", help="Perturbed starts of the search, beside the fixed ones.")
    ] = 12,
    out: OutOption = None,
    table_format: FormatOption = Format.csv,
    quiet: QuietOption = False,
) -> None:
    """Search for all Markov equilibria: how many are known, and whether there may be more."""

    def study(scenario: Scenario, tell: Callable[[str], None]) -> Study:
        from leverage.studies import equilibria_study

        return equilibria_study(scenario, starts=starts, progress=tell)

    output = Output(out, table_format, quiet)
    tell_study("equilibria", lambda: load(file, parameter, variant), study, output, {"starts": starts})


def credible_command(
    file: FileArgument,
    tolerance: Annotated[
        float | None,
        typer.Option(
            "--tolerance",
            metavar="X",
            help="The gap between outer and inner bound to reach, a fraction of the payoff range. Default: as in a run, 1e-4, or "
            "1e-2 where discount factors differ or there are more than two players.",
            show_default=False,
        ),
    ] = None,
    parameter: ParameterOption = None,
    variant: VariantOption = "",
    out: OutOption = None,
    table_format: FormatOption = Format.csv,
    quiet: QuietOption = False,
) -> None:
    """All that credible play allows: ranges, best plans, bargaining points."""
    refuse_tolerance(tolerance)

    def study(scenario: Scenario, tell: Callable[[str], None]) -> Study:
        from leverage.studies import credible_study

        return credible_study(scenario, tolerance=tolerance, progress=tell)

    output = Output(out, table_format, quiet)
    tell_study("credible", lambda: load(file, parameter, variant), study, output, {"tolerance": tolerance})


def patience_command(
    file: FileArgument,
    play: Annotated[
        list[str] | None,
        typer.Option("--play", metavar="STRATEGY", help="A named strategy of each player, in their order.", show_default=False),
    ] = None,
    least: Annotated[
        str,
        typer.Option("--least", metavar="PLAYER=PAYOFF", help="A payoff that some equilibrium is to pay.", show_default=False),
    ] = "",
    event: Annotated[
        str,
        typer.Option(
            "--event",
            metavar="EVENT",
            help="A declared event that a credible plan is to make likely; with --by, --chance and --best-for.",
            show_default=False,
        ),
    ] = "",
    by: Annotated[
        str, typer.Option("--by", metavar="DATE", help="A declared date, such as '24 months'.", show_default=False)
    ] = "",
    chance: Annotated[
        float | None,
        typer.Option("--chance", metavar="X", help="How likely the event is to be, at least: 0 to 1.", show_default=False),
    ] = None,
    best_for: Annotated[
        str, typer.Option("--best-for", metavar="PLAYER", help="Whose best credible plan is meant.", show_default=False)
    ] = "",
    of: Annotated[
        str,
        typer.Option("--of", metavar="PLAYER", help="Whose patience; default: one discount factor for both.", show_default=False),
    ] = "",
    points: Annotated[int, typer.Option("--points", min=2, metavar="N", help="Discount factors of the scan.")] = 21,
    parameter: ParameterOption = None,
    variant: VariantOption = "",
    out: OutOption = None,
    table_format: FormatOption = Format.csv,
    quiet: QuietOption = False,
) -> None:
    """How patient players must be for a path, or a payoff, to be credible, or for an event to be likely."""
    name, _, number = least.partition("=")
    try:
        target = (name.strip(), float(number)) if least else None
    except ValueError:
        target = ("", math.nan)
    if target is not None and not math.isfinite(target[1]):
        raise typer.BadParameter("write PLAYER=PAYOFF, as in power=40", param_hint="--least")
    given = {"--event": event, "--by": by, "--chance": "" if chance is None else str(chance), "--best-for": best_for}
    missing = [name for name, value in given.items() if not value]
    if 0 < len(missing) < len(given):
        raise typer.BadParameter(f"a question about an event needs {', '.join(given)}", param_hint=", ".join(missing))

    def study(scenario: Scenario, tell: Callable[[str], None]) -> Study:
        from leverage.studies import LikelyEvent, patience_study

        likely = None if chance is None else LikelyEvent(event, by, chance, best_for)
        return patience_study(scenario, strategies=play or (), least=target, likely=likely, of=of, points=points, progress=tell)

    asked = None if chance is None else {"event": event, "by": by, "chance": chance, "best_for": best_for}
    options = {"strategies": play or [], "least": target, "likely": asked, "of": of, "points": points}
    tell_study("patience", lambda: load(file, parameter, variant), study, Output(out, table_format, quiet), options)


def noise_command(
    file: FileArgument,
    precision: Annotated[
        list[float] | None,
        typer.Option(
            "--precision",
            min=0.0,
            metavar="X",
            help="How precisely players choose, in 1/payoff: 0 is random play; may be repeated. Default: a grid up to best play.",
            show_default=False,
        ),
    ] = None,
    parameter: ParameterOption = None,
    variant: VariantOption = "",
    out: OutOption = None,
    table_format: FormatOption = Format.csv,
    quiet: QuietOption = False,
) -> None:
    """Noisy play: how outcomes change from random play to best play."""
    if not all(map(math.isfinite, precision or ())):
        raise typer.BadParameter("a precision is a finite number of at least 0; the limit is always in the table")

    def study(scenario: Scenario, tell: Callable[[str], None]) -> Study:
        from leverage.studies import noise_study

        return noise_study(scenario, precision or None, progress=tell)

    output = Output(out, table_format, quiet)
    tell_study("noise", lambda: load(file, parameter, variant), study, output, {"precisions": precision or None})


def follow_command(
    file: FileArgument,
    parameter: Annotated[
        list[str],
        typer.Option(
            "--parameter",
            "-p",
            metavar="NAME",
            help="The parameter to follow in. With NAME=VALUE: use another value of a parameter; may be repeated.",
            show_default=False,
        ),
    ],
    low: Annotated[
        float | None,
        typer.Option("--from", metavar="LOW", help="Lower end; default: of its plausible range.", show_default=False),
    ] = None,
    high: Annotated[
        float | None,
        typer.Option("--to", metavar="HIGH", help="Upper end; default: of its plausible range.", show_default=False),
    ] = None,
    values: Annotated[
        int, typer.Option("--values", min=2, metavar="N", help="Values at which the selected equilibrium is looked at.")
    ] = 13,
    variant: VariantOption = "",
    out: OutOption = None,
    table_format: FormatOption = Format.csv,
    quiet: QuietOption = False,
) -> None:
    """Follow the selected equilibrium as a parameter moves: what changes, where it ends, where the selection jumps."""
    names, changes = [text for text in parameter if "=" not in text], [text for text in parameter if "=" in text]
    if len(names) != 1:
        raise typer.BadParameter("one parameter to follow in is needed: --parameter NAME", param_hint="--parameter")

    def read() -> Scenario:
        scenario = load(file, changes, variant)
        for end in (low, high):
            if end is not None and names[0] in scenario.parameters:
                others = [text for text in changes if text.partition("=")[0].strip() != names[0]]
                load(file, [*others, f"{names[0]}={end!r}"], variant)  # the file says itself what it cannot be
        return scenario

    def study(scenario: Scenario, tell: Callable[[str], None]) -> Study:
        from leverage.studies import follow_study

        return follow_study(scenario, names[0], low, high, values=values, progress=tell)

    options = {"parameter": names[0], "low": low, "high": high, "values": values}
    tell_study("follow", read, study, Output(out, table_format, quiet), options)
