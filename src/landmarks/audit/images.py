"""Check: images that can be read, or nearly, but that show too little of a face."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from landmarks.audit.face_cost import face_cost
from landmarks.audit.finding import Finding
from landmarks.audit.looks import SCALE, SIDE
from landmarks.audit.material import Material
from landmarks.data.images import ImageFile, ImageSource
from landmarks.errors import InputError

_FORMATS = {
    **dict.fromkeys((".jpg", ".jpeg", ".jfif"), ("JPEG", "MPO")),
    ".png": ("PNG",),
    ".webp": ("WEBP",),
    ".bmp": ("BMP",),
    **dict.fromkeys((".tif", ".tiff"), ("TIFF",)),
}
_MARGIN = round(SIDE * (1 - 1 / SCALE) / 2)  # of a small copy of a face around the landmarks' box


@dataclass(frozen=True, kw_only=True)
class ImageCheck:
    """Look at every image of every dataset, and at the header of its file.

    - *Unreadable*: cut short or damaged. Training would stop at the first one.
    - *Wrong file name*: the content is of another format than the suffix says. This package reads
      it; others do not.
    - *No picture in part of a face*: so many rows or columns of the landmarks' box are of one
      colour, which is what a program that ignores errors leaves of a file that was cut short.
    - *Small*: fewer pixels than `side` in the longer side of the landmarks' box.
    - *Compressed*: coarse JPEG tables, or steps every 8 pixels that such a table leaves.
    - *Black, white or flat*: the mean or the deviation of the face's grey values.

    The first three are findings if one face has them, the others from a `share` of the faces: a
    photo that is dark is no fault of a dataset.

    The thresholds are where the NME of the bundled detector on AFW has risen by 0.1 (compressed) to
    0.7 (bright) per cent. Nothing is found on the 1,207 faces of AFW and HELEN, on renders and on
    100 faces of Datagen's (`docs/audit.md`).

    Attributes:
        blank: Least share of rows or columns of one colour.
        side: Least pixels.
        table: Largest mean of a JPEG luminance table; 57.6 is quality 50, 167 quality 15.
        blockiness: Largest ratio, as of `landmarks.audit.looks.blockiness`.
        dark: Least mean grey value.
        bright: Largest mean grey value.
        flat: Least standard deviation of the grey values.
        share: Share of a dataset's faces from which the last three kinds are a finding.
    """

    name: str = "images"
    method: str = (
        "All images are decoded. Their format, their JPEG tables, and the size, brightness and "
        "blank parts of each face are compared with limits."
    )
    blank: float = 0.15
    side: float = 30.0
    table: float = 160.0
    blockiness: float = 2.2
    dark: float = 10.0
    bright: float = 235.0
    flat: float = 4.0
    share: float = 0.01

    def looked_at(self, material: Material) -> str:
        """All images."""
        return material.counted()

    def __call__(self, material: Material) -> list[Finding]:
        """Faults of the images of each dataset."""
        found = [finding for role in material.sets for finding in self._of(material, role)]
        return [replace(f, price=face_cost(material, f.role, f.faces)) for f in found]

    def _of(self, material: Material, role: str) -> Iterator[Finding]:
        images = [face.image for face in material.sets[role].faces]
        looks = material.looks(role)
        files = [_file(image) for image in images]
        yield from self._unreadable(role, images, looks.seen)
        yield from self._misnamed(role, images, files)

        grey = looks.face[:, _MARGIN:-_MARGIN, _MARGIN:-_MARGIN].astype(np.float32)
        blank = np.maximum(*((grey.std(axis=axis) < 1).mean(axis=1) for axis in (1, 2)))
        mean, deviation = grey.mean(axis=(1, 2)), grey.std(axis=(1, 2))
        flat = looks.seen & (deviation < self.flat)
        side = np.ptp(material.sets[role].landmarks, axis=1).max(axis=1)
        table = np.array([0.0 if one is None else one.table for one in files])
        few = max(1, int(np.ceil(self.share * len(images))))

        yield from _finding(
            (self.name, role, "no picture in part of a face"),
            looks.seen & ~flat & (blank >= self.blank),
            -blank,
            "have rows or columns of one colour across the face, as a file that was cut short and "
            "saved again",
            "replace these images by the originals, or leave the faces out",
        )
        yield from _finding(
            (self.name, role, "small faces"),
            looks.seen & (side < self.side),
            side,
            f"are smaller than {self.side:g} pixels (the landmarks' box; the smallest "
            f"{side[looks.seen].min(initial=np.inf):.0f})",
            "use the photos at their original size, or leave these faces out",
            few,
        )
        coarse = (table > self.table) | (looks.blockiness > self.blockiness)
        yield from _finding(
            (self.name, role, "heavy compression"),
            looks.seen & ~flat & coarse,
            -np.maximum(table / self.table, looks.blockiness / self.blockiness),
            "are JPEG of about quality 15 or less, or were, as steps every 8 pixels show",
            "use the photos as they were before they were compressed, or leave these faces out",
            few,
        )
        yield from _finding(
            (self.name, role, "black, white or flat images"),
            flat | (looks.seen & ((mean < self.dark) | (mean > self.bright))),
            deviation,
            f"have a mean grey value below {self.dark:g} or above {self.bright:g}, or hardly any "
            "contrast",
            "use the photos as they were, or leave these faces out",
            few,
        )

    def _unreadable(
        self, role: str, images: list[ImageSource], seen: NDArray[np.bool_]
    ) -> Iterator[Finding]:
        problems = {i: p for i in np.flatnonzero(~seen).tolist() if (p := _problem(images[i]))}
        if problems:
            yield Finding(
                check=self.name,
                data=role,
                fault="unreadable images",
                text=f"{len(problems):,} images cannot be read. {next(iter(problems.values()))}.",
                fix="replace the files, or remove them with their labels",
                faces=tuple(problems),
            )

    def _misnamed(
        self, role: str, images: list[ImageSource], files: list["_File | None"]
    ) -> Iterator[Finding]:
        wrong = [i for i, one in enumerate(files) if one is not None and one.misnamed]
        if wrong:
            shown, image = files[wrong[0]], images[wrong[0]]
            assert shown is not None
            assert isinstance(image, ImageFile)
            yield Finding(
                check=self.name,
                data=role,
                fault="wrong file suffix",
                text=f"{len(wrong):,} files are of another format than their suffix says, e.g. "
                f"{image.path.name} is {shown.format}.",
                fix="rename the files: other programs refuse them or read them wrongly",
                faces=tuple(wrong),
            )


@dataclass(frozen=True, kw_only=True)
class _File:
    """What the header of an image file says.

    Attributes:
        format: "JPEG", "PNG", ...
        misnamed: Whether the suffix stands for another format.
        table: Mean of the luminance table of a JPEG; 0 for other formats.
    """

    format: str
    misnamed: bool
    table: float


def _file(source: ImageSource) -> _File | None:
    """None for what is not a file, or cannot be opened."""
    if not isinstance(source, ImageFile):
        return None
    try:
        with Image.open(source.path) as image:
            found = str(image.format)
            tables = getattr(image, "quantization", None) or {0: [0]}
            known = _FORMATS.get(Path(source.path).suffix.lower(), (found,))
            return _File(format=found, misnamed=found not in known, table=float(np.mean(tables[0])))
    except (OSError, ValueError, UnidentifiedImageError):
        return None


def _problem(image: ImageSource) -> str | None:
    """Why an image cannot be read; None if it can."""
    try:
        image.read()
    except InputError as error:
        return str(error)
    return None


def _finding(
    title: tuple[str, str, str],
    wrong: NDArray[np.bool_],
    badness: NDArray[np.floating],
    text: str,
    fix: str,
    least: int = 1,
) -> Iterator[Finding]:
    """A finding about at least so many faces, those of the lowest badness first.

    Args:
        title: Name of the check, dataset and fault.
        wrong: (N,)
        badness: (N,)
        text: What is wrong with them.
        fix: See `Finding`.
        least: Fewer faces are no finding.
    """
    faces = np.flatnonzero(wrong)
    if len(faces) < least:
        return
    check, data, fault = title
    yield Finding(
        check=check,
        data=data,
        fault=fault,
        text=f"{len(faces):,} of {len(wrong):,} faces {text}.",
        fix=fix,
        faces=tuple(faces[np.argsort(badness[faces], kind="stable")].tolist()),
    )
