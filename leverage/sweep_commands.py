"""The command that looks at a scenario at many parameter points."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leverage.command_parts import (
    FileArgument,
    Interruption,
    ParameterOption,
    QuietOption,
    VariantOption,
    load,
    print_text,
    say_compiling,
)

if TYPE_CHECKING:
    from leverage.experiments.design import Design
    from leverage.experiments.store import SweepFolder
    from leverage.experiments.sweep import Finished, Progress, Sweep
    from leverage.experiments.workers import Workers
    from leverage.scenario.scenario import Scenario

#: Part of a sweep has no answer.
PARTLY_FAILED = 3


def sweep_command(
    file: FileArgument,
    over: Annotated[
        list[str] | None,
        typer.Option(
            "--over",
            metavar="NAME[=VALUES]",
            help="Vary a parameter: 5,20,50 or linspace(0,1,21) or geomspace(1,100,9); the name alone takes its plausible range."
            " Repeated: every combination. With --sample, names alone: those that vary.",
            show_default=False,
        ),
    ] = None,
    together: Annotated[
        bool, typer.Option("--zip", help="Take the values of all --over together instead of combining them.")
    ] = False,
    plan: Annotated[
        str,
        typer.Option("--plan", metavar="NAME", help="A sweep that the file itself names under 'sweeps:'.", show_default=False),
    ] = "",
    sample: Annotated[
        str,
        typer.Option(
            "--sample",
            metavar="KIND:N",
            help="Draw points from all plausible ranges: sobol:4096, lhs:1000, saltelli:N or morris:N for sensitivities.",
            show_default=False,
        ),
    ] = "",
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="N", help="Where the sample's random numbers begin.")] = 0,
    tables: Annotated[
        str,
        typer.Option(
            "--tables",
            metavar="NAMES",
            help="What is computed, with commas: outcomes, strategies, sets, leverage, claims.",
            show_default="outcomes",
        ),
    ] = "",
    claim: Annotated[
        list[str] | None,
        typer.Option("--claim", metavar="NAME", help="Judge this claim only; may be repeated.", show_default=False),
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(
            "--tolerance",
            metavar="X",
            help="The gap asked of equilibrium sets, a fraction of the payoff range. Default: 0.02.",
            show_default=False,
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", min=1, metavar="N", help="Worker processes; default: one a core.", show_default=False),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a sweep that was stopped.")] = False,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Stop at the first point without all its answers.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the points and an estimate of the time; solve nothing else.")
    ] = False,
    parameter: ParameterOption = None,
    variant: VariantOption = "",
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="Folder of the sweep; default: results/SCENARIO/...", show_default=False),
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Solve a scenario at many parameter points; what is finished is kept, and --resume goes on."""
    interruption = Interruption()
    interruption.listen()
    started = time.monotonic()
    scenario = load(file, parameter, variant)
    words = Words(
        tuple(over or ()), together, sample, tuple(each.strip() for each in tables.split(",") if each.strip()), tuple(claim or ())
    )
    sweep = _asked(scenario, _planned(scenario, plan, words) if plan else words, seed, tolerance)
    from leverage.experiments.store import SweepFolder

    folder = SweepFolder(out or _default_folder(sweep))
    if dry_run:
        print_text(_plan_text(sweep, folder, jobs))
        return
    from leverage.experiments.part import bench_of
    from leverage.experiments.sweep import open_folder

    bench_of(sweep.task)  # values that make no game are told before anything is written
    open_folder(folder, sweep, resume=resume)
    with folder.locked():
        finished = _solved(sweep, folder, _workers(jobs, sweep), fail_fast, quiet, interruption)
        if finished.stopped is None:
            text = _finish(sweep, folder, time.monotonic() - started)
    if finished.stopped is not None:
        typer.echo(f"stopped: point {finished.stopped.point} lacks an answer: {finished.stopped.reason}", err=True)
        typer.echo(f"Finished parts are kept in {folder.path}; to go on without --fail-fast, add --resume", err=True)
        raise typer.Exit(PARTLY_FAILED)
    if not quiet:
        print_text(text)
        typer.echo(f"Files: {folder.path}; to read, print or send: {folder.path / 'report.html'}", err=True)
    failed = (folder.manifest or {}).get("failed", 0)
    if failed:
        lack = (
            "1 point lacks an answer: its row says why"
            if failed == 1
            else f"{failed:,} points lack an answer: their rows say why"
        )
        typer.echo(lack, err=True)
        raise typer.Exit(PARTLY_FAILED)


# --- what is asked -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Words:
    """What the command line, or a sweep of the file, asks for in words; as in `PlannedSweep`."""

    over: tuple[str, ...]
    together: bool
    sample: str
    tables: tuple[str, ...]
    claims: tuple[str, ...]


def _planned(scenario: Scenario, name: str, words: Words) -> Words:
    """The words of a sweep that the file names; what is computed may be asked for otherwise."""
    _known(name, [each.name for each in scenario.sweeps], "--plan", "sweep")
    if words.over or words.sample or words.together:
        raise typer.BadParameter(
            "a sweep of the file says itself what varies: leave out --over, --zip and --sample", param_hint="--plan"
        )
    found = next(each for each in scenario.sweeps if each.name == name)
    return Words(found.over, found.together, found.sample, words.tables or found.tables, words.claims or found.claims)


def _asked(scenario: Scenario, words: Words, seed: int, tolerance: float | None) -> Sweep:
    from leverage.experiments.columns import TABLES
    from leverage.experiments.sweep import TOLERANCE, Sweep

    names = list(words.tables) or ["outcomes"]
    for name in names:
        _known(name, TABLES, "--tables", "table")
    for name in words.claims:
        _known(name, [claim.name for claim in scenario.claims], "--claim", "claim")
    if words.claims and "claims" not in names:
        names.append("claims")
    if tolerance is not None and not 0 < tolerance < 1:
        raise typer.BadParameter("a fraction of the payoff range is needed, such as 0.02", param_hint="--tolerance")
    return Sweep(
        scenario,
        _design(scenario, words, seed),
        tuple(name for name in TABLES if name in names),
        TOLERANCE if tolerance is None else tolerance,
        tuple(claim.name for claim in scenario.claims if claim.name in words.claims),
    )


def _known(name: str, known: Iterable[str], option: str, what: str) -> None:
    from leverage.scenario.parsing import nearest

    listed = list(known)
    if name not in listed:
        raise typer.BadParameter(
            f"there is no {what} '{name}'; {nearest(name, listed) or 'the scenario has none'}", param_hint=option
        )


def _design(scenario: Scenario, words: Words, seed: int) -> Design:
    from leverage.experiments.axes import read_axis
    from leverage.experiments.design import Sample, asked_sample, grid_of

    axes = [read_axis(text, scenario) for text in words.over]
    if not words.sample:
        if not axes:
            raise typer.BadParameter(
                "name what varies, such as --over NAME, draw a --sample, or take a --plan of the file", param_hint="--over"
            )
        return grid_of(axes, together=words.together)
    if words.together:
        raise typer.BadParameter("a sample has no values to take together", param_hint="--zip")
    named = next((axis.name for axis in axes if not axis.named_only), None)
    if named is not None:
        raise typer.BadParameter(f"a sample draws from plausible ranges: name '{named}' alone", param_hint="--over")
    kind, count = asked_sample(words.sample)
    chosen = {axis.name for axis in axes}
    ranges = {p.name: (p.low, p.high) for p in scenario.parameters.values() if p.in_doubt and (not chosen or p.name in chosen)}
    if not ranges:
        raise typer.BadParameter("no parameter has a plausible range to draw from", param_hint="--sample")
    return Sample(kind, count, seed, ranges)


def _default_folder(sweep: Sweep) -> Path:
    from leverage.output.files import preferred_folder

    base = preferred_folder(sweep.scenario, Path("results"), "sweep")
    return base.with_name(f"{base.name}-{sweep.identifier}")


# --- the work ----------------------------------------------------------------------------------------------------------


def _workers(jobs: int | None, sweep: Sweep) -> Workers:
    from leverage.experiments.store import parts_of
    from leverage.experiments.workers import LocalProcesses, ThisProcess, cores

    count = min(jobs or cores(), sum(1 for _ in parts_of(sweep.design.size)))
    return LocalProcesses(count) if count > 1 else ThisProcess()


def _solved(
    sweep: Sweep, folder: SweepFolder, workers: Workers, fail_fast: bool, quiet: bool, interruption: Interruption
) -> Finished:
    """Solve what the folder lacks. Raises StoppedError where it is interrupted."""
    from leverage.errors import StoppedError
    from leverage.experiments.sweep import run_sweep
    from leverage.solvers.compilation import announced_compilation

    last: list[Progress] = []
    try:
        with sweep_progress(quiet) as tell, announced_compilation(lambda: say_compiling(quiet), interruption.heed):

            def told(progress: Progress) -> None:
                last[:] = [progress]
                tell(progress)

            return run_sweep(sweep, folder, workers, fail_fast=fail_fast, tell=told, heed=interruption.heed)
    except KeyboardInterrupt:
        done = last[0].done if last else 0
        command = shlex.join(["simulate", *(word for word in sys.argv[1:] if word != "--resume"), "--resume"])
        message = f"interrupted: {done:,} of {sweep.design.size:,} points are kept in {folder.path}; to go on: {command}"
        raise StoppedError(message) from None


def _finish(sweep: Sweep, folder: SweepFolder, seconds: float) -> str:
    """Write what is made from the parts, the manifest last. Returns the printed page."""
    from leverage.experiments.finishing import finish_sweep
    from leverage.report.sweep_document import sweep_report

    return finish_sweep(sweep, folder, seconds, sweep_report)


def _plan_text(sweep: Sweep, folder: SweepFolder, jobs: int | None) -> str:
    from leverage.experiments.finishing import plan_text
    from leverage.experiments.workers import cores

    return plan_text(sweep, folder.path, jobs or cores())


@contextmanager
def sweep_progress(quiet: bool) -> Iterator[Callable[[Progress], None]]:
    """A bar on standard error with the rate and the time left; nothing when that is no terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda progress: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        *(TextColumn("{task.description}"), BarColumn(bar_width=20), MofNCompleteColumn()),
        *(TextColumn("{task.fields[rate]}"), TimeRemainingColumn(compact=True), TextColumn("left")),
    )
    began = time.monotonic()
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        line = bar.add_task("points", total=None, rate="")

        def tell(progress: Progress) -> None:
            rate = progress.solved / max(time.monotonic() - began, 1e-9)
            words = f"{rate:.3g} a second" if progress.solved else ""
            failed = f", {progress.failed} without an answer" if progress.failed else ""
            bar.update(line, completed=progress.done, total=progress.total, rate=f"{words}{failed}")

        yield tell
