"""Where what belongs to the nodes of a plan stands: index arrays that hang on a game's form and on the nodes' states alone.

A *node* of a plan is in a state of the game (see `automaton`). A *cell* is a node with one row of its state, so one action
profile; an *edge* is a node with one entry of its state's transition law. Cells of a node stand together in the order of the
state's rows, and edges of a cell in the order of the row's entries, so that what belongs to a node is one piece of each array.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from leverage.game.stochastic_game import Integers, RowIndices, StochasticGame


@dataclass(frozen=True, eq=False)
class NodeIndices:
    """Index arrays of K nodes.

    row_start, row_action, action_counts: as the game's. row_entry: (R + 1,) entries of the law of row r are row_entry[r] to
    row_entry[r + 1]. node_state: (K,).
    """

    row_start: Integers
    row_action: Integers
    action_counts: Integers
    row_entry: NDArray[np.integer]
    node_state: Integers

    @classmethod
    def of(cls, game: StochasticGame, node_state: Integers) -> NodeIndices:
        """Those of nodes in these states (K,) of the game."""
        return NodeIndices(game.row_start, game.row_action, game.action_counts, game.transitions.indptr, node_state)

    @cached_property
    def first_cell(self) -> Integers:
        """(K + 1,): cells of node k are first_cell[k] to first_cell[k + 1]."""
        return _starts(np.diff(self.row_start)[self.node_state])

    @cached_property
    def cell_node(self) -> Integers:
        """(cells,): the node of each cell."""
        return np.repeat(np.arange(len(self.node_state)), np.diff(self.first_cell))

    @cached_property
    def cell_row(self) -> Integers:
        """(cells,): the row of each cell."""
        return spans(self.row_start[self.node_state], np.diff(self.first_cell))

    @cached_property
    def cell_choice(self) -> tuple[Integers, ...]:
        """For each player (cells,): the place of the cell's action in the player's lotteries, flat over the nodes."""
        return tuple(
            starts[self.cell_node] + action[self.cell_row]
            for starts, action in zip(self.choice_start, self.row_action, strict=True)
        )

    @cached_property
    def cell_edge(self) -> Integers:
        """(cells + 1,): edges of cell c are cell_edge[c] to cell_edge[c + 1]."""
        return _starts(np.diff(self.row_entry)[self.cell_row])

    @cached_property
    def choice_start(self) -> tuple[Integers, ...]:
        """For each player (K + 1,): where each node's lottery begins in the player's lotteries, flat over the nodes."""
        return tuple(_starts(counts) for counts in self.action_counts[self.node_state].T)

    @cached_property
    def edge_start(self) -> Integers:
        """(K + 1,): edges of node k are edge_start[k] to edge_start[k + 1]."""
        return self.cell_edge[self.first_cell]

    @cached_property
    def edge_node(self) -> Integers:
        """(edges,): the node that each edge leaves."""
        return np.repeat(np.arange(len(self.node_state)), np.diff(self.edge_start))

    @cached_property
    def edge_entry(self) -> Integers:
        """(edges,): the entry of the game's transition law that each edge follows."""
        return spans(np.asarray(self.row_entry, dtype=np.intp)[self.cell_row], np.diff(self.cell_edge))


@dataclass(frozen=True, eq=False)
class StationaryIndices(NodeIndices):
    """Those of plans that have one node in each state, in the order of the states.

    following: (E,) the state, and so the node, that each edge leads to.
    """

    following: NDArray[np.integer]

    @cached_property
    def next_nodes(self) -> sparse.csr_array:
        """(E, S): each edge leads to the node of its next state. Not to be written to: many plans have it."""
        return _kept(selection(self.following, len(self.node_state)))

    @cached_property
    def start(self) -> sparse.csr_array:
        """(S, S): play begins in a state at its node. Not to be written to."""
        return _kept(selection(self.node_state, len(self.node_state)))

    @cached_property
    def node_mode(self) -> Integers:
        """(S,): all nodes have the same mode."""
        return np.zeros(len(self.node_state), dtype=np.intp)


#: The last ones made for games that share their row indices, as the points of a sweep do.
_SHARED: WeakKeyDictionary[RowIndices, StationaryIndices] = WeakKeyDictionary()


def stationary_indices(game: StochasticGame) -> StationaryIndices:
    """Index arrays of stationary plans of the game, the same ones for games of one form."""
    known, law = _SHARED.get(game.indices), game.transitions
    if known is None or not (np.array_equal(known.following, law.indices) and np.array_equal(known.row_entry, law.indptr)):
        rows, states = game.indices, np.arange(game.n_states)
        known = StationaryIndices(
            rows.row_start, rows.row_action, rows.action_counts, law.indptr.copy(), states, law.indices.copy()
        )
        _SHARED[rows] = known  # which holds arrays of its key, not the key
    return known


def selection(targets: NDArray[np.integer], width: int) -> sparse.csr_array:
    """The sparse matrix whose row e has its one 1 in column targets[e]."""
    count = len(targets)
    return sparse.csr_array((np.ones(count), np.asarray(targets), np.arange(count + 1)), shape=(count, width))


def _kept(law: sparse.csr_array) -> sparse.csr_array:
    """The same, refusing to be written to."""
    for array in (law.data, law.indices, law.indptr):
        array.flags.writeable = False
    return law


def spans(starts: Integers, sizes: Integers) -> Integers:
    """Concatenation of the ranges starts[k], starts[k] + 1, ..., starts[k] + sizes[k] - 1."""
    total = int(np.sum(sizes))
    ends = np.cumsum(sizes)
    return np.arange(total) - np.repeat(ends - sizes - starts, sizes)


def _starts(sizes: Integers) -> Integers:
    """(n + 1,): where n parts of these sizes begin and end, one after the other."""
    found = np.zeros(len(sizes) + 1, dtype=np.intp)
    np.cumsum(sizes, out=found[1:])
    return found
