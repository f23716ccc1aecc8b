"""The smallest joint change of parameters that is found to flip a verdict: an upper bound on what it takes.

The size of a change is the largest change of any parameter, as a fraction of its range. Only the ways back from points that flip
are searched, so that a smaller change may exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import inf, isfinite

import numpy as np

from leverage.stress.box import Box
from leverage.stress.question import Answer, Question, Side
from leverage.stress.shares import DesignPoint, points_of
from leverage.stress.tipping import Tipping, narrowed

#: So many of the nearest design points that flip are followed back.
NEAREST = 3
#: A way back is narrowed to this fraction of its length.
NARROW = 1e-3
#: Putting parameters back, and going back on what is left, is repeated while the change gets smaller by this factor.
WORTHWHILE = 0.99

#: Where a change was found from.
FROM_DESIGN, FROM_ALONE, FROM_MARGINS = "a point of the design", "one parameter alone", "the way in which margins fall"


@dataclass(frozen=True)
class JointChange:
    """A change that flips a question.

    values: of the parameters that change, the largest change first. size: the largest change, as a fraction of the parameter's
    range; an upper bound on the smallest that there is. flips_to: the verdict there. found_from: where the search began. cost: of
    the search, in best replies.
    """

    question: str
    values: Mapping[str, float]
    size: float
    flips_to: str
    found_from: str
    cost: int


def smallest_joint_change(
    question: Question,
    box: Box,
    points: Sequence[DesignPoint],
    alone: Sequence[Tipping] = (),
    *,
    budget: float = inf,
    tell: Callable[[str], None] = lambda phrase: None,
) -> JointChange | None:
    """Follow points that flip a question back towards the baseline: the largest changes first, then parameter by parameter.

    Parameters
    ----------
    points : of a design, with the answers there. alone : flips of one parameter, which are changes too. budget : best replies; a
        way back that it does not pay for ends where it is.

    Returns
    -------
    JointChange : the smallest found; None where nothing flips, or the baseline is on neither side.
    """
    here = question.ask(box.baseline).side
    if here == "neither":
        return None
    own = points_of(points, question.name)
    starts = list(_starts(question, box, own, alone, here))
    found = []
    for k, (name, values) in enumerate(starts, 1):
        tell(f"looking for a small joint change of {question.name}, way {k} of {len(starts)}")
        way = _Way(question, box, here, budget / len(starts))
        found.append(way.back(values, name))
    return min(found, key=lambda each: (each.size, len(each.values), each.found_from), default=None)


def _starts(
    question: Question, box: Box, points: Sequence[DesignPoint], alone: Sequence[Tipping], here: Side
) -> Iterator[tuple[str, dict[str, float]]]:
    """Points that flip the question, with where they come from."""
    flipped = [point for point in points if point.answers[question.name].side not in (here, "neither")]
    nearest = sorted(flipped, key=lambda point: (box.size(point.values), point.scrambling, point.number))
    for point in islice(nearest, NEAREST):
        yield FROM_DESIGN, dict(point.values)
    single = min((each for each in alone if each.flips and each.question == question.name), key=_how_far, default=None)
    if single is not None:
        yield FROM_ALONE, {single.parameter.name: single.bracket[1]}
    steepest = _against_margins(question.name, box, points, here)
    if steepest and question.ask(box.with_values(steepest)).side not in (here, "neither"):
        yield FROM_MARGINS, steepest


def _how_far(flip: Tipping) -> tuple[float, str]:
    return flip.distance, flip.parameter.name


def _against_margins(question: str, box: Box, points: Sequence[DesignPoint], here: Side) -> dict[str, float]:
    """Every parameter at that end of its range towards which margins at design points speak against the baseline's side (least
    squares); empty where there are too few margins."""
    sided = [point for point in points if point.answers[question].side != "neither"]
    known = [point for point in sided if isfinite(point.answers[question].margin.value)]
    if len(known) <= len(box.parameters):
        return {}
    low, high = (np.array([getattr(each, end) for each in box.parameters]) for end in ("low", "high"))
    design = (np.array([[point.values[each.name] for each in box.parameters] for point in known]) - low) / (high - low)
    margins = np.array([point.answers[question].margin.value for point in known])
    slopes = np.linalg.lstsq(np.column_stack([design, np.ones(len(known))]), margins, rcond=None)[0][:-1]
    signs = -np.sign(slopes) if here == "standing" else np.sign(slopes)
    ends = np.where(signs > 0, high, low)
    return {each.name: float(end) for each, end, sign in zip(box.parameters, ends, signs, strict=True) if sign}


@dataclass(eq=False)
class _Way:
    """A way back to the baseline, on points that are certain to flip the question."""

    question: Question
    box: Box
    here: Side
    budget: float
    cost: int = 0

    def ask(self, changes: Mapping[str, float]) -> Answer:
        answer = self.question.ask(self.box.with_values(changes))
        self.cost += answer.cost
        return answer

    def flips(self, changes: Mapping[str, float]) -> bool:
        return self.ask(changes).side not in (self.here, "neither")

    @property
    def spent(self) -> bool:
        return self.cost >= self.budget

    def back(self, changes: dict[str, float], found_from: str) -> JointChange:
        """The smallest change on the way back from one that flips."""
        size = inf
        changes = self._capped(changes)
        while self.box.size(changes) < WORTHWHILE * size and not self.spent:
            size = self.box.size(changes)
            changes = self._capped(self._put_back(changes))
        order = sorted(changes, key=lambda name: (-self.box.size({name: changes[name]}), name))
        verdict = self.question.ask(self.box.with_values(changes)).verdict
        values = {name: changes[name] for name in order}
        return JointChange(self.question.name, values, self.box.size(changes), verdict, found_from, self.cost)

    def _capped(self, changes: dict[str, float]) -> dict[str, float]:
        """No change larger than some size: the way to the baseline on which the largest changes get smaller first."""
        base, size = self.box.baseline, self.box.size(changes)
        span = {each.name: each.high - each.low for each in self.box.parameters}

        def at(part: float) -> dict[str, float]:
            most = {name: part * size * span[name] for name in changes}
            return {name: base[name] + min(most[name], max(-most[name], value - base[name])) for name, value in changes.items()}

        part = narrowed(lambda part: self.ask(at(part)), lambda: self.spent, 0.0, 1.0, NARROW, NARROW)[1]
        return changes if part == 1.0 else at(part)

    def _put_back(self, changes: dict[str, float]) -> dict[str, float]:
        """Without the parameters that need not change, the largest changes first."""
        for name in sorted(changes, key=lambda name: (-self.box.size({name: changes[name]}), name)):
            without = {other: value for other, value in changes.items() if other != name}
            if without and not self.spent and self.flips(without):
                changes = without
        return changes
