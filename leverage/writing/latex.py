r"""A table for writing as LaTeX: a longtable with the rules of booktabs, to be read by \input."""

from __future__ import annotations

import re

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
#: Sizes of letters, and how many of them fit into the line of an article, and into one on its side.
SIZES = {r"\small": (70, 112), r"\footnotesize": (80, 125), r"\scriptsize": (88, 140)}


def latex_text(table: WrittenTable) -> str:
    """Caption, table, notes and source, without a newline at the end. The label is tab:NAME."""
    size, letters, lying = _size(table)
    heads = [escaped(column.head) for column in table.columns]
    frame = pd.DataFrame([[_cell(cell) for cell in row] for row in table.rows], columns=heads)
    grid = frame.style.hide(axis="index").to_latex(
        environment="longtable",
        column_format=_layout(table, letters),
        caption=escaped(table.caption),
        label=f"tab:{table.name}",
        hrules=True,
    )
    notes = [f"\\noindent\\emph{{Note.}} {escaped(' '.join(table.notes))}\\par"] if table.notes else []
    source = f"\\noindent\\emph{{Source.}} {escaped(table.source)}\\par"
    lines = [
        f"{{{size}\\setlength{{\\tabcolsep}}{{4pt}}\\setlength{{\\LTcapwidth}}{{\\linewidth}}",
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


def _size(table: WrittenTable) -> tuple[str, int, bool]:
    """The largest letters in which no word leaves its column, how many fit into a line, whether the table lies on its side."""
    least = sum(table.least_widths)
    found = [(size, fits[lying], lying) for lying in (False, True) for size, fits in SIZES.items() if least <= fits[lying]]
    smallest = list(SIZES)[-1]
    return found[0] if found else (smallest, SIZES[smallest][True], True)


def _layout(table: WrittenTable, letters: int) -> str:
    """Columns of fixed widths, which break lines and fill the page's width together."""
    sides = [r"\raggedleft" if column.numbers else r"\raggedright" for column in table.columns]
    return "".join(
        rf">{{{side}\arraybackslash\hspace{{0pt}}}}p{{\dimexpr{share:.4f}\linewidth-2\tabcolsep\relax}}"
        for side, share in zip(sides, table.shares(letters), strict=True)
    )
