"""Laws: forms of the error over the number of synthetic faces, none of which is known to hold.

Two forms may fit equally well between the counts that were run, and part beyond them. So an
extrapolation is told by each, and what only one of them says is not sure.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares


@dataclass(frozen=True, kw_only=True)
class Fit:
    """D n^-a + C, fitted to the errors of one seed.

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


def fit_with_floor(counts: Sequence[int], errors: Sequence[float]) -> Fit:
    """Least squares of the logarithm of the error; a from 0.05 to 2, C from 0."""
    n, e = np.array(counts, float), np.array(errors)

    def residuals(p: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.log(p[0] * n ** -p[1] + p[2]) - np.log(e))

    start = [max(e[0] - 0.8 * e[-1], 1e-4) * n[0] ** 0.5, 0.5, 0.8 * e[-1]]
    found = least_squares(
        residuals, start, bounds=([1e-9, 0.05, 0], [np.inf, 2, np.inf]), x_scale=np.abs(start)
    )
    scale, exponent, gap = (float(p) for p in found.x)
    return Fit(scale=scale, exponent=exponent, gap=gap, residual=_rms(found.fun))


def fit_without_floor(counts: Sequence[int], errors: Sequence[float]) -> Fit:
    """Least squares of the logarithm of the error, with C at 0: a line over log n."""
    n, e = np.log(counts), np.log(errors)
    slope, offset = (float(p) for p in np.polyfit(n, e, 1))
    residual = _rms(offset + slope * n - e)
    return Fit(scale=float(np.exp(offset)), exponent=-slope, gap=0.0, residual=residual)


def _rms(errors: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(errors**2)))


@dataclass(frozen=True)
class Law:
    """A form and how it is fitted.

    Attributes:
        name: As a sentence calls it.
        formula: For people.
        fit: To counts and errors.
    """

    name: str
    formula: str
    fit: Callable[[Sequence[int], Sequence[float]], Fit]


# Mikami et al., "A Scaling Law for Synthetic-to-Real Transfer", 2021.
MIKAMI = Law("Mikami's law", "D n^-a + C", fit_with_floor)
LAWS = (MIKAMI, Law("a power law", "D n^-a", fit_without_floor))
