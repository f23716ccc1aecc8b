"""All pure Markov perfect equilibria of a game, by branch and bound over the states, and an honest word on where it stopped.

A node of the search is a set of action profiles for each state that are still possible. For each player and state it carries an
interval that contains the value of every equilibrium within those profiles: above, the value if the player chose every profile;
below, the value if an enemy chose among the profiles and the player could always depart. A profile from which some departure
gains for all values in the intervals is discarded, and again, until nothing moves. Then the search branches on one action of one
player in one state. Ties are ordinary: only what loses by more than the tolerance and rounding is discarded.

Sources: Maskin and Tirole (2001) for the concept; Shapley (1953) for the values of an enemy's choice; Hoffman and Karp (1966) for
policy improvement; Land and Doig (1960) for branch and bound.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from leverage.certification.checker import certify
from leverage.errors import GameError
from leverage.game.automaton import Automaton
from leverage.game.node_indices import spans
from leverage.game.stochastic_game import Booleans, Floats, Integers, StochasticGame
from leverage.solvers.solution import Solution

CONCEPT = "Markov perfect"
SELECTION = "pure, by branch and bound over all pure profiles"
#: Largest gain of a one-shot deviation that an equilibrium may leave, a share of the payoff range.
GAIN_TOLERANCE = 1e-9
#: Gains below this share of the largest payoff, divided by 1 - discount, are rounding, also where the payoff range is 0.
ROUNDING_SHARE = 1e-14
#: Nodes times rows of the game that are looked at by default before the search stops: a fraction of a second.
ROW_LIMIT = 150_000
#: Equilibria that are listed at most: games full of ties have millions.
MOST_EQUILIBRIA = 100
#: Nodes that are expanded together; numpy then works on long rows.
BATCH = 32
#: Steps of value iteration between two rounds of discarding, and rounds for the children of a node and for the whole game.
SWEEPS, ROUNDS, FIRST_ROUNDS = 2, 6, 60
#: Up to this many states the bounds are improved by exact policy values.
DENSE_STATES = 100


@dataclass(frozen=True, eq=False)
class PureEquilibria:
    """Pure Markov perfect equilibria, in lexicographic order of the profiles, state by state.

    solutions: one `Solution` each, certified. complete: whether there are no others (within the tolerance). nodes: how many nodes
    of the search were looked at. note: what was found, and where the search stopped, in words.
    """

    solutions: tuple[Solution, ...]
    complete: bool
    nodes: int
    note: str


@dataclass(frozen=True, eq=False)
class Search:
    """The raw result of a search in some states.

    rows: (K, states) row of the game that is played in each state, in lexicographic order. values: (K, states, N). complete,
    capped: whether everything was searched, whether the cap on the number ended the search. open_states: in how many states more
    than one profile was possible before the first branching.
    """

    rows: Integers
    values: Floats
    complete: bool
    capped: bool
    nodes: int
    open_states: int


def pure_markov(
    game: StochasticGame, *, node_limit: int | None = None, most: int = MOST_EQUILIBRIA, tolerance: float = GAIN_TOLERANCE
) -> PureEquilibria:
    """All pure Markov perfect equilibria, as far as a limit on the work allows.

    Use it to learn whether the equilibrium of `markov_perfect` is alone. A game may have no pure one.

    Parameters
    ----------
    game : any number of players and of actions in a state, one discount factor per player.
    node_limit : nodes of the search at most, >= 1; default: 150,000 divided by the number of rows of the game (260 for 48 states
        with 12 profiles each). A count and no clock: the answer is the same on every machine.
    most : equilibria at most, >= 1.
    tolerance : gain of a one-shot deviation that counts as none, a share of `game.payoff_range`; > 0. It is widened to the
        rounding error where payoffs are large beside their range.

    Returns
    -------
    PureEquilibria : if `complete`, every pure profile whose deviations gain at most the tolerance is there. Values and
        certificates are in normalised payoff units.

    Raises
    ------
    ValueError : a limit below 1, a tolerance not above 0.

    Notes
    -----
    The number of pure profiles is the product over states of the number of action profiles; the search branches on the actions of
    all players but one, since the remaining player's best replies then follow. Dense games of two players with three actions
    each: 8 states take some hundred nodes at a discount of 0.9 and ten thousand at 0.99; 20 states a handful at 0.7, and too many
    at 0.9. The intervals bound values, not differences of values, so patience is what stops the search.

    References
    ----------
    Maskin and Tirole (2001); Shapley (1953); Hoffman and Karp (1966).

    Examples
    --------
    >>> stag_hunt = [[[9.0, 9.0], [0.0, 8.0]], [[8.0, 0.0], [7.0, 7.0]]]
    >>> game = StochasticGame.from_arrays([stag_hunt], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.9)
    >>> found = pure_markov(game)
    >>> found.note, [solution.values.round(6).tolist() for solution in found.solutions]
    ('all 2 pure Markov equilibria', [[[9.0, 9.0]], [[7.0, 7.0]]])
    """
    if node_limit is None:
        node_limit = max(1, ROW_LIMIT // len(game.payoffs))
    if node_limit < 1 or most < 1:
        raise ValueError(f"limits are counts from 1; got node_limit {node_limit}, most {most}")
    if not tolerance > 0:
        raise ValueError(f"tolerance is a share of the payoff range and must be above 0; got {tolerance}")
    allowed = allowed_gain(game, tolerance)
    everywhere = np.arange(game.n_states)
    search = search_pure(game, everywhere, np.zeros((game.n_states, game.n_players)), allowed, node_limit, most)
    checked = [stationary_solution(game, pure_strategies(game, rows), values, SELECTION) for rows, values in _pairs(search)]
    solutions = tuple(solution for solution in checked if solution.certificate <= 2 * allowed)
    complete = search.complete and len(solutions) == len(search.rows)
    return PureEquilibria(solutions, complete, search.nodes, _note(game, search, len(solutions), node_limit))


def _pairs(search: Search) -> zip[tuple[Integers, Floats]]:
    return zip(search.rows, search.values, strict=True)


def _note(game: StochasticGame, search: Search, found: int, node_limit: int) -> str:
    if search.complete:
        if found == 0:
            return "no pure Markov equilibrium: every equilibrium mixes somewhere"
        return "the only pure Markov equilibrium" if found == 1 else f"all {found:,} pure Markov equilibria"
    if search.capped:
        return f"stopped after {found:,} pure Markov equilibria, the most that are listed; there are more"
    return (
        f"stopped after {node_limit:,} nodes: {found:,} found, there may be more; "
        f"{search.open_states} of {game.n_states} states were still open"
    )


def allowed_gain(game: StochasticGame, tolerance: float) -> float:
    """The gain that counts as none, in normalised payoff units."""
    rounding = ROUNDING_SHARE * float(np.max(np.abs(game.payoffs))) / (1 - float(game.discount.max()))
    return max(tolerance * game.payoff_range, rounding)


def pure_strategies(game: StochasticGame, rows: Integers) -> list[list[Floats]]:
    """strategies[i][s] of the profile that plays rows[s] in state s."""
    return [
        [np.eye(game.action_counts[s, i])[game.row_action[i, row]] for s, row in enumerate(rows)] for i in range(game.n_players)
    ]


def stationary_solution(game: StochasticGame, strategies: list[list[Floats]], values: Floats, selection: str) -> Solution:
    """The profile as a `Solution`, with the gain that the independent checker finds."""
    certificate = certify(game, strategies)
    return Solution(
        concept=CONCEPT,
        selection=selection,
        plan=Automaton.stationary(game, strategies),
        values=values,
        certificate=certificate,
        status=f"certified: in no state does a one-shot deviation gain more than {certificate:.3g} {game.payoff_unit}",
    )


# --- the problem ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Deviations:
    """Departures of one player.

    row: (D,) the row departed from, increasing; start: (D',) where each such row begins among them; source: (D',) that row.
    gain: (D,) the difference of today's payoffs; law, size: (D, S) difference of the transition laws, and its absolute value.
    family: (G, A) the rows among which the player chooses once the others have, padded by repetition. member: (R,) family of each
    row.
    """

    row: Integers
    start: Integers
    source: Integers
    gain: Floats
    law: sparse.csr_array
    size: sparse.csr_array
    family: Integers
    member: Integers


@dataclass(frozen=True, eq=False)
class _Problem:
    """Some states of a game; what follows outside has fixed values. R rows and S states are those of the problem.

    stage: (R, N) normalised payoff today plus the fixed continuation. law: (R, S), rows sum to at most 1. first: (S + 1,).
    padded: (S, K) rows of each state, padded by repetition. action: (N, R). leader: players whose actions are branched on first.
    """

    stage: Floats
    law: sparse.csr_array
    dense: Floats | None
    discount: Floats
    first: Integers
    state: Integers
    action: Integers
    padded: Integers
    deviations: tuple[_Deviations, ...]
    order: tuple[int, ...]
    allowed: float

    @property
    def n_states(self) -> int:
        return len(self.first) - 1

    @property
    def n_players(self) -> int:
        return len(self.discount)


def _problem(game: StochasticGame, states: Integers, outside: Floats, allowed: float) -> _Problem:
    counts = np.diff(game.row_start)[states]
    rows = spans(game.row_start[states], counts)
    following = sparse.csr_array(game.transitions[rows])
    elsewhere = outside.copy()
    elsewhere[states] = 0.0
    stage = (1 - game.discount) * game.payoffs[rows] + game.discount * (following @ elsewhere)
    law = sparse.csr_array(following[:, states])
    law.eliminate_zeros()
    first = np.concatenate([[0], np.cumsum(counts)])
    state = np.repeat(np.arange(len(states)), counts)
    action = game.row_action[:, rows]
    sizes = np.log(game.action_counts[states]).sum(axis=0)
    return _Problem(
        stage=np.asarray(stage),
        law=law,
        dense=law.toarray() if len(states) <= DENSE_STATES else None,
        discount=game.discount,
        first=first,
        state=state,
        action=action,
        padded=_padded(first),
        deviations=tuple(_deviations(state, action, i, law, np.asarray(stage), float(d)) for i, d in enumerate(game.discount)),
        order=tuple(int(i) for i in np.argsort(sizes, kind="stable")),
        allowed=allowed,
    )


def _padded(first: Integers) -> Integers:
    """(groups, K): members first[g] to first[g + 1] of each group; short groups repeat their last one."""
    counts = np.diff(first)
    return np.asarray(first[:-1, None] + np.minimum(np.arange(counts.max()), counts[:, None] - 1))


def _deviations(
    state: Integers, action: Integers, player: int, law: sparse.csr_array, stage: Floats, discount: float
) -> _Deviations:
    others = np.delete(action, player, axis=0)
    _, member = np.unique(np.vstack([state, others]), axis=1, return_inverse=True)
    member = np.asarray(member).ravel()
    arranged = np.argsort(member, kind="stable")
    first = np.searchsorted(member[arranged], np.arange(member.max() + 2))
    family = arranged[_padded(first)]
    choices = family[member]
    usable = choices != np.arange(len(member))[:, None]
    usable[:, 1:] &= choices[:, 1:] != choices[:, :-1]
    row, place = np.nonzero(usable)
    to = choices[row, place]
    source, start = np.unique(row, return_index=True)
    change, gain = sparse.csr_array(law[to] - law[row]), stage[to, player] - stage[row, player]
    change, gain = _eliminated(change, gain, row, state, law, stage[:, player], discount)
    return _Deviations(row, start, source, gain, change, abs(change), family, member)


def _eliminated(
    change: sparse.csr_array, gain: Floats, row: Integers, state: Integers, law: sparse.csr_array, stage: Floats, discount: float
) -> tuple[sparse.csr_array, Floats]:
    """The same departures without the value of the state s in which they are made.

    If row r is played, v(s) = (stage(r) + d sum over t != s of p(t|r) v(t)) / (1 - d p(s|r)): what staying adds is known exactly.
    """
    if not len(row):
        return change, gain
    count, here = np.arange(len(state)), state[row]
    stay = np.asarray(law[count, state]).ravel()
    away = law - sparse.csr_array((stay, (count, state)), shape=law.shape)
    weight = np.asarray(change[np.arange(len(row)), here]).ravel()
    others = change - sparse.csr_array((weight, (np.arange(len(row)), here)), shape=change.shape)
    factor = discount * weight / (1 - discount * stay[row])
    combined = sparse.csr_array(others + sparse.diags_array(factor) @ away[row])
    combined.eliminate_zeros()
    return combined, gain + factor * stage[row]


# --- the search ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Nodes:
    """B nodes side by side. alive: (R, B) profiles that are still possible; low, high: (S, N, B) bounds of equilibrium values."""

    alive: Booleans
    low: Floats
    high: Floats

    def __getitem__(self, which: Integers | Booleans | slice) -> _Nodes:
        return _Nodes(self.alive[:, which], self.low[:, :, which], self.high[:, :, which])

    @property
    def size(self) -> int:
        return int(self.alive.shape[1])


@dataclass
class _Found:
    rows: list[Integers] = field(default_factory=list)
    values: list[Floats] = field(default_factory=list)


def search_pure(game: StochasticGame, states: Integers, outside: Floats, allowed: float, node_limit: int, most: int) -> Search:
    """Pure equilibria of the states given (increasing), if the values of all others are fixed at `outside` (S, N); limits and
    tolerance as in `pure_markov`, `allowed` in payoff units."""
    problem = _problem(game, states, outside, allowed)
    root = _pruned(problem, _root(problem), FIRST_ROUNDS)
    open_states = int(np.sum(_counts(problem, root.alive) > 1))
    stack, nodes, found = [root], 1, _Found()
    while stack and len(found.rows) <= most:
        batch = _popped(stack)
        batch = batch[~_leaves(problem, batch, found)]
        parent, alive = _children(problem, batch)
        whole = _whole_families(parent, node_limit - nodes)
        if whole < batch.size:
            stack.append(batch[whole:])
            if whole == 0:
                break
        fit = parent < whole
        nodes += int(fit.sum())
        from_here = batch[parent[fit]]
        stack.append(_pruned(problem, _Nodes(alive[:, fit], from_here.low, from_here.high), ROUNDS))
        stack = [group for group in stack if group.size]
    capped = len(found.rows) > most
    rows = np.array(found.rows[:most], dtype=np.intp).reshape(-1, len(states))
    values = np.array(found.values[:most], dtype=np.float64).reshape(-1, len(states), game.n_players)
    order = np.lexsort(rows.T[::-1])
    shift = game.row_start[states] - problem.first[:-1]
    return Search(rows[order] + shift, values[order], not stack and not capped, capped, nodes, open_states)


def _whole_families(parent: Integers, left: int) -> int:
    """How many of the parents have all their children within the first `left` ones."""
    if len(parent) <= left:
        return int(parent[-1]) + 1 if len(parent) else 0
    return int(parent[left])


def _root(problem: _Problem) -> _Nodes:
    shape = (problem.n_states, problem.n_players, 1)
    high = np.maximum(problem.stage.max(axis=0) / (1 - problem.discount), 0.0)
    low = np.minimum(problem.stage.min(axis=0) / (1 - problem.discount), 0.0)
    alive = np.ones((len(problem.stage), 1), dtype=bool)
    return _Nodes(alive, np.broadcast_to(low[:, None], shape).copy(), np.broadcast_to(high[:, None], shape).copy())


def _popped(stack: list[_Nodes]) -> _Nodes:
    """The last nodes of the stack, BATCH at most, off the stack."""
    top = stack.pop()
    if top.size > BATCH:
        stack.append(top[: top.size - BATCH])
        top = top[top.size - BATCH :]
    return top


def _counts(problem: _Problem, alive: Booleans) -> Integers:
    """(S, B): how many profiles each state still has."""
    return np.asarray(np.add.reduceat(alive, problem.first[:-1], axis=0, dtype=np.intp))


def _leaves(problem: _Problem, nodes: _Nodes, found: _Found) -> Booleans:
    """(B,) nodes with one profile in each state; those that are equilibria are noted in `found`."""
    done = np.all(_counts(problem, nodes.alive) == 1, axis=0)
    for b in np.flatnonzero(done):
        rows = np.flatnonzero(nodes.alive[:, b]).astype(np.intp)
        values, gain = _evaluated(problem, rows)
        if gain <= problem.allowed:
            found.rows.append(rows)
            found.values.append(values)
    return np.asarray(done)


def _evaluated(problem: _Problem, rows: Integers) -> tuple[Floats, float]:
    """Values (S, N) of playing `rows`, and the largest gain of a one-shot deviation."""
    values = np.empty((problem.n_states, problem.n_players))
    for i, d in enumerate(problem.discount):
        system = sparse.eye_array(problem.n_states, format="csr") - d * problem.law[rows]
        right = problem.stage[rows, i]
        values[:, i] = (
            sparse.linalg.spsolve(system.tocsc(), right) if problem.dense is None else np.linalg.solve(system.toarray(), right)
        )
    action_values = problem.stage + problem.discount * (problem.law @ values)
    gains = [
        np.max(action_values[own.family[own.member[rows]], i].max(axis=1) - action_values[rows, i])
        for i, own in enumerate(problem.deviations)
    ]
    return values, float(max(gains))


def _children(problem: _Problem, nodes: _Nodes) -> tuple[Integers, Booleans]:
    """(C,) the parent of each child, in order, and (R, C) its profiles: one action of one player in one state is fixed."""
    parents: list[Integers] = []
    alive: list[Booleans] = []
    weight = _weights(problem, nodes)
    for b in range(nodes.size):
        own, actions, here = _branching(problem, nodes.alive[:, b], weight[:, b])
        keep = ~here[:, None] | (own[:, None] == actions)
        alive.append(nodes.alive[:, b, None] & keep)
        parents.append(np.full(len(actions), b))
    if not parents:
        return np.zeros(0, dtype=np.intp), np.zeros((len(problem.stage), 0), dtype=bool)
    return np.concatenate(parents), np.concatenate(alive, axis=1)


def _branching(problem: _Problem, alive: Booleans, weight: Floats) -> tuple[Integers, Integers, Booleans]:
    """The player's actions (R,), those that are possible in the chosen state, and the rows of that state."""
    rows = np.flatnonzero(alive)
    for i in problem.order:
        used = np.zeros((problem.n_states, int(problem.action[i].max()) + 1), dtype=bool)
        used[problem.state[rows], problem.action[i, rows]] = True
        several = used.sum(axis=1)
        if np.any(several > 1):
            chosen = int(np.argmax(np.where(several > 1, weight / np.log(np.maximum(several, 2)), -1.0)))
            return problem.action[i], np.flatnonzero(used[chosen]), problem.state == chosen
    raise GameError("a node with one profile in each state has no children")


def _weights(problem: _Problem, nodes: _Nodes) -> Floats:
    """(S, B): by how much the values of a state keep undecided departures of states from being decided."""
    several = (_counts(problem, nodes.alive) > 1)[problem.state]
    total = np.zeros((problem.n_states, nodes.size))
    for i, own in enumerate(problem.deviations):
        if len(own.row):
            open_rows = (nodes.alive & several)[own.row].astype(float)
            total += (own.size.T @ open_rows) * (nodes.high[:, i] - nodes.low[:, i])
    return total


# --- bounds --------------------------------------------------------------------------------------------------------


def _pruned(problem: _Problem, nodes: _Nodes, rounds: int) -> _Nodes:
    """The nodes after bounding and discarding in turn; nodes that hold no equilibrium are left out."""
    for k in range(rounds):
        before = nodes.alive.sum(axis=0)
        nodes = _bounded(problem, nodes, exact=k == 0)
        alive = _discarded(problem, nodes)
        possible = np.all(_counts(problem, alive) > 0, axis=0)
        moved = np.any(alive.sum(axis=0)[possible] < before[possible])
        nodes = _Nodes(alive, nodes.low, nodes.high)[possible]
        if not moved:
            break
    return nodes


def _action_values(problem: _Problem, values: Floats) -> Floats:
    """(R, N, B) from values (S, N, B)."""
    following = (problem.law @ values.reshape(problem.n_states, -1)).reshape(len(problem.stage), *values.shape[1:])
    return np.asarray(problem.stage[:, :, None] + problem.discount[None, :, None] * following)


def _bounded(problem: _Problem, nodes: _Nodes, *, exact: bool) -> _Nodes:
    """Tighter bounds; all of them hold, however few steps are made."""
    low, high = nodes.low, nodes.high
    for _ in range(SWEEPS):
        high = np.minimum(high, _best(problem, nodes.alive, high)[0])
        low = np.maximum(low, _worst(problem, nodes.alive, low)[0])
    if exact and problem.dense is not None:
        high = np.minimum(high, _policy_bound(problem, nodes.alive, high, upper=True))
        low = np.maximum(low, _policy_bound(problem, nodes.alive, low, upper=False))
    return _Nodes(nodes.alive, low, high)


def _best(problem: _Problem, alive: Booleans, values: Floats) -> tuple[Floats, Integers]:
    """The player's best among the possible profiles, (S, N, B), and the row that gives it."""
    usable = np.where(alive[:, None, :], _action_values(problem, values), -np.inf)[problem.padded]
    place = np.argmax(usable, axis=1)
    best = np.take_along_axis(usable, place[:, None], axis=1)[:, 0]
    return best, problem.padded[np.arange(problem.n_states)[:, None, None], place]


def _worst(problem: _Problem, alive: Booleans, values: Floats) -> tuple[Floats, Integers]:
    """The least, among the possible profiles, of what the player can get by departing, less the tolerance; and the row."""
    action_values = _action_values(problem, values)
    worst, rows = np.empty_like(values), np.empty(values.shape, dtype=np.intp)
    for i, own in enumerate(problem.deviations):
        choices = action_values[own.family, i]
        place = np.argmax(choices, axis=1)
        best = np.take_along_axis(choices, place[:, None], axis=1)[:, 0]
        usable = np.where(alive, best[own.member], np.inf)[problem.padded]
        least = np.argmin(usable, axis=1)
        worst[:, i] = np.take_along_axis(usable, least[:, None], axis=1)[:, 0] - problem.allowed
        family = own.member[problem.padded[np.arange(problem.n_states)[:, None], least]]
        rows[:, i] = own.family[family, np.take_along_axis(place, family, axis=0)]
    return worst, rows


def _policy_bound(problem: _Problem, alive: Booleans, values: Floats, *, upper: bool) -> Floats:
    """The bound from the value of the policy that `values` suggest; what it misses is added.

    For T monotone with T(v + c) <= T v + delta c, the fixed point is within max |T v - v| / (1 - delta) of any v.
    """
    operator = _best if upper else _worst
    _, rows = operator(problem, alive, values)
    policy = np.empty_like(values)
    for i, d in enumerate(problem.discount):
        law = problem.dense[rows[:, i].T] if problem.dense is not None else None
        right = problem.stage[rows[:, i].T, i]
        policy[:, i] = np.linalg.solve(np.eye(problem.n_states) - d * law, right[..., None])[..., 0].T
    change = operator(problem, alive, policy)[0] - policy
    if upper:
        return np.asarray(policy + np.maximum(change.max(axis=0), 0.0) / (1 - problem.discount[:, None]))
    return np.asarray(policy + np.minimum(change.min(axis=0), 0.0) / (1 - problem.discount[:, None]))


def _discarded(problem: _Problem, nodes: _Nodes) -> Booleans:
    """The possible profiles without those from which a departure gains for all values within the bounds."""
    alive = nodes.alive.copy()
    for i, own in enumerate(problem.deviations):
        if not len(own.row):
            continue
        middle, radius = (nodes.low[:, i] + nodes.high[:, i]) / 2, (nodes.high[:, i] - nodes.low[:, i]) / 2
        least = own.gain[:, None] + problem.discount[i] * (own.law @ middle - own.size @ radius)
        alive[own.source] &= np.maximum.reduceat(least, own.start, axis=0) <= 2 * problem.allowed
    return alive
