"""A folder that a run or a study wrote, read again: its manifest, its tables, its scenario."""

from __future__ import annotations

import datetime
import json
import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd

from leverage.errors import Fault, FolderError
from leverage.loading import load_scenario
from leverage.output.claims import CLAIM_COLUMNS
from leverage.output.files import RUN, STATEMENT
from leverage.output.frames import (
    BARGAINING_COLUMNS,
    EQUILIBRIUM_COLUMNS,
    OUTCOME_COLUMNS,
    PARAMETER_COLUMNS,
    PATH_COLUMNS,
    PLAY_COLUMNS,
    PLAY_TAIL,
    SENSITIVITY_COLUMNS,
    SET_COLUMNS,
    STRATEGY_COLUMNS,
)
from leverage.output.leverage import LEVERAGE_COLUMNS
from leverage.output.plan_words import PLAN_COLUMNS
from leverage.output.stress import CLAIM_POINT_COLUMNS, TIPPING_COLUMNS
from leverage.output.unfinished import ANSWERS
from leverage.scenario.parsing import nearest
from leverage.scenario.scenario import Scenario

#: Endings of tables, as `--format` of a run writes them.
FORMATS = ("csv", "parquet", "json")
MANIFEST, SCENARIO = "manifest.json", "scenario.resolved.yaml"

#: What a manifest has to say, and of which type.
_SAID = {
    "finished": str,
    "run": str,
    "scenario": str,
    "scenario_sha256": str,
    "variant": str,
    "overrides": dict,
    "versions": dict,
}

#: Columns of names and sentences: they stay text where a name looks like a number, and where all cells are empty.
_TEXTS = frozenset(
    {
        *("claim", "assertion", "says", "under", "line", "verdict", "reason", "caveat", "flips_to", "searched"),
        *("selection", "subject", "quantity", "unit", "quantity_unit", "who", "where", "memory", "plays", "better", "in_words"),
        *("path", "path_in_words", "kind", "found_by", "state", "bound", "corner", "rule", "disagreement_from", "agreement"),
        *("player", "plan", "phase", "condition", "action", "instrument", "other_instrument", "holder", "channel", "measure"),
        *(
            "sign",
            "note",
            "method",
            "source",
            "parameter",
            "side",
            "found_from",
            "statement",
            "topic",
            "of",
            "answer",
            "variable",
        ),
    }
)
#: The same where the column of another table is one of numbers: the instrument that a world is without.
_TEXTS_OF: dict[str, frozenset[str]] = {"equilibrium_set": frozenset({"without"}), "claims": frozenset({"flips_at"})}

#: Columns that the tables of every run have.
_COLUMNS: dict[str, Sequence[str]] = {
    "parameters": PARAMETER_COLUMNS,
    "outcomes": OUTCOME_COLUMNS,
    "strategies": STRATEGY_COLUMNS,
    "equilibria": EQUILIBRIUM_COLUMNS,
    "play": (*PLAY_COLUMNS, *PLAY_TAIL),
    "equilibrium_set": SET_COLUMNS,
    "bargaining": BARGAINING_COLUMNS,
    "plans": PLAN_COLUMNS,
    "leverage": LEVERAGE_COLUMNS,
    "claims": CLAIM_COLUMNS,
    "tipping": TIPPING_COLUMNS,
    "claim_points": CLAIM_POINT_COLUMNS,
    "sensitivity": SENSITIVITY_COLUMNS,
    "paths": PATH_COLUMNS,
}


@dataclass(frozen=True, eq=False)
class RunFolder:
    """The folder `path` of a whole run. manifest: what its manifest.json says (see docs/tables.md)."""

    path: Path
    manifest: Mapping[str, Any]

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """Read the manifest, whose presence marks a folder whole.

        Raises FolderError where there is no such folder, where it is no run's, and where the manifest cannot be used.
        """
        manifest = read_manifest(path)
        wrong = [key for key, kind in _SAID.items() if not isinstance(manifest.get(key), kind)]
        if wrong and kind_of(manifest) not in ("", RUN):
            _refuse(path, f"this is the folder of a {kind_of(manifest)}, not of a run", "give one that 'simulate FILE' wrote")
        if wrong:
            remedy = "run the scenario again with this version"
            _refuse(path / MANIFEST, f"the manifest does not say '{wrong[0]}' as a run's does", remedy)
        return cls(path, manifest)

    @property
    def program(self) -> str:
        """This package with the version that the run was made with."""
        return f"leverage {self.manifest['versions'].get('leverage', 'of unknown version')}"

    @property
    def finished(self) -> datetime.datetime:
        """When the run ended; the beginning of 1980 where the manifest has no time."""
        try:
            said = datetime.datetime.fromisoformat(self.manifest["finished"])
        except ValueError:
            return datetime.datetime(1980, 1, 1, tzinfo=datetime.UTC)
        return said if said.tzinfo else said.replace(tzinfo=datetime.UTC)

    def command(self, *words: str) -> str:
        """The command line that runs the same game again; words: of another command than a run, such as `stress`."""
        said = self.manifest
        variant = ("--variant", said["variant"]) if said["variant"] else ()
        changed = [part for name, value in said["overrides"].items() for part in ("-p", f"{name}={value!r}")]
        return shlex.join(["simulate", *words, said["scenario"], *variant, *changed])

    @property
    def is_whole_run(self) -> bool:
        """Whether `simulate FILE` wrote it, and not a study."""
        return "start" in self.manifest

    def refuse_studies(self, made: str, *, of_sweeps: bool = False) -> None:
        """Raise FolderError where it is the folder of a study. made: what cannot be made from one, such as 'a report'. of_sweeps:
        though it can be from a sweep's."""
        if not self.is_whole_run:
            whose, wrote = "a run's", "'simulate FILE'"
            if of_sweeps:
                whose, wrote = f"{whose} or a sweep's", f"{wrote} or 'simulate sweep FILE'"
            _refuse(self.path, f"this is the folder of a study; {made} is made from {whose}", f"give one that {wrote} wrote")

    @property
    def names(self) -> list[str]:
        """Names of its tables, in the order of the alphabet."""
        return sorted(
            file.stem for file in self.path.iterdir() if file.suffix.removeprefix(".") in FORMATS and file.name != MANIFEST
        )

    def table(self, name: str, needed: Collection[str] = ()) -> pd.DataFrame:
        """A table by its name, such as `claims`; the same frame from CSV, Parquet and JSON.

        Cells without a text are "", cells without a number NaN; truth values are bool. needed: columns that it has to have.
        Raises FolderError where there is no such table (the remedy names the nearest one), and where it cannot be used.
        """
        file = next((file for each in FORMATS if (file := self.path / f"{name}.{each}").is_file()), None)
        if file is None and name in _COLUMNS and self.is_whole_run:
            _refuse(self.path, f"the table '{name}' is missing", "run the scenario again with this version")
        if file is None or name not in self.names:
            _refuse(self.path, f"there is no table '{name}'", nearest(name, self.names))
        try:
            frame = _read(file, _COLUMNS.get(name, ()))
        except (OSError, ValueError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
            _refuse(file, f"the table cannot be read: {_first_line(error)}", "run the scenario again")
        missing = [column for column in needed if column not in frame]
        if missing:
            _refuse(file, f"the table has no column '{missing[0]}'", "run the scenario again with this version")
        return _typed(frame, _TEXTS | _TEXTS_OF.get(name, frozenset()))

    def run_table(self, name: str) -> pd.DataFrame:
        """A table that every run has, with all its columns, read once; not to be changed. Raises FolderError."""
        if name not in self._run_tables:
            self._run_tables[name] = self.table(name, _COLUMNS[name])
        return self._run_tables[name]

    @cached_property
    def _run_tables(self) -> dict[str, pd.DataFrame]:
        return {}

    @cached_property
    def scenario(self) -> Scenario:
        """The scenario as it was run, overrides and variant included. Raises ScenarioError, FolderError if it is missing."""
        file = self.path / SCENARIO
        if not file.is_file():
            _refuse(self.path, f"{SCENARIO} is missing", "run the scenario again")
        return load_scenario(file)


def read_manifest(path: Path) -> Mapping[str, Any]:
    """What the manifest of a folder says, whatever wrote it. Raises FolderError where there is none."""
    if not path.exists():
        _refuse(path, "there is no such folder", "'simulate FILE' writes one, results/SCENARIO/RUN or what --out names")
    if not path.is_dir():
        _refuse(path, "this is a file, not the folder of a run", f"give the folder that it is in, such as {path.parent}")
    file = path / MANIFEST
    if not file.is_file():
        _refuse_unfinished(path)
        _refuse(path, f"this is not the folder of a run: it has no {MANIFEST}", _runs_inside(path))
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        _refuse(file, f"the manifest cannot be read: {_first_line(error)}", "run the scenario again")
    return said if isinstance(said, dict) else {}


def _refuse_unfinished(path: Path) -> None:
    """Raise FolderError where something was begun in a folder, and stopped."""
    if (path / STATEMENT).is_file():
        _refuse(path, "this sweep, or map, is unfinished", "go on with it: the same command and --resume")
    if (path / ANSWERS).is_file():
        _refuse(path, "this study is unfinished", "go on with it: the same command")


def kind_of(manifest: Mapping[str, Any]) -> str:
    """What wrote a folder: 'run', or the name of a study; "" where the manifest does not say."""
    said = manifest.get("kind", RUN if "start" in manifest else "")
    return said if isinstance(said, str) else ""


def _refuse(place: Path, message: str, remedy: str) -> NoReturn:
    raise FolderError(str(place), Fault(0, 0, message, remedy))


def _runs_inside(path: Path) -> str:
    """A remedy: the runs within the folder, or how to make one."""
    inside = sorted(str(each.parent) for each in path.glob(f"*/{MANIFEST}"))[:3]
    return f"it holds such folders: {', '.join(inside)}" if inside else "give a folder that 'simulate FILE' has written"


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0] or type(error).__name__


def _read(file: Path, columns: Sequence[str]) -> pd.DataFrame:
    """columns: of a table without rows, which JSON does not tell."""
    match file.suffix:
        case ".csv":
            return pd.read_csv(file, dtype=str, keep_default_na=False)
        case ".parquet":
            return pd.read_parquet(file)
        case _:
            rows = json.loads(file.read_text(encoding="utf-8"))
            return pd.DataFrame(rows, columns=None if rows else list(columns))


def _typed(frame: pd.DataFrame, texts: frozenset[str]) -> pd.DataFrame:
    """Columns of texts, of numbers and of truth values, whatever the file format knows of types."""
    return pd.DataFrame({str(name): _typed_column(own, str(name) in texts) for name, own in frame.items()})


def _typed_column(column: pd.Series[Any], text: bool) -> pd.Series[Any]:
    if pd.api.types.is_bool_dtype(column) or (pd.api.types.is_float_dtype(column) and not text):
        return column
    cells = column.astype(object).where(column.notna(), "")
    if text:
        return cells.map(str).astype(object)
    if len(cells) and cells.map(str).isin(["True", "False"]).all():
        return cells.map(str).eq("True")
    numbers = pd.to_numeric(cells.replace("", None), errors="coerce").astype(float)
    told = numbers.isna() & ~cells.isin(["", "nan"])
    return cells.map(str).astype(object) if told.any() else numbers
