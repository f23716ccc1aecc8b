"""The commands `stress` and `when` as a user meets them, on a game whose thresholds are known by hand.

Two prisoners with grim triggers: silence 3, both confess 1, temptation t. The trigger is an equilibrium from a patience of
(t - 3) / (t - 1).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import pytest

from leverage import load_scenario, parse_scenario, run
from leverage.analysis.claims import ONE_PLAN
from leverage.output.columns import WIDTH
from leverage.output.stress import flips_of, search_words, tipping_frame
from leverage.points.evaluator import Evaluator
from leverage.scenario.scenario import Parameter
from leverage.stress.answer_book import in_memory
from leverage.stress.box import Box
from leverage.stress.question import WEIGHTS, Answer, Question, claim_questions
from leverage.stress.tipping import WIDTH as NARROW
from leverage.stress.tipping import tipping
from leverage.stress_studies import stress_study, when_study
from tests.command_line import simulate

TRIGGER = """
      starts: friendly
      phases:
        friendly: {play: silent, until: row plays confess or column plays confess, next: angry}
        angry: {play: confess}"""
PARAMETERS = {
    "patience": "patience: {value: 0.6, range: [0.1, 0.9], unit: weight, source: textbook}",
    "temptation": "temptation: {value: 5, range: [3.5, 8], unit: years, source: textbook}",
}
CLAIMS = {
    "credible": '{says: The trigger can be believed., under: grim against grim_too, holds if: "credible(grim, grim_too)"}',
    "written": '{says: It is one as written., under: grim against grim_too, holds if: "subgame_perfect(grim, grim_too)"}',
    "pays": '{says: It pays., under: grim against grim_too, holds if: "payoff(row) > payoff(row, confess)"}',
    "never": '{says: Confessing pays., under: grim against grim_too, holds if: "payoff(row) < payoff(row, confess)"}',
}


def game(parameters: list[str] | None = None, claims: list[str] | None = None) -> str:
    """The scenario with its parameters and claims in an order."""
    lines = "\n  ".join(PARAMETERS[name] for name in parameters or PARAMETERS)
    sentences = "\n  ".join(f"{name}: {CLAIMS[name]}" for name in claims or CLAIMS)
    return f"""\
language: 1
title: Two prisoners
question: Do they keep silent?
players: {{row: {{discount: patience}}, column: {{discount: patience}}}}
state: {{prison: {{open: 0}}}}
start: {{prison: open}}
parameters:
  {lines}
actions: {{row: {{silent: always, confess: always}}, column: {{silent: always, confess: always}}}}
payoffs:
  row:
    gains:
      both_silent: 3 when row plays silent and column plays silent
      temptation: temptation when row plays confess and column plays silent
      both_confess: 1 when row plays confess and column plays confess
  column:
    gains:
      both_silent: 3 when row plays silent and column plays silent
      temptation: temptation when row plays silent and column plays confess
      both_confess: 1 when row plays confess and column plays confess
measures: {{counts: {{confessions: row plays confess}}}}
strategies:
  row:
    grim:{TRIGGER}
    confess: {{always: confess}}
  column:
    grim_too:{TRIGGER}
    confess_too: {{always: confess}}
claims:
  {sentences}
"""


#: Share of the box in which the trigger is an equilibrium: the mean over t of (0.9 - (t - 3) / (t - 1)) / 0.8.
SHARE = (-0.1 * 4.5 + 2 * math.log(7 / 2.5)) / (4.5 * 0.8)


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return dict(stress_study(parse_scenario(game())).tables)


@pytest.mark.parametrize("claim", ["credible", "written"])
def test_a_known_threshold_is_found_to_a_millionth_of_the_range(tables: dict[str, pd.DataFrame], claim: str) -> None:
    rows = tables["tipping"].set_index(["claim", "parameter"]).loc[claim]
    for name, threshold in (("patience", 0.5), ("temptation", 6.0)):
        row = rows.loc[name]
        assert row.flips_at == pytest.approx(threshold, abs=NARROW * (row.high - row.low))
        assert row.bracket_low <= threshold <= row.bracket_high
        assert row.bracket_high - row.bracket_low <= NARROW * (row.high - row.low)
        assert (row.verdict, row.flips_to, row.searched) == ("holds", "fails", "yes")
    assert rows.loc["patience"].distance == pytest.approx(0.125, abs=1e-5)


def test_what_pays_everywhere_never_flips(tables: dict[str, pd.DataFrame]) -> None:
    rows = tables["tipping"].set_index("claim").loc[["pays", "never"]]
    assert (rows.searched == "no flip found").all()
    shares = tables["shares"].set_index(["claim", "verdict"]).share
    assert shares["pays", "holds or barely"] == 1.0
    assert shares["never", "fails"] == 1.0


@pytest.mark.parametrize("claim", ["credible", "written"])
def test_the_share_of_the_box_is_the_one_by_hand(tables: dict[str, pd.DataFrame], claim: str) -> None:
    row = tables["shares"].set_index(["claim", "verdict"]).loc[(claim, "holds or barely")]
    assert row.low <= SHARE <= row.high
    assert row.high - row.low < 0.1
    told = tables["claims"].query("claim == @claim and line == ''").iloc[0]
    assert (told.share, told.share_low, told.share_high) == (row.share, row.low, row.high)


def test_the_joint_change_flips_and_is_near_the_smallest(tables: dict[str, pd.DataFrame]) -> None:
    """Patience 0.6 - 0.8 s and temptation 5 + 4.5 s are on the edge at the root of 3.6 s^2 + 5 s - 0.4."""
    smallest = (-5 + math.sqrt(25 + 4 * 3.6 * 0.4)) / 7.2
    rows = tables["joint_changes"].set_index(["claim", "parameter"]).loc["written"]
    size = rows["size"].iloc[0]
    assert smallest <= size <= 1.01 * smallest
    patience, temptation = rows.changed_to["patience"], rows.changed_to["temptation"]
    assert patience < (temptation - 3) / (temptation - 1)
    assert rows.change.abs().max() == pytest.approx(size)


def test_the_points_behind_the_shares_are_rows(tables: dict[str, pd.DataFrame]) -> None:
    points = tables["stress_points"].query("claim == 'written'")
    assert len(points) == 8 * 16
    assert set(points.unit) == {"points a period"}
    right = points.patience >= (points.temptation - 3) / (points.temptation - 1)
    assert ((points.verdict == "holds") == right).all()


def test_the_flip_in_the_table_of_claims_can_be_given_to_the_command_line(tables: dict[str, pd.DataFrame]) -> None:
    told = tables["claims"].query("claim == 'written' and line == ''").flips_at.iloc[0]
    name, value = told.split("=")
    assert name == "patience"
    flipped = stress_study(parse_scenario(game(), {name: float(value)}), points=1, budget=1).tables["claims"]
    assert flipped.query("claim == 'written' and line == ''").verdict.iloc[0] == "fails"


def test_orders_in_the_file_and_earlier_questions_change_nothing(tables: dict[str, pd.DataFrame]) -> None:
    names = ["never", "written"]
    turned = stress_study(parse_scenario(game(list(reversed(PARAMETERS)), names))).tables
    for name in ("tipping", "shares", "joint_changes"):
        for claim in names:
            one, other = (frame[name][frame[name].claim == claim].reset_index(drop=True) for frame in (tables, turned))
            pd.testing.assert_frame_equal(one, other)


def test_a_budget_of_replies_leaves_equilibrium_sets_unsearched() -> None:
    study = stress_study(parse_scenario(game()), budget=3 * WEIGHTS["sets"])
    rows = study.tables["tipping"].set_index("claim").searched
    assert set(rows.loc["credible"]) == {"not searched"}
    assert set(rows.loc["written"]) == {"yes"}
    assert "the budget does not pay for the scan" in " ".join(study.text.split())


def test_claims_that_are_cheap_to_judge_come_first_and_each_step_names_its_claim() -> None:
    asked: list[str] = []
    told: list[str] = []

    def noted(question: Question) -> Question:
        def ask(values: Mapping[str, float]) -> Answer:
            asked.append(question.name)
            return question.ask(values)

        return Question(question.name, ask)

    def keep(questions: Sequence[Question], parameters: Sequence[Parameter], /) -> tuple[Question, ...]:
        return in_memory([noted(each) for each in questions], parameters)

    stress_study(parse_scenario(game()), points=2, values=3, budget=700, keep=keep, progress=told.append)
    here, rest = asked[: len(CLAIMS)], asked[len(CLAIMS) :]
    assert here == list(CLAIMS)  # at the file's values, which tell what is cheap
    first = rest.index("credible")
    assert set(rest[:first]) == set(CLAIMS) - {"credible"}
    assert set(rest[first:]) == {"credible"}
    assert told[:2] == ["judging the claims", "judging written at point 1 of 16 in the plausible box"]
    assert "looking for flips of credible along patience, parameter 1 of 2" in told
    assert told[-1].startswith("looking for a small joint change of credible, way ")


# --- when ----------------------------------------------------------------------------------------------------------------


def test_when_answers_in_intervals_and_with_the_rows_behind_them() -> None:
    condition = "subgame_perfect(grim, grim_too) and not (payoff(row, grim, grim_too) < 2 or payoff(row, confess) > 2)"
    study = when_study(parse_scenario(game()), condition)
    alone = study.tables["when_alone"].set_index("parameter")
    assert alone.holds_from["patience"] == pytest.approx(0.5, abs=1e-6)
    assert alone.holds_to["patience"] == 0.9
    assert alone.fails_below["patience"] < 0.5
    assert alone.holds_to["temptation"] == pytest.approx(6, abs=5e-6)
    whole = study.tables["when"].iloc[0]
    assert whole.statement == condition
    assert whole.low <= SHARE <= whole.high
    assert whole.unit == "points a period"
    points = study.tables["when_points"].query("statement == 'condition'")
    assert ((points.verdict == "holds") == (points.patience >= (points.temptation - 3) / (points.temptation - 1))).all()
    box = study.tables["when_box"].set_index("parameter")
    assert box.upper_half["patience"] > box.lower_half["patience"]
    assert box.upper_half["temptation"] < box.lower_half["temptation"]
    assert max(map(len, study.text.splitlines())) <= WIDTH
    assert "from 0.500" in study.text


def test_when_judges_under_the_selection_that_is_named() -> None:
    scenario = parse_scenario(game())
    under = {
        name: when_study(scenario, "payoff(row) > 2", under=name, points=1, budget=100) for name in ("grim against grim_too", "")
    }
    assert under["grim against grim_too"].tables["when"].verdict.iloc[0] == "holds"
    assert under[""].tables["when"].under.iloc[0] == "bargaining point"


@pytest.fixture
def prisoners(tmp_path: Path) -> Path:
    path = tmp_path / "prisoners.yaml"
    path.write_text(game())
    (tmp_path / "sure.yaml").write_text(re.sub(r"range: \[[^]]*\], ", "", game()))
    (tmp_path / "silent.yaml").write_text(game().partition("claims:")[0])
    return tmp_path


def test_verdicts_on_plans_that_were_chosen_are_said_to_be_that() -> None:
    scenario = load_scenario(Path(__file__).parents[1] / "data" / "hostage.yaml")
    [claim] = scenario.claims
    asked = when_study(scenario, claim.lines[0].text, points=2, values=3, budget=1)
    stressed = stress_study(scenario, points=2, values=3, budget=1)
    for study in (asked, stressed):
        assert ONE_PLAN in " ".join(study.text.split())
    other = when_study(scenario, "payoff(state_) > 0", points=2, values=3, budget=1)
    assert ONE_PLAN not in " ".join(other.text.split())


def test_commands_write_whole_folders_and_pages_of_80_columns(prisoners: Path) -> None:
    expected = {
        "stress": ["claims.csv", "joint_changes.csv", "shares.csv", "stress_points.csv", "tipping.csv"],
        "when": ["when.csv", "when_alone.csv", "when_box.csv", "when_points.csv"],
    }
    for command, more in (("stress", []), ("when", ["payoff(row, confess) < 2 or credible(grim, grim_too)"])):
        done = simulate(command, "prisoners.yaml", *more, "--points", "2", "--budget", "500", "--out", command, cwd=prisoners)
        assert done.returncode == 0, done.stderr
        assert max(map(len, done.stdout.splitlines())) <= WIDTH
        files = {path.name for path in (prisoners / command).iterdir()}
        assert files == {*expected[command], "manifest.json", "scenario.resolved.yaml", "tables.txt"}
        assert json.loads((prisoners / command / "manifest.json").read_text())["budget"] == 500


REFUSED = [
    (
        ["when", "prisoners.yaml", "payoff(row, grimm) > 1"],
        r"the condition, character 13: there is no strategy 'grimm'.*did you mean 'grim'",
    ),
    (["when", "prisoners.yaml", "payoff(row, grim) > 1 and"], r"character 26: a statement is missing"),
    (["when", "prisoners.yaml", "(payoff(row, grim) > 1"], r"character 1: this '\(' is never closed"),
    (["when", "prisoners.yaml", "payoff(row) > 1", "--under", "best reply of column"], r"the condition, character 1:"),
    (["when", "prisoners.yaml", "payoff(row) > 1", "--under", "worst reply"], r"--under, character 1: there is no selection"),
    (["when", "prisoners.yaml", "exit(1)"], r"character 1: claims know no function 'exit'"),
    (["when", "prisoners.yaml"], r"CONDITION"),
    (["when", "prisoners.yaml", "patience > 0", "--points", "3"], r"--points: 3 points fill no box evenly.*power of two"),
    (["when", "sure.yaml", "patience > 0"], r"no parameter of the file is in doubt"),
    (["stress", "sure.yaml"], r"no parameter of the file is in doubt"),
    (["stress", "silent.yaml"], r"the file has no claims"),
    (["stress", "prisoners.yaml", "--budget", "0"], r"--budget"),
    (["stress", "prisoners.yaml", "--values", "1"], r"--values"),
    (["stress", "prisoners.yaml", "--tolerance", "2"], r"--tolerance"),
    (["stress", "prisoners.yaml", "-p", "patienc=0.5"], r"did you mean 'patience'"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED, ids=[" ".join(row[0]) for row in REFUSED])
def test_wrong_use_is_refused_with_status_2_and_nothing_written(prisoners: Path, arguments: list[str], message: str) -> None:
    before = sorted(path.name for path in prisoners.iterdir())
    done = simulate(*arguments, cwd=prisoners)
    assert done.returncode == 2
    assert re.search(message, " ".join(done.stderr.replace("│", " ").split()), re.DOTALL), done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in prisoners.iterdir()) == before


# --- the main job's flips ----------------------------------------------------------------------------------------------------


def test_the_main_job_tells_the_nearest_flip_of_a_claim() -> None:
    found = run(parse_scenario(game()))
    rows = tipping_frame(found.flips).set_index(["claim", "parameter"])
    assert rows.loc[("written", "patience")].flips_at == pytest.approx(0.5, abs=0.8e-2)
    assert set(rows.loc["pays"].searched) == {"no flip found"}
    told = {judged.claim.name: flips_of(found.flips)(judged) for judged in found.judged}
    assert told["written"].startswith("Fails if patience falls below ")
    assert told["pays"] == ""


def test_the_main_job_says_what_was_too_dear_to_search() -> None:
    scenario = parse_scenario(game())
    flips = tipping(claim_questions(Evaluator(scenario), scenario.claims), Box.of(scenario), budget=50)
    assert "Not searched here for credible, which" in search_words(flips)
    assert search_words(()) == ""
