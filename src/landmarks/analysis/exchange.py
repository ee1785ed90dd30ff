"""The exchange rate: how many real faces alone give the error that a strategy reaches with fewer.

N_eff of a strategy at n_real is the n' at which training on real faces alone has the same error
(effective data: Hernandez et al., "Scaling Laws for Transfer", 2021). The error of `real_only` is
measured at a few sizes; between them, log error is interpolated over log n' through the four
nearest sizes, which is linear in the log errors. For every candidate n' the difference of the two
log errors is therefore a contrast, and the interval contains every n' at which that contrast is not
significantly different from zero (test inversion, as in Fieller, "Some problems in interval
estimation", 1954). No slope is needed. Where the sizes of the sweep do not reach, the interval
is open: N_eff is never extrapolated.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from landmarks.analysis.contrasts import MIN_SEEDS, Contrast, contrast, log_errors
from landmarks.analysis.study import BASELINE, Cell, Study

LEVEL = 0.9
MIN_SIZES = 2  # of a curve
CANDIDATES = 60  # between two sizes of the sweep
NEIGHBOURS = 4  # sizes that a cubic passes through
# The coverage of the interval was measured with such sizes or denser ones; docs/numbers.md.
CALIBRATED_SIZES = 4
CALIBRATED_RATIO = 2.6  # of neighbouring sizes


@dataclass(frozen=True, kw_only=True)
class Design:
    """The runs of `real_only` that a cell is compared with: every seed at every size.

    Attributes:
        seeds: Ascending.
        sizes: Every size that was run with all of these seeds, ascending.
    """

    seeds: tuple[int, ...]
    sizes: tuple[int, ...]

    @property
    def has_seeds(self) -> bool:
        """Whether there are enough seeds for an interval."""
        return len(self.seeds) >= MIN_SEEDS

    def is_sparse(self, low: float, high: float) -> bool:
        """Whether there are too few sizes, or gaps too wide between `low` and `high`."""
        if len(self.sizes) < CALIBRATED_SIZES:
            return True
        return any(b > CALIBRATED_RATIO * a for a, b in self._gaps(low, high))

    def size_between(self, low: float, high: float) -> int | None:
        """The size that halves the widest gap between `low` and `high`; None if there is none."""
        a, b = max(self._gaps(low, high), key=lambda gap: gap[1] / gap[0], default=(1, 1))
        size = round((a * b) ** 0.5)
        return size if a < size < b else None

    def _gaps(self, low: float, high: float) -> list[tuple[int, int]]:
        """Neighbouring sizes that overlap the interval from `low` to `high`."""
        return [(a, b) for a, b in pairwise(self.sizes) if a < high and b > low]


def common_design(study: Study, cell: Cell) -> Design | None:
    """The design with the most runs; None if `real_only` shares two sizes with no seed of the cell.

    An unfinished or extended sweep lacks some seeds at some sizes. Which of its runs to use depends
    only on what was run, never on the errors. Two seeds or more are preferred; among designs with
    equally many runs, more seeds, then the wider range of sizes.
    """
    at = {n: set(study.by_cell[BASELINE, n]) for n in study.sizes(BASELINE)}
    patterns = {
        frozenset(n for n, seeds in at.items() if seed in seeds) for seed in study.seeds([cell])
    }
    designs = []
    for sizes in _intersections(patterns):
        if len(sizes) >= MIN_SIZES:
            seeds = study.seeds([cell, *((BASELINE, n) for n in sizes)])
            designs.append(Design(seeds=seeds, sizes=tuple(sorted(sizes))))
    return max(designs, key=_rank, default=None)


def _rank(one: Design) -> tuple[object, ...]:
    seeds, sizes = len(one.seeds), len(one.sizes)
    return one.has_seeds, seeds * sizes, seeds, one.sizes[-1] / one.sizes[0], one.sizes


def _intersections(sets: set[frozenset[int]]) -> set[frozenset[int]]:
    """All intersections of one or more of the sets."""
    found: set[frozenset[int]] = set()
    for one in sets:
        found |= {one, *(one & other for other in found)}
    return found


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """N_eff of a strategy at one n_real.

    Attributes:
        strategy: Name.
        n_real: Real faces that the strategy uses.
        value: N_eff; 0 below the smallest size of `real_only`, infinity above the largest.
        low: Lower end of the interval; 0 if it is below the smallest size.
        high: Upper end of the interval; infinity if it is above the largest size.
        design: The seeds and sizes of `real_only` that it is derived from.
        level: Confidence level, a fraction.
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
        """Smallest n_real of `real_only`."""
        return self.design.sizes[0]

    @property
    def largest(self) -> int:
        """Largest n_real of `real_only`."""
        return self.design.sizes[-1]

    @property
    def is_known(self) -> bool:
        """Whether there are enough seeds and the interval excludes some size of the sweep."""
        return self.design.has_seeds and (self.low > 0 or self.high < np.inf)

    @property
    def is_gain(self) -> bool:
        """Whether N_eff is significantly larger than n_real."""
        return self.is_known and self.low > self.n_real

    @property
    def is_sparse(self) -> bool:
        """Whether the sizes are too far apart for the interval to have its nominal coverage."""
        return self.is_known and self.design.is_sparse(self.low, self.high)

    @property
    def caveat(self) -> str:
        """A warning about the interval; empty if there is none."""
        return f"sizes too far apart for {100 * self.level:.0f} %" if self.is_sparse else ""

    def text(self) -> str:
        """E.g. "240 [190 to 310]", "> 870 [> 510]", "any of 10 to 870" or "not enough seeds"."""
        if self.is_known:
            return self.transformed(lambda faces: faces)
        unknown = f"any of {self.smallest:,} to {self.largest:,}"
        return unknown if self.design.has_seeds else "not enough seeds"

    def transformed(self, of: Callable[[float], float], digits: int = 0) -> str:
        """An increasing function of N_eff with its interval, e.g. "4.8 [3.8 to 6.2]".

        Args:
            of: Applied to a number of faces.
            digits: After the decimal point.
        """

        def number(faces: float) -> str:
            return f"{round(of(faces), digits) + 0.0:,.{digits}f}"  # no minus before a zero

        if self.high == np.inf:
            ends = f"> {number(self.low)}"
        elif self.low <= 0:
            ends = f"< {number(self.high)}"
        else:
            ends = f"{number(self.low)} to {number(self.high)}"
        if self.value <= 0:
            return f"< {number(self.smallest)} [{ends}]"
        if self.value == np.inf:
            return f"> {number(self.largest)} [{ends}]"
        return f"{number(self.value)} [{ends}]"


def exchanges(study: Study) -> list[Exchange]:
    """N_eff of every strategy except `real_only` at every size, including n_real 0."""
    return [
        found
        for strategy in study.strategies
        if strategy != BASELINE
        for n in study.sizes(strategy)
        if (found := exchange(study, strategy, n)) is not None
    ]


def exchange(study: Study, strategy: str, n_real: int, level: float = LEVEL) -> Exchange | None:
    """N_eff of a strategy at one n_real; None if `real_only` has fewer than two sizes for it."""
    cell = (strategy, n_real)
    design = common_design(study, cell)
    if design is None:
        return None
    value, low, high = np.nan, 0.0, np.inf
    if design.has_seeds:
        value, low, high = solve(*against_baseline(study, cell, design), level)
    return Exchange(
        strategy=strategy,
        n_real=n_real,
        value=value,
        low=low,
        high=high,
        design=design,
        level=level,
    )


def against_baseline(
    study: Study, cell: Cell, design: Design
) -> tuple[Contrast, NDArray[np.float64]]:
    """A cell minus `real_only` at candidate sizes between those that were run, and these sizes."""
    sizes = design.sizes
    candidates = np.unique(
        np.concatenate([np.geomspace(a, b, CANDIDATES) for a, b in pairwise(sizes)])
    )
    cells: list[Cell] = [cell, *((BASELINE, size) for size in sizes)]
    weights = np.column_stack([np.ones(len(candidates)), -interpolation(sizes, candidates)])
    return contrast(log_errors(study, cells, design.seeds), weights), candidates


def interpolation(sizes: Sequence[int], at: NDArray[np.float64]) -> NDArray[np.float64]:
    """(C, M) weights of M sizes that give the curve at C others, cubic in log n.

    Lagrange polynomial through the nearest sizes, two on each side where possible.
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
        found: Strategy minus `real_only` at each candidate; increases as `real_only` improves.
        candidates: (C,) ascending sizes.
        level: Confidence level.
    """
    value = _crossing(isotonic_regression(found.value).x, candidates)
    slack = found.half_width(level) - np.abs(found.value)  # >= 0: not significant
    accepted = np.flatnonzero(slack >= 0)
    if len(accepted) == 0:
        # Significantly better than the largest size, worse than the smallest, or an interval so
        # narrow that it fits between two candidates.
        low = float(candidates[-1]) if value == np.inf else value
        high = float(candidates[0]) if value == 0 else value
        return value, low, high
    first, last = accepted[0], accepted[-1]
    low = 0.0 if first == 0 else _root(candidates, slack, first - 1)
    high = np.inf if last == len(candidates) - 1 else _root(candidates, slack, last)
    return value, min(low, value), max(high, value)


def _root(candidates: NDArray[np.float64], slack: NDArray[np.float64], i: int) -> float:
    """Where `slack` changes sign between candidates i and i + 1."""
    x, y = np.log(candidates[i : i + 2]), slack[i : i + 2]
    return float(np.exp(x[0] - y[0] * (x[1] - x[0]) / (y[1] - y[0])))


def _crossing(rising: NDArray[np.float64], candidates: NDArray[np.float64]) -> float:
    if rising[0] > 0:
        return 0.0
    if rising[-1] < 0:
        return float(np.inf)
    exact = np.flatnonzero(rising == 0)
    if len(exact):  # the middle of a flat stretch
        return float(np.sqrt(candidates[exact[0]] * candidates[exact[-1]]))
    return float(np.exp(np.interp(0.0, rising, np.log(candidates))))
