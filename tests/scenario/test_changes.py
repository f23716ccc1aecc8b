"""What a change makes of a scenario, and several changes at once."""

from __future__ import annotations

import itertools
from functools import reduce
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from leverage.errors import ConflictError, ScenarioError
from leverage.game.form import compile_form
from leverage.game.strategies import compile_strategies, compile_strategy
from leverage.loading import load_scenario, parse_scenario
from leverage.scenario.changes import changed, combined
from leverage.scenario.scenario import Change, Scenario

WITHDRAWAL = load_scenario(Path(__file__).parents[2] / "scenarios" / "withdrawal.yaml")
SMALL = load_scenario(Path(__file__).parents[1] / "data" / "small.yaml")
#: Variables and levels of the small scenario, by number.
DEPLOYMENT, TALKS, CEASEFIRE = 0, 1, 2
BASES, LIGHT, FULL = 0, 1, 2

LADDER = """
language: 1
title: t
question: q
players: {a: {discount: 0.9}, b: {discount: 0.9}}
state: {x: [low, mid, top]}
start: {x: low}
parameters: {p: {value: 0.3, range: [0.1, 0.5]}}
actions:
  a: {hold: always, rest_: always, push: when x < top, pull: when x > low}
  b: {idle: always}
transitions: {x: [{if a plays push: up 1}, {if a plays pull: down 1}]}
payoffs: {a: {gains: {v: x}}, b: {gains: {v: x}}}
strategies: {a: {s: STRATEGY}}
variants: {v: {CHANGE}}
"""


def plays(strategy: str, change: str) -> list[dict[str, float]]:
    """What the strategy plays at each level of the world with the change: action -> chance."""
    text = LADDER.replace("STRATEGY", strategy).replace("{CHANGE}", change)
    scenario = parse_scenario(text, variant="v")
    form = compile_form(scenario)
    game = form.at()
    machine = compile_strategy(form, game, scenario.strategies[0][0])
    found = []
    for state in range(game.n_states):
        lottery = machine.lottery(0, state)
        found.append({name: float(x) for name, x in zip(game.actions[state][0], lottery, strict=True) if x})
    return found


#: Strategy, change, and what is played at low, mid and top.
REPLACED: dict[str, tuple[str, str, list[dict[str, float]]]] = {
    "as it stands": ("{always: [push, hold]}", "{start: {x: low}}", [{"push": 1}, {"push": 1}, {"hold": 1}]),
    "in the place of an action": ("{always: hold}", "{forbid: {hold: rest_}}", [{"rest_": 1}] * 3),
    "where the action could be taken": (
        "{always: [pull, hold]}",
        "{forbid: {pull: push}, start: {x: mid}}",
        [{"push": 1}, {"hold": 1}],
    ),
    "first in the list": ("{always: [pull, push, hold]}", "{forbid: {pull: rest_}}", [{"push": 1}, {"rest_": 1}, {"rest_": 1}]),
    "second in the list": (
        "{always: [push, pull, hold]}",
        "{forbid: {pull: rest_}}",
        [{"push": 1}, {"push": 1}, {"rest_": 1}],
    ),
    "two in a list": (
        "{always: [push, pull, hold]}",
        "{forbid: {push: hold, pull: rest_}, start: {x: top}}",
        [{"rest_": 1}],
    ),
    "the next of the list without a replacement": ("{always: [hold, rest_]}", "{forbid: [hold]}", [{"rest_": 1}] * 3),
    "a chance in a lottery": ("{always: {hold: p, rest_: rest}}", "{forbid: {hold: rest_}}", [{"rest_": 1}] * 3),
    "the rest of a lottery": ("{always: {hold: p, rest_: rest}}", "{forbid: {rest_: hold}}", [{"hold": 1}] * 3),
    "two numbers of a lottery": ("{always: {hold: 0.25, rest_: 0.75}}", "{forbid: {rest_: hold}}", [{"hold": 1}] * 3),
    "an action that the lottery lacks": (
        "{rules: [{if x is mid: {hold: p, push: rest}}, {otherwise: hold}]}",
        "{forbid: {hold: rest_}}",
        [{"rest_": 1}, {"rest_": 0.3, "push": 0.7}, {"rest_": 1}],
    ),
}


@pytest.mark.parametrize("name", REPLACED)
def test_what_strategies_play_instead(name: str) -> None:
    strategy, change, expected = REPLACED[name]
    found = plays(strategy, change)
    assert [own.keys() for own in found] == [own.keys() for own in expected]
    for own, other in zip(found, expected, strict=True):
        assert_allclose(list(own.values()), list(other.values()), rtol=1e-15)


def test_a_strategy_with_nothing_left_is_undefined_in_that_world() -> None:
    world = changed(SMALL, Change(forbid={"hold": None}))
    form = compile_form(world)
    with pytest.raises(ScenarioError, match="'stay' plays nothing that is legal"):
        compile_strategies(form, form.at())


# --- levels --------------------------------------------------------------------------------------------------------------------


def test_a_replaced_level_is_never_reached_and_no_start() -> None:
    world = changed(SMALL, Change(replace_levels={DEPLOYMENT: {FULL: LIGHT}}))
    form = compile_form(world)
    assert world.start[DEPLOYMENT] == LIGHT
    assert sorted(np.unique(form.levels[:, DEPLOYMENT])) == [BASES, LIGHT]
    rows = [r for r in range(len(form.row_state)) if form.row_actions[0, r] == 2]  # redeploy
    for r in rows:
        reached = form.levels[form.indices[form.indptr[r] : form.indptr[r + 1]], DEPLOYMENT]
        assert set(reached) <= {form.levels[form.row_state[r], DEPLOYMENT], LIGHT}


def test_a_start_that_a_change_sets_is_mapped_too() -> None:
    change = Change(start={DEPLOYMENT: FULL}, replace_levels={DEPLOYMENT: {FULL: BASES}})
    assert changed(SMALL, change).start[DEPLOYMENT] == BASES


def test_levels_replaced_in_a_changed_scenario_are_replaced_again() -> None:
    once = changed(SMALL, Change(replace_levels={DEPLOYMENT: {FULL: LIGHT}}))
    twice = changed(once, Change(replace_levels={DEPLOYMENT: {LIGHT: BASES}}))
    assert twice.replaced_levels == {DEPLOYMENT: {FULL: BASES, LIGHT: BASES}}
    assert twice.start[DEPLOYMENT] == BASES


# --- the door ------------------------------------------------------------------------------------------------------------------


RESTATING = [name for name, entry in WITHDRAWAL.document.data["variants"].items() if entry.keys() & {"state", "transitions"}]


@pytest.mark.parametrize("name", [name for name in WITHDRAWAL.variants if name not in RESTATING])
def test_a_variant_is_the_change_of_the_checked_scenario(name: str) -> None:
    loaded = load_scenario(Path(WITHDRAWAL.source), variant=name)
    same_world(loaded, changed(WITHDRAWAL, WITHDRAWAL.variants[name].change))
    assert loaded.variant == name


def test_a_changed_scenario_keeps_what_is_argued_about_it() -> None:
    world = changed(WITHDRAWAL, WITHDRAWAL.instruments[0].without)
    assert world.instruments is WITHDRAWAL.instruments
    assert world.claims is WITHDRAWAL.claims
    assert world.variants is WITHDRAWAL.variants


def test_values_are_set_and_ranges_kept() -> None:
    world = changed(SMALL, Change(set={"speed": 0.95, "risk": 0.4}))
    assert (world.parameters["speed"].value, world.parameters["speed"].low, world.parameters["speed"].high) == (0.95, 0.2, 0.9)
    assert (world.parameters["risk"].low, world.parameters["risk"].high) == (0.4, 0.4)
    assert world.notes == ("speed = 0.95 lies outside its plausible range [0.2, 0.9]",)
    assert world.overrides == {"speed": 0.95, "risk": 0.4}
    assert world.stated["speed"] == 0.5


def test_being_bound_is_no_change_of_the_rules() -> None:
    assert changed(SMALL, Change(bound_to={0: "stay"})) is SMALL


# --- several at once -----------------------------------------------------------------------------------------------------------


def same_world(one: Scenario, other: Scenario) -> None:
    """Both compile to the same game, and their strategies to the same machines."""
    left, right = compile_form(one), compile_form(other)
    assert left.labels == right.labels
    assert left.start == right.start
    game, twin = left.at(), right.at()
    assert game.actions == twin.actions
    assert np.array_equal(game.payoffs, twin.payoffs)
    assert np.array_equal(game.transitions.toarray(), twin.transitions.toarray())
    assert np.array_equal(game.discount, twin.discount)
    for own, theirs in zip(one.strategies, other.strategies, strict=True):
        for strategy, same in zip(own, theirs, strict=True):
            machine, counterpart = compile_strategy(left, game, strategy), compile_strategy(right, twin, same)
            assert np.array_equal(machine.lotteries[0], counterpart.lotteries[0])


#: Changes of the small scenario that agree with each other.
AGREEING = {
    "slow": Change(set={"speed": 0.3}),
    "slow and risky": Change(set={"speed": 0.3, "risk": 0.1}),
    "begins light": Change(start={DEPLOYMENT: LIGHT}, bound_to={1: "sulk"}),
    "no return": Change(forbid={"redeploy": "hold"}),
    "no return, no delay": Change(forbid={"stall": "engage", "redeploy": "hold"}),
    "no full force": Change(replace_levels={DEPLOYMENT: {FULL: LIGHT}}),
    "no full force, no deal": Change(replace_levels={DEPLOYMENT: {FULL: LIGHT}, TALKS: {2: 1}}, bound_to={0: "stay"}),
}


@pytest.mark.parametrize("names", list(itertools.combinations(AGREEING, 3)))
def test_changes_at_once_are_changes_in_any_order(names: tuple[str, ...]) -> None:
    together = combined({name: AGREEING[name] for name in names})
    world = changed(SMALL, together)
    for order in itertools.permutations(names):
        assert combined({name: AGREEING[name] for name in order}) == together
        same_world(reduce(lambda scenario, name: changed(scenario, AGREEING[name]), order, SMALL), world)


def test_no_change_and_one_change_are_themselves() -> None:
    assert combined({}) == Change()
    for name, change in AGREEING.items():
        assert combined({name: change}) == change


def test_holders_are_bound_side_by_side() -> None:
    both = combined({"a": Change(bound_to={0: "stay"}), "b": Change(bound_to={1: "sulk"})})
    assert both.bound_to == {0: "stay", 1: "sulk"}


#: Two changes that disagree, and about what.
CONFLICTS = {
    "values": (Change(set={"speed": 0.3}), Change(set={"speed": 0.4}), "the value of 'speed'"),
    "starts": (Change(start={TALKS: 0}), Change(start={TALKS: 1}), "the level at which"),
    "levels": (
        Change(replace_levels={DEPLOYMENT: {FULL: LIGHT}}),
        Change(replace_levels={DEPLOYMENT: {FULL: BASES}}),
        "in place of another",
    ),
    "chained levels": (
        Change(replace_levels={DEPLOYMENT: {FULL: LIGHT}}),
        Change(replace_levels={DEPLOYMENT: {LIGHT: BASES}}),
        "itself replaced",
    ),
    "replacements": (Change(forbid={"stall": "engage"}), Change(forbid={"stall": "stop"}), "in the place of 'stall'"),
    "a replacement in one": (Change(forbid={"stall": "engage"}), Change(forbid={"stall": None}), "in the place of 'stall'"),
    "a forbidden replacement": (Change(forbid={"redeploy": "hold"}), Change(forbid={"hold": None}), "'hold', which takes"),
    "bindings": (Change(bound_to={0: "stay"}), Change(bound_to={0: "tied"}), "binds their holder"),
}


@pytest.mark.parametrize("kind", CONFLICTS)
def test_changes_that_disagree_are_refused_in_either_order(kind: str) -> None:
    first, second, about = CONFLICTS[kind]
    idle = Change(set={"stake": 7})
    for order in itertools.permutations([("first", first), ("idle", idle), ("second", second)]):
        with pytest.raises(ConflictError, match="'first' and 'second' disagree about") as caught:
            combined(dict(order))
        assert caught.value.names == ("first", "second")
        assert about in caught.value.about
    for alone in (first, second):
        combined({"first": alone, "idle": idle})


def test_levels_of_different_variables_do_not_chain() -> None:
    together = combined(
        {"a": Change(replace_levels={DEPLOYMENT: {FULL: LIGHT}}), "b": Change(replace_levels={TALKS: {LIGHT: BASES}})}
    )
    assert together.replace_levels == {DEPLOYMENT: {FULL: LIGHT}, TALKS: {LIGHT: BASES}}
