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
from landmarks.analysis.learning_curves import FLOOR, POWER_LAW, Form
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
class MoreLabels:
    """The effect of the next larger number of real faces.

    Attributes:
        n_real: That number.
        error: With it.
        change: That minus the error without it, within each seed; negative is better.
    """

    n_real: int
    error: Interval | None
    change: Interval | None


@dataclass(frozen=True, kw_only=True)
class MoreFaces:
    """The effect of `FACTOR` times as many synthetic faces if a law holds.

    Attributes:
        law: Which.
        residual: Mean residual of its fits over seeds.
        error: With so many faces.
        change: That minus the current error, within each seed; negative is better.
        above_labels: That minus the error with more labels, within each seed; positive where more
            labels are better. None where they were not run.
    """

    law: Form
    residual: float
    error: Interval | None
    change: Interval | None
    above_labels: Interval | None


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """What would lower the error of a strategy; intervals are None with fewer than two seeds.

    Attributes:
        cell: Strategy and number of real faces.
        counts: Numbers of synthetic faces.
        errors: Mean over seeds at each count.
        seeds: Number of seeds; each was run with all counts.
        draws: Synthetic samples that a training draws, repeated ones included.
        faces: The effect of more synthetic faces, by each law.
        disagreement: Error by the first law minus that by the second, within each seed.
        gap: C of Mikami's law.
        labels: The effect of more real faces; None where no larger number was run.
    """

    cell: Cell
    counts: tuple[int, ...]
    errors: tuple[float, ...]
    seeds: int
    draws: int
    faces: tuple[MoreFaces, ...]
    disagreement: Interval | None
    gap: Interval | None
    labels: MoreLabels | None


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
    more_real = min((n for n in last.sizes(strategy) if n > n_real), default=None)
    labelled = None if more_real is None else _errors(last, (strategy, more_real), seeds)
    fits = {law.name: [law.fit(counts, list(own)) for own in errors] for law in LAWS}
    at = np.array([float(FACTOR * counts[-1])])
    predicted = {name: np.concatenate([fit(at) for fit in own]) for name, own in fits.items()}
    return Scaling(
        cell=cell,
        counts=tuple(counts),
        errors=tuple(errors.mean(axis=0).tolist()),
        seeds=len(seeds),
        draws=synthetic_draws(last.by_cell[cell][seeds[0]].result),
        faces=tuple(
            MoreFaces(
                law=law,
                residual=float(np.mean([fit.residual for fit in fits[law.name]])),
                error=over_seeds(predicted[law.name]),
                change=over_seeds(predicted[law.name] - errors[:, -1]),
                above_labels=None
                if labelled is None
                else over_seeds(predicted[law.name] - labelled),
            )
            for law in LAWS
        ),
        disagreement=over_seeds(np.subtract(*predicted.values())),
        gap=over_seeds([fit.parameters[2] for fit in fits[MIKAMI.name]]),
        labels=None
        if more_real is None or labelled is None
        else MoreLabels(
            n_real=more_real,
            error=over_seeds(labelled),
            change=over_seeds(labelled - errors[:, -1]),
        ),
    )


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
    many = FACTOR * found.counts[-1]
    yield (
        f"{style_of(strategy).opening} with {n_real:,} real and {found.counts[-1]:,} synthetic "
        f"faces: NME {100 * found.errors[-1]:.2f} % (seeds: {found.seeds})"
    )
    if found.gap is None:
        yield f"  {TOO_FEW_SEEDS} for predictions; run at least two"
        return
    yield f"  brackets: {100 * LEVEL:.0f} % intervals over seeds, not over test faces"
    for one in found.faces:
        yield (
            f"  {many:,} synthetic faces, by {one.law.name} {one.law.formula} (residual "
            f"{100 * one.residual:.1f} %): {_error(one.error)}, change {_change(one.change)}"
        )
    if found.disagreement is not None and found.disagreement.low * found.disagreement.high > 0:
        yield f"  the laws disagree by {_change(found.disagreement)} points"
    if found.draws < many:
        yield f"  a training draws only {found.draws:,} faces, so that needs more updates too"
    most = -100 * min(found.errors[-1], found.gap.value)
    yield (
        f"  a better renderer: {_error(found.gap)} remain with any number of faces by "
        f"{MIKAMI.name}, change at most {most:+.2f}"
    )
    if found.labels is not None:
        yield (
            f"  {found.labels.n_real:,} real faces: {_error(found.labels.error)}, change "
            f"{_change(found.labels.change)}"
        )
    verdicts = {_verdict(one.above_labels) for one in found.faces if one.above_labels is not None}
    if verdicts:
        yield f"  {'it depends on the law' if len(verdicts) > 1 else verdicts.pop()}"


def _error(one: Interval | None) -> str:
    """E.g. "4.10 [3.98 to 4.22] %"; not below 0."""
    if one is None:
        return TOO_FEW_SEEDS
    value, low, high = (max(0.0, part) for part in (one.value, one.low, one.high))
    return f"{replace(one, value=value, low=low, high=high).text(2)} %"


def _change(one: Interval | None) -> str:
    """Points of NME with their sign, e.g. "-1.02 [-1.14 to -0.90]"."""
    return TOO_FEW_SEEDS if one is None else one.text(2, sign="+")


def _verdict(above_labels: Interval) -> str:
    """Which lowers the error more."""
    if above_labels.low > 0:
        return "more real labels lower the error significantly more than more synthetic faces"
    if above_labels.high < 0:
        return "more synthetic faces lower the error significantly more than more real labels"
    return "no significant difference between more real labels and more synthetic faces"
