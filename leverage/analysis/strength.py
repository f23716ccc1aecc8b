"""What the selected Markov equilibrium turns into as an instrument loses its strength, and whether that is selected without it.

A game may have several Markov equilibria. Of two that are selected separately, with an instrument and without it, one may belong
to another branch than the other; their difference is then one of selection, not of the instrument. So the equilibrium with the
instrument is followed while its strength falls from 1 to 0, in two legs:

- an action that is forbidden without it is taxed, up to a tax at which it is never used (see `taxed_action`);
- parameters that are set without it move to their values along a straight line.

A start that is changed changes no equilibrium: the play is looked at from there. A level that is replaced, and a holder that is
bound to a strategy, have no strength in between, and are not followed.

Where the branch folds, its first arrival at the game without the instrument counts. Where several actions tie and more than one
branch may go on, it is not followed further: which one is met first would hang on rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from leverage.analysis.selections import Chosen, markov, nothing
from leverage.analysis.worlds import World
from leverage.errors import GameError
from leverage.game.stochastic_game import StochasticGame
from leverage.scenario.scenario import Instrument
from leverage.solvers.follow_equilibrium import follow_family
from leverage.solvers.selection_jumps import compared_values
from leverage.solvers.solution import Solution
from leverage.solvers.taxed_action import KEPT_GAMES, RULE, STEP, Taxed, abandoned, places_of, restricted, tax_away

#: Points that a leg may have in a game of so many rows: this many rows altogether, within the limits below. A point at other
#: parameters costs a few times more than one at another tax, as all of the game's numbers are evaluated anew.
TAXED_ROWS, MOVED_ROWS = 30_000, 15_000
FEWEST_POINTS, MOST_POINTS = 20, 200

#: Forbidden actions -> the branch along which they are taxed away.
Tax = Callable[[frozenset[str]], Taxed]


@dataclass(frozen=True, eq=False)
class Continued:
    """The selected Markov equilibrium with an instrument, continued to the game without it.

    solution: play of the game without the instrument; None where the branch was not followed to the end. play: the same, with
    payoffs at that game's start, bounded by their error radius. selected: what is selected there without regard to the branch;
    None where nothing is found. jumped: whether these are two equilibria; None where that is not known. distance: the largest
    difference of their values over states and players, payoff a period; NaN likewise. strength: in [0, 1], at which the last leg
    arrived or was left: an action may be given up before its strength is 0. turns: how often the branch turned back. points: how
    many were computed. sentence: all this for the reader.
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

    @property
    def note(self) -> str:
        """What belongs beside a number: nothing where the selected equilibrium is the continued one."""
        if self.jumped:
            return f"selection jumped: without it another equilibrium is selected (values differ by up to {self.distance:.3g})"
        if self.followed:
            return ""
        return "not followed to the game without it: the two selected equilibria are compared"


@dataclass(frozen=True, eq=False)
class _End:
    """Where the legs ended: a solution of the game without the instrument, or why there is none."""

    solution: Solution | None
    why: str = ""
    strength: float = 1.0
    turns: int = 0
    points: int = 0


def continued(
    solution: Solution,
    instrument: Instrument,
    world: World,
    values: Mapping[str, float],
    selected: Solution | None,
    *,
    tax: Tax | None = None,
    most_points: tuple[int, int] | None = None,
) -> Continued:
    """Continue a Markov equilibrium as an instrument loses its strength, and compare it with what is selected without it.

    Parameters
    ----------
    solution : the selected stationary equilibrium of the game with the instrument at the parameter point `values`.
    instrument : which. world : the scenario without it.
    selected : the equilibrium selected in the world without it; None where none was found.
    tax : how branches are found along which actions are taxed (default: `tax_away`); for callers who keep them.
    most_points : limits on the points of the branch while actions are taxed and while parameters move (default: `point_limits`).

    Returns
    -------
    Continued : a branch that cannot be followed is no error; `sentence` says why.
    """
    most_points = point_limits(solution.plan.game) if most_points is None else most_points
    taxed = tax if tax is not None else (lambda forbidden: tax_away(solution, forbidden, most_points=most_points[0]))
    end = _followed(solution, instrument, world, values, taxed, most_points[1])
    jumped, distance = None, float("nan")
    if end.solution is not None and selected is not None:
        distance, same = compared_values(selected, end.solution.values, end.solution.certificate)
        jumped = not same
    play = nothing(solution.plan.game.n_players, f"not followed: {end.why}")
    if end.solution is not None:
        play = markov(end.solution)
    sentence = _sentence(end, jumped)
    return Continued(end.solution, play, selected, jumped, distance, end.strength, end.turns, end.points, sentence)


def point_limits(game: StochasticGame) -> tuple[int, int]:
    """How many points the two legs may have in a game: few enough for every run, a matter of its size and not of the machine."""
    rows = len(game.payoffs)
    taxed, moved = (min(max(whole // rows, FEWEST_POINTS), MOST_POINTS) for whole in (TAXED_ROWS, MOVED_ROWS))
    return taxed, moved


def not_followed(n_players: int, why: str, selected: Solution | None = None) -> Continued:
    """There is nothing to continue."""
    play = nothing(n_players, f"not followed: {why}")
    return Continued(None, play, selected, None, float("nan"), 1.0, 0, 0, _sentence(_End(None, why), None))


def _sentence(end: _End, jumped: bool | None) -> str:
    if end.solution is None:
        return f"not followed: {end.why}; the equilibria selected with it and without it are compared"
    turned = {0: "", 1: " (the branch turned back once)"}.get(end.turns, f" (the branch turned back {end.turns} times)")
    way = f"what the one with it turns into as it loses its strength{turned}"
    if jumped is None:
        return f"no equilibrium is selected without it; compared is {way}"
    if jumped:
        return f"selection jumped: the equilibrium that is selected without it is not {way}; the latter is compared"
    return f"the equilibrium that is selected without it is {way}"


# --- the two legs ----------------------------------------------------------------------------------------------------------


def _followed(
    solution: Solution, instrument: Instrument, world: World, values: Mapping[str, float], tax: Tax, most_moved: int
) -> _End:
    if world.bound:
        return _End(None, "without it its holder is bound to a strategy, and what is left is the decision of the others")
    if instrument.without.replace_levels:
        return _End(None, "without it a level is replaced, for which there is no strength in between")
    try:
        fewer = world.form.at(values)
        places = places_of(fewer, solution.plan.game)
        taxed = tax(frozenset(instrument.without.forbid))
    except GameError as error:
        return _End(None, str(error))
    leg = abandoned(solution, taxed, fewer, places)
    points = 0 if taxed.branch is None else len(taxed.branch.points)
    end = _End(leg.solution, leg.why, leg.strength, leg.turns, points)
    if leg.solution is None or all(values[name] == value for name, value in world.fixed.items()):
        return end
    return _moved(leg.solution, end, world, values, most_moved)


def _moved(solution: Solution, begun: _End, world: World, values: Mapping[str, float], most_points: int) -> _End:
    """The second leg: parameters move from the point's values to those that are set without the instrument."""

    @lru_cache(maxsize=KEPT_GAMES)
    def family(strength: float) -> StochasticGame:
        moved = {name: (1 - strength) * value + strength * values[name] for name, value in world.fixed.items()}
        return world.form.at({**values, **moved})

    try:
        branch = follow_family(
            family, solution, 1.0, 0.0, 1.0, name="strength", most_points=most_points, largest_step=STEP, only_way=True
        )
        game = family(0.0)
    except GameError as error:
        return _End(None, str(error), begun.strength, begun.turns, begun.points)
    last, points = branch.points[0], begun.points + len(branch.points)
    turns = begun.turns + sum(event.turns for event in branch.events)
    if last.theta > 0:
        return _End(None, branch.ends[0], last.theta, turns, points)
    found = restricted(game, places_of(game, game), last.strategies, last.all_values, RULE)
    why = "" if found is not None else "the end of the branch is not confirmed in the game without it"
    return _End(found, why, 0.0, turns, points)
