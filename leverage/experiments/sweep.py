"""A sweep: the same questions at many parameter points, kept part by part, so that one that was stopped goes on where it was."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from leverage.analysis.proved_sets import TOLERANCE
from leverage.errors import OutputError
from leverage.experiments.design import Design
from leverage.experiments.part import StoppedPart, SweepTask, bench_of
from leverage.experiments.store import Part, SweepFolder, differences, part_size, parts_of
from leverage.experiments.workers import Work, Workers
from leverage.output.unfinished import computed_from
from leverage.scenario.scenario import Scenario

#: Told what a sweep has come to.
Tell = Callable[["Progress"], None]


@dataclass(frozen=True)
class Progress:
    """done: points that are in the folder. solved: those of them that were solved now. total: of the design. failed: points
    solved now that lack an answer; example: why the first of them does. workers: that are there; None before they are counted."""

    done: int
    solved: int
    total: int
    failed: int = 0
    example: str = ""
    workers: int | None = None


@dataclass(frozen=True, eq=False)
class Sweep:
    """A scenario, the points at which it is looked at, and what is computed there.

    tables: names among `leverage.experiments.columns.TABLES`. tolerance: gap asked of equilibrium sets, a fraction of the payoff
    range. claims: those that are judged; all where none are named.
    """

    scenario: Scenario
    design: Design
    tables: tuple[str, ...] = ("outcomes",)
    tolerance: float = TOLERANCE
    claims: tuple[str, ...] = ()

    @property
    def task(self) -> SweepTask:
        """What workers are told."""
        return SweepTask.of(self.scenario, self.design.ends, self.tables, self.tolerance, self.claims)

    @property
    def statement(self) -> dict[str, Any]:
        """All that a number of this sweep hangs on."""
        asked = {
            "design": dict(self.design.statement),
            "tables": list(self.tables),
            "claims": list(self.claims),
            "tolerance": self.tolerance,
            "part_size": part_size(self.design.size),
        }
        return computed_from(self.scenario, asked)

    @property
    def identifier(self) -> str:
        """A short name of the statement."""
        return short_name(self.statement)

    def values_of(self, part: Part) -> Any:
        """The points of a part, (n, K)."""
        return self.design.values(part.start, part.stop)


def short_name(statement: Mapping[str, Any]) -> str:
    """Tells statements apart in the names of folders."""
    return hashlib.sha256(repr(statement).encode()).hexdigest()[:6]


@dataclass(frozen=True)
class Finished:
    """What a sweep came to. stopped: the point at which it was given up, and why; None where it went through."""

    progress: Progress
    stopped: StoppedPart | None = None


class Stated(Protocol):
    """Something that is computed in a folder of its own. statement: all that its numbers hang on, as JSON has it."""

    @property
    def statement(self) -> dict[str, Any]: ...


def open_folder(folder: SweepFolder, sweep: Stated, *, resume: bool, what: str = "sweep") -> None:
    """Begin the folder of a sweep, or of a study that keeps its points as a sweep does, or make sure that it holds this very one.

    what : it is called so in messages.

    Raises OutputError where the folder is taken: by anything else, by a sweep that differs (and in what), or by this one where
    nobody asked to go on with it.
    """
    there = folder.statement
    if there is None:
        folder.refuse_taken(what)
        folder.begin(sweep.statement)
        return
    differing = list(differences(there, sweep.statement))
    if differing:
        listed = "\n    ".join(differing[:8])
        raise OutputError(f"{folder.path} holds another {what}: choose another --out\n    {listed}")
    if not resume:
        state = "finished" if folder.manifest else "unfinished"
        raise OutputError(f"{folder.path} holds this {what}, {state}: go on with --resume, or choose another --out")


def run_sweep(
    sweep: Sweep, folder: SweepFolder, workers: Workers, *, fail_fast: bool = False, tell: Tell, heed: Callable[[], None]
) -> Finished:
    """Solve the parts that the folder lacks; `open_folder` has been asked.

    Raises OutputError where a part cannot be written; what was finished is kept then, as it is when `heed` raises. FolderError
    where files lie among the parts that are none of its own.
    """
    folder.refuse_strays(sweep.design.size)
    task = replace(sweep.task, fail_fast=fail_fast)
    schema = bench_of(sweep.task).schema
    missing = [part for part in parts_of(sweep.design.size) if not folder.holds(part, schema)]
    total = sweep.design.size
    now = Progress(total - sum(part.stop - part.start for part in missing), 0, total)
    tell(now)

    def staffed(count: int) -> None:
        nonlocal now
        now = replace(now, workers=count)
        tell(now)

    for part, solved in workers.results(Work(task, missing, sweep.values_of, heed, staffed)):
        if isinstance(solved, StoppedPart):
            return Finished(now, solved)
        folder.keep(part, solved.content)
        now = replace(
            now,
            done=now.done + solved.points,
            solved=now.solved + solved.points,
            failed=now.failed + solved.failed,
            example=now.example or solved.example,
        )
        tell(now)
    return Finished(now)
