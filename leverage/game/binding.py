"""The game that is left when somebody is bound to a machine: its moves become part of the rules.

A state of the bound game is a node of the machine, a pair of a memory and a state of the original game. The player that is bound
has one action there; the others keep theirs. Payoffs and the law of the next state are expectations over the machine's lotteries.
Best replies, equilibria and outcomes of the bound game are those of the original game against the machine (the product of a game
with a finite automaton: Abreu and Rubinstein 1988).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import breadth_first_order

from leverage.errors import GameError
from leverage.game.automaton import Automaton, nodes_from
from leverage.game.node_indices import spans
from leverage.game.stochastic_game import Floats, Integers, StochasticGame

#: What a bound player's one action is called where it draws lots.
MIXED = "mixed"


@dataclass(frozen=True, eq=False)
class _Rows:
    """What is played: per pair of a node and a row of its state that the machine gives a positive chance.

    node, row, chance: (pairs,). bound: (pairs,) the row of the bound game that the pair belongs to, counted over the
    given nodes. count: how many such rows there are. first: (nodes + 1,) where each node's rows begin.
    """

    node: Integers
    row: Integers
    chance: Floats
    bound: Integers
    first: Integers

    @property
    def count(self) -> int:
        return int(self.first[-1])


@dataclass(frozen=True, eq=False)
class _Arcs:
    """What may follow: (arcs,) the row of the bound game, the next node, the entry of the original law, the chance (> 0)."""

    bound: Integers
    target: Integers
    entry: Integers
    chance: Floats


def bound_game(machine: Automaton) -> StochasticGame:
    """The game in which the players that the machine plays for follow it.

    Parameters
    ----------
    machine : plays for one player, or for several (`join`); its lotteries over actions and its public lotteries are averaged out.

    Returns
    -------
    StochasticGame : the same players and discount factors. States are the nodes that play can reach from the game's start with
        positive chance, whatever the others do, in the order of the machine's nodes and named by `machine.describe`. A bound
        player's one action is named after what it plays, or 'mixed'. Rows of the law hold positive chances only, so that its
        shape may differ between parameter points. Of the measures events and averages are those of the node's state; counts are
        expected numbers given the entry. Any play of the others has the same outcomes as against the machine.

    Raises
    ------
    GameError : the machine plays for nobody, or does not begin at one node: a lottery over first nodes would need a state before
        the first period.

    Examples
    --------
    >>> pd = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]
    >>> game = StochasticGame.from_arrays([pd], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.6)
    >>> bound_game(Automaton.stationary(game, [[[0.5, 0.5]]], players=[1])).stage_payoffs(0).tolist()
    [[[1.5, 4.0]], [[3.0, 0.5]]]
    """
    game, start = machine.game, _first_node(machine)
    nodes = _reached(machine, start)
    rows = _rows(machine, nodes)
    lottery = sparse.csr_array((rows.chance, (rows.bound, rows.row)), shape=(rows.count, len(game.payoffs)))
    law, counts = _law(machine, nodes, rows)
    state = machine.node_state[nodes]
    return replace(
        game,
        states=tuple(machine.describe(node) for node in nodes),
        actions=tuple(_labels(machine, node) for node in nodes),
        payoffs=np.asarray(lottery @ game.payoffs),
        transitions=law,
        start=int(np.searchsorted(nodes, start)),
        terms=tuple(replace(term, amount=np.asarray(lottery @ term.amount)) for term in game.terms),
        measures=replace(
            game.measures,
            events={name: event[state] for name, event in game.measures.events.items()},
            counts=counts,
            averages={name: average[state] for name, average in game.measures.averages.items()},
        ),
    )


def _first_node(machine: Automaton) -> int:
    if not machine.players:
        raise GameError("a machine that plays for nobody binds nobody")
    begin = machine.start[[machine.game.start]]
    first = begin.indices[begin.data > 0]
    if len(first) != 1:
        raise GameError(f"the machine begins at {len(first)} nodes: a player can be bound to one that begins at one node")
    return int(first[0])


def _labels(machine: Automaton, node: int) -> tuple[tuple[str, ...], ...]:
    """Names of what each player can do at a node; of a bound player what it plays there."""
    actions = machine.game.actions[machine.node_state[node]]
    return tuple((_played(own, machine.lottery(i, node)),) if i in machine.players else own for i, own in enumerate(actions))


def _played(actions: tuple[str, ...], lottery: Floats) -> str:
    played = np.flatnonzero(lottery)
    return actions[played[0]] if len(played) == 1 else MIXED


def _rows(machine: Automaton, nodes: Integers) -> _Rows:
    """Profiles that the machine lets happen at the nodes; those that differ in bound players' actions only are one row."""
    game, state = machine.game, machine.node_state[nodes]
    free = [i for i in range(game.n_players) if i not in machine.players]
    among = np.zeros(len(game.payoffs), dtype=np.intp)  # the place of each row's free actions in C order
    for i in free:
        among = among * game.action_counts[game.row_state, i] + game.row_action[i]
    sizes = np.diff(game.row_start)[state]
    place = np.repeat(np.arange(len(nodes)), sizes)
    row = spans(game.row_start[state], sizes)
    chance = np.ones(len(row))
    for i, lottery in zip(machine.players, machine.lotteries, strict=True):
        chance *= lottery[machine.choice_start(i)[nodes[place]] + game.row_action[i][row]]
    first = np.concatenate([[0], np.cumsum(np.prod(game.action_counts[state][:, free], axis=1, dtype=np.intp))])
    played = np.flatnonzero(chance)
    place, row = place[played], row[played]
    return _Rows(node=nodes[place], row=row, chance=chance[played], bound=first[place] + among[row], first=first)


def _arcs(machine: Automaton, rows: _Rows) -> _Arcs:
    game = machine.game
    sizes = np.diff(game.transitions.indptr)[rows.row]
    lead = game.transitions.indptr[rows.row] - game.entry_start[game.row_state[rows.row]]
    edges = spans(machine.edge_start[rows.node] + lead, sizes)
    follow = machine.next_nodes[edges]
    width = np.diff(follow.indptr)
    chance = np.repeat(np.repeat(rows.chance, sizes) * machine.edge_probability[edges], width) * follow.data
    likely = np.flatnonzero(chance > 0)
    return _Arcs(
        bound=np.repeat(np.repeat(rows.bound, sizes), width)[likely],
        target=follow.indices[likely].astype(np.intp),
        entry=np.repeat(machine.edge_entry[edges], width)[likely],
        chance=chance[likely],
    )


def _reached(machine: Automaton, start: int) -> Integers:
    """The nodes that play can reach with positive chance, in increasing order."""
    candidates = np.flatnonzero(nodes_from(machine, np.array([start])))  # these also follow actions that the machine never takes
    size = len(candidates)
    rows = _rows(machine, candidates)
    arcs = _arcs(machine, rows)
    leaves = np.repeat(np.arange(size), np.diff(rows.first))[arcs.bound]
    graph = sparse.csr_array((np.ones(len(leaves)), (leaves, np.searchsorted(candidates, arcs.target))), shape=(size, size))
    order = breadth_first_order(graph, int(np.searchsorted(candidates, start)), return_predecessors=False)
    return candidates[np.sort(order)]


def _law(machine: Automaton, nodes: Integers, rows: _Rows) -> tuple[sparse.csr_array, dict[str, Floats]]:
    """The law of the bound game, and the expected value of each count given its entries."""
    arcs = _arcs(machine, rows)
    size = len(nodes)
    keys, entry = np.unique(arcs.bound * size + np.searchsorted(nodes, arcs.target), return_inverse=True)
    chance = np.bincount(entry, weights=arcs.chance)
    counts = {
        name: np.asarray(np.bincount(entry, weights=arcs.chance * count[arcs.entry]) / chance, dtype=np.float64)
        for name, count in machine.game.measures.counts.items()
    }
    indptr = np.searchsorted(keys, np.arange(rows.count + 1) * size)
    return sparse.csr_array((chance, keys % size, indptr), shape=(rows.count, size)), counts
