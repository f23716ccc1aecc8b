"""The folder of a sweep holds whole parts or none, knows its own, and says in what another sweep differs."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from leverage.errors import OutputError
from leverage.experiments.part import parquet_bytes
from leverage.experiments.store import FEW, MANY, Part, SweepFolder, differences, part_size, parts_of

SCHEMA = pa.schema([pa.field("point", pa.int64()), pa.field("x", pa.float64())])


def content(part: Part, schema: pa.Schema = SCHEMA) -> bytes:
    numbers = list(range(part.start, part.stop))
    return parquet_bytes(pa.table([numbers, [float(k) for k in numbers]], schema=schema))


@pytest.fixture
def folder(tmp_path: Path) -> SweepFolder:
    made = SweepFolder(tmp_path / "sweep")
    made.begin({"a": 1})
    return made


@pytest.mark.parametrize("points", [1, 3, 4, 5, 100, 257, 4_096, 4_097, 100_000, 1_000_000])
def test_parts_cover_every_point_once_and_are_neither_too_many_nor_too_few(points: int) -> None:
    parts = list(parts_of(points))
    covered = [k for part in parts for k in range(part.start, part.stop)]
    assert covered == list(range(points))
    assert [part.number for part in parts] == list(range(len(parts)))
    assert len(parts) <= MANY
    assert len(parts) >= min(FEW // 2, points // 4)
    assert len({part.stop - part.start for part in parts[:-1]}) <= 1
    assert part_size(points) >= parts[-1].stop - parts[-1].start


def test_a_part_is_there_if_it_is_whole_has_these_columns_and_these_points(folder: SweepFolder) -> None:
    part = Part(3, 12, 16)
    assert not folder.holds(part, SCHEMA)
    folder.keep(part, content(part))
    assert folder.holds(part, SCHEMA)
    path = folder.points / part.file
    whole = path.read_bytes()
    other = pa.schema([SCHEMA.field("point"), pa.field("x", pa.string())])
    assert not folder.holds(part, other)
    for broken in (b"", whole[:-1], whole[: len(whole) // 2], content(Part(3, 12, 15)), content(Part(3, 13, 17))):
        path.write_bytes(broken)
        assert not folder.holds(part, SCHEMA)
    folder.keep(part, whole)
    assert folder.holds(part, SCHEMA)


def test_all_parts_are_one_table_in_the_order_of_points(folder: SweepFolder) -> None:
    for part in (Part(1, 4, 8), Part(0, 0, 4), Part(2, 8, 9)):
        folder.keep(part, content(part))
    (folder.points / ".part-000003.parquet.draft").write_bytes(b"half")
    assert folder.rows(["point"])["point"].tolist() == list(range(9))
    assert folder.rows(["x"], [7, 0, 7, 12])["x"].tolist() == [0.0, 7.0]
    assert pq.read_table(folder.points)["point"].to_pylist() == list(range(9))


@pytest.mark.parametrize("fails", ["fsync", "replace"])
def test_a_full_disk_leaves_no_half_part_and_says_so(folder: SweepFolder, monkeypatch: pytest.MonkeyPatch, fails: str) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if fails == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    else:
        monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OutputError, match="No space left"):
        folder.keep(Part(0, 0, 4), content(Part(0, 0, 4)))
    assert list(folder.points.iterdir()) == []


def test_two_processes_never_write_one_sweep(folder: SweepFolder) -> None:
    with folder.locked(), pytest.raises(OutputError, match="another process"), SweepFolder(folder.path).locked():
        pass
    with folder.locked():
        pass
    assert not (folder.path / ".lock").exists()


def test_differences_name_what_differs() -> None:
    here = {"variant": "", "design": {"kind": "grid", "values": {"a": [1.0]}}, "tables": ["outcomes"], "same": 1}
    asked = {"variant": "slow", "design": {"kind": "grid", "values": {"a": [1.0], "b": [2.0]}}, "tables": ["outcomes"], "same": 1}
    assert list(differences(here, here)) == []
    assert list(differences(here, asked)) == [
        "variant: there nothing, asked slow",
        "design: values: b: there nothing, asked [2.0]",
    ]


def test_what_is_no_statement_is_none(folder: SweepFolder) -> None:
    assert folder.statement == {"a": 1}
    (folder.path / "sweep.json").write_text('{"a": 1')
    assert folder.statement is None
    assert folder.manifest is None
