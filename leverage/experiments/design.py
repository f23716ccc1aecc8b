"""The points of a sweep: a grid, values taken together, or a sample of the plausible box. A point is known by its number alone.

Sampled designs are made in the unit cube and then carried to values: evenly over the plausible ranges, or by the quantiles of
experts' sheets.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NoReturn

import numpy as np

from leverage.errors import Fault, ScenarioError
from leverage.experiments.axes import Axis
from leverage.game.stochastic_game import Floats
from leverage.scenario.sweeps import (
    SampleKind,
    SweepTextError,
    read_sample,
    refuse_large_grid,
    refuse_large_sample,
    refuse_uneven,
    sample_size,
)

#: A parameter takes so many levels in a design of Morris's.
MORRIS_LEVELS = 4
#: Numbers between 0 and 1, (P, K), to values of the parameters, (P, K).
Quantiles = Callable[[Floats], Floats]


@dataclass(frozen=True)
class _Axes:
    """Points whose values are written down."""

    axes: tuple[Axis, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(axis.name for axis in self.axes)

    @property
    def ends(self) -> Mapping[str, tuple[float, float]]:
        return {axis.name: axis.ends for axis in self.axes}

    def _stated(self, kind: str) -> Mapping[str, Any]:
        return {"kind": kind, "values": {axis.name: list(axis.values) for axis in self.axes}}


@dataclass(frozen=True)
class Grid(_Axes):
    """Every combination of the axes' values; the last axis turns fastest."""

    @property
    def size(self) -> int:
        return math.prod(len(axis.values) for axis in self.axes)

    @property
    def statement(self) -> Mapping[str, Any]:
        return self._stated("grid")

    def values(self, start: int, stop: int) -> Floats:
        places = np.unravel_index(np.arange(start, stop), [len(axis.values) for axis in self.axes])
        return np.column_stack([np.array(axis.values)[place] for axis, place in zip(self.axes, places, strict=True)])


@dataclass(frozen=True)
class Together(_Axes):
    """The k-th values of all axes make the k-th point; all have as many."""

    @property
    def size(self) -> int:
        return len(self.axes[0].values)

    @property
    def statement(self) -> Mapping[str, Any]:
        return self._stated("zip")

    def values(self, start: int, stop: int) -> Floats:
        return np.column_stack([np.array(axis.values[start:stop]) for axis in self.axes])


@dataclass(frozen=True, eq=False)
class Sample:
    """Points drawn from the box.

    kind, count: as asked, such as sobol and 4,096. ranges: (low, high) of each parameter. quantiles: what makes values of numbers
    between 0 and 1; the even spread over the ranges if there is none. drawn_from: what the quantiles come from, as JSON has it.
    """

    kind: SampleKind
    count: int
    seed: int
    ranges: Mapping[str, tuple[float, float]]
    quantiles: Quantiles | None = None
    drawn_from: Mapping[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.ranges)

    @property
    def size(self) -> int:
        return sample_size(self.kind, self.count, len(self.ranges))

    @property
    def block(self) -> int:
        """So many points in a row belong together: an index takes all of them or none."""
        return self.size // self.count

    @property
    def ends(self) -> Mapping[str, tuple[float, float]]:
        return self.ranges

    @property
    def statement(self) -> Mapping[str, Any]:
        stated = {
            "kind": self.kind,
            "points": self.count,
            "seed": self.seed,
            "ranges": {k: list(v) for k, v in self.ranges.items()},
        }
        return {**stated, **({"drawn_from": dict(self.drawn_from)} if self.drawn_from else {})}

    def cube(self, start: int, stop: int) -> Floats:
        """Points in the unit cube, (stop - start, K)."""
        return self._sequence(start, stop) if self.kind == "sobol" else self._whole[start:stop]

    def values(self, start: int, stop: int) -> Floats:
        cube = self.cube(start, stop)
        if self.quantiles is not None:
            return self.quantiles(cube)
        low, high = np.array(list(self.ranges.values())).T
        return np.asarray(low + (high - low) * cube)

    def _sequence(self, start: int, stop: int) -> Floats:
        """A part of the sequence, which is never kept as a whole."""
        from scipy.stats import qmc  # noqa: PLC0415 - takes half a second to import, and grids do without

        engine = qmc.Sobol(len(self.ranges), rng=np.random.default_rng(self.seed))
        with warnings.catch_warnings():  # a part need not be a power of two, as the whole is
            warnings.filterwarnings("ignore", "The balance properties of Sobol", UserWarning)
            return np.asarray((engine.fast_forward(start) if start else engine).random(stop - start))

    @cached_property
    def _whole(self) -> Floats:
        """All points in the unit cube, (P, K)."""
        if self.kind == "lhs":
            from scipy.stats import qmc  # noqa: PLC0415

            return np.asarray(qmc.LatinHypercube(len(self.ranges), rng=np.random.default_rng(self.seed)).random(self.count))
        problem = unit_problem(self.names)
        if self.kind == "saltelli":
            from SALib.sample import sobol  # noqa: PLC0415 - takes more than a second to import

            return np.asarray(sobol.sample(problem, self.count, calc_second_order=False, seed=self.seed))
        from SALib.sample import morris  # noqa: PLC0415

        return np.asarray(morris.sample(problem, self.count, num_levels=MORRIS_LEVELS, seed=self.seed))


#: Points of a sweep. `names`: of the parameters that vary. `size`: how many points. `ends`: the lowest and the highest value of
#: each parameter. `statement`: all that tells a design from others, as JSON has it. `values(start, stop)`: the points from number
#: `start` to before `stop`, (stop - start, K).
Design = Grid | Together | Sample


def unit_problem(names: Sequence[str]) -> dict[str, Any]:
    """The unit cube as SALib describes it."""
    return {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}


def grid_of(axes: Sequence[Axis], *, together: bool = False) -> Grid | Together:
    """A grid over the axes, or their values taken `together`. Raises ScenarioError."""
    names = [axis.name for axis in axes]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        _refuse(f"--over {twice}", "it is given twice", "give all its values at once")
    counts = {axis.name: len(axis.values) for axis in axes}
    with _refusing("--zip" if together else "--over"):
        if together:
            refuse_uneven(counts)
        else:
            refuse_large_grid(tuple(counts.values()))
    return Together(tuple(axes)) if together else Grid(tuple(axes))


def asked_sample(text: str) -> tuple[SampleKind, int]:
    """`sobol:4096` and the like, see `read_sample`. Raises ScenarioError."""
    with _refusing(f"--sample {text}"):
        return read_sample(text)


def refuse_large(sample: Sample) -> None:
    """Raise ScenarioError for a sample of too many points, see `refuse_large_sample`."""
    with _refusing(f"--sample {sample.kind}:{sample.count}"):
        refuse_large_sample(sample.kind, sample.count, len(sample.ranges))


@contextmanager
def _refusing(place: str) -> Iterator[None]:
    try:
        yield
    except SweepTextError as error:
        _refuse(place, str(error), error.remedy)


def _refuse(place: str, message: str, remedy: str) -> NoReturn:
    raise ScenarioError("the command line", [Fault(0, 0, message, remedy, place=place)])
