"""Explanations as studies: why a strategy is believed, why a claim holds, and the cheapest change that alters it."""

from __future__ import annotations

from collections.abc import Callable

from threadpoolctl import threadpool_limits

from leverage.analysis.claim_values import value_of
from leverage.analysis.claims import JudgedLine
from leverage.analysis.plays import BEST_REPLY
from leverage.analysis.temptations import combinations_with
from leverage.output.explain_claim import ExplainedClaim, ExplainedLine, claim_page
from leverage.output.explain_strategy import ExplainedStrategy, strategy_page, told_combinations
from leverage.output.telling import Telling
from leverage.pipeline import Progress
from leverage.points.evaluator import Evaluator
from leverage.points.trends import trend_values
from leverage.scenario.parsing import nearest
from leverage.scenario.scenario import Claim, Scenario
from leverage.stress.answer_book import Keep, in_memory
from leverage.stress.box import Box
from leverage.stress.cheapest_change import cheapest_changes
from leverage.stress.combination_question import CREDIBLE, EQUILIBRIUM, combination_question, judge_at
from leverage.stress.question import claim_questions
from leverage.studies import Study, nothing, refused

#: Best replies that the search for the cheapest change may take for each question; half a minute for the shipped scenario.
BUDGET = 3_000
#: Combinations of a strategy that a page tells.
MOST_TOLD = 12


def explanation_study(
    scenario: Scenario,
    *,
    strategy: str = "",
    claim: str = "",
    budget: float = BUDGET,
    keep: Keep = in_memory,
    progress: Progress = nothing,
) -> Study:
    """Why a named strategy is believed or not, or why a claim has its verdict.

    strategy, claim: a name of the file; one of the two is given. budget: best replies for each search of the cheapest change (see
    `leverage.stress.question.WEIGHTS`). keep: how the answers of that search are remembered, see `leverage.stress.answer_book`.
    Table `explanation`: one row a number that a sentence prints.

    Raises ScenarioError for a name that the file does not have, and for none or two of them.
    """
    if bool(strategy) == bool(claim):
        message = "ask one thing at a time" if strategy else "name what is to be explained"
        raise refused(message, "--strategy NAME, or --claim ID", "explain")
    with threadpool_limits(limits=1, user_api="blas"):
        progress("compiling the game")
        evaluator = Evaluator(scenario)
        told = (why_strategy if strategy else why_claim)(evaluator, strategy or claim, budget, keep, progress)
    facts = {"strategy": strategy, "claim": claim, "budget": budget, "solves": dict(sorted(evaluator.solves.items()))}
    return Study(scenario, told.text, {"explanation": told.frame()}, facts)


def why_strategy(
    evaluator: Evaluator, name: str, budget: float = BUDGET, keep: Keep = in_memory, tell: Progress = nothing
) -> Telling:
    """The sentences on a named strategy; as in `explanation_study`."""
    return strategy_page(evaluator.at(), _strategy(evaluator, name, budget, keep, tell))


def why_claim(
    evaluator: Evaluator, name: str, budget: float = BUDGET, keep: Keep = in_memory, tell: Progress = nothing
) -> Telling:
    """The sentences on a claim; as in `explanation_study`."""
    return claim_page(evaluator.at(), _claim(evaluator, name, budget, keep, tell))


# --- a strategy -------------------------------------------------------------------------------------------------------


def _strategy(evaluator: Evaluator, name: str, budget: float, keep: Keep, tell: Callable[[str], None]) -> ExplainedStrategy:
    every = [each for own in evaluator.scenario.strategies for each in own]
    known = [each.name for each in every]
    if name not in known:
        raise refused(f"there is no strategy '{name}'", nearest(name, known) or "the file has no named strategies", "--strategy")
    chosen = every[known.index(name)]
    names, left_out = told_combinations(combinations_with(evaluator.at(), name), MOST_TOLD)
    tell("judging combinations of strategies")
    judged = [judge_at(evaluator, each) for each in names]
    asked = [
        (statement, each.names)
        for each in judged
        if each.plan is not None
        for statement in (EQUILIBRIUM, CREDIBLE)
        if statement == EQUILIBRIUM or each.path is not None
    ]
    box = Box.of(evaluator.scenario)
    questions = keep([combination_question(evaluator, pair, statement) for statement, pair in asked], box.parameters)
    changes = cheapest_changes(questions, box, budget=budget, tell=tell)
    return ExplainedStrategy(name, chosen.player, chosen.says, tuple(judged), dict(zip(asked, changes, strict=True)), left_out)


# --- a claim ----------------------------------------------------------------------------------------------------------


def _claim(evaluator: Evaluator, name: str, budget: float, keep: Keep, tell: Callable[[str], None]) -> ExplainedClaim:
    known = [each.name for each in evaluator.scenario.claims]
    if name not in known:
        raise refused(f"there is no claim '{name}'", nearest(name, known) or "the file has no claims", "--claim")
    claim = evaluator.scenario.claims[known.index(name)]
    tell(f"judging {name}")
    judged = evaluator.judge(claim)
    lines = tuple(_line(evaluator, claim, line) for line in judged.lines)
    box = Box.of(evaluator.scenario)
    changes = cheapest_changes(keep(claim_questions(evaluator, (claim,)), box.parameters), box, budget=budget, tell=tell)
    return ExplainedClaim(judged, lines, changes[0])


def _line(evaluator: Evaluator, claim: Claim, judged: JudgedLine) -> ExplainedLine:
    rung = _rung(evaluator, claim, judged)
    point = evaluator.at().with_tolerance(rung)
    if judged.line.is_trend:
        name = str(judged.line.right)
        values = tuple(
            (theta, value_of(judged.line.left, judged.selection, evaluator.at({name: theta}).with_tolerance(rung)))
            for theta in trend_values(evaluator.scenario.parameters[name])
        )
        return ExplainedLine(judged, point, values=values)
    if judged.line.relation != "is true":
        return ExplainedLine(judged, point)
    selection = judged.selection
    names = judged.line.calls[0].strategies or selection.strategies
    assigned = evaluator.at().assigned(names)
    ordered = [assigned.get(player, BEST_REPLY) for player in range(len(evaluator.scenario.players))]
    return ExplainedLine(judged, point, judge_at(evaluator, ordered) if BEST_REPLY not in ordered else None)


def _rung(evaluator: Evaluator, claim: Claim, judged: JudgedLine) -> float:
    """The gap at which a line was judged: the first that gives the same margin."""
    for tolerance in evaluator.ladder[:-1]:
        again = evaluator.judge_line(judged.line, judged.selection, claim.worth_noting_from, {}, tolerance)
        if repr(again.margin) == repr(judged.margin):  # NaN is not equal to itself
            return tolerance
    return evaluator.ladder[-1]
