"""What every printed page of a scenario shares: names of players, how payoffs are printed, the first event and the dates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from leverage.analysis.outcomes import date_label
from leverage.game.stochastic_game import StochasticGame
from leverage.output.columns import number
from leverage.scenario.scenario import Scenario

#: Payoffs that range over more than this are printed without decimals.
LARGE_RANGE = 2000


@dataclass(frozen=True, eq=False)
class Page:
    """Facts about a scenario and its game that every printed page shares."""

    scenario: Scenario
    game: StochasticGame

    @property
    def keys(self) -> list[str]:
        return [player.key for player in self.scenario.players]

    @cached_property
    def digits(self) -> int:
        """Decimals of payoffs: one where they range over hundreds, more where they are small."""
        width = self.game.payoff_range
        if width <= 0:
            return 2
        return max(1 if width < LARGE_RANGE else 0, min(6, round(2.9 - math.log10(width))))

    def points(self, value: float) -> str:
        """A payoff as it is printed."""
        return number(value, self.digits)

    @cached_property
    def event(self) -> str:
        """The first declared event, or ''."""
        return next(iter(self.game.measures.events), "")

    @cached_property
    def dates(self) -> list[str]:
        return [date_label(self.game, date) for date in self.game.measures.dates]
