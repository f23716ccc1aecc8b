"""Variable threats: games solved by hand, brute force over threats, every deviation from the threats, and bounds under attack."""

import itertools

import numpy as np
import pytest
from scipy.optimize import linprog

from leverage.certification.checker import check
from leverage.errors import GameError
from leverage.game.automaton import Automaton
from leverage.game.stochastic_game import StochasticGame
from leverage.solvers import variable_threats as module
from leverage.solvers.variable_threats import variable_threats

CLOSE = 1e-8
PRISONERS = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]


def repeated(payoffs, discount=0.9):
    return StochasticGame.from_arrays([payoffs], [np.ones((*np.shape(payoffs)[:-1], 1))], discount)


def random_game(seed, states, counts=(2, 2), discount=0.8, levels=None):
    """With `levels` payoffs are small integers, so that sides and ties abound."""
    random = np.random.default_rng(seed)
    payoffs, laws = [], []
    for _ in range(states):
        draw = random.normal(size=(*counts, 2)) if levels is None else random.integers(0, levels, (*counts, 2)).astype(float)
        payoffs.append(draw)
        laws.append(random.dirichlet(np.full(states, 0.5), size=counts))
    return StochasticGame.from_arrays(payoffs, laws, discount, start=states - 1)


# --- by hand --------------------------------------------------------------------------------------------------------------

BY_HAND = {
    # The weighted difference for w = 1/2 is [[0, -5], [5, 0]] / 2, value 0, by mutual defection; the sum is largest at (3, 3).
    "prisoners": (PRISONERS, [3, 3], 0.5, [[0, 1], [0, 1]], [1, 1]),
    # Frontier v_1 + v_2 = 4; differences [[4, -1], [-4, 2]]: p = 6/11, q = 3/11, value 4/11; z = 2 +- 2/11.
    "mixed": (
        [[[4, 0], [0, 1]], [[0, 4], [2, 0]]],
        [24 / 11, 20 / 11],
        0.5,
        [[6 / 11, 5 / 11], [3 / 11, 8 / 11]],
        [(6 * 3 * 4 + 5 * 8 * 2) / 121, (6 * 8 * 1 + 5 * 3 * 4) / 121],
    ),
    # For w > 1/2 the best of F is (3, 3), a corner, difference 6 w - 3. In the threat game player 1 gets 6 w - 3 or 6 w - 6, as
    # player 2 likes, or 5 - 6 w, which is its value up to w = 11/12: equal at w = 2/3. Against (-1, -5) the best point of
    # v_1 + v_2 = 6 would be (5, 1), beyond F.
    "corner": ([[[3, 3], [0, 6]], [[-1, -5], [-1, -5]]], [3, 3], 2 / 3, None, [-1, -5]),
    # Player 1 alone acts and dictates: no difference beats that of (5, -1).
    "dictator": ([[[0, 6]], [[3, 3]], [[5, -1]], [[-1, -4]]], [5, -1], None, None, None),
    # Frontier v_1 + v_2 = 0: the agreement is the value, whatever is threatened.
    "pennies": ([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]], [0, 0], 0.5, [[0.5, 0.5], [0.5, 0.5]], [0, 0]),
    # Differences [[-3, 3], [-3, 3]], value -3; sum 5: the agreement is an end of the side.
    "end of a side": ([[[1, 4], [-1, -4]], [[-4, -1], [4, 1]]], [1, 4], 0.5, None, None),
    "common interest": ([[[2, 2], [0, 0]], [[0, 0], [1, 1]]], [2, 2], None, None, None),
    "nothing to gain for player 2": ([[[1, 5], [2, 5]]], [2, 5], None, None, None),
    "nothing to gain for player 1": ([[[1, 5]], [[1, 7]]], [1, 7], None, None, None),
    "one payoff": ([[[4, 2]]], [4, 2], None, None, None),
}


@pytest.mark.parametrize("discount", [0.0, 0.9, 0.99])
@pytest.mark.parametrize("name", BY_HAND)
def test_by_hand(name, discount):
    payoffs, point, weight, threats, disagreement = BY_HAND[name]
    found = variable_threats(repeated(payoffs, discount))
    np.testing.assert_allclose(found.point, point, atol=CLOSE)
    assert np.all(found.low <= point)
    assert np.all(found.high >= point)
    if name != "end of a side":  # there bounds are the root of the rounding: just beyond the end F is hardly lower than the side
        assert np.all(found.high - found.low < CLOSE)
    if weight is not None:
        assert found.weight == pytest.approx(weight, abs=CLOSE)
    if threats is not None:
        np.testing.assert_allclose([own[0] for own in found.threats], threats, atol=CLOSE)
    if disagreement is not None:
        np.testing.assert_allclose(found.disagreement, disagreement, atol=CLOSE)
    assert found.sentence.startswith("not credible: binding threats")


def test_a_strike_that_hurts_for_ever():
    # State 0: player 1 goes on (player 2 picks (3, 0) or (0, 3)) or strikes: nothing now, then (-1, -3) for ever. At 0.5 a strike
    # pays (-1/2, -3/2), difference 1, more than going on. Sum 3, difference 1: the agreement is (2, 1).
    payoffs = [[[[3, 0], [0, 3]], [[0, 0], [0, 0]]], [[[-1, -3]]]]
    laws = [[[[1, 0], [1, 0]], [[0, 1], [0, 1]]], [[[0, 1]]]]
    found = variable_threats(StochasticGame.from_arrays(payoffs, laws, 0.5))
    np.testing.assert_allclose([found.point, found.disagreement], [[2, 1], [-0.5, -1.5]], atol=CLOSE)
    np.testing.assert_allclose(found.threats[0][0], [0, 1], atol=CLOSE)
    # from the state after the strike nothing is left to threaten with
    np.testing.assert_allclose(variable_threats(StochasticGame.from_arrays(payoffs, laws, 0.5), 1).point, [-1, -3], atol=CLOSE)


def test_carrying_a_threat_out_may_cost_its_owner():
    # Player 1 can hurt both, (-1, -4), or do nothing, (0, 0); they can share 4. The threat pays its owner 1 less than nothing.
    found = variable_threats(repeated([[[4, 0], [0, 4], [0, 0]], [[-1, -4], [-1, -4], [-1, -4]]], 0.9))
    np.testing.assert_allclose(found.point, [3.5, 0.5], atol=CLOSE)
    assert found.threat_gain > 0.09


# --- transferable utility -------------------------------------------------------------------------------------------------


def zero_sum_value(difference):
    """The value of a matrix game: the largest w with p A >= w for a lottery p, by a linear programme."""
    rows, columns = difference.shape
    bounds = [(0, None)] * rows + [(None, None)]
    done = linprog(
        [*np.zeros(rows), -1.0],
        A_ub=np.hstack([-difference.T, np.ones((columns, 1))]),
        b_ub=np.zeros(columns),
        A_eq=[[*np.ones(rows), 0.0]],
        b_eq=[1.0],
        bounds=bounds,
    )
    return -done.fun


@pytest.mark.parametrize("discount", [0.0, 0.7])
@pytest.mark.parametrize("seed", range(10))
def test_with_transferable_utility_each_gets_half_of_the_sum_plus_or_minus_the_value_of_the_difference(seed, discount):
    """Nash (1953): (sigma + nu) / 2 and (sigma - nu) / 2, sigma being the largest sum and nu the value of the zero-sum game in
    which player 1 gets the difference of the payoffs.

    Utility is transferred by two profiles in which both sign: they share sigma very unevenly, one way or the other. Signing alone
    is worse for the difference than anything else, so that it changes nothing about threats.
    """
    random = np.random.default_rng(seed)
    rows, columns = 2 + seed % 2, 2 + seed % 3
    threats = random.uniform(-1, 1, (rows, columns, 2))
    sigma, uneven = 2.5, 20.0
    payoffs = np.empty((rows + 1, columns + 2, 2))
    payoffs[:rows, :columns] = threats
    payoffs[rows, :columns] = (-5, 5)  # player 1 signs alone
    payoffs[:rows, columns:] = (5, -5)  # player 2 does
    payoffs[rows, columns:] = [(sigma / 2 + uneven, sigma / 2 - uneven), (sigma / 2 - uneven, sigma / 2 + uneven)]
    nu = zero_sum_value(threats[..., 0] - threats[..., 1])
    found = variable_threats(repeated(payoffs, discount))
    np.testing.assert_allclose(found.point, [(sigma + nu) / 2, (sigma - nu) / 2], atol=CLOSE)
    assert np.all(found.low <= found.point)
    assert np.all(found.point <= found.high)


# --- brute force ----------------------------------------------------------------------------------------------------------


def nash_points(corners, d):
    """Nash's point of the hull of the corners for each row of d (D, 2), over all chords; d lies in the hull."""
    a, b = (corners[list(side)] for side in zip(*itertools.combinations_with_replacement(range(len(corners)), 2), strict=True))
    gain, step = a[None] - d[:, None], (b - a)[None]
    with np.errstate(divide="ignore", invalid="ignore"):
        at = -gain / step
        turn = -(gain[..., 0] * step[..., 1] + gain[..., 1] * step[..., 0]) / (2 * step[..., 0] * step[..., 1])
    start = np.max(np.where(step > 0, at, 0.0), axis=-1).clip(0, 1)
    stop = np.min(np.where(step < 0, at, 1.0), axis=-1).clip(0, 1)
    parts = np.stack([start, stop, np.clip(np.nan_to_num(turn), start, np.maximum(start, stop))])
    points = gain + parts[..., None] * step
    product = np.where(np.min(points, axis=-1) >= -1e-12, np.prod(points.clip(0, None), axis=-1), -np.inf)
    # where the product is flat at 0, the efficient point
    flat = product.max(axis=(0, 2), keepdims=True) <= 1e-12
    worth = np.where(flat, np.where(product >= 0, points.sum(axis=-1), -np.inf), product)
    best = np.argmax(worth.transpose(1, 0, 2).reshape(len(d), -1), axis=1)
    return d + points.transpose(1, 0, 2, 3).reshape(len(d), -1, 2)[np.arange(len(d)), best]


@pytest.mark.parametrize("levels", [None, 5])
@pytest.mark.parametrize("seed", range(16))
def test_brute_force_on_repeated_two_by_two_games(seed, levels):
    """Nash's first coordinate is monotone along any line of disagreement points (its level lines do not meet below the frontier),
    so the worst reply to a mixed threat is pure, and a fine grid of each player's own threats bounds the solution from its
    side."""
    game = random_game(seed, 1, levels=levels)
    stage = game.stage_payoffs(0)
    corners = stage.reshape(-1, 2)
    p = np.linspace(0, 1, 2001)[:, None]
    by_1 = [nash_points(corners, p * stage[0, b] + (1 - p) * stage[1, b])[:, 0] for b in (0, 1)]
    by_2 = [nash_points(corners, p * stage[a, 0] + (1 - p) * stage[a, 1])[:, 0] for a in (0, 1)]
    lower, upper = np.max(np.minimum(*by_1)), np.min(np.maximum(*by_2))
    found = variable_threats(game)
    assert lower - CLOSE <= found.point[0] <= upper + CLOSE
    assert upper - lower < 5e-3 * max(game.payoff_range, 1)


def test_nash_payoffs_are_monotone_along_lines_of_disagreement():
    random = np.random.default_rng(3)
    for _ in range(50):
        corners = random.normal(size=(5, 2))
        ends = random.dirichlet(np.ones(5), size=2) @ corners
        along = nash_points(corners, np.linspace(ends[0], ends[1], 200))[:, 0]
        steps = np.diff(along)
        assert np.all(steps >= -1e-7) or np.all(steps <= 1e-7)


def values_of(game, strategies):
    return check(Automaton.stationary(game, strategies), nodes=np.ones(game.n_states, dtype=bool)).values


def pure_strategies(game, player):
    counts = game.action_counts[:, player]
    for choice in itertools.product(*(range(count) for count in counts)):
        yield [np.eye(count)[a] for a, count in zip(choice, counts, strict=True)]


def feasible_corners(game, state):
    """Payoffs of all pure stationary joint plans, correlated over the players: the corners of F are among them."""
    rows = [range(game.row_start[s], game.row_start[s + 1]) for s in range(game.n_states)]
    law, delta, found = game.transitions.toarray(), game.discount[0], []
    for plan in itertools.product(*rows):
        system = np.eye(game.n_states) - delta * law[list(plan)]
        found.append(np.linalg.solve(system, (1 - delta) * game.payoffs[list(plan)])[state])
    return np.array(found)


@pytest.mark.parametrize("levels", [None, 3])
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("states", "counts"), [(1, (3, 3)), (2, (2, 3)), (3, (2, 2))])
def test_no_threat_does_better(states, counts, seed, levels):
    """The whole definition at once: the agreement is Nash's point against the threats, and no other threat of either player moves
    it its way. Disagreement points of one player's strategies are mixtures of those of pure stationary ones, so these suffice."""
    game = random_game(100 + seed, states, counts, levels=levels)
    found = variable_threats(game)
    corners = feasible_corners(game, game.start)
    np.testing.assert_allclose(values_of(game, found.threats)[game.start], found.disagreement, atol=CLOSE)
    at_threats = nash_points(corners, found.disagreement[None])[0]
    np.testing.assert_allclose(at_threats, found.point, atol=1e-5)
    for player in (0, 1):
        others = list(found.threats)
        for own in pure_strategies(game, player):
            others[player] = own
            d = values_of(game, others)[game.start]
            assert nash_points(corners, d[None])[0, player] <= found.point[player] + 1e-5


# --- invariance, bounds, refusals -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_units_do_not_matter_and_players_can_be_exchanged(seed):
    game = random_game(seed, 3, (3, 2))
    plain = variable_threats(game)
    stages = [game.stage_payoffs(s) for s in range(3)]
    laws = [game.stage_transitions(s) for s in range(3)]
    unit, base = np.array([50.0, 0.1]), np.array([-300.0, 7.0])
    scaled = variable_threats(StochasticGame.from_arrays([x * unit + base for x in stages], laws, 0.8, start=2))
    np.testing.assert_allclose(scaled.point, plain.point * unit + base, rtol=1e-7)
    w = np.array([plain.weight, 1 - plain.weight]) / unit
    assert scaled.weight == pytest.approx(w[0] / w.sum(), abs=1e-6)
    turned = [(x[..., ::-1].swapaxes(0, 1), law.swapaxes(0, 1)) for x, law in zip(stages, laws, strict=True)]
    exchanged = variable_threats(StochasticGame.from_arrays(*map(list, zip(*turned, strict=True)), 0.8, start=2))
    np.testing.assert_allclose(exchanged.point, plain.point[::-1], atol=CLOSE)


@pytest.mark.parametrize("seed", range(8))
def test_bounds_are_narrow_and_the_threat_game_is_certified(seed):
    game = random_game(seed, 4, (3, 3), discount=0.95)
    found = variable_threats(game)
    assert np.all(found.low <= found.point)
    assert np.all(found.point <= found.high)
    assert np.all(found.high - found.low < 1e-6 * game.payoff_range)
    assert 0 <= found.gap < 1e-9 * game.payoff_range


@pytest.mark.parametrize("counts", [(1, 3), (2, 2), (3, 2), (3, 3)])
def test_bounds_are_narrow_where_ties_abound(counts):
    for seed in range(16):
        game = random_game(seed, 1 + seed % 2, counts, levels=2 + seed % 4)
        found = variable_threats(game)
        assert np.all(found.high - found.low < 1e-5), seed


@pytest.mark.parametrize("levels", [None, 4])
@pytest.mark.parametrize("seed", range(8))
def test_bounds_hold_for_threats_of_other_weights_and_a_frontier_hardly_known(seed, levels):
    game = random_game(200 + seed, 2, (2, 3), levels=levels)
    exact = variable_threats(game)
    frontier = module._Frontier.of(game, game.start)
    z = (exact.point - frontier.base) / frontier.unit
    random = np.random.default_rng(seed)
    weights = (0.0, 0.02, 0.5, 0.98, 1.0, *random.random(6))
    threats = [frontier.threat(weight) for weight in weights]
    frontier.side(0.0)
    for normal in (1.0, *random.random(4)):
        frontier.side(normal)
        for weight, threat in zip(weights, threats, strict=True):
            low, high = module._bounds(frontier, weight, threat)
            assert np.all(low <= z + 1e-9), (normal, weight)
            assert np.all(z <= high + 1e-9), (normal, weight)


def test_what_is_no_question_is_refused():
    with pytest.raises(GameError, match=r"one discount factor.*\[0.9, 0.8\]"):
        variable_threats(repeated(PRISONERS, [0.9, 0.8]))
    with pytest.raises(GameError, match="two players"):
        variable_threats(StochasticGame.from_arrays([[[[[1.0, 2.0, 3.0]]]]], [[[[[1.0]]]]], 0.5))
    with pytest.raises(GameError, match="no state 1"):
        variable_threats(repeated(PRISONERS), 1)


def test_the_answer_is_the_same_every_time():
    one, other = (variable_threats(random_game(1, 5, (3, 3))) for _ in range(2))
    assert one.point.tolist() == other.point.tolist()
    assert one.weight == other.weight
