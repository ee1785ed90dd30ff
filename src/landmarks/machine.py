"""The machine a run computes on; none of it is part of what is computed."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch

from landmarks.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Machine:
    """How a run uses the machine. Results do not depend on it, up to rounding.

    Attributes:
        device: "cpu", "cuda", or "auto" for a GPU where there is one.
        workers: Processes that make batches; 0: the training process itself.
        threads: Of torch on the CPU; None: torch's choice.
        checkpoint_seconds: How much work a killed run may lose.
    """

    device: str = "auto"
    workers: int = 0
    threads: int | None = None
    checkpoint_seconds: float = 60.0

    def __post_init__(self) -> None:
        """Refuse what this machine does not have."""
        if self.device not in ("auto", "cpu", "cuda"):
            raise InputError(f"device is {self.device!r}; allowed are auto, cpu and cuda")
        if self.device == "cuda" and not torch.cuda.is_available():
            raise InputError("device is 'cuda', but torch sees no GPU here; use device=auto")
        for name, kind, least in (
            ("workers", int, 0),
            ("threads", int | None, 1),
            ("checkpoint_seconds", int | float, 0),
        ):
            value = getattr(self, name)
            if not isinstance(value, kind) or (value is not None and value < least):
                raise InputError(f"machine {name} is {value!r}; it must be {least} or more")

    @property
    def torch_device(self) -> torch.device:
        """The device itself."""
        if self.device == "auto":
            return torch.device("cuda" if torch.cuda.is_available() else "cpu")
        return torch.device(self.device)

    def prepare(self) -> None:
        """Set torch up for this process: threads, repeatable kernels, no subnormal numbers."""
        if self.threads is not None:
            torch.set_num_threads(self.threads)
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False
        torch.set_flush_denormal(True)

    def describe(self, *, bfloat16: bool) -> dict[str, str | int]:
        """What was computed on, for the result; `bfloat16` as for `autocast`."""
        device = self.torch_device
        used = bfloat16 and _computes_bfloat16(device)
        return {
            "device": str(device),
            "precision": "bfloat16" if used else "float32",
            "threads": torch.get_num_threads(),
        }

    def autocast(self, *, bfloat16: bool) -> AbstractContextManager[object]:
        """Computation in bfloat16 if that is wanted and the hardware multiplies in it."""
        device = self.torch_device
        if bfloat16 and _computes_bfloat16(device):
            return torch.autocast(device.type, torch.bfloat16)
        return nullcontext()


def _computes_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    # Without these instructions a CPU emulates bfloat16, several times slower than float32.
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
