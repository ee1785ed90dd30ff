"""A detector on photos without labels: `.pts` files, a table, and pictures to look at."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from landmarks.data.coordinates import Box
from landmarks.data.photo_list import Photo
from landmarks.data.pts import write_pts
from landmarks.errors import InputError
from landmarks.inference.detector import Detector
from landmarks.inference.pictures import draw_found
from landmarks.storage.atomic import atomic_folder
from landmarks.training.device import Machine

TABLE = "predictions.csv"
PICTURES = "pictures"


def predict_photos(
    detector: Detector, photos: Sequence[Photo], out: Path, machine: Machine
) -> None:
    """Find the landmarks of every face and write them.

    Args:
        detector: Trained.
        photos: With a box for each face.
        out: Folder for `predictions.csv` (0-based source pixels) and, for each face, a `.pts` file
            and a picture. It must be new or empty: predictions that somebody has begun to correct
            are labels, and not to be written over.
        machine: What to compute on.

    Raises:
        InputError: `out` is in use, or a photo or a box is wrong; then nothing is left in `out`.
    """
    machine.prepare()
    axes = [f"{axis}{k}" for k in range(detector.scheme.num_landmarks) for axis in "xy"]
    with (
        atomic_folder(out) as folder,
        (folder / TABLE).open("w", newline="", encoding="utf-8") as file,
    ):
        table = csv.writer(file)
        table.writerow(["image", "face", *axes])
        for photo in tqdm(photos, desc="predict", unit="photo"):
            image = photo.read()
            faces = zip(photo.face_names, photo.face_boxes(image), strict=True)
            for number, (name, box) in enumerate(faces, start=1):
                landmarks = _found(detector, photo, image, box, machine)
                _write_face(folder, name, image, box, landmarks)
                numbers = (f"{value:.3f}" for value in landmarks.ravel())
                table.writerow([photo.name, number, *numbers])


def _found(
    detector: Detector, photo: Photo, image: NDArray[np.uint8], box: Box, machine: Machine
) -> NDArray[np.float32]:
    try:
        return detector.on_image(image, box, machine)
    except InputError as error:
        raise InputError(f"{photo.path}: {error}") from None


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
