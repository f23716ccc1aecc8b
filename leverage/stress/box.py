"""The plausible box: the ranges of all parameters that are in doubt, around the values in use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from leverage.scenario.scenario import Parameter, Scenario


@dataclass(frozen=True, eq=False)
class Box:
    """Parameters in doubt, by name, and the point in use.

    baseline: name -> value, of all parameters of the scenario. parameters: those in doubt, sorted by name, so that nothing hangs
    on the order of the file. The baseline may lie outside where a value was overridden.
    """

    baseline: Mapping[str, float]
    parameters: tuple[Parameter, ...]

    @classmethod
    def of(cls, scenario: Scenario) -> Box:
        """The box of a scenario's plausible ranges."""
        doubt = (each for each in scenario.parameters.values() if each.in_doubt)
        return cls(dict(scenario.values), tuple(sorted(doubt, key=lambda each: each.name)))

    def with_values(self, changes: Mapping[str, float]) -> dict[str, float]:
        """A parameter point: the baseline but for `changes`."""
        return {**self.baseline, **changes}

    def fraction(self, parameter: Parameter, value: float) -> float:
        """By what fraction of its range a value differs from the one in use, at least 0."""
        return abs(value - self.baseline[parameter.name]) / (parameter.high - parameter.low)

    def size(self, changes: Mapping[str, float]) -> float:
        """The largest change of any parameter, as a fraction of its range."""
        return max((self.fraction(each, changes[each.name]) for each in self.parameters if each.name in changes), default=0.0)

    def design(self, points: int, scramblings: int, seed: int) -> np.ndarray[tuple[int, int, int], np.dtype[np.float64]]:
        """Independently scrambled Sobol' points, uniform over the box (Sobol' 1967; Owen 1995).

        points : of each scrambling, a power of two. scramblings : >= 1. seed : of all scramblings together.
        Returns values (scramblings, points, parameters), parameters in the order of `parameters`.
        """
        from scipy.stats import qmc  # noqa: PLC0415 - takes half a second to import, and a run asks for no design

        low = np.array([each.low for each in self.parameters])
        high = np.array([each.high for each in self.parameters])
        streams = np.random.SeedSequence(seed).spawn(scramblings)
        designs = (qmc.Sobol(len(low), rng=np.random.default_rng(stream)) for stream in streams)
        return np.array([low + (high - low) * design.random(points) for design in designs])
