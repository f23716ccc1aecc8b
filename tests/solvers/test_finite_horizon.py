"""Backward induction: games solved by hand, a plain twin in fractions, limits, and a certificate that notices tampering."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from leverage.certification.finite import certify_finite
from leverage.errors import GameError, UnsolvedError
from leverage.game.automaton import Automaton, reachable_nodes
from leverage.game.stochastic_game import StochasticGame
from leverage.solvers.finite_horizon import finite_horizon
from leverage.solvers.stage_game import pure_stage_equilibria, stage_equilibria
from leverage.solvers.stage_nash import stage_nash

CLOSE = 1e-9
PRISONERS = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]
PENNIES = [[[1.0, -1.0], [-1.0, 1.0]], [[-1.0, 1.0], [1.0, -1.0]]]


def repeated(payoffs, discount):
    return StochasticGame.from_arrays([payoffs], [np.ones((*np.shape(payoffs)[:-1], 1))], discount)


def random_game(seed, states=6, counts=(3, 2), discount=(0.9, 0.7), levels=None):
    """A game with different numbers of actions in different states; with `levels` its payoffs are tied."""
    random = np.random.default_rng(seed)
    payoffs, laws = [], []
    for s in range(states):
        shape = tuple(1 + (c - 1 + s) % c for c in counts)
        draw = random.normal(size=(*shape, len(counts))) if levels is None else random.integers(0, levels, (*shape, len(counts)))
        payoffs.append(draw)
        laws.append(random.dirichlet(np.full(states, 0.3), size=shape))
    return StochasticGame.from_arrays(payoffs, laws, discount)


@pytest.mark.parametrize("discount", [0.0, 0.6, 0.99, [0.9, 0.3]])
@pytest.mark.parametrize("periods", [1, 2, 24])
def test_repeated_prisoners_defect_in_every_period(discount, periods):
    found = finite_horizon(repeated(PRISONERS, discount), periods)
    np.testing.assert_allclose(found.values, [[1.0, 1.0]], atol=CLOSE)
    for player in (0, 1):
        lotteries = [found.plan.lottery(player, node).tolist() for node in range(found.plan.n_nodes)]
        assert lotteries == [[0.0, 1.0]] * (periods + 1)
    assert found.certificate <= CLOSE


def entry_game(discount=0.5):
    """Entry, then a fight or none, then nothing. State 1: the entrant stays out (0, 4) or enters (0, 0), which leads to state 2,
    where the incumbent fights (-2, -1) or accommodates (2, 1). State 3 pays nothing for ever."""
    out_or_in = [[[0.0, 4.0]], [[0.0, 0.0]]]
    fight_or_not = [[[-2.0, -1.0], [2.0, 1.0]]]
    laws = [[[[0.0, 0.0, 1.0]], [[0.0, 1.0, 0.0]]], [[[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]]], [[[0.0, 0.0, 1.0]]]]
    return StochasticGame.from_arrays([out_or_in, fight_or_not, [[[0.0, 0.0]]]], laws, discount)


def test_an_incredible_threat_deters_nobody():
    # "I shall fight" would keep the entrant out (it would get -2 later), but in the last period fighting costs the incumbent 2.
    # So with one period left state 2 pays (2, 1); with two left entering is worth 0 + 0.5 * 2 = 1 > 0 to the entrant
    # and 0.5 * 1 to the incumbent; the sums are divided by 1 + 0.5.
    found = finite_horizon(entry_game(), 2)
    assert found.plan.lottery(0, 0).tolist() == [0.0, 1.0]  # two periods left, state 1: enter
    assert found.plan.lottery(1, 4).tolist() == [0.0, 1.0]  # one period left, state 2: accommodate
    np.testing.assert_allclose(found.values, [[2 / 3, 1 / 3], [4 / 3, 2 / 3], [0, 0]], atol=CLOSE)
    assert found.plan.modes == ("2 periods left", "1 period left", "over")
    # With the end after one period nothing follows entry: both actions pay the entrant 0, and the larger sum is to stay out.
    assert finite_horizon(entry_game(), 1).plan.lottery(0, 0).tolist() == [1.0, 0.0]


def test_the_plan_counts_down():
    plan = finite_horizon(entry_game(), 2).plan
    modes = [plan.modes[plan.node_mode[node]] for node in range(plan.n_nodes)]
    following = {"2 periods left": "1 period left", "1 period left": "over", "over": "over"}
    for edge, node in enumerate(plan.edge_node):
        (target,) = plan.next_nodes[[edge]].indices
        assert modes[target] == following[modes[node]]
        assert plan.node_state[target] == plan.game.transitions.indices[plan.edge_entry[edge]]
    assert plan.start.indices.tolist() == [0, 1, 2]
    assert {modes[node] for node in np.flatnonzero(reachable_nodes(plan))} == set(following)


# --- a gambler's chain against a plain dynamic programme in fractions ----------------------------------------------------

GOAL = 5
WIN = Fraction(2, 5)
PATIENCE = Fraction(1, 2)


def gambler():
    payoffs, laws = [], []
    for wealth in range(GOAL + 1):
        stakes = range(min(wealth, GOAL - wealth) + 1)
        payoffs.append(np.zeros((len(stakes), 1)))
        law = np.zeros((len(stakes), GOAL + 1))
        for stake in stakes:
            law[stake, wealth + stake] += float(WIN)
            law[stake, wealth - stake] += float(1 - WIN)
        laws.append(law)
    return StochasticGame.from_arrays(payoffs, laws, float(PATIENCE))


def gambler_by_hand(periods):
    worth = [Fraction(0)] * GOAL + [Fraction(1)]
    for _ in range(periods):
        worth = [
            PATIENCE * max(WIN * worth[w + b] + (1 - WIN) * worth[w - b] for b in range(min(w, GOAL - w) + 1))
            for w in range(GOAL + 1)
        ]
    return worth


@pytest.mark.parametrize("periods", [1, 2, 3, 7])
def test_gambler_against_exact_dynamic_programme(periods):
    prize = np.zeros((GOAL + 1, 1))
    prize[GOAL] = 1.0
    found = finite_horizon(gambler(), periods, terminal=prize)
    length = sum(PATIENCE**k for k in range(periods))
    np.testing.assert_allclose(found.values[:, 0], [float(v / length) for v in gambler_by_hand(periods)], rtol=1e-12, atol=1e-15)


# --- limits and other solvers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("levels", [None, 3])
@pytest.mark.parametrize("seed", range(6))
def test_one_period_is_stage_play(seed, levels):
    game = random_game(seed, counts=(3, 3), levels=levels)
    found, myopic = finite_horizon(game, 1), stage_nash(game)
    for s in range(game.n_states):
        table = game.stage_payoffs(s)
        pair = [found.plan.lottery(i, s) for i in (0, 1)]
        assert any(
            np.allclose(x, pair[0], atol=CLOSE) and np.allclose(y, pair[1], atol=CLOSE) for x, y in stage_equilibria(table)
        )
        # stage_nash may prefer a mixed equilibrium to the pure ones; the finite horizon does not.
        chosen_is_pure = myopic.strategies[0][s].max() == myopic.strategies[1][s].max() == 1
        if chosen_is_pure or not pure_stage_equilibria(table):
            np.testing.assert_allclose(found.values[s], myopic.values[s], atol=CLOSE)


def test_matching_pennies_in_every_period():
    found = finite_horizon(repeated(PENNIES, 0.8), 5)
    np.testing.assert_allclose(found.plan.lotteries, 0.5, atol=CLOSE)
    np.testing.assert_allclose(found.values, 0.0, atol=CLOSE)


def test_long_horizon_approaches_the_endless_problem():
    discount, periods = 0.8, 200
    game = random_game(3, counts=(4,), discount=discount)
    worth = np.zeros(game.n_states)
    for _ in range(400):  # value iteration, normalised
        actions = (1 - discount) * game.payoffs[:, 0] + discount * (game.transitions @ worth)
        worth = np.array([actions[game.row_start[s] : game.row_start[s + 1]].max() for s in range(game.n_states)])
    np.testing.assert_allclose(finite_horizon(game, periods).values[:, 0], worth, atol=CLOSE)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("levels", [None, 2])
def test_certificates_of_random_games(seed, levels):
    game = random_game(seed, levels=levels)
    terminal = np.random.default_rng(seed).normal(size=(game.n_states, 2))
    found = finite_horizon(game, 9, terminal=terminal)
    assert found.certificate <= CLOSE * game.payoff_range
    assert found.certificate == certify_finite(found.plan, 9, terminal)


@pytest.mark.parametrize("seed", range(4))
def test_values_are_those_of_the_plan_by_a_walk_over_its_nodes(seed):
    game = random_game(seed, states=3, levels=4)
    periods = 3
    plan = finite_horizon(game, periods).plan
    mode_of = {(plan.node_mode[k], plan.node_state[k]): k for k in range(plan.n_nodes)}

    def worth(period, s, i):
        if period == periods:
            return 0.0
        node, total = mode_of[period, s], 0.0
        for row in range(game.row_start[s], game.row_start[s + 1]):
            chance = np.prod([plan.lottery(j, node)[game.row_action[j, row]] for j in range(game.n_players)])
            law = game.transitions[[row]].toarray()[0]
            if chance:
                later = sum(p * worth(period + 1, t, i) for t, p in enumerate(law) if p)
                total += chance * (game.payoffs[row, i] + game.discount[i] * later)
        return total

    wanted = [[worth(0, s, i) / sum(game.discount[i] ** k for k in range(periods)) for i in (0, 1)] for s in range(3)]
    np.testing.assert_allclose(finite_horizon(game, periods).values, wanted, atol=CLOSE)


def test_selection_weighs_payoffs_a_period():
    # Ranges are 10. Last period: (10, 4) sums to 1.4, (5, 10) to 1.5. With two left the second player's sums are divided by
    # 1 + 0.9, the first player's by 1: 1 + 0.4 / 1.9 > 0.5 + 1 / 1.9 (what follows is the same for both).
    meeting = [[[10.0, 4.0], [0.0, 0.0]], [[0.0, 0.0], [5.0, 10.0]]]
    plan = finite_horizon(repeated(meeting, [0.0, 0.9]), 2).plan
    assert [plan.lottery(0, node).tolist() for node in (0, 1)] == [[1.0, 0.0], [0.0, 1.0]]


def test_patience_near_one_is_an_average():
    rising = StochasticGame.from_arrays([[[0.0]], [[2.0]]], [[[0.0, 1.0]], [[0.0, 1.0]]], np.nextafter(1.0, 0.0))
    np.testing.assert_allclose(finite_horizon(rising, 4).values[:, 0], [1.5, 2.0], rtol=1e-12)


def test_rounding_in_the_future_does_not_break_ties():
    # Both actions lead to states of the same worth, added up in another order; the first action stands.
    game = StochasticGame.from_arrays(
        [[[0.0], [0.0]], [[0.1]], [[0.7]], [[0.4]]],
        [[[0, 0.5, 0.5, 0], [0, 0, 0, 1.0]], [[0, 1.0, 0, 0]], [[0, 0, 1.0, 0]], [[0, 0, 0, 1.0]]],
        0.9,
    )
    for periods in (2, 5, 9):
        assert finite_horizon(game, periods).plan.lottery(0, 0).tolist() == [1.0, 0.0]


def test_three_players_with_and_without_pure_equilibria():
    jordan = np.array([[[[a == b, b == c, c != a] for c in (0, 1)] for b in (0, 1)] for a in (0, 1)], dtype=float)
    common = np.repeat(np.arange(8.0).reshape(2, 2, 2, 1), 3, axis=3)
    law = np.full((2, 2, 2, 2), 0.5)
    found = finite_horizon(StochasticGame.from_arrays([jordan, common], [law, law], 0.5), 2)
    # Jordan (1993) is worth 1/2 to each, the common game 7. With two periods left the mean of both, 3.75, follows.
    np.testing.assert_allclose(found.values, [[(0.5 + 0.5 * 3.75) / 1.5] * 3, [(7 + 0.5 * 3.75) / 1.5] * 3], atol=1e-6)


# --- the checker -------------------------------------------------------------------------------------------------------


def with_lottery(plan: Automaton, player: int, node: int, lottery) -> Automaton:
    flat = [own.copy() for own in plan.lotteries]
    start = plan.choice_start(player)
    flat[player][start[node] : start[node + 1]] = lottery
    return replace(plan, lotteries=tuple(flat))


@pytest.mark.parametrize("node", [0, 1, 2])
def test_tampering_with_a_lottery_shows(node):
    # A prisoner who cooperates against a defector gives up 1; `left` periods remain, and the gain is a payoff a period.
    discount, periods = 0.6, 3
    plan = finite_horizon(repeated(PRISONERS, discount), periods).plan
    left = periods - node
    gain = certify_finite(with_lottery(plan, 0, node, [1.0, 0.0]), periods)
    assert gain == pytest.approx(1 / sum(discount**k for k in range(left)), abs=CLOSE)


def test_tampering_after_the_end_does_not_matter():
    plan = finite_horizon(repeated(PRISONERS, 0.6), 3).plan
    assert certify_finite(with_lottery(plan, 0, 3, [1.0, 0.0]), 3) == 0.0


def test_tampering_off_the_path_shows():
    # Nobody fights in equilibrium, and nobody reaches state 2 with two periods left from state 1; it is checked all the same.
    plan = finite_horizon(entry_game(), 2).plan
    assert certify_finite(with_lottery(plan, 1, 1, [1.0, 0.0]), 2) == pytest.approx(2 / 1.5)


def test_checker_takes_plans_of_any_form():
    game = repeated(PRISONERS, 0.6)
    defect = Automaton.stationary(game, [[[0.0, 1.0]], [[0.0, 1.0]]])
    cooperate = Automaton.stationary(game, [[[1.0, 0.0]], [[1.0, 0.0]]])
    assert certify_finite(defect, 7) == 0.0
    assert certify_finite(cooperate, 7) == pytest.approx(2.0)  # in the last period, where it weighs most


def test_checker_notices_another_end():
    game = entry_game()
    assert certify_finite(finite_horizon(game, 2).plan, 2, [[0, 0], [0, 0], [0, 0]]) == 0.0
    prize = np.array([[0.0, 0.0], [9.0, 0.0], [0.0, 0.0]])  # reached only by entering in the last period
    assert finite_horizon(game, 1, terminal=prize).plan.lottery(0, 0).tolist() == [0.0, 1.0]
    assert certify_finite(finite_horizon(game, 1).plan, 1, prize) == pytest.approx(4.5)


@pytest.mark.parametrize("periods", [0, -1, 1.5, float("inf")])
def test_a_horizon_is_a_whole_number_of_periods(periods):
    with pytest.raises(GameError, match="periods"):
        finite_horizon(repeated(PRISONERS, 0.5), periods)


@pytest.mark.parametrize("terminal", [[1.0, 2.0], [[np.nan, 0.0]], [[0.0, 0.0], [0.0, 0.0]]])
def test_terminal_payoffs_of_another_shape_are_refused(terminal):
    with pytest.raises(GameError, match="terminal"):
        finite_horizon(repeated(PRISONERS, 0.5), 2, terminal=terminal)


def test_checker_refuses_what_it_cannot_check():
    game = repeated(PRISONERS, 0.5)
    alone = Automaton.stationary(game, [[[0.0, 1.0]]], players=[0])
    with pytest.raises(GameError, match="all players"):
        certify_finite(alone, 1)
    both = Automaton.stationary(game, [[[0.0, 1.0]], [[0.0, 1.0]]])
    with pytest.raises(GameError, match="period"):
        certify_finite(both, 0)
    with pytest.raises(GameError, match="terminal"):
        certify_finite(both, 1, [0.0])


def test_a_gain_above_the_tolerance_is_no_solution():
    # Odd mixed lotteries carry rounding; no tolerance at all cannot be met.
    skewed = [[[1.0, -0.3], [-1 / 7, 1.0]], [[-0.9, 1.1], [1 / 3, -1.0]]]
    assert finite_horizon(repeated(skewed, 0.9), 3).certificate > 0
    with pytest.raises(UnsolvedError):
        finite_horizon(repeated(skewed, 0.9), 3, tolerance=0.0)
