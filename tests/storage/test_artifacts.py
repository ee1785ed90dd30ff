"""Artifacts: made once, by one job, whole; half-made work is found again."""

import json
import subprocess
import sys

import pytest

from landmarks.errors import InputError
from landmarks.storage.artifacts import ArtifactStore
from landmarks.storage.versions import versions
from tests.waiting import PATIENCE, wait_until


def writes(text, calls):
    def make(directory):
        calls.append(directory)
        (directory / "product").write_text(text)

    return make


def test_made_once_then_found(tmp_path):
    store, calls = ArtifactStore(tmp_path), []
    first = store.get("step", {"a": 1}, writes("x", calls))
    again = store.get("other name", {"a": 1}, writes("y", calls))
    assert len(calls) == 1
    assert (first.reused, again.reused) == (False, True)
    assert (again.directory / "product").read_text() == "x"
    assert json.loads((again.directory / "artifact.json").read_text())["ingredients"] == {"a": 1}


def test_other_ingredients_are_another_artifact(tmp_path):
    store, calls = ArtifactStore(tmp_path), []
    one = store.get("step", {"a": 1}, writes("x", calls))
    other = store.get("step", {"a": 2}, writes("y", calls))
    assert one.fingerprint != other.fingerprint
    assert len(calls) == 2


def test_what_other_versions_made_is_found_and_told(tmp_path, monkeypatch, caplog):
    store = ArtifactStore(tmp_path)
    made = store.get("step", {"a": 1}, writes("x", []))
    assert made.versions == versions()
    assert "was made with" not in caplog.text
    now = {**versions(), "torch": "9.9"}
    monkeypatch.setattr("landmarks.storage.artifacts.versions", lambda: now)
    found = store.get("step", {"a": 1}, writes("y", []))
    assert found.versions == made.versions
    assert f"was made with torch {made.versions['torch']} (now 9.9); remove it" in caplog.text


def test_an_interrupted_make_finds_what_it_left(tmp_path):
    store = ArtifactStore(tmp_path)

    def stopped(directory):
        (directory / "checkpoint").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.get("step", {"a": 1}, stopped)
    assert not (tmp_path / "product").exists()

    def continued(directory):
        assert (directory / "checkpoint").read_text() == "half"
        (directory / "product").write_text("whole")

    made = store.get("step", {"a": 1}, continued)
    assert made.continued
    assert (made.directory / "product").read_text() == "whole"


def test_bad_input_leaves_nothing_behind(tmp_path):
    def bad(directory):
        (directory / "half").write_text("x")
        raise InputError("no such face")

    with pytest.raises(InputError):
        ArtifactStore(tmp_path).get("step", {"a": 1}, bad)
    assert not list(tmp_path.glob("*.partial"))


JOB = """
import sys, time
from pathlib import Path
from landmarks.storage.artifacts import ArtifactStore

def make(directory):
    with open(sys.argv[2], "a") as log:
        log.write("made\\n")
    time.sleep(float(sys.argv[3]))
    (directory / "product").write_text("whole")

made = ArtifactStore(Path(sys.argv[1])).get("step", {"a": 1}, make)
assert (made.directory / "product").read_text() == "whole"
"""


def test_four_jobs_that_want_one_artifact_make_it_once(tmp_path):
    log = tmp_path / "log"
    words = [sys.executable, "-c", JOB, tmp_path / "store", log, "1"]
    jobs = [subprocess.Popen(words) for _ in range(4)]
    assert [job.wait(timeout=PATIENCE) for job in jobs] == [0, 0, 0, 0]
    assert log.read_text() == "made\n"


def test_a_killed_maker_frees_its_lock(tmp_path):
    log = tmp_path / "log"
    log.touch()
    words = [sys.executable, "-c", JOB, tmp_path / "store", log]
    job = subprocess.Popen([*words, "3600"])
    wait_until(log.read_text, "the maker")
    job.kill()
    job.wait()
    subprocess.run([*words, "0"], check=True, timeout=PATIENCE)
    assert log.read_text() == "made\nmade\n"
