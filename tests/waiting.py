"""Waiting for other processes: for as long as a busy machine needs, so that a hang alone fails."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# Seconds. Nothing waits so long when all is well, so a short wait would gain nothing, and fail on a
# machine that does much else.
PATIENCE = 600


def wait_until(found: Callable[[], T], what: str) -> T:
    """What `found` returns as soon as that is true; `what` says what did not come."""
    end = time.monotonic() + PATIENCE
    while not (value := found()):
        assert time.monotonic() < end, f"waited for {what} in vain"
        time.sleep(0.005)
    return value
