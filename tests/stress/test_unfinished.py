"""Long studies that are stopped: what was found is kept, the same study goes on from it, and nothing shows in its tables."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from leverage import parse_scenario
from leverage.errors import OutputError
from leverage.explanation_study import explanation_study
from leverage.output import unfinished as unfinished_module
from leverage.output.files import write_tables
from leverage.output.unfinished import ANSWERS, STATEMENT, UnfinishedStudy, unfinished_study
from leverage.scenario.scenario import Parameter, Scenario
from leverage.stress.answer_book import Keep
from leverage.stress.question import Answer, Question
from leverage.stress_studies import stress_study, when_study
from leverage.studies import Study
from tests.command_line import simulate, start
from tests.stress.test_stress_commands import game

SCENARIO = parse_scenario(game())
CONDITION = "credible(grim, grim_too) and not payoff(row, grim, grim_too) < 2"
Make = Callable[[Keep], Study]
STUDIES: dict[str, Make] = {
    "stress": lambda keep: stress_study(SCENARIO, points=2, values=3, budget=700, keep=keep),
    "when": lambda keep: when_study(SCENARIO, CONDITION, points=2, values=3, budget=700, keep=keep),
    "explain": lambda keep: explanation_study(SCENARIO, claim="credible", keep=keep),
}


def study_of(
    kind: str = "stress",
    scenario: Scenario = SCENARIO,
    tolerance: float = 0.1,
    budget: int = 700,
    *,
    root: Path,
    folder: Path | None = None,
) -> UnfinishedStudy:
    return unfinished_study(scenario, kind, {"tolerance": tolerance}, {"budget": budget}, root=root, folder=folder)


class Stop:
    """Questions that are interrupted, as by Ctrl-C, when they are asked for the n-th time."""

    def __init__(self, study: UnfinishedStudy, after: int | None = None) -> None:
        self.study, self.after, self.asked = study, after, 0

    def __call__(self, questions: Sequence[Question], parameters: Sequence[Parameter], /) -> tuple[Question, ...]:
        return self.study.keep([Question(each.name, self._counted(each)) for each in questions], parameters)

    def _counted(self, question: Question) -> Callable[[Mapping[str, float]], Answer]:
        def ask(values: Mapping[str, float]) -> Answer:
            if self.asked == self.after:
                raise KeyboardInterrupt
            self.asked += 1
            return question.ask(values)

        return ask


def write(study: UnfinishedStudy, found: Study, table_format: str = "csv") -> dict[str, bytes]:
    """The finished folder: file -> bytes; the manifest, which tells the time, is left out."""
    write_tables(
        SCENARIO, found.tables, found.facts, found.text, study.folder, table_format, 0.0, renumber=True, begun=study.goes_on
    )
    study.done()
    return {path.name: path.read_bytes() for path in study.folder.iterdir() if path.name != "manifest.json"}


@pytest.fixture(scope="module", params=STUDIES)
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, int, bytes, dict[str, bytes]]:
    """A kind of study that was never stopped: its answers, their table, its files."""
    study = study_of(request.param, root=tmp_path_factory.mktemp("whole"))
    stop = Stop(study)
    found = STUDIES[request.param](stop)
    answers = (study.folder / ANSWERS).read_bytes()
    return request.param, stop.asked, answers, write(study, found)


@pytest.mark.parametrize(("part", "torn"), [(0.0, 0), (0.0, 25), (0.1, 0), (0.5, 25), (0.9, 0)])
def test_a_study_that_is_stopped_goes_on_to_the_same_bytes_and_asks_nothing_again(
    whole: tuple[str, int, bytes, dict[str, bytes]], part: float, torn: int, tmp_path: Path
) -> None:
    kind, count, answers, files = whole
    after = 1 + int(part * (count - 1))
    study = study_of(kind, root=tmp_path)
    with pytest.raises(KeyboardInterrupt):
        STUDIES[kind](Stop(study, after))
    assert study.kept == after
    table = study.folder / ANSWERS
    assert answers.startswith(table.read_bytes())
    if torn:
        table.write_bytes(table.read_bytes()[:-torn])
    again = study_of(kind, root=tmp_path)
    assert again.folder == study.folder
    stop = Stop(again)
    found = STUDIES[kind](stop)
    assert stop.asked == count - after + (torn > 0)
    assert table.read_bytes() == answers
    assert write(again, found) == files
    assert (again.folder / "manifest.json").exists()


def test_stopped_again_and_again_it_ends(tmp_path: Path) -> None:
    root, stops = tmp_path, 0
    while True:
        study = study_of(root=root)
        try:
            found = STUDIES["stress"](Stop(study, 60))
        except KeyboardInterrupt:
            stops += 1
            continue
        break
    assert stops > 2
    other = study_of(root=tmp_path / "other")
    assert write(study, found) == write(other, STUDIES["stress"](other.keep))


def test_nothing_is_left_where_nothing_was_answered(tmp_path: Path) -> None:
    study = study_of(root=tmp_path / "results")
    with pytest.raises(KeyboardInterrupt):
        STUDIES["stress"](Stop(study, 0))
    assert study.kept == 0
    assert list(tmp_path.iterdir()) == []


def stopped(root: Path, **more: object) -> UnfinishedStudy:
    study = study_of(root=root, **more)  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        STUDIES["stress"](Stop(study, 5))
    return study


STALE: dict[str, dict[str, object]] = {
    "text": {"scenario": parse_scenario(game().replace("Two prisoners", "Two people"))},
    "override": {"scenario": parse_scenario(game(), {"patience": 0.7})},
    "tolerance": {"tolerance": 0.05},
    "kind": {"kind": "when"},
}


@pytest.mark.parametrize("change", STALE)
def test_answers_to_anything_else_are_not_used(tmp_path: Path, change: str) -> None:
    old = stopped(tmp_path)
    new = study_of(root=tmp_path, **STALE[change])  # type: ignore[arg-type]
    assert new.folder != old.folder
    assert new.earlier == ()


@pytest.mark.parametrize("name", ["versions", "program_hash"])
def test_answers_of_another_program_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    old = stopped(tmp_path)
    monkeypatch.setattr(unfinished_module, name, lambda: {"leverage": "another"})
    new = study_of(root=tmp_path)
    assert (new.folder.name, new.earlier) == (f"{old.folder.name}-2", ())


def test_a_study_asked_otherwise_uses_the_answers_and_leaves_the_other_one_alone(tmp_path: Path) -> None:
    old = stopped(tmp_path)
    before = (old.folder / ANSWERS).read_bytes()
    smaller = study_of(root=tmp_path, budget=300)
    assert smaller.folder.name == f"{old.folder.name}-2"
    stop = Stop(smaller)
    write(smaller, stress_study(SCENARIO, points=1, values=2, budget=300, keep=stop))
    fresh = Stop(study_of(root=tmp_path / "fresh", budget=300))
    stress_study(SCENARIO, points=1, values=2, budget=300, keep=fresh)
    assert stop.asked < fresh.asked
    assert (old.folder / ANSWERS).read_bytes() == before
    assert study_of(root=tmp_path).folder == old.folder


def test_a_finished_study_is_made_anew_beside_the_old_one(tmp_path: Path) -> None:
    study = study_of(root=tmp_path)
    write(study, STUDIES["stress"](study.keep))
    assert not {ANSWERS, STATEMENT} & {path.name for path in study.folder.iterdir()}
    again = study_of(root=tmp_path)
    assert (again.folder.name, again.earlier) == (f"{study.folder.name}-2", ())


def test_a_folder_that_was_asked_for_by_name_goes_on_with_the_same_study_only(tmp_path: Path) -> None:
    run = tmp_path / "run"
    study = stopped(tmp_path, folder=run)
    assert study.folder == run
    assert study_of(root=tmp_path, folder=run).earlier == (run / ANSWERS,)
    with pytest.raises(OutputError, match="run holds an unfinished study of something else: choose another --out, or remove it"):
        study_of(root=tmp_path, folder=run, budget=5)
    (run / STATEMENT).write_text("{")
    with pytest.raises(OutputError, match="run exists already"):
        study_of(root=tmp_path, folder=run)


def test_a_folder_that_another_run_has_taken_in_the_meantime_is_left_alone(tmp_path: Path) -> None:
    study, named = study_of(root=tmp_path), study_of(root=tmp_path, folder=tmp_path / "run")
    for folder in (study.folder, named.folder):
        folder.mkdir(parents=True)
        (folder / "notes.txt").write_text("mine")
    STUDIES["stress"](study.keep)
    assert study.folder.name.endswith("-2")
    with pytest.raises(OutputError, match="run exists already"):
        STUDIES["stress"](named.keep)


def test_tables_of_another_format_take_the_place_of_the_answers_too(tmp_path: Path) -> None:
    study = study_of(root=tmp_path)
    files = write(study, STUDIES["stress"](study.keep), "parquet")
    assert {name for name in files if name.endswith(".csv")} == set()


# --- as a user meets it -----------------------------------------------------------------------------------------------


def interrupted(arguments: Sequence[str], cwd: Path, answers: Path, rows: int) -> tuple[int, str, str]:
    """Run a command and press Ctrl-C when so many lines are in a table: status, standard output and error."""
    command = [sys.executable, "-m", "leverage", *arguments]
    with subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None and not (answers.exists() and answers.read_bytes().count(b"\n") >= rows):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        output, error = process.communicate(timeout=60)
    return process.returncode, output, error


#: So few points leave hundreds of answers to go when the command is stopped after three.
POINTS = 8
ARGUMENTS = {
    "stress": ["stress", "prisoners.yaml", "--points", f"{POINTS}"],
    "when": ["when", "prisoners.yaml", "credible(grim, grim_too)", "--points", f"{POINTS}"],
    "explain": ["explain", "prisoners.yaml", "--claim", "credible"],
}


@pytest.mark.parametrize("kind", ARGUMENTS)
def test_an_interruption_says_what_is_kept_and_the_command_that_goes_on(kind: str, tmp_path: Path) -> None:
    (tmp_path / "prisoners.yaml").write_text(game())
    arguments = [*ARGUMENTS[kind], "--out", "a folder"]
    status, output, error = interrupted(arguments, tmp_path, tmp_path / "a folder" / ANSWERS, 4)
    assert (status, output) == (130, "")
    told = re.fullmatch(r"interrupted while .+: (\d+) answers are kept in a folder; to go on: simulate (.*)\n", error)
    assert told, error
    assert int(told[1]) >= 3
    assert shlex.split(told[2]) == arguments
    assert sorted(path.name for path in (tmp_path / "a folder").iterdir()) == [ANSWERS, STATEMENT]
    done = simulate(*shlex.split(told[2]), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    fresh = start(*ARGUMENTS[kind], "--out", "fresh", cwd=tmp_path)
    assert done.stdout == fresh.stdout
    tables = {
        name: [(tmp_path / name / path.name) for path in sorted((tmp_path / "fresh").iterdir())] for name in ("a folder", "fresh")
    }
    assert len(list((tmp_path / "a folder").iterdir())) == len(tables["fresh"])
    for one, other in zip(*tables.values(), strict=True):
        if one.name != "manifest.json":
            assert one.read_bytes() == other.read_bytes()


def test_without_out_the_same_command_finds_its_folder(tmp_path: Path) -> None:
    (tmp_path / "prisoners.yaml").write_text(game())
    arguments = ARGUMENTS["stress"]
    folder = study_of(scenario=parse_scenario(game(), source="prisoners.yaml"), root=tmp_path / "results").folder
    status, _, error = interrupted(arguments, tmp_path, folder / ANSWERS, 4)
    assert status == 130
    assert f"kept in {folder.relative_to(tmp_path)};" in error
    done = simulate(*arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    assert json.loads((folder / "manifest.json").read_text())["points"] == POINTS
