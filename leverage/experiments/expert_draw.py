"""Points drawn from what an expert holds to be plausible, instead of evenly from the box."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from leverage.experiments.design import Quantiles, Sample
from leverage.game.stochastic_game import Floats
from leverage.scenario.sweeps import SampleKind
from leverage.sheets.parameter_sheet import ParameterSheet, triangular_quantiles


def drawn_from(sheet: ParameterSheet, kind: SampleKind, count: int, seed: int, names: Collection[str] = ()) -> Sample:
    """A sample in which each parameter in doubt follows the triangular law of its low, likely and high value.

    names : of those that vary; all that the sheet leaves in doubt where none are named.
    """
    doubt = [each for each in sheet.in_doubt if not names or each.parameter in names]
    stated = {
        "sheet": Path(sheet.source).name,
        "judgements": {each.parameter: [each.low, each.likely, each.high] for each in doubt},
        "given": [each.parameter for each in doubt if each.given],
    }
    ranges = {each.parameter: (each.low, each.high) for each in doubt}
    return Sample(kind, count, seed, ranges, stated_quantiles(stated, tuple(ranges)), stated)


def stated_quantiles(stated: Mapping[str, Any], names: Sequence[str]) -> Quantiles:
    """What carries numbers between 0 and 1 to values, from what a statement says of it: of the parameters in this order."""
    low, likely, high = np.array([stated["judgements"][name] for name in names], dtype=np.float64).reshape(-1, 3).T

    def values(uniform: Floats) -> Floats:
        return triangular_quantiles(uniform, low, likely, high)

    return values
