"""Temporary names that say which process writes there, so that others see when it has ended.

A temporary name is `<name>.<machine>-<process>-<random>.partial`. Only the process that it names
writes there, so two processes that make the same product never see each other's unfinished files.
"""

import hashlib
import os
import platform
import re
import secrets
from contextlib import suppress
from pathlib import Path

SUFFIX = ".partial"

CAN_PROBE = os.name == "posix"  # on Windows, `os.kill` ends the process


def temporary_name(name: str) -> str:
    """A name for work on `name` that only this call uses."""
    return f"{name}.{_machine()}-{os.getpid()}-{secrets.token_hex(4)}{SUFFIX}"


def owner_has_ended(path: Path) -> bool:
    """Whether the process that chose a temporary name has ended for certain.

    False for processes of other machines, and on Windows: they may still be running.
    """
    named = re.search(rf"\.(\w+)-(\d+)-\w+{re.escape(SUFFIX)}$", path.name)
    if named is None or named[1] != _machine():
        return False
    process = int(named[2])
    return process == os.getpid() or not _may_run(process)  # ours: an earlier call, which failed


def _may_run(process: int) -> bool:
    if not CAN_PROBE:
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _machine() -> str:
    """Identifies this machine, since its last boot, among those that share a folder.

    Containers are machines of their own: each numbers its processes separately.
    """
    parts = [platform.node()]
    with suppress(OSError):  # not Linux
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text())
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=4).hexdigest()
