"""Defer Ctrl-C to the next safe checkpoint."""

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)


@contextmanager
def deferred_interrupt() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets, instead of stopping at once; the second one stops.

    Where a program has its own handler for Ctrl-C, or in a thread, which it does not reach, nothing
    changes.
    """
    requested = threading.Event()
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield requested
        return

    def request(_number: int, _frame: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        requested.set()
        log.info("stopping at the next checkpoint; press Ctrl-C again to stop at once")

    signal.signal(signal.SIGINT, request)
    try:
        yield requested
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def ignore_interrupt(_worker: int) -> None:
    """For processes that make batches: Ctrl-C reaches them too, but their trainer ends them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
