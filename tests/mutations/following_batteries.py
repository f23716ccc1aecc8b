"""Batteries of what follows an equilibrium along a parameter, as a whole: branches known in closed form; see `batteries.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from leverage.certification.checker import check
from leverage.errors import GameError, UnsolvedError
from leverage.game.form import GameForm, compile_form
from leverage.game.stochastic_game import StochasticGame
from leverage.loading import parse_scenario
from leverage.solvers.branch import Branch
from leverage.solvers.follow_equilibrium import follow_family
from leverage.solvers.markov_perfect import markov_perfect
from leverage.solvers.solution import Solution
from tests.games import chain
from tests.mutations.batteries import same
from tests.mutations.branch_batteries import LOCATED, going_on
from tests.solvers.branch_games import (
    DELTA,
    at,
    coordination,
    hysteresis,
    inspection,
    root,
    stage,
    three_players,
    three_speeds,
    uneven,
)
from tests.solvers.designed import solution_of

#: Points of branches lie on their equilibria up to this.
POINT = 1e-8

#: The first player mends the road if luck * toll * 0.9 > 1, whatever its state; the second drives if it is whole.
ROAD = """\
language: 1
title: A road that breaks
question: Is it mended?
period: 1 month
players: {a: {discount: 0.9}, b: {discount: patience}}
state: {road: {broken: 0, whole: 1}}
start: {road: broken}
parameters:
  patience: {value: 0.5, range: [0.2, 0.8]}
  luck: {value: 0.5, range: [0.3, 0.9]}
  toll: {value: 3, range: [2, 4]}
actions:
  a: {mend: always, idle: always}
  b: {drive: always, wait: always}
transitions:
  road:
    - if a plays mend: {to whole: luck, to broken: rest}
    - otherwise: to broken
payoffs:
  a: {gains: {toll: toll * road}, costs: {work: 1 when a plays mend}}
  b: {gains: {trip: road when b plays drive, leisure: 0.2 when b plays wait}}
"""

Family = Callable[[float], StochasticGame]


def sound(branch: Branch, family: Family) -> None:
    """Points are equilibria of the game at their theta, says the checker of every third; lengths rise and fit the way between."""
    for k, point in enumerate(branch.points):
        game = family(point.theta)
        if k % 3 == 0:
            found = check(solution_of(game, point.strategies, point.all_values).plan)
            same(point.all_values, found.values, POINT * max(1.0, game.payoff_range))
            assert found.gain <= POINT
        same(point.values, point.all_values[game.start])
        assert point.support_sizes == tuple(int(np.sum(own > LOCATED)) for own in point.strategies)
    lengths = [point.arclength for point in branch.points]
    assert lengths == sorted(lengths)
    assert lengths[branch.start] == 0.0
    for one, other in zip(branch.points[:-1], branch.points[1:], strict=True):
        moved = np.linalg.norm(np.concatenate(one.strategies) - np.concatenate(other.strategies))
        theta = (other.theta - one.theta) / (branch.high - branch.low)
        assert other.arclength - one.arclength >= 0.9 * max(float(moved), abs(theta)) - LOCATED, (
            "the way is longer than its length"
        )


@cache
def road() -> tuple[GameForm, Solution]:
    form = compile_form(parse_scenario(ROAD))
    return form, markov_perfect(form.at())[0]


def told(branch: Branch) -> list[tuple[str, str, str, bool]]:
    return [(event.kind, event.player, event.action, event.turns) for event in branch.events]


def check_follow(module: ModuleType) -> None:
    with going_on(GameError), pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "FIRST_STEP", 0.05)  # fewer points than usual, for speed
        patch.setattr(module, "LARGEST_STEP", 0.25)
        _turns_pure(module)
        _folds(module)
        _corners(module)
        _ties(module)
        _starts(module)
        _ends(module)


def _turns_pure(module: ModuleType) -> None:
    branch = module.follow_family(inspection, at(inspection(1.0), [0.5, 0.5], [0.5, 0.5], values=[0.5, 0.5]), 1.0, -1.0, 3.0)
    sound(branch, inspection)
    assert told(branch) == [("leaves", "1", "2", False), ("leaves", "2", "1", False)]
    same([event.theta for event in branch.events], [0.0, 0.0], 4 * LOCATED)
    same((branch.points[0].theta, branch.points[-1].theta), (-1.0, 3.0))
    for point in branch.points:
        if point.theta > LOCATED:
            same(point.values, [point.theta / (1 + point.theta), 0.5], POINT)
    on_the_way = [point.strategies[0][0] for point in branch.points if abs(point.theta) <= LOCATED]
    same([min(on_the_way), max(on_the_way)], [0.5, 1.0], POINT)
    assert len(on_the_way) > 3  # the continuum at 0 is walked
    for event in branch.events:  # events stand where their points do
        assert any(
            abs(p.arclength - event.arclength) <= LOCATED and abs(p.theta - event.theta) <= 4 * LOCATED for p in branch.points
        )


def _folds(module: ModuleType) -> None:
    p = np.array([0.08, 0.1 / 0.9, 0.1])
    theta = float((p[0] + p[1]) / 2 - p[0] * p[1])
    start = at(uneven(theta), *[[own, 1 - own] for own in p], values=[0.0, 0.0, 0.0])
    branch = module.follow_family(uneven, start, theta, 0.05, 0.5)
    sound(branch, uneven)
    assert told(branch) == [("fold", "", "", True), ("leaves", "2", "2", False)]
    turning = (0.8 + 1 / 0.9) / 2 / (2 * 0.8 / 0.9)
    same([event.theta for event in branch.events], [turning**2 * 0.8 / 0.9, 0.14], LOCATED)
    same([own[0] for own in branch.points[-1].strategies], [0.9, 1.0, 0.9], POINT)
    same((branch.points[0].theta, branch.points[-1].theta), (0.05, 0.05))
    assert max(point.theta for point in branch.points) == pytest.approx(branch.events[0].theta, abs=LOCATED)


def _corners(module: ModuleType) -> None:
    branch = module.follow_family(hysteresis, at(hysteresis(0.0), [1, 0], [1, 0], values=[1, 1]), 0.0, -2.0, 2.0)
    sound(branch, hysteresis)
    assert told(branch) == [
        ("enters", "1", "2", False),
        ("enters", "2", "2", True),
        ("leaves", "2", "1", False),
        ("leaves", "1", "1", True),
    ]
    same([event.theta for event in branch.events], [1.0, 1.0, -1.0, -1.0], 4 * LOCATED)
    last = branch.points[-1]
    same((last.theta, last.strategies[0][0], last.strategies[1][0]), (2.0, 0.0, 0.0), POINT)
    assert "continuum" in branch.events[0].sentence
    assert "turns back" in branch.events[1].sentence


def _ties(module: ModuleType) -> None:
    """Behind the fold all chances of second actions fall to 0 at 0, where the third player's turn moves the others' values;
    before it all chances of first actions do, and nothing moves."""
    branch = module.follow_family(three_players, root(0.09, -1), 0.09, -0.1, 0.5)
    sound(branch, three_players)
    fold = next(k for k, event in enumerate(branch.events) if event.kind == "fold")
    assert sorted(told(branch)[:fold]) == [("leaves", name, "1", False) for name in "123"]
    assert told(branch)[fold + 1 :] == [("leaves", *pa, False) for pa in ("12", "22", "31")]
    assert "of several branches this one is followed" in branch.events[fold + 1].sentence
    same((branch.points[0].theta, branch.points[-1].theta), (-0.1, -0.1))
    same([own[0] for own in branch.points[0].strategies], [0, 0, 0], POINT)
    same([own[0] for own in branch.points[-1].strategies], [1, 1, 0], POINT)
    start = solution_of(three_speeds(0.5), [np.array([1.0, 0.0, 0.0, 1.0, 1.0])], np.array([[0.0], [-0.5], [-1.0]]))
    branch = module.follow_family(three_speeds, start, 0.5, 0.0, 2.0)
    assert told(branch) == [("enters", "1", "3", False), ("leaves", "1", "1", False)]
    for point in branch.points:
        same(point.values, [max(0.0, DELTA * 2 * (point.theta - 1))], POINT)


def _starts(module: ModuleType) -> None:
    """Among ties one play with the same payoffs is followed, if there is one."""

    def twice(theta: float) -> StochasticGame:
        return stage([[1, 1], [1, 1]], [[theta, 1], [theta, 1]])

    branch = module.follow_family(twice, at(twice(2.0), [0.25, 0.75], [1.0, 0.0], values=[1, 2]), 2.0, 0.0, 3.0)
    sound(branch, twice)
    assert "one is followed" in branch.note
    same(branch.points[branch.start].strategies[0], [0, 1])  # the likelier one
    for point in branch.points:
        same(point.values, [1.0, max(1.0, point.theta)], POINT)

    def open_mix(theta: float) -> StochasticGame:
        return stage([[1, 1], [1, 1]], [[theta, 0], [0, 1]])

    branch = module.follow_family(open_mix, at(open_mix(1.0), [0.5, 0.5], [0.5, 0.5], values=[1, 0.5]), 1.0, 0.0, 2.0)
    assert (len(branch.points), [event.kind for event in branch.events]) == (1, ["stops"])
    _starts_of_two_kinds(module)
    pure = at(coordination(0.0), [1, 0], [1, 0], values=[1, 1])
    for low, high in ((0.0, 0.5), (-0.5, 0.0)):
        branch = module.follow_family(coordination, pure, 0.0, low, high)
        same((branch.points[0].theta, branch.points[-1].theta, branch.points[branch.start].theta), (low, high, 0.0))
    for low, high in ((0.5, 1.0), (1.0, -1.0), (np.nan, 1.0)):
        with pytest.raises(module.GameError, match="range"):
            module.follow_family(coordination, pure, 0.0, low, high)
    with pytest.raises(module.GameError, match="no equilibrium"):
        module.follow_family(coordination, at(coordination(0.0), [1, 0], [0, 1], values=[0, 0]), 0.0, -1.0, 1.0)


def _starts_of_two_kinds(module: ModuleType) -> None:
    """Mixtures that are needed stay, and so do ties that matter to others."""

    def pennies(theta: float) -> StochasticGame:
        """First a choice between two words for one action, then matching pennies for ever, one prize growing with theta."""
        prize = np.array([[1.0 + theta, -1.0], [-1.0, 1.0]])
        tables = [np.full((2, 1, 2), theta), np.stack([prize, -prize], axis=-1)]
        return StochasticGame.from_arrays(tables, [np.eye(2)[[[1], [1]]], np.eye(2)[[[1, 1], [1, 1]]]], DELTA)

    later = np.array([1.0, -1.0]) * 0.5 / 4.5  # at theta = 1/2: prizes 3/2, 1 and -1
    mix = np.array([2.0, 2.5]) / 4.5
    values = np.stack([DELTA * 0.5 + DELTA * later, later])
    start = solution_of(pennies(0.5), [np.concatenate([[0.5, 0.5], mix]), np.concatenate([[1.0], mix])], values)
    branch = module.follow_family(pennies, start, 0.5, 0.0, 1.0)
    sound(branch, pennies)
    assert len(branch.points) > 2
    for point in branch.points:
        same(point.all_values[1], np.array([1.0, -1.0]) * point.theta / (4 + point.theta), POINT)

    def giving(theta: float) -> StochasticGame:
        """Play starts in the second state, in which the first player decides what the second gets."""
        return StochasticGame.from_arrays(
            [np.zeros((1, 1, 2)), stage([[1, 1], [1, 1]], [[2 + theta, 1], [0, -1]]).stage_payoffs(0)],
            [np.eye(2)[[[0]]], np.eye(2)[[[1, 1], [1, 1]]]],
            DELTA,
            start=1,
        )

    values = np.array([[0.0, 0.0], [1.0, 1.0]])
    start = solution_of(giving(0.0), [np.array([1.0, 0.5, 0.5]), np.array([1.0, 1.0, 0.0])], values)
    (only,) = module.follow_family(giving, start, 0.0, -0.5, 0.5).points
    same(only.values, [1.0, 1.0])


def _ends(module: ModuleType) -> None:
    def ending(theta: float) -> StochasticGame:
        if theta > 0.5:
            raise GameError("no game here")
        return coordination(theta)

    pure = at(coordination(0.0), [1, 0], [1, 0], values=[1, 1])
    branch = module.follow_family(ending, pure, 0.0, -1.0, 1.0)
    assert branch.events[-1].kind == "stops"
    same(branch.events[-1].theta, 0.5, 1e-5)
    assert "reaches theta = -1" in branch.ends[0]
    assert branch.ends[1] == branch.events[-1].sentence
    short = module.follow_family(three_players, root(0.09, -1), 0.09, 0.05, 0.5, most_points=3)
    assert len(short.points) <= 1 + 2 * 4
    assert "limit" in short.ends[1]
    form, found = road()
    branch = module.follow_equilibrium(form, found, "luck")
    same((branch.points[0].theta, branch.points[branch.start].theta, branch.points[-1].theta), (0.3, 0.5, 0.9))
    assert branch.events
    same([event.theta for event in branch.events], [1 / 2.7] * len(branch.events), LOCATED)
    sound(branch, lambda theta: form.at({**form.scenario.values, "luck": theta}))
    with pytest.raises(module.GameError, match="no parameter"):
        module.follow_equilibrium(form, found, "loss")


# --- jumps of the selection ------------------------------------------------------------------------------------------------


def meeting(theta: float) -> StochasticGame:
    """Two strict equilibria; the first player gets 1000 in the one, 1000 (2 theta + 1) in the other."""
    return stage([[1000, 0], [0, 1000 * (2 * theta + 1)]], [[1, 0], [0, 2]])


def met(theta: float, place: int) -> Solution:
    mix = np.eye(2)[place].tolist()
    return at(meeting(theta), mix, mix, values=[[1000, 1], [1000 * (2 * theta + 1), 2]][place])


@cache
def folding() -> Branch:
    return follow_family(three_players, root(0.09, -1), 0.09, 0.05, 0.5)


def check_selection(module: ModuleType) -> None:
    with going_on(GameError):
        _another_is_selected(module)
        _allowances(module)
        _continuations(module)
        _at_a_point(module)


def _another_is_selected(module: ModuleType) -> None:
    branch = follow_family(meeting, met(0.2, 0), 0.2, 0.0, 1.0)
    thetas = [0.0, 0.2, 0.4, 0.6, 1.0]
    jumps = module.family_jumps(meeting, thetas, follow=branch, select=lambda theta: met(theta, int(theta > 0.5)))
    assert [jump.jumped for jump in jumps] == [False, False, False, True, True]
    same([jump.distance for jump in jumps], [0, 0, 0, 1200, 2000], 1e-5)
    same([jump.theta for jump in jumps], thetas)
    assert [bool(jump.reason) for jump in jumps] == [jump.jumped for jump in jumps]

    def none(theta: float) -> Solution:
        raise UnsolvedError("nothing found")

    (jump,) = module.family_jumps(meeting, [0.4], follow=branch, select=none)
    assert jump.jumped
    assert np.isnan(jump.distance)
    assert "nothing found" in jump.reason
    selected = [markov_perfect(meeting(theta))[0] for theta in (0.1, 0.9)]
    found = module.family_jumps(meeting, [0.1, 0.9], follow=branch)
    for jump, solution in zip(found, selected, strict=True):
        assert jump.jumped == (abs(solution.values[0, 1] - 1) > POINT)


def two_states(theta: float) -> StochasticGame:
    """One player, no choice; play starts in the first state and gets to the second only by the game's arrays of another start."""
    return StochasticGame.from_arrays([[[1000.0 * theta]], [[0.0]]], [[[1.0, 0.0]], [[0.0, 1.0]]], DELTA)


def _allowances(module: ModuleType) -> None:
    """Differences of 1e-6 of the range (here 1000), or such that certificates allow, are none; they count in all states."""
    start = solution_of(two_states(0.5), [np.ones(2)], np.array([[500.0], [0.0]]))
    branch = follow_family(two_states, start, 0.5, 0.0, 1.0)

    def jumped(off: tuple[float, float], certificate: float = 0.0) -> bool:
        def select(theta: float) -> Solution:
            right = solution_of(two_states(theta), [np.ones(2)], np.array([[1000 * theta + off[0]], [off[1]]]))
            return replace(right, certificate=certificate)

        (jump,) = module.family_jumps(two_states, [1.0], follow=branch, select=select)
        return bool(jump.jumped)

    assert [jumped((off, 0.0)) for off in (5e-4, 2e-3, -2e-3)] == [False, True, True]
    assert [jumped((0.0, off)) for off in (5e-4, 2e-3)] == [False, True]
    huge = chain([[1.0]], [1e9])  # nothing matters: a range of 0, and rounding of 1e-5

    def apart(off: float) -> bool:
        branch = follow_family(lambda theta: huge, solution_of(huge, [np.ones(1)], np.array([[1e9]])), 0.5, 0.0, 1.0)
        selected = solution_of(huge, [np.ones(1)], np.array([[1e9 + off]]))
        (jump,) = module.family_jumps(lambda theta: huge, [0.5], follow=branch, select=lambda theta: selected)
        return bool(jump.jumped)

    assert [apart(off) for off in (2e-6, 1e-3)] == [False, True]
    assert [jumped((off, 0.0), 0.01) for off in (0.015, 0.03)] == [False, True]  # 2 periods' worth of what one may gain


def _continuations(module: ModuleType) -> None:
    branch = folding()
    for theta in (0.05, 0.0501, 0.09, 0.123, 0.24, 0.2499):
        there = module.continuation(three_players, branch, theta)
        same(there.theta, theta, 1e-14)
        same([own[0] for own in there.strategies], [(1 - np.sqrt(1 - 4 * theta)) / 2] * 3, POINT)
        around = [point.arclength for point in branch.points if point.arclength < _fold_length(branch)]
        here = [point.theta for point in branch.points if point.arclength < _fold_length(branch)]
        same(there.arclength, np.interp(theta, here, around))
    assert module.continuation(three_players, branch, 0.3) is None
    same(_values(module, three_players, branch, 0.2), [0.0, 0.0, 0.0], POINT)
    (beyond,) = module.family_jumps(three_players, [0.3], follow=branch, select=lambda theta: root(0.09, -1))
    assert beyond.jumped
    assert np.isnan(beyond.distance)
    twice = follow_family(hysteresis, at(hysteresis(0.0), [1, 0], [1, 0], values=[1, 1]), 0.0, -2.0, 2.0)
    assert module.continuation(hysteresis, twice, 1.5) is None
    same(_values(module, hysteresis, twice, 0.5), [0.5, 1.0], POINT)
    # between two changes of support, and right behind the second
    bent = follow_family(inspection, at(inspection(1.0), [0.5, 0.5], [0.5, 0.5], values=[0.5, 0.5]), 1.0, -1.0, 3.0)
    for theta in (2.5, 0.5, 1e-3, -1e-3, -0.7):
        same(_values(module, inspection, bent, theta), [theta / (1 + theta), 0.5] if theta > 0 else [0.0, 1.0], POINT)


def _fold_length(branch: Branch) -> float:
    return branch.events[0].arclength + LOCATED


def _values(module: ModuleType, family: Family, branch: Branch, theta: float) -> Any:
    there = module.continuation(family, branch, theta)
    assert there is not None, "the branch gets there"
    return there.values


def _at_a_point(module: ModuleType) -> None:
    """The straight way in several parameters leads to the equilibrium there; the other parameters stay."""
    form, base = road()
    there = {"luck": 0.7, "patience": 0.4}
    selected = markov_perfect(form.at({**form.scenario.values, **there}))[0]
    found = module.jump_at(form, base, there, selected)
    assert not found.jumped, found.reason
    same((found.theta, found.distance), (1.0, 0.0), POINT)
    assert module.jump_at(form, base, there, base).jumped  # its values are those of another point
    nothing = module.jump_at(form, base, there, None)
    assert nothing.jumped
    assert "nothing was selected" in nothing.reason
    with pytest.raises(module.GameError, match="no parameter 'loss'"):
        module.jump_at(form, base, {"loss": 1.0}, base)
