"""A sweep made again comes out the same; what was changed in its folder is found, and told by row and column."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from leverage.comparison.reproduction import Reproduction
from leverage.comparison.sweep_again import sweep_reproduced
from leverage.errors import FolderError
from leverage.experiments.part import parquet_bytes
from leverage.experiments.store import SweepFolder
from leverage.experiments.sweep_reading import sweep_of
from leverage.experiments.workers import ThisProcess
from leverage.loading import load_scenario
from leverage.report.sweep_provenance import sweep_command
from tests.command_line import simulate

LEAVING = Path(__file__).parents[1] / "data" / "leaving.yaml"
SHEET = "parameter,low,likely,high\nleave,0.1,0.2,0.5\ntoll,1,1,1\npatience,0.95,0.95,0.95\n"


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn from a sheet, of which one number is certain and lies outside the scenario's range."""
    place = tmp_path_factory.mktemp("sweep")
    (place / "ours.csv").write_text(SHEET)
    arguments = ("--sample", "lhs:12", "--plausible", "ours.csv", "--tables", "outcomes,sets,claims")
    done = simulate("sweep", str(LEAVING), *arguments, "--jobs", "1", "--out", "folder", "-q", cwd=place)
    assert done.returncode == 0, done.stderr
    return place / "folder"


@pytest.fixture
def folder(swept: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(swept, tmp_path / "folder"))


def again(folder: Path) -> Reproduction:
    return sweep_reproduced(SweepFolder(folder), ThisProcess(), lambda phrase: None)


def change(folder: Path, column: str, by: float) -> None:
    """The second part's first row."""
    path = folder / "points" / "part-000001.parquet"
    table = pq.read_table(path, partitioning=None)
    values = table[column].to_pylist()
    values[0] += by
    table = table.set_column(table.column_names.index(column), table.schema.field(column), pa.array(values))
    path.write_bytes(parquet_bytes(table))


def test_it_is_drawn_from_what_the_sheet_says(swept: Path) -> None:
    points = pq.read_table(swept / "points").to_pandas()
    assert (points["toll"] == 1).all()
    assert (points["patience"] == 0.95).all()
    assert points["leave"].between(0.1, 0.5).all()
    below = (points["leave"] < 0.2).mean()
    assert below == pytest.approx(0.25, abs=1 / 12)  # of a triangle from 0.1 over 0.2 to 0.5
    stated = json.loads((swept / "sweep.json").read_text())["design"]["drawn_from"]
    assert stated["sheet"] == "ours.csv"
    assert stated["judgements"]["leave"] == [0.1, 0.2, 0.5]


def test_a_range_that_a_sheet_alone_gives_is_drawn_from(tmp_path: Path) -> None:
    """And what is said of the points is true of them."""
    (tmp_path / "leaving.yaml").write_text(LEAVING.read_text().replace("toll: {value: 1, range: [0, 4], ", "toll: {value: 1, "))
    (tmp_path / "ours.csv").write_text("parameter,low,likely,high\ntoll,1,2,4\n")
    arguments = (
        "sweep",
        "leaving.yaml",
        "--sample",
        "lhs:4",
        "--over",
        "toll",
        "--over",
        "leave",
        "--jobs",
        "1",
        "--out",
        "folder",
    )
    refused = simulate(*arguments, cwd=tmp_path)
    assert refused.returncode == 2
    assert "'toll' has no plausible range to draw from" in " ".join(refused.stderr.replace("│", " ").split())
    drawn = simulate(*arguments, "--plausible", "ours.csv", "-p", "patience=0.5", cwd=tmp_path)
    assert drawn.returncode == 0, drawn.stderr
    told = " ".join(drawn.stdout.split())
    assert "the spread that experts state of 1 parameter and the plausible ranges of 1 parameter more." in told
    assert "Not the baseline: patience = 0.5." in told
    manifest = json.loads((tmp_path / "folder" / "manifest.json").read_text())
    assert manifest["overrides"]["toll"] == 2
    assert not any("toll = 2" in each for each in manifest["setting"][:1])
    command = sweep_command(manifest, load_scenario(tmp_path / "folder" / "scenario.resolved.yaml"))
    assert "--over leave --over toll" in command
    assert command.endswith("-p patience=0.5")


def test_it_comes_out_the_same(folder: Path) -> None:
    found = again(folder)
    assert found.agrees
    assert [each.agreement for each in found.tables] == ["identical", "identical"]
    assert found.tables[0].rows == 12


def test_a_sweep_is_read_as_it_was_asked_for(folder: Path) -> None:
    stated = SweepFolder(folder).statement or {}
    read = sweep_of(SweepFolder(folder))
    assert read.design.statement == stated["design"]
    assert (read.tables, read.tolerance) == (tuple(stated["tables"]), stated["tolerance"])
    assert read.scenario.values == {"patience": 0.95, "leave": 0.2, "toll": 1.0}


def test_a_number_that_was_changed_is_told(folder: Path) -> None:
    name = "Markov perfect: holder: payoff"
    change(folder, name, 0.01)
    found = again(folder)
    assert not found.agrees
    assert found.edited == ("points/part-000001.parquet",)
    points = found.tables[0]
    assert points.agreement == "beyond"
    assert [(cell.column, cell.row) for cell in points.cells] == [(name, 5)]
    assert points.worst == pytest.approx(0.01)


def test_a_difference_within_the_bounds_is_none_but_the_file_was_edited(folder: Path) -> None:
    name = "best for holder: holder: payoff"
    row = pq.read_table(folder / "points" / "part-000001.parquet", partitioning=None).to_pandas().iloc[0]
    width = row[f"{name} [high]"] - row[f"{name} [low]"]
    change(folder, name, max(width / 2, 1e-12))
    found = again(folder)
    assert found.tables[0].agreement == "within"
    assert found.edited == ("points/part-000001.parquet",)
    assert not found.agrees


def test_a_part_that_is_gone_and_a_folder_that_holds_no_sweep(folder: Path, tmp_path: Path) -> None:
    (folder / "points" / "part-000002.parquet").unlink()
    found = again(folder)
    assert found.gone == ("points/part-000002.parquet",)
    assert found.tables[0].note.startswith("part-000002.parquet: not there")
    assert not found.agrees
    with pytest.raises(FolderError, match="not the folder of a sweep"):
        again(tmp_path)
    (folder / "manifest.json").unlink()
    with pytest.raises(FolderError, match="--resume"):
        again(folder)
    (folder / "manifest.json").write_text("{}")
    (folder / "sweep.json").write_text('{"design": {"kind": "grid"}}')
    with pytest.raises(FolderError, match=r"does not say what was swept"):
        again(folder)
    for text in ('{"a": 1}', '{"design": "grid"}'):
        (folder / "sweep.json").write_text(text)
        with pytest.raises(FolderError, match="not the folder of a sweep"):
            again(folder)


def test_a_damaged_part_is_named_and_hides_no_cell_that_was_changed(folder: Path) -> None:
    name = "Markov perfect: holder: payoff"
    change(folder, name, 0.01)
    (folder / "points" / "part-000000.parquet").write_bytes(b"half a part")
    points, columns = again(folder).tables
    assert points.note.startswith("part-000000.parquet: not there, damaged")
    assert [(cell.column, cell.row) for cell in points.cells] == [(name, 5)]
    assert (columns.agreement, columns.cells) == ("beyond", ())
    assert "not compared" in columns.note


def test_of_an_edited_summary_the_edited_cells_alone_are_told(folder: Path) -> None:
    path = folder / "columns.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame.loc[0, "unit"] = "shells"
    path.write_text(frame.to_csv(index=False, lineterminator="\n"))
    points, columns = again(folder).tables
    assert points.agreement == "identical"
    assert [(cell.column, cell.row, cell.before) for cell in columns.cells] == [("unit", 1, "shells")]


def test_indices_are_compared_too(tmp_path: Path) -> None:
    arguments = ("--sample", "morris:4", "--over", "toll", "--over", "leave", "--jobs", "1", "--out", "folder", "-q")
    assert simulate("sweep", str(LEAVING), *arguments, cwd=tmp_path).returncode == 0
    path = tmp_path / "folder" / "indices.csv"
    assert [each.agreement for each in again(path.parent).tables] == ["identical"] * 3
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame.loc[0, "value"] = "7.5"
    path.write_text(frame.to_csv(index=False, lineterminator="\n"))
    points, columns, indices = again(path.parent).tables
    assert (points.agreement, columns.agreement, indices.agreement) == ("identical", "identical", "beyond")
    assert [(cell.column, cell.row, cell.before) for cell in indices.cells] == [("value", 1, "7.5")]
    path.unlink()
    assert again(path.parent).tables[2].agreement == "missing"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--over", "toll=1,2", "--plausible", "ours.csv"), "say how many points to draw"),
        (("--sample", "lhs:4", "--plausible", "ours.csv", "--over", "toll"), "no doubt about 'toll'"),
        (("--sample", "lhs:4", "--plausible", "none.csv"), "none.csv"),
    ],
)
def test_what_cannot_be_drawn_from_a_sheet(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    (tmp_path / "ours.csv").write_text(SHEET)
    refused = simulate("sweep", str(LEAVING), *arguments, "--jobs", "1", "--out", "folder", cwd=tmp_path)
    assert refused.returncode == 2
    assert told in " ".join(refused.stderr.replace("│", " ").split())
    assert not (tmp_path / "folder").exists()
