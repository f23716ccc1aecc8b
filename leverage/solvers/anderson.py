"""Anderson's acceleration of a fixed-point iteration.

Source: Anderson (1965), "Iterative procedures for nonlinear integral equations"; type II of Fang and Saad (2009).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from leverage.game.stochastic_game import Floats

#: Differences of iterates that are remembered.
MEMORY = 8

#: Directions among the remembered moves whose squared length is below this fraction of the largest are rounding.
RANK_TOLERANCE = 1e-13


def fixed_point(step: Callable[[Floats], Floats | None], start: Floats, enough: float, most: int) -> tuple[Floats, bool, int]:
    """Look for x = step(x) from `start` (n,) with at most `most` steps.

    Returns the last x that was tried, whether step moves it by at most `enough` (largest component), and how many steps were
    taken. It stops where step gives None. Nothing is proved: the step need not be a contraction, and acceleration may leave
    where it is one.
    """
    x = start
    moves: list[Floats] = []
    images: list[Floats] = []
    last_move = last_image = np.zeros(0)
    for count in range(1, most + 1):
        image = step(x)
        if image is None:
            return x, False, count
        move = image - x
        if np.max(np.abs(move), initial=0.0) <= enough:
            return x, True, count
        if len(last_move):
            moves, images = [*moves, move - last_move][-MEMORY:], [*images, image - last_image][-MEMORY:]
        last_move, last_image = move, image
        x = image
        if moves:
            x = image - _weights(np.stack(moves), move) @ np.stack(images)
    return x, False, most


def _weights(moves: Floats, move: Floats) -> Floats:
    """(m,): the weights with which `moves` (m, n) come closest to `move`.

    Normal equations do for few long rows: what they lose in accuracy only makes the next guess a little worse.
    """
    values, vectors = np.linalg.eigh(moves @ moves.T)
    kept = values > RANK_TOLERANCE * values[-1]
    right = vectors[:, kept].T @ (moves @ move)
    return np.asarray(vectors[:, kept] @ (right / values[kept]))
