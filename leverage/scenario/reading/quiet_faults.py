"""Mistakes that YAML accepts: what is read, but not as it looks."""

from __future__ import annotations

from collections.abc import Iterator

from leverage.scenario.reading.characters import suspicious_characters
from leverage.scenario.reading.nodes import Node, Tree
from leverage.scenario.reading.offsets import span_of_offset
from leverage.scenario.reading.phrases import quoted, shortened
from leverage.scenario.reading.scalars import DECIMAL_COMMA, NULLS, number_trap
from leverage.scenario.reading.syntax_faults import missing_space
from leverage.scenario.reading.text import Finding, Text


def tree_faults(where: Text, tree: Tree) -> list[Finding]:
    """What was found while the nodes were read, and what is found in them."""
    return tree.findings + [found for node in tree.nodes for found in _node_faults(where, node)]


def _node_faults(where: Text, node: Node) -> Iterator[Finding]:
    if node.plain and not node.is_key:
        yield from _scalar_faults(where, node)
    elif node.kind == "mapping":
        yield from _key_faults(where, node)
        if node.flow:
            yield from _stray_keys(where, node)
    elif node.kind == "list":
        yield from _cut_items(where, node) if node.flow else _joined_items(where, node)


def _scalar_faults(where: Text, node: Node) -> Iterator[Finding]:
    """Spellings of numbers that are read as something else, and a key and value that are read as one text."""
    if trap := number_trap(node.value):
        yield Finding(node.start, node.end, *trap)
    elif not node.flow and where.opens_line(node.start) and (found := missing_space(where, node.start)):
        yield found


def _key_faults(where: Text, mapping: Node) -> Iterator[Finding]:
    """Keys that are no text, that come twice, or that hold characters no formula can read."""
    first: dict[str, Node] = {}
    for key, value in mapping.pairs:
        name = key.resolved.value
        if key.resolved.kind == "alias":
            continue  # an alias to nothing: told already
        if trap := _key_trap(key):
            yield Finding(key.start, key.end, *trap)
        elif name in first:
            other = where.position(first[name].start, first[name].end)
            place = f"line {other.line}, column {other.column}"
            message = f"The key '{shortened(name)}' is here a second time; the first is in {place}."
            yield Finding(key.start, key.end, message, "Remove one of the two, or rename it.")
        else:
            first[name] = key
            if not _is_stray(where, mapping, key, value):
                yield from _key_characters(where, key)


def _key_trap(key: Node) -> tuple[str, str] | None:
    node = key.resolved
    if node.kind != "scalar":
        return f"A {node.kind} stands where a key must be.", "A key is a word or a text; put it in quotes."
    if key.plain and key.value == "<<":
        return "Merge keys '<<' are not read.", "Write the entries out."
    if node.plain and node.value in NULLS:
        shown = f"'{node.value}' is empty in YAML" if node.value else "Before the colon stands nothing"
        return f"{shown}, and a key must be text.", "Give the entry a name; quotes make any word text."
    return None


def _key_characters(where: Text, key: Node) -> Iterator[Finding]:
    for offset, name, replacement in suspicious_characters(key.value)[:1]:
        message = f"The key holds the character U+{ord(key.value[offset]):04X} ({name}), which looks right and is not."
        remedy = f"Type {replacement} in its place." if replacement else "Delete it; it is invisible."
        if replacement == " ":
            remedy = "Replace it by an ordinary space."
        yield Finding(*span_of_offset(where.text, key, offset, 1), message, remedy)


def _is_stray(where: Text, mapping: Node, key: Node, value: Node) -> bool:
    """A key in braces that has no colon and no value."""
    empty = mapping.flow and value.plain and not value.value and key.kind == "scalar"
    return empty and ":" not in where.text[key.end : value.start]


def _stray_keys(where: Text, mapping: Node) -> Iterator[Finding]:
    """One finding for each run of keys without a value, together with the entry before the run that they were cut from."""
    before: tuple[Node, Node] | None = None
    run: list[Node] = []
    for key, value in mapping.pairs:
        if _is_stray(where, mapping, key, value):
            run.append(key)
            continue
        if run:
            yield _cut_text(where, before, run)
        before, run = (key, value), []
    if run:
        yield _cut_text(where, before, run)


def _cut_text(where: Text, before: tuple[Node, Node] | None, run: list[Node]) -> Finding:
    stray, name = run[0], shortened(run[0].value)
    spaced = missing_space(where, stray.start) if stray.plain else None
    if spaced and spaced.end <= stray.end:
        return spaced
    if stray.plain and stray.value.endswith(":"):
        message, remedy = f"After '{stray.value}' no value is written.", "Fill in the value, after a space."
        return Finding(stray.start, stray.end, message, remedy)
    if before is None or not before[1].plain or not before[1].value:
        message = f"'{name}' stands in braces without a value."
        remedy = f"Write '{name}: ...'; if a comma cut a text in two, put the whole text in quotes."
        return Finding(stray.start, stray.end, message, remedy)
    key, value = before
    start, end = value.start, run[-1].end
    whole = where.text[start:end]
    if DECIMAL_COMMA.fullmatch(whole) and (trap := number_trap(whole)):
        return Finding(start, end, *trap)
    parts = " and ".join(f"'{shortened(node.value)}'" for node in (value, *run[:3]))
    message = f"The comma inside braces cut the text in two: {parts}{' and more' if len(run) > 3 else ''}."
    suggestion = f"{key.resolved.value}: {quoted(' '.join(whole.split()))}"
    remedy = f"Put the whole text in quotes: {suggestion}. If '{name}' is an entry of its own, give it a value."
    return Finding(start, end, message, remedy)


def _cut_items(where: Text, sequence: Node) -> Iterator[Finding]:
    """Items of a list in brackets whose round brackets are closed only in a later item."""
    first: Node | None = None
    balance = 0
    for item in sequence.items:
        if not item.plain:
            continue
        balance = max(balance + item.value.count("(") - item.value.count(")"), 0)
        if balance > 0:
            first = first or item
        elif first is not None:
            whole = " ".join(where.text[first.start : item.end].split())
            message = "The comma inside the list cut a formula in two, because its round brackets stand in two items."
            yield Finding(first.start, item.end, message, f"Put the formula in quotes: {quoted(whole)}.")
            first = None
    if first is not None:
        message = "A round bracket opens in this item of the list and is not closed in it."
        yield Finding(first.start, first.end, message, "Close the bracket; a text with commas is put in quotes.")


def _joined_items(where: Text, sequence: Node) -> Iterator[Finding]:
    """Entries of a list of mappings that are texts because the space after their colon is missing."""
    if any(item.kind == "mapping" for item in sequence.items):
        for item in sequence.items:
            found = missing_space(where, item.start, in_entry=True) if item.plain else None
            if found and found.end <= item.end:
                yield found
