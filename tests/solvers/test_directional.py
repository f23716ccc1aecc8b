"""Directional games: stages, all combinations of stage equilibria, and what is said to be incomplete."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leverage.certification.checker import certify
from leverage.game.stochastic_game import StochasticGame
from leverage.solvers.directional import DirectionalEquilibria, directional_equilibria, stages_of
from leverage.solvers.pure_markov import pure_markov
from leverage.solvers.stage_game import stage_equilibria
from tests.games import chicken, gamblers_ruin, prisoners_dilemma, shapley_stopping, with_structural_zeros

CHICKEN = np.array([[[6.0, 6.0], [2.0, 7.0]], [[7.0, 2.0], [0.0, 0.0]]])
STAG_HUNT = np.array([[[9.0, 9.0], [0.0, 8.0]], [[8.0, 0.0], [7.0, 7.0]]])
#: Enough for every small game here.
ENOUGH = 100_000


def is_pure(solution) -> bool:
    return all(float(x.max()) == 1.0 for own in solution.strategies for x in own)


def pure_plays(solutions) -> list[tuple]:
    return sorted(
        tuple(tuple(int(np.argmax(x)) for x in own) for own in solution.strategies) for solution in solutions if is_pure(solution)
    )


def staircase(tables, stay: float, delta=0.8) -> StochasticGame:
    """State k stays with chance `stay`, else moves to k + 1; the last one is for ever."""
    size = len(tables)
    laws = []
    for k, table in enumerate(tables):
        row = np.zeros(size)
        row[k], row[min(k + 1, size - 1)] = (stay, 1 - stay) if k + 1 < size else (1.0, 1.0)
        laws.append(np.broadcast_to(row, (*np.shape(table)[:-1], size)))
    return StochasticGame.from_arrays(tables, laws, delta)


def concessions(levels: int, delta=(0.9, 0.8), players: int = 2) -> StochasticGame:
    """Who concedes takes the game one level down for good: a step costs the one who concedes 1 and gives the others 2 a
    period later on.

    Staying depends on actions: nobody conceding stays.
    """
    shape = (2,) * players
    tables, laws = [], []
    for k in range(levels):
        last = k == levels - 1
        table, law = np.zeros((*shape, players)), np.zeros((*shape, levels))
        for profile in itertools.product(range(2), repeat=players):
            table[profile] = [2.0 * k + (sum(profile) - own) - 1.5 * own for own in profile]
            law[(*profile, k if last or not any(profile) else k + 1)] = 1.0
        tables.append(table)
        laws.append(law)
    return StochasticGame.from_arrays(tables, laws, delta)


def random_directional(seed: int, whole: bool = True) -> StochasticGame:
    """Stages of one or two states, chances in quarters, payoffs small whole numbers."""
    rng = np.random.default_rng(seed)
    groups = [list(g) for g in ([0], [1, 2], [3])]
    size, players = 4, 2
    tables, laws = [], []
    for group in groups:
        after = [*group, *range(group[-1] + 1, size)]
        for _ in group:
            counts = tuple(rng.integers(1, 3, size=players))
            tables.append(rng.integers(0, 4, (*counts, players)).astype(float) if whole else rng.random((*counts, players)))
            law = np.zeros((*counts, size))
            law[..., after] = rng.multinomial(4, np.ones(len(after)) / len(after), size=counts) / 4
            laws.append(law)
    return StochasticGame.from_arrays(tables, laws, rng.choice([0.0, 0.5, 0.8], size=players))


def checked(game: StochasticGame, found: DirectionalEquilibria) -> None:
    for solution in found.solutions:
        assert certify(game, solution.strategies) == solution.certificate <= 1e-9 * max(game.payoff_range, 1.0)
        assert solution.values == pytest.approx(play_values(game, solution), abs=1e-9 * max(game.payoff_range, 1.0))


def play_values(game: StochasticGame, solution) -> np.ndarray:
    values = np.zeros((game.n_states, game.n_players))
    for i, d in enumerate(game.discount):
        mean, law = np.zeros(game.n_states), np.zeros((game.n_states, game.n_states))
        for s in range(game.n_states):
            for a in itertools.product(*(range(count) for count in game.action_counts[s])):
                chance = np.prod([solution.strategies[j][s][a[j]] for j in range(game.n_players)])
                mean[s] += chance * game.stage_payoffs(s)[(*a, i)]
                law[s] += chance * game.stage_transitions(s)[a]
        values[:, i] = np.linalg.solve(np.eye(game.n_states) - d * law, (1 - d) * mean)
    return values


# --- stages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("game", "stages"),
    [
        (chicken(), ((0,),)),
        (shapley_stopping(), ((1,), (0,))),
        (staircase([CHICKEN] * 3, 0.5), ((2,), (1,), (0,))),
        (gamblers_ruin(4, 2, 0.5), ((0,), (4,), (1, 2, 3))),
    ],
    ids=["repeated", "stopping", "staircase", "ruin"],
)
def test_stages_run_from_the_end(game, stages):
    assert stages_of(game) == stages
    assert directional_equilibria(game).stages == stages


def test_a_transition_of_chance_zero_joins_no_stages():
    law = np.array([[[0.5, 0.5]], [[0.0, 1.0]]])
    game = with_structural_zeros(StochasticGame.from_arrays([[[1.0]], [[2.0]]], law, 0.5))
    assert game.transitions.nnz == 4
    assert stages_of(game) == ((1,), (0,))


# --- known games ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "pure", "mixed"),
    [
        (CHICKEN, 2, 1),
        (STAG_HUNT, 2, 1),
        ([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]], 0, 1),
        ([[[3, 3], [0, 5]], [[5, 0], [1, 1]]], 1, 0),
    ],
    ids=["chicken", "stag hunt", "pennies", "prisoners' dilemma"],
)
@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("stay", [0.0, 0.5])
def test_equilibria_of_independent_stages_multiply(table, pure, mixed, length, stay):
    game = staircase([np.array(table, dtype=float)] * length, stay)
    found = directional_equilibria(game)
    checked(game, found)
    assert (found.complete, found.complete_pure) == (True, True)
    assert len(found.solutions) == (pure + mixed) ** length
    assert len(pure_plays(found.solutions)) == pure**length
    assert found.note.startswith("all ")


def test_the_value_of_a_stopping_game_is_shapleys():
    game = shapley_stopping(0.9)
    found = directional_equilibria(game)
    assert found.note == "all 1 Markov equilibrium, 0 of them pure"
    assert found.solutions[0].values[0] == pytest.approx(np.array([1, -1]) * 0.1 * (5 / 3) / (1 - 0.45))


def test_later_values_are_folded_into_the_stage_game():
    """Moving on is worth what the last state's equilibrium pays: chicken at the end decides whether to wait at the start."""
    law = np.zeros((2, 1, 3))
    law[0, 0, 1], law[1, 0, 2] = 1.0, 1.0
    end = np.zeros((1, 1, 3))
    end[..., 2] = 1.0
    game = StochasticGame.from_arrays(
        [np.zeros((2, 1, 2)), CHICKEN, np.full((1, 1, 2), 0.5)], [law, np.broadcast_to([0.0, 1.0, 0.0], (2, 2, 3)), end], 0.5
    )
    found = directional_equilibria(game)
    checked(game, found)
    assert [s.values[0, 0].round(9) for s in found.solutions] == [1.0, 3.5, round(0.5 * 14 / 3, 9)]
    assert all(np.argmax(s.strategies[0][0]) == 0 for s in found.solutions)


@pytest.mark.parametrize("levels", [2, 3, 4])
def test_concession_games_agree_with_branch_and_bound(levels):
    game = concessions(levels)
    found, plain = directional_equilibria(game), pure_markov(game, node_limit=ENOUGH)
    checked(game, found)
    assert plain.complete
    assert found.complete_pure
    assert not found.complete
    assert "staying in state 1 depends on actions" in found.note
    assert pure_plays(found.solutions) == pure_plays(plain.solutions)


# --- what is incomplete --------------------------------------------------------------------------------------------


def test_one_component_is_told_and_gets_the_pure_ones():
    rng = np.random.default_rng(5)
    game = StochasticGame.from_arrays(rng.random((3, 2, 2, 2)), rng.dirichlet(np.ones(3), size=(3, 2, 2)), 0.8)
    found, plain = directional_equilibria(game, node_limit=ENOUGH), pure_markov(game, node_limit=ENOUGH)
    assert found.stages == ((0, 1, 2),)
    assert found.note.startswith("not directional, all states lead to each other")
    assert (found.complete, found.complete_pure) == (False, True)
    assert pure_plays(found.solutions) == pure_plays(plain.solutions)


def test_a_continuum_is_said_and_not_counted_as_complete():
    """The first player is indifferent against 'left': a continuum of equilibria that the second player's payoff tells apart."""
    game = staircase([np.array([[[1.0, 2.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]]]), CHICKEN], 0.5)
    found = directional_equilibria(game)
    checked(game, found)
    assert found.complete_pure
    assert not found.complete
    assert "state 1 has a continuum" in found.note


@pytest.mark.parametrize("values", [[[1.0, 1.0], [0.0, 0.0]], [[3.0, 3.0], [3.0, 3.0]]])
def test_ties_of_a_lone_mover_are_a_continuum(values):
    table = np.array(values)[:, :, None].repeat(2, axis=2)[:, :1] + np.array([[[0.0, 0.0]], [[0.0, 1.0]]])
    game = StochasticGame.from_arrays([table], [np.ones((2, 1, 1))], 0.5)
    assert directional_equilibria(game).complete is (values[0][0] != values[1][0])


def test_three_players_get_the_pure_ones_only():
    rng = np.random.default_rng(3)
    game = staircase([rng.random((2, 2, 2, 3)) for _ in range(2)], 0.5)
    found, plain = directional_equilibria(game), pure_markov(game, node_limit=ENOUGH)
    assert (found.complete, found.complete_pure) == (False, True)
    assert "3 players choose" in found.note
    assert pure_plays(found.solutions) == pure_plays(plain.solutions)


def test_two_movers_among_three_players_are_complete():
    table = np.concatenate([CHICKEN, CHICKEN[..., :1]], axis=2)[:, None].transpose(0, 2, 1, 3)  # (2, 2, 1, 3)
    found = directional_equilibria(staircase([table] * 2, 0.5))
    assert (len(found.solutions), found.complete) == (9, True)


# --- agreement -----------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_pure_ones_agree_with_branch_and_bound_on_games_full_of_ties(seed):
    game = random_directional(seed)
    found = directional_equilibria(game, node_limit=ENOUGH, most=20_000)
    plain = pure_markov(game, node_limit=ENOUGH, most=20_000)
    assert plain.complete
    if len(found.solutions) <= 200:
        checked(game, found)
    if found.complete_pure:
        assert pure_plays(found.solutions) == pure_plays(plain.solutions)
    assert found.complete_pure


@pytest.mark.parametrize("seed", range(5))
def test_a_single_state_has_the_equilibria_of_its_stage_game(seed):
    table = np.random.default_rng(seed).random((3, 4, 2))
    game = StochasticGame.from_arrays([table], [np.ones((3, 4, 1))], (0.9, 0.4))
    found = directional_equilibria(game)
    expected = stage_equilibria(table)
    assert found.complete
    assert len(found.solutions) == len(expected)
    for x, y in expected:
        assert any(np.allclose(s.strategies[0][0], x) and np.allclose(s.strategies[1][0], y) for s in found.solutions)


# --- limits --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("most", [1, 8, 9, 10])
def test_the_cap_is_kept_and_said(most):
    found = directional_equilibria(staircase([CHICKEN] * 2, 0.5), most=most)
    assert len(found.solutions) == min(9, most)
    assert found.complete is (most >= 9)
    assert found.complete_pure is (most >= 9)
    assert ("the most that are listed" in found.note) is (most < 9)


@pytest.mark.parametrize("limit", [1, 3])
def test_the_work_limit_is_kept_and_said(limit):
    found = directional_equilibria(staircase([CHICKEN] * 3, 0.5), node_limit=limit)
    assert (found.complete, found.complete_pure) == (False, False)
    assert f"stopped after {limit}" in found.note


def test_a_search_that_stops_within_a_stage_is_said():
    rng = np.random.default_rng(0)
    game = StochasticGame.from_arrays(rng.random((4, 3, 3, 2)), rng.dirichlet(np.ones(4), size=(4, 3, 3)), 0.95)
    found = directional_equilibria(game, node_limit=5)
    assert not found.complete_pure
    assert "a search stopped in the stage of state 1" in found.note


@pytest.mark.parametrize("wrong", [{"node_limit": 0}, {"most": 0}, {"tolerance": 0.0}])
def test_limits_that_are_none_are_refused(wrong):
    with pytest.raises(ValueError, match=r"count|share"):
        directional_equilibria(prisoners_dilemma(), **wrong)
