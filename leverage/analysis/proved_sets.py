"""Sets of equilibrium payoffs by one rule wherever they are asked for: how close, what is known beforehand, what is tried where
nothing is proved. So a run, a sweep and a command of its own give the same answer to the same question.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from leverage.game.stochastic_game import Integers, StochasticGame
from leverage.solvers.equilibrium_set import EquilibriumSet, equilibrium_set
from leverage.solvers.multiplicity import Multiplicity, is_pure
from leverage.solvers.payoff_bounds import PayoffBounds, payoff_bounds
from leverage.solvers.pure_markov import pure_markov
from leverage.solvers.set_form import Mask
from leverage.solvers.solution import Solution

Sets = EquilibriumSet | PayoffBounds

#: The gap that a run asks for of the game as it stands, as a fraction of the payoff range. With a common discount factor sets
#: have few vertices and a small gap costs little; with different ones they have ever more vertices the closer one looks. Three
#: players and more: linear programmes.
COMMON_TOLERANCE, UNEQUAL_TOLERANCE, MANY_PLAYERS_TOLERANCE = 1e-4, 1e-2, 1e-2

#: The gap that a run asks for of worlds without an instrument, and what sweeps and the study of leverage ask for by default: so
#: much or less of a gap, and the game as it stands is solved as closely as a run shows it.
TOLERANCE = 2e-2

#: Where nothing is proved although there may be equilibria, sets are solved once more with the gap times this.
FINER = 0.2

#: Before sets are solved, pure Markov equilibria are looked for with so much work (nodes of the search times rows of the game), a
#: small part of what the sets cost, and so many are used.
QUICK_WORK, MOST_QUICK = 15_000, 24


def run_tolerance(game: StochasticGame) -> float:
    """The gap that a run asks for of the game as it stands."""
    if game.n_players != 2:
        return MANY_PLAYERS_TOLERANCE
    return COMMON_TOLERANCE if np.ptp(game.discount) == 0 else UNEQUAL_TOLERANCE


def bounded(game: StochasticGame, tolerance: float, deviation: Mask | None = None, known: Sequence[Integers] = ()) -> Sets:
    """The sets of a game with one gap: polygons for two players, ranges for more.

    Polygons hold what pure Markov equilibria pay: those that are found quickly, and `known` ones, (S, 2) numbers of actions.
    """
    if game.n_players != 2:
        return payoff_bounds(game, tolerance=tolerance, deviation=deviation)
    return equilibrium_set(game, tolerance=tolerance, deviation=deviation, known=[*quickly_known(game), *known])


def proved(solve: Callable[[float, Sequence[Integers]], Sets], tolerance: float, search: Callable[[], Multiplicity]) -> Sets:
    """The sets with a gap; where nothing is proved with it, closer ones, and then what the search for Markov equilibria knows.

    solve : sets with a gap and known equilibria, as `bounded` has them. search : asked only where nothing is proved otherwise.
    """
    found = solve(tolerance, ())
    if not math.isinf(found.gap):
        return found
    found = solve(FINER * tolerance, ())  # too coarse to prove what may be there
    if isinstance(found, EquilibriumSet) and math.isinf(found.gap):
        known = {profile.tobytes() for profile in quickly_known(found.game)}
        more = [profile for profile in _searched(search()) if profile.tobytes() not in known]
        found = solve(FINER * tolerance, more) if more else found
    return found


def quickly_known(game: StochasticGame) -> list[Integers]:
    """(S, N) numbers of actions of the pure Markov equilibria that little work finds."""
    limit = max(1, QUICK_WORK // len(game.payoffs))
    return [_actions(found) for found in pure_markov(game, node_limit=limit, most=MOST_QUICK).solutions]


def _searched(found: Multiplicity) -> list[Integers]:
    """(S, N) numbers of actions: a play in which nobody mixes of each equilibrium that has one."""
    plays = [next((way for way in each.ways if is_pure(way)), None) for each in found.equilibria]
    return [_actions(play) for play in plays if play is not None]


def _actions(play: Solution) -> Integers:
    """(S, N): the number of the action that each player takes for certain in each state."""
    return np.array([[np.argmax(x) for x in own] for own in play.strategies]).T.copy()
