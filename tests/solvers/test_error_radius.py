"""The error radius contains the true error, grows with it, and is not given where there is none."""

from __future__ import annotations

import math

import numpy as np
import pytest

from leverage.errors import GameError
from leverage.game.automaton import join
from leverage.game.stochastic_game import StochasticGame
from leverage.solvers import error_radius as module
from leverage.solvers import indifference
from leverage.solvers.error_radius import error_radius
from leverage.solvers.solution import Solution
from tests.games import chain, grim_trigger, matching_pennies, prisoners_dilemma, shapley_stopping
from tests.solvers.designed import Designed, designed, solution_of

#: Of exact equilibria of small games the bound is rounding.
TINY = 1e-11
SHAPES = {
    "two mix": {"used": (2, 2)},
    "three actions": {"used": (3, 3)},
    "nobody mixes": {"used": (1, 1)},
    "one state": {"used": (2, 2), "states": 1},
    "three players": {"used": (2, 2, 2)},
    "three players, one does not mix": {"used": (2, 1, 2)},
    "many states": {"used": (2, 2), "states": 30},
    "large payoffs": {"used": (2, 2), "offset": 1024.0},
}


def perturbed(known: Designed, size: float, seed: int) -> tuple[Solution, float, float]:
    """The designed equilibrium moved by up to `size`, with the true errors of its values and probabilities."""
    random = np.random.default_rng(seed)
    strategies = []
    for own, starts in zip(known.strategies, known.game.choice_start, strict=True):
        moved = own + np.where(own > 0, random.uniform(-size, size, len(own)), 0.0)
        strategies.append(moved / np.repeat(np.add.reduceat(moved, starts[:-1]), np.diff(starts)))
    values = known.values + random.uniform(-size, size, known.values.shape)
    off = max(float(np.max(np.abs(a - b))) for a, b in zip(strategies, known.strategies, strict=True))
    return solution_of(known.game, strategies, values), float(np.max(np.abs(values - known.values))), off


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shape", SHAPES)
def test_exact_equilibria_are_bounded_by_rounding(shape: str, seed: int) -> None:
    known = designed(seed, **SHAPES[shape])
    found = error_radius(solution_of(known.game, known.strategies, known.values))
    if not found.bounded:  # a random design may be singular; then it says so
        assert "singular" in found.reason or "conditioned" in found.reason
        return
    assert found.reason == ""
    assert 0 < found.radius <= TINY * max(1.0, float(np.max(np.abs(known.values)))) * 100
    assert found.radius == max(found.by_player)


def test_nearly_all_designs_are_bounded() -> None:
    cases = [designed(seed, **shape) for shape in SHAPES.values() for seed in range(4)]
    bounded = [error_radius(solution_of(known.game, known.strategies, known.values)).bounded for known in cases]
    assert np.mean(bounded) >= 0.9


@pytest.mark.parametrize("size", [1e-10, 1e-7, 1e-5])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_radius_contains_the_error_of_a_perturbed_report_and_is_tight(shape: str, size: float) -> None:
    for seed in range(4):
        solution, off, chance_off = perturbed(designed(seed, **SHAPES[shape]), size, seed)
        found = error_radius(solution)
        if found.bounded:
            assert off <= found.radius <= 1.01 * off + 1e-9
            assert chance_off <= found.probability <= 1.01 * chance_off + 1e-9


def test_the_radius_grows_with_the_error() -> None:
    known = designed(1)
    radii = [error_radius(perturbed(known, size, 3)[0]).radius for size in (1e-9, 1e-7, 1e-5)]
    assert radii[1] == pytest.approx(100 * radii[0], rel=0.01)
    assert radii[2] == pytest.approx(100 * radii[1], rel=0.01)


@pytest.mark.parametrize("shape", ["two mix", "three players"])
def test_sparse_and_dense_factors_give_the_same_bound(shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    solution = perturbed(designed(2, **SHAPES[shape]), 1e-7, 4)[0]
    dense = error_radius(solution)
    monkeypatch.setattr(indifference, "DENSE_UNKNOWNS", 0)
    assert error_radius(solution).radius == pytest.approx(dense.radius, rel=1e-4)


def test_irrational_looking_numbers() -> None:
    """Shapley's game, whose value 1/10 * 5/3 / 0.55 is no float."""
    mix = np.array([1 / 3, 2 / 3, 1.0])
    value = 0.1 * (5 / 3) / 0.55
    found = error_radius(solution_of(shapley_stopping(), [mix, mix], np.array([[value, -value], [0.0, 0.0]])))
    assert 0 < found.radius < TINY


def test_rounding_is_not_left_out() -> None:
    """Floats next to the exact value are within the radius, as the zero itself is not a float."""
    mix = np.array([1 / 3, 2 / 3, 1.0])
    value = 0.1 * (5 / 3) / 0.55
    found = error_radius(solution_of(shapley_stopping(), [mix, mix], np.array([[value, -value], [0.0, 0.0]])))
    assert found.radius >= np.spacing(value)


def test_impatience_widens_the_bound_of_policy_evaluation() -> None:
    """A report that is off by e in one state of a chain that stays there: the residual is (1 - delta) e, the error e."""
    for delta in (0.0, 0.9, 0.999):
        game = chain([[1.0, 0.0], [0.0, 1.0]], [1.0, 0.5], delta=delta)
        found = error_radius(solution_of(game, [np.ones(2)], np.array([[1.0 + 1e-6], [0.5]])))
        assert 1e-6 <= found.radius <= 1.001e-6


def test_a_large_pure_game_is_bounded() -> None:
    size = 2000
    law = np.eye(size, k=1) * 0.5 + np.eye(size) * 0.5
    law[-1, -1] = 1.0
    game = chain(law.tolist(), np.arange(size) / size, delta=0.95)
    values = np.linalg.solve(np.eye(size) - 0.95 * law, 0.05 * np.arange(size) / size)[:, None]
    assert error_radius(solution_of(game, [np.ones(size)], values)).radius < TINY


# --- where there is no bound -----------------------------------------------------------------------------------------------


def one_state(table: list[list[list[float]]], mixes: list[list[float]], value: list[float], delta: float = 0.5) -> Solution:
    payoffs = np.array(table)
    game = StochasticGame.from_arrays([payoffs], [np.ones((*payoffs.shape[:-1], 1))], delta)
    return solution_of(game, [np.array(mix) for mix in mixes], np.array([value]))


PENNIES = [[[1.0, -1.0], [-1.0, 1.0]], [[-1.0, 1.0], [1.0, -1.0]]]
COORDINATION = [[[1.0, 1.0], [0.0, 0.0]], [[0.0, 0.0], [1.0, 1.0]]]
#: The row player gets the same whatever it does: its lottery is open.
INDIFFERENT = [[[1.0, 2.0], [1.0, 0.0]], [[1.0, 1.0], [1.0, 0.0]]]
UNBOUNDED = {
    "an action used twice over": (one_state([*PENNIES, PENNIES[1]], [[0.5, 0.25, 0.25], [0.5, 0.5]], [0.0, 0.0]), "continuum"),
    "an unused action ties": (one_state([*PENNIES, PENNIES[1]], [[0.5, 0.5, 0.0], [0.5, 0.5]], [0.0, 0.0]), "ties"),
    "an open lottery": (one_state(INDIFFERENT, [[0.5, 0.5], [1.0, 0.0]], [1.0, 1.5]), "continuum"),
    "pure with a tie": (one_state(INDIFFERENT, [[1.0, 0.0], [1.0, 0.0]], [1.0, 2.0]), "ties"),
    "no equilibrium": (one_state(COORDINATION, [[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0]), "would gain"),
    "a chance below 0": (
        one_state([[[1.0, 0.0], [0.25, 1.0]], [[0.0, 1.0], [0.0, 0.0]]], [[0.5, 0.5], [0.1, 0.9]], [0.0, 0.5]),
        "too close to 0",
    ),
    "a value is missing": (one_state(PENNIES, [[0.5, 0.5], [0.5, 0.5]], [math.nan, 0.0]), "missing"),
}


@pytest.mark.parametrize("case", UNBOUNDED)
def test_there_is_no_bound_and_the_reason_is_said(case: str) -> None:
    solution, reason = UNBOUNDED[case]
    found = error_radius(solution)
    assert math.isnan(found.radius)
    assert all(math.isnan(own) for own in found.by_player)
    assert math.isnan(found.probability)
    assert reason in found.reason


def test_an_unused_action_must_be_worse_by_more_than_the_ball_allows() -> None:
    """The same design and report: bounded if unused actions lose 1/8, not if they lose less than the report's error."""
    clear, close = designed(5, loss=0.125), designed(5, loss=2.0**-44)
    assert error_radius(solution_of(clear.game, clear.strategies, clear.values)).bounded
    found = error_radius(solution_of(close.game, close.strategies, close.values))
    assert math.isnan(found.radius)
    assert "ties" in found.reason


def test_a_report_far_off_gets_a_radius_as_large_as_its_error() -> None:
    """The equilibrium has values 0 and mixes of 1/2."""
    found = error_radius(solution_of(matching_pennies(0.5), [np.array([0.7, 0.3])] * 2, np.array([[0.3, -0.1]])))
    assert found.by_player == pytest.approx((0.3, 0.1), abs=TINY)
    assert found.probability == pytest.approx(0.2, abs=TINY)


def test_games_beyond_the_limit_are_said_to_be_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    known = designed(6)
    monkeypatch.setattr(module, "MOST_UNKNOWNS", 3)
    assert "too large" in error_radius(solution_of(known.game, known.strategies, known.values)).reason


def test_play_with_memory_is_not_bounded() -> None:
    game = prisoners_dilemma()
    plan = join([grim_trigger(game, 0), grim_trigger(game, 1)])
    solution = Solution("declared", "grim trigger", plan, np.array([[3.0, 4.0]]), 0.0, "a test")
    with pytest.raises(GameError):
        _ = solution.strategies
    assert "memory" in error_radius(solution).reason


@pytest.mark.parametrize(("eta", "kappa", "bend"), [(1e-9, 0.1, 10.0), (1e-3, 0.0, 1.0), (1e-12, 0.5, 1e6)])
def test_the_ball_is_mapped_into_itself(eta: float, kappa: float, bend: float) -> None:
    rho = module._ball(eta, kappa, bend)
    assert eta + kappa * rho + bend * rho**2 / 2 <= rho
    smaller = 0.99 * rho
    assert eta + kappa * smaller + bend * smaller**2 / 2 > smaller


@pytest.mark.parametrize(("eta", "kappa", "bend"), [(1e-3, 1.0, 1.0), (1e-9, 2.5, 1.0), (0.1, 0.0, 10.0), (0.009, 0.5, 0.0)])
def test_no_ball_is_claimed_where_none_is_mapped_into_itself(eta: float, kappa: float, bend: float) -> None:
    with pytest.raises(module._NotBoundedError):
        module._ball(eta, kappa, bend)


def test_second_derivatives_are_bounded() -> None:
    """Along random directions of unit size, second differences of the equations stay below the bound."""
    known = designed(7, used=(2, 2, 2))
    system = indifference.IndifferenceSystem.of_play(known.game, known.strategies)
    x = system.pack(known.strategies, known.values)
    mixed = module._mixed(system)
    bound = module._curvature(system, x, mixed)
    random = np.random.default_rng(8)
    worst = np.zeros(len(bound))
    for _ in range(300):
        h = np.sign(random.normal(size=len(x))) * system.column_scale()
        second = system.residual(x + h / 4) - 2 * system.residual(x) + system.residual(x - h / 4)
        worst = np.maximum(worst, np.abs(second[: len(bound)]) * 16)
    assert np.all(worst <= bound * 1.0001)
    assert np.max(worst / bound) > 0.2
