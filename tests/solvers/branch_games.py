"""Families of games in one parameter whose equilibria are known in closed form."""

from __future__ import annotations

import numpy as np

from leverage.game.stochastic_game import StochasticGame
from leverage.solvers.solution import Solution
from tests.solvers.designed import solution_of

DELTA = 0.5


def stage(first: list[list[float]], second: list[list[float]]) -> StochasticGame:
    table = np.stack([np.array(first, dtype=float), np.array(second, dtype=float)], axis=-1)
    return StochasticGame.from_arrays([table], [np.ones((*table.shape[:2], 1))], DELTA)


def at(game: StochasticGame, *mixes: list[float], values: list[float]) -> Solution:
    return solution_of(game, [np.array(mix) for mix in mixes], np.array([values], dtype=float))


def inspection(theta: float) -> StochasticGame:
    """Mixed for theta > 0: second plays its first action with chance theta / (1 + theta), first mixes evenly; values
    theta / (1 + theta) and 1/2. At 0 the first player's mix is open from 1/2 to 1. Below 0 (first, second) is dominant."""
    return stage([[1, 0], [0, theta]], [[0, 1], [1, 0]])


def three_players(theta: float) -> StochasticGame:
    """Action 2 pays nothing, action 1: a2 - a3, a1 - a3, a1 a2 - (a1 + a2) / 2 + theta (a = 1 for action 1). All mix with p where
    p - p^2 = theta: two equilibria up to the fold at 1/4, p = 1/2. All values are 0."""
    table = np.zeros((2, 2, 2, 3))
    for profile in np.ndindex(2, 2, 2):
        a = 1.0 - np.array(profile)
        table[profile] = a * [a[1] - a[2], a[0] - a[2], a[0] * a[1] - (a[0] + a[1]) / 2 + theta]
    return StochasticGame.from_arrays([table], [np.ones((2, 2, 2, 1))], DELTA)


def root(theta: float, sign: int) -> Solution:
    p = (1 + sign * np.sqrt(1 - 4 * theta)) / 2
    return at(three_players(theta), *[[p, 1 - p]] * 3, values=[0.0, 0.0, 0.0])


def uneven(theta: float) -> StochasticGame:
    """As three_players with 0.9 a2 - a3 and a1 - 0.8 a3: p1 = 0.8 p3, p2 = p3 / 0.9 and theta = (p1 + p2) / 2 - p1 p2. Behind the
    fold p2 reaches 1 at theta = 0.14; from there p3 = 0.9 and p1 = 1 - 2 theta."""
    table = np.zeros((2, 2, 2, 3))
    for profile in np.ndindex(2, 2, 2):
        a = 1.0 - np.array(profile)
        table[profile] = a * [0.9 * a[1] - a[2], a[0] - 0.8 * a[2], a[0] * a[1] - (a[0] + a[1]) / 2 + theta]
    return StochasticGame.from_arrays([table], [np.ones((2, 2, 2, 1))], DELTA)


def three_speeds(theta: float) -> StochasticGame:
    """One player at home, half way or out; moving pays theta - 1 a step for ever after, so all speeds tie at theta = 1."""
    payoffs = [np.array([[0.0], [0.0], [0.0]]), np.array([[theta - 1.0]]), np.array([[2 * (theta - 1.0)]])]
    laws = [np.eye(3), np.array([[0.0, 1.0, 0.0]]), np.array([[0.0, 0.0, 1.0]])]
    return StochasticGame.from_arrays(payoffs, laws, DELTA)


def coordination(theta: float) -> StochasticGame:
    """(first, first) is an equilibrium up to theta = 1. There the first player's mix opens down to 1/2, where the second player
    begins to mix as well, with q = 1 / (2 - theta): back towards small theta."""
    return stage([[1 - theta, 0], [0, 1]], [[1, 0], [0, 1]])


def hysteresis(theta: float) -> StochasticGame:
    """(first, first) up to theta = 1, (second, second) from -1 on; between them both mix, the second with (1 + theta) / 2."""
    return stage([[1 - theta, 0], [0, 1 + theta]], [[1, 0], [0, 1]])
