"""Contrasts: differences between strategies with intervals over seeds and test photos.

Two things would come out differently another time: the training (another subset, other weights,
other batches: the seed) and the test (other photos). Runs of one seed share their subset, and all
runs share the test photos, so both are compared in pairs: within a seed, and photo by photo.

Seeds are few, and resampling three of them would claim far too much. Their part is therefore
Student's: the values of a contrast, one for each seed, are taken as normal. Photos are many; their
part is the variance that a paired bootstrap over photos tends to, computed directly (the
infinitesimal jackknife: Efron, "The Jackknife, the Bootstrap and Other Resampling Plans", 1982,
chapter 6). The two are added, with the degrees of freedom of Satterthwaite ("An approximate
distribution of estimates of variance components", 1946).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from landmarks.analysis.study import Cell, Study

# One seed says nothing of other seeds.
MIN_SEEDS = 2


@dataclass(frozen=True, eq=False)
class LogErrors:
    """Mean errors of runs on a logarithmic scale, where a ratio is a difference.

    Attributes:
        values: (K, M) natural logarithm of the mean error, for K seeds and M cells.
        influence: (K, M, P) what each photo adds to it; its square sums to the variance over
            photos.
    """

    values: NDArray[np.float64]
    influence: NDArray[np.float64]


def log_errors(
    study: Study, cells: Sequence[Cell], seeds: Sequence[int], region: str = "all"
) -> LogErrors:
    """The errors of `cells`, each run with every one of `seeds`."""
    values = np.empty((len(seeds), len(cells)))
    influence = np.empty((len(seeds), len(cells), int(study.photos.max()) + 1))
    for m, cell in enumerate(cells):
        for k, seed in enumerate(seeds):
            errors = study.by_cell[cell][seed].errors[region]
            values[k, m] = np.log(np.nanmean(errors))
            influence[k, m] = photo_influence(errors, study.photos)
    return LogErrors(values, influence)


def photo_influence(errors: NDArray[np.float64], photos: NDArray[np.intp]) -> NDArray[np.float64]:
    """(P,) what each photo adds to the logarithm of the mean error.

    Args:
        errors: (F,) of each face; NaN does not count.
        photos: (F,) photo of each face, from 0 to P - 1.

    Returns:
        Scaled so that its sum of squares is the variance of the logarithm over photos.
    """
    known = ~np.isnan(errors)
    count = int(photos.max()) + 1
    totals = np.bincount(photos[known], errors[known], count)
    faces = np.bincount(photos[known], minlength=count)
    mean = totals.sum() / faces.sum()
    scale = np.sqrt(count / max(1, count - 1))
    return np.asarray(scale * (totals - faces * mean) / totals.sum())


@dataclass(frozen=True, eq=False, kw_only=True)
class Contrast:
    """Some linear combinations of log errors, with what is needed to judge each.

    Attributes:
        value: (C,) mean over seeds.
        seed_variance: (C,) of one seed.
        photo_variance: (C,) of the test photos at hand.
        seeds: How many seeds there are, or will be: more of them make the interval narrower.
        photos: How many photos there are.
    """

    value: NDArray[np.float64]
    seed_variance: NDArray[np.float64]
    photo_variance: NDArray[np.float64]
    seeds: int
    photos: int

    @property
    def error(self) -> NDArray[np.float64]:
        """(C,) standard error over seeds and photos together."""
        return np.sqrt(self.seed_variance / self.seeds + self.photo_variance)

    @property
    def dof(self) -> NDArray[np.float64]:
        """(C,) degrees of freedom of the standard error."""
        parts = (self.seed_variance / self.seeds) ** 2 / (self.seeds - 1)
        parts += self.photo_variance**2 / max(1, self.photos - 1)
        total = self.error**4
        return np.divide(total, parts, out=np.full_like(total, self.seeds - 1), where=parts > 0)

    def half_width(self, level: float) -> NDArray[np.float64]:
        """(C,) half the interval that holds the truth with probability `level`."""
        return np.asarray(student.ppf((1 + level) / 2, self.dof) * self.error)


def contrast(errors: LogErrors, weights: NDArray[np.float64]) -> Contrast:
    """Judge combinations of log errors.

    Args:
        errors: Of M cells and at least two seeds.
        weights: (C, M) of each combination.
    """
    per_seed = errors.values @ weights.T  # (K, C)
    K = len(per_seed)
    effects = [weights @ influence for influence in errors.influence]  # K of (C, P)
    mean = sum(effects) / K
    # What photos do differently in each seed is in the variance over seeds already.
    again = sum(((effect - mean) ** 2).sum(axis=1) for effect in effects) / (K * (K - 1))
    return Contrast(
        value=per_seed.mean(axis=0),
        seed_variance=per_seed.var(axis=0, ddof=1),
        photo_variance=np.clip((mean**2).sum(axis=1) - again, 0, None),
        seeds=K,
        photos=mean.shape[1],
    )


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A number with its interval.

    Attributes:
        value: Best guess.
        low: Lower end.
        high: Upper end.
        level: Probability that it holds the truth.
        seeds: How many it rests on.
    """

    value: float
    low: float
    high: float
    level: float
    seeds: int


def combined(
    study: Study, weights: Mapping[Cell, float], level: float, region: str = "all"
) -> Interval | None:
    """One combination of log errors, over the seeds that all its cells share.

    Returns:
        None with fewer than two such seeds.
    """
    cells = tuple(weights)
    seeds = study.seeds(cells)
    if len(seeds) < MIN_SEEDS:
        return None
    errors = log_errors(study, cells, seeds, region)
    found = contrast(errors, np.array([list(weights.values())]))
    value, half = float(found.value[0]), float(found.half_width(level)[0])
    return Interval(
        value=value, low=value - half, high=value + half, level=level, seeds=found.seeds
    )


def relative(study: Study, a: Cell, b: Cell, level: float, region: str = "all") -> Interval | None:
    """How much lower the error of `a` is than that of `b`, a fraction of the latter.

    Above 0: `a` is better. None with fewer than two common seeds.
    """
    found = combined(study, {a: 1.0, b: -1.0}, level, region)
    if found is None:
        return None
    value, low, high = (float(-np.expm1(x)) for x in (found.value, found.high, found.low))
    return Interval(value=value, low=low, high=high, level=level, seeds=found.seeds)


def mean_error(study: Study, cell: Cell, level: float, region: str = "all") -> Interval:
    """Mean error of a cell with an interval over seeds and photos; of photos alone with one seed.

    The mean over seeds is geometric, as in every contrast.
    """
    seeds = study.seeds([cell])
    errors = log_errors(study, [cell], seeds, region)
    if len(seeds) < MIN_SEEDS:
        value = float(errors.values[0, 0])
        photos = errors.influence.shape[-1]
        spread = np.sqrt((errors.influence[0, 0] ** 2).sum())
        half = float(student.ppf((1 + level) / 2, max(1, photos - 1)) * spread)
    else:
        found = contrast(errors, np.ones((1, 1)))
        value, half = float(found.value[0]), float(found.half_width(level)[0])
    return Interval(
        value=float(np.exp(value)),
        low=float(np.exp(value - half)),
        high=float(np.exp(value + half)),
        level=level,
        seeds=len(seeds),
    )
