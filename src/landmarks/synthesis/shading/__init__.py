"""Warp kernels: visibility and shading, on CPU and CUDA.

`structs` holds the data that the kernels read and return. `raster` finds what each pixel shows,
`boxes` and `tree` what shadow rays hit; `trace` and `rays` make a picture of it. `noise` is for the
other modules, which shade one family of materials each.

Warp's own messages at start-up and on loading kernels are disabled.
"""

import ctypes
import os

import warp as wp

if hasattr(wp.config, "log_level"):
    wp.config.log_level = wp.LOG_WARNING
else:  # older versions; newer ones warn about this setting
    wp.config.quiet = True


def _has_driver() -> bool:
    """Whether a CUDA driver is installed, by the library names that Warp searches for."""
    for name in ("libcuda.so", "libcuda.so.1", "nvcuda.dll"):
        try:
            ctypes.CDLL(name)
        except OSError:
            continue
        return True
    return False


def _start_unheard() -> None:
    """Start Warp without its message about a missing driver, which no log level disables."""
    stderr, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        wp.init()
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)


# With a driver, Warp starts on first use, because it may occupy the GPU from then on.
if not _has_driver():
    _start_unheard()
