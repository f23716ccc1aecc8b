"""Side by side with sgamesolver on the same random games: processor seconds a game, warm, on one thread, and regrets.

    python -m benchmarks.peers --peer-python PYTHON [--limit 60] [--large]

PYTHON has sgamesolver with its compiled extension (tested with 1.0.2). Regrets are recomputed by the program that the tests use
(`tests/solvers/plain_judge.py`), which imports neither solver. Making the game objects is not timed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

import leverage
from benchmarks.markov import random_numbers
from tests.solvers import plain_judge

Floats = NDArray[np.float64]
SEED = 3
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Size:
    """Games of one form, all with the same discount factor."""

    states: int
    players: int
    actions: int
    discount: float
    games: int

    @property
    def form(self) -> tuple[int, int, int]:
        return self.states, self.players, self.actions


SIZES = (Size(8, 2, 3, 0.9, 100), Size(20, 2, 4, 0.95, 20), Size(50, 2, 3, 0.9, 5))
LARGE = Size(100, 2, 3, 0.9, 2)


@dataclass(frozen=True, eq=False)
class Answers:
    """seconds: (P,) processor seconds. regrets: (P,) share of the game's payoff range, NaN where a game is not solved."""

    seconds: Floats
    regrets: Floats


def draw(size: Size) -> list[tuple[Floats, Floats]]:
    """Payoffs (S, A, ..., A, N) and transitions (S, A, ..., A, S) of each game."""
    payoffs, laws = random_numbers(size.games, size.form, SEED)
    return [(np.stack([u[k] for u in payoffs]), np.stack([law[k] for law in laws])) for k in range(size.games)]


def regret(game: tuple[Floats, Floats], discount: float, play: plain_judge.Play) -> float:
    """The largest as a share of the payoff range; NaN where there is no play."""
    payoffs, laws = game
    gains = plain_judge.regrets(list(payoffs), list(laws), np.full(payoffs.shape[-1], discount), play)
    return float(gains.max() / plain_judge.payoff_ranges(list(payoffs)).max())


def one_by_one(size: Size, games: list[tuple[Floats, Floats]]) -> Answers:
    """`markov_perfect` on each game."""
    seconds, regrets = [], []
    for payoffs, laws in games:
        game = leverage.StochasticGame.from_arrays(list(payoffs), list(laws), size.discount)
        started = time.process_time()
        try:
            play = leverage.markov_perfect(game)[0].strategies
        except leverage.UnsolvedError:
            play = None
        seconds.append(time.process_time() - started)
        regrets.append(np.nan if play is None else regret((payoffs, laws), size.discount, play))
    return Answers(np.array(seconds), np.array(regrets))


def together(size: Size, games: list[tuple[Floats, Floats]]) -> Answers:
    """`markov_perfect_batch` on all games."""
    payoffs, laws = ([np.stack([game[part][s] for game in games]) for s in range(size.states)] for part in (0, 1))
    form = leverage.StochasticGame.from_arrays(list(games[0][0]), list(games[0][1]), size.discount)
    started = time.process_time()
    found = leverage.markov_perfect_batch(form, payoffs=payoffs, transitions=laws)
    seconds = (time.process_time() - started) / len(games)
    plays = [[[at[k] for at in own] for own in found.strategies] for k in range(len(games))]
    regrets = [regret(game, size.discount, play) for game, play in zip(games, plays, strict=True)]
    return Answers(np.full(len(games), seconds), np.array(regrets))


def peer(size: Size, games: list[tuple[Floats, Floats]], python: Path, limit: float) -> Answers:
    """sgamesolver's path with its default options, in its own environment."""
    script = Path(__file__).with_name("peer_sgamesolver.py")
    with tempfile.TemporaryDirectory() as name:
        for k, (payoffs, laws) in enumerate(games):
            discount = np.full(size.players, size.discount)
            np.savez(Path(name) / f"game_{k:04d}.npz", payoffs=payoffs, transitions=laws, discount=discount)
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | ONE_THREAD
        subprocess.run([python, script, name, str(limit)], env=environment, check=True, stdout=subprocess.DEVNULL)
        seconds, regrets = [], []
        for file, game in zip(sorted(Path(name).glob("peer_*.npz")), games, strict=True):
            with np.load(file) as stored:
                seconds.append(float(stored["seconds"]))
                regrets.append(regret(game, size.discount, list(stored["strategies"])))
    return Answers(np.array(seconds), np.array(regrets))


def line(name: str, found: Answers, unit: float) -> str:
    """unit: median seconds of the peer."""
    middle, unsolved = float(np.median(found.seconds)), np.isnan(found.regrets)
    worst = "-" if unsolved.all() else f"{np.nanmax(found.regrets):.0e}"
    return f"  {name:24} {middle:9.4f} {found.seconds.max():9.4f} {unit / middle:9.1f} {worst:>10} {unsolved.sum():9d}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer-python", type=Path, required=True, help="interpreter of an environment with sgamesolver")
    parser.add_argument("--limit", type=float, default=60.0, help="processor seconds for the peer on one game")
    parser.add_argument("--large", action="store_true", help="also games of 100 states")
    options = parser.parse_args()
    print(f"Processor seconds a game; the peer is stopped after {options.limit:g} s. 'times': how often ours goes into the")
    print("peer's median. Regret: largest gain of a one-shot deviation, share of the payoff range.")
    print(f"  {'':24} {'median':>9} {'worst':>9} {'times':>9} {'regret':>10} {'unsolved':>9}")
    with threadpool_limits(limits=1, user_api="blas"):
        warm = Size(2, 2, 2, 0.5, 2)
        one_by_one(warm, draw(warm))
        together(warm, draw(warm))
        for size in (*SIZES, LARGE) if options.large else SIZES:
            games = draw(size)
            theirs = peer(size, games, options.peer_python, options.limit)
            unit = float(np.median(theirs.seconds))
            print(f"(states, players, actions) = {size.form} at {size.discount}, {size.games} games", flush=True)
            print(line("leverage, one by one", one_by_one(size, games), unit))
            print(line("leverage, in a batch", together(size, games), unit))
            print(line("sgamesolver", theirs, unit), flush=True)


if __name__ == "__main__":
    main()
