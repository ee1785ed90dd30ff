"""Compression by torch against libjpeg itself."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from landmarks.augmentation.jpeg import compressed


def from_file(image, quality):
    """What Pillow's libjpeg makes of an image."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "jpeg", quality=quality, subsampling="4:2:0")
    return np.asarray(Image.open(file)).astype(float)


def by_torch(image, quality):
    planes = torch.from_numpy(image).permute(2, 0, 1)[None].float()
    found = compressed(planes, torch.tensor([quality])).round().clamp(0, 255)
    return found[0].permute(1, 2, 0).numpy().astype(float)


@pytest.mark.parametrize("quality", [20, 49, 50, 75, 90])
@pytest.mark.parametrize("coloured", [False, True])
def test_a_batch_is_compressed_as_by_libjpeg(quality, coloured):
    rng = np.random.default_rng(quality)
    small = rng.integers(40, 216, (16, 16, 3), np.uint8)
    if not coloured:
        small[:] = small[..., :1]
    image = np.asarray(Image.fromarray(small).resize((64, 64), Image.Resampling.BICUBIC)).copy()
    expected, found = from_file(image, quality), by_torch(image, quality)
    lost = np.abs(expected - image).mean()
    assert np.abs(found - image).mean() == pytest.approx(lost, rel=0.03)
    assert np.abs(found - expected).mean() < 0.2 * lost + 0.3


def test_blocks_are_eight_pixels_wide():
    image = np.zeros((32, 32, 3), np.uint8)
    image[3, 11] = 255  # one pixel, in the second block of the first row
    found = by_torch(image, 20)
    changed = np.abs(found - image).max(axis=2) > 8
    assert changed[:8, 8:16].any()
    assert not changed[16:].any()


def test_each_image_has_its_own_quality():
    image = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 255
    both = compressed(image.expand(2, -1, -1, -1), torch.tensor([20, 90]))
    for row, quality in zip(both, (20, 90), strict=True):
        torch.testing.assert_close(row, compressed(image, torch.tensor([quality]))[0])
