"""Tensor files: written atomically, with a checksum, and the errors of any other file."""

import errno
import os

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import save_file

from landmarks.storage.tensor_files import load_tensors, save_tensors

TENSORS = {"a": torch.arange(6.0).reshape(2, 3).T}


def test_tensors_are_loaded_as_they_were_saved(tmp_path):
    save_tensors(tmp_path / "t.safetensors", TENSORS, {"step": "3"})
    tensors, metadata = load_tensors(tmp_path / "t.safetensors")
    assert torch.equal(tensors["a"], TENSORS["a"])
    assert metadata["step"] == "3"
    assert [path.name for path in tmp_path.iterdir()] == ["t.safetensors"]


def test_an_error_of_the_file_system_is_an_os_error(tmp_path):
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "t.safetensors"
    with pytest.raises(OSError, match="Not a directory") as caught:
        save_tensors(path, TENSORS)
    assert (caught.value.errno, caught.value.filename) == (errno.ENOTDIR, str(path))


def test_any_other_error_of_safetensors_is_raised_as_it_is(tmp_path, monkeypatch):
    def failing(*_):
        raise SafetensorError("tensor overlaps")

    monkeypatch.setattr("landmarks.storage.tensor_files.save_file", failing)
    with pytest.raises(SafetensorError, match="overlaps"):
        save_tensors(tmp_path / "t.safetensors", TENSORS)


def test_a_changed_byte_of_the_tensors_is_found_wherever_it_is(tmp_path):
    path = tmp_path / "t.safetensors"
    save_tensors(path, TENSORS)
    whole = path.read_bytes()
    for place in range(len(whole) - 24, len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        with pytest.raises(ValueError, match="does not match its checksum"):
            load_tensors(path)
    path.write_bytes(whole[:-1])
    with pytest.raises(ValueError, match="not a safetensors file"):
        load_tensors(path)


def test_files_without_a_checksum_as_early_versions_wrote_them_are_read(tmp_path):
    save_file({"a": TENSORS["a"].contiguous()}, tmp_path / "t.safetensors")
    tensors, metadata = load_tensors(tmp_path / "t.safetensors")
    assert torch.equal(tensors["a"], TENSORS["a"])
    assert not metadata


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "t.safetensors")
    with pytest.raises(ValueError, match="not a regular file"):
        load_tensors(tmp_path / "t.safetensors")
