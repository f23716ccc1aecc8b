"""Markov perfect equilibria of two-player games as a complementarity problem, smoothed less and less.

Variables: the chance p_c of each choice c (player i, state s, own action) and each player's unnormalised value V_is. With Q_c
the mean of u_i(r) + delta_i sum_s' P(s' | r) V_i(s') over the rows r that contain c, weighted by the other's chances, play is an
equilibrium exactly if every choice has p_c >= 0, slack V_is - Q_c >= 0 and p_c (V_is - Q_c) = 0, and chances sum to 1. For a
smoothing m > 0 these conditions become

    p_c + (V_is - Q_c) - sqrt(p_c^2 + (V_is - Q_c)^2 + 2 m^2) = 0,   that is   p_c (V_is - Q_c) = m^2.

As m falls from 1 to almost nothing, Newton's method follows; from a start near an equilibrium m need not be that large. Where a
branch of solutions turns back, the logit path has to turn back too, with the whole game; here play is damped, state by state, by
a term that holds it where it was (an implicit Euler step of the dynamics in which a choice with slack loses chance), and so falls
to another branch. States that stay unsolved are solved again in blocks, together with their neighbours, while all other states
stay as they are.

Linear algebra. Chances are eliminated state by state, which leaves a sparse system for the values, of order 2 S. Where play soon
leads from most states to most others its factors are dense, but few iterations of GMRES (Saad and Schultz 1986) solve it.

Nothing here is certain to end at an equilibrium, and which one it ends at is a matter of the steps taken. All is counted in
steps, and random play comes from one seed: no answer depends on time or chance.

Sources: Fischer (1992) and Kanzow (1996) for the smoothed function; Kelley and Keyes (1998) for the damped steps; Dang, Herings
and Li (2022) for stationary equilibria as limits of such products.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import gmres, splu

from leverage.game.stochastic_game import Floats, Integers
from leverage.solvers import logit_kernel as logit
from leverage.solvers.kernel_kinds import called, called_part
from leverage.solvers.logit_kernel import Numbers, Shape
from leverage.solvers.logit_system import fills_in, uniform_play

#: Smoothing: at first; where it begins to fall faster; its factors.
FIRST, CLEAR, SLOW_FALL, FAST_FALL = 1.0, 1e-2, 0.5, 0.1
#: From a start that is given: the first smoothing, the least chance, and the allowed work (a start that leads to the end does so
#: soon).
CLOSER, LEAST_AT_START, WORK_FROM_START = 2e-3, 1e-6, 500_000
#: Smoothings at which every state is solved, by blocks if need be, before it falls further. The square of the last bounds what
#: smoothing leaves to gain.
LEVELS = (1e-3, 1e-6, 1e-8)
#: A state is solved if its conditions miss by at most this share of the smoothing.
MISS = 0.1
#: A step moves no chance by more than this.
LARGEST_MOVE = 0.6
#: Damping follows how far a state's chances move: it aims at this move, changes at most by these factors, and is 0 below the
#: last.
AIM, FALL, RISE, LEAST_DAMPING, MOST_DAMPING = 0.2, 0.5, 4.0, 1e-3, 1e3
#: Chances are kept above the first while they move. Values are kept within this share of their range of it; smoothing may add
#: its square for each of a few actions.
LEAST_CHANCE, BELOW, ABOVE = 1e-12, 0.1, 6.0
#: Allowed work, counted in states times steps, and what a step costs beside its states.
WORK, STEP_WORK = 2_000_000, 20
#: Damped steps of the whole game before the levels and at each one; Newton steps at the end, which is exact to this share
#: of the smoothing.
DESCENTS, LAST_STEPS, LAST_MISS = (100, 30, 30, 30), 8, 1e-2
#: Blocks: states in the first one, growth each time that a state is tried again, most states (dense factors of more are slow).
BLOCK, GROWTH, MOST_BLOCK = 30, 1.3, 60
#: A state that was in another's block counts as tried by so much.
ALONG = 0.15
#: A block is solved from these smoothings (0: the present one), with so many steps each; NaN: from random play.
BLOCK_STARTS = ((0.0, 60), (0.1, 150), (0.5, 150), (np.nan, 150))
#: Unsolved states for each block before the whole game takes Newton steps; and how many of these.
STATES_A_ROUND, LEAST_ROUND, ROUND_STEPS = 40, 4, 4
#: Newton steps are halved down to this while the conditions do not come closer by this share.
SMALLEST_SHARE, DECREASE = 0.05, 0.01
#: Of the random play that blocks start from at last.
SEED = 20240
#: Where sparse factors would fill in, steps come from iterations: to what share of the right side, and how many at most.
CLOSE_ENOUGH, MOST_ITERATIONS = 1e-6, 250
#: ... unless there are no more states than this: then dense factors take less time.
DENSE_STATES = 450
#: A pivot of a state's own system that is 0 becomes this: damping then makes the step harmless.
TINY = 1e-14


def smoothed_end(
    shape: Shape, numbers: Numbers, start: tuple[Floats, Floats] | None = None, most: int | None = None
) -> Floats | None:
    """The profile (C,) at which falling smoothing ended; None if it did not within the allowed work.

    Use it for sparse two-player games of hundreds of states, whose logit path turns back too often; what it gives is for a
    checker to judge. None too for another number of players.

    Parameters
    ----------
    shape, numbers : the game's arrays, see `logit_system`.
    start : lotteries (C,) and unnormalised values (2 S,), state by state, near an equilibrium, as from `fictitious_play`; by
        default uniform play, and much smoothing.
    most : allowed work, in states times steps; by default `WORK`, from a start a quarter of it.

    Notes
    -----
    Guarantee: none, neither that it finds an equilibrium nor which. Cost: a step of the whole game makes one sparse factorisation
    of order 2 S, or some hundred products with that matrix, one of a block a dense factorisation; it gives up after about `most`
    states times steps.

    References
    ----------
    Kanzow (1996), "Some noninterior continuation methods for linear complementarity problems"; Kelley and Keyes (1998),
    "Convergence analysis of pseudo-transient continuation"; Dang, Herings and Li (2022), "An interior-point differentiable
    path-following method to compute stationary equilibria in stochastic games".

    Examples
    --------
    >>> from leverage.game.stochastic_game import StochasticGame
    >>> from leverage.solvers.logit_system import numbers_of, shape_of
    >>> pennies = [[[2.0, -2.0], [-1.0, 1.0]], [[-1.0, 1.0], [1.0, -1.0]]]
    >>> game = StochasticGame.from_arrays([pennies], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.9)
    >>> smoothed_end(shape_of(game), numbers_of(game, 1e-9)).round(9).tolist()
    [0.4, 0.6, 0.4, 0.6]
    """
    if shape.players != 2:
        return None
    search, first = Search.of(shape, numbers), FIRST
    if start is not None:
        search.begin_at(*start)
        first = CLOSER
    if most is not None:
        search.most = most
    return search.play() if search.run(first) else None


# --- the search ------------------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class Search:
    """Where the search is, and scratch space. `work`: states times steps so far, at most about `most`.

    p: (C,) chances. values: (2 S,) unnormalised, state by state. slack, miss: (C,) V - Q and the conditions' left sides.
    step_p, step_values: the last step. state_miss, state_move: (S,) largest miss, and move, of a state's chances. damping: (S,).
    reward: (R, 2). coupling: (4 B,) the values' matrix by rows; columns, starts: its pattern; right: (2 S,). group: (C,).
    neighbours: (S, S), nonzero for states that a transition links, and on the diagonal. everything: all states. fills: whether
    sparse factors would have most entries.
    """

    shape: Shape
    numbers: Numbers
    rng: np.random.Generator
    most: int
    p: Floats
    values: Floats
    damping: Floats
    slack: Floats
    miss: Floats
    step_p: Floats
    step_values: Floats
    state_miss: Floats
    state_move: Floats
    reward: Floats
    coupling: Floats
    right: Floats
    group: Integers
    columns: Integers
    starts: Integers
    neighbours: sparse.csr_array
    everything: Integers
    fills: bool
    work: int = 0

    @classmethod
    def of(cls, shape: Shape, numbers: Numbers) -> Search:
        """At uniform play."""
        sizes, states = np.diff(shape.group_start), shape.states
        slots = int(shape.group_start[-1])
        group = np.repeat(np.arange(2 * states), sizes)
        begin, to = shape.state[logit.BLOCKS], shape.block[logit.NEXT]
        widths = np.diff(begin)
        source = np.repeat(np.arange(states), widths)
        near = sparse.csr_array((np.ones(len(to)), (source, to)), shape=(states, states))
        pairs = [np.repeat(to[begin[s] : begin[s + 1]] * 2, 2) + np.tile([0, 1], widths[s]) for s in range(states)]
        return cls(
            shape=shape,
            numbers=numbers,
            rng=np.random.default_rng(SEED),
            most=WORK,
            p=uniform_play(shape),
            values=np.zeros(2 * states),
            damping=np.zeros(states),
            slack=np.zeros(slots),
            miss=np.zeros(slots),
            step_p=np.zeros(slots),
            step_values=np.zeros(2 * states),
            state_miss=np.zeros(states),
            state_move=np.zeros(states),
            reward=np.zeros((len(shape.row_slot), 2)),
            coupling=np.zeros(4 * len(to)),
            right=np.zeros(2 * states),
            group=group,
            columns=np.concatenate([np.tile(pair, 2) for pair in pairs]).astype(np.intp),
            starts=np.concatenate([[0], np.cumsum(np.repeat(2 * widths, 2))]).astype(np.intp),
            neighbours=sparse.csr_array(near + near.T + sparse.eye_array(states)),
            everything=np.arange(states),
            fills=fills_in(shape),
        )

    def begin_at(self, p: Floats, values: Floats) -> None:
        """Go to lotteries p (C,), moved inwards a little, and values (2 S,)."""
        self.p, self.values, self.most = np.maximum(p, LEAST_AT_START), values, WORK_FROM_START
        self.p = self.play()

    def run(self, first: float) -> bool:
        """Let the smoothing fall from `first` to the end; False if some states stay unsolved within the allowed work."""
        smoothing = self.descend(self.everything, first, LEVELS[0], DESCENTS[0])[1]
        for level, steps in zip(LEVELS, DESCENTS[1:], strict=True):
            self.descend(self.everything, smoothing, level, steps)
            if not self.solve_blocks(level):
                return False
            smoothing = level
        self.newton(smoothing, LAST_STEPS, LAST_MISS)
        return True

    def play(self) -> Floats:
        """Where the search is as lotteries (C,): Newton's method leaves chances below 0 by rounding."""
        kept = np.maximum(self.p, 0.0)
        return np.asarray(kept / np.add.reduceat(kept, self.shape.group_start[:-1])[self.group])

    # --- steps -----------------------------------------------------------------------------------------------------------

    def evaluate(self, states: Integers, smoothing: float) -> tuple[float, float]:
        """The conditions of `states` where the attempt is: the largest miss, and the sum of squares."""
        largest, squares = conditions(
            self.shape, self.numbers, states, self.p, self.values, smoothing, self.reward, self.slack, self.miss, self.state_miss
        )
        return float(largest), float(squares)

    def direction(self, states: Integers, smoothing: float) -> float:
        """The damped Newton step of `states`, all others held; after `evaluate`. Returns the largest move of a chance, NaN or
        infinity if there is no step."""
        self.work += len(states) + STEP_WORK
        linearise(
            self.shape, self.numbers, states, self.p, smoothing, self.damping, self.reward, self.slack, self.miss, self.coupling,
            self.right,
        )  # fmt: skip
        self.step_values[:] = 0.0
        try:
            self._solve(states)
        except (RuntimeError, np.linalg.LinAlgError):  # "Factor is exactly singular"
            return np.inf
        return float(
            complete(
                self.shape, self.numbers, states, self.p, smoothing, self.damping, self.reward, self.slack, self.miss,
                self.step_values, self.step_p, self.state_move,
            )
        )  # fmt: skip

    def _solve(self, states: Integers) -> None:
        """The values' step from the coupling."""
        if len(states) == self.shape.states and not (self.fills and len(states) <= DENSE_STATES):
            self.step_values[:] = self._solve_all()
            return
        place = np.full(self.shape.states, -1, dtype=np.intp)
        place[states] = np.arange(len(states))
        matrix = np.zeros((2 * len(states), 2 * len(states)))
        gather(self.shape, states, place, self.coupling, matrix)
        self.step_values.reshape(-1, 2)[states] = np.linalg.solve(matrix, self.right.reshape(-1, 2)[states].ravel()).reshape(
            -1, 2
        )

    def _solve_all(self) -> Floats:
        """The step of all values by sparse factors. Where these would fill in, by GMRES, unless it does not come close soon: what
        belongs to one state alone is eliminated, so that it needs no other preparation."""
        size = len(self.right)
        system = self.coupling, self.columns, self.starts
        if self.fills:
            matrix = sparse.csr_array(system, shape=(size, size), dtype=np.float64)
            found, failed = gmres(matrix, self.right, rtol=CLOSE_ENOUGH, restart=MOST_ITERATIONS, maxiter=1)
            if not failed:
                return np.asarray(found, dtype=np.float64)
        transposed = sparse.csc_matrix(system, shape=(size, size))
        return cast(Callable[..., Floats], splu(transposed).solve)(self.right, "T")

    def descend(self, states: Integers, smoothing: float, last: float, steps: int) -> tuple[bool, float]:
        """Damped steps of `states`, all others held, the smoothing falling to `last`: whether it was reached, and what was."""
        smoothing = max(smoothing, last)
        self.p, self.values = self.p.copy(), self.values.copy()
        self.damping[:] = 0.0
        largest, _ = self.evaluate(states, smoothing)
        k = 0
        while k < steps:
            if largest < MISS * smoothing:
                if smoothing <= last:
                    return True, smoothing
                smoothing = max(last, smoothing * (SLOW_FALL if smoothing > CLEAR else FAST_FALL))
                largest, _ = self.evaluate(states, smoothing)
                continue
            k += 1
            move = self.direction(states, smoothing)
            if not np.isfinite(move):
                self.damping[states] = np.minimum(np.maximum(self.damping[states], LEAST_DAMPING) * RISE, MOST_DAMPING)
                continue
            share = min(1.0, LARGEST_MOVE / max(move, LARGEST_MOVE))
            go(self.shape, self.numbers, states, share, smoothing, self.step_p, self.step_values, self.state_move, self.p,
               self.values, self.damping)  # fmt: skip
            largest, _ = self.evaluate(states, smoothing)
        return False, smoothing

    def newton(self, smoothing: float, steps: int, enough: float) -> None:
        """Newton steps of the whole game, each as long as it brings the conditions closer."""
        self.damping[:] = 0.0
        largest, squares = self.evaluate(self.everything, smoothing)
        for _ in range(steps):
            if largest < enough * smoothing or not np.isfinite(self.direction(self.everything, smoothing)):
                return
            p, values, share = self.p, self.values, 1.0
            while share > SMALLEST_SHARE:
                self.p, self.values = p + share * self.step_p, values + share * self.step_values
                largest, after = self.evaluate(self.everything, smoothing)
                if after < (1 - DECREASE * share) * squares:
                    squares = after
                    break
                share /= 2
            else:
                self.p, self.values = p, values
                return

    # --- blocks ------------------------------------------------------------------------------------------------------------

    def solve_blocks(self, smoothing: float) -> bool:
        """Solve states that are not, in blocks around the worst that was tried least; False if the allowed work does not do."""
        tried, since = np.zeros(self.shape.states), 0
        unsolved = self._unsolved(smoothing)
        while len(unsolved) and self.work < self.most:
            worst = int(unsolved[np.argmax(self.state_miss[unsolved] / (1 + tried[unsolved]) ** 2)])
            block = self._around(worst, int(min(MOST_BLOCK, BLOCK * GROWTH ** min(tried[worst], MOST_BLOCK))))
            self._solve_block(block, smoothing)
            tried[block] += ALONG
            tried[worst] += 1.0
            since += 1
            if since >= max(LEAST_ROUND, len(unsolved) // STATES_A_ROUND):
                self.newton(smoothing, ROUND_STEPS, MISS)
                since = 0
            unsolved = self._unsolved(smoothing)
        return not len(unsolved)

    def _unsolved(self, smoothing: float) -> Integers:
        self.evaluate(self.everything, smoothing)
        return np.flatnonzero(~(self.state_miss <= MISS * smoothing)).astype(np.intp)

    def _around(self, state: int, size: int) -> Integers:
        """The state and those nearest to it by transitions either way, at most `size`."""
        mask = np.zeros(self.shape.states, dtype=bool)
        mask[state] = True
        while (count := int(mask.sum())) < size:
            wider = np.asarray(self.neighbours @ mask.astype(np.float64)) > 0
            added = np.flatnonzero(wider & ~mask)[: size - count]
            if not len(added):
                break
            mask[added] = True
        return np.flatnonzero(mask).astype(np.intp)

    def _solve_block(self, block: Integers, smoothing: float) -> bool:
        """Solve the block for values of the others as they are; left as it was if no start does."""
        p, values = self.p, self.values
        inside = np.isin(self.group // 2, block)
        for start, steps in BLOCK_STARTS:
            self.p, self.values, first = p, values, start
            if np.isnan(start):
                random = self.rng.exponential(1.0, len(p))
                random /= np.add.reduceat(random, self.shape.group_start[:-1])[self.group]
                self.p, first = np.where(inside, random, p), BLOCK_STARTS[-2][0]
            if self.descend(block, first, smoothing, steps)[0]:
                return True
        self.p, self.values = p, values
        return False


# --- kernels -------------------------------------------------------------------------------------------------------------------


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
