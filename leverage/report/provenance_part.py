"""How sure the numbers are, how to make them again, and how to cite them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from leverage.scenario.scenario import Scenario
from leverage.writing.run_folder import RunFolder

#: Letters that mean something else in TeX, and braces, which BibTeX counts even behind a backslash.
_TEX = {letter: f"\\{letter}" for letter in "&%$#_"} | {
    **{"{": "\\textbraceleft{}", "}": "\\textbraceright{}", "\\": "\\textbackslash{}"},
    **{"~": "\\textasciitilde{}", "^": "\\textasciicircum{}"},
}
#: What the key of an entry is made of.
_NO_KEY = re.compile(r"[^A-Za-z0-9.:-]+")
#: Whom an entry names where the scenario does not say who wrote it.
PROGRAM = "leverage"


@dataclass(frozen=True)
class Provenance:
    """certificate: one line. gains: selection and largest gain of a single departure. facts: label and value, for the fold.
    command: makes the run again. citation: a line to copy; bibtex: the same as an entry."""

    certificate: str
    gains: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, str], ...]
    command: str
    citation: str
    bibtex: str


def provenance_of(folder: RunFolder) -> Provenance:
    """From the manifest and the table of strategies."""
    said, strategies = folder.manifest, folder.run_table("strategies")
    perfect = strategies[strategies.subgame_perfect == True]  # noqa: E712 - a column
    largest = perfect.largest_gain.max() if len(perfect) else math.nan
    told = (
        "no equilibrium was certified"
        if math.isnan(largest)
        else f"in {len(perfect)} of them nobody gains more than {_at_most(largest)} by any single departure"
    )
    certificate = (
        f"{len(strategies)} ways of playing, each checked by a program of its own: {told}. {said.get('credible_play', '')}"
    )
    run = said["run"]
    citation, bibtex = cited(folder.scenario, folder, f"run {run}")
    facts = {
        "scenario": said["scenario"],
        "SHA-256 of the scenario file": said["scenario_sha256"],
        "variant": said["variant"] or "none",
        "run": run,
        **{f"version of {name}": number for name, number in said["versions"].items()},
        "Python": said.get("python", ""),
        "states": str(said.get("states", "")),
        "largest rounding error": f"{said.get('largest_rounding_error', math.nan):.1g}",
        "Markov equilibria": "; ".join(said.get("markov_equilibria", ())),
    }
    return Provenance(
        certificate=certificate.strip(),
        gains=tuple((name, f"{gain:.2g}") for name, gain in said.get("certificates", {}).items()),
        facts=tuple((name, value) for name, value in facts.items() if value),
        command=folder.command(),
        citation=citation,
        bibtex=bibtex,
    )


def cited(scenario: Scenario, folder: RunFolder, what: str) -> tuple[str, str]:
    """A line to cite, and the same as an entry for BibTeX. folder: of a run or of a study. what: of the two, and which, such as
    'run 5f3a'."""
    said, year = folder.manifest, folder.finished.year
    author = " ".join(str(scenario.document.data.get("author") or "").split())
    written_by = " and ".join(_institution(each) for each in author.split(" and "))
    made_by = f"leverage {said['versions'].get('leverage', '')}, {what}"
    title, file, digest = " ".join(scenario.title.split()), said["scenario"], said["scenario_sha256"]
    line = f"{written_by or PROGRAM} ({year}): “{title}”. {made_by} of {file} ({digest[:12]})."
    return line, _bibtex(author, title, year, made_by, f"{file}, SHA-256 {digest}")


def _at_most(value: float) -> str:
    """A bound with one digit, rounded up."""
    if value <= 0:
        return "0"
    unit = 10.0 ** math.floor(math.log10(value))
    return f"{math.ceil(value / unit - 1e-9) * unit:.0e}"


def _bibtex(author: str, title: str, year: int, made_by: str, scenario: str) -> str:
    """An entry; names of several authors are joined by 'and'."""
    fields = {
        "author": " and ".join(_name(each) for each in author.split(" and ")) if author else f"{{{PROGRAM}}}",
        "title": f"{{{_tex(title)}}}",
        "year": str(year),
        "howpublished": _tex(made_by),
        "note": _tex(f"scenario {scenario}"),
    }
    key = _NO_KEY.sub("-", made_by).strip("-")
    return f"@misc{{{key},\n" + ",\n".join(f"  {name} = {{{text}}}" for name, text in fields.items()) + "\n}"


def _name(name: str) -> str:
    """A name; what stands in braces, and is not to be split into first and last names, keeps them."""
    inner = _institution(name)
    return _tex(name) if inner == name else f"{{{_tex(inner)}}}"


def _institution(name: str) -> str:
    return name[1:-1] if name.startswith("{") and name.endswith("}") else name


def _tex(text: str) -> str:
    return "".join(_TEX.get(letter, letter) for letter in text)
