from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from leverage.certification.checker import check
from leverage.errors import GameError
from leverage.game.automaton import Automaton, join
from leverage.game.stochastic_game import Floats, StochasticGame
from leverage.solvers.best_reply import answered, best_reply, solve_reply
from leverage.solvers.reply_kernel import rough_choices
from tests.games import (
    chain,
    grim_trigger,
    prisoners_dilemma,
    random_game,
    random_machine,
    repeated,
    shapley_stopping,
    tit_for_tat,
    with_structural_zeros,
)

EXACT = 1e-12
SEEDS = st.integers(0, 10_000)


def pure(plan: Automaton, player: int, actions: tuple[int, ...]) -> Automaton:
    """The plan with the player's part replaced by one action a node."""
    counts = plan.game.action_counts[plan.node_state, player]
    own = np.concatenate([np.eye(count)[a] for count, a in zip(counts, actions, strict=True)])
    parts = {**dict(zip(plan.players, plan.lotteries, strict=True)), player: own}
    return replace(plan, players=tuple(sorted(parts)), lotteries=tuple(parts[i] for i in sorted(parts)))


def best_by_enumeration(plan: Automaton, player: int) -> Floats:
    """Largest value (K,) at each node over all pure policies on the nodes; one policy attains all of them at once."""
    counts = plan.game.action_counts[plan.node_state, player]
    return np.max([check(pure(plan, player, a)).values[:, player] for a in product(*map(range, counts))], axis=0)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, modes=st.integers(1, 2), player=st.integers(0, 1), zeros=st.booleans())
def test_equals_the_best_of_all_pure_policies(seed: int, modes: int, player: int, zeros: bool) -> None:
    game = random_game(seed, states=2, actions=(3, 3), delta=(0.7, 0.95))
    game = with_structural_zeros(game) if zeros else game
    machine = random_machine(game, (1 - player,), modes, seed)
    expected = best_by_enumeration(machine, player)
    reply = solve_reply(machine, player)
    assert reply.reached.all()
    assert reply.values == pytest.approx(expected, abs=EXACT)
    solution = best_reply(machine, player)
    assert solution.values[:, player] == pytest.approx(machine.start @ expected, abs=EXACT)
    assert solution.certificate <= EXACT


def test_against_two_opponents() -> None:
    game = random_game(7, states=2, actions=(2, 2, 2), delta=(0.9, 0.5, 0.7))
    others = join([random_machine(game, (0,), 2, 1), random_machine(game, (2,), 1, 2)])
    reply = solve_reply(others, 1)
    assert reply.values == pytest.approx(best_by_enumeration(others, 1), abs=EXACT)
    with pytest.raises(GameError, match="none plays for 3"):
        solve_reply(random_machine(game, (0,), 2, 1), 1)


@pytest.mark.parametrize(
    ("delta", "payoff"),
    [
        (0.9, 3.0),  # cooperate for ever
        (0.2, 0.8 * 5.0 + 0.2 * 1.0),  # defect, then be punished
        (0.5, 3.0),  # a tie between the two
    ],
)
def test_against_grim_trigger(delta: float, payoff: float) -> None:
    found = best_reply(grim_trigger(prisoners_dilemma(delta), 1), 0)
    assert found.values[0, 0] == pytest.approx(payoff, abs=EXACT)


def test_against_tit_for_tat_alternation_may_be_best() -> None:
    # T + S > 2 R makes defecting every other period best: 6 / 1.9 at 0.9 against 2 for ever
    game = repeated([[2, 0], [6, 1]], [[2, 6], [0, 1]], 0.9)
    found = best_reply(tit_for_tat(game, 1), 0)
    assert found.values[0, 0] == pytest.approx(6 / 1.9, abs=EXACT)
    assert [found.plan.lottery(0, k).tolist() for k in (0, 1)] == [[0.0, 1.0], [1.0, 0.0]]


def test_the_optimal_lottery_makes_every_reply_worth_the_value() -> None:
    game = shapley_stopping(0.9)
    found = best_reply(Automaton.stationary(game, [[[1 / 3, 2 / 3], [1.0]]], players=[0]), 1)
    assert found.values[0, 1] == pytest.approx(-0.1 * (5 / 3) / 0.55, abs=EXACT)
    assert found.strategies[1][0].tolist() == [1.0, 0.0]  # both columns tie: the first


@pytest.mark.parametrize("offset", [0.0, 1e9])
def test_ties_take_the_first_action(offset: float) -> None:
    # all actions are worth the same up to rounding; weights of 1/3 and 1/7 disturb the last digits
    tables = [np.full((5, 1), 1 / 3 + offset) for _ in range(3)]
    laws = [
        np.array([[1 / 7, 2 / 7, 4 / 7], [1 / 3, 1 / 3, 1 / 3], [0.1, 0.2, 0.7], [1, 0, 0], [0.3, 0.3, 0.4]]) for _ in range(3)
    ]
    game = StochasticGame.from_arrays(tables, laws, 0.99)
    nobody = Automaton.stationary(game, [], players=[])
    assert solve_reply(nobody, 0).actions.tolist() == [0, 0, 0]


def test_nodes_that_nothing_leads_to_are_left_out() -> None:
    game = with_structural_zeros(prisoners_dilemma(0.9))
    machine = replace(grim_trigger(game, 1), lotteries=(np.array([0.0, 1.0, 0.0, 1.0]),))
    never_trusts = replace(machine, start=sparse.csr_array(np.array([[0.0, 1.0]])))
    reply = solve_reply(never_trusts, 0)
    assert reply.reached.tolist() == [False, True]
    assert np.isnan(reply.values).tolist() == [True, False]
    assert best_reply(never_trusts, 0).values[0] == pytest.approx([1.0, 2.0])


def test_a_state_reached_with_chance_zero_only_is_left_out() -> None:
    game = with_structural_zeros(chain([[1.0, 0.0], [0.0, 1.0]], [1.0, 5.0]))
    start = sparse.csr_array(np.array([[1.0, 0.0], [0.0, 0.0]]))
    nobody = replace(Automaton.stationary(game, [], players=[]), start=start)
    assert solve_reply(nobody, 0).reached.tolist() == [True, False]
    found = best_reply(nobody, 0)
    assert found.values[0, 0] == pytest.approx(1.0)
    assert np.isnan(found.values[1, 0])


def test_a_joint_plan_is_read_as_the_others_play() -> None:
    game = prisoners_dilemma(0.2)
    plan = join([grim_trigger(game, i) for i in (0, 1)])
    assert best_reply(plan, 0).values[0, 0] == pytest.approx(4.2, abs=EXACT)


def test_many_nodes() -> None:
    # more nodes than the dense factorisation takes; the Bellman equation holds to rounding
    game = random_game(3, states=120, actions=(4, 3), delta=0.98, reach=4)
    reply = solve_reply(random_machine(game, (1,), 3, 3), 0)
    assert len(reply.values) == 360
    assert reply.gain <= EXACT


@pytest.mark.parametrize("player", [-1, 2])
def test_a_player_that_does_not_exist(player: int) -> None:
    with pytest.raises(GameError, match="there is no player"):
        solve_reply(grim_trigger(prisoners_dilemma(), 1), player)


def slow_rough_choices(first: Floats, reward: Floats, law: Floats, tie: float, rounds: int, sweeps: int) -> list[int]:
    """The kernel as in the textbook, with dense matrices."""
    groups = [np.arange(a, b) for a, b in pairwise(first)]
    values, choices = np.zeros(len(groups)), np.zeros(0, dtype=np.intp)
    for _ in range(rounds + 1):
        worth = reward + law @ values
        before, choices = choices, np.array([own[worth[own] >= worth[own].max() - tie][0] for own in groups])
        if np.array_equal(before, choices):
            break
        values = np.array([worth[own].max() for own in groups])
        for _ in range(sweeps):
            values = reward[choices] + law[choices] @ values
    return [int(choice) for choice in choices]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("rounds", "sweeps"), [(0, 5), (1, 0), (2, 3), (30, 15)])
def test_rough_rounds_equal_their_plain_twin(seed: int, rounds: int, sweeps: int) -> None:
    rng = np.random.default_rng(seed)
    first = np.concatenate([[0], np.cumsum(rng.integers(1, 4, 12))])
    dense = rng.random((int(first[-1]), 12)) * (rng.random((int(first[-1]), 12)) < 0.3)
    dense *= 0.95 / np.maximum(dense.sum(axis=1), 1e-9)[:, None]
    law, reward = sparse.csr_array(dense), rng.integers(0, 4, int(first[-1])).astype(float)
    indices, indptr = law.indices.astype(np.intp), law.indptr.astype(np.intp)
    found = rough_choices(first, reward, law.data, indices, indptr, 0.1, rounds, sweeps)
    assert found.tolist() == slow_rough_choices(first, reward, dense, 0.1, rounds, sweeps)


def test_a_reply_without_the_checker_is_the_same_play() -> None:
    machine = random_machine(random_game(4, states=2, actions=(3, 3), delta=(0.7, 0.95)), (1,), 2, 4)
    with_it, without = best_reply(machine, 0).plan, answered(machine, 0)
    assert without.players == with_it.players == (0, 1)
    for one, other in zip(with_it.lotteries, without.lotteries, strict=True):
        np.testing.assert_array_equal(one, other)
