"""What an instrument changes: the game solved with it and without it, and the difference with bounds that hold for both.

The two channels of an instrument that is an action: a plan may prescribe it (threat channel), and its owner may deviate to it
(commitment channel). In between lies the game in which it may be prescribed but not deviated to.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from leverage.analysis.figure import Figure
from leverage.analysis.point import Point
from leverage.analysis.selections import Chosen
from leverage.scenario.claims import Selection

#: net: with the instrument against without it; the two channels sum to it.
Channel = Literal["net", "threat", "commitment"]

#: Costs that are the price of an instrument.
PRICE_TAGS = ("holding", "using")

#: The ends of a player's range, by the phrase that selects them.
_SIDES = {"best for": 1, "worst for": -1}

#: What is said of the channels of an instrument that has none.
NO_CHANNELS = Figure.missing("undefined", "being without it is more than not taking an action: it has no channels")


@dataclass(frozen=True)
class Difference:
    """A number with the instrument, without it, and what the instrument changes; note: what a reader should know."""

    with_it: Figure
    without_it: Figure
    effect: Figure
    note: str = ""


def difference(with_it: Figure, without_it: Figure, note: str = "") -> Difference:
    """With less without."""
    return Difference(with_it, without_it, with_it - without_it, note)


def gain(
    point: Point,
    instrument: str,
    player: str,
    selection: Selection,
    strategies: Sequence[str] = (),
    *,
    channel: Channel = "net",
) -> Difference:
    """What the instrument adds to a player's payoff under a selection; costs are deducted in payoffs already."""
    i = player_index(point, player)
    if channel != "net" and not point.scenario.instrument(instrument).is_action:
        return difference(NO_CHANNELS, NO_CHANNELS)
    if selection.phrase == "every equilibrium found" and not strategies:
        return _of_every(point, instrument, i, selection)
    if selection.phrase in _SIDES and selection.names == (player,) and not strategies:
        return _end(point, instrument, player, _SIDES[selection.phrase], channel)
    sides = compared(point, instrument, selection, strategies, channel=channel)
    note = _selection_note(point, instrument, selection, strategies, channel)
    return difference(sides[0].payoffs[i], sides[1].payoffs[i], note)


def compared(
    point: Point, instrument: str, selection: Selection, strategies: Sequence[str] = (), *, channel: Channel = "net"
) -> tuple[Chosen, Chosen]:
    """Play with the instrument and without it; for a channel one of the two is the game in between.

    A Markov equilibrium is compared with the one that it turns into as the instrument loses its strength, where it was followed
    so far, and else with the one that is selected without it.
    """
    here = point.chosen(selection, strategies)
    if _is_continued(selection, strategies, channel):
        continued = point.continued(instrument)
        if continued.followed:
            return here, continued.play
    without = point.chosen(selection, strategies, (instrument,))
    if channel == "net":
        return here, without
    between = point.chosen(selection, strategies, untempted=instrument)
    return (between, without) if channel == "threat" else (here, between)


def _is_continued(selection: Selection, strategies: Sequence[str], channel: Channel) -> bool:
    """Whether play without an instrument is what play with it turns into."""
    return selection.phrase == "Markov equilibrium" and not strategies and channel == "net"


def _selection_note(point: Point, instrument: str, selection: Selection, strategies: Sequence[str], channel: Channel) -> str:
    """What to know about the equilibrium that stands for play without the instrument; nothing where it is the selected one."""
    return point.continued(instrument).note if _is_continued(selection, strategies, channel) else ""


def _of_every(point: Point, instrument: str, player: int, selection: Selection) -> Difference:
    """Between any Markov equilibrium found with the instrument and any found without it; the values are the selected ones'."""
    sides = [[each.payoffs[player] for each in point.every(selection, (), removed)] for removed in ((), (instrument,))]
    effects = [(a - b) for a in sides[0] for b in sides[1]]
    found = next((each for each in effects if not each.known), None)
    if found is None:
        found = Figure(effects[0].value, min(e.low for e in effects), max(e.high for e in effects), reason=effects[0].reason)
    return Difference(sides[0][0], sides[1][0], found, f"over {len(sides[0])} and {len(sides[1])} equilibria found")


def outcome_effect(
    point: Point, instrument: str, selection: Selection, subject: str, quantity: str, strategies: Sequence[str] = ()
) -> Difference:
    """What the instrument changes in an outcome of the selected play: a fact about the two plans that were chosen."""
    here, without = compared(point, instrument, selection, strategies)
    return difference(here.outcome(subject, quantity), without.outcome(subject, quantity))


# --- ends of the range of equilibrium payoffs ------------------------------------------------------------------------


def reach(point: Point, instrument: str, player: str, *, channel: Channel = "net") -> Difference:
    """By how much the player's largest equilibrium payoff rises."""
    return _end(point, instrument, player, 1, channel)


def floor_fall(point: Point, instrument: str, player: str, *, channel: Channel = "net") -> Difference:
    """By how much the player's smallest equilibrium payoff falls: coercion of another player, or the holder's own floor. The
    effect is without minus with."""
    found = _end(point, instrument, player, -1, channel)
    return replace(found, effect=-found.effect)


def _end(point: Point, instrument: str, player: str, side: int, channel: Channel) -> Difference:
    """The end of the player's range with the instrument and without it (side 1: the largest payoff, -1: the smallest)."""
    if channel == "net":
        return difference(_extreme(point, player, side), _extreme(point, player, side, (instrument,)))
    if not point.scenario.instrument(instrument).is_action:
        return difference(NO_CHANNELS, NO_CHANNELS)
    with_it, without_it = _extreme(point, player, side), _extreme(point, player, side, (instrument,))
    between = _widened(_extreme(point, player, side, untempted=instrument), (with_it, without_it), side)
    if channel == "threat":
        return _of_sign(difference(between, without_it), side)
    return _of_sign(difference(with_it, between), -side)


def _extreme(point: Point, player: str, side: int, removed: Sequence[str] = (), untempted: str = "") -> Figure:
    selection = Selection("best for" if side > 0 else "worst for", (player,))
    return point.chosen(selection, (), removed, untempted).payoffs[player_index(point, player)]


def _widened(between: Figure, contained: Sequence[Figure], side: int) -> Figure:
    """The end of the range in the game in between, whose equilibria include those of both other games: what is proved there is
    proved here."""
    if not between.known:
        return between
    proved = [figure.value for figure in (between, *contained) if figure.known and not math.isnan(figure.value)]
    if not proved:
        return between
    value = max(proved) if side > 0 else min(proved)
    return replace(between, value=value, low=value if side > 0 else between.low, high=between.high if side > 0 else value)


def _of_sign(found: Difference, sign: int) -> Difference:
    """The difference, its effect bounded by 0 on the side that inclusion of the sets leaves out."""
    effect = found.effect
    if not effect.known:
        return found
    kept = replace(effect, low=max(effect.low, 0.0)) if sign > 0 else replace(effect, high=min(effect.high, 0.0))
    return replace(found, effect=replace(kept, low=min(kept.low, kept.high), high=max(kept.low, kept.high)))


# --- costs -----------------------------------------------------------------------------------------------------------


def cost(point: Point, chosen: Chosen, player: int, tag: str) -> Figure:
    """Discounted value of the player's cost terms with a tag on the play that was chosen, payoff a period; at least 0."""
    name = point.scenario.players[player].name
    total = Figure.exact(0.0)
    for term in point.scenario.terms:
        if term.player == player and term.tag == tag:
            total = total - chosen.outcome(name, f"term: {term.name}")  # costs enter outcomes with a minus
    return total


def price(
    point: Point, instrument: str, selection: Selection, strategies: Sequence[str] = (), *, tags: Sequence[str] = PRICE_TAGS
) -> Difference:
    """What having and using the instrument costs its holder on the selected path, beyond what is paid without it."""
    holder = point.scenario.instrument(instrument).holder
    sides = []
    for chosen in compared(point, instrument, selection, strategies):
        total = Figure.exact(0.0)
        for tag in tags:
            total = total + cost(point, chosen, holder, tag)
        sides.append(total)
    return difference(sides[0], sides[1], _selection_note(point, instrument, selection, strategies, "net"))


def gross_gain(point: Point, instrument: str, player: str, selection: Selection, strategies: Sequence[str] = ()) -> Difference:
    """The gain before the price: for the holder gain + price, for anybody else the gain."""
    net = gain(point, instrument, player, selection, strategies)
    if player_index(point, player) != point.scenario.instrument(instrument).holder:
        return net
    paid = price(point, instrument, selection, strategies)
    return Difference(
        net.with_it + paid.with_it, net.without_it + paid.without_it, net.effect + paid.effect, "gain and price of the same plans"
    )


# --- names -----------------------------------------------------------------------------------------------------------


def player_index(point: Point, player: str) -> int:
    """The number of the player with this key. Raises ValueError without one."""
    return point.scenario.vocabulary.player_names.index(player)
