"""How 300-W is divided: folders, subsets and photos, whichever way it is packed.

`FOLDERS` is the one statement of it. The papers of 300-W (Sagonas et al., 2013 and 2016) name the
parts by source: Train (3,148 faces), Common (554), Challenging (135), Full = Common + Challenging
(689), Private (600).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from landmarks.data.names import MIRROR_SUFFIX
from landmarks.errors import InputError


@dataclass(frozen=True)
class W300Folder:
    """One folder of 300-W.

    Attributes:
        path: Below the root.
        subset: The part of 300-W that it belongs to.
        official: Number of faces in the release.
        photo: Pattern of a face's file name, whose first group names the photo. A name that does
            not match is a photo of its own.
        source: What the names of photos are unique in, if not the folder: the two folders of HELEN
            can contain faces of one photo; those of LFPW use the same numbers for different photos.
        other_path: Its path in some copies.
        has_boxes: Whether `bounding_boxes.zip` has a file for it.
    """

    path: str
    subset: str
    official: int
    photo: str = "(.+)"
    source: str | None = None
    other_path: str | None = None
    has_boxes: bool = True

    @property
    def box_file(self) -> str:
        """Name of its file of face boxes."""
        return f"bounding_boxes_{self.path.replace('/', '_')}.mat"


_FACE_OF_PHOTO = r"(.+?) ?_\d+"  # "1130084326_2" is the second face of photo 1130084326
_IBUG_FACE = r"(image_\d+) ?_\d+"  # one is called "image_092 _01", with a space

FOLDERS = (
    W300Folder("afw", "train", 337, _FACE_OF_PHOTO),
    W300Folder("helen/trainset", "train", 2000, _FACE_OF_PHOTO, source="helen"),
    W300Folder("lfpw/trainset", "train", 811),
    W300Folder("helen/testset", "common", 330, _FACE_OF_PHOTO, source="helen"),
    W300Folder("lfpw/testset", "common", 224),
    W300Folder("ibug", "challenging", 135, _IBUG_FACE),
    W300Folder("Test/01_Indoor", "private", 300, other_path="01_Indoor", has_boxes=False),
    W300Folder("Test/02_Outdoor", "private", 300, other_path="02_Outdoor", has_boxes=False),
)

# In every packing, a photo of 300-W has the same name.
NAMESPACE = "300-W"

# What may be asked for, and the subsets of faces that it means.
SUBSETS = {
    "train": ("train",),
    "common": ("common",),
    "challenging": ("challenging",),
    "full": ("common", "challenging"),
    "private": ("private",),
}


@dataclass(frozen=True, kw_only=True)
class W300Photo:
    """An annotated image file of 300-W, in whichever packing.

    Attributes:
        folder: The folder of 300-W that it belongs to.
        name: File name without suffix.
        path: The image.
    """

    folder: W300Folder
    name: str
    path: Path

    @property
    def id(self) -> str:
        """The same in every packing, e.g. "helen/trainset/100032540_1"."""
        return f"{self.folder.path}/{self.name}"

    @property
    def mirrored(self) -> bool:
        """Whether it is the mirrored copy of another."""
        return self.name.endswith(MIRROR_SUFFIX)

    @property
    def group(self) -> str:
        """The photo, whose faces and mirrored copies must stay together."""
        name = self.name.removesuffix(MIRROR_SUFFIX)
        match = re.fullmatch(self.folder.photo, name)
        return f"{self.folder.source or self.folder.path}/{match[1] if match else name}"


def chosen_folders(
    subsets: Sequence[str], folders: Sequence[str] | None = None
) -> tuple[W300Folder, ...]:
    """The rows of `FOLDERS` that belong to `subsets`, or those named in `folders`, if given."""
    if folders is not None:
        _check_names("folders", folders, [row.path for row in FOLDERS])
        return tuple(row for row in FOLDERS if row.path in folders)
    _check_names("subsets", subsets, list(SUBSETS))
    wanted = {part for name in subsets for part in SUBSETS[name]}
    return tuple(row for row in FOLDERS if row.subset in wanted)


def chosen_photos(
    found: Iterable[W300Photo], rows: Sequence[W300Folder], mirrored: bool, root: Path
) -> tuple[list[W300Photo], tuple[str, ...]]:
    """The photos of `found` to use, and notes on their numbers beside the official ones.

    Raises:
        InputError: There are none, or none is mirrored though mirrored copies are asked for.
    """
    if not isinstance(mirrored, bool):
        raise InputError(f"mirrored is {mirrored!r}; expected true or false")
    found = list(found)
    photos = [photo for photo in found if mirrored or not photo.mirrored]
    if not photos:
        names = ", ".join(row.path for row in rows)
        raise InputError(
            f"{root}: no faces in {names}; give the folder above these, or choose other subsets"
        )
    if mirrored and not any(photo.mirrored for photo in photos):
        raise InputError(
            f"{root}: mirrored copies asked for, but no file is called *{MIRROR_SUFFIX}; "
            "set mirrored to false, or get dlib's packing of 300-W, which has them"
        )
    notes = [_count_note(row, photos, mirrored) for row in rows]
    left_out = len(found) - len(photos)
    if left_out:
        notes.append(f"mirrored copies: {left_out:,} skipped; mirrored=true keeps them")
    return photos, tuple(notes)


def _count_note(row: W300Folder, photos: Sequence[W300Photo], mirrored: bool) -> str:
    count = sum(photo.folder is row for photo in photos)
    official = f"2 x {row.official:,} with mirrored copies" if mirrored else f"{row.official:,}"
    return f"{row.path} ({row.subset}): {count:,} found, {official} official"


def _check_names(option: str, names: Sequence[str], allowed: Sequence[str]) -> None:
    is_list = isinstance(names, Sequence) and not isinstance(names, str)
    wrong = [name for name in names if name not in allowed] if is_list else []
    if not is_list or not names or wrong:
        given = repr(wrong[0]) if wrong else repr(names)
        raise InputError(f"{option}: {given} given; expected a list of {', '.join(allowed)}")
