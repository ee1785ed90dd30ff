"""Scenes: several rendered faces put into one picture, and where they are."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from landmarks.training.finder.clutter import add_clutter, without_face
from landmarks.training.finder.material import Faces, Image
from landmarks.training.finder.photo import photographed, tinted
from landmarks.training.finder.stage import UNCERTAIN, Stage, joined

SIZES = (15.0, 56.0)  # pixels of the longer sides of faces that are to be found
LARGE = (56.0, 220.0)  # pixels of faces that only a smaller copy shows as a whole
MARGIN = 1.3  # factor beyond `SIZES` up to which a face counts neither way
BELOW, BESIDE = 0.55, 0.3  # sides of a render added below it and beside it: more of the body


@dataclass(frozen=True, kw_only=True, eq=False)
class Material:
    """What scenes are made of.

    Attributes:
        faces: Rendered faces.
        backgrounds: (N, size, size, 3) uint8 RGB without a face.
    """

    faces: Faces
    backgrounds: Image


@dataclass(frozen=True, eq=False)
class Scene:
    """A picture and its faces.

    Attributes:
        image: (size, size, 3) uint8 RGB.
        boxes: (n, 4) float32 x0, y0, x1, y1 pixels: tight around the 68 landmarks, also where the
            picture ends within a face.
        kinds: (n,) FACE or UNCERTAIN.
    """

    image: Image
    boxes: NDArray[np.float32]
    kinds: NDArray[np.uint8]


def compose(material: Material, size: int, rng: np.random.Generator) -> Scene:
    """Compose a scene.

    Args:
        material: Of which it is made.
        size: Pixels of a side.
        rng: Decides everything.
    """
    kind = rng.random()
    if kind < 0.15:
        stage = _portrait(material, size, rng)
    else:
        stage = Stage(_backdrop(material, size, rng))
        add_clutter(stage.canvas, material.faces, rng)
    if kind > 0.4:
        middle = _log_uniform(rng, *(SIZES if rng.random() < 0.8 else LARGE))
        sides = middle * np.exp(rng.normal(0, 0.3, 1 + min(int(rng.exponential(1.2)), 5)))
        for side in np.sort(sides):
            _put_face(stage, material.faces, float(side), rng)
    if rng.random() < 0.3:
        _put_back(stage, material.faces, _log_uniform(rng, 14, size), rng)
    boxes, kinds = _of_a_size(*stage.found())
    return Scene(photographed(stage.canvas, rng), boxes, kinds)


def _of_a_size(
    boxes: NDArray[np.float32], kinds: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Faces that are to be found in this copy of a picture, and those of doubtful size."""
    sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    certain = (sides >= SIZES[0]) & (sides <= SIZES[1])
    doubtful = (sides >= SIZES[0] / MARGIN) & (sides <= SIZES[1] * MARGIN)
    return boxes[doubtful], np.where(certain, kinds, UNCERTAIN)[doubtful].astype(np.uint8)


def _drawn(
    faces: Faces, side: float, rng: np.random.Generator
) -> tuple[Image, NDArray[np.float64]]:
    """A random face for a size of `side` pixels, mirrored or not, and its landmarks.

    The smallest copy that is large enough: a small face would skip pixels of a larger one.
    """
    i = int(rng.integers(len(faces)))
    factor = max(1.0, np.ptp(faces.landmarks[i], axis=0).max() / (1.3 * side))
    level = min(int(np.log2(factor)), len(faces.halved) - 1)
    picture = faces.halved[level][i]
    landmarks = (faces.landmarks[i].astype(np.float64) + 0.5) / 2**level - 0.5
    if rng.random() < 0.5:
        return picture, landmarks
    return np.ascontiguousarray(picture[:, ::-1]), landmarks * (-1, 1) + (len(picture) - 1, 0)


def _put_face(stage: Stage, faces: Faces, side: float, rng: np.random.Generator) -> None:
    """Put a head with shoulders somewhere, its face `side` pixels high or wide.

    One in ten is a photo on a wall: it keeps its background and its edges.
    """
    picture, landmarks = _drawn(faces, side, rng)
    picture = joined(tinted(picture[..., :3], rng), picture[..., 3])
    if rng.random() < 0.1:
        shown = np.ones(picture.shape[:2], bool)
    else:
        picture, landmarks, shown = _with_body(picture, landmarks, rng)
    matrix = _placement(landmarks, side, len(stage.canvas), rng)
    stage.put(picture, matrix, shown, landmarks)
    if rng.random() < 0.12:
        _put_thing(stage, side, landmarks @ matrix[:, :2].T + matrix[:, 2], rng)


def _put_back(stage: Stage, faces: Faces, side: float, rng: np.random.Generator) -> None:
    """Put a head somewhere that is seen from behind."""
    picture, landmarks = _drawn(faces, side, rng)
    picture = without_face(picture, rng)
    picture = joined(tinted(picture[..., :3], rng), picture[..., 3])
    picture, landmarks, shown = _with_body(picture, landmarks, rng)
    stage.put(picture, _placement(landmarks, side, len(stage.canvas), rng), shown)


def _with_body(
    picture: Image, landmarks: NDArray[np.float64], rng: np.random.Generator
) -> tuple[Image, NDArray[np.float64], NDArray[np.bool_]]:
    """More of the body than was rendered: the outermost pixels, repeated.

    Returns:
        The larger picture, the landmarks in it, and which of its pixels are the person.
    """
    below, beside = round(BELOW * len(picture)), round(BESIDE * len(picture))
    border = (0, below, beside, beside)
    larger = np.asarray(cv2.copyMakeBorder(picture, *border, cv2.BORDER_REPLICATE), np.uint8)
    classes = larger[..., 3]
    shown = (classes > 0) & _sloping(classes, below, beside, rng)
    return larger, landmarks + np.array([beside, 0]), shown


def _sloping(
    classes: Image, below: int, beside: int, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Shoulders that fall towards the sides, and an end of the body below."""
    height, width = classes.shape
    rows, columns = np.arange(height)[:, None], np.arange(width)[None]
    shown = rows < height - below * rng.random()
    for edge, outwards in (
        (beside, beside - columns),
        (width - 1 - beside, columns - width + 1 + beside),
    ):
        top = int(np.argmax(classes[:, edge] > 0))
        fall = top + rng.uniform(0.2, 3) * np.maximum(outwards, 0) ** 1.2
        shown = shown & ((outwards <= 0) | (rows >= fall))
    return np.asarray(shown, np.bool_)


def _placement(
    landmarks: NDArray[np.float64], side: float, size: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """(2, 3) from a render to a scene: turned, scaled, its face's middle anywhere."""
    box = np.stack([landmarks.min(axis=0), landmarks.max(axis=0)])
    wide = 45 if rng.random() < 0.15 else 14
    angle = float(np.clip(rng.normal(0, wide), -60, 60))
    matrix = _turn(box.mean(axis=0), angle, 1.0)
    turned = landmarks @ matrix[:, :2].T + matrix[:, 2]
    matrix *= side / np.ptp(turned, axis=0).max()
    matrix[0, :2] *= rng.uniform(0.92, 1.08)
    placed = landmarks @ matrix[:, :2].T + matrix[:, 2]
    middle = (placed.min(axis=0) + placed.max(axis=0)) / 2
    matrix[:, 2] += rng.uniform(-0.06, 1.06, 2) * size - middle
    return matrix


def _turn(middle: NDArray[np.float64], degrees: float, factor: float) -> NDArray[np.float64]:
    matrix = cv2.getRotationMatrix2D(middle.tolist(), degrees, factor)
    return np.asarray(matrix, np.float64)


def _put_thing(
    stage: Stage, side: float, landmarks: NDArray[np.float64], rng: np.random.Generator
) -> None:
    """A flat thing before a part of the face."""
    middle = landmarks.mean(axis=0) + rng.normal(0, 0.5, 2) * side
    half = side * rng.uniform(0.1, 0.45, 2)
    (x0, y0), (x1, y1) = (np.maximum(v, 0).astype(int) for v in (middle - half, middle + half))
    part = np.s_[y0:y1, x0:x1]
    stage.canvas[part] = rng.integers(0, 256, 3) + rng.normal(0, 6, stage.canvas[part].shape)
    stage.cover(part)


def _portrait(material: Material, size: int, rng: np.random.Generator) -> Stage:
    """One render that fills the whole picture."""
    picture, landmarks = _drawn(material.faces, float(size), rng)
    full = picture.shape[0]
    factor = size / full * rng.uniform(0.9, 1.8)
    middle = full / 2 + rng.normal(0, 0.08, 2) * full
    matrix = _turn(middle, float(rng.normal(0, 12)), factor)
    matrix[:, 2] += size / 2 - middle
    pixels = np.ascontiguousarray(picture[..., :3])
    filled = cv2.warpAffine(pixels, matrix, (size, size), borderMode=cv2.BORDER_REFLECT_101)
    stage = Stage(np.asarray(filled, np.uint8))
    stage.put(picture, matrix, np.ones(picture.shape[:2], bool), landmarks)
    return stage


def _backdrop(material: Material, size: int, rng: np.random.Generator) -> Image:
    """A part of a background, larger or smaller."""
    image = material.backgrounds[rng.integers(len(material.backgrounds))]
    full = image.shape[0]
    side = int(full * rng.uniform(0.3, 1.0))
    x, y = (int(v) for v in rng.integers(0, full - side + 1, 2))
    part = image[y : y + side, x : x + side]
    if rng.random() < 0.5:
        part = part[:, ::-1]
    smooth = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    return tinted(np.asarray(cv2.resize(part, (size, size), interpolation=smooth), np.uint8), rng)


def _log_uniform(rng: np.random.Generator, least: float, most: float) -> float:
    return float(np.exp(rng.uniform(np.log(least), np.log(most))))
