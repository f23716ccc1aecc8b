"""Sheets of parameters: written, filled in as spreadsheets do it, read again, drawn from."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import triang

from leverage.errors import SheetError
from leverage.loading import load_scenario
from leverage.sheets.elicitation import ASKED, sheet_text
from leverage.sheets.parameter_sheet import Judgement, ParameterSheet, triangular_quantiles
from leverage.sheets.sheet_reading import read_sheet

SMALL = load_scenario(Path(__file__).parents[1] / "data" / "small.yaml")
WITHDRAWAL = load_scenario(Path(__file__).parents[2] / "scenarios" / "withdrawal.yaml")
HEAD = "parameter,low,likely,high,by_whom,when,note\n"


def read(tmp_path: Path, content: str | bytes) -> ParameterSheet:
    path = tmp_path / "sheet.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_sheet(path, SMALL)


def numbers(sheet: ParameterSheet) -> dict[str, tuple[float, float, float]]:
    return {each.parameter: (each.low, each.likely, each.high) for each in sheet.judgements}


#: What the small scenario says of its parameters: the ends of a range, and the value between them.
FILE = {"patience": (0.5, 0.9, 0.99), "speed": (0.2, 0.5, 0.9), "risk": (0.2, 0.2, 0.2), "stake": (5.0, 10.0, 20.0)}


@pytest.mark.parametrize("decimal_comma", [False, True])
def test_a_sheet_that_nobody_filled_in_says_what_the_file_says(tmp_path: Path, decimal_comma: bool) -> None:
    sheet = read(tmp_path, sheet_text(SMALL, decimal_comma=decimal_comma))
    assert numbers(sheet) == FILE
    assert not sheet.likely
    assert sheet.names == ("patience", "speed", "stake")


@pytest.mark.parametrize("decimal_comma", [False, True])
def test_a_filled_in_sheet_says_what_was_filled_in(tmp_path: Path, decimal_comma: bool) -> None:
    separator, text = (";" if decimal_comma else ","), sheet_text(SMALL, decimal_comma=decimal_comma)
    head, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    filled = dict(zip(ASKED, ("0,3", "0,4", "0,45", "Ada, K.", "2026-05", "said; twice"), strict=True))
    for row in rows:
        if row[0] == "speed":
            for column, cell in filled.items():
                row[head.index(column)] = cell if decimal_comma or column not in ASKED[:3] else cell.replace(",", ".")
    stream = io.StringIO()
    csv.writer(stream, delimiter=separator).writerows([head, *rows])
    sheet = read(tmp_path, stream.getvalue().encode("utf-8-sig"))
    assert numbers(sheet) == {**FILE, "speed": (0.3, 0.4, 0.45)}
    assert sheet.likely == {"speed": 0.4}
    own = sheet.judgements[1]
    assert (own.by_whom, own.when, own.note) == ("Ada, K.", "2026-05", "said; twice")


#: How a spreadsheet may save it, and what is to be read: low, likely and high of `speed`.
SAVED: dict[str, tuple[str | bytes, tuple[float, float, float]]] = {
    "with a mark of byte order": (HEAD.encode("utf-8-sig") + b"speed,0.3,0.4,0.6,,,", (0.3, 0.4, 0.6)),
    "as UTF-16 with tabs": ("parameter\tlow\tlikely\thigh\nspeed\t0,3\t0,4\t0,6\n".encode("utf-16"), (0.3, 0.4, 0.6)),
    "in the code page of Windows": (HEAD.encode() + "speed,0.3,0.4,0.6,J\u00f6rg,,".encode("cp1252"), (0.3, 0.4, 0.6)),
    "with the separator declared": ("sep=;\nparameter;low;likely;high\nspeed;0,3;0,4;0,6\n", (0.3, 0.4, 0.6)),
    "points in spite of semicolons": ("parameter;low;likely;high\nspeed;0.3;0.4;0.6\n", (0.3, 0.4, 0.6)),
    "blank rows and capital heads": ("Parameter,Low,Likely,High\n,,,\nspeed,0.3,0.4,0.6\n,,,\n", (0.3, 0.4, 0.6)),
    "ends left blank": (HEAD + "speed,,0.4,,,,", (0.2, 0.4, 0.9)),
    "the likeliest left blank": (HEAD + "speed,0.3,,0.6,,,", (0.3, 0.5, 0.6)),
    "one certain value": (HEAD + "speed,0.4,0.4,0.4,,,", (0.4, 0.4, 0.4)),
    "beyond the file's range": (HEAD + "speed,0.1,0.4,0.6,,,", (0.1, 0.4, 0.6)),
}


@pytest.mark.parametrize("kind", SAVED)
def test_what_spreadsheets_save_is_read(kind: str, tmp_path: Path) -> None:
    content, expected = SAVED[kind]
    sheet = read(tmp_path, content)
    assert numbers(sheet) == {**FILE, "speed": expected}
    assert sheet.judgements[1].outside == (kind == "beyond the file's range")


def test_of_a_number_that_is_not_in_doubt_another_value_is_certain(tmp_path: Path) -> None:
    sheet = read(tmp_path, HEAD + "risk,,0.3,,,,")
    assert numbers(sheet)["risk"] == (0.3, 0.3, 0.3)
    assert "risk" not in sheet.names
    assert sheet.likely == {"risk": 0.3}


def test_the_order_of_rows_does_not_matter(tmp_path: Path) -> None:
    rows = ["speed,0.3,0.4,0.6,,,", "stake,,6,,,,", "patience,,0.8,,,,"]
    one = read(tmp_path, HEAD + "\n".join(rows))
    other = read(tmp_path, HEAD + "\n".join(reversed(rows)))
    assert one.judgements == other.judgements
    assert one.names == other.names


#: Content, and what the message has to say: place, cause, remedy.
REFUSED: dict[str, tuple[str | bytes, str]] = {
    "a decimal comma among commas": (
        HEAD + 'speed,"0,3",0.4,0.6,,,',
        r"row 2, column 'low': '0,3' is no number\n +write it with a point",
    ),
    "a decimal comma that splits a cell": (
        HEAD + "speed,0,3,0,4,0,6,,,",
        r"row 2: the row has 10 cells and the head has 7\n.*comma",
    ),
    "thousands": ("parameter;low;likely;high\nstake;1.234,5;;\n", r"row 2, column 'low': '1.234,5' is no number\n.*thousands"),
    "a share": (HEAD + "speed,20%,0.4,0.6,,,", r"'20%' is no number\n +write a share as a number: 0.2"),
    "a date": (HEAD + "speed,3. Mar,0.4,0.6,,,", r"'3. Mar' is no number\n.*dates"),
    "an endless number": (HEAD + "speed,0.1,0.4,inf,,,", r"'inf' is no number"),
    "a minus that is none": (HEAD + "speed,\u22120.3,0.4,0.6,,,", r"Unicode minus sign in it: write '-'"),
    "the wrong order": (HEAD + "speed,0.5,0.4,0.6,,,", r"row 2, column 'likely': 'speed': low 0.5 is above likely 0.4"),
    "the file's value outside": (
        HEAD + "speed,0.6,,0.8,,,",
        r"low 0.6 is above likely 0.5 \(blank: the file has it\)\n.*fill in",
    ),
    "the file's end below": (HEAD + "speed,,0.95,,,,", r"row 2, column 'high': .*likely 0.95 is above high 0.9 \(blank"),
    "an unknown parameter": (
        HEAD + "spede,0.3,0.4,0.6,,,",
        r"row 2, column 'parameter': there is no parameter 'spede'\n.*'speed'",
    ),
    "no parameter": (HEAD + ",0.3,0.4,0.6,,,", r"row 2, column 'parameter': the row names no parameter"),
    "twice": (HEAD + "speed,,0.4,,,,\nspeed,,0.5,,,,", r"row 3, column 'parameter': 'speed' stands in row 2 already"),
    "all faults at once": (HEAD + "spede,,,,,,\nspeed,x,,,,,", r"(?s)row 2.*row 3"),
    "a column that is missing": ("parameter,low,likly,high\n", r"no column 'likely'\n +did you mean 'likly'"),
    "a column twice": ("parameter,low,likely,high,low\n", r"the column 'low' stands twice"),
    "nothing": ("", r"the sheet is empty\n.*elicit"),
    "blank lines alone": ("\n \n,,\n", r"the sheet is empty\n.*elicit"),
    "a blank first line": ("\n" + HEAD, r"no column 'parameter'\n +the first row names columns: parameter, low, likely, high"),
    "a head alone": (HEAD, r"no row is filled in\n +write a row"),
    "a head and blank rows": (HEAD + ",,,,,,\n", r"no row is filled in\n +write a row"),
    "a workbook": (b"PK\x03\x04rest", r"own format\n +save it as CSV"),
    "an open quote": (HEAD + 'speed,"0.3,0.4', r"cannot be read as CSV"),
    "no game": (
        HEAD + "risk,0.1,0.2,1.5,,,",
        r"with these ranges, small.yaml line \d+: the chance of 'to broken' is 1.5, outside \[0, 1\]",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_faults_are_told_with_place_cause_and_remedy(kind: str, tmp_path: Path) -> None:
    content, message = REFUSED[kind]
    with pytest.raises(SheetError) as raised:
        read(tmp_path, content)
    assert re.search(message, str(raised.value)), str(raised.value)


def test_a_sheet_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SheetError, match="cannot be read: No such file"):
        read_sheet(tmp_path / "none.csv", SMALL)


def test_every_parameter_is_explained_by_what_reads_it() -> None:
    rows = {row["parameter"]: row for row in csv.DictReader(io.StringIO(sheet_text(WITHDRAWAL)))}
    assert list(rows) == list(WITHDRAWAL.parameters)
    assert rows["power_patience"]["meaning"] == "power patience: bears on patience of power"
    assert "how ceasefire moves" in rows["spoiler_risk"]["meaning"]
    assert "cost of power: presence" in rows["presence_cost"]["meaning"]
    assert rows["presence_cost"]["baseline"] == "17.3"
    assert (rows["presence_cost"]["file_low"], rows["presence_cost"]["file_high"]) == ("4", "32")
    assert not any("not used" in row["meaning"] for row in rows.values())


def test_no_cell_is_a_formula_of_a_spreadsheet() -> None:
    parameters = {**SMALL.parameters, "stake": replace(SMALL.parameters["stake"], unit="=1+1")}
    rows = list(csv.DictReader(io.StringIO(sheet_text(replace(SMALL, parameters=parameters)))))
    assert [row["unit"] for row in rows if row["parameter"] == "stake"] == [" =1+1"]


ENDS = st.tuples(*[st.floats(-1e6, 1e6)] * 3).map(sorted)


@given(ENDS, st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_quantiles_stay_within_the_ends_and_never_fall(ends: list[float], chances: list[float]) -> None:
    low, likely, high = (np.array([end]) for end in ends)
    values = triangular_quantiles(np.sort(np.array(chances))[:, None], low, likely, high)[:, 0]
    assert np.all((ends[0] <= values) & (values <= ends[2]))
    assert np.all(np.diff(values) >= -1e-12 * max(map(abs, ends)))


#: low, likely, high.
LAWS: dict[str, tuple[float, float, float]] = {
    "in the middle": (0.0, 1.0, 2.0),
    "askew": (-3.0, 10.0, 11.0),
    "falling": (2.0, 2.0, 5.0),
    "rising": (2.0, 5.0, 5.0),
}


@pytest.mark.parametrize("kind", LAWS)
def test_quantiles_are_those_of_the_triangular_law(kind: str) -> None:
    low, likely, high = LAWS[kind]
    chances = np.linspace(0.001, 0.999, 37)
    sheet = ParameterSheet("s", (Judgement("b", low, likely, high), Judgement("a", 0.0, 0.0, 1.0)))
    assert sheet.names == ("a", "b")
    values = sheet.quantiles(np.column_stack([chances, chances]))
    expected = triang((likely - low) / (high - low), loc=low, scale=high - low).ppf(chances)
    assert_allclose(values[:, 1], expected, rtol=0, atol=1e-12 * (high - low))
    assert_allclose(values[:, 0], 1 - np.sqrt(1 - chances), atol=1e-14)


def test_a_certain_number_has_one_quantile() -> None:
    same = np.array([3.0])
    assert triangular_quantiles(np.array([[0.1], [0.9]]), same, same, same).ravel().tolist() == [3.0, 3.0]


WRONG_SHAPES: dict[str, Callable[[], np.ndarray[tuple[int, ...], np.dtype[np.float64]]]] = {
    "too few columns": lambda: np.zeros((4, 0)),
    "too many columns": lambda: np.zeros((4, 2)),
    "no table": lambda: np.zeros(1),
}


@pytest.mark.parametrize("kind", WRONG_SHAPES)
def test_columns_have_to_be_the_parameters_in_doubt(kind: str) -> None:
    sheet = ParameterSheet("s", (Judgement("a", 0.0, 0.0, 1.0), Judgement("b", 2.0, 2.0, 2.0)))
    with pytest.raises(ValueError, match="1 columns are needed"):
        sheet.quantiles(WRONG_SHAPES[kind]())
