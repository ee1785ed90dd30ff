"""What a piece of code opens, starts, waits for and remembers, seen by the interpreter's own hooks.

An audit hook cannot be removed, so this belongs in a process of its own.
"""

import os
import signal
import site
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import landmarks

SECONDS = 5.0  # of computing, by all threads
WAITING = 60  # seconds on the clock: the machine may do much else
BYTES = 2**30

ROOT = Path(__file__).resolve().parents[2]

# Reading these is reading the program and what it runs on, not somebody's files.
_PROGRAM = tuple(
    os.path.realpath(place)
    for place in (
        sys.prefix, sys.base_prefix, *site.getsitepackages(), sysconfig.get_paths()["stdlib"],
        ROOT / "src", ROOT / "configs", ROOT / "tests", Path(landmarks.__file__).parent,
        "/usr/lib", "/usr/share", "/sys", "/dev/null", "/dev/urandom",
        "/proc/cpuinfo", "/proc/meminfo", "/proc/sys/kernel/random/boot_id",
    )
)  # fmt: skip

_FILES = {
    "open": 1, "os.listdir": 1, "os.scandir": 1, "os.remove": 1, "os.rename": 2, "os.mkdir": 1,
    "os.rmdir": 1, "os.truncate": 1, "os.symlink": 2, "os.link": 2, "os.chmod": 1, "os.utime": 1,
    "shutil.rmtree": 1, "shutil.move": 2, "shutil.copyfile": 2,
}  # fmt: skip
_ON_LINKS = ("os.remove", "os.rename", "os.symlink", "os.link")
_STARTS = (
    "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "pickle.find_class",
    "socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "urllib.Request",
    "webbrowser.open", "code.__new__",
)  # fmt: skip


class Hung(BaseException):
    """Raised in code that waits for too long; not an `Exception`, so that nothing handles it."""


@dataclass
class Watch:
    """The limits of a trial, and what went beyond them.

    Attributes:
        allowed: Folders that may be read and written.
        beyond: What was opened or started, in words.
    """

    allowed: tuple[str, ...] = ()
    beyond: list[str] = field(default_factory=list)
    _on: bool = False

    def __post_init__(self) -> None:
        sys.addaudithook(self._see)

    def _see(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self._on:
            return
        if event in _FILES:
            for path in arguments[: _FILES[event]]:
                if isinstance(path, str | bytes | os.PathLike):
                    self._look(event, os.fsdecode(path))
        elif event in _STARTS and not _is_own_question(event, arguments):
            self.beyond.append(f"{event} {arguments!r:.200}")

    def _look(self, event: str, path: str) -> None:
        folder, name = os.path.split(path)
        try:  # a link itself is renamed or removed, not what it leads to
            itself = event in _ON_LINKS
            real = f"{os.path.realpath(folder)}/{name}" if itself else os.path.realpath(path)
        except (OSError, ValueError):  # no file can have this name
            return
        own = tuple(f"/proc/{os.getpid()}/{name}" for name in ("stat", "status", "task", "maps"))
        for place in (*self.allowed, *_PROGRAM, *own):
            if real == place or real.startswith(f"{place}/"):
                return
        self.beyond.append(f"{event} {path!r:.200}")

    @contextmanager
    def limits(self, *folders: Path) -> Iterator[None]:
        """Watch a block; `beyond` then holds what it opened outside of `folders`, and the like."""
        self.allowed = tuple(os.path.realpath(folder) for folder in folders)
        self.beyond = []
        begin, memory = time.process_time(), _restart_peak()
        before = signal.signal(signal.SIGALRM, _too_long)
        signal.alarm(WAITING)
        self._on = True
        try:
            yield
        finally:
            self._on = False
            signal.alarm(0)
            signal.signal(signal.SIGALRM, before)
            if (seconds := time.process_time() - begin) > SECONDS:
                self.beyond.append(f"{seconds:.1f} s of computing")
            if (more := _status("VmHWM") - memory) > BYTES:
                self.beyond.append(f"{more / 2**20:,.0f} MiB of memory")


def _is_own_question(event: str, arguments: tuple[object, ...]) -> bool:
    """Whether the program asks git for its own commit."""
    return event == "subprocess.Popen" and arguments[0] == "git"


def _too_long(*_: object) -> None:
    raise Hung(f"{WAITING} s")


def _restart_peak() -> int:
    """Bytes in memory now, from which the peak is counted."""
    with open("/proc/self/clear_refs", "w") as file:  # noqa: PTH123
        file.write("5")
    return _status("VmHWM")


def used_memory() -> int:
    """Bytes that this process has asked for."""
    return _status("VmData")


def _status(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"no {name}")
