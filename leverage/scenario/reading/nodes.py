"""From text to nodes: what the parser says stands in the file, and where it could not go on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

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

from leverage.scenario.reading.phrases import DIRECTIVE, begins
from leverage.scenario.reading.text import Finding, Text

MAX_DEPTH = 50  # levels of nesting; the language itself needs eight
MAX_NODES = 100_000  # keys and values in a file; a large scenario has some 2,000
MAX_REPEATED_NODES = 20_000  # values that aliases may add to those that are written out

_TAG = re.compile(r"![^\s,\[\]{}]*")
_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*\s+)+")  # anchors and tags
_COMPARISON = re.compile(r">[-+]?[0-9]")  # YAML sees a folded text with its indentation


@dataclass(eq=False)  # two nodes with the same text are two nodes
class Node:
    """A value as it is written; `start` and `end` are indices into the text, `size` and `height` count what aliases repeat."""

    kind: str  # scalar, list, mapping or alias
    start: int
    end: int
    value: str = ""  # of a scalar
    style: str | None = None  # of a scalar: ' " | > or None for plain
    flow: bool = False  # written in brackets, or standing in brackets
    is_key: bool = False
    items: list[Node] = field(default_factory=list)
    pairs: list[tuple[Node, Node]] = field(default_factory=list)
    pending: Node | None = None  # of a mapping that is being read: the key whose value comes next
    target: Node | None = None  # of an alias; None where it is a fault
    size: int = 1
    height: int = 0

    @property
    def resolved(self) -> Node:
        return self.target if self.target is not None else self

    @property
    def plain(self) -> bool:
        return self.kind == "scalar" and self.style is None

    @property
    def quoted(self) -> bool:
        return self.style in {"'", '"'}


@dataclass(frozen=True)
class Break:
    """Where the parser could not go on, in its own words."""

    problem: str
    context: str
    at: int
    since: int
    last: Node | None  # the last value that was read
    flow: bool


@dataclass
class Tree:
    """All nodes in the order of the file, even if the file breaks off; the root; what was found wrong on the way."""

    root: Node | None = None
    nodes: list[Node] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    broken: Break | None = None


def read_nodes(where: Text) -> Tree:
    """Run the parser over the text, to its end or to where it cannot go on."""
    builder = _Builder(where)
    try:
        for event in YAML(typ="safe", pure=True).parse(where.text):
            builder.take(event)
    except _Stop:
        pass
    except MarkedYAMLError as error:
        at = builder.end if error.problem_mark is None else error.problem_mark.index
        since = at if error.context_mark is None else error.context_mark.index
        builder.break_off(at, since, str(error.problem or ""), str(error.context or ""))
    except (YAMLError, ValueError, OverflowError, AssertionError, AttributeError, LookupError, TypeError):
        # Escapes beyond Unicode, broken tags and directives make the parser fail in ways it does not declare.
        rest = where.text[builder.end :]
        at = builder.end + len(rest) - len(rest.lstrip(": \t\r\n"))
        builder.break_off(at, at)
    return builder.tree


class _Stop(Exception):  # noqa: N818
    """Nothing more can be read, and why is told already."""


class _Builder:
    """Takes the parser's events one by one; no recursion, so that depth is a fault and never a crash."""

    def __init__(self, where: Text) -> None:
        self.where = where
        self.tree = Tree()
        self.open: list[Node] = []
        self.anchors: dict[str, Node] = {}
        self.documents = 0
        self.repeated = 0
        self.last: Node | None = None
        self.end = 0

    def take(self, event: Any) -> None:
        self.end = event.end_mark.index
        if isinstance(event, DocumentStartEvent):
            self._document(event.start_mark.index)
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            node = self.open.pop()
            node.end = max(node.start, self.end)
            self._finish(node)
        elif isinstance(event, AliasEvent):
            self._place(self._alias(event))
        elif isinstance(event, NodeEvent):
            self._place(self._new(event))

    def break_off(self, at: int, since: int, problem: str = "", context: str = "") -> None:
        flow, end = bool(self.open) and self.open[-1].flow, len(self.where.text)
        self.tree.broken = Break(problem, context, min(at, end), min(since, end), self.last, flow)

    def _find(self, start: int, end: int, message: str, remedy: str) -> None:
        self.tree.findings.append(Finding(start, end, message, remedy))

    def _document(self, start: int) -> None:
        self.documents += 1
        if self.documents > 1:
            message = "A second scenario begins here; a file holds one."
            self._find(start, start + 3, message, "Remove '---', or move the rest to another file.")
            raise _Stop
        directive = re.search(r"^%.*", self.where.text[:start], re.MULTILINE)
        if directive:
            self._find(directive.start(), directive.end(), *DIRECTIVE)

    def _new(self, event: Any) -> Node:
        node = Node("scalar", event.start_mark.index, event.end_mark.index)
        if isinstance(event, ScalarEvent):
            node.value, node.style = event.value, event.style or None
        elif isinstance(event, MappingStartEvent | SequenceStartEvent):
            node.kind, node.height = "mapping" if isinstance(event, MappingStartEvent) else "list", 1
            node.flow = bool(event.flow_style)
        node.flow = node.flow or (bool(self.open) and self.open[-1].flow)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        self._check_properties(node, event)
        if properties := _PROPERTIES.match(self.where.text, node.start):  # they stand before the value and are no part of it
            node.start = properties.end()
            node.end = max(node.start, node.end)
        written = self.where.text[node.start : node.end].strip()
        if node.style == ">" and not node.value.strip() and _COMPARISON.match(written):
            self._find(node.start, self.where.line_end(node.start), *begins(">", written))
        return node

    def _check_properties(self, node: Node, event: Any) -> None:
        """A tag, or an anchor on nothing; both are most likely meant as text."""
        text, start = self.where.text, node.start
        if event.ctag is not None:
            place = max(text.find("!", start), start)
            tag = _TAG.match(text, place)
            word = tag.group() if tag else "!"
            self._find(place, place + len(word), *begins("!", word))
        if event.anchor is not None and node.plain and not node.value:
            self._find(start, node.end, *begins("&", text[start : node.end]))

    def _alias(self, event: Any) -> Node:
        start, end, name = event.start_mark.index, event.end_mark.index, event.anchor
        node = Node("alias", start, end)
        target = self.anchors.get(name)
        if target is None:
            self._find(start, end, *begins("*", "*" + name))
            return node
        if target in self.open:
            message = f"'*{name}' stands inside the value that it repeats, so it has no end."
            self._find(start, end, message, "Write the value out.")
            return node
        self.repeated += target.size
        if self.repeated > MAX_REPEATED_NODES:
            message = f"With '*{name}' the aliases of the file unfold to more than {MAX_REPEATED_NODES:,} values."
            self._find(start, end, message, "Write out what is needed, or repeat less.")
            raise _Stop
        self._check_depth(len(self.open) + target.height, start)
        node.target, node.size, node.height = target, target.size, target.height
        return node

    def _check_depth(self, depth: int, start: int) -> None:
        if depth > MAX_DEPTH:
            message = f"Here more than {MAX_DEPTH} levels of brackets or indentation stand inside one another."
            self._find(start, start + 1, message, "A scenario needs fewer than ten; look for brackets that are not closed.")
            raise _Stop

    def _place(self, node: Node) -> None:
        """Put a node where it belongs: root, item of a list, key or value of a mapping."""
        if not self.open:
            self.tree.root = node
        elif (parent := self.open[-1]).kind == "list":
            parent.items.append(node)
        elif parent.pending is None:
            node.is_key, parent.pending = True, node
        else:
            parent.pairs.append((parent.pending, node))
            parent.pending = None
        self.tree.nodes.append(node)
        if len(self.tree.nodes) > MAX_NODES:
            message = f"Up to here the file has {MAX_NODES:,} keys and values, which is the limit."
            self._find(node.start, node.end, message, "A scenario has some hundreds; data belong elsewhere.")
            raise _Stop
        if node.kind in {"list", "mapping"}:
            self._check_depth(len(self.open) + 1, node.start)
            self.open.append(node)
        else:
            self._finish(node)

    def _finish(self, node: Node) -> None:
        self.last = node
        if self.open:
            self.open[-1].size += node.size
            self.open[-1].height = max(self.open[-1].height, node.height + 1)
