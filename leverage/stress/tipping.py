"""The nearest flip that is found when one parameter moves alone: by a scan at a stated resolution, then by narrowing a bracket.

A verdict is standing (holds, barely) or fallen (fails); a flip lies between a value that certainly is on the baseline's side and
one that certainly is on the other. Nothing is assumed about how a verdict depends on a parameter: what lies between two values of
the scan, and comes back, is missed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import inf, isfinite, nan

import numpy as np

from leverage.scenario.scenario import Parameter
from leverage.stress.box import Box
from leverage.stress.question import Answer, Question, Side

#: Values of the scan, the ends of the range included; the baseline's value comes to them.
SCAN_VALUES = 9
#: A bracket is narrowed to this fraction of the range; the edges of a stretch where bounds cannot tell only to the second, since
#: undecided answers are the dearest.
WIDTH, EDGE_WIDTH = 1e-6, 1e-3
#: Every so many steps the bracket is halved, whatever the margins suggest: it shrinks by half in that many steps at worst.
HALVING_EVERY = 3
#: How far a step guided by margins goes beyond their line's zero, as a fraction of the width that is asked for.
BEYOND = 0.4


@dataclass(frozen=True)
class Tipping:
    """What moving one parameter alone does to the verdict of one question.

    value: in use. verdict: there. searched: see below. bracket: certainly still on the baseline's side at the first end, and
    certainly not at the second; NaN where no flip was found. flips_to: the verdict at the second end. resolution: steps of the
    scan over the range. untold: values of the scan at which the bounds do not tell a side. asked: how often. cost: of that, in
    best replies. answers: by value, increasing, that in use among them.
    """

    question: str
    parameter: Parameter
    value: float
    verdict: str
    searched: str
    bracket: tuple[float, float] = (nan, nan)
    flips_to: str = ""
    resolution: int = 0
    untold: int = 0
    asked: int = 0
    cost: int = 0
    answers: tuple[tuple[float, Answer], ...] = ()

    @property
    def flips(self) -> bool:
        return self.searched == FLIPS

    @property
    def flips_at(self) -> float:
        """The middle of the bracket."""
        return sum(self.bracket) / 2

    @property
    def distance(self) -> float:
        """Of the flip from the value in use, as a fraction of the range."""
        return abs(self.flips_at - self.value) / (self.parameter.high - self.parameter.low)


#: What `searched` says.
FLIPS, STAYS, NOT_SEARCHED, NO_SIDE = "yes", "no flip found", "not searched", "neither standing nor fallen"

#: Called with a phrase when a step begins.
Tell = Callable[[str], None]


def tipping(
    questions: Sequence[Question],
    box: Box,
    *,
    budget: int,
    values: int = SCAN_VALUES,
    width: float = WIDTH,
    tell: Tell = lambda phrase: None,
) -> tuple[Tipping, ...]:
    """For each question and each parameter in doubt alone: the nearest flip found; questions in their order, parameters by name.

    budget : best replies for one question (see `WEIGHTS`). Each parameter gets an equal part of it, so that no row hangs on
    another; where a part is too small for the scan it has half the steps, or half of those, down to the ends of the range alone;
    where it is too small for these the row says "not searched", and where it ends later the bracket stays wider.
    values : of the scan at most, >= 2. width : of the bracket, as a fraction of the range.
    """
    found = {}
    count = len(box.parameters)
    part = budget // max(1, count)
    for k, parameter in enumerate(box.parameters, 1):  # questions inside: they share the solves of a parameter point
        for question in questions:
            tell(f"looking for flips of {question.name} along {parameter.name}, parameter {k} of {count}")
            found[question.name, parameter.name] = nearest_flip(question, box, parameter, values=values, width=width, budget=part)
    return tuple(found[question.name, parameter.name] for question in questions for parameter in box.parameters)


def nearest_flip(
    question: Question,
    box: Box,
    parameter: Parameter,
    *,
    values: int = SCAN_VALUES,
    width: float = WIDTH,
    budget: float = inf,
) -> Tipping:
    """The nearest flip found in one parameter; budget: best replies. See `tipping`."""
    value, baseline = box.baseline[parameter.name], question.ask(box.baseline)
    row = Tipping(question.name, parameter, value, baseline.verdict, NO_SIDE, answers=((value, baseline),))
    if baseline.side == "neither":
        return row
    while values > 2 and values * baseline.cost > budget:
        values = (values + 1) // 2
    if values * baseline.cost > budget:
        return replace(row, searched=NOT_SEARCHED)
    line = _Line(question, box, parameter, budget, known={value: baseline})
    scan = _Scan(line, baseline.side, value, np.linspace(parameter.low, parameter.high, values).tolist())
    span = parameter.high - parameter.low
    bracket = scan.nearest(width * span, EDGE_WIDTH * span)
    row = replace(
        row,
        searched=STAYS,
        resolution=values - 1,
        untold=sum(line.known[x].side == "neither" for x in scan.seen),
        asked=len(line.known) - 1,
        cost=line.cost,
        answers=tuple(sorted(line.known.items(), key=lambda each: each[0])),
    )
    if bracket is None:
        return row
    return replace(row, searched=FLIPS, bracket=bracket, flips_to=line.known[bracket[1]].verdict)


@dataclass(eq=False)
class _Line:
    """A question along one parameter, every answer kept."""

    question: Question
    box: Box
    parameter: Parameter
    budget: float
    known: dict[float, Answer]
    cost: int = 0

    def ask(self, value: float) -> Answer:
        if value not in self.known:
            self.known[value] = self.question.ask(self.box.with_values({self.parameter.name: value}))
            self.cost += self.known[value].cost
        return self.known[value]

    @property
    def spent(self) -> bool:
        return self.cost >= self.budget


@dataclass(eq=False)
class _Scan:
    """Values at growing distance from the baseline, on both sides of it."""

    line: _Line
    here: Side
    value: float
    grid: list[float]
    seen: list[float] = field(default_factory=list)

    def nearest(self, width: float, edge: float) -> tuple[float, float] | None:
        """The bracket of the nearest flip: its certain ends."""
        inside = {-1: self.value, 1: self.value}  # the last value of each direction that is certainly as the baseline
        best: tuple[float, float] | None = None
        for x in sorted((x for x in self.grid if x != self.value), key=lambda x: (abs(x - self.value), x)):
            direction = 1 if x > self.value else -1
            if best is not None and self._distance(inside[direction]) >= self._distance(best[1]):
                continue
            self.seen.append(x)
            side = self.line.ask(x).side
            if side == self.here:
                inside[direction] = x
            elif side != "neither":
                bracket = narrowed(self.line.ask, lambda: self.line.spent, inside[direction], x, width, edge)
                inside[direction] = x  # what lies behind is further than this flip
                if best is None or self._distance(bracket[1]) < self._distance(best[1]):
                    best = bracket
        return best

    def _distance(self, x: float) -> float:
        return abs(x - self.value)


def narrowed(
    ask: Callable[[float], Answer], spent: Callable[[], bool], near: float, far: float, width: float, edge: float
) -> tuple[float, float]:
    """A narrower bracket of a flip, certain at both ends.

    ask : value -> answer. spent : whether the budget is. near, far : values on different sides; near < far or near > far.
    width : where to stop. edge : the same for the edges of a stretch in which the bounds do not tell a side.

    The line through the two margins guides the steps (regula falsi), a little beyond its zero so that both ends close in; every
    third step halves. Where margins jump, as those of yes and no do, this is bisection.
    """
    bracket = _Bracket(near, far, ask(near), ask(far))
    while not spent():
        x = bracket.probe(width, edge)
        if x is None:
            break
        bracket.take(x, ask(x))
    return bracket.near, bracket.far


@dataclass(eq=False)
class _Bracket:
    """near and far lie on different sides; [first, last] in between is a stretch where the bounds do not tell."""

    near: float
    far: float
    at_near: Answer
    at_far: Answer
    first: float = nan
    last: float = nan
    steps: int = 0

    def probe(self, width: float, edge: float) -> float | None:
        """Where to ask next; None where there is nothing to gain."""
        gaps = abs(self.first - self.near), abs(self.far - self.last)
        if not isfinite(self.first):
            x = self._between(width) if abs(self.far - self.near) > width else None
        elif max(gaps) <= edge:
            x = None
        else:
            x = (self.near + self.first) / 2 if gaps[0] >= gaps[1] else (self.last + self.far) / 2
        return None if x in (self.near, self.far, self.first, self.last) else x

    def _between(self, width: float) -> float:
        """By the margins' line, or half way."""
        self.steps += 1
        middle = (self.near + self.far) / 2
        one, other = self.at_near.margin.value, self.at_far.margin.value
        if self.steps % HALVING_EVERY == 0 or not (isfinite(one) and isfinite(other)) or one * other >= 0:
            return middle
        zero = self.near + (self.far - self.near) * one / (one - other)
        towards = self.far if abs(zero - self.near) < abs(zero - self.far) else self.near
        further = zero + BEYOND * width * (1 if towards > zero else -1)
        return further if min(self.near, self.far) < further < max(self.near, self.far) else middle

    def take(self, x: float, answer: Answer) -> None:
        """Make the bracket narrower by the answer at x."""
        before_stretch = isfinite(self.first) and abs(x - self.near) < abs(self.first - self.near)
        if answer.side == "neither":
            self.first, self.last = (x, self.last) if before_stretch else (self.first, x) if isfinite(self.first) else (x, x)
        elif answer.side == self.at_near.side:
            self.near, self.at_near = x, answer
            if not before_stretch:
                self.first = self.last = nan
        else:
            self.far, self.at_far = x, answer
            if before_stretch:
                self.first = self.last = nan
