"""HeatmapNet: a timm backbone and a light top-down decoder to K heatmaps at stride 4."""

from typing import cast

import torch.nn.functional as F
from timm.models import FeatureInfo
from torch import Tensor, nn

from landmarks.errors import InputError
from landmarks.models.scale import InputScale
from landmarks.models.timm_model import timm_model

STRIDE = 4


class HeatmapNet(nn.Module):
    """Backbone features merged from coarse to fine (Lin et al., 2017, Section 3), then a head.

    Shape: (B, 3, H, W) to (B, K, H / 4, W / 4), for H and W divisible by 32.

    Args:
        num_landmarks: K.
        backbone: Name of a timm model that supports `features_only`.
        channels: Width of the decoder.

    Raises:
        InputError: The backbone is unknown, or has no features at stride 4.
    """

    output_kind = "heatmaps"
    stride = STRIDE

    def __init__(self, num_landmarks: int, backbone: str, channels: int = 64) -> None:
        if type(channels) is not int or channels < 1:
            raise InputError(f"channels is {channels!r}; it must be a whole number above 0")
        super().__init__()
        self.backbone = timm_model(backbone, features_only=True)
        self.scale = InputScale.of(backbone)
        info = cast(FeatureInfo, self.backbone.feature_info)
        levels = [i for i, stride in enumerate(info.reduction()) if stride >= STRIDE]
        if not levels or info.reduction()[levels[0]] != STRIDE:
            raise InputError(
                f"backbone {backbone!r} has features at strides {info.reduction()}; one at "
                f"stride {STRIDE} is needed"
            )
        self.levels = levels
        self.lateral = nn.ModuleList(
            nn.Conv2d(width, channels, 1) for i, width in enumerate(info.channels()) if i in levels
        )
        self.smooth = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
        )
        self.head = nn.Conv2d(channels, num_landmarks, 1)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) to heatmaps (B, K, H / 4, W / 4)."""
        features = self.backbone(self.scale(images))
        merged: Tensor | None = None
        for lateral, level in zip(reversed(self.lateral), reversed(self.levels), strict=True):
            x = lateral(features[level])
            if merged is not None:
                x = x + F.interpolate(merged, size=x.shape[-2:], mode="nearest")
            merged = x
        return cast(Tensor, self.head(self.smooth(merged)))
