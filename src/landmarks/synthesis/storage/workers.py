"""Rendering on several cores: one process each, which lives as long as the work and its parent.

Worker and parent are tied by a pipe alone. An index goes to the worker, and comes back when the
sample is written; when either end dies, the other reads the end of the pipe and stops.
"""

import os
import pickle
import signal
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Protocol

from landmarks.errors import InputError
from landmarks.synthesis.picture import Picture

# A worker has its next index before it asks, so that it never waits.
_AHEAD = 2

# What a worker may still be at when the work is called off.
_PATIENCE_SECONDS = 20.0

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

Render = Callable[[int], Picture]
Write = Callable[[int, Picture], None]


class RenderStarter(Protocol):
    """Makes `Render`, in the process that uses it; can be pickled."""

    def start(self) -> Render:
        """Get ready to render, which may take seconds."""
        ...


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def render_each(
    starter: RenderStarter, write: Write, indices: Iterable[int], workers: int
) -> Generator[int, None, None]:
    """Render and write samples.

    Args:
        starter: Makes what makes the pictures.
        write: Takes index and picture; can be pickled.
        indices: What to render, in any order.
        workers: Processes; with 1, this one.

    Yields:
        Each index when its sample is written.

    Raises:
        OSError, InputError: As in the worker.
        InputError: A worker was killed.
    """
    if workers > 1:
        yield from _in_processes(starter, write, iter(indices), workers)
        return
    render = starter.start()
    for index in indices:
        write(index, render(index))
        yield index


@dataclass(frozen=True, kw_only=True)
class _Worker:
    process: SpawnProcess
    pipe: Connection

    def send(self, index: int) -> None:
        """Hand out an index; if the worker has died, `answer` says so."""
        with suppress(OSError):
            self.pipe.send(index)

    def answer(self) -> int:
        """The index of a sample that is done, or the worker's error."""
        try:
            answer = self.pipe.recv()
        except (EOFError, ConnectionError):
            self.process.join()
            code = self.process.exitcode or 0
            if code >= 0:  # it has said why
                raise RuntimeError(f"a rendering process ended by itself, code {code}") from None
            raise InputError(
                f"a rendering process was killed by signal {-code}, for want of memory perhaps; "
                "the same command continues, with fewer workers"
            ) from None
        if isinstance(answer, BaseException):
            raise answer
        return int(answer)


def _in_processes(
    starter: RenderStarter, write: Write, indices: Iterator[int], workers: int
) -> Iterator[int]:
    crew = _start(starter, write, workers)
    try:
        pending = sum(_hand_next(worker, indices) for _ in range(_AHEAD) for worker in crew)
        by_pipe = {worker.pipe: worker for worker in crew}
        while pending:
            for pipe in wait(list(by_pipe)):
                worker = by_pipe[pipe]  # type: ignore[index]
                yield worker.answer()
                pending += _hand_next(worker, indices) - 1
    finally:
        _dismiss(crew)


def _hand_next(worker: _Worker, indices: Iterator[int]) -> int:
    """Hand out the next index; returns how many there was, 1 or 0."""
    for index in indices:
        worker.send(index)
        return 1
    return 0


def _start(starter: RenderStarter, write: Write, workers: int) -> list[_Worker]:
    context = get_context("spawn")
    crew = []
    with _as_workers_like_it():
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
def _as_workers_like_it() -> Iterator[None]:
    """What processes that start now inherit: Ctrl-C is the parent's alone; one thread each."""
    resource_tracker.ensure_running()  # its own start would unblock the signal
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _work(pipe: Connection, starter: RenderStarter, write: Write) -> None:
    """The life of a worker."""
    try:
        render = starter.start()
        for index in _received(pipe):
            write(index, render(index))
            if not _sent(pipe, index):
                return
    except Exception as error:
        _sent(pipe, _portable(error))


def _received(pipe: Connection) -> Iterator[int]:
    while True:
        try:
            index = pipe.recv()
        except (EOFError, ConnectionError):
            return
        yield index


def _sent(pipe: Connection, answer: object) -> bool:
    try:
        pipe.send(answer)
    except ConnectionError:
        return False
    return True


def _portable(error: Exception) -> Exception:
    """`error`, or its traceback as text if it is a fault of the program."""
    if type(error) is InputError or (isinstance(error, OSError) and _survives(error)):
        return error
    return RuntimeError("".join(traceback.format_exception(error)))


def _survives(error: Exception) -> bool:
    try:
        return isinstance(pickle.loads(pickle.dumps(error)), OSError)
    except Exception:
        return False
