"""What the printed page is about, worked out once: whose strategies are compared, under which names, with how many decimals."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from leverage.analysis.plays import BEST_REPLY, Play
from leverage.output.about import player_told_of
from leverage.output.columns import listed, shortened
from leverage.output.frames import Run
from leverage.output.page import Page
from leverage.scenario.scenario import Player
from leverage.scenario.wording import plain

#: Rows of a table and names in a sentence; the rest is in outcomes.csv.
MOST_ROWS, MOST_NAMED = 12, 5


@dataclass(frozen=True, eq=False)
class Facts:
    """Facts about a run that sentences and tables share."""

    run: Run

    @cached_property
    def page(self) -> Page:
        return Page(self.run.scenario, self.run.game)

    @cached_property
    def about(self) -> int:
        """The player whose strategies are compared."""
        return player_told_of(self.run.scenario)

    @property
    def player(self) -> Player:
        return self.run.scenario.players[self.about]

    @property
    def keys(self) -> list[str]:
        return self.page.keys

    @cached_property
    def written(self) -> list[Play]:
        """Combinations of named strategies, as written."""
        return [play for play in self.run.plays if any(play.strategies) and not play.has_best_reply]

    @cached_property
    def compared(self) -> list[Play]:
        """The player's strategies, best for it first: alone, or against best replies."""
        found = [play for play in self.run.plays if play.has_best_reply and play.strategies[self.about] != BEST_REPLY]
        found = found if len(self.keys) > 1 else self.written
        return sorted(found, key=lambda play: (-self.payoff(play), play.selection))

    @property
    def replying(self) -> str:
        """Who replies, in words, for the head of a table; '' for a player alone."""
        if len(self.keys) == 1:
            return ""
        if len(self.keys) == 2:
            return f"{self.keys[1 - self.about]} replies as suits it best; of equally good replies the first"
        return f"strategies of {listed(self.keys)}; 'reply': as suits it best"

    def label(self, play: Play) -> str:
        """A compared play in a few words."""
        if len(self.keys) <= 2:
            return plain(play.strategies[self.about])
        return " / ".join("reply" if name == BEST_REPLY else plain(name) for name in play.strategies)

    def payoff(self, play: Play, player: int | None = None) -> float:
        """A player's payoff, by default that of the player whom the page is about."""
        return play.value(self.run.game.players[self.about if player is None else player], "payoff")

    def points(self, value: float) -> str:
        """A payoff as it is printed."""
        return self.page.points(value)

    @property
    def event(self) -> str:
        """The first declared event, or ''."""
        return self.page.event

    @property
    def dates(self) -> list[str]:
        return self.page.dates

    def event_chance(self, play: Play) -> float:
        """Chance of the first event by the last date."""
        return play.value(self.event, f"chance by {self.dates[-1]}")

    def price(self, play: Play) -> float:
        """What the player's terms tagged holding and using cost it."""
        tagged = [t.name for t in self.run.scenario.terms if t.player == self.about and t.tag]
        return -sum(play.value(self.player.name, f"term: {name}") for name in tagged)

    @property
    def has_price(self) -> bool:
        return any(t.player == self.about and t.tag for t in self.run.scenario.terms)

    def named(self, plays: list[Play]) -> str:
        """'a, b and c', at most a few."""
        labels = [shortened(self.label(play)) for play in plays[:MOST_NAMED]]
        return listed(labels) + (f" and {len(plays) - MOST_NAMED} more" if len(plays) > MOST_NAMED else "")
