"""Batteries of repeated games with equally patient players: one step by brute force, whole sets by the textbook twin.

Payoffs are scaled to [0, 1] before a module sees them; `Board` translates.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from leverage.game.stochastic_game import Floats
from leverage.solvers import inner_bound
from leverage.solvers.direction_fan import DirectionFan
from tests.mutations.batteries import EXACT, same
from tests.mutations.set_batteries import COOPERATION, PENNIES, TIGHT, TURNS, Board, board, cloud, for_ever, is_proved
from tests.solvers.aps_twin import Point, Polygon, cut, hull, operator
from tests.solvers.set_games import masked, one_state, ties

#: Largest remainder of the twin's steps, a share of the payoff range.
REMAINDER = 1e-11
#: Repeated games of equally patient players that the twin settles in a hundred steps.
GAMES = tuple(board(seed, one_state) for seed in (5, 7, 9, 14, 38, 40, 45, 57)) + tuple(
    board(seed, ties) for seed in (12, 20, 57)
)
MASKED = tuple(board(seed, masked) for seed in (4, 25, 26, 37, 38, 45, 55, 56))
#: Players who agree on everything, nobody who has a choice, a coordination game whose worst equilibrium binds.
BY_HAND = (
    (0.6, [[(0.0, 0.0), (1.0, 1.0)], [(3.0, 3.0), (2.0, 2.0)]]),
    (0.5, [[(2.0, -3.0)] * 2] * 2),
    (0.5, [[(1.0, 0.0), (0.5, 1.0), (0.0, 2.0)]]),
    (0.5, [[(2.0, 2.0), (0.0, 0.0)], [(0.0, 0.0), (1.0, 1.0)]]),
)
#: A side that is upright but for rounding, with a corner between two of its points.
UPRIGHT = np.array([[0.0, 1.0], [1e-16, 0.0], [2e-16, 0.5], [1.0, 0.2], [1.0, 0.2]])


def twin_sets(own: Board) -> list[Polygon]:
    """The operator's steps from the rectangle of all payoffs, constraints relaxed by rounding, until little can change."""
    unit = float(own.game.payoff_range)
    corners = own.form.lowest + np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * own.form.scale
    sets = [hull([Point(*map(float, p)) for p in corners])] * own.game.n_states
    for _ in range(int(np.ceil(np.log(REMAINDER) / np.log(own.game.discount[0])))):
        sets = operator(own.game, sets, -1e-12 * unit)
    return sets


# --- the kernel --------------------------------------------------------------------------------------------------------------


def check_repeated_kernel(module: ModuleType) -> None:
    random = np.random.default_rng(14)
    for size in (1, 2, 3, 5, 9):
        for low in (-0.2, 0.0, 0.3):
            corner = np.array([p[:2] for p in hull([Point(*map(float, p)) for p in cloud(random, size)])])
            more = low + 0.4 * random.random((2, 12))
            more[random.random((2, 12)) < 0.2] = -np.inf
            _one_step(module, corner, random.random((12, 2)), more, 0.1 + 0.8 * random.random())
    for points in (random.random((40, 2)), UPRIGHT, UPRIGHT * [-1, 1], UPRIGHT[:, ::-1], UPRIGHT[[0, 0, 2]], UPRIGHT[:1]):
        _hulls(module, points)
    for own in GAMES:
        _like_the_twin(module, own)
    for discount, table in BY_HAND:
        _like_the_twin(module, Board(for_ever(discount, table)))
    toward = DirectionFan.even(64).directions
    for discount, answer in ((0.2, TURNS[:1]), (0.25, TURNS), (0.3, TURNS), (0.5, COOPERATION), (0.999, COOPERATION)):
        own = Board(for_ever(discount))
        known = own.supports([hull([Point(*p) for p in answer])], toward)
        same((_points(module, own)[0] @ toward.T).max(axis=0), known[0])
    assert len(_points(module, Board(for_ever(0.9, PENNIES)))[0]) == 0
    assert len(_points(module, Board(for_ever(0.6)), most=1)[0]) == 0


def _hulls(module: ModuleType, points: Floats) -> None:
    """Vertices, counter-clockwise."""
    order, rounds = np.empty(len(points), dtype=np.int64), np.empty(2 * len(points) + 2, dtype=np.int64)
    size = module._hull(points, len(points), 1e-12, order, rounds)
    known = np.array([p[:2] for p in hull([Point(*p) for p in np.round(points, 12).tolist()])])
    assert size == len(known)
    found = points[rounds[:size]]
    assert found.shape == known.shape
    assert min(np.abs(np.roll(found, k, axis=0) - known).max() for k in range(size)) < EXACT  # wherever it begins


def _one_step(module: ModuleType, corner: Floats, payoff: Floats, more: Floats, delta: float) -> None:
    """What each profile promises, by cutting the polygon; and continuations stand where they are said to stand."""
    room = module.ROOM * len(payoff)
    points, after, origin = np.empty((room, 2)), np.empty((room, 2)), np.full((room, 4), -1)
    count = module.extreme_promises(corner, len(corner), payoff, more, delta, 1e-13, points, after, origin)
    same(points[:count], (1 - delta) * payoff[origin[:count, 0]] + delta * after[:count])
    for r in range(len(payoff)):
        known = _promised(corner, payoff[r], corner.min(axis=0) + more[:, r], delta)
        found = points[:count][origin[:count, 0] == r]
        assert _far(found, known) < TIGHT
        assert _far(known, found) < TIGHT
    for n in range(count):
        r, what, b, k = origin[n]
        least = corner.min(axis=0) + more[:, r]
        if what == module.STAYS:
            same(after[n], payoff[r])
        elif what == module.CORNER:
            same(after[n], least)
        else:
            i = 0 if what in (module.LEAVES_FIRST, module.ENTERS_FIRST) else 1
            same(after[n, i], least[i])
            assert (corner[b, i] >= least[i]) == (what in (module.LEAVES_FIRST, module.LEAVES_SECOND))
            along = corner[k] - corner[b]
            same(along[0] * (after[n] - corner[b])[1], along[1] * (after[n] - corner[b])[0])


def _promised(corner: Floats, payoff: Floats, least: Floats, delta: float) -> Floats:
    """(M, 2): the payoff itself where it meets its constraints, else what the extreme points on a constraint's line give; nothing
    where a constraint asks for more than the polygon holds."""
    if np.any(least > corner.max(axis=0)):
        return np.zeros((0, 2))
    if np.all(payoff >= least):
        return payoff[None]
    part = [Point(float(x), float(y), ()) for x, y in corner]
    for i in (0, 1):
        part = cut(part, i, float(least[i])) if np.isfinite(least[i]) else part
    left = np.array([p[:2] for p in part]).reshape(-1, 2)
    return np.asarray((1 - delta) * payoff + delta * left[np.any(np.abs(left - least) < 1e-12, axis=1)])


def _far(points: Floats, others: Floats) -> float:
    """The largest distance of a point from the nearest of the others."""
    if not len(points):
        return 0.0
    return float(np.abs(points[:, None] - others).max(axis=2).min(axis=1, initial=np.inf).max())


def _points(module: ModuleType, own: Board, most: int = 500) -> tuple[Floats, Floats, Any]:
    """What the kernel finds of a game in which everything may be prescribed and departed to."""
    form, delta = own.form, float(own.form.delta[0])
    payoff = form.reward / (1 - delta)
    table = payoff.reshape(*form.game.action_counts[0], 2)
    lines = [np.broadcast_to(table[..., i].max(axis=i, keepdims=True), table.shape[:2]).ravel() for i in (0, 1)]
    more = np.ascontiguousarray((1 - delta) / delta * (np.stack(lines) - payoff.T))
    room = module.ROOM * len(payoff)
    values, after, row = np.empty((room, 2)), np.empty((room, 2)), np.empty(room, dtype=np.int64)
    size, steps = module.repeated_points(payoff, more, delta, 1e-13, 1e-12, 5e-13, most, values, after, row)
    assert steps <= most
    return values[:size], after[:size], row[:size]


def _like_the_twin(module: ModuleType, own: Board) -> None:
    """The vertices are those of the twin's set; each is paid by its profile and its continuation, which lies in the set."""
    values, after, row = _points(module, own)
    toward = DirectionFan.even(64).directions
    sets = twin_sets(own)
    assert (len(values) > 0) == (len(sets[0]) > 0)
    if not sets[0]:
        return
    known = own.supports(sets, toward)
    same((values @ toward.T).max(axis=0), known[0], 1e-8)
    same(values, own.form.reward[row] + own.form.delta * after, 1e-11)
    assert np.all(after @ toward.T <= known[0] + 1e-8)


# --- the solver --------------------------------------------------------------------------------------------------------------


def check_repeated_game(module: ModuleType) -> None:
    for discount, expected in ((0.6, True), (0.0, False), ((0.6, 0.5), False)):
        assert module.is_repeated(Board(for_ever(discount)).form) is expected
    assert not module.is_repeated(board(1).form)
    for own in MASKED:
        _proved_to_be_the_set(module, own)
    own = Board(for_ever(0.6))
    alone, _ = module.repeated_play(own.form, np.arange(4) == 3)
    same(own.form.lowest + own.form.scale * alone.promises.values, [[1.0, 1.0]])
    for rows in (np.zeros(4, dtype=bool), np.arange(4) == 0):  # nothing; cooperation, for which nobody could be punished
        assert module.repeated_play(own.form, rows)[0] is None


def _proved_to_be_the_set(module: ModuleType, own: Board) -> None:
    inner, steps = module.repeated_play(own.form, own.form.prescribed)
    known = twin_sets(own)
    assert (inner is None) == (not known[0])
    if inner is None:
        return
    assert steps > 0
    is_proved(inner_bound, own, inner)
    toward = DirectionFan.even(64).directions
    same((inner.promises.values @ toward.T).max(axis=0), own.supports(known, toward)[0], 1e-8)
