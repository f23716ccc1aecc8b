"""Kernel of repeated games with a common discount factor: the extreme points of their equilibrium payoff set.

By Abreu and Sannikov (2014, Theorem 1) an extreme point v of the set V is either a payoff g(a) that is played for ever, or
(1 - delta) g(a) + delta w where w is an extreme point of what the constraints w_i >= t_i leave of V and meets one of them as an
equation: w is where a line w_i = t_i crosses the boundary of V, or the corner of both lines. So V is held by its vertices alone:
no directions, no linear programmes. Where g(a) meets the constraints itself, all else that the profile promises lies between
g(a) and a point of V.

Each vertex remembers its profile and where its continuation was found. Once two steps in a row find the same profiles and places
in the same order, the vertices are *followed*: profiles and edges stay, numbers move. That makes a sweep linear in the vertices
instead of profiles times vertices.

Nothing is proved here, and following can overtake the set: what comes out is a guess that others prove from both sides.

Scalar loops only: what numpy does inside compiled code costs seconds to compile.
"""

from __future__ import annotations

import numpy as np

from leverage.game.stochastic_game import Floats, Integers
from leverage.solvers.kernel_kinds import checked, checked_part
from leverage.solvers.vertex_kernel import convex_rounds

#: Points that a profile promises at most: two on each line, and their corner.
ROOM = 5

#: Sweeps of following, at most.
MOST_SWEEPS = 100_000

#: A place leaves its edge where the product of its distances from both ends, along the constraint, is below minus this.
OFF_EDGE = 1e-24

#: What a vertex goes on with: itself; where the round of the polygon leaves what player 1's constraint allows, or enters it; the
#: same for player 2's; the corner of both.
STAYS, LEAVES_FIRST, ENTERS_FIRST, LEAVES_SECOND, ENTERS_SECOND, CORNER = 0, 1, 2, 3, 4, 5


@checked
def repeated_points(
    payoff: Floats,
    more: Floats,
    delta: float,
    margin: float,
    least: float,
    enough: float,
    most: int,
    values: Floats,
    after: Floats,
    row: Integers,
) -> tuple[int, int]:
    """The vertices of the set of a repeated game, counter-clockwise: what they pay, values (M, 2), what their continuation pays,
    after (M, 2), and their profile, row (M,). Returns how many they are, 0 if none is left or the steps were spent, and the
    number of steps.

    payoff: (R, 2) of the profiles that may be prescribed. more: (2, R) how much more than its worst a continuation has to pay
    player i after row r; -inf where it has no departure. margin: numbers that differ by less are equal where a constraint is met.
    least: points that are nearer are one. enough: vertices that move by less have settled. most: steps at most. M: ROOM R.
    """
    room = len(values)
    points, promise, origin = np.empty((room, 2)), np.empty((room, 2)), np.empty((room, 4), dtype=np.int64)
    order, rounds = np.empty(room, dtype=np.int64), np.empty(2 * room + 2, dtype=np.int64)
    held = np.empty((room, 4), dtype=np.int64)
    count, size = len(payoff), 0
    for r in range(count):
        points[r, 0], points[r, 1] = payoff[r, 0], payoff[r, 1]
        origin[r, 0], origin[r, 1] = r, STAYS
    for step in range(most):
        found = _hull(points, count, least, order, rounds)
        same, moved = found == size, 0.0
        size = found
        for n in range(size):
            k = rounds[n]
            same = same and held[n, 0] == origin[k, 0] and held[n, 1] == origin[k, 1]
            moved = max(moved, abs(values[n, 0] - points[k, 0]), abs(values[n, 1] - points[k, 1]))
            values[n, 0], values[n, 1] = points[k, 0], points[k, 1]
            after[n, 0], after[n, 1] = promise[k, 0], promise[k, 1]
            for m in range(4):
                held[n, m] = origin[k, m]
        if same and moved <= enough:
            for n in range(size):
                row[n] = held[n, 0]
            return size, step
        if same:
            _follow(values, size, held, payoff, more, delta, enough * (1.0 - delta))
        count = extreme_promises(values, size, payoff, more, delta, margin, points, promise, origin)
        if count == 0:
            return 0, step
    return 0, most


@checked
def extreme_promises(
    corner: Floats,
    size: int,
    payoff: Floats,
    more: Floats,
    delta: float,
    margin: float,
    points: Floats,
    after: Floats,
    origin: Integers,
) -> int:
    """One step of the operator: the points (M, 2) that profiles promise, their continuations, and their origins (M, 4): profile,
    what it goes on with, and the two vertices between which that lies. Returns how many there are.

    corner: (M, 2), of which the first `size` are the vertices of the set, counter-clockwise.
    """
    first, second = _worst(corner, size)
    most0, most1 = -np.inf, -np.inf
    for k in range(size):
        most0, most1 = max(most0, corner[k, 0]), max(most1, corner[k, 1])
    count = 0
    for r in range(len(payoff)):
        t0, t1 = first + more[0, r], second + more[1, r]
        if t0 > most0 + margin or t1 > most1 + margin:
            continue
        # a line along the last edge could miss one of its ends by rounding
        t0, t1 = min(t0, most0 - margin), min(t1, most1 - margin)
        if payoff[r, 0] >= t0 - margin and payoff[r, 1] >= t1 - margin:
            after[count, 0], after[count, 1] = payoff[r, 0], payoff[r, 1]
            origin[count, 0], origin[count, 1] = r, STAYS
            count += 1
            continue
        begin = count
        bottom, top = np.inf, -np.inf
        for k in range(size):
            b = k - 1 if k > 0 else size - 1
            x, y, u, v = corner[b, 0], corner[b, 1], corner[k, 0], corner[k, 1]
            if (x >= t0) != (u >= t0):
                across = y + (x - t0) / (x - u) * (v - y)
                bottom, top = min(bottom, across), max(top, across)
                if across >= t1 - margin:
                    after[count, 0], after[count, 1] = t0, across
                    origin[count, 1], origin[count, 2], origin[count, 3] = LEAVES_FIRST if x >= t0 else ENTERS_FIRST, b, k
                    count += 1
            if (y >= t1) != (v >= t1):
                across = x + (y - t1) / (y - v) * (u - x)
                if across >= t0 - margin:
                    after[count, 0], after[count, 1] = across, t1
                    origin[count, 1], origin[count, 2], origin[count, 3] = LEAVES_SECOND if y >= t1 else ENTERS_SECOND, b, k
                    count += 1
        if bottom <= t1 <= top:
            after[count, 0], after[count, 1] = t0, t1
            origin[count, 1] = CORNER
            count += 1
        for n in range(begin, count):
            origin[n, 0] = r
    for n in range(count):
        r = origin[n, 0]
        points[n, 0] = (1.0 - delta) * payoff[r, 0] + delta * after[n, 0]
        points[n, 1] = (1.0 - delta) * payoff[r, 1] + delta * after[n, 1]
    return count


@checked_part
def _follow(corner: Floats, size: int, origin: Integers, payoff: Floats, more: Floats, delta: float, enough: float) -> None:
    """Sweeps, in place: each vertex becomes what its profile and the place of its continuation now pay, until none moves by more
    than `enough` or a place leaves its edge."""
    moved = np.empty((size, 2))
    for _ in range(MOST_SWEEPS):
        first, second = _worst(corner, size)
        change = 0.0
        for n in range(size):
            r, what, b, k = origin[n, 0], origin[n, 1], origin[n, 2], origin[n, 3]
            x, y = first + more[0, r], second + more[1, r]
            if what == STAYS:
                x, y = payoff[r, 0], payoff[r, 1]
            elif what != CORNER:
                i = 0 if what <= ENTERS_FIRST else 1
                t = x if i == 0 else y
                before, beyond = corner[b, i] - t, t - corner[k, i]
                if not before * beyond >= -OFF_EDGE:
                    return
                share = before / (before + beyond) if before != 0.0 else 0.0
                across = corner[b, 1 - i] + share * (corner[k, 1 - i] - corner[b, 1 - i])
                x, y = (t, across) if i == 0 else (across, t)
            moved[n, 0], moved[n, 1] = (1.0 - delta) * payoff[r, 0] + delta * x, (1.0 - delta) * payoff[r, 1] + delta * y
            change = max(change, abs(moved[n, 0] - corner[n, 0]), abs(moved[n, 1] - corner[n, 1]))
        for n in range(size):
            corner[n, 0], corner[n, 1] = moved[n, 0], moved[n, 1]
        if change <= enough:
            return


@checked_part
def _worst(corner: Floats, size: int) -> tuple[float, float]:
    """The least that each player gets at a vertex."""
    first, second = np.inf, np.inf
    for n in range(size):
        first, second = min(first, corner[n, 0]), min(second, corner[n, 1])
    return first, second


@checked
def _hull(points: Floats, count: int, least: float, order: Integers, rounds: Integers) -> int:
    """The vertices of the hull of the first `count` points, counter-clockwise, into `rounds`; how many they are."""
    left = _outside(points, count, least, order)
    gap = 1
    while gap < left // 3:
        gap = 3 * gap + 1
    while gap > 0:  # Shell (1959), by the first coordinate and then by the second
        for n in range(gap, left):
            k, m = order[n], n
            x, y = points[k, 0], points[k, 1]
            while m >= gap:
                other = order[m - gap]
                if points[other, 0] < x or (points[other, 0] == x and points[other, 1] <= y):
                    break
                order[m] = other
                m -= gap
            order[m] = k
        gap //= 3
    start, round_start = np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.int64)
    start[1] = left
    convex_rounds(points, order, start, least, rounds, round_start)
    return int(round_start[1])


@checked_part
def _outside(points: Floats, count: int, least: float, order: Integers) -> int:
    """Writes to `order` which of the first `count` points are not deeper than `least` inside the octagon of the farthest ones in
    eight directions (Akl and Toussaint 1978); how many they are: most points need not be sorted."""
    far = np.zeros(8, dtype=np.int64)
    most = np.full(8, -np.inf)
    for k in range(count):
        x, y = points[k, 0], points[k, 1]
        for n, worth in enumerate((x, x + y, y, y - x, -x, -x - y, -y, x - y)):
            if worth > most[n]:
                most[n], far[n] = worth, k
    side, sides = np.empty((8, 4)), 0
    for n in range(8):
        x, y = points[far[n], 0], points[far[n], 1]
        dx, dy = points[far[(n + 1) % 8], 0] - x, points[far[(n + 1) % 8], 1] - y
        if dx != 0.0 or dy != 0.0:
            side[sides, 0], side[sides, 1], side[sides, 2], side[sides, 3] = x, y, dx, dy
            sides += 1
    left = 0
    for k in range(count):
        order[left] = k
        deep = sides > 0
        for n in range(sides):
            if side[n, 2] * (points[k, 1] - side[n, 1]) - side[n, 3] * (points[k, 0] - side[n, 0]) <= least:
                deep = False
                break
        if not deep:
            left += 1
    return left
