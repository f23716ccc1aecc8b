"""Nash's bargaining with variable threats: what two players would agree on if each could bind itself to a threat beforehand.

Words. F is the set of payoff pairs of all joint play with public lotteries, from one state. Each player commits to a strategy of
the whole game, its threat; if they do not agree the threats are carried out and pay d; they agree on the Nash point of F against
d. Source: Nash (1953). The benchmark is *not credible*: nobody asks whether a threat would be carried out.

Reduction. Let z be the agreement, w in [0, 1] such that (w, 1 - w) is normal to F at z, and h(w) = max {w v_1 + (1 - w) v_2 : v
in F}. Nash's point has w (z_1 - d_1) = (1 - w) (z_2 - d_2). So player 1 wants w d_1 - (1 - w) d_2 large and player 2 wants it
small: the threats are optimal in the zero-sum stochastic game with payoff w u_1 - (1 - w) u_2 (Shapley 1953), whose value is
val(w), and

    w z_1 + (1 - w) z_2 = h(w),        w z_1 - (1 - w) z_2 = val(w),        z in F.                                        (*)

With one discount factor for both, w u_1 - (1 - w) u_2 is again a discounted payoff, hence stationary threats suffice.

Search. Let [a, b] be the side of F with normal (w, 1 - w), b the end better for player 1. If val(w) > w b_1 - (1 - w) b_2, the
solution lies at b or to player 1's side of it: player 1's optimal threat at w holds d below the line on which b is Nash's point,
so Nash's point is b or beyond. The same for a. That is a bisection, over w and over corners of F at once.

Payoffs are taken to [0, 1] for each player first, which Nash's solution does not mind; tolerances below refer to that unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy  # its optimisers are loaded when they are first used: few runs need them, and they take a tenth of a second
from scipy import sparse
from scipy.sparse.linalg import splu

from leverage.certification.checker import check
from leverage.errors import GameError, UnsolvedError
from leverage.game.automaton import Automaton
from leverage.game.stochastic_game import Booleans, Floats, Integers, StochasticGame

#: An action is better than another only if it gains more than this in a period: some hundred roundings of numbers up to 1.
TIE_TOLERANCE = 1e-13

#: Rounding of one sum of at most a few hundred numbers up to 1; the contraction multiplies it by 1 / (1 - delta).
ROUNDING = 64 * float(np.finfo(np.float64).eps)

#: Corners of F that are nearer than this are one, and a side is complete if no play lies higher above it: room for the rounding
#: of values at a discount factor of .999.
SAME = 1e-10

#: The value of the threat game is wanted to this accuracy; what was reached is reported.
VALUE_TOLERANCE = 1e-11

#: HiGHS accepts nothing finer.
LP_TOLERANCE = 1e-10

#: Strategy iteration needs about five rounds, the search about one step a binary digit; the limits guard against cycles through
#: rounding.
MOST_ROUNDS = 100
MOST_STEPS = 200

#: Up to this many states a dense factorisation is faster than a sparse one.
DENSE_STATES = 200

#: Halvings of [0, 1]: more than a float's digits.
HALVINGS = 64


@dataclass(frozen=True, eq=False)
class VariableThreats:
    """Nash's solution with variable threats from one state; payoffs are normalised, payoff a period. Not credible: threats bind.

    state: index of the state in which play begins. point: (2,) payoffs agreed on. low, high: (2,) bounds of the exact solution's
    payoffs, rigorous up to rounding (about 1e-10 of the player's payoff range). weight: w in [0, 1], the agreement maximises w
    v_1 + (1 - w) v_2; threats are optimal for w d_1 - (1 - w) d_2. threats[i][s]: (A_i(s),) player i's lottery in state s.
    disagreement: (2,) what the threats pay if carried out. gap: width of the certified interval of the threat game's value, in
    units of w v_1 - (1 - w) v_2. threat_gain: largest gain of a one-shot deviation from the threats, by the independent checker:
    what it would cost somebody to carry them out. sentence: for the reader.
    """

    state: int
    point: Floats
    low: Floats
    high: Floats
    weight: float
    threats: tuple[tuple[Floats, ...], ...]
    disagreement: Floats
    gap: float
    threat_gain: float
    sentence: str


def variable_threats(game: StochasticGame, state: int | None = None) -> VariableThreats:
    """Nash's bargaining solution with variable, binding threats.

    Use it as a benchmark: what leverage would be worth if threats and agreements could be enforced. For what is credible see
    `leverage.solvers.bargaining`.

    Parameters
    ----------
    game : two players with one discount factor. state : index of the state in which play begins; default the game's start.

    Returns
    -------
    VariableThreats : the payoffs are unique; weight and threats need not be (one of them is returned).

    Raises
    ------
    GameError : not two players, unequal discount factors, no such state.
    UnsolvedError : the search did not settle.

    Notes
    -----
    A player whose payoff nobody can raise above what its opponent can hold it to has nothing to gain; Nash's product is then 0
    all over and the efficient point is chosen. Each step of the search solves a few Markov decision processes by policy iteration
    and one zero-sum stochastic game by strategy iteration, in which each round is one linear programme for all states. The value
    is certified by both players' best replies, whose own error is bounded by the contraction: (largest Bellman residual) / (1 -
    delta). Measured with 3 x 3 actions: 0.3 s for 48 states, 1 to 2 s for 200. Bounds are in proportion to that value's except at
    knife-edges, an agreement just at the end of a side of F: there they are the root of the rounding, some 1e-7 of the range.

    References
    ----------
    Nash (1953), "Two-person cooperative games"; Shapley (1953), "Stochastic games"; Hoffman and Karp (1966), "On nonterminating
    stochastic games"; Pollatschek and Avi-Itzhak (1969), "Algorithms for stochastic games with geometrical interpretation";
    Howard (1960), *Dynamic Programming and Markov Processes*.

    Examples
    --------
    >>> split = [[[2.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 2.0]]]
    >>> game = StochasticGame.from_arrays([split], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.9)
    >>> found = variable_threats(game)
    >>> found.point.round(9).tolist(), round(found.weight, 9)
    ([1.0, 1.0], 0.5)
    """
    begin = _checked(game, state)
    frontier = _Frontier.of(game, begin)
    weight, agreed, threat = _search(frontier)
    low, high = _bounds(frontier, weight, threat)
    return _result(frontier, weight, agreed, (np.minimum(low, agreed), np.maximum(high, agreed)), threat)


def _checked(game: StochasticGame, state: int | None) -> int:
    if game.n_players != 2:
        raise GameError(f"variable threats are defined for two players; the game has {game.n_players}")
    if game.discount[0] != game.discount[1]:
        raise GameError(
            f"variable threats need one discount factor, the players have {game.discount.tolist()}: a weighted difference of "
            "payoffs discounted at different rates is no discounted payoff, and the threat game need have no stationary solution"
        )
    begin = game.start if state is None else int(state)
    if not 0 <= begin < game.n_states:
        raise GameError(f"there is no state {state}; there are {game.n_states}")
    return begin


# --- Markov decision processes ------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Decision:
    """Choices numbered state by state: first (S + 1,), law sparse (choices, S). Rewards are given with each question."""

    first: Integers
    law: sparse.csr_array
    discount: float

    def worth(self, reward: Floats, values: Floats) -> Floats:
        """Normalised value of each choice if `values` follow."""
        return np.asarray((1 - self.discount) * reward + self.discount * (self.law @ values))

    def evaluate(self, choices: Integers, reward: Floats) -> Floats:
        """Values of a stationary plan, one choice a state; reward (choices,) or (choices, 2)."""
        return _discounted(self.law[choices], reward[choices], self.discount)

    def among(self, kept: Booleans) -> tuple[_Decision, Integers]:
        """The process with fewer choices, at least one a state, and their numbers in this one."""
        sizes = np.add.reduceat(kept.astype(np.intp), self.first[:-1])
        first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.intp)
        return _Decision(first, self.law[np.flatnonzero(kept)], self.discount), np.flatnonzero(kept)


def _discounted(law: sparse.csr_array, reward: Floats, discount: float) -> Floats:
    """Normalised values of play with the transition law (S, S) and the expected rewards (S,) or (S, 2) of each state."""
    right = (1 - discount) * reward
    if law.shape[0] <= DENSE_STATES:
        return np.asarray(np.linalg.solve(np.eye(law.shape[0]) - discount * law.toarray(), right))
    return np.asarray(splu(sparse.csc_array(sparse.eye_array(law.shape[0]) - discount * law)).solve(right))


def _howard(process: _Decision, reward: Floats) -> tuple[Integers, Floats, Floats]:
    """The best stationary plan: choices (S,), its values (S,), and upper bounds (S,) of what any plan could pay."""
    owner = np.repeat(np.arange(len(process.first) - 1), np.diff(process.first))
    choices = _first_best(process, reward, owner)
    for _ in range(MOST_ROUNDS):
        values = process.evaluate(choices, reward)
        worth = process.worth(reward, values)
        better = np.maximum.reduceat(worth, process.first[:-1]) > worth[choices] + TIE_TOLERANCE
        if not better.any():
            excess = float(np.max(worth - values[owner])) + ROUNDING
            return choices, values, values + max(excess, 0.0) / (1 - process.discount)
        choices = np.where(better, _first_best(process, worth, owner), choices)
    raise UnsolvedError("policy iteration did not settle: rescale the payoffs or lower the discount factor")


def _first_best(process: _Decision, worth: Floats, owner: Integers) -> Integers:
    """(S,): the first of each state's best choices."""
    best = np.flatnonzero(worth == np.maximum.reduceat(worth, process.first[:-1])[owner])
    return np.asarray(best[np.unique(owner[best], return_index=True)[1]], dtype=np.intp)


# --- the feasible set and the threat game -------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Side:
    """The side of F with normal (w, 1 - w): its ends a and b (b better for player 1), payoffs of stationary plans; height: an
    upper bound of h(w)."""

    weight: float
    a: Floats
    b: Floats
    height: float


@dataclass(frozen=True, eq=False)
class _Threat:
    """Threats for one weight: flat lotteries of both players; player 1's holds w d_1 - (1 - w) d_2 at no less than `low`, player
    2's at no more than `high`, from the state in which play begins; `spread` is the largest high - low over all states. held:
    (S,) the values if player 2 replies for ever to player 1's threat; met: (S,) those if both carry out theirs."""

    flat: tuple[Floats, Floats]
    low: float
    high: float
    spread: float
    held: Floats
    met: Floats

    @property
    def value(self) -> float:
        return (self.low + self.high) / 2


@dataclass(frozen=True, eq=False)
class _Frontier:
    """The question in payoffs of [0, 1]: payoffs (R, 2) = (game's - base) / unit. joint: the process of both players together.
    sides: those looked at so far; their ends lie in F, F lies below their heights."""

    game: StochasticGame
    begin: int
    payoffs: Floats
    base: Floats
    unit: Floats
    joint: _Decision
    sides: list[_Side]

    @classmethod
    def of(cls, game: StochasticGame, begin: int) -> _Frontier:
        base = game.payoffs.min(axis=0)
        unit = np.ptp(game.payoffs, axis=0)
        unit = np.where(unit > 0, unit, 1.0)
        joint = _Decision(game.row_start, game.transitions, float(game.discount[0]))
        return cls(game, begin, (game.payoffs - base) / unit, base, unit, joint, [])

    def side(self, weight: float) -> _Side:
        """The side of F with normal (w, 1 - w); for w = 0 and w = 1 only its efficient end, as other points of it would widen
        the bounds."""
        reward = self.payoffs @ np.array([weight, 1 - weight])
        _, values, most = _howard(self.joint, reward)
        owner = self.game.row_state
        tied = self.joint.worth(reward, values) >= values[owner] - TIE_TOLERANCE
        fewer, numbers = self.joint.among(tied)
        ends = []
        for player in (0 if weight == 0 else 1, 1 if weight == 1 else 0):
            choices, _, _ = _howard(fewer, self.payoffs[numbers, player])
            ends.append(self.joint.evaluate(numbers[choices], self.payoffs)[self.begin])
        found = _Side(weight, ends[0], ends[1], float(most[self.begin]))
        self.sides.append(found)
        return found

    def threat(self, weight: float, values: Floats | None = None) -> _Threat:
        """The zero-sum stochastic game with payoff w u_1 - (1 - w) u_2, by strategy iteration that begins at `values` (S,).

        Each round solves every state's matrix game at given values. The next values are those of the pair of solutions, which is
        Newton's method (Pollatschek and Avi-Itzhak 1969) and fast but may cycle; where that does not narrow the interval, they
        are those of player 2's reply for ever, which rise to the value from any such start (Hoffman and Karp 1966).
        """
        reward = self.payoffs @ np.array([weight, weight - 1])
        best = self._round(reward, np.zeros(self.game.n_states) if values is None else values)
        for _ in range(MOST_ROUNDS):
            if best.high - best.low <= VALUE_TOLERANCE:
                break
            found = self._round(reward, best.met)
            if found.spread >= best.spread:
                found = self._round(reward, best.held)
            if found.spread >= best.spread and np.all(found.held <= best.held + TIE_TOLERANCE):
                break  # what is left is rounding
            best = found
        return best

    def _round(self, reward: Floats, values: Floats) -> _Threat:
        """Threats that solve each state's matrix game if `values` follow, and what they hold the weighted difference to."""
        game = self.game
        flat = _matrix_games(game, self.joint.worth(reward, values))
        losses, most_lost = self._reply(1, -reward, flat[0])
        _, most = self._reply(0, reward, flat[1])
        chance = flat[0][game.row_choice[0]] * flat[1][game.row_choice[1]]
        mean = sparse.csr_array((chance, np.arange(len(chance)), game.row_start), shape=(game.n_states, len(chance)))
        met = _discounted(sparse.csr_array(mean @ game.transitions), np.asarray(mean @ reward), self.joint.discount)
        spread = float(np.max(most + most_lost))
        return _Threat(flat, float(-most_lost[self.begin]), float(most[self.begin]), spread, -losses, met)

    def _reply(self, player: int, reward: Floats, other: Floats) -> tuple[Floats, Floats]:
        """Values (S,) of the player's best reply to the other's flat lotteries, and upper bounds of them."""
        game = self.game
        choice, count = game.row_choice[player], int(game.choice_start[player, -1])
        chance = other[game.row_choice[1 - player]]
        mean = sparse.csr_array((chance, (choice, np.arange(len(chance)))), shape=(count, len(chance)))
        process = _Decision(game.choice_start[player], sparse.csr_array(mean @ game.transitions), self.joint.discount)
        _, values, most = _howard(process, np.asarray(mean @ reward))
        return values, most


def _matrix_games(game: StochasticGame, worth: Floats) -> tuple[Floats, Floats]:
    """Optimal flat lotteries of both players in the zero-sum matrix games of all states; worth (R,), to player 1.

    One linear programme: maximise the sum of v_s such that sum_a x_s(a) worth(s, a, b) >= v_s for each b; its dual is player 2's.
    """
    own, other = int(game.choice_start[0, -1]), int(game.choice_start[1, -1])
    states = np.arange(game.n_states)
    state_of = [np.repeat(states, game.action_counts[:, i]) for i in (0, 1)]
    against = sparse.csr_array((-worth, (game.row_choice[1], game.row_choice[0])), shape=(other, own))
    guaranteed = sparse.csr_array((np.ones(other), (np.arange(other), state_of[1])), shape=(other, game.n_states))
    total = sparse.csr_array((np.ones(own), (state_of[0], np.arange(own))), shape=(game.n_states, own + game.n_states))
    found = scipy.optimize.linprog(  # type: ignore[call-overload]  # its types know no sparse matrices
        np.concatenate([np.zeros(own), -np.ones(game.n_states)]),
        A_ub=sparse.hstack([against, guaranteed], format="csr"),
        b_ub=np.zeros(other),
        A_eq=total,
        b_eq=np.ones(game.n_states),
        bounds=[(0, None)] * own + [(None, None)] * game.n_states,
        method="highs-ds",
        options={"primal_feasibility_tolerance": LP_TOLERANCE, "dual_feasibility_tolerance": LP_TOLERANCE},
    )
    if not found.success:
        raise UnsolvedError(f"a matrix game of the threats was not solved ({found.message}): rescale the payoffs")
    return _lotteries(found.x[:own], state_of[0]), _lotteries(-found.ineqlin.marginals, state_of[1])


def _lotteries(flat: Floats, owner: Integers) -> Floats:
    """Numbers that are lotteries but for rounding, made so."""
    positive = np.clip(flat, 0.0, None)
    return np.asarray(positive / np.bincount(owner, weights=positive)[owner])


# --- the search ---------------------------------------------------------------------------------------------------------


def _difference(weight: float, point: Floats) -> float:
    return float(weight * point[0] - (1 - weight) * point[1])


def _search(frontier: _Frontier) -> tuple[float, Floats, _Threat]:
    """The weight, the agreement and the threats that satisfy (*).

    The solution lies between two corners of F, `left` found at the weight w_left and `right` at w_right. The normal of their
    chord is tried next: either the chord is a side of F, or there are corners beyond it.
    """
    left, right = frontier.side(0.0).b, frontier.side(1.0).a
    w_left, w_right = 0.0, 1.0
    values: Floats | None = None
    for _ in range(MOST_STEPS):
        step = right - left
        if np.max(np.abs(step)) <= SAME:
            return _weight_at(frontier, right, (w_left, w_right), values)
        weight = float(np.clip(-step[1] / (step[0] - step[1]), w_left, w_right))
        side = frontier.side(weight)
        a, b = side.a, side.b
        if side.height - float(np.array([weight, 1 - weight]) @ left) <= SAME:
            a, b = left, right
        threat = frontier.threat(weight, values)
        values = threat.met
        # an agreement at an end of the side is left to the search at corners, where the weight can move off this normal
        if threat.value <= _difference(weight, a) + VALUE_TOLERANCE:
            right, w_right = a, weight
        elif threat.value >= _difference(weight, b) - VALUE_TOLERANCE:
            left, w_left = b, weight
        else:
            return weight, _between(a, b, weight, threat.value), threat
    raise UnsolvedError("the search for the weight of the variable threats did not settle: rescale the payoffs")


def _between(a: Floats, b: Floats, weight: float, value: float) -> Floats:
    """The point of a side at which the weighted difference has the given value."""
    low, high = _difference(weight, a), _difference(weight, b)
    return np.asarray(a + (value - low) / (high - low) * (b - a))


def _weight_at(
    frontier: _Frontier, corner: Floats, weights: tuple[float, float], values: Floats | None
) -> tuple[float, Floats, _Threat]:
    """The agreement is a corner of F: any weight between those of its two sides at which (*) holds."""
    known: dict[float, _Threat] = {}

    def excess(weight: float) -> float:
        known[weight] = frontier.threat(weight, values)
        miss = _difference(weight, corner) - known[weight].value
        return 0.0 if abs(miss) <= VALUE_TOLERANCE else miss

    low, high = weights
    if excess(low) >= 0 and excess(high) <= 0:
        weight = (low + high) / 2  # every weight between fits; at the ends the bounds would be poor
    elif excess(low) >= 0:
        weight = low
    elif excess(high) <= 0:
        weight = high
    else:
        weight = float(scipy.optimize.brentq(excess, low, high, xtol=float(np.finfo(np.float64).eps)))
    _look_around(frontier, corner)
    return weight, corner, known[weight] if weight in known else frontier.threat(weight, values)


def _look_around(frontier: _Frontier, corner: Floats) -> None:
    """Find, on either hand of a corner of F, some side's normal at which the corner is still best: without them the bounds of the
    agreement would be the roots of those of the threat game's value, with them they are proportional."""
    for ahead in (0, 1):
        known = np.array([end for side in frontier.sides for end in (side.a, side.b)])
        known = known[known[:, ahead] > corner[ahead] + SAME]
        for _ in range(MOST_STEPS if len(known) else 0):
            step = known[int(np.argmin(known[:, ahead]))] - corner
            weight = float(np.clip(step[1] / (step[1] - step[0]), 0.0, 1.0))
            side = frontier.side(weight)
            if side.height - float(np.array([weight, 1 - weight]) @ corner) <= SAME:
                break
            known = np.array([side.a, side.b])


# --- bounds -------------------------------------------------------------------------------------------------------------


def _bounds(frontier: _Frontier, weight: float, threat: _Threat) -> tuple[Floats, Floats]:
    """Bounds (2,) and (2,) of the exact agreement z in payoffs of [0, 1], from threats for any weight.

    `_least` bounds each coordinate from below, F the other one from above; then, as z is efficient, z_1 is at least y_1 for
    each y in F with y_2 >= z_2.
    """
    corners = np.array([end for side in frontier.sides for end in (side.a, side.b)])
    normals = np.array([[side.weight, 1 - side.weight] for side in frontier.sides])
    heights = np.array([side.height for side in frontier.sides])
    low = np.array(
        [
            _least(corners, normals, heights, weight, threat.low),
            _least(corners[:, ::-1], normals[:, ::-1], heights, 1 - weight, -threat.high),
        ]
    )
    high = np.array([_reach(normals[:, ::-1], heights, low[1]), _reach(normals, heights, low[0])])
    for i in (0, 1):
        beyond = corners[corners[:, 1 - i] >= high[1 - i] - SAME]
        low[i] = max(low[i], float(np.max(beyond[:, i], initial=0.0)) - SAME)
    return low - ROUNDING, high + ROUNDING


def _reach(normals: Floats, heights: Floats, x: float) -> float:
    """T(x): the largest second coordinate that the heights allow if the first is x."""
    rising = normals[:, 1] > 0
    return float(np.min((heights[rising] - normals[rising, 0] * x) / normals[rising, 1]))


def _least(corners: Floats, normals: Floats, heights: Floats, weight: float, value: float) -> float:
    """A lower bound of z_1, given that player 1's threat holds w d_1 - (1 - w) d_2 at `value` or more whatever player 2 does.

    Proof. Against that threat player 2's optimal one leads to some d and to an agreement n with n_1 <= z_1, so n_1 is bounded, n
    being Nash's point for a d >= 0 with w d_1 - (1 - w) d_2 >= value. Either w n_1 - (1 - w) n_2 >= value, where n_2 >= B(n_1),
    the height of the chords between corners, as n is efficient. Or the slope from d to n is at least w / (1 - w) + gap / n_1,
    where (1 - w) gap = value - w n_1 + (1 - w) n_2 > 0, and Nash's point requires that it is at most (n_2 - y_2) / (y_1 - n_1)
    for each y in F with y_1 > n_1. As n_2 <= T(n_1) this gives, for y with (1 - w) y_2 >= -value, 2 n_1 > y_1 and

        (1 - w) T(n_1) (2 n_1 - y_1) >= (1 - w) y_2 n_1 + value (y_1 - n_1),

    which holds on an interval that ends at y_1 because T is concave. Either condition excludes what is left of some point.
    """
    chain = corners[np.lexsort((corners[:, 1], corners[:, 0]))]
    excess = (1 - weight) * chain[:, 1] + value
    cut = np.flatnonzero(excess[:-1] * excess[1:] < 0)  # of a chord that leaves the useful y, the last useful point
    part = (excess[cut] / (excess[cut] - excess[cut + 1]))[:, None]
    useful = np.concatenate([chain[excess >= 0], chain[cut] + part * (chain[cut + 1] - chain[cut])])

    def possible(x: float) -> bool:
        if weight * x - (1 - weight) * float(np.interp(x, *chain.T)) >= value - ROUNDING:
            return True
        top, y = _reach(normals, heights, x), useful[useful[:, 0] > x]
        short = (1 - weight) * (y[:, 1] * x - top * (2 * x - y[:, 0])) + value * (y[:, 0] - x)
        return bool(np.all(short <= ROUNDING))

    low, high = 0.0, float(np.max(corners[:, 0]))
    if possible(low):
        return low
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if possible(middle) else (middle, high)
    return low


# --- the answer ---------------------------------------------------------------------------------------------------------


def _result(
    frontier: _Frontier, weight: float, agreed: Floats, bounds: tuple[Floats, Floats], threat: _Threat
) -> VariableThreats:
    game, unit = frontier.game, frontier.unit
    threats = tuple(_by_state(flat, game.choice_start[i]) for i, flat in enumerate(threat.flat))
    certificate = check(Automaton.stationary(game, threats), nodes=np.ones(game.n_states, dtype=bool))
    point, low, high = (frontier.base + unit * x for x in (agreed, *bounds))
    per_unit = np.array([weight, 1 - weight]) / unit
    parts = [f"{name} {v:.4g} ({a:.4g} to {b:.4g})" for name, v, a, b in zip(game.players, point, low, high, strict=True)]
    disagreement = certificate.values[frontier.begin]
    return VariableThreats(
        state=frontier.begin,
        point=point,
        low=low,
        high=high,
        weight=float(per_unit[0] / per_unit.sum()),
        threats=threats,
        disagreement=disagreement,
        gap=float((threat.high - threat.low) / per_unit.sum()),
        threat_gain=certificate.gain,
        sentence=f"not credible: binding threats. If both could bind themselves, they would agree on {' and '.join(parts)}; "
        f"the threats would pay {disagreement[0]:.4g} and {disagreement[1]:.4g}",
    )


def _by_state(flat: Floats, starts: Sequence[int] | Integers) -> tuple[Floats, ...]:
    return tuple(flat[a:b] for a, b in pairwise(starts))
