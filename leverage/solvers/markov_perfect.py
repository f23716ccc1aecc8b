"""Markov perfect equilibria: stationary play that is optimal in every state, pure or mixed, for any number of players.

The equilibrium that is selected is the limit, as precision grows without bound, of the path of logit equilibria that starts at
uniform play. The path is followed numerically (`logit_kernel`); once it shows which actions stay in use, Newton's method on the
indifference conditions ends it. Nothing is returned that policy evaluation and the checker do not confirm.

Sources: Maskin and Tirole (2001) for the concept; Fink (1964) for existence; McKelvey and Palfrey (1995) for the selection;
Turocy (2005) for the method; Eibelshaeuser and Poensgen (2019) for stochastic games; Harsanyi (1975) for tracing from priors.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse.linalg import splu

from leverage.certification.checker import check
from leverage.errors import UnsolvedError
from leverage.game.automaton import Automaton
from leverage.game.sparse_rows import SparseRows, identity_less
from leverage.game.stochastic_game import Floats, StochasticGame
from leverage.solvers import logit_kernel as kernel
from leverage.solvers.active_states import active_ends
from leverage.solvers.complementarity import smoothed_end
from leverage.solvers.fictitious_play import fictitious_play
from leverage.solvers.logit_kernel import Numbers, Pace, Shape, Work
from leverage.solvers.logit_system import allowed_gain, factor_work, fills_in, numbers_of, shape_of, uniform_play, workspace
from leverage.solvers.solution import Solution
from leverage.solvers.tied_end import tied_end

CONCEPT = "Markov perfect"
SELECTION = "limit of the logit path from uniform play"
SMOOTHED = "limit of smoothed complementarity conditions, as the path from uniform play was lost or too long"
SETTLED = "where fictitious play settled, made exact, as the path from uniform play was lost or too long"
#: How paths are followed. First with one correction a step where it shrinks residuals to a fiftieth, which saves a sixth of the
#: time and loses a few paths in a thousand; then, if it was lost, with all corrections, at the same prediction errors and at
#: smaller ones.
PACES = (Pace(0.02, 0.02), Pace(0.02, 0.0), Pace(0.005, 0.0), Pace(0.001, 0.0))
QUICK, CAREFUL = PACES[0], PACES[1:]
#: Other starts that are tried when the path from uniform play is lost; log-odds at precision 0 are normal with this spread.
OTHER_STARTS, SPREAD, SEED = 6, 1.0, 20190
#: Where ties leave probabilities open, the end is sought this close to the path.
TIED_NEAR = 1e-3
#: The compiled walk is asked for so many values' worth of points at a time, so that Ctrl-C is heeded; and at most for
#: so many points, of a large game's path.
VALUES_A_CALL, MOST_POINTS, LONG_POINTS = 20_000, 20_000, 2_000
#: A path is tried for so many points, or so many values' worth of them, before other starts are: some paths turn back for ever.
FIRST_POINTS, FIRST_VALUES = 4_000, 400_000
#: In games of more values, turns and factorisations after which a path counts as too long: one turn is rarely the last there, and
#: smoothing takes less than the next hundred points; paths that do not turn take some hundred factorisations. Nor do their
#: factors get more room. Smaller games were solved after up to 86 turns.
LONG_VALUES, MOST_TURNS, MOST_FACTORED = 600, 1, 150
#: Multiplications in one factorisation from which on no path of a large game is followed: a hundred of them take longer than
#: everything else that is tried.
MOST_FACTOR_WORK = 20_000_000
#: Work that smoothing may take, in states times steps, where no path is followed: a minute, of which most games need less.
LONG_WORK = 10_000_000
#: In games of more values, where other starts take seconds each, smoothing is tried before them where the path was lost as well.
SLOW_VALUES = 200
#: Sparse factors may outgrow their room so many times; each time it is doubled.
MOST_ROOM = 64
#: Rounds of best replies before giving up.
MOST_REPLIES = 50
#: From this many states on, values of play are found from sparse equations.
SPARSE_STATES = 200


def markov_perfect(game: StochasticGame, *, tolerance: float = 1e-9) -> tuple[Solution, ...]:
    """A Markov perfect equilibrium, selected by the logit path from uniform play.

    Use it for play that depends on the state only; for several equilibria see `markov_equilibria`, for many games of one form
    `markov_perfect_batch`.

    Parameters
    ----------
    game : any number of players and of actions in a state, one discount factor per player.
    tolerance : largest gain of a one-shot deviation that is accepted, as a share of `game.payoff_range`; > 0.

    Returns
    -------
    One `Solution`, first in a tuple, with play for all states. `certificate` is the largest gain, over all states and players, of
    deviating once and then going on as planned, in normalised payoff units (payoff a period); `values` (S, N) are normalised too.

    Raises
    ------
    ValueError : tolerance not above 0.
    UnsolvedError : the path and the other starts ended without a profile that passes the check.

    Notes
    -----
    Precision multiplies *unnormalised* action values (payoffs are summed over periods, discounted), after each player's payoffs
    are divided by that player's range over all rows. So the answer does not change when a player's payoffs are multiplied or
    shifted. For almost all games the limit exists and is unique; where exact ties leave it open, the end is a point near the
    path. Where the path is lost or too long, as in games of hundreds of states, the end of `fictitious_play` is made exact
    (`active_states`), and for two players smoothed conditions (`complementarity`), then other starts are tried; `selection` says
    which rule the answer is by. No path is tried in games of more than 600 values (states times players) whose factors would fill
    in, or nearly: most states follow each other soon, or they are levels of three variables.
    Cost: a step factors a matrix of order S N + 1, sparse if the transition law is, and small blocks per state; games of
    a scenario's size need a few dozen to a few hundred steps. The certificate bounds gains, not the distance to an equilibrium
    (`error_radius` does).

    References
    ----------
    McKelvey and Palfrey (1995); Turocy (2005); Eibelshaeuser and Poensgen (2019); see the module.

    Examples
    --------
    >>> pd = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]
    >>> game = StochasticGame.from_arrays([pd], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.6)
    >>> found = markov_perfect(game)
    >>> found[0].values.tolist()
    [[1.0, 1.0]]
    """
    engine = engine_for(game, tolerance)
    for selection, p in _candidates(engine):
        solution = accepted(engine, p, selection)
        if solution is not None:
            return (solution,)
    raise UnsolvedError(
        f"no Markov perfect equilibrium with gains up to {engine.allowed:.3g} was found: the logit path was lost, other starts "
        "failed; try a larger tolerance, or slightly different payoffs if the game has exact ties"
    )


# --- one game, ready to be walked ----------------------------------------------------------------------------------------


@dataclass(eq=False)
class Engine:
    """A game with its index arrays, numbers and scratch space. `allowed`: largest gain that is accepted, payoff units."""

    game: StochasticGame
    shape: Shape
    numbers: Numbers
    work: Work
    allowed: float
    room: int = 1

    @cached_property
    def unwalkable(self) -> bool:
        """Whether no path is followed, since one point of it takes too long: of a large game whose factors fill in or nearly so,
        unless nobody else plays."""
        shape = self.shape
        return shape.players > 1 and is_long(shape) and (fills_in(shape) or factor_work(shape) > MOST_FACTOR_WORK)

    def grow(self) -> bool:
        """Double the room for sparse factors, keeping the place on the path; False if there is enough of it."""
        if self.room >= MOST_ROOM:
            return False
        self.room *= 2
        larger = workspace(self.shape, self.room)
        for old, new in zip(self.work, larger, strict=True):
            if old.shape == new.shape:
                new[...] = old
        self.work = larger
        return True


def engine_for(game: StochasticGame, tolerance: float) -> Engine:
    """Raises ValueError for a tolerance that is none."""
    if not tolerance > 0:
        raise ValueError(f"tolerance is a share of the payoff range and must be above 0; got {tolerance}")
    shape = shape_of(game)
    return Engine(game, shape, numbers_of(game, tolerance), workspace(shape), allowed_gain(game, tolerance))


def _candidates(engine: Engine) -> Iterator[tuple[str, Floats]]:
    """Profiles (C,) in order of preference, with the rule that selects each."""
    uniform = np.zeros(int(engine.shape.group_start[-1]))
    too_long, smoothing_is_next = False, engine.shape.players == 2 and is_long(engine.shape)
    for pace in PACES:
        yield from ((SELECTION, p) for p in path_ends(engine, pace, uniform))
        too_long = engine.work.at[kernel.POINTS] >= first_points(engine) or given_up(engine) or smoothing_is_next
        if too_long:
            break  # tighter steps would not make it shorter, and smoothing of a large game takes less than they do
    if too_long or engine.shape.states * engine.shape.players > SLOW_VALUES:
        yield from _smoothed_ends(engine)
    for k, bias in enumerate(perturbed_starts(engine, OTHER_STARTS)):
        rule = f"limit of a logit path from perturbed play (start {k + 1}), as the path from uniform play was lost or too long"
        yield from ((rule, p) for p in path_ends(engine, CAREFUL[0], bias))
    rule = "iterated best replies from uniform play, as logit paths were lost or too long"
    yield from ((rule, p) for p in best_replies(engine, uniform_play(engine.shape)))
    if not smoothing_is_next:  # a large game's path turns hundreds of times before it ends, if it does
        most = LONG_POINTS if is_long(engine.shape) else MOST_POINTS
        yield from ((SELECTION, p) for p in path_ends(engine, CAREFUL[0], uniform, most))


def _smoothed_ends(engine: Engine) -> Iterator[tuple[str, Floats]]:
    """Profiles (C,) that active states, and with two players smoothed conditions, lead to, with their rules; with more players
    nothing in small games, whose active states are most of them."""
    shape, numbers = engine.shape, engine.numbers
    if shape.players != 2 and not is_long(shape):
        return
    start = fictitious_play(shape, numbers)
    for number, p in active_ends(shape, numbers, engine.game.indices, start[0]):
        yield (f"{SETTLED} (start {number})" if number else SETTLED), p
    settled = smoothed_end(shape, numbers, start)
    if settled is not None:
        yield SETTLED, settled
    smoothed = smoothed_end(shape, numbers, most=LONG_WORK if engine.unwalkable else None)
    if smoothed is not None:
        yield SMOOTHED, smoothed


def first_points(engine: Engine) -> int:
    """Points after which a path counts as too long: a count of work, the same on every machine."""
    return max(1, min(FIRST_POINTS, FIRST_VALUES // (engine.shape.states * engine.shape.players)))


def is_long(shape: Shape) -> bool:
    """Whether the game has so many values that its path is given up soon."""
    return shape.states * shape.players > LONG_VALUES


def given_up(engine: Engine) -> bool:
    """Whether the path has turned back so often, or taken so many factorisations, that it counts as too long; a matter of large
    games only."""
    at = engine.work.at
    return is_long(engine.shape) and bool(at[kernel.TURNS] >= MOST_TURNS or at[kernel.FACTORED] >= MOST_FACTORED)


def perturbed_starts(engine: Engine, count: int) -> Iterator[Floats]:
    """Log-odds (C,) at precision 0 of other starts, always the same ones for games of one size."""
    rng = np.random.default_rng(SEED)
    for _ in range(count):
        yield rng.normal(0.0, SPREAD, int(engine.shape.group_start[-1]))


# --- the walk ----------------------------------------------------------------------------------------------------------


def path_ends(engine: Engine, pace: Pace, bias: Floats, most: int | None = None) -> Iterator[Floats]:
    """Profiles (C,) that the logit path from `bias` leads to, those that the kernel finds good enough; usually one.

    After one is refused by the caller the path goes on, for at most so many points (default: `first_points`, and while it is not
    `given_up`); none where it is `unwalkable`.
    """
    if engine.unwalkable:
        return
    allowed, soon = first_points(engine) if most is None else most, most is None and is_long(engine.shape)
    engine.work.at[:] = 0.0
    engine.work.slot[kernel.BIAS] = bias
    at_a_time = max(1, min(allowed, VALUES_A_CALL // (engine.shape.states * engine.shape.players)))
    seek = True
    while engine.work.at[kernel.POINTS] < allowed and not (most is None and given_up(engine)):
        work = engine.work
        code = kernel.walk(engine.shape, engine.numbers, work, pace, at_a_time if seek else 1, seek)
        seek = code != kernel.NEAR_END
        if code == kernel.END:
            yield work.slot[kernel.ANSWER_P].copy()
        elif code == kernel.NEAR_END:
            yield work.slot[kernel.PATH_P].copy()
        elif code == kernel.TIED:
            p = _tied(engine)
            if p is not None:
                yield p
        elif code == kernel.LOST and (soon or not (outgrown(work) and engine.grow())):
            return


def outgrown(work: Work) -> bool:
    """Whether the walk stopped because the sparse factors outgrew their room; then it may go on from where it was."""
    if not (len(work.factor[0]) and work.place[kernel.MARKS, 0] == kernel.OUTGROWN):
        return False
    work.place[kernel.MARKS, 0] = 0
    if work.at[kernel.POINTS] > 0:
        work.at[kernel.STEP] = kernel.FIRST_STEP
    return True


def _tied(engine: Engine) -> Floats | None:
    """The profile next to the path that is indifferent on the support that the kernel has seen."""
    work, support = engine.work, engine.work.flag[kernel.SUPPORT]
    z = work.slot[kernel.PATH_Z] + work.slot[kernel.BIAS]
    p = tied_end(engine.shape, engine.numbers, support, z, work.group[kernel.PATH_VALUES, :-1])
    return p if p is not None and np.max(np.abs(p - work.slot[kernel.PATH_P])) <= TIED_NEAR else None


# --- values and gains ----------------------------------------------------------------------------------------------------


def accepted(engine: Engine, p: Floats, selection: str) -> Solution | None:
    """The certified answer for the profile p (C,), or None if the checker does not accept it."""
    game = engine.game
    plan = Automaton.of_profile(game, p)
    checked = check(plan, nodes=np.ones(game.n_states, dtype=bool))  # an equilibrium from wherever play begins
    certificate = float(checked.gain)
    if not certificate <= engine.allowed:
        return None
    return Solution(
        concept=CONCEPT,
        selection=selection,
        plan=plan,
        values=checked.values,
        certificate=certificate,
        status=f"certified: in no state does a one-shot deviation gain more than {certificate:.3g} {game.payoff_unit}",
    )


def policy_values(engine: Engine, p: Floats) -> Floats:
    """Normalised values of stationary play p (C,): v_i = (1 - delta_i) u_i + delta_i T v_i for each player, (S, N)."""
    game, chance = engine.game, np.prod(p[engine.shape.row_slot], axis=1)
    average = SparseRows(chance, game.row_state, np.arange(len(chance)), (game.n_states, len(chance)))
    payoffs = (average @ game.payoffs) * (1 - game.discount)
    entries, state = chance[game.entry_row] * game.transitions.data, game.row_state[game.entry_row]
    law = SparseRows.summed(entries, state, game.transitions.indices, (game.n_states, game.n_states))
    if game.n_states < SPARSE_STATES:
        matrices = np.eye(game.n_states) - game.discount[:, None, None] * law.dense()
        return np.asarray(np.linalg.solve(matrices, payoffs.T[:, :, None])[:, :, 0].T, dtype=np.float64)
    values = np.empty_like(payoffs)
    for d in np.unique(game.discount):
        same = game.discount == d
        values[:, same] = splu(identity_less(law.times(d)).scipy().tocsc()).solve(payoffs[:, same])
    return values


def best_replies(engine: Engine, p: Floats) -> Iterator[Floats]:
    """The pure profile that iterated best replies, one player after the other, come to rest at; nothing if they do not."""
    game, starts = engine.game, engine.shape.group_start
    rested = 0
    for k in range(MOST_REPLIES * game.n_players):
        worth = action_values(engine, p)
        before, p = p, p.copy()
        for g in range(k % game.n_players, len(starts) - 1, game.n_players):
            own = worth[starts[g] : starts[g + 1]]
            p[starts[g] : starts[g + 1]] = np.arange(len(own)) == np.argmax(own)
        rested = rested + 1 if np.array_equal(p, before) else 0
        if rested == game.n_players:
            yield p
            return


def action_values(engine: Engine, p: Floats) -> Floats:
    """Normalised value of each action against p, play going on as p after it, (C,)."""
    game, row_slot = engine.game, engine.shape.row_slot
    reward = (1 - game.discount) * game.payoffs + game.discount * (game.transitions @ policy_values(engine, p))
    total = np.zeros(len(p))
    for i in range(game.n_players):
        others = np.prod(np.delete(p[row_slot], i, axis=1), axis=1)
        total += np.bincount(row_slot[:, i], others * reward[:, i], len(p))
    return total
