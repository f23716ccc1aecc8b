"""A table for writing as a workbook of Excel: numbers are numbers with formats, texts are texts whatever they begin with."""

from __future__ import annotations

import datetime
import io
import math
import re
from dataclasses import dataclass

from openpyxl import Workbook
from openpyxl.cell import Cell as Place
from openpyxl.cell import MergedCell
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from leverage.writing.office_file import without_clock
from leverage.writing.written_table import Cell, Number, WrittenTable

#: Row of the heads; caption above, numbers below.
HEAD_ROW = 3
#: Letters of the narrowest and the widest column.
LEAST, MOST = 9, 48
#: A line's height in points.
LINE_HEIGHT = 15
#: Letters that the name of a sheet may have, and signs that it may not.
LONGEST_NAME = 31
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")


@dataclass(frozen=True)
class _Field:
    """One column of the sheet: a column of the table, or one end of its bounds."""

    head: str
    cells: tuple[str | float, ...]
    patterns: tuple[str, ...]
    numbers: bool


def excel_file(table: WrittenTable, author: str, when: datetime.datetime) -> bytes:
    """The content of an .xlsx file. author, when: what the document's properties say; nothing else is a clock's.

    Columns with bounds take three columns of the sheet. The head stays in sight and is repeated in print.
    """
    book = Workbook()
    sheet = book.active or book.create_sheet()
    sheet.title = _FORBIDDEN.sub("_", table.name)[:LONGEST_NAME] or "table"
    book.properties.title, book.properties.creator, book.properties.lastModifiedBy = table.caption, author, author
    fields = _fields(table)
    for k, field in enumerate(fields, 1):
        _write_field(sheet, k, field)
    _line(sheet, 1, table.caption, len(fields), bold=True)
    after = HEAD_ROW + len(table.rows) + 2
    for k, text in enumerate([*table.notes, f"Source: {table.source}"]):
        _line(sheet, after + k, text, len(fields))
    _set_up(sheet, len(fields), len(table.rows))
    stream = io.BytesIO()
    book.save(stream)
    return without_clock(stream.getvalue(), when)


def _fields(table: WrittenTable) -> list[_Field]:
    found = []
    for k, column in enumerate(table.columns):
        cells = [row[k] for row in table.rows]
        patterns = tuple(_pattern(cell) for cell in cells)
        found.append(_Field(column.head, tuple(_shown(cell) for cell in cells), patterns, column.numbers))
        if any(isinstance(cell, Number) and cell.bounded for cell in cells):
            for words, end in (("at least", "low"), ("at most", "high")):
                ends = tuple(getattr(cell, end) if isinstance(cell, Number) and cell.bounded else "" for cell in cells)
                plain = tuple(pattern.replace('"?"', "") for pattern in patterns)
                found.append(_Field(f"{column.head}, {words}", ends, plain, numbers=True))
    return found


def _shown(cell: Cell) -> str | float:
    return cell if isinstance(cell, str) else cell.value


def _pattern(cell: Cell) -> str:
    """The number format: decimals, hundredths, a mark after a number whose sign is open."""
    if isinstance(cell, str):
        return "@"
    digits = (f".{'0' * cell.decimals}" if cell.decimals else "") + ("E+00" if cell.scientific else "")
    return ("0%" if cell.percent else f"0{digits}") + ('"?"' if cell.unsure else "")


def _write_field(sheet: Worksheet, column: int, field: _Field) -> None:
    place = _write(sheet, HEAD_ROW, column, field.head, "@")
    place.font, place.border = Font(bold=True), Border(top=Side("medium"), bottom=Side("thin"))
    place.alignment = Alignment(horizontal="right" if field.numbers else "left", vertical="bottom", wrap_text=True)
    side = Alignment(horizontal="right" if field.numbers else "left", vertical="top", wrap_text=not field.numbers)
    for k, (cell, pattern) in enumerate(zip(field.cells, field.patterns, strict=True), HEAD_ROW + 1):
        _write(sheet, k, column, cell, pattern).alignment = side
    widest = max((len(cell) if isinstance(cell, str) else LEAST for cell in field.cells), default=0)
    words = max(map(len, field.head.split()), default=0)
    sheet.column_dimensions[get_column_letter(column)].width = min(max(widest, words, LEAST), MOST) + 2


def _write(sheet: Worksheet, row: int, column: int, cell: str | float, pattern: str) -> Place | MergedCell:
    """A text as a text, even one that looks like a formula; a number as a number; nothing where there is none."""
    place = sheet.cell(row, column)
    if isinstance(cell, str):
        place.value = cell or None
        if cell:
            place.data_type, place.quotePrefix = "s", cell[0] in "=+-@'"
    elif math.isinf(cell):
        place.value = "no end" if cell > 0 else "-no end"
    elif not math.isnan(cell):
        place.value = cell
        place.number_format = pattern
    return place


def _line(sheet: Worksheet, row: int, text: str, columns: int, *, bold: bool = False) -> None:
    """A paragraph over the width of the table."""
    place = _write(sheet, row, 1, text, "@")
    place.font = Font(bold=bold)
    place.alignment = Alignment(wrap_text=True, vertical="top")
    if columns > 1:
        sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=columns)
    letters = sum(sheet.column_dimensions[get_column_letter(k)].width for k in range(1, columns + 1))
    sheet.row_dimensions[row].height = LINE_HEIGHT * math.ceil(len(text) / max(letters, 1.0))


def _set_up(sheet: Worksheet, columns: int, rows: int) -> None:
    """The head in sight, filters, and the page for print."""
    last = f"{get_column_letter(columns)}{HEAD_ROW + rows}"
    sheet.freeze_panes = f"A{HEAD_ROW + 1}"
    sheet.auto_filter.ref = f"A{HEAD_ROW}:{last}"
    sheet.print_title_rows = f"{HEAD_ROW}:{HEAD_ROW}"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
