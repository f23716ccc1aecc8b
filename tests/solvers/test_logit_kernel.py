"""The compiled kernel's own battery: uncompiled copies with planted faults are put to it elsewhere. And its dense factors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numba import njit

from leverage.game.stochastic_game import Floats, Integers, RowIndices
from leverage.solvers import logit_kernel
from leverage.solvers.logit_system import shape_of
from tests.mutations.kernel_batteries import check_determinant, walkway


def _factored(
    matrix: Floats, n: int, pivot: Integers, onset: Integers, reach: Integers, below: int, x: Floats, y: Floats
) -> float:
    """The sign of the determinant; x becomes A^-1 x where the factors are known to be 0 in places, y where it is not."""
    sign = logit_kernel.factor_dense(matrix, n, pivot, onset, reach, below)
    logit_kernel.solve_dense(matrix, n, pivot, onset, reach, x)
    logit_kernel.solve_square(matrix, 0, n, pivot, 0, y, 0)
    return float(sign)


factored: Any = njit(_factored)


def test_dense_and_sparse_factors_orient_the_path_alike() -> None:
    """Also after sparse pivots were chosen anew, where the states' part of the sign was once lost."""
    check_determinant(logit_kernel)


@pytest.mark.parametrize("seed", range(200))
def test_banded_factors_with_a_full_border_are_those_of_the_whole_matrix(seed: int) -> None:
    """Rows are exchanged all the time: diagonals are no larger than other numbers, and many numbers are 0."""
    rng = np.random.default_rng(seed)
    n, below, above = int(rng.integers(5, 40)), int(rng.integers(1, 6)), int(rng.integers(1, 6))
    row, column = np.indices((n, n))
    whole = np.where((row - column <= below) & (column - row <= above) & (rng.random((n, n)) < 0.8), rng.normal(size=(n, n)), 0.0)
    whole[-1], whole[:, -1] = rng.normal(size=(2, n))
    if np.linalg.cond(whole) > 1e8:
        whole += 3.0 * np.eye(n)
    onset = np.append(np.maximum(np.arange(n - 1) - below, 0), 0)
    reach = np.append(np.minimum(np.arange(1, n) + above, n - 1), n - 1)
    right = rng.normal(size=n)
    x, y = right.copy(), right.copy()
    sign = factored(np.append(whole.ravel(), np.zeros(4 * n)), n, np.zeros(n, dtype=np.intp), onset, reach, below, x, y)
    assert x == pytest.approx(y, rel=1e-9, abs=1e-9 * np.abs(y).max())
    assert whole @ x == pytest.approx(right, abs=1e-9 * np.linalg.cond(whole) ** 0.5)
    assert sign == np.linalg.slogdet(whole)[0]


def test_games_that_share_their_rows_share_a_shape_if_their_laws_have_the_same_entries() -> None:
    one = walkway(1)
    one = replace(one, shared=RowIndices(one.actions))
    same, other = replace(one, payoffs=2 * one.payoffs), replace(walkway(1, 6), actions=one.actions, shared=one.shared)
    assert shape_of(same) is shape_of(one)
    other.transitions.data[:] = 0.0
    other.transitions.data[other.transitions.indptr[:-1]] = 1.0
    other.transitions.eliminate_zeros()
    assert np.array_equal(shape_of(other).row_start, other.transitions.indptr)
    assert shape_of(one).row_start[-1] == one.transitions.nnz
