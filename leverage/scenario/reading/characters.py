"""Characters that look right and are not, and characters that no text holds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from leverage.scenario.reading.phrases import SAVE_AS_TEXT
from leverage.scenario.reading.text import Finding, Text

LOOKALIKES: Mapping[str, tuple[str, str]] = {
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
_BLANKS = "".join(sign for sign, (_, plain) in LOOKALIKES.items() if plain in {"", " "})
LOOKALIKE_INDENT = re.compile(f"^[ \\t]*([{_BLANKS}]+)", re.MULTILINE)
# All but what YAML 1.2 allows in a file, section 5.1.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def suspicious_characters(text: str) -> list[tuple[int, str, str]]:
    """Characters that a word processor puts in and no formula can read: (offset in `text`, name, what to type instead).

    >>> suspicious_characters("speed ≥ 0")
    [(6, 'greater-or-equal sign', '>=')]
    """
    return [(place, *LOOKALIKES[sign]) for place, sign in enumerate(text) if sign in LOOKALIKES]


def lookalike_indents(where: Text) -> Iterator[Finding]:
    """Lines that are indented with something that only looks like spaces."""
    for found in LOOKALIKE_INDENT.finditer(where.text):
        message = f"The line is indented with a {LOOKALIKES[found.group(1)[0]][0]}, which YAML takes for text."
        yield Finding(found.start(1), found.end(1), message, "Replace it by ordinary spaces.")


def unprintable(where: Text) -> Iterator[Finding]:
    """One finding for each line with a control character; the parser would stop at the first."""
    for start, line in zip(where.starts, where.lines, strict=True):
        if found := _UNPRINTABLE.search(line):
            place = start + found.start()
            message = f"The invisible character U+{ord(found.group()):04X} cannot stand in a scenario; the file may be binary."
            yield Finding(place, place + 1, message, f"Delete it, or: {SAVE_AS_TEXT}")
