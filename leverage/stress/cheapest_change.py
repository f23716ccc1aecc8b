"""The cheapest single change that flips a verdict: all parameters at once are moved further and further from the value in use.

The price of a change is the share of the parameter's plausible range that it moves. Rings of growing distance are looked at, each
in every parameter and both directions, and the search ends at the first ring in which something flips: it costs much less than
the flips of all parameters (`leverage.stress.tipping`), where only the nearest matters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import inf

from leverage.scenario.scenario import Parameter
from leverage.stress.box import Box
from leverage.stress.question import Answer, Question, Side
from leverage.stress.tipping import narrowed

#: Distances that are looked at, shares of a range: a flip that comes back between two of them is missed.
RINGS = (0.125, 0.25, 0.5, 1.0)
#: A flip is narrowed to this share of the range.
WIDTH = 1e-3


@dataclass(frozen=True)
class CheapestChange:
    """What was found for one question.

    verdict: at the values in use. searched_to: the largest distance at which every parameter was looked at, a share of its range;
    0: none was. reason: why it was not searched further, a phrase; '' where it was. parameter, value, bracket, flips_to: the
    change, as in `Tipping`; None, NaN and '' where nothing flips. untold: answers that are on neither side. asked: how often.
    cost: of that, in best replies.
    """

    question: str
    verdict: str
    searched_to: float = 0.0
    reason: str = ""
    parameter: Parameter | None = None
    value: float = float("nan")
    bracket: tuple[float, float] = (float("nan"), float("nan"))
    flips_to: str = ""
    untold: int = 0
    asked: int = 0
    cost: int = 0

    @property
    def share(self) -> float:
        """The distance of the flip, as a share of the parameter's range; NaN where there is none."""
        if self.parameter is None:
            return float("nan")
        return abs(self.bracket[1] - self.value) / (self.parameter.high - self.parameter.low)


def cheapest_changes(
    questions: Sequence[Question], box: Box, *, budget: float = inf, tell: Callable[[str], None] = lambda phrase: None
) -> tuple[CheapestChange, ...]:
    """For each question the cheapest change of one parameter that is found to flip it.

    budget : best replies for one question (see `WEIGHTS`); a ring that it does not pay for, at what the verdict in use cost, is
        not begun, so that what is found never depends on the machine. Of equally cheap changes the parameter first by name.
    """
    searches = [_Search(question, box, budget) for question in questions]
    for ring in RINGS:
        going = [search for search in searches if search.goes_on(ring)]
        for k, parameter in enumerate(box.parameters, 1):  # questions inside: they share the solves of a parameter point
            for direction in (-1, 1):
                for search in going:
                    where = f"{100 * ring:g}% along {parameter.name}, parameter {k} of {len(box.parameters)}"
                    tell(f"looking for the cheapest change of {search.question.name}: {where}")
                    search.look(parameter, direction, ring)
        for search in going:
            search.close(ring)
    return tuple(search.result() for search in searches)


@dataclass(eq=False)
class _Search:
    """One question; inside: (parameter, direction) -> the last value that is certainly on the side of the values in use."""

    question: Question
    box: Box
    budget: float
    baseline: Answer = field(init=False)
    known: dict[tuple[str, float], Answer] = field(default_factory=dict)
    inside: dict[tuple[str, int], float] = field(default_factory=dict)
    flips: list[tuple[Parameter, int, float]] = field(default_factory=list)
    best: tuple[float, Parameter, tuple[float, float]] | None = None
    searched_to: float = 0.0
    reason: str = ""
    cost: int = 0

    def __post_init__(self) -> None:
        self.baseline = self.question.ask(self.box.baseline)

    @property
    def here(self) -> Side:
        return self.baseline.side

    def goes_on(self, ring: float) -> bool:
        """Whether a ring is worth beginning, and paid for."""
        if self.best is not None or self.reason:
            return False
        if self.here == "neither":
            self.reason = "the verdict is neither true nor false"
        elif not self.box.parameters:
            self.reason = "no parameter is in doubt"
        elif self.cost + len(self._new(ring)) * self.baseline.cost > self.budget:
            self.reason = "it would take more solves than the budget allows"
        return not self.reason

    def _new(self, ring: float) -> list[float]:
        every = [(p, self._at(p, d, ring)) for p in self.box.parameters for d in (-1, 1)]
        return [x for p, x in every if x != self.box.baseline[p.name] and (p.name, x) not in self.known]

    def _at(self, parameter: Parameter, direction: int, ring: float) -> float:
        """The value at a distance, or the end of the range; a value in use outside the range stays within its own side."""
        value = self.box.baseline[parameter.name]
        moved = value + direction * ring * (parameter.high - parameter.low)
        return min(moved, max(parameter.high, value)) if direction > 0 else max(moved, min(parameter.low, value))

    def _ask(self, parameter: Parameter, x: float) -> Answer:
        if x == self.box.baseline[parameter.name]:
            return self.baseline
        key = (parameter.name, x)
        if key not in self.known:
            self.known[key] = self.question.ask(self.box.with_values({parameter.name: x}))
            self.cost += self.known[key].cost
        return self.known[key]

    def look(self, parameter: Parameter, direction: int, ring: float) -> None:
        """One parameter in one direction."""
        x = self._at(parameter, direction, ring)
        side = self._ask(parameter, x).side
        if side == self.here:
            self.inside[parameter.name, direction] = x
        elif side != "neither":
            self.flips.append((parameter, direction, x))

    def close(self, ring: float) -> None:
        """Of what flips in a ring the nearest."""
        self.searched_to = ring
        for parameter, direction, x in self.flips:
            bracket = self._narrowed(parameter, direction, x)
            if bracket is not None and (self.best is None or self.box.fraction(parameter, bracket[1]) < self.best[0]):
                self.best = (self.box.fraction(parameter, bracket[1]), parameter, bracket)

    def _narrowed(self, parameter: Parameter, direction: int, far: float) -> tuple[float, float] | None:
        """The bracket of a flip before `far`; None where there is none nearer than the best so far."""
        value, width = self.box.baseline[parameter.name], WIDTH * (parameter.high - parameter.low)
        near = self.inside.get((parameter.name, direction), value)
        if self.best is not None:
            far = self._at(parameter, direction, self.best[0])
            if self._ask(parameter, far).side in (self.here, "neither"):
                return None
            near = near if abs(near - value) < abs(far - value) else value

        def ask(x: float) -> Answer:
            return self._ask(parameter, x)

        return narrowed(ask, lambda: self.cost >= self.budget, near, far, width, width)

    def result(self) -> CheapestChange:
        untold = sum(answer.side == "neither" for answer in self.known.values())
        found = CheapestChange(
            self.question.name,
            self.baseline.verdict,
            self.searched_to,
            self.reason,
            untold=untold,
            asked=len(self.known),
            cost=self.cost,
        )
        if self.best is None:
            return found
        _, parameter, bracket = self.best
        return replace(
            found,
            parameter=parameter,
            value=self.box.baseline[parameter.name],
            bracket=bracket,
            flips_to=self._ask(parameter, bracket[1]).verdict,
        )
