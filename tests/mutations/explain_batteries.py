"""Batteries for explanations: parts of departures, and the search for the cheapest change."""

from __future__ import annotations

from types import ModuleType

import pytest

from leverage.analysis.point import Point
from leverage.analysis.worlds import Worlds
from leverage.loading import parse_scenario
from tests.dilemma import DILEMMA, dilemma
from tests.stress.made_questions import Made, box


def check_temptations(module: ModuleType) -> None:
    scenario = dilemma()
    point = Point(Worlds(scenario), scenario.values, 1e-6)
    of_b, of_a = module.judge_combination([point], ("only_cooperate_a", "grim_b")).temptations()
    assert (of_b.player, of_b.played, of_b.action, of_b.reached) == (1, "cooperate", "defect", {"done": False})
    assert (of_b.now, of_b.later.value, of_b.gain.value) == pytest.approx((0.8, 1.2, 2.0))
    assert list(of_b.terms) == ["tempted", "together"]
    assert (of_a.now, of_a.later.value, of_a.gain.value) == pytest.approx((0.4, 0.0, 0.4))
    assert of_a.terms == pytest.approx({"apart": 0.4})
    assert "punish" in of_a.memory
    binding = module.judge_combination([point], ("grim_a", "grim_b")).tightest()
    assert (binding.player, binding.now) == (1, pytest.approx(0.8))
    assert (binding.gain.value, binding.later.value) == pytest.approx((-0.4, -1.2))
    assert [names for names in module.combinations_with(point, "defect_b") if names[1] != "defect_b"] == []
    assert ("best reply", "defect_b") in module.combinations_with(point, "defect_b")
    dear = parse_scenario(
        DILEMMA.read_text(encoding="utf-8").replace("upkeep: fee", "upkeep: fee when a plays defect"), {"fee": 0.5}
    )
    at_cost = Point(Worlds(dear), dear.values, 1e-6)
    (only,) = module.judge_combination([at_cost], ("only_cooperate_a", "defect_b"), with_path=False).temptations()
    assert only.terms == pytest.approx({"apart": 0.4, "upkeep": -0.2})
    assert module.judge_combination([point], ("only_cooperate_a", "best reply")).plan is not None
    coarse = module.judge_combination([point.with_tolerance(0.5), point], ("only_cooperate_a", "defect_b"))
    assert (coarse.path.answer, coarse.rungs) == ("not sustainable", 1)
    assert coarse.tightest().gain.value == -coarse.path.margin[1]


def check_cheapest(module: ModuleType) -> None:
    known = box(a=(0.5, 0, 1), b=(0.5, 0, 1), c=(20.0, 0, 100))
    wanted = (
        (lambda v: 0.6 - v["a"], "a", 0.1),
        (lambda v: min(0.9 - v["a"], v["b"] - 0.2), "b", 0.3),
        (lambda v: min(0.9 - v["a"], 30 - v["c"]), "c", 0.1),
        (lambda v: min(0.58 - v["a"], v["b"] - 0.45), "b", 0.05),
        (lambda v: min(0.93 - v["a"], v["b"] - 0.21, 77 - v["c"]), "b", 0.29),
    )
    for margin, name, share in wanted:
        (found,) = module.cheapest_changes([Made(margin).question()], known)
        assert found.parameter is not None
        assert found.parameter.name == name
        assert found.share == pytest.approx(share, abs=module.WIDTH)
        assert found.flips_to == "fails"
        assert found.searched_to == next(ring for ring in module.RINGS if ring >= share)
    made = Made(lambda v: 1.0, cost=10)
    (found,) = module.cheapest_changes([made.question()], known)
    assert (found.parameter, found.searched_to, found.reason) == (None, 1.0, "")
    assert {each["c"] for each in made.asked} == {20.0, 32.5, 45.0, 70.0, 100.0, 7.5, 0.0}
    assert len(made.asked) == 1 + found.asked
    at_end = Made(lambda v: 1.0)
    module.cheapest_changes([at_end.question()], box(a=(1.0, 0, 1)))
    assert [each["a"] for each in at_end.asked] == [1.0, 0.875, 0.75, 0.5, 0.0]
    (found,) = module.cheapest_changes([made.question()], known, budget=130)
    assert (found.searched_to, found.cost) == (0.25, 120)
    assert "budget" in found.reason
    (found,) = module.cheapest_changes([Made(lambda v: 0.0, blur=1.0).question()], known)
    assert (found.searched_to, found.asked) == (0.0, 0)
    (found,) = module.cheapest_changes([Made(lambda v: 1.0 - v["a"], blur=0.3).question()], known)
    assert (found.parameter, found.untold) == (None, 2)
