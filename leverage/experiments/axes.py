"""What a sweep varies: a parameter and the values that it takes, read from a text such as `presence_cost=5,20,50`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from leverage.errors import Fault, ScenarioError
from leverage.scenario.parsing import nearest
from leverage.scenario.scenario import Scenario

#: Values that a parameter takes over its declared range where none are given.
RANGE_VALUES = 11
#: More values of one parameter are refused: they would have to be kept.
MOST_VALUES = 1_000_000

#: `linspace(0, 1, 21)`: equally spaced values, both ends included; `geomspace`: in equal ratios.
_SPACED = re.compile(r"(linspace|geomspace)\s*\(([^()]*)\)")


@dataclass(frozen=True)
class Axis:
    """A parameter and the values that it takes, in the order given. named_only: no values were given, the declared range is
    meant."""

    name: str
    values: tuple[float, ...]
    named_only: bool = False

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest value."""
        return min(self.values), max(self.values)


def read_axis(text: str, scenario: Scenario) -> Axis:
    """`NAME` (its declared range), `NAME=5,20,50`, `NAME=linspace(0,1,21)` or `NAME=geomspace(1,100,9)`.

    Raises ScenarioError: an unknown parameter, no values, values that are no finite numbers or stand there twice, or a name alone
    of a parameter without a range.
    """
    name, sign, values = (part.strip() for part in text.partition("="))
    if name not in scenario.parameters:
        _refuse(text, f"there is no parameter '{name}'", nearest(name, scenario.parameters) or "the scenario has none")
    if not sign:
        return _declared(text, name, scenario)
    spaced = _SPACED.fullmatch(values)
    found = _spaced(text, *spaced.groups()) if spaced else _listed(text, values)
    if len(set(found)) < len(found):
        _refuse(text, "a value stands there twice", "give each value once")
    return Axis(name, found)


def _declared(text: str, name: str, scenario: Scenario) -> Axis:
    parameter = scenario.parameters[name]
    if not parameter.in_doubt:
        _refuse(text, f"'{name}' has no plausible range", f"give values, such as --over {name}=linspace(0,1,5)")
    return Axis(name, tuple(np.linspace(parameter.low, parameter.high, RANGE_VALUES).tolist()), named_only=True)


def _listed(text: str, values: str) -> tuple[float, ...]:
    return tuple(_number(text, word) for word in values.split(","))


def _spaced(text: str, spacing: str, inside: str) -> tuple[float, ...]:
    words = [word.strip() for word in inside.split(",")]
    if len(words) != 3:
        _refuse(text, f"{spacing} takes the first value, the last one and how many", f"such as {spacing}(1,2,5)")
    first, last, count = (_number(text, word) for word in words)
    if count != int(count) or not 1 <= count <= MOST_VALUES:
        _refuse(text, f"{words[2]} is no number of values", f"give a whole number from 1 to {MOST_VALUES:,}")
    if spacing == "geomspace" and first * last <= 0:
        _refuse(text, "equal ratios need two ends of one sign, none of them 0", "use linspace")
    values = np.linspace(first, last, int(count)) if spacing == "linspace" else np.geomspace(first, last, int(count))
    return tuple(values.tolist())


def _number(text: str, word: str) -> float:
    try:
        number = float(word)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        _refuse(text, f"'{word.strip()}' is no number", "give numbers with commas between them, or linspace(FIRST,LAST,HOW_MANY)")
    return number


def _refuse(text: str, message: str, remedy: str) -> NoReturn:
    raise ScenarioError("the command line", [Fault(0, 0, message, remedy, place=f"--over {text}")])
