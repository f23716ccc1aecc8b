"""Games of one state with equally patient players: their equilibrium payoff set by its extreme points.

Use it before anything else is tried: the vertices are found by the algorithm of Abreu and Sannikov (2014), without directions,
and come with the automaton that pays them. It is proved here that they are equilibria; that there are no others has to be proved
by an outer bound.
"""

from __future__ import annotations

import numpy as np

from leverage.game.stochastic_game import Booleans
from leverage.solvers.inner_bound import SAME_POINT, InnerBound, asked, promising
from leverage.solvers.repeated_kernel import ROOM, repeated_points
from leverage.solvers.set_form import SetForm

#: Two numbers that differ by less are equal where a constraint is met (fraction of a player's payoff range), and vertices that a
#: step moves by less have settled.
ROUNDING, SETTLED = 1e-13, 5e-13

#: Steps of the operator, at most.
MOST_STEPS = 500


def is_repeated(form: SetForm) -> bool:
    """Whether there is one state, and players are equally patient and not only for today."""
    return form.game.n_states == 1 and bool(form.delta[0] == form.delta[1] > 0)


def repeated_play(form: SetForm, rows: Booleans) -> tuple[InnerBound | None, int]:
    """The automaton of the extreme points that the given rows (R,) of a repeated game make possible, and how many steps it took.
    None where no set was found, or a departure gains more than rounding.

    References
    ----------
    Abreu and Sannikov (2014), "An algorithm for two-player repeated games with perfect monitoring", Theorem 1.
    """
    kept, delta = np.flatnonzero(rows), float(form.delta[0])
    if not len(kept):
        return None, 0
    more = np.ascontiguousarray(asked(form, np.zeros((1, 2)), 0.0)[:, kept])
    room = ROOM * len(kept)
    values, after, row = np.empty((room, 2)), np.empty((room, 2)), np.empty(room, dtype=np.int64)
    payoff = form.reward[kept] / (1 - delta)
    size, steps = repeated_points(payoff, more, delta, ROUNDING, SAME_POINT, SETTLED, MOST_STEPS, values, after, row)
    if not size:
        return None, steps
    return promising(form, np.zeros(size, dtype=np.intp), kept[row[:size]], after[:size], values[:size]), steps
