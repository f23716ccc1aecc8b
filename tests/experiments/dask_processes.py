"""A Dask cluster as a user brings it up: a scheduler and workers, each a process of its own on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

#: A process that is not there by then does not come; machines under test are busy.
START_SECONDS = 120
SCHEDULER, WORKER = "distributed.cli.dask_scheduler", "distributed.cli.dask_worker"
#: Ended by itself if nobody ends it: a test may be killed.
IDLE = "300 s"

#: The module's `main` in a Python that has no leverage.
_WITHOUT_LEVERAGE = "import sys; sys.modules['leverage'] = None; from {module} import main; main()"


@dataclass
class DaskProcesses:
    """A scheduler, which has no leverage, and the workers that were started since. folder: for what they write."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    address: str = ""

    def scheduler(self) -> subprocess.Popen[bytes]:
        """Start the scheduler and learn its address."""
        file = self.folder / "scheduler.json"
        own = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--idle-timeout", IDLE, "--scheduler-file", str(file)]
        process = self._start("-c", _WITHOUT_LEVERAGE.format(module=SCHEDULER), *own)
        deadline = time.monotonic() + START_SECONDS
        while not self.address:
            assert process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)
            with suppress(OSError, ValueError, KeyError):  # it is being written
                self.address = json.loads(file.read_text())["address"]
        return process

    def worker(self, *, threads: int = 1, with_leverage: bool = True) -> subprocess.Popen[bytes]:
        """Start a worker; it comes when it comes."""
        program = ("-m", WORKER) if with_leverage else ("-c", _WITHOUT_LEVERAGE.format(module=WORKER))
        own = ["--no-nanny", "--nthreads", str(threads), "--no-dashboard", "--death-timeout", "30 s"]
        return self._start(*program, self.address, *own, "--local-directory", str(self.folder))

    def said(self) -> str:
        """All that the processes have said."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    def end(self) -> None:
        """End all processes and wait until they are gone."""
        for process in self.running:
            process.kill()
        for process in self.running:
            process.wait()

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "OMP_NUM_THREADS": "1", **self.settings}
        environment.pop("PYTHONWARNINGS", None)  # other people's program
        with (self.folder / f"{len(self.running)}.log").open("wb") as log:
            process = subprocess.Popen([sys.executable, *arguments], stdout=log, stderr=log, env=environment, cwd=self.folder)
        self.running.append(process)
        return process


@contextmanager
def dask_processes(folder: Path, **settings: str) -> Iterator[DaskProcesses]:
    """A scheduler that is there, and its workers, ended in any case. settings: of Dask, by names of environment variables."""
    processes = DaskProcesses(folder, dict(settings))
    try:
        processes.scheduler()
        yield processes
    finally:
        processes.end()
