"""Scaling: error over the number of synthetic faces, and what would lower it.

Mikami et al., "A Scaling Law for Synthetic-to-Real Transfer", 2021: at a fixed number of real
faces the error is D n^-a + C. C, the transfer gap, is what no number of synthetic faces takes away:
it decides between rendering more and changing the renderer.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.stats import t as student

from landmarks.analysis.budget import synthetic_draws
from landmarks.analysis.contrasts import MIN_SEEDS, Interval
from landmarks.analysis.looks import look
from landmarks.analysis.study import BASELINE, Cell, Study
from landmarks.errors import InputError

LEVEL = 0.9
MIN_COUNTS = 4  # one more than the law has parameters
MORE = 10  # times as many synthetic faces: what "render more" is judged at


@dataclass(frozen=True, kw_only=True)
class Law:
    """D n^-a + C, fitted to the errors of one seed or of their mean.

    Attributes:
        scale: D.
        exponent: a.
        gap: C, a fraction as errors are.
        residual: Root mean square of the relative errors it leaves.
    """

    scale: float
    exponent: float
    gap: float
    residual: float

    def __call__(self, count: float) -> float:
        """Error at a number of synthetic faces."""
        return float(self.scale * count**-self.exponent + self.gap)


def fit_law(counts: Sequence[int], errors: Sequence[float]) -> Law:
    """Least squares of the logarithm of the error; a from 0.05 to 2, C from 0."""
    n, e = np.array(counts, float), np.array(errors)

    def residuals(p: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.log(p[0] * n ** -p[1] + p[2]) - np.log(e))

    start = [max(e[0] - 0.8 * e[-1], 1e-4) * n[0] ** 0.5, 0.5, 0.8 * e[-1]]
    found = least_squares(
        residuals, start, bounds=([1e-9, 0.05, 0], [np.inf, 2, np.inf]), x_scale=np.abs(start)
    )
    scale, exponent, gap = (float(p) for p in found.x)
    residual = float(np.sqrt(np.mean(found.fun**2)))
    return Law(scale=scale, exponent=exponent, gap=gap, residual=residual)


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """What more synthetic faces would give a strategy.

    Attributes:
        cell: Strategy and number of real faces.
        counts: Numbers of synthetic faces.
        errors: Geometric mean of the error over seeds at each.
        seeds: How many; each was run with every one of `counts`.
        draws: Synthetic faces that a training sees, each as often as it is drawn.
        law: Fitted to these.
        gap: C with its interval over seeds; None with fewer than two.
        relabelled: Error with the last of `counts` and the next larger number of real faces, which
            is `more_real`, over the same seeds; None where that was not run.
        more_real: See there.
    """

    cell: Cell
    counts: tuple[int, ...]
    errors: tuple[float, ...]
    seeds: int
    draws: int
    law: Law
    gap: Interval | None
    relabelled: float | None
    more_real: int | None

    def text(self) -> str:
        """Render more, change the renderer, or label more: in sentences with numbers."""
        strategy, n_real = self.cell
        now, most = self.errors[-1], self.counts[-1]
        seeds = f"{self.seeds} seed{'s' if self.seeds != 1 else ''}"
        lines = [
            f"{look(strategy).label} with {n_real:,} photos and {most:,} synthetic faces, {seeds}: "
            f"{100 * now:.2f} %.",
            self._render_more(),
            self._change_the_renderer(),
        ]
        if self.relabelled is not None:
            lines.append(
                f"Label more: {self.more_real:,} photos instead of {n_real:,} gave "
                f"{100 * self.relabelled:.2f} %."
            )
        return " ".join([*lines, self._compared()])

    def _render_more(self) -> str:
        many = MORE * self.counts[-1]
        told = (
            f"Render more: {many:,} faces would give {100 * self.law(many):.2f} % by the fitted "
            f"law (D n^-{self.law.exponent:.2f} + C, residual {100 * self.law.residual:.1f} %)."
        )
        if self.draws >= many:
            return told
        return (
            f"{told} But a training of this length draws {self.draws:,}: it would not see them "
            "all, so that takes more updates too."
        )

    def _change_the_renderer(self) -> str:
        if self.gap is None:
            return "Change the renderer: not enough seeds to say what no count takes away."
        low, high = max(0.0, self.gap.low), self.gap.high
        return (
            f"Change the renderer: {100 * self.gap.value:.2f} % [{100 * low:.2f} to "
            f"{100 * high:.2f}] remain however many are rendered ({100 * self.gap.level:.0f} % "
            "interval over seeds alone, not over test photos)."
        )

    def _compared(self) -> str:
        """The three side by side, in one sentence."""
        now = self.errors[-1]
        change = {"render more": self.law(MORE * self.counts[-1]) - now}
        if self.relabelled is not None:
            change["label more"] = self.relabelled - now
        parts = [f"{name} {100 * by:+.2f}" for name, by in change.items()]
        if self.gap is not None:
            parts.append(
                f"change the renderer {-100 * min(now, self.gap.value):+.2f} at the very most, for "
                "not all that remains is the renderer's"
            )
        best = min(change, key=lambda name: change[name])
        first = f"; of the first two, {best} takes away more" if len(change) > 1 else ""
        return f"In points of NME: {', '.join(parts)}{first}."


def scaling(studies: Mapping[int, Study]) -> tuple[Scaling, ...]:
    """The law of each strategy and number of real faces.

    Args:
        studies: By number of synthetic faces.

    Raises:
        InputError: There are too few numbers of synthetic faces to fit the law.
    """
    counts = sorted(studies)
    if len(counts) < MIN_COUNTS:
        raise InputError(
            f"found {len(counts)} numbers of synthetic faces ({', '.join(map(str, counts))}); the "
            f"law has three parameters, so give at least {MIN_COUNTS}"
        )
    cells = [
        cell
        for cell in studies[counts[0]].by_cell
        if cell[0] != BASELINE and all(cell in studies[count].by_cell for count in counts)
    ]
    return tuple(_scaling(studies, counts, cell, cells) for cell in cells)


def _scaling(
    studies: Mapping[int, Study], counts: Sequence[int], cell: Cell, cells: Sequence[Cell]
) -> Scaling:
    seeds = set.intersection(*(set(studies[count].by_cell[cell]) for count in counts))
    if not seeds:
        raise InputError(
            f"{cell[0]} with n_real {cell[1]}: no seed was run with every number of synthetic faces"
        )
    errors = np.array(
        [[studies[count].by_cell[cell][seed].nme for count in counts] for seed in sorted(seeds)]
    )
    mean = _geometric(errors)
    larger = [n for strategy, n in cells if strategy == cell[0] and n > cell[1]]
    more_real = min(larger, default=None)
    last = studies[counts[-1]]
    return Scaling(
        cell=cell,
        counts=tuple(counts),
        errors=tuple(mean.tolist()),
        seeds=len(seeds),
        draws=synthetic_draws(next(iter(last.by_cell[cell].values())).result),
        law=fit_law(counts, mean.tolist()),
        gap=_gap(counts, errors),
        more_real=more_real,
        relabelled=None if more_real is None else _error(last, (cell[0], more_real), seeds),
    )


def _gap(counts: Sequence[int], errors: NDArray[np.float64]) -> Interval | None:
    """C with Student's interval over seeds, each fitted by itself."""
    K = len(errors)
    if K < MIN_SEEDS:
        return None
    gaps = np.array([fit_law(counts, list(one)).gap for one in errors])
    half = float(student.ppf((1 + LEVEL) / 2, K - 1) * gaps.std(ddof=1) / np.sqrt(K))
    value = float(gaps.mean())
    return Interval(value=value, low=value - half, high=value + half, level=LEVEL, seeds=K)


def _error(study: Study, cell: Cell, seeds: Collection[int]) -> float | None:
    """Error of a cell over some seeds; None unless it was run with all of them."""
    runs = study.by_cell[cell]
    if not runs.keys() >= set(seeds):
        return None
    return float(_geometric(np.array([runs[seed].nme for seed in seeds])))


def _geometric(errors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Geometric mean over seeds, the first axis."""
    return np.asarray(np.exp(np.log(errors).mean(axis=0)))
