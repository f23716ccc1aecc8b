"""In which unit a line of a claim differs: told from what it compares, before anything is computed.

Functions have a unit of their own (`ClaimFunction.unit`), parameters that of the file, numbers none. Chances and shares are pure:
a payoff times a chance is a payoff. Where two parts are added or compared a number takes the unit of the other part, and so does
what is made of parameters alone, as their units are free texts; two functions in different units have none in common.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from leverage.scenario.claims import CLAIM_FUNCTIONS, ClaimCall, ClaimExpression, ClaimLine, calls_of
from leverage.scenario.scenario import Scenario

#: What a quotient of two numbers in the same unit is.
RATIO = "ratio"

#: Units of numbers that have no dimension.
PURE = ("chance", "share of periods", "share of combinations", RATIO)


@dataclass(frozen=True)
class _Unit:
    """A product of powers of units, or, where there are none, the name of a pure number ('' of a plain one)."""

    powers: Mapping[str, int] = field(default_factory=dict)
    pure: str = ""

    @classmethod
    def called(cls, word: str) -> _Unit:
        return cls(pure=word) if word in PURE or not word else cls({word: 1})

    def __mul__(self, other: _Unit) -> _Unit:
        powers = _added(self.powers, other.powers, 1)
        if powers or self.powers:
            return _Unit(powers, "" if powers else RATIO)
        names = {self.pure, other.pure} - {""}
        return _Unit(pure=names.pop() if len(names) == 1 else RATIO if names else "")

    def __truediv__(self, other: _Unit) -> _Unit:
        powers = _added(self.powers, other.powers, -1)
        plain = not self.powers and not other.pure
        return _Unit(powers, "" if powers else self.pure if plain else RATIO)

    @property
    def words(self) -> str:
        """'points a month', 'points a month x months', '1 / months'."""
        above = [_power(word, power) for word, power in self.powers.items() if power > 0]
        below = [_power(word, -power) for word, power in self.powers.items() if power < 0]
        return " / ".join([" x ".join(above) or "1", *below]) if self.powers else self.pure


def _added(one: Mapping[str, int], other: Mapping[str, int], sign: int) -> dict[str, int]:
    powers = Counter(one)
    for word, power in other.items():
        powers[word] += sign * power
    return {word: power for word, power in powers.items() if power}


def _power(word: str, power: int) -> str:
    return word if power == 1 else f"({word})^{power}"


def unit_of(line: ClaimLine, scenario: Scenario) -> str:
    """The unit of a line's margin and of both its sides; '' for plain numbers, and where its parts have no unit in common."""
    found = _of(line.left, scenario) if line.is_trend else _common(line.left, line.right, scenario)
    return found.words if found else ""


def _of(expression: ClaimExpression, scenario: Scenario) -> _Unit | None:
    """None: its parts have no unit in common."""
    if isinstance(expression, float):
        return _Unit()
    if isinstance(expression, str):
        return _Unit.called(scenario.parameters[expression].unit)
    if isinstance(expression, ClaimCall):
        return _Unit.called(_function_unit(CLAIM_FUNCTIONS[expression.function].unit, scenario))
    if expression.operator in ("+", "-"):
        return _common(expression.left, expression.right, scenario)
    left, right = _of(expression.left, scenario), _of(expression.right, scenario)
    if left is None or right is None:
        return None
    return left * right if expression.operator == "*" else left / right


def _function_unit(unit: str, scenario: Scenario) -> str:
    return {"payoff": scenario.payoff_unit[0], "time": f"{scenario.period.unit}s"}.get(unit, unit)


def _common(one: ClaimExpression, other: ClaimExpression, scenario: Scenario) -> _Unit | None:
    """The unit of two parts that are added or compared."""
    left, right = _of(one, scenario), _of(other, scenario)
    if left is None or right is None:
        return None
    if bool(calls_of(one)) != bool(calls_of(other)):
        return left if calls_of(one) else right
    if _Unit() in (left, right):
        return right if left == _Unit() else left
    return left if left == right else None
