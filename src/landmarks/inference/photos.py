"""Predict on photos without annotations: `.pts` files, a table, and pictures to look at.

Beside them are files to correct the predictions in annotation tools; see
`landmarks.inference.labelling`.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from landmarks.data.coordinates import Box
from landmarks.data.photo_list import Photo
from landmarks.data.pts import write_pts
from landmarks.errors import InputError
from landmarks.inference.detector import Detector
from landmarks.inference.face import Face
from landmarks.inference.labelling import PredictedPhoto, write_for_labelling
from landmarks.inference.pictures import draw_found
from landmarks.models.device import prepare_process
from landmarks.storage.atomic import atomic_folder

TABLE = "predictions.csv"
SKIPPED = "skipped.csv"
PICTURES = "pictures"


@dataclass(frozen=True)
class Found:
    """A face, its number among those of the photo, from 1, and the photo's width and height."""

    image: str
    face: int
    predicted: Face
    size: tuple[int, int]


@dataclass(frozen=True)
class Skipped:
    """A face that could not be predicted, and why; `face` is None for a photo that is broken."""

    image: str
    face: int | None
    reason: str

    def __str__(self) -> str:
        """One line for the user."""
        return f"{self.image}{f', face {self.face}' if self.face else ''}: {self.reason}"


def predict_photos(detector: Detector, photos: Sequence[Photo], out: Path) -> tuple[Skipped, ...]:
    """Find the landmarks of every face and write them.

    Args:
        detector: Trained.
        photos: With a box for each face.
        out: Folder for `predictions.csv` (0-based source pixels), for each face a `.pts` file and a
            picture, and the files of `landmarks.inference.labelling`. It must be new or empty:
            earlier predictions may have been corrected by hand, so they are never overwritten.

    Returns:
        The faces that were skipped because their photo or box is invalid; also in `skipped.csv`.

    Raises:
        InputError: `out` is in use, or every face would be skipped; then nothing is written.
    """
    prepare_process()
    axes = [f"{axis}{k}" for k in range(detector.scheme.num_landmarks) for axis in "xy"]
    skipped: list[Skipped] = []
    done: list[PredictedPhoto] = []
    with atomic_folder(out) as folder:
        with _open_table(folder / TABLE) as file:
            table = csv.writer(file)
            table.writerow(["image", "face", *axes])
            for photo in tqdm(photos, desc="predict", unit="photo"):
                found = list(_predict(detector, photo, folder))
                skipped += [one for one in found if isinstance(one, Skipped)]
                faces = [one for one in found if isinstance(one, Found)]
                for face in faces:
                    numbers = (f"{value:.3f}" for value in face.predicted.points.ravel())
                    table.writerow([face.image, face.face, *numbers])
                if faces:
                    predicted = [face.predicted for face in faces]
                    done.append(PredictedPhoto(photo.name, photo.path, *faces[0].size, predicted))
        if not done:
            raise InputError(f"no face could be predicted; {skipped[0]}")
        write_for_labelling(folder, done, detector.scheme)
        if skipped:
            with _open_table(folder / SKIPPED) as file:
                csv.writer(file).writerows([("image", "face", "reason"), *map(astuple, skipped)])
    return tuple(skipped)


def _predict(detector: Detector, photo: Photo, folder: Path) -> Iterable[Found | Skipped]:
    """Predict each face of a photo, and write its files."""
    try:
        image = photo.read()
    except InputError as error:
        yield Skipped(photo.name, None, str(error))
        return
    placed = zip(photo.face_names, photo.face_boxes(image), strict=True)
    for number, (name, face) in enumerate(placed, start=1):
        try:
            (found,) = detector(image, boxes=[face.box])
        except InputError as error:
            yield Skipped(photo.name, number, f"{face.where}: {error}")
            continue
        _write_face(folder, name, image, face.box, found.points)
        yield Found(photo.name, number, found, (image.shape[1], image.shape[0]))


def _write_face(
    folder: Path,
    name: str,
    image: NDArray[np.uint8],
    box: Box,
    landmarks: NDArray[np.float32],
) -> None:
    points, picture = folder / f"{name}.pts", folder / PICTURES / f"{name}.jpg"
    for path in (points, picture):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_pts(points, landmarks)
    draw_found(image, landmarks, box, picture)


def _open_table(path: Path) -> TextIO:
    return path.open("w", newline="", encoding="utf-8")
