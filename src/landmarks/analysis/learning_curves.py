"""Learning curves: parametric forms of the error over the number of faces, fitted side by side.

No single form is known to hold, and extrapolating with one of them is unreliable (Mahmood et al.,
"How Much More Data Do I Need?", 2022). Several forms are therefore reported next to each other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

NEGLIGIBLE = 1e-3  # relative difference below which two curves count as equal
Curve = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True)
class Form:
    """A family of learning curves.

    Attributes:
        name: For people.
        formula: For people.
        letters: Names of the parameters, in order.
        curve: Maps (sizes, parameters) to errors.
        start: Maps (sizes, errors) to initial parameters.
        lower: Lower bound of each parameter.
        upper: Upper bound of each parameter, or of all of them.
    """

    name: str
    formula: str
    letters: str
    curve: Curve
    start: Curve
    lower: tuple[float, ...]
    upper: float | tuple[float, ...] = np.inf

    def fit(self, sizes: Sequence[int], errors: Sequence[float]) -> "Fit":
        """Fit by least squares of log errors.

        Args:
            sizes: (M,) ascending numbers of faces.
            errors: (M,) errors, above 0.
        """
        n, e = np.array(sizes, float), np.array(errors)

        def residuals(p: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.asarray(np.log(np.maximum(self.curve(n, p), 1e-12)) - np.log(e))

        lower, upper = np.array(self.lower), np.array(self.upper)
        start = np.clip(self.start(n, e), lower + 1e-6, upper)
        scale = np.maximum(np.abs(start), 1e-6)
        found = least_squares(residuals, start, bounds=(lower, upper), x_scale=scale)
        residual = float(np.sqrt(np.mean(found.fun**2)))
        return Fit(form=self, parameters=found.x, residual=residual, sizes=tuple(sizes))


@dataclass(frozen=True, eq=False, kw_only=True)
class Fit:
    """A form fitted to a measured curve.

    Attributes:
        form: What was fitted.
        parameters: Values in the order of the form's letters.
        residual: Root mean square of the relative errors of the fit.
        sizes: The sizes it was fitted to.
    """

    form: Form
    parameters: NDArray[np.float64]
    residual: float
    sizes: tuple[int, ...]

    def __call__(self, n: NDArray[np.float64]) -> NDArray[np.float64]:
        """Error at sizes `n`."""
        return self.form.curve(n, self.parameters)

    @property
    def formula(self) -> str:
        """The formula, with each parameter that is at its bound: there it is a simpler form."""
        n = np.array(self.sizes, float)
        bounds = []
        for i, (letter, bound) in enumerate(zip(self.form.letters, self.form.lower, strict=True)):
            at_bound = self.parameters.copy()
            at_bound[i] = bound
            if np.allclose(self.form.curve(n, at_bound), self(n), NEGLIGIBLE, 0):
                bounds.append(f"{letter} = {bound:g}")
        return ", ".join([self.form.formula, *bounds])

    def size_at(self, error: float) -> float:
        """The size with this error; 0 or infinity where it is outside the fitted sizes."""
        n = np.geomspace(self.sizes[0], self.sizes[-1], 2000)
        e = self(n)
        if error > e[0]:
            return 0.0
        if error < e[-1]:
            return float(np.inf)
        return float(np.exp(np.interp(-error, -e, np.log(n))))


def _power(n: NDArray[np.float64], p: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(p[0] * n ** -p[1])


def _floor(n: NDArray[np.float64], p: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(p[0] * n ** -p[1] + p[2])


def _shifted(n: NDArray[np.float64], p: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(p[0] * (n + p[2]) ** -p[1])


def _logarithm(n: NDArray[np.float64], p: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.maximum(p[0] - p[1] * np.log(n), 1e-9))


def _line(n: NDArray[np.float64], e: NDArray[np.float64]) -> NDArray[np.float64]:
    """The power law that is a straight line through the logarithms, which is its best fit."""
    slope, offset = np.polyfit(np.log(n), np.log(e), 1)
    return np.array([np.exp(offset), -slope])


POWER_LAW = Form("power law", "a n^-b", "ab", _power, _line, (0, 0))
# Hoiem et al., "Learning Curves for Analysis of Deep Networks", 2021.
FLOOR = Form(
    "power law with floor",
    "a n^-b + c",
    "abc",
    _floor,
    lambda n, e: np.array([(e[0] - 0.9 * e[-1]) * n[0] ** 0.5, 0.5, 0.9 * e[-1]]),
    (0, 0, 0),
)
SHIFTED = Form(
    "shifted power law",
    "a (n + d)^-b",
    "abd",
    _shifted,
    lambda n, e: np.append(_line(n, e), 1.0),
    (0, 0, 0),
)
LOGARITHM = Form(
    "logarithm",
    "a - b ln n",
    "ab",
    _logarithm,
    lambda n, e: np.array([1, -1]) * np.polyfit(np.log(n), e, 1)[::-1],
    (0, 0),
)
FORMS = (POWER_LAW, FLOOR, SHIFTED, LOGARITHM)


def fit_forms(sizes: Sequence[int], errors: Sequence[float]) -> tuple[Fit, ...]:
    """Fit every form that has fewer parameters than there are sizes.

    Args:
        sizes: (M,) ascending.
        errors: (M,) above 0.
    """
    return tuple(form.fit(sizes, errors) for form in FORMS if len(form.letters) < len(sizes))
