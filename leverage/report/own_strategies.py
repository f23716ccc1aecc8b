"""The named strategies of the player whom the page is about, against best replies."""

from __future__ import annotations

import pandas as pd

from leverage.analysis.plays import BEST_REPLY
from leverage.output.about import player_told_of
from leverage.scenario.scenario import Scenario


def own_strategies(scenario: Scenario, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Rows of the table `outcomes` about the player whom the page is about, under each of its named strategies against
    best replies."""
    player = player_told_of(scenario)
    named = tuple(f"{each.name} " for each in scenario.strategies[player])
    played = outcomes.selection.map(lambda name: name.endswith(BEST_REPLY) and name.startswith(named))
    return outcomes[(outcomes.subject == scenario.players[player].key) & played]
