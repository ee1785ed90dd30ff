"""Forms of learning curves are recovered from their own values, and nothing is extrapolated."""

import numpy as np
import pytest

from landmarks.analysis.learning_curves import FORMS, fit_forms

SIZES = (10, 25, 50, 100, 250, 500, 870)
KNOWN = {
    "power law": (0.2, 0.25),
    "power law with floor": (0.2, 0.6, 0.03),
    "shifted power law": (0.4, 0.4, 20.0),
    "logarithm": (0.12, 0.011),
}


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_a_form_is_recovered_from_its_own_curve(form) -> None:
    parameters = KNOWN[form.name]
    errors = form.curve(np.array(SIZES, float), np.array(parameters))
    fit = form.fit(SIZES, list(errors))
    np.testing.assert_allclose(fit.parameters, parameters, rtol=1e-2)
    assert fit.size_at(float(fit(np.array([140.0]))[0])) == pytest.approx(140, rel=1e-3)
    assert fit.formula == form.formula


def test_a_parameter_at_its_bound_is_named() -> None:
    fits = {fit.form.name: fit for fit in fit_forms(SIZES, [0.03 + 0.2 * n**-0.6 for n in SIZES])}
    shifted, plain = fits["shifted power law"], fits["power law"]
    assert shifted.formula == "a (n + d)^-b, d = 0"
    np.testing.assert_allclose(shifted(np.array(SIZES, float)), plain(np.array(SIZES, float)), 1e-3)
    assert plain.formula == "a n^-b"


def test_a_form_that_cannot_follow_a_curve_has_a_residual() -> None:
    errors = [0.03 + 0.2 * n**-0.6 for n in SIZES]
    residual = {fit.form.name: fit.residual for fit in fit_forms(SIZES, errors)}
    assert residual["power law with floor"] < 1e-6 < 0.03 < residual["power law"]


def test_nothing_is_extrapolated() -> None:
    for fit in fit_forms(SIZES, [0.2 * n**-0.25 for n in SIZES]):
        assert fit.size_at(0.5) == 0
        assert fit.size_at(0.001) == np.inf


def test_a_form_needs_more_sizes_than_parameters() -> None:
    fits = fit_forms((10, 50, 250), (0.1, 0.08, 0.06))
    assert {fit.form.name for fit in fits} == {"power law", "logarithm"}


@pytest.mark.parametrize("errors", [[0.1] * 7, [0.05, 0.06, 0.07, 0.08, 0.09, 0.1, 0.11]])
def test_a_curve_that_does_not_fall_is_fitted_too(errors: list[float]) -> None:
    for fit in fit_forms(SIZES, errors):
        assert fit.residual < 0.3
