"""The curves of Figure 4: error over the number of real faces, and cumulative error curves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landmarks.analysis.comparisons import LEVEL
from landmarks.analysis.contrasts import Interval, mean_error
from landmarks.analysis.study import SYNTHETIC, Cell, Study

CUMULATIVE_POINTS = 200
BAND = f"{100 * LEVEL:.0f} % interval over seeds and test photos"


@dataclass(frozen=True, kw_only=True)
class CurvePoint:
    """A strategy at one size, in one region.

    Attributes:
        n_real: Real faces.
        labels: Different real faces whose labels were used; the most of any seed.
        mean: Geometric mean over seeds, with its interval.
        runs: Error of each seed.
    """

    n_real: int
    labels: int
    mean: Interval
    runs: dict[int, float]


Curves = dict[str, tuple[CurvePoint, ...]]  # by strategy


def error_curves(study: Study, region: str) -> Curves:
    """The curve of each strategy in one region."""
    return {
        strategy: tuple(curve_point(study, (strategy, n), region) for n in study.sizes(strategy))
        for strategy in study.strategies
    }


def curve_point(study: Study, cell: Cell, region: str) -> CurvePoint:
    """A cell as a point of its curve."""
    runs = study.by_cell[cell]
    return CurvePoint(
        n_real=cell[1],
        labels=max(int(run.result.ledger["total"]) for run in runs.values()),
        mean=mean_error(study, cell, LEVEL, region),
        runs={seed: float(np.nanmean(run.errors[region])) for seed, run in runs.items()},
    )


def cumulative_errors(study: Study, n: int) -> dict[str, NDArray[np.float64]]:
    """Errors at evenly spaced shares of the test faces of all seeds, for each strategy at size `n`.

    `synthetic_only` is included at its only size, 0.
    """
    shares = np.linspace(0, 1, CUMULATIVE_POINTS + 1)
    cells: Sequence[Cell] = [cell for cell in study.by_cell if cell[1] == n or cell == SYNTHETIC]
    return {
        strategy: np.nanquantile(
            np.concatenate([run.errors["all"] for run in study.by_cell[strategy, size].values()]),
            shares,
        )
        for strategy, size in cells
    }


def marker_notes(points: Iterable[CurvePoint], *, dots: bool = True) -> str:
    """Sentences that explain the markers of some points; empty where there is nothing to explain.

    Args:
        points: As drawn.
        dots: Whether seeds are drawn as dots beside means of several.
    """
    points = list(points)
    sentences = []
    if dots and any(len(point.runs) > 1 for point in points):
        sentences.append("Dots: one seed each.")
    if any(point.mean.seeds < 2 for point in points):
        sentences.append("Open markers: one seed, interval over photos only.")
    return " ".join(sentences)
