"""What instruments are worth over the whole plausible box: at every point of a design with them and without them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from leverage.analysis.effects import Channel, Difference, floor_fall, gain, reach
from leverage.analysis.leverage import ALL_CHANNELS, EVERY_EQUILIBRIUM, NET, NOTHING
from leverage.analysis.point import Point
from leverage.points.evaluator import Evaluator
from leverage.scenario.claims import Selection
from leverage.scenario.scenario import Scenario
from leverage.stress.box import Box
from leverage.stress.question import SIGNS, WEIGHTS, Answer, Question
from leverage.stress.shares import SCRAMBLINGS, SEED, DesignPoint, Share, share_of

#: Points of each scrambling: each takes the equilibrium sets of all worlds.
LEVERAGE_POINTS = 4

BARGAINING = Selection("bargaining point")


@dataclass(frozen=True)
class Fact:
    """What an effect is about, as in `LeverageRow`; of the selections the bargaining point, or every equilibrium."""

    instrument: str
    holder: str
    selection: str
    channel: Channel
    measure: str
    subject: str

    @property
    def name(self) -> str:
        """For the table of answers: 'presence, bargaining point, net, gain, power'."""
        return ", ".join((self.instrument, self.selection, self.channel, self.measure, self.subject))

    def at(self, point: Point) -> Difference:
        """With the instrument, without it, and the effect with bounds."""
        if self.measure == "gain":
            return gain(point, self.instrument, self.subject, BARGAINING, channel=self.channel)
        end = reach if self.measure == "reach" else floor_fall
        return end(point, self.instrument, self.subject, channel=self.channel)


@dataclass(frozen=True)
class SignShares:
    """Signs of one effect over the box.

    shares: by sign; of the first three, points where the bounds leave the sign open are left out at the lower end of the interval
    and counted in at its upper one. median: of the values found, NaN without any. points: of the design.
    """

    fact: Fact
    shares: Mapping[str, Share]
    median: float
    points: int


def facts_of(scenario: Scenario) -> tuple[Fact, ...]:
    """What is asked about every instrument: gains at the bargaining point of two players, and how the ends of ranges move.

    Both channels beside the whole where the instrument is an action. Nothing for a game of one player.
    """
    keys = [player.key for player in scenario.players]
    found = []
    for instrument in scenario.instruments if len(keys) > 1 else ():
        holder = keys[instrument.holder]
        measures = [("gain", key) for key in keys if len(keys) == 2] + [("reach", key) for key in keys]
        measures += [("own floor" if key == holder else "coercion", key) for key in keys]
        for measure, key in measures:
            selection = BARGAINING.words if measure == "gain" else EVERY_EQUILIBRIUM
            for channel in ALL_CHANNELS if instrument.is_action else NET:
                found.append(Fact(instrument.name, holder, selection, channel, measure, key))
    return tuple(found)


def effect_questions(evaluator: Evaluator, facts: Sequence[Fact]) -> tuple[Question, ...]:
    """Facts as questions: the answer is the sign of the effect, its margin the effect. The gap of equilibrium sets is the first
    of the evaluator's ladder."""
    return tuple(Question(fact.name, _asked(evaluator, fact)) for fact in facts)


def _asked(evaluator: Evaluator, fact: Fact) -> Callable[[Mapping[str, float]], Answer]:
    def ask(values: Mapping[str, float]) -> Answer:
        point = evaluator.at(values)
        effect = fact.at(point).effect
        return Answer(effect.sign(NOTHING * point.game().payoff_range), effect, 2 * WEIGHTS["sets"], point.game().payoff_unit)

    return ask


def leverage_over_box(
    questions: Sequence[Question],
    box: Box,
    *,
    points: int = LEVERAGE_POINTS,
    scramblings: int = SCRAMBLINGS,
    seed: int = SEED,
    tell: Callable[[str], None] = lambda phrase: None,
) -> Iterator[DesignPoint]:
    """Answers to all questions at the points of a design, one point after the other.

    points : of each scrambling, a power of two. scramblings : at least 2; the spread between them gives the intervals.
    """
    names = [parameter.name for parameter in box.parameters]
    for r, design in enumerate(box.design(points, scramblings, seed), 1):
        for k, row in enumerate(design, 1):
            tell(f"solving with and without at point {(r - 1) * points + k} of {scramblings * points} in the plausible box")
            values = dict(zip(names, row.tolist(), strict=True))
            at = box.with_values(values)
            yield DesignPoint(r, k, values, {question.name: question.ask(at) for question in questions})


def sign_shares(points: Sequence[DesignPoint], facts: Sequence[Fact]) -> tuple[SignShares, ...]:
    """For every fact the share of the box with each sign."""
    return tuple(_of_fact(points, fact) for fact in facts)


def _of_fact(points: Sequence[DesignPoint], fact: Fact) -> SignShares:
    def has(sign: str) -> Callable[[DesignPoint], bool]:
        return lambda point: point.answers[fact.name].verdict == sign

    open_to = has("cannot be told")
    shares: dict[str, Share] = {
        sign: share_of(points, has(sign), open_to) if sign in SIGNS[:3] else share_of(points, has(sign)) for sign in SIGNS
    }
    values = np.array([point.answers[fact.name].margin.value for point in points])
    known = values[~np.isnan(values)]
    return SignShares(fact, shares, float(np.median(known)) if len(known) else float("nan"), len(points))
