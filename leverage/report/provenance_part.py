"""How sure the numbers are, how to make them again, and how to cite them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from leverage.writing.run_folder import RunFolder

#: Letters that mean something else in BibTeX and TeX.
_TEX = {letter: f"\\{letter}" for letter in "&%$#_"} | {
    **{"{": "\\{", "}": "\\}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "\\": "\\textbackslash{}"},
}


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
    version = said["versions"].get("leverage", "")
    year = folder.finished.year
    title, run = folder.scenario.title, said["run"]
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
        citation=f"leverage {version} ({year}): “{title}”, run {run} of {said['scenario']} ({said['scenario_sha256'][:12]}).",
        bibtex=_bibtex(title, year, version, run, said["scenario_sha256"]),
    )


def _at_most(value: float) -> str:
    """A bound with one digit, rounded up."""
    if value <= 0:
        return "0"
    unit = 10.0 ** math.floor(math.log10(value))
    return f"{math.ceil(value / unit - 1e-9) * unit:.0e}"


def _bibtex(title: str, year: int, version: str, run: str, digest: str) -> str:
    safe = "".join(_TEX.get(letter, letter) for letter in title)
    return (
        f"@misc{{leverage-{run},\n  title = {{{{{safe}}}}},\n  year = {{{year}}},\n"
        f"  howpublished = {{leverage {version}, run {run}}},\n  note = {{scenario with SHA-256 {digest}}}\n}}"
    )
