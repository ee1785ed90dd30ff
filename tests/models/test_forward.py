"""What a network says about crops: mirrored or not, and in which precision."""

import numpy as np
import pytest
import torch

from landmarks.geometry import mirrored
from landmarks.models.forward import predict, predict_images

CPU = torch.device("cpu")


def test_prediction_of_a_mirrored_picture_is_the_mirrored_prediction(architecture, toy_crops):
    network = architecture.start(68, seed=0).eval()
    images = toy_crops.crops(np.arange(3))
    with torch.inference_mode():
        plain, reflected = (
            predict_images(network, architecture, x, toy_crops.scheme, CPU)
            for x in (images, np.ascontiguousarray(images[:, :, ::-1]))
        )
    np.testing.assert_allclose(mirrored(reflected, 64, toy_crops.scheme), plain, atol=1e-3)


class Watched(torch.nn.Module):
    """Notes how its convolutions are computed."""

    def __init__(self, inner):
        super().__init__()
        self.inner, self.seen = inner, []

    def forward(self, images):
        self.seen.append(torch.backends.cudnn.conv.fp32_precision)
        return self.inner(images)


@pytest.mark.parametrize("usual", ["tf32", "ieee"])
def test_predictions_are_in_full_float32_and_leave_training_as_it_was(
    architecture, toy_crops, usual
):
    network = Watched(architecture.start(68, seed=0))
    before = torch.backends.cudnn.conv.fp32_precision
    torch.backends.cudnn.conv.fp32_precision = usual
    try:
        predict(network, architecture, toy_crops, np.arange(3), device=CPU)
        assert network.seen == ["ieee", "ieee"]
        assert torch.backends.cudnn.conv.fp32_precision == usual
        network.inner = torch.nn.Linear(1, 1)  # which cannot read images
        with pytest.raises(RuntimeError):
            predict(network, architecture, toy_crops, np.arange(3), device=CPU)
        assert torch.backends.cudnn.conv.fp32_precision == usual
    finally:
        torch.backends.cudnn.conv.fp32_precision = before


def test_torch_can_still_read_its_old_flag_after_a_prediction(architecture, toy_crops):
    before = torch.backends.cudnn.allow_tf32  # an error if old and new settings contradict
    network = architecture.start(68, seed=0)
    predict(network, architecture, toy_crops, np.arange(3), device=CPU)
    assert torch.backends.cudnn.allow_tf32 == before
