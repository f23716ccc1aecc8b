"""Where the parser stops in brackets: one that is not closed, a comma that is missing or too many, a second colon."""

from __future__ import annotations

import re

from leverage.scenario.reading.nodes import Break
from leverage.scenario.reading.phrases import quoted
from leverage.scenario.reading.text import Finding, Text

_CLOSING = {"[": "]", "{": "}"}


def bracket_fault(where: Text, broken: Break) -> Finding | None:
    """What is wrong with the brackets around the place where the parser stopped; None if it is something else."""
    expected = re.search(r"expected ',' or '[\]}]', but got '?(.*?)'?$", broken.problem)
    if not expected:
        return _empty_entry(where, broken)
    start, last = broken.since, broken.last
    close = _closing(where, start)
    if close is None:
        sign = where.text[start : start + 1]
        message = f"The bracket '{sign}' that opens here is not closed where its text ends."
        return Finding(start, where.line_end(start), message, f"Close it with '{_CLOSING.get(sign, ']')}'.")
    repair = None
    if where.same_line(start, close):
        line, shown = where.line(start), where.lines[where.line(start)]
        repair = line, shown[: where.column(start)] + "~" + shown[where.column(close) + 1 :]
    if expected.group(1) == ":" and last is not None and where.same_line(last.start, broken.at):
        message = "A second colon stands in one entry of the brackets."
        value = quoted(where.rest_of_value(last.start, True))
        remedy = f"Separate entries by commas; if the colon belongs to the text, put it in quotes: {value}."
    else:
        message = "Between two entries in brackets a comma is missing."
        remedy = "Put a comma after each entry, at the end of a line too; a text with quotes inside is quoted as a whole."
    return Finding(broken.at, broken.at + 1, message, remedy, repair)


def _empty_entry(where: Text, broken: Break) -> Finding | None:
    if not broken.flow or "expected the node content" not in broken.problem:
        return None
    sign = where.text[broken.at : broken.at + 1]
    if sign == ",":
        message, remedy = "Between two commas nothing is written.", "Remove one comma, or fill in the entry."
    elif sign:
        message, remedy = f"'{sign}' does not fit the bracket that is open here.", "Check which bracket closes which."
    else:
        message, remedy = "A bracket is not closed before the file ends.", "Close every '[' and '{'."
    return Finding(broken.at, broken.at + 1, message, remedy)


def _closing(where: Text, start: int) -> int | None:
    """Index of the bracket that closes the one at `start`; None if a line as shallow as its own comes first."""
    depth, quote, margin = 0, "", where.indent(where.line(start))
    for index in range(start, len(where.text)):
        sign = where.text[index]
        if sign in "\r\n":
            line, words = where.line(index + 1), where.lines[where.line(index + 1)].strip()
            begins_here = where.starts[line] == index + 1  # not between the two characters of a Windows line end
            if begins_here and words and words[0] not in "]}" and where.indent(line) <= margin:
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
