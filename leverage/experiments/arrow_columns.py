"""Cells of a table as Arrow arrays, from their buffers.

`pyarrow.array` makes the same of them, but loads pandas where that is installed, for which a worker would need as long as for the
rest of its start.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from leverage.game.stochastic_game import Booleans

#: How numpy holds numbers of an Arrow type.
_NUMBERS = {pa.int64(): np.int64, pa.float64(): np.float64}


def arrow_column(cells: Sequence[float | str | bool | None], kind: pa.DataType) -> pa.Array:
    """Cells of one type, None where there is no answer. kind: int64, float64, string or bool.

    Examples
    --------
    >>> arrow_column([1.5, None], pa.float64()).to_pylist()
    [1.5, None]
    """
    known = np.array([cell is not None for cell in cells], dtype=bool)
    validity = None if known.all() else _bits(known)
    if kind in _NUMBERS:
        content = [pa.py_buffer(np.array([0 if cell is None else cell for cell in cells], dtype=_NUMBERS[kind]))]
    elif kind == pa.bool_():
        content = [_bits(np.array([bool(cell) for cell in cells], dtype=bool))]
    else:
        texts = [b"" if cell is None else str(cell).encode() for cell in cells]
        ends = np.cumsum([0, *map(len, texts)], dtype=np.int32)
        content = [pa.py_buffer(ends), pa.py_buffer(b"".join(texts))]
    return pa.Array.from_buffers(kind, len(cells), [validity, *content], null_count=int(len(known) - known.sum()))


def _bits(flags: Booleans) -> pa.Buffer:
    return pa.py_buffer(np.packbits(flags, bitorder="little"))
