"""Tensor files: written atomically, with a checksum, and the errors of any other file."""

import hashlib
import json
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from landmarks.storage.atomic import atomic_write


def save_tensors(
    path: Path, tensors: Mapping[str, Tensor], metadata: dict[str, str] | None = None
) -> None:
    """Write tensors, wherever they are, as a safetensors file; its metadata gets a "checksum".

    Raises:
        OSError: The file cannot be written.
    """
    on_cpu = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    stated = metadata or {}
    with atomic_write(path) as partial:
        try:
            save_file(on_cpu, partial, {**stated, "checksum": checksum(stated, on_cpu)})
        except SafetensorError as error:
            system = re.search(r"\(os error (\d+)\)", str(error))  # how Rust prints errno
            if system is None:
                raise
            raise OSError(int(system[1]), os.strerror(int(system[1]))) from None


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and the metadata that `save_tensors` wrote.

    Raises:
        OSError: The file is missing or cannot be read.
        ValueError: It is damaged. Files of early versions have no checksum to find out.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise ValueError("not a regular file")
    try:
        with safe_open(path, framework="pt") as file:
            metadata: dict[str, str] = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"not a safetensors file: {error}") from None
    if metadata.get("checksum", stated := checksum(metadata, tensors)) != stated:
        raise ValueError("damaged: the content does not match its checksum")
    return tensors, metadata


def checksum(metadata: Mapping[str, str], tensors: Mapping[str, Tensor]) -> str:
    """A hash of every tensor and of the metadata but for the checksum itself."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(json.dumps({**metadata, "checksum": ""}, sort_keys=True).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
