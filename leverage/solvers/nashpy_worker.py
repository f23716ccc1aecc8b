"""What nashpy is asked, as a function and as a program of its own that can be ended from outside.

The program reads a list of games as JSON from standard input, [[A, B], ...], and writes a list of lists of pairs. It is
started as a file, so that it loads nothing but numpy and nashpy, and ends by itself some time after the caller ought to
have ended it: a caller that was killed leaves nothing behind.

Source: Dickhaut-Kaplan (1991) for support enumeration; Knight-Campbell (2018, "Nashpy", Journal of Open Source Software).
"""

from __future__ import annotations

import faulthandler
import json
import os
import sys
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Weights up to this much are rounding.
SMALLEST_WEIGHT = 1e-12

Pair = tuple[NDArray[np.float64], NDArray[np.float64]]


def nashpy_equilibria(rows: ArrayLike, columns: ArrayLike) -> list[Pair]:
    """What nashpy's support enumeration (supports of equal size) proposes for one two-player game; nothing is checked here.

    Parameters
    ----------
    rows, columns : (A_1, A_2), payoffs of the row and of the column player, any unit.

    Returns
    -------
    [(x, y), ...] : x of shape (A_1,), y of shape (A_2,), weights that are rounding set to 0.

    Notes
    -----
    Its loop looks at all 2^(A_1 + A_2) pairs of sets of actions and solves two linear systems for each of the
    C(A_1 + A_2, A_1) - 1 pairs of equal size, about 0.1 milliseconds: with 1 x 40 actions it does not come to an end. In games
    with ties it misses equilibria.

    Examples
    --------
    >>> [x.round(4).tolist() for x, y in nashpy_equilibria([[2, 0], [0, 1]], [[1, 0], [0, 2]])]
    [[1.0, 0.0], [0.0, 1.0], [0.6667, 0.3333]]
    """
    import nashpy  # noqa: PLC0415 - half a second, and many games need no second opinion

    a, b = (_scaled(np.asarray(own, dtype=np.float64)) for own in (rows, columns))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # nashpy's way of saying that a game may have ties
        return [(_tidied(x), _tidied(y)) for x, y in nashpy.Game(a, b).support_enumeration(non_degenerate=True)]


def _scaled(payoffs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Payoffs moved and stretched to between 0 and 1, by a power of two that costs no digits."""
    shifted = payoffs - payoffs.min()
    return np.asarray(np.ldexp(shifted, -np.frexp(shifted.max())[1]))


def _tidied(lottery: NDArray[np.float64]) -> NDArray[np.float64]:
    kept = np.where(lottery > SMALLEST_WEIGHT, lottery, 0.0)
    return np.asarray(kept / kept.sum())


def main(seconds: float) -> None:
    """Answer the games on standard input, but not for longer than so many seconds."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)  # works even while compiled code runs
        games = json.load(sys.stdin)
        answers = [[[x.tolist(), y.tolist()] for x, y in nashpy_equilibria(a, b)] for a, b in games]
        sys.stdout.write(json.dumps(answers))
        faulthandler.cancel_dump_traceback_later()


if __name__ == "__main__":
    main(float(sys.argv[1]))
