"""Cached values: computed once for each state of a file."""

import errno
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from filelock import SoftFileLease

from landmarks.data import file_cache
from landmarks.data.file_cache import FileValue, cached_arrays, cached_values
from landmarks.errors import InputError
from tests.waiting import PATIENCE

pytestmark = pytest.mark.usefixtures("trusted_at_once")


class Sums:
    """The sum of a file's bytes and their number, with a record of which files were read."""

    def __init__(self, version="1", fails_at=None):
        self.read = []
        self.fails_at = fails_at
        self.value = FileValue(
            kind="sums", version=version, shape=(2,), dtype=np.int64, compute=self.compute
        )

    def compute(self, path):
        if path.name == self.fails_at:
            raise InputError(f"{path}: malformed")
        self.read.append(path.name)
        content = path.read_bytes()
        return np.array([sum(content), len(content)])

    def of(self, folder, names):
        return cached_values(folder, names, self.value, "adding").tolist()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "below").mkdir()
    for k in range(4):
        (tmp_path / f"{k}.txt").write_bytes(bytes([k, 10]))
    (tmp_path / "below" / "4.txt").write_bytes(bytes([4, 10, 1]))
    return tmp_path


NAMES = [*(f"{k}.txt" for k in range(4)), "below/4.txt"]
SUMS = [[10, 2], [11, 2], [12, 2], [13, 2], [15, 3]]


def read_again(folder, names=NAMES, **options):
    """The names of the files that are read for their values, now."""
    sums = Sums(**options)
    sums.of(folder, names)
    return sorted(sums.read)


def test_each_file_is_read_once(folder):
    sums = Sums()
    assert sums.of(folder, NAMES) == SUMS
    assert sorted(sums.read) == [f"{k}.txt" for k in range(5)]
    assert sums.of(folder, NAMES) == SUMS
    assert Sums().of(folder, NAMES[::-1]) == SUMS[::-1]
    assert read_again(folder) == []


def rewrite_with_the_old_time(path):
    before = path.stat()
    time.sleep(0.02)  # the clock of a file system ticks every few milliseconds
    path.write_bytes(bytes([9, 9]))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_mtime_ns == before.st_mtime_ns


def replace_with_the_old_time(path):
    before = path.stat()
    other = path.with_name("other")
    other.write_bytes(bytes([9, 9]))
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)


def lengthen(path):
    path.write_bytes(bytes([9, 9, 0]))


@pytest.mark.parametrize(
    "change",
    [rewrite_with_the_old_time, replace_with_the_old_time, lengthen],
    ids=lambda f: f.__name__,
)
def test_a_changed_file_and_no_other_is_read_again(folder, change):
    Sums().of(folder, NAMES)
    change(folder / "2.txt")
    sums = Sums()
    assert sums.of(folder, NAMES)[2][0] == 18
    assert sums.read == ["2.txt"]
    assert read_again(folder) == []


def test_a_link_to_another_file_is_noticed(folder):
    (folder / "link").symlink_to("0.txt")
    assert Sums().of(folder, ["link"]) == [SUMS[0]]
    (folder / "link").unlink()
    (folder / "link").symlink_to("1.txt")
    assert Sums().of(folder, ["link"]) == [SUMS[1]]


def test_a_file_changed_moments_ago_is_not_cached(folder, monkeypatch):
    monkeypatch.setattr(file_cache, "SETTLED_SECONDS", 2.0)
    Sums().of(folder, NAMES)
    assert len(read_again(folder)) == 5


def test_values_of_different_calls_add_up(folder):
    assert Sums().of(folder, NAMES[:2]) == SUMS[:2]
    assert read_again(folder, NAMES[1:4]) == ["2.txt", "3.txt"]
    assert read_again(folder) == ["4.txt"]
    assert Sums().of(folder, NAMES) == SUMS


def test_a_link_to_the_folder_uses_the_same_cache(folder, tmp_path_factory):
    way = tmp_path_factory.mktemp("links") / "way"
    way.symlink_to(folder)
    Sums().of(folder, NAMES)
    assert read_again(way) == []


def test_another_version_is_computed_again_and_replaces_the_first(folder, cache):
    Sums().of(folder, NAMES)
    assert len(read_again(folder, version="2")) == 5
    assert read_again(folder, version="2") == []
    assert len(list(cache.rglob("*.npz"))) == 1


def test_a_damaged_cache_file_is_rebuilt(folder, cache):
    Sums().of(folder, NAMES)
    (place,) = cache.rglob("*.npz")
    place.write_bytes(place.read_bytes()[:-3])
    sums = Sums()
    assert sums.of(folder, NAMES) == SUMS
    assert len(sums.read) == 5
    assert read_again(folder) == []


def test_without_a_writable_cache_file_values_are_the_same(folder, cache):
    (cache / "sums").touch()  # where a folder should be
    assert Sums().of(folder, NAMES) == SUMS
    assert len(read_again(folder)) == 5


def test_without_locks_values_are_computed_and_cached(folder, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(SoftFileLease, "acquire", full)
    assert Sums().of(folder, NAMES) == SUMS
    assert read_again(folder) == []


def test_an_error_of_the_computation_is_not_taken_for_one_of_the_lock(folder):
    sums = Sums()

    def fail(path):
        sums.read.append(path.name)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    sums.value = replace(sums.value, compute=fail)
    with pytest.raises(OSError, match="No space left"):
        sums.of(folder, NAMES[:1])
    assert sums.read == NAMES[:1]


def test_nothing_is_written_beside_the_data(folder):
    before = sorted(folder.rglob("*"))
    Sums().of(folder, NAMES)
    assert sorted(folder.rglob("*")) == before


def test_a_malformed_file_stops_the_reading_and_those_before_it_are_cached(folder, monkeypatch):
    monkeypatch.setattr(file_cache, "_BLOCK", 1)
    with pytest.raises(InputError, match=r"3\.txt: malformed"):
        Sums(fails_at="3.txt").of(folder, NAMES)
    assert not {"0.txt", "1.txt", "2.txt"} & set(read_again(folder))


def test_a_missing_file_raises_the_error_of_what_reads_it(folder):
    with pytest.raises(FileNotFoundError, match=r"missing\.txt"):
        Sums().of(folder, ["missing.txt"])


JOB = """
import os, sys, time
from pathlib import Path
import numpy as np
from landmarks.data import file_cache

folder, dies = Path(sys.argv[1]), sys.argv[2] == "dies"
file_cache._BLOCK, file_cache.SAVE_SECONDS, file_cache.SETTLED_SECONDS = 1, 0.0, 0.0

saved_counts, write_arrays = [], file_cache.write_arrays

def write_and_count(path, version, arrays):
    write_arrays(path, version, arrays)
    saved_counts.append(len(arrays["values"]))

file_cache.write_arrays = write_and_count

def compute(path):
    if dies and path.name == "39":
        while 39 not in saved_counts:  # other threads compute those before
            time.sleep(0.01)
        os._exit(9)
    with (folder / "log").open("a") as log:
        log.write(path.name + chr(10))
    time.sleep(0.01)
    return np.frombuffer(path.read_bytes(), np.uint8)

value = file_cache.FileValue(kind="jobs", version="1", shape=(1,), dtype=np.uint8, compute=compute)
names = [str(k) for k in range(40)]
print(file_cache.cached_values(folder / "data", names, value, "reading")[:, 0].tolist())
"""


@pytest.fixture
def start(tmp_path):
    """Start a job on 40 files; the log names the files that jobs read."""
    (tmp_path / "data").mkdir()
    for k in range(40):
        (tmp_path / "data" / str(k)).write_bytes(bytes([k]))
    (tmp_path / "log").touch()

    def start(how="lives"):
        return subprocess.Popen(
            [sys.executable, "-c", JOB, tmp_path, how], stdout=subprocess.PIPE, text=True
        )

    return start


def files_read(tmp_path):
    return sorted(map(int, (tmp_path / "log").read_text().split()))


def test_of_two_jobs_at_the_same_time_only_one_reads_the_files(tmp_path, start):
    jobs = [start(), start()]
    for job in jobs:
        told, _ = job.communicate(timeout=PATIENCE)
        assert told == f"{list(range(40))}\n"
    assert files_read(tmp_path) == list(range(40))


def test_files_that_a_killed_job_read_are_not_read_again(tmp_path, start):
    killed = start("dies")
    killed.communicate(timeout=PATIENCE)
    assert killed.returncode == 9
    assert files_read(tmp_path) == list(range(39))
    told, _ = start().communicate(timeout=PATIENCE)
    assert told == f"{list(range(40))}\n"
    assert files_read(tmp_path) == list(range(40))


def test_arrays_of_a_file_are_computed_once_for_each_state_and_options(tmp_path):
    path = Path(tmp_path / "file")
    path.write_bytes(b"one")
    calls = []

    def arrays(options="a", version="1"):
        def compute():
            calls.append(options)
            return {"content": np.frombuffer(path.read_bytes(), np.uint8)}

        return cached_arrays(path, "kind", options, version, compute)["content"].tobytes()

    assert [arrays(), arrays(), arrays("b"), arrays("b"), arrays()] == [b"one"] * 5
    assert calls == ["a", "b"]
    path.write_bytes(b"other")
    assert [arrays(), arrays()] == [b"other"] * 2
    assert calls == ["a", "b", "a"]
    arrays(version="2")
    assert calls == ["a", "b", "a", "a"]
