"""From characters of a scalar's value to the characters of the file that they were read from."""

from __future__ import annotations

import re

from leverage.scenario.reading.nodes import Node

_BLANK = " \t\r\n\x85\u2028\u2029"  # what YAML folds; other spaces are characters like any other
_ESCAPED_BLANKS = frozenset(" \tnrtNLP\r\n\x85\u2028\u2029")  # letters after a backslash that stand for a blank, or for nothing
_SIGNS = {  # how one character is written in each kind of quotes
    '"': re.compile(r"\\x..|\\u.{4}|\\U.{8}|\\.|.", re.DOTALL),
    "'": re.compile(r"''|.", re.DOTALL),
}
_SIGN = re.compile(r".", re.DOTALL)


def span_of_offset(text: str, node: Node, offset: int, width: int) -> tuple[int, int]:
    """Start and end in the text of `width` characters of a scalar's value from `offset` on."""
    solid = _solid_indices(text, node)
    start, last = (_index(node, solid, min(max(place, 0), len(node.value))) for place in (offset, offset + width - 1))
    return start, max(start, last) + 1


def _index(node: Node, solid: list[int], offset: int) -> int:
    """Index in the text of the value's character at `offset`.

    Reading a scalar drops and folds blanks only, so the n-th character of the value that is no blank is the n-th of the text.
    A blank of the value is taken to stand right behind the character before it.
    """
    rank = sum(sign not in _BLANK for sign in node.value[:offset])
    if offset < len(node.value) and node.value[offset] not in _BLANK and rank < len(solid):
        return solid[rank]
    return solid[min(rank, len(solid)) - 1] + 1 if rank and solid else node.start


def _solid_indices(text: str, node: Node) -> list[int]:
    """Indices in the text of the value's characters that are no blanks; an escape is placed at its backslash."""
    start, end = node.start, node.end
    if node.quoted:
        start, end = start + 1, end - 1
    elif node.style is not None:  # the text of a block begins below its header
        start = next((i for i in range(start, end) if text[i] in "\r\n"), end)
    signs = _SIGNS.get(node.style or "", _SIGN).finditer(text, start, end)
    return [found.start() for found in signs if not _is_blank(found.group(), node.style)]


def _is_blank(sign: str, style: str | None) -> bool:
    if style != '"' or len(sign) == 1:
        return sign in _BLANK
    return sign[1] in _ESCAPED_BLANKS if len(sign) == 2 else chr(int(sign[2:], 16)) in _BLANK
