"""Markov perfect equilibria of random games of mixed shapes, judged by an independent program.

    python -m benchmarks.judge_markov [--first 0] [--games 1000] [--out FOLDER]

Games (`tests/solvers/mixed_games.py`) and judge (`tests/solvers/plain_judge.py`) import nothing of the package. A game is reported
if it is not solved, if somebody's regret is above the tolerance, if it is slow, if an unexpected error is raised, or if the answer
in a batch is another one; it is then saved in the folder.
"""

from __future__ import annotations

import argparse
import signal
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import numpy as np
from threadpoolctl import threadpool_limits

import leverage
from tests.solvers import plain_judge
from tests.solvers.mixed_games import Floats, MixedGame, mixed_game

TOLERANCE = 1e-9  # share of the payoff range
ROUNDING = 1e-14  # share of the largest payoff
SAME = 1e-7  # share of the payoff range: values of one equilibrium
SLOW, LIMIT = 2.0, 20.0  # processor seconds
#: Pure strategies of a player up to which all of them are tried as replies.
MOST_REPLIES = 100


@dataclass(frozen=True)
class Verdict:
    """On one game. faults: what is wrong, in words. share, own_share: largest regret as a share of the game's payoff range, and of
    the player's own.
    """

    faults: tuple[str, ...]
    seconds: float
    share: float
    own_share: float
    selection: str


def _stop(number: int, frame: FrameType | None) -> None:
    raise TimeoutError(f"no answer after {LIMIT:g} processor seconds")


def verdict(tables: MixedGame) -> Verdict:
    """Solves the game by itself and in a batch, and judges both."""
    game = leverage.StochasticGame.from_arrays(tables.payoffs, tables.transitions, tables.discount)
    signal.setitimer(signal.ITIMER_PROF, LIMIT)
    started = time.process_time()
    try:
        found = leverage.markov_perfect(game)[0]
    except leverage.UnsolvedError:
        return Verdict(("unsolved",), time.process_time() - started, np.nan, np.nan, "")
    except Exception as error:  # noqa: BLE001 - whatever it is, it is reported
        return Verdict((f"{type(error).__name__}: {error}",), time.process_time() - started, np.nan, np.nan, "")
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    seconds = time.process_time() - started
    faults, share, own_share = _judge(tables, found.strategies, found.values)
    faults += [f"slow: {seconds:.1f} s"] if seconds > SLOW else []
    if seconds < SLOW:
        faults += _in_batch(tables, game, found)
    return Verdict(tuple(faults), seconds, share, own_share, found.selection)


def _judge(tables: MixedGame, play: plain_judge.Play, values: Floats) -> tuple[list[str], float, float]:
    """Faults; the largest regret as a share of the game's payoff range; the largest as a share of the player's own."""
    if plain_judge.defects(tables.payoffs, play) > TOLERANCE:
        return ["strategies are no lotteries"], np.nan, np.nan
    parts = tables.payoffs, tables.transitions, tables.discount
    gains, ranges = plain_judge.regrets(*parts, play), plain_judge.payoff_ranges(tables.payoffs)
    largest = max(float(np.max(np.abs(u))) for u in tables.payoffs)
    allowed = max(TOLERANCE * ranges.max(), ROUNDING * largest)
    faults = [f"regret {gains.max():.2e} is above {allowed:.2e}"] if gains.max() > allowed else []
    if np.max(np.abs(plain_judge.values(*parts, play) - values)) > 1e-10 * largest:
        faults.append("values are not those of the strategies")
    replies = max(np.prod([float(u.shape[i]) for u in tables.payoffs]) for i in range(len(tables.discount)))
    if replies <= MOST_REPLIES:
        better = plain_judge.best_reply_gains(*parts, play)
        bound = gains / (1 - tables.discount) + 1e-12 * largest
        faults += ["a pure reply gains more than the bound"] if np.any(better > bound) else []
    unit = ranges.max() or largest or 1.0
    return faults, gains.max() / unit, float(np.max(gains / np.where(ranges > 0, ranges, unit)))


def _in_batch(tables: MixedGame, game: leverage.StochasticGame, found: leverage.Solution) -> list[str]:
    """The same game beside one with opposite payoffs and another law."""
    payoffs = [np.stack([-u, u]) for u in tables.payoffs]
    transitions = [np.stack([(law + 1 / law.shape[-1]) / 2, law]) for law in tables.transitions]
    signal.setitimer(signal.ITIMER_PROF, 2 * LIMIT)
    try:
        batch = leverage.markov_perfect_batch(game, payoffs=payoffs, transitions=transitions)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is reported
        return [f"batch: {type(error).__name__}: {error}"]
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    faults = [] if np.isfinite(batch.certificate[0]) else ["batch: companion unsolved"]
    other = MixedGame([u[0] for u in payoffs], [law[0] for law in transitions], tables.discount, "")
    for k, at in enumerate((other, tables)):
        if np.isfinite(batch.certificate[k]):
            play = [[own[k] for own in strategies] for strategies in batch.strategies]
            faults += [f"batch, game {k}: {fault}" for fault in _judge(at, play, batch.values[k])[0]]
    ranges = plain_judge.payoff_ranges(tables.payoffs)
    off = float(np.max(np.abs(batch.values[1] - found.values) / np.where(ranges > 0, ranges, 1)))
    if not off <= SAME:
        faults.append(f"batch: values differ by {off:.1e} of the range ({batch.selection[1]!r} for {found.selection!r})")
    return faults


def main() -> None:
    """Judge and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--games", type=int, default=1000)
    parser.add_argument("--out", type=Path, help="folder for the games that are reported")
    options = parser.parse_args()
    signal.signal(signal.SIGPROF, _stop)
    with threadpool_limits(limits=1, user_api="blas"):
        leverage.markov_perfect(leverage.StochasticGame.from_arrays([np.eye(2)[:, :, None] * [1.0, 2.0]], [np.ones((2, 2, 1))], 0.5))
        report(options.first, options.games, options.out)


def report(first: int, games: int, out: Path | None) -> None:
    """Each game with a fault on a line of its own, then the summary."""
    verdicts = []
    for seed in range(first, first + games):
        tables = mixed_game(seed)
        found = verdict(tables)
        verdicts.append(found)
        if found.faults:
            print(f"{'; '.join(found.faults)}\n    [{found.seconds:.2f} s, regret {found.share:.1e}] {tables.words}", flush=True)
            if out is not None:
                out.mkdir(parents=True, exist_ok=True)
                tables.save(out / f"seed_{seed}.npz")
    seconds = np.array([v.seconds for v in verdicts])
    kinds = Counter(fault.split(":")[0] for v in verdicts for fault in v.faults)
    print(f"{games} games, seeds {first} to {first + games - 1}: {sum(bool(v.faults) for v in verdicts)} reported {dict(kinds)}")
    print(f"largest regret {np.nanmax([v.share for v in verdicts]):.1e} of the game's payoff range, ", end="")
    print(f"{np.nanmax([v.own_share for v in verdicts]):.1e} of the player's own")
    spread = ", ".join(f"{name} {np.quantile(seconds, q):.4f}" for name, q in (("median", 0.5), ("99%", 0.99), ("largest", 1.0)))
    print(f"processor seconds a game: {spread}, all {seconds.sum():.1f}")
    for rule, count in Counter(v.selection.split("(")[0] for v in verdicts).most_common():
        print(f"  {count:5d}  {rule or 'none'}")


if __name__ == "__main__":
    main()
