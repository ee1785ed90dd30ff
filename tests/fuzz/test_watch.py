"""The limits of the other tests here: one that nothing can break would say nothing."""

import contextlib
import os
import pickle
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.fuzz.watch import Watch
from tests.processes import FORKS
from tests.waiting import PATIENCE


def _connect(_: Path) -> None:
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", 9), timeout=1)


def _compute(_: Path) -> None:
    end = time.process_time() + 6
    while time.process_time() < end:
        pass


DEEDS = {
    "reads a file elsewhere": lambda folder: (folder / "other").read_text(),
    "follows a link to elsewhere": lambda folder: (folder / "own/link").read_text(),
    "climbs to elsewhere": lambda folder: (folder / "own/../other").read_text(),
    "lists a folder elsewhere": lambda folder: list(folder.iterdir()),
    "writes elsewhere": lambda folder: (folder / "other").write_text("mine"),
    "renames a file to elsewhere": lambda folder: (folder / "own/a").rename(folder / "b"),
    "starts a program": lambda folder: subprocess.run(["true"], check=True),
    "calls the shell": lambda folder: os.system("true"),
    "unpickles": lambda folder: pickle.loads(pickle.dumps(Path)),
    "connects to a server": _connect,
}
SLOW_DEEDS = {
    "takes more than a gigabyte": lambda folder: bytes(2**30 + 2**28).replace(b"\0", b"1"),
    "computes for more than five seconds": _compute,
}


def _do(names: list[str], folder: Path) -> None:
    """Ends with the number of deeds that were not noticed."""
    (folder / "own").mkdir()
    (folder / "other").write_text("secret")
    (folder / "own/a").touch()
    (folder / "own/link").symlink_to(folder / "other")
    watch, missed = Watch(), []
    with watch.limits(folder / "own"):
        (folder / "own/mine").write_text("mine")
        (folder / "own/mine").read_text()
    assert not watch.beyond, watch.beyond
    for name in names:
        with watch.limits(folder / "own"):
            {**DEEDS, **SLOW_DEEDS}[name](folder)
        if not watch.beyond:
            missed.append(name)
    (folder / "missed").write_text("\n".join(missed))


def check(deeds, folder):
    process = FORKS.Process(target=_do, args=(list(deeds), folder))
    process.start()
    process.join(PATIENCE)
    assert process.exitcode == 0
    assert (folder / "missed").read_text() == ""


def test_what_goes_beyond_a_limit_is_noticed(tmp_path):
    check(DEEDS, tmp_path)


@pytest.mark.slow
def test_what_takes_too_much_is_noticed(tmp_path):
    check(SLOW_DEEDS, tmp_path)
