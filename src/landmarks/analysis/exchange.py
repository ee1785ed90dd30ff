"""The exchange rate: how many real faces alone do what a strategy does with fewer.

N_eff of a strategy at n_real is the n' at which training on real faces alone has the same error
(effective data: Hernandez et al., "Scaling Laws for Transfer", 2021). The curve of real only is
known at a few sizes; between them log error is interpolated over log n' through the four nearest
ones, which is linear in the errors. So for every candidate n' the difference of the two log errors
is a contrast, and the interval holds every n' at which that contrast is not clearly off zero
(inverting a test, as Fieller, "Some problems in interval estimation", 1954, does for ratios). It
needs no slope, and it is open where the sweep's sizes do not reach: N_eff is never extrapolated.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from landmarks.analysis.contrasts import Contrast, contrast, log_errors
from landmarks.analysis.design import Design, common_design
from landmarks.analysis.study import BASELINE, Cell, Study

LEVEL = 0.9
CANDIDATES = 60  # between two sizes of the sweep
NEIGHBOURS = 4  # sizes that a cubic goes through


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """What a strategy's n_real is worth in real faces alone.

    Attributes:
        strategy: Name.
        n_real: Real faces that the strategy has.
        value: N_eff; 0 below the smallest size of the baseline, infinity above the largest.
        low: Lower end; 0 if it is below the smallest size.
        high: Upper end; infinity if it is above the largest size.
        design: The seeds that the interval rests on, and the sizes of the baseline.
        level: Probability that the interval holds the truth.
    """

    strategy: str
    n_real: int
    value: float
    low: float
    high: float
    design: Design
    level: float = LEVEL

    @property
    def smallest(self) -> int:
        """Least n_real of the baseline."""
        return self.design.sizes[0]

    @property
    def largest(self) -> int:
        """Greatest n_real of the baseline."""
        return self.design.sizes[-1]

    @property
    def is_known(self) -> bool:
        """Whether the seeds say anything: the interval is not all that the sweep covers."""
        return self.design.has_seeds and (self.low > 0 or self.high < np.inf)

    @property
    def is_gain(self) -> bool:
        """Whether it is clearly worth more than its own real faces."""
        return self.is_known and self.low > self.n_real

    @property
    def is_sparse(self) -> bool:
        """Whether the sizes are too far apart for an interval of this level."""
        return self.is_known and self.design.is_sparse(self.low, self.high)

    @property
    def caveat(self) -> str:
        """What a reader must know of the interval; empty if nothing."""
        return f"sizes too far apart for {100 * self.level:.0f} %" if self.is_sparse else ""

    def text(self) -> str:
        """E.g. "240 [190 to 310]", "> 870 [> 510]", "10 to 870 all fit" or "not enough seeds"."""
        if self.is_known:
            return self.told(lambda faces: faces)
        fit = f"{self.smallest:,} to {self.largest:,} all fit"
        return fit if self.design.has_seeds else "not enough seeds"

    def told(self, of: Callable[[float], float], digits: int = 0) -> str:
        """Something that rises with N_eff, with its interval, e.g. "4.8 [3.8 to 6.2]".

        Args:
            of: Makes it from a number of faces.
            digits: After the point.
        """

        def number(faces: float) -> str:
            return f"{round(of(faces), digits) + 0.0:,.{digits}f}"  # no minus before a zero

        def one(faces: float) -> str:
            if faces <= 0:
                return f"< {number(self.smallest)}"
            return f"> {number(self.largest)}" if faces == np.inf else number(faces)

        if self.high == np.inf:
            ends = f"> {number(self.low)}"
        elif self.low <= 0:
            ends = f"< {number(self.high)}"
        else:
            ends = f"{number(self.low)} to {number(self.high)}"
        return f"{one(self.value)} [{ends}]"


def exchange(study: Study, strategy: str, n_real: int, level: float = LEVEL) -> Exchange | None:
    """N_eff of a strategy at one n_real; None if the baseline has fewer than two sizes for it."""
    cell = (strategy, n_real)
    design = common_design(study, cell)
    if design is None:
        return None
    value, low, high = np.nan, 0.0, np.inf
    if design.has_seeds:
        value, low, high = solve(*compared(study, cell, design), level)
    return Exchange(
        strategy=strategy,
        n_real=n_real,
        value=value,
        low=low,
        high=high,
        design=design,
        level=level,
    )


def compared(study: Study, cell: Cell, design: Design) -> tuple[Contrast, NDArray[np.float64]]:
    """A cell against real faces alone at sizes between those that were run, and these sizes."""
    sizes = design.sizes
    candidates = np.unique(
        np.concatenate([np.geomspace(a, b, CANDIDATES) for a, b in pairwise(sizes)])
    )
    cells: list[Cell] = [cell, *((BASELINE, size) for size in sizes)]
    weights = np.column_stack([np.ones(len(candidates)), -interpolation(sizes, candidates)])
    return contrast(log_errors(study, cells, design.seeds), weights), candidates


def interpolation(sizes: Sequence[int], at: NDArray[np.float64]) -> NDArray[np.float64]:
    """(C, M) weights of M sizes that give the curve at C others, cubic in log n.

    Lagrange's polynomial through the nearest sizes, two on each side where there are.
    """
    x, x_at = np.log(sizes), np.log(at)
    taken = min(NEIGHBOURS, len(sizes))
    after = np.searchsorted(x, x_at)
    first = np.clip(after - taken // 2, 0, len(sizes) - taken)
    weights = np.zeros((len(at), len(sizes)))
    for i in range(taken):
        factor = np.ones(len(at))
        for j in range(taken):
            if i != j:
                factor *= (x_at - x[first + j]) / (x[first + i] - x[first + j])
        weights[np.arange(len(at)), first + i] = factor
    return weights


def solve(
    found: Contrast, candidates: NDArray[np.float64], level: float
) -> tuple[float, float, float]:
    """Where the difference of log errors is zero: value, lower end and upper end.

    Args:
        found: Strategy minus baseline at each candidate; rises as the baseline gets better.
        candidates: (C,) rising sizes.
        level: Probability that the interval holds the truth.
    """
    value = _crossing(isotonic_regression(found.value).x, candidates)
    slack = found.half_width(level) - np.abs(found.value)  # from 0 on: not clearly off zero
    accepted = np.flatnonzero(slack >= 0)
    if len(accepted) == 0:
        # Clearly better than the largest size, worse than the smallest, or known so well that the
        # interval lies between two candidates.
        low = float(candidates[-1]) if value == np.inf else value
        high = float(candidates[0]) if value == 0 else value
        return value, low, high
    first, last = accepted[0], accepted[-1]
    low = 0.0 if first == 0 else _root(candidates, slack, first - 1)
    high = np.inf if last == len(candidates) - 1 else _root(candidates, slack, last)
    return value, min(low, value), max(high, value)


def _root(candidates: NDArray[np.float64], slack: NDArray[np.float64], i: int) -> float:
    """Where `slack` changes its sign between candidates i and i + 1."""
    x, y = np.log(candidates[i : i + 2]), slack[i : i + 2]
    return float(np.exp(x[0] - y[0] * (x[1] - x[0]) / (y[1] - y[0])))


def _crossing(rising: NDArray[np.float64], candidates: NDArray[np.float64]) -> float:
    if rising[0] > 0:
        return 0.0
    if rising[-1] < 0:
        return float(np.inf)
    exact = np.flatnonzero(rising == 0)
    if len(exact):  # a flat stretch of the curve: its middle
        return float(np.sqrt(candidates[exact[0]] * candidates[exact[-1]]))
    return float(np.exp(np.interp(0.0, rising, np.log(candidates))))
