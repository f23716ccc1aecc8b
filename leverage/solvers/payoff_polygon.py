"""Convex polygons of payoff pairs: vertices from support values, simplification to the safe side, distances.

A polygon is an array (K, 2) of vertices in counter-clockwise order; 0, 1 and 2 of them are ordinary.
"""

from __future__ import annotations

import numpy as np

from leverage.game.stochastic_game import Booleans, Floats, Integers
from leverage.solvers.kernel_kinds import checked, checked_part


def corners(directions: Floats, support: Floats) -> Floats:
    """(..., K, 2): where the lines d_k . x = support[..., k] and d_k+1 . x = support[..., k + 1] meet."""
    first, second = directions, np.roll(directions, -1, axis=0)
    one, two = support, np.roll(support, -1, axis=-1)
    det = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    return np.stack([(one * second[:, 1] - two * first[:, 1]) / det, (two * first[:, 0] - one * second[:, 0]) / det], axis=-1)


def simplified_outward(directions: Floats, support: Floats, allowed: float) -> tuple[Floats, Floats]:
    """Directions and support values of a polygon with fewer facets that contains the given one and exceeds each dropped facet
    by at most `allowed`. No two facets that stay are opposite without another between them."""
    kept = np.ones(len(directions), dtype=np.bool_)
    _drop_facets(directions, support, allowed, kept)
    return directions[kept], support[kept]


@checked
def _drop_facets(d: Floats, h: Floats, allowed: float, kept: Booleans) -> None:
    """Strikes facets off `kept`, round by round."""
    size, count = len(d), len(d)
    before, after = np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64)
    # dropped facets lie between their neighbours that stay; what each may still be exceeded by
    left, over = np.empty(size), np.empty(size)
    drop, chosen = np.empty(size, dtype=np.bool_), np.empty(size, dtype=np.bool_)
    for k in range(size):
        before[k], after[k], left[k] = (k - 1) % size, (k + 1) % size, allowed
    while count > 3:
        for k in range(size):
            if kept[k]:
                over[k] = _excess_without(d, h, before[k], k, after[k])
                drop[k] = over[k] <= left[k]
        # of two neighbours only one goes at a time, the one that matters less
        found = False
        for k in range(size):
            chosen[k] = kept[k] and drop[k]
            if chosen[k]:
                for n in (before[k], after[k]):
                    if drop[n] and (over[n] < over[k] or (over[n] == over[k] and n < k)):
                        chosen[k] = False
            found = found or chosen[k]
        if not found:
            break
        for k in range(size):
            if chosen[k] and count > 3:
                for n in (before[k], after[k]):
                    left[n] = min(left[n], left[k] - max(over[k], 0.0))
                kept[k], count = False, count - 1
                before[after[k]], after[before[k]] = before[k], after[k]


@checked_part
def _excess_without(d: Floats, h: Floats, before: int, k: int, after: int) -> float:
    """By how much the polygon without facet k exceeds it; inf where the neighbours do not meet beyond it."""
    det = d[before, 0] * d[after, 1] - d[before, 1] * d[after, 0]
    if det <= 1e-12:
        return np.inf
    a = d[k, 0] * d[after, 1] - d[k, 1] * d[after, 0]
    b = d[before, 0] * d[k, 1] - d[before, 1] * d[k, 0]
    return float((a * h[before] + b * h[after]) / det - h[k])


def distinct(points: Floats, least: float) -> Integers:
    """Indices of the vertices of a polygon given by points that go round it: repeated points and points within `least` of the
    line through their neighbours, or inside it, are left out. Dropping points only shrinks a convex polygon."""
    keep = np.arange(max(len(points), 1))
    return keep[: _strike_out(points, least, keep)]


@checked
def _strike_out(points: Floats, least: float, keep: Integers) -> int:
    """Moves the indices that stay to the front of `keep`; how many they are."""
    size = 0
    for k in range(len(points)):
        if max(abs(points[k, 0] - points[k - 1, 0]), abs(points[k, 1] - points[k - 1, 1])) > least:
            keep[size], size = k, size + 1
    if size == 0:
        keep[0], size = 0, 1
    n = 0
    while n < size and size > 2:
        if _dispensable(points[keep[n - 1 if n > 0 else size - 1]], points[keep[n]], points[keep[(n + 1) % size]], least):
            for m in range(n, size - 1):
                keep[m] = keep[m + 1]
            size, n = size - 1, 0
        else:
            n += 1
    if size == 2:
        one, two = points[keep[0]], points[keep[1]]
        if max(abs(one[0] - two[0]), abs(one[1] - two[1])) <= least:
            size = 1
    return size


@checked_part
def _dispensable(a: Floats, b: Floats, c: Floats, least: float) -> bool:
    """Whether b stands within `least` of the line from a to c, or inside it."""
    chord = c[0] - a[0], c[1] - a[1]
    length = np.hypot(chord[0], chord[1])
    if length <= least:
        return bool(np.hypot(b[0] - a[0], b[1] - a[1]) <= least)
    aside = (chord[1] * (b[0] - a[0]) - chord[0] * (b[1] - a[1])) / length
    # beyond the chord's ends a point is a far end of a sliver
    along = chord[0] * (b[0] - a[0]) + chord[1] * (b[1] - a[1])
    beyond = along < 0.0 or along > length * length
    return bool(aside <= least and not beyond)


def as_drawn(polygon: Floats, thin: float) -> Floats:
    """The polygon, or its middle if it is smaller than `thin`, or its two most distant vertices if it is thinner than that."""
    a, b = _farthest(polygon)
    apart = float(np.linalg.norm(polygon[b] - polygon[a]))
    if apart <= thin:
        return np.asarray(polygon.mean(axis=0, keepdims=True))
    along = (polygon[b] - polygon[a]) / apart
    aside = (polygon - polygon[a]) @ np.array([along[1], -along[0]])
    return polygon[[a, b]] if np.ptp(aside) <= thin else polygon


@checked
def _farthest(points: Floats) -> tuple[int, int]:
    """The first of the pairs of points that are farthest from each other."""
    most, first, second = -1.0, 0, 0
    for a in range(len(points)):
        for b in range(a, len(points)):
            x, y = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1]
            if x * x + y * y > most:
                most, first, second = x * x + y * y, a, b
    return first, second


def distance(points: Floats, polygon: Floats) -> Floats:
    """(P,): Euclidean distance of each point (P, 2) to the polygon; inf if it is empty."""
    apart = np.full(len(points), np.inf)
    if len(polygon):
        _measure(np.ascontiguousarray(points), np.ascontiguousarray(polygon), apart)
    return apart


@checked
def _measure(points: Floats, polygon: Floats, apart: Floats) -> None:
    """apart[p] = distance of points[p] to the polygon."""
    size = len(polygon)
    for p in range(len(points)):
        nearest, inside = np.inf, size > 2
        for k in range(size):
            a, b = polygon[k], polygon[k + 1 if k + 1 < size else 0]
            x, y = b[0] - a[0], b[1] - a[1]
            u, v = points[p, 0] - a[0], points[p, 1] - a[1]
            length = x * x + y * y
            share = min(max((u * x + v * y) / length, 0.0), 1.0) if length > 0.0 else 0.0
            inside = inside and x * v - y * u >= 0.0
            u, v = u - share * x, v - share * y
            nearest = min(nearest, u * u + v * v)
        apart[p] = 0.0 if inside else np.sqrt(nearest)


def edge_normals(points: Floats, least: float) -> tuple[Floats, Integers]:
    """Outward unit normals of the edges longer than `least` between points that go round a polygon, and where each edge
    starts."""
    along = np.roll(points, -1, axis=0) - points
    length = np.hypot(along[:, 0], along[:, 1])
    at = np.flatnonzero(length > least)
    return np.column_stack([along[at, 1], -along[at, 0]]) / length[at, None], at
