"""dlib's XML of labelled images (King, 2009), and 300-W as dlib packs it.

`dataset/images/image[@file]/box[@top @left @width @height]/part[@name @x @y]`, whole pixels, the
top-left one (0, 0). The packing (`ibug_300W_large_face_landmark_dataset`) adds a mirrored copy
`name_mirror.jpg` of every photo, and its division into training and test is not that of 300-W;
here the folder of a photo decides.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from xml.etree.ElementTree import Element  # the type; defusedxml parses

import numpy as np
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, iterparse
from numpy.typing import NDArray

from landmarks.data.coordinates import (
    Box,
    check_first_pixel,
    checked_box,
    finite_numbers,
    first_pixel_note,
    to_pixel_centres,
)
from landmarks.data.dataset import Face, FaceDataset
from landmarks.data.files import existing_folder, expanded, is_folder, open_file
from landmarks.data.images import ImageFile, ImageOptions, LabelledSize, labelled_size
from landmarks.data.names import face_ids, in_order, named_image
from landmarks.data.w300_folders import (
    FOLDERS,
    NAMESPACE,
    W300Photo,
    chosen_folders,
    chosen_photos,
)
from landmarks.errors import InputError
from landmarks.scheme import IBUG68

LABELS = "labels_ibug_300W.xml"  # all photos; the other two divide them

_FIRST_PIXEL = 0.0
_PARTS = {f"{k:02d}": k for k in range(IBUG68.num_landmarks)}


@dataclass(frozen=True, eq=False, kw_only=True)
class _LabelledBox:
    """A `<box>` of the file.

    Attributes:
        image: Name of its image, as the file has it.
        size: Of its image, as the file has it.
        where: Words for messages.
        points: (68, 2) x and y in the file's numbers.
        box: Centres of its first and last pixels, in the file's numbers.
    """

    image: str
    size: LabelledSize | None
    where: str
    points: NDArray[np.float64]
    box: Box


def read_dlib_xml(
    path: Path | str, *, first_pixel: float = 0.0, orientation: str = "apply"
) -> FaceDataset:
    """Read any file of dlib's format whose boxes have the 68 parts "00" to "67".

    Boxes marked `ignore='1'` are no faces; their number is told in the notes.

    Args:
        path: The XML file; images are named relative to its folder.
        first_pixel: The coordinate that the file gives to the centre of the top-left pixel.
        orientation: "apply" or "ignore" the EXIF orientation of images; see `ImageOptions`.

    Returns:
        Faces in the order of their ids; the group is the image.

    Raises:
        InputError: The file is not such XML, or an image is missing.
    """
    check_first_pixel(first_pixel)
    path = expanded(path)
    options = ImageOptions(str(path), orientation)
    labelled, notes = _read_boxes(path)
    images = [named_image(path.parent, label.image, label.where) for label in labelled]
    ids = face_ids([name for name, _ in images])
    faces = [
        _face(
            label,
            id=id,
            image=ImageFile(image, options, label.size),
            group=name,
            subset="all",
            first_pixel=first_pixel,
        )
        for label, id, (name, image) in zip(labelled, ids, images, strict=True)
    ]
    return FaceDataset(
        name="dlib XML",
        origin=str(path),
        faces=in_order(faces),
        namespace=str(path.parent.resolve()),
        notes=(*notes, first_pixel_note(first_pixel)),
    )


def read_w300_dlib(
    root: Path | str,
    *,
    subsets: Sequence[str] = ("common", "challenging"),
    mirrored: bool = False,
    orientation: str = "apply",
) -> FaceDataset:
    """Read dlib's packing of 300-W, divided as the 300-W papers do, not as dlib's XML files do.

    Args:
        root: The folder that holds `labels_ibug_300W.xml`, `afw`, `helen`, `ibug` and `lfpw`.
            A folder that is not there is told in the notes; a photo that is missing from one
            that is there is an error.
        subsets: Any of "train", "common", "challenging" and "full" (the last two together).
        mirrored: Whether mirrored copies are faces too; if not, they are left out and their
            number is told in the notes.
        orientation: "apply" or "ignore" the EXIF orientation of images; see `ImageOptions`.

    Returns:
        Faces in the order of their ids; the group is the photo.

    Raises:
        InputError: The XML is wrong, or none of the photos is there.
    """
    rows = chosen_folders(subsets)
    folder = existing_folder(root, f"{LABELS} beside the folders afw, helen, ibug and lfpw")
    options = ImageOptions(str(folder), orientation)
    labelled, ignored = _read_boxes(folder / LABELS)
    there = {row for row in rows if is_folder(folder / row.path)}
    photo_of = {label: _photo(folder, label) for label in labelled}
    found = dict.fromkeys(photo for photo in photo_of.values() if photo.folder in there)
    photos, counts = chosen_photos(found, rows, mirrored, folder)
    wanted = set(photos)
    chosen = [(photo, label) for label, photo in photo_of.items() if photo in wanted]
    ids = face_ids([photo.id for photo, _ in chosen])
    faces = [
        _face(
            label,
            id=id,
            image=ImageFile(named_image(folder, label.image, label.where)[1], options, label.size),
            group=photo.group,
            subset=photo.folder.subset,
            first_pixel=_FIRST_PIXEL,
        )
        for (photo, label), id in zip(chosen, ids, strict=True)
    ]
    return FaceDataset(
        name="300-W (dlib)",
        origin=str(folder),
        faces=in_order(faces),
        namespace=NAMESPACE,
        notes=(*counts, *ignored),
    )


def _photo(root: Path, label: _LabelledBox) -> W300Photo:
    """The photo of 300-W that a box belongs to, by the folder that its image lies in."""
    relative = PurePosixPath(label.image.replace("\\", "/"))
    row = next((row for row in FOLDERS if row.path == relative.parent.as_posix()), None)
    if row is None:
        raise InputError(
            f"{label.where}: its image lies in none of {', '.join(row.path for row in FOLDERS)}; "
            "for an XML file of your own choose faces@...=dlib_xml"
        )
    return W300Photo(folder=row, name=relative.stem, path=root / relative)


def _face(
    label: _LabelledBox, *, id: str, image: ImageFile, group: str, subset: str, first_pixel: float
) -> Face:
    x0, y0, x1, y1 = (value - first_pixel for value in label.box)
    return Face(
        id=id,
        image=image,
        landmarks=to_pixel_centres(label.points, first_pixel),
        group=group,
        subset=subset,
        box=(x0, y0, x1, y1),
    )


def _read_boxes(path: Path) -> tuple[list[_LabelledBox], tuple[str, ...]]:
    """All boxes of the file, and a note if some are marked to be ignored."""
    labelled = []
    ignored = 0
    for count, image in enumerate(_images(path), start=1):
        name = image.get("file")
        if not name:
            raise InputError(f"{path}, image number {count}: no attribute 'file'")
        where = f"{path}, image {name!r}"
        size = labelled_size(image.get("width"), image.get("height"), where)
        for number, box in enumerate(image.iter("box"), start=1):
            if box.get("ignore") == "1":
                ignored += 1
            else:
                labelled.append(_labelled_box(box, name, size, f"{where}, box {number}"))
    if not labelled:
        raise InputError(
            f"{path}: no faces; expected dataset/images/image/box/part with part names 00 to 67"
        )
    return labelled, (f"boxes marked ignore='1': {ignored:,} left out",) if ignored else ()


def _labelled_box(box: Element, image: str, size: LabelledSize | None, where: str) -> _LabelledBox:
    left, top, width, height = _numbers(box, ("left", "top", "width", "height"), where)
    points = np.full((len(_PARTS), 2), np.nan)
    for part in box.iter("part"):
        name = part.get("name")
        k = _PARTS.get(str(name))
        if k is None or not np.isnan(points[k, 0]):
            raise InputError(
                f"{where}: part {name!r} is unknown or there twice; expected 00 to 67, once each"
            )
        points[k] = _numbers(part, ("x", "y"), f"{where}, part {name}")
    missing = [name for name, k in _PARTS.items() if np.isnan(points[k, 0])]
    if missing:
        raise InputError(
            f"{where}: {len(missing)} of {len(_PARTS)} parts are missing, the first is "
            f"{missing[0]!r}; label them or mark the box ignore='1'"
        )
    corners = (left, top, left + width - 1, top + height - 1)
    return _LabelledBox(
        image=image, size=size, where=where, points=points, box=checked_box(corners, where)
    )


def _numbers(element: Element, names: Sequence[str], where: str) -> list[float]:
    for name in names:
        if name not in element.attrib:
            raise InputError(f"{where}: <{element.tag}> has no attribute {name!r}")
    return finite_numbers([element.attrib[name] for name in names], where)


def _images(path: Path) -> Iterator[Element]:
    """Each `<image>` of the file in turn, emptied afterwards, so that memory stays small."""
    try:
        with open_file(path) as file:
            for _, element in iterparse(file, forbid_dtd=True):
                if element.tag == "image":
                    yield element
                    element.clear()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except DefusedXmlException:
        raise InputError(
            f"{path}: declares a document type or entities, which could do harm and which dlib "
            "never writes; take the declaration out"
        ) from None
    except InputError:
        raise
    except (ParseError, ValueError, LookupError) as error:  # the last two: unknown encodings
        raise InputError(f"{path}: cannot be read as XML ({error})") from None
