"""Ties decided in rational numbers: the largest one-shot gain of a plan without any rounding.

At a knife-edge, such as a trigger strategy at its critical discount factor, a floating-point gain of 1e-17 says nothing about its
sign. Where the data of a game are the nearest floats of fractions with small denominators, those fractions are the game that its
author meant, and the values of a finite automaton in it are fractions too. This module shares no code with the solvers or with
the floating-point checker.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

import numpy as np

from leverage.errors import GameError
from leverage.game.automaton import Automaton, nodes_from, reachable_nodes
from leverage.game.stochastic_game import Integers

#: A number counts as a fraction if one with at most this denominator is stored as the same float. Two such fractions are at least
#: 1e-12 apart, far more than rounding moves a number of size 1, so that the fraction found is the one that was meant.
LARGEST_DENOMINATOR = 10**6

#: A sparse row or vector of fractions.
Sparse = dict[int, Fraction]


@dataclass(frozen=True)
class _Node:
    """A node in fractions. lotteries[i]: chance of each action that player i may play there. state: of the game."""

    state: int
    lotteries: tuple[Sparse, ...]


class _NotRationalError(Exception):
    """Some number is no fraction with a small denominator, or some chances do not sum to exactly 1."""


def exact_gain(plan: Automaton, *, begin: Integers | None = None, most_nodes: int = 60) -> Fraction | None:
    """Largest gain of a one-shot deviation from a plan, as an exact fraction; None where the data are not rational.

    Use it where `check` finds a gain that rounding may have made. At most 0 means: subgame perfect, exactly, by the one-shot
    deviation principle.

    Parameters
    ----------
    plan : plays for all players; one that `certification.checker.check` accepts as a plan.
    begin : (n,) nodes with which play may begin; default: those of the plan's start in the game's start.
    most_nodes : plans with more nodes that play can reach from there, under any actions, are not tried.

    Returns
    -------
    Fraction | None : normalised payoff units. Below 0 where every departure loses; an action that the plan plays for certain is
        no departure, so that strict equilibria show. 0 where nobody has a choice. None if there are too many nodes, if a
        payoff, chance or discount factor at a reachable node is no fraction with a denominator of at most 10^6, or if chances
        do not sum to exactly 1.

    Raises
    ------
    GameError : the plan does not play for everybody, or has no start in the game's start.

    Notes
    -----
    The values solve (I - delta_i P) v_i = (1 - delta_i) u_i by elimination in fractions, once per distinct discount factor. The
    matrix is strictly diagonally dominant by rows, which elimination preserves, so that no pivot is 0. Numbers grow by some
    digits with each node: a hundredth of a second for ten nodes of pure play, a quarter for sixty, two seconds for sixty of
    mixed play.

    References
    ----------
    Blackwell (1965), "Discounted dynamic programming", Theorem 6, for the one-shot deviation principle.

    Examples
    --------
    >>> from leverage.game.stochastic_game import StochasticGame
    >>> pd = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]
    >>> game = StochasticGame.from_arrays([pd], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.6)
    >>> exact_gain(Automaton.stationary(game, [[[1.0, 0.0]], [[1.0, 0.0]]]))
    Fraction(4, 5)
    """
    game = plan.game
    if plan.players != tuple(range(game.n_players)):
        raise GameError(f"a plan for all {game.n_players} players is needed; this one plays for {list(plan.players)}")
    reached = np.flatnonzero(reachable_nodes(plan) if begin is None else nodes_from(plan, begin)).tolist()
    if not reached:
        raise GameError(f"the plan has no start in state {game.states[game.start]}")
    if len(reached) > most_nodes:
        return None
    try:
        return _RationalPlan(plan, reached).largest_gain()
    except _NotRationalError:
        return None


def rational(number: float) -> Fraction | None:
    """The fraction with a denominator of at most 10^6 that is stored as this float, or None.

    >>> rational(0.1), rational(2 / 3), rational(0.1 + 0.2)
    (Fraction(1, 10), Fraction(2, 3), None)
    """
    found = Fraction(number).limit_denominator(LARGEST_DENOMINATOR)
    return found if float(found) == number else None


class _RationalPlan:
    """The reachable part of a plan in fractions."""

    def __init__(self, plan: Automaton, reached: list[int]) -> None:
        self.plan, self.game = plan, plan.game
        self.number = {k: n for n, k in enumerate(reached)}
        self.reached = reached
        self.known: dict[float, Fraction] = {}
        self.delta = [self._needed(d) for d in self.game.discount.tolist()]
        #: per node and profile: payoffs of the period, and the lottery over nodes with which play goes on; first what is played,
        #: where a number that is no fraction is found soonest
        self.cells = [dict(self._cells(k, departures=0)) for k in reached]
        self.nodes = [self._node(k) for k in reached]
        for own, k in zip(self.cells, reached, strict=True):
            own.update(self._cells(k, departures=1))

    def _needed(self, number: float) -> Fraction:
        """The fraction; the same few numbers come again and again."""
        if number not in self.known:
            found = rational(number)
            if found is None:
                raise _NotRationalError
            self.known[number] = found
        return self.known[number]

    def _lottery(self, places: Iterable[int], chances: Iterable[float]) -> Sparse:
        """The chances that are not 0, which must sum to exactly 1; a place that occurs twice has the sum."""
        found: Sparse = {}
        for place, chance in zip(places, chances, strict=True):
            if chance != 0:
                found[place] = found.get(place, Fraction(0)) + self._needed(chance)
        if sum(found.values()) != 1:
            raise _NotRationalError
        return found

    def _node(self, k: int) -> _Node:
        lotteries = [self.plan.lottery(i, k).tolist() for i in range(self.game.n_players)]
        return _Node(int(self.plan.node_state[k]), tuple(self._lottery(range(len(x)), x) for x in lotteries))

    def _cells(self, k: int, departures: int) -> Iterator[tuple[tuple[int, ...], tuple[list[Fraction], Sparse]]]:
        """Profile -> (payoffs, following nodes), for the profiles that so many departures from node k can bring about."""
        game, state = self.game, int(self.plan.node_state[k])
        first_edge, first_entry = int(self.plan.edge_start[k]), int(game.entry_start[state])
        rows = slice(game.row_start[state], game.row_start[state + 1])
        departing = sum((self.plan.lottery(i, k)[a] == 0).astype(int) for i, a in enumerate(game.row_action[:, rows]))
        for row in rows.start + np.flatnonzero(departing == departures):
            payoffs = [self._needed(u) for u in game.payoffs[row].tolist()]
            entries = slice(game.transitions.indptr[row], game.transitions.indptr[row + 1])
            law = self._lottery(range(entries.start, entries.stop), game.transitions.data[entries].tolist())
            after: Sparse = {}
            for entry, chance in law.items():
                for node, share in self._following(first_edge + entry - first_entry).items():
                    after[node] = after.get(node, Fraction(0)) + chance * share
            yield tuple(game.row_action[:, row].tolist()), (payoffs, after)

    def _following(self, edge: int) -> Sparse:
        law = self.plan.next_nodes
        arcs = slice(law.indptr[edge], law.indptr[edge + 1])
        found = self._lottery(law.indices[arcs].tolist(), law.data[arcs].tolist())
        return {self.number[k]: share for k, share in found.items()}

    def largest_gain(self) -> Fraction:
        """The largest gain of a departure; 0 if there is none."""
        gains = [gain for i, values in enumerate(self._values()) for gain in self._gains(i, values)]
        return max(gains, default=Fraction(0))

    def _values(self) -> list[list[Fraction]]:
        """values[i][n]: normalised payoff of player i from node n on."""
        values: list[list[Fraction]] = [[] for _ in self.delta]
        payoffs, law = self._averages()
        for delta in set(self.delta):
            same = [i for i, d in enumerate(self.delta) if d == delta]
            matrix = [
                {n: Fraction(1), **{m: (m == n) - delta * chance for m, chance in row.items()}} for n, row in enumerate(law)
            ]
            right = [[(1 - delta) * u[i] for i in same] for u in payoffs]
            for i, column in zip(same, zip(*_solved(matrix, right), strict=True), strict=True):
                values[i] = list(column)
        return values

    def _averages(self) -> tuple[list[list[Fraction]], list[Sparse]]:
        """Expected payoffs of the period at each node, and the law of the next node, if everybody follows the plan."""
        payoffs, law = [], []
        for node, cells in zip(self.nodes, self.cells, strict=True):
            mean, after = [Fraction(0) for _ in self.delta], Sparse()
            for profile, weight in _profiles(node.lotteries):
                now, following = cells[profile]
                mean = [m + weight * u for m, u in zip(mean, now, strict=True)]
                for n, chance in following.items():
                    after[n] = after.get(n, Fraction(0)) + weight * chance
            payoffs.append(mean)
            law.append(after)
        return payoffs, law

    def _gains(self, player: int, values: list[Fraction]) -> Iterator[Fraction]:
        """What each departure of a player at each node gains over following the plan."""
        delta = self.delta[player]
        for n, (node, cells) in enumerate(zip(self.nodes, self.cells, strict=True)):
            for action in range(self.game.action_counts[node.state, player]):
                own = node.lotteries[player]
                if own.get(action) == 1:
                    continue
                lotteries = (*node.lotteries[:player], {action: Fraction(1)}, *node.lotteries[player + 1 :])
                worth = Fraction(0)
                for profile, weight in _profiles(lotteries):
                    now, following = cells[profile]
                    later = sum((chance * values[m] for m, chance in following.items()), Fraction(0))
                    worth += weight * ((1 - delta) * now[player] + delta * later)
                yield worth - values[n]


def _profiles(lotteries: Sequence[Sparse]) -> Iterator[tuple[tuple[int, ...], Fraction]]:
    """The action profiles that independent lotteries can bring about, with their chances."""
    for choice in product(*(lottery.items() for lottery in lotteries)):
        weight = Fraction(1)
        for _, chance in choice:
            weight *= chance
        yield tuple(action for action, _ in choice), weight


def _solved(matrix: list[Sparse], right: list[list[Fraction]]) -> list[list[Fraction]]:
    """Solution of a sparse system with several right-hand sides, by elimination without pivoting; both arguments are used up."""
    size = len(matrix)
    for k in range(size):
        for r in range(k + 1, size):
            factor = matrix[r].pop(k, None)
            if not factor:
                continue
            factor /= matrix[k][k]
            for c, entry in matrix[k].items():
                if c > k:
                    matrix[r][c] = matrix[r].get(c, Fraction(0)) - factor * entry
            right[r] = [x - factor * y for x, y in zip(right[r], right[k], strict=True)]
    for k in reversed(range(size)):
        for c, entry in matrix[k].items():
            if c > k:
                right[k] = [x - entry * y for x, y in zip(right[k], right[c], strict=True)]
        right[k] = [x / matrix[k][k] for x in right[k]]
    return right
