"""A detector on a test set: with its run, and as a file alone."""

import json

import numpy as np
import pytest

from landmarks.data.leakage import TrainingFaces
from landmarks.data.toy import read_toy
from landmarks.errors import InputError
from landmarks.experiment.evaluation import evaluate_run, evaluations_of, run_of, trained_on
from landmarks.geometry import LandmarkCrop
from landmarks.inference.detector import Detector
from landmarks.training.device import Machine
from tests.analysis.studies import write_study


@pytest.fixture
def run(architecture, tmp_path):
    """What a finished run leaves, as far as testing reads it; trained on the first test face."""
    network = architecture.start(68, seed=0)
    write_study(tmp_path / "study", seeds=(0,), sizes=(10,), strategies=("real_only",))
    folder = tmp_path / "run"
    (tmp_path / "study/real_only/n_real_10/seed_0").rename(folder)
    Detector(network=network, architecture=architecture, crop=LandmarkCrop(1.35)).save(
        folder / "detector.safetensors"
    )
    faces = read_toy(count=2, domain="stand_in", seed=1)
    TrainingFaces.of({"real": (faces, np.arange(1))}).write(folder)
    return folder


def evaluated(run, out):
    test = read_toy(count=2, domain="stand_in", seed=1)
    return evaluate_run(
        run, trained_on(run), test, Machine(device="cpu"), out / "artifacts", out / "evaluation"
    )


def test_a_run_is_not_tested_on_what_trained_it(run, tmp_path):
    with pytest.raises(InputError, match="on the same image"):
        evaluated(run, tmp_path)


def test_a_detector_without_its_run_is_tested_and_its_training_data_are_unknown(
    run, tmp_path, caplog
):
    shared = (run / "detector.safetensors").rename(tmp_path / "shared.safetensors")
    with caplog.at_level("INFO"):
        assert evaluated(shared, tmp_path)["training_photos_known"] is False
    assert "training data unknown, so leakage cannot be checked" in caplog.text
    stored = json.loads((tmp_path / "evaluation" / "evaluation.json").read_text())
    assert stored["training_photos_known"] is False
    names = {"interocular", "interpupil", "box", "diagonal"}
    assert set(stored["metrics"]["all"]["nme"]) == names
    curve = (tmp_path / "evaluation" / "ced.csv").read_text().splitlines()
    assert float(curve[-1].split(",")[1]) == 1
    assert (tmp_path / "evaluation" / "ced.png").read_bytes().startswith(b"\x89PNG")
    assert evaluations_of(shared) == tmp_path / "shared_evaluations"


def test_the_detector_of_a_run_stands_for_the_run(run):
    assert run_of(run / "detector.safetensors") == run
    assert run_of(run) == run
    assert evaluations_of(run) == run / "evaluations"
    (run / "result.json").unlink()
    assert run_of(run / "detector.safetensors") == run / "detector.safetensors"
