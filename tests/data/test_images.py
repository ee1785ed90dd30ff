"""Images: whole or not at all."""

import numpy as np
import pytest
from PIL import Image

from landmarks.data.images import ImageFile
from landmarks.errors import InputError


def test_grey_alpha_and_sixteen_bits_become_eight_bit_rgb(tmp_path):
    import cv2

    rgb = np.random.default_rng(0).integers(0, 255, (9, 7, 3), np.uint8)
    for name, mode in (("grey", "L"), ("alpha", "RGBA"), ("palette", "P")):
        Image.fromarray(rgb).convert(mode).save(tmp_path / f"{name}.png")
        image = ImageFile(tmp_path / f"{name}.png").read()
        assert image.shape == (9, 7, 3)
        assert image.dtype == np.uint8
    deep = np.dstack([rgb[..., ::-1].astype(np.uint16) * 257, np.full((9, 7), 65535, np.uint16)])
    cv2.imwrite(str(tmp_path / "deep.png"), deep)  # 16-bit RGBA
    np.testing.assert_array_equal(ImageFile(tmp_path / "deep.png").read(), rgb)


def test_sixteen_bit_grey_keeps_its_range(tmp_path):
    import cv2

    deep = np.linspace(0, 65535, 64, dtype=np.uint16).reshape(8, 8)
    cv2.imwrite(str(tmp_path / "deep.png"), deep)
    image = ImageFile(tmp_path / "deep.png").read()
    assert np.abs(image[..., 0].astype(int) - (deep >> 8).astype(int)).max() <= 1


def test_an_orientation_tag_is_left_aside(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (20, 10)).save(tmp_path / "turned.jpg", exif=exif)
    assert ImageFile(tmp_path / "turned.jpg").read().shape == (10, 20, 3)


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_a_truncated_image_is_refused(tmp_path, suffix):
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    path = tmp_path / f"cut.{suffix}"
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:-900])
    with pytest.raises(InputError, match=r"cut\.\w+: cannot be decoded"):
        ImageFile(path).read()


def test_a_huge_header_is_refused_before_any_pixel_is_read(tmp_path):
    path = tmp_path / "huge.png"
    Image.new("1", (20_000, 20_000)).save(path)
    with pytest.raises(InputError, match=r"huge\.png: .*pixels; at most 64 million"):
        ImageFile(path).read()


def test_what_is_no_image_is_refused(tmp_path):
    (tmp_path / "note.png").write_text("hello")
    with pytest.raises(InputError, match="not a PNG or JPEG image"):
        ImageFile(tmp_path / "note.png").read()
    with pytest.raises(InputError, match="no such image"):
        ImageFile(tmp_path / "missing.png").read()
