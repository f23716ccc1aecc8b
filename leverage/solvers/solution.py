"""The one result type of every solver."""

from __future__ import annotations

from dataclasses import dataclass

from leverage.errors import GameError
from leverage.game.automaton import Automaton
from leverage.game.stochastic_game import Floats


@dataclass(frozen=True, eq=False)
class Solution:
    """How a game is played under one solution concept, and how well that was checked.

    concept: "Markov perfect", "stage Nash", "finite horizon", "declared", "best reply".
    selection: the rule by which this one was chosen among several, in words.
    plan: the play itself, for all players.
    values: (S, N) normalised payoffs if play begins in each state; NaN where the plan has no start.
    certificate: what the independent checker recomputed, payoff units; what it bounds depends on the concept and is
    said in `status`.
    status: a sentence for the reader; where something is missing it says what to do next.
    """

    concept: str
    selection: str
    plan: Automaton
    values: Floats
    certificate: float
    status: str

    @property
    def strategies(self) -> tuple[tuple[Floats, ...], ...]:
        """strategies[i][s]: lottery of player i in state s, shape (A_i(s),). Only for play without memory (one mode)."""
        plan = self.plan
        if len(plan.modes) != 1 or plan.n_nodes != plan.game.n_states:
            raise GameError(f"'{self.concept}' play has memory here: read solution.plan instead of solution.strategies")
        starts = [plan.choice_start(i) for i in plan.players]
        return tuple(
            tuple(flat[start[s] : start[s + 1]] for s in range(plan.game.n_states))
            for flat, start in zip(plan.lotteries, starts, strict=True)
        )
