"""Noisy play and its outcomes along the path from random play to best play."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from leverage.analysis.outcomes import Outcome, measure_outcomes
from leverage.certification.responses import response_distance
from leverage.errors import UnsolvedError
from leverage.game.automaton import Automaton
from leverage.game.stochastic_game import StochasticGame
from leverage.solvers.markov_equilibria import same_values
from leverage.solvers.noisy_play import logit_limit, logit_walk
from leverage.solvers.solution import Solution

#: The default grid has two precisions a decade, and no more than so many.
A_DECADE, MOST_PRECISIONS = 2, 24
#: It begins where precision times the payoff range, summed over periods, is about 1: noise then hides every difference.
#: It ends where every value is this near, as a share of the payoff range, to that of the limit.
NEAR_LIMIT = 0.005
#: Chances below this are left out where play with them cannot be measured.
SMALLEST_CHANCE = 1e-15


@dataclass(frozen=True, eq=False)
class NoisyPlay:
    """Play at one precision. precision: 1 / payoff; infinite for the limit. distance: of a probability from the logit response to
    this play, at most, as a checker found it (NaN for the limit).
    """

    precision: float
    solution: Solution
    outcomes: tuple[Outcome, ...]
    distance: float

    def value(self, subject: str, quantity: str) -> float:
        """One number of the outcomes; NaN if there is none."""
        return next((o.value for o in self.outcomes if o.subject == subject and o.quantity == quantity), float("nan"))


@dataclass(frozen=True, eq=False)
class NoisyPath:
    """Play at rising precisions, the Markov limit last if it was found.

    selected: whether the limit is the point prediction of the main run; None where there is nothing to compare. lost: where
    the path was lost, in words; "" if it was not.
    """

    plays: tuple[NoisyPlay, ...]
    selected: bool | None
    lost: str


def noisy_path(game: StochasticGame, precisions: Sequence[float] | None, selected: Solution | None) -> NoisyPath:
    """Noisy play at the given precisions (default: from random play until it is near its limit), then the limit itself.

    selected: the point prediction, to be compared with the limit. Raises ValueError for a precision that is none.
    """
    lost: list[str] = []
    try:
        limit = logit_limit(game)
    except UnsolvedError as error:
        limit = None
        lost.append(str(error))
    plays: list[NoisyPlay] = []
    grid = default_precisions(game) if precisions is None else iter(sorted(set(precisions)))
    try:
        for solution, precision in _walked(game, grid):
            distance = response_distance(game, solution.strategies, precision)
            plays.append(NoisyPlay(precision, solution, measured_noise(solution.plan), distance))
            if precisions is None and limit is not None and _near(game, solution, limit):
                break
    except UnsolvedError as error:
        lost.append(str(error))
    if limit is None:
        return NoisyPath(tuple(plays), None, "; ".join(lost))
    plays.append(NoisyPlay(math.inf, limit, measure_outcomes(limit.plan), math.nan))
    same = None if selected is None else same_values(game, limit, selected)
    return NoisyPath(tuple(plays), same, "; ".join(lost))


def _walked(game: StochasticGame, grid: Iterator[float]) -> Iterator[tuple[Solution, float]]:
    """Solutions with their precisions."""
    taken: list[float] = []

    def noted() -> Iterator[float]:
        for precision in grid:
            taken.append(precision)
            yield precision

    for solution in logit_walk(game, noted()):
        yield solution, taken[-1]


def default_precisions(game: StochasticGame) -> Iterator[float]:
    """0, then 1, 3, 10, 30, ... times a power of ten in 1 / payoff.

    >>> import itertools
    >>> game = StochasticGame.from_arrays([[[0.0], [2.0]]], [[[1.0], [1.0]]], 0.9)
    >>> list(itertools.islice(default_precisions(game), 4))
    [0.0, 0.03, 0.1, 0.3]
    """
    yield 0.0
    smallest = float(np.min(1 - game.discount)) / (game.payoff_range or 1.0)
    first = math.floor(A_DECADE * math.log10(smallest))
    for k in range(first, first + MOST_PRECISIONS):
        decade, half = divmod(k, A_DECADE)
        yield float(f"{3 if half else 1}e{decade}")


def measured_noise(plan: Automaton) -> tuple[Outcome, ...]:
    """The outcomes of noisy play, in which every action has a chance, however small.

    Where such chances are too small to compute with what happens in the end ("ever", "in the long run") has no value; all else is
    measured without them, and its certificate says what that may change.
    """
    try:
        return measure_outcomes(plan)
    except UnsolvedError:
        game, cut, lotteries = plan.game, 0.0, []
        for i, own in enumerate(plan.lotteries):
            starts = game.choice_start[i]
            kept = np.where(own < SMALLEST_CHANCE, 0.0, own)
            sums = np.add.reduceat(kept, starts[:-1])
            cut += float(np.max(1.0 - sums).clip(0.0) + SMALLEST_CHANCE)
            lotteries.append(kept / np.repeat(sums, np.diff(starts)))
        last = max([1.0, *game.measures.dates])
        shift = cut * (1 + last) ** 2 * max(1.0, game.payoff_range / float(np.min(1 - game.discount)))
        measured = measure_outcomes(replace(plan, lotteries=tuple(lotteries)))
        return tuple(_without_end(outcome, shift) for outcome in measured)


def _without_end(outcome: Outcome, shift: float) -> Outcome:
    """The outcome with a wider certificate; none for what depends on the end of play."""
    if any(word in outcome.quantity for word in ("ever", "long run", "given it happens")):
        return outcome._replace(value=math.nan, certificate=math.nan)
    return outcome._replace(certificate=outcome.certificate + shift)


def _near(game: StochasticGame, solution: Solution, limit: Solution) -> bool:
    return float(np.max(np.abs(solution.values - limit.values))) <= NEAR_LIMIT * game.payoff_range
