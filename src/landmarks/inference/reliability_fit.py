"""Fit `Reliability` on rendered faces that the network was not trained on."""

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm import tqdm

from landmarks.data.dataset import FaceDataset
from landmarks.data.unlabelled import noisy_box
from landmarks.errors import InputError
from landmarks.geometry import CropRule, crop_matrix, transform, warp
from landmarks.inference.reliability import (
    BESIDE,
    TOLERANCE,
    Reliability,
    evidence_at,
    seen_by_head,
)
from landmarks.models.architecture import Architecture
from landmarks.models.forward import to_network

FEWEST = 200  # faces; with fewer, a landmark that is rarely hidden has no example
PENALTY = 1e-3  # of squared weights on evidence with deviation 1
ITERATIONS = 200
BATCH = 64

Evidence = tuple[Tensor, Tensor]


def fit_reliability(
    network: nn.Module,
    architecture: Architecture,
    rule: CropRule,
    faces: FaceDataset,
    hidden: NDArray[np.bool_],
    box_noise: float,
    seed: int = 0,
) -> Reliability:
    """Fit the three functions of every landmark.

    The expected error by maximum likelihood of an exponential distribution, whose mean is right
    whatever the true distribution; both probabilities by logistic regression.

    Args:
        network: Trained; its head's features are used.
        architecture: Its input size and codec.
        rule: Gives the square around a face.
        faces: N rendered faces with labels.
        hidden: (N, K) which landmarks something hides.
        box_noise: Of the boxes, as `noisy_box` takes it: that of the face finder.
        seed: Of the noise.

    Raises:
        InputError: There are too few faces, or the network has no features.
    """
    if len(faces.faces) < FEWEST or hidden.shape[0] != len(faces.faces):
        raise InputError(
            f"reliability is fitted on {len(faces.faces)} faces with {hidden.shape[0]} rows of "
            f"hidden landmarks; both must be one number, at least {FEWEST}"
        )
    evidence, error = judged(network, architecture, rule, faces, box_noise, seed)
    return _fitted(evidence.double(), error.double(), torch.from_numpy(~hidden).double())


def judged(
    network: nn.Module,
    architecture: Architecture,
    rule: CropRule,
    faces: FaceDataset,
    box_noise: float,
    seed: int = 0,
) -> Evidence:
    """Evidence (N, K, C + 2) and error (N, K), a share of the crop's side, of labelled faces.

    The arguments are those of `fit_reliability`.
    """
    collected = [
        _evidence(network, architecture, crops, labels)
        for crops, labels in _crops(faces, rule, architecture.input_size, box_noise, seed)
    ]
    evidence, error = zip(*collected, strict=True)
    return torch.cat(evidence), torch.cat(error)


@torch.inference_mode()
def _evidence(
    network: nn.Module, architecture: Architecture, crops: Tensor, labels: Tensor
) -> Evidence:
    """Evidence (B, K, C + 2) and error (B, K), a share of the crop's side.

    Args:
        network: Trained.
        architecture: Its input size and codec.
        crops: (B, H, W, 3) uint8.
        labels: (B, K, 2) crop pixels.

    Raises:
        InputError: The network has no features.
    """
    if not hasattr(network, "head"):
        raise InputError(
            f"{type(network).__name__} has no features that a head sees; reliability needs a "
            "network with heatmaps, such as UNet"
        )
    with seen_by_head(network.eval()) as seen:
        output = network(to_network(crops))
    landmarks = architecture.codec.decode(output)
    stride = architecture.input_size // output.shape[-1]
    error = (landmarks - labels).norm(dim=-1) / architecture.input_size
    return evidence_at(landmarks, seen[0], output, stride), error


def _crops(
    faces: FaceDataset, rule: CropRule, size: int, noise: float, seed: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches of crops (B, H, W, 3) uint8 and labels (B, K, 2) in their pixels."""
    rng = np.random.default_rng([seed, 0xE1])
    starts = range(0, len(faces.faces), BATCH)
    for start in tqdm(starts, desc="reliability", unit="batch"):
        crops, labels = [], []
        for face in faces.faces[start : start + BATCH]:
            box = noisy_box(face.labelled, noise, rng)
            corners = np.array([box[:2], box[2:]], np.float32)
            matrix = crop_matrix(rule.square(corners, box), size)
            crops.append(warp(face.image.read(), matrix, size))
            labels.append(transform(face.landmarks, matrix))
        yield torch.from_numpy(np.stack(crops)), torch.from_numpy(np.stack(labels))


def _fitted(evidence: Tensor, error: Tensor, seen: Tensor) -> Reliability:
    """By L-BFGS on evidence with mean 0 and deviation 1; scaled back afterwards."""
    mean, deviation = evidence.mean(dim=0), evidence.std(dim=0).clamp_min(1e-6)
    standard = (evidence - mean) / deviation
    model = Reliability(evidence.shape[-1] - BESIDE, evidence.shape[1]).double()
    within = (error <= TOLERANCE).double()
    with torch.no_grad():
        model.bias[:, 0] = error.mean(dim=0).log()
    optimiser = torch.optim.LBFGS(
        model.parameters(), max_iter=ITERATIONS, line_search_fn="strong_wolfe"
    )

    def loss() -> float:
        optimiser.zero_grad()
        log_error, confidence, visible = model.linear(standard).unbind(dim=-1)
        exponential = log_error + error * (-log_error).exp()
        total = (
            exponential.mean()
            + F.binary_cross_entropy_with_logits(confidence, within)
            + F.binary_cross_entropy_with_logits(visible, seen)
            + PENALTY * model.weight.square().sum(dim=1).mean()
        )
        total.backward()  # type: ignore[no-untyped-call]
        return float(total.detach())

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        model.weight.div_(deviation[..., None])
        model.bias.sub_(torch.einsum("kf,kfm->km", mean, model.weight))
    return model.float().eval().requires_grad_(False)
