"""How patient must players be for an event to be likely? The chance of an event under the selected credible plan, asked at each
discount factor of a scan (`solvers.patience`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leverage.analysis.outcomes import date_label, event_chance
from leverage.analysis.proved_sets import run_tolerance
from leverage.errors import GameError
from leverage.game.automaton import Automaton
from leverage.game.stochastic_game import Booleans, Floats, StochasticGame
from leverage.solvers.equilibrium_set import TIE_SHARE, EquilibriumSet
from leverage.solvers.patience import Told, weighted_bound
from leverage.solvers.sustainable_path import TOLERANCE

#: A chance nearer than this to the asked one cannot be told from it: the public lotteries of a plan are rounded numbers.
NEAREST_CHANCE = 1e-9

#: Sets of a tolerance up to so many times the shortfall that is allowed may be close enough: mostly they come closer.
COARSEST_SHARE = 10.0


@dataclass(frozen=True)
class EventQuestion:
    """Has the event, under the credible plan that is best for one player at the start, at least this chance by this date?

    event: one of the game's measures. date: in periods, >= 0. chance: in [0, 1]. player: for whom the plan is best, 0 or 1.
    within: by how much, at most, the plan may fall short of the most that credible play can pay that player, as a fraction of the
    payoff range; None: as a run asks for, 1e-4, and 1e-2 where discount factors differ.

    What is certified: the plan is an equilibrium by the independent checker, its payoff is the extreme one up to `within`, and
    its chance is known up to rounding (1e-9). Proved plans whose payoffs cannot be told from the best must all give the same
    answer. Of those that pay exactly as much (up to 1e-9 of the payoff range) the one counts that is better for both together,
    then the first, as in `EquilibriumSet.plan`. What is not certified: that no other plan pays as much with another chance. The
    selected plan may change with the discount factor, and the chance jumps where it does.
    """

    event: str
    date: float
    chance: float
    player: int
    within: float | None = None

    #: What a yes is called in tables.
    holds = "likely"

    def refuse(self, game: StochasticGame) -> None:
        """Raises GameError where the game has no such event or player, or the numbers are none."""
        if self.event not in game.measures.events:
            raise GameError(f"there is no event '{self.event}'; the game has {', '.join(game.measures.events) or 'none'}")
        if not 0 <= self.chance <= 1 or not 0 <= self.date < np.inf:
            raise GameError(f"a chance in [0, 1] and a date of at least 0 periods are needed; got {self.chance}, {self.date}")
        if self.player not in (0, 1):
            raise GameError(f"there is no player {self.player}; the question is about two")
        if self.within is not None and not 0 < self.within < 1:
            raise GameError(f"`within` is a fraction of the payoff range, between 0 and 1; got {self.within}")

    def told(self, game: StochasticGame, sets: EquilibriumSet) -> Told:
        """No where there is no credible plan at all; cannot be told where the best payoff is not known closely enough, where
        plans that pay nearly as much differ in the answer, or where the chance is the asked one up to rounding."""
        start, weights = game.start, np.eye(2)[self.player]
        if not len(sets.inner[start]):
            return "cannot be told" if len(sets.outer[start]) else "no"
        worth = sets.inner[start] @ weights
        short = weighted_bound(sets, start, weights) - float(worth.max())
        if short > self._within(game) * game.payoff_range:
            return "cannot be told"
        tie = TOLERANCE * game.payoff_range
        near, tied = _near(worth, max(short, TIE_SHARE * sets.tolerance, tie)), _near(worth, tie)
        if np.array_equal(near, tied):
            return self._answer(sets.plan(start, weights))
        nodes = sets.vertex_node[start][near]
        answers = {self._answer(sets.plan_from(start, nodes[k : k + 1], np.ones(1))) for k in range(len(nodes))}
        return answers.pop() if len(answers) == 1 else "cannot be told"

    def _answer(self, plan: Automaton) -> Told:
        """For one plan. What play must, or cannot, come to needs no arithmetic."""
        found = event_chance(plan, self.event, self.date)
        slack = 0.0 if found.certificate == 0 else max(found.certificate, NEAREST_CHANCE)
        if found.value - slack >= self.chance:
            return "yes"
        return "no" if found.value + slack < self.chance else "cannot be told"

    def _within(self, game: StochasticGame) -> float:
        return run_tolerance(game) if self.within is None else self.within

    def coarsest(self, game: StochasticGame) -> float:
        """Coarser sets are hardly ever close enough."""
        return COARSEST_SHARE * self._within(game)

    def words(self, game: StochasticGame) -> str:
        """What a yes says."""
        by = date_label(game, self.date)
        best = f"The credible plan best for {game.players[self.player]}"
        return f"{best} has '{self.event}' by {by} with a chance of at least {self.chance:g}"

    def certified(self, game: StochasticGame) -> str:
        """What an answer rests on."""
        return (
            "The chance is that of the plan selected at each discount factor: proved, within "
            f"{self._within(game):g} of the payoff range of the most that credible play can pay, ties to the plan better for "
            "both. Another plan that pays as much may have another chance."
        )


def _near(worth: Floats, slack: float) -> Booleans:
    """Which of the vertices pay as much as the best, up to the slack."""
    return np.asarray(worth >= worth.max() - slack)
