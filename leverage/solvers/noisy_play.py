"""Noisy play: logit quantal response equilibria at a stated precision, along the path from random play to best play.

In a logit equilibrium of precision lambda everybody plays each action with a probability proportional to exp(lambda Q),
Q being the action's *unnormalised* value in payoff units (payoffs summed over periods, discounted), if everybody plays
like that for ever. Precision 0 is uniform play; as precision grows play comes near a Markov perfect equilibrium. Its
unit is 1 / payoff, the same for all players, so that one whose payoffs vary more makes clearer choices.

Sources: McKelvey and Palfrey (1995, 1998); for stochastic games Eibelshaeuser and Poensgen (2019); the path as in `logit_kernel`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from leverage.certification.checker import certify
from leverage.errors import UnsolvedError
from leverage.game.automaton import Automaton
from leverage.game.stochastic_game import Floats, StochasticGame
from leverage.solvers import logit_kernel as kernel
from leverage.solvers.markov_perfect import AIMS, MOST_POINTS, Engine, action_values, engine_for, policy_values
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
    for aim in AIMS:
        found = _walked(game, sorted(set(wanted)), aim)
        if found is not None:
            return tuple(found[precision] for precision in wanted)
    raise UnsolvedError(
        f"the path of logit equilibria was lost before precision {max(wanted):g}; try a smaller one, or other payoffs "
        "if the game has exact ties"
    )


def _walked(game: StochasticGame, wanted: list[float], aim: float) -> dict[float, Solution] | None:
    """Solutions by precision; None where the path is lost."""
    engine, scale = _common_scale(game)
    work, found = engine.work, dict[float, Solution]()
    work.at[:] = 0.0
    work.slot[kernel.BIAS] = 0.0
    before, code = None, kernel.walk(engine.shape, engine.numbers, work, aim, 0, False)
    for precision in wanted:
        while code == kernel.PAUSED and work.at[kernel.M] < precision * scale and work.at[kernel.POINTS] < MOST_POINTS:
            before = work.at[kernel.M], work.slot[kernel.PATH_Z].copy(), work.group[kernel.PATH_VALUES].copy()
            code = kernel.walk(engine.shape, engine.numbers, work, aim, 1, False)
        if work.at[kernel.M] < precision * scale:
            return None
        p = _at_precision(engine, precision * scale, before)
        solution = None if p is None else _solution(engine, p, precision)
        if solution is None:
            return None
        found[precision] = solution
    return found


def _common_scale(game: StochasticGame) -> tuple[Engine, float]:
    """The game with all payoffs divided by one number, the payoff range, and that number."""
    engine = engine_for(game, 1e-9)
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
    lotteries = np.split(p, starts[1:-1])
    strategies = [lotteries[i :: game.n_players] for i in range(game.n_players)]
    return Solution(
        concept=CONCEPT,
        selection=f"first on the logit path from uniform play at precision {precision:g}",
        plan=Automaton.stationary(game, strategies),
        values=policy_values(engine, p),
        certificate=float(certify(game, strategies)),
        status=f"every probability is within {residual:.1g} of the logit response of precision {precision:g} to this play",
    )
