"""A parameter point in, everything about it out, each thing solved once: for claims, and for all that varies parameters."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence

from leverage.analysis.claim_values import Question, needs_sets, questions_of
from leverage.analysis.claims import JudgedClaim, JudgedLine, judge_claim, judge_line
from leverage.analysis.point import LADDER, Point
from leverage.analysis.worlds import Worlds
from leverage.points.trends import judge_trend, trend_values
from leverage.scenario.claims import ClaimLine, Selection
from leverage.scenario.scenario import Claim, Scenario

#: So many points are kept; one that was put aside is solved again when it is asked for.
POINTS_KEPT = 64

Changes = Mapping[str, float]


class Evaluator:
    """All points of a scenario, and the verdicts on its claims there.

    Answers do not depend on what was asked before: bounds are made finer along `ladder` for each question alone, and what is kept
    is what would be solved again. Worlds without an instrument are compiled once for all points.
    """

    def __init__(
        self, scenario: Scenario, *, ladder: Sequence[float] = LADDER, kept: int = POINTS_KEPT, closely: bool = False
    ) -> None:
        """Begin with nothing solved.

        Parameters
        ----------
        scenario : its values are the baseline. Claims that are judged must be among its claims: what they look at is measured.
        ladder : gaps asked of equilibrium sets one after the other, fractions of the payoff range, falling.
        kept : number of points that are kept. closely : see `Point`.
        """
        self.scenario = scenario
        self.ladder = tuple(ladder)
        self.worlds = Worlds(scenario)
        self.solves: Counter[str] = Counter()
        self._kept, self._closely = kept, closely
        self._points: OrderedDict[tuple[float, ...], Point] = OrderedDict()

    def at(self, changes: Changes | None = None) -> Point:
        """The point at which these parameters differ from the baseline, with the widest gap of the ladder.

        Raises KeyError for an unknown parameter.
        """
        values = self.scenario.values
        for name, value in (changes or {}).items():
            if name not in values:
                raise KeyError(f"there is no parameter '{name}'")
            values[name] = float(value)
        key = tuple(values.values())
        if key not in self._points:
            self._points[key] = Point(self.worlds, values, self.ladder[0], self.solves, self._closely)
        self._points.move_to_end(key)
        if len(self._points) > self._kept:
            self._points.popitem(last=False)
        return self._points[key]

    def judge(self, claim: Claim, changes: Changes | None = None, *, to_size: bool = True) -> JudgedClaim:
        """The verdict on a claim at a point: with the widest gap first, with finer ones while they could change it.

        to_size: go on also where a claim is true for certain and only the size worth noting is open.
        """
        lines: list[tuple[ClaimLine, Selection]] = [(line, under) for under in claim.under for line in claim.lines]
        asked: set[tuple[float, float, Question]] = set()
        judged: list[JudgedLine] = []
        rung = 0
        for rung, tolerance in enumerate(self.ladder):
            for k, (line, selection) in enumerate(lines):
                if rung and not self._may_change(judged[k], to_size):
                    continue
                asked |= self._questions(line, selection, tolerance)
                found = self.judge_line(line, selection, claim.worth_noting_from, dict(changes or {}), tolerance)
                judged[k : k + 1] = [found]
            if not self._worth_going_on(judged, to_size):
                break
        solves = Counter(kind for _, _, (kind, _, _) in asked)
        return judge_claim(claim, judged, self.ladder[rung], dict(sorted(solves.items())))

    def judge_all(self, changes: Changes | None = None, *, to_size: bool = True) -> tuple[JudgedClaim, ...]:
        """All claims of the scenario at a point, in the order of the file."""
        return tuple(self.judge(claim, changes, to_size=to_size) for claim in self.scenario.claims)

    def judge_line(
        self, line: ClaimLine, selection: Selection, noting: float | None, changes: Changes, tolerance: float
    ) -> JudgedLine:
        """The verdict on one line at a point with one gap. noting: the size worth noting."""
        if not line.is_trend:
            return judge_line(line, selection, self.at(changes).with_tolerance(tolerance), noting)
        name = str(line.right)

        def at(value: float) -> Point:
            return self.at({**changes, name: value}).with_tolerance(tolerance)

        return judge_trend(line, selection, self.scenario.parameters[name], at, noting)

    def _may_change(self, judged: JudgedLine, to_size: bool) -> bool:
        """Whether finer bounds could give a line another verdict that is of interest."""
        if not judged.open or (judged.verdict == "barely" and not to_size):
            return False
        return needs_sets(judged.line, judged.selection, self.scenario)

    def _worth_going_on(self, judged: Sequence[JudgedLine], to_size: bool) -> bool:
        """A claim with a line that fails for certain fails, whatever becomes of the others."""
        return all(each.verdict != "fails" for each in judged) and any(self._may_change(each, to_size) for each in judged)

    def _questions(self, line: ClaimLine, selection: Selection, tolerance: float) -> set[tuple[float, float, Question]]:
        """What a line asks of solvers: (value of a trend's parameter, gap, question)."""
        values = trend_values(self.scenario.parameters[str(line.right)]) if line.is_trend else (0.0,)
        found = questions_of(line, selection, self.scenario)
        return {(value, tolerance if question[0] == "sets" else 0.0, question) for value in values for question in found}
