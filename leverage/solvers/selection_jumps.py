"""Whether the selected equilibrium at other parameters is the one that the baseline's turns into.

Source: as for `follow_equilibrium`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from leverage.errors import GameError, UnsolvedError
from leverage.game.form import GameForm
from leverage.game.stochastic_game import Floats, StochasticGame
from leverage.solvers.arclength import LOCATED, LostError, Problem, reported, settled, unit_of
from leverage.solvers.branch import Branch, BranchPoint, Family
from leverage.solvers.follow_equilibrium import CERTIFIED_SHARE, follow_family
from leverage.solvers.indifference import IndifferenceSystem
from leverage.solvers.markov_perfect import markov_perfect
from leverage.solvers.solution import Solution

#: Values that differ by less than this share of the payoff range, certificates apart, belong to the same equilibrium.
SAME_VALUES = 1e-6
#: Differences of this share of the largest payoff are rounding, also where nothing matters in a game.
ROUNDING = 1e-14


@dataclass(frozen=True)
class SelectionJump:
    """Whether the selected equilibrium at theta is another one than the continuation of the baseline's.

    distance: largest difference of values over states and players, payoff units; NaN where the branch does not reach. reason: a
    sentence, empty where nothing jumped.
    """

    theta: float
    jumped: bool
    distance: float
    reason: str = ""


def selection_jumps(
    form: GameForm,
    parameter: str,
    grid: Sequence[float],
    *,
    follow: Branch,
    select: Callable[[float], Solution] | None = None,
) -> tuple[SelectionJump, ...]:
    """At each theta of a grid: does the selected equilibrium differ from the continuation of the baseline's?

    Parameters
    ----------
    form, parameter : as in `follow_equilibrium`. grid : values of the parameter.
    follow : the branch of the baseline's equilibrium. Its continuation at theta is the first point met on the way from the
        baseline before theta turns back; beyond a turn the branch counts as not reaching.
    select : theta -> the selected solution (default: the first of `markov_perfect`).

    Returns
    -------
    A tuple with one `SelectionJump` per grid value. It jumped where values differ, in any state, by more than 1e-6 of the payoff
    range and both certificates, where the branch does not reach, or where nothing was selected.

    Examples
    --------
    >>> from leverage.solvers.follow_equilibrium import follow_equilibrium
    >>> from leverage.game.form import compile_form
    >>> from leverage.loading import parse_scenario, shipped_text
    >>> form = compile_form(parse_scenario(shipped_text("withdrawal")))
    >>> branch = follow_equilibrium(form, markov_perfect(form.at())[0], "presence_cost", 17, 18)
    >>> [jump.jumped for jump in selection_jumps(form, "presence_cost", [17.1], follow=branch)]
    [False]
    """
    values = form.scenario.values

    def family(theta: float) -> StochasticGame:
        return form.at({**values, parameter: theta})

    return family_jumps(family, grid, follow=follow, select=select)


def family_jumps(
    family: Family, grid: Sequence[float], *, follow: Branch, select: Callable[[float], Solution] | None = None
) -> tuple[SelectionJump, ...]:
    """The same for any family of games; see `selection_jumps`."""
    chosen = select if select is not None else (lambda theta: markov_perfect(family(theta))[0])
    return tuple(_jump(family, float(theta), follow, chosen) for theta in grid)


def jump_at(form: GameForm, baseline: Solution, values: Mapping[str, float], selected: Solution | None) -> SelectionJump:
    """Whether the equilibrium selected at another parameter point is the one that the baseline's turns into on the way there.

    For tables whose rows are points of a sweep: the flag `selection_jumped` is `.jumped`.

    Parameters
    ----------
    form : the scenario's form. baseline : a solution of `form.at()`.
    values : parameter -> value, for those that differ from the scenario's. selected : what is selected there; None if nothing is.

    Returns
    -------
    SelectionJump : theta is 1, the whole way.

    Raises
    ------
    GameError : an unknown parameter, values that make no game, play that is no equilibrium.

    Examples
    --------
    >>> from leverage.game.form import compile_form
    >>> from leverage.loading import parse_scenario, shipped_text
    >>> form = compile_form(parse_scenario(shipped_text("withdrawal")))
    >>> there = {"presence_cost": 17.4, "return_speed": 0.51}
    >>> selected = markov_perfect(form.at({**form.scenario.values, **there}))[0]
    >>> jump_at(form, markov_perfect(form.at())[0], there, selected).jumped
    False
    """
    base = form.scenario.values
    unknown = sorted(set(values) - set(base))
    if unknown:
        raise GameError(f"there is no parameter '{unknown[0]}'")

    def family(share: float) -> StochasticGame:
        return form.at({name: value + share * (values.get(name, value) - value) for name, value in base.items()})

    def select(share: float) -> Solution:
        if selected is None:
            raise UnsolvedError("no equilibrium was found and certified at this point")
        return selected

    branch = follow_family(family, baseline, 0.0, 0.0, 1.0, name="share of the way")
    return _jump(family, 1.0, branch, select)


def _jump(family: Family, theta: float, branch: Branch, select: Callable[[float], Solution]) -> SelectionJump:
    there = continuation(family, branch, theta)
    if there is None:
        return SelectionJump(
            theta, True, np.nan, f"the baseline's equilibrium does not continue to {branch.parameter} = {theta:.6g}"
        )
    try:
        selected = select(theta)
    except UnsolvedError as error:
        return SelectionJump(theta, True, np.nan, f"nothing was selected: {error}")
    distance, same = compared_values(selected, there.all_values, there.certificate)
    if same:
        return SelectionJump(theta, False, distance)
    sentence = (
        f"selection jumped: another equilibrium is selected at {branch.parameter} = {theta:.6g} than the baseline's continuation"
    )
    return SelectionJump(theta, True, distance, sentence)


def compared_values(selected: Solution, values: Floats, certificate: float) -> tuple[float, bool]:
    """The largest difference, over states and players, between a solution's values and others (S, N) of its game, payoff units,
    and whether both belong to the same equilibrium: within 1e-6 of the payoff range and what both certificates allow.
    """
    game = selected.plan.game
    distance = float(np.max(np.abs(selected.values - values)))
    patience = float(np.max(1 / (1 - game.discount)))
    rounding = ROUNDING * float(np.max(np.abs(game.payoffs)))
    allowed = SAME_VALUES * game.payoff_range + patience * (selected.certificate + certificate + rounding)
    return distance, distance <= allowed


def continuation(family: Family, branch: Branch, theta: float) -> BranchPoint | None:
    """The equilibrium at theta that the baseline's turns into, before theta turns back; None where the branch does not reach."""
    points, k = branch.points, branch.start
    if theta == points[k].theta:
        return points[k]
    step = 1 if theta > points[k].theta else -1
    while 0 <= k + step < len(points):
        here, there = points[k], points[k + step]
        if (there.theta - here.theta) * step < -LOCATED * (branch.high - branch.low):
            return None
        if (there.theta - theta) * step >= 0 and there.theta != here.theta:
            return _between(family, branch, here, there, theta)
        k += step
    return None


def _between(family: Family, branch: Branch, here: BranchPoint, there: BranchPoint, theta: float) -> BranchPoint | None:
    """The branch at theta, by Newton's method from between two neighbouring points."""
    share = (theta - here.theta) / (there.theta - here.theta)
    system = IndifferenceSystem(family(theta), there.support)
    x = (1 - share) * system.pack(here.strategies, here.all_values) + share * system.pack(there.strategies, there.all_values)
    problem = Problem(family, branch.parameter, branch.low, branch.high, system.spread, CERTIFIED_SHARE, system.game.payoff_range)
    z = np.append(x, (theta - branch.low) / (branch.high - branch.low)) / unit_of(problem, system)
    try:
        spot = settled(problem, system, z)
        return reported(problem, spot, (1 - share) * here.arclength + share * there.arclength)
    except LostError:
        return None
