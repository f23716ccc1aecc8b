"""Sampled paths of play: the spread around exact outcomes, and a check on them.

Monte Carlo simulation of the Markov chain that a plan makes of play, all paths at once. It shares no code with the exact
outcomes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from leverage.errors import GameError
from leverage.game.automaton import Automaton
from leverage.game.stochastic_game import Booleans, Floats, Integers

#: A date may miss a whole number of periods by this much (rounding in its conversion) and still count as whole.
DATE_TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False)
class Paths:
    """Sampled play over `periods` periods, one row a path.

    payoffs: (count, N), (1 - delta) times the discounted sum over the sampled periods; what comes later would add at most
    delta^periods times the largest payoff. hits[event]: (count,) the period in which the event is first reached (0: at the
    start), inf if it is not. counts[name]: (count, dates) the number by each date. averages[name]: (count, dates) the mean over
    the periods before each date. dates: those of the game's measures, in periods, that lie within the sampled ones.
    """

    periods: int
    dates: tuple[float, ...]
    payoffs: Floats
    hits: dict[str, Floats]
    counts: dict[str, Floats]
    averages: dict[str, Floats]


@dataclass(frozen=True, eq=False)
class _Moves:
    """What can happen at each node, move by move.

    first: (K + 1,) moves of node k are first[k] to first[k + 1]. chance: (moves + 1,) cumulated over all moves, from 0. entry,
    next_node: (moves,) entry of the game's transition law that a move follows, and the node to which it leads.
    """

    first: Integers
    chance: Floats
    entry: Integers
    next_node: Integers


def sample_paths(plan: Automaton, count: int, periods: int, seed: int) -> Paths:
    """Play the plan `count` times from the game's start.

    Parameters
    ----------
    plan : plays for all players. count : number of paths, at least 1. periods : length of each, at least 1.
    seed : any integer from 0; equal seeds give equal paths.

    Raises
    ------
    GameError : the plan does not play for everybody or has no start in the game's start; count or periods below 1.

    Notes
    -----
    Time grows with count * periods * log(moves of a node); memory with count.

    References
    ----------
    Devroye (1986), *Non-Uniform Random Variate Generation*, section III.2 (inversion for discrete laws).

    Examples
    --------
    >>> from leverage.game.stochastic_game import StochasticGame
    >>> pd = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]
    >>> game = StochasticGame.from_arrays([pd], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.5)
    >>> defect = Automaton.stationary(game, [[[0.0, 1.0]], [[0.0, 1.0]]])
    >>> sample_paths(defect, count=2, periods=3, seed=0).payoffs.tolist()
    [[0.875, 0.875], [0.875, 0.875]]
    """
    game = plan.game
    if count < 1 or periods < 1:
        raise GameError(f"{count} paths over {periods} periods: at least one of each is needed")
    if plan.players != tuple(range(game.n_players)):
        raise GameError(f"paths need a plan for all {game.n_players} players; this one plays for {list(plan.players)}")
    random = np.random.default_rng(seed)
    moves, watched = _moves(plan), game.measures
    dates = tuple(d for d in watched.dates if d <= periods + DATE_TOLERANCE)
    node = _begin(plan, random, count)
    payoffs, hits = np.zeros((count, game.n_players)), {name: np.full(count, np.inf) for name in watched.events}
    counts, averages = _tables(tuple(watched.counts), count, len(dates)), _tables(tuple(watched.averages), count, len(dates))
    for t in range(periods):
        state = plan.node_state[node]
        _note_hits(hits, watched.events, state, t)
        move = _draw(moves, node, random.random(count))
        entry, node = moves.entry[move], moves.next_node[move]
        payoffs += (1 - game.discount) * game.discount**t * game.payoffs[game.entry_row[entry]]
        for k, date in enumerate(dates):
            whole = math.floor(date + DATE_TOLERANCE)
            if t < whole:
                for name, by_entry in watched.counts.items():
                    counts[name][:, k] += by_entry[entry]
                for name, by_state in watched.averages.items():
                    averages[name][:, k] += by_state[state] / whole
            elif whole == 0:
                for table in averages.values():
                    table[:, k] = np.nan
    _note_hits(hits, watched.events, plan.node_state[node], periods)
    return Paths(periods=periods, dates=dates, payoffs=payoffs, hits=hits, counts=counts, averages=averages)


def _tables(names: tuple[str, ...], count: int, dates: int) -> dict[str, Floats]:
    return {name: np.zeros((count, dates)) for name in names}


def _note_hits(hits: dict[str, Floats], events: dict[str, Booleans], state: Integers, time: int) -> None:
    """Write the time, in place, for the paths that reach an event for the first time."""
    for name, holds in events.items():
        hits[name][holds[state] & np.isinf(hits[name])] = time


def _begin(plan: Automaton, random: np.random.Generator, count: int) -> Integers:
    law = plan.start[[plan.game.start]]
    if not law.data.sum() > 0:
        raise GameError(f"the plan has no start in state {plan.game.states[plan.game.start]}")
    return np.asarray(random.choice(law.indices, size=count, p=law.data / law.data.sum()), dtype=np.intp)


def _moves(plan: Automaton) -> _Moves:
    """All moves of positive chance: an edge of the plan and the node with which play goes on, node by node."""
    game, node, entry = plan.game, plan.edge_node, plan.edge_entry
    row = game.entry_row[entry]
    chance = plan.edge_probability.copy()
    for i, lottery in enumerate(plan.lotteries):
        chance *= lottery[plan.choice_start(i)[node] + game.row_action[i][row]]
    law = sparse.coo_array(plan.next_nodes)
    edge, next_node = law.coords
    chance = chance[edge] * law.data
    possible = chance > 0
    edge, next_node, chance = edge[possible], next_node[possible], chance[possible]
    order = np.argsort(edge, kind="stable")
    edge, next_node, chance = edge[order], next_node[order], chance[order]
    first = np.concatenate([[0], np.cumsum(np.bincount(node[edge], minlength=plan.n_nodes))]).astype(np.intp)
    total = np.concatenate([[0.0], np.cumsum(chance)])
    return _Moves(first=first, chance=total, entry=entry[edge], next_node=np.asarray(next_node, dtype=np.intp))


def _draw(moves: _Moves, node: Integers, uniform: Floats) -> Integers:
    """One move of each path by inversion of the cumulated chances; uniform: (count,) in [0, 1)."""
    low, high = moves.chance[moves.first[node]], moves.chance[moves.first[node + 1]]
    found = np.searchsorted(moves.chance, low + uniform * (high - low), side="right") - 1
    # rounding may point just outside the node's own moves
    return np.asarray(np.clip(found, moves.first[node], moves.first[node + 1] - 1), dtype=np.intp)
