"""Bargaining points: polygons solved by hand, a plain twin over all chords, degenerate sets, and bounds under attack."""

import itertools

import numpy as np
import pytest
from scipy.optimize import linprog, minimize
from scipy.spatial import ConvexHull

from leverage.errors import GameError
from leverage.game.stochastic_game import StochasticGame
from leverage.solvers.bargaining import RULES, bargain
from leverage.solvers.convex_polygon import clip, lottery, upper_chain
from leverage.solvers.equilibrium_set import EquilibriumSet

CLOSE = 1e-9
#: What the plain twin's own rounding may amount to.
ROUNDING = 1e-11
TRIANGLE = [[0.0, 0.0], [4.0, 0.0], [0.0, 2.0]]


def sets_of(inner, outer=None, payoff_range=None):
    inner = np.array(inner, dtype=float).reshape(-1, 2)
    outer = inner if outer is None else np.array(outer, dtype=float).reshape(-1, 2)
    points = np.concatenate([inner, outer, np.zeros((1, 2))])
    game = StochasticGame.from_arrays(
        [points[None] * (1 if payoff_range is None else payoff_range)], [np.ones((1, len(points), 1))], 0.9
    )
    bounds = np.stack([outer.min(axis=0), outer.max(axis=0)], axis=1)[None] if len(outer) else np.full((1, 2, 2), np.nan)
    return EquilibriumSet(game, (outer,), (inner,), 0.0, bounds, None, (np.arange(len(inner)),), 0.0, "")


def hull(points):
    return points[ConvexHull(points).vertices]


# --- the plain twin: every chord between two points, its part above d, and on it the rule's own critical points ----------------


def chords_above(points, d):
    """(a, b): ends of the parts above d of all chords; points of a convex set above d that are extreme lie on them."""
    pairs = [(i, j) for i in range(len(points)) for j in range(i, len(points))]
    a, b = (points[list(side)] for side in zip(*pairs, strict=True))
    with np.errstate(divide="ignore", invalid="ignore"):
        at = (d - a) / (b - a)
    rising, falling, level = b > a, b < a, b == a
    start = np.max(np.where(rising, at, 0.0), axis=1).clip(0, None)
    stop = np.min(np.where(falling, at, 1.0), axis=1).clip(None, 1)
    kept = (start <= stop) & np.all(~level | (a >= d), axis=1)
    a, b, start, stop = a[kept], b[kept], start[kept, None], stop[kept, None]
    return a + start * (b - a), a + stop * (b - a)


def largest(a, b, parts, *keys, tolerance=1e-13):
    """Of the points a + part (b - a) the lexicographically largest by the keys."""
    points = np.concatenate([a + np.clip(np.nan_to_num(part), 0, 1)[:, None] * (b - a) for part in parts])
    for key in keys:
        worth = key(points)
        points = points[worth >= worth.max() - tolerance]
    return points[0]


def plain_point(points, d, rule):
    a, b = chords_above(points, d)
    ends = [np.zeros(len(a)), np.ones(len(a))]
    g, step = a - d, b - a
    most = np.maximum(a, b).max(axis=0) - d
    if most.min() <= 1e-12:  # a player has nothing to gain
        return largest(a, b, ends, lambda v: v.sum(axis=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        if rule == "nash":
            turn = -(g[:, 0] * step[:, 1] + g[:, 1] * step[:, 0]) / (2 * step[:, 0] * step[:, 1])
            # a difference in the product is its root in the point
            return largest(a, b, [*ends, turn], lambda v: np.prod(v - d, axis=1), lambda v: v.sum(axis=1), tolerance=1e-16)
        ideal = most if rule == "kalai-smorodinsky" else np.ones(2)
        scaled, change = g / ideal, step / ideal
        turn = -(scaled[:, 0] - scaled[:, 1]) / (change[:, 0] - change[:, 1])
    smaller, total = lambda v: np.min((v - d) / ideal, axis=1), lambda v: v.sum(axis=1)
    return largest(a, b, [*ends, turn], *((total, smaller) if rule == "utilitarian" else (smaller, total)))


@pytest.mark.parametrize("seed", range(6))
def test_the_plain_twin_agrees_with_general_optimisers(seed):
    random = np.random.default_rng(seed)
    points = hull(random.normal(size=(8, 2)))
    d = points.min(axis=0)
    weight = [{"type": "eq", "fun": lambda w: w.sum() - 1}]
    k = len(points)
    nash = minimize(
        lambda w: -np.log(np.maximum(w @ points - d, 1e-12)).sum(),
        np.full(k, 1 / k),
        bounds=[(0, 1)] * k,
        constraints=weight,
        tol=1e-12,
    )
    np.testing.assert_allclose(plain_point(points, d, "nash"), nash.x @ points, atol=1e-4)
    for rule, reach in (("maximin", np.ones(2)), ("kalai-smorodinsky", points.max(axis=0) - d)):
        # largest t with w . points - t reach >= d
        found = linprog(
            np.append(np.zeros(k), -1.0),
            A_ub=np.column_stack([-points.T, reach]),
            b_ub=-d,
            A_eq=[np.append(np.ones(k), 0.0)],
            b_eq=[1.0],
            bounds=[(0, None)] * k + [(None, None)],
        )
        point = plain_point(points, d, rule)
        assert np.min((point - d) / reach) == pytest.approx(-found.fun, abs=1e-9)
    assert plain_point(points, d, "utilitarian").sum() == pytest.approx(points.sum(axis=1).max())


# --- the point ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "expected", "vertices", "weights"),
    [
        ("nash", [2.0, 1.0], (1, 2), (0.5, 0.5)),
        ("kalai-smorodinsky", [2.0, 1.0], (1, 2), (0.5, 0.5)),
        ("maximin", [4 / 3, 4 / 3], (1, 2), (1 / 3, 2 / 3)),
        ("utilitarian", [4.0, 0.0], (1,), (1.0,)),
    ],
)
def test_a_triangle_by_hand(rule, expected, vertices, weights):
    found = bargain(sets_of(TRIANGLE), 0, rule)
    np.testing.assert_allclose(found.point, expected, atol=CLOSE)
    np.testing.assert_allclose(found.weights, weights, atol=CLOSE)
    assert (found.vertices, found.agreement) == (vertices, "agreement")
    assert np.all(found.low <= expected)
    assert np.all(found.high >= expected)
    assert np.all(found.high - found.low < CLOSE)
    assert found.unit_dependent == (rule in ("maximin", "utilitarian"))


def test_rules_that_part_on_a_truncated_square():
    # d = 0, frontier (0, 1) - (1, 1) - (2, 0): Nash maximises x (2 - x) at the corner (1, 1); the ideal is (2, 1), and y = x / 2
    # meets x + y = 2 at (4/3, 2/3), Kalai and Smorodinsky's point.
    square = [[0.0, 0.0], [2.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
    assert bargain(sets_of(square), 0, "nash").point.tolist() == [1.0, 1.0]
    np.testing.assert_allclose(bargain(sets_of(square), 0, "kalai-smorodinsky").point, [4 / 3, 2 / 3], atol=CLOSE)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("seed", range(40))
def test_points_agree_with_the_plain_twin(rule, seed):
    random = np.random.default_rng(seed)
    points = hull(random.normal(size=(random.integers(3, 12), 2)))
    d = points.min(axis=0) if seed % 2 else random.dirichlet(np.ones(len(points))) @ points
    found = bargain(sets_of(points), 0, rule, "worst" if seed % 2 else d)
    np.testing.assert_allclose(found.disagreement, d)
    np.testing.assert_allclose(found.point, plain_point(points, d, rule), atol=1e-6)
    assert len(found.vertices) == len(found.weights) <= 2
    assert sum(found.weights) == pytest.approx(1, abs=1e-15)
    np.testing.assert_allclose(np.array(found.weights) @ points[list(found.vertices)], found.point, atol=1e-15)


@pytest.mark.parametrize("rule", RULES)
def test_exchanging_the_players_exchanges_the_answer(rule):
    points = hull(np.random.default_rng(4).normal(size=(9, 2)))
    one, other = bargain(sets_of(points), 0, rule), bargain(sets_of(hull(points[:, ::-1])), 0, rule)
    np.testing.assert_allclose(one.point, other.point[::-1], atol=CLOSE)
    np.testing.assert_allclose([one.low, one.high], [other.low[::-1], other.high[::-1]], atol=CLOSE)


@pytest.mark.parametrize("rule", RULES)
def test_what_is_said_of_units_is_so(rule):
    points = hull(np.random.default_rng(11).normal(size=(9, 2)))
    scale, shift = np.array([1.0, 20.0]), np.array([3.0, -7.0])
    plain, scaled = bargain(sets_of(points), 0, rule), bargain(sets_of(points * scale + shift), 0, rule)
    same = np.allclose(plain.point * scale + shift, scaled.point, atol=1e-7)
    assert same != plain.unit_dependent
    shifted = bargain(sets_of(points + shift), 0, rule)
    np.testing.assert_allclose(shifted.point, plain.point + shift, atol=1e-8)


# --- degenerate sets ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    ("polygon", "d", "expected"),
    [
        ([[1.0, 2.0]], "worst", [1.0, 2.0]),
        ([[1.0, 2.0]], (0.0, 0.0), [1.0, 2.0]),
        ([[1.0, 2.0]], (1.0, 2.0), [1.0, 2.0]),  # d is the only point
        ([[1.0, 2.0], [1.0, 5.0]], "worst", [1.0, 5.0]),  # nothing to gain for player 1: the Nash product is 0 all over
        ([[1.0, 2.0], [4.0, 2.0]], "worst", [4.0, 2.0]),
        ([[1.0, 1.0], [3.0, 2.0]], "worst", [3.0, 2.0]),  # a rising segment: both want its end
        ([[3.0, 1.0], [1.0, 3.0]], "worst", [2.0, 2.0]),  # a falling one, tied sums
        (TRIANGLE, (2.0, 1.0), [2.0, 1.0]),  # d on the frontier
        (TRIANGLE, (0.0, 2.0), [0.0, 2.0]),  # d a corner
        (TRIANGLE, (4.0, -1.0), [4.0, 0.0]),
        ([[0.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.5]], "worst", [1.0, 1.0]),  # repeated vertices
    ],
)
def test_degenerate_sets(rule, polygon, d, expected):
    found = bargain(sets_of(polygon), 0, rule, d)
    assert found.agreement == "agreement"
    np.testing.assert_allclose(found.point, expected, atol=CLOSE)
    assert np.all(found.low <= found.point)
    assert np.all(found.point <= found.high)


@pytest.mark.parametrize("rule", ["nash", "kalai-smorodinsky", "maximin"])
def test_a_known_upright_segment_leaves_no_doubt(rule):
    found = bargain(sets_of([[1.0, 2.0], [1.0, 5.0]]), 0, rule)
    np.testing.assert_allclose([found.low, found.high], [[1.0, 5.0], [1.0, 5.0]], atol=CLOSE)


def test_an_upright_side_that_rounding_tilts_is_upright():
    # the smaller gain is 2 all along the right side; the other gain decides, not the last digit
    tilted = [[0.0, 0.0], [2.0 + 4e-16, 2.5], [2.0, 5.0], [0.0, 5.0]]
    np.testing.assert_allclose(bargain(sets_of(tilted), 0, "maximin").point, [2.0, 5.0], atol=CLOSE)


def test_tied_sums_go_to_the_larger_smaller_gain_and_the_bounds_say_that_a_hair_would_move_it():
    found = bargain(sets_of([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]]), 0, "utilitarian", (1.0, 0.0))
    np.testing.assert_allclose(found.point, [2.5, 1.5], atol=CLOSE)
    np.testing.assert_allclose([found.low, found.high], [[1.0, 0.0], [4.0, 3.0]], atol=CLOSE)


def test_payoffs_that_are_large_and_hardly_differ():
    found = bargain(sets_of(np.array(TRIANGLE) + 1e6), 0, "nash")
    np.testing.assert_allclose(found.point, [1e6 + 2, 1e6 + 1], atol=1e-7)


# --- no agreement ---------------------------------------------------------------------------------------------------------


def test_no_agreement_is_told_from_not_knowing():
    inner, outer = [[1.0, 1.0], [2.0, 1.0], [1.0, 2.0]], [[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]]
    beyond = bargain(sets_of(inner, outer), 0, "nash", (3.0, 2.0))
    between = bargain(sets_of(inner, outer), 0, "nash", (1.6, 1.6))
    assert (beyond.agreement, between.agreement) == ("no agreement", "cannot be told")
    assert beyond.vertices == between.vertices == ()
    assert np.all(np.isnan([beyond.point, between.point, beyond.low, beyond.high]))
    np.testing.assert_allclose([between.low, between.high], [[1.6, 1.6], [2.4, 2.4]], atol=CLOSE)
    assert "no agreement" in beyond.sentence
    assert "cannot be told" in between.sentence


@pytest.mark.parametrize(("outer", "verdict"), [([], "no equilibrium"), (TRIANGLE, "cannot be told")])
@pytest.mark.parametrize("d", ["worst", (0.0, 0.0)])
def test_empty_polygons(outer, verdict, d):
    found = bargain(sets_of([], outer), 0, "nash", d)
    assert found.agreement == verdict
    assert found.sentence.startswith(verdict)
    assert "nan" not in found.sentence


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("polygon", [[[1.0, 2.0]], [[1.0, 2.0], [1.0, 5.0]], TRIANGLE])
def test_an_inner_polygon_that_sticks_out_by_rounding(rule, polygon):
    shift = np.array([-3e-16, 2e-16])
    found = bargain(sets_of(polygon + shift, polygon), 0, rule)
    exact = bargain(sets_of(polygon), 0, rule)
    assert found.agreement == "agreement"
    np.testing.assert_allclose([found.point, found.low, found.high], [exact.point, exact.low, exact.high], atol=1e-6)


def test_arguments_that_mean_nothing_are_refused():
    sets = sets_of(TRIANGLE)
    for arguments in (
        (0, "egalitarian"),
        (1, "nash"),
        (0, "nash", "best"),
        (0, "nash", (1.0, 2.0, 3.0)),
        (0, "nash", (1.0, np.nan)),
    ):
        with pytest.raises(GameError):
            bargain(sets, *arguments)


# --- the bounds under attack ------------------------------------------------------------------------------------------------


def nested(random, gap):
    """An inner polygon and an outer one around it, corners near and far."""
    inner = hull(random.normal(size=(random.integers(3, 9), 2)))
    pushed = inner + gap * random.exponential(size=inner.shape) * random.choice([-1.0, 1.0], size=inner.shape)
    return inner, hull(np.concatenate([inner, pushed, inner + gap * random.normal(size=inner.shape)]))


def sets_between(random, inner, outer, number):
    """Convex sets between the two: the inner polygon with a few points of the outer one, corners and sides preferred."""
    for k in range(number):
        if k < 2:
            yield outer if k else inner
            continue
        count = random.integers(1, 4)
        weights = random.dirichlet(np.full(len(outer), random.choice([0.05, 0.3, 1.0])), size=count)
        yield np.concatenate([inner, weights @ outer])


def holds(found, between, d, rule):
    point = plain_point(between, d, rule)
    return np.all((found.low - ROUNDING <= point) & (point <= found.high + ROUNDING))


@pytest.mark.parametrize("gap", [1.0, 0.1, 1e-3, 1e-6])
@pytest.mark.parametrize("rule", RULES)
def test_bounds_hold_for_every_set_between_and_every_disagreement_point(rule, gap):
    random = np.random.default_rng([int(-np.log10(gap)), list(RULES).index(rule)])
    for _ in range(30):
        inner, outer = nested(random, gap)
        pair = random.dirichlet(np.ones(len(inner))) @ inner - random.choice([0.0, 0.3])
        given = bargain(sets_of(inner, outer), 0, rule, pair)
        worst = bargain(sets_of(inner, outer), 0, rule)
        assert given.agreement == worst.agreement == "agreement"
        lowest, highest = outer.min(axis=0), inner.min(axis=0)
        for between in sets_between(random, inner, outer, 12):
            assert holds(given, between, pair, rule), (between, pair)
            corners = [np.where(mask, highest, lowest) for mask in itertools.product((True, False), repeat=2)]
            for d in (*corners, lowest + random.random(2) * (highest - lowest), between.min(axis=0)):
                assert holds(worst, between, d, rule), (between, d)


def lattice(random, points):
    """The hull of a few points of a small lattice: points, segments, level, upright and slanting sides abound."""
    points = np.unique(np.concatenate([points, random.integers(0, 4, (random.integers(1, 4), 2)).astype(float)]), axis=0)
    if np.linalg.matrix_rank(points - points[0]) < 2:
        return points[[0, -1]] if len(points) > 1 else points
    return hull(points)


@pytest.mark.parametrize("rule", RULES)
def test_points_and_bounds_on_a_lattice_where_ties_abound(rule):
    random = np.random.default_rng(list(RULES).index(rule))
    verdicts = set()
    for _ in range(150):
        inner = lattice(random, np.zeros((0, 2)))
        outer = lattice(random, inner) if random.random() < 0.7 else inner
        d = random.integers(-1, 4, 2) + random.choice([0.0, 0.5])
        worst, given = (bargain(sets_of(inner, outer), 0, rule, disagreement) for disagreement in ("worst", d))
        verdicts.add(given.agreement)
        np.testing.assert_allclose(worst.point, plain_point(inner, inner.min(axis=0), rule), atol=1e-7)
        lowest, highest = outer.min(axis=0), inner.min(axis=0)
        for between in sets_between(random, inner, outer, 4):
            assert holds(worst, between, lowest + random.random(2) * (highest - lowest), rule), between
            assert holds(worst, between, between.min(axis=0), rule), between
            possible = len(chords_above(between, d)[0]) > 0
            assert possible or given.agreement != "agreement"
            if possible:
                assert given.agreement != "no agreement"
                assert holds(given, between, d, rule), (between, d)
    assert verdicts == {"agreement", "no agreement", "cannot be told"}


@pytest.mark.parametrize("gap", [1e-1, 1e-2, 1e-4])
def test_nash_bounds_are_sharp_for_a_given_disagreement_point(gap):
    """A hundredth inside each bound there is a z on the outer side such that conv(inner + {z}) has its Nash point at z."""
    random = np.random.default_rng(7)
    for _ in range(30):
        inner, outer = nested(random, gap)
        d = inner.min(axis=0) - 0.1
        found = bargain(sets_of(inner, outer), 0, "nash", d)
        for i, part in itertools.product((0, 1), (0.01, 0.99)):
            x = found.low[i] + part * (found.high[i] - found.low[i])
            turned = outer if i == 0 else outer[::-1, ::-1]
            z = np.array([x, np.interp(x, *upper_chain(turned).T)])[[i, 1 - i]]
            np.testing.assert_allclose(plain_point(np.concatenate([inner, [z]]), d, "nash"), z, rtol=0, atol=1e-7)


@pytest.mark.parametrize("rule", ["nash", "kalai-smorodinsky", "maximin"])
def test_bounds_shrink_with_the_gap(rule):
    # Nash's product is flat along a side near its best point: bounds from its level curve alone would be the root of the gap
    gap = 1e-8
    outer = np.array(TRIANGLE) + gap * np.array([[-1, -1], [1, -1], [-1, 1]])
    found = bargain(sets_of(TRIANGLE, outer), 0, rule)
    assert np.all(found.high - found.low < 10 * gap)
    assert np.all(found.high - found.low > gap / 10)


# --- polygons ---------------------------------------------------------------------------------------------------------------


def test_clipping_a_segment_and_a_point():
    segment, right = np.array([[0.0, 0.0], [2.0, 2.0]]), np.array([1.0, 0.0])
    assert sorted(clip(segment, right, 0.5).tolist()) == [[0.5, 0.5], [2.0, 2.0]]
    assert clip(segment, right, 2.0).tolist() == [[2.0, 2.0]]
    assert clip(segment, right, 3.0).shape == (0, 2)
    assert clip(segment[:1], right, 0.0).tolist() == [[0.0, 0.0]]


def test_the_upper_side_begins_and_ends_at_the_top():
    square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    assert upper_chain(square).tolist() == [[0.0, 1.0], [1.0, 1.0]]
    for turn in range(4):
        assert upper_chain(np.roll(square, turn, axis=0)).tolist() == [[0.0, 1.0], [1.0, 1.0]]
    assert upper_chain(np.array([[1.0, 3.0], [1.0, 0.0]])).tolist() == [[1.0, 3.0]]


def test_a_corner_needs_no_lottery():
    vertices, weights = lottery(np.array(TRIANGLE), np.array([4.0, 1e-14]), 1e-12)
    assert vertices.tolist() == [1]
    assert weights.tolist() == [1.0]
