"""Tensor files: tensors written whole, with the errors that any other file has."""

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
            told = re.search(r"\(os error (\d+)\)", str(error))  # Rust's words for errno
            if told is None:
                raise
            raise OSError(int(told[1]), os.strerror(int(told[1]))) from None
