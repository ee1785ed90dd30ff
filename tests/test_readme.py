"""Every command of the README runs, in its order, on small data; those of the docs exist."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from PIL import Image

from landmarks.cli.hydra_command import CONFIGS
from landmarks.cli.main import COMMANDS
from landmarks.data.toy import read_toy
from tests.processes import forked
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
QUICK = ["schedule=tiny", "model.network.widths=[8,16,16,16,16]", "model.input_size=64"]
QUICK += ["machine.threads=1"]
FEW = [f"data.{part}.size=64" for part in ("synthetic", "real", "test")]
FEW += ["data.synthetic.count=12", "data.real.count=60", "data.test.count=6"]
FEW_OF = {"data=own": ["data.synthetic.size=64", "data.synthetic.count=12"]}


def commands(text):
    """The commands in a Markdown text that a user types, continuation lines joined."""
    blocks = re.findall(r"^ *```(\w*)\n(.*?)^ *```", text, flags=re.DOTALL | re.MULTILINE)
    shell = "".join(block for language, block in blocks if not language).replace("\\\n", " ")
    lines = [line.split(" #")[0].strip() for line in shell.splitlines()]
    return [line for line in lines if re.match(r"(python|make|landmarks) ", line)]


def landmarks_command(line):
    """The words after `landmarks` of such a command; None for another program."""
    words = shlex.split(line)
    if words[0] == "landmarks":
        return words[1:]
    return ["train", *words[3:]] if words[1:3] == ["-m", "landmarks.train"] else None


def write_photos(folder, count, seed):
    folder.mkdir(parents=True)
    for i, face in enumerate(read_toy(count=count, domain="stand_in", seed=seed).faces):
        Image.fromarray(face.image.read()).save(folder / f"{seed}{i:03}_1.png")
        rows = "\n".join(f"{x + 1:.3f} {y + 1:.3f}" for x, y in face.landmarks)
        (folder / f"{seed}{i:03}_1.pts").write_text(f"version: 1\nn_points: 68\n{{\n{rows}\n}}\n")


def write_unlabelled(folder):
    (folder / "photos").mkdir()
    (face,) = read_toy(count=1, domain="stand_in", seed=4).faces
    Image.fromarray(face.image.read()).save(folder / "photos" / "face.jpg")
    (folder / "boxes.csv").write_text("image,x0,y0,x1,y1\nface.jpg,20,25,70,75\n")


def test_every_command_of_the_readme_runs(tmp_path):
    write_photos(tmp_path / "path/to/your/photos", 60, seed=3)
    write_photos(tmp_path / "path/to/other/photos", 4, seed=4)
    write_unlabelled(tmp_path / "path/to")
    ran = []
    for line in commands(README):
        words = landmarks_command(line)
        if words is None:
            assert f"\n{line.split()[1]}:" in (ROOT / "Makefile").read_text()
            continue
        if words[0] == "train":
            own = [word for word in words if word.startswith("data=")]
            words += QUICK + (FEW_OF[own[0]] if own else FEW)
        done = forked(*words, cwd=tmp_path, patience=PATIENCE)
        allowed = (0, 1) if words[0] == "audit" else (0,)  # 1: it found something
        assert done.returncode in allowed, f"{line}\n{done.stderr}"
        ran.append(words[0])
    assert ran == ["predict", "train", "train", "report", "predict", "train", "audit"]
    quick = (ROOT / "docs" / "quick-start.md").read_text()
    (python,) = re.findall(r"```python\n(.*?)```", quick, flags=re.DOTALL)
    check = "\nassert points.shape == (68, 2)"
    subprocess.run([sys.executable, "-c", python + check], cwd=tmp_path, check=True)


def without_sweep(override):
    """One value of an override that sweeps several."""
    name, _, value = override.partition("=")
    return override if value.startswith("[") else f"{name}={value.split(',')[0]}"


PAGES = ["data/README.md", *sorted(str(p.relative_to(ROOT)) for p in ROOT.glob("docs/**/*.md"))]


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_the_documentation_exists(page):
    for line in commands((ROOT / page).read_text()):
        words = landmarks_command(line)
        if words is None:
            script, *rest = shlex.split(line)[1:]
            if script == "-m":  # a package of tests
                script = f"{rest[0].replace('.', '/')}/__main__.py"
            assert line.startswith("make ") or (ROOT / script).is_file(), line
        elif words[0] in ("train", "evaluate", "synthesize", "audit"):
            overrides = [without_sweep(word) for word in words[1:] if "=" in word]
            with initialize_config_dir(str(CONFIGS), version_base="1.3"):
                compose(words[0], overrides=[o for o in overrides if not o.endswith("=...")])
        else:
            assert words[0] in COMMANDS, line


def test_every_file_that_the_readme_names_is_there():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target


def test_every_module_is_in_the_tree_of_the_readme():
    tree = README.split("## The tree")[1].split("## ")[0]
    package = ROOT / "src" / "landmarks"
    for path in package.iterdir():
        if (path.suffix == ".py" and not path.name.startswith("_")) or path.is_dir():
            assert path.name in tree or path.name == "__pycache__", path.name
