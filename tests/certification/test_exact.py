from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from scipy import sparse

from leverage.certification.checker import check
from leverage.certification.exact import exact_gain
from leverage.errors import GameError
from leverage.game.automaton import Automaton, join
from leverage.game.stochastic_game import StochasticGame
from tests.games import (
    chicken,
    grim_trigger,
    matching_pennies,
    no_choice,
    prisoners_dilemma,
    shapley_stopping,
    solve_exactly,
    tit_for_tat,
)


def grim(delta: float | tuple[float, ...]) -> Automaton:
    game = prisoners_dilemma(delta)
    return join([grim_trigger(game, i) for i in (0, 1)])


@pytest.mark.parametrize(
    ("delta", "gain"),
    [
        (0.6, Fraction(0)),  # 7 (1 - d) + 2 d - 4 = 3 - 5 d for the second player, whose critical discount factor is 3/5
        (0.599999, Fraction(5, 10**6)),
        (0.600001, Fraction(-5, 10**6)),
        (0.5, Fraction(1, 2)),
        ((0.5, 0.6), Fraction(0)),  # both at their own critical discount factor
        ((0.499999, 0.7), Fraction(4, 10**6)),  # 5 (1 - d) + d - 3 = 2 - 4 d for the first
        (2 / 3, Fraction(-1, 3)),
    ],
)
def test_grim_trigger_round_its_critical_discount_factor(delta: float | tuple[float, ...], gain: Fraction) -> None:
    assert exact_gain(grim(delta)) == gain


def test_when_everybody_is_patient_the_punishment_is_what_binds() -> None:
    """At .9 departing from trust costs 5 d - 3 = 1.5 and 4 d - 2 = 1.6; from mutual defection (1 - d) (P - S) = .1 for both."""
    assert exact_gain(grim(0.9)) == Fraction(-1, 10)


def test_an_exact_tie_that_floats_do_not_see() -> None:
    """The checker's float says nothing about the sign here: it is within its own rounding error."""
    plan = grim(0.6)
    certificate = check(plan)
    assert certificate.gain <= 2 * certificate.error + 1e-15
    assert exact_gain(plan) == 0


def test_mixed_play_and_its_support_are_ties() -> None:
    pennies = Automaton.stationary(matching_pennies(0.9), [[[0.5, 0.5]], [[0.5, 0.5]]])
    thirds = Automaton.stationary(chicken(0.7), [[[2 / 3, 1 / 3]], [[2 / 3, 1 / 3]]])
    assert exact_gain(pennies) == exact_gain(thirds) == 0
    off = Automaton.stationary(chicken(0.7), [[[0.5, 0.5]], [[2 / 3, 1 / 3]]])
    # against a half swerving gives the second player (6 + 2) / 2 = 4 and daring 7/2; the plan dares with chance 1/3
    assert exact_gain(off) == Fraction(3, 10) * (Fraction(4) - (Fraction(2, 3) * 4 + Fraction(1, 3) * Fraction(7, 2)))


def test_states_and_chance_agree_with_a_plain_solution() -> None:
    """Shapley's stopping game: the column player should pay 1 rather than 3, once: (1 - d) 2."""
    game = shapley_stopping(0.9)
    plan = Automaton.stationary(game, [[[1.0, 0.0], [1.0]], [[1.0, 0.0], [1.0]]])
    d, half = Fraction(9, 10), Fraction(1, 2)
    value, stopped = solve_exactly([[1 - d * half, -d * half], [0, 1 - d]], [(1 - d) * 3, Fraction(0)])
    assert stopped == 0
    assert exact_gain(plan) == ((1 - d) * -1 - d * half * value) + value == Fraction(1, 5)


def public_lottery(delta: float, chance: float) -> Automaton:
    """Cooperate; after a defection punish for ever with some chance only, otherwise forgive."""
    game = prisoners_dilemma(delta)
    plan = join([grim_trigger(game, i) for i in (0, 1)])
    law = plan.next_nodes.toarray()
    trust = int(plan.start[[0]].indices[0])
    edges = np.flatnonzero((plan.edge_node == trust) & (law[:, trust] == 0))
    law[edges] = 1 - chance
    law[edges, trust] = chance
    law[edges, 1 - trust] = 1 - chance
    return replace(plan, next_nodes=type(plan.next_nodes)(law))


def test_forgiveness_by_a_public_lottery_has_its_own_critical_chance() -> None:
    """Forgiven with chance q the second gains 7 (1 - d) + d (4 q + 2 (1 - q)) - 4 = 3 - 5 d + 2 d q: 0 at d = 3/4, q = 1/2."""
    assert exact_gain(public_lottery(0.75, 0.5)) == 0
    assert exact_gain(public_lottery(0.75, 0.51)) == Fraction(3, 200)
    assert exact_gain(public_lottery(0.75, 0.49)) == Fraction(-3, 200)


@pytest.mark.parametrize("seed", range(12))
def test_it_agrees_with_the_checker_on_generated_games_of_fractions(seed: int) -> None:
    plan = _random_fractions(seed)
    found = exact_gain(plan)
    assert found is not None
    assert max(0.0, float(found)) == pytest.approx(check(plan).gain, abs=1e-12)


def _random_fractions(seed: int) -> Automaton:
    """Payoffs in tenths, chances and lotteries in eighths (exact floats), a structural zero in each row."""
    random = np.random.default_rng(seed)
    shapes = [(2, 3), (1, 2), (2, 2)]
    payoffs = [random.integers(-20, 20, (*shape, 2)) / 10 for shape in shapes]
    laws = [random.multinomial(8, [0.6, 0.4, 0.0], shape) / 8 for shape in shapes]
    game = StochasticGame.from_arrays(payoffs, laws, random.choice([0.7, 0.85, 0.9], 2))
    strategies = [[random.multinomial(4, np.ones(shape[i]) / shape[i]) / 4 for shape in shapes] for i in (0, 1)]
    return Automaton.stationary(game, strategies)


def test_what_is_not_rational_is_not_decided() -> None:
    game = prisoners_dilemma(1 / np.sqrt(2))
    assert exact_gain(join([grim_trigger(game, i) for i in (0, 1)])) is None


def test_chances_that_miss_one_are_not_decided() -> None:
    plan = Automaton.stationary(chicken(0.9), [[[0.4, 0.6]], [[1.0, 0.0]]])
    assert exact_gain(plan) is not None
    off = replace(plan, lotteries=(np.array([0.4, 0.6 - 1e-6]), plan.lotteries[1]))
    assert exact_gain(off) is None


def test_large_plans_are_not_tried_and_unreachable_nodes_do_not_count() -> None:
    plan = grim(0.6)
    assert exact_gain(plan, most_nodes=1) is None
    assert exact_gain(plan, most_nodes=2) == 0
    plan = grim(0.6)
    punish = int(np.flatnonzero(np.asarray(plan.modes)[plan.node_mode] == "punish; punish")[0])
    begun = replace(plan, start=sparse.csr_array((np.ones(1), (np.zeros(1, int), np.array([punish]))), shape=plan.start.shape))
    assert exact_gain(begun, most_nodes=1) == -Fraction(2, 5)  # P - S = 1, weighted by 1 - d


def test_no_choice_and_tit_for_tat() -> None:
    game = StochasticGame.from_arrays([[[[1 / 3, 2.0]]]], [[[[1.0]]]], 0.5)
    assert exact_gain(no_choice(game)) == 0
    game = prisoners_dilemma(0.75)
    gain = exact_gain(join([tit_for_tat(game, i) for i in (0, 1)]))
    assert gain is not None
    assert float(gain) == pytest.approx(check(join([tit_for_tat(game, i) for i in (0, 1)])).gain, abs=1e-13)


def test_plans_for_some_players_or_without_a_start_are_refused() -> None:
    game = prisoners_dilemma(0.6)
    with pytest.raises(GameError, match="all 2 players"):
        exact_gain(grim_trigger(game, 0))
    plan = grim(0.6)
    with pytest.raises(GameError, match="no start"):
        exact_gain(replace(plan, start=type(plan.start)(plan.start.shape)))
