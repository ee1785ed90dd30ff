"""The cache: whole or absent, and nothing depends on its being there."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from filelock import SoftFileLease

from landmarks.data.cache import (
    cache_file,
    cache_folder,
    once_in_cache,
    packed,
    read_cache,
    unpacked,
    write_cache,
)

ARRAYS = {
    "numbers": np.arange(12, dtype=np.float32).reshape(3, 2, 2),
    "empty": np.empty((0, 4), np.int64),
    "bytes": np.arange(256, dtype=np.uint8),
}


def test_arrays_come_back_as_they_were():
    place = cache_file("kind", "key")
    assert read_cache(place) is None
    write_cache(place, ARRAYS)
    stored = read_cache(place)
    assert stored.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert stored[name].dtype == array.dtype
        np.testing.assert_array_equal(stored[name], array)


def test_any_text_comes_back():
    texts = ["a", "", "zero \0 inside", "ä/😀", "not UTF-8: \udcff", "line\nbreak"]
    assert unpacked(packed(texts)) == texts
    assert unpacked(packed([])) == []


def test_a_file_cut_short_at_any_length_counts_as_missing():
    place = cache_file("kind", "key")
    write_cache(place, ARRAYS)
    whole = place.read_bytes()
    for length in range(0, len(whole), 29):
        place.write_bytes(whole[:length])
        assert read_cache(place) is None


def test_a_file_with_one_bit_changed_counts_as_missing():
    place = cache_file("kind", "key")
    write_cache(place, ARRAYS)
    whole = place.read_bytes()
    for position in range(0, len(whole), 29):
        changed = bytearray(whole)
        changed[position] ^= 4
        place.write_bytes(changed)
        assert read_cache(place) is None


def test_replacing_leaves_one_file(cache):
    place = cache_file("kind", "key")
    for _ in range(3):
        write_cache(place, ARRAYS)
    assert [path for path in cache.rglob("*") if path.is_file()] == [place]


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path, monkeypatch, caplog):
    (tmp_path / "file").touch()
    monkeypatch.setenv("LANDMARKS_CACHE", str(tmp_path / "file"))
    place = cache_file("kind", "key")
    write_cache(place, ARRAYS)
    assert "cannot be written" in caplog.text
    assert read_cache(place) is None
    assert once_in_cache(place, lambda: None, lambda: 5, "making five") == 5


def full_disk(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_on_a_full_disk_the_cache_is_done_without(monkeypatch):
    monkeypatch.setattr(SoftFileLease, "acquire", full_disk)
    place = cache_file("kind", "key")
    assert once_in_cache(place, lambda: None, lambda: 5, "making five") == 5


def test_an_error_of_what_is_computed_is_not_taken_for_one_of_the_cache():
    calls = []

    def make():
        calls.append(1)
        full_disk()

    with pytest.raises(OSError, match="No space left"):
        once_in_cache(cache_file("kind", "key"), lambda: None, make, "making five")
    assert calls == [1]


def test_variables_say_where_it_is(monkeypatch):
    monkeypatch.setenv("LANDMARKS_CACHE", "/some/where")
    assert cache_folder() == Path("/some/where")
    monkeypatch.delenv("LANDMARKS_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert cache_folder() == Path("/caches/landmarks")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/one")
    assert cache_folder() == Path("/home/one/.cache/landmarks")


@pytest.mark.parametrize(("kind", "key"), [("other", "key"), ("kind", "other")])
def test_what_is_named_otherwise_lies_elsewhere(kind, key):
    assert cache_file(kind, key) != cache_file("kind", "key")
