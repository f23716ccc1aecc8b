"""Markov perfect equilibria of random games of mixed shapes, judged by an independent program.

    python -m benchmarks.judge_markov [--first 0] [--games 1000] [--out FOLDER]

Neither the games (`tests/solvers/mixed_games.py`) nor the judge (`tests/solvers/plain_judge.py`) import anything of the package.
A game is reported if it is not solved in time, if somebody's regret is above the tolerance, if it is slow, or if the batch's
answer is another one; it is then saved in the folder.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from tests.solvers.mixed_games import mixed_game
from tests.solvers.verdicts import SAME, Verdict, verdict


def main() -> None:
    """Judge and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--games", type=int, default=1000)
    parser.add_argument("--out", type=Path, help="folder for the games that are reported")
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.games)
    with threadpool_limits(limits=1, user_api="blas"):
        verdict(mixed_game(0))  # warm
        summarise([judge(seed, options.out) for seed in seeds])


def judge(seed: int, out: Path | None) -> Verdict:
    """The verdict on one game, printed if there is something to say."""
    tables = mixed_game(seed)
    found = verdict(tables)
    said = [*found.faults, *([f"open: rounding moves values by {found.apart:.1e}"] if not found.apart <= SAME else [])]
    if said:
        print(f"{'; '.join(said)}\n    [{found.seconds:.2f} s, regret {found.share:.1e}] {tables.words}", flush=True)
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            tables.save(out / f"seed_{seed}.npz")
    return found


def summarise(verdicts: list[Verdict]) -> None:
    """How many, how far, how fast, by which rule."""
    seconds = np.array([v.seconds for v in verdicts])
    kinds = Counter(fault.split(":")[0] for v in verdicts for fault in v.faults)
    print(f"{len(verdicts)} games, {sum(bool(v.faults) for v in verdicts)} with faults {dict(kinds) or ''}")
    print(f"equilibria that are not isolated and moved by rounding: {sum(not v.apart <= SAME for v in verdicts)}")
    share, own = np.nanmax([v.share for v in verdicts]), np.nanmax([v.own_share for v in verdicts])
    print(f"largest regret {share:.1e} of the game's payoff range, {own:.1e} of the player's own")
    spread = ", ".join(f"{name} {np.quantile(seconds, q):.4f}" for name, q in (("median", 0.5), ("99%", 0.99), ("largest", 1.0)))
    print(f"processor seconds a game: {spread}, all {seconds.sum():.1f}")
    for rule, count in Counter(v.selection.split("(")[0] for v in verdicts).most_common():
        print(f"  {count:5d}  {rule or 'none'}")


if __name__ == "__main__":
    main()
