"""Convex polygons of payoff pairs: vertices from support values, simplification to the safe side, distances.

A polygon is an array (K, 2) of vertices in counter-clockwise order; 0, 1 and 2 of them are ordinary.
"""

from __future__ import annotations

import numpy as np

from leverage.game.stochastic_game import Floats, Integers


def corners(directions: Floats, support: Floats) -> Floats:
    """(..., K, 2): where the lines d_k . x = support[..., k] and d_k+1 . x = support[..., k + 1] meet."""
    first, second = directions, np.roll(directions, -1, axis=0)
    one, two = support, np.roll(support, -1, axis=-1)
    det = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    return np.stack([(one * second[:, 1] - two * first[:, 1]) / det, (two * first[:, 0] - one * second[:, 0]) / det], axis=-1)


def simplified_outward(directions: Floats, support: Floats, allowed: float) -> tuple[Floats, Floats]:
    """Directions and support values of a polygon with fewer facets that contains the given one and exceeds each dropped facet
    by at most `allowed`. No two facets that stay are opposite without another between them."""
    d, h = directions, support
    # dropped facets lie between their neighbours that stay; what each may still be exceeded by
    left = np.full(len(d), allowed)
    while len(d) > 3:
        over = _excess_without(d, h)
        drop = over <= left
        # of two neighbours only one goes at a time
        chosen = np.zeros(len(d), dtype=bool)
        for k in np.argsort(over, kind="stable"):
            if drop[k] and not chosen[k - 1] and not chosen[(k + 1) % len(d)]:
                chosen[k] = True
        if not chosen.any():
            break
        if chosen.sum() > len(d) - 3:
            chosen[np.flatnonzero(chosen)[: chosen.sum() - (len(d) - 3)]] = False
        for k in np.flatnonzero(chosen):
            for n in (k - 1, (k + 1) % len(d)):
                left[n] = min(left[n], left[k] - max(over[k], 0.0))
        d, h, left = d[~chosen], h[~chosen], left[~chosen]
    return d, h


def _excess_without(d: Floats, h: Floats) -> Floats:
    """(K,): by how much the polygon without facet k exceeds it; inf where the neighbours do not meet beyond it."""
    before, after = np.roll(d, 1, axis=0), np.roll(d, -1, axis=0)
    det = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    a = d[:, 0] * after[:, 1] - d[:, 1] * after[:, 0]
    b = before[:, 0] * d[:, 1] - before[:, 1] * d[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        over = (a * np.roll(h, 1) + b * np.roll(h, -1)) / det - h
    return np.where(det > 1e-12, over, np.inf)


def distinct(points: Floats, least: float) -> Integers:
    """Indices of the vertices of a polygon given by points that go round it: repeated points and points within `least` of the
    line through their neighbours, or inside it, are left out. Dropping points only shrinks a convex polygon."""
    keep = [int(k) for k in range(len(points)) if np.max(np.abs(points[k] - points[k - 1])) > least] or [0]
    changed = True
    while changed and len(keep) > 2:
        changed = False
        for n in range(len(keep)):
            a, b, c = points[keep[n - 1]], points[keep[n]], points[keep[(n + 1) % len(keep)]]
            chord = c - a
            length = float(np.hypot(*chord))
            if length <= least:
                aside = float(np.hypot(*(b - a)))
            else:
                aside = float(chord[1] * (b[0] - a[0]) - chord[0] * (b[1] - a[1])) / length
            # beyond the chord's ends a point is a far end of a sliver
            beyond = length > least and not 0 <= float(chord @ (b - a)) <= length * length
            if aside <= least and not beyond and len(keep) > 2:
                del keep[n]
                changed = True
                break
    if len(keep) == 2 and np.max(np.abs(points[keep[0]] - points[keep[1]])) <= least:
        keep = keep[:1]
    return np.array(keep, dtype=np.intp)


def as_drawn(polygon: Floats, thin: float) -> Floats:
    """The polygon, or its middle if it is smaller than `thin`, or its two most distant vertices if it is thinner than that."""
    apart = np.linalg.norm(polygon[:, None] - polygon[None], axis=2)
    a, b = np.unravel_index(int(np.argmax(apart)), apart.shape)
    if apart[a, b] <= thin:
        return np.asarray(polygon.mean(axis=0, keepdims=True))
    along = (polygon[b] - polygon[a]) / apart[a, b]
    aside = (polygon - polygon[a]) @ np.array([along[1], -along[0]])
    return polygon[[a, b]] if np.ptp(aside) <= thin else polygon


def distance(points: Floats, polygon: Floats) -> Floats:
    """(P,): Euclidean distance of each point (P, 2) to the polygon; inf if it is empty."""
    if not len(polygon):
        return np.full(len(points), np.inf)
    start, along = polygon, np.roll(polygon, -1, axis=0) - polygon
    length = np.einsum("kd,kd->k", along, along)
    offset = points[:, None, :] - start
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.clip(np.where(length > 0, np.einsum("pkd,kd->pk", offset, along) / length, 0.0), 0.0, 1.0)
    to_edge = np.linalg.norm(offset - share[..., None] * along, axis=2).min(axis=1)
    if len(polygon) < 3:
        return np.asarray(to_edge)
    inside = np.all(along[:, 0] * offset[..., 1] - along[:, 1] * offset[..., 0] >= 0, axis=1)
    return np.where(inside, 0.0, to_edge)


def edge_normals(points: Floats, least: float) -> tuple[Floats, Integers]:
    """Outward unit normals of the edges longer than `least` between points that go round a polygon, and where each edge
    starts."""
    along = np.roll(points, -1, axis=0) - points
    length = np.hypot(along[:, 0], along[:, 1])
    at = np.flatnonzero(length > least)
    return np.column_stack([along[at, 1], -along[at, 0]]) / length[at, None], at
