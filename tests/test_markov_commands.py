"""The commands about Markov play as a user meets them: pages of 80 columns, tidy tables, refusals, interruption."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pandas as pd
import pytest

from leverage.output.columns import WIDTH
from tests.command_line import simulate, start
from tests.test_cli import WITHDRAWAL

HEAD = """\
language: 1
title: A game with one state
question: What is played?
state: {x: {only: 0}}
start: {x: only}
"""
STAG = (
    HEAD
    + """\
players: {first: {discount: 0.5}, second: {discount: 0.5}}
parameters: {sure: {value: 1, range: [0.5, 3.5], unit: points, source: textbook}, fixed: {value: 4}}
actions: {first: {stag: always, hare: always}, second: {stag: always, hare: always}}
payoffs:
  first: {gains: {hunt: fixed when first plays stag and second plays stag, meal: sure when first plays hare}}
  second: {gains: {hunt: fixed when first plays stag and second plays stag, meal: sure when second plays hare}}
measures: {counts: {hares: first plays hare}}
"""
)
PENNIES = (
    HEAD
    + """\
players: {even: {discount: 0.5}, odd: {discount: 0.5}}
parameters: {stake: {value: 1, range: [0.5, 3], unit: points, source: textbook}}
actions: {even: {heads: always, tails: always}, odd: {heads: always, tails: always}}
payoffs:
  even:
    gains:
      both_heads: stake when even plays heads and odd plays heads
      both_tails: 1 when even plays tails and odd plays tails
  odd: {gains: {miss: 1 when even plays heads and odd plays tails or even plays tails and odd plays heads}}
"""
)
ALONE = (
    HEAD
    + """\
players: {chooser: {discount: 0.5}}
parameters: {prize: {value: 0.2, range: [0, 1], unit: points, source: textbook}}
actions: {chooser: {risky: always, safe: always}}
payoffs: {chooser: {gains: {prize: prize when chooser plays risky, wage: 0.5 when chooser plays safe}}}
"""
)
VOTERS = (
    HEAD
    + """\
players: {a: {discount: 0.5}, b: {discount: 0.4}, c: {discount: 0.3}}
parameters: {worth: {value: 1, range: [0.5, 2], unit: points, source: textbook}}
actions: {a: {yes: always, no_vote: always}, b: {yes: always, no_vote: always}, c: {yes: always, no_vote: always}}
payoffs:
  a: {gains: {v: worth when a plays yes and b plays yes, w: 0.4 when a plays no_vote}}
  b: {gains: {v: worth when b plays yes and c plays yes, w: 0.4 when b plays no_vote}}
  c: {gains: {v: worth when c plays yes and a plays yes, w: 0.4 when c plays no_vote}}
"""
)
FILES = {"stag": STAG, "pennies": PENNIES, "alone": ALONE, "voters": VOTERS}
COMMANDS = {
    "equilibria": (["equilibria"], ["equilibria.csv", "equilibria_play.csv"]),
    "noise": (["noise"], ["noisy_play.csv"]),
    "follow": (["follow", "--parameter"], ["branch.csv", "branch_events.csv", "branch_selection.csv"]),
}
PARAMETER = {"stag": "sure", "pennies": "stake", "alone": "prize", "voters": "worth"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    return tmp_path


def made(folder: Path, *arguments: str, way: Callable[..., CompletedProcess[str]] = simulate) -> tuple[str, Path]:
    """The printed page, and the folder that was written."""
    done = way(*arguments, "--out", "run", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= WIDTH
    assert (folder / "run" / "tables.txt").read_text() == done.stdout
    return done.stdout, folder / "run"


@pytest.mark.parametrize("scenario", FILES)
@pytest.mark.parametrize("command", COMMANDS)
def test_pages_fit_and_folders_are_whole(folder: Path, command: str, scenario: str) -> None:
    arguments, tables = COMMANDS[command]
    words = [*arguments, PARAMETER[scenario]] if command == "follow" else arguments
    _, written = made(folder, words[0], f"{scenario}.yaml", *words[1:])
    expected = sorted([*tables, "manifest.json", "scenario.resolved.yaml", "tables.txt"])
    assert sorted(path.name for path in written.iterdir()) == expected
    assert json.loads((written / "manifest.json").read_text())["scenario"] == f"{scenario}.yaml"


# --- equilibria --------------------------------------------------------------------------------------------------------


def payoffs_of(frame: pd.DataFrame, subject: str) -> list[float]:
    return frame[(frame.subject == subject) & (frame.quantity == "payoff")].value.tolist()


def test_the_three_equilibria_of_a_stag_hunt_are_listed_and_known_to_be_all(folder: Path) -> None:
    page, written = made(folder, "equilibria", "stag.yaml")
    frame = pd.read_csv(written / "equilibria.csv")
    assert sorted(payoffs_of(frame, "first")) == pytest.approx([1.0, 1.0, 4.0])
    assert frame[frame.selected].equilibrium.unique().tolist() == [1]
    assert payoffs_of(frame, "first")[0] == pytest.approx(4.0)
    assert sorted(frame.groupby("equilibrium").kind.first()) == ["mixed", "pure", "pure"]
    assert "3 different Markov equilibria found" in page
    assert "Complete: there is no other, pure or mixed." in " ".join(page.split())
    play = pd.read_csv(written / "equilibria_play.csv")
    mixed = frame[frame.kind == "mixed"].equilibrium.iloc[0]
    chance = play[(play.equilibrium == mixed) & (play.player == "second") & (play.action == "stag")].chance
    assert chance.tolist() == pytest.approx([0.25])  # 4 p = 1


def test_the_main_job_says_multiplicity_and_its_rule(folder: Path) -> None:
    page, written = made(folder, "stag.yaml")
    words = " ".join(page.split())
    assert "Markov perfect (1 of 3)" in words
    assert "The point prediction (number 1) is selected as the limit of the logit path from uniform play." in words
    assert sorted(payoffs_of(pd.read_csv(written / "equilibria.csv"), "second")) == pytest.approx([1.0, 1.0, 4.0])
    assert json.loads((written / "manifest.json").read_text())["markov_equilibria"]


def test_more_starts_than_none_find_more_and_the_page_counts_them(folder: Path) -> None:
    page, _ = made(folder, "equilibria", "voters.yaml", "--starts", "0")
    assert "by 7 searches" in page
    assert "Complete as to pure ones; there may be more mixed ones." in " ".join(page.split())


# --- noisy play --------------------------------------------------------------------------------------------------------


def test_noisy_play_runs_from_random_play_to_the_equilibrium(folder: Path) -> None:
    page, written = made(folder, "noise", "stag.yaml")
    frame = pd.read_csv(written / "noisy_play.csv")
    assert list(frame.columns) == ["precision", "subject", "quantity", "value", "unit", "certificate"]
    gets = frame[(frame.subject == "first") & (frame.quantity == "payoff")].set_index("precision").value
    assert gets.iloc[0] == pytest.approx(0.25 * 4 + 0.5 * 1)
    assert gets.index[-1] == float("inf")
    assert gets.iloc[-1] == pytest.approx(4.0)
    assert gets.index.is_monotonic_increasing
    assert "it is the point prediction of the main run" in " ".join(page.split())
    assert (frame[frame.quantity == "distance from the logit response"].value.dropna() < 1e-8).all()


def test_stated_precisions_are_the_rows_in_rising_order(folder: Path) -> None:
    _, written = made(folder, "noise", "alone.yaml", "--precision", "2", "--precision", "0")
    frame = pd.read_csv(written / "noisy_play.csv")
    gets = frame[frame.quantity == "payoff"].set_index("precision").value
    assert gets.index.tolist() == [0.0, 2.0, float("inf")]
    # one choice a period: chances as 1 : exp(2 x 0.3), unnormalised values differ by today's payoff alone
    safe = 1 / (1 + 2.718281828459045 ** (-2 * 0.3))
    assert gets.tolist() == pytest.approx([0.35, 0.5 * safe + 0.2 * (1 - safe), 0.5])


# --- following -----------------------------------------------------------------------------------------------------------


def test_a_mixed_equilibrium_is_followed_to_known_payoffs(folder: Path) -> None:
    page, written = made(folder, "follow", "pennies.yaml", "--parameter", "stake")
    frame = pd.read_csv(written / "branch.csv")
    gets = frame[(frame.subject == "even") & (frame.quantity == "payoff")]
    assert gets.theta.min() == 0.5
    assert gets.theta.max() == 3.0
    assert gets.value.tolist() == pytest.approx((gets.theta / (1 + gets.theta)).tolist(), abs=1e-9)
    assert pd.read_csv(written / "branch_events.csv").empty
    assert "Nothing: no action enters or leaves play" in page
    assert not pd.read_csv(written / "branch_selection.csv").selection_jumped.any()


def test_the_selection_jumps_where_another_equilibrium_becomes_less_risky(folder: Path) -> None:
    page, written = made(folder, "follow", "stag.yaml", "--parameter", "sure", "--values", "7")
    frame = pd.read_csv(written / "branch_selection.csv").set_index("theta")
    assert frame.index.tolist() == [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5]
    assert frame.first_continued.tolist() == pytest.approx([4.0] * 7)
    assert not frame.selection_jumped[[0.5, 1.0, 1.5]].any()
    assert frame.selection_jumped[[2.5, 3.0, 3.5]].all()
    assert frame.distance[[2.5, 3.0, 3.5]].tolist() == pytest.approx([1.5, 1.0, 0.5])
    assert "Selection jumped at" in page


def test_a_switch_is_told_in_one_sentence_and_as_two_events(folder: Path) -> None:
    page, written = made(folder, "follow", "alone.yaml", "--parameter", "prize")
    assert "At prize = 0.5 chooser turns from 'safe' to 'risky' in state 'x only'." in " ".join(page.split())
    events = pd.read_csv(written / "branch_events.csv")
    assert events.kind.tolist() == ["enters", "leaves"]
    assert events.theta.tolist() == pytest.approx([0.5, 0.5])
    gets = pd.read_csv(written / "branch_selection.csv")
    assert gets.chooser_continued.tolist() == pytest.approx([max(0.5, theta) for theta in gets.theta])


def test_other_parameters_may_be_set_and_the_range_given(folder: Path) -> None:
    page, written = made(folder, "follow", "stag.yaml", "-p", "sure", "-p", "fixed=3", "--from", "1", "--to", "1.4", way=start)
    assert "fixed = 3" in page
    assert pd.read_csv(written / "branch.csv").theta.agg(["min", "max"]).tolist() == [1.0, 1.4]


# --- wrong use -----------------------------------------------------------------------------------------------------------

REFUSED = [
    (["equilibria", "nothing.yaml"], r"nothing\.yaml"),
    (["equilibria", "stag.yaml", "--starts", "-1"], r"--starts.*greater than or equal to 0"),
    (["equilibria", "stag.yaml", "-p", "sur=1"], r"did you mean 'sure'"),
    (["equilibria", "stag.yaml", "--variant", "no"], r"there is no variant 'no'"),
    (["noise", "stag.yaml", "--precision", "-0.1"], r"--precision.*greater than or equal to 0"),
    (["noise", "stag.yaml", "--precision", "nan"], r"greater than or equal to 0"),
    (["noise", "stag.yaml", "--precision", "inf"], r"finite number"),
    (["follow", "stag.yaml"], r"--parameter"),
    (["follow", "stag.yaml", "--parameter", "sur"], r"no parameter 'sur'\n.*did you mean 'sure'"),
    (["follow", "stag.yaml", "--parameter", "fixed"], r"no plausible range in the file\n.*--from LOW --to HIGH"),
    (["follow", "stag.yaml", "--parameter", "sure", "--from", "2"], r"does not contain the value of 'sure', 1"),
    (["follow", "stag.yaml", "--parameter", "sure", "--from", "3", "--to", "2"], r"the range is empty"),
    (["follow", "stag.yaml", "--parameter", "sure", "--to", "inf"], r"finite number"),
    (["follow", "stag.yaml", "-p", "sure", "-p", "fixed"], r"one parameter to follow in"),
    (["follow", "stag.yaml", "-p", "sure", "--values", "1"], r"greater than or equal to 2"),
    (["noise", "stag.yaml", "--out", "pennies.yaml"], r"never overwritten"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED, ids=[" ".join(row[0]) for row in REFUSED])
def test_wrong_use_is_refused_with_status_2_and_nothing_written(folder: Path, arguments: list[str], message: str) -> None:
    before = sorted(path.name for path in folder.iterdir())
    done = simulate(*arguments, cwd=folder)
    assert done.returncode == 2
    assert re.search(message, " ".join(done.stderr.split("│")).replace("\n ", "\n"), re.DOTALL), done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in folder.iterdir()) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["equilibria", "--starts", "30"],
        ["noise", "--variant", "seven_levels"],  # the file itself takes little more than the program takes to load
        ["follow", "--parameter", "presence_cost"],
        ["patience", "--least", "power=0", "--of", "power"],
    ],
    ids=lambda a: a[0],
)
def test_interruption_leaves_nothing(tmp_path: Path, arguments: list[str]) -> None:
    command = [sys.executable, "-m", "leverage", arguments[0], str(WITHDRAWAL), *arguments[1:], "--out", "run"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in error
    assert "Traceback" not in error
    assert not list(tmp_path.iterdir())


def test_default_folders_are_told_apart_and_never_overwritten(folder: Path) -> None:
    for way in (start, simulate):
        assert way("noise", "alone.yaml", "--quiet", cwd=folder).returncode == 0
    assert start("equilibria", "alone.yaml", "--quiet", cwd=folder).returncode == 0
    names = sorted(path.name for path in (folder / "results" / "alone").iterdir())
    assert [name.split("-")[0] for name in names] == ["equilibria", "noise", "noise"]
    assert names[2] == f"{names[1]}-2"
