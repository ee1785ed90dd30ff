"""Versions: what a number depends on besides its inputs."""

import platform
from collections.abc import Mapping
from importlib.metadata import version

from landmarks.storage.serialization import code

PACKAGES = ("landmarks", "torch", "numpy", "opencv-python-headless", "albumentations", "timm")


def versions() -> dict[str, str]:
    """Of Python, of packages, and of the code that computes results."""
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
        "code": code(),
    }


def differences(then: Mapping[str, str], now: Mapping[str, str]) -> str:
    """What differs, for people: "torch 2.9.0 (now 2.10.0)"; empty if nothing does."""
    names = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    return ", ".join(f"{name} {then.get(name, '?')} (now {now.get(name, '?')})" for name in names)
