"""The command `simulate`. Everything heavy is imported where it is used: `--help` and completion stay fast.

Exit status: 0 done; 1 not solved or not certified; 2 usage, invalid scenario or unwritable place; 3 part of a sweep has no
answer; 130 interrupted.
"""

from __future__ import annotations

import difflib
import gc
import time
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from leverage.claim_commands import leverage_command, stress_command, when_command
from leverage.command_parts import (
    INTERRUPTED,
    NOT_SOLVED,
    USAGE,
    FileArgument,
    Format,
    Interruption,
    ParameterOption,
    VariantOption,
    load,
    print_text,
    progress,
    say_compiling,
    warn_of_size,
    write_new,
)
from leverage.compare_commands import compare_command, elicit_command, reproduce_command
from leverage.explain_commands import explain_command
from leverage.markov_commands import credible_command, equilibria_command, follow_command, noise_command, patience_command
from leverage.regime_commands import discover_command, regimes_command
from leverage.report_commands import FiguresOption, report_command
from leverage.sweep_commands import sweep_command
from leverage.writing_commands import table_command


class _ScenarioFirst(TyperGroup):
    """`simulate FILE` means `simulate run FILE`, with options before or after the file."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        own = {"--help", "--version", "--install-completion", "--show-completion"}
        if args and args[0] not in self.commands and args[0] not in own:
            self._refuse_misspelt(ctx, args[0])
            args = ["run", *args]
        return super().parse_args(ctx, args)

    def _refuse_misspelt(self, ctx: Any, word: str) -> None:
        close = difflib.get_close_matches(word, self.commands, n=1, cutoff=0.7)
        if close and not word.startswith("-") and not Path(word).exists():
            ctx.fail(f"there is no file and no command '{word}': did you mean 'simulate {close[0]}'?")


app = typer.Typer(
    cls=_ScenarioFirst,
    name="simulate",
    help="Turn an argument about leverage (a scenario file) into a game, solve it, and print what credible play allows.",
    epilog="simulate FILE is short for simulate run FILE.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"leverage {version('leverage')}")
        raise typer.Exit


@app.callback()
def _simulate(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Turn an argument about leverage (a scenario file) into a game, solve it, and print what credible play allows."""


@app.command("run")
def run_command(
    file: FileArgument,
    parameter: ParameterOption = None,
    variant: VariantOption = "",
    horizon: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="PERIODS", help="Periods of the finite-horizon solution; default: the last date.", show_default=False
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Folder of this run; default: results/SCENARIO/RUN.", show_default=False)
    ] = None,
    table_format: Annotated[Format, typer.Option("--format", help="File format of the tables.")] = Format.csv,
    figures: FiguresOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print no tables and no progress; errors are still told.")] = False,
) -> None:
    """Solve a scenario, print its outcome tables and write them to a folder, with a report."""
    interruption = Interruption()
    interruption.listen()
    from leverage.output.files import default_folder, refuse_taken, write_run

    started = time.monotonic()
    scenario = load(file, parameter, variant)
    folder = out or default_folder(scenario, Path("results"))
    refuse_taken(folder)
    with progress(quiet) as tell:
        warn_of_size(scenario, quiet=quiet)
        tell("loading the solvers")
        from leverage.output.text import run_text
        from leverage.pipeline import run
        from leverage.solvers.compilation import announced_compilation

        gc.freeze()  # what is loaded stays: the collector need not look through it again and again

        def step(phrase: str) -> None:
            interruption.heed()
            tell(phrase)

        with announced_compilation(lambda: say_compiling(quiet), interruption.heed):
            result = run(scenario, horizon=horizon, progress=step)
        text = run_text(result)
        step("writing tables and report")

        def finish(draft: Path) -> None:
            from leverage.report.writing_report import write_report
            from leverage.writing.run_folder import RunFolder

            write_report(RunFolder.open(draft), figures=figures)
            interruption.heed()

        seconds = time.monotonic() - started
        written = write_run(result, text, folder, table_format.value, seconds, renumber=out is None, finish=finish)
    if not quiet:
        print_text(text)
        typer.echo(f"Files: {written}; to read, print or send: {written / 'report.html'}", err=True)
    for each in result.unsolved:
        typer.echo(f"not solved - {each.selection}: {each.advice}", err=True)
    if not result.complete:
        raise typer.Exit(NOT_SOLVED)


app.command("leverage")(leverage_command)
app.command("stress")(stress_command)
app.command("when")(when_command)
app.command("sweep")(sweep_command)
app.command("regimes")(regimes_command)
app.command("discover")(discover_command)
app.command("credible")(credible_command)
app.command("explain")(explain_command)
app.command("equilibria")(equilibria_command)
app.command("noise")(noise_command)
app.command("patience")(patience_command)
app.command("follow")(follow_command)
app.command("report")(report_command)
app.command("table")(table_command)
app.command("compare")(compare_command)
app.command("reproduce")(reproduce_command)
app.command("elicit")(elicit_command)


@app.command("validate")
def validate_command(file: FileArgument, parameter: ParameterOption = None, variant: VariantOption = "") -> None:
    """Check a scenario file: all its faults, each with place, cause and remedy."""
    from leverage.errors import ScenarioError
    from leverage.experiments.planned import faults_of_plans
    from leverage.game.form import compile_form
    from leverage.scenario.wording import counted

    scenario = load(file, parameter, variant)
    if faults := faults_of_plans(scenario):
        raise ScenarioError(scenario.source, faults)
    variants = () if variant else tuple(scenario.variants)
    for name in variants:
        load(file, parameter, name)
    form = compile_form(scenario)
    strategies = sum(len(own) for own in scenario.strategies)
    print_text(
        f"{file}: no faults. {counted(len(form.levels), 'state')}, {len(form.row_state)} pairs of state and action profile,"
        f" {counted(len(form.indices), 'transition')}; {counted(len(scenario.parameters), 'parameter')}, {strategies} strategies,"
        f" {counted(len(scenario.instruments), 'instrument')}, {counted(len(scenario.claims), 'claim')},"
        f" {counted(len(variants), 'variant')}."
    )
    for note in scenario.notes:
        typer.echo(f"note: {note}", err=True)


@app.command("schema")
def schema_command() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    from leverage.scenario.schema import json_schema_text

    print_text(json_schema_text().rstrip("\n"))


@app.command("show")
def show_command(
    file: FileArgument,
    state: Annotated[
        str,
        typer.Option(
            "--state",
            metavar="CONDITION",
            help="Show the first state that fits, such as 'talks is opened'; default: the start.",
            show_default=False,
        ),
    ] = "",
    parameter: ParameterOption = None,
    variant: VariantOption = "",
) -> None:
    """Show the compiled game in words: its size, and what can be done and what follows in one state."""
    from leverage.output.show import show_text

    print_text(show_text(load(file, parameter, variant), state))


class GambitFormat(StrEnum):
    """File format of a game for Gambit."""

    nfg = "nfg"
    efg = "efg"


@app.command("export")
def export_command(
    file: FileArgument,
    to: Annotated[
        GambitFormat, typer.Option("--to", help="nfg: the one-shot game of a state; efg: the tree of a game that ends.")
    ],
    state: Annotated[
        str,
        typer.Option(
            "--state",
            metavar="CONDITION",
            help="Take the first state that fits, such as 'talks is opened', as the one-shot game or the tree's root;"
            " default: the start.",
            show_default=False,
        ),
    ] = "",
    periods: Annotated[
        int | None,
        typer.Option("--periods", min=1, metavar="T", help="Periods of the tree; needed for efg only.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="PATH", help="File to write; default: standard output.", show_default=False)
    ] = None,
    parameter: ParameterOption = None,
    variant: VariantOption = "",
) -> None:
    """Write the game as a file for Gambit: one state as .nfg, a finite number of periods as .efg."""
    if (periods is not None) != (to is GambitFormat.efg):
        needs = "an .efg file needs --periods T" if periods is None else "an .nfg file has one period: leave out --periods"
        raise typer.BadParameter(needs, param_hint="--periods")
    from dataclasses import replace

    from leverage.exchange.efg_files import efg_text
    from leverage.exchange.nfg_files import nfg_text
    from leverage.game.form import compile_form
    from leverage.output.show import find_state

    form = compile_form(load(file, parameter, variant))
    game = form.at()
    start = find_state(form, state) if state else form.start
    text = nfg_text(game, start) if periods is None else efg_text(replace(game, start=start), periods)
    if out is None:
        print_text(text.rstrip("\n"))
    else:
        write_new(out, text.encode())


@app.command("example")
def example_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="One of the shipped scenarios.")] = "withdrawal",
) -> None:
    """Print a shipped scenario, to be saved and changed: simulate example > my.yaml."""
    from leverage.loading import shipped_text

    print_text(shipped_text(name).rstrip("\n"))


def main() -> None:
    """Entry point: run the command and turn what goes wrong into a message and an exit status."""
    from leverage.errors import LeverageError, OutputError, ScenarioError, StoppedError, UnsolvedError

    try:
        app()
    except (ScenarioError, OutputError) as error:
        _end(str(error), USAGE)
    except UnsolvedError as error:
        _end(f"not solved: {error}", NOT_SOLVED)
    except StoppedError as error:
        _end(str(error), INTERRUPTED)
    except LeverageError as error:
        _end(str(error), USAGE)
    except KeyboardInterrupt:
        _end("interrupted", INTERRUPTED)
    except SystemExit as end:
        if end.code == INTERRUPTED:
            _end("interrupted", INTERRUPTED)
        raise


def _end(message: str, status: int) -> None:
    with suppress(OSError):  # standard error may be closed or full: the status still tells
        typer.echo(message, err=True)
    raise SystemExit(status)
