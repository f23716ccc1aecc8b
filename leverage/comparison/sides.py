"""What is compared: a scenario and the tables of its run, made now or read from the folder of an earlier one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from leverage.comparison.bounded_facts import Tables
from leverage.output.files import inputs_of, versions
from leverage.output.frames import Run
from leverage.scenario.scenario import Scenario
from leverage.sheets.parameter_sheet import ParameterSheet
from leverage.writing.run_folder import RunFolder

#: The tables that are compared, and those that hold bounds of them.
COMPARED = ("outcomes", "strategies", "equilibria", "equilibrium_set", "bargaining", "leverage", "claims")


@dataclass(frozen=True, eq=False)
class Side:
    """One of the runs that are compared.

    label: a letter. name: what was given, in words. start: name of the state at which play begins. made_with: program and
    libraries by version. inputs: as a manifest tells them. sheet: whose likeliest values it was run at. unsolved: solution
    concepts without a certified answer.
    """

    label: str
    name: str
    scenario: Scenario
    tables: Tables
    start: str
    made_with: Mapping[str, str]
    inputs: Mapping[str, Any]
    sheet: ParameterSheet | None = None
    unsolved: tuple[str, ...] = ()


def side_of_folder(label: str, folder: RunFolder) -> Side:
    """The run in a folder, from its tables. Raises FolderError where it is none or lacks a table; ScenarioError."""
    folder.refuse_studies("a comparison")
    manifest = folder.manifest
    resolved = folder.scenario
    scenario = replace(resolved, document=replace(resolved.document, source=manifest["scenario"]))
    return Side(
        label,
        str(folder.path),
        scenario,
        {name: folder.run_table(name) for name in COMPARED},
        str(manifest["start"]),
        manifest["versions"],
        {key: manifest[key] for key in ("scenario", "scenario_sha256", "variant", "overrides")},
        unsolved=tuple(manifest.get("unsolved", {})),
    )


def side_of_run(label: str, name: str, run: Run, sheet: ParameterSheet | None = None) -> Side:
    """A run that was made for the comparison."""
    return Side(
        label,
        name,
        run.scenario,
        {each: getattr(run, each) for each in COMPARED},
        run.game.states[run.game.start],
        versions(),
        inputs_of(run.scenario),
        sheet,
        tuple(each.selection for each in run.unsolved),
    )
