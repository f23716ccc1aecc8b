from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from leverage.analysis import outcomes
from leverage.analysis.outcomes import Measured, Outcome, measure_outcomes
from leverage.analysis.paths import sample_paths
from leverage.certification.checker import check
from leverage.errors import GameError, UnsolvedError
from leverage.game.automaton import Automaton, join
from leverage.game.node_indices import selection
from leverage.game.stochastic_game import Measures, StochasticGame
from tests.games import (
    chain,
    chicken,
    gamblers_ruin,
    grim_trigger,
    no_choice,
    prisoners_dilemma,
    random_game,
    random_machine,
    solve_exactly,
    with_structural_zeros,
    with_terms,
)

EXACT = 1e-12
LOOSE = 1e-10  # how far a rigorous error bound may lie above what rounding really does
SEEDS = st.integers(0, 10_000)
FEW = settings(max_examples=25, deadline=None)


def table(plan: Automaton, periods: int | None = None) -> dict[tuple[str, str], Outcome]:
    return {(found.subject, found.quantity): found for found in measure_outcomes(plan, periods)}


def numbers(plan: Automaton, subject: str, periods: int | None = None) -> dict[str, float]:
    return {quantity: found.value for (who, quantity), found in table(plan, periods).items() if who == subject}


@given(SEEDS)
@FEW
def test_large_chains_and_long_times_are_measured_alike(seed: int) -> None:
    """With sparse products, and one time after the other, as where there are many nodes or times."""
    game = random_game(seed, states=4)
    game.measures.events["first"] = np.arange(4) == 0
    game.measures.averages["level"] = np.arange(4.0)
    plan = random_machine(game, (0, 1), 2, seed)
    plan = replace(plan, game=replace(game, measures=replace(game.measures, dates=(0.0, 1.0, 7.0))))
    known = measure_outcomes(plan)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outcomes, "DENSE_NODES", 0)
        patch.setattr(outcomes, "NUMBERS_A_PIECE", 1)
        other = measure_outcomes(plan)
    for one, two in zip(known, other, strict=True):
        assert one[:2] == two[:2]
        assert one.value == pytest.approx(two.value, abs=EXACT, nan_ok=True)


# --- hitting ----------------------------------------------------------------------------------------------------------


def test_the_time_to_what_rounding_cannot_tell_from_never_is_not_told() -> None:
    """One in 10^20 leads to the event, the rest away for good; ten times and more the error of rounding, a mean is told."""
    for leak, told in ((1e-20, False), (1e-8, True)):
        game = chain([[0.0, 1.0 - leak, leak], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], events={"luck": [2]})
        found = table(no_choice(game))
        late = found[("luck", "periods to it, given it happens")]
        assert found[("luck", "chance ever")].value == pytest.approx(leak)
        assert math.isfinite(late.value) == math.isfinite(late.certificate) == told


def ruin_exactly(goal: int, win: Fraction) -> tuple[list[Fraction], list[Fraction]]:
    """Chance of becoming rich, and mean rounds to it given that, from each fortune 1 to goal - 1, by elimination in fractions."""
    inner = range(1, goal)
    matrix = [[Fraction(int(j == k)) - win * (j == k + 1) - (1 - win) * (j == k - 1) for j in inner] for k in inner]
    chance = solve_exactly(matrix, [win * (k == goal - 1) for k in inner])
    time = solve_exactly(matrix, chance)
    return chance, [m / h for m, h in zip(time, chance, strict=True)]


@pytest.mark.parametrize("win", [Fraction(1, 2), Fraction(2, 5), Fraction(3, 4)])
@pytest.mark.parametrize("fortune", [1, 3, 6])
def test_gamblers_ruin(win: Fraction, fortune: int) -> None:
    goal = 7
    chance, time = ruin_exactly(goal, win)
    if win != Fraction(1, 2):  # the closed form agrees with the elimination
        odds = (1 - win) / win
        assert chance[fortune - 1] == (1 - odds**fortune) / (1 - odds**goal)
    found = table(no_choice(gamblers_ruin(goal, fortune, win)))
    for (event, quantity), exact in {
        ("rich", "chance ever"): chance[fortune - 1],
        ("ruined", "chance ever"): 1 - chance[fortune - 1],
        ("rich", "periods to it, given it happens"): time[fortune - 1],
    }.items():
        outcome = found[event, quantity]
        assert abs(Fraction(outcome.value) - exact) <= Fraction(outcome.certificate)
        assert outcome.certificate <= LOOSE * max(1.0, outcome.value)


def test_gamblers_ruin_on_a_long_line() -> None:
    # fair play to 300: chance k / n, mean time given riches (n^2 - k^2) / 3; this takes the sparse factorisation
    goal, fortune = 300, 90
    found = table(no_choice(gamblers_ruin(goal, fortune, Fraction(1, 2))))
    for quantity, exact in {"chance ever": 0.3, "periods to it, given it happens": (goal**2 - fortune**2) / 3}.items():
        outcome = found["rich", quantity]
        assert abs(outcome.value - exact) <= outcome.certificate <= 1e-6 * exact


@pytest.mark.parametrize("leak", [1e-3, 1e-7, 1e-10])
def test_error_bounds_hold_where_play_lingers(leak: float) -> None:
    # two states that are left with a tiny chance, to the deal or away from it: the answer for these very floating-point numbers
    law = [[0.3, 0.7 - leak, leak / 3, 2 * leak / 3], [0.9, 0.1 - leak, leak, 0.0], [0, 0, 1, 0], [0, 0, 0, 1]]
    game = chain(law, events={"deal": [2]}, averages={"settled": [0, 0, 1, 0]})
    exact = [[Fraction(x) for x in row] for row in game.transitions.toarray()[:2].tolist()]
    matrix = [[Fraction(int(j == k)) - exact[k][j] for j in range(2)] for k in range(2)]
    chance = solve_exactly(matrix, [row[2] for row in exact])
    time = solve_exactly(matrix, chance)
    found = table(no_choice(game))
    for key, truth in {
        ("deal", "chance ever"): chance[0],
        ("deal", "periods to it, given it happens"): time[0] / chance[0],
        ("settled", "average in the long run"): chance[0],
    }.items():
        assert abs(Fraction(found[key].value) - truth) <= Fraction(found[key].certificate), key
        assert found[key].certificate <= LOOSE / leak**2, key


def test_gamblers_ruin_by_dates() -> None:
    # from 1 towards 3, fair: rich after 2 rounds 1/4, after 4 rounds 1/4 + 1/16
    found = numbers(no_choice(gamblers_ruin(3, 1, Fraction(1, 2), dates=(1, 2, 3, 4))), "rich")
    assert [found[f"chance by {text}"] for text in ("1 period", "2 periods", "3 periods", "4 periods")] == [
        0.0,
        0.25,
        0.25,
        0.3125,
    ]


def waiting(chance: float, dates: tuple[float, ...], start: int = 0) -> StochasticGame:
    """Each period of two months the event comes with the given chance, and stays."""
    game = chain(
        [[1 - chance, chance], [0.0, 1.0]],
        start=start,
        events={"deal": [1]},
        counts={"signing": [(0, 1)], "quiet month": [(1, 1)]},
        averages={"troops": [8.0, 2.0]},
        dates=dates,
    )
    return replace(game, period_unit="month", period_length=2.0)


def test_dates_and_units_in_words() -> None:
    p = 0.25
    found = table(no_choice(waiting(p, dates=(1.5, 3, 2.9999999999999996))))
    assert found["deal", "chance by 3 months"].value == pytest.approx(p, abs=EXACT)  # one and a half periods: one
    assert found["deal", "chance by 6 months"].value == pytest.approx(1 - (1 - p) ** 3, abs=EXACT)
    assert found["deal", "chance ever"].value == pytest.approx(1.0, abs=EXACT)
    late = found["deal", "months to it, given it happens"]
    assert (late.value, late.unit) == (pytest.approx(2 / p), "months")
    assert found["signing", "number by 6 months"].value == pytest.approx(1 - (1 - p) ** 3, abs=EXACT)
    assert found["signing", "number a month in the long run"].value == pytest.approx(0.0, abs=EXACT)
    assert found["quiet month", "number a month in the long run"].value == pytest.approx(0.5, abs=EXACT)
    over = (8 + (8 * (1 - p) + 2 * p) + (8 * (1 - p) ** 2 + 2 * (1 - (1 - p) ** 2))) / 3
    assert found["troops", "average over 6 months"].value == pytest.approx(over, abs=EXACT)
    assert found["troops", "average in the long run"].value == pytest.approx(2.0, abs=EXACT)


def test_an_event_that_holds_at_the_start() -> None:
    found = numbers(no_choice(waiting(0.25, dates=(0, 1), start=1)), "deal")
    assert list(found.values()) == [1.0, 1.0, 1.0, 0.0]


def test_an_event_of_chance_zero() -> None:
    game = with_structural_zeros(chain([[1.0, 0.0], [0.0, 1.0]]))
    game = replace(game, measures=Measures(events={"deal": np.array([False, True])}, dates=(5,)))
    found = table(no_choice(game))
    assert [x.value for (who, _), x in found.items() if who == "deal"][:2] == [0.0, 0.0]
    late = found["deal", "periods to it, given it happens"]
    assert math.isnan(late.value)
    assert math.isnan(late.certificate)


def test_a_date_before_the_first_period_has_no_average() -> None:
    found = numbers(no_choice(waiting(0.25, dates=(0.5,))), "troops")
    assert math.isnan(found["average over 1 month"])


def test_a_chance_lost_in_rounding_is_said() -> None:
    with pytest.raises(UnsolvedError, match="too small to compute with"):
        measure_outcomes(no_choice(chain([[1.0, 1e-30], [0.0, 1.0]], events={"deal": [1]})))


# --- the long run -----------------------------------------------------------------------------------------------------


def test_two_recurrent_classes_one_of_them_periodic() -> None:
    # from 0 to the absorbing state 1 (chance 1/3) or into the cycle 2, 3; state 0 is left for good after 4/3 periods
    law = [[1 / 4, 1 / 4, 1 / 2, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]]
    game = chain(law, averages={"level": [100, 10, 0, 6]}, counts={"turn": [(2, 3)]})
    plan = no_choice(game)
    assert numbers(plan, "level")["average in the long run"] == pytest.approx(10 / 3 + 2 / 3 * 3, abs=EXACT)
    assert numbers(plan, "turn")["number a period in the long run"] == pytest.approx(2 / 3 / 2, abs=EXACT)


def test_a_recurrent_class_with_rare_states() -> None:
    # birth and death with odds 1 : 9: stationary weights in proportion to 9^-k
    size, up = 6, Fraction(1, 10)
    law = np.zeros((size, size))
    for k in range(size):
        law[k, min(k + 1, size - 1)] += float(up)
        law[k, max(k - 1, 0)] += float(1 - up)
    weights = [Fraction(1, 9**k) for k in range(size)]
    exact = weights[-1] / sum(weights)
    game = chain(law.tolist(), start=3, averages={"top": np.eye(size)[-1]})
    found = table(no_choice(game))["top", "average in the long run"]
    assert abs(Fraction(found.value) - exact) <= Fraction(found.certificate)
    assert found.certificate <= EXACT


def test_error_bounds_hold_where_recurrent_play_hardly_moves() -> None:
    # two blocks of two states, nearly apart: the shares of time depend on the ratio of two tiny chances
    leak = 1e-9
    law = [[0.3, 0.7, 0, 0], [0.6, 0.4 - leak, leak, 0], [0, leak / 3, 0.2 - leak / 3, 0.8], [0, 0, 0.1, 0.9]]
    game = chain(law, averages={"first": [1, 1, 0, 0]})
    exact = [[Fraction(x) for x in row] for row in game.transitions.toarray().tolist()]
    balance = [[exact[j][k] - int(j == k) for j in range(4)] for k in range(3)] + [[Fraction(1)] * 4]
    truth = sum(solve_exactly(balance, [Fraction(0)] * 3 + [Fraction(1)])[:2])
    found = table(no_choice(game))["first", "average in the long run"]
    assert abs(Fraction(found.value) - truth) <= Fraction(found.certificate) <= Fraction(1, 1000)


@FEW
@given(seed=SEEDS)
def test_the_long_run_is_the_limit_of_averages(seed: int) -> None:
    periods = 4000
    game = random_game(seed, states=6, actions=(2, 2), reach=2)
    rng = np.random.default_rng(seed)
    measures = Measures(averages={"level": rng.random(6)}, counts={"count": rng.random(game.transitions.nnz)}, dates=(periods,))
    plan = random_machine(replace(game, measures=measures), (0, 1), 2, seed)
    level, count = numbers(plan, "level"), numbers(plan, "count")
    # the difference falls as 1 / periods; mixing is quick in these games
    assert level["average in the long run"] == pytest.approx(level[f"average over {periods} periods"], abs=0.02)
    assert count["number a period in the long run"] == pytest.approx(count[f"number by {periods} periods"] / periods, abs=0.02)


# --- payoffs ----------------------------------------------------------------------------------------------------------


def test_terms_sum_to_the_payoff_and_costs_enter_with_a_minus() -> None:
    game = random_game(4, states=4, delta=(0.9, 0.7))
    rows = len(game.payoffs)
    amounts = np.random.default_rng(4).random((3, rows))
    terms = {"settlement": ("gain", amounts[0]), "presence": ("cost", amounts[1]), "violence": ("cost", amounts[2])}
    plan = random_machine(with_terms(game, 0, terms), (0, 1), 2, 4)
    found = numbers(plan, "1")
    assert list(found) == ["payoff", "term: settlement", "term: presence", "term: violence"]
    assert found["term: presence"] < 0 < found["term: settlement"]
    assert sum(found.values()) == pytest.approx(2 * found["payoff"], abs=EXACT)
    early = numbers(plan, "1", periods=3)
    assert sum(early.values()) == pytest.approx(2 * early["payoff"], abs=EXACT)


@FEW
@given(seed=SEEDS, zeros=st.booleans())
def test_payoffs_are_those_of_the_checker(seed: int, zeros: bool) -> None:
    game = random_game(seed, states=4, delta=(0.6, 0.97))
    plan = random_machine(with_structural_zeros(game) if zeros else game, (0, 1), 2, seed)
    expected = (plan.start @ check(plan).values)[game.start]
    found = [table(plan)[player, "payoff"] for player in game.players]
    assert [x.value for x in found] == pytest.approx(list(expected), abs=EXACT)
    assert max(x.certificate for x in found) <= EXACT


@FEW
@given(seed=SEEDS, constant=st.floats(-50, 50), factor=st.floats(0.1, 10), periods=st.sampled_from([None, 1, 7]))
def test_a_constant_and_a_scale_of_payoffs(seed: int, constant: float, factor: float, periods: int | None) -> None:
    game = random_game(seed)
    plan = random_machine(game, (0, 1), 2, seed)
    other = replace(plan, game=replace(game, payoffs=factor * game.payoffs + constant))
    for player in game.players:
        before, after = table(plan, periods)[player, "payoff"], table(other, periods)[player, "payoff"]
        assert after.value == pytest.approx(factor * before.value + constant, abs=EXACT * (factor + abs(constant)))


def test_the_path_of_grim_trigger_and_a_public_lottery() -> None:
    game = prisoners_dilemma(0.7)
    plan = join([grim_trigger(game, i) for i in (0, 1)])
    assert [table(plan)[player, "payoff"].value for player in ("1", "2")] == pytest.approx([3.0, 4.0], abs=EXACT)
    coin = chicken(0.7)
    turns = Automaton(
        game=coin,
        players=(0, 1),
        modes=("first dares", "second dares"),
        node_mode=np.array([0, 1]),
        node_state=np.array([0, 0]),
        lotteries=(np.array([0.0, 1.0, 1.0, 0.0]), np.array([1.0, 0.0, 0.0, 1.0])),
        next_nodes=sparse.csr_array(np.tile([0.25, 0.75], (8, 1))),
        start=sparse.csr_array(np.array([[0.5, 0.5]])),
    )
    # first period (7 + 2) / 2, later 7 / 4 + 3 * 2 / 4
    assert table(turns)["1", "payoff"].value == pytest.approx(0.3 * 4.5 + 0.7 * 3.25, abs=EXACT)


def test_the_first_periods_only() -> None:
    # levels 1, 4, 4, ...: over 3 periods at 1/2: (1 + 2 + 1) / (1 + 1/2 + 1/4)
    game = chain(
        [[0, 1], [0, 1]],
        [1.0, 4.0],
        delta=0.5,
        events={"deal": [1]},
        counts={"step": [(0, 1)]},
        averages={"x": [1, 4]},
        dates=(1, 3, 4),
    )
    found = table(no_choice(game), periods=3)
    assert found["1", "payoff"].value == pytest.approx(4 / 1.75, abs=EXACT)
    assert [key for key in found if key[0] != "1"] == [
        ("deal", "chance by 1 period"),
        ("deal", "chance by 3 periods"),
        ("step", "number by 1 period"),
        ("step", "number by 3 periods"),
        ("x", "average over 1 period"),
        ("x", "average over 3 periods"),
    ]
    assert found["x", "average over 3 periods"].value == pytest.approx(3.0)


def test_a_plan_of_finite_length_goes_on_in_no_way_that_counts() -> None:
    # two periods and then "over", in which the other action is played
    game = StochasticGame.from_arrays([[[1.0], [50.0]]], [[[1.0], [1.0]]], 0.0)
    plan = Automaton(
        game=game,
        players=(0,),
        modes=("period 1", "period 2", "over"),
        node_mode=np.arange(3),
        node_state=np.zeros(3, dtype=np.intp),
        lotteries=(np.array([1.0, 0.0, 1.0, 0.0, 0.0, 1.0]),),
        next_nodes=selection(np.array([1, 1, 2, 2, 2, 2]), 3),
        start=selection(np.array([0]), 3),
    )
    for delta in (0.0, 0.5, 0.999999):
        patient = replace(plan, game=replace(game, discount=np.array([delta])))
        assert table(patient, periods=2)["1", "payoff"].value == pytest.approx(1.0, abs=EXACT)


@pytest.mark.parametrize(
    ("plan", "periods", "message"),
    [
        (grim_trigger(prisoners_dilemma(), 0), None, "all 2 players"),
        (no_choice(chain([[1.0]])), 0, "at least one"),
        (replace(no_choice(chain([[1.0]])), start=sparse.csr_array((1, 1))), None, "no start"),
    ],
)
def test_what_has_no_outcomes(plan: Automaton, periods: int | None, message: str) -> None:
    with pytest.raises(GameError, match=message):
        measure_outcomes(plan, periods)


@FEW
@given(seed=SEEDS, modes=st.integers(1, 3))
def test_kind_by_kind_outcomes_are_the_same(seed: int, modes: int) -> None:
    """To the last bit, in whatever order they are asked for; a term is a term whatever it is called."""
    game = random_game(seed, states=3, delta=(0.6, 0.9))
    game = with_terms(game, 0, {"fame in the long run": ("gain", np.arange(float(len(game.payoffs))))})
    events, counts = {"there": np.array([False, False, True])}, {"leaps": np.ones(game.transitions.nnz)}
    measures = Measures(events, counts, {"level": np.array([1.0, 5.0, 2.0])}, (0, 1.5, 3))
    plan = random_machine(replace(game, measures=measures), (0, 1), modes, seed)
    expected, measured = table(plan), Measured(plan)
    for place in np.random.default_rng(seed).permutation(len(expected)):
        (subject, quantity), outcome = list(expected.items())[place]
        assert repr(measured.outcome(subject, quantity)) == repr(outcome)
    assert ("1", "term: fame in the long run") in expected
    for words in ("term: none", "chance ever", "number by 3 periods"):
        assert measured.outcome("nobody", words) is None


# --- sampled paths ----------------------------------------------------------------------------------------------------

PATHS, PERIODS, SEED, STANDARD_ERRORS = 20_000, 60, 0, 4


def watched_play() -> Automaton:
    """A game with everything: structural zeros, mixed lotteries, public lotteries, terms, measures."""
    game = with_structural_zeros(random_game(11, states=5, delta=(0.6, 0.5), reach=2))
    rng = np.random.default_rng(11)
    measures = Measures(
        events={"last": np.arange(5) == 4, "never": np.zeros(5, dtype=bool)},
        counts={"entries": (rng.random(game.transitions.nnz) < 0.3).astype(float)},
        averages={"level": rng.random(5)},
        dates=(2, 5, 20),
    )
    return random_machine(replace(game, measures=measures), (0, 1), 2, 11)


def test_sampled_paths_agree_with_exact_outcomes() -> None:
    plan = watched_play()
    paths, exact = sample_paths(plan, PATHS, PERIODS, SEED), table(plan)
    samples = {(player, "payoff"): paths.payoffs[:, i] for i, player in enumerate(plan.game.players)}
    for k, date in enumerate(paths.dates):
        samples["last", f"chance by {date} periods"] = paths.hits["last"] <= date
        samples["entries", f"number by {date} periods"] = paths.counts["entries"][:, k]
        samples["level", f"average over {date} periods"] = paths.averages["level"][:, k]
    assert len(samples) == 11
    for key, sample in samples.items():
        error = np.std(sample) / math.sqrt(PATHS)
        assert error > 0, key
        assert abs(np.mean(sample) - exact[key].value) <= STANDARD_ERRORS * error + EXACT, key
    reached = np.isfinite(paths.hits["last"])
    assert not np.isfinite(paths.hits["never"]).any()
    late = paths.hits["last"][reached]
    expected = exact["last", "periods to it, given it happens"].value
    assert abs(late.mean() - expected) <= STANDARD_ERRORS * late.std() / math.sqrt(len(late)) + EXACT


def test_equal_seeds_give_equal_paths_and_others_do_not() -> None:
    plan = watched_play()
    first, again, other = (sample_paths(plan, 50, 10, seed).payoffs for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(("count", "periods"), [(0, 1), (1, 0)])
def test_no_paths_at_all(count: int, periods: int) -> None:
    with pytest.raises(GameError, match="at least one"):
        sample_paths(no_choice(chain([[1.0]])), count, periods, 0)
