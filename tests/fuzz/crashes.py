"""Commands that are killed at random moments, or run out of disk, in processes of their own."""

import json
import os
import resource
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import Process
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from tests.processes import FORKS, Ended, run_command
from tests.waiting import PATIENCE


@dataclass(frozen=True)
class Case:
    """A command, and what must be there at its end.

    Attributes:
        words: After `landmarks`, in a folder that `prepare` has filled.
        prepare: Fills a folder with what the command reads.
        outcome: What the command wrote, without times and names of machines, for comparison.
    """

    words: tuple[str, ...]
    prepare: Callable[[Path], object]
    outcome: Callable[[Path], Any]

    def start(self, place: Path, told: Path, *, seconds: float = 0, limit: int = 0) -> Process:
        """Start it.

        Args:
            place: The folder.
            told: Folder for what it prints.
            seconds: Of computing after which it dies, as abruptly as by SIGKILL; 0: it does not.
            limit: Bytes beyond which files cannot grow; 0: none.
        """
        process = FORKS.Process(target=_run, args=(self.words, place, told, seconds, limit))
        process.start()
        return process

    def run(self, place: Path, *, seconds: float = 0, limit: int = 0) -> Ended:
        """Start it, and wait for its end."""
        return self.measured(place, seconds=seconds, limit=limit)[0]

    def measured(self, place: Path, *, seconds: float = 0, limit: int = 0) -> tuple[Ended, float]:
        """As `run`, with the seconds that it computed; 0 if it died."""
        with TemporaryDirectory() as told, ThreadPoolExecutor() as threads:
            streams = [Path(told, name) for name in ("stdout", "stderr")]
            for stream in streams:
                os.mkfifo(stream)  # not limited in size, as a file would be
            said = [threads.submit(stream.read_text) for stream in streams]
            process = self.start(place, Path(told), seconds=seconds, limit=limit)
            process.join(PATIENCE)
            for stream in streams:  # a process that died early has not opened them
                os.close(os.open(stream, os.O_RDWR | os.O_NONBLOCK))
            ended = Ended(process.exitcode, *(one.result(PATIENCE) for one in said))
            return ended, float(read(Path(told, "seconds")) or 0)


def read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def _run(words: tuple[str, ...], place: Path, told: Path, seconds: float, limit: int) -> None:
    if seconds:
        # SIGPROF kills as abruptly as SIGKILL would. Counted on the wall clock, a busy machine
        # would get less done.
        signal.setitimer(signal.ITIMER_PROF, seconds)
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    name, *rest = words
    try:
        run_command(name, tuple(rest), place, str(told), {"TQDM_DISABLE": "1"})
    finally:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        (told / "seconds").write_text(str(usage.ru_utime + usage.ru_stime))


# What commands write


def arrays(path: Path) -> dict[str, Any]:
    with np.load(path) as stored:
        return {name: stored[name].tolist() for name in stored.files}


def runs(folder: Path) -> dict[str, Any]:
    """Results and predictions of all runs."""
    found = {}
    for path in sorted(folder.rglob("result.json")):
        result = json.loads(path.read_text())
        for name in ("timings", "versions"):
            del result[name]
        found[str(path.parent.relative_to(folder))] = (
            result,
            arrays(path.with_name("predictions.npz")),
        )
    return found


def evaluation(folder: Path) -> Any:
    content = json.loads((folder / "evaluation/evaluation.json").read_text())
    del content["run"]
    return content, arrays(folder / "evaluation/predictions.npz")


def files(folder: Path, patterns: tuple[str, ...]) -> dict[str, bytes]:
    """The bytes of files that match a pattern."""
    found = {p for pattern in patterns for p in folder.glob(pattern) if p.is_file()}
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(found)}


def unfinished(folder: Path) -> list[Path]:
    """Temporary files and folders that are left."""
    return [path for path in folder.rglob("*") if path.name.endswith((".partial", ".old"))]
