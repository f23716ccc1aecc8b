"""Several Markov perfect equilibria of one game: paths from many starts, and best replies that come to rest.

A game of negotiation usually has more than one. This search finds some of them and never claims to have found all.

Sources: Harsanyi (1975) and Herings and Peeters (2004) for paths from priors; otherwise as for `markov_perfect`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from leverage.errors import UnsolvedError
from leverage.game.stochastic_game import Floats, StochasticGame
from leverage.solvers import logit_kernel as kernel
from leverage.solvers.logit_system import uniform_play, workspace
from leverage.solvers.markov_perfect import (
    CAREFUL,
    Engine,
    accepted,
    best_replies,
    engine_for,
    markov_perfect,
    path_ends,
    perturbed_starts,
)
from leverage.solvers.side_by_side import side_by_side
from leverage.solvers.solution import Solution

#: Equilibria are the same if values differ by less than this share of the payoff range and probabilities by less than that.
SAME_VALUES, SAME_PLAY = 1e-6, 1e-4
#: Log-odds in favour of an action in a prior that leans to it.
LEANING = 3.0


@dataclass(frozen=True, eq=False)
class MarkovEquilibria:
    """Distinct equilibria, the selected one first; each says in `selection` how it was found. `starts`: how many searches were
    made. `note`: what is known about their number, in words. `found_by[k]`: all searches that came to the k-th, in words."""

    solutions: tuple[Solution, ...]
    starts: int
    note: str
    found_by: tuple[tuple[str, ...], ...]


def markov_equilibria(
    game: StochasticGame, *, starts: int = 12, tolerance: float = 1e-9, workers: int | None = None
) -> MarkovEquilibria:
    """The selected Markov perfect equilibrium and others that searches from other starts come to.

    Parameters
    ----------
    game : any number of players and of actions in a state.
    starts : how many perturbed starts of the logit path are tried, beside one prior for each player and end of its list of
        actions, and best replies.
    tolerance : as for `markov_perfect`.
    workers : threads, >= 1 (default: one for each processor). The answer does not depend on it.

    Raises
    ------
    UnsolvedError : nothing was found at all. ValueError : tolerance not above 0, starts below 0, workers below 1.

    Examples
    --------
    >>> chicken = [[[0.0, 0.0], [7.0, 2.0]], [[2.0, 7.0], [6.0, 6.0]]]
    >>> game = StochasticGame.from_arrays([chicken], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.0)
    >>> found = markov_equilibria(game)
    >>> sorted(solution.values.round(6).tolist()[0] for solution in found.solutions)
    [[2.0, 7.0], [4.666667, 4.666667], [7.0, 2.0]]
    >>> found.note
    '3 found by 17 searches; there may be more'
    """
    if starts < 0:
        raise ValueError(f"starts is a number of searches, at least 0; got {starts}")
    if workers is not None and workers < 1:
        raise ValueError(f"workers is a number of threads, at least 1; got {workers}")
    engine = engine_for(game, tolerance)
    answers = list(markov_perfect(game, tolerance=tolerance))
    searches = searches_from(engine, starts)
    answers += [solution for solution in search_all(engine, searches, workers) if solution is not None]
    found: list[Solution] = []
    found_by: list[tuple[str, ...]] = []
    for answer in answers:
        known = next((k for k, other in enumerate(found) if same_equilibrium(game, answer, other)), None)
        if known is None:
            found.append(answer)
            found_by.append((answer.selection,))
        else:
            found_by[known] += (answer.selection,)
    if not found:
        raise UnsolvedError("no Markov perfect equilibrium was found from any start")
    note = f"{len(found)} found by {len(searches)} searches; there may be more"
    return MarkovEquilibria(tuple(found), len(searches), note, tuple(found_by))


def same_equilibrium(game: StochasticGame, one: Solution, other: Solution) -> bool:
    """Whether two stationary solutions are the same, up to the tolerance: in values and in play, in every state."""
    play = max(float(np.max(np.abs(a - b))) for a, b in zip(one.plan.lotteries, other.plan.lotteries, strict=True))
    return same_values(game, one, other) and play <= SAME_PLAY


def same_values(game: StochasticGame, one: Solution, other: Solution) -> bool:
    """Whether two solutions give every player the same in every state, up to the tolerance."""
    return float(np.max(np.abs(one.values - other.values))) <= SAME_VALUES * game.payoff_range


# --- the searches, on several threads ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MarkovSearch:
    """One search: the rule by which what it finds is told, and the profiles (C,) that it proposes on an engine."""

    rule: str
    profiles: Callable[[Engine], Iterator[Floats]]


def searches_from(engine: Engine, starts: int) -> tuple[MarkovSearch, ...]:
    """What is tried, in a fixed order: best replies, the priors in which a player leans to an end of its list of actions,
    then `starts` perturbed ones."""
    searches = [MarkovSearch("iterated best replies from uniform play", lambda own: best_replies(own, uniform_play(own.shape)))]
    for player, name in enumerate(engine.game.players):
        for last in (False, True):
            rule = f"limit of a logit path from play in which {name} leans to its {'last' if last else 'first'} action"
            searches.append(MarkovSearch(rule, _path(_leaning(engine, player, last=last))))
    for k, bias in enumerate(perturbed_starts(engine, starts)):
        searches.append(MarkovSearch(f"limit of a logit path from perturbed play (start {k + 1})", _path(bias)))
    return tuple(searches)


def _path(bias: Floats) -> Callable[[Engine], Iterator[Floats]]:
    return lambda own: path_ends(own, CAREFUL[0], bias)


def _leaning(engine: Engine, player: int, *, last: bool) -> Floats:
    """Log-odds (C,) in which the player leans to one action in every state."""
    bias, starts = np.zeros(int(engine.shape.group_start[-1])), engine.shape.group_start
    own = np.arange(player, len(starts) - 1, engine.game.n_players)
    bias[starts[own + 1] - 1 if last else starts[own]] = LEANING
    return bias


def search_all(engine: Engine, searches: Sequence[MarkovSearch], workers: int | None = None) -> list[Solution | None]:
    """What each search finds, in their order. Each has scratch space of its own, so that nothing depends on the others.

    The kernels hold no lock, so threads run side by side. If the caller is interrupted, the searches are told to end.
    """
    walking: list[Engine] = []

    def first_accepted(search: MarkovSearch) -> Solution | None:
        own = replace(engine, work=workspace(engine.shape))
        walking.append(own)
        found = (accepted(own, p, search.rule) for p in search.profiles(own))
        return next((solution for solution in found if solution is not None), None)

    def stop() -> None:
        """Let running walks believe that they have made all the points they may."""
        for own in tuple(walking):
            own.work.at[kernel.POINTS] = np.inf

    return side_by_side(first_accepted, searches, workers, stop)
