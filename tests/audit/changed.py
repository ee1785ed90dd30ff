"""Datasets with a known change, to be found."""

from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from landmarks.errors import InputError


@dataclass(frozen=True, eq=False)
class Pixels:
    """An image that is an array; None cannot be decoded."""

    pixels: np.ndarray | None = field(repr=False)
    variant: str = ""

    def read(self):
        if self.pixels is None:
            raise InputError("cut short")
        return self.pixels

    def shape(self):
        return self.read().shape[:2]

    def content(self):
        return "broken" if self.pixels is None else str(hash(self.pixels.tobytes()))


def changed(dataset, change, positions=None):
    """The dataset with `change(image, landmarks) -> image, landmarks` applied to some faces."""
    faces = list(dataset.faces)
    for i in range(len(faces)) if positions is None else positions:
        pixels, landmarks = change(faces[i].image.read(), faces[i].landmarks)
        landmarks = np.asarray(landmarks, np.float32)
        faces[i] = replace(faces[i], image=Pixels(pixels), landmarks=landmarks)
    return replace(dataset, faces=tuple(faces))


def joined(dataset, other):
    """Both as one dataset; the faces of `other` get new names and groups."""
    renamed = (replace(f, id=f"more {f.id}", group=f"more {f.group}") for f in other.faces)
    return replace(dataset, faces=(*dataset.faces, *renamed))


def compressed(image, landmarks, quality=30):
    _, coded = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.ascontiguousarray(cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1]), landmarks


def resized(image, landmarks, factor=0.6):
    small = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return small, (landmarks + 0.5) * (small.shape[1] / image.shape[1]) - 0.5


def cropped(image, landmarks):
    x, y = np.maximum(0, landmarks.min(axis=0) - 8).astype(int)
    right, bottom = (landmarks.max(axis=0) + 8).astype(int)
    return np.ascontiguousarray(image[y:bottom, x:right]), landmarks - [x, y]
