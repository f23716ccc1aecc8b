"""The logit path of a stochastic game, compiled: its equations, their linearisation, and a predictor-corrector along it.

Variables. For a choice c (player i, state s, own action a) the *log-odds* z_c, for each state and player the *unnormalised
value* V_is, and the precision m. With p = softmax of z + bias within (s, i), q_i(r) = u_i(r) + delta_i sum_s' P(s' | r) V_i(s')
for a row r, and Q_c the mean of q_i over the rows that contain c, weighted by the others' probabilities, the path solves

    F_c  = z_c - m (Q_c - V_is)            each choice: p is the logit response of precision m to the action values
    G_is = sum_a p_c Q_c - V_is            each state and player: V is the value of play

From m = 0 (uniform play if the bias is 0) a path leads, for almost every game, to a stationary equilibrium as m grows without
bound; it may turn back in m on the way, so it is followed in arclength. Payoffs are divided by each player's range.

Linear algebra. dF/dz couples the choices of one state only. It is eliminated state by state, which leaves a system for the
values and the precision, of size S N + 1 and bordered by the arclength condition. The same equations in the form

    F_c = a z_c + (1 - a) sum_b p_b z_b - b (Q_c - V_is)

are those of the path for (a, b) = (1, m), and for (a, b) = (1 / m, 1) they keep a limit as m grows: on a support, with a near 0,
Newton's method solves the indifference conditions. (The second term fixes the level of z, which p does not depend on.)

Layout. *Slots* number the choices state by state, within a state player by player. Groups (s, i) are numbered s * N +
i, as values are. *Blocks* are the pairs of a state and a possible next state; the law's entries of a state add up to
blocks. Kernels are scalar
loops in one file: compiled once and kept on disk.

Sources: McKelvey and Palfrey (1995) for logit equilibria; Turocy (2005) for the continuation in log-probabilities;
Eibelshaeuser and Poensgen (2019) for stochastic games; Allgower and Georg (1990), chapters 6 and 7, for predictor-corrector
continuation; Gilbert and Peierls (1988) for the sparse factors.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from leverage.game.stochastic_game import Booleans, Floats, Integers
from leverage.solvers.kernel_kinds import inlined, lean, lean_part

#: Corrections are small enough when the next would move no probability by more than this, or than rounding at this precision.
CORRECTOR_TOLERANCE = 1e-5
ROUNDING = 4e-16
#: Below this size, corrections that stop shrinking are taken for rounding.
ROUNDING_FLOOR = 1e-5
#: Corrections below this share of the largest first one may use a derivative made anew.
CLOSE = 0.02
#: Corrections that do not shrink by this factor each time show that the predicted point cannot be trusted.
CONTRACTION = 0.4
CORRECTIONS = 7
#: Newton's method at fixed coefficients: steps; moves, in probability, that are too large, hardly shrink any more, are the end.
NEWTON_STEPS, LARGEST_MOVE, STALLED, FINAL = 15, 10.0, 1e-6, 1e-13
#: Steps: first, smallest and largest length; largest growth from one to the next; smallest cosine between their directions.
FIRST_STEP, SMALLEST_STEP, LARGEST_STEP, GROWTH = 0.25, 1e-8, 2.0, 2.5
SMALLEST_COSINE = 0.4
#: Steps aim at this share of the allowed error; those below this length may pass a change of the determinant's sign.
SAFETY, CROSSING = 0.7, 1e-3
#: ... and so may longer ones that miss by less than this share of the aim and turn less than this cosine says.
SURE_MISS, SURE_COSINE = 0.25, 0.98
#: A prediction is refused if it misses by more than this many times the error that steps aim at.
LARGEST_MISS = 6.0
#: The path ends here at the latest; its points are then equilibria up to about 1 / precision.
LARGEST_PRECISION = 1e13
#: An action leaves play if its log-odds fall this fast with the logarithm of precision; its probability must be below.
LEAVING_RATE, LEAVING_PROBABILITY = -0.3, 0.05
#: The end is tried again when precision has grown by this factor.
PATIENCE = 1.5
#: The end must be this close to the path, in probability, and lead back to it.
NEAR, SAME = 0.1, 1e-4
#: Where ties leave probabilities open, the end is sought from this precision on.
TIED_PRECISION = 1e5
#: 1 / precision in the indifference conditions: small beside any tolerance, and enough to choose among exact ties.
REMAINING_NOISE = 1e-12
#: Path points are checked as answers themselves from this precision on, times the largest worth of a gain.
ENOUGH = 0.1
#: A sparse pivot is taken on the diagonal unless it is below this share of the largest in its column.
PIVOT_SHARE = 0.1
#: Pivots are chosen anew if one is below this share of the largest in its column.
SMALLEST_PIVOT = 1e-3

#: Log-odds below which a probability counts as 0: it would be a subnormal number, with which arithmetic is slow.
NEGLIGIBLE = -700.0

#: Tasks of `equations`.
REWARDS, RESIDUALS, DERIVATIVE, CORRECTION, DIRECTION = 2 ** np.arange(5)
EVALUATION = REWARDS | RESIDUALS
#: The first mark if sparse factors have outgrown their room.
OUTGROWN = -2
#: What `walk` stopped for.
END, NEAR_END, TIED, LOST, PAUSED = 0, 1, 2, 3, 4
#: Rows of the tables below, as numpy integers: kernels are compiled anew for each value of a plain one that they are called with.
#: Compiling costs time for each array that kernels hand to each other, so that these are few.
ROWS, BLOCKS, SQUARE, DIAGONAL, ALIGNED, COLUMN, RANK = np.arange(7)  # Shape.state
NEXT, SOURCE, BY_COLUMN = np.arange(3)  # Shape.block
TO, BLOCK = np.arange(2)  # Shape.entry
DISCOUNT, WORTH = np.arange(2)  # Numbers.player
(Z, P, ACTION_VALUES, ADVANTAGE, CHOICE, LINE_ADVANTAGE, DRIVE, BORDER, BIAS, NO_BIAS, ANSWER_P) = np.arange(11)  # Work.slot
PATH_Z, PATH_P, Z_RATE, Z_BEFORE, Z_RATE_BEFORE, Z_TURN, P_TURN = np.arange(11, 18)
SLOT_ROWS = 18
VALUES, VALUE, SIDE, CHANGE, SPARSE_COLUMN, ANSWER_VALUES = np.arange(6)  # Work.group
PATH_VALUES, VALUE_RATE, VALUES_BEFORE, VALUE_RATE_BEFORE, VALUE_TURN = np.arange(6, 11)
GROUP_ROWS = 11
OTHERS, REWARD, AHEAD, LINE_OTHERS = np.arange(4)  # Work.row
ELIMINATION, COEFFICIENT = np.arange(2)  # Work.weight
ALL_SLOTS, SUPPORT = np.arange(2)  # Work.flag
LOWER, UPPER = np.arange(2)  # Work.factor, Work.factor_row
LOWER_START, UPPER_START, ROW_PLACE, STACK, MARKS, DENSE_PIVOT, ONSET, REACH = np.arange(8)  # Work.place
#: Work.at: precision, its rate along the path here and at the point before, lengths of the next and the last step, counters, and
#: what the search for the end remembers.
M, M_RATE, M_BEFORE, M_RATE_BEFORE, STEP, LAST, POINTS, TRIED, TURNS, FACTORED = np.arange(10)
DERIVED, DETERMINANT, ORIENTATION, PARITY = np.arange(10, 14)
SCALARS = 14


class Shape(NamedTuple):
    """Index arrays of one game form, the same for all games of a batch.

    players, states: N, S. group_start: (S N + 1,) first slot of each group. state: (7, S + 1): first row of each state; first
    block; where its matrix of choices begins; the block (s, s); whether its rows all have its blocks as entries, in order; the
    first of the blocks that lead to it; its place in a dense matrix. row_start: (R + 1,) first entry of each row. row_slot:
    (R, N) slots of the row's actions. entry: (2, E) next state, block. block: (3, B) next state; then, sorted by next state, its
    state and the block itself. order: (K,) columns of the values' matrix in the order of elimination; empty for dense factors.
    """

    players: int
    states: int
    group_start: Integers
    state: Integers
    row_start: Integers
    row_slot: Integers
    entry: Integers
    block: Integers
    order: Integers


class Numbers(NamedTuple):
    """The numbers of one game.

    payoffs: (R, N) scaled to ranges of 1. law: (E,), or (N E,) with one for each player, whose rows need not sum to 1.
    player: (2, N) discount factors, and how many allowed gains a gain of 1 in unnormalised scaled values is worth.
    """

    payoffs: Floats
    law: Floats
    player: Floats


class Pace(NamedTuple):
    """How a path is followed.

    aim: the error of predictions, in probability, that steps aim at. loose: until the path first turns back, a first correction
    below the aim that leaves this share of the residuals, or less, is the last; 0 to correct until rounding shows.
    """

    aim: float
    loose: float


class Work(NamedTuple):
    """Where the walk is, and scratch arrays; rows of the tables are named above.

    slot: (18, C). group: (11, K) with K = S N + 1, the last place for the border. row: (4, R, N). column_values: (N, S).
    matrix: the states' matrices of choices and their factors, one after the other; pivot: (C,). weight: (2, N + 1, C).
    blocks: (N + 1, N, B) equation (border last), value's player, block. dense: (K K + 4 K,) by rows, with room for
    `factor_dense`, or empty. flag: (2, C). factor, factor_row: (2, room) sparse factors by columns, or empty.
    place: (8, 2 K + 1). at: (14,) scalars.
    """

    slot: Floats
    group: Floats
    row: Floats
    column_values: Floats
    matrix: Floats
    pivot: Integers
    weight: Floats
    blocks: Floats
    dense: Floats
    flag: Booleans
    factor: Floats
    factor_row: Integers
    place: Integers
    at: Floats


@lean_part
def fill(x: Floats, value: float) -> None:
    """x = value throughout."""
    for k in range(len(x)):
        x[k] = value


@lean_part
def copy(source: Floats, target: Floats) -> None:
    """target = source throughout."""
    for k in range(len(target)):
        target[k] = source[k]


# --- the equations -----------------------------------------------------------------------------------------------------


@lean_part
def lotteries(shape: Shape, z: Floats, bias: Floats, support: Booleans, p: Floats) -> None:
    """p = softmax of z + bias within each group, 0 off the support."""
    for g in range(len(shape.group_start) - 1):
        low, high = shape.group_start[g], shape.group_start[g + 1]
        top, total = -np.inf, 0.0
        for c in range(low, high):
            if support[c] and z[c] + bias[c] > top:
                top = z[c] + bias[c]
        for c in range(low, high):
            p[c] = np.exp(z[c] + bias[c] - top) if support[c] and z[c] + bias[c] - top > NEGLIGIBLE else 0.0
            total += p[c]
        for c in range(low, high):
            p[c] /= total


@lean_part
def expect(shape: Shape, numbers: Numbers, values: Floats, ahead: Floats, work: Work) -> None:
    """ahead[r, i] = delta_i sum_s' P(s' | r) values_i(s') for all rows."""
    players = shape.players
    for i in range(players):
        own = work.column_values[i]
        for s in range(shape.states):
            own[s] = values[s * players + i]
    if len(numbers.law) > shape.entry.shape[1]:
        _expect_apart(shape, numbers, ahead, work)
        return
    for r in range(len(shape.row_slot)):
        law = numbers.law[shape.row_start[r] : shape.row_start[r + 1]]
        to, whole = shape.entry[TO, shape.row_start[r] : shape.row_start[r + 1]], len(law) // 4
        for i in range(players):
            own = work.column_values[i]
            one, two, three, four = 0.0, 0.0, 0.0, 0.0  # four sums at a time: an addition need not wait for the one before
            if len(law) == shape.states:
                for k in range(whole):
                    one += law[4 * k] * own[4 * k]
                    two += law[4 * k + 1] * own[4 * k + 1]
                    three += law[4 * k + 2] * own[4 * k + 2]
                    four += law[4 * k + 3] * own[4 * k + 3]
            else:
                for k in range(whole):
                    one += law[4 * k] * own[to[4 * k]]
                    two += law[4 * k + 1] * own[to[4 * k + 1]]
                    three += law[4 * k + 2] * own[to[4 * k + 2]]
                    four += law[4 * k + 3] * own[to[4 * k + 3]]
            for k in range(4 * whole, len(law)):
                one += law[k] * own[to[k]]
            ahead[r, i] = numbers.player[DISCOUNT, i] * ((one + two) + (three + four))


@lean_part
def _expect_apart(shape: Shape, numbers: Numbers, ahead: Floats, work: Work) -> None:
    """`expect` where each player has a law of its own, from `column_values`."""
    for i in range(shape.players):
        begin, own = i * shape.entry.shape[1], work.column_values[i]
        for r in range(len(shape.row_slot)):
            total = 0.0
            for e in range(shape.row_start[r], shape.row_start[r + 1]):
                total += numbers.law[begin + e] * own[shape.entry[TO, e]]
            ahead[r, i] = numbers.player[DISCOUNT, i] * total


@lean_part
def product(shape: Shape, p: Floats, r: int, i: int, j: int) -> float:
    """The chance of row r from all players but i and j."""
    chance = 1.0
    for k in range(shape.players):
        if k != i and k != j:  # noqa: PLR1714 - a tuple would be built
            chance *= p[shape.row_slot[r, k]]
    return chance


@lean_part
def gather(shape: Shape, others: Floats, per_row: Floats, into: Floats) -> None:
    """into[c] = sum over the rows with c of the others' probabilities times per_row[r, i]."""
    fill(into, 0.0)
    for r in range(len(shape.row_slot)):
        for i in range(shape.players):
            into[shape.row_slot[r, i]] += others[r, i] * per_row[r, i]


@lean_part
def residuals(shape: Shape, work: Work, bias: Floats, support: Booleans, a: float, b: float) -> None:
    """The equations at the work's z and values, from the rewards that it has."""
    z, values = work.slot[Z], work.group[VALUES]
    lotteries(shape, z, bias, support, work.slot[P])
    for r in range(len(shape.row_slot)):
        for i in range(shape.players):
            work.row[OTHERS, r, i] = product(shape, work.slot[P], r, i, i)
    gather(shape, work.row[OTHERS], work.row[REWARD], work.slot[ACTION_VALUES])
    for g in range(work.group.shape[1] - 1):
        low, high = shape.group_start[g], shape.group_start[g + 1]
        mean, level = 0.0, 0.0
        for c in range(low, high):
            mean += work.slot[P, c] * work.slot[ACTION_VALUES, c]
            level += work.slot[P, c] * z[c]
        work.group[VALUE, g] = mean - values[g]
        for c in range(low, high):
            work.slot[ADVANTAGE, c] = work.slot[ACTION_VALUES, c] - values[g] if support[c] else 0.0
            work.slot[CHOICE, c] = a * z[c] - b * work.slot[ADVANTAGE, c] if support[c] else 0.0
            if a != 1.0 and support[c]:
                work.slot[CHOICE, c] += (1.0 - a) * level


# --- the derivative ----------------------------------------------------------------------------------------------------


@lean_part
def factor_square(matrix: Floats, start: int, n: int, pivot: Integers, first: int) -> float:
    """LU factors, in place, of the n x n matrix by rows that begins at `start`; returns the determinant's sign, 0 if singular."""
    sign = 1.0
    for k in range(n):
        best, size = k, abs(matrix[start + k * n + k])
        for i in range(k + 1, n):
            if abs(matrix[start + i * n + k]) > size:
                best, size = i, abs(matrix[start + i * n + k])
        pivot[first + k] = best
        if not size > 0.0:
            return 0.0
        top = start + k * n
        if best != k:
            sign = -sign
            other = start + best * n
            for j in range(n):
                matrix[top + j], matrix[other + j] = matrix[other + j], matrix[top + j]
        inverse = 1.0 / matrix[top + k]
        if inverse < 0.0:
            sign = -sign
        for i in range(k + 1, n):
            row = start + i * n
            factor = matrix[row + k] * inverse
            matrix[row + k] = factor
            if factor != 0.0:
                for j in range(k + 1, n):
                    matrix[row + j] -= factor * matrix[top + j]
    return sign


@lean_part
def factor_dense(matrix: Floats, n: int, pivot: Integers, onset: Integers, reach: Integers, below: int) -> float:
    """As `factor_square`, for the large matrix of values, whose rows are followed by room for four more.

    Only the last row and the last column need be full: in a row, `onset` is the place of the first nonzero and `reach` the place
    behind the last one of the others, and is so for the factors afterwards; in a column, they are at most `below` rows under the
    diagonal. Four columns at a time, so that each number of what is left is
    loaded once for four multiplications. The rows that they multiply are copied, which tells the compiler that they do not
    change.
    """
    sign, tail, last = 1.0, n * n, n - 1
    for left in range(0, n, 4):
        right, far = min(left + 4, n), 0
        for k in range(left, right):
            bottom = min(k + below + 1, last)
            best, size = k, abs(matrix[k * n + k])
            for i in range(k + 1, bottom):
                if abs(matrix[i * n + k]) > size:
                    best, size = i, abs(matrix[i * n + k])
            if abs(matrix[last * n + k]) > size:
                best, size = last, abs(matrix[last * n + k])
            pivot[k] = best
            if not size > 0.0:
                return 0.0
            if best != k:
                sign = -sign
                for j in range(n):
                    matrix[k * n + j], matrix[best * n + j] = matrix[best * n + j], matrix[k * n + j]
                onset[k], onset[best] = onset[best], onset[k]
                reach[k], reach[best] = reach[best], reach[k]
            far = max(far, reach[k])
            if matrix[k * n + k] < 0.0:
                sign = -sign
            for i in range(k + 1, bottom):
                _take_off(matrix, i * n, k * n, k, right)
            if k < last:
                _take_off(matrix, last * n, k * n, k, right)
        wide = max(min(far, last) - right, 0)
        for k in range(left, right):
            reach[k] = far
            row, kept = matrix[k * n + right : k * n + right + wide], matrix[tail + (k - left) * n : tail + (k - left) * n + wide]
            for t in range(left, k):
                factor, above = matrix[k * n + t], matrix[t * n + right : t * n + right + wide]
                for j in range(wide):
                    row[j] -= factor * above[j]
                if right < n:
                    matrix[k * n + last] -= factor * matrix[t * n + last]
            for j in range(wide):
                kept[j] = row[j]
        for i in range(right, min(right + below, last)):
            if _take_off_four(matrix, n, i, left, wide):
                reach[i] = max(reach[i], far)
        if right < n and _take_off_four(matrix, n, last, left, wide):
            reach[last] = max(reach[last], far)
    return sign


@lean_part
def _take_off(matrix: Floats, row: int, top: int, k: int, right: int) -> None:
    """Take the row that begins at `top` off another as often as its column k asks for, up to column `right`."""
    factor = matrix[row + k] / matrix[top + k]
    matrix[row + k] = factor
    for j in range(k + 1, right):
        matrix[row + j] -= factor * matrix[top + j]


@lean_part
def _take_off_four(matrix: Floats, n: int, i: int, left: int, wide: int) -> bool:
    """Take the four rows from `left` on, which are kept behind the matrix, off row i; False if there is nothing to take off."""
    at, right, last = i * n, left + 4, n - 1
    one, two, three, four = matrix[at + left], matrix[at + left + 1], matrix[at + left + 2], matrix[at + left + 3]
    if one == 0.0 and two == 0.0 and three == 0.0 and four == 0.0:  # so are most in the law of a scenario
        return False
    first, second = matrix[n * n : n * n + wide], matrix[n * (n + 1) : n * (n + 1) + wide]
    third, fourth = matrix[n * (n + 2) : n * (n + 2) + wide], matrix[n * (n + 3) : n * (n + 3) + wide]
    row = matrix[at + right : at + right + wide]
    for j in range(wide):
        row[j] -= (one * first[j] + two * second[j]) + (three * third[j] + four * fourth[j])
    end = left * n + last
    matrix[at + last] -= (one * matrix[end] + two * matrix[end + n]) + (three * matrix[end + 2 * n] + four * matrix[end + 3 * n])
    return True


@lean_part
def solve_dense(matrix: Floats, n: int, pivot: Integers, onset: Integers, reach: Integers, x: Floats) -> None:
    """x[:n] becomes A^-1 x from the factors that `factor_dense` has made of A."""
    last = n - 1
    for k in range(n):
        best = pivot[k]
        if best != k:
            x[k], x[best] = x[best], x[k]
    for i in range(1, n):
        x[i] -= _sum_over(matrix, i * n, onset[i], i, x)
    x[last] /= matrix[last * n + last]
    for i in range(last - 1, -1, -1):
        rest = x[i] - matrix[i * n + last] * x[last]
        x[i] = (rest - _sum_over(matrix, i * n, i + 1, min(reach[i], last), x)) / matrix[i * n + i]


@lean_part
def solve_ranked(shape: Shape, work: Work, x: Floats) -> None:
    """x becomes A^-1 x from the dense factors of A, in which states stand by their ranks."""
    players, last, rank, y = shape.players, len(x) - 1, shape.state[RANK], work.group[SPARSE_COLUMN]
    y[last] = x[last]
    for s in range(shape.states):
        for i in range(players):
            y[rank[s] * players + i] = x[s * players + i]
    solve_dense(work.dense, len(x), work.place[DENSE_PIVOT], work.place[ONSET], work.place[REACH], y)
    x[last] = y[last]
    for s in range(shape.states):
        for i in range(players):
            x[s * players + i] = y[rank[s] * players + i]
    fill(y, 0.0)


@lean_part
def _sum_over(matrix: Floats, row: int, low: int, high: int, x: Floats) -> float:
    """The row that begins at `row` times x, over the columns low to high."""
    numbers, others = matrix[row + low : row + high], x[low:high]
    one, two, three, four = 0.0, 0.0, 0.0, 0.0  # four sums at a time: an addition need not wait for the one before
    whole = len(others) // 4
    for k in range(whole):
        one += numbers[4 * k] * others[4 * k]
        two += numbers[4 * k + 1] * others[4 * k + 1]
        three += numbers[4 * k + 2] * others[4 * k + 2]
        four += numbers[4 * k + 3] * others[4 * k + 3]
    for k in range(4 * whole, len(others)):
        one += numbers[k] * others[k]
    return (one + two) + (three + four)


@lean_part
def solve_square(matrix: Floats, start: int, n: int, pivot: Integers, first: int, x: Floats, at: int) -> None:
    """x[at : at + n] becomes A^-1 x from the factors of A."""
    for k in range(n):
        best = pivot[first + k]
        if best != k:
            x[at + k], x[at + best] = x[at + best], x[at + k]
    for i in range(1, n):
        total = x[at + i]
        for j in range(i):
            total -= matrix[start + i * n + j] * x[at + j]
        x[at + i] = total
    for i in range(n - 1, -1, -1):
        total = x[at + i]
        for j in range(i + 1, n):
            total -= matrix[start + i * n + j] * x[at + j]
        x[at + i] = total / matrix[start + i * n + i]


@lean_part
def solve_square_left(matrix: Floats, start: int, n: int, pivot: Integers, first: int, x: Floats) -> None:
    """x[:, first : first + n] becomes x A^-1 from the factors of A."""
    for i in range(n):
        row = start + i * n
        for q in range(len(x)):
            x[q, first + i] /= matrix[row + i]
            for j in range(i + 1, n):
                x[q, first + j] -= matrix[row + j] * x[q, first + i]
    for i in range(n - 1, 0, -1):
        row = start + i * n
        for q in range(len(x)):
            for j in range(i):
                x[q, first + j] -= matrix[row + j] * x[q, first + i]
    for k in range(n - 1, -1, -1):
        best = pivot[first + k]
        if best != k:
            for q in range(len(x)):
                x[q, first + k], x[q, first + best] = x[q, first + best], x[q, first + k]


@lean_part
def choices_of_state(shape: Shape, work: Work, s: int, support: Booleans, a: float, b: float) -> None:
    """The matrix J = dF/dz of state s, and in `elimination` the rows dG_i/dz of its players.

    dQ_c / dz_c' = p_c' (mean of q over rows with c and c' - Q_c) for c, c' of different players, in place of which the
    support's complement has rows of the identity.
    """
    players, first, z = shape.players, shape.group_start[s * shape.players], work.slot[Z]
    n, start = shape.group_start[(s + 1) * players] - first, shape.state[SQUARE, s]
    for k in range(start, start + n * n):
        work.matrix[k] = 0.0
    for r in range(shape.state[ROWS, s], shape.state[ROWS, s + 1]):
        for i in range(players):
            c = shape.row_slot[r, i] - first
            for j in range(i):
                d, chance = shape.row_slot[r, j] - first, product(shape, work.slot[P], r, i, j)
                work.matrix[start + c * n + d] += chance * work.row[REWARD, r, i]
                work.matrix[start + d * n + c] += chance * work.row[REWARD, r, j]
    for i in range(players):
        low, high = shape.group_start[s * players + i], shape.group_start[s * players + i + 1]
        level = 0.0
        for c in range(low, high):
            level += work.slot[P, c] * z[c]
        mean = work.group[VALUE, s * players + i]
        share = work.weight[ELIMINATION, i]
        for d in range(first, first + n):
            share[d] = 0.0
        for c in range(low, high):
            row = start + (c - first) * n - first
            _respond(work, c, row, first, low, b if support[c] else 0.0, share)
            _respond(work, c, row, high, first + n, b if support[c] else 0.0, share)
            if a != 1.0 and support[c]:
                for d in range(low, high):
                    work.matrix[row + d] = (1.0 - a) * work.slot[P, d] * (1.0 + z[d] - level)
            work.matrix[row + c] += a if support[c] else 1.0
            # work.group[VALUE] is the mean action value less the value, so that this is Q_c less its mean
            share[c] += work.slot[P, c] * (work.slot[ADVANTAGE, c] - mean)


@lean_part
def _respond(work: Work, c: int, row: int, low: int, high: int, b: float, share: Floats) -> None:
    """How the value of action c responds to the others' choices low to high, in its row of J and in its player's row dG/dz."""
    for d in range(low, high):
        response = work.slot[P, d] * (work.matrix[row + d] - work.slot[ACTION_VALUES, c])
        share[d] += work.slot[P, c] * response
        work.matrix[row + d] = -b * response


@lean_part
def linearise(shape: Shape, numbers: Numbers, work: Work, support: Booleans, a: float, b: float, onward: float) -> bool:
    """Eliminate the choices of each state and factor the values' matrix; False if a part of it is singular.

    With J = dF/dz, w = dG/dz J^-1 and y = border J^-1, the row (s, i) of what is left is
        sum over choices c of player j of x_c (delta_j T_c - e_s),   x_c = [c of i] p_c + b w_c,
    where T_c is the law of the next state after c. The border's row has x = b y and is summed over states.
    """
    players, size = shape.players, shape.players * shape.states + 1
    for r in range(len(shape.row_slot)):
        for i in range(players):
            work.row[LINE_OTHERS, r, i] = work.row[OTHERS, r, i]
    copy(work.slot[ADVANTAGE], work.slot[LINE_ADVANTAGE])
    for i in range(players + 1):
        for j in range(players):
            fill(work.blocks[i, j], 0.0)
    fill(work.group[SIDE], 0.0)
    corner, sign = onward, 1.0
    copy(work.slot[BORDER], work.weight[ELIMINATION, players])
    for s in range(shape.states):
        choices_of_state(shape, work, s, support, a, b)
        first = shape.group_start[s * players]
        n = shape.group_start[(s + 1) * players] - first
        sign *= factor_square(work.matrix, shape.state[SQUARE, s], n, work.pivot, first)
        solve_square_left(work.matrix, shape.state[SQUARE, s], n, work.pivot, first, work.weight[ELIMINATION])
        for i in range(players + 1):
            total = 0.0
            for c in range(first, first + n):
                total += work.weight[ELIMINATION, i, c] * work.slot[ADVANTAGE, c]
                work.weight[COEFFICIENT, i, c] = b * work.weight[ELIMINATION, i, c] if support[c] else 0.0
            if i < players:
                work.group[SIDE, s * players + i] = total
                for c in range(shape.group_start[s * players + i], shape.group_start[s * players + i + 1]):
                    work.weight[COEFFICIENT, i, c] += work.slot[P, c]
            else:
                corner += total
        _add_blocks(shape, numbers, work, s)
    work.group[SIDE, size - 1] = corner
    if sign != 0.0 and len(shape.order):
        again = factors_again(shape, work) if work.at[PARITY] != 0.0 else 0.0
        # 0: no pattern yet, or pivots that have become too small
        sign *= again if again != 0.0 else factor_sparse(shape, work)
    elif sign != 0.0:
        below = assemble(shape, work)
        sign *= factor_dense(work.dense, size, work.place[DENSE_PIVOT], work.place[ONSET], work.place[REACH], below)
    work.at[DETERMINANT], work.at[DERIVED] = sign, b
    return sign != 0.0


@lean_part
def _add_blocks(shape: Shape, numbers: Numbers, work: Work, s: int) -> None:
    """The rows of state s in the values' matrix, and what it adds to the border's, block by block."""
    players, base, end = shape.players, shape.state[BLOCKS, s], shape.state[BLOCKS, s + 1]
    apart = shape.entry.shape[1] if len(numbers.law) > shape.entry.shape[1] else 0
    for r in range(shape.state[ROWS, s], shape.state[ROWS, s + 1]):
        low, high = shape.row_start[r], shape.row_start[r + 1]
        for j in range(players):
            c, chance = shape.row_slot[r, j], work.row[OTHERS, r, j] * numbers.player[DISCOUNT, j]
            begin = j * apart
            if shape.state[ALIGNED, s]:
                law = numbers.law[begin + low : begin + high]
                for i in range(players + 1):
                    into, weight = work.blocks[i, j, base:end], work.weight[COEFFICIENT, i, c] * chance
                    for k in range(high - low):
                        into[k] += weight * law[k]
            else:
                for e in range(low, high):
                    share, block = chance * numbers.law[begin + e], shape.entry[BLOCK, e]
                    for i in range(players + 1):
                        work.blocks[i, j, block] += work.weight[COEFFICIENT, i, c] * share
    for i in range(players + 1):
        for j in range(players):
            total = 0.0
            for c in range(shape.group_start[s * players + j], shape.group_start[s * players + j + 1]):
                total += work.weight[COEFFICIENT, i, c]
            work.blocks[i, j, shape.state[DIAGONAL, s]] -= total


@lean_part
def assemble(shape: Shape, work: Work) -> int:
    """The values' matrix by rows, from its blocks and sides, and where nonzeros are: `onset`, `reach`, (returned) `below`."""
    players, size = shape.players, shape.players * shape.states + 1
    matrix, last, below, rank = work.dense, size - 1, 0, shape.state[RANK]
    fill(matrix, 0.0)
    work.place[ONSET, last], work.place[REACH, last] = 0, last
    for s in range(shape.states):
        following = shape.block[NEXT, shape.state[BLOCKS, s] : shape.state[BLOCKS, s + 1]]
        low, high = rank[s], rank[s]
        for k in range(len(following)):
            low, high = min(low, rank[following[k]]), max(high, rank[following[k]])
        below = max(below, (rank[s] + 1 - low) * players - 1)
        for i in range(players):
            work.place[ONSET, rank[s] * players + i], work.place[REACH, rank[s] * players + i] = (
                low * players,
                (high + 1) * players,
            )
        for i in range(players + 1):
            first = (rank[s] * players + i if i < players else last) * size
            row = matrix[first : first + size]
            for j in range(players):
                cells = work.blocks[i, j, shape.state[BLOCKS, s] : shape.state[BLOCKS, s + 1]]
                for k in range(len(cells)):
                    row[rank[following[k]] * players + j] += cells[k]
        for i in range(players):
            matrix[(rank[s] * players + i) * size + last] = work.group[SIDE, s * players + i]
    matrix[last * size + last] = work.group[SIDE, last]
    return below


# --- sparse factors ----------------------------------------------------------------------------------------------------


@lean_part
def factor_sparse(shape: Shape, work: Work) -> float:
    """LU factors of the values' matrix, column by column; pivots on the diagonal where they are large enough.

    Each column is a sparse triangular solve whose pattern a depth-first search finds (Gilbert and Peierls 1988). Returns the
    sign of the determinant, up to that of the order of elimination; 0 if the matrix is singular or the factors outgrow
    their arrays (then the first mark is OUTGROWN).
    """
    size = len(shape.order)
    x, place, last = work.group[SPARSE_COLUMN], work.place[ROW_PLACE], size - 1
    fill(place, -1)
    fill(work.place[MARKS], -1)
    fill(x, 0.0)
    lower_end, upper_end, sign = 0, 0, 1.0
    for k in range(size):
        work.place[LOWER_START, k], work.place[UPPER_START, k] = lower_end, upper_end
        if lower_end + size > len(work.factor[LOWER]) or upper_end + size > len(work.factor[UPPER]):
            work.place[MARKS, 0] = OUTGROWN
            work.at[PARITY] = 0.0
            return 0.0
        column = shape.order[k]
        top = _spread_column(shape, work, column, k)
        best, largest = -1, 0.0
        for t in range(top, size):
            row = work.place[STACK, t]
            done = place[row]
            if done < 0:
                if abs(x[row]) > largest:
                    best, largest = row, abs(x[row])
                continue
            known = x[row]
            work.factor_row[UPPER, upper_end], work.factor[UPPER, upper_end] = done, known
            upper_end += 1
            if known != 0.0:
                for q in range(work.place[LOWER_START, done], work.place[LOWER_START, done + 1]):
                    x[work.factor_row[LOWER, q]] -= work.factor[LOWER, q] * known
        # rows without a pivot may have grown after they were looked at
        for t in range(top, size):
            row = work.place[STACK, t]
            if place[row] < 0 and abs(x[row]) > largest:
                best, largest = row, abs(x[row])
        if best < 0 or not largest > 0.0:
            return 0.0
        if place[column] < 0 and abs(x[column]) >= PIVOT_SHARE * largest and (column != last or k == last):
            best = column
        pivot = x[best]
        if pivot < 0.0:
            sign = -sign
        work.factor_row[UPPER, upper_end], work.factor[UPPER, upper_end] = k, pivot
        upper_end += 1
        place[best] = k
        for t in range(top, size):
            row = work.place[STACK, t]
            if place[row] < 0:
                work.factor_row[LOWER, lower_end], work.factor[LOWER, lower_end] = row, x[row] / pivot
                lower_end += 1
            x[row] = 0.0
        work.place[LOWER_START, k + 1] = lower_end
    work.place[UPPER_START, size] = upper_end
    for q in range(lower_end):
        work.factor_row[LOWER, q] = place[work.factor_row[LOWER, q]]
    work.at[PARITY] = _parity(place, work.place[STACK], size)
    return sign * work.at[PARITY]


@lean_part
def factors_again(shape: Shape, work: Work) -> float:
    """Factors of another matrix in the pattern and with the pivots that `factor_sparse` found last; 0 if a pivot is too small."""
    size, sign, x, place = len(shape.order), work.at[PARITY], work.group[SPARSE_COLUMN], work.place[ROW_PLACE]
    lower, upper = work.factor[LOWER], work.factor[UPPER]
    lower_row, upper_row = work.factor_row[LOWER], work.factor_row[UPPER]
    players, last = shape.players, size - 1
    fill(x, 0.0)
    for k in range(size):
        column = shape.order[k]
        if column == last:
            for row in range(size):
                x[place[row]] = work.group[SIDE, row]
        else:
            state, j = column // players, column % players
            border = 0.0
            for t in range(shape.state[COLUMN, state], shape.state[COLUMN, state + 1]):
                block, first = shape.block[BY_COLUMN, t], shape.block[SOURCE, t] * players
                for i in range(players):
                    x[place[first + i]] = work.blocks[i, j, block]
                border += work.blocks[players, j, block]
            x[place[last]] = border
        end = work.place[UPPER_START, k + 1] - 1
        for q in range(work.place[UPPER_START, k], end):
            done = upper_row[q]
            known = x[done]
            upper[q], x[done] = known, 0.0
            if known != 0.0:
                for t in range(work.place[LOWER_START, done], work.place[LOWER_START, done + 1]):
                    x[lower_row[t]] -= lower[t] * known
        pivot, largest = x[k], 0.0
        for t in range(work.place[LOWER_START, k], work.place[LOWER_START, k + 1]):
            largest = max(largest, abs(x[lower_row[t]]))
        if not abs(pivot) > SMALLEST_PIVOT * largest:
            return 0.0
        if pivot < 0.0:
            sign = -sign
        upper[end], x[k] = pivot, 0.0
        for t in range(work.place[LOWER_START, k], work.place[LOWER_START, k + 1]):
            row = lower_row[t]
            lower[t], x[row] = x[row] / pivot, 0.0
    return sign


@lean_part
def _parity(order: Integers, seen: Integers, size: int) -> float:
    """1 for an even permutation, -1 for an odd one."""
    sign = 1.0
    fill(seen, 0)
    for k in range(size):
        now = k
        while seen[now] == 0:
            seen[now] = 1
            now = order[now]
            if now != k:
                sign = -sign
    return sign


@lean_part
def _spread_column(shape: Shape, work: Work, column: int, k: int) -> int:
    """Put the column's entries into the dense work column; the rows they reach stand in `stack` from the place returned on,
    in an order in which each comes before those that it changes."""
    players, size = shape.players, len(shape.order)
    top, last = size, size - 1
    if column == last:
        for row in range(size):
            work.group[SPARSE_COLUMN, row] = work.group[SIDE, row]
            if work.place[MARKS, row] != k:
                top = _reach(work, row, k, top)
        return top
    state, j = column // players, column % players
    for t in range(shape.state[COLUMN, state], shape.state[COLUMN, state + 1]):
        block, first = shape.block[BY_COLUMN, t], shape.block[SOURCE, t] * players
        for i in range(players):
            work.group[SPARSE_COLUMN, first + i] = work.blocks[i, j, block]
            if work.place[MARKS, first + i] != k:
                top = _reach(work, first + i, k, top)
        work.group[SPARSE_COLUMN, last] += work.blocks[players, j, block]
    if work.place[MARKS, last] != k:
        top = _reach(work, last, k, top)
    return top


@lean_part
def _reach(work: Work, row: int, k: int, top: int) -> int:
    """Depth-first search through the columns of L from a row; finished rows are put before `top`, which is returned."""
    head, size = 0, work.group.shape[1]
    work.place[STACK, 0] = row  # the part of the stack below `top` is free: it holds the search itself
    work.place[MARKS, row] = k
    place = work.place[ROW_PLACE, row]
    work.place[MARKS, size] = work.place[LOWER_START, place] if place >= 0 else 0
    while head >= 0:
        now = work.place[STACK, head]
        place = work.place[ROW_PLACE, now]
        deeper = False
        if place >= 0:
            q = work.place[MARKS, size + head]
            while q < work.place[LOWER_START, place + 1]:
                following = work.factor_row[LOWER, q]
                q += 1
                if work.place[MARKS, following] != k:
                    work.place[MARKS, following] = k
                    work.place[MARKS, size + head] = q
                    head += 1
                    work.place[STACK, head] = following
                    inner = work.place[ROW_PLACE, following]
                    work.place[MARKS, size + head] = work.place[LOWER_START, inner] if inner >= 0 else 0
                    deeper = True
                    break
        if not deeper:
            head -= 1
            top -= 1
            work.place[STACK, top] = now
    return top


@lean_part
def solve_sparse(shape: Shape, work: Work, x: Floats) -> None:
    """x becomes A^-1 x from the sparse factors."""
    size = len(shape.order)
    y = work.group[SPARSE_COLUMN]
    for row in range(size):
        y[work.place[ROW_PLACE, row]] = x[row]
    for k in range(size):
        if y[k] != 0.0:
            for q in range(work.place[LOWER_START, k], work.place[LOWER_START, k + 1]):
                y[work.factor_row[LOWER, q]] -= work.factor[LOWER, q] * y[k]
    for k in range(size - 1, -1, -1):
        end = work.place[UPPER_START, k + 1] - 1
        y[k] /= work.factor[UPPER, end]
        if y[k] != 0.0:
            for q in range(work.place[UPPER_START, k], end):
                y[work.factor_row[UPPER, q]] -= work.factor[UPPER, q] * y[k]
    for k in range(size):
        x[shape.order[k]] = y[k]
    fill(y, 0.0)


@lean_part
def solve(shape: Shape, numbers: Numbers, work: Work, support: Booleans, b: float, given: float, corrects: bool) -> float:
    """Changes `drive` of z, `change` of the values and (returned) of the precision that cancel the residuals to first order.

    Without residuals (`corrects` False) they are a direction along the path with border product `given`. From the factored
    system with right side (-G + w F, given + y F); then dz = J^-1 (-F + b (delta T dV - dV_s) + (Q - V) dm).
    """
    players, size = shape.players, shape.players * shape.states + 1
    x = work.group[CHANGE]
    for k in range(size):
        x[k] = 0.0
    x[size - 1] = given
    if corrects:
        for s in range(shape.states):
            for i in range(players + 1):
                total = 0.0
                for c in range(shape.group_start[s * players], shape.group_start[(s + 1) * players]):
                    total += work.weight[ELIMINATION, i, c] * work.slot[CHOICE, c]
                if i < players:
                    x[s * players + i] = total - work.group[VALUE, s * players + i]
                else:
                    x[size - 1] += total
    if len(shape.order):
        solve_sparse(shape, work, x)
    else:
        solve_ranked(shape, work, x)
    precision = x[size - 1]
    expect(shape, numbers, x, work.row[AHEAD], work)
    gather(shape, work.row[LINE_OTHERS], work.row[AHEAD], work.slot[DRIVE])
    for g in range(size - 1):
        for c in range(shape.group_start[g], shape.group_start[g + 1]):
            moved = b * (work.slot[DRIVE, c] - x[g]) if support[c] else 0.0
            work.slot[DRIVE, c] = moved + work.slot[LINE_ADVANTAGE, c] * precision
            if corrects:
                work.slot[DRIVE, c] -= work.slot[CHOICE, c]
    for s in range(shape.states):
        first = shape.group_start[s * players]
        n = shape.group_start[(s + 1) * players] - first
        solve_square(work.matrix, shape.state[SQUARE, s], n, work.pivot, first, work.slot[DRIVE], first)
    return precision


@lean_part
def departures(shape: Shape, work: Work, precision: float, rate: float) -> None:
    """By how much the direction `z_turn`, `value_turn` and `rate` fails to solve the linear equations of the work's point.

    It is written where residuals are; `ahead` must be that of the direction.
    """
    players, z_turn, p_turn, value_turn = shape.players, work.slot[Z_TURN], work.slot[P_TURN], work.group[VALUE_TURN]
    for g in range(work.group.shape[1] - 1):
        low, high = shape.group_start[g], shape.group_start[g + 1]
        mean = 0.0
        for c in range(low, high):
            mean += work.slot[P, c] * z_turn[c]
        for c in range(low, high):
            p_turn[c] = work.slot[P, c] * (z_turn[c] - mean)
    turned = work.slot[CHOICE]
    fill(turned, 0.0)
    for r in range(len(shape.row_slot)):
        for i in range(players):
            turn = 0.0
            for j in range(players):
                if j != i:
                    turn += p_turn[shape.row_slot[r, j]] * product(shape, work.slot[P], r, i, j)
            turned[shape.row_slot[r, i]] += work.row[OTHERS, r, i] * work.row[AHEAD, r, i] + turn * work.row[REWARD, r, i]
    for g in range(work.group.shape[1] - 1):
        low, high = shape.group_start[g], shape.group_start[g + 1]
        mean = 0.0
        for c in range(low, high):
            mean += work.slot[P, c] * turned[c] + p_turn[c] * work.slot[ACTION_VALUES, c]
        work.group[VALUE, g] = mean - value_turn[g]
        for c in range(low, high):
            turned[c] = z_turn[c] - precision * (turned[c] - value_turn[g]) - work.slot[ADVANTAGE, c] * rate


@lean
def equations(
    shape: Shape,
    numbers: Numbers,
    work: Work,
    support: int | np.intp,
    bias: int | np.intp,
    form: tuple[float, float],
    border: tuple[float, float],
    tasks: int | np.intp,
) -> float:
    """What Newton's method needs at the work's z and values; `tasks` is a sum of those named above, done in their order.

    support, bias: rows of the flags and of the slots. form: the coefficients a and b. border: its
    factor for the precision, and its product with a direction. Returns the change of the precision, NaN where the derivative is
    singular; the others are in `drive` and `change`.
    """
    in_use, shift = work.flag[support], work.slot[bias]
    if tasks & REWARDS:
        reward = work.row[REWARD]
        expect(shape, numbers, work.group[VALUES], reward, work)
        for r in range(len(shape.row_slot)):
            for i in range(shape.players):
                reward[r, i] += numbers.payoffs[r, i]
    if tasks & RESIDUALS:
        residuals(shape, work, shift, in_use, form[0], form[1])
    if tasks & DERIVATIVE and not linearise(shape, numbers, work, in_use, form[0], form[1], border[0]):
        return np.nan
    if tasks & (CORRECTION | DIRECTION):
        return solve(shape, numbers, work, in_use, form[1], border[1], tasks & CORRECTION != 0)
    return 0.0


# --- the path ----------------------------------------------------------------------------------------------------------


@lean_part
def speed(p: Floats, precision: float, z_rate: Floats, precision_rate: float) -> float:
    """Length of a direction: Fisher's metric for the lotteries, relative changes of the precision."""
    total = (precision_rate / (1.0 + abs(precision))) ** 2
    for c in range(len(p)):
        total += p[c] * z_rate[c] * z_rate[c]
    return float(np.sqrt(total))


@lean_part
def largest_move(work: Work) -> float:
    """The largest change of a probability, to first order."""
    largest = 0.0
    for c in range(work.slot.shape[1]):
        size = work.slot[P, c] * abs(work.slot[DRIVE, c])
        if not size <= largest:
            largest = size
    return largest


@lean_part
def largest_residual(shape: Shape, work: Work, precision: float) -> float:
    """The largest residual, as a change of a probability: those of values as what they do to the log-odds of mixed play."""
    largest = 0.0
    for g in range(work.group.shape[1] - 1):
        mixed = 0.0
        for c in range(shape.group_start[g], shape.group_start[g + 1]):
            mixed = max(mixed, work.slot[P, c] * (1.0 - work.slot[P, c]))
            largest = max(largest, work.slot[P, c] * abs(work.slot[CHOICE, c]))
        largest = max(largest, mixed * abs(precision * work.group[VALUE, g]))
    return largest


@lean_part
def largest_value(work: Work) -> float:
    """The largest absolute value."""
    largest = 0.0
    for g in range(work.group.shape[1] - 1):
        largest = max(largest, abs(work.group[VALUES, g]))
    return largest


@lean_part
def move(work: Work) -> None:
    """Add the changes that `solve` found to z and to the values, and what they do to rewards."""
    z, values = work.slot[Z], work.group[VALUES]
    for c in range(work.slot.shape[1]):
        z[c] += work.slot[DRIVE, c]
    for g in range(work.group.shape[1] - 1):
        values[g] += work.group[CHANGE, g]
    for r in range(len(work.row[REWARD])):
        for i in range(work.row[REWARD].shape[1]):
            work.row[REWARD, r, i] += work.row[AHEAD, r, i]


@inlined
def begin(shape: Shape, numbers: Numbers, work: Work) -> bool:
    """The point at precision 0, where the equations are linear in the values; False if it cannot be found."""
    at = work.at
    fill(at, 0.0)
    at[STEP], at[LAST] = FIRST_STEP, 1.0
    fill(work.slot[Z], 0.0)
    fill(work.group[VALUES], 0.0)
    fill(work.slot[BORDER], 0.0)
    change = equations(shape, numbers, work, ALL_SLOTS, BIAS, (1.0, 0.0), (1.0, 0.0), EVALUATION | DERIVATIVE | CORRECTION)
    move(work)
    equations(shape, numbers, work, ALL_SLOTS, BIAS, (1.0, 0.0), (1.0, 0.0), EVALUATION | CORRECTION)  # what rounding has left
    move(work)
    rate = equations(shape, numbers, work, ALL_SLOTS, BIAS, (1.0, 0.0), (1.0, 1.0), EVALUATION | DERIVATIVE | DIRECTION)
    length = speed(work.slot[P], 0.0, work.slot[DRIVE], rate)
    _settle(work, 0.0, rate, length if rate > 0.0 else -length)
    at[POINTS] = 1.0
    return bool(change == change and rate == rate)  # noqa: PLR0124 - NaN is not itself


@lean_part
def _settle(work: Work, precision: float, rate: float, length: float) -> None:
    """Make the corrected point and the direction found there, divided by `length`, the point where the walk is."""
    at = work.at
    copy(work.slot[PATH_Z], work.slot[Z_BEFORE])
    copy(work.group[PATH_VALUES], work.group[VALUES_BEFORE])
    copy(work.slot[Z], work.slot[PATH_Z])
    copy(work.slot[P], work.slot[PATH_P])
    copy(work.group[VALUES], work.group[PATH_VALUES])
    for c in range(work.slot.shape[1]):
        work.slot[Z_RATE_BEFORE, c], work.slot[Z_RATE, c] = work.slot[Z_RATE, c], work.slot[DRIVE, c] / length
    for g in range(work.group.shape[1] - 1):
        work.group[VALUE_RATE_BEFORE, g], work.group[VALUE_RATE, g] = work.group[VALUE_RATE, g], work.group[CHANGE, g] / length
    at[M_BEFORE], at[M_RATE_BEFORE], at[M_RATE] = at[M], at[M_RATE], rate / length
    if at[M_RATE] * at[M_RATE_BEFORE] < 0.0:
        at[TURNS] += 1.0
    at[M] = precision


@lean_part
def onward(step: float, last: float) -> tuple[float, float, float, float, float, float, float]:
    """Hermite's cubic through two points of the path and their rates: weights for what lies `step` behind the nearer one.

    Returned are those of the nearer point's rate, the farther one's and the difference of both points, first for the place, then
    for the rate; then how the rate changes with what the place misses. `last`: length between the points, inf if there is one.
    """
    x = step / last
    place = step * (1.0 + x) ** 2, step * x * (1.0 + x), -x * x * (3.0 + 2.0 * x)
    rate = (1.0 + x) * (1.0 + 3.0 * x), x * (2.0 + 3.0 * x), -6.0 * x * (1.0 + x) / last
    return *place, *rate, 2.0 / step + 2.0 / (step + last)


@inlined
def heading(shape: Shape, numbers: Numbers, work: Work, precision: float, guess: float, forward: float) -> float:
    """The direction of the path at the work's point, with border product 1: one Newton step of its linear equations from a guess.

    The guess stands in `z_turn` and `value_turn`. For the step the derivative last made, at a point nearby, does. Returns the
    precision's rate; the others are in `drive` and `change`.
    """
    product = forward * guess
    for c in range(work.slot.shape[1]):
        product += work.slot[BORDER, c] * work.slot[Z_TURN, c]
    scale = 1.0 / product if product > SMALLEST_COSINE else 1.0  # only what the step has to change should suffer from its error
    guess, given = scale * guess, 1.0 - scale * product
    for c in range(work.slot.shape[1]):
        work.slot[Z_TURN, c] *= scale
    for g in range(work.group.shape[1] - 1):
        work.group[VALUE_TURN, g] *= scale
    expect(shape, numbers, work.group[VALUE_TURN], work.row[AHEAD], work)
    departures(shape, work, precision, guess)
    rate = guess + equations(shape, numbers, work, ALL_SLOTS, BIAS, (1.0, work.at[DERIVED]), (0.0, given), CORRECTION)
    for c in range(work.slot.shape[1]):
        work.slot[DRIVE, c] += work.slot[Z_TURN, c]
    for g in range(work.group.shape[1] - 1):
        work.group[CHANGE, g] += work.group[VALUE_TURN, g]
    return rate


@lean_part
def advance(shape: Shape, numbers: Numbers, work: Work, pace: Pace) -> bool:
    """One step along the path, corrected; False if it was too long. The length of the next step is set.

    The prediction is of third order if the point before is known. It may miss by a few times the pace's aim, in probability.
    """
    at, aim = work.at, pace.aim
    step, last = at[STEP], (at[LAST] if at[POINTS] > 1.0 else np.inf)
    near, far, gap, near_rate, far_rate, gap_rate, bend = onward(step, last)
    for c in range(work.slot.shape[1]):
        rate, before, gone = work.slot[Z_RATE, c], work.slot[Z_RATE_BEFORE, c], work.slot[PATH_Z, c] - work.slot[Z_BEFORE, c]
        work.slot[Z, c] = work.slot[PATH_Z, c] + (near * rate + far * before + gap * gone)
        work.slot[Z_TURN, c] = near_rate * rate + far_rate * before + gap_rate * gone - bend * work.slot[Z, c]
    for g in range(work.group.shape[1] - 1):
        rate, before = work.group[VALUE_RATE, g], work.group[VALUE_RATE_BEFORE, g]
        gone = work.group[PATH_VALUES, g] - work.group[VALUES_BEFORE, g]
        work.group[VALUES, g] = work.group[PATH_VALUES, g] + (near * rate + far * before + gap * gone)
        work.group[VALUE_TURN, g] = near_rate * rate + far_rate * before + gap_rate * gone - bend * work.group[VALUES, g]
    gone = at[M] - at[M_BEFORE]
    predicted = at[M] + (near * at[M_RATE] + far * at[M_RATE_BEFORE] + gap * gone)
    miss, precision = _correct(shape, numbers, work, predicted, pace)
    if not miss >= 0.0:
        return False
    for c in range(work.slot.shape[1]):
        work.slot[Z_TURN, c] += bend * work.slot[Z, c]
    for g in range(work.group.shape[1] - 1):
        work.group[VALUE_TURN, g] += bend * work.group[VALUES, g]
    guess = near_rate * at[M_RATE] + far_rate * at[M_RATE_BEFORE] + gap_rate * gone + bend * (precision - predicted)
    rate = heading(shape, numbers, work, precision, guess, at[M_RATE] / (1.0 + abs(at[M])) ** 2)
    forward = at[M_RATE] / (1.0 + abs(precision)) ** 2
    length, ahead = speed(work.slot[P], precision, work.slot[DRIVE], rate), forward * rate
    covered = (precision - at[M]) / (1.0 + abs(precision)) ** 2 * rate
    for c in range(work.slot.shape[1]):
        ahead += work.slot[P, c] * work.slot[Z_RATE, c] * work.slot[DRIVE, c]
        covered += work.slot[P, c] * (work.slot[Z, c] - work.slot[PATH_Z, c]) * work.slot[DRIVE, c]
    whole = length * speed(work.slot[P], precision, work.slot[Z_RATE], at[M_RATE])
    straight, same = ahead >= SMALLEST_COSINE * whole, at[DETERMINANT] * at[ORIENTATION] >= 0.0
    # in symmetric games branches cross: a prediction that hits so well, straight on, is no jump to another branch
    passes = miss <= SURE_MISS * aim and ahead >= SURE_COSINE * whole
    if not (straight and (same or passes)) and not (step <= CROSSING and length > 0.0):
        return False
    before, after = (at[LAST] if at[POINTS] > 1.0 else 0.0), 2.0 * abs(covered) / (length + abs(ahead))
    if straight:  # where the sign changes even so, branches cross, and the path goes on straight
        at[ORIENTATION] = at[DETERMINANT]
    else:  # the direction at the last point was wrong; the determinant's sign tells which way is on
        length, after = (length if same else -length), np.inf
    _settle(work, precision, rate, length)
    # the cubic needs rates and a length of the arc, by the trapezoidal rule, that fit each other
    at[LAST] = after
    # it errs like h^2 (h + l)^2 for a step h after one of length l, so that x (1 + x) = ratio for the next step x h
    ratio = (1.0 + before / step) * np.sqrt(SAFETY * aim / max(miss, 1e-12))
    at[STEP] = min(LARGEST_STEP, step * min(GROWTH, max(0.3, 0.5 * (np.sqrt(1.0 + 4.0 * ratio) - 1.0))))
    at[POINTS] += 1.0
    return True


@inlined
def _correct(shape: Shape, numbers: Numbers, work: Work, precision: float, pace: Pace) -> tuple[float, float]:
    """Newton's method from the predicted point on the plane across the last direction, with the derivative there throughout.

    Returns the size of the first correction, -1 if it is too large or corrections do not shrink fast, and the precision. One is
    enough, at a loose pace, where it is small and leaves little of the residuals; not where a path turns, since there small
    residuals do not say that the point is near.
    """
    predicted, largest = precision, LARGEST_MISS * pace.aim
    for c in range(work.slot.shape[1]):
        work.slot[BORDER, c] = work.slot[PATH_P, c] * work.slot[Z_RATE, c]
    forward = work.at[M_RATE] / (1.0 + abs(work.at[M])) ** 2
    change = equations(
        shape, numbers, work, ALL_SLOTS, BIAS, (1.0, predicted), (forward, 0.0), EVALUATION | DERIVATIVE | CORRECTION
    )
    work.at[FACTORED] += 1.0
    first = before = largest_move(work)
    if not (first <= largest and change == change):  # noqa: PLR0124 - NaN is not itself
        return -1.0, precision
    smooth = first <= pace.aim and work.at[TURNS] == 0.0
    enough = pace.loose * largest_residual(shape, work, precision) if smooth else 0.0
    rate = 1.0  # corrections shrink geometrically: the next one would be `rate` times the last
    for k in range(CORRECTIONS):
        move(work)
        precision += change
        equations(shape, numbers, work, ALL_SLOTS, BIAS, (1.0, precision), (0.0, 0.0), RESIDUALS)
        if k == 0 and enough > 0.0 and largest_residual(shape, work, precision) <= enough:
            return first, precision
        if rate * before <= CORRECTOR_TOLERANCE or before <= ROUNDING * abs(precision) * (1.0 + largest_value(work)):
            return first, precision
        change = equations(shape, numbers, work, ALL_SLOTS, BIAS, (1.0, predicted), (0.0, 0.0), CORRECTION)
        size = largest_move(work)
        if not size <= CONTRACTION * before:
            if before <= ROUNDING_FLOOR:  # it is rounding, amplified in games with ties, that ends the contraction
                return first, precision
            if not size <= CLOSE * largest:
                break
            # so close to the path it is the derivative that has grown old
            predicted = precision
            change = equations(shape, numbers, work, ALL_SLOTS, BIAS, (1.0, predicted), (forward, 0.0), DERIVATIVE | CORRECTION)
            work.at[FACTORED] += 1.0
            size, before = largest_move(work), np.inf
            if not (size <= CLOSE * largest and change == change):  # noqa: PLR0124 - NaN is not itself
                break
        before, rate = size, (size / before if before < np.inf else 1.0)
    return -1.0, precision


@lean_part
def newton(shape: Shape, numbers: Numbers, work: Work, support: int, bias: int, form: tuple[float, float], goal: float) -> bool:
    """Newton's method from the work's z and values at fixed coefficients; False if corrections do not become small."""
    fill(work.slot[BORDER], 0.0)
    before, found, tasks = np.inf, False, EVALUATION | DERIVATIVE | CORRECTION
    for _ in range(NEWTON_STEPS):
        change = equations(shape, numbers, work, support, bias, form, (1.0, 0.0), tasks)
        size = largest_move(work)
        if not (size <= LARGEST_MOVE and change == change):  # noqa: PLR0124 - NaN is not itself
            break
        move(work)
        if size <= goal or (size < STALLED and size > 0.5 * before):
            equations(shape, numbers, work, support, bias, form, (1.0, 0.0), EVALUATION)
            found = True
            break
        near = size <= CLOSE and size <= CLOSE * before  # then the derivative at hand will do
        tasks = EVALUATION | CORRECTION if near else EVALUATION | DERIVATIVE | CORRECTION
        before = size
    return found


# --- the end of the path -----------------------------------------------------------------------------------------------


@lean_part
def gain(shape: Shape, numbers: Numbers, work: Work) -> float:
    """Largest gain of a one-shot deviation, in allowed gains, from the action values last computed."""
    largest, values = 0.0, work.group[VALUES]
    for g in range(work.group.shape[1] - 1):
        for c in range(shape.group_start[g], shape.group_start[g + 1]):
            largest = max(largest, (work.slot[ACTION_VALUES, c] - values[g]) * numbers.player[WORTH, g % shape.players])
    return largest


@lean_part
def settled_support(work: Work) -> bool:
    """Find which actions stay in play as precision grows; True if that is clear."""
    precision, rate = work.at[M], work.at[M_RATE]
    if not rate > 0.0 or not precision > 0.0:
        return False
    for c in range(work.slot.shape[1]):
        leaves = work.slot[Z_RATE, c] * precision / rate < LEAVING_RATE
        if leaves and work.slot[PATH_P, c] >= LEAVING_PROBABILITY:
            return False
        work.flag[SUPPORT, c] = not leaves
    return True


@inlined
def end(shape: Shape, numbers: Numbers, work: Work) -> bool:
    """The equilibrium on the support next to the path, if nobody gains and its own logit branch leads back to the path."""
    for c in range(work.slot.shape[1]):
        work.slot[Z, c] = work.slot[PATH_Z, c] + work.slot[BIAS, c] if work.flag[SUPPORT, c] else 0.0
    copy(work.group[PATH_VALUES], work.group[VALUES])
    if not newton(shape, numbers, work, SUPPORT, NO_BIAS, (REMAINING_NOISE, 1.0), FINAL):
        return False
    if not gain(shape, numbers, work) <= 1.0:
        return False
    for c in range(work.slot.shape[1]):
        if not abs(work.slot[P, c] - work.slot[PATH_P, c]) <= NEAR:
            return False
    copy(work.slot[P], work.slot[ANSWER_P])
    copy(work.group[VALUES], work.group[ANSWER_VALUES])
    for g in range(work.group.shape[1] - 1):
        for c in range(shape.group_start[g], shape.group_start[g + 1]):
            if work.slot[P, c] > 0.0:
                work.slot[Z, c] -= work.slot[BIAS, c]
            else:
                work.slot[Z, c] = work.at[M] * (work.slot[ACTION_VALUES, c] - work.group[VALUES, g])
    if not newton(shape, numbers, work, ALL_SLOTS, BIAS, (1.0, work.at[M]), SAME * SAME):
        return False
    largest = 0.0
    for c in range(work.slot.shape[1]):
        largest = max(largest, abs(work.slot[P, c] - work.slot[PATH_P, c]))
    return largest <= SAME


@lean
def walk(shape: Shape, numbers: Numbers, work: Work, pace: Pace, most: int, seek: bool) -> int:
    """Follow the path for at most `most` points and say what it stopped for.

    END: `answer_p` and `answer_values` are the equilibrium that the path leads to. NEAR_END: the point itself is one, within the
    allowed gain. TIED: precision is high and the support clear, but the indifference conditions have no isolated solution there.
    LOST: the path cannot be followed, or went back through precision 0. PAUSED: neither. Without `seek` ends are not looked for.
    """
    at, worth = work.at, 0.0
    for i in range(shape.players):
        worth = max(worth, numbers.player[WORTH, i])
    if at[POINTS] == 0.0 and not begin(shape, numbers, work):
        return LOST
    for _ in range(most):
        if seek and settled_support(work) and at[M] >= PATIENCE * at[TRIED]:
            at[TRIED] = at[M]
            if end(shape, numbers, work):
                return END
            if at[M] > TIED_PRECISION:
                return TIED
        if at[M] > LARGEST_PRECISION:
            return LOST
        if seek and at[M] > ENOUGH * worth:
            copy(work.slot[PATH_Z], work.slot[Z])
            copy(work.group[PATH_VALUES], work.group[VALUES])
            equations(shape, numbers, work, ALL_SLOTS, BIAS, (1.0, at[M]), (0.0, 0.0), EVALUATION)
            if gain(shape, numbers, work) <= 1.0:
                return NEAR_END
        while not advance(shape, numbers, work, pace):
            at[STEP] /= 3.0
            if at[STEP] <= SMALLEST_STEP:
                return LOST
        if at[M] < 0.0:
            return LOST
    return PAUSED
