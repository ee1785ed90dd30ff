"""WFLW (Wu et al., "Look at Boundary", 2018), all its 98 landmarks or the 68 of 300-W among them.

`list_98pt_rect_attr_{train,test}.txt`: a line has 196 coordinates, the face box x_min y_min
x_max y_max, six attributes (pose, expression, illumination, make-up, occlusion, blur; 0 or 1) and
the image's name. An image of several faces has several lines.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from landmarks.data.coordinates import finite_numbers
from landmarks.data.dataset import Face, FaceDataset
from landmarks.data.files import existing_folder, expanded, read_text
from landmarks.data.images import ImageFile, ImageOptions
from landmarks.data.labels import LabelRule
from landmarks.data.names import face_ids, in_order, named_image
from landmarks.errors import InputError
from landmarks.scheme import IBUG68, LandmarkScheme, load_scheme

_SCHEME = "wflw98"
_POINTS = 98
_COORDINATES = 2 * _POINTS
_BOX = 4
_ATTRIBUTES = 6
_NUMBERS = _COORDINATES + _BOX + _ATTRIBUTES


@dataclass(frozen=True)
class _Line:
    where: str
    numbers: list[float]
    image: str


def read_wflw(
    annotations: Path | str,
    images: Path | str,
    *,
    first_pixel: float = 0.0,
    scheme: LandmarkScheme | str = IBUG68,
    orientation: str = "apply",
) -> FaceDataset:
    """Read one annotation file of WFLW.

    The jaw, brows and lids of the two schemes agree in meaning, not to the pixel: compare errors
    on WFLW only with each other.

    Args:
        annotations: `list_98pt_rect_attr_train.txt` or `list_98pt_rect_attr_test.txt`.
        images: The folder `WFLW_images`.
        first_pixel: The coordinate that the file gives to the centre of the top-left pixel; WFLW
            does not document it.
        scheme: Of the landmarks: a `LandmarkScheme`, the name of one that comes with the package,
            or the path of its YAML file; "wflw98" for all landmarks of the file.
        orientation: "apply" or "ignore" the EXIF orientation of images; see `ImageOptions`.

    Returns:
        Faces in the order of their ids; the group is the image.

    Raises:
        InputError: A line is not of this format, or its image is missing.
    """
    rule = LabelRule(first_pixel, scheme=load_scheme(scheme))
    rule.scheme.picked_from(_SCHEME)  # refuses one that cannot be read, before anything else
    path = expanded(annotations)
    options = ImageOptions(str(path), orientation)
    folder = existing_folder(images, "WFLW_images, with a folder for each kind of event")
    lines = list(_lines(path))
    if not lines:
        raise InputError(f"{path}: no lines; expected one for each face")
    found = [named_image(folder, line.image, line.where) for line in lines]
    ids = face_ids([name for name, _ in found])
    faces = [
        _face(line, id, name, ImageFile(image, options), rule)
        for line, id, (name, image) in zip(lines, ids, found, strict=True)
    ]
    return FaceDataset(
        name="WFLW",
        origin=str(path),
        faces=in_order(faces),
        namespace="WFLW",
        notes=rule.notes,
        scheme=rule.scheme,
    )


def _lines(path: Path) -> Iterator[_Line]:
    for number, text in enumerate(read_text(path).splitlines(), start=1):
        words = text.split(maxsplit=_NUMBERS)  # the rest is the name, which can have spaces
        if not words:
            continue
        where = f"{path}, line {number}"
        if len(words) != _NUMBERS + 1:
            raise InputError(
                f"{where}: {len(words)} values; expected {_NUMBERS + 1}: {_COORDINATES} "
                f"coordinates, {_BOX} of the box, {_ATTRIBUTES} attributes and the image, as in "
                "list_98pt_rect_attr_test.txt"
            )
        yield _Line(where, finite_numbers(words[:_NUMBERS], where), words[-1].strip())


def _face(line: _Line, id: str, group: str, image: ImageFile, rule: LabelRule) -> Face:
    points = np.array(line.numbers[:_COORDINATES]).reshape(_POINTS, 2)
    x0, y0, x1, y1 = line.numbers[_COORDINATES : _COORDINATES + _BOX]
    attributes = line.numbers[_COORDINATES + _BOX :]
    if not set(attributes) <= {0.0, 1.0}:
        raise InputError(
            f"{line.where}: attributes {attributes} are not all 0 or 1, so a value is missing "
            "or there are too many; expected 196 coordinates, 4 of the box, 6 attributes, the image"
        )
    return rule.face(
        points[list(rule.scheme.picked_from(_SCHEME))],
        line.where,
        id=id,
        image=image,
        group=group,
        box=(x0, y0, x1, y1),
    )
