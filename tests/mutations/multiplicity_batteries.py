"""Batteries of the solvers that say how many equilibria there are and how far one may be off; see `batteries.py`."""

from __future__ import annotations

import math
from functools import cache
from itertools import product
from types import ModuleType

import numpy as np
import pytest

from leverage.game.automaton import Automaton
from leverage.game.stochastic_game import Floats, StochasticGame
from leverage.solvers.indifference import IndifferenceSystem
from leverage.solvers.solution import Solution
from tests.games import (
    chain,
    chicken,
    matching_pennies,
    prisoners_dilemma,
    random_game,
    repeated,
    shapley_stopping,
    with_structural_zeros,
)
from tests.mutations.batteries import CLOSE, EXACT, same
from tests.mutations.reference import first_row, gains_of, profiles, values_of
from tests.solvers.designed import Designed, designed, solution_of

CHICKEN = np.array([[[6.0, 6.0], [2.0, 7.0]], [[7.0, 2.0], [0.0, 0.0]]])
#: Enough nodes for every game here.
ENOUGH = 10_000
#: Size of perturbations; of a slight one, what is of second order in it is below a hundredth of what is of first order.
MOVED, SLIGHTLY = 1e-6, 1e-8


def pure_plan(game: StochasticGame, rows: tuple[int, ...]) -> Automaton:
    actions = [profiles(game, s)[row - first_row(game, s)] for s, row in enumerate(rows)]
    return Automaton.stationary(
        game,
        [[np.eye(len(game.actions[s][i]))[a[i]] for s, a in enumerate(actions)] for i in range(game.n_players)],
    )


def all_pure(game: StochasticGame) -> list[tuple[int, ...]]:
    """Rows that are played in each state, of every pure profile from which nobody gains by a single departure."""
    rows = [range(first_row(game, s), first_row(game, s) + len(profiles(game, s))) for s in range(game.n_states)]
    return [play for play in product(*rows) if largest_gain(pure_plan(game, play)) <= EXACT]


def largest_gain(plan: Automaton) -> float:
    return max(float(np.max(np.concatenate(gains_of(plan, i)))) for i in range(plan.game.n_players))


def rows_of(solution: Solution) -> tuple[int, ...]:
    """The row that is played in each state, of a pure solution."""
    game = solution.plan.game
    actions = [tuple(int(np.argmax(own[s])) for own in solution.strategies) for s in range(game.n_states)]
    return tuple(first_row(game, s) + profiles(game, s).index(a) for s, a in enumerate(actions))


def is_pure(solution: Solution) -> bool:
    return all(float(np.max(lottery)) == 1.0 for own in solution.strategies for lottery in own)


def confirmed(solution: Solution) -> None:
    """The values are those of the play, and nobody gains by a departure."""
    same(solution.values, values_of(solution.plan), CLOSE)
    assert largest_gain(solution.plan) <= CLOSE
    assert solution.certificate <= CLOSE


def whole(seed: int, states: int = 3) -> StochasticGame:
    """Two players with two actions; payoffs 0 to 2, chances in quarters: ties everywhere."""
    random = np.random.default_rng(seed)
    payoffs = [random.integers(0, 3, (2, 2, 2)).astype(float) for _ in range(states)]
    return StochasticGame.from_arrays(
        payoffs, [random.multinomial(4, np.ones(states) / states, size=(2, 2)) / 4 for _ in range(states)], (0.5, 0.75)
    )


def staircase(tables: list[Floats], stay: float, delta: tuple[float, ...] | float = 0.8) -> StochasticGame:
    """State k stays with chance `stay`, else it moves to k + 1; the last one is for ever."""
    size = len(tables)
    laws = np.eye(size) * stay + np.eye(size, k=1) * (1 - stay)
    laws[-1, -1] = 1.0
    return StochasticGame.from_arrays(
        tables, [np.broadcast_to(law, (*t.shape[:-1], size)) for law, t in zip(laws, tables, strict=True)], delta
    )


# --- all pure equilibria ----------------------------------------------------------------------------------------------


@cache
def pure_cases() -> list[tuple[StochasticGame, list[tuple[int, ...]]]]:
    """Games, three of them full of ties, with their pure equilibria."""
    games = [random_game(seed, states=3, actions=(2, 2), delta=(0.6, 0.9)) for seed in range(3)] + [whole(s) for s in range(3)]
    return [(game, all_pure(game)) for game in games]


def check_pure(module: ModuleType) -> None:
    assert max(len(plays) for _, plays in pure_cases()) > 3
    for states in (module.DENSE_STATES, 0):  # bounds with exact policy values, and without
        module.DENSE_STATES = states
        for game, plays in pure_cases():
            found = module.pure_markov(game, node_limit=ENOUGH)
            assert found.complete
            assert [rows_of(solution) for solution in found.solutions] == plays
            for solution in found.solutions:
                confirmed(solution)
    assert module.pure_markov(prisoners_dilemma((0.3, 0.9))).note == "the only pure Markov equilibrium"
    assert module.pure_markov(matching_pennies()).note.startswith("no pure Markov equilibrium")
    _pure_limits(module)


def _pure_limits(module: ModuleType) -> None:
    meet = np.array([[[2.0, 2.0], [0.0, 0.0]], [[0.0, 0.0], [2.0, 2.0]]])
    game = StochasticGame.from_arrays([meet] * 4, [np.full((2, 2, 4), 0.25)] * 4, 0.5)  # two ways to meet in each state
    for most in (15, 16):
        found = module.pure_markov(game, most=most)
        same((len(found.solutions), found.complete), (most, most == 16))
    everything = {rows_of(solution) for solution in found.solutions}
    for limit in (1, 2, 7, 20):
        found = module.pure_markov(game, node_limit=limit)
        assert not found.complete
        assert found.nodes <= limit
        assert found.note.startswith(f"stopped after {limit} nodes")
        assert {rows_of(solution) for solution in found.solutions} < everything
    for wrong in ({"node_limit": 0}, {"most": 0}, {"tolerance": 0.0}):
        with pytest.raises(ValueError, match=r"count|share"):
            module.pure_markov(game, **wrong)


# --- directional games ------------------------------------------------------------------------------------------------


def check_directional(module: ModuleType) -> None:
    v = 0.1 * (5 / 3) / 0.55
    (found,) = module.directional_equilibria(shapley_stopping()).solutions
    same(found.values, [[v, -v], [0, 0]], CLOSE)
    for stay, delta in ((0.5, (0.8, 0.4)), (0.0, 0.9)):  # two pure equilibria and a mixed one in each state
        found = module.directional_equilibria(staircase([CHICKEN, CHICKEN + 1], stay, delta))
        assert found.complete
        assert found.complete_pure
        same((len(found.solutions), len({rows_of(s) for s in found.solutions if is_pure(s)})), (9, 4))
        for solution in found.solutions:
            confirmed(solution)
    lopsided = np.stack([[[2.0, -1.0, 0.0], [-1.0, 1.0, -3.0]], [[-2.0, 1.0, -5.0], [1.0, -1.0, -5.0]]], axis=-1)
    found = module.directional_equilibria(staircase([lopsided] * 2, 0.5))
    same(found.solutions[0].strategies[0][1], [0.4, 0.6], CLOSE)
    assert (len(found.solutions), found.complete) == (1, True)
    _stages(module)
    _where_staying_depends(module)
    _what_may_be_missing(module)


def _stages(module: ModuleType) -> None:
    assert module.stages_of(chain([[0.5, 0.5, 0], [0, 0.5, 0.5], [0, 0.5, 0.5]])) == ((1, 2), (0,))
    assert module.stages_of(chain([[0, 1, 0], [0, 0, 1], [0, 0, 1]])) == ((2,), (1,), (0,))
    assert module.stages_of(with_structural_zeros(chain([[0.5, 0.5], [0, 1]]))) == ((1,), (0,))


def _where_staying_depends(module: ModuleType) -> None:
    """Games whose first state is left only if both, or only if one, want to: only pure equilibria, but all of them."""
    for seed in range(6):
        random = np.random.default_rng(seed)
        laws = [np.zeros((2, 2, 2)), np.zeros((2, 2, 2))]
        laws[0][..., 1] = [[0, 0.5], [0.75, 1]]
        laws[0][..., 0] = 1 - laws[0][..., 1]
        laws[1][..., 1] = 1
        game = StochasticGame.from_arrays(list(random.random((2, 2, 2, 2))), laws, (0.9, 0.6))
        found = module.directional_equilibria(game)
        assert (found.complete, found.complete_pure) == (False, True)
        assert "staying in state 1 depends on actions" in found.note
        assert sorted(rows_of(s) for s in found.solutions if is_pure(s)) == all_pure(game)
        for solution in found.solutions:
            confirmed(solution)
        game = random_game(seed, states=3, actions=(2, 2), delta=(0.6, 0.9), reach=3)
        found = module.directional_equilibria(game)  # one stage
        assert [rows_of(s) for s in found.solutions] == all_pure(game)


def _what_may_be_missing(module: ModuleType) -> None:
    three = StochasticGame.from_arrays(
        list(np.random.default_rng(3).random((1, 2, 2, 2, 3))), [np.ones((2, 2, 2, 1))], (0.9, 0.5, 0.3)
    )
    found = module.directional_equilibria(three)
    assert (found.complete, found.complete_pure) == (False, True)
    assert [rows_of(s) for s in found.solutions] == all_pure(three)
    found = module.directional_equilibria(repeated([[1, 1], [1, 1]], [[2, 0], [1, 0]], 0.9))  # the first is indifferent
    assert not found.complete
    assert "continuum" in found.note
    game = staircase([CHICKEN] * 2, 0.5)
    for most in (8, 9):
        found = module.directional_equilibria(game, most=most)
        same((len(found.solutions), found.complete, found.complete_pure), (most, most == 9, most == 9))
    found = module.directional_equilibria(game, node_limit=1)
    assert not found.complete_pure
    assert "stopped after 1 stage" in found.note


# --- error radii ------------------------------------------------------------------------------------------------------


def check_error_radius(module: ModuleType) -> None:
    for seed, used in ((1, (2, 2)), (2, (2, 1, 2)), (3, (1, 1)), (4, (3, 3)), (5, (2, 2, 2))):
        known = designed(seed, used=used)
        found = module.error_radius(solution_of(known.game, known.strategies, known.values))
        assert 0 < found.radius <= EXACT, found.reason
        _contains_a_perturbation(module, known, seed)
    for delta in (0.0, 0.9, 0.999):
        game = chain([[1.0, 0.0], [0.0, 1.0]], [1.0, 0.5], delta=delta)
        off = solution_of(game, [np.ones(2)], np.array([[1.0 + MOVED], [0.5]]))
        same(module.error_radius(off).radius, MOVED, EXACT)
        _policy_evaluation_is_bounded(module, off)
    for seed in range(3):
        _indifference_is_bounded(module, designed(seed, used=(2, 2), unused=0))
    _balls(module)
    _second_derivatives(module, designed(7, used=(2, 2, 2)))
    _no_bound(module)


def _contains_a_perturbation(module: ModuleType, known: Designed, seed: int) -> None:
    """Of a report that is off, the radius is how far it is off: of each player's values and of probabilities."""
    random, players = np.random.default_rng(seed), known.game.n_players
    moved = []
    for own, starts in zip(known.strategies, known.game.choice_start, strict=True):
        shifted = own + np.where(own > 0, random.uniform(-MOVED, MOVED, len(own)), 0.0)
        moved.append(shifted / np.repeat(np.add.reduceat(shifted, starts[:-1]), np.diff(starts)))
    off = random.uniform(-MOVED, MOVED, known.values.shape) * np.arange(1, players + 1)
    found = module.error_radius(solution_of(known.game, moved, known.values + off))
    same(found.by_player, np.abs(off).max(axis=0), EXACT)
    same(found.radius, np.abs(off).max(), EXACT)
    chances = [float(np.max(np.abs(a - b))) for a, b in zip(moved, known.strategies, strict=True)]
    same(found.probability, max(chances), EXACT)


def _policy_evaluation_is_bounded(module: ModuleType, off: Solution) -> None:
    """Without a Newton step the bound is on the whole error."""
    system, x = module.solution_system(off)
    assert MOVED <= module._pure_reach(system, x)[system.first_value] <= 2.1 * MOVED


def _indifference_is_bounded(module: ModuleType, known: Designed) -> None:
    """Without a Newton step the bound is |A| |F| up to terms of second order, A the inverse of the Jacobian."""
    system = IndifferenceSystem.of_play(known.game, known.strategies)
    exact, random = system.pack(known.strategies, known.values), np.random.default_rng(9)
    x = exact + random.uniform(-SLIGHTLY, SLIGHTLY, len(exact)) * system.column_scale()
    x[: system.first_value] = exact[: system.first_value]
    mixed = module._mixed(system)
    equations, unknowns = module._kept(system, mixed)
    factor = module._reduced_factor(system, x, equations, unknowns)
    reach = module._mixed_reach(system, x, mixed, factor)
    inverse = np.linalg.inv(system.jacobian(x).toarray()[np.ix_(equations, unknowns)])
    expected = np.abs(inverse) @ np.abs(system.residual(x)[equations])
    assert np.all(np.abs(x - exact)[unknowns] <= reach[unknowns])
    assert np.all(expected <= reach[unknowns])
    assert np.all(reach[unknowns] <= 1.01 * expected)


def _balls(module: ModuleType) -> None:
    for eta, kappa, bend in ((1e-9, 0.1, 10.0), (1e-3, 0.0, 1.0), (1e-3, 0.1, 300.0), (1e-12, 0.5, 1e6)):
        rho = module._ball(eta, kappa, bend)
        assert eta + kappa * rho + bend * rho**2 / 2 <= rho
        assert eta + kappa * 0.99 * rho + bend * (0.99 * rho) ** 2 / 2 > 0.99 * rho
    for eta, kappa, bend in ((1e-3, 1.0, 1.0), (1e-9, 2.5, 1.0), (1e-3, 0.1, 500.0), (0.009, 0.5, 0.0)):
        with pytest.raises(module._NotBoundedError):
            module._ball(eta, kappa, bend)


def _second_derivatives(module: ModuleType, known: Designed) -> None:
    system = IndifferenceSystem.of_play(known.game, known.strategies)
    x, random = system.pack(known.strategies, known.values), np.random.default_rng(8)
    bound = module._curvature(system, x, module._mixed(system))
    worst = np.zeros(len(bound))
    for _ in range(100):
        h = np.sign(random.normal(size=len(x))) * system.column_scale()
        second = system.residual(x + h / 4) - 2 * system.residual(x) + system.residual(x - h / 4)
        worst = np.maximum(worst, np.abs(second[: len(bound)]) * 16)
    assert np.all(worst <= bound * 1.0001)
    assert np.all(worst >= 0.1 * bound)


def _no_bound(module: ModuleType) -> None:
    pennies, uniform = [[[1.0, -1.0], [-1.0, 1.0]], [[-1.0, 1.0], [1.0, -1.0]]], [0.5, 0.5]
    twice = [*pennies, pennies[1]]
    for table, mixes, values, reason in (
        (twice, [[0.5, 0.25, 0.25], uniform], [0.0, 0.0], "continuum"),
        (twice, [[0.5, 0.5, 0.0], uniform], [0.0, 0.0], "ties"),
        ([[[1.0, 1.0], [0.0, 0.0]], [[0.0, 0.0], [1.0, 1.0]]], [[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0], "would gain"),
        ([[[1.0, 0.0], [0.25, 1.0]], [[0.0, 1.0], [0.0, 0.0]]], [uniform, [0.1, 0.9]], [0.0, 0.5], "too close to 0"),
        (pennies, [uniform, uniform], [math.nan, 0.0], "missing"),
    ):
        payoffs = np.array(table)
        game = StochasticGame.from_arrays([payoffs], [np.ones((*payoffs.shape[:-1], 1))], 0.5)
        found = module.error_radius(solution_of(game, [np.array(mix) for mix in mixes], np.array([values])))
        same((found.radius, found.probability, *found.by_player), (math.nan,) * 4)
        assert reason in found.reason
    module.MOST_UNKNOWNS = 2
    game = matching_pennies()
    assert "too large" in module.error_radius(solution_of(game, [np.array(uniform)] * 2, np.zeros((1, 2)))).reason
    assert module.error_radius(solution_of(chicken(), [np.array([0.0, 1]), np.array([1, 0.0])], np.array([[7.0, 2]]))).bounded
