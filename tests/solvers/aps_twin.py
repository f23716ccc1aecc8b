"""A slow textbook twin for equilibrium payoff sets of two players: the operator of Abreu, Pearce and Stacchetti on polygons.

Nothing of the package is imported. Numbers are whatever the game holds: fractions give exact steps, floats the same code on
larger games.

The operator. W gives each state s a convex polygon W(s) of promised payoffs. Profile a generates v in state s if

    v_i = (1 - delta_i) u_i(s, a) + delta_i sum_s' p(s' | s, a) w_i(s')                with some w(s') in W(s'),
    v_i >= (1 - delta_i) u_i(s, a') + delta_i sum_s' p(s' | s, a') min_i W(s')         for each deviation a' = (a_i', a_-i),

where each a_i has to be prescribable, and a_i' runs over the actions other than a_i to which i may deviate. B(W)(s) is the hull
of all that is generated in s. The largest fixed point of B is the set V of payoffs of subgame-perfect equilibria in pure actions
with public randomisation. B is monotone; so B applied again and again to any W that contains V contains V (outer), and W within
B(W) lies in V (inner). Neither needs that the players are equally patient.

Emptiness. A strategy profile has to say what follows every history that can happen. If a is prescribed in s, what can happen next
are the profiles of the product over i of {a_i} and i's deviations: joint deviations too, although nobody's gain depends on them.
So a can be prescribed in s only if V(s') is not empty for every s' that has a positive chance after some profile of that product.
Hence without masks V(s) is empty exactly if s is empty by itself or some profile, whatever it is, leads to an empty state with
positive chance. With masks a state survives if one of its prescribable profiles generates something and neither it nor what can
be deviated to from it, jointly too, leads to an empty state. An action that can be neither prescribed nor deviated to might as
well not exist.

Sources: Abreu, Pearce and Stacchetti (1990), "Toward a theory of discounted repeated games with imperfect monitoring", Theorems
1, 2 and 5; Judd, Yeltekin and Conklin (2003), "Computing supergame equilibria"; Lehrer and Pauzner (1999) for unequal patience.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from tests.games import solve_exactly

#: A float or a Fraction; a game holds one kind only.
Number = Any
Profile = tuple[int, int]
#: Per state and player, which actions.
Mask = Sequence[Sequence[Sequence[bool]]]

#: Half the spacing of floats at 1.
UNIT = float(np.finfo(np.float64).eps) / 2
#: A float determinant of this share of its two products' sizes has the right sign (Shewchuk 1997, bound A).
SIGN_IS_SAFE = (3 + 16 * UNIT) * UNIT
#: Half-width of the box, as a share of the largest payoff, by which every outer polygon grows in each step: a thousand roundings.
GRAIN = 1000 * UNIT
#: Grain of proposals in fractions, a share of the payoff range.
FRACTION_GRAIN = Fraction(1, 2**44)
#: While steps are long the grain is this share of (1 - largest discount) times the last step: it slows the contraction little.
COARSE = 0.05
#: One-shot gain, a share of the payoff range, that floats may leave in an inner machine.
ALLOWED_GAIN = 1e-11
#: By how much constraints are tightened before an inner set is proposed, shares of the payoff range.
SLACKS = (0.0, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6)
#: Steps after which an iteration stops in any case.
MOST_STEPS = 5000


class Point(NamedTuple):
    """A payoff pair, and how it is generated: see `Recipe`. Points of outer sets have no recipe."""

    x: Number
    y: Number
    how: Any = None


Polygon = list[Point]
#: Weights on choices; a choice is one vertex of W(s') for each successor s'.
Recipe = tuple[tuple[Number, tuple[int, ...]], ...]


@dataclass(frozen=True, eq=False)
class PlainGame:
    """payoffs[s][a1][a2]: a pair. transitions[s][a1][a2]: a chance for each state. discount: a pair. No masks: all is allowed."""

    payoffs: Sequence[Any]
    transitions: Sequence[Any]
    discount: tuple[Number, Number]
    prescribable: Mask | None = None
    deviation: Mask | None = None
    words: str = ""

    @property
    def n_states(self) -> int:
        return len(self.payoffs)

    def count(self, s: int, i: int) -> int:
        """How many actions player i has in s."""
        return len(self.payoffs[s]) if i == 0 else len(self.payoffs[s][0])

    def profiles(self, s: int) -> Iterator[Profile]:
        """Those that may be prescribed."""
        for a in itertools.product(range(self.count(s, 0)), range(self.count(s, 1))):
            if self.prescribable is None or all(self.prescribable[s][i][a[i]] for i in (0, 1)):
                yield a

    def deviations(self, s: int, a: Profile, i: int) -> list[Profile]:
        """The profiles that i can bring about alone, without a itself."""
        allowed = [k for k in range(self.count(s, i)) if k != a[i] and (self.deviation is None or self.deviation[s][i][k])]
        return [(k, a[1]) if i == 0 else (a[0], k) for k in allowed]

    def histories(self, s: int, a: Profile) -> list[Profile]:
        """What can happen where a is prescribed, joint deviations included."""
        first = [a[0], *(b[0] for b in self.deviations(s, a, 0))]
        second = [a[1], *(b[1] for b in self.deviations(s, a, 1))]
        return list(itertools.product(first, second))

    def successors(self, s: int, a: Profile) -> list[tuple[int, Number]]:
        """States with a positive chance, and the chance."""
        return [(t, p) for t, p in enumerate(self.transitions[s][a[0]][a[1]]) if p > 0]

    def now(self, s: int, a: Profile, i: int) -> Number:
        """(1 - delta_i) u_i."""
        return (1 - self.discount[i]) * self.payoffs[s][a[0]][a[1]][i]

    def rows(self, i: int) -> list[Number]:
        """All payoffs of player i."""
        return [pair[i] for table in self.payoffs for row in table for pair in row]

    @property
    def payoff_range(self) -> Number:
        return max(max(self.rows(i)) - min(self.rows(i)) for i in (0, 1))

    @property
    def largest(self) -> Number:
        return max(abs(u) for i in (0, 1) for u in self.rows(i))


# --- polygons: vertices, counter-clockwise from the lowest of the leftmost; a point has one, a segment two ----------------------


def turn(o: Any, a: Any, b: Any) -> int:
    """1 if o, a, b turn left, -1 if right, 0 if they stand on one line: exact for the numbers given, floats included."""
    left, right = (a[0] - o[0]) * (b[1] - o[1]), (a[1] - o[1]) * (b[0] - o[0])
    difference = left - right
    if isinstance(difference, float) and abs(difference) <= SIGN_IS_SAFE * (abs(left) + abs(right)):
        difference = _exact_turn(o, a, b)
    return int(difference > 0) - int(difference < 0)


def _exact_turn(o: Any, a: Any, b: Any) -> int:
    """The same determinant in integers, times something positive."""
    ratios = [float(c).as_integer_ratio() for p in (o, a, b) for c in p[:2]]
    unit = max(below for _, below in ratios)  # powers of 2: each divides the largest
    ox, oy, ax, ay, bx, by = (above * (unit // below) for above, below in ratios)
    return (ax - ox) * (by - oy) - (ay - oy) * (bx - ox)


def hull(points: Sequence[Point]) -> Polygon:
    """Extreme points. Nothing is dropped but what lies in the hull of the rest, exactly."""
    ordered = sorted({(p[0], p[1]): p for p in points}.values(), key=lambda p: (p[0], p[1]))
    if len(ordered) <= 2:
        return ordered
    lower, upper = _chain(ordered), _chain(ordered[::-1])
    return lower[:-1] + upper[:-1]


def _chain(ordered: Sequence[Point]) -> Polygon:
    kept: Polygon = []
    for p in ordered:
        while len(kept) > 1 and turn(kept[-2], kept[-1], p) <= 0:
            kept.pop()
        kept.append(p)
    return kept


def holds(polygon: Polygon, point: Any) -> bool:
    """Whether the point lies in the polygon, exactly."""
    if len(polygon) <= 1:
        return any(p[0] == point[0] and p[1] == point[1] for p in polygon)
    if any(turn(a, b, point) < 0 for a, b in _edges(polygon)):
        return False
    return all(min(p[k] for p in polygon) <= point[k] <= max(p[k] for p in polygon) for k in (0, 1))


def _edges(polygon: Polygon) -> Iterator[tuple[Point, Point]]:
    return zip(polygon, polygon[1:] + polygon[:1], strict=True)


def weighted_sum(parts: Sequence[tuple[Number, Polygon]]) -> Polygon:
    """Minkowski sum of weight times polygon; a vertex' `how` is its index in each part.

    All parts' edges are walked in the order of their angles; a vertex is summed afresh from its parts, so nothing accumulates.
    Where rounding confuses two angles, the vertex between the edges moves inward by a rounding.
    """
    at = [min(range(len(part)), key=lambda k, part=part: (part[k][1], part[k][0])) for _, part in parts]  # type: ignore[misc]
    walks = [_edges_from(k, part, at[k]) for k, (_, part) in enumerate(parts)]
    total = [_vertex(parts, at)]
    for _, k in sorted(itertools.chain(*walks), key=lambda edge: _ANGLE(edge[0])):  # merges runs that are in order
        at[k] = (at[k] + 1) % len(parts[k][1])
        total.append(_vertex(parts, at))
    return total[:-1] if len(total) > 1 else total


def _vertex(parts: Sequence[tuple[Number, Polygon]], at: Sequence[int]) -> Point:
    x: Number = 0
    y: Number = 0
    for (weight, part), k in zip(parts, at, strict=True):  # a loop, as this is most of the twin's time
        p = part[k]
        x += weight * p[0]
        y += weight * p[1]
    return Point(x, y, tuple(at))


def _edges_from(name: int, part: Polygon, first: int) -> list[tuple[tuple[Number, Number], int]]:
    """The part's edges as vectors, with its name; from its lowest vertex on their angles go from 0 to 2 pi."""
    around = part[first:] + part[: first + 1]
    return [((b[0] - a[0], b[1] - a[1]), name) for a, b in itertools.pairwise(around)] if len(part) > 1 else []


def _compare_angles(a: tuple[Number, Number], b: tuple[Number, Number]) -> int:
    """Negative if a has the smaller angle, in [0, 2 pi)."""
    lower = a[1] < 0 or (a[1] == 0 and a[0] < 0)
    if lower != (b[1] < 0 or (b[1] == 0 and b[0] < 0)):
        return 1 if lower else -1
    left, right = a[1] * b[0], a[0] * b[1]
    return int(left > right) - int(left < right)


_ANGLE = functools.cmp_to_key(_compare_angles)


def cut(polygon: Polygon, i: int, least: Number) -> Polygon:
    """The part with v_i >= least. Recipes are mixed like the points."""
    kept: Polygon = []
    for a, b in _edges(polygon):
        if a[i] >= least:
            kept.append(a)
        if (a[i] >= least) != (b[i] >= least):
            share = (least - a[i]) / (b[i] - a[i])
            other = a[1 - i] + share * (b[1 - i] - a[1 - i])
            kept.append(Point(*((least, other) if i == 0 else (other, least)), _mixed(a.how, b.how, share)))
    return kept


def _mixed(a: Recipe, b: Recipe, share: Number) -> Recipe:
    weights: dict[tuple[int, ...], Number] = {}
    for factor, recipe in ((1 - share, a), (share, b)):
        for weight, choice in recipe:
            weights[choice] = weights.get(choice, 0) + factor * weight
    return tuple((weight, choice) for choice, weight in weights.items() if weight > 0)


def distance(point: Any, polygon: Polygon) -> float:
    """Euclidean; infinite from an empty polygon."""
    if not polygon:
        return math.inf
    if len(polygon) > 2 and all(turn(a, b, point) >= 0 for a, b in _edges(polygon)):
        return 0.0
    return min(_to_segment(point, a, b)[0] for a, b in _edges(polygon))


def _to_segment(point: Any, a: Any, b: Any) -> tuple[float, float]:
    """Distance, and the share of the way from a to b of the nearest place."""
    ex, ey = float(b[0] - a[0]), float(b[1] - a[1])
    px, py = float(point[0] - a[0]), float(point[1] - a[1])
    length = math.hypot(ex, ey)
    share = min(1.0, max(0.0, (px * (ex / length) + py * (ey / length)) / length)) if length > 0 else 0.0
    return math.hypot(px - share * ex, py - share * ey), share


def excess(inside: Sequence[Polygon], around: Sequence[Polygon]) -> float:
    """How far vertices of `inside` stand out of `around`, over all states; 0 if nothing does."""
    return max((distance(p, polygon) for part, polygon in zip(inside, around, strict=True) for p in part), default=0.0)


def thinned(polygon: Polygon, width: Number) -> Polygon:
    """Some of its vertices, such that none of the others is farther than `width` from their hull."""
    closed, kept, at = [*polygon, *polygon[:1]], [], 0
    while at < len(polygon):
        kept.append(polygon[at])
        after = at + 1
        while after < len(polygon) and all(
            _to_segment(closed[k], closed[at], closed[after + 1])[0] <= width for k in range(at + 1, after + 1)
        ):
            after += 1
        at = after
    return kept


def grown(polygon: Polygon, grain: Number) -> Polygon:
    """A polygon with few vertices that contains this one, however that was rounded; at most 2 grains more in each coordinate."""
    if not polygon or not grain:
        return polygon
    corners = [_on_grid(p, grain) for p in thinned(polygon, float(grain))]
    signs = itertools.product((-2 * grain, 2 * grain), repeat=2)
    return hull([Point(p[0] + dx, p[1] + dy) for dx, dy in signs for p in corners])


def _on_grid(p: Point, grain: Number) -> Point:
    """Fractions are rounded to multiples of half a grain, so that they do not grow in length."""
    if not isinstance(p[0], Fraction):
        return p
    x, y = (round(2 * c / grain) * grain / 2 for c in p[:2])
    return Point(x, y, p.how)


# --- the operator ------------------------------------------------------------------------------------------------------------


def thresholds(game: PlainGame, s: int, a: Profile, worst: Sequence[tuple[Number, Number]]) -> list[Number | None]:
    """What each player gets by its best deviation at least; None if it has none. worst[s'] are the two least promises."""
    found: list[Number | None] = []
    for i in (0, 1):
        gains = [
            game.now(s, b, i) + game.discount[i] * sum(p * worst[t][i] for t, p in game.successors(s, b))
            for b in game.deviations(s, a, i)
        ]
        found.append(max(gains, default=None))
    return found


def generated(game: PlainGame, s: int, a: Profile, promised: Sequence[Polygon], slack: Number = 0) -> Polygon:
    """What profile a generates in state s; vertices carry a and their recipe. slack > 0 tightens the constraints."""
    if any(not promised[t] for b in game.histories(s, a) for t, _ in game.successors(s, b)):
        return []
    successors = game.successors(s, a)
    worst = [_extremes(part, min) for part in promised]
    least = thresholds(game, s, a, worst)
    best = [game.now(s, a, i) + game.discount[i] * sum(p * _extremes(promised[t], max)[i] for t, p in successors) for i in (0, 1)]
    if any(floor is not None and most < floor + slack for floor, most in zip(least, best, strict=True)):
        return []
    part = [
        Point(game.now(s, a, 0) + game.discount[0] * p.x, game.now(s, a, 1) + game.discount[1] * p.y, ((1, p.how),))
        for p in weighted_sum([(p, promised[t]) for t, p in successors])
    ]
    for i, floor in enumerate(least):
        if floor is not None:
            part = cut(part, i, floor + slack)
    return [Point(p.x, p.y, (a, p.how)) for p in part]


def _extremes(part: Polygon, pick: Any) -> tuple[Number, Number]:
    """Least or largest promise to each player; (nan, nan), which nobody may use, if the polygon is empty."""
    return (pick(p.x for p in part), pick(p.y for p in part)) if part else (math.nan, math.nan)


def operator(game: PlainGame, promised: Sequence[Polygon], slack: Number = 0) -> list[Polygon]:
    """B(W), with the constraints tightened by `slack`."""
    return [hull([p for a in game.profiles(s) for p in generated(game, s, a, promised, slack)]) for s in range(game.n_states)]


def self_generating(game: PlainGame, promised: Sequence[Polygon]) -> bool:
    """Whether W lies in B(W), exactly; then all of W are equilibrium payoffs. Trust it with fractions only."""
    image = operator(game, promised)
    return all(holds(image[s], p) for s, part in enumerate(promised) for p in part)


# --- from outside ------------------------------------------------------------------------------------------------------------


def box(game: PlainGame) -> list[Polygon]:
    """Per state the rectangle of the two payoff ranges."""
    sides = [(min(game.rows(i)), max(game.rows(i))) for i in (0, 1)]
    return [hull([Point(x, y) for x in sides[0] for y in sides[1]]) for _ in range(game.n_states)]


@dataclass(frozen=True, eq=False)
class Outer:
    """sets[s] contains V(s). steps: how many. moved: by how much the last step moved a vertex. sources: states that emptied while
    all that they lead to was not yet empty."""

    sets: list[Polygon]
    steps: int
    moved: float
    sources: tuple[int, ...]


def from_outside(
    game: PlainGame,
    *,
    grain: Number | None = None,
    still: float = 0.0,
    most: int = MOST_STEPS,
    start: Sequence[Polygon] | None = None,
) -> Outer:
    """B applied to the box until a step moves no vertex by more than `still`.

    grain: see `grown`; default a thousand roundings for floats, none for fractions. While steps are long the grain is a share of
    them: each step contains what it has to, whatever its grain. How far the result is from V nobody can tell without an inner
    set: B is no contraction.
    """
    least = _default_grain(game) if grain is None else grain
    share = COARSE * (1 - max(game.discount))
    moved = 0 if isinstance(game.discount[0], Fraction) else game.payoff_range
    promised, sources = list(start or box(game)), list[int]()
    for steps in itertools.count(1):
        size = max(least, share * moved)
        image = [grown(part, size) for part in operator(game, promised, -size)]
        sources += [
            s for s in range(game.n_states) if promised[s] and not image[s] and _leads_to_nothing_empty(game, s, promised)
        ]
        same = all(bool(a) == bool(b) for a, b in zip(image, promised, strict=True))
        change = max(excess(promised, image), excess(image, promised)) if same else math.inf
        promised, moved = image, min(moved, change)
        if (change <= max(still, 8 * size) and size == least) or steps == most:
            return Outer(promised, steps, change, tuple(sources))
    raise AssertionError  # the loop has no other end


def _default_grain(game: PlainGame) -> Number:
    return 0 if isinstance(game.discount[0], Fraction) else GRAIN * float(game.largest)


def _leads_to_nothing_empty(game: PlainGame, s: int, promised: Sequence[Polygon]) -> bool:
    """Whether some prescribable profile of s needs no empty state: then it is the constraints that emptied s."""
    return any(all(promised[t] for b in game.histories(s, a) for t, _ in game.successors(s, b)) for a in game.profiles(s))


# --- from inside -------------------------------------------------------------------------------------------------------------


class Node(NamedTuple):
    """state, profile, and for each successor state a lottery over nodes: (chance of the transition times lottery) per node."""

    state: int
    profile: Profile
    following: dict[int, Number]


@dataclass(frozen=True, eq=False)
class Inner:
    """sets[s]: hull of the values of the nodes of s, all of them equilibria. gain: largest gain of a one-shot deviation (never
    above 0 in fractions). nodes, values: the machine."""

    sets: list[Polygon]
    gain: Number
    nodes: list[Node]
    values: list[tuple[Number, Number]]


def proposed(game: PlainGame, around: Sequence[Polygon], slack: Number, most: int = MOST_STEPS) -> list[Node]:
    """A machine whose nodes are the vertices at which the tightened operator comes to rest, started from `around`."""
    exact = isinstance(game.discount[0], Fraction)
    width = FRACTION_GRAIN * game.payoff_range if exact else _default_grain(game)
    before = _roughly(around, width)
    for _ in range(most):
        after = _roughly(operator(game, before, slack), width)
        if not any(after):
            return []
        same = all(bool(a) == bool(b) for a, b in zip(after, before, strict=True))
        if same and max(excess(before, after), excess(after, before)) <= width:
            break
        before = after
    return _machine(game, before, after)


def _roughly(sets: Sequence[Polygon], width: Number) -> list[Polygon]:
    """Few and short vertices: what is proposed need not be exact, what is proved will be."""
    return [hull([_on_grid(p, width) for p in thinned(part, float(width))]) for part in sets]


def _machine(game: PlainGame, before: Sequence[Polygon], after: Sequence[Polygon]) -> list[Node]:
    """Vertices of `after`, whose recipes refer to vertices of `before`: each of these is replaced by a lottery over `after`."""
    first = list(itertools.accumulate((len(part) for part in after), initial=0))
    places = [
        [{first[t] + k: w for k, w in as_lottery(p, after[t]).items()} for p in before[t]] if after[t] else []
        for t in range(game.n_states)
    ]
    nodes = []
    for s, part in enumerate(after):
        for vertex in part:
            profile, recipe = vertex.how
            following: dict[int, Number] = {}
            for weight, choice in recipe:
                for (t, p), k in zip(game.successors(s, profile), choice, strict=True):
                    for node, share in places[t][k].items():
                        following[node] = following.get(node, 0) + weight * p * share
            nodes.append(Node(s, profile, following))
    return nodes


def as_lottery(point: Any, polygon: Polygon) -> dict[int, Number]:
    """Weights on vertices whose mean is the point or, if it lies outside, the nearest place of the polygon."""
    count = len(polygon)
    if count > 2 and holds(polygon, point):
        return _in_fan(point, polygon)
    if count == 1:
        return {0: 1}
    found = [(*_to_segment(point, a, b), k) for k, (a, b) in enumerate(_edges(polygon))]
    _, share, k = min(found)
    weight = Fraction(share) if isinstance(point[0], Fraction) else share
    return {j: w for j, w in ((k, 1 - weight), ((k + 1) % count, weight)) if w > 0}


def _in_fan(point: Any, polygon: Polygon) -> dict[int, Number]:
    """Barycentric weights in the first triangle of the fan from vertex 0 that holds the point."""
    o = polygon[0]
    for k in range(1, len(polygon) - 1):
        a, b = polygon[k], polygon[k + 1]
        if turn(o, b, point) <= 0:  # the first whose far side has the point on the near side
            break
    area = (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0])
    on_a = ((point[0] - o[0]) * (b[1] - o[1]) - (point[1] - o[1]) * (b[0] - o[0])) / area
    on_b = ((a[0] - o[0]) * (point[1] - o[1]) - (a[1] - o[1]) * (point[0] - o[0])) / area
    weights = {0: 1 - on_a - on_b, k: on_a, k + 1: on_b}
    positive = {j: w for j, w in weights.items() if w > 0}
    total = sum(positive.values())
    return {j: w / total for j, w in positive.items()}


def node_values(game: PlainGame, nodes: Sequence[Node]) -> list[tuple[Number, Number]]:
    """v_i = (1 - delta_i) u_i + delta_i P v_i, solved."""
    columns = []
    for i, d in enumerate(game.discount):
        right = [game.now(node.state, node.profile, i) for node in nodes]
        matrix = [[(j == k) - d * node.following.get(k, 0) for k in range(len(nodes))] for j, node in enumerate(nodes)]
        if isinstance(d, Fraction):
            columns.append(solve_exactly(matrix, right))
        else:
            columns.append(np.linalg.solve(np.array(matrix, dtype=float), np.array(right, dtype=float)).tolist())
    return list(zip(*columns, strict=True))


def proved(game: PlainGame, nodes: list[Node], allowed: Number) -> Inner:
    """What remains of the machine when nodes at which somebody gains more than `allowed` are taken away, with all before them."""
    while nodes:
        values = node_values(game, nodes)
        gains = _gains(game, nodes, values)
        bad = {k for k, gain in enumerate(gains) if gain is None or gain > allowed}
        if not bad:
            sets = [hull([Point(*v) for n, v in zip(nodes, values, strict=True) if n.state == s]) for s in range(game.n_states)]
            return Inner(sets, max(gain for gain in gains if gain is not None), nodes, values)
        nodes = _without(nodes, bad)
    return Inner([[] for _ in range(game.n_states)], 0, [], [])


def _gains(game: PlainGame, nodes: Sequence[Node], values: Sequence[tuple[Number, Number]]) -> list[Number | None]:
    """Largest one-shot gain at each node if a deviator is then held to its worst node; None where a history leads to no node."""
    worst: list[Any] = [None] * game.n_states
    for node, v in zip(nodes, values, strict=True):
        known = worst[node.state]
        worst[node.state] = v if known is None else tuple(min(a, b) for a, b in zip(known, v, strict=True))
    found: list[Number | None] = []
    for node, v in zip(nodes, values, strict=True):
        s, a = node.state, node.profile
        if any(worst[t] is None for b in game.histories(s, a) for t, _ in game.successors(s, b)):
            found.append(None)
            continue
        found.append(max((t - v[i] for i, t in enumerate(thresholds(game, s, a, worst)) if t is not None), default=0))
    return found


def _without(nodes: list[Node], bad: set[int]) -> list[Node]:
    while True:
        more = {k for k, node in enumerate(nodes) if k not in bad and not bad.isdisjoint(node.following)}
        if not more:
            break
        bad = bad | more
    number = {k: new for new, k in enumerate(k for k in range(len(nodes)) if k not in bad)}
    return [
        Node(node.state, node.profile, {number[j]: w for j, w in node.following.items()})
        for k, node in enumerate(nodes)
        if k not in bad
    ]


def from_inside(game: PlainGame, around: Sequence[Polygon], enough: float) -> Inner:
    """The largest proved inner set over a ladder of slacks; the first that comes within `enough` of `around`."""
    scale = game.payoff_range
    exact = isinstance(game.discount[0], Fraction)
    best, closest = proved(game, [], 0), math.inf
    for share in SLACKS:
        slack = Fraction(share) * scale if exact else share * scale
        found = proved(game, proposed(game, around, slack), 0 if exact else ALLOWED_GAIN * scale)
        apart = gap(found.sets, around)
        if apart < closest or not best.nodes:
            best, closest = found, apart
        if closest <= enough:
            break
    return best


def gap(inner: Sequence[Polygon], outer: Sequence[Polygon]) -> float:
    """Largest distance of a point of an outer polygon from its inner one; infinite if only one is empty."""
    if any(a and not b for a, b in zip(inner, outer, strict=True)):
        return math.inf
    return excess(outer, inner)


@dataclass(frozen=True, eq=False)
class Twin:
    """What the twin knows: V lies within outer.sets and around inner.sets, `apart` is the distance between them."""

    outer: Outer
    inner: Inner
    apart: float


def both_sides(game: PlainGame, *, enough: float = 1e-8, grain: Number | None = None, most: int = MOST_STEPS) -> Twin:
    """Outer set and inner set; `enough`, a share of the payoff range, is the distance at which slacks are no longer tried."""
    outer = from_outside(game, grain=grain, most=most)
    inner = from_inside(game, outer.sets, enough * float(game.payoff_range))
    return Twin(outer, inner, gap(inner.sets, outer.sets))
