"""Bargaining over credible payoffs: which point of an equilibrium payoff set do two players agree on?

The set V is known between two polygons, inner <= V <= outer. A point is computed on the inner polygon, so that a plan pays it,
and each coordinate gets an interval that holds whatever V is. Sources: Nash (1950); Kalai and Smorodinsky (1975); Rawls's maximin
in its lexicographic form (Sen 1970); the utilitarian sum (Harsanyi 1955).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from leverage.errors import GameError
from leverage.game.stochastic_game import Booleans, Floats, StochasticGame
from leverage.solvers.convex_polygon import above, clip, largest_share, lottery, swapped, upper_chain
from leverage.solvers.equilibrium_set import EquilibriumSet

#: Payoffs that differ by less than this fraction of the payoff range count as equal: vertices carry rounding errors of linear
#: systems, and a tie that is missed would move a point by a whole side of the polygon.
TIE_TOLERANCE = 1e-12

#: ... and by less than this fraction of the largest payoff, which matters where payoffs are large and their range is small.
ROUNDING = 64 * float(np.finfo(np.float64).eps)

#: Halvings of an interval: more than a float's digits.
HALVINGS = 64

#: What is said of the answer.
AGREEMENT, NO_AGREEMENT, CANNOT_BE_TOLD, NO_EQUILIBRIUM = "agreement", "no agreement", "cannot be told", "no equilibrium"


@dataclass(frozen=True, eq=False)
class BargainingPoint:
    """What two players agree on under one rule; payoffs are normalised, payoff a period.

    rule: "nash", "kalai-smorodinsky", "maximin" or "utilitarian". disagreement: (2,) the payoffs without agreement that the point
    was computed with ("worst": smallest payoffs of the inner polygon, of the outer one where the inner is empty; NaN where both
    are). point: (2,) payoffs agreed on, NaN unless `agreement` is "agreement". low, high: (2,) bounds of the true point, rigorous
    up to rounding: for any payoff set between inner and outer polygon and any disagreement point in its interval; for "cannot be
    told" they bound what an agreement would give if there is one. vertices: at most two indices into the state's inner polygon;
    weights: the chances with which a public lottery picks them; together they pay `point`. agreement: "agreement"; "no agreement"
    (no point of the outer polygon is worth it to both); "no equilibrium" (the outer polygon is empty, so nothing is credible); or
    "cannot be told" (only the outer polygon has such a point).
    unit_dependent: whether the rule's answer depends on the units in which the two payoffs are measured. sentence: for the
    reader.
    """

    rule: str
    disagreement: Floats
    point: Floats
    low: Floats
    high: Floats
    vertices: tuple[int, ...]
    weights: tuple[float, ...]
    agreement: str
    unit_dependent: bool
    sentence: str


@dataclass(frozen=True, eq=False)
class _Problem:
    """outer: (K, 2), the part of the outer polygon above `low`; inner: the part of the inner polygon above `high`; low, high:
    (2,) bounds of the disagreement point. Both parts have points. So every d in [low, high] and every y in `inner` have y >= d, y
    is in V, and {v in V: v >= d} lies in `outer`. tie: differences below it are none;
    rounding: its part that is due to floats alone."""

    outer: Floats
    inner: Floats
    low: Floats
    high: Floats
    tie: float
    rounding: float

    def swapped(self) -> _Problem:
        """The same with the players exchanged."""
        return _Problem(swapped(self.outer), swapped(self.inner), self.low[::-1], self.high[::-1], self.tie, self.rounding)


@dataclass(frozen=True)
class _Rule:
    """choose: the point of a problem's inner polygon for d = high. range: lower and upper bound of the first coordinate."""

    title: str
    choose: Callable[[_Problem], Floats]
    range: Callable[[_Problem], tuple[float, float]]
    unit_dependent: bool


def bargain(sets: EquilibriumSet, state: int, rule: str = "nash", disagreement: str | ArrayLike = "worst") -> BargainingPoint:
    """The point of {v in V: v >= d} that a bargaining rule picks, V being the equilibrium payoffs of a state.

    Use it for "what would the two settle on, given what is credible and what each gets without the other's goodwill". For threats
    to which the players could bind themselves see `leverage.solvers.variable_threats`.

    Parameters
    ----------
    sets : inner and outer polygons. state : index of the state.
    rule : "nash", largest product of gains v_i - d_i; "kalai-smorodinsky", both gain the same share of the most that each could
        gain, the largest such share; "maximin", the smaller gain as large as possible, then the other; "utilitarian", largest sum
        of payoffs, of tied points the one with the largest smaller gain.
    disagreement : "worst", d_i = player i's smallest payoff in V; or a pair of normalised payoffs.

    Returns
    -------
    BargainingPoint : see there. A player with nothing to gain above d anywhere in V leaves every rule the same choice, the best
        point for the other (the Nash product is then 0 all over, and this is its limit as d_i falls). A pair that the inner
        polygon misses by rounding only is moved down by as much.

    Raises
    ------
    GameError : an unknown rule, no such state, a disagreement point that is no pair of finite numbers.

    Notes
    -----
    Bounds. They are about as narrow as the gap between the polygons where the rule is continuous, and wide where it jumps: tied
    points under "utilitarian", flat or upright sides under "maximin", hardly anything to gain for one player. There the slightest
    change of V picks another point, and the bounds say so, even if the polygons coincide. Each bound is proved where it is
    computed. Cost: a few passes over the vertices, 64 for Nash.

    References
    ----------
    Nash (1950), "The bargaining problem"; Kalai and Smorodinsky (1975), "Other solutions to Nash's bargaining problem"; Sen
    (1970), *Collective Choice and Social Welfare*, ch. 9*; Harsanyi (1955), "Cardinal welfare, individualistic ethics, ...".

    Examples
    --------
    >>> game = StochasticGame.from_arrays([[[[0.0, 0.0], [4.0, 0.0], [0.0, 2.0]]]], [[[[1.0]] * 3]], 0.9)
    >>> triangle = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 2.0]])
    >>> bounds = np.array([[[0.0, 4.0], [0.0, 2.0]]])
    >>> sets = EquilibriumSet(game, (triangle,), (triangle,), 0.0, bounds, None, (np.arange(3),), 0.0, "")
    >>> found = bargain(sets, 0, "nash")
    >>> found.point.tolist(), found.vertices, found.weights
    ([2.0, 1.0], (1, 2), (0.5, 0.5))
    >>> bargain(sets, 0, "nash", (3.0, 1.0)).agreement
    'no agreement'
    """
    if rule not in RULES:
        raise GameError(f"there is no bargaining rule '{rule}'; there are {', '.join(RULES)}")
    if not 0 <= state < len(sets.outer):
        raise GameError(f"there is no state {state}; there are {len(sets.outer)}")
    outer, inner = sets.outer[state], sets.inner[state]
    rounding = ROUNDING * max(float(np.max(np.abs(polygon), initial=0.0)) for polygon in (outer, inner))
    tie = TIE_TOLERANCE * sets.game.payoff_range + rounding
    low, high = _disagreement(outer, inner, disagreement, tie)
    if not len(outer):
        return _without_point(sets.game, rule, low, NO_EQUILIBRIUM, np.full((2, 2), np.nan))
    if not len(above(outer, low - tie)):
        return _without_point(sets.game, rule, low, NO_AGREEMENT, np.full((2, 2), np.nan))
    if not len(inner) or not len(above(inner, high)):
        kept = above(outer, low - tie)
        return _without_point(sets.game, rule, low, CANNOT_BE_TOLD, np.array([kept.min(axis=0) - tie, kept.max(axis=0) + tie]))
    return _agreed(sets.game, rule, inner, _Problem(above(outer, low), above(inner, high), low, high, tie, rounding))


def _disagreement(outer: Floats, inner: Floats, given: str | ArrayLike, tie: float) -> tuple[Floats, Floats]:
    """Bounds (2,) and (2,) of the disagreement point. V lies between the polygons, so its smallest payoffs lie between theirs."""
    if isinstance(given, str):
        if given != "worst":
            raise GameError(f"the disagreement point is 'worst' or a pair of payoffs, not '{given}'")
        low = outer.min(axis=0) if len(outer) else np.full(2, np.nan)
        high = inner.min(axis=0) if len(inner) else low
        return np.minimum(low, high), high  # rounding may let the inner polygon stick out
    try:
        pair = np.array(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise GameError(f"the disagreement point is no pair of numbers: {error}") from error
    if pair.shape != (2,) or not np.all(np.isfinite(pair)):
        raise GameError(f"the disagreement point is a pair of finite payoffs; got {pair.tolist()}")
    if not len(above(inner, pair)) and len(above(inner, pair - tie)):
        pair = pair - tie
    return pair, pair


def _agreed(game: StochasticGame, rule: str, inner: Floats, problem: _Problem) -> BargainingPoint:
    """The point on the inner polygon, as a lottery over its vertices, and its bounds."""
    best = problem.inner.max(axis=0) - problem.high
    idle = np.flatnonzero(best <= problem.tie)  # players with nothing to gain
    chosen = _best_for(problem.inner, 1 - int(idle[0])) if len(idle) else RULES[rule].choose(problem)
    vertices, weights = lottery(inner, chosen, problem.tie)
    point = weights @ inner[vertices]
    low, high = _bounds(problem, rule)
    if len(idle):  # "nothing to gain" was decided with a tolerance; the exact rule may differ from it
        low, high = np.minimum(low, point), np.maximum(high, point)
    return BargainingPoint(
        rule=rule,
        disagreement=problem.high.copy(),
        point=point,
        low=low,
        high=high,
        vertices=tuple(int(k) for k in vertices),
        weights=tuple(float(w) for w in weights),
        agreement=AGREEMENT,
        unit_dependent=RULES[rule].unit_dependent,
        sentence=_sentence(game, rule, point, (low, high), len(vertices)),
    )


def _bounds(problem: _Problem, rule: str) -> tuple[Floats, Floats]:
    """Bounds (2,) and (2,) of the true point, rounding allowed for."""
    if np.any(problem.outer.max(axis=0) - problem.low <= problem.tie):
        # in no possible V has this player anything to gain: the other gets the most that V holds
        low, high = problem.inner.max(axis=0), problem.outer.max(axis=0)
    else:
        low, high = np.array([RULES[rule].range(p) for p in (problem, problem.swapped())]).T
    return low - problem.tie, high + problem.tie


def _best_for(polygon: Floats, player: int) -> Floats:
    """The vertex with the player's largest payoff, of those the one best for the other."""
    best: Floats = polygon[np.lexsort((polygon[:, 1 - player], polygon[:, player]))[-1]]
    return best


def _without_point(game: StochasticGame, rule: str, disagreement: Floats, verdict: str, bounds: Floats) -> BargainingPoint:
    at_least = f" of at least {_pair(disagreement)} to {' and '.join(game.players)}" if np.all(np.isfinite(disagreement)) else ""
    reasons = {
        NO_EQUILIBRIUM: "there are no credible payoffs",
        NO_AGREEMENT: f"there are no credible payoffs{at_least}",
        CANNOT_BE_TOLD: f"there may or may not be credible payoffs{at_least}: compute the equilibrium set more finely",
    }
    return BargainingPoint(
        rule=rule,
        disagreement=disagreement.copy(),
        point=np.full(2, np.nan),
        low=bounds[0],
        high=bounds[1],
        vertices=(),
        weights=(),
        agreement=verdict,
        unit_dependent=RULES[rule].unit_dependent,
        sentence=f"{verdict}: {reasons[verdict]}",
    )


def _sentence(game: StochasticGame, rule: str, point: Floats, bounds: tuple[Floats, Floats], plans: int) -> str:
    parts = [f"{name} {v:.4g} ({a:.4g} to {b:.4g})" for name, v, a, b in zip(game.players, point, *bounds, strict=True)]
    how = "one plan" if plans == 1 else "a public lottery over two plans"
    units = "; the answer depends on the units of the two payoffs" if RULES[rule].unit_dependent else ""
    return f"{RULES[rule].title} gives {' and '.join(parts)} by {how}{units}"


def _pair(numbers: Floats) -> str:
    return " and ".join(f"{x:.4g}" for x in numbers)


# --- Nash ---------------------------------------------------------------------------------------------------------------


def _choose_nash(problem: _Problem) -> Floats:
    """The largest product of gains; on a side a + t (b - a) it is a quadratic function of t."""
    a = problem.inner - problem.high
    step = np.roll(a, -1, axis=0) - a
    bend, slope = step[:, 0] * step[:, 1], a[:, 0] * step[:, 1] + a[:, 1] * step[:, 0]
    part = np.clip(np.where(bend < 0, -slope / np.where(bend < 0, 2 * bend, 1.0), 0.0), 0.0, 1.0)
    gains = a + part[:, None] * step
    return np.asarray(problem.high + gains[int(np.argmax(gains[:, 0] * gains[:, 1]))])


def _range_nash(problem: _Problem) -> tuple[float, float]:
    """Bounds of the first coordinate of Nash's point z.

    Proof. z maximises the product over a convex set that contains y, so sum_i (y_i - z_i) / (z_i - d_i) <= 0 for each y of
    `inner` (product 0: z >= y, as z is then best for the player who can gain). If y_1 > z_1 then y_2 <= z_2, and as d is in [low,
    high], (y_1 - z_1)(z_2 - high_2) <= (z_2 - y_2)(z_1 - low_1). If that holds at (z_1, z_2) it holds at (z_1, T(z_1)), T being
    the upper side of `outer`; there it says that the concave T is at least a convex function of z_1, which is so at z_1 = y_1:
    hence it holds on an interval that ends at y_1, and z_1 is at least the interval's beginning, for each y. The largest z_1
    likewise.
    """
    chain = upper_chain(problem.outer)
    left, right = float(chain[0, 0]), float(chain[-1, 0])
    (low_1, low_2), (high_1, high_2) = problem.low, problem.high
    y_1, y_2 = np.clip(problem.inner[:, 0], left, right), problem.inner[:, 1]
    slack = problem.rounding * float(np.max(np.ptp(problem.outer, axis=0) + problem.high - problem.low))

    def may_be_left(x: Floats) -> Booleans:
        top = np.interp(x, *chain.T)
        return np.asarray((top >= y_2 - problem.rounding) & ((y_1 - x) * (top - high_2) <= (top - y_2) * (x - low_1) + slack))

    def may_be_right(x: Floats) -> Booleans:
        top = np.interp(x, *chain.T)
        return np.asarray((y_2 - top) * (x - high_1) <= (x - y_1) * (top - low_2) + slack)

    return float(np.max(_reach(may_be_left, y_1, left))), float(np.min(_reach(may_be_right, y_1, right)))


def _reach(holds: Callable[[Floats], Booleans], begin: Floats, end: float) -> Floats:
    """How far towards `end` a condition holds that holds at `begin` and on an interval; rounded away from `begin`."""
    outside = np.full_like(begin, end)
    inside = np.where(holds(outside), outside, begin)
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        fine = holds(middle)
        inside, outside = np.where(fine, middle, inside), np.where(fine, outside, middle)
    return outside


# --- equal shares: Kalai-Smorodinsky and maximin ------------------------------------------------------------------------


def _choose_kalai_smorodinsky(problem: _Problem) -> Floats:
    """On the ray from d to the ideal point, whose coordinates are the most that each player could get. In the plane the efficient
    side joins the best points of the two players and the ray passes between them: it is met, and the point is efficient."""
    ideal = problem.inner.max(axis=0)
    return largest_share(problem.inner, problem.high, ideal - problem.high, problem.tie)[1]


def _range_kalai_smorodinsky(problem: _Problem) -> tuple[float, float]:
    """Bounds of the first coordinate of the Kalai-Smorodinsky point z.

    Proof. z lies on the segment from d to the ideal point u, and u is in [ideal of inner, ideal of outer]. At a given z_1 the
    segment's height grows with d_2 and u_2 and falls with d_1 and u_1, so it is at most that of the segment from (low_1, high_2)
    to (u_1 of inner, u_2 of outer). Left of where this one leaves the points below `inner`, z would be worse for both than a
    point of V. The lowest such segment likewise: right of where it leaves the points below `outer`, z would lie outside.
    """
    (low_1, low_2), (high_1, high_2) = problem.low, problem.high
    (least_1, least_2), (most_1, most_2) = problem.inner.max(axis=0), problem.outer.max(axis=0)
    first = _along(problem.inner, (low_1, high_2), (least_1, max(most_2, high_2)), problem.tie)
    last = _along(problem.outer, (high_1, low_2), (max(most_1, high_1), least_2), problem.tie)
    return first, last


def _along(polygon: Floats, base: tuple[float, float], aim: tuple[float, float], tie: float) -> float:
    """First coordinate of the last point of the segment from base to aim that lies below some point of the polygon."""
    if aim[0] <= base[0]:
        return base[0]
    share, _ = largest_share(polygon, np.array(base), np.array(aim) - base, tie)
    return base[0] + min(share, 1.0) * (aim[0] - base[0])


def _choose_maximin(problem: _Problem) -> Floats:
    """Of the points with the largest smaller gain (an efficient side has one; an upright or level one more) the efficient one."""
    return largest_share(problem.inner, problem.high, np.ones(2), problem.tie)[1]


def _range_maximin(problem: _Problem) -> tuple[float, float]:
    """Bounds of the first coordinate of the lexicographic maximin point z.

    Proof. Let m(V, d) be the largest smaller gain. z_i >= d_i + m(V, d), which grows with V and d_i and falls with the other's d.
    Hence the lower bound. If player 1 has the smaller gain, z_1 = d_1 + m: the same bound from above. If not, z_2 = d_2 + m is
    player 2's largest payoff in V (a better point mixed in would raise the smaller gain), so at least that in `inner`.
    """
    (low_1, low_2), (high_1, high_2) = problem.low, problem.high

    def equal_gains(polygon: Floats, d_1: float, d_2: float) -> float:
        return largest_share(polygon, np.array([d_1, d_2]), np.ones(2), problem.tie)[0]

    first = low_1 + equal_gains(problem.inner, low_1, high_2)
    best_2 = float(problem.inner[:, 1].max()) - problem.tie
    at_top = clip(problem.outer, np.array([0.0, 1.0]), best_2)
    last = max(high_1 + equal_gains(problem.outer, high_1, low_2), float(at_top[:, 0].max()))
    return first, last


# --- the sum ------------------------------------------------------------------------------------------------------------


def _choose_utilitarian(problem: _Problem) -> Floats:
    """The largest sum of payoffs; of tied points, a side, the one with the largest smaller gain."""
    sums = problem.inner.sum(axis=1)
    tied = problem.inner[sums >= sums.max() - problem.tie]
    ends = tied[[int(np.argmin(tied[:, 0])), int(np.argmax(tied[:, 0]))]]
    return largest_share(ends, problem.high, np.ones(2), problem.tie)[1]


def _range_utilitarian(problem: _Problem) -> tuple[float, float]:
    """Proof. `inner` lies in {v in V: v >= d}, so the sum is at least its largest there; and the point lies in `outer`."""
    best = float(problem.inner.sum(axis=1).max()) - problem.tie
    kept = clip(problem.outer, np.ones(2), best)
    return float(kept[:, 0].min()), float(kept[:, 0].max())


#: The rules by name.
RULES = {
    "nash": _Rule("Nash's bargaining point", _choose_nash, _range_nash, False),
    "kalai-smorodinsky": _Rule("the Kalai-Smorodinsky point", _choose_kalai_smorodinsky, _range_kalai_smorodinsky, False),
    "maximin": _Rule("the lexicographic maximin of gains", _choose_maximin, _range_maximin, True),
    "utilitarian": _Rule("the largest sum of payoffs", _choose_utilitarian, _range_utilitarian, True),
}
