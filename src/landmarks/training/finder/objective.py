"""What the face finder is trained for: maps of a scene's boxes, and the distance from them."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from landmarks.models.box_maps import UNIT, cell_places
from landmarks.training.finder.stage import FACE, UNCERTAIN

SPREAD = 0.09  # sides of a box: standard deviation of the peak at its middle
LEAST_SPREAD = 2.4  # pixels
NEAR = 0.4  # height of the peak from which a cell must tell the box
FOCUS, MERCY = 2, 4  # exponents of the loss: easy places, and places near a middle, count less
BOX_WEIGHT = 2.0


class Targets(NamedTuple):
    """What the maps should be.

    Attributes:
        heat: (B, h, w) peaks of height 1 at the middles of faces.
        places: (B, 4, h, w) the other four maps.
        near: (B, h, w) weight of the places; 0 where they do not count.
        counts: (B, h, w) 0 where too little of a face is seen to tell, else 1.
    """

    heat: Tensor
    places: Tensor
    near: Tensor
    counts: Tensor


def targets(boxes: Tensor, kinds: Tensor, height: int, width: int) -> Targets:
    """Maps of (height, width) cells from boxes (B, M, 4) pixels and their kinds (B, M)."""
    x, y = cell_places(height, width, boxes.device)
    size = (boxes[..., 2:] - boxes[..., :2]).clamp_min(1)
    middle = (boxes[..., :2] + boxes[..., 2:]) / 2
    from_x = x - middle[..., 0, None, None]  # (B, M, 1, w)
    from_y = y - middle[..., 1, None, None]  # (B, M, h, 1)
    spread = (SPREAD * size).clamp_min(LEAST_SPREAD)[..., None, None]
    peak = torch.exp(-((from_x / spread[:, :, 0]) ** 2) / 2) * torch.exp(
        -((from_y / spread[:, :, 1]) ** 2) / 2
    )
    # The cell nearest to a middle is the middle, wherever in the cell it lies.
    peak = peak / peak.amax(dim=(2, 3), keepdim=True).clamp_min(1e-4)
    heat, owner = (peak * (kinds == FACE)[..., None, None]).max(dim=1)
    side = size.amax(dim=2, keepdim=True)
    of_faces = torch.cat([middle / side, 1 / side, (size / UNIT).log()], dim=2)  # (B, M, 5)
    chosen = owner.flatten(1)[..., None].expand(-1, -1, 5)
    own = of_faces.gather(1, chosen).transpose(1, 2).reshape(-1, 5, height, width)
    shift = torch.stack([own[:, 0] - x * own[:, 2], own[:, 1] - y * own[:, 2]], dim=1)
    places = torch.cat([shift, own[:, 3:]], dim=1)
    half = size[..., None, None] / 2
    inside = (from_x.abs() < half[:, :, 0]) & (from_y.abs() < half[:, :, 1])
    unsure = (inside & (kinds == UNCERTAIN)[..., None, None]).any(dim=1)
    counts = (~unsure | (heat > 0.05)).float()
    return Targets(heat, places, torch.where(heat > NEAR, heat, 0), counts)


def distance(maps: Tensor, wanted: Targets) -> Tensor:
    """Focal loss of the scores (Zhou et al., 2019, eq. 1), and the error of the boxes in sides.

    Args:
        maps: (B, 5, h, w), a network's output.
        wanted: What it should be.
    """
    maps = maps.float()
    logit, heat = maps[:, 0], wanted.heat
    score = logit.sigmoid()
    middle = (heat >= 1).float()
    found = F.logsigmoid(logit) * (1 - score) ** FOCUS * middle
    empty = F.logsigmoid(-logit) * score**FOCUS * (1 - heat) ** MERCY * (1 - middle)
    faces = middle.sum().clamp_min(1)
    scores = -((found + empty) * wanted.counts).sum() / faces
    error = F.smooth_l1_loss(maps[:, 1:], wanted.places, reduction="none", beta=0.05).sum(dim=1)
    return scores + BOX_WEIGHT * (error * wanted.near).sum() / wanted.near.sum().clamp_min(1)
