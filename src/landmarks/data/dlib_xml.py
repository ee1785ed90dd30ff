"""dlib's XML of labelled images (King, 2009).

`dataset/images/image[@file]/box[@top @left @width @height]/part[@name @x @y]`, whole pixels, the
top-left one (0, 0). A part that a box does not have is not labelled, as in dlib
(`OBJECT_PART_NOT_PRESENT`).
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element  # the type; defusedxml parses

import numpy as np
from numpy.typing import NDArray

from landmarks.data.coordinates import Box, finite_numbers
from landmarks.data.dataset import FaceDataset
from landmarks.data.files import expanded
from landmarks.data.images import ImageOptions, labelled_size
from landmarks.data.labelled import LabelledFace, faces_of_file
from landmarks.data.labels import LabelRule
from landmarks.data.options import check_whole_number
from landmarks.data.xml_files import xml_elements
from landmarks.errors import InputError
from landmarks.scheme import IBUG68, LandmarkScheme, load_scheme

_MOST_PARTS = 1000


def read_dlib_xml(
    path: Path | str,
    *,
    images: Path | str | None = None,
    first_part: int = 0,
    first_pixel: float = 0.0,
    frame: str | None = None,
    landmarks: Sequence[int] | None = None,
    scheme: LandmarkScheme | str = IBUG68,
    orientation: str = "apply",
) -> FaceDataset:
    """Read any file of dlib's format whose boxes have a part for each landmark.

    The parts are named 0 to 67, or "00" to "67". Boxes without parts, and those marked
    `ignore='1'`, are skipped and counted in the notes.

    Args:
        path: The XML file.
        images: The folder of the images, if names in the file do not start from its own folder:
            see `landmarks.data.names.listed_images`.
        first_part: Number of the first part: 0, or 1 if parts are counted from 1.
        first_pixel: The coordinate that the file gives to the centre of the top-left pixel.
        frame: As of `landmarks.data.labels.LabelRule`.
        landmarks: The points of a box, counted from 0, that are each of the scheme's landmarks;
            None: it has these.
        scheme: Of the landmarks: a `LandmarkScheme`, the name of one that comes with the package,
            or the path of its YAML file.
        orientation: "apply" or "ignore" the EXIF orientation of images; see `ImageOptions`.

    Returns:
        Faces in the order of their ids; the group is the image.

    Raises:
        InputError: The file is not such XML, or an image is missing.
    """
    rule = LabelRule(first_pixel, frame, landmarks, load_scheme(scheme))
    check_whole_number("first_part", first_part, 0)
    path = expanded(path)
    options = ImageOptions(str(path), orientation)
    labelled, notes = read_boxes(path, rule, first_part)
    return FaceDataset(
        name="dlib XML",
        origin=str(path),
        faces=faces_of_file(path, images, labelled, rule, options),
        namespace=str(path.parent.resolve()),
        notes=(*notes, *rule.notes),
        frame=frame,
        scheme=rule.scheme,
    )


def read_boxes(
    path: Path, rule: LabelRule, first_part: int
) -> tuple[list[LabelledFace], tuple[str, ...]]:
    """The labelled boxes of the file, and notes on those that were skipped."""
    labelled = []
    ignored = empty = 0
    for count, image in enumerate(xml_elements(path, "image"), start=1):
        name = image.get("file")
        if not name:
            raise InputError(f"{path}, image number {count}: no attribute 'file'")
        where = f"{path}, image {name!r}"
        size = labelled_size(image.get("width"), image.get("height"), where)
        for number, box in enumerate(image.iter("box"), start=1):
            if box.get("ignore") == "1":
                ignored += 1
            elif next(box.iter("part"), None) is None:
                empty += 1
            else:
                points, corners = _points_and_box(box, f"{where}, box {number}", rule, first_part)
                labelled.append(
                    LabelledFace(
                        image=name,
                        size=size,
                        where=f"{where}, box {number}",
                        points=points,
                        box=corners,
                    )
                )
    if not labelled:
        raise InputError(
            f"{path}: no faces; expected dataset/images/image/box/part with part names 00 to 67"
        )
    notes = {"boxes marked ignore='1'": ignored, "boxes without parts": empty}
    return labelled, tuple(f"{what}: {n:,} skipped" for what, n in notes.items() if n)


def _points_and_box(
    box: Element, where: str, rule: LabelRule, first_part: int
) -> tuple[NDArray[np.float64], Box]:
    """As of `LabelledFace`."""
    left, top, width, height = _numbers(box, ("left", "top", "width", "height"), where)
    parts: dict[int, list[float]] = {}
    for part in box.iter("part"):
        name = str(part.get("name"))
        number = int(name) if re.fullmatch("[0-9]{1,4}", name) else -1
        if not first_part <= number < first_part + _MOST_PARTS or number in parts:
            raise InputError(
                f"{where}: part {part.get('name')!r:.40} is unknown or there twice; expected "
                f"{_expected(first_part, rule)}, once each"
            )
        parts[number] = _numbers(part, ("x", "y"), f"{where}, part {name}")
    count = rule.num_points or max(parts) - first_part + 1
    _check_last(parts, first_part, count, where)
    points = np.full((count, 2), np.nan)
    points[np.array(list(parts)) - first_part] = list(parts.values())
    return points, (left, top, left + width - rule.one_pixel, top + height - rule.one_pixel)


def _check_last(parts: Mapping[int, object], first: int, count: int, where: str) -> None:
    """Refuse parts beyond the last of `count`."""
    if max(parts) < first + count:
        return
    hint = (
        f"counted from {min(parts)}? first_part={min(parts)} reads them so"
        if max(parts) - min(parts) < count
        else f"the option `landmarks` chooses {count} of more"
    )
    raise InputError(
        f"{where}: the parts are {min(parts)} to {max(parts)}; expected {first:02d} to "
        f"{first + count - 1}; {hint}"
    )


def _expected(first: int, rule: LabelRule) -> str:
    return f"{first:02d} to {first + rule.scheme.num_landmarks - 1}"


def _numbers(element: Element, names: Sequence[str], where: str) -> list[float]:
    for name in names:
        if name not in element.attrib:
            raise InputError(f"{where}: <{element.tag}> has no attribute {name!r}")
    return finite_numbers([element.attrib[name] for name in names], where)
