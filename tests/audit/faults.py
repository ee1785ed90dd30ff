"""Drawn faces with predictions, so that checks of labels are tested without a detector."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from landmarks.audit.material import Material, Predicted
from landmarks.data.dataset import Face, FaceDataset
from landmarks.data.toy import read_toy

Points = NDArray[np.float32]


@lru_cache
def drawn_faces(count: int = 200, seed: int = 3) -> FaceDataset:
    """Faces whose labels are compared with no mean face when some are changed."""
    return replace(read_toy(count=count, domain="stand_in", seed=seed), frame="pixels")


def relabelled(
    faces: FaceDataset, change: Callable[[Points], NDArray[np.floating]], some: slice = slice(None)
) -> FaceDataset:
    """The dataset with other landmarks on some faces."""
    changed: list[Face] = list(faces.faces)
    for i in range(len(changed))[some]:
        landmarks = change(changed[i].landmarks).astype(np.float32)
        changed[i] = replace(changed[i], landmarks=landmarks)
    return replace(faces, faces=tuple(changed))


def predicted(labels: FaceDataset, true: FaceDataset, error: float = 0.02) -> Material:
    """A "real" dataset with `labels`, and predictions near the `true` ones.

    Args:
        labels: What is audited.
        true: Where the landmarks are.
        error: Of a prediction, share of the inter-ocular distance.
    """
    points = true.landmarks
    right, left = (points[:, k] for k in true.scheme.interocular)
    size = np.linalg.norm(left - right, axis=1)[:, None, None]
    noise = np.random.default_rng(0).normal(0, error, points.shape)
    material = Material(sets={"real": labels})
    material._predicted["real"] = Predicted(
        faces=np.arange(len(points)),
        points=(points + size * noise).astype(np.float32),
        labels=labels.landmarks,
        visible=np.ones(points.shape[:2], bool),
        scheme=labels.scheme,
    )
    return material
