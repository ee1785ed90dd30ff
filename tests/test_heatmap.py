"""Codecs: decode inverts encode, and the half pixel is in the right place."""

import numpy as np
import pytest
import torch

from landmarks.errors import InputError
from landmarks.heatmap import (
    CoordinateCodec,
    DistributionCodec,
    HeatmapCodec,
    inside,
    to_crop_pixels,
    to_heatmap_pixels,
)


def some_landmarks():
    return torch.rand(4, 5, 2, generator=torch.Generator().manual_seed(0)) * 128 + 64


@pytest.mark.parametrize("stride", [1, 2, 4, 8])
@pytest.mark.parametrize("sigma", [1.0, 1.5, 2.0])
def test_heatmap_decode_inverts_encode(stride, sigma):
    codec = HeatmapCodec(stride=stride, sigma=sigma)
    landmarks = some_landmarks()
    decoded = codec.decode(codec.encode(landmarks, (256 // stride, 256 // stride)))
    assert (decoded - landmarks).abs().max() < 0.01 * stride


@pytest.mark.parametrize("stride", [1, 2, 4, 8])
def test_distribution_decode_inverts_encode(stride):
    codec = DistributionCodec(stride=stride, sigma=1.0)
    landmarks = some_landmarks()
    x, y = codec.encode(landmarks, (256 // stride, 256 // stride))
    target = y[..., :, None] * x[..., None, :]
    assert (codec.decode(target.clamp_min(1e-30).log()) - landmarks).abs().max() < 0.01 * stride


def test_the_peak_is_the_pixel_that_covers_the_landmark():
    # Crop pixels 12 to 15 make heatmap pixel 3 of stride 4; its centre is at 13.5.
    landmarks = torch.tensor([[[13.5, 21.5]]])
    heatmap = HeatmapCodec(stride=4, sigma=1.0).encode(landmarks, (16, 16))[0, 0]
    assert heatmap[5, 3] == 1.0
    assert heatmap.flatten().argmax() == 5 * 16 + 3


def test_a_distribution_sums_to_one_also_at_the_edge():
    for axis in DistributionCodec().encode(torch.tensor([[[0.0, 0.0], [60.0, 127.0]]]), (32, 32)):
        np.testing.assert_allclose(axis.sum(dim=-1).numpy(), 1, atol=1e-5)


def test_heatmap_and_crop_pixels_are_inverse():
    points = torch.linspace(-3, 200, 50)
    assert torch.allclose(to_crop_pixels(to_heatmap_pixels(points, 4), 4), points, atol=1e-4)
    # The first heatmap pixel of stride 4 covers crop pixels 0 to 3.
    assert to_crop_pixels(torch.zeros(1), 4).item() == 1.5


def test_inside_ends_where_the_outermost_pixels_end():
    points = torch.tensor([[-0.5, 0.0], [127.5, 127.5], [-0.51, 5.0], [5.0, 127.6]])
    assert inside(points, 128).tolist() == [True, True, False, False]


def test_a_peak_at_the_border_is_decoded_there():
    maps = torch.zeros(1, 1, 8, 8)
    maps[0, 0, 0, 7] = 1.0
    assert HeatmapCodec(stride=4).decode(maps)[0, 0].tolist() == [29.5, 1.5]


def test_coordinates_run_from_minus_one_to_one_across_the_crop():
    codec = CoordinateCodec(size=256)
    edges = torch.tensor([[[-0.5, 255.5], [127.5, 127.5]]])
    assert codec.encode(edges)[0].tolist() == [[-1.0, 1.0], [0.0, 0.0]]
    landmarks = some_landmarks()
    output = torch.cat([codec.encode(landmarks), torch.full((4, 5, 1), 9.0)], dim=-1)
    assert torch.allclose(codec.decode(output), landmarks, atol=1e-4)


@pytest.mark.parametrize("codec", [HeatmapCodec, DistributionCodec])
@pytest.mark.parametrize("bad", [{"stride": 0}, {"sigma": 0.0}, {"sigma": 50.0}])
def test_impossible_numbers_are_refused(codec, bad):
    with pytest.raises(InputError, match=next(iter(bad))):
        codec(**bad)


@pytest.mark.parametrize("options", [{"sigma": "abc"}, {"stride": 4.0}])
def test_what_is_no_width_or_stride_is_refused(options):
    with pytest.raises(InputError, match=f"{next(iter(options))} is .*; it must be"):
        HeatmapCodec(**options)
