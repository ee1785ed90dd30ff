"""One run from start to end: the method section in code."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path

import numpy as np
import torch

from landmarks.data.leakage import TrainingFaces
from landmarks.errors import InputError
from landmarks.experiment.evaluation import caption, predict_set
from landmarks.experiment.experiment import Experiment
from landmarks.experiment.results import (
    LEDGER,
    Result,
    read_result,
    write_curve,
    write_json,
)
from landmarks.experiment.runner import StepRunner
from landmarks.experiment.summary import headline, ledger_of, result_of, what_differs
from landmarks.inference.detector import DETECTOR
from landmarks.inference.pictures import draw_predictions
from landmarks.inference.predictions import Predictions, write_cumulative_error
from landmarks.scheme import IBUG68
from landmarks.storage.atomic import folder_to_fill, written_whole
from landmarks.storage.locks import once
from landmarks.storage.serialization import fingerprint
from landmarks.training.distributed import led
from landmarks.training.progress import TrainingProgress

log = logging.getLogger(__name__)


def run(experiment: Experiment, config: str = "") -> Result:
    """Train and test once; leave result, predictions, detector and pictures in `experiment.out`.

    A finished run is read, not run again; an interrupted one is continued. Under torchrun, all
    ranks call this and have the result; one of them leads.

    Args:
        experiment: What to do.
        config: The composed YAML, stored beside the result.

    Raises:
        InputError: The data cannot be used, or the folder holds a run of other settings.
    """
    experiment.machine.prepare()
    return led(partial(_run, experiment, config), experiment.machine.torch_device)


def _run(experiment: Experiment, config: str) -> Result:
    if read_result(experiment.out) is not None:  # which may lie where nothing can be written
        return _found_or_made(experiment, config)
    with folder_to_fill(experiment.out), folder_to_fill(experiment.artifacts):
        return _found_or_made(experiment, config)


def _found_or_made(experiment: Experiment, config: str) -> Result:
    started = time.perf_counter()
    with torch.device("meta"):  # a network that cannot be built should not cost a data set
        experiment.model.build(IBUG68.num_landmarks)
    labelled = _labelled(experiment)  # refuses too many before synthetic faces, which take hours
    for role in experiment.roles:
        _tell_once(f"{role}: {experiment.faces(role).describe()}")
    done = _finished(experiment)
    if done is not None:
        return done
    trained_on = _trained_on(experiment)
    trained_on.check_apart(experiment.faces("test"))
    steps = StepRunner(experiment)
    place = fingerprint(str(experiment.out.resolve()))

    def make() -> Result:
        return _make(experiment, config, steps, labelled, trained_on, started)

    return once(
        experiment.artifacts / "locks" / f"run-{place}.lease",
        partial(_finished, experiment),
        make,
        what=f"doing the run of {experiment.out}",
    )


@cache
def _tell_once(line: str) -> None:
    """Log what the runs of a sweep have in common once a process."""
    log.info("%s", line)


def _make(
    experiment: Experiment,
    config: str,
    steps: StepRunner,
    labelled: dict[str, str],
    trained_on: TrainingFaces,
    started: float,
) -> Result:
    """Fill the folder of the run."""
    out = experiment.out
    out.mkdir(parents=True, exist_ok=True)
    with written_whole(out / "config.yaml") as partial_config:
        partial_config.write_text(config)
    with _logged_to(out / "run.log"):
        shared = trained_on.shared_photos(experiment.faces("test"))
        predictions = _train_and_predict(experiment, steps)
        ledger = ledger_of(experiment)
        write_json(out / LEDGER, {**asdict(ledger), "faces": labelled})
        trained_on.write(out)
        seconds = time.perf_counter() - started
        result = result_of(experiment, predictions, steps, ledger, shared, seconds)
        result.write(out)
        log.info("%s", headline(result))
    log.info("results are in %s (result.json, predictions.npz, faces.png)", out)
    return result


def _train_and_predict(experiment: Experiment, steps: StepRunner) -> Predictions:
    """Evaluate the strategy; leave the detector, its predictions, a picture and the loss."""
    out = experiment.out
    with TrainingProgress(out / "tensorboard") as progress:
        detector = steps.detector(progress)
    detector.save(out / DETECTOR)
    test = steps.crops("test")
    predictions = predict_set(detector, test, experiment.machine)
    predictions.write(out)
    what = f"{experiment.strategy.name}, {len(experiment.subset)} real faces"
    title = f"{what}: {caption(experiment.faces('test'))}"
    draw_predictions(predictions, test, title, out / "faces.png")
    write_cumulative_error(out / "ced.csv", predictions.errors)
    write_curve(out / "loss.csv", steps.curves)
    return predictions


@contextmanager
def _logged_to(path: Path) -> Iterator[None]:
    """Write what the project logs to a file too, for as long as the run lasts."""
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    logger = logging.getLogger("landmarks")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        handler.close()


def _finished(experiment: Experiment) -> Result | None:
    result = read_result(experiment.out)
    if result is None:
        return None
    if result.fingerprint != experiment.fingerprint:
        raise InputError(
            f"{experiment.out} holds a finished run {what_differs(result, experiment)}; give "
            "another out=..., or move that folder away"
        )
    log.info("done before: %s; it is in %s", headline(result), experiment.out)
    return result


def _trained_on(experiment: Experiment) -> TrainingFaces:
    """The real subset, and every synthetic face."""
    used = {}
    for role in experiment.roles:
        if role != "test":
            faces = experiment.faces(role)
            used[role] = faces, experiment.subset if role == "real" else np.arange(len(faces))
    return TrainingFaces.of(used)


def _labelled(experiment: Experiment) -> dict[str, str]:
    """Id and image content of every real face whose label the run may use."""
    if not experiment.strategy.uses_real:
        return {}
    real = experiment.faces("real")
    return {real.faces[i].id: real.image_contents[i] for i in experiment.subset}
