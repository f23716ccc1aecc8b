"""Bounds of equilibrium payoffs for any number of players: what credible play allows at least and at most.

V(s) is the set of payoffs of subgame-perfect equilibria from state s, in pure actions with public randomisation, under perfect
monitoring. It is the largest fixed point of

    B(W)_s = co U_a {v = (1 - delta) u(s, a) + delta o sum_s' p(s' | s, a) w(s'),  w(s') in W(s'),
                     v_i >= max_{a_i' != a_i} (1 - delta_i) u_i(s, a_i', a_-i) + delta_i sum_s' p(s' | s, a_i', a_-i) min_i W(s')}

where o multiplies player by player. The set itself is not computed, only its supports h(s, d) = max {d . v : v in V(s)} in
finitely many directions d, from outside; and points inside it, which are the values of the nodes of one checked automaton.

Empty sets. A state in which no profile has a feasible continuation has no equilibrium. Nor can a profile be prescribed from which
play may come to such a state, whoever departs as far as that is allowed, several at once included: a subgame-perfect plan has to
go on after every history. If every action is a possible deviation, emptiness therefore spreads to all states that can reach an
empty one under any actions. (For one player's departure B says the same: its threshold is a minimum over the empty set.)

Source: Abreu, Pearce and Stacchetti (1990) for self-generation; Judd, Yeltekin and Conklin (2003) for outer and inner
approximations by linear programmes.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.sparse.linalg import splu

from leverage.certification.checker import check
from leverage.errors import GameError
from leverage.game.automaton import Automaton
from leverage.game.node_indices import spans
from leverage.game.stochastic_game import Booleans, Floats, Integers, StochasticGame
from leverage.solvers.programme_kernel import propose_points, raise_supports
from leverage.solvers.pure_markov import allowed_gain
from leverage.solvers.set_form import Mask, row_mask

#: Largest gain of a one-shot deviation at a node of the inner automaton, a share of the player's payoff range.
GAIN_TOLERANCE = 1e-9
#: Thresholds are relaxed by this share of the payoff range for the outer bounds, so that rounding never excludes an exact tie: as
#: much as the inner automaton is allowed, so that the outer bounds contain the inner ones.
OUTER_SLACK = GAIN_TOLERANCE
#: ... and by this share for the inner points, well within what the checker allows: exact ties survive rounding.
INNER_SLACK = 0.1 * GAIN_TOLERANCE
#: Added to each new support, a share of the payoff range: more than the rounding of one step on payoffs scaled to [0, 1].
ROUNDING = 1e-14
#: Steps of the outer iteration: with optimal multipliers, with fixed ones after each of them; what a step with optimal
#: multipliers costs about, in others; and the multiplications that all of them may take, some seconds.
EXACT_STEPS, FIXED_STEPS, EXACT_COST, MOST_WORK = 400, 3000, 10, 2e9
#: Directions to begin with by number of players (whole orbits of integer vectors; more players: the axes), and how many there may
#: be at last, as long as rows times directions stay below a number of programmes that takes some seconds.
FIRST_DIRECTIONS, MOST_DIRECTIONS, MOST_PROGRAMMES = {1: 2, 2: 16, 3: 26, 4: 64, 5: 50}, 600, 60_000
#: So many directions are added at a time at least (otherwise half of those that are there); shorter vectors have no direction,
#: and directions whose cosine misses 1 by less are the same.
FEWEST_FURTHER, SHORTEST, SAME_DIRECTION = 16, 1e-9, 1e-9
#: Directions of inner proposals are turned by about this, so that ties have one answer; what is lost is found again without the
#: turn.
TILT = 1e-5
#: Square roots of primes have no rational relation: their multiples spread the turns.
PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29)
#: Rounds of the search for inner points: seeds, contraction, growth.
SEED_ROUNDS, CONTRACTION_ROUNDS, GROWTH_ROUNDS = 15, 100, 3000
#: Contraction: points are drawn in by this share of the discounted sum of all later moves, beyond what is needed now (less: more
#: rounds; more: smaller sets), and a little for good; they are inside if they miss it by less; price of leaving the hull's span.
OVERSHOOT, MINIMUM, INSIDE, PROHIBITIVE = 0.25, 1e-7, 1e-3, 1e4
#: Programmes times points for the whole search, about ten seconds; the share of what is left that growth may use before
#: directions are added; the nodes that are kept; and the gap, a share of the payoff range, above which seeds are sought again.
MOST_EFFORT, STAGE_SHARE, MOST_NODES, WIDE = 6e6, 0.3, 20_000, 0.25
#: Up to this many nodes a dense factorisation is faster than a sparse one.
DENSE_NODES = 200


@dataclass(frozen=True, eq=False)
class PayoffBounds:
    """Bounds of the equilibrium payoffs of each state, normalised payoff (payoff a period). Last axis: smallest, largest.

    outer: (S, N, 2) no equilibrium pays less or more; NaN in a state without equilibrium. inner: (S, N, 2) equilibria that were
    found and checked pay so little and so much; NaN where none was found. weighted_outer, weighted_inner: (S, W, 2) the same for
    the caller's weighted sums. gap: largest difference between an outer bound and its inner one; inf if a state has outer bounds
    only. machine: the automaton whose nodes' values the inner bounds are taken from (None if there are none); its start in a
    state is the node with the largest sum of scaled payoffs. certificate: largest gain of an allowed one-shot deviation at any
    node of the machine, by the independent checker (NaN without machine). status: what was found, in a sentence.
    """

    game: StochasticGame
    outer: Floats
    inner: Floats
    weighted_outer: Floats
    weighted_inner: Floats
    gap: float
    machine: Automaton | None
    certificate: float
    status: str


def payoff_bounds(
    game: StochasticGame,
    *,
    weights: ArrayLike | None = None,
    directions: int | ArrayLike | None = None,
    tolerance: float = 1e-6,
    prescribable: Mask | None = None,
    deviation: Mask | None = None,
) -> PayoffBounds:
    """Smallest and largest equilibrium payoffs of each player, and of weighted sums, from outside and from inside.

    Use it for three players and more; for two, `equilibrium_set` finds the set itself.

    Parameters
    ----------
    game : any number of players and of actions in a state, one discount factor per player.
    weights : (W, N) or (N,), weighted sums of payoffs to be bounded as well.
    directions : in how many directions the sets are bounded at most (each player's smallest and largest payoff and the weighted
        sums always are), or (K, N) further directions, in payoff units; default: up to 600, fewer for large games (status says
        so). The search begins with few, integer vectors in scaled payoffs in whole orbits under exchange of players and signs,
        and adds those in which continuations turn out to be extreme, until the gap is within the tolerance. Vectors that the
        caller gives are taken as they are, and none is added. Time grows somewhat faster than their number.
    tolerance : the outer iteration ends when supports are expected to move by less than this share of the payoff range; > 0. The
        outer bounds are valid at any tolerance.
    prescribable, deviation : masks[s][i][a], whether a plan may prescribe action a of player i in state s, and whether its owner
        may deviate to it; default: all. An action that may neither be prescribed nor deviated to does not exist. The prescribed
        action is no deviation.

    Returns
    -------
    PayoffBounds : normalised payoff; read `status` first.

    Raises
    ------
    GameError : masks, weights or directions that do not fit the game, a tolerance that is not above 0.

    Notes
    -----
    The outer bounds hold up to rounding, whatever the number of directions; equilibria that leave gains of at most 1e-9 of a
    player's payoff range are contained too. The inner bounds are values of an automaton with gains of at most 1e-9, so that exact
    ties (a discount factor at its critical value) are found; equilibria that they miss may exist. The gap mostly closes for one
    state and few players. Otherwise sets may have more faces than there are directions, and a gap remains, wide where a set
    upholds itself by a hair; the work is limited by counts, not by a clock. Convergence is linear, in the worst case slower than
    the largest discount factor: see `status`. Seconds of one core: three players in one state, equal discount factors: 0.1;
    unequal: 1 to 4; 50 states with 8 to 27 profiles each, two successors a row: 5 to 8; the first call compiles.

    References
    ----------
    Abreu, Pearce and Stacchetti (1990), "Toward a theory of discounted repeated games with imperfect monitoring", Theorems 1-2;
    Judd, Yeltekin and Conklin (2003), "Computing supergame equilibria".

    Examples
    --------
    >>> pd = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]
    >>> game = StochasticGame.from_arrays([pd], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.6)
    >>> bounds = payoff_bounds(game, weights=(1, 1))
    >>> bounds.outer.round(4).tolist(), bounds.weighted_inner.round(4).tolist()
    ([[[1.0, 4.3333], [1.0, 4.3333]]], [[[2.0, 6.0]]])
    """
    if not tolerance > 0:
        raise GameError(f"tolerance is a share of the payoff range and must be above 0; got {tolerance}")
    sums = _checked_vectors(game, weights, "weights")
    problem = _scaled_problem(game, sums, directions, prescribable, deviation)
    problem, outer, nodes = _bracket(problem, 2 * (game.n_players + len(sums)), tolerance)
    return _bounds(problem, sums, outer, nodes, tolerance)


# --- the game, scaled --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Problem:
    """The game with each player's payoffs scaled to [0, 1]: payoff = low + span * scaled payoff.

    stage: (R, N) (1 - delta_i) u_i. law: (R, S) without stored zeros. directions: (K, N) of length 1, +e_1 .. +e_N, -e_1 .. -e_N
    first, then the caller's weighted sums (up, then down), then others. goals: (K, N) delta o d. constant: (R, K) d . stage.
    prescribable: (R,) rows that a plan may prescribe. alternatives[i]: (R, A_i) rows to
    which player i may deviate, -1: none. masked: whether some deviation is not allowed. cut: fewer directions were taken than are
    usual.
    """

    game: StochasticGame
    low: Floats
    span: Floats
    stage: Floats
    law: sparse.csr_array
    directions: Floats
    prescribable: Booleans
    alternatives: tuple[Integers, ...]
    masked: bool
    most: int
    cut: bool

    @property
    def discount(self) -> Floats:
        return self.game.discount

    def box(self, directions: Floats) -> Floats:
        """(K,): supports of the box of scaled payoffs, which contains all values; a player whose payoff never differs gets 0."""
        differs = np.ptp(self.game.payoffs, axis=0) > 0
        return np.asarray(np.maximum(directions, 0) @ differs.astype(np.float64))

    @cached_property
    def tilted(self) -> Floats:
        """(K, N): the directions, turned a little in a way of its own each, so that they have one maximiser where they tie."""
        primes = np.sqrt(np.resize(np.array(PRIMES, dtype=np.float64), self.game.n_players))
        turn = np.modf(np.outer(np.arange(1, len(self.directions) + 1), primes))[0] - 0.5
        return np.ascontiguousarray(self.directions + TILT * turn)

    @cached_property
    def goals(self) -> Floats:
        return np.ascontiguousarray(self.discount * self.directions)

    @cached_property
    def constant(self) -> Floats:
        return np.ascontiguousarray(self.stage @ self.directions.T)

    @cached_property
    def reaches(self) -> sparse.csr_array:
        """(R, S): positive where, if the row is prescribed, a state may follow, whoever departs as far as that is allowed."""
        rows = np.arange(len(self.stage))
        histories = sparse.csr_array(sparse.eye_array(len(rows), format="csr"))
        for alternatives in self.alternatives:
            at, to = np.repeat(rows, alternatives.shape[1]), alternatives.ravel()
            step = (np.ones((to >= 0).sum()), (at[to >= 0], to[to >= 0]))
            histories = histories + histories @ sparse.csr_array(step, shape=histories.shape)
        return sparse.csr_array(histories @ (self.law > 0).astype(np.float64))

    def may_reach(self, states: Booleans) -> Booleans:
        """(R,): whether play may come to one of the states next, if the row is prescribed."""
        return np.asarray(self.reaches @ states.astype(np.float64) > 0)

    def cannot_go_on(self, states: Booleans, alive: Booleans) -> tuple[Booleans, Booleans]:
        """The given states (S,) and those that are left without a row, and the rows (R,) that are left: they neither belong to
        such states nor may lead to them."""
        row_state = self.game.row_state
        while True:
            alive = alive & ~states[row_state] & ~self.may_reach(states)
            wider = states | (np.bincount(row_state[alive], minlength=len(states)) == 0)
            if np.array_equal(wider, states):
                return states, alive
            states = wider

    def thresholds(self, worst: Floats) -> Floats:
        """(R, N): what a player gets by its best deviation if `worst` (S, N) follows; -inf where it has none."""
        value = self.stage + self.discount * (self.law @ worst)
        result = np.full(value.shape, -np.inf)
        for i, rows in enumerate(self.alternatives):
            result[:, i] = np.where(rows >= 0, value[rows, i], -np.inf).max(axis=1)
        return result

    def floors(self, worst: Floats, slack: float) -> tuple[Floats, Booleans]:
        """(R, N) the smallest continuation payoffs that deter deviations, and (R,) whether those who ignore the future are
        content."""
        lack = self.thresholds(worst) - slack - self.stage
        patient = self.discount > 0
        # continuation payoffs are never below 0: lower floors only make large numbers
        floor = np.maximum(lack / np.where(patient, self.discount, 1.0), -1.0)
        return np.where(patient, floor, -1.0), np.all((lack <= 0) | patient, axis=1)


def _scaled_problem(
    game: StochasticGame,
    sums: Floats,
    directions: int | ArrayLike | None,
    prescribable: Mask | None,
    deviation: Mask | None,
) -> _Problem:
    low, spread = game.payoffs.min(axis=0), np.ptp(game.payoffs, axis=0)
    span = np.where(spread > 0, spread, 1.0)
    law = game.transitions.copy()
    law.eliminate_zeros()
    may_prescribe, may_deviate = (
        np.array([row_mask(game, mask, i, name) for i in range(game.n_players)])
        for mask, name in ((prescribable, "prescribable"), (deviation, "deviation"))
    )
    chosen, most, cut = _directions(game, sums, span, directions)
    return _Problem(
        game=game,
        low=low,
        span=span,
        stage=(1 - game.discount) * ((game.payoffs - low) / span),
        law=law,
        directions=chosen,
        prescribable=np.asarray(may_prescribe.all(axis=0)),
        alternatives=tuple(_alternatives(game, i, may_deviate[i]) for i in range(game.n_players)),
        masked=not bool(may_deviate.all()),
        most=most,
        cut=cut,
    )


def _alternatives(game: StochasticGame, player: int, may_deviate: Booleans) -> Integers:
    """(R, A): the rows in which only the player's action differs and may_deviate (R,) allows it; -1 where there is none."""
    counts = game.action_counts
    stride = np.prod(counts[:, player + 1 :], axis=1)[game.row_state]
    own, rows = game.row_action[player], np.arange(len(game.payoffs))
    result = np.full((len(rows), int(counts[:, player].max())), -1, dtype=np.intp)
    for a in range(result.shape[1]):
        exists = (a < counts[game.row_state, player]) & (a != own)
        there = (rows + (a - own) * stride)[exists]
        result[exists, a] = np.where(may_deviate[there], there, -1)
    return result


# --- directions --------------------------------------------------------------------------------------------------------


def _checked_vectors(game: StochasticGame, given: ArrayLike | None, name: str) -> Floats:
    """(W, N) vectors of the caller."""
    if given is None:
        return np.zeros((0, game.n_players))
    vectors = np.atleast_2d(np.asarray(given, dtype=np.float64))
    if vectors.ndim != 2 or vectors.shape[1] != game.n_players or not np.all(np.isfinite(vectors)):
        raise GameError(f"{name} have shape {vectors.shape}; finite numbers of shape (W, {game.n_players}) are needed")
    return vectors


def _directions(game: StochasticGame, sums: Floats, span: Floats, given: int | ArrayLike | None) -> tuple[Floats, int, bool]:
    """(K, N) in scaled payoffs to begin with, how many there may be at last, and whether that is less than usual."""
    number = game.n_players
    asked = np.vstack([sums, -sums])
    room = max(2 * number, MOST_PROGRAMMES // len(game.payoffs))
    most, first = min(MOST_DIRECTIONS, room), min(FIRST_DIRECTIONS.get(number, 2 * number), room)
    if given is None:
        further = _integer_directions(number, first)
    elif isinstance(given, int | np.integer):
        if given < 0:
            raise GameError(f"{given} directions were asked for; a number of at least 0 is needed")
        most = int(given)
        further = _integer_directions(number, min(FIRST_DIRECTIONS.get(number, 2 * number), most))
    else:
        further = _checked_vectors(game, given, "directions") * span
        most = 0
    axes = np.vstack([np.eye(number), -np.eye(number)])
    chosen = np.vstack([axes, asked * span, further])
    length = np.linalg.norm(chosen, axis=1, keepdims=True)
    # a sum without weight is constant; its direction bounds nothing and is harmless as a copy of another
    chosen = np.where(length > 0, chosen / np.where(length > 0, length, 1.0), axes[0])
    return np.ascontiguousarray(chosen), most, given is None and room < MOST_DIRECTIONS


def _integer_directions(number: int, most: int) -> Floats:
    """Primitive integer vectors, whole orbits under exchange of coordinates and signs, from short to long; the 2 * number
    shortest ones are left out, as the axes are there anyway. At most `most` with the axes."""
    found: list[tuple[int, ...]] = []
    for longest in range(1, most + 1):
        for nonzeros in range(1, number + 1):
            size = math.comb(number, nonzeros) * ((2 * longest) ** nonzeros - (2 * longest - 2) ** nonzeros)
            if size > 4 * most:  # before primitive ones are counted: too many to list
                return np.array(found, dtype=np.float64).reshape(-1, number)
            group = [v for v in _vectors(number, longest, nonzeros) if longest > 1 or nonzeros > 1]
            if 2 * number + len(found) + len(group) > most:
                return np.array(found, dtype=np.float64).reshape(-1, number)
            found += group
        if number == 1:
            break
    return np.array(found, dtype=np.float64).reshape(-1, number)


def _vectors(number: int, longest: int, nonzeros: int) -> list[tuple[int, ...]]:
    """Primitive vectors with so many nonzeros, the largest of them `longest` in size."""
    values = [v for v in range(-longest, longest + 1) if v]
    found = []
    for places in itertools.combinations(range(number), nonzeros):
        for entries in itertools.product(values, repeat=nonzeros):
            if max(map(abs, entries)) == longest and math.gcd(*entries) == 1:
                vector = [0] * number
                for place, entry in zip(places, entries, strict=True):
                    vector[place] = entry
                found.append(tuple(vector))
    return found


# --- both sides in turn ------------------------------------------------------------------------------------------------


def _bracket(problem: _Problem, wanted: int, tolerance: float) -> tuple[_Problem, _Outer, _Nodes | None]:
    """Outer supports and certified nodes; while the first `wanted` directions show a gap, further ones are added: those in which
    the continuations of the inner points are extreme. In them the outer programmes of those points become exact (with unequal
    discount factors and at binding thresholds normals turn, so that no fixed set of directions holds them)."""
    enough = 0.25 * tolerance * (1 - float(problem.discount.max()))
    effort = _Effort()
    outer = _shrink(problem, enough, effort)
    nodes = _seeds(problem, outer, effort)
    while not outer.empty.all():
        turned = [_propose(problem, outer, outer.points, _everywhere(~outer.empty, outer)).turned]
        reached = np.full(outer.supports.shape, -np.inf)
        if nodes is not None:
            nodes, inside = _grown(problem, outer, nodes, enough, effort, STAGE_SHARE)
            turned.append(inside)
            *_, reached = _extreme_nodes(problem, nodes)
        gaps = np.where(outer.empty[:, None], 0.0, np.minimum(outer.supports - reached, 1.0))
        if gaps[:, :wanted].max() <= tolerance or effort.spent:
            break
        gaps[gaps <= tolerance] = 0.0
        further = _further_directions(problem, wanted, gaps, turned)
        if not len(further):
            further = _further_directions(problem, wanted, gaps, [outer.between])
        if not len(further):
            nodes = None if nodes is None else _grown(problem, outer, nodes, enough, effort, 1.0)[0]
            break
        problem = replace(problem, directions=np.vstack([problem.directions, further]))
        outer = _shrink(problem, enough, effort, outer)
        if gaps[:, :wanted].max() > WIDE:
            nodes = _seeds(problem, outer, effort) if nodes is None else _union(nodes, _contracted(problem, outer, effort))
    return problem, outer, nodes


class _Effort:
    """What both sides may still cost. inside: programmes times the points that each looks at; outside: multiplications."""

    def __init__(self) -> None:
        self.inside, self.outside = MOST_EFFORT, MOST_WORK

    @property
    def spent(self) -> bool:
        return self.inside <= 0 or self.outside <= 0

    def spend(self, use: Booleans) -> bool:
        """Pays for one proposal over the points (S, K); False if too little is left."""
        self.inside -= use.sum() * use.shape[1]
        return self.inside > 0


def _further_directions(problem: _Problem, wanted: int, gaps: Floats, turned: Sequence[Floats]) -> Floats:
    """Those (K', N) of the given directions (S, K, N) that are not there yet: of wanted points first, then by the gap (S, K)."""
    room = min(problem.most - len(problem.directions), max(FEWEST_FURTHER, len(problem.directions) // 2))
    gap, vectors = np.concatenate([gaps] * len(turned)), np.concatenate(turned)
    length = np.linalg.norm(vectors, axis=2)
    states, ks = np.nonzero((gap > 0) & (length > SHORTEST))
    order = np.lexsort((-gap[states, ks], ks >= wanted))
    chosen: list[Floats] = []
    known = problem.directions
    for place in order:
        if len(chosen) >= room:
            break
        vector = vectors[states[place], ks[place]] / length[states[place], ks[place]]
        if np.all(known @ vector < 1 - SAME_DIRECTION):
            chosen.append(vector)
            known = np.vstack([known, vector])
    return np.array(chosen).reshape(-1, known.shape[1])


# --- from outside ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Outer:
    """Supports (S, K) in scaled payoffs; empty: (S,); source: the state in which emptiness began, -1 if none is empty; ceiling:
    (R, K) what each row attains at most, -inf for rows that cannot be prescribed; points: (S, K, N) where the supports are
    attained; between: (S, K, N) mean normals of the corners at which the continuations are then; settled: whether the iteration
    ended by itself."""

    supports: Floats
    empty: Booleans
    source: int
    ceiling: Floats
    points: Floats
    between: Floats
    settled: bool


class _Shrinking:
    """The outer iteration: supports, and the dual bases of each row's programmes, which serve again in the next step."""

    def __init__(self, problem: _Problem, before: _Outer | None) -> None:
        self.problem = problem
        size, (count, _) = problem.game.n_states, problem.directions.shape
        self.supports = np.tile(problem.box(problem.directions), (size, 1))
        self.alive, self.empty, self.source = problem.prescribable.copy(), np.zeros(size, dtype=bool), -1
        if before is not None:
            further = _implied_supports(problem, before)
            self.supports = np.where(np.isfinite(further), np.minimum(further, self.supports), self.supports)
            self.alive, self.empty, self.source = np.isfinite(before.ceiling[:, 0]), before.empty.copy(), before.source
        self.basis, self.multiplier = _axes_basis(problem.goals, len(problem.stage))
        self.rest = np.zeros((len(problem.stage), count))
        self.row = np.full((size, count), -1, dtype=np.intp)

    def bound(self) -> tuple[Floats, Booleans]:
        """(R, K) right sides of the programmes, the floors being lower bounds of single payoffs, and where (R, N) floors bind."""
        problem, number = self.problem, self.problem.game.n_players
        bound = np.asarray(problem.law @ self.supports)
        floor, content = problem.floors(-self.supports[:, number : 2 * number], OUTER_SLACK)
        self.alive &= content
        binding = -floor < bound[:, number : 2 * number]
        bound[:, number : 2 * number] = np.where(binding, -floor, bound[:, number : 2 * number])
        return bound, binding

    def step(self, *, exact: bool) -> float:
        """One step; the largest decrease of a support, infinite if a state turned out to be empty."""
        problem, found = self.problem, np.empty_like(self.supports)
        raise_supports(
            problem.directions,
            problem.goals,
            problem.constant,
            self.bound()[0],
            problem.game.row_start,
            self.alive,
            self.basis,
            self.multiplier,
            self.rest,
            found,
            self.row,
            exact,
        )
        dead = np.any(self.row < 0, axis=1) & ~self.empty
        if dead.any():
            self.source = int(np.argmax(dead)) if self.source < 0 else self.source
            self.empty, self.alive = problem.cannot_go_on(self.empty | dead, self.alive)
        lower = np.where(self.empty[:, None], self.supports, np.minimum(self.supports, found + ROUNDING))
        change = (self.supports - lower).max()
        self.supports = lower
        return math.inf if dead.any() else float(change)

    def result(self, *, settled: bool) -> _Outer:
        problem = self.problem
        bound, binding = self.bound()
        at_basis = np.take_along_axis(bound[:, None, :], self.basis, axis=2)
        ceiling = problem.constant + self.rest + (self.multiplier * at_basis).sum(axis=2)
        ceiling[~self.alive] = -np.inf
        return _Outer(self.supports, self.empty, self.source, ceiling, self._corners(bound), self._between(binding), settled)

    def _between(self, binding: Booleans) -> Floats:
        """(S, K, N): where the image is extreme, the mean normal of the corner at which the continuations are."""
        number, ks = self.problem.game.n_players, np.arange(self.row.shape[1])
        basis = self.basis[self.row, ks]
        axis = basis - number  # a floor stands where the axis -e_i does
        floor = (axis >= 0) & (axis < number) & binding[self.row[:, :, None], np.clip(axis, 0, number - 1)]
        turned = (np.where(floor, 0.0, 1.0)[..., None] * self.problem.directions[basis]).sum(axis=2)
        turned[self.row < 0] = 0.0
        return np.asarray(turned)

    def _corners(self, bound: Floats) -> Floats:
        """(S, K, N): values of the image that are extreme in the tilted directions."""
        problem, goals = self.problem, np.ascontiguousarray(self.problem.discount * self.problem.tilted)
        basis, multiplier = _axes_basis(goals, len(problem.stage))
        constant, row = np.ascontiguousarray(problem.stage @ problem.tilted.T), np.empty_like(self.row)
        raise_supports(
            problem.directions,
            goals,
            constant,
            bound,
            problem.game.row_start,
            self.alive.copy(),
            basis,
            multiplier,
            np.zeros_like(self.rest),
            np.empty_like(self.supports),
            row,
            True,
        )
        states, ks = np.nonzero(row >= 0)
        rows = row[states, ks]
        active = basis[rows, ks]
        x = np.linalg.solve(problem.directions[active], bound[rows[:, None], active][:, :, None])[:, :, 0]
        points = np.zeros((*row.shape, problem.game.n_players))
        points[states, ks] = problem.stage[rows] + problem.discount * x
        return points


def _implied_supports(problem: _Problem, before: _Outer) -> Floats:
    """(S, K) supports: those of fewer directions, and what these imply for the further ones: one programme each, states as
    rows."""
    size, known = before.supports.shape
    further = np.ascontiguousarray(problem.directions[known:])
    basis, multiplier = _axes_basis(further, size)
    supports, row = np.empty((size, len(further))), np.empty((size, len(further)), dtype=np.intp)
    raise_supports(
        np.ascontiguousarray(problem.directions[:known]),
        further,
        np.zeros(supports.shape),
        before.supports,
        np.arange(size + 1),
        ~before.empty,
        basis,
        multiplier,
        np.zeros(supports.shape),
        supports,
        row,
        True,
    )
    return np.hstack([before.supports, supports + ROUNDING])


def _axes_basis(goals: Floats, rows: int) -> tuple[Integers, Floats]:
    """(rows, K, N): the axes with the signs of each goal (K, N), whose cone contains it, and the multipliers."""
    number = goals.shape[1]
    sign = np.where(goals >= 0, 0, number) + np.arange(number)
    return np.tile(sign.astype(np.intp), (rows, 1, 1)), np.tile(np.abs(goals), (rows, 1, 1))


def _shrink(problem: _Problem, enough: float, effort: _Effort, before: _Outer | None = None) -> _Outer:
    """Supports of the largest fixed point, from above, until a step moves none by more than `enough`: from the box of payoffs, or
    from what was found `before` with fewer directions."""
    run = _Shrinking(problem, before)
    cost, settled = problem.directions.size * len(problem.stage), False
    for _ in range(EXACT_STEPS):
        effort.outside -= EXACT_COST * cost
        settled = run.step(exact=True) <= enough
        if settled or effort.outside <= 0:
            break
        for _ in range(FIXED_STEPS):
            effort.outside -= cost
            if run.step(exact=False) <= enough or effort.outside <= 0:
                break
    return run.result(settled=settled)


# --- from inside -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Nodes:
    """Nodes of a plan. state, row: (n,) where and what is played. arc_node, arc_entry, arc_to, arc_weight: the public lotteries
    after the prescribed actions; arc_entry counts entries of the problem's law. values: (n, N), scaled."""

    state: Integers
    row: Integers
    arc_node: Integers
    arc_entry: Integers
    arc_to: Integers
    arc_weight: Floats
    values: Floats

    def kept(self, keep: Booleans) -> _Nodes:
        """The nodes that are kept; arcs of theirs must not lead to others."""
        number = np.cumsum(keep) - 1
        arcs = keep[self.arc_node]
        return _Nodes(
            self.state[keep],
            self.row[keep],
            number[self.arc_node[arcs]],
            self.arc_entry[arcs],
            number[self.arc_to[arcs]],
            self.arc_weight[arcs],
            self.values[keep],
        )


@dataclass(frozen=True, eq=False)
class _Proposal:
    """The best point of each state and direction whose continuation is a lottery over given points (S, K, N).

    row: (S, K), -1 where there is none. values: (S, K, N), if continuations pay what the points say. turned: (S, K, N) direction
    in which the continuation is extreme. node, entry, to, weight: arcs from place s * K + k through an entry of the law to the
    point at place s' * K + k', with its chance.
    """

    row: Integers
    values: Floats
    turned: Floats
    node: Integers
    entry: Integers
    to: Integers
    weight: Floats

    def closed(self) -> _Nodes:
        """Nodes for all places with a row, each standing for the point at its place; values are not those of the plan yet."""
        number = np.cumsum(self.row.ravel() >= 0) - 1
        states, ks = np.nonzero(self.row >= 0)
        values = self.values[states, ks]
        return _Nodes(states, self.row[states, ks], number[self.node], self.entry, number[self.to], self.weight, values)

    def added(self, nodes: _Nodes, standing: Integers, better: Booleans) -> _Nodes:
        """The nodes, and new ones for the places that are `better` (S, K); continuations lead to the nodes that stand for the
        points, standing (S, K)."""
        number = np.full(better.size, -1)
        number[better.ravel()] = len(nodes.state) + np.arange(better.sum())
        arcs = better.ravel()[self.node]
        states, ks = np.nonzero(better)
        return _Nodes(
            np.concatenate([nodes.state, states]),
            np.concatenate([nodes.row, self.row[states, ks]]),
            np.concatenate([nodes.arc_node, number[self.node[arcs]]]),
            np.concatenate([nodes.arc_entry, self.entry[arcs]]),
            np.concatenate([nodes.arc_to, standing.ravel()[self.to[arcs]]]),
            np.concatenate([nodes.arc_weight, self.weight[arcs]]),
            np.concatenate([nodes.values, self.values[states, ks]]),
        )


def _propose(problem: _Problem, outer: _Outer, points: Floats, use: Booleans, *, tilt: bool = False) -> _Proposal:
    """The best points whose continuations are lotteries over the usable points (S, K, N); with `tilt` in directions without
    ties."""
    game, law = problem.game, problem.law
    directions = problem.tilted if tilt else problem.directions
    ceiling = outer.ceiling + TILT * game.n_players if tilt else outer.ceiling
    worst = np.where(use[:, :, None], points, np.inf).min(axis=1)
    floor, content = problem.floors(np.where(np.isfinite(worst), worst, 0.0), INNER_SLACK)
    room = int(np.diff(law.indptr).max()) + game.n_players
    row, turned = np.empty(use.shape, dtype=np.intp), np.zeros(points.shape)
    codes, weights = np.full((*use.shape, room), -1, dtype=np.intp), np.zeros((*use.shape, room))
    propose_points(
        np.ascontiguousarray(problem.discount * directions),
        np.ascontiguousarray(problem.stage @ directions.T),
        ceiling,
        game.row_start,
        law.indptr.astype(np.intp),
        law.indices.astype(np.intp),
        law.data,
        np.ascontiguousarray(points),
        use,
        np.ascontiguousarray(floor),
        content & np.isfinite(ceiling[:, 0]) & ~problem.may_reach(np.isinf(worst[:, 0])),
        row,
        codes,
        weights,
        turned,
    )
    codes[row < 0] = -1
    states, ks, slots = np.nonzero(codes >= 0)
    code, node = codes[states, ks, slots], states * use.shape[1] + ks
    entry = law.indptr[row[states, ks]].astype(np.intp) + code // use.shape[1]
    to = law.indices[entry].astype(np.intp) * use.shape[1] + code % use.shape[1]
    weight = weights[states, ks, slots]
    _, lottery = np.unique(node * law.nnz + entry, return_inverse=True)
    weight = weight / np.bincount(lottery, weights=weight)[lottery]
    following = np.zeros((row.size, points.shape[2]))
    np.add.at(following, node, (law.data[entry] * weight)[:, None] * points.reshape(following.shape)[to])
    values = problem.stage[row] + problem.discount * following.reshape(points.shape)
    return _Proposal(row, values, turned, node, entry, to, weight)


def _everywhere(states: Booleans, outer: _Outer) -> Booleans:
    """(S, K): all points of the given states."""
    return np.repeat(states[:, None], outer.points.shape[1], axis=1)


def _living(problem: _Problem, outer: _Outer, proposal: _Proposal, use: Booleans) -> Booleans:
    """The usable points (S, K) without those of states that have no proposal, or cannot but risk such a state."""
    dead, _ = problem.cannot_go_on(np.asarray(np.any(proposal.row < 0, axis=1)), np.isfinite(outer.ceiling[:, 0]))
    return use & ~dead[:, None]


def _seeds(problem: _Problem, outer: _Outer, effort: _Effort) -> _Nodes | None:
    """Nodes of a plan from which no allowed deviation gains; None if none were found.

    From the outer points on, proposals are closed on themselves: point k of a state stands for itself in the lotteries of the
    others. If such a plan, with its true values, deters all deviations, it is the answer. Otherwise what it supports by itself is
    kept - unions of self-generating sets are self-generating - and the points are proposed anew.
    """
    points, use = outer.points, _everywhere(~outer.empty, outer)
    nodes, least = None, math.inf
    for _ in range(SEED_ROUNDS):
        if not (use.any() and effort.spend(use)):
            break
        proposal = _propose(problem, outer, points, use, tilt=True)
        living = _living(problem, outer, proposal, use)
        if not np.array_equal(living, use):
            use = living
            continue
        plan = _valued(problem, proposal.closed())
        gain = float(_gains(problem, plan).max())
        if gain <= 0.5 * GAIN_TOLERANCE:
            return _union(nodes, plan)
        nodes = _union(nodes, _self_supporting(problem, plan))
        points = proposal.values.copy()
        if gain <= 0.5 * least:  # the plan's own values lead on only while they come closer: they may jump
            points[use] = plan.values
        least = min(least, gain)
    return _union(nodes, _contracted(problem, outer, effort))


def _contracted(problem: _Problem, outer: _Outer, effort: _Effort) -> _Nodes | None:
    """Nodes of a plan from which no allowed deviation gains, found by contraction; None if it ends with nothing.

    Candidate points z (S, K, N) are self-generating if each lies in the hull of the points g that their hull generates. Those
    that do not are drawn towards the mean of g, on their rays, until all do. Every g is then a node: what follows is a lottery
    over points z, each of which is a lottery over nodes. Source: the inner rays of Judd, Yeltekin and Conklin (2003).
    """
    points, use = outer.points, _everywhere(~outer.empty, outer)
    patience = float(problem.discount.max())
    overshoot = OVERSHOOT * patience / (1 - patience)
    for _ in range(CONTRACTION_ROUNDS):
        if not (use.any() and effort.spend(use)):
            break
        proposal = _propose(problem, outer, points, use, tilt=True)
        living = _living(problem, outer, proposal, use)
        if not np.array_equal(living, use):
            use = living
            continue
        reach, lottery = _rays(proposal.values, points, np.flatnonzero(use[:, 0]))
        if reach[use].min() >= 1 - INSIDE:
            plan = _self_supporting(problem, _valued(problem, _compounded(problem, proposal, lottery)))
            if plan is not None:
                return plan
        shorter = np.maximum(reach - overshoot * (1 - reach) - MINIMUM, 0.5 * reach)
        ends = (lottery @ proposal.values.reshape(-1, points.shape[2])).reshape(points.shape)
        middle = proposal.values.mean(axis=1, keepdims=True)
        points = middle + np.where(reach < 1, shorter / reach, 1.0)[:, :, None] * (ends - middle)
    return None


def _rays(generated: Floats, points: Floats, states: Integers) -> tuple[Floats, sparse.csr_array]:
    """How far (S, K) the ray from the mean of the generated points (S, K, N) through each point stays in their hull, 1 being at
    the point; and the lottery over them, (S K, S K), that pays the point (the end of its ray, if that comes first).

    The point p is in the hull of g around the mean m if min {sum l : sum_j l_j (g_j - m) = p - m, l >= 0} <= 1: the dual of an
    outer programme. The axes join at a prohibitive price, so that there is always a solution.
    """
    size, count, number = points.shape
    reach, rows, columns, chances = np.ones((size, count)), [], [], []
    axes = np.vstack([np.eye(number), -np.eye(number)])
    right = np.concatenate([np.full(2 * number, PROHIBITIVE), np.ones(count)])[None]
    row, total, rest = np.empty((1, count), dtype=np.intp), np.empty((1, count)), np.zeros((1, count))
    for s in states:
        middle = generated[s].mean(axis=0)
        spokes, goals = np.vstack([axes, generated[s] - middle]), points[s] - middle
        basis, weight = _axes_basis(goals, 1)
        raise_supports(
            spokes, goals, rest, right, np.array([0, 1]), np.array([True]), basis, weight, np.zeros((1, count)), total, row, True
        )
        reach[s] = 1 / np.maximum(total[0], 1e-3)
        weight[basis < 2 * number] = 0.0
        chance = np.zeros((count, count))
        np.add.at(chance, (np.arange(count)[:, None], np.maximum(basis[0] - 2 * number, 0)), weight[0])
        chance /= np.maximum(chance.sum(axis=1, keepdims=True), 1.0)
        chance += np.maximum(1 - chance.sum(axis=1, keepdims=True), 0.0) / count
        at, to = np.nonzero(chance)
        rows.append(s * count + at)
        columns.append(s * count + to)
        chances.append(chance[at, to])
    places = np.concatenate(rows), np.concatenate(columns)
    return reach, sparse.csr_array((np.concatenate(chances), places), shape=(size * count, size * count))


def _compounded(problem: _Problem, proposal: _Proposal, lottery: sparse.csr_array) -> _Nodes:
    """The proposal closed on itself, each continuation point being the given lottery over nodes."""
    key, which = np.unique(proposal.node * problem.law.nnz + proposal.entry, return_inverse=True)
    mixed = sparse.csr_array((proposal.weight, (which, proposal.to)), shape=(len(key), lottery.shape[0])) @ lottery
    which, to = mixed.nonzero()
    weight = np.asarray(mixed[which, to]).ravel()
    return replace(
        proposal, node=key[which] // problem.law.nnz, entry=key[which] % problem.law.nnz, to=to, weight=weight
    ).closed()


def _grown(
    problem: _Problem, outer: _Outer, nodes: _Nodes, enough: float, effort: _Effort, share: float
) -> tuple[_Nodes, Floats]:
    """More points from below, until none moves a support by more than `enough`; and the directions (S, K, N) in which
    continuations are extreme. A new point continues with nodes that are there already, so that it needs no proof but its own.
    """
    points, use, standing, reached = _extreme_nodes(problem, nodes)
    stage = (1 - share) * effort.inside
    for _ in range(GROWTH_ROUNDS):
        proposal = _propose(problem, outer, points, use)
        score = (proposal.values * problem.directions).sum(axis=2)
        better = (proposal.row >= 0) & (score > reached + enough)
        if not better.any() or not effort.spend(use) or effort.inside < stage:
            break
        grown, new = _leap(problem, proposal, nodes, points.min(axis=1), standing, better)
        ahead = (grown.values[new[better]] * problem.directions[np.nonzero(better)[1]]).sum(axis=1) - reached[better]
        if ahead.max() <= enough:
            grown = proposal.added(nodes, standing, better)
        # nodes that a leap added may be extreme elsewhere too, above all as punishments: none may be forgotten
        first, nodes = len(nodes.state), grown
        fresh, reach = _extremes(problem, nodes.state[first:], nodes.values[first:])
        moved = reach > reached
        standing[moved], reached[moved] = first + fresh[moved], reach[moved]
        points[moved] = nodes.values[standing[moved]]
        use = _first_of_each(standing)
        if len(nodes.state) > MOST_NODES:
            nodes, standing = _rooted(nodes, standing)
            if len(nodes.state) > 0.7 * MOST_NODES:
                break
    return nodes, proposal.turned


def _leap(
    problem: _Problem, proposal: _Proposal, nodes: _Nodes, worst: Floats, standing: Integers, better: Booleans
) -> tuple[_Nodes, Integers]:
    """The nodes, and those of the `better` (S, K) proposals that deter deviations when they stand for their places in each
    other's lotteries: that reaches at once what adding them one layer on the other would take many rounds for. Where a proposal
    does not, the node that was there stands for it. Also what stands at each place then, (S, K). worst: (S, N) what the nodes pay
    at least."""
    old, better = len(nodes.state), better.copy()
    while better.any():
        new = _numbered(standing, better, old)
        combined = _valued(problem, proposal.added(nodes, new, better), old)
        lowest = worst.copy()
        np.minimum.at(lowest, combined.state[old:], combined.values[old:])
        lack = problem.thresholds(lowest)[combined.row[old:]] - combined.values[old:]
        failing = lack.max(axis=1) > 0.5 * GAIN_TOLERANCE
        if not failing.any():
            return combined, new
        better[better] = ~failing
    return nodes, standing


def _rooted(nodes: _Nodes, standing: Integers) -> tuple[_Nodes, Integers]:
    """The nodes that stand for a place, and those that their lotteries lead to; and what stands at each place."""
    keep = np.zeros(len(nodes.state), dtype=bool)
    keep[standing[standing >= 0]] = True
    while True:
        wider = keep.copy()
        wider[nodes.arc_to[keep[nodes.arc_node]]] = True
        if np.array_equal(wider, keep):
            break
        keep = wider
    number = np.cumsum(keep) - 1
    return nodes.kept(keep), np.where(standing >= 0, number[standing], -1)


def _numbered(standing: Integers, better: Booleans, first: int) -> Integers:
    """(S, K): what stands at each place, new nodes from number `first` on at the places that are `better`."""
    result = standing.copy()
    result[better] = first + np.arange(better.sum())
    return result


def _first_of_each(standing: Integers) -> Booleans:
    """(S, K): the first direction in which each node stands for its state; False where there is no node."""
    size, count = standing.shape
    _, first = np.unique(standing + np.arange(size)[:, None] * (standing.max() + 2), return_index=True)
    use = np.zeros(size * count, dtype=bool)
    use[first] = True
    return use.reshape(size, count) & (standing >= 0)


def _extremes(problem: _Problem, state: Integers, values: Floats) -> tuple[Integers, Floats]:
    """For each state and direction (S, K) which of the nodes, given by state (n,) and values (n, N), is extreme, -1 if none is
    there, and what it reaches, -inf if none is."""
    size, count = problem.game.n_states, len(problem.directions)
    which, reached = np.full((size, count), -1, dtype=np.intp), np.full((size, count), -np.inf)
    score, order = values @ problem.directions.T, np.argsort(state, kind="stable")
    states, first = np.unique(state[order], return_index=True)
    for s, members in zip(states, np.split(order, first[1:]), strict=True):
        which[s] = members[np.argmax(score[members], axis=0)]
        reached[s] = score[which[s], np.arange(count)]
    return which, reached


def _extreme_nodes(problem: _Problem, nodes: _Nodes) -> tuple[Floats, Booleans, Integers, Floats]:
    """The extreme nodes' values (S, K, N), whether each has not been met in an earlier direction, and the answers of
    `_extremes`."""
    standing, reached = _extremes(problem, nodes.state, nodes.values)
    points = np.where((standing >= 0)[:, :, None], nodes.values[standing], 0.0)
    return points, _first_of_each(standing), standing, reached


def _union(first: _Nodes | None, second: _Nodes | None) -> _Nodes | None:
    if first is None or second is None:
        return second if first is None else first
    size = len(first.state)
    return _Nodes(
        np.concatenate([first.state, second.state]),
        np.concatenate([first.row, second.row]),
        np.concatenate([first.arc_node, size + second.arc_node]),
        np.concatenate([first.arc_entry, second.arc_entry]),
        np.concatenate([first.arc_to, size + second.arc_to]),
        np.concatenate([first.arc_weight, second.arc_weight]),
        np.concatenate([first.values, second.values]),
    )


def _valued(problem: _Problem, nodes: _Nodes, known: int = 0) -> _Nodes:
    """The same nodes with the values of following their plan: (I - delta_i P) v_i = (1 - delta_i) u_i. The first `known` nodes,
    which lead to each other only, have theirs."""
    size = len(nodes.state) - known
    arcs = nodes.arc_node >= known
    chance = problem.law.data[nodes.arc_entry[arcs]] * nodes.arc_weight[arcs]
    law = sparse.csr_array((chance, (nodes.arc_node[arcs] - known, nodes.arc_to[arcs])), shape=(size, known + size))
    stage = problem.stage[nodes.row[known:]] + problem.discount * (law[:, :known] @ nodes.values[:known])
    values = nodes.values.copy()
    for d in np.unique(problem.discount):
        same = problem.discount == d
        system = sparse.csc_array(sparse.eye_array(size, format="csc") - d * law[:, known:])
        if size <= DENSE_NODES:
            values[known:, same] = np.linalg.solve(system.toarray(), stage[:, same])
        else:
            values[known:, same] = splu(system).solve(stage[:, same])
    return replace(nodes, values=values)


def _worst_nodes(problem: _Problem, nodes: _Nodes) -> tuple[Integers, Floats]:
    """(S, N): the node that punishes a player most, -1 where there is none, and what it pays (0 there)."""
    size, number = problem.game.n_states, problem.game.n_players
    which, value = np.full((size, number), -1, dtype=np.intp), np.zeros((size, number))
    for i in range(number):
        order = np.lexsort((nodes.values[:, i], nodes.state))
        states, first = np.unique(nodes.state[order], return_index=True)
        which[states, i] = order[first]
        value[states, i] = nodes.values[order[first], i]
    return which, value


def _gains(problem: _Problem, nodes: _Nodes) -> Floats:
    """(n,): the largest gain of a deviation at each node, scaled."""
    _, worst = _worst_nodes(problem, nodes)
    return np.asarray((problem.thresholds(worst)[nodes.row] - nodes.values).max(axis=1))


def _self_supporting(problem: _Problem, nodes: _Nodes) -> _Nodes | None:
    """The largest set of nodes that need no others and at which nobody gains by a deviation; None if it is empty."""
    while len(nodes.state):
        keep = _gains(problem, nodes) <= 0.5 * GAIN_TOLERANCE
        present = np.bincount(nodes.state[keep], minlength=problem.game.n_states) > 0
        keep &= ~problem.may_reach(~present)[nodes.row]
        while True:
            lost = np.zeros(len(keep), dtype=bool)
            lost[nodes.arc_node[~keep[nodes.arc_to]]] = True
            if not (lost & keep).any():
                break
            keep &= ~lost
        if keep.all():
            return nodes
        nodes = nodes.kept(keep)
    return None


# --- the machine and its proof -----------------------------------------------------------------------------------------


def _machine(problem: _Problem, nodes: _Nodes) -> Automaton:
    """The nodes as an automaton: after the prescribed profile its lottery, after the departure of one player the node of the next
    state that pays him least, after any other history that of the first player."""
    game, size = problem.game, len(nodes.state)
    which, _ = _worst_nodes(problem, nodes)
    counts = np.diff(game.entry_start)[nodes.state]
    node, entry = np.repeat(np.arange(size), counts), spans(game.entry_start[nodes.state], counts)
    row = game.entry_row[entry]
    departs = game.row_action[:, row] != game.row_action[:, nodes.row[node]]
    alone = departs.sum(axis=0) == 1
    punished = np.where(alone, departs.argmax(axis=0), 0)
    target = which[game.transitions.indices[entry], punished]
    # histories that cannot happen may lead where there is no node
    plain = (target >= 0) & ((row != nodes.row[node]) | (game.transitions.data[entry] == 0))
    edge_start = np.concatenate([[0], np.cumsum(counts)])
    kept = np.flatnonzero(game.transitions.data > 0)  # entries of the problem's law in those of the game's
    edge = edge_start[nodes.arc_node] + kept[nodes.arc_entry] - game.entry_start[nodes.state[nodes.arc_node]]
    data = np.concatenate([np.ones(plain.sum()), nodes.arc_weight])
    rows, columns = np.concatenate([np.flatnonzero(plain), edge]), np.concatenate([target[plain], nodes.arc_to])
    order = np.lexsort((-nodes.values.sum(axis=1), nodes.state))
    states, first = np.unique(nodes.state[order], return_index=True)
    mode = np.arange(size) - np.searchsorted(nodes.state, nodes.state)
    return Automaton(
        game=game,
        players=tuple(range(game.n_players)),
        modes=tuple(f"point {k + 1}" for k in range(int(mode.max()) + 1)),
        node_mode=mode,
        node_state=nodes.state,
        lotteries=tuple(_pure_lotteries(game, nodes, i) for i in range(game.n_players)),
        next_nodes=sparse.csr_array((data, (rows, columns)), shape=(int(edge_start[-1]), size)),
        start=sparse.csr_array((np.ones(len(states)), (states, order[first])), shape=(game.n_states, size)),
    )


def _pure_lotteries(game: StochasticGame, nodes: _Nodes, player: int) -> Floats:
    counts = game.action_counts[nodes.state, player]
    flat = np.zeros(int(counts.sum()))
    flat[np.cumsum(counts) - counts + game.row_action[player, nodes.row]] = 1.0
    return flat


def _proof(problem: _Problem, nodes: _Nodes, machine: Automaton) -> tuple[float, Floats]:
    """The checker's gain and values (n, N) of the nodes.

    Where some deviations are not allowed, what is checked is the game whose states are the nodes and in which each player has the
    prescribed action and the allowed deviations only: the checker itself knows no masks.
    """
    if problem.masked:
        game = _game_of_nodes(problem, nodes, machine)
        machine = Automaton.stationary(
            game,
            [[np.eye(1, own[i])[0] for own in game.action_counts] for i in range(game.n_players)],
        )
    certificate = check(machine, nodes=np.ones(machine.n_nodes, dtype=bool))
    return certificate.gain, certificate.values


def _game_of_nodes(problem: _Problem, nodes: _Nodes, machine: Automaton) -> StochasticGame:
    """The game played on the nodes; each player's prescribed action stands first."""
    game = problem.game
    choices, rows = [], []
    for node, row in enumerate(nodes.row):
        state = nodes.state[node]
        own = []
        for i, alternatives in enumerate(problem.alternatives):
            allowed = alternatives[row][alternatives[row] >= 0]
            own.append([game.row_action[i, row], *game.row_action[i, allowed]])
        choices.append(own)
        profile = np.array(list(itertools.product(*own)))
        rows.append(game.row_start[state] + np.ravel_multi_index(tuple(profile.T), tuple(game.action_counts[state])))
    node_of = np.repeat(np.arange(len(rows)), [len(own) for own in rows])
    row_of = np.concatenate(rows)
    widths = np.diff(game.transitions.indptr)[row_of]
    first = machine.edge_start[node_of] + game.transitions.indptr[row_of] - game.entry_start[nodes.state[node_of]]
    entries, edges = spans(game.transitions.indptr[row_of], widths), spans(first, widths)
    gather = sparse.csr_array(
        (game.transitions.data[entries], edges, np.concatenate([[0], np.cumsum(widths)])),
        shape=(len(row_of), machine.next_nodes.shape[0]),
    )
    return StochasticGame(
        players=game.players,
        states=tuple(machine.describe(node) for node in range(machine.n_nodes)),
        actions=tuple(
            tuple(tuple(game.actions[s][i][a] for a in of_player) for i, of_player in enumerate(own))
            for s, own in zip(nodes.state, choices, strict=True)
        ),
        payoffs=game.payoffs[row_of],
        transitions=sparse.csr_array(gather @ machine.next_nodes),
        discount=game.discount,
    )


# --- the answer --------------------------------------------------------------------------------------------------------


def _bounds(problem: _Problem, sums: Floats, outer: _Outer, nodes: _Nodes | None, tolerance: float) -> PayoffBounds:
    game, number = problem.game, problem.game.n_players
    vectors = np.vstack([np.eye(number), sums])
    bounds_outside = _outer_bounds(problem, outer, vectors)
    bounds_inside = np.full_like(bounds_outside, np.nan)
    machine, certificate = None, math.nan
    nodes = None if nodes is None else _self_supporting(problem, nodes)
    if nodes is not None:
        standing = _extreme_nodes(problem, nodes)[2][:, : 2 * number + 2 * len(sums)]
        nodes = _in_order(_rooted(nodes, standing)[0])
        machine = _machine(problem, nodes)
        certificate, values = _proof(problem, nodes, machine)
        if certificate > allowed_gain(game, GAIN_TOLERANCE):
            machine = None
        else:
            paid = values @ vectors.T
            bounds_inside[:, :, 0], bounds_inside[:, :, 1] = np.inf, -np.inf
            np.minimum.at(bounds_inside[:, :, 0], nodes.state, paid)
            np.maximum.at(bounds_inside[:, :, 1], nodes.state, paid)
            bounds_inside[np.isinf(bounds_inside)] = np.nan
    found = ~np.isnan(bounds_inside[:, 0, 0])
    differences = np.abs(bounds_outside - bounds_inside)[found]
    gap = math.inf if np.any(~found & ~outer.empty) else float(differences.max(initial=0.0))
    return PayoffBounds(
        game=game,
        outer=bounds_outside[:, :number],
        inner=bounds_inside[:, :number],
        weighted_outer=bounds_outside[:, number:],
        weighted_inner=bounds_inside[:, number:],
        gap=gap,
        machine=machine,
        certificate=certificate if machine is not None else math.nan,
        status=_status(problem, outer, found, gap, tolerance),
    )


def _in_order(nodes: _Nodes) -> _Nodes:
    """The same nodes, state by state."""
    order = np.argsort(nodes.state, kind="stable")
    number = np.argsort(order)
    return replace(
        nodes,
        state=nodes.state[order],
        row=nodes.row[order],
        values=nodes.values[order],
        arc_node=number[nodes.arc_node],
        arc_to=number[nodes.arc_to],
    )


def _outer_bounds(problem: _Problem, outer: _Outer, vectors: Floats) -> Floats:
    """(S, V, 2): smallest and largest value of each vector (V, N), in payoff units; NaN where the set is empty."""
    number, extra = problem.game.n_players, len(vectors) - problem.game.n_players
    up = np.concatenate([np.arange(number), 2 * number + np.arange(extra)])
    down = np.concatenate([number + np.arange(number), 2 * number + extra + np.arange(extra)])
    length = np.linalg.norm(vectors * problem.span, axis=1)
    offset = vectors @ problem.low
    largest = offset + length * outer.supports[:, up]
    smallest = offset - length * outer.supports[:, down]
    result = np.stack([smallest, largest], axis=2)
    result[outer.empty] = np.nan
    return result


def _status(problem: _Problem, outer: _Outer, found: Booleans, gap: float, tolerance: float) -> str:
    game, missing = problem.game, ~found & ~outer.empty
    source = f"no action profile can be upheld in state {game.states[outer.source]}, and play can reach it from"
    if outer.empty.all():
        return f"there is no equilibrium in pure actions: {source} every state"
    parts = []
    if outer.empty.any():
        parts.append(f"{outer.empty.sum()} of {game.n_states} states have no equilibrium in pure actions: {source} these")
    if missing.any():
        where = game.states[int(np.argmax(missing))]
        parts.append(
            f"in {missing.sum()} of {game.n_states} states (first: {where}) no equilibrium was found inside the outer bounds"
        )
    if math.isfinite(gap):
        parts.append(f"outer and checked inner bounds differ by at most {gap:.3g} {game.payoff_unit}")
    if not outer.settled:
        parts.append("the outer iteration was stopped before it settled: its bounds hold and could be narrower")
    if gap > max(2 * tolerance * game.payoff_range, allowed_gain(game, GAIN_TOLERANCE)):
        few = ", fewer than usual as the game is large" if problem.cut else ""
        parts.append(f"{len(problem.directions)} directions were taken{few}: more of them may narrow the bounds")
    return "; ".join(parts)
