"""One run from start to end: train as a strategy says, then test on photos."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import cast

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
from landmarks.experiment.steps import FitAdapter, Train
from landmarks.experiment.summary import headline, ledger_of, result_of, what_differs
from landmarks.experiment.tracked import tracked_metrics, tracked_run
from landmarks.inference.detector_file import DETECTOR
from landmarks.inference.pictures import draw_predictions
from landmarks.inference.predictions import write_cumulative_error
from landmarks.scheme import IBUG68
from landmarks.storage.atomic import atomic_write, writable_folder
from landmarks.storage.locks import lock
from landmarks.training.distributed import follow, leading, rank
from landmarks.training.progress import TrainingProgress

log = logging.getLogger(__name__)

LOCK = ".run.lock"  # in the folder of a run, while a process works on it
PICTURE = "faces.png"


def run(experiment: Experiment, config: str = "") -> Result:
    """Train and test once; writes result, predictions, detector and pictures to `experiment.out`.

    A finished run is read, not run again; an interrupted one is continued. Under torchrun, all
    ranks call this and get the result; the first one leads.

    Args:
        experiment: What to do.
        config: The composed YAML, stored beside the result.

    Raises:
        InputError: The data cannot be used, or the folder holds another run.
    """
    started = time.perf_counter()
    experiment.machine.prepare()
    device = experiment.machine.torch_device
    if rank() > 0:
        return cast(Result, follow(device))
    with leading(device) as outcome:
        result = _finished_run(experiment)
        if result is None:  # a finished run may be where nothing can be written
            with writable_folder(experiment.out), writable_folder(experiment.artifacts):
                trained_on = _check_data(experiment)
                with lock(experiment.out / LOCK, what=f"running {experiment.out}"):
                    result = _finished_run(experiment)  # by the process that held the lock
                    if result is None:
                        result = _train_and_test(experiment, trained_on, config, started)
        outcome.result = result
    return result


def _finished_run(experiment: Experiment) -> Result | None:
    """The stored result of the same experiment, if there is one.

    Raises:
        InputError: The folder holds another run.
    """
    result = read_result(experiment.out)
    if result is None:
        return None
    _log_data(experiment)
    if result.fingerprint != experiment.fingerprint:
        raise InputError(
            f"{experiment.out} holds a finished run made {what_differs(result, experiment)}; give "
            "another out=..., or move that folder away"
        )
    log.info("already finished: %s; it is in %s", headline(result), experiment.out)
    return result


def _check_data(experiment: Experiment) -> TrainingFaces:
    """Refuse what cannot be trained or tested; returns the faces to train on."""
    with torch.device("meta"):  # a network that cannot be built should not cost a dataset
        experiment.model.build(IBUG68.num_landmarks)
    _ = experiment.subset  # refuses too many real faces before synthetic ones, which take hours
    _check_schemes(experiment)
    _log_data(experiment)
    used = [role for role in experiment.roles if role != "test"]
    trained_on = TrainingFaces.of(
        {role: (experiment.faces(role), experiment.indices(role)) for role in used}
    )
    trained_on.check_apart(experiment.faces("test"))
    return trained_on


def _check_schemes(experiment: Experiment) -> None:
    """Refuse datasets whose landmarks mean different things."""
    expected = experiment.faces("test").scheme
    for role in experiment.roles:
        own = experiment.faces(role).scheme
        if own != expected:
            raise InputError(
                f"data.{role} has the landmarks of scheme {own.name!r}, data.test those of "
                f"{expected.name!r}; read both in one scheme: scheme=..."
            )


def _log_data(experiment: Experiment) -> None:
    for role in experiment.roles:
        _log_once(f"{role}: {experiment.faces(role).describe()}")


@cache
def _log_once(line: str) -> None:
    """Log what the runs of a sweep have in common once a process."""
    log.info("%s", line)


def _train_and_test(
    experiment: Experiment, trained_on: TrainingFaces, config: str, started: float
) -> Result:
    """The run itself; fills its folder."""
    out, test = experiment.out, experiment.faces("test")
    steps = StepRunner(experiment)
    out.mkdir(parents=True, exist_ok=True)
    with atomic_write(out / "config.yaml") as path:
        path.write_text(config, encoding="utf-8")
    with _logged_to(out / "run.log"):
        trained_on.write(out)
        shared_photos = trained_on.shared_photos(test)
        ledger = ledger_of(experiment)
        write_json(out / LEDGER, {**asdict(ledger), "faces": _labelled(experiment)})

        with TrainingProgress(experiment.tracker, tracked_run(experiment, config)) as progress:
            for step in experiment.strategy.steps:
                if isinstance(step, Train):
                    steps.train(step, progress)
                elif isinstance(step, FitAdapter):
                    steps.fit_adapter(step)
                else:
                    steps.label_photos(step)
            write_curve(out / "loss.csv", steps.curves)
            detector = steps.detector()
            detector.save(out / DETECTOR)

            predictions = predict_set(detector, steps.crops["test"])
            predictions.write(out)
            write_cumulative_error(out / "ced.csv", predictions.errors)
            what = f"{experiment.strategy.name}, {len(experiment.subset)} real faces"
            title = f"{what}: {caption(test)}"
            draw_predictions(predictions, steps.crops["test"], title, out / PICTURE)

            seconds = time.perf_counter() - started
            result = result_of(experiment, predictions, steps, ledger, shared_photos, seconds)
            progress.result(tracked_metrics(result), [out / PICTURE])
        result.write(out)  # last, so that a finished run is tracked to its end
        log.info("%s", headline(result))
    log.info("results are in %s (result.json, predictions.npz, faces.png)", out)
    return result


def _labelled(experiment: Experiment) -> dict[str, str]:
    """Id and image content of every real face whose label the run may use."""
    if not experiment.strategy.uses_real:
        return {}
    real = experiment.faces("real")
    return {real.faces[i].id: real.image_contents[i] for i in experiment.subset}


class _RunLog(logging.FileHandler):
    """A log that may be cut short by a full disk, which the next file of the run will report."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - of logging
        """Print nothing, where `logging` would print a traceback."""


@contextmanager
def _logged_to(path: Path) -> Iterator[None]:
    """Write the log to a file too, for the duration of the run."""
    handler = _RunLog(path, encoding="utf-8")
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
