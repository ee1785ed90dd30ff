"""COCO's JSON of key points, and the faces of COCO-WholeBody (Jin et al., 2020) in it.

`images` gives each image an id and a file name; an entry of `annotations` has the id of its image
and a flat list x, y, v, x, y, v, ... with v = 0 for a point without label. Coordinates count from 0
at the centre of the top-left pixel; boxes are [x, y, width, height].

CVAT's export ("COCO Keypoints 1.0") and the file of `landmarks predict` count from the corner of
that pixel instead, so that its centre is (0.5, 0.5). The latter says so in its `info`.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from landmarks.data.coordinates import Box, number_list
from landmarks.data.dataset import Face, FaceDataset
from landmarks.data.files import existing_folder, expanded, read_json
from landmarks.data.images import ImageFile, ImageOptions, LabelledSize, labelled_size
from landmarks.data.labels import LabelRule
from landmarks.data.names import face_ids, in_order, named_image
from landmarks.data.point_names import order_by_name, skipped
from landmarks.errors import InputError
from landmarks.scheme import IBUG68, LandmarkScheme, load_scheme

FIRST_PIXEL = "first_pixel"  # in `info`: what `landmarks predict` says about its own file


@dataclass(frozen=True)
class _Field:
    """The keys that belong to a list of key points.

    Attributes:
        box: Key of the box around them.
        labelled: Key that is 0 or false if none of them is labelled.
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
    scheme: LandmarkScheme | str = IBUG68,
    field: str = "keypoints",
    first_pixel: float | None = None,
    frame: str | None = None,
    orientation: str = "apply",
) -> FaceDataset:
    """Read a file of COCO's key-point format.

    Where the names of the points in `categories` are those of the scheme, or end in numbers, they
    give the order.

    Skipped and counted in the notes: annotations without a labelled face (only a box, or v = 0 for
    all its points), those with another number of key points, as other categories have, repeated
    ones, and images without annotation. A landmark with v = 0 is not visible.

    Args:
        annotations: The JSON file.
        images: The folder that its file names start from.
        landmarks: The points of a list that are each of the scheme's landmarks; None: it has these.
        field: "keypoints", or "face_kpts" for the faces of COCO-WholeBody.
        first_pixel: The coordinate that the file gives to the centre of the top-left pixel; None:
            0, or what a file of `landmarks predict` says.
        frame: As of `landmarks.data.labels.LabelRule`.
        scheme: Of the landmarks: a `LandmarkScheme`, the name of one that comes with the package,
            or the path of its YAML file.
        orientation: "apply" or "ignore" the EXIF orientation of images; see `ImageOptions`.

    Returns:
        Faces in the order of their ids; the group is the image.

    Raises:
        InputError: The file is not of this format, an image is missing, a point cannot be a
            landmark, or a face has an outer eye corner without label, so that errors cannot be
            normalised.
    """
    if field not in tuple(_FIELDS):
        raise InputError(f"field is {field!r}; expected one of {', '.join(_FIELDS)}")
    rule = LabelRule(
        0.0 if first_pixel is None else first_pixel, frame, landmarks, load_scheme(scheme)
    )
    path = expanded(annotations)
    options = ImageOptions(str(path), orientation)
    folder = existing_folder(images, "the folder that the file names of the images start from")
    content = read_json(path, "a JSON object with 'images' and 'annotations'")
    if first_pixel is None:
        rule = replace(rule, first_pixel=_stated_first_pixel(content))
    entries = _images(content, path)
    records = _records(content, "annotations", path)
    orders = _orders(content, rule.scheme) if landmarks is None and field == "keypoints" else {}
    labels = list(_labels(records, field, orders, path))
    chosen, others = _with_landmarks(labels, rule)
    once = list({label.key: label for label in chosen}.values())
    if not once:
        raise InputError(f"{path}: none of its {len(records)} annotations has a labelled face")
    images_of = [_image(label, entries) for label in once]
    found = [
        named_image(folder, entry.file_name, label.where)
        for label, entry in zip(once, images_of, strict=True)
    ]
    ids = face_ids([name for name, _ in found])
    faces = [
        _face(label, id, name, ImageFile(image, options, entry.size), _FIELDS[field].box, rule)
        for label, id, (name, image), entry in zip(once, ids, found, images_of, strict=True)
    ]
    counts = {
        "annotations without a labelled face": len(records) - len(chosen) - others.total(),
        f"annotations with other numbers of key points ({_listed(others)})": others.total(),
        "repeated annotations": len(chosen) - len(once),
        "images without a labelled face": len(entries) - len(set(images_of)),
    }
    return FaceDataset(
        name="COCO",
        origin=str(path),
        faces=in_order(faces),
        namespace=str(folder.resolve()),
        notes=(*skipped(counts), *rule.notes),
        frame=frame,
        scheme=rule.scheme,
    )


@dataclass(frozen=True, eq=False)
class _Label:
    """The key points of an annotation.

    Attributes:
        where: The place in the file, for messages.
        record: The annotation.
        triples: (n, 3) x, y, v in the file's numbers.
    """

    where: str
    record: dict[str, Any]
    triples: NDArray[np.float64]

    @property
    def visible(self) -> NDArray[np.bool_]:
        """(n,) whether each point is labelled."""
        return self.triples[:, 2] > 0

    @property
    def key(self) -> bytes:
        """The same for annotations with equal key points of the same image."""
        image = repr(self.record.get("image_id")).encode()
        return hashlib.blake2b(image + self.triples.tobytes(), digest_size=16).digest()


class _Image(NamedTuple):
    """An entry of `images`."""

    file_name: str
    size: LabelledSize | None


def _stated_first_pixel(content: dict[str, Any]) -> float:
    info = content.get("info")
    stated = info.get(FIRST_PIXEL, 0.0) if isinstance(info, dict) else 0.0
    return float(stated) if stated in (0.0, 0.5, 1.0) else 0.0


def _orders(content: dict[str, Any], scheme: LandmarkScheme) -> dict[object, NDArray[np.intp]]:
    """By id of a category whose points have names that say which they are: their positions."""
    categories = content.get("categories")
    found: dict[object, NDArray[np.intp]] = {}
    for category in categories if isinstance(categories, list) else ():
        id = category.get("id") if isinstance(category, dict) else None
        if isinstance(id, int | str):
            order = order_by_name(category.get("keypoints"), scheme)
            if order is not None:
                found[id] = order
    return found


def _labels(
    records: list[dict[str, Any]],
    field: str,
    orders: Mapping[object, NDArray[np.intp]],
    path: Path,
) -> Iterator[_Label]:
    """The annotations that have key points."""
    key = _FIELDS[field].labelled
    for position, record in enumerate(records):
        labelled = record.get(key)
        if (labelled is None or labelled) and (labelled or record.get(field) is not None):
            where = f"{path}, annotation {record.get('id', f'number {position}')!r}"
            triples = _triples(record.get(field), f"{where}: {field}")
            id = record.get("category_id")
            order = orders.get(id) if isinstance(id, int | str) else None
            fits = order is not None and order.max() < len(triples)
            yield _Label(where, record, triples[order] if fits else triples)


def _triples(values: object, where: str) -> NDArray[np.float64]:
    """(n, 3) x, y, v of a flat list; x and y are 0 if v is 0, as some tools write null there."""
    if isinstance(values, list) and len(values) % 3 == 0:
        shown = [values[k - k % 3 + 2] != 0 for k in range(len(values))]
        values = [value if show else 0 for value, show in zip(values, shown, strict=True)]
    numbers = number_list(values, where)
    if not numbers or len(numbers) % 3:
        raise InputError(f"{where} has {len(numbers)} numbers; expected x, y, v each")
    if min(numbers[2::3]) < 0:
        raise InputError(f"{where} has v = {min(numbers[2::3]):g}; expected 0 or more")
    return np.reshape(numbers, (-1, 3))


def _with_landmarks(labels: list[_Label], rule: LabelRule) -> tuple[list[_Label], Counter[int]]:
    """The annotations with labelled landmarks; and how many have other numbers of key points."""
    counts = Counter(len(label.visible) for label in labels)
    least = rule.scheme.num_landmarks if rule.landmarks is None else max(rule.landmarks) + 1
    fitting = {n for n in counts if n == least or (rule.landmarks is not None and n > least)}
    if labels and not fitting:
        expected = (
            f"{least}, or the option `landmarks` with the positions of those {least}, or the "
            "`scheme` of the file"
            if rule.landmarks is None
            else f"{least} and more: the option `landmarks` names point {least - 1}"
        )
        raise InputError(
            f"{labels[0].where}: {len(labels[0].visible)} key points; expected {expected}"
        )
    if len(fitting) > 1:
        raise InputError(
            f"{labels[0].where}: annotations have {_listed(counts)} key points, and the option "
            "`landmarks` fits several; expected the same number in all"
        )
    positions = list(rule.landmarks or range(least))
    chosen = [label for label in labels if len(label.visible) in fitting]
    others = Counter({n: count for n, count in counts.items() if n not in fitting})
    return [label for label in chosen if label.visible[positions].any()], others


def _listed(counts: Counter[int]) -> str:
    return ", ".join(map(str, sorted(counts)))


def _face(
    label: _Label, id: str, group: str, image: ImageFile, box_key: str, rule: LabelRule
) -> Face:
    return rule.face(
        label.triples[:, :2],
        label.where,
        id=id,
        image=image,
        group=group,
        visible=label.visible,
        box=_box(label, box_key, rule),
    )


def _box(label: _Label, key: str, rule: LabelRule) -> Box | None:
    given = label.record.get(key)
    if not given and given != 0:  # missing, null or an empty list
        return None
    numbers = number_list(given, f"{label.where}: {key}")
    if len(numbers) != 4:
        raise InputError(f"{label.where}: {key} is {given!r}; expected [x, y, width, height]")
    x, y, width, height = numbers
    return x, y, x + width - rule.one_pixel, y + height - rule.one_pixel


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
