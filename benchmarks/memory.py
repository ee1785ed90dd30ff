"""Peak memory of a command and its child processes. Linux only.

*Private* memory is anonymous memory of each process. *Resident* memory also counts mapped files,
once for every process, so shared libraries are counted several times.
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
PAUSE = 0.1  # seconds between two samples


@dataclass(frozen=True)
class Held:
    """Memory of some processes at one time.

    Attributes:
        processes: Number of processes.
        own: Megabytes.
        resident: Megabytes.
    """

    processes: int
    own: float
    resident: float


def most_held(words: Sequence[str]) -> Held:
    """Run a command; returns the peak of each number over it and its descendants.

    Raises:
        RuntimeError: The command failed; the message has its standard error.
    """
    seen = [Held(0, 0.0, 0.0)]
    with tempfile.TemporaryFile("w+") as errors:
        with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=errors) as command:
            while command.poll() is None:
                seen.append(_held(command.pid))
                time.sleep(PAUSE)
        errors.seek(0)
        if command.returncode != 0:
            raise RuntimeError(
                f"{' '.join(words)} failed with exit code {command.returncode}: {errors.read()}"
            )
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
    """Statuses of `root` and its descendants, without kernel threads and zombies."""
    if "VmRSS" in statuses.get(root, {}):
        yield statuses[root]
    for child, status in statuses.items():
        if status["PPid"] == root:
            yield from _family(child, statuses)


def _statuses() -> dict[int, dict[str, int]]:
    """Parent and memory in kB of each process."""
    found = {}
    for path in PROCESSES.glob("[0-9]*/status"):
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            pairs = (line.split(":", 1) for line in path.read_text().splitlines())
            numbers = {name: value.split() for name, value in pairs if name in NUMBERS}
            found[int(path.parent.name)] = {name: int(value[0]) for name, value in numbers.items()}
    return found
