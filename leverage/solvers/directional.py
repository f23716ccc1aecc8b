"""Directional games: Markov perfect equilibria stage by stage, from the end, through every combination of later equilibria.

A *stage* is a strongly connected component of the graph of states under any actions; between stages play moves one way. Given
equilibrium values of the later stages, a stage is a game of its own. If it is one state in which the chance of staying does not
depend on actions, it is an ordinary one-shot game, mixed equilibria included. Otherwise its pure equilibria are enumerated by
branch and bound.

Source: Iskhakov, Rust and Schjerning (2016), "Recursive lexicographical search: finding all Markov perfect equilibria of finite
state directional dynamic games", Review of Economic Studies 83 (state recursion; the tree of combinations of stage equilibria).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from leverage.errors import UnsolvedError
from leverage.game.stochastic_game import Floats, Integers, StochasticGame
from leverage.solvers.pure_markov import GAIN_TOLERANCE, allowed_gain, search_pure, stationary_solution
from leverage.solvers.solution import Solution
from leverage.solvers.stage_game import enumerate_stage

SELECTION = "stage by stage from the end, one combination of stage equilibria"
#: Stage games solved plus nodes of searches within stages before the recursion stops.
NODE_LIMIT = 5_000
#: Equilibria that are listed at most: their number multiplies from stage to stage.
MOST_EQUILIBRIA = 100
#: Chances of staying that differ by less are the same.
SAME_CHANCE = 1e-12
#: Folded payoffs are read on a grid of this share of the payoff range, so that ties survive the rounding of values.
PAYOFF_GRID = 1e-12
#: Lotteries that differ by less are the same.
SAME_LOTTERY = 1e-9

#: What each player plays in each state of a stage: lotteries[k][i] belongs to the stage's k-th state.
Lotteries = tuple[tuple[Floats, ...], ...]


@dataclass(frozen=True, eq=False)
class DirectionalEquilibria:
    """Markov perfect equilibria found by recursion over the stages.

    solutions: one `Solution` each, certified. complete: whether there are no others, mixed ones included. complete_pure: whether
    there are no other pure ones. stages: the stages' states, the last stage of play first. note: what was found and why more may
    exist, in words.
    """

    solutions: tuple[Solution, ...]
    complete: bool
    complete_pure: bool
    stages: tuple[tuple[int, ...], ...]
    note: str


@dataclass(frozen=True, eq=False)
class _StageAnswer:
    """Equilibria of a stage: play and values (states, N) of each; what may be missing, in words ("" if nothing)."""

    found: tuple[tuple[Lotteries, Floats], ...]
    missing_mixed: str = ""
    missing_pure: str = ""
    nodes: int = 1


@dataclass
class _Tally:
    """What the recursion has spent and what it may have missed."""

    nodes: int = 0
    missing_mixed: dict[str, None] = field(default_factory=dict)
    missing_pure: dict[str, None] = field(default_factory=dict)


def directional_equilibria(
    game: StochasticGame,
    *,
    node_limit: int = NODE_LIMIT,
    most: int = MOST_EQUILIBRIA,
    tolerance: float = GAIN_TOLERANCE,
) -> DirectionalEquilibria:
    """Markov perfect equilibria of a game with stages: all pure ones, and mixed ones where a stage is a one-shot game.

    Use it for games that move one way (concessions that last, capital that only grows, deadlines). Any game is
    accepted: one whose states all lead to each other is a single stage, and the answer is then that of `pure_markov`.

    Parameters
    ----------
    game : any number of players and of actions in a state, one discount factor per player.
    node_limit : stage games and nodes of searches within stages at most, >= 1; a count, never a clock.
    most : equilibria at most, >= 1.
    tolerance : gain of a one-shot deviation that counts as none, a share of `game.payoff_range`; > 0.

    Returns
    -------
    DirectionalEquilibria : certificates and values in normalised payoff units.

    Raises
    ------
    ValueError : a limit below 1, a tolerance not above 0.

    Notes
    -----
    Mixed equilibria are complete where each stage is one state with a constant chance of staying, at most two players choose
    in it, its one-shot game is enumerated completely (`enumerate_stage`), and no two of its extreme equilibria share a lottery
    (else there is a continuum, along which values differ). Equilibria of different stages multiply: with k each there are
    k ** stages combinations.

    References
    ----------
    Iskhakov, Rust and Schjerning (2016); see the module.

    Examples
    --------
    >>> stag_hunt = [[[9.0, 9.0], [0.0, 8.0]], [[8.0, 0.0], [7.0, 7.0]]]
    >>> game = StochasticGame.from_arrays([stag_hunt], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.9)
    >>> found = directional_equilibria(game)
    >>> found.note, [solution.values.round(6).tolist() for solution in found.solutions]
    ('all 3 Markov equilibria, 2 of them pure', [[[9.0, 9.0]], [[7.0, 7.0]], [[7.875, 7.875]]])
    """
    if node_limit < 1 or most < 1:
        raise ValueError(f"limits are counts from 1; got node_limit {node_limit}, most {most}")
    if not tolerance > 0:
        raise ValueError(f"tolerance is a share of the payoff range and must be above 0; got {tolerance}")
    stages, allowed, tally = stages_of(game), allowed_gain(game, tolerance), _Tally()
    solutions: list[Solution] = []
    for lotteries, values in _combinations(game, stages, allowed, node_limit, most, tally):
        if len(solutions) == most:
            reason = f"stopped after {most:,} equilibria, the most that are listed"
            tally.missing_mixed[reason] = tally.missing_pure[reason] = None
            break
        strategies = [[lotteries[s][i] for s in range(game.n_states)] for i in range(game.n_players)]
        solution = stationary_solution(game, strategies, values, SELECTION)
        if solution.certificate <= 2 * allowed:
            solutions.append(solution)
        else:
            tally.missing_mixed["a combination was not confirmed by the checker"] = None
    complete_pure = not tally.missing_pure
    complete = complete_pure and not tally.missing_mixed
    return DirectionalEquilibria(tuple(solutions), complete, complete_pure, stages, _note(stages, solutions, tally))


def stages_of(game: StochasticGame) -> tuple[tuple[int, ...], ...]:
    """The strongly connected components of the states under any actions of positive chance, ends of play first.

    Among those that are possible next, the one with the smallest state comes first.

    Examples
    --------
    >>> game = StochasticGame.from_arrays([[[1.0]], [[0.0]]], [[[0.5, 0.5]], [[0.0, 1.0]]], 0.9)
    >>> stages_of(game)
    ((1,), (0,))
    """
    likely = game.transitions.data > 0
    arcs = (game.row_state[game.entry_row][likely], game.transitions.indices[likely])
    graph = sparse.csr_array((np.ones(int(likely.sum())), arcs), shape=(game.n_states, game.n_states))
    count, label = connected_components(graph, directed=True, connection="strong")
    after: list[set[int]] = [set() for _ in range(count)]
    for a, b in zip(label[arcs[0]].tolist(), label[arcs[1]].tolist(), strict=True):
        if a != b:
            after[a].add(b)
    members = [tuple(np.flatnonzero(label == c).tolist()) for c in range(count)]
    left, ordered = set(range(count)), []
    while left:
        c = min((c for c in left if not after[c] & left), key=lambda c: members[c])
        left.remove(c)
        ordered.append(members[c])
    return tuple(ordered)


def _combinations(
    game: StochasticGame,
    stages: tuple[tuple[int, ...], ...],
    allowed: float,
    node_limit: int,
    most: int,
    tally: _Tally,
) -> Iterator[tuple[dict[int, tuple[Floats, ...]], Floats]]:
    """Depth-first through the tree of stage equilibria: play of each state and values (S, N) of every complete combination."""
    nothing: dict[int, tuple[Floats, ...]] = {}
    stack = [(0, nothing, np.zeros((game.n_states, game.n_players)))]
    while stack:
        depth, played, values = stack.pop()
        if depth == len(stages):
            yield played, values
            continue
        if tally.nodes >= node_limit:
            reason = f"stopped after {node_limit:,} stage games and nodes"
            tally.missing_mixed[reason] = tally.missing_pure[reason] = None
            return
        states = np.array(stages[depth])
        answer = _stage(game, states, values, allowed, node_limit - tally.nodes, most)
        tally.nodes += answer.nodes
        tally.missing_mixed.update(dict.fromkeys(filter(None, [answer.missing_mixed])))
        tally.missing_pure.update(dict.fromkeys(filter(None, [answer.missing_pure])))
        for lotteries, own in reversed(answer.found):
            following = values.copy()
            following[states] = own
            stack.append((depth + 1, played | dict(zip(stages[depth], lotteries, strict=True)), following))


def _note(stages: tuple[tuple[int, ...], ...], solutions: list[Solution], tally: _Tally) -> str:
    pure = sum(all(float(x.max()) == 1.0 for own in solution.strategies for x in own) for solution in solutions)
    plural = "equilibrium" if len(solutions) == 1 else "equilibria"
    text = f"{len(solutions):,} Markov {plural}, {pure:,} of them pure"
    if tally.missing_pure:
        text += "; incomplete: " + "; ".join(tally.missing_pure)
    elif tally.missing_mixed:
        text += " (all of the pure ones); incomplete as to mixed ones: " + "; ".join(tally.missing_mixed)
    else:
        text = f"all {text}"
    if len(stages) == 1 and len(stages[0]) > 1:
        text = f"not directional, all states lead to each other and form one stage: {text}"
    return text


# --- one stage -----------------------------------------------------------------------------------------------------


def _stage(game: StochasticGame, states: Integers, values: Floats, allowed: float, node_limit: int, most: int) -> _StageAnswer:
    """Equilibria of the stage `states` if play goes on with `values` (S, N) outside."""
    name = f"state {game.states[states[0]]}"
    if len(states) > 1:
        why = f"{name} and {len(states) - 1} more form one stage"
        return _pure_stage(game, states, values, allowed, node_limit, most, why)
    rows = np.arange(game.row_start[states[0]], game.row_start[states[0] + 1])
    stay = np.asarray(game.transitions[rows][:, states].toarray()).ravel()
    if float(np.ptp(stay)) > SAME_CHANCE:
        return _pure_stage(game, states, values, allowed, node_limit, most, f"staying in {name} depends on actions")
    return _one_shot(game, int(states[0]), values, float(stay.mean()), allowed)


def _pure_stage(
    game: StochasticGame, states: Integers, values: Floats, allowed: float, node_limit: int, most: int, why: str
) -> _StageAnswer:
    """The pure equilibria, by branch and bound with the continuation fixed."""
    search = search_pure(game, states, values, allowed, node_limit, most)
    found = tuple(
        (tuple(_pure(game, int(s), int(row)) for s, row in zip(states, rows, strict=True)), own)
        for rows, own in zip(search.rows, search.values, strict=True)
    )
    spent = f"{most:,} equilibria" if search.capped else f"{search.nodes:,} nodes"
    cut = "" if search.complete else f"a search stopped in the stage of state {game.states[states[0]]} after {spent}"
    chooses = bool(np.any(game.action_counts[states] > 1))
    return _StageAnswer(found, why if chooses else "", cut, search.nodes)


def _pure(game: StochasticGame, state: int, row: int) -> tuple[Floats, ...]:
    return tuple(np.eye(count)[action] for count, action in zip(game.action_counts[state], game.row_action[:, row], strict=True))


def _one_shot(game: StochasticGame, state: int, values: Floats, stay: float, allowed: float) -> _StageAnswer:
    """Equilibria of the one-shot game with the continuation folded in: w(a) = (1 - d) u(a) + d sum over t != s of p(t|a) v(t).

    Staying has the same chance q whatever is done, so the value is w / (1 - d q) and d q v never matters to a choice.
    """
    rows = np.arange(game.row_start[state], game.row_start[state + 1])
    later = values.copy()
    later[state] = 0.0
    folded = (1 - game.discount) * game.payoffs[rows] + game.discount * (game.transitions[rows] @ later)
    table = np.asarray(folded).reshape(*game.action_counts[state], game.n_players)
    profiles = [_pure(game, state, int(rows[0]) + k) for k in _pure_rows(table, allowed)]
    missing, movers = "", [i for i, count in enumerate(game.action_counts[state]) if count > 1]
    if len(movers) == 2:
        more, missing = _mixed(game, state, table, movers)
        profiles += more
    elif len(movers) > 2:
        missing = f"{len(movers)} players choose in state {game.states[state]}, where only pure play is sought"
    if not missing and _continuum(profiles):
        missing = f"state {game.states[state]} has a continuum of equilibria, of which the extreme ones are followed"
    scale = 1 - game.discount * stay
    found = tuple(((profile,), _expected(table, profile)[None] / scale) for profile in profiles)
    return _StageAnswer(found, missing)


def _pure_rows(table: Floats, allowed: float) -> Integers:
    """The profiles of the table, in C order, from which no player gains more than allowed."""
    gain = np.stack([np.max(table[..., i], axis=i, keepdims=True) - table[..., i] for i in range(table.shape[-1])])
    return np.flatnonzero(gain.max(axis=0).ravel() <= allowed)


def _mixed(game: StochasticGame, state: int, table: Floats, movers: list[int]) -> tuple[list[tuple[Floats, ...]], str]:
    """Extreme equilibria in which somebody mixes, of the two players that choose; and what may be missing."""
    first, second = movers
    counts = game.action_counts[state]
    sub = table[..., movers].reshape(counts[first], counts[second], 2)
    grid = PAYOFF_GRID * max(game.payoff_range, float(np.finfo(float).tiny))
    read = np.round((sub - sub.min(axis=(0, 1))) / grid) * grid
    where = f"state {game.states[state]}"
    try:
        answer = enumerate_stage(read)
    except UnsolvedError:
        return [], f"mixed equilibria of {where} were not found"
    missing = "" if answer.complete else f"mixed equilibria of {where} are {answer.note}"
    found = []
    for x, y in answer.equilibria:
        if max(np.count_nonzero(x), np.count_nonzero(y)) > 1:
            profile = [np.ones(1)] * game.n_players
            profile[first], profile[second] = x, y
            found.append(tuple(profile))
    return found, missing


def _continuum(profiles: list[tuple[Floats, ...]]) -> bool:
    """Whether two equilibria differ in one player's lottery only: all between are then equilibria."""
    for k, one in enumerate(profiles):
        for other in profiles[:k]:
            differ = sum(bool(np.max(np.abs(x - y)) > SAME_LOTTERY) for x, y in zip(one, other, strict=True))
            if differ == 1:
                return True
    return False


def _expected(table: Floats, profile: tuple[Floats, ...]) -> Floats:
    """(N,) mean payoffs of the profile."""
    for lottery in profile:
        table = np.tensordot(lottery, table, axes=(0, 0))
    return np.asarray(table)
