r"""A table for writing as LaTeX: a longtable with the rules of booktabs, to be read by \input."""

from __future__ import annotations

import re

import pandas as pd

from leverage.writing.written_table import Cell, WrittenTable

#: What LaTeX takes for something else: its commands; what old fonts show as another sign; a bracket or a star, which at the
#: beginning of a row would belong to the end of the row before; the second of two hyphens, which would become a dash.
_MEANINGS = {
    **{sign: f"\\{sign}" for sign in "{}$&#%_"},
    **{sign: f"{{{sign}}}" for sign in "[]*"},
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\char34{}",
    "`": r"\textasciigrave{}",
}
_SPECIAL = re.compile(rf"[{re.escape(''.join(_MEANINGS))}]|(?<=-)-")
#: A minus sign: before a digit, and not within a word.
_MINUS = re.compile(r"(?<![\w)])-(?=\d)")

#: Packages that the table needs.
PREAMBLE = r"\usepackage{array,booktabs,longtable}"
#: Columns beyond which a table is set smaller.
MANY_COLUMNS = 7


def latex_text(table: WrittenTable) -> str:
    """Caption, table, notes and source, without a newline at the end. The label is tab:NAME."""
    heads = [f"\\bfseries {escaped(column.head)}" for column in table.columns]
    frame = pd.DataFrame([[_cell(cell) for cell in row] for row in table.rows], columns=heads)
    grid = frame.style.hide(axis="index").to_latex(
        environment="longtable",
        column_format=_layout(table),
        caption=escaped(table.caption),
        label=f"tab:{table.name}",
        hrules=True,
    )
    size = "\\footnotesize" if len(table.columns) > MANY_COLUMNS else "\\small"
    notes = [f"\\noindent\\emph{{Note.}} {escaped(' '.join(table.notes))}\\par"] if table.notes else []
    source = f"\\noindent\\emph{{Source.}} {escaped(table.source)}\\par"
    return "\n".join([f"% preamble: {PREAMBLE}", f"{{{size}", grid.rstrip("\n"), *notes, f"{source}}}"])


def escaped(text: str) -> str:
    r"""The text so that LaTeX prints it as it is.

    >>> print(escaped("50 % of A1_floor, --variant"))
    50 \% of A1\_floor, -{-}variant
    """
    return _SPECIAL.sub(lambda match: _MEANINGS.get(match.group(), "{-}"), text)


def _cell(cell: Cell) -> str:
    """A cell; the hyphens of numbers become minus signs."""
    return escaped(cell) if isinstance(cell, str) else _MINUS.sub("$-$", escaped(cell.text))


def _layout(table: WrittenTable) -> str:
    """Columns of fixed widths, which break lines and fill the page's width together."""
    sides = [r"\raggedleft" if column.numbers else r"\raggedright" for column in table.columns]
    return "".join(
        rf">{{{side}\arraybackslash}}p{{\dimexpr{share:.4f}\linewidth-2\tabcolsep\relax}}"
        for side, share in zip(sides, table.shares, strict=True)
    )
