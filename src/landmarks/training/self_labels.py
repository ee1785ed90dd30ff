"""Labels that a trained model gives to photos which nobody labelled.

Each face is predicted in several random views. Their median is its label, and how far they disagree
tells which labels to trust (views as in Radosavovic et al., "Data distillation", 2018).
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from tqdm import tqdm

from landmarks.data.crops import FaceCrops
from landmarks.geometry import inverse, transform, warp
from landmarks.models.architecture import Architecture
from landmarks.models.forward import PREDICTED_AT_ONCE, predict_images, ready
from landmarks.storage.tensor_files import load_tensors, save_tensors
from landmarks.training.device import Machine
from landmarks.training.labelling import SelfLabelling

# Raise it with any change of the labels that the same model gives to the same photos.
SELF_LABELS_VERSION = 1

SELF_LABELS = "labels.safetensors"


@dataclass(frozen=True, eq=False)
class SelfLabels:
    """Labels of stored faces.

    Attributes:
        landmarks: (N, K, 2) canvas pixels.
        spread: (N,) mean over the landmarks of the distance of a view to the label, crop sides.
    """

    landmarks: NDArray[np.float32]
    spread: NDArray[np.float32]

    def kept(self, share: float) -> NDArray[np.intp]:
        """Indices of the `share` of the faces with the smallest spread, in ascending order."""
        count = max(1, round(share * len(self.spread)))
        return np.sort(np.argsort(self.spread, kind="stable")[:count])

    def save(self, directory: Path) -> None:
        """Write `labels.safetensors`."""
        arrays = {"landmarks": self.landmarks, "spread": self.spread}
        save_tensors(directory / SELF_LABELS, {k: torch.from_numpy(v) for k, v in arrays.items()})


def load_labels(path: Path) -> SelfLabels:
    """Read what `SelfLabels.save` wrote."""
    tensors, _ = load_tensors(path)
    return SelfLabels(**{name: tensor.numpy() for name, tensor in tensors.items()})


@torch.inference_mode()
def label(
    network: nn.Module,
    architecture: Architecture,
    crops: FaceCrops,
    labelling: SelfLabelling,
    *,
    seed: int,
    machine: Machine,
) -> SelfLabels:
    """Label all stored faces.

    Args:
        network: Trained.
        architecture: Gives the codec.
        crops: The faces.
        labelling: How.
        seed: Of the views.
        machine: Gives the device.
    """
    device = machine.torch_device
    ready(network, device)
    side = crops.images.shape[1]
    at_once = max(1, PREDICTED_AT_ONCE // labelling.views)
    found = []
    for first in tqdm(range(0, len(crops), at_once), "labelling photos", unit="batch", delay=1):
        views, matrices = [], []
        for i in range(first, min(first + at_once, len(crops))):
            rng = np.random.default_rng([seed, i])
            canvas = np.array(crops.images[i])
            for _ in range(labelling.views):
                matrices.append(labelling.geometry.draw(side, crops.size, rng))
                views.append(warp(canvas, matrices[-1], crops.size))
        predicted = predict_images(network, architecture, np.stack(views), crops.scheme, device)
        found.append(transform(predicted, inverse(np.stack(matrices))))
    points = np.concatenate(found)
    points = points.reshape(len(crops), labelling.views, *points.shape[1:])
    landmarks = np.median(points, axis=1).astype(np.float32)
    apart = np.linalg.norm(points - landmarks[:, None], axis=-1)
    return SelfLabels(landmarks, (apart.mean(axis=(1, 2)) / crops.size).astype(np.float32))
