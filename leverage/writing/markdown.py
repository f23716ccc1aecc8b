"""A table for writing as Markdown, with a pipe table as GitHub, Pandoc and Quarto read it."""

from __future__ import annotations

import re

import pandas as pd

from leverage.writing.written_table import WrittenTable, text_of

#: What has a meaning somewhere in a line; an underscore has none between letters.
_SPECIAL = re.compile(r"[\\`*\[\]<>|~$&#!]|(?<![^\W_])_|_(?![^\W_])")


def markdown_text(table: WrittenTable) -> str:
    """Caption, table, notes and source, without a newline at the end."""
    frame = pd.DataFrame(
        [[escaped(text_of(cell)) for cell in row] for row in table.rows],
        columns=[escaped(column.head) for column in table.columns],
    )
    sides = ["right" if column.numbers else "left" for column in table.columns]
    grid = frame.to_markdown(index=False, tablefmt="pipe", disable_numparse=True, colalign=sides if len(frame) else None)
    notes = f"*Note.* {escaped(' '.join(table.notes))}\n\n" if table.notes else ""
    return f"**{escaped(table.caption)}**\n\n{grid}\n\n{notes}*Source.* {escaped(table.source)}"


def escaped(text: str) -> str:
    r"""The text so that Markdown shows it as it is.

    >>> print(escaped("a | b * c, A1_floor, _x_"))
    a \| b \* c, A1_floor, \_x\_
    """
    return _SPECIAL.sub(r"\\\g<0>", text)
