"""Photos without annotations, and the boxes of the faces in them."""

import csv
import io
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from glob import glob, has_magic
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
        boxes: One for each face; None: its faces are to be found.
        options: For reading the file.
    """

    name: str
    path: Path
    boxes: tuple[PlacedBox, ...] | None
    options: ImageOptions

    @property
    def stem(self) -> str:
        """Its name without the suffix."""
        return PurePosixPath(self.name).with_suffix("").as_posix()

    def face_name(self, number: int) -> str:
        """Name for the output files of a face, counted from 1: "party/a", "party/a_2", ..."""
        return self.stem if number == 1 else f"{self.stem}_{number}"

    @property
    def most_faces(self) -> float:
        """The number of its faces if it is known, else infinite."""
        return math.inf if self.boxes is None else len(self.boxes)

    def read(self) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB; boxes and predictions count these pixels.

        Raises:
            InputError: As for `ImageFile.read`.
        """
        return ImageFile(self.path, self.options).read()


@dataclass(frozen=True, slots=True)
class PhotoSet:
    """Photos to predict on.

    Attributes:
        photos: Those of a folder sorted by name.
        notes: Remarks for the user, a line each.
    """

    photos: tuple[Photo, ...]
    notes: tuple[str, ...]


def read_photos(
    *roots: Path | str, boxes: Path | str | None = None, orientation: str = "apply"
) -> PhotoSet:
    """Find the photos to predict on.

    Args:
        roots: Images, folders of images with all folders below, or patterns of such names ("*.jpg",
            for shells that leave them alone).
        boxes: A CSV with the columns `image,x0,y0,x1,y1`, a row for each face: path below its root,
            and 0-based source pixels. None: the faces are to be found.
        orientation: "apply" or "ignore" the EXIF orientation of images; see `ImageOptions`.

    Raises:
        InputError: There is no photo, the CSV is wrong or names another image, or two faces would
            have the same name.
    """
    root = " ".join(map(str, roots))
    options = ImageOptions(root, orientation)
    files, notes = _all_image_files([path for given in roots for path in _matching(given)])
    if boxes is None:
        photos = [Photo(name, path, None, options) for name, path in files.items()]
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


def _matching(given: Path | str) -> list[Path]:
    """The files and folders that a pattern matches; `given` itself if it is not a pattern."""
    path = expanded(given)
    if not has_magic(str(path)) or is_file(path) or is_folder(path):
        return [path]
    # Path.glob takes no absolute pattern.
    found = [Path(name) for name in sorted(glob(str(path), recursive=True))]  # noqa: PTH207
    if not found:
        raise InputError(f"{given}: no file matches this pattern")
    return found


def _all_image_files(roots: Sequence[Path]) -> tuple[dict[str, Path], list[str]]:
    """Image files of all roots by their paths below them, and notes on other files."""
    files: dict[str, Path] = {}
    notes = []
    for root in roots:
        own, note = _image_files(root)
        notes += note
        for name, path in own.items():
            other = files.setdefault(name, path)
            if other != path:
                raise InputError(
                    f"{other} and {path} would both be called {name!r}; give a folder that holds "
                    "both, or predict one after the other"
                )
    return files, notes


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
    path: Path, files: Mapping[str, Path], root: str
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
    """Refuse photos whose faces could have the same name, however many are found."""
    owners: dict[str, Photo] = {}
    for photo in photos:
        other = owners.setdefault(photo.stem, photo)
        if other != photo:
            _refuse_names(photo, other, photo.stem)
    for stem, photo in owners.items():
        numbered = re.fullmatch(r"(.*)_([2-9]|[1-9]\d+)", stem, re.DOTALL)
        other_photo = owners.get(numbered[1]) if numbered else None
        if numbered and other_photo and int(numbered[2]) <= other_photo.most_faces:
            _refuse_names(photo, other_photo, stem)


def _refuse_names(photo: Photo, other: Photo, name: str) -> None:
    raise InputError(
        f"{photo.path}: a face of it and one of {other.name} would both be called {name!r}; "
        "rename one of the photos"
    )


def _some(names: list[str]) -> str:
    """The first few of `names`, and how many they are."""
    listed = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
    return f"{len(names)} photo{'s' if len(names) > 1 else ''} ({listed})"
