"""A table for writing as a Word document: caption with Word's own numbering, table with a head that is repeated, note, source."""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Mapping, Sequence

from docx import Document
from docx.document import Document as DocumentType
from docx.enum.section import WD_ORIENT
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Length, Mm, Pt
from docx.text.paragraph import Paragraph

from leverage.writing.office_file import without_clock
from leverage.writing.written_table import Cell, WrittenTable

#: The page of a document, and its margins.
LONG_SIDE, SHORT_SIDE, MARGIN = Mm(297), Mm(210), Mm(20)
#: Columns beyond which the page lies on its side, and beyond which letters are smaller; their sizes.
UPRIGHT_COLUMNS, MANY_COLUMNS = 5, 10
TEXT_SIZE, SMALL_SIZE = Pt(9), Pt(7.5)
#: Letters of either size that fit into a line of a page on its side.
LINE_LETTERS, SMALL_LETTERS = 140, 150
#: Styles of the paragraphs in cells: an author changes the table's looks by changing them.
WORDS, NUMBERS, HEADS, NUMBER_HEADS = "Table Text", "Table Number", "Table Head", "Table Number Head"
STYLES = {
    WORDS: WD_ALIGN_PARAGRAPH.LEFT,
    NUMBERS: WD_ALIGN_PARAGRAPH.RIGHT,
    HEADS: WD_ALIGN_PARAGRAPH.LEFT,
    NUMBER_HEADS: WD_ALIGN_PARAGRAPH.RIGHT,
}
#: Rules above and below the head and below the table, in eighths of a point.
THICK, THIN = 8, 4
#: Space beside the text of a cell, in twentieths of a point.
CELL_MARGIN = 60

_HYPHEN = re.compile(r"-(?=\d)")


def word_file(table: WrittenTable, author: str, when: datetime.datetime) -> bytes:
    """The content of a .docx file. author, when: what the document's properties say; nothing else is a clock's."""
    document = Document()
    _lay_out(document, len(table.columns))
    _caption(document.add_paragraph(style="Caption"), table.caption)
    _fill(document, table)
    if table.notes:
        _told(document.add_paragraph(style=WORDS), "Note. ", " ".join(table.notes))
    _told(document.add_paragraph(style=WORDS), "Source. ", table.source)
    properties = document.core_properties
    properties.title, properties.author, properties.comments = table.caption[:255], author, ""
    properties.last_modified_by = author
    stream = io.BytesIO()
    document.save(stream)
    return without_clock(stream.getvalue(), when)


def _lay_out(document: DocumentType, columns: int) -> None:
    """Page and styles."""
    section = document.sections[0]
    upright = columns <= UPRIGHT_COLUMNS
    section.orientation = WD_ORIENT.PORTRAIT if upright else WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = (SHORT_SIDE, LONG_SIDE) if upright else (LONG_SIDE, SHORT_SIDE)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = MARGIN
    for name, side in STYLES.items():
        style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = document.styles["Normal"]
        style.font.size = TEXT_SIZE if columns <= MANY_COLUMNS else SMALL_SIZE
        style.font.bold = name in (HEADS, NUMBER_HEADS)
        style.paragraph_format.alignment = side
        style.paragraph_format.space_after = style.paragraph_format.space_before = Pt(2)


def _caption(paragraph: Paragraph, caption: str) -> None:
    """'Table 1. ...', with a field that Word counts on and lists."""
    paragraph.paragraph_format.keep_with_next = True
    paragraph.add_run("Table ")
    field = _child(paragraph._p, "w:fldSimple", {"w:instr": "SEQ Table \\* ARABIC"})
    _child(_child(field, "w:r"), "w:t").text = "1"
    paragraph.add_run(f". {caption}")


def _told(paragraph: Paragraph, word: str, text: str) -> None:
    paragraph.add_run(word).italic = True
    paragraph.add_run(text)


# --- the table, element by element: the library's own cells take time that grows with the square of the rows ------------------


def _fill(document: DocumentType, table: WrittenTable) -> None:
    grid = document.add_table(rows=0, cols=len(table.columns))
    grid.autofit = False
    width = int(document.sections[0].page_width or SHORT_SIDE) - 2 * int(MARGIN)
    letters = LINE_LETTERS if len(table.columns) <= MANY_COLUMNS else SMALL_LETTERS
    widths = [Length(int(share * width)) for share in table.shares(letters * width // (int(LONG_SIDE) - 2 * int(MARGIN)))]
    for column, own in zip(grid.columns, widths, strict=True):
        column.width = own
    ids = {name: document.styles[name].style_id for name in STYLES}
    styles = [ids[NUMBERS] if column.numbers else ids[WORDS] for column in table.columns]
    heads = [ids[NUMBER_HEADS] if column.numbers else ids[HEADS] for column in table.columns]
    grid._tbl.append(_head([column.head for column in table.columns], heads, widths))
    for cells in table.rows:
        grid._tbl.append(_row([_typeset(cell) for cell in cells], styles, widths))
    margins = OxmlElement("w:tblCellMar")
    for side in ("w:left", "w:right"):
        _child(margins, side, {"w:w": str(CELL_MARGIN), "w:type": "dxa"})
    grid._tbl.tblPr.insert_element_before(margins, "w:tblLook")
    _rule(grid._tbl.tblPr, "w:tblBorders", {"w:top": THICK, "w:bottom": THICK}, ("w:tblLayout", "w:tblCellMar", "w:tblLook"))


def _typeset(cell: Cell) -> str:
    """A cell as it is set; the hyphens of numbers become minus signs, and bounds stay on one line."""
    if isinstance(cell, str):
        return cell
    return _HYPHEN.sub("\N{MINUS SIGN}", cell.text).replace(", ", ",\N{NO-BREAK SPACE}")


def _head(heads: Sequence[str], styles: Sequence[str], widths: Sequence[Length]) -> BaseOxmlElement:
    """The first row, which Word repeats on every page."""
    row = _row(heads, styles, widths)
    row.find(qn("w:trPr")).append(OxmlElement("w:tblHeader"))
    for cell in row.iterchildren(qn("w:tc")):
        _rule(cell.find(qn("w:tcPr")), "w:tcBorders", {"w:bottom": THIN}, ())
    return row


def _row(texts: Sequence[str], styles: Sequence[str], widths: Sequence[Length]) -> BaseOxmlElement:
    """A row that is not torn between two pages."""
    row = OxmlElement("w:tr")
    _child(row, "w:trPr").append(OxmlElement("w:cantSplit"))
    for text, style, width in zip(texts, styles, widths, strict=True):
        cell = _child(row, "w:tc")
        _child(_child(cell, "w:tcPr"), "w:tcW", {"w:w": str(width.twips), "w:type": "dxa"})
        paragraph = _child(cell, "w:p")
        _child(_child(paragraph, "w:pPr"), "w:pStyle", {"w:val": style})
        _child(_child(paragraph, "w:r"), "w:t").text = text
    return row


def _child(parent: BaseOxmlElement, tag: str, attributes: Mapping[str, str] | None = None) -> BaseOxmlElement:
    """A new last child."""
    child = OxmlElement(tag, attrs={qn(name): value for name, value in (attributes or {}).items()})
    parent.append(child)
    return child


def _rule(properties: BaseOxmlElement, tag: str, sides: Mapping[str, int], successors: tuple[str, ...]) -> None:
    """Lines at some sides of a table or a cell, in eighths of a point; the format wants them before their successors."""
    borders = OxmlElement(tag)
    for side, eighths in sides.items():
        _child(borders, side, {"w:val": "single", "w:sz": str(eighths), "w:space": "0", "w:color": "auto"})
    properties.insert_element_before(borders, *successors)
