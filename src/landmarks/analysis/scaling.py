"""Error over the number of synthetic faces, and what would lower it further.

Mikami et al., "A Scaling Law for Synthetic-to-Real Transfer", 2021: with a fixed number of real
faces, the error is D n^-a + C. C, the transfer gap, remains however many synthetic faces are
rendered: it decides between rendering more and changing the renderer. Whether there is a gap cannot
be seen at the counts that were run, so predictions are made with a plain power law too.

Each seed is fitted separately, and intervals are Student's over the seeds. In simulated studies of
2 to 10 seeds, 90 % intervals of a law that holds, with C above 0, covered the truth in 82 to 94 %.
With C = 0, Mikami's law covered it in 11 to 95 %, less often with more seeds, because the fitted C
cannot be negative. Intervals of a law that does not hold may never cover it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student

from landmarks.analysis.comparisons import TOO_FEW_SEEDS
from landmarks.analysis.contrasts import MIN_SEEDS, Interval
from landmarks.analysis.cost import synthetic_draws
from landmarks.analysis.learning_curves import FLOOR, POWER_LAW
from landmarks.analysis.study import SYNTHETIC_SET, Cell, Study, differing_settings
from landmarks.analysis.styles import style_of
from landmarks.errors import InputError

LEVEL = 0.9
MIN_COUNTS = 4  # one more than Mikami's law has parameters
FACTOR = 10  # how many times more synthetic faces a prediction is for

MIKAMI = replace(
    FLOOR,
    name="Mikami's law",
    formula="D n^-a + C",
    start=lambda n, e: np.array([max(e[0] - 0.8 * e[-1], 1e-4) * n[0] ** 0.5, 0.5, 0.8 * e[-1]]),
    lower=(1e-9, 0.05, 0),
    upper=(np.inf, 2, np.inf),
)
LAWS = (MIKAMI, replace(POWER_LAW, name="a power law", formula="D n^-a", lower=(0, -np.inf)))


@dataclass(frozen=True, kw_only=True)
class Way:
    """A way to lower the error; intervals are None with fewer than two seeds.

    Attributes:
        name: For people.
        error: With it.
        change: That minus the current error, within each seed; negative is better.
    """

    name: str
    error: Interval | None
    change: Interval | None


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """What would lower the error of a strategy; intervals are None with fewer than two seeds.

    Attributes:
        cell: Strategy and number of real faces.
        counts: Numbers of synthetic faces.
        errors: Mean over seeds at each count.
        seeds: Number of seeds; each was run with all counts.
        draws: Synthetic samples that a training draws, repeated ones included.
        faces: `FACTOR` times as many synthetic faces, by each of `LAWS`.
        labels: The next larger number of real faces; None where it was not run.
        above_labels: Error of each of `faces` minus that of `labels`, within each seed.
        disagreement: Error by the first law minus that by the second, within each seed.
        gap: C of Mikami's law.
    """

    cell: Cell
    counts: tuple[int, ...]
    errors: tuple[float, ...]
    seeds: int
    draws: int
    faces: tuple[Way, ...]
    labels: Way | None
    above_labels: tuple[Interval | None, ...]
    disagreement: Interval | None
    gap: Interval | None


def scaling(studies: Mapping[int, Study]) -> tuple[Scaling, ...]:
    """What would lower the error of each strategy at each number of real faces.

    Args:
        studies: By number of synthetic faces.

    Raises:
        InputError: There are too few numbers of synthetic faces to fit a law, or the studies
            differ in another setting.
    """
    _check_settings(studies)
    counts = sorted(studies)
    if len(counts) < MIN_COUNTS:
        raise InputError(
            f"found {len(counts)} numbers of synthetic faces ({', '.join(map(str, counts))}); the "
            f"law has three parameters, so give at least {MIN_COUNTS}"
        )
    return tuple(
        _scaling(studies, counts, cell)
        for cell, runs in studies[counts[0]].by_cell.items()
        if any("synthetic" in run.result.data for run in runs.values())
        and all(cell in studies[count].by_cell for count in counts)
    )


def _check_settings(studies: Mapping[int, Study]) -> None:
    """Refuse studies that differ in more than the number of synthetic faces."""
    for count, study in studies.items():
        for run in study.runs:
            found = run.result.data.get("synthetic", {"faces": count})["faces"]
            if found != count:
                raise InputError(
                    f"{run.directory} was trained on {found:,} synthetic faces, but its folder "
                    f"says {count:,}; move it to the folder of its own count"
                )
    differing = differing_settings(list(studies.values())) - {SYNTHETIC_SET}
    if differing:
        raise InputError(
            f"the studies differ in their {', '.join(sorted(differing))}; they may differ only in "
            "the number of synthetic faces"
        )


def _scaling(studies: Mapping[int, Study], counts: Sequence[int], cell: Cell) -> Scaling:
    strategy, n_real = cell
    seeds = sorted(set.intersection(*(set(studies[count].by_cell[cell]) for count in counts)))
    if not seeds:
        raise InputError(
            f"{strategy} with n_real {n_real}: no seed was run with every number of synthetic faces"
        )
    errors = np.array([[studies[count].by_cell[cell][s].nme for count in counts] for s in seeds])
    last = studies[counts[-1]]
    many = FACTOR * counts[-1]
    faces, predicted, gaps = [], [], []
    for law in LAWS:
        fits = [law.fit(counts, list(own)) for own in errors]
        predicted.append(np.array([float(fit(np.array(float(many)))) for fit in fits]))
        residual = 100 * np.mean([fit.residual for fit in fits])
        name = f"{many:,} synthetic faces by {law.name} {law.formula} (residual {residual:.1f} %)"
        faces.append(_way(name, predicted[-1], errors[:, -1]))
        gaps.append([fit.parameters[-1] for fit in fits])
    labels: Way | None = None
    above: tuple[Interval | None, ...] = ()
    more_real = min((n for n in last.sizes(strategy) if n > n_real), default=None)
    if more_real is not None:
        labelled = _errors(last, (strategy, more_real), seeds)
        labels = _way(f"{more_real:,} real faces", labelled, errors[:, -1])
        above = tuple(over_seeds(one - labelled) for one in predicted)
    return Scaling(
        cell=cell,
        counts=tuple(counts),
        errors=tuple(errors.mean(axis=0).tolist()),
        seeds=len(seeds),
        draws=synthetic_draws(last.by_cell[cell][seeds[0]].result),
        faces=tuple(faces),
        labels=labels,
        above_labels=above,
        disagreement=over_seeds(predicted[0] - predicted[1]),
        gap=over_seeds(gaps[0]),
    )


def _way(name: str, errors: NDArray[np.float64], now: NDArray[np.float64]) -> Way:
    return Way(name=name, error=over_seeds(errors), change=over_seeds(errors - now))


def _errors(study: Study, cell: Cell, seeds: Sequence[int]) -> NDArray[np.float64]:
    """(K,) error of a cell with each seed; NaN for seeds it was not run with."""
    runs = study.by_cell[cell]
    return np.array([runs[seed].nme if seed in runs else np.nan for seed in seeds])


def over_seeds(values: ArrayLike) -> Interval | None:
    """Mean of (K,) values with Student's interval; NaN is ignored."""
    known = np.asarray(values, float)
    known = known[~np.isnan(known)]
    K = len(known)
    if K < MIN_SEEDS:
        return None
    half = float(student.ppf((1 + LEVEL) / 2, K - 1) * known.std(ddof=1) / np.sqrt(K))
    value = float(known.mean())
    return Interval(value=value, low=value - half, high=value + half, level=LEVEL, seeds=K)


def describe(found: Scaling) -> Iterator[str]:
    """Lines for people: the current error, then what each way to lower it is expected to give."""
    strategy, n_real = found.cell
    yield (
        f"{style_of(strategy).opening} with {n_real:,} real and {found.counts[-1]:,} synthetic "
        f"faces: NME {100 * found.errors[-1]:.2f} % (seeds: {found.seeds})"
    )
    if found.gap is None:
        yield f"  {TOO_FEW_SEEDS} for predictions; run at least two"
        return
    yield f"  brackets: {100 * LEVEL:.0f} % intervals over seeds, not over test faces"
    yield from map(_line, found.faces)
    if found.disagreement is not None and found.disagreement.low * found.disagreement.high > 0:
        yield f"  the laws disagree by {_points(found.disagreement)} points"
    if found.draws < FACTOR * found.counts[-1]:
        yield f"  a training draws only {found.draws:,} faces, so that needs more updates too"
    most = -100 * min(found.errors[-1], found.gap.value)
    yield (
        f"  a better renderer: change of at most {most:+.2f}, because {_percent(found.gap)} remain "
        f"with any number of faces by {MIKAMI.name}"
    )
    if found.labels is not None:
        yield _line(found.labels)
    verdicts = {_verdict(one) for one in found.above_labels if one is not None}
    if verdicts:
        yield f"  {'it depends on the law' if len(verdicts) > 1 else verdicts.pop()}"


def _line(one: Way) -> str:
    return f"  {one.name}: {_percent(one.error)}, change {_points(one.change)}"


def _percent(one: Interval | None) -> str:
    """E.g. "4.10 [3.98 to 4.22] %"; not below 0."""
    if one is None:
        return TOO_FEW_SEEDS
    value, low, high = (max(0.0, part) for part in (one.value, one.low, one.high))
    return f"{replace(one, value=value, low=low, high=high).text(2)} %"


def _points(one: Interval | None) -> str:
    """Points of NME with their sign, e.g. "-1.02 [-1.14 to -0.90]"."""
    return TOO_FEW_SEEDS if one is None else one.text(2, sign="+")


def _verdict(above_labels: Interval) -> str:
    """Which lowers the error more."""
    if above_labels.low > 0:
        return "more real labels lower the error significantly more than more synthetic faces"
    if above_labels.high < 0:
        return "more synthetic faces lower the error significantly more than more real labels"
    return "no significant difference between more real labels and more synthetic faces"
