r"""A table for writing as LaTeX: a longtable with the rules of booktabs, to be read by \input."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd

from leverage.writing.written_table import Cell, WrittenTable

#: What LaTeX takes for something else: its commands; what old fonts show as another sign; a bracket or a star, which at the
#: beginning of a row would belong to the end of the row before; the second of two hyphens, which would become a dash.
_MEANINGS = {
    **{sign: f"\\{sign}" for sign in "{}$&#%"},
    "_": r"\_\allowbreak{}",
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

#: Packages that a table needs, and one that lies on its side needs too.
PREAMBLE, LYING_PREAMBLE = r"\usepackage{array,booktabs,longtable}", r"\usepackage{array,booktabs,longtable,pdflscape}"


@dataclass(frozen=True)
class _Size:
    """A size of letters.

    upright, lying: how many of them fit into the line of an article, and into one on its side. space: in points, on each side
    of a column. gap: the two spaces between columns, in letters.
    """

    command: str
    upright: int
    lying: int
    space: float
    gap: float


#: The largest first.
SIZES = (
    _Size(r"\small", 74, 118, 4, 1.8),
    _Size(r"\footnotesize", 80, 128, 4, 1.9),
    _Size(r"\scriptsize", 86, 137, 4, 2.1),
    _Size(r"\scriptsize", 86, 137, 2, 1.1),
    _Size(r"\tiny", 100, 160, 2, 1.2),
)


def latex_text(table: WrittenTable) -> str:
    """Caption, table, notes and source, without a newline at the end. The label is tab:NAME."""
    size, lying = _size(table)
    heads = [escaped(column.head) for column in table.columns]
    frame = pd.DataFrame([[_cell(cell) for cell in row] for row in table.rows], columns=heads)
    grid = frame.style.hide(axis="index").to_latex(
        environment="longtable",
        column_format=_layout(table, size.lying if lying else size.upright, size.gap),
        caption=escaped(table.caption),
        label=f"tab:{table.name}",
        hrules=True,
    )
    notes = [f"\\noindent\\emph{{Note.}} {escaped(' '.join(table.notes))}\\par"] if table.notes else []
    source = f"\\noindent\\emph{{Source.}} {escaped(table.source)}\\par"
    lines = [
        f"{{{size.command}\\setlength{{\\tabcolsep}}{{{size.space:g}pt}}\\setlength{{\\LTcapwidth}}{{\\linewidth}}\\emergencystretch=3em",
        grid.rstrip("\n"),
        *notes,
        f"{source}}}",
    ]
    if lying:
        return "\n".join([f"% preamble: {LYING_PREAMBLE}", "\\begin{landscape}", *lines, "\\end{landscape}"])
    return "\n".join([f"% preamble: {PREAMBLE}", *lines])


def escaped(text: str) -> str:
    r"""The text so that LaTeX prints it as it is.

    >>> print(escaped("50 % of A1_floor, --variant"))
    50 \% of A1\_\allowbreak{}floor, -{-}variant
    """
    return _SPECIAL.sub(lambda match: _MEANINGS.get(match.group(), "{-}"), text)


def _cell(cell: Cell) -> str:
    """A cell; the hyphens of numbers become minus signs, and bounds stay on one line."""
    if isinstance(cell, str):
        return escaped(cell)
    return _MINUS.sub("$-$", escaped(cell.text)).replace(", ", ",~")


def _size(table: WrittenTable) -> tuple[_Size, bool]:
    """The largest letters in which no word leaves its column, and whether the table lies on its side: only where it has to, and
    instead of letters smaller than a script's."""
    for size, lying in [*((each, False) for each in SIZES[:3]), *((each, True) for each in SIZES)]:
        if table.least_letters(size.gap) <= (size.lying if lying else size.upright):
            return size, lying
    return SIZES[-1], True


def _layout(table: WrittenTable, letters: int, gap: float) -> str:
    """Columns of fixed widths, which break lines and fill the page's width together."""
    sides = [r"\raggedleft" if column.numbers else r"\raggedright" for column in table.columns]
    return "".join(
        rf">{{{side}\arraybackslash\hspace{{0pt}}}}p{{\dimexpr{share:.4f}\linewidth-2\tabcolsep\relax}}"
        for side, share in zip(sides, table.shares(letters, gap), strict=True)
    )
