"""What finds planted faults in the taxes that drive an action out of play."""

from __future__ import annotations

from types import ModuleType

import numpy as np

from leverage.errors import GameError
from leverage.game.stochastic_game import StochasticGame
from leverage.solvers.markov_perfect import markov_perfect
from tests.games import repeated
from tests.mutations.branch_batteries import going_on

NEAR = 1e-8


def relabelled(game: StochasticGame, states: tuple[str, ...], actions: tuple[tuple[tuple[str, ...], ...], ...]) -> StochasticGame:
    return StochasticGame(game.players, states, actions, game.payoffs, game.transitions, game.discount)


def check_taxed_action(module: ModuleType) -> None:
    with going_on(GameError):
        _taxes(module)
        _one_state(module)
        _part_of_the_states(module)
        _passed_on(module)


def _taxes(module: ModuleType) -> None:
    """Payoffs 0 to 4 and 0 to 2, weights 1/2 and 3/4 on the future; the second player's only action is not taxed."""
    game = repeated([[4.0], [0.0]], [[0.0], [2.0]], (0.5, 0.75))
    taxed = module.taxable(game, ["1"])
    assert [own.tolist() for own in taxed] == [[True, False], [False]]
    np.testing.assert_allclose(module.prohibitive_tax(game), [1.01 * 4 / 0.5, 1.01 * 2 / 0.25])
    dearer = module.taxed_game(game, taxed, np.array([3.0, 7.0]))
    assert dearer.payoffs.tolist() == [[1.0, 0.0], [0.0, 2.0]]


def _one_state(module: ModuleType) -> None:
    """The action "1" is worth 1 more than "2", which is worth 1 more than "3"; the largest tax is 4.04."""
    game = repeated([[3.0], [2.0], [1.0]], [[1.0], [1.0], [0.0]], 0.5)
    smaller = repeated([[2.0], [1.0]], [[1.0], [0.0]], 0.5)
    smaller = relabelled(smaller, game.states, ((("2", "3"), ("1",)),))
    solution = markov_perfect(game)[0]
    taxed = module.tax_away(solution, ["1"], most_points=100)
    found = module.abandoned(solution, taxed, smaller, module.places_of(smaller, game))
    assert found.solution is not None
    np.testing.assert_allclose(found.solution.values, [[2.0, 1.0]], atol=NEAR)
    assert abs(found.strength - (1 - 1 / 4.04)) < NEAR
    assert found.turns == 0


def two_states(more: float) -> StochasticGame:
    """One player at home or away, for ever where it is; "x" is worth 1 more than "y" at home and `more` more away."""
    payoffs = [np.array([[2.0], [1.0]]), np.array([[5.0 + more], [5.0]])]
    laws = [np.array([[1.0, 0.0]] * 2), np.array([[0.0, 1.0]] * 2)]
    return relabelled(StochasticGame.from_arrays(payoffs, laws, 0.5), ("home", "away"), ((("x", "y"),), (("x", "y"),)))


def _part_of_the_states(module: ModuleType) -> None:
    """Of the smaller game there is one state; that "x" is taken elsewhere does not matter to it."""
    for more, label, value in ((2.0, "home", 1.0), (0.5, "away", 5.0), (2.0, "away", 5.0)):
        game = two_states(more)
        smaller = relabelled(repeated([[value]], [[0.0]], 0.5), (label,), ((("y",), ("1",)),))
        smaller = StochasticGame(("1",), (label,), ((("y",),),), np.array([[value]]), smaller.transitions, game.discount)
        solution = markov_perfect(game)[0]
        taxed = module.tax_away(solution, ["x"], most_points=100)
        found = module.abandoned(solution, taxed, smaller, module.places_of(smaller, game))
        assert found.solution is not None
        np.testing.assert_allclose(found.solution.values, [[value]], atol=NEAR)
        worth = 1.0 if label == "home" else more
        assert abs(found.strength - (1 - worth / float(taxed.largest[0]))) < NEAR


def _passed_on(module: ModuleType) -> None:
    """Half a lottery is no play of the smaller game."""
    game = repeated([[3.0], [3.0]], [[1.0], [1.0]], 0.5)
    smaller = relabelled(repeated([[3.0]], [[1.0]], 0.5), game.states, ((("2",), ("1",)),))
    places = module.places_of(smaller, game)
    half = [np.array([0.5, 0.5]), np.array([1.0])]
    assert module.restricted(smaller, places, half, np.array([[3.0, 1.0]]), "") is None
