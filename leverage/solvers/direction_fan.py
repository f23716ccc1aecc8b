"""The common directions on which payoff polygons are held, in counter-clockwise order from e_1."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from leverage.game.stochastic_game import Booleans, Floats, Integers

#: Directions closer than this angle count as one: a facet turned by it moves by less than this fraction of its length.
LEAST_ANGLE = 1e-9

#: How far from a direction, as a part of the cone, its side vectors stand: near enough to see the points that the direction
#: itself touches.
SIDE = 1e-3


@dataclass(frozen=True, eq=False)
class DirectionFan:
    """K unit vectors, `directions` (K, 2), by increasing angle from e_1; the four axes are among them."""

    directions: Floats
    _known: dict[tuple[str, float, float], tuple[Floats, Integers, Floats]] = field(default_factory=dict, repr=False)

    @classmethod
    def even(cls, count: int) -> DirectionFan:
        """`count` directions evenly spread; a multiple of 4."""
        angles = 2 * np.pi * np.arange(count) / count
        d = np.column_stack([np.cos(angles), np.sin(angles)])
        quarter = count // 4
        d[[0, quarter, 2 * quarter, 3 * quarter]] = [[1, 0], [0, 1], [-1, 0], [0, -1]]
        return cls(d)

    @property
    def size(self) -> int:
        return len(self.directions)

    @cached_property
    def angles(self) -> Floats:
        """(K,) in [0, 2 pi)."""
        return angle(self.directions)

    @cached_property
    def marks(self) -> Integers:
        """Where e_2, -e_1 and -e_2 stand."""
        d = self.directions
        return np.array(
            [
                np.flatnonzero((d[:, 0] == 0) & (d[:, 1] > 0))[0],
                np.flatnonzero((d[:, 1] == 0) & (d[:, 0] < 0))[0],
                np.flatnonzero((d[:, 0] == 0) & (d[:, 1] < 0))[0],
            ],
            dtype=np.int64,
        )

    def cones(self, vectors: Floats) -> tuple[Integers, Floats]:
        """For each vector (Q, 2) the j with the vector between d_j and d_j+1, and its two weights (Q, 2) >= 0 on them.

        The zero vector gets weights 0.
        """
        d = self.directions
        cone = (np.searchsorted(self.angles, angle(vectors), side="right") - 1) % self.size
        first, second = d[cone], d[(cone + 1) % self.size]
        det = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
        b = np.maximum(first[:, 0] * vectors[:, 1] - first[:, 1] * vectors[:, 0], 0.0) / det
        # in a narrow cone the quotient is inexact; what it leaves along d_j makes the sum exact all the same
        a = np.einsum("qd,qd->q", vectors - b[:, None] * second, first)
        return cone.astype(np.int64), np.maximum(np.column_stack([a, b]), 0.0)

    @cached_property
    def sides(self) -> Floats:
        """(2 K, 2): within each cone a unit vector close to its first and one close to its second direction, in order round the
        circle."""
        first, second = self.directions, np.roll(self.directions, -1, axis=0)
        pairs = np.stack([first + SIDE * (second - first), second + SIDE * (first - second)], axis=1).reshape(-1, 2)
        return np.asarray(pairs / np.linalg.norm(pairs, axis=1, keepdims=True))

    def side_of(self, vectors: Floats) -> Integers:
        """(Q,): the side, in the order of `sides`, that is nearest to each vector (Q, 2)."""
        cone, plain = self.cones(vectors)
        return np.asarray(2 * cone + (plain[:, 1] > plain[:, 0]), dtype=np.int64)

    def discounted(self, delta: Floats) -> tuple[Floats, Integers, Floats]:
        """The directions scaled by the players' discount factors (K, 2), the cones in which they lie, and their weights there."""
        key = ("directions", float(delta[0]), float(delta[1]))
        if key not in self._known:
            query = self.directions * delta
            self._known[key] = (query, *self.cones(query))
        return self._known[key]

    def discounted_sides(self, delta: Floats) -> tuple[Floats, Integers]:
        """The sides scaled by the discount factors (2 K, 2), and the sides nearest to them."""
        key = ("sides", float(delta[0]), float(delta[1]))
        if key not in self._known:
            query = self.sides * delta
            self._known[key] = (query, self.side_of(query), query)
        query, side, _ = self._known[key]
        return query, side

    def with_more(self, vectors: Floats) -> tuple[DirectionFan, Booleans]:
        """The fan with further unit vectors (those that are new), and (K',) which of its directions are new."""
        new = vectors[np.argsort(angle(vectors), kind="stable")]
        every = np.concatenate([self.directions, new])
        added = np.concatenate([np.zeros(self.size, dtype=bool), np.ones(len(new), dtype=bool)])
        order = np.argsort(angle(every), kind="stable")
        every, added = every[order], added[order]
        angles = angle(every)
        keep = np.ones(len(every), dtype=bool)
        last = 0
        for k in range(1, len(every)):
            if angles[k] - angles[last] > LEAST_ANGLE:
                last = k
            elif added[k]:
                keep[k] = False
            else:
                keep[last] = not added[last]
                last = k
        keep &= ~(added & (2 * np.pi - angles < LEAST_ANGLE))
        return DirectionFan(every[keep]), added[keep]


def angle(vectors: Floats) -> Floats:
    """(Q,) angles in [0, 2 pi)."""
    found = np.arctan2(vectors[:, 1], vectors[:, 0])
    return np.where(found < 0, np.minimum(found + 2 * np.pi, np.nextafter(2 * np.pi, 0)), found)
