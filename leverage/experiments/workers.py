"""Who solves the parts of a sweep: this process, processes of this machine, or a cluster. What they hand back is the same.

Only a few parts are under way at a time, so that memory does not grow with the number of points.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import resource_tracker
from typing import Protocol

from loky import ProcessPoolExecutor

from leverage.errors import OutputError
from leverage.experiments.part import SolvedPart, StoppedPart, SweepTask, solve_part
from leverage.experiments.part_files import ask, collect, no_room, solve_asked
from leverage.experiments.store import Part
from leverage.game.stochastic_game import Floats

#: Parts under way for each worker: one is solved while the next one waits beside it.
AHEAD = 2
#: Workers may die so often in a row, no part being finished in between.
MOST_DEATHS = 3
#: So often a second somebody looks whether to stop.
HEED_SECONDS = 0.2
#: So often a worker looks whether the process that started it is still there.
PARENT_SECONDS = 1.0
#: Processes are started where what is left would take longer than this here: starting them takes seconds too.
WORTH_SECONDS = 15.0
#: What the process that tidies up after killed workers says of it is nothing that a user could do something about.
TIDIED = "ignore:resource_tracker:UserWarning"

Result = tuple[Part, SolvedPart | StoppedPart]
#: What is under way, by what tells when it is solved, and in the end why it could not be handed back.
UnderWay = dict[Future[str], Part]


@dataclass(frozen=True)
class Work:
    """The parts that are to be solved. values: of the parameters that vary, at the points of a part. heed: raises where the user
    wants to stop. staffed: told how many workers there are, whenever that changes."""

    task: SweepTask
    parts: Iterable[Part]
    values: Callable[[Part], Floats]
    heed: Callable[[], None]
    staffed: Callable[[int], None] = lambda workers: None


class Workers(Protocol):
    """Solve parts, in whatever order."""

    def results(self, work: Work) -> Iterator[Result]: ...


@dataclass(frozen=True)
class ThisProcess:
    """One part after the other, here."""

    def results(self, work: Work) -> Iterator[Result]:
        work.staffed(1)
        for part in work.parts:
            work.heed()
            yield part, solve_part(work.task, part.start, work.values(part))


@dataclass(frozen=True)
class LocalProcesses:
    """Processes of this machine. One that is killed is replaced, and what was under way is solved again.

    Raises OutputError where they die again and again.
    """

    count: int

    def results(self, work: Work) -> Iterator[Result]:
        with tempfile.TemporaryDirectory(prefix="leverage-") as folder:
            yield from self._replacing(work, folder)

    def _replacing(self, work: Work, folder: str) -> Iterator[Result]:
        """The results, by new workers where one has died."""
        waiting = iter(work.parts)
        again: list[Part] = []
        deaths = 0
        work.staffed(self.count)
        while True:
            under_way: UnderWay = {}
            if TIDIED not in sys.warnoptions:  # which processes that are started are given
                sys.warnoptions.append(TIDIED)
            with _ctrl_c_held_back():
                pool = ProcessPoolExecutor(
                    self.count, initializer=begin_worker, initargs=(os.getpid(), folder), env={"OMP_NUM_THREADS": "1"}
                )
            try:
                for part in self._until_broken(pool, work, itertools.chain(again, waiting), under_way, folder):
                    deaths = 0
                    yield part, collect(folder, part)
            except BrokenProcessPool as error:
                again, deaths = list(under_way.values()), deaths + 1
                if deaths >= MOST_DEATHS:
                    raise OutputError(
                        f"workers died {deaths} times in a row, perhaps for want of memory: finished parts are kept;"
                        " go on with --resume and fewer --jobs"
                    ) from error
            else:
                return
            finally:
                pool.shutdown(wait=True, kill_workers=True)

    def _until_broken(
        self,
        pool: ProcessPoolExecutor,
        work: Work,
        parts: Iterator[Part],
        under_way: UnderWay,
        folder: str,
    ) -> Iterator[Part]:
        """Parts as they are solved; `under_way` tells which were not when a worker died."""
        while True:
            for part in itertools.islice(parts, AHEAD * self.count - len(under_way)):
                ask(folder, part, work.task, work.values(part))
                under_way[_submitted(pool, folder, part, under_way)] = part
            if not under_way:
                return
            work.heed()
            done, _ = wait(under_way, timeout=HEED_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                if reason := future.result():
                    raise no_room(folder, reason)
                yield under_way.pop(future)


def _submitted(pool: ProcessPoolExecutor, folder: str, part: Part, under_way: UnderWay) -> Future[str]:
    try:
        with _ctrl_c_held_back():
            future: Future[str] = pool.submit(solve_asked, folder, part.start)
        return future
    except BrokenProcessPool:
        under_way[Future()] = part  # a worker died in the meantime: not submitted, and not to be lost
        raise


@dataclass(frozen=True)
class WhereWorth:
    """This process while what is left takes a few seconds, as it goes so far; from then on processes of this machine.

    count: of the processes. seconds: that are not worth starting them.
    """

    count: int
    seconds: float = WORTH_SECONDS

    def results(self, work: Work) -> Iterator[Result]:
        parts = list(work.parts)
        began = time.monotonic()
        for done, result in enumerate(ThisProcess().results(replace(work, parts=parts)), 1):
            yield result
            left = parts[done:]
            if left and (time.monotonic() - began) / done * len(left) > self.seconds:
                yield from LocalProcesses(min(self.count, len(left))).results(replace(work, parts=left))
                return


@contextmanager
def _ctrl_c_held_back() -> Iterator[None]:
    """Processes that are started meanwhile do not see Ctrl-C, nor that the terminal is gone, before they know that it is not for
    them, see `begin_worker`; the one that tidies up after all never learns of the latter.

    Here it comes a moment later.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    try:
        resource_tracker.ensure_running()  # else it is started with the first worker, and starting it lets Ctrl-C through again
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def begin_worker(parent: int, folder: str) -> None:
    """Ctrl-C and the end of the terminal are for the process that started this one, whose end is the worker's end too, however it
    comes.

    folder: what lies there is passing, and does not outlive them.
    """
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent, folder), daemon=True).start()


def _end_with(parent: int, folder: str) -> None:
    while os.getppid() == parent:
        time.sleep(PARENT_SECONDS)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
