"""An equilibrium followed along a parameter, with outcomes, and the equilibrium that is selected at a grid of values."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from leverage.analysis.outcomes import Outcome, measure_outcomes
from leverage.errors import UnsolvedError
from leverage.game.automaton import Automaton
from leverage.game.form import GameForm
from leverage.game.stochastic_game import StochasticGame
from leverage.solvers.branch import Branch, BranchPoint, Family
from leverage.solvers.follow_equilibrium import follow_equilibrium
from leverage.solvers.indifference import SUPPORT_PROBABILITY
from leverage.solvers.markov_perfect import markov_perfect
from leverage.solvers.selection_jumps import SelectionJump, continuation, family_jumps
from leverage.solvers.side_by_side import side_by_side
from leverage.solvers.solution import Solution


@dataclass(frozen=True, eq=False)
class MeasuredPoint:
    """An equilibrium at a value of the parameter, with its outcomes. mixing: in how many states somebody mixes."""

    theta: float
    arclength: float
    certificate: float
    mixing: int
    outcomes: tuple[Outcome, ...]

    def value(self, subject: str, quantity: str) -> float:
        """One number of the outcomes; NaN if there is none."""
        return next((o.value for o in self.outcomes if o.subject == subject and o.quantity == quantity), float("nan"))


@dataclass(frozen=True, eq=False)
class GridValue:
    """A value of the parameter: the continuation of the baseline's equilibrium, the one that is selected there (None where there
    is none), and whether these are two.
    """

    continued: MeasuredPoint | None
    selected: MeasuredPoint | None
    jump: SelectionJump


@dataclass(frozen=True, eq=False)
class MeasuredBranch:
    """A branch, its points measured, and the selection at a grid of values in rising order."""

    branch: Branch
    points: tuple[MeasuredPoint, ...]
    grid: tuple[GridValue, ...]


def measured_branch(
    form: GameForm,
    solution: Solution,
    parameter: str,
    low: float,
    high: float,
    grid: Sequence[float],
    tell: Callable[[str], None],
) -> MeasuredBranch:
    """Follow the baseline's equilibrium from low to high and look, at each value of the grid, what is selected there.

    tell: called with a phrase when a step begins. Raises GameError as `follow_equilibrium`.
    """
    base = form.scenario.values

    def family(theta: float) -> StochasticGame:
        return form.at({**base, parameter: theta})

    branch = follow_equilibrium(form, solution, parameter, low, high)
    tell("measuring the branch")
    points = tuple(_measured_point(family(point.theta), point) for point in branch.points)
    tell(f"solving at {len(grid)} values of {parameter}")
    selected = dict(zip(grid, side_by_side(lambda theta: _selected(family(theta)), grid), strict=True))

    def select(theta: float) -> Solution:
        found = selected[theta]
        if isinstance(found, UnsolvedError):
            raise found
        return found

    jumps = family_jumps(family, grid, follow=branch, select=select)
    return MeasuredBranch(branch, points, tuple(_grid_value(family, branch, jump, selected[jump.theta]) for jump in jumps))


def _selected(game: StochasticGame) -> Solution | UnsolvedError:
    try:
        return markov_perfect(game)[0]
    except UnsolvedError as error:
        return error


def _grid_value(family: Family, branch: Branch, jump: SelectionJump, found: Solution | UnsolvedError) -> GridValue:
    game, there = family(jump.theta), continuation(family, branch, jump.theta)
    selected = None
    if isinstance(found, Solution):
        selected = _measured(found.plan, jump.theta, math.nan, found.certificate)
    return GridValue(None if there is None else _measured_point(game, there), selected, jump)


def _measured_point(game: StochasticGame, point: BranchPoint) -> MeasuredPoint:
    flat = zip(point.strategies, game.choice_start, strict=True)
    plan = Automaton.stationary(game, [[own[a:b] for a, b in pairwise(starts)] for own, starts in flat])
    return _measured(plan, point.theta, point.arclength, point.certificate)


def _measured(plan: Automaton, theta: float, arclength: float, certificate: float) -> MeasuredPoint:
    return MeasuredPoint(theta, arclength, certificate, _mixing(plan), tuple(_wanted(plan)))


def _mixing(plan: Automaton) -> int:
    """In how many states somebody plays more than one action."""
    game = plan.game
    used = [
        np.add.reduceat((own > SUPPORT_PROBABILITY).astype(np.intp), game.choice_start[i][:-1])
        for i, own in enumerate(plan.lotteries)
    ]
    return int(np.sum(np.max(used, axis=0) > 1))


def _wanted(plan: Automaton) -> Iterator[Outcome]:
    """Payoffs and the chances of events by dates."""
    for outcome in measure_outcomes(plan):
        if outcome.quantity == "payoff" or outcome.quantity.startswith("chance by"):
            yield outcome
