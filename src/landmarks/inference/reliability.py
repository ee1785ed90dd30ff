"""How far each predicted landmark can be trusted, and whether it is seen.

Three linear functions of what the network's head sees at the landmark, one each for every landmark:
they cost nothing beside the network, and training does not know of them. They are fitted on
rendered faces that the network was not trained on (`reliability_fit.py`), because a renderer knows
which landmarks are hidden.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from landmarks.heatmap import to_heatmap_pixels

# What `confidence` is the probability of: an error of at most this share of the crop's side. With
# the crop of 1.35 face boxes that is 4 % of the box, about 8 % of the distance between the eyes.
TOLERANCE = 0.03
# Half the crop: a linear function may say anything of features unlike those it was fitted on.
LARGEST_ERROR = 0.5
MEASURES = 3  # expected error, confidence, visibility
BESIDE = 2  # the head's output at the landmark, and the logarithm of its sum


class Trust(NamedTuple):
    """About each landmark of a batch; each (B, K).

    Attributes:
        error: Expected distance from the true place, as a share of the crop's side; at most
            `LARGEST_ERROR`.
        confidence: Probability that this distance is at most `TOLERANCE`.
        visible: Probability that the landmark is seen: not behind the face, a hand or glasses.
    """

    error: Tensor
    confidence: Tensor
    visible: Tensor


class Reliability(nn.Module):
    """The fitted functions.

    Args:
        channels: C, of the features that the head sees.
        num_landmarks: K.
    """

    def __init__(self, channels: int, num_landmarks: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(num_landmarks, channels + BESIDE, MEASURES))
        self.bias = nn.Parameter(torch.zeros(num_landmarks, MEASURES))

    def forward(self, evidence: Tensor) -> Trust:
        """Of evidence (B, K, C + 2), as `evidence_at` collects it."""
        error, confidence, visible = self.linear(evidence).unbind(dim=-1)
        return Trust(error.exp().clamp(max=LARGEST_ERROR), confidence.sigmoid(), visible.sigmoid())

    def linear(self, evidence: Tensor) -> Tensor:
        """Logarithm of the error and logits of both probabilities, (B, K, 3)."""
        return torch.einsum("bkf,kfm->bkm", evidence, self.weight) + self.bias


@contextmanager
def seen_by_head(network: nn.Module) -> Iterator[list[Tensor]]:
    """Collects what the head of a network sees, (B, C, h, w), each time that it is called."""
    seen: list[Tensor] = []
    handle = cast(nn.Module, network.head).register_forward_pre_hook(
        lambda _, inputs: seen.append(inputs[0])
    )
    try:
        yield seen
    finally:
        handle.remove()


def evidence_at(landmarks: Tensor, features: Tensor, output: Tensor, stride: int) -> Tensor:
    """What is known about each landmark, (B, K, C + 2).

    Args:
        landmarks: (B, K, 2) crop pixels, inside the crop or not.
        features: (B, C, h, w) that the head sees.
        output: (B, K, h, w) of the head.
        stride: Crop pixels per heatmap pixel.

    Returns:
        The features at the landmark, the head's output there, and the logarithm of the sum of the
        output's exponentials: their difference is the logarithm of the probability there.
    """
    h, w = output.shape[-2:]
    size = landmarks.new_tensor([w, h])
    grid = (2 * to_heatmap_pixels(landmarks, stride) + 1) / size - 1  # edges at -1 and 1
    seen = _sampled(features, grid[:, :, None])[..., 0].transpose(1, 2)
    b, k = output.shape[:2]
    own = _sampled(output.reshape(b * k, 1, h, w), grid.reshape(b * k, 1, 1, 2)).reshape(b, k, 1)
    total = output.flatten(2).logsumexp(dim=-1, keepdim=True)
    return torch.cat([seen, own, total], dim=-1)


def _sampled(maps: Tensor, grid: Tensor) -> Tensor:
    """Bilinear, with the border's values outside."""
    return F.grid_sample(maps.float(), grid, padding_mode="border", align_corners=False)
