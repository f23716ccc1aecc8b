"""How a sweep is made again and cited: the command that makes it from the scenario, and what its numbers hang on."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from leverage.analysis.proved_sets import TOLERANCE
from leverage.experiments.finishing import Findings
from leverage.report.provenance_part import cited
from leverage.scenario.scenario import Scenario
from leverage.scenario.sweeps import SweepTextError, read_values
from leverage.writing.run_folder import RunFolder


@dataclass(frozen=True)
class SweepProvenance:
    """facts: label and value, for the fold. command: makes the sweep from the scenario's file. again: solves it once more from
    its folder, and compares. citation: a line to copy; bibtex: the same as an entry."""

    facts: tuple[tuple[str, str], ...]
    command: str
    again: str
    citation: str
    bibtex: str


def sweep_provenance(findings: Findings) -> SweepProvenance:
    """From the manifest; the author and the title are the scenario's."""
    said, folder = findings.manifest, findings.folder.path
    citation, bibtex = cited(findings.sweep.scenario, RunFolder(folder, said), f"sweep {said.get('identifier', '')}".strip())
    return SweepProvenance(
        facts=tuple((name, value) for name, value in _facts(said).items() if value),
        command=sweep_command(said, findings.sweep.scenario),
        again=shlex.join(["simulate", "reproduce", folder.name]),
        citation=citation,
        bibtex=bibtex,
    )


def _facts(said: Mapping[str, Any]) -> dict[str, str]:
    design = said["design"]
    return {
        "scenario": said["scenario"],
        "SHA-256 of the scenario file": said["scenario_sha256"],
        "variant": said["variant"] or "none",
        "sweep": said.get("identifier", ""),
        "design": design["kind"],
        "seed": str(design.get("seed", "")),
        "drawn from": design.get("drawn_from", {}).get("sheet", ""),
        "computed": ", ".join(said["tables"]),
        "gap asked of equilibrium sets": f"{said['tolerance']:g} of the payoff range{_closer(said['tolerance'])}",
        **{f"version of {name}": number for name, number in said["versions"].items()},
        "Python": said.get("python", ""),
        "SHA-256 of the program": said["program_sha256"],
    }


def _closer(tolerance: float) -> str:
    return "; the game as it stands as closely as a run" if tolerance <= TOLERANCE else ""


def sweep_command(said: Mapping[str, Any], scenario: Scenario) -> str:
    """The command line that sweeps the same points again. said: the statement of a sweep."""
    words = ["simulate", "sweep", said["scenario"], *_design_options(said["design"], scenario)]
    words += ["--tables", ",".join(said["tables"])]
    words += [word for name in said["claims"] for word in ("--claim", name)]
    if said["tolerance"] != TOLERANCE:
        words += ["--tolerance", repr(said["tolerance"])]
    if said["variant"]:
        words += ["--variant", said["variant"]]
    varied = said["design"].get("values", said["design"].get("ranges", {}))  # what varies has no value of its own
    own = ((name, value) for name, value in said["overrides"].items() if name not in varied)
    return shlex.join([*words, *(word for name, value in own for word in ("-p", f"{name}={value!r}"))])


def values_text(values: Sequence[float]) -> str:
    """The text from which `read_values` reads exactly these values: of spaced ones the rule, where it is shorter.

    >>> values_text([0.0, 0.25, 0.5, 0.75, 1.0]), values_text([5.0, 20.5])
    ('linspace(0,1,5)', '5,20.5')
    """
    plain = ",".join(map(_number, values))
    spaced = (f"{rule}({_number(values[0])},{_number(values[-1])},{len(values)})" for rule in ("linspace", "geomspace"))
    return next((text for text in spaced if len(text) < len(plain) and _reads_as(text, values)), plain)


def _number(value: float) -> str:
    return repr(value).removesuffix(".0")


def _reads_as(text: str, values: Sequence[float]) -> bool:
    try:
        with np.errstate(over="ignore", invalid="ignore"):  # ends may be further apart than numbers reach
            return read_values(text) == tuple(values)
    except SweepTextError:  # a geometric sequence has no 0 in it
        return False


def _design_options(design: Mapping[str, Any], scenario: Scenario) -> Iterator[str]:
    if design["kind"] in ("grid", "zip"):
        for name, values in design["values"].items():
            yield from ("--over", f"{name}={values_text(values)}")
        yield from ("--zip",) if design["kind"] == "zip" else ()
        return
    yield from ("--sample", f"{design['kind']}:{design['points']}", "--seed", str(design["seed"]))
    sheet = design.get("drawn_from", {}).get("sheet", "")
    yield from ("--plausible", sheet) if sheet else ()
    doubted = [each.name for each in scenario.parameters.values() if each.in_doubt]
    if sheet or list(design["ranges"]) != doubted:
        yield from (word for name in design["ranges"] for word in ("--over", name))
