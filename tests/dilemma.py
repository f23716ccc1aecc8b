"""The dilemma of tests/data as a scenario with claims of one's own, and what is true of it, worked out by hand."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from leverage import load_scenario, parse_scenario
from leverage.analysis.point import Point
from leverage.analysis.worlds import Worlds
from leverage.scenario.claims import Selection
from leverage.scenario.scenario import Scenario

DILEMMA = Path(__file__).parent / "data" / "dilemma.yaml"

GRIM = "grim_a against grim_b"
BARGAIN = "bargaining point"


def claim(
    lines: str | Sequence[str], under: str | Sequence[str] = "bargaining point", noting: float | None = None
) -> dict[str, Any]:
    """An entry of `claims`."""
    entry: dict[str, Any] = {"says": "So it is.", "under": under, "holds if": lines}
    return entry if noting is None else {**entry, "worth noting from": noting}


def dilemma(claims: Mapping[str, Mapping[str, Any]] | None = None, overrides: Mapping[str, float] | None = None) -> Scenario:
    """The scenario with these claims; JSON is YAML."""
    if claims is None:
        return load_scenario(DILEMMA, overrides)
    return parse_scenario(f"{DILEMMA.read_text(encoding='utf-8')}claims: {json.dumps(claims)}\n", overrides)


def with_units(scenario: Scenario) -> Scenario:
    """The scenario with the units of `UNITS`."""
    units = {"fee": "points", "bonus": "thanks a month"}
    parameters = {name: replace(each, unit=units.get(name, "")) for name, each in scenario.parameters.items()}
    return replace(scenario, payoff_unit=("points", "", ""), parameters=parameters)


def at(scenario: Scenario, tolerance: float = 1e-6) -> Point:
    return Point(Worlds(scenario), scenario.values, tolerance)


#: Function of the dilemma -> selection, value. With a fee and a bonus of 1, a gets 3 where both cooperate, 4 where it alone
#: defects, 0 where both do, -1 where b alone does. a's best: (4, 0) and (3, 3) mixed so that b gets no less than the 1 that it
#: can secure, 3 + 2/3; a's worst is 0. (3, 3) is the bargaining point: along either edge from there the product of gains falls.
VALUES: dict[str, tuple[str, float]] = {
    "payoff(a)": (GRIM, 3),
    "payoff(b)": (BARGAIN, 3),
    "payoff(a, grim_a, defect_b)": (BARGAIN, 0.4 * -1),
    "payoff(a, grim_a)": ("best reply of b", 3),
    "payoff(b, defect_a)": ("best reply of b", 1),
    "term(a, upkeep)": (GRIM, -1),
    "term(a, extra, grim_a, defect_b)": (BARGAIN, 0),
    "chance(done, 2 months)": (GRIM, 0.75),
    "chance(done, ever)": (GRIM, 1),
    "chance(done, 6 months, defect_a, defect_b)": (GRIM, 0),
    "time(done)": (GRIM, 2),
    "count(meetings, 3 months)": (GRIM, 3),
    "count(meetings, 3 months, grim_a, defect_b)": (GRIM, 0),
    "average(level, 2 months)": (GRIM, 0.25),
    "average(level, ever)": (GRIM, 1),
    "frequency(a, cooperate, 4 months)": (GRIM, 1),
    "frequency(a, cooperate, 4 months, grim_a, defect_b)": (GRIM, 0.25),
    "frequency(a, defect, ever, grim_a, defect_b)": (GRIM, 1),
    "lowest(a)": (GRIM, 0),
    "lowest(b)": (GRIM, 1),
    "highest(a)": (GRIM, 3 + 2 / 3),
    "highest(b)": (GRIM, 4.5),
    "bargain(a)": (GRIM, 3),
    "gain(trust, a)": (BARGAIN, 3),
    "gain(trust, b)": (BARGAIN, 2),
    "gain(post, a)": (GRIM, -1),
    "gross_gain(post, a)": (GRIM, 0),
    "price(post)": (BARGAIN, 1),
    "price(gift)": (GRIM, 0),
    "interaction(trust, gift, a)": (GRIM, 1),
    "interaction(trust, post, a)": (GRIM, 0),
    "likelier(trust, done, 2 months)": (GRIM, 0.75),
    "likelier(haste, done, ever)": (GRIM, 0),
    "sooner(haste, done)": (GRIM, 2),
    "reach(trust, a)": (GRIM, 3 + 2 / 3),
    "coercion(trust, b)": (GRIM, 0),
    "own_floor(post, a)": (GRIM, 1),
    "threat(trust, a)": ("best for a", 3 + 2 / 3),
    "commitment(trust, a)": ("best for a", 0),
    "share_credible()": (GRIM, 0.5),
    "share_credible(only_cooperate_a)": (GRIM, 0.5),
    "share_equilibrium()": (GRIM, 1 / 3),
    "share_subgame_perfect()": (GRIM, 1 / 3),
    "patience * 2 - 0.2": (GRIM, 1),
    "(payoff(a) + 1) / (fee + 1)": (GRIM, 2),
    "- payoff(a)": (GRIM, -3),
}

INF = math.inf

#: margin's bounds, strict, size worth noting -> verdict, whether finer bounds could change it
VERDICTS: list[tuple[tuple[float, float], bool, float, str, bool]] = [
    ((0.5, 0.5), True, 0.0, "holds", False),
    ((0.0, 0.0), True, 0.0, "fails", False),
    ((0.0, 0.0), False, 0.0, "holds", False),
    ((-1e-12, 1e-12), True, 0.0, "fails", False),
    ((-1e-12, 1e-12), False, 0.0, "holds", False),
    ((-1e-12, 1e-12), False, 1.0, "barely", False),
    ((-0.2, -0.1), False, 0.0, "fails", False),
    ((-0.2, 0.0), True, 0.0, "fails", False),
    ((-0.2, 0.0), False, 0.0, "undecided", True),
    ((-0.2, 0.3), True, 0.0, "undecided", True),
    ((0.0, 0.3), True, 0.0, "undecided", True),
    ((0.0, 0.3), False, 0.0, "holds", False),
    ((-INF, INF), True, 0.0, "undecided", True),
    ((0.1, 0.3), True, 1.0, "barely", False),
    ((0.1, 1.3), True, 1.0, "barely", True),
    ((1.0, 1.3), True, 1.0, "holds", False),
    ((1.1, INF), True, 1.0, "holds", False),
]

#: A claim's line -> its verdict with a size worth noting of .5.
LINES = {
    "payoff(a, grim_a, grim_b) > payoff(a, defect_a, grim_b)": "holds",  # 3 against 1.6
    "payoff(a, grim_a, grim_b) > payoff(a, only_cooperate_a, grim_b)": "fails",  # the same play
    "payoff(a, grim_a, grim_b) >= payoff(a, only_cooperate_a, grim_b)": "barely",
    "payoff(a, grim_a, grim_b) = 3.4": "holds",
    "payoff(a, grim_a, grim_b) = 3.6": "fails",
    "payoff(a, grim_a, grim_b) != 3.4": "barely",
    "payoff(a, grim_a, grim_b) != 3": "fails",
    "payoff(b, grim_a, grim_b) < 3.2": "barely",
    "time(done, defect_a, defect_b) < 5": "idle",
    "chance(done, 6 months, defect_a, defect_b) < chance(done, 6 months, grim_a, defect_b)": "idle",
    "chance(done, 6 months, defect_a, defect_b) < chance(done, 6 months, grim_a, grim_b)": "holds",
    "chance(done, 6 months, defect_a, defect_b) >= 0.1": "fails",
    "likelier(trust, done, 6 months) > 0": "holds",
    "frequency(b, cooperate, 6 months, grim_a, defect_b) > 2 * count(meetings, 6 months, defect_a, defect_b)": "idle",
    "payoff(a, grim_a, grim_b) / (fee - 1) > 0": "undefined",
    "sooner(trust, done) > 1": "idle",
    "credible(grim_a, grim_b)": "holds",  # by less than .5: a statement is true or false
}


#: A claim's line -> the unit of its margin where payoffs and the fee are in points, the bonus in thanks a month.
UNITS = {
    "payoff(a) > payoff(b)": "points",
    "payoff(a) - term(a, upkeep) >= 2 * bargain(a)": "points",
    "gain(trust, a) / 100 > 0": "points",
    "price(post) < 0.25 * gross_gain(post, a)": "points",
    "highest(a) != 3": "points",
    "credible(grim_a, grim_b)": "points",
    "chance(done, 2 months) > 0.5 * chance(done, ever)": "chance",
    "1 - likelier(trust, done, 2 months) > 0": "chance",
    "chance(done, 2 months) > patience": "chance",
    "chance(done, 2 months) > bonus": "chance",
    "time(done) < 5": "months",
    "sooner(haste, done) - time(done) > 0": "months",
    "count(meetings, 3 months) > 1": "times",
    "average(level, ever) > 0": "level",
    "frequency(a, cooperate, 4 months) > 0.5": "share of periods",
    "equilibria() = 1": "equilibria",
    "share_credible() > share_equilibrium()": "share of combinations",
    "payoff(a) rises with bonus": "points",
    "chance(done, 2 months) falls with fee": "chance",
    "chance(done, 2 months) * payoff(a) > 1": "points",
    "payoff(a) * payoff(b) > 4": "(points)^2",
    "payoff(a) / payoff(b) > 1": "ratio",
    "chance(done, ever) / chance(done, 2 months) > 1": "ratio",
    "chance(done, 2 months) * frequency(a, cooperate, 4 months) > 0.1": "ratio",
    "payoff(a) / time(done) > 1": "points / months",
    "payoff(a) / time(done) * time(done) > 1": "points",
    "1 / time(done) > 0.1": "1 / months",
    "1 / time(done) * sooner(haste, done) > 1": "ratio",
    "1 + fee > 0": "points",
    "payoff(a) * time(done) > 1": "points x months",
    "bonus * time(done) > 1": "thanks a month x months",
    "fee > 1": "points",
    "fee + bonus > 1": "",
    "patience > 0.5": "",
    "payoff(a) > chance(done, ever)": "",
    "payoff(a) + time(done) > 1": "",
    "(payoff(a) + time(done)) / 2 > 1": "",
    "payoff(a) + fee > chance(done, ever) + bonus": "",
}

#: With this patience of b the sets have a gap; a's best payoff is then 3.625, known within COARSE bounds and within FINE ones.
UNEQUAL, BEST_OF_A, COARSE, FINE = {"patience_of_b": 0.55}, 3.625, 0.3, 1e-3


def open_numbers() -> tuple[float, float]:
    """A number below a's best payoff and one above it, neither of which coarse bounds tell from it; fine ones do."""
    bounds = at(dilemma(overrides=UNEQUAL), COARSE).chosen(Selection("best for", ("a",))).payoffs[0]
    return (bounds.low + BEST_OF_A) / 2, (bounds.high + BEST_OF_A) / 2
