"""The slow twin of the bound game: its definition, node by node, profile by profile, entry by entry."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.testing import assert_allclose

from leverage.game.automaton import Automaton
from leverage.game.node_indices import selection
from leverage.game.stochastic_game import Floats, Measures, PayoffTerm, StochasticGame

#: Largest difference of numbers, as a share of the larger one or of 1.
ROUNDING = 1e-9


@dataclass
class Twin:
    """The bound game as dictionaries. Rows are (node, what the others play); `law` and `counts` also have the next node."""

    nodes: list[int]
    rows: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    payoffs: dict[tuple[int, tuple[int, ...]], Floats] = field(default_factory=dict)
    terms: dict[tuple[int, tuple[int, ...]], Floats] = field(default_factory=dict)
    law: dict[tuple[int, tuple[int, ...], int], float] = field(default_factory=dict)
    counts: dict[tuple[int, tuple[int, ...], int], float] = field(default_factory=dict)


def slow_bound(machine: Automaton) -> Twin:
    """The definition, node by node, profile by profile, entry by entry."""
    (first,) = machine.start[[machine.game.start]].indices
    twin, queue = Twin([int(first)]), [int(first)]
    while queue:
        for following in _add_node(twin, machine, queue.pop()):
            if following not in twin.nodes:
                twin.nodes.append(following)
                queue.append(following)
    twin.nodes.sort()
    twin.rows.sort()
    return twin


def _add_node(twin: Twin, machine: Automaton, node: int) -> set[int]:
    game, state = machine.game, machine.node_state[node]
    counts = tuple(int(count) for count in game.action_counts[state])
    reached: set[int] = set()
    for position, profile in enumerate(itertools.product(*map(range, counts))):
        own = {i: machine.lottery(i, node)[profile[i]] for i in machine.players}
        chance = float(np.prod(list(own.values())))
        key = (node, tuple(0 if i in own else action for i, action in enumerate(profile)))
        if key not in twin.payoffs:
            twin.rows.append(key)
            twin.payoffs[key], twin.terms[key] = np.zeros(game.n_players), np.zeros(len(game.terms))
        if chance == 0:
            continue
        row = int(game.row_start[state]) + position
        twin.payoffs[key] += chance * game.payoffs[row]
        twin.terms[key] += chance * np.array([term.amount[row] for term in game.terms])
        reached |= _add_row(twin, machine, key, row, chance)
    return reached


def _add_row(twin: Twin, machine: Automaton, key: tuple[int, tuple[int, ...]], row: int, chance: float) -> set[int]:
    game, node = machine.game, key[0]
    (count,) = game.measures.counts.values()
    reached: set[int] = set()
    for entry in range(game.transitions.indptr[row], game.transitions.indptr[row + 1]):
        edge = machine.edge_start[node] + entry - game.entry_start[machine.node_state[node]]
        following = machine.next_nodes[[edge]]
        for target, share in zip(following.indices, following.data, strict=True):
            mass = chance * float(game.transitions.data[entry]) * float(share)
            if mass > 0:
                place = (*key, int(target))
                twin.law[place] = twin.law.get(place, 0.0) + mass
                twin.counts[place] = twin.counts.get(place, 0.0) + mass * float(count[entry])
                reached.add(int(target))
    return reached


def watched(game: StochasticGame, seed: int) -> StochasticGame:
    """The game with one term, one event, one count and one average of random size."""
    random = np.random.default_rng(seed)
    measures = Measures(
        events={"event": random.random(game.n_states) < 0.5},
        counts={"count": random.random(game.transitions.nnz)},
        averages={"average": random.random(game.n_states)},
        dates=(3.0,),
    )
    term = PayoffTerm("all", 0, "cost", "", random.random(len(game.payoffs)))
    return replace(game, measures=measures, terms=(term,))


def begun(machine: Automaton, seed: int = 0) -> Automaton:
    """The machine with one first node in each state."""
    states = machine.game.n_states
    mode = np.random.default_rng(seed).integers(0, len(machine.modes), states)
    return replace(machine, start=selection(mode * states + np.arange(states), machine.n_nodes))


def some_never_played(machine: Automaton) -> Automaton:
    """The machine that never takes the first of several actions."""
    lotteries = []
    for player, given in zip(machine.players, machine.lotteries, strict=True):
        first = machine.choice_start(player)
        flat = given.copy()
        for k in range(machine.n_nodes):
            if first[k + 1] - first[k] > 1:
                flat[first[k]] = 0.0
                flat[first[k] : first[k + 1]] /= flat[first[k] : first[k + 1]].sum()
        lotteries.append(flat)
    return replace(machine, lotteries=tuple(lotteries))


def assert_same_as_twin(bound: StochasticGame, machine: Automaton) -> None:
    """The game is the twin's: states and rows in the same order, the same numbers."""
    twin, game = slow_bound(machine), machine.game
    place = {node: k for k, node in enumerate(twin.nodes)}
    assert bound.states == tuple(machine.describe(node) for node in twin.nodes)
    rows = [(twin.nodes[s], tuple(map(int, bound.row_action[:, r]))) for r, s in enumerate(bound.row_state)]
    assert rows == twin.rows
    assert_allclose(bound.payoffs, [twin.payoffs[row] for row in rows], rtol=ROUNDING, atol=ROUNDING)
    terms = np.array([term.amount for term in bound.terms]).T
    assert_allclose(terms, [twin.terms[row] for row in rows], rtol=ROUNDING, atol=ROUNDING)
    places = [(rows.index((node, profile)), place[target]) for node, profile, target in twin.law]
    law = np.zeros(bound.transitions.shape)
    law[tuple(zip(*places, strict=True))] = list(twin.law.values())
    assert_allclose(bound.transitions.toarray(), law, rtol=ROUNDING, atol=ROUNDING)
    assert bound.transitions.nnz == len(twin.law)
    counts = dict(zip(places, (twin.counts[key] / mass for key, mass in twin.law.items()), strict=True))
    entries = zip(bound.entry_row, bound.transitions.indices, strict=True)
    (count,) = bound.measures.counts.values()
    assert_allclose(count, [counts[int(row), int(s)] for row, s in entries], rtol=ROUNDING, atol=ROUNDING)
    state = machine.node_state[twin.nodes]
    for found, given in ((bound.measures.events, game.measures.events), (bound.measures.averages, game.measures.averages)):
        assert {key: value.tolist() for key, value in found.items()} == {key: v[state].tolist() for key, v in given.items()}
