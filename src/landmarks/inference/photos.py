"""Predict on photos without annotations: `.pts` files, a table, and pictures to look at.

Beside them are files to correct the predictions in annotation tools; see
`landmarks.inference.labelling`. The folder can be continued: photos that are finished are not
predicted again, and nothing that is in it, which may have been corrected by hand, is overwritten.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Never

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from landmarks.data.coordinates import Box
from landmarks.data.files import is_file
from landmarks.data.photo_list import Photo
from landmarks.data.pts import write_pts
from landmarks.errors import InputError
from landmarks.inference.detector import Detector
from landmarks.inference.face import Face
from landmarks.inference.given import check_box
from landmarks.inference.journal import Entry, Journal
from landmarks.inference.labelling import write_for_labelling
from landmarks.inference.pictures import draw_found
from landmarks.models.device import prepare_process
from landmarks.scheme import LandmarkScheme
from landmarks.storage.atomic import atomic_write, replacing, writable_folder
from landmarks.storage.locks import lock
from landmarks.storage.tensor_files import checksum

TABLE = "predictions.csv"
SKIPPED = "skipped.csv"
WITHOUT = "without_faces.txt"
PICTURES = "pictures"
LOCK = ".lock"

# Photos that are predicted together: at most so many, and so many pixels, 100 MB.
TOGETHER, PIXELS_TOGETHER = 16, 2**25

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Skipped:
    """A photo that could not be predicted, and why."""

    image: str
    reason: str

    def __str__(self) -> str:
        """One line for the user."""
        return f"{self.image}: {self.reason}"


@dataclass(frozen=True)
class Summary:
    """What is in a folder of predictions.

    Attributes:
        faces: Number of faces.
        photos: Number of finished photos.
        before: How many of them were finished before.
        without: Names of those without a face.
        skipped: Photos that could not be predicted; also in `skipped.csv`.
    """

    faces: int
    photos: int
    before: int
    without: tuple[str, ...]
    skipped: tuple[Skipped, ...]


def predict_photos(detector: Detector, photos: Sequence[Photo], out: Path) -> Summary:
    """Find the landmarks of every face and write them.

    Args:
        detector: Trained.
        photos: With a box for each face, or without, for faces that are to be found.
        out: Folder for `predictions.csv` (0-based source pixels), for each face a `.pts` file and a
            picture, and the files of `landmarks.inference.labelling`. It must be new or empty, or
            of an earlier call with the same detector, which is continued.

    Raises:
        InputError: `out` is in use for other predictions, or the detector cannot find faces.
    """
    prepare_process()
    if any(photo.boxes is None for photo in photos):
        detector.find([])
    with writable_folder(out), lock(out / LOCK, what=f"predicting to {out}"):
        journal = Journal(out, _settings(detector), detector.scheme.num_landmarks)
        left = [photo for photo in photos if not _finished(photo, journal, out)]
        skipped: list[Skipped] = []
        try:
            with tqdm(
                total=len(photos), initial=len(photos) - len(left), desc="predict", unit="photo"
            ) as progress:
                for batch in _batches(left, skipped, progress):
                    _predict(detector, batch, out, journal)
                    progress.update(len(batch))
        finally:
            _write_tables(out, journal, skipped, detector.scheme)
    entries = [journal.entries[photo.name] for photo in photos if photo.name in journal.entries]
    return Summary(
        faces=sum(len(entry.faces) for entry in entries),
        photos=len(entries),
        before=len(photos) - len(left),
        without=tuple(entry.image for entry in entries if not entry.faces),
        skipped=tuple(skipped),
    )


def _settings(detector: Detector) -> dict[str, str]:
    """What predictions depend on, photos and boxes aside, by what a message calls it."""
    tensors = detector.network.state_dict()
    if detector.adapter is not None:
        tensors |= {f"adapter.{name}": t for name, t in detector.adapter.state_dict().items()}
    return {
        "detector": checksum({"crop": repr(detector.crop)}, tensors),
        "finder": type(detector.finder).__name__,
    }


def _finished(photo: Photo, journal: Journal, out: Path) -> bool:
    entry = journal.entries.get(photo.name)
    if entry is None:
        return False
    if entry.given != _given(photo):
        raise InputError(
            f"{out}: {photo.name} was predicted with other boxes; name another folder, or remove "
            "this one"
        )
    return True


def _given(photo: Photo) -> tuple[Box, ...] | None:
    return None if photo.boxes is None else tuple(placed.box for placed in photo.boxes)


def _batches(
    photos: Sequence[Photo], skipped: list[Skipped], progress: "tqdm[Never]"
) -> Iterator[list[tuple[Photo, Image]]]:
    """Photos with their pixels, as many at once as fit; those that are broken go to `skipped`."""
    batch: list[tuple[Photo, Image]] = []
    size = 0
    for photo in photos:
        try:
            image = photo.read()
            for placed in photo.boxes or ():
                _check_placed(placed.box, placed.where, image)
        except InputError as error:
            skipped.append(Skipped(photo.name, str(error)))
            progress.update()
            continue
        pixels = image.shape[0] * image.shape[1]
        if batch and size + pixels > PIXELS_TOGETHER:
            yield batch
            batch, size = [], 0
        batch.append((photo, image))
        size += pixels
        if len(batch) == TOGETHER:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _check_placed(box: Box, where: str, image: Image) -> None:
    try:
        check_box(box, image)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None


def _predict(
    detector: Detector, batch: Sequence[tuple[Photo, Image]], out: Path, journal: Journal
) -> None:
    """Predict a batch of photos, and write the files of each before its line of the journal."""
    given = [(photo, image) for photo, image in batch if photo.boxes is not None]
    found = [(photo, image) for photo, image in batch if photo.boxes is None]
    boxes = [_given(photo) or () for photo, _ in given]
    faces = dict(
        zip((p.name for p, _ in given), detector([i for _, i in given], boxes), strict=True)
    )
    faces |= zip((p.name for p, _ in found), detector([i for _, i in found]), strict=True)
    for photo, image in batch:
        for number, face in enumerate(faces[photo.name], start=1):
            _write_face(out, photo.face_name(number), image, face)
        size = image.shape[1], image.shape[0]
        path = str(photo.path.resolve())
        journal.add(Entry(photo.name, path, size, _given(photo), tuple(faces[photo.name])))


def _write_face(out: Path, name: str, image: Image, face: Face) -> None:
    """Write the files of a face, but for those that are there."""
    points, picture = out / f"{name}.pts", out / PICTURES / f"{name}.jpg"
    for path in (points, picture):
        path.parent.mkdir(parents=True, exist_ok=True)
    if not is_file(points):
        with replacing(points) as partial:
            write_pts(partial, face.points)
    if not is_file(picture):
        with replacing(picture) as partial:
            draw_found(image, face.points, face.box, partial)


def _write_tables(
    out: Path, journal: Journal, skipped: Sequence[Skipped], scheme: LandmarkScheme
) -> None:
    """Add the new rows to the table, and write the other lists of photos again."""
    new = [entry for entry in journal.entries.values() if not entry.tabled]
    path = out / TABLE
    if new or not is_file(path):
        axes = [f"{axis}{k}" for k in range(scheme.num_landmarks) for axis in "xy"]
        header = _csv([["image", "face", *axes, "left", "top", "right", "bottom"]])
        before = path.read_bytes() if is_file(path) else header.encode()
        before += b"" if before.endswith(b"\n") else b"\r\n"  # some editors leave it out
        named = {row[0] for row in csv.reader(io.StringIO(before.decode("utf-8-sig"))) if row}
        rows = _csv(row for entry in new if entry.image not in named for row in _rows(entry))
        with atomic_write(path) as partial:
            partial.write_bytes(before + rows.encode())
        photos = [entry.for_labelling() for entry in journal.entries.values()]
        write_for_labelling(out, photos, scheme)
        journal.all_tabled()
    without = [entry.image for entry in journal.entries.values() if not entry.faces]
    _write_list(out / WITHOUT, "".join(f"{name}\n" for name in without))
    listed = [("image", "reason"), *map(astuple, skipped)] if skipped else []
    _write_list(out / SKIPPED, _csv(listed))


def _write_list(path: Path, text: str) -> None:
    """A file with this text; none if it is empty."""
    if not text:
        path.unlink(missing_ok=True)
        return
    with atomic_write(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="")


def _rows(entry: Entry) -> Iterator[list[str]]:
    for number, face in enumerate(entry.faces, start=1):
        numbers = [f"{value:.3f}" for value in (*face.points.ravel(), *face.box)]
        yield [entry.image, str(number), *numbers]


def _csv(rows: "Sequence[Sequence[str]] | Iterator[Sequence[str]]") -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
