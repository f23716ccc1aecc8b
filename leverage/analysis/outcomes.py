"""What comes of a plan, exactly: payoffs and their terms, chances and times of events, expected counts, averages.

A plan makes play a Markov chain on the nodes that it reaches from the game's start. Every number here is a sum over that chain or
the solution of a linear system in I - Q, where Q is a part of its law from which play is sure to leave (Kemeny and Snell 1960,
chapters III and IV). The inverse of such a matrix has no negative entry, so a residual times its row sums bounds the error; that
bound comes with each number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.sparse.csgraph import connected_components

from leverage.errors import GameError, UnsolvedError
from leverage.game.automaton import Automaton
from leverage.game.equations import DENSE_NODES, Equations, equations_of
from leverage.game.node_indices import spans
from leverage.game.sparse_rows import SparseRows
from leverage.game.stochastic_game import Booleans, Floats, Integers, StochasticGame

#: A date may miss a whole number of periods by this much (rounding in its conversion) and still count as whole.
DATE_TOLERANCE = 1e-9

#: Rounding of one number of the chain's law, which is a product of a few given ones, in units of the last place.
LAW_ROUNDING = 8

#: Where play leaves all nodes with about one chance, larger than this, the inverse's row sums are bounded by 1 over the least.
SURE_LEAVING = 1e-6

#: Distributions of play at many times are kept together, so many numbers at a time.
NUMBERS_A_PIECE = 1_000_000

#: Names of quantities: a payoff; how those of its terms begin; words of those that discounting does not reach.
PAYOFF, TERM = "payoff", "term: "
FAR_FUTURE = ("chance ever", "to it, given it happens", "in the long run")

_EPS = float(np.finfo(np.float64).eps)


class Outcome(NamedTuple):
    """One number about play from the game's start.

    subject: a player or a measure. quantity: which number, in words. value: NaN where the question does not arise (the time to an
    event that cannot happen). unit: in words. certificate: bound on the rounding error of `value`, NaN with it.
    """

    subject: str
    quantity: str
    value: float
    unit: str
    certificate: float


def measure_outcomes(plan: Automaton, periods: int | None = None, *, ever: bool = True) -> tuple[Outcome, ...]:
    """Exact outcomes of a plan from the game's start: per player, then per event, count and average of the game's measures.

    Parameters
    ----------
    plan : plays for all players; lotteries over actions and public lotteries between nodes are averaged out.
    periods : None for play without end; T >= 1 for the first T periods only. Then payoffs are normalised by (1 - delta) / (1 -
        delta^T), dates after T are left out, and so is all that speaks of "ever" or of the long run.
    ever : whether to measure what speaks of "ever" and of the long run; that takes about as long as the rest.

    Returns
    -------
    tuple of Outcome. Payoffs and terms are normalised discounted sums, payoff a period; costs enter with a minus, so that a
    player's terms sum to its payoff. An event counts from the start on ("by 6 months": in the state at time 0 to 6). A count by a
    date takes the transitions before it, an average over d periods the states at times 0 to d - 1; dates that are no whole number
    of periods are rounded down. The long run is the limit of averages over time, which exists for periodic chains too.

    Raises
    ------
    GameError : the plan does not play for everybody or has no start in the game's start; periods below 1. UnsolvedError : a node
        is left with a positive chance so small (below 1e-16 a period) that floating-point numbers cannot tell it from 0.

    Notes
    -----
    One sparse factorisation for each distinct discount factor and event, one for the transient nodes and one for each recurrent
    class. Transitions of chance 0 count as impossible.

    References
    ----------
    Kemeny and Snell (1960), *Finite Markov Chains*, theorems 3.3.5 (absorption), 3.3.7 (visits), 4.1.4 and 5.1.1 (long run).

    Examples
    --------
    >>> pd = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]
    >>> game = StochasticGame.from_arrays([pd], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.6)
    >>> defect = Automaton.stationary(game, [[[0.0, 1.0]], [[0.0, 1.0]]])
    >>> [(x.subject, x.quantity, round(x.value, 9)) for x in measure_outcomes(defect)]
    [('1', 'payoff', 1.0), ('2', 'payoff', 1.0)]
    """
    if periods is not None and periods < 1:
        raise GameError(f"{periods} periods: at least one is needed")
    play = _play(plan)
    march = _march(play, _dates(play.game, periods), ever=ever and periods is None)
    return (*_payoffs(play, periods), *_dated(play, march))


@dataclass(frozen=True, eq=False)
class Measured:
    """The outcomes of `measure_outcomes` for play without end, each kind of them when one of its kind is first asked for: with
    many plans of which little is asked, most of the work is saved.

    plan : as there; what it raises is raised when it is asked.
    """

    plan: Automaton

    def outcome(self, subject: str, quantity: str) -> Outcome | None:
        """One outcome by the words of its subject and quantity; None if there is none of these words."""
        if quantity == PAYOFF or quantity.startswith(TERM):
            return self._payoffs.get((subject, quantity))
        return (self._for_ever if speaks_of_ever(quantity) else self._by_dates).get((subject, quantity))

    @cached_property
    def _play(self) -> _Play:
        return _play(self.plan)

    @cached_property
    def _payoffs(self) -> Mapping[tuple[str, str], Outcome]:
        return _by_words(_payoffs(self._play, None))

    @cached_property
    def _by_dates(self) -> Mapping[tuple[str, str], Outcome]:
        return _by_words(_dated(self._play, _march(self._play, _dates(self.plan.game, None), ever=False)))

    @cached_property
    def _for_ever(self) -> Mapping[tuple[str, str], Outcome]:
        return _by_words(_dated(self._play, _march(self._play, (), ever=True)))


def _by_words(outcomes: Iterable[Outcome]) -> Mapping[tuple[str, str], Outcome]:
    return {(o.subject, o.quantity): o for o in outcomes}


def speaks_of_ever(quantity: str) -> bool:
    """Whether an outcome of this name is about what discounting does not reach: "ever", or the long run."""
    return not quantity.startswith(TERM) and any(words in quantity for words in FAR_FUTURE)


def event_chance(plan: Automaton, event: str, date: float) -> Outcome:
    """The chance of one event by one date, as in `measure_outcomes`, for plans without end and any date.

    plan : as there. event : one of the game's measures. date : in periods, >= 0; rounded down to whole ones.

    Returns an Outcome; its certificate is 0 where play must, or cannot, come to the event by then: exactly 1, or 0.
    Raises GameError as `measure_outcomes` does, and for an event that the game does not have.

    >>> pd = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]
    >>> game = StochasticGame.from_arrays([pd], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.6)
    >>> game.measures.events["here"] = np.array([True])
    >>> found = event_chance(Automaton.stationary(game, [[[0.0, 1.0]], [[0.0, 1.0]]]), "here", 2)
    >>> found.value, found.certificate
    (1.0, 0.0)
    """
    if event not in plan.game.measures.events:
        raise GameError(f"there is no event '{event}'; the game has {', '.join(plan.game.measures.events) or 'none'}")
    play, whole = _play(plan), math.floor(date + DATE_TOLERANCE)
    target = plan.game.measures.events[event][play.state]
    if not _may_come(play, target, whole):
        return _chance_by(play, event, date, 0.0, 0.0)
    if not _may_stay_away(play, target, whole):
        return _chance_by(play, event, date, 1.0, 0.0)
    hit = float(sum(arrived.sum() for _, arrived in _steps(play, target[None], whole)))
    return _chance_by(play, event, date, min(hit, 1.0), (whole + 1) * play.step_rounding)


def state_chances(plan: Automaton, periods: int) -> Floats:
    """(periods + 1, S): the chance of every state at each time from the start on, under a plan as in `measure_outcomes`.

    periods : T >= 0. Raises GameError as `measure_outcomes` does. Rounding errors stay below 1e-12 a period.

    >>> leaves = StochasticGame.from_arrays([[[0.0]], [[0.0]]], [[[0.5, 0.5]], [[0.0, 1.0]]], 0.5)
    >>> state_chances(Automaton.stationary(leaves, [[[1.0], [1.0]]]), 2).tolist()
    [[1.0, 0.0], [0.5, 0.5], [0.25, 0.75]]
    """
    play = _play(plan)
    nobody = np.zeros((0, len(play.start)), dtype=bool)
    return np.array(
        [
            np.bincount(play.state, now, minlength=plan.game.n_states)
            for piece, _ in _steps(play, nobody, periods)
            for now in piece
        ],
        dtype=np.float64,
    )


def _may_come(play: _Play, target: Booleans, periods: int) -> bool:
    """Whether play can come to the target within so many periods, however small the chance."""
    reached = play.start > 0
    for _ in range(periods):
        if reached[target].any():
            return True
        more = reached | (play.reverse @ reached.astype(np.float64) > 0)
        if np.array_equal(more, reached):
            return False
        reached = more
    return bool(reached[target].any())


def _may_stay_away(play: _Play, target: Booleans, periods: int) -> bool:
    """Whether play can stay off the target for so many periods."""
    away = (play.start > 0) & ~target
    for _ in range(periods):
        if not away.any():
            return False
        following = (play.reverse @ away.astype(np.float64) > 0) & ~target
        if np.array_equal(following, away):
            return True
        away = following
    return bool(away.any())


# --- the chain --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Chances:
    """Chances of what can happen at n nodes, in the order of the nodes: the node of each (m,), its number, and its chance."""

    node: Integers
    number: Integers
    chance: Floats

    def means(self, amounts: Floats) -> Floats:
        """(..., n): the mean at each node of amounts (..., numbers)."""
        return np.add.reduceat(self.chance * amounts[..., self.number], self._first, axis=-1)

    @cached_property
    def _first(self) -> Integers:
        """(n,): where those of each node begin. Something happens at every node."""
        return np.flatnonzero(np.diff(self.node, prepend=-1))

    @property
    def widest(self) -> int:
        """How many there are at one node at most."""
        return int(np.bincount(self.node).max())


@dataclass(frozen=True, eq=False)
class _Play:
    """The Markov chain on the n nodes that play reaches.

    law: (n, n), positive entries only. start: (n,). state: (n,). stage: the chance of each row of the game. moves: the
    chance of each entry of the game's transition law.
    """

    game: StochasticGame
    law: SparseRows
    start: Floats
    state: Integers
    stage: _Chances
    moves: _Chances

    @property
    def reverse(self) -> SparseRows:
        """(n, n): the law's transpose."""
        return self.law.transposed

    @cached_property
    def long_run(self) -> tuple[Floats, float]:
        """Long-run share of time at each node (n,), and a bound on the sum of the errors."""
        return _long_run(self)

    @cached_property
    def step_rounding(self) -> float:
        """Bound on the relative rounding error of one step of a distribution."""
        return (self.reverse.widest + LAW_ROUNDING) * _EPS

    @cached_property
    def sum_rounding(self) -> float:
        """Bound on the rounding error of a mean over nodes, relative to the largest number averaged."""
        return (len(self.start) + self.stage.widest + self.moves.widest + LAW_ROUNDING) * _EPS


def _play(plan: Automaton) -> _Play:
    game = plan.game
    if plan.players != tuple(range(game.n_players)):
        raise GameError(f"outcomes need a plan for all {game.n_players} players; this one plays for {list(plan.players)}")
    start = _start(plan)
    if not start.any():
        raise GameError(f"the plan has no start in state {game.states[game.start]}")
    indices, weight = plan.indices, _weight(plan)
    cells = np.flatnonzero(weight)
    node, row, weight = indices.cell_node[cells], indices.cell_row[cells], weight[cells]
    first, widths = indices.cell_edge[cells], np.diff(indices.cell_edge)[cells]
    edges = spans(first, widths)
    chance = np.repeat(weight, widths) * plan.edge_probability[edges]
    possible = chance > 0
    edges, leaves, chance = edges[possible], np.repeat(node, widths)[possible], chance[possible]
    law = _law(plan, leaves, edges, chance)
    reached = _spread(law, start > 0)
    nodes, place = np.flatnonzero(reached), np.cumsum(reached) - 1
    played, moved = reached[node], reached[leaves]
    return _Play(
        game=game,
        law=law.part(reached, reached),
        start=start[nodes],
        state=plan.node_state[nodes],
        stage=_Chances(place[node[played]], row[played], weight[played]),
        moves=_Chances(place[leaves[moved]], plan.edge_entry[edges[moved]], chance[moved]),
    )


def _start(plan: Automaton) -> Floats:
    """(K,): chance of each node at the game's start."""
    nodes, chances = plan.beginnings(plan.game.start)
    return np.bincount(nodes, weights=chances, minlength=plan.n_nodes).astype(np.float64)


def _law(plan: Automaton, leaves: Integers, edges: Integers, chance: Floats) -> SparseRows:
    """(K, K): from node to node along edges of these chances, over the public lottery of each."""
    begin = np.asarray(plan.next_nodes.indptr, dtype=np.intp)
    sizes = np.diff(begin)[edges]
    arcs = spans(begin[edges], sizes)
    weights = np.repeat(chance, sizes) * plan.next_nodes.data[arcs]
    return SparseRows.summed(weights, np.repeat(leaves, sizes), plan.next_nodes.indices[arcs], (plan.n_nodes, plan.n_nodes))


def _weight(plan: Automaton) -> Floats:
    """(cells,): the chance of each action profile at its node."""
    weight = np.ones(len(plan.indices.cell_node))
    for lottery, place in zip(plan.lotteries, plan.indices.cell_choice, strict=True):
        weight *= lottery[place]
    return weight


def _spread(law: SparseRows, begin: Booleans) -> Booleans:
    """(n,): nodes that can be reached from `begin` along entries of `law`, `begin` included."""
    seen, known = begin.copy(), -1
    while np.count_nonzero(seen) > known:
        known = int(np.count_nonzero(seen))
        seen[law.column[seen[law.row]]] = True
    return seen


# --- linear systems with error bounds ---------------------------------------------------------------------------------


class _Visits:
    """Systems in I - Q for a non-negative Q (n, n) from which play is sure to leave: expected visits, absorption, discounted
    sums.

    `weight` (n,) bounds the row sums of the inverse: if (I - Q) y >= c > 0 then the inverse applied to 1 is at most y / c.
    """

    def __init__(self, law: SparseRows) -> None:
        try:
            self._ahead, self._back = equations_of(law)
            self.weight = self._weight(law)
        except (
            RuntimeError,
            np.linalg.LinAlgError,
        ) as err:  # singular: a chance of leaving below 1e-16 is lost in 1 - chance of staying
            raise UnsolvedError("play leaves some node with a chance too small to compute with; set it to 0 or raise it") from err

    def _weight(self, law: SparseRows) -> Floats:
        ones = np.ones(law.shape[0])
        staying = law @ ones
        least, most = 1.0 - float(staying.max(initial=0.0)), 1.0 - float(staying.min(initial=1.0))
        if least > SURE_LEAVING and most <= 2 * least:  # as in discounted sums: y = 1 will do
            return ones / (least - (self._ahead.widest + LAW_ROUNDING) * _EPS)
        y = self._ahead.solve(ones)
        slack = 1.0 - float(_residual(self._ahead, y, ones).max(initial=0.0))
        return y / slack if slack > 0 else np.full(len(y), np.inf)

    def backwards(self, right: Floats) -> tuple[Floats, Floats]:
        """x = right + Q x (a sum over what follows each node), and a bound on the error of each of its numbers."""
        x = self._ahead.solve(right)
        return x, self.weight * _residual(self._ahead, x, right).max(initial=0.0)

    def forwards(self, begin: Floats) -> tuple[Floats, float]:
        """z = begin + z Q (expected visits), and a bound on the sum of the errors of its numbers."""
        z = self._back.solve(begin)
        return z, float(_residual(self._back, z, begin).sum() * self.weight.max(initial=0.0))


def _residual(equations: Equations, x: Floats, right: Floats) -> Floats:
    """(n,): size of what x leaves of the right side, with what rounding may have hidden, that of the law's numbers included."""
    left, added = equations.residual(x, right)
    return np.asarray(left + (equations.widest + LAW_ROUNDING) * _EPS * added)


# --- forward in time --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _March:
    """The distribution of play followed through time.

    dates: those that are measured, with their whole periods. hits: (events, dates) chance of the event by then. occupation:
    (dates, n) expected periods at each node before then. ever: whether "ever" and the long run are asked about.
    """

    dates: Dates
    hits: Floats
    occupation: Floats
    ever: bool


#: Dates, each with its whole periods.
Dates = tuple[tuple[float, int], ...]


def _dates(game: StochasticGame, periods: int | None) -> Dates:
    """The dates that are measured within so many periods."""
    dates = tuple((d, math.floor(d + DATE_TOLERANCE)) for d in game.measures.dates)
    return tuple((d, whole) for d, whole in dates if periods is None or d <= periods + DATE_TOLERANCE)


def _march(play: _Play, dates: Dates, *, ever: bool) -> _March:
    events = play.game.measures.events.values()
    targets = np.array([event[play.state] for event in events], dtype=bool).reshape(-1, len(play.start))
    hits = np.zeros((len(targets), len(dates)))
    occupation = np.zeros((len(dates), len(play.start)))
    reached, spent, begin = np.zeros(len(targets)), np.zeros(len(play.start)), 0
    for now, arrived in _steps(play, targets, max((whole for _, whole in dates), default=0)):
        by_then, until = reached + np.cumsum(arrived, axis=0), spent + np.cumsum(now, axis=0)
        for k, (_, whole) in enumerate(dates):
            if begin <= whole < begin + len(now):
                hits[:, k] = by_then[whole - begin]
            if begin < whole <= begin + len(now):
                occupation[k] = until[whole - begin - 1]
        reached, spent, begin = by_then[-1], until[-1], begin + len(now)
    return _March(dates, np.minimum(hits, 1.0), occupation, ever)


def _steps(play: _Play, targets: Booleans, horizon: int) -> Iterator[tuple[Floats, Floats]]:
    """At times 0 to horizon, a piece of them at a time: the distribution over nodes (times, n), and the chance of reaching each
    target for the first time just then (times, targets)."""
    now = np.vstack([play.start, np.broadcast_to(play.start, targets.shape)])  # all of play; play before each target
    onward, hit = _onward(play.law, len(now)), targets.astype(np.float64)
    going_on = np.vstack([np.ones(len(play.start)), 1.0 - hit])
    at_a_time = max(1, NUMBERS_A_PIECE // now.size)
    for begin in range(0, horizon + 1, at_a_time):
        piece = np.empty((min(at_a_time, horizon + 1 - begin), *now.shape))
        for k in range(len(piece)):
            piece[k] = now if begin + k == 0 else onward(now * going_on)
            now = piece[k]
        yield piece[:, 0], (piece[:, 1:] * hit).sum(axis=2)


def _onward(law: SparseRows, count: int) -> Callable[[Floats], Floats]:
    """What makes of so many distributions (count, n) those one step later."""
    if law.shape[0] > DENSE_NODES:
        return law.transposed.for_each(count)
    dense = law.dense()
    return lambda now: now @ dense


def _weights(play: _Play, periods: int | None) -> tuple[Floats, Floats]:
    """Normalised discounted weights of the nodes in each player's payoff (N, n), sum 1, and bounds on the sums of their errors
    (N,)."""
    delta = play.game.discount
    weights, error = np.zeros((len(delta), len(play.start))), np.zeros(len(delta))
    if periods is None:
        for d in sorted(set(delta.tolist())):
            weights[delta == d], error[delta == d] = _Visits(play.law.times(d)).forwards((1 - d) * play.start)
        return weights, error
    nothing = np.zeros((0, len(play.start)), dtype=bool)
    begin = 0
    for now, _ in _steps(play, nothing, periods - 1):
        weights += delta[:, None] ** np.arange(begin, begin + len(now)) @ now
        begin += len(now)
    weights /= np.array([math.fsum(d**t for t in range(periods)) for d in delta])[:, None]
    return weights, np.full(len(delta), (periods + 1) * play.step_rounding)


# --- the numbers ------------------------------------------------------------------------------------------------------


def _payoffs(play: _Play, periods: int | None) -> Iterator[Outcome]:
    game = play.game
    weights, error = _weights(play, periods)
    named = [
        (i, quantity, by_row)
        for i in range(game.n_players)
        for quantity, by_row in (
            (PAYOFF, game.payoffs[:, i]),
            *((f"{TERM}{term.name}", term.signed) for term in game.terms if term.player == i),
        )
    ]
    amounts = np.stack([by_row for _, _, by_row in named])
    by_node, sizes = play.stage.means(amounts), np.abs(amounts).max(axis=1, initial=0.0).tolist()
    for (i, quantity, _), own, size in zip(named, by_node, sizes, strict=True):
        value = float(weights[i] @ own)
        yield Outcome(game.players[i], quantity, value, game.payoff_unit, _error(play, size, float(error[i])))


def _error(play: _Play, size: float, weight_error: float, total: float = 1.0) -> float:
    """Bound on the error of a sum of numbers up to `size` with weights that sum to `total`, given the sum of the weights'
    errors."""
    return size * (weight_error + total * play.sum_rounding)


def _size(numbers: Floats) -> float:
    """The largest, whatever their signs."""
    return float(np.abs(numbers).max(initial=0.0))


def _dated(play: _Play, march: _March) -> Iterator[Outcome]:
    """All but the payoffs: by the dates of the march, and of the long run if it is asked about."""
    yield from _events(play, march)
    yield from _counts(play, march)
    yield from _averages(play, march)


def _events(play: _Play, march: _March) -> Iterator[Outcome]:
    game = play.game
    for e, (event, states) in enumerate(game.measures.events.items()):
        for k, (date, whole) in enumerate(march.dates):
            error = (whole + 1) * play.step_rounding
            yield _chance_by(play, event, date, float(march.hits[e, k]), error)
        if march.ever:
            yield from _ever(play, event, states[play.state])


def _chance_by(play: _Play, event: str, date: float, chance: float, error: float) -> Outcome:
    return Outcome(event, f"chance by {date_label(play.game, date)}", chance, "chance", error)


def _ever(play: _Play, event: str, target: Booleans) -> Iterator[Outcome]:
    """The chance that the target is ever reached, and the mean time to it where it is.

    On the nodes B that can still reach it: h = P h with h = 1 on the target; the time counted where it is reached, m = P m + h on
    B with m = 0 on the target; the mean is m / h.
    """
    game, late = play.game, f"{_plural(play.game)} to it, given it happens"
    waiting = _spread(play.reverse, target) & ~target
    begun, begin = float(play.start[target].sum()), play.start[waiting]
    if begun == 0 and not begin.any():
        yield Outcome(event, "chance ever", 0.0, "chance", 0.0)
        yield Outcome(event, late, math.nan, _plural(game), math.nan)
        return
    rows = play.law.part(waiting)
    visits = _Visits(play.law.part(waiting, waiting))
    hit, hit_error = visits.backwards(rows @ target.astype(np.float64))
    time, time_error = visits.backwards(hit)
    if not np.isfinite(visits.weight).all():  # play leaves some node too seldom for arithmetic to bound anything
        yield Outcome(event, "chance ever", math.nan, "chance", math.nan)
        yield Outcome(event, late, math.nan, _plural(game), math.nan)
        return
    time_error = time_error + visits.weight * hit_error.max(initial=0.0)
    chance, error = begun + float(begin @ hit), float(begin @ hit_error) + play.sum_rounding
    yield Outcome(event, "chance ever", min(chance, 1.0), "chance", error)
    if chance <= error:  # whether it ever happens is beyond what rounding lets one tell
        yield Outcome(event, late, math.nan, _plural(game), math.nan)
        return
    mean = float(begin @ time) / chance
    mean_error = (float(begin @ time_error) + mean * (error + play.sum_rounding)) / (chance - error)
    yield Outcome(event, late, game.period_length * mean, _plural(game), game.period_length * mean_error)


def _counts(play: _Play, march: _March) -> Iterator[Outcome]:
    game, unit = play.game, play.game.period_unit
    for name, by_entry in game.measures.counts.items():
        by_node, size = play.moves.means(by_entry), _size(by_entry)
        for k, (date, whole) in enumerate(march.dates):
            error = _error(play, size, whole * (whole + 1) * play.step_rounding, total=whole)
            yield Outcome(name, f"number by {date_label(game, date)}", float(march.occupation[k] @ by_node), "times", error)
        if march.ever:
            weights, weight_error = play.long_run
            rate = float(weights @ by_node) / game.period_length
            error = _error(play, size, weight_error) / game.period_length
            yield Outcome(name, f"number a {unit} in the long run", rate, f"times a {unit}", error)


def _averages(play: _Play, march: _March) -> Iterator[Outcome]:
    game = play.game
    for name, by_state in game.measures.averages.items():
        by_node = by_state[play.state]
        size = _size(by_node)
        for k, (date, whole) in enumerate(march.dates):
            value = float(march.occupation[k] @ by_node) / whole if whole else math.nan
            error = _error(play, size, (whole + 1) * play.step_rounding) if whole else math.nan
            yield Outcome(name, f"average over {date_label(game, date)}", value, "level", error)
        if march.ever:
            weights, weight_error = play.long_run
            error = _error(play, size, weight_error)
            yield Outcome(name, "average in the long run", float(weights @ by_node), "level", error)


# --- the long run -----------------------------------------------------------------------------------------------------


def _long_run(play: _Play) -> tuple[Floats, float]:
    """Long-run share of time at each node (n,), and a bound on the sum of the errors."""
    _, label = connected_components(play.law.scipy(), directed=True, connection="strong")
    source = label[play.law.row]
    left = np.zeros(int(label.max()) + 1, dtype=bool)
    left[source[source != label[play.law.column]]] = True
    transient = left[label]
    if np.count_nonzero(~left) == 1:  # play ends up there whatever the way
        share, arrival_error = np.where(left, 0.0, 1.0), 0.0
    else:
        arrivals, arrival_error = _arrivals(play, transient)
        share = np.asarray(np.bincount(label, weights=arrivals, minlength=len(left)), dtype=np.float64)
    weights, error = np.where(transient, 0.0, share[label]), 0.0
    sizes = np.bincount(label)
    for c in np.flatnonzero(~left & (sizes > 1)):
        members = label == c
        stationary, own_error = _stationary(play.law.part(members, members))
        weights[members] = share[c] * stationary
        error = max(error, own_error)
    return weights, error + arrival_error


def _arrivals(play: _Play, transient: Booleans) -> tuple[Floats, float]:
    """Chance (n,) that the first recurrent node is this one, and a bound on the sum of the errors."""
    arrivals = np.where(transient, 0.0, play.start)
    if not transient.any():
        return arrivals, 0.0
    visits, error = _Visits(play.law.part(transient, transient)).forwards(play.start[transient])
    entering = np.where(transient, 0.0, play.law.part(transient).transposed @ visits)
    return arrivals + entering, error + play.sum_rounding * float(entering.sum())


def _stationary(law: SparseRows) -> tuple[Floats, float]:
    """Stationary distribution of one recurrent class: visits to each node between two visits to a reference node, rescaled.

    The reference is a node with much inflow, so that play does not stay away from it for long.
    """
    home = int(np.argmax(np.bincount(law.column, law.numbers, law.shape[1])))
    away = np.arange(law.shape[0]) != home
    outward = law.part(~away, away).dense()[0]
    visits, error = _Visits(law.part(away, away)).forwards(outward)
    cycle = 1.0 + float(visits.sum())
    return np.insert(visits, home, 1.0) / cycle, 2 * error / cycle


# --- words ------------------------------------------------------------------------------------------------------------


def _plural(game: StochasticGame) -> str:
    return f"{game.period_unit}s"


def date_label(game: StochasticGame, date: float) -> str:
    """A date in words: '6 months'."""
    length = date * game.period_length
    return f"{length:g} {game.period_unit if length == 1 else _plural(game)}"
