"""Findings in sentences. Every number in a sentence is a cell of a table."""

from __future__ import annotations

from leverage.analysis.plays import Play
from leverage.output.columns import number
from leverage.scenario.scenario import Scenario
from leverage.scenario.wording import plain


def departure_words(scenario: Scenario, play: Play) -> str:
    """The largest gain of a single departure from a play: where, who, how much, by what instead of what."""
    d = play.departure
    if d is None:
        return "nobody gains by a single departure."
    who = next((player.key for player in scenario.players if player.name == d.player), d.player)
    memory = "" if d.mode == "always" else f" ({d.mode})"
    gain = f"{number(d.gain, 2)} {play.plan.game.payoff_unit}" if d.gain >= 0.01 else f"{d.gain:.2g} {play.plan.game.payoff_unit}"
    return f"with {d.state}{memory}, {who} gains {gain} by playing '{plain(d.action)}' instead of '{plain(d.played)}'."
