"""Insights: the three statements of Figure 4, as numbers with intervals.

Datagen, "Facial landmark detection using synthetic data", 2022: fine-tuned with 50 photos is as
good as 250 photos alone (4A); mixing and fine-tuning beat photos alone at every size (4B); the gap
is largest where photos are fewest (4C).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from landmarks.analysis.contrasts import MIN_SEEDS, Interval, combined, relative
from landmarks.analysis.exchange import Exchange, exchange
from landmarks.analysis.looks import look
from landmarks.analysis.study import BASELINE, Study

LEVEL = 0.95
ARTICLE_SIZE = 50  # photos of the article's first insight
COMBINED = ("finetune", "mixing")  # strategies whose model trains on both kinds of faces
NO_TELLING = "not enough seeds"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A strategy against photos alone at one size.

    Attributes:
        strategy: Name.
        n_real: Real faces of both.
        lower: How much lower its error is, a fraction; None with fewer than two common seeds.
    """

    strategy: str
    n_real: int
    lower: Interval | None

    @property
    def verdict(self) -> str:
        """In a word or two."""
        if self.lower is None:
            return NO_TELLING
        if self.lower.low > 0:
            return "better"
        return "worse" if self.lower.high < 0 else "no clear difference"


def exchanges(study: Study) -> list[Exchange]:
    """What every strategy beside the baseline is worth at every size it was run with, none too."""
    return [
        found
        for strategy in study.strategies
        if strategy != BASELINE
        for n in study.sizes(strategy)
        if (found := exchange(study, strategy, n)) is not None
    ]


def headline_exchange(found: Sequence[Exchange]) -> Exchange | None:
    """The one that answers the question: fine-tuning, at the article's size or the nearest."""
    for strategy in COMBINED:
        own = [one for one in found if one.strategy == strategy]
        if own:
            return min(own, key=lambda one: abs(np.log(one.n_real / ARTICLE_SIZE)))
    return None


def answer(one: Exchange | None, *, rendered_test: bool) -> str:
    """Insight 4A in a sentence, which opens the report."""
    if one is None:
        return (
            "No exchange rate: it takes real only at two sizes or more and, with one of its seeds, "
            "a strategy that trains on both kinds of faces."
        )
    photos = "stand-in faces" if rendered_test else "photos"
    what = f"With {one.n_real:,} {photos}, {look(one.strategy).label}"
    if not one.is_known:
        seeds = len(one.design.seeds)
        return (
            f"{what} was compared with {seeds} seed{'s' if seeds != 1 else ''}: not enough seeds "
            "to say how many photos it is worth."
        )
    told = "; ".join(part for part in (one.text(), one.caveat) if part)
    if one.value == np.inf:
        return (
            f"{what} is better than real only with {one.largest:,}, the most that were run "
            f"with the same seeds (N_eff {told})."
        )
    if one.value == 0:
        return (
            f"{what} is worse than real only with {one.smallest:,}, the fewest that were "
            f"run with the same seeds (N_eff {told})."
        )
    caveat = f" ({one.caveat})" if one.caveat else ""
    return f"{what} does what real only needs {one.text()} {photos} for{caveat}."


def comparisons(study: Study, strategies: Sequence[str]) -> list[Comparison]:
    """Insight 4B: each strategy against photos alone, size by size, in pairs."""
    return [
        Comparison(
            strategy=strategy,
            n_real=n,
            lower=relative(study, (strategy, n), (BASELINE, n), LEVEL),
        )
        for strategy in strategies
        for n in study.sizes(strategy)
        if n > 0 and (BASELINE, n) in study.by_cell
    ]


def summary(found: Sequence[Comparison]) -> str:
    """Insight 4B in a sentence."""
    judged = [one for one in found if one.lower is not None]
    if not judged:
        return "No size was run with two seeds of both: not enough seeds to compare."
    counts = {
        verdict: sum(one.verdict == verdict for one in judged)
        for verdict in ("better", "no clear difference", "worse")
    }
    parts = [f"{count} {verdict}" for verdict, count in counts.items() if count]
    names = " and ".join(dict.fromkeys(look(one.strategy).label for one in judged))
    return (
        f"{names[0].upper()}{names[1:]} against real only, in pairs within each seed: "
        f"{', '.join(parts)}, of {len(judged)} comparisons."
    )


@dataclass(frozen=True, kw_only=True)
class Trend:
    """Whether the gap narrows: Insight 4C.

    Attributes:
        strategy: Name.
        few: Smallest size.
        many: Largest size.
        narrowing: Gap at `few` minus gap at `many`, in logarithms of the error; above 0: the gap
            is larger where photos are few. None with fewer than two common seeds.
        leads: How much lower the error is at `few` and at `many`, fractions; below 0: higher.
    """

    strategy: str
    few: int
    many: int
    narrowing: Interval | None
    leads: tuple[float, float]

    def text(self) -> str:
        """In a sentence."""
        label = look(self.strategy).label
        if self.narrowing is None:
            return f"{NO_TELLING[0].upper()}{NO_TELLING[1:]} to say how {label}'s lead changes."
        few, many = (_told(lead) for lead in self.leads)
        sure = "no clear difference"
        if self.narrowing.low > 0:
            sure = "clearly better where they are few"
        if self.narrowing.high < 0:
            sure = "clearly better where they are many"
        return (
            f"{label[0].upper()}{label[1:]}, held against real only: error {few} at {self.few:,} "
            f"real faces, {many} at {self.many:,}: {sure} ({self.narrowing.seeds} seeds)."
        )


def _told(lead: float) -> str:
    """How an error that is lower by a fraction compares."""
    by = f"{100 * abs(lead):.1f} %"
    if by == "0.0 %":
        return "the same"
    return f"{by} {'higher' if lead < 0 else 'lower'}"


def trend(study: Study, strategy: str) -> Trend | None:
    """How the gap to photos alone changes from the smallest to the largest size.

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
    return Trend(
        strategy=strategy,
        few=few,
        many=many,
        narrowing=combined(study, weights, LEVEL),
        leads=(_lead(study, strategy, few), _lead(study, strategy, many)),
    )


def _lead(study: Study, strategy: str, n: int) -> float:
    found = relative(study, (strategy, n), (BASELINE, n), LEVEL)
    return np.nan if found is None else found.value
