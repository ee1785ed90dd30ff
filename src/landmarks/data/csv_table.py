"""Labels in one CSV file: a row for each face.

`image,x0,y0,x1,y1,...,x67,y67`, as Datagen's examples and many scripts write them, and the table
of `landmarks predict`, which has a column `face` as well. The header may be missing. Two empty
cells are a point without label, as in DeepLabCut.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from landmarks.data.coordinates import finite_numbers
from landmarks.data.dataset import FaceDataset
from landmarks.data.files import expanded, read_text
from landmarks.data.images import ImageOptions
from landmarks.data.labelled import LabelledFace, faces_of_file
from landmarks.data.labels import LabelRule
from landmarks.errors import InputError
from landmarks.scheme import IBUG68, LandmarkScheme, load_scheme

_COLUMN = re.compile(r"([xy])_?([0-9]{1,4})", re.IGNORECASE)
_EXPECTED = "the header image,x0,y0,x1,y1,..., or rows of an image and its points x,y"


def read_csv(
    path: Path | str,
    *,
    images: Path | str | None = None,
    first_pixel: float = 0.0,
    frame: str | None = None,
    landmarks: Sequence[int] | None = None,
    scheme: LandmarkScheme | str = IBUG68,
    orientation: str = "apply",
) -> FaceDataset:
    """Read labels from one CSV file.

    Repeated rows are skipped and counted in the notes, as are columns of other names.

    Args:
        path: The CSV file.
        images: The folder of the images, if names in the file do not start from its own folder:
            see `landmarks.data.names.listed_images`.
        first_pixel: The coordinate that the file gives to the centre of the top-left pixel; 0.0 in
            the table of `landmarks predict`.
        frame: As of `landmarks.data.labels.LabelRule`.
        landmarks: The points of a row that are each of the scheme's landmarks; None: it has these.
        scheme: Of the landmarks: a `LandmarkScheme`, the name of one that comes with the package,
            or the path of its YAML file.
        orientation: "apply" or "ignore" the EXIF orientation of images; see `ImageOptions`.

    Returns:
        Faces in the order of their ids; the group is the image.

    Raises:
        InputError: The file is not such a table, or an image is missing.
    """
    rule = LabelRule(first_pixel, frame, landmarks, load_scheme(scheme))
    path = expanded(path)
    options = ImageOptions(str(path), orientation)
    rows, columns = _rows(path)
    count = len(columns.points)
    if count != (rule.num_points or count):
        raise InputError(
            f"{path}: {count} points in a row; expected {rule.num_points}, or the option "
            f"`landmarks` with the positions of those {rule.num_points}, or the `scheme` of the "
            "file"
        )
    once = list({(row.image, row.points.tobytes()): row for row in rows}.values())
    if not once:
        raise InputError(f"{path}: no faces; expected {_EXPECTED}")
    notes = [f"columns not read: {', '.join(columns.ignored)}"] if columns.ignored else []
    if len(once) < len(rows):
        notes.append(f"repeated rows: {len(rows) - len(once):,} skipped")
    return FaceDataset(
        name="CSV",
        origin=str(path),
        faces=faces_of_file(path, images, once, rule, options),
        namespace=str(path.parent.resolve()),
        notes=(*notes, *rule.notes),
        frame=frame,
        scheme=rule.scheme,
    )


def read_rows(path: Path) -> list[LabelledFace]:
    """The rows of such a table, without looking for the images.

    Raises:
        InputError: The file is not such a table.
    """
    return _rows(path)[0]


@dataclass(frozen=True)
class _Columns:
    """Where a row has what.

    Attributes:
        image: Position of the name of the image.
        points: (n, 2) positions of x and y of each point.
        width: Number of cells.
        ignored: Names of the other columns.
    """

    image: int
    points: NDArray[np.intp]
    width: int
    ignored: tuple[str, ...] = ()


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The cells of each line that is not empty, with its number."""
    reader = csv.reader(io.StringIO(read_text(path), newline=""), skipinitialspace=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: not CSV ({error})") from None


def _table(path: Path) -> tuple[_Columns, list[tuple[int, list[str]]]]:
    """The columns, by the header if there is one, and the lines of faces."""
    lines = list(_lines(path))
    if not lines:
        raise InputError(f"{path}: empty; expected {_EXPECTED}")
    number, first = lines[0]
    names = [name.lower() for name in first]
    if any(_COLUMN.fullmatch(name) for name in names):
        return _named(names, f"{path}, line {number}"), lines[1:]
    if len(first) < 3 or len(first) % 2 == 0:
        raise InputError(f"{path}, line {number}: {len(first)} cells; expected {_EXPECTED}")
    return _Columns(0, np.arange(1, len(first)).reshape(-1, 2), len(first)), lines


def _rows(path: Path) -> tuple[list[LabelledFace], _Columns]:
    columns, lines = _table(path)
    rows = [_row(cells, columns, f"{path}, line {number}") for number, cells in lines]
    return rows, columns


def _named(names: list[str], where: str) -> _Columns:
    """The columns by a header, in any order; points can be counted from 0 or 1."""
    found = [_COLUMN.fullmatch(name) for name in names]
    numbers = sorted({int(match[2]) for match in found if match})
    count = numbers[0] + len(numbers)
    expected = ["image", *(f"{axis}{k}" for k in range(numbers[0], count) for axis in "xy")]
    plain = [
        f"{match[1]}{int(match[2])}" if match else name
        for name, match in zip(names, found, strict=True)
    ]
    missing = [name for name in expected if name not in plain]
    if missing or len(set(plain)) < len(plain) or numbers[0] > 1:
        what = f"no column {missing[0]!r}" if missing else "points are not counted from 0 or 1"
        raise InputError(f"{where}: {what}, or a column is there twice; expected {_EXPECTED}")
    places = [plain.index(name) for name in expected]
    ignored = tuple(name for name in plain if name not in {*expected, "face"})
    return _Columns(places[0], np.reshape(places[1:], (-1, 2)), len(names), ignored)


def _row(cells: list[str], columns: _Columns, where: str) -> LabelledFace:
    if len(cells) != columns.width:
        raise InputError(f"{where}: {len(cells)} cells; expected {columns.width}, as in the first")
    points = np.full(columns.points.shape, np.nan)
    for k, (x, y) in enumerate(columns.points.tolist()):
        if cells[x] or cells[y]:
            points[k] = finite_numbers((cells[x], cells[y]), f"{where}, point {k}")
    return LabelledFace(image=cells[columns.image], where=where, points=points)
