"""Images: read once, whole or not at all.

Pillow decodes, because it refuses a truncated file; OpenCV fills what is missing with grey and
goes on. Orientation tags are not applied: annotation files count the pixels as stored.
"""

import hashlib
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from landmarks.errors import InputError

# A face needs a few hundred pixels; more than this in one file is a mistake or an attack, and
# would take gigabytes to decode. Checked on the header, before any pixel is read.
MAX_PIXELS = 64_000_000

# Pillow's own warning comes above its own, larger limit; `read` refuses those files itself.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


class ImageSource(Protocol):
    """Where the pixels of a face come from."""

    def read(self) -> NDArray[np.uint8]:
        """The image, (H, W, 3) uint8 RGB; the same each time."""
        ...

    def content(self) -> str:
        """A text that changes when the pixels change, and does not depend on where they lie."""
        ...


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An image in a file: PNG or JPEG, 8 or 16 bits, grey, RGB or RGBA.

    Attributes:
        path: The file.
    """

    path: Path

    def read(self) -> NDArray[np.uint8]:
        """Decode the file to (H, W, 3) uint8 RGB; alpha is dropped, 16 bits become 8.

        Raises:
            InputError: The file is missing, is no image, is cut short, or is too large.
        """
        try:
            with Image.open(self.path, formats=("PNG", "JPEG")) as image:
                width, height = image.size
                if width * height > MAX_PIXELS:
                    raise InputError(
                        f"{self.path}: {width} x {height} pixels; at most "
                        f"{MAX_PIXELS // 1_000_000} million are read, so make it smaller"
                    )
                return _eight_bit_rgb(image)
        except FileNotFoundError:
            raise InputError(f"{self.path}: no such image") from None
        except Image.DecompressionBombError:
            raise InputError(
                f"{self.path}: too many pixels; at most {MAX_PIXELS // 1_000_000} million are read"
            ) from None
        except UnidentifiedImageError:
            raise InputError(f"{self.path}: not a PNG or JPEG image") from None
        except (OSError, SyntaxError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"{self.path}: cannot be decoded as an image ({error})") from None

    def content(self) -> str:
        """A hash of the file's bytes."""
        try:
            with self.path.open("rb") as file:
                return hashlib.file_digest(file, "blake2b").hexdigest()[:32]
        except FileNotFoundError:
            raise InputError(f"{self.path}: no such image") from None
        except OSError as error:
            raise InputError(f"{self.path}: cannot be read ({error.strerror})") from None


def _eight_bit_rgb(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode.startswith("I"):  # 16 bits of grey, which Pillow would clip at 255
        grey = (np.asarray(image) >> 8).astype(np.uint8)
        return np.stack([grey] * 3, axis=-1)
    return np.asarray(image if image.mode == "RGB" else image.convert("RGB"))
