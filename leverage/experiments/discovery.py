"""Scenario discovery: boxes of parameters in which a case, such as a claim that fails, is the rule.

Boxes are found by the patient rule induction method (Friedman and Fisher 1999) as `ema_workbench` has it for scenario discovery
(Bryant and Lempert 2010; Kwakkel and Jaxa-Rozen 2016). The method leaves a trajectory of ever smaller boxes to choose from; here
the choice is made by a rule, so that the same table always gives the same boxes.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from leverage.errors import LeverageError
from leverage.game.stochastic_game import Booleans, Floats

#: At most so many boxes, one after the other, each among the points that are in no earlier one.
MOST_BOXES = 4
#: A box holds at least this part of the points; at least this part of its points are cases; it holds at least this part of all
#: cases.
LEAST_MASS, LEAST_DENSITY, LEAST_COVERAGE = 0.05, 0.5, 0.05
#: A limit whose quasi-p-value is above this might be chance: it is given up (Bryant and Lempert 2010 use 0.05).
SIGNIFICANT = 0.05
#: Fewer points tell nothing about boxes.
FEWEST_POINTS = 40


@dataclass(frozen=True)
class Limit:
    """A bound of a box. lower: the box is above it. quasi_p: how likely so many cases would be in the box if this limit had
    nothing to do with them (one-sided binomial test)."""

    parameter: str
    lower: bool
    value: float
    quasi_p: float


@dataclass(frozen=True)
class Box:
    """limits: bounds of parameters that are restricted. points, cases: how many are in it. coverage: part of all cases. density:
    part of the box's points. mass: part of all points; points in earlier boxes do not count."""

    limits: tuple[Limit, ...]
    points: int
    cases: int
    coverage: float
    density: float
    mass: float


@dataclass(frozen=True)
class Discovery:
    """boxes: the ones that were found, the first one first. points, cases: how many there are at all."""

    boxes: tuple[Box, ...]
    points: int
    cases: int


def discover(values: Floats, cases: Booleans, names: Sequence[str]) -> Discovery:
    """Boxes in which cases are the rule.

    Of the trajectory of each search the box with the largest harmonic mean of coverage and density is taken, of ties the one with
    fewer limits; then limits that might be chance are given up, the least significant first.

    Parameters
    ----------
    values : (P, K) the parameters at the points; those that never vary are left out. cases : (P,) whether a point is one.
    names : (K,) of the parameters.

    Raises
    ------
    LeverageError : the library is not installed; there are fewer than FEWEST_POINTS points.
    """
    points, count = len(values), int(cases.sum())
    if points < FEWEST_POINTS:
        raise LeverageError(f"{points} points with an answer are too few for boxes: sweep at least {FEWEST_POINTS}")
    if count in (0, points):
        return Discovery((), points, count)
    varying = np.flatnonzero(np.ptp(values, axis=0) > 0)
    search = _Search(values[:, varying], cases, [names[int(k)] for k in varying])
    return Discovery(tuple(search.boxes()), points, count)


class _Search:
    """One run of the library; columns have numbers for names, since it gives names of its own a meaning."""

    def __init__(self, values: Floats, cases: Booleans, names: Sequence[str]) -> None:
        self.names, self.values, self.count = names, values, int(cases.sum())
        frame = pd.DataFrame(values, columns=[f"x{k}" for k in range(values.shape[1])])
        module = _library()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The inplace keyword", DeprecationWarning)  # of pandas, within the library
            self.prim = module.Prim(frame, cases.astype(np.int64), threshold=LEAST_DENSITY, mass_min=LEAST_MASS)

    def boxes(self) -> Iterator[Box]:
        """Until the next box is none."""
        for _ in range(MOST_BOXES):
            found = self.prim.find_box()
            if found is None:
                return
            at = _chosen(found.peeling_trajectory)
            found.select(at)
            limits = self._without_chance(found, at)
            points, cases = len(found.yi), int(self.prim.y[found.yi].sum())
            box = Box(limits, points, cases, cases / self.count, cases / points, points / self.prim.n)
            if not limits or box.density < LEAST_DENSITY or box.coverage < LEAST_COVERAGE:
                return
            yield box

    def _without_chance(self, found: Any, at: int) -> tuple[Limit, ...]:
        """Give up limits of the box at place `at` of its trajectory that might be chance; those that are left."""
        while True:
            limits = self._limits(found, at)
            loose = [limit for limit in limits if limit.quasi_p > SIGNIFICANT]
            if not loose:
                return tuple(limits)
            worst = max(loose, key=lambda limit: limit.quasi_p)
            wider = found.box_lim.copy()
            row, column = 0 if worst.lower else 1, f"x{self.names.index(worst.parameter)}"
            wider.loc[row, column] = self.prim.box_init.loc[row, column]
            low, high = wider.to_numpy(dtype=float)
            left = self.prim.yi_remaining
            found.update(wider, left[np.all((self.values[left] >= low) & (self.values[left] <= high), axis=1)])
            at = len(found.qp) - 1

    def _limits(self, found: Any, at: int) -> list[Limit]:
        significance = found.qp[at]
        limits = []
        for k, name in enumerate(self.names):
            for row, quasi_p in enumerate(significance.get(f"x{k}", ())):
                value = float(found.box_lim.loc[row, f"x{k}"])
                if value != float(self.prim.box_init.loc[row, f"x{k}"]):
                    limits.append(Limit(name, row == 0, value, float(quasi_p)))
        return limits


def _chosen(trajectory: pd.DataFrame) -> int:
    """The box with the best harmonic mean of coverage and density (van Rijsbergen 1979); of ties the one with fewer limits."""
    coverage, density = (trajectory[name].to_numpy(dtype=float) for name in ("coverage", "density"))
    total = coverage + density
    balance = np.divide(2 * coverage * density, total, out=np.zeros_like(total), where=total > 0)
    limits = trajectory["res_dim"].to_numpy(dtype=float)
    return int(np.lexsort((np.arange(len(balance)), limits, -balance.round(12)))[0])


def _library() -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it misses optional libraries for notebooks and clusters, which are not used here
            from ema_workbench.analysis import prim  # noqa: PLC0415 - takes seconds to import, and may be missing
    except ImportError as error:
        raise LeverageError(
            f"'simulate discover' needs the library ema_workbench ({error}): install it with pip install 'leverage[discover]'"
        ) from error
    return prim
