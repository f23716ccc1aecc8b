"""The named strategies of the player whom the page is about, against best replies."""

from __future__ import annotations

import pandas as pd

from leverage.analysis.plays import BEST_REPLY, VERSUS
from leverage.output.about import player_told_of
from leverage.scenario.scenario import Scenario


def own_strategies(scenario: Scenario, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Rows of the table `outcomes` about the player whom the page is about, under each of its named strategies against
    best replies; under each alone where there is no other player."""
    player, count = player_told_of(scenario), len(scenario.players)
    named = {each.name for each in scenario.strategies[player]}

    def own(selection: str) -> bool:
        plays = selection.split(VERSUS)
        return len(plays) == count and plays[player] in named and (count == 1 or BEST_REPLY in plays)

    return outcomes[(outcomes.subject == scenario.players[player].key) & outcomes.selection.map(own)]
