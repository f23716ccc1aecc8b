"""Run by `peers.py` in the environment of sgamesolver: solves games from a folder, and times itself.

    python peer_sgamesolver.py FOLDER SECONDS

Games: FOLDER/game_*.npz with payoffs (S, A, ..., A, N), transitions (S, A, ..., A, S), discount (N,). Answers:
FOLDER/peer_*.npz with strategies (N, S, A), NaN where there is none, and processor seconds.
"""

from __future__ import annotations

import signal
import sys
import time
import warnings
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import sgamesolver


def stop(number: int, frame: FrameType | None) -> None:
    """Raises TimeoutError."""
    raise TimeoutError


def solve(game: Any, limit: float) -> Any:
    """Strategies (S, N, A) of the limit of the logit path with the solver's default options; None if it is not reached."""
    signal.setitimer(signal.ITIMER_PROF, limit)
    try:
        path = sgamesolver.homotopy.QRE(game, implementation="cython")
        path.solver_setup()
        path.solver.verbose = 0
        path.solve()
    except TimeoutError:
        return None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return path.equilibrium.strategies if path.equilibrium else None


def main(folder: Path, limit: float) -> None:
    """Every game of the folder, after one that warms up."""
    signal.signal(signal.SIGPROF, stop)
    warnings.simplefilter("ignore")  # numpy's, on the way
    solve(sgamesolver.SGame.random_game(2, 2, 2, delta=0.5, seed=0), limit)
    for file in sorted(folder.glob("game_*.npz")):
        with np.load(file) as stored:
            payoffs, laws, discount = stored["payoffs"], stored["transitions"], stored["discount"]
        states, players, actions = payoffs.shape[0], payoffs.shape[-1], payoffs.shape[1]
        game = sgamesolver.SGame(list(np.moveaxis(payoffs, -1, 1)), list(laws), discount)
        started = time.process_time()
        found = solve(game, limit)
        seconds = time.process_time() - started
        strategies = np.full((states, players, actions), np.nan) if found is None else found
        np.savez(folder / file.name.replace("game_", "peer_"), strategies=strategies.swapaxes(0, 1), seconds=seconds)


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
