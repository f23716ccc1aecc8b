"""Batteries for the report of a sweep, on made points: a number of each point tells which it is."""

from __future__ import annotations

import math
import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import product
from types import ModuleType
from typing import Any

import pandas as pd

from leverage.experiments.axes import Axis
from leverage.experiments.columns import Column
from leverage.experiments.design import Design, Grid, Sample, Together
from leverage.experiments.part import STATUS
from leverage.experiments.summary import Spread, Summary
from leverage.scenario.scenario import Scenario
from leverage.scenario.sweeps import read_values
from tests.dilemma import claim, dilemma

#: Verdicts of two claims and their margins, and a number with its bounds.
TOLD = (
    Column("claims", "one", "", "", "", "verdict", "text"),
    Column("claims", "one", "", "margin", ""),
    Column("claims", "two", "", "", "", "verdict", "text"),
    Column("claims", "two", "", "margin", ""),
    Column("outcomes", "Markov perfect", "a", "payoff", "points"),
    *(Column("outcomes", "Markov perfect", "a", "payoff", "points", what) for what in ("low", "high")),
)
#: The dilemma's parameters that vary.
FEE, BONUS = "fee", "bonus"


class MadePoints:
    """As a sweep's folder gives rows: the payoff is ten times the point's number, and without end at the last point."""

    def __init__(self, design: Design) -> None:
        self.design = design

    def rows(self, columns: Sequence[str], points: Iterable[int]) -> pd.DataFrame:
        return pd.DataFrame([self._row(point) for point in sorted(set(points))])[list(columns)]

    def _row(self, point: int) -> dict[str, Any]:
        values = dict(zip(self.design.names, self.design.values(point, point + 1)[0].tolist(), strict=True))
        margins = {f"{name}: margin": 1.0 for name in ("one", "two")}
        verdicts = {"one [verdict]": "holds", "two [verdict]": "fails"}
        payoff = math.inf if point == self.design.size - 1 else 10.0 * point
        reason = "too small" if point == 1 else ""
        payoffs = {TOLD[4].name: payoff, TOLD[5].name: payoff - 1, TOLD[6].name: payoff + 1}
        return {"point": point, "reason": reason, **values, **margins, **verdicts, **payoffs}


def scenario() -> Scenario:
    return dilemma({"one": claim("payoff(a) > 2"), "two": claim(["payoff(a) > 2", "chance(done, 2 months) > 0.5"])})


def summary(at: tuple[int, int], verdicts: Sequence[str] = ("holds", "holds", "fails"), points: int = 4) -> Summary:
    """at: the points at which the payoff is least and largest."""
    spreads = {column.name: Spread() for column in TOLD if column.kind == "number"}
    spreads[TOLD[4].name] = Spread(points, points, 6.0, [-1.0, 5.0], list(at))
    spreads[TOLD[1].name] = Spread(points, points, 6.0, [-1.0, 5.0], list(at))
    words = {TOLD[0].name: Counter(verdicts), TOLD[2].name: Counter(), STATUS: Counter({"solved": points})}
    return Summary(spreads, words, ())


def check_points(module: ModuleType) -> None:
    _check_grid(module)
    _check_sample(module)
    told = module.slider_points(MadePoints(_grid(2, 2)), _grid(2, 2), TOLD, scenario(), summary((0, 3)))
    assert [column.get("verdict") for column in told.columns] == [None, 0, None, 2, None, None, None]
    assert [(column.get("low"), column.get("high")) for column in told.columns] == [
        *[(None, None)] * 4,
        (5, 6),
        *[(None, None)] * 2,
    ]
    assert [axis["used"] for axis in told.axes] == [scenario().parameters[name].value for name in (FEE, BONUS)]


def _grid(fees: int, bonuses: int) -> Grid:
    """Stops out of order."""
    return Grid((Axis(FEE, tuple(float(k * 7 % 11) for k in range(fees))), Axis(BONUS, tuple(-float(k) for k in range(bonuses)))))


def _check_grid(module: ModuleType) -> None:
    design = _grid(5, 3)
    for most, few in ((15, 5), (9, 3)):
        vars(module).update(MOST_POINTS=most)
        told = module.slider_points(MadePoints(design), design, TOLD, scenario(), summary((0, 3)))
        axes = [axis["values"] for axis in told.axes]
        assert axes[1] == sorted(design.axes[1].values)
        assert axes[0] == sorted(axes[0])
        assert (len(axes[0]), axes[0][0], axes[0][-1]) == (few, min(design.axes[0].values), max(design.axes[0].values))
        assert [row[:2] for row in told.rows] == list(product(*axes))
        for (fee, bonus, *_, payoff, low, high), number in zip(told.rows, told.numbers, strict=True):
            assert design.values(number, number + 1)[0].tolist() == [fee, bonus]
            assert (low, payoff, high) == ((None,) * 3 if number == 14 else (10.0 * number - 1, 10.0 * number, 10.0 * number + 1))
        assert {told.numbers[row]: reason for row, reason in told.lacking.items()} in ({1: "too small"}, {})
        assert len(told.left_out) == (most < 15)
    vars(module).update(MOST_POINTS=4000, MOST_CELLS=9 * 9)
    assert len(module.slider_points(MadePoints(design), design, TOLD, scenario(), summary((0, 3))).rows) == 9
    vars(module).update(MOST_CELLS=180_000, MOST_COLUMNS=4)
    told = module.slider_points(MadePoints(design), design, TOLD, scenario(), summary((0, 3)))
    assert (len(told.columns), len(told.left_out)) == (4, 1)
    vars(module).update(MOST_COLUMNS=60)


def _check_sample(module: ModuleType) -> None:
    design = Sample("lhs", 40, 5, {FEE: (0.0, 2.0), BONUS: (1.0, 2.0)})
    vars(module).update(MOST_POINTS=6)
    told = module.slider_points(MadePoints(design), design, TOLD, scenario(), summary((20, 30)))
    assert told.numbers == (*range(6), 20, 30)
    assert [row[-3] for row in told.rows] == [10.0 * number for number in told.numbers]
    assert "first 6 points" in told.left_out[0]
    pairs = Together((Axis(FEE, (3.0, 1.0, 2.0)), Axis(BONUS, (1.0, 2.0, 3.0))))
    told = module.slider_points(MadePoints(pairs), pairs, TOLD, scenario(), summary((0, 2)))
    assert ([row[:2] for row in told.rows], told.left_out) == ([(3.0, 1.0), (1.0, 2.0), (2.0, 3.0)], ())
    vars(module).update(MOST_POINTS=4000)


def check_claims(module: ModuleType) -> None:
    one, two = module.swept_claims(TOLD, summary((0, 3)), scenario())
    assert [(verdict.word, share) for verdict, share in one.shares] == [("holds", "67%"), ("fails", "33%")]
    assert (one.unanswered, one.everywhere, two.unanswered, two.shares, two.everywhere) == (1, False, 4, (), False)
    assert one.margin == f"-1.00 to 5.00 ({scenario().payoff_unit[0]})"
    assert [module.margin_unit(each, scenario()) for each in scenario().claims] == [scenario().payoff_unit[0], ""]
    always = module.swept_claims(TOLD, summary((0, 3), ["fails"] * 4), scenario())[0]
    assert module.claims_sentence([one, always, always]) == (
        "Of 3 claims 2 fail at every point that was judged; the verdict of 1 hangs on the point."
    )
    assert module.claims_sentence([two, two]) == "No claim could be judged at any point."


def check_command(module: ModuleType) -> None:
    for text in ("linspace(0,1,11)", "geomspace(1,64,7)", "1,2,4,7,11,16,22"):
        assert module.values_text(read_values(text)) == text
    said = {
        "scenario": "a b.yaml",
        "tables": ["outcomes", "claims"],
        "tolerance": 0.02,
        "variant": "",
        "claims": [],
        "overrides": {},
    }
    grid = {"kind": "zip", "values": {FEE: [1.0, 2.5], BONUS: [3.0, 4.0]}}
    start = "simulate sweep 'a b.yaml'"
    end = "--tables outcomes,claims"
    assert module.sweep_command({**said, "design": grid}, scenario()) == f"{start} --over fee=1,2.5 --over bonus=3,4 --zip {end}"
    plain = module.sweep_command({**said, "design": {**grid, "kind": "grid"}}, scenario())
    assert plain == f"{start} --over fee=1,2.5 --over bonus=3,4 {end}"
    doubted = {each.name: [0, 1] for each in scenario().parameters.values() if each.in_doubt}
    sample = {"kind": "lhs", "points": 9, "seed": 4, "ranges": doubted}
    assert module.sweep_command({**said, "design": sample}, scenario()) == f"{start} --sample lhs:9 --seed 4 {end}"
    some = {**sample, "ranges": {FEE: [0, 1]}, "drawn_from": {"sheet": "mine.csv"}}
    more = {"design": some, "tolerance": 0.1, "variant": "other", "claims": ["one"], "overrides": {BONUS: 0.123456}}
    words = shlex.split(module.sweep_command({**said, **more}, scenario()))
    assert words[3:9] == ["--sample", "lhs:9", "--seed", "4", "--plausible", "mine.csv"]
    options = ["--over", FEE, *end.split(), "--claim", "one", "--tolerance", "0.1", "--variant", "other", "-p", "bonus=0.123456"]
    assert words[9:] == options
    assert "--over fee" in module.sweep_command({**said, "design": {**sample, "ranges": {FEE: [0, 1]}}}, scenario())
