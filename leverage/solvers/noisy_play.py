"""Noisy play: logit quantal response equilibria at a stated precision, along the path from random play to best play.

In a logit equilibrium of precision lambda everybody plays each action with a probability proportional to exp(lambda Q),
Q being the action's *unnormalised* value in payoff units (payoffs summed over periods, discounted), if everybody plays
like that for ever. Precision 0 is uniform play; as precision grows play comes near a Markov perfect equilibrium. Its
unit is 1 / payoff, the same for all players, so that one whose payoffs vary more makes clearer choices.

Sources: McKelvey and Palfrey (1995, 1998); for stochastic games Eibelshaeuser and Poensgen (2019); the path as in `logit_kernel`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from leverage.certification.checker import check
from leverage.errors import UnsolvedError
from leverage.game.automaton import Automaton
from leverage.game.stochastic_game import Floats, StochasticGame
from leverage.solvers import logit_kernel as kernel
from leverage.solvers.logit_kernel import Pace
from leverage.solvers.markov_perfect import (
    CAREFUL,
    MOST_POINTS,
    Engine,
    accepted,
    action_values,
    engine_for,
    path_ends,
)
from leverage.solvers.solution import Solution

CONCEPT = "logit quantal response"
#: Probabilities differ from the logit responses to them by no more than this.
LARGEST_RESIDUAL = 1e-8
#: Newton's method at the stated precision: steps, and the last change of a probability.
STEPS, FINAL = 20, 1e-12


def logit_equilibrium(game: StochasticGame, precision: float) -> Solution:
    """The logit equilibrium of this precision that the path from uniform play meets first.

    Parameters
    ----------
    game : any number of players and actions, one discount factor per player.
    precision : 1 / payoff, at least 0; multiplies unnormalised action values.

    Returns
    -------
    Solution : `certificate` is what a player could gain by a one-shot deviation (noise is no equilibrium: it is not
    near 0), payoff a period; the residual of the logit responses is in `status`.

    Raises
    ------
    ValueError : a precision below 0 or not finite. UnsolvedError : the path was lost before it got there.

    Examples
    --------
    >>> pd = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]
    >>> game = StochasticGame.from_arrays([pd], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.0)
    >>> logit_equilibrium(game, 0.0).values.tolist()
    [[2.25, 2.25]]
    >>> bool(logit_equilibrium(game, 2.0).strategies[0][0][0] < 0.15)
    True
    """
    return logit_path(game, [precision])[0]


def logit_path(game: StochasticGame, precisions: Sequence[float]) -> tuple[Solution, ...]:
    """Logit equilibria for each of the precisions, in their order, from one walk along the path. Raises as
    `logit_equilibrium`.
    """
    wanted = [float(precision) for precision in precisions]
    if not all(np.isfinite(precision) and precision >= 0 for precision in wanted):
        raise ValueError(f"precisions are finite numbers of at least 0 (unit: 1 / payoff); got {wanted}")
    found = dict(zip(sorted(set(wanted)), logit_walk(game, sorted(set(wanted))), strict=True))
    return tuple(found[precision] for precision in wanted)


def logit_walk(game: StochasticGame, precisions: Iterable[float]) -> Iterator[Solution]:
    """The same for rising precisions, one at a time: the walk goes no further than the caller asks.

    Raises ValueError for a precision that is none or lower than the one before, UnsolvedError where the path is lost.

    Examples
    --------
    >>> choice = StochasticGame.from_arrays([[[0.0], [2.0]]], [[[1.0], [1.0]]], 0.0)
    >>> [float(play.strategies[0][0][1].round(3)) for play in logit_walk(choice, [0.0, 1.0, 2.0])]
    [0.5, 0.881, 0.982]
    """
    paces, walk, last = iter(CAREFUL), None, 0.0
    for precision in precisions:
        if not (np.isfinite(precision) and precision >= last):
            raise ValueError(f"precisions are finite, at least 0 and rising; got {precision} after {last}")
        last, solution = precision, None
        while solution is None:
            if walk is None:
                walk = _Walk.begun(game, _next_pace(paces, precision))
            solution = walk.to(precision)
            if solution is None:
                walk = None
        yield solution


def _next_pace(paces: Iterator[Pace], precision: float) -> Pace:
    pace = next(paces, None)
    if pace is None:
        raise UnsolvedError(
            f"the path of logit equilibria was lost before precision {precision:g}; try a smaller one, or other payoffs "
            "if the game has exact ties"
        )
    return pace


def logit_limit(game: StochasticGame, *, tolerance: float = 1e-9) -> Solution:
    """The Markov equilibrium that noisy play comes to as precision grows without bound, certified as by `markov_perfect`.

    It is the one that `markov_perfect` selects where players' payoffs range as widely as each other's; otherwise it may be
    another, as that one does not depend on the scale of a player's payoffs and noisy play does.

    Raises UnsolvedError : the path was lost or is too long to be followed, or its end was not certified.

    Examples
    --------
    >>> stag_hunt = [[[9.0, 9.0], [0.0, 8.0]], [[8.0, 0.0], [7.0, 7.0]]]
    >>> logit_limit(StochasticGame.from_arrays([stag_hunt], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.0)).values.tolist()
    [[7.0, 7.0]]
    """
    engine, scale = _common_scale(game, tolerance)
    engine.numbers.player[kernel.WORTH] = (1 - game.discount) * scale / engine.allowed
    for pace in CAREFUL:
        for p in path_ends(engine, pace, np.zeros(int(engine.shape.group_start[-1]))):
            solution = accepted(engine, p, "limit of the path of noisy play from uniform play")
            if solution is not None:
                return solution
    raise UnsolvedError("the path of logit equilibria was lost or too long on its way to a Markov equilibrium")


@dataclass(eq=False)
class _Walk:
    """A walk along the path: where it is, and the point before."""

    engine: Engine
    scale: float
    pace: Pace
    code: int
    before: tuple[float, Floats, Floats] | None = None

    @classmethod
    def begun(cls, game: StochasticGame, pace: Pace) -> _Walk:
        engine, scale = _common_scale(game)
        engine.work.at[:] = 0.0
        engine.work.slot[kernel.BIAS] = 0.0
        return cls(engine, scale, pace, kernel.walk(engine.shape, engine.numbers, engine.work, pace, 0, False))

    def to(self, precision: float) -> Solution | None:
        """Walk on to a precision that is not lower than the last; None where the path is lost."""
        work, m = self.engine.work, precision * self.scale
        while self.code == kernel.PAUSED and work.at[kernel.M] < m and work.at[kernel.POINTS] < MOST_POINTS:
            self.before = work.at[kernel.M], work.slot[kernel.PATH_Z].copy(), work.group[kernel.PATH_VALUES].copy()
            self.code = kernel.walk(self.engine.shape, self.engine.numbers, work, self.pace, 1, False)
        if work.at[kernel.M] < m:
            return None
        p = _at_precision(self.engine, m, self.before)
        return None if p is None else _solution(self.engine, p, precision)


def _common_scale(game: StochasticGame, tolerance: float = 1e-9) -> tuple[Engine, float]:
    """The game with all payoffs divided by one number, the payoff range, and that number."""
    engine = engine_for(game, tolerance)
    scale = game.payoff_range or 1.0
    engine.numbers.payoffs[...] = (game.payoffs - game.payoffs.min(axis=0)) / scale
    return engine, scale


def _at_precision(engine: Engine, m: float, before: tuple[float, Floats, Floats] | None) -> Floats | None:
    """Lotteries (C,) of the logit equilibrium at precision m (scaled), between the last two points of the walk."""
    work, shape = engine.work, engine.shape
    z, values = work.slot[kernel.PATH_Z].copy(), work.group[kernel.PATH_VALUES].copy()
    if before is not None:
        share = (m - before[0]) / (work.at[kernel.M] - before[0])
        z, values = before[1] + share * (z - before[1]), before[2] + share * (values - before[2])
    work.slot[kernel.Z], work.group[kernel.VALUES], work.slot[kernel.BORDER] = z, values, 0.0
    tasks = kernel.EVALUATION | kernel.DERIVATIVE | kernel.CORRECTION
    for _ in range(STEPS):
        change = kernel.equations(shape, engine.numbers, work, kernel.ALL_SLOTS, kernel.BIAS, (1.0, m), (1.0, 0.0), tasks)
        p: Floats = work.slot[kernel.P].copy()
        work.slot[kernel.Z] += work.slot[kernel.DRIVE]
        work.group[kernel.VALUES, :-1] += work.group[kernel.CHANGE, :-1]
        moved = float(np.max(p * np.abs(work.slot[kernel.DRIVE])))
        if not (np.isfinite(change) and moved < 1.0):
            return None
        if moved <= FINAL * (1 + m):
            break
    kernel.equations(shape, engine.numbers, work, kernel.ALL_SLOTS, kernel.BIAS, (1.0, m), (1.0, 0.0), kernel.EVALUATION)
    result: Floats = work.slot[kernel.P].copy()
    return result


def _solution(engine: Engine, p: Floats, precision: float) -> Solution | None:
    """The answer, unless its probabilities are not the logit responses to it."""
    game, starts = engine.game, engine.shape.group_start
    group = np.arange(len(starts) - 1).repeat(np.diff(starts))
    exponent = precision * action_values(engine, p) / (1 - game.discount[group % game.n_players])
    weight = np.exp(exponent - np.maximum.reduceat(exponent, starts[:-1])[group])
    residual = float(np.max(np.abs(weight / np.add.reduceat(weight, starts[:-1])[group] - p)))
    if not residual <= LARGEST_RESIDUAL * max(1.0, precision * game.payoff_range):
        return None
    plan = Automaton.of_profile(game, p)
    checked = check(plan, nodes=np.ones(game.n_states, dtype=bool))
    return Solution(
        concept=CONCEPT,
        selection=f"first on the logit path from uniform play at precision {precision:g}",
        plan=plan,
        values=checked.values,
        certificate=float(checked.gain),
        status=f"every probability is within {residual:.1g} of the logit response of precision {precision:g} to this play",
    )
