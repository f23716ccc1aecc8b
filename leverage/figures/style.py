"""The one look of all figures: sizes, colours, line styles, and how wide a text is.

It works in colour, for the colour-blind (the palette of Okabe and Ito 2008; viridis for what is ordered) and on grey paper:
whatever colour tells apart is also told apart by hatches, markers, dashes or words.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import matplotlib as mpl
from matplotlib.colors import to_rgb
from matplotlib.font_manager import FontProperties
from matplotlib.patheffects import AbstractPathEffect, withStroke
from matplotlib.textpath import text_to_path

#: Inches: width of every figure, its outer margin. It is printed at this size on A4 and letter paper.
WIDTH, MARGIN = 6.9, 0.1
#: Sizes of text in points at the printed size: ticks, keys and notes; names of axes and panels; the finding.
SMALL, MEDIUM, LARGE = 8.0, 8.5, 10.0
#: Height of a line as a multiple of the size of its text.
LEADING = 1.2
#: Points an inch.
POINTS = 72.0

INK, QUIET, FAINT, PAPER = "#1a1a1a", "#555555", "#dddddd", "#ffffff"
#: Okabe and Ito (2008), "Color universal design".
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILLION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
#: Colours of things without an order, of which neighbours differ in grey too, and the hatch of each where no letters can tell it.
CATEGORIES = (SKY, YELLOW, BLUE, ORANGE, GREEN, PURPLE, VERMILLION)
HATCHES = ("", "/////", "+++++", "xxxxx", "-----", "|||||", "\\\\\\\\\\")

_LOOK: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # travels with matplotlib, so that every machine breaks lines alike
    "font.size": SMALL,
    "text.color": INK,
    "text.parse_math": False,  # names may contain dollar signs
    "axes.edgecolor": QUIET,
    "axes.linewidth": 0.7,
    "axes.labelcolor": INK,
    "axes.labelsize": MEDIUM,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "lines.linewidth": 1.3,
    "hatch.linewidth": 0.6,
    "svg.hashsalt": "leverage",  # the same identifiers in every run
    "svg.fonttype": "path",  # the same letters wherever the figure is read
}


@contextmanager
def look() -> Iterator[None]:
    """The style of figures, whatever the user's own settings are; they are back afterwards."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_LOOK)
        yield


@lru_cache(maxsize=4096)
def text_width(text: str, size: float = SMALL, *, bold: bool = False) -> float:
    """Inches that a line of text takes at `size` points."""
    font = FontProperties(family="DejaVu Sans", size=size, weight="bold" if bold else "normal")
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(width) / POINTS


def wrapped(text: str, width: float, size: float = SMALL, *, bold: bool = False) -> str:
    """The text with line breaks so that no line is wider than `width` inches; a word that is wider is broken."""
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}".strip()
        if text_width(joined, size, bold=bold) <= width:
            lines[-1] = joined
            continue
        pieces = _pieces(word, width, size, bold)
        lines[-1:] = [*([lines[-1]] if lines[-1] else []), *pieces]
    return "\n".join(lines)


def _pieces(word: str, width: float, size: float, bold: bool) -> list[str]:
    pieces = [""]
    for letter in word:
        if pieces[-1] and text_width(pieces[-1] + letter, size, bold=bold) > width:
            pieces.append("")
        pieces[-1] += letter
    return pieces


def halo(colour: str = PAPER) -> list[AbstractPathEffect]:
    """What keeps a text legible over lines: an outline in the colour of the paper."""
    return [withStroke(linewidth=2.0, foreground=colour)]


def text_height(text: str, size: float = SMALL) -> float:
    """Inches that the lines of a text take."""
    return (text.count("\n") + 1) * size * LEADING / POINTS


def tint(colour: str, share: float) -> tuple[float, float, float]:
    """A colour thinned with white: share 1 is the colour, 0 is white."""
    red, green, blue = (1 - share * (1 - part) for part in to_rgb(colour))
    return red, green, blue


def shade(colour: str, share: float) -> tuple[float, float, float]:
    """A colour darkened with black: share 1 is the colour, 0 is black."""
    red, green, blue = (share * part for part in to_rgb(colour))
    return red, green, blue


def ink_on(colour: str | tuple[float, float, float]) -> str:
    """Black or white, whichever reads better on the colour (relative luminance of WCAG 2)."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return PAPER if luminance < 0.18 else BLACK


def level_colours(count: int) -> list[str]:
    """Colours of ordered levels from the lowest to the highest, dark to light, in grey too."""
    scale = mpl.colormaps["viridis"]
    places = [0.5] if count == 1 else [0.06 + 0.86 * k / (count - 1) for k in range(count)]
    return [mpl.colors.to_hex(scale(place)) for place in places]
