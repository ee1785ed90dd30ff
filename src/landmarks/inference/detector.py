"""Detector: a trained model with everything needed to use it."""

import math
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from landmarks.data.crops import FaceCrops
from landmarks.data.files import is_folder
from landmarks.errors import InputError
from landmarks.geometry import crop_matrix, inverse, transform, warp
from landmarks.inference.detector_file import (
    DETECTOR,
    DetectorParts,
    read_detector,
    write_detector,
)
from landmarks.inference.restore import Classes
from landmarks.training.device import Machine
from landmarks.training.loop import predict, predict_images

LARGEST_BOX = 10  # sides of the image; a face may be partly outside
SMALLEST_BOX = 2  # pixels of the longer side; boxes in fractions of the image are smaller


class Detector(DetectorParts):
    """Finds the landmarks of a face; its attributes are those of `DetectorParts`."""

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
        """Landmarks of one face in a photo.

        Args:
            image: (H, W, 3) uint8 RGB.
            box: Around the face, (x0, y0, x1, y1) pixels, of the kind the detector was trained
                with: the tight box of the landmarks, or the dataset's own boxes.
            machine: The device; None: a GPU if there is one, else the CPU.

        Returns:
            (K, 2) pixels of `image`.

        Raises:
            InputError: The image or the box is invalid, or the network's output is not finite.
        """
        check_image(image)
        check_box(box, image)
        device = (machine or Machine()).torch_device
        corners = np.array([box[:2], box[2:]], np.float32)
        matrix = crop_matrix(self.crop.square(corners, box), self.architecture.input_size)
        crop = warp(image, matrix, self.architecture.input_size)
        self.network.to(device).eval()
        with torch.inference_mode():
            found = predict_images(self.network, self.architecture, crop[None], self.scheme, device)
        return transform(self._adapted(found)[0], inverse(matrix))

    def _adapted(self, landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
        adapted = landmarks if self.adapter is None else self.adapter.adapt(landmarks)
        if not np.isfinite(adapted).all():
            raise InputError("the adapter's output is not finite; fit it again")
        return adapted

    def save(self, path: Path) -> None:
        """Write one safetensors file that `load` reads."""
        write_detector(path, self)

    @classmethod
    def load(cls, path: Path | str, classes: Classes = ()) -> "Detector":
        """Read a detector.

        Args:
            path: A file that `save` wrote, or the folder of a finished run.
            classes: The network, codec, loss or crop rule of the detector, if it is of another
                package: `Detector.load(path, classes=[MyNetwork])`.

        Raises:
            InputError: The file is missing, damaged, not a detector, or of another version.
        """
        path = Path(path)
        parts = read_detector(path / DETECTOR if is_folder(path) else path, classes)
        return cls(**vars(parts))


def check_image(image: NDArray[np.uint8]) -> None:
    """Refuse other arrays: from most of them a network would compute plausible nonsense."""
    shape, dtype = getattr(image, "shape", None), getattr(image, "dtype", None)
    if shape is None or len(shape) != 3 or shape[2] != 3 or 0 in shape or dtype != np.uint8:
        given = type(image).__name__ if shape is None else f"{shape} {dtype}"
        raise InputError(
            f"image is {given}; it must be (H, W, 3) uint8, RGB from 0 to 255, and not empty"
        )


def check_box(box: tuple[float, float, float, float], image: NDArray[np.uint8]) -> None:
    """Refuse a box that cannot be around a face in `image`."""
    if len(box) != 4 or not all(map(math.isfinite, box)) or box[0] >= box[2] or box[1] >= box[3]:
        raise InputError(
            f"box is {box!r}; it must be (x0, y0, x1, y1), finite pixels with x0 < x1 and y0 < y1"
        )
    x0, y0, x1, y1 = box
    height, width = image.shape[:2]
    side = max(x1 - x0, y1 - y0)
    if side < SMALLEST_BOX:
        raise InputError(
            f"box of {x1 - x0:g} x {y1 - y0:g} pixels; it must be in pixels, not in fractions of "
            "the image"
        )
    if side > LARGEST_BOX * max(width, height):
        raise InputError(
            f"box of {x1 - x0:g} x {y1 - y0:g} pixels, in an image of {width} x {height}; it must "
            "be around a face"
        )
    if x1 < 0 or y1 < 0 or x0 > width - 1 or y0 > height - 1:
        raise InputError(
            f"box from ({x0:g}, {y0:g}) to ({x1:g}, {y1:g}) is outside the image of {width} x "
            f"{height} pixels"
        )
