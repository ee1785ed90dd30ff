"""InputScale: normalise pixels to the range that a network expects."""

import timm
import torch
from torch import Tensor, nn

from landmarks.errors import InputError


class InputScale(nn.Module):
    """(x - mean) / deviation of each channel, as the first layer of a network.

    It is part of the network so that weights and input range are always stored together.

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
        """The range of a backbone's ImageNet weights, according to timm."""
        config = timm.get_pretrained_cfg(backbone, allow_unregistered=True)
        if config is None:
            raise InputError(f"timm has no input range for {backbone!r}; choose another backbone")
        return cls(tuple(config.mean), tuple(config.std))

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) in [0, 1] to about zero mean and unit variance."""
        return (images - self.mean) / self.deviation
