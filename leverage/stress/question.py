"""What is asked at parameter points: a claim, or a condition on claims; its answer is a verdict with a margin."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from leverage.analysis.claims import JudgedClaim
from leverage.analysis.figure import Figure, Sign
from leverage.points.evaluator import Evaluator
from leverage.scenario.scenario import Claim

#: Where a verdict puts a claim. neither: undecided, idle, undefined.
Side = Literal["standing", "fallen", "neither"]

_SIDES: Mapping[str, Side] = {"holds": "standing", "barely": "standing", "fails": "fallen"}

#: Every verdict, in the order of tables.
VERDICTS = ("holds", "barely", "fails", "undecided", "idle", "undefined")

#: What can be said of an effect's sign, in the order of tables. Where it cannot be told it may be any of the first three.
SIGNS: tuple[Sign, ...] = ("positive", "negative", "zero", "cannot be told", "undefined")

#: What a solve of each kind takes, in best replies (and the outcomes of the play that comes of them). Rough on purpose: budgets
#: are counted in these, so that what is searched never depends on the machine.
WEIGHTS: Mapping[str, int] = {"sets": 30, "markov": 25, "equilibria": 100, "replies": 1}


#: Costs from which on a question is dear, and very dear: an equilibrium is looked for; sets are solved at several points.
DEAR = (WEIGHTS["markov"], WEIGHTS["equilibria"])


def side_of(verdict: str) -> Side:
    """standing: holds or barely. fallen: fails."""
    return _SIDES.get(verdict, "neither")


def weighted(solves: Mapping[str, int]) -> int:
    """Counted solves as a number of best replies, at least 1."""
    return max(1, sum(WEIGHTS.get(kind, 1) * count for kind, count in solves.items()))


@dataclass(frozen=True)
class Answer:
    """A verdict and its margin, or the sign of an effect and the effect.

    cost: the solves that it takes if nothing is known yet, in best replies. unit: of the margin, that of the line which decides
    at this point.
    """

    verdict: str
    margin: Figure
    cost: int = 1
    unit: str = ""

    @property
    def side(self) -> Side:
        return side_of(self.verdict)


@dataclass(frozen=True, eq=False)
class Question:
    """Something that can be asked at any parameter point; ask: the values of all parameters -> the answer."""

    name: str
    ask: Callable[[Mapping[str, float]], Answer]


def cheapest_first(questions: Sequence[Question], values: Mapping[str, float]) -> tuple[tuple[Question, ...], ...]:
    """Questions in groups, those first that are cheap to answer at these values; see `DEAR`. A group keeps the order given, since
    its questions share the solves of a parameter point.
    """
    groups: dict[int, list[Question]] = {}
    for question in questions:
        groups.setdefault(bisect(DEAR, question.ask(values).cost), []).append(question)
    return tuple(tuple(groups[k]) for k in sorted(groups))


def claim_questions(evaluator: Evaluator, claims: Sequence[Claim]) -> tuple[Question, ...]:
    """Claims of the evaluator's scenario as questions, by their names.

    On which side a claim is matters, not whether it is so by as much as is worth noting: what costs finer bounds to tell counts
    as barely.
    """
    return tuple(Question(claim.name, _asked(evaluator, claim)) for claim in claims)


def _asked(evaluator: Evaluator, claim: Claim) -> Callable[[Mapping[str, float]], Answer]:
    def ask(values: Mapping[str, float]) -> Answer:
        return answer_of(evaluator.judge(claim, values, to_size=False))

    return ask


def answer_of(judged: JudgedClaim) -> Answer:
    """A judged claim as an answer."""
    return Answer(judged.verdict, judged.margin, weighted(judged.solves), judged.unit)
