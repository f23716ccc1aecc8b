"""How fast Markov perfect equilibria are found: in batch, and one by one. Processor seconds, warm, one BLAS thread.

    python benchmarks/markov.py

Games are random: payoffs even on [0, 1], transition laws even on the simplex. Large sparse ones are the withdrawal scenario with
more levels of deployment and talks, random games whose rows lead to a few states anywhere, and random games as scenarios make
them: a few variables with levels that actions push up and down.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
from threadpoolctl import threadpool_limits

import leverage
from leverage.solvers.active_states import active_ends
from leverage.solvers.complementarity import smoothed_end
from leverage.solvers.fictitious_play import fictitious_play
from leverage.solvers.markov_perfect import QUICK, SELECTION, accepted, engine_for, path_ends

BATCH, SINGLE = 1000, 5
SCENARIO = Path(__file__).parents[1] / "scenarios" / "withdrawal.yaml"
#: Levels of deployment and of talks; they give 160, 504 and 1,000 states.
LEVELS = ((8, 10), (14, 18), (20, 25))
#: Of a row of a game whose rows lead anywhere.
SUCCESSORS = 4
#: Levels of the variables of games as scenarios make them.
VARIABLES = ((1000,), (32, 32), (10, 10, 10), (6, 6, 6, 5))
#: Points of the parameters' ranges, halfway to their values, at which each refined scenario is solved; and games that
#: lead anywhere.
POINTS = 4


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


def refined(deployment: int, talks: int, seed: int) -> leverage.StochasticGame:
    """The withdrawal scenario with so many levels, at a random point of its parameters; only what makes the game is kept."""
    text = SCENARIO.read_text(encoding="utf-8")
    for section in ("strategies", "instruments", "claims", "variants"):
        text = re.sub(rf"(?ms)^{section}:\n.*?(?=^[a-z#]|\Z)", "", text)
    step, opened = 0.9 / (deployment - 1), round(0.4 * (talks - 1))
    forces = ["bases_only", *(f"force_{k}" for k in range(1, deployment - 1)), "full"]
    stages = [{0: "broken_off", opened: "opened", talks - 1: "settled"}.get(k, f"talks_{k}") for k in range(talks)]
    levels = ", ".join(f"{name}: {0.1 + step * k:.6g}" for k, name in enumerate(forces))
    text = re.sub(r"(?m)^  deployment: \{.*$", f"  deployment: {{{levels}}}", text)
    text = re.sub(r"(?m)^  talks: \{.*$", f"  talks: {{{', '.join(f'{name}: {k}' for k, name in enumerate(stages))}}}", text)
    rng, point = np.random.default_rng(seed), {}
    for found in re.finditer(r"(?m)^  (\w+): \{value: ([\d.]+), range: \[([\d.]+), ([\d.]+)\]", text):
        value, low, high = map(float, found.groups()[1:])
        point[found.group(1)] = (value + rng.uniform(low, high)) / 2
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "refined.yaml"
        file.write_text(text, encoding="utf-8")
        return leverage.compile_game(leverage.load_scenario(file, overrides=point))


def scattered(states: int, seed: int) -> leverage.StochasticGame:
    """Two actions each; every pair of them leads to any few of the states."""
    rng, payoffs, laws = np.random.default_rng(seed), [], []
    for _ in range(states):
        payoffs.append(rng.random((2, 2, 2)))
        law = np.zeros((2, 2, states))
        for profile in np.ndindex(2, 2):
            law[(*profile, rng.choice(states, SUCCESSORS, replace=False))] = rng.dirichlet(np.ones(SUCCESSORS))
        laws.append(law)
    return leverage.StochasticGame.from_arrays(payoffs, laws, 0.9)


def levelled(levels: tuple[int, ...], actions: int, seed: int) -> leverage.StochasticGame:
    """Variables whose levels go from 0 to 1: each pair of actions pushes each of them up or down at some chance, and they drift
    down; payoffs are quadratic in levels, and levels change what each pair of actions pays."""
    rng, count = np.random.default_rng(seed), len(levels)
    places = np.array(list(np.ndindex(*levels)))
    at = places / (np.array(levels) - 1)
    pairs = (actions, actions)
    slope, bend = rng.normal(size=(2, count)), rng.normal(size=(2, count, count)) / 2
    worth = at @ slope.T + np.einsum("sk,ikl,sl->si", at, bend, at)
    costs, by_level = rng.exponential(0.2, size=(*pairs, 2)), 0.3 * rng.normal(size=(*pairs, 2, count))
    payoffs = worth[:, None, None] - costs + np.einsum("abik,sk->sabi", by_level, at)
    push = (rng.normal(size=(actions, 1, count)) + rng.normal(size=(1, actions, count))) / 4
    up, down = np.clip(push, 0.0, 0.6), np.clip(-push, 0.0, 0.6) + rng.uniform(0, 0.15, size=count)
    laws = np.ones((len(at), *pairs, 1))
    for k, size in enumerate(levels):  # one variable after the other: the joint law is the product
        own = np.zeros((size, *pairs, size))
        for level in range(size):
            rise, fall = up[..., k] * (level < size - 1), down[..., k] * (level > 0)
            own[level, :, :, level] = 1 - rise - fall
            own[level, :, :, min(level + 1, size - 1)] += rise
            own[level, :, :, max(level - 1, 0)] += fall
        laws = np.einsum("sabt,sabu->sabtu", laws, own[places[:, k]]).reshape(len(at), *pairs, -1)
    return leverage.StochasticGame.from_arrays(list(payoffs), list(laws), (0.93, 0.91))


def sparse_games(make: Callable[[int], leverage.StochasticGame]) -> None:
    """Seconds until the first path is solved or given up, then of each kind of smoothing until one ends in an equilibrium."""
    for seed in range(POINTS):
        engine = engine_for(make(seed), 1e-9)
        started = time.process_time()
        p = next(path_ends(engine, QUICK, np.zeros(int(engine.shape.group_start[-1]))), None)
        told, found = [f"path {time.process_time() - started:5.2f} s"], None
        if p is not None:
            found = accepted(engine, p, SELECTION)
        if found is None:
            before = time.process_time()
            for _, p in active_ends(engine.shape, engine.numbers, engine.game.indices):
                found = accepted(engine, p, SELECTION)
                if found is not None:
                    break
            told.append(f"active states {time.process_time() - before:5.2f} s")
        for name, begin in (("play settled", fictitious_play), ("smoothing", lambda *_: None)):
            if found is None:
                before = time.process_time()
                p = smoothed_end(engine.shape, engine.numbers, begin(engine.shape, engine.numbers))
                found = None if p is None else accepted(engine, p, name)
                told.append(f"{name} {time.process_time() - before:5.2f} s")
        how = f"solved, gain {found.certificate:.0e}" if found is not None else "not solved"
        seconds = time.process_time() - started
        print(f"  {engine.shape.states:4d} states, point {seed}: {seconds:6.2f} s, {how} ({', '.join(told)})", flush=True)


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
        print("refined withdrawal scenario")
        small = engine_for(refined(4, 6, 0), 1e-9)
        smoothed_end(small.shape, small.numbers, fictitious_play(small.shape, small.numbers))  # compiled
        for levels in LEVELS:
            sparse_games(partial(refined, *levels))
        print("two actions, four successors anywhere")
        sparse_games(partial(scattered, 1000))
        for levels in VARIABLES:
            for actions in (2, 3):
                print(f"levels {levels}, {actions} actions")
                sparse_games(partial(levelled, levels, actions))


if __name__ == "__main__":
    main()
