"""Whether a folder came out the same again, in print."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from leverage.comparison.agreement import Agreement, TableAgreement
from leverage.comparison.reproduction import Reproduction
from leverage.output.columns import WIDTH, listed, paragraph, section, shortened, table
from leverage.scenario.wording import counted

#: Cells that are printed, and letters of each.
MOST_CELLS, CELL = 12, 24
#: What folders of a kind are called; others are studies.
_KINDS = {"run": "a run", "sweep": "a sweep", "regimes": "a map of regimes", "compare": "a comparison"}
_WORDS: dict[Agreement, str] = {
    "identical": "the same bytes",
    "within": "within certificates",
    "beyond": "DIFFERS",
    "missing": "NOT IN FOLDER",
    "extra": "not made again",
}


def reproduction_text(found: Reproduction) -> str:
    """The page in 80 columns."""
    head = f"{paragraph(f'Reproduced: {found.title}')}\n{'=' * WIDTH}"
    lines = [head, *(paragraph(f"* {told}", 2) for told in _answer(found)), "", *_tables(found)]
    cells = [(each, cell) for each in found.tables for cell in each.cells]
    if cells:
        lines += ["", section(2, "what differs beyond the certificates", "rows are counted from 1 below the head")]
        rows = [
            [f"{each.name}, row {cell.row}, {cell.column}", shortened(cell.before, CELL), shortened(cell.now, CELL)]
            for each, cell in cells[:MOST_CELLS]
        ]
        lines.append(table(["", "in the folder", "now"], rows)[0])
        if len(cells) > MOST_CELLS:
            lines.append(f"And {len(cells) - MOST_CELLS:,} cells more.")
    return "\n".join(lines).rstrip()


def _answer(found: Reproduction) -> Iterator[str]:
    counts = Counter(each.agreement for each in found.tables)
    made = [each for each in found.tables if each.agreement not in ("missing", "extra")]
    if made and counts["identical"] == len(found.tables) and found.agrees:
        yield f"The numbers agree: all {counted(len(made), 'table')} are the same, byte for byte."
    elif found.agrees:
        worst = max(made, key=lambda each: each.worst)
        within = counted(counts["within"], "table")
        yield (
            f"The numbers agree: of {counted(len(made), 'table')} {counts['identical']} are the same bytes, {within} within the"
            f" certificates (largest difference {worst.worst:.2g}, in {worst.name})."
        )
    else:
        yield f"The folder does NOT come out the same: {'; '.join(_faults(found, counts))}."
    if not found.hashed:
        yield "Its manifest has no hashes of its files (an earlier version wrote it): whether they were edited is not known."
    if found.versions:
        told = [f"{name} {then} then, {now} now" for name, (then, now) in found.versions.items()]
        yield f"Not the same programs: {'; '.join(told)}."
    kind = _KINDS.get(found.kind, f"a study, '{found.kind}'")
    yield f"Made again from {found.folder / 'scenario.resolved.yaml'} as {kind}."


def _faults(found: Reproduction, counts: Counter[Agreement]) -> Iterator[str]:
    if found.edited:
        yield f"{listed(list(found.edited))} changed since the folder was made"
    if found.gone:
        yield f"{listed(list(found.gone))} no longer there"
    if counts["beyond"]:
        yield f"{counted(counts['beyond'], 'table')} beyond the certificates"
    if counts["missing"]:
        yield f"{counted(counts['missing'], 'table')} missing"
    if counts["extra"]:
        yield f"{counted(counts['extra'], 'table')} that nothing makes again"


def _tables(found: Reproduction) -> list[str]:
    rows = [[each.name, _WORDS[each.agreement], *_numbers(each)] for each in found.tables]
    heads = ["", "result", "rows", "cells that differ", "largest difference"]
    notes = [paragraph(f"* {each.name}: {each.note}.", 2) for each in found.tables if each.note]
    return [section(1, "table by table"), table(heads, rows)[0], *notes]


def _numbers(agreement: TableAgreement) -> list[str]:
    if agreement.agreement in ("missing", "extra"):
        return ["", "", ""]
    worst = f"{agreement.worst:.2g}" if agreement.worst else ""
    return [f"{agreement.rows:,}", f"{agreement.differing:,}" if agreement.differing else "", worst]
