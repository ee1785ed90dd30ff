"""Once: what several jobs want at the same time is made by one of them; the others wait for it.

The job whose turn it is holds a *lease*: a marker file that names it, created exclusively, and
touched by a thread for as long as the job lives. A lease is taken over at once from a process of
this machine that has ended, and from another machine's when it was not touched for
`LEASE_SECONDS`, by the clock of the one who waits. Locks of the operating system are not used: on a
shared folder they may be missing, or known to one host only, and they outlive a killed process in
the data workers that it leaves behind.

What is assumed of the folder, and holds for local disks, NFS and the file systems of clusters: a
file is created exclusively; an opened file shows what other hosts last wrote and when; hosts that
share it have names of their own. Still, a lease spares work, it does not guard anything: a job that
stood still for too long goes on beside its successor. What is made must be safe against that by
itself; results are equal, so it is enough to put them in place in one step.
"""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from filelock import SoftFileLease, Timeout

log = logging.getLogger(__name__)

T = TypeVar("T")

# Longer than the time for which an NFS client may show an old file (60 s at most, by default, and
# less for a file that is opened), shorter than what anybody minds to wait for hours of work.
LEASE_SECONDS = 60.0

# Between two looks: short at first, for what takes seconds; then so that hundreds of jobs that wait
# for hours leave the file server alone.
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 5.0


class NoLeaseError(OSError):
    """The folder takes no marker: it is full, or may not be written to."""


def once(marker: Path, find: Callable[[], T | None], make: Callable[[], T], *, what: str) -> T:
    """What `find` finds, or else what `make` makes in one of the jobs that ask at the same time.

    Args:
        marker: A file name for this purpose alone, the same in all jobs; the file is there only
            while somebody makes.
        find: Returns what was made, by whomever, or None.
        make: Called if nothing is found; an error of its own ends this call, and another job tries.
        what: For the log: "making pretrain", "rendering data/rendered/faces".

    Raises:
        NoLeaseError: Nothing is found, and the marker cannot be written; `make` was not called.
    """
    found = find()
    if found is not None:
        return found
    lease = SoftFileLease(marker, lease_duration=LEASE_SECONDS)
    watch = _Watch(lease)
    pause = FIRST_PAUSE
    while not _obtained(lease, marker):
        if pause == FIRST_PAUSE:
            log.info("another job is %s; waiting for it", what)
        watch.look()
        time.sleep(pause)
        pause = min(1.5 * pause, LONGEST_PAUSE)
        found = find()
        if found is not None:
            return found
    try:
        found = find()  # another job may have finished before the lease was ours
        return make() if found is None else found
    finally:
        lease.release()


def _obtained(lease: SoftFileLease, marker: Path) -> bool:
    try:
        marker.parent.mkdir(parents=True, exist_ok=True)
        lease.acquire(timeout=0)
    except Timeout:
        return False
    except OSError as error:
        name = error.filename or str(marker)
        raise NoLeaseError(error.errno, error.strerror, name) from error
    return True


class _Watch:
    """Removes a marker that nobody touches, where the library leaves it.

    The library takes a lease over by exchanging two names in one step, which NFS and SMB refuse;
    there the marker of a job that was killed would stay for good.
    """

    def __init__(self, lease: SoftFileLease) -> None:
        self._lease = lease
        self._seen: object = None
        self._since = 0.0

    def look(self) -> None:
        """Call again and again while waiting."""
        with suppress(FileNotFoundError):
            sight = (Path(self._lease.lock_file).stat().st_mtime_ns, self._lease.owner)
            if sight != self._seen:
                self._seen, self._since = sight, time.monotonic()
            elif time.monotonic() - self._since > 2 * LEASE_SECONDS:
                self._lease.force_break()
