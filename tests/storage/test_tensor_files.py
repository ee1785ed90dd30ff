"""Tensor files: written atomically, with the errors of any other file."""

import errno

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from landmarks.storage.tensor_files import save_tensors

TENSORS = {"a": torch.arange(6.0).reshape(2, 3).T}


def test_tensors_are_loaded_as_they_were_saved(tmp_path):
    save_tensors(tmp_path / "t.safetensors", TENSORS)
    assert torch.equal(load_file(tmp_path / "t.safetensors")["a"], TENSORS["a"])
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
