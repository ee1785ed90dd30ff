"""Heads to fit, which take seconds to learn."""

import pytest

from landmarks.synthesis.fitting.placing import default_fitter
from tests.synthesis.fitting.faces import known_faces


@pytest.fixture(scope="session")
def fitter():
    return default_fitter()[2]


@pytest.fixture(scope="session")
def prior(fitter):
    return fitter.prior


@pytest.fixture(scope="session")
def faces(head, regions):
    return known_faces(head, regions, 20)
