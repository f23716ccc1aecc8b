"""Equilibrium payoff sets of random games of mixed shapes, judged by an independent program.

    python -m benchmarks.judge_sets [--first 0] [--games 240] [--large] [--tolerance 1e-6]

Of the package only the game and the solver are imported. Neither the games (`tests/solvers/set_games.py`) nor the operator
(`tests/solvers/aps_twin.py`) know anything of it. Faults that are reported: an inner set that does not generate itself; an outer
set that misses equilibria which are found otherwise; an inner set that a few steps of the operator exclude; a gap that is not the
distance of the two sets; a crash; a game that takes too long. A gap that stays open is counted apart: it may be honest.
"""

from __future__ import annotations

import argparse
import itertools
import math
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from leverage.game.stochastic_game import StochasticGame
from leverage.solvers.equilibrium_set import equilibrium_set
from tests.solvers.aps_twin import (
    Node,
    PlainGame,
    Point,
    Polygon,
    excess,
    from_inside,
    from_outside,
    gap,
    hull,
    operator,
    proved,
    thinned,
)
from tests.solvers.processor_time import processor_seconds
from tests.solvers.set_games import KINDS, LARGE_KINDS, set_game

#: Shares of the payoff range. GAIN: a deviation gain that counts as none. SAME: how far such gains and rounding move vertices.
GAIN, SAME = 2e-9, 2e-8
#: Grain of the steps from outside, of those from inside, shares of the payoff range.
OUTSIDE_GRAIN, INSIDE_GRAIN = 1e-6, 1e-10
#: Constraints are tightened by this share while equilibria are collected: nothing that is collected rests on rounding.
MARGIN = 1e-10
#: Steps from outside and inside; stationary profiles that are tried.
STEPS_OUTSIDE, STEPS_INSIDE, PROFILES = 60, 12, 300
#: Processor seconds: a game is reported, is given up.
SLOW, LIMIT = 5.0, 60.0


@dataclass(frozen=True)
class Verdict:
    """On one game.

    faults: in words. seconds: processor time of the solver. share: the gap, a share of the payoff range. missed: how far
    equilibria stand out of the outer set at most, the same share. found: states for which the judge knows equilibria of its own.
    """

    faults: tuple[str, ...]
    seconds: float
    share: float = math.nan
    missed: float = 0.0
    found: int = 0


def main() -> None:
    """Judge and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--games", type=int, default=240)
    parser.add_argument("--large", action="store_true", help="games that the judge cannot solve itself, only check")
    parser.add_argument("--tolerance", type=float, default=1e-6, help="of the solver, a share of the payoff range")
    options = parser.parse_args()
    kinds = LARGE_KINDS if options.large else KINDS
    with threadpool_limits(limits=1, user_api="blas"):
        equilibrium_set(_built(set_game(1)))  # warm
        verdicts = []
        for seed in range(options.first, options.first + options.games):
            verdicts.append(judge(set_game(seed, kinds), options.tolerance))
            report(verdicts[-1], set_game(seed, kinds), options.tolerance)
    summarise(verdicts, options.tolerance)


def judge(game: PlainGame, tolerance: float) -> Verdict:
    """The verdict on one game."""
    masks: dict[str, Any] = {} if game.prescribable is None else {"prescribable": game.prescribable, "deviation": game.deviation}
    began = time.process_time()
    try:
        with processor_seconds(LIMIT):
            sets = equilibrium_set(_built(game), tolerance=tolerance, **masks)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is reported
        return Verdict((f"{type(error).__name__}: {error}",), time.process_time() - began)
    seconds = time.process_time() - began
    around, inside = _polygons(sets.outer), _polygons(sets.inner)
    unit = float(game.payoff_range) or 1.0
    same = SAME * unit + 1e-12 * float(game.largest)
    faults = [f"slow: {seconds:.1f} s"] if seconds > SLOW else []
    distance = gap(inside, around)
    if not (distance == sets.gap or abs(distance - sets.gap) <= same):
        faults.append(f"gap: said {sets.gap:.3e}, is {distance:.3e}")
    if excess(inside, around) > same:
        faults.append(f"inner stands out of outer by {excess(inside, around):.1e}")
    lacking = excess(inside, operator(game, inside, -GAIN * unit))
    if lacking > same:
        faults.append(f"inner does not generate itself: {lacking:.1e} is lacking")
    allowed = from_outside(game, grain=OUTSIDE_GRAIN * unit, most=STEPS_OUTSIDE).sets
    if excess(inside, allowed) > same:
        faults.append(f"inner holds what the operator excludes, by {excess(inside, allowed):.1e}")
    own = stationary_equilibria(game)
    if any(b and not a and not c for a, b, c in zip(around, allowed, own, strict=True)):  # is it really empty?
        own = _joined(own, from_inside(game, allowed, SAME * unit).sets)
    missed = excess(collected(game, own if lacking > same else _joined(own, inside)), around)
    if missed > same:
        faults.append(f"outer misses equilibria by {missed:.1e}")
    return Verdict(tuple(faults), seconds, sets.gap / unit, missed / unit, sum(bool(part) for part in own))


def stationary_equilibria(game: PlainGame) -> list[Polygon]:
    """Hulls of the payoffs of pure stationary equilibria, found by trying profiles: all if they are few, else random ones."""
    choices = [list(game.profiles(s)) for s in range(game.n_states)]
    if math.prod(map(len, choices)) <= PROFILES:
        tried: Iterator[Sequence[tuple[int, int]]] = itertools.product(*choices)
    else:
        rng = np.random.default_rng(7)
        tried = ([own[rng.integers(len(own))] for own in choices] for _ in range(PROFILES))
    found: list[Polygon] = [[] for _ in choices]
    for profile in tried:
        nodes = [Node(s, a, dict(game.successors(s, a))) for s, a in enumerate(profile)]
        inner = proved(game, nodes, -MARGIN * float(game.payoff_range))
        found = _joined(found, inner.sets)
    return found


def collected(game: PlainGame, known: list[Polygon]) -> list[Polygon]:
    """What is known, and what it generates, and what that generates, ...: all of it equilibria."""
    unit = float(game.payoff_range)
    for _ in range(STEPS_INSIDE):
        more = operator(game, known, MARGIN * unit)
        known = [thinned(part, INSIDE_GRAIN * unit) for part in _joined(known, more)]
    return known


def _joined(first: Sequence[Polygon], second: Sequence[Polygon]) -> list[Polygon]:
    return [hull([*a, *b]) for a, b in zip(first, second, strict=True)]


def _polygons(parts: Sequence[Any]) -> list[Polygon]:
    return [hull([Point(float(x), float(y)) for x, y in part]) for part in parts]


def _built(game: PlainGame) -> StochasticGame:
    return StochasticGame.from_arrays(game.payoffs, game.transitions, game.discount)


def report(found: Verdict, game: PlainGame, tolerance: float) -> None:
    """One game, if there is something to say."""
    said = [*found.faults, *([f"open: gap {found.share:.1e} of the range"] if found.share > tolerance else [])]
    if said:
        print(f"{'; '.join(said)}\n    [{found.seconds:.2f} s] {game.words}", flush=True)


def summarise(verdicts: Sequence[Verdict], tolerance: float) -> None:
    """How many, how far, how fast."""
    seconds, shares = np.array([v.seconds for v in verdicts]), np.array([v.share for v in verdicts])
    kinds = Counter(fault.split(":")[0].split(" by ")[0] for v in verdicts for fault in v.faults)
    print(f"{len(verdicts)} games, {sum(bool(v.faults) for v in verdicts)} with faults {dict(kinds) or ''}")
    print(f"gap open: {np.sum(shares > tolerance)}; largest of the others {np.max(shares[shares <= tolerance], initial=0.0):.1e}")
    print(f"games with equilibria that the judge found itself: {sum(v.found > 0 for v in verdicts)}")
    spread = ", ".join(f"{name} {np.quantile(seconds, q):.4f}" for name, q in (("median", 0.5), ("99%", 0.99), ("largest", 1.0)))
    print(f"processor seconds a game: {spread}, all {seconds.sum():.1f}")


if __name__ == "__main__":
    main()
