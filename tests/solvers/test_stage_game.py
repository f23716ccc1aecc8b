"""Equilibria of one-shot games: rows in exact fractions, textbook games, ties, and an exact twin written another way."""

import json
from fractions import Fraction
from itertools import product
from pathlib import Path

import nashpy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from leverage.certification.finite import certify_finite
from leverage.errors import GameError, UnsolvedError
from leverage.game.automaton import Automaton
from leverage.game.stochastic_game import StochasticGame
from leverage.solvers import lemke_howson as paths
from leverage.solvers import stage_game as module
from leverage.solvers import vertex_enumeration
from leverage.solvers.stage_game import NARROW, TOO_LARGE, UNCLEAR, enumerate_stage, pure_stage_equilibria, stage_equilibria
from tests.exact_stage import CYCLING, all_extreme_equilibria

CLOSE = 1e-9
REFERENCE = json.loads((Path(__file__).parents[1] / "data" / "bimatrix.json").read_text(encoding="utf-8"))["cases"]


def table(a, b):
    return np.stack([np.array(a, dtype=float), np.array(b, dtype=float)], axis=-1)


def as_set(pairs):
    """Pairs as a set of rounded tuples, so that sets can be compared."""
    return {tuple(tuple(round(float(v), 9) + 0.0 for v in lottery) for lottery in pair) for pair in pairs}


def fractions(pairs):
    return as_set([[[Fraction(v) for v in lottery] for lottery in pair] for pair in pairs])


@pytest.mark.parametrize("case", REFERENCE, ids=lambda case: case["name"])
def test_reference_equilibria_exactly(case):
    found = stage_equilibria(table(case["A"], case["B"]))
    assert enumerate_stage(table(case["A"], case["B"])).complete
    assert len(found) == len(case["equilibria"])
    assert as_set(found) == fractions([row["strategies"] for row in case["equilibria"]])
    for x, y in found:
        payoffs = [float(x @ np.array(case[name], dtype=float) @ y) for name in "AB"]
        assert any(np.allclose(payoffs, [float(Fraction(v)) for v in row["payoffs"]], atol=CLOSE) for row in case["equilibria"])


TEXTBOOK = [
    ("prisoners' dilemma", [[3, 0], [5, 1]], [[3, 5], [0, 1]], [(["0", "1"], ["0", "1"])]),
    (
        "chicken",
        [[0, 7], [2, 6]],
        [[0, 2], [7, 6]],
        [(["1", "0"], ["0", "1"]), (["0", "1"], ["1", "0"]), (["1/3", "2/3"], ["1/3", "2/3"])],
    ),
    ("matching pennies", [[1, -1], [-1, 1]], [[-1, 1], [1, -1]], [(["1/2", "1/2"], ["1/2", "1/2"])]),
    (
        "battle of the sexes",
        [[2, 0], [0, 1]],
        [[1, 0], [0, 2]],
        [(["1", "0"], ["1", "0"]), (["0", "1"], ["0", "1"]), (["2/3", "1/3"], ["1/3", "2/3"])],
    ),
    ("one action each", [[4]], [[-2]], [(["1"], ["1"])]),
    ("no choice for the row player", [[1, 2, 3]], [[5, 7, 7]], [(["1"], ["0", "1", "0"]), (["1"], ["0", "0", "1"])]),
    ("no choice for the column player", [[1], [1], [0]], [[5], [7], [7]], [(["1", "0", "0"], ["1"]), (["0", "1", "0"], ["1"])]),
    ("payoffs in thirds", [[2 / 3, 0], [0, 1 / 3]], [[1 / 3, 0], [0, 2 / 3]], [
        (["1", "0"], ["1", "0"]), (["0", "1"], ["0", "1"]), (["2/3", "1/3"], ["1/3", "2/3"])]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "a", "b", "expectation"), TEXTBOOK, ids=[row[0] for row in TEXTBOOK])
def test_textbook_games_in_the_promised_order(name, a, b, expectation):
    found = stage_equilibria(table(a, b))
    wanted = [[[float(Fraction(v)) for v in lottery] for lottery in pair] for pair in expectation]
    assert len(found) == len(wanted)
    for got, want in zip(found, wanted, strict=True):
        for lottery, exact in zip(got, want, strict=True):
            np.testing.assert_allclose(lottery, exact, atol=CLOSE)


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (3, 2), (4, 4), (8, 8)])
def test_all_zero_game_has_all_pure_profiles(shape):
    found = stage_equilibria(np.zeros((*shape, 2)))
    assert len(found) == shape[0] * shape[1]
    assert all(set(lottery) <= {0.0, 1.0} for pair in found for lottery in pair)


def test_rounding_of_the_callers_arithmetic_makes_no_difference_between_equal_payoffs():
    exact = table([[0.3, 0.3], [0.3, 0.0]], [[1, 0], [0, 1]])
    rounded = exact.copy()
    rounded[0, 0, 0] = 0.1 + 0.2  # 0.30000000000000004
    assert rounded[0, 0, 0] != exact[0, 0, 0]
    assert as_set(stage_equilibria(rounded)) == as_set(stage_equilibria(exact))


def test_answers_are_copies():
    first = stage_equilibria(np.zeros((2, 2, 2)))
    first[0][0][:] = 7.0
    assert stage_equilibria(np.zeros((2, 2, 2)))[0][0].tolist() == [1.0, 0.0]


@pytest.mark.parametrize("scale", [1e-250, 1e-30, 1e30, 1e250])
def test_extreme_units(scale):
    chicken = table([[0, 7], [2, 6]], [[0, 2], [7, 6]])
    assert as_set(stage_equilibria(chicken * scale)) == as_set(stage_equilibria(chicken))


@pytest.mark.parametrize(
    "payoffs",
    [np.zeros((2, 3)), np.zeros((2, 2, 3)), np.zeros((0, 2, 2)), np.full((2, 2, 2), np.nan), np.zeros((2, 2, 2, 3)), 1.0],
)
def test_what_is_no_two_player_game_is_refused(payoffs):
    with pytest.raises(GameError):
        stage_equilibria(payoffs)


def test_remedy_for_three_players():
    with pytest.raises(GameError, match="pure_stage_equilibria"):
        stage_equilibria(np.zeros((2, 2, 2, 3)))


# --- against the exact twin ------------------------------------------------------------------------------------------------


def tied_games(shapes, seeds, levels):
    for shape, seed in product(shapes, range(seeds)):
        yield np.random.default_rng([seed, *shape]).integers(0, levels, size=(*shape, 2)).astype(float)


@pytest.mark.parametrize("levels", [2, 3, 6])
def test_tied_games_against_the_exact_twin(levels):
    for game in tied_games([(2, 2), (2, 3), (3, 3), (4, 2), (4, 3)], seeds=20, levels=levels):
        found = stage_equilibria(game)
        assert as_set(found) == as_set(all_extreme_equilibria(game)), game.tolist()
        assert len(found) == len(as_set(found))


def test_duplicated_rows_against_the_exact_twin():
    for game in tied_games([(2, 3), (3, 2)], seeds=15, levels=10):
        doubled = np.concatenate([game, game[:1]])
        assert as_set(stage_equilibria(doubled)) == as_set(all_extreme_equilibria(doubled))


def test_rows_that_are_mixtures_of_others_against_the_exact_twin():
    # The third row is the mean of the first two in the row player's payoffs: exact in decimals, not in binary numbers.
    doubtful = 0
    for seed in range(10):
        whole = np.random.default_rng(seed).integers(0, 10_000_000, size=(3, 3, 2)) * 2
        whole[2, :, 0] = (whole[0, :, 0] + whole[1, :, 0]) // 2
        known = as_set(all_extreme_equilibria(whole.astype(float)))
        decimal, seventh = enumerate_stage(whole / 1e7 - 1), enumerate_stage(whole / 7)
        assert decimal.complete
        assert as_set(decimal.equilibria) == known
        assert as_set(seventh.equilibria) == known if seventh.complete else NARROW in seventh.note  # read with 16 digits
        doubtful += not seventh.complete
    assert doubtful >= 3


@pytest.mark.parametrize("values", [[0.1234567, -2.75, 3], [1e-250, 3.25e-250], [1e300, -2e300], [0.1 + 0.2, 0.3, -0.7], [-5.0]])
def test_decimals_are_read_as_they_print(values):
    values = np.sort(values)
    read = module._as_multiples(values)
    exact = [Fraction(f"{v:.14g}") for v in values]
    assert read is not None
    unit = (exact[-1] - exact[0]) / int(read[-1]) if read[-1] else Fraction(0)
    assert [v - exact[0] for v in exact] == [int(k) * unit for k in read]


@pytest.mark.parametrize("values", [[0.0, 1 / 3], [np.pi, 4.0], [1e-310, 1.5e-310]])
def test_what_is_no_decimal_of_few_digits_is_not_read_as_one(values):
    assert module._as_multiples(np.array(values)) is None


@pytest.mark.parametrize("levels", [1, 2, 1000])
@pytest.mark.parametrize("count", [1, 7, 60])
def test_a_player_without_a_choice_leaves_the_others_best_actions(levels, count):
    payoffs = np.random.default_rng([levels, count]).integers(0, levels, size=(1, count, 2)).astype(float)
    best = np.flatnonzero(payoffs[0, :, 1] == payoffs[0, :, 1].max())
    for game, column in ((payoffs, 1), (np.swapaxes(payoffs, 0, 1)[..., ::-1], 0)):
        found = enumerate_stage(game)
        assert found.complete
        assert [pair[column].tolist() for pair in found.equilibria] == np.eye(count)[best].tolist()


@pytest.mark.parametrize("shape", [(2, 2), (3, 4), (5, 3)])
def test_agrees_with_nashpy_where_there_are_no_ties(shape):
    for seed in range(10):
        game = np.random.default_rng([seed, *shape]).normal(size=(*shape, 2))
        known = list(nashpy.Game(game[..., 0], game[..., 1]).vertex_enumeration())
        found = stage_equilibria(game)
        assert len(found) % 2 == 1  # Wilson (1971)
        assert len(found) == len(known)
        for x, y in known:
            assert any(np.allclose(x, p, atol=1e-7) and np.allclose(y, q, atol=1e-7) for p, q in found)


def regret(game, x, y):
    mine, yours = game[..., 0] @ y, x @ game[..., 1]
    return max(mine.max() - x @ mine, yours.max() - yours @ y)


# --- completeness, and games that are too large for it --------------------------------------------------------------------


@pytest.fixture
def little_work(monkeypatch):
    """The enumeration gives up at once; what it would find is the yardstick."""
    monkeypatch.setattr(vertex_enumeration, "MAX_WORK", 0)
    module._proposals.cache_clear()
    yield
    module._proposals.cache_clear()


def is_subset(pairs, of):
    return all(any(np.allclose(x, p, atol=CLOSE) and np.allclose(y, q, atol=CLOSE) for p, q in of) for x, y in pairs)


def test_completeness_is_claimed_where_the_enumeration_ended():
    found = enumerate_stage(np.random.default_rng(3).normal(size=(8, 8, 2)))
    assert found.complete
    assert found.note == "all extreme equilibria"
    assert set(found.found_by) == {"vertex enumeration"}


@pytest.mark.parametrize("levels", [2, 3, 1000])
def test_games_that_are_too_large_are_answered_without_a_claim(levels, monkeypatch):
    games = list(tied_games([(4, 4), (3, 5)], seeds=8, levels=levels))
    everything = [stage_equilibria(game) for game in games]
    monkeypatch.setattr(vertex_enumeration, "MAX_WORK", 0)
    module._proposals.cache_clear()
    for game, known in zip(games, everything, strict=True):
        found = enumerate_stage(game)
        assert not found.complete
        assert TOO_LARGE in found.note
        assert set(found.found_by) <= {"pure profiles", "Lemke-Howson"}
        assert len(found.equilibria) == len(as_set(found.equilibria)) == len(found.found_by)
        assert is_subset(found.equilibria, known)  # Lemke-Howson paths end in extreme equilibria
        pure = [(int(x.argmax()), int(y.argmax())) for x, y in found.equilibria if x.max() == y.max() == 1]
        assert tuple(pure) == pure_stage_equilibria(game)
    module._proposals.cache_clear()


@pytest.mark.usefixtures("little_work")
@pytest.mark.parametrize("size", [15, 30])
@pytest.mark.parametrize("levels", [1, 2, 4, 10**6])
def test_large_games_have_a_checked_equilibrium(size, levels):
    game = np.random.default_rng(size).integers(0, levels, size=(size, size, 2)).astype(float)
    found = enumerate_stage(game)
    assert found.equilibria
    assert max(regret(game, x, y) for x, y in found.equilibria) <= CLOSE * levels
    assert not found.complete


@pytest.mark.usefixtures("little_work")
@pytest.mark.parametrize("game", [np.stack(CYCLING, axis=-1), np.swapaxes(np.stack(CYCLING, axis=-1), 0, 1)[..., ::-1]])
def test_paths_do_not_cycle_where_ties_invite_them_to(game):
    # Without the lexicographic rule none of the seven paths ends.
    assert len(list(paths.lemke_howson(game[..., 0].tolist(), game[..., 1].tolist()))) == 7
    assert is_subset(stage_equilibria(game), [[list(map(float, z)) for z in pair] for pair in all_extreme_equilibria(game)])


@pytest.mark.usefixtures("little_work")
def test_without_any_work_only_pure_equilibria_are_left(monkeypatch):
    monkeypatch.setattr(paths, "MAX_WORK", 0)
    assert len(stage_equilibria(table([[0, 7], [2, 6]], [[0, 2], [7, 6]]))) == 2
    with pytest.raises(UnsolvedError, match="leave out actions"):
        stage_equilibria(table([[1, -1], [-1, 1]], [[-1, 1], [1, -1]]))


def test_too_many_equilibria_are_not_listed(monkeypatch):
    monkeypatch.setattr(vertex_enumeration, "MAX_EQUILIBRIA", 8)
    module._proposals.cache_clear()
    assert enumerate_stage(np.zeros((2, 4, 2))).complete
    assert not enumerate_stage(np.zeros((3, 3, 2))).complete
    module._proposals.cache_clear()


@pytest.mark.parametrize("shape", [(7, 7), (9, 9), (2, 100), (100, 2), (3, 30), (6, 12)])
@pytest.mark.parametrize("levels", [3, 10**9])
def test_games_of_moderate_size_are_complete(shape, levels):
    found = enumerate_stage(np.random.default_rng(shape).integers(0, levels, size=(*shape, 2)).astype(float))
    assert found.complete
    assert found.certificate <= CLOSE * levels


def test_large_games_with_ties_alone_are_complete():
    found = enumerate_stage(np.zeros((30, 30, 2)))
    assert found.complete
    assert len(found.equilibria) == 900


def test_payoffs_read_as_ties_that_rounding_does_not_explain_forbid_the_claim():
    near = table([[1, 0], [1, 1e-12 / 3]], [[1, 0], [0, 1]])
    assert not enumerate_stage(near).complete
    assert UNCLEAR in enumerate_stage(near).note
    for small in (1, 0.5):
        whole = table([[1e15, 0], [1e15, small]], [[1, 0], [0, 1]])  # whole numbers and halves are what they are
        assert enumerate_stage(whole).complete
        assert as_set(stage_equilibria(whole)) == as_set(all_extreme_equilibria(whole))
    cancelled = table([[0.1 + 0.2 - 0.3, 0], [0, 1]], [[1, 0], [0, 1]])  # 5.6e-17, not 0
    assert cancelled[0, 0, 0] != 0
    assert enumerate_stage(cancelled).complete
    assert as_set(stage_equilibria(cancelled)) == as_set(stage_equilibria(np.rint(cancelled)))
    rounded = table([[0.1 + 0.2, 0], [0.3, 1]], [[1, 0], [0, 1]])
    assert enumerate_stage(rounded).complete


def test_near_ties_across_a_grid_line_are_ties():
    values = np.array([0.0, 1.0, np.pi / 4, np.pi / 4 + 2e-16, np.e / 7, np.e / 7 + 6e-17])
    read = module._whole_numbers(values)
    whole = read.whole
    assert read.clear
    assert not read.exact
    assert whole[2] == whole[3]
    assert whole[4] == whole[5]
    assert len(set(whole.tolist())) == 4


def test_nothing_is_claimed_where_the_tolerance_leaves_something_out():
    game = np.random.default_rng(1).normal(size=(6, 6, 2))
    strict = [enumerate_stage(game, tolerance=tolerance) for tolerance in (1e-9, 1e-17)]
    assert strict[0].complete
    assert len(strict[1].equilibria) < len(strict[0].equilibria)
    assert not strict[1].complete


def test_certificate_is_the_largest_gain_of_a_deviation():
    for game in tied_games([(3, 3), (4, 3)], seeds=5, levels=1000):
        found = enumerate_stage(game)
        stochastic = StochasticGame.from_arrays([game], [np.ones((*game.shape[:-1], 1))], 0.5)
        checked = [certify_finite(Automaton.stationary(stochastic, [[x], [y]]), 1) for x, y in found.equilibria]
        assert max(checked) <= CLOSE * np.ptp(game)
        assert found.certificate == pytest.approx(max(checked), abs=1e-12 * np.ptp(game))
    off = module.deviation_gains(table([[0, 7], [2, 6]], [[0, 2], [7, 6]]), np.array([1.0, 0.0]), np.array([0.5, 0.5]))
    np.testing.assert_allclose(off, [0.5, 1.0])


# --- properties --------------------------------------------------------------------------------------------------------

small_games = st.tuples(st.integers(1, 4), st.integers(1, 3)).flatmap(
    lambda shape: arrays(np.float64, (*shape, 2), elements=st.integers(-3, 3).map(float))
)


@settings(max_examples=80, deadline=None)
@given(small_games)
def test_every_pair_is_an_equilibrium_and_pure_ones_agree(game):
    found = stage_equilibria(game)
    assert found
    assert max(regret(game, x, y) for x, y in found) <= CLOSE * max(np.ptp(game), 1)
    pure = [(int(x.argmax()), int(y.argmax())) for x, y in found if x.max() == y.max() == 1]
    assert tuple(pure) == pure_stage_equilibria(game)


@settings(max_examples=60, deadline=None)
@given(small_games, st.randoms(use_true_random=False))
def test_relabelling_actions_and_players_relabels_equilibria(game, random):
    rows, columns = random.sample(range(game.shape[0]), game.shape[0]), random.sample(range(game.shape[1]), game.shape[1])
    moved = game[np.ix_(rows, columns)]
    found = as_set(stage_equilibria(game))
    assert as_set(stage_equilibria(moved)) == {(tuple(x[r] for r in rows), tuple(y[c] for c in columns)) for x, y in found}
    swapped = np.swapaxes(game, 0, 1)[..., ::-1]
    assert as_set(stage_equilibria(swapped)) == {(y, x) for x, y in found}


@settings(max_examples=60, deadline=None)
@given(
    small_games,
    st.tuples(*[st.floats(0.001, 1000)] * 2),
    st.tuples(*[st.floats(-100, 100)] * 2),
)
def test_positive_affine_maps_of_payoffs_change_nothing(game, scales, shifts):
    # Ties that the map's rounding blurs are found again: the shift is at most 1e5 times the scale.
    assert as_set(stage_equilibria(game * scales + np.multiply(shifts, scales))) == as_set(stage_equilibria(game))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4).flatmap(lambda n: arrays(np.float64, (*[2] * n, n), elements=st.integers(0, 2).map(float))))
def test_pure_equilibria_against_the_definition(game):
    number = game.shape[-1]
    wanted = []
    for profile in product(*[range(count) for count in game.shape[:-1]]):
        others = [[(*profile[:i], d, *profile[i + 1 :]) for d in range(game.shape[i])] for i in range(number)]
        if all(game[profile][i] >= game[q][i] for i in range(number) for q in others[i]):
            wanted.append(profile)
    assert pure_stage_equilibria(game) == tuple(wanted)
