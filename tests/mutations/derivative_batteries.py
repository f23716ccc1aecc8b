"""Batteries of what differentiates: form derivatives, the equilibrium's derivative, local sensitivity of a scenario."""

from __future__ import annotations

import math
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from leverage.analysis.outcomes import measure_outcomes
from leverage.certification.checker import certify, check
from leverage.errors import UnsolvedError
from leverage.game.form import GameForm, compile_form
from leverage.game.stochastic_game import Floats, StochasticGame
from leverage.loading import parse_scenario
from leverage.solvers.markov_perfect import markov_perfect
from leverage.solvers.solution import Solution
from tests.solvers.designed import designed
from tests.solvers.test_equilibrium_derivative import along, heights, moved, plan_of, profile_of, some_directions

#: Central differences of fourth order in the step below miss derivatives of these scenarios by less than the last number.
STEP, CLOSE = 1e-4, 1e-6

#: Formulas of every kind; kinks at p = 0.3; a chance of 0 at q = 0; two players with patience of their own.
KINKED = """
language: 1
title: t
question: q
players: {a: {discount: "min(p, 0.3) + 0.2"}, b: {half life: r}}
state: {x: {low: 0, high: 1}, y: {off: 0, on: 2}}
start: {x: low, y: off}
parameters:
  p: {value: 0.3, range: [0.1, 0.5]}
  q: {value: 0, range: [0, 0.4]}
  r: {value: 4, range: [2, 6]}
  z: {value: 0.2, range: [0, 0.5]}
actions: {a: {go: always, stop: always}, b: {idle: always, wait: always}}
transitions:
  x: [{if a plays go: {to high: z * r / 5, stays: rest}}, {otherwise: {down 1: 0.5, stays: rest}}]
  y:
    - if x becomes high: {to on: q + z / 2, to off: rest}
    - if b plays wait: {to on: q, stays: rest}
    - otherwise: {to off: z, stays: rest}
payoffs:
  a:
    gains: {v: "max(p, 0.3) * x", w: r ** z / (1 + r), far: z when x becomes high}
    costs: {c: "abs(p - 0.3) when a plays go", d: 2 * p when p > 0.3 otherwise p + 0.3}
  b: {gains: {g: exp(z) * sqrt(r + x) - log(r)}, costs: {h: y * z when b plays wait}}
measures: {averages: {m: y * r + z * z}, events: {up: x is high}, counts: {n: x becomes high}, dates: [3 periods]}
"""
#: Inspection, mixed in every state: play ends in low, or goes to and fro between high and top for ever.
ENTRY = """
language: 1
title: t
question: q
players: {a: {discount: p}, b: {half life: r}}
state: {x: {low: 1, mid: 2, high: 3, top: 4}}
start: {x: mid}
parameters:
  p: {value: 0.7, range: [0.5, 0.9]}
  r: {value: 2, range: [1, 4]}
  grow: {value: 0.3, range: [0.1, 0.5]}
  fine: {value: 2.5, range: [2, 4]}
  idle: {value: 1, range: [0, 2]}
  fixed: {value: 0.5}
actions: {a: {check: always, trust: always}, b: {comply: always, cheat: always}}
transitions:
  x:
    - if x is low: stays
    - if x is high: {up 1: grow, stays: rest}
    - if x is top: {down 1: 0.5, stays: rest}
    - if b plays comply: {up 1: grow, stays: rest}
    - otherwise: {down 1: grow / 2, stays: rest}
payoffs:
  a:
    gains: {caught: 2 when a plays check and b plays cheat}
    costs: {harm: x when b plays cheat, work: fixed when a plays check}
  b: {gains: {loot: 1.5 when b plays cheat}, costs: {fine: fine when a plays check and b plays cheat}}
measures:
  dates: [2 periods, 5 periods]
  events: {up: x is high, bottom: x is low}
  counts: {checks: a plays check and x > high}
  averages: {level: x * (1 + grow)}
"""


@cache
def form_of(text: str) -> GameForm:
    return compile_form(parse_scenario(text))


@cache
def solution() -> Solution:
    return markov_perfect(form_of(ENTRY).at())[0]


def near(found: Any, expected: Any, tolerance: float = CLOSE) -> None:
    found, expected = np.asarray(found, dtype=float), np.asarray(expected, dtype=float)
    assert np.allclose(found, expected, rtol=tolerance, atol=tolerance, equal_nan=True), f"{found} is not {expected}"


# --- the form ------------------------------------------------------------------------------------------------------------


def check_form_derivatives(module: ModuleType) -> None:
    """One-sided differences on each side that there is; the sides by hand."""
    form = form_of(KINKED)
    for values in (form.scenario.values, {"p": 0.45, "q": 0.2, "r": 3.0, "z": 0.4}):
        at_kink = values["p"] == 0.3
        found = module.form_derivatives(form, values)
        sides = {(each.parameter, each.side) for each in found.directions}
        assert sides == {*({("p", 1), ("p", -1)} if at_kink else {("p", 0)}), ("q", int(at_kink)), ("r", 0), ("z", 0)}
        assert found.missing == {}
        for d, each in enumerate(found.directions):
            name, side = each.parameter, each.side
            at = [_numbers(form, {**values, name: values[name] + k * STEP}) for k in _steps(side)]
            weights = [1 / 12, -8 / 12, 8 / 12, -1 / 12] if side == 0 else [-1.5 * side, 2 * side, -0.5 * side]
            expected = sum(w * own for w, own in zip(weights, at, strict=True)) / STEP
            terms = [term[d] for term in found.terms]
            near(np.concatenate([found.probabilities[d], *terms, found.averages[0][d], found.discount[d]]), expected)
            near(found.payoffs[d, :, 0], sum(terms[:3]) - sum(terms[3:5]))
            near(found.payoffs[d, :, 1], terms[5] - terms[6])
    _sides_that_are_missing(module)


def _steps(side: int) -> tuple[int, ...]:
    return (-2, -1, 1, 2) if side == 0 else (0, side, 2 * side)


def _numbers(form: GameForm, values: dict[str, float]) -> Floats:
    arrays = form.arrays(dict(values))
    return np.concatenate([arrays.probabilities[0], *(t[0] for t in arrays.terms), arrays.averages[0][0], arrays.discount[0]])


def _sides_that_are_missing(module: ModuleType) -> None:
    text = KINKED.replace("d: 2 * p when", "d: 3 * p when")  # jumps as p rises
    found = module.form_derivatives(form_of(text))
    assert {each.side for each in found.directions if each.parameter == "p"} == {-1}
    text = KINKED.replace("m: y * r + z * z", "m: y * sqrt(q)")
    assert list(module.form_derivatives(form_of(text)).missing) == ["q"]
    text = KINKED.replace("stays: rest}}, {otherwise: {down 1: 0.5", "stays: 1 - z * 0.8}}, {otherwise: {down 1: 0.5")
    text = text.replace("r: {value: 4, range: [2, 6]}", "r: {value: 4}")
    assert list(module.form_derivatives(form_of(text)).missing) == ["r"]


# --- the equilibrium -----------------------------------------------------------------------------------------------------


def check_equilibrium_derivative(module: ModuleType) -> None:
    for used, states, loss in (((2, 2), 3, 1.0), ((2, 2, 2), 2, 1.0), ((1, 1), 3, 1.0), ((2, 2), 3, 1 / 64)):
        known = designed(31, states=states, used=used, loss=loss)
        derivatives = some_directions(known.game, 32, 2)
        found = module.equilibrium_derivative(plan_of(known.game, known.strategies), derivatives)
        near(found.margin, loss * _least_margin(known.game), 1e-9)
        for d in range(2):
            _follows(known.game, found, derivatives, d)
            slope = (heights(moved(known.game, derivatives, d, 1e-6), found) - heights(known.game, found)) / 1e-6
            ways = heights(known.game, found) / np.maximum(np.abs(slope), 1e-9)
            expected = [ways[slope > 1e-6].min(initial=np.inf), ways[slope < -1e-6].min(initial=np.inf)]
            near(found.room[d], expected, 1e-3)
    _equal_actions(module)
    _irregular(module)


def _least_margin(game: StochasticGame) -> float:
    """Unused actions of designed games lose 1 a period, of which (1 - delta) counts."""
    return float(min(0.5 / np.ptp(game.payoffs[:, i]) for i in range(game.n_players)))


def _follows(game: StochasticGame, found: Any, derivatives: Any, d: int) -> None:
    step = 3e-5
    at = {}
    for k in (-2, -1, 1, 2):
        there = moved(game, derivatives, d, k * step)
        strategies = found.nearby(there)
        assert certify(there, profile_of(there, strategies)) < 1e-9
        at[k] = [*strategies, check(plan_of(there, strategies)).values.ravel()]
    for i, own in enumerate([*(each[:, d] for each in found.d_strategies), found.d_values[:, :, d].ravel()]):
        near(own, (8 * (at[1][i] - at[-1][i]) - (at[2][i] - at[-2][i])) / (12 * step))


def _equal_actions(module: ModuleType) -> None:
    # pennies with the first action written twice, and a row that changes all values by the same amount
    first = np.array([[1.0, -1.0], [1.0, -1.0], [-1.0, 1.0]])
    game = StochasticGame.from_arrays([np.stack([first, -first], axis=-1)], [np.ones((3, 2, 1))], 0.5)
    payoffs = np.zeros((1, 6, 2))
    payoffs[0, [0, 2]] = [1.0, -1.0]
    for share in (0.2, 0.5):
        plan = plan_of(game, (np.array([share, 0.5 - share, 0.5]), np.array([0.5, 0.5])))
        found = module.equilibrium_derivative(plan, along(game, payoffs))
        near(found.d_strategies[0][:, 0], [-share / 4, -(0.5 - share) / 4, 1 / 8])
        near(found.d_values[0, :, 0], [1 / 4, -1 / 4])
    payoffs[0, 2] = 0.0
    with pytest.raises(UnsolvedError, match="not regular"):  # the direction tells the two apart
        module.equilibrium_derivative(plan, along(game, payoffs))


def _irregular(module: ModuleType) -> None:
    tie = StochasticGame.from_arrays([[[1.0], [1.5]], [[0.0]]], [[[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0]]], 0.5)
    plan = plan_of(tie, (np.array([1.0, 0.0, 1.0]),))
    with pytest.raises(UnsolvedError, match="not played and ties"):
        module.equilibrium_derivative(plan, along(tie, np.ones((1, 3, 1))))
    poor = StochasticGame.from_arrays([[[1.0], [3.0]]], [[[1.0], [1.0]]], 0.5)
    with pytest.raises(UnsolvedError, match="not an equilibrium"):
        module.equilibrium_derivative(plan_of(poor, (np.array([1.0, 0.0]),)), along(poor, np.ones((1, 2, 1))))


# --- a scenario ----------------------------------------------------------------------------------------------------------


def check_local_sensitivity(module: ModuleType) -> None:
    form = form_of(ENTRY)
    found = module.local_sensitivity(form, solution())
    assert found.regular
    effects = {(e.parameter, e.subject, e.quantity): e for e in found.effects}
    outcomes = measure_outcomes(solution().plan)
    parameters = form.scenario.parameters
    assert len(effects) == len(found.effects) == len(outcomes) * len(parameters)
    for name, p in parameters.items():
        at = {k: _measured(form, {**form.scenario.values, name: p.value + k * STEP}) for k in (-2, -1, 1, 2)}
        expected = (8 * (at[1] - at[-1]) - (at[2] - at[-2])) / (12 * STEP)
        own = [effects[name, outcome.subject, outcome.quantity] for outcome in outcomes]
        near([e.derivative for e in own], expected, 1e-5)
        length = p.high - p.low if p.in_doubt else math.nan
        near([e.moves for e in own], expected * length, 1e-5)
        assert all(e.certificate < CLOSE for e in own if not math.isnan(e.derivative))
        assert all(e.same_play_from <= p.value <= e.same_play_to for e in own)
    assert {effects["idle", *rest].derivative for _, *rest in effects if _ == "idle"} <= {0.0}
    for k, outcome in enumerate([o for o in outcomes if o.quantity == "payoff"]):
        block = found.effects[k * len(parameters) : (k + 1) * len(parameters)]
        assert {(e.subject, e.quantity) for e in block} == {(outcome.subject, "payoff")}
        sizes = [abs(e.moves) for e in block if not math.isnan(e.moves)]
        assert sizes == sorted(sizes, reverse=True)
        assert math.isnan(block[-1].moves)
    _opened_ways(module)


def _measured(form: GameForm, values: dict[str, float]) -> Floats:
    """Outcomes of the equilibrium that is selected there."""
    return np.array([outcome.value for outcome in measure_outcomes(markov_perfect(form.at(values))[0].plan)])


def _opened_ways(module: ModuleType) -> None:
    """With grow = 0 nothing moves: whether it ever goes up has no derivative; by a date it has one as grow rises."""
    form = form_of(ENTRY.replace("grow: {value: 0.3, range: [0.1, 0.5]}", "grow: {value: 0, range: [0, 0.5]}"))
    plan = markov_perfect(form.at())[0].plan
    own = {(e.subject, e.quantity): e for e in module.local_sensitivity(form, plan).effects if e.parameter == "grow"}
    assert {e.side for e in own.values()} == {"rising"}
    comply = plan.lottery(1, form.start)[0]
    near(own["up", "chance by 2 periods"].derivative, 2 * comply)
    near(own["up", "chance by 2 periods"].moves, comply)
    assert math.isnan(own["up", "chance ever"].derivative)
    assert math.isnan(own["level", "average in the long run"].derivative)
