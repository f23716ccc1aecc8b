"""The folder of a sweep holds whole parts or none, knows its own, and says in what another sweep differs."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from filelock import FileLock

from leverage.errors import FolderError, OutputError
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


def test_a_folder_in_which_nobody_may_write_is_told_in_one_message(folder: SweepFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(FileLock, "acquire", denied)
    with pytest.raises(OutputError, match="cannot be written: Permission denied"), folder.locked():
        pass


def test_two_that_begin_at_once_take_no_draft_from_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = SweepFolder(tmp_path / "sweep"), SweepFolder(tmp_path / "sweep")
    synced = os.fsync

    def meanwhile(descriptor: int) -> None:
        monkeypatch.setattr(os, "fsync", synced)
        other.begin({"a": 1})
        synced(descriptor)

    monkeypatch.setattr(os, "fsync", meanwhile)
    one.begin({"a": 1})
    assert one.statement == {"a": 1}
    assert sorted(path.name for path in one.path.iterdir()) == ["points", "sweep.json"]


def test_a_draft_that_was_left_behind_goes_with_the_next_lock(folder: SweepFolder) -> None:
    (folder.points / ".part-000003.parquet.0a1b.draft").write_bytes(b"half")
    folder.keep(Part(0, 0, 4), content(Part(0, 0, 4)))
    with folder.locked():
        assert [path.name for path in folder.points.iterdir()] == ["part-000000.parquet"]


@pytest.mark.parametrize("stray", ["part-000001 (Kopie).parquet", "part-1.parquet", "notes.txt", "part-000999.parquet"])
def test_what_is_no_part_of_the_sweep_is_refused_by_name(folder: SweepFolder, stray: str) -> None:
    for part in parts_of(9):
        folder.keep(part, content(part))
    (folder.points / ".hidden").write_bytes(b"")
    folder.refuse_strays(9)
    (folder.points / stray).write_bytes(b"")
    with pytest.raises(FolderError, match=re.escape(f"'{stray}'\n    move them")):
        folder.refuse_strays(9)
    if stray == "part-000999.parquet":  # it may be a part where the number of points is not known
        folder.refuse_strays()
    else:
        assert folder.rows(["point"])["point"].tolist() == list(range(9))
        with pytest.raises(FolderError, match=re.escape(stray)):
            folder.refuse_strays()


def test_parts_that_are_missing_or_damaged_are_refused_by_name(folder: SweepFolder) -> None:
    parts = list(parts_of(20))
    for part in parts:
        folder.keep(part, content(part))
    folder.refuse_incomplete(20)
    other = pa.schema([SCHEMA.field("point"), pa.field("y", pa.float64())])
    path = folder.points / parts[2].file
    whole = path.read_bytes()
    for broken in (b"", whole[:-1], content(Part(2, 8, 11)), content(parts[2], other)):
        path.write_bytes(broken)
        with pytest.raises(FolderError, match=rf"damaged or missing: {parts[2].file}\n.*--resume"):
            folder.refuse_incomplete(20)
    path.write_bytes(whole[:-1])
    with pytest.raises(FolderError, match=f"damaged or missing: {parts[2].file}"):
        folder.rows(["x"])
    for part in parts:
        (folder.points / part.file).unlink()
    with pytest.raises(FolderError, match=r"part-000000.parquet, .* and 2 more"):
        folder.refuse_incomplete(20)


def test_of_many_strays_the_first_are_named(folder: SweepFolder) -> None:
    for number in range(5):
        (folder.points / f"copy {number}.parquet").write_bytes(b"")
    with pytest.raises(FolderError, match=r"'copy 0\.parquet', 'copy 1\.parquet', 'copy 2\.parquet' and 2 more"):
        folder.refuse_strays(9)


def test_a_file_stands_where_the_folder_would(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(OutputError, match="taken is a file, and a sweep needs a folder: choose another --out"):
        SweepFolder(tmp_path / "taken").refuse_taken("sweep")
    SweepFolder(tmp_path / "new").refuse_taken("sweep")


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
