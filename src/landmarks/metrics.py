"""Metrics: errors per face, and summaries of a dataset with intervals.

Errors are fractions (0.05 is 5 %); 0 is the best value of an NME and of a failure rate, 1 of an
AUC. Every face counts the same: its error is its own mean over its own normaliser.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from landmarks.scheme import LandmarkScheme
from landmarks.scheme.units import Normaliser, normalisers, unit

BOOTSTRAP_DRAWS = 2000
BLOCK = 100  # draws at a time
THRESHOLDS = (8, 10)  # per cent


def point_errors(
    predicted: NDArray[np.float32], target: NDArray[np.float32], visible: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Distance of each landmark from its target, (N, K) pixels; NaN where it is not visible.

    Args:
        predicted: (N, K, 2) source pixels.
        target: (N, K, 2) source pixels.
        visible: (N, K).
    """
    apart = np.linalg.norm((predicted - target).astype(np.float64), axis=-1)
    return np.where(visible, apart, np.nan)


def nme(
    errors: NDArray[np.float64], normaliser: NDArray[np.float64], landmarks: tuple[int, ...]
) -> NDArray[np.float64]:
    """Normalised mean error of each face, (N,) fractions; NaN if no landmark of it is visible.

    Args:
        errors: (N, K) pixels, from `point_errors`.
        normaliser: (N,) pixels.
        landmarks: Which of the K count.
    """
    part = errors[:, list(landmarks)]
    count = (~np.isnan(part)).sum(axis=1)
    total = np.nansum(part, axis=1)
    with np.errstate(invalid="ignore"):
        return np.where(count > 0, total / np.maximum(count, 1), np.nan) / normaliser


def fails(errors: NDArray[np.float64], threshold: float) -> NDArray[np.float64]:
    """1 for each face with an NME above `threshold`, else 0; the mean is the failure rate."""
    return (errors > threshold).astype(np.float64)


def area(errors: NDArray[np.float64], threshold: float) -> NDArray[np.float64]:
    """Contribution of each face to the AUC; the mean is exactly the AUC.

    The cumulative error curve steps up by 1 / N at each error, so its area on [0, threshold], over
    threshold, is the mean of the part of [0, threshold] above each error.
    """
    return np.clip(1 - errors / threshold, 0, None)


def cumulative_error(errors: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """The cumulative error distribution: sorted errors, and the share of faces up to each."""
    return np.sort(errors), np.arange(1, len(errors) + 1) / len(errors)


@dataclass(frozen=True)
class Estimate:
    """A number and its 95 % interval.

    Attributes:
        value: Of these faces.
        low: 2.5 % quantile of the bootstrap.
        high: 97.5 % quantile.
    """

    value: float
    low: float
    high: float


def bootstrap(
    errors: NDArray[np.float64],
    groups: NDArray[np.str_],
    statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    seed: int = 0,
) -> Estimate:
    """Mean of a per-face statistic with an interval over photos (Efron, 1979).

    Whole photos are drawn, because the faces of one are not independent. The interval says what
    other test photos would change, not what other training seeds would.

    Args:
        errors: (N,) NME.
        groups: (N,) photo of each face.
        statistic: (N,) errors to (N,) numbers whose mean is reported.
        seed: Of the draws.
    """
    values = statistic(errors)
    photos, photo = np.unique(groups, return_inverse=True)
    totals = np.bincount(photo, values, len(photos))
    counts = np.bincount(photo, minlength=len(photos))
    rng = np.random.default_rng(seed)
    even = np.full(len(photos), 1 / len(photos))
    means = []
    for _ in range(0, BOOTSTRAP_DRAWS, BLOCK):  # all at once take gigabytes for many photos
        drawn = rng.multinomial(len(photos), even, size=BLOCK)
        means.append((drawn @ totals) / (drawn @ counts))
    low, high = np.quantile(means, [0.025, 0.975])
    return Estimate(float(values.mean()), float(low), float(high))


@dataclass(frozen=True, kw_only=True)
class Summary:
    """All metrics of one set of faces.

    Attributes:
        faces: Number of faces.
        photos: Number of groups they come from.
        nme: By normaliser, over all landmarks; normalisers that no face has are left out.
        regions: By region, by the scheme's normaliser; regions that no face shows are left out.
        failure_rate: By threshold in per cent, by the scheme's normaliser.
        auc: By threshold in per cent, by the scheme's normaliser.
    """

    faces: int
    photos: int
    nme: dict[str, Estimate]
    regions: dict[str, Estimate]
    failure_rate: dict[str, Estimate]
    auc: dict[str, Estimate]


def summarise(
    predicted: NDArray[np.float32],
    target: NDArray[np.float32],
    visible: NDArray[np.bool_],
    groups: NDArray[np.str_],
    scheme: LandmarkScheme,
    by: Mapping[str, Normaliser] | None = None,
) -> Summary:
    """All metrics of a set of faces.

    Args:
        predicted: (N, K, 2) source pixels.
        target: (N, K, 2) source pixels.
        visible: (N, K); faces without a visible landmark in a region do not count there.
        groups: (N,) photo of each face.
        scheme: Names regions and the normaliser of most metrics.
        by: Normalisers of the NME over all landmarks; None: those that the scheme has.
    """
    errors = point_errors(predicted, target, visible)
    every = tuple(range(scheme.num_landmarks))

    def estimate(
        values: NDArray[np.float64],
        statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]] = np.asarray,
    ) -> Estimate:
        known = ~np.isnan(values)
        return bootstrap(values[known], groups[known], statistic)

    own = unit(target, visible, scheme)
    face = nme(errors, own, every)
    by_unit = {
        name: nme(errors, normaliser(target, visible, scheme), every)
        for name, normaliser in (normalisers(scheme) if by is None else by).items()
    }
    by_region = {name: nme(errors, own, part) for name, part in scheme.regions.items()}
    return Summary(
        faces=len(target),
        photos=len(np.unique(groups)),
        nme={name: estimate(v) for name, v in by_unit.items() if not np.isnan(v).all()},
        regions={name: estimate(v) for name, v in by_region.items() if not np.isnan(v).all()},
        failure_rate={
            f"{percent}": estimate(face, partial(fails, threshold=percent / 100))
            for percent in THRESHOLDS
        },
        auc={
            f"{percent}": estimate(face, partial(area, threshold=percent / 100))
            for percent in THRESHOLDS
        },
    )
