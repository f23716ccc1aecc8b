"""What stands beside the points of combinations of strategies: names as long as all of them find places at their points."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leverage.figures.label_places import Place, label_places
from leverage.figures.short_names import leading_words, short_codes
from leverage.figures.style import text_height, text_width, wrapped
from leverage.scenario.wording import plain

Point = tuple[float, float]
#: Where a combination is, and the strategies of both players.
Combination = tuple[Point, tuple[str, str]]
#: Of each of two players, strategy -> what it is called beside a point.
Calls = tuple[Mapping[str, str], Mapping[str, str]]

#: Inches: combinations that are closer share a label; the widest line of a label; what is kept free beside one.
_TOGETHER, _WIDEST, _BESIDE = 0.04, 1.7, 0.04
#: Of the labels in words so many may be away from their points, with a line that leads there, before shorter ones are tried.
_FEW_FAR = 0.15
#: What is no name of the file, and stays whole.
_BEST_REPLY = "best reply"


@dataclass(frozen=True)
class PlacedLabel:
    """A label of the combinations at a point; place: None where there is no room for it. Inches."""

    at: Point
    text: str
    place: Place | None


def calls_that_fit(combinations: Sequence[Combination], others: Sequence[Point], room: tuple[float, float]) -> Calls:
    """Full names, else their first words, if nearly all labels find places right beside their points; else codes.

    Arguments are those of `placed_labels`.
    """
    first, second = (list(dict.fromkeys(names[k] for _, names in combinations)) for k in range(2))
    full: Calls = ({name: plain(name) for name in first}, {name: plain(name) for name in second})
    words: Calls = (leading_words(first, whole=[_BEST_REPLY]), leading_words(second, whole=[_BEST_REPLY]))
    for calls in (full, words):
        places = [label.place for label in placed_labels(combinations, calls, others, room)]
        far = sum(place is None or place.far for place in places)
        if None not in places and far <= _FEW_FAR * len(places):
            return calls
    return short_codes(first), short_codes(second)


def placed_labels(
    combinations: Sequence[Combination], calls: Calls, others: Sequence[Point], room: tuple[float, float]
) -> tuple[PlacedLabel, ...]:
    """Labels of combinations, such as 'tied pace / stall'; those at the same point stand below each other in one label.

    Parameters
    ----------
    combinations : of strategies of two players. calls : of their strategies. others : further markers to keep clear of.
    room : width and height of the panel, whose lower left corner is (0, 0). All in inches.
    """
    groups: dict[Point, list[str]] = {}
    for at, names in combinations:
        near = next((known for known in groups if math.dist(known, at) < _TOGETHER), at)
        told = " / ".join(own[name] for own, name in zip(calls, names, strict=True))
        groups.setdefault(near, []).append(wrapped(told, _WIDEST))
    texts = ["\n".join(own) for own in groups.values()]
    sizes = [(max(map(text_width, text.split("\n"))) + _BESIDE, text_height(text)) for text in texts]
    places = label_places(list(groups), sizes, others, room)
    return tuple(PlacedLabel(at, text, place) for at, text, place in zip(groups, texts, places, strict=True))
