"""Scenarios with an instrument, written from payoff tables."""

from __future__ import annotations

from collections.abc import Sequence

from leverage.analysis.point import Point
from leverage.analysis.worlds import Worlds
from leverage.loading import parse_scenario

STAYS = "{otherwise: stays}"
FIRST, SECOND = ("a", "b", "x"), ("l", "r")

Table = Sequence[Sequence[float | str]]


def stage_scenario(first: Table, second: Table, without: str, parameters: str = "{}", weather: str = STAYS) -> str:
    """Player one has an action a row (a, b, x), player two one a column (l, r); entries are numbers or formulas. `without`: the
    world without the instrument `option`, as YAML. weather: its rules. Both discount by 1/2.
    """
    actions = FIRST[: len(first)]
    terms = [
        [
            f"      {row}{column}: ({table[r][c]}) when one plays {row} and two plays {column}"
            for r, row in enumerate(actions)
            for c, column in enumerate(SECOND)
        ]
        for table in (first, second)
    ]
    lines = [
        "language: 1",
        "title: One state",
        "question: What is the option worth?",
        "period: 1 month",
        "players: {one: {discount: 0.5}, two: {discount: 0.5}}",
        "state: {weather: {fair: 0, foul: 1}}",
        "start: {weather: fair}",
        f"parameters: {parameters}",
        "actions:",
        f"  one: {{{', '.join(f'{name}: always' for name in actions)}}}",
        "  two: {l: always, r: always}",
        "transitions:",
        f"  weather: [{weather}]",
        "payoffs:",
        "  one:",
        "    gains:",
        *terms[0],
        "  two:",
        "    gains:",
        *terms[1],
        "strategies:",
        "  one: {steady: {always: a}}",
        "instruments:",
        f"  option: {{holder: one, without: {without}}}",
    ]
    return "\n".join(lines) + "\n"


def point_of(text: str) -> Point:
    worlds = Worlds(parse_scenario(text))
    return Point(worlds, worlds.scenario.values)
