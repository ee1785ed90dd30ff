"""CoordinateNet: coordinates straight from pooled features, as in Microsoft's pipeline."""

from typing import cast

from torch import Tensor, nn

from landmarks.models.scale import InputScale
from landmarks.models.timm_model import timm_model


class CoordinateNet(nn.Module):
    """A timm backbone, pooled, then one linear layer.

    Wood et al., "Fake it till you make it", 2021, Section 4: ResNet-34 and direct regression. Each
    landmark gets x, y and the logarithm of a deviation, which `GaussianNLL` reads (Wood et al.,
    2022) and `CoordinateMSE` does not.

    Shape: (B, 3, H, W) to (B, K, 3).

    Args:
        num_landmarks: K.
        backbone: Name of a timm model.

    Raises:
        InputError: The backbone is unknown.
    """

    answer = "coordinates"

    def __init__(self, num_landmarks: int, backbone: str = "resnet34") -> None:
        super().__init__()
        self.num_landmarks = num_landmarks
        self.backbone = timm_model(backbone, num_classes=num_landmarks * 3)
        self.scale = InputScale.of(backbone)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) to (B, K, 3)."""
        return cast(Tensor, self.backbone(self.scale(images)).unflatten(1, (self.num_landmarks, 3)))
