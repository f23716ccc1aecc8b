"""Following a Markov equilibrium while the use of some actions is taxed, until nobody takes them any more.

The tax makes a family of games of one shape between the game with the actions and one without: at strength 1 there is no tax, at
strength 0 an action is dominated for certain. A player's value never falls below the lowest of its payoffs, as it can do without
the taxed actions, nor rises above the highest; so, in normalised values, taking an action once instead of another one gains at
most the payoff range before its tax, and a tax beyond range / (1 - delta) outweighs it in every equilibrium. The other family
that suggests itself, in which the action turns by and by into another one, ends where the two are the same: there every mixture
of them is an equilibrium, and it is open which one the branch is to reach.

The first point of the branch at which play in the states of the smaller game does without the actions is an equilibrium of that
game, as the tax is paid no more: the branch is not looked at beyond it.

Sources: Keller (1977) and Allgower and Georg (1990) for continuation; see `follow_equilibrium`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

import numpy as np

from leverage.errors import GameError
from leverage.game.stochastic_game import Booleans, Floats, Integers, StochasticGame
from leverage.solvers.branch import Branch
from leverage.solvers.follow_equilibrium import CERTIFIED_SHARE, follow_family
from leverage.solvers.indifference import SUPPORT_PROBABILITY
from leverage.solvers.pure_markov import stationary_solution
from leverage.solvers.solution import Solution

#: The largest step of arclength: half the way from one pure action to another one, or from full strength to none.
STEP = 0.5
#: Games of a family that are kept: where several actions tie, many supports are tried at the same strength.
KEPT_GAMES = 64
#: How the equilibrium at the end of a branch is called where a rule of selection is told.
RULE = "continued from the equilibrium with the instrument"
#: The largest tax in units of what outweighs everything that an action may gain.
BEYOND_DOUBT = 1.01


@dataclass(frozen=True, eq=False)
class Places:
    """Where the states and choices of a smaller game are found in a larger one.

    states: (S',) the larger game's states. choices: per player (C'_i,) its choices.
    """

    states: Integers
    choices: tuple[Integers, ...]


@dataclass(frozen=True, eq=False)
class Taxed:
    """A branch along which the use of actions is taxed ever more; see `tax_away`.

    choices: per player (C_i,) what is taxed. largest: (N,) the tax on one use at strength 0, payoff a period, by player.
    branch: in the actions' strength, from the given equilibrium at 1; points[0] is its end. None where that takes none of them.
    """

    choices: tuple[Booleans, ...]
    largest: Floats
    branch: Branch | None


@dataclass(frozen=True, eq=False)
class Abandoned:
    """The equilibrium when nobody takes the taxed actions any more.

    solution: play of the smaller game; None where the branch did not come so far (`why` says why). strength: in [0, 1], what was
    left of the actions' strength when they were given up, or where the branch ended. turns: how often the branch had turned back.
    """

    solution: Solution | None
    strength: float = 1.0
    turns: int = 0
    why: str = ""


def places_of(smaller: StochasticGame, game: StochasticGame) -> Places:
    """Each state and action of the smaller game in the larger one, by their labels.

    Raises GameError where the larger one has no such state or action.
    """
    numbers = {label: s for s, label in enumerate(game.states)}
    missing = next((label for label in smaller.states if label not in numbers), None)
    if missing is not None:
        raise GameError(f"there is no state '{missing}' in the game with the actions")
    states = np.array([numbers[label] for label in smaller.states], dtype=np.intp)
    choices: list[list[int]] = [[] for _ in game.players]
    for s, here in zip(states.tolist(), smaller.actions, strict=True):
        for i, own in enumerate(here):
            for label in own:
                if label not in game.actions[s][i]:
                    raise GameError(f"{game.players[i]} has no action '{label}' in the state '{game.states[s]}'")
                choices[i].append(int(game.choice_start[i, s]) + game.actions[s][i].index(label))
    return Places(states, tuple(np.array(own, dtype=np.intp) for own in choices))


def restricted(
    smaller: StochasticGame, places: Places, strategies: Sequence[Floats], values: Floats, selection: str
) -> Solution | None:
    """Play of the larger game, flat strategies (C_i,) and values (S, N), as play of the smaller one; None where it takes actions
    that the smaller one lacks or the checker finds a deviation that gains.
    """
    own = [flat[kept] for flat, kept in zip(strategies, places.choices, strict=True)]
    lotteries = [[flat[a:b] for a, b in pairwise(starts)] for flat, starts in zip(own, smaller.choice_start, strict=True)]
    totals = np.array([lottery.sum() for each in lotteries for lottery in each])
    if np.any(np.abs(totals - 1) > CERTIFIED_SHARE):
        return None
    solution = stationary_solution(
        smaller, [[lottery / lottery.sum() for lottery in each] for each in lotteries], values[places.states], selection
    )
    rounding = 1e-14 * float(np.max(np.abs(smaller.payoffs)))
    return solution if solution.certificate <= max(CERTIFIED_SHARE * smaller.payoff_range, rounding) else None


def taxable(game: StochasticGame, forbidden: Collection[str]) -> tuple[Booleans, ...]:
    """Per player (C_i,): the choices of these actions; a state that leaves their player no other action is spared."""
    found = []
    for i in range(game.n_players):
        own = [np.array([label in forbidden for label in game.actions[s][i]]) for s in range(game.n_states)]
        found.append(np.concatenate([np.zeros_like(each) if each.all() else each for each in own]))
    return tuple(found)


def prohibitive_tax(game: StochasticGame) -> Floats:
    """(N,): for each player a tax on one use of an action, payoff a period, under which no equilibrium takes it."""
    spread = np.ptp(game.payoffs, axis=0)
    return np.asarray(BEYOND_DOUBT * np.where(spread > 0, spread, 1.0) / (1 - game.discount))


def taxed_game(game: StochasticGame, taxed: Sequence[Booleans], tax: Floats) -> StochasticGame:
    """The game in which a player pays its tax (N,) in each period in which it takes a taxed choice; taxed: per player (C_i,)."""
    rows = np.stack([own[choice] for own, choice in zip(taxed, game.row_choice, strict=True)], axis=1)
    return replace(game, payoffs=game.payoffs - np.where(rows, tax, 0.0))


def tax_away(solution: Solution, forbidden: Collection[str], *, most_points: int) -> Taxed:
    """Follow an equilibrium as the tax on actions rises from nothing, until play does without them in every state.

    Parameters
    ----------
    solution : stationary equilibrium. forbidden : names of the actions, whoever has them; they are taxed in every state that
        leaves their player another action.
    most_points : limit on the points of the branch.

    Raises
    ------
    GameError : as `follow_family`.

    Notes
    -----
    The tax is (1 - strength) times 1.01 range_i / (1 - delta_i) for player i: in normalised values of an action its loss is
    1.01 (1 - strength) payoff ranges for each player alike.
    """
    game = solution.plan.game
    taxed = taxable(game, forbidden)
    largest = prohibitive_tax(game)
    if not _taken(taxed, [np.concatenate(own) > SUPPORT_PROBABILITY for own in solution.strategies]):
        return Taxed(taxed, largest, None)

    @lru_cache(maxsize=KEPT_GAMES)
    def family(strength: float) -> StochasticGame:
        return taxed_game(game, taxed, (1 - strength) * largest)

    branch = follow_family(
        family,
        solution,
        1.0,
        0.0,
        1.0,
        name="strength",
        most_points=most_points,
        largest_step=STEP,
        until=lambda point: not _taken(taxed, point.support),
        only_way=True,
    )
    return Taxed(taxed, largest, branch)


def abandoned(solution: Solution, taxed: Taxed, smaller: StochasticGame, places: Places) -> Abandoned:
    """The first play on the branch that does without the taxed actions in the states of the smaller game, as play of that game.

    solution, taxed : what was followed by `tax_away`, and the branch. smaller : the game without the actions; places : where it
    is found in the larger one, see `places_of`.
    """
    game = solution.plan.game
    here = [own & np.isin(np.arange(len(own)), _choices_in(game, places.states, i)) for i, own in enumerate(taxed.choices)]
    branch, flat = taxed.branch, [np.concatenate(own) for own in solution.strategies]
    if branch is None or not _taken(here, [own > SUPPORT_PROBABILITY for own in flat]):
        return _arrived(restricted(smaller, places, flat, solution.values, RULE), 1.0, 0)
    for point in reversed(branch.points[: branch.start]):
        if not _taken(here, point.support):
            passed = [event for event in branch.events if point.arclength < event.arclength]
            strength = passed[0].theta if passed else point.theta
            turns = sum(event.turns for event in passed)
            return _arrived(restricted(smaller, places, point.strategies, point.all_values, RULE), strength, turns)
    return Abandoned(None, branch.points[0].theta, sum(event.turns for event in branch.events), branch.ends[0])


def _arrived(found: Solution | None, strength: float, turns: int) -> Abandoned:
    why = "" if found is not None else "what is left of play is no equilibrium without the action"
    return Abandoned(found, strength, turns, why)


def _taken(taxed: Sequence[Booleans], used: Sequence[Booleans]) -> bool:
    """Whether a taxed choice is in use; both per player (C_i,)."""
    return any(bool(np.any(a & b)) for a, b in zip(taxed, used, strict=True))


def _choices_in(game: StochasticGame, states: Integers, player: int) -> Integers:
    """The choices of a player in some states."""
    starts = game.choice_start[player]
    return np.concatenate([np.arange(starts[s], starts[s + 1]) for s in states])
