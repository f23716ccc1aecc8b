"""How many Markov equilibria a game is known to have: all methods together, equal finds merged, and what may be missing.

Three methods look for them: paths from several starts (`markov_equilibria`), the enumeration of all pure ones
(`pure_markov`), and recursion over the stages of a game that moves one way (`directional_equilibria`). Each has a limit on its
*work*, never on time, so that every machine finds the same.

Equilibria are told as one if everybody gets the same in both in every state and they are interchangeable: an equilibrium remains
when any one player turns to its part of the other. Such plays differ by exact ties only, of which a game may have a continuum
(an action that is written twice, a state in which nothing matters). How many were found is said, and those that differ where
play gets to from the start are kept, as their outcomes may differ.

Sources: those of the three methods; Nash (1951) for interchangeable equilibria.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import breadth_first_order

from leverage.certification.checker import certify
from leverage.errors import UnsolvedError
from leverage.game.stochastic_game import Floats, Integers, StochasticGame
from leverage.solvers.directional import directional_equilibria, stages_of
from leverage.solvers.error_radius import ErrorRadius, error_radius
from leverage.solvers.indifference import SUPPORT_PROBABILITY
from leverage.solvers.markov_equilibria import SAME_PLAY, MarkovSearch, same_equilibrium, same_values, search_all, searches_from
from leverage.solvers.markov_perfect import engine_for, markov_perfect
from leverage.solvers.pure_markov import GAIN_TOLERANCE, ROW_LIMIT, allowed_gain, pure_markov
from leverage.solvers.solution import Solution

#: Perturbed starts of a full search and of the short one within every run.
FULL_STARTS, SHORT_STARTS = 12, 2
#: The short search makes at most this number divided by (states times players) searches: none in large games.
SHORT_WORK = 2_000
#: Nodes times rows of the game for each enumeration of a full search; a run's short one has the methods' own limit.
FULL_ROW_LIMIT = 10 * ROW_LIMIT
#: Plays that are put together from two equilibria may leave gains so many times as large as theirs.
SWAPPED = 100


@dataclass(frozen=True, eq=False)
class FoundEquilibrium:
    """A Markov equilibrium and what is known about it.

    solution: the first that was found of those told as one. found_by: the searches that came to it, in words, the first one
    first. plays: how many different plays were found that are told as this one; ways: one of each that differ in states which
    play gets to, `solution` first. kind: "pure", "mixed", or "both" where some of the plays mix and some do not. radius: how far
    values are from an exact equilibrium's.
    """

    solution: Solution
    found_by: tuple[str, ...]
    plays: int
    ways: tuple[Solution, ...]
    kind: str
    radius: ErrorRadius


@dataclass(frozen=True, eq=False)
class Multiplicity:
    """The distinct Markov equilibria that are known, in the order in which they were found.

    selected: whether the first one is the point prediction of `markov_perfect`, which may not have been found. complete: whether
    there are no others, mixed ones included (values may still fill a continuum where a note says so); complete_pure: whether
    there are no other pure ones. searches: from how many other starts was searched. notes: what is known about their
    number, a sentence each.
    """

    equilibria: tuple[FoundEquilibrium, ...]
    selected: bool
    complete: bool
    complete_pure: bool
    searches: int
    notes: tuple[str, ...]


def find_equilibria(
    game: StochasticGame,
    *,
    starts: int = FULL_STARTS,
    short: bool = False,
    selected: Solution | None = None,
    radius: ErrorRadius | None = None,
    workers: int | None = None,
    tolerance: float = 1e-9,
) -> Multiplicity:
    """All Markov equilibria that a search within a budget of work finds, distinct ones only, the selected one first.

    Use it to learn whether the point prediction stands alone; `markov_perfect` gives that alone.

    Parameters
    ----------
    game : any number of players and of actions in a state, one discount factor per player.
    starts : perturbed starts of the logit path, >= 0, beside best replies and two priors per player.
    short : the small budget of a run (`starts` is then at most 2, and fewer searches are made the larger the game is).
    selected : the point prediction, if it is known already (default: that of `markov_perfect`).
    radius : its error radius, if that is known already, so that it is not found twice.
    workers : threads, >= 1; nothing depends on it. tolerance : as for `markov_perfect`.

    Raises
    ------
    ValueError : starts below 0, workers below 1, tolerance not above 0.

    Notes
    -----
    Budgets count searches and nodes. Merging compares values to 1e-6 of the payoff range and probabilities to 1e-4.

    Examples
    --------
    >>> chicken = [[[0.0, 0.0], [7.0, 2.0]], [[2.0, 7.0], [6.0, 6.0]]]
    >>> game = StochasticGame.from_arrays([chicken], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.0)
    >>> found = find_equilibria(game)
    >>> len(found.equilibria), found.complete, found.notes[0]
    (3, True, 'all 2 pure Markov equilibria')
    """
    if starts < 0:
        raise ValueError(f"starts is a number of searches, at least 0; got {starts}")
    if workers is not None and workers < 1:
        raise ValueError(f"workers is a number of threads, at least 1; got {workers}")
    pool = _Pool(game)
    if selected is None:
        try:
            selected = markov_perfect(game, tolerance=tolerance)[0]
        except UnsolvedError as error:
            pool.notes.append(f"the point prediction was not found: {error}")
    if selected is not None:
        pool.add(selected)
    engine = engine_for(game, tolerance)
    searches = searches_from(engine, min(starts, SHORT_STARTS) if short else starts)
    if short:
        searches = searches[: SHORT_WORK // (game.n_states * game.n_players)]
    for solution in search_all(engine, searches, workers):
        if solution is not None:
            pool.add(solution)
    complete_pure, complete = _enumerate(game, pool, short=short, tolerance=tolerance)
    pool.notes.append(_about_searches(game, searches, complete=complete))
    return Multiplicity(
        equilibria=tuple(each.told(game, radius if each.members[0] is selected else None) for each in pool.found),
        selected=selected is not None,
        complete=complete,
        complete_pure=complete_pure,
        searches=len(searches),
        notes=tuple(pool.notes),
    )


def _enumerate(game: StochasticGame, pool: _Pool, *, short: bool, tolerance: float) -> tuple[bool, bool]:
    """Add what the two enumerations find; whether all pure ones, and whether all are known."""
    limit = max(1, (ROW_LIMIT if short else FULL_ROW_LIMIT) // len(game.payoffs))
    pure = pure_markov(game, node_limit=limit, tolerance=tolerance)
    pool.notes.append(pure.note if pure.complete else f"enumeration of pure play: {pure.note}")
    for solution in pure.solutions:
        pool.add(solution)
    if len(stages_of(game)) == 1 and game.n_states > 1:
        return pure.complete, False
    staged = directional_equilibria(game, node_limit=limit, tolerance=tolerance)
    pool.notes.append(f"stage by stage: {staged.note}")
    for solution in staged.solutions:
        pool.add(solution)
    return pure.complete or staged.complete_pure, staged.complete


def _about_searches(game: StochasticGame, searches: Sequence[MarkovSearch], *, complete: bool) -> str:
    """What the searches from other starts say about the number."""
    made = f"{len(searches)} searches from other starts" if len(searches) != 1 else "1 search from another start"
    if not searches:
        return "no search from other starts: the game is large for a short search; there may be more"
    if complete:
        return f"{made} found no others"
    if game.n_players == 1:
        return f"{made}; a player alone gets the same in all equilibria, though play may differ"
    return f"{made}; there may be more"


# --- merging -----------------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class _Kept:
    """Equilibria that are told as one."""

    members: list[Solution]
    rules: list[str]

    def told(self, game: StochasticGame, radius: ErrorRadius | None = None) -> FoundEquilibrium:
        """What is known about them; radius: that of the first, if it is known."""
        ways: list[Solution] = []
        for member in self.members:
            if not any(_same_way(game, member, other) for other in ways):
                ways.append(member)
        pure = [is_pure(member) for member in self.members]
        kind = "both" if any(pure) and not all(pure) else "pure" if pure[0] else "mixed"
        first = self.members[0]
        known = error_radius(first) if radius is None else radius
        return FoundEquilibrium(first, tuple(dict.fromkeys(self.rules)), len(self.members), tuple(ways), kind, known)


@dataclass(eq=False)
class _Pool:
    """What was found so far."""

    game: StochasticGame
    found: list[_Kept] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, solution: Solution) -> None:
        """Merge the solution with those that are told as one with it."""
        for kept in self.found:
            first = kept.members[0]
            if same_values(self.game, solution, first) and _interchangeable(self.game, solution, first):
                if not any(same_equilibrium(self.game, solution, other) for other in kept.members):
                    kept.members.append(solution)
                kept.rules.append(solution.selection)
                return
        self.found.append(_Kept([solution], [solution.selection]))


def _interchangeable(game: StochasticGame, one: Solution, other: Solution) -> bool:
    """Whether each player alone may turn from its play in the one to its play in the other, and an equilibrium remains."""
    if same_equilibrium(game, one, other):
        return True
    gain = SWAPPED * max(allowed_gain(game, GAIN_TOLERANCE), one.certificate, other.certificate)
    mine, theirs = one.strategies, other.strategies
    return all(
        certify(game, [theirs[j] if j == i else mine[j] for j in range(game.n_players)]) <= gain for i in range(game.n_players)
    )


def is_pure(solution: Solution) -> bool:
    """Whether nobody mixes anywhere."""
    chances = np.concatenate(solution.plan.lotteries)
    return bool(np.all((chances <= SUPPORT_PROBABILITY) | (chances >= 1 - SUPPORT_PROBABILITY)))


def _same_way(game: StochasticGame, one: Solution, other: Solution) -> bool:
    """Whether play is the same, up to the tolerance, in every state that it gets to from the start."""
    reached = np.zeros(game.n_states, dtype=np.bool_)
    reached[reached_states(game, one.plan.lotteries)] = True
    for i, (a, b) in enumerate(zip(one.plan.lotteries, other.plan.lotteries, strict=True)):
        if float(np.max(np.where(np.repeat(reached, game.action_counts[:, i]), np.abs(a - b), 0.0))) > SAME_PLAY:
            return False
    return True


def reached_states(game: StochasticGame, lotteries: Sequence[Floats]) -> Integers:
    """The states that stationary play, flat (C_i,) per player, gets to from the start with positive chance."""
    played = np.stack([own[game.row_choice[i]] > SUPPORT_PROBABILITY for i, own in enumerate(lotteries)])
    entries = np.flatnonzero(np.logical_and.reduce(played)[game.entry_row] & (game.transitions.data > 0))
    arcs = (game.row_state[game.entry_row[entries]], game.transitions.indices[entries])
    graph = sparse.csr_array((np.ones(len(entries)), arcs), shape=(game.n_states, game.n_states))
    return np.sort(breadth_first_order(graph, game.start, return_predecessors=False))
