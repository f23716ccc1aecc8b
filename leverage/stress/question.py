"""What is asked at parameter points: a claim, or a condition on claims; its answer is a verdict with a margin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from leverage.analysis.figure import Figure

#: Where a verdict puts a claim. neither: undecided, idle, undefined.
Side = Literal["standing", "fallen", "neither"]

_SIDES: Mapping[str, Side] = {"holds": "standing", "barely": "standing", "fails": "fallen"}

#: Every verdict, in the order of tables.
VERDICTS = ("holds", "barely", "fails", "undecided", "idle", "undefined")


def side_of(verdict: str) -> Side:
    """standing: holds or barely. fallen: fails."""
    return _SIDES.get(verdict, "neither")


class Judged(Protocol):
    """A verdict, and by how much: margin > 0 speaks for it; its standing says where there is none."""

    @property
    def verdict(self) -> str:
        """One of VERDICTS."""

    @property
    def margin(self) -> Figure:
        """With bounds."""


@dataclass(frozen=True)
class Answer:
    """A verdict and its margin."""

    verdict: str
    margin: Figure

    @property
    def side(self) -> Side:
        return side_of(self.verdict)


@dataclass(frozen=True, eq=False)
class Question:
    """Something that can be asked at any parameter point.

    judge: values of all parameters -> Judged. cost: what asking once takes, in best replies (see `weighted`), at least 1.
    """

    name: str
    judge: Callable[[Mapping[str, float]], Judged]
    cost: int = 1

    def ask(self, values: Mapping[str, float]) -> Answer:
        """The answer at a parameter point."""
        found = self.judge(values)
        return Answer(found.verdict, found.margin)


#: What a solve of each kind takes, in best replies (and the outcomes of the play that comes of them). Rough on purpose: budgets
#: are counted in these, so that what is searched never depends on the machine.
WEIGHTS: Mapping[str, int] = {"sets": 100, "markov": 25, "equilibria": 100, "replies": 1}


def weighted(solves: Mapping[str, int]) -> int:
    """Counted solves as a number of best replies, at least 1."""
    return max(1, sum(WEIGHTS.get(kind, 1) * count for kind, count in solves.items()))
