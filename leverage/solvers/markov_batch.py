"""Markov perfect equilibria of many games of one form: a sweep's points, a class's exercises, a simulation study.

Every game is solved by the rule of `markov_perfect` and by itself: no answer depends on the others, on their order or
on how they are divided among workers. The index arrays are made once, and the compiled walk takes game after game.

Sources: as for `markov_perfect`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from leverage.certification.batch import certify_batch
from leverage.errors import GameError, UnsolvedError
from leverage.game.stochastic_game import PROBABILITY_TOLERANCE, Floats, Measures, StochasticGame
from leverage.solvers.logit_kernel import NO_BIAS, Numbers
from leverage.solvers.logit_system import ROUNDING_SHARE
from leverage.solvers.markov_perfect import QUICK, SELECTION, engine_for, markov_perfect, path_ends


@dataclass(frozen=True, eq=False)
class MarkovBatch:
    """Answers for P games; NaN where a game was not solved.

    strategies[i][s]: (P, A_i). values: (P, S, N) normalised payoff a period. certificate: (P,) largest gain of a one-shot
    deviation, payoff units. selection: (P,) how each was chosen; "" where it was not solved.
    """

    strategies: tuple[tuple[Floats, ...], ...]
    values: Floats
    certificate: Floats
    selection: tuple[str, ...]


def markov_perfect_batch(
    game: StochasticGame,
    *,
    payoffs: Sequence[ArrayLike] | None = None,
    transitions: Sequence[ArrayLike] | None = None,
    discount: ArrayLike | None = None,
    tolerance: float = 1e-9,
) -> MarkovBatch:
    """The Markov perfect equilibrium that `markov_perfect` selects, for P games with the players, states and actions of `game`.

    Parameters
    ----------
    game : the form, and the numbers of what is not given.
    payoffs : per state an array (P, A_1, ..., A_N, N), payoff a period.
    transitions : per state an array (P, A_1, ..., A_N, S), probabilities of the next state.
    discount : a number, (N,) or (P, N), in [0, 1).
    tolerance : largest gain of a one-shot deviation that is accepted, as a share of each game's payoff range; > 0.

    Raises
    ------
    GameError : shapes that do not fit, numbers that are no game. ValueError : tolerance not above 0.

    Examples
    --------
    >>> pd = np.array([[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]])
    >>> game = StochasticGame.from_arrays([pd], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.6)
    >>> batch = markov_perfect_batch(game, payoffs=[np.stack([pd, 2 * pd])])
    >>> batch.values[:, 0, 0].tolist()
    [1.0, 2.0]
    """
    form, rows, law, patience = _numbers(game, payoffs, transitions, discount)
    engine = engine_for(form, tolerance)
    scale, base = _scales(rows)
    allowed = allowed_gains(rows, tolerance)
    worth = (1 - patience) * scale / allowed[:, None]
    scaled = (rows - base[:, None]) / scale[:, None]
    play = np.full((len(rows), int(engine.shape.group_start[-1])), np.nan)
    for k in range(len(rows)):
        engine.numbers = Numbers(scaled[k], law[k], np.stack([patience[k], worth[k]]))
        p = next(path_ends(engine, QUICK, engine.work.slot[NO_BIAS]), None)
        if p is not None:
            play[k] = p
    certificate = certify_batch(form, play, payoffs=rows, transitions=law, discount=patience)
    values, selection = _values(form, play, rows, law, patience), [SELECTION] * len(rows)
    for k in map(int, np.flatnonzero(~(certificate <= allowed))):
        play[k], values[k], certificate[k], selection[k] = _by_itself(form, rows[k], law[k], patience[k], tolerance)
    return MarkovBatch(_by_player(form, play), values, certificate, tuple(selection))


def _by_itself(
    form: StochasticGame, payoffs: Floats, law: Floats, discount: Floats, tolerance: float
) -> tuple[Floats, Floats, float, str]:
    """Play, values, certificate and rule by the single solver with all its retries; NaN if it does not solve the game either."""
    pattern = (law.copy(), form.transitions.indices, form.transitions.indptr)
    one = replace(form, payoffs=payoffs, transitions=sparse.csr_array(pattern, shape=form.transitions.shape), discount=discount)
    try:
        found = markov_perfect(one, tolerance=tolerance)[0]
    except UnsolvedError:
        return np.full(int(form.action_counts.sum()), np.nan), np.full(form.action_counts.shape, np.nan), np.nan, ""
    players = range(form.n_players)
    play = np.concatenate([found.strategies[i][s] for s in range(form.n_states) for i in players])
    return play, found.values, found.certificate, found.selection


# --- the numbers of P games ----------------------------------------------------------------------------------------------


def _numbers(
    game: StochasticGame, payoffs: Sequence[ArrayLike] | None, transitions: Sequence[ArrayLike] | None, discount: ArrayLike | None
) -> tuple[StochasticGame, Floats, Floats, Floats]:
    """The form with a transition pattern that holds for all, payoffs (P, R, N), law (P, E), discount factors (P, N)."""
    players, states = game.n_players, game.n_states
    rows = None if payoffs is None else _tables(game, payoffs, players, "payoffs")
    dense = None if transitions is None else _tables(game, transitions, states, "transitions")
    patience = np.asarray(game.discount if discount is None else discount, dtype=np.float64)
    sizes = {len(table) for table in (rows, dense) if table is not None} | ({len(patience)} if patience.ndim == 2 else set())
    if len(sizes) > 1:
        raise GameError(f"payoffs, transitions and discounts are for different numbers of games: {sorted(sizes)}")
    if patience.ndim > 2 or (patience.ndim and patience.shape[-1] != players):
        raise GameError(f"discount has shape {patience.shape}; a number, ({players},) or (P, {players}) is needed")
    if not np.all((patience >= 0) & (patience < 1)):
        raise GameError("discount factors lie in [0, 1)")
    count = sizes.pop() if sizes else 1
    form, law = game, game.transitions.data
    if dense is not None:
        form, law = _common_pattern(game, dense)
    all_rows = np.broadcast_to(game.payoffs if rows is None else rows, (count, *game.payoffs.shape))
    if not np.all(np.isfinite(all_rows)):
        raise GameError("a payoff is not a finite number")
    return (
        form,
        np.ascontiguousarray(all_rows),
        np.ascontiguousarray(np.broadcast_to(law, (count, form.transitions.nnz))),
        np.ascontiguousarray(np.broadcast_to(patience, (count, players))),
    )


def _tables(game: StochasticGame, tables: Sequence[ArrayLike], last: int, what: str) -> Floats:
    """(P, R, last) from one array a state. Raises GameError if a shape does not fit."""
    arrays = [np.asarray(table, dtype=np.float64) for table in tables]
    if len(arrays) != game.n_states:
        raise GameError(f"{what}: {len(arrays)} arrays for {game.n_states} states")
    for s, array in enumerate(arrays):
        expected = (*game.action_counts[s], last)
        if array.shape[1:] != expected or len(array) != len(arrays[0]):
            raise GameError(f"{what} of state {s}: shape {array.shape}; (P, {', '.join(map(str, expected))}) is needed")
    return np.concatenate([array.reshape(len(array), -1, last) for array in arrays], axis=1)


def _common_pattern(game: StochasticGame, dense: Floats) -> tuple[StochasticGame, Floats]:
    """The form whose transition law has an entry wherever one of the games has, and the entries (P, E) of each game."""
    flat = sparse.csr_array(dense.reshape(-1, game.n_states))  # rows are summed as for a single game: ties amplify rounding
    totals: Floats = np.asarray(flat.maximum(0.0).sum(axis=1))
    off = float(np.max(np.abs(totals - 1), initial=0.0))
    if not (np.all(np.isfinite(dense)) and dense.min(initial=0.0) >= -PROBABILITY_TOLERANCE and off <= PROBABILITY_TOLERANCE):
        raise GameError("transitions are no probabilities: some row is negative, not finite, or does not sum to 1")
    law = np.clip(dense, 0.0, None) / totals.reshape(*dense.shape[:2], 1)
    mean = sparse.csr_array(law.mean(axis=0))
    mean.sort_indices()
    row = np.repeat(np.arange(mean.shape[0]), np.diff(mean.indptr))
    entries = law[:, row, mean.indices]
    return replace(game, transitions=mean, terms=(), measures=Measures()), entries


def _scales(rows: Floats) -> tuple[Floats, Floats]:
    """Per game and player the range of payoffs (1 for a constant player) and the least payoff, (P, N)."""
    spread, base = np.ptp(rows, axis=1), rows.min(axis=1)
    return np.where(spread > 0, spread, 1.0), base


def allowed_gains(rows: Floats, tolerance: float) -> Floats:
    """(P,): the largest gain that is accepted in each game, by the rule of the single solver."""
    largest = tolerance * np.ptp(rows, axis=1).max(axis=1)
    rounding = ROUNDING_SHARE * np.abs(rows).max(axis=(1, 2))
    return np.asarray(np.maximum(np.maximum(largest, rounding), np.finfo(np.float64).tiny))


def _values(form: StochasticGame, play: Floats, rows: Floats, law: Floats, patience: Floats) -> Floats:
    """Normalised values (P, S, N) of stationary play (P, C), NaN where that is; sparse games one by one."""
    start = np.concatenate([[0], np.cumsum(form.action_counts.ravel())])
    slot = start[form.row_state[:, None] * form.n_players + np.arange(form.n_players)] + form.row_action.T
    chance = np.prod(play[:, slot], axis=2)
    cell = form.row_state[form.entry_row] * form.n_states + form.transitions.indices
    values = np.full((len(play), form.n_states, form.n_players), np.nan)
    for k in np.flatnonzero(~np.isnan(play).any(axis=1)):
        weights = chance[k, form.entry_row] * law[k]
        mean = np.bincount(cell, weights, form.n_states**2).reshape(form.n_states, form.n_states)
        payoff = np.add.reduceat(chance[k][:, None] * rows[k], form.row_start[:-1], axis=0) * (1 - patience[k])
        systems = np.eye(form.n_states) - patience[k][:, None, None] * mean
        values[k] = np.linalg.solve(systems, payoff.T[:, :, None])[:, :, 0].T
    return values


def _by_player(form: StochasticGame, play: Floats) -> tuple[tuple[Floats, ...], ...]:
    """strategies[i][s]: (P, A_i)."""
    parts = np.split(play, np.cumsum(form.action_counts.ravel())[:-1], axis=1)
    return tuple(tuple(parts[i :: form.n_players]) for i in range(form.n_players))
