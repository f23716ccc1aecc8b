"""Wordings that several modules need."""

from __future__ import annotations

import re

SAVE_AS_TEXT = "A scenario is plain text in UTF-8: save it from a text editor, not from a word processor."
DIRECTIVE = (
    "A line that begins with '%' is an instruction to YAML, and scenarios take none.",
    "Remove the line; if it is text, put it in quotes or behind '#'.",
)
_READ_AS = {
    ">": "as the start of a text over several lines, not as a comparison",
    "|": "as the start of a text over several lines",
    "*": "as a reference to a value that is named elsewhere with '&'",
    "&": "as a name for the value that follows",
    "-": "as an entry of a list",
    "?": "as a key",
    ",": "as the end of an entry",
    "]": "as the end of a list",
    "}": "as the end of a mapping",
}


def shortened(value: str) -> str:
    """At most 40 characters of a value, to be shown in a message."""
    return value if len(value) <= 40 else value[:37] + "..."


def quoted(value: str) -> str:
    """The value as it is to be written, in the quotes that suit it; only dots where it is long."""
    if not value or len(value) > 100:
        return '"..."'
    return '"' + value + '"' if '"' not in value and "\\" not in value else "'" + value.replace("'", "''") + "'"


def begins(sign: str, value: str) -> tuple[str, str]:
    """Message and remedy for a value whose first character YAML keeps for itself."""
    if sign == "!":
        negates = re.fullmatch(r"![A-Za-z_]\w*", value)
        hint = f" If it was to mean 'not', write: not {value[1:]}." if negates else ""
        return f"'{value}' is a YAML tag, because it begins with '!'; tags are not read.", "Remove it." + hint
    remedy = f"Put the whole value in quotes: {quoted(value)}."
    if sign not in _READ_AS:
        return f"A value cannot begin with '{sign}': YAML keeps this sign for itself.", remedy
    if sign == ">":
        remedy = f'Write the whole comparison, such as holds if: "gain {value}", in quotes.'
    elif sign in ",]}":
        remedy = "Remove it; if it is text, put the whole value in quotes."
    return f"A value that begins with '{sign}' is read {_READ_AS[sign]}.", remedy
