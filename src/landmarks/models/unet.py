"""UNet: a small residual network, trained from scratch; the default on CPUs."""

import itertools
from collections.abc import Sequence
from typing import cast

import torch.nn.functional as F
from torch import Tensor, nn

from landmarks.errors import InputError
from landmarks.models.scale import InputScale


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut (He et al., 2016, Figure 2)."""

    def __init__(self, channels_in: int, channels: int, stride: int = 1) -> None:
        super().__init__()
        self.stride = stride
        self.body = nn.Sequential(
            nn.Conv2d(channels_in, channels, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or channels_in != channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels_in, channels, 1, bias=False), nn.BatchNorm2d(channels)
            )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C_in, h, w) to (B, C, h / stride, w / stride)."""
        # Subsample before the 1 x 1 convolution, not in it: with a stride and fewer than 16
        # channels, oneDNN writes out of bounds on some CPUs (oneDNN issue 6035).
        return F.relu(self.body(x) + self.shortcut(_subsampled(x, self.stride)), inplace=True)


class UNet(nn.Module):
    """Encoder to stride 32, decoder back to stride 4, with skip connections that are added.

    The decoder has two convolutions at stride 4 and one at coarser strides.

    Shape: (B, 3, H, W) to (B, K, H / 4, W / 4), for H and W divisible by 32.

    Args:
        num_landmarks: K.
        widths: Channels at strides 2, 4, 8, 16 and 32; fewer for a network that ends earlier.

    Raises:
        InputError: `widths` is not a list of 2 to 5 positive whole numbers.
    """

    output_kind = "heatmaps"
    stride = 4

    def __init__(self, num_landmarks: int, widths: Sequence[int] = (24, 48, 80, 112, 144)) -> None:
        super().__init__()
        _check_widths(widths)
        self.widths = tuple(widths)
        self.scale = InputScale(mean=(0.45, 0.45, 0.45), deviation=(0.225, 0.225, 0.225))
        self.stem = nn.Sequential(
            nn.Conv2d(3, widths[0], 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(inplace=True),
        )
        self.down = nn.ModuleList(
            ResidualBlock(fine, coarse, stride=2) for fine, coarse in itertools.pairwise(widths)
        )
        self.bottom = ResidualBlock(widths[-1], widths[-1])
        self.lateral = nn.ModuleList(
            nn.Conv2d(coarse, fine, 1) for fine, coarse in itertools.pairwise(widths[1:])
        )
        self.up = nn.ModuleList(map(_convolution, widths[1:-1]))
        if self.up:
            self.up[0] = ResidualBlock(widths[1], widths[1])
        self.head = nn.Conv2d(widths[1], num_landmarks, 1)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) to heatmaps (B, K, H / 4, W / 4)."""
        x = self.stem(self.scale(images))
        levels = []
        for down in self.down:
            x = down(x)
            levels.append(x)
        x = self.bottom(x)
        for lateral, up, fine in zip(
            reversed(self.lateral), reversed(self.up), reversed(levels[:-1]), strict=True
        ):
            coarse = F.interpolate(lateral(x), scale_factor=2.0, mode="nearest")
            x = up(fine + coarse)
        return cast(Tensor, self.head(x))


def _convolution(channels: int) -> nn.Sequential:
    """A 3 x 3 convolution, BatchNorm and ReLU."""
    return nn.Sequential(
        nn.Conv2d(channels, channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(inplace=True),
    )


def _subsampled(x: Tensor, stride: int) -> Tensor:
    """Every `stride`-th pixel, along rows and columns, of (B, C, h, w)."""
    # With the channels last, as they lie in memory: so the gradient is laid out, too, which saves a
    # tenth of a training step on a CPU.
    return x.permute(0, 2, 3, 1)[:, ::stride, ::stride].permute(0, 3, 1, 2)


def _check_widths(widths: Sequence[int]) -> None:
    whole = isinstance(widths, Sequence) and all(type(w) is int and w > 0 for w in widths)
    if not whole or not 2 <= len(widths) <= 5:
        raise InputError(
            f"widths are {widths!r}; they must be 2 to 5 whole numbers above 0, the channels at "
            "strides 2, 4, 8, 16 and 32"
        )
