"""What the project stores and reads again: runs, artifacts, detectors, predictions, caches."""

import contextlib
import io
import json
import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from random import Random
from tempfile import mkdtemp

import numpy as np
import pytest
from PIL import Image

from landmarks.adapters.ridge import RidgeFit
from landmarks.analysis.paper import figures
from landmarks.cli import plan, predict, report, score, verify
from landmarks.data.toy import read_toy
from landmarks.errors import InputError
from landmarks.experiment.evaluation import evaluate_run, trained_on
from landmarks.experiment.run import run
from landmarks.experiment.strategies import mixing
from landmarks.inference.detector import Detector
from landmarks.synthesis.storage.production import produce
from landmarks.training.device import Machine
from landmarks.training.schedule import Schedule
from tests.analysis.studies import write_study
from tests.experiment.test_run import experiment
from tests.fuzz.campaign import Subject
from tests.fuzz.mutations import BYTES, Mutation
from tests.inference import broken_detectors
from tests.small import small_architecture
from tests.synthesis.disc_pictures import DiscPictures

FEW = Schedule(steps=3, batch_size=4, learning_rate=2e-3)
ENOUGH = Schedule(steps=60, batch_size=4, learning_rate=1e-2)  # to know more than nothing
HERE = Machine(device="cpu", precision="float32", checkpoint_seconds=0)


def command(main: Callable[[list[str]], int], *words: object) -> tuple[int, str]:
    """A command in this process: its exit code and output; code 2 is a refusal."""
    told, complained = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(complained):
        code = main([str(word) for word in words])
    if code == 2:
        raise InputError(complained.getvalue().removesuffix("\n"))
    assert code in (0, 1, 3), code
    return code, told.getvalue()


# A sweep


def _study(root: Path) -> None:
    write_study(root, seeds=(0, 1), sizes=(10, 50), strategies=("real_only", "finetune"), faces=12)


def _report(root: Path) -> int:
    """Verified, planned and reported; figures are left out, as they take seconds."""
    from landmarks.analysis.findings import find
    from landmarks.analysis.study import read_study
    from landmarks.analysis.verification.verify import run_differences

    command(plan.main, root, "--n-real", 10)
    study = read_study(root)
    record = json.dumps(find(study, 0.5).record(), allow_nan=False)
    assert all("\n" not in difference for difference in run_differences(study))
    return len(record)


@contextlib.contextmanager
def _no_figures() -> Iterator[None]:
    """Figures are pictures of numbers that are checked elsewhere, and take seconds to draw."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "FIGURES", {})
        yield


@_no_figures()
def _verified(root: Path) -> int:
    return command(verify.main, root)[0]


@_no_figures()
def _reported_study(root: Path) -> None:
    _study(root)
    command(report.main, root)


# A run, and what it leaves for others


def _strategy(schedule=FEW):
    return mixing(schedule, RidgeFit(), schedule, alpha=0.5)


@cache
def _finished(schedule=FEW) -> Path:
    """A finished run with its artifacts."""
    folder = Path(mkdtemp(prefix="finished"))
    run(experiment(folder, _strategy(schedule), machine=HERE), config="n_real: 10\n")
    return folder


def _artifacts(root: Path) -> None:
    """What a run that was killed at its end leaves: all artifacts, no result."""
    shutil.copytree(_finished(), root, dirs_exist_ok=True)
    (root / "mixing/result.json").unlink()


class _Killed(BaseException):
    pass


def _checkpoint(root: Path) -> None:
    """What a run that was killed during its first training leaves."""
    from landmarks.training.checkpoint import TrainingState

    save, saved = TrainingState.save, []

    def killed(state: TrainingState, path: Path) -> None:
        save(state, path)
        saved.append(path)
        if len(saved) == 2:
            raise _Killed

    TrainingState.save = killed
    with contextlib.suppress(_Killed):
        run(experiment(root, _strategy(), machine=HERE))
    TrainingState.save = save
    assert len(saved) == 2


def _run(root: Path) -> float:
    return run(experiment(root, _strategy(), machine=HERE)).nme


def _same(before: object, after: object) -> None:
    assert before == after, f"{before} before, {after} after"


def write_finished_run(root: Path, schedule: Schedule = FEW) -> None:
    shutil.copytree(_finished(schedule) / "mixing", root, dirs_exist_ok=True)


def _evaluated(root: Path) -> float:
    known = trained_on(root)
    test = read_toy(count=3, domain="stand_in", seed=9)
    found = evaluate_run(root, known, test, HERE, root / "artifacts", root / "evaluation")
    return found["metrics"]["all"]["nme"]["interocular"]["value"]


# A detector


@cache
def _detector() -> bytes:
    folder = Path(mkdtemp(prefix="detector"))
    architecture = small_architecture()
    network = architecture.start(68, seed=0).eval()
    from landmarks.geometry import LandmarkCrop

    one = Detector(network=network, architecture=architecture, crop=LandmarkCrop(1.35))
    one.save(folder / "detector.safetensors")
    return (folder / "detector.safetensors").read_bytes()


def write_detector(root: Path) -> None:
    (root / "detector.safetensors").write_bytes(_detector())


def _detect(root: Path) -> bytes:
    image = np.full((90, 120, 3), 128, np.uint8)
    image[20:70, 30:80] = 200
    (face,) = Detector.load(root / "detector.safetensors")(image, boxes=[(20.0, 20.0, 80.0, 70.0)])
    assert np.isfinite(face.points).all()
    return face.points.tobytes()


def _broken_detector(content: bytes, random: Random) -> Mutation:
    found = broken_detectors.mutation(content, random.randrange(2**32))
    return Mutation(found.what, found.content)


def _damaged(content: bytes, random: Random) -> Mutation:
    change = random.choice(BYTES)
    return Mutation(change.__name__, change(content, random))


# The folder of `predict`


def _predicted(root: Path) -> None:
    write_detector(root)
    faces = read_toy(count=3, domain="stand_in", seed=3).faces
    rows = ["image,x0,y0,x1,y1"]
    for name, face in zip(("a.png", "b.png", "c.png"), faces, strict=True):
        (root / "photos").mkdir(exist_ok=True)
        Image.fromarray(face.image.read()).save(root / "photos" / name)
        box = np.concatenate([face.landmarks.min(0), face.landmarks.max(0)])
        rows.append(",".join([name, *(f"{value:.1f}" for value in box)]))
    (root / "boxes.csv").write_text("\n".join(rows) + "\n")
    _predict(root)
    journal = root / "found/.journal.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(lines[:3]))  # as if killed after the second photo
    for name in ("found/predictions.csv", "found/predictions.coco.json", "found/c.pts"):
        (root / name).unlink()


def _predict(root: Path) -> int:
    words = "--detector", root / "detector.safetensors", "--boxes", root / "boxes.csv"
    code, _ = command(predict.main, root / "photos", *words, "--out", root / "found")
    rows = (root / "found/predictions.csv").read_text().splitlines()
    numbers = np.array([row.split(",")[1:138] for row in rows[1:]], float)
    assert numbers.shape == (3, 137), numbers.shape
    assert np.isfinite(numbers).all()
    return code


# Predictions of other systems


def _scored(root: Path) -> None:
    from tests.fuzz.datasets import DATASETS

    DATASETS["COCO"].write(root)
    (root / "labels.json").rename(root / "truth.json")
    shutil.copy(root / "truth.json", root / "coco.json")
    truth = json.loads((root / "truth.json").read_text())["annotations"]
    points = [np.reshape(face["keypoints"], (-1, 3)) for face in truth]
    names = "photos/a.png", "photos/b.png"
    spiga = [
        {"imgpath": name, "landmarks": (p[:, :2] + 0.5).tolist()}
        for name, p in zip(names, points, strict=True)
    ]
    (root / "spiga.json").write_text(json.dumps(spiga))
    mmpose = [
        {"image_id": i, "keypoints": p.ravel().tolist(), "score": 1.0} for i, p in enumerate(points)
    ]
    (root / "mmpose.json").write_text(json.dumps(mmpose))
    for folder in ("inferred/photos", "pts/photos"):
        (root / folder).mkdir(parents=True)
    for name, p in zip(("a", "b"), points, strict=True):
        faces = [{"keypoints": p[:, :2].tolist(), "keypoint_scores": [1.0] * 68}]
        (root / f"inferred/photos/{name}.json").write_text(json.dumps(faces))
        from tests.data.formats_on_disk import pts_text

        (root / f"pts/photos/{name}.pts").write_text(pts_text(p[:, :2]))
    lines = [",".join(["image", *(f"{axis}{k}" for k in range(68) for axis in "xy")])]
    lines += [
        ",".join([name, *map(str, p[:, :2].ravel())]) for name, p in zip(names, points, strict=True)
    ]
    (root / "table.csv").write_text("\n".join(lines) + "\n")


SYSTEMS = "coco.json", "spiga.json", "mmpose.json", "inferred", "pts", "table.csv"


def _score(root: Path, system: str) -> int:
    truth = ("--truth", root / "truth.json", "--format", "coco", "--set", f"images={root}")
    images = ("--images", root / "truth.json") if system == "mmpose.json" else ()
    code, told = command(score.main, root / system, *truth, *images)
    assert " nan " not in told
    return code


# Caches


def _cached(root: Path) -> None:
    (root / "data").mkdir()
    for k in range(20):
        (root / "data" / str(k)).write_bytes(bytes([k]))
        os.utime(root / "data" / str(k), (1, 1))


def _bytes_of(path: Path) -> np.ndarray:
    return np.frombuffer(path.read_bytes(), np.uint8)


def _cache(content: bytes, random: Random) -> Mutation:
    return _damaged(content, random)


# Rendered folders that are continued


def _half_rendered(root: Path) -> None:
    produce(root, DiscPictures(), start=0, stop=3, workers=1)
    for path in ("records", "manifest.json"):
        assert (root / path).exists(), sorted(root.iterdir())


def _continue_rendering(root: Path) -> str:
    manifest = produce(root, DiscPictures(), start=0, stop=5, workers=1)
    return json.dumps(manifest)


ARTIFACTS = tuple(
    f"artifacts/*/{name}" for name in ("*.json", "*.npz", "loss.npy", "*.safetensors")
)

STORED = {
    "sweep": Subject(_study, _report),
    "sweep with its report": Subject(
        _reported_study, _verified, ("report/report.json", "report/tables/*", "**/config.yaml")
    ),
    "finished run, evaluated": Subject(
        write_finished_run,
        _evaluated,
        ("result.json", "trained_on.npz", "detector.safetensors", "config.yaml"),
        compare=_same,
    ),
    "artifacts of a killed run": Subject(  # whose pixels, in images.npy, have no checksum
        _artifacts, _run, (*ARTIFACTS, "mixing/*"), compare=_same
    ),
    "stored pixels of a killed run": Subject(_artifacts, _run, ("artifacts/*/images.*",)),
    "checkpoint of a killed run": Subject(
        _checkpoint, _run, ("artifacts/*.partial/*",), compare=_same
    ),
    "detector": Subject(write_detector, _detect, mutate=_broken_detector),
    "detector, damaged": Subject(write_detector, _detect, mutate=_damaged, compare=_same),
    "journal of predict": Subject(_predicted, _predict, ("found/.journal.jsonl",)),
    **{
        f"predictions to score: {system}": Subject(
            _scored, partial(_score, system=system), (f"{system}/**/*", system)
        )
        for system in SYSTEMS
    },
    "rendered, continued": Subject(
        _half_rendered, _continue_rendering, ("*.json*", "records/*", "*.gz")
    ),
    "rendered, damaged and continued": Subject(
        _half_rendered, _continue_rendering, ("*.gz",), mutate=_damaged, compare=_same
    ),
}
