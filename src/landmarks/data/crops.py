"""Crops: each data set decoded once, its faces stored at the scale that the model sees.

A stored image, the *canvas*, shows the crop with a margin for augmentation at the same scale, so
that the test crop is its middle, cut out without a second resampling.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from landmarks.data.dataset import Face, FaceDataset
from landmarks.errors import InputError
from landmarks.geometry import CropRule, crop_matrix, inverse, transform, warp
from landmarks.scheme import LandmarkScheme

# The canvas is this many times the crop: room for a rotation of 30 degrees or a zoom out of 1.5.
MARGIN = 1.5


def canvas_size(size: int) -> int:
    """Side of the canvas around a crop of `size` pixels; the margin is whole on both sides."""
    return size + 2 * round(size * (MARGIN - 1) / 2)


def make_crops(dataset: FaceDataset, rule: CropRule, size: int, directory: Path) -> None:
    """Decode and crop every face of `dataset` into `directory`.

    Args:
        dataset: The faces.
        rule: Gives the square around a face.
        size: Side of the crop, pixels.
        directory: Exists; what lies there from an earlier, interrupted call is overwritten.

    Raises:
        InputError: An image is missing or broken, or a face has no box that the rule needs.
    """
    side = canvas_size(size)
    to_canvas = np.stack([_canvas_matrix(face, rule, size) for face in dataset.faces])
    images = np.lib.format.open_memmap(
        directory / "images.npy", mode="w+", dtype=np.uint8, shape=(len(dataset), side, side, 3)
    )

    def crop(index: int) -> None:
        images[index] = warp(dataset.faces[index].image.read(), to_canvas[index], side)

    _each(crop, len(dataset), f"cropping {dataset.name}")
    images.flush()
    K = dataset.scheme.num_landmarks
    np.savez(
        directory / "faces.npz",
        ids=np.array([face.id for face in dataset.faces]),
        groups=np.array([face.group for face in dataset.faces]),
        subsets=np.array([face.subset for face in dataset.faces]),
        source_landmarks=dataset.landmarks,
        to_canvas=to_canvas,
        visible=np.stack(
            [np.ones(K, bool) if f.visible is None else f.visible for f in dataset.faces]
        ),
    )


def _canvas_matrix(face: Face, rule: CropRule, size: int) -> NDArray[np.float64]:
    try:
        seen = face.landmarks if face.visible is None else face.landmarks[face.visible]
        matrix = crop_matrix(rule.square(seen, face.box), size)
    except InputError as error:
        raise InputError(f"face {face.id!r}: {error}") from None
    matrix[:2, 2] += (canvas_size(size) - size) / 2
    return matrix


def _each(work: Callable[[int], None], count: int, title: str) -> None:
    """Do `work` for 0 to count - 1 on all cores; decoding leaves the interpreter lock."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        progress = tqdm(pool.map(work, range(count)), total=count, desc=title, unit="face")
        try:
            for _ in progress:
                pass
        except InputError:
            pool.shutdown(cancel_futures=True)
            raise


@dataclass(frozen=True)
class FaceCrops:
    """Stored canvases with their labels, mapped into memory, not read.

    Attributes:
        directory: Where `make_crops` put them.
        size: Side of the crop, pixels.
        scheme: What the landmark indices mean.
    """

    directory: Path
    size: int
    scheme: LandmarkScheme

    def __getstate__(self) -> dict[str, object]:
        """Send the address to a data worker, not the pixels."""
        return {"directory": self.directory, "size": self.size, "scheme": self.scheme}

    def __len__(self) -> int:
        """Number of faces."""
        return len(self.ids)

    @cached_property
    def images(self) -> NDArray[np.uint8]:
        """(N, C, C, 3) canvases."""
        images: NDArray[np.uint8] = np.load(self.directory / "images.npy", mmap_mode="r")
        return images

    @cached_property
    def _faces(self) -> dict[str, NDArray[np.generic]]:
        with np.load(self.directory / "faces.npz", allow_pickle=False) as stored:
            return dict(stored)

    @property
    def ids(self) -> NDArray[np.str_]:
        """(N,) names of the faces."""
        return self._faces["ids"]  # type: ignore[return-value]

    @property
    def groups(self) -> NDArray[np.str_]:
        """(N,) photo or person."""
        return self._faces["groups"]  # type: ignore[return-value]

    @property
    def subsets(self) -> NDArray[np.str_]:
        """(N,) part of the data set that a face is reported under."""
        return self._faces["subsets"]  # type: ignore[return-value]

    @property
    def visible(self) -> NDArray[np.bool_]:
        """(N, K) landmarks that count."""
        return self._faces["visible"]  # type: ignore[return-value]

    @property
    def source_landmarks(self) -> NDArray[np.float32]:
        """(N, K, 2) source pixels."""
        return self._faces["source_landmarks"]  # type: ignore[return-value]

    @property
    def to_canvas(self) -> NDArray[np.float64]:
        """(N, 3, 3) source pixels to canvas pixels."""
        return self._faces["to_canvas"]  # type: ignore[return-value]

    @cached_property
    def landmarks(self) -> NDArray[np.float32]:
        """(N, K, 2) canvas pixels."""
        return transform(self.source_landmarks, self.to_canvas)

    @property
    def border(self) -> int:
        """Canvas pixels on each side of the crop."""
        return (canvas_size(self.size) - self.size) // 2

    def crops(self, indices: NDArray[np.intp]) -> NDArray[np.uint8]:
        """The test crops of some faces, (n, size, size, 3)."""
        middle = slice(self.border, self.border + self.size)
        return np.stack([self.images[i, middle, middle] for i in indices])

    def to_source(
        self, crop_landmarks: NDArray[np.float32], indices: NDArray[np.intp]
    ) -> NDArray[np.float32]:
        """Landmarks of some faces, (n, K, 2), from crop pixels to source pixels."""
        return transform(crop_landmarks + self.border, inverse(self.to_canvas[indices]))
