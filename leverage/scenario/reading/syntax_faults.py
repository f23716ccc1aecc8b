"""What is likely meant at the place where the parser stops."""

from __future__ import annotations

import re
from collections.abc import Callable

from leverage.scenario.reading.brackets import bracket_fault
from leverage.scenario.reading.characters import LOOKALIKES
from leverage.scenario.reading.nodes import Break
from leverage.scenario.reading.phrases import DIRECTIVE, begins, quoted
from leverage.scenario.reading.text import Finding, Text

_KEY = re.compile(r"(?!\w+://)([A-Za-z_][\w ]*):([^\s:/]|[^\S ])")
_KEY_OF_ENTRY = re.compile(r"(?!\w+://)([^\s:'\"#][^:]*):([^\s:/]|[^\S ])")
_BEHIND_A_SIGN = ("block scalar", "an anchor", "an alias", "a tag", "an tag")  # the parser's words for what it was reading
_MISFIT = ("<document start>", "expected <block end>", "are not allowed here")  # its words for a line that does not fit


def diagnosis(where: Text, broken: Break) -> tuple[Finding, bool]:
    """The first explanation that fits, and whether it is more than a guess."""
    for explain in _EXPLANATIONS:
        found = explain(where, broken)
        if found is not None:
            return found, True
    message = "From here on the text cannot be read as YAML."
    remedy = "Check quotes, brackets, colons and the indentation in this line and the one above."
    return Finding(broken.at, broken.at + 1, message, remedy), False


def missing_space(where: Text, start: int, *, in_entry: bool = False) -> Finding | None:
    """`value:0.5`: without a space after the colon the line is one text. Entries of a list may begin with any sign."""
    found = (_KEY_OF_ENTRY if in_entry else _KEY).match(where.text, start, where.line_end(start))
    if found is None:
        return None
    colon, after = found.end(1), found.group(2)
    blank = f"; a {LOOKALIKES[after][0]} is not enough" if after in LOOKALIKES else ""
    line = where.line(colon)
    repair = line, where.lines[line][: where.column(colon) + 1] + " ~"
    word = found.group(1).strip()
    message = f"A space is missing after the colon of '{word}'{blank}: without it the line is one text, not a key and a value."
    return Finding(start, colon + 1, message, f"Write '{word}: ...' with a space after the colon.", repair)


def _value_blanked(where: Text, start: int, flow: bool = False) -> tuple[int, str]:
    """The line in which the value that begins at `start` is replaced by nothing."""
    line, column = where.line(start), where.column(start)
    before, rest = where.lines[line][:column], where.lines[line][column:]
    return line, before + "~" + (re.sub(r"^[^,\]}]*", "", rest) if flow else "")


def _tab(where: Text, broken: Break) -> Finding | None:
    at, line = broken.at, where.line(broken.at)
    if where.text[at : at + 1] != "\t":
        return None
    if not where.opens_line(at):
        repair = line, where.lines[line].replace("\t", " ")
        return Finding(at, at + 1, "A tab stands here where YAML allows spaces only.", "Replace the tab by a space.", repair)
    lines = [str(i + 1) for i, text in enumerate(where.lines) if "\t" in text[: where.indent(i)]]
    also = f" (so are lines {', '.join(lines[1:6])}{' ...' if len(lines) > 6 else ''})" if len(lines) > 1 else ""
    message = f"The line is indented with a tab{also}; YAML counts spaces only."
    return Finding(where.starts[line], at + 1, message, "Replace each tab by two spaces.")


def _escape(where: Text, broken: Break) -> Finding | None:
    at = broken.at
    message = "In double quotes a backslash begins a special sign, and this one is unknown."
    remedy = "Write the backslash twice, or use single quotes."
    if not broken.problem and where.text[at : at + 1] == '"':
        return Finding(at, where.line_end(at), message, remedy)
    if "escape" not in broken.problem or "double-quoted" not in broken.context:
        return None
    in_one_line = not broken.flow and where.same_line(broken.since, at)
    return Finding(at - 1, at + 1, message, remedy, _value_blanked(where, broken.since) if in_one_line else None)


def _directive(where: Text, broken: Break) -> Finding | None:
    line = where.line(broken.at)
    for candidate in range(line, max(line - 2, -1), -1):
        if where.lines[candidate].startswith("%"):
            start = where.starts[candidate]
            return Finding(start, where.line_end(start), *DIRECTIVE, (candidate, ""))
    return None


def _open_quote(where: Text, broken: Break) -> Finding | None:
    """A quote that is never closed, or only by the quote that was to open the next text."""
    last, at = broken.last, broken.at
    if "quoted scalar" in broken.context and broken.problem.startswith("found unexpected"):
        message = "The quote that opens here is not closed before the file ends."
        remedy = "Close it at the end of the text; if an earlier quote was forgotten, close that one."
        return Finding(broken.since, where.line_end(broken.since), message, remedy)
    if last is None or not last.quoted or where.same_line(last.start, last.end) or not where.same_line(last.end, at):
        return None
    closed = where.line(last.end) + 1
    message = f"The quote that opens here is closed only in line {closed}, by a quote that seems to open another text."
    return Finding(last.start, where.line_end(last.start), message, "Close the quote where its text ends.")


def _after_the_end(where: Text, broken: Break) -> Finding | None:
    """Text that goes on after a closing quote or bracket: `"a" b`, `[x] > 3`, `'the power's army'`."""
    last, at = broken.last, broken.since if "block scalar" in broken.context else broken.at
    if last is None or broken.flow or last.end > at or not where.same_line(last.start, at) or where.text[last.end : at].strip():
        return None
    value = quoted(where.rest_of_value(last.start, False))
    if last.quoted and not last.is_key:
        message = "Text goes on after the closing quote."
        remedy = f"Put quotes around the whole: {value}."
        if last.style == "'" and where.text[at : at + 1].isalpha():
            remedy = "An apostrophe ends a text in single quotes: use double quotes around it."
    elif last.kind in {"list", "mapping"} and where.text[last.end - 1 : last.end] in {"]", "}"}:
        sign = "[" if last.kind == "list" else "{"
        message = f"A value that begins with '{sign}' is read as a {last.kind}, and here text goes on after it."
        remedy = f"Use round brackets in formulas, or put the whole in quotes: {value}."
    else:
        return None
    return Finding(at, where.line_end(at), message, remedy, _value_blanked(where, last.start))


def _special_sign(where: Text, broken: Break) -> Finding | None:
    """A value that begins with a sign that YAML keeps for itself."""
    start, last = broken.at, broken.last
    if any(word in broken.context for word in _BEHIND_A_SIGN) or "tag handle" in broken.problem:
        start = broken.since
    elif last is not None and last.kind == "alias" and where.same_line(last.start, start):
        start = last.start
    sign = where.text[start : start + 1]
    if not sign or sign not in ">|*&!%@`-?,]}":
        return None
    if sign in "-?" and (where.opens_line(start) or "are not allowed here" not in broken.problem):
        return None
    if sign in ",]}" and broken.flow:
        return None
    value = where.rest_of_value(start, broken.flow)
    return Finding(start, start + max(1, len(value)), *begins(sign, value), _value_blanked(where, start, broken.flow))


def _second_colon(where: Text, broken: Break) -> Finding | None:
    last, at = broken.last, broken.at
    if not broken.problem.startswith("mapping values are not allowed") or last is None:
        return None
    same_line, opens_line = where.same_line(last.start, at), where.opens_line(last.start)
    if same_line and not opens_line:
        message = "A second colon with a space stands in this line, and only one key and its value fit in a line."
        value = quoted(where.rest_of_value(last.start, False))
        remedy = f"If the colon belongs to the text, put it in quotes: {value}."
        return Finding(at, at + 1, message, remedy, _value_blanked(where, last.start))
    if same_line or last.kind != "scalar":
        return None
    if opens_line or where.text[: last.start].rstrip(" ").endswith("-"):
        return _no_colon(where, last.start)
    line, above = where.line(at), f"line {where.line(last.start) + 1}"
    message = f"The line is indented deeper than {above}, which has a value already, so YAML takes it for more of that value."
    remedy = "Indent it like the lines it stands beside, or move the value above to its own line."
    return Finding(where.starts[line] + where.indent(line), at, message, remedy)


def _lonely_line(where: Text, broken: Break) -> Finding | None:
    if "could not find expected ':'" in broken.problem:
        return _no_colon(where, broken.since)
    if "expected <block end>, but found '<scalar>'" in broken.problem and where.opens_line(broken.at):
        return _no_colon(where, broken.at)
    return None


def _no_colon(where: Text, start: int) -> Finding:
    message = "The line has no colon, so YAML cannot tell key and value."
    remedy = "Write 'key: value'; a text over several lines begins with '>-' and is indented deeper than its key."
    return missing_space(where, start) or Finding(start, where.line_end(start), message, remedy, (where.line(start), ""))


def _indentation(where: Text, broken: Break) -> Finding | None:
    if not any(words in broken.problem for words in _MISFIT) or not where.opens_line(broken.at):
        return None
    line = where.line(broken.at)
    indent = where.indent(line)
    above = sorted({where.indent(i) for i, text in enumerate(where.lines[:line]) if text.strip() and text.lstrip()[0] != "#"})
    if "<document start>" in broken.problem and indent in above:
        return None
    spaces = "1 space" if indent == 1 else f"{indent} spaces"
    message = f"The line is indented by {spaces}, which does not fit the lines above (they have {_listed(above)})."
    start = where.starts[line] + indent
    return Finding(start, where.line_end(start), message, "Indent it exactly like the lines it stands beside.")


def _listed(numbers: list[int]) -> str:
    *first, last = [str(number) for number in numbers[:8]] or ["none"]
    return f"{', '.join(first)} or {last}" if first else last


_EXPLANATIONS: tuple[Callable[[Text, Break], Finding | None], ...] = (  # in this order: the first are the surest
    _tab,
    _escape,
    _directive,
    _open_quote,
    _after_the_end,
    _special_sign,
    _second_colon,
    _lonely_line,
    bracket_fault,
    _indentation,
)
