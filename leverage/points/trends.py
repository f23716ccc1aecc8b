"""Does a number rise with a parameter? Lines of claims that are about several points: the parameter goes over its plausible
range, all else stays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from leverage.analysis.claim_values import size_of, value_of
from leverage.analysis.claims import HAPPENINGS, NEVER, TIED, JudgedLine, verdict_on
from leverage.analysis.figure import Figure
from leverage.analysis.point import Point
from leverage.scenario.claim_units import unit_of
from leverage.scenario.claims import ClaimLine, Selection
from leverage.scenario.scenario import Parameter

#: At so many values of the range, its ends included, at equal distances.
GRID_VALUES = 5


def trend_values(parameter: Parameter) -> tuple[float, ...]:
    """The values at which a trend is looked at, rising."""
    return tuple(map(float, np.linspace(parameter.low, parameter.high, GRID_VALUES)))


def judge_trend(
    line: ClaimLine, selection: Selection, parameter: Parameter, at: Callable[[float], Point], noting: float | None = None
) -> JudgedLine:
    """The verdict on 'X rises with PARAMETER' or 'X falls with PARAMETER'.

    X rises if it is larger at the high end of the range than at the low one, and if between no two values of the grid, in rising
    order, it falls by more than is worth noting. So a flat stretch that is known within bounds does not leave a trend open for
    ever, as long as a size worth noting is given; without one any fall counts.

    Parameters
    ----------
    at : the value of the parameter -> the point there. noting : the size worth noting, in the unit of X; None: any.

    Returns
    -------
    JudgedLine : `left` and `right` are X at the low and the high end; the margin is the change from end to end in the direction
        that the line states, or, where a step back decides, minus that step. Under 'every equilibrium found' the bounds hold for
        all.
    """
    points = [at(value) for value in trend_values(parameter)]
    return replace(_judged(line, selection, points, noting or 0.0), unit=unit_of(line, points[0].scenario))


def _judged(line: ClaimLine, selection: Selection, points: Sequence[Point], noting: float) -> JudgedLine:
    values = [value_of(line.left, selection, point) for point in points]
    left, right = values[0], values[-1]
    missing = next((each for standing in ("undefined", "idle") for each in values if each.standing == standing), None)
    if missing is not None:
        verdict, reason, still_open = verdict_on(missing, strict=True)
        return JudgedLine(line, selection, verdict, missing, left, right, reason, still_open)
    if _never(line, selection, points):
        return JudgedLine(line, selection, "idle", right - left, left, right, "it never happens at any value")
    tie = TIED * max(size_of(line.left, selection, point) for point in points)
    toward = values if line.relation == "rises with" else [-each for each in values]
    return _on_the_way(line, selection, toward, (left, right), noting, tie)


def _on_the_way(
    line: ClaimLine, selection: Selection, values: Sequence[Figure], ends: tuple[Figure, Figure], noting: float, tie: float
) -> JudgedLine:
    change, back = values[-1] - values[0], largest_fall(values)
    word = "falls" if line.relation == "rises with" else "rises"
    if back.low > max(noting, tie):
        return JudgedLine(line, selection, "fails", -back, *ends, f"it {word} on the way")
    verdict, reason, still_open = verdict_on(change, strict=True, noting=noting, tie=tie)
    if verdict in ("holds", "barely") and back.high > max(noting, tie):
        reason = f"the bounds leave open whether it {word} on the way"
        return JudgedLine(line, selection, "undecided", change, *ends, reason, True)
    return JudgedLine(line, selection, verdict, change, *ends, reason, still_open)


def largest_fall(values: Sequence[Figure]) -> Figure:
    """The largest fall from one of the values to a later one, at least 0."""
    falls = [values[i] - values[j] for i in range(len(values)) for j in range(i + 1, len(values))]
    return Figure(
        max(0.0, *(each.value for each in falls)),
        max(0.0, *(each.low for each in falls)),
        max(0.0, *(each.high for each in falls)),
    )


def _never(line: ClaimLine, selection: Selection, points: Sequence[Point]) -> bool:
    """Whether it is about things that do not happen at any of the points."""
    if not line.calls or any(call.function not in HAPPENINGS for call in line.calls):
        return False
    return all(value_of(call, selection, point).high <= NEVER for call in line.calls for point in points)
