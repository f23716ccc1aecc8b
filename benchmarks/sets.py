"""Speed of the equilibrium-set engine, processor seconds, kernels compiled beforehand: python -m benchmarks.sets

Random dense games (payoffs and transition weights uniform on [0, 1]), the shipped scenario, and a dilemma with unequal patience.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from leverage import StochasticGame, compile_game, equilibrium_set, load_scenario
from leverage.solvers.kernel_compilation import compile_set_kernels

#: States, actions of each player, discount factor.
DENSE = ((10, 4, 0.9), (20, 4, 0.9), (50, 3, 0.9), (50, 2, 0.7))
#: Games of each shape.
GAMES = 3
WITHDRAWAL = Path(__file__).parent.parent / "scenarios" / "withdrawal.yaml"


def dense_game(seed: int, states: int, actions: int, discount: float) -> StochasticGame:
    """Every action may lead anywhere."""
    random = np.random.default_rng(seed)
    payoffs = [random.random((actions, actions, 2)) for _ in range(states)]
    weights = [random.random((actions, actions, states)) for _ in range(states)]
    return StochasticGame.from_arrays(payoffs, [w / w.sum(axis=-1, keepdims=True) for w in weights], discount)


def dilemma(discount: list[float]) -> StochasticGame:
    """Prisoners' dilemma with payoffs 5, 3, 1, 0."""
    return StochasticGame.from_arrays([[[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]], [[[[1.0]] * 2] * 2], discount)


def cases() -> Iterator[tuple[str, StochasticGame, float]]:
    """Name, game, tolerance."""
    for states, actions, discount in DENSE:
        for seed in range(1, GAMES + 1):
            yield (
                f"{states} states x {actions} x {actions} at {discount}, seed {seed}",
                dense_game(seed, states, actions, discount),
                1e-6,
            )
    withdrawal = compile_game(load_scenario(WITHDRAWAL))
    mean = np.full(2, withdrawal.discount.mean())
    yield "withdrawal, its mean discount for both", dataclasses.replace(withdrawal, discount=mean), 1e-6
    yield "withdrawal as it is, gap 1e-2", withdrawal, 1e-2
    yield "dilemma at .9/.8", dilemma([0.9, 0.8]), 1e-6
    yield "dilemma at .99/.95", dilemma([0.99, 0.95]), 1e-6


def main() -> None:
    """One line a game."""
    compile_set_kernels()
    for name, game, tolerance in cases():
        started = time.process_time()
        sets = equilibrium_set(game, tolerance=tolerance)
        seconds = time.process_time() - started
        corners = sum(map(len, sets.inner))
        print(f"{seconds:8.3f} s  gap {sets.gap / game.payoff_range:.1e} of the range, {corners:5d} corners: {name}")


if __name__ == "__main__":
    main()
