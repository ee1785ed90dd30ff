"""Images of faces: how a dataset's files are read, and in which orientation."""

import hashlib
import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from landmarks.data.decoding import Header, decode, read_header
from landmarks.data.files import IMAGE_BYTES, open_file
from landmarks.errors import InputError, file_error

log = logging.getLogger(__name__)

ORIENTATIONS = ("apply", "ignore")

_SIZE = re.compile(r"[0-9]{1,9}(\.0)?x[0-9]{1,9}(\.0)?")

_logged: dict[tuple[str, str], object] = {}


class ImageSource(Protocol):
    """Where the pixels of a face come from."""

    @property
    def variant(self) -> str:
        """How `read` departs from the default for the same content; empty: it does not."""
        ...

    def read(self) -> NDArray[np.uint8]:
        """The image, (H, W, 3) uint8 RGB; the same each time."""
        ...

    def shape(self) -> tuple[int, int]:
        """Height and width of what `read` returns, without decoding it."""
        ...

    def content(self) -> str:
        """A text that changes when the pixels change, wherever the image is stored."""
        ...


@dataclass(frozen=True, slots=True)
class ImageOptions:
    """How the images of a dataset are read.

    Attributes:
        dataset: Its folder or file, for messages that are logged once for all images.
        orientation: "apply": annotations count the pixels of the image as viewers and annotation
            tools show it, turned by its EXIF orientation; where the annotations say how large the
            image is, the size decides. "ignore": they count the pixels as stored.
    """

    dataset: str = ""
    orientation: str = "apply"

    def __post_init__(self) -> None:
        """Refuse an unknown orientation."""
        if self.orientation not in ORIENTATIONS:
            raise InputError(
                f"orientation is {self.orientation!r}; choose one of {', '.join(ORIENTATIONS)}"
            )


@dataclass(frozen=True, slots=True)
class LabelledSize:
    """The size of an image according to its annotations.

    Attributes:
        width: Pixels.
        height: Pixels.
        where: The place in the annotation file, for messages.
    """

    width: int
    height: int
    where: str


def labelled_size(width: object, height: object, where: str) -> LabelledSize | None:
    """The size of an image from an annotation file; None if it is not given, or 0.

    Args:
        width: As the file has it.
        height: As the file has it.
        where: The place in the file, for messages.

    Raises:
        InputError: They are not whole numbers from 0.
    """
    if width is None or height is None:
        return None
    text = f"{width}x{height}"
    if isinstance(width, bool) or not _SIZE.fullmatch(text):
        raise InputError(
            f"{where}: width {width!r:.40} and height {height!r:.40}; expected whole numbers of "
            "pixels, or neither"
        )
    columns, rows = (int(float(number)) for number in text.split("x"))
    return LabelledSize(columns, rows, where) if columns and rows else None


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An image in a file of one of the formats of `landmarks.data.decoding`.

    Attributes:
        path: The file.
        options: Of its dataset.
        size: As annotated, if known.
    """

    path: Path
    options: ImageOptions = ImageOptions()
    size: LabelledSize | None = None

    @property
    def variant(self) -> str:
        """The options that the pixels depend on."""
        orientation = "" if self.options.orientation == "apply" else self.options.orientation
        size = "" if self.size is None else f"{self.size.width}x{self.size.height}"
        return f"{orientation} {size}".strip()

    def read(self) -> NDArray[np.uint8]:
        """Decode the file to (H, W, 3) uint8 RGB, in the orientation that the annotations count.

        Raises:
            InputError: The file is missing, not an image, cut short, too large, or of another size
                than annotated.
        """
        with open_file(self.path, IMAGE_BYTES) as file:
            decoded = decode(file, str(self.path))
        if decoded.bits is not None:
            self._log_once(
                f"images of 16 bits with values of {decoded.bits} bits, which were scaled to the "
                "full range"
            )
        follow = self._follows(decoded.header)
        if decoded.orientation != 1 and follow:
            self._log_once(
                "images with an EXIF orientation, which were turned upright as viewers show them; "
                "if annotations count the pixels as stored, set orientation=ignore"
            )
        elif decoded.orientation != 1 and self.options.orientation == "apply":
            self._log_once(
                "images with an EXIF orientation, which were read as stored because the annotated "
                "width and height count those pixels; orientation=ignore does so for all images"
            )
        return decoded.upright if follow else decoded.stored

    def shape(self) -> tuple[int, int]:
        """Height and width in the orientation that the annotations count, from the file's header.

        Raises:
            InputError: As of `read`, but a file that is cut short is not noticed.
        """
        with open_file(self.path, IMAGE_BYTES) as file:
            header = read_header(file, str(self.path))
        height, width = header.shape
        swapped = header.orientation >= 5 and self._follows(header)
        return (width, height) if swapped else (height, width)

    def _follows(self, header: Header) -> bool:
        """Whether the annotations count the pixels as the EXIF orientation turns them."""
        if self.size is None:
            return self.options.orientation == "apply"
        return self._counts_upright(self.size, header)

    def _counts_upright(self, size: LabelledSize, header: Header) -> bool:
        """Whether annotations of an image of this size count the upright pixels."""
        height, width = header.shape
        swapped = header.orientation >= 5
        annotated, stored = (size.width, size.height), (width, height)
        upright = (height, width) if swapped else stored
        apply = self.options.orientation == "apply"
        if annotated == (upright if apply else stored):
            return apply
        if annotated == stored:
            return False
        found = f"{width} x {height} pixels"
        if swapped:
            found += f" as stored, {height} x {width} upright"
        remedy = (
            "leave out orientation=ignore"
            if annotated == upright
            else "give the image at the size that was labelled, or labels of this image"
        )
        raise InputError(
            f"{size.where}: says {size.width} x {size.height} pixels, but {self.path} has {found}; "
            f"{remedy}"
        )

    def content(self) -> str:
        """A hash of the file's bytes."""
        with open_file(self.path, IMAGE_BYTES) as file:
            try:
                return hashlib.file_digest(file, "blake2b").hexdigest()[:32]
            except OSError as error:
                raise InputError(f"{self.path}: cannot be read ({file_error(error)})") from None

    def _log_once(self, found: str) -> None:
        """Log what was found in a dataset when its first such image is read, in any thread."""
        dataset, token = self.options.dataset or str(self.path.parent), object()
        if _logged.setdefault((dataset, found), token) is token:
            log.warning("%s: %s (the first: %s)", dataset, found, self.path.name)


def read_image(path: Path | str) -> NDArray[np.uint8]:
    """An image file as (H, W, 3) uint8 RGB, upright, as every part of this package reads images.

    Raises:
        InputError: The file is missing, not an image, cut short, or too large.
    """
    return ImageFile(Path(path)).read()
