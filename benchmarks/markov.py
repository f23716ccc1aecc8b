"""How fast Markov perfect equilibria are found: in batch, and one by one. Processor seconds, warm, one BLAS thread.

    python benchmarks/markov.py

Games are random: payoffs even on [0, 1], transition laws even on the simplex.
"""

from __future__ import annotations

import time
from statistics import median

import numpy as np
from threadpoolctl import threadpool_limits

import leverage

BATCH, SINGLE = 1000, 5


def random_numbers(count: int, shape: tuple[int, int, int], seed: int) -> tuple[list, list]:
    """Payoffs and transitions of `count` games with (states, players, actions)."""
    states, players, actions = shape
    rng = np.random.default_rng(seed)
    profile = (count, *(actions,) * players)
    payoffs = [rng.random((*profile, players)) for _ in range(states)]
    return payoffs, [rng.dirichlet(np.ones(states), size=profile) for _ in range(states)]


def batch(discount: float) -> None:
    """Games a second at (8, 2, 3)."""
    payoffs, laws = random_numbers(BATCH, (8, 2, 3), 0)
    game = leverage.StochasticGame.from_arrays([u[0] for u in payoffs], [law[0] for law in laws], discount)
    started = time.process_time()
    found = leverage.markov_perfect_batch(game, payoffs=payoffs, transitions=laws, discount=discount)
    seconds = time.process_time() - started
    unsolved, regret = int(np.isnan(found.certificate).sum()), np.nanmax(found.certificate)
    print(f"  discount {discount:4.2f}  {BATCH / seconds:7.0f} games/s  {unsolved:3d} unsolved  largest gain {regret:.1e}")


def single(shape: tuple[int, int, int], discount: float) -> None:
    """Seconds for one game."""
    seconds, gains = [], []
    for seed in range(SINGLE):
        payoffs, laws = random_numbers(1, shape, seed)
        game = leverage.StochasticGame.from_arrays([u[0] for u in payoffs], [law[0] for law in laws], discount)
        started = time.process_time()
        gains.append(leverage.markov_perfect(game)[0].certificate)
        seconds.append(time.process_time() - started)
    print(
        f"  {shape!s:12} at {discount:4.2f}  median {median(seconds):7.3f} s  worst {max(seconds):7.3f} s  gain {max(gains):.0e}"
    )


def main() -> None:
    """Measure and print."""
    with threadpool_limits(limits=1, user_api="blas"):
        payoffs, laws = random_numbers(1, (2, 2, 2), 0)
        leverage.markov_perfect(leverage.StochasticGame.from_arrays([u[0] for u in payoffs], [law[0] for law in laws], 0.5))
        print("batch, (states, players, actions) = (8, 2, 3)")
        for discount in (0.9, 0.95, 0.99):
            batch(discount)
        print("one by one")
        for shape, discount in (((8, 2, 3), 0.9), ((20, 2, 4), 0.95), ((50, 2, 3), 0.95), ((100, 2, 3), 0.95)):
            single(shape, discount)


if __name__ == "__main__":
    main()
