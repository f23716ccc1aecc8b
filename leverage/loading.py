"""Path -> checked scenario: the one door through which files, overrides and variants come in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path

from leverage.errors import Fault, ScenarioError
from leverage.game.box import faults_over_box
from leverage.game.worlds import faults_of_worlds
from leverage.scenario.meaning import read_meaning
from leverage.scenario.parsing import nearest
from leverage.scenario.reading import Document, parse_document, read_document
from leverage.scenario.scenario import Scenario


def load_scenario(path: str | PathLike[str], overrides: Mapping[str, float] | None = None, variant: str = "") -> Scenario:
    """Read and check a scenario file.

    Parameters
    ----------
    path : the file.
    overrides : parameter -> value, as if the file had that value.
    variant : name of one of the file's variants.

    Raises
    ------
    ScenarioError : with every fault that was found, each with its place, cause and remedy.
    """
    return _checked(read_document(Path(path)), overrides, variant)


def parse_scenario(
    text: str, overrides: Mapping[str, float] | None = None, variant: str = "", source: str = "scenario"
) -> Scenario:
    """The same from text. Raises ScenarioError."""
    return _checked(parse_document(text, source), overrides, variant)


def _refuse_no_numbers(overrides: Mapping[str, float]) -> None:
    for name, value in overrides.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            fault = Fault(0, 0, f"{value!r} is no finite number", "give a number, not a text", place=f"overrides[{name!r}]")
            raise ScenarioError("overrides", [fault])


def shipped_text(name: str) -> str:
    """The text of a shipped scenario, by its name without '.yaml'. Raises ScenarioError for an unknown name."""
    here = Path(__file__).parent
    folder = (
        here / "shipped" if (here / "shipped").is_dir() else here.parent / "scenarios"
    )  # a checkout keeps them beside the package
    known = sorted(path.stem for path in folder.glob("*.yaml"))
    if name not in known:
        raise ScenarioError("simulate example", [Fault(0, 0, f"there is no shipped scenario '{name}'", nearest(name, known))])
    return (folder / f"{name}.yaml").read_text(encoding="utf-8")


def _checked(document: Document, overrides: Mapping[str, float] | None, variant: str) -> Scenario:
    _refuse_no_numbers(overrides or {})
    reading = read_meaning(document, overrides, variant)
    faults = list(reading.faults)
    if reading.scenario is not None:
        try:
            faults += faults_over_box(reading.scenario)
            if not faults:
                faults += faults_of_worlds(reading.scenario)
        except ScenarioError as error:
            faults += error.faults
    if variant and not reading.faults:
        faults = [replace(fault, message=f"{fault.message} (in the variant '{variant}')") for fault in faults]
    if faults or reading.scenario is None:
        raise ScenarioError(document.source, faults)
    return reading.scenario
