"""The unfolding of a stochastic game over T periods as a Gambit `.efg` file.

In each period the players who have a choice move one after the other, nobody seeing the others' moves of that period, then chance
draws the next state (not after the last period, when nothing follows). An information set is therefore a player and a *public
history*: all states and action profiles so far. Payoffs stand at the ends of play only, normalised as in `finite_horizon`:

    v_i = sum_t delta_i^t u_i(s_t, a_t) / sum_t delta_i^t,        t = 0, ..., T - 1.

All arithmetic is in integers: with delta = n / d and weights w_t = n^t d^(T-1-t), v = sum_t w_t u_t / sum_t w_t, so that ends of
play that pay the same are written the same.

Source: Gambit's documentation, "The extensive game (.efg) file format"; Kuhn (1953) for information sets.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from leverage.errors import GameError
from leverage.exchange.gambit_text import chances, exact, number, quoted, quoted_list
from leverage.game.stochastic_game import StochasticGame

#: Ends of play (terminal nodes) of the largest tree that is written: about 10 MB.
MOST_ENDS = 100_000
#: Periods of the longest unfolding; only games that hardly branch have so small a tree.
MOST_PERIODS = 1_000
#: Counts of ends are cut here, so that they stay finite.
_BEYOND_COUNTING = 1e200


def efg_text(game: StochasticGame, periods: int) -> str:
    """The game that starts at `game.start` and stops after `periods` periods, as the text of an `.efg` file.

    `finite_horizon(game, periods)` gives one subgame-perfect equilibrium of this tree, with payoffs in the same units.

    Parameters
    ----------
    game : any number of players. Players with one action get no move, a next state that is certain no chance node.
    periods : 1 to MOST_PERIODS. The tree grows exponentially: at most MOST_ENDS ends of play are written.

    Raises
    ------
    GameError : no whole number of periods; a tree with more ends than MOST_ENDS, with their number and what to do.

    Notes
    -----
    Probabilities are written as fractions that sum to exactly 1; each is the game's but for the rounding of the row to the sum 1.

    Examples
    --------
    >>> prisoners = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]
    >>> game = StochasticGame.from_arrays([prisoners], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.6)
    >>> print("\\n".join(efg_text(game, 1).splitlines()[2:]))
    p "" 1 1 "period 1, history 1, state 1" { "1" "2" } 0
    p "" 2 1 "period 1, history 1, state 1" { "1" "2" } 0
    t "" 1 "end 1" { 3, 3 }
    t "" 2 "end 2" { 0, 5 }
    p "" 2 1 "period 1, history 1, state 1" { "1" "2" } 0
    t "" 3 "end 3" { 5, 0 }
    t "" 4 "end 4" { 1, 1 }
    """
    periods = _checked_periods(periods)
    _refuse_large(game, periods)
    span = f"{periods} period{'s' * (periods > 1)}"
    title = f"{span} from state {game.states[game.start]}"
    comment = f"payoffs: discounted sum over {span} / (1 + d + ... + d^{periods - 1}) with the discount factors d = " + ", ".join(
        f"{number(d)} of {name}" for d, name in zip(game.discount.tolist(), game.players, strict=True)
    )
    head = [f"EFG 2 R {quoted(title)} {quoted_list(game.players)}", quoted(comment)]
    return "\n".join([*head, *_Unfolding.of(game, periods).lines(), ""])


def count_ends(game: StochasticGame, periods: int) -> list[float]:
    """Ends of play of the unfoldings over 0, 1, ..., `periods` periods from the start; exact up to 2^53."""
    branches = game.transitions.copy()
    branches.data = (branches.data > 0).astype(float)
    counts, found = np.diff(game.row_start).astype(float), [1.0]  # nothing is drawn after the last period
    for _ in range(periods):
        found.append(float(counts[game.start]))
        counts = np.minimum(np.add.reduceat(branches @ counts, game.row_start[:-1]), _BEYOND_COUNTING)
    return found


def _checked_periods(periods: int) -> int:
    if not (1 <= periods <= MOST_PERIODS and float(periods).is_integer()):
        raise GameError(f"{periods} periods; a whole number from 1 to {MOST_PERIODS:,} is needed")
    return int(periods)


def _refuse_large(game: StochasticGame, periods: int) -> None:
    counts = count_ends(game, periods)
    if counts[-1] <= MOST_ENDS:
        return
    fitting = sum(count <= MOST_ENDS for count in counts) - 1
    size = f"{counts[-1]:,.0f}" if counts[-1] < 2**53 else f"about {counts[-1]:.1e}"
    remedy = (
        f"take {fitting} period{'s' * (fitting > 1)} or fewer" if fitting else "start in a state with fewer actions or successors"
    )
    span = f"{periods} period{'s' * (periods > 1)}"
    raise GameError(f"over {span} the tree has {size} ends of play; at most {MOST_ENDS:,} are written: {remedy}")


@dataclass(frozen=True)
class _Point:
    """A place in the tree that is still to be written.

    sums: per player the weighted payoffs so far, whole numbers. chosen: actions of the first players in this period. history,
    infosets: numbers of the public history and of the players' information sets at it, once the first player has been asked.
    """

    period: int
    state: int
    sums: tuple[int, ...]
    chosen: tuple[int, ...] = ()
    history: int = 0
    infosets: tuple[int, ...] = ()


@dataclass
class _Unfolding:
    """The game in whole numbers, and counters of what has been written.

    weights[i][t] is the weight of period t for player i; payoffs[r][i] are so scaled that unit[i] of their weighted sum are one
    unit of its normalised payoff. successors[r] are the states that may follow, with their chances.
    """

    game: StochasticGame
    periods: int
    payoffs: list[list[int]]
    unit: list[int]
    weights: list[list[int]]
    successors: list[list[tuple[int, Fraction]]]
    infosets: list[int]
    histories: int = 0
    draws: int = 0
    ends: int = 0

    @classmethod
    def of(cls, game: StochasticGame, periods: int) -> _Unfolding:
        spelt = [[exact(x) for x in row] for row in game.payoffs.tolist()]
        scale = [math.lcm(*(row[i].denominator for row in spelt)) for i in range(game.n_players)]
        weights = [_weights(exact(delta), periods) for delta in game.discount.tolist()]
        return cls(
            game=game,
            periods=periods,
            payoffs=[[int(x * scale[i]) for i, x in enumerate(row)] for row in spelt],
            unit=[one * sum(own) for one, own in zip(scale, weights, strict=True)],
            weights=weights,
            successors=[_successors(game, r) for r in range(len(spelt))],
            infosets=[0] * game.n_players,
        )

    def lines(self) -> Iterator[str]:
        """The nodes in prefix order. A stack and no recursion: a tree may be a thousand periods deep."""
        stack = [_Point(0, self.game.start, (0,) * self.game.n_players)]
        while stack:
            line, following = self._node(stack.pop())
            if line:
                yield line
            stack.extend(reversed(following))

    def _node(self, point: _Point) -> tuple[str, list[_Point]]:
        """The line of a node, empty where nothing is decided, and the points that follow it."""
        if point.period == self.periods:
            return self._end(point), []
        if not point.chosen:
            point = self._new_history(point)
        return self._draw(point) if len(point.chosen) == self.game.n_players else self._move(point)

    def _new_history(self, point: _Point) -> _Point:
        """The point with numbers of its own for the public history and the information sets of those who choose at it."""
        self.histories += 1
        for i, count in enumerate(self.game.action_counts[point.state]):
            self.infosets[i] += int(count > 1)
        return replace(point, history=self.histories, infosets=tuple(self.infosets))

    def _move(self, point: _Point) -> tuple[str, list[_Point]]:
        player = len(point.chosen)
        actions = self.game.actions[point.state][player]
        following = [replace(point, chosen=(*point.chosen, a)) for a in range(len(actions))]
        if len(actions) == 1:
            return "", following
        where = f"period {point.period + 1}, history {point.history}, state {self.game.states[point.state]}"
        return f'p "" {player + 1} {point.infosets[player]} {quoted(where)} {quoted_list(actions)} 0', following

    def _draw(self, point: _Point) -> tuple[str, list[_Point]]:
        counts = self.game.action_counts[point.state]
        row = int(self.game.row_start[point.state]) + int(np.ravel_multi_index(point.chosen, tuple(counts)))
        weighted = zip(point.sums, self.weights, self.payoffs[row], strict=True)
        sums = tuple(total + weights[point.period] * payoff for total, weights, payoff in weighted)
        successors = self.successors[row]
        following = [_Point(point.period + 1, state, sums) for state, _ in successors]
        if len(following) == 1 or point.period + 1 == self.periods:
            return "", following[:1]
        self.draws += 1
        where = quoted(f"draw {self.draws}: what follows period {point.period + 1}, history {point.history}")
        options = " ".join(f"{quoted(self.game.states[state])} {chance}" for state, chance in successors)
        return f'c "" {self.draws} {where} {{ {options} }} 0', following

    def _end(self, point: _Point) -> str:
        self.ends += 1
        payoffs = ", ".join(number(Fraction(total, unit)) for total, unit in zip(point.sums, self.unit, strict=True))
        return f't "" {self.ends} "end {self.ends}" {{ {payoffs} }}'


def _weights(delta: Fraction, periods: int) -> list[int]:
    """Whole numbers in the proportion 1 : delta : ... : delta^(periods - 1)."""
    n, d = delta.numerator, delta.denominator
    return [n**t * d ** (periods - 1 - t) for t in range(periods)]


def _successors(game: StochasticGame, row: int) -> list[tuple[int, Fraction]]:
    law, entries = game.transitions, slice(*game.transitions.indptr[row : row + 2])
    positive = law.data[entries] > 0
    return list(zip(law.indices[entries][positive].tolist(), chances(law.data[entries][positive].tolist()), strict=True))
