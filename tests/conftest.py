"""Fixtures that several test files use."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from threadpoolctl import threadpool_limits

import leverage
from leverage import Run, load_scenario, run
from tests.command_line import NO_THREADS, SERVER

ROOT = Path(__file__).parent.parent
#: Where numba keeps what it has compiled.
COMPILED = Path(os.environ.get("NUMBA_CACHE_DIR") or Path(leverage.__file__).parent)


def pytest_sessionstart(session: pytest.Session) -> None:
    """After an install the kernels are compiled before several workers start: each of them would compile all of them.

    As in a first run two processes share the work: one solves a small game, the other compiles what that one comes to late.
    """
    workers = getattr(session.config.option, "numprocesses", None) or 0  # a worker itself has none
    if workers > 1 and next(COMPILED.rglob("logit_kernel.walk-*.nbi"), None) is None:
        programs = ([str(SERVER)], ["-m", "leverage.solvers.kernel_compilation"])
        commands = [[sys.executable, "-P", *program] for program in programs]
        together = [subprocess.Popen(command, stdin=subprocess.DEVNULL, env={**os.environ, **NO_THREADS}) for command in commands]
        for process in together:
            process.wait()


@pytest.fixture(scope="session")
def withdrawal() -> Run:
    """The main job, once for all tests."""
    return run(load_scenario(ROOT / "scenarios" / "withdrawal.yaml"))


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """Small linear systems run faster on one thread, above all beside other work."""
    with threadpool_limits(limits=1, user_api="blas"):
        yield
