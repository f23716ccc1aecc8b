"""Actions that are taxed away: the tax is prohibitive, and the branch ends at equilibria of the game without them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from leverage.certification.checker import certify
from leverage.errors import GameError
from leverage.game.stochastic_game import StochasticGame
from leverage.solvers.markov_perfect import markov_perfect
from leverage.solvers.taxed_action import (
    Abandoned,
    abandoned,
    places_of,
    prohibitive_tax,
    restricted,
    tax_away,
    taxable,
    taxed_game,
)
from tests.games import random_game, repeated

#: What is forbidden in generated games: the first player's first action.
FORBIDDEN = "first"


def labelled(game: StochasticGame) -> StochasticGame:
    """The generated game with the first player's first action called by its name."""
    actions = tuple(((FORBIDDEN, *own[1:]), *others) for own, *others in game.actions)
    return replace(game, actions=actions)


def without_first(game: StochasticGame) -> StochasticGame:
    """The game without it, array by array."""
    payoffs = [game.stage_payoffs(s)[1:] for s in range(game.n_states)]
    laws = [game.stage_transitions(s)[1:] for s in range(game.n_states)]
    smaller = StochasticGame.from_arrays(payoffs, laws, game.discount)
    return replace(smaller, actions=tuple((own[1:], *others) for own, *others in game.actions))


def given_up(game: StochasticGame, most_points: int = 200) -> tuple[StochasticGame, Abandoned]:
    smaller, solution = without_first(game), markov_perfect(game)[0]
    taxed = tax_away(solution, [FORBIDDEN], most_points=most_points)
    return smaller, abandoned(solution, taxed, smaller, places_of(smaller, game))


@pytest.mark.parametrize("seed", range(12))
def test_no_equilibrium_takes_an_action_under_the_prohibitive_tax(seed: int) -> None:
    game = labelled(random_game(seed, actions=(3, 3), delta=(0.5, 0.95)))
    taxed = taxable(game, [FORBIDDEN])
    found = markov_perfect(taxed_game(game, taxed, prohibitive_tax(game)))[0]
    assert all(found.strategies[0][s][0] == 0 for s in range(game.n_states))


def test_only_those_who_take_it_pay_the_tax() -> None:
    game = labelled(random_game(3, actions=(2, 3)))
    tax = np.array([2.0, 5.0])
    dearer = taxed_game(game, taxable(game, [FORBIDDEN]), tax)
    expected = game.payoffs.copy()
    for row in range(len(expected)):  # a plain twin
        if game.row_action[0, row] == 0:
            expected[row, 0] -= 2.0
    np.testing.assert_array_equal(dearer.payoffs, expected)


def test_a_state_that_leaves_no_other_action_is_spared() -> None:
    game = labelled(random_game(3, actions=(2, 3)))
    alone = replace(game, actions=((game.actions[0][0], (FORBIDDEN,)), *game.actions[1:]))
    assert not taxable(alone, [FORBIDDEN])[1][: alone.choice_start[1, 1]].any()


@pytest.mark.parametrize("seed", range(12))
def test_the_end_is_an_equilibrium_of_the_game_without(seed: int) -> None:
    game = labelled(random_game(seed, actions=(2, 3)))
    smaller, found = given_up(game)
    if found.solution is None:
        assert found.why
        return
    lotteries = [[np.asarray(own) for own in each] for each in found.solution.strategies]
    assert certify(smaller, lotteries) <= 1e-9 * smaller.payoff_range
    assert 0 <= found.strength <= 1
    values = markov_perfect(smaller)[0].values  # the second player alone decides: a unique value
    np.testing.assert_allclose(found.solution.values[:, 1], values[:, 1], atol=1e-8)


def test_most_generated_games_are_followed_to_the_end() -> None:
    followed = [given_up(labelled(random_game(seed, actions=(2, 3))))[1].solution is not None for seed in range(12)]
    assert sum(followed) >= 10


def test_play_that_never_takes_the_action_is_kept_as_it_is() -> None:
    game = labelled(repeated([[0, 0], [2, 1]], [[1, 0], [1, 0]], 0.5))
    smaller, found = given_up(game)
    assert (found.strength, found.turns) == (1.0, 0)
    assert found.solution is not None
    assert found.solution.values.tolist() == [[2.0, 1.0]]
    assert smaller.actions[0][0] == ("2",)


def test_a_limit_on_points_is_told() -> None:
    game = labelled(repeated([[3, 3], [2, 1]], [[1, 0], [1, 0]], 0.5))
    assert given_up(game)[1].solution is not None
    found = given_up(game, most_points=1)[1]
    assert found.solution is None
    assert "limit on points" in found.why


# --- places -------------------------------------------------------------------------------------------------------------


def test_places_are_found_by_labels() -> None:
    game = labelled(random_game(5, actions=(3, 2)))
    smaller = without_first(game)
    places = places_of(smaller, game)
    assert places.states.tolist() == list(range(game.n_states))
    expected = [game.choice_start[0, s] + a for s in range(game.n_states) for a in (1, 2)]
    assert places.choices[0].tolist() == expected


def test_what_the_larger_game_lacks_has_no_place() -> None:
    game = random_game(5, actions=(2, 2))
    with pytest.raises(GameError, match="no state 'elsewhere'"):
        places_of(replace(game, states=("elsewhere", *game.states[1:])), game)
    with pytest.raises(GameError, match="no action 'first' in the state"):
        places_of(labelled(game), game)


def test_play_that_takes_what_is_gone_or_gains_by_deviating_is_not_passed_on() -> None:
    game = labelled(repeated([[3, 3], [2, 1]], [[1, 0], [1, 0]], 0.5))
    smaller = without_first(game)
    places = places_of(smaller, game)
    values = np.array([[2.0, 1.0]])
    assert restricted(smaller, places, [np.array([1.0, 0.0]), np.array([1.0, 0.0])], values, "") is None
    assert restricted(smaller, places, [np.array([0.0, 1.0]), np.array([0.0, 1.0])], values, "") is None
    found = restricted(smaller, places, [np.array([0.0, 1.0]), np.array([1.0, 0.0])], values, "")
    assert found is not None
    assert found.certificate == 0.0
