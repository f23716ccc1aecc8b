"""Equilibria of one-shot games: rows in exact fractions, textbook games, ties, and an exact twin written another way."""

import json
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations, product
from pathlib import Path

import nashpy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from leverage.errors import GameError
from leverage.game.stochastic_game import StochasticGame
from leverage.solvers import stage_nash as module
from leverage.solvers.stage_nash import pure_stage_equilibria, stage_equilibria, stage_nash

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


# --- an exact twin: unknown (lottery, value), all tight sets, equilibrium by definition -----------------------------------


def solved(rows):
    """The one solution of a linear system in fractions (last column: right-hand side), or None."""
    rows, width = [list(row) for row in rows], len(rows[0]) - 1
    rank = 0
    for c in range(width):
        pivot = next((r for r in range(rank, len(rows)) if rows[r][c] != 0), None)
        if pivot is None:
            return None
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        rows[rank] = [v / rows[rank][c] for v in rows[rank]]
        for r in range(len(rows)):
            if r != rank:
                rows[r] = [v - rows[r][c] * w for v, w in zip(rows[r], rows[rank], strict=True)]
        rank += 1
    return None if any(row[-1] != 0 for row in rows[rank:]) else [row[-1] for row in rows[:width]]


def extreme_lotteries(payoffs) -> Iterator[tuple[Fraction, ...]]:
    """Vertices of {(z, v): z a lottery over columns, payoffs z <= v}."""
    count = len(payoffs[0])
    weights = [[Fraction(int(k == j)) for k in range(count)] + [Fraction(0), Fraction(0)] for j in range(count)]
    replies = [[*row, Fraction(-1), Fraction(0)] for row in payoffs]
    whole = [Fraction(1)] * count + [Fraction(0), Fraction(1)]
    for tight in combinations(weights + replies, count):
        point = solved([whole, *tight])
        if point is None or min(point[:-1]) < 0:
            continue
        if max(sum(p * z for p, z in zip(row, point, strict=False)) for row in payoffs) <= point[-1]:
            yield tuple(point[:-1])


def is_equilibrium(a, b, x, y):
    mine = [sum(v * w for v, w in zip(row, y, strict=True)) for row in a]
    yours = [sum(v * w for v, w in zip(column, x, strict=True)) for column in zip(*b, strict=True)]
    return all(v == max(mine) for v, w in zip(mine, x, strict=True) if w) and all(
        v == max(yours) for v, w in zip(yours, y, strict=True) if w
    )


def twin(payoffs):
    a, b = ([[Fraction(v) for v in row] for row in payoffs[..., i].tolist()] for i in (0, 1))
    xs = set(extreme_lotteries(list(zip(*b, strict=True))))
    ys = set(extreme_lotteries(a))
    return [(x, y) for x, y in product(xs, ys) if is_equilibrium(a, b, x, y)]


def tied_games(shapes, seeds, levels):
    for shape, seed in product(shapes, range(seeds)):
        yield np.random.default_rng([seed, *shape]).integers(0, levels, size=(*shape, 2)).astype(float)


@pytest.mark.parametrize("levels", [2, 3, 6])
def test_tied_games_against_the_exact_twin(levels):
    for game in tied_games([(2, 2), (2, 3), (3, 3), (4, 2), (4, 3)], seeds=12, levels=levels):
        found = stage_equilibria(game)
        assert as_set(found) == as_set(twin(game)), game.tolist()
        assert len(found) == len(as_set(found))


def test_duplicated_rows_against_the_exact_twin():
    for game in tied_games([(2, 3), (3, 2)], seeds=15, levels=10):
        doubled = np.concatenate([game, game[:1]])
        assert as_set(stage_equilibria(doubled)) == as_set(twin(doubled))


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


@pytest.mark.parametrize("tied", [False, True])
def test_games_beyond_the_exact_bound_are_answered_by_nashpy_and_checked(monkeypatch, tied):
    monkeypatch.setattr(module, "MAX_BASES", 0)
    module._equilibria.cache_clear()
    for seed in range(6):
        random = np.random.default_rng(seed)
        game = random.integers(0, 3, size=(4, 4, 2)).astype(float) if tied else random.normal(size=(4, 4, 2))
        found = stage_equilibria(game)
        assert max(regret(game, x, y) for x, y in found) <= CLOSE * np.ptp(game)
        exact = as_set(twin(game)) if tied else None
        assert exact is None or {p for p in exact if set(sum(p, ())) <= {0.0, 1.0}} <= as_set(found)
    module._equilibria.cache_clear()


def test_vertex_enumeration_stands_in_where_supports_of_equal_size_give_nothing(monkeypatch):
    rows = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], dtype=float)
    monkeypatch.setattr(module, "MAX_BASES", 0)
    monkeypatch.setattr(module, "_by_supports", lambda a, b: [])
    module._equilibria.cache_clear()
    ((x, y),) = stage_equilibria(table(rows, -rows))
    module._equilibria.cache_clear()
    np.testing.assert_allclose([x, y], 1 / 3, atol=CLOSE)


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


# --- stage_nash --------------------------------------------------------------------------------------------------------


def stochastic(tables, discount=0.9):
    size = len(tables)
    return StochasticGame.from_arrays(tables, [np.full((*np.shape(t)[:-1], size), 1 / size) for t in tables], discount)


CHICKEN = table([[0, 7], [2, 6]], [[0, 2], [7, 6]])
PENNIES = table([[1, -1], [-1, 1]], [[-1, 1], [1, -1]])
# Two meeting places of equal worth, (4, 1) and (1, 4): the sum over ranges ties, and the first counts.
MEETING = table([[4, 0], [0, 1]], [[1, 0], [0, 4]])


def test_selection_takes_the_largest_scaled_sum_and_then_the_first():
    # Ranges over the game are 8 (row player, -1 to 7) and 8: in chicken the pure ones sum to 9/8, the mixed one to 28/3/8.
    found = stage_nash(stochastic([CHICKEN, PENNIES, MEETING]))
    np.testing.assert_allclose(found.values, [[14 / 3, 14 / 3], [0, 0], [4, 1]], atol=CLOSE)
    np.testing.assert_allclose(found.strategies[0][0], [1 / 3, 2 / 3], atol=CLOSE)
    assert found.strategies[1][2].tolist() == [1.0, 0.0]
    assert found.certificate <= CLOSE * 8


def test_future_is_ignored_and_the_status_says_so():
    first = stage_nash(stochastic([CHICKEN, PENNIES], discount=0.0))
    second = stage_nash(stochastic([CHICKEN, PENNIES], discount=0.99))
    np.testing.assert_array_equal(first.values, second.values)
    assert "markov_perfect" in second.status
    assert "equilibrium of the repeated game" in stage_nash(stochastic([CHICKEN])).status


def test_scale_of_one_players_payoffs_does_not_steer_the_selection():
    plain = stage_nash(stochastic([CHICKEN, MEETING]))
    scaled = stage_nash(stochastic([CHICKEN * [1, 1000], MEETING * [1, 1000]]))
    np.testing.assert_allclose(scaled.values, plain.values * [1, 1000], rtol=CLOSE)


def test_scores_that_differ_by_rounding_are_tied():
    meeting = table([[0.3, 0], [0, 0.6]], [[0.6, 0], [0, 0.3 + 1e-13]])
    assert stage_nash(stochastic([meeting])).values.tolist() == [[0.3, 0.6]]


def test_one_player_takes_the_best_action():
    found = stage_nash(stochastic([[[1.0], [3.0], [2.0]], [[5.0]]]))
    assert found.values.tolist() == [[3.0], [5.0]]


def test_three_players_with_a_pure_equilibrium():
    common = np.repeat(np.arange(8.0).reshape(2, 2, 2, 1), 3, axis=3)
    found = stage_nash(stochastic([common]))
    assert found.values.tolist() == [[7.0, 7.0, 7.0]]


def test_three_players_without_a_pure_equilibrium():
    # Jordan (1993): 1 wants to match 2, 2 to match 3, 3 to differ from 1; the one equilibrium mixes evenly.
    jordan = np.array([[[[a == b, b == c, c != a] for c in (0, 1)] for b in (0, 1)] for a in (0, 1)], dtype=float)
    assert pure_stage_equilibria(jordan) == ()
    found = stage_nash(stochastic([jordan]))
    np.testing.assert_allclose(np.concatenate([own[0] for own in found.strategies]), 0.5, atol=1e-6)
    assert found.certificate <= CLOSE


def test_payoffs_that_never_change():
    found = stage_nash(stochastic([np.full((2, 3, 2), 4.0)]))
    assert found.values.tolist() == [[4.0, 4.0]]
    assert found.certificate == 0.0


def test_many_states_are_all_solved():
    random = np.random.default_rng(5)
    tables = [random.normal(size=(5, 3, 2)) for _ in range(40)] + [random.integers(0, 3, size=(5, 3, 2)) for _ in range(40)]
    game = stochastic(tables)
    found = stage_nash(game)
    worst = max(regret(t, found.strategies[0][s], found.strategies[1][s]) for s, t in enumerate(tables))
    assert worst <= CLOSE * game.payoff_range
    assert found.certificate == pytest.approx(worst, abs=1e-14)
