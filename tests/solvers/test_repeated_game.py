"""Repeated games of equally patient players: batteries of their solver, and the same sets as by rounds of directions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from leverage.game.stochastic_game import StochasticGame
from leverage.solvers import equilibrium_set as sets_solver
from leverage.solvers import repeated_game, repeated_kernel
from leverage.solvers.equilibrium_set import EquilibriumSet, equilibrium_set
from tests.mutations.repeated_batteries import check_repeated_game, check_repeated_kernel
from tests.solvers.aps_twin import Point, Polygon, excess, hull

DILEMMA = np.array([[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]])
PENNIES = np.array([[[1.0, -1.0], [-1.0, 1.0]], [[-1.0, 1.0], [1.0, -1.0]]])


def test_the_kernel_by_brute_force_and_by_the_twin() -> None:
    check_repeated_kernel(repeated_kernel)


def test_sets_of_small_games() -> None:
    check_repeated_game(repeated_game)


def cournot(size: int) -> Any:
    """A duopoly with price 6 minus both quantities, each between 0 and 6, and no costs."""
    quantity = np.linspace(0, 6, size)
    price = np.maximum(6 - quantity[:, None] - quantity, 0)
    return np.stack([quantity[:, None] * price, quantity * price], axis=-1)


def with_payoffs(payoffs: Any, discount: Any) -> StochasticGame:
    return StochasticGame.from_arrays([payoffs], [np.ones((*payoffs.shape[:2], 1))], discount)


def games() -> Iterator[Any]:
    """Smooth ones, ties, common and opposed interests, games of one player, and ties at a knife-edge."""
    for discount in (0.3, 0.5, 0.8, 0.95):
        yield pytest.param(with_payoffs(cournot(15), discount), id=f"duopoly at {discount}")
    for discount in (0.2, 0.25, 0.5, 0.9):
        yield pytest.param(with_payoffs(DILEMMA, discount), id=f"dilemma at {discount}")
    yield pytest.param(with_payoffs(PENNIES, 0.9), id="pennies")
    yield pytest.param(with_payoffs(np.ones((2, 3, 2)), 0.5), id="constant")
    for seed in range(24):
        random = np.random.default_rng(seed)
        shape, discount = random.integers(1, 6, 2), random.choice([0.1, 0.25, 1 / 3, 0.5, 2 / 3, 0.75, 0.9])
        payoffs = random.integers(0, 4, (*shape, 2)).astype(float) if seed % 2 else random.random((*shape, 2))
        if seed % 6 == 3:
            payoffs[..., 1] = payoffs[..., 0]
        if seed % 6 == 5:
            payoffs[..., 1] = -payoffs[..., 0]
        yield pytest.param(with_payoffs(payoffs, discount), id=f"seed {seed}, {shape}, {discount:.2g}")


def polygons(parts: tuple[Any, ...]) -> list[Polygon]:
    return [hull([Point(*map(float, p)) for p in part]) for part in parts]


def assert_same_set(found: EquilibriumSet, known: EquilibriumSet, tolerance: float) -> None:
    """Neither inner set stands out of the other's outer set, and no gap is left."""
    unit = known.game.payoff_range or 1.0
    assert [len(part) > 0 for part in found.outer] == [len(part) > 0 for part in known.outer]
    assert found.gap <= tolerance * unit
    assert found.certificate <= sets_solver.ACCEPTED_GAIN * unit
    assert excess(polygons(found.inner), polygons(known.outer)) <= 1e-9 * unit
    assert excess(polygons(known.inner), polygons(found.outer)) <= 1e-9 * unit


@pytest.mark.parametrize("game", list(games()))
def test_extreme_points_are_those_that_rounds_of_directions_find(game: StochasticGame, monkeypatch: pytest.MonkeyPatch) -> None:
    found = equilibrium_set(game)
    monkeypatch.setattr(sets_solver, "is_repeated", lambda _: False)
    assert_same_set(found, equilibrium_set(game), 1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_masks_hold_for_extreme_points(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(seed)
    game = with_payoffs(random.integers(0, 5, (4, 3, 2)).astype(float), 0.6)
    prescribable, deviation = ([[np.append(random.random(n - 1) < 0.6, True) for n in (4, 3)]] for _ in range(2))
    found = equilibrium_set(game, prescribable=prescribable, deviation=deviation)
    monkeypatch.setattr(sets_solver, "is_repeated", lambda _: False)
    assert_same_set(found, equilibrium_set(game, prescribable=prescribable, deviation=deviation), 1e-6)


def test_a_guess_that_is_not_the_whole_set_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the duopoly only play of one profile is offered: the outer bound does not agree, and rounds of directions go on."""
    game = with_payoffs(cournot(8), 0.6)
    known = equilibrium_set(game)

    def short(form: Any, rows: Any) -> Any:
        nash = np.zeros_like(rows)
        nash[len(rows) - 1] = True
        found, steps = repeated_game.repeated_play(form, nash)
        assert found is not None
        return found, steps

    monkeypatch.setattr(sets_solver, "repeated_play", short)
    assert_same_set(equilibrium_set(game), known, 1e-6)


def test_nothing_may_be_prescribed() -> None:
    game, nobody = with_payoffs(DILEMMA, 0.6), [[np.zeros(2, dtype=bool)] * 2]
    sets = equilibrium_set(game, prescribable=nobody)
    assert [len(part) for part in (*sets.outer, *sets.inner)] == [0, 0]


def test_payoff_units_do_not_matter() -> None:
    small, large = (equilibrium_set(with_payoffs(10.0**power * cournot(9) - power, 0.7)) for power in (-3, 3))
    np.testing.assert_allclose((small.inner[0] - 3) * 1e6, large.inner[0] + 3, rtol=1e-9, atol=1e-6)
