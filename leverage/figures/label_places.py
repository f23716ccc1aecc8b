"""Where the numbers of points stand: near their point, clear of everything else."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

#: Directions that are tried, upper right first, and distances of the label's middle from its point in inches.
_DIRECTIONS = (45, 135, -45, -135, 0, 180, 90, -90, 22, 68, 112, 158, -22, -68, -112, -158)
_DISTANCES = (0.13, 0.2, 0.3, 0.42, 0.56, 0.72, 0.9, 1.1)
#: So many of the distances are near: no line has to lead to the label.
_NEAR = 2
#: Half the width of a marker, in inches.
_MARKER = 0.055


@dataclass(frozen=True)
class Place:
    """The middle of a label in inches, and whether it is so far from its point that a line has to lead to it."""

    x: float
    y: float
    far: bool


@dataclass(frozen=True)
class _Box:
    x: float
    y: float
    wide: float
    high: float

    def meets(self, other: _Box) -> bool:
        return abs(self.x - other.x) < (self.wide + other.wide) / 2 and abs(self.y - other.y) < (self.high + other.high) / 2


def label_places(
    points: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    others: Sequence[tuple[float, float]],
    room: tuple[float, float],
) -> list[Place | None]:
    """A place for the label of each point, in their order; None where every place that is tried is taken.

    The label that has the fewest places left near its point is placed next.

    Parameters
    ----------
    points : where the labelled points are. sizes : width and height of their labels. others : further markers to keep clear of.
    room : width and height of the panel, whose lower left corner is (0, 0); labels stay inside. All in inches.
    """
    taken = [_Box(x, y, 2 * _MARKER, 2 * _MARKER) for x, y in (*points, *others)]
    found: list[Place | None] = [None] * len(points)
    left = list(range(len(points)))
    while left:
        near = {k: sum(1 for _ in _free(points[k], sizes[k], taken, room, _DISTANCES[:_NEAR])) for k in left}
        k = min(left, key=near.__getitem__)
        left.remove(k)
        place = next(_free(points[k], sizes[k], taken, room, _DISTANCES), None)
        found[k] = place
        if place is not None:
            taken.append(_Box(place.x, place.y, *sizes[k]))
    return found


def _free(
    point: tuple[float, float],
    size: tuple[float, float],
    taken: Sequence[_Box],
    room: tuple[float, float],
    distances: Sequence[float],
) -> Iterator[Place]:
    """Places for a label at these distances, in the order in which they are tried."""
    for distance in distances:
        for direction in _DIRECTIONS:
            across, up = math.cos(math.radians(direction)), math.sin(math.radians(direction))
            box = _Box(point[0] + across * (distance + size[0] / 2 - _MARKER), point[1] + up * distance, *size)
            inside = size[0] / 2 <= box.x <= room[0] - size[0] / 2 and size[1] / 2 <= box.y <= room[1] - size[1] / 2
            if inside and not any(box.meets(other) for other in taken):
                yield Place(box.x, box.y, distance >= _DISTANCES[_NEAR])
