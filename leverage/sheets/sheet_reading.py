"""A parameter sheet as a spreadsheet saves it -> `ParameterSheet`, or all its faults by row, each with cause and remedy.

Spreadsheets differ: commas, semicolons or tabs between cells, points or commas in numbers, a mark of byte order at the beginning,
UTF-8 or the old code page of Windows. Where cells are separated by commas, a decimal comma cannot be told from a separator and is
refused; elsewhere it is read.
"""

from __future__ import annotations

import csv
import io
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from leverage.errors import Fault, ScenarioError, SheetError
from leverage.game.box import faults_over_box
from leverage.game.worlds import faults_of_worlds
from leverage.scenario.parsing import nearest
from leverage.scenario.reading import suspicious_characters
from leverage.scenario.scenario import Parameter, Scenario
from leverage.sheets.parameter_sheet import Judgement, ParameterSheet

#: The three numbers of a judgement, and what is said of them. Further columns are for whoever fills the sheet in.
NUMBERS = ("low", "likely", "high")
NEEDED = ("parameter", *NUMBERS)
WORDS = ("by_whom", "when", "note")
READ = (*NEEDED, *WORDS)
#: What spreadsheets put between cells.
SEPARATORS = (",", ";", "\t")
#: A sheet with more bytes is none.
LARGEST = 4_000_000
#: How the packed files of spreadsheets begin.
_PACKED = b"PK\x03\x04"


def read_sheet(path: Path, scenario: Scenario) -> ParameterSheet:
    """Read a filled-in sheet of the scenario.

    Cells left blank are the scenario's: the ends of its plausible range, and the value in use as the likeliest. A row that is
    missing is a row of blank cells, but one row there must be.

    Raises
    ------
    SheetError : the file cannot be read, is no sheet or has a head alone, or has faults; all of them are told: cells that are no
        numbers, low <= likely <= high not kept, parameters that are unknown or stand twice, ranges in which the scenario is no
        game.
    """
    reading = _Reading(str(path))
    judgements = dict(_judgements(reading, _rows(reading, path), scenario))
    if reading.faults:
        raise SheetError(reading.source, reading.faults)
    missing = {name: _judged(known, {}) for name, known in scenario.parameters.items() if name not in judgements}
    sheet = ParameterSheet(str(path), tuple({**judgements, **missing}[name] for name in scenario.parameters))
    faults = _faults_of_game(sheet, scenario)
    if faults:
        raise SheetError(reading.source, faults)
    return sheet


@dataclass
class _Reading:
    """The file and the faults found so far."""

    source: str
    decimal: str = "."
    faults: list[Fault] = field(default_factory=list)

    def fault(self, row: int, message: str, remedy: str, column: str = "") -> None:
        place = f"{self.source}, row {row}" + (f", column '{column}'" if column else "")
        self.faults.append(Fault(row, READ.index(column) if column in READ else 0, message, remedy, place=place))

    def refuse(self, message: str, remedy: str) -> SheetError:
        return SheetError(self.source, [Fault(0, 0, message, remedy)])


# --- from bytes to rows ------------------------------------------------------------------------------------------------


def _rows(reading: _Reading, path: Path) -> list[tuple[int, dict[str, str]]]:
    """Rows below the head that say anything, as column -> cell, with their numbers in the spreadsheet."""
    lines = _cells(reading, _text(reading, path))
    if not any(_says(cells) for _, cells in lines):
        raise reading.refuse("the sheet is empty", "'simulate elicit FILE' writes one to fill in")
    (_, head), *rest = lines
    columns = [cell.strip().lower() for cell in head]
    _refuse_head(reading, columns)
    found = []
    for row, cells in rest:
        said = _says(cells)
        if said and len(cells) > len(columns):  # blank ones too: a decimal comma pushes them out
            remedy = "a text with a separator in it stands in quotes; a decimal comma is written as a point"
            reading.fault(row, f"the row has {len(cells)} cells and the head has {len(columns)}", remedy)
        elif said:
            found.append((row, {column: cell.strip() for column, cell in zip(columns, cells, strict=False)}))
    if not found and not reading.faults:
        raise reading.refuse("no row is filled in", "write a row for each parameter below the head, or give no sheet")
    return found


def _says(cells: Sequence[str]) -> bool:
    return any(cell.strip() for cell in cells)


def _text(reading: _Reading, path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise reading.refuse(f"the sheet cannot be read: {error.strerror or error}", "check its name") from error
    if content.startswith(_PACKED):
        raise reading.refuse("this is a spreadsheet program's own format", "save it as CSV and give that file")
    if len(content) > LARGEST:
        raise reading.refuse("this file is too large to be a sheet", "give a sheet that 'simulate elicit FILE' wrote")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _cells(reading: _Reading, text: str) -> list[tuple[int, list[str]]]:
    """Rows of cells, with their numbers; the separator is that of the head, or the one that the first line declares."""
    lines = text.splitlines()
    declared = lines[0].strip().lower() if lines else ""
    skip = 1 if declared.startswith("sep=") else 0
    head = lines[skip] if len(lines) > skip else ""
    separator = max(SEPARATORS, key=head.count)
    reading.decimal = "." if separator == "," else ","
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise reading.refuse(f"the sheet cannot be read as CSV: {error}", "a quote within a text is written twice") from error
    return list(enumerate(rows[skip:], 1))  # a spreadsheet does not show the line that declares the separator


def _refuse_head(reading: _Reading, columns: Sequence[str]) -> None:
    """Raise SheetError unless every column that is read stands in the head once."""
    for column in NEEDED:
        if column not in columns:
            remedy = nearest(column, [each for each in columns if each]) or f"the first row names columns: {', '.join(NEEDED)}"
            raise reading.refuse(f"the sheet has no column '{column}'", remedy)
    twice = next((column for column in READ if list(columns).count(column) > 1), None)
    if twice:
        raise reading.refuse(f"the column '{twice}' stands twice in the head", "keep one of them")


# --- from rows to judgements -------------------------------------------------------------------------------------------


def _judgements(
    reading: _Reading, rows: Sequence[tuple[int, Mapping[str, str]]], scenario: Scenario
) -> Iterator[tuple[str, Judgement]]:
    """The judgement of every row that has no fault."""
    first: dict[str, int] = {}
    for row, cells in rows:
        name = cells.get("parameter", "")
        if name not in scenario.parameters:
            what = f"there is no parameter '{name}'" if name else "the row names no parameter"
            reading.fault(row, what, nearest(name, scenario.parameters), "parameter")
        elif name in first:
            reading.fault(row, f"'{name}' stands in row {first[name]} already", "keep one of the two rows", "parameter")
        else:
            first[name] = row
            numbers = {column: _number(reading, row, column, cells.get(column, "")) for column in NUMBERS}
            given = {column: value for column, value in numbers.items() if value is not None}
            judged = _judged(scenario.parameters[name], given)
            if not any(value is not None and math.isnan(value) for value in numbers.values()):
                _check_order(reading, row, judged, given)
            by_whom, when, note = (cells.get(column, "") for column in WORDS)
            yield name, replace(judged, by_whom=by_whom, when=when, note=note)


def _judged(known: Parameter, given: Mapping[str, float]) -> Judgement:
    """The scenario's numbers with those given in their place; of a number that is not in doubt another one may be certain."""
    likely = given.get("likely", known.value)
    low, high = (known.low, known.high) if known.in_doubt else (likely, likely)
    if not given:  # a value in use may lie outside its range, and nobody has said otherwise
        low, high = min(low, likely), max(high, likely)
    low, high = given.get("low", low), given.get("high", high)
    outside = bool(given) and known.in_doubt and not known.low <= low <= high <= known.high
    return Judgement(known.name, low, likely, high, bool(given), outside)


def _number(reading: _Reading, row: int, column: str, cell: str) -> float | None:
    """The number in a cell; None for a blank one, NaN with its fault noted for what is no number."""
    if not cell:
        return None
    plain = cell.replace(reading.decimal, ".") if "." not in cell else cell
    try:
        number = float(plain) if "_" not in plain else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        number = math.nan
        reading.fault(row, f"'{cell}' is no number", _remedy(reading, cell), column)
    return number


def _remedy(reading: _Reading, cell: str) -> str:
    odd = suspicious_characters(cell)
    if "%" in cell:
        return "write a share as a number: 0.2 for 20 %"
    if "," in cell:
        return "write it with a point, 0.5, and thousands without a separator"
    if odd:
        return f"there is a {odd[0][1]} in it: write {odd[0][2]!r}"
    if any(letter.isalpha() for letter in cell):
        return "write a number, or leave the cell blank to keep the file's; spreadsheets turn some numbers into dates"
    return f"write it with digits and '{reading.decimal}' as the decimal sign, or leave the cell blank to keep the file's"


def _check_order(reading: _Reading, row: int, judged: Judgement, given: Mapping[str, float]) -> None:
    """Note a fault unless low <= likely <= high."""
    told = {"low": judged.low, "likely": judged.likely, "high": judged.high}
    for one, other in itertools.pairwise(NUMBERS):
        if told[one] > told[other]:
            words = [f"{each} {told[each]:g}{'' if each in given else ' (blank: the file has it)'}" for each in (one, other)]
            remedy = "low <= likely <= high" + ("" if {one, other} <= given.keys() else "; fill in the blank cell too")
            reading.fault(row, f"'{judged.parameter}': {words[0]} is above {words[1]}", remedy, other)
            return


def _faults_of_game(sheet: ParameterSheet, scenario: Scenario) -> list[Fault]:
    """What goes wrong in the scenario somewhere within the sheet's ranges."""
    ranges = {
        each.parameter: replace(scenario.parameters[each.parameter], low=each.low, value=each.likely, high=each.high)
        for each in sheet.judgements
    }
    there = replace(scenario, parameters=MappingProxyType(ranges))
    try:
        faults = faults_over_box(there) or faults_of_worlds(there)
    except ScenarioError as error:
        faults = error.faults
    remedy = f"narrow the sheet's range, or let {scenario.source} bound the formula with min(1, ...) or max(0, ...)"
    return [
        Fault(0, 0, f"with these ranges, {Path(scenario.source).name} line {each.line}: {each.message}", remedy)
        for each in faults
    ]
