"""The states where somebody would gain, solved as a game of their own while play everywhere else is held.

Simple means find play for most states of a large game, and what they leave is solved over and over if values elsewhere are held:
they answer. Here *play* elsewhere is held. Outside the active states K play is then a Markov chain, and for each player i

    V = c_i + M_i V_K            V_K: values at the active states,

so that these make a game of |K| states whose rows pay u_i + delta_i P c_i and lead on with weights delta_i P M_i, a law of each
player's own where discount factors differ. It is small enough for smoothing (`complementarity`) to find an equilibrium of it, or
with more than two players for the logit path. Where somebody now would gain elsewhere, the state becomes active as well, and none
is ever held again; so this comes to an end, at the latest with all states active. In random games a tenth to a fifth of the
states are, nearly all from the beginning.

Nothing here is certain to end at an equilibrium of few active states, and which one it ends at is a matter of where it began.
All work is counted, so that no answer depends on time.

Sources: Kemeny and Snell (1960), chapter 6, for chains watched in some states only (their censored law is the Schur complement);
Puterman (1994), section 6.4, for the values of held play.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.linalg import lu_factor, lu_solve
from scipy.sparse.linalg import splu

from leverage.game.stochastic_game import Booleans, Floats, RowIndices
from leverage.solvers import logit_kernel as kernel
from leverage.solvers.complementarity import smoothed_end
from leverage.solvers.fictitious_play import fictitious_play
from leverage.solvers.logit_kernel import Numbers, Pace, Shape
from leverage.solvers.logit_system import fills_in, law_of, shape_from, uniform_play, workspace

#: A state is active from gains of this share of the allowed one on; active states are solved to this share of it.
ACTIVE, SOLVED = 0.5, 0.1
#: Active states at most, with more a step takes too long; rounds at most.
MOST_ACTIVE, MOST_ROUNDS = 300, 60
#: Work that smoothing of few active states may take, in states times steps, and how many states take twice the time for it: about
#: a second at most.
SMOOTHING_WORK, SLOW_STATES = 130_000, 150
#: With more players than two: values of active states at most, since the path's factors are dense; and how it is followed, for so
#: many points, while its factorisations have taken no more multiplications than that.
MOST_PATH_VALUES, PATH_PACE, MOST_POINTS, PATH_WORK = 450, Pace(0.02, 0.0), 1_000, 4e9
#: Random play that fictitious play begins from where uniform play has led nowhere, from one seed; none of it where so many starts
#: have had too many active states.
OTHER_STARTS, SEED, MOST_CROWDED = 11, 20261, 2
#: Where factors of the whole game are sparse, and smoothing of it takes little: starts that make so many states, at least two.
STATES_BEGUN = 2_000
#: Where they would fill in, states at most: held chains have dense factors.
MOST_STATES = 3_000


def active_ends(shape: Shape, numbers: Numbers, rows: RowIndices, settled: Floats | None = None) -> Iterator[tuple[int, Floats]]:
    """Profiles (C,) at which nobody gains, each with the number of its start; 0 is uniform play.

    Use it for games of hundreds of states; what it gives is for a checker to judge. Nothing where the held chain is too large for
    the dense factors that it needs.

    Parameters
    ----------
    shape, numbers, rows : the game's arrays, see `logit_system`, and its row indices.
    settled : (C,) where fictitious play leads from uniform play, if that is known.

    Notes
    -----
    From each start fictitious play leads to play that is nearly an equilibrium's in most states. Smoothing of the active states
    may take about a second, then other starts are tried. Cost: a round factors the held chain once for each player (once where
    discount factors are the same) and solves it for each active state; smoothing makes up to some hundred dense factorisations of
    the active states' values, more where these are few.

    Examples
    --------
    >>> from leverage.game.stochastic_game import StochasticGame
    >>> from leverage.solvers.logit_system import numbers_of, shape_of
    >>> pennies = [[[2.0, -2.0], [-1.0, 1.0]], [[-1.0, 1.0], [1.0, -1.0]]]
    >>> game = StochasticGame.from_arrays([pennies], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.9)
    >>> start, p = next(active_ends(shape_of(game), numbers_of(game, 1e-9), RowIndices(game.actions)))
    >>> start, p.round(9).tolist()
    (0, [0.4, 0.6, 0.4, 0.6])
    """
    if fills_in(shape) and shape.states > MOST_STATES:
        return
    numbers = _of_own_ranges(numbers)
    crowded, most = 0, 1 + OTHER_STARTS if fills_in(shape) else max(2, STATES_BEGUN // shape.states)
    for k, start in enumerate(itertools.islice(_starts(shape), most)):
        known = settled if k == 0 else None
        search = _Search(shape, numbers, rows, fictitious_play(shape, numbers, start)[0] if known is None else known.copy())
        try:
            if search.run():
                yield k, search.p
        except _CrowdedError:
            crowded += 1
            if crowded == MOST_CROWDED:
                return


def _of_own_ranges(numbers: Numbers) -> Numbers:
    """With gains measured in each player's own payoff range: in the largest one, any play for small payoffs would do."""
    varies, rest = np.ptp(numbers.payoffs, axis=0) > 0, 1.0 - numbers.player[kernel.DISCOUNT]
    worth = numbers.player[kernel.WORTH].copy()
    worth[varies] = rest[varies] * np.max(worth[varies] / rest[varies], initial=0.0)
    return numbers._replace(player=np.stack([numbers.player[kernel.DISCOUNT], worth]))


def _starts(shape: Shape) -> Iterator[Floats]:
    """Uniform play, then random play, always the same for games of one form."""
    rng, uniform = np.random.default_rng(SEED), uniform_play(shape)
    yield uniform
    first, sizes = shape.group_start[:-1], np.diff(shape.group_start)
    for _ in range(OTHER_STARTS):
        random = rng.exponential(1.0, len(uniform))
        yield random / np.repeat(np.add.reduceat(random, first), sizes)


class _CrowdedError(Exception):
    """There are too many active states."""


@dataclass(eq=False)
class _Search:
    """Play p (C,) of a game, which changes."""

    shape: Shape
    numbers: Numbers
    rows: RowIndices
    p: Floats

    def run(self) -> bool:
        """Go on until nobody gains; False if active states stay unsolved. Raises _CrowdedError where there are too many."""
        values, active = self.values(), np.zeros(self.shape.states, dtype=bool)
        for _ in range(MOST_ROUNDS):
            gaining = self.gaining(values)
            if not gaining.any():
                return True
            active |= gaining
            players = self.shape.players
            if active.sum() > (MOST_ACTIVE if players == 2 else MOST_PATH_VALUES // players):
                raise _CrowdedError
            found = self.solve(active, values)
            if found is None:
                return False
            values = found
        return False

    # --- held play -------------------------------------------------------------------------------------------------------

    def values(self) -> Floats:
        """(S, N): unnormalised values of p."""
        nothing = np.zeros(self.shape.states, dtype=bool)
        return np.stack([linear[:, 0] for linear in self._linear(nothing)], axis=1)

    def gaining(self, values: Floats) -> Booleans:
        """(S,): whether somebody would gain by deviating once."""
        return _gains(self.shape, self.numbers, self.p, values) > ACTIVE

    def _linear(self, active: Booleans) -> list[Floats]:
        """For each player (S, 1 + |K|): every state's value if those of active states are 0, and what each of these adds."""
        count, size, discounts = int(active.sum()), self.shape.states, self.numbers.player[kernel.DISCOUNT]
        own, average = np.zeros((size, count)), _average(self.shape, self.p)
        own[active, np.arange(count)] = 1.0
        average.data[active[self.rows.row_state]] = 0.0
        found: list[Floats] = []
        for i, discount in enumerate(discounts):
            if not (i > 0 and len(self.numbers.law) == self.shape.entry.shape[1] and discount == discounts[i - 1]):
                solve = _solver(discount * (average @ law_of(self.shape, self.numbers, i)), fills_in(self.shape))
            found.append(solve(np.column_stack([average @ self.numbers.payoffs[:, i], own])))
        return found

    # --- active states -----------------------------------------------------------------------------------------------------

    def solve(self, active: Booleans, values: Floats) -> Floats | None:
        """Make play an equilibrium of the active states' game; returns all values (S, N), None if none is found."""
        linear = self._linear(active)
        shape, numbers = self._watched(active, linear)
        chosen = np.repeat(active, np.diff(self.shape.group_start[:: self.shape.players]))
        p = _end(shape, numbers, self.p[chosen], values[active])
        if p is None:
            return None
        own = _values(shape, numbers, p)
        if not _gains(shape, numbers, p, own).max() <= SOLVED:
            return None
        self.p[chosen] = p
        return np.stack([each[:, 0] + each[:, 1:] @ own[:, i] for i, each in enumerate(linear)], axis=1)

    def _watched(self, active: Booleans, linear: list[Floats]) -> tuple[Shape, Numbers]:
        """The game of the active states, all of which may follow each other."""
        rows = np.flatnonzero(active[self.rows.row_state])
        count = int(active.sum())
        starts = np.arange(len(rows) + 1) * count
        own = RowIndices(tuple(self.rows.actions[s] for s in np.flatnonzero(active)))
        shape = shape_from(own, starts, np.tile(np.arange(count), len(rows)))
        payoffs, laws = np.empty((len(rows), self.shape.players)), []
        for i, each in enumerate(linear):
            ahead = np.asarray(law_of(self.shape, self.numbers, i)[rows] @ each)
            payoffs[:, i] = self.numbers.payoffs[rows, i] + self.numbers.player[kernel.DISCOUNT, i] * ahead[:, 0]
            laws.append(ahead[:, 1:].ravel())
        return shape, Numbers(payoffs=payoffs, law=np.concatenate(laws), player=self.numbers.player)


def _end(shape: Shape, numbers: Numbers, p: Floats, values: Floats) -> Floats | None:
    """Where smoothing of the active states' game leads from p and their values, or with more than two players the logit path."""
    if shape.players != 2:
        return _path_end(shape, numbers)
    most = int(SMOOTHING_WORK / (1 + (shape.states / SLOW_STATES) ** 2))
    return smoothed_end(shape, numbers, (p, values.ravel()), most=most)


def _path_end(shape: Shape, numbers: Numbers) -> Floats | None:
    """The end of the logit path from uniform play, or None."""
    work, factored = workspace(shape), PATH_WORK / ((shape.states * shape.players) ** 3 / 3)
    while work.at[kernel.POINTS] < MOST_POINTS and work.at[kernel.FACTORED] < factored:
        code = kernel.walk(shape, numbers, work, PATH_PACE, 50, True)
        if code != kernel.PAUSED:
            return {kernel.END: work.slot[kernel.ANSWER_P], kernel.NEAR_END: work.slot[kernel.PATH_P]}.get(code)
    return None


def _average(shape: Shape, p: Floats) -> sparse.csr_array:
    """(S, R): chances of the rows of each state under play p."""
    chance = np.prod(p[shape.row_slot], axis=1)
    return sparse.csr_array((chance, np.arange(len(chance)), shape.state[kernel.ROWS]), shape=(shape.states, len(chance)))


def _solver(law: sparse.csr_array, dense: bool) -> Callable[[Floats], Floats]:
    """What solves (I - law) x = right."""
    if not dense:
        return splu((sparse.eye_array(law.shape[0]) - law).tocsc()).solve
    factors = lu_factor(np.eye(law.shape[0]) - law.toarray())
    return lambda right: np.asarray(lu_solve(factors, right))


def _values(shape: Shape, numbers: Numbers, p: Floats) -> Floats:
    """(S, N): unnormalised values of play p in a game all of whose states may follow each other."""
    average, unit, found = _average(shape, p), np.eye(shape.states), []
    for i, discount in enumerate(numbers.player[kernel.DISCOUNT]):
        law = (average @ law_of(shape, numbers, i)).toarray()
        found.append(np.linalg.solve(unit - discount * law, average @ numbers.payoffs[:, i]))
    return np.stack(found, axis=1)


def _gains(shape: Shape, numbers: Numbers, p: Floats, values: Floats) -> Floats:
    """(S,): the largest gain of a one-shot deviation in each state, in allowed gains."""
    worth = np.zeros(len(p))
    for i, discount in enumerate(numbers.player[kernel.DISCOUNT]):
        reward = numbers.payoffs[:, i] + discount * (law_of(shape, numbers, i) @ values[:, i])
        others = np.prod(np.delete(p[shape.row_slot], i, axis=1), axis=1)
        worth += np.bincount(shape.row_slot[:, i], others * reward, len(p))
    best = np.maximum.reduceat(worth, shape.group_start[:-1]).reshape(values.shape)
    return np.asarray(((best - values) * numbers.player[kernel.WORTH]).max(axis=1))
