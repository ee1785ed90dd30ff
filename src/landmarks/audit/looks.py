"""A small grey copy of each image and of each face, which several checks compare."""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from landmarks.data.dataset import Face, FaceDataset
from landmarks.geometry import LandmarkCrop
from landmarks.inference.region import cut

SIDE = 64  # pixels of a small copy
SCALE = 1.25  # the face's copy shows this many times the longer side of its landmarks' box


@dataclass(frozen=True, kw_only=True, eq=False)
class Looks:
    """Small copies of N faces.

    Attributes:
        seen: (N,) False for a face whose image cannot be read, or that has no labelled landmark;
            its row of the other arrays is 0.
        shapes: (N, 2) height and width of the image.
        whole: (N, SIDE, SIDE) uint8, the whole image, stretched to a square.
        face: (N, SIDE, SIDE) uint8, the square around the labelled landmarks.
        blockiness: (N,) see `blockiness`.
    """

    seen: NDArray[np.bool_]
    shapes: NDArray[np.intp]
    whole: NDArray[np.uint8]
    face: NDArray[np.uint8]
    blockiness: NDArray[np.float64]


def look(dataset: FaceDataset, images: Iterable[tuple[int, NDArray[np.uint8]]]) -> Looks:
    """Make the small copies.

    Args:
        dataset: The faces.
        images: Position of a face and its image, (H, W, 3); those that can be read.
    """
    count = len(dataset)
    looks = Looks(
        seen=np.zeros(count, bool),
        shapes=np.zeros((count, 2), np.intp),
        whole=np.zeros((count, SIDE, SIDE), np.uint8),
        face=np.zeros((count, SIDE, SIDE), np.uint8),
        blockiness=np.zeros(count),
    )
    for i, image in images:
        if not _has_extent(dataset.faces[i]):
            continue
        looks.seen[i] = True
        looks.shapes[i] = image.shape[:2]
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)
        looks.whole[i] = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        square = LandmarkCrop(SCALE).square(dataset.faces[i].labelled, None)
        looks.face[i] = cv2.cvtColor(cut(image, square, SIDE), cv2.COLOR_RGB2GRAY)
        looks.blockiness[i] = blockiness(grey)
    return looks


def _has_extent(face: Face) -> bool:
    return len(face.labelled) > 1 and float(np.ptp(face.labelled, axis=0).max()) > 0


def blockiness(grey: NDArray[np.uint8]) -> float:
    """How much larger steps between columns, and rows, are every 8 pixels than elsewhere.

    JPEG codes blocks of 8 x 8 pixels; coarse quantisation leaves steps at their borders. The blocks
    may start at any pixel, because the image may have been cropped since.

    Args:
        grey: (H, W).

    Returns:
        Smaller of the ratios for columns and rows; 1 without blocks, or for an image that is too
        small.
    """
    ratios = []
    for values in (grey, grey.T):
        steps = np.abs(np.diff(values.astype(np.int16), axis=1)).mean(axis=0)
        if len(steps) < 64:
            return 1.0
        phases = np.array([steps[phase::8].mean() for phase in range(8)])
        ratios.append(float(phases.max() / max(np.median(phases), 0.1)))
    return min(ratios)
