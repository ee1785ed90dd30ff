"""Label Studio's exports "JSON" and "JSON-MIN" of key points on images.

A list of tasks (https://labelstud.io/guide/task_format); the results of an annotation are regions
of type `keypointlabels` (https://labelstud.io/tags/keypointlabels): x and y in per cent of
the image's width and height, so that the centre of the top-left pixel is at 50 / width. JSON-MIN
has the same values under the name of each control. The points of a face have the face's box as
their parent region (`parentID`), where an image shows several. Written for Label Studio 1.x.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from landmarks.data.coordinates import Box, number_list
from landmarks.data.dataset import FaceDataset
from landmarks.data.decoding import IMAGE_SUFFIXES
from landmarks.data.files import expanded, read_json_objects
from landmarks.data.images import ImageOptions, LabelledSize, labelled_size
from landmarks.data.labelled import LabelledFace, faces_of_file
from landmarks.data.labels import LabelRule
from landmarks.data.options import check_whole_number
from landmarks.data.point_names import placed_points, skipped
from landmarks.errors import InputError
from landmarks.scheme import IBUG68, LandmarkScheme, load_scheme

_EXPECTED = "a list of tasks, exported from Label Studio as JSON or JSON-MIN"
_UPLOADED = re.compile(r"[0-9a-f]{8}-")  # before the name of an image uploaded in the browser


def read_label_studio(
    path: Path | str,
    images: Path | str,
    *,
    first_point: int = 0,
    landmarks: Sequence[int] | None = None,
    scheme: LandmarkScheme | str = IBUG68,
    orientation: str = "apply",
) -> FaceDataset:
    """Read what Label Studio exports as JSON or JSON-MIN.

    Of several annotations of an image, the one that was changed last counts. Skipped and counted in
    the notes: the others, tasks without annotation or without a labelled point, and points without
    name.

    Args:
        path: The JSON file.
        images: The folder of the images, found by the longest end of their names: see
            `landmarks.data.names.listed_images`.
        first_point: The number at the end of the name of the first landmark: 0, or 1.
        landmarks: The points of a face, counted from 0, that are each of the scheme's landmarks;
            None: it has these.
        scheme: Of the landmarks: a `LandmarkScheme`, the name of one that comes with the package,
            or the path of its YAML file.
        orientation: "apply" or "ignore" the EXIF orientation of images; see `ImageOptions`.

    Returns:
        Faces in the order of their ids; the group is the image.

    Raises:
        InputError: The file is not such an export, an image is missing or was turned in the tool,
            or a point has no number.
    """
    rule = LabelRule(0.5, "percent", landmarks, load_scheme(scheme))
    check_whole_number("first_point", first_point, 0)
    path = expanded(path)
    options = ImageOptions(str(path), orientation)
    counts = Counter[str]()
    tasks = read_json_objects(path, _EXPECTED)
    labelled = list(_labelled(tasks, path, rule, first_point, counts))
    if not labelled:
        raise InputError(f"{path}: no labelled face in {len(tasks)} tasks; expected {_EXPECTED}")
    return FaceDataset(
        name="Label Studio",
        origin=str(path),
        faces=faces_of_file(path, images, labelled, rule, options),
        namespace=str(path.parent.resolve()),
        notes=tuple(skipped(counts)),
        scheme=rule.scheme,
    )


def _labelled(
    tasks: list[dict[str, Any]], path: Path, rule: LabelRule, first: int, counts: Counter[str]
) -> Iterator[LabelledFace]:
    """Each labelled face; `counts` gets what is skipped."""
    for where, data, regions in _last_annotations(tasks, path, counts):
        faces = _faces(regions, counts)
        if not faces:
            counts["tasks without a labelled point"] += 1
            continue
        boxes = {str(r.get("id")): r["value"] for r in regions if "rectanglelabels" in r["value"]}
        image = _image_name(data, where)
        for parent, points in faces.items():
            named = [(_name(p["value"], where), _xy(p["value"], where)) for p in points]
            yield LabelledFace(
                image=image,
                where=where,
                points=placed_points(named, first, rule, where),
                size=_size(points[0], where),
                box=None if parent is None else _box(boxes.get(parent), where),
            )


def _faces(
    regions: list[dict[str, Any]], counts: Counter[str]
) -> dict[str | None, list[dict[str, Any]]]:
    """The points of each face, by its parent region; None: they have none."""
    faces: dict[str | None, list[dict[str, Any]]] = {}
    for region in regions:
        labels, parent = region["value"].get("keypointlabels"), region.get("parentID")
        if labels:
            faces.setdefault(None if parent is None else str(parent), []).append(region)
        counts["points without name"] += labels == []
    if len(faces) == 2 and None in faces:  # points that were added to the only face of a box
        loose = faces.pop(None)
        next(iter(faces.values())).extend(loose)
    return faces


def _last_annotations(
    tasks: list[dict[str, Any]], path: Path, counts: Counter[str]
) -> Iterator[tuple[str, dict[str, Any], list[dict[str, Any]]]]:
    """Place, data and regions of the last annotation of each task, in either export."""
    last: dict[object, tuple[str, str, dict[str, Any], list[dict[str, Any]]]] = {}
    for position, task in enumerate(tasks):
        id = task.get("id", f"number {position}")
        where = f"{path}, task {id!r}"
        if "annotations" in task:
            found = [
                (str(entry.get("updated_at")), where, _data(task, where), _result(entry, where))
                for entry in _objects(task["annotations"], f"{where}: annotations")
                if not entry.get("was_cancelled")
            ]
        else:
            found = [(str(task.get("updated_at")), where, task, _min_result(task))]
        if not found:
            counts["tasks without annotation"] += 1
        for entry in found:
            counts["annotations that were replaced by a later one"] += repr(id) in last
            last[repr(id)] = max(last.get(repr(id), entry), entry, key=lambda one: one[0])
    for _, where, data, regions in last.values():
        yield where, data, regions


def _data(task: dict[str, Any], where: str) -> dict[str, Any]:
    data = task.get("data")
    if not isinstance(data, dict):
        raise InputError(f"{where}: no object under 'data'; expected {_EXPECTED}")
    return data


def _result(annotation: dict[str, Any], where: str) -> list[dict[str, Any]]:
    regions = _objects(annotation.get("result"), f"{where}: result")
    return [region for region in regions if isinstance(region.get("value"), dict)]


def _min_result(task: dict[str, Any]) -> list[dict[str, Any]]:
    """The regions of a task of JSON-MIN, in the form of JSON."""
    return [
        {**value, "value": value}
        for values in task.values()
        if isinstance(values, list)
        for value in values
        if isinstance(value, dict)
    ]


def _objects(values: object, where: str) -> list[dict[str, Any]]:
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise InputError(f"{where}: expected a list of objects")
    return values


def _image_name(data: dict[str, Any], where: str) -> str:
    """The file name in the address of the image, of whatever kind of storage."""
    names = []
    for address in data.values():
        if isinstance(address, str):
            parts = urlsplit(address)
            local = parse_qs(parts.query).get("d")  # /data/local-files/?d=folder/name.jpg
            name = PurePosixPath(local[0] if local else unquote(parts.path))
            if name.suffix.lower() in IMAGE_SUFFIXES:
                is_upload = "upload" in name.parts
                plain = _UPLOADED.sub("", name.name, count=1) if is_upload else name.name
                names.append(name.with_name(plain).as_posix())
    if len(names) != 1:
        raise InputError(
            f"{where}: {len(names)} addresses of images in its data; expected one, ending in "
            f"{', '.join(IMAGE_SUFFIXES)}"
        )
    return names[0]


def _name(value: dict[str, Any], where: str) -> str:
    labels = value["keypointlabels"]
    if not isinstance(labels, list) or not isinstance(labels[0], str):
        raise InputError(
            f"{where}: keypointlabels is {labels!r:.40}; expected a list with the name of the point"
        )
    return labels[0]


def _xy(value: dict[str, Any], where: str) -> tuple[float, float]:
    x, y = number_list([value.get("x"), value.get("y")], f"{where}: x and y of a point")
    return x, y


def _size(region: dict[str, Any], where: str) -> LabelledSize | None:
    if region.get("image_rotation"):
        raise InputError(
            f"{where}: the image was turned by {region['image_rotation']!r:.20} degrees in Label "
            "Studio; turn it back there, or leave the task out"
        )
    return labelled_size(region.get("original_width"), region.get("original_height"), where)


def _box(value: dict[str, Any] | None, where: str) -> Box | None:
    if value is None or value.get("rotation"):
        return None
    sides = [value.get(name) for name in ("x", "y", "width", "height")]
    x, y, width, height = number_list(sides, f"{where}: x, y, width and height of a box")
    return x, y, x + width, y + height
