"""Pictures of the faces that a finding is about, with their labels."""

import base64
import io
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from landmarks.audit.finding import Finding
from landmarks.audit.material import Material
from landmarks.data.dataset import Face
from landmarks.errors import InputError
from landmarks.geometry import LandmarkCrop, crop_matrix, transform
from landmarks.inference.pictures import PREDICTED, TARGET
from landmarks.inference.region import cut
from landmarks.scheme import LandmarkScheme

SHOWN = 8  # faces of a finding
SIDE = 240  # pixels of a picture
_SCALE = 1.6  # times the longer side of the landmarks' box
_SUBPIXEL = 4  # bits


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A face as an `<img>` shows it.

    Attributes:
        caption: Its dataset and name.
        address: The picture as a data URL; empty if the image cannot be read.
    """

    caption: str
    address: str


def pictures(finding: Finding, material: Material) -> list[tuple[Picture, ...]]:
    """The worst faces of a finding; each alone, or with the one beside it."""
    if finding.role not in material.sets:
        return []
    if not finding.beside:
        return [(picture(material, finding.role, i),) for i in finding.faces[:SHOWN]]
    pairs = list(zip(finding.faces, finding.beside, strict=True))[:SHOWN]
    return [
        (picture(material, finding.role, i), picture(material, finding.other_role, j))
        for i, j in pairs
    ]


def picture(material: Material, role: str, i: int) -> Picture:
    """One face with its labels and, if it was predicted, with the predicted landmarks."""
    dataset = material.sets[role]
    caption = f"{role}: {dataset.faces[i].id}"
    predicted = material.predicted_of(role, i)
    try:
        pixels = _drawn(dataset.faces[i], predicted, dataset.scheme)
    except InputError:
        return Picture(caption=caption, address="")
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=85)
    data = base64.b64encode(file.getvalue()).decode()
    return Picture(caption=caption, address=f"data:image/jpeg;base64,{data}")


def _drawn(
    face: Face, predicted: NDArray[np.float32] | None, scheme: LandmarkScheme
) -> NDArray[np.uint8]:
    """The crop of a face, (SIDE, SIDE, 3), with lines between neighbouring landmarks."""
    image = face.image.read()
    square = LandmarkCrop(_SCALE).square(face.labelled, face.box)
    matrix = crop_matrix(square, SIDE)
    canvas = np.ascontiguousarray(cut(image, square, SIDE))
    for points, colour in ((predicted, PREDICTED), (face.landmarks, TARGET)):
        if points is None:
            continue
        inside = transform(points, matrix)
        ends = [inside[[a, b]] for a, b in scheme.edges if face.seen[a] and face.seen[b]]
        lines = [np.round(end * 2**_SUBPIXEL).astype(np.int32) for end in ends]
        cv2.polylines(canvas, lines, False, _rgb(colour), 1, cv2.LINE_AA, _SUBPIXEL)
        for x, y in np.round(inside[face.seen] * 2**_SUBPIXEL).astype(int).tolist():
            cv2.circle(canvas, (x, y), 2**_SUBPIXEL, _rgb(colour), -1, cv2.LINE_AA, _SUBPIXEL)
    return canvas.astype(np.uint8, copy=False)


def _rgb(colour: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue
