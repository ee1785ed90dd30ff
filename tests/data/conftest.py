"""A cache folder for each test, so that tests do not share cached values."""

import pytest

from landmarks.data import file_cache


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("LANDMARKS_CACHE", str(folder))
    return folder


@pytest.fixture
def trusted_at_once(monkeypatch):
    """Cache values also of files that a test has just written."""
    monkeypatch.setattr(file_cache, "SETTLED_SECONDS", 0.0)
