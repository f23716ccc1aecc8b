"""The command that looks at a scenario at many parameter points."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leverage.command_parts import (
    FileArgument,
    GapOption,
    Interruption,
    JobsOption,
    ParameterOption,
    QuietOption,
    VariantOption,
    command_line,
    load,
    overrides,
    print_text,
    refuse_tolerance,
    say_compiling,
)

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from leverage.experiments.cluster import Cluster
    from leverage.experiments.columns import Column
    from leverage.experiments.design import Design, Sample
    from leverage.experiments.store import SweepFolder
    from leverage.experiments.sweep import Finished, Progress, Sweep
    from leverage.experiments.workers import Workers
    from leverage.scenario.scenario import PlannedSweep, Scenario
    from leverage.scenario.sweeps import SampleKind
    from leverage.sheets.parameter_sheet import ParameterSheet

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
    plausible: Annotated[
        Path | None,
        typer.Option(
            "--plausible",
            metavar="SHEET",
            help="With --sample: draw from what a filled-in sheet holds to be plausible (see 'simulate elicit'), not evenly.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", min=0, metavar="N", help="Where the sample's random numbers begin.", show_default="0"),
    ] = None,
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
    tolerance: GapOption = None,
    jobs: JobsOption = None,
    cluster: Annotated[
        str,
        typer.Option(
            "--cluster",
            metavar="ADDRESS",
            help="Let the workers of a Dask cluster solve the points: the address that its scheduler prints, as tcp://host:8786.",
            show_default=False,
        ),
    ] = "",
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
    if cluster and jobs is not None:
        raise typer.BadParameter("a cluster has workers of its own: leave out --jobs", param_hint="--jobs")
    started = time.monotonic()
    asked = tuple(each.strip() for each in tables.split(",") if each.strip())
    from leverage.scenario.scenario import PlannedSweep

    words = PlannedSweep("", "", tuple(over or ()), together, sample, asked, tuple(claim or ()))
    if tables and not asked:
        raise typer.BadParameter("name at least one table", param_hint="--tables")
    scenario, sheet = load(file, parameter, variant), None
    if plausible is not None:
        scenario, sheet = _likely(scenario, file, parameter, plausible)
    words = _planned(scenario, plan, words) if plan else words
    sweep = _asked(scenario, words, _design(scenario, words, seed or 0, sheet), tolerance)
    _refuse_idle(sweep, [name for name, _ in overrides(parameter or ())], seed)
    from leverage.experiments.store import SweepFolder

    folder = SweepFolder(out or own_folder("sweep", sweep.scenario, sweep.identifier))
    if dry_run:
        print_text(_plan_text(sweep, folder, jobs, cluster))
        return
    from leverage.experiments.indices import few_blocks
    from leverage.experiments.part import bench_of
    from leverage.experiments.sweep import open_folder

    _refuse_empty(sweep, bench_of(sweep.task).columns)  # nor is anything written where a value makes no game
    if not quiet and (warning := few_blocks(sweep.design)):
        typer.echo(warning, err=True)
    with _workers(jobs, cluster, sweep) as workers:
        open_folder(folder, sweep, resume=resume)
        with going_on(lambda: _kept(sweep, folder)), folder.locked():
            finished = _solved(sweep, folder, workers, fail_fast, quiet, interruption)
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


def _likely(scenario: Scenario, file: Path, parameters: list[str] | None, path: Path) -> tuple[Scenario, ParameterSheet]:
    """A sheet, and the scenario at its likeliest values; what the command line says of a value goes before it."""
    from leverage.loading import load_scenario
    from leverage.sheets.sheet_reading import read_sheet

    sheet = read_sheet(path, scenario)
    return load_scenario(file, {**sheet.likely, **dict(overrides(parameters or ()))}, scenario.variant), sheet


def _planned(scenario: Scenario, name: str, words: PlannedSweep) -> PlannedSweep:
    """A sweep that the file names; what is computed may be asked for otherwise."""
    _known(name, [each.name for each in scenario.sweeps], "--plan", "sweep")
    if words.over or words.sample or words.together:
        raise typer.BadParameter(
            "a sweep of the file says itself what varies: leave out --over, --zip and --sample", param_hint="--plan"
        )
    found = next(each for each in scenario.sweeps if each.name == name)
    return replace(found, tables=words.tables or found.tables, claims=words.claims or found.claims)


def _asked(scenario: Scenario, words: PlannedSweep, design: Design, tolerance: float | None) -> Sweep:
    from leverage.analysis.proved_sets import TOLERANCE
    from leverage.experiments.columns import TABLES
    from leverage.experiments.sweep import Sweep

    names = list(words.tables) or ["outcomes"]
    for name in names:
        _known(name, TABLES, "--tables", "table")
    for name in words.claims:
        _known(name, [claim.name for claim in scenario.claims], "--claim", "claim")
    if words.claims and "claims" not in names:
        names.append("claims")
    refuse_tolerance(tolerance)
    return Sweep(
        scenario,
        design,
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


def _design(scenario: Scenario, words: PlannedSweep, seed: int, sheet: ParameterSheet | None) -> Design:
    from leverage.experiments.axes import read_axis
    from leverage.experiments.design import grid_of

    if words.sample:
        return _sample(scenario, words, seed, sheet)
    if sheet is not None:
        raise typer.BadParameter("say how many points to draw, such as --sample sobol:1024", param_hint="--plausible")
    if not words.over:
        raise typer.BadParameter(
            "name what varies, such as --over NAME, draw a --sample, or take a --plan of the file", param_hint="--over"
        )
    return grid_of([read_axis(text, scenario) for text in words.over], together=words.together)


def _sample(scenario: Scenario, words: PlannedSweep, seed: int, sheet: ParameterSheet | None) -> Sample:
    from leverage.experiments.axes import read_name
    from leverage.experiments.design import Sample, asked_sample, refuse_large

    if words.together:
        raise typer.BadParameter("a sample has no values to take together", param_hint="--zip")
    names = {read_name(text, scenario) for text in words.over}
    kind, count = asked_sample(words.sample)
    if sheet is not None:
        sample = _by_experts(sheet, kind, count, seed, names)
    else:
        sample = Sample(kind, count, seed, _ranges(scenario, names))
    refuse_large(sample)
    return sample


def _ranges(scenario: Scenario, names: set[str]) -> dict[str, tuple[float, float]]:
    """The plausible ranges of these parameters, of all that have one where none are named."""
    certain = next((name for name in sorted(names) if not scenario.parameters[name].in_doubt), None)
    if certain is not None:
        message = f"'{certain}' has no plausible range to draw from: give it one in the file, or in a sheet (--plausible)"
        raise typer.BadParameter(message, param_hint="--over")
    ranges = {p.name: (p.low, p.high) for p in scenario.parameters.values() if p.in_doubt and (not names or p.name in names)}
    if not ranges:
        raise typer.BadParameter("no parameter has a plausible range to draw from", param_hint="--sample")
    return ranges


def _by_experts(sheet: ParameterSheet, kind: SampleKind, count: int, seed: int, names: set[str]) -> Sample:
    """Points drawn from a sheet."""
    from leverage.experiments.expert_draw import drawn_from

    certain = sorted(names - set(sheet.names))
    if certain:
        raise typer.BadParameter(f"the sheet leaves no doubt about '{certain[0]}'", param_hint="--over")
    sample = drawn_from(sheet, kind, count, seed, names)
    if not sample.ranges:
        raise typer.BadParameter("the sheet leaves nothing in doubt: there is nothing to draw", param_hint="--plausible")
    return sample


def _refuse_idle(sweep: Sweep, given: Sequence[str], seed: int | None) -> None:
    """What would change nothing."""
    from leverage.experiments.design import Sample

    varied = next((name for name in given if name in sweep.design.names), None)
    if varied is not None:
        raise typer.BadParameter(f"'{varied}' varies: it has no value of its own", param_hint="-p")
    if seed is not None and not isinstance(sweep.design, Sample):
        raise typer.BadParameter("there is nothing random without a --sample", param_hint="--seed")


def _refuse_empty(sweep: Sweep, columns: Sequence[Column]) -> None:
    """Tables of which the scenario has nothing to say."""
    from leverage.experiments.planned import NEEDS

    empty = next((name for name in sweep.tables if not any(column.table == name for column in columns)), None)
    if empty is not None:
        message = f"'{empty}' needs {NEEDS[empty][0]}, which the scenario has not: leave it out"
        raise typer.BadParameter(message, param_hint="--tables")


def own_folder(kind: str, scenario: Scenario, identifier: str) -> Path:
    """Where a sweep or a map goes unless it is told: a place that no other has."""
    from leverage.output.files import preferred_folder

    base = preferred_folder(scenario, Path("results"), kind)
    return base.with_name(f"{base.name}-{identifier}")


# --- the work ----------------------------------------------------------------------------------------------------------


def _workers(jobs: int | None, cluster: str, sweep: Sweep) -> AbstractContextManager[Workers]:
    """Those that are asked for, ready to begin."""
    if cluster:
        return _cluster(cluster)
    from leverage.experiments.store import parts_of
    from leverage.experiments.workers import LocalProcesses, ThisProcess, WhereWorth, cores

    count = min(jobs or cores(), sum(1 for _ in parts_of(sweep.design.size)))
    if count < 2:
        return nullcontext(ThisProcess())
    return nullcontext(WhereWorth(count) if jobs is None else LocalProcesses(count))


def _cluster(address: str) -> AbstractContextManager[Cluster]:
    """Connects to the cluster. Raises ClusterError."""
    from leverage.errors import ClusterError

    try:
        from leverage.experiments.cluster import cluster_at
    except ModuleNotFoundError as error:
        if error.name not in ("dask", "distributed"):
            raise
        raise ClusterError("a cluster needs the library 'distributed': pip install 'leverage[cluster]'") from error
    return cluster_at(address)


def _solved(
    sweep: Sweep, folder: SweepFolder, workers: Workers, fail_fast: bool, quiet: bool, interruption: Interruption
) -> Finished:
    """Solve what the folder lacks."""
    from leverage.experiments.sweep import run_sweep
    from leverage.solvers.compilation import announced_compilation

    last: list[Progress] = []
    with sweep_progress(quiet) as tell, announced_compilation(lambda: say_compiling(quiet), interruption.heed):

        def told(progress: Progress) -> None:
            before = last[0].workers if last else None
            if progress.workers == 0 and before != 0 and not quiet:
                typer.echo("no worker is there: waiting until one comes (Ctrl-C stops)", err=True)
            last[:] = [progress]
            tell(progress)

        return run_sweep(sweep, folder, workers, fail_fast=fail_fast, tell=told, heed=interruption.heed)


@contextmanager
def going_on(kept: Callable[[], str]) -> Iterator[None]:
    """An interruption ends with what is kept, and how to go on: also one that comes when all points are there, while pages are
    written. Raises StoppedError."""
    from leverage.errors import StoppedError

    try:
        yield
    except KeyboardInterrupt:
        raise StoppedError(f"interrupted: {kept()}; to go on: {command_line('--resume')}") from None


def _kept(sweep: Sweep, folder: SweepFolder) -> str:
    return f"{folder.kept(sweep.design.size):,} of {sweep.design.size:,} points are kept in {folder.path}"


def _finish(sweep: Sweep, folder: SweepFolder, seconds: float) -> str:
    """Write what is made from the parts, the manifest last. Returns the printed page."""
    from leverage.experiments.finishing import finish_sweep
    from leverage.report.sweep_document import sweep_report

    return finish_sweep(sweep, folder, seconds, sweep_report)


def _plan_text(sweep: Sweep, folder: SweepFolder, jobs: int | None, cluster: str) -> str:
    from leverage.experiments.finishing import plan_text
    from leverage.experiments.workers import cores

    if not cluster:
        return plan_text(sweep, folder.path, jobs or cores())
    with _cluster(cluster) as there:
        count = len(there.threads)
    return plan_text(sweep, folder.path, max(1, count))


@contextmanager
def sweep_progress(quiet: bool) -> Iterator[Callable[[Progress], None]]:
    """A bar on standard error with the rate and the time left; nothing when that is no terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda progress: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    from leverage.scenario.wording import counted

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
            workers = "" if progress.workers is None else f" by {counted(progress.workers, 'worker')}"
            bar.update(line, completed=progress.done, total=progress.total, rate=f"{words}{workers}{failed}")

        yield tell
