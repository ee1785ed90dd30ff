"""Scaling: error over the number of synthetic faces, and what would lower it.

Mikami et al., "A Scaling Law for Synthetic-to-Real Transfer", 2021: at a fixed number of real
faces the error is D n^-a + C. C, the transfer gap, is what no number of synthetic faces takes away:
it decides between rendering more and changing the renderer. Whether there is a C cannot be seen at
the counts that were run, so rendering more is also told by a law without one.

Each seed is fitted by itself, and intervals are Student's over the seeds: 90 % intervals of a law
that holds, with a C above 0, held the truth in 82 to 94 % of simulated studies of 2 to 10 seeds.
Those of a law that does not hold may miss it always. Without any C, Mikami's law held it in 11 to
95 %, the less the more seeds, for a fitted C is not below 0. An interval is no better than its law.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student

from landmarks.analysis.budget import synthetic_draws
from landmarks.analysis.contrasts import MIN_SEEDS, Interval
from landmarks.analysis.laws import LAWS, MIKAMI, Fit, Law
from landmarks.analysis.study import SYNTHETIC_SET, Cell, Study, apart
from landmarks.errors import InputError

LEVEL = 0.9
MIN_COUNTS = 4  # one more than Mikami's law has parameters
MORE = 10  # times as many synthetic faces: what "render more" is judged at


@dataclass(frozen=True, kw_only=True)
class LabelMore:
    """What the next larger number of real faces gave.

    Attributes:
        n_real: That number.
        error: With it.
        change: That minus the error without it, within each seed; below 0: better.
    """

    n_real: int
    error: Interval | None
    change: Interval | None


@dataclass(frozen=True, kw_only=True)
class RenderMore:
    """What `MORE` times as many synthetic faces would give if a law held.

    Attributes:
        law: Which.
        residual: Of its fits, mean over seeds.
        error: With so many.
        change: That minus the error now, within each seed; below 0: better.
        above_labels: That minus the error with more labels, within each seed; above 0: more labels
            are better. None where they were not run either.
    """

    law: Law
    residual: float
    error: Interval | None
    change: Interval | None
    above_labels: Interval | None


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """What would lower the error of a strategy; every interval is None with fewer than two seeds.

    Attributes:
        cell: Strategy and number of real faces.
        counts: Numbers of synthetic faces.
        errors: Mean over seeds at each.
        seeds: How many; each was run with every one of `counts`.
        draws: Synthetic faces that a training sees, each as often as it is drawn.
        render: By each law.
        apart: Error by the first law minus that by the second, within each seed.
        gap: C of Mikami's law.
        label: None where no larger number of real faces was run.
    """

    cell: Cell
    counts: tuple[int, ...]
    errors: tuple[float, ...]
    seeds: int
    draws: int
    render: tuple[RenderMore, ...]
    apart: Interval | None
    gap: Interval | None
    label: LabelMore | None


def scaling(studies: Mapping[int, Study]) -> tuple[Scaling, ...]:
    """What would lower the error of each strategy at each number of real faces.

    Args:
        studies: By number of synthetic faces.

    Raises:
        InputError: There are too few numbers of synthetic faces to fit a law, or the studies
            differ in something else.
    """
    _check_alike(studies)
    counts = sorted(studies)
    if len(counts) < MIN_COUNTS:
        raise InputError(
            f"found {len(counts)} numbers of synthetic faces ({', '.join(map(str, counts))}); the "
            f"law has three parameters, so give at least {MIN_COUNTS}"
        )
    return tuple(
        _scaling(studies, counts, cell)
        for cell in studies[counts[0]].by_cell
        if _draws_synthetic(studies[counts[0]], cell)
        and all(cell in studies[count].by_cell for count in counts)
    )


def _draws_synthetic(study: Study, cell: Cell) -> bool:
    return any("synthetic" in run.result.data for run in study.by_cell[cell].values())


def _check_alike(studies: Mapping[int, Study]) -> None:
    """Refuse studies that differ in more than the number of their synthetic faces."""
    for count, study in studies.items():
        for run in study.runs:
            found = run.result.data.get("synthetic", {"faces": count})["faces"]
            if found != count:
                raise InputError(
                    f"{run.directory} was trained on {found:,} synthetic faces, not on {count:,}, "
                    "as its folder says"
                )
    what = apart(list(studies.values())) - {SYNTHETIC_SET}
    if what:
        raise InputError(
            f"the studies differ in their {', '.join(sorted(what))}; they may differ in the number "
            "of synthetic faces alone"
        )


def _scaling(studies: Mapping[int, Study], counts: Sequence[int], cell: Cell) -> Scaling:
    seeds = sorted(set.intersection(*(set(studies[count].by_cell[cell]) for count in counts)))
    if not seeds:
        raise InputError(
            f"{cell[0]} with n_real {cell[1]}: no seed was run with every number of synthetic faces"
        )
    errors = np.array([[studies[count].by_cell[cell][s].nme for count in counts] for s in seeds])
    last = studies[counts[-1]]
    more_real = min((n for n in last.sizes(cell[0]) if n > cell[1]), default=None)
    labelled = None if more_real is None else _labelled(last, (cell[0], more_real), seeds)
    fits = {law: [law.fit(counts, list(one)) for one in errors] for law in LAWS}
    first, second = (_predicted(fits[law], counts) for law in LAWS)
    return Scaling(
        cell=cell,
        counts=tuple(counts),
        errors=tuple(errors.mean(axis=0).tolist()),
        seeds=len(seeds),
        draws=synthetic_draws(last.by_cell[cell][seeds[0]].result),
        render=tuple(_render(law, fits[law], counts, errors, labelled) for law in LAWS),
        apart=over_seeds(first - second),
        gap=over_seeds([fit.gap for fit in fits[MIKAMI]]),
        label=None
        if more_real is None or labelled is None
        else LabelMore(
            n_real=more_real,
            error=over_seeds(labelled),
            change=over_seeds(labelled - errors[:, -1]),
        ),
    )


def _render(
    law: Law,
    fits: Sequence[Fit],
    counts: Sequence[int],
    errors: NDArray[np.float64],
    labelled: NDArray[np.float64] | None,
) -> RenderMore:
    predicted = _predicted(fits, counts)
    return RenderMore(
        law=law,
        residual=float(np.mean([fit.residual for fit in fits])),
        error=over_seeds(predicted),
        change=over_seeds(predicted - errors[:, -1]),
        above_labels=None if labelled is None else over_seeds(predicted - labelled),
    )


def _predicted(fits: Sequence[Fit], counts: Sequence[int]) -> NDArray[np.float64]:
    """(K,) error with `MORE` times the largest count, of each seed's own fit."""
    return np.array([fit(MORE * counts[-1]) for fit in fits])


def _labelled(study: Study, cell: Cell, seeds: Sequence[int]) -> NDArray[np.float64]:
    """(K,) error of a cell with each seed; NaN with those that it was not run with."""
    runs = study.by_cell[cell]
    return np.array([runs[seed].nme if seed in runs else np.nan for seed in seeds])


def over_seeds(values: ArrayLike) -> Interval | None:
    """Mean of (K,) values with Student's interval; NaN does not count."""
    known = np.asarray(values, float)
    known = known[~np.isnan(known)]
    K = len(known)
    if K < MIN_SEEDS:
        return None
    half = float(student.ppf((1 + LEVEL) / 2, K - 1) * known.std(ddof=1) / np.sqrt(K))
    value = float(known.mean())
    return Interval(value=value, low=value - half, high=value + half, level=LEVEL, seeds=K)
