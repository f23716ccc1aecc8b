"""Batteries for worlds without an instrument: changes of a scenario, and games in which a player is bound."""

from __future__ import annotations

from types import ModuleType

import pytest

from leverage.errors import ConflictError, GameError
from leverage.game.form import compile_form
from leverage.game.strategies import compile_strategy
from leverage.loading import parse_scenario
from leverage.scenario.reader import Reader
from leverage.scenario.reading import parse_document
from leverage.scenario.reading.text import Position
from leverage.scenario.scenario import Change, Scenario
from leverage.scenario.syntax import Vocabulary
from tests.game.slow_binding import assert_same_as_twin, begun, some_never_played, watched
from tests.games import prisoners_dilemma, random_game, random_machine, tit_for_tat, with_structural_zeros

LADDER = """
language: 1
title: t
question: q
players: {a: {discount: 0.9}}
state: {x: [low, mid, top]}
start: {x: mid}
parameters: {p: {value: 0.3, range: [0.1, 0.5]}, q: {value: 2}}
actions: {a: {hold: always, idle: always, push: when x < top, pull: when x > low}}
transitions: {x: [{if a plays push: {up 1: p, stays: rest}}, {if a plays pull: down 1}]}
payoffs: {a: {gains: {v: q * x}}}
strategies:
  a:
    climb: {always: [push, pull, idle]}
    gamble: {always: {hold: 0.25, idle: 0.75}}
"""
LOW, MID, TOP = range(3)


def _played(scenario: Scenario, number: int) -> list[dict[str, float]]:
    """What a strategy plays in each state: action -> chance."""
    form = compile_form(scenario)
    game = form.at()
    machine = compile_strategy(form, game, scenario.strategies[0][number])
    lotteries = [machine.lottery(0, s) for s in range(game.n_states)]
    return [{a: float(x) for a, x in zip(game.actions[s][0], own, strict=True) if x} for s, own in enumerate(lotteries)]


def check_changes(module: ModuleType) -> None:
    scenario = parse_scenario(LADDER)
    world = module.changed(scenario, Change(set={"p": 0.4, "q": 3.0}, start={0: TOP}, replace_levels={0: {TOP: MID}}))
    assert world.start == (MID,)
    assert [(p.value, p.low, p.high) for p in world.parameters.values()] == [(0.4, 0.1, 0.5), (3.0, 3.0, 3.0)]
    assert compile_form(world).labels == ("x low", "x mid")
    again = module.changed(world, Change(replace_levels={0: {MID: LOW}}))
    assert again.replaced_levels == {0: {TOP: LOW, MID: LOW}}
    assert _played(module.changed(scenario, Change(forbid={"pull": "hold"})), 0) == [{"push": 1.0}, {"hold": 1.0}]
    above = Change(start={0: TOP}, forbid={"push": "hold"})
    assert _played(module.changed(scenario, above), 0) == [{"hold": 1.0}, {"hold": 1.0}, {"pull": 1.0}]
    assert _played(module.changed(scenario, Change(forbid={"hold": "idle"})), 1) == [{"idle": 1.0}] * 3
    assert module.changed(scenario, Change(bound_to={0: "climb"})) is scenario
    _check_combined(module)


def check_restated(module: ModuleType) -> None:
    text = (
        LADDER
        + "variants: {fine: {state: {x: [low, mid, high, top], y: [a]}, transitions: {x: [{if a plays push: up 2}]}}, other: {}}"
    )
    document = parse_document(text, "ladder")
    assert module.restated(document, "") is document
    assert module.restated(document, "other") is document
    told = module.restated(document, "fine")
    assert told.data["state"] == {"x": ["low", "mid", "high", "top"]}
    assert told.data["transitions"] == {"x": [{"if a plays push": "up 2"}]}
    assert list(told.data["variants"]) == ["fine"]
    assert document.data["state"] == {"x": ["low", "mid", "top"]}
    for path in (("transitions", "x", 0, "if a plays push"), ("state", "x", 2)):
        assert told.positions[path] == document.positions["variants", "fine", *path]
    reader = Reader(document, Vocabulary(variables={"x": {"low": 0.0}}))
    module.read_variant(reader, ("variants", "fine"), document.data["variants"]["fine"])
    (fault,) = reader.faults
    assert "'y'" in fault.message
    assert (fault.line, fault.column) == _place(document.key_positions["variants", "fine", "state", "y"])


def _place(position: Position) -> tuple[int, int]:
    return position.line, position.column


def _check_combined(module: ModuleType) -> None:
    one = Change(set={"p": 0.4}, forbid={"pull": "hold"}, replace_levels={0: {TOP: MID}}, bound_to={0: "climb"})
    two = Change(set={"p": 0.4, "q": 3.0}, start={0: LOW}, replace_levels={1: {MID: LOW}}, bound_to={1: "climb"})
    both = Change({"p": 0.4, "q": 3.0}, {0: LOW}, {"pull": "hold"}, {0: {TOP: MID}, 1: {MID: LOW}}, {0: "climb", 1: "climb"})
    assert module.combined({"one": one, "two": two}) == module.combined({"two": two, "one": one}) == both
    against = (
        Change(set={"p": 0.5}),
        Change(forbid={"pull": "idle"}),
        Change(forbid={"hold": None}),
        Change(replace_levels={0: {TOP: LOW}}),
        Change(replace_levels={0: {MID: LOW}}),
        Change(bound_to={0: "gamble"}),
    )
    for other in against:
        for changes in ({"one": one, "other": other}, {"other": other, "one": one}):
            with pytest.raises(ConflictError) as caught:
                module.combined(changes)
            assert caught.value.names == ("one", "other")


def check_binding(module: ModuleType) -> None:
    shapes: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
        ((2, 3), (0,)),
        ((2, 3), (1,)),
        ((2, 3, 2), (1,)),
        ((2, 2, 3), (0, 2)),
    )
    for seed, (actions, players) in enumerate(shapes):
        for reach, modes in ((2, 3), (1, 7)):  # where each profile leads to one state, play misses some nodes
            game = watched(with_structural_zeros(random_game(seed, 4, actions, delta=0.8, reach=reach)), seed)
            machine = begun(random_machine(game, players, modes, seed), seed)
            for each in (machine, some_never_played(machine)):
                assert_same_as_twin(module.bound_game(each), each)
            assert {own[i] for own in module.bound_game(machine).actions for i in players} <= {("1",), ("mixed",)}
            assert any(own[players[0]] == ("mixed",) for own in module.bound_game(machine).actions)
    assert [own[0] for own in module.bound_game(tit_for_tat(prisoners_dilemma(), 0)).actions] == [("1",), ("2",)]
    with pytest.raises(GameError):
        module.bound_game(random_machine(game, (0,), 2, 0))
