"""Every command of the README runs, in its order, on small data."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from landmarks.data.toy import read_toy
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, flags=re.DOTALL)
QUICK = ["schedule=tiny", "model.network.widths=[8,16,16,16,16]", "machine.threads=1"]
FEW = [f"data.{part}.size=64" for part in ("synthetic", "real", "test")]
FEW += ["data.synthetic.count=12", "data.real.count=60", "data.test.count=6"]
FEW_OF = {
    "data=w300_face_synthetics": ["data.synthetic.sample=null"],
    "data=own": ["data.synthetic.size=64", "data.synthetic.count=12"],
}
SYNTHESIZE = ["n=4", "size=64", "workers=1"]
SWEEP = ["seed=0", "n_real=10,50", *QUICK, *FEW]  # of the scripts that reproduce a figure


def commands():
    """The lines of the README that a user types, continuation lines joined."""
    text = "".join(block for language, block in BLOCKS if not language)
    lines = text.replace("\\\n", " ").splitlines()
    return [line.split("#")[0].strip() for line in lines if re.match(r"(python|make) ", line)]


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


def test_every_command_of_the_readme_runs(tmp_path):
    write_photos(tmp_path / "path/to/300w/helen/trainset", 60, seed=1)
    write_photos(tmp_path / "path/to/300w/helen/testset", 6, seed=2)
    write_photos(tmp_path / "path/to/your/photos", 60, seed=3)
    write_photos(tmp_path / "path/to/other/photos", 4, seed=4)
    write_photos(tmp_path / "path/to/labelled/photos", 4, seed=5)
    write_face_synthetics(tmp_path / "path/to/face_synthetics", 12)
    write_unlabelled(tmp_path / "path/to")
    ran = []
    for line in commands():
        words = shlex.split(line)
        if words[0] == "make":
            assert f"\n{words[1]}:" in (ROOT / "Makefile").read_text()
            continue
        if words[1] == "-m":
            if words[2] == "landmarks.cli.train" and "hydra.sweeper.dry=true" not in words:
                (data,) = [word for word in words if word.startswith("data=")] or [""]
                words += QUICK + FEW_OF.get(data, FEW)
            elif words[2] == "landmarks.cli.synthesize":
                words += SYNTHESIZE
        else:
            words = [words[0], str(ROOT / words[1]), *words[2:]]
            if "reproduce" in words[1]:
                words += SWEEP + (["strategy=real_only,finetune"] if "figure4" in words[1] else [])
        done = subprocess.run(
            [sys.executable, *words[1:]],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stderr}"
        ran.append(words[1:3])
    assert len(ran) == 15
    (python,) = (block for language, block in BLOCKS if language == "python")
    check = "\nassert points.shape == (68, 2)"
    subprocess.run([sys.executable, "-c", python + check], cwd=tmp_path, check=True)


def test_every_file_that_the_readme_names_is_there():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target


def test_every_module_is_in_the_tree_of_the_readme():
    tree = README.split("## The tree")[1].split("## ")[0]
    package = ROOT / "src" / "landmarks"
    for path in package.iterdir():
        if (path.suffix == ".py" and not path.name.startswith("_")) or path.is_dir():
            assert path.name in tree or path.name == "__pycache__", path.name
