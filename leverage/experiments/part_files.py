"""What a process of this machine is given, and hands back, in files.

Through the pipe between processes go only messages so short that the system writes each at one stroke. Of a longer one, whose
writer is killed in the middle of it, the reader would wait for the rest for ever.
"""

from __future__ import annotations

import pickle
from pathlib import Path

from leverage.errors import OutputError
from leverage.experiments.part import SolvedPart, StoppedPart, SweepTask, solve_part
from leverage.experiments.store import Part
from leverage.game.stochastic_game import Floats

_ASKED, _SOLVED = "asked", "solved"


def ask(folder: str, part: Part, task: SweepTask, values: Floats) -> None:
    """Write down what is to be solved. Raises OutputError where there is no room for it."""
    try:
        _file(folder, part.start, _ASKED).write_bytes(pickle.dumps((task, part.start, values)))
    except OSError as error:
        raise no_room(folder, error) from error


def solve_asked(folder: str, start: int) -> str:
    """What workers call: the part that begins there, see `solve_part`. Returns why its file cannot be written, '' if it is."""
    solved = solve_part(*pickle.loads(_file(folder, start, _ASKED).read_bytes()))  # noqa: S301 - this program's own, see `ask`
    try:
        _file(folder, start, _SOLVED).write_bytes(pickle.dumps(solved))
    except OSError as error:
        return error.strerror or str(error)
    return ""


def collect(folder: str, part: Part) -> SolvedPart | StoppedPart:
    """What a worker has solved; its files are removed."""
    _file(folder, part.start, _ASKED).unlink()
    path = _file(folder, part.start, _SOLVED)
    solved: SolvedPart | StoppedPart = pickle.loads(path.read_bytes())  # noqa: S301 - this program's own, see `solve_asked`
    path.unlink()
    return solved


def no_room(folder: str, reason: OSError | str) -> OutputError:
    """A part cannot be handed over."""
    told = reason if isinstance(reason, str) else reason.strerror or str(reason)
    return OutputError(f"{folder} cannot be written: {told}; the variable TMPDIR may name another folder for what is passing")


def _file(folder: str, start: int, what: str) -> Path:
    return Path(folder) / f"{start}.{what}"
