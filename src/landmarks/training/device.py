"""The machine a run computes on. Results depend on it by rounding, and by one named exception."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch

from landmarks.data.threads import cores
from landmarks.errors import InputError
from landmarks.models.device import check_device, prepare_process, torch_device
from landmarks.training.distributed import num_local_ranks, num_ranks, shares_statistics

# What torch chose: OMP_NUM_THREADS, or the cores. Read before a run changes it.
TORCH_THREADS = torch.get_num_threads()

PRECISIONS = {"bfloat16": torch.bfloat16, "float16": torch.float16, "float32": torch.float32}


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
        check_device(self.device)
        _check_ranks(self.device)
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
        return torch_device(self.device)

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
        """Set up torch and OpenCV for this process: threads, kernels, memory."""
        torch.set_num_threads(self.threads or max(1, TORCH_THREADS - self.num_workers))
        prepare_process(deterministic=self.deterministic)

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


def _check_ranks(device: str) -> None:
    """Refuse a device that several ranks cannot share."""
    if num_ranks() == 1:
        return
    if device == "mps":
        raise InputError("device is 'mps', which is one GPU; run without torchrun")
    if device.startswith("cuda:"):
        raise InputError(
            f"device is {device!r}, but torchrun gives each rank a GPU of its own; use "
            "device=cuda, and CUDA_VISIBLE_DEVICES to choose the GPUs"
        )


def _gpu_has_bfloat16() -> bool:
    return bool(torch.cuda.is_bf16_supported(including_emulation=False))


def _cpu_has_bfloat16() -> bool:
    # Without these instructions a CPU emulates bfloat16, several times slower than float32. The
    # public torch.cpu.get_capabilities() is newer than the oldest torch that is supported.
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
