"""COCO's JSON of key points, and the faces of COCO-WholeBody (Jin et al., 2020) in it.

`images` gives each image an id and a file name; an entry of `annotations` has the id of its image
and a flat list x, y, v, x, y, v, ... with v = 0 for what is not labelled. Coordinates count from 0
at the centre of the top-left pixel; boxes are [x, y, width, height].
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from landmarks.data.coordinates import Box, checked_box, number_list
from landmarks.data.dataset import Face, FaceDataset
from landmarks.data.files import existing_folder, expanded, read_json
from landmarks.data.images import ImageFile, ImageOptions, LabelledSize, labelled_size
from landmarks.data.names import face_ids, in_order, named_image
from landmarks.errors import InputError
from landmarks.scheme import IBUG68, SchemeMap


@dataclass(frozen=True)
class _Field:
    """What belongs to a list of key points.

    Attributes:
        box: Key of the box around them.
        labelled: Key that is 0 or false where none of them is labelled.
    """

    box: str
    labelled: str


_FIELDS = {
    "keypoints": _Field(box="bbox", labelled="num_keypoints"),
    "face_kpts": _Field(box="face_box", labelled="face_valid"),
}


def read_coco(
    annotations: Path | str,
    images: Path | str,
    *,
    landmarks: Sequence[int] | None = None,
    field: str = "keypoints",
    orientation: str = "apply",
) -> FaceDataset:
    """Read a file of COCO's key-point format.

    An annotation of which nothing is labelled (`num_keypoints` is 0, `face_valid` is false, or v is
    0 for each of the 68) is a person without a face, not a face: the number of them is told in the
    notes. A landmark with v = 0 is not visible; its coordinates are as in the file, mostly (0, 0).

    Args:
        annotations: The JSON file.
        images: The folder that its file names start from.
        landmarks: The 68 positions in the file's list of what iBUG calls 0 to 67; None: the file
            has 68 in iBUG's order.
        field: "keypoints", or "face_kpts" for the faces of COCO-WholeBody.
        orientation: "apply" or "ignore" the EXIF orientation of images; see `ImageOptions`.

    Returns:
        Faces in the order of their ids; the group is the image.

    Raises:
        InputError: The file is not of this format, an image is missing, or a face has an outer
            eye corner without label, so that no error could be normalised.
    """
    if field not in tuple(_FIELDS):
        raise InputError(f"field is {field!r}; expected one of {', '.join(_FIELDS)}")
    _check_landmarks(landmarks)
    path = expanded(annotations)
    options = ImageOptions(str(path), orientation)
    folder = existing_folder(images, "the folder that the file names of the images start from")
    content = read_json(path, "a JSON object with 'images' and 'annotations'")
    entries = _images(content, path)
    records = _records(content, "annotations", path)
    wheres = [f"{path}, annotation {r.get('id', f'number {n}')!r}" for n, r in enumerate(records)]
    labels = [
        _Label(where, record, _triples(record, field, where))
        for where, record in zip(wheres, records, strict=True)
        if record.get(_FIELDS[field].labelled, True)
    ]
    labels = _in_ibug_order(labels, landmarks, f"{field} of {path.name}")
    labels = [label for label in labels if label.visible.any()]
    if not labels:
        raise InputError(f"{path}: none of its {len(records)} annotations has a labelled face")
    images_of = [_image(label, entries) for label in labels]
    found = [
        named_image(folder, entry.file_name, label.where)
        for label, entry in zip(labels, images_of, strict=True)
    ]
    ids = face_ids([name for name, _ in found])
    faces = [
        _face(label, id, name, ImageFile(image, options, entry.size), _FIELDS[field].box)
        for label, id, (name, image), entry in zip(labels, ids, found, images_of, strict=True)
    ]
    without = len(records) - len(faces)
    notes = (f"annotations without a labelled face: {without:,} left out",) if without else ()
    return FaceDataset(
        name="COCO",
        origin=str(path),
        faces=in_order(faces),
        namespace=str(folder.resolve()),
        notes=notes,
    )


@dataclass(frozen=True, eq=False)
class _Label:
    """The key points of an annotation.

    Attributes:
        where: Words for messages.
        record: The annotation.
        triples: (n, 3) x, y, v in the file's numbers.
    """

    where: str
    record: dict[str, Any]
    triples: NDArray[np.float64]

    @property
    def visible(self) -> NDArray[np.bool_]:
        """(n,) whether a point is labelled."""
        return self.triples[:, 2] > 0


class _Image(NamedTuple):
    """An entry of `images`."""

    file_name: str
    size: LabelledSize | None


def _in_ibug_order(
    labels: Sequence[_Label], landmarks: Sequence[int] | None, name: str
) -> list[_Label]:
    """The same labels with their 68 points in iBUG's order."""
    if not labels:
        return []
    num_source = len(labels[0].triples)
    for label in labels:
        if len(label.triples) != num_source:
            raise InputError(
                f"{label.where}: {len(label.triples)} key points, {num_source} in the first "
                "annotation; expected the same number in all"
            )
    if landmarks is None and num_source != IBUG68.num_landmarks:
        raise InputError(
            f"{labels[0].where}: {num_source} key points; expected {IBUG68.num_landmarks} in "
            "iBUG's order, or the option `landmarks` with the positions of those 68"
        )
    indices = range(IBUG68.num_landmarks) if landmarks is None else landmarks
    to_ibug = SchemeMap(source_name=name, num_source=num_source, indices=tuple(indices))
    return [replace(label, triples=to_ibug(label.triples)) for label in labels]


def _face(label: _Label, id: str, group: str, image: ImageFile, box_key: str) -> Face:
    for k in IBUG68.interocular:
        if not label.visible[k]:
            raise InputError(
                f"{label.where}: landmark {k}, an outer eye corner, is not labelled (v = 0), so no "
                "error can be normalised; label it or take the annotation out"
            )
    return Face(
        id=id,
        image=image,
        landmarks=label.triples[:, :2].astype(np.float32),
        group=group,
        visible=label.visible,
        box=_box(label, box_key),
    )


def _box(label: _Label, key: str) -> Box | None:
    given = label.record.get(key)
    if given is None:
        return None
    numbers = number_list(given, f"{label.where}: {key}")
    if len(numbers) != 4:
        raise InputError(f"{label.where}: {key} is {given!r}; expected [x, y, width, height]")
    x, y, width, height = numbers
    return checked_box((x, y, x + width - 1, y + height - 1), label.where)


def _triples(record: dict[str, Any], field: str, where: str) -> NDArray[np.float64]:
    numbers = number_list(record.get(field), f"{where}: {field}")
    if not numbers or len(numbers) % 3:
        raise InputError(f"{where}: {field} holds {len(numbers)} numbers; expected x, y, v each")
    triples = np.array(numbers).reshape(-1, 3)
    if triples[:, 2].min() < 0:
        raise InputError(f"{where}: {field} has v = {triples[:, 2].min():g}; expected 0 or more")
    return triples


def _images(content: dict[str, Any], path: Path) -> dict[object, _Image]:
    """The entry of each image by its id."""
    images: dict[object, _Image] = {}
    for number, entry in enumerate(_records(content, "images", path)):
        id, name = entry.get("id"), entry.get("file_name")
        if not isinstance(id, int | str) or not isinstance(name, str):
            raise InputError(f"{path}, image number {number}: expected an id and a file_name")
        if id in images:
            raise InputError(f"{path}: two images have the id {id!r}")
        where = f"{path}, image {id!r}"
        size = labelled_size(entry.get("width"), entry.get("height"), where)
        images[id] = _Image(name, size)
    return images


def _image(label: _Label, images: dict[object, _Image]) -> _Image:
    id = label.record.get("image_id")
    if not isinstance(id, int | str) or id not in images:
        raise InputError(f"{label.where}: image_id {id!r} is not among the images of the file")
    return images[id]


def _records(content: dict[str, Any], key: str, path: Path) -> list[dict[str, Any]]:
    records = content.get(key)
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise InputError(f"{path}: expected a list of objects under {key!r}")
    return records


def _check_landmarks(landmarks: Sequence[int] | None) -> None:
    if landmarks is None:
        return
    if not isinstance(landmarks, Sequence) or any(type(k) is not int for k in landmarks):
        raise InputError(f"landmarks is {landmarks!r}; expected a list of 68 whole numbers")
