"""Boxes as maps: where a face's middle is, and how large it is, at every place of a picture.

As in "Objects as Points" (Zhou et al., 2019), but with the size in logarithms and the middle in
sides of the box, so that faces of all sizes have errors of one scale.
"""

import math
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from landmarks.models.unet import UNet

CHANNELS: Final = 5  # score (logit); x and y of the middle; logarithms of width and height
STRIDE: Final = UNet.stride
UNIT: Final = 32.0  # pixels of a box whose logarithms are 0
RAREST: Final = 0.01  # score everywhere before training: few places are faces (Lin et al., 2017)
MOST: Final = 300  # boxes in a picture before overlaps are removed


def box_network(widths: tuple[int, ...]) -> UNet:
    """A new network from pictures (B, 3, H, W) to maps (B, 5, H / 4, W / 4)."""
    network = UNet(CHANNELS, widths)
    nn.init.normal_(network.head.weight, std=0.01)
    rarest = [math.log(RAREST / (1 - RAREST)), *(CHANNELS - 1) * [0.0]]
    network.head.bias = nn.Parameter(torch.tensor(rarest))
    return network


def cell_places(height: int, width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Pixel x (w,) and y (h, 1) of the middles of a map's cells."""
    x = torch.arange(width, device=device) * STRIDE + (STRIDE - 1) / 2
    y = torch.arange(height, device=device) * STRIDE + (STRIDE - 1) / 2
    return x, y[:, None]


def boxes_of_maps(maps: Tensor) -> Tensor:
    """The box that each cell tells of: (B, 5, h, w) to (B, h, w, 4) x0, y0, x1, y1 pixels."""
    size = UNIT * maps[:, 3:].clamp(-4, 5).exp()
    side = size.amax(dim=1)
    x, y = cell_places(maps.shape[2], maps.shape[3], maps.device)
    middle = torch.stack([x + maps[:, 1] * side, y + maps[:, 2] * side], dim=1)
    return torch.cat([middle - size / 2, middle + size / 2], dim=1).permute(0, 2, 3, 1)


def decode(maps: Tensor, threshold: float) -> tuple[Tensor, Tensor, Tensor]:
    """Boxes of faces, of all pictures of a batch.

    Args:
        maps: (B, 5, h, w), a network's output.
        threshold: Lowest score.

    Returns:
        Boxes (n, 4) pixels, scores (n,), and the picture's number (n,), best first in each
        picture; overlapping boxes are not removed.
    """
    scores = maps[:, 0].sigmoid()
    peaks = scores == F.max_pool2d(scores[:, None], 3, stride=1, padding=1)[:, 0]
    scores = torch.where(peaks & (scores >= threshold), scores, 0)
    best, places = scores.flatten(1).topk(min(MOST, scores[0].numel()))
    boxes = boxes_of_maps(maps).flatten(1, 2)
    boxes = boxes.gather(1, places[..., None].expand(-1, -1, 4))
    number, order = torch.nonzero(best > 0, as_tuple=True)
    return boxes[number, order], best[number, order], number
