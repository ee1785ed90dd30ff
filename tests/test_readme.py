"""The commands of the README run on small data; those of all documents have options that exist."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from PIL import Image

from landmarks.cli.grid import grid, parse
from landmarks.cli.hydra_command import CONFIGS
from landmarks.cli.main import COMMANDS, HYDRA_COMMANDS
from landmarks.cli.quoting import quoted
from landmarks.data.toy import read_toy
from tests.processes import forked
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
DOCUMENTS = [README, ROOT / "data" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

QUICK = [
    "schedule=tiny",
    *(f"schedule.{part}.steps=2" for part in ("pretrain", "train", "finetune")),
]
QUICK += ["model.network.widths=[8,8]", "model.input_size=32", "machine.threads=1"]
FEW = [f"data.{part}.size=64" for part in ("synthetic", "real", "test")]
FEW += ["data.synthetic.count=12", "data.real.count=60", "data.test.count=6"]
FEW_OF = {
    "data=w300_face_synthetics": ["data.synthetic.sample=null"],
    "data=own": ["data.synthetic.size=64", "data.synthetic.count=12"],
}
SYNTHESIZE = ["n=4", "size=64", "workers=1"]


def blocks(document):
    """Language and text of each block of code."""
    return re.findall(r"```(\w*)\n(.*?)```", document.read_text(encoding="utf-8"), flags=re.DOTALL)


def commands(document):
    """The words of each command of the project that a document shows."""
    text = "".join(block for language, block in blocks(document) if language in ("", "bash"))
    for line in text.replace("\\\n", " ").splitlines():
        if re.match(r"(landmarks|make|python|cd \S+ &&) ", line):
            words = shlex.split(line, comments=True)
            words = words[words.index("&&") + 1 :] if "&&" in words else words
            yield (
                ["landmarks", "train", *words[3:]]
                if words[1:3] == ["-m", "landmarks.train"]
                else words
            )


def write_photos(folder, count, seed):
    folder.mkdir(parents=True)
    for i, face in enumerate(read_toy(count=count, domain="stand_in", seed=seed).faces):
        Image.fromarray(face.image.read()).save(folder / f"{seed}{i:03}_1.png")
        rows = "\n".join(f"{x + 1:.3f} {y + 1:.3f}" for x, y in face.landmarks)
        (folder / f"{seed}{i:03}_1.pts").write_text(f"version: 1\nn_points: 68\n{{\n{rows}\n}}\n")


def write_face_synthetics(folder, count):
    folder.mkdir(parents=True)
    for i, face in enumerate(read_toy(count=count, domain="synthetic", seed=9).faces):
        Image.fromarray(face.image.read()).save(folder / f"{i:06}.png")
        points = np.concatenate([face.landmarks, face.landmarks[36:38]])
        np.savetxt(folder / f"{i:06}_ldmks.txt", points, fmt="%.4f")


def write_unlabelled(folder):
    (folder / "photos").mkdir()
    (face,) = read_toy(count=1, domain="stand_in", seed=4).faces
    Image.fromarray(face.image.read()).save(folder / "photos" / "face.jpg")
    (folder / "boxes.csv").write_text("image,x0,y0,x1,y1\nface.jpg,20,25,70,75\n")


@pytest.fixture
def place(tmp_path):
    """A working folder with the files that the README speaks of."""
    write_photos(tmp_path / "path/to/300w/helen/trainset", 60, seed=1)
    write_photos(tmp_path / "path/to/300w/helen/testset", 6, seed=2)
    write_photos(tmp_path / "path/to/your/photos", 60, seed=3)
    write_photos(tmp_path / "path/to/other/photos", 4, seed=4)
    write_photos(tmp_path / "path/to/labelled/photos", 4, seed=5)
    write_face_synthetics(tmp_path / "path/to/face_synthetics", 12)
    write_unlabelled(tmp_path / "path/to")
    return tmp_path


def in_small(words):
    """The words of a command with those added that make it quick."""
    if words[1] == "train" and "hydra.sweeper.dry=true" not in words:
        (data,) = [word for word in words if word.startswith("data=")] or [""]
        return words + QUICK + FEW_OF.get(data, FEW)
    return words + SYNTHESIZE if words[1] == "synthesize" else words


def test_every_command_of_the_readme_runs(place):
    ran = []
    for words in commands(README):
        if words[0] == "make":
            assert f"\n{words[1]}:" in (ROOT / "Makefile").read_text()
        elif words[0] == "landmarks":
            done = forked(*in_small(words)[1:], cwd=place, patience=PATIENCE)
            assert done.returncode == 0, f"{words}\n{done.stderr}"
            ran.append(words[1])
    assert {"train", "report", "predict"} <= set(ran)
    for language, block in blocks(README):
        if language == "python":
            subprocess.run([sys.executable, "-c", block], cwd=place, check=True)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_option_of_a_documented_command_exists(document):
    for words in commands(document):
        if words[0] != "landmarks":
            continue
        assert words[1] in COMMANDS
        if words[1] in HYDRA_COMMANDS:
            given = quoted([word for word in words[2:] if "..." not in word])
            points = grid(parse([word for word in given if not word.startswith("-")]))
            with initialize_config_dir(str(CONFIGS), version_base="1.3"):
                compose(words[1], list(points[-1]), return_hydra_config=True)


def test_every_file_that_the_readme_names_is_there():
    for target in re.findall(r"\]\(([^)#:]+)\)", README.read_text()):
        assert (ROOT / target).exists(), target


def test_every_module_is_in_the_tree_of_the_readme():
    tree = README.read_text().split("## The tree")[1].split("## ")[0]
    for path in (ROOT / "src" / "landmarks").iterdir():
        if (path.suffix == ".py" and not path.name.startswith("_")) or path.is_dir():
            assert path.name in tree or path.name == "__pycache__", path.name
