"""What goes wrong somewhere in the ranges: each row a tiny scenario, the fault's text and the passage that it is shown at."""

from __future__ import annotations

import pytest

from leverage.errors import Fault, ScenarioError
from leverage.game.box import points_of
from leverage.game.form import MOST_BRANCHES, MOST_STATES
from leverage.loading import parse_scenario

BASE = """
language: 1
title: t
question: q
players: {a: {discount: PATIENCE}, b: {discount: 0.5}}
state: {x: {low: 0, mid: 1, top: 2, beyond: 3}}
start: {x: low}
parameters: {p: {value: 0.5, range: [0, 1]}, q: {value: 0.5, range: [0.2, 0.8]}, r: {value: 0.5}}
actions:
  a: {hold: always, push: when x < top}
  b: {idle: LEGAL}
transitions:
  x:
    - if a plays push: RESULT
    - otherwise: stays
payoffs: {a: {gains: {v: PAYOFF}}, b: {gains: {v: 1}}}
measures: {averages: {v: AVERAGE}}
strategies:
  a: {s: {always: LOTTERY}}
"""
DEFAULTS = {
    "PATIENCE": "0.9",
    "LEGAL": "always",
    "RESULT": "{up 1: q, stays: rest}",
    "PAYOFF": "x",
    "AVERAGE": "x",
    "LOTTERY": "hold",
}


def scenario(**parts: str) -> str:
    text = BASE
    for word, default in DEFAULTS.items():
        text = text.replace(word, parts.get(word.lower(), default))
    return text


def faults_of(text: str) -> tuple[Fault, ...]:
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(text)
    return caught.value.faults


SOUND = {
    "the plain scenario": {},
    "a chance that touches 0 and 1": {"result": "{up 1: p, stays: rest}"},
    "chances that touch 1 at a corner": {"result": "{up 1: p, down 1: 1 - p}"},
    "decimals that add up to 1": {"result": "{up 1: 0.1, down 1: 0.2, to low: 0.3, stays: 0.4}"},
    "a bounded chance": {"result": '{up 1: "min(1, 2 * p)", stays: rest}'},
    "a guarded division": {"payoff": "1 / x when x > low"},
    "a division by what is 0 in a state out of reach": {"payoff": "1 / (x - 3)"},
    "a division by what is never 0": {"payoff": "1 / (q + x)"},
    "a division guarded by a parameter": {"payoff": "1 / p when p > 0"},
    "a guard within the condition": {"payoff": "1 when p > 0 and 1 / p > 2"},
    "a square root of what is never negative": {"payoff": "sqrt(p * x)"},
    "patience near 1": {"patience": "0.99 * p"},
    "a half life": {"patience": "0.5 ** (1 / (2 + p))"},
    "a lottery": {"lottery": "{hold: q, push: rest}", "result": "{up 1: 0, stays: rest}"},
    "a lottery of parts": {"lottery": "{hold: 1 - q / 2, push: q / 2}", "result": "stays"},
    "a lottery whose rule fits where it divides": {"lottery": "[{if x is mid: {hold: 1 / x}}, {otherwise: hold}]"},
    "a lottery that remembers": {
        "lottery": "[{if x rose last period: {hold: q, push: rest}}, {otherwise: hold}]",
        "result": "stays",
    },
}

# parts, passage at which the fault is shown, phrases of the message
BROKEN: dict[str, tuple[dict[str, str], str, tuple[str, ...]]] = {
    "a condition that divides by a level of 0": (
        {"legal": "when 1 / x < 2 or x is low"},
        "when 1 / x < 2",
        ("division by zero", "x low"),
    ),
    "a chance above 1 at one corner only": (
        {"result": "{up 1: p * 1.1, stays: rest}"},
        "p * 1.1",
        ("the chance of 'up 1' is 1.1, outside [0, 1]", "x low", "p = 1"),
    ),
    "a chance above 1 at a corner of two ranges": (
        {"result": "{up 1: (p + q) / 1.7, stays: rest}"},
        "(p + q) / 1.7",
        ("is 1.05882, outside [0, 1]", "p = 1, q = 0.8"),
    ),
    "a chance below 0 at one corner only": (
        {"result": "{up 1: q - 0.3, stays: rest}"},
        "q - 0.3",
        ("the chance of 'up 1' is -0.1", "q = 0.2"),
    ),
    "a chance above 1 in one state only": (
        {"result": "{up 1: q * (1 + x), stays: rest}"},
        "q * (1 + x)",
        ("is 1.6", "'x mid'", "q = 0.8"),
    ),
    "a chance above 1 within the box only": (
        {"result": "{up 1: 5 * p * (1 - p), stays: rest}"},
        "5 * p * (1 - p)",
        ("outside [0, 1]", "p = 0.5"),
    ),
    "a chance that is no number": ({"result": "{up 1: sqrt(q - 0.5), stays: rest}"}, "sqrt(q - 0.5)", ("no finite value",)),
    "less than 1 in all": (
        {"result": "{up 1: q, down 1: 0.1}"},
        "if a plays push",
        ("sum to 0.6, not to 1", "'x low'", "q = 0.5"),
    ),
    "one chance below 1": ({"result": "{up 1: 0.5}"}, "if a plays push", ("sum to 0.5, not to 1",)),
    "more than 1 in all, each within": ({"result": "{up 1: p, down 1: q}"}, "if a plays push", ("not to 1",)),
    "the rest is negative": (
        {"result": "{up 1: p, down 1: q, stays: rest}"},
        "stays: rest",
        ("what is left for 'stays' is -0.2", "p = 1", "q = 0.2"),
    ),
    "division by zero in a state within reach": ({"payoff": "1 / (x - 2)"}, "1 / (x - 2)", ("division by zero", "'x top'")),
    "division by zero at a corner": ({"payoff": "1 / p"}, "1 / p", ("division by zero", "p = 0")),
    "division by what changes its sign in the box": ({"payoff": "1 / (q - 0.31)"}, "1 / (q - 0.31)", ("division by zero",)),
    "division within a chance": ({"result": "{up 1: 0.1 / p, stays: rest}"}, "0.1 / p", ("division by zero", "p = 0")),
    "division within a condition": ({"payoff": "1 when 1 / p > 2"}, "1 when 1 / p", ("division by zero", "p = 0")),
    "division in an average": ({"average": "1 / x"}, "1 / x", ("division by zero", "'x low'")),
    "logarithm of zero": ({"payoff": "log(p)"}, "log(p)", ("no finite value", "p = 0")),
    "a payoff too large for a number": ({"payoff": "exp(1000 * p)"}, "exp(1000 * p)", ("no finite value", "p = 1")),
    "patience of 1 at a corner": ({"patience": "p"}, "p}, b:", ("the discount factor of 'a' is 1 with p = 1", "below 1")),
    "negative patience": ({"patience": "q - 0.3"}, "q - 0.3", ("is -0.1 with q = 0.2",)),
    "patience of 1": ({"patience": "1"}, "1}, b:", ("is 1; it has to lie in [0, 1)",)),
    "no action in a state within reach": ({"legal": "when x < mid"}, "b: {idle", ("'b' has no action in the state 'x mid'",)),
    "a lottery below 1": ({"lottery": "{hold: q}"}, "{hold: q}", ("this lottery",)),
    "a lottery above 1 at a corner": ({"lottery": "{hold: 0.3 + q, push: rest}"}, "{hold: 0.3", ("this lottery",)),
    "a lottery that divides by zero": ({"lottery": "{hold: 1 / x, push: rest}"}, "{hold: 1 / x", ("this lottery",)),
}


@pytest.mark.parametrize("name", SOUND)
def test_sound(name: str) -> None:
    text = scenario(**SOUND[name])
    if "push: " in SOUND[name].get("lottery", ""):  # a lottery needs all of its actions to be legal
        text = text.replace("push: when x < top", "push: always")
    parse_scenario(text)


@pytest.mark.parametrize("name", BROKEN)
def test_broken(name: str) -> None:
    parts, passage, phrases = BROKEN[name]
    text = scenario(**parts)
    (fault,) = faults_of(text)
    for phrase in phrases:
        assert phrase in fault.message
    before = text[: text.index(passage)]
    assert (fault.line, fault.column) == (before.count("\n") + 1, len(before) - before.rfind("\n"))


def test_the_value_in_use_is_looked_at_first() -> None:
    (fault,) = faults_of(scenario(result="{up 1: 3 * q, stays: rest}"))
    assert "is 1.5, outside [0, 1], in the state 'x low' with q = 0.5" in fault.message


def test_an_override_outside_its_range_is_checked_too() -> None:
    parse_scenario(scenario(), {"q": 0.95})
    with pytest.raises(ScenarioError, match=r"is 1.5, outside \[0, 1\]"):
        parse_scenario(scenario(), {"q": 1.5})


def test_faults_of_several_parts_are_told_together() -> None:
    faults = faults_of(scenario(result="{up 1: 2 * p, stays: rest}", payoff="1 / p", patience="p", lottery="{hold: q}"))
    assert [fault.line for fault in faults] == sorted(fault.line for fault in faults)
    assert len(faults) == 4


def test_one_fault_for_a_formula_that_goes_wrong_in_many_ways() -> None:
    faults = faults_of(scenario(result="{up 1: 2 * p / (1 - p), stays: rest}"))
    assert len(faults) == 1


def test_points_are_the_values_in_use_then_corners_then_inner_ones() -> None:
    points = points_of(parse_scenario(scenario()), ("p", "q", "r"))
    assert points["p"][:5, 0].tolist() == [0.5, 0.0, 0.0, 1.0, 1.0]
    assert points["q"][:5, 0].tolist() == pytest.approx([0.5, 0.2, 0.8, 0.2, 0.8])
    assert set(points["r"][:, 0]) == {0.5}
    assert points["p"].shape == points["r"].shape


# --- games that are too large --------------------------------------------------------------------------------------------------


def large(variables: int, levels: int, result: str) -> str:
    names = [f"v{k}" for k in range(variables)]
    ladder = "[" + ", ".join(f"l{k}" for k in range(levels)) + "]"
    return "\n".join(
        [
            "language: 1\ntitle: t\nquestion: q\nplayers: {a: {discount: 0.5}, b: {discount: 0.5}}",
            "state:",
            *(f"  {name}: {ladder}" for name in names),
            "start: {" + ", ".join(f"{name}: l0" for name in names) + "}",
            "actions: {a: {go: always, stay: always}, b: {idle: always}}",
            "transitions:",
            *(f"  {name}: {result}" for name in names),
            "payoffs: {a: {gains: {v: v0}}, b: {gains: {v: v0}}}",
        ]
    )


EVERYWHERE = "{" + ", ".join(f"to l{k}: 0.1" for k in range(10)) + "}"


@pytest.mark.parametrize(
    ("variables", "levels", "result", "line", "number"),
    [
        (10, 10, "{up 1: 0.5, stays: rest}", 5, f"more than {MOST_STATES:,} states"),
        (10, 10, EVERYWHERE, 18, f"{MOST_BRANCHES:,} can be compiled"),
        (80, 10, "stays", 5, f"{MOST_STATES:,} can be compiled"),
        (3, 40, "{up 1: 0.5, stays: rest}", 5, "(levels multiply to 64,000)"),
    ],
    ids=["steps", "jumps", "whole", "ladders"],
)
def test_too_large(variables: int, levels: int, result: str, line: int, number: str) -> None:
    (fault,) = faults_of(large(variables, levels, result))
    assert number in fault.message
    assert fault.line == line
    assert "fewer levels" in fault.remedy


def test_many_levels_of_which_few_are_reached_compile() -> None:
    scenario = parse_scenario(large(12, 10, "stays"))
    assert len(scenario.start) == 12


def test_a_strategy_is_complete_for_all_values_not_only_those_in_use() -> None:
    """With p = 0 the state 'mid' cannot be reached; that no rule fits there is told all the same."""
    text = scenario(result="{up 1: p, stays: rest}", lottery="[{if x is low: hold}]")
    with pytest.raises(ScenarioError, match="has no rule that fits in the state 'x mid'"):
        parse_scenario(text, overrides={"p": 0.0})


def test_a_division_in_a_rule_does_not_matter_where_an_earlier_rule_fits() -> None:
    text = scenario().replace("    - if a plays push: ", "    - if x is low: {up 1: 0.5, stays: rest}\n    - if 1 / x > 0.7: ")
    assert parse_scenario(text).notes == parse_scenario(scenario()).notes
    with pytest.raises(ScenarioError, match="division by zero"):
        parse_scenario(text.replace("if x is low", "if x is mid"))
