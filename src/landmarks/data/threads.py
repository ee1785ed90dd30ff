"""Cores, and threads for work that waits for a disk or releases the interpreter lock."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

# More threads than cores, because some of them wait for a disk.
_THREADS = min(32, (os.cpu_count() or 1) + 4)


def cores() -> int:
    """Cores that this process may use; a batch job may have been given some of the machine's."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_threads(work: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
    """`work(item)` of each item, in order; only a few results wait in memory for the caller."""
    pending: deque[Future[_Result]] = deque()
    pool = ThreadPoolExecutor(_THREADS)
    try:
        for item in items:
            if len(pending) == 2 * _THREADS:
                yield pending.popleft().result()
            pending.append(pool.submit(work, item))
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
