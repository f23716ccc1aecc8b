"""Faults planted in what finds Markov equilibria and follows them; see `mutants.py`."""

from __future__ import annotations

from tests.mutations.mutants import faults_in

DETERMINANT = faults_in(
    "solvers/logit_kernel.py",
    (
        "sign *= again if again != 0.0 else factor_sparse(shape, work)",
        "sign = sign * again if again != 0.0 else factor_sparse(shape, work)",
        "where pivots are chosen anew the states' part of the sign is lost",
    ),
    ("sign *= factor_square(", "sign = factor_square(", "only the last state's part counts"),
    ("sign = -sign\n            other = start", "other = start", "exchanges of rows in a state do not count"),
    (
        "sign = -sign\n                for j in range(n):\n                    matrix[k * n + j], matrix[best",
        "for j in range(n):\n                    matrix[k * n + j], matrix[best",
        "exchanges of rows in the values' matrix do not count",
    ),
    ("return sign * work.at[PARITY]", "return sign", "the order of sparse pivots does not count"),
    (
        "size, sign, x, place = len(shape.order), work.at[PARITY],",
        "size, sign, x, place = len(shape.order), 1.0,",
        "the order of sparse pivots does not count where they are kept",
    ),
    ("if now != k:\n                sign", "if now == k:\n                sign", "cycles of odd length count as odd"),
    (
        "if pivot < 0.0:\n            sign = -sign\n        work.factor_row",
        "work.factor_row",
        "signs of new sparse pivots do not count",
    ),
    ("if pivot < 0.0:\n            sign = -sign\n        upper[end]", "upper[end]", "signs of kept sparse pivots do not count"),
)
