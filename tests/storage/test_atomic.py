"""Files written whole: the name holds all of the new content or all of the old."""

import errno
import os
import subprocess
from pathlib import Path

import pytest

from landmarks.errors import InputError
from landmarks.storage.atomic import folder_to_fill, written_whole


def write(path, text):
    with written_whole(path) as partial:
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
        with written_whole(path) as partial:
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


def test_what_a_killed_writer_left_goes_and_what_another_writes_stays(tmp_path):
    path = tmp_path / "result.json"
    with written_whole(path) as partial:
        partial.write_text("all")
        _, _, own, _ = partial.name.split(".")
        machine = own.split("-")[0]
    with subprocess.Popen(["true"]) as ended:
        pass
    dead = tmp_path / f"result.json.{machine}-{ended.pid}-0a.partial"
    stay = [
        tmp_path / f"result.json.{machine}-{os.getppid()}-0a.partial",
        tmp_path / "result.json.0123abcd-1-0a.partial",
        tmp_path / "result.json.0123abcd.partial",
        tmp_path / f"other.json.{machine}-{ended.pid}-0a.partial",
    ]
    for left in (dead, *stay):
        left.touch()
    write(path, "all")
    assert set(tmp_path.iterdir()) == {path, *stay}


def test_an_error_names_the_file_that_was_to_be_written(tmp_path):
    path = tmp_path / "result.json"
    with pytest.raises(OSError, match="No space left") as caught, written_whole(path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # as a full disk's: without a name
    assert caught.value.filename == str(path)
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError) as caught:
        write(tmp_path / "file" / "result.json", "all")
    assert caught.value.filename == str(tmp_path / "file" / "result.json")


def test_a_folder_that_stays_empty_goes_again_with_those_made_for_it(tmp_path):
    (tmp_path / "outputs").mkdir()
    with folder_to_fill(tmp_path / "outputs" / "real_only" / "seed_0"):
        assert (tmp_path / "outputs" / "real_only" / "seed_0").is_dir()
    assert list(tmp_path.rglob("*")) == [tmp_path / "outputs"]
    with folder_to_fill(tmp_path / "outputs"):
        pass
    assert (tmp_path / "outputs").is_dir()
    with folder_to_fill(tmp_path / "outputs" / "real_only" / "seed_0"):
        (tmp_path / "outputs" / "real_only" / "seed_0" / "run.log").touch()
    assert (tmp_path / "outputs" / "real_only" / "seed_0" / "run.log").exists()


@pytest.mark.parametrize("folder", ["file", "file/below", "/proc/below", "/sys/below"])
def test_a_folder_that_takes_no_file_is_refused(tmp_path, folder):
    (tmp_path / "file").touch()
    place = tmp_path / folder
    with pytest.raises(InputError, match=f"^{place}: nothing can be written there"):
        folder_to_fill(place).__enter__()
