"""Several runs side by side as a study: a printed page and tidy tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from leverage.experiments.comparison import Comparison
from leverage.experiments.comparison_frames import comparison_frames, sheets_frame
from leverage.experiments.comparison_page import comparison_text
from leverage.experiments.given_sides import GivenSide
from leverage.experiments.sheet_overlap import sheet_overlaps
from leverage.experiments.sides import Side
from leverage.output.files import resolved_yaml
from leverage.output.frames import Run
from leverage.pipeline import Progress, run
from leverage.scenario.scenario import Scenario
from leverage.studies import Study, nothing


def comparison_study(given: Sequence[GivenSide], *, progress: Progress = nothing) -> Study:
    """Run what is not read from a folder, and tell what differs; see `Comparison`.

    given: two or more, see `given_sides`. Tables: `sides`, `inputs`, `outcomes_compared`, `leverage_compared`, `claims_compared`,
    `strategies_compared`, and `sheets` where two or more sheets are among them. The scenario of each side is in the folder.
    """
    sides = tuple(each.side(partial(_run, progress, each.label)) for each in given)
    comparison, overlaps = Comparison(sides), sheet_overlaps(sides)
    tables = comparison_frames(comparison) | ({"sheets": sheets_frame(overlaps)} if overlaps else {})
    facts = {"sides": [_told(side) for side in sides]}
    unsolved = tuple(f"{side.label}: {', '.join(side.unsolved)}" for side in sides if side.unsolved)
    files = {f"scenario.{side.label}.resolved.yaml": resolved_yaml(side.scenario) for side in sides}
    return Study(sides[0].scenario, comparison_text(comparison), tables, facts, unsolved, files)


def _run(progress: Callable[[str], None], label: str, scenario: Scenario) -> Run:
    return run(scenario, progress=lambda phrase: progress(f"{label}: {phrase}"))


def _told(side: Side) -> dict[str, object]:
    """A side as the manifest tells it."""
    sheet = {"sheet": side.sheet.source} if side.sheet else {}
    return {"side": side.label, "name": side.name, **side.inputs, **sheet, "leverage": side.made_with.get("leverage", "")}
