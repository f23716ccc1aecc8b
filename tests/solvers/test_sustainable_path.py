from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy import sparse

from leverage.certification.checker import check
from leverage.errors import GameError
from leverage.game.automaton import Automaton, join
from leverage.game.node_indices import selection
from leverage.game.stochastic_game import Floats, StochasticGame
from leverage.solvers.declared import judge_plan
from leverage.solvers.equilibrium_set import EquilibriumSet, equilibrium_set
from leverage.solvers.sustainable_path import PathVerdict, sustainable_path
from tests.games import (
    chicken,
    grim_trigger,
    no_choice,
    prisoners_dilemma,
    random_game,
    repeated,
    tit_for_tat,
    two_mode_machine,
    with_structural_zeros,
)

#: The solver's outer bound is this close on these games (its tolerance is 1e-6 of the payoff range).
CLOSE = 1e-7


def always(game: StochasticGame, *actions: int) -> Automaton:
    """Both players' stationary pure play, the same action in each state."""
    lotteries = [[np.eye(game.action_counts[s, i])[a] for s in range(game.n_states)] for i, a in enumerate(actions)]
    return Automaton.stationary(game, lotteries)


def both(machine: object, game: StochasticGame) -> Automaton:
    return join([machine(game, i) for i in (0, 1)])  # type: ignore[operator]


def without_proof(sets: EquilibriumSet) -> EquilibriumSet:
    """The outer bound alone, as a solver leaves it that could prove nothing."""
    states = range(sets.game.n_states)
    return replace(
        sets,
        machine=None,
        inner=tuple(np.zeros((0, 2)) for _ in states),
        vertex_node=tuple(np.zeros(0, dtype=np.intp) for _ in states),
    )


@pytest.mark.parametrize("delta", [0.2, 0.55, 0.599, 0.601, 0.7, 0.95])
def test_cooperation_from_its_closed_form(delta: float) -> None:
    """The second player loses 4 - 7 (1 - d) - 2 d = 5 d - 3 by defecting, the first 4 d - 2, which is more."""
    game = prisoners_dilemma(delta)
    verdict = sustainable_path(equilibrium_set(game), always(game, 0, 0))
    assert verdict.answer == ("sustainable" if delta > 0.6 else "not sustainable")
    assert verdict.margin == pytest.approx((5 * delta - 3, 5 * delta - 3), abs=CLOSE)
    assert verdict.margin[0] <= verdict.margin[1]
    assert verdict.tightest is not None
    assert (verdict.tightest.player, verdict.tightest.played, verdict.tightest.action) == ("2", "1", "2")
    assert (verdict.plan is not None) is (delta > 0.6)


def test_at_the_critical_discount_factor_the_tie_is_exact() -> None:
    game = prisoners_dilemma(0.6)
    verdict = sustainable_path(equilibrium_set(game), always(game, 0, 0))
    assert verdict.answer == "sustainable"
    assert verdict.exact == 0
    assert "exactly" in verdict.status
    assert verdict.plan is not None
    assert verdict.plan.modes == ("always", "punishment, promise 2")  # mutual defection, the only one that is needed


def test_a_gap_below_the_tolerance_is_told_as_the_fraction_that_it_is() -> None:
    """At 1/sqrt(2) nothing is rational; a temptation a little above a tie is no tie, though it counts as none."""
    game = repeated([[3, 0], [5, 1]], [[3, 5], [0, 1]], 0.5)
    payoffs = game.payoffs.copy()
    payoffs[2, 0] += 2e-9  # temptation of the first player; half of it is 1e-9 of 5 times .2
    near = replace(game, payoffs=payoffs)
    verdict = sustainable_path(equilibrium_set(near), always(near, 0, 0))
    assert verdict.answer == "sustainable"
    assert verdict.exact is None
    assert "up to rounding" in verdict.status


def test_players_have_their_own_patience() -> None:
    for delta, answer in (((0.55, 0.65), "sustainable"), ((0.65, 0.55), "not sustainable"), ((0.45, 0.65), "not sustainable")):
        game = prisoners_dilemma(delta)
        verdict = sustainable_path(equilibrium_set(game, tolerance=1e-4), always(game, 0, 0))
        assert verdict.answer == answer
        assert verdict.margin[1] == pytest.approx(min(4 * delta[0] - 2, 5 * delta[1] - 3), abs=1e-6)


def test_without_patience_only_equilibria_of_the_stage_are_paths() -> None:
    game = prisoners_dilemma(0.0)
    sets = equilibrium_set(game)
    assert sustainable_path(sets, always(game, 1, 1)).answer == "sustainable"
    verdict = sustainable_path(sets, always(game, 0, 0))
    assert verdict.answer == "not sustainable"
    assert verdict.margin == pytest.approx((-3, -3))


def test_the_path_of_tit_for_tat_is_credible_though_its_threats_are_not() -> None:
    game = prisoners_dilemma(0.9)
    profile = both(tit_for_tat, game)
    assert not judge_plan(profile).subgame_perfect
    verdict = sustainable_path(equilibrium_set(game), profile)
    assert verdict.answer == "sustainable"
    assert verdict.plan is not None
    assert_proved(verdict, profile)


def assert_proved(verdict: PathVerdict, profile: Automaton) -> None:
    """The plan is an equilibrium, and it does and pays the same as the profile as long as nobody departs."""
    plan, game = verdict.plan, profile.game
    assert plan is not None
    certificate = check(plan)
    assert certificate.gain == verdict.certificate <= 1e-9 * game.payoff_range + 4 * certificate.error
    declared = check(profile).values
    assert plan.start[[game.start]] @ certificate.values == pytest.approx(
        profile.start[[game.start]] @ declared, abs=1e-9 * game.payoff_range
    )
    assert np.array_equal(steps_of_play(plan), steps_of_play(profile))


def steps_of_play(plan: Automaton, periods: int = 5) -> Floats:
    """(periods, R): chance of each row if nobody departs."""
    game, found = plan.game, []
    chance = np.asarray(plan.start[[game.start]].toarray())[0]
    lotteries = [[plan.lottery(i, k) for k in range(plan.n_nodes)] for i in (0, 1)]
    for _ in range(periods):
        rows, following = np.zeros(len(game.payoffs)), np.zeros(plan.n_nodes)
        for k in np.flatnonzero(chance):
            for e in range(plan.edge_start[k], plan.edge_start[k + 1]):
                row = game.entry_row[plan.edge_entry[e]]
                likely = (
                    chance[k] * np.prod([lotteries[i][k][game.row_action[i][row]] for i in (0, 1)]) * plan.edge_probability[e]
                )
                rows[row] += likely
                following += likely * plan.next_nodes[[e]].toarray()[0]
        found.append(rows)
        chance = following
    return np.round(found, 9)


@pytest.mark.parametrize(("delta", "answer"), [(0.39, "not sustainable"), (0.41, "sustainable"), (0.8, "sustainable")])
def test_turns_that_a_public_lottery_gives(delta: float, answer: str) -> None:
    """One cooperates alone, drawn each period: 2.5 d at its node against 1 by departing."""
    game = repeated([[3, 0], [5, 1]], [[3, 5], [0, 1]], delta)
    profile = drawn_turns(game)
    verdict = sustainable_path(equilibrium_set(game), profile)
    assert verdict.answer == answer
    assert verdict.margin == pytest.approx((2.5 * delta - 1,) * 2, abs=CLOSE)
    if answer == "sustainable":
        assert_proved(verdict, profile)


def drawn_turns(game: StochasticGame) -> Automaton:
    lottery = sparse.csr_array(np.full((8, 2), 0.5))
    return Automaton(
        game=game,
        players=(0, 1),
        modes=("first gives", "second gives"),
        node_mode=np.array([0, 1]),
        node_state=np.array([0, 0]),
        lotteries=(np.array([1.0, 0.0, 0.0, 1.0]), np.array([0.0, 1.0, 1.0, 0.0])),
        next_nodes=lottery,
        start=sparse.csr_array(np.array([[0.5, 0.5]])),
    )


def test_what_a_profile_does_after_departures_is_not_asked() -> None:
    """After a departure both cooperate or throw a coin: neither is credible, and neither matters."""
    game = prisoners_dilemma(0.7)
    sets = equilibrium_set(game)
    forgiving = sustainable_path(sets, always(game, 0, 0))
    after = np.array([0, 1, 1, 1, 1, 1, 1, 1])
    coins = [two_mode_machine(game, i, ("trust", "coin"), after, np.array([1.0, 0.0, 0.5, 0.5])) for i in (0, 1)]
    coin = sustainable_path(sets, join(coins))
    assert coin.answer == forgiving.answer == "sustainable"
    assert coin.margin == pytest.approx(forgiving.margin, abs=1e-12)


def test_mixed_actions_on_the_path_are_not_defined() -> None:
    game = chicken(0.9)
    mixed = Automaton.stationary(game, [[[2 / 3, 1 / 3]], [[2 / 3, 1 / 3]]])
    verdict = sustainable_path(equilibrium_set(game), mixed)
    assert verdict.answer == "not defined"
    assert np.isnan(verdict.margin).all()
    assert "mixed actions" in verdict.status


def test_between_the_bounds_nothing_is_told() -> None:
    """True worst payoff 2, bound lowered to 1.5: 4 - 7 (.45) - .55 (2) = -.25 and 4 - 3.15 - .55 (1.5) = .025 with the bound."""
    game = prisoners_dilemma(0.55)
    sets = equilibrium_set(game)
    bounds = sets.bounds.copy()
    bounds[0, 1, 0] = 1.5
    verdict = sustainable_path(replace(sets, bounds=bounds), always(game, 0, 0))
    assert verdict.answer == "cannot be told"
    assert verdict.margin == pytest.approx((-0.25, 0.025), abs=CLOSE)
    assert "smaller tolerance" in verdict.status
    assert verdict.plan is None


def test_what_is_credible_as_written_is_told_without_any_proved_set() -> None:
    game = prisoners_dilemma(0.7)
    bare = without_proof(equilibrium_set(game))
    written = sustainable_path(bare, both(grim_trigger, game))
    assert written.answer == "sustainable"
    assert written.plan is not None
    assert written.margin[0] == pytest.approx(0.5)
    bald = sustainable_path(bare, always(game, 0, 0))
    assert bald.answer == "cannot be told"
    assert bald.margin[0] == -np.inf
    assert "nothing is proved" in bald.status


def test_a_paths_own_nodes_punish() -> None:
    """Mutual defection needs nothing but itself, whatever is written for after a departure; one node then is the whole plan."""
    game = prisoners_dilemma(0.7)
    after = np.array([1, 1, 1, 0, 1, 1, 1, 1])  # defect; once anybody has cooperated, cooperate for ever
    soft = [two_mode_machine(game, i, ("defect", "give in"), after, np.array([0.0, 1.0, 1.0, 0.0])) for i in (0, 1)]
    assert not judge_plan(join(soft)).subgame_perfect
    verdict = sustainable_path(without_proof(equilibrium_set(game)), join(soft))
    assert verdict.answer == "sustainable"
    assert verdict.plan is not None
    assert verdict.plan.n_nodes == 1
    assert verdict.margin[0] == pytest.approx(0.3)  # (1 - d) (P - S)


def test_mixed_punishments_prove_nothing_about_pure_actions() -> None:
    """Both swerve; after a departure the mixed equilibrium, 14/3 each. That is credible as written, but the sets are those of
    pure actions."""
    game = chicken(0.9)
    after = np.array([0, 1, 1, 1, 1, 1, 1, 1])
    machines = [two_mode_machine(game, i, ("kind", "mixed"), after, np.array([1.0, 0.0, 2 / 3, 1 / 3])) for i in (0, 1)]
    assert judge_plan(join(machines)).subgame_perfect
    assert sustainable_path(without_proof(equilibrium_set(game)), join(machines)).answer == "cannot be told"


def test_the_checker_has_the_last_word() -> None:
    """Sets that claim to have proved a worst payoff of 1.5, where the machine pays 2: the automaton does not pass."""
    game = prisoners_dilemma(0.55)
    sets = equilibrium_set(game)
    bounds, claimed = sets.bounds.copy(), sets.inner[0].copy()
    bounds[0, 1, 0] = 1.5
    claimed[:, 1] = np.where(np.isclose(claimed[:, 1], 2.0), 1.5, claimed[:, 1])
    verdict = sustainable_path(replace(sets, bounds=bounds, inner=(claimed,)), always(game, 0, 0))
    assert verdict.answer == "cannot be told"
    assert verdict.plan is None


def test_a_state_to_which_only_both_together_can_depart_needs_an_equilibrium_too() -> None:
    """Both play 1 in state 1; by 2 and 2 together they come to state 2, where the first should take 1 but is written to take
    nothing."""
    law = np.broadcast_to([1.0, 0.0], (2, 2, 2)).copy()
    law[1, 1] = [0.0, 1.0]
    tables = [np.array([[[2.0, 2.0], [0.0, 0.0]], [[0.0, 0.0], [1.0, 1.0]]]), np.array([[[1.0, 0.0]], [[0.0, 0.0]]])]
    game = StochasticGame.from_arrays(tables, [law, np.broadcast_to([0.0, 1.0], (2, 1, 2))], 0.5)
    profile = Automaton.stationary(game, [[[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [1.0]]])
    sets = equilibrium_set(game)
    assert sustainable_path(sets, profile).answer == "sustainable"
    assert_proved(sustainable_path(sets, profile), profile)
    assert sustainable_path(without_proof(sets), profile).answer == "cannot be told"


def test_the_bound_names_the_departure_where_nothing_is_proved() -> None:
    """4 d - 2 = -1.2 for the first player, 5 d - 3 = -.05 for the second."""
    game = prisoners_dilemma((0.2, 0.59))
    verdict = sustainable_path(without_proof(equilibrium_set(game, tolerance=1e-4)), always(game, 0, 0))
    assert verdict.answer == "not sustainable"
    assert verdict.tightest is not None
    assert verdict.tightest.player == "1"
    assert verdict.tightest.slack_bound == verdict.margin[1] == pytest.approx(-1.2, abs=1e-6)
    assert verdict.margin[0] == -np.inf


def test_every_outcome_of_the_lottery_at_the_start_is_on_the_path() -> None:
    """Defection for ever or cooperation for ever: the second is not sustainable at .55, though it comes with a small chance
    only."""
    game = prisoners_dilemma(0.55)
    profile = replace(
        drawn_turns(game),
        lotteries=(np.array([0.0, 1.0, 1.0, 0.0]),) * 2,
        next_nodes=selection(np.repeat([0, 1], 4), 2),
        start=sparse.csr_array(np.array([[0.999, 0.001]])),
    )
    assert sustainable_path(equilibrium_set(game), profile).answer == "not sustainable"


def pennies_ahead(*, safe: bool) -> tuple[StochasticGame, EquilibriumSet]:
    """State 1: the first player stays or, if not `safe`, may go to state 2, matching pennies for ever. State 3 stands alone."""
    pennies = [[[1.0, -1.0], [-1.0, 1.0]], [[-1.0, 1.0], [1.0, -1.0]]]
    go = [0.0, 0.0, 1.0] if safe else [0.0, 1.0, 0.0]
    law = [[[[1.0, 0.0, 0.0]], [go]], np.broadcast_to([0.0, 1.0, 0.0], (2, 2, 3)), np.broadcast_to([0.0, 0.0, 1.0], (1, 1, 3))]
    game = StochasticGame.from_arrays([[[[5.0, 5.0]], [[0.0, 0.0]]], pennies, [[[0.0, 0.0]]]], law, 0.5)
    sets = equilibrium_set(game)
    assert np.isnan(sets.bounds[1]).all()
    return game, sets


def staying(game: StochasticGame) -> Automaton:
    return Automaton.stationary(game, [[[1.0, 0.0], [1.0, 0.0], [1.0]], [[1.0], [1.0, 0.0], [1.0]]])


def test_no_punishment_exists_where_no_equilibrium_does() -> None:
    game, sets = pennies_ahead(safe=False)
    verdict = sustainable_path(sets, staying(game))
    assert verdict.answer == "not sustainable"
    assert verdict.tightest is not None
    assert (verdict.tightest.player, verdict.tightest.action, verdict.tightest.place) == ("1", "2", "1")
    assert verdict.status.startswith(
        "The path is not sustainable: no punishment exists for 1, who by 2 instead of 1 at 1 can bring"
    )
    assert "state '2', where there is no equilibrium in pure actions" in verdict.status


def test_a_path_that_itself_comes_to_a_state_without_equilibrium() -> None:
    game, sets = pennies_ahead(safe=False)
    begun = replace(game, start=1)
    verdict = sustainable_path(replace(sets, game=begun), staying(begun))
    assert verdict.answer == "not sustainable"
    assert "it comes to state '2'" in verdict.status


@pytest.mark.parametrize("stored_zeros", [False, True])
def test_states_without_equilibrium_that_cannot_be_reached_do_not_matter(stored_zeros: bool) -> None:
    """Going pays 0 for ever: 5 are lost. A transition of chance 0 to state 2 may be stored all the same."""
    game, sets = pennies_ahead(safe=True)
    if stored_zeros:
        game = with_structural_zeros(game)
        sets = equilibrium_set(game)
    verdict = sustainable_path(sets, staying(game))
    assert verdict.answer == "sustainable"
    assert verdict.margin == pytest.approx((5.0, 5.0))
    assert_proved(verdict, staying(game))


def test_nobody_can_depart_where_nobody_has_a_choice() -> None:
    game = StochasticGame.from_arrays([[[[1.0, 2.0]]], [[[0.0, 4.0]]]], [[[[0.5, 0.5]]], [[[0.0, 1.0]]]], 0.5)
    verdict = sustainable_path(equilibrium_set(game), no_choice(game))
    assert verdict.answer == "sustainable"
    assert verdict.margin == (np.inf, np.inf)
    assert verdict.tightest is None


def test_a_game_in_which_nothing_matters() -> None:
    game = repeated([[0.1, 0.1], [0.1, 0.1]], [[0.3, 0.3], [0.3, 0.3]], 0.9)
    assert game.payoff_range == 0
    verdict = sustainable_path(equilibrium_set(game), always(game, 0, 1))
    assert verdict.answer == "sustainable"
    assert verdict.exact == 0


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_units_do_not_matter(factor: float) -> None:
    for delta, answer in ((0.599, "not sustainable"), (0.601, "sustainable")):
        game = prisoners_dilemma(delta)
        scaled = replace(game, payoffs=factor * game.payoffs + 7 * factor)
        verdict = sustainable_path(equilibrium_set(scaled), always(scaled, 0, 0))
        assert verdict.answer == answer
        assert verdict.margin[1] == pytest.approx(factor * (5 * delta - 3), abs=factor * CLOSE)


# --- generated games against a plain twin --------------------------------------------------------------------------------


def plain_slack(profile: Automaton, worst: Floats) -> float:
    """Loops over histories' nodes, players and actions: the smallest loss by a departure that leaves `worst` (S, 2)."""
    game, values = profile.game, check(profile, nodes=np.ones(profile.n_nodes, dtype=bool)).values
    smallest, seen = np.inf, set()
    frontier = [int(k) for k in profile.start[[game.start]].indices]
    while frontier:
        k = frontier.pop()
        if k in seen:
            continue
        seen.add(k)
        s = int(profile.node_state[k])
        played = tuple(int(np.argmax(profile.lottery(i, k))) for i in (0, 1))
        payoffs, law = game.stage_payoffs(s), game.stage_transitions(s)
        for i in (0, 1):
            for a in range(game.action_counts[s, i]):
                other = (a, played[1]) if i == 0 else (played[0], a)
                if a != played[i]:
                    d = game.discount[i]
                    smallest = min(smallest, values[k, i] - (1 - d) * payoffs[other][i] - d * law[other] @ worst[:, i])
        for e in range(profile.edge_start[k], profile.edge_start[k + 1]):
            entry = profile.edge_entry[e]
            row = game.entry_row[entry]
            if profile.edge_probability[e] > 0 and tuple(int(game.row_action[i][row]) for i in (0, 1)) == played:
                frontier += [int(n) for n in profile.next_nodes[[e]].indices]
    return float(smallest)


@pytest.mark.parametrize("seed", range(12))
def test_generated_games_against_a_plain_twin(seed: int) -> None:
    """All stationary pure profiles of a ragged game with chance and structural zeros, each answer against loops and its proof."""
    game = with_structural_zeros(random_game(seed, delta=(0.6, 0.7) if seed % 2 else 0.65))
    sets = equilibrium_set(game, tolerance=1e-3)
    inner = np.array([x.min(axis=0) if len(x) else [np.nan, np.nan] for x in sets.inner])
    answers = set()
    for profile in stationary_pure(game, limit=60):
        verdict = sustainable_path(sets, profile)
        answers.add(verdict.answer)
        if np.isnan(sets.bounds[game.start]).any():
            assert verdict.answer == "not sustainable"
            assert not judge_plan(profile).subgame_perfect
            continue
        assert verdict.margin[1] == pytest.approx(plain_slack(profile, sets.bounds[:, :, 0]), abs=1e-9)
        if verdict.answer != "sustainable":
            assert verdict.margin[0] == pytest.approx(plain_slack(profile, inner), abs=1e-9)
            assert not judge_plan(profile).subgame_perfect
        else:
            assert_proved(verdict, profile)
    assert answers <= {"sustainable", "not sustainable", "cannot be told"}


def stationary_pure(game: StochasticGame, limit: int) -> list[Automaton]:
    """Stationary pure profiles, evenly over all of them."""
    choices = [range(int(game.action_counts[s, i])) for i in (0, 1) for s in range(game.n_states)]
    every = list(product(*choices))
    size = game.n_states
    return [
        Automaton.stationary(
            game,
            [[np.eye(int(game.action_counts[s, i]))[pick[i * size + s]] for s in range(size)] for i in (0, 1)],
        )
        for pick in every[:: max(1, len(every) // limit)]
    ]


def test_actions_that_nobody_may_depart_to_tempt_nobody() -> None:
    """Defection may be prescribed, and may punish, but the second player may not depart to it: only the first needs 2 - 4 d <=
    0."""
    mask = [[[True, True], [True, False]]]
    for delta, answer in ((0.51, "sustainable"), (0.49, "not sustainable")):
        game = prisoners_dilemma(delta)
        verdict = sustainable_path(equilibrium_set(game, deviation=mask), always(game, 0, 0), deviation=mask)
        assert verdict.answer == answer
        assert verdict.margin[1] == pytest.approx(4 * delta - 2, abs=CLOSE)
        assert verdict.tightest is not None
        assert verdict.tightest.player == "1"
    with pytest.raises(GameError, match="deviation"):
        sustainable_path(equilibrium_set(game), always(game, 0, 0), deviation=[[[True], [True]]])


def test_another_game_and_half_a_profile_are_refused() -> None:
    game = prisoners_dilemma(0.7)
    sets = equilibrium_set(game)
    with pytest.raises(GameError, match="another game"):
        sustainable_path(sets, always(prisoners_dilemma(0.7), 0, 0))
    with pytest.raises(GameError, match="all 2 players"):
        sustainable_path(sets, Automaton.stationary(game, [[[1.0, 0.0]]], players=[0]))
    with pytest.raises(GameError, match="no start"):
        sustainable_path(sets, replace(always(game, 0, 0), start=sparse.csr_array((1, 1))))


def test_an_empty_selection_of_nodes_is_no_plan() -> None:
    game = prisoners_dilemma(0.7)
    broken = replace(always(game, 0, 0), next_nodes=sparse.csr_array(selection(np.zeros(4, dtype=np.intp), 1) * 0.5))
    with pytest.raises(GameError, match="play leaves the plan"):
        sustainable_path(equilibrium_set(game), broken)
