"""The checker of noisy play: how far stationary play is from the logit responses to itself.

Play is a logit equilibrium of precision lambda if everybody plays each action with a probability proportional to
exp(lambda Q), Q being the action's unnormalised value against this play for ever (McKelvey and Palfrey 1998; Eibelshaeuser and
Poensgen 2019). Values and responses are computed here anew; no code is shared with the solvers.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from leverage.game.stochastic_game import Floats, StochasticGame


def response_distance(game: StochasticGame, strategies: Sequence[Sequence[Floats]], precision: float) -> float:
    """The largest distance of a probability from the logit response to this play.

    Parameters
    ----------
    strategies : strategies[i][s], lottery (A_i(s),) of player i in state s. precision : 1 / payoff, at least 0 and finite.

    Examples
    --------
    >>> choice = StochasticGame.from_arrays([[[0.0], [2.0]]], [[[1.0], [1.0]]], 0.0)
    >>> response_distance(choice, [[np.array([0.5, 0.5])]], 0.0)
    0.0
    """
    flat = [np.concatenate([np.asarray(x, dtype=np.float64) for x in own]) for own in strategies]
    chances = np.stack([own[game.row_choice[i]] for i, own in enumerate(flat)])
    together = np.prod(chances, axis=0)
    rows = sparse.csr_array((together, np.arange(len(together)), game.row_start), shape=(game.n_states, len(together)))
    law, pay, unit = sparse.csc_array(rows @ game.transitions), rows @ game.payoffs, sparse.eye_array(game.n_states)
    largest = 0.0
    for i, delta in enumerate(game.discount):
        value = splu(sparse.csc_matrix(unit - delta * law)).solve(np.ascontiguousarray(pay[:, i]))
        reward = game.payoffs[:, i] + delta * (game.transitions @ value)
        others = np.prod(np.delete(chances, i, axis=0), axis=0)
        worth = np.bincount(game.row_choice[i], others * reward, len(flat[i]))
        starts = game.choice_start[i]
        for a, b in pairwise(starts):
            weight = np.exp(precision * (worth[a:b] - worth[a:b].max()))
            largest = max(largest, float(np.max(np.abs(weight / weight.sum() - flat[i][a:b]))))
    return largest
