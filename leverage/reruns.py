"""How each kind of folder is made again: the one place in which kinds are told apart."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leverage.comparison.reproduction import Reproduction, Rerun, reproduced
from leverage.comparison.sweep_again import sweep_reproduced
from leverage.comparison_study import SHEETS, comparison_again
from leverage.errors import Fault, FolderError
from leverage.experiments.regime_folder import frames_of
from leverage.experiments.regime_map import asked_map, solve_map
from leverage.experiments.regime_tables import map_tables
from leverage.experiments.store import SweepFolder
from leverage.experiments.sweep import Progress as Points
from leverage.experiments.sweep import open_folder
from leverage.experiments.workers import LocalProcesses, ThisProcess, cores
from leverage.explanation_study import explanation_study
from leverage.output.files import RUN, STATEMENT, run_tables
from leverage.pipeline import Progress, run
from leverage.scenario.scenario import Scenario
from leverage.stress_studies import leverage_box_study, stress_study, when_study
from leverage.studies import (
    LikelyEvent,
    Study,
    credible_study,
    equilibria_study,
    follow_study,
    leverage_study,
    noise_study,
    nothing,
    patience_study,
)
from leverage.writing.run_folder import RunFolder, kind_of, read_manifest

if TYPE_CHECKING:
    import pandas as pd

#: Makes the folder at a place again.
Reproduce = Callable[[Path, Progress], Reproduction]


def reproduce(path: Path, *, progress: Progress = nothing) -> Reproduction:
    """Make a folder again from its scenario and the options in its manifest, and compare; see `Reproduction`.

    Raises
    ------
    FolderError : there is no such folder, it cannot be read, or its manifest does not say enough to make it again.
    ScenarioError : its scenario cannot be used. UnsolvedError : what was solved then is not solved now.
    """
    manifest = read_manifest(path)
    kind = kind_of(manifest)
    if kind not in REPRODUCERS or (kind in RERUNS and kind != RUN and "options" not in manifest):
        message = f"a folder of the kind '{kind}' is not made again" if kind else "the manifest does not say what made the folder"
        known = ", ".join(REPRODUCERS)
        raise FolderError(str(path), Fault(0, 0, message, f"kinds that are, if this version made them: {known}"))
    return REPRODUCERS[kind](path, progress)


def _run_again(scenario: Scenario, options: Mapping[str, Any], tell: Progress) -> Mapping[str, pd.DataFrame]:
    return run_tables(run(scenario, horizon=options.get("horizon"), progress=tell))


def _study_again(study: Callable[..., Study]) -> Rerun:
    """A study whose options are in the manifest by their names."""

    def again(scenario: Scenario, options: Mapping[str, Any], tell: Progress) -> Mapping[str, pd.DataFrame]:
        return study(scenario, **options, progress=tell).tables

    return again


def _patience(scenario: Scenario, *, least: Any, likely: Any, progress: Progress, **options: Any) -> Study:
    """`patience_study` with what a manifest can hold."""
    event = None if likely is None else LikelyEvent(**likely)
    return patience_study(scenario, least=tuple(least) if least else None, likely=event, progress=progress, **options)


def _by_tables(rerun: Rerun, path: Path, tell: Progress) -> Reproduction:
    return reproduced(rerun, RunFolder.open(path), tell)


def _compare(path: Path, tell: Progress) -> Reproduction:
    """The sides are run from scenarios of their own."""
    folder = RunFolder.open(path)
    return reproduced(lambda scenario, options, step: comparison_again(folder, step), folder, tell, given=(SHEETS,))


def _sweep(path: Path, tell: Progress) -> Reproduction:
    """Its points are solved by one worker a core."""
    workers = LocalProcesses(cores()) if cores() > 1 else ThisProcess()
    return sweep_reproduced(SweepFolder(path), workers, tell)


def _map_again(scenario: Scenario, options: Mapping[str, Any], tell: Progress) -> Mapping[str, pd.DataFrame]:
    """A map, its points kept in a folder that goes afterwards."""
    asked = asked_map(scenario, **options)
    with tempfile.TemporaryDirectory(prefix="leverage-") as place:
        folder = SweepFolder(Path(place))
        open_folder(folder, asked, resume=False)

        def step(now: Points) -> None:
            tell(f"solving points: {now.done}")

        return frames_of(map_tables(solve_map(asked, folder, ThisProcess(), tell=step, heed=lambda: None)))


def _regimes(path: Path, tell: Progress) -> Reproduction:
    """The statement of what is solved lies beside the tables."""
    return reproduced(_map_again, RunFolder.open(path), tell, given=(Path(STATEMENT).stem,))


#: By kind of folder, as its manifest says.
RERUNS: Mapping[str, Rerun] = {
    RUN: _run_again,
    "leverage": _study_again(leverage_study),
    "leverage-box": _study_again(leverage_box_study),
    "stress": _study_again(stress_study),
    "when": _study_again(when_study),
    "explain": _study_again(explanation_study),
    "equilibria": _study_again(equilibria_study),
    "credible": _study_again(credible_study),
    "noise": _study_again(noise_study),
    "patience": _study_again(_patience),
    "follow": _study_again(follow_study),
}


#: All kinds that are made again; what is not made of tables has a way of its own.
REPRODUCERS: Mapping[str, Reproduce] = {
    **{kind: partial(_by_tables, rerun) for kind, rerun in RERUNS.items()},
    "compare": _compare,
    "sweep": _sweep,
    "regimes": _regimes,
}
