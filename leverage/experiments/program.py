"""The program that a part's numbers hang on, so that another process can tell whether its own would be the same."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Mapping
from functools import cache

from leverage.experiments.store import differences
from leverage.output.files import versions
from leverage.output.unfinished import program_hash

#: Libraries beside those of every manifest: what compiles the kernels, and what writes the parts.
_MORE = ("numba", "llvmlite", "pyarrow")
#: Digits of a hash that are told.
_DIGITS = 12


@cache
def program() -> Mapping[str, str]:
    """This program's text, and the versions of Python and of the libraries.

    Found once in a process: what it has loaded stays the same when files change.
    """
    return {
        **versions(),
        **{name: importlib.metadata.version(name) for name in _MORE},
        "python": ".".join(platform.python_version_tuple()[:2]),
        "program": program_hash()[:_DIGITS],
    }


def differences_from(asked: Mapping[str, str]) -> tuple[str, ...]:
    """What differs in this process from the program that is asked for: 'numpy: there 2.1.0, asked 2.2.0'. Nothing: the same."""
    return tuple(differences(program(), asked))
