"""Finite horizon: backward induction on a game that stops after a known number of periods.

With t periods left the one-shot game of state s has payoffs

    Q_t(s, a) = u(s, a) + delta * sum_s' p(s' | s, a) W_{t-1}(s'),        W_t(s) = Q_t(s, equilibrium of Q_t(s, .)),

where W are discounted sums and W_0 is what the end pays. Source: Kuhn (1953); Selten (1975) for subgame perfection.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from leverage.certification.finite import certify_finite
from leverage.errors import GameError, UnsolvedError
from leverage.game.automaton import Automaton
from leverage.game.node_indices import selection
from leverage.game.stochastic_game import Booleans, Floats, Integers, StochasticGame
from leverage.solvers.solution import Solution
from leverage.solvers.stage_game import REGRET_TOLERANCE, TIE_TOLERANCE
from leverage.solvers.stage_nash import SCORE_TOLERANCE, payoff_weights, select_equilibrium

#: Discounted sums carry rounding errors of this fraction of their size; differences below are none.
ROUNDING = 16 * float(np.finfo(np.float64).eps)


#: Periods times transitions of a plan that fit into memory.
MOST_STEPS = 50_000_000


def finite_horizon(
    game: StochasticGame, periods: int, *, terminal: ArrayLike | None = None, tolerance: float = REGRET_TOLERANCE
) -> Solution:
    """Subgame-perfect play of a game that stops after `periods` periods, by backward induction.

    Use it where the end is known to all (a mandate, an election); promises and threats then unravel from the end if the last
    period has one equilibrium. Where nobody knows the end, use `markov_perfect`.

    Parameters
    ----------
    game : any number of players.
    periods : at least 1.
    terminal : (S, N), payoff received once, one period after the last one, in the state then reached; default 0.
    tolerance : one-shot deviation gain that is accepted as none, a fraction of the payoff range (terminal payoffs counted in).

    Returns
    -------
    Solution : `values` (S, N) are discounted sums divided by 1 + delta + ... + delta^(periods - 1), payoff a period; the terminal
        payoff is counted in the sum, not in the divisor. `plan` has the modes "T periods left", ..., "1 period left", "over"; the
        last never ends and repeats the last period's choices, because a machine has to do something: it counts for nothing.
        `certificate` is the largest one-shot deviation gain over all states and periods, normalised by the periods then left.

    Raises
    ------
    GameError : no period, terminal payoffs of another shape.
    UnsolvedError : no equilibrium of some state's game was found within the tolerance.

    Notes
    -----
    Rule of selection, in each state and period: among the pure equilibria the one with the largest sum over players of payoff
    (now and later, normalised as above) divided by the player's payoff range, ties to the first in lexicographic order; where
    there is no pure one, the mixed one that `stage_nash` would select in that game. Backward induction is complete only up to
    this rule: where a period has several equilibria, other choices may support other play before it (Benoit-Krishna 1985). A
    period costs one product with the transition law, and about a millisecond per state without a pure equilibrium (5 x 3
    actions; more as said in `enumerate_stage`).

    References
    ----------
    Kuhn (1953), "Extensive games and the problem of information"; Benoit-Krishna (1985), "Finitely repeated games".

    Examples
    --------
    >>> prisoners = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]
    >>> game = StochasticGame.from_arrays([prisoners], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.9)
    >>> ended = finite_horizon(game, 24)
    >>> ended.values.round(9).tolist(), ended.plan.modes[-2:]
    ([[1.0, 1.0]], ('1 period left', 'over'))
    """
    periods, final = _checked_end(game, periods, terminal)
    pure, weights = _PureFinder.of(game), payoff_weights(game)
    sums, choices = final, []
    for left in range(1, periods + 1):
        lengths = _length(game.discount, left)
        payoffs = game.payoffs + game.discount * (game.transitions @ sums)
        played = _play(game, pure, payoffs, weights / lengths)
        choices.append(played)
        sums = _expected(game, payoffs, played)
    plan = _plan(game, choices)
    gain = certify_finite(plan, periods, final)
    if gain > tolerance * _scale(game, final):
        raise UnsolvedError(f"backward induction left a gain of {gain:.3g}: rescale the payoffs or raise the tolerance")
    return Solution(
        concept="finite horizon",
        selection="in each period the pure equilibrium with the largest sum of payoffs divided by payoff ranges, the "
        "mixed one where there is no pure one; ties to the first",
        plan=plan,
        values=sums / _length(game.discount, periods),
        certificate=gain,
        status=f"subgame perfect if play stops after {periods} period{'s' * (periods > 1)}: nobody gains more than the "
        "certificate by one deviation in any state of any period; for play without a known end use markov_perfect",
    )


def _checked_end(game: StochasticGame, periods: int, terminal: ArrayLike | None) -> tuple[int, Floats]:
    if not (periods >= 1 and float(periods).is_integer()):
        raise GameError(f"{periods} periods; a whole number of at least 1 is needed")
    if periods * game.transitions.nnz > MOST_STEPS:
        raise GameError(
            f"{periods:,} periods of {game.transitions.nnz:,} transitions make a plan too large to hold: take fewer periods"
        )
    shape = (game.n_states, game.n_players)
    final = np.zeros(shape) if terminal is None else np.array(terminal, dtype=np.float64)
    if final.shape != shape or not np.all(np.isfinite(final)):
        raise GameError(f"terminal payoffs have shape {final.shape}; finite numbers of shape {shape} are needed")
    return int(periods), final


def _length(discount: Floats, periods: int) -> Floats:
    """(N,): 1 + delta + ... + delta^(periods - 1); the closed form loses digits as delta tends to 1."""
    return np.asarray(np.sum(discount[:, None] ** np.arange(periods), axis=1))


def _scale(game: StochasticGame, final: Floats) -> float:
    return max(game.payoff_range, float(np.max(np.ptp(final, axis=0))))


# --- one period --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _PureFinder:
    """Finds pure equilibria of all states at once.

    order[i] sorts the rows so that those which differ in player i's action only (a *column* of its choices) stand together;
    column[i] is the number of each row's column; first[i] are the places where columns begin in that order.
    """

    order: tuple[Integers, ...]
    column: tuple[Integers, ...]
    first: tuple[Integers, ...]

    @classmethod
    def of(cls, game: StochasticGame) -> _PureFinder:
        columns = [_columns(game, i) for i in range(game.n_players)]
        order = [np.argsort(column, kind="stable") for column in columns]
        first = [np.flatnonzero(np.diff(column[o], prepend=-1)) for column, o in zip(columns, order, strict=True)]
        return cls(tuple(order), tuple(columns), tuple(first))

    def stable(self, game: StochasticGame, payoffs: Floats) -> Booleans:
        """(R,): rows from which nobody gains by another action. Differences that are rounding are none."""
        result = np.ones(len(payoffs), dtype=bool)
        for i in range(game.n_players):
            own = payoffs[:, i]
            best = np.maximum.reduceat(own[self.order[i]], self.first[i])
            blocks = game.row_start[:-1]
            ranges = np.maximum.reduceat(own, blocks) - np.minimum.reduceat(own, blocks)
            slack = TIE_TOLERANCE * ranges[game.row_state] + ROUNDING * np.max(np.abs(own))
            result &= own >= best[self.column[i]] - slack
        return result


def _columns(game: StochasticGame, player: int) -> Integers:
    """(R,): rows of one state in which all but `player` do the same have the same number; numbers count from 0 without gaps."""
    counts = game.action_counts.copy()
    counts[:, player] = 1
    actions = game.row_action.copy()
    actions[player] = 0
    place = np.zeros(len(game.payoffs), dtype=np.intp)
    for j in range(game.n_players):
        place = place * counts[game.row_state, j] + actions[j]
    offset = np.concatenate([[0], np.cumsum(np.prod(counts, axis=1))])
    return np.asarray(offset[game.row_state] + place, dtype=np.intp)


def _play(game: StochasticGame, pure: _PureFinder, payoffs: Floats, weights: Floats) -> tuple[Floats, ...]:
    """Flat lotteries, one array a player, of the selected equilibrium of each state; payoffs (R, N)."""
    blocks = game.row_start[:-1]
    stable = pure.stable(game, payoffs)
    scores = np.where(stable, payoffs @ weights, -np.inf)
    best = np.maximum.reduceat(scores, blocks)
    good = np.flatnonzero(stable & (scores >= best[game.row_state] - SCORE_TOLERANCE))
    states, where = np.unique(game.row_state[good], return_index=True)
    lotteries = tuple(np.zeros(int(starts[-1])) for starts in game.choice_start)
    for i, flat in enumerate(lotteries):
        flat[game.row_choice[i, good[where]]] = 1.0
    for s in np.setdiff1d(np.arange(game.n_states), states):
        table = payoffs[blocks[s] : game.row_start[s + 1]].reshape(*game.action_counts[s], game.n_players)
        for i, lottery in enumerate(select_equilibrium(table, weights)):
            flat = lotteries[i]
            flat[game.choice_start[i, s] : game.choice_start[i, s + 1]] = lottery
    return lotteries


def _expected(game: StochasticGame, payoffs: Floats, lotteries: tuple[Floats, ...]) -> Floats:
    """(S, N): expected payoffs of each state under flat lotteries."""
    chance = np.prod([flat[game.row_choice[i]] for i, flat in enumerate(lotteries)], axis=0)
    return np.asarray(np.add.reduceat(chance[:, None] * payoffs, game.row_start[:-1], axis=0))


# --- the plan ----------------------------------------------------------------------------------------------------------


def _plan(game: StochasticGame, choices: list[tuple[Floats, ...]]) -> Automaton:
    """The clock as a machine; choices[t - 1] are played with t periods left. Nodes run mode by mode, within it by state."""
    periods, size = len(choices), game.n_states
    in_order = [*reversed(choices), choices[0]]
    following = np.minimum(np.arange(1, periods + 2), periods)  # "over" leads to itself
    targets = (following[:, None] * size + game.transitions.indices[None, :]).ravel().astype(np.intp)
    nodes = (periods + 1) * size
    return Automaton(
        game=game,
        players=tuple(range(game.n_players)),
        modes=(*(f"{t} period{'s' * (t > 1)} left" for t in range(periods, 0, -1)), "over"),
        node_mode=np.repeat(np.arange(periods + 1), size),
        node_state=np.tile(np.arange(size), periods + 1),
        lotteries=tuple(np.concatenate([played[i] for played in in_order]) for i in range(game.n_players)),
        next_nodes=selection(targets, nodes),
        start=selection(np.arange(size), nodes),
    )
