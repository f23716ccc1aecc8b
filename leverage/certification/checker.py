"""The independent checker: what can a player gain by departing from a plan once and then following it again?

By the one-shot deviation principle (Blackwell 1965, Theorem 6, for one player's problem; Hendon, Jacobsen and Sloth 1996 for
games) a plan of a discounted game is subgame perfect exactly if no player gains by a single departure at any node that some
history can reach. This module shares no code with the solvers: it reads a plan as data, refuses it where it is no plan, computes
its values itself and says how far rounding may have moved them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from leverage.errors import GameError
from leverage.game.automaton import Automaton, reachable_nodes
from leverage.game.equations import Equations, equations_of
from leverage.game.node_indices import spans
from leverage.game.sparse_rows import SparseRows
from leverage.game.stochastic_game import PROBABILITY_TOLERANCE, Booleans, Floats, Integers, StochasticGame

#: Gains that differ by less than this fraction of the payoff range (and twice the rounding error) count as tied; a gain below it
#: is none.
TIE_TOLERANCE = 1e-12

#: Actions with at most this chance are not named among those that a plan plays.
LIKELIHOOD_TOLERANCE = 1e-12


@dataclass(frozen=True)
class Deviation:
    """One departure: who, where, from what, to what, and the gain in normalised payoff.

    `node` is the plan's; `state` and `mode` are that node in words; `played` are the actions that the plan takes there,
    joined by 'or'.
    """

    player: str
    node: int
    state: str
    mode: str
    played: str
    action: str
    gain: float


@dataclass(frozen=True, eq=False)
class Certificate:
    """What the checker found.

    gain: largest gain of a one-shot deviation, normalised payoff (payoff a period); by_player: the same for each player, never
    below 0. bound: by_player / (1 - delta_i), more than which no deviation of any length can gain. worst: the worst deviation of
    each player that has one, largest first. error: bound on the rounding error of `values`. values: (K, N), normalised payoff
    from each node on.
    """

    gain: float
    by_player: tuple[float, ...]
    bound: tuple[float, ...]
    worst: tuple[Deviation, ...]
    error: float
    values: Floats


def check(plan: Automaton, nodes: Booleans | None = None, deviation: Sequence[Sequence[ArrayLike]] | None = None) -> Certificate:
    """Certify a plan: exact node values, and the largest gain of a one-shot deviation at any reachable node.

    Parameters
    ----------
    plan : plays for all players; public lotteries between nodes are allowed.
    nodes : (K,) nodes that count; default: those that play from the game's start can reach under any actions.
    deviation : deviation[s][i][a] says whether player i may depart to its action a in state s; default: to every action.

    Returns
    -------
    Certificate : gains in normalised payoff. Every own action that is allowed counts, those in the support of the plan's
        lottery too.

    Raises
    ------
    GameError : the plan does not play for everybody, has no start in the game's start, or contains a lottery that is none;
        or no node counts.

    Notes
    -----
    The values solve (I - delta_i P) v_i = (1 - delta_i) u_i; one factorisation a discount factor, one step of iterative
    refinement. Since the inverse has maximum norm at most 1 / (1 - delta_i), the residual bounds the error.

    References
    ----------
    Blackwell (1965), "Discounted dynamic programming", Theorem 6; Hendon, Jacobsen and Sloth (1996), "The one-shot-deviation
    principle for sequential rationality".

    Examples
    --------
    >>> pd = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]
    >>> game = StochasticGame.from_arrays([pd], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.6)
    >>> always_cooperate = Automaton.stationary(game, [[[1.0, 0.0]], [[1.0, 0.0]]])
    >>> certificate = check(always_cooperate)
    >>> round(certificate.gain, 9), certificate.worst[0].action
    (0.8, '2')
    """
    _refuse_bad_plan(plan)
    counted = reachable_nodes(plan) if nodes is None else nodes
    if not counted.any():
        raise GameError(f"no node counts: the plan has no start in state {plan.game.states[plan.game.start]}")
    allowed = [_allowed_choices(plan, i, deviation) for i in range(plan.game.n_players)]
    return _certificate(plan, counted, allowed)


def certify(game: StochasticGame, profile_or_plan: Automaton | Sequence[Sequence[Floats]]) -> float:
    """Largest gain of a one-shot deviation, in normalised payoff units.

    Parameters
    ----------
    game : the game that is played.
    profile_or_plan : an Automaton for all players, checked at the nodes that can be reached from the game's start; or a Markov
        profile strategies[i][s] of shape (A_i(s),), checked in every state, since a Markov equilibrium is one from wherever play
        begins.

    Raises
    ------
    GameError : a plan of another game, or lotteries that are none.

    References
    ----------
    Blackwell (1965), Theorem 6; Maskin and Tirole (2001) for Markov perfect equilibrium.

    Examples
    --------
    >>> pennies = [[[1.0, -1.0], [-1.0, 1.0]], [[-1.0, 1.0], [1.0, -1.0]]]
    >>> game = StochasticGame.from_arrays([pennies], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.9)
    >>> certify(game, [[[0.5, 0.5]], [[0.5, 0.5]]])
    0.0
    """
    if isinstance(profile_or_plan, Automaton):
        if profile_or_plan.game is not game:
            raise GameError("the plan plays another game")
        return check(profile_or_plan).gain
    plan = Automaton.stationary(game, profile_or_plan)
    return check(plan, nodes=np.ones(plan.n_nodes, dtype=bool)).gain


def _allowed_choices(plan: Automaton, player: int, deviation: Sequence[Sequence[ArrayLike]] | None) -> Booleans:
    """Flat over the player's choices at the nodes: whether it may depart to them."""
    if deviation is None:
        return np.ones(len(plan.lotteries[player]), dtype=bool)
    return np.concatenate([np.asarray(deviation[s][player], dtype=bool) for s in plan.node_state])


def _certificate(plan: Automaton, counted: Booleans, allowed: Sequence[Booleans]) -> Certificate:
    """The certificate over the nodes that count and the departures that are allowed."""
    game, delta = plan.game, plan.game.discount
    values, error = _node_values(plan)
    following = _mean_by_cell(plan, np.asarray(plan.next_nodes @ values))
    action_values = (1 - delta) * game.payoffs[plan.indices.cell_row] + delta * following
    noise = TIE_TOLERANCE * game.payoff_range + 2 * error
    largest, found = [], []
    for i in range(game.n_players):
        gains = _gains(plan, action_values[:, i], values[:, i], i)
        gains = np.where(np.repeat(counted, _choice_counts(plan, i)) & allowed[i], gains, -np.inf)
        largest.append(max(0.0, float(gains.max())))
        if largest[-1] > noise:
            # the first of those that are tied, so that rounding never names the deviation
            found.append((i, int(np.argmax(gains >= largest[-1] - noise)), largest[-1]))
    return Certificate(
        gain=max(largest),
        by_player=tuple(largest),
        bound=tuple(float(g / (1 - d)) for g, d in zip(largest, delta, strict=True)),
        worst=_worst_first([_name(plan, *place) for place in found], noise),
        error=error,
        values=values,
    )


def _choice_counts(plan: Automaton, player: int) -> Integers:
    """(K,): how many actions the player has at each node."""
    return np.asarray(plan.game.action_counts[plan.node_state, player])


def _weights(plan: Automaton, without: int | None = None) -> Floats:
    """(cells,): chance of each cell given its node, leaving out one player's lottery."""
    weight = np.ones(len(plan.indices.cell_node))
    for i, lottery in enumerate(plan.lotteries):
        if i != without:
            weight *= lottery[plan.indices.cell_choice[i]]
    return weight


def _mean_by_cell(plan: Automaton, by_edge: Floats) -> Floats:
    """Expectation over the edges of each cell; by_edge: (edges, N). No cell is without edges, as no row is without entries."""
    return np.add.reduceat(plan.edge_probability[:, None] * by_edge, plan.indices.cell_edge[:-1], axis=0)


def _gains(plan: Automaton, action_values: Floats, values: Floats, player: int) -> Floats:
    """Gain of each own action at each node, flat, the others' lotteries as they are."""
    size = len(plan.lotteries[player])
    weighted = _weights(plan, without=player) * action_values
    own = np.bincount(plan.indices.cell_choice[player], weights=weighted, minlength=size)
    return np.asarray(own - np.repeat(values, _choice_counts(plan, player)))


def _node_values(plan: Automaton) -> tuple[Floats, float]:
    """Values (K, N) of following the plan from each node, and a bound on their rounding error."""
    delta, weight = plan.game.discount, _weights(plan)
    by_cell = weight[:, None] * plan.game.payoffs[plan.indices.cell_row]
    payoff = np.add.reduceat(by_cell, plan.indices.first_cell[:-1], axis=0)
    law = _law(plan, weight)
    values, error = np.empty_like(payoff), 0.0
    for d in sorted(set(delta.tolist())):
        same = delta == d
        values[:, same], residual = _solve(equations_of(law.times(d))[0], (1 - d) * payoff[:, same])
        error = max(error, residual / (1 - d))
    return values, float(error)


def _law(plan: Automaton, weight: Floats) -> SparseRows:
    """(K, K): chances to go from node to node, given those of the cells (cells,)."""
    indices = plan.indices
    likely = np.flatnonzero(weight)  # pure plans take few of their edges
    leading = np.diff(indices.cell_edge)[likely]
    played = spans(indices.cell_edge[likely], leading)
    by_edge = np.repeat(weight[likely], leading) * plan.edge_probability[played]
    begin = np.asarray(plan.next_nodes.indptr, dtype=np.intp)
    begin, sizes = begin[played], np.diff(begin)[played]
    arcs = spans(begin, sizes)
    weights = np.repeat(by_edge, sizes) * plan.next_nodes.data[arcs]
    leaves = np.repeat(np.repeat(indices.cell_node[likely], leading), sizes)
    return SparseRows.summed(weights, leaves, plan.next_nodes.indices[arcs], (plan.n_nodes, plan.n_nodes))


def _solve(equations: Equations, right: Floats) -> tuple[Floats, float]:
    """Their solution with one step of refinement, and a bound on its residual, its own rounding included."""
    x = equations.solve(right)
    x = x + equations.solve(right - equations.matrix @ x)
    left, added = equations.residual(x, right)
    rounding = (equations.widest + 2) * float(np.finfo(np.float64).eps) * added.max()
    return x, float(left.max() + rounding)


def _name(plan: Automaton, player: int, place: int, gain: float) -> Deviation:
    """The deviation at a place of the player's flat lotteries, in words."""
    starts = plan.choice_start(player)
    node = int(np.searchsorted(starts, place, side="right")) - 1
    state = int(plan.node_state[node])
    lottery, labels = plan.lottery(player, node), plan.game.actions[state][player]
    return Deviation(
        player=plan.game.players[player],
        node=node,
        state=plan.game.states[state],
        mode=plan.modes[plan.node_mode[node]],
        played=" or ".join(label for label, chance in zip(labels, lottery, strict=True) if chance > LIKELIHOOD_TOLERANCE),
        action=labels[place - int(starts[node])],
        gain=gain,
    )


def _worst_first(deviations: list[Deviation], noise: float) -> tuple[Deviation, ...]:
    """Largest first; those within the noise of the largest that is left keep the order of the players."""
    left, ordered = list(deviations), []
    while left:
        top = max(d.gain for d in left)
        ordered.append(left.pop(next(j for j, d in enumerate(left) if d.gain >= top - noise)))
    return tuple(ordered)


# --- is it a plan at all? ---------------------------------------------------------------------------------------------


def _refuse_bad_plan(plan: Automaton) -> None:
    """Raise GameError unless the plan plays for everybody and each of its lotteries is one, over nodes of the right state."""
    game = plan.game
    if plan.players != tuple(range(game.n_players)):
        raise GameError(f"the checker needs a plan for all {game.n_players} players; this one plays for {list(plan.players)}")
    if plan.n_nodes == 0:
        raise GameError("the plan has no nodes")
    for i, lottery in enumerate(plan.lotteries):
        starts = plan.choice_start(i)
        if lottery.shape != (starts[-1],) or not _are_lotteries(lottery, starts):
            raise GameError(f"player {game.players[i]}: the plan's numbers at some node are no lottery over its actions")
    edges = plan.edge_entry
    if plan.next_nodes.shape != (len(edges), plan.n_nodes) or plan.start.shape != (game.n_states, plan.n_nodes):
        raise GameError("the plan's lotteries between nodes do not fit its nodes")
    next_state = np.asarray(game.transitions.indices[edges], dtype=np.intp)
    if not _lead_to(plan, plan.next_nodes, next_state, plan.edge_probability > 0):
        raise GameError("play leaves the plan: an edge of positive chance carries no lottery over nodes of its next state")
    if not _lead_to(plan, plan.start, np.arange(game.n_states), np.diff(plan.start.indptr) > 0):
        raise GameError("the plan's start in some state is no lottery over nodes of that state")


def _are_lotteries(flat: Floats, starts: Integers) -> bool:
    totals = np.add.reduceat(flat, starts[:-1])
    return bool(flat.min() >= 0 and np.abs(totals - 1).max() <= PROBABILITY_TOLERANCE)


def _lead_to(plan: Automaton, law: sparse.csr_array, states: Integers, needed: Booleans) -> bool:
    """Whether every needed row of `law` is a lottery over nodes of the state that belongs to the row."""
    elsewhere = plan.node_state[law.indices] != np.repeat(states, np.diff(law.indptr))
    if law.data.min(initial=0.0) < 0 or law.data[elsewhere].any():
        return False
    totals = law @ np.ones(plan.n_nodes)
    return bool(np.abs(totals[needed] - 1).max(initial=0.0) <= PROBABILITY_TOLERANCE)
