"""300-W as its authors, the iBUG group, released it (Sagonas et al., 2013 and 2016)."""

from collections.abc import Sequence
from pathlib import Path

from landmarks.data.dataset import FaceDataset
from landmarks.data.files import entries, existing_folder, is_folder
from landmarks.data.images import ImageFile, ImageOptions
from landmarks.data.labels import LabelRule
from landmarks.data.names import in_order
from landmarks.data.pts import parse_pts, pts_with_images
from landmarks.data.w300_boxes import check_box_request, read_boxes
from landmarks.data.w300_folders import (
    FOLDERS,
    NAMESPACE,
    W300Folder,
    W300Photo,
    chosen_folders,
    chosen_photos,
)
from landmarks.errors import InputError
from landmarks.scheme import IBUG68, LandmarkScheme

RULE = LabelRule(first_pixel=1.0)  # iBUG's files are written by MATLAB

_LAYOUT = f"some of {', '.join(folder.path for folder in FOLDERS)}, with name.pts beside each image"


def read_w300(
    root: Path | str,
    *,
    subsets: Sequence[str] = ("common", "challenging"),
    folders: Sequence[str] | None = None,
    mirrored: bool = False,
    boxes: str | None = None,
    scheme: LandmarkScheme | str = IBUG68,
    orientation: str = "apply",
) -> FaceDataset:
    """Read 300-W from the folders of its release; the notes name the missing ones.

    Args:
        root: The folder that contains `afw`, `helen`, `ibug`, `lfpw`, `Test`, or some of them.
        subsets: Any of "train", "common", "challenging", "full" (the two before) and "private".
        folders: Instead of `subsets`, folders of the release, e.g. ["helen/trainset"].
        mirrored: Whether mirrored copies (`name_mirror`) are faces too; if not, they are
            skipped and counted in the notes.
        boxes: "detector" or "ground_truth" (the tight box of the landmarks) to take face boxes
            from `bounding_boxes/*.mat`.
        scheme: Of the landmarks: a `LandmarkScheme`, the name of one that comes with the package,
            or the path of its YAML file.
        orientation: "apply" or "ignore" the EXIF orientation of images; see `ImageOptions`.

    Returns:
        Faces in the order of their ids; the group is the photo.

    Raises:
        InputError: No folder exists, or a file is wrong or without its partner.
    """
    rows = chosen_folders(subsets, folders)
    check_box_request(boxes, mirrored, rows)
    folder = existing_folder(root, _LAYOUT)
    options = ImageOptions(str(folder), orientation)
    annotations = {photo: pts for row in rows for photo, pts in _photos(folder, row).items()}
    if not annotations:
        raise InputError(_nothing_found(folder, rows))
    photos, notes = chosen_photos(annotations, rows, mirrored, folder)
    face_boxes = read_boxes(folder, photos, boxes) if boxes else {}
    faces = [
        RULE.face(
            parse_pts(annotations[photo]),
            str(annotations[photo]),
            id=photo.id,
            image=ImageFile(photo.path, options),
            group=photo.group,
            subset=photo.folder.subset,
            box=face_boxes.get(photo),
        )
        for photo in photos
    ]
    return FaceDataset(
        name="300-W",
        origin=str(folder),
        faces=in_order(faces),
        namespace=NAMESPACE,
        notes=notes,
    ).in_scheme(scheme)


def _nothing_found(root: Path, rows: Sequence[W300Folder]) -> str:
    """A message: the requested folders, and those that exist."""
    asked = f"{root}: no faces in {', '.join(row.path for row in rows)}"
    counts = {row.path: len(list((root / row.path).glob("*.pts"))) for row in FOLDERS}
    there = [f"{name} ({count:,})" for name, count in counts.items() if count]
    if not there:
        return f"{asked}; give the folder above these"
    one = next(name for name, count in counts.items() if count)
    return f"{asked}; there are {', '.join(there)}: folders=[{one}] takes one"


def _photos(root: Path, row: W300Folder) -> dict[W300Photo, Path]:
    """The photos of one folder with their `.pts` files; none if the folder is missing."""
    places = [root / path for path in (row.path, row.other_path) if path and is_folder(root / path)]
    if len(places) > 1:
        raise InputError(f"{places[0]} and {places[1]} both exist; keep one of the two")
    if not places:
        return {}
    pairs = pts_with_images(entries(places[0]))
    if not pairs:
        raise InputError(f"{places[0]}: no .pts files; fill the folder or remove it")
    return {W300Photo(folder=row, name=image.stem, path=image): pts for pts, image in pairs.items()}
