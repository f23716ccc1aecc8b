"""Where exact ties leave probabilities open: the nearest profile that makes all actions of a support equally good.

The indifference conditions of a game with ties have no isolated solution. Gauss-Newton steps of least norm (Ben-Israel
1966) change no more than the conditions ask for, so that what they leave open stays as the logit path left it.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from leverage.game.stochastic_game import Booleans, Floats
from leverage.solvers.logit_kernel import DISCOUNT, Numbers, Shape
from leverage.solvers.logit_system import law_of

#: Largest number of unknowns, and smallest relative singular value that counts.
MOST_UNKNOWNS, TIED = 1500, 1e-9
#: Steps; a step of log-odds or values that is too large; advantages that are rounding, times the largest value.
STEPS, LARGEST_STEP, ROUNDING = 12, 10.0, 1.6e-15


def tied_end(shape: Shape, numbers: Numbers, support: Booleans, z: Floats, values: Floats) -> Floats | None:
    """Lotteries (C,) near softmax of z (C,) within each group of the support; values: (S N,) unnormalised, scaled.

    None for more than `MOST_UNKNOWNS`, or if there is no solution nearby.
    """
    chosen = np.flatnonzero(support)
    group = np.repeat(np.arange(len(values)), np.diff(shape.group_start))
    if len(chosen) + len(values) > MOST_UNKNOWNS:
        return None
    z, values = np.where(support, z, 0.0), values.copy()
    for _ in range(STEPS):
        p = _lotteries(shape, support, z, group)
        advantage, derivative = _indifference(shape, numbers, p, values, group)
        if np.max(np.abs(advantage[chosen])) <= ROUNDING * (1 + np.max(np.abs(values))):
            return p
        kept = derivative[chosen][:, np.concatenate([chosen, len(p) + np.arange(len(values))])]
        step = np.linalg.lstsq(kept.toarray(), -advantage[chosen], rcond=TIED)[0]
        if not np.max(np.abs(step)) < LARGEST_STEP:
            return None
        z[chosen] += step[: len(chosen)]
        values += step[len(chosen) :]
    return _lotteries(shape, support, z, group)


def _lotteries(shape: Shape, support: Booleans, z: Floats, group: np.ndarray) -> Floats:
    exponent = np.where(support, z, -np.inf)
    weight = np.exp(exponent - np.maximum.reduceat(exponent, shape.group_start[:-1])[group])
    return np.asarray(weight / np.add.reduceat(weight, shape.group_start[:-1])[group])


def _indifference(
    shape: Shape, numbers: Numbers, p: Floats, values: Floats, group: np.ndarray
) -> tuple[Floats, sparse.csr_array]:
    """Q - V of all choices (C,), and its derivative in z and in the values, (C, C + S N)."""
    players, slots, rows = shape.players, len(p), len(shape.row_slot)
    laws = [law_of(shape, numbers, i) for i in range(players)]
    played, number = p[shape.row_slot], np.arange(rows)
    ahead_of = [laws[i] @ values[i::players] for i in range(players)]
    reward = numbers.payoffs + numbers.player[DISCOUNT] * np.stack(ahead_of, axis=1)
    others = np.stack([np.prod(np.delete(played, i, axis=1), axis=1) for i in range(players)], axis=1)
    q = np.bincount(shape.row_slot.ravel(), (others * reward).ravel(), slots)
    ahead = sparse.lil_array((slots, len(values)))
    data, cells = [np.zeros(0)], [np.zeros((2, 0), dtype=np.intp)]
    for i in range(players):
        own = sparse.csr_array((others[:, i], (shape.row_slot[:, i], number)), shape=(slots, rows))
        ahead[:, i::players] = numbers.player[DISCOUNT, i] * (own @ laws[i]).toarray()
        for j in range(players):
            if j != i:
                joint = np.prod(np.delete(played, [i, j], axis=1), axis=1)
                cells.append(shape.row_slot[:, [i, j]].T)
                data.append(joint * (reward[:, i] - q[shape.row_slot[:, i]]))
    blocks = sparse.csr_array((np.concatenate(data), tuple(np.concatenate(cells, axis=1))), shape=(slots, slots))
    unit = sparse.csr_array((np.ones(slots), (np.arange(slots), group)), shape=(slots, len(values)))
    return q - values[group], sparse.csr_array(sparse.hstack([blocks @ sparse.diags_array(p), ahead.tocsr() - unit]))
