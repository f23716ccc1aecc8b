"""Compiled loops of `complementarity`: conditions, their linear system, and steps, state by state."""

from __future__ import annotations

import numpy as np

from leverage.game.stochastic_game import Floats, Integers
from leverage.solvers import logit_kernel as logit
from leverage.solvers.kernel_kinds import called, called_part
from leverage.solvers.logit_kernel import Numbers, Shape

#: Damping follows how far a state's chances move: it aims at this move, changes at most by these factors, and is 0 below the
#: last.
AIM, FALL, RISE, LEAST_DAMPING, MOST_DAMPING = 0.2, 0.5, 4.0, 1e-3, 1e3
#: Chances are kept above the first while they move. Values are kept within this share of their range of it; smoothing may add
#: its square for each of a few actions.
LEAST_CHANCE, BELOW, ABOVE = 1e-12, 0.1, 6.0
#: A pivot of a state's own system that is 0 becomes this: damping then makes the step harmless.
TINY = 1e-14


@called
def conditions(
    shape: Shape,
    numbers: Numbers,
    states: Integers,
    p: Floats,
    values: Floats,
    smoothing: float,
    reward: Floats,
    slack: Floats,
    miss: Floats,
    state_miss: Floats,
) -> tuple[float, float]:
    """Rewards (R, 2), slacks and conditions (C,) of the states. Returns the largest miss, the sum of squares.

    Where a player has one action, its chance is 1 and the condition is that the slack is 0.
    """
    first, law = shape.state[logit.ROWS], numbers.law
    other = law[len(law) - shape.entry.shape[1] :]
    largest, squares = 0.0, 0.0
    for s in states:
        x, y, end = shape.group_start[2 * s], shape.group_start[2 * s + 1], shape.group_start[2 * s + 2]
        for c in range(x, end):
            slack[c] = values[2 * s] if c < y else values[2 * s + 1]
        r = first[s]
        for i in range(x, y):
            for j in range(y, end):
                one, two = 0.0, 0.0
                for e in range(shape.row_start[r], shape.row_start[r + 1]):
                    to = 2 * shape.entry[logit.TO, e]
                    one += law[e] * values[to]
                    two += other[e] * values[to + 1]
                reward[r, 0] = numbers.payoffs[r, 0] + numbers.player[logit.DISCOUNT, 0] * one
                reward[r, 1] = numbers.payoffs[r, 1] + numbers.player[logit.DISCOUNT, 1] * two
                slack[i] -= reward[r, 0] * p[j]
                slack[j] -= reward[r, 1] * p[i]
                r += 1
        worst = 0.0
        for c in range(x, end):
            alone = y - x == 1 if c < y else end - y == 1
            miss[c] = slack[c] if alone else p[c] + slack[c] - np.sqrt(p[c] ** 2 + slack[c] ** 2 + 2.0 * smoothing**2)
            squares += miss[c] * miss[c]
            if not abs(miss[c]) <= worst:
                worst = abs(miss[c])
        state_miss[s] = worst
        if not worst <= largest:
            largest = worst
    return largest, squares


@called_part
def own_system(  # noqa: PLR0912 - see logit_kernel: each more kernel costs seconds of compilation
    shape: Shape,
    numbers: Numbers,
    s: int,
    p: Floats,
    smoothing: float,
    damping: float,
    reward: Floats,
    slack: Floats,
    matrix: Floats,
    rate: Floats,
    pivot: Integers,
) -> int:
    """LU factors of state s's own derivatives in its chances and its two values, the sums of chances last; returns their order.

    rate: (n,) derivative of each condition in its slack.
    """
    x, y, end = shape.group_start[2 * s], shape.group_start[2 * s + 1], shape.group_start[2 * s + 2]
    n, a, law = end - x, y - x, numbers.law
    other = law[len(law) - shape.entry.shape[1] :]
    for i in range(n + 2):
        for j in range(n + 2):
            matrix[i, j] = 0.0
    for k in range(n):
        c = x + k
        rate[k] = 1.0
        if (a > 1 and k < a) or (n - a > 1 and k >= a):
            root = np.sqrt(p[c] ** 2 + slack[c] ** 2 + 2.0 * smoothing**2)
            rate[k] = 1.0 - slack[c] / root
            matrix[k, k] = 1.0 - p[c] / root + damping * rate[k]
        own = n if k < a else n + 1
        matrix[k, own] = rate[k]
        matrix[own, k] = 1.0
    r = shape.state[logit.ROWS, s]
    for i in range(a):
        for j in range(a, n):
            matrix[i, j] -= rate[i] * reward[r, 0]
            matrix[j, i] -= rate[j] * reward[r, 1]
            for e in range(shape.row_start[r], shape.row_start[r + 1]):
                if shape.entry[logit.TO, e] == s:
                    matrix[i, n] -= rate[i] * numbers.player[logit.DISCOUNT, 0] * p[x + j] * law[e]
                    matrix[j, n + 1] -= rate[j] * numbers.player[logit.DISCOUNT, 1] * p[x + i] * other[e]
            r += 1
    for k in range(n + 2):
        best = k
        for i in range(k + 1, n + 2):
            if abs(matrix[i, k]) > abs(matrix[best, k]):
                best = i
        pivot[k] = best
        if best != k:
            for j in range(n + 2):
                matrix[k, j], matrix[best, j] = matrix[best, j], matrix[k, j]
        if matrix[k, k] == 0.0:
            matrix[k, k] = TINY
        for i in range(k + 1, n + 2):
            factor = matrix[i, k] / matrix[k, k]
            matrix[i, k] = factor
            if factor != 0.0:
                for j in range(k + 1, n + 2):
                    matrix[i, j] -= factor * matrix[k, j]
    return int(n + 2)


@called
def linearise(  # noqa: PLR0912 - see logit_kernel: each more kernel costs seconds of compilation
    shape: Shape,
    numbers: Numbers,
    states: Integers,
    p: Floats,
    smoothing: float,
    damping: Floats,
    reward: Floats,
    slack: Floats,
    miss: Floats,
    coupling: Floats,
    right: Floats,
) -> None:
    """The values' system, coupling @ step = right, after chances are eliminated: two rows a state, in its blocks' order."""
    widest = 0
    for s in states:
        widest = max(widest, shape.group_start[2 * s + 2] - shape.group_start[2 * s] + 2)
    matrix, rate, pivot = np.zeros((widest, widest)), np.zeros(widest), np.zeros(widest, dtype=np.intp)
    row, blocks = np.zeros((2, widest)), shape.state[logit.BLOCKS]
    law, other = numbers.law, numbers.law[len(numbers.law) - shape.entry.shape[1] :]
    for s in states:
        x, y = shape.group_start[2 * s], shape.group_start[2 * s + 1]
        size = own_system(shape, numbers, s, p, smoothing, damping[s], reward, slack, matrix, rate, pivot)
        n, a, low, high = size - 2, y - x, blocks[s], blocks[s + 1]
        for q in range(4 * low, 4 * high):
            coupling[q] = 0.0
        for v in range(2):  # the rows of the inverse that belong to the two values
            w = row[v]
            for i in range(size):
                w[i] = 1.0 if i == n + v else 0.0
            for k in range(size):
                for j in range(k):
                    w[k] -= matrix[j, k] * w[j]
                w[k] /= matrix[k, k]
            for k in range(size - 1, -1, -1):
                for i in range(k + 1, size):
                    w[k] -= matrix[i, k] * w[i]
            for k in range(size - 1, -1, -1):
                w[k], w[pivot[k]] = w[pivot[k]], w[k]
            right[2 * s + v] = 0.0
            for k in range(n):
                right[2 * s + v] -= w[k] * miss[x + k]
                w[k] *= rate[k]
            own = 4 * low + 2 * (high - low) * v + 2 * (shape.state[logit.DIAGONAL, s] - low)
            coupling[own + v] = 1.0
        r = shape.state[logit.ROWS, s]
        for i in range(a):
            for j in range(a, n):
                for e in range(shape.row_start[r], shape.row_start[r + 1]):
                    if shape.entry[logit.TO, e] != s:
                        one = law[e] * p[x + j] * numbers.player[logit.DISCOUNT, 0]
                        two = other[e] * p[x + i] * numbers.player[logit.DISCOUNT, 1]
                        for v in range(2):
                            q = 4 * low + 2 * (high - low) * v + 2 * (shape.entry[logit.BLOCK, e] - low)
                            coupling[q] -= row[v, i] * one
                            coupling[q + 1] -= row[v, j] * two
                r += 1


@called
def go(
    shape: Shape,
    numbers: Numbers,
    states: Integers,
    share: float,
    smoothing: float,
    step_p: Floats,
    step_values: Floats,
    state_move: Floats,
    p: Floats,
    values: Floats,
    damping: Floats,
) -> None:
    """A share of the step, back to lotteries and to values that are possible under this smoothing; then more damping where
    chances moved far, less where they hardly moved.
    """
    for s in states:
        for i in range(2):
            total = 0.0
            for c in range(shape.group_start[2 * s + i], shape.group_start[2 * s + i + 1]):
                p[c] = max(p[c] + share * step_p[c], LEAST_CHANCE)
                total += p[c]
            for c in range(shape.group_start[2 * s + i], shape.group_start[2 * s + i + 1]):
                p[c] /= total
            bound = 1.0 / (1.0 - numbers.player[logit.DISCOUNT, i])
            moved = values[2 * s + i] + share * step_values[2 * s + i]
            values[2 * s + i] = min(max(moved, -BELOW * bound), (1.0 + BELOW + ABOVE * smoothing**2) * bound)
        factor = min(max(state_move[s] / AIM, FALL), RISE)
        if factor > 1.0:
            damping[s] = max(damping[s], LEAST_DAMPING)
        damping[s] = min(damping[s] * factor, MOST_DAMPING)
        if damping[s] < LEAST_DAMPING:
            damping[s] = 0.0


@called
def gather(shape: Shape, states: Integers, place: Integers, coupling: Floats, matrix: Floats) -> None:
    """The coupling among `states` as a dense matrix; place: (S,) their numbers, -1 elsewhere."""
    for s in states:
        low, high = shape.state[logit.BLOCKS, s], shape.state[logit.BLOCKS, s + 1]
        for b in range(low, high):
            t = place[shape.block[logit.NEXT, b]]
            if t >= 0:
                for v in range(2):
                    q = 4 * low + 2 * (high - low) * v + 2 * (b - low)
                    matrix[2 * place[s] + v, 2 * t] = coupling[q]
                    matrix[2 * place[s] + v, 2 * t + 1] = coupling[q + 1]


@called
def complete(  # noqa: PLR0912 - see logit_kernel: each more kernel costs seconds of compilation
    shape: Shape,
    numbers: Numbers,
    states: Integers,
    p: Floats,
    smoothing: float,
    damping: Floats,
    reward: Floats,
    slack: Floats,
    miss: Floats,
    step_values: Floats,
    step_p: Floats,
    state_move: Floats,
) -> float:
    """The chances' step that belongs to the values' step; returns the largest."""
    widest, largest = 0, 0.0
    for s in states:
        widest = max(widest, shape.group_start[2 * s + 2] - shape.group_start[2 * s] + 2)
    matrix, rate, pivot = np.zeros((widest, widest)), np.zeros(widest), np.zeros(widest, dtype=np.intp)
    w, law, other = np.zeros(widest), numbers.law, numbers.law[len(numbers.law) - shape.entry.shape[1] :]
    for s in states:
        x, y = shape.group_start[2 * s], shape.group_start[2 * s + 1]
        size = own_system(shape, numbers, s, p, smoothing, damping[s], reward, slack, matrix, rate, pivot)
        n, a = size - 2, y - x
        for k in range(size):
            w[k] = -miss[x + k] if k < n else 0.0
        r = shape.state[logit.ROWS, s]
        for i in range(a):
            for j in range(a, n):
                one, two = 0.0, 0.0
                for e in range(shape.row_start[r], shape.row_start[r + 1]):
                    to = shape.entry[logit.TO, e]
                    if to != s:
                        one += law[e] * step_values[2 * to]
                        two += other[e] * step_values[2 * to + 1]
                w[i] += rate[i] * numbers.player[logit.DISCOUNT, 0] * p[x + j] * one
                w[j] += rate[j] * numbers.player[logit.DISCOUNT, 1] * p[x + i] * two
                r += 1
        for k in range(size):
            w[k], w[pivot[k]] = w[pivot[k]], w[k]
        for k in range(size):
            for i in range(k + 1, size):
                w[i] -= matrix[i, k] * w[k]
        for k in range(size - 1, -1, -1):
            for j in range(k + 1, size):
                w[k] -= matrix[k, j] * w[j]
            w[k] /= matrix[k, k]
        worst = 0.0
        for k in range(n):
            step_p[x + k] = w[k]
            if not abs(w[k]) <= worst:
                worst = abs(w[k])
        state_move[s] = worst
        if not worst <= largest:
            largest = worst
    return largest
