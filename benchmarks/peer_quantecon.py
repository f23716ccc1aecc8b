"""Equilibrium payoff sets of repeated games beside QuantEcon.py, which has the algorithm of Abreu and Sannikov (2014).

    python -m benchmarks.peer_quantecon PYTHON [--games 40]

PYTHON: the interpreter of an environment with quantecon; this file is run there too: `PYTHON peer_quantecon.py --solve FOLDER`.
Prints how far the sets are apart and both processor times. A disagreement is not yet anybody's fault: `judge_sets` tells.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

#: Discount factors of the games, in turns.
DISCOUNTS = (0.3, 0.5, 0.7, 0.9)
#: Shapes of the games, in turns.
SHAPES = ((2, 2), (3, 3), (4, 4), (8, 8))
#: The duopoly: quantities of each firm, discount factors, and how often it is solved for the median of its processor time.
QUANTITIES, DUOPOLY_DISCOUNTS, REPETITIONS = 15, (0.5, 0.8), 20
#: Share of the payoff range beyond which sets are counted as different; QuantEcon's tolerance is 1e-5 of a payoff unit.
DIFFERENT = 1e-4


def solve_there(folder: Path) -> None:
    """In quantecon's environment: game_*.npz, payoffs (A_1, A_2, 2) and discount, to peer_*.npz, vertices (K, 2) and seconds.

    `failed` says why there are no vertices: it cannot hold segments and points, for one.
    """
    from quantecon.game_theory import NormalFormGame, Player, RepeatedGame  # noqa: PLC0415 - only there

    def answer(payoffs: Any, discount: float) -> Any:
        first, second = payoffs[..., 0], payoffs[..., 1].T
        stage = NormalFormGame([Player(np.ascontiguousarray(first)), Player(np.ascontiguousarray(second))])
        return RepeatedGame(stage, discount).equilibrium_payoffs(method="abreu_sannikov")

    answer(np.array([[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]), 0.9)  # warm
    for file in sorted(folder.glob("game_*.npz")):
        with np.load(file) as stored:
            payoffs, discount = stored["payoffs"], float(stored["discount"])
        began = time.process_time()
        try:
            found = answer(payoffs, discount)
            vertices, failed = found.points[found.vertices], ""
        except Exception as error:  # noqa: BLE001 - whatever it is, there is no answer
            vertices, failed = np.zeros((0, 2)), str(error).partition("\n")[0] or type(error).__name__
        seconds = time.process_time() - began
        np.savez(folder / file.name.replace("game_", "peer_"), vertices=vertices, seconds=seconds, failed=np.array(failed))


def duopoly() -> Any:
    """(15, 15, 2): two firms choose quantities between 0 and 6; the price is 6 minus both, at least 0."""
    quantity = np.linspace(0, 6, QUANTITIES)
    price = np.maximum(6 - quantity[:, None] - quantity, 0)
    return np.stack([quantity[:, None] * price, quantity * price], axis=-1)


def main() -> None:
    """Write games, have them solved there and here, and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("python", nargs="?", help="interpreter that has quantecon")
    parser.add_argument("--games", type=int, default=40)
    parser.add_argument("--solve", type=Path, help="folder of games; used by this program itself")
    options = parser.parse_args()
    if options.solve:
        solve_there(options.solve)
        return
    if not options.python:
        parser.error("which interpreter has quantecon?")
    with tempfile.TemporaryDirectory() as name:
        folder, rng = Path(name), np.random.default_rng(2014)
        for k in range(options.games):
            payoffs = rng.random((*SHAPES[k % len(SHAPES)], 2))
            np.savez(folder / f"game_{k:04}.npz", payoffs=payoffs, discount=DISCOUNTS[k // len(SHAPES) % len(DISCOUNTS)])
        subprocess.run([options.python, __file__, "--solve", folder], check=True)
        print("random games:")
        compare(folder)
    for discount in DUOPOLY_DISCOUNTS:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for k in range(REPETITIONS):
                np.savez(folder / f"game_{k:04}.npz", payoffs=duopoly(), discount=discount)
            subprocess.run([options.python, __file__, "--solve", folder], check=True)
            print(f"the duopoly at {discount}, {REPETITIONS} times:")
            compare(folder)


def compare(folder: Path) -> None:
    """Solve here, print what differs and the times."""
    from leverage.game.stochastic_game import StochasticGame  # noqa: PLC0415 - not there
    from leverage.solvers.equilibrium_set import equilibrium_set  # noqa: PLC0415
    from tests.solvers.aps_twin import Point, excess, hull  # noqa: PLC0415

    here, there, different, failures = [], [], 0, Counter[str]()
    for number, file in enumerate(sorted(folder.glob("game_*.npz"))):
        with np.load(file) as stored, np.load(file.with_name(file.name.replace("game_", "peer_"))) as peer:
            payoffs, discount, vertices = stored["payoffs"], float(stored["discount"]), peer["vertices"]
            seconds, failed = float(peer["seconds"]), str(peer["failed"])
        game = StochasticGame.from_arrays([payoffs], [np.ones((*payoffs.shape[:2], 1))], discount)
        if not number:
            equilibrium_set(game)  # warm
        began = time.process_time()
        try:
            sets = equilibrium_set(game)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
            failures[f"here: {error}"] += 1
            continue
        own = time.process_time() - began
        if failed:
            failures[f"there: {failed}"] += 1
            continue
        here.append(own)
        there.append(seconds)
        ours, theirs = ([hull([Point(float(x), float(y)) for x, y in part])] for part in (sets.outer[0], vertices))
        apart = max(excess(ours, theirs), excess(theirs, ours)) / game.payoff_range
        if apart > DIFFERENT:
            different += 1
            sizes = f"{len(ours[0])} vertices here, {len(theirs[0])} there"
            print(f"game {number}, {payoffs.shape[:2]}, discount {discount}: {sizes}, {apart:.1e} of the payoff range apart")
    for reason, count in failures.most_common():
        print(f"no answer to {count} games {reason}")
    print(f"{len(here)} games answered by both, {different} differ by more than {DIFFERENT:.0e} of the payoff range")
    for who, times in (("here", here), ("there", there)):
        print(f"processor seconds {who}: median {np.median(times):.4f}, largest {np.max(times):.4f}, all {np.sum(times):.2f}")


if __name__ == "__main__":
    main()
