"""Each file format is read back with a reader of its own: what was written stands there, whatever the texts look like."""

from __future__ import annotations

import datetime
import io
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from docx import Document
from docx.oxml.ns import qn
from markdown_it import MarkdownIt

from leverage.writing.excel import HEAD_ROW, excel_file
from leverage.writing.latex import LYING_PREAMBLE, latex_text
from leverage.writing.markdown import markdown_text
from leverage.writing.tables import SELECTED, table_for_writing
from leverage.writing.word import word_file
from leverage.writing.written_table import Column, Number, WrittenTable, text_of
from tests.writing.folders import NASTY, shipped

OfficeWriter = Callable[[WrittenTable, str, datetime.datetime], bytes]

WHEN = datetime.datetime(2026, 3, 14, 15, 9, 26, tzinfo=datetime.UTC)
AUTHOR = "leverage 0.1.0"


def nasty_table() -> WrittenTable:
    """Every nasty text as a cell, as a head, as a caption, as a note and in the source; all kinds of numbers."""
    numbers = [
        *(
            Number(9.62, 2, 9.18, 10.19),
            Number(-0.04, 1),
            Number(float("nan")),
            Number(float("inf")),
            Number(0.003, percent=True),
        ),
        *(Number(-1.5, 1, -2.5, 0.5, unsure=True), Number(2.8e-14, 1, scientific=True), Number(0.997, percent=True)),
    ]
    rows = tuple((text, numbers[k % len(numbers)], NASTY[-1 - k]) for k, text in enumerate(NASTY))
    columns = (Column(NASTY[6]), Column("Number | of", numbers=True), Column(NASTY[0]))
    return WrittenTable("claims", NASTY[6], columns, rows, NASTY, NASTY[5])


@pytest.fixture(params=["nasty", *SELECTED])
def table(request: pytest.FixtureRequest) -> WrittenTable:
    return nasty_table() if request.param == "nasty" else table_for_writing(shipped(), request.param)


# --- Markdown -----------------------------------------------------------------------------------------------------------------


#: What a line of a table for writing may hold: text, and the slanted and bold words around the table.
PLAIN = {"text", "em_open", "em_close", "strong_open", "strong_close"}


def shown(markdown: str) -> tuple[list[str], list[str]]:
    """What a reader of the Markdown text sees: cells of the table, and lines of text."""
    cells: list[str] = []
    lines: list[str] = []
    inside = False
    for token in MarkdownIt("commonmark", {"html": True}).enable("table").parse(markdown):
        inside = inside or token.type in ("td_open", "th_open")
        if token.type == "inline":
            words = "".join(child.content for child in token.children or () if child.type == "text")
            assert {child.type for child in token.children or ()} <= {
                "text",
                "em_open",
                "em_close",
                "strong_open",
                "strong_close",
            }
            (cells if inside else lines).append(words)
        inside = inside and token.type not in ("td_close", "th_close")
    return cells, lines


def test_markdown_shows_every_cell_as_it_is(table: WrittenTable) -> None:
    cells, lines = shown(markdown_text(table))
    assert cells == [*(each.head for each in table.columns), *(text_of(cell) for row in table.rows for cell in row)]
    assert lines == [table.caption, f"Note. {' '.join(table.notes)}", f"Source. {table.source}"]


# --- LaTeX --------------------------------------------------------------------------------------------------------------------

_ESCAPED = {
    **{rf"\{sign}": sign for sign in "{}$&#%"},
    r"\_\allowbreak{}": "_",
    r"\textbackslash{}": "\\",
    r"\textasciicircum{}": "^",
    r"\textasciitilde{}": "~",
    r"\textless{}": "<",
    r"\textgreater{}": ">",
    r"\textbar{}": "|",
    r"\char34{}": '"',
    r"\textasciigrave{}": "`",
    "{[}": "[",
    "{]}": "]",
    "{*}": "*",
    "{-}": "-",
    "$-$": "-",
    ",~": ", ",
}


def read_latex(text: str) -> str:
    """The text that LaTeX prints for an escaped one; what is still a command after that raises."""
    found, at = "", 0
    escapes = sorted(_ESCAPED, key=len, reverse=True)
    while at < len(text):
        escape = next((each for each in escapes if text.startswith(each, at)), "")
        assert escape or text[at] not in '\\{}$&#%_^~[]*<>|"`', text[at:]
        found += _ESCAPED[escape] if escape else text[at]
        at += len(escape) or 1
    return found


def test_latex_prints_every_cell_as_it_is(table: WrittenTable) -> None:
    text = latex_text(table)
    body = text.split(r"\endlastfoot")[1].split(r"\end{longtable}")[0]
    rows = [row for row in body.strip().split("\\\\\n") if row]
    read = [[read_latex(cell.strip()) for cell in re.split(r"(?<!\\)&", row.removesuffix(r"\\"))] for row in rows]
    assert read == [[text_of(cell) for cell in row] for row in table.rows]
    assert not any(row.lstrip().startswith(("[", "*")) for row in rows)
    head = text.split(r"\toprule")[1].split(r"\\")[0]
    assert [read_latex(each.strip()) for each in head.split(" & ")] == [each.head for each in table.columns]
    for command in (r"\toprule", r"\midrule", r"\bottomrule"):
        assert command in text
    assert re.sub(r"\\[{}]", "", text).count("{") == re.sub(r"\\[{}]", "", text).count("}")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no pdflatex")
def test_latex_compiles(table: WrittenTable, tmp_path: Path) -> None:
    page = [r"\documentclass{article}", LYING_PREAMBLE, r"\begin{document}", latex_text(table), r"\end{document}"]
    (tmp_path / "page.tex").write_text("\n".join(page), encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-1500:]
    assert (tmp_path / "page.pdf").is_file()


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no pdflatex")
@pytest.mark.parametrize("name", [*SELECTED, "parameters"])
def test_nothing_of_a_table_sticks_out_of_an_article(name: str, tmp_path: Path) -> None:
    """Nor is any table longer than a few pages."""
    text = latex_text(table_for_writing(shipped(), name))
    page = [r"\documentclass{article}", LYING_PREAMBLE, r"\begin{document}", text, r"\end{document}"]
    (tmp_path / "page.tex").write_text("\n".join(page), encoding="utf-8")
    for _ in range(3):  # a longtable finds its widths in several runs
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
        assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    log = (tmp_path / "page.log").read_text(encoding="utf-8", errors="replace")
    assert "Overfull" not in log, re.findall(r"Overfull.*\n.*", log)
    pages = re.search(r"\((\d+) pages?,", log)
    assert pages is not None
    assert int(pages[1]) <= 5


# --- Word ---------------------------------------------------------------------------------------------------------------------


def test_word_has_a_real_table_with_caption_and_repeated_head(table: WrittenTable) -> None:
    document = Document(io.BytesIO(word_file(table, AUTHOR, WHEN)))
    grid = document.tables[0]
    cells = [cell.text.replace("\N{MINUS SIGN}", "-").replace("\N{NO-BREAK SPACE}", " ") for cell in grid._cells]
    assert cells == [*(each.head for each in table.columns), *(text_of(cell) for row in table.rows for cell in row)]
    flags = [row.find(f"{qn('w:trPr')}/{qn('w:tblHeader')}") is not None for row in grid._tbl.tr_lst]
    assert flags == [True, *[False] * len(table.rows)]
    caption, note, source = document.paragraphs
    assert caption.style is not None
    assert caption.style.name == "Caption"
    assert caption.text.endswith(f". {table.caption}")
    field = caption._p.find(qn("w:fldSimple"))
    assert field.get(qn("w:instr")) == r"SEQ Table \* ARABIC"
    assert note.text == f"Note. {' '.join(table.notes)}"
    assert source.text == f"Source. {table.source}"
    assert document.core_properties.author == AUTHOR
    assert document.core_properties.modified == WHEN


# --- Excel --------------------------------------------------------------------------------------------------------------------


#: The library writes sixteen digits that count.
EXCEL_ROUNDING = 1e-15


def test_excel_has_numbers_as_numbers_and_texts_as_texts(table: WrittenTable) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(excel_file(table, AUTHOR, WHEN))).active
    assert sheet is not None
    assert sheet["A1"].value == table.caption
    assert sheet.freeze_panes == f"A{HEAD_ROW + 1}"
    assert sheet.print_title_rows == f"${HEAD_ROW}:${HEAD_ROW}"
    places = {str(cell.value): k for k, cell in enumerate(sheet[HEAD_ROW], 1)}
    for k, column in enumerate(table.columns):
        for number, row in enumerate(table.rows, HEAD_ROW + 1):
            place, cell = sheet.cell(number, places[column.head]), row[k]
            assert place.data_type != "f"
            if isinstance(cell, str):
                assert place.value == (cell or None)
                assert place.quotePrefix == cell.startswith(("=", "+", "-", "@", "'"))
            elif cell.value == cell.value and abs(cell.value) < float("inf"):
                assert place.value == pytest.approx(cell.value, rel=EXCEL_ROUNDING, abs=0)
                assert place.number_format.startswith("0")
            if isinstance(cell, Number) and cell.bounded:
                ends = [sheet.cell(number, places[f"{column.head}, {words}"]).value for words in ("at least", "at most")]
                assert ends == pytest.approx([cell.low, cell.high], rel=EXCEL_ROUNDING, abs=0)
    below = [sheet.cell(HEAD_ROW + len(table.rows) + 2 + k, 1).value for k in range(len(table.notes) + 1)]
    assert below == [*table.notes, f"Source: {table.source}"]


def test_excel_shows_numbers_as_the_other_formats_do() -> None:
    cells = [
        Number(9.62, 2),
        Number(0.25, percent=True),
        Number(-1.5, 1, unsure=True),
        Number(2.8e-14, 1, scientific=True),
        Number(7.0),
    ]
    table = WrittenTable("x", "c", (Column("n", numbers=True),), tuple((cell,) for cell in cells), (), "s")
    sheet = openpyxl.load_workbook(io.BytesIO(excel_file(table, AUTHOR, WHEN))).active
    assert sheet is not None
    told = [sheet.cell(HEAD_ROW + 1 + k, 1).number_format for k in range(len(cells))]
    assert told == ["0.00", "0%", '0.0"?"', "0.0E+00", "0"]


@pytest.mark.parametrize("write", [word_file, excel_file])
def test_office_files_are_the_same_bytes_twice(write: OfficeWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the clock says in between."""
    first = write(nasty_table(), AUTHOR, WHEN)
    monkeypatch.setattr("time.localtime", lambda *_: (2031, 1, 2, 3, 4, 5, 3, 2, 0))
    assert write(nasty_table(), AUTHOR, WHEN) == first


@pytest.mark.parametrize(
    "write", [markdown_text, latex_text, lambda t: word_file(t, AUTHOR, WHEN), lambda t: excel_file(t, AUTHOR, WHEN)]
)
def test_a_table_without_rows_or_notes_can_be_written(write: type) -> None:
    empty = WrittenTable("tipping", "caption", (Column("Claim"), Column("Value", numbers=True)), (), (), "source")
    assert write(empty)
