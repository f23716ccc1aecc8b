"""Markov perfect answers to games of mixed shapes, by themselves and in a batch, put before the plain judge."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

import leverage
from leverage.solvers.error_radius import error_radius
from tests.solvers import plain_judge
from tests.solvers.mixed_games import Floats, MixedGame
from tests.solvers.processor_time import processor_seconds

TOLERANCE = 1e-9  # share of the payoff range: the solver's default
ROUNDING = 1e-14  # share of the largest payoff
VALUE_ROUNDING = 1e-12  # share of the largest payoff: two ways to the same values, systems conditioned as 1 / (1 - 0.99)
SAME = 1e-7  # share of a player's payoff range: values of one isolated equilibrium
SLOW, LIMIT = 2.0, 20.0  # processor seconds: a game is reported, is given up
#: Pure strategies of a player up to which all of them are tried as replies.
MOST_REPLIES = 100


@dataclass(frozen=True)
class Verdict:
    """On one game.

    faults: what is wrong, in words. seconds: processor time of the single solver. share, own_share: largest regret as a share of
    the game's payoff range and of the player's own. apart: how far the batch's values are from the single solver's, share of the
    player's range; a fault only if the equilibrium is isolated, as otherwise rounding decides.
    """

    faults: tuple[str, ...]
    seconds: float
    share: float = np.nan
    own_share: float = np.nan
    apart: float = 0.0
    selection: str = ""


def verdict(tables: MixedGame, limit: float = LIMIT) -> Verdict:
    """Solves the game by itself and, unless that was slow, in a batch, and judges both. Errors of the solvers are faults.

    limit: processor seconds for the single solver.
    """
    game = leverage.StochasticGame.from_arrays(tables.payoffs, tables.transitions, tables.discount)
    started = time.process_time()
    try:
        with processor_seconds(limit):
            found = leverage.markov_perfect(game)[0]
    except Exception as error:  # noqa: BLE001 - whatever it is, it is reported
        return Verdict((f"{type(error).__name__}: {error}",), time.process_time() - started)
    seconds = time.process_time() - started
    faults, share, own_share = judged(tables, found.strategies, found.values)
    if seconds > SLOW:
        return Verdict((*faults, f"slow: {seconds:.1f} s"), seconds, share, own_share, selection=found.selection)
    in_batch, apart = _in_batch(tables, game, found)
    return Verdict((*faults, *in_batch), seconds, share, own_share, apart, found.selection)


def judged(tables: MixedGame, play: plain_judge.Play, values: Floats) -> tuple[list[str], float, float]:
    """Faults; the largest regret as a share of the game's payoff range; the largest as a share of the player's own."""
    if plain_judge.defects(tables.payoffs, play) > TOLERANCE:
        return ["strategies are no lotteries"], np.nan, np.nan
    parts = tables.payoffs, tables.transitions, tables.discount
    gains, ranges = plain_judge.regrets(*parts, play), plain_judge.payoff_ranges(tables.payoffs)
    largest = max(float(np.max(np.abs(u))) for u in tables.payoffs)
    allowed = max(TOLERANCE * ranges.max(), ROUNDING * largest)
    faults = [f"regret {gains.max():.2e} is above {allowed:.2e}"] if gains.max() > allowed else []
    if np.max(np.abs(plain_judge.values(*parts, play) - values)) > VALUE_ROUNDING * largest:
        faults.append("values are not those of the strategies")
    replies = max(np.prod([float(u.shape[i]) for u in tables.payoffs]) for i in range(len(tables.discount)))
    if replies <= MOST_REPLIES:
        better = plain_judge.best_reply_gains(*parts, play)
        bound = gains / (1 - tables.discount) + VALUE_ROUNDING * largest
        faults += ["a pure reply gains more than single deviations allow"] if np.any(better > bound) else []
    unit = ranges.max() or largest or 1.0
    return faults, gains.max() / unit, float(np.max(gains / np.where(ranges > 0, ranges, unit)))


def _in_batch(tables: MixedGame, game: leverage.StochasticGame, found: leverage.Solution) -> tuple[list[str], float]:
    """The same game second, after one with opposite payoffs and another law: faults, and how far values are apart."""
    payoffs = [np.stack([-u, u]) for u in tables.payoffs]
    transitions = [np.stack([(law + 1 / law.shape[-1]) / 2, law]) for law in tables.transitions]
    try:
        with processor_seconds(2 * LIMIT):
            batch = leverage.markov_perfect_batch(game, payoffs=payoffs, transitions=transitions)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is reported
        return [f"batch: {type(error).__name__}: {error}"], np.nan
    faults = []
    other = MixedGame([u[0] for u in payoffs], [law[0] for law in transitions], tables.discount, "")
    for k, at in enumerate((other, tables)):
        if not np.isfinite(batch.certificate[k]):
            faults.append(f"batch, game {k}: not solved")
            continue
        play = [[own[k] for own in strategies] for strategies in batch.strategies]
        faults += [f"batch, game {k}: {fault}" for fault in judged(at, play, batch.values[k])[0]]
    ranges = plain_judge.payoff_ranges(tables.payoffs)
    apart = float(np.max(np.abs(batch.values[1] - found.values) / np.where(ranges > 0, ranges, 1)))
    if apart > SAME and error_radius(found).bounded:
        faults.append(f"batch: another equilibrium, values differ by {apart:.1e} of the range")
    return faults, apart
