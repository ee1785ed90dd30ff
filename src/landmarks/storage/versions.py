"""Versions of the software that computed something: recorded for information.

Nothing is refused or made again because of them; see `landmarks.experiment.products` for that.
"""

import platform
import subprocess
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("torch", "numpy", "opencv-python-headless", "albumentations", "timm")


def versions() -> dict[str, str]:
    """Of Python, this package (in a clone, its commit too) and those that it computes with."""
    commit = _own_commit()
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in ("landmarks", *PACKAGES)},
        **({"commit": commit} if commit else {}),
    }


@cache
def _own_commit() -> str:
    return commit_of(Path(__file__).parents[3])


def commit_of(root: Path) -> str:
    """The commit of a clone, ending in "-dirty" if files were changed; empty if unknown."""
    if not (root / ".git").exists():  # installed, perhaps inside a clone of something else
        return ""
    describe = ("describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
    try:
        done = subprocess.run(
            ("git", "-C", root, "--no-optional-locks", *describe),
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def package_differences(then: Mapping[str, str], now: Mapping[str, str]) -> str:
    """What may change rounding: "torch 2.9.0 (now 2.10.0)"; empty if nothing does."""
    names = [name for name in ("python", *PACKAGES) if then.get(name) != now.get(name)]
    return ", ".join(f"{name} {then.get(name, '?')} (now {now.get(name, '?')})" for name in names)
