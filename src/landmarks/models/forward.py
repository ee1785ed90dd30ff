"""What a trained network says about crops, always computed in full float32.

A landmark is the mean of two predictions, of a crop and of its mirror image.
"""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from landmarks.data.crops import FaceCrops
from landmarks.errors import InputError
from landmarks.geometry import mirrored
from landmarks.heatmap import Codec
from landmarks.models.architecture import Architecture
from landmarks.models.device import full_float32
from landmarks.scheme import LandmarkScheme

PREDICTED_AT_ONCE = 64  # faces


def ready(network: nn.Module, device: torch.device) -> nn.Module:
    """A network put where and how it predicts."""
    network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network.eval()


def to_network(images: Tensor) -> Tensor:
    """Images as network input.

    Args:
        images: (B, H, W, 3) uint8 RGB.

    Returns:
        (B, 3, H, W) float32 in [0, 1], channels last in memory.
    """
    return images.permute(0, 3, 1, 2).float().div_(255)


@torch.inference_mode()
def predict(
    network: nn.Module,
    architecture: Architecture,
    crops: FaceCrops,
    indices: NDArray[np.intp],
    *,
    device: torch.device,
) -> NDArray[np.float32]:
    """Landmarks of stored faces.

    Args:
        network: Trained.
        architecture: Gives the codec.
        crops: The faces.
        indices: (n,) which of them.
        device: Where to compute. Half-precision peaks cost accuracy, so there is no such choice.

    Returns:
        (n, K, 2) crop pixels.
    """
    ready(network, device)
    found = [
        predict_images(network, architecture, crops.crops(part), crops.scheme, device)
        for part in np.array_split(indices, max(1, math.ceil(len(indices) / PREDICTED_AT_ONCE)))
    ]
    return np.concatenate(found)


def predict_images(
    network: nn.Module,
    architecture: Architecture,
    images: NDArray[np.uint8],
    scheme: LandmarkScheme,
    device: torch.device,
) -> NDArray[np.float32]:
    """Landmarks, (B, K, 2) crop pixels, of crops (B, H, W, 3) uint8.

    Raises:
        InputError: The network's output is not finite.
    """
    both = outputs(network, images, device)
    return decoded(both, architecture.codec, images.shape[2], scheme)


def outputs(
    network: nn.Module, images: NDArray[np.uint8], device: torch.device
) -> tuple[Tensor, Tensor]:
    """What a network that is `ready` says about crops, and about their mirror images.

    Args:
        network: Trained.
        images: (B, H, W, 3) uint8 crops.
        device: Where the network is.

    Returns:
        Two outputs, as the codec decodes them; the second one in the mirrored frame.

    Raises:
        InputError: The network's output is not finite.
    """
    batch = torch.from_numpy(images).to(device)
    with full_float32():
        upright, reflected = (network(to_network(x)) for x in (batch, batch.flip(2)))
    # Decoding can turn NaN into plausible positions.
    if not all(bool(torch.isfinite(output).all()) for output in (upright, reflected)):
        raise InputError("the network's output is not finite; train it at a lower learning rate")
    return upright, reflected


def decoded(
    both: tuple[Tensor, Tensor], codec: Codec, width: int, scheme: LandmarkScheme
) -> NDArray[np.float32]:
    """Landmarks, (B, K, 2) crop pixels, from `outputs` of crops of `width` pixels."""
    upright, reflected = (codec.decode(output).cpu().numpy() for output in both)
    return np.asarray((upright + mirrored(reflected, width, scheme)) / 2, np.float32)
