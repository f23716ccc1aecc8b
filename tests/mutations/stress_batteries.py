"""Batteries of what looks over the plausible box; see `batteries.py`."""

from __future__ import annotations

import itertools
import math
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from leverage.analysis.figure import Figure
from leverage.scenario.claim_conditions import read_condition
from leverage.scenario.periods import Period
from leverage.stress.question import Answer, Question
from leverage.stress.shares import design_points
from tests.stress.made_questions import Made, box

LINE, SQUARE = box(x=(0.9, 0, 1)), box(x=(0.5, 0, 1), y=(3.0, 2, 4))


def check_tipping(module: ModuleType) -> None:
    """Known flips from several sides, stretches that are open, budgets."""
    for value, nearest in ((0.2, 0.3), (0.4, 0.3), (0.55, 0.6), (0.9, 0.6)):
        made, the_box = Made(lambda v: (v["x"] - 0.3) * (0.6 - v["x"])), box(x=(value, 0, 1))
        row = module.nearest_flip(made.question(), the_box, the_box.parameters[0])
        assert row.flips_at == pytest.approx(nearest, abs=1e-6)
        assert made.judge({"x": row.bracket[1]}).side != made.judge({"x": value}).side == made.judge({"x": row.bracket[0]}).side
        assert abs(row.bracket[1] - row.bracket[0]) <= 1e-6
        assert row.asked < 40
    smooth = module.nearest_flip(Made(lambda v: math.exp(v["x"]) - 1.5).question(), LINE, LINE.parameters[0])
    assert smooth.flips_at == pytest.approx(math.log(1.5), abs=1e-6)
    assert smooth.asked <= 18
    bare = module.nearest_flip(Made(lambda v: math.copysign(1, v["x"] - 0.45)).question(), LINE, LINE.parameters[0])
    assert bare.asked <= 6 + 19  # the scan, and bisection of an eighth
    blurred = module.nearest_flip(Made(lambda v: v["x"] - 0.4, blur=0.3).question(), LINE, LINE.parameters[0])
    assert blurred.bracket == pytest.approx((0.7, 0.1), abs=1e-3)
    assert blurred.untold > 0
    made = Made(lambda v: v["x"] - 0.4)
    assert module.nearest_flip(made.question(), LINE, LINE.parameters[0], budget=1).searched == "not searched"
    assert module.nearest_flip(made.question(), LINE, LINE.parameters[0], budget=8).resolution == 4
    rows = module.tipping([Made(lambda v: v["x"] - 0.4).question()], SQUARE, budget=3)
    assert {row.searched for row in rows} == {"not searched"}


def check_shares(module: ModuleType) -> None:
    """A half, what is open, budgets, an interval by hand."""
    made = Made(lambda v: v["x"] - 0.5, blur=0.25)
    points = list(module.design_points([made.question()], SQUARE, points=32))
    assert len(module.points_of(points, "made")) == 8 * 32
    share = module.standing_share(points, "made")
    assert share.value == pytest.approx(0.25, abs=0.04)
    assert share.low < 0.25
    assert share.high > 0.75
    half = 12.706204736 * math.sqrt(0.0002) / math.sqrt(2)
    assert module.interval(np.array([0.49, 0.51]), 10**6) == pytest.approx((0.5 - half, 0.5 + half))
    assert module.interval(np.array([1.0, 1.0]), 299) == pytest.approx((0.05 ** (1 / 299), 1.0))
    assert module.affordable(Made(lambda v: 1.0, cost=10).question(), SQUARE, 16, 8, 400) == 4


def check_answer_book(module: ModuleType) -> None:
    """Rows digit for digit, a table that was cut at every byte, tables of others, each question asked once."""
    margins = {"a": Figure(1 / 3, -0.0, math.inf), "b": Figure.within(2.0, 0.1, "é, \n"), "c": Figure.missing("idle", "never")}
    counts: list[str] = []
    ends: list[int] = []

    def question(name: str) -> Question:
        def ask(values: Mapping[str, float]) -> Answer:
            counts.append(name)
            return Answer("barely", margins[name], 7, "points")

        return Question(name, ask)

    def written(table: Path, known: Mapping[object, Answer]) -> bytes:
        for each in module.AnswerBook(["x", "y"], known, lambda: table).keeping([question(name) for name in margins]):
            assert repr(each.ask({"x": 0.1, "y": 1e-9})) == repr(each.ask({"x": 0.1, "y": 1e-9}))
            ends.append(table.stat().st_size)
        return table.read_bytes()

    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "answers.csv"
        every = written(table, {})
        assert counts == list(margins)
        rows = tuple(ends)
        found, whole = module.read_answers(table, ["x", "y"])
        assert whole == len(every)
        assert list(found) == [(name, (0.1, 1e-9)) for name in margins]
        assert [repr(answer.margin) for answer in found.values()] == [repr(margin) for margin in margins.values()]
        assert {answer.unit for answer in found.values()} == {"points"}
        assert module.read_answers(table, ["x", "z"]) == ({}, 0)
        for cut in range(len(every)):
            table.write_bytes(every[:cut])
            known, _ = module.read_answers(table, ["x", "y"])
            assert list(known) == list(found)[: sum(end <= cut for end in rows)]
            counts.clear()
            assert written(table, known) == every
            assert counts == list(margins)[len(known) :]


def check_when(module: ModuleType) -> None:
    """Three values and margins, stretches with their ends, halves of a range."""
    texts = {name: f"{name} > 0" for name in "ab"}
    read = {
        text: read_condition(text, {"parameter": tuple(texts)}, Period(1, "month"))
        for text in ("a > 0 and b > 0", "a > 0 or b > 0", "not a > 0")
    }
    values = {"holds": 1.0, "fails": 0.0, "undecided": 0.5}
    margins = {"holds": 2.0, "fails": -2.0, "undecided": 0.1}
    for one, other in itertools.product(values, repeat=2):
        answers = {"a > 0": made(one, margins[one]), "b > 0": made(other, 0.5 * margins[other])}
        both, either, opposite = (module.joined_answer(tree, answers) for tree in read.values())
        assert values[both.verdict] == min(values[one], values[other])
        assert values[either.verdict] == max(values[one], values[other])
        assert opposite.margin.value == -margins[one]
        if "undecided" not in (one, other):
            assert both.margin.value == min(margins[one], 0.5 * margins[other])
            assert either.margin.value == max(margins[one], 0.5 * margins[other])
    comes_and_goes = Made(lambda v: (v["x"] - 0.2) * (v["x"] - 0.4) * (v["x"] - 0.7))
    first, second = module.along_parameter(comes_and_goes.question(), LINE, LINE.parameters[0]).stretches
    assert (first.low, first.high, second.low, second.high) == pytest.approx((0.2, 0.4, 0.7, 1.0), abs=1e-6)
    (blurred,) = module.along_parameter(Made(lambda v: v["x"] - 0.45, blur=0.15).question(), LINE, LINE.parameters[0]).stretches
    assert blurred.untold_below
    assert not first.untold_below
    points = list(design_points([Made(lambda v: v["x"] - 0.25).question("condition")], SQUARE, points=16))
    in_x = module.in_box(points, SQUARE)[0]
    assert (in_x.lower_half.value, in_x.upper_half.value) == pytest.approx((0.5, 1.0), abs=0.1)


def made(verdict: str, margin: float) -> Answer:
    """An answer with this verdict and margin."""
    return Answer(verdict, Figure.exact(margin))


def check_joint(module: ModuleType) -> None:
    """A plane, a wall, a corner and an open stretch, against the smallest changes by hand."""
    sizes = {
        "plane": (Made(lambda v: 0.3 - (v["x"] - 0.5) - (v["y"] - 3) / 2), 0.15, {"x", "y"}),
        "wall": (Made(lambda v: v["x"] - 0.4), 0.1, {"x"}),
        "open": (Made(lambda v: v["x"] - 0.3, blur=0.15), 0.35, {"x"}),
        "risen": (Made(lambda v: (v["x"] - 0.5) + (v["y"] - 3) / 2 - 0.3), 0.15, {"x", "y"}),
    }
    for question, size, moved in sizes.values():
        asked = question.question()
        points = list(design_points([asked], SQUARE, points=16))
        change = module.smallest_joint_change(asked, SQUARE, points)
        assert change is not None
        assert size * (1 - 1e-9) <= change.size <= 1.02 * size
        assert set(change.values) == moved
        here = asked.ask(SQUARE.baseline).side
        assert asked.ask(SQUARE.with_values(change.values)).side not in (here, "neither")
    asked = Made(lambda v: 0.9 - (v["x"] - 0.5) - (v["y"] - 3) / 2).question()
    points = list(design_points([asked], SQUARE, points=2))
    assert all(point.answers["made"].side == "standing" for point in points)
    change = module.smallest_joint_change(asked, SQUARE, points)
    assert change is not None
    assert change.size == pytest.approx(0.45, rel=0.01)
