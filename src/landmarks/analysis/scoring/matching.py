"""Which prediction is of which labelled face: by the names of images, then by distance."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from landmarks.analysis.scoring.prediction_files import Predicted
from landmarks.data.dataset import FaceDataset
from landmarks.errors import InputError

_NUMBER = re.compile(r"#\d+$")  # of several faces of an image, in an id


@dataclass(frozen=True, eq=False)
class Matched:
    """Predictions in the order of the labelled faces.

    Attributes:
        points: (N, K, 2) pixels; NaN where a face has no prediction.
        surplus: Images of predictions that are of no labelled face.
    """

    points: NDArray[np.float64]
    surplus: tuple[str, ...]

    @property
    def found(self) -> NDArray[np.bool_]:
        """(N,) which faces have a prediction."""
        return np.asarray(~np.isnan(self.points).any(axis=(1, 2)))


def match(predicted: Sequence[Predicted], truth: FaceDataset) -> Matched:
    """Match by the path of the image as far as both have one, at least by its name.

    Where an image shows several faces, pairs are made so that the sum of distances is least.

    Raises:
        InputError: A prediction could be of two images, or none is of a labelled face.
    """
    images: dict[str, list[int]] = defaultdict(list)
    for i, face in enumerate(truth.faces):
        images[_NUMBER.sub("", face.id)].append(i)
    by_stem: dict[str, list[str]] = defaultdict(list)
    for name in images:
        by_stem[name.rpartition("/")[2]].append(name)
    own: dict[str, list[Predicted]] = defaultdict(list)
    surplus = []
    for one in predicted:
        nearest = _nearest(one.image, by_stem.get(one.image.rpartition("/")[2], []))
        if nearest is None:
            surplus.append(one.image)
        else:
            own[nearest].append(one)
    points = np.full(truth.landmarks.shape, np.nan)
    for name, faces in own.items():
        known = images[name]
        targets = truth.landmarks[known]
        found = np.stack([one.points for one in faces])
        distances = np.linalg.norm(found[:, None] - targets, axis=-1).mean(axis=-1)
        rows, columns = linear_sum_assignment(distances)
        points[np.array(known)[columns]] = found[rows]
        surplus += [faces[i].image for i in set(range(len(faces))) - set(rows.tolist())]
    if not own:
        raise InputError(
            f"no prediction is of a labelled face: predictions are of {predicted[0].image!r} and "
            f"others, labels of {next(iter(images))!r} and others; image names must agree"
        )
    return Matched(points, tuple(surplus))


def _nearest(image: str, candidates: Sequence[str]) -> str | None:
    """The candidate that shares the most of the end of the path; None without candidates."""
    if not candidates:
        return None
    shared = [_shared(image, name) for name in candidates]
    best = max(shared)
    nearest = [name for name, n in zip(candidates, shared, strict=True) if n == best]
    if len(nearest) > 1:
        raise InputError(
            f"the prediction for {image!r} could be of {nearest[0]!r} or {nearest[1]!r}; give "
            "images with their folders"
        )
    return nearest[0]


def _shared(one: str, other: str) -> int:
    """Number of last parts of two paths that are equal."""
    count = 0
    for a, b in zip(reversed(one.split("/")), reversed(other.split("/")), strict=False):
        if a != b:
            break
        count += 1
    return count
