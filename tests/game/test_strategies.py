"""Named strategies as machines: memory, phases, fall-back and lotteries, in paths of play traced by hand."""

from __future__ import annotations

import numpy as np
import pytest

from leverage.errors import Fault, ScenarioError
from leverage.game.automaton import Automaton, join
from leverage.game.form import compile_form
from leverage.game.strategies import compile_strategies, remembered_conditions
from leverage.loading import parse_scenario
from leverage.scenario import schema

#: Everything moves for certain: x goes where `a` pushes it, y is bad after a period in which `b` stalls.
WORLD = """
language: 1
title: t
question: q
period: 1 month
players: {a: {discount: 0.9}, b: {discount: 0.9}}
state: {x: [low, mid, top], y: [calm, bad]}
start: {x: low, y: calm}
actions:
  a: {hold: always, push: when x < top, pull: when x > low}
  b: {engage: always, stall: always}
transitions:
  x:
    - if a plays push: up 1
    - if a plays pull: down 1
  y:
    - if b plays stall: to bad
    - otherwise: to calm
payoffs: {a: {gains: {v: x}}, b: {gains: {v: y}}}
"""


def world(a: str, b: str, text: str = WORLD) -> str:
    return f"{text}strategies:\n  a: {{s: {a}}}\n  b: {{s: {b}}}\n"


def machines(text: str) -> tuple[Automaton, Automaton]:
    scenario = parse_scenario(text)
    form = compile_form(scenario)
    own, other = compile_strategies(form, form.at())
    return own["s"], other["s"]


def path(pair: tuple[Automaton, Automaton], periods: int) -> list[tuple[str, str]]:
    """What is played in each period, where play and chance leave no choice."""
    both = join(pair)
    game = both.game
    (node,) = both.start[[game.start]].indices
    played = []
    for _ in range(periods):
        state = both.node_state[node]
        choices = [int(np.flatnonzero(both.lottery(i, node) == 1.0)[0]) for i in (0, 1)]
        played.append((game.actions[state][0][choices[0]], game.actions[state][1][choices[1]]))
        row = game.row_start[state] + np.ravel_multi_index(choices, tuple(game.action_counts[state]))
        (entry,) = range(game.transitions.indptr[row], game.transitions.indptr[row + 1])
        edge = both.edge_start[node] + entry - game.entry_start[state]
        (node,) = both.next_nodes[[edge]].indices
    return played


ENGAGE = "{always: engage}"
CLIMB = "{always: [push, hold]}"
SEESAW = "{always: [push, pull]}"
#: Strategies of both, and what each plays, period by period.
PATHS = {
    "nothing rose before the start": (
        "{rules: [{if x rose last month: hold}, {otherwise: [push, hold]}]}",
        ENGAGE,
        "push hold push hold hold hold",
        "engage engage engage engage engage engage",
    ),
    "fell": (
        "{rules: [{if x fell last month: push}, {if x > low: pull}, {otherwise: push}]}",
        ENGAGE,
        "push pull push pull push",
        "engage engage engage engage engage",
    ),
    "changed": (
        "{rules: [{if x changed last month: hold}, {otherwise: [push, pull]}]}",
        ENGAGE,
        "push hold push hold pull hold push",
        "engage engage engage engage engage engage engage",
    ),
    "was": (
        "{rules: [{if x was low last month: [pull, hold]}, {otherwise: [push, hold]}]}",
        ENGAGE,
        "push pull push pull",
        "engage engage engage engage",
    ),
    "played": (
        CLIMB,
        "{rules: [{if a played push last month: stall}, {otherwise: engage}]}",
        "push push hold hold hold",
        "engage stall stall engage engage",
    ),
    "not played, and the state": (
        CLIMB,
        "{rules: [{if not a played push last month and x is top: stall}, {otherwise: engage}]}",
        "push push hold hold hold",
        "engage engage engage stall stall",
    ),
    "own memory": (
        CLIMB,
        "{rules: [{if b played engage last month: stall}, {otherwise: engage}]}",
        "push push hold hold",
        "engage stall engage stall",
    ),
    "two months last two periods": (
        CLIMB,
        "{starts: work, phases: {sulk: {play: stall, for: 2 months, next: work},"
        " work: {play: engage, for: 1 month, next: sulk}}}",
        "push push hold hold hold hold hold",
        "engage stall stall engage stall stall engage",
    ),
    "the first phase is the first one written": (
        CLIMB,
        "{phases: {sulk: {play: stall, for: 3 months, next: work}, work: {play: engage}}}",
        "push push hold hold hold",
        "stall stall stall engage engage",
    ),
    "until reads the state reached, and the actions of the period, and beats for": (
        SEESAW,
        "{starts: work, phases: {work: {play: engage, for: 10 months, until: x is top, next: sulk},"
        " sulk: {play: stall, for: 2 months, until: a plays pull, next: work}}}",
        "push push pull push pull push",
        "engage engage stall engage stall engage",
    ),
    "for ends a phase that until does not": (
        CLIMB,
        "{starts: work, phases: {work: {play: engage, for: 3 months, until: a plays pull, next: sulk}, sulk: {play: stall}}}",
        "push push hold hold hold",
        "engage engage engage stall stall",
    ),
    "until reads what the period brings": (
        CLIMB,
        "{starts: work, phases: {work: {play: engage, until: x becomes top, next: sulk}, sulk: {play: stall}}}",
        "push push hold hold",
        "engage engage stall stall",
    ),
    "a phase has rules of its own": (
        "{starts: up, phases: {up: {play: [{if y is bad: hold}, {otherwise: [push, hold]}], until: x is top, next: down},"
        " down: {play: [pull, hold], until: x falls, next: up}}}",
        "{rules: [{if x is mid: stall}, {otherwise: engage}]}",
        "push push pull push",
        "engage stall engage stall",
    ),
    "a list falls back to the first legal action": (
        "{always: [pull, push]}",
        ENGAGE,
        "push pull push pull",
        "engage engage engage engage",
    ),
}


@pytest.mark.parametrize("name", PATHS)
def test_path_traced_by_hand(name: str) -> None:
    a, b, plays_a, plays_b = PATHS[name]
    expected = list(zip(plays_a.split(), plays_b.split(), strict=True))
    assert path(machines(world(a, b)), len(expected)) == expected


def test_a_phase_of_two_months_has_two_memories() -> None:
    _, machine = machines(world(CLIMB, PATHS["two months last two periods"][1]))
    assert len(machine.modes) == 3
    assert len(set(machine.modes)) == 3


def test_what_needs_no_memory_has_one_mode() -> None:
    machine, _ = machines(world(CLIMB, ENGAGE))
    assert machine.modes == ("always",)


def test_a_condition_looked_up_twice_is_remembered_once() -> None:
    scenario = parse_scenario(
        world("{rules: [{if x rose last month and y is bad: hold}, {if x rose last month: hold}, {otherwise: hold}]}", ENGAGE)
    )
    assert len(remembered_conditions(scenario.strategies[0][0])) == 1


def test_every_way_to_write_a_strategy_is_traced() -> None:
    texts = " ".join(a + b for a, b, _, _ in PATHS.values())
    for model in (schema.StrategyEntry, schema.PhaseEntry):
        fields = {field.alias or name for name, field in model.model_fields.items()} - {"says"}
        assert all(f"{field}:" in texts for field in fields)


# --- lotteries -----------------------------------------------------------------------------------------------------------------


def test_a_lottery_plays_its_chances_in_the_order_of_the_actions() -> None:
    machine, other = machines(
        world(
            "{rules: [{if x is mid: {pull: 0.25, hold: rest, push: 0.5}}, {otherwise: hold}]}",
            "{always: {stall: 1 / 3, engage: rest}}",
        )
    )
    mid = machine.game.states.index("x mid, y calm")
    np.testing.assert_allclose(machine.lottery(0, mid), [0.25, 0.5, 0.25])
    np.testing.assert_allclose(other.lottery(1, mid), [2 / 3, 1 / 3])


def test_a_lottery_may_read_parameters_and_the_state() -> None:
    text = WORLD + "parameters: {p: {value: 0.2, range: [0, 0.5]}}\n"
    _, machine = machines(world(CLIMB, "{always: {stall: p * x, engage: rest}}", text))
    for node, x in enumerate(machine.node_state):
        level = ["low", "mid", "top"].index(machine.game.states[x].split(",")[0].split()[1])
        np.testing.assert_allclose(machine.lottery(1, node), [1 - 0.2 * level, 0.2 * level])


# --- strategies that do not know what to do ------------------------------------------------------------------------------------


def faults_of(text: str) -> tuple[Fault, ...]:
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(text)
    return caught.value.faults


def test_no_rule_that_fits_in_a_state_that_play_reaches() -> None:
    (fault,) = faults_of(world("{rules: [{if x < top: push}]}", ENGAGE))
    assert "the strategy 's' has no rule that fits in the state 'x top, y calm'" in fault.message
    assert "otherwise: ACTION" in fault.remedy


def test_no_rule_for_a_state_that_nothing_reaches_is_needed() -> None:
    text = WORLD.replace("x: [low, mid, top]", "x: [low, mid, top, beyond]").replace(
        "when x < top", "when x < top and x != beyond"
    )
    machine, _ = machines(world("{rules: [{if x < top: push}, {if x is top: hold}]}", ENGAGE, text))
    assert not any("beyond" in state for state in machine.game.states)


@pytest.mark.parametrize("a", ["{always: push}", "{always: [push]}", "{always: {push: 0.5, hold: rest}}"])
def test_an_action_that_is_not_legal_somewhere(a: str) -> None:
    (fault,) = faults_of(world(a, ENGAGE))
    assert "plays nothing that is legal" in fault.message
    assert "'x top, y calm'" in fault.message


def test_faults_of_all_strategies_are_told_together() -> None:
    faults = faults_of(world("{always: push}", "{rules: [{if x is mid: engage}]}"))
    assert len(faults) == 2
    assert faults[0].line < faults[1].line


def test_a_player_with_one_legal_action_needs_no_rule() -> None:
    text = WORLD.replace("period: 1 month", "period: 1 month\nmoves: in turn")
    pair = machines(world("{always: [push, hold]}", "{rules: [{if x is mid: stall}, {otherwise: engage}]}", text))
    assert path(pair, 5) == [("push", "wait"), ("wait", "stall"), ("push", "wait"), ("wait", "engage"), ("hold", "wait")]


def test_when_the_game_is_over_nobody_needs_a_rule() -> None:
    pair = machines(world("{rules: [{if x < top: push}]}", ENGAGE, WORLD.replace("start:", "ends when: x is top\nstart:")))
    assert path(pair, 4) == [("push", "engage"), ("push", "engage"), ("over", "over"), ("over", "over")]


def test_forbidding_an_action_makes_strategies_fall_back() -> None:
    text = world("{always: [push, hold]}", ENGAGE) + "variants: {still: {says: Nobody pushes., forbid: [push]}}\n"
    scenario = parse_scenario(text, variant="still")
    form = compile_form(scenario)
    own, other = compile_strategies(form, form.at())
    assert path((own["s"], other["s"]), 2) == [("hold", "engage")] * 2
