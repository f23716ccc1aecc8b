"""The workers of a Dask cluster solve the same parts to the same bytes; what goes wrong with a cluster is told in one message.

A real scheduler and workers in processes of their own; one is killed in the middle.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dask as dask_library
import pytest
from distributed import Client

from leverage import load_scenario
from leverage.errors import ClusterError
from leverage.experiments import cluster as cluster_module
from leverage.experiments.axes import read_axis
from leverage.experiments.cluster import cluster_at
from leverage.experiments.design import grid_of
from leverage.experiments.part import Bench, SolvedPart, solve_part
from leverage.experiments.program import differences_from, program
from leverage.experiments.store import parts_of
from leverage.experiments.sweep import Sweep
from leverage.experiments.workers import ThisProcess, Work
from tests.experiments.dask_processes import START_SECONDS, DaskProcesses, dask_processes
from tests.test_cli import PRISONERS, simulate

#: Points of the sweep, in parts of four.
POINTS = 48


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    path = tmp_path_factory.mktemp("scenario") / "prisoners.yaml"
    path.write_text(PRISONERS)
    scenario = load_scenario(path)
    axis = read_axis(f"patience=linspace(0.1,0.9,{POINTS})", scenario)
    return Sweep(scenario, grid_of([axis], together=False), ("outcomes", "strategies"))


@pytest.fixture(scope="module")
def at_home(sweep: Sweep) -> dict[int, bytes]:
    """Every part, by its number, as one process makes it."""
    return {
        part.number: answer.content for part, answer in ThisProcess().results(work_of(sweep)) if isinstance(answer, SolvedPart)
    }


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskProcesses]:
    with dask_processes(tmp_path_factory.mktemp("dask")) as processes:
        yield processes


@pytest.fixture
def nobody(dask: DaskProcesses) -> DaskProcesses:
    """The cluster without any worker."""
    for process in dask.running[1:]:
        process.kill()
        process.wait()
    with Client(dask.address, set_as_default=False) as client:
        until(lambda: not client.nthreads())
    return dask


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def work_of(sweep: Sweep, heed: Callable[[], None] = lambda: None, staffed: Callable[[int], None] = lambda workers: None) -> Work:
    deadline = time.monotonic() + START_SECONDS

    def heeded() -> None:
        assert time.monotonic() < deadline
        heed()

    return Work(sweep.task, parts_of(sweep.design.size), sweep.values_of, heeded, staffed)


# --- the same bytes ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_worker_is_killed_another_comes_and_the_parts_are_those_of_one_process(
    nobody: DaskProcesses, sweep: Sweep, at_home: dict[int, bytes]
) -> None:
    told: list[int] = []
    found: dict[int, bytes] = {}
    with cluster_at(nobody.address) as cluster:
        first = nobody.worker()
        for part, answer in cluster.results(work_of(sweep, staffed=told.append)):
            assert isinstance(answer, SolvedPart)
            assert part.number not in found
            found[part.number] = answer.content
            if len(found) == 1:
                first.kill()
                first.wait()
                until(lambda: not cluster.threads)
                nobody.worker(threads=4)
    assert found == at_home
    assert told[:2] == [0, 1]
    assert told[-1] == 1


@pytest.mark.slow
def test_the_command_writes_the_files_of_one_process(nobody: DaskProcesses, tmp_path: Path) -> None:
    (tmp_path / "prisoners.yaml").write_text(PRISONERS)
    nobody.worker()
    nobody.worker(threads=2)
    asked = ("sweep", "prisoners.yaml", "--over", "patience=linspace(0.1,0.9,41)", "--quiet", "--out")
    there = simulate(*asked, "by_cluster", "--cluster", nobody.address, cwd=tmp_path)
    assert (there.returncode, there.stdout, there.stderr) == (0, "", "")
    here = simulate(*asked, "by_one", "--jobs", "1", cwd=tmp_path)
    assert here.returncode == 0, here.stderr
    files = sorted(path.relative_to(tmp_path / "by_one") for path in (tmp_path / "by_one").rglob("*") if path.is_file())
    assert len(files) > 10
    assert files == sorted(
        path.relative_to(tmp_path / "by_cluster") for path in (tmp_path / "by_cluster").rglob("*") if path.is_file()
    )
    for file in files:
        if file.name != "manifest.json":  # which has a clock
            written = (tmp_path / "by_cluster" / file).read_bytes().replace(b"by_cluster", b"by_one")  # a page names its folder
            assert written == (tmp_path / "by_one" / file).read_bytes(), file


def test_threads_of_one_process_solve_one_part_after_the_other(
    sweep: Sweep, at_home: dict[int, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = threading.Semaphore(1)
    solve = Bench.solve

    def alone(self: Bench, *arguments: object, **more: object) -> object:
        assert inside.acquire(blocking=False), "two threads are at one bench"
        try:
            time.sleep(0.01)
            return solve(self, *arguments, **more)  # type: ignore[arg-type]
        finally:
            inside.release()

    monkeypatch.setattr(Bench, "solve", alone)
    parts = list(parts_of(sweep.design.size))
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda part: solve_part(sweep.task, part.start, sweep.values_of(part)), parts))
    assert [answer.content for answer in answers if isinstance(answer, SolvedPart)] == list(at_home.values())


# --- the same program --------------------------------------------------------------------------------------------------


def test_a_program_differs_from_another_version_and_not_from_itself() -> None:
    assert differences_from(program()) == ()
    assert differences_from({**program(), "numpy": "1.0"}) == (f"numpy: there {program()['numpy']}, asked 1.0",)
    assert {"leverage", "numpy", "scipy", "numba", "pyarrow", "python", "program"} <= program().keys()


@pytest.mark.slow
def test_workers_with_another_program_are_refused_before_and_in_the_middle(
    nobody: DaskProcesses, sweep: Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    with cluster_at(nobody.address) as cluster:
        nobody.worker()
        until(lambda: bool(cluster.threads))
        cluster.refuse_strangers()
        (address,) = cluster.threads
        other = {**program(), "numpy": "1.0"}
        monkeypatch.setattr(cluster_module, "program", lambda: other)
        named = rf"install the same everywhere and restart the workers\n    {address}: numpy: there \S+, asked 1.0"
        with pytest.raises(ClusterError, match=rf"{named}; finished parts are kept: go on with --resume"):
            list(cluster.results(work_of(sweep)))
        with pytest.raises(ClusterError, match=rf"{named}$"):
            cluster.refuse_strangers()


@pytest.mark.slow
def test_workers_without_the_program_are_refused_before_and_in_the_middle(nobody: DaskProcesses, sweep: Sweep) -> None:
    with cluster_at(nobody.address) as cluster:
        nobody.worker(with_leverage=False)
        until(lambda: bool(cluster.threads))
        with pytest.raises(ClusterError, match=r"has another leverage or none \(.*leverage.*\): install the same .* --resume"):
            list(cluster.results(work_of(sweep)))
        with pytest.raises(ClusterError, match=r"tcp://\S+: leverage: there another or none"):
            cluster.refuse_strangers()


# --- what goes wrong ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_part_that_ends_worker_after_worker_and_a_scheduler_that_goes_are_told(tmp_path: Path, sweep: Sweep) -> None:
    with (
        dask_processes(tmp_path, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0") as processes,
        cluster_at(processes.address) as cluster,
    ):
        worker = processes.worker()

        def kill_at_work() -> None:  # its first part takes a while: it loads the program
            if any(cluster.client.processing().values()):
                worker.kill()

        with pytest.raises(ClusterError, match=r"points 0 to 3: 1 worker died over them, .* finished parts are kept: go on"):
            list(cluster.results(work_of(sweep, heed=kill_at_work)))
        begun = cluster.results(work_of(sweep, heed=processes.running[0].kill))
        with pytest.raises(ClusterError, match=rf"the scheduler at {processes.address} is gone.* go on with --resume"):
            next(begun)


@pytest.mark.slow
def test_an_interruption_leaves_no_work_behind_and_can_be_gone_on_with(nobody: DaskProcesses, tmp_path: Path) -> None:
    (tmp_path / "prisoners.yaml").write_text(PRISONERS)
    asked = ("sweep", "prisoners.yaml", "--over", "patience=linspace(0.1,0.9,41)", "--out", "out", "--cluster", nobody.address)
    process = subprocess.Popen(
        [sys.executable, "-m", "leverage", *asked], cwd=tmp_path, stderr=subprocess.PIPE, text=True, env={**os.environ}
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "no worker is there: waiting until one comes (Ctrl-C stops)\n"
    process.send_signal(signal.SIGINT)
    told = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 130
    assert re.fullmatch(
        r"interrupted: 0 of 41 points are kept in out; to go on: simulate sweep prisoners\.yaml .* --resume\n", told
    )
    with Client(nobody.address, set_as_default=False) as client:
        until(lambda: not client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)))
    nobody.worker()
    done = simulate(*asked, "--resume", "--quiet", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(list((tmp_path / "out" / "points").iterdir())) == 11


@pytest.mark.parametrize(
    "address", ["http://host:8787", "host", "tcp://host", "tcp://host:door", "tcp://:8786", "tcp://host:0", "ucx://host:8786", ""]
)
def test_what_is_no_address_is_told(address: str) -> None:
    with pytest.raises(ClusterError, match="an address such as tcp://host:8786 is needed"), cluster_at(address):
        pass


def test_a_certificate_that_is_not_known_or_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"no certificate is known; .*distributed\.comm\.tls"), cluster_at("tls://host:8786"):
        pass
    file = str(tmp_path / "ca.pem")
    settings = {"distributed.comm.tls.ca-file": file, "distributed.comm.tls.client.cert": file}
    with (
        dask_library.config.set(settings),
        pytest.raises(ClusterError, match=r"the certificate cannot be read \(No such file or directory\)"),
        cluster_at("tls://host:8786"),
    ):
        pass


def test_nobody_at_an_address_is_told(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(cluster_module, "CONNECT_SECONDS", 0.3)
    with (
        pytest.raises(ClusterError, match=r"no scheduler answers at tcp://127\.0\.0\.1:9: is .* firewall"),
        cluster_at("tcp://127.0.0.1:9"),
    ):
        pass
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--cluster", "http://host:8787"), "--cluster http://host:8787: an address such as tcp://host:8786 is needed"),
        (("--cluster", "tcp://host:8786", "--jobs", "2"), "leave out --jobs"),
    ],
)
def test_a_command_that_cannot_be_writes_nothing(options: tuple[str, ...], message: str, tmp_path: Path) -> None:
    (tmp_path / "prisoners.yaml").write_text(PRISONERS)
    done = simulate("sweep", "prisoners.yaml", "--over", "patience", *options, "--out", "out", cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_the_library_that_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "prisoners.yaml").write_text(PRISONERS)
    words = ["simulate", "sweep", "prisoners.yaml", "--over", "patience", "--cluster", "tcp://host:8786", "--out", "out"]
    program = f"import sys; sys.modules['distributed'] = None; sys.argv = {words!r}; from leverage.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "a cluster needs the library 'distributed': pip install 'leverage[cluster]'\n"
    assert not (tmp_path / "out").exists()
