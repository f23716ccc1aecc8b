"""Kernel of the equilibrium-set solver: once round all payoff sets at the same time, from vertex to vertex.

For a direction n and a common discount factor the best points of all states solve one decision problem (Abreu, Brooks and
Sannikov 2020): each state has a row, whose continuation is either the mean E of the best points that follow, or, where that
breaks an incentive constraint, a point at which the constraint's line cuts the set of means. As n turns, the best alternative
changes in one state after the other, and each change says by an exact normal where it happens: parametric programming, with one
update of rank one a change.

A line x_i = t_i is left by the means once while n turns by half a circle (their i-th coordinate falls) and met again in the other
half. Where it was left is known from then on; where it will be met is taken from an earlier turn, so turns in both senses
follow each other.
"""

from __future__ import annotations

import numpy as np

from leverage.game.stochastic_game import Booleans, Floats, Integers
from leverage.solvers.kernel_kinds import called, called_part

#: Two numbers that differ by less are equal when a continuation is compared with what a constraint asks, and when a change of
#: policy is called better (fractions of a player's payoff range).
ROUNDING, BETTER = 1e-12, 1e-11

#: Angles that differ by less are equal.
EQUAL = 1e-12

#: A turn of the direction (tangent of the angle) up to which policies change at the same direction.
SAME_DIRECTION = 1e-13

#: What players are held to is known when a sweep changes it by no more.
SMALLEST_CHANGE = 1e-16

#: Continuations of a row: where the line of player 1's constraint is left and met, and that of player 2's, the corner of both,
#: and the mean itself.
CORNER, MEAN = 4, 5

#: Rounds of changes at one direction: after so many what a line has cut stays cut, which ends circles; and after so many nothing
#: comes of it any more.
FREE_CHANGES, MOST_CHANGES = 24, 200

#: Tangents of the angles by which n turns: none at all, and the most.
NOW, WIDEST = -1.0, 10.0


@called
def crossings(
    points: Floats,
    rows: Integers,
    indptr: Integers,
    indices: Integers,
    data: Floats,
    asked: Floats,
    place: Floats,
    known: Booleans,
) -> None:
    """place[r, n], known[r, n]: where the means of points (C, S, 2), which go round, cross the lines of row r's constraints."""
    count = len(points)
    e = np.empty((count, 2))
    for r in rows:
        for n in range(CORNER):
            known[r, n] = False
        for c in range(count):
            x, y = 0.0, 0.0
            for m in range(indptr[r], indptr[r + 1]):
                x += data[m] * points[c, indices[m], 0]
                y += data[m] * points[c, indices[m], 1]
            e[c, 0], e[c, 1] = x, y
        for c in range(count):
            b = c - 1 if c > 0 else count - 1
            for i in range(2):
                before, after = e[b, i] >= asked[i, r] - ROUNDING, e[c, i] >= asked[i, r] - ROUNDING
                if before != after:
                    _cross(r, i, 2 * i if before else 2 * i + 1, e[b, i], e[b, 1 - i], e[c, i], e[c, 1 - i], asked, place, known)


@called_part
def _cross(
    r: int, i: int, n: int, own: float, other: float, next_own: float, next_other: float, asked: Floats, place: Floats,
    known: Booleans,
) -> None:  # fmt: skip
    """Where the segment between two means crosses the line of player i's constraint, or comes nearest to it."""
    share = 0.0
    if own != next_own:
        share = min(max((own - asked[i, r]) / (own - next_own), 0.0), 1.0)
    place[r, n, i] = asked[i, r]
    place[r, n, 1 - i] = other + share * (next_other - other)
    known[r, n] = True


@called_part
def _list_ways(r: int, cut: Booleans, asked: Floats, place: Floats, known: Booleans, ways: Booleans) -> None:
    """ways[r, n]: whether continuation n is open to row r."""
    first, second = asked[0, r], asked[1, r]
    for n in range(2):
        ways[r, n] = cut[r, 0] and known[r, n] and place[r, n, 1] >= second - ROUNDING
        ways[r, 2 + n] = cut[r, 1] and known[r, 2 + n] and place[r, 2 + n, 0] >= first - ROUNDING
    ways[r, CORNER] = (cut[r, 0] and known[r, 0] and known[r, 1] and place[r, 0, 1] >= second and place[r, 1, 1] <= second) or (
        cut[r, 1] and known[r, 2] and known[r, 3] and place[r, 2, 0] <= first and place[r, 3, 0] >= first
    )
    place[r, CORNER, 0], place[r, CORNER, 1] = first, second
    ways[r, MEAN] = not cut[r, 0] and not cut[r, 1]


@called
def first_policy(
    start: Floats,
    rows: Integers,
    row_start: Integers,
    indptr: Integers,
    indices: Integers,
    data: Floats,
    reward: Floats,
    delta: float,
    asked: Floats,
    place: Floats,
    known: Booleans,
    cut: Booleans,
    ways: Booleans,
    row: Integers,
    way: Integers,
    system: Floats,
    constant: Floats,
) -> bool:
    """The best row and continuation of every state toward e_1 and a little to e_2 if the points `start` (S, 2) follow, and the
    equations that its points solve; False if some state has rows but none that promises anything."""
    for s in range(len(start)):
        best = -np.inf
        row[s] = -1
        for turn in range(row_start[s], row_start[s + 1]):
            r = rows[turn]
            x, y = 0.0, 0.0
            for m in range(indptr[r], indptr[r + 1]):
                x += data[m] * start[indices[m], 0]
                y += data[m] * start[indices[m], 1]
            cut[r, 0], cut[r, 1] = x < asked[0, r] - ROUNDING, y < asked[1, r] - ROUNDING
            _list_ways(r, cut, asked, place, known, ways)
            for n in range(MEAN + 1):
                if not ways[r, n]:
                    continue
                a, b = (x, y) if n == MEAN else (place[r, n, 0], place[r, n, 1])
                worth = reward[r, 0] + delta * a + 1e-6 * (reward[r, 1] + delta * b)
                if worth > best:
                    best, row[s], way[s] = worth, r, n
        for t in range(len(start)):
            system[s, t] = 1.0 if s == t else 0.0
        constant[s, 0], constant[s, 1] = 0.0, 0.0
        if row[s] < 0:
            if row_start[s] < row_start[s + 1]:
                return False
            continue
        r = row[s]
        constant[s, 0], constant[s, 1] = reward[r, 0], reward[r, 1]
        if way[s] == MEAN:
            for m in range(indptr[r], indptr[r + 1]):
                system[s, indices[m]] -= delta * data[m]
        else:
            constant[s, 0] += delta * place[r, way[s], 0]
            constant[s, 1] += delta * place[r, way[s], 1]
    return True


@called
def revolve(
    rows: Integers,
    row_start: Integers,
    indptr: Integers,
    indices: Integers,
    data: Floats,
    reward: Floats,
    delta: float,
    asked: Floats,
    place: Floats,
    known: Booleans,
    cut: Booleans,
    ways: Booleans,
    row: Integers,
    way: Integers,
    inverse: Floats,
    v: Floats,
    points: Floats,
    normals: Floats,
    worst_row: Integers,
    worst_way: Integers,
    worst_constant: Floats,
) -> int:
    """The points (C, S, 2) between normals (C, 2), counter-clockwise from e_1; how many there are, 0 if it comes to nothing.

    points[c] are best from normals[c] on. rows[row_start[s]] to rows[row_start[s + 1]]: those that count. row, way: the policy
    at the start, v its points, `inverse` (S, S) the inverse of its equations. place, known: where lines were crossed earlier, and
    then where they are crossed now. worst_row, worst_way (S, 2): the policy toward -e_1 and -e_2, worst_constant: what the player
    gets who is worst off there if a line that cuts the mean decides.
    """
    size = len(v)
    mean, last = np.empty((len(reward), 2)), np.empty((len(reward), 2))
    change, entry_row, entry_way, entry_turn = np.empty(size), np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size)
    base = np.empty(cut.shape, np.bool_)
    for r in rows:
        base[r, 0], base[r, 1] = cut[r, 0], cut[r, 1]
    nx, ny, angle, count, here = 1.0, 0.0, 0.0, 0, 0
    while here <= MOST_CHANGES:
        _follow_means(
            rows,
            indptr,
            indices,
            data,
            v,
            asked,
            angle,
            here > FREE_CHANGES,
            count > 0,
            mean,
            last,
            base,
            cut,
            place,
            known,
            ways,
        )
        tangent = _entering(
            nx, ny, rows, row_start, reward, delta, v, mean, place, ways, row, way, entry_row, entry_way, entry_turn
        )
        if tangent < NOW or count == len(points):
            return 0
        if tangent > SAME_DIRECTION:
            for s in range(size):
                points[count, s, 0], points[count, s, 1] = v[s, 0], v[s, 1]
            normals[count, 0], normals[count, 1] = nx, ny
            _settle_lines(rows, mean, last, base, cut)
            turned = angle + np.arctan(tangent)
            for i in range(2):
                if angle - EQUAL <= (1.0 + 0.5 * i) * np.pi < turned - EQUAL:
                    _note_worst(i, reward, delta, place, row, way, worst_row, worst_way, worst_constant)
            count, here, angle = count + 1, 0, turned
            if angle >= 2.0 * np.pi - EQUAL:
                break
            length = np.sqrt(1.0 + tangent * tangent)
            nx, ny = (nx - tangent * ny) / length, (ny + tangent * nx) / length
        here += 1
        for s in range(size):
            if entry_row[s] >= 0 and entry_turn[s] <= max(tangent, NOW) + SAME_DIRECTION:
                _exchange(
                    s, entry_row[s], entry_way[s], indptr, indices, data, reward, delta, place, row, way, inverse, v, change
                )
    return count if here == 0 else 0


@called_part
def _follow_means(
    rows: Integers, indptr: Integers, indices: Integers, data: Floats, v: Floats, asked: Floats, angle: float, keeps: bool,
    settled: bool, mean: Floats, last: Floats, base: Booleans, cut: Booleans, place: Floats, known: Booleans, ways: Booleans,
) -> None:  # fmt: skip
    """mean[r] = what follows row r, and which lines cut it off: they can come to do so while coordinates fall, for player 1
    in the first half of the turn, for player 2 a quarter later."""
    out0, out1 = angle < np.pi - EQUAL, 0.5 * np.pi - EQUAL <= angle < 1.5 * np.pi - EQUAL
    for r in rows:
        x, y = 0.0, 0.0
        for m in range(indptr[r], indptr[r + 1]):
            x += data[m] * v[indices[m], 0]
            y += data[m] * v[indices[m], 1]
        mean[r, 0], mean[r, 1] = x, y
        low0, low1 = x < asked[0, r] - ROUNDING, y < asked[1, r] - ROUNDING
        now0 = (base[r, 0] or low0) if out0 else (base[r, 0] and low0)
        now1 = (base[r, 1] or low1) if out1 else (base[r, 1] and low1)
        if now0 != base[r, 0] or now1 != base[r, 1] or now0 != cut[r, 0] or now1 != cut[r, 1]:
            _follow_lines(r, out0, out1, keeps, settled, mean, last, asked, base, cut, place, known, ways)


@called_part
def _settle_lines(rows: Integers, mean: Floats, last: Floats, base: Booleans, cut: Booleans) -> None:
    """What lines cut at this direction is cut for good."""
    for r in rows:
        for i in range(2):
            last[r, i], base[r, i] = mean[r, i], cut[r, i]


@called_part
def _note_worst(
    i: int, reward: Floats, delta: float, place: Floats, row: Integers, way: Integers, worst_row: Integers, worst_way: Integers,
    worst_constant: Floats,
) -> None:  # fmt: skip
    """The present policy is worst for player i."""
    for s in range(len(row)):
        worst_row[s, i], worst_way[s, i] = row[s], way[s]
        if row[s] >= 0 and way[s] != MEAN:
            worst_constant[s, i] = reward[row[s], i] + delta * place[row[s], way[s], i]


@called_part
def _follow_lines(
    r: int, out0: bool, out1: bool, keeps: bool, settled: bool, mean: Floats, last: Floats, asked: Floats, base: Booleans,
    cut: Booleans, place: Floats, known: Booleans, ways: Booleans,
) -> None:  # fmt: skip
    """Whether each line cuts row r's mean off: it can come to do so while the mean's coordinate falls (out0, out1), and cease to
    do so else. What changes at one direction only is undone unless it keeps."""
    changed = False
    for i in range(2):
        out = out0 if i == 0 else out1
        was = cut[r, i]
        now = was if keeps else base[r, i]
        if out and not now and mean[r, i] < asked[i, r] - ROUNDING:
            now = True
        elif not out and now and mean[r, i] >= asked[i, r] - ROUNDING:
            now = False
        if now != base[r, i] and settled:
            n = 2 * i if now else 2 * i + 1
            _cross(r, i, n, last[r, i], last[r, 1 - i], mean[r, i], mean[r, 1 - i], asked, place, known)
            changed = True
        if now != was:
            cut[r, i] = now
            changed = True
    if changed:
        _list_ways(r, cut, asked, place, known, ways)


@called_part
def _entering(
    nx: float, ny: float, rows: Integers, row_start: Integers, reward: Floats, delta: float, v: Floats, mean: Floats,
    place: Floats, ways: Booleans, row: Integers, way: Integers, entry_row: Integers, entry_way: Integers, entry_turn: Floats,
) -> float:  # fmt: skip
    """For each state the alternative that enters next, -1 for none, and the tangent of the angle by which n turns first, NOW if
    it enters at once. Returns the least of them, at most WIDEST; less than NOW if the continuation of some state is closed to it
    and none is open."""
    least = WIDEST
    for s in range(len(v)):
        entry_row[s], own = -1, row[s]
        if own >= 0 and not ways[own, way[s]]:
            # its own row first: what a line cuts off begins where the line was crossed
            entry_row[s], entry_way[s] = own, _best_way(own, nx, ny, mean, place, ways)
            if entry_way[s] < 0:
                entry_row[s], entry_way[s] = _best_open(s, nx, ny, rows, row_start, reward, delta, mean, place, ways)
            if entry_way[s] < 0:
                return 2.0 * NOW
            entry_turn[s] = least = NOW
            continue
        best, tangent = BETTER, WIDEST
        for turn in range(row_start[s], row_start[s + 1]):
            r = rows[turn]
            for n in range(MEAN, -1, -1):
                if not ways[r, n] or (r == own and n == way[s]):
                    continue
                x = reward[r, 0] + delta * (mean[r, 0] if n == MEAN else place[r, n, 0]) - v[s, 0]
                y = reward[r, 1] + delta * (mean[r, 1] if n == MEAN else place[r, n, 1]) - v[s, 1]
                up, on = nx * x + ny * y, nx * y - ny * x
                if up > best:
                    best, tangent, entry_row[s], entry_way[s] = up, NOW, r, n
                elif tangent > NOW and on > BETTER and max(-up, 0.0) < tangent * on:
                    tangent, entry_row[s], entry_way[s] = max(-up, 0.0) / on, r, n
                if n == MEAN:
                    break  # no line cuts
        entry_turn[s] = tangent
        least = min(least, tangent)
    return least


@called_part
def _best_open(
    s: int, nx: float, ny: float, rows: Integers, row_start: Integers, reward: Floats, delta: float, mean: Floats,
    place: Floats, ways: Booleans,
) -> tuple[int, int]:  # fmt: skip
    """The row and continuation of state s that are best toward n and, of equal ones, where n turns to; -1 if none is open."""
    best, along, row, way = -np.inf, -np.inf, -1, -1
    for turn in range(row_start[s], row_start[s + 1]):
        r = rows[turn]
        n = _best_way(r, nx, ny, mean, place, ways)
        if n >= 0:
            x = reward[r, 0] + delta * (mean[r, 0] if n == MEAN else place[r, n, 0])
            y = reward[r, 1] + delta * (mean[r, 1] if n == MEAN else place[r, n, 1])
            up, on = nx * x + ny * y, nx * y - ny * x
            if up > best + ROUNDING or (up > best - ROUNDING and on > along):
                best, along, row, way = up, on, r, n
    return row, way


@called_part
def _best_way(r: int, nx: float, ny: float, mean: Floats, place: Floats, ways: Booleans) -> int:
    """The continuation of row r that is best toward n and, of equal ones, where n turns to; -1 if none is open."""
    best, along, how = -np.inf, -np.inf, -1
    for n in range(MEAN + 1):
        if ways[r, n]:
            x, y = (mean[r, 0], mean[r, 1]) if n == MEAN else (place[r, n, 0], place[r, n, 1])
            up, on = nx * x + ny * y, nx * y - ny * x
            if up > best + ROUNDING or (up > best - ROUNDING and on > along):
                best, along, how = up, on, n
    return how


@called_part
def _exchange(
    s: int, r: int, n: int, indptr: Integers, indices: Integers, data: Floats, reward: Floats, delta: float, place: Floats,
    row: Integers, way: Integers, inverse: Floats, v: Floats, change: Floats,
) -> None:  # fmt: skip
    """State s goes over to row r with continuation n: Sherman and Morrison (1950)."""
    size = len(v)
    x, y = place[r, min(n, CORNER), 0], place[r, min(n, CORNER), 1]
    for t in range(size):
        change[t] = 0.0
    for old in range(2):
        q, kind, sign = (row[s], way[s], delta) if old == 1 else (r, n, -delta)
        if kind == MEAN:
            if old == 0:
                x, y = 0.0, 0.0
            for m in range(indptr[q], indptr[q + 1]):
                p, t = sign * data[m], indices[m]
                if old == 0:
                    x += data[m] * v[t, 0]
                    y += data[m] * v[t, 1]
                for u in range(size):
                    change[u] += p * inverse[t, u]
    x, y = reward[r, 0] + delta * x - v[s, 0], reward[r, 1] + delta * y - v[s, 1]
    whole = 1.0 + change[s]
    for t in range(size):
        share = inverse[t, s] / whole
        if share != 0.0:
            v[t, 0] += share * x
            v[t, 1] += share * y
            for u in range(size):
                inverse[t, u] -= share * change[u]
    row[s], way[s] = r, n


@called
def held_to(
    worst_row: Integers,
    worst_way: Integers,
    worst_constant: Floats,
    indptr: Integers,
    indices: Integers,
    data: Floats,
    reward: Floats,
    delta: float,
    departure_start: Integers,
    departures: Integers,
    sweeps: int,
    least: Floats,
) -> float:
    """least (S, 2), in place: what the policies that are worst for each player hold him to. Where his own constraint binds it is
    what his best departure pays, given what he is held to afterwards. Returns the largest change of the last sweep."""
    change = 0.0
    for _ in range(sweeps):
        change = 0.0
        for s in range(len(least)):
            for i in range(2):
                r, n = worst_row[s, i], worst_way[s, i]
                if r < 0:
                    continue
                found = worst_constant[s, i]
                if n == MEAN:
                    found = _followed(r, i, indptr, indices, data, reward, delta, least)
                elif n == CORNER or n // 2 == i:
                    found = -np.inf
                    for e in range(departure_start[i, r], departure_start[i, r + 1]):
                        found = max(found, _followed(departures[e], i, indptr, indices, data, reward, delta, least))
                change = max(change, abs(found - least[s, i]))
                least[s, i] = found
        if change <= SMALLEST_CHANGE:
            break
    return change


@called_part
def _followed(
    r: int, i: int, indptr: Integers, indices: Integers, data: Floats, reward: Floats, delta: float, least: Floats
) -> float:
    """What row r pays player i if `least` follows."""
    total = 0.0
    for m in range(indptr[r], indptr[r + 1]):
        total += data[m] * least[indices[m], i]
    return float(reward[r, i] + delta * total)
