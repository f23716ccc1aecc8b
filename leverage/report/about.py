"""Whom the page is about, and that player's named strategies against best replies."""

from __future__ import annotations

import pandas as pd

from leverage.analysis.plays import BEST_REPLY
from leverage.scenario.scenario import Scenario


def about(scenario: Scenario) -> int:
    """The player whom the page is about: the holder of the first instrument, else the first one."""
    return scenario.instruments[0].holder if scenario.instruments else 0


def own_strategies(scenario: Scenario, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Rows of the table `outcomes` about that player, under each of its named strategies against best replies."""
    player = about(scenario)
    named = tuple(f"{each.name} " for each in scenario.strategies[player])
    played = outcomes.selection.map(lambda name: name.endswith(BEST_REPLY) and name.startswith(named))
    return outcomes[(outcomes.subject == scenario.players[player].key) & played]
