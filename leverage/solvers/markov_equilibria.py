"""Several Markov perfect equilibria of one game: paths from many starts, and best replies that come to rest.

A game of negotiation usually has more than one. This search finds some of them and never claims to have found all.

Sources: Harsanyi (1975) and Herings and Peeters (2004) for paths from priors; otherwise as for `markov_perfect`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from leverage.errors import UnsolvedError
from leverage.game.stochastic_game import Floats, StochasticGame
from leverage.solvers.markov_perfect import (
    AIMS,
    Engine,
    accepted,
    best_replies,
    engine_for,
    markov_perfect,
    path_ends,
    perturbed_starts,
    uniform_play,
)
from leverage.solvers.solution import Solution

#: Equilibria are the same if values differ by less than this share of the payoff range and probabilities by less than that.
SAME_VALUES, SAME_PLAY = 1e-6, 1e-4
#: Log-odds in favour of an action in a prior that leans to it.
LEANING = 3.0


@dataclass(frozen=True, eq=False)
class MarkovEquilibria:
    """Distinct equilibria, the selected one first; each says in `selection` how it was found. `starts`: how many searches were
    made. `note`: what is known about their number, in words."""

    solutions: tuple[Solution, ...]
    starts: int
    note: str


def markov_equilibria(game: StochasticGame, *, starts: int = 12, tolerance: float = 1e-9) -> MarkovEquilibria:
    """The selected Markov perfect equilibrium and others that searches from other starts come to.

    Parameters
    ----------
    game : any number of players and of actions in a state.
    starts : how many perturbed starts of the logit path are tried, beside one prior for each player and end of its list of
        actions, and best replies.
    tolerance : as for `markov_perfect`.

    Raises
    ------
    UnsolvedError : nothing was found at all. ValueError : tolerance not above 0, starts below 0.

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
    engine = engine_for(game, tolerance)
    found: list[Solution] = list(markov_perfect(game, tolerance=tolerance))
    searches = 0
    for rule, profiles in _searches(engine, starts):
        searches += 1
        solution = next((s for s in (accepted(engine, p, rule) for p in profiles) if s is not None), None)
        if solution is not None and not any(_same(game, solution, other) for other in found):
            found.append(solution)
    if not found:
        raise UnsolvedError("no Markov perfect equilibrium was found from any start")
    return MarkovEquilibria(tuple(found), searches, f"{len(found)} found by {searches} searches; there may be more")


def _searches(engine: Engine, starts: int) -> Iterator[tuple[str, Iterator[Floats]]]:
    """What is tried, in a fixed order, with the rule by which an equilibrium found that way is told."""
    for player, name in enumerate(engine.game.players):
        for last in (False, True):
            rule = f"limit of a logit path from play in which {name} leans to its {'last' if last else 'first'} action"
            yield rule, path_ends(engine, AIMS[0], _leaning(engine, player, last=last))
    for k, bias in enumerate(perturbed_starts(engine, starts)):
        yield f"limit of a logit path from perturbed play (start {k + 1})", path_ends(engine, AIMS[0], bias)
    yield "iterated best replies from uniform play", best_replies(engine, uniform_play(engine))


def _leaning(engine: Engine, player: int, *, last: bool) -> Floats:
    """Log-odds (C,) in which the player leans to one action in every state."""
    bias, starts = np.zeros(int(engine.shape.group_start[-1])), engine.shape.group_start
    own = np.arange(player, len(starts) - 1, engine.game.n_players)
    bias[starts[own + 1] - 1 if last else starts[own]] = LEANING
    return bias


def _same(game: StochasticGame, one: Solution, other: Solution) -> bool:
    apart = float(np.max(np.abs(one.values - other.values)))
    play = max(float(np.max(np.abs(a - b))) for a, b in zip(one.plan.lotteries, other.plan.lotteries, strict=True))
    return apart <= SAME_VALUES * game.payoff_range and play <= SAME_PLAY
