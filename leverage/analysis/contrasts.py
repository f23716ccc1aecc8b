"""The two plays that a line of a claim compares: with an instrument and without it, or one strategy and another."""

from __future__ import annotations

from dataclasses import dataclass

from leverage.analysis import effects
from leverage.analysis.figure import Figure
from leverage.analysis.point import Point
from leverage.analysis.selections import Chosen
from leverage.errors import UnsolvedError
from leverage.scenario.claims import CLAIM_FUNCTIONS, ClaimCall, ClaimLine, Selection, calls_of

#: The play that a function about the ends of a range looks at.
_ENDS = {"reach": "best for", "coercion": "worst for", "own_floor": "worst for"}


@dataclass(frozen=True, eq=False)
class Contrast:
    """Two plays, what they are called, and the player (its number) whose payoff and terms are of interest."""

    first: Chosen
    second: Chosen
    names: tuple[str, str]
    player: int


@dataclass(frozen=True)
class TermChange:
    """A named term of a player under two plays, payoff a period."""

    name: str
    first: Figure
    second: Figure

    @property
    def change(self) -> Figure:
        """The first less the second."""
        return self.first - self.second


def contrast_of(line: ClaimLine, selection: Selection, point: Point) -> Contrast | None:
    """What a line compares, told from its functions; None where it is not about two plays.

    A function of an instrument: play with it and without it. Otherwise the first play on each side of the line.
    """
    for call in line.calls:
        if CLAIM_FUNCTIONS[call.function].looks in ("effect", "channel") or call.function in _ENDS:
            return _of_instrument(call, selection, point)
    sides = [
        next((c for c in calls_of(side) if CLAIM_FUNCTIONS[c.function].looks == "play"), None) for side in (line.left, line.right)
    ]
    if sides[0] is None or sides[1] is None or sides[0].strategies == sides[1].strategies:
        return None
    first, second = (_played(call, selection, point) for call in sides if call is not None)
    names = tuple(f"under {' against '.join(call.strategies) or selection.words}" for call in sides if call is not None)
    return Contrast(first, second, (names[0], names[1]), _player(line, point))


def _played(call: ClaimCall, selection: Selection, point: Point) -> Chosen:
    return point.chosen(selection, call.strategies)


def _of_instrument(call: ClaimCall, selection: Selection, point: Point) -> Contrast | None:
    name = call.arguments[0]
    named = next((each for each in call.arguments[1:] if each in [p.key for p in point.scenario.players]), "")
    player = effects.player_index(point, named) if named else point.scenario.instrument(name).holder
    looks = Selection(_ENDS[call.function], (named,)) if call.function in _ENDS else selection
    channel: effects.Channel = "net"
    if call.function in ("threat", "commitment"):
        channel = "threat" if call.function == "threat" else "commitment"
        if not point.scenario.instrument(name).is_action:
            return None
    try:
        first, second = effects.compared(point, name, looks, channel=channel)
    except UnsolvedError:
        return None
    between = f"{name}, never departed to"
    names = {
        "net": (f"with {name}", f"without {name}"),
        "threat": (between, f"without {name}"),
        "commitment": (f"with {name}", between),
    }
    return Contrast(first, second, names[channel], player)


def _player(line: ClaimLine, point: Point) -> int:
    """The first player that the line names, else the first instrument's holder, else the first."""
    keys = [player.key for player in point.scenario.players]
    named = next((word for call in line.calls for word in call.arguments if word in keys), "")
    if named:
        return keys.index(named)
    return point.scenario.instruments[0].holder if point.scenario.instruments else 0


def term_changes(contrast: Contrast, point: Point) -> list[TermChange]:
    """Terms of the contrast's player that differ for certain between the two plays, those that differ most first."""
    player = point.scenario.players[contrast.player]
    found = []
    for term in point.scenario.terms:
        if term.player == contrast.player:
            quantity = f"term: {term.name}"
            each = TermChange(term.name, *(play.outcome(player.name, quantity) for play in (contrast.first, contrast.second)))
            if each.change.known and each.change.sign() in ("positive", "negative"):
                found.append(each)
    return sorted(found, key=lambda each: (-abs(each.change.value), each.name))
