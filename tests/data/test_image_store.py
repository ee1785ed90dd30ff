"""Canvases: the same bytes, however often the writing was interrupted."""

import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from landmarks.data.image_store import BLOCK, BLOCKS, IMAGES, Canvases, write_canvases
from landmarks.errors import InputError

COUNT = 5 * BLOCK + 3  # the last block is a short one
SHAPE = (COUNT, 6, 5, 3)
PIXELS = np.random.default_rng(0).integers(0, 256, SHAPE, np.uint8)
SHOWS = b"what they show 1"


class InterruptionError(Exception):
    """Stands for the end of the process."""


def write(folder, *, fails_at=None, shows=SHOWS, pixels=PIXELS):
    """How often each image was made."""
    made = Counter()

    def make(i):
        if i == fails_at:
            raise InterruptionError
        made[i] += 1
        return pixels[i]

    write_canvases(folder, pixels.shape, shows, make, "writing")
    return made


def stored(folder):
    canvases = Canvases(folder)
    return np.stack([canvases[i] for i in range(len(canvases))])


def test_images_come_back(tmp_path):
    made = write(tmp_path)
    assert made == Counter(range(COUNT))
    canvases = Canvases(tmp_path)
    assert canvases.shape == SHAPE
    assert len(canvases) == COUNT
    np.testing.assert_array_equal(stored(tmp_path), PIXELS)
    np.testing.assert_array_equal(canvases[np.intp(7)], PIXELS[7])
    np.testing.assert_array_equal(canvases[-1], PIXELS[-1])
    with pytest.raises(IndexError):
        canvases[COUNT]


def test_the_file_is_what_numpy_writes(tmp_path):
    write(tmp_path)
    np.save(tmp_path / "expected.npy", PIXELS)
    assert (tmp_path / IMAGES).read_bytes() == (tmp_path / "expected.npy").read_bytes()


def test_what_is_finished_is_not_made_again(tmp_path):
    with pytest.raises(InterruptionError):
        write(tmp_path, fails_at=3 * BLOCK + 1)
    made = write(tmp_path)
    assert not set(range(3 * BLOCK)) & set(made)
    assert set(range(3 * BLOCK, 4 * BLOCK)) <= set(made)
    np.testing.assert_array_equal(stored(tmp_path), PIXELS)
    assert write(tmp_path) == Counter()


@pytest.mark.parametrize("name", [IMAGES, BLOCKS])
def test_a_block_that_did_not_reach_the_disk_is_made_again(tmp_path, name):
    """After a power cut, either file may have zeros where something was written."""
    write(tmp_path)
    content = bytearray((tmp_path / name).read_bytes())
    content[-20:] = bytes(20) if name == IMAGES else content[-20:-16] + bytes(16)
    (tmp_path / name).write_bytes(content)
    assert write(tmp_path) == Counter(range(5 * BLOCK, COUNT))
    np.testing.assert_array_equal(stored(tmp_path), PIXELS)


def test_images_of_something_else_are_overwritten(tmp_path):
    write(tmp_path)
    others = 255 - PIXELS
    assert len(write(tmp_path, shows=b"what they show 2", pixels=others)) == COUNT
    np.testing.assert_array_equal(stored(tmp_path), others)
    assert len(write(tmp_path, shows=b"what they show 2", pixels=others[:40])) == 40
    np.testing.assert_array_equal(stored(tmp_path), others[:40])


KILLED = """
import os, sys
from pathlib import Path
from tests.data.test_canvases import BLOCK, PIXELS, SHOWS, write_canvases

made, last = [], int(sys.argv[2])

def make(i):
    made.append(i)
    if len(made) == last:
        os._exit(9)
    return PIXELS[i]

write_canvases(Path(sys.argv[1]), PIXELS.shape, SHOWS, make, "writing")
"""


def test_killed_again_and_again_it_ends_with_the_same_bytes(tmp_path):
    for last in (20, 50, 10):  # 80 in all, so that the last call has some left to make
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, tmp_path, str(last)],
            cwd=Path(__file__).parents[2],
            stderr=subprocess.DEVNULL,
            check=False,
        )
        assert killed.returncode == 9
    write(tmp_path)
    np.testing.assert_array_equal(stored(tmp_path), PIXELS)


@pytest.mark.parametrize("name", [IMAGES, BLOCKS])
def test_a_file_that_is_missing_or_cut_short_is_refused_at_once(tmp_path, name):
    write(tmp_path)
    whole = (tmp_path / name).read_bytes()
    for part in (whole[:-1], whole[:100], b""):
        (tmp_path / name).write_bytes(part)
        with pytest.raises(InputError, match=rf"{re.escape(name)}: .*; remove {tmp_path}"):
            Canvases(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(InputError, match=rf"{re.escape(name)}: .*; remove {tmp_path}"):
        Canvases(tmp_path)


def test_a_file_of_other_numbers_is_refused(tmp_path):
    write(tmp_path)
    np.save(tmp_path / IMAGES, PIXELS.astype(np.float32))
    with pytest.raises(InputError, match=r"images\.npy: not a file of images \(float32"):
        Canvases(tmp_path)


def test_too_little_room_is_told_before_anything_is_made(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=PIXELS.size - 1))
    with pytest.raises(InputError, match=r"the stored faces take .* GB, and .* GB are free"):
        write(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_continued_call_needs_room_for_the_rest_alone(tmp_path, monkeypatch):
    write(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    assert write(tmp_path) == Counter()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is told by Linux alone")
def test_memory_does_not_grow_with_the_number_of_images(tmp_path):
    def resident_megabytes():
        (line,) = re.findall(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())
        return int(line) / 1024

    image = np.zeros((128, 128, 3), np.uint8)
    before = resident_megabytes()
    write_canvases(tmp_path, (2000, *image.shape), SHOWS, lambda _: image, "writing")
    canvases = Canvases(tmp_path)
    for i in range(len(canvases)):
        canvases[i].max()
    assert (tmp_path / IMAGES).stat().st_size > 98e6
    # In memory are blocks, one for each of at most 32 threads: 25 MB.
    assert resident_megabytes() - before < 60
