"""Locks between processes, also of several machines that share a folder.

The lock is a *lease*: a marker file that names its owner, created exclusively and touched by a
thread for as long as the owner lives. A process of this machine that has ended loses its lease at
once; one of another machine when the marker was not touched for `LEASE_SECONDS`, on the clock of
the process that waits. Locks of the operating system are not used: on a shared folder they may be
missing or known to one machine only, and worker processes that survive a killed job keep them.

Assumptions, which hold for local disks, NFS and cluster file systems: files can be created
exclusively; an opened file shows what other machines last wrote, and when; machines have names of
their own. A lease saves work but guards nothing: a process that was suspended for too long
continues beside its successor. What is done under a lock must be safe against that, which it is if
both compute the same and put it in place by one rename.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import SoftFileLease, Timeout

log = logging.getLogger(__name__)

# Longer than an NFS client may show an old file (by default 60 s at most, less for an opened one),
# and short compared to hours of work.
LEASE_SECONDS = 60.0

# Between two attempts: short at first, for work of seconds; then longer, so that hundreds of jobs
# that wait for hours do not load the file server.
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 5.0


class LockError(OSError):
    """The marker cannot be written: the folder is full or read-only."""


@contextmanager
def lock(path: Path, *, what: str) -> Iterator[None]:
    """Hold a lock during the block; waits while another process holds it.

    Whoever waited should look first whether the other process has done the work.

    Args:
        path: The marker file; it exists only while the lock is held.
        what: For the log: "making pretrain", "rendering data/rendered/faces".

    Raises:
        LockError: The marker cannot be written.
    """
    lease = SoftFileLease(path, lease_duration=LEASE_SECONDS)
    pause, seen, since = FIRST_PAUSE, "", time.monotonic()
    while not _acquired(lease, path):
        if pause == FIRST_PAUSE:
            log.info("another process is %s; waiting for it", what)
        state = _state(lease, path)
        if state != seen:
            seen, since = state, time.monotonic()
        elif time.monotonic() - since > 2 * LEASE_SECONDS:
            # filelock takes a lease over by exchanging two names in one step, which NFS and SMB
            # refuse; without this, the marker of a killed job would stay there for good.
            lease.force_break()
        time.sleep(pause)
        pause = min(1.5 * pause, LONGEST_PAUSE)
    try:
        yield
    finally:
        lease.release()


def _acquired(lease: SoftFileLease, path: Path) -> bool:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lease.acquire(timeout=0)
    except Timeout:
        return False
    except OSError as error:
        raise LockError(error.errno, error.strerror, error.filename or str(path)) from error
    return True


def _state(lease: SoftFileLease, path: Path) -> str:
    """A text that changes when the owner of a lease touches its marker."""
    try:
        return f"{path.stat().st_mtime_ns} {lease.owner}"
    except FileNotFoundError:
        return f"released at {time.monotonic()}"
