"""Fixtures that take seconds to create and are not modified by tests."""

import pytest

from landmarks.synthesis.mesh.head import Head, load_head
from landmarks.synthesis.mesh.regions import Regions, find_regions
from landmarks.synthesis.studio import Studio


@pytest.fixture(scope="session")
def studio() -> Studio:
    return Studio()


@pytest.fixture(scope="session")
def head() -> Head:
    return load_head()


@pytest.fixture(scope="session")
def regions(head: Head) -> Regions:
    return find_regions(head)
