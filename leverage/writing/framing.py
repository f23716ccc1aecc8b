"""What stands around every table for writing: which scenario and question, where the numbers come from, what a unit means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from leverage.output.columns import listed
from leverage.scenario.scenario import Scenario
from leverage.scenario.wording import plain
from leverage.writing.no_rows import why_no_rows
from leverage.writing.run_folder import RunFolder
from leverage.writing.written_table import Cell, Column, WrittenTable, cleaned

#: Digits of the scenario file's hash that are told: enough to tell files apart, few enough for a line.
HASH_DIGITS = 12


def framed(
    folder: RunFolder,
    name: str,
    what: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell]],
    notes: Iterable[str] = (),
    *,
    none: str = "",
) -> WrittenTable:
    """The table with its caption, what was not solved among its notes, and its source.

    what: it shows, a phrase that begins with a capital letter, without a full stop. none: what to say where there are no rows, if
    the table's name does not tell (see `why_no_rows`). Texts are cleaned: no control characters, no
    line breaks, single blanks.
    """
    told = tuple(tuple(cleaned(cell) if isinstance(cell, str) else cell for cell in row) for row in rows)
    nothing = () if told else (none or why_no_rows(folder, name),)
    return WrittenTable(
        name,
        cleaned(_caption(folder, what)),
        tuple(Column(cleaned(column.head), column.numbers) for column in columns),
        told,
        tuple(cleaned(note) for note in (*notes, *nothing, *_warnings(folder)) if note),
        cleaned(_source(folder)),
    )


def _caption(folder: RunFolder, what: str) -> str:
    """The scenario's title, then what the table shows, then variant and overrides."""
    title = folder.scenario.title.strip()
    stop = "" if title.endswith(("?", "!", ".")) else "."
    return f"{title}{stop} {what}{_setting(folder)}."


def _setting(folder: RunFolder) -> str:
    """Variant and overrides, from the manifest: the resolved scenario has them as its own values."""
    variant = [f"variant {plain(folder.manifest['variant'])}"] if folder.manifest["variant"] else []
    changed = variant + [f"{name} = {value:.6g}" for name, value in folder.manifest["overrides"].items()]
    return f" ({', '.join(changed)})" if changed else ""


def _source(folder: RunFolder) -> str:
    """Run, version, scenario file and the beginning of its hash."""
    said = folder.manifest
    digits = said["scenario_sha256"][:HASH_DIGITS]
    return f"run {said['run']} of {folder.program}; scenario file {said['scenario']}, SHA-256 {digits}..."


def _warnings(folder: RunFolder) -> list[str]:
    """What was not solved."""
    missing = list(folder.manifest.get("unsolved", {}))
    return [f"Not solved, and missing here: {listed(missing)}."] if missing else []


def payoff_note(scenario: Scenario) -> str:
    """In what payoffs are told, and what 0 and 100 mean."""
    unit, zero, hundred = scenario.payoff_unit
    return f"Payoffs are in {unit}" + (f": 0 is {zero}; 100 is {hundred}." if zero and hundred else ".")


def players_note(scenario: Scenario) -> str:
    """Who is who."""
    told = [f"{plain(player.key)}: {player.name}" for player in scenario.players if player.name != plain(player.key)]
    return f"{'; '.join(told)}." if told else ""


def legend(meanings: Mapping[str, str], used: Iterable[str]) -> str:
    """What the words mean that occur, in the order of `meanings`: 'holds: ...; fails: ....'."""
    there = set(used)
    told = [f"{word}: {meaning}" for word, meaning in meanings.items() if word in there]
    return f"{'; '.join(told)}." if told else ""
