"""Several runs side by side: what differs in their inputs, and what certainly differs in what follows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from leverage.comparison.bounded_facts import (
    BoundedFact,
    JudgedLine,
    JudgedSentence,
    Key,
    Standing,
    judged_sentences,
    leverage_facts,
    outcome_facts,
    standing_of,
)
from leverage.comparison.input_differences import InputDifference, input_differences
from leverage.comparison.sides import Side

#: A path that could not be told is within the certificates of any answer.
_OPEN_PATH = "cannot be told"
#: The verdict that bounds leave open.
UNDECIDED = "undecided"


@dataclass(frozen=True)
class ComparedFact:
    """A number of several sides; None where a side has no such row. key: the cells that name it in its table."""

    key: Key
    facts: tuple[BoundedFact | None, ...]
    standing: Standing

    @property
    def spread(self) -> float:
        """The largest distance between two of the numbers."""
        values = [each.value for each in self.facts if each is not None and not math.isnan(each.value)]
        return max(values) - min(values) if values else 0.0


@dataclass(frozen=True)
class ComparedClaim:
    """A claim of several sides. standing: that of its verdicts; `other units`: it is not the same sentence everywhere."""

    name: str
    claims: tuple[JudgedSentence | None, ...]
    standing: Standing

    @property
    def verdicts(self) -> tuple[str, ...]:
        """The verdict of each side, "" where it has no such claim."""
        return tuple("" if each is None else each.whole.verdict for each in self.claims)


@dataclass(frozen=True)
class ComparedPlay:
    """What is true of a way of playing on each side: an equilibrium, subgame perfect, its path sustainable; None where a side has
    no such play."""

    selection: str
    quality: str
    said: tuple[str | None, ...]
    standing: Standing


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two sides or more, everything that is told of them at the same places side by side."""

    sides: tuple[Side, ...]

    @cached_property
    def inputs(self) -> tuple[InputDifference, ...]:
        return input_differences([side.scenario for side in self.sides])

    @cached_property
    def outcomes(self) -> tuple[ComparedFact, ...]:
        return compared_facts([outcome_facts(side.tables, side.start) for side in self.sides])

    @cached_property
    def leverage(self) -> tuple[ComparedFact, ...]:
        return compared_facts([leverage_facts(side.tables) for side in self.sides])

    @cached_property
    def claims(self) -> tuple[ComparedClaim, ...]:
        judged = [judged_sentences(side.tables) for side in self.sides]
        names = dict.fromkeys(name for own in judged for name in own)
        return tuple(_compared_claim(name, tuple(own.get(name) for own in judged)) for name in names)

    @cached_property
    def plays(self) -> tuple[ComparedPlay, ...]:
        qualities = [_qualities(side) for side in self.sides]
        places = dict.fromkeys(place for own in qualities for place in own)
        return tuple(_compared_play(place, tuple(own.get(place) for own in qualities)) for place in places)

    @property
    def payoff_units(self) -> tuple[tuple[str, str, str], ...]:
        """The payoff units of the sides, each once: name, what 0 means, what 100 means."""
        return tuple(dict.fromkeys(side.scenario.payoff_unit for side in self.sides))


def compared_facts(sides: Sequence[Mapping[Key, BoundedFact]]) -> tuple[ComparedFact, ...]:
    """The numbers of all sides by their keys, in the order of the first side that has them."""
    keys = dict.fromkeys(key for own in sides for key in own)
    found = []
    for key in keys:
        facts = tuple(own.get(key) for own in sides)
        found.append(ComparedFact(key, facts, standing_of(facts)))
    return tuple(found)


def _compared_claim(name: str, claims: tuple[JudgedSentence | None, ...]) -> ComparedClaim:
    """Verdicts differ for certain where those on a line do, and the bounds of its margins do not overlap."""
    present = [each for each in claims if each is not None]
    if len(present) < len(claims):
        return ComparedClaim(name, claims, "not in all")
    if len({tuple(each.lines) for each in present}) > 1:
        return ComparedClaim(name, claims, "other units")
    if len({each.whole.verdict for each in present}) == 1:
        return ComparedClaim(name, claims, "same")
    certain = any(_certainly_differ([each.lines[line] for each in present]) for line in present[0].lines)
    return ComparedClaim(name, claims, "differs" if certain else "within certificates")


def _certainly_differ(lines: Sequence[JudgedLine]) -> bool:
    verdicts, margins = {each.verdict for each in lines}, [each.margin for each in lines]
    if len(verdicts) == 1:
        return False
    if not all(each.known for each in margins):
        return len(verdicts - {UNDECIDED}) > 1
    return max(each.low for each in margins) > min(each.high for each in margins)


def _qualities(side: Side) -> dict[tuple[str, str], str]:
    """Yes and no of every way of playing: (selection, quality) -> answer."""
    answers: dict[str, Callable[[object], str]] = {
        "equilibrium": lambda truth: "yes" if truth else "no",
        "subgame_perfect": lambda truth: "yes" if truth else "no",
        "path": str,
    }
    rows = side.tables["strategies"].to_dict("records")
    return {
        (str(row["selection"]), quality): words(row[quality])
        for row in rows
        for quality, words in answers.items()
        if row[quality] != ""
    }


def _compared_play(place: tuple[str, str], said: tuple[str | None, ...]) -> ComparedPlay:
    certain = {each for each in said if each != _OPEN_PATH}
    standing: Standing = "differs"
    if None in said:
        standing = "not in all"
    elif len(set(said)) == 1:
        standing = "same"
    elif len(certain) < len(set(said)) and len(certain) == 1:
        standing = "within certificates"
    return ComparedPlay(*place, said, standing)
