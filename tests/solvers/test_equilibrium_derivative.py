"""Derivatives of Markov equilibria: closed forms, re-solved equilibria nearby, equal actions, and play that has none."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from leverage.certification.checker import certify, check
from leverage.errors import GameError, UnsolvedError
from leverage.game.automaton import Automaton, join
from leverage.game.derivatives import Direction, FormDerivatives, form_derivatives
from leverage.game.form import compile_form
from leverage.game.stochastic_game import Floats, StochasticGame
from leverage.loading import load_scenario
from leverage.solvers.equilibrium_derivative import EquilibriumDerivative, equilibrium_derivative
from leverage.solvers.follow_equilibrium import follow_equilibrium
from leverage.solvers.markov_perfect import markov_perfect
from tests.games import matching_pennies, prisoners_dilemma, random_game, tit_for_tat
from tests.solvers.designed import designed

EXACT = 1e-12
#: Differences of fourth order with this step in general directions miss derivatives of these games by less than the last number.
STEP, DIFFERENCES = 3e-5, 1e-7


def along(game: StochasticGame, payoffs: Floats, law: Floats | None = None, discount: Floats | None = None) -> FormDerivatives:
    """Directions of the game's arrays: payoffs (D, R, N), law (D, E), discount (D, N)."""
    count = len(payoffs)
    return FormDerivatives(
        directions=tuple(Direction(f"p{d}", 0) for d in range(count)),
        probabilities=np.zeros((count, game.transitions.nnz)) if law is None else law,
        terms=(),
        payoffs=payoffs,
        averages=(),
        discount=np.zeros((count, game.n_players)) if discount is None else discount,
        missing={},
    )


def some_directions(game: StochasticGame, seed: int, count: int = 3) -> FormDerivatives:
    """In general position in all arrays at once; the law's rows keep their sums."""
    random = np.random.default_rng(seed)
    law = random.random((count, game.transitions.nnz)) * game.transitions.data
    rows = game.transitions.indptr[:-1]
    law -= game.transitions.data * np.add.reduceat(law, rows, axis=1)[:, game.entry_row]
    return along(game, random.normal(size=(count, *game.payoffs.shape)), law, random.normal(size=(count, game.n_players)) / 20)


def moved(game: StochasticGame, derivatives: FormDerivatives, d: int, length: float) -> StochasticGame:
    law = game.transitions.copy()
    law.data = law.data + length * derivatives.probabilities[d]
    return StochasticGame(
        players=game.players,
        states=game.states,
        actions=game.actions,
        payoffs=game.payoffs + length * derivatives.payoffs[d],
        transitions=law,
        discount=game.discount + length * derivatives.discount[d],
    )


def profile_of(game: StochasticGame, strategies: tuple[Floats, ...]) -> list[list[Floats]]:
    return [[own[a:b] for a, b in pairwise(starts)] for own, starts in zip(strategies, game.choice_start, strict=True)]


def plan_of(game: StochasticGame, strategies: tuple[Floats, ...]) -> Automaton:
    return Automaton.stationary(game, profile_of(game, strategies))


def assert_follows(game: StochasticGame, found: EquilibriumDerivative, derivatives: FormDerivatives) -> None:
    """Derivatives are those of equilibria nearby that the checker certifies; their values are those of policy evaluation."""
    for d in range(len(derivatives.directions)):
        strategies, values = {}, {}
        for k in (-2, -1, 1, 2):
            near = moved(game, derivatives, d, k * STEP)
            strategies[k] = found.nearby(near)
            assert certify(near, profile_of(near, strategies[k])) < 1e-9
            values[k] = check(plan_of(near, strategies[k])).values
        weights = {-2: 1 / 12, -1: -8 / 12, 1: 8 / 12, 2: -1 / 12}
        for i in range(game.n_players):
            expected = sum(weight * strategies[k][i] for k, weight in weights.items()) / STEP
            np.testing.assert_allclose(found.d_strategies[i][:, d], expected, atol=DIFFERENCES, rtol=DIFFERENCES)
        expected = sum(weight * values[k] for k, weight in weights.items()) / STEP
        np.testing.assert_allclose(found.d_values[:, :, d], expected, atol=DIFFERENCES, rtol=DIFFERENCES)


def test_matching_pennies_in_closed_form() -> None:
    """With 1 + theta for a first match the mixes are 2 / (4 + theta) and the value theta / (4 + theta)."""
    game = matching_pennies(0.5)
    payoffs = np.zeros((1, 4, 2))
    payoffs[0, 0] = [1.0, -1.0]
    half = np.array([0.5, 0.5])
    found = equilibrium_derivative(plan_of(game, (half, half)), along(game, payoffs))
    for own in found.d_strategies:
        np.testing.assert_allclose(own[:, 0], [-1 / 8, 1 / 8], atol=EXACT)
    np.testing.assert_allclose(found.d_values[0, :, 0], [1 / 4, -1 / 4], atol=EXACT)
    assert found.margin == np.inf
    # a chance of 1/2 that changes by 1/8 per unit would come to 0 or 1 after 4, either way
    np.testing.assert_allclose(found.room, [[4.0, 4.0]])


@pytest.mark.parametrize(
    ("used", "states"), [((2, 2), 3), ((2, 2, 2), 2), ((1, 1), 4), ((3, 3), 2), ((1, 1, 2, 2), 2), ((1,), 4)]
)
def test_derivatives_are_those_of_re_solved_equilibria(used: tuple[int, ...], states: int) -> None:
    known = designed(21, states=states, used=used)
    derivatives = some_directions(known.game, 22)
    found = equilibrium_derivative(plan_of(known.game, known.strategies), derivatives)
    assert found.condition > 0
    assert_follows(known.game, found, derivatives)


@pytest.mark.parametrize("seed", range(6))
def test_equilibria_of_random_games(seed: int) -> None:
    game = random_game(seed, states=4, actions=(2, 3), delta=(0.7, 0.9), reach=3)
    derivatives = some_directions(game, seed)
    solution = markov_perfect(game)[0]
    assert_follows(game, equilibrium_derivative(solution.plan, derivatives), derivatives)


# --- how far the same actions stay in use --------------------------------------------------------------------------------


def test_the_room_of_a_disadvantage_that_changes_at_a_constant_rate_is_exact() -> None:
    """One player, one state, patience 1/2: 3 or 1 + theta. The second action is as good at theta = 2."""
    game = StochasticGame.from_arrays([[[3.0], [1.0]]], [[[1.0], [1.0]]], 0.5)
    payoffs = np.array([[[0.0], [1.0]], [[-1.0], [1.0]], [[1.0], [0.0]], [[0.0], [0.0]]])
    found = equilibrium_derivative(plan_of(game, (np.array([1.0, 0.0]),)), along(game, payoffs))
    np.testing.assert_allclose(found.room, [[np.inf, 2.0], [np.inf, 1.0], [2.0, np.inf], [np.inf, np.inf]])
    assert found.margin == pytest.approx(0.5)  # (1 - delta) 2, of a range of 2


@pytest.mark.parametrize("used", [(1, 1), (2, 2, 2), (2, 2)])
def test_the_room_is_where_chances_and_disadvantages_come_to_zero_to_first_order(used: tuple[int, ...]) -> None:
    known = designed(23, used=used)
    derivatives = some_directions(known.game, 24)
    found = equilibrium_derivative(plan_of(known.game, known.strategies), derivatives)
    for d in range(3):
        near = {k: heights(moved(known.game, derivatives, d, k * STEP), found) for k in (-1, 0, 1)}
        slope = (near[1] - near[-1]) / (2 * STEP)
        ways = near[0] / np.maximum(np.abs(slope), 1e-12)
        expected = (ways[slope > 1e-9].min(initial=np.inf), ways[slope < -1e-9].min(initial=np.inf))
        np.testing.assert_allclose(found.room[d], expected, rtol=1e-4)


def heights(game: StochasticGame, found: EquilibriumDerivative) -> Floats:
    """Chances of the actions in use and disadvantages of the others, by a loop over states and actions."""
    strategies = found.nearby(game)
    values, result = check(plan_of(game, strategies)).values, []
    for i, own in enumerate(strategies):
        for c in range(len(own)):
            if own[c] > 0:
                result.append(own[c])
                continue
            state = int(np.searchsorted(game.choice_start[i], c, side="right")) - 1
            alone = [each.copy() for each in strategies]
            alone[i][game.choice_start[i, state] : game.choice_start[i, state + 1]] = 0.0
            alone[i][c] = 1.0
            rows = np.flatnonzero(game.row_choice[i] == c)
            chance = np.prod([alone[j][game.row_choice[j, rows]] for j in range(game.n_players)], axis=0)
            d = game.discount[i]
            q = (1 - d) * game.payoffs[rows, i] + d * (game.transitions[rows] @ values[:, i])
            result.append(values[state, i] - chance @ q)
    return np.array(result)


def test_the_room_of_the_scenario_is_near_the_first_event_of_its_branch() -> None:
    form = compile_form(load_scenario("scenarios/withdrawal.yaml"))
    solution = markov_perfect(form.at())[0]
    found = equilibrium_derivative(solution.plan, form_derivatives(form))
    names = list(form.scenario.parameters)
    for name in ("power_patience", "goodwill_act"):
        p = form.scenario.parameters[name]
        fall, rise = found.room[names.index(name)]
        branch = follow_equilibrium(form, solution, name, p.value - 1.5 * fall, p.value + 1.5 * rise)
        before = max(event.theta for event in branch.events if event.arclength < 0)
        after = min(event.theta for event in branch.events if event.arclength > 0)
        assert p.value - before == pytest.approx(fall, rel=0.3)
        assert after - p.value == pytest.approx(rise, rel=0.3)


# --- actions that are the same -------------------------------------------------------------------------------------------


def with_copy(game: StochasticGame, payoffs: Floats) -> StochasticGame:
    """The game with other payoffs (R, N), in which the first player's first action in state 1 is written twice, the copy last."""
    tables, laws = [], []
    for s in range(game.n_states):
        rows = slice(game.row_start[s], game.row_start[s + 1])
        table, law = payoffs[rows].reshape(*game.action_counts[s], -1), game.stage_transitions(s)
        tables.append(np.concatenate([table, table[:1]]) if s == 1 else table)
        laws.append(np.concatenate([law, law[:1]]) if s == 1 else law)
    return StochasticGame.from_arrays(tables, laws, game.discount)


@pytest.mark.parametrize("share", [0.25, 0.0])
def test_an_action_written_twice_keeps_its_share(share: float) -> None:
    known = designed(25, used=(2, 2))
    game, chance = with_copy(known.game, known.game.payoffs), known.strategies[0][3]
    own = np.insert(known.strategies[0], 6, chance * share)
    own[3] = chance * (1 - share)
    direction = np.random.default_rng(26).normal(size=known.game.payoffs.shape)
    alone = equilibrium_derivative(plan_of(known.game, known.strategies), along(known.game, direction[None]))
    copied = along(game, with_copy(known.game, direction).payoffs[None])
    found = equilibrium_derivative(plan_of(game, (own, known.strategies[1])), copied)
    np.testing.assert_allclose(found.d_values, alone.d_values, atol=1e-10)
    np.testing.assert_allclose(found.d_strategies[1], alone.d_strategies[1], atol=1e-10)
    expected = alone.d_strategies[0][3]
    np.testing.assert_allclose(found.d_strategies[0][3], (1 - share) * expected, atol=1e-10)
    np.testing.assert_allclose(found.d_strategies[0][6], share * expected, atol=1e-10)
    np.testing.assert_allclose(found.room, alone.room, rtol=1e-8)


def test_actions_that_a_direction_tells_apart_are_a_tie() -> None:
    game = StochasticGame.from_arrays([[[1.0], [1.0]]], [[[1.0], [1.0]]], 0.5)
    same = along(game, np.ones((1, 2, 1)))
    apart = along(game, np.array([[[1.0], [0.0]]]))
    for lottery in (np.array([0.5, 0.5]), np.array([1.0, 0.0])):
        plan = plan_of(game, (lottery,))
        np.testing.assert_allclose(equilibrium_derivative(plan, same).d_values, 1.0)
        with pytest.raises(UnsolvedError, match=r"not regular: .*tie"):
            equilibrium_derivative(plan, apart)


def test_actions_that_differ_only_where_the_others_never_play_are_the_same() -> None:
    """The second player's actions differ only against an action that the first does not use."""
    first = np.array([[3.0, 3.0], [0.0, 1.0]])
    second = np.array([[2.0, 2.0], [5.0, 0.0]])
    game = StochasticGame.from_arrays([np.stack([first, second], axis=-1)], [np.ones((2, 2, 1))], 0.5)
    plan = plan_of(game, (np.array([1.0, 0.0]), np.array([0.5, 0.5])))
    payoffs = np.ones((1, 4, 2))
    payoffs[0, 3] = [7.0, 7.0]
    found = equilibrium_derivative(plan, along(game, payoffs))
    np.testing.assert_allclose(found.d_values, 1.0)
    np.testing.assert_allclose(found.d_strategies[1], 0.0)
    # the first player's other action: half of what it yields against the mix, (0 + 1) / 2, and half of 3; its range is 3
    assert found.margin == pytest.approx((3 - 1.75) / 3)


# --- play that has no derivative -----------------------------------------------------------------------------------------


def test_a_tie_of_an_unused_action_is_named() -> None:
    # 1 for ever, or 1.5 once and 0 after it, then 1 for ever
    tie = StochasticGame.from_arrays([[[1.0], [1.5]], [[0.0]]], [[[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0]]], 0.5)
    plan = plan_of(tie, (np.array([1.0, 0.0, 1.0]),))
    with pytest.raises(UnsolvedError, match="not regular: '2' of 1 in state '1' is not played and ties"):
        equilibrium_derivative(plan, along(tie, np.ones((1, 3, 1))))


def test_a_chance_that_is_about_to_vanish_is_named() -> None:
    rare = 1e-8
    table = matching_pennies(0.5).stage_payoffs(0).copy()
    # the second player is indifferent if the first plays heads with a chance x such that 2 x = (1 - x) 2e-8
    table[:, :, 1] = [[-1.0, 1.0], [2 * rare, 0.0]]
    uneven = StochasticGame.from_arrays([table], [np.ones((2, 2, 1))], 0.5)
    chance = rare / (1 + rare)
    plan = plan_of(uneven, (np.array([chance, 1 - chance]), np.array([0.5, 0.5])))
    with pytest.raises(UnsolvedError, match="not regular: '1' of 1 in state '1' is played with a chance too close to 0"):
        equilibrium_derivative(plan, along(uneven, np.ones((1, 4, 2))))


def test_a_continuum_of_equilibria_is_not_regular() -> None:
    """Both players are indifferent whatever they do, but matter to each other."""
    first = np.array([[1.0, 0.0], [1.0, 0.0]])
    game = StochasticGame.from_arrays([np.stack([first, first.T], axis=-1)], [np.ones((2, 2, 1))], 0.5)
    plan = plan_of(game, (np.array([0.5, 0.5]), np.array([0.5, 0.5])))
    with pytest.raises(UnsolvedError, match="not regular: the indifference conditions are singular"):
        equilibrium_derivative(plan, along(game, np.zeros((1, 4, 2))))


def test_play_that_is_no_equilibrium_is_refused() -> None:
    game = prisoners_dilemma(0.3)
    plan = plan_of(game, (np.array([1.0, 0.0]), np.array([1.0, 0.0])))
    with pytest.raises(UnsolvedError, match=r"not an equilibrium: a departure gains 2\.1"):
        equilibrium_derivative(plan, along(game, np.zeros((1, 4, 2))))


def test_play_with_memory_is_refused() -> None:
    game = prisoners_dilemma(0.9)
    plan = join([tit_for_tat(game, i) for i in (0, 1)])
    with pytest.raises(GameError, match="stationary play of all players"):
        equilibrium_derivative(plan, along(game, np.zeros((1, 4, 2))))


def test_no_directions_give_empty_arrays() -> None:
    game = prisoners_dilemma(0.3)
    plan = plan_of(game, (np.array([0.0, 1.0]), np.array([0.0, 1.0])))
    found = equilibrium_derivative(plan, along(game, np.zeros((0, 4, 2))))
    assert found.d_values.shape == (1, 2, 0)
    assert found.room.shape == (0, 2)
