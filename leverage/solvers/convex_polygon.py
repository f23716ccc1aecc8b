"""Convex polygons in the plane of two players' payoffs, as far as bargaining needs them.

A polygon is an array (K, 2) of vertices, counter-clockwise; K = 0 is the empty set, 1 a point, 2 a segment. Repeated vertices and
vertices on a side are allowed: rounding makes them.
"""

from __future__ import annotations

import numpy as np

from leverage.game.stochastic_game import Floats, Integers


def clip(polygon: Floats, normal: Floats, level: float) -> Floats:
    """The part of a polygon in the half-plane normal . v >= level, shape (K', 2).

    Source: Sutherland and Hodgman (1974), one half-plane.

    Examples
    --------
    >>> triangle = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])
    >>> clip(triangle, np.array([1.0, 0.0]), 3.0).tolist()
    [[3.0, 0.0], [4.0, 0.0], [3.0, 1.0]]
    """
    if not len(polygon):
        return polygon
    height = polygon @ normal - level
    kept = height >= 0
    if kept.all():
        return polygon
    following, next_height = np.roll(polygon, -1, axis=0), np.roll(height, -1)
    corners: list[Floats] = []
    for k in range(len(polygon)):
        if kept[k]:
            corners.append(polygon[k])
        if kept[k] != (next_height[k] >= 0):
            # counted from the kept end whichever way the side runs, so that both passes over a segment give the same point
            inside = (polygon[k], height[k], following[k], next_height[k])
            a, high, b, low = inside if kept[k] else (*inside[2:], *inside[:2])
            corners.append(a + (b - a) * (high / (high - low)))
    return _without_repetitions(corners)


def _without_repetitions(corners: list[Floats]) -> Floats:
    distinct = [c for c, before in zip(corners, corners[-1:] + corners[:-1], strict=True) if np.any(c != before)]
    if not distinct:
        distinct = corners[:1]
    return np.array(distinct, dtype=np.float64).reshape(-1, 2)


def above(polygon: Floats, point: Floats) -> Floats:
    """The part of a polygon in which both coordinates are at least those of `point`."""
    return clip(clip(polygon, np.array([1.0, 0.0]), float(point[0])), np.array([0.0, 1.0]), float(point[1]))


def swapped(polygon: Floats) -> Floats:
    """The polygon with the players' coordinates exchanged, counter-clockwise again."""
    return polygon[::-1, ::-1]


def upper_chain(polygon: Floats) -> Floats:
    """The upper side of a non-empty polygon from left to right, (M, 2): abscissae do not decrease, and `np.interp` on it is the
    largest second coordinate at a given first one."""
    x, y = polygon.T
    left, right = np.lexsort((-y, x))[0], np.lexsort((y, x))[-1]
    chain: Floats = polygon[(right + np.arange((left - right) % len(polygon) + 1)) % len(polygon)][::-1].copy()
    chain[:, 0] = np.maximum.accumulate(chain[:, 0])
    return chain


def largest_share(polygon: Floats, base: Floats, reach: Floats, tie: float) -> tuple[float, Floats]:
    """The largest t such that some point of a non-empty polygon is at least base + t * reach in both coordinates, and the point.

    Parameters
    ----------
    base, reach : (2,), reach >= 0; a coordinate with reach 0 only has to reach the base (both 0: t is inf where that is
    possible).
    tie : points that miss the largest share by no more than this in either coordinate count as tied; of those the one with the
        largest sum is returned, so that what is left over after the larger share is not wasted.

    Notes
    -----
    t is the maximum of min_i (v_i - base_i) / reach_i, a concave function of v which on a side is largest at an end or where its
    two parts are equal; so vertices and those crossings are all that has to be tried.

    Examples
    --------
    >>> triangle = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 2.0]])
    >>> share, point = largest_share(triangle, np.zeros(2), np.array([4.0, 2.0]), 0.0)
    >>> share, point.tolist()
    (0.5, [2.0, 1.0])
    """
    candidates = np.concatenate([polygon, _crossings(polygon, base, reach)])
    gains = candidates - base
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(reach > 0, gains / reach, np.where(gains >= 0, np.inf, -np.inf)).min(axis=1)
    share = float(shares.max())
    target = np.where(reach > 0, share * np.where(reach > 0, reach, 1.0), 0.0) if np.isfinite(share) else np.zeros(2)
    tied = (shares == share) | np.all(gains >= target - tie, axis=1)
    best = int(np.argmax(np.where(tied, gains.sum(axis=1), -np.inf)))
    return share, candidates[best]


def _crossings(polygon: Floats, base: Floats, reach: Floats) -> Floats:
    """Points of the sides that lie on the line through `base` in direction `reach`."""
    a, b = polygon, np.roll(polygon, -1, axis=0)
    left, right = ((p - base) @ np.array([-reach[1], reach[0]]) for p in (a, b))
    crossed = np.flatnonzero(left * right < 0)
    part = (left[crossed] / (left[crossed] - right[crossed]))[:, None]
    return np.asarray(a[crossed] + part * (b[crossed] - a[crossed]))


def lottery(polygon: Floats, point: Floats, tie: float) -> tuple[Integers, Floats]:
    """The vertices (at most two, increasing indices) and weights of the point nearest to `point` on the boundary of a non-empty
    polygon; a vertex whose distance from it is at most `tie` is taken alone."""
    distance = np.linalg.norm(polygon - point, axis=1)
    nearest = int(np.argmin(distance))
    if distance[nearest] <= tie or len(polygon) == 1:
        return np.array([nearest], dtype=np.intp), np.ones(1)
    following = np.roll(np.arange(len(polygon)), -1)
    side = polygon[following] - polygon
    length = np.sum(side**2, axis=1)
    part = np.clip(np.sum((point - polygon) * side, axis=1) / np.where(length > 0, length, 1.0), 0.0, 1.0)
    k = int(np.argmin(np.linalg.norm(polygon + part[:, None] * side - point, axis=1)))
    ends, weights = np.array([k, following[k]], dtype=np.intp), np.array([1 - part[k], part[k]])
    order = np.argsort(ends)
    kept = order[weights[order] > 0]
    return ends[kept], weights[kept]
