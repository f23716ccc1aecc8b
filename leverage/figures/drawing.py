"""A figure with its finding and its text alternative, and how it is written: the same bytes for the same tables."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path

from matplotlib.figure import Figure

from leverage.errors import OutputError
from leverage.figures.style import look

#: Dots an inch of the PNG.
DPI = 150
#: Nothing of the clock, the host or the program goes into a file.
_NO_METADATA: dict[str, str | None] = dict.fromkeys(("Date", "Creator", "Type", "Format"))

_PLACES = re.compile(r'(\bid="|href="#|url\(#)')


@dataclass(frozen=True, eq=False)
class Drawing:
    """A figure of a run.

    name: unique among the figures of a run, letters, digits, '-' and '_'; names its files. title: the finding in a
    sentence, which is also printed above the figure. description: for readers who do not see it, what it shows with its main
    numbers. Every number in both is a cell of a table of the run, rounded. figure: matplotlib's, 6.9 inches wide.
    """

    name: str
    title: str
    description: str
    figure: Figure

    @cached_property
    def svg(self) -> str:
        """The figure as an SVG element that can stand in a page of HTML or alone in a file.

        It has the role of an image with the title and the description as its text alternative. All identifiers begin with the
        drawing's name, so that several figures of one page do not clash.
        """
        return _svg_text(self)


def drawing_name(*parts: str) -> str:
    """A drawing's name: its kind and what it is of.

    >>> drawing_name("path", "Markov perfect", "talks")
    'path-Markov_perfect-talks'
    """
    return "-".join(re.sub(r"[^A-Za-z0-9]+", "_", part).strip("_") or "x" for part in parts)


def save(drawing: Drawing, folder: Path) -> tuple[Path, Path]:
    """Write NAME.svg and NAME.png (150 dpi) into a folder, which is made; returns both paths.

    Raises OutputError where they cannot be written.
    """
    vector, raster = (folder / f"{drawing.name}.{ending}" for ending in ("svg", "png"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        vector.write_bytes(drawing.svg.encode())
        raster.write_bytes(_png(drawing))
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(
            f"{folder}: the figure '{drawing.name}' cannot be written there ({reason}); name another folder"
        ) from error
    return vector, raster


def _svg_text(drawing: Drawing) -> str:
    stream = io.StringIO()
    with look():
        drawing.figure.savefig(stream, format="svg", metadata=_NO_METADATA)
    drawn = stream.getvalue()
    body = _PLACES.sub(rf"\g<1>{drawing.name}-", drawn[drawn.index("<svg") :])
    head, _, rest = body.partition(">")
    title, description = f"{drawing.name}-title", f"{drawing.name}-description"
    return (
        f'{head} role="img" aria-labelledby="{title} {description}">\n'
        f' <title id="{title}">{escape(drawing.title)}</title>\n'
        f' <desc id="{description}">{escape(drawing.description)}</desc>{rest}'
    )


def _png(drawing: Drawing) -> bytes:
    stream = io.BytesIO()
    with look():
        drawing.figure.savefig(stream, format="png", dpi=DPI, metadata={"Software": None})
    return stream.getvalue()
