"""The arrays that the compiled logit path works on, made from a game: index arrays once a form, numbers once a game."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import reverse_cuthill_mckee
from scipy.sparse.linalg import SuperLU, splu

from leverage.game.stochastic_game import Floats, Integers, RowIndices, StochasticGame
from leverage.solvers import logit_kernel as kernel
from leverage.solvers.logit_kernel import Numbers, Shape, Work

#: Up to this many values (states times players), or above this share of nonzeros, the values' matrix is factored as a dense one.
DENSE_LIMIT = 150
DENSE_SHARE = 0.2
#: Sparse factors have room for this many times the nonzeros that a trial factorisation needs.
ROOM = 3
#: Gains below this share of the largest payoff are rounding, also where the payoff range is 0.
ROUNDING_SHARE = 1e-14


#: The last shape made for games that share their row indices, as the points of a sweep do.
_SHARED: WeakKeyDictionary[RowIndices, Shape] = WeakKeyDictionary()


def shape_of(game: StochasticGame) -> Shape:
    """Index arrays of the game's form. Entries of the transition law that are 0 in this game are kept."""
    if game.shared is None or game.shared.actions is not game.actions:
        return _made(game)
    known, law = _SHARED.get(game.shared), game.transitions
    if known is None or not (np.array_equal(known.entry[kernel.TO], law.indices) and np.array_equal(known.row_start, law.indptr)):
        known = _SHARED[game.shared] = _made(game)
    return known


def _made(game: StochasticGame) -> Shape:
    """The game's shape, made anew."""
    return shape_from(game.indices, game.transitions.indptr, game.transitions.indices)


def shape_from(rows: RowIndices, row_start: NDArray[np.integer], to: NDArray[np.integer]) -> Shape:
    """Index arrays from those of the rows, and from the rows' entries of the transition law: where each begins (R + 1,), and the
    next states (E,)."""
    states, players = rows.action_counts.shape
    group_start = np.concatenate([[0], np.cumsum(rows.action_counts.ravel())])
    row_slot = group_start[rows.row_state[:, None] * players + np.arange(players)] + rows.row_action.T
    indices, entry_start = to.astype(np.intp), row_start.astype(np.intp)
    entry_state = np.repeat(rows.row_state, np.diff(entry_start))
    diagonal = np.arange(states) * (states + 1)
    pairs = np.unique(np.concatenate([entry_state * states + indices, diagonal]))
    entry_block = np.searchsorted(pairs, entry_state * states + indices)
    widths = group_start[players::players] - group_start[:-1:players]
    block_start = np.searchsorted(pairs, np.arange(states + 1) * states)
    block_source, by_column = pairs // states, np.argsort(pairs % states, kind="stable")
    table = np.zeros((7, states + 1), dtype=np.intp)
    table[kernel.ROWS] = rows.row_start
    table[kernel.BLOCKS] = block_start
    table[kernel.SQUARE, 1:] = np.cumsum(widths**2)
    table[kernel.DIAGONAL, :-1] = np.searchsorted(pairs, diagonal)
    table[kernel.ALIGNED, :-1] = _aligned(rows, entry_start, entry_block, block_start)
    table[kernel.RANK, :-1] = _dense_ranks(states, pairs)
    table[kernel.COLUMN, 1:] = np.cumsum(np.bincount(pairs % states, minlength=states))
    return Shape(
        players=players,
        states=states,
        group_start=group_start,
        state=table,
        row_start=entry_start,
        row_slot=np.ascontiguousarray(row_slot),
        entry=np.stack([indices, entry_block]),
        block=np.stack([pairs % states, block_source[by_column], by_column]),
        order=_elimination_order(players, states, pairs),
    )


def _aligned(rows: RowIndices, entry_start: Integers, entry_block: Integers, block_start: Integers) -> np.ndarray:
    """(S,): whether every row of a state has all the state's blocks as its entries, in order."""
    sizes = np.diff(entry_start)
    entry_row = np.repeat(np.arange(len(sizes)), sizes)
    expected = block_start[rows.row_state[entry_row]] + np.arange(len(entry_block)) - entry_start[entry_row]
    fits = sizes == np.diff(block_start)[rows.row_state]
    fits[entry_row[entry_block != expected]] = False
    return np.logical_and.reduceat(fits, rows.row_start[:-1])


def _elimination_order(players: int, states: int, pairs: Integers) -> Integers:
    """Columns of the values' matrix, the border last, in an order that keeps factors sparse; empty if dense factors are
    better.
    """
    size = states * players + 1
    if size <= DENSE_LIMIT or len(pairs) > DENSE_SHARE * states * states:
        return np.zeros(0, dtype=np.intp)
    lu = _trial_factors(states, pairs)
    if lu.nnz > DENSE_SHARE * states * states:
        return np.zeros(0, dtype=np.intp)
    by_place = np.argsort(lu.perm_c)
    return np.append((by_place[:, None] * players + np.arange(players)).ravel(), size - 1)


def _dense_ranks(states: int, pairs: Integers) -> Integers:
    """(S,): places of the states in a dense matrix, in an order that keeps what is not zero near the diagonal: their own, or that
    of Cuthill and McKee (1969) if it is better."""
    own, ranks = np.arange(states), np.empty(states, dtype=np.intp)
    if 2 * len(pairs) > states * states:
        return own
    rows, columns = pairs // states, pairs % states
    ranks[reverse_cuthill_mckee(_pattern(states, pairs).tocsr())] = own

    def spread(place: Integers) -> int:
        reach = own.copy()
        np.maximum.at(reach, place[rows], place[columns])
        np.maximum.at(reach, place[columns], place[rows])
        return int((reach - own).sum())

    return ranks if spread(ranks) < spread(own) else own


def _pattern(states: int, pairs: Integers) -> sparse.csc_matrix:
    """A well-conditioned matrix with an entry for each pair of states."""
    rows, columns = pairs // states, pairs % states
    return sparse.csc_matrix((np.where(rows == columns, 1.0, -0.5 / states), (rows, columns)), shape=(states, states))


def fills_in(shape: Shape) -> bool:
    """Whether sparse factors of the values' matrix would have most entries, and it is too large for dense ones to be cheap."""
    return shape.players * shape.states > DENSE_LIMIT and not len(shape.order)


def factor_work(shape: Shape) -> int:
    """About how many multiplications sparse factors of the values' matrix take; 0 if dense ones are better."""
    if not len(shape.order):
        return 0
    lu = _trial_factors(shape.states, _pairs(shape))
    columns, rows = np.diff(lu.L.indptr), np.bincount(lu.U.indices, minlength=shape.states)
    return int(columns @ rows) * shape.players**3


def _pairs(shape: Shape) -> Integers:
    """Pairs of states of which one may follow the other, as states times the one plus the other."""
    return np.asarray(shape.block[kernel.SOURCE] * shape.states + np.sort(shape.block[kernel.NEXT]))


def _trial_factors(states: int, pairs: Integers) -> SuperLU:
    """Of a matrix with an entry for each pair of states."""
    return splu(_pattern(states, pairs), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})


def uniform_play(shape: Shape) -> Floats:
    """All actions equally likely, (C,)."""
    sizes = np.diff(shape.group_start)
    return np.repeat(1.0 / sizes, sizes)


def numbers_of(game: StochasticGame, tolerance: float) -> Numbers:
    """The game's numbers: payoffs less each player's least, divided by its range (a constant player's are 0)."""
    spread, base = scales(game)
    worth = (1 - game.discount) * spread / allowed_gain(game, tolerance)
    return Numbers(
        payoffs=np.ascontiguousarray((game.payoffs - base) / spread),
        law=np.ascontiguousarray(game.transitions.data),
        player=np.stack([game.discount, worth]),
    )


def law_of(shape: Shape, numbers: Numbers, player: int) -> sparse.csr_array:
    """(R, S): the transition law as the player sees it."""
    laws = numbers.law.reshape(-1, shape.entry.shape[1])
    law = laws[min(player, len(laws) - 1)]
    return sparse.csr_array((law, shape.entry[kernel.TO], shape.row_start), shape=(len(shape.row_slot), shape.states))


def scales(game: StochasticGame) -> tuple[Floats, Floats]:
    """What payoffs are divided by, (N,), after what is deducted, (N,)."""
    spread = np.ptp(game.payoffs, axis=0)
    return np.where(spread > 0, spread, 1.0), game.payoffs.min(axis=0)


def allowed_gain(game: StochasticGame, tolerance: float) -> float:
    """The largest gain of a one-shot deviation that is accepted, payoff units."""
    return max(tolerance * game.payoff_range, ROUNDING_SHARE * float(np.max(np.abs(game.payoffs))), np.finfo(float).tiny)


def workspace(shape: Shape, room: int = ROOM) -> Work:
    """Scratch arrays for games of this form. `room` scales the space for sparse factors."""
    players, states, slots = shape.players, shape.states, int(shape.group_start[-1])
    size, is_sparse = players * states + 1, len(shape.order) > 0
    capacity = _capacity(shape, room) if is_sparse else 0
    flag = np.ones((2, slots), dtype=np.bool_)
    return Work(
        slot=np.zeros((kernel.SLOT_ROWS, slots)),
        group=np.zeros((kernel.GROUP_ROWS, size)),
        row=np.zeros((4, len(shape.row_slot), players)),
        column_values=np.zeros((players, states)),
        matrix=np.zeros(int(shape.state[kernel.SQUARE, -1])),
        pivot=np.zeros(slots, dtype=np.intp),
        weight=np.zeros((2, players + 1, slots)),
        blocks=np.zeros((players + 1, players, shape.block.shape[1])),
        dense=np.zeros(0 if is_sparse else (size + 4) * size),
        flag=flag,
        factor=np.zeros((2, capacity)),
        factor_row=np.zeros((2, capacity), dtype=np.intp),
        place=np.zeros((8, 2 * size + 1), dtype=np.intp),
        at=np.zeros(kernel.SCALARS),
    )


def _capacity(shape: Shape, room: int) -> int:
    """Space for each of the two sparse factors."""
    size, players = len(shape.order), shape.players
    return int(min(room * _trial_factors(shape.states, _pairs(shape)).nnz * players * players + 4 * size, size * size) + size)
