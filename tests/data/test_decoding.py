"""Image files: decoded completely, to 8-bit RGB, or refused."""

import importlib
import struct
import zlib
from io import BytesIO

import cv2
import numpy as np
import pytest
from faces_on_disk import png, tiff
from PIL import Image

from landmarks.data.decoding import IMAGE_SUFFIXES, decode
from landmarks.data.images import ImageFile, read_image
from landmarks.errors import InputError

NOISE = np.random.default_rng(0).integers(1, 256, (9, 7, 3), np.uint8)
SMOOTH = cv2.resize(NOISE, (64, 48), interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "1", "LA"])
def test_grey_palette_and_alpha_become_rgb(tmp_path, mode):
    Image.fromarray(NOISE).convert(mode).save(tmp_path / "a.png")
    image = read_image(tmp_path / "a.png")
    assert image.shape == (9, 7, 3)
    assert image.dtype == np.uint8


@pytest.mark.parametrize("suffix", sorted({*IMAGE_SUFFIXES} - {".heic", ".heif"}))
def test_every_suffix_is_a_format_that_is_read(tmp_path, suffix):
    for path in (tmp_path / f"a{suffix}", tmp_path / f"b{suffix.upper()}"):
        Image.fromarray(SMOOTH).save(path, quality=95)
        assert np.abs(read_image(path).astype(int) - SMOOTH).mean() < 6


def test_a_wrong_suffix_does_not_matter(tmp_path):
    Image.fromarray(NOISE).save(tmp_path / "a.jpg", format="PNG")
    assert np.array_equal(read_image(tmp_path / "a.jpg"), NOISE)


# 16 bits


def colour_png(values):
    return cv2.imencode(".png", values[..., ::-1])[1].tobytes()


def grey_png(values):
    return cv2.imencode(".png", values[..., 0])[1].tobytes()


def transparent_png(values):
    opaque = np.full(values.shape[:2], 65535, np.uint16)
    return cv2.imencode(".png", np.dstack([values[..., ::-1], opaque]))[1].tobytes()


def grey_tiff(values):
    file = BytesIO()
    Image.fromarray(values[..., 0]).save(file, format="TIFF")
    return file.getvalue()


DEEP = [colour_png, grey_png, transparent_png, tiff, grey_tiff]


@pytest.mark.parametrize("encoded", DEEP)
def test_sixteen_bits_become_their_upper_eight(encoded):
    deep = NOISE.astype(np.uint16) * 257
    decoded = decode(BytesIO(encoded(deep)), "a")
    assert decoded.bits is None
    assert_shows(decoded.stored, NOISE)


@pytest.mark.parametrize("bits", [8, 10, 12])
@pytest.mark.parametrize("encoded", DEEP)
def test_values_of_fewer_bits_in_sixteen_are_scaled_to_the_full_range(encoded, bits):
    values = NOISE.astype(np.uint16) << bits - 8
    values[0, 0] = 2**bits - 1
    decoded = decode(BytesIO(encoded(values)), "a")
    assert decoded.bits == bits
    assert_shows(decoded.stored[1:], NOISE[1:])


def assert_shows(image, expected):
    grey = (image[..., 0] == image[..., 1]).all()
    assert np.array_equal(image[..., 0], expected[..., 0]) if grey else (image == expected).all()


def test_dark_and_black_images_stay_dark():
    dark = np.full((4, 4, 3), 5000, np.uint16)  # 19 of 255
    black = np.zeros((4, 4, 3), np.uint16)
    for values, level in ((dark, 19), (black, 0)):
        for encoded in DEEP:
            decoded = decode(BytesIO(encoded(values)), "a")
            assert (decoded.stored == level).all()
            assert decoded.bits is None
    shadow = np.full((4, 4, 3), 9, np.uint8)
    file = BytesIO()
    Image.fromarray(shadow).save(file, format="PNG")
    file.seek(0)
    assert (decode(file, "a").stored == 9).all()


def test_nearly_black_values_that_cannot_be_scaled_are_refused():
    low = np.full((4, 4), 9, ">u2")
    rows = b"".join(b"\0" + np.dstack([row, row]).tobytes() for row in low)
    with pytest.raises(InputError, match="nearly black 16 bits a colour; save it with 8"):
        decode(BytesIO(png(4, 4, bits=16, colour=4, rows=rows)), "a")  # grey and alpha


@pytest.mark.parametrize("values", [np.float32(0.5), np.int32(70_000), np.int32(-1)])
def test_values_that_are_not_of_8_or_16_bits_are_refused(tmp_path, values):
    Image.fromarray(np.full((4, 4), values)).save(tmp_path / "a.tif")
    with pytest.raises(InputError, match=r"a\.tif: .*values are not whole numbers of 8 or 16 bits"):
        read_image(tmp_path / "a.tif")


# Broken, hostile and unknown files


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "bmp", "tif"])
def test_a_truncated_image_is_refused(tmp_path, suffix):
    path = tmp_path / f"cut.{suffix}"
    Image.fromarray(np.tile(NOISE, (8, 8, 1))).save(path)
    path.write_bytes(path.read_bytes()[:-900])
    with pytest.raises(InputError, match=r"cut\.\w+: (cannot be decoded|not a PNG)"):
        read_image(path)


def with_a_comment_of_64_mb():
    packed = zlib.compress(bytes(2**26))
    content = b"zTXtComment\0\0" + packed
    chunk = struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
    whole = png(1, 1, bits=8, colour=2, rows=bytes(4))
    return whole[:33] + chunk + whole[33:]


def large_tiff():
    side, content = struct.Struct("<HHII").pack, tiff(NOISE)
    for tag, pixels in ((256, 7), (257, 9)):
        content = content.replace(side(tag, 4, 1, pixels), side(tag, 4, 1, 65_000))
    return content


def shifted_by_a_byte():
    """A PNG whose second chunk claims 4 GB."""
    whole = png(1, 1, bits=16, colour=2, rows=bytes(7))
    return whole[:33] + b"\xff" + whole[33:]


BOMBS = {
    "one bit a pixel": (png(20_000, 20_000, bits=1, colour=0, rows=b""), "at most 64 million"),
    "alpha": (png(9_000, 8_000, bits=8, colour=6, rows=b""), "9000 x 8000 .* at most 64 million"),
    "billions": (png(2**31 - 1, 2**31 - 1, bits=8, colour=6, rows=b""), "at most 64 million"),
    "no pixels": (png(0, 5, bits=8, colour=6, rows=b""), "not a PNG, JPEG"),
    "TIFF": (large_tiff(), "at most 64 million"),
    "chunk": (shifted_by_a_byte(), "not a PNG, JPEG"),
    "comment": (with_a_comment_of_64_mb(), "cannot be decoded"),
}


@pytest.mark.parametrize("what", BOMBS)
def test_a_bomb_is_refused_before_it_fills_the_memory(tmp_path, what):
    content, words = BOMBS[what]
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(InputError, match=rf"a\.png: .*{words}"):
        read_image(tmp_path / "a.png")


def test_a_memory_that_is_too_small_is_one_line(tmp_path, monkeypatch):
    def exhausted(*_, **__):
        raise MemoryError

    Image.fromarray(NOISE).convert("RGBA").save(tmp_path / "a.png")
    monkeypatch.setattr(Image.Image, "convert", exhausted)
    with pytest.raises(InputError, match=r"a\.png: too large for the memory"):
        read_image(tmp_path / "a.png")


def test_other_files_are_refused(tmp_path):
    (tmp_path / "note.png").write_text("hello")
    Image.fromarray(NOISE).save(tmp_path / "a.gif")
    for name in ("note.png", "a.gif"):
        with pytest.raises(
            InputError, match="not a PNG, JPEG, WebP, BMP, TIFF or HEIC image, or damaged"
        ):
            read_image(tmp_path / name)
    with pytest.raises(InputError, match="no such file"):
        read_image(tmp_path / "missing.png")


HEIC_HEADER = struct.pack(">I", 24) + b"ftypheic" + bytes(12)


def test_heic_without_its_package_says_which_one(tmp_path, monkeypatch):
    def not_installed(name):
        raise ModuleNotFoundError(name)

    (tmp_path / "a.heic").write_bytes(HEIC_HEADER)
    monkeypatch.setattr(importlib, "import_module", not_installed)
    with pytest.raises(InputError, match=r"a\.heic: .*pip install pillow-heif; or convert it"):
        read_image(tmp_path / "a.heic")


def test_heic_is_read_upright_with_its_package(tmp_path):
    heif = pytest.importorskip("pillow_heif")
    heif.register_heif_opener()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(SMOOTH).save(tmp_path / "a.heic", exif=exif.tobytes(), quality=100)
    image = ImageFile(tmp_path / "a.heic").read()
    assert image.shape == (64, 48, 3)
    assert ImageFile(tmp_path / "a.heic").shape() == (64, 48)
    assert np.abs(image.astype(int) - np.rot90(SMOOTH, -1)).mean() < 12  # chroma at half the size
    (tmp_path / "b.heic").write_bytes((tmp_path / "a.heic").read_bytes()[:400])
    with pytest.raises(InputError, match=r"b\.heic: .* or damaged"):
        ImageFile(tmp_path / "b.heic").read()
