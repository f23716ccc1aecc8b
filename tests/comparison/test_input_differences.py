"""What differs between two scenarios is told entry by entry, and nothing that does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from leverage.comparison.input_differences import InputDifference, entries, input_differences
from leverage.loading import load_scenario, parse_scenario

DATA = Path(__file__).parents[1] / "data"
SMALL = (DATA / "small.yaml").read_text(encoding="utf-8")

#: A passage, what stands in its place in the second file, and the differences as words -> what each says.
CHANGED: dict[str, tuple[str, str, dict[str, tuple[str | None, str | None]]]] = {
    "a value": ("speed: {value: 0.5,", "speed: {value: 0.6,", {"speed: value": ("0.5", "0.6")}),
    "a range": ("range: [0.2, 0.9]", "range: [0.3, 0.9]", {"speed: range": ("0.2 to 0.9", "0.3 to 0.9")}),
    "a range that is new": ("{value: 0.2}", "{value: 0.2, range: [0, 1]}", {"risk: range": ("not in doubt", "0 to 1")}),
    "when an action may be taken": (
        "redeploy: when deployment < full",
        "redeploy: always",
        {"when power may redeploy": ("when deployment < full", "always")},
    ),
    "a level's number": ("light: 0.4", "light: 0.5", {"levels of deployment: light": ("0.4", "0.5")}),
    "a level that is new": ("[off, opened, settled]", "[off, opened, settled, sealed]", {"levels of talks: sealed": (None, "3")}),
    "the start": ("talks: opened, ceasefire", "talks: off, ceasefire", {"start of talks": ("opened", "off")}),
    "a rule's result": (
        "if power plays withdraw: down 1",
        "if power plays withdraw: down 2",
        {"how deployment moves: if power plays withdraw": ("down 1", "down 2")},
    ),
    "a rule that is new": (
        "    - if other plays engage:",
        "    - if other plays stall: down 1\n    - if other plays engage:",
        {
            "how talks moves: if other plays stall": (None, "down 1"),
            "how talks moves: order of rules": (
                "1 if ceasefire becomes broken; 2 if other plays engage; 3 otherwise",
                "1 if ceasefire becomes broken; 2 if other plays stall; 3 if other plays engage; 4 otherwise",
            ),
        },
    ),
    "a payoff": ("100 when talks is settled", "90 when talks is settled", {
        "payoff of power: gains, settlement": ("100 when talks is settled", "90 when talks is settled")
    }),
    "a strategy": ("stay: {always: hold}", "stay: {always: [withdraw, hold]}", {
        "strategy stay of power: always": ("hold", "withdraw, hold")
    }),
    "a patience": ("half life: 6", "half life: 7", {"player other: half life": ("6", "7")}),
    "an instrument": ("forbid: [redeploy]}", "forbid: {redeploy: hold}}", {
        "instrument returning: without, forbid, redeploy": ("yes", "hold")
    }),
    "a claim": ("worth noting from: 1", "worth noting from: 2", {"claim A1: worth noting from": ("1", "2")}),
    "a measure": ("{forces: deployment}", "{forces: deployment * 2}", {
        "what is measured: averages, forces": ("deployment", "deployment * 2")
    }),
}  # fmt: skip


@pytest.mark.parametrize("kind", CHANGED)
def test_a_change_is_told_where_it_was_made(kind: str) -> None:
    old, new, expected = CHANGED[kind]
    assert SMALL.count(old) == 1
    found = input_differences([parse_scenario(SMALL), parse_scenario(SMALL.replace(old, new))])
    assert {each.words: each.said for each in found} == expected
    assert all(each.kind != "wording" for each in found)


#: Two ways of writing the same.
ALIKE: dict[str, tuple[str, str]] = {
    "levels as a list": ("talks: [off, opened, settled]", "talks: {off: 0, opened: 1, settled: 2}"),
    "one rule that always fits": (
        "  ceasefire: {to broken: risk, to holds: rest}",
        "  ceasefire: [{otherwise: {to broken: risk, to holds: rest}}]",
    ),
    "spaces": ("100 when talks is settled", '"100  when talks is settled"'),
    "a default": ("language: 1\n", "language: 1\nmoves: together\n"),
    "the order of keys": ("hold: always, withdraw: when deployment > bases", "withdraw: when deployment > bases, hold: always"),
    "variants, which are not run": ("Slow return.", "Another variant."),
}


@pytest.mark.parametrize("kind", ALIKE)
def test_two_ways_of_writing_the_same_do_not_differ(kind: str) -> None:
    old, new = ALIKE[kind]
    assert SMALL.count(old) == 1
    assert input_differences([parse_scenario(SMALL), parse_scenario(SMALL.replace(old, new))]) == ()


#: A passage that no number hangs on.
WORDING = [
    "A small scenario",
    "Does the tests' scenario read?",
    "the other side",
    "Leave with progress.",
    "Forces can come back.",
    "It pays.",
]


@pytest.mark.parametrize("passage", WORDING)
def test_wording_is_told_as_such(passage: str) -> None:
    found = input_differences([parse_scenario(SMALL), parse_scenario(SMALL.replace(passage, "other words"))])
    assert [each.kind for each in found] == ["wording"]


def test_a_variant_and_an_override_are_compared_as_they_are_run() -> None:
    found = input_differences([parse_scenario(SMALL), parse_scenario(SMALL, {"stake": 30}, "slow")])
    assert {each.words: each.said for each in found} == {
        "speed: value": ("0.5", "0.3"),
        "stake: value": ("10", "30"),
        "start of deployment": ("full", "light"),
        "when other may stall": ("always", "never"),
    }
    assert found[0].unit == ""
    assert next(each.unit for each in found if each.path[1] == "stake") == "points"


def test_what_one_of_three_says_is_told_for_all() -> None:
    (found,) = input_differences([parse_scenario(SMALL), parse_scenario(SMALL), parse_scenario(SMALL, {"speed": 0.6})])
    assert found == InputDifference(("parameters", "speed", "value"), "value", ("0.5", "0.5", "0.6"))


def test_every_entry_of_the_shipped_scenario_is_told() -> None:
    told = entries(load_scenario(Path(__file__).parents[2] / "scenarios" / "withdrawal.yaml"))
    assert told["payoffs", "power", "costs", "audience"] == "audience_cost when power plays redeploy"
    assert told["transitions", "talks", "if talks is settled"] == "stays"
    assert told["claims", "A21", "holds if"].count(">") == 2
    assert {path[0] for path in told} >= {
        "parameters",
        "players",
        "state",
        "start",
        "actions",
        "transitions",
        "payoffs",
        "claims",
    }
