"""What an instrument is worth over the whole box, on a game whose effects are known by hand at every point.

One player may take something in every period: it gets `worth`, which may be a loss, and the other loses `harm`. Whoever may take
what is worth having always does, so that the option raises the best payoff and the floor alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import pytest

from leverage import parse_scenario
from leverage.errors import ScenarioError
from leverage.output.columns import WIDTH
from leverage.scenario.scenario import Parameter
from leverage.stress.answer_book import AnswerBook, read_answers
from leverage.stress.box import Box
from leverage.stress.question import Answer, Question
from leverage.stress_studies import leverage_box_study
from leverage.studies import Study
from tests.command_line import simulate

GAME = """\
language: 1
title: Taking
question: Is it an advantage to be able to take?
players: {taker: {discount: patience}, giver: {discount: patience}}
state: {world: {same: 0}}
start: {world: same}
parameters:
  patience: {value: 0.6, unit: weight, source: textbook}
  worth: {value: 0.5, range: [-1, 1], unit: points, source: textbook}
  harm: {value: 1, range: [0.5, 2], unit: points, source: textbook}
actions: {taker: {take: always, leave: always}, giver: {wait: always}}
payoffs:
  taker: {gains: {taken: worth when taker plays take}}
  giver: {costs: {lost: harm when taker plays take}}
instruments:
  option: {holder: taker, says: It can take., without: {forbid: [take]}}
"""


@pytest.fixture(scope="module")
def study() -> Study:
    return leverage_box_study(parse_scenario(GAME), points=4, tolerance=1e-4)


@pytest.fixture(scope="module")
def points(study: Study) -> pd.DataFrame:
    return study.tables["leverage_points"]


def by_hand(row: pd.Series) -> float:
    """The effect where taking pays, by measure, subject and channel; nothing changes where it does not."""
    worth, harm = (row.worth, row.harm) if row.worth > 0 else (0.0, 0.0)
    if row.measure == "reach":
        threat, commitment = {"taker": (worth, 0.0), "giver": (0.0, -harm)}[row.subject]
    else:
        # falls of floors: a plan need not ask for what it may ask for, but nobody leaves what can be had
        threat, commitment = {"taker": (0.0, -worth), "giver": (harm, 0.0)}[row.subject]
    return {"net": threat + commitment, "threat": threat, "commitment": commitment}[row.channel]


def test_effects_are_those_by_hand_at_every_point(points: pd.DataFrame) -> None:
    ends = points[points.selection == "every equilibrium"]
    assert len(ends) == 32 * 4 * 3
    for _, row in ends.iterrows():
        assert row.low - 1e-3 <= by_hand(row) <= row.high + 1e-3, row


def test_shares_are_those_of_the_box(study: Study, points: pd.DataFrame) -> None:
    """Taking pays in half of the box; scrambled points are balanced, so that the share is exact."""
    shares = study.tables["leverage_shares"].set_index(["selection", "channel", "measure", "subject", "sign"])
    ends = shares.loc["every equilibrium"]
    assert ends.loc[("net", "reach", "taker", "positive")].share == 0.5
    assert ends.loc[("net", "reach", "giver", "negative")].share == 0.5
    assert ends.loc[("net", "own floor", "taker", "negative")].share == 0.5
    assert ends.loc[("net", "coercion", "giver", "positive")].share == 0.5
    assert ends.loc[("net", "reach", "giver", "positive")].share == 0
    whole = study.tables["leverage_shares"].groupby(["selection", "channel", "measure", "subject"]).share.sum()
    assert whole.to_numpy() == pytest.approx(1.0)
    assert set(study.tables["leverage_shares"].points) == {32}
    own = points[(points.selection == "every equilibrium") & (points.measure == "reach") & (points.channel == "net")]
    own = own[own.subject == "taker"]
    found = ends.loc[("net", "reach", "taker", "positive")]
    assert found.median_effect == own.effect.median()
    assert found.low <= 0.5 <= found.high


def test_the_page_fits_and_its_numbers_are_cells(study: Study) -> None:
    assert all(len(line) <= WIDTH for line in study.text.splitlines())
    shares = study.tables["leverage_shares"]
    cells = {f"{100 * x:.0f}%" for x in shares.share} | {"95%", "<1%"}
    assert set(re.findall(r"[<\d.]+%", study.text)) <= cells
    assert "as a temptation" in study.text


def test_the_command(tmp_path: Path) -> None:
    (tmp_path / "taking.yaml").write_text(GAME, encoding="utf-8")
    done = simulate("leverage", "taking.yaml", "--box", "--points", "1", "--out", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "OPTION" in done.stdout
    assert len(pd.read_csv(tmp_path / "out" / "leverage_points.csv")) == 8 * 18


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--box", "--points", "3"], "power of two"),
        (["--box", "--joint"], "--joint with --box"),
        (["--points", "4"], "add --box"),
        (["--seed", "4"], "add --box"),
    ],
)
def test_wrong_use_is_refused_with_status_2_and_nothing_written(tmp_path: Path, arguments: list[str], message: str) -> None:
    (tmp_path / "taking.yaml").write_text(GAME, encoding="utf-8")
    done = simulate("leverage", "taking.yaml", *arguments, "--out", "out", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in " ".join(done.stderr.replace("│", " ").split())
    assert not (tmp_path / "out").exists()


def test_a_study_that_is_stopped_goes_on_to_the_same_bytes(tmp_path: Path, study: Study) -> None:
    """Stopped at its 100th answer; no answer is asked for again."""
    scenario = parse_scenario(GAME)
    asked: list[str] = []

    def stopping(questions: Sequence[Question], parameters: Sequence[Parameter], /) -> tuple[Question, ...]:
        def counted(question: Question) -> Question:
            def ask(values: Mapping[str, float]) -> Answer:
                if len(asked) == 100:
                    raise KeyboardInterrupt
                asked.append(question.name)
                return question.ask(values)

            return Question(question.name, ask)

        return book.keeping([counted(question) for question in questions])

    names = [each.name for each in Box.of(scenario).parameters]
    table = tmp_path / "answers.csv"
    book = AnswerBook(names, begin=lambda: table)
    with pytest.raises(KeyboardInterrupt):
        leverage_box_study(scenario, points=4, tolerance=1e-4, keep=stopping)
    known, _ = read_answers(table, names)
    assert len(known) == 100
    asked.clear()
    book = AnswerBook(names, known)
    asked += [""] * 101  # never again
    again = leverage_box_study(scenario, points=4, tolerance=1e-4, keep=stopping)
    assert again.text == study.text
    for name, frame in study.tables.items():
        pd.testing.assert_frame_equal(again.tables[name], frame, check_exact=True)
    assert len(asked) == 101 + 32 * 18 - 100


def test_files_without_a_box_or_instruments_are_refused() -> None:
    with pytest.raises(ScenarioError, match="no instruments"):
        leverage_box_study(parse_scenario(GAME.split("instruments:", maxsplit=1)[0]))
    with pytest.raises(ScenarioError, match="in doubt"):
        leverage_box_study(parse_scenario(re.sub(r"range: \[[^]]*\], ", "", GAME)))
