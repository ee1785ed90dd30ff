"""InputScale: pixels to the range that a network was made for."""

import timm
import torch
from torch import Tensor, nn

from landmarks.errors import InputError


class InputScale(nn.Module):
    """(x - mean) / deviation for each channel, as a network's first layer.

    Inside the network, so that its weights and its input range cannot come apart.

    Args:
        mean: Of each channel, in [0, 1].
        deviation: Of each channel.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, mean: tuple[float, ...], deviation: tuple[float, ...]) -> None:
        super().__init__()
        for name, values in (("mean", mean), ("deviation", deviation)):
            self.register_buffer(name, torch.tensor(values)[:, None, None])

    @classmethod
    def of(cls, backbone: str) -> "InputScale":
        """The range that timm states for a backbone's ImageNet weights."""
        stated = timm.get_pretrained_cfg(backbone, allow_unregistered=True)
        if stated is None:
            raise InputError(f"timm states no input range for {backbone!r}; choose another")
        return cls(tuple(stated.mean), tuple(stated.std))

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) in [0, 1] to about zero mean and unit variance."""
        return (images - self.mean) / self.deviation
