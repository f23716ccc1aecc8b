"""leverage.csv, joint_effect.csv and what is printed of them; the command `simulate leverage`."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from leverage.analysis.joint_effect import joint_rows
from leverage.analysis.leverage import leverage_rows
from leverage.analysis.point import Point
from leverage.analysis.worlds import Worlds
from leverage.loading import parse_scenario
from leverage.output.columns import WIDTH, numbered
from leverage.output.leverage import (
    JOINT_COLUMNS,
    LEVERAGE_COLUMNS,
    joint_frame,
    joint_sections,
    leverage_frame,
    leverage_sections,
)
from leverage.output.page import Page
from leverage.scenario.scenario import Scenario
from leverage.studies import leverage_study
from tests.command_line import simulate, start
from tests.conftest import ROOT
from tests.dilemma import DILEMMA
from tests.leverage_games import COMPLEMENTS, borrower, complements, unused_threat

SMALL = ROOT / "tests" / "data" / "small.yaml"
NO_INSTRUMENTS = COMPLEMENTS[: COMPLEMENTS.index("instruments:")]


def page_of(scenario: Scenario, tolerance: float) -> tuple[str, pd.DataFrame]:
    point = Point(Worlds(scenario), scenario.values, tolerance=tolerance)
    rows = leverage_rows(point)
    return "\n".join(numbered(leverage_sections(Page(scenario, point.game()), rows))), leverage_frame(rows)


def block(text: str, label: str) -> list[str]:
    """The line that begins with the label and the two with its bounds."""
    lines = text.split("\n")
    at = next(k for k, line in enumerate(lines) if line.startswith(label))
    return lines[at : at + 3]


def test_the_table_of_a_threat_by_hand() -> None:
    text, _ = page_of(unused_threat(), 1e-6)
    assert block(text, "threat")[0].split() == ["threat", "0.75", "0.00", "-1.50", "0.00", "0.00", "0.00", "0"]
    assert block(text, " as a threat")[0].split()[3:] == ["0.75", "0.00", "-1.50", "0.00"]
    assert block(text, " as a temptation")[0].split()[3:] == ["0.00", "0.00", "0.00", "0.00"]
    assert block(text, "threat")[1].split() == ["at", "least", "0.75", "0.00", "-1.50", "0.00", "0.00"]


def test_a_sign_that_bounds_leave_open_is_marked() -> None:
    text, frame = page_of(parse_scenario(SMALL.read_text(encoding="utf-8")), 0.1)
    reach = frame[(frame["measure"] == "reach") & (frame["subject"] == "power") & (frame["channel"] == "commitment")]
    assert reach["sign"].tolist() == ["cannot be told"]
    assert block(text, " as a temptation")[0].split()[4].endswith("?")


def test_a_loss_is_printed_with_its_sign_and_what_has_no_number_with_its_reason() -> None:
    text, _ = page_of(borrower(), 1e-6)
    assert block(text, "keeping")[0].split()[1:5] == ["-2.00", "-2.00", "-1.00", "-2.00"]
    assert "* No number for keeping, price a unit: there is no gain before the price." in text.replace("\n  ", " ")


def test_printed_numbers_are_cells_of_the_table() -> None:
    scenario = parse_scenario(SMALL.read_text(encoding="utf-8"))
    text, frame = page_of(scenario, 0.1)
    numbers = re.findall(r"-?\d+\.\d+(?=\??(?:\s|$))", text[: text.index("* returning")])
    assert len(numbers) > 30
    turned = frame["measure"].isin(["coercion", "own floor"]).map({True: -1.0, False: 1.0})  # falls there, changes in print
    cells = {f"{x:.{d}f}" for name in ("effect", "low", "high") for x in (turned * frame[name]).dropna() for d in (1, 2)}
    assert set(numbers) <= cells | {cell.lstrip("-") for cell in cells if float(cell) == 0}


@pytest.mark.parametrize("scenario", [unused_threat(), borrower(), complements()], ids=lambda s: s.title)
def test_everything_fits_80_columns(scenario: Scenario) -> None:
    study = leverage_study(scenario, joint=True, tolerance=0.1)
    assert max(map(len, study.text.split("\n"))) <= WIDTH


def test_frames_are_tidy() -> None:
    scenario = complements()
    point = Point(Worlds(scenario), scenario.values)
    frame, joint = leverage_frame(leverage_rows(point)), joint_frame(joint_rows(point), "points")
    assert tuple(frame.columns) == LEVERAGE_COLUMNS
    assert not frame.duplicated(["instrument", "selection", "channel", "measure", "subject"]).any()
    assert (frame["with"] - frame["without"])[frame["measure"] == "gain"].tolist() == frame["effect"][
        frame["measure"] == "gain"
    ].tolist()
    assert tuple(joint.columns) == JOINT_COLUMNS
    assert not joint.duplicated(["selection", "measure", "instrument", "other_instrument", "player"]).any()
    pair = joint[(joint["measure"] == "interaction") & (joint["player"] == "holder")]
    assert pair[["instrument", "other_instrument"]].drop_duplicates().to_numpy().tolist() == [["left_key", "right_key"]]
    assert leverage_frame(()).empty
    assert joint_frame((), "points").empty


def test_shares_are_printed_with_the_whole() -> None:
    scenario = complements()
    point = Point(Worlds(scenario), scenario.values, tolerance=1e-6)
    lines = "\n".join(numbered(joint_sections(Page(scenario, point.game()), joint_rows(point)))).split("\n")
    told = {line[:26].strip(): line[26:].split() for line in lines}
    assert told["share of left key"] == told["share of right key"] == ["3.00"] * 3
    assert told["left key and right key"] == told["all together"] == ["6.00"] * 3


def test_sections_of_two_holders_are_numbered_one_after_the_other() -> None:
    text = re.sub(r"(post|haste): {holder: a", r"\1: {holder: b", DILEMMA.read_text(encoding="utf-8"))
    scenario = parse_scenario(re.sub(r"  (dear_post|word): .*\n", "", text))
    assert [each.holder for each in scenario.instruments] == [0, 0, 1, 1]
    heads = re.findall(
        r"^(\d+) (WHAT EACH INSTRUMENT|INSTRUMENTS OF)", leverage_study(scenario, joint=True, tolerance=0.1).text, re.M
    )
    assert [int(number) for number, _ in heads] == list(range(1, len(heads) + 1))
    assert [words for _, words in heads] == ["WHAT EACH INSTRUMENT"] * 2 + ["INSTRUMENTS OF"] * 2


def test_without_instruments_nothing_is_printed_and_the_command_says_what_to_do(tmp_path: Path) -> None:
    assert page_of(parse_scenario(NO_INSTRUMENTS), 0.1)[0] == ""
    file = tmp_path / "bare.yaml"
    file.write_text(NO_INSTRUMENTS, encoding="utf-8")
    done = simulate("leverage", str(file), "--out", str(tmp_path / "out"), cwd=tmp_path)
    assert done.returncode == 2
    assert "no instruments" in done.stderr
    assert "name under 'instruments:'" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_command_writes_both_tables_and_prints_the_page(tmp_path: Path) -> None:
    file = tmp_path / "keys.yaml"
    file.write_text(COMPLEMENTS, encoding="utf-8")
    done = start("leverage", str(file), "--joint", "--tolerance", "0.1", "--out", str(tmp_path / "out"), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert {each.name for each in (tmp_path / "out").iterdir()} >= {"leverage.csv", "joint_effect.csv", "manifest.json"}
    assert "WHAT EACH INSTRUMENT IS WORTH TO HOLDER" in done.stdout
    assert "INSTRUMENTS OF HOLDER TOGETHER" in done.stdout
    written = pd.read_csv(tmp_path / "out" / "leverage.csv")
    assert set(written["instrument"]) == {"left_key", "right_key"}


def test_a_tolerance_that_is_none_is_refused(tmp_path: Path) -> None:
    done = simulate("leverage", str(SMALL), "--tolerance", "2", "--out", str(tmp_path / "out"), cwd=tmp_path)
    assert done.returncode == 2
    assert "--tolerance" in done.stderr
    assert "between 0 and 1" in " ".join(done.stderr.replace("│", " ").split())
