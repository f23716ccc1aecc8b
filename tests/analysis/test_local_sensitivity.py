"""Local sensitivity of scenarios: equilibria selected and measured anew, one-sided and missing effects, tables."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from leverage import load_scenario, parse_scenario, run
from leverage.analysis import local_sensitivity as module
from leverage.analysis.local_sensitivity import Effect, LocalSensitivity, local_sensitivity
from leverage.analysis.outcome_derivatives import outcome_derivatives
from leverage.analysis.outcomes import measure_outcomes
from leverage.errors import GameError
from leverage.game.automaton import join
from leverage.game.form import GameForm, compile_form
from leverage.game.strategies import compile_strategies
from leverage.output.frames import SENSITIVITY_COLUMNS
from leverage.output.text import run_text
from leverage.solvers.indifference import SUPPORT_PROBABILITY
from leverage.solvers.markov_perfect import markov_perfect
from leverage.solvers.solution import Solution

DATA = Path(__file__).parent.parent / "data"
#: Central differences of second order with this step, as a share of the range or size, of equilibria that are certified to
#: 1e-9 of the payoff range, miss derivatives of these scenarios by less than the last number, relative to the effect of the range
#: or the quantity's scale.
STEP, DIFFERENCES = 1e-4, 2e-4

#: An inspector checks with some chance, the other side cheats with some chance, in every state: mixed everywhere.
INSPECTION = """
language: 1
title: Inspection
question: What deters cheating?
period: 1 month
players: {watch: {half life: horizon}, other: {discount: patience}}
state: {trust: {low: 0, mid: 1, high: 2}}
start: {trust: mid}
parameters:
  horizon: {value: 5, range: [2, 12]}
  patience: {value: 0.8, range: [0.6, 0.95]}
  detect: {value: 0.7, range: [0.5, 0.9]}
  build: {value: 0.3, range: [0.1, 0.6]}
  loot: {value: 4, range: [3, 6]}
  fine: {value: 9, range: [6, 12]}
  cost: {value: 1.5, range: [1, 2]}
  idle: {value: 1, range: [0, 2]}
actions: {watch: {check: always, doze: always}, other: {comply: always, cheat: always}}
transitions:
  trust:
    - if other plays cheat and watch plays check: {to low: detect, stays: rest}
    - if other plays comply: {up 1: build, stays: rest}
    - otherwise: {down 1: build / 2, stays: rest}
payoffs:
  watch:
    gains: {caught: 6 * detect when watch plays check and other plays cheat, mood: trust / 4}
    costs: {harm: loot when other plays cheat, work: cost when watch plays check}
  other:
    gains: {loot: loot when other plays cheat, mood: trust / 2}
    costs: {fine: fine * detect when watch plays check and other plays cheat, bother: 0.3 when watch plays check}
measures:
  dates: [3 months, 9 months]
  events: {broken: trust is low, settled: trust is high}
  counts: {checks: watch plays check, cheats: other plays cheat}
  averages: {trust: trust * (1 + idle)}
"""
#: Three players; each of two wants to be alone in the market, the third taxes.
MARKET = """
language: 1
title: Market
question: Who enters?
players: {a: {discount: 0.7}, b: {discount: patience}, c: {discount: 0.5}}
state: {size: {small: 1, large: 2}}
start: {size: small}
parameters:
  patience: {value: 0.6, range: [0.4, 0.8]}
  grow: {value: 0.4, range: [0.2, 0.7]}
  entry: {value: 1.2, range: [1, 1.6]}
  tax: {value: 0.25, range: [0.1, 0.4]}
actions: {a: {enter: always, wait: always}, b: {enter: always, wait: always}, c: {tax: always, spare: always}}
transitions:
  size:
    - if a plays enter or b plays enter: {to large: grow, stays: rest}
    - otherwise: to small
payoffs:
  a:
    gains: {sales: 3 * size when a plays enter and b plays wait otherwise 0.5 when a plays enter}
    costs: {entry: entry when a plays enter, tax: tax when a plays enter and c plays tax}
  b:
    gains: {sales: 2.5 * size when b plays enter and a plays wait otherwise 0.5 when b plays enter}
    costs: {entry: entry when b plays enter, tax: tax when b plays enter and c plays tax}
  c:
    gains: {tax: tax when c plays tax and a plays enter, spare: 0.05 when c plays spare}
measures: {dates: [4 periods], events: {large: size is large}, counts: {taxes: c plays tax}}
"""
TEXTS = {
    "inspection": INSPECTION,
    "market": MARKET,
    "small": (DATA / "small.yaml").read_text(encoding="utf-8"),
}


def solved(text: str, overrides: dict[str, float] | None = None) -> tuple[GameForm, Solution]:
    form = compile_form(parse_scenario(text, overrides or {}))
    return form, markov_perfect(form.at())[0]


def support(solution: Solution) -> list[list[bool]]:
    return [(np.concatenate(own) > SUPPORT_PROBABILITY).tolist() for own in solution.strategies]


def agree(form: GameForm, solution: Solution, found: LocalSensitivity, names: list[str]) -> None:
    """Derivatives are those of the equilibria that are selected a little beside, which use the same actions."""
    values, used = form.scenario.values, support(solution)
    quantities = [(o.subject, o.quantity) for o in measure_outcomes(solution.plan)]
    for name in names:
        p = form.scenario.parameters[name]
        reach = p.high - p.low if p.in_doubt else abs(p.value)
        after, before = (markov_perfect(form.at({**values, name: p.value + k * STEP * reach}))[0] for k in (1, -1))
        assert support(after) == support(before) == used, name
        numbers = [[o.value for o in measure_outcomes(each.plan)] for each in (after, before)]
        difference = (np.array(numbers[0]) - np.array(numbers[1])) / (2 * STEP)
        own = {(e.subject, e.quantity): e for e in found.effects if e.parameter == name}
        moves = np.array([own[key].derivative * reach for key in quantities])
        sizes = np.array([1.0 + abs(o.value) for o in measure_outcomes(solution.plan)])
        np.testing.assert_allclose(moves / sizes, difference / sizes, rtol=DIFFERENCES, atol=DIFFERENCES)


@pytest.mark.parametrize("name", TEXTS)
def test_effects_are_differences_of_equilibria_selected_anew(name: str) -> None:
    form, solution = solved(TEXTS[name])
    found = local_sensitivity(form, solution)
    assert found.regular
    assert len({(e.subject, e.quantity) for e in found.effects}) * len(form.scenario.parameters) == len(found.effects)
    agree(form, solution, found, list(form.scenario.parameters))


def test_mixed_play_is_mixed_and_its_derivatives_sum_to_zero() -> None:
    form, solution = solved(INSPECTION)
    found = local_sensitivity(form, solution)
    assert all(own.min() > 0.01 for player in solution.strategies for own in player)
    for own, starts in zip(found.d_strategies, solution.plan.game.choice_start, strict=True):
        np.testing.assert_allclose(np.add.reduceat(own, starts[:-1]), 0.0, atol=1e-10)
        assert np.abs(own).max() > 0.01


def test_terms_sum_to_the_payoff_and_the_start_value_is_it() -> None:
    form, solution = solved(INSPECTION)
    found = local_sensitivity(form, solution)
    for name in form.scenario.parameters:
        column = [direction.parameter for direction in found.directions].index(name)
        for i, player in enumerate(solution.plan.game.players):
            own = {e.quantity: e.derivative for e in found.effects if (e.parameter, e.subject) == (name, player)}
            payoff = own.pop("payoff")
            assert sum(own.values()) == pytest.approx(payoff, abs=1e-10)
            assert found.d_values[form.start, i, column] == pytest.approx(payoff, abs=1e-10)


def test_a_parameter_that_nothing_reads_moves_nothing() -> None:
    form, solution = solved(INSPECTION.replace("trust * (1 + idle)", "trust"))
    own = [e for e in local_sensitivity(form, solution).effects if e.parameter == "idle"]
    assert {e.derivative for e in own} == {0.0}
    assert {(e.same_play_from, e.same_play_to) for e in own} == {(-math.inf, math.inf)}


def test_a_parameter_without_a_range_moves_nothing_that_could_be_said() -> None:
    form, solution = solved(TEXTS["small"])
    own = [e for e in local_sensitivity(form, solution).effects if e.parameter == "risk"]
    assert all(math.isnan(e.moves) and e.derivative == e.derivative for e in own)
    payoffs = [e.parameter for e in local_sensitivity(form, solution).effects if e.quantity == "payoff"]
    assert payoffs[3] == payoffs[7] == "risk"  # last of each block
    frame = run(form.scenario).sensitivity
    assert frame.loc[frame["parameter"] == "risk", ["low", "high", "moves"]].isna().all(axis=None)


# --- one-sided and missing effects ---------------------------------------------------------------------------------------


def payoff_effects(found: LocalSensitivity, parameter: str, player: str) -> dict[str, Effect]:
    return {e.side: e for e in found.effects if (e.parameter, e.subject, e.quantity) == (parameter, player, "payoff")}


def test_a_kink_has_an_effect_on_each_side() -> None:
    """Loot above 4 is worth half to the watch's harm: 0.5 min(loot, 4) + 0.5 loot."""
    form, solution = solved(
        INSPECTION.replace("harm: loot when other plays cheat", 'harm: "(min(loot, 4) + loot) / 2 when other plays cheat"')
    )
    found = local_sensitivity(form, solution)
    own = payoff_effects(found, "loot", "watch")
    assert set(own) == {"rising", "falling"}
    values, size = form.scenario.values, 1e-4
    for side, sign in (("rising", 1), ("falling", -1)):
        at = [
            next(
                o.value
                for o in measure_outcomes(markov_perfect(form.at({**values, "loot": 4 + sign * k * size}))[0].plan)
                if (o.subject, o.quantity) == ("watch", "payoff")
            )
            for k in (0, 1, 2)
        ]
        slope = sign * (-3 * at[0] + 4 * at[1] - at[2]) / (2 * size)
        assert own[side].derivative == pytest.approx(slope, rel=1e-4)
        assert own[side].note == "payoff term 'harm' has a kink here"
        assert math.isnan(own[side].certificate)
    assert own["rising"].moves == own["rising"].derivative * 2
    assert own["falling"].moves == own["falling"].derivative * 1
    assert own["rising"].same_play_from == 4 == own["falling"].same_play_to
    two_sided = payoff_effects(found, "fine", "watch")["both"]
    assert two_sided.certificate < 1e-6


def test_a_chance_of_zero_has_an_effect_as_it_rises() -> None:
    text = INSPECTION.replace("build: {value: 0.3, range: [0.1, 0.6]}", "build: {value: 0, range: [0, 0.6]}")
    form, solution = solved(text)
    found = local_sensitivity(form, solution)
    own = payoff_effects(found, "build", "other")
    assert set(own) == {"rising"}
    assert own["rising"].moves == own["rising"].derivative * 0.6
    assert own["rising"].note == "a chance of 0 would become negative as it falls"
    # with no way up, trust never comes back: whether it ever does has no derivative
    settled = {e.quantity: e for e in found.effects if (e.parameter, e.subject) == ("build", "settled")}
    assert settled["chance by 9 months"].derivative > 0
    assert math.isnan(settled["chance ever"].derivative)
    assert settled["chance ever"].note == module.OPENS


def test_a_jump_on_both_sides_leaves_a_row_that_says_so() -> None:
    form, solution = solved(INSPECTION.replace("mood: trust / 4", "mood: trust / 4 when cost == 1.5 otherwise 0"))
    found = local_sensitivity(form, solution)
    own = payoff_effects(found, "cost", "watch")
    assert set(own) == {"none"}
    assert math.isnan(own["none"].derivative)
    assert own["none"].note == "payoff term 'mood' jumps here as it rises"
    assert "No derivative in cost: payoff term 'mood' jumps here as it rises." in " ".join(run_text(run(form.scenario)).split())


def test_effects_that_differences_contradict_are_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    form, solution = solved(INSPECTION)
    true = outcome_derivatives
    monkeypatch.setattr(
        module,
        "outcome_derivatives",
        lambda *given: tuple(replace(o, derivative=1.01 * o.derivative) if o.quantity == "payoff" else o for o in true(*given)),
    )
    found = local_sensitivity(form, solution)
    for effect in found.effects:
        assert (effect.note == module.UNCONFIRMED) == (effect.quantity == "payoff")
        assert math.isnan(effect.derivative) == (effect.quantity == "payoff")


# --- no derivatives ------------------------------------------------------------------------------------------------------

TIED = """
language: 1
title: Tied
question: q
players: {a: {discount: 0.5}, b: {discount: 0.5}}
state: {}
start: {}
parameters: {p: {value: 1, range: [0, 2]}}
actions: {a: {left: always, right: always}, b: {idle: always}}
payoffs: {a: {gains: {l: 1 when a plays left, r: p when a plays right}}, b: {gains: {g: p when a plays left}}}
"""


def test_a_tie_is_told_and_the_table_has_its_head_only() -> None:
    found = run(parse_scenario(TIED))
    assert found.local is not None
    assert not found.local.regular
    assert found.local.reason.startswith("not regular: ")
    assert list(found.sensitivity.columns) == list(SENSITIVITY_COLUMNS)
    assert found.sensitivity.empty
    assert "No derivatives: not regular: " in run_text(found)


def test_play_of_another_game_or_with_memory_is_refused() -> None:
    form, solution = solved(INSPECTION)
    other, _ = solved(INSPECTION, {"loot": 4.5})
    with pytest.raises(GameError, match="play of another game"):
        local_sensitivity(other, solution)
    game = form.at()
    small = compile_form(parse_scenario(TEXTS["small"]))
    machines = compile_strategies(small, small.at())
    with pytest.raises(GameError, match="stationary play"):
        local_sensitivity(small, join([machines[0]["tied"], machines[1]["sulk"]]))
    assert local_sensitivity(form, solution.plan).regular
    assert game.n_states == 3


def test_a_scenario_without_parameters_has_no_section_and_an_empty_table() -> None:
    found = run(load_scenario(DATA / "golden" / "ends.yaml"))
    assert found.sensitivity.empty
    assert "WHAT MOVES" not in run_text(found)


def test_the_numbers_do_not_depend_on_the_order_of_the_file() -> None:
    lines = INSPECTION.splitlines()
    first = next(k for k, line in enumerate(lines) if line.startswith("  horizon:"))
    turned = [*lines[:first], *reversed(lines[first : first + 8]), *lines[first + 8 :]]
    one, other = (run(parse_scenario("\n".join(text))).sensitivity for text in (lines, turned))
    numbers = ["derivative", "moves", "same_play_from", "same_play_to"]
    names = [column for column in one if column not in (*numbers, "certificate")]
    pd.testing.assert_frame_equal(one[names], other[names])
    np.testing.assert_allclose(one[numbers], other[numbers], rtol=1e-9, atol=1e-12)
