"""NetworkFinder: a small network that finds faces, trained on rendered faces alone."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landmarks.errors import InputError
from landmarks.inference.finders.finder import SAME_FACE, FoundBox, distinct, overlaps, reduced
from landmarks.models.box_maps import decode
from landmarks.models.forward import to_network
from landmarks.models.unet import UNet

MULTIPLE = 32  # pixels: the network halves a picture five times
AT_ONCE = 8  # pictures of one size that the network sees together
CANDIDATE = 0.25  # lowest score in a copy


@dataclass(frozen=True, kw_only=True, eq=False)
class NetworkFinder:
    """Finds faces of any pose that are at least about 14 pixels high in the largest copy searched.

    The network knows faces of some sizes. It searches smaller and smaller copies of a photo, so
    that every face has such a size in one of them, and most faces in two.

    Attributes:
        network: Of `landmarks.models.box_maps.box_network`, trained.
        longest: Longer side of the copies that are searched, pixels, the largest first.
        sides: Smallest and largest side of a face that is believed, pixels of a copy. In the
            largest copy smaller ones are believed, too, and in the smallest one larger ones.
        threshold: Lowest score of a face, all copies taken together.
        scale: Factor on the sides of the network's boxes.
        shift: How far boxes are moved right and down, in their longer sides.
    """

    network: UNet
    longest: tuple[int, ...] = (640, 320, 226, 160, 113, 80)
    sides: tuple[float, float] = (13.0, 64.0)
    threshold: float = 0.7
    scale: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        """Refuse settings that find nothing, and make the network ready."""
        numbers = (*self.longest, *self.sides, self.threshold, self.scale, *self.shift)
        known = all(isinstance(v, int | float) and math.isfinite(v) for v in numbers)
        lengths = len(self.sides), len(self.shift)
        if not known or not self.longest or lengths != (2, 2) or min(self.longest) < MULTIPLE:
            raise InputError(
                f"the finder's settings are {numbers!r}; they must be finite numbers, and copies "
                f"of photos at least {MULTIPLE} pixels"
            )
        if not 0 < self.threshold < 1 or not 0.5 < self.scale < 2:
            raise InputError(
                f"the finder's threshold is {self.threshold!r} and its scale {self.scale!r}; they "
                "must be between 0 and 1, and between 0.5 and 2"
            )
        self.network.eval().to(memory_format=torch.channels_last)

    def find(self, images: Sequence[NDArray[np.uint8]]) -> list[tuple[FoundBox, ...]]:
        """The faces of each photo, the surest first."""
        copies = [self._copies(image) for image in images]
        seen = iter(self._search([copy.image for of_one in copies for copy in of_one]))
        parts = ([copy.believed(*next(seen)) for copy in of_one] for of_one in copies)
        return [
            tuple(face for face in _joined(of_one) if face.score >= self.threshold)
            for of_one in parts
        ]

    def _copies(self, image: NDArray[np.uint8]) -> list["_Copy"]:
        """A photo in the sizes in which it is searched; none larger than it is."""
        first, *others = self.longest
        lengths = [first, *(length for length in others if length < max(image.shape[:2]))]
        return [
            _Copy(
                *reduced(image, length),
                least=self.sides[0] if length != lengths[0] else 0.0,
                most=self.sides[1] if length != lengths[-1] else math.inf,
            )
            for length in lengths
        ]

    def _search(self, images: Sequence[NDArray[np.uint8]]) -> list[tuple[Tensor, Tensor]]:
        """Boxes in pixels of the copies, and scores."""
        of_one_size = defaultdict(list)
        for i, image in enumerate(images):
            of_one_size[_padded_size(image)].append(i)
        found: dict[int, tuple[Tensor, Tensor]] = {}
        for size, members in of_one_size.items():
            for first in range(0, len(members), AT_ONCE):
                chosen = members[first : first + AT_ONCE]
                batch = np.stack([_padded(images[i], size) for i in chosen])
                boxes, scores, number = self._boxes(torch.from_numpy(batch))
                for j, i in enumerate(chosen):
                    found[i] = boxes[number == j], scores[number == j]
        return [found[i] for i in range(len(images))]

    @torch.inference_mode()
    def _boxes(self, batch: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        device = next(self.network.parameters()).device
        maps = self.network(to_network(batch.to(device)))
        boxes, scores, number = (t.cpu() for t in decode(maps, min(CANDIDATE, self.threshold)))
        size = boxes[:, 2:] - boxes[:, :2]
        side = size.amax(dim=1, keepdim=True)
        middle = (boxes[:, :2] + boxes[:, 2:]) / 2 + side * torch.tensor(self.shift)
        half = self.scale * size / 2
        return torch.cat([middle - half, middle + half], dim=1), scores, number


@dataclass(frozen=True, eq=False)
class _Copy:
    """A photo reduced in size.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        factor: Pixels of the photo that are one of its.
        least: Side of the smallest face that is believed, its pixels.
        most: Side of the largest one.
    """

    image: NDArray[np.uint8]
    factor: float
    least: float
    most: float

    def believed(self, boxes: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
        """The boxes (n, 4) of this copy that are believed, in pixels of the photo, and scores."""
        side = (boxes[:, 2:] - boxes[:, :2]).amax(dim=1)
        kept = (side >= self.least) & (side <= self.most)
        return self.factor * (boxes[kept] + 0.5) - 0.5, scores[kept]


def _joined(parts: Sequence[tuple[Tensor, Tensor]]) -> list[FoundBox]:
    """Each face once, the surest first, from boxes and scores in each of a photo's copies.

    A face of most sizes is seen in two copies, a false alarm mostly in one: if the copies were
    independent, and a score the probability of a face, the product of the scores' complements
    would be the probability that there is none. The box is the mean, weighted by score.
    """
    boxes, scores = (torch.cat(column) for column in zip(*parts, strict=True))
    copies = np.repeat(np.arange(len(parts)), [len(part) for _, part in parts])
    order = scores.argsort(descending=True, stable=True).numpy()
    boxes, scores, copies = boxes.numpy()[order], scores.numpy()[order], copies[order]
    rows = [(x0, y0, x1, y1) for x0, y0, x1, y1 in boxes.tolist()]
    same = overlaps(rows, rows) >= SAME_FACE
    found = []
    for i in distinct(rows):
        # The first of each copy is its best: rows are sorted.
        _, best = np.unique(copies[same[i]], return_index=True)
        members = np.flatnonzero(same[i])[best]
        x0, y0, x1, y1 = np.average(boxes[members], axis=0, weights=scores[members]).tolist()
        found.append(FoundBox((x0, y0, x1, y1), float(1 - np.prod(1 - scores[members]))))
    return sorted(found, key=lambda face: -face.score)


def _padded_size(image: NDArray[np.uint8]) -> tuple[int, int]:
    height, width = (-(-side // MULTIPLE) * MULTIPLE for side in image.shape[:2])
    return height, width


def _padded(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    below, beside = size[0] - image.shape[0], size[1] - image.shape[1]
    padded = cv2.copyMakeBorder(image, 0, below, 0, beside, cv2.BORDER_CONSTANT, value=(115,) * 3)
    return np.asarray(padded, np.uint8)
