"""Arrow arrays from buffers are those that pyarrow makes of the same cells."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverage.experiments.arrow_columns import arrow_column

CELLS = {
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.float64(): st.none() | st.floats(),
    pa.string(): st.none() | st.text(),
    pa.bool_(): st.none() | st.booleans(),
}


@pytest.mark.parametrize("kind", CELLS, ids=str)
@given(data=st.data())
def test_they_are_what_pyarrow_makes(kind: pa.DataType, data: st.DataObject) -> None:
    cells = data.draw(st.lists(CELLS[kind], max_size=20))
    ours, known = arrow_column(cells, kind), pa.array(cells, type=kind)
    ours.validate(full=True)
    assert ours.type == known.type
    assert ours.null_count == known.null_count
    for found, expected in zip(ours.to_pylist(), known.to_pylist(), strict=True):
        assert found == expected or (math.isnan(found) and math.isnan(expected))
