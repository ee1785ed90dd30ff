"""Photos without annotations, and the boxes of the faces in them."""

import csv
import io
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from landmarks.data.coordinates import Box
from landmarks.data.decoding import IMAGE_SUFFIXES
from landmarks.data.files import expanded, files_below, is_file, is_folder, read_text
from landmarks.data.images import ImageFile, ImageOptions
from landmarks.errors import InputError

BOX_HEADER = ("image", "x0", "y0", "x1", "y1")


@dataclass(frozen=True, slots=True)
class PlacedBox:
    """The box of one face, not checked yet, and its line in the CSV file.

    Attributes:
        box: (x0, y0, x1, y1) source pixels; NaN for what is not a number.
        where: The line, for messages.
    """

    box: Box
    where: str


@dataclass(frozen=True, slots=True)
class Photo:
    """An image and the boxes of its faces.

    Attributes:
        name: Its path below the folder of photos, e.g. "party/a.jpg".
        path: The file.
        boxes: One for each face; None: the whole photo is the box of its only face.
        options: For reading the file.
    """

    name: str
    path: Path
    boxes: tuple[PlacedBox, ...] | None
    options: ImageOptions

    @property
    def face_names(self) -> tuple[str, ...]:
        """Names for the output files of each face: "party/a", "party/a_2", ..."""
        stem = PurePosixPath(self.name).with_suffix("").as_posix()
        count = 1 if self.boxes is None else len(self.boxes)
        return (stem, *(f"{stem}_{number}" for number in range(2, count + 1)))

    def read(self) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB; boxes and predictions count these pixels.

        Raises:
            InputError: As for `ImageFile.read`.
        """
        return ImageFile(self.path, self.options).read()

    def face_boxes(self, image: NDArray[np.uint8]) -> tuple[PlacedBox, ...]:
        """The box of each face, which `Detector.on_image` checks."""
        if self.boxes is not None:
            return self.boxes
        height, width = image.shape[:2]
        return (PlacedBox((0, 0, width - 1, height - 1), str(self.path)),)


@dataclass(frozen=True, slots=True)
class PhotoSet:
    """Photos of a folder.

    Attributes:
        photos: Sorted by name.
        notes: Remarks for the user, a line each.
    """

    photos: tuple[Photo, ...]
    notes: tuple[str, ...]


def read_photos(
    root: Path | str, boxes: Path | str | None = None, *, orientation: str = "apply"
) -> PhotoSet:
    """Find the photos to predict on.

    Args:
        root: One image, or a folder of images, with all folders below.
        boxes: A CSV with the columns `image,x0,y0,x1,y1`, a row for each face: path below `root`,
            and 0-based source pixels. None: the whole of each photo is its face's box.
        orientation: "apply" or "ignore" the EXIF orientation of images; see `ImageOptions`.

    Raises:
        InputError: There is no photo, the CSV is wrong or names another image, or two faces would
            have the same name.
    """
    options = ImageOptions(str(root), orientation)
    files, notes = _image_files(expanded(root))
    if boxes is None:
        photos = [Photo(name, path, None, options) for name, path in files.items()]
        notes.append(
            "no boxes given: each whole photo is taken as the box of its only face; unless photos "
            "are cropped to the face, give --boxes"
        )
    else:
        path = expanded(boxes)
        placed = _read_boxes(path, files, root)
        photos = [
            Photo(name, file, placed[name], options)
            for name, file in files.items()
            if name in placed
        ]
        without = [name for name in files if name not in placed]
        if without:
            notes.append(f"{path}: no box for {_some(without)}, which are skipped")
    _check_names(photos)
    return PhotoSet(tuple(photos), tuple(notes))


def _image_files(root: Path) -> tuple[dict[str, Path], list[str]]:
    """Image files by their path below `root`, and a note on other files there."""
    if is_file(root):
        return {root.name: root}, []
    if not is_folder(root):
        raise InputError(f"{root}: no such file or folder; expected an image or a folder of them")
    files, others = {}, Counter[str]()
    for path in files_below(root):
        if path.suffix.lower() in IMAGE_SUFFIXES:
            files[path.relative_to(root).as_posix()] = path
        else:
            others[path.suffix or path.name] += 1
    if not files:
        raise InputError(f"{root}: no image in it; expected {', '.join(IMAGE_SUFFIXES)}")
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(others.items()))
    return files, [f"{root}: skipped files that are not images: {kinds}"] if kinds else []


def _read_boxes(
    path: Path, files: Mapping[str, Path], root: Path | str
) -> dict[str, tuple[PlacedBox, ...]]:
    found: dict[str, tuple[PlacedBox, ...]] = {}
    for number, (image, *sides) in _rows(path):
        where = f"{path}, line {number}"
        name = PurePosixPath(image.replace("\\", "/")).as_posix()  # as written on Windows
        if name not in files:
            raise InputError(
                f"{where}: no image {image!r} in {root}; names are paths below it, with suffix"
            )
        x0, y0, x1, y1 = map(_number, sides)
        found[name] = (*found.get(name, ()), PlacedBox((x0, y0, x1, y1), where))
    if not found:
        raise InputError(f"{path}: no box; expected a row for each face")
    return found


def _number(text: str) -> float:
    """NaN if `text` is not a number, so that one bad row does not stop the others."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Rows of five fields below the header, each with its line number."""
    reader = csv.reader(io.StringIO(read_text(path), newline=""), skipinitialspace=True)
    try:
        header = next(reader, [])
        if tuple(header) != BOX_HEADER:
            raise InputError(
                f"{path}, line 1: {','.join(header)[:60]!r}; expected the header "
                f"{','.join(BOX_HEADER)!r}"
            )
        for row in reader:
            if row and len(row) != len(BOX_HEADER):
                raise InputError(
                    f"{path}, line {reader.line_num}: {len(row)} fields; expected "
                    f"{','.join(BOX_HEADER)}"
                )
            if row:
                yield reader.line_num, row
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: not CSV ({error})") from None


def _check_names(photos: list[Photo]) -> None:
    owners: dict[str, Photo] = {}
    for photo in photos:
        for name in photo.face_names:
            other = owners.setdefault(name, photo)
            if other != photo:
                raise InputError(
                    f"{photo.path}: a face of it and one of {other.name} would both be called "
                    f"{name!r}; rename one of the photos"
                )


def _some(names: list[str]) -> str:
    """The first few of `names`, and how many they are."""
    listed = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
    return f"{len(names)} photo{'s' if len(names) > 1 else ''} ({listed})"
