"""What is asked to be compared, as it stands on the command line -> scenarios and folders, checked before anything is run."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from leverage.comparison.sides import Side, side_of_folder, side_of_run
from leverage.errors import Fault, ScenarioError
from leverage.loading import load_scenario
from leverage.output.frames import Run
from leverage.scenario.parsing import nearest
from leverage.scenario.scenario import Scenario
from leverage.sheets.parameter_sheet import ParameterSheet
from leverage.sheets.sheet_reading import read_sheet
from leverage.writing.run_folder import RunFolder

#: Endings of sheets; those of spreadsheet programs are told to be saved as CSV.
SHEETS = frozenset({".csv", ".tsv", ".xlsx", ".xls", ".ods"})
#: Sides have letters.
LABELS = string.ascii_uppercase


@dataclass(frozen=True, eq=False)
class GivenSide:
    """A side before it is run. read: the side, if it was read from a folder. sheet: at whose likeliest values the scenario is."""

    label: str
    name: str
    scenario: Scenario
    read: Side | None = None
    sheet: ParameterSheet | None = None

    def side(self, run: Callable[[Scenario], Run]) -> Side:
        """The side with its tables; run: how a scenario is solved."""
        return self.read or side_of_run(self.label, self.name, run(self.scenario), self.sheet)


@dataclass(frozen=True)
class _File:
    """A scenario file as it was given."""

    path: Path
    variant: str

    @property
    def name(self) -> str:
        return f"{self.path}, variant {self.variant}" if self.variant else str(self.path)

    def load(self, overrides: Mapping[str, float]) -> Scenario:
        return load_scenario(self.path, overrides, self.variant)


def given_sides(things: Sequence[str], changes: Sequence[Mapping[str, float]] = ()) -> tuple[GivenSide, ...]:
    """The sides in the order in which they are given, those with changes last.

    Parameters
    ----------
    things : each the folder of a run, a scenario file, FILE:VARIANT, or a filled-in sheet for the scenario file before it.
    changes : each a side more: parameter -> value, of the one scenario file that is given.

    Raises
    ------
    ScenarioError : a scenario that cannot be used; a sheet or changes without the scenario that they are for; fewer than two
        sides, or more than there are letters. FolderError, SheetError : a folder or a sheet that cannot be used.
    """
    if not 2 <= len(things) + len(changes) <= len(LABELS):
        message = f"{len(things) + len(changes)} to compare: two are needed, and {len(LABELS)} are the most"
        raise _refused(message, 'such as: simulate compare FILE --with "NAME=VALUE"', "compare")
    found: list[GivenSide] = []
    files: list[_File] = []
    for label, thing in zip(LABELS, things, strict=False):
        if Path(thing).is_dir():
            side = side_of_folder(label, RunFolder.open(Path(thing)))
            found.append(GivenSide(label, side.name, side.scenario, side))
        elif Path(thing).suffix.lower() in SHEETS:
            found.append(_with_sheet(label, Path(thing), files))
        else:
            files.append(_file(thing))
            found.append(GivenSide(label, files[-1].name, files[-1].load({})))
    base = _one_file(files) if changes else None
    for label, values in zip(LABELS[len(things) :], changes, strict=False):
        if base is not None:
            told = ", ".join(f"{name} = {value:.12g}" for name, value in values.items())
            found.append(GivenSide(label, f"{base.name} with {told}", _changed(base, values)))
    return tuple(found)


def _file(thing: str) -> _File:
    """A scenario file, with a variant behind a colon unless that is part of the file's name."""
    name, colon, variant = thing.rpartition(":")
    return _File(Path(name), variant) if colon and not Path(thing).exists() and Path(name).is_file() else _File(Path(thing), "")


def _with_sheet(label: str, path: Path, files: Sequence[_File]) -> GivenSide:
    if not files:
        raise _refused("a sheet stands behind the scenario file that it is for", f"simulate compare FILE {path}", str(path))
    base = files[-1]
    sheet = read_sheet(path, base.load({}))
    return GivenSide(label, f"{base.name} at the likeliest values of {path}", base.load(sheet.likely), sheet=sheet)


def _changed(base: _File, values: Mapping[str, float]) -> Scenario:
    """The scenario with other values; a name that it does not have is a fault of the option that gives it."""
    known = base.load({}).parameters
    faults = [
        Fault(0, 0, f"there is no parameter '{name}'", nearest(name, known), place=f"--with {name}={value:g}")
        for name, value in values.items()
        if name not in known
    ]
    if faults:
        raise ScenarioError("the command line", faults)
    return base.load(values)


def _one_file(files: Sequence[_File]) -> _File:
    """The scenario file that changes are made to: the only one, with the variant with which it is given first."""
    if len({each.path for each in files}) != 1:
        message = (
            "no scenario file is given to change" if not files else "it is not clear which of several scenario files to change"
        )
        raise _refused(message, "give one file, and each set of changes as a --with of its own", "--with")
    return files[0]


def _refused(message: str, remedy: str, place: str) -> ScenarioError:
    return ScenarioError("the command line", [Fault(0, 0, message, remedy, place=place)])
