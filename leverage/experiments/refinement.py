"""A rectangle divided into cells that are small where answers change: a quadtree over labelled points.

Points have whole coordinates, so that a corner that cells share is one point and is asked once. What becomes of a cell depends on
the labels and the budget alone, not on who finds them or when.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

#: Whole coordinates of a point.
Place = tuple[int, int]
#: What there is at a point: one word for each aspect that is looked at.
Label = tuple[str, ...]
#: Labels of places, in their order.
Ask = Callable[[Sequence[Place]], Sequence[Label]]

#: A cell may be divided so often.
MOST_DIVISIONS = 8
#: The width of an undivided cell: its centre and those of all cells that may come of it have whole coordinates.
WIDTH = 2 ** (MOST_DIVISIONS + 1)


@dataclass(frozen=True, order=True)
class Square:
    """A cell: its lowest corner and the length of its sides, an even number of coordinate steps."""

    x: int
    y: int
    size: int

    @property
    def places(self) -> tuple[Place, ...]:
        """The four corners, then the centre."""
        x, y, size = self.x, self.y, self.size
        return (x, y), (x + size, y), (x, y + size), (x + size, y + size), (x + size // 2, y + size // 2)

    @property
    def quarters(self) -> tuple[Square, ...]:
        half = self.size // 2
        return tuple(Square(self.x + dx, self.y + dy, half) for dy in (0, half) for dx in (0, half))


@dataclass(frozen=True, eq=False)
class Division:
    """A square divided into cells.

    along: undivided cells on each side. known: place -> label. cells: those that are divided no further, rows from below.
    """

    along: int
    known: dict[Place, Label]
    cells: tuple[Square, ...]

    def labels(self) -> list[list[Label]]:
        """Of each cell the labels of all known points in it, its edges included."""
        return _labels_in(self.known, self.cells)

    def share(self, cell: Square) -> float:
        """The part of the whole area that a cell takes."""
        return float((cell.size / (self.along * WIDTH)) ** 2)


def coarse_points(along: int) -> int:
    """Points of the grid that refinement begins with: corners and centres."""
    return (along + 1) ** 2 + along**2


def divide(along: int, budget: int, ask: Ask) -> Division:
    """Divide a square until its cells are settled in all aspects, or the budget is spent.

    A cell is divided where the labels at its known points differ. The largest ones come first, of these the ones with most
    different labels, and of those some from everywhere.

    Parameters
    ----------
    along : undivided cells on each side, >= 1. budget : points that may be asked for, at least `coarse_points(along)`.
    ask : labels of new places, which come sorted; every place is asked once.
    """
    known: dict[Place, Label] = {}
    cells = [Square(WIDTH * i, WIDTH * j, WIDTH) for j in range(along) for i in range(along)]
    _learn(known, cells, ask)
    while True:
        chosen = _affordable(known, _unsettled(known, cells), budget - len(known))
        if not chosen:
            return Division(along, known, tuple(sorted(cells, key=lambda cell: (cell.y, cell.x))))
        fresh = [quarter for cell in chosen for quarter in cell.quarters]
        _learn(known, fresh, ask)
        kept = set(chosen)
        cells = [cell for cell in cells if cell not in kept] + fresh


def _learn(known: dict[Place, Label], cells: Iterable[Square], ask: Ask) -> None:
    places = sorted({place for cell in cells for place in cell.places} - known.keys())
    known.update(zip(places, ask(places), strict=True))


def _unsettled(known: dict[Place, Label], cells: Sequence[Square]) -> list[Square]:
    """Cells that ought to be divided and can be, the most urgent first."""
    counts = [len(set(labels)) for labels in _labels_in(known, cells)]
    found = sorted(cell for cell, count in zip(cells, counts, strict=True) if count > 1 and cell.size > 2)
    mixed = np.random.default_rng(0).permutation(len(found))  # no corner of the map comes first
    urgency = dict(zip(cells, counts, strict=True))
    return sorted((found[k] for k in mixed), key=lambda cell: (-cell.size, -urgency[cell]))


def _affordable(known: dict[Place, Label], cells: Sequence[Square], left: int) -> list[Square]:
    """The first cells whose division needs no more new points than are left; all of one size."""
    chosen: list[Square] = []
    fresh: set[Place] = set()
    for cell in cells:
        if cell.size < cells[0].size:
            break
        needed = {place for quarter in cell.quarters for place in quarter.places} - known.keys() - fresh
        if len(fresh) + len(needed) > left:
            break
        fresh |= needed
        chosen.append(cell)
    return chosen


def _labels_in(known: dict[Place, Label], cells: Sequence[Square]) -> list[list[Label]]:
    places = np.array(list(known), dtype=np.int64).reshape(-1, 2)
    order = np.argsort(places[:, 0], kind="stable")
    xs, ys = places[order].T
    labels = list(known.values())
    found = []
    for cell in cells:
        first, last = np.searchsorted(xs, (cell.x, cell.x + cell.size + 1))
        inside = (ys[first:last] >= cell.y) & (ys[first:last] <= cell.y + cell.size)
        found.append([labels[k] for k in order[first:last][inside]])
    return found
