"""What `look.develop` does to one face, done by torch to some faces of a batch, on their device.

Everywhere: `levels` are (n, 3, S, S), from 0 to 255; results are not rounded, but for the warp's.
One thing is left out: `geometry.warp` averages before it shrinks a face to half, which no recipe
of ours does.
"""

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from landmarks.augmentation.look import grain_table


def warped(canvases: Tensor, to_canvas: Tensor, size: int) -> Tensor:
    """(B, 3, S, S) levels; beyond a canvas its outermost pixels go on."""
    at = torch.arange(size, device=canvases.device, dtype=torch.float32)
    y, x = torch.meshgrid(at, at, indexing="ij")
    pixels = torch.stack([x, y, torch.ones_like(x)], dim=-1).view(-1, 3)  # (S S, 3)
    u, v, w = (pixels @ to_canvas.mT).unbind(-1)  # (B, S S)
    side = canvases.shape[1]
    grid = (2 * torch.stack([u / w, v / w], dim=-1) + 1) / side - 1
    images = canvases.permute(0, 3, 1, 2).float()
    warped = F.grid_sample(
        images, grid.view(-1, size, size, 2), padding_mode="border", align_corners=False
    )
    return warped.round_()


def covered(levels: Tensor, blocks: Tensor, paints: Tensor) -> Tensor:
    """Blocks, (n, m, 4) edges, painted (n, m, 3) one after the other; see `Look.blocks`."""
    at = torch.arange(levels.shape[-1], device=levels.device)
    for block, paint in zip(blocks.unbind(1), paints.unbind(1), strict=True):
        left, top, right, bottom = (edge[:, None] for edge in block.unbind(1))
        across, along = (at >= left) & (at < right), (at >= top) & (at < bottom)
        inside = (along[:, :, None] & across[:, None, :])[:, None]
        levels = torch.where(inside, paint[:, :, None, None].float(), levels)
    return levels


def coloured(levels: Tensor, colours: Tensor) -> Tensor:
    """Levels through (n, 3, 4) maps; see `Look.colours`."""
    mixed = torch.einsum("nij,njhw->nihw", colours[:, :, :3], levels)
    return mixed + colours[:, :, 3, None, None]


def looked_up(levels: Tensor, table: Tensor) -> Tensor:
    """Levels found in (n, 256) tables."""
    found = table.gather(1, levels.flatten(1).long())
    return found.view(levels.shape).float()


def moved(levels: Tensor, kernels: Tensor) -> Tensor:
    """Levels under (n, k, k) kernels; beyond an edge the picture is reflected, as in OpenCV."""
    n, c, h, w = levels.shape
    reach = kernels.shape[-1] // 2
    padded = F.pad(levels, (reach, reach, reach, reach), mode="reflect")
    weights = kernels.repeat_interleave(c, dim=0)[:, None]  # (n c, 1, k, k)
    moved = F.conv2d(padded.view(1, n * c, *padded.shape[-2:]), weights, groups=n * c)
    return moved.view(n, c, h, w)


def smoothed(levels: Tensor, matrices: Tensor) -> Tensor:
    """Levels after (n, S, S) matrices of `look.smoothing` in both directions."""
    rows = matrices[:, None]
    return rows @ levels @ rows.mT


def noisy(levels: Tensor, deviations: Tensor, starts: Tensor) -> Tensor:
    """Levels with grain of (n,) deviations, from (n,) beginnings in the table on."""
    size = levels.shape[-1]
    grain = _grain(size, levels.device)
    places = starts[:, None] + torch.arange(3 * size**2, device=levels.device)
    drawn = grain[places].view(-1, size, size, 3).permute(0, 3, 1, 2)
    return levels + deviations[:, None, None, None] * drawn


@lru_cache(maxsize=2)
def _grain(size: int, device: torch.device) -> Tensor:
    """`grain_table` on a device, where it is sent once."""
    return torch.tensor(grain_table(size), device=device)
