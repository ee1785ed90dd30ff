"""What a command and the processes that it starts hold in memory at once. Linux only.

*Own* is what a process wrote itself; *resident* counts mapped files too, once for each process that
has them, so that of libraries which processes share it counts more than there is.
"""

import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROCESSES = Path("/proc")
NUMBERS = ("PPid", "RssAnon", "VmRSS")  # of /proc/<process>/status; the latter two in kB
PAUSE = 0.1  # seconds between two looks


@dataclass(frozen=True)
class Held:
    """Memory of some processes at one moment.

    Attributes:
        processes: How many.
        own: Megabytes.
        resident: Megabytes.
    """

    processes: int
    own: float
    resident: float


def most_held(words: Sequence[str]) -> Held:
    """The most of each that a command and its descendants hold until it ends.

    Raises:
        RuntimeError: It fails; with what it said.
    """
    seen = [Held(0, 0.0, 0.0)]
    with tempfile.TemporaryFile("w+") as said:
        with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=said) as command:
            while command.poll() is None:
                seen.append(_held(command.pid))
                time.sleep(PAUSE)
        said.seek(0)
        if command.returncode != 0:
            raise RuntimeError(f"{' '.join(words)} ended with {command.returncode}: {said.read()}")
    return Held(
        max(held.processes for held in seen),
        max(held.own for held in seen),
        max(held.resident for held in seen),
    )


def _held(root: int) -> Held:
    found = list(_family(root, _statuses()))
    return Held(
        len(found),
        sum(status["RssAnon"] for status in found) / 1024,
        sum(status["VmRSS"] for status in found) / 1024,
    )


def _family(root: int, statuses: dict[int, dict[str, int]]) -> Iterator[dict[str, int]]:
    """Those of `root` and its descendants that have memory."""
    if "VmRSS" in statuses.get(root, {}):
        yield statuses[root]
    for child, status in statuses.items():
        if status["PPid"] == root:
            yield from _family(child, statuses)


def _statuses() -> dict[int, dict[str, int]]:
    """Of each process the parent, and memory in kB."""
    found = {}
    for path in PROCESSES.glob("[0-9]*/status"):
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            pairs = (line.split(":", 1) for line in path.read_text().splitlines())
            told = {name: value.split() for name, value in pairs if name in NUMBERS}
            found[int(path.parent.name)] = {name: int(value[0]) for name, value in told.items()}
    return found
