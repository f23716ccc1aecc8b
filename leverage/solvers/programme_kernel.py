"""Small linear programmes over continuation payoffs, compiled: one step of the outer bounds, one proposal of the inner points.

Both programmes maximise a direction over the continuation payoffs x of one action profile; payoffs are scaled to [0, 1] by the
caller. Units and names are those of `payoff_bounds`: S states, R rows, N players, K directions.

Outer.  max c.x  subject to  d_j.x <= b_j for all directions j. Its dual,  min b.l  subject to  sum_j l_j d_j = c, l >= 0, has
vertices that do not depend on b: N directions whose cone contains c. A basis that was optimal for other b is therefore still dual
feasible, l.b bounds the maximum whatever b is, and the dual simplex method goes on from it.

Inner.  max c.x  subject to  x = sum_e p_e sum_j m_ej z_ej, lotteries m_e over the points z_ej of the e-th possible next state,
and x_i >= floor_i. The best point of every next state, taken alone, is dual feasible: the dual simplex method repairs the floors.

Kernels are scalar loops in one file: compiled once and kept on disk. Every linear system is solved anew, so that no rounding adds
up over pivots; they have N unknowns (outer) or N and the number of next states (inner).

Sources: Lemke (1954) for the dual simplex method; Bland (1977) for the rule that ends cycles; Judd, Yeltekin and Conklin (2003)
for the programmes.
"""

from __future__ import annotations

import numpy as np

from leverage.game.stochastic_game import Booleans, Floats, Integers
from leverage.solvers.kernel_kinds import called, called_part

#: A constraint that is missed by less than this is met: payoffs are scaled to [0, 1], rounding stays below 1e-13.
MISSED = 1e-12
#: Coefficients below this are none; a pivot on them would lose the digits of what is solved for.
PIVOT = 1e-10
#: A profile is dropped if its constraints contradict each other by more than this. It exceeds what coefficients below PIVOT,
#: times payoffs in [0, 1], can feign for any sensible number of players.
CONTRADICTION = 1e-8
#: Pivots per programme: after the first number the smallest index is taken instead of the worst, which cannot cycle; after the
#: second the search stops: multipliers bound the maximum at any pivot, and an inner point is given up.
FAST_PIVOTS, MOST_PIVOTS = 60, 400
#: Chances below this are rounding.
CHANCE = 1e-13


@called_part
def _eliminate(matrix: Floats, x: Floats, size: int) -> None:
    """Replaces the right side x by the solution of matrix x' = x; Gaussian elimination with partial pivoting, in place."""
    for k in range(size):
        top = k
        for r in range(k + 1, size):
            if abs(matrix[r, k]) > abs(matrix[top, k]):
                top = r
        if top != k:
            for j in range(k, size):
                matrix[k, j], matrix[top, j] = matrix[top, j], matrix[k, j]
            x[k], x[top] = x[top], x[k]
        for r in range(k + 1, size):
            factor = matrix[r, k] / matrix[k, k]
            if factor != 0.0:
                for j in range(k + 1, size):
                    matrix[r, j] -= factor * matrix[k, j]
                x[r] -= factor * x[k]
    for k in range(size - 1, -1, -1):
        for j in range(k + 1, size):
            x[k] -= matrix[k, j] * x[j]
        x[k] /= matrix[k, k]


@called_part
def _lower_bound_multipliers(  # noqa: PLR0912 - scalar loops; each more function costs compilation
    directions: Floats, goal: Floats, bound: Floats, basis: Integers, multiplier: Floats, work: Floats, vectors: Floats
) -> float:
    """The dual simplex method for one programme; `basis` and `multiplier` (N,) are improved in place.

    Returns what has to be added to multiplier.bound so that it bounds the maximum for any x in [0, 1]^N (rounding of the
    multipliers), or -1 if no x meets the constraints.
    """
    count, size = directions.shape
    x, weight, share = vectors[0], vectors[1], vectors[2]
    feasible = True
    for step in range(MOST_PIVOTS):
        for j in range(size):
            x[j] = bound[basis[j]]
            for i in range(size):
                work[j, i] = directions[basis[j], i]
        _eliminate(work, x, size)
        enter, worst = -1, MISSED
        for q in range(count):
            miss = -bound[q]
            for i in range(size):
                miss += directions[q, i] * x[i]
            if miss > worst:
                enter, worst = q, miss
                if step > FAST_PIVOTS:
                    break
        for j in range(size):
            weight[j] = goal[j]
            for i in range(size):
                work[i, j] = directions[basis[j], i]
        _eliminate(work, weight, size)
        if enter < 0:
            break
        for j in range(size):
            share[j] = directions[enter, j]
            for i in range(size):
                work[i, j] = directions[basis[j], i]
        _eliminate(work, share, size)
        leave, ratio = -1, np.inf
        for j in range(size):
            if share[j] > PIVOT:
                here = max(weight[j], 0.0) / share[j]
                if here < ratio or (here == ratio and basis[j] < basis[leave]):
                    leave, ratio = j, here
        if leave < 0:
            feasible = worst <= CONTRADICTION
            break
        basis[leave] = enter
    if not feasible:
        return -1.0
    missing = 0.0
    for j in range(size):
        multiplier[j] = max(weight[j], 0.0)
    for i in range(size):
        rest = goal[i]
        for j in range(size):
            rest -= multiplier[j] * directions[basis[j], i]
        missing += max(rest, 0.0)
    return missing


@called
def raise_supports(  # noqa: PLR0912 - scalar loops; each more function costs compilation
    directions: Floats,
    goals: Floats,
    constant: Floats,
    bound: Floats,
    first_row: Integers,
    alive: Booleans,
    basis: Integers,
    multiplier: Floats,
    rest: Floats,
    supports: Floats,
    row: Integers,
    exact: bool,
) -> None:
    """Supports of the image: supports[s, k] = max over living rows r of s of constant[r, k] + rest[r, k] + multiplier[r, k] .
    bound[r, basis[r, k]].

    directions, goals: (K, N); constant, bound, rest: (R, K), the last for rounding of multipliers; basis, multiplier: (R, K, N);
    supports, row: (S, K), overwritten; -inf and -1 where no row lives. With `exact`, the multipliers of rows that attain a
    maximum are improved until they are optimal, and rows without a feasible x are struck from `alive`.
    """
    count, size = goals.shape
    most = 0
    for s in range(len(first_row) - 1):
        most = max(most, first_row[s + 1] - first_row[s])
    value, done = np.empty(most), np.empty(most, dtype=np.bool_)
    work, vectors = np.empty((size, size)), np.empty((3, size))
    for s in range(len(first_row) - 1):
        begin, end = first_row[s], first_row[s + 1]
        for k in range(count):
            for r in range(begin, end):
                done[r - begin] = not exact
                value[r - begin] = -np.inf
                if alive[r]:
                    total = constant[r, k] + rest[r, k]
                    for j in range(size):
                        total += multiplier[r, k, j] * bound[r, basis[r, k, j]]
                    value[r - begin] = total
            while True:
                best = 0
                for place in range(1, end - begin):
                    if value[place] > value[best]:
                        best = place
                r = begin + best
                supports[s, k] = value[best]
                row[s, k] = r if alive[r] else -1
                if done[best] or not alive[r]:
                    break
                done[best] = True
                missing = _lower_bound_multipliers(directions, goals[k], bound[r], basis[r, k], multiplier[r, k], work, vectors)
                if missing < 0.0:
                    alive[r] = False
                    value[best] = -np.inf
                else:
                    rest[r, k] = missing
                    total = constant[r, k] + missing
                    for j in range(size):
                        total += multiplier[r, k, j] * bound[r, basis[r, k, j]]
                    value[best] = total


@called_part
def _fill_column(column: Floats, code: int, chance: Floats, target: Integers, points: Floats, first: int, slots: int) -> None:
    """Column of a variable: point code % K of next state code // K, or the surplus over a floor."""
    count, size = points.shape[1], points.shape[2]
    for j in range(slots + size):
        column[j] = 0.0
    if code >= slots * count:
        column[slots + code - slots * count] = -1.0
    else:
        e = code // count
        column[e] = 1.0
        for i in range(size):
            column[slots + i] = chance[first + e] * points[target[first + e], code % count, i]


@called_part
def _find_lotteries(  # noqa: PLR0912, PLR0915 - scalar loops; each more function costs compilation
    goal: Floats,
    chance: Floats,
    target: Integers,
    first: int,
    slots: int,
    points: Floats,
    use: Booleans,
    floor: Floats,
    needed: float,
    basis: Integers,
    vectors: Floats,
    columns: Floats,
    work: Floats,
) -> bool:
    """The dual simplex method for one inner programme; whether its maximum exists and is above `needed`.

    vectors[0]: values of the basic variables, in the order of `basis`; vectors[1]: prices, of the next states first. columns: the
    basic columns, one a row.
    """
    count, size = points.shape[1], points.shape[2]
    rows = slots + size
    amount, price, pick = vectors[0], vectors[1], vectors[2]
    for e in range(slots):
        best, top = -1, -np.inf
        for j in range(count):
            if use[target[first + e], j]:
                total = 0.0
                for i in range(size):
                    total += goal[i] * points[target[first + e], j, i]
                if total > top:
                    best, top = j, total
        if best < 0:
            return False
        basis[e] = e * count + best
    for i in range(size):
        basis[slots + i] = slots * count + i
    for b in range(rows):
        _fill_column(columns[b], basis[b], chance, target, points, first, slots)
    for step in range(MOST_PIVOTS):
        for b in range(rows):
            price[b] = 0.0
            for j in range(rows):
                work[b, j] = columns[b, j]
                if j >= slots and basis[b] < slots * count:
                    price[b] += goal[j - slots] * columns[b, j]
        _eliminate(work, price, rows)
        reached = 0.0
        for j in range(rows):
            reached += price[j] if j < slots else price[j] * floor[j - slots]
        if reached <= needed:
            return False
        for j in range(rows):
            amount[j] = 1.0 if j < slots else floor[j - slots]
            for b in range(rows):
                work[j, b] = columns[b, j]
        _eliminate(work, amount, rows)
        leave, worst = -1, -MISSED
        for b in range(rows):
            if amount[b] < worst:
                leave, worst = b, amount[b]
                if step > FAST_PIVOTS:
                    break
        if leave < 0:
            return True
        for b in range(rows):
            pick[b] = 1.0 if b == leave else 0.0
            for j in range(rows):
                work[b, j] = columns[b, j]
        _eliminate(work, pick, rows)
        enter, ratio = -1, np.inf
        for e in range(slots):
            state, share = target[first + e], chance[first + e]
            for j in range(count):
                if use[state, j]:
                    alpha, reduced = 0.0, 0.0
                    for i in range(size):
                        alpha += pick[slots + i] * points[state, j, i]
                        reduced += (goal[i] - price[slots + i]) * points[state, j, i]
                    alpha = pick[e] + share * alpha
                    if alpha < -PIVOT:
                        here = min(share * reduced - price[e], 0.0) / alpha
                        if here < ratio:
                            enter, ratio = e * count + j, here
        for i in range(size):
            if pick[slots + i] > PIVOT:
                here = max(-price[slots + i], 0.0) / pick[slots + i]
                if here < ratio:
                    enter, ratio = slots * count + i, here
        if enter < 0:
            return False
        basis[leave] = enter
        _fill_column(columns[leave], enter, chance, target, points, first, slots)
    return False


@called
def propose_points(  # noqa: PLR0912 - scalar loops; each more function costs compilation
    goals: Floats,
    constant: Floats,
    order: Floats,
    first_row: Integers,
    first_entry: Integers,
    target: Integers,
    chance: Floats,
    points: Floats,
    use: Booleans,
    floor: Floats,
    feasible: Booleans,
    row: Integers,
    codes: Integers,
    weights: Floats,
    turned: Floats,
) -> None:
    """For each state and direction the best row with a lottery over points on each of its entries.

    goals: (K, N); constant: (R, K); order: (R, K) upper bounds of what rows attain: rows that cannot be best are not looked at.
    first_entry: (R + 1,), target, chance: (E,) the transition law without zeros. points: (S, K', N), of which `use` (S, K') may
    be reached. floor: (R, N) smallest continuation payoffs; feasible: (R,). row: (S, K), -1 where none serves; codes, weights:
    (S, K, M) the chance weights[s, k, b] of point codes % K' after entry codes // K' of the row; code -1: nothing. turned:
    (S, K, N) the direction in which that continuation is extreme among lotteries over the points.
    """
    count, size = points.shape[1], points.shape[2]
    room = codes.shape[2]
    basis, vectors, work = np.empty(room, dtype=np.intp), np.empty((3, room)), np.empty((2, room, room))
    for s in range(len(first_row) - 1):
        begin, end = first_row[s], first_row[s + 1]
        seen = np.empty(end - begin, dtype=np.bool_)
        for k in range(len(goals)):
            for q in range(end - begin):
                seen[q] = False
            row[s, k], best = -1, -np.inf
            while True:
                r = -1
                for q in range(begin, end):
                    if feasible[q] and not seen[q - begin] and (r < 0 or order[q, k] > order[r, k]):
                        r = q
                if r < 0 or order[r, k] <= best + MISSED:
                    break
                seen[r - begin] = True
                first, slots = first_entry[r], first_entry[r + 1] - first_entry[r]
                needed = best + MISSED - constant[r, k]
                if not _find_lotteries(
                    goals[k], chance, target, first, slots, points, use, floor[r], needed, basis, vectors, work[0], work[1]
                ):
                    continue
                total = constant[r, k]
                for b in range(slots + size):
                    if basis[b] < slots * count:
                        e, j = basis[b] // count, basis[b] % count
                        for i in range(size):
                            total += vectors[0, b] * chance[first + e] * goals[k, i] * points[target[first + e], j, i]
                if total > best:
                    best = total
                    row[s, k] = r
                    for i in range(size):
                        turned[s, k, i] = goals[k, i] - vectors[1, slots + i]
                    for b in range(room):
                        codes[s, k, b], weights[s, k, b] = -1, 0.0
                        if b < slots + size and basis[b] < slots * count and vectors[0, b] > CHANCE:
                            codes[s, k, b], weights[s, k, b] = basis[b], vectors[0, b]
