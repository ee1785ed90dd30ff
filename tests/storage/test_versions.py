"""Versions are recorded for information: reading them never fails."""

import re
import subprocess
from pathlib import Path

import pytest

from landmarks.storage.versions import commit_of, package_differences, versions

ROOT = Path(__file__).parents[2]


def test_versions_name_this_package_and_those_that_it_computes_with():
    assert {"python", "landmarks", "torch", "numpy", "albumentations"} <= versions().keys()
    assert (ROOT / ".git").exists() or "commit" not in versions()


def git(folder, *words):
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(("git", "-C", folder, *identity, *words), check=True, capture_output=True)


def test_the_commit_of_a_clone_says_whether_files_were_changed(tmp_path):
    assert commit_of(tmp_path) == ""  # no clone: an installed package
    (tmp_path / "file").write_text("before")
    git(tmp_path, "init")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "-m", "first")
    assert re.fullmatch("[0-9a-f]{40}", commit_of(tmp_path))
    (tmp_path / "file").write_text("after")
    assert re.fullmatch("[0-9a-f]{40}-dirty", commit_of(tmp_path))
    (tmp_path / "installed" / "lib").mkdir(parents=True)  # in a clone of something else
    assert commit_of(tmp_path / "installed" / "lib") == ""


@pytest.mark.parametrize("fault", [FileNotFoundError, subprocess.TimeoutExpired("git", 10)])
def test_without_git_there_is_no_commit(tmp_path, monkeypatch, fault):
    def failing(*_, **__):
        raise fault

    (tmp_path / ".git").mkdir()
    assert commit_of(tmp_path) == ""  # not a repository
    monkeypatch.setattr(subprocess, "run", failing)
    assert commit_of(tmp_path) == ""


def test_only_packages_that_change_rounding_are_compared():
    then = {"python": "3.11", "torch": "2.9.0", "landmarks": "0.1.0", "commit": "0123"}
    assert package_differences(then, {**then, "landmarks": "0.2.0", "commit": "4567"}) == ""
    assert package_differences(then, {**then, "torch": "2.10.0"}) == "torch 2.9.0 (now 2.10.0)"
    assert package_differences({}, {"torch": "2.10.0"}) == "torch ? (now 2.10.0)"
