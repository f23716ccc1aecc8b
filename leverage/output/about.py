"""Whom pages are about: the one player whose strategies are compared."""

from __future__ import annotations

from leverage.scenario.scenario import Scenario


def player_told_of(scenario: Scenario) -> int:
    """The number of that player: the holder of the first instrument, else the first with named strategies, else the first."""
    if scenario.instruments:
        return scenario.instruments[0].holder
    return next((i for i, own in enumerate(scenario.strategies) if own), 0)
