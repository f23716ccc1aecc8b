"""Inner bound of the equilibrium payoff set: one automaton whose every node is an equilibrium, found from above and proved afterwards.

Starting from an outer bound, each round chooses for every direction the best action profile and continuation lottery
(`vertex_kernel.promise_step`) and then *evaluates* that choice exactly: the chosen points of all states are the nodes of one
automaton, and its values solve a linear system (policy iteration, Howard 1960). When the points no longer move, the
incentive constraints that were met by the promised values are met by the exact ones. The independent checker has the last word.

Sources: Abreu, Pearce and Stacchetti (1990), Theorem 1 (self-generation); Judd, Yeltekin and Conklin (2003), section 4 (inner
approximation).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from leverage.game.automaton import Automaton, spans
from leverage.game.stochastic_game import Booleans, Floats, Integers
from leverage.solvers.direction_fan import DirectionFan
from leverage.solvers.set_form import SetForm
from leverage.solvers.support_kernel import best_departures
from leverage.solvers.vertex_kernel import promise_step

#: Points of a state closer than this (fraction of a player's payoff range) are one node.
SAME_POINT = 1e-12

#: The rounds end when no point moves by more than this.
SETTLED = 1e-13

#: Rounds of choosing and evaluating.
MOST_ROUNDS = 60

#: Plain rounds between two evaluations, at most.
MOST_PLAIN = 64

#: Slack by which an image may miss a constraint (rounding).
ROUNDING = 1e-13

#: Up to this many nodes a dense factorisation is faster.
DENSE_NODES = 400


@dataclass(frozen=True, eq=False)
class InnerBound:
    """points: (S, K, 2) scaled values by cone. node: (S, K) number of the node that pays each. row, following, weights: per node its row,
    (n, 4) cones of its continuation (-1: none) and their weights. values: (n, 2) exact, scaled. settled: points stopped moving."""

    form: SetForm
    fan: DirectionFan
    points: Floats
    node: Integers
    node_state: Integers
    row: Integers
    following: Integers
    weights: Floats
    values: Floats
    settled: bool


@dataclass(frozen=True, eq=False)
class _Choice:
    points: Floats
    row: Integers
    nodes: Integers
    weights: Floats


def promised(form: SetForm, fan: DirectionFan, points: Floats, rows: Booleans, live: Booleans, slack: float) -> InnerBound | None:
    """Rounds of choice and evaluation from `points` (S, K, 2) in the live states; None if some live state can promise nothing.

    slack: by how much (fraction of a player's payoff range) every incentive constraint is tightened.
    """
    plain = 1
    for _ in range(MOST_ROUNDS):
        for _ in range(plain):
            before, choice = points, _choose(form, fan, points, rows, slack)
            if np.any(choice.row[live] < 0):
                return None
            points = choice.points
        moved = _distance(points, before, live)
        exact = _evaluate(form, fan, choice, live)
        following = _choose(form, fan, exact.points, rows, slack)
        if np.all(following.row[live] >= 0):
            settled = _distance(following.points, exact.points, live)
            if settled <= SETTLED:
                return exact
            if settled <= moved / 2:
                points = following.points
                continue
        # the choice changes with its evaluation: go on plainly for a while, which keeps the sets nested
        plain = min(2 * plain, MOST_PLAIN)
    return replace(exact, settled=False)


def _distance(points: Floats, others: Floats, live: Booleans) -> float:
    return float(np.max(np.abs(points[live] - others[live]))) if live.any() else 0.0


def image(form: SetForm, fan: DirectionFan, points: Floats, rows: Booleans) -> Floats:
    """(S, K, 2): the best points, by cone, that can be promised if every point of the polygons with these corners can be; NaN where none can."""
    choice = _choose(form, fan, points, rows, -ROUNDING)
    return np.where((choice.row >= 0)[..., None], choice.points, np.nan)


def _choose(form: SetForm, fan: DirectionFan, points: Floats, rows: Booleans, slack: float) -> _Choice:
    toward = fan.sides
    query = toward * form.delta
    cone = fan.side_of(query)
    number, size = len(points), len(toward)
    out, chosen = np.empty_like(points), np.empty((number, size), dtype=np.int64)
    nodes, weights = np.empty((number, size, 4), dtype=np.int64), np.empty((number, size, 4))
    indptr, indices, data = form.law
    promise_step(
        points, cone, query, toward, rows.astype(np.int64), form.game.row_start, indptr, indices, data, form.reward, form.delta,
        asked(form, points.min(axis=1), slack), ROUNDING, out, chosen, nodes, weights,
    )  # fmt: skip
    return _Choice(out, chosen, nodes, weights)


def asked(form: SetForm, worst: Floats, slack: float) -> Floats:
    """(2, R): what each player's continuation must be at least in each row if the worst payoffs (S, 2) punish; -inf without departure."""
    value = (form.reward + form.delta * (form.game.transitions @ worst)).T
    best = np.empty(value.shape, dtype=np.int64)
    best_departures(np.ascontiguousarray(value), form.departure_start, form.departures, best)
    departing = np.where(best >= 0, np.take_along_axis(value, np.maximum(best, 0), axis=1), -np.inf) + slack
    with np.errstate(divide="ignore", invalid="ignore"):
        least = (departing - form.reward.T) / form.delta[:, None]
    for i in np.flatnonzero(form.delta == 0):
        least[i] = np.where(departing[i] <= form.reward[:, i], -np.inf, np.inf)
    return np.ascontiguousarray(least)


def _evaluate(form: SetForm, fan: DirectionFan, choice: _Choice, live: Booleans) -> InnerBound:
    """The exact values of the automaton that a choice describes. Neighbouring cones with the same point share a node."""
    points = choice.points
    apart = np.max(np.abs(points - np.roll(points, 1, axis=1)), axis=2) > SAME_POINT
    apart[~apart.any(axis=1), 0] = True
    apart[~live] = False
    number = np.cumsum(apart.ravel()).reshape(apart.shape) - 1
    last = number[:, -1:]
    # cones before the first new point of a state continue its last one
    node = np.where(np.cumsum(apart, axis=1) == 0, last, number)
    state, cone = np.nonzero(apart)
    row, following, weights = choice.row[state, cone], choice.nodes[state, cone], choice.weights[state, cone]
    values = _values(form, row, following, weights, node)
    fresh = np.zeros_like(points)
    fresh[live] = values[node[live]]
    return InnerBound(form, fan, fresh, node, state, row, following, weights, values, True)


def _values(form: SetForm, row: Integers, following: Integers, weights: Floats, node: Integers) -> Floats:
    """(n, 2): the solution of v_i = reward_i + delta_i P v_i."""
    law = form.game.transitions
    first, sizes = law.indptr[row], np.diff(law.indptr)[row]
    entry = spans(first, sizes)
    source = np.repeat(np.arange(len(row)), sizes)
    parts_row, parts_column, parts_value = [], [], []
    for n in range(following.shape[1]):
        used = (following[source, n] >= 0) & (weights[source, n] > 0) & (law.data[entry] > 0)
        parts_row.append(source[used])
        parts_column.append(node[law.indices[entry[used]], following[source[used], n]])
        parts_value.append(law.data[entry[used]] * weights[source[used], n])
    count = len(row)
    chain = sparse.coo_array(
        (np.concatenate(parts_value), (np.concatenate(parts_row), np.concatenate(parts_column))), shape=(count, count)
    ).tocsc()
    values = np.empty((count, 2))
    for i in range(2):
        if i == 1 and form.delta[1] == form.delta[0]:
            continue
        matrix = sparse.eye_array(count, format="csc") - form.delta[i] * chain
        columns = form.reward[row] if form.delta[0] == form.delta[1] else form.reward[row][:, i : i + 1]
        solved = np.linalg.solve(matrix.toarray(), columns) if count <= DENSE_NODES else splu(matrix).solve(np.ascontiguousarray(columns))
        values[:, i : i + solved.shape[1]] = solved
    return values


def automaton(inner: InnerBound) -> Automaton:
    """The automaton of an inner bound: departures by one player are answered by that player's worst node."""
    game, form = inner.form.game, inner.form
    count = len(inner.row)
    sizes = np.diff(game.entry_start)[inner.node_state]
    edge_node = np.repeat(np.arange(count), sizes)
    entry = spans(game.entry_start[inner.node_state], sizes)
    row = game.entry_row[entry]
    target = np.asarray(game.transitions.indices)[entry]
    differs = [game.row_action[i][row] != game.row_action[i][inner.row[edge_node]] for i in range(2)]
    worst = [inner.node[np.arange(game.n_states), inner.points[:, :, i].argmin(axis=1)] for i in range(2)]
    del form
    on_path = ~differs[0] & ~differs[1]
    # who departed alone is punished; after a joint departure any equilibrium will do, and player 1's worst is one
    punished = np.where(differs[0], 0, 1)
    parts = [(np.flatnonzero(~on_path), np.where(punished == 0, worst[0][target], worst[1][target])[~on_path], np.ones(int((~on_path).sum())))]
    for n in range(inner.following.shape[1]):
        used = on_path & (inner.following[edge_node, n] >= 0) & (inner.weights[edge_node, n] > 0)
        at = np.flatnonzero(used)
        parts.append((at, inner.node[target[at], inner.following[edge_node[at], n]], inner.weights[edge_node[at], n]))
    edges, columns, values = (np.concatenate([part[k] for part in parts]) for k in range(3))
    law = sparse.coo_array((values, (edges, columns)), shape=(len(edge_node), count)).tocsr()
    law.data /= np.repeat(np.asarray(law.sum(axis=1)).ravel(), np.diff(law.indptr))
    start = sparse.lil_array((game.n_states, count))
    for s in range(game.n_states):
        own = np.flatnonzero(inner.node_state == s)
        if len(own):
            start[s, own[0]] = 1.0
    lotteries = []
    for i in range(2):
        counts = game.action_counts[inner.node_state, i]
        flat = np.zeros(int(counts.sum()))
        flat[np.concatenate([[0], np.cumsum(counts)[:-1]]) + game.row_action[i][inner.row]] = 1.0
        lotteries.append(flat)
    return Automaton(
        game=game,
        players=(0, 1),
        modes=tuple(f"promise {k + 1}" for k in range(count)),
        node_mode=np.arange(count),
        node_state=inner.node_state,
        lotteries=tuple(lotteries),
        next_nodes=law,
        start=start.tocsr(),
    )
