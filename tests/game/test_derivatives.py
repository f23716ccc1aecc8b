"""Derivatives of a form's numbers against central differences, and the sides on which they exist."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from leverage.game.derivatives import FormDerivatives, form_derivatives
from leverage.game.form import GameForm, compile_form
from leverage.game.stochastic_game import Floats
from leverage.loading import load_scenario, parse_scenario

DATA = Path(__file__).parent.parent / "data"
FILES = sorted([*(DATA / "golden").glob("*.yaml"), DATA / "small.yaml", Path("scenarios") / "withdrawal.yaml"])
#: Central differences of fourth order with this step, as a share of the parameter's range or size, miss derivatives of these
#: smooth formulas by less than `DIFFERENCES` of the largest.
STEP, DIFFERENCES = 1e-3, 1e-8


def points(form: GameForm, count: int) -> list[dict[str, float]]:
    """The scenario's values and points in general position in its box."""
    random, parameters = np.random.default_rng(7), form.scenario.parameters
    return [
        form.scenario.values,
        *({name: float(random.uniform(p.low, p.high)) for name, p in parameters.items()} for _ in range(count)),
    ]


def arrays(form: GameForm, values: dict[str, float]) -> list[Floats]:
    found = form.arrays(dict(values))
    return [found.probabilities[0], *(term[0] for term in found.terms), *(mean[0] for mean in found.averages), found.discount[0]]


def slopes(found: FormDerivatives, d: int) -> list[Floats]:
    return [
        found.probabilities[d],
        *(term[d] for term in found.terms),
        *(mean[d] for mean in found.averages),
        found.discount[d],
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_derivatives_agree_with_differences_all_over_the_box(path: Path) -> None:
    form = compile_form(load_scenario(path))
    for values in points(form, 3):
        found = form_derivatives(form, values)
        assert [direction.parameter for direction in found.directions] == list(form.scenario.parameters)
        assert found.missing == {}
        for d, direction in enumerate(found.directions):
            p = form.scenario.parameters[direction.parameter]
            step = STEP * (p.high - p.low if p.in_doubt else abs(p.value))
            near, far = (
                [
                    a - b
                    for a, b in zip(
                        arrays(form, {**values, p.name: values[p.name] + k * step}),
                        arrays(form, {**values, p.name: values[p.name] - k * step}),
                        strict=True,
                    )
                ]
                for k in (1, 2)
            )
            for own, a, b in zip(slopes(found, d), near, far, strict=True):
                expected = (8 * a - b) / (12 * step)
                np.testing.assert_allclose(own, expected, rtol=0, atol=DIFFERENCES * (1 + np.abs(own).max(initial=0.0)))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_chances_move_within_their_rows_and_payoffs_are_gains_less_costs(path: Path) -> None:
    form = compile_form(load_scenario(path))
    found = form_derivatives(form)
    if found.directions:
        np.testing.assert_allclose(np.add.reduceat(found.probabilities, form.indptr[:-1], axis=1), 0.0, atol=1e-12)
    expected = np.zeros_like(found.payoffs)
    for term, slope in zip(form.scenario.terms, found.terms, strict=True):
        expected[:, :, term.player] += slope if term.kind == "gain" else -slope
    np.testing.assert_array_equal(found.payoffs, expected)


# --- sides ------------------------------------------------------------------------------------------------------------

TEXT = """
language: 1
title: t
question: q
players: {a: {discount: DISCOUNT}, b: {discount: 0.5}}
state: {x: {low: 0, high: 1}}
start: {x: low}
parameters: {p: {value: VALUE, RANGE}, q: {value: 0.5}}
actions: {a: {go: always, stop: always}, b: {idle: always}}
transitions: {x: [{if a plays go: {to high: CHANCE, REST}}, {otherwise: stays}]}
payoffs: {a: {gains: {v: PAYOFF}}, b: {gains: {w: x}}}
measures: {averages: {mean: AVERAGE}}
"""
DEFAULTS = {
    "DISCOUNT": "0.5",
    "VALUE": "0.3",
    "RANGE": "range: [0, 1]",
    "CHANCE": "p",
    "REST": "stays: rest",
    "PAYOFF": "x",
    "AVERAGE": "x",
}


def compiled(**changes: str) -> GameForm:
    text = TEXT
    for name, default in DEFAULTS.items():
        text = text.replace(name, changes.get(name, default))
    return compile_form(parse_scenario(text))


def derivatives(**changes: str) -> FormDerivatives:
    return form_derivatives(compiled(**changes))


def sides(found: FormDerivatives, name: str = "p") -> dict[int, str]:
    return {direction.side: direction.reason for direction in found.directions if direction.parameter == name}


def test_a_smooth_number_has_one_derivative_for_both_sides() -> None:
    found = derivatives(PAYOFF="p * p")
    assert sides(found) == {0: ""}
    np.testing.assert_allclose(found.terms[0][0], 0.6, rtol=1e-15)
    assert sides(found, "q") == {0: ""}
    assert not found.payoffs[1].any()


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"PAYOFF": '"min(p, 0.3)"'}, "payoff term 'v' has a kink here"),
        ({"AVERAGE": '"max(p, 0.3)"'}, "the average 'mean' has a kink here"),
        ({"CHANCE": '"min(p, 0.3)"'}, "a chance has a kink here"),
        ({"DISCOUNT": '"max(p, 0.3)"', "RANGE": "range: [0, 0.9]"}, "a discount factor has a kink here"),
    ],
)
def test_a_kink_gives_two_directions_and_says_where(changes: dict[str, str], place: str) -> None:
    found = derivatives(**changes)
    assert sides(found) == {1: place, -1: place}
    assert [direction.side for direction in found.directions][:2] == [1, -1]
    moved = [np.abs(part[:2]).reshape(2, -1).max(axis=1) for part in (found.payoffs, found.averages[0], found.discount)]
    moved.append(np.abs(found.probabilities[:2]).max(axis=1))
    expected = [1.0, 0.0] if "max" in next(iter(changes.values())) else [0.0, 1.0]
    kinked = {"PAYOFF": 0, "AVERAGE": 1, "DISCOUNT": 2, "CHANCE": 3}[next(iter(changes))]
    np.testing.assert_allclose(moved[kinked], expected)


def test_a_jump_leaves_the_other_side() -> None:
    found = derivatives(PAYOFF="5 when p > 0.3 otherwise p")
    assert sides(found) == {-1: "payoff term 'v' jumps here as it rises"}
    np.testing.assert_allclose(found.terms[0][0], 1.0)


def test_a_jump_on_both_sides_leaves_none() -> None:
    found = derivatives(PAYOFF="5 when p == 0.3 otherwise p")
    assert sides(found) == {}
    assert found.missing == {"p": "payoff term 'v' jumps here as it rises"}
    assert found.payoffs.shape == (1, 4, 2)  # that of q is there


def test_a_root_at_zero_has_no_finite_derivative() -> None:
    found = derivatives(VALUE="0", PAYOFF="sqrt(p)")
    assert found.missing == {"p": "payoff term 'v' has no finite derivative here"}


@pytest.mark.parametrize(("value", "chance", "side"), [("0", "p", 1), ("1", "p", -1), ("0", "1 - p", 1), ("1", "1 - p", -1)])
def test_a_chance_of_zero_may_only_rise(value: str, chance: str, side: int) -> None:
    found = derivatives(VALUE=value, CHANCE=chance)
    other = "falls" if side > 0 else "rises"
    assert sides(found) == {side: f"a chance of 0 would become negative as it {other}"}
    assert np.abs(found.probabilities[0]).max() == 1.0


def test_patience_of_zero_may_only_rise() -> None:
    assert sides(derivatives(VALUE="0", CHANCE="0.5", DISCOUNT="p", RANGE="range: [0, 0.9]")) == {
        1: "a discount factor of 0 would become negative as it falls"
    }


def test_chances_that_sum_to_one_by_coincidence_have_no_derivative() -> None:
    found = derivatives(REST="stays: 0.2 + q", RANGE="unit: a chance")
    why = "moved alone it leaves chances that do not sum to 1"
    assert found.missing == {"p": why, "q": why}
    assert found.probabilities.shape[0] == 0


def test_payoffs_that_read_the_next_state_follow_the_chances() -> None:
    found = derivatives(PAYOFF="2 when x becomes high")
    rows = found.terms[0][0]
    assert sorted(rows.round(12).tolist()) == [0.0, 0.0, 0.0, 2.0]  # in low with go: 2 p


def test_a_point_of_the_box_other_than_the_scenarios() -> None:
    form = compiled(PAYOFF="p * p")
    np.testing.assert_allclose(form_derivatives(form, {"p": 0.8, "q": 0.5}).terms[0][0], 1.6)
