"""One run from start to end: the method section in code."""

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from landmarks.errors import InputError
from landmarks.experiment import Experiment
from landmarks.leakage import TrainingFaces
from landmarks.once import once
from landmarks.partials import folder_to_fill, written_whole
from landmarks.pictures import draw_predictions
from landmarks.predictions import Predictions, write_cumulative_error
from landmarks.progress import TrainingProgress
from landmarks.ranks import led
from landmarks.record import code, differences, fingerprint, record
from landmarks.results import (
    DETECTOR,
    LEDGER,
    Ledger,
    Result,
    read_result,
    write_curve,
    write_json,
)
from landmarks.scheme import IBUG68
from landmarks.steps import StepRunner
from landmarks.strategies import FitAdapter, Real, Train
from landmarks.testing import caption, predict_set
from landmarks.versions import versions

log = logging.getLogger(__name__)

SHOWN = 3  # settings that an error names, of those that differ


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
        ledger = _ledger(experiment)
        write_json(out / LEDGER, {**asdict(ledger), "faces": labelled})
        trained_on.write(out)
        seconds = time.perf_counter() - started
        result = _result(experiment, predictions, steps, ledger, shared, seconds)
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
            f"{experiment.out} holds a finished run {_what_differs(result, experiment)}; give "
            "another out=..., or move that folder away"
        )
    log.info("done before: %s; it is in %s", headline(result), experiment.out)
    return result


def _what_differs(result: Result, experiment: Experiment) -> str:
    """Why a finished run is not the one that is asked for."""
    now = _comparable(_told(experiment))
    before = _comparable({key: getattr(result, key) for key in now})
    found = [f"{at} is {a}, now {b}" for at, a, b in differences(before, now)]
    other_code = result.versions.get("code") != code()
    if not found:
        return "made by other code" if other_code else "of other images or labels, or ranks"
    more = f", and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    made = ", made by other code too" if other_code else ""
    return f"of other settings ({'; '.join(found[:SHOWN])}{more}){made}"


def _comparable(told: dict[str, Any]) -> dict[str, Any]:
    """As JSON, without the places of data, which do not matter."""
    data = {role: {**used, "origin": None} for role, used in told["data"].items()}
    plain: dict[str, Any] = json.loads(json.dumps({**told, "data": data}))
    return plain


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


def _result(
    experiment: Experiment,
    predictions: Predictions,
    steps: StepRunner,
    ledger: Ledger,
    shared_photos: int,
    seconds: float,
) -> Result:
    test = experiment.faces("test")
    return Result(
        fingerprint=experiment.fingerprint,
        **_told(experiment),
        optimiser_steps=experiment.strategy.optimiser_steps,
        shared_photos=shared_photos,
        rendered_test=test.rendered,
        box_source=experiment.crop.box_source,
        metrics={name: asdict(part) for name, part in predictions.summaries().items()},
        ledger=asdict(ledger),
        steps=[asdict(step) for step in steps.records],
        versions=versions(),
        timings={
            "seconds": seconds,
            "machine": {
                **experiment.machine.describe(bfloat16=experiment.model.bfloat16),
                "statistics_parts": experiment.statistics_parts,
            },
            "steps": {name: asdict(timing) for name, timing in steps.timings.items()},
        },
    )


def _told(experiment: Experiment) -> dict[str, Any]:
    """What a result says of the settings and data of its run."""
    return {
        "strategy": experiment.strategy.name,
        "n_real": len(experiment.subset),
        "seed": experiment.seed,
        "settings": record(
            {
                "strategy": experiment.strategy,
                "model": experiment.model,
                "augmentation": dict(experiment.augmentation),
            }
        ),
        "crop": record(experiment.crop),
        "data": {role: asdict(experiment.faces(role).describe()) for role in experiment.roles},
    }


def _ledger(experiment: Experiment) -> Ledger:
    """Count the labels of the subset by what they did; the strategy's steps say."""
    n = len(experiment.subset)
    steps = experiment.strategy.steps
    trains = any(isinstance(step, Train) and step.draws_on(Real) for step in steps)
    adapts = any(isinstance(step, FitAdapter) for step in steps)
    return Ledger(
        n_real=n,
        photos=len(_photos(experiment)),
        training=n if trains else 0,
        adapter=n if adapts else 0,
        validation=0,
        total=n if trains or adapts else 0,
    )


def _photos(experiment: Experiment) -> set[str]:
    """The photos of the real subset."""
    return {experiment.faces("real").faces[i].group for i in experiment.subset}


def headline(result: Result) -> str:
    """The answer of a run in one line."""
    estimate = result.metrics["all"]["nme"]["interocular"]
    kind = " on drawn or rendered faces" if result.rendered_test else ""
    return (
        f"{result.strategy}, n_real {result.n_real}, seed {result.seed}: NME "
        f"{100 * estimate['value']:.2f} % [{100 * estimate['low']:.2f}, "
        f"{100 * estimate['high']:.2f}]{kind} ({result.metrics['all']['faces']} faces)"
    )
