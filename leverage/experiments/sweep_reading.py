"""A sweep's folder -> the sweep that it holds, from the statement and the resolved scenario in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leverage.errors import Fault, FolderError
from leverage.experiments.axes import Axis
from leverage.experiments.design import Design, Grid, Sample, Together
from leverage.experiments.expert_draw import stated_quantiles
from leverage.experiments.finished_sweep import FinishedSweep
from leverage.experiments.store import SweepFolder
from leverage.experiments.sweep import Sweep


def sweep_of(folder: SweepFolder) -> Sweep:
    """The sweep of a finished folder.

    Its scenario is the resolved one, whose file's hash is not that of the file that was swept: what was swept says
    `folder.statement`. Raises FolderError where the folder holds no finished sweep, ScenarioError for a scenario that is none.
    """
    finished = FinishedSweep.open(folder.path)
    stated = folder.statement or {}
    try:
        design = stated_design(stated["design"])
        tables, claims, tolerance = tuple(stated["tables"]), tuple(stated["claims"]), float(stated["tolerance"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        fault = Fault(0, 0, "its sweep.json does not say what was swept", "another version wrote it, or it was edited")
        raise FolderError(str(folder.path), fault) from error
    return Sweep(finished.scenario, design, tables, tolerance, claims)


def stated_design(stated: Mapping[str, Any]) -> Design:
    """The design of a statement. Raises KeyError, TypeError or ValueError for what is none."""
    kind = stated["kind"]
    if kind in ("grid", "zip"):
        axes = tuple(Axis(name, tuple(map(float, values))) for name, values in stated["values"].items())
        return Grid(axes) if kind == "grid" else Together(axes)
    ranges = {name: (float(low), float(high)) for name, (low, high) in stated["ranges"].items()}
    drawn_from = stated.get("drawn_from", {})
    quantiles = stated_quantiles(drawn_from, tuple(ranges)) if drawn_from else None
    return Sample(kind, int(stated["points"]), int(stated["seed"]), ranges, quantiles, drawn_from)
