"""What is checked of plans that people read, of paths, of patience, and of gains in fractions; see `test_mutations.py`."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from leverage.certification.checker import check
from leverage.errors import GameError
from leverage.game.automaton import Automaton, join, reachable_nodes
from leverage.game.stochastic_game import StochasticGame
from leverage.solvers.equilibrium_set import equilibrium_set
from tests.certification.test_exact import _random_fractions, grim, public_lottery
from tests.games import (
    chicken,
    grim_trigger,
    matching_pennies,
    no_choice,
    prisoners_dilemma,
    random_game,
    repeated,
    two_mode_machine,
)
from tests.solvers.test_patience import feast, feast_after_famine
from tests.solvers.test_small_plan import commons, prisoners, ragged, walked_values
from tests.solvers.test_sustainable_path import (
    always,
    assert_proved,
    both,
    drawn_turns,
    pennies_ahead,
    plain_slack,
    stationary_pure,
    staying,
    without_proof,
)


def mixing(game: StochasticGame, *lotteries: tuple[float, float]) -> Automaton:
    """Both players' lotteries in a game of one state."""
    return Automaton.stationary(game, [[np.array(own)] for own in lotteries])


# --- gains in fractions ----------------------------------------------------------------------------------------------------


def check_exact(module: ModuleType) -> None:
    for delta, gain in ((0.6, 0), (0.599999, Fraction(5, 10**6)), (0.9, Fraction(-1, 10)), ((0.499999, 0.7), Fraction(4, 10**6))):
        assert module.exact_gain(grim(delta)) == gain
    for chance, gain in ((0.5, 0), (0.51, Fraction(3, 200)), (0.49, Fraction(-3, 200))):
        assert module.exact_gain(public_lottery(0.75, chance)) == gain
    assert module.exact_gain(mixing(chicken(0.7), (2 / 3, 1 / 3), (2 / 3, 1 / 3))) == 0
    for seed in range(6):
        plan = _random_fractions(seed)
        assert max(0.0, float(module.exact_gain(plan))) == pytest.approx(check(plan).gain, abs=1e-12)
    _three_nodes(module)
    _what_is_not_decided(module)


def _three_nodes(module: ModuleType) -> None:
    """Each state leads to each with a chance in eighths; payoffs in tenths."""
    random = np.random.default_rng(2)
    laws = (1 + random.multinomial(5, np.ones(3) / 3, (3, 2, 2))) / 8
    tables = random.integers(-20, 20, (3, 2, 2, 2)) / 10
    game = StochasticGame.from_arrays(list(tables), list(laws), (0.7, 0.9))
    plan = always(game, 0, 1)
    float_gains = check(plan).by_player
    found = module.exact_gain(plan)
    assert float(found) == pytest.approx(max(float_gains), abs=1e-12)
    assert found > 0


def _what_is_not_decided(module: ModuleType) -> None:
    assert module.exact_gain(no_choice(StochasticGame.from_arrays([[[[1 / 3, 2.0]]]], [[[[1.0]]]], 0.5))) == 0
    assert module.exact_gain(grim(1 / np.sqrt(2))) is None
    assert module.exact_gain(grim(0.6), most_nodes=1) is None
    assert module.exact_gain(grim(0.6), most_nodes=2) == 0
    plan = mixing(chicken(0.9), (0.4, 0.6), (1.0, 0.0))
    assert module.exact_gain(plan) is not None
    assert module.exact_gain(replace(plan, lotteries=(np.array([0.4, 0.6 - 1e-6]), plan.lotteries[1]))) is None
    assert [module.rational(x) for x in (0.1, 2 / 3, 0.1 + 0.2)] == [Fraction(1, 10), Fraction(2, 3), None]
    with pytest.raises(GameError, match="all 2 players"):
        module.exact_gain(grim_trigger(prisoners_dilemma(0.6), 0))
    with pytest.raises(GameError, match="no start"):
        module.exact_gain(replace(plan, start=type(plan.start)(plan.start.shape)))


# --- decision lists --------------------------------------------------------------------------------------------------------


def _first_that_fits(rules: Any, levels: Any, allowed: Any) -> list[int]:
    """What a reader does: the first rule whose conditions hold and whose choice the state allows."""
    found = []
    for state, can in zip(levels.tolist(), allowed, strict=True):
        fits = (r.choice for r in rules if all(state[c.variable] in c.levels for c in r.conditions) and r.choice >= 0)
        found.append(next((choice for choice in fits if can[choice]), -1))
    return found


def check_decision_list(module: ModuleType) -> None:
    random = np.random.default_rng(5)
    for sizes in ((4,), (3, 2), (4, 3), (2, 2, 3), (5, 4)):
        levels = np.indices(sizes).reshape(len(sizes), -1).T
        for spread in (1, 2, 3):
            choices = random.integers(-1, spread + 1, len(levels))
            allowed = random.random((len(levels), 4)) < 0.6
            allowed[np.flatnonzero(choices >= 0), choices[choices >= 0]] = True
            rules = module.decision_list(levels, choices, allowed)
            plain = _first_that_fits(rules, levels, allowed)
            assert [c for c, asked in zip(plain, choices, strict=True) if asked >= 0] == choices[choices >= 0].tolist()
            assert module.chosen(rules, levels, allowed).tolist() == plain
            assert rules[-1].conditions == ()
            _no_rule_is_idle(module, rules, levels, choices, allowed)
    _how_long_lists_are(module)


def _no_rule_is_idle(module: ModuleType, rules: Any, levels: Any, choices: Any, allowed: Any) -> None:
    asked = choices >= 0
    for k in range(len(rules) - 1):
        fewer = module.chosen(rules[:k] + rules[k + 1 :], levels, allowed)
        assert not np.array_equal(fewer[asked], choices[asked])


def _how_long_lists_are(module: ModuleType) -> None:
    """Shapes of choices whose shortest lists are known; actions that a state lacks need no condition."""
    line, square = np.arange(6)[:, None], np.indices((2, 2)).reshape(2, -1).T
    grid = np.indices((4, 4)).reshape(2, -1).T
    cube = np.indices((2, 2, 2)).reshape(3, -1).T
    corner = (grid[:, 0] >= 2) & (grid[:, 1] >= 2)
    cases = [
        (3, line, np.array([0, 0, 0, 1, 1, 1])),
        (3, line, np.array([0, 0, 1, 0, 0, 0])),
        (3, line, np.array([1, 1, 1, 1, 0, 0])),
        (4, grid, corner.astype(int)),
        (4, grid, ((grid[:, 0] <= 2) & (grid[:, 1] <= 2)).astype(int)),
        (7, square, square[:, 0] ^ square[:, 1]),
        (17, cube, cube.sum(axis=1) % 2),
        (1, line, np.full(6, 2)),
        (1, line, np.full(6, -1)),
    ]
    for length, levels, choices in cases:
        rules = module.decision_list(levels, choices)
        assert module.reading_length(rules) == length
        every = np.ones((len(levels), 3), dtype=bool)
        assert module.chosen(rules, levels, every).tolist() == choices.tolist()
    can = np.stack([grid[:, 0] < 3, np.ones(16, dtype=bool)], axis=1)
    rules = module.decision_list(grid, np.where(grid[:, 0] < 3, 0, 1), can)
    assert [(rule.conditions, rule.choice) for rule in rules] == [((), 0), ((), 1)]
    first, second, rest = (module.Rule((), choice) for choice in (1, 2, 1))
    where = [np.array(places) for places in ([True, False, False], [False, True, False], [True, True, True])]
    assert module._without_needless((first, second, rest), where, np.array([1, 2, 1])) == (second, rest)
    assert module.decision_list(line, np.array([-1, 1, 1, -1, 1, -1]))[-1].choice == 1


# --- small plans -----------------------------------------------------------------------------------------------------------


def check_small_plan(module: ModuleType) -> None:
    _textbook_plans(module)
    _fast_steps(module)
    _what_is_preferred(module)
    _what_is_asked_of_plans(module)


def _textbook_plans(module: ModuleType) -> None:
    """Grim trigger; as much exploitation as the other bears; turns; defection for ever."""
    cases: list[tuple[Any, ...]] = [
        (0.6, (1, 1), [[0], [3]], [np.inf, np.inf], (1, 1), [3, 3]),
        (0.9, (1, 0), [[2], [0], [3]], [18.0, np.inf, np.inf], (2, 2), [13 / 3, 1]),
        (0.3, (1, 0), [[2], [1]], None, (1, 0), [4, 1]),
        ((0.1, 0.15), (1, 0), [[3]], [np.inf], (0, 0), [1, 1]),
    ]
    for discount, weights, rows, lengths, punishment, values in cases:
        plan = module.small_plan(equilibrium_set(prisoners(discount), tolerance=1e-4), 0, weights)
        assert [part.rows.tolist() for part in plan.parts] == rows
        assert plan.punishment == punishment
        assert plan.exact
        np.testing.assert_allclose(plan.values, values, atol=1e-3)
        if lengths is not None:
            assert [part.length for part in plan.parts] == pytest.approx(lengths, rel=1e-3)
        _plan_is_sound(plan)
    told = module.small_plan(equilibrium_set(prisoners(0.6)), 0, (1, 1)).constraints[0]
    np.testing.assert_allclose([told.now, told.later, told.slack], [0.8, 1.2, 0.4], atol=1e-12)
    assert (told.kind, told.played, told.action) == ("promise", "1", "2")
    assert module.Constraint("promise", 0, 0, 0, "1", "2", following=1.0, departing=1.5, now=0.0).tempts(1e-9)
    assert module._vertex_rows(equilibrium_set(prisoners(0.3)), (1.0, 0.0)).tolist() == [2]
    _plan_is_sound(module.small_plan(equilibrium_set(commons(), tolerance=1e-4), 0, (1, 1)))
    dilemma = prisoners(0.6).stage_payoffs(0)
    laws = [np.broadcast_to(np.eye(2)[s], (2, 2, 2)) for s in range(2)]
    apart = StochasticGame.from_arrays([dilemma, dilemma], laws, 0.6)
    for start in (0, 1):
        plan = module.small_plan(equilibrium_set(apart), start, (1, 1))
        assert [(part.rows >= 0).tolist() for part in plan.parts] == [[start == 0, start == 1]] * 2


def _plan_is_sound(plan: Any) -> None:
    proof = check(plan.plan, nodes=reachable_nodes(plan.plan, plan.start))
    assert plan.epsilon == proof.gain
    np.testing.assert_allclose(plan.values, walked_values(plan.plan, 300)[plan.plan.start.indices[0]], atol=1e-9)
    assert plan.phases == len(plan.parts) == len(np.unique(plan.plan.node_mode))
    slack = min(each.slack for each in plan.constraints)
    assert slack >= -1e-9
    for phase, part in enumerate(plan.parts):
        assert np.flatnonzero(part.rows >= 0).tolist() == sorted(plan.plan.node_state[plan.plan.node_mode == phase])
        assert {each.kind for each in plan.constraints if each.phase == phase} <= {
            "threat" if part.name.startswith("punishment") and phase in plan.punishment else "promise"
        }


def _fast_steps(module: ModuleType) -> None:
    """Single changes are valued as if solved again; the search sees the checker's values, gains and nodes."""
    for game in (commons(), ragged()):
        search = module._Search(game, 0, (1.0, 0.5), [0])
        scheme = module._Scheme(("a", "b", "c"), ((1.0, 0.0),) * 3, (0.25, 0.5, 0.0), (1, 0, 2), (1, 2))
        maps = np.stack([game.row_start[:-1], game.row_start[1:] - 1, game.row_start[:-1]])
        values, solved = search.responses(scheme, maps)
        machine, reached = module._automaton(search, module._Candidate(scheme, maps, 0.0, 0.0))
        proof = check(machine)
        np.testing.assert_allclose(proof.values, values[reached.ravel()], atol=1e-12)
        gains = search.excess(scheme, maps, values)[reached.ravel()]
        assert proof.gain == pytest.approx(max(0.0, gains.max()), abs=1e-12)
        assert reachable_nodes(machine).all()
        for phase, row in itertools.product(range(3), range(len(game.payoffs))):
            changes = module._changes(search, scheme, maps, values, solved, phase)
            changed = changes.values(values, solved)
            excess = module._changed_excess(search, scheme, maps, values, changes, changed)
            trial = maps.copy()
            trial[phase, game.row_state[row]] = row
            again = search.values(scheme, trial)
            np.testing.assert_allclose(changed[:, :, row].T, again, atol=1e-11)
            np.testing.assert_allclose(excess[:, row], search.excess(scheme, trial, again).max(axis=1), atol=1e-11)


def _what_is_preferred(module: ModuleType) -> None:
    asked = module._Asked((1.0, 0.0), epsilon=0.1, loss=0.5, exact=1e-9)
    cases = [(0.0, -9.0), (0.05, -9.0), (0.05, 0.4), (0.05, 0.6), (0.2, 0.0), (0.0, 0.4), (0.0, 0.6)]
    assert [asked.accepts(gain, loss) for gain, loss in cases] == [True, False, True, False, False, True, False]
    scheme = module._Scheme(("path",), ((1.0, 0.0),), (0.0,), (0,), (0, 0))
    near, exact, worse = (
        module._Candidate(scheme, np.zeros((1, 1), dtype=np.intp), *each) for each in [(0.05, 0.0), (0.0, 0.4), (0.0, 0.5)]
    )
    for pair in [(near, exact), (exact, near), (worse, exact), (exact, worse), (None, exact), (exact, None)]:
        assert module._better(asked, *pair) is exact


def _what_is_asked_of_plans(module: ModuleType) -> None:
    sets = equilibrium_set(prisoners(0.6))
    loose, strict = (module.small_plan(sets, 0, (1, 1), epsilon=epsilon) for epsilon in (0.81, 0.79))
    assert (loose.phases, loose.exact, strict.phases, strict.exact) == (1, False, 2, True)
    assert loose.constraints[0].slack == pytest.approx(-0.8, abs=1e-12)
    for wrong in ({"weights": (1.0, np.nan)}, {"weights": (1.0,)}, {"epsilon": -1.0}, {"most_loss": np.inf}):
        with pytest.raises(GameError):
            module.small_plan(sets, 0, **wrong)
    with pytest.raises(GameError):
        module.small_plan(sets, 0, levels=np.zeros((3, 1), dtype=np.intp))


# --- paths -----------------------------------------------------------------------------------------------------------------


def check_sustainable_path(module: ModuleType) -> None:
    for delta in (0.2, 0.599, 0.601, 0.95):
        game = prisoners_dilemma(delta)
        verdict = module.sustainable_path(equilibrium_set(game), always(game, 0, 0))
        assert verdict.answer == ("sustainable" if delta > 0.6 else "not sustainable")
        assert verdict.margin == pytest.approx((5 * delta - 3,) * 2, abs=1e-7)
        assert (verdict.tightest.player, verdict.tightest.played, verdict.tightest.action) == ("2", "1", "2")
    for delta, answer in (((0.55, 0.65), "sustainable"), ((0.65, 0.55), "not sustainable"), ((0.45, 0.65), "not sustainable")):
        game = prisoners_dilemma(delta)
        assert module.sustainable_path(equilibrium_set(game, tolerance=1e-4), always(game, 0, 0)).answer == answer
    for delta, answer in ((0.39, "not sustainable"), (0.41, "sustainable")):
        game = repeated([[3, 0], [5, 1]], [[3, 5], [0, 1]], delta)
        verdict = module.sustainable_path(equilibrium_set(game), drawn_turns(game))
        assert verdict.answer == answer
        assert verdict.margin == pytest.approx((2.5 * delta - 1,) * 2, abs=1e-7)
    _what_proves_paths(module)
    _where_paths_may_lead(module)
    _paths_by_a_plain_twin(module)


def _what_proves_paths(module: ModuleType) -> None:
    game = prisoners_dilemma(0.7)
    sets = equilibrium_set(game)
    bare = without_proof(sets)
    assert module.sustainable_path(bare, both(grim_trigger, game)).margin[0] == pytest.approx(0.5)
    bald = module.sustainable_path(bare, always(game, 0, 0))
    assert (bald.answer, bald.margin[0], bald.plan) == ("cannot be told", -np.inf, None)
    assert module.sustainable_path(bare, always(game, 1, 1)).margin[0] == pytest.approx(0.3)
    after = np.array([1, 1, 1, 0, 1, 1, 1, 1])  # defect; once anybody has cooperated, cooperate for ever
    soft = [two_mode_machine(game, i, ("defect", "give in"), after, np.array([0.0, 1.0, 1.0, 0.0])) for i in (0, 1)]
    assert module.sustainable_path(bare, join(soft)).margin[0] == pytest.approx(0.3)
    uneven = prisoners_dilemma((0.2, 0.59))
    refused = module.sustainable_path(without_proof(equilibrium_set(uneven, tolerance=1e-4)), always(uneven, 0, 0))
    assert (refused.answer, refused.tightest.player) == ("not sustainable", "1")
    tied = prisoners_dilemma(0.6)
    tie = module.sustainable_path(equilibrium_set(tied), always(tied, 0, 0))
    assert (tie.answer, tie.exact) == ("sustainable", 0)
    mixed = mixing(chicken(0.9), (2 / 3, 1 / 3), (2 / 3, 1 / 3))
    assert module.sustainable_path(equilibrium_set(mixed.game), mixed).answer == "not defined"
    mask = [[[True, True], [True, False]]]
    for delta, answer in ((0.51, "sustainable"), (0.49, "not sustainable")):
        game = prisoners_dilemma(delta)
        verdict = module.sustainable_path(equilibrium_set(game, deviation=mask), always(game, 0, 0), deviation=mask)
        assert (verdict.answer, verdict.tightest.player) == (answer, "1")
    with pytest.raises(GameError, match="another game"):
        module.sustainable_path(sets, always(prisoners_dilemma(0.7), 0, 0))


def _where_paths_may_lead(module: ModuleType) -> None:
    game, sets = pennies_ahead(safe=False)
    verdict = module.sustainable_path(sets, staying(game))
    assert (verdict.answer, verdict.tightest.player, verdict.tightest.action) == ("not sustainable", "1", "2")
    begun = replace(game, start=1)
    assert "it comes to state '2'" in module.sustainable_path(replace(sets, game=begun), staying(begun)).status
    game, sets = pennies_ahead(safe=True)
    assert module.sustainable_path(sets, staying(game)).margin == pytest.approx((5.0, 5.0))


def _paths_by_a_plain_twin(module: ModuleType) -> None:
    for seed in (0, 1, 3):
        game = random_game(seed, delta=(0.6, 0.7) if seed % 2 else 0.65)
        sets = equilibrium_set(game, tolerance=1e-3)
        inner = np.array([x.min(axis=0) if len(x) else [np.nan, np.nan] for x in sets.inner])
        for profile in stationary_pure(game, limit=12):
            verdict = module.sustainable_path(sets, profile)
            assert verdict.margin[1] == pytest.approx(plain_slack(profile, sets.bounds[:, :, 0]), abs=1e-9)
            if verdict.answer == "sustainable":
                assert_proved(verdict, profile)
            else:
                assert verdict.margin[0] == pytest.approx(plain_slack(profile, inner), abs=1e-9)


# --- patience --------------------------------------------------------------------------------------------------------------


def check_patience(module: ModuleType) -> None:
    _halvings(module)  # the quick ones first: most faults show there
    _payoff_questions(module)
    cases: list[tuple[Any, int | None, float]] = [(0.9, None, 3 / 5), ((0.3, 0.65), 0, 1 / 2), ((0.55, 0.1), 1, 3 / 5)]
    for discount, player, threshold in cases:
        game = prisoners_dilemma(discount)
        question = module.PathQuestion(always(game, 0, 0))
        found = module.patience(game, question, player=player, points=4, width=1e-2)
        (interval,) = found.intervals
        assert interval.no_below is not None
        assert interval.no_below <= threshold <= interval.low + 1e-7
        assert interval.low - interval.no_below <= 1e-2
        assert found.threshold == interval.low
        assert interval.high == found.points[-1].delta
    game = feast_after_famine()
    early, late = module.patience(game, module.PathQuestion(feast(game)), points=9, width=3e-2).intervals
    assert early.high <= 1 / 4 + 1e-7 <= early.no_above + 2e-7 <= early.high + 3e-2
    assert late.no_below <= 1 / 2 <= late.low + 1e-7
    assert module.patience(game, module.PathQuestion(feast(game)), high=0.4, points=3, width=1e-2).threshold is None


def _halvings(module: ModuleType) -> None:
    """Answers that are known: edges are found to the width, undecided ones to half of it, and each point counts once."""
    asked: list[float] = []

    def answer(delta: float) -> str:
        asked.append(delta)
        return "no" if delta < 0.3 else "cannot be told" if delta < 0.6 else "yes"

    module._bisect(answer, [0.0, 0.5, 1.0], 0.02)
    told = sorted(set(asked))
    for edge, width in ((0.3, 0.01), (0.6, 0.01)):
        below, above = max(d for d in told if d < edge), min(d for d in told if d >= edge)
        assert width / 4 < above - below <= width
    asked.clear()

    def decided(delta: float) -> str:
        asked.append(delta)
        return "yes" if delta >= 0.3 else "no"

    module._bisect(decided, [0.0, 1.0], 0.02)
    assert 0.01 < min(d for d in asked if d >= 0.3) - max(d for d in asked if d < 0.3) <= 0.02


def _payoff_questions(module: ModuleType) -> None:
    sets = equilibrium_set(prisoners_dilemma(0.6), tolerance=1e-4)
    drawn = replace(
        sets,
        inner=(np.array([[1.0, 2.0], [3.0, 4.0]]),),
        outer=(np.array([[1.0, 2.0], [4.0, 6.0]]),),
        bounds=np.array([[[1.0, 4.0], [2.0, 6.02]]]),
        tolerance=1.0,
    )
    for least, told in ((4.0, "yes"), (4 + 1e-9, "yes"), (4 + 1e-7, "cannot be told"), (5.5, "cannot be told"), (6.1, "no")):
        assert module.PayoffQuestion.of_player(1, least).told(drawn.game, drawn) == told
    assert module.PayoffQuestion.of_player(0, 3.5).told(drawn.game, drawn) == "cannot be told"
    assert module.PayoffQuestion((-1.0, 0.0), -1.0).told(drawn.game, drawn) == "yes"
    assert module.PayoffQuestion((-1.0, 0.0), -0.9).told(drawn.game, drawn) == "no"
    sums = equilibrium_set(chicken(0.9), tolerance=1e-3)
    for least, told in ((12.0, "yes"), (12.01, "no")):
        assert module.PayoffQuestion((1.0, 1.0), least).told(sums.game, sums) == told
    assert module.PayoffQuestion((1.0, 1.0), 12.01).told(sums.game, replace(sums, tolerance=1.0)) == "cannot be told"
    pennies = matching_pennies()
    nowhere = equilibrium_set(pennies)
    assert module.PayoffQuestion((1.0, 0.0), -5.0).told(pennies, nowhere) == "no"
    mixed = module.PathQuestion(mixing(pennies, (0.5, 0.5), (0.0, 1.0)))
    with pytest.raises(GameError, match="mixed actions"):
        mixed.told(pennies, nowhere)
    coarse = prisoners_dilemma(0.55)
    vague = replace(equilibrium_set(coarse), bounds=np.array([[[0.0, 5.0], [1.5, 7.0]]]))
    assert module.PathQuestion(join([grim_trigger(coarse, i) for i in (0, 1)])).told(coarse, vague) == "cannot be told"


def check_plan_kernel(module: ModuleType) -> None:
    """Against plain loops on numbers drawn at random: three states with four rows each, of which one is no departure; two
    phases."""
    rng = np.random.default_rng(5)
    rows, nodes = 12, 6
    state = np.repeat(np.arange(3), 4)
    other = np.array([[r - r % 4 + (r + step) % 4 for step in (1, 2)] for r in range(rows)])
    other[::5, 1] = -1
    for phase in (0, 1):
        paid, ahead, share = rng.normal(size=rows), rng.normal(size=(rows, 3)), rng.normal(size=rows)
        values, played = rng.normal(size=(nodes, rows)), 4 * np.tile(np.arange(3), 2) + rng.integers(0, 4, nodes)
        found = np.full((nodes, rows), -1.0)
        module.raise_to_gains(found, paid, ahead, share, values, played, 3 * phase, state, other)
        for k in range(nodes):
            for r in range(rows):
                now = r if 3 * phase + state[r] == k else played[k]
                gains = [paid[row] + ahead[row, state[r]] * share[r] - values[k, r] for row in other[now] if row >= 0]
                assert found[k, r] == max([-1.0, *gains])
