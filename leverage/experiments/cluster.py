"""The workers of a Dask cluster that the user runs solve the parts of a sweep: the same parts, the same bytes.

The scheduler gives parts to workers and gives them anew where a worker is lost. Workers may come and go meanwhile; none of them
needs to see the sweep's folder.
"""

from __future__ import annotations

import itertools
import logging
import pickle
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue

import dask
from distributed import Client, Future, KilledWorker, get_worker
from distributed.comm.addressing import parse_address, parse_host_port
from distributed.security import Security

from leverage.errors import ClusterError
from leverage.experiments.part import SolvedPart, StoppedPart, solve_part
from leverage.experiments.program import differences_from, program
from leverage.experiments.store import Part
from leverage.experiments.workers import AHEAD, HEED_SECONDS, Result, Work
from leverage.scenario.wording import counted

#: A scheduler that has not answered by then is told to be out of reach.
CONNECT_SECONDS = 10.0
#: So often somebody counts the workers.
COUNT_SECONDS = 1.0

#: How a scheduler may be spoken to.
_SCHEMES = ("tcp", "tls")
#: What a machine says that has another program, or none.
_NO_SUCH_PROGRAM = (ImportError, AttributeError)
_KEPT = "finished parts are kept: go on with --resume"
_SAME_EVERYWHERE = "install the same everywhere and restart the workers"


@dataclass(frozen=True)
class Stranger:
    """A worker whose answers could be others than those of this process. differing: 'numpy: there 2.1.0, asked 2.2.0'."""

    address: str
    differing: tuple[str, ...]


#: What a worker hands back.
Answer = SolvedPart | StoppedPart | Stranger


class _Call:
    """A function with arguments that is called where this is read from its pickle, and gives way to what it returns.

    Messages to a worker thus name nothing but Python's own library: one that lacks the program answers with an error, whereas a
    name that it does not know in a message would end it, and the next worker after it. The scheduler needs no program either.
    """

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self._reduced = function, arguments

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self._reduced


def solve_alike(asked: Mapping[str, str], packed: bytes) -> Answer:
    """One part, solved by a worker whose program is the one that is asked for; see `solve_part`.

    packed: its arguments, which only the same program can be trusted to read.
    """
    differing = differences_from(asked)
    if differing:
        return Stranger(get_worker().address, differing)
    return solve_part(*pickle.loads(packed))  # noqa: S301 - the client of the user's own scheduler may run anything here


@dataclass(frozen=True, eq=False)
class Cluster:
    """Workers of a Dask cluster, see `cluster_at`. address: of its scheduler. client: connected to it."""

    address: str
    client: Client

    @property
    def threads(self) -> dict[str, int]:
        """Of each worker that is there now, by address. Raises ClusterError where the scheduler is gone."""
        if self.client.status == "closed":  # it has tried for a while to find the scheduler again
            raise self._lost()
        try:
            return dict(self.client.nthreads())
        except (OSError, RuntimeError) as error:
            raise self._lost() from error

    def results(self, work: Work) -> Iterator[Result]:
        """Parts as they are solved. While there is no worker, one part waits for the first to come.

        Raises ClusterError where the scheduler is lost, a part ends worker after worker, or a worker's program differs.
        """
        parts = iter(work.parts)
        under_way: dict[str, tuple[Part, Future[Answer]]] = {}
        ended: SimpleQueue[str] = SimpleQueue()
        rooms = self._rooms(work)
        try:
            while True:
                work.heed()
                for part in itertools.islice(parts, max(0, next(rooms) - len(under_way))):
                    future = self._submitted(work, part)
                    under_way[str(future.key)] = part, future  # what nobody holds is forgotten by the scheduler
                    future.add_done_callback(lambda future: ended.put(str(future.key)))
                if not under_way:
                    return
                with suppress(Empty):
                    part, future = under_way.pop(ended.get(timeout=HEED_SECONDS))
                    yield part, self._result(part, future)
        finally:
            self._cancel(future for _, future in under_way.values())

    def _rooms(self, work: Work) -> Iterator[int]:
        """How many parts may be under way, again and again. Workers are counted now and then, and told when they have changed."""
        told: int | None = None
        while True:
            threads = self.threads
            if len(threads) != told:
                told = len(threads)
                work.staffed(told)
            counted = time.monotonic()
            while time.monotonic() < counted + COUNT_SECONDS:
                yield max(1, AHEAD * sum(threads.values()))

    def _submitted(self, work: Work, part: Part) -> Future[Answer]:
        packed = pickle.dumps((work.task, part.start, work.values(part)))
        call = pickle.dumps(_Call(solve_alike, program(), packed))
        return self.client.submit(pickle.loads, call, key=f"points {part.start} to {part.stop - 1}, {uuid.uuid4().hex}")

    def _result(self, part: Part, future: Future[Answer]) -> SolvedPart | StoppedPart:
        if future.status == "cancelled":
            raise self._lost()
        try:
            answer: Answer = future.result()
        except KilledWorker as error:
            raise ClusterError(
                f"points {part.start:,} to {part.stop - 1:,}: {counted(error.allowed_failures + 1, 'worker')} died over them,"
                f" perhaps for want of memory; {_KEPT} when workers have more of it"
            ) from error
        except _NO_SUCH_PROGRAM as error:
            raise ClusterError(
                f"a worker of {self.address} has another leverage or none ({error}): {_SAME_EVERYWHERE}; {_KEPT}"
            ) from error
        except OSError as error:
            raise self._lost() from error
        if isinstance(answer, Stranger):
            raise ClusterError(f"{_refusal([answer])}; {_KEPT}")
        return answer

    def _cancel(self, futures: Iterable[Future[Answer]]) -> None:
        """Have the scheduler drop what is not needed any more; a part that a worker is just solving is thrown away."""
        with suppress(OSError, RuntimeError):  # the scheduler may be gone, and this must not hide why
            self.client.cancel(list(futures), force=True)

    def _lost(self) -> ClusterError:
        return ClusterError(f"the scheduler at {self.address} is gone, or has dropped the work; {_KEPT} when it is there again")

    def refuse_strangers(self) -> None:
        """Ask every worker that is there now for its program. Raises ClusterError where one differs.

        Those that come later are asked with each part.
        """
        answers = self.client.run(pickle.loads, pickle.dumps(_Call(differences_from, program())), on_error="return")
        strangers = [Stranger(address, _told(answer)) for address, answer in sorted(answers.items())]
        differing = [stranger for stranger in strangers if stranger.differing]
        if differing:
            raise ClusterError(_refusal(differing))


@contextmanager
def cluster_at(address: str) -> Iterator[Cluster]:
    """Connect to a cluster by the address of its scheduler, such as tcp://host:8786.

    Raises ClusterError where that is no address, nobody answers there, or the program of a worker differs from this one.
    """
    _refuse_misspelt(address)
    with _quiet(), dask.config.set({"distributed.comm.timeouts.connect": CONNECT_SECONDS}):
        try:
            client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False, name="leverage")
        except (OSError, ImportError) as error:
            raise ClusterError(
                f"no scheduler answers at {address}: is `dask scheduler` running there, and does a firewall let its port through?"
            ) from error
        try:
            cluster = Cluster(address, client)
            cluster.refuse_strangers()
            yield cluster
        finally:
            with suppress(OSError, RuntimeError):  # the scheduler may be gone
                client.close(timeout=CONNECT_SECONDS)


def _refuse_misspelt(address: str) -> None:
    """Raise ClusterError unless somebody could be there. A client that fails on this would not come to an end by itself."""
    try:
        scheme, place = parse_address(address)
        host, port = parse_host_port(place)
        known = scheme in _SCHEMES and bool(host) and 0 < port < 65_536
    except ValueError:
        known = False
    if not known:
        raise ClusterError(
            f"--cluster {address}: an address such as tcp://host:8786 is needed, which `dask scheduler` prints when it starts"
        )
    if scheme == "tls":
        _refuse_unprotected(address)


def _refuse_unprotected(address: str) -> None:
    """Raise ClusterError where there is no certificate to show."""
    named = "in Dask's configuration, distributed.comm.tls"
    try:
        certified = Security().get_connection_args("client").get("ssl_context") is not None
    except OSError as error:
        raise ClusterError(f"--cluster {address}: the certificate cannot be read ({error.strerror}): look {named}") from error
    if not certified:
        raise ClusterError(f"--cluster {address}: no certificate is known; name one {named}")


@contextmanager
def _quiet() -> Iterator[None]:
    """What the library logs is told in one message instead."""
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.CRITICAL + 1)
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _told(answer: tuple[str, ...] | BaseException) -> tuple[str, ...]:
    """What differs, by a worker's answer; one that has just gone does not differ."""
    if isinstance(answer, OSError):
        return ()
    return (f"leverage: there another or none ({answer})",) if isinstance(answer, BaseException) else answer


def _refusal(strangers: Iterable[Stranger]) -> str:
    listed = "\n    ".join(f"{stranger.address}: {'; '.join(stranger.differing)}" for stranger in strangers)
    return f"workers have another program, whose numbers could be others: {_SAME_EVERYWHERE}\n    {listed}"
