"""One evaluator for all points: bounds as fine as needed, and answers that do not depend on what was asked before."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import pytest

from leverage import parse_scenario
from leverage.analysis.claims import JudgedClaim
from leverage.points.evaluator import Evaluator
from tests.dilemma import COARSE, DILEMMA, FINE, UNEQUAL, claim, dilemma, open_numbers

LADDER = (COARSE, FINE)
#: Told by fine bounds only; at other values of the parameters by coarse ones.
BELOW, ABOVE = open_numbers()
CLOSE = claim(f"highest(a) < {ABOVE}", "bargaining point")
CLAIMS = {
    "close": CLOSE,
    "pair": claim("payoff(a, grim_a) > payoff(a, defect_a)", "best reply of b", 1),
    "gain": claim(["gain(trust, a) > 0", "gain(gift, b) > 1"], ["bargaining point", "best for a"]),
    "trend": claim("payoff(a, grim_a, grim_b) rises with bonus", "bargaining point"),
    "undefined": claim("payoff(a, grim_a, grim_b) / (fee - 1) > 0", "bargaining point"),
}
PATIENCE = UNEQUAL


def told(judged: JudgedClaim) -> tuple[object, ...]:
    return judged.verdict, judged.margin, judged.reason, judged.tolerance, judged.solves, [line.verdict for line in judged.lines]


def test_finer_bounds_are_asked_for_while_the_answer_is_open() -> None:
    scenario = dilemma({"close": CLOSE}, PATIENCE)
    asked = scenario.claims[0]
    coarse, fine = (Evaluator(scenario, ladder=ladder).judge(asked) for ladder in (LADDER[:1], LADDER))
    assert (coarse.verdict, coarse.tolerance, coarse.solves) == ("undecided", COARSE, {"sets": 1})
    assert (fine.verdict, fine.tolerance, fine.solves) == ("holds", FINE, {"sets": 2})


def test_finer_bounds_are_not_asked_for_otherwise() -> None:
    scenario = dilemma({"far": claim("highest(a) < 4"), "fails": claim([f"highest(a) < {ABOVE}", "lowest(a) > 2"])}, PATIENCE)
    evaluator = Evaluator(scenario, ladder=LADDER)
    assert [evaluator.judge(asked).tolerance for asked in scenario.claims] == [COARSE, COARSE]
    assert evaluator.solves["sets"] == 1


def test_the_size_worth_noting_is_settled_only_if_asked_for() -> None:
    scenario = dilemma({"size": claim("highest(a) > 3", noting=BELOW - 3)}, PATIENCE)
    evaluator = Evaluator(scenario, ladder=LADDER)
    assert evaluator.judge(scenario.claims[0], to_size=False).verdict == "barely"
    assert evaluator.judge(scenario.claims[0]).verdict == "holds"


def test_what_no_set_can_tell_is_not_asked_of_finer_ones() -> None:
    scenario = dilemma({"undefined": CLAIMS["undefined"]})
    assert Evaluator(scenario, ladder=LADDER).judge(scenario.claims[0]).tolerance == COARSE


def test_answers_do_not_depend_on_what_was_asked_before() -> None:
    scenario = dilemma(CLAIMS)
    points = [{}, PATIENCE, {"fee": 0.5}]
    asked = list(itertools.product(scenario.claims, points))
    fresh = {(each.name, str(at)): told(Evaluator(scenario, ladder=LADDER).judge(each, at)) for each, at in asked}
    for kept, order in ((1, asked), (64, asked[::-1])):
        used = Evaluator(scenario, ladder=LADDER, kept=kept)
        for each, at in order:
            assert told(used.judge(each, at)) == fresh[each.name, str(at)]


def test_the_order_of_claims_changes_nothing() -> None:
    one, two = dilemma(CLAIMS), dilemma(dict(reversed(CLAIMS.items())))
    first, second = (
        {judged.claim.name: told(judged) for judged in Evaluator(scenario, ladder=LADDER).judge_all()} for scenario in (one, two)
    )
    assert first == second


def test_the_order_of_players_changes_nothing() -> None:
    text = DILEMMA.read_text(encoding="utf-8")
    a, b = "  a: {discount: patience}\n", "  b: {discount: patience_of_b}\n"
    claims = f"claims: {json.dumps(CLAIMS)}\n"
    one = parse_scenario(text + claims)
    two = parse_scenario(text.replace(a + b, b + a) + claims)
    assert [player.key for player in two.players] == ["b", "a"]
    for mine, turned in zip(Evaluator(one, ladder=LADDER).judge_all(), Evaluator(two, ladder=LADDER).judge_all(), strict=True):
        assert mine.verdict == turned.verdict
        assert mine.margin.value == pytest.approx(turned.margin.value, abs=0.05, nan_ok=True)


def test_a_point_is_solved_once_and_again_when_it_was_put_aside() -> None:
    scenario = dilemma({"C": claim("payoff(a, grim_a) > 0", "best reply of b")})
    evaluator = Evaluator(scenario, ladder=LADDER, kept=1)
    for changes in ({}, {"fee": 1.0}, {}):
        evaluator.judge(scenario.claims[0], changes)
    assert evaluator.solves["replies"] == 1  # the fee is 1 as it stands
    for changes in ({"fee": 0.5}, {}):
        evaluator.judge(scenario.claims[0], changes)
    assert evaluator.solves["replies"] == 3


def test_a_game_that_comes_up_again_is_not_solved_again() -> None:
    """Without trust nobody ever gets the bonus: it is the same game whatever the bonus is."""
    scenario = dilemma({"C": claim("gain(trust, a) > 0")})
    evaluator = Evaluator(scenario, ladder=LADDER)
    gains = [evaluator.judge(scenario.claims[0], {"bonus": bonus}).margin.value for bonus in (0.0, 1.0, 2.0)]
    assert gains == pytest.approx([2, 3, 4], abs=1e-2)
    assert evaluator.solves["sets"] == 4


def test_a_changed_parameter_is_one_of_the_scenario() -> None:
    evaluator = Evaluator(dilemma())
    assert evaluator.at({"fee": 0.25}).values["fee"] == 0.25
    with pytest.raises(KeyError, match="no parameter 'fees'"):
        evaluator.at({"fees": 1.0})


def test_a_baseline_that_the_caller_changed_is_the_baseline() -> None:
    """The verdict at a changed point is that on a scenario that stands there."""
    moved = {"patience": 0.4, "patience_of_b": 0.4}
    claims = {"C": claim("credible(grim_a, grim_b)")}
    there = Evaluator(dilemma(claims, moved))
    here = Evaluator(dilemma(claims))
    assert there.judge_all()[0].verdict == "fails"
    assert told(replace(here.judge(here.scenario.claims[0], moved))) == told(there.judge_all()[0])
    assert here.judge_all()[0].verdict == "holds"
