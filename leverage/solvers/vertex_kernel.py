"""Kernel of the equilibrium-set solver: which points a plan can promise, given the points that it can promise next period.

A set in each state is held by points v[s, j], the best one in the middle of each cone of the common directions. In that order
the means E_j = sum_s' p(s') v[s', j] go round the convex set of continuation payoffs. A player's incentive constraint is a line
that cuts it; the best point of what is left is a mean E_j, a lottery between two neighbours where a line crosses the boundary,
or the corner of both lines, a lottery between two such crossings. What was chosen is recorded, because it is the next step of a
plan.
"""

from __future__ import annotations

import numpy as np

from leverage.game.stochastic_game import Booleans, Floats, Integers
from leverage.solvers.kernel_kinds import checked, checked_part

#: A point that is nearer than this to the boundary of a polygon (fraction of a player's payoff range) is on it.
NEGLIGIBLE = 1e-14

#: A point that is nearer than this to the edge below or above it, or to a neighbour of that edge, has no nearer one.
NEARBY = 1e-10


@checked
def promise_step(
    v: Floats,
    cone: Integers,
    query: Floats,
    toward: Floats,
    rows: Integers,
    row_start: Integers,
    indptr: Integers,
    indices: Integers,
    data: Floats,
    reward: Floats,
    delta: Floats,
    asked: Floats,
    margin: float,
    out: Floats,
    chosen: Integers,
    nodes: Integers,
    weights: Floats,
    bound_by: Integers,
    slope: Floats,
) -> None:
    """out[s, k] = best point toward[k] that state s can promise; chosen[s, k] its row (-1: none), nodes and weights (S, K, 4)
    its continuation.

    bound_by: whose constraint binds there (-1 nobody's, 2 both), slope: of the edge on which it lies, second coordinate by
    first where the first player's binds, else first by second. rows[row_start[s]] to rows[row_start[s + 1]]: the rows of state s
    that count; after the best ones most others are soon done with. asked[i, r]: what player i's continuation must be at least in
    row r.
    """
    size = len(cone)
    column, side = np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64)
    count = _columns(v, column, side)
    # one array a coordinate, so that the sums run over adjacent numbers
    v0, v1 = np.empty((len(v), count)), np.empty((len(v), count))
    for s in range(len(v)):
        for k in range(count):
            v0[s, k], v1[s, k] = v[s, side[k], 0], v[s, side[k], 1]
    q0, q1, d0, d1 = query[:, 0].copy(), query[:, 1].copy(), toward[:, 0].copy(), toward[:, 1].copy()
    near, before, after = np.empty(size, dtype=np.uint64), np.empty(size, dtype=np.uint64), np.empty(size, dtype=np.uint64)
    for k in range(size):
        near[k], before[k], after[k] = column[cone[k]], column[cone[k] - 1], column[(cone[k] + 1) % size]
    e0, e1 = np.empty(count), np.empty(count)
    place = np.empty((4, 2))
    part = np.empty(4)
    edge = np.empty(4, dtype=np.int64)
    good = np.empty(4, dtype=np.int64)
    best, free = np.empty(size), np.empty(size)
    for s in range(len(v)):
        for k in range(size):
            chosen[s, k] = -1
            best[k] = -np.inf
        for turn in range(row_start[s], row_start[s + 1]):
            r = rows[turn]
            _mean_of(r, indptr, indices, data, v0, e0)
            _mean_of(r, indptr, indices, data, v1, e1)
            # without its constraints a row promises at least as much: most rows end here
            # counted, not left at the first one: that is what a processor does several at a time
            hits = 0
            for k in range(size):
                most = q0[k] * e0[near[k]] + q1[k] * e1[near[k]]
                most = max(most, q0[k] * e0[before[k]] + q1[k] * e1[before[k]])
                most = max(most, q0[k] * e0[after[k]] + q1[k] * e1[after[k]])
                free[k] = reward[r, 0] * d0[k] + reward[r, 1] * d1[k] + most
                hits += free[k] > best[k]
            if hits == 0:
                continue
            most0, most1 = -np.inf, -np.inf
            for k in range(count):
                most0 = max(most0, e0[k])
                most1 = max(most1, e1[k])
            t0, t1 = asked[0, r], asked[1, r]
            if t0 > most0 + margin or t1 > most1 + margin:
                continue
            t0, t1 = min(t0, most0), min(t1, most1)
            for n in range(4):
                edge[n] = -1
                good[n] = 0
            top = -np.inf
            for k in range(count):
                b = k - 1 if k > 0 else count - 1
                if e0[k] >= t0:
                    top = max(top, e1[k])
                if (e0[b] >= t0) != (e0[k] >= t0):
                    n = 0 if e0[k] < t0 else 1
                    share = (e0[b] - t0) / (e0[b] - e0[k])
                    y = e1[b] + share * (e1[k] - e1[b])
                    top = max(top, y)
                    # rounding can bend the round: the outermost crossing counts
                    if edge[n] < 0 or (y > place[n, 1]) == (n == 0):
                        edge[n], part[n], place[n, 0], place[n, 1] = k, share, t0, y
            if t1 > top + margin:
                continue
            t1 = min(t1, top)
            for k in range(count):
                b = k - 1 if k > 0 else count - 1
                if (e1[b] >= t1) != (e1[k] >= t1):
                    n = 2 if e1[k] < t1 else 3
                    share = (e1[b] - t1) / (e1[b] - e1[k])
                    x = e0[b] + share * (e0[k] - e0[b])
                    if edge[n] < 0 or (x < place[n, 0]) == (n == 2):
                        edge[n], part[n], place[n, 0], place[n, 1] = k, share, x, t1
            for n in range(4):
                if edge[n] >= 0 and place[n, 0] >= t0 and place[n, 1] >= t1:
                    good[n] = 1
            corner = edge[0] >= 0 and edge[1] >= 0 and place[0, 1] >= t1 >= place[1, 1]
            for k in range(size):
                if free[k] <= best[k]:
                    continue
                gain = reward[r, 0] * toward[k, 0] + reward[r, 1] * toward[k, 1]
                found, what = -np.inf, -1
                here = e0[near[k]] >= t0 and e1[near[k]] >= t1
                for shift in range(-1, 2):
                    at = near[k] if shift == 0 else (before[k] if shift < 0 else after[k])
                    if e0[at] >= t0 and e1[at] >= t1:
                        total = gain + query[k, 0] * e0[at] + query[k, 1] * e1[at]
                        if total > found:
                            found, what = total, (cone[k] + shift) % size
                if not here:
                    for n in range(4):
                        if good[n] == 1:
                            total = gain + query[k, 0] * place[n, 0] + query[k, 1] * place[n, 1]
                            if total > found:
                                found, what = total, size + n
                    if corner:
                        total = gain + query[k, 0] * t0 + query[k, 1] * t1
                        if total > found:
                            found, what = total, size + 4
                if found <= best[k]:
                    continue
                best[k] = found
                chosen[s, k] = r
                bound_by[s, k] = -1
                slope[s, k] = 0.0
                for n in range(4):
                    nodes[s, k, n] = -1
                    weights[s, k, n] = 0.0
                if what < size:
                    nodes[s, k, 0] = what
                    weights[s, k, 0] = 1.0
                    out[s, k, 0] = reward[r, 0] + delta[0] * e0[column[what]]
                    out[s, k, 1] = reward[r, 1] + delta[1] * e1[column[what]]
                elif what < size + 4:
                    n = what - size
                    j, b = edge[n], edge[n] - 1 if edge[n] > 0 else count - 1
                    bound_by[s, k] = n // 2
                    if n < 2:
                        slope[s, k] = (e1[j] - e1[b]) / (e0[j] - e0[b])
                    else:
                        slope[s, k] = (e0[j] - e0[b]) / (e1[j] - e1[b])
                    nodes[s, k, 0] = (side[j] - 1) % size
                    nodes[s, k, 1] = side[j]
                    weights[s, k, 0] = 1.0 - part[n]
                    weights[s, k, 1] = part[n]
                    out[s, k, 0] = reward[r, 0] + delta[0] * place[n, 0]
                    out[s, k, 1] = reward[r, 1] + delta[1] * place[n, 1]
                else:
                    bound_by[s, k] = 2
                    height = place[0, 1] - place[1, 1]
                    upper = (t1 - place[1, 1]) / height if height > 0.0 else 1.0
                    for n in range(2):
                        share = upper if n == 0 else 1.0 - upper
                        nodes[s, k, 2 * n] = (side[edge[n]] - 1) % size
                        nodes[s, k, 2 * n + 1] = side[edge[n]]
                        weights[s, k, 2 * n] = share * (1.0 - part[n])
                        weights[s, k, 2 * n + 1] = share * part[n]
                    out[s, k, 0] = reward[r, 0] + delta[0] * t0
                    out[s, k, 1] = reward[r, 1] + delta[1] * t1


@checked
def _columns(v: Floats, column: Integers, side: Integers) -> int:
    """How many columns of v (S, K, 2) are left when those that repeat the one before in every state count once; column[k]: the
    number of column k among them, side[c]: the first that has number c. Many directions touch the same points."""
    count = 0
    for k in range(len(column)):
        same = k > 0
        for s in range(len(v)):
            if not same:
                break
            same = v[s, k, 0] == v[s, k - 1, 0] and v[s, k, 1] == v[s, k - 1, 1]
        if not same:
            side[count] = k
            count += 1
        column[k] = count - 1
    return count


@checked
def _mean_of(r: int, indptr: Integers, indices: Integers, data: Floats, v: Floats, mean: Floats) -> None:
    """mean[k] = sum_s' p(s' | r) v[s', k], summed in the order of the law.

    Four states at a time: then the sums are read and written a quarter as often.
    """
    size, n, end = len(mean), indptr[r], indptr[r + 1]
    for k in range(size):
        mean[k] = 0.0
    while n + 4 <= end:
        p0, p1, p2, p3 = data[n], data[n + 1], data[n + 2], data[n + 3]
        a, b, c, d = v[indices[n]], v[indices[n + 1]], v[indices[n + 2]], v[indices[n + 3]]
        for k in range(size):
            mean[k] = (((mean[k] + p0 * a[k]) + p1 * b[k]) + p2 * c[k]) + p3 * d[k]
        n += 4
    while n < end:
        p0, a = data[n], v[indices[n]]
        for k in range(size):
            mean[k] += p0 * a[k]
        n += 1


@checked
def mark_repeats(
    chosen: Integers, nodes: Integers, weights: Floats, bound_by: Integers, slope: Floats, repeats: Booleans
) -> None:
    """repeats[s, k]: whether what was chosen toward direction k is what was chosen toward the one before: many directions touch
    the same point."""
    for s in range(len(chosen)):
        repeats[s, 0] = False
        for k in range(1, chosen.shape[1]):
            same = chosen[s, k] == chosen[s, k - 1] and bound_by[s, k] == bound_by[s, k - 1] and slope[s, k] == slope[s, k - 1]
            for m in range(4):
                same = same and nodes[s, k, m] == nodes[s, k - 1, m] and weights[s, k, m] == weights[s, k - 1, m]
            repeats[s, k] = same


@checked
def follow_choice(
    v: Floats,
    chosen: Integers,
    nodes: Integers,
    weights: Floats,
    bound_by: Integers,
    slope: Floats,
    repeats: Booleans,
    indptr: Integers,
    indices: Integers,
    data: Floats,
    reward: Floats,
    delta: Floats,
    asked: Floats,
    sweeps: int,
) -> float:
    """Sweeps of evaluation in place: each point of v becomes what its row and its continuation now pay.

    Returns the largest change of the last sweep. repeats: as `mark_repeats` has it.

    A continuation on the line of player i's constraint stays there: it moves along its edge, whose slope is kept. That is
    Newton's method for the lottery's weight, which a plain evaluation would leave as it was.
    """
    change = 0.0
    # by side and then by state, so that a row of the transition law reads adjacent numbers
    v0, v1 = v[:, :, 0].T.copy(), v[:, :, 1].T.copy()
    for _ in range(sweeps):
        change = 0.0
        for s in range(len(v)):
            for k in range(v.shape[1]):
                r = chosen[s, k]
                if r < 0:
                    continue
                x, y = 0.0, 0.0
                if repeats[s, k]:
                    x, y = v0[k - 1, s], v1[k - 1, s]
                else:
                    for m in range(4):
                        j, w = nodes[s, k, m], weights[s, k, m]
                        if j >= 0 and w > 0.0 and bound_by[s, k] < 2:
                            for n in range(indptr[r], indptr[r + 1]):
                                x += w * data[n] * v0[j, indices[n]]
                                y += w * data[n] * v1[j, indices[n]]
                    if bound_by[s, k] == 0:
                        y += slope[s, k] * (asked[0, r] - x)
                        x = asked[0, r]
                    elif bound_by[s, k] == 1:
                        x += slope[s, k] * (asked[1, r] - y)
                        y = asked[1, r]
                    elif bound_by[s, k] == 2:
                        x, y = asked[0, r], asked[1, r]
                    x, y = reward[r, 0] + delta[0] * x, reward[r, 1] + delta[1] * y
                change = max(change, abs(x - v0[k, s]), abs(y - v1[k, s]))
                v0[k, s], v1[k, s] = x, y
    for s in range(len(v)):
        for k in range(v.shape[1]):
            v[s, k, 0], v[s, k, 1] = v0[k, s], v1[k, s]
    return change


@checked
def least_of(v: Floats, least: Floats) -> None:
    """least[s] = the smallest of each coordinate among the points v[s]."""
    for s in range(len(v)):
        x, y = np.inf, np.inf
        for k in range(v.shape[1]):
            x, y = min(x, v[s, k, 0]), min(y, v[s, k, 1])
        least[s, 0], least[s, 1] = x, y


@checked
def farthest_apart(v: Floats, w: Floats, middle: Floats, live: Booleans) -> float:
    """Largest difference of support values of points v and w (S, 2 K, 2), two a cone and in its order, toward the middles (K, 2)
    of the cones, among live states. The best point stands in the cone or in one beside it."""
    size, most = len(middle), 0.0
    for s in range(len(v)):
        if not live[s]:
            continue
        for k in range(size):
            here, there = -np.inf, -np.inf
            for m in range(2 * k - 2, 2 * k + 4):
                j = m + 2 * size if m < 0 else (m - 2 * size if m >= 2 * size else m)
                here = max(here, middle[k, 0] * v[s, j, 0] + middle[k, 1] * v[s, j, 1])
                there = max(there, middle[k, 0] * w[s, j, 0] + middle[k, 1] * w[s, j, 1])
            most = max(most, abs(here - there))
    return most


@checked_part
def _turn(a: Floats, b: Floats, c: Floats) -> float:
    """Twice the area of the triangle a, b, c: positive if it goes round counter-clockwise."""
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))


@checked_part
def _off_segment(a: Floats, b: Floats, c: Floats) -> float:
    """Squared distance of b from the segment between a and c."""
    dx, dy, bx, by = c[0] - a[0], c[1] - a[1], b[0] - a[0], b[1] - a[1]
    length = dx * dx + dy * dy
    share = min(max((bx * dx + by * dy) / length, 0.0), 1.0) if length > 0.0 else 0.0
    gx, gy = bx - share * dx, by - share * dy
    return float(gx * gx + gy * gy)


@checked_part
def _without_flat(values: Floats, rounds: Integers, base: int, size: int) -> int:
    """Strikes off vertices of rounds[base] to rounds[size] that stand out by rounding only; returns where what is left ends."""
    kept = base
    for n in range(base, size):
        before = rounds[kept - 1] if kept > base else rounds[size - 1]
        after = rounds[n + 1] if n + 1 < size else rounds[base]
        left = kept - base + size - n
        if left <= 2 or _off_segment(values[before], values[rounds[n]], values[after]) > NEGLIGIBLE * NEGLIGIBLE:
            rounds[kept] = rounds[n]
            kept += 1
    return kept


@checked
def convex_rounds(
    values: Floats, order: Integers, start: Integers, least: float, rounds: Integers, round_start: Integers
) -> None:
    """For each state the vertices of the hull of its points, counter-clockwise (Andrew 1979).

    order: points sorted by state, then by first and second coordinate; those of state s are order[start[s]] to order[start[s +
    1]]. Points within `least` of the last one in that order count as the same. rounds, round_start: like order and start,
    vertices only. Which way it turns is told without a tolerance: on an upright side a corner may come before what is below it.
    """
    size = 0
    round_start[0] = 0
    for s in range(len(start) - 1):
        base = size
        for side in range(2):
            floor = size if side == 0 else size - 1
            if side == 1 and size - base < 1:
                break
            for n in range(start[s], start[s + 1]):
                k = order[n] if side == 0 else order[start[s] + start[s + 1] - 1 - n]
                if (
                    size > floor
                    and abs(values[k, 0] - values[rounds[size - 1], 0]) <= least
                    and abs(values[k, 1] - values[rounds[size - 1], 1]) <= least
                ):
                    continue
                while size - floor >= 2 and _turn(values[rounds[size - 2]], values[rounds[size - 1]], values[k]) <= 0.0:
                    size -= 1
                rounds[size] = k
                size += 1
        # the way back ends where the way there began
        while size - base > 1 and (
            rounds[size - 1] == rounds[base]
            or (
                abs(values[rounds[size - 1], 0] - values[rounds[base], 0]) <= least
                and abs(values[rounds[size - 1], 1] - values[rounds[base], 1]) <= least
            )
        ):
            size -= 1
        size = _without_flat(values, rounds, base, size)
        round_start[s + 1] = size


@checked
def best_vertices(values: Floats, rounds: Integers, round_start: Integers, toward: Floats, found: Integers) -> None:
    """found[s, k]: the vertex of state s that is best toward[k]; -1 without vertices. Every vertex is tried: after rounding
    a polygon's support need not rise and fall only once."""
    for s in range(len(round_start) - 1):
        for k in range(len(toward)):
            best, at = -np.inf, -1
            for n in range(round_start[s], round_start[s + 1]):
                total = toward[k, 0] * values[rounds[n], 0] + toward[k, 1] * values[rounds[n], 1]
                if total > best:
                    best, at = total, rounds[n]
            found[s, k] = at


@checked_part
def _edge_gap(start: Floats, edge: Floats, x: float, y: float) -> tuple[float, float, bool]:
    """Squared distance of the point (x, y) from an edge, where on the edge the nearest point is, and whether it is outside."""
    dx, dy, ax, ay = edge[0], edge[1], x - start[0], y - start[1]
    share = (ax * dx + ay * dy) * edge[2]
    share = min(max(share, 0.0), 1.0)
    gx, gy = share * dx - ax, share * dy - ay
    return gx * gx + gy * gy, share, dx * ay - dy * ax < 0.0


@checked_part
def _last_up_to(values: Floats, chain: Integers, x: float, sign: float) -> int:
    """The last vertex of a chain, whose first coordinates times `sign` rise, where they are at most x; the first if none is."""
    low, high = 0, len(chain)
    while high - low > 1:
        half = (low + high) // 2
        if sign * values[chain[half], 0] <= x:
            low = half
        else:
            high = half
    return low


@checked
def as_lotteries(
    points: Floats, state: Integers, values: Floats, rounds: Integers, round_start: Integers, vertices: Integers, weights: Floats
) -> float:
    """Write each point as a lottery over at most three vertices of its state's polygon: vertices, weights (M, 3). Points
    outside are moved to the polygon; returns the largest such move."""
    edges = np.empty((len(rounds), 3))  # from each vertex to the next one of its round, and the squared length's inverse
    turns = np.zeros(len(round_start), dtype=np.int64)  # each round's rightmost vertex
    for s in range(len(round_start) - 1):
        first, count = round_start[s], round_start[s + 1] - round_start[s]
        for n in range(count):
            a, b = rounds[first + n], rounds[first + (n + 1) % count]
            dx, dy = values[b, 0] - values[a, 0], values[b, 1] - values[a, 1]
            length = dx * dx + dy * dy
            edges[first + n, 0], edges[first + n, 1], edges[first + n, 2] = dx, dy, 1.0 / length if length > 0.0 else 0.0
            if values[a, 0] > values[rounds[first + turns[s]], 0]:
                turns[s] = n
    worst = 0.0
    for m in range(len(points)):
        first, count = round_start[state[m]], round_start[state[m] + 1] - round_start[state[m]]
        x, y = points[m, 0], points[m, 1]
        for n in range(3):
            vertices[m, n] = rounds[first] if count > 0 else 0
            weights[m, n] = 0.0
        if count == 0:  # nothing is known to follow there: the move has no chance
            continue
        # the nearest point of the boundary, as a lottery between two neighbours: most points lie on the edge below or above them
        nearest, outside, at, part = np.inf, count < 3, 0, 0.0
        turn = turns[state[m]]
        below = _last_up_to(values, rounds[first : first + turn + 1], x, 1.0)
        above = turn + _last_up_to(values, rounds[first + turn : first + count], -x, -1.0)
        for middle in (below, above):
            for shift in range(-1, 2):
                n = (middle + shift) % count
                gap, share, beyond = _edge_gap(values[rounds[first + n]], edges[first + n], x, y)
                outside = outside or beyond
                if gap < nearest or (gap == nearest and n < at):
                    nearest, at, part = gap, n, share
        if nearest > NEARBY * NEARBY:
            nearest = np.inf
            for n in range(count):
                gap, share, beyond = _edge_gap(values[rounds[first + n]], edges[first + n], x, y)
                outside = outside or beyond
                if gap < nearest:
                    nearest, at, part = gap, n, share
        nearest = np.sqrt(nearest)
        # a point at a vertex is that vertex: a chance that is rounding is one more edge of the plan, which costs elimination dear
        if part * part <= NEGLIGIBLE * NEGLIGIBLE * edges[first + at, 2]:
            part = 0.0
        elif (1.0 - part) * (1.0 - part) <= NEGLIGIBLE * NEGLIGIBLE * edges[first + at, 2]:
            part = 1.0
        vertices[m, 0], vertices[m, 1] = rounds[first + at], rounds[first + (at + 1) % count]
        weights[m, 0], weights[m, 1] = 1.0 - part, part
        if outside or nearest <= NEGLIGIBLE:
            worst = max(worst, nearest)
            continue
        a = values[rounds[first]]
        for n in range(1, count - 1):
            b, c = values[rounds[first + n]], values[rounds[first + n + 1]]
            area = _turn(a, b, c)
            wb, wc = _turn(a, points[m], c) / area, _turn(a, b, points[m]) / area
            if wc < 0.0 or (wb < 0.0 and n < count - 2):
                continue
            wb, wc = max(wb, 0.0), max(wc, 0.0)
            wa = max(1.0 - wb - wc, 0.0)
            total = wa + wb + wc
            wa, wb, wc = wa / total, wb / total, wc / total
            gap = np.hypot(wa * a[0] + wb * b[0] + wc * c[0] - x, wa * a[1] + wb * b[1] + wc * c[1] - y)
            # in a sliver the weights are rounding: then the point of the boundary is the better one
            if gap < nearest:
                nearest = gap
                vertices[m, 0], vertices[m, 1], vertices[m, 2] = rounds[first], rounds[first + n], rounds[first + n + 1]
                weights[m, 0], weights[m, 1], weights[m, 2] = wa, wb, wc
            if wb > 0.0 or wc > 0.0:
                break
        worst = max(worst, nearest)
    return worst


@checked
def follow_chain(
    values: Floats, indptr: Integers, indices: Integers, data: Floats, gain: Floats, delta: Floats, sweeps: int
) -> float:
    """Sweeps of evaluation in place: values[n] becomes what node n pays today, gain[n], and the discounted mean of what the nodes
    pay that follow it. Returns the largest change of the last sweep."""
    change = 0.0
    for _ in range(sweeps):
        change = 0.0
        for n in range(len(values)):
            x, y = 0.0, 0.0
            for e in range(indptr[n], indptr[n + 1]):
                x += data[e] * values[indices[e], 0]
                y += data[e] * values[indices[e], 1]
            x, y = gain[n, 0] + delta[0] * x, gain[n, 1] + delta[1] * y
            change = max(change, abs(x - values[n, 0]), abs(y - values[n, 1]))
            values[n, 0], values[n, 1] = x, y
    return change


@checked
def write_machine(
    node_state: Integers,
    node_row: Integers,
    entry_start: Integers,
    entry_row: Integers,
    target: Integers,
    action: Integers,
    worst: Integers,
    promise_start: Integers,
    vertices: Integers,
    weights: Floats,
    place: Integers,
    following: Integers,
    chances: Floats,
) -> None:
    """The nodes with which play goes on from each node n after each entry of its state: edges in that order, those of edge e are
    following[place[e]] to following[place[e + 1]], with their chances.

    After its own row a node keeps what it promised, vertices[m] by weights[m] for m from promise_start[n] on; after a departure
    of player 1, or of both, comes worst[0, next state], after one of player 2 worst[1, next state], nothing where that is -1.
    Nodes beyond the last promise are punished whatever is played. action: (2, R).
    """
    edge, last = 0, 0
    place[0] = 0
    for n in range(len(node_state)):
        own = node_row[n]
        m = promise_start[n] if n < len(promise_start) - 1 else -1
        for e in range(entry_start[node_state[n]], entry_start[node_state[n] + 1]):
            r = entry_row[e]
            if r == own and m >= 0:
                first = last
                for k in range(vertices.shape[1]):
                    if weights[m, k] > 0.0:
                        # by number, as sparse matrices have it
                        at = last
                        while at > first and following[at - 1] > vertices[m, k]:
                            following[at], chances[at] = following[at - 1], chances[at - 1]
                            at -= 1
                        following[at], chances[at] = vertices[m, k], weights[m, k]
                        last += 1
                m += 1
            else:
                after = worst[0 if action[0, r] != action[0, own] else 1, target[e]]
                if after >= 0:
                    following[last], chances[last] = after, 1.0
                    last += 1
            edge += 1
            place[edge] = last
