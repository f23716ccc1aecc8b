"""A folder made again from what it holds, and whether the numbers agree."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leverage.comparison.agreement import TableAgreement, table_agreement
from leverage.output.files import file_hash, table_bytes, versions
from leverage.scenario.scenario import Scenario
from leverage.writing.run_folder import FORMATS, RunFolder, kind_of

if TYPE_CHECKING:
    import pandas as pd

#: Makes the tables of a kind of folder: from its scenario and the options in its manifest, telling its steps.
Rerun = Callable[[Scenario, Mapping[str, Any], Callable[[str], None]], Mapping[str, "pd.DataFrame"]]


@dataclass(frozen=True, eq=False)
class Reproduction:
    """What came of making a folder again.

    tables: each with its agreement. edited, gone: files that are not as the folder's maker left them, and such as are no longer
    there; hashed is False where the manifest does not tell. versions: of programs and libraries that are others now: name ->
    (then, now).
    """

    folder: Path
    kind: str
    title: str
    tables: tuple[TableAgreement, ...]
    edited: tuple[str, ...]
    gone: tuple[str, ...]
    hashed: bool
    versions: Mapping[str, tuple[str, str]]

    @property
    def agrees(self) -> bool:
        """Whether every table is the same within its certificates, and the folder is as it was made."""
        return all(each.agrees for each in self.tables) and not self.edited and not self.gone


def reproduced(rerun: Rerun, folder: RunFolder, tell: Callable[[str], None], given: Collection[str] = ()) -> Reproduction:
    """Make the tables of a folder again and compare them. given: tables that are not made but were handed in.

    What a parameter's value was stated to be in the original file is not made again: the folder's scenario states the values in
    use. Raises FolderError, ScenarioError : the folder cannot be read, or its scenario is none.
    """
    scenario = folder.scenario
    options = folder.manifest.get("options", {})
    now = dict(rerun(scenario, options if isinstance(options, dict) else {}, tell))
    tell("comparing tables")
    tables = [_agreement(folder, name, frame) for name, frame in now.items()]
    tables += [TableAgreement(name, "extra", 0) for name in folder.names if name not in now and name not in given]
    hashes = folder.manifest.get("files")
    edited, gone = edited_files(folder.path, hashes)
    return Reproduction(
        folder.path,
        kind_of(folder.manifest),
        scenario.title,
        tuple(tables),
        edited,
        gone,
        isinstance(hashes, dict),
        other_versions(folder),
    )


def edited_files(folder: Path, hashes: object) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Files that are not as a manifest's hashes say, and those that are no longer there; none where it has no hashes."""
    told = hashes if isinstance(hashes, dict) else {}
    there = {name: (folder / name).is_file() for name in told}
    edited = tuple(name for name, own in told.items() if there[name] and file_hash(folder / name) != own)
    return edited, tuple(name for name in told if not there[name])


def _agreement(folder: RunFolder, name: str, frame: pd.DataFrame) -> TableAgreement:
    table_format = next((each for each in FORMATS if (folder.path / f"{name}.{each}").is_file()), None)
    if table_format is None:
        return TableAgreement(name, "missing", len(frame))
    before = folder.table(name)
    if name == "parameters" and "stated" in before and len(before) == len(frame):
        frame = frame.assign(stated=before["stated"].to_numpy())
    content = table_bytes(frame, table_format)
    if content == (folder.path / f"{name}.{table_format}").read_bytes():
        return TableAgreement(name, "identical", len(frame))
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / f"{name}.{table_format}").write_bytes(content)
        return table_agreement(name, before, RunFolder(Path(place), folder.manifest).table(name))


def other_versions(folder: RunFolder) -> dict[str, tuple[str, str]]:
    """Programs and libraries that have another version now."""
    then = {**folder.manifest["versions"], "python": folder.manifest.get("python", "unknown")}
    now = {**versions(), "python": platform.python_version()}
    names = [name for name in now if then.get(name) != now[name]]
    return {name: (str(then.get(name, "unknown")), now[name]) for name in names}
