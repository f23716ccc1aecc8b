"""The entry for a bibliography: whose it is, and that BibTeX and LaTeX take it whatever a title holds."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from leverage.loading import parse_scenario
from leverage.output.files import write_tables
from leverage.output.frames import STRATEGY_COLUMNS
from leverage.report.provenance_part import Provenance, provenance_of
from leverage.writing.run_folder import RunFolder
from tests.test_cli import PRISONERS

#: Titles that BibTeX or TeX take for something else.
TITLES = (
    "Two prisoners",
    r"a { b, c } } d \ e # 50 % of $5 & A1_floor, x^2 ~ y @misc",
    'He said: "no" = never, and {never',
)


#: An institution as BibTeX hands it on.
_ESCAPED = {"{Institute for A & B}": r"{Institute for A \& B}"}


def cited(place: Path, title: str, author: str = "") -> Provenance:
    quoted = title.replace("'", "''")
    text = PRISONERS.replace("title: Two prisoners", f"title: '{quoted}'\nauthor: '{author}'" if author else f"title: '{quoted}'")
    assert quoted in text
    strategies = pd.DataFrame(columns=list(STRATEGY_COLUMNS))
    write_tables(parse_scenario(text, source="a b.yaml"), {"strategies": strategies}, {}, "", place / "run", "csv", 1.0)
    return provenance_of(RunFolder.open(place / "run"))


def test_the_author_is_the_scenarios_or_the_program(tmp_path: Path) -> None:
    nobody, somebody = cited(tmp_path / "a", "T"), cited(tmp_path / "b", "T", "Ada Lovelace and Charles Babbage")
    assert "\n  author = {{leverage}},\n" in nobody.bibtex
    assert nobody.citation.startswith("leverage (")
    assert "\n  author = {Ada Lovelace and Charles Babbage},\n" in somebody.bibtex
    assert somebody.citation.startswith("Ada Lovelace and Charles Babbage (")
    assert cited(tmp_path / "c", "T", "{Institute for A & B}").citation.startswith("Institute for A & B (")


@pytest.mark.skipif(not (shutil.which("bibtex") and shutil.which("pdflatex")), reason="there is no bibtex or pdflatex")
@pytest.mark.parametrize("author", ["", "Ada Lovelace and Charles Babbage", "Ada Lovelace and {Institute for A & B}"])
@pytest.mark.parametrize("title", TITLES)
def test_bibtex_and_latex_take_the_entry(title: str, author: str, tmp_path: Path) -> None:
    entry = cited(tmp_path, title, author).bibtex
    (tmp_path / "runs.bib").write_text(entry, encoding="utf-8")
    key = re.match(r"@misc\{([^,]+),", entry)
    assert key is not None
    page = [r"\documentclass{article}\begin{document}", rf"\cite{{{key[1]}}}", r"\bibliographystyle{plain}\bibliography{runs}"]
    (tmp_path / "page.tex").write_text("\n".join([*page, r"\end{document}"]), encoding="utf-8")
    latex = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    for command in (latex, ["bibtex", "page"], latex):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-1500:]
        assert "Warning--" not in done.stdout, done.stdout
    bibliography = (tmp_path / "page.bbl").read_text(encoding="utf-8")
    names = [_ESCAPED.get(name, name) for name in author.split(" and ")] if author else ["{leverage}"]
    assert " and ".join(names) in bibliography
    assert "SHA-256" in bibliography
