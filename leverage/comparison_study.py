"""Several runs side by side as a study: a printed page and tidy tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from leverage.comparison.comparison import Comparison
from leverage.comparison.frames import comparison_frames, sheets_frame
from leverage.comparison.given_sides import GivenSide
from leverage.comparison.page import comparison_text
from leverage.comparison.sheet_overlap import sheet_overlaps
from leverage.comparison.sides import Side, side_of_run
from leverage.errors import Fault, FolderError
from leverage.loading import load_scenario
from leverage.output.files import resolved_yaml
from leverage.output.frames import Run
from leverage.pipeline import Progress, run
from leverage.scenario.scenario import Scenario
from leverage.sheets.parameter_sheet import ParameterSheet
from leverage.studies import Study, nothing
from leverage.writing.run_folder import RunFolder

if TYPE_CHECKING:
    import pandas as pd

#: The table of what the sheets of the sides say: it is given, and not made.
SHEETS = "sheets"


def comparison_study(given: Sequence[GivenSide], *, progress: Progress = nothing) -> Study:
    """Run what is not read from a folder, and tell what differs; see `Comparison`.

    given: two or more, see `given_sides`. Tables: `sides`, `inputs`, `outcomes_compared`, `leverage_compared`, `claims_compared`,
    `strategies_compared`, and `sheets` where two or more sheets are among them. The scenario of each side is in the folder.
    """
    sides = tuple(each.side(partial(_run, progress, each.label)) for each in given)
    comparison, overlaps = Comparison(sides), sheet_overlaps(sides)
    tables = comparison_frames(comparison) | ({SHEETS: sheets_frame(overlaps)} if overlaps else {})
    facts = {"sides": [_told(side) for side in sides]}
    unsolved = tuple(f"{side.label}: {', '.join(side.unsolved)}" for side in sides if side.unsolved)
    files = {_scenario_file(side.label): resolved_yaml(side.scenario) for side in sides}
    return Study(sides[0].scenario, comparison_text(comparison), tables, facts, unsolved, files)


def comparison_again(folder: RunFolder, progress: Progress) -> dict[str, pd.DataFrame]:
    """The tables of a comparison's folder, all sides run again from the scenarios in it; without `sheets`, which was given.

    Raises FolderError where the folder lacks the scenario of a side.
    """
    told = folder.manifest.get("sides")
    sides = [_side_again(folder, side, progress) for side in (told if isinstance(told, list) else [])]
    return comparison_frames(Comparison(tuple(sides)))


def _side_again(folder: RunFolder, told: Mapping[str, Any], progress: Progress) -> Side:
    label = str(told["side"])
    file = folder.path / _scenario_file(label)
    if not file.is_file():
        raise FolderError(str(folder.path), Fault(0, 0, f"{file.name} is missing", "make the comparison again from its sides"))
    side = side_of_run(label, str(told["name"]), _run(progress, label, load_scenario(file)))
    sheet = ParameterSheet(str(told["sheet"]), ()) if "sheet" in told else None
    return replace(side, inputs=told, sheet=sheet, made_with={**side.made_with, "leverage": str(told["leverage"])})


def _scenario_file(label: str) -> str:
    return f"scenario.{label}.resolved.yaml"


def _run(progress: Callable[[str], None], label: str, scenario: Scenario) -> Run:
    return run(scenario, progress=lambda phrase: progress(f"{label}: {phrase}"))


def _told(side: Side) -> dict[str, object]:
    """A side as the manifest tells it."""
    sheet = {"sheet": side.sheet.source} if side.sheet else {}
    return {"side": side.label, "name": side.name, **side.inputs, **sheet, "leverage": side.made_with.get("leverage", "")}
