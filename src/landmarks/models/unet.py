"""UNet: a small residual network, trained from scratch; the default on CPUs."""

import itertools
from collections.abc import Sequence
from typing import cast

import torch.nn.functional as F
from torch import Tensor, nn

from landmarks.errors import InputError
from landmarks.models.scale import InputScale


def convolution(channels_in: int, channels: int, size: int, stride: int = 1) -> nn.Sequential:
    """A convolution that divides the sides by `stride`, BatchNorm and ReLU."""
    padding = (size - stride + 1) // 2
    return nn.Sequential(
        nn.Conv2d(channels_in, channels, size, stride, padding, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(inplace=True),
    )


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut (He et al., 2016, Figure 2)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            convolution(channels, channels, 3),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, h, w) to the same shape."""
        return F.relu(self.body(x) + x, inplace=True)


class UNet(nn.Module):
    """Encoder to stride 32, decoder back to stride 4, with skip connections that are added.

    The first convolution goes to stride 4 at once, and at stride 4 there is only one more: on a CPU
    the finest maps cost the most time and bring the least.

    Shape: (B, 3, H, W) to (B, K, H / 4, W / 4), for H and W divisible by 32.

    Args:
        num_landmarks: K.
        widths: Channels at strides 4, 8, 16 and 32; fewer for a network that ends earlier.

    Raises:
        InputError: `widths` is not a list of 2 to 4 positive whole numbers.
    """

    output_kind = "heatmaps"
    stride = 4

    def __init__(self, num_landmarks: int, widths: Sequence[int] = (48, 96, 128, 192)) -> None:
        super().__init__()
        _check_widths(widths)
        self.scale = InputScale(mean=(0.45, 0.45, 0.45), deviation=(0.225, 0.225, 0.225))
        self.stem = convolution(3, widths[0], size=8, stride=4)
        # No 1 x 1 convolution has a stride: with fewer than 16 channels, oneDNN then writes out of
        # bounds on some CPUs (oneDNN issue 6035).
        self.down = nn.ModuleList(
            nn.Sequential(convolution(fine, coarse, size=2, stride=2), ResidualBlock(coarse))
            for fine, coarse in itertools.pairwise(widths)
        )
        self.bottom = ResidualBlock(widths[-1])
        self.lateral = nn.ModuleList(
            nn.Conv2d(coarse, fine, 1) for fine, coarse in itertools.pairwise(widths)
        )
        self.up = nn.ModuleList(
            [convolution(widths[0], widths[0], size=3), *map(ResidualBlock, widths[1:-1])]
        )
        self.head = nn.Conv2d(widths[0], num_landmarks, 1)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) to heatmaps (B, K, H / 4, W / 4)."""
        x = self.stem(self.scale(images))
        levels = []
        for down in self.down:
            levels.append(x)
            x = down(x)
        x = self.bottom(x)
        for lateral, up, fine in zip(
            reversed(self.lateral), reversed(self.up), reversed(levels), strict=True
        ):
            x = up(fine + F.interpolate(lateral(x), scale_factor=2.0, mode="nearest"))
        return cast(Tensor, self.head(x))


def _check_widths(widths: Sequence[int]) -> None:
    whole = isinstance(widths, Sequence) and all(type(w) is int and w > 0 for w in widths)
    if not whole or not 2 <= len(widths) <= 4:
        raise InputError(
            f"widths are {widths!r}; they must be 2 to 4 whole numbers above 0, the channels at "
            "strides 4, 8, 16 and 32"
        )
