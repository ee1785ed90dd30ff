"""Commands in the environments of notebooks and containers."""

import os
import subprocess
import sys

import pytest

from landmarks.cli.environment import prepare
from tests.cli.test_command_line import SMALL, results
from tests.processes import forked
from tests.waiting import PATIENCE

INLINE = "module://matplotlib_inline.backend_inline"


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    for name in ("MPLBACKEND", "WARP_CACHE_PATH", "MPLCONFIGDIR", "LANDMARKS_CACHE"):
        monkeypatch.setenv(name, "")  # so that what a test sets is undone
        monkeypatch.delenv(name)
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)


def test_libraries_keep_their_own_folders_where_these_can_be_written(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    prepare()
    assert "WARP_CACHE_PATH" not in os.environ
    assert "MPLCONFIGDIR" not in os.environ
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fault", ["a file", "read-only"])
def test_without_a_home_folder_libraries_cache_where_landmarks_does(tmp_path, monkeypatch, fault):
    home = tmp_path / "home"
    if fault == "a file":
        home.touch()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("LANDMARKS_CACHE", str(tmp_path / "cache"))
    if fault == "read-only":
        monkeypatch.setattr(os, "access", lambda *_: False)
    prepare()
    assert os.environ["WARP_CACHE_PATH"] == str(tmp_path / "cache" / "warp")
    assert os.environ["MPLCONFIGDIR"] == str(tmp_path / "cache" / "matplotlib")


def test_what_the_user_sets_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setenv("WARP_CACHE_PATH", "mine")
    monkeypatch.setenv("MPLCONFIGDIR", "my own")
    prepare()
    assert (os.environ["WARP_CACHE_PATH"], os.environ["MPLCONFIGDIR"]) == ("mine", "my own")


SCRIPT = """
import sys
sys.argv = ["landmarks", "report", "nowhere"]
from landmarks.cli.main import main
main()
import matplotlib
print(matplotlib.get_backend())
"""


def test_the_backend_of_a_notebook_is_not_needed(tmp_path):
    environment = {**os.environ, "MPLBACKEND": INLINE}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip().lower() == "agg"
    assert done.stderr.startswith("error: nowhere")


def test_a_training_with_neither_a_home_folder_nor_that_backend_warns_in_one_line(tmp_path):
    (tmp_path / "file").touch()
    temporary, work = tmp_path / "tmp", tmp_path / "work"
    temporary.mkdir()
    work.mkdir()
    surroundings = {"HOME": f"{tmp_path}/file", "MPLBACKEND": INLINE, "LANDMARKS_CACHE": ""}
    surroundings |= {"TMPDIR": str(temporary)}
    done = forked("train", *SMALL, cwd=work, patience=PATIENCE, **surroundings)
    assert done.returncode == 0, done.stderr
    (line,) = (line for line in (done.stdout + done.stderr).splitlines() if "cannot write" in line)
    assert "set LANDMARKS_CACHE to a folder" in line
    assert len(results(work)) == 1
    assert (tmp_path / "file").read_bytes() == b""
