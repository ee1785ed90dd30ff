"""The package works without its clone: what a wheel holds, and a run from an installed one."""

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[1]
SOURCES = ("src", "configs", "pyproject.toml", "setup.py", "README.md", "LICENSE")


def run(*words, cwd, **environment):
    """A command that must succeed; returns its output."""
    # Without this, the sources of this clone would come before the installed package.
    inherited = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy of the sources: setuptools leaves a build folder beside them."""
    folder = tmp_path_factory.mktemp("wheel")
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name, **({"ignore": ignored} if copy is shutil.copytree else {}))
    build = ("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder / "dist", ".")
    run(sys.executable, "-m", "pip", *build, cwd=folder)
    (built,) = (folder / "dist").glob("landmarks-*.whl")
    return built


def tracked(folder):
    """Files of a folder of the clone, relative to it, that a package should have."""
    return {
        path.relative_to(ROOT / folder).as_posix()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and ".egg-info" not in str(path)
    }


def test_a_wheel_holds_every_source_file_and_every_yaml_file(wheel):
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == tracked("src") | {f"landmarks/configs/{name}" for name in tracked("configs")}


def environment_with(requirement, folder):
    """A virtual environment with the package and, from this one, all that it depends on."""
    python = folder / "venv" / "bin" / "python"
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
    packages = next((folder / "venv" / "lib").glob("python*")) / "site-packages"
    # Its .pth files, such as that of an editable install, are not read from there.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    install = ("install", "--no-deps", "--no-build-isolation", "--no-index", *requirement)
    run(sys.executable, "-m", "pip", "--python", python, *install, cwd=folder)
    return python


WHERE = "import landmarks, landmarks.configs as c; print(landmarks.__file__, c.__file__)"


@pytest.mark.slow  # 30 s
def test_an_installed_wheel_trains_in_an_empty_folder(wheel, tmp_path):
    python = environment_with([wheel], tmp_path)
    work = tmp_path / "work"
    work.mkdir()
    assert all("venv" in place for place in run(python, "-c", WHERE, cwd=work).split())
    command = python.with_name("landmarks")
    assert "n_real=50" in run(command, "train", "--help", cwd=work)
    run(command, "train", "data=toy", "schedule=tiny", "machine.threads=1", cwd=work)
    (result,) = work.rglob("result.json")
    assert result.parent.relative_to(work).parts[:2] == ("outputs", "toy")
    # Another application finds the files by their module.
    search = ("hydra.searchpath=[pkg://landmarks.configs]", "--info", "searchpath")
    assert "pkg://landmarks.configs" in run(command, "train", *search, cwd=work)


@pytest.mark.slow  # 10 s
def test_an_editable_install_reads_the_clone(tmp_path):
    python = environment_with(["--editable", ROOT], tmp_path)
    work = tmp_path / "work"
    work.mkdir()
    assert run(python, "-c", WHERE, cwd=work).split() == [
        str(ROOT / "src" / "landmarks" / "__init__.py"),
        str(ROOT / "configs" / "__init__.py"),
    ]
    assert "n_real: 50" in run(python, "-m", "landmarks.train", "--cfg", "job", cwd=work)
