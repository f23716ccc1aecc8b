"""The game in short: who plays, what can be done, what can be the case, what payoffs mean, what the named strategies say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from leverage.scenario.scenario import Scenario
from leverage.scenario.wording import counted, plain


@dataclass(frozen=True)
class GameFacts:
    """players: name and actions. variables: name and levels. payoffs: what the unit means. strategies: name and what it says."""

    players: tuple[tuple[str, str], ...]
    variables: tuple[tuple[str, str], ...]
    payoffs: str
    size: str
    strategies: tuple[tuple[str, str], ...]


def game_of(scenario: Scenario, states: int) -> GameFacts:
    """From the scenario; states: of the compiled game."""
    unit, zero, hundred = scenario.payoff_unit
    ends = [f"{number} stands for {meaning}" for number, meaning in (("0", zero), ("100", hundred)) if meaning]
    players = [
        (
            player.name if player.name == player.key else f"{plain(player.key)} ({player.name})",
            _listed(action.name for action in own),
        )
        for player, own in zip(scenario.players, scenario.actions, strict=True)
    ]
    strategies = [
        (f"{plain(each.name)} ({plain(player.key)})", each.says)
        for player, own in zip(scenario.players, scenario.strategies, strict=True)
        for each in own
        if each.says
    ]
    return GameFacts(
        players=tuple(players),
        variables=tuple((plain(name), _listed(levels)) for name, levels in scenario.vocabulary.variables.items()),
        payoffs=f"Payoffs are in {unit}{''.join(f'; {end}' for end in ends)}.",
        size=f"{counted(states, 'state')}; a period is {scenario.period.length:g} {scenario.period.unit}.",
        strategies=tuple(strategies),
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(plain(name) for name in names)
