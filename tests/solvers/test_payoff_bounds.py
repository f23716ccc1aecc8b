"""Equilibrium payoff bounds: games solved by hand, a plain twin of the outer iteration, and equilibria that the bounds must
contain."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import linprog

from leverage.certification.checker import check
from leverage.errors import GameError
from leverage.game.automaton import Automaton
from leverage.game.node_indices import selection
from leverage.game.stochastic_game import Floats, StochasticGame
from leverage.solvers.payoff_bounds import PayoffBounds, payoff_bounds
from leverage.solvers.pure_markov import pure_markov
from tests.games import chicken, matching_pennies, prisoners_dilemma, random_game

#: What the default tolerance allows between bounds, as a share of the payoff range: both sides may be off.
CLOSE = 2e-6


def repeated(payoffs: Floats, delta: float | tuple[float, ...]) -> StochasticGame:
    return StochasticGame.from_arrays([payoffs], [np.ones((*payoffs.shape[:-1], 1))], delta)


def from_rule(shape: tuple[int, ...], rule: Callable[[tuple[int, ...]], list[float]]) -> Floats:
    return np.array([rule(profile) for profile in np.ndindex(*shape)]).reshape(*shape, -1)


def public_goods(delta: float | tuple[float, ...], players: int = 3, share: float = 0.6) -> StochasticGame:
    """Action 0 contributes: it costs its owner 1 and pays `share` to everybody."""
    table = from_rule((2,) * players, lambda a: [share * (players - sum(a)) - (own == 0) for own in a])
    return repeated(table, delta)


def plain_pd(delta: float | tuple[float, float]) -> StochasticGame:
    """Temptation 5, reward 3, punishment 1, sucker 0."""
    return repeated(np.array([[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]), delta)


def with_idle_player(game: StochasticGame) -> StochasticGame:
    """A third player without choice is paid the sum of the others' payoffs."""
    states = range(game.n_states)
    tables = [np.concatenate([p, p.sum(axis=-1, keepdims=True)], axis=-1)[..., None, :] for p in map(game.stage_payoffs, states)]
    laws = [game.stage_transitions(s)[..., None, :] for s in states]
    return StochasticGame.from_arrays(tables, laws, [*game.discount, 0.5])


def sparse_game(seed: int, states: int, actions: tuple[int, ...], delta: float) -> StochasticGame:
    """Each row stays with chance 0.6 and otherwise goes to a neighbour on a ring."""
    random = np.random.default_rng(seed)
    payoffs, laws = [], []
    for s in range(states):
        payoffs.append(random.random((*actions, len(actions))))
        law = np.zeros((*actions, states))
        law[..., s] += 0.6
        for profile in np.ndindex(*actions):
            law[(*profile, (s + random.integers(-2, 3)) % states)] += 0.4
        laws.append(law)
    return StochasticGame.from_arrays(payoffs, laws, delta)


def assert_sound(bounds: PayoffBounds) -> None:
    """Inner within outer; the inner bounds are paid by nodes of the machine, which the checker accepts."""
    game = bounds.game
    slack = 1e-7 * game.payoff_range
    found = ~np.isnan(bounds.inner[:, 0, 0])
    for inner, outer in ((bounds.inner, bounds.outer), (bounds.weighted_inner, bounds.weighted_outer)):
        assert np.all(inner[found, :, 0] >= outer[found, :, 0] - slack)
        assert np.all(inner[found, :, 1] <= outer[found, :, 1] + slack)
        assert np.all(inner[found, :, 0] <= inner[found, :, 1])
    if bounds.machine is None:
        assert not found.any()
        assert np.isnan(bounds.certificate)
        return
    proof = check(bounds.machine, nodes=np.ones(bounds.machine.n_nodes, dtype=bool))
    assert proof.gain == bounds.certificate <= 1e-9 * game.payoff_range
    for s in np.flatnonzero(found):
        paid = proof.values[bounds.machine.node_state == s]
        np.testing.assert_array_equal(bounds.inner[s], np.stack([paid.min(axis=0), paid.max(axis=0)], axis=1))


def assert_tight(bounds: PayoffBounds, expected: Floats, weighted: Floats | None = None) -> None:
    """Both sides agree with what is expected, (S, N, 2) and (S, W, 2)."""
    assert_sound(bounds)
    allowed = CLOSE * bounds.game.payoff_range
    np.testing.assert_allclose(bounds.outer, expected, rtol=0, atol=allowed)
    np.testing.assert_allclose(bounds.inner, expected, rtol=0, atol=allowed)
    if weighted is not None:
        scale = bounds.game.n_players
        np.testing.assert_allclose(bounds.weighted_outer, weighted, rtol=0, atol=scale * allowed)
        np.testing.assert_allclose(bounds.weighted_inner, weighted, rtol=0, atol=scale * allowed)


# --- by hand -----------------------------------------------------------------------------------------------------------


def test_one_player_gets_the_optimum_and_nothing_else() -> None:
    """State 1: wait for 1, or invest 0 now and reach state 2 (3 a period, for as long as one stays)."""
    game = StochasticGame.from_arrays(
        [np.array([[1.0], [0.0]]), np.array([[3.0], [0.0]])], [np.eye(2), np.array([[0.0, 1.0], [1.0, 0.0]])], 0.5
    )
    bounds = payoff_bounds(game)
    assert_tight(bounds, np.array([[[1.5, 1.5]], [[3.0, 3.0]]]))
    assert bounds.outer[:, 0, 1] == pytest.approx([1.5, 3.0], abs=1e-9)
    assert bounds.inner[:, 0, 0] == pytest.approx([1.5, 3.0], abs=1e-9)


@pytest.mark.parametrize(
    ("delta", "best", "largest_sum"),
    [
        (0.2, 1.0, 2.0),
        (0.24, 1.0, 2.0),
        (0.25, 4.0, 5.0),  # taking turns: the sucker is held to 1 and needs 1 / delta <= 4 next
        (0.3, 4.0, 5.0),
        (0.49, 4.0, 5.0),
        (0.5, 13 / 3, 6.0),  # 3 >= (1 - delta) 5 + delta: the line from (5, 0) to (3, 3), cut at 1
        (0.6, 13 / 3, 6.0),
        (0.95, 13 / 3, 6.0),
    ],
)
def test_prisoners_dilemma_on_both_sides_of_its_critical_discounts(delta: float, best: float, largest_sum: float) -> None:
    bounds = payoff_bounds(plain_pd(delta), weights=(1, 1))
    assert_tight(bounds, np.array([[[1.0, best], [1.0, best]]]), np.array([[[2.0, largest_sum]]]))


@pytest.mark.parametrize("delta", [0.2, 0.3, 1 / 3, 0.4, 0.5, 0.6, 2 / 3, 0.9])
def test_public_goods_of_three_players(delta: float) -> None:
    """A contributor gives up 0.4 now, so that 0.4 (1 - delta) / delta must follow: more than 0.8 below 1/3, which no two can
    have.

    Above, player 1 is paid best if the others contribute alone, (1.2, 0.2, 0.2), and then get y = 0.4 (1 - delta) / delta each on
    the line to (0.8, 0.8, 0.8), where player 1 has 1.2 - 2 (y - 0.2) / 3; from 2/3 on that is needed no more.
    """
    if delta < 1 / 3:
        best, total = 0.0, 0.0
    else:
        best, total = min(1.2, 14 / 15 + 0.4 * delta), 2.4
    bounds = payoff_bounds(public_goods(delta), weights=(1, 1, 1))
    assert_tight(bounds, np.array([[[0.0, best]] * 3]), np.array([[[0.0, total]]]))


def test_public_goods_of_four_players() -> None:
    """All contribute: 1 each; best for one: the others contribute alone, 1.5, and get 0.5 then and there."""
    bounds = payoff_bounds(public_goods(0.7, players=4, share=0.5), weights=np.ones(4))
    assert_tight(bounds, np.array([[[0.0, 1.5]] * 4]), np.array([[[0.0, 4.0]]]))


def test_who_ignores_the_future_plays_the_stage_game() -> None:
    bounds = payoff_bounds(chicken(0.0), weights=(1, 1))
    assert_tight(bounds, np.array([[[2.0, 7.0], [2.0, 7.0]]]), np.array([[[9.0, 9.0]]]))


def test_payoffs_that_never_differ() -> None:
    bounds = payoff_bounds(repeated(np.full((2, 2, 2, 3), 7.0), 0.9), weights=(1, 0, 0))
    np.testing.assert_allclose(bounds.outer, 7.0, atol=1e-9)
    np.testing.assert_allclose(bounds.inner, 7.0, atol=1e-9)
    assert bounds.gap < 1e-9
    assert "more of them" not in bounds.status


def test_units_do_not_matter() -> None:
    """Each player's payoffs scaled and shifted: so are the bounds."""
    plain = public_goods(0.5)
    factor, offset = np.array([1e3, 1.0, 1e-2]), np.array([-1e5, 3.0, 0.0])
    scaled = repeated(plain.stage_payoffs(0) * factor + offset, 0.5)
    expected = np.array([0.0, 17 / 15])[None, :] * factor[:, None] + offset[:, None]
    bounds = payoff_bounds(scaled)
    assert np.all(np.abs(bounds.outer[0] - expected) <= CLOSE * 1.6 * factor[:, None])
    assert np.all(np.abs(bounds.inner[0] - expected) <= CLOSE * 1.6 * factor[:, None])


# --- unequal discount factors --------------------------------------------------------------------------------------------


def test_unequal_patience_trades_over_time() -> None:
    """Payoffs leave the hull of the stage payoffs (Lehrer and Pauzner 1999): the sum exceeds 6, and both sides agree on how
    far."""
    bounds = payoff_bounds(plain_pd((0.9, 0.8)), weights=(1, 1))
    assert_sound(bounds)
    assert bounds.gap <= CLOSE * bounds.game.payoff_range
    assert bounds.weighted_inner[0, 0, 1] > 6.36
    # by hand: cooperation for the impatient first; the patient one waits at his floor of 1
    assert bounds.outer[0, :, 0] == pytest.approx([1.0, 1.0], abs=1e-6)


def test_three_unequal_players_are_bracketed() -> None:
    bounds = payoff_bounds(public_goods((0.9, 0.8, 0.7)), weights=(1, 1, 1))
    assert_sound(bounds)
    assert bounds.weighted_inner[0, 0, 1] > 2.4 + 0.05
    assert bounds.gap < 1e-5
    np.testing.assert_allclose(bounds.outer[0, :, 0], 0.0, atol=CLOSE)


# --- invariance ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("game", [plain_pd(0.6), plain_pd(0.3), prisoners_dilemma(0.7)], ids=["0.6", "0.3", "unequal payoffs"])
def test_a_player_without_choice_changes_nothing(game: StochasticGame) -> None:
    alone, beside = payoff_bounds(game, weights=(1, 1)), payoff_bounds(with_idle_player(game))
    assert_sound(beside)
    np.testing.assert_allclose(beside.outer[:, :2], alone.outer, atol=CLOSE * 8)
    np.testing.assert_allclose(beside.inner[:, :2], alone.inner, atol=CLOSE * 8)


@pytest.mark.parametrize("seed", [1, 3])
def test_a_player_without_choice_changes_nothing_in_generated_games(seed: int) -> None:
    """The brackets are as narrow as directions allow, but each must contain what the other found."""
    game = random_game(seed, states=3, actions=(2, 2), delta=(0.8, 0.8))
    alone, beside = payoff_bounds(game), payoff_bounds(with_idle_player(game))
    for one, other in ((alone.inner, beside.outer[:, :2]), (beside.inner[:, :2], alone.outer)):
        inside = (one[..., 0] >= other[..., 0] - 1e-7) & (one[..., 1] <= other[..., 1] + 1e-7)
        assert np.all(inside | np.isnan(one[..., 0]))
    assert np.array_equal(np.isnan(alone.outer[:, 0, 0]), np.isnan(beside.outer[:, 0, 0]))


@pytest.mark.parametrize("order", [(1, 2, 0), (2, 1, 0)])
def test_names_of_players_do_not_matter(order: tuple[int, ...]) -> None:
    table = public_goods(0.5).stage_payoffs(0) * [1.0, 2.0, 3.0] + np.array([0.0, 1.0, 0.0])
    table[0, 0, 0, 0] += 0.3
    moved = np.transpose(table, (*order, 3))[..., list(order)]
    here, there = payoff_bounds(repeated(table, 0.5)), payoff_bounds(repeated(moved, 0.5))
    assert_sound(there)
    assert here.gap < 1e-4
    np.testing.assert_allclose(there.outer, here.outer[:, list(order)], atol=1e-4)
    np.testing.assert_allclose(there.inner, here.inner[:, list(order)], atol=1e-4)


def test_the_answer_is_the_same_again() -> None:
    game = sparse_game(3, states=4, actions=(2, 2, 2), delta=0.7)
    first, second = payoff_bounds(game, directions=40), payoff_bounds(game, directions=40)
    np.testing.assert_array_equal(first.outer, second.outer)
    np.testing.assert_array_equal(first.inner, second.inner)
    assert first.status == second.status


# --- empty sets ----------------------------------------------------------------------------------------------------------


def two_play_pennies() -> Floats:
    """The third player has a better and a worse action."""
    return from_rule((2, 2, 2), lambda a: [1.0 - 2 * (a[0] != a[1]), 2.0 * (a[0] != a[1]) - 1, float(a[2])])


@pytest.mark.parametrize("delta", [0.0, 0.3, 0.9])
def test_matching_pennies_of_two_of_three(delta: float) -> None:
    """The sum of the two is 0 and each can secure -1 only in pure actions: whoever loses now gains by switching, whatever
    follows."""
    bounds = payoff_bounds(repeated(two_play_pennies(), delta), weights=(1, 0, 0))
    assert np.isnan(bounds.outer).all()
    assert np.isnan(bounds.inner).all()
    assert np.isnan(bounds.weighted_outer).all()
    assert bounds.machine is None
    assert bounds.gap == 0.0
    assert "no equilibrium in pure actions" in bounds.status
    assert "state 1" in bounds.status


def test_emptiness_spreads_over_any_actions_and_no_further() -> None:
    """State 1 goes to the pennies of state 2 only if both depart together; state 3 goes nowhere."""
    pd, pennies = plain_pd(0.6).stage_payoffs(0), matching_pennies().stage_payoffs(0)
    stay = np.zeros((2, 2, 3))
    stay[..., 0] = 1.0
    stay[1, 1] = [0.0, 1.0, 0.0]
    law = [stay, np.tile([0.0, 1.0, 0.0], (2, 2, 1)), np.tile([0.0, 0.0, 1.0], (2, 2, 1))]
    bounds = payoff_bounds(StochasticGame.from_arrays([pd, pennies, pd], law, 0.6))
    assert np.isnan(bounds.outer[:2]).all()
    assert bounds.outer[2] == pytest.approx(np.array([[1.0, 13 / 3]] * 2), abs=1e-5)
    assert bounds.inner[2] == pytest.approx(np.array([[1.0, 13 / 3]] * 2), abs=1e-5)
    assert "2 of 3 states have no equilibrium" in bounds.status
    assert "upheld in state 2" in bounds.status


# --- masks ---------------------------------------------------------------------------------------------------------------

ALL, ONLY_FIRST = np.array([True, True]), np.array([True, False])


def test_what_may_not_be_deviated_to_does_not_tempt() -> None:
    """Nobody may deviate to defection, and cooperating instead of it never pays: every stage payoff can be upheld at any
    discount."""
    bounds = payoff_bounds(plain_pd(0.05), weights=(1, 1), deviation=[[ONLY_FIRST, ONLY_FIRST]])
    np.testing.assert_allclose(bounds.outer, [[[0.0, 5.0]] * 2], atol=1e-5)
    np.testing.assert_allclose(bounds.inner, [[[0.0, 5.0]] * 2], atol=1e-5)
    np.testing.assert_allclose(bounds.weighted_outer, [[[2.0, 6.0]]], atol=1e-5)
    assert bounds.certificate <= 5e-9
    assert bounds.machine is not None


def test_a_threat_that_may_not_be_prescribed_deters_nobody() -> None:
    """Defection stays a temptation, but nothing can punish it: no equilibrium. Without the temptation cooperation is all there
    is."""
    tempted = payoff_bounds(plain_pd(0.9), prescribable=[[ONLY_FIRST, ONLY_FIRST]])
    assert np.isnan(tempted.outer).all()
    without = payoff_bounds(plain_pd(0.9), prescribable=[[ONLY_FIRST, ONLY_FIRST]], deviation=[[ONLY_FIRST, ONLY_FIRST]])
    np.testing.assert_allclose(without.outer, 3.0, atol=1e-5)
    np.testing.assert_allclose(without.inner, 3.0, atol=1e-9)


def test_masks_of_a_third_player() -> None:
    """The third player may punish both others at a loss. As a threat it sustains cooperation at any discount above (5 - 3) / (5 +
    4), if he may only be told to do so; if he is free, he would not do it at this discount."""
    table = from_rule((2, 2, 2), lambda a: [*(plain_pd(0.5).stage_payoffs(0)[a[0], a[1]] - 5.0 * a[2]), -4.0 * a[2]])
    game = repeated(table, 0.3)
    bound_to = [[ALL, ALL, np.array([False, True])]]
    free, told = payoff_bounds(game, weights=(1, 1, 0)), payoff_bounds(game, weights=(1, 1, 0), deviation=bound_to)
    assert free.weighted_outer[0, 0, 1] < 5.0 + 1e-5
    assert told.weighted_inner[0, 0, 1] > 6.0 - 1e-5
    assert told.outer[0, 2, 0] < -1.0


def test_emptiness_behind_a_door_that_masks_shut() -> None:
    """Player 1's second action leads to matching pennies. It is fatal as long as he may deviate to it, and only then: a plan that
    may prescribe it need not. Otherwise player 1 cooperates for good, and player 2 defects."""
    door = np.zeros((2, 2, 2))
    door[0, :, 0] = 1.0
    door[1, :, 1] = 1.0
    law = [door, np.tile([0.0, 1.0], (2, 2, 1))]
    tables = [plain_pd(0.6).stage_payoffs(0), matching_pennies().stage_payoffs(0)]
    game, mask = StochasticGame.from_arrays(tables, law, 0.6), [[ONLY_FIRST, ALL], [ALL, ALL]]
    assert np.isnan(payoff_bounds(game).outer).all()
    assert np.isnan(payoff_bounds(game, prescribable=mask).outer).all()
    for shut in (payoff_bounds(game, deviation=mask), payoff_bounds(game, prescribable=mask, deviation=mask)):
        assert np.isnan(shut.outer[1]).all()
        assert shut.outer[0] == pytest.approx(np.array([[0.0, 0.0], [5.0, 5.0]]), abs=1e-5)
        assert shut.inner[0] == pytest.approx(np.array([[0.0, 0.0], [5.0, 5.0]]), abs=1e-9)


def test_joint_departures_count_as_far_as_they_are_allowed() -> None:
    """Only both defections together lead to matching pennies: harmless if one of the two may never defect on his own account."""
    stay = np.zeros((2, 2, 2))
    stay[..., 0] = 1.0
    stay[1, 1] = [0.0, 1.0]
    law = [stay, np.tile([0.0, 1.0], (2, 2, 1))]
    tables = [plain_pd(0.6).stage_payoffs(0), matching_pennies().stage_payoffs(0)]
    game = StochasticGame.from_arrays(tables, law, 0.6)
    bound = payoff_bounds(game, deviation=[[ONLY_FIRST, ALL], [ALL, ALL]])
    assert np.isnan(payoff_bounds(game).outer).all()
    assert np.isnan(bound.outer[1]).all()
    # player 2 defects whenever that is followed by nothing worse; player 1 is told to cooperate
    assert bound.inner[0, 1, 1] == pytest.approx(5.0, abs=1e-5)
    assert bound.outer[0, 1, 1] == pytest.approx(5.0, abs=1e-5)
    assert bound.certificate <= 5e-9


# --- against other methods -----------------------------------------------------------------------------------------------


def plain_supports(game: StochasticGame, directions: Floats, steps: int) -> Floats:
    """Supports (K,) of a repeated game by the definition: one linear programme for each profile and direction, payoffs as they
    are.

    `directions` begin with +e_i, then -e_i."""
    number, table, delta = game.n_players, game.stage_payoffs(0), game.discount
    supports = np.maximum(directions * game.payoffs.min(axis=0), directions * game.payoffs.max(axis=0)).sum(axis=1)
    for _ in range(steps):
        found = np.full(len(directions), -np.inf)
        for profile in np.ndindex(*table.shape[:-1]):
            u = table[profile]
            floor = np.full(number, -np.inf)
            for i, a in itertools.product(range(number), range(table.shape[0])):
                if a != profile[i]:
                    other = (*profile[:i], a, *profile[i + 1 :])
                    value = (1 - delta[i]) * table[other][i] - delta[i] * supports[number + i]
                    floor[i] = max(floor[i], (value - (1 - delta[i]) * u[i]) / delta[i])
            for k, d in enumerate(directions):
                answer = linprog(-delta * d, A_ub=directions, b_ub=supports, bounds=[(f, None) for f in floor])
                if answer.status == 0:
                    found[k] = max(found[k], (1 - delta) * d @ u - answer.fun)
        supports = np.minimum(supports, found)
        if np.isinf(supports).any():
            break
    return supports


@pytest.mark.parametrize("seed", [1, 2, 4])
def test_outer_bounds_are_those_of_the_plain_iteration(seed: int) -> None:
    random = np.random.default_rng(seed)
    further = np.array([[1.0, 1.0, 1.0], [-1.0, -1.0, -1.0], [1.0, -1.0, 0.0]])
    game = repeated(random.integers(0, 8, (2, 2, 2, 3)).astype(float), (0.4, 0.35, 0.3))
    directions = np.vstack([np.eye(3), -np.eye(3), further])
    supports = plain_supports(game, directions, steps=14)
    bounds = payoff_bounds(game, directions=further)
    if np.isinf(supports).any():
        assert np.isnan(bounds.outer).all()
    else:
        np.testing.assert_allclose(bounds.outer[0, :, 1], supports[:3], atol=4e-5)
        np.testing.assert_allclose(bounds.outer[0, :, 0], -supports[3:6], atol=4e-5)


def grim_trigger(game: StochasticGame, path: int, threat: int) -> Automaton:
    """Row `path` until anybody departs, then row `threat` for ever; a repeated game."""
    rows = len(game.payoffs)
    after = np.ones(2 * rows, dtype=np.intp)
    after[path] = 0
    lotteries = []
    for i in range(game.n_players):
        both = np.zeros((2, game.action_counts[0, i]))
        both[[0, 1], game.row_action[i, [path, threat]]] = 1.0
        lotteries.append(both.ravel())
    return Automaton(
        game=game,
        players=tuple(range(game.n_players)),
        modes=("path", "threat"),
        node_mode=np.array([0, 1]),
        node_state=np.array([0, 0]),
        lotteries=tuple(lotteries),
        next_nodes=selection(after, 2),
        start=selection(np.array([0]), 2),
    )


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_bounds_contain_grim_triggers(seed: int) -> None:
    """Every path that the reversion to a pure stage equilibrium upholds, in games with many ties."""
    random = np.random.default_rng(seed)
    game = repeated(random.integers(0, 5, (2, 3, 2, 3)).astype(float), (0.6, 0.7, 0.8))
    bounds = payoff_bounds(game)
    assert_sound(bounds)
    rows, upheld = range(len(game.payoffs)), 0
    for path, threat in itertools.product(rows, rows):
        proof = check(grim_trigger(game, path, threat), nodes=np.ones(2, dtype=bool))
        if proof.gain == 0:
            upheld += 1
            assert np.all(proof.values >= bounds.outer[0, :, 0] - 1e-9)
            assert np.all(proof.values <= bounds.outer[0, :, 1] + 1e-9)
    assert upheld > 0


@pytest.mark.parametrize("seed", [0, 2, 4])
def test_bounds_contain_markov_equilibria(seed: int) -> None:
    """Found by another search, in ragged stochastic games with unequal discount factors."""
    game = random_game(seed, states=3, actions=(2, 2, 2), delta=(0.6, 0.75, 0.9))
    bounds, found = payoff_bounds(game, directions=40), pure_markov(game).solutions
    assert_sound(bounds)
    assert found
    for solution in found:
        assert np.all(solution.values >= bounds.outer[..., 0] - 1e-9)
        assert np.all(solution.values <= bounds.outer[..., 1] + 1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_generated_stochastic_games_are_bracketed(seed: int) -> None:
    game = sparse_game(seed, states=6, actions=(2, 2, 2), delta=0.8)
    bounds = payoff_bounds(game, weights=[[1, 1, 1], [1, 0, -1]], directions=60)
    assert_sound(bounds)
    assert bounds.gap < 0.25 * game.payoff_range or np.isinf(bounds.gap)


def test_fewer_directions_give_wider_bounds() -> None:
    game = public_goods((0.9, 0.8, 0.7))
    coarse, fine = payoff_bounds(game, weights=(1, 1, 1), directions=0), payoff_bounds(game, weights=(1, 1, 1))
    assert_sound(coarse)
    assert np.all(coarse.outer[..., 1] >= fine.outer[..., 1] - 1e-6)
    assert np.all(coarse.weighted_inner[..., 1] <= fine.weighted_outer[..., 1] + 1e-6)
    assert coarse.gap > fine.gap
    assert "directions were taken" in coarse.status


# --- errors --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tolerance": 0.0}, "tolerance"),
        ({"weights": (1, 1)}, "weights have shape"),
        ({"weights": (1, 1, np.nan)}, "weights have shape"),
        ({"directions": -1}, "directions"),
        ({"directions": np.ones((2, 2))}, "directions have shape"),
        ({"prescribable": [[ALL, ALL]]}, "prescribable"),
        ({"deviation": [[ALL, ALL, np.array([True])]]}, "player 3 needs 2 truth values in state 1"),
        ({"deviation": [[ALL, ALL, np.array([1, 0])]]}, "player 3 needs 2 truth values in state 1"),
    ],
)
def test_input_that_does_not_fit_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(GameError, match=message):
        payoff_bounds(public_goods(0.5), **options)  # type: ignore[arg-type]
