from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

import leverage.solvers.patience as module
from leverage.certification.checker import check
from leverage.errors import GameError, UnsolvedError
from leverage.game.automaton import Automaton, join
from leverage.game.stochastic_game import StochasticGame
from leverage.solvers.equilibrium_set import EquilibriumSet, equilibrium_set, outer_set
from leverage.solvers.patience import PathQuestion, Patience, PayoffQuestion, patience
from leverage.solvers.sustainable_path import sustainable_path
from tests.games import chicken, grim_trigger, matching_pennies, no_choice, prisoners_dilemma, repeated

WIDTH = 1e-4
#: Gains up to 1e-9 of the payoff range count as none, so that a certified yes may lie this far beyond an edge.
BEYOND = 1e-7


def cooperation(game: StochasticGame) -> PathQuestion:
    return PathQuestion(Automaton.stationary(game, [[[1.0, 0.0]], [[1.0, 0.0]]]))


def assert_edge(no: float | None, yes: float, exact: float, width: float = WIDTH) -> None:
    """The edge lies between a certified no and a certified yes that are close."""
    assert no is not None
    assert abs(yes - no) <= width
    low, high = sorted((no, yes))
    assert low - BEYOND <= exact <= high + BEYOND


def assert_in_order(found: Patience) -> None:
    """Points increase, and no yes stands next to a no further away than the width."""
    assert all(a.delta < b.delta for a, b in pairwise(found.points))
    for a, b in pairwise(found.points):
        assert {a.told, b.told} != {"yes", "no"} or b.delta - a.delta <= WIDTH


# --- thresholds with closed forms -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("discount", "player", "threshold"),
    [
        (0.9, None, 3 / 5),  # max of (T - R) / (T - P), which is 1/2 and 3/5
        ((0.1, 0.2), None, 3 / 5),  # the game's own factors do not count
        ((0.3, 0.65), 0, 1 / 2),
        ((0.55, 0.1), 1, 3 / 5),
    ],
)
def test_grim_triggers_critical_discount_factor(
    discount: float | tuple[float, float], player: int | None, threshold: float
) -> None:
    """Mutual defection, the worst equilibrium, gives everybody its minmax, so that each needs (T - R) / (T - P) by itself."""
    game = prisoners_dilemma(discount)
    found = patience(game, cooperation(game), player=player)
    (interval,) = found.intervals
    assert_edge(interval.no_below, interval.low, threshold)
    assert found.threshold == interval.low
    assert interval.high == found.points[-1].delta == module.HIGHEST
    assert interval.no_above is None
    assert found.undecided == ()
    assert_in_order(found)
    assert f"{interval.low:.4f} (not {interval.no_below:.4f}) to 0.9900 (end of the scan)" in found.status
    assert ("both players" if player is None else f"factors of {player + 1}") in found.status


def test_one_players_patience_is_not_enough_if_the_others_is_wanting() -> None:
    game = prisoners_dilemma((0.3, 0.55))
    found = patience(game, cooperation(game), player=0, points=11)
    assert found.intervals == ()
    assert found.threshold is None
    assert {point.told for point in found.points} == {"no"}
    assert len(found.points) == 11
    assert "for no discount factor of 1." in found.status


def test_the_machines_threats_do_not_count_but_the_path_does() -> None:
    game = prisoners_dilemma(0.9)
    grim = PathQuestion(join([grim_trigger(game, i) for i in (0, 1)]))
    both = [patience(game, question, points=9).intervals for question in (grim, cooperation(game))]
    assert both[0] == both[1]


def test_a_payoff_that_only_cooperation_pays() -> None:
    """Of all action pairs only mutual cooperation has a sum of 6: it is paid by playing that for ever, hence if d >= (5 - 3) /
    (5 - 1)."""
    game = repeated([[3, 0], [5, 1]], [[3, 5], [0, 1]], 0.9)
    found = patience(game, PayoffQuestion((1.0, 1.0), 6.0), low=0.1, points=19)
    (interval,) = found.intervals
    assert_edge(interval.no_below, interval.low, 0.5)
    assert found.threshold == interval.low
    assert_in_order(found)


def test_a_single_players_target() -> None:
    """Chicken's (dare, swerve) is an equilibrium of the stage and pays the first player most: for all discount factors, and no
    more for any."""
    game = chicken(0.9)
    seven = patience(game, PayoffQuestion.of_player(0, 7.0), low=0.1, points=5)
    more = patience(game, PayoffQuestion.of_player(0, 7.001), low=0.1, points=5)
    assert {point.told for point in seven.points} == {"yes"}
    assert seven.threshold == 0.1
    assert {point.told for point in more.points} == {"no"}
    assert "pays 1 at least 7" in seven.status


def test_weights_may_be_negative() -> None:
    """The first player can be held down to 2 in chicken, its minmax, and no further."""
    game = chicken(0.9)
    assert patience(game, PayoffQuestion((-1.0, 0.0), -2.0), low=0.2, points=3).threshold == 0.2
    assert patience(game, PayoffQuestion((-1.0, 0.0), -1.999), low=0.2, points=3).intervals == ()


# --- sets of discount factors that are no interval ------------------------------------------------------------------------


def feast_after_famine(delta: float = 0.9) -> StochasticGame:
    """The first player chooses at the start between two lives; the second has no choice there.

    Action 1: 2 now, -10 in the next period (state 2), then 6 for ever (state 3). Action 2: 0 now and state 4 from then on,
    where the two meet in ((1, -1), (-1, 0)) for both. There 0 is the first player's minmax, by the second's action 2, and (2,
    2) is an equilibrium of the stage that pays it, so that the worst credible life after action 2 is worth 0 for every d.
    Action 1 is worth 2 (1 - d) - 10 d (1 - d) + 6 d^2 = 16 (d - 1/4) (d - 1/2), hence is sustainable exactly if d <= 1/4 or d
    >= 1/2.
    """
    meet = np.array([[1.0, -1.0], [-1.0, 0.0]])
    to = np.eye(4)
    return StochasticGame.from_arrays(
        [[[[2.0, 0.0]], [[0.0, 0.0]]], [[[-10.0, 0.0]]], [[[6.0, 0.0]]], np.stack([meet, meet], axis=-1)],
        [[[to[1]], [to[3]]], [[to[2]]], [[to[2]]], np.broadcast_to(to[3], (2, 2, 4))],
        delta,
    )


def feast(game: StochasticGame) -> Automaton:
    """Action 1; in state 4, should play come there, the good equilibrium: as a threat it would not do."""
    one = [1.0]
    return Automaton.stationary(game, [[[1.0, 0.0], one, one, [1.0, 0.0]], [one, one, one, [1.0, 0.0]]])


def test_the_discount_factors_of_a_path_need_be_no_interval() -> None:
    game = feast_after_famine()
    found = patience(game, PathQuestion(feast(game)))
    early, late = found.intervals
    assert early.low == 0.0
    assert early.no_below is None
    assert_edge(early.no_above, early.high, 1 / 4)
    assert_edge(late.no_below, late.low, 1 / 2)
    assert late.high == module.HIGHEST
    assert found.threshold is None
    assert_in_order(found)
    assert "from 0.0000 (end of the scan) to 0.2" in found.status
    assert " and from 0.5" in found.status
    assert "steps of 0.025: what is narrower may have been missed" in found.status


def test_only_the_choosers_patience_matters() -> None:
    game = replace(feast_after_famine(), discount=np.array([0.6, 0.2]))
    chooser = patience(game, PathQuestion(feast(game)), player=0, points=12)
    assert len(chooser.intervals) == 2
    assert_edge(chooser.intervals[0].no_above, chooser.intervals[0].high, 1 / 4)
    assert_edge(chooser.intervals[1].no_below, chooser.intervals[1].low, 1 / 2)
    other = patience(game, PathQuestion(feast(game)), player=1, points=5)
    assert {point.told for point in other.points} == {"yes"}


def test_what_is_narrower_than_the_scans_step_is_missed_and_said_so() -> None:
    game = feast_after_famine()
    seen = patience(game, PathQuestion(feast(game)), points=3, low=0.2, high=0.6)
    assert len(seen.intervals) == 2
    blind = patience(game, PathQuestion(feast(game)), points=2, low=0.2, high=0.6)
    assert len(blind.intervals) == 1
    assert "steps of 0.4: what is narrower may have been missed" in blind.status


def test_a_payoff_for_discount_factors_that_are_no_interval() -> None:
    """Nobody has a choice: the start is worth 16 d^2 - 12 d + 2, at least 1 outside the roots (12 -+ sqrt 80) / 32."""
    law = [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 1.0]]
    game = StochasticGame.from_arrays(
        [np.array([[[u, 0.0]]]) for u in (2.0, -10.0, 6.0)], [np.array([[row]]) for row in law], 0.9
    )
    found = patience(game, PayoffQuestion.of_player(0, 1.0), low=0.01)
    early, late = found.intervals
    assert_edge(early.no_above, early.high, (12 - math.sqrt(80)) / 32)
    assert_edge(late.no_below, late.low, (12 + math.sqrt(80)) / 32)
    assert_in_order(found)


# --- how it asks ----------------------------------------------------------------------------------------------------------


def test_each_point_is_solved_once_and_only_where_the_outer_bound_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    bounded: list[float] = []
    solved: list[tuple[float, float]] = []

    def outer(game: StochasticGame, *, tolerance: float) -> EquilibriumSet:
        bounded.append(float(game.discount[0]))
        return outer_set(game, tolerance=tolerance)

    def both(game: StochasticGame, *, tolerance: float) -> EquilibriumSet:
        solved.append((float(game.discount[0]), tolerance))
        # checking a game rescales its law in place, which must not touch the caller's
        assert not np.shares_memory(game.transitions.data, own.transitions.data)
        return equilibrium_set(game, tolerance=tolerance)

    monkeypatch.setattr(module, "outer_set", outer)
    monkeypatch.setattr(module, "equilibrium_set", both)
    own = prisoners_dilemma(0.9)
    found = patience(own, cooperation(own), points=11, high=0.9)
    assert sorted(bounded) == [point.delta for point in found.points]
    assert len(found.points) == 11 + math.ceil(math.log2(0.09 / WIDTH))
    assert {point.delta: point.tolerance for point in found.points if point.told == "yes"} == dict(solved)
    assert {point.tolerance for point in found.points} == {1e-1}
    assert all(point.delta >= 0.6 - BEYOND for point in found.points if point.told == "yes")


@pytest.mark.parametrize("delta", [0.1, 0.45, 0.55, 0.62, 0.8])
def test_the_outer_bound_alone_contradicts_nothing(delta: float) -> None:
    """What it rules out the whole sets rule out too, and its boxes contain theirs."""
    for game in (prisoners_dilemma(delta), chicken(delta), feast_after_famine(delta)):
        alone, whole = outer_set(game), equilibrium_set(game, tolerance=1e-4)
        assert alone.machine is None
        assert not any(map(len, alone.inner))
        slack = 1e-9 * game.payoff_range
        assert np.all(alone.bounds[..., 0] <= whole.bounds[..., 0] + slack)
        assert np.all(alone.bounds[..., 1] >= whole.bounds[..., 1] - slack)
        lowest, highest = whole.bounds[game.start, 0].tolist()
        for least in np.linspace(lowest, highest, 9):
            question = PayoffQuestion.of_player(0, float(least))
            assert question.told(game, alone) == "cannot be told"
    with pytest.raises(GameError, match="fraction of the payoff range"):
        outer_set(prisoners_dilemma(delta), tolerance=0.0)


def test_each_discount_factor_is_announced_and_the_announcement_may_end_the_scan() -> None:
    game, counts = prisoners_dilemma(0.9), list[int]()
    found = patience(game, cooperation(game), points=11, high=0.9, asking=counts.append)
    assert counts == list(range(len(found.points)))

    def enough(count: int) -> None:
        if count == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        patience(game, cooperation(game), points=11, asking=enough)


@pytest.mark.parametrize(
    ("gaps", "tolerances"),
    [
        ([0.5, 0.0], [1e-2, 1e-6]),  # not reached: only the finest is tried again
        ([math.inf, 0.9e-5, 0.0], [1e-2, 1e-3, 1e-6]),  # nothing was proved: a finer one may
        ([0.0, 0.0], [1e-2, 1e-6]),  # as close as can be already
        ([0.9e-2, 0.9e-3, 0.9e-4, 0.9e-5, 0.0], [1e-2, 1e-3, 1e-4, 1e-5, 1e-6]),
        ([2e-4, 0.0, 0.0], [1e-2, 1e-4, 1e-6]),  # 1e-3 was met by the way
    ],
)
def test_which_tolerances_are_tried(monkeypatch: pytest.MonkeyPatch, gaps: list[float], tolerances: list[float]) -> None:
    """Sets that never tell, with the gaps that a solver may leave (fractions of the payoff range)."""
    asked: list[float] = []

    def never_tells(game: StochasticGame, *, tolerance: float) -> EquilibriumSet:
        asked.append(tolerance)
        vague = blurred(game, tolerance=tolerance, low=0.0, high=1.0)
        return replace(vague, gap=gaps[len(asked) - 1] * game.payoff_range, tolerance=tolerance * game.payoff_range)

    game = prisoners_dilemma(0.9)
    monkeypatch.setattr(module, "equilibrium_set", never_tells)
    monkeypatch.setattr(module, "outer_set", lambda game, *, tolerance: blurred(game, tolerance=tolerance, low=0.0, high=1.0))
    asker = module._Asker(game, cooperation(game), None, 1e-2, 1e-6)
    assert asker(0.7) == "cannot be told"
    assert asker(0.7) == "cannot be told"
    assert asked == pytest.approx(tolerances)


def blur(monkeypatch: pytest.MonkeyPatch, low: float, high: float) -> None:
    """Nothing can be told for discount factors between low and high."""
    for name in ("outer_set", "equilibrium_set"):
        monkeypatch.setattr(module, name, lambda game, *, tolerance: blurred(game, tolerance=tolerance, low=low, high=high))


def blurred(game: StochasticGame, *, tolerance: float, low: float, high: float) -> EquilibriumSet:
    """The true sets; for discount factors between low and high nothing is proved, and the bound is the box, however small the
    tolerance."""
    sets = equilibrium_set(game, tolerance=tolerance)
    if not low < game.discount[0] < high:
        return sets
    bounds = sets.bounds.copy()
    bounds[0, :, 0] = game.payoffs.min(axis=0)
    return replace(
        sets,
        bounds=bounds,
        inner=(np.zeros((0, 2)),),
        vertex_node=(np.zeros(0, dtype=np.intp),),
        machine=None,
        gap=1.0,
        tolerance=0.1,
    )


def test_what_cannot_be_told_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    blur(monkeypatch, 0.57, 0.66)
    game = prisoners_dilemma(0.9)
    found = patience(game, cooperation(game))
    (interval,) = found.intervals
    ((before, after),) = found.undecided
    assert after == interval.low
    assert before == interval.no_below
    assert 0.57 - WIDTH < before <= 0.57
    assert 0.66 <= after < 0.66 + WIDTH
    assert "Nothing can be told from 0.5" in found.status
    assert found.threshold == interval.low


def test_a_blur_within_the_width_leaves_a_certified_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    blur(monkeypatch, 0.59999, 0.60001)
    game = prisoners_dilemma(0.9)
    found = patience(game, cooperation(game), low=0.3, high=0.9, points=3)  # .3, .6, .9
    (interval,) = found.intervals
    assert "cannot be told" in {point.told for point in found.points}
    assert_edge(interval.no_below, interval.low, 0.6)
    assert found.undecided == ()


def test_the_scans_end_may_be_what_cannot_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    blur(monkeypatch, 0.8, 1.0)
    game = prisoners_dilemma(0.9)
    found = patience(game, cooperation(game), high=0.9, points=10)
    (interval,) = found.intervals
    ((before, after),) = found.undecided
    assert (before, after) == (interval.high, 0.9)
    assert interval.no_above is None
    assert found.threshold is None
    assert "beyond it nothing can be told" in found.status


def test_an_undecided_end_of_the_scan_is_told_however_narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    blur(monkeypatch, 0.89999, 1.0)
    game = prisoners_dilemma(0.9)
    ((before, after),) = patience(game, cooperation(game), low=0.7, high=0.9, points=3).undecided
    assert after == 0.9
    assert 0.9 - WIDTH < before <= 0.89999


def test_a_threshold_is_none_where_patience_spoils_it() -> None:
    game = feast_after_famine()
    found = patience(game, PathQuestion(feast(game)), high=0.4, points=9)
    (interval,) = found.intervals
    assert_edge(interval.no_above, interval.high, 1 / 4)
    assert found.threshold is None


@pytest.mark.parametrize(
    ("least", "told"), [(4.0, "yes"), (4 + 1e-9, "yes"), (4 + 1e-7, "cannot be told"), (5.5, "cannot be told"), (6.1, "no")]
)
def test_payoffs_between_the_bounds_cannot_be_told(least: float, told: str) -> None:
    """Proved up to (3, 4), bounded by a thin polygon drawn as a segment up to (4, 6) and by its box: with a tolerance of 1 it
    may be .02 wider."""
    sets = equilibrium_set(prisoners_dilemma(0.6))
    bounds = np.array([[[1.0, 4.0], [2.0, 6.02]]])
    drawn = replace(
        sets,
        inner=(np.array([[1.0, 2.0], [3.0, 4.0]]),),
        outer=(np.array([[1.0, 2.0], [4.0, 6.0]]),),
        bounds=bounds,
        tolerance=1.0,
    )
    assert PayoffQuestion.of_player(1, least).told(drawn.game, drawn) == told


def test_the_polygon_bounds_sums_where_its_box_does_not() -> None:
    """Chicken: no payoffs sum to more than 12, though the best of both sum to 14; a drawn segment may be wider by a fiftieth of
    the tolerance."""
    sets = equilibrium_set(chicken(0.9), tolerance=1e-3)
    for least, told in ((12.0, "yes"), (12.01, "no")):
        assert PayoffQuestion((1.0, 1.0), least).told(sets.game, sets) == told
    thin = replace(sets, tolerance=1.0)
    assert PayoffQuestion((1.0, 1.0), 12.01).told(sets.game, thin) == "cannot be told"
    assert PayoffQuestion((1.0, 1.0), 12.1).told(sets.game, thin) == "no"
    nowhere = replace(sets, inner=(np.zeros((0, 2)),), outer=(np.zeros((0, 2)),), bounds=np.full((1, 2, 2), np.nan))
    assert PayoffQuestion((1.0, 1.0), 1.0).told(sets.game, nowhere) == "no"


def test_no_payoff_is_one_of_credible_play_where_there_is_no_equilibrium() -> None:
    game = matching_pennies()
    found = patience(game, PayoffQuestion((1.0, 0.0), -5.0), points=4)
    assert {point.told for point in found.points} == {"no"}
    path = Automaton.stationary(game, [[[1.0, 0.0]], [[1.0, 0.0]]])
    assert patience(game, PathQuestion(path), points=4).intervals == ()


def test_yes_answers_hold_at_the_ends_by_the_checker() -> None:
    game = feast_after_famine()
    profile = feast(game)
    found = patience(game, PathQuestion(profile), points=21)
    for delta in (found.intervals[0].high, found.intervals[1].low):
        there = replace(game, discount=np.full(2, delta))
        verdict = sustainable_path(equilibrium_set(there, tolerance=1e-2), replace(profile, game=there))
        assert verdict.plan is not None
        assert check(verdict.plan).gain <= 1e-9 * game.payoff_range


def test_the_game_is_left_as_it_was_and_answers_repeat() -> None:
    game = feast_after_famine(0.7)
    law, discount = game.transitions.data.copy(), game.discount.copy()
    first, second = (patience(game, PathQuestion(feast(game)), points=11) for _ in range(2))
    assert first == second
    assert np.array_equal(game.transitions.data, law)
    assert np.array_equal(game.discount, discount)


def test_questions_that_cannot_be_asked() -> None:
    game = prisoners_dilemma(0.9)
    question = cooperation(game)
    for options, message in (
        ({"low": 0.5, "high": 0.5}, "low < high < 1"),
        ({"high": 1.0}, "low < high < 1"),
        ({"low": -0.1}, "low < high < 1"),
        ({"points": 1}, "at least 2 points"),
        ({"width": 0.0}, "at least 2 points"),
        ({"width": math.nan}, "at least 2 points"),
        ({"player": 2}, "no player 2"),
        ({"finest": 0.2}, "finest <= coarsest"),
    ):
        with pytest.raises(GameError, match=message):
            patience(game, question, **options)  # type: ignore[arg-type]
    with pytest.raises(GameError, match="another game"):
        patience(prisoners_dilemma(0.9), question)
    with pytest.raises(GameError, match="finite"):
        patience(game, PayoffQuestion((1.0, math.inf), 0.0))
    with pytest.raises(GameError, match="mixed actions"):
        patience(game, PathQuestion(Automaton.stationary(game, [[[0.5, 0.5]], [[0.0, 1.0]]])))


def test_answers_that_change_too_often_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_HALVINGS", 3)
    game = prisoners_dilemma(0.9)
    with pytest.raises(UnsolvedError, match="larger width"):
        patience(game, cooperation(game))


def test_nobody_has_a_choice() -> None:
    game = StochasticGame.from_arrays([[[[1.0, 2.0]]]], [[[[1.0]]]], 0.5)
    found = patience(game, PathQuestion(no_choice(game)), points=3)
    assert found.threshold == 0.0
