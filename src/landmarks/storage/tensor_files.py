"""Tensor files: written atomically, with the errors of any other file."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from landmarks.storage.atomic import atomic_write


def save_tensors(
    path: Path, tensors: Mapping[str, Tensor], metadata: dict[str, str] | None = None
) -> None:
    """Write tensors, wherever they are, as a safetensors file.

    Raises:
        OSError: The file cannot be written.
    """
    on_cpu = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with atomic_write(path) as partial:
        try:
            save_file(on_cpu, partial, metadata)
        except SafetensorError as error:
            system = re.search(r"\(os error (\d+)\)", str(error))  # how Rust prints errno
            if system is None:
                raise
            raise OSError(int(system[1]), os.strerror(int(system[1]))) from None
