"""Images of every format and mode that is read: damaged, lying about their size, misnamed."""

import io
import struct
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

from landmarks.data.images import ImageFile
from tests.data.faces_on_disk import png, tiff
from tests.fuzz.campaign import Subject
from tests.fuzz.mutations import BYTES, Mutation

# Numbers where a header has its sizes, offsets and counts.
SIZES = (0, 1, 2, 255, 8001, 20_000, 65_535, 65_536, 2**24, 2**31 - 1, 2**31, 2**32 - 1)

PATTERN = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)


def _pillow(mode: str, format: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(PATTERN).convert(mode).save(file, format, **options)
    return file.getvalue()


def _exif(orientation: int) -> bytes:
    tags = Image.Exif()
    tags[274] = orientation
    return tags.tobytes()


def _deep_png(colour: int, channels: int) -> bytes:
    values = np.random.default_rng(1).integers(0, 2**16, (24, 32, channels)).astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in values)
    return png(32, 24, bits=16, colour=colour, rows=rows)


def _nearly_black_png() -> bytes:
    values = np.random.default_rng(1).integers(0, 2**12, (24, 32, 3)).astype(">u2")
    return png(32, 24, bits=16, colour=2, rows=b"".join(b"\0" + row.tobytes() for row in values))


def _heic() -> bytes:
    from pillow_heif import register_heif_opener

    register_heif_opener()
    return _pillow("RGB", "HEIF")


KINDS: dict[str, Callable[[], bytes]] = {
    "PNG": partial(_pillow, "RGB", "PNG"),
    "PNG with alpha": partial(_pillow, "RGBA", "PNG", exif=_exif(6)),
    "PNG with a palette": partial(_pillow, "P", "PNG", transparency=1),
    "PNG, black and white": partial(_pillow, "1", "PNG"),
    "PNG, grey": partial(_pillow, "L", "PNG"),
    "PNG, grey of 16 bits": partial(_pillow, "I;16", "PNG"),
    "PNG, 16 bits": partial(_deep_png, 2, 3),
    "PNG, 16 bits with alpha": partial(_deep_png, 6, 4),
    "PNG, 12 bits in 16": _nearly_black_png,
    "JPEG": partial(_pillow, "RGB", "JPEG", exif=_exif(6)),
    "JPEG, progressive": partial(_pillow, "RGB", "JPEG", progressive=True),
    "JPEG, CMYK": partial(_pillow, "CMYK", "JPEG"),
    "WebP": partial(_pillow, "RGBA", "WEBP", exif=_exif(8)),
    "BMP": partial(_pillow, "RGB", "BMP"),
    "TIFF": partial(_pillow, "RGB", "TIFF", compression="tiff_lzw", exif=_exif(5)),
    "TIFF, tiles of JPEG": partial(_pillow, "RGB", "TIFF", compression="jpeg"),
    "TIFF, grey": partial(_pillow, "L", "TIFF"),
    "TIFF, 16 bits": lambda: tiff(PATTERN.astype(np.uint16) * 257, orientation=7),
    "HEIC": _heic,
}


def _read(root: Path) -> bytes:
    """The header says what the pixels are, whatever the file is called."""
    image = ImageFile(root / "a.png")
    image.content()
    shape = image.shape()
    pixels = image.read()
    assert pixels.dtype == np.uint8
    assert pixels.ndim == 3
    assert pixels.shape[2] == 3
    assert pixels.shape[:2] == shape, (pixels.shape, shape)
    return pixels.tobytes()


def lying_header(content: bytes, random: Random) -> bytes:
    """Two or four bytes of the first 300 that state a size, an offset or a count."""
    code = random.choice((">I", "<I", ">H", "<H"))
    size = random.choice(SIZES) % 256 ** struct.calcsize(code)
    place = random.randrange(max(1, min(300, len(content) - 4)))
    return content[:place] + struct.pack(code, size) + content[place + struct.calcsize(code) :]


def lying_chunk(content: bytes, random: Random) -> bytes:
    """A PNG whose header says other sizes, bits or colours, with the right checksum."""
    if content[:8] != b"\x89PNG\r\n\x1a\n" or len(content) < 33:
        return lying_header(content, random)
    field = random.choice((0, 4, 8, 9, 10, 11, 12))
    header = bytearray(content[16:29])
    if field < 8:
        struct.pack_into(">I", header, field, random.choice(SIZES))
    else:
        header[field] = random.choice((0, 1, 2, 3, 4, 6, 8, 16, 32, 255))
    check = struct.pack(">I", zlib.crc32(b"IHDR" + header))
    return content[:16] + bytes(header) + check + content[33:]


def _mutated(content: bytes, random: Random) -> Mutation:
    kinds = (*BYTES, lying_header, lying_header, lying_chunk)
    changes = random.choices(kinds, k=random.choice((1, 1, 2)))
    for change in changes:
        content = change(content, random)
    return Mutation(", ".join(change.__name__ for change in changes), content)


IMAGES = {
    f"image: {kind}": Subject(
        lambda root, make=make: (root / "a.png").write_bytes(make()), _read, mutate=_mutated
    )
    for kind, make in KINDS.items()
}


# Images at the limit of what is read: a few kB each


def full_png(kind: str) -> bytes:
    """64 million equal pixels."""
    bits, colour, width = {
        "RGB": (8, 2, 3), "RGBA": (8, 6, 4), "grey": (8, 0, 1), "grey, 16 bits": (16, 0, 2),
        "RGB, 16 bits": (16, 2, 6), "RGBA, 16 bits": (16, 6, 8), "RGB, nearly black": (16, 2, 6),
        "grey, nearly black": (16, 0, 2), "black and white": (1, 0, 0.125),
    }[kind]  # fmt: skip
    pixel = b"\0\x05" if "black" in kind and bits == 16 else b"\x80\x80"
    row = b"\0" + (pixel * int(8000 * width / 2 + 1))[: int(8000 * width)]
    pack = zlib.compressobj(1)
    data = b"".join(pack.compress(row * 100) for _ in range(80)) + pack.flush()

    def chunk(name: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + check

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 8000, 8000, bits, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", data) + chunk(b"IEND", b"")


FULL = (
    "RGB", "RGBA", "grey", "grey, 16 bits", "RGB, 16 bits", "RGBA, 16 bits", "RGB, nearly black",
    "grey, nearly black", "black and white",
)  # fmt: skip
