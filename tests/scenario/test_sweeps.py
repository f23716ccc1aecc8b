"""Sweeps that a file names: read into the words of the command line, or refused at their place with a remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from leverage.errors import ScenarioError
from leverage.experiments.columns import TABLES
from leverage.experiments.planned import NEEDS, faults_of_plans
from leverage.loading import parse_scenario
from leverage.scenario.scenario import PlannedSweep
from leverage.scenario.sweeps import SWEEP_TABLES, SweepTextError, read_values

LEAVING = (Path(__file__).parent.parent / "data" / "leaving.yaml").read_text()


def test_sweeps_become_the_words_of_the_command_line() -> None:
    scenario = parse_scenario(f"""{LEAVING}
sweeps:
  way_out:
    says: How dear and how quick.
    over:
      leave: linspace(0.1, 0.5, 5)
      toll: [0, 2, 4]
      patience: range
    tables: [outcomes, claims]
    claims: pays
  pairs: {{over: {{leave: "0.1, 0.2", toll: [1, 2]}}, together: true}}
  everything: {{sample: "sobol:64"}}
""")
    assert scenario.sweeps == (
        PlannedSweep(
            "way_out",
            "How dear and how quick.",
            ("leave=linspace(0.1, 0.5, 5)", "toll=0,2,4", "patience"),
            tables=("outcomes", "claims"),
            claims=("pays",),
        ),
        PlannedSweep("pairs", "", ("leave=0.1, 0.2", "toll=1,2"), together=True),
        PlannedSweep("everything", "", (), sample="sobol:64"),
    )


@pytest.mark.parametrize(
    ("entry", "place", "message", "remedy"),
    [
        ("over: {tol: range}", "tol", "no parameter 'tol'", "did you mean 'toll'"),
        ("over: {toll: '1;2'}", "1;2", "'1;2' is no number", "commas"),
        ("over: {toll: [1, 1]}", "[", "stands there twice", "once"),
        ("over: {toll: 'linspace(0, 1)'}", "linspace", "takes the first value", "linspace(1,2,5)"),
        ("over: {toll: [1, x]}", "x", "is no number", ""),
        ("says: nothing", "plan", "says nothing of what varies", "over:"),
        ("sample: 'sobol:100'", "sobol", "powers of two", "sobol:128"),
        ("{sample: 'sobol:64', over: {toll: '1,2'}}", "1,2", "draws from plausible ranges", "'toll: range'"),
        ("{sample: 'lhs:8', together: true}", "true", "a sample has no values to take together", "leave out 'together'"),
        ("{over: {toll: [1, 2], leave: [0.1]}, together: true}", "over", "toll has 2, leave has 1", "as many values"),
        ("{over: {toll: range, leave: [0.1]}, together: true}", "over", "toll has 11, leave has 1", "as many values"),
        ("over: {toll: 'linspace(0,1,10000)', leave: 'linspace(0,.5,2000)'}", "over", "20,000,000 points", "fewer values"),
        ("sample: 'saltelli:8388608'", "saltelli", "points of 3 parameters are too many", "saltelli:2097152 at most"),
        ("sample: 'lhs:100000000000'", "lhs", "these points are too many", "16,777,216 at most"),
        ("{over: {toll: range}, tables: outcome}", "outcome", "no table 'outcome'", "did you mean 'outcomes'"),
        ("{over: {toll: range}, claims: [pay]}", "pay", "no claim 'pay'", "did you mean 'pays'"),
        ("{over: {toll: range}, tabels: x}", "tabels", "tabels", ""),
    ],
)
def test_what_is_wrong_with_a_sweep_is_told_at_its_place(entry: str, place: str, message: str, remedy: str) -> None:
    text = f"{LEAVING}sweeps:\n  plan: {entry if entry.startswith('{') else '{' + entry + '}'}\n"
    with pytest.raises(ScenarioError) as refused:
        parse_scenario(text)
    fault = refused.value.faults[0]
    line = text.splitlines()[fault.line - 1]
    assert place in line[fault.column - 1 :]
    assert message in fault.message
    assert remedy in fault.remedy


def test_a_sweep_over_what_has_no_range_wants_values() -> None:
    text = LEAVING.replace("value: 1, range: [0, 4], unit: points", "value: 1, unit: points")
    with pytest.raises(ScenarioError, match=r"no plausible range\n.*\n.*\n.*give values"):
        parse_scenario(f"{text}sweeps:\n  plan: {{over: {{toll: range}}}}\n")


def test_what_a_sweep_visits_and_computes_is_checked_with_the_game() -> None:
    text = f"""{LEAVING.partition("strategies:")[0]}
sweeps:
  fine: {{over: {{leave: [0.1, 1]}}}}
  dear: {{over: {{leave: [0.1, 1.5]}}}}
  drawn: {{sample: "lhs:8", tables: [outcomes, strategies]}}
"""
    values, tables = faults_of_plans(parse_scenario(text))
    lines = text.splitlines()
    assert "dear:" in lines[values.line - 1]
    assert "the sweep 'dear' visits values that make no game: the chance of" in values.message
    assert "is 1.5, outside [0, 1]" in values.message
    assert "drawn:" in lines[tables.line - 1]
    assert "'strategies' needs named strategies" in tables.message


def test_the_tables_that_a_file_may_name_are_those_that_can_be_computed() -> None:
    assert tuple(TABLES) == SWEEP_TABLES
    assert NEEDS.keys() == TABLES.keys() - {"outcomes"}


@pytest.mark.parametrize("text", ["", "1,,2", "inf", "1e999", "0x1", "one"])
def test_what_is_no_value(text: str) -> None:
    with pytest.raises(SweepTextError):
        read_values(text)
