"""Kernel of the equilibrium-set solver: one step of the operator of Abreu, Pearce and Stacchetti on support values.

A set in each state is held as a polygon {v : d_k . v <= h[s, k] for all k} on K directions d_k that all states share. Then the
Minkowski sum over next states is a sum of support values, the incentive constraints cut off two half-planes, and the hull of a
union is a maximum: no linear programme, and a cost linear in the transitions. Directions turn counter-clockwise; d_0 = e_1, and
`marks` says where e_2, -e_1 and -e_2 stand.

By the duality of linear programmes every support value of a cut image is the least of *sums with weights >= 0* of the numbers
C_f, one a facet f of the image: C_f = sum_s' p(s') h[s', f] for a facet of the sum, and for the facet of player i's incentive
constraint a number that rises with h[., -e_i], since a lower punishment relaxes it. So a step is a maximum over action profiles
of a minimum over facets of increasing affine functions of h. Whatever facets are chosen, the sum is an upper bound: rounding
can choose a worse pair of facets but never cut the set. `contraction_step` uses the same fact to prove that an accelerated guess
contains the set.

Scalar loops only: what numpy does inside compiled code costs seconds to compile.
"""

from __future__ import annotations

import numpy as np

from leverage.game.stochastic_game import Booleans, Floats, Integers
from leverage.solvers.kernel_kinds import checked, checked_part

#: What became of an image under its incentive constraints: nothing left because player 1's constraint asks for more than the
#: image holds, player 2's does, or both together do.
KEPT, ABOVE_FIRST, ABOVE_SECOND, ABOVE_BOTH = 0, 1, 2, 3

#: How the two constraints meet the image: in a corner inside it; apart, with facets of the image between them; or one of them is
#: implied by the other.
CORNER, APART, ONLY_FIRST, ONLY_SECOND = 0, 1, 2, 3


@checked
def punished(
    h: Floats, marks: Integers, indptr: Integers, indices: Integers, data: Floats, reward: Floats, delta: Floats, value: Floats
) -> None:
    """value[i, r] = reward_i(r) + delta_i * sum_s' p(s' | r) min_i(s'): what row r pays player i if its worst follows."""
    for r in range(len(indptr) - 1):
        for i in range(2):
            total = 0.0
            for e in range(indptr[r], indptr[r + 1]):
                if data[e] > 0.0:
                    total -= data[e] * h[indices[e], marks[1 + i]]
            value[i, r] = reward[r, i] + delta[i] * total


@checked
def best_departures(value: Floats, departure_start: Integers, departures: Integers, best: Integers) -> None:
    """best[i, r]: the row to which player i departs best from row r; -1 if it can do nothing else."""
    for i in range(2):
        for r in range(departure_start.shape[1] - 1):
            found = -1
            for e in range(departure_start[i, r], departure_start[i, r + 1]):
                if found < 0 or value[i, departures[e]] > value[i, found]:
                    found = departures[e]
            best[i, r] = found


@checked_part
def mean_supports(r: int, h: Floats, indptr: Integers, indices: Integers, data: Floats, c: Floats) -> None:
    """c[k] = sum_s' p(s' | r) h[s', k]."""
    for k in range(len(c)):
        c[k] = 0.0
    for e in range(indptr[r], indptr[r + 1]):
        p, s = data[e], indices[e]
        if p > 0.0:
            for k in range(len(c)):
                c[k] += p * h[s, k]


@checked_part
def constraint(
    i: int, r: int, best: Integers, value: Floats, reward: Floats, delta: Floats, slack: float, c: Floats, marks: Integers
) -> tuple[float, bool]:
    """What player i's continuation must be at least, and whether the image does not promise it anyway."""
    own = -c[marks[1 + i]]
    if best[i, r] < 0 or delta[i] == 0.0:
        return own, False
    asked = (value[i, best[i, r]] - slack - reward[r, i]) / delta[i]
    return (asked, True) if asked > own else (own, False)


@checked
def crossings(c: Floats, d: Floats, marks: Integers, t0: float, t1: float, margin: float) -> tuple[int, int, int, int, int, int]:
    """Where the lines x_1 = t0 and x_2 = t1 leave the polygon {d . x <= c}.

    Returns what became of it, how the lines meet it, and the facets through which they leave: the first line above and below, the
    second on the left and on the right.
    """
    size, e2, m1, m2 = len(c), marks[0], marks[1], marks[2]
    if c[0] < t0 - margin:
        return ABOVE_FIRST, CORNER, 0, 0, 0, 0
    if c[e2] < t1 - margin:
        return ABOVE_SECOND, CORNER, 0, 0, 0, 0
    up, top = -1, np.inf
    for k in range(1, m1):
        y = (c[k] - d[k, 0] * t0) / d[k, 1]
        if y < top:
            up, top = k, y
    if d[up, 0] >= 0.0 and top < t1 - margin:
        return ABOVE_BOTH, CORNER, up, 0, 0, 0
    low, bottom = -1, -np.inf
    for k in range(m1 + 1, size):
        y = (c[k] - d[k, 0] * t0) / d[k, 1]
        if y > bottom:
            low, bottom = k, y
    left, west = -1, -np.inf
    for k in range(e2 + 1, m2):
        x = (c[k] - d[k, 1] * t1) / d[k, 0]
        if x > west:
            left, west = k, x
    right, east = -1, np.inf
    for k in range(e2):
        x = (c[k] - d[k, 1] * t1) / d[k, 0]
        if x < east:
            right, east = k, x
    for k in range(m2 + 1, size):
        x = (c[k] - d[k, 1] * t1) / d[k, 0]
        if x < east:
            right, east = k, x
    shape = CORNER
    if bottom > t1 and low > m2:
        shape = ONLY_FIRST
    elif west > t0 and left < m1:
        shape = ONLY_SECOND
    elif bottom > t1 and m1 < low < m2 and m1 < left < m2 and low <= left:
        shape = APART
    return KEPT, shape, up, low, left, right


@checked
def facets(j: int, size: int, m1: int, m2: int, shape: int, up: int, low: int, left: int, right: int) -> tuple[int, int]:
    """The two facets of the cut image between which a direction of cone j (from d_j to d_j+1) lies; `size` stands for the
    constraint of player 1, `size` + 1 for that of player 2."""
    first = low if shape == ONLY_FIRST else right
    last = left if shape == ONLY_SECOND else up
    signed = j - size if j >= m2 else j
    signed_first = first - size if first >= m2 else first
    if signed < signed_first:
        return (size, low) if shape == ONLY_FIRST else (size + 1, right)
    if signed < last:
        return j, (j + 1) % size
    if shape == ONLY_SECOND:
        return left, size + 1
    if j < m1:
        return up, size
    if shape == ONLY_FIRST:
        return size, low
    if shape == CORNER:
        return size, size + 1
    if j < low:
        return size, low
    if j < left:
        return j, j + 1
    return left, size + 1


@checked
def weight_pair(x: float, y: float, d: Floats, fa: int, fb: int) -> tuple[float, float]:
    """(a, b) >= 0 with (x, y) = a d_fa + b d_fb, unit vectors; facets beyond the last direction are -e_1 and -e_2."""
    size = len(d)
    ax, ay = (d[fa, 0], d[fa, 1]) if fa < size else ((-1.0, 0.0) if fa == size else (0.0, -1.0))
    bx, by = (d[fb, 0], d[fb, 1]) if fb < size else ((-1.0, 0.0) if fb == size else (0.0, -1.0))
    det = ax * by - ay * bx
    b = max(ax * y - ay * x, 0.0) / det
    # between nearly parallel facets the quotient is inexact; what it leaves along the first one makes the sum exact all the same
    return max((x - b * bx) * ax + (y - b * by) * ay, 0.0), b


@checked
def outer_step(
    h: Floats,
    d: Floats,
    marks: Integers,
    cone: Integers,
    query: Floats,
    toward: Floats,
    plain: Floats,
    row_start: Integers,
    indptr: Integers,
    indices: Integers,
    data: Floats,
    reward: Floats,
    delta: Floats,
    best: Integers,
    value: Floats,
    slack: float,
    margin: float,
    alive: Booleans,
    out: Floats,
    fate: Integers,
) -> None:
    """out[s, q] = support value in direction toward[q] of the hull of the images of all live rows of state s; -inf if none is
    left.

    query[q] = toward[q] scaled by the discount factors lies in cone[q], where it is plain[q, 0] d_cone + plain[q, 1] d_cone+1.
    fate[r]: what became of row r.
    """
    size, m1, m2 = len(d), marks[1], marks[2]
    c = np.empty(size)
    for s in range(len(h)):
        for q in range(len(cone)):
            out[s, q] = -np.inf
        for r in range(row_start[s], row_start[s + 1]):
            if not alive[r]:
                continue
            mean_supports(r, h, indptr, indices, data, c)
            t0, _ = constraint(0, r, best, value, reward, delta, slack, c, marks)
            t1, _ = constraint(1, r, best, value, reward, delta, slack, c, marks)
            fate[r], shape, up, low, left, right = crossings(c, d, marks, t0, t1, margin)
            if fate[r] != KEPT:
                continue
            for q in range(len(cone)):
                j = cone[q]
                gain = reward[r, 0] * toward[q, 0] + reward[r, 1] * toward[q, 1]
                total = gain + plain[q, 0] * c[j] + plain[q, 1] * c[(j + 1) % size]
                if total <= out[s, q]:
                    continue
                fa, fb = facets(j, size, m1, m2, shape, up, low, left, right)
                if fa != j or fb != (j + 1) % size:
                    a, b = weight_pair(query[q, 0], query[q, 1], d, fa, fb)
                    cut = gain
                    cut += a * (c[fa] if fa < size else (-t0 if fa == size else -t1))
                    cut += b * (c[fb] if fb < size else (-t0 if fb == size else -t1))
                    total = min(total, cut)
                out[s, q] = max(out[s, q], total)


@checked
def contraction_step(
    h: Floats,
    weight: Floats,
    cap: Floats,
    allowed: float,
    d: Floats,
    marks: Integers,
    cone: Integers,
    query: Floats,
    plain: Floats,
    row_start: Integers,
    indptr: Integers,
    indices: Integers,
    data: Floats,
    reward: Floats,
    delta: Floats,
    best: Integers,
    value: Floats,
    slack: float,
    margin: float,
    alive: Booleans,
    excess: Floats,
    spread: Floats,
) -> None:
    """For one choice of facets, made at h: excess[s, k] = how far the step leads above h, spread[s, k] = the linear part of the
    step applied to `weight`. A facet of an incentive constraint is chosen only where the plain bound exceeds h by more than
    `allowed`.

    Values that `cap` bounds already need no facets. An image that is empty at h is bounded by a multiple of the sum that shows
    it to be empty.
    """
    size, m1, m2 = len(d), marks[1], marks[2]
    c, w = np.empty(size + 2), np.empty(size + 2)
    for s in range(len(h)):
        for q in range(size):
            excess[s, q] = 0.0
            spread[s, q] = 0.0
        for r in range(row_start[s], row_start[s + 1]):
            if not alive[r]:
                continue
            mean_supports(r, h, indptr, indices, data, c[:size])
            mean_supports(r, weight, indptr, indices, data, w[:size])
            for i in range(2):
                asked, binds = constraint(i, r, best, value, reward, delta, slack, c[:size], marks)
                c[size + i] = -asked
                w[size + i] = w[marks[1 + i]]
                if binds:
                    w[size + i] = 0.0
                    other = best[i, r]
                    for e in range(indptr[other], indptr[other + 1]):
                        if data[e] > 0.0:
                            w[size + i] += data[e] * weight[indices[e], marks[1 + i]]
            fate, shape, up, low, left, right = crossings(c[:size], d, marks, -c[size], -c[size + 1], margin)
            short, burden = 0.0, 0.0
            if fate == ABOVE_FIRST:
                short, burden = -(c[0] + c[size]), w[0] + w[size]
            elif fate == ABOVE_SECOND:
                short, burden = -(c[marks[0]] + c[size + 1]), w[marks[0]] + w[size + 1]
            elif fate == ABOVE_BOTH:
                a, b = weight_pair(0.0, 1.0, d, up, size)
                short, burden = -(a * c[up] + b * c[size] + c[size + 1]), a * w[up] + b * w[size] + w[size + 1]
            for q in range(size):
                j, follow = cone[q], (cone[q] + 1) % size
                gain = reward[r, 0] * d[q, 0] + reward[r, 1] * d[q, 1]
                total = gain + plain[q, 0] * c[j] + plain[q, 1] * c[follow]
                linear = plain[q, 0] * w[j] + plain[q, 1] * w[follow]
                if total > h[s, q] + allowed and cap[s, q] <= h[s, q] + allowed:
                    total, linear = cap[s, q], 0.0
                elif total > h[s, q] + allowed:
                    if fate != KEPT:
                        times = (total - h[s, q]) / short
                        total, linear = h[s, q], linear + times * burden
                    else:
                        fa, fb = facets(j, size, m1, m2, shape, up, low, left, right)
                        if fa != j or fb != follow:
                            a, b = weight_pair(query[q, 0], query[q, 1], d, fa, fb)
                            total, linear = gain + a * c[fa] + b * c[fb], a * w[fa] + b * w[fb]
                excess[s, q] = max(excess[s, q], total - h[s, q])
                spread[s, q] = max(spread[s, q], linear)
