"""CVAT's own XML, "CVAT for images 1.1" (https://docs.cvat.ai/docs/other/xml_format, version 1.1).

`annotations/image[@name @width @height]` holds a face as `skeleton/points[@label @outside @points]`
with one point in each of `points`, or as one `points` element with all in order. A point that is
`outside` has no label; one that is `occluded` has. Coordinates count from the corner of the
top-left pixel, whose centre is (0.5, 0.5), and have two decimal places.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element  # the type; defusedxml parses

import numpy as np
from numpy.typing import NDArray

from landmarks.data.coordinates import finite_numbers
from landmarks.data.dataset import FaceDataset
from landmarks.data.files import expanded
from landmarks.data.images import ImageOptions, labelled_size
from landmarks.data.labelled import LabelledFace, faces_of_file
from landmarks.data.labels import LabelRule
from landmarks.data.options import check_whole_number
from landmarks.data.point_names import placed_points, skipped
from landmarks.data.xml_files import xml_elements
from landmarks.errors import InputError
from landmarks.scheme import IBUG68, LandmarkScheme, load_scheme

_EXPECTED = "annotations/image/skeleton/points, exported from CVAT as 'CVAT for images 1.1'"


def read_cvat_xml(
    path: Path | str,
    *,
    images: Path | str | None = None,
    first_point: int = 0,
    first_pixel: float = 0.5,
    landmarks: Sequence[int] | None = None,
    scheme: LandmarkScheme | str = IBUG68,
    orientation: str = "apply",
) -> FaceDataset:
    """Read what CVAT exports as "CVAT for images 1.1".

    Skipped and counted in the notes: images and skeletons without a labelled point, and `points`
    elements with another number of points.

    Args:
        path: The XML file.
        images: The folder of the images, if names in the file do not start from its own folder:
            see `landmarks.data.names.listed_images`.
        first_point: The number at the end of the name of the first landmark: 0, or 1.
        first_pixel: The coordinate that the file gives to the centre of the top-left pixel.
        landmarks: The points of a face, counted from 0, that are each of the scheme's landmarks;
            None: it has these.
        scheme: Of the landmarks: a `LandmarkScheme`, the name of one that comes with the package,
            or the path of its YAML file.
        orientation: "apply" or "ignore" the EXIF orientation of images; see `ImageOptions`.

    Returns:
        Faces in the order of their ids; the group is the image.

    Raises:
        InputError: The file is not such XML, an image is missing, or a point has no number.
    """
    rule = LabelRule(first_pixel, None, landmarks, load_scheme(scheme))
    check_whole_number("first_point", first_point, 0)
    path = expanded(path)
    options = ImageOptions(str(path), orientation)
    counts = Counter[str]()
    labelled = list(_labelled(path, rule, first_point, counts))
    if not labelled:
        raise InputError(f"{path}: no labelled face; expected {_EXPECTED}")
    return FaceDataset(
        name="CVAT",
        origin=str(path),
        faces=faces_of_file(path, images, labelled, rule, options),
        namespace=str(path.parent.resolve()),
        notes=(*skipped(counts), *rule.notes),
        scheme=rule.scheme,
    )


def _labelled(
    path: Path, rule: LabelRule, first: int, counts: Counter[str]
) -> Iterator[LabelledFace]:
    """Each labelled face; `counts` gets what is skipped."""
    for position, image in enumerate(xml_elements(path, "image"), start=1):
        name = image.get("name")
        if not name:
            raise InputError(f"{path}, image number {position}: no attribute 'name'")
        where = f"{path}, image {name!r}"
        size = labelled_size(image.get("width"), image.get("height"), where)
        elements = [element for element in image if element.tag in ("skeleton", "points")]
        counts["images without a labelled face"] += not elements
        for number, element in enumerate(elements, start=1):
            place = f"{where}, face {number}"
            points = _points(element, rule, first, place)
            if isinstance(points, str):
                counts[points] += 1
            else:
                yield LabelledFace(image=name, where=place, points=points, size=size)


def _points(element: Element, rule: LabelRule, first: int, where: str) -> NDArray[np.float64] | str:
    """(n, 2) in the file's numbers; or why the element is skipped."""
    if element.tag == "points":
        points = _coordinates(element, where)
        if len(points) == (rule.num_points or len(points)):
            return points
        return f"elements with other numbers of points ({len(points)})"
    named = []
    for part in element.iter("points"):
        if part.get("outside") != "1":
            place = f"{where}, point {part.get('label')!r:.40}"
            coordinates = _coordinates(part, place)
            if len(coordinates) != 1:
                raise InputError(f"{place}: {len(coordinates)} points; expected one")
            x, y = coordinates[0].tolist()
            named.append((part.get("label"), (x, y)))
    return (
        placed_points(named, first, rule, where) if named else "skeletons without a labelled point"
    )


def _coordinates(element: Element, where: str) -> NDArray[np.float64]:
    """(n, 2) of "x,y;x,y;..."."""
    pairs = [pair.split(",") for pair in element.get("points", "").split(";")]
    if any(len(pair) != 2 for pair in pairs):
        raise InputError(f"{where}: points are {element.get('points')!r:.60}; expected x,y;x,y;...")
    return np.reshape(finite_numbers([text for pair in pairs for text in pair], where), (-1, 2))
