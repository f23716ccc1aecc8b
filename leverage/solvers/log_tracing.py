"""The logarithmic stochastic tracing procedure: from a prior about everybody's play to a Markov perfect equilibrium.

At the time t of the procedure players expect each other to play as they do with chance t, and as the prior says otherwise; both
decide about payoffs and about the next state. A logarithmic penalty that fades out keeps all actions in play. With sigma_c the
probability of a choice c (player i, state s, own action a), rho the prior, nu_c weights and epsilon = 1 - t, play maximises

    V_is = sum_a sigma_c Q_c + epsilon sum_a nu_c log sigma_c,
    Q_c  = mean over the rows r with c, weighted by  t prod_{j != i} sigma_j(r) + epsilon prod_{j != i} rho_j(r),
           of (1 - delta_i) u_i(r) + delta_i sum_s' P(s' | r) V_i(s').

For almost every prior a path of such play leads from t = 0, where it is the only best reply to the prior, to a stationary
equilibrium at t = 1. It may turn back in t on the way, so it is followed in arclength. Its unknowns are the logarithms b_c of
sigma_c, the values V_is and tau = -log epsilon, in terms of which it becomes straight: an action that leaves play falls like
epsilon. The equations are, with L_is = V_is + epsilon sum_a nu_c (1 - b_c) the multiplier of the sum of probabilities,

    F_c  = L_is - Q_c - epsilon nu_c / sigma_c          each choice,
    G_is = sum_a sigma_c - 1                            each state and player.

By F no action is better than play by more than epsilon times the sum of its state's weights, so that late points of the path are
equilibria up to any tolerance. Payoffs are divided by each player's range.

Sources: Eibelshaeuser, Klockmann, Poensgen and von Schenk (2023), "The logarithmic stochastic tracing procedure"; Harsanyi (1975)
and Harsanyi and Selten (1988) for the procedure in one-shot games; Herings and Peeters (2004) for stochastic ones; Allgower and
Georg (1990), chapters 2-6, for the continuation.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.sparse.linalg import MatrixRankWarning, splu

from leverage.errors import GameError, UnsolvedError
from leverage.game.automaton import Automaton
from leverage.game.stochastic_game import Floats, Integers, StochasticGame
from leverage.solvers.logit_kernel import DISCOUNT
from leverage.solvers.logit_system import law_of, uniform_play
from leverage.solvers.markov_perfect import Engine, accepted, engine_for
from leverage.solvers.solution import Solution
from leverage.solvers.tied_end import tied_end

#: Arclength of the first and of the smallest step. Late on the path is straight, so that there is no largest one.
FIRST_STEP, SMALLEST_STEP = 0.1, 1e-9
#: After a step that took few corrections the next is longer; after one that failed, shorter.
GROWTH, SHRINKS, QUICK = 1.8, 0.4, 3
#: The corrector ends when its step is this small; where ties make conditions nearly singular, when steps below the second number
#: do not shrink any more, which is rounding.
CORRECTED, STALLED = 1e-9, 1e-6
#: It may take so many steps, move by this share of the predicted step in all, and the tangent may turn to this cosine.
MOST_CORRECTIONS, LARGEST_CORRECTION, LEAST_COSINE = 8, 0.4, 0.9
#: Points of the path at most: some paths wind. A count of work, the same on every machine.
MOST_POINTS = 3_000
#: An action leaves play if its logarithm falls this fast in tau (exact ties let it fall at 1/2); its probability must be below.
LEAVING_RATE, LEAVING_PROBABILITY = -0.3, 0.05
#: The equilibrium next to the path must be this close to it, in probability: it is about epsilon away if it is regular.
NEAR = 1e-3
#: The end is tried again when tau has grown by this much.
PATIENCE = 1.0
#: The path is left at this tau: epsilon is then far below rounding in payoffs of 1.
LAST_TAU = 40.0
#: Replies to the prior: rounds of policy iteration and of Newton's method within, and the change that ends them.
MOST_ROUNDS, SETTLED = 200, 1e-13


def log_tracing(
    game: StochasticGame,
    prior: Sequence[Sequence[ArrayLike]] | None = None,
    weights: Sequence[Sequence[ArrayLike]] | None = None,
    *,
    tolerance: float = 1e-9,
) -> Solution:
    """The Markov perfect equilibrium that the logarithmic tracing procedure leads to from a prior.

    Use it where there is a reason for what players expect at first, or for other equilibria than `markov_perfect` selects; that
    one is compiled and many times faster.

    Parameters
    ----------
    game : any number of players and of actions in a state, one discount factor per player.
    prior : prior[i][s], lottery (A_i(s),) that the others expect of player i in state s, zeros allowed (default: uniform).
    weights : weights[i][s], (A_i(s),), all > 0, of the logarithmic penalty, in units of player i's payoff range (default: 1, as
        in the source). Large ones begin near uniform play whatever the prior says; small ones come near to Harsanyi's linear
        procedure, whose path has kinks.
    tolerance : largest gain of a one-shot deviation that is accepted, as a share of `game.payoff_range`; > 0.

    Returns
    -------
    Solution : `certificate` and `values` (S, N) in normalised payoff units, as those of `markov_perfect`.

    Raises
    ------
    GameError : a prior or weights that do not fit the game. ValueError : tolerance not above 0.
    UnsolvedError : the path was lost, or wound too long, before an equilibrium on it passed the check.

    Notes
    -----
    The answer does not change when a player's payoffs are multiplied or shifted. Where exact ties leave it open, it is a point
    of the path so late that the checker accepts it. Cost: a hundred points or so; each takes a few sparse factorisations of order
    C + S N + 1, C being the number of choices: 0.15 s for a game of ten states with three actions each.

    References
    ----------
    Eibelshaeuser, Klockmann, Poensgen and von Schenk (2023); see the module.

    Examples
    --------
    >>> stag_hunt = [[[9.0, 9.0], [0.0, 8.0]], [[8.0, 0.0], [7.0, 7.0]]]
    >>> game = StochasticGame.from_arrays([stag_hunt], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.0)
    >>> log_tracing(game).values.tolist()
    [[7.0, 7.0]]
    >>> trusting = [[[1.0, 0.0]]] * 2
    >>> log_tracing(game, trusting, [[[0.01, 0.01]]] * 2).values.tolist()
    [[9.0, 9.0]]
    """
    engine = engine_for(game, tolerance)
    rule = f"end of the logarithmic tracing path from {'a uniform' if prior is None else 'the given'} prior"
    for p in _ends(_tracing(engine, prior, weights)):
        solution = accepted(engine, p, rule)
        if solution is not None:
            return solution
    raise UnsolvedError(
        f"the logarithmic tracing path was lost or too long before an equilibrium with gains up to {engine.allowed:.3g}; "
        "try another prior, larger weights, or a larger tolerance"
    )


# --- the equations -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Tracing:
    """A game with its prior. Choices are numbered state by state, within a state player by player; *groups* (s, i) are s N + i.

    prior: (C,). weights: (C,) times 1 - delta_i, as values are normalised. group: (C,) of each choice. pairs: choices of one
    group, each with each. law: (R, S).
    """

    engine: Engine
    prior: Floats
    weights: Floats
    group: Integers
    pairs: tuple[Integers, Integers]
    law: sparse.csr_array

    @property
    def slots(self) -> int:
        return len(self.group)

    @property
    def delta(self) -> Floats:
        return np.asarray(self.engine.numbers.player[DISCOUNT])

    def by_group(self, x: Floats) -> Floats:
        """(S N,): sums of (C,) within groups."""
        return np.add.reduceat(x, self.engine.shape.group_start[:-1])

    def rewards(self, values: Floats) -> Floats:
        """(R, N): normalised payoff of a row and what follows; values (S N,)."""
        ahead = self.law @ values.reshape(-1, len(self.delta))
        return np.asarray((1 - self.delta) * self.engine.numbers.payoffs + self.delta * ahead)

    def others(self, p: Floats) -> Floats:
        """(R, N): the chance of each row from all players but one."""
        played = p[self.engine.shape.row_slot]
        return np.stack([np.prod(np.delete(played, i, axis=1), axis=1) for i in range(played.shape[1])], axis=1)

    def gathered(self, per_row: Floats) -> Floats:
        """(C,): sums over the rows that contain a choice; per_row (R, N)."""
        return np.asarray(np.bincount(self.engine.shape.row_slot.ravel(), per_row.ravel(), self.slots), dtype=np.float64)

    def ahead(self, weight: Floats) -> tuple[Floats, Integers, Integers]:
        """How Q depends on values, given the weights (R, N) of rows: data, choice, group of each contribution."""
        players, entries = len(self.delta), sparse.coo_array(self.law)
        data = self.delta * weight[entries.row] * entries.data[:, None]
        group = entries.col[:, None] * players + np.arange(players)
        return data.ravel(), self.engine.shape.row_slot[entries.row].ravel(), group.ravel()


def _tracing(
    engine: Engine, prior: Sequence[Sequence[ArrayLike]] | None, weights: Sequence[Sequence[ArrayLike]] | None
) -> _Tracing:
    """Raises GameError for a prior or weights that do not fit the game."""
    game, shape = engine.game, engine.shape
    group = np.repeat(np.arange(len(shape.group_start) - 1), np.diff(shape.group_start))
    rho = uniform_play(engine.shape)
    if prior is not None:
        Automaton.stationary(game, [[np.asarray(x, dtype=np.float64) for x in own] for own in prior])  # lotteries of the game
        rho = _in_slots(game, prior, "prior")
    nu = np.ones(len(group)) if weights is None else _in_slots(game, weights, "weights")
    if not (np.all(np.isfinite(nu)) and np.all(nu > 0)):
        raise GameError("weights of the logarithmic penalty are finite and above 0")
    law = law_of(shape, engine.numbers, 0)
    pairs = np.nonzero(group[:, None] == group)
    return _Tracing(engine, rho, nu * (1 - game.discount[group % game.n_players]), group, (pairs[0], pairs[1]), law)


def _in_slots(game: StochasticGame, tables: Sequence[Sequence[ArrayLike]], what: str) -> Floats:
    """(C,) from tables[i][s]."""
    found = []
    for s in range(game.n_states):
        for i, count in enumerate(game.action_counts[s]):
            try:
                own = np.asarray(tables[i][s], dtype=np.float64)
            except (IndexError, TypeError, ValueError) as error:
                raise GameError(f"{what} need an array of numbers for each player and state") from error
            if own.shape != (count,):
                raise GameError(f"{what} of player {game.players[i]} in state {game.states[s]}: {count} numbers are needed")
            found.append(own)
    return np.concatenate(found)


def _linearised(tracing: _Tracing, y: Floats, border: Floats) -> tuple[Floats, sparse.csc_array]:
    """F and G at y = (b, V, tau), (n,), and the matrix (n + 1, n + 1) of their derivatives with the border (n + 1,) below."""
    slots, group, nu, size = tracing.slots, tracing.group, tracing.weights, len(y)
    log_p, values, left = y[:slots], y[slots:-1], np.exp(-y[-1])
    p, t, number = np.exp(log_p), 1 - left, np.arange(slots)
    reward, play, prior = tracing.rewards(values), tracing.others(p), tracing.others(tracing.prior)
    weight = t * play + left * prior
    force, barrier = left * nu / p, left * tracing.by_group(nu * (1 - log_p))
    f = (values + barrier)[group] - tracing.gathered(weight * reward) - force
    in_tau = force - barrier[group] - left * tracing.gathered((play - prior) * reward)
    data, choice, value = tracing.ahead(weight)
    one, other = tracing.pairs
    cells = [
        (force, number, number),
        (-left * nu[other], one, other),  # the multiplier depends on all choices of a group
        *_responses(tracing, t * play * reward),
        (np.ones(slots), number, slots + group),
        (-data, choice, slots + value),
        (in_tau, number, np.full(slots, size - 1)),
        (p, slots + group, number),
        (border, np.full(size, size - 1), np.arange(size)),
    ]
    data, row, column = (np.concatenate(part) for part in zip(*cells, strict=True))
    matrix = sparse.csc_array((data, (row, column)), shape=(size, size))
    return np.concatenate([f, tracing.by_group(p) - 1]), matrix


def _responses(tracing: _Tracing, worth: Floats) -> Iterator[tuple[Floats, Integers, Integers]]:
    """How -Q depends on others' b: a product's derivative in the logarithm of a factor is the product. worth: (R, N)."""
    rows = tracing.engine.shape.row_slot
    for i in range(rows.shape[1]):
        for j in range(rows.shape[1]):
            if j != i:
                yield -worth[:, i], rows[:, i], rows[:, j]


# --- the start -----------------------------------------------------------------------------------------------------------


def _start(tracing: _Tracing) -> Floats:
    """y at t = 0: every player's best reply to the prior, by policy iteration (each player is alone with a decision problem)."""
    prior, values = tracing.others(tracing.prior), np.zeros(len(tracing.engine.shape.group_start) - 1)
    data, choice, value = tracing.ahead(prior)
    ahead = sparse.csr_array((data, (choice, value)), shape=(tracing.slots, len(values)))
    log_p = np.zeros(tracing.slots)
    unit = sparse.eye_array(len(values))
    pay = tracing.gathered(prior * (1 - tracing.delta) * tracing.engine.numbers.payoffs)
    for _ in range(MOST_ROUNDS):
        log_p = _reply(tracing, pay + ahead @ values)
        p = np.exp(log_p)
        mean = sparse.csr_array((p, (tracing.group, np.arange(tracing.slots))), shape=(len(values), tracing.slots))
        gained = tracing.by_group(p * pay + tracing.weights * log_p)
        before, values = values, splu(sparse.csc_array(unit - mean @ ahead)).solve(gained)
        if float(np.max(np.abs(values - before))) <= SETTLED * (1 + float(np.max(np.abs(values)))):
            break
    return np.concatenate([log_p, values, [0.0]])


def _reply(tracing: _Tracing, q: Floats) -> Floats:
    """(C,): log of sigma_c = nu_c / (L - Q_c), where L is the number above all Q_c at which they sum to 1.

    Newton's method in L from below: the sum is convex and falling, so that it never goes too far.
    """
    group, starts = tracing.group, tracing.engine.shape.group_start[:-1]
    level = np.maximum.reduceat(q + tracing.weights, starts)
    for _ in range(MOST_ROUNDS):
        p = tracing.weights / (level[group] - q)
        step = (tracing.by_group(p) - 1) / tracing.by_group(p**2 / tracing.weights)
        level = level + np.maximum(step, 0.0)
        if float(np.max(step / (1 + np.abs(level)))) <= SETTLED:
            break
    p = tracing.weights / (level[group] - q)
    return np.log(p / tracing.by_group(p)[group])


# --- the path ------------------------------------------------------------------------------------------------------------


class _LostError(Exception):
    """A step was too long, or there is no way on."""


@dataclass(frozen=True, eq=False)
class _Point:
    """y on the path, and the unit tangent onward."""

    y: Floats
    tangent: Floats

    @property
    def tau(self) -> float:
        return float(self.y[-1])


def _points(tracing: _Tracing) -> Iterator[_Point]:
    """The path from t = 0 on, as far as it can be followed."""
    row = np.append(np.zeros(len(tracing.engine.shape.group_start) - 1 + tracing.slots), 1.0)
    try:
        y, _ = _corrected(tracing, _start(tracing), row, 0.0)
        point = _Point(y, _tangent(tracing, y, row))
    except _LostError:
        return
    step = FIRST_STEP
    for _ in range(MOST_POINTS):
        yield point
        while True:
            try:
                point, quick = _stepped(tracing, point, step)
            except _LostError:
                step *= SHRINKS
                if step < SMALLEST_STEP:
                    return
            else:
                break
        step *= GROWTH if quick else 1.0


def _stepped(tracing: _Tracing, point: _Point, step: float) -> tuple[_Point, bool]:
    """The next point, and whether few corrections were needed. Raises _LostError where the step is too long."""
    ahead = point.y + step * point.tangent
    y, rounds = _corrected(tracing, ahead, point.tangent, float(point.tangent @ ahead))
    if not float(np.linalg.norm(y - ahead)) <= LARGEST_CORRECTION * step:
        raise _LostError
    tangent = _tangent(tracing, y, point.tangent)
    if tangent @ point.tangent < LEAST_COSINE:
        raise _LostError
    return _Point(y, tangent), rounds <= QUICK


def _corrected(tracing: _Tracing, y: Floats, row: Floats, level: float) -> tuple[Floats, int]:
    """Newton's method on F = G = 0 and row y = level, and the number of its steps."""
    last = np.inf
    for rounds in range(1, MOST_CORRECTIONS + 1):
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            residual, matrix = _linearised(tracing, y, row)
        change = _solved(matrix, np.append(residual, row @ y - level))
        y = y - change
        size = float(np.max(np.abs(change)))
        if size <= CORRECTED or (size <= STALLED and size > last / 2):
            return y, rounds
        if not size <= max(last, 1.0):
            break
        last = size
    raise _LostError


def _tangent(tracing: _Tracing, y: Floats, row: Floats) -> Floats:
    """The unit tangent with a positive product with `row`."""
    direction = _solved(_linearised(tracing, y, row)[1], np.append(np.zeros(len(y) - 1), 1.0))
    return np.asarray(direction / np.linalg.norm(direction))


def _solved(matrix: sparse.csc_array, right: Floats) -> Floats:
    """Raises _LostError where the matrix is singular."""
    if not np.all(np.isfinite(matrix.data)):
        raise _LostError
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", MatrixRankWarning)
            x = splu(matrix).solve(right)
    except (RuntimeError, MatrixRankWarning) as singular:
        raise _LostError from singular
    if not np.all(np.isfinite(x)):
        raise _LostError
    return np.asarray(x)


# --- its end -------------------------------------------------------------------------------------------------------------


def _ends(tracing: _Tracing) -> Iterator[Floats]:
    """Profiles (C,) that the path leads to: the equilibrium next to it on the support that stays in play; late on, its points."""
    starts, tried = tracing.engine.shape.group_start[:-1], 0.0
    # gains in units of payoff ranges are at most epsilon times this
    total = float(np.max(tracing.by_group(tracing.weights)))
    worth = tracing.engine.allowed / max(tracing.engine.game.payoff_range, tracing.engine.allowed)
    for point in _points(tracing):
        if point.tau > LAST_TAU:
            return
        p = np.exp(point.y[: tracing.slots])
        p /= np.add.reduceat(p, starts)[tracing.group]
        if point.tau >= tried + PATIENCE:
            end = _next_to(tracing, point, p)
            if end is not None:
                tried = point.tau
                yield end
        if np.exp(-point.tau) * total <= worth:
            yield p


def _next_to(tracing: _Tracing, point: _Point, p: Floats) -> Floats | None:
    """The profile near p that is indifferent on the support that stays in play; None where that is not clear yet, or not near."""
    onward = float(point.tangent[-1])
    if not onward > 0:
        return None
    leaves = point.tangent[: tracing.slots] < LEAVING_RATE * onward
    if np.any(leaves & (p >= LEAVING_PROBABILITY)):
        return None
    values = point.y[tracing.slots : -1] / (1 - np.tile(tracing.delta, tracing.engine.shape.states))
    end = tied_end(tracing.engine.shape, tracing.engine.numbers, ~leaves, point.y[: tracing.slots], values)
    return end if end is not None and float(np.max(np.abs(end - p))) <= NEAR else None
