"""Parts of a panel that several figures share."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from leverage.figures.style import wrapped

#: Inches that a tick's label takes at least, so that neighbours do not touch.
_TICK = 0.55


def few_ticks(axes: Axes, width: float, height: float) -> None:
    """Round numbers on both axes, so few that their labels do not touch; the panel's size is in inches."""
    axes.xaxis.set_major_locator(MaxNLocator(nbins=max(2, min(7, int(width / _TICK))), steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=max(2, min(7, int(height / 0.3))), steps=[1, 2, 2.5, 5, 10]))


def limits(values: list[float], share: float = 0.06, least: float = 0.0) -> tuple[float, float]:
    """Ends of an axis that shows all values with a margin, a share of their spread; around a single value a unit.

    least: a spread below which differences are not worth a whole axis; values stand in the middle of one of that length then.
    """
    low, high = min(values), max(values)
    if high - low < least:
        low, high = (low + high - least) / 2, (low + high + least) / 2
    spread = (high - low) or max(1.0, abs(low))
    return low - share * spread, high + share * spread


def spread_out(wanted: list[float], apart: float, low: float, high: float) -> list[float]:
    """Places for labels as near to the wanted ones (rising) as they can be `apart` from each other, inside [low, high] as
    long as there is room.
    """
    places: list[float] = []
    for place in wanted:
        places.append(max(place, places[-1] + apart) if places else max(place, low))
    ceiling = high
    for k in reversed(range(len(places))):
        places[k] = min(places[k], ceiling)
        ceiling = places[k] - apart
    return places


def fits(names: Sequence[str], width: float, lines: int = 2) -> bool:
    """Whether each name fits into a column `width` inches wide on at most so many lines, no word being broken."""
    broken = [wrapped(name, width) for name in names]
    return all(part.split() == name.split() and part.count("\n") < lines for name, part in zip(names, broken, strict=True))
