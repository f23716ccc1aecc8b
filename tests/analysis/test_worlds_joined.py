"""Named strategies that play alike everywhere are joined once; what is handed out belongs to the point that asks."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from leverage.analysis.point import Point
from leverage.analysis.worlds import Worlds
from leverage.game.automaton import Automaton, join
from leverage.loading import load_scenario, parse_scenario
from leverage.scenario.scenario import Scenario

WITHDRAWAL = Path(__file__).parents[2] / "scenarios" / "withdrawal.yaml"
LEAVING = Path(__file__).parents[1] / "data" / "leaving.yaml"
#: The holder draws lots with a chance that is a parameter.
DRAWING = LEAVING.read_text().replace("pusher: {always: push}", "pusher: {rules: [{otherwise: {push: leave, wait: rest}}]}")


def assert_alike(found: Automaton, slow: Automaton) -> None:
    assert found.game is slow.game
    assert (found.players, found.modes) == (slow.players, slow.modes)
    for name in ("node_mode", "node_state"):
        np.testing.assert_array_equal(getattr(found, name), getattr(slow, name))
    for ours, theirs in zip(found.lotteries, slow.lotteries, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for name in ("next_nodes", "start"):
        np.testing.assert_array_equal(getattr(found, name).toarray(), getattr(slow, name).toarray())
    assert len(fields(found)) == 8  # nothing is left out above


def points(scenario: Scenario, name: str, *values: float) -> list[Point]:
    worlds = Worlds(scenario)
    return [Point(worlds, {**scenario.values, name: value}) for value in values]


@pytest.mark.parametrize("removed", [(), ("rapid_redeployment",)])
@pytest.mark.parametrize("names", [("tied_pace", "reciprocate"), ("stay", "sabotage"), ("reciprocate",)])
def test_the_machine_at_every_point_is_the_one_that_is_joined_there(names: tuple[str, ...], removed: tuple[str, ...]) -> None:
    for point in points(load_scenario(WITHDRAWAL), "return_speed", 0.3, 0.8):
        plan, _, reason = point.profile(names, removed)
        own = point.machines(removed).own
        slow = [machines[name] for machines, name in zip(own[-len(names) :], names, strict=True) if name in machines]
        if plan is None:
            assert "undefined" in reason
        else:
            assert plan.game is point.game(removed)
            assert_alike(plan, join(slow))


def test_strategies_that_draw_lots_are_joined_at_each_point() -> None:
    scenario = parse_scenario(DRAWING, {}, "", "drawing")
    lots = []
    for point in points(scenario, "leave", 0.1, 0.4):
        plan, _, _ = point.profile(("pusher", "yielder"))
        assert plan is not None
        assert_alike(plan, join([point.machines().own[0]["pusher"], point.machines().own[1]["yielder"]]))
        lots.append(plan.lottery(0, 0).tolist())
    assert lots == [pytest.approx([0.1, 0.9]), pytest.approx([0.4, 0.6])]


def test_a_point_makes_a_profile_once() -> None:
    (point,) = points(load_scenario(LEAVING), "leave", 0.2)
    assert point.profile(("pusher", "yielder"))[0] is point.profile(("yielder", "pusher"))[0]


def test_lots_are_drawn_with_the_chances_of_the_point_in_hand() -> None:
    """What a sweep says of such strategies is what a run with the same value says."""
    (point,) = points(parse_scenario(DRAWING, {}, "", "drawing"), "leave", 0.4)
    alone = Point(Worlds(parse_scenario(DRAWING, {"leave": 0.4}, "", "drawing")), point.values)
    names = ("pusher", "yielder")
    assert point.of_strategies(names).payoffs == alone.of_strategies(names).payoffs
    assert point.of_strategies(("pusher",)).payoffs == alone.of_strategies(("pusher",)).payoffs
