"""A plain training loop like that of published code, for `peers.py` to compare with.

Reimplements the behaviour of HRNet-Facial-Landmark-Detection (Sun et al., 2019; MIT licence,
github.com/HRNet/HRNet-Facial-Landmark-Detection: lib/datasets/face300w.py and lib/core/function.py)
without its code: each sample decodes its image, warps it with NumPy and OpenCV and draws Gaussians
one by one; the loss is the mean squared error, the optimiser Adam, all in float32 and NCHW.

Three things make it faster than the original: one warp by OpenCV instead of padding, rotating and
resizing; one matrix for all landmarks of a face; and no error on training batches, unless `watch`
computes it.
"""

import math
import random
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, RandomSampler

from landmarks.scheme import LandmarkScheme

MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
STRIDE = 4
SIGMA = 1.0  # heatmap pixels

Targets = Callable[[NDArray[np.float64]], NDArray[np.float32]]


class Readable(Protocol):
    """A source of pixels, (H, W, 3) uint8 RGB."""

    def read(self) -> NDArray[np.uint8]:
        """The image."""
        ...


@dataclass(frozen=True)
class LabelledPicture:
    """A picture and the points on it.

    Attributes:
        image: The picture, decoded when it is read.
        landmarks: (K, 2) its pixels.
    """

    image: Readable
    landmarks: NDArray[np.float32]


class PlainFaces(Dataset[tuple[Tensor, Tensor]]):
    """A dataset of one face per sample, each processed on its own.

    Args:
        pictures: The faces.
        size: Pixels of the crop's side.
        targets: Computes the target from landmarks (K, 2) in crop pixels.
        scheme: Gives the mirror order of the landmarks.
    """

    def __init__(
        self,
        pictures: Sequence[LabelledPicture],
        size: int,
        targets: Targets,
        scheme: LandmarkScheme,
    ) -> None:
        self.pictures = pictures
        self.size = size
        self.targets = targets
        self.scheme = scheme

    def __len__(self) -> int:
        """Number of faces."""
        return len(self.pictures)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Image (3, size, size) and target of face `index`, with new random augmentation."""
        face = self.pictures[index]
        image, landmarks = face.image.read().astype(np.float32), face.landmarks.astype(np.float64)
        angle = random.uniform(-30, 30) if random.random() <= 0.6 else 0.0
        side = 1.25 * np.ptp(landmarks, axis=0).max() * random.uniform(0.75, 1.25)
        if random.random() <= 0.5:
            image = np.ascontiguousarray(image[:, ::-1])
            landmarks = landmarks[list(self.scheme.mirror)]
            landmarks[:, 0] = image.shape[1] - 1 - landmarks[:, 0]
        centre = (landmarks.min(axis=0) + landmarks.max(axis=0)) / 2
        matrix = cv2.getRotationMatrix2D((centre[0], centre[1]), angle, self.size / side)
        matrix[:, 2] += (self.size - 1) / 2 - centre
        crop = cv2.warpAffine(image, matrix, (self.size, self.size))
        crop = ((crop / 255 - MEAN) / DEVIATION).transpose(2, 0, 1)
        moved = landmarks @ matrix[:, :2].T + matrix[:, 2]
        return torch.from_numpy(np.ascontiguousarray(crop)), torch.from_numpy(self.targets(moved))


@dataclass(frozen=True)
class DrawnHeatmaps:
    """Draws heatmaps one by one, each a small patch around a rounded position.

    Attributes:
        size: Pixels of the crop's side.
    """

    size: int

    def __call__(self, landmarks: NDArray[np.float64]) -> NDArray[np.float32]:
        """Heatmaps (K, h, w) of landmarks (K, 2) in crop pixels."""
        side = self.size // STRIDE
        maps = np.zeros((len(landmarks), side, side), np.float32)
        reach = round(3 * SIGMA)
        for k, (x, y) in enumerate((landmarks + 0.5) / STRIDE - 0.5):
            column, row = round(x), round(y)
            grid = np.arange(-reach, reach + 1, dtype=np.float32)
            patch = np.exp(-(grid[None] ** 2 + grid[:, None] ** 2) / (2 * SIGMA**2))
            x0, x1 = max(column - reach, 0), min(column + reach + 1, side)
            y0, y1 = max(row - reach, 0), min(row + reach + 1, side)
            if x0 < x1 and y0 < y1:
                left, top = column - reach, row - reach
                maps[k, y0:y1, x0:x1] = patch[y0 - top : y1 - top, x0 - left : x1 - left]
        return maps


def coordinates(landmarks: NDArray[np.float64]) -> NDArray[np.float32]:
    """The landmarks themselves, where heatmaps are drawn for a whole batch."""
    return landmarks.astype(np.float32)


def quarter_pixel_error(output: Tensor, target: Tensor) -> float:
    """Mean distance in heatmap pixels, of peaks moved by a quarter towards the larger neighbour.

    For two stacks of maps (B, K, h, w), point by point, as the original does at every step.
    """
    total = 0.0
    for maps, true_maps in zip(output.detach(), target, strict=True):
        for found, true in zip(maps, true_maps, strict=True):
            (x, y), (u, v) = _peak(found), _peak(true)
            total += math.hypot(x - u, y - v)
    return total / (output.shape[0] * output.shape[1])


def _peak(heatmap: Tensor) -> tuple[float, float]:
    row, column = divmod(int(heatmap.argmax()), heatmap.shape[1])
    x, y = float(column), float(row)
    if 0 < column < heatmap.shape[1] - 1 and 0 < row < heatmap.shape[0] - 1:
        x += 0.25 * float((heatmap[row, column + 1] - heatmap[row, column - 1]).sign())
        y += 0.25 * float((heatmap[row + 1, column] - heatmap[row - 1, column]).sign())
    return x, y


@dataclass(frozen=True, kw_only=True)
class PlainLoop:
    """A training loop without the optimisations of this project, or with some of them.

    Attributes:
        network: Builds the network.
        faces: The training data.
        loss: Called with the network's output and the targets.
        memory_format: Memory format of the network and its input.
        autocast: Context that sets the precision.
        watch: Called with output and target at each step.
    """

    network: Callable[[], nn.Module]
    faces: PlainFaces
    loss: Callable[[Tensor, Tensor], Tensor]
    memory_format: torch.memory_format
    autocast: Callable[[], AbstractContextManager[object]]
    watch: Callable[[Tensor, Tensor], object]

    def per_second(
        self, batch_size: int, workers: int, warmup: int, steps: int, now: Callable[[], float]
    ) -> float:
        """Faces per second over `steps` steps, after `warmup` steps, by the clock `now`."""
        network = self.network().to(memory_format=self.memory_format)
        optimizer = torch.optim.Adam(network.parameters(), lr=1e-4)
        draws = RandomSampler(
            self.faces, replacement=True, num_samples=batch_size * (warmup + steps)
        )
        loader = DataLoader(self.faces, batch_size, sampler=draws, num_workers=workers)
        begin = now()
        for step, (images, target) in enumerate(loader, start=1):
            with self.autocast():
                output = network(images.contiguous(memory_format=self.memory_format))
            loss = self.loss(output, target)
            self.watch(output, target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss.item()  # logged at each step, as published
            if step == warmup:
                begin = now()
        return steps * batch_size / (now() - begin)
