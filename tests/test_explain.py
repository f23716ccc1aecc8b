"""`simulate explain`: departures worked out by hand, a cell behind every number, sentences that follow what binds, refusals."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from leverage import load_scenario, parse_scenario
from leverage.analysis.point import Point
from leverage.analysis.temptations import combinations_with, judge_combination
from leverage.explain_commands import explain_command
from leverage.explanation_study import BUDGET, explanation_study, why_claim, why_strategy
from leverage.game.automaton import Automaton
from leverage.game.stochastic_game import Floats
from leverage.output.columns import WIDTH
from leverage.output.telling import EXPLANATION_COLUMNS, Telling
from leverage.points.evaluator import Evaluator
from leverage.scenario.scenario import Scenario
from tests.command_line import simulate
from tests.dilemma import DILEMMA, claim, dilemma
from tests.test_markov_commands import ALONE, VOTERS

SHIPPED = Path(__file__).parent.parent / "scenarios" / "withdrawal.yaml"
GRIM = "grim_a against grim_b"

#: Claims of the dilemma, one of each kind of line.
CLAIMS = {
    "two_lines": claim(["payoff(a, grim_a, grim_b) > 1.5", "payoff(b, grim_a, grim_b) > 2"], GRIM),
    "worth": claim("gain(trust, a) > 0", noting=10),
    "cost": claim("price(post) < 0.5"),
    "channel": claim("threat(trust, a) > commitment(trust, a)", "best for a"),
    "ends": claim("coercion(trust, b) >= 0"),
    "trend": claim("payoff(a) rises with bonus", GRIM),
    "believed": claim("credible(grim_a, grim_b)"),
    "doubted": claim("credible(only_cooperate_a, defect_b)"),
    "written": claim("subgame_perfect(only_cooperate_a, grim_b)"),
    "replies": claim("payoff(a, grim_a) > payoff(a, defect_a)", "best reply of b"),
    "number": claim("equilibria() >= 1"),
    "empty": claim("time(done, defect_a, defect_b) < 3", GRIM),
    "dates": claim("chance(done, 2 months) > 0.5", GRIM),
}


@pytest.fixture(scope="module")
def evaluator() -> Evaluator:
    return Evaluator(dilemma(CLAIMS))


@pytest.fixture(scope="module")
def shipped() -> Evaluator:
    return Evaluator(load_scenario(SHIPPED))


def points(scenario: Scenario, tolerance: float = 1e-6) -> list[Point]:
    return [Evaluator(scenario).at().with_tolerance(tolerance)]


# --- departures by hand -----------------------------------------------------------------------------------------------


def test_departures_as_written_are_what_they_bring_now_and_later() -> None:
    """a cooperates whatever b does. b grabs 5 instead of 3 now, and for ever since it then punishes: 0.4 x 2 and 0.6 x 2. Where b
    punishes already a gains 0 instead of -1 once, and nothing later, since it goes on to cooperate."""
    judged = judge_combination(points(dilemma()), ("only_cooperate_a", "grim_b"))
    of_b, of_a = judged.temptations()
    assert (of_b.player, of_b.played, of_b.action) == (1, "cooperate", "defect")
    assert (of_b.now, of_b.later.value, of_b.gain.value) == pytest.approx((0.8, 1.2, 2.0))
    assert (of_a.player, of_a.action) == (0, "defect")
    assert of_a.memory.endswith("punish")
    assert (of_a.now, of_a.later.value, of_a.gain.value) == pytest.approx((0.4, 0.0, 0.4))
    assert of_a.terms == pytest.approx({"apart": 0.4})
    assert of_a.reached == {"done": False}


def test_the_departure_from_a_path_meets_the_worst_punishment() -> None:
    """b: 3 now and for ever against 5 now and its floor of 1; a: 3 against 4 and 0. b has the smaller slack."""
    judged = judge_combination(points(dilemma()), ("grim_a", "grim_b"))
    found = judged.tightest()
    assert found is not None
    assert (found.player, found.action) == (1, "defect")
    assert found.now == pytest.approx(0.4 * 2)
    assert found.later.value == pytest.approx(0.6 * -2)
    assert found.gain.value == pytest.approx(-0.4)
    assert found.terms == pytest.approx({"tempted": 0.4 * 5, "together": -0.4 * 3})


def slow_parts(plan: Automaton, values: Floats, player: int, node: int, action: str) -> tuple[float, float]:
    """What taking an action once brings at once and later, profile by profile and node by node, less what the plan does."""
    game, state = plan.game, int(plan.node_state[node])
    delta, labels = float(game.discount[player]), game.actions[state][player]
    now, later = 0.0, 0.0
    for e in range(plan.edge_start[node], plan.edge_start[node + 1]):
        row = int(game.entry_row[plan.edge_entry[e]])
        chance = 1.0
        for i in plan.players:
            chance *= 1.0 if i == player else float(plan.lottery(i, node)[game.row_action[i, row]])
        own = float(plan.lottery(player, node)[game.row_action[player, row]])
        change = (float(labels[game.row_action[player, row]] == action) - own) * chance * float(plan.edge_probability[e])
        now += (1 - delta) * change * float(game.payoffs[row, player])
        later += delta * change * float((plan.next_nodes[[e]] @ values[:, player])[0])
    return now, later


@pytest.mark.parametrize("names", [("tied_pace", "reciprocate"), ("stay", "sabotage"), ("full_exit", "best reply")])
def test_parts_of_departures_are_those_added_up_one_by_one(shipped: Evaluator, names: tuple[str, str]) -> None:
    judged = judge_combination([shipped.at()], names, with_path=False)
    assert judged.plan is not None
    assert judged.verdict is not None
    worst = judged.verdict.certificate.worst
    for each, found in zip(worst, judged.temptations(), strict=True):
        now, later = slow_parts(judged.plan, judged.verdict.certificate.values, found.player, each.node, each.action)
        assert found.now == pytest.approx(now, abs=1e-9)
        assert found.later.value == pytest.approx(later, abs=1e-9)
        assert sum(found.terms.values()) == pytest.approx(now, abs=1e-6)


def test_what_binds_changes_with_the_point_and_the_sentence_with_it() -> None:
    """With a patience of 0.3 a's slack is 3 - 0.7 x 4 = 0.2, less than b's 0.4."""
    here = why_strategy(Evaluator(dilemma()), "grim_a", 0)
    there = why_strategy(Evaluator(dilemma(overrides={"patience": 0.3})), "grim_a", 0)
    binding = [next(s.text for s in page.sentences if "constraint that binds" in s.text) for page in (here, there)]
    assert "binds is on b" in binding[0]
    assert "loses 0.400" in binding[0]
    assert "binds is on a" in binding[1]
    assert "loses 0.200" in binding[1]


def test_what_decides_a_claim_changes_with_the_point() -> None:
    for fee, line, margin in ((1, 2, 1), (1.9, 1, 0.6)):
        page = why_claim(Evaluator(dilemma(CLAIMS, {"fee": fee})), "two_lines", 0)
        frame = page.frame().set_index("quantity").value
        assert frame["number of the line that decides"] == line
        assert any(f"What decides is line {line}, with a margin of" in sentence.text for sentence in page.sentences)
        assert frame["margin"].iloc[0] == pytest.approx(margin)


def test_the_cheapest_change_is_the_patience_at_which_a_departure_begins_to_pay() -> None:
    """3 >= (1 - d) 5 + d holds from d = 1/2 on: an eighth of the range below 0.6; a's own threshold, 1/4, is further."""
    page = why_claim(Evaluator(dilemma(CLAIMS)), "believed")
    (text,) = [sentence.text for sentence in page.sentences if "Cheapest change" in sentence.text]
    assert "if patience_of_b fell from 0.600 to 0.5" in text or "if patience_of_b fell from 0.600 to 0.499" in text
    row = page.frame().set_index("quantity").loc["value at which it flips"]
    assert row.low <= 0.5 <= row.high
    assert row.high - row.low <= 1e-3


# --- every number is a cell -------------------------------------------------------------------------------------------


def unbacked(page: Telling) -> list[str]:
    """Numbers in sentences that are no cell of the sentence's rows, rounded as they are printed."""
    frame, missing = page.frame(), []
    for sentence in page.sentences:
        text = sentence.text
        for name in sorted(sentence.names, key=len, reverse=True):
            text = text.replace(name, "")
        rows = frame[frame.sentence == sentence.number]
        cells = np.abs(rows[["value", "low", "high"]].to_numpy(dtype=float).ravel())
        for token in re.findall(r"[<>]?\d[\d,]*(?:\.\d+)?%?", text):
            digits = token.strip("<>%").replace(",", "")
            places = len(digits.partition(".")[2])
            scale = 100 if token.endswith("%") else 1
            slack = (1 if token[0] in "<>" else 0.5) * 10.0**-places + 1e-9
            if not np.any(np.abs(scale * cells - float(digits)) <= slack):
                missing.append(f"{token} in: {sentence.text}")
    return missing


@pytest.mark.parametrize("name", CLAIMS)
def test_numbers_in_sentences_on_small_claims_are_cells(evaluator: Evaluator, name: str) -> None:
    page = why_claim(evaluator, name, 3000)
    assert unbacked(page) == []
    assert max(map(len, page.text.splitlines())) <= WIDTH


@pytest.mark.parametrize("name", ["grim_a", "only_cooperate_a", "defect_b"])
def test_numbers_in_sentences_on_small_strategies_are_cells(evaluator: Evaluator, name: str) -> None:
    page = why_strategy(evaluator, name, 3000)
    assert unbacked(page) == []
    assert len(page.frame()) > 10


@pytest.mark.parametrize("name", ["A1", "A2", "A2_agreed", "A3", "A6", "A16", "A18", "A19", "A21", "A22"])
def test_numbers_in_sentences_on_shipped_claims_are_cells(shipped: Evaluator, name: str) -> None:
    page = why_claim(shipped, name, 0)
    assert unbacked(page) == []
    assert list(page.frame().columns) == list(EXPLANATION_COLUMNS)
    assert max(map(len, page.text.splitlines())) <= WIDTH


@pytest.mark.parametrize("name", ["tied_pace", "full_exit", "reciprocate"])
def test_numbers_in_sentences_on_shipped_strategies_are_cells(shipped: Evaluator, name: str) -> None:
    page = why_strategy(shipped, name, 0)
    assert unbacked(page) == []
    assert max(map(len, page.text.splitlines())) <= WIDTH


def test_the_check_on_numbers_finds_one_that_is_no_cell() -> None:
    page = Telling()
    page.say(f"It gains {page.number('a', 'gain', 1.5, 'points')} and not 2.5.")
    assert [each.split()[0] for each in unbacked(page)] == ["2.5"]


def test_lines_say_the_numbers_of_the_verdict(evaluator: Evaluator) -> None:
    """What the page prints of a line is what the verdict was made of."""
    for name in ("worth", "trend", "replies"):
        asked = next(each for each in evaluator.scenario.claims if each.name == name)
        judged, frame = evaluator.judge(asked), why_claim(evaluator, name, 0).frame()
        margin = frame[frame.quantity == "margin"].iloc[-1]
        assert (margin.value, margin.low, margin.high) == (judged.margin.value, judged.margin.low, judged.margin.high)
        assert margin.unit == judged.unit == "points a month"
        assert "(points a month)" in why_claim(evaluator, name, 0).text.replace("\n    ", " ").replace("\n  ", " ")


# --- who is asked -----------------------------------------------------------------------------------------------------


def test_a_strategy_of_either_player_meets_every_answer_and_the_best_one(evaluator: Evaluator) -> None:
    assert combinations_with(evaluator.at(), "grim_a") == [
        ("grim_a", "grim_b"),
        ("grim_a", "defect_b"),
        ("grim_a", "best reply"),
    ]
    assert combinations_with(evaluator.at(), "defect_b")[-1] == ("best reply", "defect_b")


NAMED_VOTERS = (
    f"{VOTERS}strategies: {{a: {{eager: {{always: yes}}}}, b: {{keen: {{always: yes}}}}, c: {{cold: {{always: no_vote}}}}}}\n"
)
NAMED_ALONE = f"{ALONE}strategies: {{chooser: {{first: {{always: risky}}}}}}\n"


def test_three_players_are_told_what_is_not_known_of_paths() -> None:
    text = " ".join(why_strategy(Evaluator(parse_scenario(NAMED_VOTERS)), "eager", 0).text.split())
    assert "EAGER AGAINST KEEN AGAINST COLD" in text
    assert "worst punishments of a path are known for two players only" in text


def test_a_player_alone_meets_nobody() -> None:
    page = why_strategy(Evaluator(parse_scenario(NAMED_ALONE)), "first", 100)
    text = " ".join(page.text.split())
    assert "there is nobody to punish" in text
    assert unbacked(page) == []


def test_a_claim_on_a_strategy_that_is_undefined_without_an_instrument_says_why() -> None:
    two, three = "a: {cooperate: always, defect: always}", "a: {cooperate: always, defect: always, walk_away: always}"
    text = DILEMMA.read_text(encoding="utf-8").replace(two, three)  # where one action is left, everybody knows what to do
    scenario = parse_scenario(f"{text}claims: {json.dumps({'C': claim('gain(word, a) > 0', GRIM)})}\n")
    page = why_claim(Evaluator(scenario), "C", 100)
    told = " ".join(page.text.split())
    assert "C UNDEFINED" in told
    assert "It cannot be compared: 'grim_a' is undefined without word" in told
    assert "No change was looked for: the verdict is neither true nor false." in told
    assert unbacked(page) == []


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_prints_and_writes_its_table(tmp_path: Path) -> None:
    text = f"{DILEMMA.read_text(encoding='utf-8')}claims: {json.dumps(CLAIMS)}\n"
    (tmp_path / "d.yaml").write_text(text)
    done = simulate("explain", "d.yaml", "--claim", "two_lines", "--out", "made", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "What decides is line 2" in done.stdout
    frame = pd.read_csv(tmp_path / "made" / "explanation.csv")
    assert list(frame.columns) == list(EXPLANATION_COLUMNS)
    assert (tmp_path / "made" / "tables.txt").read_text() == done.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--strategy", "grim"], "there is no strategy 'grim'"),
        (["--claim", "A99"], "there is no claim 'A99'"),
        ([], "name what is to be explained"),
        (["--strategy", "grim_a", "--claim", "A1"], "ask one thing at a time"),
    ],
)
def test_unknown_names_are_one_message_and_status_2(tmp_path: Path, words: list[str], told: str) -> None:
    done = simulate("explain", str(DILEMMA), *words, cwd=tmp_path)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_the_commands_budget_is_the_studys() -> None:
    assert inspect.signature(explain_command).parameters["budget"].default == BUDGET


def test_the_same_question_gives_the_same_page(evaluator: Evaluator) -> None:
    one = explanation_study(dilemma(CLAIMS), claim="believed")
    other = explanation_study(dilemma(dict(reversed(CLAIMS.items()))), claim="believed")
    assert one.text == other.text == why_claim(evaluator, "believed").text
    pd.testing.assert_frame_equal(one.tables["explanation"], other.tables["explanation"])
