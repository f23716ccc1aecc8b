"""The indifference system against a loop over rows, finite differences, and equilibria in closed form."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from leverage.errors import GameError, UnsolvedError
from leverage.game.stochastic_game import Floats, StochasticGame
from leverage.solvers import indifference
from leverage.solvers.indifference import IndifferenceSystem, solution_system
from tests.games import matching_pennies, prisoners_dilemma, random_game, shapley_stopping
from tests.solvers.designed import designed, solution_of

ROUNDING = 1e-12
STEP = 1e-6
#: Central differences with the step above miss derivatives of these games by less than this.
DIFFERENCES = 1e-7

SHAPES = {
    "two players": random_game(1),
    "three players": random_game(2, states=3, actions=(2, 3, 2), delta=(0.5, 0.9, 0.0)),
    "one player": random_game(3, states=4, actions=(3,), delta=0.7),
    "four players": random_game(4, states=2, actions=(2, 2, 2, 2), delta=0.6),
}


def some_support(game: StochasticGame, seed: int) -> IndifferenceSystem:
    """A support that leaves out some actions wherever there are several."""
    random = np.random.default_rng(seed)
    support = []
    for i in range(game.n_players):
        used = random.random(int(game.choice_start[i, -1])) < 0.7
        used[game.choice_start[i, :-1]] = True
        support.append(used)
    return IndifferenceSystem(game, tuple(support))


def some_point(system: IndifferenceSystem, seed: int) -> Floats:
    return np.random.default_rng(seed).random(system.n_unknowns)


def slow_action_values(game: StochasticGame, strategies: tuple[Floats, ...], values: Floats) -> list[Floats]:
    """Q of every choice, by a loop over states, profiles and next states; counted from the middle of the payoffs."""
    middle = (game.payoffs.min(axis=0) + game.payoffs.max(axis=0)) / 2
    found = [np.array(np.zeros(len(own))) for own in strategies]
    for s in range(game.n_states):
        u, law = game.stage_payoffs(s), game.stage_transitions(s)
        for profile in itertools.product(*(range(count) for count in game.action_counts[s])):
            for i in range(game.n_players):
                chance = 1.0
                for j, action in enumerate(profile):
                    chance *= 1.0 if j == i else strategies[j][game.choice_start[j, s] + action]
                following = sum(law[profile][t] * (values[t, i] - middle[i]) for t in range(game.n_states))
                q = (1 - game.discount[i]) * (u[profile][i] - middle[i]) + game.discount[i] * following
                found[i][game.choice_start[i, s] + profile[i]] += chance * q
    return [middle[i] + own for i, own in enumerate(found)]


@pytest.mark.parametrize("name", SHAPES)
def test_equations_are_those_of_the_definition(name: str) -> None:
    game = SHAPES[name]
    system = some_support(game, 5)
    x = some_point(system, 6)
    strategies, values = system.unpack(x)
    slow = slow_action_values(game, strategies, values)
    for quick, own in zip(system.action_values(x), slow, strict=True):
        np.testing.assert_allclose(quick, own, atol=ROUNDING)
    states = np.arange(game.n_states)
    expected = [
        (own - values[np.repeat(states, game.action_counts[:, i]), i])[used]
        for i, (own, used) in enumerate(zip(slow, system.support, strict=True))
    ]
    sums = np.stack(
        [np.add.reduceat(own, starts[:-1]) for own, starts in zip(strategies, game.choice_start, strict=True)], axis=1
    )
    np.testing.assert_allclose(system.residual(x), np.concatenate([*expected, sums.ravel() - 1]), atol=ROUNDING)


@pytest.mark.parametrize("name", SHAPES)
def test_the_jacobian_agrees_with_differences(name: str) -> None:
    system = some_support(SHAPES[name], 7)
    x, size = some_point(system, 8), system.n_unknowns
    columns = [(system.residual(x + STEP * unit) - system.residual(x - STEP * unit)) / (2 * STEP) for unit in np.eye(size)]
    np.testing.assert_allclose(system.jacobian(x).toarray(), np.stack(columns, axis=1), atol=DIFFERENCES)


@pytest.mark.parametrize("used", [(2, 2), (1, 1), (1, 2), (2, 2, 2)])
def test_a_designed_equilibrium_solves_the_system(used: tuple[int, ...]) -> None:
    known = designed(11, used=used)
    system = IndifferenceSystem.of_play(known.game, known.strategies)
    x = system.pack(known.strategies, known.values)
    assert np.max(np.abs(system.residual(x))) == 0.0


def test_shapleys_game_has_the_published_value() -> None:
    game, delta = shapley_stopping(), 0.9
    mix = np.array([1 / 3, 2 / 3, 1.0])
    system = IndifferenceSystem.of_play(game, [mix, mix])
    value = (1 - delta) * (5 / 3) / (1 - delta / 2)
    x = system.pack([mix, mix], np.array([[value, -value], [0.0, 0.0]]))
    assert np.max(np.abs(system.residual(x))) < ROUNDING
    assert system.factor(x).regular


def test_packing_and_unpacking_are_inverse() -> None:
    system = some_support(SHAPES["three players"], 9)
    x = some_point(system, 10)
    strategies, values = system.unpack(x)
    assert values.shape == (3, 3)
    assert all(np.all(own[~used] == 0) for own, used in zip(strategies, system.support, strict=True))
    np.testing.assert_array_equal(system.pack(strategies, values), x)


@pytest.mark.parametrize("dense", [0, 10**6], ids=["sparse", "dense"])
def test_factors_solve_both_ways_and_know_their_condition(dense: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indifference, "DENSE_UNKNOWNS", dense)
    known = designed(12, states=4, used=(2, 2, 2))
    system = IndifferenceSystem.of_play(known.game, known.strategies)
    x = system.pack(known.strategies, known.values)
    factor, matrix = system.factor(x), system.jacobian(x).toarray()
    right = np.random.default_rng(13).random((system.n_unknowns, 3))
    np.testing.assert_allclose(matrix @ factor.solve(right), right, atol=1e-9)
    np.testing.assert_allclose(matrix.T @ factor.solve_transposed(right), right, atol=1e-9)
    np.testing.assert_allclose(matrix @ factor.solve(right[:, 0]), right[:, 0], atol=1e-9)
    scaled = matrix / system.row_scale()[:, None] * system.column_scale()
    exact = 1 / np.linalg.cond(scaled, 1)
    assert exact * (1 - 1e-6) <= factor.reciprocal_condition <= 3 * exact


def test_an_action_written_twice_makes_the_system_singular() -> None:
    table = np.array([[[1.0, -1.0], [-1.0, 1.0]], [[-1.0, 1.0], [1.0, -1.0]], [[-1.0, 1.0], [1.0, -1.0]]])
    game = StochasticGame.from_arrays([table], [np.ones((3, 2, 1))], 0.5)
    mix = [np.array([0.5, 0.25, 0.25]), np.array([0.5, 0.5])]
    system = IndifferenceSystem.of_play(game, mix)
    x = system.pack(mix, np.zeros((1, 2)))
    assert not system.factor(x).regular
    with pytest.raises(UnsolvedError, match="continuum or a tie"):
        system.gradient_system(x, np.zeros((system.n_unknowns, 1)))


def test_the_implicit_function_theorem_on_matching_pennies() -> None:
    """With 1 + theta for a first match the mixes are 2 / (4 + theta) and the value theta / (4 + theta)."""
    game = matching_pennies(0.5)
    half = np.array([0.5, 0.5])
    system = IndifferenceSystem.of_play(game, [half, half])
    x = system.pack([half, half], np.zeros((1, 2)))
    payoffs = np.zeros((1, 4, 2))
    payoffs[0, 0] = [1.0, -1.0]
    moves = system.residual_derivative(x, payoffs, np.zeros((1, 4)), np.zeros((1, 2)))
    (first, second), values = system.unpack(system.gradient_system(x, moves))
    np.testing.assert_allclose(first[:, 0], [-1 / 8, 1 / 8], atol=ROUNDING)
    np.testing.assert_allclose(second[:, 0], [-1 / 8, 1 / 8], atol=ROUNDING)
    np.testing.assert_allclose(values[0, :, 0], [1 / 4, -1 / 4], atol=ROUNDING)


@pytest.mark.parametrize("used", [(2, 2), (2, 2, 2), (1, 2)])
def test_derivatives_of_equations_in_all_arrays_agree_with_differences(used: tuple[int, ...]) -> None:
    known = designed(14, used=used)
    game, random = known.game, np.random.default_rng(15)
    system = IndifferenceSystem.of_play(game, known.strategies)
    x = system.pack(known.strategies, known.values)
    payoffs = random.random((2, *game.payoffs.shape))
    law = random.random((2, game.transitions.nnz))
    law -= (np.add.reduceat(law, game.transitions.indptr[:-1], axis=1) / np.diff(game.transitions.indptr))[:, game.entry_row]
    discount = random.random((2, game.n_players))

    def residual(k: int, step: float) -> Floats:
        moved_law = game.transitions.copy()
        moved_law.data = moved_law.data + step * law[k]
        moved = StochasticGame(
            game.players,
            game.states,
            game.actions,
            game.payoffs + step * payoffs[k],
            moved_law,
            game.discount + step * discount[k],
        )
        return system.at(moved).residual(x)

    differences = np.stack([(residual(k, STEP) - residual(k, -STEP)) / (2 * STEP) for k in range(2)], axis=1)
    np.testing.assert_allclose(system.residual_derivative(x, payoffs, law, discount), differences, atol=DIFFERENCES)


def test_a_constant_added_to_payoffs_changes_neither_solution_nor_condition() -> None:
    near, far = designed(16), designed(16, offset=1024.0)
    conditions = []
    for known in (near, far):
        system = IndifferenceSystem.of_play(known.game, known.strategies)
        x = system.pack(known.strategies, known.values)
        assert np.max(np.abs(system.residual(x))) < ROUNDING
        conditions.append(system.factor(x).reciprocal_condition)
    assert conditions[1] == pytest.approx(conditions[0], rel=1e-6)


def test_a_solution_gives_its_own_system() -> None:
    known = designed(17)
    system, x = solution_system(solution_of(known.game, known.strategies, known.values))
    assert [used.tolist() for used in system.support] == [(own > 0).tolist() for own in known.strategies]
    np.testing.assert_array_equal(system.unpack(x)[1], known.values)


def test_names_of_a_choice() -> None:
    system = some_support(SHAPES["two players"], 18)
    assert system.names(1, 0) == ("1", "2", "1")
    assert system.names(1, 3) == ("2", "2", "3")


def test_supports_that_are_none_are_refused() -> None:
    game = prisoners_dilemma()
    with pytest.raises(GameError, match="needs an action in each state"):
        IndifferenceSystem(game, (np.array([True, True]), np.array([False, False])))
    with pytest.raises(GameError, match="a support for each of 2 players"):
        IndifferenceSystem(game, (np.array([True, True]),))
