"""Test a detector on a labelled dataset that it was not trained on."""

import logging
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from landmarks.data.crops import FaceCrops, stored_crops
from landmarks.data.dataset import FaceDataset
from landmarks.data.leakage import TrainingFaces, read_training_faces
from landmarks.errors import InputError
from landmarks.experiment.results import RESULT, read_result, write_json
from landmarks.inference.curves import draw_cumulative_errors
from landmarks.inference.detector import Detector
from landmarks.inference.detector_file import DETECTOR
from landmarks.inference.pictures import draw_predictions
from landmarks.inference.predictions import Predictions, write_cumulative_error
from landmarks.inference.restore import Classes
from landmarks.scheme.units import all_normalisers
from landmarks.storage.artifacts import ArtifactStore
from landmarks.storage.atomic import writable_folder
from landmarks.storage.serialization import record
from landmarks.storage.versions import versions
from landmarks.training.device import Machine

log = logging.getLogger(__name__)

EVALUATION = "evaluation.json"


def predict_set(detector: Detector, crops: FaceCrops) -> Predictions:
    """The landmarks that a detector predicts on a test set, and the true ones."""
    return Predictions(
        ids=crops.ids,
        groups=crops.groups,
        subsets=crops.subsets,
        predicted=detector.on_crops(crops),
        target=crops.source_landmarks,
        visible=crops.visible,
        scheme=detector.scheme,
    )


def caption(test: FaceDataset) -> str:
    """What the caption of a picture must say about the test faces."""
    return f"{test.name} (drawn or rendered, not photographs)" if test.rendered else test.name


def folder_name(test: FaceDataset) -> str:
    """A folder name that names the test set and changes with its content."""
    words = re.sub(r"[^a-z0-9]+", "_", test.name.lower()).strip("_")
    return f"{words}_{test.content[:8]}"


def run_of(given: Path) -> Path:
    """The folder of the finished run that `given`, a detector's file, is part of; else `given`."""
    if given.name == DETECTOR and given.with_name(RESULT).is_file():
        return given.parent
    return given


def evaluations_of(run: Path) -> Path:
    """The default folder of evaluations: in that of the run, or beside a detector's file."""
    return run / "evaluations" if run.is_dir() else run.with_name(f"{run.stem}_evaluations")


def trained_on(run: Path) -> TrainingFaces:
    """What a run was trained on; nothing if `run` is a detector's file without its run.

    Raises:
        InputError: `run` is a folder without a finished run.
    """
    if run.is_file():
        log.info("%s: training data unknown, so leakage cannot be checked", run)
        return TrainingFaces.of({})
    if read_result(run) is None:
        raise InputError(
            f"{run}: not a finished run, because it has no {RESULT}; give the folder of a finished "
            "run, or finish this one with the command that started it"
        )
    return read_training_faces(run)


def evaluate_run(
    run: Path,
    training: TrainingFaces,
    test: FaceDataset,
    machine: Machine,
    artifacts: Path,
    out: Path,
    classes: Classes = (),
) -> dict[str, Any]:
    """Test the detector of a finished run on another set.

    Args:
        run: Folder of the run, or a detector's file, whose training data are then unknown.
        training: What the run was trained on; see `trained_on`.
        test: Labelled faces.
        machine: The device.
        artifacts: Folder where decoded faces are stored.
        out: Folder for `evaluation.json`, `predictions.npz`, `faces.png`, `ced.csv` and `ced.png`.
        classes: As of `Detector.load`.

    Returns:
        The content of `evaluation.json`.

    Raises:
        InputError: The run was trained on images of `test`, or its detector cannot be read.
    """
    training.check_apart(test)
    detector = Detector.load(run, classes, device=machine.device)
    machine.prepare()
    with writable_folder(out):
        store = ArtifactStore(artifacts)
        size = detector.architecture.input_size
        crops = stored_crops(test, detector.crop, size, store, "test")
        predictions = predict_set(detector, crops)
        predictions.write(out)
        draw_predictions(predictions, crops, caption(test), out / "faces.png")
        write_cumulative_error(out / "ced.csv", predictions.errors)
        draw_cumulative_errors({caption(test): predictions.errors}, test.scheme, out / "ced.png")
    summaries = predictions.summaries(all_normalisers(test.scheme))
    evaluation = {
        "run": str(run),
        "training_photos_known": run.is_dir(),
        "test": asdict(test.describe()),
        "shared_photos": training.shared_photos(test),
        "rendered_test": test.rendered,
        "crop": record(detector.crop),
        "box_source": detector.crop.box_source,
        "scheme": test.scheme.name,
        "normaliser": test.scheme.normaliser,
        "diverged": predictions.diverged,
        "metrics": {name: asdict(part) for name, part in summaries.items()},
        "versions": versions(),
    }
    write_json(out / EVALUATION, evaluation)
    return evaluation
