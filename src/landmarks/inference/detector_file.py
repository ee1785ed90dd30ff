"""The file of a detector: its tensors, and metadata that say what they mean.

A safetensors file with tensors `network.*`, with an adapter `adapter.*`, and `reliability.*` if it
says how far its landmarks can be trusted. The metadata hold `format`, the version of this layout;
`landmarks`, the version of the package, for information; `scheme`; `checksum`, of everything else;
and as JSON `input_size` and the records of `network`, `codec`, `loss` and `crop`. The pre-trained
weights that training started from are not named, because a trained network does not need them.

A file may come from anywhere. Nothing in it is executed, no server and no other file is accessed
because of it, and memory is allocated only for tensors that it contains.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from landmarks import __version__
from landmarks.adapters.adapter import Adapter, adapter_from_state
from landmarks.data.files import open_file
from landmarks.errors import InputError
from landmarks.geometry import CropRule
from landmarks.inference.reliability import Reliability
from landmarks.inference.restore import (
    Classes,
    parse_json,
    restore_codec,
    restore_crop,
    restore_loss,
    restore_network,
)
from landmarks.inference.tensor_file import LONGEST, read_tensor_file
from landmarks.models.architecture import Architecture
from landmarks.scheme import IBUG68, LandmarkScheme, restored_scheme, stored_scheme
from landmarks.storage.serialization import record
from landmarks.storage.tensor_files import checksum, save_tensors

# Raise it with any change after which older versions cannot read new files, or the reverse.
FORMAT = 1
IF_OLDER = "if an older version of landmarks wrote the file, run its training again"

PARTS = ("input_size", "network", "codec", "loss", "crop")  # metadata in JSON
DETECTOR = "detector.safetensors"  # in the folder of a run
LARGEST = 2**32  # bytes


_Content = TypeVar("_Content")


@dataclass(frozen=True, kw_only=True)
class DetectorParts:
    """What a detector consists of, and its file contains.

    Attributes:
        network: Trained.
        architecture: Its input size and codec.
        crop: The crop rule of its training.
        adapter: Moves its output to another labelling convention; None: not needed.
        reliability: Says how far each landmark can be trusted, and whether it is seen; None: was
            not fitted.
        scheme: What the landmark indices mean.
    """

    network: nn.Module
    architecture: Architecture
    crop: CropRule
    adapter: Adapter | None = None
    reliability: Reliability | None = None
    scheme: LandmarkScheme = IBUG68


def write_detector(path: Path, detector: DetectorParts) -> None:
    """Write a file that `read_detector` reads."""
    tensors = {f"network.{k}": v for k, v in detector.network.state_dict().items()}
    if detector.adapter is not None:
        tensors |= {f"adapter.{k}": v for k, v in detector.adapter.state_dict().items()}
    if detector.reliability is not None:
        tensors |= {f"reliability.{k}": v for k, v in detector.reliability.state_dict().items()}
    architecture = detector.architecture
    parts = {
        "input_size": architecture.input_size,
        "network": record(architecture.network),
        "codec": record(architecture.codec),
        "loss": record(architecture.loss),
        "crop": record(detector.crop),
    }
    metadata = {
        "format": str(FORMAT),
        "landmarks": __version__,
        "scheme": stored_scheme(detector.scheme),
        **{name: json.dumps(part) for name, part in parts.items()},
    }
    save_tensors(path, tensors, metadata)


def read_detector(path: Path, classes: Classes = ()) -> DetectorParts:
    """Read what `write_detector` wrote, and check all of it.

    Args:
        path: The file.
        classes: Of other packages, that the file may name as its network, codec, loss or crop rule.

    Raises:
        InputError: The file is missing, damaged, not a detector, or of another version.
    """
    return _from_file(path, lambda file: _read(file, classes))


def read_scheme(path: Path) -> LandmarkScheme:
    """The scheme of a detector's landmarks, without reading its weights.

    Raises:
        InputError: As of `read_detector`.
    """

    def read(file: Any) -> LandmarkScheme:  # noqa: ANN401 - safetensors has no types
        metadata: dict[str, str] = file.metadata() or {}
        _check_format(metadata)
        return restored_scheme(metadata["scheme"])

    return _from_file(path, read)


def _from_file(path: Path, read: Callable[[Any], _Content]) -> _Content:
    try:
        open_file(path, LARGEST).close()
    except InputError as error:
        raise InputError(f"{error}; give the {DETECTOR} of a finished run, or its folder") from None
    return read_tensor_file(path, read)


def _read(file: Any, classes: Classes) -> DetectorParts:  # noqa: ANN401 - safetensors has no types
    metadata: dict[str, str] = file.metadata() or {}
    _check_format(metadata)
    scheme = restored_scheme(metadata["scheme"])
    architecture, crop = _parts(metadata, classes)
    names = list(file.keys())
    judged = any(name.startswith("reliability.") for name in names)
    expected = _expected_tensors(architecture, scheme.num_landmarks, judged)
    _check_shapes(expected, {name: file.get_slice(name).get_shape() for name in names})
    tensors = {name: file.get_tensor(name) for name in names}
    if checksum(metadata, tensors) != metadata.get("checksum"):
        raise InputError("damaged: the content does not match its checksum; copy the file again")
    _check_values(expected, tensors)
    network = architecture.build(scheme.num_landmarks)
    network.load_state_dict(_under("network.", tensors))
    state = _under("adapter.", tensors)
    adapter = adapter_from_state(state, scheme) if state else None
    _run_once(network, architecture, adapter, scheme.num_landmarks)
    return DetectorParts(
        network=network,
        architecture=architecture,
        crop=crop,
        adapter=adapter,
        reliability=_reliability(network, _under("reliability.", tensors), scheme.num_landmarks),
        scheme=scheme,
    )


def _check_format(metadata: Mapping[str, str]) -> None:
    given = metadata.get("format")
    if given is None:
        raise InputError(
            "no format version in its metadata, so it is not a detector, or one of an older "
            "version of landmarks; run its training again with this version"
        )
    if given.isdecimal() and len(given) < 10 and int(given) > FORMAT:
        raise InputError(
            f"format version {given}, written by landmarks {metadata.get('landmarks', '?')[:20]}; "
            f"landmarks {__version__} reads version {FORMAT}; update it: pip install -U landmarks"
        )
    if given != str(FORMAT):
        raise InputError(f"unknown format version {given[:20]!r}; expected {FORMAT}")
    missing = [name for name in ("scheme", *PARTS, "checksum") if name not in metadata]
    if missing:
        raise InputError(f"no {missing[0]!r} in its metadata; copy the file again")


def _parts(metadata: Mapping[str, str], classes: Classes) -> tuple[Architecture, CropRule]:
    restore: dict[str, Callable[[object, Classes], Any]] = {
        "input_size": lambda size, _: size,
        "network": restore_network,
        "codec": restore_codec,
        "loss": restore_loss,
        "crop": restore_crop,
    }
    parts = {}
    for name, restored in restore.items():
        try:
            parts[name] = restored(parse_json(metadata[name]), classes)
        except InputError as error:
            raise InputError(f"{name}: {error}") from None
    crop = parts.pop("crop")
    return Architecture(**parts), crop


def _reliability(
    network: nn.Module, state: Mapping[str, Tensor], landmarks: int
) -> Reliability | None:
    if not state:
        return None
    reliability = Reliability(_head_channels(network), landmarks)
    reliability.load_state_dict(state)
    return reliability.eval().requires_grad_(False)


def _head_channels(network: nn.Module) -> int:
    """Channels of what the network's head sees."""
    head = getattr(network, "head", None)
    if not isinstance(head, nn.Conv2d):
        raise InputError(f"{type(network).__name__} has no head whose features could be judged")
    return head.in_channels


def _expected_tensors(
    architecture: Architecture, landmarks: int, judged: bool
) -> dict[str, Tensor]:
    """The tensors that a file must hold, with shapes but without memory.

    Args:
        architecture: Gives those of the network.
        landmarks: Their number.
        judged: Whether those of `Reliability` are among them.
    """
    try:
        with torch.device("meta"):
            network = architecture.build(landmarks)
            parts: dict[str, nn.Module] = {"network": network}
            if judged:
                parts["reliability"] = Reliability(_head_channels(network), landmarks)
    except InputError as error:
        raise InputError(f"network: {error}; {IF_OLDER}") from None
    except Exception as error:  # timm and torch raise anything for arguments that they cannot use
        raise InputError(f"network: cannot be built ({_one_line(error)})") from None
    return {
        f"{part}.{name}": tensor
        for part, module in parts.items()
        for name, tensor in module.state_dict().items()
    }


def _check_shapes(expected: Mapping[str, Tensor], shapes: Mapping[str, list[int]]) -> None:
    """Compare shapes before anything is read: the metadata could name a network of any size."""
    own = {name: shape for name, shape in shapes.items() if not name.startswith("adapter.")}
    needed = {name: list(tensor.shape) for name, tensor in expected.items()}
    wrong = [name for name in needed | own if needed.get(name) != own.get(name)]
    if wrong:
        raise InputError(
            f"the tensors do not fit the network: {len(wrong)} are missing, unknown or of another "
            f"shape, {wrong[0][:80]!r} first; {IF_OLDER}"
        )


def _check_values(expected: Mapping[str, Tensor], tensors: Mapping[str, Tensor]) -> None:
    for name, like in expected.items():
        values = tensors[name]
        if values.dtype != like.dtype:
            raise InputError(f"tensor {name!r} is of type {values.dtype}; expected {like.dtype}")
        if not bool(torch.isfinite(values).all()):
            raise InputError(f"tensor {name!r} has values that are NaN or infinite")
        if name.endswith("running_var") and bool((values < 0).any()):
            raise InputError(f"tensor {name!r} has negative variances")


@torch.inference_mode()
def _run_once(
    network: nn.Module, architecture: Architecture, adapter: Adapter | None, count: int
) -> None:
    """Find arguments that contradict each other, and overflows."""
    size = architecture.input_size
    image = torch.linspace(0, 1, 3 * size * size).view(1, 3, size, size)
    try:
        output = network.eval()(image)
        landmarks = architecture.codec.decode(output).numpy()
        adapted = landmarks if adapter is None else adapter.adapt(landmarks)
    except Exception as error:  # as above
        raise InputError(f"network: cannot be run ({_one_line(error)})") from None
    if landmarks.shape != (1, count, 2):
        raise InputError(
            f"network: finds landmarks of shape {landmarks.shape[1:]}; expected {(count, 2)}"
        )
    if not (bool(torch.isfinite(output).all()) and np.isfinite(adapted).all()):
        raise InputError("its output is not finite; train it again")


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".split("\n", maxsplit=1)[0][:LONGEST]
