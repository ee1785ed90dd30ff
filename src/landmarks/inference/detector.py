"""Detector: trained weights with everything needed to use them, in memory and in one file."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from torch import nn

from landmarks import __version__
from landmarks.adapters.adapter import Adapter, adapter_from_state
from landmarks.data.crops import FaceCrops
from landmarks.errors import InputError
from landmarks.geometry import CropRule, crop_matrix, inverse, transform, warp
from landmarks.models.architecture import Architecture
from landmarks.scheme import IBUG68, LandmarkScheme
from landmarks.storage.serialization import record, restore
from landmarks.storage.tensor_files import save_tensors
from landmarks.training.device import Machine
from landmarks.training.loop import predict, predict_images

DETECTOR = "detector.safetensors"  # in the folder of a run


@dataclass(frozen=True, kw_only=True)
class Detector:
    """From a face to its landmarks.

    Attributes:
        network: Trained.
        architecture: Its input size and codec.
        crop: The crop rule it was trained with.
        adapter: Moves its answer to another convention, if given.
        scheme: What the landmark indices mean.
    """

    network: nn.Module
    architecture: Architecture
    crop: CropRule
    adapter: Adapter | None = None
    scheme: LandmarkScheme = IBUG68

    def on_crops(self, crops: FaceCrops, machine: Machine) -> NDArray[np.float32]:
        """Landmarks of every stored face, (N, K, 2) source pixels."""
        indices = np.arange(len(crops))
        found = predict(self.network, self.architecture, crops, indices, machine=machine)
        return crops.to_source(self._adapted(found), indices)

    def on_image(
        self,
        image: NDArray[np.uint8],
        box: tuple[float, float, float, float],
        machine: Machine | None = None,
    ) -> NDArray[np.float32]:
        """Landmarks of one face in a picture.

        Args:
            image: (H, W, 3) uint8 RGB.
            box: Around the face, (x0, y0, x1, y1) pixels, of the kind its crop rule was trained
                with: the tight box of the landmarks, or the data set's own.
            machine: What to compute on; None: the CPU, or a GPU where there is one.

        Returns:
            (K, 2) pixels of `image`.

        Raises:
            InputError: The image or the box is of another kind.
        """
        _check_image(image)
        _check_box(box)
        device = (machine or Machine()).torch_device
        corners = np.array([box[:2], box[2:]], np.float32)
        matrix = crop_matrix(self.crop.square(corners, box), self.architecture.input_size)
        crop = warp(image, matrix, self.architecture.input_size)
        self.network.to(device).eval()
        with torch.inference_mode():
            found = predict_images(self.network, self.architecture, crop[None], self.scheme, device)
        return transform(self._adapted(found)[0], inverse(matrix))

    def _adapted(self, landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
        return landmarks if self.adapter is None else self.adapter.adapt(landmarks)

    def save(self, path: Path) -> None:
        """Write one safetensors file; the metadata says what the weights mean."""
        tensors = {f"network.{k}": v for k, v in self.network.state_dict().items()}
        if self.adapter is not None:
            tensors |= {f"adapter.{k}": v for k, v in self.adapter.state_dict().items()}
        meaning = {
            "landmarks": __version__,
            "scheme": self.scheme.name,
            "architecture": json.dumps(record(self.architecture)),
            "crop": json.dumps(record(self.crop)),
        }
        save_tensors(path, tensors, meaning)

    @classmethod
    def load(cls, path: Path | str) -> "Detector":
        """Read what `save` wrote.

        Args:
            path: The file, or the folder of the finished run that wrote it.

        Raises:
            InputError: The file is missing, is not such a file, or has another scheme.
        """
        path = Path(path)
        if path.is_dir():
            path = path / DETECTOR
        try:
            with safe_open(path, framework="pt") as file:
                meaning = file.metadata() or {}
                tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        except FileNotFoundError:
            raise InputError(
                f"{path}: no such file; expected the {DETECTOR} of a finished run, or its folder"
            ) from None
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror})") from None
        except SafetensorError as error:
            raise InputError(f"{path}: not a safetensors file ({error})") from None
        missing = {"scheme", "architecture", "crop"} - meaning.keys()
        if missing:
            raise InputError(
                f"{path}: weights without their meaning (no {sorted(missing)[0]!r} in the "
                "metadata); a detector is written by landmarks.cli.train"
            )
        if meaning["scheme"] != IBUG68.name:
            raise InputError(
                f"{path}: landmarks of scheme {meaning['scheme']!r}; known is {IBUG68.name!r}"
            )
        try:
            return cls._assembled(meaning, tensors)
        except (ValueError, KeyError, AttributeError, RuntimeError) as error:
            first = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise InputError(f"{path}: weights and meaning do not fit ({first})") from None

    @classmethod
    def _assembled(cls, meaning: dict[str, str], tensors: dict[str, torch.Tensor]) -> "Detector":
        architecture: Architecture = restore(json.loads(meaning["architecture"]))
        network = architecture.build(IBUG68.num_landmarks)
        parts: dict[str, dict[str, torch.Tensor]] = {"network": {}, "adapter": {}}
        for key, value in tensors.items():
            owner, _, name = key.partition(".")
            parts[owner][name] = value
        network.load_state_dict(parts["network"])
        return cls(
            network=network,
            architecture=architecture,
            crop=restore(json.loads(meaning["crop"])),
            adapter=adapter_from_state(parts["adapter"]) if parts["adapter"] else None,
        )


def _check_image(image: NDArray[np.uint8]) -> None:
    """Refuse pictures of another kind: of most, a network would make landmarks all the same."""
    shape, dtype = getattr(image, "shape", None), getattr(image, "dtype", None)
    if shape is None or len(shape) != 3 or shape[2] != 3 or 0 in shape or dtype != np.uint8:
        given = type(image).__name__ if shape is None else f"{shape} {dtype}"
        raise InputError(
            f"image is {given}; it must be (H, W, 3) uint8, RGB from 0 to 255, with pixels"
        )


def _check_box(box: tuple[float, float, float, float]) -> None:
    if len(box) != 4 or not all(map(math.isfinite, box)) or box[0] >= box[2] or box[1] >= box[3]:
        raise InputError(
            f"box is {box!r}; it must be (x0, y0, x1, y1), finite pixels with x0 < x1 and y0 < y1"
        )
