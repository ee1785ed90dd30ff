"""Atomic writes: a name holds all of the new content or all of the old."""

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from landmarks.errors import InputError
from landmarks.storage.atomic import atomic_folder, atomic_write, writable_folder
from landmarks.storage.owners import temporary_name


def write(path, text):
    with atomic_write(path) as partial:
        partial.write_text(text)


def test_a_file_holds_what_was_written(tmp_path):
    for text in ("one", "another"):
        write(tmp_path / "result.json", text)
        assert (tmp_path / "result.json").read_text() == text
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]


@pytest.mark.parametrize("ends", [KeyboardInterrupt, ValueError])
def test_an_error_leaves_the_file_before_and_nothing_else(tmp_path, ends):
    path = tmp_path / "result.json"
    write(path, "before")

    def stopped():
        with atomic_write(path) as partial:
            partial.write_text("half")
            raise ends

    with pytest.raises(ends):
        stopped()
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_the_content_is_on_the_disk_before_the_name_points_to_it(tmp_path, monkeypatch):
    done = []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda number: done.append("fsync") or fsync(number))
    monkeypatch.setattr(Path, "replace", lambda *paths: done.append("replace") or replace(*paths))
    write(tmp_path / "result.json", "all")
    assert done == ["fsync", "replace"]


def test_temporary_files_of_killed_writers_are_removed_and_those_of_others_kept(tmp_path):
    path = tmp_path / "result.json"
    with atomic_write(path) as partial:
        partial.write_text("all")
        own = partial.name.split(".")[3]
        machine = own.split("-")[0]
    with subprocess.Popen(["true"]) as ended:
        pass
    dead = tmp_path / f".result.json.{machine}-{ended.pid}-0a.partial"
    stay = [
        tmp_path / f".result.json.{machine}-{os.getppid()}-0a.partial",
        tmp_path / ".result.json.0123abcd-1-0a.partial",
        tmp_path / ".result.json.0123abcd.partial",
        tmp_path / f".other.json.{machine}-{ended.pid}-0a.partial",
    ]
    for left in (dead, *stay):
        left.touch()
    write(path, "all")
    assert set(tmp_path.iterdir()) == {path, *stay}


def test_an_error_names_the_file_that_was_to_be_written(tmp_path):
    path = tmp_path / "result.json"
    with pytest.raises(OSError, match="No space left") as caught, atomic_write(path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # as a full disk's: without a name
    assert caught.value.filename == str(path)
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError) as caught:
        write(tmp_path / "file" / "result.json", "all")
    assert caught.value.filename == str(tmp_path / "file" / "result.json")


def test_a_folder_that_stays_empty_is_removed_with_the_parents_created_for_it(tmp_path):
    (tmp_path / "outputs").mkdir()
    with writable_folder(tmp_path / "outputs" / "real_only" / "seed_0"):
        assert (tmp_path / "outputs" / "real_only" / "seed_0").is_dir()
    assert list(tmp_path.rglob("*")) == [tmp_path / "outputs"]
    with writable_folder(tmp_path / "outputs"):
        pass
    assert (tmp_path / "outputs").is_dir()
    with writable_folder(tmp_path / "outputs" / "real_only" / "seed_0"):
        (tmp_path / "outputs" / "real_only" / "seed_0" / "run.log").touch()
    assert (tmp_path / "outputs" / "real_only" / "seed_0" / "run.log").exists()


@pytest.mark.parametrize("folder", ["file", "file/below", "/proc/below", "/sys/below"])
def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path, folder):
    (tmp_path / "file").touch()
    place = tmp_path / folder
    with pytest.raises(InputError, match=f"^{place}: cannot be written to"):
        writable_folder(place).__enter__()


def test_a_folder_appears_when_it_is_complete(tmp_path):
    with atomic_folder(tmp_path / "out") as partial:
        (partial / "face.png").touch()
        assert not (tmp_path / "out").exists()
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "face.png"]
    with pytest.raises(InputError, match="exists already"), atomic_folder(tmp_path / "out"):
        pass


def test_a_folder_that_a_killed_process_left_unfinished_is_removed(tmp_path):
    with subprocess.Popen(["true"]) as ended:
        pass
    own = re.sub(r"-\d+-", f"-{ended.pid}-", temporary_name("out"))
    (tmp_path / own).mkdir()
    (tmp_path / own / "face.png").touch()
    with atomic_folder(tmp_path / "out") as partial:
        (partial / "face.png").touch()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_picture_that_a_full_disk_cut_off_is_an_error(tmp_path):
    code = """
import resource, sys
from pathlib import Path
from PIL import Image
from landmarks.storage.atomic import buffered_write

image = Image.effect_noise((64, 64), 100)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
image.save(sys.argv[1], "JPEG")  # Pillow alone does not notice
try:
    with buffered_write(Path(sys.argv[2])) as file:
        image.save(file, "JPEG")
except OSError as error:
    print(error.strerror)
"""
    words = [sys.executable, "-c", code, str(tmp_path / "one.jpg"), str(tmp_path / "other.jpg")]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert said == "File too large\n"
    assert (tmp_path / "one.jpg").stat().st_size == 1000
