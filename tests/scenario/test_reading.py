"""The reading stage: data with positions, or all faults of a file, each with its place and a remedy."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leverage.errors import Fault, ScenarioError
from leverage.scenario import reading
from leverage.scenario.reading import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_FAULTS,
    MAX_NODES,
    MAX_REPEATED_NODES,
    Position,
    decimal_commas,
    parse_document,
    read_document,
    suspicious_characters,
)

SOURCE = "example.yaml"
NARROW, NON_BREAKING, ZERO_WIDTH, MINUS = "\u202f", "\u00a0", "\u200b", "\u2212"


def faults_of(text: str) -> tuple[Fault, ...]:
    with pytest.raises(ScenarioError) as caught:
        parse_document(text, SOURCE)
    assert caught.value.source == SOURCE
    return caught.value.faults


def faults_of_bytes(folder: Path, data: bytes) -> tuple[Fault, ...]:
    path = folder / "scenario.yaml"
    path.write_bytes(data)
    with pytest.raises(ScenarioError) as caught:
        read_document(path)
    return caught.value.faults


# --- One row for each kind of fault: text, line, column, phrase of the message, phrase of the remedy ---------------------------

FAULTS = {
    "empty": ("", 0, 0, "is empty", "A scenario is a mapping"),
    "only a document mark": ("---\n", 0, 0, "is empty", "A scenario is a mapping"),
    "comments only": ("# title: x\n", 0, 0, "comments only", "A scenario is a mapping"),
    "list on top": ("- a\n- b\n", 1, 1, "top level the file is a list", "A scenario is a mapping"),
    "text on top": ("hello\n", 1, 1, "a single value", "A scenario is a mapping"),
    "number on top": ("7\n", 1, 1, "a single value", "A scenario is a mapping"),
    "control character": ("a: 1\nb: \x07\n", 2, 4, "U+0007", "Delete it"),
    "zero byte": ("a: \0\n", 1, 4, "U+0000", "Delete it"),
    # keys
    "key twice": ("a: 1\nb: 2\na: 3\n", 3, 1, "the first is in line 1, column 1", "Remove one"),
    "key twice in braces": ("x: {a: 1, a: 2}\n", 1, 11, "the first is in line 1, column 5", "Remove one"),
    "numeric keys twice": ("x: {0: 1, 0: 2}\n", 1, 11, "second time", "Remove one"),
    "null key": ("a: 1\n~: 2\n", 2, 1, "a key must be text", "Give the entry a name"),
    "no key": ("a: 1\n: 2\n", 2, 1, "Before the colon stands nothing", "Give the entry a name"),
    "list as key": ("? [a]\n: 1\n", 1, 3, "A list stands where a key", "quotes"),
    "mapping as key": ("? {a: 1}\n: 1\n", 1, 3, "A mapping stands where a key", "quotes"),
    "merge key": ("a: &x {b: 1}\nc:\n  <<: *x\n", 3, 3, "Merge keys", "Write the entries out"),
    "non-breaking space in a key": (f"ends{NON_BREAKING}when: x\n", 1, 5, "non-breaking space", "ordinary space"),
    "dash in a key": ("rules:\n  - if a \u2013 b > 0: x\n", 2, 10, "en dash", "Type -"),
    "comparison sign in a quoted key": ('rules:\n  - "if a \u2265 b": x\n', 2, 11, "greater-or-equal", "Type >="),
    "zero-width character in a key": (f"a: 1\nti{ZERO_WIDTH}tle: x\n", 2, 3, "zero-width", "Delete it"),
    "curly quotes around a key": ("\u201ctitle\u201d: x\n", 1, 1, "curly quote", 'Type "'),
    # indentation
    "tab": ("a:\n\tb: 1\n", 2, 1, "indented with a tab", "two spaces"),
    "tabs in several lines": ("a:\n\tb: 1\n\tc: 2\n", 2, 1, "so are lines 3", "two spaces"),
    "tab after a colon": ("a:\tb\n", 1, 3, "A tab stands here", "Replace the tab"),
    "non-breaking indentation": (f"a:\n{NON_BREAKING * 2}b: 1\n", 2, 1, "indented with a non-breaking space", "ordinary spaces"),
    "narrow indentation": (f"a:\n  {NARROW}b: 1\n", 2, 3, "narrow non-breaking space", "ordinary spaces"),
    "uneven indentation": ("a:\n    b: 1\n  c: 2\n", 3, 3, "indented by 2 spaces", "exactly like"),
    "first line indented": ("  a: 1\nb: 2\n", 2, 1, "indented by 0 spaces", "exactly like"),
    "deeper than a finished value": (
        "title: abc\n  question: d\n",
        2,
        3,
        "indented deeper than line 1",
        "lines it stands beside",
    ),
    # signs that YAML keeps
    "comparison": ("a: 1\nholds if: >= 3\n", 2, 11, "not as a comparison", '"gain >= 3"'),
    "comparison with a space": ("holds if: > 3\n", 1, 11, "not as a comparison", '"gain > 3"'),
    "comparison without a space": ("holds if: >3\nb: 1\n", 1, 11, "not as a comparison", '"gain >3"'),
    "comparison in braces": ("c: {holds if: >= 3, b: 1}\n", 1, 15, "not as a comparison", '"gain >= 3"'),
    "pipe": ("a: | b\n", 1, 4, "text over several lines", '"| b"'),
    "star": ("x: *2\n", 1, 4, "as a reference", '"*2"'),
    "star and more": ("x: *a + b\ny: 1\n", 1, 4, "as a reference", '"*a + b"'),
    "lonely star": ("x: * b\n", 1, 4, "as a reference", '"* b"'),
    "exclamation mark": ("when: !settled\n", 1, 7, "is a YAML tag", "not settled"),
    "exclamation mark and space": ("when: ! settled\n", 1, 7, "is a YAML tag", "Remove it"),
    "ampersand": ("x: &b\ny: 1\n", 1, 4, "as a name for the value", '"&b"'),
    "ampersand and space": ("x: & b\n", 1, 4, "as a name for the value", '"& b"'),
    "per cent": ("x: %5\n", 1, 4, "cannot begin with '%'", '"%5"'),
    "at": ("x: @home\n", 1, 4, "cannot begin with '@'", '"@home"'),
    "backtick": ("x: `a`\n", 1, 4, "cannot begin with '`'", '"`a`"'),
    "bracket and more": ("x: [a] > 3\n", 1, 8, "begins with '['", "round brackets"),
    "brace and more": ("x: {a} > 3\n", 1, 8, "begins with '{'", "round brackets"),
    "closing bracket": ("x: ]\n", 1, 4, "the end of a list", "Remove it"),
    "minus and space": ("x: - 3\n", 1, 4, "an entry of a list", '"- 3"'),
    "question mark": ("x: ? a\n", 1, 4, "as a key", '"? a"'),
    "tag that runs code": ("x: !!python/object/apply:os.system ['true']\n", 1, 4, "is a YAML tag", "Remove it"),
    "tag of a standard type": ("a: 1\nx: !!str 3\n", 2, 4, "'!!str' is a YAML tag", "Remove it"),
    "tag on a mapping": ("x: !player\n  a: 1\n", 1, 4, "'!player' is a YAML tag", "Remove it"),
    "tag behind an anchor": ("x: &a !!int 3\n", 1, 7, "'!!int' is a YAML tag", "Remove it"),
    "broken tag": ("x: !%25zz b\n", 1, 4, "is a YAML tag", "Remove it"),
    "directive": ("%YAML 1.1\n---\na: 1\n", 1, 1, "instruction to YAML", "Remove the line"),
    "unknown directive": ("# x\n%FOO\n---\na: 1\n", 2, 1, "instruction to YAML", "Remove the line"),
    "broken directive": ("%YAML x\n---\na: 1\n", 1, 1, "instruction to YAML", "Remove the line"),
    # quotes
    "quote not closed": ('a: 1\nb: "abc\n', 2, 4, "not closed before the file ends", "Close it"),
    "quote closed by the next": ('t: "abc\nq: "def"\np: 1\n', 1, 4, "closed only in line 2", "Close the quote"),
    "quote in braces closed by the next": (
        'a: {source: "abc, b: 1}\nc: "q"\n',
        1,
        13,
        "closed only in line 2",
        "Close the quote",
    ),
    "apostrophe": ("s: 'the power's army'\n", 1, 15, "goes on after the closing quote", "apostrophe"),
    "text after quotes": ('s: "x" > 3\n', 1, 8, "goes on after the closing quote", "'\"x\" > 3'"),
    "backslash": ('a: "\\d"\n', 1, 5, "backslash", "twice"),
    "backslash beyond Unicode": ('a: "\\UFFFFFFFF"\n', 1, 4, "backslash", "twice"),
    # colons
    "second colon": ("says: value: more\n", 1, 12, "second colon", '"value: more"'),
    "second colon in braces": ("a: {x: y: z}\n", 1, 9, "second colon", '"y: z"'),
    "no space after the colon": ("value:0.5\nrange: [0, 1]\n", 1, 1, "A space is missing", "'value: ...'"),
    "no space after the last colon": ("a: 1\nvalue:0.5\n", 2, 1, "A space is missing", "'value: ...'"),
    "no space below a key": ("a:\n  value:0.5\n", 2, 3, "A space is missing", "'value: ...'"),
    "no space in braces": ("a: {value:0.5, unit: x}\n", 1, 5, "A space is missing", "'value: ...'"),
    "non-breaking space after the colon": (
        f"a: {{value:{NON_BREAKING}0.5}}\n",
        1,
        5,
        "a non-breaking space is not enough",
        "'value: ...'",
    ),
    "no space in a rule": ("r:\n  - if a > b:hold\n  - otherwise: x\n", 2, 5, "colon of 'if a > b'", "'if a > b: ...'"),
    "no colon": ("a: 1\nb\nc: 2\n", 2, 1, "has no colon", "'key: value'"),
    "no value after the colon in braces": ("a: {b: 1, c:}\n", 1, 11, "A space is missing", "'c: ...'"),
    # brackets and commas
    "bracket not closed": ("a: [1, 2\nb: 3\n", 1, 4, "'[' that opens here is not closed", "with ']'"),
    "brace not closed": ("a:\n  x: {y: 1\n  z: 3\n", 2, 6, "'{' that opens here is not closed", "with '}'"),
    "brace open to the end": ("a: {x: 1", 1, 4, "'{' that opens here is not closed", "with '}'"),
    "wrong bracket": ("a: {x: ]}\n", 1, 8, "does not fit", "which bracket"),
    "comma missing": ('a: [1, "x" y]\n', 1, 12, "a comma is missing", "after each entry"),
    "comma missing at the end of a line": ("a: {x: 1\n  y: 2}\n", 2, 4, "a comma is missing", "after each entry"),
    "comma twice": ("a: [1,,2]\n", 1, 7, "Between two commas", "Remove one comma"),
    "comma cuts a formula": ("a: {play: min(a, b)}\n", 1, 11, "'min(a' and 'b)'", 'play: "min(a, b)"'),
    "comma cuts a formula over two lines": ("a: {play: min(a,\n  b), c: 1}\n", 1, 11, "'min(a' and 'b)'", 'play: "min(a, b)"'),
    "two commas cut a formula": ("a: {play: min(a, b, c), d: 1}\n", 1, 11, "'min(a' and 'b' and 'c)'", '"min(a, b, c)"'),
    "comma cuts a text": (
        "g: {unit: points, each month, source: x}\n",
        1,
        11,
        "'points' and 'each month'",
        '"points, each month"',
    ),
    "entry without a value": ("g: {each month, source: x}\n", 1, 5, "without a value", "'each month: ...'"),
    "quoted entry without a value": ('g: {a: "b", "c d"}\n', 1, 13, "without a value", "'c d: ...'"),
    "comma cuts a formula in a list": ("a: [0, min(a, b)]\n", 1, 8, "cut a formula in two", '"min(a, b)"'),
    "round bracket not closed in a list": ("a: [(b, c]\n", 1, 5, "not closed in it", "Close the bracket"),
    # numbers
    "decimal comma": ("value: 0,5\n", 1, 8, "decimal sign is a point", "Write 0.5"),
    "negative decimal comma": ("value: -12,25\n", 1, 8, "decimal sign is a point", "Write -12.25"),
    "decimal comma in braces": ("g: {value: 0,5, range: x}\n", 1, 12, "decimal sign is a point", "Write 0.5"),
    "leading zero": ("value: 010\n", 1, 8, "would be read as 10", "0.10"),
    "negative leading zero": ("value: -012\n", 1, 8, "would be read as -12", "-0.12"),
    "hexadecimal": ("value: 0x1F\n", 1, 8, "hexadecimal", "Write 31"),
    "octal": ("value: 0o17\n", 1, 8, "octal", "Write 15"),
    "infinity": ("value: -.inf\n", 1, 8, "a number is needed that is finite", "digits"),
    "no number": ("value: .nan\n", 1, 8, "a number is needed that is finite", "digits"),
    "too large": ("value: 1e999\n", 1, 8, "a number is needed that is finite", "digits"),
    "too many digits": ("value: " + "9" * 5000, 1, 8, "a number is needed that is finite", "digits"),
    # structure
    "two documents": ("a: 1\n---\nb: 2\n", 2, 1, "A second scenario", "Remove '---'"),
    "two documents with an end mark": ("a: 1\n...\nb: 2\n", 3, 1, "A second scenario", "another file"),
    "alias inside itself": ("a: &r [1, *r]\n", 1, 11, "has no end", "Write the value out"),
    "brackets too deep": ("a: " + "[" * MAX_DEPTH + "]" * MAX_DEPTH, 1, 3 + MAX_DEPTH, "levels", "not closed"),
}


@pytest.mark.parametrize(("text", "line", "column", "message", "remedy"), FAULTS.values(), ids=FAULTS.keys())
def test_each_fault_has_place_message_and_remedy(text: str, line: int, column: int, message: str, remedy: str) -> None:
    (fault,) = faults_of(text)
    assert (fault.line, fault.column) == (line, column)
    assert message in fault.message
    assert remedy in fault.remedy
    if line:
        assert fault.text == text.split("\n")[line - 1]
        assert 1 <= fault.width <= max(1, len(fault.text) - column + 1)


HARMLESS = {
    "words of YAML 1.1 stay text": ("a: [yes, no, on, off, y]", ["yes", "no", "on", "off", "y"]),
    "dates stay text": ("a: 2016-03-15", "2016-03-15"),
    "ratios stay text": ("a: 2:1", "2:1"),
    "grouped digits stay text": ("a: 1_000", "1_000"),
    "per cent behind the number stays text": ("a: 5%", "5%"),
    "an address stays text": ("a:\n  https://example.org/x", "https://example.org/x"),
    "numbers": ("a: [1, -2, +3, .5, 1., 1e-3, 1E3, -0.5]", [1, -2, 3, 0.5, 1.0, 0.001, 1000.0, -0.5]),
    "truth values": ("a: [true, False, TRUE]", [True, False, True]),
    "nothing": ("a: [null, ~, Null]", [None, None, None]),
    "quotes make text": ("a: ['010', \"0,5\", 'null', \"true\"]", ["010", "0,5", "null", "true"]),
    "zero": ("a: [0, 0.0, -0.5]", [0, 0.0, -0.5]),
    "a formula with brackets in quotes": ('a: {b: "min(c, d)"}', {"b": "min(c, d)"}),
    "explicit empty entry in braces": ("a: {b: , c: 1}", {"b": None, "c": 1}),
    "numbers as keys keep their spelling": ("a: {0: 1, 1.50: 2, true: 3}", {"0": 1, "1.50": 2, "true": 3}),
    "folded text": ("a: >-\n  one\n  two\n\n  three\n", "one two\nthree"),
    "literal text with a tab and brackets": ("a: |\n  [\n  \tx: {\n", "[\n\tx: {\n"),
    "aliases": ("a: [&x {b: 1}, *x]", [{"b": 1}, {"b": 1}]),
    "comment behind a value": ("a: x > 3 # as in the article", "x > 3"),
    "leading mark and end mark": ("---\na: 1\n...\n", 1),
    "Windows line ends": ("a:\r\n  b: 1\r\n  c: 2\r\n", {"b": 1, "c": 2}),
    "typographic signs in values": ("a: \u201cquoted\u201d \u2013 text", "\u201cquoted\u201d \u2013 text"),
}


@pytest.mark.parametrize(("text", "value"), HARMLESS.values(), ids=HARMLESS.keys())
def test_what_is_harmless_is_read(text: str, value: object) -> None:
    read = parse_document(text, SOURCE).data["a"]
    assert read == value
    assert type(read) is type(value)


def test_all_faults_of_a_file_are_told_at_once() -> None:
    text = "\n".join(
        [
            "title: a: b",  # 1 second colon
            "holds if: >= 3",  # 2 comparison
            "value: 0,5",  # 3 decimal comma
            "when: !settled",  # 4 tag
            "c: {x: %, y: @}",  # 5 two signs; the second is seen when the first is mended
            "title: twice",  # 6 key twice
            "says: 'the power's army'",  # 7 apostrophe
            "g: {play: min(a, b)}",  # 8 comma in braces
            "n: 010",  # 9 leading zero
        ]
    )
    assert [fault.line for fault in faults_of(text)] == [1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_a_repaired_line_is_shown_as_it_is_written() -> None:
    first, second = faults_of("a: @x\nb: `y` # why\n")
    assert (first.text, second.text) == ("a: @x", "b: `y` # why")


def test_consequences_of_a_fault_are_not_told() -> None:
    assert len(faults_of("a: [1, 2\nb: 3\nc: {\n\td: @\n")) == 1


def test_very_many_faults_are_cut_short() -> None:
    first, *faults = faults_of("a: [" + "010, " * (2 * MAX_FAULTS) + "]")
    assert f"Only the first {MAX_FAULTS}" in first.message
    assert [fault.column for fault in faults] == [5 + 5 * index for index in range(MAX_FAULTS)]


# --- The file ----------------------------------------------------------------------------------------------------------------

BYTES = {
    "binary": (b"a: 1\nb: \0\1\2\3", 0, "binary: byte 9, in line 2", "plain text"),
    "UTF-16 with mark": ("a: é".encode("utf-16"), 0, "saved in UTF-16", "UTF-8"),
    "UTF-16 big end first": (b"\xfe\xff" + "a: é".encode("utf-16-be"), 0, "saved in UTF-16", "UTF-8"),
    "UTF-32 with mark": (b"\xff\xfe\x00\x00" + "a: é".encode("utf-32-le"), 0, "saved in UTF-32", "UTF-8"),
    "UTF-16 without mark": ("title: abc".encode("utf-16-le"), 0, "seems to be saved in UTF-16", "UTF-8"),
    "old Windows encoding": ("a: 1\nb: café\n".encode("cp1252"), 2, "Byte 12 (hexadecimal e9)", "UTF-8"),
    "old encoding behind a mark": (b"\xef\xbb\xbfa: \xe9", 1, "Byte 7 (hexadecimal e9)", "UTF-8"),
    "Word file": (b"PK\x03\x04\x14\x00", 0, "Word", "plain text"),
    "PDF": (b"%PDF-1.7\n", 0, "PDF", "plain text"),
    "empty": (b"", 0, "is empty", "A scenario is a mapping"),
    "empty but for the mark": (b"\xef\xbb\xbf", 0, "is empty", "A scenario is a mapping"),
    "too large": (b"a: 1\n" + b"#" * MAX_BYTES, 0, "1,000,005 bytes; the limit is 1,000,000", "right file"),
}


@pytest.mark.parametrize(("data", "line", "message", "remedy"), BYTES.values(), ids=BYTES.keys())
def test_files_that_are_no_text(tmp_path: Path, data: bytes, line: int, message: str, remedy: str) -> None:
    (fault,) = faults_of_bytes(tmp_path, data)
    assert fault.line == line
    assert message in fault.message
    assert remedy in fault.remedy


def test_wrong_encoding_is_shown_at_its_letter(tmp_path: Path) -> None:
    (fault,) = faults_of_bytes(tmp_path, "a: 1\nb: café, x\n".encode("cp1252"))
    assert (fault.column, fault.text) == (7, "b: café, x")
    assert "'é'" in fault.message


def test_missing_file_names_near_ones(tmp_path: Path) -> None:
    (tmp_path / "withdrawal.yaml").write_text("a: 1")
    with pytest.raises(ScenarioError, match="no file of this name") as caught:
        read_document(tmp_path / "withdrawl.yaml")
    assert "withdrawal.yaml" in caught.value.faults[0].remedy


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as caught:
        read_document(tmp_path / "nowhere" / "a.yaml")
    assert "nowhere does not exist" in caught.value.faults[0].remedy


def test_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="This is a folder"):
        read_document(tmp_path)


def test_name_that_no_file_can_have(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="cannot be read"):
        read_document(tmp_path / "a\0b")


def test_unreadable_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "a.yaml"
    path.write_text("a: 1")
    monkeypatch.setattr(Path, "open", refuse)  # an administrator may read any file, so permissions alone would not show it
    with pytest.raises(ScenarioError, match="permissions"):
        read_document(path)


def test_byte_order_mark_of_utf8_is_tolerated(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: caf\xc3\xa9\n")
    document = read_document(path)
    assert document.data == {"a": "café"}
    assert document.positions["a",] == Position(1, 4, 4)
    assert document.source == str(path)


# --- Positions ---------------------------------------------------------------------------------------------------------------

NESTED = """\
players:
  power: {name: "the power", discount: 0.50}
rules:
  - if a plays b: {up 1: speed,
      stays: rest}
  -   - &two 2
      - *two
note: >-
  long
  text
"""

PLACES = {
    (): (1, 1, 8),
    ("players",): (2, 3, 42),
    ("players", "power"): (2, 10, 35),
    ("players", "power", "name"): (2, 17, 11),
    ("players", "power", "discount"): (2, 40, 4),
    ("rules", 0): (4, 5, 27),
    ("rules", 0, "if a plays b", "stays"): (5, 14, 4),
    ("rules", 1, 0): (6, 14, 1),
    ("rules", 1, 1): (6, 14, 1),  # what an alias repeats stands where it is written out
    ("note",): (8, 7, 2),
}
KEY_PLACES = {
    ("players", "power"): (2, 3, 5),
    ("players", "power", "discount"): (2, 30, 8),
    ("rules", 0, "if a plays b"): (4, 5, 12),
    ("rules", 0, "if a plays b", "stays"): (5, 7, 5),
}


@pytest.mark.parametrize(("path", "place"), PLACES.items())
def test_position_of_each_value(path: reading.NodePath, place: tuple[int, int, int]) -> None:
    assert parse_document(NESTED, SOURCE).positions[path] == Position(*place)


@pytest.mark.parametrize(("path", "place"), KEY_PLACES.items())
def test_position_of_each_key(path: reading.NodePath, place: tuple[int, int, int]) -> None:
    assert parse_document(NESTED, SOURCE).key_positions[path] == Position(*place)


def test_spelling_is_kept() -> None:
    raw = parse_document(NESTED + "n: 100\nr: [0,1, 0,5]\n", SOURCE).raw
    assert raw["players", "power", "discount"] == "0.50"
    assert raw["players", "power", "name"] == '"the power"'
    assert raw["n",] == "100"
    assert raw["rules", 1, 0] == "2"
    assert decimal_commas(raw["r",]) == ("0,1", "0,5")


@pytest.mark.parametrize(
    ("path", "on_key", "place"),
    [
        (("players", "power", "discount"), False, (2, 40)),
        (("players", "power", "discount"), True, (2, 30)),
        (("players", "power", "patience"), False, (2, 3)),  # missing: at the name of the player
        (("players", "nobody", "discount"), False, (1, 1)),
        (("absent",), True, (1, 1)),
        (("rules", 1, 7, "x"), False, (6, 7)),  # an entry of a list has no name
    ],
)
def test_fault_is_placed_at_the_nearest_known_place(path: reading.NodePath, on_key: bool, place: tuple[int, int]) -> None:
    fault = parse_document(NESTED, SOURCE).fault(path, "wrong", "mend", on_key=on_key)
    assert (fault.line, fault.column) == place
    assert (fault.message, fault.remedy) == ("wrong", "mend")
    assert fault.text == NESTED.split("\n")[place[0] - 1]


# In each text the value of `a` holds one capital X: it must be found in the text where it stands.
WITH_X = {
    "plain": "a: min(b) + X",
    "plain behind an anchor": "a: &name b + X",
    "plain over lines": "a: b +\n\n   c\n   + X + d",
    "plain over Windows lines": "a: b +\r\n   c\r\n   + X + d",
    "single quotes": "a: 'it''s b''' \n".replace("'''", "'' X'"),
    "double quotes": 'a: "b \\"c\\" \\u0041 \\t X"',
    "double quotes with a continued line": 'a: "b \\\n    c\\n\n\n   \\x20 X d"',
    "quotes over lines": "a: 'b\n\n\n  c\n  X d'",
    "folded": "a: >-\n  b +\n  c\n\n    d\n  + X\n",
    "folded with a comment in its header": "a: > # why\n  b\n  X\n\n",
    "literal": "a: |\n  b\n    c X\n  d\n",
    "literal with given indentation": "a: |2-\n    b\n  X\n",
    "in braces over lines": "z: 1\na: {b: 1, c: d +\n  X, e: 2}",
    "in a list": "a: [1, 'b'' X']",
    "behind a space that does not fold": f"a: b{NON_BREAKING}{NON_BREAKING}X",
    "behind letters of more than one byte": "a: 'é \U0001f600 X'",
}


def texts_of(document: reading.Document) -> list[tuple[reading.NodePath, str]]:
    found: list[tuple[reading.NodePath, str]] = []
    for path in document.raw:
        value = document.data
        for step in path:
            value = value[step]
        if isinstance(value, str):
            found.append((path, value))
    return found


@pytest.mark.parametrize("text", WITH_X.values(), ids=WITH_X.keys())
def test_offset_in_a_value_is_translated_to_line_and_column(text: str) -> None:
    document = parse_document(text, SOURCE)
    ((path, value),) = [(path, value) for path, value in texts_of(document) if "X" in value]
    fault = document.fault(path, "wrong", offset=value.index("X"))
    assert fault.text[fault.column - 1] == "X"
    assert document.lines[fault.line - 1] == fault.text
    assert fault.width == 1


def test_offset_has_a_width_and_an_end() -> None:
    document = parse_document("a: 'it''s speed'", SOURCE)
    value = document.data["a"]
    assert value == "it's speed"
    word = document.fault(("a",), "wrong", offset=value.index("speed"), width=len("speed"))
    assert (word.column, word.width) == (11, 5)
    end = document.fault(("a",), "wrong", offset=len(value))
    assert end.column == 16
    across = document.fault(("a",), "wrong", offset=0, width=len(value))
    assert (across.column, across.width) == (5, 11)


def test_offset_in_a_key() -> None:
    document = parse_document("r:\n  - 'if it''s X': 1", SOURCE)
    key = "if it's X"
    fault = document.fault(("r", 0, key), "wrong", on_key=True, offset=key.index("X"))
    assert (fault.line, fault.column) == (2, 15)


def test_suspicious_characters_of_a_formula() -> None:
    assert suspicious_characters(f"a {MINUS} b{NON_BREAKING}\u2264 c\u00d7d") == [
        (2, "Unicode minus sign", "-"),
        (5, "non-breaking space", " "),
        (6, "less-or-equal sign", "<="),
        (9, "multiplication sign", "*"),
    ]
    assert suspicious_characters("a - b <= c * d") == []


# --- Aliases, depth, size, and whatever else comes ---------------------------------------------------------------------------


def test_aliases_that_explode_are_refused() -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 30)]
    (fault,) = faults_of("\n".join(rows))
    assert "unfold to more than" in fault.message
    assert fault.line == 5  # ten values, a hundred, a thousand, ten thousand


def test_as_many_aliases_as_are_allowed_are_read() -> None:
    text = "a: &x y\nb: [" + ", ".join(["*x"] * MAX_REPEATED_NODES) + "]"
    assert parse_document(text, SOURCE).data["b"] == ["y"] * MAX_REPEATED_NODES


def test_aliases_cannot_hide_depth() -> None:
    rows = ["a0: &a0 [x]"] + [f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 2000)]
    (fault,) = faults_of("\n".join(rows))
    assert "levels" in fault.message
    assert fault.line == MAX_DEPTH  # the mapping on top is one level, and row n adds n


def test_the_deepest_file_that_is_allowed_is_read() -> None:
    text = "a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)
    value = parse_document(text, SOURCE).data["a"]
    for _ in range(MAX_DEPTH - 2):
        (value,) = value
    assert value == []


def test_a_file_of_data_is_refused() -> None:
    (fault,) = faults_of("a: [" + "1," * MAX_NODES + "]")
    assert f"{MAX_NODES:,} keys and values" in fault.message


PATHOLOGICAL = {
    "brackets": "[",
    "braces": "{",
    "lists in lists": "- ",
    "keys in keys": "? ",
    "brackets with entries": "[a,",
    "anchors": "&a [",
    "open quote": "\"'",
    "blank": " ",
    "one long word": "x",
    "cuts": "a: {b, c: (, ",
    "tags": "!a ",
    "line ends": "\r",
    "non-breaking lines": f"{NON_BREAKING}\n",
}


@pytest.mark.parametrize("unit", PATHOLOGICAL.values(), ids=PATHOLOGICAL.keys())
def test_a_megabyte_of_anything_ends(unit: str) -> None:
    text = unit * (MAX_BYTES // len(unit.encode()))
    with pytest.raises(ScenarioError):
        parse_document(text, SOURCE)


def test_a_megabyte_of_indentation_ends() -> None:
    levels = 1400
    text = "\n".join(" " * level + "a:" for level in range(levels))
    (fault,) = faults_of(text)
    assert "levels" in fault.message
    assert fault.line == MAX_DEPTH + 1


def faults_or_document(text: str) -> tuple[Fault, ...] | reading.Document:
    try:
        return parse_document(text, SOURCE)
    except ScenarioError as error:
        return error.faults


def check_outcome(text: str) -> None:
    """Reading ends with a document whose every value has a place, or with faults that have messages and remedies."""
    document = faults_or_document(text)
    if isinstance(document, tuple):
        assert document
        for fault in document:
            assert fault.message
            assert fault.remedy
            assert 0 <= fault.line <= len(text) + 1
            assert fault.render(SOURCE)
        return
    assert isinstance(document.data, dict)
    for path, value in texts_of(document):
        for offset in range(len(value) + 1):
            fault = document.fault(path, "x", offset=offset)
            assert 1 <= fault.line <= len(document.lines)
            assert 1 <= fault.column <= len(document.lines[fault.line - 1]) + 1


SIGNS = [*"[]{},'>|#%~?()@xé\n\r\t\x85\u2028\ufeff", '"', "\\", NON_BREAKING, ZERO_WIDTH]
PIECES = [
    "a: ",
    "b:",
    "- ",
    "\n  ",
    "\n    ",
    ", ",
    ": ",
    "'' ",
    "\\U",
    ">-\n  ",
    "|\n  ",
    "&x ",
    "*x",
    "!t ",
    "!!str ",
    "%YAML 1.1\n",
]
PIECES += ["---\n", "...\n", "<<: ", "? ", " #", "0,5", "010", "y z", "\r\n", "1e999"]
FRAGMENTS = st.sampled_from([*SIGNS, *PIECES])


@settings(max_examples=600, deadline=None)
@given(st.lists(FRAGMENTS, max_size=25).map("".join))
def test_any_mixture_of_signs_is_read_or_refused(text: str) -> None:
    check_outcome(text)


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    check_outcome(text)


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(categories=["Cs", "Ll"])))
def test_broken_surrogates_are_refused(text: str) -> None:
    check_outcome("a: " + text)


def test_any_bytes_are_read_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "scenario.yaml"

    @settings(max_examples=200, deadline=None)
    @given(st.binary(max_size=60))
    def check(data: bytes) -> None:
        path.write_bytes(data)
        with contextlib.suppress(ScenarioError):
            assert isinstance(read_document(path).data, dict)

    check()


# Where every character of a value is a word of its own, its place is known without the reader.
@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["é", "b''", "c d"]), min_size=1, max_size=6), st.sampled_from([" ", "\n  ", "\n\n  "]))
def test_offsets_agree_with_a_search_in_the_text(words: list[str], gap: str) -> None:
    text = "a: '" + gap.join([*words, "X"]) + "'"
    document = parse_document(text, SOURCE)
    fault = document.fault(("a",), "x", offset=document.data["a"].index("X"))
    before = text[: text.index("X")]
    assert (fault.line, fault.column) == (before.count("\n") + 1, len(before) - before.rfind("\n"))
