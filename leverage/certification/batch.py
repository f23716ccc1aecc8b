"""The checker for many games of one form: what can a player gain by departing once from stationary play?

The same question as in `checker`, for games with the same players, states and actions and other numbers, all at once.
Shares no code with the solvers.
"""

from __future__ import annotations

import numpy as np

from leverage.errors import GameError
from leverage.game.stochastic_game import PROBABILITY_TOLERANCE, Floats, Integers, StochasticGame

#: Games are taken in blocks with at most this many numbers in an array.
MOST_NUMBERS = 2_000_000


def certify_batch(game: StochasticGame, strategies: Floats, *, payoffs: Floats, transitions: Floats, discount: Floats) -> Floats:
    """Largest gain of a one-shot deviation in each of P games of the form of `game`.

    Parameters
    ----------
    game : gives players, states, actions and the pattern of the transition law; its numbers are not read.
    strategies : (P, C) probabilities of all choices: state by state, within a state player by player. NaN: no answer.
    payoffs : (P, R, N) a period, in the order of the game's rows.
    transitions : (P, E) the law's entries, in the order of `game.transitions.data`.
    discount : (P, N).

    Returns
    -------
    (P,) in normalised payoff units (payoff a period), NaN where the strategies are NaN.

    Raises
    ------
    GameError : numbers that are no lottery over a player's actions.

    Examples
    --------
    >>> pd = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]
    >>> game = StochasticGame.from_arrays([pd], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.6)
    >>> play = np.array([[1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0]])  # both cooperate; both defect
    >>> certify_batch(game, play, payoffs=np.stack([game.payoffs] * 2), transitions=np.ones((2, 4)),
    ...               discount=np.full((2, 2), 0.6)).round(12).tolist()
    [0.8, 0.0]
    """
    start = np.concatenate([[0], np.cumsum(game.action_counts.ravel())])
    slot = start[game.row_state * game.n_players + np.arange(game.n_players)[:, None]] + game.row_action
    solved = ~np.isnan(strategies).any(axis=1)
    totals = np.add.reduceat(strategies[solved], start[:-1], axis=1)
    if np.any(strategies[solved] < 0) or np.any(np.abs(totals - 1) > PROBABILITY_TOLERANCE):
        raise GameError("the numbers of some state and player are no lottery over the actions")
    gains = np.full(len(strategies), np.nan)
    size = max(1, MOST_NUMBERS // max(len(game.payoffs) * game.n_states, 1))
    places = np.flatnonzero(solved)
    for block in np.split(places, range(size, len(places), size)):
        gains[block] = _gains(game, start, slot, strategies[block], payoffs[block], transitions[block], discount[block])
    return gains


def _gains(
    game: StochasticGame, start: Integers, slot: Integers, play: Floats, payoffs: Floats, transitions: Floats, discount: Floats
) -> Floats:
    """Largest gain in each game of a block, (P,)."""
    count, rows = len(play), len(game.payoffs)
    law = np.zeros((count, rows, game.n_states))
    law[:, game.entry_row, game.transitions.indices] = transitions
    chance = np.prod(play[:, slot], axis=1)
    first = game.row_start[:-1]
    average = np.add.reduceat(chance[:, :, None] * law, first, axis=1)
    best = np.zeros(count)
    for i in range(game.n_players):
        delta = discount[:, i, None]
        stage = np.add.reduceat(chance * payoffs[:, :, i], first, axis=1) * (1 - delta)
        system = np.eye(game.n_states) - delta[:, :, None] * average
        values = np.linalg.solve(system, stage[:, :, None])[:, :, 0]
        reward = (1 - delta) * payoffs[:, :, i] + delta * (law @ values[:, :, None])[:, :, 0]
        others = np.prod(np.delete(play[:, slot], i, axis=1), axis=1)
        choice = np.zeros((count, play.shape[1]))
        np.add.at(choice.T, slot[i], (others * reward).T)
        for s in range(game.n_states):
            own = choice[:, start[s * game.n_players + i] : start[s * game.n_players + i + 1]]
            best = np.maximum(best, own.max(axis=1) - values[:, s])
    return best
