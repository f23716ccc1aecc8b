"""First stage of a scenario file: bytes to plain data with the position of every value, or all faults of the file at once.

The file is YAML 1.2 with the core schema (Ben-Kiki, Evans, döt Net 2009, section 10.3). ruamel.yaml delivers the stream of
events; this module builds the data from them itself, because three things are needed that no loader gives: nothing is ever
constructed from a tag, every value keeps the place and the spelling it has in the file, and after a mistake the reading goes
on, so that the author hears of all mistakes in one go. Whether the data mean anything is the next stage's business.
"""

from __future__ import annotations

import bisect
import codecs
import difflib
import math
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from leverage.errors import Fault, ScenarioError

NodePath = tuple[str | int, ...]

MAX_BYTES = 1_000_000  # a large scenario has some 20,000
MAX_DEPTH = 50  # levels of nesting; the language itself needs eight
MAX_NODES = 100_000  # keys and values in a file; a large scenario has some 2,000
MAX_REPEATED_NODES = 20_000  # values that aliases may add to those that are written out
MAX_FAULTS = 100  # shown of one file; who has more has one cause for many of them
MAX_REPAIRS = 20  # syntax errors reported in one go
MAX_REPAIR_CHARACTERS = 4 * MAX_BYTES  # characters that may be parsed again while looking for further errors


# --- What the next stages get ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Position:
    """Where something stands in the file: line and column count from 1, `width` is in characters of that line."""

    line: int
    column: int
    width: int


@dataclass(frozen=True)
class Document:
    """A file that is well-formed: its data, and where each value and each key stands.

    `data` holds dict, list, str, int, float, bool and None. A path is the keys and indices from the root to a value, the root
    itself is `()`; what an alias repeats is placed where it is written out. `raw` has the spelling of every scalar and of every
    list or mapping in brackets, quotes included.

    >>> document = parse_document("players:\\n  power: {discount: 0.50}", "example.yaml")
    >>> document.data
    {'players': {'power': {'discount': 0.5}}}
    >>> document.positions["players", "power", "discount"]
    Position(line=2, column=21, width=4)
    >>> document.raw["players", "power", "discount"]
    '0.50'
    """

    source: str
    text: str
    lines: tuple[str, ...]
    data: Any
    positions: Mapping[NodePath, Position]
    key_positions: Mapping[NodePath, Position]
    raw: Mapping[NodePath, str]
    _scalars: Mapping[NodePath, _Node] = field(default_factory=dict, repr=False, compare=False)
    _keys: Mapping[NodePath, _Node] = field(default_factory=dict, repr=False, compare=False)

    def fault(
        self,
        path: NodePath,
        message: str,
        remedy: str = "",
        *,
        on_key: bool = False,
        offset: int | None = None,
        width: int | None = None,
    ) -> Fault:
        """A fault placed at the value (or the key) at `path`; where that is not in the file, at the nearest parent that is.

        `offset` and `width` pick characters of the scalar's text as it was read, counted from 0; they are translated to the
        characters of the file, over quotes, escapes and line breaks. `width` alone overrides the width of the mark.
        """
        node = (self._keys if on_key else self._scalars).get(tuple(path))
        if node is not None and offset is not None:
            place = _place_of_offset(_Text(self.text), node, offset, width or 1)
        else:
            place = self._nearest(tuple(path), on_key)
            place = Position(place.line, place.column, place.width if width is None else width)
        line = self.lines[place.line - 1] if 0 < place.line <= len(self.lines) else ""
        return Fault(place.line, place.column, message, remedy, line, place.width)

    def _nearest(self, path: NodePath, on_key: bool) -> Position:
        if on_key and path in self.key_positions:
            return self.key_positions[path]
        if path in self.positions:
            return self.positions[path]
        while path:
            path = path[:-1]
            # What is missing inside a value is shown at the name of that value, not at its first line.
            place = self.key_positions.get(path) or self.positions.get(path)
            if place is not None:
                return place
        return Position(0, 0, 1)


def read_document(path: Path) -> Document:
    """Read the scenario file at `path`.

    Raises:
        ScenarioError: the file cannot be read, or has faults; all that can be found at this stage are in it.
    """
    source = str(path)
    data = _file_bytes(Path(path), source)
    if len(data) > MAX_BYTES:
        _refuse(source, _too_large(max(len(data), _size(path))))
    _refuse_other_formats(data, source)
    return parse_document(_decoded(data, source), source)


def parse_document(text: str, source: str) -> Document:
    """Turn the text of a scenario file into a document; `source` is the name that messages use.

    Raises:
        ScenarioError: with all faults that can be found at this stage, in the order of the file.

    >>> parse_document("value: 0,5", "example.yaml")
    Traceback (most recent call last):
    ...
    leverage.errors.ScenarioError: example.yaml:1:8: '0,5' is read as text, not as a number: the decimal sign is a point.
        1 | value: 0,5
          |        ^^^
        Write 0.5. Thousands are written without a separator.
    """
    text = text.removeprefix("\ufeff")
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        _refuse(source, _too_large(size))
    where = _Text(text)
    unprintable = _unprintable(where)
    if unprintable:
        raise ScenarioError(source, unprintable)
    tree, faults = _read_with_repairs(where)
    if not faults:
        faults += _tree_faults(where, tree)
    if not faults:
        faults += _top_level_faults(where, tree.root)
    if faults or tree.root is None:
        raise ScenarioError(source, _first_of(faults))
    return _document(where, source, tree.root)


def _first_of(faults: list[Fault]) -> list[Fault]:
    if len(faults) <= MAX_FAULTS:
        return faults
    return [_whole(f"Only the first {MAX_FAULTS} faults are shown.", "Mend these first."), *sorted(faults)[:MAX_FAULTS]]


# --- Characters that look right and are not ----------------------------------------------------------------------------------

_LOOKALIKES: Mapping[str, tuple[str, str]] = {
    "\u00a0": ("non-breaking space", " "),
    "\u2007": ("figure space", " "),
    "\u2009": ("thin space", " "),
    "\u202f": ("narrow non-breaking space", " "),
    "\u3000": ("ideographic space", " "),
    "\u00ad": ("soft hyphen", ""),
    "\u200b": ("zero-width space", ""),
    "\u200c": ("zero-width non-joiner", ""),
    "\u200d": ("zero-width joiner", ""),
    "\u2060": ("word joiner", ""),
    "\ufeff": ("byte order mark", ""),
    "\u2010": ("typographic hyphen", "-"),
    "\u2011": ("non-breaking hyphen", "-"),
    "\u2013": ("en dash", "-"),
    "\u2014": ("em dash", "-"),
    "\u2212": ("Unicode minus sign", "-"),
    "\u2018": ("curly quote", "'"),
    "\u2019": ("curly quote", "'"),
    "\u201a": ("low quote", "'"),
    "\u201c": ("curly quote", '"'),
    "\u201d": ("curly quote", '"'),
    "\u201e": ("low quote", '"'),
    "\u00ab": ("angle quote", '"'),
    "\u00bb": ("angle quote", '"'),
    "\u00d7": ("multiplication sign", "*"),
    "\u00b7": ("middle dot", "*"),
    "\u22c5": ("dot operator", "*"),
    "\u2217": ("asterisk operator", "*"),
    "\u00f7": ("division sign", "/"),
    "\u2264": ("less-or-equal sign", "<="),
    "\u2265": ("greater-or-equal sign", ">="),
    "\u2260": ("not-equal sign", "!="),
    "\u00b2": ("superscript two", "**2"),
    "\u00b3": ("superscript three", "**3"),
}
_LOOKALIKE_BLANKS = "".join(sign for sign, (_, plain) in _LOOKALIKES.items() if plain in {"", " "})
_LOOKALIKE_INDENT = re.compile(f"^[ \\t]*([{_LOOKALIKE_BLANKS}]+)", re.MULTILINE)


def suspicious_characters(text: str) -> list[tuple[int, str, str]]:
    """Characters that a word processor puts in and no formula can read: (offset in `text`, name, what to type instead).

    >>> suspicious_characters("speed ≥ 0")
    [(6, 'greater-or-equal sign', '>=')]
    """
    return [(place, *_LOOKALIKES[sign]) for place, sign in enumerate(text) if sign in _LOOKALIKES]


def decimal_commas(raw: str) -> tuple[str, ...]:
    """Numbers in the spelling of a list that seem to have a decimal comma: a comma between digits and no space after it.

    `raw` is `Document.raw` of a list in brackets. `[0,1]` may be meant as it is read, so the caller decides from the number of
    items it expects.

    >>> decimal_commas("[0,1, 0,5]")
    ('0,1', '0,5')
    """
    return tuple(re.findall(r"(?<![0-9.,])[-+]?[0-9]+,[0-9]+(?![0-9.]|,[0-9])", raw))


# --- The file itself ---------------------------------------------------------------------------------------------------------

_SAVE_AS_TEXT = "A scenario is plain text in UTF-8: save it from a text editor, not from a word processor."
_SAVE_AS_UTF8 = "Save the file again as UTF-8 (Windows Notepad: Save as, Encoding: UTF-8)."
_BYTE_ORDER_MARKS = (  # UTF-32 first: its mark begins with that of UTF-16
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_OTHER_FORMATS = (
    (b"PK\x03\x04", "a Word, Excel or zip file"),
    (b"\xd0\xcf\x11\xe0", "an old Word or Excel file"),
    (b"%PDF", "a PDF file"),
    (b"{\\rtf", "an RTF file"),
)
# What YAML 1.2 allows in a file, section 5.1.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _refuse(source: str, fault: Fault) -> NoReturn:
    raise ScenarioError(source, [fault])


def _whole(message: str, remedy: str = "") -> Fault:
    return Fault(0, 0, message, remedy)


def _too_large(size: int) -> Fault:
    return _whole(
        f"The file has {size:,} bytes; the limit is {MAX_BYTES:,}.",
        "A scenario is some pages of text. Is this the right file? Data belong elsewhere.",
    )


def _size(path: Path) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0


def _file_bytes(path: Path, source: str) -> bytes:
    """The first MAX_BYTES + 1 bytes: enough to see that a file is too large, whatever its size."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        _refuse(source, _whole("There is no file of this name.", _other_names(path)))
    except IsADirectoryError:
        _refuse(
            source, _whole("This is a folder, not a scenario file.", "Name one file in it, such as scenarios/withdrawal.yaml.")
        )
    except PermissionError:
        if path.is_dir():  # Windows refuses to open a folder in these words
            _refuse(source, _whole("This is a folder, not a scenario file.", "Name one file in it."))
        _refuse(source, _whole("The file may not be read with your permissions.", "Ask its owner, or read a copy of your own."))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        _refuse(source, _whole(f"The file cannot be read: {reason}.", "Check the path and the disk."))


def _other_names(path: Path) -> str:
    """The nearest names in the folder, or the folder in which the file was sought."""
    try:
        names = sorted(name for name in os.listdir(path.parent) if name.endswith((".yaml", ".yml")))  # noqa: PTH208
    except (OSError, ValueError):
        return f"The folder {path.parent} does not exist either; check the path."
    near = difflib.get_close_matches(path.name, names, n=3, cutoff=0.5)
    if near:
        return "Was it " + " or ".join(str(path.parent / name) for name in near) + "?"
    return f"Looked in the folder {path.parent.absolute()}; check the name, its ending and the folder."


def _refuse_other_formats(data: bytes, source: str) -> None:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            _refuse(source, _whole(f"The file is saved in {encoding}, not in UTF-8.", _SAVE_AS_UTF8))
    for mark, name in _OTHER_FORMATS:
        if data.startswith(mark):
            _refuse(source, _whole(f"This is {name}, not a scenario.", _SAVE_AS_TEXT))
    if b"\0" not in data:
        return
    # Latin text in UTF-16 has a zero in every second byte.
    if max(data[0::2].count(0), data[1::2].count(0)) > 0.4 * len(data) / 2:
        _refuse(source, _whole("The file seems to be saved in UTF-16, not in UTF-8.", _SAVE_AS_UTF8))
    place = data.index(0)
    line = data.count(b"\n", 0, place) + 1
    _refuse(source, _whole(f"The file is binary: byte {place + 1:,}, in line {line}, is zero, which no text has.", _SAVE_AS_TEXT))


def _decoded(data: bytes, source: str) -> str:
    body = data.removeprefix(codecs.BOM_UTF8)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        place = error.start
    start = body.rfind(b"\n", 0, place) + 1
    shown = body[start:].split(b"\n", 1)[0].decode("cp1252", "replace").rstrip("\r")
    line, column = body.count(b"\n", 0, place) + 1, len(body[start:place].decode("utf-8")) + 1
    number, letter = place + 1 + len(data) - len(body), body[place : place + 1].decode("cp1252", "replace")
    message = f"Byte {number:,} (hexadecimal {body[place]:02x}) is no UTF-8; in the old Windows encoding it would be '{letter}'."
    _refuse(source, Fault(line, column, message, _SAVE_AS_UTF8, shown))


# --- Places in the text ------------------------------------------------------------------------------------------------------

_LINE_BREAK = re.compile(r"\r\n|\r|\n")


class _Text:
    """The text and the index at which each line begins; the parser's indices become lines and columns here."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = tuple(_LINE_BREAK.split(text))
        self.starts = [0, *(found.end() for found in _LINE_BREAK.finditer(text))]

    def line(self, index: int) -> int:
        """Number, from 0, of the line that holds the character at `index`."""
        return bisect.bisect_right(self.starts, index) - 1

    def column(self, index: int) -> int:
        return index - self.starts[self.line(index)]

    def line_end(self, index: int) -> int:
        line = self.line(index)
        return self.starts[line] + len(self.lines[line])

    def indent(self, line: int) -> int:
        return len(self.lines[line]) - len(self.lines[line].lstrip(" \t"))

    def opens_line(self, index: int) -> bool:
        return not self.text[self.starts[self.line(index)] : index].strip(" \t")

    def position(self, start: int, end: int) -> Position:
        """The place from `start` to `end`, or to the end of the first line."""
        start = min(start, len(self.text))
        return Position(self.line(start) + 1, self.column(start) + 1, max(1, min(end, self.line_end(start)) - start))

    def fault(self, start: int, end: int, message: str, remedy: str) -> Fault:
        place = self.position(start, end)
        return Fault(place.line, place.column, message, remedy, self.lines[place.line - 1], place.width)


def _unprintable(where: _Text) -> list[Fault]:
    """One fault for each line with a control character; the parser would stop at the first."""
    faults: dict[int, Fault] = {}
    for found in _UNPRINTABLE.finditer(where.text):
        line = where.line(found.start())
        if line in faults:
            continue
        if len(faults) == MAX_REPAIRS:
            break
        message = f"The invisible character U+{ord(found.group()):04X} cannot stand in a scenario; the file may be binary."
        faults[line] = where.fault(found.start(), found.end(), message, f"Delete it, or: {_SAVE_AS_TEXT}")
    return list(faults.values())


# --- Nodes: what the parser says stands in the file --------------------------------------------------------------------------


@dataclass(eq=False)  # two nodes with the same text are two nodes
class _Node:
    """A value as it is written; `start` and `end` are indices into the text, `size` and `height` count what aliases repeat."""

    kind: str  # scalar, list, mapping or alias
    start: int
    end: int
    value: str = ""  # of a scalar
    style: str | None = None  # of a scalar: ' " | > or None for plain
    flow: bool = False  # written in brackets, or standing in brackets
    is_key: bool = False
    items: list[_Node] = field(default_factory=list)
    pairs: list[tuple[_Node, _Node]] = field(default_factory=list)
    target: _Node | None = None  # of an alias; None where it is a fault
    size: int = 1
    height: int = 0

    @property
    def resolved(self) -> _Node:
        return self.target if self.target is not None else self

    @property
    def plain(self) -> bool:
        return self.kind == "scalar" and self.style is None


@dataclass(frozen=True)
class _Break:
    """Where the parser could not go on, in its own words."""

    problem: str
    context: str
    at: int
    since: int
    last: _Node | None  # the last value that was read
    flow: bool


@dataclass
class _Tree:
    """All nodes in the order of the file, even if the file breaks off; the root; the faults seen on the way."""

    root: _Node | None = None
    nodes: list[_Node] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    broken: _Break | None = None


class _Stop(Exception):  # noqa: N818
    """Nothing more can be read, and the fault is told already."""


class _Builder:
    """Takes the parser's events one by one; no recursion, so that depth is a fault and never a crash."""

    def __init__(self, where: _Text) -> None:
        self.where = where
        self.tree = _Tree()
        self.open: list[_Node] = []
        self.keys: list[_Node | None] = []  # beside `open`: the key whose value comes next
        self.anchors: dict[str, _Node] = {}
        self.documents = 0
        self.repeated = 0
        self.last: _Node | None = None
        self.end = 0

    def take(self, event: Any) -> None:
        self.end = event.end_mark.index
        if isinstance(event, DocumentStartEvent):
            self._document(event)
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            self._close(event)
        elif isinstance(event, AliasEvent):
            self._place(self._alias(event))
        elif isinstance(event, NodeEvent):
            self._place(self._new(event))

    def fault(self, start: int, end: int, message: str, remedy: str) -> None:
        self.tree.faults.append(self.where.fault(start, end, message, remedy))

    def _document(self, event: Any) -> None:
        self.documents += 1
        found = re.search(r"^%.*", self.where.text[: event.start_mark.index], re.MULTILINE)
        if self.documents > 1:
            start, end = event.start_mark.index, event.start_mark.index + 3
            self.fault(
                start, end, "A second scenario begins here; a file holds one.", "Remove '---', or move the rest to another file."
            )
            raise _Stop
        if found:
            self.fault(found.start(), found.end(), *_DIRECTIVE)

    def _new(self, event: Any) -> _Node:
        kind = (
            "mapping" if isinstance(event, MappingStartEvent) else "list" if isinstance(event, SequenceStartEvent) else "scalar"
        )
        node = _Node(kind, event.start_mark.index, event.end_mark.index, height=int(kind != "scalar"))
        node.flow = bool(getattr(event, "flow_style", False)) or bool(self.open and self.open[-1].flow)
        if isinstance(event, ScalarEvent):
            node.value, node.style = event.value, event.style if event.style in {"'", '"', "|", ">"} else None
        if event.ctag is not None:
            self._tag(node)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
            if node.plain and not node.value:
                self.fault(node.start, node.end, *_begins("&", self.where.text[node.start : node.end]))
        self._skip_properties(node)
        if (
            node.style == ">"
            and not node.value.strip()
            and self.where.text[node.start + 1 : node.start + 3].strip("+-")[:1].isdigit()
        ):
            self.fault(node.start, self.where.line_end(node.start), *_begins(">", self.where.text[node.start : node.end].strip()))
        return node

    def _tag(self, node: _Node) -> None:
        start = max(self.where.text.find("!", node.start), node.start)
        found = re.compile(r"![^\s,\[\]{}]*").match(self.where.text, start)
        word = found.group() if found else "!"
        self.fault(start, start + len(word), *_begins("!", word))

    def _skip_properties(self, node: _Node) -> None:
        """Anchors and tags stand before the value and are no part of it."""
        found = re.compile(r"(?:[&!][^\s,\[\]{}]*\s+)+").match(self.where.text, node.start, max(node.start, node.end))
        if found and node.kind == "scalar":
            node.start = found.end()
        elif found := re.compile(r"(?:[&!][^\s,\[\]{}]*\s+)+").match(self.where.text, node.start):
            node.start = node.end = found.end()

    def _alias(self, event: Any) -> _Node:
        start, end, name = event.start_mark.index, event.end_mark.index, event.anchor
        node = _Node("alias", start, end)
        target = self.anchors.get(name)
        if target is None:
            self.fault(start, end, *_begins("*", "*" + name))
            return node
        if target in self.open:
            self.fault(
                start, end, f"'*{name}' stands inside the value that it repeats, so it has no end.", "Write the value out."
            )
            return node
        self.repeated += target.size
        if self.repeated > MAX_REPEATED_NODES:
            message = f"With '*{name}' the aliases of the file unfold to more than {MAX_REPEATED_NODES:,} values."
            self.fault(start, end, message, "Write out what is needed, or repeat less.")
            raise _Stop
        self._check_depth(len(self.open) + target.height, start)
        node.target, node.size, node.height = target.resolved, target.size, target.height
        return node

    def _check_depth(self, depth: int, start: int) -> None:
        if depth > MAX_DEPTH:
            message = f"Here more than {MAX_DEPTH} levels of brackets or indentation stand inside one another."
            self.fault(start, start + 1, message, "A scenario needs fewer than ten; look for brackets that are not closed.")
            raise _Stop

    def _place(self, node: _Node) -> None:
        """Put a node where it belongs: root, item of a list, key or value of a mapping."""
        parent = self.open[-1] if self.open else None
        if parent is None:
            self.tree.root = node
        elif parent.kind == "list":
            parent.items.append(node)
        elif self.keys[-1] is None:
            node.is_key, self.keys[-1] = True, node
        else:
            parent.pairs.append((self.keys[-1], node))
            self.keys[-1] = None
        self.tree.nodes.append(node)
        if len(self.tree.nodes) > MAX_NODES:
            message = f"Up to here the file has {MAX_NODES:,} keys and values, which is the limit."
            self.fault(node.start, node.end, message, "A scenario has some hundreds; data belong elsewhere.")
            raise _Stop
        if node.kind in {"list", "mapping"}:
            self._check_depth(len(self.open) + 1, node.start)
            self.open.append(node)
            self.keys.append(None)
        else:
            self.last = node
            self._count(node)

    def _close(self, event: Any) -> None:
        node = self.open.pop()
        self.keys.pop()
        node.end = max(node.start, event.end_mark.index)
        self.last = node
        self._count(node)

    def _count(self, node: _Node) -> None:
        if self.open:
            self.open[-1].size += node.size
            self.open[-1].height = max(self.open[-1].height, node.height + 1)


def _read(where: _Text) -> _Tree:
    """Run the parser over the text, to its end or to where it cannot go on."""
    builder = _Builder(where)
    try:
        for event in YAML(typ="safe", pure=True).parse(where.text):
            builder.take(event)
    except _Stop:
        pass
    except MarkedYAMLError as error:
        at = _index(error.problem_mark, builder.end)
        builder.tree.broken = _Break(
            str(error.problem or ""),
            str(error.context or ""),
            min(at, len(where.text)),
            min(_index(error.context_mark, at), len(where.text)),
            builder.last,
            bool(builder.open and builder.open[-1].flow),
        )
    except (YAMLError, ValueError, OverflowError, AssertionError, AttributeError, LookupError, TypeError):
        # Escapes beyond Unicode, broken tags and directives make the parser fail in ways it does not declare.
        at = builder.end + len(where.text[builder.end :]) - len(where.text[builder.end :].lstrip(": \t\r\n"))
        builder.tree.broken = _Break("", "", at, at, builder.last, bool(builder.open and builder.open[-1].flow))
    return builder.tree


def _index(mark: Any, otherwise: int) -> int:
    return otherwise if mark is None else int(mark.index)


# --- Mistakes in syntax: what is likely meant at the place where the parser stops --------------------------------------------


@dataclass(frozen=True)
class _Diagnosis:
    """What is wrong between two indices; `repair` is a line's number and a text with which the rest can be read."""

    start: int
    end: int
    message: str
    remedy: str
    repair: tuple[int, str] | None = None


_DIRECTIVE = (
    "A line that begins with '%' is an instruction to YAML, and scenarios take none.",
    "Remove the line; if it is text, put it in quotes or behind '#'.",
)
_QUOTING = "Put the whole value in quotes"
_MISSING_SPACE = re.compile(r"(?!\w+://)([A-Za-z_][\w ]*):([^\s:/]|[^\S ])")

_MISSING_SPACE_IN_ENTRY = re.compile(r"(?!\w+://)([^\s:'\"#][^:]*):([^\s:/]|[^\S ])")


def _read_with_repairs(where: _Text) -> tuple[_Tree, list[Fault]]:
    """Read; after a mistake whose extent is known blank it out and read again, so that later mistakes are seen as well."""
    found_indents = islice(_LOOKALIKE_INDENT.finditer(where.text), MAX_FAULTS + 1)
    faults = [_lookalike_indent(where, found) for found in found_indents]
    current = _Text(_LOOKALIKE_INDENT.sub(lambda found: " " * len(found.group()), where.text)) if faults else where
    tree, repaired, tries = _read(current), set[int](), 0
    while tree.broken is not None:
        diagnosis, certain = _diagnose(current, tree.broken)
        line = current.line(diagnosis.start)
        if faults and not certain:
            break  # most likely a consequence of what is told already
        if line not in repaired:  # a line's second mistake is seen when the first is mended
            faults.append(current.fault(diagnosis.start, diagnosis.end, diagnosis.message, diagnosis.remedy))
        tries += 1
        if diagnosis.repair is None or tries > MAX_REPAIRS or tries * len(current.text) > MAX_REPAIR_CHARACTERS:
            break
        repaired.add(line)
        current = _with_line(current, *diagnosis.repair)
        tree = _read(current)
    if faults:  # otherwise the text is as it was, and the caller looks at the tree
        faults += [fault for fault in _tree_faults(current, tree) if fault.line - 1 not in repaired]
    return tree, [replace(fault, text=where.lines[fault.line - 1]) for fault in faults]


def _tree_faults(where: _Text, tree: _Tree) -> list[Fault]:
    return tree.faults + [fault for node in tree.nodes for fault in _node_faults(where, node)]


def _lookalike_indent(where: _Text, found: re.Match[str]) -> Fault:
    name = _LOOKALIKES[found.group(1)[0]][0]
    message = f"The line is indented with a {name}, which YAML takes for text."
    return where.fault(found.start(1), found.end(1), message, "Replace it by ordinary spaces.")


def _with_line(where: _Text, line: int, replacement: str) -> _Text:
    start = where.starts[line]
    return _Text(where.text[:start] + replacement + where.text[start + len(where.lines[line]) :])


def _diagnose(where: _Text, broken: _Break) -> tuple[_Diagnosis, bool]:
    """The first explanation that fits, and whether it is more than a guess."""
    for explain in _EXPLANATIONS:
        found = explain(where, broken)
        if found is not None:
            return found, True
    return _unexplained(where, broken), False


def _value_blanked(where: _Text, start: int, flow: bool) -> tuple[int, str]:
    """The line in which the value that begins at `start` is replaced by nothing."""
    line, column = where.line(start), where.column(start)
    rest = where.lines[line][column:]
    found = re.match(r"[^,\]}]*", rest) if flow else None
    return line, where.lines[line][:column] + "~" + (rest[found.end() :] if found else "")


def _quoted(value: str) -> str:
    """The value as it is to be written, in the quotes that suit it; only dots where it is long."""
    if len(value) > 100:
        return '"..."'
    return '"' + value + '"' if '"' not in value and "\\" not in value else "'" + value.replace("'", "''") + "'"


def _rest(where: _Text, start: int, flow: bool) -> str:
    """What stands from `start` to the end of the value, as far as one line tells."""
    rest = where.text[start : where.line_end(start)]
    return re.split(r"[,\]}]" if flow else r"\s#", rest)[0].strip()


def _tab(where: _Text, broken: _Break) -> _Diagnosis | None:
    if where.text[broken.at : broken.at + 1] != "\t":
        return None
    if not where.opens_line(broken.at):
        line = where.line(broken.at)
        repair = line, where.lines[line].replace("\t", " ")
        return _Diagnosis(
            broken.at, broken.at + 1, "A tab stands here where YAML allows spaces only.", "Replace the tab by a space.", repair
        )
    lines = [str(i + 1) for i, line in enumerate(where.lines) if "\t" in line[: where.indent(i)]]
    also = f" (so are lines {', '.join(lines[1:6])}{' ...' if len(lines) > 6 else ''})" if len(lines) > 1 else ""
    message = f"The line is indented with a tab{also}; YAML counts spaces only."
    return _Diagnosis(where.starts[where.line(broken.at)], broken.at + 1, message, "Replace each tab by two spaces.")


def _escape(where: _Text, broken: _Break) -> _Diagnosis | None:
    message = "In double quotes a backslash begins a special sign, and this one is unknown."
    if not broken.problem and where.text[broken.at : broken.at + 1] == '"':
        return _Diagnosis(broken.at, where.line_end(broken.at), message, "Write the backslash twice, or use single quotes.")
    if "escape" not in broken.problem or "double-quoted" not in broken.context:
        return None
    repair = (
        None if broken.flow or where.line(broken.since) != where.line(broken.at) else _value_blanked(where, broken.since, False)
    )
    return _Diagnosis(broken.at - 1, broken.at + 1, message, "Write the backslash twice, or use single quotes.", repair)


def _directive(where: _Text, broken: _Break) -> _Diagnosis | None:
    line = where.line(broken.at)
    for candidate in (line, line - 1):
        if candidate >= 0 and where.lines[candidate].startswith("%"):
            start = where.starts[candidate]
            return _Diagnosis(start, where.line_end(start), *_DIRECTIVE, (candidate, ""))
    return None


def _open_quote(where: _Text, broken: _Break) -> _Diagnosis | None:
    """A quote that is never closed, or only by the quote that was to open the next text."""
    last = broken.last
    if "quoted scalar" in broken.context and broken.problem.startswith("found unexpected"):
        message = "The quote that opens here is not closed before the file ends."
        remedy = "Close it at the end of the text; if an earlier quote was forgotten, close that one."
        return _Diagnosis(broken.since, where.line_end(broken.since), message, remedy)
    if last is None or last.style not in {"'", '"'} or last.end > broken.at or where.line(last.start) == where.line(last.end):
        return None
    if where.line(last.end) != where.line(broken.at):
        return None
    closed = where.line(last.end) + 1
    message = f"The quote that opens here is closed only in line {closed}, by a quote that seems to open another text."
    return _Diagnosis(last.start, where.line_end(last.start), message, "Close the quote where its text ends.")


def _after_the_end(where: _Text, broken: _Break) -> _Diagnosis | None:
    """Text that goes on after a closing quote or bracket: `"a" b`, `[x] > 3`, `'the power's army'`."""
    last, at = broken.last, broken.since if "block scalar" in broken.context else broken.at
    if last is None or broken.flow or last.end > at or where.line(max(last.start, last.end - 1)) != where.line(at):
        return None
    quoted = last.style in {"'", '"'} and not last.is_key
    bracketed = last.kind in {"list", "mapping"} and where.text[last.end - 1 : last.end] in {"]", "}"}
    if not (quoted or bracketed) or where.text[last.end : at].strip() or where.line(last.start) != where.line(at):
        return None
    start = last.start
    value = _rest(where, start, False)
    if quoted:
        message = "Text goes on after the closing quote."
        apostrophe = last.style == "'" and where.text[at : at + 1].isalpha()
        remedy = (
            "An apostrophe ends a text in single quotes: use double quotes around it."
            if apostrophe
            else f"Put quotes around the whole: {_quoted(value)}."
        )
    else:
        sign, what = ("[", "list") if last.kind == "list" else ("{", "mapping")
        message = f"A value that begins with '{sign}' is read as a {what}, and here text goes on after it."
        remedy = f"Use round brackets in formulas, or put the whole in quotes: {_quoted(value)}."
    return _Diagnosis(at, where.line_end(at), message, remedy, _value_blanked(where, start, False))


def _begins(sign: str, value: str) -> tuple[str, str]:
    """Message and remedy for a value whose first character YAML keeps for itself."""
    quoted = _quoted(value) if value else '"..."'
    if sign == "!":
        known = value.startswith("!!") or ":" in value or "/" in value
        message = f"'{value}' is a YAML tag, because it begins with '!'; tags are not read."
        negation = (
            f" If it was to mean 'not', write: not {value[1:]}." if re.fullmatch(r"![A-Za-z_]\w*", value) and not known else ""
        )
        return message, "Remove it." + negation
    reading = {
        ">": "as the start of a text over several lines, not as a comparison",
        "|": "as the start of a text over several lines",
        "*": "as a reference to a value that is named elsewhere with '&'",
        "&": "as a name for the value that follows",
        "-": "as an entry of a list",
        "?": "as a key",
        ",": "as the end of an entry",
        "]": "as the end of a list",
        "}": "as the end of a mapping",
    }.get(sign)
    if reading is None:
        return f"A value cannot begin with '{sign}': YAML keeps this sign for itself.", f"{_QUOTING}: {quoted}."
    message = f"A value that begins with '{sign}' is read {reading}."
    if sign == ">":
        return message, f'Write the whole comparison, such as holds if: "gain {value}", in quotes.'
    if sign in ",]}":
        return message, "Remove it; if it is text, put the whole value in quotes."
    return message, f"{_QUOTING}: {quoted}."


def _special_start(where: _Text, broken: _Break) -> _Diagnosis | None:
    """A value that begins with a sign that YAML keeps for itself."""
    start = _special_place(where, broken)
    if start is None:
        return None
    sign, value = where.text[start], _rest(where, start, broken.flow)
    end = start + max(1, len(value))
    return _Diagnosis(start, end, *_begins(sign, value), _value_blanked(where, start, broken.flow))


def _special_place(where: _Text, broken: _Break) -> int | None:
    """Where the value with the special sign begins, if it is one that stopped the parser."""
    start = broken.at
    if (
        any(word in broken.context for word in ("block scalar", "an anchor", "an alias", "a tag", "an tag"))
        or "tag handle" in broken.problem
    ):
        start = broken.since
    elif broken.last is not None and broken.last.kind == "alias" and where.line(broken.last.start) == where.line(broken.at):
        start = broken.last.start
    sign = where.text[start : start + 1]
    if not sign or sign not in ">|*&!%@`-?,]}":
        return None
    if sign in "-?" and (where.opens_line(start) or "are not allowed here" not in broken.problem):
        return None
    if sign in ",]}" and broken.flow:
        return None
    return start


def _missing_space(where: _Text, start: int, pattern: re.Pattern[str] = _MISSING_SPACE) -> _Diagnosis | None:
    """`value:0.5`: without a space after the colon the line is one text."""
    found = pattern.match(where.text, start, where.line_end(start))
    if found is None:
        return None
    colon, after = found.end(1), found.group(2)
    blank = f"; a {_LOOKALIKES[after][0]} is not enough" if after in _LOOKALIKES else ""
    line, column = where.line(colon), where.column(colon)
    repaired = where.lines[line][: column + 1] + " ~"
    word = found.group(1).strip()
    message = f"A space is missing after the colon of '{word}'{blank}: without it the line is one text, not a key and a value."
    return _Diagnosis(start, colon + 1, message, f"Write '{word}: ...' with a space after the colon.", (line, repaired))


def _second_colon(where: _Text, broken: _Break) -> _Diagnosis | None:
    last = broken.last
    if not broken.problem.startswith("mapping values are not allowed") or last is None:
        return None
    same_line = where.line(last.start) == where.line(broken.at)
    if same_line and not where.opens_line(last.start):
        value = _rest(where, last.start, False)
        message = "A second colon with a space stands in this line, and only one key and its value fit in a line."
        remedy = f"If the colon belongs to the text, put it in quotes: {_quoted(value)}."
        return _Diagnosis(broken.at, broken.at + 1, message, remedy, _value_blanked(where, last.start, False))
    if same_line or last.kind != "scalar":
        return None
    if where.opens_line(last.start) or where.text[: last.start].rstrip(" ").endswith("-"):
        return _missing_space(where, last.start) or _no_colon(where, last.start)
    line = where.line(broken.at)
    start = where.starts[line] + where.indent(line)
    above = where.line(last.start) + 1
    message = (
        f"The line is indented deeper than line {above}, which has a value already, so YAML takes it for more of that value."
    )
    return _Diagnosis(
        start, broken.at, message, "Indent it like the lines it stands beside, or move the value above to its own line."
    )


def _no_colon(where: _Text, start: int) -> _Diagnosis:
    line = where.line(start)
    message = "The line has no colon, so YAML cannot tell key and value."
    remedy = "Write 'key: value'; a text over several lines begins with '>-' and is indented deeper than its key."
    return _Diagnosis(start, where.line_end(start), message, remedy, (line, ""))


def _lonely_line(where: _Text, broken: _Break) -> _Diagnosis | None:
    if "could not find expected ':'" in broken.problem:
        return _missing_space(where, broken.since) or _no_colon(where, broken.since)
    if "expected <block end>, but found '<scalar>'" in broken.problem and where.opens_line(broken.at):
        return _missing_space(where, broken.at) or _no_colon(where, broken.at)
    return None


def _brackets(where: _Text, broken: _Break) -> _Diagnosis | None:
    """A bracket that is not closed, a comma that is missing, a comma too many, or a colon in brackets."""
    found = re.search(r"expected ',' or '[\]}]', but got '?(.*?)'?$", broken.problem)
    if not found:
        return _empty_entry(where, broken)
    start, got = broken.since, found.group(1)
    close = _closing(where, start)
    sign = where.text[start : start + 1]
    if close is None:
        message = f"The bracket '{sign}' that opens here is not closed where its text ends."
        return _Diagnosis(start, where.line_end(start), message, f"Close it with '{_CLOSING.get(sign, ']')}'.")
    line = where.line(start)
    repair = None
    if line == where.line(close):
        shown, base = where.lines[line], where.starts[line]
        repair = line, shown[: start - base] + "~" + shown[close + 1 - base :]
    if got == ":" and broken.last is not None and where.line(broken.last.start) == where.line(broken.at):
        value = _rest(where, broken.last.start, True)
        message = "A second colon stands in one entry of the brackets."
        remedy = f"Separate entries by commas; if the colon belongs to the text, put it in quotes: {_quoted(value)}."
    else:
        message = "Between two entries in brackets a comma is missing."
        remedy = "Put a comma after each entry, at the end of a line too; a text with quotes inside is quoted as a whole."
    return _Diagnosis(broken.at, broken.at + 1, message, remedy, repair)


def _empty_entry(where: _Text, broken: _Break) -> _Diagnosis | None:
    if not broken.flow or "expected the node content" not in broken.problem:
        return None
    sign = where.text[broken.at : broken.at + 1]
    if sign == ",":
        return _Diagnosis(
            broken.at, broken.at + 1, "Between two commas nothing is written.", "Remove one comma, or fill in the entry."
        )
    if not sign:
        return _Diagnosis(broken.at, broken.at + 1, "A bracket is not closed before the file ends.", "Close every '[' and '{'.")
    return _Diagnosis(
        broken.at, broken.at + 1, f"'{sign}' does not fit the bracket that is open here.", "Check which bracket closes which."
    )


_CLOSING = {"[": "]", "{": "}"}


def _closing(where: _Text, start: int) -> int | None:
    """Index of the bracket that closes the one at `start`; None if a line as shallow as its own comes first."""
    depth, line, quote = 0, where.line(start), ""
    for index in range(start, len(where.text)):
        sign = where.text[index]
        if sign == "\n":
            line += 1
            if (
                where.lines[line].strip()
                and where.indent(line) <= where.indent(where.line(start))
                and where.lines[line].strip()[0] not in "]}"
            ):
                return None
        elif quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'" and where.text[index - 1] in " ,[{:":
            quote = sign
        elif sign in "[{":
            depth += 1
        elif sign in "]}":
            depth -= 1
            if depth == 0:
                return index
    return None


def _indentation(where: _Text, broken: _Break) -> _Diagnosis | None:
    outside = "<document start>" in broken.problem
    if not outside and "expected <block end>" not in broken.problem and "are not allowed here" not in broken.problem:
        return None
    line = where.line(broken.at)
    if not where.opens_line(broken.at):
        return None
    above = sorted(
        {where.indent(i) for i in range(line) if where.lines[i].strip() and not where.lines[i].lstrip().startswith("#")}
    )
    if outside and where.indent(line) in above:
        return None
    message = (
        f"The line is indented by {_spaces(where.indent(line))}, which does not fit the lines above (they have {_listed(above)})."
    )
    start = where.starts[line] + where.indent(line)
    return _Diagnosis(start, where.line_end(start), message, "Indent it exactly like the lines it stands beside.")


def _spaces(number: int) -> str:
    return "1 space" if number == 1 else f"{number} spaces"


def _listed(numbers: list[int]) -> str:
    shown = [str(number) for number in numbers[:8]]
    return " or ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown) or "none"


def _unexplained(where: _Text, broken: _Break) -> _Diagnosis:
    message = "From here on the text cannot be read as YAML."
    remedy = "Check quotes, brackets, colons and the indentation in this line and the one above."
    return _Diagnosis(broken.at, broken.at + 1, message, remedy)


_EXPLANATIONS: tuple[Callable[[_Text, _Break], _Diagnosis | None], ...] = (
    _tab,
    _escape,
    _directive,
    _open_quote,
    _after_the_end,
    _special_start,
    _second_colon,
    _lonely_line,
    _brackets,
    _indentation,
)


# --- Mistakes that YAML accepts ----------------------------------------------------------------------------------------------

_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
_OTHER_BASE = re.compile(r"0x[0-9a-fA-F]+|0o[0-7]+")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_DECIMAL_COMMA = re.compile(r"([-+]?[0-9]+),([0-9]+)")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TRUTHS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


def _node_faults(where: _Text, node: _Node) -> Iterator[Fault]:
    if node.plain and not node.is_key:
        yield from _scalar_faults(where, node)
    elif node.kind == "mapping":
        yield from _key_faults(where, node)
        if node.flow:
            yield from _stray_keys(where, node)
    elif node.kind == "list":
        yield from _cut_items(where, node) if node.flow else _joined_items(where, node)


def _scalar_faults(where: _Text, node: _Node) -> Iterator[Fault]:
    """Spellings of numbers that are read as something else, and a key and value that are read as one text."""
    message, remedy = _number_trap(node.value)
    if message:
        yield where.fault(node.start, node.end, message, remedy)
    elif not node.flow and where.opens_line(node.start):
        diagnosis = _missing_space(where, node.start)
        if diagnosis:
            yield where.fault(diagnosis.start, diagnosis.end, diagnosis.message, diagnosis.remedy)


def _number_trap(value: str) -> tuple[str, str]:
    """Message and remedy, both empty where the value is read as it looks."""
    if _DECIMAL_COMMA.fullmatch(value):
        message = f"'{_shortened(value)}' is read as text, not as a number: the decimal sign is a point."
        return message, f"Write {_shortened(value.replace(',', '.'))}. Thousands are written without a separator."
    if _LEADING_ZERO.fullmatch(value):
        sign, digits = ("-" if value[0] == "-" else ""), value.lstrip("+-")
        whole = sign + (digits.lstrip("0") or "0")
        message = f"'{_shortened(value)}' would be read as {_shortened(whole)}: a zero in front of a number says nothing in YAML."
        return message, f"Write {_shortened(whole)}, or {sign}0.{_shortened(digits[1:])} if a decimal point is missing."
    if _OTHER_BASE.fullmatch(value):
        base = "a hexadecimal" if value[1] == "x" else "an octal"
        number = _shortened(str(int(value, 0))) if len(value) < 100 else "its value in digits"
        return f"'{_shortened(value)}' is read as {base} number.", f"Write {number}, or put it in quotes if it is text."
    if _NOT_FINITE.fullmatch(value) or (_FLOAT.fullmatch(value) and not math.isfinite(float(value))):
        return f"'{_shortened(value)}' is no finite number; a number is needed that is finite.", "Write a number with digits."
    return "", ""


def _shortened(value: str) -> str:
    return value if len(value) <= 40 else value[:37] + "..."


def _key_faults(where: _Text, mapping: _Node) -> Iterator[Fault]:
    """Keys that are no text, that come twice, or that hold characters no formula can read."""
    first: dict[str, _Node] = {}
    for key, value in mapping.pairs:
        node = key.resolved
        if node.kind == "alias":
            continue  # an alias to nothing: told already
        if node.kind != "scalar":
            what = "list" if node.kind == "list" else "mapping"
            yield where.fault(
                key.start, key.end, f"A {what} stands where a key must be.", "A key is a word or a text; put it in quotes."
            )
        elif key.plain and key.value == "<<":
            yield where.fault(key.start, key.end, "Merge keys '<<' are not read.", "Write the entries out.")
        elif node.plain and node.value in _NULLS:
            shown = f"'{node.value}' is empty in YAML" if node.value else "Before the colon stands nothing"
            yield where.fault(
                key.start, key.end, f"{shown}, and a key must be text.", "Give the entry a name; quotes make any word text."
            )
        elif node.value in first:
            other = where.position(first[node.value].start, first[node.value].end)
            place = f"line {other.line}, column {other.column}"
            message = f"The key '{_shortened(node.value)}' is here a second time; the first is in {place}."
            yield where.fault(key.start, key.end, message, "Remove one of the two, or rename it.")
        else:
            first[node.value] = key
            if not _stray(where, mapping, key, value):
                yield from _key_characters(where, key)


def _key_characters(where: _Text, key: _Node) -> Iterator[Fault]:
    for offset, name, replacement in suspicious_characters(key.value)[:1]:
        place = _place_of_offset(where, key, offset, 1)
        message = f"The key holds the character U+{ord(key.value[offset]):04X} ({name}), which looks right and is not."
        if replacement == " ":
            remedy = "Replace it by an ordinary space."
        else:
            remedy = f"Type {replacement} in its place." if replacement else "Delete it; it is invisible."
        yield Fault(place.line, place.column, message, remedy, where.lines[place.line - 1], place.width)


def _stray(where: _Text, mapping: _Node, key: _Node, value: _Node) -> bool:
    """A key in braces that has no colon and no value."""
    if not (mapping.flow and value.plain and not value.value and key.kind == "scalar"):
        return False
    between = where.text[key.end : max(key.end, value.start)]
    return value.start == value.end and ":" not in between


def _stray_keys(where: _Text, mapping: _Node) -> Iterator[Fault]:
    """One fault for each run of keys without a value, together with the text before the run that they were cut from."""
    before: tuple[_Node, _Node] | None = None
    run: list[_Node] = []
    for key, value in mapping.pairs:
        if _stray(where, mapping, key, value):
            run.append(key)
            continue
        if run:
            yield _cut_text(where, before, run)
        before, run = (key, value), []
    if run:
        yield _cut_text(where, before, run)


def _cut_text(where: _Text, before: tuple[_Node, _Node] | None, run: list[_Node]) -> Fault:
    stray = run[0]
    spaced = _missing_space(where, stray.start) if stray.plain else None
    if spaced and spaced.end <= stray.end:
        return where.fault(spaced.start, spaced.end, spaced.message, spaced.remedy)
    if stray.plain and stray.value.endswith(":"):
        return where.fault(
            stray.start, stray.end, f"After '{stray.value}' no value is written.", "Fill in the value, after a space."
        )
    if before is None or not before[1].plain or not before[1].value:
        message = f"'{_shortened(stray.value)}' stands in braces without a value."
        remedy = f"Write '{_shortened(stray.value)}: ...'; if a comma cut a text in two, put the whole text in quotes."
        return where.fault(stray.start, stray.end, message, remedy)
    key, value = before
    whole = where.text[value.start : run[-1].end]
    if _DECIMAL_COMMA.fullmatch(whole):
        return where.fault(value.start, run[-1].end, *_number_trap(whole))
    parts = " and ".join(f"'{_shortened(part)}'" for part in (value.value, *(node.value for node in run[:3])))
    message = f"The comma inside braces cut the text in two: {parts}{' and more' if len(run) > 3 else ''}."
    suggestion = f"{key.resolved.value}: {_quoted(' '.join(whole.split()))}"
    remedy = (
        f"Put the whole text in quotes: {suggestion}. If '{_shortened(stray.value)}' is an entry of its own, give it a value."
    )
    return where.fault(value.start, run[-1].end, message, remedy)


def _cut_items(where: _Text, sequence: _Node) -> Iterator[Fault]:
    """Items of a list in brackets whose round brackets are closed only in a later item."""
    start: _Node | None = None
    balance = 0
    for item in sequence.items:
        if not item.plain:
            continue
        balance += item.value.count("(") - item.value.count(")")
        if balance > 0:
            start = start or item
        elif start is not None:
            whole = where.text[start.start : item.end]
            message = "The comma inside the list cut a formula in two, because its round brackets stand in two items."
            yield where.fault(start.start, item.end, message, f"Put the formula in quotes: {_quoted(' '.join(whole.split()))}.")
            start = None
        balance = max(balance, 0)
    if start is not None:
        message = "A round bracket opens in this item of the list and is not closed in it."
        yield where.fault(start.start, start.end, message, "Close the bracket; a text with commas is put in quotes.")


def _joined_items(where: _Text, sequence: _Node) -> Iterator[Fault]:
    """Entries of a list of mappings that are texts because the space after their colon is missing."""
    if any(item.kind == "mapping" for item in sequence.items):
        for item in sequence.items:
            diagnosis = _missing_space(where, item.start, _MISSING_SPACE_IN_ENTRY) if item.plain else None
            if diagnosis and diagnosis.end <= item.end:
                yield where.fault(diagnosis.start, diagnosis.end, diagnosis.message, diagnosis.remedy)


def _top_level_faults(where: _Text, root: _Node | None) -> list[Fault]:
    shape = "A scenario is a mapping: lines such as 'title: ...', 'players:', 'state:'."
    if root is None or (root.plain and root.value in _NULLS):
        comments = "#" in where.text
        message = "The file holds comments only." if comments else "The file is empty."
        return [_whole(message, shape)]
    if root.kind == "mapping":
        return []
    what = "list" if root.kind == "list" else "single value"
    return [where.fault(root.start, root.end, f"At its top level the file is a {what}, not a mapping.", shape)]


# --- Data from nodes ---------------------------------------------------------------------------------------------------------


@dataclass
class _Tables:
    """What is written down while the data are put together."""

    where: _Text
    positions: dict[NodePath, Position] = field(default_factory=dict)
    key_positions: dict[NodePath, Position] = field(default_factory=dict)
    raw: dict[NodePath, str] = field(default_factory=dict)
    scalars: dict[NodePath, _Node] = field(default_factory=dict)
    keys: dict[NodePath, _Node] = field(default_factory=dict)


def _document(where: _Text, source: str, root: _Node) -> Document:
    tables = _Tables(where)
    data = _data(root, (), tables)
    return Document(
        source, where.text, where.lines, data, tables.positions, tables.key_positions, tables.raw, tables.scalars, tables.keys
    )


def _data(node: _Node, path: NodePath, tables: _Tables) -> Any:
    """The value of a node; the builder has bounded depth and number, so plain recursion is safe here."""
    node = node.resolved
    tables.positions[path] = tables.where.position(node.start, node.end)
    if node.kind == "scalar" or node.flow:
        tables.raw[path] = tables.where.text[node.start : node.end]
    if node.kind == "scalar":
        tables.scalars[path] = node
        return _scalar(node)
    if node.kind == "list":
        return [_data(item, (*path, index), tables) for index, item in enumerate(node.items)]
    data: dict[str, Any] = {}
    for key, value in node.pairs:
        name, below = key.resolved.value, (*path, key.resolved.value)
        tables.key_positions[below] = tables.where.position(key.start, key.end)
        tables.keys[below] = key.resolved
        data[name] = _data(value, below, tables)
    return data


def _scalar(node: _Node) -> str | int | float | bool | None:
    """The value of a scalar by the core schema of YAML 1.2; quoted and block scalars are text."""
    value = node.value
    if not node.plain:
        return value
    if value in _NULLS:
        return None
    if value in _TRUTHS:
        return _TRUTHS[value]
    if _INTEGER.fullmatch(value):
        return int(value)
    return float(value) if _FLOAT.fullmatch(value) else value


# --- Characters of a value in the text ---------------------------------------------------------------------------------------

_BLANK = " \t\r\n\x85\u2028\u2029"  # what YAML folds; other spaces are characters like any other
_HEX_DIGITS = {"x": 2, "u": 4, "U": 8}
_ESCAPED_BLANKS = frozenset(" \tnrtNLP\r\n\x85\u2028\u2029")  # letters after a backslash that stand for a blank, or for nothing


def _place_of_offset(where: _Text, node: _Node, offset: int, width: int) -> Position:
    """The place in the file of `width` characters of a scalar's value from `offset` on."""
    solid = _solid_indices(where.text, node)
    start, end = (_raw_index(node, solid, min(max(place, 0), len(node.value))) for place in (offset, offset + width - 1))
    return where.position(start, max(start, end) + 1)


def _raw_index(node: _Node, solid: list[int], offset: int) -> int:
    """Index in the text of the value's character at `offset`.

    Reading a scalar drops and folds blanks only, so the n-th character of the value that is no blank is the n-th of the text.
    A blank of the value is taken to stand right behind the character before it.
    """
    rank = sum(sign not in _BLANK for sign in node.value[:offset])
    if offset < len(node.value) and node.value[offset] not in _BLANK and rank < len(solid):
        return solid[rank]
    return solid[min(rank, len(solid)) - 1] + 1 if rank and solid else node.start


def _solid_indices(text: str, node: _Node) -> list[int]:
    """Indices in the text of the value's characters that are no blanks."""
    if node.style == '"':
        return list(_double_quoted(text, node.start + 1, node.end - 1))
    start, end = node.start, node.end
    if node.style == "'":
        start, end = start + 1, end - 1
    elif node.style in {"|", ">"}:
        start = next((i for i in range(start, end) if text[i] in "\r\n"), end)
    indices = [index for index in range(start, end) if text[index] not in _BLANK]
    if node.style == "'":
        indices = _without_doubled_quotes(text, indices)
    return indices


def _without_doubled_quotes(text: str, indices: list[int]) -> list[int]:
    kept: list[int] = []
    second = False
    for index in indices:
        if second:
            second = False
        else:
            kept.append(index)
            second = text[index] == "'"
    return kept


def _double_quoted(text: str, start: int, end: int) -> Iterator[int]:
    """Indices of the characters between double quotes; an escape is placed at its backslash."""
    index = start
    while index < end:
        letter = text[index + 1 : index + 2] if text[index] == "\\" else ""
        if not letter:
            if text[index] not in _BLANK:
                yield index
            index += 1
            continue
        digits = _HEX_DIGITS.get(letter, 0)
        code = text[index + 2 : index + 2 + digits]
        blank = letter in _ESCAPED_BLANKS or (bool(code) and chr(int(code, 16)) in _BLANK)
        if not blank:
            yield index
        index += 2 + digits
