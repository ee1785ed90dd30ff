"""Decode image files to 8-bit RGB, completely or not at all.

Pillow decodes, because it refuses a truncated file; OpenCV fills the missing part with grey.
"""

import importlib
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError
from PIL.ImageFile import ImageFile

from landmarks.errors import InputError

IMAGE_SUFFIXES = (
    *(".jpg", ".jpeg", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff"),
    *(".heic", ".heif"),  # need the package pillow-heif
)

# A face needs a few hundred pixels; more than this in one file is a mistake or an attack, and
# would take gigabytes to decode. Checked on the header, before any pixel is read.
MAX_PIXELS = 64_000_000
_MAX_SIDE = 65_535  # as in JPEG; millions of rows of a few pixels are slow to decode

_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF")
_HEIF_HEADER = re.compile(rb"....ftyp(heic|heix|hevc|heim|heis|mif1|msf1)", re.DOTALL)

# An image of 16 bits whose values all fit in these is one of fewer bits, nearly black if its upper
# 8 bits are taken. Of 14 bits it would only be dark, which a photo of 16 bits can be as well.
_LOW_BITS = (8, 10, 12)
_NEARLY_BLACK = 2 ** max(_LOW_BITS) >> 8
_BAND = 256  # rows

# Raw modes of Pillow that read the other byte of each value as the upper one. N is the byte order
# of the machine.
_SWAPPED = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}
_OTHER_ORDER = {
    f"{mode};16{order}": f"{mode};16{other}"
    for mode in ("RGB", "RGBA", "RGBX")
    for order, other in _SWAPPED.items()
}

# What brings the pixels of an image with an EXIF orientation upright, and back.
_UPRIGHT = {
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: pixels[::-1, ::-1].swapaxes(0, 1),
    8: lambda pixels: np.rot90(pixels),
}
_OPPOSITE = {6: 8, 8: 6}  # the other orientations undo themselves

# Pillow warns of tags that it cannot read, and of sizes above its own, larger limit.
warnings.filterwarnings("ignore", module=r"PIL\.")
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says about its pixels.

    Attributes:
        shape: Height and width as the file stores them.
        orientation: Of the EXIF data, 1 to 8; 1 is upright.
    """

    shape: tuple[int, int]
    orientation: int


@dataclass(frozen=True, eq=False, slots=True)
class Decoded:
    """A decoded image.

    Attributes:
        stored: (H, W, 3) uint8 RGB as the file stores it.
        orientation: Of the EXIF data, 1 to 8; 1 is upright.
        bits: Of the values that were scaled to 8 bits; None: nothing special about them.
    """

    stored: NDArray[np.uint8]
    orientation: int
    bits: int | None

    @property
    def header(self) -> Header:
        """What `read_header` returns for the same file."""
        height, width = self.stored.shape[:2]
        return Header((height, width), self.orientation)

    @property
    def upright(self) -> NDArray[np.uint8]:
        """The pixels as viewers show them."""
        return turned(self.stored, self.orientation)


def turned(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """(H, W, 3) stored pixels brought upright, as ImageOps.exif_transpose of Pillow does."""
    turn = _UPRIGHT.get(orientation)
    return pixels if turn is None else np.ascontiguousarray(turn(pixels))


def decode(file: BinaryIO, name: str) -> Decoded:
    """Decode an image: PNG, JPEG, WebP, BMP, TIFF, or HEIC if pillow-heif is installed.

    Alpha is dropped. Values of 16 bits become 8: the upper ones, unless all values are so small
    that they must have 8, 10 or 12 bits.

    Args:
        file: At its start.
        name: Of the file, for messages.

    Raises:
        InputError: It is not such an image, is cut short, or has too many pixels.
    """
    with _opened(file, name) as image:
        # Of TIFF, Pillow turns the pixels as it loads them, and removes the tag.
        before = _orientation(image) if image.format == "TIFF" else 1
        raw_mode = _raw_mode(image)
        image.load()
        after = _orientation(image)
        pixels, bits = _eight_bit_rgb(image, raw_mode, file)
        if after != before:
            pixels = turned(pixels, _OPPOSITE.get(before, before))
        return Decoded(pixels, max(before, after), bits)


def read_header(file: BinaryIO, name: str) -> Header:
    """Read size and orientation of an image without decoding its pixels; as of `decode`."""
    with _opened(file, name) as image:
        width, height = image.size
        if image.format == "TIFF":  # of which Pillow reports the size after turning
            width, height = (
                int(image.tag_v2[tag])
                for tag in (ExifTags.Base.ImageWidth, ExifTags.Base.ImageLength)
            )
        if image.format == "PNG" and "exif" not in image.info:
            # The tags may be behind the pixels, and Pillow decodes them to find out.
            file.seek(0)
            content = file.read()
            if b"eXIf" not in content and b"Raw profile type" not in content:
                return Header((height, width), 1)
        return Header((height, width), _orientation(image))


@contextmanager
def _opened(file: BinaryIO, name: str) -> Iterator[Any]:
    """An image of a size that can be read, not decoded yet; raises `InputError` as `decode`."""
    try:
        with Image.open(file, formats=_formats(file, name)) as image:
            width, height = image.size
            if width * height > MAX_PIXELS or max(width, height) > _MAX_SIDE:
                raise InputError(
                    f"{name}: {width} x {height} pixels; at most {MAX_PIXELS // 1_000_000} million "
                    f"are read, {_MAX_SIDE:,} a side, so make it smaller"
                )
            yield image
    except InputError as error:
        raise InputError(str(error)) from None
    except Image.DecompressionBombError:
        raise InputError(
            f"{name}: too many pixels; at most {MAX_PIXELS // 1_000_000} million are read"
        ) from None
    except UnidentifiedImageError:
        raise InputError(
            f"{name}: not a PNG, JPEG, WebP, BMP, TIFF or HEIC image, or damaged"
        ) from None
    except MemoryError:
        raise InputError(f"{name}: too large for the memory of this machine") from None
    except Exception as error:  # Pillow raises whatever its decoders stumble on
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{name}: cannot be decoded as an image ({reason})") from None


def _formats(file: BinaryIO, name: str) -> tuple[str, ...]:
    """The formats to try; HEIC is not built into Pillow."""
    header = file.read(12)
    file.seek(0)
    if not _HEIF_HEADER.match(header):
        return _FORMATS
    try:
        importlib.import_module("pillow_heif").register_heif_opener()
    except ImportError:
        raise InputError(
            f"{name}: a HEIC image, which needs the package pillow-heif: pip install pillow-heif; "
            "or convert it to JPEG"
        ) from None
    return ("HEIF",)


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation; 1 if it is missing, unreadable, or not one of 1 to 8."""
    try:
        value = int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # the tags are broken; if the pixels are as well, decoding will find out
        return 1
    return value if value in _UPRIGHT else 1


def _raw_mode(image: ImageFile) -> str:
    """How Pillow's decoder is to unpack the values, e.g. "RGB;16B"."""
    args = image.tile[0].args if image.tile else ""
    return str(args[0] if isinstance(args, tuple) else args)


def _eight_bit_rgb(
    image: ImageFile, raw_mode: str, file: BinaryIO
) -> tuple[NDArray[np.uint8], int | None]:
    """The loaded image as (H, W, 3), and `Decoded.bits`."""
    if image.mode.startswith(("I", "F")):
        grey, bits = _scaled(np.asarray(image))
        return np.stack([grey] * 3, axis=-1), bits
    rgb = np.asarray(image if image.mode == "RGB" else image.convert("RGB"))
    if ";16" not in raw_mode or rgb.max() >= _NEARLY_BLACK:
        return rgb, None
    return _with_low_bytes(rgb, file, str(image.format), raw_mode)


def _with_low_bytes(
    upper: NDArray[np.uint8], file: BinaryIO, format: str, raw_mode: str
) -> tuple[NDArray[np.uint8], int | None]:
    """As `_scaled`, of 16 bits a colour; Pillow keeps the upper 8 of them by default.

    In bands of rows: as a whole, values of 16 bits of a large image take more than 1 GB.
    """
    if raw_mode not in _OTHER_ORDER:
        raise ValueError("nearly black 16 bits a colour; save it with 8")
    height, width = upper.shape[:2]
    file.seek(0)
    with Image.open(file, formats=(format,)) as image:
        other = _OTHER_ORDER[raw_mode]
        image.tile = [
            tile._replace(args=(other, *tile.args[1:]) if isinstance(tile.args, tuple) else other)
            for tile in image.tile
        ]

        def values(first: int) -> NDArray[np.uint16]:
            band = image.crop((0, first, width, min(first + _BAND, height))).convert("RGB")
            high = upper[first : first + _BAND].astype(np.uint16)
            return np.asarray(high << 8 | np.asarray(band), np.uint16)

        bands = range(0, height, _BAND)
        bits = _low_bits(max(int(values(first).max()) for first in bands))
        scaled = np.empty_like(upper)
        for first in bands:
            scaled[first : first + _BAND] = values(first) >> ((bits or 16) - 8)
    return scaled, bits


def _scaled(values: NDArray[Any]) -> tuple[NDArray[np.uint8], int | None]:
    """Values of up to 16 bits as 8 bits, and `Decoded.bits`."""
    most = values.max()
    if values.dtype.kind not in "iu" or values.min() < 0 or most >= 2**16:
        raise ValueError("its values are not whole numbers of 8 or 16 bits; save it with such")
    bits = _low_bits(int(most))
    return (values >> ((bits or 16) - 8)).astype(np.uint8), bits


def _low_bits(most: int) -> int | None:
    """The fewest bits that values up to `most` must have; None for all 16."""
    return next((bits for bits in _LOW_BITS if 0 < most < 2**bits), None)
