"""A file as data with places, or all its faults: the way from path to document."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from leverage.errors import Fault, ScenarioError
from leverage.scenario.reading.characters import unprintable
from leverage.scenario.reading.file import read_text, refuse_too_large
from leverage.scenario.reading.nodes import Node
from leverage.scenario.reading.offsets import span_of_offset
from leverage.scenario.reading.repairs import MAX_REPAIRS, read_with_repairs
from leverage.scenario.reading.scalars import NULLS, plain_value
from leverage.scenario.reading.text import Finding, Position, Text

NodePath = tuple[str | int, ...]

MAX_FAULTS = 100  # shown of one file; who has more has one cause for many of them


@dataclass(frozen=True)
class Document:
    """A file that is well-formed: its data, and where each value and each key stands.

    `data` holds dict, list, str, int, float, bool and None. A path is the keys and indices from the root to a value, the root
    itself is `()`; what an alias repeats is placed where it is written out.

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
    data: Any
    _where: Text = field(repr=False, compare=False)
    _values: Mapping[NodePath, Node] = field(repr=False, compare=False)
    _keys: Mapping[NodePath, Node] = field(repr=False, compare=False)

    @property
    def lines(self) -> tuple[str, ...]:
        return self._where.lines

    @cached_property
    def positions(self) -> Mapping[NodePath, Position]:
        return {path: self._where.position(node.start, node.end) for path, node in self._values.items()}

    @cached_property
    def key_positions(self) -> Mapping[NodePath, Position]:
        return {path: self._where.position(node.start, node.end) for path, node in self._keys.items()}

    @cached_property
    def raw(self) -> Mapping[NodePath, str]:
        """The spelling of every scalar and of every list or mapping in brackets, quotes included."""
        written = {path: node for path, node in self._values.items() if node.kind == "scalar" or node.flow}
        return {path: self.text[node.start : node.end] for path, node in written.items()}

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
        exact = (self._keys if on_key else self._values).get(tuple(path))
        if exact is not None and offset is not None and exact.resolved.kind == "scalar":
            start, end = span_of_offset(self.text, exact.resolved, offset, width or 1)
            return self._where.fault(Finding(start, end, message, remedy))
        node = exact or self._nearest(tuple(path))
        fault = self._where.fault(Finding(node.start, node.end, message, remedy))
        return fault if width is None else replace(fault, width=width)

    def with_moved(self, moves: Mapping[NodePath, NodePath]) -> Document:
        """The document in which values stand where others stood; a fault in one of them is told where it is written.

        moves: path of a value -> the path whose value it takes the place of, or at which it is put as the last key. What is
        around the second path is in the file, and both copies stay.

        >>> document = parse_document("{levels: [1], other: {levels: [2]}}", "example.yaml")
        >>> moved = document.with_moved({("other", "levels"): ("levels",)})
        >>> moved.data["levels"], moved.positions["levels", 0].column
        ([2], 32)
        """
        data, values, keys = deepcopy(self.data), dict(self._values), dict(self._keys)
        for source, target in moves.items():
            _at(data, target[:-1])[target[-1]] = deepcopy(_at(self.data, source))
            for own, new in ((self._values, values), (self._keys, keys)):
                for path in [path for path in new if path[: len(target)] == target]:
                    del new[path]
                new |= {(*target, *path[len(source) :]): node for path, node in own.items() if path[: len(source)] == source}
        return replace(self, data=data, _values=values, _keys=keys)

    def _nearest(self, path: NodePath) -> Node:
        """The name of the value at `path` or around it, which says more than the first line of that value; at last the root."""
        around = (path[:length] for length in range(len(path), -1, -1))
        return next(node for place in around if (node := self._keys.get(place) or self._values.get(place)))


def read_document(path: Path) -> Document:
    """Read the scenario file at `path`.

    Raises:
        ScenarioError: the file cannot be read, or has faults; all that can be found at this stage are in it.
    """
    return parse_document(read_text(Path(path)), str(path))


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
    refuse_too_large(len(text.encode("utf-8", "surrogatepass")), source)
    where = Text(text)
    faults = [where.fault(found) for found in islice(unprintable(where), MAX_REPAIRS)]
    if faults:
        raise ScenarioError(source, faults)
    tree, faults = read_with_repairs(where)
    if not faults:
        faults = _top_level_faults(where, tree.root)
    if faults or tree.root is None:
        raise ScenarioError(source, _first_of(faults))
    values: dict[NodePath, Node] = {}
    keys: dict[NodePath, Node] = {}
    return Document(source, text, _data(tree.root, (), values, keys), where, values, keys)


def _top_level_faults(where: Text, root: Node | None) -> list[Fault]:
    shape = "A scenario is a mapping: lines such as 'title: ...', 'players:', 'state:'."
    if root is None or (root.plain and root.value in NULLS):
        return [Fault(0, 0, "The file holds comments only." if "#" in where.text else "The file is empty.", shape)]
    if root.kind == "mapping":
        return []
    what = "list" if root.kind == "list" else "single value"
    return [where.fault(Finding(root.start, root.end, f"At its top level the file is a {what}, not a mapping.", shape))]


def _first_of(faults: list[Fault]) -> list[Fault]:
    if len(faults) <= MAX_FAULTS:
        return faults
    return [Fault(0, 0, f"Only the first {MAX_FAULTS} faults are shown.", "Mend these first."), *sorted(faults)[:MAX_FAULTS]]


def _at(data: Any, path: NodePath) -> Any:
    for step in path:
        data = data[step]
    return data


def _data(node: Node, path: NodePath, values: dict[NodePath, Node], keys: dict[NodePath, Node]) -> Any:
    """The value of a node, with all nodes in it noted by their paths; depth and number are bounded, so recursion is safe."""
    node = values[path] = node.resolved
    if node.kind == "scalar":
        return plain_value(node.value) if node.plain else node.value
    if node.kind == "list":
        return [_data(item, (*path, index), values, keys) for index, item in enumerate(node.items)]
    data: dict[str, Any] = {}
    for key, value in node.pairs:
        name = key.resolved.value
        keys[*path, name] = key
        data[name] = _data(value, (*path, name), values, keys)
    return data
