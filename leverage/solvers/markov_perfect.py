"""Markov perfect equilibria: stationary play that is optimal in every state, pure or mixed, for any number of players.

The equilibrium that is selected is the limit, as precision grows without bound, of the path of logit equilibria that starts at
uniform play. The path is followed numerically (`logit_path`); once it shows which actions stay in use, Newton's method on the
indifference conditions ends it. Nothing is returned that policy evaluation and the checker do not confirm.

Sources: Maskin and Tirole (2001) for the concept; Fink (1964) for existence; McKelvey and Palfrey (1995) for the selection;
Turocy (2005) for the method; Eibelshaeuser and Poensgen (2019) for stochastic games.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import spsolve

from leverage.certification.checker import certify
from leverage.errors import UnsolvedError
from leverage.game.automaton import Automaton
from leverage.game.stochastic_game import Booleans, Floats, StochasticGame
from leverage.solvers.logit_path import (
    Form,
    LogitSystem,
    PathPoint,
    evaluate,
    follow,
    least_change,
    logit_system,
    lotteries,
    newton,
)
from leverage.solvers.solution import Solution

CONCEPT = "Markov perfect"
SELECTION = "limit of the logit path from uniform play"
#: Prediction errors (in probability) that steps aim at: the usual ones, then tighter ones if the path was lost.
AIMS = (0.01, 0.003, 0.001)
#: Other starts that are tried when the path from uniform play is lost; log-odds at precision 0 are normal with this spread.
OTHER_STARTS, SPREAD, SEED = 6, 1.0, 20190
#: The path ends here at the latest; its points are then equilibria up to about 1 / precision.
LARGEST_PRECISION = 1e13
#: An action leaves play if its log-odds fall this fast with the logarithm of precision; its probability must be below.
LEAVING_RATE, LEAVING_PROBABILITY = -0.3, 0.05
#: The end is tried again when precision has grown by this factor.
PATIENCE = 1.5
#: The end must be this close to the path, in probability, and lead back to it.
NEAR, SAME = 0.1, 1e-4
#: Where ties leave probabilities open, the end is sought from this precision on and this close to the path.
TIED_PRECISION, TIED_NEAR = 1e5, 1e-3
#: 1 / precision in the indifference conditions: small beside any tolerance, and enough to choose among exact ties.
REMAINING_NOISE = 1e-12
#: Gains below this share of the largest payoff are rounding, also where the payoff range is 0.
ROUNDING_SHARE = 1e-14
#: Path points are checked as answers themselves when precision times the allowed gain reaches this many payoff ranges.
ENOUGH = 0.1
#: Rounds of best replies before giving up.
MOST_REPLIES = 50
#: From this many states on, values of play are found from sparse equations.
SPARSE_STATES = 200


def markov_perfect(game: StochasticGame, *, tolerance: float = 1e-9) -> tuple[Solution, ...]:
    """A Markov perfect equilibrium, selected by the logit path from uniform play.

    Use it for play that depends on the state only.

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
    path.
    Cost: a step factors a matrix of order S N + 1, sparse if the transition law is, and small blocks per state; games of
    a scenario's size need a hundred to a few hundred steps. The certificate bounds gains, not the distance to an equilibrium.

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
    if not tolerance > 0:
        raise ValueError(f"tolerance is a share of the payoff range and must be above 0; got {tolerance}")
    system = logit_system(game)
    allowed = max(tolerance * game.payoff_range, ROUNDING_SHARE * float(np.max(np.abs(game.payoffs))))
    for selection, profile in _candidates(system, allowed):
        solution = _solution(system, profile, selection, allowed)
        if solution is not None:
            return (solution,)
    raise UnsolvedError(
        f"no Markov perfect equilibrium with gains up to {allowed:.3g} was found: the logit path was lost, other starts failed; "
        "try a larger tolerance, or slightly different payoffs if the game has exact ties"
    )


def _candidates(system: LogitSystem, allowed: float) -> Iterator[tuple[str, Profile]]:
    """Profiles in order of preference, with the rule that selects each."""
    for aim in AIMS:
        yield from ((SELECTION, found) for found in _ends(system, allowed, aim, 0.0))
    rng = np.random.default_rng(SEED)
    for k in range(OTHER_STARTS):
        bias = np.where(system.real, rng.normal(0.0, SPREAD, len(system.real)), 0.0)
        rule = f"limit of a logit path from perturbed play (start {k + 1}), as the path from uniform play was lost"
        yield from ((rule, found) for found in _ends(system, allowed, AIMS[0], bias))
    rule = "iterated best replies from uniform play, as logit paths were lost"
    yield from ((rule, found) for found in _best_replies(system, allowed))


# --- values and gains ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Profile:
    """Stationary play p (S n,) by slots, and what follows from it.

    values: (S N,) unnormalised, of scaled payoffs. advantage: (S n,) of each action over the play. gain: the largest gain of a
    one-shot deviation over all states, in normalised payoff units.
    """

    p: Floats
    values: Floats
    advantage: Floats
    gain: float


def _profile(system: LogitSystem, p: Floats) -> Profile:
    """Policy evaluation and the largest gain of a one-shot deviation."""
    values = _policy_values(system, p).ravel()
    now = evaluate(system, np.log(np.where(p > 0, p, 1.0)), values, Form(1.0, 0.0, p > 0))
    advantage = np.where(system.real, now.action_values - values[system.slot_group], -np.inf)
    best = np.maximum.reduceat(advantage, system.group_start).reshape(-1, system.game.n_players)
    return Profile(p, values, advantage, float(np.max(best * (1 - system.game.discount) * system.scale)))


def _policy_values(system: LogitSystem, p: Floats) -> Floats:
    """Unnormalised values of stationary play: (1 - delta_i T) V_i = u_i for each player, (S, N)."""
    game, chance = system.game, np.prod(p[system.slot], axis=0)
    average = sparse.csr_array((chance, np.arange(len(chance)), game.row_start), shape=(game.n_states, len(chance)))
    law, payoffs = sparse.csr_array(average @ system.law), average @ system.payoffs.T
    if game.n_states < SPARSE_STATES:
        matrices = np.eye(game.n_states) - game.discount[:, None, None] * law.toarray()
        return np.asarray(np.linalg.solve(matrices, payoffs.T[:, :, None])[:, :, 0].T, dtype=np.float64)
    unit = sparse.eye_array(game.n_states)
    columns = [spsolve(sparse.csc_matrix(unit - d * law), payoffs[:, i]) for i, d in enumerate(game.discount)]
    return np.stack(columns, axis=1)


def _solution(system: LogitSystem, profile: Profile, selection: str, allowed: float) -> Solution | None:
    """The certified answer, or None if the checker disagrees."""
    game, players = system.game, system.game.n_players
    starts = system.group_start.reshape(-1, players)
    strategies = [
        [profile.p[first : first + count] for first, count in zip(starts[:, i], game.action_counts[:, i], strict=True)]
        for i in range(players)
    ]
    plan = Automaton.stationary(game, strategies)
    certificate = max(profile.gain, certify(game, strategies))
    if not certificate <= allowed:
        return None
    return Solution(
        concept=CONCEPT,
        selection=selection,
        plan=plan,
        values=profile.values.reshape(-1, players) * (1 - game.discount) * system.scale + system.base,
        certificate=certificate,
        status=f"certified: in no state does a one-shot deviation gain more than {certificate:.3g} {game.payoff_unit}",
    )


# --- the end of the path -------------------------------------------------------------------------------------------


def _ends(system: LogitSystem, allowed: float, aim: float, bias: Floats | float) -> Iterator[Profile]:
    """Profiles within `allowed` that the path from `bias` leads to."""
    tried, before = 0.0, None
    for point in follow(system, aim, bias):
        support = _support(system, point)
        settled = support is not None and before is not None and bool(np.all(support == before))
        before = support
        if support is not None and settled and point.precision >= PATIENCE * tried:
            tried = point.precision
            found = _end(system, point, support, bias, allowed)
            if found is not None:
                yield found
        if point.precision > LARGEST_PRECISION:
            return
        if point.precision * allowed > ENOUGH * np.max(system.scale):
            near = _profile(system, point.p)
            if near.gain <= allowed:
                yield near


def _support(system: LogitSystem, point: PathPoint) -> Booleans | None:
    """Which actions stay in play as precision grows, or None if that is not clear yet."""
    if point.precision_rate <= 0 or point.precision <= 0:
        return None
    leaving = system.real & (point.z_rate * point.precision / point.precision_rate < LEAVING_RATE)
    clear = bool(np.all(point.p[leaving] < LEAVING_PROBABILITY))
    return system.real & ~leaving if clear else None


def _end(system: LogitSystem, point: PathPoint, support: Booleans, bias: Floats | float, allowed: float) -> Profile | None:
    """The equilibrium on `support` next to the path, if it passes and its own logit branch leads back to the path."""
    start = np.where(support, point.z + bias, 0.0)
    found = newton(system, start, point.values, Form(REMAINING_NOISE, 1.0, support))
    if found is not None:
        profile = _profile(system, found[0].p)
        if profile.gain <= allowed and np.max(np.abs(profile.p - point.p)) <= NEAR:
            return profile if _leads_back(system, point, found[0].z, profile, bias) else None
    return _tied_end(system, point, start, support, allowed) if point.precision > TIED_PRECISION else None


def _leads_back(system: LogitSystem, point: PathPoint, z: Floats, profile: Profile, bias: Floats | float) -> bool:
    """Newton's method at the precision of `point`, started where the equilibrium's logit branch should be, ends at `point`."""
    start = np.where(profile.p > 0, z - bias, np.where(system.real, point.precision * profile.advantage, 0.0))
    branch = newton(system, start, profile.values, Form(1.0, point.precision, system.real, bias), goal=SAME**2)
    return branch is not None and float(np.max(np.abs(branch[0].p - point.p))) <= SAME


def _tied_end(system: LogitSystem, point: PathPoint, start: Floats, support: Booleans, allowed: float) -> Profile | None:
    """The nearest profile that is indifferent on `support`, where ties leave probabilities open and the path has come to rest."""
    p = least_change(system, start, point.values, support)
    if p is None or np.max(np.abs(p - point.p)) > TIED_NEAR:
        return None
    profile = _profile(system, p)
    return profile if profile.gain <= allowed else None


def _best_replies(system: LogitSystem, allowed: float) -> Iterator[Profile]:
    """Pure profiles that iterated best replies, one player after the other, come to rest at."""
    players = system.game.n_players
    profile = _profile(system, lotteries(system, np.zeros(len(system.real)), Form(1.0, 0.0, system.real)))
    for k in range(MOST_REPLIES * players):
        profile = _profile(system, _with_reply(system, profile, k % players))
        if profile.gain <= allowed:
            yield profile
            return


def _with_reply(system: LogitSystem, profile: Profile, player: int) -> Floats:
    """The profile with the player's best action in each state, the first of those that tie."""
    p = profile.p.copy()
    starts = system.group_start[player :: system.game.n_players]
    counts = system.game.action_counts[:, player]
    for first, count in zip(starts, counts, strict=True):
        best = first + np.argmax(profile.advantage[first : first + count])
        p[first : first + count] = 0.0
        p[best] = 1.0
    return p
