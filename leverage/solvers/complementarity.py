"""Markov perfect equilibria of two-player games as a complementarity problem, smoothed less and less.

Variables: the chance p_c of each choice c (player i, state s, own action) and each player's unnormalised value V_is. With Q_c
the mean of u_i(r) + delta_i sum_s' P(s' | r) V_i(s') over the rows r that contain c, weighted by the other's chances, play is an
equilibrium exactly if every choice has p_c >= 0, slack V_is - Q_c >= 0 and p_c (V_is - Q_c) = 0, and chances sum to 1. For a
smoothing m > 0 these conditions become

    p_c + (V_is - Q_c) - sqrt(p_c^2 + (V_is - Q_c)^2 + 2 m^2) = 0,   that is   p_c (V_is - Q_c) = m^2.

As m falls from 1 to almost nothing, Newton's method follows; from a start near an equilibrium m need not be that large. Where a
branch of solutions turns back, the logit path has to turn back too, with the whole game; here play is damped, state by state, by
a term that holds it where it was (an implicit Euler step of the dynamics in which a choice with slack loses chance), and so falls
to another branch. Where a few states go on and on, blocks around them are solved while values elsewhere answer, to first order
(`answering_block`). States that are left at last are solved again in blocks, together with their neighbours, while all other
states stay as they are.

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
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import gmres, splu

from leverage.game.stochastic_game import Floats, Integers
from leverage.solvers import complementarity_kernel as kernel
from leverage.solvers import logit_kernel as logit
from leverage.solvers.answering_block import AnsweringBlock
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
#: Allowed work, counted in states times steps, and what a step costs beside its states.
WORK, STEP_WORK = 2_000_000, 20
#: Damped steps of the whole game from uniform play, before the levels; Newton steps at the end, which is exact to this share of
#: the smoothing.
FIRST_DESCENT, LAST_STEPS, LAST_MISS = 100, 8, 1e-2
#: Then damped steps of the whole game in rounds of so many, and so many rounds without less smoothing. After one that leaves this
#: many states unsolved, or fewer, values elsewhere answer to blocks around them.
ROUND, MOST_ROUNDS, FEW_UNSOLVED = 15, 12, 90
#: Such a block: states at least, and growth each time that one of its unsolved states is tried again.
LEAST_BLOCK, WIDER = 4, 0.3
#: What values elsewhere answer to so many states takes as long as a step of the whole game.
ANSWERS_A_STEP = 20
#: Blocks: states in the first one, growth each time that a state is tried again, most states (dense factors of more are slow).
BLOCK, GROWTH, MOST_BLOCK = 30, 1.3, 60
#: A state that was in another's block counts as tried by so much.
ALONG = 0.15
#: A block is solved from these smoothings (0: the present one), with so many steps each; NaN: from random play.
BLOCK_STARTS = ((0.0, 60), (0.1, 150), (0.5, 150), (np.nan, 150))
#: Unsolved states for each block before the whole game takes Newton steps; and how many of these, the last after blocks to which
#: values elsewhere have answered.
STATES_A_ROUND, LEAST_ROUND, ROUND_STEPS, ANSWERED_STEPS = 40, 4, 4, 6
#: Newton steps are halved down to this while the conditions do not come closer by this share.
SMALLEST_SHARE, DECREASE = 0.05, 0.01
#: Of the random play that blocks start from at last.
SEED = 20240
#: Where sparse factors would fill in, steps come from iterations: to what share of the right side, and how many at most.
CLOSE_ENOUGH, MOST_ITERATIONS = 1e-6, 250
#: ... unless there are no more states than this: then dense factors take less time.
DENSE_STATES = 450


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
    sparse factors would have most entries. answering: the block that values elsewhere answer to, if any.
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
    answering: AnsweringBlock | None = None

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
        smoothing = first
        if first >= FIRST:
            smoothing = self.descend(self.everything, first, LEVELS[0], FIRST_DESCENT)[1]
        for level in LEVELS:
            if not (self.settle(smoothing, level) or self.solve_blocks(level)):
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
        largest, squares = kernel.conditions(
            self.shape, self.numbers, states, self.p, self.values, smoothing, self.reward, self.slack, self.miss, self.state_miss
        )
        return float(largest), float(squares)

    def direction(self, states: Integers, smoothing: float) -> float:
        """The damped Newton step of `states`, all others held; after `evaluate`. Returns the largest move of a chance, NaN or
        infinity if there is no step."""
        self.work += len(states) + STEP_WORK
        self._linearise(states, smoothing)
        self.step_values[:] = 0.0
        try:
            self._solve(states)
        except (RuntimeError, np.linalg.LinAlgError):  # "Factor is exactly singular"
            return np.inf
        return self._complete(states, smoothing)

    def _linearise(self, states: Integers, smoothing: float) -> None:
        kernel.linearise(
            self.shape, self.numbers, states, self.p, smoothing, self.damping, self.reward, self.slack, self.miss, self.coupling,
            self.right,
        )  # fmt: skip

    def _complete(self, states: Integers, smoothing: float) -> float:
        """The chances' step that belongs to the values' step; returns the largest move."""
        return float(
            kernel.complete(
                self.shape, self.numbers, states, self.p, smoothing, self.damping, self.reward, self.slack, self.miss,
                self.step_values, self.step_p, self.state_move,
            )
        )  # fmt: skip

    def _solve(self, states: Integers) -> None:
        """The values' step from the coupling."""
        if self.answering is not None:
            self.step_values[:] = self.answering.step(self._system(), self.right)
            return
        if len(states) == self.shape.states and not (self.fills and len(states) <= DENSE_STATES):
            self.step_values[:] = self._solve_all()
            return
        place = np.full(self.shape.states, -1, dtype=np.intp)
        place[states] = np.arange(len(states))
        matrix = np.zeros((2 * len(states), 2 * len(states)))
        kernel.gather(self.shape, states, place, self.coupling, matrix)
        self.step_values.reshape(-1, 2)[states] = np.linalg.solve(matrix, self.right.reshape(-1, 2)[states].ravel()).reshape(
            -1, 2
        )

    def _solve_all(self) -> Floats:
        """The step of all values by sparse factors. Where these would fill in, by GMRES, unless it does not come close soon: what
        belongs to one state alone is eliminated, so that it needs no other preparation."""
        if self.fills:
            found, failed = gmres(self._system(), self.right, rtol=CLOSE_ENOUGH, restart=MOST_ITERATIONS, maxiter=1)
            if not failed:
                return np.asarray(found, dtype=np.float64)
        transposed = self._system().T.tocsc()
        return cast(Callable[..., Floats], splu(transposed).solve)(self.right, "T")

    def _system(self) -> sparse.csr_array:
        """(2 S, 2 S): the coupling."""
        size = len(self.right)
        return sparse.csr_array((self.coupling, self.columns, self.starts), shape=(size, size), dtype=np.float64)

    def descend(self, states: Integers, smoothing: float, last: float, steps: int) -> tuple[bool, float]:
        """Damped steps of `states`, others held or answering, while the smoothing falls to `last`: whether it was reached, and
        what was."""
        smoothing = max(smoothing, last)
        self.p, self.values = self.p.copy(), self.values.copy()
        self._answer()
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
                more = np.maximum(self.damping[states], kernel.LEAST_DAMPING) * kernel.RISE
                self.damping[states] = np.minimum(more, kernel.MOST_DAMPING)
                continue
            share = min(1.0, LARGEST_MOVE / max(move, LARGEST_MOVE))
            kernel.go(
                self.shape, self.numbers, states, share, smoothing, self.step_p, self.step_values, self.state_move, self.p,
                self.values, self.damping,
            )  # fmt: skip
            self._answer()
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

    def settle(self, smoothing: float, level: float) -> bool:
        """Damped steps of the whole game, the smoothing falling to `level`; where a few states stay unsolved, blocks around them
        to which values elsewhere answer. False if some are left."""
        tried, rounds = np.zeros(self.shape.states), 0
        while self.work < self.most and rounds < MOST_ROUNDS:
            solved, reached = self.descend(self.everything, smoothing, level, ROUND)
            if solved:
                return True
            if reached < smoothing:
                smoothing, rounds = reached, 0
                tried[:] = 0.0
            rounds += 1
            unsolved = self._unsolved(smoothing)
            if len(unsolved) <= FEW_UNSOLVED and (not self.fills or self.shape.states <= DENSE_STATES):
                self._solve_answering(unsolved, smoothing, tried)
                self.newton(smoothing, ANSWERED_STEPS, MISS)
        return False

    # --- blocks ------------------------------------------------------------------------------------------------------------

    def solve_blocks(self, smoothing: float) -> bool:
        """Solve states that are not, in blocks around the worst that was tried least; False if the allowed work does not do."""
        tried, since = np.zeros(self.shape.states), 0
        unsolved = self._unsolved(smoothing)
        while len(unsolved) and self.work < self.most:
            worst = int(unsolved[np.argmax(self.state_miss[unsolved] / (1 + tried[unsolved]) ** 2)])
            block = self._around(np.array([worst]), int(min(MOST_BLOCK, BLOCK * GROWTH ** min(tried[worst], MOST_BLOCK))))
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

    def _around(self, states: Integers, size: int) -> Integers:
        """The states and those nearest to them by transitions either way, at most `size` together."""
        mask = np.zeros(self.shape.states, dtype=bool)
        mask[states] = True
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

    def _solve_answering(self, unsolved: Integers, smoothing: float, tried: Floats) -> None:
        """Solve blocks around the unsolved states, those that are linked in one; `tried` (S,) counts how often, and changes."""
        count, label = connected_components(self.neighbours[unsolved][:, unsolved], directed=False)
        for linked in sorted((unsolved[label == k] for k in range(count)), key=len):
            tried[linked] += 1.0
            block = self._around(linked, min(MOST_BLOCK, max(LEAST_BLOCK, int(len(linked) * (1 + WIDER * tried[linked].max())))))
            others = np.setdiff1d(unsolved, block)  # unsolved as well: their play does not answer
            p, values = self.p, self.values
            self.answering = self._answering(block, others, smoothing)
            solved = self.answering is not None and self._solve_block(block, smoothing)
            self.answering = None
            if solved:
                self._answered(block, others, smoothing, p, values)

    def _answering(self, block: Integers, held: Integers, smoothing: float) -> AnsweringBlock | None:
        """How values elsewhere answer to the block's; play of the states `held` does not."""
        self.work += self.shape.states * (1 + len(block) // ANSWERS_A_STEP) + STEP_WORK
        self._hold(held, smoothing)
        self._linearise(self.everything, smoothing)
        return AnsweringBlock.of(block, self._system(), self.right, self.values, dense=self.fills)

    def _hold(self, held: Integers, smoothing: float) -> None:
        """Evaluate the whole game; damp the states `held` alone, so much that their play hardly moves."""
        self.evaluate(self.everything, smoothing)
        self.damping[:] = 0.0
        self.damping[held] = kernel.MOST_DAMPING

    def _answer(self) -> None:
        """Values elsewhere, if they answer, follow those of the block."""
        if self.answering is not None:
            self.answering.follow(self.values)

    def _answered(self, block: Integers, held: Integers, smoothing: float, p: Floats, values: Floats) -> None:
        """Move play outside the block, from p, as its values moved from `values` (the states `held` excepted)."""
        ended, self.step_values[:] = (self.p, self.values), self.values - values
        self.p, self.values = p, values
        self._hold(held, smoothing)
        self._complete(self.everything, smoothing)
        moved = np.maximum(p + self.step_p, kernel.LEAST_CHANCE)
        moved /= np.add.reduceat(moved, self.shape.group_start[:-1])[self.group]
        self.p, self.values = np.where(np.isin(self.group // 2, block), ended[0], moved), ended[1]
