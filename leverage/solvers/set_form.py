"""The two-player game as the equilibrium-set solver wants it: payoffs scaled to [0, 1], and who may depart to what.

Scaling each player's payoff by its own range makes the answer independent of the payoffs' units up to rounding. The discount
factors do not change under it, and normalised values scale as payoffs do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from leverage.errors import GameError
from leverage.game.stochastic_game import Booleans, Floats, Integers, StochasticGame

#: masks[s][i][a]: whether player i's action a in state s is meant.
Mask = Sequence[Sequence[ArrayLike]]


@dataclass(frozen=True, eq=False)
class SetForm:
    """Arrays for the kernels.

    reward: (R, 2) = (1 - delta_i) (u_i - lowest_i) / scale_i. lowest, scale: (2,) payoff units. delta: (2,). prescribed: (R,)
    rows that a plan may prescribe. may_depart[i]: (R,) rows whose action of player i it may depart to. departure_start: (2, R +
    1), departures: rows to which player i may depart from row r.
    """

    game: StochasticGame
    reward: Floats
    lowest: Floats
    scale: Floats
    delta: Floats
    prescribed: Booleans
    may_depart: tuple[Booleans, Booleans]
    departure_start: Integers
    departures: Integers

    @cached_property
    def law(self) -> tuple[Integers, Integers, Floats]:
        """Row starts, next states and chances of the transition law, as the kernels take them."""
        law = self.game.transitions
        return law.indptr.astype(np.int64), law.indices.astype(np.int64), law.data

    def exposed(self, marked: Booleans) -> Booleans:
        """(R,): rows that are marked, or from which the departure of one player, or of both together, leads to a marked one."""
        game, found = self.game, marked.copy()
        for s in range(game.n_states):
            rows = slice(game.row_start[s], game.row_start[s + 1])
            here = marked[rows].reshape(tuple(game.action_counts[s]))
            if not here.any():
                continue
            own, other = (self.may_depart[i][rows].reshape(here.shape) for i in range(2))
            first, second = (here & own).any(axis=0, keepdims=True), (here & other).any(axis=1, keepdims=True)
            found[rows] = (here | first | second | (here & own & other).any()).ravel()
        return found


def set_form(game: StochasticGame, prescribable: Mask | None, deviation: Mask | None) -> SetForm:
    """Raises GameError for a game that has not two players, and for masks that do not fit it."""
    if game.n_players != 2:
        raise GameError(
            f"the equilibrium payoff set is a polygon for two players; this game has {game.n_players}: use payoff_bounds"
        )
    may_prescribe = [row_mask(game, prescribable, i, "prescribable") for i in range(2)]
    may_depart = [row_mask(game, deviation, i, "deviation") for i in range(2)]
    lowest, scale = game.payoffs.min(axis=0), np.ptp(game.payoffs, axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    starts, rows, offset = [], [], 0
    for i in range(2):
        start, found = _departures(game, i, may_depart[i])
        starts.append(start + offset)
        rows.append(found)
        offset += len(found)
    return SetForm(
        game=game,
        reward=np.ascontiguousarray((1 - game.discount) * (game.payoffs - lowest) / scale),
        lowest=lowest,
        scale=scale,
        delta=game.discount.astype(np.float64),
        prescribed=may_prescribe[0] & may_prescribe[1],
        may_depart=(may_depart[0], may_depart[1]),
        departure_start=np.array(starts, dtype=np.int64),
        departures=np.concatenate(rows).astype(np.int64),
    )


def row_mask(game: StochasticGame, mask: Mask | None, player: int, name: str) -> Booleans:
    """(R,): whether `player`'s action in each row is allowed by the mask (None: every action is).

    Raises GameError where the mask has another shape than the game's actions, or holds other things than truth values: a list of
    action numbers would pass for one.
    """
    if mask is None:
        return np.ones(len(game.payoffs), dtype=bool)
    if len(mask) != game.n_states or any(len(of_state) != game.n_players for of_state in mask):
        raise GameError(f"{name}: one list of {game.n_players} masks is needed for each of the {game.n_states} states")
    flat = [np.asarray(of_state[player]) for of_state in mask]
    for s, own in enumerate(flat):
        if own.dtype != np.bool_ or own.shape != (game.action_counts[s, player],):
            raise GameError(
                f"{name}: player {game.players[player]} needs {game.action_counts[s, player]} truth values in state "
                f"{game.states[s]}, one for each action"
            )
    return np.asarray(np.concatenate(flat)[game.row_choice[player]])


def _departures(game: StochasticGame, player: int, allowed: Booleans) -> tuple[Integers, Integers]:
    """For each row the rows of the same state in which only `player` acts otherwise and may do so."""
    sizes, found = [], []
    for s in range(game.n_states):
        counts = game.action_counts[s]
        rows = np.arange(game.row_start[s], game.row_start[s + 1]).reshape(tuple(counts))
        lines = np.moveaxis(rows, player, -1)
        mine, other = game.row_action[player][rows.ravel()], game.row_action[1 - player][rows.ravel()]
        reached = lines[other]
        keep = allowed[reached]
        keep[np.arange(rows.size), mine] = False
        found.append(reached[keep])
        sizes.append(keep.sum(axis=1))
    return np.concatenate([[0], np.cumsum(np.concatenate(sizes))]).astype(np.int64), np.concatenate(found).astype(np.int64)
