"""What a sweep varies, as the command line says it: `presence_cost=5,20,50`, or a name alone for the plausible range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from leverage.errors import Fault, ScenarioError
from leverage.scenario.parsing import nearest
from leverage.scenario.scenario import Scenario
from leverage.scenario.sweeps import RANGE_VALUES, SweepTextError, read_values


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


def read_name(text: str, scenario: Scenario) -> str:
    """`NAME` alone, of what a sample draws. Raises ScenarioError: an unknown parameter, or values."""
    name, sign, _ = (part.strip() for part in text.partition("="))
    _known(text, name, scenario)
    if sign:
        _refuse(text, "a sample draws from plausible ranges", f"name '{name}' alone")
    return name


def read_axis(text: str, scenario: Scenario, example: str = "linspace(0,1,5)") -> Axis:
    """`NAME` (its declared range) or `NAME=VALUES`, see `read_values`. example: values, as they are given here.

    Raises ScenarioError: an unknown parameter, texts that say no values, or a name alone of a parameter without a range.
    """
    name, sign, values = (part.strip() for part in text.partition("="))
    _known(text, name, scenario)
    if not sign:
        return _declared(text, name, scenario, example)
    try:
        return Axis(name, read_values(values))
    except SweepTextError as error:
        _refuse(text, str(error), error.remedy)


def _known(text: str, name: str, scenario: Scenario) -> None:
    if name not in scenario.parameters:
        _refuse(text, f"there is no parameter '{name}'", nearest(name, scenario.parameters) or "the scenario has none")


def _declared(text: str, name: str, scenario: Scenario, example: str) -> Axis:
    parameter = scenario.parameters[name]
    if not parameter.in_doubt:
        _refuse(text, f"'{name}' has no plausible range", f"give values, such as --over {name}={example}")
    return Axis(name, tuple(np.linspace(parameter.low, parameter.high, RANGE_VALUES).tolist()), named_only=True)


def _refuse(text: str, message: str, remedy: str) -> NoReturn:
    raise ScenarioError("the command line", [Fault(0, 0, message, remedy, place=f"--over {text}")])
