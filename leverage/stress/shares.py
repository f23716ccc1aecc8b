"""In how much of the plausible box a verdict stands: independently scrambled low-discrepancy designs, and what they agree on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import floor, inf, log2, nan
from typing import Protocol, TypeVar

import numpy as np

from leverage.stress.box import Box
from leverage.stress.question import VERDICTS, Answer, Question

#: Scramblings of the design, points of each, and where their random numbers begin.
SCRAMBLINGS, POINTS, SEED = 8, 16, 0
#: How often an interval is to hold the true share.
CONFIDENCE = 0.95

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


class Scrambled(Protocol):
    """A point of a design that says which scrambling it belongs to, from 1."""

    @property
    def scrambling(self) -> int: ...


P = TypeVar("P", bound=Scrambled)


@dataclass(frozen=True, eq=False)
class DesignPoint:
    """A point of the design and what was answered there.

    scrambling, number: from 1. values: of the parameters in doubt. answers: by the question's name.
    """

    scrambling: int
    number: int
    values: Mapping[str, float]
    answers: Mapping[str, Answer]


@dataclass(frozen=True)
class Share:
    """Part of the box, with an interval that holds the true share with CONFIDENCE.

    value: of the points, those that are certain. low, high: what the bounds leave open is left out by low and counted in by high.
    """

    value: float
    low: float
    high: float


def design_points(
    questions: Sequence[Question],
    box: Box,
    *,
    points: int = POINTS,
    scramblings: int = SCRAMBLINGS,
    seed: int = SEED,
    budget: float = inf,
    tell: Callable[[str], None] = lambda phrase: None,
) -> Iterator[DesignPoint]:
    """Answers to questions at the points of a design, one point after the other.

    points : of each scrambling, a power of two. scramblings : at least 2; the spread between them gives the intervals. budget :
    best replies for one question (see `WEIGHTS`); a dear one is asked at the first points of each scrambling only.
    """
    names = [parameter.name for parameter in box.parameters]
    asked = {question.name: affordable(question, box, points, scramblings, budget) for question in questions}
    for r, design in enumerate(box.design(points, scramblings, seed), 1):
        for k, row in enumerate(design, 1):
            values = dict(zip(names, row.tolist(), strict=True))
            answers = {}
            for question in questions:
                most = asked[question.name]
                if k <= most:
                    tell(f"judging {question.name} at point {(r - 1) * most + k} of {scramblings * most} in the plausible box")
                    answers[question.name] = question.ask(box.with_values(values))
            yield DesignPoint(r, k, values, answers)


def put_together(designs: Sequence[Sequence[DesignPoint]], names: Sequence[str]) -> tuple[DesignPoint, ...]:
    """Points of one design at which different questions were asked one after the other, with all answers in the order of `names`.

    Raises ValueError for designs of different length.
    """
    together = []
    for points in zip(*designs, strict=True):
        answers = {name: answer for point in points for name, answer in point.answers.items()}
        together.append(replace(points[0], answers={name: answers[name] for name in names if name in answers}))
    return tuple(together)


def affordable(question: Question, box: Box, points: int, scramblings: int, budget: float) -> int:
    """Points of each scrambling that a budget pays for, by what the baseline costs: a power of two at most `points`, or 0."""
    most = min(float(points), budget / (scramblings * question.ask(box.baseline).cost))
    return 2 ** floor(log2(most)) if most >= 1 else 0


def points_of(points: Sequence[DesignPoint], question: str) -> tuple[DesignPoint, ...]:
    """Those at which the question was asked."""
    return tuple(point for point in points if question in point.answers)


def verdict_shares(points: Sequence[DesignPoint], question: str) -> dict[str, Share]:
    """The share of each verdict; what the bounds leave open may be any of holds, barely and fails. Empty: never asked."""
    points = points_of(points, question)
    if not points:
        return {}
    open_to = {verdict: _has(question, "undecided") for verdict in ("holds", "barely", "fails")}
    return {verdict: share_of(points, _has(question, verdict), open_to.get(verdict, _nowhere)) for verdict in VERDICTS}


def standing_share(points: Sequence[DesignPoint], question: str) -> Share:
    """The share in which a question holds, be it barely; NaN where it was never asked."""
    points = points_of(points, question)
    if not points:
        return Share(nan, nan, nan)
    return share_of(points, lambda point: point.answers[question].side == "standing", _has(question, "undecided"))


def _has(question: str, verdict: str) -> Callable[[DesignPoint], bool]:
    return lambda point: point.answers[question].verdict == verdict


def _nowhere(point: Scrambled) -> bool:
    """Of no point."""
    return False


def share_of(points: Sequence[P], counts: Callable[[P], bool], may_count: Callable[[P], bool] = _nowhere) -> Share:
    """The share of points that count, its interval from the spread between scramblings.

    may_count : points that are counted in at the upper end only. Raises ValueError for fewer than two scramblings.
    """
    certain = _by_scrambling(points, counts)
    possible = _by_scrambling(points, lambda point: counts(point) or may_count(point))
    return Share(float(certain.mean()), interval(certain, len(points))[0], interval(possible, len(points))[1])


def _by_scrambling(points: Sequence[P], counts: Callable[[P], bool]) -> Array:
    """Share of points that count in each scrambling, (scramblings,)."""
    each: dict[int, list[bool]] = {}
    for point in points:
        each.setdefault(point.scrambling, []).append(counts(point))
    return np.array([np.mean(found) for found in each.values()])


def interval(shares: Array, points: int) -> tuple[float, float]:
    """Student's interval around the mean of independent shares, within [0, 1].

    Where scramblings agree, their spread says nothing: to each side the interval reaches at least as far as so many independent
    points without a single exception allow (1 - 0.05^(1/points), the rule of three; scrambled points do better than those).

    shares : (scramblings,). points : of all scramblings together. Raises ValueError for fewer than two scramblings.
    """
    from scipy.stats import t as student  # noqa: PLC0415 - takes half a second to import, and a run asks for no interval

    count = len(shares)
    if count < 2:
        raise ValueError("an interval needs the spread of at least two scramblings")
    mean = float(shares.mean())
    unseen = float(1 - (1 - CONFIDENCE) ** (1 / points))
    half = max(unseen, float(student.ppf((1 + CONFIDENCE) / 2, count - 1) * shares.std(ddof=1) / np.sqrt(count)))
    return max(0.0, mean - half), min(1.0, mean + half)
