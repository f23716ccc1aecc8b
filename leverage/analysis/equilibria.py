"""The outcomes of every distinct Markov equilibrium that a search found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from leverage.analysis.outcomes import Outcome, measure_outcomes
from leverage.game.stochastic_game import Floats, StochasticGame
from leverage.solvers.markov_equilibria import SAME_PLAY
from leverage.solvers.multiplicity import FoundEquilibrium, Multiplicity, reached_states
from leverage.solvers.solution import Solution

#: Plays with the same payoffs whose outcomes are measured at most, for each equilibrium.
MOST_WAYS = 20


@dataclass(frozen=True, eq=False)
class MeasuredEquilibrium:
    """An equilibrium with its outcomes from the game's start.

    low, high: (outcomes,) least and largest value over the plays that were found with the same payoffs (up to 20 of them are
    measured): they differ from `outcomes` only where exact ties leave the play open. facts: (subject, quantity, value, unit)
    about the equilibrium itself.
    """

    found: FoundEquilibrium
    outcomes: tuple[Outcome, ...]
    low: Floats
    high: Floats
    facts: tuple[tuple[str, str, float, str], ...]

    def value(self, subject: str, quantity: str) -> float:
        """One number of the outcomes; NaN if there is none."""
        return next((o.value for o in self.outcomes if o.subject == subject and o.quantity == quantity), float("nan"))

    def span(self, subject: str, quantity: str) -> tuple[float, float]:
        """Its least and largest value over the plays with the same payoffs."""
        for k, o in enumerate(self.outcomes):
            if o.subject == subject and o.quantity == quantity:
                return float(self.low[k]), float(self.high[k])
        return float("nan"), float("nan")


@dataclass(frozen=True, eq=False)
class MeasuredEquilibria:
    """What a search found, measured; in its order, the selected one first."""

    found: Multiplicity
    equilibria: tuple[MeasuredEquilibrium, ...]


@dataclass(frozen=True)
class Difference:
    """Where the play of one equilibrium differs from that of another.

    states: in how many states. state: the first that either gets to from the start (else the first of all). chances: what each
    plays there, (action, chance in the one, chance in the other) of the player who differs most.
    """

    states: int
    state: str
    player: str
    chances: tuple[tuple[str, float, float], ...]


def measured_equilibria(game: StochasticGame, found: Multiplicity) -> MeasuredEquilibria:
    """Measure each equilibrium, and the spread over plays with the same payoffs."""
    return MeasuredEquilibria(found, tuple(_measured(game, each) for each in found.equilibria))


def _measured(game: StochasticGame, found: FoundEquilibrium) -> MeasuredEquilibrium:
    outcomes = measure_outcomes(found.solution.plan)
    ways = [np.array([o.value for o in outcomes])]
    ways += [np.array([o.value for o in measure_outcomes(way.plan)]) for way in found.ways[1:MOST_WAYS]]
    everything = np.stack(ways)
    return MeasuredEquilibrium(found, outcomes, everything.min(axis=0), everything.max(axis=0), tuple(_facts(game, found)))


def _facts(game: StochasticGame, found: FoundEquilibrium) -> Iterator[tuple[str, str, float, str]]:
    yield "play", "largest gain of a departure", found.solution.certificate, game.payoff_unit
    for name, radius in zip(game.players, found.radius.by_player, strict=True):
        yield name, "error radius", radius, game.payoff_unit
    yield "play", "plays found with these payoffs", float(found.plays), "plays"
    yield "play", "searches that came to it", float(len(found.found_by)), "searches"


def difference(one: Solution, other: Solution) -> Difference | None:
    """Where the second stationary solution's play differs from the first's; None where it is the same."""
    game = one.plan.game
    apart = np.zeros((game.n_states, game.n_players))
    for i, (a, b) in enumerate(zip(one.plan.lotteries, other.plan.lotteries, strict=True)):
        apart[:, i] = np.maximum.reduceat(np.abs(a - b), game.choice_start[i][:-1])
    differ = np.flatnonzero(apart.max(axis=1) > SAME_PLAY)
    if not len(differ):
        return None
    reached = np.union1d(reached_states(game, one.plan.lotteries), reached_states(game, other.plan.lotteries))
    s = int(next((s for s in differ if s in reached), differ[0]))
    i = int(np.argmax(apart[s]))
    names, before, after = game.actions[s][i], one.strategies[i][s], other.strategies[i][s]
    chances = tuple((name, float(a), float(b)) for name, a, b in zip(names, before, after, strict=True))
    return Difference(len(differ), game.states[s], game.players[i], chances)
