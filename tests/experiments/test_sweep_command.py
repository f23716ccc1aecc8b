"""`simulate sweep` as a user meets it: killed, interrupted, out of room, with one worker and two, its files read by others."""

from __future__ import annotations

import itertools
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pytest

from leverage.command_parts import Interruption
from leverage.errors import StoppedError
from leverage.experiments import sweep_page
from leverage.experiments.columns import Column
from leverage.experiments.store import part_size, parts_of
from leverage.experiments.summary import Summary
from leverage.experiments.sweep_page import evenly
from leverage.loading import load_scenario
from leverage.output.columns import WIDTH
from leverage.sweep_commands import sweep_command
from tests import command_line

LEAVING = Path(__file__).parent.parent / "data" / "leaving.yaml"
#: Takes some seconds, so that it can be stopped in the middle.
POINTS = 256
LONG = ("sweep", str(LEAVING), "--sample", f"sobol:{POINTS}", "--tables", "outcomes,strategies", "-q")


def simulate(*arguments: str, cwd: Path = LEAVING.parent) -> subprocess.CompletedProcess[str]:
    """In a process split off from a loaded one, unless there are workers to start."""
    alone = "--jobs" in arguments and arguments[arguments.index("--jobs") + 1] == "1"
    return (command_line.simulate if alone else command_line.start)(*arguments, cwd=cwd)


def refusal(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Of a command that is refused before any worker is started: in a process split off from a loaded one."""
    return command_line.simulate(*arguments, cwd=LEAVING.parent)


def parts(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "points").glob("*"))}


def start(*arguments: str, passing: Path | None = None) -> subprocess.Popen[str]:
    """passing: a folder for files that are not to stay."""
    command = [sys.executable, "-m", "leverage", *arguments]
    env = {**os.environ, "TMPDIR": str(passing)} if passing else None
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, env=env)


def after_parts(folder: Path, count: int, process: subprocess.Popen[str]) -> None:
    """Wait until so many parts are there."""
    until = time.monotonic() + 120
    while len(list((folder / "points").glob("part-*"))) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)


def children_of(process: subprocess.Popen[str]) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(process.pid)], capture_output=True, text=True, check=False)
    return [int(line.split()[0]) for line in found.stdout.splitlines() if "popen_loky" in line]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The long sweep, by one worker and without a stop."""
    folder = tmp_path_factory.mktemp("sweep") / "whole"
    assert simulate(*LONG, "--jobs", "1", "--out", str(folder)).returncode == 0
    return folder


def test_others_read_the_points_as_one_table(whole: Path) -> None:
    by_pandas = pd.read_parquet(whole / "points")
    by_polars = pl.read_parquet(whole / "points" / "*.parquet")
    by_duckdb = duckdb.read_parquet(f"{whole}/points/*.parquet")
    rows, different, toll = by_duckdb.aggregate("count(*), count(distinct point), avg(toll)").fetchall()[0]
    assert by_pandas["point"].tolist() == by_polars["point"].to_list() == list(range(POINTS))
    assert (rows, different) == (POINTS, POINTS)
    assert toll == pytest.approx(by_pandas["toll"].mean()) == pytest.approx(2, abs=0.01)


def test_two_workers_write_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    assert simulate(*LONG, "--jobs", "2", "--out", str(tmp_path / "two")).returncode == 0
    assert parts(tmp_path / "two") == parts(whole)
    for name in ("columns.csv", "tables.txt", "scenario.resolved.yaml", "sweep.json"):
        assert (tmp_path / "two" / name).read_bytes() == (whole / name).read_bytes()


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_sweep_that_is_killed_goes_on_to_the_same_bytes(whole: Path, tmp_path: Path, jobs: str) -> None:
    """Killed twice, and finished by one worker; what was finished is not touched again, and no worker and none of its files
    outlives it."""
    folder, passing = tmp_path / "killed", tmp_path / "passing"
    passing.mkdir()
    arguments = (*LONG, "--jobs", jobs, "--out", str(folder))
    touched: dict[str, int] = {}
    for more in (2, 6):
        process = start(*arguments, *(("--resume",) if more > 2 else ()), passing=passing)
        after_parts(folder, more, process)
        workers = children_of(process)
        assert bool(list(passing.glob("leverage-*"))) == (jobs == "2")
        process.kill()
        process.communicate()
        assert not (folder / "manifest.json").exists()
        assert len(workers) == (0 if jobs == "1" else 2)
        _all_end(workers)
        assert not list(passing.glob("leverage-*"))
        assert set(parts(folder).items()) <= {*parts(whole).items(), *_drafts(folder)}
        for name, moment in touched.items():
            assert (folder / "points" / name).stat().st_mtime_ns == moment
        touched = {path.name: path.stat().st_mtime_ns for path in (folder / "points").glob("part-*")}
    refused = refusal(*arguments)
    assert refused.returncode == 2
    assert "unfinished: go on with --resume" in refused.stderr
    assert simulate(*LONG, "--jobs", "1", "--out", str(folder), "--resume").returncode == 0
    assert parts(folder) == parts(whole)
    assert (folder / "manifest.json").exists()


def _all_end(workers: list[int]) -> None:
    until = time.monotonic() + 20
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < until, "a worker outlives its sweep"
        time.sleep(0.1)


def _drafts(folder: Path) -> Iterator[tuple[str, bytes]]:
    yield from ((name, content) for name, content in parts(folder).items() if name.startswith("."))


def test_a_worker_that_is_killed_costs_nothing(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    process = start(*LONG, "--jobs", "2", "--out", str(folder))
    after_parts(folder, 2, process)
    os.kill(children_of(process)[0], signal.SIGKILL)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 0, told
    assert parts(folder) == parts(whole)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_keeps_what_is_finished_and_says_how_to_go_on(whole: Path, tmp_path: Path, jobs: str) -> None:
    folder = tmp_path / "a sweep"
    process = start(*LONG, "--jobs", jobs, "--out", str(folder))
    after_parts(folder, 2, process)
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    kept = len(parts(folder)) * part_size(POINTS)
    assert f"interrupted: {kept} of {POINTS} points are kept in {folder}" in told
    assert "Traceback" not in told
    command = re.search(r"to go on: simulate (.*)", told)
    assert command
    assert command[1].endswith("--resume")
    assert f"'{folder}'" in command[1]
    assert simulate(*LONG, "--jobs", "1", "--out", str(folder), "--resume").returncode == 0
    assert parts(folder) == parts(whole)


def test_ctrl_c_while_workers_are_starting_is_told_once(tmp_path: Path) -> None:
    process = start(*LONG, "--jobs", "2", "--out", str(tmp_path / "sweep"))
    until = time.monotonic() + 120
    while not children_of(process):
        assert time.monotonic() < until
        time.sleep(0.01)
    time.sleep(0.1)  # they are importing
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert told.count("\n") == 1
    assert told.startswith(f"interrupted: 0 of {POINTS} points are kept in")


def test_a_disk_without_room_keeps_whole_parts_only(whole: Path, tmp_path: Path) -> None:
    """The parts of a table of many columns are larger than a file may be here."""
    folder = tmp_path / "sweep"
    largest = max(map(len, parts(whole).values()))

    def little_room() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest - 1, largest - 1))

    command = [sys.executable, "-m", "leverage", *LONG, "--jobs", "1", "--out", str(folder)]
    stopped = subprocess.run(command, capture_output=True, text=True, preexec_fn=little_room, check=False)
    assert stopped.returncode == 2
    assert f"{folder} cannot be written: File too large" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert parts(folder).items() < parts(whole).items()
    assert simulate(*LONG, "--jobs", "1", "--out", str(folder), "--resume").returncode == 0
    assert parts(folder) == parts(whole)


def test_a_part_that_was_damaged_is_made_again(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    arguments = ("sweep", str(LEAVING), "--over", "toll=1,2,3,4,5,6,7,8", "-q", "--jobs", "1", "--out", str(folder))
    assert simulate(*arguments).returncode == 0
    before = parts(folder)
    (folder / "points" / "part-000001.parquet").write_bytes(before["part-000001.parquet"][:-7])
    (folder / "points" / "part-000000.parquet").unlink()
    assert simulate(*arguments, "--resume").returncode == 0
    assert parts(folder) == before


def test_another_sweep_is_refused_with_what_differs(whole: Path, tmp_path: Path) -> None:
    before = parts(whole)
    other = tmp_path / "leaving.yaml"
    other.write_text(LEAVING.read_text().replace("arrived: 10", "arrived: 11"))
    for arguments, told in (
        ((*LONG, "--seed", "1"), "design: seed: there 0, asked 1"),
        ((*LONG, "--tolerance", "0.05"), "tolerance: there 0.02, asked 0.05"),
        ((*LONG, "--tables", "outcomes"), "tables: there"),
        (("sweep", str(other), *LONG[2:]), "scenario sha256: there"),
    ):
        refused = refusal(*arguments, "--out", str(whole), "--resume")
        assert refused.returncode == 2
        assert told in refused.stderr
        assert "choose another --out" in refused.stderr
    manifest = json.loads((whole / "manifest.json").read_text())
    (tmp_path / "points").mkdir()
    (tmp_path / "sweep.json").write_text(json.dumps({**manifest, "versions": {**manifest["versions"], "numpy": "1.0"}}))
    refused = refusal(*LONG, "--out", str(tmp_path), "--resume")
    assert refused.returncode == 2
    assert "versions: numpy: there 1.0, asked" in refused.stderr
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "mine.txt").write_text("x")
    refused = refusal(*LONG, "--out", str(taken))
    assert refused.returncode == 2
    assert "holds no sweep" in refused.stderr
    refused = refusal(*LONG, "--out", str(taken / "mine.txt"))
    assert refused.returncode == 2
    assert "mine.txt is a file" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert parts(whole) == before


@pytest.mark.parametrize("stray", ["part-000001 (Kopie).parquet", "part-000999.parquet"])
def test_strays_among_the_parts_are_refused_by_all_that_read_them(whole: Path, tmp_path: Path, stray: str) -> None:
    folder = Path(shutil.copytree(whole, tmp_path / "sweep"))
    (folder / "points" / stray).write_bytes(b"")
    resume = (*LONG, "--jobs", "1", "--out", str(folder), "--resume")
    for command in (
        resume,
        ("reproduce", str(folder)),
        ("report", str(folder)),
        ("discover", str(folder), "--where", "toll > 1"),
    ):
        refused = refusal(*command)
        assert refused.returncode == 2, command
        assert f"among them: '{stray}'" in refused.stderr
        assert "Traceback" not in refused.stderr


def test_a_part_that_is_gone_or_cut_off_is_told_by_all_that_read_the_points(whole: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(whole, tmp_path / "sweep"))
    part = folder / "points" / "part-000003.parquet"
    part.write_bytes(part.read_bytes()[:-9])
    for gone in (False, True):
        if gone:
            part.unlink()
        for command in (
            ("report", str(folder)),
            ("discover", str(folder), "--where", "toll > 1", "--out", str(tmp_path / "boxes")),
        ):
            refused = command_line.simulate(*command, cwd=tmp_path)
            assert refused.returncode == 2, command
            assert "damaged or missing: part-000003.parquet" in refused.stderr
            assert "--resume" in refused.stderr
            assert "Traceback" not in refused.stderr
    assert not (tmp_path / "boxes").exists()


def test_points_without_an_answer_are_rows_and_the_status_is_3(tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    arguments = ("sweep", str(LEAVING), "-p", "toll=-1", "--over", "leave=0.1,1e-17,0.2", "--out", str(folder), "--jobs", "1")
    found = simulate(*arguments)
    assert found.returncode == 3
    assert "1 of 3 points lack an answer" in found.stdout
    assert "too small" in found.stdout
    assert "1 points lack" not in found.stderr
    assert "1 point lacks an answer: its row says why" in found.stderr
    frame = pd.read_parquet(folder / "points")
    assert frame["status"].tolist() == ["solved", "not solved", "solved"]
    assert json.loads((folder / "manifest.json").read_text())["failed"] == 1
    hasty = simulate(*arguments[:-3], str(tmp_path / "hasty"), "--jobs", "1", "--fail-fast")
    assert hasty.returncode == 3
    assert "stopped: point 1 lacks an answer" in hasty.stderr
    assert not (tmp_path / "hasty" / "manifest.json").exists()
    assert simulate(*arguments[:-3], str(tmp_path / "hasty"), "--jobs", "1", "--resume").returncode == 3
    assert parts(tmp_path / "hasty") == parts(folder)


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    told = simulate(
        "sweep", str(LEAVING), "--over", "toll", "--over", "leave=0.1,0.2", "--dry-run", "--jobs", "1", "--out", str(folder)
    )
    assert told.returncode == 0
    assert "22 points: every combination of toll (11 values, 0 to 4) and" in told.stdout
    assert re.search(r"The point in the middle took [\d.]+ (milli)?seconds", told.stdout)
    assert f"\n  {folder}\n" in told.stdout  # to be copied, however long it is
    assert not folder.exists()


def test_the_page_fits_and_its_numbers_are_cells(tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    arguments = ("--over", "toll=0.5,3", "--over", "leave=0.1,0.3,0.5", "--tables", "outcomes,claims")
    told = simulate("sweep", str(LEAVING), *arguments, "--jobs", "1", "--out", str(folder))
    assert told.returncode == 0
    assert max(map(len, told.stdout.splitlines())) <= WIDTH
    assert told.stdout == (folder / "tables.txt").read_text()
    frame = pd.read_parquet(folder / "points")
    payoff = frame.pivot_table(index="toll", columns="leave", values="Markov perfect: holder: payoff")
    for toll, row in payoff.iterrows():
        assert re.search(rf"^{toll:g} +" + " +".join(re.escape(f"{value:.2f}") for value in row), told.stdout, re.MULTILINE)
    spread = pd.read_csv(folder / "columns.csv").set_index("column").loc["Markov perfect: holder: payoff"]
    assert spread["least"] == frame["Markov perfect: holder: payoff"].min()
    assert spread["mean"] == pytest.approx(frame["Markov perfect: holder: payoff"].mean(), rel=1e-12)
    assert frame.loc[spread["largest_at"], "Markov perfect: holder: payoff"] == spread["largest"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "name what varies"),
        (("--over", "tol=1"), "did you mean 'toll'"),
        (("--over", "toll", "--over", "toll=1"), "given twice"),
        (("--over", "toll=1,2", "--over", "leave=0.1", "--zip"), "toll has 2, leave has 1"),
        (("--over", "toll=1,2", "--sample", "lhs:4"), "name 'toll' alone"),
        (("--sample", "lhs:4", "--zip"), "no values to take together"),
        (("--sample", "sobol:5"), "powers of two"),
        (("--over", "toll", "--tables", "outcome"), "did you mean 'outcomes'"),
        (("--over", "toll", "--claim", "pay"), "did you mean 'pays'"),
        (("--over", "toll", "--tolerance", "2"), "a fraction of the payoff range"),
        (("--over", "toll", "-p", "toll=2"), "'toll' varies"),
        (("--over", "toll", "--seed", "3"), "nothing random"),
        (("--over", "toll", "--tables", " , "), "at least one table"),
        (("--over", "leave=0.1,1.5"), "leave"),
    ],
)
def test_wrong_input_is_one_message_and_nothing_is_written(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    folder = tmp_path / "sweep"
    refused = simulate("sweep", str(LEAVING), *arguments, "--out", str(folder), "--jobs", "1")
    assert refused.returncode == 2
    assert told in " ".join(re.sub("[│╭╮╰╯─]", " ", refused.stderr).split())
    assert "Traceback" not in refused.stderr
    assert not folder.exists()


def test_a_table_of_which_the_scenario_has_nothing_is_refused(tmp_path: Path) -> None:
    bare = LEAVING.read_text().partition("strategies:\n")[0]
    (tmp_path / "bare.yaml").write_text(bare)
    for name, needs in (("strategies", "named strategies"), ("leverage", "instruments"), ("claims", "claims")):
        arguments = ("bare.yaml", "--over", "toll=1", "--tables", f"outcomes,{name}", "--jobs", "1", "--out", "folder")
        refused = simulate("sweep", *arguments, cwd=tmp_path)
        assert refused.returncode == 2
        assert f"'{name}' needs {needs}" in refused.stderr
        assert not (tmp_path / "folder").exists()


def test_a_sweep_has_a_name_of_its_own_among_the_results(tmp_path: Path) -> None:
    arguments = ("sweep", str(LEAVING), "--over", "toll=1,2", "-q", "--jobs", "1")
    assert simulate(*arguments, cwd=tmp_path).returncode == 0
    assert simulate(*arguments[:3], "toll=1,3", *arguments[4:], cwd=tmp_path).returncode == 0
    folders = list((tmp_path / "results" / "leaving").iterdir())
    assert len(folders) == 2
    assert all(folder.name.startswith("sweep-baseline-") for folder in folders)
    again = simulate(*arguments, cwd=tmp_path)
    assert again.returncode == 2
    assert "holds this sweep, finished" in again.stderr


def test_parts_are_named_in_their_order() -> None:
    assert [part.file for part in parts_of(9)] == [f"part-{k:06d}.parquet" for k in range(3)]


def test_the_page_shows_what_moves(tmp_path: Path) -> None:
    """A toll moves nothing of a holder who waits; what it moves stands first, and what it does not is counted."""
    arguments = ("--over", "toll=0.5,1,3", "--tables", "strategies", "--jobs", "1", "--out", "folder")
    told = simulate("sweep", str(LEAVING), *arguments, cwd=tmp_path)
    assert told.returncode == 0
    frame = pd.read_parquet(tmp_path / "folder" / "points")
    summary = pd.read_csv(tmp_path / "folder" / "columns.csv", keep_default_na=False)
    payoffs = summary[(summary.quantity == "payoff") & (summary.what == "value")]
    still = payoffs[payoffs.least.astype(float) == payoffs.largest.astype(float)].column
    assert 0 < len(still) < len(payoffs)
    assert not any(re.search(rf"^{re.escape(name)} ", told.stdout, re.MULTILINE) for name in still)
    assert re.search(r"The same at all points: \d+ numbers", told.stdout)
    first = told.stdout.partition("ALONG THE PARAMETER")[2].partition("OVER ALL POINTS")[0]
    cells = [line.split()[1:] for line in first.splitlines() if re.match(r"(0\.5|1|3) ", line)]
    assert len(cells) == 3
    moved = [len(set(column)) > 1 for column in zip(*cells, strict=True)]
    assert moved[0]
    assert frame["status"].eq("solved").all()


def test_what_is_left_out_of_a_table_is_said_and_a_point_alone_is_shown(tmp_path: Path) -> None:
    grid = ("--over", "toll=1,2", "--over", "leave=linspace(0.1,0.5,11)")
    told = simulate("sweep", str(LEAVING), *grid, "--jobs", "1", "--out", "wide", cwd=tmp_path)
    assert told.returncode == 0
    assert re.search(r"^toll \(down\), leave +0\.1 +0\.18 +0\.26 +0\.34 +0\.42 +0\.5$", told.stdout, re.MULTILINE)
    assert "(6 of 11 values of leave; all are in the tables)" in told.stdout
    alone = simulate("sweep", str(LEAVING), "--over", "toll=1", "--jobs", "1", "--out", "alone", cwd=tmp_path)
    payoff = pd.read_parquet(tmp_path / "alone" / "points")["Markov perfect: holder: payoff"][0]
    assert re.search(rf"^Markov perfect: holder: payoff +{payoff:.2f}$", alone.stdout, re.MULTILINE)


@pytest.mark.parametrize(("count", "most", "places"), [(11, 7, 6), (13, 7, 7), (12, 7, 7), (5, 7, 5), (2, 7, 2), (1, 7, 1)])
def test_places_are_equally_far_apart_where_they_can_be(count: int, most: int, places: int) -> None:
    kept = evenly(count, most)
    assert len(kept) == places
    assert (kept[0], kept[-1]) == (0, count - 1)
    assert count == 12 or len({b - a for a, b in itertools.pairwise(kept)}) <= 1


@pytest.mark.parametrize("verdict", ["undecided", "fails"])
def test_what_undecided_means_is_said_where_a_claim_is(verdict: str) -> None:
    column = Column("claims", "pays", "", "", "", "verdict", "text")
    summary = Summary({}, {column.name: Counter(["holds", verdict])}, ())
    told = " ".join(" ".join(sweep_page._verdicts(1, load_scenario(LEAVING), [column], summary)).split())
    assert "pays 50% 50%" in told
    assert ("a smaller --tolerance decides more" in told) == (verdict == "undecided")


def test_a_wide_gap_is_shown_by_both_its_ends(tmp_path: Path) -> None:
    strike = LEAVING.parent / "strike_fund.yaml"
    done = simulate(*("sweep", strike, "--over", "strike_cost=2,8", "--tables", "sets", "-j", "1", "--out", "s"), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    row = pd.read_parquet(tmp_path / "s" / "points").iloc[0]
    low, high = (row[f"best for union: union: payoff [{end}]"] for end in ("low", "high"))
    assert high - low > 10
    assert f"{low:.1f} to {high:.1f}" in done.stdout
    assert "known between these bounds only" in " ".join(done.stdout.split())
    page = (tmp_path / "s" / "report.html").read_text(encoding="utf-8")
    assert "known between these bounds only" in page
    assert f"to between {low:.1f} and {high:.1f}" in page


@pytest.mark.parametrize(("number", "jobs"), [(signal.SIGTERM, "1"), (signal.SIGHUP, "2")])
def test_an_end_that_is_asked_for_says_how_to_go_on(whole: Path, tmp_path: Path, number: int, jobs: str) -> None:
    """As batch systems end programs, and as a terminal that is closed ends all that run in it."""
    folder, passing = tmp_path / "sweep", tmp_path / "passing"
    passing.mkdir()
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it is ignored, and stays so in a command
    try:
        process = start(*LONG, "--jobs", jobs, "--out", str(folder), passing=passing)
    finally:
        signal.signal(signal.SIGHUP, before)
    after_parts(folder, 2, process)
    (os.kill if number == signal.SIGTERM else os.killpg)(process.pid, number)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert told.startswith("interrupted: ")
    assert "to go on: simulate sweep" in told
    assert told.count("\n") == 1
    assert not (folder / ".lock").exists()
    assert not list(passing.iterdir())
    assert parts(folder).items() < parts(whole).items()


def test_an_interruption_after_the_last_point_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While pages are written."""

    def interrupted(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(Interruption, "listen", lambda self: None)
    monkeypatch.setattr("leverage.experiments.finishing.finish_sweep", interrupted)
    with pytest.raises(StoppedError, match=r"^interrupted: 2 of 2 points are kept in .*sweep; to go on: .*--resume$"):
        sweep_command(LEAVING, over=["toll=1,2"], jobs=1, out=tmp_path / "sweep", quiet=True)


def test_too_few_points_for_indices_are_told_before(tmp_path: Path) -> None:
    arguments = ("--sample", "saltelli:8", "--over", "toll", "--jobs", "1", "--out", str(tmp_path / "sweep"))
    for more in (("--dry-run",), ()):
        told = simulate("sweep", str(LEAVING), *arguments, *more)
        assert told.returncode == 0
        assert "saltelli:32 is the least" in " ".join((told.stdout + told.stderr).split())
