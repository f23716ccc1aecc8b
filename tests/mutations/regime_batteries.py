"""Batteries for maps of regimes and for conditions on rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

from leverage.errors import ScenarioError


def check_refinement(module: ModuleType) -> None:
    """Half a disc of one label and half of another, in a square of a third."""

    def label(x: float, y: float) -> str:
        inside = (x - 0.47) ** 2 + (y - 0.52) ** 2 < 0.09
        return ("left" if x < 0.47 else "right") if inside else "out"

    division, asked = _divided(module, label, 4, 400)
    assert set(asked.values()) == {1}
    assert len(asked) <= 400
    assert sum(map(division.share, division.cells)) == 1.0
    assert len({(cell.x, cell.y) for cell in division.cells}) == len(division.cells)
    full = 4 * module.WIDTH
    settled: Counter[str] = Counter()
    for cell, own in zip(division.cells, division.labels(), strict=True):
        inside = [v for (x, y), v in division.known.items() if 0 <= x - cell.x <= cell.size and 0 <= y - cell.y <= cell.size]
        assert sorted(own) == sorted(inside)
        middle = cell.x + cell.size / 2, cell.y + cell.size / 2
        assert (label(middle[0] / full, middle[1] / full),) in own
        if len(set(own)) == 1:
            settled[own[0][0]] += division.share(cell)
        else:
            assert cell.size < module.WIDTH  # whole rounds of the largest cells come first
    assert 0.08 < settled["left"] < 0.09 * 3.1416 / 2
    _check_places(module)


def _check_places(module: ModuleType) -> None:
    """A dot that only a centre sees, and a finger that only a smaller neighbour's points see: its cell is divided at once."""
    dotted, _ = _divided(module, lambda x, y: "dot" if x == y == 0.5 else "", 1, 13)
    assert len(dotted.cells) == 4
    finger, _ = _divided(module, lambda x, y: "a" if x < 0.5 + 0.1 * (abs(y - 0.3125) < 0.1) or x + y < 0.3 else "b", 4, 400)
    sizes = [cell.size for cell, own in zip(finger.cells, finger.labels(), strict=True) if len(set(own)) > 1]
    assert max(sizes) < module.WIDTH


def _divided(
    module: ModuleType, label: Callable[[float, float], str], along: int, budget: int
) -> tuple[Any, Counter[tuple[int, int]]]:
    """What becomes of the unit square, and how often each place was asked."""
    asked: Counter[tuple[int, int]] = Counter()

    def ask(places: Sequence[tuple[int, int]]) -> list[tuple[str]]:
        asked.update(places)
        return [(label(x / (along * module.WIDTH), y / (along * module.WIDTH)),) for x, y in places]

    return module.divide(along, budget, ask), asked


def check_row_condition(module: ModuleType) -> None:
    kinds = {"a: Payoff": "number", "a: Payoff [low]": "number", "b: flag": "flag"}
    column = pd.Series([1.0, 2.0, None, 3.0])
    answered, true = module.read_row_condition("payoff <= 2", kinds).of(column)
    assert (answered.tolist(), true.tolist()) == ([True, True, False, True], [True, True, False, False])
    assert module.read_row_condition("PAYOFF [low] > 1", kinds).of(column)[1].tolist() == [False, True, False, True]
    assert module.read_row_condition("flag = yes", kinds).of(pd.Series([True, False]))[1].tolist() == [True, False]
    for wrong in ("payoff < inf", "payoff < x", "a < 1 < 2", "flag < 1"):
        with pytest.raises(ScenarioError):
            module.read_row_condition(wrong, kinds)
