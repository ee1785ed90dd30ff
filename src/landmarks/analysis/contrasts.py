"""Paired differences between strategies, with confidence intervals over seeds and test photos.

Two sources of variation matter: training (subset, initial weights and batches, all set by the seed)
and the test set (its photos). Runs with the same seed share their subset, and all runs share the
test photos, so differences are taken within each seed and photo by photo.

There are only a few seeds, and bootstrapping three of them would give intervals that are far too
narrow. The seed part therefore uses Student's t: the values of a contrast, one per seed, are
assumed to be normal. There are many photos; the photo part is the limit of a paired bootstrap over
photos, computed directly with the infinitesimal jackknife (Efron, "The Jackknife, the Bootstrap and
Other Resampling Plans", 1982, chapter 6). The two variances are added, with Satterthwaite's degrees
of freedom ("An approximate distribution of estimates of variance components", 1946).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from landmarks.analysis.study import Cell, Study

MIN_SEEDS = 2  # one seed has no variance over seeds


@dataclass(frozen=True, eq=False)
class LogErrors:
    """Mean errors of runs on a logarithmic scale, where a ratio is a difference.

    Attributes:
        values: (K, M) natural logarithm of the mean error, for K seeds and M cells.
        influence: (K, M, P) influence of each photo on it; the squares sum to the variance over
            photos.
    """

    values: NDArray[np.float64]
    influence: NDArray[np.float64]


def log_errors(
    study: Study, cells: Sequence[Cell], seeds: Sequence[int], region: str = "all"
) -> LogErrors:
    """Log errors of `cells`, all of which were run with all of `seeds`."""
    values = np.empty((len(seeds), len(cells)))
    influence = np.empty((len(seeds), len(cells), int(study.photos.max()) + 1))
    for m, cell in enumerate(cells):
        for k, seed in enumerate(seeds):
            errors = study.by_cell[cell][seed].errors[region]
            values[k, m] = np.log(np.nanmean(errors))
            influence[k, m] = photo_influence(errors, study.photos)
    return LogErrors(values, influence)


def photo_influence(errors: NDArray[np.float64], photos: NDArray[np.intp]) -> NDArray[np.float64]:
    """(P,) influence of each photo on the logarithm of the mean error.

    Args:
        errors: (F,) error of each face; NaN is ignored.
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
    """Linear combinations of log errors, each with its variance.

    Attributes:
        value: (C,) mean over seeds.
        seed_variance: (C,) variance of a single seed.
        photo_variance: (C,) variance over the test photos.
        seeds: Number of seeds, now or planned; more seeds narrow the interval.
        photos: Number of test photos.
    """

    value: NDArray[np.float64]
    seed_variance: NDArray[np.float64]
    photo_variance: NDArray[np.float64]
    seeds: int
    photos: int

    @property
    def error(self) -> NDArray[np.float64]:
        """(C,) standard error over seeds and photos."""
        return np.sqrt(self.seed_variance / self.seeds + self.photo_variance)

    @property
    def dof(self) -> NDArray[np.float64]:
        """(C,) Satterthwaite's degrees of freedom of the standard error."""
        parts = (self.seed_variance / self.seeds) ** 2 / (self.seeds - 1)
        parts += self.photo_variance**2 / max(1, self.photos - 1)
        total = self.error**4
        return np.divide(total, parts, out=np.full_like(total, self.seeds - 1), where=parts > 0)

    def half_width(self, level: float) -> NDArray[np.float64]:
        """(C,) half the width of the confidence interval at `level`."""
        return np.asarray(student.ppf((1 + level) / 2, self.dof) * self.error)


def contrast(errors: LogErrors, weights: NDArray[np.float64]) -> Contrast:
    """Evaluate linear combinations of log errors.

    Args:
        errors: Of M cells and at least two seeds.
        weights: (C, M) weights of each combination.
    """
    per_seed = errors.values @ weights.T  # (K, C)
    K = len(per_seed)
    effects = [weights @ influence for influence in errors.influence]  # K of (C, P)
    mean = sum(effects) / K
    # Photo effects that differ between seeds are already in the variance over seeds.
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
    """An estimate with its confidence interval.

    Attributes:
        value: Estimate.
        low: Lower end.
        high: Upper end.
        level: Confidence level, a fraction.
        seeds: Number of seeds behind it.
    """

    value: float
    low: float
    high: float
    level: float
    seeds: int

    @property
    def percent(self) -> tuple[float, float, float]:
        """Value, lower and upper end in per cent."""
        return 100 * self.value, 100 * self.low, 100 * self.high

    def text(self, digits: int, sign: str = "") -> str:
        """In per cent, e.g. "4.10 [3.98 to 4.22]".

        Args:
            digits: After the decimal point.
            sign: "+" to write the sign of positive numbers too.
        """
        value, low, high = (
            f"{round(part, digits) + 0.0:{sign}.{digits}f}"  # + 0.0: no minus before a zero
            for part in self.percent
        )
        return f"{value} [{low} to {high}]"


def combined(
    study: Study, weights: Mapping[Cell, float], level: float, region: str = "all"
) -> Interval | None:
    """One linear combination of log errors, over the seeds that all its cells share.

    Returns:
        None with fewer than two shared seeds.
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
    """How much lower the error of `a` is than that of `b`, as a fraction of the latter.

    Positive where `a` is better. None with fewer than two shared seeds.
    """
    found = combined(study, {a: 1.0, b: -1.0}, level, region)
    if found is None:
        return None
    value, low, high = (float(-np.expm1(x)) for x in (found.value, found.high, found.low))
    return Interval(value=value, low=low, high=high, level=level, seeds=found.seeds)


def mean_error(study: Study, cell: Cell, level: float, region: str = "all") -> Interval:
    """Mean error of a cell with its interval over seeds and photos; over photos only with one seed.

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
