"""The finished runs below a folder, as they are: they need not form one study."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landmarks.analysis.cost import updates
from landmarks.data.dataset import FaceDataset
from landmarks.errors import InputError
from landmarks.experiment.results import RESULT, Result, read_result
from landmarks.inference.predictions import NotFiniteError, Predictions, read_predictions


@dataclass(frozen=True, kw_only=True, eq=False)
class StoredRun:
    """A finished run.

    Attributes:
        directory: Its folder.
        result: Contents of its `result.json`.
        predictions: On its test set; None if they are not finite.
        problem: Why there are no predictions.
    """

    directory: Path
    result: Result
    predictions: Predictions | None
    problem: str = ""

    @property
    def name(self) -> str:
        """Strategy, n_real and seed, for people."""
        one = self.result
        return f"{one.strategy} with n_real {one.n_real:,}, seed {one.seed}"

    @property
    def updates(self) -> int:
        """Optimiser updates behind its final model."""
        return updates(self.result)

    @cached_property
    def errors(self) -> NDArray[np.float64]:
        """(F,) inter-ocular NME of each test face; empty without predictions."""
        return np.empty(0) if self.predictions is None else self.predictions.errors

    @cached_property
    def mean_face_error(self) -> float:
        """NME of the mean shape of the test labels, put into the box of each face's own labels."""
        assert self.predictions is not None
        target = self.predictions.target.astype(np.float64)
        seen = self.predictions.visible[..., None]
        low = np.min(target, axis=1, keepdims=True, where=seen, initial=np.inf)
        size = np.max(target, axis=1, keepdims=True, where=seen, initial=-np.inf) - low
        known = (size > 0).all(axis=(1, 2), keepdims=True)  # at least two different landmarks
        low, size = np.where(known, low, 0), np.where(known, size, 1)
        shape = np.mean((target - low) / size, axis=0, where=seen & known)
        placed = replace(self.predictions, predicted=(shape * size + low).astype(np.float32))
        return float(np.nanmean(placed.errors[known.ravel()]))

    @cached_property
    def tested(self) -> frozenset[bytes]:
        """A digest of each test face: its name and labels."""
        if self.predictions is None:
            return frozenset()
        names, targets = self.predictions.ids.tolist(), self.predictions.target
        return frozenset(
            hashlib.blake2b(name.encode() + target.tobytes(), digest_size=8).digest()
            for name, target in zip(names, targets, strict=True)
        )

    @cached_property
    def settings(self) -> Mapping[str, str | float | bool | None]:
        """Every setting that could be tuned, by its path; names are none."""
        one = self.result
        parts = {
            "strategy": one.settings["strategy"],
            "model": one.settings["model"],
            "augmentation": one.augmentation,
            "crop": one.crop,
        }
        return {path: value for path, value in _leaves(parts, "") if not path.endswith(".name")}


def _leaves(value: Any, place: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - JSON
    """Everything in a record that is neither an object nor a list, with its path."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _leaves(part, f"{place}.{key}" if place else str(key))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for i, part in enumerate(value):
            yield from _leaves(part, f"{place}[{i}]")
    else:
        yield place, value


def read_runs(folder: Path) -> tuple[StoredRun, ...]:
    """Every finished run below a folder, in the order of their paths.

    Raises:
        InputError: There is none, or a file of one cannot be read.
    """
    found = []
    for path in sorted(folder.rglob(RESULT)):
        result = read_result(path.parent)
        if result is not None:
            found.append(_run(path.parent, result))
    if not found:
        raise InputError(f"{folder}: no {RESULT} below it; give the folder of finished runs")
    return tuple(found)


def _run(directory: Path, result: Result) -> StoredRun:
    try:
        predictions, problem = read_predictions(directory), ""
    except NotFiniteError as error:
        predictions, problem = None, str(error)
    return StoredRun(directory=directory, result=result, predictions=predictions, problem=problem)


def errors_of_runs(folder: Path, faces: FaceDataset) -> NDArray[np.float64]:
    """(N,) error of each face, the mean over the runs that were tested on it with these labels.

    Args:
        folder: Of finished runs; those that were tested on other faces do not count.
        faces: N of them; NaN for those that no run was tested on.
    """
    places = {(face.id, face.landmarks.tobytes()): i for i, face in enumerate(faces.faces)}
    total, count = np.zeros(len(faces)), np.zeros(len(faces))
    for run in read_runs(folder):
        if run.predictions is None:
            continue
        targets = zip(run.predictions.ids.tolist(), run.predictions.target, strict=True)
        found = [places.get((name, target.tobytes()), -1) for name, target in targets]
        known = (np.array(found) >= 0) & np.isfinite(run.errors)
        total += np.bincount(np.array(found)[known], run.errors[known], len(faces))
        count += np.bincount(np.array(found)[known], minlength=len(faces))
    mean = np.full(len(faces), np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    return mean
