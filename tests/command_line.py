"""The command line in a process of its own, as a user has it.

`start` is for what a new interpreter may change: how commands load, two runs that have to agree whatever Python's hash seed is,
interruption. Anywhere else `simulate`, which splits the process off from one that has loaded the package, saves the seconds of
loading: most calls are refused at once or solve a game of one state.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

SERVER = Path(__file__).with_name("command_server.py")
#: Python counts threads before it splits a process: the libraries are to have none of their own.
NO_THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}


def environment() -> dict[str, str]:
    """A narrow terminal without colours; warnings are errors."""
    return {**os.environ, "COLUMNS": "80", "NO_COLOR": "1", "PYTHONWARNINGS": "error"}


def start(*arguments: str, cwd: Path, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder, in a new interpreter."""
    command = [sys.executable, "-m", "leverage", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=environment(), check=False, **more)


def simulate(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder, in a process that finds the package loaded."""
    if not hasattr(os, "fork"):
        return start(*arguments, cwd=cwd)
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    with tempfile.TemporaryDirectory() as folder:
        output, error = Path(folder, "output"), Path(folder, "error")
        call = {"arguments": arguments, "cwd": str(cwd), "stdout": str(output), "stderr": str(error)}
        server.stdin.write(f"{json.dumps(call)}\n")
        server.stdin.flush()
        answer = server.stdout.readline()
        if not answer:
            raise RuntimeError(f"{SERVER.name} ended: its message stands on standard error")
        return subprocess.CompletedProcess(list(arguments), int(answer), output.read_text("utf-8"), error.read_text("utf-8"))


@cache
def _server() -> subprocess.Popen[str]:
    """One for each process of tests, and gone with it; Ctrl-C is for the tests alone."""
    server = subprocess.Popen(
        [sys.executable, "-P", str(SERVER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment() | NO_THREADS,
        start_new_session=True,
    )
    atexit.register(_end, server)
    return server


def _end(server: subprocess.Popen[str]) -> None:
    server.communicate()  # no more calls: it ends
