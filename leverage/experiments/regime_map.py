"""A map of regimes: over two parameters, where which answer is given; solved by the sweep's workers and kept in its folder.

The points of a round of refinement are divided into parts, which are solved and kept as a sweep's parts are: what was stopped
goes on where it was, and nothing depends on the number of workers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from leverage.analysis.proved_sets import TOLERANCE
from leverage.errors import Fault, ScenarioError
from leverage.experiments.axes import read_axis
from leverage.experiments.columns import Column
from leverage.experiments.part import StoppedPart, SweepTask, bench_of
from leverage.experiments.refinement import WIDTH, Division, Label, Place, coarse_points, divide
from leverage.experiments.regime_columns import BEST_OF, CREDIBLE, PLAY, combinations, comparable
from leverage.experiments.store import Part, SweepFolder
from leverage.experiments.sweep import Progress, Tell, short_name
from leverage.experiments.workers import Work, Workers
from leverage.game.stochastic_game import Floats
from leverage.output.unfinished import computed_from
from leverage.scenario.scenario import Scenario
from leverage.scenario.wording import counted, plain

#: Undivided cells on each side, and the points that may be asked for.
CELLS, BUDGET = 8, 800
#: Points of a part.
PART = 8
#: The word of a point that has no answer.
NO_ANSWER = "no answer"


@dataclass(frozen=True)
class Side:
    """A side of the map: a parameter from low to high."""

    name: str
    low: float
    high: float


@dataclass(frozen=True)
class Aspect:
    """One of the questions of a map. key: in tables. table: of the columns that answer it. title: what it is, in words."""

    key: str
    table: str
    title: str


@dataclass(frozen=True, eq=False)
class RegimeMap:
    """What is asked: a scenario, the two sides, whose strategies are compared, and how closely.

    player: whose named strategies are compared. credible: ask for credible paths too. cells: undivided cells on each side.
    budget: points that may be asked for. tolerance: gap asked of equilibrium sets, a fraction of the payoff range.
    """

    scenario: Scenario
    across: Side
    up: Side
    player: int
    credible: bool = False
    cells: int = CELLS
    budget: int = BUDGET
    tolerance: float = TOLERANCE

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.across, self.up

    @cached_property
    def aspects(self) -> tuple[Aspect, ...]:
        """The questions that the scenario has an answer to."""
        key = self.scenario.players[self.player].key
        found = [
            Aspect("markov_play", PLAY, "play of the Markov equilibrium at the start"),
            Aspect("markov_kind", PLAY, "kind of the Markov equilibrium"),
        ]
        if len(comparable(self.scenario, self.player)) > 1:
            against = " against best replies" if len(self.scenario.players) > 1 else ""
            found.insert(0, Aspect("best_strategy", f"{BEST_OF}{key}", f"best strategy of {plain(key)}{against}"))
        if self.credible and combinations(self.scenario):
            found.append(Aspect("credible", CREDIBLE, "pairs of strategies with a credible path"))
        return tuple(found)

    @property
    def tables(self) -> tuple[str, ...]:
        """What is computed at every point."""
        return tuple(dict.fromkeys(aspect.table for aspect in self.aspects))

    @property
    def task(self) -> SweepTask:
        """What workers are told."""
        ends = {side.name: (side.low, side.high) for side in self.sides}
        return SweepTask.of(self.scenario, ends, self.tables, self.tolerance)

    @property
    def statement(self) -> dict[str, Any]:
        """All that a number of this map hangs on."""
        asked = {
            "design": {"kind": "regimes", "sides": {side.name: [side.low, side.high] for side in self.sides}},
            "tables": list(self.tables),
            "cells": self.cells,
            "budget": self.budget,
            "tolerance": self.tolerance,
        }
        return computed_from(self.scenario, asked)

    @property
    def options(self) -> dict[str, Any]:
        """What `asked_map` needs to ask for the same map."""
        return {
            "over": [f"{side.name}={side.low!r},{side.high!r}" for side in self.sides],
            "player": self.scenario.players[self.player].key,
            "credible": self.credible,
            "cells": self.cells,
            "budget": self.budget,
            "tolerance": self.tolerance,
        }

    @property
    def identifier(self) -> str:
        """A short name of the statement."""
        return short_name(self.statement)

    def values(self, places: Sequence[Place]) -> Floats:
        """(n, 2): the values of the two parameters at places of the division."""
        share = np.array(places, dtype=np.float64).reshape(-1, 2) / (self.cells * WIDTH)
        low, high = np.array([(side.low, side.high) for side in self.sides]).T
        return np.asarray(np.where(share == 1, high, low + (high - low) * share))


def asked_map(
    scenario: Scenario,
    over: Sequence[str],
    *,
    player: str = "",
    credible: bool = False,
    cells: int = CELLS,
    budget: int = BUDGET,
    tolerance: float = TOLERANCE,
) -> RegimeMap:
    """A map as the command line asks for it.

    over : two texts, `NAME` (its plausible range) or `NAME=LOW,HIGH`. player : a key; "": the holder of the first instrument,
    else the first player. Raises ScenarioError.
    """
    if len(over) != 2:
        given = f"{counted(len(over), 'parameter')} {'is' if len(over) == 1 else 'are'} given"
        _refuse(f"{given}; a map has two", "--over NAME --over NAME", "--over")
    sides = [_side(text, scenario) for text in over]
    if sides[0].name == sides[1].name:
        _refuse(f"'{sides[0].name}' is given twice", "name another parameter", f"--over {over[1]}")
    if budget < coarse_points(cells):
        message = f"{cells} x {cells} cells begin with {coarse_points(cells)} points"
        _refuse(message, "allow more points, or begin with fewer --cells", f"--budget {budget}")
    return RegimeMap(scenario, sides[0], sides[1], _player(scenario, player), credible, cells, budget, tolerance)


def refuse_unasked(asked: RegimeMap, *, player: bool) -> None:
    """Raise ScenarioError where something was asked for that the scenario has no answer to. player: one was named."""
    scenario, keys = asked.scenario, {aspect.key for aspect in asked.aspects}
    many = f"the scenario has {len(scenario.players)} players"
    if asked.credible and "credible" not in keys:
        why = "both players need named strategies with rules" if len(scenario.players) == 2 else f"{many}; two are needed"
        _refuse(f"no pair of named strategies has a path to judge: {why}", "leave out --credible", "--credible")
    if player and "best_strategy" not in keys:
        key = scenario.players[asked.player].key
        why = f"{many}, of whom several would have to reply at once" if len(scenario.players) > 2 else "two with rules are needed"
        _refuse(f"the named strategies of {key} cannot be compared: {why}", "leave out --player", f"--player {key}")


def _side(text: str, scenario: Scenario) -> Side:
    axis = read_axis(text, scenario, "LOW,HIGH")
    low, high = axis.ends
    if not axis.named_only and (len(axis.values) != 2 or low != axis.values[0]):
        _refuse("a map goes from a low to a high value", f"--over {axis.name}=LOW,HIGH", f"--over {text}")
    return Side(axis.name, low, high)


def _player(scenario: Scenario, key: str) -> int:
    keys = [player.key for player in scenario.players]
    if not key:
        return scenario.instruments[0].holder if scenario.instruments else 0
    if key not in keys:
        _refuse(f"there is no player '{key}'", f"known: {', '.join(keys)}", f"--player {key}")
    return keys.index(key)


def _refuse(message: str, remedy: str, place: str) -> NoReturn:
    raise ScenarioError("the command line", [Fault(0, 0, message, remedy, place=place)])


# --- solving it ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class SolvedMap:
    """A map and what was found.

    division: cells and labelled points. points: one row a point in the order of their numbers, the columns of `schema`. columns:
    those that answer the questions.
    """

    asked: RegimeMap
    division: Division
    points: pd.DataFrame
    columns: tuple[Column, ...]


def solve_map(asked: RegimeMap, folder: SweepFolder, workers: Workers, *, tell: Tell, heed: Callable[[], None]) -> SolvedMap:
    """Ask at the points of one round of refinement after the other; what the folder holds already is not solved again.

    Raises OutputError where a part cannot be written; what was finished is kept then, as it is when `heed` raises.
    """
    rounds = _Rounds(asked, folder, workers, tell, heed)
    division = divide(asked.cells, asked.budget, rounds.ask)
    frame = pa.concat_tables(rounds.tables).to_pandas()
    return SolvedMap(asked, division, frame, rounds.bench.columns)


class _Rounds:
    """The rounds of a refinement: each numbers its points on from the last one's."""

    def __init__(self, asked: RegimeMap, folder: SweepFolder, workers: Workers, tell: Tell, heed: Callable[[], None]) -> None:
        self.asked, self.folder, self.workers, self.tell, self.heed = asked, folder, workers, tell, heed
        self.bench = bench_of(asked.task)
        self.places: list[Place] = []
        self.parts = 0
        self.tables: list[pa.Table] = []
        self.now = Progress(0, 0, asked.budget)

    def ask(self, places: Sequence[Place]) -> list[Label]:
        start = len(self.places)
        self.places += places
        parts = list(_parts(start, len(self.places), self.parts))
        self.parts += len(parts)
        missing = [part for part in parts if not self.folder.holds(part, self.bench.schema)]
        self._told(sum(part.stop - part.start for part in parts) - sum(part.stop - part.start for part in missing))
        for part, solved in self.workers.results(Work(self.asked.task, missing, self._values, self.heed)):
            if not isinstance(solved, StoppedPart):  # parts stop at a point only where a sweep asks for it
                self.folder.keep(part, solved.content)
                self._told(solved.points, solved.points, solved.failed, solved.example)
        found = [pq.read_table(self.folder.points / part.file, partitioning=None) for part in parts]
        self.tables += found
        return labels_of(pa.concat_tables(found).to_pylist(), self.bench.columns, self.asked.aspects) if found else []

    def _values(self, part: Part) -> Floats:
        return self.asked.values(self.places[part.start : part.stop])

    def _told(self, done: int, solved: int = 0, failed: int = 0, example: str = "") -> None:
        now = self.now
        self.now = Progress(now.done + done, now.solved + solved, now.total, now.failed + failed, now.example or example)
        self.tell(self.now)


def _parts(start: int, stop: int, first: int) -> list[Part]:
    """Parts of the points from `start` to before `stop`, numbered from `first`."""
    return [Part(first + k, at, min(at + PART, stop)) for k, at in enumerate(range(start, stop, PART))]


def labels_of(rows: Sequence[Mapping[Any, Any]], columns: Sequence[Column], aspects: Sequence[Aspect]) -> list[Label]:
    """What there is at each point: a word, or a few, for each aspect."""
    return [tuple(_words(row, columns, aspect.key) for aspect in aspects) for row in rows]


#: The column that answers an aspect: its table and quantity.
_ANSWERS = {
    "best_strategy": ("best", "best strategy"),
    "markov_play": ("play", "play at the start"),
    "markov_kind": ("play", "kind"),
}


def _words(row: Mapping[str, Any], columns: Sequence[Column], aspect: str) -> str:
    if aspect == "credible":
        return _credible_words(row, columns)
    name = next(column.name for column in columns if (column.table, column.quantity) == _ANSWERS[aspect])
    return NO_ANSWER if row[name] is None else str(row[name])


def _credible_words(row: Mapping[str, Any], columns: Sequence[Column]) -> str:
    """The combinations with a credible path; those of which it cannot be told with a question mark."""
    paths = {column.selection: row[column.name] for column in columns if column.table == "credible"}
    if all(answer is None for answer in paths.values()):
        return NO_ANSWER
    marks = {"sustainable": "", "cannot be told": " ?"}
    return "; ".join(f"{names}{marks[answer]}" for names, answer in paths.items() if answer in marks) or "none"
