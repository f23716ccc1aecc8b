"""What the selected Markov equilibrium turns into as an instrument loses its strength, and whether without it another one is selected.

A game may have several Markov equilibria. Of two that are selected separately, with an instrument and without it, one may belong to
another branch than the other; their difference is then one of selection, not of the instrument. So the equilibrium with the
instrument is followed while its strength falls from 1 to 0, in two legs:

- an action that is forbidden without it is taxed, up to a tax at which it is never used (see `taxed_action`);
- parameters that are set without it move to their values along a straight line.

A start that is changed changes no equilibrium: the play is looked at from there. A level that is replaced, and a holder that is
bound to a strategy, have no strength in between, and are not followed.

Where the branch folds, its first arrival at the game without the instrument counts. Where several actions tie and more than one
branch may go on, it is not followed further: which one is met first would hang on rounding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from leverage.analysis.selections import Chosen, markov, nothing
from leverage.analysis.worlds import World
from leverage.errors import GameError
from leverage.game.stochastic_game import StochasticGame
from leverage.scenario.scenario import Instrument
from leverage.solvers.branch import Branch
from leverage.solvers.follow_equilibrium import follow_family
from leverage.solvers.selection_jumps import compared_values
from leverage.solvers.solution import Solution
from leverage.solvers.taxed_action import STEP, Abandoned, abandoned, places_of, restricted

#: Limits on the points of the two legs. A point on the way to a tax costs a few times less than one at other parameters, for which
#: the game is compiled anew.
MOST_TAXED_POINTS, MOST_MOVED_POINTS = 60, 20

#: How the continued equilibrium is called where a rule of selection is told.
RULE = "continued from the equilibrium with the instrument"


@dataclass(frozen=True, eq=False)
class Continued:
    """The selected Markov equilibrium with an instrument, continued to the game without it.

    solution: play of the game without the instrument; None where the branch was not followed to the end. play: the same, with
    payoffs at that game's start, bounded by their error radius. selected: what is selected there without regard to the branch; None
    where nothing is found. jumped: whether these are two equilibria; None where that is not known. distance: the largest difference
    of their values over states and players, payoff a period; NaN likewise. strength: in [0, 1], at which the instrument's action
    was given up, or the branch was left; 0 where parameters were moved all the way. turns: how often the branch turned back.
    points: how many were computed. sentence: all this for the reader.
    """

    solution: Solution | None
    play: Chosen
    selected: Solution | None
    jumped: bool | None
    distance: float
    strength: float
    turns: int
    points: int
    sentence: str

    @property
    def followed(self) -> bool:
        return self.solution is not None


@dataclass(frozen=True, eq=False)
class _End:
    """Where the legs ended: a solution of the game without the instrument, or why there is none."""

    solution: Solution | None
    why: str = ""
    strength: float = 1.0
    branches: tuple[Branch, ...] = ()


def continued(
    solution: Solution,
    instrument: Instrument,
    world: World,
    values: Mapping[str, float],
    selected: Solution | None,
    *,
    most_points: tuple[int, int] = (MOST_TAXED_POINTS, MOST_MOVED_POINTS),
) -> Continued:
    """Continue a Markov equilibrium as an instrument loses its strength, and compare it with what is selected without it.

    Parameters
    ----------
    solution : the selected stationary equilibrium of the game with the instrument at the parameter point `values`.
    instrument : which. world : the scenario without it.
    selected : the equilibrium selected in the world without it; None where none was found.
    most_points : limits on the points of the branch while actions are taxed and while parameters move.

    Returns
    -------
    Continued : never raises for a branch that cannot be followed; `sentence` says why.
    """
    end = _followed(solution, instrument, world, values, most_points)
    turns = sum(event.turns for branch in end.branches for event in branch.events)
    points = sum(len(branch.points) for branch in end.branches)
    found = end.solution
    jumped, distance = None, float("nan")
    if found is not None and selected is not None:
        distance, same = compared_values(selected, found.values, found.certificate)
        jumped = not same
    play = nothing(solution.plan.game.n_players, f"not followed: {end.why}") if found is None else markov(found)
    sentence = _sentence(end, jumped, turns)
    return Continued(found, play, selected, jumped, distance, end.strength, turns, points, sentence)


def not_followed(n_players: int, why: str, selected: Solution | None = None) -> Continued:
    """There is nothing to continue."""
    sentence = _sentence(_End(None, why), None, 0)
    return Continued(None, nothing(n_players, f"not followed: {why}"), selected, None, float("nan"), 1.0, 0, 0, sentence)


def _sentence(end: _End, jumped: bool | None, turns: int) -> str:
    if end.solution is None:
        return f"not followed: {end.why}; the equilibria selected with it and without it are compared"
    way = {0: "", 1: " (the branch turned back once on the way)"}.get(turns, f" (the branch turned back {turns} times on the way)")
    if jumped is None:
        return f"no equilibrium is selected without it; compared is what the one with it turns into as it loses its strength{way}"
    if jumped:
        return (
            "selection jumped: without it another equilibrium is selected than the one that the equilibrium with it turns into as it "
            f"loses its strength{way}; the latter is compared"
        )
    return f"as it loses its strength the equilibrium turns into the one that is selected without it{way}"


# --- the two legs ----------------------------------------------------------------------------------------------------------


def _followed(
    solution: Solution, instrument: Instrument, world: World, values: Mapping[str, float], most_points: tuple[int, int]
) -> _End:
    if world.bound:
        return _End(None, "without it its holder is bound to a strategy, and what is left is the decision of the others")
    if instrument.without.replace_levels:
        return _End(None, "without it a level is replaced, for which there is no strength in between")
    try:
        fewer = world.form.at(values)
        places = places_of(fewer, solution.plan.game)
    except GameError as error:
        return _End(None, f"the game without it is no part of the one with it ({error})")
    try:
        first = abandoned(solution, instrument.without.forbid, fewer, places, most_points=most_points[0])
    except GameError as error:
        return _End(None, str(error))
    end = _end_of_tax(first)
    if end.solution is None or all(values[name] == value for name, value in world.fixed.items()):
        return end
    return _moved(end, world, values, most_points[1])


def _end_of_tax(leg: Abandoned) -> _End:
    branches = () if leg.branch is None else (leg.branch,)
    if leg.solution is not None:
        return _End(leg.solution, "", leg.strength, branches)
    why = "what is left of play is no equilibrium without it" if leg.branch is None else leg.branch.ends[0]
    return _End(None, why, leg.strength, branches)


def _moved(begun: _End, world: World, values: Mapping[str, float], most_points: int) -> _End:
    """The second leg: parameters move from the point's values to those that are set without the instrument."""
    solution = begun.solution
    if solution is None:
        return begun

    def family(strength: float) -> StochasticGame:
        moved = {name: (1 - strength) * value + strength * values[name] for name, value in world.fixed.items()}
        return world.form.at({**values, **moved})

    try:
        branch = follow_family(
            family, solution, 1.0, 0.0, 1.0, name="strength", most_points=most_points, largest_step=STEP, only_way=True
        )
    except GameError as error:
        return _End(None, str(error), begun.strength, begun.branches)
    last, branches = branch.points[0], (*begun.branches, branch)
    if last.theta > 0:
        return _End(None, branch.ends[0], last.theta, branches)
    game = family(0.0)
    found = restricted(game, places_of(game, game), last.strategies, last.all_values, RULE)
    why = "" if found is not None else "the last point of the branch is not confirmed in the game without it"
    return _End(found, why, 0.0, branches)
