"""Branches whose folds, corners and ends are known in closed form, and the shipped scenario."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from leverage.certification.checker import certify
from leverage.errors import GameError, UnsolvedError
from leverage.game.form import compile_form
from leverage.game.stochastic_game import StochasticGame
from leverage.loading import load_scenario
from leverage.solvers.arclength import LOCATED
from leverage.solvers.branch import Branch, BranchPoint
from leverage.solvers.follow_equilibrium import CERTIFIED_SHARE, follow_equilibrium, follow_family
from leverage.solvers.markov_perfect import markov_perfect
from leverage.solvers.selection_jumps import continuation, family_jumps, jump_at, selection_jumps
from leverage.solvers.solution import Solution
from tests.games import prisoners_dilemma
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
from tests.solvers.designed import designed, solution_of

SCENARIO = Path(__file__).parent.parent.parent / "scenarios" / "withdrawal.yaml"
EXACT = 1e-9


def certified(branch: Branch, family: Callable[[float], StochasticGame]) -> None:
    """Every point passes the checker in the game at its theta, thetas lie in range, arclength rises."""
    for point in branch.points:
        game = family(point.theta)
        assert branch.low <= point.theta <= branch.high
        profile = [
            [own[a:b] for a, b in itertools.pairwise(starts)]
            for own, starts in zip(point.strategies, game.choice_start, strict=True)
        ]
        assert certify(game, profile) <= CERTIFIED_SHARE * game.payoff_range
        assert point.certificate <= CERTIFIED_SHARE * game.payoff_range
        np.testing.assert_array_equal(point.values, point.all_values[game.start])
        assert point.support_sizes == tuple(int(np.sum(own > EXACT)) for own in point.strategies)
    lengths = [point.arclength for point in branch.points]
    assert lengths == sorted(lengths)
    assert branch.points[branch.start].arclength == 0.0


# --- a mixed equilibrium turns pure ----------------------------------------------------------------------------------------


def inspection_branch(low: float, high: float) -> Branch:
    return follow_family(inspection, at(inspection(1.0), [0.5, 0.5], [0.5, 0.5], values=[0.5, 0.5]), 1.0, low, high)


def test_a_mixed_equilibrium_turns_pure_where_it_should() -> None:
    branch = inspection_branch(-1.0, 3.0)
    certified(branch, inspection)
    assert [(event.kind, event.player, event.action) for event in branch.events] == [("leaves", "1", "2"), ("leaves", "2", "1")]
    for event in branch.events:
        assert event.theta == pytest.approx(0.0, abs=LOCATED * 4)
        assert not event.turns
    assert "nobody mixes any more" in branch.events[0].sentence
    assert "form a continuum" in branch.events[1].sentence
    assert branch.points[0].theta == -1.0
    assert branch.points[-1].theta == 3.0
    for point in branch.points:
        if point.theta > EXACT:
            assert point.strategies[1][0] == pytest.approx(point.theta / (1 + point.theta), abs=EXACT)
            np.testing.assert_allclose(point.values, [point.theta / (1 + point.theta), 0.5], atol=EXACT)
        elif point.theta < -EXACT:
            np.testing.assert_allclose(point.values, [0.0, 1.0], atol=EXACT)
            assert point.support_sizes == (1, 1)
    assert "reaches theta = -1" in branch.ends[0]
    assert "reaches theta = 3" in branch.ends[1]


def test_the_continuum_at_the_corner_is_walked() -> None:
    open_mixes = [point for point in inspection_branch(-1.0, 3.0).points if abs(point.theta) <= EXACT]
    chances = [point.strategies[0][0] for point in open_mixes]
    assert min(chances) == pytest.approx(0.5, abs=EXACT)
    assert max(chances) == pytest.approx(1.0, abs=EXACT)
    assert len(chances) > 4


# --- folds -----------------------------------------------------------------------------------------------------------------


def fold_branch(low: float = 0.05, high: float = 0.5) -> Branch:
    return follow_family(three_players, root(0.09, -1), 0.09, low, high)


def test_a_fold_is_found_and_passed() -> None:
    branch = fold_branch()
    certified(branch, three_players)
    assert [event.kind for event in branch.events] == ["fold"]
    assert branch.events[0].theta == pytest.approx(0.25, abs=LOCATED)
    assert branch.events[0].turns
    assert max(point.theta for point in branch.points) == pytest.approx(0.25, abs=LOCATED)
    for point in branch.points:
        sign = 1 if point.arclength > branch.events[0].arclength else -1
        p = (1 + sign * np.sqrt(max(0.0, 1 - 4 * point.theta))) / 2
        near_the_fold = abs(point.theta - 0.25) < 1e-6
        np.testing.assert_allclose([own[0] for own in point.strategies], p, atol=1e-5 if near_the_fold else EXACT)
    assert branch.points[0].theta == branch.points[-1].theta == 0.05
    assert branch.points[-1].strategies[0][0] == pytest.approx((1 + np.sqrt(0.8)) / 2, abs=EXACT)


def test_a_fold_is_located_in_a_parameter_that_bends() -> None:
    """With theta = t^3 the branch is not the same on both sides of the fold."""

    def family(t: float) -> StochasticGame:
        return three_players(t**3)

    start = 0.09 ** (1 / 3)
    branch = follow_family(family, root(start**3, -1), start, 0.4, 0.8)
    assert [event.kind for event in branch.events] == ["fold"]
    assert branch.events[0].theta == pytest.approx(0.25 ** (1 / 3), abs=LOCATED)
    certified(branch, family)


def test_behind_a_fold_an_action_leaves() -> None:
    p = np.array([0.08, 0.1 / 0.9, 0.1])
    theta = float((p[0] + p[1]) / 2 - p[0] * p[1])
    branch = follow_family(uneven, at(uneven(theta), *[[own, 1 - own] for own in p], values=[0.0, 0.0, 0.0]), theta, 0.05, 0.5)
    certified(branch, uneven)
    fold, leaving = branch.events
    turning = (0.8 + 1 / 0.9) / 2 / (2 * 0.8 / 0.9)
    assert fold.kind == "fold"
    assert fold.theta == pytest.approx(turning**2 * 0.8 / 0.9, abs=LOCATED)
    assert (leaving.kind, leaving.player, leaving.action, leaving.turns) == ("leaves", "2", "2", False)
    assert leaving.theta == pytest.approx(0.14, abs=LOCATED)
    last = branch.points[-1]
    assert last.theta == 0.05
    np.testing.assert_allclose([own[0] for own in last.strategies], [0.9, 1.0, 0.9], atol=EXACT)


def test_changes_that_fall_together_are_passed_where_one_support_continues() -> None:
    """At 0 the chances of all three players' first actions fall to 0 at once; below, nobody plays it, and that is strict."""
    branch = fold_branch(low=-0.1)
    certified(branch, three_players)
    leaving = branch.events[:3]
    assert sorted((event.kind, event.player, event.action) for event in leaving) == [("leaves", n, "1") for n in "123"]
    assert [event.theta for event in leaving] == pytest.approx([0.0] * 3, abs=LOCATED)
    first = branch.points[0]
    assert first.theta == -0.1
    np.testing.assert_allclose([own[0] for own in first.strategies], 0.0, atol=EXACT)
    assert "the end of the range" in branch.ends[0]


def test_changes_that_fall_together_are_taken_one_by_one_where_values_move_at_that_value() -> None:
    """Behind the fold all chances of second actions fall to 0 at 0. There the third player may turn to it step by step, which
    moves the others' values from 0 to 1, and below this is strict; that all turn to it at once would jump past no equilibria."""
    branch = fold_branch(low=-0.1)
    fold = next(event for event in branch.events if event.kind == "fold")
    tied = [event for event in branch.events if event.arclength > fold.arclength]
    assert [(event.kind, event.player, event.action) for event in tied] == [("leaves", *pa) for pa in ("12", "22", "31")]
    assert [event.theta for event in tied] == pytest.approx([0.0] * 3, abs=LOCATED)
    assert "other actions tie there, and of several branches this one is followed" in tied[0].sentence
    walked = [point for point in branch.points if tied[0].arclength < point.arclength <= tied[2].arclength]
    assert len(walked) > 4
    for point in walked:
        np.testing.assert_allclose(point.values, [1 - point.strategies[2][0]] * 2 + [0.0], atol=EXACT)
    last = branch.points[-1]
    assert last.theta == -0.1
    np.testing.assert_allclose([own[0] for own in last.strategies], [1.0, 1.0, 0.0], atol=EXACT)


def test_where_several_ways_lead_on_the_branch_stops_if_only_one_may() -> None:
    """The branch of the last test, at its tie; what has one way on is followed as before."""
    branch = follow_family(three_players, root(0.09, -1), 0.09, -0.1, 0.5, only_way=True)
    certified(branch, three_players)
    stopped = branch.events[-1]
    assert stopped.kind == "stops"
    assert stopped.theta == pytest.approx(0.0, abs=LOCATED)
    assert "several actions enter or leave play at once" in stopped.sentence
    assert sorted((event.kind, event.player) for event in branch.events[:3]) == [("leaves", n) for n in "123"]


def test_a_side_ends_at_the_first_point_that_is_asked_for() -> None:
    whole = inspection_branch(-1.0, 3.0)

    def pure(point: BranchPoint) -> bool:
        return point.support_sizes == (1, 1)

    start = at(inspection(1.0), [0.5, 0.5], [0.5, 0.5], values=[0.5, 0.5])
    branch = follow_family(inspection, start, 1.0, -1.0, 3.0, until=pure)
    assert pure(branch.points[0])
    assert not any(pure(point) for point in branch.points[1:])
    assert branch.points[0].theta > -1.0
    assert "as far as was asked for" in branch.ends[0]
    assert branch.ends[1] == whole.ends[1]


@pytest.mark.parametrize("largest", [0.05, 0.5])
def test_events_do_not_depend_on_the_length_of_steps(largest: float) -> None:
    start = at(hysteresis(0.0), [1, 0], [1, 0], values=[1, 1])
    usual = follow_family(hysteresis, start, 0.0, -2.0, 2.0)
    branch = follow_family(hysteresis, start, 0.0, -2.0, 2.0, largest_step=largest)
    certified(branch, hysteresis)
    assert [event.sentence for event in branch.events] == [event.sentence for event in usual.events]
    assert (len(branch.points) < len(usual.points)) is (largest > 0.1)


def test_a_tie_of_three_actions_is_passed_to_the_one_that_is_best_behind_it() -> None:
    """The middle speed ties with both others at theta = 1 and is never the best."""
    start = solution_of(three_speeds(0.5), [np.array([1.0, 0.0, 0.0, 1.0, 1.0])], np.array([[0.0], [-0.5], [-1.0]]))
    branch = follow_family(three_speeds, start, 0.5, 0.0, 2.0)
    certified(branch, three_speeds)
    assert [(event.kind, event.action) for event in branch.events] == [("enters", "3"), ("leaves", "1")]
    assert [event.theta for event in branch.events] == pytest.approx([1.0, 1.0], abs=LOCATED)
    assert branch.points[-1].theta == 2.0
    for point in branch.points:
        assert point.values[0] == pytest.approx(max(0.0, DELTA * 2 * (point.theta - 1)), abs=EXACT)


@pytest.mark.parametrize("gap", [0.05, 0.005])
def test_a_branch_that_comes_near_another_one_stays_on_its_side(gap: float) -> None:
    """p = 1/2 - sqrt(gap^2 + (theta - 1/2)^2 / 20) bends sharply at 1/2, where the branch with the other sign is 2 gaps away."""

    def family(theta: float) -> StochasticGame:
        return three_players(0.25 - gap**2 - (theta - 0.5) ** 2 / 20)

    def chance(theta: float) -> float:
        return 0.5 - float(np.sqrt(gap**2 + (theta - 0.5) ** 2 / 20))

    p = chance(0.1)
    branch = follow_family(family, at(family(0.1), *[[p, 1 - p]] * 3, values=[0.0, 0.0, 0.0]), 0.1, 0.05, 1.0)
    certified(branch, family)
    assert branch.events == ()
    for point in branch.points:
        np.testing.assert_allclose([own[0] for own in point.strategies], chance(point.theta), atol=1e-8)


def test_the_limit_on_points_is_kept() -> None:
    branch = follow_family(three_players, root(0.09, -1), 0.09, 0.05, 0.5, most_points=3)
    assert len(branch.points) <= 1 + 2 * 4
    assert "limit" in branch.ends[1]


# --- a corner at which theta turns back ----------------------------------------------------------------------------------------


def test_a_pure_equilibrium_ends_in_a_corner_and_the_branch_turns_back() -> None:
    branch = follow_family(coordination, at(coordination(0.0), [1, 0], [1, 0], values=[1, 1]), 0.0, -2.0, 2.0)
    certified(branch, coordination)
    assert [(event.kind, event.player, event.action, event.turns) for event in branch.events] == [
        ("enters", "1", "2", False),
        ("enters", "2", "2", True),
    ]
    for event in branch.events:
        assert event.theta == pytest.approx(1.0, abs=4 * LOCATED)
    last = branch.points[-1]
    assert last.theta == -2.0
    np.testing.assert_allclose([last.strategies[0][0], last.strategies[1][0]], [0.5, 0.25], atol=EXACT)


# --- branches without events -------------------------------------------------------------------------------------------------


def shifted_dilemma(theta: float) -> StochasticGame:
    game = prisoners_dilemma(0.6)
    return StochasticGame.from_arrays([game.stage_payoffs(0) + theta], [np.ones((2, 2, 1))], 0.6)


def test_a_strict_equilibrium_is_followed_in_a_straight_line() -> None:
    branch = follow_family(shifted_dilemma, at(shifted_dilemma(0.0), [0, 1], [0, 1], values=[1, 2]), 0.0, -1.0, 2.0)
    certified(branch, shifted_dilemma)
    assert branch.events == ()
    for point in branch.points:
        np.testing.assert_allclose(point.values, [1 + point.theta, 2 + point.theta], atol=EXACT)
    assert (branch.points[0].theta, branch.points[-1].theta) == (-1.0, 2.0)


def test_a_start_at_the_end_of_the_range_goes_one_way() -> None:
    branch = follow_family(shifted_dilemma, at(shifted_dilemma(0.0), [0, 1], [0, 1], values=[1, 2]), 0.0, 0.0, 2.0)
    assert branch.start == 0
    assert branch.points[-1].theta == 2.0


def test_a_game_of_several_states_is_followed_in_its_payoffs() -> None:
    """Payoffs of all rows of a designed game are multiplied: play stays, values are multiplied."""
    known = designed(3)
    tables = [known.game.stage_payoffs(s) for s in range(3)]
    laws = [known.game.stage_transitions(s) for s in range(3)]

    def family(theta: float) -> StochasticGame:
        return StochasticGame.from_arrays([theta * table for table in tables], laws, 0.5, start=2)

    branch = follow_family(family, solution_of(known.game, known.strategies, known.values), 1.0, 0.5, 2.0)
    certified(branch, family)
    assert branch.events == ()
    for point in branch.points:
        np.testing.assert_allclose(point.all_values, point.theta * known.values, atol=EXACT)
        for own, exact in zip(point.strategies, known.strategies, strict=True):
            np.testing.assert_allclose(own, exact, atol=EXACT)


# --- where nothing can be followed ------------------------------------------------------------------------------------------


def test_a_start_among_ties_is_followed_as_a_play_with_the_same_payoffs() -> None:
    """The first player's second action is its first, written twice, so mixtures of the two are a continuum; the second player
    turns at theta = 1."""

    def family(theta: float) -> StochasticGame:
        return stage([[1, 1], [1, 1]], [[theta, 1], [theta, 1]])

    start = at(family(2.0), [0.5, 0.5], [1.0, 0.0], values=[1, 2])
    branch = follow_family(family, start, 2.0, 0.0, 3.0)
    certified(branch, family)
    assert "one is followed" in branch.note
    assert (branch.points[0].theta, branch.points[-1].theta) == (0.0, 3.0)
    for point in branch.points:
        np.testing.assert_allclose(point.values, [1.0, max(1.0, point.theta)], atol=EXACT)


def test_a_continuum_at_the_start_is_said() -> None:
    def family(theta: float) -> StochasticGame:
        return stage([[1, 1], [1, 1]], [[theta, 0], [0, 1]])

    branch = follow_family(family, at(family(1.0), [0.5, 0.5], [0.5, 0.5], values=[1, 0.5]), 1.0, 0.0, 2.0)
    assert len(branch.points) == 1
    assert [event.kind for event in branch.events] == ["stops"]
    assert "continuum" in branch.ends[0]


def test_games_that_do_not_exist_end_the_branch() -> None:
    """Beyond theta = 1/2 the family has no game."""

    def family(theta: float) -> StochasticGame:
        if theta > 0.5:
            raise GameError("no game here")
        return shifted_dilemma(theta)

    branch = follow_family(family, at(family(0.0), [0, 1], [0, 1], values=[1, 2]), 0.0, -1.0, 1.0)
    assert branch.events[-1].kind == "stops"
    assert branch.events[-1].theta == pytest.approx(0.5, abs=1e-5)


@pytest.mark.parametrize(("low", "high"), [(1.0, 2.0), (1.0, -1.0), (np.nan, 1.0)])
def test_ranges_without_the_value_are_refused(low: float, high: float) -> None:
    with pytest.raises(GameError, match="range"):
        follow_family(shifted_dilemma, at(shifted_dilemma(0.0), [0, 1], [0, 1], values=[1, 2]), 0.0, low, high)


def test_play_that_is_no_equilibrium_is_refused() -> None:
    with pytest.raises(GameError, match="no equilibrium"):
        follow_family(shifted_dilemma, at(shifted_dilemma(0.0), [1, 0], [1, 0], values=[3, 4]), 0.0, -1.0, 2.0)


# --- has the selection jumped? ------------------------------------------------------------------------------------------------


def test_another_selection_than_the_continuation_is_flagged() -> None:
    """Two strict equilibria of a coordination game: below 1/2 the one is selected, above it the other."""

    def family(theta: float) -> StochasticGame:
        return stage([[1, 0], [0, 2 * theta + 1]], [[1, 0], [0, 2]])

    def select(theta: float) -> Solution:
        if theta < 0.5:
            return at(family(theta), [1, 0], [1, 0], values=[1, 1])
        return at(family(theta), [0, 1], [0, 1], values=[2 * theta + 1, 2])

    branch = follow_family(family, select(0.2), 0.2, 0.0, 1.0)
    jumps = family_jumps(family, [0.0, 0.2, 0.4, 0.6, 1.0], follow=branch, select=select)
    assert [jump.jumped for jump in jumps] == [False, False, False, True, True]
    assert [jump.distance for jump in jumps] == pytest.approx([0.0, 0.0, 0.0, 1.2, 2.0], abs=EXACT)
    assert "selection jumped" in jumps[-1].reason
    assert jumps[0].reason == ""


def test_where_the_branch_has_turned_back_it_does_not_reach() -> None:
    branch = fold_branch()
    same = family_jumps(three_players, [0.06, 0.1, 0.2], follow=branch, select=lambda theta: root(theta, -1))
    assert [jump.jumped for jump in same] == [False] * 3
    (beyond,) = family_jumps(three_players, [0.3], follow=branch, select=lambda theta: root(0.09, -1))
    assert beyond.jumped
    assert np.isnan(beyond.distance)
    assert "does not continue" in beyond.reason
    assert continuation(three_players, branch, 0.3) is None


def test_a_branch_that_turns_back_twice_is_followed_but_not_continued_through() -> None:
    branch = follow_family(hysteresis, at(hysteresis(0.0), [1, 0], [1, 0], values=[1, 1]), 0.0, -2.0, 2.0)
    certified(branch, hysteresis)
    assert [event.kind for event in branch.events] == ["enters", "enters", "leaves", "leaves"]
    np.testing.assert_allclose([event.theta for event in branch.events], [1.0, 1.0, -1.0, -1.0], atol=4 * LOCATED)
    assert [event.turns for event in branch.events] == [False, True, False, True]
    last = branch.points[-1]
    assert (last.theta, last.strategies[0][0], last.strategies[1][0]) == (2.0, 0.0, 0.0)
    assert continuation(hysteresis, branch, 1.5) is None
    there = continuation(hysteresis, branch, 0.5)
    assert there is not None
    np.testing.assert_allclose(there.values, [0.5, 1.0], atol=EXACT)


def test_continuations_lie_on_the_branch() -> None:
    branch = fold_branch()
    for theta in (0.05, 0.0501, 0.123, 0.24, 0.2499):
        there = continuation(three_players, branch, theta)
        assert there is not None
        assert there.theta == pytest.approx(theta, abs=1e-15)
        assert there.strategies[0][0] == pytest.approx((1 - np.sqrt(1 - 4 * theta)) / 2, abs=EXACT)


def test_nothing_selected_counts_as_jumped() -> None:
    def none(theta: float) -> Solution:
        raise UnsolvedError("nothing found")

    (jump,) = family_jumps(three_players, [0.1], follow=fold_branch(), select=none)
    assert jump.jumped
    assert "nothing found" in jump.reason


# --- the shipped scenario -----------------------------------------------------------------------------------------------------

#: Where the shipped scenario's selected equilibrium is known to be another one, and what the power gets there and at
#: the baseline.
FAR = {"presence_cost": 30.0, "return_speed": 0.2}
AT_BASELINE, FAR_OFF = 52.8, 12.0


def test_the_shipped_scenario_jumps_when_presence_is_dear_and_return_slow() -> None:
    form = compile_form(load_scenario(SCENARIO))
    base = form.scenario.values
    solution = markov_perfect(form.at())[0]

    def family(share: float) -> StochasticGame:
        return form.at({**base, **{name: base[name] + share * (far - base[name]) for name, far in FAR.items()}})

    branch = follow_family(family, solution, 0.0, 0.0, 1.0, name="share of the way", most_points=40)
    start, end = solution.values[form.start], markov_perfect(family(1.0))[0].values[form.start]
    assert start[0] == pytest.approx(AT_BASELINE, abs=0.05)
    assert end[0] == pytest.approx(FAR_OFF, abs=0.05)
    near, far = family_jumps(family, [0.01, 1.0], follow=branch)
    assert not near.jumped
    assert far.jumped


def test_a_parameter_of_the_shipped_scenario_is_followed() -> None:
    form = compile_form(load_scenario(SCENARIO))
    solution = markov_perfect(form.at())[0]
    branch = follow_equilibrium(form, solution, "return_speed", 0.45, 0.7)
    certified(branch, lambda theta: form.at({**form.scenario.values, "return_speed": theta}))
    assert (branch.points[0].theta, branch.points[-1].theta) == (0.45, 0.7)
    (jump,) = selection_jumps(form, "return_speed", [0.5], follow=branch)
    assert not jump.jumped
    with pytest.raises(GameError, match="no parameter"):
        follow_equilibrium(form, solution, "speed")


def test_a_point_in_several_parameters_is_judged_on_the_straight_way_there() -> None:
    form = compile_form(load_scenario(SCENARIO))
    base = markov_perfect(form.at())[0]
    same = jump_at(form, base, {}, base)
    assert not same.jumped
    assert same.distance < 1e-8
    along = follow_equilibrium(form, base, "presence_cost", 17.0, 17.6)
    there = markov_perfect(form.at({**form.scenario.values, "presence_cost": 17.6}))[0]
    (expected,) = selection_jumps(form, "presence_cost", [17.6], follow=along)
    found = jump_at(form, base, {"presence_cost": 17.6}, there)
    assert found.jumped is expected.jumped
    assert found.distance == pytest.approx(expected.distance, abs=1e-8)
    nothing = jump_at(form, base, {"presence_cost": 17.4, "return_speed": 0.51}, None)
    assert nothing.jumped
    assert "nothing was selected" in nothing.reason
    with pytest.raises(GameError, match="no parameter 'presence'"):
        jump_at(form, base, {"presence": 1.0}, base)
