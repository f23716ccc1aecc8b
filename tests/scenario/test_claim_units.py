"""The unit of a line of a claim, told from what it compares."""

from __future__ import annotations

from dataclasses import replace

import pytest

from leverage.scenario.claim_units import unit_of
from leverage.scenario.claims import CLAIM_FUNCTIONS, calls_of
from leverage.scenario.periods import Period
from tests.dilemma import GRIM, UNITS, VALUES, claim, dilemma, with_units


@pytest.mark.parametrize(("text", "unit"), UNITS.items())
def test_the_unit_of_a_line_is_that_of_what_it_compares(text: str, unit: str) -> None:
    scenario = with_units(dilemma({"C": claim(text, GRIM)}))
    assert unit_of(scenario.claims[0].lines[0], scenario) == unit


def test_every_function_that_has_a_value_has_a_unit() -> None:
    scenario = with_units(dilemma({text: claim(f"{text} > -1000", under) for text, (under, _) in VALUES.items()}))
    told = {call.function: unit_of(each.lines[0], scenario) for each in scenario.claims for call in calls_of(each.lines[0].left)}
    assert told.keys() == {name for name, function in CLAIM_FUNCTIONS.items() if not function.truth and name != "equilibria"}
    assert all(told.values())


def test_the_unit_of_time_is_that_of_the_period_whatever_its_length() -> None:
    scenario = with_units(dilemma({"C": claim("time(done) < 5", GRIM)}))
    line = scenario.claims[0].lines[0]
    for period in (Period(3.0, "month"), Period(1.0, "week")):
        assert unit_of(line, replace(scenario, period=period)) == f"{period.unit}s"
