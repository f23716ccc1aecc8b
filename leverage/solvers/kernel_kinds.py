"""How kernels are compiled: each is kept on disk, and only what Python calls has the door to Python, which is costly to compile.

Kernels are scalar loops. What numpy does inside compiled code costs seconds to compile: an assignment to a slice, or of a tuple
to a row, brings a check of shapes along whose message alone needs Python's text functions. Each kernel is compiled together with
all that it calls, so that layers cost time too. Python must not call a part: without a door the process ends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit
from numba.core.cpu import CPUTargetOptions

#: A function, of which its compiled form has the type.
Kernel = TypeVar("Kernel", bound=Callable[..., Any])

_within: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
_unchecked: dict[str, Any] = {"error_model": "numpy", "nogil": True}
_lean: dict[str, Any] = {**_unchecked, "_nrt": False} if hasattr(CPUTargetOptions, "_nrt") else _unchecked


def _kind(**options: Any) -> Callable[[Kernel], Kernel]:
    kind: Callable[[Kernel], Kernel] = njit(**options)
    return kind


#: A kernel that Python calls, and a part of kernels: a division by zero is an error.
checked = _kind(cache=True)
checked_part = _kind(cache=True, **_within)

#: The same without checks of divisions, where no divisor is zero or an infinite result is meant.
called = _kind(cache=True, **_unchecked)
called_part = _kind(cache=True, **_unchecked, **_within)

#: The same for kernels that make no arrays: not to count references to what the caller holds saves a tenth of a small game's
#: time.
lean = _kind(cache=True, **_lean)
lean_part = _kind(cache=True, **_lean, **_within)

#: A small part of one lean kernel, written into it: a layer less.
inlined = _kind(inline="always", **_lean)
