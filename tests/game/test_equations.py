"""Equations in I - Q, dense and sparse: solved both ways, with residuals that are what they say."""

from __future__ import annotations

import numpy as np
import pytest

from leverage.game import equations
from leverage.game.equations import equations_of
from leverage.game.sparse_rows import SparseRows
from leverage.game.stochastic_game import Floats


def rows(law: Floats) -> SparseRows:
    row, column = np.nonzero(law)
    return SparseRows(law[row, column], row, column, law.shape)


def leaving_law(seed: int, nodes: int) -> Floats:
    """Play leaves every node with a chance of a tenth; many moves are impossible."""
    rng = np.random.default_rng(seed)
    law = rng.random((nodes, nodes)) * (rng.random((nodes, nodes)) < 0.4) + np.eye(nodes) * 0.1
    return np.asarray(0.9 * law / law.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("most", [equations.DENSE_NODES, 0], ids=["dense", "sparse"])
@pytest.mark.parametrize("seed", range(6))
def test_both_ways_solve_what_a_dense_solver_solves(seed: int, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equations, "DENSE_NODES", most)
    law = leaving_law(seed, 2 + seed)
    rng = np.random.default_rng(seed)
    right, several = rng.normal(size=len(law)), rng.normal(size=(len(law), 3))
    for found, matrix in zip(equations_of(rows(law)), (np.eye(len(law)) - law, np.eye(len(law)) - law.T), strict=True):
        assert found.solve(right) == pytest.approx(np.linalg.solve(matrix, right), rel=1e-12, abs=1e-12)
        assert found.solve(several) == pytest.approx(np.linalg.solve(matrix, several), rel=1e-12, abs=1e-12)
        x = rng.normal(size=len(law))
        left, added = found.residual(x, right)
        assert left == pytest.approx(np.abs(right - matrix @ x), abs=1e-14)
        assert added == pytest.approx(np.abs(right) + np.abs(matrix) @ np.abs(x), rel=1e-14)
        assert found.widest == np.count_nonzero(matrix, axis=1).max()


@pytest.mark.parametrize("most", [equations.DENSE_NODES, 0], ids=["dense", "sparse"])
def test_a_node_that_is_never_left_makes_them_singular(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equations, "DENSE_NODES", most)
    with pytest.raises((np.linalg.LinAlgError, RuntimeError)):
        equations_of(rows(np.array([[1.0, 0.0], [0.5, 0.25]])))


def test_of_no_nodes_there_is_nothing_to_solve() -> None:
    for found in equations_of(rows(np.zeros((0, 0)))):
        assert found.solve(np.zeros(0)).shape == (0,)
        assert found.widest == 0
