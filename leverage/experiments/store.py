"""The folder of a sweep: finished parts under names of their own, a statement of what is swept, and last of all the manifest.

    sweep.json          what is swept; written first
    points/             part-000000.parquet and so on, one table for pandas, polars, DuckDB
    columns.csv         what each column is, and its least and largest value
    scenario.resolved.yaml
    manifest.json       its presence marks the folder whole

A part appears by renaming a file that is whole and on the disk, so that a kill, a full disk or a lost machine leaves finished
parts or none.
"""

from __future__ import annotations

import json
import os
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from leverage.errors import Fault, FolderError, OutputError
from leverage.experiments.part import POINT
from leverage.game.stochastic_game import Integers
from leverage.output.files import MANIFEST, STATEMENT

POINTS, LOCK = "points", ".lock"

#: Parts have this many points unless there are fewer than FEW parts, or more than MANY of them.
PART, FEW, MANY = 64, 64, 2_000
#: Names of parts; see `Part.file`.
_PART_NAME = re.compile(r"part-\d{6}\.parquet")
#: So many strays, and so many parts that are damaged, are named.
MOST_STRAYS = 3
#: Fewer points make no part of their own.
SMALLEST_PART = 4


def part_size(points: int) -> int:
    """Points of a part: it hangs on the number of points alone, so that parts are the same whoever solves them.

    Few points are spread over many parts, which workers share; many make larger parts, so that a folder holds no more than a few
    thousand files.
    """
    return max(SMALLEST_PART, min(PART, -(-points // FEW)), -(-points // MANY))


@dataclass(frozen=True)
class Part:
    """The points from `start` to before `stop`."""

    number: int
    start: int
    stop: int

    @property
    def file(self) -> str:
        return f"part-{self.number:06d}.parquet"


def parts_of(points: int) -> Iterator[Part]:
    """All parts of a sweep of so many points."""
    size = part_size(points)
    for number, start in enumerate(range(0, points, size)):
        yield Part(number, start, min(start + size, points))


@dataclass(frozen=True)
class SweepFolder:
    """A folder that holds a sweep, finished or not."""

    path: Path

    @property
    def points(self) -> Path:
        return self.path / POINTS

    @property
    def statement(self) -> dict[str, Any] | None:
        """What is swept; None where the folder holds no sweep."""
        return _json(self.path / STATEMENT)

    @property
    def manifest(self) -> dict[str, Any] | None:
        """None while the sweep is unfinished."""
        return _json(self.path / MANIFEST)

    def begin(self, statement: Mapping[str, Any]) -> None:
        """Make the folder and say what is swept. Raises OutputError."""
        with writing(self.path):
            self.points.mkdir(parents=True, exist_ok=True)
            self.put(self.path / STATEMENT, f"{json.dumps(statement, indent=1)}\n".encode())

    def refuse_taken(self, what: str) -> None:
        """Raise OutputError unless nothing is there, or an empty folder. what: it is to hold; called so in the message."""
        with writing(self.path):
            taken = self.path.exists() and not self.path.is_dir()
            full = self.path.is_dir() and any(self.path.iterdir())
        if taken:
            raise OutputError(f"{self.path} is a file, and a {what} needs a folder: choose another --out")
        if full:
            raise OutputError(f"{self.path} exists already and holds no {what}: choose another --out, or remove it")

    def refuse_strays(self, points: int | None = None) -> None:
        """Raise FolderError where other files than parts lie among the parts: copies, or what belongs to another sweep. Whoever
        reads the folder as one table reads them too, save those whose names begin with '.' or '_'.

        points : of the sweep, whose parts are then numbered no higher; None where that is not known.
        """
        there = sorted(path.name for path in self.points.glob("*") if not path.name.startswith((".", "_")))
        if points is None:
            strays = [name for name in there if not _PART_NAME.fullmatch(name)]
        else:
            own = {part.file for part in parts_of(points)}
            strays = [name for name in there if name not in own]
        if strays:
            more = f" and {len(strays) - MOST_STRAYS:,} more" if len(strays) > MOST_STRAYS else ""
            named = ", ".join(f"'{name}'" for name in strays[:MOST_STRAYS])
            message = f"not parts of this sweep, but among them: {named}{more}"
            raise FolderError(str(self.points), Fault(0, 0, message, "move them to another folder, or remove them"))

    def refuse_incomplete(self, points: int) -> None:
        """Raise FolderError unless all parts of so many points are there, can be read, and have the same columns."""
        wrong: list[str] = []
        schema: pa.Schema | None = None
        for part in parts_of(points):
            found = self._schema_of(part)
            schema = schema or found
            if found is None or schema is None or not found.equals(schema):
                wrong.append(part.file)
        if wrong:
            more = f" and {len(wrong) - MOST_STRAYS:,} more" if len(wrong) > MOST_STRAYS else ""
            self._refuse_damaged(f"{', '.join(wrong[:MOST_STRAYS])}{more}")

    def _schema_of(self, part: Part) -> pa.Schema | None:
        """The columns of a part; None unless it is there, with its own points."""
        try:
            with pq.ParquetFile(self.points / part.file) as file:
                schema = file.schema_arrow
                numbers = file.read([POINT], use_threads=False).column(POINT).to_numpy() if POINT in schema.names else []
        except (OSError, pa.ArrowException):
            return None
        return schema if np.array_equal(numbers, np.arange(part.start, part.stop)) else None

    def _refuse_damaged(self, files: str) -> NoReturn:
        remedy = "make it again: the command of the sweep and --resume, which solves what is missing"
        raise FolderError(str(self.points), Fault(0, 0, f"damaged or missing: {files}", remedy))

    def put(self, path: Path, content: bytes) -> None:
        """A whole file or none, on the disk when this returns. Raises OutputError."""
        draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}.draft")  # two that begin at once take no draft from each other
        with writing(self.path):
            try:
                with draft.open("wb") as stream:
                    stream.write(content)
                    stream.flush()
                    os.fsync(stream.fileno())
                draft.replace(path)
            except BaseException:
                with suppress(OSError):
                    draft.unlink(missing_ok=True)
                raise

    def kept(self, points: int) -> int:
        """How many of so many points are in parts that are there."""
        return sum(part.stop - part.start for part in parts_of(points) if (self.points / part.file).is_file())

    def keep(self, part: Part, content: bytes) -> None:
        """Put a finished part into the folder. Raises OutputError."""
        self.put(self.points / part.file, content)

    def holds(self, part: Part, schema: pa.Schema) -> bool:
        """Whether a part is there, whole, with these columns and its own points."""
        path = self.points / part.file
        if not path.exists():
            return False
        try:
            table = pq.read_table(path, partitioning=None)
        except (OSError, pa.ArrowException):
            return False
        numbers = table.column(POINT).to_numpy() if POINT in table.column_names else np.zeros(0)
        return bool(table.schema.equals(schema) and np.array_equal(numbers, np.arange(part.start, part.stop)))

    def batches(self, columns: Sequence[str], points: Integers | None = None) -> Iterator[pa.RecordBatch]:
        """These columns of all parts that are there, in the order of points; of those that may hold some `points` where any are
        named. One file is open at a time: a dataset keeps what it knows of each, which comes to gigabytes where thousands of
        parts have hundreds of columns. Raises FolderError where one cannot be read."""
        for path in self._parts_with(points):
            try:
                with pq.ParquetFile(path) as part:
                    kept = list(part.iter_batches(columns=list(columns), use_threads=False))
            except (OSError, pa.ArrowException):
                self._refuse_damaged(path.name)
            yield from kept

    def _parts_with(self, points: Integers | None) -> list[Path]:
        """Files of the parts that are there; of those alone that may hold some points, as far as the statement tells."""
        paths = self.files
        size = (self.statement or {}).get("part_size")
        if points is None or not isinstance(size, int):
            return paths
        wanted = {Part(number, 0, 0).file for number in np.unique(points // size).tolist()}
        return [path for path in paths if path.name in wanted]

    @property
    def files(self) -> list[Path]:
        """Of the parts that are there, in the order of points."""
        return sorted(path for path in self.points.glob("part-*.parquet") if _PART_NAME.fullmatch(path.name))

    @property
    def schema(self) -> pa.Schema:
        """Of the first part. Raises FolderError where there is none."""
        first = next(iter(self.files), None)
        if first is None:
            raise FolderError(str(self.path), Fault(0, 0, "it holds no points", "sweep again"))
        return pq.read_schema(first)

    def rows(self, columns: Sequence[str], points: Iterable[int] | None = None) -> pd.DataFrame:
        """These columns of some points, of all where none are named, in the order of points; see `batches`."""
        names = list(dict.fromkeys((POINT, *columns)))
        if points is None:
            kept = list(self.batches(names))
        else:
            wanted = np.unique(np.fromiter(points, dtype=np.int64))
            batches = self.batches(names, wanted)
            kept = [batch.filter(pa.array(np.isin(batch.column(POINT).to_numpy(), wanted))) for batch in batches]
        found: pd.DataFrame = pa.Table.from_batches(kept).to_pandas()
        return found[list(columns)]

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from writing here; the lock goes with the process. Raises OutputError where one does, or where
        nobody can write."""
        lock = FileLock(self.path / LOCK)
        with writing(self.path):
            try:
                lock.acquire(blocking=False)
            except Timeout as error:
                message = f"{self.path} is being written by another process: wait for it, or choose another --out"
                raise OutputError(message) from error
        try:
            self._drop_drafts()
            yield
        finally:
            lock.release()
            with suppress(OSError):
                (self.path / LOCK).unlink(missing_ok=True)

    def _drop_drafts(self) -> None:
        """Those of parts, left by a process that was killed: whoever holds the lock alone writes parts."""
        for draft in self.points.glob(".*.draft"):
            with suppress(OSError):
                draft.unlink(missing_ok=True)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """What the system says of a folder that cannot be written, as an OutputError."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror or error}") from error


def differences(here: Mapping[str, Any], asked: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """What two statements differ in: 'tables: here outcomes, asked outcomes and claims'."""
    for key in dict.fromkeys((*here, *asked)):
        one, other = here.get(key), asked.get(key)
        name = f"{path}{key}".replace("_", " ")
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            yield from differences(one, other, f"{name}: ")
        elif one != other:
            yield f"{name}: there {_told(one)}, asked {_told(other)}"


def _told(value: Any) -> str:
    text = "nothing" if value is None or value == "" else value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _json(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
