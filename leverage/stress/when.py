"""When would it be so? Where in the plausible box a condition on claims holds: at points of a design, and along each parameter
alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite, nan

import numpy as np

from leverage.scenario.claim_conditions import ClaimCondition, Denied, Stated, statements
from leverage.scenario.claims import Selection
from leverage.scenario.scenario import Claim, Parameter, Scenario
from leverage.stress.box import Box
from leverage.stress.question import Answer, Question
from leverage.stress.shares import DesignPoint, Share, standing_share
from leverage.stress.tipping import EDGE_WIDTH, SCAN_VALUES, WIDTH, narrowed

#: The name of the condition as a whole, beside those of its lines.
WHOLE = "condition"

#: Worst first, of what is neither true nor false.
_OPEN = ("undefined", "undecided", "idle")
_OPPOSITE = {"holds": "fails", "barely": "fails", "fails": "holds"}


# --- a condition at one point -------------------------------------------------------------------------------------------


def with_condition(scenario: Scenario, condition: ClaimCondition, under: Selection) -> Scenario:
    """The scenario whose claims are the lines of a condition, each once, so that what they look at is measured."""
    lines = {stated.line.text: stated.line for stated in statements(condition)}
    claims = (Claim(text, text, text, (under,), (line,), None, ()) for text, line in lines.items())
    return replace(scenario, claims=tuple(claims))


def condition_questions(lines: Sequence[Question], condition: ClaimCondition) -> tuple[Question, ...]:
    """The condition as a whole, then its lines; lines: as questions, by their text, such as the claims of `with_condition`."""

    def ask(values: Mapping[str, float]) -> Answer:
        answers = {question.name: question.ask(values) for question in lines}
        found = joined_answer(condition, answers)
        return replace(found, cost=sum(answer.cost for answer in answers.values()))

    return (Question(WHOLE, ask), *lines)


def joined_answer(condition: ClaimCondition, answers: Mapping[str, Answer]) -> Answer:
    """The answer to a condition from those to its lines, by their text.

    What is neither true nor false stays so unless the other parts decide (Kleene 1952). The margin is the smallest of `and`, the
    largest of `or`, turned round by `not`; margins in different units are compared as numbers.
    """
    if isinstance(condition, Stated):
        return answers[condition.line.text]
    if isinstance(condition, Denied):
        part = joined_answer(condition.part, answers)
        return replace(part, verdict=_OPPOSITE.get(part.verdict, part.verdict), margin=-part.margin)
    parts = [joined_answer(part, answers) for part in condition.parts]
    every = condition.word == "and"
    deciding = [part for part in parts if part.side == ("fallen" if every else "standing")]
    opened = [part for part in parts if part.side == "neither"]
    if not deciding and opened:
        return min(opened, key=lambda part: _OPEN.index(part.verdict))
    chosen = deciding or parts
    binding = min if every else max
    return binding(chosen, key=lambda part: part.margin.value if isfinite(part.margin.value) else inf if every else -inf)


# --- along one parameter --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stretch:
    """Values of one parameter, the others as in the file, between which a question was found to hold.

    low, high: it holds at both. below, above: the nearest values at which it certainly does not; NaN at an end of the range, and
    where the bounds do not tell (`untold_below`, `untold_above`).
    """

    parameter: Parameter
    low: float
    high: float
    below: float = nan
    above: float = nan
    untold_below: bool = False
    untold_above: bool = False


@dataclass(frozen=True)
class AloneInParameter:
    """Where a question holds along one parameter.

    stretches: rising; empty: nowhere on the scan. resolution: steps of the scan over the range; 0: the budget paid for none.
    """

    parameter: Parameter
    value: float
    stretches: tuple[Stretch, ...]
    resolution: int

    @property
    def everywhere(self) -> bool:
        """Whether it holds at every value of the scan."""
        one = self.stretches[0] if len(self.stretches) == 1 else None
        return one is not None and one.low <= self.parameter.low and one.high >= self.parameter.high


def along_parameter(
    question: Question, box: Box, parameter: Parameter, *, values: int = SCAN_VALUES, budget: float = inf
) -> AloneInParameter:
    """The stretches of a parameter alone on which a question holds, their ends narrowed; budget: best replies."""
    value, cost = box.baseline[parameter.name], 0
    known: dict[float, Answer] = {value: question.ask(box.baseline)}
    if values * known[value].cost > budget:
        return AloneInParameter(parameter, value, (), 0)

    def ask(x: float) -> Answer:
        nonlocal cost
        if x not in known:
            known[x] = question.ask(box.with_values({parameter.name: x}))
            cost += known[x].cost
        return known[x]

    span = parameter.high - parameter.low
    grid = sorted({value, *np.linspace(parameter.low, parameter.high, values).tolist()})
    for x in grid:
        ask(x)

    def flip(one: float, other: float) -> tuple[float, float]:
        return narrowed(ask, lambda: cost >= budget, one, other, WIDTH * span, EDGE_WIDTH * span)

    return AloneInParameter(parameter, value, tuple(_stretches(parameter, grid, ask, flip)), values - 1)


def _stretches(
    parameter: Parameter,
    grid: Sequence[float],
    ask: Callable[[float], Answer],
    flip: Callable[[float, float], tuple[float, float]],
) -> list[Stretch]:
    """Runs of values that stand, each end moved to where it flips."""
    found: list[Stretch] = []
    before: float | None = None
    for x in grid:
        side, last = ask(x).side, None if before is None else ask(before).side
        if side == "standing" and last != "standing":
            found.append(Stretch(parameter, x, x, untold_below=last == "neither"))
            if last == "fallen" and before is not None:
                below, low = flip(before, x)
                found[-1] = replace(found[-1], low=low, below=below)
        elif side == "standing":
            found[-1] = replace(found[-1], high=x)
        elif last == "standing" and before is not None:
            found[-1] = replace(found[-1], untold_above=True)
            if side == "fallen":
                high, above = flip(before, x)
                found[-1] = replace(found[-1], high=high, above=above, untold_above=False)
        before = x
    return found


# --- in the box -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BoxInParameter:
    """How a question hangs on one parameter while all others vary over the box too.

    lowest, highest: values of the parameter at design points where it holds; NaN without any. lower_half, upper_half: the share
    in which it holds with the parameter below and above the middle of its range.
    """

    parameter: Parameter
    lowest: float
    highest: float
    lower_half: Share
    upper_half: Share

    @property
    def matters(self) -> float:
        """By how much the share differs between the halves."""
        return self.upper_half.value - self.lower_half.value


def in_box(points: Sequence[DesignPoint], box: Box, question: str = WHOLE) -> tuple[BoxInParameter, ...]:
    """One entry a parameter, by name. points: of a design, at which the question was asked."""
    found = []
    for each in box.parameters:
        values = [point.values[each.name] for point in points if point.answers[question].side == "standing"]
        below, above = (_half_share(half, question) for half in _halves(points, each))
        found.append(BoxInParameter(each, min(values, default=nan), max(values, default=nan), below, above))
    return tuple(found)


def _halves(points: Sequence[DesignPoint], parameter: Parameter) -> tuple[list[DesignPoint], list[DesignPoint]]:
    middle = (parameter.low + parameter.high) / 2
    below = [point for point in points if point.values[parameter.name] < middle]
    return below, [point for point in points if point.values[parameter.name] >= middle]


def _half_share(points: Sequence[DesignPoint], question: str) -> Share:
    """NaN where the half has points of fewer than two scramblings."""
    return standing_share(points, question) if len({point.scrambling for point in points}) > 1 else Share(nan, nan, nan)
