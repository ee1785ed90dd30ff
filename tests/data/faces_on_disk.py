"""Tiny images, spoilt files, and what tests of readers expect of faces and messages."""

import re
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from landmarks.data.dataset import Face
from landmarks.data.mean_face import MEAN_FACE
from landmarks.errors import InputError

WIDTH, HEIGHT = 120, 90


def distinct_pixels(seed, count=68):
    """(count, 2) column and row, counted from 0, of pixels of which no two are alike."""
    cells = np.random.default_rng(seed).permutation(WIDTH * HEIGHT)[:count]
    return np.stack(np.unravel_index(cells, shape=(WIDTH, HEIGHT)), axis=1)


PIXELS = distinct_pixels(0)  # one for each landmark of the drawn face


# The landmarks of a face of whole pixels, all different, for an image of this width and height.
FACE_SIZE = (320, 300)
FACE = np.rint(MEAN_FACE * 150 + (160, 150)).astype(int)


def draw(path, pixels=PIXELS, size=(WIDTH, HEIGHT)):
    """An image that is dark but for one pixel a landmark; its green tells which landmark."""
    image = np.zeros((size[1], size[0], 3), np.uint8)
    for k, (column, row) in enumerate(pixels):
        image[row, column] = (255, 3 * k, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)
    return path


def assert_drawn_at_its_landmarks(face: Face):
    """Each landmark is the bright pixel of its own index, and nothing else is bright."""
    image = face.image.read()
    columns, rows = face.landmarks.round().astype(int).T
    assert (image[rows, columns, 0] == 255).all()
    assert (image[rows, columns, 1] == 3 * np.arange(68)).all()
    assert (image[..., 0] == 255).sum() == 68


def touch_image(path, size=(4, 3)):
    """A small image whose pixels do not matter."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size).save(path)
    return path


def cut_short(path):
    """Keep the first half of a file."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def claim_huge(path):
    """A PNG of a few bytes whose header says 20,000 x 20,000 pixels."""
    path.write_bytes(png(20_000, 20_000, bits=8, colour=2, rows=b""))


def png(width, height, *, bits, colour, rows):
    """A PNG file; `colour` is 2 for RGB, 6 for RGBA."""

    def chunk(kind, content):
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b"")


def tiff(values, orientation=1):
    """An uncompressed TIFF with 16 bits a colour, which Pillow cannot write."""
    height, width, _ = values.shape
    pixels = values.astype("<u2").tobytes()
    tags = {256: width, 257: height, 258: 0, 259: 1, 262: 2, 273: 0, 274: orientation}
    tags |= {277: 3, 278: height, 279: len(pixels)}
    end = 8 + 2 + 12 * len(tags) + 4
    tags |= {258: end, 273: end + 6}
    entries = b"".join(
        struct.pack("<HHII", tag, 3 if tag == 258 else 4, 3 if tag == 258 else 1, value)
        for tag, value in tags.items()
    )
    head = b"II*\0" + struct.pack("<IH", 8, len(tags))
    return head + entries + bytes(4) + struct.pack("<HHH", 16, 16, 16) + pixels


def assert_landmarks_fit_their_images(faces):
    """True of photos whose annotations are read by the right rule; a few may leave the frame."""
    for face in faces:
        height, width = face.image.read().shape[:2]
        x, y = face.landmarks.T
        assert ((x > -0.5) & (x < width - 0.5) & (y > -0.5) & (y < height - 0.5)).mean() > 0.9


def interocular_over_interpupil(dataset):
    """Mean ratio of the distances of outer eye corners and of eye centres."""
    points = dataset.landmarks
    corners = np.linalg.norm(points[:, 36] - points[:, 45], axis=1)
    centres = points[:, 36:42].mean(axis=1) - points[:, 42:48].mean(axis=1)
    return (corners / np.linalg.norm(centres, axis=1)).mean()


def refusal(*words: str):
    """Expect an `InputError` of one line that holds these words, in this order."""
    pattern = ".*".join(re.escape(word) for word in words)
    return pytest.raises(InputError, match=rf"\A(?-s:.*{pattern}.*)\Z")
