"""Fictitious play in a stochastic game: play of every state moves a little towards best replies, while values follow play.

Each sweep goes through the states in their order. With Q_c the mean of u_i(r) + delta_i sum_s' P(s' | r) V_i(s') over the rows r
that contain choice c, weighted by the others' chances,

    p <- p + pace (best reply to Q - p),   V_i(s) <- sum_c p_c Q_c.

As the pace falls, play that would go back and forth between actions settles at the mixture in between. Nothing here finds an
equilibrium to nine digits; it is where Newton's method on the conditions of one (`complementarity`) had better start from.

Sources: Brown (1951) for fictitious play; Leslie, Perkins and Xu (2020) and Sayin, Parise and Ozdaglar (2022) for values that
follow, in zero-sum stochastic games, where it converges.
"""

from __future__ import annotations

import numpy as np

from leverage.game.stochastic_game import Floats
from leverage.solvers import logit_kernel as logit
from leverage.solvers.kernel_kinds import called
from leverage.solvers.logit_kernel import Numbers, Shape
from leverage.solvers.logit_system import uniform_play

#: Paces, and how many sweeps are made at each.
PACES = ((0.3, 200), (0.1, 300), (0.03, 500), (0.01, 1000))


def fictitious_play(shape: Shape, numbers: Numbers, start: Floats | None = None) -> tuple[Floats, Floats]:
    """Where fictitious play leads: lotteries (C,) and unnormalised values (S N,), state by state.

    Use it as a start for a method that needs one near an equilibrium, in games with too many states to follow a path.

    Parameters
    ----------
    shape, numbers : the game's arrays, see `logit_system`; any number of players.
    start : (C,) lotteries to begin from, state by state; default: uniform play.

    Notes
    -----
    Guarantee: none; in games that are not zero-sum it may go round for ever. Cost: 2,000 sweeps, each linear in the number of
    transitions. Where actions tie, the first is the best reply.

    References
    ----------
    Brown (1951), "Iterative solution of games by fictitious play"; Leslie, Perkins and Xu (2020), "Best-response dynamics in
    zero-sum stochastic games"; Sayin, Parise and Ozdaglar (2022), "Fictitious play in zero-sum stochastic games".

    Examples
    --------
    >>> from leverage.game.stochastic_game import StochasticGame
    >>> from leverage.solvers.logit_system import numbers_of, shape_of
    >>> pennies = [[[2.0, -2.0], [-1.0, 1.0]], [[-1.0, 1.0], [1.0, -1.0]]]
    >>> game = StochasticGame.from_arrays([pennies], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.9)
    >>> p, values = fictitious_play(shape_of(game), numbers_of(game, 1e-9))
    >>> p.round(1).tolist()
    [0.4, 0.6, 0.4, 0.6]
    """
    p, values = uniform_play(shape) if start is None else start.copy(), np.zeros(shape.players * shape.states)
    for pace, count in PACES:
        sweeps(shape, numbers, p, values, pace, count)
    return p, values


@called
def sweeps(shape: Shape, numbers: Numbers, p: Floats, values: Floats, pace: float, count: int) -> None:
    """`count` sweeps through all states; p (C,) and values (S N,) are changed."""
    players, first = shape.players, shape.state[logit.ROWS]
    worth, apart = np.zeros(len(p)), shape.entry.shape[1] if len(numbers.law) > shape.entry.shape[1] else 0
    for _ in range(count):
        for s in range(shape.states):
            for c in range(shape.group_start[s * players], shape.group_start[(s + 1) * players]):
                worth[c] = 0.0
            for r in range(first[s], first[s + 1]):
                for i in range(players):
                    ahead, others, begin = 0.0, 1.0, i * apart
                    for e in range(shape.row_start[r], shape.row_start[r + 1]):
                        ahead += numbers.law[begin + e] * values[shape.entry[logit.TO, e] * players + i]
                    for j in range(players):
                        if j != i:
                            others *= p[shape.row_slot[r, j]]
                    worth[shape.row_slot[r, i]] += others * (numbers.payoffs[r, i] + numbers.player[logit.DISCOUNT, i] * ahead)
            for i in range(players):
                begin, end = shape.group_start[s * players + i], shape.group_start[s * players + i + 1]
                best, value = begin, 0.0
                for c in range(begin + 1, end):
                    if worth[c] > worth[best]:
                        best = c
                for c in range(begin, end):
                    p[c] += pace * ((1.0 if c == best else 0.0) - p[c])
                    value += p[c] * worth[c]
                values[s * players + i] = value
