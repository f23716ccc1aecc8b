"""A sweep in a notebook has the rows of one that is written."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import leverage
from leverage.errors import ScenarioError
from tests.command_line import simulate

LEAVING = Path(__file__).parent.parent / "data" / "leaving.yaml"


def test_it_has_the_rows_of_a_written_one(tmp_path: Path) -> None:
    scenario = leverage.load_scenario(LEAVING, {"patience": 0.7})
    found = leverage.sweep(scenario, {"toll": [0.5, 3], "leave": [0.1, 0.2, 0.3]}, tables=["claims", "outcomes"])
    arguments = ("--over", "toll=0.5,3", "--over", "leave=0.1,0.2,0.3", "--tables", "outcomes,claims", "-p", "patience=0.7")
    done = simulate("sweep", str(LEAVING), *arguments, "--jobs", "1", "--out", "written", "-q", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    written = pd.read_parquet(tmp_path / "written" / "points")
    pd.testing.assert_frame_equal(found, written, check_exact=True)


def test_values_may_be_taken_together() -> None:
    found = leverage.sweep(leverage.load_scenario(LEAVING), {"toll": [0.5, 3], "leave": [0.1, 0.2]}, together=True)
    assert found[["toll", "leave"]].to_numpy().tolist() == [[0.5, 0.1], [3.0, 0.2]]


@pytest.mark.parametrize(
    ("over", "tables", "told"),
    [
        ({"tol": [1]}, ("outcomes",), "did you mean 'toll'"),
        ({"toll": [1]}, ("outcome",), "did you mean 'outcomes'"),
        ({"toll": []}, ("outcomes",), "at least one value"),
        ({}, ("outcomes",), "at least one value"),
    ],
)
def test_what_is_no_sweep(over: dict[str, list[float]], tables: tuple[str, ...], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        leverage.sweep(leverage.load_scenario(LEAVING), over, tables=tables)


def test_a_value_that_makes_no_game() -> None:
    with pytest.raises(ScenarioError, match="leave"):
        leverage.sweep(leverage.load_scenario(LEAVING), {"leave": [0.1, 1.5]})
