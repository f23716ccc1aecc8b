from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.sparse.linalg import splu

from leverage.certification.checker import certify, check
from leverage.errors import GameError
from leverage.game import equations
from leverage.game.automaton import Automaton, join, reachable_nodes
from leverage.game.node_indices import selection
from leverage.game.stochastic_game import Floats, StochasticGame
from tests.games import (
    chain,
    chicken,
    grim_trigger,
    matching_pennies,
    no_choice,
    prisoners_dilemma,
    random_game,
    random_machine,
    repeated,
    shapley_stopping,
    tit_for_tat,
    with_structural_zeros,
)

EXACT = 1e-12  # what double precision leaves of a number near 1
SEEDS = st.integers(0, 10_000)
FEW = settings(max_examples=25, deadline=None)


def slow_values(plan: Automaton) -> Floats:
    """Values (K, N) node by node, profile by profile, with dense matrices: the formulas as the textbook has them."""
    game, size = plan.game, plan.n_nodes
    law, payoff = np.zeros((size, size)), np.zeros((size, game.n_players))
    for k in range(size):
        for profile in product(*(range(a) for a in game.action_counts[plan.node_state[k]])):
            weight = np.prod([plan.lottery(i, k)[a] for i, a in enumerate(profile)])
            row, following = slow_step(plan, k, profile)
            payoff[k] += weight * game.payoffs[row]
            law[k] += weight * following
    columns = [np.linalg.solve(np.eye(size) - d * law, (1 - d) * payoff[:, i]) for i, d in enumerate(game.discount)]
    return np.stack(columns, axis=1)


def slow_step(plan: Automaton, node: int, profile: tuple[int, ...]) -> tuple[int, Floats]:
    """The row of a profile at a node, and the lottery (K,) over the nodes that follow."""
    game, s = plan.game, plan.node_state[node]
    row = game.row_start[s] + int(np.ravel_multi_index(profile, tuple(game.action_counts[s])))
    following, edges = np.zeros(plan.n_nodes), plan.next_nodes.toarray()
    for entry in range(game.transitions.indptr[row], game.transitions.indptr[row + 1]):
        edge = plan.edge_start[node] + entry - game.entry_start[s]
        following += game.transitions.data[entry] * edges[edge]
    return row, following


def slow_gain(plan: Automaton, player: int) -> float:
    game, values, best = plan.game, slow_values(plan), 0.0
    delta = game.discount[player]
    for k in np.flatnonzero(reachable_nodes(plan)):
        counts = game.action_counts[plan.node_state[k]]
        for own in range(counts[player]):
            worth = 0.0
            for profile in product(*(range(a) for a in counts)):
                if profile[player] == own:
                    weight = np.prod([plan.lottery(i, k)[a] for i, a in enumerate(profile) if i != player])
                    row, following = slow_step(plan, k, profile)
                    worth += weight * ((1 - delta) * game.payoffs[row, player] + delta * following @ values[:, player])
            best = max(best, worth - values[k, player])
    return best


# --- known equilibria -------------------------------------------------------------------------------------------------

THRESHOLD = 3 / 5  # the larger of (5 - 3) / (5 - 1) and (7 - 4) / (7 - 2)


@pytest.mark.parametrize(("delta", "gain"), [(THRESHOLD + 1e-6, 0.0), (THRESHOLD, 0.0), (THRESHOLD - 0.1, 0.5)])
def test_grim_trigger_gains_below_its_threshold_only(delta: float, gain: float) -> None:
    # the second player's gain at trust: (1 - d) 7 + d 2 - 4 = 3 - 5 d
    game = prisoners_dilemma(delta)
    found = check(join([grim_trigger(game, i) for i in (0, 1)]))
    assert found.gain == pytest.approx(gain, abs=EXACT)
    assert found.bound == pytest.approx(tuple(g / (1 - delta) for g in found.by_player))
    assert bool(found.worst) == (gain > 0)


def test_the_worst_deviation_is_named() -> None:
    game = prisoners_dilemma(0.3)
    found = check(join([grim_trigger(game, i) for i in (0, 1)]))
    first, second = found.worst
    assert (first.player, first.mode, first.played, first.action) == ("2", "trust; trust", "1", "2")
    assert first.gain == pytest.approx(3 - 5 * 0.3)
    assert (second.player, second.gain) == ("1", pytest.approx(2 - 4 * 0.3))


def test_a_deviation_off_the_path_counts() -> None:
    # patient players keep to tit for tat on its path, but after one defection punishing for ever in turn is not worth it
    game = repeated([[3, 0], [5, 1]], [[3, 5], [0, 1]], 0.9)
    plan = join([tit_for_tat(game, i) for i in (0, 1)])
    found = check(plan)
    on_path = check(plan, nodes=np.arange(plan.n_nodes) == plan.start.indices[0])
    assert on_path.gain == pytest.approx(0.0, abs=EXACT)
    # both cross: punishing for ever is worth 1; cooperating once gives 0 now, then the other is kind and I am cross, in
    # alternation
    alternation_from_temptation = 5 / 1.9  # 0.1 * 5 / (1 - 0.81)
    assert found.gain == pytest.approx(0.9 * alternation_from_temptation - 1.0, abs=EXACT)
    assert found.worst[0].mode == "cross; cross"


@pytest.mark.parametrize(
    ("game", "profile", "gain"),
    [
        (matching_pennies(), [[[0.5, 0.5]], [[0.5, 0.5]]], 0.0),
        (matching_pennies(0.5), [[[1.0, 0.0]], [[0.5, 0.5]]], 0.5),  # the second player wins 1 once instead of 0
        (chicken(), [[[2 / 3, 1 / 3]], [[2 / 3, 1 / 3]]], 0.0),
        (chicken(0.5), [[[1.0, 0.0]], [[1.0, 0.0]]], 0.5),  # 7 instead of 6, once, at weight 1/2
        (shapley_stopping(), [[[1 / 3, 2 / 3], [1.0]], [[1 / 3, 2 / 3], [1.0]]], 0.0),
        (matching_pennies(0.0), [[[0.5, 0.5]], [[1.0, 0.0]]], 1.0),
        (repeated([[7, 7], [7, 7]], [[7, 7], [7, 7]], 0.99), [[[0.5, 0.5]], [[0.1, 0.9]]], 0.0),  # payoff range 0
    ],
)
def test_gains_of_markov_profiles(game: StochasticGame, profile: list[list[Floats]], gain: float) -> None:
    assert certify(game, profile) == pytest.approx(gain, abs=EXACT)


def test_shapley_value() -> None:
    game = shapley_stopping(0.9)
    found = check(Automaton.stationary(game, [[[1 / 3, 2 / 3], [1.0]]] * 2))
    assert found.values[0] == pytest.approx([0.1 * (5 / 3) / 0.55, -0.1 * (5 / 3) / 0.55], abs=EXACT)


def test_a_public_lottery_between_two_equilibria() -> None:
    # each period a fair coin says who dares: values (2 + 7) / 2 before the coin, one step off at the nodes
    game = chicken(0.5)
    plan = Automaton(
        game=game,
        players=(0, 1),
        modes=("first dares", "second dares"),
        node_mode=np.array([0, 1]),
        node_state=np.array([0, 0]),
        lotteries=(np.array([0.0, 1.0, 1.0, 0.0]), np.array([1.0, 0.0, 0.0, 1.0])),
        next_nodes=sparse.csr_array(np.full((8, 2), 0.5)),
        start=sparse.csr_array(np.array([[0.5, 0.5]])),
    )
    found = check(plan)
    assert found.values == pytest.approx(np.array([[5.75, 3.25], [3.25, 5.75]]), abs=EXACT)
    assert found.gain == 0.0
    wrong = replace(plan, lotteries=(np.array([1.0, 0.0, 1.0, 0.0]), plan.lotteries[1]))
    assert check(wrong).by_player == pytest.approx((0.5, 0.5), abs=EXACT)  # both swerve: each would rather dare, once


def test_a_markov_profile_counts_in_states_that_play_never_reaches() -> None:
    game = StochasticGame.from_arrays([np.zeros((1, 1)), np.array([[0.0], [1.0]])], [[[1.0, 0.0]], [[0.0, 1.0], [0.0, 1.0]]], 0.5)
    profile = [[[1.0], [1.0, 0.0]]]
    assert certify(game, profile) == pytest.approx(0.5)
    assert certify(game, Automaton.stationary(game, profile)) == 0.0


def test_ties_name_the_lowest_node_and_action() -> None:
    # the three deviations at each of two nodes gain the same, but weights of 1/7 and the like make their last digits differ
    table = np.array([[0.0], [1 / 3], [1 / 3], [1 / 3]])
    law = np.array([[0.5, 0.5], [1 / 7, 6 / 7], [0.3, 0.7], [0.9, 0.1]])
    game = StochasticGame.from_arrays([table + 0.1, table + 0.1], [law, law[[0, 3, 2, 1]]], 0.7, start=1)
    found = check(Automaton.stationary(game, [[[1.0, 0, 0, 0]] * 2]))
    assert (found.worst[0].node, found.worst[0].state, found.worst[0].action) == (0, "1", "2")
    assert found.gain == pytest.approx(0.1, abs=EXACT)


# --- against the slow twin, and properties ----------------------------------------------------------------------------


@FEW
@given(seed=SEEDS, modes=st.integers(1, 3), three=st.booleans(), zeros=st.booleans())
def test_equals_the_slow_twin(seed: int, modes: int, three: bool, zeros: bool) -> None:
    game = random_game(seed, actions=(2, 2, 2), delta=(0.3, 0.9, 0.9)) if three else random_game(seed)
    game = with_structural_zeros(game) if zeros else game
    plan = random_machine(game, tuple(range(game.n_players)), modes, seed)
    found = check(plan)
    assert found.values == pytest.approx(slow_values(plan), abs=EXACT)
    assert found.by_player == pytest.approx([slow_gain(plan, i) for i in range(game.n_players)], abs=EXACT)


@FEW
@given(seed=SEEDS, constant=st.floats(-100, 100), factor=st.floats(0.01, 100))
def test_a_constant_and_a_scale_of_payoffs(seed: int, constant: float, factor: float) -> None:
    game = random_game(seed)
    plan = random_machine(game, (0, 1), 2, seed)
    other = replace(plan, game=replace(game, payoffs=factor * game.payoffs + constant))
    before, after = check(plan), check(other)
    tolerance = EXACT * (factor + abs(constant))
    assert after.values == pytest.approx(factor * before.values + constant, abs=tolerance)
    assert after.by_player == pytest.approx(tuple(factor * g for g in before.by_player), abs=tolerance)


@FEW
@given(seed=SEEDS)
def test_the_order_of_the_players_does_not_matter(seed: int) -> None:
    game = random_game(seed)
    plan = random_machine(game, (0, 1), 1, seed)
    strategies = [[plan.lottery(i, s) for s in range(game.n_states)] for i in (0, 1)]
    swapped = StochasticGame.from_arrays(
        [game.stage_payoffs(s).swapaxes(0, 1)[..., ::-1] for s in range(game.n_states)],
        [game.stage_transitions(s).swapaxes(0, 1) for s in range(game.n_states)],
        game.discount[::-1],
    )
    one = check(Automaton.stationary(game, strategies))
    two = check(Automaton.stationary(swapped, strategies[::-1]))
    assert two.values == pytest.approx(one.values[:, ::-1], abs=EXACT)
    assert two.by_player == pytest.approx(one.by_player[::-1], abs=EXACT)


def test_many_nodes_with_many_successors_are_solved_as_well_as_few(monkeypatch: pytest.MonkeyPatch) -> None:
    game = random_game(3, states=150, actions=(2, 2), delta=0.9, reach=60)
    plan = Automaton.stationary(game, [[np.full(n, 1 / n) for n in game.action_counts[:, i]] for i in (0, 1)])
    known = check(plan)
    factored: list[str] = []

    def factor(system: sparse.csc_array, permc_spec: Literal["COLAMD", "MMD_AT_PLUS_A"]) -> object:
        factored.append(permc_spec)
        return splu(system, permc_spec=permc_spec)

    monkeypatch.setattr(equations, "splu", factor)
    monkeypatch.setattr(equations, "DENSE_NODES", 100)
    found = check(plan)
    assert factored == ["MMD_AT_PLUS_A"]
    assert found.values == pytest.approx(known.values, abs=EXACT)
    assert found.gain == pytest.approx(known.gain, abs=EXACT)
    assert found.error <= EXACT


def test_many_nodes_are_solved_as_well_as_few() -> None:
    # a walk on a line of 301 states: the sparse factorisation, checked by the recursion v = (1 - d) u + d P v in higher precision
    size, delta = 301, 0.99
    law = np.zeros((size, size))
    law[np.arange(size), np.minimum(np.arange(size) + 1, size - 1)] += 0.5
    law[np.arange(size), np.maximum(np.arange(size) - 1, 0)] += 0.5
    payoffs = np.cos(np.arange(size))
    found = check(no_choice(chain(law.tolist(), payoffs.tolist(), delta=delta)))
    value = np.zeros(size, dtype=np.longdouble)
    for _ in range(5000):
        up, down = np.append(value[1:], value[-1]), np.append(value[:1], value[:-1])
        value = (1 - np.longdouble(delta)) * payoffs + np.longdouble(delta) * (up + down) / 2
    assert np.abs(found.values[:, 0] - value).max() <= found.error <= EXACT


def test_the_error_bound_holds_where_the_discount_is_near_one() -> None:
    game = chain([[0.5, 0.5], [0.25, 0.75]], [1.0, 4.0], delta=1 - 2.0**-20)
    found = check(no_choice(game))
    patience = 1 - 2.0**-20
    # the difference of the two values is (1 - d) * 3 / (1 - d / 4), their stationary mean (1 * 1 + 2 * 4) / 3 = 3
    gap = (1 - patience) * 3 / (1 - patience / 4)
    assert found.values[:, 0] == pytest.approx([3 - gap * 2 / 3, 3 + gap / 3], abs=found.error)
    assert found.error < 1e-8


# --- what is no plan --------------------------------------------------------------------------------------------------


def broken(what: str) -> Automaton:
    game = random_game(1)
    plan = random_machine(game, (0, 1), 2, 1)
    if what == "players":
        return random_machine(game, (0,), 2, 1)
    if what == "lottery":
        return replace(plan, lotteries=(plan.lotteries[0] * 1.001, plan.lotteries[1]))
    if what == "negative":
        first = plan.lotteries[0].copy()
        first[:2] = (1.5, -0.5)
        return replace(plan, lotteries=(first, plan.lotteries[1]))
    if what == "edge":
        return replace(plan, next_nodes=sparse.csr_array(plan.next_nodes * 0.999))
    if what == "state":
        return replace(plan, next_nodes=selection(np.zeros(plan.next_nodes.shape[0], dtype=np.intp), plan.n_nodes))
    if what == "start":
        return replace(plan, start=sparse.csr_array(np.roll(plan.start.toarray(), 1, axis=0)))
    return replace(plan, start=sparse.csr_array(plan.start.shape))


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("players", "all 2 players"),
        ("lottery", "no lottery over its actions"),
        ("negative", "no lottery over its actions"),
        ("edge", "play leaves the plan"),
        ("state", "play leaves the plan"),
        ("start", "start in some state"),
        ("nowhere", "no start in state"),
    ],
)
def test_what_is_no_plan_is_refused(what: str, message: str) -> None:
    with pytest.raises(GameError, match=message):
        check(broken(what))


def test_a_plan_of_another_game_is_refused() -> None:
    with pytest.raises(GameError, match="another game"):
        certify(chicken(), Automaton.stationary(chicken(), [[[1.0, 0.0]], [[1.0, 0.0]]]))


def test_an_edge_without_chance_needs_no_continuation() -> None:
    game = with_structural_zeros(chain([[1.0, 0.0], [0.0, 1.0]], [1.0, 2.0]))
    plan = no_choice(game)
    law = plan.next_nodes.toarray() * (plan.edge_probability > 0)[:, None]
    assert check(replace(plan, next_nodes=sparse.csr_array(law))).values[:, 0] == pytest.approx([1.0, 2.0])
