"""Plain scalars by the core schema of YAML 1.2: from the spelling to the value, and spellings that mislead."""

from __future__ import annotations

import math
import re

from leverage.scenario.reading.phrases import shortened

NULLS = frozenset({"", "~", "null", "Null", "NULL"})
DECIMAL_COMMA = re.compile(r"([-+]?[0-9]+),([0-9]+)")
_TRUTHS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
_OTHER_BASE = re.compile(r"0x[0-9a-fA-F]+|0o[0-7]+")
_MAX_DIGITS = 100  # of a number in another base that is worth showing in digits


def plain_value(spelling: str) -> str | int | float | bool | None:
    """The value of a scalar without quotes, whose spelling `number_trap` accepts."""
    if spelling in NULLS:
        return None
    if spelling in _TRUTHS:
        return _TRUTHS[spelling]
    if _INTEGER.fullmatch(spelling):
        return int(spelling)
    return float(spelling) if _FLOAT.fullmatch(spelling) else spelling


def number_trap(value: str) -> tuple[str, str] | None:
    """Message and remedy for a number that is read as something else; None where the value is read as it looks."""
    if DECIMAL_COMMA.fullmatch(value):
        message = f"'{shortened(value)}' is read as text, not as a number: the decimal sign is a point."
        return message, f"Write {shortened(value.replace(',', '.'))}. Thousands are written without a separator."
    if _LEADING_ZERO.fullmatch(value):
        sign, digits = ("-" if value[0] == "-" else ""), value.lstrip("+-")
        whole = shortened(sign + (digits.lstrip("0") or "0"))
        message = f"'{shortened(value)}' would be read as {whole}: a zero in front of a number says nothing in YAML."
        return message, f"Write {whole}, or {sign}0.{shortened(digits[1:])} if a decimal point is missing."
    if _OTHER_BASE.fullmatch(value):
        base = "a hexadecimal" if value[1] == "x" else "an octal"
        number = shortened(str(int(value, 0))) if len(value) < _MAX_DIGITS else "its value in digits"
        return f"'{shortened(value)}' is read as {base} number.", f"Write {number}, or put it in quotes if it is text."
    if _NOT_FINITE.fullmatch(value) or (_FLOAT.fullmatch(value) and not math.isfinite(float(value))):
        return f"'{shortened(value)}' is no finite number; a number is needed that is finite.", "Write a number with digits."
    return None


def decimal_commas(raw: str) -> tuple[str, ...]:
    """Numbers in the spelling of a list that seem to have a decimal comma: a comma between digits and no space after it.

    `raw` is `Document.raw` of a list in brackets. `[0,1]` may be meant as it is read, so the caller decides from the number of
    items it expects.

    >>> decimal_commas("[0,1, 0,5]")
    ('0,1', '0,5')
    """
    return tuple(re.findall(r"(?<![0-9.,])[-+]?[0-9]+,[0-9]+(?![0-9.]|,[0-9])", raw))
