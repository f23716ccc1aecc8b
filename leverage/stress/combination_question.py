"""Combinations of named strategies as questions: are they an equilibrium as written, is their path credible?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from leverage.analysis.figure import Figure
from leverage.analysis.plays import BEST_REPLY, title
from leverage.analysis.temptations import JudgedCombination, judge_combination
from leverage.points.evaluator import Evaluator
from leverage.stress.question import WEIGHTS, Answer, Question

#: Of the gaps of equilibrium sets only so many are tried at each point of a search: close to a flip finer ones would be tried in
#: vain, and cost most.
SEARCH_RUNGS = 1

#: The two statements about a combination.
EQUILIBRIUM, CREDIBLE = "equilibrium", "credible"

_PATHS = {"sustainable": "holds", "not sustainable": "fails", "cannot be told": "undecided"}


def combination_question(evaluator: Evaluator, names: Sequence[str], statement: str) -> Question:
    """Whether a combination (a named strategy or BEST_REPLY a player) is an equilibrium from the start, or its path credible."""

    def ask(values: Mapping[str, float]) -> Answer:
        path = statement == CREDIBLE
        judged = judge_at(evaluator, names, values, as_written=not path, with_path=path, rungs=SEARCH_RUNGS)
        return replace(_credible(judged) if path else _equilibrium(judged), unit=evaluator.scenario.payoff_unit[0])

    return Question(f"{statement}: {title(names)}", ask)


def judge_at(
    evaluator: Evaluator,
    names: Sequence[str],
    changes: Mapping[str, float] | None = None,
    *,
    as_written: bool = True,
    with_path: bool = True,
    rungs: int | None = None,
) -> JudgedCombination:
    """The verdicts on a combination where these parameters differ from the values in use; rungs: so many gaps are tried (all)."""
    point = evaluator.at(changes)
    points = [point.with_tolerance(each) for each in evaluator.ladder[:rungs]]
    return judge_combination(points, names, as_written=as_written, with_path=with_path)


def _replies(judged: JudgedCombination) -> int:
    return WEIGHTS["replies"] * (len(judged.names) + judged.names.count(BEST_REPLY))


def _equilibrium(judged: JudgedCombination) -> Answer:
    cost = _replies(judged)
    if judged.verdict is None:
        return Answer("undefined", Figure.missing("undefined", judged.reason), cost)
    gain = Figure.within(-float(judged.verdict.best_reply_gains.max()), judged.verdict.certificate.error)
    holds = judged.verdict.equilibrium or judged.verdict.subgame_perfect
    return Answer("holds" if holds else "fails", gain, cost)


def _credible(judged: JudgedCombination) -> Answer:
    cost = _replies(judged) + WEIGHTS["sets"] * max(1, judged.rungs)
    if judged.path is None or judged.path.answer == "not defined":
        return Answer("undefined", Figure.missing("undefined", judged.reason or judged.unasked), cost)
    found = judged.tightest()
    slack = Figure.missing("undefined", judged.path.status) if found is None else -found.gain
    return Answer(_PATHS[judged.path.answer], slack, cost)
