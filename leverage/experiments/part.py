"""One part of a sweep: a fixed block of points, solved one after the other, as the bytes of a Parquet file.

What a part holds depends on the sweep and the part's number alone: not on who solves it, where, when, or what was solved before.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from threadpoolctl import threadpool_limits

from leverage.analysis.point import Point
from leverage.analysis.proved_sets import TOLERANCE
from leverage.errors import LeverageError, ScenarioError
from leverage.experiments.arrow_columns import arrow_column
from leverage.experiments.columns import TABLES, Cell, Column, Group, groups_of
from leverage.experiments.regime_columns import regime_tables
from leverage.game.box import faults_over_box
from leverage.game.stochastic_game import Floats, refuse_huge_payoffs
from leverage.loading import parse_scenario
from leverage.points.evaluator import Evaluator
from leverage.scenario.scenario import Scenario

#: What became of a point: every column has an answer, some have, none has.
SOLVED, PARTLY, NOT_SOLVED = "solved", "partly solved", "not solved"

#: Columns that every sweep has.
POINT, STATUS, REASON = "point", "status", "reason"

#: Points that an evaluator keeps while a part is solved; a trend asks for a few beside the point itself.
POINTS_KEPT = 16

_ARROW = {"number": pa.float64(), "text": pa.string(), "flag": pa.bool_()}


@dataclass(frozen=True)
class SweepTask:
    """All that a worker must know, in plain data.

    text, source, overrides, variant: the scenario. names, ends: the parameters that vary, and the lowest and highest value of
    each. tables: what is computed. tolerance: gap asked of equilibrium sets, a fraction of the payoff range. claims: those that
    are judged, all if none are named. fail_fast: a point without all its answers ends its part.
    """

    text: str
    source: str
    overrides: tuple[tuple[str, float], ...]
    variant: str
    names: tuple[str, ...]
    ends: tuple[tuple[float, float], ...]
    tables: tuple[str, ...]
    tolerance: float
    claims: tuple[str, ...] = ()
    fail_fast: bool = False

    @classmethod
    def of(
        cls,
        scenario: Scenario,
        ends: Mapping[str, tuple[float, float]],
        tables: tuple[str, ...],
        tolerance: float,
        claims: tuple[str, ...] = (),
    ) -> SweepTask:
        """What is asked of a scenario; ends: by the parameters that vary."""
        return cls(
            text=scenario.document.text,
            source=scenario.source,
            overrides=tuple(scenario.overrides.items()),
            variant=scenario.variant,
            names=tuple(ends),
            ends=tuple(ends.values()),
            tables=tables,
            tolerance=tolerance,
            claims=claims,
        )


@dataclass(frozen=True)
class SolvedPart:
    """content: of the part's file. points: how many. failed: how many of them lack an answer. example: why the first of those
    does, '' without any."""

    content: bytes
    points: int
    failed: int
    example: str = ""


@dataclass(frozen=True)
class StoppedPart:
    """A part that was given up at a point which lacks an answer. point: its number. reason: why."""

    point: int
    reason: str


class Bench:
    """A scenario compiled for a sweep, and the columns that are asked for.

    Raises ScenarioError where a value that is visited makes no game.
    """

    def __init__(self, task: SweepTask) -> None:
        self.task = task
        self.scenario = _visiting(task)
        closely = task.tolerance <= TOLERANCE
        self.evaluator = Evaluator(self.scenario, ladder=(task.tolerance,), kept=POINTS_KEPT, closely=closely)
        known = {**TABLES, **regime_tables(self.scenario)}
        self.groups = groups_of(task.tables, known, self.scenario, self.evaluator.at())

    @property
    def columns(self) -> tuple[Column, ...]:
        return tuple(column for group in self.groups for column in group.columns)

    @property
    def schema(self) -> pa.Schema:
        """Of every part: the point's number, the parameters, the status and why, then the columns."""
        fixed = [pa.field(POINT, pa.int64()), *(pa.field(column_of(name), pa.float64()) for name in self.scenario.parameters)]
        fixed += [pa.field(STATUS, pa.string()), pa.field(REASON, pa.string())]
        return pa.schema([*fixed, *(pa.field(column.name, _ARROW[column.kind]) for column in self.columns)])

    def solve(self, start: int, values: Floats, *, fail_fast: bool = False) -> SolvedPart | StoppedPart:
        """The points with these values of the parameters that vary, (n, K).

        start : number of the first. fail_fast : give the part up at a point without all its answers.
        """
        with threadpool_limits(limits=1, user_api="blas"):  # sums depend on the number of threads
            return self._solve(start, values, fail_fast)

    def _solve(self, start: int, values: Floats, fail_fast: bool) -> SolvedPart | StoppedPart:
        rows: list[list[Cell]] = []
        failed, example = 0, ""
        for number, point in enumerate(self._points(values), start):
            cells, reasons = _filled(self.groups, point, self.evaluator)
            if reasons and fail_fast:
                return StoppedPart(number, reasons[0])
            failed += bool(reasons)
            example = example or (reasons[0] if reasons else "")
            status = SOLVED if not reasons else PARTLY if any(cell is not None for cell in cells) else NOT_SOLVED
            rows.append([number, *point.values.values(), status, "; ".join(reasons), *cells])
        columns = [arrow_column(column, field.type) for column, field in zip(zip(*rows, strict=True), self.schema, strict=True)]
        return SolvedPart(parquet_bytes(pa.Table.from_arrays(columns, schema=self.schema)), len(rows), failed, example)

    def _points(self, values: Floats) -> Iterator[Point]:
        """The points, of whose games every formula is evaluated at once."""
        everywhere = self.scenario.values
        world = self.evaluator.worlds.without()
        moved = {name: np.ascontiguousarray(column)[:, None] for name, column in zip(self.task.names, values.T, strict=True)}
        games = world.form.games({**everywhere, **moved})
        for row, game in zip(values.tolist(), games, strict=True):
            point = self.evaluator.at(dict(zip(self.task.names, row, strict=True)))
            point.give(game=game)
            yield point


def column_of(parameter: str) -> str:
    """The column of a parameter: its name, unless every sweep has a column of that name."""
    return f"{parameter} (parameter)" if parameter in (POINT, STATUS, REASON) else parameter


#: A bench, what solvers keep and the limit on BLAS threads belong to the process: however many threads ask, one solves.
_ALONE = threading.Lock()


@lru_cache(maxsize=2)
def bench_of(task: SweepTask) -> Bench:
    """The bench of a task; a worker makes it once."""
    return Bench(task)


def solve_part(task: SweepTask, start: int, values: Floats) -> SolvedPart | StoppedPart:
    """One part of a sweep; see `Bench.solve`. What workers call; threads of one process wait for each other."""
    with _ALONE:
        return bench_of(replace(task, fail_fast=False)).solve(start, values, fail_fast=task.fail_fast)


def parquet_bytes(table: pa.Table) -> bytes:
    """The same bytes for the same table and version of the library."""
    stream = io.BytesIO()
    pq.write_table(table, stream, compression="zstd", row_group_size=max(1, len(table)))
    return stream.getvalue()


def _visiting(task: SweepTask) -> Scenario:
    """The scenario, checked over its plausible box and all that is visited."""
    visited = dict(zip(task.names, task.ends, strict=True))
    scenario = replace(parse_scenario(task.text, dict(task.overrides), task.variant, task.source), visited=visited)
    faults = faults_over_box(scenario)
    if faults:
        raise ScenarioError(f"{task.source}, at values that are visited", faults)
    kept = tuple(claim for claim in scenario.claims if not task.claims or claim.name in task.claims)
    return replace(scenario, claims=kept)


def _filled(groups: Sequence[Group], point: Point, evaluator: Evaluator) -> tuple[list[Cell], list[str]]:
    """The cells of a point, and why some are empty."""
    try:
        refuse_huge_payoffs(point.game())
    except LeverageError as error:
        return [None] * sum(len(group.columns) for group in groups), [str(error)]
    cells: list[Cell] = []
    reasons: dict[str, None] = {}
    for group in groups:
        try:
            found = group.fill(point, evaluator)
        except LeverageError as error:
            reasons[str(error)] = None
        except Exception as error:  # noqa: BLE001 - one point must not cost all others; the row says what happened
            reasons[f"unexpected {type(error).__name__}: {error}"] = None
        else:
            cells += found.cells
            reasons |= dict.fromkeys(found.lacking)
            continue
        cells += [None] * len(group.columns)
    return cells, list(reasons)
