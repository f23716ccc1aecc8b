"""The command line as a user meets it: files appear whole or not at all, messages name the remedy, exit statuses mean
what they say.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pandas as pd
import pytest

from leverage import load_scenario
from leverage.command_parts import Interruption
from leverage.output.columns import WIDTH
from tests.command_line import simulate, start

ROOT = Path(__file__).parent.parent
WITHDRAWAL = ROOT / "scenarios" / "withdrawal.yaml"

PRISONERS = """\
language: 1
title: Two prisoners
question: Do they keep silent?
players:
  row: {discount: patience}
  column: {discount: patience}
state: {prison: {open: 0}}
start: {prison: open}
parameters:
  patience: {value: 0.6, range: [0.1, 0.9], unit: weight of the next period, source: textbook}
actions:
  row: {silent: always, confess: always}
  column: {silent: always, confess: always}
payoffs:
  row:
    gains:
      both_silent: 3 when row plays silent and column plays silent
      temptation: 5 when row plays confess and column plays silent
      both_confess: 1 when row plays confess and column plays confess
  column:
    gains:
      both_silent: 3 when row plays silent and column plays silent
      temptation: 5 when row plays silent and column plays confess
      both_confess: 1 when row plays confess and column plays confess
measures:
  counts: {confessions: row plays confess}
strategies:
  row: &both
    grim:
      starts: friendly
      phases:
        friendly: {play: silent, until: row plays confess or column plays confess, next: angry}
        angry: {play: confess}
    confess: {always: confess}
  column: *both
"""


@pytest.fixture
def prisoners(tmp_path: Path) -> Path:
    path = tmp_path / "prisoners.yaml"
    path.write_text(PRISONERS)
    return path


def test_main_job_prints_tables_that_fit_80_columns_and_writes_a_whole_folder(tmp_path: Path) -> None:
    done = start(str(WITHDRAWAL), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= WIDTH
    answer = " ".join(line.strip() for line in lines[:10])
    for words in (
        "Best for the intervening power",
        "Settled within 24 months",
        "holding and using cost",
        "Believed?",
        "At the bargaining point",
        "claims stand",
    ):
        assert words in answer
    (folder,) = (tmp_path / "results" / "withdrawal").iterdir()
    expected = [
        *(
            "bargaining.csv",
            "claim_points.csv",
            "claims.csv",
            "equilibria.csv",
            "equilibrium_set.csv",
            "leverage.csv",
            "manifest.json",
            "outcomes.csv",
        ),
        *(
            "parameters.csv",
            "paths.csv",
            "plans.csv",
            "play.csv",
            "report.html",
            "scenario.resolved.yaml",
            "sensitivity.csv",
            "strategies.csv",
            "tables.txt",
            "tipping.csv",
        ),
    ]
    assert sorted(path.name for path in folder.iterdir()) == expected
    assert (folder / "tables.txt").read_text() == done.stdout
    assert json.loads((folder / "manifest.json").read_text())["complete"] is True


def test_two_runs_give_the_same_bytes_in_two_folders(prisoners: Path, tmp_path: Path) -> None:
    for way in (start, simulate):
        assert way(str(prisoners), "--quiet", cwd=tmp_path).returncode == 0
    first, second = sorted((tmp_path / "results" / "prisoners").iterdir())
    names = sorted({path.name for path in first.iterdir()} - {"manifest.json"})
    assert len(names) > 8
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_options_may_stand_before_or_after_the_file(prisoners: Path, tmp_path: Path) -> None:
    before = simulate("-p", "patience=0.5", "--out", "a", str(prisoners), cwd=tmp_path)
    after = simulate("run", str(prisoners), "--out", "b", "--parameter", "patience=0.5", cwd=tmp_path)
    assert before.returncode == after.returncode == 0, before.stderr + after.stderr
    assert before.stdout == after.stdout
    assert "patience = 0.5" in before.stdout


@pytest.mark.parametrize("table_format", ["csv", "parquet", "json"])
def test_formats_hold_the_same_numbers(prisoners: Path, tmp_path: Path, table_format: str) -> None:
    assert simulate(str(prisoners), "--format", table_format, "--out", "run", "-q", cwd=tmp_path).returncode == 0
    readers: dict[str, Callable[..., pd.DataFrame]] = {"csv": pd.read_csv, "parquet": pd.read_parquet, "json": pd.read_json}
    frame = readers[table_format](tmp_path / "run" / f"outcomes.{table_format}")
    value = frame[(frame.selection == "grim against grim") & (frame.subject == "row") & (frame.quantity == "payoff")].value
    assert value.tolist() == pytest.approx([3.0])


def test_resolved_scenario_runs_to_the_same_tables(prisoners: Path, tmp_path: Path) -> None:
    prisoners.write_text(prisoners.read_text() + "variants:\n  patient: {says: p, set: {patience: 0.8}}\n")
    first = simulate(str(prisoners), "--variant", "patient", "--out", "a", cwd=tmp_path)
    second = simulate("a/scenario.resolved.yaml", "--out", "b", cwd=tmp_path)
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    same_table(tmp_path, "outcomes.csv")


def test_the_resolved_withdrawal_is_the_scenario_that_was_asked_for(tmp_path: Path) -> None:
    """In all but what says that it was another file's: so its tables are the same, of which the quickest are made."""
    changes = ("--variant", "no_strikes", "-p", "progress=0.2")
    first = simulate("equilibria", str(WITHDRAWAL), *changes, "--starts", "0", "--out", "a", cwd=tmp_path)
    second = simulate("equilibria", "a/scenario.resolved.yaml", "--starts", "0", "--out", "b", cwd=tmp_path)
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    same_table(tmp_path, "equilibria.csv")
    asked = load_scenario(WITHDRAWAL, {"progress": 0.2}, "no_strikes")
    resolved = load_scenario(tmp_path / "a" / "scenario.resolved.yaml")
    apart = {each.name for each in fields(asked) if getattr(asked, each.name) != getattr(resolved, each.name)}
    assert apart == {"document", "variant", "overrides", "stated"}
    assert resolved.stated == asked.values


def same_table(folder: Path, name: str) -> None:
    """In the runs a and b."""
    a, b = (pd.read_csv(folder / run / name) for run in ("a", "b"))
    pd.testing.assert_frame_equal(a, b, rtol=1e-9, atol=1e-9)


def test_quiet_prints_nothing(prisoners: Path, tmp_path: Path) -> None:
    done = simulate(str(prisoners), "--quiet", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


REFUSED = [
    (["nothing.yaml"], r"nothing\.yaml"),
    (["validat", "x"], r"did you mean 'simulate validate'"),
    (["FILE", "-p", "patiance=0.5"], r"-p patiance=0\.5: there is no parameter 'patiance'\n.*did you mean 'patience'"),
    (["FILE", "-p", "patience=0,5"], r"-p patience=0,5: .*\n.*with a point"),
    (["FILE", "-p", "patience"], r"NAME=VALUE"),
    (["FILE", "-p", "patience=inf"], r"finite number"),
    (["FILE", "-p", "patience=1"], r"discount factor of 'row' is 1"),
    (["FILE", "--variant", "nowhere"], r"--variant nowhere: there is no variant 'nowhere'"),
    (["FILE", "--format", "xlsx"], r"xlsx"),
    (["FILE", "--horizon", "0"], r"horizon"),
    (
        ["show", "FILE", "--state", "prison is opne"],
        r"--state 'prison is opne': there is no level of prison called 'opne'\n.*'open'",
    ),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED, ids=[" ".join(row[0]) for row in REFUSED])
def test_wrong_use_is_refused_with_status_2_and_nothing_written(
    prisoners: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    done = simulate(*[str(prisoners) if word == "FILE" else word for word in arguments], cwd=tmp_path)
    assert done.returncode == 2
    assert re.search(message, done.stderr), done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["prisoners.yaml"]


def test_a_value_given_twice_is_refused(prisoners: Path, tmp_path: Path) -> None:
    new, loaded = (way(str(prisoners), "-p", "patience=0.5", "-p", "patience=0.6", cwd=tmp_path) for way in (start, simulate))
    assert new.returncode == 2
    assert "given twice" in new.stderr
    assert (loaded.returncode, loaded.stdout, loaded.stderr) == (new.returncode, new.stdout, new.stderr)


def test_a_pipe_is_no_scenario(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    done = start("pipe.yaml", cwd=tmp_path, timeout=30)
    assert done.returncode == 2
    assert "a pipe or a device" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device to write to")
def test_a_full_disk_under_the_output_is_one_message(prisoners: Path, tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "leverage", "validate", str(prisoners)],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "standard output cannot be written" in done.stderr


def test_a_variant_that_is_wrong_is_told_by_name(prisoners: Path, tmp_path: Path) -> None:
    prisoners.write_text(prisoners.read_text() + "variants:\n  lax: {set: {patience: 2}}\n")
    done = simulate("validate", str(prisoners), cwd=tmp_path)
    assert done.returncode == 2
    assert "(in the variant 'lax')" in done.stderr
    assert not done.stdout


def test_an_existing_folder_is_never_overwritten(prisoners: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    done = simulate(str(prisoners), "--out", "mine", cwd=tmp_path)
    assert done.returncode == 2
    assert "never overwritten" in done.stderr
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_runs_at_the_same_time_get_folders_of_their_own(prisoners: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "leverage", str(prisoners), "-q"]
    together = [subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE) for _ in range(3)]
    assert [process.wait(timeout=60) for process in together] == [0, 0, 0]
    for process in together:
        process.stderr.close()  # type: ignore[union-attr]
    folders = list((tmp_path / "results" / "prisoners").iterdir())
    assert len(folders) == 3
    assert all((folder / "manifest.json").exists() for folder in folders)


def test_interruption_leaves_nothing_and_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "leverage", str(WITHDRAWAL), "--out", "run"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        time.sleep(1.5)  # it is importing or solving; the whole run takes longer. A library may swallow the first exception.
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in error
    assert "Traceback" not in error
    assert not list(tmp_path.iterdir())


def test_signals_that_come_together_are_one_wish_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one would break off what tidies up after the first one; `nohup` keeps the end of a terminal away."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    monkeypatch.setattr(Interruption, "came", False)
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    try:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        interruption = Interruption()
        interruption.listen()
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            interruption.heed()
        monkeypatch.setattr("leverage.command_parts.ONE_WISH", 0.0)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def test_an_interruption_while_python_ends_changes_nothing(tmp_path: Path) -> None:
    program = """
import atexit, os, signal, sys
import leverage.__main__ as entry
import leverage.cli as cli
cli.main = lambda: sys.exit(3)
atexit.register(os.kill, os.getpid(), signal.SIGINT)
entry.main()
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (3, "")


def test_an_interruption_that_a_library_makes_another_error_of_is_one(tmp_path: Path) -> None:
    """As numpy does while it is being loaded."""
    program = """
import os, signal, sys
import leverage.__main__ as entry
import leverage.cli as cli
from leverage.command_parts import Interruption

def start():
    Interruption().listen()
    try:
        os.kill(os.getpid(), signal.SIGINT)
        while True: pass
    except KeyboardInterrupt as error:
        raise ImportError("it failed to import") from error

cli.main = start
entry.main()
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "interrupted\n")


def test_a_reader_that_leaves_early_is_no_error(prisoners: Path, tmp_path: Path) -> None:
    command = f"set -o pipefail; '{sys.executable}' -m leverage '{prisoners}' | head -n 1"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Two prisoners")


def test_version_help_validate_schema_show(prisoners: Path, tmp_path: Path) -> None:
    assert re.fullmatch(r"leverage \d+\.\d+\.\d+\n", start("--version", cwd=tmp_path).stdout)
    help_text = start("--help", cwd=tmp_path).stdout
    assert all(word in help_text for word in ("validate", "schema", "show", "FILE"))
    assert "no faults. 1 state," in start("validate", str(prisoners), cwd=tmp_path).stdout
    assert json.loads(start("schema", cwd=tmp_path).stdout)["title"] == "ScenarioFile"
    assert "confess / confess" in start("show", str(prisoners), "--state", "prison is open", cwd=tmp_path).stdout
    assert [path.name for path in tmp_path.iterdir()] == ["prisoners.yaml"]


def test_example_prints_a_shipped_scenario(tmp_path: Path) -> None:
    assert start("example", "withdrawal", cwd=tmp_path).stdout == WITHDRAWAL.read_text()
    refused = simulate("example", "withdrawl", cwd=tmp_path)
    assert refused.returncode == 2
    assert "did you mean 'withdrawal'" in refused.stderr


def test_help_imports_nothing_heavy() -> None:
    code = "import sys, leverage.cli; print(sorted({'numpy', 'scipy', 'pandas', 'pydantic'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
