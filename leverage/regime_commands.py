"""Commands that ask where answers change: over two parameters as a map, over many as boxes."""

from __future__ import annotations

import time
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
    load,
    print_text,
    refuse_tolerance,
    say_compiling,
)
from leverage.sweep_commands import PARTLY_FAILED, going_on, own_folder, sweep_progress

if TYPE_CHECKING:
    from leverage.experiments.regime_map import RegimeMap, SolvedMap
    from leverage.experiments.regime_tables import MapTables
    from leverage.experiments.store import SweepFolder
    from leverage.experiments.sweep import Progress
    from leverage.experiments.workers import Workers


def regimes_command(
    file: FileArgument,
    over: Annotated[
        list[str] | None,
        typer.Option(
            "--over",
            metavar="NAME[=LOW,HIGH]",
            help="A side of the map, given twice: a parameter over its plausible range, or from LOW to HIGH.",
            show_default=False,
        ),
    ] = None,
    player: Annotated[
        str,
        typer.Option(
            "--player",
            metavar="PLAYER",
            help="Whose named strategies are compared; default: the holder of the first instrument.",
            show_default=False,
        ),
    ] = "",
    credible: Annotated[
        bool,
        typer.Option(
            "--credible", help="Also ask which pairs of named strategies have a credible path: solves equilibrium sets."
        ),
    ] = False,
    cells: Annotated[int, typer.Option("--cells", min=1, max=64, metavar="N", help="The map begins with N x N cells.")] = 8,
    budget: Annotated[
        int, typer.Option("--budget", min=1, metavar="POINTS", help="Points that may be solved; cells are divided until then.")
    ] = 800,
    tolerance: GapOption = None,
    jobs: JobsOption = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a map that was stopped.")] = False,
    parameter: ParameterOption = None,
    variant: VariantOption = "",
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="Folder of the map; default: results/SCENARIO/...", show_default=False),
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Map two parameters: where which named strategy is best, what the Markov equilibrium plays, which paths are credible.

    The map is refined where answers change. What is finished is kept, and --resume goes on.
    """
    interruption = Interruption()
    interruption.listen()
    started = time.monotonic()
    scenario = load(file, parameter, variant)
    from leverage.analysis.proved_sets import TOLERANCE
    from leverage.experiments.part import bench_of
    from leverage.experiments.regime_folder import finish_map
    from leverage.experiments.regime_map import asked_map, refuse_unasked
    from leverage.experiments.store import SweepFolder
    from leverage.experiments.sweep import open_folder

    refuse_tolerance(tolerance)
    gap = TOLERANCE if tolerance is None else tolerance
    asked = asked_map(scenario, over or (), player=player, credible=credible, cells=cells, budget=budget, tolerance=gap)
    refuse_unasked(asked, player=bool(player))
    bench_of(asked.task)  # nothing is written where a value makes no game
    folder = SweepFolder(out or own_folder("regimes", asked.scenario, asked.identifier))
    open_folder(folder, asked, resume=resume, what="map")
    done = [0]
    with going_on(lambda: f"{done[0]:,} points are kept in {folder.path}"), folder.locked():
        solved = _solved(asked, folder, _workers(jobs), quiet, interruption, done)
        text = finish_map(solved, folder, time.monotonic() - started, lambda tables: _draw(asked, tables, folder))
    if not quiet:
        print_text(text)
        typer.echo(f"Files: {folder.path}", err=True)
    failed = (folder.manifest or {}).get("failed", 0)
    if failed:
        typer.echo(f"Points without an answer: {failed:,}; their rows say why", err=True)
        raise typer.Exit(PARTLY_FAILED)


def _workers(jobs: int | None) -> Workers:
    from leverage.experiments.workers import ThisProcess, WhereWorth, cores

    count = jobs or cores()
    return WhereWorth(count) if count > 1 else ThisProcess()


def _solved(
    asked: RegimeMap, folder: SweepFolder, workers: Workers, quiet: bool, interruption: Interruption, done: list[int]
) -> SolvedMap:
    """Solve what the folder lacks. done: how many points are there, kept up to date."""
    from leverage.experiments.regime_map import solve_map
    from leverage.solvers.compilation import announced_compilation

    with sweep_progress(quiet) as tell, announced_compilation(lambda: say_compiling(quiet), interruption.heed):

        def told(progress: Progress) -> None:
            done[0] = progress.done
            tell(progress)

        return solve_map(asked, folder, workers, tell=told, heed=interruption.heed)


def _draw(asked: RegimeMap, tables: MapTables, folder: SweepFolder) -> None:
    """The figures of a map, SVG and PNG."""
    from leverage.figures.drawing import save
    from leverage.figures.regimes import MapQuestion, draw_regimes

    across, up = (asked.scenario.parameters[side.name] for side in asked.sides)
    for aspect in asked.aspects:
        drawing = draw_regimes(tables.cells, tables.shares, MapQuestion(aspect.key, aspect.title, across, up))
        if drawing is not None:
            save(drawing, folder.path / "figures")


def discover_command(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder of a finished sweep.", show_default=False)],
    claim: Annotated[
        str,
        typer.Option(
            "--claim",
            metavar="NAME",
            help="Look for where this claim fails, or holds; the sweep must judge it.",
            show_default=False,
        ),
    ] = "",
    holds: Annotated[
        bool, typer.Option("--holds/--fails", help="With --claim: where it holds (barely included), or where it fails.")
    ] = False,
    where: Annotated[
        str,
        typer.Option(
            "--where",
            metavar="CONDITION",
            help="Look for where columns compare so: 'power: payoff < 20 and A1 = fails'. Part of a column's name is enough.",
            show_default=False,
        ),
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="Folder of the boxes; default: beside the sweep's.", show_default=False),
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Find the boxes of parameters in which a claim fails (or holds) or an outcome is bad, in the points of a sweep."""
    interruption = Interruption()
    interruption.listen()
    started = time.monotonic()
    if bool(claim) == bool(where):
        raise typer.BadParameter("ask for one of them", param_hint="--claim NAME or --where CONDITION")
    from leverage.experiments.discovery_study import claim_cases, discovery_study, row_cases
    from leverage.experiments.finished_sweep import FinishedSweep
    from leverage.output.files import refuse_taken, write_tables

    if out is not None:
        refuse_taken(out)
    sweep = FinishedSweep.whole(folder)
    cases = claim_cases(sweep, claim, holds=holds) if claim else row_cases(sweep, where)
    found = discovery_study(sweep, cases)
    target, seconds = out or folder.with_name(f"{folder.name}-discover"), time.monotonic() - started
    tables, facts = {"boxes": found.boxes}, {"kind": "discover", **found.facts}
    written = write_tables(sweep.scenario, tables, facts, found.text, target, "csv", seconds, renumber=out is None)
    if not quiet:
        print_text(found.text)
        typer.echo(f"Files: {written}", err=True)
