"""Batteries for the solver of one-shot games and its parts: an exact twin, definitions in fractions, games full of ties."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from types import ModuleType
from typing import Any

import nashpy
import numpy as np
import pytest

from tests.exact_stage import CYCLING, all_extreme_equilibria, extreme_lotteries
from tests.games import chicken, solve_exactly
from tests.mutations.batteries import same
from tests.mutations.reference import pure_profiles


def games(*levels: int, seeds: int = 4) -> Iterator[Any]:
    """Whole payoffs of at least 1 (A_1, A_2, 2); the fewer levels, the more ties."""
    for level, shape, seed in product(levels, ((2, 2), (2, 3), (3, 3), (4, 2)), range(seeds)):
        yield np.random.default_rng([seed, level, *shape]).integers(1, 1 + level, (*shape, 2))


def check_stage_game(module: ModuleType) -> None:
    table = chicken().stage_payoffs(0)
    same(module.stage_equilibria(table), [[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[2 / 3, 1 / 3]] * 2])  # in the promised order
    # the first action of both is strictly dominated; without it matching pennies are left
    dominated = np.stack([[[0, 0, 0], [1, 3, 2], [1, 2, 3]], [[0, 3, 3], [0, 2, 3], [0, 3, 2]]], axis=-1)
    same(module.stage_equilibria(dominated), [[[0, 0.5, 0.5]] * 2])
    for game in games(3, 1000):
        _compare(module.enumerate_stage(game), game)
        divisors = np.where(np.arange(game[..., 0].size).reshape(game.shape[:2]) % 2, 7, 3)[..., None]  # sevenths and thirds
        _compare(module.enumerate_stage(game / divisors), game * 21 // divisors)
    three = np.random.default_rng(1).integers(0, 3, (2, 3, 2, 3))
    assert module.pure_stage_equilibria(three) == tuple(pure_profiles(three.astype(float)))
    same(module.deviation_gains(table, np.array([0.5, 0.5]), np.array([0.0, 1.0])), [1, 0.5])
    rounded = np.stack([[[0.1 + 0.2, 0], [0.3, 1]], [[1, 0], [0, 1]]], axis=-1)
    merged = np.stack([[[1, 0], [1, 1e-12 / 3]], [[1, 0], [0, 1]]], axis=-1)
    assert [module.enumerate_stage(game).complete for game in (rounded, merged)] == [True, False]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "extreme_equilibria", lambda rows, columns: None)
        for game in games(4, seeds=6):
            found = module.enumerate_stage(game + 5)
            pure = {(i, j) for (x, y) in found.equilibria for i, j in [(x.argmax(), y.argmax())] if x.max() == y.max() == 1}
            assert not found.complete
            assert pure == set(pure_profiles(game.astype(float)))


def _compare(found: Any, game: Any) -> None:
    known = sorted((*map(float, x), *map(float, y)) for x, y in all_extreme_equilibria(game))
    same(sorted((*x, *y) for x, y in found.equilibria), known)
    assert found.complete


def check_vertices(module: ModuleType) -> None:
    larger = np.random.default_rng(1).integers(1, 10, (5, 5, 2))
    for game in [*games(1, 2, 3, 9, seeds=3), larger]:
        rows, columns = game[..., 0].tolist(), game[..., 1].tolist()
        corners = module.vertices(rows).vertices
        lotteries = {_lottery(vertex, len(rows[0])) for vertex in corners}
        assert len(lotteries) == len(corners)
        assert lotteries == set(extreme_lotteries(rows))
        answer = module.extreme_equilibria(rows, columns)
        assert answer is not None
        pairs = answer.pairs
        found = {(_lottery(x, len(rows)), _lottery(y, len(rows[0]))) for x, y in pairs}
        assert len(found) == len(pairs)
        assert found == set(all_extreme_equilibria(game))
    chicken_game = [[1, 8], [3, 7]], [[1, 3], [8, 7]]
    for limits, known in (({"MAX_EQUILIBRIA": 3}, 3), ({"MAX_EQUILIBRIA": 2}, None), ({"MAX_WORK": 20}, None)):
        with pytest.MonkeyPatch.context() as patch:
            for name, value in limits.items():
                patch.setattr(module, name, value)
            answer = module.extreme_equilibria(*chicken_game)
            assert (None if answer is None else len(answer.pairs)) == known


def _lottery(vertex: Any, count: int) -> tuple[Fraction, ...]:
    weights, support, _ = vertex
    full = [Fraction(0)] * count
    for weight, action in zip(weights, sorted(support), strict=True):
        full[action] = Fraction(weight, sum(weights))
    return tuple(full)


def check_lemke_howson(module: ModuleType) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MAX_WORK", 100_000)
        for game in [*games(1, 2, 3), np.stack(CYCLING, axis=-1)]:
            known = set(all_extreme_equilibria(game))
            found = _ends(module, game)
            assert len(found) == sum(game.shape[:2])
            assert set(found) <= known
        for seed, shape in product(range(3), ((3, 3), (2, 4), (4, 3))):  # without ties a path is determined by its label
            game = np.random.default_rng([seed, *shape]).integers(1, 10**6, (*shape, 2))
            twin = nashpy.Game(game[..., 0], game[..., 1])
            for label, (x, y) in enumerate(_ends(module, game)):
                same((*map(float, x), *map(float, y)), np.concatenate(twin.lemke_howson(label)))
        patch.setattr(module, "MAX_WORK", 400)
        assert 0 < len(_ends(module, game)) < sum(game.shape[:2])


def _ends(module: ModuleType, game: Any) -> list[tuple[tuple[Fraction, ...], tuple[Fraction, ...]]]:
    pairs = module.lemke_howson(game[..., 0].tolist(), game[..., 1].tolist())
    return [(_lottery(x, game.shape[0]), _lottery(y, game.shape[1])) for x, y in pairs]


def check_tableau(module: ModuleType) -> None:
    for level, shape, seed in product((1, 2, 3, 50), ((2, 2), (5, 3), (4, 4)), range(3)):
        random = np.random.default_rng([seed, level, *shape])
        matrix = random.integers(1, 1 + level, shape).tolist()
        tableau = module.IntegerTableau(matrix)
        for _ in range(10):
            _compare_tableau(tableau, matrix)
            column = int(random.integers(tableau.width))
            row = tableau.leaving_row(column)
            assert row == _first_to_leave(tableau, matrix, column)
            before = [list(line) for line in tableau.rows], list(tableau.basic), tableau.scale
            tableau.pivot(row, column)
            tableau.pivot(row, column)
            assert (tableau.rows, tableau.basic, tableau.scale) == before
            tableau.pivot(row, column)


def _compare_tableau(tableau: Any, matrix: list[list[int]]) -> None:
    """Its numbers and its vertex by their definition: the columns and the right-hand side in terms of the basis."""
    height, width = len(matrix), len(matrix[0])
    for row, variable in enumerate(_in_basis(tableau, matrix, [Fraction(1)] * height)):
        assert Fraction(tableau.rows[row][-1], tableau.scale) == variable
    for place, variable in enumerate(tableau.free):
        entries = _in_basis(tableau, matrix, _column(matrix, variable))
        assert [Fraction(line[place], tableau.scale) for line in tableau.rows] == entries
    point = [Fraction(0)] * width
    for variable, value in zip(tableau.basic, _in_basis(tableau, matrix, [Fraction(1)] * height), strict=True):
        if variable < width:
            point[variable] = value
    weights, support, tight = tableau.vertex()
    assert support == {k for k, value in enumerate(point) if value}
    assert [Fraction(weight, tableau.scale) for weight in weights] == [value for value in point if value]
    assert tight == {k for k, row in enumerate(matrix) if sum(v * z for v, z in zip(row, point, strict=True)) == 1}


def _column(matrix: list[list[int]], variable: int) -> list[Fraction]:
    width = len(matrix[0])
    return [Fraction(row[variable] if variable < width else int(variable - width == k)) for k, row in enumerate(matrix)]


def _in_basis(tableau: Any, matrix: list[list[int]], right: list[Fraction]) -> list[Fraction]:
    columns = [_column(matrix, variable) for variable in tableau.basic]
    return solve_exactly([list(row) for row in zip(*columns, strict=True)], right)


def _first_to_leave(tableau: Any, matrix: list[list[int]], column: int) -> int:
    """The row with the smallest ratio, right-hand sides being 1 + e, 1 + e^2, ...: coefficients of 1, e, e^2, ... in turn."""
    height = len(matrix)
    sides = [[Fraction(1)] * height, *([Fraction(int(j == k)) for j in range(height)] for k in range(height))]
    parts = list(zip(*(_in_basis(tableau, matrix, side) for side in sides), strict=True))
    entering = _in_basis(tableau, matrix, _column(matrix, tableau.free[column]))
    return min((r for r in range(height) if entering[r] > 0), key=lambda r: [part / entering[r] for part in parts[r]])
