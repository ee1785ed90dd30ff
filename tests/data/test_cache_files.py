"""Cache files: complete or missing, and never required."""

import errno
import os
import stat
import tempfile
from pathlib import Path

import numpy as np
import pytest

from landmarks.data.cache_files import cache_file, cache_folder, read_arrays, write_arrays

ARRAYS = {
    "numbers": np.arange(12, dtype=np.float32).reshape(3, 2, 2),
    "empty": np.empty((0, 4), np.int64),
    "bytes": np.arange(256, dtype=np.uint8),
    "texts": np.array(["a", "", "ä/😀", "not UTF-8: \udcff", "line\nbreak"]),
}


@pytest.fixture
def place():
    path = cache_file("kind", "key")
    write_arrays(path, "1", ARRAYS)
    return path


def assert_equal(stored):
    assert stored.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert stored[name].dtype == array.dtype
        np.testing.assert_array_equal(stored[name], array)


def test_arrays_are_read_as_they_were_written(place):
    assert_equal(read_arrays(place, "1"))
    assert read_arrays(place, "2") is None
    assert read_arrays(cache_file("kind", "other"), "1") is None


def test_a_file_cut_short_at_any_length_counts_as_missing(place, caplog):
    whole = place.read_bytes()
    for length in range(0, len(whole), 29):
        place.write_bytes(whole[:length])
        assert read_arrays(place, "1") is None
    assert f"{place}: damaged cache file" in caplog.text


def test_a_changed_bit_never_changes_an_array(place):
    whole = place.read_bytes()
    damaged = 0
    for position in range(0, len(whole), 29):
        changed = bytearray(whole)
        changed[position] ^= 4
        place.write_bytes(changed)
        stored = read_arrays(place, "1")
        damaged += stored is None
        if stored is not None:  # the bit is in a part that does not matter, e.g. a date
            assert_equal(stored)
    assert damaged > 30


def test_replacing_leaves_one_file(place, cache):
    write_arrays(place, "1", ARRAYS)
    assert [path for path in cache.rglob("*") if path.is_file()] == [place]


def test_a_full_disk_is_only_logged(place, monkeypatch, caplog):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(np, "savez", full)
    write_arrays(place, "2", ARRAYS)
    assert f"{place}: cannot write the cache file (No space left on device)" in caplog.text
    assert_equal(read_arrays(place, "1"))


def test_environment_variables_choose_the_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LANDMARKS_CACHE", str(tmp_path / "named"))
    assert cache_folder() == tmp_path / "named"
    monkeypatch.delenv("LANDMARKS_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    assert cache_folder() == tmp_path / "caches" / "landmarks"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_folder() == tmp_path / "home" / ".cache" / "landmarks"


@pytest.mark.parametrize("variable", ["LANDMARKS_CACHE", "HOME"])
def test_a_folder_that_cannot_be_written_is_replaced_by_a_private_temporary_one(
    variable, tmp_path, monkeypatch, caplog
):
    """A file in its place refuses root as well, as tests may be run."""
    (tmp_path / "file").touch()
    monkeypatch.delenv("LANDMARKS_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv(variable, str(tmp_path / "file"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = cache_folder()
    assert folder.parent == tmp_path
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert cache_folder() == folder
    (line,) = caplog.messages
    assert "cannot write the cache here (" in line
    assert f"using {folder}, or set LANDMARKS_CACHE" in line


def test_the_temporary_folder_of_another_user_is_not_used(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("LANDMARKS_CACHE", str(tmp_path / "file"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    usual = Path(tmp_path, "landmarks-4321")
    usual.mkdir()  # of the user who runs the tests
    monkeypatch.setattr(os, "getuid", lambda: 4321)
    assert cache_folder() != usual
