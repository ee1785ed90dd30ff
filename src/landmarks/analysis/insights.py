"""Insights: the second and third statement of Figure 4, as numbers with intervals.

Datagen, "Facial landmark detection using synthetic data", 2022: mixing and fine-tuning beat real
only at every size (4B); the gap is largest where real faces are fewest (4C). The first is in
`answers.py`.

A strategy that trains on both kinds of faces must beat each kind alone: with few real faces it may
beat real only by what synthetic faces give without any.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from landmarks.analysis.contrasts import MIN_SEEDS, Interval, combined, relative
from landmarks.analysis.study import BASELINE, Cell, Study
from landmarks.analysis.styles import look

LEVEL = 0.95
SYNTHETIC: Cell = ("synthetic_only", 0)
COMBINED = ("finetune", "mixing")  # strategies whose model trains on both kinds of faces
NO_TELLING = "not enough seeds"
NOT_RUN = "not run"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A strategy against either kind of faces alone, at one size.

    Attributes:
        strategy: Name.
        n_real: Real faces that it and real only have.
        lower: How much lower its error is than real only's, a fraction; None with fewer than two
            common seeds.
        lower_than_synthetic: The same against synthetic only, which has no real face.
        with_synthetic: Whether synthetic only was run.
    """

    strategy: str
    n_real: int
    lower: Interval | None
    lower_than_synthetic: Interval | None
    with_synthetic: bool = True

    @property
    def verdict(self) -> str:
        """Against real only, in a word or two."""
        return verdict(self.lower)

    @property
    def synthetic_verdict(self) -> str:
        """Against synthetic only."""
        return verdict(self.lower_than_synthetic) if self.with_synthetic else NOT_RUN

    @property
    def beats_both(self) -> bool:
        """Whether it is clearly better than both kinds of faces, each alone."""
        return self.verdict == self.synthetic_verdict == "better"


def verdict(lower: Interval | None) -> str:
    """What an interval of how much lower an error is says."""
    if lower is None:
        return NO_TELLING
    if lower.low > 0:
        return "better"
    return "worse" if lower.high < 0 else "no clear difference"


def comparisons(study: Study, strategies: Sequence[str]) -> list[Comparison]:
    """Insight 4B: each strategy against real only, size by size, in pairs, and its control."""
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


def summary(found: Sequence[Comparison]) -> str:
    """Insight 4B, a sentence for each strategy."""
    if not found:
        return "No strategy that trains on both kinds of faces was run at a size of real only."
    judged = [one for one in found if one.lower is not None]
    if not judged:
        return f"No size was run with two seeds of both: {NO_TELLING} to compare."
    strategies = dict.fromkeys(one.strategy for one in judged)
    return " ".join(
        _summary(look(name).opening, [one for one in judged if one.strategy == name])
        for name in strategies
    )


def _summary(label: str, own: Sequence[Comparison]) -> str:
    parts = []
    for kind in ("better", "no clear difference", "worse"):
        sizes = [
            f"{one.n_real:,}{'' if kind == 'no clear difference' else f' ({_percent(one.lower)})'}"
            for one in own
            if one.verdict == kind and one.lower is not None
        ]
        if sizes:
            parts.append(f"{kind} at {listed(sizes)}")
    return f"{label} against real only: {'; '.join(parts)}."


def _percent(lower: Interval) -> str:
    """How much lower, or higher, in per cent, e.g. "19.1 % lower [4.0 to 31.8]"."""
    value, low, high = (100 * x for x in (lower.value, lower.low, lower.high))
    if value < 0:
        return f"{-value:.1f} % higher [{-high + 0.0:.1f} to {-low:.1f}]"
    return f"{value:.1f} % lower [{low:.1f} to {high:.1f}]"


def listed(parts: Sequence[str]) -> str:
    """E.g. "10, 25 and 50"."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


@dataclass(frozen=True, kw_only=True)
class Trend:
    """Whether the gap narrows: Insight 4C.

    Attributes:
        strategy: Name.
        few: Smallest size.
        many: Largest size.
        narrowing: Gap at `few` minus gap at `many`, in logarithms of the error; above 0: the gap
            is larger where real faces are few. None with fewer than two common seeds.
        leads: How much lower the error is at `few` and at `many`, fractions, over the same seeds;
            below 0: higher.
    """

    strategy: str
    few: int
    many: int
    narrowing: Interval | None
    leads: tuple[float, float]

    def text(self) -> str:
        """In a sentence."""
        its = look(self.strategy)
        if self.narrowing is None:
            return f"Not enough seeds to say how {its.label}'s lead changes."
        few, many = (_told(lead) for lead in self.leads)
        sure = "no clear change"
        if self.narrowing.low > 0:
            sure = "it clearly does more where they are few"
        if self.narrowing.high < 0:
            sure = "it clearly does more where they are many"
        factor, low, high = np.exp([self.narrowing.value, self.narrowing.low, self.narrowing.high])
        return (
            f"{its.opening} against real only: error {few} at {self.few:,} real faces, {many} "
            f"at {self.many:,}; the ratio of the two errors changes by a factor {factor:.2f} "
            f"[{low:.2f} to {high:.2f}], so {sure} ({self.narrowing.seeds} seeds)."
        )


def _told(lead: float) -> str:
    """How an error that is lower by a fraction compares."""
    by = f"{100 * abs(lead):.1f} %"
    if by == "0.0 %":
        return "the same"
    return f"{by} {'higher' if lead < 0 else 'lower'}"


def trend(study: Study, strategy: str) -> Trend | None:
    """How the gap to real faces alone changes from the smallest to the largest size.

    Of the sizes that both were run at with two seeds or more in common; None if there is only one.
    The difference of the gaps is over the seeds that all four cells share.
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
    alike = study.of_seeds(study.seeds(weights))
    return Trend(
        strategy=strategy,
        few=few,
        many=many,
        narrowing=combined(study, weights, LEVEL),
        leads=(_lead(alike, strategy, few), _lead(alike, strategy, many)),
    )


def _lead(study: Study, strategy: str, n: int) -> float:
    found = relative(study, (strategy, n), (BASELINE, n), LEVEL)
    return np.nan if found is None else found.value
