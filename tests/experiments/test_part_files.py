"""Processes of one machine hand parts over in files; what goes through their pipes is so short that no kill can halve it."""

from __future__ import annotations

import pickle
import select
from pathlib import Path

import numpy as np
import pytest

from leverage.errors import OutputError
from leverage.experiments.part import SolvedPart, SweepTask, solve_part
from leverage.experiments.part_files import ask, collect, solve_asked
from leverage.experiments.store import Part
from leverage.loading import load_scenario

SCENARIO = load_scenario(Path(__file__).parent.parent / "data" / "leaving.yaml")
NAME = next(iter(SCENARIO.parameters))
ENDS = SCENARIO.parameters[NAME].low, SCENARIO.parameters[NAME].high
TASK = SweepTask.of(SCENARIO, {NAME: ENDS}, ("outcomes", "strategies"), 1e-6)
PART = Part(4, 64, 80)
VALUES = np.linspace(*ENDS, 16)[:, None]
#: What an executor adds to a message: a number, names of fields.
ENVELOPE = 1024


def test_a_part_is_handed_over_and_back(tmp_path: Path) -> None:
    ask(str(tmp_path), PART, TASK, VALUES)
    assert solve_asked(str(tmp_path), PART.start) == ""
    found = collect(str(tmp_path), PART)
    assert isinstance(found, SolvedPart)
    assert found == solve_part(TASK, PART.start, VALUES)
    assert not list(tmp_path.iterdir())


def test_messages_are_written_at_one_stroke_and_what_is_handed_over_is_longer(tmp_path: Path) -> None:
    folder = str(tmp_path)
    ask(folder, PART, TASK, VALUES)
    there, back = pickle.dumps((solve_asked, folder, PART.start)), pickle.dumps(solve_asked(folder, PART.start))
    assert max(map(len, (there, back))) + ENVELOPE < select.PIPE_BUF
    assert max(path.stat().st_size for path in tmp_path.iterdir()) > select.PIPE_BUF


def test_without_room_somebody_is_told(tmp_path: Path) -> None:
    nowhere = str(tmp_path / "gone")
    with pytest.raises(OutputError, match=r"gone cannot be written: No such file or directory; the variable TMPDIR may name"):
        ask(nowhere, PART, TASK, VALUES)
    ask(str(tmp_path), PART, TASK, VALUES)
    (tmp_path / f"{PART.start}.solved").mkdir()
    assert solve_asked(str(tmp_path), PART.start) == "Is a directory"
