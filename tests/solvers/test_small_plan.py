"""Small plans: textbook forms come out, the checker accepts what is returned, and the fast steps agree with slow ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from leverage import load_scenario
from leverage.certification.checker import check
from leverage.errors import GameError
from leverage.game.automaton import Automaton, reachable_nodes
from leverage.game.form import GameForm, compile_form
from leverage.game.stochastic_game import StochasticGame
from leverage.solvers import small_plan as module
from leverage.solvers.decision_list import chosen, decision_list
from leverage.solvers.equilibrium_set import EquilibriumSet, equilibrium_set
from leverage.solvers.pure_markov import pure_markov
from leverage.solvers.small_plan import SmallPlan, small_plan

PRISONERS = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]
ONE_STATE = [[[[1.0], [1.0]], [[1.0], [1.0]]]]
#: Fewest phases known for the shipped scenario: one path, and one month of punishment.
WITHDRAWAL_PHASES = 2


def prisoners(discount: ArrayLike) -> StochasticGame:
    return StochasticGame.from_arrays([PRISONERS], ONE_STATE, discount)


def commons(discount: float = 0.8) -> StochasticGame:
    """A stock that is good or bad; restraint of both keeps and mends it."""
    bad = [[[0.0, 0.0], [-1.0, 1.0]], [[1.0, -1.0], [0.0, 0.0]]]
    keep = [[[0.9, 0.1], [0.5, 0.5]], [[0.5, 0.5], [0.2, 0.8]]]
    mend = [[[0.6, 0.4], [0.2, 0.8]], [[0.2, 0.8], [0.1, 0.9]]]
    return StochasticGame.from_arrays([PRISONERS, bad], [keep, mend], discount)


def ragged() -> StochasticGame:
    """Three states with 2 x 3, 1 x 2 and 3 x 1 actions, from a fixed seed."""
    rng = np.random.default_rng(7)
    shapes = [(2, 3), (1, 2), (3, 1)]
    laws = [rng.dirichlet(np.ones(3), size=shape) for shape in shapes]
    return StochasticGame.from_arrays([rng.normal(size=(*shape, 2)) for shape in shapes], laws, [0.7, 0.8])


@pytest.fixture(scope="module")
def form() -> GameForm:
    return compile_form(load_scenario(Path(__file__).parents[2] / "scenarios" / "withdrawal.yaml"))


@pytest.fixture(scope="module")
def withdrawal(form: GameForm) -> EquilibriumSet:
    return equilibrium_set(form.at(), tolerance=1e-2)


def walked_values(plan: Automaton, steps: int) -> np.ndarray:
    """(K, 2): values of a pure plan by plain iteration over its edges, edge by edge."""
    game = plan.game
    values = np.zeros((plan.n_nodes, 2))
    rows = game.row_start[plan.node_state].copy()
    for k in range(plan.n_nodes):
        first, second = (int(np.argmax(plan.lottery(i, k))) for i in range(2))
        rows[k] += first * game.action_counts[plan.node_state[k], 1] + second
    after = plan.next_nodes.toarray()
    for _ in range(steps):
        following = np.zeros_like(values)
        for k in range(plan.n_nodes):
            for e in range(plan.edge_start[k], plan.edge_start[k + 1]):
                if game.entry_row[plan.edge_entry[e]] == rows[k]:
                    following[k] += plan.edge_probability[e] * (after[e] @ values)
        values = (1 - game.discount) * game.payoffs[rows] + game.discount * following
    return values


# --- textbook forms ----------------------------------------------------------------------------------------------------


def test_grim_trigger_comes_out_of_the_prisoners_dilemma() -> None:
    plan = small_plan(equilibrium_set(prisoners(0.6)), 0, weights=(1, 1))
    assert [part.name for part in plan.parts] == ["path", "punishment"]
    assert [part.rows.tolist() for part in plan.parts] == [[0], [3]]
    assert [part.length for part in plan.parts] == [np.inf, np.inf]
    assert plan.punishment == (1, 1)
    assert plan.exact
    assert plan.phases == 2
    np.testing.assert_allclose(plan.values, [3, 3], atol=1e-12)
    # departing from cooperation: 0.4 (5 - 3) now, 0.6 (3 - 1) later
    promise = plan.constraints[0]
    np.testing.assert_allclose([promise.now, promise.later, promise.slack], [0.8, 1.2, 0.4], atol=1e-12)
    assert (promise.kind, promise.played, promise.action) == ("promise", "1", "2")


def test_the_best_for_one_player_opens_with_as_much_exploitation_as_the_other_bears() -> None:
    """Until the lottery ends it, player 1 defects on a cooperating player 2; 18 periods at 0.9 leave player 2 its minmax of 1."""
    plan = small_plan(equilibrium_set(prisoners(0.9)), 0)
    assert [part.rows.tolist() for part in plan.parts] == [[2], [0], [3]]
    assert plan.parts[0].length == pytest.approx(18, rel=1e-5)
    np.testing.assert_allclose(plan.values, [13 / 3, 1], atol=1e-5)
    assert 0 <= plan.loss < 1e-5


def test_turns_that_are_each_others_punishment() -> None:
    """At 0.3 cooperation fails, but exploiting each other in turns does not (the vertex pays 4 and 1)."""
    plan = small_plan(equilibrium_set(prisoners(0.3)), 0)
    assert [part.rows.tolist() for part in plan.parts] == [[2], [1]]
    assert plan.punishment == (1, 0)
    assert plan.exact
    np.testing.assert_allclose(plan.values, [4, 1], atol=1e-5)


@pytest.mark.parametrize("discount", [0.0, 0.1, (0.1, 0.15)])
def test_a_stationary_equilibrium_is_one_phase_without_threats(discount: ArrayLike) -> None:
    plan = small_plan(equilibrium_set(prisoners(discount)), 0)
    assert plan.phases == 1
    assert plan.parts[0].rows.tolist() == [3]
    assert {each.kind for each in plan.constraints} == {"promise"}


def test_the_commons_are_kept_by_the_threat_of_ruin() -> None:
    plan = small_plan(equilibrium_set(commons(), tolerance=1e-4), 0, weights=(1, 1))
    assert [part.rows.tolist() for part in plan.parts] == [[0, 4], [3, 7]]
    assert plan.exact
    assert abs(plan.loss) < 1e-6


@pytest.mark.parametrize("table", [np.zeros((2, 2, 2)), np.ones((1, 1, 2)), np.ones((2, 1, 2))])
def test_where_nothing_matters_one_phase_is_enough(table: np.ndarray) -> None:
    game = StochasticGame.from_arrays([table], [np.ones((*table.shape[:2], 1))], 0.9)
    plan = small_plan(equilibrium_set(game), 0)
    assert (plan.phases, plan.exact, plan.loss) == (1, True, 0.0)
    assert len(plan.constraints) == int(np.sum(np.array(table.shape[:2]) > 1))


# --- what is returned is certified -------------------------------------------------------------------------------------


def sound(plan: SmallPlan, exact_value: float) -> None:
    """What the fields say is what the checker and a plain walk find."""
    proof = check(plan.plan, nodes=reachable_nodes(plan.plan, plan.start))
    assert plan.epsilon == proof.gain
    assert plan.exact == (plan.epsilon <= 1e-9 * plan.plan.game.payoff_range)
    assert plan.epsilon <= max(plan.allowed[0], 1e-9 * plan.plan.game.payoff_range)
    assert plan.loss <= plan.allowed[1] + 1e-9 * plan.plan.game.payoff_range
    assert plan.loss == pytest.approx(exact_value - np.dot(plan.weights, plan.values), abs=1e-9)
    if plan.is_small:
        slack = min((each.slack for each in plan.constraints), default=np.inf)
        assert slack >= -plan.epsilon - 1e-9 * plan.plan.game.payoff_range
        for phase, part in enumerate(plan.parts):
            met = plan.plan.node_state[plan.plan.node_mode == phase]
            np.testing.assert_array_equal(np.flatnonzero(part.rows >= 0), np.sort(met))
        assert plan.phases == len(plan.parts) == len(plan.plan.modes) == len(np.unique(plan.plan.node_mode))


def game_with_equilibrium(seed: int, discount: float) -> StochasticGame:
    """Two states, two actions; small whole numbers, so that ties are common; the first draw with a pure Markov equilibrium."""
    rng = np.random.default_rng(seed)
    while True:
        tables = rng.integers(-3, 4, size=(2, 2, 2, 2)).astype(float)
        game = StochasticGame.from_arrays(list(tables), list(rng.dirichlet(np.ones(2), size=(2, 2, 2))), discount)
        if pure_markov(game).solutions:
            return game


@pytest.mark.parametrize("seed", range(24))
def test_random_games_are_sound(seed: int) -> None:
    game = game_with_equilibrium(seed, (0.3, 0.6, 0.85)[seed % 3])
    sets = equilibrium_set(game, tolerance=1e-2)
    weights = (float(np.cos(seed)), float(np.sin(seed)))
    plan = small_plan(sets, 0, weights)
    exact = sets.plan(0, weights)
    value = check(exact, nodes=reachable_nodes(exact, 0)).values[exact.start[[0]].indices[0]]
    sound(plan, float(np.dot(weights, value)))
    if plan.is_small:
        np.testing.assert_allclose(plan.values, walked_values(plan.plan, 250)[plan.plan.start.indices[0]], atol=1e-9)


@pytest.mark.parametrize("weights", [(1, 0), (0, 1), (1, 1)])
def test_withdrawal_has_a_plan_of_two_phases_that_is_exactly_credible(
    withdrawal: EquilibriumSet, form: GameForm, weights: tuple[float, float]
) -> None:
    plan = small_plan(withdrawal, withdrawal.game.start, weights, levels=form.levels)
    assert plan.exact
    assert plan.phases <= WITHDRAWAL_PHASES
    assert plan.exact_phases > 1000
    sound(plan, selected(withdrawal, withdrawal.game.start, weights))
    assert 1 <= plan.parts[1].length <= 12  # a punishment of months, not of years


def test_the_constraint_that_is_told_is_the_tightest_of_those_that_tempt(withdrawal: EquilibriumSet) -> None:
    game = withdrawal.game
    plan = small_plan(withdrawal, game.start)
    untempting = 0
    for told in plan.constraints:
        where = [(told.phase, told.player, s) for s in np.flatnonzero(plan.parts[told.phase].rows >= 0).tolist()]
        found = [module._constraint(game, plan.parts, plan.punishment, plan.worth, each) for each in where]
        tempting = [each.slack for each in found if each is not None and each.now > 0]
        untempting += sum(each.slack < told.slack for each in found if each is not None)
        assert told.now > 0 or not tempting
        assert told.slack == min(tempting, default=told.slack)
    assert untempting > 0  # the rule matters here


def test_without_levels_the_loss_is_no_larger(withdrawal: EquilibriumSet, form: GameForm) -> None:
    """Rules are bought with payoff, within what is allowed."""
    start = withdrawal.game.start
    free, ruled = small_plan(withdrawal, start), small_plan(withdrawal, start, levels=form.levels)
    assert free.loss <= ruled.loss
    assert _length(ruled, form) < _length(free, form)


def _length(plan: SmallPlan, form: GameForm) -> int:
    game = plan.plan.game
    lists = [module.player_rules(game, part.rows, i, form.levels) for part in plan.parts for i in range(2)]
    return sum(module.reading_length(rules) for rules in lists)


@pytest.mark.parametrize("start", [0, 1])
def test_states_that_play_cannot_reach_have_no_row(start: int) -> None:
    """Two prisoners' dilemmas side by side; no nodes for the other one, no constraints from it."""
    laws = [np.broadcast_to(np.eye(2)[s], (2, 2, 2)) for s in range(2)]
    game = StochasticGame.from_arrays([PRISONERS, PRISONERS], laws, 0.6)
    plan = small_plan(equilibrium_set(game), start, (1, 1))
    assert [(part.rows >= 0).tolist() for part in plan.parts] == [[start == 0, start == 1]] * 2
    assert {each.state for each in plan.constraints} == {start}
    assert np.isnan(plan.worth[:, 1 - start]).all()
    sound(plan, 6.0)


def selected(sets: EquilibriumSet, state: int, weights: tuple[float, float]) -> float:
    """What the exact plan is worth that is told shorter: of vertices that tie the one better for both together."""
    return float(sets.inner[state][sets.best_vertex(state, weights)] @ weights)


def test_another_start_than_the_games(withdrawal: EquilibriumSet) -> None:
    plan = small_plan(withdrawal, 0, (1, 0))
    assert plan.start == 0
    assert plan.plan.start[[0]].nnz == 1
    sound(plan, selected(withdrawal, 0, (1, 0)))


def test_the_answer_is_the_same_twice(withdrawal: EquilibriumSet) -> None:
    one, two = (small_plan(withdrawal, withdrawal.game.start) for _ in range(2))
    assert one.status == two.status
    assert all(np.array_equal(a.rows, b.rows) for a, b in zip(one.parts, two.parts, strict=True))


def test_a_departure_leads_to_the_departers_punishment() -> None:
    """Each edge of the machine goes where the phases say."""
    plan = small_plan(equilibrium_set(prisoners(0.3)), 0)
    machine, game = plan.plan, plan.plan.game
    after = machine.next_nodes.toarray()
    for e in range(len(after)):
        phase = int(machine.node_mode[machine.edge_node[e]])
        row, played = int(game.entry_row[machine.edge_entry[e]]), int(plan.parts[phase].rows[0])
        if row == played:
            expected = [1 - plan.parts[phase].leaves, plan.parts[phase].leaves]
            target = np.zeros(2)
            np.add.at(target, [phase, plan.parts[phase].to], expected)
        else:
            target = np.eye(2)[plan.punishment[0 if row // 2 != played // 2 else 1]]
        np.testing.assert_allclose(after[e], target, atol=1e-15)


# --- limits ------------------------------------------------------------------------------------------------------------


def test_an_epsilon_equilibrium_is_called_one() -> None:
    """Always to cooperate leaves a gain of 0.8 at 0.6; who allows that gets one phase, who does not gets grim trigger."""
    sets = equilibrium_set(prisoners(0.6))
    loose, strict = (small_plan(sets, 0, (1, 1), epsilon=epsilon) for epsilon in (0.81, 0.79))
    assert (loose.phases, loose.exact, loose.parts[0].rows.tolist()) == (1, False, [0])
    assert loose.epsilon == pytest.approx(0.8, abs=1e-12)
    assert "epsilon-equilibrium" in loose.status
    assert loose.constraints[0].slack == pytest.approx(-0.8, abs=1e-12)
    assert (strict.phases, strict.exact) == (2, True)


def test_what_is_accepted_and_what_is_preferred() -> None:
    """An exact equilibrium may pay more than the exact plan's vertex; an epsilon-equilibrium that does promises too much."""
    asked = module._Asked((1.0, 0.0), epsilon=0.1, loss=0.5, exact=1e-9)
    cases = [(0.0, -9.0), (0.05, -9.0), (0.05, 0.4), (0.05, 0.6), (0.2, 0.0), (0.0, 0.4), (0.0, 0.6)]
    assert [asked.accepts(gain, loss) for gain, loss in cases] == [True, False, True, False, False, True, False]
    scheme = module._Scheme(("path",), ((1.0, 0.0),), (0.0,), (0,), (0, 0))
    near, exact, worse = (
        module._Candidate(scheme, np.zeros((1, 1), dtype=np.intp), *each) for each in [(0.05, 0.0), (0.0, 0.4), (0.0, 0.5)]
    )
    for pair in [(near, exact), (exact, near), (worse, exact), (exact, worse), (None, exact), (exact, None)]:
        assert module._better(asked, *pair) is exact


def test_a_game_too_large_to_search_keeps_the_exact_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CELLS", 0)
    sets = equilibrium_set(prisoners(0.9))
    plan = small_plan(sets, 0)
    exact = sets.plan(0)
    assert not plan.is_small
    assert (plan.phases, plan.loss, plan.constraints) == (int(reachable_nodes(exact).sum()), 0.0, ())
    assert plan.status.startswith("No small plan")
    np.testing.assert_allclose(plan.values, [13 / 3, 1], atol=1e-6)


def test_a_plan_that_the_checker_refuses_is_not_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search's own arithmetic is not the last word."""
    monkeypatch.setattr(module._Search, "excess", lambda self, scheme, maps, values: np.full_like(values, -1.0))
    plan = small_plan(equilibrium_set(prisoners(0.6)), 0, (1, 1))
    assert plan.epsilon <= 1e-9
    assert not plan.is_small


@pytest.mark.parametrize(
    "wrong",
    [
        {"weights": (1.0, np.nan)},
        {"weights": (1.0,)},
        {"epsilon": -1.0},
        {"most_loss": np.inf},
        {"levels": np.zeros((3, 1), dtype=np.intp)},
    ],
)
def test_wrong_questions_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(GameError):
        small_plan(equilibrium_set(prisoners(0.6)), 0, **wrong)  # type: ignore[arg-type]


# --- the fast steps ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [commons, ragged])
@pytest.mark.parametrize("phase", [0, 1, 2])
def test_single_changes_are_valued_as_if_solved_again(make: object, phase: int) -> None:
    game = make()  # type: ignore[operator]
    search = module._Search(game, 0, (1.0, 0.5), [0])
    scheme = module._Scheme(("a", "b", "c"), ((1.0, 0.0),) * 3, (0.25, 0.5, 0.0), (1, 0, 2), (1, 2))
    maps = np.stack([game.row_start[:-1], game.row_start[1:] - 1, game.row_start[:-1]])
    values, solved = search.responses(scheme, maps)
    changes = module._changes(search, scheme, maps, values, solved, phase)
    changed = changes.values(values, solved)
    excess = module._changed_excess(search, scheme, maps, values, changes, changed)
    for row in range(len(game.payoffs)):
        trial = maps.copy()
        trial[phase, game.row_state[row]] = row
        again = search.values(scheme, trial)
        np.testing.assert_allclose(changed[:, :, row].T, again, atol=1e-11)
        np.testing.assert_allclose(excess[:, row], search.excess(scheme, trial, again).max(axis=1), atol=1e-11)


@pytest.mark.parametrize("make", [commons, ragged])
def test_the_search_and_the_checker_see_the_same_gains_and_nodes(make: object) -> None:
    game = make()  # type: ignore[operator]
    search = module._Search(game, 0, (1.0, 0.0), [0])
    scheme = module._Scheme(("a", "b", "c"), ((1.0, 0.0),) * 3, (0.25, 0.5, 0.0), (1, 0, 2), (1, 2))
    maps = np.stack([game.row_start[:-1], game.row_start[1:] - 1, game.row_start[:-1]])
    values = search.values(scheme, maps)
    machine, reached = module._automaton(search, module._Candidate(scheme, maps, 0.0, 0.0))
    proof = check(machine)
    np.testing.assert_allclose(proof.values, values[reached.ravel()], atol=1e-12)
    assert proof.gain == pytest.approx(max(0.0, search.excess(scheme, maps, values)[reached.ravel()].max()), abs=1e-12)
    assert reachable_nodes(machine).all()


# --- rules -------------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_rules_reproduce_every_choice(data: st.DataObject) -> None:
    sizes = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    levels = np.indices(sizes).reshape(len(sizes), -1).T
    choices = np.array(data.draw(st.lists(st.integers(-1, 3), min_size=len(levels), max_size=len(levels))))
    flags = data.draw(st.lists(st.booleans(), min_size=4 * len(levels), max_size=4 * len(levels)))
    allowed = np.array(flags).reshape(-1, 4)
    asked = choices >= 0
    allowed[np.flatnonzero(asked), choices[asked]] = True
    rules = decision_list(levels, choices, allowed)
    np.testing.assert_array_equal(chosen(rules, levels, allowed)[asked], choices[asked])
    assert rules[-1].conditions == ()
    assert all(rule.conditions or k == len(rules) - 1 or rule.choice >= 0 for k, rule in enumerate(rules))


def test_an_action_that_is_not_always_there_needs_no_condition() -> None:
    """'Redeploy where possible; otherwise strike' is two rules, whatever the levels."""
    levels = np.indices((4, 3)).reshape(2, -1).T
    can = np.stack([levels[:, 0] < 3, np.ones(12, dtype=bool)], axis=1)
    rules = decision_list(levels, np.where(levels[:, 0] < 3, 0, 1), can)
    assert [(rule.conditions, rule.choice) for rule in rules] == [((), 0), ((), 1)]


def test_exclusive_or_takes_two_conditions() -> None:
    levels = np.indices((2, 2)).reshape(2, -1).T
    rules = decision_list(levels, levels[:, 0] ^ levels[:, 1])
    assert [len(rule.conditions) for rule in rules] == [2, 2, 0]
