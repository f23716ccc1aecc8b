"""Batteries of the equilibrium sets of two players: polygons, directions, kernels, both bounds; see `batteries.py`.

Sets are compared by support values: those of brute force over vertices, of the textbook twin's operator, of games solved by hand.
Payoffs of the games are scaled to [0, 1] before a module sees them; `Board` translates.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from functools import cache, cached_property
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import csr_array

from leverage.certification.checker import check
from leverage.errors import GameError, UnsolvedError
from leverage.game.automaton import Automaton
from leverage.game.stochastic_game import Booleans, Floats, StochasticGame
from leverage.solvers import direction_fan, equilibrium_set, outer_bound, payoff_bounds, set_form
from leverage.solvers.direction_fan import DirectionFan
from leverage.solvers.payoff_polygon import corners
from leverage.solvers.payoff_polygon import distance as to_polygon
from leverage.solvers.pure_markov import pure_markov
from tests.games import prisoners_dilemma, random_game, random_machine
from tests.mutations.batteries import same
from tests.mutations.reference import gains_of
from tests.solvers.aps_twin import PlainGame, Point, distance, hull, operator, thresholds
from tests.solvers.set_games import dense, masked, plain, ragged, scenario_like, set_game, ties
from tests.solvers.test_bargaining import hull as convex_hull
from tests.solvers.test_bargaining import nested, plain_point, sets_between, sets_of
from tests.solvers.test_payoff_bounds import CLOSE as CLOSE_BOUNDS
from tests.solvers.test_payoff_bounds import assert_sound, assert_tight, plain_pd, public_goods
from tests.solvers.test_variable_threats import BY_HAND, feasible_corners, nash_points, pure_strategies
from tests.solvers.test_variable_threats import random_game as stochastic_game
from tests.solvers.test_variable_threats import values_of as values_of_play

#: The prisoners' dilemma 3, 0, 5, 1, solved by hand: patience of at least a half sustains cooperation.
DILEMMA = [[(3.0, 3.0), (0.0, 5.0)], [(5.0, 0.0), (1.0, 1.0)]]
COOPERATION = [(1.0, 1.0), (13 / 3, 1.0), (3.0, 3.0), (1.0, 13 / 3)]
TURNS = [(1.0, 1.0), (4.0, 1.0), (1.0, 4.0)]
#: Two sets that are the same but for the relaxed constraints' slack and rounding, fractions of a player's range.
TIGHT = 1e-9


def compile_kernels() -> None:
    """Compiling takes longer than a battery may: kernels are met once before, with arrays in each order of memory."""
    for game in (for_ever(0.6), for_ever((0.6, 0.5)), set_game(1, (dense,)), set_game(5, (dense,)), set_game(6, (dense,))):
        equilibrium_set.equilibrium_set(built(game))
    payoff_bounds.payoff_bounds(prisoners_dilemma(0.6))


def for_ever(discount: float | tuple[float, float], table: Any = DILEMMA) -> PlainGame:
    """One state."""
    pair = discount if isinstance(discount, tuple) else (discount, discount)
    return plain([table], [np.ones((*np.shape(table)[:2], 1))], pair, "for ever")


def built(game: PlainGame) -> StochasticGame:
    return StochasticGame.from_arrays(game.payoffs, game.transitions, game.discount)


@dataclass(frozen=True, eq=False)
class Board:
    """A plain game, what the solver makes of it, and the way between their payoffs."""

    game: PlainGame

    @cached_property
    def form(self) -> set_form.SetForm:
        return set_form.set_form(built(self.game), self.game.prescribable, self.game.deviation)

    def polygons(self, scaled: list[Floats]) -> list[list[Point]]:
        """Payoff units, for the twin."""
        return [hull([Point(*map(float, self.form.lowest + self.form.scale * p)) for p in part]) for part in scaled]

    def supports(self, polygons: list[list[Point]], toward: Floats) -> Floats:
        """(S, Q) of the twin's polygons, scaled; NaN where empty."""
        rows = []
        for part in polygons:
            points = (np.array([p[:2] for p in part]).reshape(-1, 2) - self.form.lowest) / self.form.scale
            rows.append((points @ toward.T).max(axis=0) if len(part) else np.full(len(toward), np.nan))
        return np.array(rows)


@cache
def board(seed: int, kind: Any = dense) -> Board:
    return Board(set_game(seed, (kind,)))


def cloud(random: np.random.Generator, size: int) -> Floats:
    """Points of the unit square: a polygon, a segment or a point."""
    return np.asarray(random.random((size, 2)))


def around(points: Floats, directions: Floats) -> Floats:
    """Support values of the hull."""
    return np.asarray((points @ directions.T).max(axis=0))


def vertices_of(normals: Floats, levels: Floats) -> Floats:
    """Vertices of {x : normals x <= levels}, by trying all pairs of lines."""
    found = []
    for a, b in itertools.combinations(range(len(normals)), 2):
        det = normals[a, 0] * normals[b, 1] - normals[a, 1] * normals[b, 0]
        if abs(det) > TIGHT:
            x = np.linalg.solve(normals[[a, b]], levels[[a, b]])
            if np.all(normals @ x <= levels + 1e-10):
                found.append(x)
    return np.array(found).reshape(-1, 2)


def uneven_fan(module: Any = direction_fan) -> Any:
    """The four axes and directions of no regular order."""
    turns = np.array([0.02, 0.5, 1.1, 1.9, 2.4, 2.9, 3.3, 4.0, 5.1, 5.9, 6.2])
    return module.DirectionFan.even(4).with_more(np.column_stack([np.cos(turns), np.sin(turns)]))[0]


# --- the game's form ---------------------------------------------------------------------------------------------------------


def check_set_form(module: ModuleType) -> None:
    for seed, kind in ((1, ragged), (2, masked), (3, masked), (4, masked), (5, dense)):
        game = set_game(seed, (kind,))
        form = module.set_form(built(game), game.prescribable, game.deviation)
        _rows_and_departures(game, form)
        _what_is_exposed(game, form, np.random.default_rng(seed))
    flat = module.set_form(built(for_ever(0.5, [[(2.0, 1.0), (2.0, 3.0)]])), None, None)
    same(flat.scale, [1, 2])
    same(flat.reward, [[0, 0], [0, 0.5]])
    _what_does_not_fit(module)


def _row(form: Any, s: int, a: tuple[int, int]) -> int:
    return int(form.game.row_start[s] + a[0] * form.game.action_counts[s, 1] + a[1])


def _profiles(game: PlainGame) -> list[tuple[int, tuple[int, int]]]:
    return [(s, a) for s in range(game.n_states) for a in itertools.product(range(game.count(s, 0)), range(game.count(s, 1)))]


def _rows_and_departures(game: PlainGame, form: Any) -> None:
    low = [min(game.rows(i)) for i in (0, 1)]
    width = [max(game.rows(i)) - min(game.rows(i)) for i in (0, 1)]
    same(form.delta, game.discount)
    same(form.lowest, low)
    same(form.scale, width)
    for s, a in _profiles(game):
        r = _row(form, s, a)
        for i in (0, 1):
            same(form.reward[r, i], (game.now(s, a, i) - (1 - game.discount[i]) * low[i]) / width[i])
            found = form.departures[form.departure_start[i, r] : form.departure_start[i, r + 1]]
            assert found.tolist() == [_row(form, s, b) for b in game.deviations(s, a, i)]
            allowed = game.deviation is None or game.deviation[s][i][a[i]]
            assert form.may_depart[i][r] == allowed
        assert form.prescribed[r] == (a in set(game.profiles(s)))
        start, target, chance = form.law
        assert dict(zip(target[start[r] : start[r + 1]], chance[start[r] : start[r + 1]], strict=True)) == pytest.approx(
            dict(game.successors(s, a))
        )


def _what_is_exposed(game: PlainGame, form: Any, random: np.random.Generator) -> None:
    """In one row at a time, so that none stands for another, and in several."""
    for marked in (*np.eye(len(form.reward), dtype=bool)[:12], random.random(len(form.reward)) < 0.2):
        before = marked.copy()
        expected = [any(marked[_row(form, s, b)] for b in game.histories(s, a)) for s, a in _profiles(game)]
        assert form.exposed(marked).tolist() == expected
        assert np.array_equal(marked, before)


def _what_does_not_fit(module: ModuleType) -> None:
    game = built(for_ever(0.5, [[(2.0, 1.0), (2.0, 3.0)]]))
    right = [[[True], [True, False]]]
    assert module.set_form(game, right, None).prescribed.tolist() == [True, False]
    assert module.set_form(game, None, right).prescribed.tolist() == [True, True]
    for wrong in ([], [*right, *right], [[[True], [True]]], [[[True, True], [True, True]]], [[[True]]], [[[True], [0, 1]]]):
        with pytest.raises(GameError, match="prescribable"):
            module.set_form(game, wrong, None)
        with pytest.raises(GameError, match="deviation"):
            module.set_form(game, None, wrong)
    with pytest.raises(GameError, match="3"):
        module.set_form(random_game(1, states=1, actions=(2, 2, 2), delta=(0.5,) * 3), None, None)


# --- directions --------------------------------------------------------------------------------------------------------------


def check_fan(module: ModuleType) -> None:
    for fan in (module.DirectionFan.even(4), module.DirectionFan.even(16), uneven_fan(module)):
        d = fan.directions
        assert fan.size == len(d)
        same(np.hypot(*d.T), np.ones(len(d)))
        assert np.all(np.diff(fan.angles) > 0)
        same(d[[0, *fan.marks]], [[1, 0], [0, 1], [-1, 0], [0, -1]], 0.0)
        random = np.random.default_rng(3)
        vectors = np.concatenate([random.normal(size=(60, 2)), d, d * [0.9, 0.2], 1e-3 * d[::-1], [[1.0, -1e-9], [1.0, -1e-300]]])
        _between_neighbours(fan, vectors)
        _sides(fan, vectors)
        _further_directions(module, fan)
    same(module.angle(np.array([[1.0, 0], [0, 2], [-3, 0], [0, -1], [1, -1]])), np.pi * np.array([0, 0.5, 1, 1.5, 1.75]))
    assert 0 <= module.angle(np.array([[1.0, -1e-300]]))[0] < 2 * np.pi
    same(module.DirectionFan.even(8).angles, np.pi / 4 * np.arange(8))


def _between_neighbours(fan: Any, vectors: Floats) -> None:
    cone, plain = fan.cones(np.concatenate([vectors, np.zeros((1, 2))]))
    same(plain[-1], [0, 0], 0.0)
    assert plain.min() >= 0
    first, second = fan.directions[cone], fan.directions[(cone + 1) % fan.size]
    same((plain[:, :1] * first + plain[:, 1:] * second)[:-1], vectors, 1e-12)
    same(fan.cones(fan.directions)[0], np.arange(fan.size))
    same(fan.cones(fan.directions)[1], np.tile([1, 0], (fan.size, 1)))


def _sides(fan: Any, vectors: Floats) -> None:
    assert fan.sides.shape == (2 * fan.size, 2)
    same(np.hypot(*fan.sides.T), np.ones(2 * fan.size))
    cone, plain = fan.cones(fan.sides)
    same(cone, np.repeat(np.arange(fan.size), 2))
    assert np.all(plain[0::2, 0] > 100 * plain[0::2, 1])
    assert np.all(plain[1::2, 1] > 100 * plain[1::2, 0])
    assert plain.min() > 0
    # a vector on the way between two sides is as near to both
    cosines = vectors @ fan.sides.T
    own = cosines[np.arange(len(vectors)), fan.side_of(vectors)]
    assert np.all(own >= cosines.max(axis=1) - 1e-3 * np.hypot(*vectors.T))
    turned = [
        0.98 * first + 0.02 * second for first, second in zip(fan.directions, np.roll(fan.directions, -1, axis=0), strict=True)
    ]
    assert fan.side_of(np.array(turned)).tolist() == list(range(0, 2 * fan.size, 2))


def _further_directions(module: ModuleType, fan: Any) -> None:
    """Old directions stay; new ones that are nearly old, or nearly e_1 from below, or nearly each other are left out."""
    turns = np.array([5.5, 0.3, 0.3 + 1e-10, 3.0])
    new = np.column_stack([np.cos(turns), np.sin(turns)])
    more, added = fan.with_more(new)
    assert more.size == fan.size + 3
    assert added.sum() == 3
    same(more.directions[~added], fan.directions, 0.0)
    same(more.angles[added], [0.3, 3.0, 5.5], 1e-9)
    assert np.all(np.diff(more.angles) > 0)
    near = fan.angles[:, None] + [-1e-10, 0.0, 1e-10]
    again, fresh = fan.with_more(np.column_stack([np.cos(near.ravel()), np.sin(near.ravel())]))
    assert not fresh.any()
    same(again.directions, fan.directions, 0.0)
    assert fan.with_more(np.zeros((0, 2)))[0].size == fan.size


# --- polygons ----------------------------------------------------------------------------------------------------------------

SQUARE = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


def check_polygon(module: ModuleType) -> None:
    random = np.random.default_rng(8)
    fan = uneven_fan()
    for size in (1, 2, 3, 9):
        points = cloud(random, size)
        h = np.stack([around(points, fan.directions), around(points + 1, fan.directions)])
        found = module.corners(fan.directions, h)
        assert found.shape == (2, fan.size, 2)
        for k in range(fan.size):
            pair = fan.directions[[k, (k + 1) % fan.size]]
            same(pair @ found[0, k], h[0, [k, (k + 1) % fan.size]])
        same(found[1], found[0] + 1)
        _fewer_facets(module, fan.directions, h[0])
        _distances(module, points, random)
    _vertices_left_out(module)
    _as_drawn(module)
    normals, at = module.edge_normals(np.array([[0, 0], [2, 0], [2, 0], [2, 1], [0, 1 + 1e-12], [0, 1]]), 1e-9)
    same(normals, [[0, -1], [1, 0], [0, 1], [-1, 0]])
    same(at, [0, 2, 3, 5])


def _fewer_facets(module: ModuleType, d: Floats, h: Floats) -> None:
    """The result contains the polygon, and where it is cut nothing exceeds by more than what is allowed."""
    before = module.corners(d, h)
    for allowed in (0.0, 1e-6, 0.03, 0.5, 5.0):
        own, level = module.simplified_outward(d, h, allowed)
        assert 3 <= len(own) <= len(d)
        after = module.corners(own, level)
        assert np.all(before @ own.T <= level + 1e-12)
        assert np.all(after @ d.T <= h + allowed + 1e-10)
    assert len(module.simplified_outward(d, h, 5.0)[0]) <= 4
    # a corner that is cut off by less than is allowed comes back, one that is cut off by more does not
    cut = np.array([[1.0, 0.0], np.sqrt([0.5, 0.5]), [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    level = np.array([1.0, np.sqrt(2) - 0.1, 1.0, 0.0, 0.0])
    assert len(module.simplified_outward(cut, level, 0.11)[0]) == 4
    assert len(module.simplified_outward(cut, level, 0.09)[0]) == 5
    # facets go round by round: what is added must not add up
    for seed, allowed in itertools.product(range(4), (0.01, 0.03, 0.1)):
        turns = np.sort(np.random.default_rng(seed).uniform(0, 2 * np.pi, 60))
        round_ = np.column_stack([np.cos(turns), np.sin(turns)])
        own, level = module.simplified_outward(round_, np.ones(60), allowed)
        assert len(own) < 35
        assert np.all(module.corners(own, level) @ round_.T <= 1 + allowed + 1e-12)


def _distances(module: ModuleType, points: Floats, random: np.random.Generator) -> None:
    polygon = hull([Point(*map(float, p)) for p in points])
    away = np.concatenate([random.uniform(-1, 2, (30, 2)), points, [points.mean(axis=0)]])
    same(module.distance(away, np.array([p[:2] for p in polygon])), [distance(p, polygon) for p in away], 1e-12)
    assert module.distance(away, np.zeros((0, 2))).tolist() == [np.inf] * len(away)
    same(module.distance(np.array([[3.0, 1.0]]), np.array([[0.0, 1.0]])), [3])


def _vertices_left_out(module: ModuleType) -> None:
    least = 1e-6
    for points, kept in (
        (SQUARE, [0, 1, 2, 3]),
        (np.repeat(SQUARE, 2, axis=0), [0, 2, 4, 6]),
        (SQUARE[[0, 0, 1, 1, 2, 3, 0]] + np.arange(7)[:, None] * 1e-8, [2, 4, 5, 6]),
        (np.array([[0, 0], [0.5, -1e-7], [1, 0], [1, 1], [0, 1]]), [0, 2, 3, 4]),
        (np.array([[0, 0], [0.5, -1e-5], [1, 0], [1, 1], [0, 1]]), [0, 1, 2, 3, 4]),
        (np.array([[0, 0], [0.5, 0.2], [1, 0], [1, 1], [0, 1]]), [0, 2, 3, 4]),
        (np.array([[1.0, 2.0]]), [0]),
        (np.array([[1.0, 2.0], [1.0, 3.0]]), [0, 1]),
        (np.array([[1.0, 2.0], [1.0, 2.0 + 1e-7]]), [0]),
    ):
        found = module.distinct(points, least)
        assert len(found) == len(kept)
        same(points[found], points[kept], 1e-7)


def _as_drawn(module: ModuleType) -> None:
    same(module.as_drawn(SQUARE, 0.1), SQUARE)
    same(module.as_drawn(SQUARE, 1.5), [[0.5, 0.5]])
    flat = SQUARE * [3, 0.01] + [5, 5]
    found = module.as_drawn(flat, 0.1)
    assert len(found) == 2
    same(np.sort(found[:, 0]), [5, 8])
    tilted = np.array([[0.0, 0.0], [1.0, 0.98], [1.0, 1.0], [0.0, 0.02]])
    assert len(module.as_drawn(tilted, 0.1)) == 2
    assert len(module.as_drawn(tilted, 0.001)) == 4
    for triangle in (np.array([[0.0, 0.0], [4.0, 0.0], [2.0, 1.0]]), np.array([[0.0, 0.0], [2.0, -1.0], [4.0, 0.0]])):
        same(module.as_drawn(triangle, 0.9), triangle)
        same(module.as_drawn(triangle, 1.1), triangle[np.argsort(triangle[:, 1] != 0, kind="stable")[:2]])
    same(module.as_drawn(SQUARE[:1], 0.1), SQUARE[:1])


# --- acceleration ------------------------------------------------------------------------------------------------------------


def check_anderson(module: ModuleType) -> None:
    """On affine contractions of few dimensions the method is a Krylov method: it ends where plain iteration has hardly begun."""
    random = np.random.default_rng(5)
    for n in (1, 2, 5):
        matrix = random.normal(size=(n, n))
        matrix *= 0.98 / np.abs(np.linalg.eigvals(matrix)).max()
        shift = random.normal(size=n)
        answer = np.linalg.solve(np.eye(n) - matrix, shift)
        taken: list[Floats] = []

        def step(x: Floats, matrix: Floats = matrix, shift: Floats = shift, taken: list[Floats] = taken) -> Floats:
            taken.append(x)
            return np.asarray(matrix @ x + shift)

        x, settled, count = module.fixed_point(step, np.zeros(n), 1e-9, 60)
        assert settled
        same(x, answer, 1e-5)
        assert count == len(taken) <= 3 * n + 4
        assert np.max(np.abs(step(x) - x)) <= 1e-9
        same(x, taken[-1], 0.0)
    _where_it_ends(module)
    # more dimensions than are remembered, and maxima, as the operator has them
    drift = np.linspace(0, 1, 20)

    def chain(x: Floats) -> Floats:
        return np.asarray(np.maximum(0.49 * (np.roll(x, 1) + np.roll(x, -1)) + drift, 0.5 * x))

    x, settled, count = module.fixed_point(chain, np.zeros(20), 1e-8, 400)
    assert settled
    assert count < 100  # plain iteration takes 1040
    same(chain(x), x, 1e-8)


def _where_it_ends(module: ModuleType) -> None:
    start = np.array([2.0])
    x, settled, count = module.fixed_point(lambda x: None, start, 1e-9, 9)
    assert (x.tolist(), settled, count) == ([2.0], False, 1)
    x, settled, count = module.fixed_point(lambda x: x + 1.0, start, 1e-9, 7)
    assert (settled, count) == (False, 7)
    x, settled, count = module.fixed_point(lambda x: x + 0.5e-9, start, 1e-9, 7)
    assert (x.tolist(), settled, count) == ([2.0], True, 1)
    assert not module.fixed_point(lambda x: x + np.array([0.0, -1.0]), np.zeros(2), 0.5, 1)[1]
    assert module.fixed_point(lambda x: x, np.zeros(0), 0.0, 5)[1:] == (True, 1)
    moves = np.array([[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]])
    same(module._weights(moves, np.array([3.0, 4.0, 9.0])), [3, 2])
    # two remembered moves that are the same leave no unique weights; the smallest will do
    same(module._weights(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([2.0, 1.0])), [1, 1])


# --- the kernel of support values --------------------------------------------------------------------------------------------


def check_support_kernel(module: ModuleType) -> None:
    random = np.random.default_rng(4)
    for size in (1, 2, 3, 8, 8, 8):
        _cut_polygons(module, cloud(random, size), random)
    _empty_cuts(module)
    for seed, kind in ((0, dense), (3, masked), (6, ties), (5, dense), (2, ragged)):
        form = board(seed, kind).form
        h = np.stack([around(cloud(random, n + 2), uneven_fan().directions) for n in range(form.game.n_states)])
        _punishments(module, form, h)
        _whole_steps(module, form, h, random)
        _linear_parts(module, form, h, random)


def _cut_polygons(module: ModuleType, points: Floats, random: np.random.Generator) -> None:
    """The facets chosen for a polygon under two constraints give its support values, by brute force over vertices."""
    fan = uneven_fan()
    d, c = fan.directions, around(points, fan.directions)
    box = np.concatenate([d, [[-1.0, 0.0], [0.0, -1.0]]])
    low, high = -c[fan.marks[1:]], c[[0, fan.marks[0]]]
    queries = np.concatenate([random.normal(size=(12, 2)), d])
    cone, _ = fan.cones(queries)
    shares = np.array(
        [(-0.1, -0.1), (-0.1, 0.5), (0.5, -0.1), (0, 0), (1, 0), (0, 1), *random.uniform(0, 1, (7, 2)), (0.9, 0.1), (0.05, 0.02)]
    )
    for share in shares:
        t = np.maximum(low + share * (high - low), low)  # as `constraint` gives it
        levels = np.concatenate([c, -t])
        left = vertices_of(box, levels + 1e-11)
        fate, shape, up, low_facet, west, east = module.crossings(c, d, fan.marks, *t, 1e-13)
        assert fate == (module.KEPT if len(left) else module.ABOVE_BOTH)
        if not len(left):
            continue
        for q, j in zip(queries, cone, strict=True):
            fa, fb = module.facets(int(j), fan.size, *fan.marks[1:], shape, up, low_facet, west, east)
            a, b = module.weight_pair(*q, d, fa, fb)
            assert min(a, b) >= 0
            pair = a * box[fa] + b * box[fb]
            same(pair, q)
            same(a * levels[fa] + b * levels[fb], (left @ q).max(), 1e-8)


def _empty_cuts(module: ModuleType) -> None:
    """Which constraint asks for too much, and that a tie is none."""
    fan = direction_fan.DirectionFan.even(8)
    triangle = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    c = around(triangle, fan.directions)
    for t, fate in (
        ((1.1, 0.0), module.ABOVE_FIRST),
        ((0.0, 1.1), module.ABOVE_SECOND),
        ((0.6, 0.6), module.ABOVE_BOTH),
        ((1.0, 0.0), module.KEPT),
        ((0.0, 1.0), module.KEPT),
        ((0.5, 0.5), module.KEPT),
        ((1 + 1e-14, 0.0), module.KEPT),
        ((0.0, 1 + 1e-14), module.KEPT),
        ((0.5, 0.5 + 1e-14), module.KEPT),
        ((0.5, 0.5 + 1e-10), module.ABOVE_BOTH),
    ):
        assert module.crossings(c, fan.directions, fan.marks, *t, 1e-13)[0] == fate


def _departures(module: ModuleType, form: Any, h: Floats, fan: Any) -> tuple[Floats, Any]:
    value, best = np.empty((2, len(form.reward))), np.empty((2, len(form.reward)), dtype=np.int64)
    module.punished(h, fan.marks, *form.law, form.reward, form.delta, value)
    module.best_departures(value, form.departure_start, form.departures, best)
    return value, best


def _punishments(module: ModuleType, form: Any, h: Floats) -> None:
    fan = uneven_fan()
    value, best = _departures(module, form, h, fan)
    worst = -h[:, fan.marks[1:]]
    same(value.T, form.reward + form.delta * (form.game.transitions.toarray() @ worst))
    for i, r in itertools.product((0, 1), range(len(form.reward))):
        own = form.departures[form.departure_start[i, r] : form.departure_start[i, r + 1]]
        assert best[i, r] == (own[np.argmax(value[i, own])] if len(own) else -1)


def _asked(form: Any, value: Floats, best: Any, c: Floats, fan: Any, r: int, slack: float) -> list[float]:
    """What the continuation must be at least, or what it is anyway."""
    found = []
    for i in (0, 1):
        own = -c[fan.marks[1 + i]]
        departing = best[i, r] >= 0 and form.delta[i] > 0
        found.append(max(own, (value[i, best[i, r]] - slack - form.reward[r, i]) / form.delta[i]) if departing else own)
    return found


def _step(module: ModuleType, form: Any, h: Floats, slack: float, alive: Booleans, toward: Floats) -> tuple[Floats, Any]:
    fan = uneven_fan()
    query = toward * form.delta
    cone, plain = fan.cones(query)
    value, best = _departures(module, form, h, fan)
    out, fate = np.empty((len(h), len(toward))), np.full(len(form.reward), -7, dtype=np.int64)
    module.outer_step(
        h, fan.directions, fan.marks, cone, query, toward, plain, form.game.row_start, *form.law, form.reward,
        form.delta, best, value, slack, 1e-13, alive, out, fate,
    )  # fmt: skip
    return out, fate


def _whole_steps(module: ModuleType, form: Any, h: Floats, random: np.random.Generator) -> None:
    fan = uneven_fan()
    box = np.concatenate([fan.directions, [[-1.0, 0.0], [0.0, -1.0]]])
    toward = np.concatenate([fan.directions[::2], random.normal(size=(4, 2))])
    alive = random.random(len(form.reward)) < 0.8
    value, best = _departures(module, form, h, fan)
    for slack in (0.0, 0.05, 0.5):
        out, fate = _step(module, form, h, slack, alive, toward)
        expected = np.full(out.shape, -np.inf)
        for r in range(len(form.reward)):
            if not alive[r]:
                assert fate[r] == -7
                continue
            c = form.game.transitions.toarray()[r] @ h
            left = vertices_of(box, np.concatenate([c, -np.array(_asked(form, value, best, c, fan, r, slack))]) + 1e-12)
            assert (fate[r] == module.KEPT) == bool(len(left))
            if len(left):
                s = form.game.row_state[r]
                expected[s] = np.maximum(expected[s], (toward @ (form.reward[r] + form.delta * left).T).max(axis=1))
        same(np.nan_to_num(out, neginf=-9), np.nan_to_num(expected, neginf=-9), 1e-8)


def _linear_parts(module: ModuleType, form: Any, h: Floats, random: np.random.Generator) -> None:
    """However far h rises along the weights, the step rises by no more than excess and linear part say; and the excess is the
    step's own where the cap lets it."""
    fan = uneven_fan()
    query = fan.directions * form.delta
    cone, plain = fan.cones(query)
    value, best = _departures(module, form, h, fan)
    alive = np.ones(len(form.reward), dtype=bool)
    weight = random.uniform(1, 2, h.shape)
    for allowed, cap in ((1e-13, np.full(h.shape, np.inf)), (1e-13, h + 0.05), (1e-13, h.copy())):
        excess, spread = np.full(h.shape, np.nan), np.full(h.shape, np.nan)
        module.contraction_step(
            h, weight, cap, allowed, fan.directions, fan.marks, cone, query, plain, form.game.row_start, *form.law,
            form.reward, form.delta, best, value, 1e-11, 1e-13, alive, excess, spread,
        )  # fmt: skip
        assert excess.min() >= 0
        assert spread.min() >= 0
        here, _ = _step(module, form, h, 1e-11, alive, fan.directions)
        if np.isinf(cap).all():
            same(np.maximum(here - h, 0), excess, 1e-10)
        for far in (1e-6, 0.01, 0.1, 1.0, 10.0):
            there, _ = _step(module, form, h + far * weight, 1e-11, alive, fan.directions)
            assert np.all(np.minimum(there, cap) <= h + excess + far * spread + 1e-9)
    assert np.all(spread <= form.delta.max() * weight.max() * 60)


# --- the kernel of points ----------------------------------------------------------------------------------------------------


def _best(points: Floats, toward: Floats) -> Floats:
    """(K, 2): the best of the points toward each vector."""
    return np.asarray(points[np.argmax(points @ toward.T, axis=0)])


def check_vertex_kernel(module: ModuleType) -> None:
    random = np.random.default_rng(6)
    fan = uneven_fan()
    for seed, kind in ((0, dense), (3, masked), (6, ties), (5, dense)):
        form = board(seed, kind).form
        v = np.stack([_best(cloud(random, n + 1), fan.sides) for n in range(form.game.n_states)])
        for low in (-1.0, 0.2, 0.4, 0.6):
            _promises(module, form, fan, v, low + 0.3 * random.random((2, len(form.reward))))
    _means(module, random)
    _rounds(module, random)
    _lotteries(module, random)
    _followed(module)
    _apart(module, random)
    _chain(module, random)


def _means(module: ModuleType, random: np.random.Generator) -> None:
    """Means over any number of next states; columns that repeat the one before in every state have its number."""
    for count in range(1, 10):
        law, following, v = random.dirichlet(np.ones(count)), random.permutation(12)[:count], random.random((12, 7))
        mean = np.empty(7)
        module._mean_of(0, np.array([0, count]), following, law, v, mean)
        same(mean, law @ v[following])
        points = random.integers(0, 2, (1 + count % 2, 12, 2)).astype(float)
        new = np.any(points != np.roll(points, 1, axis=1), axis=(0, 2))
        new[0] = True
        column, side = np.empty(12, dtype=np.int64), np.empty(12, dtype=np.int64)
        size = module._columns(points, column, side)
        assert np.array_equal(column, np.cumsum(new) - 1)
        assert np.array_equal(side[:size], np.flatnonzero(new))


def _choice(module: ModuleType, form: Any, fan: Any, v: Floats, asked: Floats, rows: Any) -> tuple[Any, ...]:
    query = fan.sides * form.delta
    shape = v.shape[:2]
    out, chosen = np.zeros_like(v), np.empty(shape, dtype=np.int64)
    nodes, weights = np.empty((*shape, 4), dtype=np.int64), np.empty((*shape, 4))
    bound_by, slope = np.empty(shape, dtype=np.int64), np.empty(shape)
    # in any order within a state
    order = np.random.default_rng(8).permutation(np.flatnonzero(rows))
    order = order[np.argsort(form.game.row_state[order], kind="stable")]
    start = np.searchsorted(form.game.row_state[order], np.arange(form.game.n_states + 1))
    module.promise_step(
        v, fan.side_of(query), query, fan.sides, order, start, *form.law, form.reward,
        form.delta, asked, 1e-13, out, chosen, nodes, weights, bound_by, slope,
    )  # fmt: skip
    return out, chosen, nodes, weights, bound_by, slope


def _promises(module: ModuleType, form: Any, fan: Any, v: Floats, asked: Floats) -> None:
    """The best point of each direction, by brute force over the vertices of what the constraints leave; and it is what the
    recorded lottery pays."""
    rows = form.prescribed
    out, chosen, nodes, weights, bound_by, slope = _choice(module, form, fan, v, asked, rows)
    law = form.game.transitions.toarray()
    best = np.full(chosen.shape, -np.inf)
    for r in np.flatnonzero(rows):
        means = np.einsum("s,skd->kd", law[r], v)
        round_ = hull([Point(*map(float, p)) for p in means])
        for i in (0, 1):
            round_ = _cut(round_, i, asked[i, r])
        if round_:
            points = form.reward[r] + form.delta * np.array(round_)
            s = form.game.row_state[r]
            best[s] = np.maximum(best[s], (points @ fan.sides.T).max(axis=0))
    assert np.array_equal(chosen >= 0, np.isfinite(best))
    # with unequal factors the point best toward the nearest side stands for the best one: by so much it may fall short
    query = fan.sides * form.delta
    length = np.hypot(*query.T)
    turned = np.hypot(*(query / length[:, None] - fan.sides[fan.side_of(query)]).T)
    short = np.broadcast_to(np.sqrt(2) * length * turned, best.shape)
    reached = np.einsum("kd,skd->sk", fan.sides, out)
    made = chosen >= 0
    assert np.all(reached[made] <= best[made] + 1e-9)
    assert np.all(reached[made] >= (best - short)[made] - 1e-9)
    for s, k in np.argwhere(chosen >= 0):
        r, own = chosen[s, k], nodes[s, k] >= 0
        assert rows[r]
        assert form.game.row_state[r] == s
        assert weights[s, k].min() >= 0
        same(weights[s, k].sum(), 1)
        mean = np.einsum("m,t,tmd->d", weights[s, k][own], law[r], v[:, nodes[s, k][own]])
        same(form.reward[r] + form.delta * mean, out[s, k])
        assert np.all(mean >= asked[:, r] - 1e-9)
        binding = [i for i in (0, 1) if bound_by[s, k] in (i, 2)]
        same(mean[binding], asked[binding, r])
        if bound_by[s, k] in (0, 1):
            pair = np.einsum("t,tmd->md", law[r], v[:, nodes[s, k][:2]])
            rise = pair[1] - pair[0]
            same(rise[1 - binding[0]], slope[s, k] * rise[binding[0]])


def _cut(polygon: list[Any], i: int, least: float) -> list[Any]:
    """The part with coordinate i of at least `least`."""
    kept = []
    for a, b in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        if a[i] >= least:
            kept.append((a[0], a[1]))
        if (a[i] >= least) != (b[i] >= least):
            share = (least - a[i]) / (b[i] - a[i])
            kept.append((a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])))
    return kept


def _rounds(module: ModuleType, random: np.random.Generator) -> None:
    """Hulls of several states' points: some alone, in a row, repeated, on a grid."""
    grid = np.array(list(itertools.product(range(3), repeat=2)), dtype=float)
    groups = [
        cloud(random, 12), np.ones((3, 2)), grid, np.zeros((0, 2)), grid[[0, 4, 8, 4, 0]], grid[[2, 4, 6]], grid[[0, 1, 2]],
        np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1e-13], [0.5, 1.0]]), cloud(random, 1), grid[[0, 3, 6]],
        # upright but for rounding, on the left and on the right
        np.array([[0.0, 1.0], [1e-16, 0.0], [2e-16, 0.5], [1.0, 0.2]]),
        np.array([[-1.0, 0.2], [0.0, 0.5], [1e-16, 1.0], [2e-16, 0.1]]),
        np.array([[0.0, 0.0], [0.0, 0.9], [1.0, 0.5], [1.0 + 1e-14, 0.6], [1.0 + 3e-14, 0.2], [1.0 + 4e-14, 0.1]]),
    ]  # fmt: skip
    values = np.concatenate(groups)
    state = np.repeat(np.arange(len(groups)), [len(g) for g in groups])
    shuffled = random.permutation(len(values))
    values, state = values[shuffled], state[shuffled]
    order = np.lexsort((values[:, 1], values[:, 0], state))
    start = np.searchsorted(state[order], np.arange(len(groups) + 1))
    rounds, round_start = np.full(2 * len(values) + 2, -1, dtype=np.int64), np.full(len(groups) + 1, -1, dtype=np.int64)
    module.convex_rounds(values, order, start, 1e-12, rounds, round_start)
    for s, points in enumerate(groups):
        found = values[rounds[round_start[s] : round_start[s + 1]]]
        known = hull([Point(*p) for p in np.round(points, 12).tolist()])
        assert len(found) == len(known)
        if known:
            turned = [np.roll(found, -k, axis=0) for k in range(len(found))]
            assert min(np.abs(t - np.array([p[:2] for p in known])).max() for t in turned) < 1e-11
    toward = uneven_fan().directions
    best = np.empty((len(groups), len(toward)), dtype=np.int64)
    module.best_vertices(values, rounds, round_start, toward, best)
    for s, points in enumerate(groups):
        if len(points):
            same(np.einsum("kd,kd->k", values[best[s]], toward), around(points, toward))
            assert np.all(state[best[s]] == s)
        else:
            assert np.all(best[s] == -1)


def _lotteries(module: ModuleType, random: np.random.Generator) -> None:
    """Points inside are reproduced; others are moved to the nearest place, the farthest of which is told."""
    shapes = [
        [Point(*p) for p in cloud(random, 9).tolist()],
        [Point(0.2, 0.3)],
        [Point(0.0, 0.0), Point(1.0, 0.5)],
        [Point(*p) for p in SQUARE],
    ]
    polygons = [hull(points) for points in shapes]
    values = np.array([p[:2] for part in polygons for p in part])
    round_start = np.cumsum([0, *map(len, polygons)])
    rounds = np.arange(len(values))
    for inside in (True, False):
        points, state = [], []
        for s, part in enumerate(polygons):
            own = np.array([p[:2] for p in part])
            mixes = random.dirichlet(np.ones(len(own)), 12) @ own if inside else random.uniform(-0.5, 1.5, (12, 2))
            points.extend([*mixes, *own, *((own + np.roll(own, 1, axis=0)) / 2)])
            state.extend([s] * (12 + 2 * len(own)))
        vertices, weights = np.full((len(points), 3), -1, dtype=np.int64), np.full((len(points), 3), np.nan)
        farthest = module.as_lotteries(np.array(points), np.array(state), values, rounds, round_start, vertices, weights)
        assert weights.min() >= 0
        same(weights.sum(axis=1), np.ones(len(points)))
        drawn = np.einsum("mn,mnd->md", weights, values[vertices])
        away = [distance(p, polygons[s]) for p, s in zip(points, state, strict=True)]
        same(np.hypot(*(drawn - points).T), away)
        same(farthest, max(away))
        for s, own in zip(state, vertices, strict=True):
            assert np.all((own >= round_start[s]) & (own < round_start[s + 1]))


def _followed(module: ModuleType) -> None:
    """Play of one state and one row that pays (1, 2) times what is left, whoever's constraint binds."""
    law = (np.array([0, 1]), np.array([0]), np.array([1.0]))
    delta, reward = np.array([0.5, 0.8]), np.array([[0.5, 0.4]])
    asked = np.array([[0.3], [0.6]])
    v = np.array([[[0.2, 0.1], [0.9, 0.7]]])
    mean = 0.25 * v[0, 0] + 0.75 * v[0, 1]
    for bound, after in (
        (-1, mean),
        (0, (0.3, mean[1] + 2 * (0.3 - mean[0]))),
        (1, (mean[0] + 2 * (0.6 - mean[1]), 0.6)),
        (2, (0.3, 0.6)),
    ):
        trial, nodes, weights = v.copy(), np.array([[[0, 1, -1, -1]] * 2]), np.array([[[0.25, 0.75, 0.0, 0.0]] * 2])
        chosen = np.array([[0, -1]])
        how = chosen, nodes, weights, np.full((1, 2), bound), np.full((1, 2), 2.0)
        repeats = np.ones((1, 2), dtype=bool)
        module.mark_repeats(*how, repeats)
        assert not repeats.any()
        change = module.follow_choice(trial, *how, repeats, *law, reward, delta, asked, 1)
        same(trial[0, 0], reward[0] + delta * after)
        same(trial[0, 1], v[0, 1])
        same(change, np.abs(trial - v).max())
        chosen[0, 1] = 0
        how = chosen, nodes, weights, np.full((1, 2), bound), np.full((1, 2), 0.5)
        module.mark_repeats(*how, repeats)
        assert repeats.tolist() == [[False, True]]
        plainly = trial.copy()
        last = module.follow_choice(trial, *how, repeats, *law, reward, delta, asked, 400)
        assert last < 1e-10
        # said once or twice, the same choice pays the same
        module.follow_choice(plainly, *how, np.zeros((1, 2), dtype=bool), *law, reward, delta, asked, 400)
        same(trial, plainly)
        if bound == -1:
            same(trial[0], np.tile(reward[0] / (1 - delta), (2, 1)))
        for part in (nodes, weights):
            part[0, 1, 1] += 1
            module.mark_repeats(*how, repeats)
            assert not repeats.any()
            part[0, 1, 1] -= 1


def _apart(module: ModuleType, random: np.random.Generator) -> None:
    """How far hulls are apart toward the middles of the cones, and the least of each coordinate, from all points."""
    fan = uneven_fan()
    middle = (fan.sides[0::2] + fan.sides[1::2]) / 2
    for _ in range(4):
        one, two = (np.stack([_best(cloud(random, 7), fan.sides) for _ in range(3)]) for _ in range(2))
        live = np.array([True, False, True])
        known = [np.abs(around(a, middle) - around(b, middle)).max() for a, b in zip(one[live], two[live], strict=True)]
        same(module.farthest_apart(one, two, middle, live), max(known))
        same(module.farthest_apart(two, one, middle, live), max(known))
        least = np.empty((3, 2))
        module.least_of(one, least)
        same(least, one.min(axis=1))


def _chain(module: ModuleType, random: np.random.Generator) -> None:
    """Sweeps come to the solution of the linear system, and say by how much the last one moved a value."""
    law = np.where(random.random((12, 12)) < 0.3, random.random((12, 12)), 0.0) + np.eye(12)
    law /= law.sum(axis=1, keepdims=True)
    sparse_law, gain, delta = csr_array(law), random.random((12, 2)), np.array([0.6, 0.8])
    arrays = (sparse_law.indptr.astype(np.int64), sparse_law.indices.astype(np.int64), sparse_law.data, gain, delta)
    known = np.column_stack([np.linalg.solve(np.eye(12) - d * law, gain[:, i]) for i, d in enumerate(delta)])
    values = random.random((12, 2))
    assert module.follow_chain(values, *arrays, 300) <= 1e-14
    same(values, known, 1e-12)
    before = known + 1
    moved = before.copy()
    same(module.follow_chain(moved, *arrays, 1), np.abs(moved - before).max())
    assert np.abs(moved - before).max() > 0.1


# --- the outer bound ---------------------------------------------------------------------------------------------------------


def plain_iteration(own: Board, fan: DirectionFan, steps: int = 600) -> outer_bound.OuterBound:
    """From the whole box, without acceleration."""
    bound = outer_bound.whole_box(own.form, fan)
    for _ in range(steps):
        before, bound = bound.h, outer_bound.sweep(bound)
        if np.array_equal(before, bound.h):
            break
    return bound


def check_outer_bound(module: ModuleType) -> None:
    fan = uneven_fan()
    for seed, kind in ((5, dense), (0, dense), (3, masked), (2, ragged)):
        own = board(seed, kind)
        steps_of_the_twin(module, own, direction_fan.DirectionFan.even(16))
        limit = plain_iteration(own, fan)
        for goal in (1e-3, 1e-8):
            for guess in (None, limit.h, limit.h + 0.2, limit.h - 0.2):
                found = module.tighten(module.whole_box(own.form, fan), goal, 5000, guess)
                assert found.converged
                live = ~found.empty
                assert np.array_equal(found.empty, limit.empty)
                assert np.all(found.h[live] >= limit.h[live] - TIGHT)
                assert np.all(found.h[live] <= limit.h[live] + goal + TIGHT)
        _on_other_directions(module, replace(limit, form=own.form))
    for own, sweeps in (
        (Board(for_ever(0.6)), 0),
        (Board(for_ever((0.6, 0.5))), 0),
        (board(0, scenario_like), 0),
        (board(0), 12),
        (board(1), 12),
    ):
        proofs_hold(module, own, sweeps)
    _dilemma_outside(module)
    _today(module)
    _emptiness(module)
    dilemma = Board(for_ever(0.6))
    low = replace(module.whole_box(dilemma.form, fan), h=plain_iteration(dilemma, fan).h - 0.05)
    after = module.sweep(low)
    assert not after.empty.any()
    assert np.all(after.h <= low.h)  # sets that are too small do not grow back
    slow = module.tighten(module.whole_box(board(5).form, fan), 1e-9, 1)
    assert not slow.converged
    assert slow.sweeps >= 1


def steps_of_the_twin(module: ModuleType, own: Board, fan: DirectionFan) -> None:
    """From the second step on, when polygons have no loose facets, each is the twin's up to slack and rounding."""
    bound = module.whole_box(own.form, fan)
    unit = around(SQUARE, fan.directions)
    same(bound.h[~bound.empty], np.tile(unit, (int((~bound.empty).sum()), 1)))
    for n in range(5):
        parts = [corners(fan.directions, h)[: 0 if e else None] for h, e in zip(bound.h, bound.empty, strict=True)]
        twin = operator(own.game, own.polygons(parts))
        images = own.supports(twin, fan.directions)
        following = module.sweep(bound)
        assert following.sweeps == n + 1
        live = ~following.empty
        assert np.all(following.h[live] <= bound.h[live])
        assert np.array_equal(live, ~np.isnan(images[:, 0]))
        assert np.all(following.h[live] >= images[live] - 1e-12)
        assert np.all(following.h[live] <= np.minimum(images, bound.h)[live] + 10 * module.SLACK)
        toward = np.array([[0.6, 0.8], [-0.8, 0.6]])
        out, _ = module.step(bound, bound.h, toward)
        same(out[live], own.supports(twin, toward)[live], TIGHT)
        bound = following


def proofs_hold(module: ModuleType, own: Board, sweeps: int, at_least: int = 10) -> None:
    """Whatever the guess, what is proved contains the limit of plain iteration; at the limit it is tight."""
    fan = direction_fan.DirectionFan.even(16)
    last = plain_iteration(own, fan)
    limit, live = last.h, ~last.empty
    bound = module.whole_box(own.form, fan)
    for _ in range(sweeps):
        bound = module.sweep(bound)
    random, proofs = np.random.default_rng(7), 0
    for far in (0.0, 1e-6, -1e-6, 0.03, -0.03, 0.2, -0.2):
        for spread in (0.0, 1.0):
            guess = np.minimum(limit + far * (1 + spread * random.random(limit.shape)), bound.h)
            found = module._containing(bound, guess)
            if found is not None:
                proofs += 1
                assert np.all(found[0][live] >= limit[live] - 1e-11)
                same(found[1], (found[0] - guess).max())
    assert proofs >= at_least
    h, width = module._containing(bound, limit)
    assert 0 < width < 1e-10
    assert np.all(h[live] <= limit[live] + 1e-10)


def _on_other_directions(module: ModuleType, bound: Any) -> None:
    """The polygons stay, or grow where old facets are lost."""
    turns = np.array([0.7, 0.9, 4.4])
    more = np.column_stack([np.cos(turns), np.sin(turns)])
    live = np.flatnonzero(~bound.empty)
    bound = replace(bound, converged=True)
    wider, other = module.with_directions(bound, more), module.on_directions(bound, direction_fan.DirectionFan.even(8))
    assert not wider.converged
    assert not other.converged
    assert wider.fan.size == bound.fan.size + 3
    assert other.fan.size == 8
    for s in live:
        points = corners(bound.fan.directions, bound.h[s])
        same(wider.h[s], around(points, wider.fan.directions), 1e-8)
        same(other.h[s], around(points, other.fan.directions), 1e-8)


def _dilemma_outside(module: ModuleType) -> None:
    fan = direction_fan.DirectionFan.even(16)
    for discount, answer in ((0.2, [(1.0, 1.0)]), (0.3, TURNS), (0.6, COOPERATION), (0.9, COOPERATION)):
        own = Board(for_ever(discount))
        slopes = np.array([[2.0, 1.0], [1.0, 2.0], [3.0, 2.0], [2.0, 3.0], [1.0, 1.0]])
        bound = module.whole_box(own.form, fan.with_more(slopes / np.hypot(*slopes.T)[:, None])[0])
        bound = module.tighten(bound, 1e-9, 5000)
        same(bound.h, own.supports([hull([Point(*p) for p in answer])], bound.fan.directions), 1e-8)
        same(
            module.support_toward(bound, fan.directions), own.supports([hull([Point(*p) for p in answer])], fan.directions), 1e-8
        )


def _today(module: ModuleType) -> None:
    """One who does not care for tomorrow does what is best today; a tie tempts nobody."""
    fan = direction_fan.DirectionFan.even(8)
    own = Board(for_ever((0.0, 0.9)))
    assert module.whole_box(own.form, fan).alive.tolist() == [False, False, True, True]
    tied = Board(for_ever((0.9, 0.0), [[(3.0, 5.0), (0.0, 5.0)], [(5.0, 0.0), (1.0, 1.0)]]))
    assert module.whole_box(tied.form, fan).alive.tolist() == [True, True, False, True]
    masks = [[[True, True], [True, False]]]
    barred = Board(replace(for_ever((0.9, 0.0)), deviation=masks))
    assert module.whole_box(barred.form, fan).alive.tolist() == [True, True, True, True]


PENNIES = [[(1.0, -1.0), (-1.0, 1.0)], [(-1.0, 1.0), (1.0, -1.0)]]


def lost_states() -> PlainGame:
    """State 2 is matching pennies for ever; state 1 can lead there, state 0 to state 1, in one profile each; state 3 cannot."""
    stay = np.broadcast_to(np.eye(4)[:, None, None], (4, 2, 2, 4)).copy()
    stay[1, 1, 1] = [0.0, 0.9, 0.1, 0.0]
    stay[0, 0, 0] = [0.5, 0.5, 0.0, 0.0]
    return plain([DILEMMA, DILEMMA, PENNIES, DILEMMA], list(stay), (0.6, 0.6), "lost")


def _emptiness(module: ModuleType) -> None:
    fan = direction_fan.DirectionFan.even(16)
    game = lost_states()
    bound = module.tighten(module.whole_box(Board(game).form, fan), 1e-6, 5000)
    assert bound.empty.tolist() == [True, True, True, False]
    assert bound.source == 2
    assert not bound.alive[:12].any()
    assert bound.alive[12:].any()
    same(bound.h[:3], np.zeros((3, 16)))
    # nobody may prescribe or depart to what leads there: then only pennies are lost
    masks = [[[True, False], [True, False]] if s == 1 else [[True, True]] * 2 for s in range(4)]
    barred = replace(game, prescribable=masks, deviation=masks)
    bound = module.tighten(module.whole_box(Board(barred).form, fan), 1e-6, 5000)
    assert bound.empty.tolist() == [False, False, True, False]
    nothing = module.tighten(module.whole_box(Board(for_ever(0.9, PENNIES)).form, fan), 1e-6, 5000)
    assert nothing.empty.tolist() == [True]
    assert nothing.source == 0


# --- the inner bound ---------------------------------------------------------------------------------------------------------


def check_inner_bound(module: ModuleType) -> None:
    for seed, kind in ((5, dense), (0, dense), (3, masked), (1, ties), (2, ragged)):
        own = board(seed, kind)
        _images_of_the_twin(module, own)
        what_departures_pay(module, own)
        sets_that_generate_themselves(module, own)
    for discount, answer in ((0.2, [(1.0, 1.0)]), (0.3, TURNS), (0.6, COOPERATION), ((0.6, 0.6), COOPERATION)):
        _dilemma_inside(module, discount, answer)
    for seed, states in ((5, 3), (12, 2)):
        first_sets_of_unequal_patience(module, seed, states)
    _unanswered_moves(module)


def first_sets_of_unequal_patience(module: ModuleType, seed: int, states: int) -> None:
    """Games whose sets die under constraints that are tightened by what a first automaton misses, but not under fewer."""
    form = set_form.set_form(random_game(seed, states, (2, 2), (0.96, 0.9)), None, None)
    fan = direction_fan.DirectionFan.even(16)
    bound = outer_bound.tighten(outer_bound.whole_box(form, fan), 1e-9, 5000)
    points = np.repeat(corners(fan.directions, bound.h), 2, axis=1)
    found = module.seeded(form, fan, points, bound.alive, ~bound.empty, 1e-3)
    assert found is not None
    assert check(module.automaton(found)).gain <= 1e-9 * form.game.payoff_range


def _images_of_the_twin(module: ModuleType, own: Board) -> None:
    """From polygons inside the square. Sums of several states' polygons have vertices that no side touches: those are missing."""
    fan, random = uneven_fan(), np.random.default_rng(11)
    rows = own.form.prescribed
    for _ in range(4):
        clouds = [cloud(random, 7) for _ in range(own.form.game.n_states)]
        points = np.stack([_best(c, fan.sides) for c in clouds])
        twin = own.supports(operator(own.game, own.polygons(list(points))), fan.sides)
        found = np.einsum("kd,skd->sk", fan.sides, module.image(own.form, fan, points, rows))
        assert np.array_equal(np.isnan(found), np.isnan(twin))
        assert not np.any(found > twin + TIGHT)
        if own.game.n_states == 1 and own.form.delta[0] == own.form.delta[1]:
            same(found, twin, TIGHT)


def what_departures_pay(module: ModuleType, own: Board) -> None:
    game, form = own.game, own.form
    worst = np.random.default_rng(12).random((game.n_states, 2))
    units = [tuple(form.lowest + form.scale * w) for w in worst]
    slack = 0.125
    asked = module.asked(form, worst, slack)
    pays = module.departure_payoffs(form, worst)
    for s, a in _profiles(game):
        r = _row(form, s, a)
        for i, least in enumerate(thresholds(game, s, a, units)):
            known = -np.inf if least is None else (least - form.lowest[i]) / form.scale[i]
            same(pays[i, r], known)
            same(asked[i, r], (known + slack - form.reward[r, i]) / form.delta[i])


def sets_that_generate_themselves(module: ModuleType, own: Board) -> None:
    """What is proved passes the independent checker; it grows, and stays within the outer bound."""
    form, fan = own.form, uneven_fan()
    bound = outer_bound.tighten(outer_bound.whole_box(form, fan), 1e-9, 5000)
    live = ~bound.empty
    points = np.repeat(corners(fan.directions, bound.h), 2, axis=1)
    seed = module.seeded(form, fan, points, bound.alive, live)
    assert seed is not None
    is_proved(module, own, seed)
    first = supports_of(seed, fan)
    grown = module.grown(form, fan, seed, bound.alive, live, 1e-9)
    is_proved(module, own, grown)
    last = supports_of(grown, fan)
    assert np.all(last[live] >= first[live] - 1e-10)
    assert np.all(last[live] <= bound.h[live] + 1e-8)
    # nothing is left to gain on these directions
    more = module.image(form, fan, module.best_points(form, fan, grown.promises), bound.alive)
    rise = np.einsum("kd,skd->sk", fan.sides, more - module.best_points(form, fan, grown.promises))
    assert rise[live].max() <= 1e-8
    both = module.joined(seed, grown)
    is_proved(module, own, both)
    same(supports_of(both, fan)[live], last[live], 1e-9)
    same(supports_of(module.joined(grown, seed), fan)[live], last[live], 1e-9)
    if form.delta[0] == form.delta[1]:
        fixed, done = module.settled(form, fan, points, bound.alive, live, 1e-11, 150)
        assert done
        exact = module.proved(form, fan, fixed, bound.alive, live)
        assert exact is not None
        is_proved(module, own, exact)
        assert np.all(supports_of(exact, fan)[live] >= last[live] - 1e-7)
        assert np.all(supports_of(exact, fan)[live] <= bound.h[live] + 1e-8)


def supports_of(inner: Any, fan: DirectionFan) -> Floats:
    """(S, K) of the hulls of an inner bound's nodes; -inf without nodes."""
    nodes = inner.promises
    return np.stack(
        [
            (nodes.values[nodes.state == s] @ fan.directions.T).max(axis=0, initial=-np.inf)
            for s in range(inner.form.game.n_states)
        ]
    )


def is_proved(module: ModuleType, own: Board, inner: Any) -> None:
    form, nodes = own.form, inner.promises
    machine = module.automaton(inner)
    counted = np.arange(machine.n_nodes) < len(nodes.row)
    proof = check(machine, nodes=counted, deviation=own.game.deviation)
    assert proof.gain <= 1e-9 * own.game.payoff_range
    assert inner.gain <= module.ENOUGH
    same(proof.values[counted], form.lowest + form.scale * nodes.values, 1e-9)
    assert np.array_equal(machine.node_state[counted], nodes.state)
    assert np.all(form.prescribed[nodes.row])
    starts = machine.start.toarray()
    assert np.array_equal(starts.sum(axis=1) > 0, np.isin(np.arange(form.game.n_states), nodes.state))
    for s in range(form.game.n_states):
        around_it = [Point(*map(float, p)) for p in nodes.values[nodes.state == s]]
        ring = nodes.values[nodes.rounds[nodes.round_start[s] : nodes.round_start[s + 1]]]
        known = hull(around_it)
        assert all(distance(p, hull([Point(*map(float, q)) for q in ring])) < 1e-11 for p in known)
    assert machine.next_nodes.data.min() > 0


def _dilemma_inside(module: ModuleType, discount: float | tuple[float, float], answer: list[tuple[float, float]]) -> None:
    own = Board(for_ever(discount))
    fan = direction_fan.DirectionFan.even(16)
    slopes = np.array([[2.0, 1.0], [1.0, 2.0], [3.0, 2.0], [2.0, 3.0], [1.0, 1.0]])
    bound = outer_bound.whole_box(own.form, fan.with_more(slopes / np.hypot(*slopes.T)[:, None])[0])
    bound = outer_bound.tighten(bound, 1e-10, 5000)
    points = np.repeat(corners(bound.fan.directions, bound.h), 2, axis=1)
    fixed, done = module.settled(own.form, bound.fan, points, bound.alive, ~bound.empty, 1e-12, 300)
    assert done
    exact = module.proved(own.form, bound.fan, fixed, bound.alive, ~bound.empty)
    known = hull([Point(*p) for p in answer])
    same(supports_of(exact, bound.fan), own.supports([known], bound.fan.directions), 1e-9)
    assert len(exact.promises.rounds) == len(known)
    # the box promises punishments that nobody can be sure of
    box = np.repeat(corners(fan.directions, np.tile(around(SQUARE, fan.directions), (1, 1))), 2, axis=1)
    assert discount != 0.2 or module.proved(own.form, fan, box, own.form.prescribed, ~bound.empty) is None
    # a set that only defects
    alone = own.form.prescribed & (np.arange(4) == 3)
    seed = module.seeded(own.form, bound.fan, points, alone, ~bound.empty)
    units = own.form.lowest + own.form.scale * seed.promises.values
    same(units, np.ones_like(units), 1e-9)
    is_proved(module, own, module.joined(seed, exact))
    machine = module.automaton(exact)
    best = int(np.argmax(exact.promises.values.sum(axis=1)))
    for row, i in ((2, 0), (1, 1), (3, 0)):  # who departs from cooperation alone; both together
        if exact.promises.row[best] == 0:
            edge = np.flatnonzero((machine.edge_node == best) & (machine.game.entry_row[machine.edge_entry] == row))
            pays = machine.next_nodes[edge].toarray()[0] @ exact.promises.values
            same(pays[i], exact.promises.values[:, i].min(), 1e-9)


def _unanswered_moves(module: ModuleType) -> None:
    """Moves that the masks rule out lead from state 1 to pennies: the automaton answers them all the same."""
    masks = [[[True, False], [True, False]] if s == 1 else [[True, True]] * 2 for s in range(4)]
    own = Board(replace(lost_states(), prescribable=masks, deviation=masks))
    fan = direction_fan.DirectionFan.even(16)
    bound = outer_bound.tighten(outer_bound.whole_box(own.form, fan), 1e-6, 5000)
    points = np.repeat(corners(fan.directions, bound.h), 2, axis=1)
    inner = module.grown(
        own.form, fan, module.seeded(own.form, fan, points, bound.alive, ~bound.empty), bound.alive, ~bound.empty, 1e-6
    )
    is_proved(module, own, inner)
    machine = module.automaton(inner)
    size = len(inner.promises.row)
    assert machine.node_state[size:].tolist() == [2]
    assert sorted(set(inner.promises.state)) == [0, 1, 3]
    assert module._unanswered(own.form.game, inner.promises).tolist() == [2]
    worst = module._worst_nodes(4, inner.promises, 1)
    assert worst[2] == -1
    for s in (0, 1, 3):
        assert inner.promises.state[worst[s]] == s
        same(inner.promises.values[worst[s], 1], inner.promises.values[inner.promises.state == s, 1].min())


# --- both ---------------------------------------------------------------------------------------------------------------------


def solved(module: ModuleType, own: Board, **options: Any) -> Any:
    return module.equilibrium_set(own.form.game, prescribable=own.game.prescribable, deviation=own.game.deviation, **options)


def check_equilibrium_set(module: ModuleType) -> None:
    for discount, answer in ((0.0, [(1.0, 1.0)]), (0.3, TURNS), (0.6, COOPERATION), (0.9, COOPERATION)):
        own = Board(for_ever(discount))
        sets = solved(module, own)
        _is_consistent(own, sets, 1e-6)
        toward = DirectionFan.even(32).directions
        known = own.supports([hull([Point(*p) for p in answer])], toward)
        for part in (sets.outer, sets.inner):
            same(own.supports([hull([Point(*map(float, p)) for p in part[0]])], toward), known, 1e-6)
        assert len(sets.inner[0]) == len(answer)
        same(sets.bounds[0], [[1, max(p[0] for p in answer)]] * 2, 1e-6)
    for seed, kind in ((5, dense), (1, dense), (3, masked), (6, dense), (2, ragged), (1, masked), (0, scenario_like)):
        for tolerance in (1e-6, 1e-2):
            own = board(seed, kind)
            _is_consistent(own, solved(module, own, tolerance=tolerance), tolerance)
    _scaled(module)
    _plans(module)
    _nothing_there(module)
    for wrong in (0.0, 1.0, -1e-6, 2.0):
        with pytest.raises(GameError, match="tolerance"):
            module.equilibrium_set(prisoners_dilemma(0.6), tolerance=wrong)
    tied = solved(module, Board(for_ever(0.5, [[(2.0, -3.0)] * 2] * 2)))
    same(tied.outer[0], [[2, -3]], 1e-9)
    same(tied.inner[0], [[2, -3]], 1e-9)
    _known_profiles(module)


def _known_profiles(module: ModuleType) -> None:
    """A pure Markov equilibrium that lies outside the inner sets at a coarse gap is a vertex if it is known; others are none."""
    game = built(set_game(48))
    (own,) = pure_markov(game).solutions
    profile = np.array([[int(np.argmax(x)) for x in own.strategies[i]] for i in (0, 1)]).T
    plain, told = (module.equilibrium_set(game, tolerance=1e-2, known=known) for known in ((), [1 - profile, profile]))
    apart = [[to_polygon(own.values[[s]], sets.inner[s])[0] for s in range(game.n_states)] for sets in (plain, told)]
    assert max(apart[0]) > 1e-5 * game.payoff_range
    assert max(apart[1]) < 1e-9 * game.payoff_range
    assert told.gap <= plain.gap * (1 + 1e-9)
    ragged = built(for_ever((0.5, 0.5), [[(2.0, 1.0), (2.0, 3.0), (1.0, 0.0)], [(0.0, 1.0), (1.0, 0.0), (3.0, 3.0)]]))
    assert module._profile_rows(ragged, [[1, 2]]).tolist() == [5]
    for wrong in ([[0, 0]], [[[0.0, 1.0]]], [[[0, 3]]], [[[-1, 0]]]):
        with pytest.raises(GameError, match="known"):
            module.equilibrium_set(ragged, known=wrong)


def _is_consistent(own: Board, sets: Any, tolerance: float) -> None:
    """The gap is there and is what it is said to be; sets hold each other; the machine pays the inner vertices and is proved; the
    outer sets hold what plain iteration leaves, by which inner sets are held."""
    game, span = own.game, own.game.payoff_range
    outer, inner = ([hull([Point(*map(float, p)) for p in part]) for part in parts] for parts in (sets.outer, sets.inner))
    apart = max(distance(p, i) for o, i in zip(outer, inner, strict=True) for p in o)
    same(sets.gap, apart, 1e-12 * span)
    assert sets.gap <= tolerance * span
    assert sets.status.startswith("Bounded from both sides")
    assert max(distance(p, o) for o, i in zip(outer, inner, strict=True) for p in i) <= 1e-9 * span
    assert sets.tolerance == tolerance * span
    assert sets.source == -1
    proof = check(sets.machine, nodes=np.isin(sets.machine.node_state, np.arange(game.n_states)), deviation=game.deviation)
    same(sets.certificate, proof.gain, 1e-12 * span)
    assert sets.certificate <= 1e-9 * span
    toward = DirectionFan.even(16).directions
    limit = plain_iteration(own, DirectionFan.even(16)).h
    held = [sets.inner, sets.outer]
    supports = [own.supports([[Point(*map(float, p)) for p in part] for part in parts], toward) for parts in held]
    assert np.all(supports[0] <= limit + TIGHT)
    assert np.all(supports[1] >= supports[0] - TIGHT)
    for s in range(game.n_states):
        same(proof.values[sets.vertex_node[s]], sets.inner[s], 1e-12 * span)
        assert np.all(sets.machine.node_state[sets.vertex_node[s]] == s)
        for i in (0, 1):
            low, high = sets.bounds[s, i]
            assert min(p[i] for p in outer[s]) - 1e-12 <= low <= min(p[i] for p in inner[s]) + TIGHT * span
            assert max(p[i] for p in outer[s]) + 1e-12 >= high >= max(p[i] for p in inner[s]) - TIGHT * span
            assert high - low <= np.ptp([p[i] for p in inner[s]]) + 2 * tolerance * span


def _scaled(module: ModuleType) -> None:
    """Other units, the same answer."""
    own = board(5)
    other = Board(replace(own.game, payoffs=[(np.asarray(t) * [1e4, 1e-3] + [7, -5]).tolist() for t in own.game.payoffs]))
    one, two = solved(module, own), solved(module, other)
    for a, b in zip((*one.outer, *one.inner), (*two.outer, *two.inner), strict=True):
        assert a.shape == b.shape
        same(a, (b - [7, -5]) / [1e4, 1e-3], 1e-6)


def _plans(module: ModuleType) -> None:
    sets = solved(module, Board(for_ever(0.6)))
    for weights, worth in (((1, 0), 13 / 3), ((0, 1), 13 / 3), ((1, 1), 6), ((-1, -1), -2), ((-1, 0), -1), ((1, -1), 10 / 3)):
        plan = sets.plan(0, weights)
        values = check(plan).values
        same(float((plan.start @ values)[0] @ weights), worth, 1e-6)
        assert check(plan).gain <= 1e-9
    # a tie goes to what is better for both
    table = [[(2.0, 2.0), (0.0, 0.0)], [(0.0, 0.0), (2.0, 1.0)]]
    sets = solved(module, Board(for_ever(0.0, table)))
    plan = sets.plan(0)
    same((plan.start @ check(plan).values)[0], [2, 2], 1e-6)
    half = sets.plan_from(0, sets.vertex_node[0], np.full(2, 0.5))
    same((half.start @ check(half).values)[0], [2, 1.5], 1e-6)


def _nothing_there(module: ModuleType) -> None:
    game = lost_states()
    sets = solved(module, Board(game))
    assert [len(part) for part in sets.outer[:3]] == [0, 0, 0]
    assert [len(part) for part in sets.inner[:3]] == [0, 0, 0]
    assert sets.source == 2
    assert "state '2'" in sets.status or "state '3'" in sets.status
    assert "to which play can come" in sets.status
    assert np.isnan(sets.bounds[:3]).all()
    same(sets.bounds[3], [[1, 13 / 3]] * 2, 1e-6)
    assert sets.gap <= 5e-6
    with pytest.raises(UnsolvedError):
        sets.plan(0)
    alone = solved(module, Board(for_ever(0.9, PENNIES)))
    assert alone.machine is None
    assert alone.gap == 0
    assert "where play begins" in alone.status
    with pytest.raises(UnsolvedError):
        alone.plan(0)
    with pytest.raises(UnsolvedError):
        alone.plan_from(0, np.zeros(1, dtype=int), np.ones(1))
    begins = module.equilibrium_set(replace(built(game), start=3))
    assert "From 3 states there is none" in begins.status
    coarse = module.equilibrium_set(replace(built(game), start=3), tolerance=0.3)
    assert coarse.gap <= 1.5


# --- polygons of bargaining --------------------------------------------------------------------------------------------------


def check_convex(module: ModuleType) -> None:
    random = np.random.default_rng(9)
    shapes = [convex_hull(random.normal(size=(n, 2))) for n in (3, 5, 9)]
    shapes += [SQUARE, SQUARE[:1], SQUARE[[0, 2]], SQUARE[[0, 1]], SQUARE[[0, 3]]]
    for polygon in shapes:
        known = hull([Point(*map(float, p)) for p in polygon])
        for normal, level in ((random.normal(size=2), random.normal()) for _ in range(8)):
            kept = module.clip(polygon, normal, level)
            box = _kept(known, normal, level)
            assert len(hull([Point(*map(float, p)) for p in kept])) == len(hull(box))
            for p in kept:
                assert p @ normal >= level - 1e-12
                assert distance(p, hull(box)) < 1e-12
            for p in box:
                assert distance(p, hull([Point(*map(float, q)) for q in kept])) < 1e-12
            _runs_round(kept)
        corner = polygon.mean(axis=0) - [0.1, 0.2]
        same(
            module.above(polygon, corner),
            module.clip(module.clip(polygon, np.array([1.0, 0.0]), corner[0]), np.array([0.0, 1.0]), corner[1]),
        )
        same(np.sort(module.swapped(polygon), axis=0), np.sort(polygon[:, ::-1], axis=0))
        _runs_round(module.swapped(polygon))
        _upper_sides(module, polygon)
        _shares(module, polygon, random)
        _on_the_boundary(module, polygon, random)
    assert module.clip(np.zeros((0, 2)), np.ones(2), 0.0).shape == (0, 2)
    assert module.clip(SQUARE, np.ones(2), 3.0).shape == (0, 2)
    assert module.clip(SQUARE, np.ones(2), -3.0).tolist() == SQUARE.tolist()
    same(module.clip(SQUARE, np.ones(2), 2.0), [[1, 1]])
    same(module.clip(SQUARE[[0, 1]], np.array([0.0, 1.0]), 0.0), SQUARE[[0, 1]])
    same(module.clip(SQUARE[:1], np.array([0.0, 1.0]), 0.0), SQUARE[:1])
    for _ in range(60):  # both passes over a segment give the same point
        assert len(module.clip(random.random((2, 2)), random.random(2), 0.5)) <= 2
    # the smaller gain is 2 all along the right side; the other gain decides, not the last digit
    tilted = np.array([[0.0, 0.0], [2.0 + 4e-16, 2.5], [2.0, 5.0], [0.0, 5.0]])
    same(module.largest_share(tilted, np.zeros(2), np.ones(2), 1e-12)[1], [2, 5])


def _kept(known: list[Point], normal: Floats, level: float) -> list[Point]:
    """The part of a hull above a line: vertices above, and where chords between all vertices cross it."""
    found = [p for p in known if p[0] * normal[0] + p[1] * normal[1] >= level]
    for a, b in itertools.combinations([np.array(p[:2]) for p in known], 2):
        high, low = a @ normal - level, b @ normal - level
        if high * low < 0:
            found.append(Point(*map(float, a + (b - a) * high / (high - low))))
    return [Point(float(p[0]), float(p[1])) for p in _thin(found)]


def _thin(points: list[Point]) -> list[Point]:
    """Without those that rounding puts beside the hull of the others."""
    ring = hull(points)
    while len(ring) > 2:
        inner = [p for p in ring if distance(p, hull([q for q in ring if q is not p])) > 1e-12]
        if len(inner) == len(ring):
            break
        ring = hull(inner) if inner else ring[:1]
    return ring


def _runs_round(polygon: Floats) -> None:
    along = np.roll(polygon, -1, axis=0) - polygon
    after = np.roll(along, -1, axis=0)
    assert np.all(along[:, 0] * after[:, 1] - along[:, 1] * after[:, 0] >= -1e-12)


def _upper_sides(module: ModuleType, polygon: Floats) -> None:
    chain = module.upper_chain(polygon)
    assert np.all(np.diff(chain[:, 0]) >= 0)
    for at, x in ((0, polygon[:, 0].min()), (-1, polygon[:, 0].max())):
        same(chain[at], [x, polygon[polygon[:, 0] == x, 1].max()])
    # the chords between all vertices reach as high
    for x in np.linspace(chain[0, 0], chain[-1, 0], 7):
        tops = [p[1] for p in polygon if p[0] == x]
        for a, b in itertools.permutations(polygon, 2):
            if a[0] < x < b[0]:
                tops.append(a[1] + (b[1] - a[1]) * (x - a[0]) / (b[0] - a[0]))
        if tops:
            same(np.interp(x, *chain.T), max(tops), 1e-9)


def _shares(module: ModuleType, polygon: Floats, random: np.random.Generator) -> None:
    """Against fine points of the polygon: mixtures of all its vertices."""
    mixes = np.concatenate([polygon, random.dirichlet(np.full(len(polygon), 0.3), 3000) @ polygon])
    for reach in (np.ones(2), np.array([0.3, 1.2])):
        base = polygon.min(axis=0) - 0.1
        share, point = module.largest_share(polygon, base, reach, 1e-12)
        shares = ((mixes - base) / reach).min(axis=1)
        assert shares.max() <= share + 1e-12
        assert share <= shares.max() + 0.05
        same(((point - base) / reach).min(), share)
        _runs_round(polygon)
    share, point = module.largest_share(polygon, polygon.min(axis=0), np.array([0.0, 1.0]), 1e-12)
    same(share, np.ptp(polygon[:, 1]))
    same(point[1], polygon[:, 1].max())
    share, _ = module.largest_share(polygon, polygon.max(axis=0) + 1.0, np.array([0.0, 1.0]), 1e-12)
    assert share == -np.inf
    level = module.largest_share(SQUARE * [2, 1], np.zeros(2), np.ones(2), 1e-12)
    same(level[1], [2, 1])  # the larger gain is not wasted


def _on_the_boundary(module: ModuleType, polygon: Floats, random: np.random.Generator) -> None:
    for point in (
        *polygon,
        *((polygon + np.roll(polygon, 1, axis=0)) / 2),
        *(0.25 * polygon + 0.75 * np.roll(polygon, 1, axis=0)),
    ):
        vertices, weights = module.lottery(polygon, point, 1e-9)
        assert len(vertices) == len(weights) <= 2
        assert np.all(np.diff(vertices) > 0)
        assert weights.min() > 0
        same(weights.sum(), 1)
        same(weights @ polygon[vertices], point, 1e-9)
        near = np.linalg.norm(polygon - point, axis=1) <= 1e-9
        assert (len(vertices) == 1) == bool(near.any())
    far = polygon.max(axis=0) + random.random(2)
    vertices, weights = module.lottery(polygon, far, 1e-9)
    drawn = weights @ polygon[vertices]
    same(np.hypot(*(drawn - far)), distance(far, hull([Point(*map(float, p)) for p in polygon])), 1e-9)


# --- bargaining --------------------------------------------------------------------------------------------------------------


def check_bargaining(module: ModuleType) -> None:
    random = np.random.default_rng(10)
    for rule in module.RULES:
        widths: list[float] = []
        for _ in range(12):
            points = convex_hull(random.normal(size=(random.integers(3, 9), 2)))
            inside = random.dirichlet(np.ones(len(points))) @ points
            for given, d in (("worst", points.min(axis=0)), (inside, inside)):
                found = module.bargain(sets_of(points), 0, rule, given)
                expected = plain_point(points, d, rule)
                same(found.disagreement, d)
                same(found.point, expected, 1e-6)
                assert np.all(found.low <= expected + 1e-9)
                assert np.all(expected <= found.high + 1e-9)
                same(np.array(found.weights) @ points[list(found.vertices)], found.point)
                assert found.agreement == "agreement"
                widths.append(float((found.high - found.low).max()))
        # where sets are known exactly bounds are narrow, but for flat sides and for those who have hardly anything to gain
        assert np.median(widths) < 1e-9
        _between_polygons(module, rule, random)
        assert module.bargain(sets_of(SQUARE), 0, rule).unit_dependent == (rule in ("maximin", "utilitarian"))
        for polygon, d, point in (
            ([[1.0, 2.0]], "worst", [1, 2]),
            ([[1.0, 2.0], [1.0, 5.0]], "worst", [1, 5]),
            ([[1.0, 2.0], [4.0, 2.0]], "worst", [4, 2]),
            ([[3.0, 1.0], [1.0, 3.0]], "worst", [2, 2]),
            ([[0.0, 0.0], [4.0, 0.0], [0.0, 2.0]], (2.0, 1.0), [2, 1]),
            ([[0.0, 0.0], [4.0, 0.0], [0.0, 2.0]], (2.0 + 1e-15, 1.0), [2, 1]),
        ):
            same(module.bargain(sets_of(polygon), 0, rule, d).point, point, 1e-9)
        large = module.bargain(sets_of(SQUARE * [2, 1] + 1e6), 0, rule)
        same(large.point, [1e6 + 2, 1e6 + 1], 1e-7)
    leaning = [[0.0, 0.0], [4.0, 0.0], [0.0, 4.0 + 2e-15]]
    same(module.bargain(sets_of(leaning), 0, "utilitarian", (1.0, 0.0)).point, [2.5, 1.5], 1e-9)
    _no_agreement(module)


def _between_polygons(module: ModuleType, rule: str, random: np.random.Generator) -> None:
    """Bounds hold for every set between inner and outer polygon, and every disagreement point that is possible."""
    for gap in (1.0, 0.1, 1e-3):
        inner, outer = nested(random, gap)
        worst = module.bargain(sets_of(inner, outer), 0, rule)
        pair = random.dirichlet(np.ones(len(inner))) @ inner
        given = module.bargain(sets_of(inner, outer), 0, rule, pair)
        low, high = outer.min(axis=0), inner.min(axis=0)
        for between in sets_between(random, inner, outer, 5):
            cases = [(given, pair), *((worst, np.where(mask, high, low)) for mask in itertools.product((True, False), repeat=2))]
            for found, d in cases:
                point = plain_point(between, d, rule)
                assert np.all(found.low - 1e-10 <= point)
                assert np.all(point <= found.high + 1e-10)
        if gap == 1e-3 and rule == "nash":
            assert np.all(given.high - given.low < 0.5)


def _no_agreement(module: ModuleType) -> None:
    inner, outer = [[1.0, 1.0], [2.0, 1.0], [1.0, 2.0]], [[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]]
    beyond = module.bargain(sets_of(inner, outer), 0, "nash", (3.0, 2.0))
    between = module.bargain(sets_of(inner, outer), 0, "nash", (1.6, 1.6))
    assert (beyond.agreement, between.agreement) == ("no agreement", "cannot be told")
    assert np.isnan([beyond.point, between.point, beyond.low]).all()
    same([between.low, between.high], [[1.6, 1.6], [2.4, 2.4]], 1e-9)
    assert module.bargain(sets_of([], []), 0).agreement == "no equilibrium"
    assert module.bargain(sets_of([], outer), 0).agreement == "cannot be told"
    for arguments in (
        (0, "egalitarian"),
        (1, "nash"),
        (-1, "nash"),
        (0, "nash", "best"),
        (0, "nash", (1.0, 2.0, 3.0)),
        (0, "nash", (1, np.nan)),
    ):
        with pytest.raises(GameError):
            module.bargain(sets_of(inner), *arguments)


# --- binding threats ---------------------------------------------------------------------------------------------------------


def check_variable_threats(module: ModuleType) -> None:
    for discount in (0.0, 0.9):
        for name, (payoffs, point, weight, threats, disagreement) in BY_HAND.items():
            found = module.variable_threats(repeated_game(payoffs, discount))
            same(found.point, point, 1e-8)
            assert np.all(found.low <= point)
            assert np.all(found.high >= point)
            assert name == "end of a side" or np.all(found.high - found.low < 1e-8)
            if weight is not None:
                same(found.weight, weight, 1e-8)
            if threats is not None:
                same([own[0] for own in found.threats], threats, 1e-8)
            if disagreement is not None:
                same(found.disagreement, disagreement, 1e-8)
    for seed, states, counts in ((100, 1, (3, 3)), (101, 2, (2, 3)), (102, 3, (2, 2)), (103, 2, (2, 2))):
        game = stochastic_game(seed, states, counts)
        found = module.variable_threats(game)
        assert found.state == game.start == states - 1
        threats_are_best(game, found)
        own = Automaton.stationary(game, found.threats)
        same(found.threat_gain, check(own, nodes=np.ones(states, dtype=bool)).gain)
        assert 0 <= found.gap < 1e-9 * game.payoff_range
        assert np.all(found.high - found.low < 1e-6 * game.payoff_range)
        _bounds_of_other_weights(module, game, found)
        other = module.variable_threats(game, 0)
        assert other.state == 0
        threats_are_best(replace(game, start=0), other)
    frontier = module._Frontier.of(repeated_game([[[0.0, 6.0], [3.0, 6.0]], [[5.0, 0.0], [5.0, 2.0]]], 0.5), 0)
    for weight, end in ((0.0, [0.6, 1.0]), (1.0, [1.0, 1 / 3])):
        side = frontier.side(weight)
        same([side.a, side.b], [end, end])
        same(side.height, 1)
    uneven = repeated_game(DILEMMA, (0.9, 0.8))
    for game, state in ((uneven, None), (repeated_game(DILEMMA, 0.9), 1), (repeated_game(DILEMMA, 0.9), -1)):
        with pytest.raises(GameError):
            module.variable_threats(game, state)


def repeated_game(payoffs: Any, discount: Any) -> StochasticGame:
    return StochasticGame.from_arrays([payoffs], [np.ones((*np.shape(payoffs)[:-1], 1))], discount)


def threats_are_best(game: StochasticGame, found: Any) -> None:
    """The agreement is Nash's point against the threats, and no other threat moves it its player's way."""
    corners_ = feasible_corners(game, game.start)
    same(values_of_play(game, found.threats)[game.start], found.disagreement, 1e-8)
    same(nash_points(corners_, found.disagreement[None])[0], found.point, 1e-5 * max(1, game.payoff_range))
    for player in (0, 1):
        others = list(found.threats)
        for own in pure_strategies(game, player):
            others[player] = own
            d = values_of_play(game, others)[game.start]
            assert nash_points(corners_, d[None])[0, player] <= found.point[player] + 1e-5


def _bounds_of_other_weights(module: ModuleType, game: StochasticGame, exact: Any) -> None:
    frontier = module._Frontier.of(game, game.start)
    z = (exact.point - frontier.base) / frontier.unit
    frontier.side(0.0)
    for normal in (1.0, 0.3, 0.6):
        frontier.side(normal)
        for weight in (0.0, 0.1, 0.5, 0.8, 1.0):
            low, high = module._bounds(frontier, weight, frontier.threat(weight))
            assert np.all(low <= z + 1e-9)
            assert np.all(z <= high + 1e-9)


# --- three players and more --------------------------------------------------------------------------------------------------


def check_programmes(module: ModuleType) -> None:
    random = np.random.default_rng(13)
    for size in (2, 3):
        directions = random.normal(size=(10, size))
        directions[: 2 * size] = np.vstack([np.eye(size), -np.eye(size)])
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        _outer_programmes(module, directions, random)
        _inner_programmes(module, directions, random)


def _axes(goals: Floats, rows: int) -> tuple[Any, Floats]:
    """Each goal as a sum of axes."""
    size = goals.shape[1]
    basis = np.where(goals >= 0, np.arange(size), size + np.arange(size))
    return np.tile(basis, (rows, 1, 1)), np.tile(np.abs(goals), (rows, 1, 1))


def _outer_programmes(module: ModuleType, directions: Floats, random: np.random.Generator) -> None:
    """Three states with two, one and no living row; one row's constraints contradict each other."""
    count, size = directions.shape
    goals, first = np.ascontiguousarray(directions * random.uniform(0.5, 0.9, size)), np.array([0, 3, 4, 6])
    constant = random.random((6, count))
    bound = np.stack([around(random.random((size + 2, size)), directions) for _ in range(6)])
    bound[1, size] = -1.5  # a floor above what the row can reach
    bound[2] -= 0.02 * random.random(count)
    alive = np.array([True, True, True, True, False, False])
    basis, multiplier = _axes(goals, 6)
    rest = np.zeros((6, count))
    supports, row = np.empty((3, count)), np.full((3, count), -5, dtype=np.intp)
    still = alive.copy()
    module.raise_supports(directions, goals, constant, bound, first, still, basis, multiplier, rest, supports, row, True)
    assert not still[4:].any()
    truth = np.full((6, count), -np.inf)
    for r, k in itertools.product(np.flatnonzero(alive), range(count)):
        answer = linprog(-goals[k], A_ub=directions, b_ub=bound[r], bounds=[(None, None)] * size)
        if answer.status == 0:
            truth[r, k] = constant[r, k] - answer.fun
    for s in range(3):
        own = truth[first[s] : first[s + 1]]
        if np.isinf(own).all():
            assert np.all(row[s] == -1)
            assert np.all(supports[s] == -np.inf)
        else:
            same(supports[s], own.max(axis=0), 1e-8)
            same(row[s], first[s] + own.argmax(axis=0))
    assert np.all(multiplier >= 0)
    chosen = np.take_along_axis(row[:1], np.zeros((1, count), dtype=int), axis=0)[0]
    for k in range(count):
        same(multiplier[chosen[k], k] @ directions[basis[chosen[k], k]], goals[k], 1e-9)
    # with other right sides the multipliers still bound what is attained, without a pivot
    higher = bound + random.random(bound.shape)
    again, _ = np.empty_like(supports), row.copy()
    living = alive & ~np.isinf(truth).all(axis=1)
    module.raise_supports(directions, goals, constant, higher, first, living.copy(), basis, multiplier, rest, again, row, False)
    for s, k in itertools.product((0, 1), range(count)):
        worth = [constant[r, k] + multiplier[r, k] @ higher[r, basis[r, k]] for r in range(first[s], first[s + 1]) if living[r]]
        same(again[s, k], max(worth))


def _inner_programmes(module: ModuleType, directions: Floats, random: np.random.Generator) -> None:
    """One state with four rows that lead to one or two of two states with a few points each."""
    count, size = directions.shape
    goals, first = np.ascontiguousarray(0.8 * directions), np.array([0, 4])
    first_entry, target = np.array([0, 1, 3, 5, 6]), np.array([0, 0, 1, 0, 1, 1])
    chance = np.array([1.0, 0.4, 0.6, 0.7, 0.3, 1.0])
    points, use = random.random((2, 5, size)), np.ones((2, 5), dtype=bool)
    use[1, 2], points[1, 2] = False, 1.3
    constant, feasible = random.random((4, count)), np.array([True, True, True, False])
    for low in (-1.0, 0.3, 0.45):
        floor = np.full((4, size), low)
        truth = np.full((4, count), -np.inf)
        for r, k in itertools.product(range(3), range(count)):
            entries = range(first_entry[r], first_entry[r + 1])
            lotteries = [chance[e] * points[target[e]][use[target[e]]] for e in entries]
            columns = np.vstack(lotteries)
            owner = np.concatenate([np.full(len(part), n) for n, part in enumerate(lotteries)])
            answer = linprog(
                -(columns @ goals[k]),
                A_ub=-columns.T,
                b_ub=-floor[r],
                A_eq=np.equal.outer(range(len(lotteries)), owner).astype(float),
                b_eq=np.ones(len(lotteries)),
            )
            if answer.status == 0:
                truth[r, k] = constant[r, k] - answer.fun
        room = 2 + size
        row, codes = np.full((1, count), -5, dtype=np.intp), np.full((1, count, room), -5, dtype=np.intp)
        weights, turned = np.zeros((1, count, room)), np.zeros((1, count, size))
        order = np.where(np.isfinite(truth), truth, 0.0) + 0.01 * random.random(truth.shape) + 1e-6
        order[3] = 9.0
        module.propose_points(
            goals, constant, order, first, first_entry, target, chance, points, use, floor, feasible, row, codes, weights, turned
        )
        for k in range(count):
            best = truth[:, k].max()
            if np.isinf(best):
                assert row[0, k] == -1
                continue
            r, used = row[0, k], codes[0, k] >= 0
            assert truth[r, k] >= best - 1e-9
            entry, at = codes[0, k][used] // 5, codes[0, k][used] % 5
            e = first_entry[r] + entry
            assert np.all(use[target[e], at])
            same(np.bincount(entry, weights=weights[0, k][used]), np.ones(first_entry[r + 1] - first_entry[r]), 1e-9)
            mean = (weights[0, k][used] * chance[e]) @ points[target[e], at]
            same(constant[r, k] + goals[k] @ mean, best, 1e-9)
            assert np.all(mean >= low - 1e-9)
            # no point of a next state is better in the turned direction than those that are used
            for n in range(first_entry[r], first_entry[r + 1]):
                own = points[target[n]][use[target[n]]] @ turned[0, k]
                assert np.all(points[target[e[e == n]], at[e == n]] @ turned[0, k] >= own.max() - 1e-9)


def check_payoff_bounds(module: ModuleType) -> None:
    for delta, best, total in ((0.2, 1.0, 2.0), (0.25, 4.0, 5.0), (0.3, 4.0, 5.0), (0.6, 13 / 3, 6.0)):
        found = module.payoff_bounds(plain_pd(delta), weights=(1, 1))
        assert_tight(found, np.array([[[1.0, best]] * 2]), np.array([[[2.0, total]]]))
    for delta in (0.3, 0.4, 0.7):
        best, total = (0.0, 0.0) if delta < 1 / 3 else (min(1.2, 14 / 15 + 0.4 * delta), 2.4)
        found = module.payoff_bounds(public_goods(delta), weights=(1, 1, 1))
        assert_tight(found, np.array([[[0.0, best]] * 3]), np.array([[[0.0, total]]]))
    uneven = module.payoff_bounds(plain_pd((0.9, 0.8)), weights=(1, 1))
    assert_sound(uneven)
    assert uneven.gap <= CLOSE_BOUNDS * uneven.game.payoff_range
    assert uneven.weighted_inner[0, 0, 1] > 6.36
    for seed in (5, 1):
        own = board(seed)
        sets = equilibrium_set.equilibrium_set(own.form.game)
        found = module.payoff_bounds(own.form.game, weights=(2, -1))
        assert_sound(found)
        same(found.outer, sets.bounds, 1e-5 * own.game.payoff_range)
        assert np.all(found.outer[..., 0] <= sets.bounds[..., 0] + 2e-6)
        assert np.all(found.outer[..., 1] >= sets.bounds[..., 1] - 2e-6)
        for s, part in enumerate(sets.inner):
            worth = part @ [2, -1]
            assert found.weighted_outer[s, 0, 0] <= worth.min() + 1e-8
            assert found.weighted_outer[s, 0, 1] >= worth.max() - 1e-8
    _masks_of_bounds(module)
    constant = module.payoff_bounds(StochasticGame.from_arrays([np.full((2, 2, 2, 3), 7.0)], [np.ones((2, 2, 2, 1))], 0.9))
    same(constant.outer, np.full((1, 3, 2), 7.0), 1e-9)
    for options in ({"tolerance": 0.0}, {"weights": (1, 1)}, {"directions": -1}, {"prescribable": [[[True]]]}):
        with pytest.raises(GameError):
            module.payoff_bounds(public_goods(0.5), **options)


def _masks_of_bounds(module: ModuleType) -> None:
    """Games of two players with masks, against the set itself; and states without equilibrium."""
    free, first = np.array([True, True]), np.array([True, False])
    barred = module.payoff_bounds(plain_pd(0.05), weights=(1, 1), deviation=[[first, first]])
    same(barred.outer, [[[0.0, 5.0]] * 2], 1e-5)
    same(barred.inner, [[[0.0, 5.0]] * 2], 1e-5)
    tempted = module.payoff_bounds(plain_pd(0.9), prescribable=[[first, first]])
    assert np.isnan(tempted.outer).all()
    found = module.payoff_bounds(plain_pd(0.9), prescribable=[[first, first]], deviation=[[first, first]])
    same(found.inner, np.full((1, 2, 2), 3.0), 1e-9)
    game = built(lost_states())
    lost = module.payoff_bounds(game)
    assert np.isnan(lost.outer[:, 0, 0]).tolist() == [True, True, True, False]
    assert "state 3" in lost.status
    same(lost.outer[3], [[1, 13 / 3]] * 2, 1e-5)
    same(lost.inner[3], [[1, 13 / 3]] * 2, 1e-5)
    masks = [[first, first] if s == 1 else [free, free] for s in range(4)]
    kept = module.payoff_bounds(game, prescribable=masks, deviation=masks)
    assert np.isnan(kept.outer[:, 0, 0]).tolist() == [False, False, True, False]
    one_sided = module.payoff_bounds(game, prescribable=masks)
    assert np.isnan(one_sided.outer[:, 0, 0]).tolist() == [True, True, True, False]


# --- certificates with masks -------------------------------------------------------------------------------------------------


def check_allowed_departures(module: ModuleType) -> None:
    """The largest gain over the departures that a mask allows, in ragged games and at mixed plans; everywhere and at one node."""
    random = np.random.default_rng(14)
    for seed, modes in ((1, 1), (2, 2), (3, 2)):
        game = random_game(seed, delta=(0.7, 0.9))
        plan = random_machine(game, (0, 1), modes, seed)
        gains = [gains_of(plan, i) for i in (0, 1)]
        every = np.ones(plan.n_nodes, dtype=bool)
        same(module.check(plan, every).by_player, [max(0.0, *np.concatenate(own)) for own in gains])
        for nodes in (every, np.arange(plan.n_nodes) == plan.n_nodes - 1):
            for share in (0.0, 0.3, 0.6, 1.0):
                mask = [[random.random(count) < share for count in counts] for counts in game.action_counts]
                found = module.check(plan, nodes, mask)
                for i in (0, 1):
                    open_to = [own[mask[s][i]] for own, s, counts in zip(gains[i], plan.node_state, nodes, strict=True) if counts]
                    same(found.by_player[i], max(0.0, *np.concatenate(open_to), 0.0))
                same(found.gain, max(found.by_player))
                for worst in found.worst:
                    s, i = game.states.index(worst.state), game.players.index(worst.player)
                    assert mask[s][i][game.actions[s][i].index(worst.action)]
                    same(worst.gain, found.by_player[i])
