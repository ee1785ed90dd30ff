"""Named arrays from files that anybody may have written."""

import os

import numpy as np
import pytest
from faces_on_disk import refusal

from landmarks.data import array_files
from landmarks.data.array_files import read_npz


class Payload:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.fixture
def path(tmp_path):
    np.savez(tmp_path / "a.npz", names=np.array(["a"]), points=np.ones(3), note=np.array("b"))
    return tmp_path / "a.npz"


def test_the_arrays_that_were_asked_for_are_returned(path):
    found = read_npz(path, {"points": "f"}, {"note": "U", "more": "U"})
    assert set(found) == {"points", "note"}
    assert found["points"].tolist() == [1, 1, 1]


def test_an_array_that_is_missing_or_of_another_kind_is_named(path):
    with refusal(str(path), "gone is not a file in the archive"):
        read_npz(path, {"gone": "f"})
    with refusal(str(path), "'names' is an array of <U1"):
        read_npz(path, {"names": "f"})


def test_objects_are_refused_and_not_unpickled(tmp_path):
    made = tmp_path / "made"
    payload = np.empty(1, object)
    payload[0] = Payload(str(made))
    np.savez(tmp_path / "a.npz", points=payload)
    with refusal(str(tmp_path / "a.npz"), "cannot be read"):
        read_npz(tmp_path / "a.npz", {"points": "f"})
    assert not made.exists()
    np.load(tmp_path / "a.npz", allow_pickle=True)["points"]
    assert made.exists()  # so the payload works


def test_what_unpacks_to_too_much_is_refused(path, monkeypatch):
    monkeypatch.setattr(array_files, "LARGEST", 2**20)
    np.savez_compressed(path, points=np.zeros(2**18))
    with refusal(str(path), "unpacks to more than 1 MiB"):
        read_npz(path, {"points": "f"})


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.npz")
    with refusal(str(tmp_path / "a.npz"), "a pipe; expected a regular file"):
        read_npz(tmp_path / "a.npz", {})
