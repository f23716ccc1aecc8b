"""The textbook twin against games solved by hand, decided in fractions, and against published programs' answers."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.solvers.aps_twin import (
    Node,
    Outer,
    PlainGame,
    Point,
    as_lottery,
    both_sides,
    cut,
    excess,
    from_inside,
    from_outside,
    gap,
    grown,
    holds,
    hull,
    operator,
    proved,
    self_generating,
    thinned,
    turn,
    weighted_sum,
)
from tests.solvers.set_games import KINDS, forbidding, plain, set_game, without

REFERENCE = json.loads((Path(__file__).parents[1] / "data" / "equilibrium_sets.json").read_text(encoding="utf-8"))["cases"]
#: More than ten seconds in pure Python on a busy machine: left to the fast solver's own test.
LONG = {"rand_S5_A3_d0.9", "rand_S10_A2_d0.7"}
F = Fraction
QUARTER, HALF = F(1, 4), F(1, 2)
#: Rounding of exact iterates: keeps fractions short.
FINE = F(1, 10**9)


def points(*pairs):
    return hull([Point(F(x), F(y)) for x, y in pairs])


def exactly(*payoffs, laws=None, discount=HALF, **masks):
    """A game in fractions; default: one state for ever."""
    tables = [[[tuple(F(u) for u in pair) for pair in row] for row in table] for table in payoffs]
    stay = [[[[F(1)] for _ in row] for row in table] for table in payoffs]
    pair = discount if isinstance(discount, tuple) else (discount, discount)
    return PlainGame(tables, stay if laws is None else [[[[F(p) for p in c] for c in r] for r in t] for t in laws], pair, **masks)


def dilemma(discount, **masks):
    return exactly([[(3, 3), (0, 5)], [(5, 0), (1, 1)]], discount=discount, **masks)


# --- polygons ------------------------------------------------------------------------------------------------------------------


def test_turns_of_floats_are_exact():
    """(0.1, 0.3), (0.2, 0.6) and (0.3, 0.9) as floats do not stand on a line, though products of differences say so or err."""
    for k in range(200):
        o, a, b = (0.1 * k, 0.3 * k), (0.2 * k, 0.6 * k), (0.3 * k, 0.9 * k)
        assert turn(o, a, b) == turn(*(tuple(map(F, p)) for p in (o, a, b)))


def test_a_hull_drops_nothing_outside_it():
    """Points within a rounding of one line: every one of them stays in the hull, exactly."""
    rng = np.random.default_rng(5)
    t = np.sort(rng.random(60))
    cloud = [Point(float(x), float(y)) for x, y in zip(0.1 + 0.7 * t, 0.3 + 0.7 * t / 3, strict=True)]
    polygon = hull(cloud)
    exact = [Point(F(p.x), F(p.y)) for p in polygon]
    assert all(holds(exact, (F(p.x), F(p.y))) for p in cloud)
    assert all(turn(*(polygon[(k + j) % len(polygon)] for j in (0, 1, 2))) > 0 for k in range(len(polygon)))


def test_sums_are_hulls_of_all_sums():
    """Squares, segments and points, with parallel and opposite edges; recipes name the vertices that were summed."""
    shapes = [
        points((0, 0), (1, 0), (1, 1), (0, 1)),
        points((0, 0), (2, 2)),
        points((3, 1)),
        points((0, 2), (2, 0)),
        points((0, 0), (0, 1)),
    ]
    for first in shapes:
        for second in shapes:
            parts = [(F(1, 3), first), (F(2, 3), second)]
            found = weighted_sum(parts)
            everything = hull([Point(p.x / 3 + 2 * q.x / 3, p.y / 3 + 2 * q.y / 3) for p in first for q in second])
            assert [p[:2] for p in hull(found)] == [p[:2] for p in everything]
            assert all(p.x == first[p.how[0]].x / 3 + 2 * second[p.how[1]].x / 3 for p in found)


def test_cuts_through_vertices_edges_and_degenerate_sets():
    square = [Point(F(p.x), F(p.y), ((F(1), (k,)),)) for k, p in enumerate(points((0, 0), (1, 0), (1, 1), (0, 1)))]
    half = hull(cut(square, 0, F(1, 4)))
    assert [p[:2] for p in half] == [p[:2] for p in points((QUARTER, 0), (1, 0), (1, 1), (QUARTER, 1))]
    assert half[0].how == ((F(3, 4), (0,)), (F(1, 4), (1,)))
    assert [p[:2] for p in hull(cut(square, 1, F(1)))] == [(0, 1), (1, 1)]
    assert cut(square, 1, F(2)) == []
    segment = square[:2]
    assert [p[:2] for p in hull(cut(segment, 0, HALF))] == [(HALF, 0), (1, 0)]
    assert [p[:2] for p in cut(segment[:1], 0, F(0))] == [(0, 0)]


def test_thinner_and_grown_polygons_contain_what_they_should():
    rng = np.random.default_rng(8)
    for count in (1, 2, 3, 200):
        angles = rng.random(count) * 2 * np.pi
        polygon = hull([Point(float(np.cos(a)), float(np.sin(a))) for a in angles])
        width = 1e-3
        few = thinned(polygon, width)
        assert excess([polygon], [few]) <= width
        around = grown(polygon, width)
        assert all(holds(around, p) for p in polygon)
        assert excess([around], [polygon]) <= 5 * width
    assert len(thinned(hull([Point(float(np.cos(a)), float(np.sin(a))) for a in np.arange(0, 6.28, 0.01)]), width)) < 100


def test_lotteries_mean_the_point():
    polygon = points((0, 0), (3, 0), (4, 2), (1, 4))
    for point in [(0, 0), (1, 1), (3, 2), (2, 0), (F(5, 2), 1), (4, 2), (1, 3)]:
        weights = as_lottery((F(point[0]), F(point[1])), polygon)
        assert sum(weights.values()) == 1
        assert min(weights.values()) > 0
        assert tuple(sum(w * polygon[k][j] for k, w in weights.items()) for j in (0, 1)) == point
    assert as_lottery((F(5), F(-3)), polygon) == {1: 1} or as_lottery((F(5), F(-3)), polygon).keys() == {1, 2}


# --- prisoners' dilemma 5, 3, 1, 0: all of it by hand --------------------------------------------------------------------------
# Mutual cooperation needs 3 >= 5 (1 - d) + d: d >= 1/2. Exploitation in turns, (0, 5) then (5, 0), lives in {v >= 1,
# v1 + v2 <= 5}: the exploited gets d w1 >= (1 - d) + d, so w1 >= 1/d, and w1 is at most 4: d >= 1/4.

NOTHING, TURNS, ALL = points((1, 1)), points((1, 1), (1, 4), (4, 1)), points((1, 1), (3, 3), (1, F(13, 3)), (F(13, 3), 1))


@pytest.mark.parametrize(
    ("discount", "answer"),
    [
        (F(0), NOTHING),
        (F(24, 100), NOTHING),
        (QUARTER, TURNS),
        (F(3, 10), TURNS),
        (F(49, 100), TURNS),
        (HALF, ALL),
        (F(3, 5), ALL),
        (F(9, 10), ALL),
    ],
)
def test_the_prisoners_dilemma_changes_at_a_quarter_and_at_a_half(discount, answer):
    """Inner: the answer generates itself, in fractions. Outer: the steps come down to it."""
    game = dilemma(discount)
    assert self_generating(game, [answer])
    outer = from_outside(game, grain=FINE)
    assert all(holds(outer.sets[0], p) for p in answer)
    assert excess(outer.sets, [answer]) < 1e-6


@pytest.mark.parametrize(("discount", "below"), [(QUARTER, TURNS), (HALF, ALL)])
def test_a_millionth_below_the_critical_discount_the_answer_is_refused(discount, below):
    assert self_generating(dilemma(discount), [below])
    assert not self_generating(dilemma(discount - F(1, 10**6)), [below])


def test_steps_in_pure_fractions_shrink_and_keep_the_answer():
    """No rounding at all: six steps."""
    game = dilemma(HALF)
    before = from_outside(game, most=1).sets
    for _ in range(5):
        after = operator(game, before)
        assert all(holds(before[0], p) for p in after[0])
        assert all(holds(after[0], p) for p in ALL)
        before = after


def test_who_may_not_deviate_can_be_told_to_cooperate():
    """At discount 0 only one-shot equilibria count. The first may not turn to defection: (C, D), which pays (0, 5), is one then;
    so is (D, D), where a turn to cooperation pays less. The second still turns from cooperation."""
    bound = dilemma(F(0), prescribable=[[[True, True], [True, True]]], deviation=[[[True, False], [True, True]]])
    answer = points((0, 5), (1, 1))
    assert [p[:2] for p in operator(bound, [NOTHING])[0]] == [p[:2] for p in answer]
    assert [p[:2] for p in operator(dilemma(F(0)), [NOTHING])[0]] == [(1, 1)]


# --- other games by hand -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("discount", [F(0), HALF, F(9, 10)])
def test_coordination_is_the_segment_between_its_equilibria(discount):
    """Off the diagonal somebody gets 0 and could have 2: that needs v >= 2 (1 - d) + d m, so the least payoff m is not paid that
    way, and where both do the same it is not below 1."""
    game = exactly([[(2, 2), (0, 0)], [(0, 0), (1, 1)]], discount=discount)
    answer = points((1, 1), (2, 2))
    assert self_generating(game, [answer])
    assert excess(from_outside(game, grain=FINE).sets, [answer]) < 1e-7
    assert not self_generating(game, [points((F(99, 100), F(99, 100)), (2, 2))])


@pytest.mark.parametrize("discount", [F(0), HALF, F(9, 10)])
def test_matching_pennies_has_no_equilibrium_in_pure_actions(discount):
    outer = from_outside(exactly([[(1, -1), (-1, 1)], [(-1, 1), (1, -1)]], discount=discount), grain=FINE)
    assert outer.sets == [[]]
    assert outer.sources == (0,)


def keep_or_grab(discount, **masks):
    """State 0: the first keeps (2, 2) or grabs (4, 0), after which state 1 pays nothing for ever."""
    laws = [[[(1, 0)], [(0, 1)]], [[(0, 1)]]]
    return exactly([[(2, 2)], [(4, 0)]], [[(0, 0)]], laws=laws, discount=discount, **masks)


@pytest.mark.parametrize(
    ("discount", "answer"),
    [
        (F(2, 5), points((F(12, 5), 0))),  # grab at once: 4 (1 - d)
        (HALF, points((2, 2), (2, 0))),  # both are worth 2
        (F(3, 5), points((2, 2))),
        ((HALF, F(9, 10)), points((2, 2), (2, 0))),  # only the first player's patience counts
    ],
)
def test_a_two_state_game_changes_from_point_to_segment_to_point(discount, answer):
    game = keep_or_grab(discount)
    assert self_generating(game, [answer, points((0, 0))])
    assert excess(from_outside(game, grain=FINE).sets, [answer, points((0, 0))]) < 1e-6


def test_a_grab_that_may_be_planned_but_not_deviated_to():
    """Then keeping is safe at any discount; planning the grab needs that keeping is no better."""
    masks = {"prescribable": [[[True, True], [True]], [[True], [True]]], "deviation": [[[True, False], [True]], [[True], [True]]]}
    impatient, patient = keep_or_grab(F(2, 5), **masks), keep_or_grab(F(3, 5), **masks)
    wide, narrow = [points((2, 2), (F(12, 5), 0)), points((0, 0))], [points((2, 2)), points((0, 0))]
    assert self_generating(impatient, wide)
    assert excess(from_outside(impatient, grain=FINE).sets, wide) < 1e-6
    assert self_generating(patient, narrow)
    assert excess(from_outside(patient, grain=FINE).sets, narrow) < 1e-6


# --- emptiness -----------------------------------------------------------------------------------------------------------------


def brink(**masks):
    """State 0 pays (5, 5) whatever is done; only if both move does it lead to matching pennies. State 2 leads to state 0."""
    calm = [[(5, 5), (5, 5)], [(5, 5), (5, 5)]]
    pennies = [[(1, -1), (-1, 1)], [(-1, 1), (1, -1)]]
    stay, pit, back = (1, 0, 0), (0, 1, 0), (HALF, 0, HALF)
    laws = [[[stay, stay], [stay, pit]], [[pit, pit], [pit, pit]], [[back]]]
    return exactly(calm, pennies, [[(0, 0)]], laws=laws, **masks)


def masks_of(first):
    """Masks of `brink`: `first` for the first player in state 0, the rest is free."""
    free = [[True, True], [True, True]]
    return [[first, [True, True]], free, [[True], [True]]]


def test_emptiness_spreads_over_joint_deviations_too():
    """Nobody alone leads from (stay, stay) to matching pennies, but both together do, and no equilibrium says what comes then."""
    outer = from_outside(brink())
    assert outer.sets == [[], [], []]
    assert outer.sources == (1,)


def test_emptiness_stops_at_deviations_that_are_not_allowed():
    """If the first player cannot move, unless told to, staying is an equilibrium."""
    game = brink(prescribable=masks_of([True, True]), deviation=masks_of([True, False]))
    outer = from_outside(game, most=60)
    assert [bool(part) for part in outer.sets] == [True, False, True]
    assert self_generating(game, [points((5, 5)), [], points((F(5, 3), F(5, 3)))])
    allowed = brink(prescribable=masks_of([True, False]), deviation=masks_of([True, True]))
    assert from_outside(allowed).sets == [[], [], []]


def test_a_transition_of_chance_zero_spreads_nothing():
    """State 0 is empty; state 1 is told of a chance 0 to get there, and stays."""
    pennies, calm = [[(1, -1), (-1, 1)], [(-1, 1), (1, -1)]], [[(2, 1)]]
    outer = from_outside(exactly(pennies, calm, laws=[[[(1, 0)] * 2] * 2, [[(0, 1)]]]), grain=FINE)
    assert [bool(part) for part in outer.sets] == [False, True]
    assert outer.sources == (0,)


def test_an_action_neither_prescribed_nor_deviated_to_might_as_well_not_exist():
    floats = plain(brink().payoffs, brink().transitions, (0.5, 0.5), "brink")
    masked = from_outside(forbidding(floats, 0, 0, 1, prescribable=False, deviation=False))
    removed = from_outside(without(floats, 0, 0, 1))
    assert [len(part) for part in masked.sets] == [len(part) for part in removed.sets]
    assert max(excess(masked.sets, removed.sets), excess(removed.sets, masked.sets)) < 1e-12
    assert [bool(part) for part in masked.sets] == [True, False, True]


# --- machines ------------------------------------------------------------------------------------------------------------------


def test_machines_in_fractions_are_exact():
    """At 3/5 the set is found whole in fractions, no deviation gains anything, and what is found generates itself."""
    game = dilemma(F(3, 5))
    outer = from_outside(game, grain=FINE)
    inner = from_inside(game, outer.sets, 1e-6)
    assert inner.gain <= 0
    assert all(isinstance(c, Fraction) for p in inner.sets[0] for c in p[:2])
    assert self_generating(game, inner.sets)
    assert all(holds(ALL, p) for p in inner.sets[0])
    assert gap(inner.sets, outer.sets) < 1e-6


def test_a_bad_node_takes_those_before_it_along_and_leaves_the_rest():
    """At 2/5: defection for ever stands; cooperation for ever does not, nor what leads to it."""
    defect, cooperate = (1, 1), (0, 0)
    nodes = [Node(0, defect, {0: F(1)}), Node(0, cooperate, {1: F(1)}), Node(0, defect, {0: HALF, 1: HALF})]
    inner = proved(dilemma(F(2, 5)), nodes, F(0))
    assert inner.nodes == nodes[:1]
    assert [p[:2] for p in inner.sets[0]] == [(1, 1)]
    kept = proved(dilemma(HALF), nodes, F(0))
    assert kept.nodes == nodes
    assert kept.values == [(1, 1), (3, 3), (F(3, 2), F(3, 2))]
    assert kept.gain == 0


def test_machines_refuse_what_a_deviation_breaks():
    """Slightly below 1/2 no node cooperates: an outer set that still holds (3, 3) does not mislead."""
    game = dilemma(F(49, 100))
    inner = from_inside(game, [ALL], 1e-9)
    assert all(node.profile != (0, 0) for node in inner.nodes)
    assert all(p.x + p.y <= 5 for p in inner.sets[0])


# --- larger games --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", [pytest.param(c, id=c["name"]) for c in REFERENCE if c["name"] not in LONG])
def test_reference_games(case):
    """Both of the twin's sets are the published one, within its accuracy: a vertex' distance is at most the largest support error
    times the reciprocal of the sine of half the angle there; vertices of these games are less acute than 1 : 5."""
    found = both_sides(plain(case["payoffs"], case["transitions"], (case["discount"],) * 2, case["name"]))
    published = [hull([Point(*p) for p in part]) for part in case["vertices"]]
    assert found.apart < 1e-8
    assert excess(found.inner.sets, published) <= case["tolerance"]
    assert excess(published, found.outer.sets) <= case["tolerance"]
    assert excess(found.outer.sets, published) <= 5 * case["tolerance"]


def test_unequal_patience_trades_beyond_the_stage_payoffs():
    """Lehrer and Pauzner: the patient lends to the impatient, and the sum of payoffs leaves the hull of the stage's, 4."""
    table = [[(2.0, 2.0), (-1.0, 4.0)], [(4.0, -1.0), (0.0, 0.0)]]
    game = plain([table], [np.ones((2, 2, 1))], (0.9, 0.8), "dilemma")
    found = both_sides(game, grain=1e-10)
    assert found.apart < 1e-7
    assert max(p.x + p.y for p in found.inner.sets[0]) > 4.36


@pytest.mark.parametrize("kind", range(len(KINDS)), ids=[kind.__name__ for kind in KINDS])
def test_brackets_close_on_games_of_every_kind(kind):
    """The two sets come from different arguments; here they meet."""
    game = set_game(kind + len(KINDS))
    found = both_sides(game, grain=1e-11 * game.payoff_range)
    assert isinstance(found.outer, Outer)
    assert found.apart <= 1e-7 * game.payoff_range
    assert excess(found.inner.sets, found.outer.sets) <= 1e-9 * game.payoff_range
