"""The commands a user types, in processes of their own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[1]
SMALL = [
    "data=toy",
    "n_real=10",
    "schedule=tiny",
    "data.synthetic.count=24",
    "data.real.count=30",
    "data.test.count=12",
    "model.network.widths=[8,16,16,16,16]",
    "machine.threads=1",
]


def command(module, *words, cwd):
    return subprocess.run(
        [sys.executable, "-m", f"landmarks.{module}", *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def results(folder):
    return sorted(path.relative_to(folder) for path in folder.rglob("result.json"))


def test_a_sweep_of_strategies_shares_its_pretraining_and_can_be_evaluated(tmp_path):
    words = ["-m", "strategy=label_adaptation,mixing", "n_real=10", "seed=0,1", *SMALL]
    swept = command("train", *words, cwd=tmp_path)
    assert swept.returncode == 0, swept.stderr
    found = results(tmp_path)
    assert [str(path) for path in found] == [
        f"outputs/toy/unet/{strategy}/n_real_10/seed_{seed}/result.json"
        for strategy in ("label_adaptation", "mixing")
        for seed in (0, 1)
    ]
    stored = json.loads((tmp_path / found[0]).read_text())
    assert stored["rendered_test"] is True
    assert "pretrain: made" in swept.stdout
    assert "pretrain: reused" in swept.stdout
    assert "on drawn or rendered faces" in swept.stdout

    run = found[0].parent
    tested = command("evaluate", f"run={run}", "faces@data.test=toy", cwd=tmp_path)
    assert tested.returncode == 0, tested.stderr
    (written,) = (tmp_path / run / "evaluations").glob("*/evaluation.json")
    assert json.loads(written.read_text())["rendered_test"] is True
    assert str(written.parent.relative_to(tmp_path)) in tested.stdout

    again = command("train", *words, cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert again.stdout.count("done before") == 4


def test_help_and_cfg_answer_without_importing_torch(tmp_path):
    (tmp_path / "torch.py").write_text("raise SystemExit('torch was imported')")
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    for words in (["--help"], ["--cfg", "job"]):
        done = subprocess.run(
            [sys.executable, "-m", "landmarks.train", *words],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "n_real: 50" in done.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["n_real=5000"], "n_real is 5000; it must be a whole number from 0 to 30"),
        (["n_real=fifty"], "n_real is 'fifty'"),
        (["strategy=synthetic_only"], "uses no real face"),
        (["strategy=finetun"], "Could not find 'strategy/finetun'"),
        (["n_rael=50"], "n_rael"),
        (["strategy=mixing", "strategy.alpha=2"], "alpha is 2"),
        (["loss=coordinate_mse"], "choose another loss"),
        (["data=w300_face_synthetics"], "Missing mandatory value: data.real.root"),
        (["data=w300_face_synthetics", "data.real.root=x", "data.synthetic.root=y"], "error: x: "),
        (["data=w300", "data.real.root=''"], "a folder is ''; it must be a path in text"),
        (["machine.device=tpu"], "device is 'tpu'"),
        (["out=''"], "out is ''; it must be a path in text"),
        (["out=null"], "out is null; it must be a path in text"),
        (["artifacts=''"], "artifacts is ''"),
    ],
)
def test_wrong_words_end_with_one_line_and_code_two_and_write_nothing(tmp_path, words, message):
    small = [] if any(word.startswith("data=") for word in words) else SMALL
    done = command("train", *small, *words, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("out", ["''", "null"])
def test_a_sweep_into_no_folder_is_refused_before_any_run(tmp_path, out):
    sweep = ["-m", *SMALL, "seed=0,1", f"out={out}", "hydra.sweeper.dry=true"]
    done = command("train", *sweep, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: out is {out}; it must be a path in text")


def test_evaluate_refuses_what_is_no_run(tmp_path):
    done = command("evaluate", "run=nowhere", "faces@data.test=toy", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: nowhere/detector.safetensors: no such file")


@pytest.fixture
def photos(tmp_path):
    """A small 300-W tree of drawn faces."""
    from PIL import Image

    from landmarks.data.toy import read_toy

    for folder, seed in (("helen/trainset", 1), ("afw", 2)):
        place = tmp_path / "w300" / folder
        place.mkdir(parents=True)
        for i, face in enumerate(read_toy(count=6, domain="stand_in", seed=seed).faces):
            Image.fromarray(face.image.read()).save(place / f"{i}_1.jpg", quality=95)
            rows = "\n".join(f"{x + 1:.4f} {y + 1:.4f}" for x, y in face.landmarks)
            text = f"version: 1\nn_points:  68\n{{\n{rows}\n}}\n"
            (place / f"{i}_1.pts").write_text(text)
    return tmp_path / "w300"


def test_a_broken_photo_ends_the_run_with_one_line_before_any_training(tmp_path, photos):
    words = [
        "experiment=helen_to_afw",
        "strategy=real_only",
        "n_real=4",
        "data.synthetic=null",
        f"data.real.root={photos}",
        "schedule=tiny",
    ]
    broken = photos / "helen" / "trainset" / "3_1.jpg"
    broken.write_bytes(broken.read_bytes()[:2000])
    work = tmp_path / "work"
    work.mkdir()
    done = command("train", *words, cwd=work)
    assert done.returncode == 2
    # Progress bars end with a carriage return or a new line; the error has a line of its own.
    (error,) = (line for line in done.stderr.splitlines() if line.startswith("error:"))
    assert "3_1.jpg: cannot be decoded" in error
    assert "Traceback" not in done.stderr
    assert not list(work.rglob("helen_to_afw")) + results(work) + list(work.rglob("*.partial"))
    assert not list(work.rglob("weights.safetensors"))
    shutil.rmtree(work)
