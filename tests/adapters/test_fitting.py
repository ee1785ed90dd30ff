"""Adapters: the identity at first, accurate with many pairs, harmless with few or noisy ones."""

import numpy as np
import pytest
import torch

from landmarks.adapters.adapter import Adapter, displacement, load_adapter, save_adapter
from landmarks.adapters.frame import Frame, reference_shape
from landmarks.adapters.perceptron import PerceptronFit
from landmarks.adapters.ridge import RidgeFit
from landmarks.errors import InputError
from landmarks.geometry import mirror_order, mirrored
from landmarks.scheme import IBUG68

ORDER = torch.from_numpy(mirror_order(IBUG68))
FITS = [PerceptronFit(), RidgeFit()]


def mean_face():
    """A symmetric layout with the rough proportions of a face, 68 points."""
    rng = np.random.default_rng(0)
    points = rng.uniform(-1, 1, (68, 2))
    return (points + points[ORDER.numpy()] * [-1, 1]) / 2 + [0, 0.01]


def faces(n, seed, spread=0.05):
    """Faces of different shape, place, size and turn, in pixels."""
    rng = np.random.default_rng(seed)
    shapes = mean_face() + rng.normal(0, spread, (n, 68, 2))
    angle, scale = rng.uniform(-0.6, 0.6, n), rng.uniform(40, 90, n)
    turn = np.stack([np.cos(angle), np.sin(angle), -np.sin(angle), np.cos(angle)], -1)
    pixels = shapes @ (turn.reshape(n, 2, 2) * scale[:, None, None])
    return (pixels + rng.uniform(100, 300, (n, 1, 2))).astype(np.float32)


def to_other_convention(points, amount=0.1):
    """Move the jaw outwards from the middle of each face, by a share: the same rule for all."""
    moved = points.copy()
    centre = points.mean(axis=1, keepdims=True)
    moved[:, :17] += amount * (points[:, :17] - centre)
    return moved


def error(adapter, seed=99):
    """Mean distance on new faces, before and after adaptation, in units of a face's size."""
    source = faces(200, seed)
    target = to_other_convention(source)
    size = np.linalg.norm(source - source.mean(1, keepdims=True), axis=-1).mean(1)[:, None]
    before, after = (
        (np.linalg.norm(p - target, axis=-1) / size).mean() for p in (source, adapter.adapt(source))
    )
    return before, after


def seen(n):
    return np.ones((n, 68), bool)


@pytest.mark.parametrize("fit", FITS)
def test_many_faces_teach_the_convention(fit):
    source = faces(500, 1)
    before, after = error(fit(source, to_other_convention(source), seen(500), IBUG68, 0))
    assert after < 0.2 * before


@pytest.mark.parametrize("fit", FITS)
def test_ten_faces_help_and_do_no_harm(fit):
    source = faces(10, 2)
    before, after = error(fit(source, to_other_convention(source), seen(10), IBUG68, 0))
    assert after < 0.75 * before


@pytest.mark.parametrize("fit", FITS)
def test_noise_is_not_learned(fit):
    source = faces(20, 3)
    noisy = source + np.random.default_rng(4).normal(0, 1.5, source.shape).astype(np.float32)
    adapter = fit(source, noisy, seen(20), IBUG68, 0)
    new = faces(200, 5)
    moved = np.linalg.norm(adapter.adapt(new) - new, axis=-1).mean()
    assert moved < 0.75  # pixels; copying the noise would move them by 1.9


@pytest.mark.parametrize("fit", FITS)
def test_adaptation_follows_rotation_translation_and_scale(fit):
    source = faces(50, 6)
    adapter = fit(source, to_other_convention(source), seen(50), IBUG68, 0)
    turn = np.array([[0.6, 0.8], [-0.8, 0.6]], np.float32) * 2.5
    np.testing.assert_allclose(
        adapter.adapt(source @ turn + 40), adapter.adapt(source) @ turn + 40, atol=2e-3
    )


@pytest.mark.parametrize("fit", FITS)
def test_a_mirrored_face_gets_the_mirrored_correction(fit):
    source = faces(50, 7)
    adapter = fit(source, to_other_convention(source), seen(50), IBUG68, 0)
    np.testing.assert_allclose(
        adapter.adapt(mirrored(source, 400, IBUG68)),
        mirrored(adapter.adapt(source), 400, IBUG68),
        atol=2e-3,
    )


def test_a_new_adapter_is_the_identity():
    source = faces(5, 8)
    reference = reference_shape(torch.from_numpy(source).double(), ORDER)
    adapter = Adapter(reference, ORDER, hidden=16).double()
    np.testing.assert_allclose(adapter.adapt(source), source, atol=1e-4)


def test_a_face_in_one_point_is_unchanged_and_the_others_are_adapted():
    source = faces(5, 8)
    adapter = RidgeFit()(source, faces(5, 9), seen(5), IBUG68, 0)
    mixed = source.copy()
    mixed[2] = 20.0
    expected = adapter.adapt(source)
    expected[2] = 20.0
    assert np.abs(adapter.adapt(source) - source).max() > 0.1
    np.testing.assert_array_equal(adapter.adapt(mixed), expected)


def test_the_frame_removes_position_size_and_rotation_and_restores_them():
    points = torch.from_numpy(faces(4, 9, spread=0.0)).double()
    reference = reference_shape(points, ORDER)
    frame = Frame.of(points, reference)
    normal = frame.normalise(points)
    assert (normal - normal[:1]).abs().max() < 1e-5
    assert (frame.to_pixels(normal) - points).abs().max() < 1e-9


def test_the_reference_is_symmetric():
    reference = reference_shape(torch.from_numpy(faces(20, 10)).double(), ORDER)
    flipped = (reference * torch.tensor([-1.0, 1.0]))[ORDER]
    assert torch.allclose(flipped, reference, atol=1e-12)
    assert (reference**2).sum(-1).mean() == pytest.approx(1)


def test_invisible_landmarks_are_ignored():
    source = faces(100, 11)
    target = source.copy()
    target[:, 30] += 50
    visible = seen(100)
    visible[:, 30] = False
    for fit in FITS:
        adapter = fit(source, target, visible, IBUG68, 0)
        assert np.abs(adapter.adapt(source) - source).max() < 1.0


def test_the_same_seed_gives_the_same_adapter_and_leaves_torch_s_generator_alone():
    source = faces(20, 12)
    target = to_other_convention(source)
    torch.manual_seed(0)
    before = torch.get_rng_state()
    first, second = (PerceptronFit(steps=20)(source, target, seen(20), IBUG68, 3) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    np.testing.assert_array_equal(first.adapt(source), second.adapt(source))


@pytest.mark.parametrize("fit", FITS)
def test_saved_and_loaded_it_adapts_the_same(fit, tmp_path):
    source = faces(30, 13)
    adapter = fit(source, to_other_convention(source), seen(30), IBUG68, 0)
    save_adapter(adapter, tmp_path / "adapter.safetensors")
    loaded = load_adapter(tmp_path / "adapter.safetensors", IBUG68)
    np.testing.assert_array_equal(loaded.adapt(source), adapter.adapt(source))


@pytest.mark.parametrize("fit", FITS)
def test_one_face_is_refused(fit):
    with pytest.raises(InputError, match="fitted on 1 real faces; it needs at least 2"):
        fit(faces(1, 0), faces(1, 0), seen(1), IBUG68, 0)


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("place", [20.0, np.nan])
def test_an_adapter_cannot_be_fitted_to_a_collapsed_model(fit, place):
    collapsed = faces(5, 15)
    collapsed[3] = place
    with pytest.raises(InputError, match=r"on 1 of 5 real faces the model .* in one place; train"):
        fit(collapsed, faces(5, 15), seen(5), IBUG68, 0)


def test_an_adapter_that_is_not_finite_is_refused():
    source = faces(5, 16)
    nothing_counts = ~seen(5)  # so that the loss is 0 / 0
    with pytest.raises(InputError, match=r"fitted adapter are not finite; lower its learning_rate"):
        PerceptronFit(steps=2)(source, source, nothing_counts, IBUG68, 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden": 0}, "hidden is 0; it must be a whole number above 0"),
        ({"steps": 2.5}, "steps is 2.5"),
        ({"learning_rate": 0.0}, "learning_rate is 0.0; it must be between 0 and 1"),
        ({"learning_rate": np.nan}, "learning_rate is nan"),
        ({"learning_rate": "1e-3"}, "learning_rate is '1e-3'"),
        ({"weight_decay": -1}, "weight_decay is -1; it must be from 0 to below 1000"),
        ({"weight_decay": 1000}, "weight_decay is 1000"),
        ({"weight_decay": 10, "learning_rate": 0.1}, "weight_decay is 10; .* below 10"),
        ({"noise": np.inf}, "noise is inf; it must be from 0 to below inf"),
        ({"noise": np.nan}, "noise is nan"),
    ],
)
def test_invalid_options_of_a_perceptron_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        PerceptronFit(**options)


@pytest.mark.parametrize("penalties", [(), (0.0,), (1.0, np.nan), (np.inf,), ("1",)])
def test_ridge_penalties_are_finite_and_above_0(penalties):
    with pytest.raises(InputError, match="ridge penalties are"):
        RidgeFit(penalties=penalties)


def test_displacement_is_given_by_region_in_inter_ocular_units():
    before = faces(3, 14)
    after = before.copy()
    unit = np.linalg.norm(before[:, 36] - before[:, 45], axis=-1)
    after[:, :17, 0] += 0.1 * unit[:, None]
    moved = displacement(before, after, IBUG68)
    assert moved["jaw"] == pytest.approx(0.1, rel=1e-4)
    assert moved["mouth"] == 0
    assert moved["all"] == pytest.approx(0.1 * 17 / 68, rel=1e-4)
