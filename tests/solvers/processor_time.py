"""A limit on computing that does not depend on how busy the machine is."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

#: Processor seconds between two exceptions, where the first was lost.
AGAIN = 0.5


@contextmanager
def processor_seconds(limit: float) -> Iterator[None]:
    """Raises TimeoutError once the process has computed for so long, and again while it goes on.

    An exception that is raised while Python runs a finaliser or a callback of the garbage collector (Hypothesis has one) is
    lost, and an endless search would fill the memory. Hence no garbage is collected meanwhile.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"still computing after {limit:g} processor seconds")

    collecting = gc.isenabled()
    gc.disable()
    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, limit, AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)
        if collecting:
            gc.enable()
