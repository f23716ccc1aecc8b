"""What figures need to know that does not stand in the tables: names, units, the order of levels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from leverage.scenario.scenario import Scenario
from leverage.scenario.wording import plain

#: Letters of the longest name by which a player is called in a sentence; where a name is longer all are called by their keys.
LONGEST_NAME = 24


@dataclass(frozen=True)
class Context:
    """Names and units of a scenario.

    players: key -> name, in the order of the file. unit: of payoffs. period: what a period is, such as 'month' or '3 months'.
    start: the label of the state in which play begins. levels: state variable -> {level: its number}, both in the order of
    the file.
    """

    players: Mapping[str, str]
    unit: str
    period: str
    start: str
    levels: Mapping[str, Mapping[str, float]]

    @classmethod
    def of(cls, scenario: Scenario, start: str) -> Context:
        """The context of a scenario; `start` is the label of the game's first state."""
        period = scenario.period
        return cls(
            players={player.key: player.name for player in scenario.players},
            unit=scenario.payoff_unit[0],
            period=period.unit if period.length == 1 else f"{period.length:g} {period.unit}s",
            start=start,
            levels=scenario.vocabulary.variables,
        )

    def called(self, key: str) -> str:
        """A player in a sentence: by name, or all by their keys where a name is long."""
        short = all(len(name) <= LONGEST_NAME for name in self.players.values())
        return self.players[key] if short else plain(key)

    def in_full(self, key: str) -> str:
        """A player as an axis names it: 'power (the intervening power)', or the name alone where sentences use it."""
        called, name = self.called(key), self.players[key]
        return called if called == name else f"{called} ({name})"

    @property
    def time(self) -> str:
        """What an axis of time counts: 'months', or 'periods of 3 months'."""
        return f"periods of {self.period}" if self.period[:1].isdigit() else f"{self.period}s"
