"""Stored images: the same bytes, however often writing was interrupted."""

import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from landmarks.data.image_store import IMAGES, PROGRESS, open_images, write_images
from landmarks.errors import InputError

COUNT = 83
SHAPE = (COUNT, 6, 5, 3)
PIXELS = np.random.default_rng(0).integers(0, 256, SHAPE, np.uint8)


class InterruptionError(Exception):
    """Stands for Ctrl-C."""


def write(folder, *, fails_at=None, content="one", pixels=PIXELS):
    """How often each image was made."""
    made = Counter()

    def make(i):
        if i == fails_at:
            raise InterruptionError
        made[i] += 1
        return pixels[i]

    write_images(folder, pixels.shape, content, make, "writing")
    return made


def interrupt(folder, fails_at=50):
    with pytest.raises(InterruptionError):
        write(folder, fails_at=fails_at)


def test_the_file_is_what_numpy_writes(tmp_path):
    assert write(tmp_path) == Counter(range(COUNT))
    np.save(tmp_path / "expected.npy", PIXELS)
    assert (tmp_path / IMAGES).read_bytes() == (tmp_path / "expected.npy").read_bytes()
    np.testing.assert_array_equal(open_images(tmp_path), PIXELS)


def test_an_interrupted_call_is_continued(tmp_path):
    interrupt(tmp_path)
    assert write(tmp_path) == Counter(range(50, COUNT))
    np.testing.assert_array_equal(open_images(tmp_path), PIXELS)
    assert write(tmp_path) == Counter()


@pytest.mark.parametrize("damaged", [IMAGES, PROGRESS])
@pytest.mark.parametrize("change", [Path.unlink, lambda path: path.write_bytes(b"")])
def test_damaged_files_of_an_interrupted_call_are_written_from_the_start(tmp_path, damaged, change):
    interrupt(tmp_path)
    change(tmp_path / damaged)
    assert write(tmp_path) == Counter(range(COUNT))
    np.testing.assert_array_equal(open_images(tmp_path), PIXELS)


def test_images_of_other_content_or_shape_are_overwritten(tmp_path):
    interrupt(tmp_path)
    others = 255 - PIXELS
    assert write(tmp_path, content="two", pixels=others) == Counter(range(COUNT))
    np.testing.assert_array_equal(open_images(tmp_path), others)
    assert write(tmp_path, content="two", pixels=others[:40]) == Counter(range(40))
    np.testing.assert_array_equal(open_images(tmp_path), others[:40])


KILLED = """
import os, sys
from pathlib import Path
from landmarks.data import image_store
from tests.data.test_image_store import PIXELS, write_images

image_store.SAVE_SECONDS = 0.0
first, content = int(sys.argv[2]), sys.argv[3]

def make(i):
    if i == first + 20:
        os._exit(9)
    return PIXELS[i]

write_images(Path(sys.argv[1]), PIXELS.shape, content, make, "writing")
"""


def test_a_killed_call_is_continued_only_for_the_same_images(tmp_path):
    def kill(first, content):
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, tmp_path, str(first), content],
            cwd=Path(__file__).parents[2],
            stderr=subprocess.DEVNULL,
            check=False,
        )
        assert killed.returncode == 9

    kill(20, "one")
    kill(40, "one")
    made = write(tmp_path)
    assert 0 not in made  # the images before the kill, but for a few that were on their way
    np.testing.assert_array_equal(open_images(tmp_path), PIXELS)
    kill(0, "two")
    assert write(tmp_path) == Counter(range(COUNT))
    np.testing.assert_array_equal(open_images(tmp_path), PIXELS)


def test_incomplete_files_are_refused(tmp_path):
    write(tmp_path)
    whole = (tmp_path / IMAGES).read_bytes()
    for part in (whole[:-1], whole[:100], b""):
        (tmp_path / IMAGES).write_bytes(part)
        with pytest.raises(InputError, match=r"images\.npy: cannot be read"):
            open_images(tmp_path)
    np.save(tmp_path / IMAGES, PIXELS.astype(np.float32))
    with pytest.raises(InputError, match=r"images\.npy: not a file of images \(float32"):
        open_images(tmp_path)
    (tmp_path / IMAGES).unlink()
    with pytest.raises(InputError, match=r"images\.npy: cannot be read"):
        open_images(tmp_path)


def test_too_little_room_is_reported_before_anything_is_made(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=PIXELS.size - 1))
    with pytest.raises(InputError, match=r"the stored faces take .* GB, and .* GB are free"):
        write(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_continued_call_needs_room_only_for_the_rest(tmp_path, monkeypatch):
    interrupt(tmp_path)
    rest = PIXELS[50:].size
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=rest))
    assert len(write(tmp_path)) == COUNT - 50


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux reports it")
def test_memory_does_not_grow_with_the_number_of_images(tmp_path):
    def megabytes():
        """Of memory that is not part of the file cache."""
        (line,) = re.findall(r"RssAnon:\s+(\d+)", Path("/proc/self/status").read_text())
        return int(line) / 1024

    image = np.zeros((128, 128, 3), np.uint8)
    before = megabytes()
    write_images(tmp_path, (2000, *image.shape), "one", lambda _: image.copy(), "writing")
    images = open_images(tmp_path)
    for i in range(len(images)):
        images[i].max()
    assert images.nbytes > 98e6
    assert megabytes() - before < 40
