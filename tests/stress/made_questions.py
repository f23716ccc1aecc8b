"""Questions with known answers: margins as plain functions of parameters, so that flips and shares are known by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from leverage.analysis.figure import Figure
from leverage.scenario.scenario import Parameter
from leverage.stress.box import Box
from leverage.stress.question import Answer, Question


@dataclass(eq=False)
class Made:
    """A question by its margin; where |margin| is below `blur` the bounds do not tell. `asked` counts."""

    margin: Callable[[Mapping[str, float]], float]
    blur: float = 0.0
    cost: int = 1
    asked: list[dict[str, float]] = field(default_factory=list)

    def judge(self, values: Mapping[str, float]) -> Answer:
        self.asked.append(dict(values))
        margin = self.margin(values)
        verdict = "undecided" if abs(margin) < self.blur else "holds" if margin > 0 else "fails"
        return Answer(verdict, Figure.within(margin, self.blur), self.cost)

    def question(self, name: str = "made") -> Question:
        return Question(name, self.judge)


def box(**ranges: tuple[float, float, float]) -> Box:
    """name = (value, low, high)."""
    parameters = [Parameter(name, value, low, high) for name, (value, low, high) in ranges.items()]
    return Box({each.name: each.value for each in parameters}, tuple(sorted(parameters, key=lambda each: each.name)))
