"""What a fault costs: the NME with it minus the NME without it, on the same faces.

Faults of test labels and test images are priced exactly, on predictions that exist: the labels are
taken as they are, and with the fault undone. Faults of training labels need a model of what a
network learns from them; see `cost_in_training`. docs/audit-prices.md says which is which.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from landmarks.audit.finding import Price
from landmarks.audit.material import Predicted
from landmarks.metrics import bootstrap

DRAWS = 2000
HEATMAP = 32  # positions along a side of the default network's heatmaps
CROP = 1.25  # side of a crop over the longer side of the labels' box, as configs/crop has it


def mean_difference(
    with_fault: NDArray[np.float64],
    without: NDArray[np.float64],
    groups: NDArray[np.str_] | None = None,
    *,
    how: str,
) -> Price:
    """The mean of paired differences, with an interval by bootstrap.

    Args:
        with_fault: (n,) error of each face.
        without: (n,) error of the same faces; faces with NaN in either do not count.
        groups: (n,) photo of each face, drawn as a whole; None: each is its own.
        how: What the errors were computed from.
    """
    difference = with_fault - without
    known = np.isfinite(difference)
    photos = np.arange(len(difference)).astype(str) if groups is None else groups
    found = bootstrap(difference[known], photos[known], np.asarray)
    return _price(found.value, found.low, found.high, how)


def cost_in_test(base: Predicted, undone: NDArray[np.float32]) -> Price:
    """What a fault of test labels costs: the error against them minus that without the fault.

    Args:
        base: Predictions, with the labels as they are.
        undone: (n, K, 2) the labels with the fault undone, source pixels.
    """
    fixed = replace(base, labels=undone)
    return mean_difference(base.errors, fixed.errors, how="test labels as they are, and corrected")


def cost_in_training(
    base: Predicted,
    undone: NDArray[np.float32],
    moved: NDArray[np.float32],
    share: float = 1.0,
) -> Price:
    """What a fault of training labels costs: a model trained on them predicts what they teach.

    With all labels wrong alike, predictions move as the labels do. With a share of them wrong, and
    nothing in the image that says which, the network learns a distribution with two peaks, of
    which the mean is decoded; see `learned_share`. Half of the training images are mirrored, and
    predictions are the mean of those of a crop and of its mirror image: what moves labels to the
    right moves those of mirrored images to the left, so that it cancels.

    Args:
        base: Predictions of a model without the fault on faces like those of the test.
        undone: (n, K, 2) their labels without the fault, source pixels.
        moved: (n, K, 2) how far the fault moves each label of each face if it has it.
        share: Of the training faces that have the fault.
    """
    box = undone.max(axis=1) - undone.min(axis=1)  # (n, 2)
    pixel = CROP * box.max(axis=1) / HEATMAP  # (n,) source pixels
    distance = np.abs(moved).sum(axis=-1) / pixel[:, None]
    weight = learned_share(distance, share)
    step = weight[..., None] * moved
    reflected = step[:, list(base.scheme.mirror)] * np.array([-1, 1], np.float32)
    taught = (base.points + (step + reflected) / 2).astype(np.float32)
    fixed = replace(base, labels=undone)
    wrong = replace(fixed, points=taught)
    return mean_difference(
        wrong.errors, fixed.errors, how="predictions moved as training on these labels moves them"
    )


def learned_share(distance: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """How far the mean of a learned distribution moves to a second place, from 0 to 1.

    A distribution of two points with the weights 1 - t and t, trained with cross-entropy plus the
    L1 distance of its mean (`CrossEntropySoftArgmax`), where a share s of the labels is at the
    second point: the expected loss is lowest at c t^2 - (1 + c) t + s = 0, with c = (1 - 2 s) times
    the distance. So t is s for points that are close, and s / (1 + distance) for a small share far
    away: the loss nearly ignores rare labels that are far off.

    Args:
        distance: Along x plus along y, heatmap pixels.
        share: s, from 0 to 1.
    """
    c = (1 - 2 * share) * distance
    small = np.abs(c) < 1e-6
    c = np.where(small, 1.0, c)
    root = np.sqrt(np.maximum((1 + c) ** 2 - 4 * c * share, 0))
    return np.asarray(np.where(small, share, ((1 + c) - root) / (2 * c)))


def cost_of_faces(base: Predicted, wrong: Sequence[int], share: float) -> Price | None:
    """What faces cost that should not be in the test set: their share of its error.

    Args:
        base: Predictions.
        wrong: Positions of those faces in the dataset.
        share: Of the dataset that they are; `base` may be a sample.

    Returns:
        None if there is none of them in the sample, or nothing else.
    """
    return cost_of_part(base.errors, np.isin(base.faces, np.asarray(wrong, np.intp)), share)


def cost_of_part(
    errors: NDArray[np.float64], wrong: NDArray[np.bool_], share: float | None = None
) -> Price | None:
    """The mean error minus that without a part of the faces; negative if that part is easier.

    Args:
        errors: (n,) of each face; NaN does not count.
        wrong: (n,) which faces are the part.
        share: Of all faces that the part is, if these are a sample; None: its share of these.

    Returns:
        None if the part is none of them or all.
    """
    known = np.isfinite(errors)
    values, part = errors[known], wrong[known]
    if not part.any() or part.all():
        return None
    share = float(part.mean()) if share is None else share
    rng = np.random.default_rng(0)

    def means(of: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(of[rng.integers(len(of), size=(DRAWS, len(of)))].mean(axis=1))

    drawn = share * (means(values[part]) - means(values[~part]))
    value = share * float(values[part].mean() - values[~part].mean())
    low, high = np.quantile(drawn, [0.025, 0.975])
    return _price(value, float(low), float(high), "errors of these faces against those of the rest")


def cost_of_noise(base: Predicted, landmarks: Sequence[int], sigma: NDArray[np.float64]) -> Price:
    """What noise of test labels costs.

    Noise adds to the squared distance of a landmark from its label, so that without it the root
    mean square of a landmark's distances is smaller; its mean shrinks in proportion.

    Args:
        base: Predictions, with the noisy labels.
        landmarks: Which have noise.
        sigma: (n,) its standard deviation along x and along y on each face, source pixels.
    """
    distances = np.linalg.norm(base.points - base.labels, axis=-1).astype(np.float64)
    unit = base.unit
    relative = distances / unit[:, None]
    where = base.visible[:, list(landmarks)] & np.isfinite(relative[:, list(landmarks)])
    square = np.mean(relative[:, list(landmarks)] ** 2, axis=0, where=where)  # (k,)
    noise = float(np.mean(2 * (sigma / unit) ** 2))
    kept = np.sqrt(np.clip(1 - noise / np.maximum(square, 1e-12), 0, 1))
    without = relative.copy()
    without[:, list(landmarks)] *= kept
    counted = np.where(base.visible, relative - without, 0).sum(axis=1)
    lost = counted / np.maximum(base.visible.sum(axis=1), 1)
    return mean_difference(lost, np.zeros_like(lost), how="distances without the noise's variance")


def _price(value: float, low: float, high: float, how: str) -> Price:
    """A price whose interval contains its value, which a bootstrap's may miss by a hair."""
    return Price(nme=value, low=min(value, low), high=max(value, high), how=how)
