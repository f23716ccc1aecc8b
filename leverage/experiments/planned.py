"""What is wrong with the sweeps that a file names and is seen only where the game is compiled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from leverage.errors import Fault
from leverage.experiments.axes import read_axis
from leverage.game.box import faults_over_box
from leverage.scenario.scenario import PlannedSweep, Scenario

#: What a table needs, in words and whether a scenario has it.
NEEDS: Mapping[str, tuple[str, Callable[[Scenario], bool]]] = {
    "sets": ("two players", lambda scenario: len(scenario.players) == 2),
    "strategies": ("named strategies", lambda scenario: any(scenario.strategies)),
    "leverage": ("instruments", lambda scenario: bool(scenario.instruments)),
    "claims": ("claims", lambda scenario: bool(scenario.claims)),
}


def faults_of_plans(scenario: Scenario) -> tuple[Fault, ...]:
    """Of the sweeps of a checked scenario: values that make no game, tables of which it has nothing to say."""
    return tuple(fault for plan in scenario.sweeps for fault in (*_of_values(plan, scenario), *_of_tables(plan, scenario)))


def _of_values(plan: PlannedSweep, scenario: Scenario) -> Iterator[Fault]:
    """A sample stays within the plausible ranges, which are checked already."""
    visited = {} if plan.sample else {axis.name: axis.ends for axis in (read_axis(text, scenario) for text in plan.over)}
    for fault in faults_over_box(replace(scenario, visited=visited)) if visited else ():
        line = f" (line {fault.line})" if fault.line else ""
        message = f"the sweep '{plan.name}' visits values that make no game: {fault.message}{line}"
        yield scenario.document.fault(("sweeps", plan.name, "over"), message, fault.remedy, on_key=True)


def _of_tables(plan: PlannedSweep, scenario: Scenario) -> Iterator[Fault]:
    for name in plan.tables:
        needed, has = NEEDS.get(name, ("", lambda _: True))
        if not has(scenario):
            message = f"'{name}' needs {needed}, which the scenario has not"
            yield scenario.document.fault(("sweeps", plan.name, "tables"), message, "leave it out")
