"""Where play leads over time: the chance of each level of a state variable in every period, its mean, and a band."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leverage.analysis.outcomes import state_chances
from leverage.analysis.plays import Play
from leverage.game.form import GameForm
from leverage.game.stochastic_game import Floats

#: The band holds at least this share of paths in every period, and leaves out half of the rest on each side.
BAND = 0.8


@dataclass(frozen=True, eq=False)
class VariablePath:
    """One state variable under one play, at times 0 to T.

    selection: of the play. variable: key. levels: names, in the variable's order. chances: (T + 1, levels). mean, low, high:
    (T + 1,) of the levels' numbers; low and high are the quantiles (1 - BAND) / 2 and (1 + BAND) / 2 of the chances.
    """

    selection: str
    variable: str
    levels: tuple[str, ...]
    chances: Floats
    mean: Floats
    low: Floats
    high: Floats


def variable_paths(form: GameForm, play: Play, periods: int) -> tuple[VariablePath, ...]:
    """Every state variable's path under a play from the start on; periods: T >= 0.

    The chances are those of single periods, exact but for rounding: what a band of simulated paths comes near to.
    """
    chances = state_chances(play.plan, periods)
    found = []
    for v, (variable, levels) in enumerate(form.scenario.vocabulary.variables.items()):
        own = np.array([chances[:, form.levels[:, v] == k].sum(axis=1) for k in range(len(levels))]).T
        numbers = np.array(list(levels.values()), dtype=np.float64)
        low, high = (quantile(own, numbers, share) for share in ((1 - BAND) / 2, (1 + BAND) / 2))
        found.append(VariablePath(play.selection, variable, tuple(levels), own, own @ numbers, low, high))
    return tuple(found)


def quantile(chances: Floats, numbers: Floats, share: float) -> Floats:
    """(T,): in each row of chances (T, K) of the numbers (K,) the smallest number that is not exceeded with chance `share`; up to
    rounding, so that 0.3 + 0.6 reaches 0.9."""
    order = np.argsort(numbers, kind="stable")
    reached = np.cumsum(chances[:, order], axis=1) >= share - 1e-12
    return np.asarray(numbers[order][np.argmax(reached, axis=1)])
