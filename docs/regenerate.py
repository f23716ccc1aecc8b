"""Writes what is generated: the JSON Schema, the reference pages, the shipped results and the README's excerpt of them.

python docs/regenerate.py
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from leverage import load_scenario, run
from leverage.output.files import write_run
from leverage.output.text import run_text
from leverage.report.writing_report import write_report
from leverage.scenario.reference import insert_claims_table, keys_page
from leverage.scenario.schema import json_schema_text
from leverage.writing.run_folder import RunFolder

ROOT = Path(__file__).parent.parent
BEGIN, END = "<!-- tables: begin -->\n", "<!-- tables: end -->"
#: Sections of the printed tables that the README shows after the answer, by what stands in their heads, up to their first gap.
SHOWN = (" STRATEGIES OF ", " WHAT EACH INSTRUMENT IS WORTH ")


def readme_with_tables(page: str, tables: str) -> str:
    """The README with the answer and some of the shipped tables between its marks."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    paragraphs = tables.split("\n\n")
    shown = [paragraphs[0], *(each for words in SHOWN for each in paragraphs if words in each)]
    return f"{head}{BEGIN}```\n{(chr(10) * 2).join(shown)}\n```\n{END}{tail}"


def main() -> None:
    """Regenerate everything, from the sources to what quotes them."""
    (ROOT / "scenarios" / "scenario.schema.json").write_text(json_schema_text(), encoding="utf-8")
    (ROOT / "docs" / "keys.md").write_text(keys_page(), encoding="utf-8")
    language = ROOT / "docs" / "language.md"
    language.write_text(insert_claims_table(language.read_text(encoding="utf-8")), encoding="utf-8")
    started = time.monotonic()
    found = run(load_scenario(ROOT / "scenarios" / "withdrawal.yaml"))
    folder = ROOT / "results" / "withdrawal" / "baseline"
    shutil.rmtree(folder, ignore_errors=True)
    seconds = time.monotonic() - started
    write_run(found, run_text(found), folder, "csv", seconds, finish=lambda draft: write_report(RunFolder.open(draft)))
    readme = ROOT / "README.md"
    tables = (folder / "tables.txt").read_text(encoding="utf-8")
    readme.write_text(readme_with_tables(readme.read_text(encoding="utf-8"), tables), encoding="utf-8")


if __name__ == "__main__":
    main()
