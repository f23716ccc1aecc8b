"""For each solver one compact battery: its answers on tiny games against known ones and against slow twins.

A battery takes a module, so that it can be put to copies with planted faults.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import product
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from leverage.errors import GameError, UnsolvedError
from leverage.game.automaton import Automaton, join
from leverage.game.stochastic_game import Floats, Measures, StochasticGame
from leverage.loading import parse_scenario
from leverage.scenario.scenario import Scenario
from tests.games import (
    chain,
    chicken,
    gamblers_ruin,
    grim_trigger,
    matching_pennies,
    no_choice,
    prisoners_dilemma,
    random_game,
    random_machine,
    repeated,
    shapley_stopping,
    solve_exactly,
    tit_for_tat,
    two_mode_machine,
    with_structural_zeros,
    with_terms,
)
from tests.mutations.reference import (
    best_values,
    chain_of,
    chance,
    entries_of,
    faced,
    first_edge,
    first_row,
    gain_if_it_ends,
    gains_of,
    history_chances,
    pure_profiles,
    values_of,
)
from tests.solvers.test_best_reply import slow_rough_choices

EXACT = 1e-10
#: Answers of methods that stop at a tolerance of their own.
CLOSE = 1e-7
#: Directions of the logit path come from the predicted point, a little beside it: errors relative to their length.
TANGENT = 1e-2


def same(found: Any, expected: Any, tolerance: float = EXACT) -> None:
    """Equal shapes and numbers; NaN equals NaN."""
    found, expected = np.asarray(found, dtype=float), np.asarray(expected, dtype=float)
    assert found.shape == expected.shape
    assert np.allclose(found, expected, rtol=0, atol=tolerance, equal_nan=True), f"{found.tolist()} is not {expected.tolist()}"


def far_state(discount: tuple[float, float] = (0.6, 0.8)) -> StochasticGame:
    """Chicken in state 0, where play stays; the prisoners' dilemma in state 1, which leads to state 0. Play starts in state 1."""
    tables = [[[[6, 6], [2, 7]], [[7, 2], [0, 0]]], [[[3, 4], [0, 7]], [[5, 1], [1, 2]]]]
    laws = [np.broadcast_to([1.0, 0.0], (2, 2, 2)), np.broadcast_to([0.5, 0.5], (2, 2, 2))]
    return StochasticGame.from_arrays(tables, laws, discount, start=1)


def both_grim(delta: float) -> list[Automaton]:
    game = prisoners_dilemma(delta)
    return [grim_trigger(game, i) for i in (0, 1)]


# --- certificates -----------------------------------------------------------------------------------------------------


def check_checker(module: ModuleType) -> None:
    for seed, modes in ((1, 1), (2, 2)):
        plan = random_machine(random_game(seed, delta=(0.7, 0.9)), (0, 1), modes, seed)
        found = module.check(plan, np.ones(plan.n_nodes, dtype=bool))
        same(found.values, values_of(plan))
        gains = [max(0.0, *np.concatenate(gains_of(plan, i))) for i in (0, 1)]
        assert 0 < found.error < EXACT
        same(found.by_player, gains)
        same(found.gain, max(gains))
        same(found.bound, [g / (1 - d) for g, d in zip(gains, plan.game.discount, strict=True)])
        assert [d.gain for d in found.worst] == sorted((d.gain for d in found.worst), reverse=True)
    _departures_have_names(module)
    # an equilibrium in state 0; in state 1, which play from state 0 never meets, the first player gains 5 - 3 by defecting
    profile = [[[1.0, 0.0], [1.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]]]
    same(module.certify(replace(far_state(), start=0), profile), (1 - 0.6) * 2)
    unmet = Automaton.stationary(replace(far_state(), start=0), profile)
    same((module.check(unmet).gain, module.check(unmet, np.array([False, True])).gain > 0), (0.0, True))
    own = plan.lotteries[0]
    shifted = np.where(np.arange(len(own)) < 1, own - 1, own + (np.arange(len(own)) < 2))
    astray = sparse.csr_array(np.roll(plan.next_nodes.toarray(), 1, axis=1))
    for fault in (
        {"lotteries": (own * 0.9, plan.lotteries[1])},
        {"lotteries": (shifted, plan.lotteries[1])},
        {"next_nodes": astray},
    ):
        with pytest.raises(GameError):
            module.check(replace(plan, **fault))


def _departures_have_names(module: ModuleType) -> None:
    second, first = module.check(join(both_grim(0.3))).worst
    assert (second.player, second.mode, second.played, second.action) == ("2", "trust; trust", "1", "2")
    same((second.gain, first.gain), (3 - 5 * 0.3, 2 - 4 * 0.3))
    patient = repeated([[3, 0], [5, 1]], [[3, 5], [0, 1]], 0.9)
    worst = module.check(join([tit_for_tat(patient, i) for i in (0, 1)])).worst[0]
    assert (worst.mode, worst.action) == ("cross; cross", "1")


def check_finite(module: ModuleType) -> None:
    for seed in (1, 2):
        game = with_structural_zeros(random_game(seed, states=2, actions=(3, 2), delta=(0.9, 0.6), reach=seed))
        plan = random_machine(game, (0, 1), 2, seed)
        final = np.random.default_rng(seed).normal(size=(2, 2))
        for periods, end in ((1, None), (3, None), (1, final), (4, final)):
            expected = gain_if_it_ends(plan, periods, np.zeros((2, 2)) if end is None else end)
            same(module.certify_finite(plan, periods, end), expected)
    game = prisoners_dilemma(0.5)
    late = [two_mode_machine(game, i, ("first", "later"), np.ones(8, dtype=int), np.array([0.0, 1.0, 1.0, 0.0])) for i in (0, 1)]
    same([module.certify_finite(join(late), periods) for periods in (1, 2)], [0.0, 3.0])
    elsewhere = Automaton.stationary(replace(far_state(), start=0), [[[1.0, 0.0], [1.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]]])
    same(module.certify_finite(elsewhere, 1), 3.0)


# --- one-shot games and play that ends --------------------------------------------------------------------------------


def check_stage_nash(module: ModuleType) -> None:
    # payoffs count in units of each player's range: 10 of 10 and 80 of 100 are more than 2 of 10 and 100 of 100
    tilted = module.stage_nash(repeated([[10, 0], [0, 2]], [[80, 0], [0, 100]], 0.5))
    same(tilted.values, [[10, 80]])
    assert "compared" not in tilted.status
    # ranges 5 and 50, whatever the common amount: 3 of 5 and 40 of 50 are less than 5 of 5 and 25 of 50
    same(module.stage_nash(repeated([[1003, 1000], [1000, 1005]], [[40, 0], [0, 25]], 0.5)).values, [[1005, 25]])
    same(module.stage_nash(far_state()).values, [[14 / 3, 14 / 3], [1, 2]])
    table = chicken().stage_payoffs(0)
    same(module.expected(table, [np.array([0.25, 0.75]), np.array([1.0, 0.0])]), [0.25 * 6 + 0.75 * 7, 0.25 * 6 + 0.75 * 2])
    alone = module.stage_nash(StochasticGame.from_arrays([[[1.0], [3.0], [2.0]]], [np.ones((3, 1))], 0.5))
    same(alone.values, [[3]])
    # 1 now and nothing later against 10 later: the future plays no role
    hasty = StochasticGame.from_arrays([[[1.0], [0.0]], [[10.0]]], [np.eye(2), np.array([[0.0, 1.0]])], 0.9)
    found = module.stage_nash(hasty)
    same(found.values, [[1], [10]])
    same(found.certificate, 0)
    common = np.repeat(np.arange(8.0).reshape(2, 2, 2, 1), 3, axis=3)
    three = module.stage_nash(StochasticGame.from_arrays([common], [np.ones((2, 2, 2, 1))], 0.5))
    same(three.values, [[7, 7, 7]])
    assert "in 0 of 1 states, which have none" in three.status


def check_finite_horizon(module: ModuleType) -> None:
    ended = module.finite_horizon(prisoners_dilemma((0.9, 0.5)), 3)
    assert ended.plan.modes == ("3 periods left", "2 periods left", "1 period left", "over")
    same(ended.values, [[1, 2]])
    # a sure 1, then matching pennies for 3 or 0
    one, pennies = np.ones((1, 1, 2)), 1.5 + 1.5 * matching_pennies().stage_payoffs(0)
    law = np.broadcast_to([0.0, 1.0], (2, 2, 2))
    mixed = module.finite_horizon(StochasticGame.from_arrays([one, pennies], [law[:1, :1], law], 0.5), 2)
    same(mixed.values, [[(1 + 0.5 * 1.5) / 1.5] * 2, [1.5] * 2])
    same(mixed.plan.lottery(1, 1), [0.5, 0.5])
    # meeting at the first place suits the impatient player 1, so it is chosen in long games only; a tilted one suits the sum
    meeting, tilted = (
        repeated([[10, 0], [0, 6]], [[5, 0], [0, 10]], (0.0, 0.9)),
        repeated([[3, 0], [0, 2]], [[1, 0], [0, 4]], 0.5),
    )
    solved = _compare_inductions(module, meeting, 4) + _compare_inductions(module, tilted, 2)
    for seed, periods in product(range(8), (1, 4)):
        solved += _compare_inductions(module, random_game(seed, states=2, actions=(2, 3), delta=(0.5, 0.95)), periods, seed)
    assert solved >= 8


def _compare_inductions(module: ModuleType, game: StochasticGame, periods: int, seed: int = 0) -> bool:
    """Against the twin, with random payoffs at the end; false if some state has no pure equilibrium."""
    size, final = game.n_states, np.random.default_rng(seed).random((game.n_states, 2))
    known = _induction(game, periods, final)
    if known is None:
        return False
    found = module.finite_horizon(game, periods, terminal=final)
    same(found.values, known[0] / _lengths(game, periods))
    same(gain_if_it_ends(found.plan, periods, final), 0.0)
    for node, profile in enumerate(known[1]):  # as the plan's nodes run: the first period's states first
        same([chance(found.plan, i, node, a) for i, a in enumerate(profile)], [1, 1])
        after = found.plan.next_nodes[[first_edge(found.plan, node)]].indices
        assert set(found.plan.node_mode[after]) == {node // size + 1}
    return True


def _lengths(game: StochasticGame, periods: int) -> Floats:
    return np.array([sum(d**t for t in range(periods)) for d in game.discount])


def _induction(game: StochasticGame, periods: int, final: Floats) -> tuple[Floats, list[tuple[int, ...]]] | None:
    """Discounted sums (S, N), and the profile of each state, first period first; None where a state has no pure equilibrium."""
    law, sums, played = game.transitions.toarray(), final, list[tuple[int, ...]]()
    for left in range(1, periods + 1):
        weights = 1 / np.ptp(game.payoffs, axis=0) / _lengths(game, left)
        now, chosen = np.zeros_like(sums), []
        for s in range(game.n_states):
            rows = slice(first_row(game, s), first_row(game, s + 1))
            table = (game.payoffs[rows] + game.discount * (law[rows] @ sums)).reshape(*game.action_counts[s], -1)
            pure = pure_profiles(table)
            if not pure:
                return None
            chosen.append(max(pure, key=lambda profile: float(table[profile] @ weights)))
            now[s] = table[chosen[-1]]
        sums, played = now, chosen + played
    return sums, played


# --- declared strategies and replies ----------------------------------------------------------------------------------


def check_declared(module: ModuleType) -> None:
    between = module.judge(both_grim(0.55))  # the thresholds are 1/2 and 3/5
    assert (between.subgame_perfect, between.equilibrium) == (False, False)
    same(between.solution.certificate, 3 - 5 * 0.55)
    same(between.best_reply_gains, [0.0, 3 - 5 * 0.55])
    patient = module.judge(both_grim(0.7))
    assert (patient.subgame_perfect, patient.equilibrium) == (True, True)
    assert patient.solution.status.startswith("subgame perfect")
    assert "2 would gain 1.5 by 2 instead of 1" in module.declared(both_grim(0.3)).status
    for seed in (1, 2):
        game = replace(random_game(seed, states=2, actions=(2, 2), delta=(0.7, 0.9)), start=1)
        verdict = module.judge([random_machine(game, (i,), 2 - i, seed) for i in (1, 0)])
        plan, start = verdict.solution.plan, verdict.solution.plan.start.toarray()
        same(verdict.solution.values, start @ values_of(plan))
        best = [start[1] @ best_values(plan, i) for i in (0, 1)]
        same(verdict.best_reply_gains, best - verdict.solution.values[1])
        same(verdict.solution.certificate, max(max(np.concatenate(gains_of(plan, i))) for i in (0, 1)))
    begins_late = replace(random_machine(game, (0, 1), 1, 3), start=sparse.csr_array(([1.0], ([1], [1])), shape=(2, 2)))
    assert np.isnan(module.declared([begins_late]).values).tolist() == [[True, True], [False, False]]


def check_best_reply(module: ModuleType) -> None:
    for seed, player in product((1, 2), (0, 1)):
        game = random_game(seed, states=2, actions=(3, 2), delta=(0.7, 0.9))
        _compare_replies(module, random_machine(game, (1 - player,), 2, seed), player)
    three = random_game(3, states=2, actions=(2, 2, 2), delta=(0.9, 0.5, 0.7))
    for player in range(3):
        _compare_replies(module, random_machine(three, tuple(i for i in range(3) if i != player), 1, 4), player)
    same(module.best_reply(grim_trigger(prisoners_dilemma(0.2), 1), 0).values[0, 0], 0.8 * 5 + 0.2 * 1)
    ties = StochasticGame.from_arrays([np.full((3, 1), 2.0)] * 2, [np.array([[0.5, 0.5], [1, 0], [0, 1]])] * 2, 0.9)
    assert module.solve_reply(Automaton.stationary(ties, [], players=[]), 0).actions.tolist() == [0, 0]
    distrust = replace(grim_trigger(prisoners_dilemma(), 1), lotteries=(np.array([0.5, 0.5, 0.0, 1.0]),))
    reply = module.solve_reply(replace(distrust, start=sparse.csr_array([[0.0, 1.0]])), 0)
    assert (reply.reached.tolist(), reply.actions.tolist()) == ([False, True], [0, 1])
    same(reply.values, [np.nan, 1.0])
    never = with_structural_zeros(chain([[1, 0], [0.5, 0.5]]))
    begins = replace(no_choice(never), start=sparse.csr_array(([1.0], ([0], [0])), shape=(2, 2)))
    assert module.solve_reply(begins, 0).reached.tolist() == [True, False]


def check_reply_kernel(module: ModuleType) -> None:
    """Against rounds over dense matrices, on numbers drawn at random; ties, early ends and unequal numbers of choices."""
    for seed, (rounds, sweeps) in product(range(8), ((0, 5), (1, 0), (2, 3), (3, 1), (30, 15))):
        rng = np.random.default_rng(seed)
        first = np.concatenate([[0], np.cumsum(rng.integers(1, 4, 6))])
        dense = rng.random((int(first[-1]), 6)) * (rng.random((int(first[-1]), 6)) < 0.7)
        dense *= 0.9 / np.maximum(dense.sum(axis=1), 0.1)[:, None]
        law, reward = sparse.csr_array(dense), rng.integers(0, 3, int(first[-1])).astype(float)
        found = module.rough_choices(first, reward, law.data, law.indices, law.indptr, 0.2, rounds, sweeps)
        assert found.tolist() == slow_rough_choices(first, reward, dense, 0.2, rounds, sweeps)
    # 1 now, or go on to the next node; the last pays 5: who learns of it does so one round after the next node
    onward = sparse.csr_array(([0.9, 0.9], ([1, 3], [1, 2])), shape=(5, 3))
    found = module.rough_choices(
        np.array([0, 2, 4, 5]), np.array([1.0, 0, 1, 0, 5]), onward.data, onward.indices, onward.indptr, 0.0, 9, 0
    )
    assert found.tolist() == [1, 3, 4]


def _compare_replies(module: ModuleType, machine: Automaton, player: int) -> None:
    expected = best_values(machine, player)
    reply, solution = module.solve_reply(machine, player), module.best_reply(machine, player)
    same(reply.values, expected)
    same(solution.values[:, player], machine.start @ expected)
    same(solution.certificate, 0.0)
    d = machine.game.discount[player]
    worth = [(1 - d) * payoff + d * law @ expected for payoff, law in faced(machine, player)]
    assert reply.actions.tolist() == [int(np.argmax(w)) for w in worth]
    same([chance(solution.plan, player, k, a) for k, a in enumerate(reply.actions)], np.ones(len(worth)))


# --- outcomes ---------------------------------------------------------------------------------------------------------


def check_outcomes(module: ModuleType) -> None:
    _outcomes_of_a_random_plan(module)
    _outcomes_of_ruin(module)
    # two ends of equal chance: always in state 1, or to and fro between 2 and 3
    ends = chain([[0, 0.5, 0.5, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]], averages={"level": [9, 1, 2, 4]})
    same(_found(module, no_choice(ends))["level", "average in the long run"], 0.5 * 1 + 0.5 * 3)


def _found(module: ModuleType, plan: Automaton, periods: int | None = None) -> dict[tuple[str, str], float]:
    """Values by subject and quantity. Their error bounds are small, and NaN where the value is."""
    found = module.measure_outcomes(plan, periods)
    assert all(0 <= each.certificate < EXACT or np.isnan([each.certificate, each.value]).all() for each in found)
    return {(each.subject, each.quantity): each.value for each in found}


def _outcomes_of_a_random_plan(module: ModuleType) -> None:
    """Payoffs, dates and the long run against a march over dense matrices."""
    game = random_game(5, delta=(0.6, 0.9), reach=3)
    rows = len(game.payoffs)
    amounts = np.random.default_rng(5).random((2, rows))
    game = with_terms(game, 1, {"gain": ("gain", amounts[0]), "cost": ("cost", amounts[1])})
    entry_state = np.concatenate([np.full(len(entries_of(game, s)), s) for s in range(3)])
    leaves = ((entry_state == 0) & (game.transitions.indices == 2)).astype(float)
    measures = Measures(
        {"there": np.array([False, False, True])}, {"leaps": leaves}, {"level": np.array([1.0, 5.0, 2.0])}, (1, 3)
    )
    plan = random_machine(replace(game, measures=measures), (0, 1), 2, 5)
    law, payoffs = chain_of(plan)
    start, state = plan.start[[0]].toarray()[0], plan.node_state
    assert not any("3 periods" in quantity for _, quantity in _found(module, plan, 2))
    for periods in (None, 4):
        found, horizon = _found(module, plan, periods), 2_000 if periods is None else periods
        spent = np.array([start @ np.linalg.matrix_power(law, t) for t in range(min(horizon, 500))])
        for i, d in enumerate(game.discount):
            weight = d ** np.arange(len(spent))
            same(found[str(i + 1), "payoff"], weight @ (spent @ payoffs[:, i]) / weight.sum())
        same(found["2", "term: gain"] + found["2", "term: cost"], found["2", "payoff"])
        levels = spent @ measures.averages["level"][state]
        same([found["level", f"average over {d}"] for d in ("1 period", "3 periods")], [levels[0], levels[:3].mean()])
        leap = law * (state[:, None] == 0) * (state == 2)
        same(found["leaps", "number by 3 periods"], spent[:3].sum(axis=0) @ leap.sum(axis=1))
        same(found["there", "chance by 3 periods"], 1 - _never(law, start, state == 2, 3))
    found = _found(module, plan)
    same(found["level", "average in the long run"], levels_for_ever(law, start) @ measures.averages["level"][state])
    same(found["leaps", "number a period in the long run"], levels_for_ever(law, start) @ leap.sum(axis=1))
    tails = [_never(law, start, state == 2, t) for t in range(500)]  # the mean time is the sum of the chances of waiting longer
    same(found["there", "periods to it, given it happens"], sum(tails))


def _never(law: Floats, start: Floats, target: Floats, periods: int) -> float:
    """Chance that the target is not met at times 0 to `periods`."""
    outside = ~target
    return float(start[outside] @ np.linalg.matrix_power(law[np.ix_(outside, outside)], periods).sum(axis=1))


def levels_for_ever(law: Floats, start: Floats) -> Floats:
    """Long-run shares: those of the lazy chain, which is not periodic, after 2^40 steps."""
    lazy = (law + np.eye(len(law))) / 2
    for _ in range(40):
        lazy = lazy @ lazy
        lazy /= lazy.sum(axis=1, keepdims=True)
    return np.asarray(start @ lazy)


def _outcomes_of_ruin(module: ModuleType) -> None:
    """The gambler's chance and mean time, by elimination in fractions."""
    goal, win = 5, Fraction(1, 3)
    matrix = [
        [Fraction(int(j == k)) - win * (j == k + 1) - (1 - win) * (j == k - 1) for j in range(1, goal)] for k in range(1, goal)
    ]
    rich = solve_exactly(matrix, [win * (k == goal - 1) for k in range(1, goal)])
    time = solve_exactly(matrix, rich)
    monthly = replace(gamblers_ruin(goal, 2, win, (2, 4)), period_length=0.5)
    found = _found(module, no_choice(monthly))
    same(found["ruined", "chance by 1 period"], float((1 - win) ** 2))
    assert ("rich", "chance by 2 periods") in found
    same(found["rich", "chance ever"], float(rich[1]))
    same(found["ruined", "chance ever"], 1 - float(rich[1]))
    same(found["rich", "periods to it, given it happens"], 0.5 * float(time[1] / rich[1]))


# --- machines and compiled games --------------------------------------------------------------------------------------


def check_sparse_rows(module: ModuleType) -> None:
    """Against scipy, small matrices and those of too many places for an array with all of them."""
    rng = np.random.default_rng(3)
    for shape in ((4, 3), (3, 4), (400, 300)):
        row, column = rng.integers(0, shape[0], 30), rng.integers(0, shape[1], 30)
        numbers = rng.normal(size=30)
        row[:2], column[:2], numbers[:2] = 1, 2, (5.0, -5.0)  # which are 0 together, if nothing else is there
        row[2:][(row[2:] == 1) & (column[2:] == 2)] = 0
        ours = module.SparseRows.summed(numbers, row, column, shape)
        known = sparse.coo_array((numbers, (row, column)), shape=shape).tocsr()
        dense = known.toarray()
        same(ours.dense(), dense)
        assert (ours.numbers != 0).all()
        x, several = rng.normal(size=shape[1]), rng.normal(size=(shape[1], 3))
        same(ours @ x, dense @ x)
        same(ours @ several, dense @ several)
        same(ours.transposed.dense(), dense.T)
        same(ours.transposed @ x[:1].repeat(shape[0]), dense.T @ x[:1].repeat(shape[0]))
        same(ours.sizes.dense(), abs(dense))
        same(ours.times(0.5).scipy().toarray(), dense / 2)
        assert ours.widest == np.count_nonzero(dense, axis=1).max()
        rows, columns = rng.random(shape[0]) < 0.6, rng.random(shape[1]) < 0.6
        same(ours.part(rows).dense(), dense[rows])
        same(ours.part(rows, columns).dense(), dense[rows][:, columns])
        square = ours.part(np.arange(shape[0]) < 3, np.arange(shape[1]) < 3)
        same(module.identity_less(square).dense(), np.eye(3) - dense[:3, :3])


def _profiles_are_stationary_play(module: ModuleType) -> None:
    """Also with other numbers of actions in each state, and three players."""
    random = np.random.default_rng(1)
    counts = ((2, 1, 3), (1, 3, 2))
    payoffs = [random.random((*count, 3)) for count in counts]
    game = StochasticGame.from_arrays(payoffs, [np.full((*count, 2), 0.5) for count in counts], 0.5)
    lotteries = [random.dirichlet(np.ones(n)) for count in counts for n in count]
    found = module.Automaton.of_profile(game, np.concatenate(lotteries))
    known = module.Automaton.stationary(game, [lotteries[i::3] for i in range(3)])
    assert (found.players, found.modes) == (known.players, known.modes)
    for own, same_play in zip(found.lotteries, known.lotteries, strict=True):
        same(own, same_play)
    assert (found.next_nodes != known.next_nodes).nnz == (found.start != known.start).nnz == 0


def check_automaton(module: ModuleType) -> None:
    game = random_game(2, states=2, actions=(2, 2, 2), delta=0.9)
    parts = [_copied(module, random_machine(game, (i,), modes, i)) for i, modes in ((2, 3), (0, 1), (1, 2))]
    joint = module.join(parts)
    assert joint.players == (0, 1, 2)
    _joint_play(joint, parts)
    assert set(joint.modes) == {"; ".join(names) for names in product(*(part.modes for part in parts))}
    for node in range(joint.n_nodes):
        assert joint.edge_start[node] == first_edge(joint, node)
        for i, count in enumerate(game.action_counts[joint.node_state[node]]):
            same(joint.lottery(i, node), [chance(joint, i, node, a) for a in range(count)])
    ring = chain([[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [1, 0, 0, 0]])
    clock = _counting(module, ring)
    nobody = module.Automaton.stationary(ring, [], players=[])
    assert module.join([clock, nobody]).n_nodes == 4 * 3  # each pair of a state and a count is met, however late
    _joint_play(module.join([nobody, clock]), [nobody, clock])
    counted = module.join([nobody, clock])
    assert {counted.describe(k) for k in range(12)} == {f"{state} ({mode})" for state in ring.states for mode in clock.modes}
    one_way = with_structural_zeros(chain([[1, 0], [0.5, 0.5]], start=1))
    plan = module.Automaton.stationary(one_way, [[np.ones(1)] * 2])
    assert [module.reachable_nodes(plan, s).tolist() for s in (0, 1, None)] == [[True, False], [True, True], [True, True]]
    module.Automaton.stationary(prisoners_dilemma(), [[np.array([1.0, 0.0])]], players=[0])
    _profiles_are_stationary_play(module)
    for wrong in ([0.5, 0.4], [0.5, 0.6], [1.0]):
        with pytest.raises(GameError):
            module.Automaton.stationary(prisoners_dilemma(), [[np.array(wrong)]], players=[0])


def check_node_indices(module: ModuleType) -> None:
    """Every array, entry by entry, for nodes in any states, and what stationary plans of games of one form share."""
    rows = [[[0.5, 0.5], [1.0, 0.0]], [[[0.0, 1.0]], [[0.3, 0.7]], [[1.0, 0.0]]]]
    laws = [np.array([rows[0]]), np.array(rows[1])]
    game = StochasticGame.from_arrays([np.zeros((*law.shape[:-1], 2)) for law in laws], laws, 0.5)
    for node_state in ([0, 1], [1, 1, 0], [1]):
        _are_those_of(module.NodeIndices.of(game, np.array(node_state)), game, node_state)
    always = module.stationary_indices(game)
    _are_those_of(always, game, [0, 1])
    assert module.stationary_indices(game) is always
    same(always.next_nodes.toarray(), np.eye(2)[game.transitions.indices])
    same(always.start.toarray(), np.eye(2))
    law = sparse.csr_array((game.transitions.data, 1 - game.transitions.indices, game.transitions.indptr), shape=(5, 2))
    other = replace(game, transitions=law, shared=game.indices)
    same(module.stationary_indices(other).next_nodes.toarray(), np.eye(2)[law.indices])


def _are_those_of(found: Any, game: StochasticGame, node_state: list[int]) -> None:
    cells = [(k, r) for k, s in enumerate(node_state) for r in range(game.row_start[s], game.row_start[s + 1])]
    begin = game.transitions.indptr
    edges = [(c, e) for c, (_, r) in enumerate(cells) for e in range(begin[r], begin[r + 1])]
    same(found.cell_node, [k for k, _ in cells])
    same(found.cell_row, [r for _, r in cells])
    same(found.edge_entry, [e for _, e in edges])
    same(found.edge_node, [cells[c][0] for c, _ in edges])
    same(found.first_cell, [sum(node < k for node, _ in cells) for k in range(len(node_state) + 1)])
    same(found.cell_edge, [sum(cell < c for cell, _ in edges) for c in range(len(cells) + 1)])
    same(found.edge_start, [sum(cells[cell][0] < k for cell, _ in edges) for k in range(len(node_state) + 1)])
    for i in range(game.n_players):
        before = np.cumsum([0, *(len(game.actions[s][i]) for s in node_state)])
        same(found.choice_start[i], before)
        same(found.cell_choice[i], [before[k] + game.row_action[i][r] for k, r in cells])


def _copied(module: ModuleType, machine: Automaton) -> Any:
    return module.Automaton(**{name: getattr(machine, name) for name in machine.__dataclass_fields__})


def _counting(module: ModuleType, ring: StochasticGame) -> Any:
    """A machine that counts periods up to 3 and begins again; on each edge it stays at its count with chance 1/4."""
    node_state, node_mode = np.tile(np.arange(4), 3), np.repeat(np.arange(3), 4)
    law = np.zeros((12, 12))
    for node in range(12):
        after = (node_state[node] + 1) % 4
        law[node, node_mode[node] * 4 + after] += 0.25
        law[node, (node_mode[node] + 1) % 3 * 4 + after] += 0.75
    start = sparse.csr_array(np.eye(4, 12))
    return module.Automaton(ring, (0,), ("a", "b", "c"), node_mode, node_state, (np.ones(12),), sparse.csr_array(law), start)


def _joint_play(joint: Any, parts: list[Any]) -> None:
    """Machines side by side act independently: chances of histories multiply."""
    for state in range(joint.game.n_states):
        together, alone = history_chances(joint, state, 2), [history_chances(part, state, 2) for part in parts]
        for history, found in together.items():
            same(found, np.prod([part[history] for part in alone]))


TINY = """\
language: 1
title: A tiny scenario
question: Is the form right?
period: 1 month
players: {a: {discount: 0.9}, b: {discount: patience}}
state: {x: {low: 1, mid: 2, high: 4}, y: [shut, open]}
start: {x: mid, y: open}
parameters:
  patience: {value: 0.5, range: [0.2, 0.8]}
  luck: {value: 0.25, range: [0, 0.5]}
  drift: {value: 0.5}
actions:
  a: {push: always, wait: always}
  b: {yes: always, no: when x < high, sell: when x is low}
transitions:
  x:
    - if a plays push: {up 1: luck, stays: rest}
    - if b plays no: {down 1: drift, stays: rest}
    - if b plays sell: to high
    - otherwise: stays
  y: {to shut: drift, to open: rest}
payoffs:
  a: {gains: {level: x, opening: 8 when y becomes open}, costs: {effort: 3 when a plays push}}
  b: {costs: {rent: x * patience}, gains: {bribe: 2 when a plays wait}}
measures:
  events: {shut: y is shut}
  counts: {rises: x rises}
  averages: {mean: x}
"""
NUMBER = (1, 2, 4)


@cache
def tiny(drift: float) -> Scenario:
    return parse_scenario(TINY.replace("value: 0.5}", f"value: {drift}}}"))


def check_form(module: ModuleType) -> None:
    game = module.compile_game(tiny(0.5))
    _tiny_game(game, luck=0.25, drift=0.5, patience=0.5)
    form = module.compile_form(tiny(0.5))
    other = {"luck": 0.0, "drift": 0.75, "patience": 0.25}
    _tiny_game(form.at(other), **other)
    both = form.arrays({name: np.array([[tiny(0.5).values[name]], [value]]) for name, value in other.items()})
    same(both.probabilities, [game.transitions.data, form.at(other).transitions.data])
    assert np.array_equal(module.compile_game(tiny(0.0)).transitions.indptr, game.transitions.indptr)


def _tiny_law(x: int, profile: tuple[str, str], luck: float, drift: float) -> dict[int, float]:
    """Chance of each next level of x."""
    if profile[0] == "push":
        return {min(x + 1, 2): luck, x: 1 - luck} if x < 2 else {x: 1.0}
    if profile[1] == "no":
        return {x - 1: drift, x: 1 - drift} if x > 0 else {x: 1.0}
    return {2 if profile[1] == "sell" else x: 1.0}


def _tiny_game(game: StochasticGame, luck: float, drift: float, patience: float) -> None:
    states = list(product(range(3), range(2)))
    assert game.states[game.start] == "x mid, y open"
    assert len(game.states) == len(states)
    same(game.discount, [0.9, patience])
    law, row = game.transitions.toarray(), 0
    for s, (x, y) in enumerate(states):
        legal = [["push", "wait"], [b for b, fits in (("yes", True), ("no", x < 2), ("sell", x == 0)) if fits]]
        assert [list(own) for own in game.actions[s]] == legal
        for profile in product(*legal):
            next_x = _tiny_law(x, profile, luck, drift)
            expected = [next_x.get(k, 0.0) * (1 - drift if v else drift) for k, v in states]
            same(law[row], expected)
            possible = [t for t, (k, _) in enumerate(states) if k in _tiny_law(x, profile, 0.25, 0.5)]
            assert game.transitions.indices[_span(game, row)].tolist() == possible  # whatever the values
            opens = 0.0 if y else 8 * (1 - drift)
            same(game.payoffs[row, 0], NUMBER[x] + opens - 3 * (profile[0] == "push"))
            same(game.payoffs[row, 1], -NUMBER[x] * patience + 2 * (profile[0] == "wait"))
            rises = [float(k > x) for k, _ in (states[t] for t in game.transitions.indices[_span(game, row)])]
            same(game.measures.counts["rises"][_span(game, row)], rises)
            row += 1
    same(game.measures.averages["mean"], [NUMBER[x] for x, _ in states])


def _span(game: StochasticGame, row: int) -> slice:
    return slice(game.transitions.indptr[row], game.transitions.indptr[row + 1])


# --- Markov perfect equilibria ----------------------------------------------------------------------------------------


def check_markov(module: ModuleType) -> None:
    _logit_path(module)
    v = 0.1 * (5 / 3) / 0.55
    for game, strategies, values in (
        (prisoners_dilemma((0.5, 0.9)), [[[0, 1]], [[0, 1]]], [[1, 2]]),
        (chicken(), [[[2 / 3, 1 / 3]], [[2 / 3, 1 / 3]]], [[14 / 3, 14 / 3]]),
        (matching_pennies(), [[[0.5, 0.5]], [[0.5, 0.5]]], [[0, 0]]),
        (shapley_stopping(), [[[1 / 3, 2 / 3], [1]], [[1 / 3, 2 / 3], [1]]], [[v, -v], [0, 0]]),
    ):
        (found,) = module.markov_perfect(game)
        assert found.selection == module.SELECTION
        same(found.values, values, CLOSE)
        for own, expected in zip(found.strategies, strategies, strict=True):
            for lottery, weights in zip(own, expected, strict=True):
                same(lottery, weights, CLOSE)
    for seed in (1, 2):
        game = random_game(seed, delta=(0.7, 0.9))
        (found,) = module.markov_perfect(game)
        assert found.selection == module.SELECTION
        same(found.values, values_of(found.plan), CLOSE)
        same(max(max(np.concatenate(gains_of(found.plan, i))) for i in (0, 1)), 0.0, CLOSE)
    doubled = repeated(
        [[2, 2, 0], [2, 2, 0], [0, 0, 1]], [[1, 1, 0], [1, 1, 0], [0, 0, 2]], 0.9
    )  # ties settle nothing between twins
    same(sum(module.markov_perfect(doubled)[0].strategies[0][0]), 1.0)
    same(max(max(np.concatenate(gains_of(module.markov_perfect(doubled)[0].plan, i))) for i in (0, 1)), 0.0, CLOSE)
    play = np.concatenate([found.strategies[i][s] for s in range(game.n_states) for i in (0, 1)])
    for module.SPARSE_STATES in (200, 1):
        same(module.policy_values(module.engine_for(game, 1e-9), play), found.values, CLOSE)
    module.PACES, module.OTHER_STARTS = (), 0  # nothing but best replies is left
    (found,) = module.markov_perfect(prisoners_dilemma())
    same(found.values, [[1, 2]], CLOSE)
    module.check = lambda *_, **__: SimpleNamespace(gain=1.0)  # nothing is returned that the checker refuses
    with pytest.raises(UnsolvedError):
        module.markov_perfect(prisoners_dilemma())


def _logit_path(module: ModuleType) -> None:
    """Points of the path are logit equilibria, and its direction keeps them so."""
    game = random_game(4, states=2, actions=(2, 2), delta=(0.6, 0.8))
    full = StochasticGame.from_arrays(
        [game.stage_payoffs(1)] * 2, [game.transitions.toarray()[2:].reshape(2, 2, 2)] * 2, game.discount
    )
    engine, kernel, step = module.engine_for(full, 1e-9), module.kernel, 1e-5
    work = engine.work
    for k in range(8):
        assert kernel.walk(engine.shape, engine.numbers, work, kernel.Pace(0.01, 0.0), min(k, 1), False) == kernel.PAUSED
        assert (work.at[kernel.M] > 0) == (k > 0)
        slot, group, at = work.slot, work.group[:, :-1], work.at
        place = np.concatenate([slot[kernel.PATH_Z], group[kernel.PATH_VALUES], at[[kernel.M]]])
        rate = np.concatenate([slot[kernel.Z_RATE], group[kernel.VALUE_RATE], at[[kernel.M_RATE]]])
        same(_logit_residual(full, place), np.zeros(12), 1e-5)
        change = (_logit_residual(full, place + step * rate) - _logit_residual(full, place - step * rate)) / (2 * step)
        same(change, np.zeros(12), TANGENT * np.abs(rate).max())
    bias = np.array([0.0, 1.0, 2.0, 0.0, -1.0, 0.0, 0.0, 0.5])
    odds = np.exp(bias).reshape(4, 2)
    work.slot[kernel.BIAS], work.at[:] = bias, 0.0
    assert kernel.walk(engine.shape, engine.numbers, work, kernel.Pace(0.01, 0.0), 0, False) == kernel.PAUSED
    same(work.slot[kernel.PATH_P], (odds / odds.sum(axis=1, keepdims=True)).ravel())


def _logit_residual(game: StochasticGame, place: Floats) -> Floats:
    """z - m (Q - V) of each choice and mean Q - V of each state and player, for two states, two players and two actions each."""
    z, values, m = place[:8].reshape(2, 2, 2), place[8:12].reshape(2, 2), place[12]
    p = np.exp(z) / np.exp(z).sum(axis=2, keepdims=True)
    payoffs = (game.payoffs - game.payoffs.min(axis=0)) / np.ptp(game.payoffs, axis=0)
    q = np.zeros((2, 2, 2))
    for row, (s, a, b) in enumerate(product(range(2), repeat=3)):
        worth = payoffs[row] + game.discount * (game.transitions.toarray()[row] @ values)
        q[s, 0, a] += p[s, 1, b] * worth[0]
        q[s, 1, b] += p[s, 0, a] * worth[1]
    advantage = q - values[:, :, None]
    return np.concatenate([(z - m * advantage).ravel(), (p * advantage).sum(axis=2).ravel()])
