"""Learning curves: forms of error over n_real, fitted side by side, since none is known to hold.

One-shot extrapolation of a single form misses (Mahmood et al., "How Much More Data Do I Need?",
2022), so forms are used between the measured sizes only, and their spread is told.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

NEGLIGIBLE = 1e-3  # relative difference of two curves that are called the same
Curve = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True)
class Form:
    """A family of learning curves.

    Attributes:
        formula: For people.
        letters: Of its parameters, in their order.
        curve: (sizes, parameters) to errors.
        start: (sizes, errors) to first parameters.
        lower: Of each parameter.
    """

    formula: str
    letters: str
    curve: Curve
    start: Curve
    lower: tuple[float, ...]


def _power(n: NDArray[np.float64], p: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(p[0] * n ** -p[1])


def _floor(n: NDArray[np.float64], p: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(p[0] * n ** -p[1] + p[2])


def _shifted(n: NDArray[np.float64], p: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(p[0] * (n + p[2]) ** -p[1])


def _logarithm(n: NDArray[np.float64], p: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.maximum(p[0] - p[1] * np.log(n), 1e-9))


def _line(n: NDArray[np.float64], e: NDArray[np.float64]) -> NDArray[np.float64]:
    slope, offset = np.polyfit(np.log(n), np.log(e), 1)
    return np.array([np.exp(offset), max(-slope, 1e-3)])


FORMS: Mapping[str, Form] = {
    "power law": Form("a n^-b", "ab", _power, _line, (0, 0)),
    # Hoiem et al., "Learning Curves for Analysis of Deep Networks", 2021.
    "power law with floor": Form(
        "a n^-b + c",
        "abc",
        _floor,
        lambda n, e: np.array([(e[0] - 0.9 * e[-1]) * n[0] ** 0.5, 0.5, 0.9 * e[-1]]),
        (0, 0, 0),
    ),
    "shifted power law": Form(
        "a (n + d)^-b", "abd", _shifted, lambda n, e: np.append(_line(n, e), 1.0), (0, 0, 0)
    ),
    "logarithm": Form(
        "a - b ln n",
        "ab",
        _logarithm,
        lambda n, e: np.array([1, -1]) * np.polyfit(np.log(n), e, 1)[::-1],
        (0, 0),
    ),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Fit:
    """A form fitted to a measured curve.

    Attributes:
        name: Of the form.
        parameters: Its own.
        residual: Root mean square of the relative errors it leaves.
        sizes: What it was fitted to.
    """

    name: str
    parameters: NDArray[np.float64]
    residual: float
    sizes: tuple[int, ...]

    def __call__(self, n: NDArray[np.float64]) -> NDArray[np.float64]:
        """Error at sizes `n`."""
        return FORMS[self.name].curve(n, self.parameters)

    @property
    def formula(self) -> str:
        """For people, with each parameter at its bound: there the form is but a simpler one."""
        form = FORMS[self.name]
        n = np.array(self.sizes, float)
        bounds = []
        for i, (letter, bound) in enumerate(zip(form.letters, form.lower, strict=True)):
            at_bound = self.parameters.copy()
            at_bound[i] = bound
            if np.allclose(form.curve(n, at_bound), self(n), NEGLIGIBLE, 0):
                bounds.append(f"{letter} = {bound:g}")
        return ", ".join([form.formula, *bounds])

    def size_at(self, error: float) -> float:
        """The size with this error; 0 or infinity where it lies outside the fitted sizes."""
        n = np.geomspace(self.sizes[0], self.sizes[-1], 2000)
        e = self(n)
        if error > e[0]:
            return 0.0
        if error < e[-1]:
            return float(np.inf)
        return float(np.exp(np.interp(-error, -e, np.log(n))))


def fit_forms(sizes: Sequence[int], errors: Sequence[float]) -> tuple[Fit, ...]:
    """Every form that has fewer parameters than there are sizes, by least squares of log errors.

    Args:
        sizes: (M,) rising.
        errors: (M,) above 0.
    """
    n, e = np.array(sizes, float), np.array(errors)
    fits = []
    for name, form in FORMS.items():
        if len(form.lower) >= len(sizes):
            continue

        def residuals(p: NDArray[np.float64], form: Form = form) -> NDArray[np.float64]:
            return np.asarray(np.log(np.maximum(form.curve(n, p), 1e-12)) - np.log(e))

        lower = np.array(form.lower, float)
        start = np.maximum(form.start(n, e), lower + 1e-6)
        found = least_squares(residuals, start, bounds=(lower, np.inf), x_scale=np.abs(start))
        residual = float(np.sqrt(np.mean(found.fun**2)))
        fits.append(Fit(name=name, parameters=found.x, residual=residual, sizes=tuple(sizes)))
    return tuple(fits)
