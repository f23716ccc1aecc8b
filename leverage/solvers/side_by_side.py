"""Independent pieces of work on threads: the compiled kernels hold no lock, so threads run at the same time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")

#: Threads at most: beyond that memory is what they wait for.
MOST_WORKERS = 8
#: Seconds between two looks at whether interrupted work has ended.
PATIENCE = 0.05


def side_by_side(
    work: Callable[[Item], Answer], items: Iterable[Item], workers: int | None = None, stop: Callable[[], None] | None = None
) -> list[Answer]:
    """work(item) for each item, in their order; pieces must not depend on each other.

    workers: threads, >= 1 (default: one for each processor, at most 8). stop: called again and again after an interruption or an
    error, to tell running pieces to end. Raises what a piece raises.
    """
    todo = list(items)
    threads = min(workers or os.cpu_count() or 1, MOST_WORKERS, max(1, len(todo)))
    with ThreadPoolExecutor(threads) as pool:
        tasks = [pool.submit(work, item) for item in todo]
        try:
            return [task.result() for task in tasks]
        except BaseException:
            for task in tasks:
                task.cancel()
            while wait(tasks, PATIENCE).not_done:
                if stop is not None:
                    stop()
            raise
