"""Commands that are killed, out of disk or started twice end as one that was left alone."""

import random
import shutil
import signal
import subprocess
from functools import cache, partial
from pathlib import Path
from tempfile import mkdtemp

import pytest
from PIL import Image

from landmarks.data.toy import read_toy
from tests.analysis.studies import write_study
from tests.fuzz.crashes import Case, evaluation, files, runs, unfinished
from tests.fuzz.stored import ENOUGH, write_detector, write_finished_run
from tests.waiting import PATIENCE

TINY = (
    *("data=toy", "schedule=tiny", "model.input_size=32", "machine.threads=1", "n_real=6"),
    *("model.network.widths=[8,8]", "data.synthetic.count=12", "data.real.count=8"),
    *("data.test.count=6", "schedule.train.steps=40", "schedule.train.learning_rate=1e-2"),
    *("machine.checkpoint_seconds=0", "tracker=none"),
)
PHOTOS = 12


def _photos(folder: Path) -> None:
    """Photos to predict on, the boxes of their faces, and a detector."""
    write_detector(folder)
    rows = ["image,x0,y0,x1,y1"]
    (folder / "photos").mkdir()
    for i, face in enumerate(read_toy(count=PHOTOS, domain="stand_in", seed=3).faces):
        Image.fromarray(face.image.read()).save(folder / f"photos/{i:02d}.png")
        low, high = face.landmarks.min(axis=0), face.landmarks.max(axis=0)
        rows.append(",".join([f"{i:02d}.png", *(f"{v:.1f}" for v in (*low, *high))]))
    (folder / "boxes.csv").write_text("\n".join(rows) + "\n")


def _study(folder: Path) -> None:
    strategies = "real_only", "finetune"
    write_study(folder / "study", seeds=(0, 1), sizes=(10, 50), strategies=strategies, faces=12)


def _nothing(folder: Path) -> None:
    pass


CASES = {
    "train": Case(
        ("train", *TINY, "strategy=mixing", "out=run", "artifacts=artifacts"), _nothing, runs
    ),
    "sweep": Case(("train", "-m", *TINY, "strategy=real_only,mixing", "seed=0,1"), _nothing, runs),
    "evaluate": Case(
        (
            *("evaluate", "run=run", "out=evaluation", "artifacts=artifacts", "machine.threads=1"),
            *("faces@data.test=toy", "data.test.count=5", "data.test.seed=9"),
        ),
        lambda folder: write_finished_run(folder / "run", ENOUGH),
        evaluation,
    ),
    "predict": Case(
        (
            *("predict", "photos", "--detector", "detector.safetensors"),
            *("--boxes", "boxes.csv", "--out", "found"),
        ),
        _photos,
        partial(files, patterns=("found/*.pts", "found/*.csv", "found/*.json", "found/*/*")),
    ),
    "report": Case(("report", "study"), _study, partial(files, patterns=("study/report/**/*",))),
}


@cache
def alone(name: str) -> tuple[Path, float, object]:
    """The folder of a command that nothing disturbed, the seconds it took, what it left."""
    folder = Path(mkdtemp(prefix="alone"))
    case = CASES[name]
    case.prepare(folder)
    ended, seconds = case.measured(folder)
    assert ended.returncode == 0, ended
    return folder, seconds, case.outcome(folder)


def kills(folder: Path, name: str, count: int) -> int:
    """Kill a command at random moments, each time after another one, then let it end."""
    case, (_, seconds, expected) = CASES[name], alone(name)
    case.prepare(folder)
    draw, died = random.Random(name), 0
    for _ in range(count):
        ended = case.run(folder, seconds=draw.uniform(0.02, 0.9) * seconds)
        assert ended.returncode in (0, -signal.SIGPROF), ended
        assert "Traceback" not in ended.stderr, ended.stderr
        died += ended.returncode != 0
    ended = case.run(folder)
    assert ended.returncode == 0, ended
    assert case.outcome(folder) == expected
    assert not unfinished(folder)
    return died


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_killed_ten_times_it_ends_with_the_same_numbers(tmp_path, name):
    assert kills(tmp_path, name, 10) >= 3


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_files_that_cannot_grow_are_one_line_and_the_same_command_continues(tmp_path, name):
    case, (_, _, expected) = CASES[name], alone(name)
    case.prepare(tmp_path)
    for limit in (100, 3_000, 20_000, 60_000):
        _assert_stopped_in_one_line(case.run(tmp_path, limit=limit))
    ended = case.run(tmp_path)
    assert ended.returncode == 0, ended
    assert case.outcome(tmp_path) == expected


@pytest.fixture
def disk(tmp_path):
    """A disk of which a test says how much it holds."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", place)
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small disk takes more rights")
    yield place
    subprocess.run(["umount", place], check=True)


def _resize(disk: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", disk], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_disk_that_fills_up_is_one_line_and_the_same_command_continues(disk, name):
    case, (_, _, expected) = CASES[name], alone(name)
    case.prepare(disk)
    for more in (8, 64, 256, 700):  # kB of room
        used = shutil.disk_usage(disk).used // 1024
        _resize(disk, f"{used + more}k")
        _assert_stopped_in_one_line(case.run(disk))
    _resize(disk, "64m")
    ended = case.run(disk)
    assert ended.returncode == 0, ended
    assert case.outcome(disk) == expected


def _assert_stopped_in_one_line(ended):
    assert ended.returncode in (0, 2), ended
    assert "Traceback" not in ended.stderr, ended.stderr
    if ended.returncode:
        assert ended.stderr.splitlines()[-1].startswith("error: "), ended.stderr


@pytest.mark.slow
def test_three_sweeps_at_once_in_one_folder_end_as_one(tmp_path):
    case, (_, _, expected) = CASES["sweep"], alone("sweep")
    told = [tmp_path / f"told_{i}" for i in range(3)]
    place = tmp_path / "place"
    place.mkdir()
    for one in told:
        one.mkdir()
    processes = [case.start(place, one) for one in told]
    for process in processes:
        process.join(PATIENCE)
    said = [(one / "stderr").read_text() for one in told]
    assert [process.exitcode for process in processes] == [0, 0, 0], said
    assert case.outcome(place) == expected
    assert not unfinished(place)
    made = [run["steps"] for run, _ in runs(place).values()]
    trained = {step["artifact"] for steps in made for step in steps}
    stored = {path.name for path in place.rglob("artifacts/*") if path.name != "locks"}
    assert trained <= stored
