"""Interruption: Ctrl-C, noted until work can be left where it can be gone on with."""

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)


@contextmanager
def noted_interrupt() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets, instead of stopping at once; the second one does.

    Where Ctrl-C means something else already, or in a thread, which it does not reach, nothing
    changes.
    """
    asked = threading.Event()
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield asked
        return

    def note(_number: int, _frame: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        asked.set()
        log.info("stopping after some more steps; once more Ctrl-C stops at once")

    signal.signal(signal.SIGINT, note)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def ignore_interrupt(_worker: int) -> None:
    """For processes that make batches: Ctrl-C reaches them too, but their trainer ends them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
