"""Derivatives of the outcomes of stationary play, along directions in which strategies and the game's numbers change.

Every outcome (`outcomes`) is a sum over the Markov chain of play or the solution of a linear system. Each is differentiated as it
is computed: a system A x = b gives A dx = db - dA x, with the factors of A at hand; a march through time carries its derivative
along (forward mode). States are the chain's nodes; a transition of chance 0 that a direction opens belongs to it.

What play does in the very long run - whether an event ever comes, and when, long-run means - need not change smoothly where a
direction opens a way out of states that play never leaves. There is no derivative then, and the answer says so.

Sources: Kemeny and Snell (1960) for the systems; Schweitzer (1968) for derivatives of stationary distributions; Griewank and
Walther (2008), chapter 3, for forward mode.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu

from leverage.analysis.outcomes import DATE_TOLERANCE, date_label
from leverage.errors import UnsolvedError
from leverage.game.derivatives import FormDerivatives
from leverage.game.stochastic_game import Booleans, Floats, Integers, StochasticGame


@dataclass(frozen=True, eq=False)
class OutcomeDerivative:
    """One outcome and its derivative along D directions.

    subject, quantity, unit, value: as in `Outcome`. derivative: (D,), NaN where there is none. scale: the size of the quantity
    that counts as large (a payoff range, 1 for a chance), in its unit. missing: (D,) true where a direction opens a way out of
    states that play never leaves.
    """

    subject: str
    quantity: str
    unit: str
    value: float
    derivative: Floats
    scale: float
    missing: Booleans


def outcome_derivatives(
    game: StochasticGame, strategies: Sequence[Floats], d_strategies: Sequence[Floats], derivatives: FormDerivatives
) -> tuple[OutcomeDerivative, ...]:
    """Derivatives of all outcomes of stationary play without end, from the game's start.

    Parameters
    ----------
    game : with terms and measures. strategies : per player (C_i,), flat. d_strategies : per player (C_i, D), their derivatives;
        zero off the support. derivatives : of the game's arrays, along the same D directions.

    Returns
    -------
    tuple of OutcomeDerivative, in the order of `measure_outcomes`.

    Raises
    ------
    UnsolvedError : a state is left with a chance too small to compute with.

    Notes
    -----
    Cost: a factorisation for each player, each event and each recurrent class, D solves each; a march of D + 1 distributions
    for each event.

    References
    ----------
    Kemeny and Snell (1960); Schweitzer (1968); see the module.
    """
    play = _play(game, strategies, d_strategies, derivatives)
    march = _march(play)
    return (
        *_payoffs(play, derivatives),
        *_events(play, march),
        *_counts(play, march, derivatives),
        *_averages(play, march, derivatives),
    )


# --- the chain and its derivative ----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Pair:
    """A number for each of n things, (n,), and its derivatives, (n, D)."""

    value: Floats
    slope: Floats


@dataclass(frozen=True, eq=False)
class _Play:
    """The Markov chain on the n states that play reaches, or would if a direction opened the way.

    states: (n,). start: the node of the game's start. rows: chance of each row of the game, (R,) and (D, R). source, target:
    (cells,) the transitions between nodes; law: their chances, (cells,) and (cells, D).
    """

    game: StochasticGame
    states: Integers
    start: int
    weight: Floats
    d_weight: Floats
    source: Integers
    target: Integers
    law: _Pair

    @property
    def size(self) -> int:
        return len(self.states)

    @property
    def directions(self) -> int:
        return len(self.d_weight)

    @cached_property
    def matrix(self) -> sparse.csr_array:
        """The law (n, n)."""
        return sparse.csr_array((self.law.value, (self.source, self.target)), shape=(self.size, self.size))

    @cached_property
    def reverse(self) -> sparse.csr_array:
        """(n, n): the law's transpose, by rows."""
        return sparse.csr_array(self.matrix.T.tocsr())

    def pushed(self, x: Floats) -> Floats:
        """x dP (n, D): where the change of the law sends the distribution x (n,)."""
        count = len(self.source)
        step = sparse.csr_array((x[self.source], (self.target, np.arange(count))), shape=(self.size, count))
        return np.asarray(step @ self.law.slope)

    def pulled(self, x: Floats) -> Floats:
        """dP x (n, D): the change of the expectation of x (n,) one period ahead."""
        count = len(self.source)
        step = sparse.csr_array((x[self.target], (self.source, np.arange(count))), shape=(self.size, count))
        return np.asarray(step @ self.law.slope)

    def by_node(self, by_row: Floats, slopes: Floats) -> _Pair:
        """Expectation at each node of a number for each row, (R,), with slopes (D, R)."""
        starts = self.game.row_start[:-1]
        value = np.add.reduceat(self.weight * by_row, starts)
        slope = np.add.reduceat(self.d_weight * by_row + self.weight * slopes, starts, axis=1)
        return _Pair(value[self.states], slope[:, self.states].T)

    @cached_property
    def long_run(self) -> tuple[_Pair, Booleans]:
        """Long-run share of time at each node, and the directions (D,) in which it has no derivative."""
        return _long_run(self)


def _play(
    game: StochasticGame, strategies: Sequence[Floats], d_strategies: Sequence[Floats], derivatives: FormDerivatives
) -> _Play:
    chances = [own[choice] for own, choice in zip(strategies, game.row_choice, strict=True)]
    changes = [own[choice].T for own, choice in zip(d_strategies, game.row_choice, strict=True)]
    weight = np.prod(chances, axis=0)
    d_weight = sum(changes[i] * np.prod([own for j, own in enumerate(chances) if j != i], axis=0) for i in range(game.n_players))
    entry, row = game.transitions, game.entry_row
    code = game.row_state[row] * game.n_states + entry.indices
    played = np.flatnonzero((weight[row] > 0) & ((entry.data > 0) | (derivatives.probabilities != 0).any(axis=0)))
    cells, slot = np.unique(code[played], return_inverse=True)
    gather = sparse.csr_array((np.ones(len(played)), (slot, np.arange(len(played)))), shape=(len(cells), len(played)))
    row = row[played]
    slopes = d_weight[:, row] * entry.data[played] + weight[row] * derivatives.probabilities[:, played]
    source, target = np.divmod(cells, game.n_states)
    reached = _reached_from(np.arange(game.n_states) == game.start, source, target)
    kept = reached[source]
    node = np.cumsum(reached) - 1
    return _Play(
        game=game,
        states=np.flatnonzero(reached),
        start=int(node[game.start]),
        weight=weight,
        d_weight=np.asarray(d_weight),
        source=node[source[kept]],
        target=node[target[kept]],
        law=_Pair((gather @ (weight[row] * entry.data[played]))[kept], (gather @ slopes.T)[kept]),
    )


def _reached_from(begin: Booleans, source: Integers, target: Integers) -> Booleans:
    """(n,): what can be reached from `begin`, (n,), along the given steps; `begin` included."""
    reached = begin
    while True:
        wider = reached.copy()
        wider[target[reached[source]]] = True
        if (wider == reached).all():
            return reached
        reached = wider


def _factors(matrix: sparse.csr_array) -> tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]:
    """Solvers with I minus the matrix and with its transpose, for right sides (n,) or (n, D)."""
    try:
        lu = splu(sparse.csc_array(sparse.eye_array(matrix.shape[0]) - matrix))
    except RuntimeError as error:  # singular: a chance of leaving below 1e-16 is lost in 1 - chance of staying
        raise UnsolvedError("play leaves some state with a chance too small to compute with; set it to 0 or raise it") from error
    solve = cast(Callable[..., Floats], lu.solve)
    return solve, lambda right: solve(right, "T")


def _classes(size: int, source: Integers, target: Integers) -> tuple[Integers, Booleans]:
    """The strongly connected class of each node under the given steps, and whether the node's class can be left."""
    graph = sparse.csr_array((np.ones(len(source)), (source, target)), shape=(size, size))
    _, label = connected_components(graph, directed=True, connection="strong")
    left = np.zeros(int(label.max()) + 1, dtype=bool)
    left[label[source[label[source] != label[target]]]] = True
    return label.astype(np.intp), left[label]


# --- payoffs ----------------------------------------------------------------------------------------------------------------


def _payoffs(play: _Play, derivatives: FormDerivatives) -> Iterator[OutcomeDerivative]:
    game = play.game
    nowhere = np.zeros(play.directions, dtype=bool)
    for i, player in enumerate(game.players):
        weights = _discounted(play, float(game.discount[i]), derivatives.discount[:, i])
        named = [("payoff", game.payoffs[:, i], derivatives.payoffs[:, :, i])]
        for term, slope in zip(game.terms, derivatives.terms, strict=True):
            if term.player == i:
                named.append((f"term: {term.name}", term.signed, slope if term.kind == "gain" else -slope))
        scale = float(np.ptp(game.payoffs[:, i])) or 1.0
        for quantity, by_row, slopes in named:
            value, slope = _mean(weights, play.by_node(by_row, slopes))
            yield OutcomeDerivative(player, quantity, game.payoff_unit, value, slope, scale, nowhere)


def _mean(weights: _Pair, numbers: _Pair) -> tuple[float, Floats]:
    """The sum of weights times numbers over the nodes, and its derivatives (D,)."""
    return float(weights.value @ numbers.value), weights.slope.T @ numbers.value + weights.value @ numbers.slope


def _discounted(play: _Play, delta: float, d_delta: Floats) -> _Pair:
    """Normalised discounted weights of the nodes, z = (1 - delta) start + delta z P; d_delta: (D,)."""
    begin = np.zeros(play.size)
    begin[play.start] = 1.0
    _, solve = _factors(delta * play.matrix)
    weights = solve((1 - delta) * begin)
    return _Pair(weights, solve(np.outer(play.reverse @ weights - begin, d_delta) + delta * play.pushed(weights)))


# --- by dates ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _March:
    """Play followed through time.

    dates: those that are measured, with their whole periods. hits[e][k]: chance of event e by date k and its derivatives (D,).
    occupation[k]: expected periods at each node before date k.
    """

    dates: tuple[tuple[float, int], ...]
    hits: dict[str, list[tuple[float, Floats]]]
    occupation: list[_Pair]


def _march(play: _Play) -> _March:
    dates = tuple((date, math.floor(date + DATE_TOLERANCE)) for date in play.game.measures.dates)
    last = max((whole for _, whole in dates), default=0)
    steps = list(_steps(play, np.ones(play.size, dtype=bool), last))
    spent, before = _Pair(np.zeros(play.size), np.zeros((play.size, play.directions))), []
    for now in steps:
        before.append(spent)
        spent = _Pair(spent.value + now.value, spent.slope + now.slope)
    hits = {}
    for event, by_state in play.game.measures.events.items():
        target = by_state[play.states]
        chance, change, by = 0.0, np.zeros(play.directions), []
        for now in _steps(play, ~target, last):
            chance, change = chance + float(now.value[target].sum()), change + now.slope[target].sum(axis=0)
            by.append((chance, change))
        hits[event] = [by[whole] for _, whole in dates]
    return _March(dates, hits, [before[whole] for _, whole in dates])


def _steps(play: _Play, going_on: Booleans, last: int) -> Iterator[_Pair]:
    """Distributions at times 0 to `last` of play that ends on nodes that are not `going_on`, once it has got there."""
    now = _Pair(np.zeros(play.size), np.zeros((play.size, play.directions)))
    now.value[play.start] = 1.0
    yield now
    for _ in range(last):
        x, dx = np.where(going_on, now.value, 0.0), np.where(going_on[:, None], now.slope, 0.0)
        now = _Pair(play.reverse @ x, play.reverse @ dx + play.pushed(x))
        yield now


def _events(play: _Play, march: _March) -> Iterator[OutcomeDerivative]:
    nowhere = np.zeros(play.directions, dtype=bool)
    for event, by_state in play.game.measures.events.items():
        for (date, _), (value, slope) in zip(march.dates, march.hits[event], strict=True):
            words = f"chance by {date_label(play.game, date)}"
            yield OutcomeDerivative(event, words, "chance", min(value, 1.0), slope, 1.0, nowhere)
        yield from _ever(play, event, by_state[play.states])


def _ever(play: _Play, event: str, target: Booleans) -> Iterator[OutcomeDerivative]:
    """The chance h that the target is ever reached, and the mean time to it where it is.

    On the states W that play, stopped on the target, is sure to leave: h = P h; the time counted where the target is reached,
    m = P m + h; the mean is m / h. Elsewhere h is 1 (on the target) or 0 (where play stays for ever without it).
    """
    leaves, goes = ~target[play.source], play.law.value > 0
    label, left = _classes(play.size, play.source[leaves & goes], play.target[leaves & goes])
    waiting = np.flatnonzero(~target & left)
    stuck = ~target & ~left
    hopeful = _reached_from(target, play.target[leaves], play.source[leaves])
    opened = leaves & stuck[play.source] & (label[play.source] != label[play.target]) & hopeful[play.target]
    missing = (play.law.slope[opened] != 0).any(axis=0)
    h, m = target.astype(np.float64), np.zeros(play.size)
    dh, dm = np.zeros((play.size, play.directions)), np.zeros((play.size, play.directions))
    if len(waiting):
        solve, _ = _factors(sparse.csr_array(play.matrix[waiting][:, waiting]))
        h[waiting] = solve((play.matrix @ target.astype(np.float64))[waiting])
        m[waiting] = solve(h[waiting])
        dh[waiting] = solve(play.pulled(h)[waiting])
        dm[waiting] = solve(play.pulled(m)[waiting] + dh[waiting])
    game, s = play.game, play.start
    unit, length = f"{game.period_unit}s", game.period_length
    yield OutcomeDerivative(event, "chance ever", "chance", min(float(h[s]), 1.0), dh[s], 1.0, missing)
    mean, change = math.nan, np.full(play.directions, math.nan)
    if h[s] > 0:
        mean, change = length * float(m[s] / h[s]), length * (dm[s] / h[s] - m[s] * dh[s] / h[s] ** 2)
    words = f"{unit} to it, given it happens"
    yield OutcomeDerivative(event, words, unit, mean, change, max(mean, length) if h[s] > 0 else length, missing)


def _counts(play: _Play, march: _March, derivatives: FormDerivatives) -> Iterator[OutcomeDerivative]:
    game, unit = play.game, play.game.period_unit
    starts = game.transitions.indptr[:-1]
    nowhere = np.zeros(play.directions, dtype=bool)
    for name, by_entry in game.measures.counts.items():
        by_row = np.add.reduceat(game.transitions.data * by_entry, starts)
        by_node = play.by_node(by_row, np.add.reduceat(derivatives.probabilities * by_entry, starts, axis=1))
        for (date, _), spent in zip(march.dates, march.occupation, strict=True):
            value, slope = _mean(spent, by_node)
            words = f"number by {date_label(game, date)}"
            yield OutcomeDerivative(name, words, "times", value, slope, max(value, 1.0), nowhere)
        weights, missing = play.long_run
        value, slope = _mean(weights, by_node)
        words, often = f"number a {unit} in the long run", 1 / game.period_length
        yield OutcomeDerivative(name, words, f"times a {unit}", value * often, slope * often, often, missing)


def _averages(play: _Play, march: _March, derivatives: FormDerivatives) -> Iterator[OutcomeDerivative]:
    nowhere = np.zeros(play.directions, dtype=bool)
    for (name, by_state), slopes in zip(play.game.measures.averages.items(), derivatives.averages, strict=True):
        by_node = _Pair(by_state[play.states], slopes[:, play.states].T)
        scale = float(np.ptp(by_state)) or 1.0
        for (date, whole), spent in zip(march.dates, march.occupation, strict=True):
            value, slope = _mean(spent, by_node)
            value, slope = (value / whole, slope / whole) if whole else (math.nan, np.full(play.directions, math.nan))
            words = f"average over {date_label(play.game, date)}"
            yield OutcomeDerivative(name, words, "level", value, slope, scale, nowhere)
        weights, missing = play.long_run
        value, slope = _mean(weights, by_node)
        yield OutcomeDerivative(name, "average in the long run", "level", value, slope, scale, missing)


# --- the long run -----------------------------------------------------------------------------------------------------------


def _long_run(play: _Play) -> tuple[_Pair, Booleans]:
    """Long-run share of time at each node, and the directions (D,) in which a way out of a recurrent class opens."""
    goes = play.law.value > 0
    label, transient = _classes(play.size, play.source[goes], play.target[goes])
    opened = ~transient[play.source] & (label[play.source] != label[play.target])
    missing = (play.law.slope[opened] != 0).any(axis=0)
    arrivals = _arrivals(play, transient)
    weights = _Pair(np.zeros(play.size), np.zeros((play.size, play.directions)))
    for c in np.unique(label[~transient]):
        members = np.flatnonzero(label == c)
        share, d_share = float(arrivals.value[members].sum()), arrivals.slope[members].sum(axis=0)
        stationary = _stationary(play, members)
        weights.value[members] = share * stationary.value
        weights.slope[members] = share * stationary.slope + np.outer(stationary.value, d_share)
    return weights, missing


def _arrivals(play: _Play, transient: Booleans) -> _Pair:
    """Chance that the first recurrent node is this one: what enters from z, the expected visits to transient nodes."""
    begin = np.zeros(play.size)
    begin[play.start] = 1.0
    if not transient[play.start]:
        return _Pair(begin, np.zeros((play.size, play.directions)))
    inner = np.flatnonzero(transient)
    visits, changes = np.zeros(play.size), np.zeros((play.size, play.directions))
    _, solve = _factors(sparse.csr_array(play.matrix[inner][:, inner]))
    visits[inner] = solve(begin[inner])
    pushed = play.pushed(visits)
    changes[inner] = solve(pushed[inner])
    entering = _Pair(play.reverse @ visits, play.reverse @ changes + pushed)
    return _Pair(np.where(transient, 0.0, entering.value), np.where(transient[:, None], 0.0, entering.slope))


def _stationary(play: _Play, members: Integers) -> _Pair:
    """Stationary distribution of one recurrent class: visits to each node between two visits to the one with most inflow."""
    if len(members) == 1:
        return _Pair(np.ones(1), np.zeros((1, play.directions)))
    inside = sparse.csr_array(play.matrix[members][:, members])
    home = int(np.argmax(np.asarray(inside.sum(axis=0)).ravel()))
    away = np.flatnonzero(np.arange(len(members)) != home)
    _, solve = _factors(sparse.csr_array(inside[away][:, away]))
    visits, changes = np.ones(len(members)), np.zeros((len(members), play.directions))
    visits[away] = solve(inside[[home]].toarray().ravel()[away])
    spread = np.zeros(play.size)
    spread[members] = visits
    changes[away] = solve(play.pushed(spread)[members[away]])
    cycle, d_cycle = float(visits.sum()), changes.sum(axis=0)
    return _Pair(visits / cycle, changes / cycle - np.outer(visits, d_cycle) / cycle**2)
