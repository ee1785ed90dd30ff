"""A cache for each test, so that none finds what another kept, nor what the user has."""

import pytest

from landmarks.data import signatures


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("LANDMARKS_CACHE", str(folder))
    return folder


@pytest.fixture
def trusted_at_once(monkeypatch):
    """Keep values of files that a test has just written."""
    monkeypatch.setattr(signatures, "SETTLED_SECONDS", 0.0)
