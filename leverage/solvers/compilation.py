"""Telling the user that kernels are being compiled: it happens once after an install, and takes a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from numba.core import event


class _Announcer(event.Listener):
    """Calls `tell` when the first compilation starts, and `each` whenever one does; what is found on disk is no compilation."""

    def __init__(self, tell: Callable[[], None], each: Callable[[], None]) -> None:
        self.tell, self.each, self.told = tell, each, False

    def on_start(self, event: event.Event) -> None:
        self.each()
        if not self.told:
            self.told = True
            self.tell()

    def on_end(self, event: event.Event) -> None:
        """Nothing is said when it is done."""


@contextmanager
def announced_compilation(tell: Callable[[], None], each: Callable[[], None]) -> Iterator[None]:
    """Calls `tell`, once, if a kernel is compiled meanwhile, and `each` before every function: it may raise to end it."""
    announcer = _Announcer(tell, each)
    event.register("numba:compile", announcer)
    try:
        yield
    finally:
        event.unregister("numba:compile", announcer)
