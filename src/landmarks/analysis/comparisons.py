"""Each strategy against real faces alone and synthetic faces alone, as numbers with intervals.

These are the second and third statement of Datagen, "Facial landmark detection using synthetic
data", 2022: mixing and fine-tuning beat real only at every size (Figure 4B), and the gap is largest
where real faces are few (Figure 4C).

A strategy that trains on both kinds of faces must beat each kind alone. With few real faces it may
beat `real_only` just because synthetic faces alone would.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from landmarks.analysis.contrasts import MIN_SEEDS, Interval, combined, relative
from landmarks.analysis.study import BASELINE, SYNTHETIC, Study

LEVEL = 0.95
TOO_FEW_SEEDS = "not enough seeds"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A strategy against each kind of faces alone, at one size.

    Attributes:
        strategy: Name.
        n_real: Real faces of the strategy and of `real_only`.
        lower: How much lower its error is than that of `real_only`, a fraction; None with fewer
            than two shared seeds.
        lower_than_synthetic: The same against `synthetic_only`, which uses no real faces.
        with_synthetic: Whether `synthetic_only` was run.
    """

    strategy: str
    n_real: int
    lower: Interval | None
    lower_than_synthetic: Interval | None
    with_synthetic: bool = True

    @property
    def verdict(self) -> str:
        """Against `real_only`, e.g. "better"."""
        return verdict(self.lower)

    @property
    def synthetic_verdict(self) -> str:
        """Against `synthetic_only`."""
        return verdict(self.lower_than_synthetic) if self.with_synthetic else "not run"

    @property
    def beats_both(self) -> bool:
        """Whether it is significantly better than each kind of faces alone."""
        return self.verdict == self.synthetic_verdict == "better"


def verdict(lower: Interval | None) -> str:
    """Interpret an interval of how much lower an error is."""
    if lower is None:
        return TOO_FEW_SEEDS
    if lower.low > 0:
        return "better"
    return "worse" if lower.high < 0 else "no clear difference"


def comparisons(study: Study, strategies: Sequence[str]) -> list[Comparison]:
    """Compare each strategy with `real_only` at every size that both were run with."""
    return [
        Comparison(
            strategy=strategy,
            n_real=n,
            lower=relative(study, (strategy, n), (BASELINE, n), LEVEL),
            lower_than_synthetic=relative(study, (strategy, n), SYNTHETIC, LEVEL),
            with_synthetic=SYNTHETIC in study.by_cell,
        )
        for strategy in strategies
        for n in study.sizes(strategy)
        if n > 0 and (BASELINE, n) in study.by_cell
    ]


@dataclass(frozen=True, kw_only=True)
class Trend:
    """How the gap between a strategy and `real_only` changes with the number of real faces.

    Attributes:
        strategy: Name.
        few: Smallest size.
        many: Largest size.
        narrowing: Gap at `few` minus gap at `many`, in logarithms of the error; positive where the
            gap is larger with few real faces. None with fewer than two shared seeds.
        leads: How much lower the error is at `few` and at `many`, fractions, over the same seeds;
            negative where it is higher.
    """

    strategy: str
    few: int
    many: int
    narrowing: Interval | None
    leads: tuple[float, float]


def trend(study: Study, strategy: str) -> Trend | None:
    """How the gap to `real_only` changes from the smallest to the largest size.

    Only sizes that both were run at with at least two seeds in common are used; None if there are
    fewer than two. The difference of the gaps is taken over the seeds that all four cells share.
    """
    sizes = [
        n
        for n in study.sizes(strategy)
        if len(study.seeds([(strategy, n), (BASELINE, n)])) >= MIN_SEEDS
    ]
    if len(sizes) < 2:
        return None
    few, many = sizes[0], sizes[-1]
    weights = {
        (BASELINE, few): 1.0,
        (strategy, few): -1.0,
        (BASELINE, many): -1.0,
        (strategy, many): 1.0,
    }
    shared = study.with_seeds(study.seeds(weights))
    return Trend(
        strategy=strategy,
        few=few,
        many=many,
        narrowing=combined(study, weights, LEVEL),
        leads=(_lead(shared, strategy, few), _lead(shared, strategy, many)),
    )


def _lead(study: Study, strategy: str, n: int) -> float:
    found = relative(study, (strategy, n), (BASELINE, n), LEVEL)
    return np.nan if found is None else found.value
