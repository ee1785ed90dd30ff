"""Warp kernels: what a ray meets, and what light comes back.

One source for CPU and CUDA. `look` holds a scene's materials as the kernels see them, the other
modules one family of materials each, and `trace` the rays.

Warp tells of its start and of each kernel it loads; a library keeps quiet.
"""

import ctypes
import os

import warp as wp

if hasattr(wp.config, "log_level"):
    wp.config.log_level = wp.LOG_WARNING
else:  # older versions; newer ones warn of this switch
    wp.config.quiet = True


def _has_driver() -> bool:
    """Whether there is a CUDA driver, by the names that Warp looks for."""
    for name in ("libcuda.so", "libcuda.so.1", "nvcuda.dll"):
        try:
            ctypes.CDLL(name)
        except OSError:
            continue
        return True
    return False


def _start_unheard() -> None:
    """Start Warp; its line about the missing driver is C's, which no level keeps back."""
    stderr, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        wp.init()
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)


# With a driver Warp starts when it is first needed: it may hold a GPU from then on.
if not _has_driver():
    _start_unheard()
