"""Compiled games against golden files, one for each kind of rule, and against a slow twin; what a form promises about its
shape."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import numpy as np
import pytest

from leverage.game.form import compile_form, compile_game
from leverage.game.stochastic_game import StochasticGame
from leverage.loading import load_scenario, parse_scenario
from leverage.scenario import schema
from leverage.scenario import syntax as tree
from leverage.scenario.scenario import Scenario

HERE = Path(__file__).parent
GOLDEN = HERE.parent / "data" / "golden"
SMALL = (HERE.parent / "data" / "small.yaml").read_text(encoding="utf-8")
EXACT = 1e-14


def _twin_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("slow_compiler", HERE / "slow_compiler.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


twins = _twin_module()
NAMES = sorted(twins.TWINS)


def golden_scenario(name: str) -> Scenario:
    twin = twins.TWINS[name]
    return load_scenario(GOLDEN / f"{twin.file}.yaml", twin.overrides, twin.variant)


def as_lists(game: StochasticGame) -> dict[str, Any]:
    """The game in the form of the golden files."""
    rows = []
    for r, s in enumerate(game.row_state):
        rows.append([int(s), *(game.actions[s][i][game.row_action[i, r]] for i in range(game.n_players))])
    law = game.transitions
    ends = zip(law.indptr[:-1], law.indptr[1:], strict=True)
    return {
        "states": list(game.states),
        "start": game.start,
        "discount": game.discount.tolist(),
        "rows": rows,
        "transitions": [[[int(law.indices[e]), float(law.data[e])] for e in range(a, b)] for a, b in ends],
        "terms": [
            {"name": term.name, "player": term.player, "kind": term.kind, "tag": term.tag, "amount": term.amount.tolist()}
            for term in game.terms
        ],
        "events": {name: truth.tolist() for name, truth in game.measures.events.items()},
        "counts": {name: count.tolist() for name, count in game.measures.counts.items()},
        "averages": {name: value.tolist() for name, value in game.measures.averages.items()},
        "dates": list(game.measures.dates),
    }


def assert_same(found: Any, expected: Any, place: str = "") -> None:
    """Equal lists and mappings; numbers up to rounding."""
    if isinstance(expected, dict):
        assert found.keys() == expected.keys(), place
        for key in expected:
            assert_same(found[key], expected[key], f"{place}.{key}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), place
        for k, (one, other) in enumerate(zip(found, expected, strict=True)):
            assert_same(one, other, f"{place}[{k}]")
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, rel=EXACT, abs=EXACT), place
    else:
        assert found == expected, place


@pytest.mark.parametrize("name", NAMES)
def test_compiled_game_is_the_golden_one(name: str) -> None:
    expected = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    assert_same(as_lists(compile_game(golden_scenario(name))), expected)


@pytest.mark.parametrize("name", NAMES)
def test_golden_file_is_what_the_slow_twin_says(name: str) -> None:
    assert_same(twins.slow_compile(twins.TWINS[name]), json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", NAMES)
def test_payoffs_are_gains_less_costs(name: str) -> None:
    game = compile_game(golden_scenario(name))
    expected = np.zeros_like(game.payoffs)
    for term in json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))["terms"]:
        expected[:, term["player"]] += (1 if term["kind"] == "gain" else -1) * np.array(term["amount"])
    np.testing.assert_allclose(game.payoffs, expected, rtol=EXACT, atol=EXACT)


def test_every_golden_file_belongs_to_a_twin() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(NAMES)
    assert {path.stem for path in GOLDEN.glob("*.yaml")} == {twin.file for twin in twins.TWINS.values()}


# --- every kind of rule has a golden game --------------------------------------------------------------------------------------

#: Fields of the schema that say nothing about the compiled game, or that the tests of strategies cover.
NOT_COMPILED = {
    *(
        "language",
        "title",
        "question",
        "source",
        "payoff unit",
        "strategies",
        "instruments",
        "claims",
        "period",
        "sweeps",
        "author",
    )
}


def _nodes() -> Iterator[tree.Node]:
    for name in NAMES:
        scenario = golden_scenario(name)
        rules = [rule for own in scenario.transitions for rule in own]
        texts: list[tree.Node] = [player.discount for player in scenario.players]
        texts += [action.legal for own in scenario.actions for action in own]
        texts += [term.formula for term in scenario.terms]
        texts += [each.condition for each in (*scenario.events, *scenario.counts)]
        texts += [average.formula for average in scenario.averages]
        texts += [rule.condition for rule in rules]
        texts += [move.chance for rule in rules for move in rule.moves if move.chance is not None]
        for text in texts:
            yield from tree.walk(text)


def test_every_kind_of_node_has_a_golden_game() -> None:
    nodes = list(_nodes())
    kinds = {*get_args(tree.Formula), *get_args(tree.Condition)} - {tree.Last}  # strategies only
    assert {type(node) for node in nodes} == kinds
    assert {node.operator for node in nodes if isinstance(node, tree.Binary)} == {"+", "-", "*", "/", "**"}
    assert {node.operator for node in nodes if isinstance(node, tree.Compare)} == {"<", "<=", ">", ">=", "==", "!="}
    assert {node.function for node in nodes if isinstance(node, tree.Call)} == tree.FUNCTIONS.keys()
    assert {node.direction for node in nodes if isinstance(node, tree.Moves)} == {-1, 0, 1}
    assert {node.truth for node in nodes if isinstance(node, tree.Always)} == {True, False}


def test_every_kind_of_move_has_a_golden_game() -> None:
    scenarios = [golden_scenario(name) for name in NAMES]
    moves = [move for scenario in scenarios for own in scenario.transitions for rule in own for move in rule.moves]
    kinds = {
        ("to" if move.target is not None else int(np.sign(move.step)), move.chance is None, move.chance == tree.ONE)
        for move in moves
    }
    certain = {(kind, False, True) for kind in ("to", 1, -1, 0)}
    by_chance = {(kind, False, False) for kind in ("to", 1, -1, 0)}
    assert kinds >= certain | by_chance | {("to", True, False), (0, True, False)}


def test_every_field_of_the_schema_has_a_golden_game() -> None:
    data = [golden_scenario(name).document.data for name in NAMES]
    payoffs = [entry for file in data for entry in file["payoffs"].values()]
    changes = [entry for file in data for entry in file.get("variants", {}).values()]
    places: list[tuple[type[schema.Entry], list[dict[str, Any]]]] = [
        (schema.ScenarioFile, data),
        (schema.PlayerEntry, [entry for file in data for entry in file["players"].values()]),
        (schema.PayoffEntry, payoffs),
        (schema.MeasuresEntry, [file["measures"] for file in data if "measures" in file]),
        (schema.ChangeEntry, changes),
    ]
    for model, entries in places:
        fields = {field.alias or name for name, field in model.model_fields.items()} - NOT_COMPILED - {"name", "unit"}
        assert fields <= {key for entry in entries for key in entry}, model.__name__


# --- shape ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("speed", [0.0, 0.2, 0.5, 1.0])
def test_shape_does_not_depend_on_values(speed: float) -> None:
    base, other = compile_form(parse_scenario(SMALL)), compile_form(parse_scenario(SMALL, {"speed": speed}))
    for name in ("levels", "row_state", "row_actions", "indptr", "indices", "branch_entry"):
        np.testing.assert_array_equal(getattr(base, name), getattr(other, name))
    assert base.labels == other.labels


def test_entries_of_chance_zero_are_kept() -> None:
    game = compile_game(parse_scenario(SMALL, {"speed": 0.0}))
    assert np.any(game.transitions.data == 0.0)
    assert game.transitions.nnz == compile_game(parse_scenario(SMALL)).transitions.nnz


def test_moves_that_no_value_allows_make_no_entry() -> None:
    text = SMALL.replace("{up 1: speed, stays: rest}", '{up 1: "max(0, speed - 0.9)", stays: rest}')
    game = compile_game(parse_scenario(text))
    assert not any("talks settled" in state for state in game.states)


def test_a_value_outside_the_range_widens_the_box() -> None:
    text = SMALL.replace("{up 1: speed, stays: rest}", '{up 1: "max(0, speed - 0.9)", stays: rest}')
    game = compile_game(parse_scenario(text, {"speed": 0.95}))
    assert any("talks settled" in state for state in game.states)


def test_a_parameter_without_a_range_never_prunes() -> None:
    sure, unsure = compile_form(parse_scenario(SMALL.replace("{value: 0.2}", "{value: 0}"))), compile_form(parse_scenario(SMALL))
    np.testing.assert_array_equal(sure.indices, unsure.indices)


def test_states_are_in_lexicographic_order_of_levels_and_start_is_found() -> None:
    form = compile_form(parse_scenario(SMALL))
    rows = [tuple(row) for row in form.levels.tolist()]
    assert rows == sorted(set(rows))
    assert rows[form.start] == (2, 1, 1)
    assert compile_form(parse_scenario(SMALL)).labels == form.labels


def test_a_condition_of_numbers_only_makes_an_action_legal_everywhere() -> None:
    base = compile_game(parse_scenario(SMALL))
    text = SMALL.replace("engage: always", "engage: when 1 < 2")
    assert compile_game(parse_scenario(text)).actions == base.actions


def test_a_scenario_without_state_variables_is_a_repeated_game() -> None:
    text = """
language: 1
title: t
question: q
players: {a: {discount: 0.6}, b: {discount: 0.6}}
state: {}
start: {}
actions: {a: {co: always, de: always}, b: {co: always, de: always}}
payoffs:
  a: {gains: {v: 3 when b plays co}, costs: {c: 1 when a plays co}}
  b: {gains: {v: 3 when a plays co}, costs: {c: 1 when b plays co}}
"""
    game = compile_game(parse_scenario(text))
    assert game.states == ("the only state",)
    np.testing.assert_array_equal(game.transitions.toarray(), np.ones((4, 1)))
    np.testing.assert_array_equal(game.payoffs, [[2, 2], [-1, 3], [3, -1], [0, 0]])


# --- many points ---------------------------------------------------------------------------------------------------------------


def test_many_points_agree_with_one_at_a_time() -> None:
    scenario = parse_scenario(SMALL)
    form = compile_form(scenario)
    table = {"patience": [0.9, 0.5, 0.99], "speed": [0.5, 0.0, 0.9], "risk": [0.2, 0.9, 0.0], "stake": [10.0, 5.0, 20.0]}
    together = form.arrays({name: np.array(column)[:, None] for name, column in table.items()})
    for p in range(3):
        alone = form.arrays({name: column[p] for name, column in table.items()})
        game = form.at({name: column[p] for name, column in table.items()})
        np.testing.assert_array_equal(together.probabilities[p], alone.probabilities[0])
        np.testing.assert_allclose(game.transitions.data, alone.probabilities[0], rtol=EXACT, atol=EXACT)
        np.testing.assert_array_equal(together.discount[p], game.discount)
        for k, term in enumerate(game.terms):
            np.testing.assert_array_equal(together.terms[k][p], term.amount)
        for k, average in enumerate(game.measures.averages.values()):
            np.testing.assert_array_equal(together.averages[k][p], average)


def test_probabilities_sum_to_one_at_every_point() -> None:
    form = compile_form(parse_scenario(SMALL))
    values = {name: np.linspace(p.low, p.high, 5)[:, None] for name, p in form.scenario.parameters.items()}
    totals = np.add.reduceat(form.arrays(values).probabilities, form.indptr[:-1], axis=1)
    np.testing.assert_allclose(totals, 1.0, atol=EXACT)


# --- relabelling ---------------------------------------------------------------------------------------------------------------


def _law(game: StochasticGame, order: tuple[int, ...]) -> dict[tuple[str, ...], tuple[tuple[float, ...], dict[str, float]]]:
    """State and actions of the players in the given order -> their payoffs and the law; state labels are sets of words."""
    words = [", ".join(sorted(label.split(", "))) for label in game.states]
    dense = game.transitions.toarray()
    result = {}
    for r, s in enumerate(game.row_state):
        actions = tuple(game.actions[s][i][game.row_action[i, r]] for i in order)
        law = {words[t]: float(dense[r, t]) for t in np.flatnonzero(dense[r])}
        result[words[s], *actions] = (tuple(round(float(game.payoffs[r, i]), 12) for i in order), law)
    return result


def _assert_same_law(one: StochasticGame, other: StochasticGame, order: tuple[int, ...]) -> None:
    left, right = _law(one, (0, 1)), _law(other, order)
    assert left.keys() == right.keys()
    for key, (payoffs, law) in left.items():
        assert right[key][0] == payoffs
        assert right[key][1] == pytest.approx(law, rel=EXACT)


def test_swapping_players_swaps_them_in_the_game() -> None:
    swapped = SMALL.replace("  power: {discount: patience}\n", "").replace(
        "half life: 6}\n", "half life: 6}\n  power: {discount: patience}\n"
    )
    game, other = compile_game(parse_scenario(SMALL)), compile_game(parse_scenario(swapped))
    assert other.players == game.players[::-1]
    np.testing.assert_array_equal(other.discount, game.discount[::-1])
    _assert_same_law(game, other, (1, 0))


def test_reordering_variables_reorders_states_only() -> None:
    line = "  talks: [off, opened, settled]\n"
    moved = SMALL.replace(line, "").replace("state:\n", "state:\n" + line)
    game, other = compile_game(parse_scenario(SMALL)), compile_game(parse_scenario(moved))
    assert other.states != game.states
    _assert_same_law(game, other, (0, 1))


def test_turning_levels_round_turns_steps_round() -> None:
    """A variable counted downwards, with every 'up' and 'down', 'rises' and 'falls' exchanged, is the same game."""
    lines = [
        "language: 1\ntitle: t\nquestion: q\nplayers: {a: {discount: 0.5}, b: {discount: 0.5}}",
        "state: {x: LEVELS}\nstart: {x: mid}\nactions: {a: {go: always, stop: when x SIGN mid or x is mid}, b: {idle: always}}",
        "transitions: {x: [{if a plays go: {UP 1: 0.25, stays: rest}}, {otherwise: DOWN 1}]}",
        "payoffs: {a: {gains: {v: 3 when x is top}}, b: {gains: {v: 1 when x RISES}}}",
    ]
    upward = {"LEVELS": "[low, mid, top]", "SIGN": ">", "UP": "up", "DOWN": "down", "RISES": "rises"}
    downward = {"LEVELS": "[top, mid, low]", "SIGN": "<", "UP": "down", "DOWN": "up", "RISES": "falls"}
    games = []
    for words in (upward, downward):
        text = "\n".join(lines)
        for word, meant in words.items():
            text = text.replace(word, meant)
        games.append(compile_game(parse_scenario(text)))
    _assert_same_law(*games, (0, 1))


def test_games_of_a_form_share_index_arrays_and_a_game_with_other_actions_has_its_own() -> None:
    form = compile_form(parse_scenario(SMALL))
    one, two = form.at(), form.at()
    assert one.row_action is two.row_action
    assert one.row_choice is two.row_choice
    apart = StochasticGame.from_arrays([np.zeros((2, 1, 2))], [np.ones((2, 1, 1))], 0.5)
    other = replace(apart, shared=one.shared)
    np.testing.assert_array_equal(other.action_counts, [[2, 1]])
    np.testing.assert_array_equal(other.row_action, [[0, 1], [0, 0]])
