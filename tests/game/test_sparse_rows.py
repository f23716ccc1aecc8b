"""Sparse matrices as plain arrays do what scipy's do, to the last bit where sums run in the same order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from leverage.game import sparse_rows
from leverage.game.sparse_rows import SparseRows, identity_less
from leverage.game.stochastic_game import Floats, Integers

Made = tuple[Floats, Integers, Integers, tuple[int, int]]


def made(seed: int) -> Made:
    """Numbers in any order, some in one place, some of which cancel."""
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(1, 8)), int(rng.integers(1, 8)))
    count = int(rng.integers(0, 20))
    row, column = rng.integers(0, shape[0], count), rng.integers(0, shape[1], count)
    return rng.integers(-2, 3, count).astype(float), row, column, shape


@given(st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_they_are_what_scipy_makes_of_the_same_numbers(seed: int) -> None:
    numbers, row, column, shape = made(seed)
    ours = SparseRows.summed(numbers, row, column, shape)
    known = sparse.coo_array((numbers, (row, column)), shape=shape).tocsr()
    known.eliminate_zeros()
    np.testing.assert_array_equal(ours.dense(), known.toarray())
    np.testing.assert_array_equal(ours.scipy().toarray(), known.toarray())
    assert len(ours.numbers) == known.nnz
    np.testing.assert_array_equal(ours.row_start, known.indptr)
    rng = np.random.default_rng(seed)
    x, several = rng.normal(size=shape[1]), rng.normal(size=(shape[1], 3))
    np.testing.assert_array_equal(ours @ x, known @ x)
    np.testing.assert_array_equal(ours @ several, known @ several)
    np.testing.assert_array_equal(ours.for_each(3)(several.T), (known @ several).T)
    y = rng.normal(size=shape[0])
    np.testing.assert_array_equal(ours.transposed @ y, known.T @ y)
    np.testing.assert_array_equal(ours.sizes @ x, abs(known) @ x)
    rows, columns = rng.random(shape[0]) < 0.5, rng.random(shape[1]) < 0.5
    np.testing.assert_array_equal(ours.part(rows).dense(), known.toarray()[rows])
    np.testing.assert_array_equal(ours.part(rows, columns).dense(), known.toarray()[rows][:, columns])
    assert ours.widest == np.diff(known.indptr).max()


@pytest.mark.parametrize("seed", range(20))
def test_large_matrices_are_summed_by_sorting_to_the_same_numbers(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers, row, column, shape = made(seed)
    numbers = numbers / 3  # sums that depend on their order
    at_once = SparseRows.summed(numbers, row, column, shape)
    monkeypatch.setattr(sparse_rows, "MOST_PLACES", -1)
    sorted_out = SparseRows.summed(numbers, row, column, shape)
    for field in ("numbers", "row", "column"):
        np.testing.assert_array_equal(getattr(at_once, field), getattr(sorted_out, field))


@pytest.mark.parametrize("seed", range(20))
def test_products_of_many_numbers_are_the_same_to_the_last_bit(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers, row, column, shape = made(seed)
    ours = SparseRows.summed(numbers / 3, row, column, shape)
    x = np.random.default_rng(seed).normal(size=(shape[1], 3))
    few = ours @ x
    monkeypatch.setattr(sparse_rows, "MANY_NUMBERS", 0)
    np.testing.assert_array_equal(ours @ x, few)


@pytest.mark.parametrize("stays", [0.0, 0.4, 1.0])
def test_the_identity_less_a_law(stays: float) -> None:
    law = np.array([[stays, 1 - stays, 0.0], [0.0, 0.0, 1.0], [0.5, 0.25, 0.25]])
    row, column = np.nonzero(law)
    found = identity_less(SparseRows(law[row, column], row, column, law.shape))
    np.testing.assert_array_equal(found.dense(), np.eye(3) - law)
