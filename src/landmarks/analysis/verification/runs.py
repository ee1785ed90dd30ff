"""The files of each run checked against its predictions, its steps and the other runs."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from landmarks.analysis.study import Study, StudyRun
from landmarks.data.array_files import read_npz
from landmarks.data.files import FACE_BYTES, read_json, read_text
from landmarks.errors import InputError
from landmarks.experiment.results import LEDGER, RESULT
from landmarks.inference.predictions import PREDICTIONS, Predictions, read_predictions
from landmarks.metrics import cumulative_error
from landmarks.storage.serialization import differences

CUMULATIVE = "ced.csv"
TOLERANCE = 1e-9  # relative; sums may be computed in another order on another machine

# A ledger and the file it was read from, by seed and n_real.
Ledgers = Mapping[tuple[int, int], tuple[Path, Mapping[str, Any]]]


def compare(
    stored: Any,  # noqa: ANN401 - JSON
    computed: Any,  # noqa: ANN401
    place: str,
    against: str = "the predictions",
) -> Iterator[str]:
    """Each place where two JSON values differ by more than the order of a sum."""
    for inner, one, other in differences(stored, computed, place):
        if not _equal(one, other):
            yield f"{inner} is {one!r}, by {against} it is {other!r}"


def _equal(stored: object, computed: object) -> bool:
    numbers = (int, float)
    if isinstance(stored, bool) or isinstance(computed, bool):
        return stored is computed
    if isinstance(stored, numbers) and isinstance(computed, numbers):
        return math.isclose(stored, computed, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return stored == computed


def record_differences(run: StudyRun) -> Iterator[str]:
    """Each place where the files of a run do not agree with its predictions or its steps."""
    predictions = read_predictions(run.directory)
    computed = {name: asdict(part) for name, part in predictions.summaries().items()}
    for stored, found, name in (
        (run.result.metrics, json.loads(json.dumps(computed)), "metrics"),
        (run.result.diverged, predictions.diverged, "diverged"),
    ):
        for what in compare(stored, found, name):
            yield f"{run.directory / RESULT}: {what}"
    yield from _errors(run.directory / PREDICTIONS, predictions)
    yield from _cumulative(run.directory / CUMULATIVE, predictions)
    for what in _steps(run):
        yield f"{run.directory / RESULT}: {what}"


def _errors(path: Path, predictions: Predictions) -> Iterator[str]:
    """The errors stored next to the landmarks."""
    try:
        errors = read_npz(path, {"error": "f"})["error"]
    except InputError:
        errors = np.empty(0)
    if errors.shape != predictions.errors.shape:
        yield f"{path}: the error of each face is missing"
    elif not np.allclose(errors, predictions.errors, TOLERANCE, TOLERANCE, equal_nan=True):
        yield f"{path}: the stored errors are not those of the stored landmarks"


def _cumulative(path: Path, predictions: Predictions) -> Iterator[str]:
    errors = predictions.errors
    computed = np.transpose(cumulative_error(errors[~np.isnan(errors)]))
    if not path.exists():
        yield f"{path}: missing"
        return
    try:
        lines = read_text(path).splitlines()[1:]
        stored = np.array([line.split(",") for line in lines], np.float64)
    except ValueError as error:
        yield f"{path}: not a cumulative error curve ({error})"
        return
    if stored.shape != computed.shape or not np.allclose(stored, computed, TOLERANCE, TOLERANCE):
        yield f"{path}: not the curve of the predictions"


def _steps(run: StudyRun) -> Iterator[str]:
    """Updates and real labels of the steps against the totals."""
    result = run.result
    total = sum(step["optimiser_steps"] for step in result.steps)
    if total != result.optimiser_steps:
        yield f"optimiser_steps is {result.optimiser_steps}, but its steps add up to {total}"
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
            yield f"ledger.{part} is {result.ledger[part]}, by n_real and its steps it is {count}"


def ledger_differences(study: Study) -> Iterator[str]:
    """Each place where a ledger contradicts its result, another ledger or the test set.

    The real faces depend on seed and size only: all strategies have the same, and the smaller
    subset of a seed is contained in its larger ones.
    """
    tested = frozenset(read_predictions(study.runs[0].directory).ids.tolist())
    seen: dict[tuple[int, int], tuple[Path, Mapping[str, Any]]] = {}
    for run in study.runs:
        path = run.directory / LEDGER
        try:
            ledger = read_ledger(path)
        except InputError as error:
            yield str(error)
            continue
        yield from (f"{path}: {what}" for what in _own_differences(run, ledger, tested))
        place = run.result.seed, run.result.n_real
        first_path, first = seen.setdefault(place, (path, ledger))
        if ledger["faces"] != first["faces"]:
            yield f"{path}: other faces than {first_path}: {_one(ledger['faces'], first['faces'])}"
        yield from (
            f"{path}: {what}"
            for what in compare(ledger["photos"], first["photos"], "photos", str(first_path))
        )
    yield from not_nested(seen)


def read_ledger(path: Path) -> dict[str, Any]:
    """The ledger of a run: counts of labels, and the faces of its real subset.

    Raises:
        InputError: The file is missing, or not a ledger.
    """
    if not path.exists():
        raise InputError(f"{path}: missing")
    try:
        stored = read_json(path, "the ledger of a run", FACE_BYTES)
        if not isinstance(stored["faces"], dict) or not isinstance(stored["photos"], int):
            raise TypeError("expected faces by name and a number of photos")
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not the ledger of a run ({error})") from None
    return stored


def _own_differences(
    run: StudyRun, ledger: Mapping[str, Any], tested: frozenset[str]
) -> Iterator[str]:
    faces, photos = ledger["faces"], ledger["photos"]
    counts = {name: value for name, value in ledger.items() if name != "faces"}
    yield from compare(counts, dict(run.result.ledger), "ledger", against=RESULT)
    if len(faces) != run.result.n_real:
        yield f"{len(faces)} faces are listed, but n_real is {run.result.n_real}"
    if not bool(faces) <= photos <= len(faces):
        yield f"{len(faces)} faces are listed, on {photos} photos"
    data = run.result.data
    # Names are unique within a dataset only; another folder may have other faces of the same name.
    if "real" in data and data["real"].get("origin") == data["test"].get("origin"):
        yield from (f"{name!r} is a test face" for name in faces if name in tested)


def not_nested(ledgers: Ledgers) -> Iterator[str]:
    """Each smaller subset of a seed whose faces are not all in the next larger one."""
    for (seed, size), (next_seed, next_size) in pairwise(sorted(ledgers)):
        if seed != next_seed:
            continue
        path, small = ledgers[seed, size]
        next_path, large = ledgers[next_seed, next_size]
        if not small["faces"].items() <= large["faces"].items():
            missing = _one(large["faces"], small["faces"])
            yield f"{next_path}: does not contain all faces of {path}: {missing}"
        if not 0 <= large["photos"] - small["photos"] <= next_size - size:
            yield (
                f"{next_path}: {large['photos']} photos of {next_size} faces, but {path} has "
                f"{small['photos']} of {size}"
            )


def _one(faces: Mapping[str, str], other: Mapping[str, str]) -> str:
    """A face of `other` that is missing from `faces`, or has another image there."""
    name = next((name for name, image in other.items() if faces.get(name) != image), None)
    return "it has more faces" if name is None else f"{name!r} is missing or has another image"
