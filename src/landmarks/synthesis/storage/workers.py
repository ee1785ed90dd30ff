"""Work on several cores: one worker process each, which ends with the work or with its parent.

Parent and worker share a pipe: an index goes to the worker and comes back when the sample is
written. If a worker dies, the parent reads the end of the pipe. If the parent dies, its workers
exit at once; half-written files are removed by the next call.
"""

import os
import pickle
import signal
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from threading import Thread
from typing import Protocol, TypeVar

from landmarks.errors import InputError

# Indices that a worker has at a time, so that it never waits for the next one.
_AHEAD = 2

# How long a worker may take to finish its sample when the work is stopped.
_PATIENCE_SECONDS = 20.0

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

Made = TypeVar("Made")
Made_co = TypeVar("Made_co", covariant=True)
Write = Callable[[int, Made], None]


class Starter(Protocol[Made_co]):
    """Makes samples, such as pictures, in the process that uses it; can be pickled."""

    def start(self) -> Callable[[int], Made_co]:
        """Get ready, which may take seconds; returns what makes the sample with an index."""
        ...


def make_each(
    starter: Starter[Made], write: Write[Made], indices: Iterable[int], workers: int
) -> Generator[int, None, None]:
    """Make and write samples.

    Args:
        starter: Makes them.
        write: Takes index and sample; can be pickled.
        indices: Samples to make, in any order.
        workers: Processes; 1 works in this process.

    Yields:
        Each index when its sample is written.

    Raises:
        OSError, InputError: Raised in a worker.
        InputError: A worker was killed.
    """
    if workers > 1:
        yield from _in_processes(starter, write, iter(indices), workers)
        return
    make = starter.start()
    for index in indices:
        write(index, make(index))
        yield index


@dataclass(frozen=True, kw_only=True)
class _Worker:
    process: SpawnProcess
    pipe: Connection

    def send(self, index: int) -> None:
        """Send an index; if the worker has died, `receive` raises."""
        with suppress(OSError):
            self.pipe.send(index)

    def receive(self) -> int:
        """The index of a finished sample; raises the worker's error."""
        try:
            received = self.pipe.recv()
        except (EOFError, ConnectionError):
            self.process.join()
            code = self.process.exitcode or 0
            if code >= 0:
                raise RuntimeError(f"a rendering process exited with code {code}") from None
            raise InputError(
                f"a rendering process was killed (signal {-code}), possibly out of memory; run the "
                "same command with fewer workers to resume"
            ) from None
        if isinstance(received, BaseException):
            raise received
        return int(received)


def _in_processes(
    starter: Starter[Made], write: Write[Made], indices: Iterator[int], workers: int
) -> Iterator[int]:
    crew = _start(starter, write, workers)
    try:
        pending = sum(_send_next(worker, indices) for _ in range(_AHEAD) for worker in crew)
        by_pipe = {worker.pipe: worker for worker in crew}
        while pending:
            for pipe in wait(list(by_pipe)):
                worker = by_pipe[pipe]  # type: ignore[index]
                yield worker.receive()
                pending += _send_next(worker, indices) - 1
    finally:
        _dismiss(crew)


def _send_next(worker: _Worker, indices: Iterator[int]) -> int:
    """Send the next index, if there is one; returns how many were sent, 1 or 0."""
    for index in indices:
        worker.send(index)
        return 1
    return 0


def _start(starter: Starter[Made], write: Write[Made], workers: int) -> list[_Worker]:
    context = get_context("spawn")
    crew = []
    with _environment_of_workers():
        for _ in range(workers):
            here, there = context.Pipe()
            process = context.Process(target=_work, args=(there, starter, write), daemon=True)
            process.start()
            there.close()  # else this process would keep it open when the worker dies
            crew.append(_Worker(process=process, pipe=here))
    return crew


def _dismiss(crew: list[_Worker]) -> None:
    for worker in crew:
        worker.pipe.close()
    for worker in crew:
        worker.process.join(_PATIENCE_SECONDS)
        if worker.process.is_alive():
            worker.process.terminate()
            worker.process.join()


@contextmanager
def _environment_of_workers() -> Iterator[None]:
    """What processes that start now inherit: one thread each, and Ctrl-C blocked."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        with _interrupt_blocked() if hasattr(signal, "pthread_sigmask") else nullcontext():
            yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _interrupt_blocked() -> Iterator[None]:
    """Block Ctrl-C while processes start, before they can ignore it themselves."""
    resource_tracker.ensure_running()  # starting it later would unblock the signal
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def _work(pipe: Connection, starter: Starter[Made], write: Write[Made]) -> None:
    """Make samples until the pipe ends, in a process of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent to handle
    Thread(target=_exit_with_parent, daemon=True).start()
    try:
        make = starter.start()
        for index in _received(pipe):
            write(index, make(index))
            if not _sent(pipe, index):
                return
    except Exception as error:
        _sent(pipe, _portable(error))


def _exit_with_parent() -> None:
    """Wait for the parent's end, then exit, whatever the worker is computing."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _received(pipe: Connection) -> Iterator[int]:
    while True:
        try:
            index = pipe.recv()
        except (EOFError, ConnectionError):
            return
        yield index


def _sent(pipe: Connection, content: object) -> bool:
    try:
        pipe.send(content)
    except ConnectionError:
        return False
    return True


def _portable(error: Exception) -> Exception:
    """`error`, or its traceback as text if it is a bug."""
    if type(error) is InputError or (isinstance(error, OSError) and _survives(error)):
        return error
    return RuntimeError("".join(traceback.format_exception(error)))


def _survives(error: Exception) -> bool:
    try:
        return isinstance(pickle.loads(pickle.dumps(error)), OSError)
    except Exception:
        return False
