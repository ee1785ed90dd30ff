"""JPEG compression of a batch by torch: what it loses, without the file.

The baseline of ITU-T T.81 as libjpeg computes it: chroma at half the resolution, blocks of 8 x 8
cosines, quantised by the standard's example tables scaled by the quality.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

# ITU-T T.81, Annex K, Tables K.1 and K.2.
_LUMA = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
_CHROMA = (
    (17, 18, 24, 47, 99, 99, 99, 99),
    (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99),
    (47, 66, 99, 99, 99, 99, 99, 99),
    *[(99,) * 8] * 4,
)
# ITU-T T.871, Section 7, there and back.
_TO_YCC = (
    (0.299, 0.587, 0.114),
    (-0.168735892, -0.331264108, 0.5),
    (0.5, -0.418687589, -0.081312411),
)
_TO_RGB = ((1.0, 0.0, 1.402), (1.0, -0.344136286, -0.714136286), (1.0, 1.772, 0.0))


def compressed(levels: Tensor, quality: Tensor) -> Tensor:
    """Images as they come back from a file.

    Args:
        levels: (n, 3, S, S) RGB from 0 to 255, S a multiple of 16.
        quality: (n,) 1 to 100.

    Returns:
        (n, 3, S, S), not rounded.
    """
    known = _known(levels.device)
    luma, *chromas = torch.einsum("ij,njhw->nihw", known.to_ycc, levels).round().unbind(1)
    tables = _scaled(known.tables, quality)
    found = [_quantised(luma - 128, tables[0], known.cosines) + 128]
    for chroma in chromas:
        half = F.avg_pool2d(chroma[:, None], 2).round()[:, 0]
        back = _quantised(half, tables[1], known.cosines)[:, None]
        # Weights of 3/4 and 1/4, which libjpeg calls fancy upsampling.
        found.append(F.interpolate(back, scale_factor=2.0, mode="bilinear")[:, 0])
    return torch.einsum("ij,njhw->nihw", known.to_rgb, torch.stack(found, dim=1))


def _scaled(tables: Tensor, quality: Tensor) -> Tensor:
    """(2, n, 8, 8) steps of luma and chroma (libjpeg's `jpeg_quality_scaling`)."""
    q = quality.float()
    scale = torch.where(q < 50, (5000 / q).floor(), 200 - 2 * q)
    scaled = (tables[:, None] * scale[:, None, None] + 50) / 100
    return scaled.floor().clamp(1, 255)


def _quantised(plane: Tensor, steps: Tensor, cosines: Tensor) -> Tensor:
    """(n, H, W) after its cosines were rounded to multiples of (n, 8, 8) steps."""
    n, h, w = plane.shape
    blocks = plane.view(n, h // 8, 8, w // 8, 8).permute(0, 1, 3, 2, 4)  # (n, h/8, w/8, 8, 8)
    steps = steps[:, None, None]
    kept = (cosines @ blocks @ cosines.T / steps).round() * steps
    back = (cosines.T @ kept @ cosines).round()
    return back.clamp(-128, 127).permute(0, 1, 3, 2, 4).reshape(n, h, w)


class _Known(NamedTuple):
    """What the standard fixes, on one device."""

    to_ycc: Tensor
    to_rgb: Tensor
    tables: Tensor  # (2, 8, 8)
    cosines: Tensor  # (8, 8) orthonormal transform (T.81, Section A.3.3)


@lru_cache(maxsize=4)
def _known(device: torch.device) -> _Known:
    """Sent to a device once: whatever is sent makes a batch wait."""
    k, x = np.mgrid[0:8, 0:8]
    cosines = np.sqrt(np.where(k == 0, 1, 2) / 8) * np.cos((2 * x + 1) * k * np.pi / 16)
    values = (_TO_YCC, _TO_RGB, (_LUMA, _CHROMA), cosines.tolist())
    return _Known(*(torch.tensor(v, dtype=torch.float32, device=device) for v in values))
