"""CoordinateNet: direct regression of coordinates from pooled features."""

from typing import cast

from torch import Tensor, nn

from landmarks.models.scale import InputScale
from landmarks.models.timm_model import timm_model


class CoordinateNet(nn.Module):
    """A timm backbone with global pooling and one linear layer.

    Wood et al., "Fake it till you make it", 2021, Section 4: ResNet-34 and direct regression. The
    outputs of a landmark are x, y and the logarithm of a standard deviation, which `GaussianNLL`
    uses (Wood et al., 2022) and `CoordinateMSE` ignores.

    Shape: (B, 3, H, W) to (B, K, 3).

    Args:
        num_landmarks: K.
        backbone: Name of a timm model.

    Raises:
        InputError: The backbone is unknown.
    """

    output_kind = "coordinates"

    def __init__(self, num_landmarks: int, backbone: str = "resnet34") -> None:
        super().__init__()
        self.num_landmarks = num_landmarks
        self.backbone = timm_model(backbone, num_classes=num_landmarks * 3)
        self.scale = InputScale.of(backbone)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) to (B, K, 3)."""
        return cast(Tensor, self.backbone(self.scale(images)).unflatten(1, (self.num_landmarks, 3)))
