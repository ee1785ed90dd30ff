"""The device that a network computes on, and settings of this process for it."""

import ctypes
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import cv2
import torch

from landmarks.errors import InputError

# Names of glibc: free memory that stays at the end of the heap, and the size of blocks beside it.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3

_DEVICES = re.compile(r"auto|cpu|mps|cuda(:\d{1,3})?")


def torch_device(name: str) -> torch.device:
    """The device of that name; "auto" is a CUDA GPU where there is one, else the CPU.

    Raises:
        InputError: The name is unknown, or this machine does not have the device.
    """
    check_device(name)
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(name)


def check_device(name: object) -> None:
    """Refuse the name of a device that is unknown or that this machine does not have."""
    if not isinstance(name, str) or not _DEVICES.fullmatch(name):
        raise InputError(
            f"device is {name!r}; allowed are auto, cpu, cuda, cuda:0, cuda:1, ... and mps"
        )
    if name == "mps" and not torch.backends.mps.is_available():
        raise InputError("device is 'mps', but torch finds no Apple GPU here; use device=auto")
    if not name.startswith("cuda"):
        return
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if count == 0:
        raise InputError(f"device is {name!r}, but torch sees no GPU here; use device=auto")
    _, _, index = name.partition(":")
    if index and int(index) >= count:
        raise InputError(
            f"device is {name!r}, but torch sees {count} GPUs here, counted from cuda:0; choose "
            "one of them, or check CUDA_VISIBLE_DEVICES"
        )


def prepare_process(*, deterministic: bool = True) -> None:
    """Set up torch and OpenCV for this process: kernels, memory, no subnormal numbers.

    Args:
        deterministic: On GPUs, use only kernels that give the same numbers each time.
    """
    cv2.setNumThreads(0)  # crops are too small for OpenCV's threads to pay
    _keep_freed_memory()
    torch.backends.cudnn.deterministic = deterministic
    torch.backends.cudnn.benchmark = not deterministic
    torch.set_flush_denormal(True)


def _keep_freed_memory() -> None:
    """Keep freed memory in the process, for the next step.

    By default the C library gives large blocks back to the system, and every step pays for new
    pages: a tenth of a training step on a CPU. Only glibc has these settings (malloc.h).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if mallopt is not None:
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
        mallopt(M_MMAP_THRESHOLD, 2**30)


@contextmanager
def full_float32() -> Iterator[None]:
    """Compute convolutions in all 24 bits of float32; by default GPUs round to the 11 of TF32."""
    # Set for convolutions only: a setting for cuDNN as a whole does not reach them, and after
    # writing the old flag `allow_tf32` as well, torch refuses to read either.
    convolutions: Any = torch.backends.cudnn.conv  # type: ignore[attr-defined]
    before = convolutions.fp32_precision
    convolutions.fp32_precision = "ieee"
    try:
        yield
    finally:
        convolutions.fp32_precision = before
