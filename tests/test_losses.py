"""Losses: zero where they should be, worked values, and invisible landmarks count for nothing."""

import math

import pytest
import torch

from landmarks.errors import InputError
from landmarks.heatmap import CoordinateCodec, DistributionCodec, HeatmapCodec
from landmarks.losses import (
    AdaptiveWing,
    CoordinateMSE,
    CrossEntropySoftArgmax,
    GaussianNLL,
    HeatmapMSE,
)

LANDMARKS = torch.tensor([[[20.0, 30.0], [64.0, 64.0], [90.0, 40.0]]])
VISIBLE = torch.ones(1, 3, dtype=torch.bool)
MAPS = HeatmapCodec()
DISTRIBUTION = DistributionCodec()
COORDINATES = CoordinateCodec(size=128)


def perfect(codec):
    if codec is COORDINATES:
        return torch.cat([codec.encode(LANDMARKS), torch.zeros(1, 3, 1)], dim=-1)
    if codec is MAPS:
        return codec.encode(LANDMARKS, (32, 32))
    return maps_of_targets().clamp_min(1e-30).log()


def maps_of_targets():
    x, y = DISTRIBUTION.encode(LANDMARKS, (32, 32))
    return y[..., :, None] * x[..., None, :]


CASES = [
    (HeatmapMSE(), MAPS),
    (AdaptiveWing(), MAPS),
    (CrossEntropySoftArgmax(), DISTRIBUTION),
    (CoordinateMSE(), COORDINATES),
    (GaussianNLL(), COORDINATES),
]


@pytest.mark.parametrize(("loss", "codec"), CASES)
def test_the_target_itself_has_less_loss_than_anything_near(loss, codec):
    best = loss(perfect(codec), LANDMARKS, VISIBLE, codec)
    noise = torch.randn(perfect(codec).shape, generator=torch.Generator().manual_seed(1)) * 0.1
    if codec is COORDINATES:
        noise[..., 2] = 0  # the stated deviation is no part of the target
    assert best < loss(perfect(codec) + noise, LANDMARKS, VISIBLE, codec)


@pytest.mark.parametrize(("loss", "codec"), CASES)
def test_invisible_landmarks_change_nothing(loss, codec):
    visible = torch.tensor([[True, False, True]])
    output, spoiled = perfect(codec), perfect(codec).clone()
    spoiled[:, 1] += 0.7
    assert loss(output, LANDMARKS, visible, codec) == loss(spoiled, LANDMARKS, visible, codec)


@pytest.mark.parametrize(("loss", "codec"), CASES)
def test_nothing_visible_is_no_loss_and_no_nan(loss, codec):
    assert loss(perfect(codec), LANDMARKS, torch.zeros(1, 3, dtype=torch.bool), codec) == 0


@pytest.mark.parametrize(("loss", "codec"), CASES)
def test_gradients_are_finite_and_reach_the_output(loss, codec):
    output = (perfect(codec) + 0.05).requires_grad_()
    loss(output, LANDMARKS, VISIBLE, codec).backward()
    assert torch.isfinite(output.grad).all()
    assert output.grad.abs().sum() > 0


@pytest.mark.parametrize("loss", [HeatmapMSE(), AdaptiveWing()])
def test_equal_heatmaps_have_no_loss(loss):
    assert loss(perfect(MAPS), LANDMARKS, VISIBLE, MAPS).item() < 1e-6


def test_heatmap_mse_of_an_empty_map_is_the_energy_of_a_gaussian():
    # Sum of exp(-r^2 / sigma^2) over the plane is pi sigma^2.
    loss = HeatmapMSE()(torch.zeros(1, 3, 32, 32), LANDMARKS, VISIBLE, MAPS)
    assert loss.item() == pytest.approx(math.pi * 1.5**2, rel=1e-3)


def test_adaptive_wing_has_the_paper_s_values():
    # Target 1 and error 0.4 < theta: omega ln(1 + (0.4 / 1)^(2.1 - 1)), Equation 3.
    codec = HeatmapCodec(stride=1, sigma=1.0)
    target = codec.encode(torch.tensor([[[2.0, 2.0]]]), (5, 5))
    output = target.clone()
    output[0, 0, 2, 2] -= 0.4
    visible = torch.ones(1, 1, dtype=torch.bool)
    value = AdaptiveWing(foreground=0.0)(output, torch.tensor([[[2.0, 2.0]]]), visible, codec)
    assert value.item() * 25 == pytest.approx(14 * math.log(1 + 0.4**1.1), rel=1e-5)


def test_adaptive_wing_is_continuous_where_it_becomes_linear():
    codec = HeatmapCodec(stride=1, sigma=1.0)
    landmarks, visible = torch.tensor([[[2.0, 2.0]]]), torch.ones(1, 1, dtype=torch.bool)
    target = codec.encode(landmarks, (5, 5))
    below, above = (
        AdaptiveWing()(target + error, landmarks, visible, codec) for error in (0.49999, 0.50001)
    )
    assert above.item() == pytest.approx(below.item(), rel=1e-3)


def test_cross_entropy_of_the_target_is_its_entropy():
    # Of a Gaussian with sigma 1 on the plane: 1 + ln(2 pi).
    loss = CrossEntropySoftArgmax(distance=0.0)(
        perfect(DISTRIBUTION), LANDMARKS, VISIBLE, DISTRIBUTION
    )
    assert loss.item() == pytest.approx(1 + math.log(2 * math.pi), abs=2e-3)


def test_both_terms_have_the_values_that_whole_maps_give():
    output = 3 * torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(2))
    cross_entropy = -(maps_of_targets() * output.flatten(2).log_softmax(-1).view(1, 3, 32, 32))
    distance = (DISTRIBUTION.decode(output) - LANDMARKS).abs().sum(dim=-1) / 4
    loss = CrossEntropySoftArgmax(distance=0.5)(output, LANDMARKS, VISIBLE, DISTRIBUTION)
    expected = cross_entropy.sum(dim=(-2, -1)) + 0.5 * distance
    assert loss.item() == pytest.approx(expected.mean().item(), rel=1e-5)


def test_gaussian_nll_is_worked_by_hand():
    # One landmark, one pixel off along x: d^2 = (2 / 128)^2; log sigma = -3: d^2 / (2 e^-6) - 6.
    output = torch.cat([COORDINATES.encode(LANDMARKS), torch.full((1, 3, 1), -3.0)], dim=-1)
    moved = LANDMARKS + torch.tensor([1.0, 0.0])
    expected = (2 / 128) ** 2 / (2 * math.exp(-6)) - 6
    assert GaussianNLL()(output, moved, VISIBLE, COORDINATES).item() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("make", "options"),
    [
        (AdaptiveWing, {"alpha": 2}),
        (AdaptiveWing, {"epsilon": 0.0}),
        (AdaptiveWing, {"foreground": "abc"}),
        (CrossEntropySoftArgmax, {"distance": -1.0}),
        (CrossEntropySoftArgmax, {"distance": True}),
    ],
)
def test_numbers_that_a_loss_does_not_allow_are_refused(make, options):
    with pytest.raises(InputError, match=f"loss {next(iter(options))} is .*; it must be a number"):
        make(**options)
