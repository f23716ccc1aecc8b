"""A folder made again: the same bytes, numbers within their certificates, or what is not as it was, cell by cell."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from leverage import Run, load_scenario, run
from leverage.cli import app
from leverage.comparison.agreement import ROUNDING, table_agreement
from leverage.comparison.reproduction import reproduced
from leverage.comparison.reproduction_page import reproduction_text
from leverage.errors import FolderError
from leverage.loading import parse_scenario
from leverage.output.columns import WIDTH
from leverage.output.files import run_tables, write_run
from leverage.reruns import RERUNS, reproduce
from leverage.writing.run_folder import RunFolder

DATA = Path(__file__).parents[1] / "data"
SMALL, DILEMMA = DATA / "small.yaml", DATA / "dilemma.yaml"
NAN = math.nan


def frame(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame(columns)


OUTCOMES = frame(selection=["a", "b"], value=[1.0, 100.0], certificate=[0.25, 0.0])
LEVERAGE = frame(effect=[1.0], low=[0.5], high=[1.5], sign=["positive"])

#: Name of a table, what the folder has, what is made now, and whether they agree.
CELLS: dict[str, tuple[str, pd.DataFrame, pd.DataFrame, str]] = {
    "the same": ("outcomes", OUTCOMES, OUTCOMES, "within"),
    "within both certificates": ("outcomes", OUTCOMES, OUTCOMES.assign(value=[1.5, 100.0]), "within"),
    "beyond both certificates": ("outcomes", OUTCOMES, OUTCOMES.assign(value=[1.6, 100.0]), "beyond"),
    "rounding": ("outcomes", OUTCOMES, OUTCOMES.assign(value=[1.0, 100.0 + 50 * ROUNDING]), "within"),
    "more than rounding": ("outcomes", OUTCOMES, OUTCOMES.assign(value=[1.0, 100.0 + 200 * ROUNDING]), "beyond"),
    "another word": ("outcomes", OUTCOMES, OUTCOMES.assign(selection=["a", "c"]), "beyond"),
    "no number": ("outcomes", OUTCOMES, OUTCOMES.assign(value=[NAN, 100.0]), "beyond"),
    "no number in either": ("outcomes", OUTCOMES.assign(value=[NAN, 1.0]), OUTCOMES.assign(value=[NAN, 1.0]), "within"),
    "endless in one": ("outcomes", OUTCOMES, OUTCOMES.assign(value=[math.inf, 100.0]), "beyond"),
    "endless in both": ("outcomes", OUTCOMES.assign(value=[math.inf, 1]), OUTCOMES.assign(value=[math.inf, 1]), "within"),
    "an unknown certificate bounds nothing": (
        "outcomes",
        OUTCOMES.assign(certificate=[NAN, 0.0]),
        OUTCOMES.assign(certificate=[NAN, 0.0], value=[1.1, 100.0]),
        "beyond",
    ),
    "within bounds beside it": ("leverage", LEVERAGE, LEVERAGE.assign(effect=[2.5]), "within"),
    "beyond bounds beside it": ("leverage", LEVERAGE, LEVERAGE.assign(effect=[3.5]), "beyond"),
    "bounds of another table are none": ("parameters", LEVERAGE, LEVERAGE.assign(effect=[1.1]), "beyond"),
    "fewer rows": ("outcomes", OUTCOMES, OUTCOMES[:1], "beyond"),
    "other columns": ("outcomes", OUTCOMES, OUTCOMES.drop(columns="value"), "beyond"),
    "no rows": ("outcomes", OUTCOMES[:0], OUTCOMES[:0], "within"),
}


@pytest.mark.parametrize("kind", CELLS)
def test_cells_agree_within_what_bounds_them(kind: str) -> None:
    name, before, now, expected = CELLS[kind]
    found = table_agreement(name, before, now)
    assert found.agreement == expected
    assert found.agrees == (expected == "within")
    assert bool(found.cells or found.note) == (expected == "beyond")


def test_a_cell_is_told_with_its_place() -> None:
    (cell,) = table_agreement("outcomes", OUTCOMES, OUTCOMES.assign(value=[1.0, 90.0])).cells
    assert (cell.column, cell.row, cell.before, cell.now) == ("value", 2, "100.0", "90.0")


# --- a run -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def changed_run() -> Run:
    """Everything that a resolved file has to keep: a variant that replaces an action, a value outside its range, a horizon."""
    text = SMALL.read_text(encoding="utf-8").replace("forbid: [stall]", "forbid: {redeploy: hold}")
    return run(parse_scenario(text, {"stake": 30, "patience": 0.8}, "slow"), horizon=3)


@pytest.mark.parametrize("table_format", ["csv", "parquet", "json"])
def test_a_run_comes_out_the_same_byte_for_byte(table_format: str, changed_run: Run, tmp_path: Path) -> None:
    folder = write_run(changed_run, "text", tmp_path / "run", table_format, 0.0)
    found = reproduce(folder)
    assert {each.name: each.agreement for each in found.tables if each.agreement != "identical"} == {}
    assert len(found.tables) == 14
    assert found.agrees
    assert not found.versions
    assert "all 14 tables are the same, byte for byte" in reproduction_text(found)


def rehash(folder: Path, name: str) -> None:
    """The manifest as if the file had been written so."""
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))


def edit_cell(folder: Path, column: str, change: Callable[[float], float]) -> None:
    outcomes = pd.read_csv(folder / "outcomes.csv", dtype=str, keep_default_na=False)
    outcomes[column] = outcomes[column].where(outcomes.index != 0, repr(change(float(outcomes[column].iloc[0]))))
    outcomes.to_csv(folder / "outcomes.csv", index=False, lineterminator="\n")


def edit_manifest(folder: Path, **changes: object) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    kept = {key: value for key, value in {**manifest, **changes}.items() if value is not None}
    (folder / "manifest.json").write_text(json.dumps(kept))


def edit_number(folder: Path) -> None:
    edit_cell(folder, "value", lambda value: value + 1)
    rehash(folder, "outcomes.csv")


def edit_rounding(folder: Path) -> None:
    edit_cell(folder, "value", lambda value: value * (1 + 1e-13))
    rehash(folder, "outcomes.csv")


def edit_scenario(folder: Path) -> None:
    file = folder / "scenario.resolved.yaml"
    file.write_text(file.read_text().replace("half life: 6", "half life: 9"))
    rehash(folder, "scenario.resolved.yaml")


#: What is done to a folder, whether its numbers agree, and what the page says.
EDITS: dict[str, tuple[Callable[[Path], object], bool, str]] = {
    "nothing": (lambda folder: None, True, "all 14 tables are the same, byte for byte"),
    "a number": (edit_number, False, "1 table beyond the certificates"),
    "a number's last digits": (edit_rounding, True, "of 14 tables 13 are the same bytes, 1 table within the certificates"),
    "a number, noticed by its hash": (
        lambda folder: edit_cell(folder, "value", lambda value: value * (1 + 1e-13)),
        False,
        "outcomes.csv changed since the folder was made",
    ),
    "a table is gone": (
        lambda folder: (folder / "claims.csv").unlink(),
        False,
        "claims.csv no longer there; 1 table missing",
    ),
    "a table that is no run's": (
        lambda folder: (folder / "mine.csv").write_text("a\n1\n"),
        False,
        "1 table that nothing makes again",
    ),
    "the page": (lambda folder: (folder / "tables.txt").write_text("other"), False, "tables.txt changed since"),
    "a folder of an earlier version": (
        lambda folder: edit_manifest(folder, files=None, kind=None, options=None),
        True,
        "Its manifest has no hashes",
    ),
    "other libraries": (
        lambda folder: edit_manifest(folder, versions={"leverage": "0.0.9"}),
        True,
        "leverage 0.0.9 then",
    ),
}


@pytest.mark.parametrize("kind", EDITS)
def test_what_is_not_as_it_was_is_said(kind: str, small: Run, tmp_path: Path) -> None:
    edit, agrees, said = EDITS[kind]
    folder = write_run(small, "text", tmp_path / "run", "csv", 0.0)
    edit(folder)
    found = reproduced(lambda scenario, options, tell: run_tables(small), RunFolder.open(folder), lambda phrase: None)
    text = reproduction_text(found)
    assert found.agrees == agrees
    assert said in " ".join(text.split()), text
    assert max(map(len, text.splitlines())) <= WIDTH
    assert ("does NOT come out the same" in text) != agrees


def test_another_scenario_in_the_folder_makes_other_tables(small: Run, tmp_path: Path) -> None:
    folder = write_run(small, "text", tmp_path / "run", "csv", 0.0)
    edit_scenario(folder)
    found = reproduce(folder)
    assert not found.agrees
    assert "tables beyond the certificates" in reproduction_text(found)
    assert {each.name: each.agrees for each in found.tables}["parameters"]


#: What is done to a folder, and why it is not made again.
REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "no manifest": (lambda folder: (folder / "manifest.json").unlink(), "has no manifest.json"),
    "no scenario": (lambda folder: (folder / "scenario.resolved.yaml").unlink(), "scenario.resolved.yaml is missing"),
    "an unknown kind": (lambda folder: edit_manifest(folder, kind="poem"), "of the kind 'poem' is not made again"),
    "a sweep": (lambda folder: edit_manifest(folder, kind="sweep", run=None, start=None), "not the folder of a sweep"),
    "a study without its options": (
        lambda folder: edit_manifest(folder, kind="stress", options=None),
        "of the kind 'stress' is not made again",
    ),
    "a study of an earlier version": (lambda folder: edit_manifest(folder, kind=None, start=None), "does not say what made"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_folder_that_does_not_say_enough_is_refused(kind: str, small: Run, tmp_path: Path) -> None:
    edit, message = REFUSED[kind]
    folder = write_run(small, "text", tmp_path / "run", "csv", 0.0)
    edit(folder)
    with pytest.raises(FolderError, match=message):
        reproduce(folder)


# --- studies -----------------------------------------------------------------------------------------------------------

#: By kind of folder, a command that makes one.
STUDIES: dict[str, list[str]] = {
    "leverage": ["leverage", str(DILEMMA), "--joint", "--tolerance", "0.03", "-p", "fee=2.5"],
    "leverage-box": ["leverage", str(DILEMMA), "--box", "--points", "1", "--seed", "3"],
    "stress": ["stress", str(SMALL), "--points", "1", "--values", "3", "--budget", "40", "--seed", "2"],
    "when": ["when", str(SMALL), "payoff(power, tied) > payoff(power, stay)", "--under", "tied against sulk", "--points", "1",
             "--budget", "40"],
    "explain": ["explain", str(SMALL), "--claim", "A1", "--budget", "20"],
    "equilibria": ["equilibria", str(DILEMMA), "--starts", "2"],
    "credible": ["credible", str(SMALL), "--tolerance", "0.01", "--variant", "slow"],
    "noise": ["noise", str(DILEMMA), "--precision", "0.5", "--precision", "2"],
    "patience": ["patience", str(DILEMMA), "--play", "grim_a", "--play", "grim_b", "--points", "5"],
    "follow": ["follow", str(DILEMMA), "-p", "fee", "--values", "3", "--from", "0.5"],
}  # fmt: skip


def test_every_kind_of_folder_is_tried() -> None:
    assert set(STUDIES) == set(RERUNS) - {"run"}


@pytest.mark.parametrize("kind", STUDIES)
def test_a_study_comes_out_the_same_byte_for_byte(kind: str, tmp_path: Path) -> None:
    made = CliRunner().invoke(app, [*STUDIES[kind], "--out", str(tmp_path / "study"), "--quiet"])
    assert made.exit_code == 0, made.output
    found = reproduce(tmp_path / "study")
    assert found.kind == kind
    assert found.agrees, reproduction_text(found)
    assert {each.agreement for each in found.tables} == {"identical"}


@pytest.mark.slow
def test_a_comparison_comes_out_the_same_byte_for_byte(small: Run, tmp_path: Path) -> None:
    """Sides of every kind: a folder, a variant, a value outside its range, sheets."""
    folder = write_run(small, "text", tmp_path / "run", "csv", 0.0)
    sheets = [tmp_path / "one.csv", tmp_path / "two.csv"]
    for sheet in sheets:
        sheet.write_text("parameter,low,likely,high,by_whom\nstake,4,25,30,Ana\n")
    given = [str(folder), f"{SMALL}:slow", *map(str, sheets), "--out", str(tmp_path / "compared")]
    made = CliRunner().invoke(app, ["compare", *given, "--quiet"])
    assert made.exit_code == 0, made.output
    found = reproduce(tmp_path / "compared")
    assert found.agrees, reproduction_text(found)
    assert {each.name: each.agreement for each in found.tables if each.agreement != "identical"} == {}
    assert len(found.tables) == 6
    (tmp_path / "compared" / "scenario.C.resolved.yaml").unlink()
    with pytest.raises(FolderError, match=r"scenario\.C\.resolved\.yaml is missing"):
        reproduce(tmp_path / "compared")


@pytest.mark.parametrize("which", ["least", "event"])
def test_every_question_about_patience_is_asked_again(which: str, tmp_path: Path) -> None:
    event = ["--event", "done", "--by", "6 months", "--chance", "0.5", "--best-for", "a"]
    asked = {"least": ["--least", "a=2", "--of", "a"], "event": event}[which]
    command = ["patience", str(DILEMMA), *asked, "--points", "3", "--out", str(tmp_path / "study"), "--quiet"]
    assert CliRunner().invoke(app, command).exit_code == 0
    assert reproduce(tmp_path / "study").agrees


def test_the_command_says_it_by_its_exit_status(small: Run, tmp_path: Path) -> None:
    folder = write_run(small, "text", tmp_path / "run", "csv", 0.0)
    done = CliRunner().invoke(app, ["reproduce", str(folder)])
    assert (done.exit_code, "byte for byte" in done.output) == (0, True)
    edit_number(folder)
    quiet = CliRunner().invoke(app, ["reproduce", str(folder), "--quiet"])
    assert (quiet.exit_code, quiet.output) == (1, "")


def test_the_options_of_a_run_are_in_its_manifest(changed_run: Run, tmp_path: Path) -> None:
    folder = write_run(changed_run, "text", tmp_path / "run", "csv", 0.0)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["kind"], manifest["options"]) == ("run", {"horizon": 3})
    assert set(manifest["files"]) == {path.name for path in folder.iterdir()} - {"manifest.json"}
    assert load_scenario(folder / "scenario.resolved.yaml").values["stake"] == 30
