"""The machine a run computes on. Results depend on it by rounding, and by one named exception."""

import ctypes
import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import cv2
import torch

from landmarks.data.threads import cores
from landmarks.errors import InputError
from landmarks.training.distributed import num_local_ranks, num_ranks, shares_statistics

# What torch chose: OMP_NUM_THREADS, or the cores. Read before a run changes it.
TORCH_THREADS = torch.get_num_threads()

# Names of glibc: free memory that stays at the end of the heap, and the size of blocks beside it.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3

PRECISIONS = {"bfloat16": torch.bfloat16, "float16": torch.float16, "float32": torch.float32}
_DEVICES = re.compile(r"auto|cpu|mps|cuda(:\d{1,3})?")


@dataclass(frozen=True, kw_only=True)
class Machine:
    """How a run uses the machine. Except for `statistics_parts`, it changes only the rounding.

    Attributes:
        device: "cpu", "cuda", "cuda:1" for the second GPU, "mps" for Apple's, or "auto" for a CUDA
            GPU where there is one, else the CPU.
        workers: Processes that make batches, of one thread each, for each rank; 0: the training
            process itself; "auto": a rank's share of the cores on a GPU, 0 on a CPU.
        threads: Of torch on the CPU; None: torch's choice, less the workers.
        checkpoint_seconds: How much work a killed run may lose.
        accumulate: Parts that a rank computes its faces of a batch in, for networks too large
            for the whole; see `statistics_parts`.
        compile: Use `torch.compile` (about 1 minute of warm-up).
        precision: What networks are trained in: "bfloat16", "float16", "float32", or "auto" for
            the fastest that the device computes in hardware. Predictions are always float32.
        deterministic: On GPUs, use only kernels that give the same numbers each time, which can be
            slower.
    """

    device: str = "auto"
    workers: int | str = "auto"
    threads: int | None = None
    checkpoint_seconds: float = 60.0
    accumulate: int = 1
    compile: bool = False
    precision: str = "auto"
    deterministic: bool = True

    def __post_init__(self) -> None:
        """Refuse what this machine does not have."""
        _check_device(self.device)
        for name, kind, least in (
            ("threads", int | None, 1),
            ("checkpoint_seconds", int | float, 0),
            ("accumulate", int, 1),
        ):
            value = getattr(self, name)
            if not isinstance(value, kind) or (value is not None and value < least):
                raise InputError(f"machine {name} is {value!r}; it must be {least} or more")
        if self.workers != "auto" and not (isinstance(self.workers, int) and self.workers >= 0):
            raise InputError(
                f"machine workers is {self.workers!r}; it must be auto, or a whole number from 0"
            )
        for name in ("compile", "deterministic"):
            if not isinstance(getattr(self, name), bool):
                raise InputError(f"machine {name} is {getattr(self, name)!r}; use true or false")
        if self.precision not in ("auto", *PRECISIONS):
            allowed = ", ".join(("auto", *PRECISIONS))
            raise InputError(f"machine precision is {self.precision!r}; use one of {allowed}")
        if self.torch_device.type == "cuda" and num_local_ranks() > torch.cuda.device_count():
            raise InputError(
                f"torchrun started {num_local_ranks()} ranks on this host, but torch sees "
                f"{torch.cuda.device_count()} GPUs; give --nproc_per_node as many, or device=cpu"
            )

    @property
    def torch_device(self) -> torch.device:
        """The device itself."""
        if self.device == "auto":
            return torch.device("cuda" if torch.cuda.is_available() else "cpu")
        return torch.device(self.device)

    @property
    def num_workers(self) -> int:
        """Number of processes that make batches for this rank."""
        if isinstance(self.workers, int):
            return self.workers
        on_cpu = self.torch_device.type == "cpu"
        return 0 if on_cpu else max(1, cores() // num_local_ranks())

    @property
    def parts(self) -> int:
        """Parts that a batch is computed in, by all ranks together."""
        return num_ranks() * self.accumulate

    @property
    def statistics_parts(self) -> int:
        """Parts of a batch that BatchNorm normalises by their own mean and variance.

        The one way in which a machine changes what is computed, and so a part of fingerprints.
        Ranks on GPUs share their statistics, so that their number changes nothing; on CPUs, where
        PyTorch cannot do that, and over accumulated parts, each part has its own. Running
        statistics, used to predict, come from all parts of the first rank.
        """
        return self.accumulate if shares_statistics(self.torch_device) else self.parts

    def prepare(self) -> None:
        """Set up torch and OpenCV for this process: threads, kernels, no subnormal numbers."""
        torch.set_num_threads(self.threads or max(1, TORCH_THREADS - self.num_workers))
        cv2.setNumThreads(0)  # crops are too small for OpenCV's threads to pay
        _keep_freed_memory()
        torch.backends.cudnn.deterministic = self.deterministic
        torch.backends.cudnn.benchmark = not self.deterministic
        torch.set_flush_denormal(True)

    def describe(self, *, cpu_bfloat16: bool) -> dict[str, str | int | bool]:
        """What a training is computed on, for its result; `cpu_bfloat16` as for `computes_in`."""
        return {
            "device": str(self.torch_device),
            "precision": self.computes_in(cpu_bfloat16=cpu_bfloat16),
            "threads": torch.get_num_threads(),
            "workers": self.num_workers,
            "ranks": num_ranks(),
            "accumulate": self.accumulate,
            "compiled": self.compile,
            "deterministic": self.deterministic,
        }

    def computes_in(self, *, cpu_bfloat16: bool) -> str:
        """The precision of training, with "auto" decided.

        Args:
            cpu_bfloat16: Whether the network is faster in bfloat16 on a CPU that has it.
        """
        if self.precision != "auto":
            return self.precision
        if self.torch_device.type == "cuda":  # where all networks gain, and all GPUs have float16
            return "bfloat16" if _gpu_has_bfloat16() else "float16"
        if self.torch_device.type == "cpu" and cpu_bfloat16 and _cpu_has_bfloat16():
            return "bfloat16"
        return "float32"

    def autocast(self, *, cpu_bfloat16: bool) -> AbstractContextManager[object]:
        """Compute in the precision of training; `cpu_bfloat16` as for `computes_in`."""
        precision = PRECISIONS[self.computes_in(cpu_bfloat16=cpu_bfloat16)]
        if precision == torch.float32:
            return nullcontext()
        return torch.autocast(self.torch_device.type, precision)


def _keep_freed_memory() -> None:
    """Keep freed memory in the process, for the next step.

    By default the C library gives large blocks back to the system, and every step pays for new
    pages: a tenth of a training step on a CPU. Only glibc has these settings (malloc.h).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if mallopt is not None:
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
        mallopt(M_MMAP_THRESHOLD, 2**30)


def _check_device(name: object) -> None:
    """Refuse the name of a device that is unknown or that this machine does not have."""
    if not isinstance(name, str) or not _DEVICES.fullmatch(name):
        raise InputError(
            f"device is {name!r}; allowed are auto, cpu, cuda, cuda:0, cuda:1, ... and mps"
        )
    if name == "mps" and not torch.backends.mps.is_available():
        raise InputError("device is 'mps', but torch finds no Apple GPU here; use device=auto")
    if name == "mps" and num_ranks() > 1:
        raise InputError("device is 'mps', which is one GPU; run without torchrun")
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
    if index and num_ranks() > 1:
        raise InputError(
            f"device is {name!r}, but torchrun gives each rank a GPU of its own; use device=cuda, "
            "and CUDA_VISIBLE_DEVICES to choose the GPUs"
        )


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


def _gpu_has_bfloat16() -> bool:
    return bool(torch.cuda.is_bf16_supported(including_emulation=False))


def _cpu_has_bfloat16() -> bool:
    # Without these instructions a CPU emulates bfloat16, several times slower than float32. The
    # public torch.cpu.get_capabilities() is newer than the oldest torch that is supported.
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
