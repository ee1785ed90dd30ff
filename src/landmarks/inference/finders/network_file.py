"""The file of a face finder: its network with all that is needed to use it. Never unpickled."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from landmarks.data.files import open_file
from landmarks.errors import InputError
from landmarks.inference.finders.network import NetworkFinder
from landmarks.inference.tensor_file import read_tensor_file
from landmarks.models.box_maps import box_network
from landmarks.storage.tensor_files import checksum, save_tensors

# Raise it with any change after which older versions cannot read new files, or the reverse.
FORMAT: Final = "1"
LARGEST: Final = 2**26  # bytes
BUNDLED: Final = Path(__file__).parents[1] / "assets" / "finder.safetensors"
SETTINGS: Final = ("longest", "sides", "threshold", "scale", "shift")


def write_finder(path: Path, finder: NetworkFinder) -> None:
    """Write a file that `read_finder` reads."""
    tensors = finder.network.state_dict()
    settings = {name: getattr(finder, name) for name in SETTINGS}
    metadata = {
        "format": FORMAT,
        "widths": json.dumps(finder.network.widths),
        "settings": json.dumps(settings),
    }
    save_tensors(path, tensors, metadata)


def read_finder(path: Path | str = BUNDLED) -> NetworkFinder:
    """Read a finder; by default the one that comes with the package.

    Raises:
        InputError: The file is missing, damaged, or no face finder of this version.
    """
    path = Path(path)
    open_file(path, LARGEST).close()
    return read_tensor_file(path, _read)


@cache
def own_finder() -> NetworkFinder:
    """The finder that comes with the package, read once."""
    return read_finder(BUNDLED)


def _read(file: Any) -> NetworkFinder:  # noqa: ANN401 - safetensors has no types
    metadata: dict[str, str] = file.metadata() or {}
    if metadata.get("format") != FORMAT or "widths" not in metadata or "settings" not in metadata:
        raise InputError(f"no face finder of format {FORMAT}; write it again with this version")
    try:
        widths, settings = json.loads(metadata["widths"]), json.loads(metadata["settings"])
        longest, sides, shift = (tuple(settings[name]) for name in ("longest", "sides", "shift"))
    except (ValueError, TypeError, KeyError, RecursionError):
        raise InputError("damaged: its settings cannot be read; copy the file again") from None
    expected = _expected_tensors(widths)
    names = list(file.keys())
    shapes = {name: list(file.get_slice(name).get_shape()) for name in names}
    if shapes != {name: list(tensor.shape) for name, tensor in expected.items()}:
        raise InputError("damaged: its tensors do not fit its network; copy the file again")
    tensors = {name: file.get_tensor(name) for name in names}
    if checksum(metadata, tensors) != metadata.get("checksum"):
        raise InputError("damaged: the content does not match its checksum; copy the file again")
    _check_values(expected, tensors)
    network = box_network(widths)
    network.load_state_dict(tensors)
    return NetworkFinder(
        network=network,
        longest=longest,
        sides=sides,
        threshold=settings.get("threshold"),
        scale=settings.get("scale"),
        shift=shift,
    )


def _expected_tensors(widths: Any) -> dict[str, Tensor]:  # noqa: ANN401 - whatever JSON says
    """Shapes without memory: the file could name a network of any size."""
    try:
        with torch.device("meta"):
            return box_network(widths).state_dict()
    except InputError:
        raise
    except Exception as error:  # torch raises anything for numbers that it cannot use
        raise InputError(f"its network cannot be built ({type(error).__name__})") from None


def _check_values(expected: Mapping[str, Tensor], tensors: Mapping[str, Tensor]) -> None:
    for name, like in expected.items():
        if tensors[name].dtype != like.dtype or not bool(torch.isfinite(tensors[name]).all()):
            raise InputError(f"tensor {name!r} must be finite numbers of type {like.dtype}")
