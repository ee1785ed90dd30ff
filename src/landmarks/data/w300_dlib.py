"""300-W as dlib packs it: `ibug_300W_large_face_landmark_dataset`.

The packing adds a mirrored copy `name_mirror.jpg` of every photo, and its division into training
and test is not that of 300-W; here the folder of a photo decides.
"""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from landmarks.data.dataset import FaceDataset
from landmarks.data.dlib_xml import read_boxes
from landmarks.data.files import existing_folder, is_folder
from landmarks.data.images import ImageFile, ImageOptions
from landmarks.data.labelled import LabelledFace
from landmarks.data.labels import LabelRule
from landmarks.data.names import face_ids, in_order, named_image
from landmarks.data.w300_folders import (
    FOLDERS,
    NAMESPACE,
    W300Photo,
    chosen_folders,
    chosen_photos,
)
from landmarks.errors import InputError
from landmarks.scheme import IBUG68, LandmarkScheme

LABELS = "labels_ibug_300W.xml"  # all photos; the other two divide them

_RULE = LabelRule(first_pixel=0.0)


def read_w300_dlib(
    root: Path | str,
    *,
    subsets: Sequence[str] = ("common", "challenging"),
    mirrored: bool = False,
    scheme: LandmarkScheme | str = IBUG68,
    orientation: str = "apply",
) -> FaceDataset:
    """Read dlib's packing of 300-W, divided as the 300-W papers do, not as dlib's XML files do.

    Args:
        root: The folder that contains `labels_ibug_300W.xml`, `afw`, `helen`, `ibug` and `lfpw`.
            The notes name missing folders; a photo that is missing from a folder is an error.
        subsets: Any of "train", "common", "challenging" and "full" (the last two together).
        mirrored: Whether mirrored copies are faces too; if not, they are skipped and
            counted in the notes.
        scheme: Of the landmarks: a `LandmarkScheme`, the name of one that comes with the package,
            or the path of its YAML file.
        orientation: "apply" or "ignore" the EXIF orientation of images; see `ImageOptions`.

    Returns:
        Faces in the order of their ids; the group is the photo.

    Raises:
        InputError: The XML is wrong, or no photo is found.
    """
    rows = chosen_folders(subsets)
    folder = existing_folder(root, f"{LABELS} beside the folders afw, helen, ibug and lfpw")
    options = ImageOptions(str(folder), orientation)
    labelled, ignored = read_boxes(folder / LABELS, _RULE, first_part=0)
    existing = {row for row in rows if is_folder(folder / row.path)}
    photo_of = {label: _photo(folder, label) for label in labelled}
    found = dict.fromkeys(photo for photo in photo_of.values() if photo.folder in existing)
    photos, counts = chosen_photos(found, rows, mirrored, folder)
    wanted = set(photos)
    chosen = [(photo, label) for label, photo in photo_of.items() if photo in wanted]
    ids = face_ids([photo.id for photo, _ in chosen])
    faces = [
        label.face(
            _RULE,
            id=id,
            image=ImageFile(named_image(folder, label.image, label.where)[1], options, label.size),
            group=photo.group,
            subset=photo.folder.subset,
        )
        for (photo, label), id in zip(chosen, ids, strict=True)
    ]
    return FaceDataset(
        name="300-W (dlib)",
        origin=str(folder),
        faces=in_order(faces),
        namespace=NAMESPACE,
        notes=(*counts, *ignored),
    ).in_scheme(scheme)


def _photo(root: Path, label: LabelledFace) -> W300Photo:
    """The photo of 300-W that a box belongs to, by the folder of its image."""
    relative = PurePosixPath(label.image.replace("\\", "/"))
    row = next((row for row in FOLDERS if row.path == relative.parent.as_posix()), None)
    if row is None:
        raise InputError(
            f"{label.where}: its image is in none of {', '.join(row.path for row in FOLDERS)}; "
            "for an XML file of your own choose faces@...=dlib_xml"
        )
    return W300Photo(folder=row, name=relative.stem, path=root / relative)
