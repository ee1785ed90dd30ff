"""The commands a user types, in processes of their own."""

import json
import os
import shutil
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path

import hydra
import pytest

import landmarks
from landmarks.cli.hydra_command import CONFIGS, lazy_help
from landmarks.cli.main import COMMANDS
from landmarks.cli.main import main as landmarks_command
from landmarks.inference.detector import Detector
from tests.processes import forked
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
PYTHONPATH = [os.environ["PYTHONPATH"]] if "PYTHONPATH" in os.environ else []
SMALL = [
    "data=toy",
    "n_real=10",
    "schedule=tiny",
    "data.synthetic.count=24",
    "data.real.count=30",
    "data.test.count=12",
    "model.network.widths=[8,16,16,16,16]",
    "model.input_size=64",
    "machine.threads=1",
]


def command(name, *words, cwd):
    """`landmarks NAME WORDS...`."""
    return forked(name, *words, cwd=cwd, patience=PATIENCE)


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
    assert swept.stdout.count("\nreal: drawn faces (stand-in domain), 30 faces on 28 photos") == 1
    assert swept.stdout.rstrip().endswith(
        "results are in outputs/toy/unet; next: landmarks report outputs/toy/unet"
    )
    assert "pretrain: made" in swept.stdout
    assert "pretrain: reused" in swept.stdout
    assert "on drawn or rendered faces" in swept.stdout

    run = found[0].parent
    few = ("faces@data.test=toy", "data.test.count=12")
    tested = command("evaluate", f"run={run}", *few, cwd=tmp_path)
    assert tested.returncode == 0, tested.stderr
    (written,) = (tmp_path / run / "evaluations").glob("*/evaluation.json")
    assert json.loads(written.read_text())["rendered_test"] is True
    assert str(written.parent.relative_to(tmp_path)) in tested.stdout

    again = command("train", *words, cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert again.stdout.count("already finished: ") == 4
    assert f"faces); it is in {run}\n" in again.stdout


def python_without_torch(*words, cwd):
    (cwd / "torch.py").write_text("raise SystemExit('torch was imported')")
    return subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(cwd), *PYTHONPATH])},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["landmarks.train", "--help"], "n_real=50"),
        (["landmarks", "train", "--cfg", "job"], "n_real: 50"),
        (["landmarks", "predict", "--help"], "--boxes CSV"),
        (["landmarks", "export", "--help"], "--crops"),
        (["landmarks", "score", "--help"], "--truth TRUTH"),
        (["landmarks"], "landmarks report"),
    ],
)
def test_help_does_not_import_torch(tmp_path, words, answer):
    done = python_without_torch("-m", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert answer in done.stdout


def test_the_package_offers_the_detector_and_imports_torch_only_for_it(tmp_path):
    done = python_without_torch("-c", "import landmarks; print(landmarks.__all__)", cwd=tmp_path)
    assert done.stdout == "['Detector', '__version__']\n", done.stderr
    done = python_without_torch("-c", "from landmarks import Detector", cwd=tmp_path)
    assert "torch was imported" in done.stderr
    assert landmarks.Detector is Detector
    with pytest.raises(AttributeError, match="no attribute 'Detektor'"):
        _ = landmarks.Detektor


def test_the_help_check_of_python_3_14_does_not_stop_hydra(monkeypatch):
    add_argument = ArgumentParser.add_argument

    def checked(parser, *names, **options):
        action = add_argument(parser, *names, **options)
        parser._check_help(action)
        return action

    def check_help(_parser, action):
        assert isinstance(action.help, str | None), "badly formed help string"

    monkeypatch.setattr(ArgumentParser, "_check_help", check_help, raising=False)
    monkeypatch.setattr(ArgumentParser, "add_argument", checked)
    monkeypatch.setattr(sys, "argv", ["landmarks", "--cfg", "job"])
    command = hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name="train")
    with pytest.raises(AssertionError, match="badly formed"):
        command(run_in_process)()
    with lazy_help():
        command(run_in_process)()
    assert ArgumentParser._check_help is check_help


def run_in_process(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["landmarks", *words])
    return landmarks_command()


@pytest.mark.parametrize("words", [[], ["--help"]])
def test_the_command_lists_all_commands_with_their_purpose(capsys, monkeypatch, words):
    package = Path(landmarks.__file__).parent / "cli"
    opening = '"""Command line: '
    assert set(COMMANDS) == {
        p.stem for p in package.glob("*.py") if p.read_text().startswith(opening)
    }
    assert run_in_process(monkeypatch, *words) == 0
    lines = capsys.readouterr().out.splitlines()
    for name in COMMANDS:
        (line,) = (x for x in lines if x.startswith(f"  landmarks {name} "))
        assert len(line.split(name, 1)[1].strip()) > 10


def test_an_unknown_command_is_refused_with_the_known_ones(capsys, monkeypatch):
    assert run_in_process(monkeypatch, "trian") == 2
    error = capsys.readouterr().err
    assert error.startswith("error: unknown command 'trian'; use one of train, evaluate, ")
    assert error.endswith("did you mean train?\n")


def test_a_reader_that_closes_the_output_gets_no_traceback(tmp_path):
    words = [sys.executable, "-m", "landmarks", "train", "--cfg", "job"]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, cwd=tmp_path, stdout=pipe, stderr=pipe, text=True) as process:
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 1


def test_the_version_is_that_of_the_package(capsys, monkeypatch):
    assert run_in_process(monkeypatch, "--version") == 0
    assert capsys.readouterr().out == f"landmarks {landmarks.__version__}\n"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("landmarks tr", " ".join(COMMANDS)),
        (
            "landmarks train strategy=fi",
            "strategy=finetune strategy=finetune_adapted strategy=finetune_plain",
        ),
        ("landmarks synthesize renderer=w", "renderer=warp"),
        ("landmarks report outp", ""),  # the shell completes file names
    ],
)
def test_a_shell_can_complete_commands_options_and_choices(tmp_path, line, expected):
    words = ["--shell-completion", "query=bash"]
    environment = {**os.environ, "COMP_LINE": line}
    done = subprocess.run(
        [sys.executable, "-m", "landmarks", *words],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == expected


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["n_real=5000"], "n_real is 5000; it must be a whole number from 0 to 30"),
        (["data=rendered", "n_real=fifty"], "n_real is 'fifty'"),
        (["data=rendered", "seed=-1"], "seed is -1"),
        (["data=rendered", "schedule.finetune.steps=x", "strategy=real_only"], "steps is 'x'"),
        (["data=rendered", "hydra.sweeper.dry=true"], "hydra.sweeper.dry=true is for sweeps"),
        (["data=rendered", "+data.real.sample=5"], "rendered_faces has no 'sample'; it takes"),
        (["data=rendered", "data.synthetic.count=ten"], "data.synthetic.count is 'ten'; it must"),
        (["data=w300_rendered", "data.real.root=2024"], "data.real: 2024: no such folder"),
        (["out"], "'out' is no argument; arguments are option=value"),
        (["model.network.widths=[8"], "cannot parse model.network.widths=[8; if the value is text"),
        (["seed=0,1"], "seed=0,1 has several values: add -m to sweep, or give a list: seed=[0,1]"),
        (["strategy=synthetic_only"], "uses no real face"),
        (["strategy=fintune"], "strategy is 'fintune'; allowed are data_adaptation, finetune, "),
        (["strategy=fintune"], "; did you mean finetune?"),
        (["stratgy=finetune"], "no option 'stratgy'; did you mean strategy? (all options: --cfg"),
        (["experimnt=demo"], "no option 'experimnt'; did you mean experiment?"),
        (["schedule.train.step=5"], "schedule.train (Schedule) has steps, batch_size, "),
        (
            ["data=rendered", "faces@data.tst=coco"],
            "Did you mean to override one of faces@data.real",
        ),
        (["strategy=mixing", "strategy.alpha=2"], "alpha is 2"),
        (
            ["data=rendered", "data.real=photos"],
            "data.real is 'photos', which is not a dataset",
        ),
        (["strategy=null"], "one of the choices (adapter, augmentation, crop, "),
        (["model.loss.distance=abc"], "loss distance is 'abc'; it must be a number from 0"),
        (["model.network=null"], "model.network is None; a model needs one"),
        (["model.input_size=32.0"], "input_size is 32.0; it must be a multiple of 32"),
        (["schedule.pretrain=null"], "pretrain: its schedule is None"),
        (["augmentation.real=path"], "augmentation.real is missing, and these faces require one"),
        (["augmentation.real.geometry=null"], "augmentation geometry is None; remove the override"),
        (
            ["augmentation.real.transforms=null"],
            "augmentation transforms is None; it must be a list",
        ),
        (
            ["+augmentation.real.transforms.0.hole_size=9"],
            "transforms[0]: CoarseDropout has no 'hole_size'; its arguments are fill, ",
        ),
        (
            ["augmentation.real.transforms.0.p=30"],
            "error: augmentation.real.transforms.0: CoarseDropout p is 30: Input should be less",
        ),
        (
            ["augmentation.real.transforms.0._target_=albumentations.CoarseDropot"],
            "there is no albumentations.CoarseDropot; did you mean albumentations.CoarseDropout?",
        ),
        (
            ["data=rendered", "data.test.recipe=null"],
            "data.test.recipe is null but required",
        ),
        (["loss=coordinate_mse"], "choose another loss"),
        (["data=w300_face_synthetics"], "data.real.root is required: add data.real.root=..."),
        (["data=w300_rendered", "data.real.root=x"], "error: data.real: x: "),
        (["data=rendered", "machine.device=tpu"], "device is 'tpu'"),
        (["data=w300_rendered", "data.real.root=''"], "a folder is ''; it must be a path in text"),
        (["out=''"], "out is ''; it must be a path in text"),
        (
            ["out=null"],
            "out is null; it must be a path in text, such as . for the working directory or",
        ),
        (["artifacts=''"], "artifacts is ''"),
        (["data.test=null"], "needs test faces, but data.test is null"),
        (["data.real=null"], "needs real faces, but data.real is null"),
        (["augmentation.real=null"], "augmentation.real is missing, and these faces require one"),
        (["machine=null"], "machine is null"),
        (["seed=18446744073709551616"], "seed is 18446744073709551616"),
        (["model.network.widths=[8]"], "widths are [8]; they must be 2 to 5 whole numbers above 0"),
        (["model.network.widths=abc"], "widths are 'abc'"),
        (["adapter.noise=nan"], "adapter noise is nan"),
        (["model.loss.distance=nan"], "loss distance is nan; it must be a number from 0"),
        (["schedule.finetune.batch_size=1", "model.input_size=32"], "finetune: BatchNorm sees one"),
        (
            ["data=toy", "model=resnet34_direct", "model.network.backbone=nope"],
            "backbone 'nope' is unknown to timm",
        ),
    ],
)
def test_invalid_arguments_are_one_line_and_exit_code_2_and_nothing_is_written(
    tmp_path, words, message
):
    small = [] if any(word.startswith("data=") for word in words) else SMALL
    done = command("train", *small, *words, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert "+" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("train data=rendered data.real.root=photos data.test.root=photos", "real=pts_folder"),
        ("train data=toy data.real.root=photos", "real=pts_folder"),
        ("train data=w300 data.synthetic.root=photos", "synthetic=pts_folder"),
        ("train data=rendered data.real=photos", "real=pts_folder"),
        (
            "train data=own data.synthetic.root=rendered data.real.root=photos",
            "synthetic=face_synthetics",
        ),
        ("evaluate run=run faces@data.test=rendered data.test.root=photos", "test=pts_folder"),
    ],
)
def test_own_photos_given_to_a_dataset_that_does_not_read_them_are_left_alone(
    tmp_path, words, meant
):
    for file in ("photos/a.jpg", "photos/a.pts", "rendered/0.png", "rendered/0_ldmks.txt"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    before = sorted(tmp_path.rglob("*"))
    done = forked(*words.split(), cwd=tmp_path, patience=PATIENCE)
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1
    role = meant.partition("=")[0]
    folder = "rendered" if "face_synthetics" in meant else "photos"
    assert f"; did you mean faces@data.{meant} data.{role}.root={folder}?" in done.stderr
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("out", ["''", "null"])
def test_a_sweep_without_a_folder_is_refused_before_any_run(tmp_path, out):
    sweep = ["-m", *SMALL, "seed=0,1", f"out={out}", "hydra.sweeper.dry=true"]
    done = command("train", *sweep, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: out is {out}; it must be a path in text")


@pytest.mark.parametrize("name", ["data.test", "machine"])
def test_evaluate_requires_a_dataset_and_a_machine(tmp_path, name):
    words = ["run=nowhere", "faces@data.test=toy", f"{name}=null"]
    done = command("evaluate", *words, cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith(f"error: {name} is null")


@pytest.mark.parametrize(
    "word", ["out=file", "out=file/below", "out=/proc/below", "artifacts=file"]
)
def test_a_read_only_folder_is_refused_before_any_work(tmp_path, word):
    (tmp_path / "file").touch()
    done = command("train", *SMALL, word, cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    place = word.split("=")[1]
    assert done.stderr.startswith(f"error: {place}: cannot be written to")
    assert "faces" not in done.stdout  # none was read
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_evaluate_refuses_a_folder_without_a_run(tmp_path):
    done = command("evaluate", "run=nowhere", "faces@data.test=toy", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(
        "error: nowhere: not a finished run, because it has no result.json"
    )
    assert "drawn faces" not in done.stdout  # they would be rendered first


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
