"""Records: what a run stored beside its predictions, held against them and against itself."""

import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from landmarks.analysis.study import StudyRun
from landmarks.experiment.results import RESULT
from landmarks.inference.predictions import PREDICTIONS, Predictions, read_predictions
from landmarks.metrics import cumulative_error
from landmarks.storage.serialization import differences

CUMULATIVE = "ced.csv"
# Sums may be taken in another order on another machine.
TOLERANCE = 1e-9


def record_differences(run: StudyRun) -> Iterator[str]:
    """Each place where the files of a run do not agree."""
    predictions = read_predictions(run.directory)
    made = {name: asdict(part) for name, part in predictions.summaries().items()}
    for what in compare(run.result.metrics, json.loads(json.dumps(made)), "metrics"):
        yield f"{run.directory / RESULT}: {what}"
    yield from _errors(run.directory / PREDICTIONS, predictions)
    yield from _cumulative(run.directory / CUMULATIVE, predictions)
    for what in _steps(run):
        yield f"{run.directory / RESULT}: {what}"


def _errors(path: Path, predictions: Predictions) -> Iterator[str]:
    """The errors that stand beside the landmarks they are of."""
    with np.load(path, allow_pickle=False) as stored:
        errors = stored.get("error")
    if errors is None or errors.shape != predictions.errors.shape:
        yield f"{path}: it does not hold the error of each face"
    elif not np.allclose(errors, predictions.errors, TOLERANCE, TOLERANCE, equal_nan=True):
        yield f"{path}: the stored errors are not those of the stored landmarks"


def _cumulative(path: Path, predictions: Predictions) -> Iterator[str]:
    errors = predictions.errors
    made = np.transpose(cumulative_error(errors[~np.isnan(errors)]))
    try:
        stored = np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2)
    except FileNotFoundError:
        yield f"{path}: missing"
        return
    except ValueError as error:
        yield f"{path}: not a cumulative error curve ({error})"
        return
    if stored.shape != made.shape or not np.allclose(stored, made, TOLERANCE, TOLERANCE):
        yield f"{path}: not the curve that the predictions give"


def _steps(run: StudyRun) -> Iterator[str]:
    """Updates and real labels of the steps, against the totals."""
    result = run.result
    total = sum(step["optimiser_steps"] for step in result.steps)
    if total != result.optimiser_steps:
        yield f"optimiser_steps is {result.optimiser_steps}, its steps made {total}"
    labels = {
        part: max(
            (s["real_labels"] for s in result.steps if bool(s["optimiser_steps"]) is trains),
            default=0,
        )
        for part, trains in (("training", True), ("adapter", False))
    }
    used = {"n_real": result.n_real, **labels}
    used["total"] = max(*labels.values(), result.ledger["validation"])
    for part, count in used.items():
        if result.ledger[part] != count:
            yield f"ledger.{part} is {result.ledger[part]}, n_real and its steps say {count}"


def compare(
    stored: Any,  # noqa: ANN401 - JSON
    made: Any,  # noqa: ANN401
    place: str,
    against: str = "the predictions",
) -> Iterator[str]:
    """Each place where two JSON values differ by more than the order of a sum."""
    for inner, one, other in differences(stored, made, place):
        if not _same(one, other):
            yield f"{inner} is {one!r}, by {against} it is {other!r}"


def _same(stored: object, made: object) -> bool:
    numbers = (int, float)
    if isinstance(stored, bool) or isinstance(made, bool):
        return stored is made
    if isinstance(stored, numbers) and isinstance(made, numbers):
        return math.isclose(stored, made, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return stored == made
