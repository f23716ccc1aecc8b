"""The ledger of leverage: what an instrument is worth, to whom and at what cost, under every way of choosing play.

One row a fact; no row depends on another instrument. A *view* is a selection, or named strategies, under which play with the
instrument is compared with play without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from leverage.analysis.effects import (
    PRICE_TAGS,
    Channel,
    Difference,
    compared,
    floor_fall,
    gain,
    gross_gain,
    outcome_effect,
    price,
    reach,
)
from leverage.analysis.figure import Figure, Sign
from leverage.analysis.outcomes import date_label
from leverage.analysis.plays import BEST_REPLY, declared_combinations, title
from leverage.analysis.point import Point
from leverage.scenario.claims import FROM_SETS, Selection
from leverage.scenario.scenario import Instrument, Scenario

#: Effects up to this size are none: a fraction of the payoff range for payoffs, the number itself for chances and periods.
NOTHING = 1e-6

#: What stands in place of a selection where all equilibria are looked at.
EVERY_EQUILIBRIUM = "every equilibrium"

NET: tuple[Channel, ...] = ("net",)
ALL_CHANNELS: tuple[Channel, ...] = ("net", "threat", "commitment")


@dataclass(frozen=True)
class LeverageRow:
    """One fact about an instrument.

    holder: key of its holder. selection: how play is chosen, "every equilibrium" for the ends of ranges. channel: net, threat or
    commitment. measure: which number. subject: whom or what it is about: a player's key, or an event. difference: with the
    instrument, without it, and the effect with its bounds. sign: of the effect; "zero" up to NOTHING. unit: of all numbers.
    """

    instrument: str
    holder: str
    selection: str
    channel: Channel
    measure: str
    subject: str
    difference: Difference
    sign: Sign
    unit: str

    @property
    def note(self) -> str:
        """What a reader should know: why it is undefined, or where its bounds come from."""
        told = (self.difference.note, self.difference.effect.reason)
        return "; ".join(dict.fromkeys(each for each in told if each))


@dataclass(frozen=True)
class View:
    """label: in tables. selection, strategies: as `Point.chosen` takes them; "" for a player who replies."""

    label: str
    selection: Selection
    strategies: tuple[str, ...] = ()

    @property
    def from_sets(self) -> bool:
        return self.selection.phrase in FROM_SETS


def views(scenario: Scenario, holder: int) -> list[View]:
    """Best and worst equilibrium for the holder, the bargaining point of two players, the Markov equilibrium, each combination of
    named strategies, and the holder's named strategies against the best reply of another player."""
    key = scenario.players[holder].key
    found: list[View] = []
    if len(scenario.players) > 1:
        ends = (Selection("best for", (key,)), Selection("worst for", (key,)))
        found += [View(each.words, each) for each in ends]
    if len(scenario.players) == 2:
        found.append(_plain("bargaining point"))
    found.append(_plain("Markov equilibrium"))
    names = [tuple(strategy.name for strategy in own if strategy.phases) for own in scenario.strategies]
    for combination in declared_combinations(names):
        if combination[holder] != BEST_REPLY:
            played = tuple("" if name == BEST_REPLY else name for name in combination)
            found.append(View(title(combination), Selection("against", played), played))
    return found


def _plain(phrase: str) -> View:
    return View(phrase, Selection(phrase))


def leverage_rows(point: Point) -> tuple[LeverageRow, ...]:
    """Every fact about every instrument at a parameter point, in the order of the file.

    Under each view: what each player gains; for the holder the price (holding, using, both), the gain before it and the price of
    a unit of that; every named term of every player; chance of every event by every date, and the expected time to it. Then, over
    every equilibrium: by how much each player's best payoff rises (reach), each other player's smallest falls (coercion), and the
    holder's own falls (own floor). An instrument that is an action has its two channels where play is chosen from all
    equilibria.

    Notes
    -----
    Gains and ends of ranges are bounded for whatever the true sets of equilibria are between their bounds. Prices, terms and
    chances are facts about the two plans that were chosen, exact but for rounding. Where a side has no plan only gains are told,
    with the reason.
    """
    return tuple(row for instrument in point.scenario.instruments for row in _Ledger(point, instrument).rows())


@dataclass(frozen=True, eq=False)
class _Ledger:
    """The rows of one instrument."""

    point: Point
    instrument: Instrument

    @property
    def name(self) -> str:
        return self.instrument.name

    @cached_property
    def keys(self) -> list[str]:
        return [player.key for player in self.point.scenario.players]

    @property
    def holder(self) -> str:
        return self.keys[self.instrument.holder]

    @property
    def payoff_unit(self) -> str:
        return self.point.game().payoff_unit

    def rows(self) -> Iterator[LeverageRow]:
        for view in views(self.point.scenario, self.instrument.holder):
            yield from self._gains(view)
            sides = compared(self.point, self.name, view.selection, view.strategies)
            if all(side.plan is not None for side in sides):
                yield from self._costs(view)
                yield from self._terms(view)
                yield from self._events(view)
        if len(self.keys) > 1:
            yield from self._ends()

    def _row(self, view: str, measure: str, subject: str, found: Difference, unit: str, channel: Channel = "net") -> LeverageRow:
        nothing = NOTHING * (self.point.game().payoff_range if unit == self.payoff_unit else 1.0)
        sign = found.effect.sign(nothing)
        return LeverageRow(self.name, self.holder, view, channel, measure, subject, found, sign, unit)

    def _channels(self, from_sets: bool) -> tuple[Channel, ...]:
        return ALL_CHANNELS if from_sets and self.instrument.is_action else NET

    def _gains(self, view: View) -> Iterator[LeverageRow]:
        for channel in self._channels(view.from_sets):
            for key in self.keys:
                found = gain(self.point, self.name, key, view.selection, view.strategies, channel=channel)
                yield self._row(view.label, "gain", key, found, self.payoff_unit, channel)

    def _costs(self, view: View) -> Iterator[LeverageRow]:
        paid = price(self.point, self.name, view.selection, view.strategies)
        for tag in PRICE_TAGS:
            one = price(self.point, self.name, view.selection, view.strategies, tags=(tag,))
            yield self._row(view.label, f"price of {tag}", self.holder, one, self.payoff_unit)
        yield self._row(view.label, "price", self.holder, paid, self.payoff_unit)
        gross = gross_gain(self.point, self.name, self.holder, view.selection, view.strategies)
        yield self._row(view.label, "gross gain", self.holder, gross, self.payoff_unit)
        yield self._row(view.label, "price per unit of gross gain", self.holder, _per_unit(paid, gross), "ratio")

    def _terms(self, view: View) -> Iterator[LeverageRow]:
        for term in self.point.scenario.terms:
            player = self.point.scenario.players[term.player]
            found = self._outcome(view, player.name, f"term: {term.name}")
            yield self._row(view.label, f"term: {term.name}", player.key, found, self.payoff_unit)

    def _outcome(self, view: View, subject: str, quantity: str) -> Difference:
        return outcome_effect(self.point, self.name, view.selection, subject, quantity, view.strategies)

    def _events(self, view: View) -> Iterator[LeverageRow]:
        game = self.point.game()
        for event in game.measures.events:
            for date in game.measures.dates:
                chance = f"chance by {date_label(game, date)}"
                yield self._row(view.label, chance, event, self._outcome(view, event, chance), "chance")
            late = f"{game.period_unit}s to it, given it happens"
            yield self._row(view.label, late, event, self._outcome(view, event, late), f"{game.period_unit}s")

    def _ends(self) -> Iterator[LeverageRow]:
        for channel in self._channels(from_sets=True):
            for key in self.keys:
                found = reach(self.point, self.name, key, channel=channel)
                yield self._row(EVERY_EQUILIBRIUM, "reach", key, found, self.payoff_unit, channel)
            for key in self.keys:
                found = floor_fall(self.point, self.name, key, channel=channel)
                measure = "own floor" if key == self.holder else "coercion"
                yield self._row(EVERY_EQUILIBRIUM, measure, key, found, self.payoff_unit, channel)


def _per_unit(paid: Difference, gross: Difference) -> Difference:
    """The price per unit of gross gain; undefined unless there surely is a gross gain. There is no number for one side alone."""
    effect = gross.effect
    if effect.known and effect.low <= 0:
        words = "the gain before the price may be zero" if effect.high >= 0 else "there is no gain before the price"
        effect = Figure.missing("undefined", words)
    one_side = Figure.missing("undefined", "a ratio of two differences")
    return Difference(one_side, one_side, paid.effect / effect, gross.note if effect.known else "")
