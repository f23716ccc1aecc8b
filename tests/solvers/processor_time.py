"""A limit on computing that does not depend on how busy the machine is."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def processor_seconds(limit: float) -> Iterator[None]:
    """Raises TimeoutError once the process has computed for so long."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"still computing after {limit:g} processor seconds")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, limit)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)
