"""Detector: finds faces and their landmarks in photos."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast, overload

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from landmarks.data.coordinates import Box
from landmarks.data.crops import FaceCrops
from landmarks.data.files import is_file, is_folder
from landmarks.errors import InputError
from landmarks.geometry import Square, crop_matrix, inverse, transform
from landmarks.inference.detector_file import (
    DETECTOR,
    DetectorParts,
    read_detector,
    write_detector,
)
from landmarks.inference.face import Face, tight_box
from landmarks.inference.finders.finder import FaceFinder, distinct, overlaps
from landmarks.inference.finders.network_file import own_finder
from landmarks.inference.given import Photo, check_box, check_image, pixels
from landmarks.inference.region import cut
from landmarks.inference.reliability import evidence_at, seen_by_head
from landmarks.inference.restore import Classes
from landmarks.models.device import torch_device
from landmarks.models.forward import PREDICTED_AT_ONCE, decoded, outputs, predict, ready

BUNDLED = Path(__file__).with_name("assets") / DETECTOR

LEAST_FILLED = 0.3  # intersection over union of a found box and of the landmarks in it


@dataclass(frozen=True, kw_only=True)
class Detector(DetectorParts):
    """Finds faces and their landmarks.

    Attributes:
        device: auto (a GPU if there is one), cpu, cuda, cuda:1 (the second GPU) or mps (Apple).
        finder: Finds the faces of photos without boxes.
    """

    device: str = "auto"
    finder: FaceFinder = field(default_factory=own_finder)

    @overload
    def __call__(  # type: ignore[overload-overlap] # text is a sequence, of texts
        self, photo: Photo, boxes: Sequence[Box] | None = None
    ) -> list[Face]: ...

    @overload
    def __call__(
        self, photo: Sequence[Photo], boxes: Sequence[Sequence[Box]] | None = None
    ) -> list[list[Face]]: ...

    def __call__(
        self,
        photo: Photo | Sequence[Photo],
        boxes: Sequence[Box] | Sequence[Sequence[Box]] | None = None,
    ) -> list[Face] | list[list[Face]]:
        """The faces of a photo, or of several, which takes less time than one after the other.

        Args:
            photo: A file, upright by its EXIF orientation; a PIL image or an (H, W, 3) uint8 RGB
                array, as it is; or a list of those.
            boxes: Around each face, (x0, y0, x1, y1) pixels, of the kind the detector was trained
                with: tight around the landmarks, brows to chin, or the dataset's own boxes. For
                several photos, a list for each. None: the faces are found.

        Returns:
            The faces, in the order of the boxes or the surest first; for a list of photos a list
            for each.

        Raises:
            InputError: A photo or a box is invalid, or the network's output is not finite.
        """
        if isinstance(photo, str | Path | Image.Image | np.ndarray):
            (faces,) = self([photo], None if boxes is None else [cast(Sequence[Box], boxes)])
            return faces
        images = [pixels(one) for one in photo]
        if boxes is None:
            return self.on_found(images, self.find(images))
        if len(boxes) != len(images):
            raise InputError(
                f"boxes of {len(boxes)} photos for {len(images)} photos; give a list for each"
            )
        return self.on_boxes(images, cast(Sequence[Sequence[Box]], boxes))

    def find(self, images: Sequence[NDArray[np.uint8]]) -> list[list[Box]]:
        """Boxes of the faces of each image, (H, W, 3) uint8 RGB, about tight around the landmarks.

        Raises:
            InputError: The detector was trained on boxes of another kind.
        """
        if self.crop.box_source != "landmarks":
            raise InputError(
                "the detector was trained on boxes that came with its photos (crop=given_box), "
                "and a face finder knows no such boxes; give a box for each face"
            )
        return [[found.box for found in faces] for faces in self.finder.find(images)]

    def on_found(
        self, images: Sequence[NDArray[np.uint8]], boxes: Sequence[Sequence[Box]]
    ) -> list[list[Face]]:
        """Landmarks of faces that were found: the boxes, which are rough, are corrected first.

        The landmarks of a first look give the box of a second one. Boxes that then show the same
        face are counted once.

        Args:
            images: (H, W, 3) uint8 RGB.
            boxes: Of each image, the surest first.
        """
        corrected = [[_corrected(face) for face in faces] for faces in self.on_boxes(images, boxes)]
        kept = [[faces[i] for i in distinct(faces)] for faces in corrected]
        return self.on_boxes(images, kept)

    @torch.inference_mode()
    def on_boxes(
        self, images: Sequence[NDArray[np.uint8]], boxes: Sequence[Sequence[Box]]
    ) -> list[list[Face]]:
        """Landmarks of the faces in given boxes.

        Args:
            images: (H, W, 3) uint8 RGB.
            boxes: Of each image; see `__call__`.

        Raises:
            InputError: An image or a box is invalid, or the network's output is not finite.
        """
        places = [(image, box) for image, own in zip(images, boxes, strict=True) for box in own]
        for image, box in places:
            check_image(image)
            check_box(box, image)
        found = [
            face
            for first in range(0, len(places), PREDICTED_AT_ONCE)
            for face in self._on_places(places[first : first + PREDICTED_AT_ONCE])
        ]
        faces = iter(found)
        return [[next(faces) for _ in own] for own in boxes]

    def _on_places(self, places: Sequence[tuple[NDArray[np.uint8], Box]]) -> list[Face]:
        """Predict a batch of faces, each of an image and its box in it."""
        device, size = torch_device(self.device), self.architecture.input_size
        squares = [self._square(box) for _, box in places]
        crops = np.stack(
            [cut(image, s, size) for (image, _), s in zip(places, squares, strict=True)]
        )
        ready(self.network, device)
        to_photos = inverse(np.stack([crop_matrix(square, size) for square in squares]))
        boxes = [box for _, box in places]
        if self.reliability is None:
            return self._faces(boxes, outputs(self.network, crops, device), to_photos)
        with seen_by_head(self.network) as seen:
            both = outputs(self.network, crops, device)
        faces = self._faces(boxes, both, to_photos)
        sides = np.array([square.side for square in squares], np.float32)
        return self._judged(faces, seen[0], both[0], sides)

    def _square(self, box: Box) -> Square:
        return self.crop.square(np.array([box[:2], box[2:]], np.float32), box)

    def _faces(
        self, boxes: Sequence[Box], both: tuple[Tensor, Tensor], to_photo: NDArray[np.float64]
    ) -> list[Face]:
        """Faces from what the network says about their crops.

        Args:
            boxes: Of the faces, pixels of their photos.
            both: As from `outputs`.
            to_photo: (B, 3, 3) crop pixels to pixels of the photo.
        """
        size = self.architecture.input_size
        in_crops = self._adapted(decoded(both, self.architecture.codec, size, self.scheme))
        points = transform(in_crops, to_photo)
        return [Face(box=box, points=own) for box, own in zip(boxes, points, strict=True)]

    def _judged(
        self, faces: Sequence[Face], features: Tensor, output: Tensor, sides: NDArray[np.float32]
    ) -> list[Face]:
        """The faces with what is known about the reliability of their landmarks.

        Args:
            faces: B of them.
            features: (B, C, h, w) that the head saw.
            output: (B, K, h, w) of the head.
            sides: (B,) of the crops, pixels of the photos.
        """
        assert self.reliability is not None
        stride = self.architecture.input_size // output.shape[-1]
        places = self.architecture.codec.decode(output)
        evidence = evidence_at(places, features, output, stride)
        trust = self.reliability.to(evidence.device)(evidence)
        error, confidence, visible = (part.cpu().numpy() for part in trust)
        return [
            replace(face, error=side * e, confidence=c, visible=v)
            for face, side, e, c, v in zip(faces, sides, error, confidence, visible, strict=True)
        ]

    def on_crops(self, crops: FaceCrops) -> NDArray[np.float32]:
        """Landmarks of every stored face, (N, K, 2) source pixels."""
        indices, device = np.arange(len(crops)), torch_device(self.device)
        found = predict(self.network, self.architecture, crops, indices, device=device)
        return crops.to_source(self._adapted(found), indices)

    def _adapted(self, landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
        adapted = landmarks if self.adapter is None else self.adapter.adapt(landmarks)
        if not np.isfinite(adapted).all():
            raise InputError("the adapter's output is not finite; fit it again")
        return adapted

    def save(self, path: Path) -> None:
        """Write one safetensors file that `load` reads."""
        write_detector(path, self)

    @classmethod
    def load(
        cls,
        path: Path | str | None = None,
        classes: Classes = (),
        *,
        device: str = "auto",
    ) -> "Detector":
        """Read a detector.

        Args:
            path: A file that `save` wrote, or the folder of a finished run; None: the weights that
                come with this package.
            classes: The network, codec, loss or crop rule of the detector, if it is of another
                package: `Detector.load(path, classes=[MyNetwork])`.
            device: As of the class.

        Raises:
            InputError: The file is missing, damaged, not a detector, or of another version; or
                there is no such device.
        """
        torch_device(device)
        if path is None and not is_file(BUNDLED):
            raise InputError(
                f"this installation of landmarks has no bundled weights ({BUNDLED}); give a "
                f"{DETECTOR}, or the folder of a finished run"
            )
        path = BUNDLED if path is None else Path(path)
        parts = read_detector(path / DETECTOR if is_folder(path) else path, classes)
        return cls(**vars(parts), device=device)


def _corrected(face: Face) -> Box:
    """The box of the landmarks, unless they are far from filling the box they were looked for in.

    Then the network saw no face there, or none that it knows, and a second look would be worse.
    """
    tight = tight_box(face.points)
    return tight if overlaps([tight], [face.box])[0, 0] > LEAST_FILLED else face.box
