"""The compiled kernel's own battery: uncompiled copies with planted faults are put to it elsewhere."""

from __future__ import annotations

from leverage.solvers import logit_kernel
from tests.mutations.kernel_batteries import check_determinant


def test_dense_and_sparse_factors_orient_the_path_alike() -> None:
    """Also after sparse pivots were chosen anew, where the states' part of the sign was once lost."""
    check_determinant(logit_kernel)
