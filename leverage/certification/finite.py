"""Checker for play that ends: is a plan free of profitable one-shot deviations when the game stops after a number of periods?

It shares no code with the solvers: it walks the plan forward to see which nodes can be met with how many periods left, and back
from the end, summing over the plan's edges.

Source: one-shot deviation principle for finite games (Kuhn 1953; Selten 1975).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from leverage.errors import GameError
from leverage.game.automaton import Automaton
from leverage.game.node_indices import spans
from leverage.game.stochastic_game import Floats, Integers


def certify_finite(plan: Automaton, periods: int, terminal: ArrayLike | None = None) -> float:
    """The largest gain of a one-shot deviation from `plan` when the game stops after `periods` periods.

    Use it for plans with a known end; `periods` = 1 gives the regret of myopic play. For play without end use `certify`.

    Parameters
    ----------
    plan : a machine that plays for all players, of any number of modes.
    periods : at least 1.
    terminal : (S, N), payoff received once, one period after the last one, in the state then reached; default 0.

    Returns
    -------
    float : largest over players and over all nodes that can be met under any actions, from any start of the plan, with t periods
        left; the gain is normalised by the discounted number of periods left, 1 + delta + ... + delta^(t - 1): payoff a period.
        Not below 0.

    Raises
    ------
    GameError : the plan does not play for everybody, no period, terminal payoffs of another shape.

    References
    ----------
    Kuhn (1953), "Extensive games and the problem of information".

    Examples
    --------
    >>> from leverage.game.stochastic_game import StochasticGame
    >>> prisoners = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]
    >>> game = StochasticGame.from_arrays([prisoners], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.6)
    >>> cooperate = Automaton.stationary(game, [[[1.0, 0.0]], [[1.0, 0.0]]])
    >>> certify_finite(cooperate, 1)
    2.0
    """
    game = plan.game
    if plan.players != tuple(range(game.n_players)):
        raise GameError("a plan for all players is needed; join the automata of the players first")
    if periods < 1:
        raise GameError(f"{periods} periods; at least 1 is needed")
    final = np.zeros((game.n_states, game.n_players)) if terminal is None else np.asarray(terminal, dtype=np.float64)
    if final.shape != (game.n_states, game.n_players):
        raise GameError(f"terminal payoffs have shape {final.shape}; {(game.n_states, game.n_players)} is needed")
    met = _nodes_by_period(plan, periods)
    values, largest = final[plan.node_state], 0.0
    for left in range(1, periods + 1):
        values, gains = _step_back(plan, met[periods - left], values)
        length = np.sum(game.discount[:, None] ** np.arange(left), axis=1)
        largest = max(largest, float(np.max(gains / length)))
    return largest


def _nodes_by_period(plan: Automaton, periods: int) -> list[Integers]:
    """Entry k: the nodes that can be met in period k, whatever anybody does."""
    met = [_numbers(plan.start)]
    for _ in range(periods - 1):
        edges = _edges_of(plan, met[-1])
        met.append(_numbers(plan.next_nodes[edges[plan.edge_probability[edges] > 0]]))
    return met


def _numbers(law: sparse.csr_array) -> Integers:
    """The nodes to which some row of `law` leads."""
    return np.asarray(np.unique(law.indices[law.data > 0]), dtype=np.intp)


def _edges_of(plan: Automaton, nodes: Integers) -> Integers:
    return spans(plan.edge_start[nodes], np.diff(plan.edge_start)[nodes])


@dataclass(frozen=True, eq=False)
class _Layout:
    """The rows of the game that belong to the given nodes, one block a node; `block` says which."""

    rows: Integers
    block: Integers
    count: int


def _layout(plan: Automaton, nodes: Integers) -> _Layout:
    states = plan.node_state[nodes]
    sizes = np.diff(plan.game.row_start)[states]
    return _Layout(spans(plan.game.row_start[states], sizes), np.repeat(np.arange(len(nodes)), sizes), len(nodes))


def _step_back(plan: Automaton, nodes: Integers, values: Floats) -> tuple[Floats, Floats]:
    """One period earlier: discounted sums (K, N), NaN outside `nodes`, and the largest gain of each player (N,)."""
    layout = _layout(plan, nodes)
    actions = _action_payoffs(plan, nodes, layout, values)
    weights = [_played(plan, nodes, layout, i) for i in plan.players]
    now = np.zeros((len(nodes), len(plan.players)))
    np.add.at(now, layout.block, actions * np.prod(weights, axis=0)[:, None])
    gains = np.zeros(len(plan.players))
    for i in plan.players:
        others = np.prod([weight for j, weight in enumerate(weights) if j != i], axis=0)  # 1 if there are none
        gains[i] = np.max(_best_reply(plan, nodes, layout, i, actions[:, i] * others) - now[:, i])
    earlier = np.full((plan.n_nodes, len(plan.players)), np.nan)
    earlier[nodes] = now
    return earlier, gains


def _action_payoffs(plan: Automaton, nodes: Integers, layout: _Layout, values: Floats) -> Floats:
    """(rows of the layout, N): payoff now and the discounted sum of later ones, per action profile at each node."""
    game, edges = plan.game, _edges_of(plan, nodes)
    live = plan.edge_probability[edges] > 0  # what cannot happen needs no value
    edges = edges[live]
    law = plan.next_nodes[edges].tocoo()
    amount = np.zeros((len(edges), game.n_players))
    sure = law.data > 0
    np.add.at(amount, law.row[sure], law.data[sure, None] * values[law.col[sure]])
    entries = plan.edge_entry[edges]
    place = np.cumsum(np.concatenate([[0], np.bincount(layout.block, minlength=layout.count)[:-1]]))
    block = np.searchsorted(nodes, plan.edge_node[edges])
    row = place[block] + game.entry_row[entries] - game.row_start[plan.node_state[nodes]][block]
    later = np.zeros((len(layout.rows), game.n_players))
    np.add.at(later, row, game.transitions.data[entries, None] * amount)
    return np.asarray(game.payoffs[layout.rows] + game.discount * later)


def _played(plan: Automaton, nodes: Integers, layout: _Layout, player: int) -> Floats:
    """(rows of the layout,): the chance that `player` takes its action of the row."""
    starts = plan.choice_start(player)[nodes]
    return np.asarray(plan.lotteries[player][starts[layout.block] + plan.game.row_action[player, layout.rows]])


def _best_reply(plan: Automaton, nodes: Integers, layout: _Layout, player: int, weighted: Floats) -> Floats:
    """(nodes,): the payoff of the best single action, from payoffs weighted with the chances of the others' actions."""
    counts = plan.game.action_counts[plan.node_state[nodes], player]
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    totals = np.bincount(
        starts[layout.block] + plan.game.row_action[player, layout.rows], weights=weighted, minlength=counts.sum()
    )
    return np.asarray(np.maximum.reduceat(totals, starts))
