"""Inner bound of the equilibrium payoff set: one automaton whose every node is an equilibrium, found from above and proved
afterwards.

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

from leverage.game.automaton import Automaton
from leverage.game.node_indices import spans
from leverage.game.sparse_rows import SparseRows, identity_less
from leverage.game.stochastic_game import Booleans, Floats, Integers, StochasticGame
from leverage.solvers.direction_fan import DirectionFan
from leverage.solvers.set_form import SetForm
from leverage.solvers.support_kernel import best_departures, punished
from leverage.solvers.vertex_kernel import (
    as_lotteries,
    best_vertices,
    convex_rounds,
    farthest_apart,
    follow_chain,
    follow_choice,
    least_of,
    mark_repeats,
    promise_step,
    write_machine,
)

#: Points of a state closer than this (fraction of a player's payoff range) are one node.
SAME_POINT = 1e-12

#: A largest gain of this fraction of a player's payoff range is rounding.
ENOUGH = 1e-11

#: Steps of growing from below.
MOST_GROWTH = 2000

#: Plain steps from above where constraints are tied, and after how many of them a proof is tried.
MOST_SHRINKING, SHRINKING_ROUND = 400, 8

#: Slack from which and to which constraints are loosened again (fraction of a player's payoff range), and plain steps under each,
#: as a multiple of the mean length of a game that ends instead of being discounted.
MOST_SLACK, LEAST_SLACK, LIFETIMES = 0.08, 1e-4, 5

#: Rounds of looking for a first self-generating set.
MOST_SEEDS = 60

#: How constraints are tightened, by which share of the last gain, and how many plain steps come before the next automaton where
#: the steps are large.
LARGE_STEPS, SMALL_STEPS, PLAIN_STEPS = 6.0, 1.5, 3

#: An evaluation is kept if the next choice then moves by at most this fraction of what the last one moved.
HELPS = 0.9

#: An evaluation ends when a sweep moves no point by more than this fraction of what the last choice moved.
FOLLOWED = 0.02

#: Where a period discounts by less than 1 / PATIENT, a small change of a sweep leaves much to come, and that fraction is smaller.
PATIENT = 20

#: Plain rounds between two evaluations, at most.
MOST_PLAIN = 16

#: Sets are said not to settle after so many rounds without progress in a row, a share of the choices that may be made.
STALLED_SHARE = 1 / 12

#: Slack by which an image may miss a constraint (rounding).
ROUNDING = 1e-13

#: Where the two players' worst payoffs stand if they take the place of support values (the first place is not looked at).
WORST_PLACES, BOTH_PLAYERS = np.array([0, 0, 1], dtype=np.int64), np.arange(2)[:, None]

#: Up to this many nodes a dense factorisation is faster.
DENSE_NODES = 40

#: Nodes are evaluated by sweeps until no value can change by more (fraction of a player's payoff range), unless that takes more
#: sweeps than elimination is worth, or the last change that is left is lost in rounding.
EXACT, MOST_SWEEPS, SMALLEST_CHANGE = 1e-13, 600, 1e-15


@dataclass(frozen=True, eq=False)
class Promises:
    """Nodes that pay points and say how: n of them, by state.

    state, row: (n,) where the node is and which profile it prescribes. entry_start: (n + 1,), owner: (m,) the node's entries of
    the transition law, numbered `entry`; after: (m, 2) scaled payoffs promised there. values: (n, 2) scaled payoffs that the
    node pays. rounds, round_start: the nodes that are vertices of each state's polygon, counter-clockwise.
    """

    state: Integers
    row: Integers
    owner: Integers
    entry: Integers
    after: Floats
    values: Floats
    rounds: Integers
    round_start: Integers


@dataclass(frozen=True, eq=False)
class InnerBound:
    """An automaton's nodes with lotteries over nodes as continuation.

    vertices, weights: (m, 3) for each entry of `promises`. gain: largest gain of a one-shot departure, fraction of a player's
    payoff range, as the solver computes it.
    """

    form: SetForm
    promises: Promises
    vertices: Integers
    weights: Floats
    gain: float


@dataclass(frozen=True, eq=False)
class _Choice:
    points: Floats
    row: Integers
    nodes: Integers
    weights: Floats
    bound_by: Integers
    slope: Floats


def settled(
    form: SetForm, fan: DirectionFan, points: Floats, rows: Booleans, live: Booleans, goal: float, most: int
) -> tuple[Floats | None, bool]:
    """Rounds of choice and evaluation from `points` (S, 2 K, 2) until the sets move by less than `goal` (fraction of a player's
    payoff range), with at most about `most` choices: the last points, None if some live state can promise nothing, and whether
    they settled. Nothing is proved yet.

    Evaluation takes "the best point toward direction k" for what it has become; where that disturbs more than it helps, plain
    rounds follow.
    """
    plain, spent, last, stalled = 1, 0, np.inf, 0
    earlier: _Choice | None = None
    followed = FOLLOWED * min(1.0, PATIENT * (1 - float(form.delta.max())))
    sweeps = int(np.ceil(np.log(0.03) / 2 / np.log(max(float(form.delta.max()), 0.1))))
    most_followed = sweeps
    while spent < most:
        for _ in range(plain):
            before, choice = points, _choose(form, fan, points, rows, 0.0, earlier)
            if np.any(choice.row[live] < 0):
                return None, False
            points, earlier = choice.points, choice
        spent += plain + 1
        moved = _distance(fan, points, before, live)
        trial, repeats = points.copy(), np.empty(choice.row.shape, dtype=np.bool_)
        mark_repeats(choice.row, choice.nodes, choice.weights, choice.bound_by, choice.slope, repeats)
        for _ in range(most_followed):
            change = follow_choice(
                trial, choice.row, choice.nodes, choice.weights, choice.bound_by, choice.slope, repeats, *form.law, form.reward,
                form.delta, asked(form, _worst(trial), 0.0), 2,
            )  # fmt: skip
            if change <= followed * moved:
                break
        following = _choose(form, fan, trial, rows, 0.0, choice)
        if np.all(following.row[live] >= 0):
            left = _distance(fan, following.points, trial, live)
            if left <= goal * (1 - form.delta.max()):
                return following.points, True
            if left <= HELPS * moved:
                points, plain, most_followed = following.points, 1, min(4 * most_followed, sweeps)
                continue
        most_followed = most_followed // 4 or sweeps
        # plain steps that do not come nearer go round in circles
        stalled = stalled + 1 if moved > HELPS * last else 0
        if stalled >= STALLED_SHARE * most:
            break
        plain, last = min(2 * plain, MOST_PLAIN), moved
    return points, False


def proved(form: SetForm, fan: DirectionFan, points: Floats, rows: Booleans, live: Booleans) -> InnerBound | None:
    """The automaton of settled points; None where its gain is more than rounding."""
    choice = _choose(form, fan, points, rows, 0.0)
    if np.any(choice.row[live] < 0):
        return None
    exact = _evaluated(form, _nodes(form, choice, points, np.broadcast_to(live[:, None], choice.row.shape)))
    return exact if exact.gain <= ENOUGH else None


def seeded(
    form: SetForm, fan: DirectionFan, points: Floats, rows: Booleans, live: Booleans, slack: float = 0.0
) -> InnerBound | None:
    """Some self-generating sets inside the polygons given by `points`: incentive constraints are tightened until an automaton
    meets the true ones, from `slack` on in large steps and, where those leave nothing, from none on in small ones, and then from
    much on in falling steps."""
    for first, share, plain in ((slack, LARGE_STEPS, PLAIN_STEPS), (0.0, SMALL_STEPS, 1)):
        found = _tightened(form, fan, points, rows, live, first, share, plain)
        if found is not None:
            return found
    return _loosened(form, fan, points, rows, live)


def _tightened(
    form: SetForm, fan: DirectionFan, points: Floats, rows: Booleans, live: Booleans, slack: float, share: float, plain: int
) -> InnerBound | None:
    """The same with constraints that are tightened by `slack` and then by `share` of the last gain, and with `plain` steps under
    them before an automaton is tried: its values are the nearer to what was promised, the less a step shrinks the sets."""
    everywhere = np.broadcast_to(live[:, None], points.shape[:2])
    last, start, steps = np.inf, points, plain if slack > 0 else 1
    for _ in range(MOST_SEEDS):
        for _ in range(steps):
            before, choice = points, _choose(form, fan, points, rows, slack)
            if np.any(choice.row[live] < 0):
                return None
            points = choice.points
        exact = _evaluated(form, _nodes(form, choice, before, everywhere))
        if exact.gain <= ENOUGH:
            return exact
        if exact.gain > last / 2:
            slack, last, points, steps = max(1.5 * slack, slack + share * exact.gain), np.inf, start, plain
        else:
            last, points, steps = exact.gain, best_points(form, fan, exact.promises), 1
    return None


def _loosened(form: SetForm, fan: DirectionFan, points: Floats, rows: Booleans, live: Booleans) -> InnerBound | None:
    """The same with the tightest constraints that leave sets: from `MOST_SLACK` on the slack is halved until it does. Patient
    players' sets take many plain steps to shrink under it, and an automaton is tried after every few."""
    steps = int(min(MOST_SHRINKING, np.ceil(LIFETIMES / (1 - float(form.delta.max())))))
    slack = MOST_SLACK
    while slack > LEAST_SLACK:
        left, found = _shrunk(form, fan, points, rows, live, slack, steps)
        if left:
            return found
        slack /= 2
    return None


def _shrunk(
    form: SetForm, fan: DirectionFan, points: Floats, rows: Booleans, live: Booleans, slack: float, steps: int
) -> tuple[bool, InnerBound | None]:
    """Plain steps under constraints tightened by `slack`: whether they leave sets, and the first automaton that meets the true
    constraints."""
    everywhere = np.broadcast_to(live[:, None], points.shape[:2])
    for number in range(1, steps + 1):
        choice = _choose(form, fan, points, rows, slack)
        if np.any(choice.row[live] < 0):
            return False, None
        if number % SHRINKING_ROUND == 0:
            exact = _evaluated(form, _nodes(form, choice, points, everywhere))
            if exact.gain <= ENOUGH:
                return True, exact
        points = choice.points
    return True, None


def untightened(form: SetForm, fan: DirectionFan, points: Floats, rows: Booleans, live: Booleans) -> InnerBound | None:
    """The same where constraints are tied exactly, so that any tightening would break them: the sets shrink plainly until an
    automaton meets the constraints as they are. None if it does not come to that."""
    return _shrunk(form, fan, points, rows, live, 0.0, MOST_SHRINKING)[1]


def stationary(form: SetForm, row: Integers) -> InnerBound | None:
    """The automaton that prescribes row[s] (S,) in every state s for ever, with its exact values; None where the rows are not
    meant to be prescribed or a departure gains more than rounding."""
    if not form.prescribed[row].all():
        return None
    owner, entry = _entries(form, row)
    target = form.game.transitions.indices[entry].astype(np.int64)
    vertices, weights = np.repeat(target[:, None], 3, axis=1), np.zeros((len(target), 3))
    weights[:, 0] = 1.0
    states, unknown = np.arange(form.game.n_states), np.zeros((form.game.n_states, 2))
    values = _values(form, _with_rounds(form, states, row, owner, entry, unknown[target], unknown), vertices, weights)
    nodes = _with_rounds(form, states, row, owner, entry, values[target], values)
    found = InnerBound(form, nodes, vertices, weights, _largest_gain(form, nodes))
    return found if found.gain <= ENOUGH else None


def promising(form: SetForm, state: Integers, row: Integers, after: Floats, values: Floats) -> InnerBound | None:
    """The automaton of nodes (n,), by state and counter-clockwise, that are meant to pay values (n, 2) and to promise after
    (n, 2) in whatever state follows, all of it scaled; with its exact values. None where a departure gains more than rounding."""
    owner, entry = _entries(form, row)
    start = np.searchsorted(state, np.arange(form.game.n_states + 1)).astype(np.int64)
    nodes = Promises(state, row, owner, entry, after[owner], values, np.arange(len(row)), start)
    vertices, weights, values, after = _paid(form, nodes)
    nodes = replace(nodes, after=after, values=values)
    gain = _largest_gain(form, nodes)
    return InnerBound(form, nodes, vertices, weights, gain) if gain <= ENOUGH else None


def joined(one: InnerBound, two: InnerBound) -> InnerBound:
    """Two families of self-generating sets as one: their union generates itself too."""
    both = _evaluated(one.form, _united(one.form, one.promises, two.promises))
    return both if both.gain <= ENOUGH else one


def grown(form: SetForm, fan: DirectionFan, inner: InnerBound, rows: Booleans, live: Booleans, goal: float) -> InnerBound:
    """Enlarge self-generating sets by their image until that adds less than `goal` to a support value.

    Such sets only grow under the operator, and their union with their image generates itself again (Abreu, Pearce and
    Stacchetti 1990).
    """
    promises = inner.promises
    for _ in range(MOST_GROWTH):
        points = best_points(form, fan, promises)
        choice = _choose(form, fan, points, rows, 0.0)
        rise = np.where(live[:, None], np.einsum("kd,skd->sk", fan.sides, choice.points - points), 0.0)
        if rise.max() <= goal:
            break
        more = _united(form, promises, _nodes(form, choice, points, rise > goal / 2))
        # in a sliver a point that rises can be lost to rounding: then nothing changes any more
        if np.array_equal(more.values, promises.values):
            break
        promises = more
    larger = _evaluated(form, promises)
    return larger if larger.gain <= ENOUGH else inner


def _distance(fan: DirectionFan, points: Floats, others: Floats, live: Booleans) -> float:
    """Largest difference of support values of points (S, 2 K, 2) toward the middles of the cones, where corners show."""
    return float(farthest_apart(points, others, (fan.sides[0::2] + fan.sides[1::2]) / 2, live))


def _worst(points: Floats) -> Floats:
    """(S, 2): the least that each player gets at a point of each state, (S, K, 2)."""
    worst = np.empty((len(points), 2))
    least_of(points, worst)
    return worst


def _nodes(form: SetForm, choice: _Choice, before: Floats, wanted: Booleans) -> Promises:
    """The distinct points of a choice that are wanted (S, 2 K), with what they promise in terms of the points `before`."""
    apart = np.max(np.abs(choice.points - np.roll(choice.points, 1, axis=1)), axis=2) > SAME_POINT
    # sides that share a point have one number; a point that is wanted on any of its sides is taken from its first
    run = np.cumsum(apart, axis=1)
    run = np.where(run == 0, run[:, -1:], run) + (run.shape[1] + 1) * np.arange(len(run))[:, None]
    _, first, inverse = np.unique(run, return_index=True, return_inverse=True)
    taken = np.zeros(run.size, dtype=bool)
    taken[first[np.unique(inverse.reshape(run.shape)[wanted])]] = True
    apart = taken.reshape(run.shape)
    state, side = np.nonzero(apart)
    row = choice.row[state, side]
    owner, entry = _entries(form, row)
    target = form.game.transitions.indices[entry]
    after = np.zeros((len(entry), 2))
    for n in range(4):
        at = choice.nodes[state, side, n][owner]
        after += np.where(at >= 0, choice.weights[state, side, n][owner], 0.0)[:, None] * before[target, at]
    return _with_rounds(form, state, row, owner, entry, after, choice.points[state, side])


def _entries(form: SetForm, row: Integers) -> tuple[Integers, Integers]:
    """Owner and number of the entries of the transition law of each row."""
    law = form.game.transitions
    sizes = np.diff(law.indptr)[row]
    return np.repeat(np.arange(len(row)), sizes), spans(law.indptr[row].astype(np.intp), sizes)


def _with_rounds(
    form: SetForm, state: Integers, row: Integers, owner: Integers, entry: Integers, after: Floats, values: Floats
) -> Promises:
    """Nodes, sorted by state or not, with the vertices of each state's polygon."""
    order = np.lexsort((values[:, 1], values[:, 0], state))
    start = np.searchsorted(state[order], np.arange(form.game.n_states + 1)).astype(np.int64)
    rounds, round_start = np.empty(2 * len(state) + 2, dtype=np.int64), np.empty(form.game.n_states + 1, dtype=np.int64)
    convex_rounds(values, order.astype(np.int64), start, SAME_POINT, rounds, round_start)
    return Promises(state, row, owner, entry, after, values, rounds[: round_start[-1]], round_start)


def _united(form: SetForm, one: Promises, two: Promises) -> Promises:
    """The nodes of both that are vertices of the hull of all."""
    both = _with_rounds(
        form,
        np.concatenate([one.state, two.state]),
        np.concatenate([one.row, two.row]),
        np.concatenate([one.owner, two.owner + len(one.row)]),
        np.concatenate([one.entry, two.entry]),
        np.concatenate([one.after, two.after]),
        np.concatenate([one.values, two.values]),
    )
    return _only_vertices(form, both)


def _only_vertices(form: SetForm, nodes: Promises) -> Promises:
    """The nodes that are vertices, in the order of the rounds, hence by state."""
    if np.array_equal(nodes.rounds, np.arange(len(nodes.row))):
        return nodes
    row = nodes.row[nodes.rounds]
    owner, entry = _entries(form, row)
    start = np.concatenate([[0], np.cumsum(np.diff(form.game.transitions.indptr)[nodes.row])])
    kept = spans(start[nodes.rounds], np.diff(start)[nodes.rounds])
    return Promises(
        nodes.state[nodes.rounds],
        row,
        owner,
        entry,
        nodes.after[kept],
        nodes.values[nodes.rounds],
        np.arange(len(row)),
        nodes.round_start,
    )


def best_points(form: SetForm, fan: DirectionFan, nodes: Promises) -> Floats:
    """(S, 2 K, 2): the vertex that is best toward each side of the fan; zeros where there is none."""
    found = np.empty((form.game.n_states, len(fan.sides)), dtype=np.int64)
    best_vertices(nodes.values, nodes.rounds, nodes.round_start, fan.sides, found)
    return np.where((found >= 0)[..., None], nodes.values[np.maximum(found, 0)], 0.0)


def _evaluated(form: SetForm, nodes: Promises) -> InnerBound:
    """The automaton whose nodes promise lotteries over vertices, with its exact values."""
    nodes = _only_vertices(form, nodes)
    vertices, weights, values, after = _paid(form, nodes)
    nodes = _with_rounds(form, nodes.state, nodes.row, nodes.owner, nodes.entry, after, values)
    return InnerBound(form, nodes, vertices, weights, _largest_gain(form, nodes))


def _paid(form: SetForm, nodes: Promises) -> tuple[Integers, Floats, Floats, Floats]:
    """Lotteries over vertices in the place of what nodes promise: vertices, weights (m, 3); and what the nodes then pay (n, 2)
    and promise (m, 2)."""
    target = form.game.transitions.indices[nodes.entry].astype(np.int64)
    vertices, weights = np.empty((len(target), 3), dtype=np.int64), np.empty((len(target), 3))
    as_lotteries(nodes.after, target, nodes.values, nodes.rounds, nodes.round_start, vertices, weights)
    values = _values(form, nodes, vertices, weights)
    return vertices, weights, values, np.einsum("mn,mnd->md", weights, values[vertices])


def _largest_gain(form: SetForm, nodes: Promises) -> float:
    worst = np.full((form.game.n_states, 2), np.inf)
    np.minimum.at(worst, nodes.state, nodes.values)
    worst[np.isinf(worst)] = 0.0
    departing = departure_payoffs(form, worst)
    return float(np.max(departing[:, nodes.row] - nodes.values.T, initial=-np.inf))


def _values(form: SetForm, nodes: Promises, vertices: Integers, weights: Floats) -> Floats:
    """(n, 2): the solution of v_i = reward_i + delta_i P v_i, from the promised values on.

    Sweeps, where few are needed, else elimination.
    """
    chance = form.game.transitions.data[nodes.entry]
    used = (weights > 0) & (chance > 0)[:, None]
    count = len(nodes.row)
    data, target = (weights * chance[:, None])[used], vertices[used]
    start = np.concatenate([[0], np.cumsum(np.bincount(nodes.owner, weights=used.sum(axis=1), minlength=count))]).astype(np.int64)
    reward, values = form.reward[nodes.row], nodes.values.copy()
    if count > DENSE_NODES and _swept(values, start, target, data, reward, form.delta):
        return values
    law = SparseRows.summed(data, np.repeat(np.arange(count), np.diff(start)), target, (count, count))
    for columns in ([0, 1],) if form.delta[0] == form.delta[1] else ([0], [1]):
        discounted, right = law.times(float(form.delta[columns[0]])), np.ascontiguousarray(reward[:, columns])
        if count <= DENSE_NODES:
            values[:, columns] = np.linalg.solve(np.eye(count) - discounted.dense(), right)
        else:
            values[:, columns] = splu(identity_less(discounted).scipy().tocsc()).solve(right)
    return values


def _swept(values: Floats, start: Integers, target: Integers, data: Floats, reward: Floats, delta: Floats) -> bool:
    """Evaluates by sweeps, in place; whether what is left to change, at most the last change / (1 - delta), is rounding."""
    most = float(delta.max())
    enough = EXACT * (1 - most)
    change = follow_chain(values, start, target, data, reward, delta, 1)
    while change > enough:
        sweeps = int(np.log(enough / change) / np.log(most) / 2) + 1
        if sweeps > MOST_SWEEPS / 2 or enough < SMALLEST_CHANGE:
            return False
        change = follow_chain(values, start, target, data, reward, delta, sweeps)
    return True


def image(form: SetForm, fan: DirectionFan, points: Floats, rows: Booleans) -> Floats:
    """(S, K, 2): the best points, by cone, that can be promised if every point of the polygons with these corners can be; NaN
    where none can."""
    choice = _choose(form, fan, points, rows, -ROUNDING)
    return np.where((choice.row >= 0)[..., None], choice.points, np.nan)


def _choose(
    form: SetForm, fan: DirectionFan, points: Floats, rows: Booleans, slack: float, last: _Choice | None = None
) -> _Choice:
    """The best points toward the sides, of all that the given rows (R,) promise. last: an earlier choice, whose rows come first:
    then most others are soon seen to promise less."""
    toward = fan.sides
    order, start = _in_turn(form, rows, last)
    query, cone = fan.discounted_sides(form.delta)
    number, size = len(points), len(toward)
    out, chosen = np.zeros_like(points), np.empty((number, size), dtype=np.int64)
    nodes, weights = np.empty((number, size, 4), dtype=np.int64), np.empty((number, size, 4))
    bound_by, slope = np.empty((number, size), dtype=np.int64), np.empty((number, size))
    indptr, indices, data = form.law
    promise_step(
        points, cone, query, toward, order, start, indptr, indices, data, form.reward, form.delta,
        asked(form, _worst(points), slack), ROUNDING, out, chosen, nodes, weights, bound_by, slope,
    )  # fmt: skip
    return _Choice(out, chosen, nodes, weights, bound_by, slope)


def _in_turn(form: SetForm, rows: Booleans, last: _Choice | None) -> tuple[Integers, Integers]:
    """The numbers of the given rows, by state, those that were chosen last at the head, and where each state's begin."""
    order = np.flatnonzero(rows)
    state = form.game.row_state[order]
    start = np.searchsorted(state, np.arange(form.game.n_states + 1))
    if last is not None:
        idle = np.ones(len(rows), dtype=np.int64)
        idle[last.row[last.row >= 0]] = 0
        order = order[np.argsort(2 * state + idle[order], kind="stable")]
    return order, start


def departure_payoffs(form: SetForm, worst: Floats) -> Floats:
    """(2, R): what each player's best departure from each row pays if the worst payoffs (S, 2) follow; -inf without departure."""
    value = np.empty((2, len(form.reward)))
    punished(-worst, WORST_PLACES, *form.law, form.reward, form.delta, value)
    best = np.empty(value.shape, dtype=np.int64)
    best_departures(value, form.departure_start, form.departures, best)
    return np.where(best >= 0, value[BOTH_PLAYERS, best], -np.inf)


def asked(form: SetForm, worst: Floats, slack: float) -> Floats:
    """(2, R): what each player's continuation must be at least in each row if the worst payoffs (S, 2) punish; -inf without
    departure."""
    departing = departure_payoffs(form, worst) + slack
    with np.errstate(divide="ignore", invalid="ignore"):
        least = (departing - form.reward.T) / form.delta[:, None]
    for i in np.flatnonzero(form.delta == 0):
        least[i] = np.where(departing[i] <= form.reward[:, i], -np.inf, np.inf)
    return np.ascontiguousarray(least)


def automaton(inner: InnerBound) -> Automaton:
    """The automaton of an inner bound: a departure by one player is answered by that player's worst node.

    States without nodes to which play could come get one each, after all others, that plays the first actions for ever: only
    moves that the masks rule out lead there, and an automaton has an answer to every move.
    """
    nodes, form = inner.promises, inner.form
    game, size = form.game, len(nodes.row)
    hollow = _unanswered(game, nodes)
    count = size + len(hollow)
    node_state = np.concatenate([nodes.state, hollow])
    node_row = np.concatenate([nodes.row, game.row_start[hollow]])
    worst = [_worst_nodes(game.n_states, nodes, i) for i in range(2)]
    for own in worst:
        own[hollow] = size + np.arange(len(hollow))
    edges, used = int(np.diff(game.entry_start)[node_state].sum()), inner.weights > 0
    place, following = np.empty(edges + 1, dtype=np.intp), np.empty(edges + int(used.sum()), dtype=np.intp)
    chances = np.empty(len(following))
    write_machine(
        node_state, node_row, game.entry_start, game.entry_row, form.law[1], game.row_action, np.stack(worst),
        np.searchsorted(nodes.owner, np.arange(size + 1)), inner.vertices, inner.weights, place, following, chances,
    )  # fmt: skip
    law = sparse.csr_array((chances[: place[-1]], following[: place[-1]], place), shape=(edges, count))
    begins = np.diff(nodes.state, prepend=-1) != 0
    first, known = np.flatnonzero(begins), np.searchsorted(nodes.state[begins], np.arange(game.n_states + 1))
    lotteries = []
    for i in range(2):
        counts = game.action_counts[node_state, i]
        flat = np.zeros(int(counts.sum()))
        flat[np.concatenate([[0], np.cumsum(counts)[:-1]]) + game.row_action[i][node_row]] = 1.0
        lotteries.append(flat)
    return Automaton(
        game=game,
        players=(0, 1),
        modes=tuple(f"promise {k + 1}" for k in range(count)),
        node_mode=np.arange(count),
        node_state=node_state,
        lotteries=tuple(lotteries),
        next_nodes=law,
        start=sparse.csr_array((np.ones(len(first)), first, known), shape=(game.n_states, count)),
    )


def _unanswered(game: StochasticGame, nodes: Promises) -> Integers:
    """States without nodes to which some move in a state with nodes can lead, and those to which such states lead in turn."""
    answered = np.zeros(game.n_states, dtype=bool)
    answered[nodes.state] = True
    whole = answered.copy()
    while not whole.all():
        leads = whole[game.row_state[game.entry_row]] & (game.transitions.data > 0)
        following = whole.copy()
        following[np.asarray(game.transitions.indices)[leads]] = True
        if np.array_equal(following, whole):
            break
        whole = following
    return np.flatnonzero(whole & ~answered)


def _worst_nodes(n_states: int, nodes: Promises, player: int) -> Integers:
    """(S,): the node of each state that pays `player` least; -1 where there is none."""
    found = np.full(n_states, -1)
    order = np.lexsort((nodes.values[:, player], nodes.state))
    first = np.flatnonzero(np.diff(nodes.state[order], prepend=-1))
    found[nodes.state[order][first]] = order[first]
    return found
