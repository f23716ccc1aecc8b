"""A finished sweep read again: which parameters vary, what its columns are, and some of them for all points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd

from leverage.errors import Fault, FolderError
from leverage.experiments.part import STATUS, column_of
from leverage.experiments.store import SweepFolder
from leverage.loading import load_scenario
from leverage.output.files import MANIFEST
from leverage.scenario.scenario import Scenario

#: What a manifest has to say, and of which type.
_SAID = {
    **{"design": dict, "points": int, "overrides": dict},
    **{"scenario": str, "scenario_sha256": str, "variant": str, "program_sha256": str},
}


@dataclass(frozen=True, eq=False)
class FinishedSweep:
    """The folder of a sweep that went through. manifest: what its manifest.json says."""

    folder: SweepFolder
    manifest: Mapping[str, Any]

    @classmethod
    def open(cls, path: Path) -> FinishedSweep:
        """Raises FolderError: no such folder, no sweep, an unfinished one, one with strays among its parts."""
        folder = SweepFolder(path)
        statement, manifest = folder.statement, folder.manifest
        if not path.is_dir():
            _refuse(path, "there is no such folder", "'simulate sweep FILE' writes one")
        design = (statement or {}).get("design")
        if not isinstance(design, dict) or design.get("kind") == "regimes":
            _refuse(path, "this is not the folder of a sweep", "give one that 'simulate sweep FILE' wrote")
        if manifest is None:
            _refuse(path, "this sweep is unfinished", "go on with it: the same command and --resume")
        points = manifest.get("points")
        folder.refuse_strays(points if isinstance(points, int) else None)
        return cls(folder, manifest)

    @classmethod
    def whole(cls, path: Path) -> FinishedSweep:
        """The same where all points will be looked at.

        Raises FolderError also where a part is missing or damaged, or the manifest does not say what every sweep's does.
        """
        sweep = cls.open(path)
        lacking = next((key for key, kind in _SAID.items() if not isinstance(sweep.manifest.get(key), kind)), None)
        if lacking is not None:
            remedy = "make it again: the command of the sweep and --resume"
            _refuse(path / MANIFEST, f"the manifest does not say '{lacking}' as a sweep's does", remedy)
        sweep.folder.refuse_incomplete(sweep.manifest["points"])
        return sweep

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that vary."""
        design = self.manifest["design"]
        return tuple(design.get("values", design.get("ranges", {})))

    @cached_property
    def columns(self) -> pd.DataFrame:
        """What each column is; see docs/tables.md. Raises FolderError."""
        try:
            return pd.read_csv(self.folder.path / "columns.csv", keep_default_na=False)
        except (OSError, ValueError) as error:
            _refuse(self.folder.path, f"columns.csv cannot be read: {str(error).splitlines()[0]}", "sweep again")

    @cached_property
    def kinds(self) -> dict[str, str]:
        """Column -> 'number', 'text' or 'flag'."""
        kinds = {"double": "number", "bool": "flag"}
        schema = self.folder.schema
        return {name: kinds.get(str(schema.field(name).type), "text") for name in self.columns["column"]}

    @property
    def kinds_beside(self) -> dict[str, str]:
        """The same of what every sweep has beside its columns: parameters that vary, and the status."""
        return {**dict.fromkeys(map(column_of, self.names), "number"), STATUS: "text"}

    def values(self) -> pd.DataFrame:
        """(P, K): the parameters that vary, in the order of points."""
        return self._read([column_of(name) for name in self.names]).set_axis(list(self.names), axis=1)

    def column(self, name: str) -> pd.Series[Any]:
        """(P,): one column, in the order of points."""
        return self._read([name])[name]

    def _read(self, names: Sequence[str]) -> pd.DataFrame:
        return self.folder.rows(names)

    @cached_property
    def scenario(self) -> Scenario:
        """The scenario as it was swept. Raises ScenarioError, FolderError."""
        file = self.folder.path / "scenario.resolved.yaml"
        if not file.is_file():
            _refuse(self.folder.path, f"{file.name} is missing", "sweep again")
        return load_scenario(file)


def _refuse(place: Path, message: str, remedy: str) -> NoReturn:
    raise FolderError(str(place), Fault(0, 0, message, remedy))
