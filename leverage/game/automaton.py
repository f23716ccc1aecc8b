"""Automata: finite machines that play a stochastic game for one player or for several.

One type serves declared strategies (a machine for one player), stationary profiles (one mode) and equilibrium plans (a
machine for all players, with public lotteries between modes).

Nodes and edges. A *node* is a pair of a mode and a state. At a node each player that the machine plays for has a
lottery over its actions there. When the actions are taken and the next state is drawn, play is on an *edge*: a node
together with one entry (row r, next state s') of the game's transition law that belongs to the node's state. Each edge
carries a public lottery over the nodes of s' with which play goes on. Edges of node k are numbered edge_start[k] to
edge_start[k + 1], in the order of the entries of its state, so that they align with `game.transitions` without any
table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from leverage.errors import GameError
from leverage.game.node_indices import NodeIndices, spans, stationary_indices
from leverage.game.stochastic_game import Booleans, Floats, Integers, StochasticGame

#: The chances of a lottery may miss 1 by this much.
LOTTERY_TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False)
class Automaton:
    """A machine that plays `game` for `players`.

    players: whom it plays for (indices, increasing). modes: a phrase for each mode. node_mode, node_state: (K,).
    lotteries[j]: flat (sum over nodes of A_i(s),) probabilities of player i = players[j], node by node.
    next_nodes: sparse (number of edges, K), a lottery over nodes for each edge. start: sparse (S, K), the lottery over
    nodes with which play begins in a state (a state may have none: its row is empty).
    """

    game: StochasticGame
    players: tuple[int, ...]
    modes: tuple[str, ...]
    node_mode: Integers
    node_state: Integers
    lotteries: tuple[Floats, ...]
    next_nodes: sparse.csr_array
    start: sparse.csr_array

    @classmethod
    def stationary(
        cls, game: StochasticGame, strategies: Sequence[Sequence[Floats]], players: Sequence[int] | None = None
    ) -> Automaton:
        """One mode: strategies[j][s] is the lottery of the j-th of `players` (default: all) in state s.

        Raises GameError where a lottery has the wrong length or is none.
        """
        who = tuple(range(game.n_players)) if players is None else tuple(players)
        if len(strategies) != len(who):
            raise GameError(f"{len(strategies)} strategies for {len(who)} players")
        return cls._always(game, who, tuple(_flat_lotteries(game, i, own) for i, own in zip(who, strategies, strict=True)))

    @classmethod
    def of_profile(cls, game: StochasticGame, p: Floats) -> Automaton:
        """One mode for all players: p (C,) holds lotteries state by state, within a state player by player; whether they are
        lotteries is left to a checker."""
        return cls._always(game, tuple(range(game.n_players)), tuple(p[own] for own in game.indices.profile_places))

    @classmethod
    def _always(cls, game: StochasticGame, players: tuple[int, ...], lotteries: tuple[Floats, ...]) -> Automaton:
        """One mode; lotteries[j]: (C_i,) of the j-th of `players`."""
        always = stationary_indices(game)
        return cls(
            game=game,
            players=players,
            modes=("always",),
            node_mode=always.node_mode,
            node_state=always.node_state,
            lotteries=lotteries,
            next_nodes=always.next_nodes,
            start=always.start,
        )

    @property
    def n_nodes(self) -> int:
        return len(self.node_state)

    @cached_property
    def indices(self) -> NodeIndices:
        """Where what belongs to the nodes stands; stationary plans of games of one form share it."""
        always = stationary_indices(self.game)
        return always if self.node_state is always.node_state else NodeIndices.of(self.game, self.node_state)

    @property
    def edge_start(self) -> Integers:
        """(K + 1,): edges of node k are edge_start[k] to edge_start[k + 1]."""
        return self.indices.edge_start

    @property
    def edge_node(self) -> Integers:
        """(edges,): the node that each edge leaves."""
        return self.indices.edge_node

    @property
    def edge_entry(self) -> Integers:
        """(edges,): the entry of the game's transition law that each edge follows."""
        return self.indices.edge_entry

    @cached_property
    def edge_probability(self) -> Floats:
        """(edges,): chance of the next state given the row of the edge."""
        return np.asarray(self.game.transitions.data[self.edge_entry])

    def choice_start(self, player: int) -> Integers:
        """(K + 1,): where each node's lottery of `player` begins in a flat array."""
        return self.indices.choice_start[player]

    def lottery(self, player: int, node: int) -> Floats:
        """What `player` plays at `node`, shape (A,)."""
        starts = self.choice_start(player)
        return self.lotteries[self.players.index(player)][starts[node] : starts[node + 1]]

    def beginnings(self, state: int) -> tuple[Integers, Floats]:
        """The nodes in which play begins in a state, and the chance of each."""
        here = slice(self.start.indptr[state], self.start.indptr[state + 1])
        return np.asarray(self.start.indices[here], dtype=np.intp), self.start.data[here]

    def describe(self, node: int) -> str:
        """The node in words: its state and, if there are several modes, the mode."""
        state = self.game.states[self.node_state[node]]
        return state if len(self.modes) == 1 else f"{state} ({self.modes[self.node_mode[node]]})"


def join(machines: Sequence[Automaton]) -> Automaton:
    """The machine that runs several side by side: its nodes are those combinations of nodes of one state which can be
    reached, under any actions, from the combination of their starts in some state.

    Public lotteries of the machines are independent. Raises GameError if they play different games or a player is
    played for twice.
    """
    result = machines[0]
    for machine in machines[1:]:
        result = _join_two(result, machine)
    return _in_player_order(result)


def _join_two(left: Automaton, right: Automaton) -> Automaton:
    if left.game is not right.game or set(left.players) & set(right.players):
        raise GameError("automata can be joined if they play the same game for different players")
    game, width = left.game, right.n_nodes
    start = _row_products(left.start, right.start, np.arange(game.n_states), np.arange(game.n_states))
    known = np.unique(start.indices).astype(np.intp)
    frontier = known
    while len(frontier):
        law = _joint_edges(left, right, frontier)
        frontier = np.setdiff1d(law.indices, known).astype(np.intp)
        known = np.union1d(known, frontier)
    law = _joint_edges(left, right, known)
    first, second = known // width, known % width
    modes, labels = np.unique(left.node_mode[first] * len(right.modes) + right.node_mode[second], return_inverse=True)
    return Automaton(
        game=game,
        players=left.players + right.players,
        modes=tuple(_both(left.modes[m // len(right.modes)], right.modes[m % len(right.modes)]) for m in modes),
        node_mode=labels.astype(np.intp),
        node_state=left.node_state[first],
        lotteries=tuple(_pick(left, i, first) for i in left.players) + tuple(_pick(right, i, second) for i in right.players),
        next_nodes=_renumber(law, known),
        start=_renumber(start, known),
    )


def _both(first: str, second: str) -> str:
    named = [mode for mode in (first, second) if mode not in ("", "always")]
    return "; ".join(named) if named else "always"


def _pick(machine: Automaton, player: int, nodes: Integers) -> Floats:
    """The flat lotteries of `player` at the given nodes."""
    starts = machine.choice_start(player)
    flat = machine.lotteries[machine.players.index(player)]
    return flat[spans(starts[nodes], machine.game.action_counts[machine.node_state[nodes], player])]


def _joint_edges(left: Automaton, right: Automaton, pairs: Integers) -> sparse.csr_array:
    """Edge lotteries of pairs of nodes (numbered left * width + right)."""
    first, second = pairs // right.n_nodes, pairs % right.n_nodes
    sizes = np.diff(left.edge_start)[first]
    return _row_products(
        left.next_nodes, right.next_nodes, spans(left.edge_start[first], sizes), spans(right.edge_start[second], sizes)
    )


def _row_products(left: sparse.csr_array, right: sparse.csr_array, rows: Integers, others: Integers) -> sparse.csr_array:
    """Row e is the product lottery of left[rows[e]] and right[others[e]] over pairs of columns."""
    sizes_left, sizes_right = np.diff(left.indptr)[rows], np.diff(right.indptr)[others]
    sizes = sizes_left * sizes_right
    position = spans(np.zeros_like(sizes), sizes)
    divisor = np.repeat(np.maximum(sizes_right, 1), sizes)
    a = np.repeat(left.indptr[rows], sizes) + position // divisor
    b = np.repeat(right.indptr[others], sizes) + position % divisor
    columns = left.indices[a].astype(np.intp) * right.shape[1] + right.indices[b]
    indptr = np.concatenate([[0], np.cumsum(sizes)])
    return sparse.csr_array((left.data[a] * right.data[b], columns, indptr), shape=(len(rows), left.shape[1] * right.shape[1]))


def _renumber(law: sparse.csr_array, known: Integers) -> sparse.csr_array:
    """The same rows with columns numbered by their place in `known`."""
    return sparse.csr_array((law.data, np.searchsorted(known, law.indices), law.indptr), shape=(law.shape[0], len(known)))


def _in_player_order(machine: Automaton) -> Automaton:
    order = np.argsort(machine.players)
    return Automaton(
        game=machine.game,
        players=tuple(machine.players[j] for j in order),
        modes=machine.modes,
        node_mode=machine.node_mode,
        node_state=machine.node_state,
        lotteries=tuple(machine.lotteries[j] for j in order),
        next_nodes=machine.next_nodes,
        start=machine.start,
    )


def reachable_nodes(machine: Automaton, state: int | None = None, *, at_any_values: bool = False) -> Booleans:
    """(K,): nodes that play can reach from the start in `state` (default: the game's) whatever anybody does, chance
    permitting; with `at_any_values` also over transitions whose chance is zero at this parameter point only.
    """
    begin, _ = machine.beginnings(machine.game.start if state is None else state)
    return nodes_from(machine, begin, at_any_values=at_any_values)


def nodes_from(machine: Automaton, begin: NDArray[np.integer], *, at_any_values: bool = False) -> Booleans:
    """(K,): the nodes `begin` and those that play can reach from them, whatever anybody does; chance as in `reachable_nodes`."""
    law = machine.next_nodes
    leads = np.repeat(at_any_values | (machine.edge_probability > 0), np.diff(law.indptr)) & (law.data > 0)
    into = np.asarray(law.indptr[machine.edge_start], dtype=np.intp)
    seen = np.zeros(machine.n_nodes, dtype=bool)
    seen[begin] = True
    frontier = np.flatnonzero(seen)
    while len(frontier):
        before = seen.copy()
        arcs = spans(into[frontier], into[frontier + 1] - into[frontier])
        seen[law.indices[arcs[leads[arcs]]]] = True
        frontier = np.flatnonzero(seen & ~before)
    return seen


def _flat_lotteries(game: StochasticGame, player: int, own: Sequence[Floats]) -> Floats:
    """The lotteries of a player, one a state, one after the other. Raises GameError where one has the wrong length or is none."""
    if not 0 <= player < game.n_players:
        raise GameError(f"there is no player {player}; the game has {game.n_players}")
    if len(own) != game.n_states:
        raise GameError(f"player {game.players[player]}: {len(own)} lotteries for {game.n_states} states")
    counts = game.action_counts[:, player].tolist()
    arrays = [np.asarray(x, dtype=np.float64) for x in own]
    wrong = [s for s, (x, count) in enumerate(zip(arrays, counts, strict=True)) if x.shape != (count,)]
    flat = np.concatenate([x.ravel() for x in arrays])
    if not wrong:
        starts = game.choice_start[player, :-1]
        off = np.abs(np.add.reduceat(flat, starts) - 1)
        wrong = np.flatnonzero(~((np.minimum.reduceat(flat, starts) >= 0) & (off <= LOTTERY_TOLERANCE))).tolist()
    if wrong:
        s = wrong[0]
        raise GameError(
            f"player {game.players[player]}, state {game.states[s]}: {arrays[s].tolist()} is no lottery over its actions"
        )
    return flat
