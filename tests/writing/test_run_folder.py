"""Folders of runs are read as they were written, and what is none is refused with a remedy."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import pandas as pd
import pytest

from leverage.errors import FolderError
from leverage.writing.run_folder import RunFolder
from tests.writing.folders import NASTY, SHIPPED, made, nasty_claims, shipped

MIXED = pd.DataFrame(
    {
        "claim": ["1", "2"],
        "value": [0.1, math.nan],
        "count": [3, 4],
        "found": [True, False],
        "caveat": ["", ""],
        "share": [math.nan, math.nan],
        "without": [1.5, 2.5],
    }
)


@pytest.mark.parametrize("table_format", ["csv", "parquet", "json"])
def test_tables_are_the_same_from_every_file_format(tmp_path: Path, table_format: str) -> None:
    worlds = pd.DataFrame({"state": ["a", "a"], "without": ["", ""], "a_payoff": [1.0, 2.0]})
    folder = made(tmp_path / "run", {"mixed": MIXED, "claims": nasty_claims(), "equilibrium_set": worlds}, table_format)
    frame = folder.table("mixed")
    assert frame["claim"].tolist() == ["1", "2"]
    assert frame["caveat"].tolist() == ["", ""]
    assert frame["found"].tolist() == [True, False]
    assert frame["found"].dtype == bool
    for name in ("value", "count", "share", "without"):
        pd.testing.assert_series_equal(frame[name], MIXED[name].astype(float))
    assert folder.table("claims")["says"].tolist() == list(NASTY)
    assert folder.table("equilibrium_set")["without"].tolist() == ["", ""]


def test_the_shipped_run_is_read_whole() -> None:
    folder = shipped()
    assert {"claims", "leverage", "outcomes", "tipping", "strategies"} <= set(folder.names)
    assert "manifest" not in folder.names
    assert folder.scenario.title == "Does a withdrawal tied to the talks give leverage?"
    claims = folder.table("claims")
    judged = claims[claims["line"] == ""]
    assert dict(zip(judged["claim"], judged["verdict"], strict=True)) == folder.manifest["claims"]
    for name in folder.names:
        assert len(folder.table(name)) == len(pd.read_csv(SHIPPED / f"{name}.csv"))


def test_what_is_no_folder_of_a_run_is_refused_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match=r"no such folder\n    'simulate FILE' writes one"):
        RunFolder.open(tmp_path / "absent")
    with pytest.raises(FolderError, match="this is a file"):
        RunFolder.open(SHIPPED / "claims.csv")
    with pytest.raises(FolderError, match=r"has no manifest.json\n    give a folder that 'simulate FILE' has written"):
        RunFolder.open(tmp_path)
    with pytest.raises(FolderError, match=r"has no manifest.json\n    it holds such folders: .*baseline"):
        RunFolder.open(SHIPPED.parent)


def test_a_manifest_that_is_not_a_runs_is_refused(tmp_path: Path) -> None:
    said = json.loads((SHIPPED / "manifest.json").read_text())
    for text, reason in (
        ("{", "cannot be read"),
        ("[]", "does not say"),
        (json.dumps({**said, "versions": "1"}), "does not say 'versions'"),
        (json.dumps({key: value for key, value in said.items() if key != "run"}), "does not say 'run'"),
    ):
        (tmp_path / "manifest.json").write_text(text)
        with pytest.raises(FolderError, match=reason) as caught:
            RunFolder.open(tmp_path)
        assert "run the scenario again" in str(caught.value)


def test_an_unknown_table_is_told_with_the_nearest_name(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match=r"no table 'claim'\n    did you mean 'claims'\?"):
        shipped().table("claim")
    with pytest.raises(FolderError, match="no table 'manifest'"):
        shipped().table("manifest")
    with pytest.raises(FolderError, match=r"no table '../baseline/claims'"):
        shipped().table("../baseline/claims")


def test_a_table_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(SHIPPED, folder)
    (folder / "claims.csv").write_text("")
    (folder / "tipping.csv").write_text("claim,parameter\nA1,x\n")
    (folder / "leverage.csv").unlink()
    (folder / "leverage.json").write_text("{")
    opened = RunFolder.open(folder)
    with pytest.raises(FolderError, match=r"claims.csv: the table cannot be read"):
        opened.table("claims")
    with pytest.raises(FolderError, match=r"leverage.json: the table cannot be read"):
        opened.table("leverage")
    with pytest.raises(FolderError, match=r"tipping.csv: the table has no column 'verdict'"):
        opened.table("tipping", ("claim", "verdict"))
    (folder / "scenario.resolved.yaml").unlink()
    with pytest.raises(FolderError, match=r"scenario.resolved.yaml is missing"):
        _ = opened.scenario


def test_a_manifest_without_a_time_gives_the_earliest(tmp_path: Path) -> None:
    folder = made(tmp_path / "run", {"mixed": MIXED})
    assert RunFolder(folder.path, {**folder.manifest, "finished": "yesterday"}).finished.year == 1980
    assert RunFolder(folder.path, {**folder.manifest, "finished": "2026-01-02T03:04:05"}).finished.utcoffset() is not None
