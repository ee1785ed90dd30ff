"""Threads: for work that waits for a disk, or leaves the interpreter lock while it computes."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

_Item = TypeVar("_Item")
_Made = TypeVar("_Made")


@contextmanager
def in_threads(work: Callable[[_Item], _Made], items: Sequence[_Item]) -> Iterator[Iterator[_Made]]:
    """`work` of each item, in their order; on leaving, what was not begun is left undone."""
    with ThreadPoolExecutor() as pool:
        try:
            yield pool.map(work, items)
        finally:
            pool.shutdown(cancel_futures=True)
